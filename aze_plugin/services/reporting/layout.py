"""Print layouts that the user can edit, filled and made into a PDF; on the main thread.

A report is a ``.qpt`` of two pages or more: the user's own, ``<profile>/aze/layouts/<name>.qpt``, before the plugin's,
``resources/layouts/<name>.qpt``. What a template may have, told by the ids of its items, each of which may be missing:

- labels with ``[% @aze_… %]`` anywhere: the values given to ``fill``; ``[% @layout_page %]`` counts pages;
- ``map``, ``legend``, ``scalebar``, ``north``: set up by ``show_map``;
- any picture, filled by its id with ``drawing`` or ``picture``;
- ``flow`` rectangles, at most one a page: where text, tables and charts run on, from the first page that has one to the
  last, which is repeated as often as is needed. Items of that page whose ids begin with ``running`` come along;
- ``style:heading``, ``style:subheading``, ``style:paragraph``, ``style:quiet`` (labels) and ``style:table`` (a table):
  they lend font and colours to what flows, and are taken out themselves.

    def make(progress):
        report = layout.Report("country", progress)
        report.fill({"title": …, "subtitle": …})
        report.show_map(content, background=[…])
        report.heading(…); report.paragraph(…); report.table(head, rows, widths, numbers=(2,)); report.chart(svg)
        report.export(path, day)
    on_main_thread(make, progress)

``template`` opens the layout and fills its own items, ``flow`` and ``tables`` put the rest where there is room,
``lettering`` measures it.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from qgis.core import Qgis, QgsLayoutExporter, QgsLayoutItemLabel, QgsLayoutItemPicture
from qgis.PyQt.QtCore import Qt

from ...domain.errors import AzeError, Cancelled
from ...domain.progress import Progress
from .. import files
from ..main_thread import on_main_thread, release_on_main_thread
from . import maps
from .charts import size_of
from .flow import Flow
from .html import Text
from .lettering import DPI, SLACK, inert, on_paper, plain, runs_right_to_left
from .pdf import normalised
from .tables import Tables
from .template import Template

# Room above and below what flows, in mm.
ABOVE = {"heading": 4.5, "subheading": 3.0, "paragraph": 0.8, "quiet": 0.8}
BELOW = {"heading": 1.5, "subheading": 0.8, "paragraph": 0.8, "quiet": 0.8}

# Room beside and below the letters of a label, where nothing is drawn: it would wrap, or cut, what just fits.
_SPARE = 8.0

# What a generator cannot give.
_DONE = object()


class Report(Template):
    """A template being filled, in a project of its own, with text that runs on."""

    def __init__(self, name: str, progress: Progress | None = None, path: Path | None = None):
        """``name``: of the template; ``path``: of another file in its place."""
        super().__init__(name, progress, path)
        self.flow = self._set_up_flow()
        self.tables = Tables(self, self.flow)
        self._pending: Iterator[None] = iter(())

    def _set_up_flow(self) -> Flow:
        return Flow(self)

    @property
    def width(self) -> float:
        """Width of what flows, in mm."""
        return self.flow.box.width()

    def leave_out_page(self, name: str) -> None:
        """As ``Flow.leave_out_page``."""
        self.flow.leave_out_page(name)

    def new_page(self) -> None:
        """Go on at the top of the next page, unless that is where it is."""
        if self.flow.y > 0:
            self.flow.next_page()

    def space(self, mm: float) -> None:
        """Leave some room, but none at the top of a page."""
        self.flow.space(mm)

    def heading(self, text: str, level: int = 1, keep: float = 22.0) -> None:
        """A heading, kept with ``keep`` mm of what follows it. ``level`` 1 or 2."""
        style = "heading" if level == 1 else "subheading"
        self._text(text, style, keep=min(keep, self.flow.box.height() / 2))

    def paragraph(self, text: Text, quiet: bool = False) -> None:
        """A paragraph, split between pages where it has to be."""
        self._text(plain(text), "quiet" if quiet else "paragraph")

    def _text(self, text: str, style: str, keep: float = 0.0) -> None:
        flow, form = self.flow, self.styles[style]
        lines = self.lettering.wrapped(text, form, self.width - SLACK)
        line = self.lettering.line_height(form)
        flow.space(ABOVE[style])
        flow.make_room(min(len(lines), 2) * line + keep)
        put = flow.put_heading if style in ("heading", "subheading") else flow.put
        to_left = runs_right_to_left(text)
        while lines:
            fit = max(1, math.floor((flow.left + 1e-6) / line))
            some, lines = lines[:fit], lines[fit:]
            label = QgsLayoutItemLabel(self.layout)
            # Wrapped here already: each line by itself, so that what is measured is what is drawn.
            label.setText(inert("\n".join(some)))
            label.setTextFormat(form)
            label.setMarginX(0)
            label.setMarginY(0)
            if to_left:
                label.setHAlign(Qt.AlignmentFlag.AlignRight)
            put(label, len(some) * line, -_SPARE if to_left else 0.0, self.width + _SPARE, _SPARE)
            if lines:
                flow.next_page()
        flow.y += BELOW[style]

    def chart(self, svg: str, height: float | None = None) -> None:
        """A drawing of ``charts`` over the whole width; its height follows from its own proportions, or is given."""
        wide, tall = size_of(svg)
        height = height or self.width * tall / wide
        height = min(height, self.flow.box.height())
        self.flow.space(1.5)
        self.flow.make_room(height)
        item = QgsLayoutItemPicture(self.layout)
        maps.set_svg(item, on_paper(svg))
        self.flow.put(item, height)
        self.flow.y += 1.5

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[Text]],
        widths: Sequence[float],
        numbers: Sequence[int] = (),
    ) -> None:
        """A table that runs over as many pages as it needs, its head on each of them.

        ``head`` may be empty. ``widths``: of the columns, in any unit; they are stretched to the page. ``numbers``:
        columns set to the right. A cell of ``Rich`` text is set in its style. Long cells are wrapped, and a row taller
        than a page goes on on the next, so that nothing is cut. Tables of few rows are kept together.
        """
        self.begin_table(head, rows, widths, numbers)
        while self.go_on():
            pass

    def begin_table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[Text]],
        widths: Sequence[float],
        numbers: Sequence[int] = (),
    ) -> None:
        """As ``table``, but ``go_on`` has to be called until it says False: a part of the work each time."""
        self._pending = self.tables.write(head, rows, widths, numbers)

    def go_on(self) -> bool:
        """Do some more of what was begun; False when it is done."""
        return next(self._pending, _DONE) is not _DONE

    def export(self, path: str | Path, day: datetime.date) -> int:
        """Write the PDF, whole or not at all, and give the number of its pages.

        ``day``: the date that it carries. The same content gives the same bytes. Raises AzeError
        ``output.unwritable``, and Cancelled before anything is put in place.
        """
        with files.replacing(path) as beside:
            pages = self.print_to(beside)
            beside.write_bytes(normalised(beside.read_bytes(), day))
        return pages

    def print_to(self, path: Path) -> int:
        """Write a PDF as Qt makes it, with the time of now in it; the number of its pages."""
        self.progress.check()
        self.flow.leave_out_unused()
        self.layout.renderContext().setDpi(DPI)
        self.layout.refresh()
        settings = QgsLayoutExporter.PdfExportSettings()
        settings.dpi = DPI
        settings.exportMetadata = False
        settings.appendGeoreference = False
        settings.writeGeoPdf = False
        settings.forceVectorOutput = False
        settings.rasterizeWholeImage = False
        settings.textRenderFormat = Qgis.TextRenderFormat.AlwaysText
        result = QgsLayoutExporter(self.layout).exportToPdf(str(path), settings)
        try:
            self.progress.check()
        except Cancelled:
            # Nobody may be left to take the file away.
            path.unlink(missing_ok=True)
            raise
        if result != QgsLayoutExporter.ExportResult.Success:
            raise AzeError("output.unwritable", file=str(path), detail=str(result))
        return self.layout.pageCollection().pageCount()


class Building:
    """A report made from any thread in steps, between which the main thread is free for its windows.

        with Building("country", progress) as building:
            building.step(lambda report: report.fill(…), progress)
            building.step(lambda report: report.paragraph(…), progress)
            pages = building.export(path, day, progress)

    The report itself lives and ends in the main thread: steps must not let it out.
    """

    def __init__(self, name: str):
        """``name``: of the template."""
        self._name = name
        self._held: list[Report] = []

    def __enter__(self) -> Building:
        return self

    def __exit__(self, *_exception) -> None:
        release_on_main_thread(self._held)

    def step(self, function: Callable[[Report], None], progress: Progress) -> None:
        """Call the function with the report, on the main thread, and go on with what it has begun there."""

        def called(main: Progress) -> bool:
            report = self._report(main)
            if not begun:
                function(report)
                begun.append(True)
            return report.go_on()

        begun: list[bool] = []
        while on_main_thread(called, progress):
            progress.check()
        progress.set(1)

    def export(self, path: str | Path, day: datetime.date, progress: Progress) -> int:
        """As ``Report.export``."""
        with files.replacing(path) as beside:
            pages = on_main_thread(lambda main: self._report(main).print_to(beside), progress)
            beside.write_bytes(normalised(beside.read_bytes(), day))
            progress.check()
        return pages

    def _report(self, progress: Progress) -> Report:
        if not self._held:
            self._held.append(Report(self._name, progress))
        self._held[0].progress = progress
        return self._held[0]
