"""Clicks on the map: choosing an existing site, and plain clicks that tables on a page follow."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapTool
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, Qt, pyqtSignal

from ..domain.errors import AzeError
from ..services.wording import text
from . import layers, messages
from .session import Session

# Pixels within which a click hits, and by which the mouse may move between press and release of one.
_REACH_PX = 3
_CLICK_PX = 4


class MapClicks(QObject):
    """Tells of plain clicks on the map while it is on, whichever tool is in use, and takes nothing from that tool.

    Tools that draw or edit are left alone. ``clicked`` carries the place in WGS 84.
    """

    clicked = pyqtSignal(QgsPointXY)

    def __init__(self, session: Session, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._canvas: QgsMapCanvas | None = session.iface.mapCanvas() if session.iface is not None else None
        self._pressed = None
        self._is_on = False

    def set_on(self, on: bool) -> None:
        """Listen, or stop listening."""
        if self._canvas is None or on == self._is_on:
            return
        self._is_on = on
        if on:
            self._canvas.viewport().installEventFilter(self)
        else:
            self._canvas.viewport().removeEventFilter(self)

    def eventFilter(self, watched, event) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = event.pos() if event.button() == Qt.MouseButton.LeftButton else None
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            pressed, self._pressed = self._pressed, None
            moved = (event.pos() - pressed).manhattanLength() > _CLICK_PX
            if event.button() == Qt.MouseButton.LeftButton and not moved and self._is_free():
                place = lonlat_of(self._canvas.getCoordinateTransform().toMapCoordinates(pressed), self._session)
                if place is not None:
                    self.clicked.emit(place)
        return False

    def _is_free(self) -> bool:
        """Whether the map's tool does nothing with a click that changes something."""
        tool = self._canvas.mapTool()
        busy = tool is not None and (isinstance(tool, SitePicker) or bool(tool.flags() & QgsMapTool.Flag.EditTool))
        return not busy and not self._session.meter.is_held


def lonlat_of(place: QgsPointXY, session: Session) -> QgsPointXY | None:
    """A place of the map in WGS 84, None where it has none there."""
    crs = session.iface.mapCanvas().mapSettings().destinationCrs()
    if not crs.isValid():
        return None
    try:
        return QgsCoordinateTransform(crs, layers.LONLAT, session.project.transformContext()).transform(place)
    except QgsCsException:
        return None


class SitePicker(QgsMapTool):
    """Chooses an existing site by one click. ``picked`` carries its layer and its feature id, ``ended`` comes when the
    map has another tool again."""

    picked = pyqtSignal(QgsVectorLayer, object)
    ended = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session.iface.mapCanvas())
        self._session = session
        self._earlier: QgsMapTool | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def start(self) -> None:
        """Take the map's clicks."""
        self._earlier = self.canvas().mapTool()
        self.canvas().setMapTool(self)

    def stop(self) -> None:
        """Give the map its earlier tool back."""
        canvas, earlier = self.canvas(), self._earlier
        if canvas.mapTool() is not self:
            return
        if earlier is None:
            canvas.unsetMapTool(self)
        else:
            canvas.setMapTool(earlier)

    def deactivate(self) -> None:
        super().deactivate()
        self._earlier = None
        self.ended.emit()

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.stop()
        else:
            super().keyPressEvent(event)

    def canvasReleaseEvent(self, event) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            self.stop()
            return
        try:
            found = site_at(self._session, event.mapPoint(), _REACH_PX * self.canvas().mapUnitsPerPixel())
        except AzeError as error:
            self._session.message.emit(text(error.code, error.params), messages.WARNING)
            return
        if found is None:
            self._session.message.emit(
                QCoreApplication.translate(
                    "AzeProtection", "There is no site at this place. Click inside a site, or press Esc."
                ),
                messages.INFO,
            )
            return
        self.stop()
        self.picked.emit(*found)


def site_at(session: Session, place: QgsPointXY, reach: float) -> tuple[QgsVectorLayer, int] | None:
    """The layer and feature id of the existing site at a place of the map, the smallest of several; None for none.

    ``reach``: how near is near enough, in units of the map. Raises AzeError as ``layers.asked`` does.
    """
    map_crs = session.iface.mapCanvas().mapSettings().destinationCrs()
    square = QgsRectangle(place.x() - reach, place.y() - reach, place.x() + reach, place.y() + reach)
    best: tuple[float, QgsVectorLayer, int] | None = None
    for layer in session.sources.site_layers:
        transform = QgsCoordinateTransform(map_crs, layer.crs(), session.project.transformContext())
        try:
            box = transform.transformBoundingBox(square)
        except QgsCsException:
            continue
        request = QgsFeatureRequest().setFilterRect(box).setNoAttributes()
        spot = QgsGeometry.fromRect(box)
        for feature in layers.asked(layer, request):
            shape = feature.geometry()
            if shape.isNull() or not shape.intersects(spot):
                continue
            size = layers.to_lonlat(shape, layer.crs(), session.project).area()
            if best is None or size < best[0]:
                best = size, layer, feature.id()
    return None if best is None else best[1:]
