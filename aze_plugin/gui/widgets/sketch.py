"""Small drawings of places: an outline as it comes, and where on earth it would lie."""

from __future__ import annotations

import math
from functools import cache

from qgis.core import (
    QgsApplication,
    QgsFeatureRequest,
    QgsGeometry,
    QgsMapToPixelSimplifier,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen, QTransform
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from .. import style

_ROOM = 10


class Sketch(QWidget):
    """Draws a WGS 84 outline to fit, true in shape; ``faults`` (lon/lat) are circled, ``gaps`` are broken lines."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 90)
        self._extent = QgsRectangle()
        self._path = QPainterPath()
        self._faults: list[tuple[float, float]] = []
        self._gaps: list = []

    def sizeHint(self) -> QSize:
        return QSize(220, 170)

    def show_shape(self, shape: QgsGeometry, faults=(), gaps=(), extent: QgsRectangle | None = None) -> None:
        """Draw another outline; ``extent``: what the drawing has to hold besides, for two of one scale."""
        whole = _whole(shape)
        box = whole.boundingBox()
        if extent is not None:
            box.combineExtentWith(extent)
        self._extent = box
        # Finer than any screen shows, and never so fine that a hundred thousand vertices are drawn.
        tolerance = max(box.width(), box.height()) / 1500
        drawn = QgsMapToPixelSimplifier(QgsMapToPixelSimplifier.SimplifyGeometry, tolerance).simplify(whole)
        self._path = drawn.constGet().asQPainterPath() if not drawn.isNull() else QPainterPath()
        self._path.setFillRule(Qt.FillRule.OddEvenFill)
        self._faults = [_beside(x, y, box) for x, y in faults]
        self._gaps = [tuple(_beside(x, y, box) for x, y in gap) for gap in gaps]
        self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        painter.fillRect(self.rect(), style.ground(palette))
        painter.setPen(style.line(palette))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self._extent.isEmpty() and self._path.isEmpty():
            return
        placing = _placing(self._extent, QRectF(self.rect()).adjusted(_ROOM, _ROOM, -_ROOM, -_ROOM))
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        ink = QColor(style.SKY if style.is_dark(palette) else style.BLUE)
        fill = QColor(style.BLUE)
        fill.setAlpha(70)
        painter.setBrush(fill)
        painter.setPen(QPen(ink, 1.5))
        painter.drawPath(placing.map(self._path))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        problem = style.colour("problem", palette)
        painter.setPen(QPen(problem, 2.5, Qt.PenStyle.DotLine))
        for (x1, y1), (x2, y2) in self._gaps:
            painter.drawLine(placing.map(QPointF(x1, y1)), placing.map(QPointF(x2, y2)))
        painter.setPen(QPen(problem, 2))
        for x, y in self._faults:
            painter.drawEllipse(placing.map(QPointF(x, y)), 6, 6)


class WhereMap(QWidget):
    """The world with a mark on it, and the land round the mark. Countries are those that come with QGIS."""

    _SPAN = 24.0

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(130)
        self._place: QgsRectangle | None = None

    def sizeHint(self) -> QSize:
        return QSize(320, 130)

    def show_place(self, lonlat: QgsRectangle | None) -> None:
        """Mark another rectangle in degrees, None for none."""
        self._place = lonlat
        self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        near_width = min(room.height(), room.width() / 3) if self._place is not None else 0
        world = QRectF(room.left(), room.top(), room.width() - (near_width + 6 if near_width else 0), room.height())
        self._draw(painter, world, QgsRectangle(-180, -75, 180, 84))
        if near_width:
            middle = self._middle()
            lat = max(-80.0, min(80.0, middle.y()))
            half = max(self._SPAN / 2, self._place.width(), self._place.height())
            around = QgsRectangle(middle.x() - half, lat - half, middle.x() + half, lat + half)
            self._draw(painter, QRectF(world.right() + 6, room.top(), near_width, room.height()), around)

    def _middle(self) -> QgsPointXY:
        centre = self._place.center()
        return QgsPointXY((centre.x() + 180) % 360 - 180, centre.y())

    def _draw(self, painter: QPainter, room: QRectF, extent: QgsRectangle) -> None:
        palette = self.palette()
        painter.save()
        painter.setClipRect(room)
        painter.fillRect(room, style.ground(palette))
        lat = extent.center().y() if extent.width() < 300 else 0.0
        placing = _placing(extent, room, lat)
        land = style.blend(palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText), 0.18)
        painter.setPen(QPen(style.ground(palette), 0.6))
        painter.setBrush(land)
        for turn in (-360, 0, 360):
            if extent.xMinimum() < turn + 180 and extent.xMaximum() > turn - 180:
                moved = QTransform.fromTranslate(turn, 0) * placing
                for _, path, _ in _countries():
                    if moved.mapRect(path.boundingRect()).intersects(room):
                        painter.drawPath(moved.map(path))
        if self._place is not None:
            middle = self._middle()
            spot = placing.map(QPointF(middle.x(), middle.y()))
            problem = style.colour("problem", palette)
            painter.setBrush(problem)
            painter.setPen(QPen(style.ground(palette), 1.5))
            painter.drawEllipse(spot, 5, 5)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.line(palette))
        painter.drawRect(room)
        painter.restore()


def country_at(place: QgsPointXY) -> str:
    """The country at a lon/lat place as QGIS's own map has it; empty at sea and where that map is missing."""
    lon = (place.x() + 180) % 360 - 180
    for name, path, shape in _countries():
        if path.boundingRect().contains(QPointF(lon, place.y())) and shape.contains(QgsPointXY(lon, place.y())):
            return name
    return ""


@cache
def _countries() -> list[tuple[str, QPainterPath, QgsGeometry]]:
    """Countries of the map that QGIS ships: name, outline fit for small drawings, shape. Empty where it is missing."""
    file = f"{QgsApplication.pkgDataPath()}/resources/data/world_map.gpkg|layername=countries"
    layer = QgsVectorLayer(file, "countries", "ogr", QgsVectorLayer.LayerOptions(loadDefaultStyle=False))
    column = layer.fields().lookupField("NAME") if layer.isValid() else -1
    if column < 0:
        return []
    simplifier = QgsMapToPixelSimplifier(QgsMapToPixelSimplifier.SimplifyGeometry, 0.1)
    found = []
    for country in layer.getFeatures(QgsFeatureRequest().setSubsetOfAttributes([column])):
        shape = country.geometry()
        # The outline belongs to its geometry, which has to be there still while the path is made.
        plain = simplifier.simplify(shape)
        if plain.isNull():
            plain = shape
        path = plain.constGet().asQPainterPath()
        found.append((str(country.attributes()[column] or ""), path, shape))
    return found


def _placing(extent: QgsRectangle, room: QRectF, latitude: float | None = None) -> QTransform:
    """From degrees to the room on screen, with shapes true at a latitude, the middle's by default."""
    lat = extent.center().y() if latitude is None else latitude
    narrow = max(0.02, math.cos(math.radians(max(-89.0, min(89.0, lat)))))
    scale = min(
        room.width() / max(extent.width() * narrow, 1e-9),
        room.height() / max(extent.height(), 1e-9),
    )
    placing = QTransform.fromTranslate(room.center().x(), room.center().y())
    placing.scale(scale * narrow, -scale)
    placing.translate(-extent.center().x(), -extent.center().y())
    return placing


def _whole(shape: QgsGeometry) -> QgsGeometry:
    """A shape with the part east of 180° beside the one west of it."""
    box = shape.boundingBox()
    if box.width() < 180:
        return shape
    parts = []
    for part in shape.asGeometryCollection():
        if part.boundingBox().xMaximum() <= 0:
            part.translate(360, 0)
        parts.append(part)
    whole = QgsGeometry.collectGeometry(parts)
    return whole if whole.boundingBox().width() < box.width() else shape


def _beside(x: float, y: float, box: QgsRectangle) -> tuple[float, float]:
    """A place on the same turn of the world as a rectangle."""
    return x + 360 * round((box.center().x() - x) / 360), y
