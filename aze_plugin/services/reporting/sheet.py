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
from collections.abc import Sequence

from qgis.core import QgsLayoutItemLegend
from qgis.PyQt.QtCore import QRectF

from ...domain.progress import Progress
from . import charts, maps
from .flow import Flow, box_of
from .html import Text
from .layout import ABOVE, BELOW, Building, Report
from .lettering import SLACK, plain
from .template import Template

_AREA = "area:"
# Hundredths of a millimetre add up in tables.
_SPARE = 0.6


class Areas(Flow):
    """The areas of a page: nothing runs over to another one."""

    def __init__(self, template: Template):
        self.places: dict[str, tuple[int, QRectF]] = {}
        for item in template.items():
            if item.id().startswith(_AREA):
                self.places[item.id()[len(_AREA) :]] = (item.page(), box_of(item))
                template.layout.removeLayoutItem(item)
        super().__init__(template)
        self._tops: dict[str, float] = {}
        self._area = ""
        # No page is ever taken out or added.
        self._used = self._layout.pageCollection().pageCount()

    def enter(self, name: str) -> None:
        """Go on in an area, where it was left."""
        self._tops[self._area] = self.y
        page, box = self.places[name]
        self._area, self._boxes, self.page, self.y = name, {page: box}, page, self._tops.get(name, 0.0)

    def next_page(self) -> None:
        """There is none: callers ask for room first."""
        self.y = min(self.y, self.box.height())

    def next_page_with_headings(self) -> None:
        """As ``next_page``: headings stay where they are."""
        self.next_page()


class Sheet(Report):
    """A page whose areas are filled one after another."""

    flow: Areas

    def _set_up_flow(self) -> Areas:
        return Areas(self)

    def enter(self, name: str) -> bool:
        """Go on in an area, where it was left; False where the template has none of that name."""
        if name not in self.flow.places:
            return False
        self.flow.enter(name)
        return True

    def show_map(self, content: maps.MapContent, background=(), name: str = "map", legend: str = "") -> None:
        """As of a report; areas begin below the legend, which may be higher than its template had room for."""
        super().show_map(content, background, name, legend)
        key = self.item(f"legend{name[3:]}")
        if isinstance(key, QgsLayoutItemLegend):
            legend_box = box_of(key)
            foot = legend_box.bottom() + 1.0
            for page, box in self.flow.places.values():
                beside = legend_box.left() > box.right() or legend_box.right() < box.left()
                if page == key.page() and not beside and legend_box.top() < box.top() < foot:
                    box.setTop(foot)

    def give_room(self, name: str, area: str) -> None:
        """Take an item out of the page, and let an area below it begin where it stood."""
        item = self.item(name)
        if item is not None and area in self.flow.places:
            page, box = self.flow.places[area]
            if page == item.page() and item.pagePositionWithUnits().y() < box.top():
                box.setTop(item.pagePositionWithUnits().y())
        self.leave_out(name)

    @property
    def room(self) -> float:
        """Millimetres that are left in the area."""
        return self.flow.left

    # --------------------------------------------------------------------------------------------------- measuring

    def text_height(self, text: Text, quiet: bool = False) -> float:
        """Height that a paragraph takes."""
        style = "quiet" if quiet else "paragraph"
        return self._height(plain(text), style)

    def heading_height(self, text: str, level: int = 2) -> float:
        """Height that a heading takes."""
        return self._height(text, "heading" if level == 1 else "subheading")

    def _height(self, text: str, style: str) -> float:
        form = self.styles[style]
        lines = self.lettering.wrapped(text, form, self.width - SLACK)
        return ABOVE[style] + len(lines) * self.lettering.line_height(form) + BELOW[style]

    def chart_height(self, svg: str) -> float:
        """Height that a drawing takes over the area's width."""
        wide, tall = charts.size_of(svg)
        return self.width * tall / wide + 3.0

    def rows_height(self, head: Sequence[str], rows: Sequence[Sequence[Text]], widths: Sequence[float]) -> float:
        """Height that a whole table takes."""
        return sum(self.tables.heights(head, rows, widths)) + 3.0 + _SPARE

    def fitting(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[Text]],
        widths: Sequence[float],
        leave: float = 0.0,
        more: Text = "",
    ) -> int:
        """How many rows of a table fit; arguments as in ``rows``."""
        heights = self.tables.heights(head, rows, widths)
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
        form = self.styles[style]
        lines = self.lettering.wrapped(plain(text), form, self.width - SLACK)
        free = self.room - leave - ABOVE[style] - BELOW[style]
        fit = math.floor((free + 1e-6) / self.lettering.line_height(form))
        if fit >= len(lines):
            self.paragraph(text, quiet)
            return True
        if fit > 0:
            last = self.lettering.shortened(lines[fit - 1], form, self.width - SLACK)
            self.paragraph("\n".join([*lines[: fit - 1], last]), quiet)
        return False

    def draw(self, svg: str, leave: float = 0.0) -> bool:
        """Put a drawing over the area's width where there is room for it; whether there was."""
        if self.chart_height(svg) > self.room - leave:
            return False
        self.chart(svg)
        return True


class SheetBuilding(Building):
    """A sheet made in steps, as ``layout.Building`` has it."""

    def _report(self, progress: Progress) -> Sheet:
        if not self._held:
            self._held.append(Sheet(self._name, progress))
        self._held[0].progress = progress
        return self._held[0]
