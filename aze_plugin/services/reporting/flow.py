"""Where text, tables and charts run on in a layout: from page to page, headings kept with what follows them."""

from __future__ import annotations

import weakref

from qgis.core import (
    QgsLayoutItem,
    QgsLayoutItemPage,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsReadWriteContext,
)
from qgis.PyQt.QtCore import QRectF
from qgis.PyQt.QtXml import QDomDocument

from ...domain.errors import AzeError
from .template import Template

_FLOW, _RUNNING = "flow", "running"

# Width and height of the smallest place where text may run on.
_LEAST_MM = (70.0, 50.0)


class Flow:
    """A place on a page that moves down as things are put there, and on to the next page.

    ``page`` and ``y``: where it is, in mm from the top of the page's box. Raises AzeError ``layout.template`` where the
    template has too little room for text.
    """

    def __init__(self, template: Template):
        # No ring of references: a layout has to end where it is dropped, on the main thread.
        self._template = weakref.proxy(template)
        self._layout = template.layout
        self._boxes: dict[int, QRectF] = {}
        for item in template.items():
            if item.id() == _FLOW:
                self._boxes[item.page()] = box_of(item)
                self._layout.removeLayoutItem(item)
        pages = self._layout.pageCollection()
        last = pages.pageCount() - 1
        if not self._boxes:
            size = pages.page(last).pageSize()
            self._boxes[last] = QRectF(15, 15, size.width() - 30, size.height() - 32)
        self._pattern = max(self._boxes)
        least = self._boxes[self._pattern]
        if least.width() < _LEAST_MM[0] or least.height() < _LEAST_MM[1]:
            # A report of hundreds of pages with a few words each.
            detail = f"{_FLOW}: {least.width():.0f} × {least.height():.0f} mm"
            raise AzeError("layout.template", file=str(template.path), detail=detail)
        self._running = [i for i in template.items() if i.page() == self._pattern and i.id().startswith(_RUNNING)]
        self.page = min(self._boxes)
        self.y = 0.0
        self._used = -1
        # Headings that nothing has followed yet, and where the first of them begins.
        self._headed: list[QgsLayoutItem] = []
        self._headed_top = 0.0

    @property
    def box(self) -> QRectF:
        """The place for text on the page."""
        return self._boxes[self.page]

    @property
    def left(self) -> float:
        """Millimetres that are left on the page."""
        return self.box.height() - self.y

    @property
    def headed(self) -> float:
        """Millimetres that headings take which nothing has followed yet."""
        return self.y - self._headed_top if self._headed else 0.0

    def next_page(self) -> None:
        """Go on at the top of the next page."""
        later = [page for page in sorted(self._boxes) if page > self.page]
        if later:
            self.page = later[0]
        else:
            self._add_page()
        self.y = 0.0

    def _add_page(self) -> None:
        """A further page like the last one that text flows on."""
        self._template.progress.check()
        pages = self._layout.pageCollection()
        page = QgsLayoutItemPage(self._layout)
        page.setPageSize(pages.page(self._pattern).pageSize())
        pages.addPage(page)
        self.page = pages.pageCount() - 1
        self._boxes[self.page] = QRectF(self._boxes[self._pattern])
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
            copy.attemptMove(QgsLayoutPoint(place.x(), place.y()), True, False, self.page)

    def next_page_with_headings(self) -> None:
        """Go on on the next page, and take the headings along that stand last on this one."""
        moved, top, old, reached = self._headed, self._headed_top, self.box, self.y
        self._headed = []
        self.next_page()
        if not moved or top <= 0:
            return
        for item in moved:
            place = item.pagePositionWithUnits()
            left, above = place.x() - old.x(), place.y() - old.y() - top
            item.attemptMove(QgsLayoutPoint(self.box.x() + left, self.box.y() + above), True, False, self.page)
        self.y = reached - top
        self._used = max(self._used, self.page)

    def make_room(self, height: float) -> None:
        """Go on on the next page where less room is left, with the headings that nothing has followed yet."""
        if self.left >= height:
            return
        later = [page for page in sorted(self._boxes) if page > self.page]
        box = self._boxes[later[0] if later else self._pattern]
        if self.headed + height <= box.height():
            self.next_page_with_headings()
        else:
            self.next_page()

    def space(self, mm: float) -> None:
        """Leave some room, but none at the top of a page."""
        if self.y > 0:
            self.y += mm

    def put(
        self,
        item: QgsLayoutItem,
        height: float,
        left: float = 0.0,
        width: float | None = None,
        spare: float = 0.0,
        added: bool = False,
    ) -> None:
        """Put an item where it goes on, ``left`` mm from the edge, and go on ``height`` mm below.

        ``spare``: by how much more the item is high, where it draws nothing; ``added``: it is in the layout already.
        """
        box = self.box
        if not added:
            self._layout.addLayoutItem(item)
        item.attemptResize(QgsLayoutSize(box.width() - left if width is None else width, height + spare))
        item.attemptMove(QgsLayoutPoint(box.x() + left, box.y() + self.y), True, False, self.page)
        self._used = max(self._used, self.page)
        self._headed = []
        self.y += height

    def put_heading(self, item: QgsLayoutItem, height: float, left: float, width: float, spare: float) -> None:
        """As ``put``, for what comes along when what follows it has no room on this page."""
        before = self._headed
        if not before:
            self._headed_top = self.y
        self.put(item, height, left, width, spare)
        self._headed = [*before, item]

    def leave_out_page(self, name: str) -> None:
        """Take out the page that holds the item of this id, with all that is on it, before anything flows.

        The first page stays, and so does the last one that text flows on.
        """
        item = self._template.item(name)
        if item is None or item.page() in (0, self._pattern) or self.y > 0:
            return
        gone = item.page()
        later = []
        for other in self._template.items():
            if other.page() == gone:
                self._layout.removeLayoutItem(other)
            elif other.page() > gone:
                later.append((other, other.page() - 1, other.pagePositionWithUnits()))
        self._layout.pageCollection().deletePage(gone)
        for other, page, place in later:
            other.attemptMove(QgsLayoutPoint(place.x(), place.y()), True, False, page)
        self._boxes = {n - (n > gone): box for n, box in self._boxes.items() if n != gone}
        self._pattern -= self._pattern > gone
        self.page = min(self._boxes)

    def leave_out_unused(self) -> None:
        """Take out the pages that the template keeps ready for text that did not come."""
        pages = self._layout.pageCollection()
        for number in range(pages.pageCount() - 1, 0, -1):
            if number in self._boxes and number > self._used:
                pages.deletePage(number)


def box_of(item: QgsLayoutItem) -> QRectF:
    """Where an item is on its page, in mm."""
    place, size = item.pagePositionWithUnits(), item.sizeWithUnits()
    return QRectF(place.x(), place.y(), size.width(), size.height())
