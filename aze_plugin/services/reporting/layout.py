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
"""

from __future__ import annotations

import datetime
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsExpressionContextUtils,
    QgsLayerTree,
    QgsLayoutExporter,
    QgsLayoutFrame,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemManualTable,
    QgsLayoutItemMap,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLayoutUtils,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsTableCell,
    QgsTextFormat,
    QgsTextRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QRectF, Qt, QTextBoundaryFinder
from qgis.PyQt.QtGui import QColor, QFont, QPainter
from qgis.PyQt.QtXml import QDomDocument

from ... import paths
from ...domain.errors import AzeError, Cancelled
from ...domain.progress import Progress
from .. import files
from ..main_thread import on_main_thread, release_on_main_thread
from . import fonts, maps
from .charts import size_of as _size_of
from .html import LEFT_TO_RIGHT, RIGHT_TO_LEFT, Rich, Text
from .pdf import normalised

_ELLIPSOID = "EPSG:7030"
_DPI = 300
_FLOW, _RUNNING, _STYLE = "flow", "running", "style:"

# What flows has these styles where a template has none: size in points, bold, colour.
_STYLES = {
    "heading": (13.0, True, "#111111"),
    "subheading": (10.5, True, "#111111"),
    "paragraph": (9.0, False, "#111111"),
    "quiet": (8.0, False, "#4d4d4d"),
}
# Room above and below, in mm.
_ABOVE = {"heading": 4.5, "subheading": 3.0, "paragraph": 0.8, "quiet": 0.8}
_BELOW = {"heading": 1.5, "subheading": 0.8, "paragraph": 0.8, "quiet": 0.8}

# A cell's text keeps this off its edges, and less than what is measured counts as full, as metrics are rounded.
_CELL_MARGIN, _SLACK, _SPARE = 1.0, 0.4, 8.0
_TABLE_POINTS = 7.5
_MM_PER_POINT = 25.4 / 72

# Width and height of the smallest place where text may run on.
_LEAST_MM = (70.0, 50.0)

# Letters on paper are up to 1.5 % wider than QGIS measures them.
_DRAWN_SHARE = 0.985

# Spaces at which a line may end.
_SPACES = " \t\u2002\u2003\u2009\u200b"

# Scripts without spaces between words.
_UNSPACED = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u2e80", "\ua4cf"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)

# What a generator cannot give.
_DONE = object()

# A table of so few rows is not parted.
_KEPT = 8

# Shapes that a map is drawn of as lines.
_DRAWN = 150

# Letters to a line that no measuring is needed for: in AZE Sans, the widest in use, a letter is under 0.75 em.
_SURE_EM = 0.75


def own_path(name: str) -> Path:
    """Where the user's own template of a report lies, or would lie."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "aze" / "layouts" / f"{name}.qpt"


def template_path(name: str) -> Path:
    """The template in use: the user's own before the plugin's."""
    own = own_path(name)
    return own if own.exists() else paths.resource("layouts", f"{name}.qpt")


