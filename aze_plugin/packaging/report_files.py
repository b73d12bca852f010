"""The documents of a nomination as files: the report as PDF, by a layout that the user may edit, and as a page of
HTML, and the map as a picture.

Words and figures are ready before; what is drawn is drawn on the main thread, a step at a time, so that packaging runs
in a task without stopping the windows, and without a task.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from ..domain.progress import Progress
from ..services.main_thread import on_main_thread
from ..services.reporting import layout, maps
from ..services.reporting.html import Page
from .assembling import Contents
from .report import Report, report_of

TEMPLATE = "nomination"
PDF, HTML, MAP = "report.pdf", "report.html", "map.png"

# Labels of the layout by what stands there, and its items, as the report names them where there is no place for them.
_LABELS = {"title": "title", "subtitle": "subtitle", "verdict": "verdict", "foot": "foot line"}
_ITEMS = {
    "map": "map of the site",
    "legend": "its legend",
    "scalebar": "its scale bar",
    "north": "its north arrow",
    "map2": "map of where the site is",
}
_OF_CHANGES = {"map3": "map of the boundary before and after", "legend3": "its legend"}
_PARTS_OF_CHANGES = ("map3", "legend3", "scalebar3", "north3", "changes")


def write_reports(folder: Path, contents: Contents, day: datetime.date, progress: Progress) -> None:
    """Write ``report.pdf``, ``report.html`` and ``map.png``. ``day``: the date that the PDF carries.

    Raises AzeError ``layout.template`` for a layout that cannot be opened; ``progress`` is told what the layout has no
    place for.
    """
    made = report_of(contents)
    titled = made.labels["title"] + (f" – generalised, cells of {contents.map.grid}" if contents.map.grid else "")
    pictures: dict[str, bytes] = {}
    lacking: list[str] = []

    def pictured(main: Progress) -> None:
        pictures["map"] = maps.picture(made.site, 1600, 1300, title=titled, legend=True, progress=main)
        if made.changes is not None:
            pictures["changes"] = maps.picture(made.changes, 1300, 950, legend=True, progress=main)

    def begun(report: layout.Report) -> None:
        lacking[:] = _lacking(report, made)
        if made.changes is None:
            report.leave_out_page("map3")
            report.leave_out(*_PARTS_OF_CHANGES)
        report.fill(made.labels)
        ground = [layer for layer in [maps.ground_near(made.locator.focus)] if layer is not None]
        pictures["locator"] = maps.picture(made.locator, 800, 600, background=ground, progress=report.progress)
        report.show_map(made.site)
        report.show_map(made.locator, ground, "map2")
        if made.changes is not None:
            report.show_map(made.changes, name="map3")

    def ended(report: layout.Report) -> None:
        if lacking:
            report.paragraph(f"The layout in use has no place for: {', '.join(lacking)}.", quiet=True)
        if made.is_draft:
            report.say_on_pages("draft", made.labels["draft"])

    with layout.Building(TEMPLATE) as building:
        # First of all, as a damaged layout is found then.
        building.step(begun, progress.part(0, 0.2))
        on_main_thread(pictured, progress.part(0.2, 0.4))
        made.story.into_building(building, progress.part(0.4, 0.7))
        building.step(ended, progress.part(0.7, 0.75))
        building.export(folder / PDF, day, progress.part(0.75, 0.95))
    if lacking:
        progress.say("nomination.layout_lacks", names=", ".join(lacking))
    (folder / MAP).write_bytes(pictures["map"])
    page = Page(made.labels["title"], "en", made.labels["subtitle"], "Contents")
    made.story.into_page(page, pictures)
    page.footer(f"{made.labels['draft']}. {made.labels['foot']}" if made.is_draft else made.labels["foot"])
    (folder / HTML).write_text(page.render(), encoding="utf-8", newline="\n")
    progress.set(1)


def _lacking(report: layout.Report, made: Report) -> list[str]:
    """What the layout has no item for, in words."""
    wanted = {**_ITEMS, **(_OF_CHANGES if made.changes is not None else {})}
    return [
        *(words for name, words in _LABELS.items() if not report.shows(name)),
        *(words for name, words in wanted.items() if report.item(name) is None),
    ]
