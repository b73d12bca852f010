"""The country report in words, tables, charts and a map: one story for the page of HTML and for the PDF."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from qgis.PyQt.QtCore import QCoreApplication, QLocale, Qt

from ..domain.coverage import NONE, NOT_ASSESSED
from ..domain.national import Entry, Figures
from ..domain.progress import Progress
from . import files
from .country_changes import changes_section
from .country_cover import classes_chart, cover_section, overview, trend
from .country_lists import country_table, site_table
from .country_map import ground, map_caption, map_content, map_words
from .country_sources import sources_section
from .country_species import targets
from .country_words import class_word, country_word, cut
from .countryreport import Gathered
from .main_thread import on_main_thread
from .reporting import layout, maps
from .reporting.html import LEFT_TO_RIGHT, RIGHT_TO_LEFT, Page
from .reporting.story import Story
from .wording import text

TEMPLATE = "country"

# A PDF says when it was made; without a date asked for it is this one, so that the same data give the same bytes.
_NO_DAY = datetime.date(2000, 1, 1)

# Rows of a list in the report of one country, and in that of all for each; the table and the summary have all.
_ROWS, _ROWS_OF_MANY = 1500, 12


@dataclass(frozen=True)
class Wanted:
    """Which files to write, empty for none, under which title, and with which date and lines on sources."""

    html: str = ""
    pdf: str = ""
    title: str = ""
    day: datetime.date | None = None
    citations: tuple[str, ...] = ()


def write(gathered: Gathered, wanted: Wanted, progress: Progress) -> int:
    """Write page and PDF; the number of the PDF's pages, 0 without one. Each file is written whole or not at all."""
    title = wanted.title or _title(gathered)
    subtitle = _subtitle(gathered, wanted)
    story = _story(gathered, wanted)
    content = map_content(gathered)
    below = ground(gathered)
    progress.set(0.2)
    foot = _foot(gathered, wanted)

    def background() -> list:
        return maps.layers(below) if below else [layer for layer in [maps.ground_layer()] if layer]

    png, pages = None, 0
    if wanted.html and content is not None:

        def pictured(main: Progress) -> bytes:
            return maps.picture(content, 1600, 1150, background=background(), progress=main)

        png = on_main_thread(pictured, progress.part(0.2, 0.4))
    if wanted.pdf:

        def begun(report: layout.Report) -> None:
            report.fill({"title": title, "subtitle": subtitle, "foot": foot})
            if content is not None:
                report.show_map(content, background())
            else:
                report.leave_out("map", "legend", "scalebar", "north")

        with layout.Building(TEMPLATE) as building:
            building.step(begun, progress.part(0.4, 0.5))
            story.into_building(building, progress.part(0.5, 0.7))
            pages = building.export(wanted.pdf, wanted.day or _NO_DAY, progress.part(0.7, 0.95))
    if wanted.html:
        page = Page(title, _language(), subtitle, QCoreApplication.translate("AzeReports", "Contents"))
        story.into_page(page, {"map": png} if png else {})
        page.footer(foot)
        with files.replacing(wanted.html) as beside:
            beside.write_text(page.render(), encoding="utf-8")
    progress.set(1)
    return pages


def _language() -> str:
    return QLocale().name().replace("_", "-").split("-")[0] if QLocale().language() != QLocale.Language.C else "en"


def _title(gathered: Gathered) -> str:
    translate = QCoreApplication.translate
    if not gathered.inputs.country:
        return translate("AzeReports", "AZE sites by country")
    country = country_word(gathered, gathered.inputs.country)
    return translate("AzeReports", "AZE sites: {country}").format(country=country)


def _subtitle(gathered: Gathered, wanted: Wanted) -> str:
    translate = QCoreApplication.translate
    said = [translate("AzeReports", "Cover by protected areas and OECMs, trigger species, and what is still open")]
    if wanted.day:
        said.append(QLocale().toString(wanted.day, QLocale.FormatType.LongFormat))
    return " · ".join(said)


def _foot(gathered: Gathered, wanted: Wanted) -> str:
    names = wanted.citations or [source["name"] for source in gathered.sources]
    return QCoreApplication.translate("AzeReports", "Sources: {names}").format(names="; ".join(dict.fromkeys(names)))


def _story(gathered: Gathered, wanted: Wanted) -> Story:
    right_to_left = QLocale().textDirection() == Qt.LayoutDirection.RightToLeft
    story = Story(RIGHT_TO_LEFT if right_to_left else LEFT_TO_RIGHT)
    whole = gathered.whole
    if not whole.entries:
        place = country_word(gathered, gathered.inputs.country)
        story.note(text("report.no_sites", {"country": place}))
        changes_section(story, gathered, _ROWS)
        sources_section(story, gathered, wanted.citations)
        return story
    overview(story, whole)
    if gathered.inputs.country:
        _of_country(story, gathered, whole, 2, _ROWS)
    else:
        story.picture("map", map_words(gathered), map_caption(gathered))
        country_table(story, gathered)
        cover_section(story, gathered, whole, 2)
        targets(story, gathered, whole, 2, _ROWS_OF_MANY)
        for code, of_one in gathered.countries.items():
            story.heading(country_word(gathered, code))
            overview(story, of_one)
            _of_country(story, gathered, of_one, 3, _ROWS_OF_MANY)
    changes_section(story, gathered, _ROWS)
    sources_section(story, gathered, wanted.citations)
    return story


def _of_country(story: Story, gathered: Gathered, one: Figures, level: int, most: int) -> None:
    translate = QCoreApplication.translate
    single = level == 2
    if single:
        story.picture("map", map_words(gathered), map_caption(gathered))
        cover_section(story, gathered, one, level)
        targets(story, gathered, one, level, most)
    else:
        classes_chart(story, one)
        trend(story, gathered, one)
    unprotected = one.of_class(NONE)
    story.heading(translate("AzeReports", "Unprotected sites"), level)
    if unprotected:
        site_table(story, unprotected, most, "")
    else:
        story.paragraph(text("report.no_unprotected"))
    aside = one.of_class(NOT_ASSESSED)
    if aside:
        story.heading(translate("AzeReports", "Sites that could not be assessed"), level)
        story.items(_reason(entry) for entry in aside[:most])
        cut(story, aside, most)
    if single:
        story.heading(translate("AzeReports", "All sites"), level)
        site_table(story, one.entries, most, "")


def _reason(entry: Entry) -> str:
    said = [text(finding.code, finding.params) for finding in entry.cover.findings]
    return " ".join(said) or f"{entry.name}: {class_word(NOT_ASSESSED)}"