class Report:
    """A layout being filled, in a project of its own; ``progress``: who is asked whether to go on.

    Raises AzeError ``layout.template`` for a damaged template.
    """

    def __init__(self, name: str, progress: Progress | None = None, path: Path | None = None):
        """``name``: of the template; ``path``: of another file in its place."""
        fonts.load()
        self.progress = progress or Progress()
        self._project = QgsProject()
        self._project.setEllipsoid(_ELLIPSOID)
        self._layout = QgsPrintLayout(self._project)
        self._path = path or template_path(name)
        self._load(self._path)
        # The project owns the layout, so that they go together and in order.
        self._layout.setName(name)
        self._project.layoutManager().addLayout(self._layout)
        self._keep: list = []
        self._context = self._text_context()
        self._styles = {style: self._style(style) for style in _STYLES}
        self._table_style = self._take_table_style()
        self._take_styles()
        self._pending: Iterator[None] = iter(())
        self._set_up_flow()

    # -------------------------------------------------------------------------------------------- what a template has

    def _load(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AzeError("layout.template", file=str(path), detail=str(error)) from error
        # Entities would be expanded; a layout as QGIS writes it has no declarations of any.
        if "<!ENTITY" in text:
            raise AzeError("layout.template", file=str(path), detail="<!ENTITY")
        document = QDomDocument()
        sound = document.setContent(text)
        if not (sound[0] if isinstance(sound, tuple) else sound):
            raise AzeError("layout.template", file=str(path), detail="XML")
        _, loaded = self._layout.loadFromTemplate(document, QgsReadWriteContext())
        if not loaded or not self._layout.pageCollection().pageCount():
            raise AzeError("layout.template", file=str(path), detail="")

    def item(self, name: str) -> QgsLayoutItem | None:
        """An item by its id, None where the template has none such."""
        return self._layout.itemById(name)

    def _items(self) -> list[QgsLayoutItem]:
        items = (i for i in self._layout.items() if isinstance(i, QgsLayoutItem))
        return [i for i in items if not isinstance(i, QgsLayoutItemPage)]

    def _style(self, name: str) -> QgsTextFormat:
        label = self.item(f"{_STYLE}{name}")
        if isinstance(label, QgsLayoutItemLabel):
            return QgsTextFormat(label.textFormat())
        points, bold, colour = _STYLES[name]
        return text_format(points, bold, colour)

    def _take_table_style(self) -> tuple[QgsTextFormat, QgsTextFormat, QColor, QColor, float]:
        """Formats of head and cells, ground of the head, colour and width of the lines."""
        frame = self.item(f"{_STYLE}table")
        table = frame.multiFrame() if isinstance(frame, QgsLayoutFrame) else None
        if not isinstance(table, QgsLayoutItemManualTable):
            return (
                text_format(_TABLE_POINTS, True),
                text_format(_TABLE_POINTS),
                QColor("#e9eeec"),
                QColor("#b5b5b5"),
                0.1,
            )
        head = table.cellStyle(table.CellStyleGroup.HeaderRow)
        found = (
            QgsTextFormat(table.headerTextFormat()),
            QgsTextFormat(table.contentTextFormat()),
            QColor(head.cellBackgroundColor) if head is not None and head.enabled else QColor("#e9eeec"),
            QColor(table.gridColor()),
            table.gridStrokeWidth(),
        )
        self._layout.removeMultiFrame(table)
        self._layout.removeLayoutItem(frame)
        return found

    def _take_styles(self) -> None:
        for item in self._items():
            if item.id().startswith(_STYLE):
                self._layout.removeLayoutItem(item)

    # ------------------------------------------------------------------------------------------------------- filling

    def fill(self, values: Mapping[str, str]) -> None:
        """Give the template's labels their values: ``{"title": …}`` stands at ``[% @aze_title %]``."""
        for name, value in values.items():
            QgsExpressionContextUtils.setLayoutVariable(self._layout, f"aze_{name}", value)
        for item in self._items():
            if isinstance(item, QgsLayoutItemLabel) and any(f"@aze_{name}" in item.text() for name in values):
                self._fit(item)

    def _fit(self, label: QgsLayoutItemLabel) -> None:
        """Smaller letters for a text that its label has no room for, down to half their size."""
        size = label.sizeWithUnits()
        form = QgsTextFormat(label.textFormat())
        largest = form.size()
        while form.size() > largest / 2:
            lines = self._wrapped(label.currentText(), form, size.width() - _SLACK)
            if len(lines) * self._line_height(form) <= size.height() + 0.5:
                break
            form.setSize(form.size() - 0.5)
        label.setTextFormat(form)

    def drawing(self, name: str, svg: str) -> None:
        """Put a drawing of ``charts`` into the picture of this id."""
        item = self.item(name)
        if isinstance(item, QgsLayoutItemPicture):
            maps.set_svg(item, _on_paper(svg))

    def picture(self, name: str, png: bytes) -> None:
        """Put a PNG into the picture of this id."""
        item = self.item(name)
        if isinstance(item, QgsLayoutItemPicture):
            maps.set_png(item, png)

    def leave_out(self, *names: str) -> None:
        """Take items out of the layout, by their ids."""
        for name in names:
            item = self.item(name)
            if item is not None:
                self._layout.removeLayoutItem(item)

    def shows(self, value: str) -> bool:
        """Whether a label has a place for this value of ``fill``."""
        return bool(self._labels_of(value))

    def _labels_of(self, value: str) -> list[QgsLayoutItemLabel]:
        named = re.compile(rf"@aze_{re.escape(value)}\b")
        return [i for i in self._items() if isinstance(i, QgsLayoutItemLabel) and named.search(i.text())]

    def leave_out_page(self, name: str) -> None:
        """Take out the page that holds the item of this id, with all that is on it, before anything flows.

        The first page stays, and so does the last one that text flows on.
        """
        item = self.item(name)
        if item is None or item.page() in (0, self._pattern) or self._y > 0:
            return
        gone = item.page()
        later = []
        for other in self._items():
            if other.page() == gone:
                self._layout.removeLayoutItem(other)
            elif other.page() > gone:
                later.append((other, other.page() - 1, other.pagePositionWithUnits()))
        self._layout.pageCollection().deletePage(gone)
        for other, page, place in later:
            other.attemptMove(QgsLayoutPoint(place.x(), place.y()), True, False, page)
        self._boxes = {n - (n > gone): box for n, box in self._boxes.items() if n != gone}
        self._pattern -= self._pattern > gone
        self._page = min(self._boxes)

    def say_on_pages(self, value: str, text: str) -> None:
        """Write a line at the top of each page that has no label with this value of ``fill``."""
        pages = self._layout.pageCollection()
        told = {label.page() for label in self._labels_of(value) if label.isVisible()}
        for number in range(pages.pageCount()):
            if number not in told:
                label = QgsLayoutItemLabel(self._layout)
                label.setText(_inert(text))
                label.setTextFormat(text_format(_TABLE_POINTS, True))
                label.setMarginX(0)
                label.setMarginY(0)
                self._layout.addLayoutItem(label)
                width = pages.page(number).pageSize().width()
                label.attemptResize(QgsLayoutSize(width - 10, 5))
                label.attemptMove(QgsLayoutPoint(5, 3), True, False, number)

    def show_map(
        self, content: maps.MapContent, background: Sequence[QgsVectorLayer] = (), name: str = "map", legend: str = ""
    ) -> None:
        """Set up the map of this id with its ``legend``, ``scalebar`` and ``north``.

        ``background``: layers below the content's own; they stand in no legend. ``legend``: its title. Of a second map
        of a template, ``map2``, the others are ``legend2`` and so on.
        """
        item = self.item(name)
        if not isinstance(item, QgsLayoutItemMap):
            return
        own = maps.layers(content, self.progress)
        for layer in [*own, *background]:
            self._project.addMapLayer(layer, False)
        maps.set_up(item, content, [*own, *background])
        if own and sum(len(group.shapes) for group in content.groups) > _DRAWN:
            # Very many hatched shapes take seconds as lines: a layer that blends makes the map a picture of 300 dpi.
            own[-1].setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)
        suffix = name[3:] if name.startswith("map") else ""
        bar, key, arrow = (self.item(f"{part}{suffix}") for part in ("scalebar", "legend", "north"))
        if isinstance(bar, QgsLayoutItemScaleBar):
            maps.set_up_scale_bar(bar, item)
        if isinstance(arrow, QgsLayoutItemPicture) and not arrow.picturePath():
            maps.set_svg(arrow, maps.NORTH)
        if isinstance(key, QgsLayoutItemLegend):
            key.setLinkedMap(item)
            key.setAutoUpdateModel(False)
            root = QgsLayerTree()
            for layer in own:
                root.addLayer(layer)
            key.model().setRootGroup(root)
            self._keep.append(root)
            key.setTitle(legend)
            key.setResizeToContents(True)
            key.adjustBoxSize()

    # ------------------------------------------------------------------------------------------------------- flowing

    def _set_up_flow(self) -> None:
        pages = self._layout.pageCollection()
        self._boxes: dict[int, QRectF] = {}
        for item in self._items():
            if item.id() == _FLOW:
                place = item.pagePositionWithUnits()
                size = item.sizeWithUnits()
                self._boxes[item.page()] = QRectF(place.x(), place.y(), size.width(), size.height())
                self._layout.removeLayoutItem(item)
        last = pages.pageCount() - 1
        if not self._boxes:
            size = pages.page(last).pageSize()
            self._boxes[last] = QRectF(15, 15, size.width() - 30, size.height() - 32)
        self._pattern = max(self._boxes)
        least = self._boxes[self._pattern]
        if least.width() < _LEAST_MM[0] or least.height() < _LEAST_MM[1]:
            # A report of hundreds of pages with a few words each.
            detail = f"{_FLOW}: {least.width():.0f} × {least.height():.0f} mm"
            raise AzeError("layout.template", file=str(self._path), detail=detail)
        self._running = [i for i in self._items() if i.page() == self._pattern and i.id().startswith(_RUNNING)]
        self._page = min(self._boxes)
        self._used = -1
        self._y = 0.0
        # Headings that nothing has followed yet, and where the first of them begins.
        self._headed: list[QgsLayoutItem] = []
        self._headed_top = 0.0

    @property
    def _box(self) -> QRectF:
        return self._boxes[self._page]

    @property
    def width(self) -> float:
        """Width of what flows, in mm."""
        return self._box.width()

    def _left(self) -> float:
        return self._box.height() - self._y

    def _next_page(self) -> None:
        later = [page for page in sorted(self._boxes) if page > self._page]
        if later:
            self._page = later[0]
        else:
            self._add_page()
        self._y = 0.0

    def _add_page(self) -> None:
        """A further page like the last one that text flows on."""
        self.progress.check()
        pages = self._layout.pageCollection()
        page = QgsLayoutItemPage(self._layout)
        page.setPageSize(pages.page(self._pattern).pageSize())
        pages.addPage(page)
        self._page = pages.pageCount() - 1
        self._boxes[self._page] = QRectF(self._boxes[self._pattern])
        for item in self._running:
            document = QDomDocument()
            element = document.createElement("copied")
            document.appendChild(element)
            context = QgsReadWriteContext()
            item.writeXml(element, document, context)
            written = element.firstChildElement()
            # One of its own: QGIS keeps places of items by these, and would put all copies on one page.
            written.removeAttribute("uuid")
            written.removeAttribute("templateUuid")
            copy = type(item)(self._layout)
            copy.readXml(written, document, context)
            self._layout.addLayoutItem(copy)
            place = item.pagePositionWithUnits()
            copy.attemptMove(QgsLayoutPoint(place.x(), place.y()), True, False, self._page)

    def _next_page_with_headings(self) -> None:
        """Go on on the next page, and take the headings along that stand last on this one."""
        moved, top, old, reached = self._headed, self._headed_top, self._box, self._y
        self._headed = []
        self._next_page()
        if not moved or top <= 0:
            return
        for item in moved:
            place = item.pagePositionWithUnits()
            left, above = place.x() - old.x(), place.y() - old.y() - top
            item.attemptMove(QgsLayoutPoint(self._box.x() + left, self._box.y() + above), True, False, self._page)
        self._y = reached - top
        self._used = max(self._used, self._page)

    def new_page(self) -> None:
        """Go on at the top of the next page, unless that is where it is."""
        if self._y > 0:
            self._next_page()

    def space(self, mm: float) -> None:
        """Leave some room, but none at the top of a page."""
        if self._y > 0:
            self._y += mm

    def _place(self, item: QgsLayoutItem, height: float, left: float = 0.0, width: float | None = None) -> None:
        box = self._box
        self._layout.addLayoutItem(item)
        item.attemptResize(QgsLayoutSize(box.width() - left if width is None else width, height))
        item.attemptMove(QgsLayoutPoint(box.x() + left, box.y() + self._y), True, False, self._page)
        self._used = max(self._used, self._page)

    def heading(self, text: str, level: int = 1, keep: float = 22.0) -> None:
        """A heading, kept with ``keep`` mm of what follows it. ``level`` 1 or 2."""
        style = "heading" if level == 1 else "subheading"
        self._text(text, style, keep=min(keep, self._box.height() / 2))

    def paragraph(self, text: Text, quiet: bool = False) -> None:
        """A paragraph, split between pages where it has to be."""
        self._text(plain(text), "quiet" if quiet else "paragraph")

    def _text(self, text: str, style: str, keep: float = 0.0) -> None:
        form = self._styles[style]
        lines = self._wrapped(text, form, self.width - _SLACK)
        line = self._line_height(form)
        self.space(_ABOVE[style])
        if self._left() < min(len(lines), 2) * line + keep:
            self._next_page()
        is_heading = style in ("heading", "subheading")
        if is_heading and not self._headed:
            self._headed_top = self._y
        headed = self._headed if is_heading else []
        while lines:
            fit = max(1, math.floor((self._left() + 1e-6) / line))
            some, lines = lines[:fit], lines[fit:]
            label = QgsLayoutItemLabel(self._layout)
            # Wrapped here already: each line by itself, so that what is measured is what is drawn.
            label.setText(_inert("\n".join(some)))
            label.setTextFormat(form)
            label.setMarginX(0)
            label.setMarginY(0)
            if _runs_right_to_left(text):
                label.setHAlign(Qt.AlignmentFlag.AlignRight)
            height = len(some) * line
            # Room to spare beside and below, where nothing is drawn: a label would wrap, or cut, what just fits.
            to_left = _runs_right_to_left(text)
            self._place(label, height + _SPARE, -_SPARE if to_left else 0.0, self.width + _SPARE)
            self._headed = headed = [*headed, label] if is_heading else []
            self._y += height
            if lines:
                self._next_page()
        self._y += _BELOW[style]

    def chart(self, svg: str, height: float | None = None) -> None:
        """A drawing of ``charts`` over the whole width; its height follows from its own proportions, or is given."""
        wide, tall = _size_of(svg)
        height = height or self.width * tall / wide
        height = min(height, self._box.height())
        self.space(1.5)
        if self._left() < height:
            self._next_page()
        item = QgsLayoutItemPicture(self._layout)
        maps.set_svg(item, _on_paper(svg))
        self._place(item, height)
        self._headed = []
        self._y += height + 1.5

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
        self._pending = self._table(head, rows, widths, numbers)

    def go_on(self) -> bool:
        """Do some more of what was begun; False when it is done."""
        return next(self._pending, _DONE) is not _DONE

    def _table(self, head, rows, widths, numbers) -> Iterator[None]:
        head_format, cell_format, ground, line_colour, stroke = self._table_style
        total = sum(widths)
        columns = [self.width * w / total for w in widths]
        inner = [max(4.0, c - 2 * _CELL_MARGIN - 2 * stroke - _SLACK) for c in columns]
        head_cells, head_height = self._row([Rich(h, bold=True) for h in head], head_format, inner, numbers)
        for cell in head_cells:
            cell.setBackgroundColor(ground)
        head_height = head_height if head else 0.0
        pending: list[list[QgsTableCell]] = []
        heights: list[float] = []

        def flush() -> None:
            if pending:
                lead = [head_cells] if head else []
                self._table_piece(
                    [*lead, *pending], [head_height, *heights][1 - len(lead) :], columns, line_colour, stroke
                )
                pending.clear()
                heights.clear()

        used = head_height
        self.space(1.0)
        measured = []
        for n, row in enumerate(rows):
            if n % 64 == 63:
                self.progress.check()
                yield
            measured += self._pieces(row, cell_format, inner, numbers, self._box.height() - head_height - 3 * stroke)
        whole = head_height + sum(height + stroke for _, height in measured) + 3 * stroke
        above = self._y - self._headed_top if self._headed else 0.0
        if len(measured) <= _KEPT and self._left() < whole <= self._box.height() - above:
            self._next_page_with_headings()
        for cells, height in measured:
            if self._y + used + height + 3 * stroke > self._box.height():
                flush()
                yield
                self._next_page_with_headings()
                used = head_height
            pending.append(cells)
            heights.append(height)
            used += height + stroke
        flush()
        self._y += 2.0

    def _pieces(
        self, row: Sequence[Text], form: QgsTextFormat, inner: Sequence[float], numbers: Sequence[int], most: float
    ) -> list[tuple[list[QgsTableCell], float]]:
        """A row as cells and height; as several where it is taller than ``most``."""
        cells, height = self._row(row, form, inner, numbers)
        if height <= most:
            return [(cells, height)]
        fit = max(1, math.floor((most - 2 * _CELL_MARGIN) / self._line_height(form)))
        texts = [cell.content().split("\n") for cell in cells]
        pieces = []
        for start in range(0, max(len(lines) for lines in texts), fit):
            part = []
            for cell, lines in zip(cells, texts):
                copy = QgsTableCell("\n".join(lines[start : start + fit]))
                copy.setTextFormat(cell.textFormat())
                copy.setHorizontalAlignment(cell.horizontalAlignment())
                copy.setVerticalAlignment(cell.verticalAlignment())
                part.append(copy)
            count = max(len(lines[start : start + fit]) for lines in texts)
            pieces.append((part, count * self._line_height(form) + 2 * _CELL_MARGIN))
        return pieces

    def _row(self, row: Sequence[Text], form: QgsTextFormat, inner: Sequence[float], numbers: Sequence[int]):
        cells, most = [], 1
        for n, (text, room) in enumerate(zip(row, inner)):
            styled = _styled(form, text)
            lines = self._wrapped(plain(text), styled, room)
            most = max(most, len(lines))
            cell = QgsTableCell("\n".join(lines))
            cell.setTextFormat(styled)
            cell.setHorizontalAlignment(Qt.AlignmentFlag.AlignRight if n in numbers else Qt.AlignmentFlag.AlignLeft)
            cell.setVerticalAlignment(Qt.AlignmentFlag.AlignTop)
            cells.append(cell)
        return cells, most * self._line_height(form) + 2 * _CELL_MARGIN

    def _table_piece(self, rows, heights: Sequence[float], columns: Sequence[float], colour: QColor, stroke: float):
        table = QgsLayoutItemManualTable.create(self._layout)
        self._layout.addMultiFrame(table)
        table.setCellMargin(_CELL_MARGIN)
        table.setShowGrid(True)
        table.setVerticalGrid(False)
        table.setGridColor(colour)
        table.setGridStrokeWidth(stroke)
        table.setContentTextFormat(self._table_style[1])
        table.setTableContents([list(row) for row in rows])
        table.setColumnWidths([c - 2 * _CELL_MARGIN - stroke for c in columns])
        table.setRowHeights([h - 2 * _CELL_MARGIN for h in heights])
        height = sum(heights) + (len(heights) + 1) * stroke + 0.2
        frame = QgsLayoutFrame(self._layout, table)
        table.addFrame(frame, False)
        box = self._box
        frame.attemptResize(QgsLayoutSize(box.width() + 0.2, height))
        frame.attemptMove(QgsLayoutPoint(box.x(), box.y() + self._y), True, False, self._page)
        table.recalculateFrameSizes()
        self._used = max(self._used, self._page)
        self._headed = []
        self._y += height

    # ------------------------------------------------------------------------------------------------ measuring text

    def _text_context(self):
        context = QgsLayoutUtils.createRenderContextForLayout(self._layout, None, _DPI)
        context.setScaleFactor(_DPI / 25.4)
        return context

    def _wrapped(self, text: str, form: QgsTextFormat, width: float) -> list[str]:
        """A text in lines that fit a width in mm; words longer than a line are broken."""
        lines: list[str] = []
        sure = width / (form.size() * _MM_PER_POINT * _SURE_EM)
        for line in text.split("\n"):
            if len(line) <= sure and line.isascii():
                lines.append(line)
                continue
            lines += self._broken(line, form, _DRAWN_SHARE * width * self._context.scaleFactor())
        return lines

    def _broken(self, line: str, form: QgsTextFormat, pixels: float) -> list[str]:
        """A line in pieces that fit, parted where its script may be; QGIS's own way takes minutes for a long text."""
        places = _breaks(line)
        found, start = [], 0
        while start < len(line):
            fits = lambda end, begin=start: self._pixels(line[begin:end].rstrip(), form) <= pixels  # noqa: E731
            ahead = places[bisect_right(places, start) :]
            end = _last_fitting(ahead, fits)
            if end is None:
                # A word longer than the line.
                end = _last_fitting(range(start + 1, ahead[0] if ahead else len(line)), fits) or start + 1
            found.append(line[start:end].rstrip())
            start = end
        return found or [""]

    def _pixels(self, line: str, form: QgsTextFormat) -> float:
        return QgsTextRenderer.textWidth(self._context, form, [line])

    def _line_height(self, form: QgsTextFormat) -> float:
        """Height of a line in mm, room for the tallest script included."""
        one, two = (
            QgsTextRenderer.textHeight(self._context, form, ["Ág"] * n, Qgis.TextLayoutMode.Rectangle) for n in (1, 2)
        )
        return max(two - one, form.size() * _MM_PER_POINT * 1.22) / self._context.scaleFactor() if two else one

    # ------------------------------------------------------------------------------------------------------ exporting

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
        pages = self._layout.pageCollection()
        # What the template keeps ready for text that did not come.
        for number in range(pages.pageCount() - 1, 0, -1):
            if number in self._boxes and number > self._used:
                pages.deletePage(number)
        self._layout.renderContext().setDpi(_DPI)
        self._layout.refresh()
        settings = QgsLayoutExporter.PdfExportSettings()
        settings.dpi = _DPI
        settings.exportMetadata = False
        settings.appendGeoreference = False
        settings.writeGeoPdf = False
        settings.forceVectorOutput = False
        settings.rasterizeWholeImage = False
        settings.textRenderFormat = Qgis.TextRenderFormat.AlwaysText
        result = QgsLayoutExporter(self._layout).exportToPdf(str(path), settings)
        try:
            self.progress.check()
        except Cancelled:
            # Nobody may be left to take the file away.
            path.unlink(missing_ok=True)
            raise
        if result != QgsLayoutExporter.ExportResult.Success:
            raise AzeError("output.unwritable", file=str(path), detail=str(result))
        return pages.pageCount()


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


