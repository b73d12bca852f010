"""The country report’s targets of the biodiversity strategy, and its trigger species by category and cover."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication

from ..domain.coverage import NONE
from ..domain.national import Figures, SpeciesCover
from . import figures
from .country_words import KINDS, category_word, class_word, cut
from .countryreport import Gathered
from .reporting import charts
from .reporting.html import Rich
from .reporting.story import Story
from .wording import text


def targets(story: Story, gathered: Gathered, one: Figures, level: int, most: int) -> None:
    """The figures under targets 1 to 4 of the Global Biodiversity Framework, with the species."""
    translate = QCoreApplication.translate
    block, rules = one.block, gathered.inputs.rules
    story.heading(translate("AzeReports", "For the biodiversity strategy (NBSAP)"), level)
    if one.area_ha is None:
        story.paragraph(text("report.target1_no_area"))
    else:
        story.paragraph(text("report.target1", {"count": block["sites"], "area_ha": one.area_ha}))
    if one.unprotected_ha is None:
        story.paragraph(text("report.target2_none"))
        story.paragraph(text("report.target3_none"))
    else:
        story.paragraph(
            text(
                "report.target2",
                {"unprotected_ha": one.unprotected_ha, "unprotected": block["none"], "partial": block["partial"]},
            )
        )
        story.paragraph(
            text(
                "report.target3",
                {
                    "pa_share": one.pa_weighted_pct / 100,
                    "oecm_share": one.oecm_weighted_pct / 100,
                    "covered_share": block["area_weighted_pct"] / 100,
                },
            )
        )
    bare = [species for species in one.species if species.cover_class == NONE]
    if one.species:
        story.paragraph(text("report.target4", {"count": len(one.species), "uncovered": len(bare)}))
    else:
        story.paragraph(text("report.target4_unknown"))
    species_section(story, gathered, one, bare, level, most)
    if one.species:
        story.paragraph(text("report.cover_of_species", {"none_share": rules.none_at_most_pct / 100}), quiet=True)


def species_section(
    story: Story, gathered: Gathered, one: Figures, bare: Sequence[SpeciesCover], level: int, most: int
) -> None:
    """Trigger species by category and cover, and those without a covered site (``bare``)."""
    translate = QCoreApplication.translate
    story.heading(translate("AzeReports", "Trigger species"), level)
    if one.without_species:
        story.note(text("report.species_unknown", {"count": one.without_species}), plain=True)
    bases = sorted({entry.basis for entry in one.entries if entry.basis})
    if bases:
        story.paragraph(
            text("report.species_basis", {"bases": [_basis(gathered, basis) for basis in bases]}), quiet=True
        )
    if not one.species:
        return
    rows = [
        charts.Bar(
            category_word(category),
            tuple(charts.Part(kind, classes[kind], figures.number(classes[kind])) for kind in KINDS if classes[kind]),
            figures.number(sum(classes.values())),
        )
        for category, classes in one.categories()
    ]
    title = translate("AzeReports", "Trigger species by category and by cover of their sites")
    story.chart(charts.bars(rows, title, key=[(kind, class_word(kind)) for kind in KINDS]), title)
    story.table(
        (
            translate("AzeReports", "Category"),
            *(class_word(kind) for kind in KINDS),
            translate("AzeReports", "Species"),
        ),
        [
            (
                category_word(category),
                *(figures.number(classes[kind]) for kind in KINDS),
                figures.number(sum(classes.values())),
            )
            for category, classes in one.categories()
        ],
        (4, 2, 2, 2, 2, 2),
        (1, 2, 3, 4, 5),
    )
    if bare:
        story.table(
            (
                translate("AzeReports", "Species"),
                translate("AzeReports", "Category"),
                translate("AzeReports", "Sites"),
            ),
            [
                (
                    Rich(species.species.scientific_name, italic=True),
                    category_word(species.species.category),
                    "; ".join(entry.name for entry in species.sites),
                )
                for species in bare[:most]
            ],
            (3, 3, 5),
            caption=translate("AzeReports", "Species without a covered site"),
        )
        cut(story, bare, most)


def _basis(gathered: Gathered, basis: str) -> str:
    translate = QCoreApplication.translate
    name = Path(gathered.triggers.sources.get(basis, "")).name
    return {
        "field": translate("AzeReports", "the site layer’s own field ({name})"),
        "table": translate("AzeReports", "the table “{name}”"),
        "library": translate("AzeReports", "a check of the sites against the species library ({name})"),
    }[basis].format(name=name)
