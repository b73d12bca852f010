"""The country report’s data and method: datasets, what was left out, notes, settings."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QCoreApplication

from . import figures
from .countryreport import Gathered
from .reporting.story import Story
from .wording import text


def sources_section(story: Story, gathered: Gathered, citations: Sequence[str]) -> None:
    """Datasets, lines that the user gave of them, notes, what was left out, and the method."""
    translate = QCoreApplication.translate
    result, rules = gathered.result, gathered.inputs.rules
    story.heading(translate("AzeReports", "Sources and method"))
    roles = {
        "sites": translate("AzeReports", "Sites"),
        "protected": translate("AzeReports", "Protected areas and OECMs"),
        "countries": translate("AzeReports", "Countries"),
        "triggers": translate("AzeReports", "Trigger species"),
        "library": translate("AzeReports", "Species library"),
    }
    story.table(
        (
            translate("AzeReports", "Role"),
            translate("AzeReports", "Dataset"),
            translate("AzeReports", "Release and citation"),
            translate("AzeReports", "Rows"),
        ),
        [
            (
                roles[source["role"]],
                source["name"],
                ". ".join(s for s in (source.get("version", ""), source.get("citation", "")) if s) or "–",
                figures.number(source["rows"]),
            )
            for source in gathered.sources
        ],
        (3, 5, 6, 2),
        (3,),
    )
    if citations:
        story.items(citations, free=True)
    story.items(text(code, params) for code, params in gathered.notes)
    strangers = gathered.triggers.strangers
    if strangers:
        shown = [*strangers[:10], *(["…"] if len(strangers) > 10 else [])]
        story.paragraph(text("report.species_strangers", {"count": len(strangers), "ids": shown}))
    # Of which sites were not assessed or split, this report tells itself, of those that it is about.
    told = ("coverage.sites_not_assessed", "coverage.sites_split")
    story.items(text(note.code, note.params) for note in result.notes if note.code not in told)
    excluded = sum(result.excluded.values())
    if result.covers:
        story.paragraph(text("report.areas_counted", {"counted": result.counted, "excluded": excluded}))
    if excluded:
        story.items(
            f"{_exclusion(reason)}: {figures.number(result.excluded[reason])}"
            for reason in rules.reasons
            if result.excluded.get(reason)
        )
    if result.repaired:
        story.paragraph(text("report.repaired", {"count": result.repaired}))
    said = [text("report.method"), text("report.statuses", {"statuses": list(rules.statuses)})]
    said.append(text("report.points_circles" if rules.circles else "report.points_omitted"))
    if rules.exclude_mab:
        said.append(text("report.mab_excluded"))
    said.append(text("report.draws", {"draws": rules.draws, "seed": str(rules.seed)}))
    story.paragraph(" ".join(said), quiet=True)


def _exclusion(reason: str) -> str:
    translate = QCoreApplication.translate
    return {
        "mab_reserve": translate("AzeReports", "UNESCO-MAB biosphere reserves"),
        "status_proposed": translate("AzeReports", "proposed only"),
        "status_not_reported": translate("AzeReports", "status not reported"),
        "status_other": translate("AzeReports", "with another status"),
        "point_omitted": translate("AzeReports", "known only as a point"),
        "point_without_area": translate("AzeReports", "a point without reported area"),
        "no_geometry": translate("AzeReports", "without a geometry"),
    }[reason]
