"""The fact sheet of a site as a PDF of one A4 page, and as a page of HTML that prints as one.

What does not fit is counted, and where the rest is to be found is said.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QLocale

from ..domain.progress import Progress
from . import factsheet_map, files
from .factsheet import Sheet
from .factsheet_words import Content, Table, content_of
from .main_thread import on_main_thread
from .reporting import maps
from .reporting.html import Page
from .reporting.lettering import plain
from .reporting.sheet import Sheet as Paper
from .reporting.sheet import SheetBuilding
from .wording import text

TEMPLATE = "factsheet"

# A PDF says when it was made; without a date asked for it is this one, so that the same data give the same bytes.
_NO_DAY = datetime.date(2000, 1, 1)

# Rows that the page of HTML has, so that it prints on one page; the paper takes what fits, areas up to as many.
_SPECIES, _AREAS, _LINES = 12, 5, 5
# Letters of sources, for the same reason.
_LETTERS = 900
_STYLE = """
body { max-width: 68rem; padding: 1rem 1.5rem; }
main { columns: 2; column-gap: 2rem; }
h2 { font-size: 1.05rem; margin: .9rem 0 .25rem; break-after: avoid; }
table { font-size: .82rem; margin: .3rem 0 .5rem; }
th, td { padding: .18rem .5rem .18rem 0; }
figure { margin: .4rem 0; break-inside: avoid; }
tr { break-inside: avoid; }
p { font-size: .88rem; }
dl.facts { grid-template-columns: 1fr 1fr; gap: .25rem 1rem; margin: .4rem 0; }
dl.facts dt { font-size: .76rem; }
dl.facts dd { font-size: .88rem; font-weight: normal; }
figure svg { width: 100%; max-width: 26rem; }
.quiet, figcaption { font-size: .78rem; }
.note { break-inside: avoid; }
@media (max-width: 46rem) { main { columns: 1; } }
@page { size: A4; margin: 11mm 12mm; }
@media print {
  html { font-size: 7.4pt; line-height: 1.38; }
  header { margin-bottom: .6rem; padding-bottom: .3rem; }
  h1 { font-size: 1.6rem; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
  main { columns: 2; }
  figure img { max-height: 66mm; width: auto; }
  footer { margin-top: .6rem; }
}
"""


def write(
    sheet: Sheet,
    progress: Progress,
    html: str = "",
    pdf: str = "",
    title: str = "",
    day: datetime.date | None = None,
    citations: Sequence[str] = (),
) -> int:
    """Write page and PDF, each where a path is given, whole or not at all; the number of the PDF's pages, 0 without.

    ``day``: the date that the sheet bears, none by default. ``citations``: further lines on sources.
    """
    content = content_of(sheet, title, day, citations)
    ground = factsheet_map.ground(sheet)
    progress.set(0.1)
    pictures = {}
    if html and content.map:
        for n, (name, size) in enumerate((("map", (1400, 1040)), ("locator", (900, 460)))):
            drawn = partial(_picture, content, name, size, ground)
            pictures[name] = on_main_thread(drawn, progress.part(0.1 + 0.2 * n, 0.3 + 0.2 * n))
    pages = 0
    if pdf:
        with SheetBuilding(TEMPLATE) as building:
            steps = (partial(_begin, content, ground), partial(_left, content), partial(_rest, content))
            for n, step in enumerate(steps):
                building.step(step, progress.part(0.5 + 0.1 * n, 0.6 + 0.1 * n))
            pages = building.export(pdf, day or _NO_DAY, progress.part(0.8, 0.95))
    if html:
        with files.replacing(html) as beside:
            beside.write_text(_page(content, pictures), encoding="utf-8")
    progress.set(1)
    return pages


def _background(content: Content, name: str, ground: maps.MapContent | None) -> list[QgsVectorLayer]:
    """What lies below a map; on the main thread."""
    if name == "map" and ground is not None:
        return maps.layers(ground)
    layer = maps.ground_near((content.map if name == "map" else content.locator).focus)
    return [layer] if layer is not None else []


def _picture(
    content: Content, name: str, size: tuple[int, int], ground: maps.MapContent | None, progress: Progress
) -> bytes:
    shown = content.map if name == "map" else content.locator
    return maps.picture(shown, *size, background=_background(content, name, ground), progress=progress)


# ------------------------------------------------------------------------------------------------------------ the page


def _headings() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "species": translate("AzeReports", "Trigger species"),
        "criteria": translate("AzeReports", "The three criteria"),
        "facts": translate("AzeReports", "The site"),
        "cover": translate("AzeReports", "Protection"),
        "trend": translate("AzeReports", "Cover by year of designation"),
        "context": translate("AzeReports", "Surroundings"),
        "sources": translate("AzeReports", "Sources"),
        "all_species": translate("AzeReports", "All trigger species"),
    }


def _page(content: Content, pictures: Mapping[str, bytes]) -> str:
    """The page of HTML: it prints on one sheet of A4; what that has no room for follows on screen alone."""
    words = _headings()
    page = Page(content.title, QLocale().bcp47Name() or "en", content.subtitle)
    for note in content.notes:
        page.note(note)
    if "map" in pictures:
        caption = " ".join([factsheet_map.key(content.map), *content.map_said])
        page.picture(pictures["map"], content.map_text, caption, framed=True)
    page.heading(2, words["species"])
    cut = _table(page, content.species, _SPECIES)
    if cut:
        page.paragraph(text("factsheet.more_species", {"count": cut}))
    page.paragraph(" ".join(content.species_said), quiet=bool(content.species.rows))
    page.heading(2, words["criteria"])
    _table(page, content.criteria, len(content.criteria.rows))
    if content.context.rows:
        page.heading(2, words["context"])
        cut = _table(page, content.context, _LINES)
        if cut:
            page.paragraph(text("factsheet.more_context", {"count": cut}), quiet=True)
        for said in content.context_said:
            page.paragraph(said, quiet=True)
    aside = page.heading(2, words["facts"])
    page.facts(content.facts)
    if "locator" in pictures:
        page.picture(
            pictures["locator"],
            QCoreApplication.translate("AzeReports", "Where in the world the site is."),
            framed=True,
        )
    page.heading(2, words["cover"])
    if content.cover_chart:
        page.chart(content.cover_chart)
    for said in content.cover_said:
        page.paragraph(said)
    _table(page, content.parts, len(content.parts.rows))
    if content.trend:
        page.chart(content.trend, [words["trend"], ". ", content.trend_said])
    elif content.trend_said:
        page.paragraph(content.trend_said, quiet=True)
    cut = _table(page, content.areas, _AREAS)
    if cut:
        page.paragraph(text("factsheet.more_areas", {"count": cut}), quiet=True)
    foot = page.heading(2, words["sources"])
    page.paragraph(_sources(content.sources, lambda said: len(said) <= _LETTERS), quiet=True)
    style = f"{_STYLE}@media print, (min-width: 46.01rem) {{ #{aside} {{ break-before: column; margin-top: 0; }} }}\n"
    style += f"#{foot}, #{foot} + p {{ column-span: all; max-width: none; }}\n"
    if len(content.species.rows) > _SPECIES:
        place = page.heading(2, words["all_species"])
        _table(page, content.species, len(content.species.rows))
        style += f"#{place} {{ column-span: all; }} @media print {{ #{place}, #{place} ~ * {{ display: none; }} }}\n"
    return page.render().replace("</style>", style + "</style>", 1)


def _table(page: Page, table: Table, most: int) -> int:
    """Write the first rows of a table; how many are left."""
    if table.rows:
        page.table(table.head, table.rows[:most], table.numbers)
    return max(0, len(table.rows) - most)


def _sources(lines: Sequence[str], fits: Callable[[str], bool]) -> str:
    """As many sources as fit, always with the method, which is the last line; how many there are more is said."""
    for most in range(len(lines), 0, -1):
        cut = len(lines) - most
        shown = [*lines[: most - 1], lines[-1], *([text("factsheet.more_sources", {"count": cut})] if cut else [])]
        said = " ".join(shown)
        if most == 1 or fits(said):
            return said
    return ""


# ----------------------------------------------------------------------------------------------------------- the paper


def _begin(content: Content, ground: maps.MapContent | None, paper: Paper) -> None:
    """Title and maps; what fills the paper runs on the main thread."""
    paper.fill({"title": content.title, "subtitle": content.subtitle, "foot": content.title})
    if content.map:
        paper.show_map(content.map, _background(content, "map", ground))
        paper.show_map(content.locator, _background(content, "locator", ground), "map2")
    else:
        paper.leave_out("legend", "scalebar", "north")
        paper.give_room("map", "left")
        paper.give_room("map2", "right")


def _left(content: Content, paper: Paper) -> None:
    if not paper.enter("left"):
        return
    words = _headings()
    criteria = content.criteria
    below = paper.heading_height(words["criteria"]) + paper.rows_height(criteria.head, criteria.rows, criteria.widths)
    for said in (*content.notes, *content.map_said):
        paper.write(said, leave=below)
    quiet = " ".join(content.species_said)
    paper.heading(words["species"], 2)
    _rows(paper, content.species, below + paper.text_height(quiet, quiet=True), "factsheet.more_species")
    paper.write(quiet, quiet=bool(content.species.rows), leave=below)
    paper.heading(words["criteria"], 2)
    paper.rows(criteria.head, criteria.rows, criteria.widths)


def _rest(content: Content, paper: Paper) -> None:
    if paper.enter("right"):
        _right(content, paper)
    if content.context.rows:
        _surroundings(content, paper)
    if paper.enter("foot"):
        said = _sources(content.sources, lambda lines: paper.text_height(lines, quiet=True) <= paper.room)
        paper.write(said, quiet=True)


def _right(content: Content, paper: Paper) -> None:
    words = _headings()
    paper.rows((), content.facts, (5, 6))
    paper.heading(words["cover"], 2)
    if content.cover_chart:
        paper.draw(content.cover_chart)
    for said in content.cover_said:
        paper.write(said)
    if content.parts.rows:
        _rows(paper, content.parts, 0.0, "factsheet.more_areas")
    # Names are enough here: the page and the summary have designations too.
    short = [(plain(row[0][0]), *row[1:]) for row in content.areas.rows]
    areas = replace(content.areas, rows=short[:_AREAS])
    context = content.context
    kept = 0.0
    if context.rows:
        kept = paper.heading_height(words["context"]) + 4.0
        kept += paper.rows_height(context.head, context.rows[:2], context.widths)
    few = paper.rows_height(areas.head, areas.rows[:3], areas.widths) + 6.0 if short else 0.0
    if content.trend:
        caption = f"{words['trend']}. {content.trend_said}".strip()
        if paper.draw(content.trend, kept + few + paper.text_height(caption, quiet=True)):
            paper.write(caption, quiet=True)
    elif content.trend_said:
        paper.write(content.trend_said, quiet=True)
    if short:
        _rows(paper, areas, kept, "factsheet.more_areas", len(short))


def _surroundings(content: Content, paper: Paper) -> None:
    """In the column that has room for more of it, the left one first."""
    said = " ".join(content.context_said)
    heading = _headings()["context"]
    table = content.context
    after = paper.heading_height(heading) + (paper.text_height(said, quiet=True) if said else 0.0)
    columns = [name for name in ("left", "right") if paper.enter(name)]
    if not columns:
        return
    shown = {name: paper.enter(name) and paper.fitting(table.head, table.rows, table.widths, after) for name in columns}
    paper.enter(max(columns, key=lambda name: shown[name]))
    if not any(shown.values()):
        # Not even one line: that there are figures is said where there is room left.
        paper.write(f"{heading}: " + text("factsheet.more_context_all", {"count": len(table.rows)}), quiet=True)
        return
    paper.heading(heading, 2)
    _rows(paper, table, paper.text_height(said, quiet=True) if said else 0.0, "factsheet.more_context")
    if said:
        paper.write(said, quiet=True)


def _rows(paper: Paper, table: Table, leave: float, code: str, total: int | None = None) -> None:
    """As much of a table as fits, and how many rows are missing of ``total``."""
    total = len(table.rows) if total is None else total
    if not total:
        return
    more = text(code, {"count": total})
    # Where the table itself was cut before, that has to be said in any case.
    kept = paper.text_height(more, quiet=True) if total > len(table.rows) else 0.0
    shown = paper.rows(table.head, table.rows, table.widths, table.numbers, leave + kept, "" if kept else more)
    if shown < total:
        paper.write(text(code if shown else f"{code}_all", {"count": total - shown}), quiet=True)
