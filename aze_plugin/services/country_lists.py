"""The country report’s tables of sites and of countries."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QCoreApplication

from ..domain.coverage import NOT_ASSESSED
from ..domain.national import Entry
from . import figures
from .country_words import KINDS, class_word, country_word, cut, pct, place_text
from .countryreport import Gathered
from .reporting.html import Rich, Text
from .reporting.story import Story


def site_table(story: Story, entries: Sequence[Entry], most: int, caption: str) -> None:
    """Sites with their figures, no more rows than ``most``."""
    translate = QCoreApplication.translate
    head = (
        translate("AzeReports", "Site"),
        translate("AzeReports", "Id"),
        translate("AzeReports", "Latitude / longitude"),
        translate("AzeReports", "Area"),
        translate("AzeReports", "PA"),
        translate("AzeReports", "OECM"),
        translate("AzeReports", "Both"),
        translate("AzeReports", "Class"),
        translate("AzeReports", "Trigger species"),
    )
    widths = (5.0, 1.9, 2.7, 2.7, 1.9, 1.9, 2.0, 3.2, 4.9)
    story.table(head, [_site_cells(entry) for entry in entries[:most]], widths, (3, 4, 5, 6), caption)
    cut(story, entries, most)


def _site_cells(entry: Entry) -> tuple[Text, ...]:
    translate = QCoreApplication.translate
    cover = entry.cover
    name = entry.name
    if entry.is_part:
        name = translate("AzeReports", "{site} (part in {country})").format(site=name, country=cover.site.iso3)
    aside = cover.cover_class == NOT_ASSESSED
    return (
        name,
        entry.site_id,
        place_text(entry.place),
        "–" if cover.area_ha is None else figures.hectares(cover.area_ha),
        *("–" if aside else pct(value) for value in (cover.pa_pct, cover.oecm_pct, cover.both_pct)),
        class_word(cover.cover_class),
        _species_cell(entry),
    )


def _species_cell(entry: Entry) -> Text:
    translate = QCoreApplication.translate
    if entry.species is None:
        return Rich(translate("AzeReports", "not known"), quiet=True)
    if not entry.species:
        return Rich(translate("AzeReports", "none found in the library"), quiet=True)
    parts: list[str | Rich] = []
    for n, one in enumerate(entry.species):
        parts.append(Rich(one.scientific_name, italic=True))
        parts.append((f" ({one.category})" if one.category else "") + ("; " if n + 1 < len(entry.species) else ""))
    return parts


def country_table(story: Story, gathered: Gathered) -> None:
    """A row for each country."""
    translate = QCoreApplication.translate
    story.heading(translate("AzeReports", "Countries"))
    head = (
        translate("AzeReports", "Country"),
        translate("AzeReports", "Sites"),
        translate("AzeReports", "Mean cover"),
        translate("AzeReports", "Of their area"),
        *(class_word(kind) for kind in KINDS),
        translate("AzeReports", "Trigger species"),
    )
    rows = []
    for code, one in gathered.countries.items():
        block = one.block
        known = one.without_species < len(one.entries)
        rows.append(
            (
                country_word(gathered, code),
                figures.number(block["sites"]),
                pct(block["mean_pct"]),
                pct(block["area_weighted_pct"]),
                *(figures.number(block[kind]) for kind in KINDS),
                figures.number(len(one.species)) if known else translate("AzeReports", "not known"),
            )
        )
    story.table(head, rows, (4, 1.4, 1.8, 1.8, 3.0, 2.8, 3.2, 2.6, 2.4), tuple(range(1, 9)))