def text_format(points: float, bold: bool = False, colour: str = "#111111") -> QgsTextFormat:
    """A format of the bundled font."""
    form = QgsTextFormat()
    font = fonts.font(points, bold)
    form.setFont(font)
    form.setNamedStyle("Bold" if bold else "Book")
    form.setSize(points)
    form.setSizeUnit(Qgis.RenderUnit.Points)
    form.setColor(QColor(colour))
    return form


def plain(text: Text) -> str:
    """A text without its styles."""
    if isinstance(text, str):
        return text
    return text.text if isinstance(text, Rich) else "".join(plain(part) for part in text)


def _styled(form: QgsTextFormat, text: Text) -> QgsTextFormat:
    """The format of a cell: that of its first styled part."""
    first = text if isinstance(text, (str, Rich)) else next((p for p in text if p), "")
    if not isinstance(first, Rich) or not (first.italic or first.bold or first.quiet):
        return form
    styled = QgsTextFormat(form)
    font = QFont(form.font())
    font.setItalic(first.italic or font.italic())
    font.setBold(first.bold or font.bold())
    font.setStyleName("")
    styled.setFont(font)
    if first.quiet:
        styled.setColor(QColor("#4d4d4d"))
    return styled


def _breaks(text: str) -> list[int]:
    """Where a line may end: behind spaces, and between the words of scripts that have none between them.

    Qt knows the latter; behind dots of numbers it breaks too, so that it is asked for nothing else.
    """
    found = {n for n in range(1, len(text)) if text[n - 1] in _SPACES and text[n] not in _SPACES}
    if any(_is_unspaced(c) for c in text):
        finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Line, text)
        # Qt counts letters beyond the first plane twice.
        before = list(accumulate((1 if ord(c) < 0x10000 else 2 for c in text), initial=0))
        at = finder.toNextBoundary()
        while at != -1:
            n = bisect_left(before, at)
            if before[n] == at and n < len(text) and _is_unspaced(text[n - 1]) and _is_unspaced(text[n]):
                found.add(n)
            at = finder.toNextBoundary()
    return [*sorted(found), len(text)]


