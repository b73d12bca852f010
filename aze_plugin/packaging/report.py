"""The report for people: what it says, once, for the page of HTML and for the PDF (``report_files`` writes both).

The report's language is English, as the proposal form's is; findings come in the words of the assessment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..domain import coverage as coverages
from ..domain import nomination as nominations
from ..services import figures
from ..services.reporting import maps
from ..services.reporting.html import Rich
from ..services.reporting.story import Story
from ..services.wording import text
from . import report_maps, report_site, report_species, report_update
from .assembling import Contents
from .report_words import CRITERIA, NOT_ASSESSED, STATUSES, VERDICTS, percent, place, said

DRAFT = "DRAFT – not for submission"


@dataclass(frozen=True)
class Report:
    """A nomination's report: ``labels`` for the layout by name, the ``story``, and what its maps show.

    ``site_words`` tells the map of the site to those who do not see it.
    """

    labels: Mapping[str, str]
    story: Story
    site: maps.MapContent
    locator: maps.MapContent
    changes: maps.MapContent | None
    site_words: str

    @property
    def is_draft(self) -> bool:
        """Whether every page has to say that it is of a draft."""
        return bool(self.labels["draft"])


def report_of(contents: Contents) -> Report:
    """The report of what a package is made of."""
    nomination = contents.nomination
    only = contents.assessment["assessments"][0]
    cover = contents.coverage["sites"][0]
    covered = cover if cover["cover_class"] != coverages.NOT_ASSESSED else None
    site, changes = report_maps.site(contents.map), report_maps.changes(contents.map)
    words = _map_words(contents, covered)
    caption = report_maps.key(site)

    story = Story()
    _notes(story, contents)
    story.facts(_facts(contents, only, covered))
    story.picture("map", words, caption)
    story.picture("locator", "Where in the world the site is.", "Where the site is.")
    report_update.tell(
        story,
        nomination,
        "Map of the boundary before and after, with what is gained and lost." if changes else "",
        report_maps.key(changes) if changes else "",
        contents.grid is not None,
    )
    _criteria(story, only)
    _open_points(story, contents)
    report_species.tell(story, nomination, only, contents.assessment["settings"]["threshold"])
    report_site.described(story, nomination)
    report_site.protection(story, nomination, covered)
    report_site.pressures(story, nomination)
    report_site.people(story, nomination)
    report_site.sources(story, nomination, [asdict(s) for s in contents.sources], contents.assessment)
    return Report(_labels(contents, only), story, site, report_maps.locator(contents.map), changes, words)


# ---------------------------------------------------------------------------------------------------------- the head


def _labels(contents: Contents, only: Mapping[str, Any]) -> dict[str, str]:
    nomination = contents.nomination
    update = nominations.is_update(nomination)
    facts = [
        "AZE site nomination",
        "update of an existing site" if update else "new site",
        said(nomination, "/site/national_name"),
        said(nomination, "/site/state"),
        said(nomination, "/site/country"),
    ]
    day = said(nomination, "/proposer/date")
    foot = "Figures and citations only: range maps are not part of the package."
    return {
        "title": " ".join(contents.map.name.split()),
        "subtitle": " · ".join(fact for fact in facts if fact),
        "verdict": VERDICTS.get(only["verdict"], only["verdict"]),
        "draft": DRAFT if nomination["status"] == "draft" else "",
        "changes": "The boundary before and after" if contents.map.former is not None else "",
        "foot": f"{foot}{f' Dated {day}.' if day else ''}",
    }


def _notes(story: Story, contents: Contents) -> None:
    """What a reader has to know before anything else."""
    if contents.nomination["status"] == "draft":
        count = len([f for f in contents.problems if nominations.is_blocked([f])])
        points = "one point is" if count == 1 else f"{figures.number(count)} points are"
        story.note(f"{DRAFT}: {points} open; they are listed under “Still to be done”.")
    if contents.grid is not None:
        story.note(
            f"The place of the site is sensitive. Maps and documents show it by cells of {contents.grid.label()}; "
            "area, shares and cover are those of the true boundary.",
            plain=True,
        )


def _facts(contents: Contents, only: Mapping[str, Any], covered: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    taxa = nominations.triggers(only)
    both = NOT_ASSESSED if covered is None else percent(covered["both_pct"])
    middle = "Mid-point of the cell" if contents.grid is not None else "Mid-point"
    return [
        ("Verdict", VERDICTS.get(only["verdict"], only["verdict"])),
        ("KBA criterion A1e", STATUSES.get(only["a1e"], only["a1e"])),
        ("Area", figures.hectares(only["area_ha"])),
        (middle, place(contents.map.latitude, contents.map.longitude)),
        ("Trigger species", figures.number(len(taxa))),
        ("Protected or conserved", both),
    ]


def _map_words(contents: Contents, covered: Mapping[str, Any] | None) -> str:
    if contents.grid is not None:
        return f"Map of {contents.map.name}: the cells of {contents.grid.label()} that stand for its boundary."
    words = f"Map of {contents.map.name}, with protected areas, existing sites and the unprotected part of the site."
    if covered is not None and covered["both_pct"] is not None:
        words += f" {percent(covered['both_pct'])} of the site is protected or conserved."
    return words


# -------------------------------------------------------------------------------------------------------- the criteria


def _criteria(story: Story, only: Mapping[str, Any]) -> None:
    story.heading("The three criteria")
    rows = [
        (
            Rich(CRITERIA.get(name, name), bold=True),
            STATUSES.get(criterion["status"], criterion["status"]),
            "\n".join(finding["message"] for finding in criterion["findings"]) or "–",
        )
        for name, criterion in only["criteria"].items()
    ]
    story.table(("Criterion", "Status", "What the check says"), rows, (30, 26, 122))
    authority = nominations.national_authority(only)
    if authority:
        story.note(f"Categories by {authority}, not by the global IUCN Red List.")


def _open_points(story: Story, contents: Contents) -> None:
    points: Sequence[str] = [text(f.code, f.params) for f in contents.problems]
    if points:
        draft = contents.nomination["status"] == "draft"
        story.heading("Still to be done" if draft else "For the reviewer's attention")
        story.items(points)
