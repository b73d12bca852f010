"""Tables that run over as many pages of a layout as they need; nothing in them is cut."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator, Sequence

from qgis.core import QgsLayoutFrame, QgsLayoutItemManualTable, QgsTableCell, QgsTextFormat
from qgis.PyQt.QtCore import Qt

from .flow import Flow
from .html import Rich, Text
from .lettering import SLACK, plain, styled
from .template import Template

# A cell's text keeps this off its edges, in mm.
_CELL_MARGIN = 1.0

# A table of so few rows that is no higher (mm) is not parted.
_KEPT, _KEPT_MM = 8, 90.0

# A row as it is drawn, and its height in mm.
_Measured = tuple[list[QgsTableCell], float]


class Tables:
    """Writes tables where a flow is, in the style of its template."""

    def __init__(self, template: Template, flow: Flow):
        self._layout, self._lettering, self._style = template.layout, template.lettering, template.table_style
        # As a flow holds it.
        self._template, self._flow = weakref.proxy(template), flow

    def write(
        self, head: Sequence[str], rows: Iterable[Sequence[Text]], widths: Sequence[float], numbers: Sequence[int]
    ) -> Iterator[None]:
        """Write a table, some of it each time that the next is asked for; arguments as ``Report.table`` has them."""
        flow, stroke = self._flow, self._style.stroke
        total = sum(widths)
        columns = [flow.box.width() * w / total for w in widths]
        inner = self._inner(widths)
        head_cells, head_height = self._head(head, inner, numbers)
        pending: list[list[QgsTableCell]] = []
        heights: list[float] = []

        def flush() -> None:
            if pending:
                lead = [head_cells] if head else []
                self._piece([*lead, *pending], [head_height, *heights][1 - len(lead) :], columns)
                pending.clear()
                heights.clear()

        used = head_height
        flow.space(1.0)
        measured: list[_Measured] = []
        for n, row in enumerate(rows):
            if n % 64 == 63:
                self._template.progress.check()
                yield
            measured += self._pieces(row, inner, numbers, flow.box.height() - head_height - 3 * stroke)
        whole = head_height + sum(height + stroke for _, height in measured) + 3 * stroke
        small = len(measured) <= _KEPT and whole <= min(_KEPT_MM, flow.box.height() - flow.headed)
        if small and flow.left < whole:
            flow.next_page_with_headings()
        for cells, height in measured:
            if flow.y + used + height + 3 * stroke > flow.box.height():
                flush()
                yield
                flow.next_page_with_headings()
                used = head_height
            pending.append(cells)
            heights.append(height)
            used += height + stroke
        flush()
        flow.y += 2.0

    def heights(self, head: Sequence[str], rows: Sequence[Sequence[Text]], widths: Sequence[float]) -> list[float]:
        """Heights of the head, 0 without one, and of each row with its line."""
        inner = self._inner(widths)
        return [
            self._head(head, inner, ())[1],
            *(self._row(row, self._style.cells, inner, ())[1] + self._style.stroke for row in rows),
        ]

    def _inner(self, widths: Sequence[float]) -> list[float]:
        """Room for the text in each column."""
        total, wide = sum(widths), self._flow.box.width()
        return [max(4.0, wide * w / total - 2 * _CELL_MARGIN - 2 * self._style.stroke - SLACK) for w in widths]

    def _head(self, head: Sequence[str], inner: Sequence[float], numbers: Sequence[int]) -> _Measured:
        cells, height = self._row([Rich(h, bold=True) for h in head], self._style.head, inner, numbers)
        for cell in cells:
            cell.setBackgroundColor(self._style.ground)
        return cells, height if head else 0.0

    def _pieces(
        self, row: Sequence[Text], inner: Sequence[float], numbers: Sequence[int], most: float
    ) -> list[_Measured]:
        """A row as cells and height; as several where it is taller than ``most``."""
        form = self._style.cells
        cells, height = self._row(row, form, inner, numbers)
        if height <= most:
            return [(cells, height)]
        fit = max(1, math.floor((most - 2 * _CELL_MARGIN) / self._lettering.line_height(form)))
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
            pieces.append((part, count * self._lettering.line_height(form) + 2 * _CELL_MARGIN))
        return pieces

    def _row(
        self, row: Sequence[Text], form: QgsTextFormat, inner: Sequence[float], numbers: Sequence[int]
    ) -> _Measured:
        cells, most = [], 1
        for n, (text, room) in enumerate(zip(row, inner)):
            own = styled(form, text)
            lines = self._lettering.wrapped(plain(text), own, room)
            most = max(most, len(lines))
            cell = QgsTableCell("\n".join(lines))
            cell.setTextFormat(own)
            cell.setHorizontalAlignment(Qt.AlignmentFlag.AlignRight if n in numbers else Qt.AlignmentFlag.AlignLeft)
            cell.setVerticalAlignment(Qt.AlignmentFlag.AlignTop)
            cells.append(cell)
        return cells, most * self._lettering.line_height(form) + 2 * _CELL_MARGIN

    def _piece(self, rows, heights: Sequence[float], columns: Sequence[float]) -> None:
        """What of a table stands on one page."""
        stroke = self._style.stroke
        table = QgsLayoutItemManualTable.create(self._layout)
        self._layout.addMultiFrame(table)
        table.setCellMargin(_CELL_MARGIN)
        table.setShowGrid(True)
        table.setVerticalGrid(False)
        table.setGridColor(self._style.lines)
        table.setGridStrokeWidth(stroke)
        table.setContentTextFormat(self._style.cells)
        table.setTableContents([list(row) for row in rows])
        table.setColumnWidths([c - 2 * _CELL_MARGIN - stroke for c in columns])
        table.setRowHeights([h - 2 * _CELL_MARGIN for h in heights])
        frame = QgsLayoutFrame(self._layout, table)
        table.addFrame(frame, False)
        height = sum(heights) + (len(heights) + 1) * stroke + 0.2
        self._flow.put(frame, height, width=self._flow.box.width() + 0.2, added=True)
        table.recalculateFrameSizes()