def _is_unspaced(letter: str) -> bool:
    """Whether a letter is of a script whose words follow one another without spaces: Thai, Lao, Burmese, Khmer, those
    of China and Japan."""
    return any(first <= letter <= last for first, last in _UNSPACED)


def _last_fitting(ends: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """The last of rising ends that fits, None where not even the first does. Tried near the beginning first, as a line
    is short beside a text."""
    if not len(ends) or not fits(ends[0]):
        return None
    low, high = 0, 1
    while high < len(ends) and fits(ends[high]):
        low, high = high, 2 * high
    high = min(high, len(ends))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(ends[middle]) else (low, middle)
    return ends[low]


def _inert(text: str) -> str:
    """A text that a label writes as it is: the mark of an expression is parted by a space of no width."""
    return text.replace("[%", "[\u200b%")


def _runs_right_to_left(text: str) -> bool:
    """Whether a text's first letter is of a script that is written from right to left."""
    for letter in text:
        if letter in (LEFT_TO_RIGHT, RIGHT_TO_LEFT):
            return letter == RIGHT_TO_LEFT
        if "\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc":
            return True
        if letter.isalpha():
            return False
    return False


def _on_paper(svg: str) -> str:
    """A drawing in the bundled font."""
    return svg.replace('font-family="sans-serif"', f'font-family="{fonts.FAMILY}"', 1)
