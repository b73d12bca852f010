"""What has changed since an earlier country report, in words and tables."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from ..domain.national import SiteChange
from . import figures
from .country_words import KINDS, category_word, class_word, cut, pct
from .countryreport import Gathered
from .reporting.html import Rich
from .reporting.story import Story
from .wording import text


def changes_section(story: Story, gathered: Gathered, most: int) -> None:
    """The differences, where there is an earlier report; ``most``: rows of a list."""
    changed = gathered.changes
    if changed is None:
        return
    translate = QCoreApplication.translate
    story.heading(translate("AzeReports", "What has changed since the earlier run"))
    if changed.settings:
        story.note(text("report.settings_differ", {"settings": [_setting(name) for name in changed.settings]}))
    before, after = changed.before, changed.after
    counts = {"before": before["sites"], "after": after["sites"]}
    if before["mean_pct"] is None or after["mean_pct"] is None:
        story.paragraph(text("report.mean_before_unknown", counts))
    else:
        shares = {"before_share": before["mean_pct"] / 100, "after_share": after["mean_pct"] / 100}
        story.paragraph(text("report.mean_before", {**counts, **shares}))
    if changed.nothing:
        story.paragraph(text("report.no_change"))
        return
    for title, rows in (
        (translate("AzeReports", "New sites"), changed.added),
        (translate("AzeReports", "Sites that are no longer there"), changed.removed),
    ):
        if rows:
            story.heading(title, 3)
            story.items(
                f"{row['name']} ({row['site_id']}): {_class_of(row['cover_class'], row['both_pct'])}"
                for row in rows[:most]
            )
            cut(story, rows, most)
    if changed.changed:
        story.table(
            (
                translate("AzeReports", "Site"),
                translate("AzeReports", "Cover then"),
                translate("AzeReports", "Cover now"),
                translate("AzeReports", "Area then"),
                translate("AzeReports", "Area now"),
            ),
            [_changed_cells(change) for change in changed.changed[:most]],
            (5, 4, 4, 2.4, 2.4),
            (3, 4),
            caption=translate("AzeReports", "Sites that are not as they were"),
        )
        cut(story, changed.changed, most)
    for title, rows in (
        (translate("AzeReports", "New trigger species"), changed.species_added),
        (translate("AzeReports", "Trigger species that are no longer there"), changed.species_removed),
    ):
        if rows:
            story.heading(title, 3)
            story.items(
                [Rich(row["scientific_name"], italic=True), f" – {category_word(row['category'])}"] for row in rows
            )
    if changed.recategorised:
        story.heading(translate("AzeReports", "Species in another category"), 3)
        story.items(
            text("report.recategorised", {"species": name, "earlier": category_word(one), "now": category_word(other)})
            for name, one, other in changed.recategorised
        )


def _setting(name: str) -> str:
    return name.replace("_", " ")


def _class_of(cover_class: str, both_pct: float | None) -> str:
    words = class_word(cover_class) if cover_class in KINDS else cover_class
    return words if both_pct is None else f"{words}, {pct(both_pct)}"


def _changed_cells(change: SiteChange) -> tuple[str, ...]:
    def hectares(value: float | None) -> str:
        return "–" if value is None else figures.hectares(value)

    return (
        f"{change.name} ({change.site_id})",
        _class_of(change.before_class, change.before_pct),
        _class_of(change.after_class, change.after_pct),
        hectares(change.before_ha),
        hectares(change.after_ha),
    )
