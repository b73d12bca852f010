"""A report that keeps to one page: text goes into areas of its template, as much of it as there is room for.

On top of what ``layout`` says of templates, one for a ``Sheet`` has rectangles whose ids begin with ``area:``. They
take the place of ``flow``; what does not fit is counted, and the count given back, so that the caller can say it.

    sheet = Sheet("factsheet", progress)
    if sheet.enter("left"):
        sheet.heading("Trigger species")
        shown = sheet.rows(head, rows, widths, numbers, leave=12.0, more="And 99 more")
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qgis.core import QgsLayoutItemLabel, QgsLayoutItemLegend, QgsTextFormat
from qgis.PyQt.QtCore import QRectF

from ...domain.progress import Progress
from . import charts, maps
from .html import Rich, Text
from .layout import _ABOVE, _BELOW, _CELL_MARGIN, _SLACK, Building, Report, _inert, plain

_AREA = "area:"
# Hundredths of a millimetre add up in tables.
_SPARE = 0.6


class Sheet(Report):
    """A page whose areas are filled one after another; nothing runs over to another page."""

    def _set_up_flow(self) -> None:
        self._areas: dict[str, tuple[int, QRectF]] = {}
        self._tops: dict[str, float] = {}
        self._area = ""
        for item in self._items():
            if item.id().startswith(_AREA):
                place, size = item.pagePositionWithUnits(), item.sizeWithUnits()
                box = QRectF(place.x(), place.y(), size.width(), size.height())
                self._areas[item.id()[len(_AREA) :]] = (item.page(), box)
                self._layout.removeLayoutItem(item)
        super()._set_up_flow()
        # No page is ever taken out or added.
        self._used = self._layout.pageCollection().pageCount()

    def enter(self, name: str) -> bool:
        """Go on in an area, where it was left; False where the template has none of that name."""
        if name not in self._areas:
            return False
        self._tops[self._area] = self._y
        page, box = self._areas[name]
        self._area, self._boxes, self._page, self._y = name, {page: box}, page, self._tops.get(name, 0.0)
        return True

    def show_map(self, content: maps.MapContent, background=(), name: str = "map", legend: str = "") -> None:
        """As of a report; areas begin below the legend, which may be higher than its template had room for."""
        super().show_map(content, background, name, legend)
        key = self.item(f"legend{name[3:]}")
        if isinstance(key, QgsLayoutItemLegend):
            place, size = key.pagePositionWithUnits(), key.sizeWithUnits()
            foot = place.y() + size.height() + 1.0
            for page, box in self._areas.values():
                beside = place.x() > box.right() or place.x() + size.width() < box.left()
                if page == key.page() and not beside and place.y() < box.top() < foot:
                    box.setTop(foot)

    def give_room(self, name: str, area: str) -> None:
        """Take an item out of the page, and let an area below it begin where it stood."""
        item = self.item(name)
        if item is not None and area in self._areas:
            page, box = self._areas[area]
            if page == item.page() and item.pagePositionWithUnits().y() < box.top():
                box.setTop(item.pagePositionWithUnits().y())
        self.leave_out(name)

    @property
    def room(self) -> float:
        """Millimetres that are left in the area."""
        return self._left()

    def _next_page(self) -> None:
        # There is none: callers ask for room first.
        self._y = min(self._y, self._box.height())

    # --------------------------------------------------------------------------------------------------- measuring

    def text_height(self, text: Text, quiet: bool = False) -> float:
        """Height that a paragraph takes."""
        style = "quiet" if quiet else "paragraph"
        return self._height(plain(text), style)

    def heading_height(self, text: str, level: int = 2) -> float:
        """Height that a heading takes."""
        return self._height(text, "heading" if level == 1 else "subheading")

    def _height(self, text: str, style: str) -> float:
        form = self._styles[style]
        lines = self._wrapped(text, form, self.width - _SLACK)
        return _ABOVE[style] + len(lines) * self._line_height(form) + _BELOW[style]

    def chart_height(self, svg: str) -> float:
        """Height that a drawing takes over the area's width."""
        wide, tall = charts.size_of(svg)
        return self.width * tall / wide + 3.0

    def _row_heights(self, head: Sequence[str], rows: Sequence[Sequence[Text]], widths: Sequence[float]) -> list[float]:
        """Heights of the head, 0 without one, and of each row."""
        head_format, cell_format, _, _, stroke = self._table_style
        total = sum(widths)
        inner = [max(4.0, self.width * w / total - 2 * _CELL_MARGIN - 2 * stroke - _SLACK) for w in widths]
        first = self._row([Rich(h, bold=True) for h in head], head_format, inner, ())[1] if head else 0.0
        return [first, *(self._row(row, cell_format, inner, ())[1] + stroke for row in rows)]

    def rows_height(self, head: Sequence[str], rows: Sequence[Sequence[Text]], widths: Sequence[float]) -> float:
        """Height that a whole table takes."""
        return sum(self._row_heights(head, rows, widths)) + 3.0 + _SPARE

    def fitting(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[Text]],
        widths: Sequence[float],
        leave: float = 0.0,
        more: Text = "",
    ) -> int:
        """How many rows of a table fit; arguments as in ``rows``."""
        heights = self._row_heights(head, rows, widths)
        free = self.room - leave - heights[0] - 3.0 - _SPARE
        if sum(heights[1:]) > free:
            free -= self.text_height(more, quiet=True) if more else 0.0
        used, count = 0.0, 0
        for height in heights[1:]:
            used += height
            if used > free:
                break
            count += 1
        return count

    # ----------------------------------------------------------------------------------------------------- filling

    def rows(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[Text]],
        widths: Sequence[float],
        numbers: Sequence[int] = (),
        leave: float = 0.0,
        more: Text = "",
    ) -> int:
        """Write as many rows of a table as fit when ``leave`` mm are kept free below; how many there are.

        ``more``: a line that is to say what is missing; where rows are missing, there is room for it.
        """
        count = self.fitting(head, rows, widths, leave, more)
        if count:
            self.table(head, rows[:count], widths, numbers)
        return count

    def write(self, text: Text, quiet: bool = False, leave: float = 0.0) -> bool:
        """Write as many lines of a paragraph as fit, the last one cut short; whether all did."""
        style = "quiet" if quiet else "paragraph"
        form = self._styles[style]
        lines = self._wrapped(plain(text), form, self.width - _SLACK)
        free = self.room - leave - _ABOVE[style] - _BELOW[style]
        fit = math.floor((free + 1e-6) / self._line_height(form))
        if fit >= len(lines):
            self.paragraph(text, quiet)
            return True
        if fit > 0:
            last = self._shortened(lines[fit - 1], form, self.width - _SLACK)
            self.paragraph("\n".join([*lines[: fit - 1], last]), quiet)
        return False

    def draw(self, svg: str, leave: float = 0.0) -> bool:
        """Put a drawing over the area's width where there is room for it; whether there was."""
        if self.chart_height(svg) > self.room - leave:
            return False
        self.chart(svg)
        return True

    def fill(self, values: Mapping[str, str]) -> None:
        """As of a report; what is too long for its label even in small letters is cut."""
        super().fill(values)
        for item in self._items():
            if isinstance(item, QgsLayoutItemLabel) and any(f"@aze_{name}" in item.text() for name in values):
                form, size = item.textFormat(), item.sizeWithUnits()
                lines = self._wrapped(item.currentText(), form, size.width() - _SLACK)
                fit = max(1, math.floor((size.height() + 0.5) / self._line_height(form)))
                if len(lines) > fit:
                    last = self._shortened(lines[fit - 1], form, size.width() - _SLACK)
                    item.setText(_inert("\n".join([*lines[: fit - 1], last])))

    def _shortened(self, line: str, form: QgsTextFormat, width: float) -> str:
        """A line that ends in an ellipsis and fits."""
        pixels = width * self._context.scaleFactor()
        line = line.rstrip()
        while line and self._pixels(line + " …", form) > pixels:
            line = line[:-1]
        return line.rstrip() + " …"


class SheetBuilding(Building):
    """A sheet made in steps, as ``layout.Building`` has it."""

    def _report(self, progress: Progress) -> Sheet:
        if not self._held:
            self._held.append(Sheet(self._name, progress))
        self._held[0].progress = progress
        return self._held[0]
