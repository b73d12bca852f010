"""Attribute values as range maps and exports hold them, brought into one form."""

from __future__ import annotations

import html
import math
import re

from ..domain.redlist import Origin, Presence, Season

CODES = {"presence": Presence, "origin": Origin, "seasonal": Season}

_TAGS = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
_WHOLE = re.compile(r"([+-]?\d+)\.0*")
_INFRASPECIFIC = re.compile(r"\b(ssp|subsp|var)\.", re.IGNORECASE)

# What exports write where there is no value.
_NOTHING = {"", "na", "n/a", "null", "none", "<na>", "nan"}


def text(value: object) -> str:
    """A value as text with single spaces; ``""`` for nothing.

    Bytes that are not UTF-8, which OGR hands on as lone surrogates, are read as Windows-1252.
    """
    if value is None:
        return ""
    found = str(value)
    if not found.isascii():
        try:
            found.encode("utf-8")
        except UnicodeEncodeError:
            found = found.encode("utf-8", "surrogateescape").decode("cp1252", errors="replace")
    return _SPACES.sub(" ", found).strip()


def plain(value: object) -> str:
    """Text without the HTML that exports carry; ``""`` also for the words that stand for nothing."""
    found = text(value)
    if "<" in found or "&" in found:
        found = _SPACES.sub(" ", html.unescape(_TAGS.sub(" ", found))).strip()
    return "" if found.lower() in _NOTHING else found


def taxon_id(value: object) -> str:
    """A taxon's number as text: ``22823`` for 22823, 22823.0 and ``"22823.0"``; ``""`` for nothing and for 0."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        value = int(value) if value.is_integer() else value
    found = plain(value)
    whole = _WHOLE.fullmatch(found)
    found = whole.group(1) if whole else found
    return "" if found in ("0", "-1") else found


def code(role: str, value: object) -> int | None:
    """A presence, origin or seasonality code; None for an empty value. ValueError for what is no such code."""
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError(value)
        return int(CODES[role](int(value)))
    if isinstance(value, int):
        return int(CODES[role](value))
    found = text(value)
    if not found:
        return None
    whole = _WHOLE.fullmatch(found)
    return int(CODES[role](int(whole.group(1) if whole else found)))


def year(value: object) -> int | None:
    """The first year that stands in a value; None where there is none."""
    found = re.search(r"\b(1[5-9]|2[0-9])\d\d\b", text(value))
    return int(found.group()) if found else None


def is_true(value: object) -> bool:
    """Whether an export's flag is set."""
    return text(value).lower() in ("true", "t", "yes", "y", "1")


def is_global(scopes: object) -> bool:
    """Whether an assessment is of the taxon as a whole: its scopes name Global, or there are none."""
    found = plain(scopes)
    return not found or "global" in {part.strip().lower() for part in re.split(r"[,;|]", found)}


def rank(name: str, infra_type: str, infra_name: str, subpopulation: str) -> str:
    """``species``, ``subspecies`` or ``subpopulation``, by what an export says of a taxon."""
    if subpopulation or "subpopulation" in name.lower():
        return "subpopulation"
    if infra_name or infra_type or _INFRASPECIFIC.search(name):
        return "subspecies"
    return "species"
