"""What a nomination's report says of an update: which site, what changes and why, and the species before and now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..domain import nomination as nominations
from ..domain.nomination import changes
from ..domain.nomination.model import rows_at, value_at
from ..services import figures
from ..services.reporting.story import Story
from .report_words import CAUSES, CHANGES, joined, said

_AREAS = (("before_ha", "Before"), ("after_ha", "Proposed"), ("gained_ha", "Gained"), ("lost_ha", "Lost"))


def tell(story: Story, nomination: Mapping[str, Any], map_words: str, map_caption: str, hidden: bool) -> None:
    """Add the section on what an update changes; nothing for a new site. ``map_words``: the map of the changes for
    those who do not see it, empty where there is none; ``hidden``: it would tell a place that is not to be told."""
    rows = rows_at(nomination, "/update/changes")
    if not (nominations.is_update(nomination) or rows):
        return
    story.heading("What changes")
    site = joined(nomination.get("update", {}), "site_name", "site_id", between=", number ")
    story.paragraph(f"Updates the existing site {site}." if site else "The existing site is not named.")
    if map_words:
        story.picture("changes", map_words, map_caption)
    elif nominations.is_update(nomination):
        why = "it would tell the place" if hidden else "the boundary before is not among the data of this package"
        story.paragraph(f"There is no map of the boundary before and after: {why}.", quiet=True)
    _areas(story, rows)
    if rows:
        story.table(
            ("Change", "Of", "Why", "Cause", "Evidence"),
            [
                (
                    CHANGES.get(said(row, "/kind"), said(row, "/kind")),
                    said(row, "/taxon") or said(row, "/site") or "–",
                    said(row, "/reason") or "–",
                    CAUSES.get(said(row, "/cause"), said(row, "/cause")) or "–",
                    said(row, "/evidence") or "–",
                )
                for row in rows
            ],
            (28, 32, 56, 20, 42),
        )
    else:
        story.paragraph("No change is given.")
    for pointer, label in (
        ("/update/former_triggers", "Trigger species before"),
        ("/update/compared_with", "Compared with"),
        ("/site/kbas_replaced", "Sites replaced"),
    ):
        if said(nomination, pointer):
            story.paragraph(f"{label}: {said(nomination, pointer)}.", quiet=True)
    own = said(nomination, "/site/change_reason")
    if own and own != changes.summary(rows):
        story.heading("In the proposer's words", 3)
        for line in own.splitlines():
            story.paragraph(line, free=True)


def _areas(story: Story, rows: Sequence[Mapping[str, Any]]) -> None:
    """Areas before and after, of the first change that has any."""
    for row in rows:
        values = [value_at(row, f"/{member}") for member, _ in _AREAS]
        if any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
            shown = [
                figures.hectares(float(v)) if isinstance(v, (int, float)) and not isinstance(v, bool) else "not known"
                for v in values
            ]
            head = [label for _, label in _AREAS]
            story.table(head, [shown], (1, 1, 1, 1), (0, 1, 2, 3), "Area of the site")
            return
