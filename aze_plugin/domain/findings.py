"""Findings: what a check has to say, by code and parameters, never by text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Severity(str, Enum):
    """How much a finding matters: ``blocking`` decides against, ``warning`` wants a look, ``info`` explains."""

    INFO = "info"
    WARNING = "warning"
    BLOCKING = "blocking"


@dataclass(frozen=True)
class Finding:
    """One statement of a check.

    ``code`` is stable and language-free (``irreplaceability.share_below_threshold``); ``params`` hold plain JSON
    values: shares as fractions 0 to 1 under names that end in ``share``, areas in m² under names that end in ``_m2``
    and in hectares under ``_ha``, lengths in m under ``_m``, places as EPSG:4326 ``[xmin, ymin, xmax, ymax]`` under
    ``extent``. The sentence is made from both by ``services.wording``.
    """

    code: str
    severity: Severity = Severity.INFO
    params: Mapping[str, Any] = field(default_factory=dict)


def info(code: str, **params) -> Finding:
    """A finding that explains."""
    return Finding(code, Severity.INFO, params)


def warning(code: str, **params) -> Finding:
    """A finding that wants a person's look."""
    return Finding(code, Severity.WARNING, params)


def blocking(code: str, **params) -> Finding:
    """A finding that decides against."""
    return Finding(code, Severity.BLOCKING, params)
