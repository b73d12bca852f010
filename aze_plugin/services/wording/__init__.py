"""Sentences for codes: what findings, errors and reports say to a person, in the user's language.

Each module beside this one has ``templates()``: a dict from a code to its translated template. A template names the
params of its code in braces; ``<code>.one`` is used instead where the param ``count`` is 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ...domain.findings import Finding
from ..figures import readable


@cache
def _templates() -> dict[str, str]:
    """All templates. Made once: the translator is installed before the first sentence, and stays for the session."""
    from . import (
        attachments,
        boundary,
        coverage,
        criteria,
        discreteness,
        earlier,
        evidence,
        factsheet,
        fitting,
        habitats,
        interface,
        library,
        occurrences,
        packaging,
        redlist,
        reports,
        reviewing,
        screening,
        sites,
        suggestion,
        transfer,
        versions,
    )

    merged: dict[str, str] = {}
    for module in (
        criteria,
        library,
        coverage,
        packaging,
        attachments,
        interface,
        evidence,
        discreteness,
        redlist,
        reviewing,
        habitats,
        occurrences,
        boundary,
        suggestion,
        transfer,
        fitting,
        versions,
        reports,
        factsheet,
        screening,
        sites,
        earlier,
    ):
        merged.update(module.templates())
    return merged


def text(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code; the code itself with its params where no sentence was written for it."""
    params = dict(params or {})
    templates = _templates()
    if "problem" in params:
        # One code within another's sentence: why a row of a file cannot be used, for one.
        params["problem"] = text(*params["problem"])
    template = templates.get(f"{code}.one") if params.get("count") == 1 else None
    template = template or templates.get(code)
    if template is None:
        return f"{code} {params}" if params else code
    return template.format_map(readable(params))


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding with its sentence."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": text(finding.code, finding.params),
        "params": dict(finding.params),
    }
