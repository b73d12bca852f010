"""Words, numbers and texts of a nomination's report, which is in English as the proposal form is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..domain.nomination.model import value_at
from ..services import figures

VERDICTS = {"eligible": "Eligible", "not_eligible": "Not eligible", "needs_evidence": "Needs evidence"}
STATUSES = {
    "met": "Met",
    "not_met": "Not met",
    "needs_evidence": "Needs evidence",
    "not_assessable": "Cannot be assessed",
    "uncertain": "Uncertain",
}
CRITERIA = {"endangerment": "Endangerment", "irreplaceability": "Irreplaceability", "discreteness": "Discreteness"}
ROUTES = {
    "sole_area": "sole area",
    "resident_population": "resident population",
    "life_history_segment": "life-history segment",
    "reintroduction": "reintroduction",
    "none": "–",
}
PARAMETERS = {
    "mature_individuals": "mature individuals",
    "aoo": "area of occupancy",
    "esh": "suitable habitat",
    "range": "range",
    "localities": "localities",
}
SEASONS = {
    "all": "whole year",
    "resident": "resident",
    "breeding": "breeding",
    "non_breeding": "non-breeding",
    "passage": "passage",
}
CHANGES = {
    "new_trigger": "New trigger species",
    "trigger_lost": "Trigger species lost",
    "boundary_change": "Boundary changed",
    "reassessment": "Assessed again",
    "amalgamation": "Site taken in",
}
CAUSES = {"genuine": "Nature changed", "knowledge": "Better knowledge"}
NOT_ASSESSED = "cannot be assessed"


def said(document: Any, pointer: str) -> str:
    """What stands at a JSON pointer, as text; empty where there is nothing, or something else than text or a number.

    A draft may hold anything anywhere.
    """
    value = value_at(document, pointer)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    return value.strip() if isinstance(value, str) else ""


def joined(row: Mapping[str, Any], *members: str, between: str = " – ") -> str:
    """What members of an object say, those that say nothing left out."""
    return between.join(text for text in (said(row, f"/{member}") for member in members) if text)


def percent(value: float | None) -> str:
    """A percentage; what could not be assessed is said."""
    return NOT_ASSESSED if value is None else figures.percent(value / 100)


def place(lat: float, lon: float) -> str:
    """Degrees to four decimals, as the form has them."""
    return f"{abs(lat):.4f}°{'N' if lat >= 0 else 'S'} {abs(lon):.4f}°{'E' if lon >= 0 else 'W'}"


def amount(share: Mapping[str, Any], member: str) -> str:
    """A share's value here or in the world, in its unit."""
    value = share[member]
    if share["unit"] == "m2":
        return figures.square_metres(value)
    counted = figures.number(value, 0 if float(value).is_integer() else 1)
    if share["unit"] == "cells":
        return f"{counted}\u00a0cell{'' if value == 1 else 's'}"
    return counted
