"""The map of a site: drawn with QPainter from plain geometry, so that it needs no project, no layers and no window.

QPainter draws in any thread; a print layout (a QGraphicsScene) belongs to the main one, where it would stop the
panel for as long as a package takes. Kinds differ by line and hatch, so the map reads in black and white.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
)
from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTextOption,
)

from .. import paths
from ..domain import geometry

FAMILY = "DejaVu Sans"
# Colours that colour-blind readers tell apart (Okabe and Ito).
_GREEN, _BLUE, _INK, _QUIET = QColor("#00795a"), QColor("#0072b2"), QColor("#111111"), QColor("#6b6b6b")
_MARGIN = 1.5


@dataclass(frozen=True)
class Shape:
    """Something beside the candidate: its name, ``kind`` (``pa``, ``oecm`` or ``site``) and EPSG:6933 geometry."""

    name: str
    kind: str
    geometry: geometry.Geometry


@dataclass(frozen=True)
class SiteMap:
    """What the map shows; ``candidate`` in EPSG:6933, ``longitude`` and ``latitude`` its mid-point in degrees."""

    name: str
    candidate: geometry.Geometry
    longitude: float
    latitude: float
    shapes: Sequence[Shape] = ()


def font(points: float, bold: bool = False, italic: bool = False) -> QFont:
    """The bundled font, so that the same text takes the same room on every machine. Size in the painter's units."""
    if FAMILY not in _LOADED:
        for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"):
            QFontDatabase.addApplicationFont(str(paths.resource("fonts", name)))
        _LOADED.add(FAMILY)
    made = QFont(FAMILY)
    made.setPixelSize(max(1, round(points)))
    made.setBold(bold)
    made.setItalic(italic)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


_LOADED: set[str] = set()


def write_text(painter: QPainter, box: QRectF, text: str, place: Qt.AlignmentFlag, wrap: bool = False) -> None:
    """Text in a box. By QTextOption, as the overload with flags takes numbers in Qt 5 and refuses enums in Qt 6."""
    option = QTextOption(place)
    option.setWrapMode(QTextOption.WrapMode.WordWrap if wrap else QTextOption.WrapMode.NoWrap)
    painter.drawText(box, text, option)


class _Frame:
    """Degrees to the painter's units: a plane laid at the site's mid-point (azimuthal equal area), fitted to a box."""

    def __init__(self, content: SiteMap, box: QRectF):
        definition = f"+proj=laea +lat_0={content.latitude:.6f} +lon_0={content.longitude:.6f} +datum=WGS84 +units=m"
        plane = QgsCoordinateReferenceSystem.fromProj(definition)
        lonlat = QgsCoordinateReferenceSystem("EPSG:4326")
        self._transform = QgsCoordinateTransform(lonlat, plane, QgsCoordinateTransformContext())
        self.box = box
        extent = self.planar(content.candidate).boundingBox()
        extent.scale(_MARGIN)
        self.scale = min(box.width() / extent.width(), box.height() / extent.height())
        self._centre = extent.center()

    def planar(self, shape: geometry.Geometry) -> QgsGeometry:
        """An EPSG:6933 geometry in the map's plane, metres."""
        moved = QgsGeometry()
        moved.fromWkb(geometry.to_wkb(geometry.to_lonlat(np.array([shape], dtype=object))[0]))
        moved.transform(self._transform)
        if geometry.touches_antimeridian(shape):
            # The cut along 180° is the file format's, not the boundary's: a hair's breadth of growth closes it.
            moved = moved.buffer(0.05, 1).buffer(-0.05, 1)
        return moved

    def place(self, x: float, y: float) -> QPointF:
        """Metres of the plane to the painter's units."""
        middle = self.box.center()
        return QPointF(
            middle.x() + (x - self._centre.x()) * self.scale, middle.y() - (y - self._centre.y()) * self.scale
        )

    def degrees(self, lon: float, lat: float) -> QPointF:
        """Degrees to the painter's units."""
        point = self._transform.transform(QgsPointXY(lon, lat))
        return self.place(point.x(), point.y())

    def path(self, shape: QgsGeometry) -> QPainterPath:
        """The outline of a planar geometry; holes stay open."""
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        polygons = shape.asMultiPolygon() if shape.isMultipart() else [shape.asPolygon()]
        for polygon in polygons:
            for ring in polygon:
                path.addPolygon(QPolygonF([self.place(p.x(), p.y()) for p in ring]))
                path.closeSubpath()
        return path

    def window(self) -> QgsGeometry:
        """What of the plane the box shows."""
        width, height = self.box.width() / self.scale, self.box.height() / self.scale
        x, y = self._centre.x() - width / 2, self._centre.y() - height / 2
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        return QgsGeometry.fromPolygonXY([[QgsPointXY(*c) for c in corners]])


def _hatch(painter: QPainter, path: QPainterPath, colour: QColor, spacing: float, rising: bool, width: float) -> None:
    """Parallel lines across a shape. Drawn by hand: brush patterns keep their pixels whatever the scale."""
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(colour, width))
    box = path.boundingRect().intersected(painter.clipBoundingRect())
    reach = box.height()
    steps = int((box.width() + reach) / spacing) + 1
    start = math.floor((box.left() - reach) / spacing) * spacing
    for n in range(steps + 1):
        x = start + n * spacing
        if rising:
            painter.drawLine(QPointF(x, box.bottom()), QPointF(x + reach, box.top()))
        else:
            painter.drawLine(QPointF(x, box.top()), QPointF(x + reach, box.bottom()))
    painter.restore()


def _style(painter: QPainter, path: QPainterPath, kind: str, unit: float) -> None:
    if kind == "pa":
        painter.fillPath(path, QBrush(QColor(0, 121, 90, 22)))
        _hatch(painter, path, QColor(0, 121, 90, 150), 5 * unit, True, 0.5 * unit)
        painter.strokePath(path, QPen(_GREEN, 0.9 * unit))
    elif kind == "oecm":
        _hatch(painter, path, QColor(0, 114, 178, 150), 5 * unit, False, 0.5 * unit)
        painter.strokePath(path, QPen(_BLUE, 0.9 * unit, Qt.PenStyle.DotLine))
    elif kind == "site":
        painter.strokePath(path, QPen(_QUIET, 1.3 * unit, Qt.PenStyle.DashLine))
    else:
        painter.strokePath(path, QPen(QColor("white"), 4.2 * unit))
        painter.strokePath(path, QPen(_INK, 2.2 * unit))


def _label(painter: QPainter, place: QPointF, text: str, unit: float, taken: list[QRectF], frame: QRectF) -> None:
    """A name with a light edge, left out where it would cover another or leave the frame."""
    painter.setFont(font(7.5 * unit))
    metrics = painter.fontMetrics()
    box = QRectF(metrics.boundingRect(text))
    box.moveCenter(place)
    box.adjust(-2 * unit, -unit, 2 * unit, unit)
    if not frame.contains(box) or any(box.intersects(other) for other in taken):
        return
    taken.append(box)
    path = QPainterPath()
    path.addText(box.left() + 2 * unit, box.top() + unit + metrics.ascent(), painter.font(), text)
    painter.strokePath(path, QPen(QColor(255, 255, 255, 235), 2.6 * unit))
    painter.fillPath(path, QBrush(_INK))


def _round_step(value: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ that is not above a value."""
    power = 10 ** math.floor(math.log10(value))
    return next(m * power for m in (5, 2, 1) if m * power <= value)


def _degrees_text(value: float, positive: str, negative: str) -> str:
    value = (value + 180) % 360 - 180 if positive == "E" else value
    digits = f"{abs(value):.4f}".rstrip("0").rstrip(".")
    return f"{digits}°" if digits in ("0", "180") else f"{digits}° {positive if value >= 0 else negative}"


def _graticule(painter: QPainter, frame: _Frame, content: SiteMap, unit: float) -> None:
    """Ticks with degrees on the lower and the left edge, as even steps from the mid-point's own surroundings."""
    box = frame.box
    painter.setFont(font(6.5 * unit))
    metrics = painter.fontMetrics()
    per_degree = 111_320 * frame.scale
    for horizontal in (True, False):
        stretch = per_degree * (math.cos(math.radians(content.latitude)) if horizontal else 1)
        span = (box.width() if horizontal else box.height()) / stretch
        step = _round_step(span / 2.5)
        middle = content.longitude if horizontal else content.latitude
        first = math.ceil((middle - span / 2) / step)
        for n in range(first, first + 8):
            value = n * step
            if abs(value - middle) > span / 2 or (not horizontal and abs(value) > 90):
                continue
            try:
                at = frame.degrees(value, content.latitude) if horizontal else frame.degrees(content.longitude, value)
            except QgsCsException:
                continue
            painter.setPen(QPen(_INK, 0.6 * unit))
            if horizontal and box.left() + 20 * unit < at.x() < box.right() - 20 * unit:
                painter.drawLine(QPointF(at.x(), box.bottom()), QPointF(at.x(), box.bottom() + 3 * unit))
                text = _degrees_text(value, "E", "W")
                place = QPointF(at.x() - metrics.horizontalAdvance(text) / 2, box.bottom() + 10.5 * unit)
                painter.drawText(place, text)
            elif not horizontal and box.top() + 25 * unit < at.y() < box.bottom() - 25 * unit:
                painter.drawLine(QPointF(box.left(), at.y()), QPointF(box.left() - 3 * unit, at.y()))
                text = _degrees_text(value, "N", "S")
                painter.save()
                painter.translate(box.left() - 5 * unit, at.y() + metrics.horizontalAdvance(text) / 2)
                painter.rotate(-90)
                painter.drawText(QPointF(0, 0), text)
                painter.restore()


def _scale_bar(painter: QPainter, frame: _Frame, unit: float) -> QRectF:
    box = frame.box
    length = _round_step(box.width() / frame.scale / 4)
    width = length * frame.scale
    x, y = box.left() + 10 * unit, box.bottom() - 12 * unit
    painter.setFont(font(7 * unit))
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    label = painter.fontMetrics().horizontalAdvance(text)
    ground = QRectF(x - 6 * unit, y - 7 * unit, width + label + 20 * unit, 15 * unit)
    painter.fillRect(ground, QColor(255, 255, 255, 225))
    for n in range(4):
        part = QRectF(x + n * width / 4, y - 2 * unit, width / 4, 4 * unit)
        painter.fillRect(part, _INK if n % 2 == 0 else QColor("white"))
    painter.setPen(QPen(_INK, 0.6 * unit))
    painter.drawRect(QRectF(x, y - 2 * unit, width, 4 * unit))
    painter.drawText(QPointF(x + width + 5 * unit, y + 2.7 * unit), text)
    return ground


def _north_arrow(painter: QPainter, frame: _Frame, unit: float) -> QRectF:
    box = frame.box
    x, y = box.right() - 17 * unit, box.top() + 10 * unit
    ground = QRectF(x - 9 * unit, y - 4 * unit, 18 * unit, 36 * unit)
    painter.fillRect(ground, QColor(255, 255, 255, 225))
    left = [(0, 0), (-5.5, 19), (0, 15)]
    right = [(0, 0), (5.5, 19), (0, 15)]
    painter.setPen(QPen(_INK, 0.6 * unit))
    for points, fill in ((left, _INK), (right, QColor("white"))):
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([QPointF(x + px * unit, y + py * unit) for px, py in points]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(font(8 * unit, bold=True))
    write_text(painter, QRectF(x - 9 * unit, y + 19 * unit, 18 * unit, 12 * unit), "N", Qt.AlignmentFlag.AlignCenter)
    return ground


def _legend(painter: QPainter, kinds: set[str], left: float, top: float, unit: float) -> None:
    entries = [("candidate", "Proposed boundary")]
    entries += [
        (kind, text)
        for kind, text in (("pa", "Protected area"), ("oecm", "Other conserved area"), ("site", "Existing site"))
        if kind in kinds
    ]
    painter.setFont(font(7 * unit))
    x = left
    for kind, text in entries:
        swatch = QPainterPath()
        swatch.addRect(QRectF(x + unit, top, 16 * unit, 8 * unit))
        _style(painter, swatch, kind, unit)
        painter.setPen(QPen(_INK, 0.6 * unit))
        painter.drawText(QPointF(x + 21 * unit, top + 6.6 * unit), text)
        x += 36 * unit + painter.fontMetrics().horizontalAdvance(text)


def draw_map(painter: QPainter, content: SiteMap, box: QRectF, unit: float) -> None:
    """Draw the map into a box; degrees and legend stand left of and below it, in 14 and 30 ``unit``.

    ``unit``: one point of paper in the painter's units.
    """
    inner = QRectF(box.left() + 14 * unit, box.top(), box.width() - 14 * unit, box.height() - 30 * unit)
    frame = _Frame(content, inner)
    painter.save()
    painter.setClipRect(inner)
    painter.fillRect(inner, QColor("#fbfaf7"))
    window = frame.window()
    names, kinds = [], set()
    for shape in sorted(content.shapes, key=lambda s: ("pa", "oecm", "site").index(s.kind)):
        planar = frame.planar(shape.geometry)
        _style(painter, frame.path(planar), shape.kind, unit)
        visible = planar.intersection(window)
        if not visible.isEmpty():
            names.append((visible, shape.name))
            kinds.add(shape.kind)
    candidate = frame.planar(content.candidate)
    _style(painter, frame.path(candidate), "candidate", unit)
    furniture = [_scale_bar(painter, frame, unit), _north_arrow(painter, frame, unit)]
    for visible, name in names:
        spot = visible.difference(candidate)
        spot = (visible if spot.isEmpty() else spot).poleOfInaccessibility(30 / frame.scale)[0].asPoint()
        _label(painter, frame.place(spot.x(), spot.y()), name, unit, furniture, inner)
    painter.restore()
    painter.setPen(QPen(_INK, 0.8 * unit))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(inner)
    _graticule(painter, frame, content, unit)
    _legend(painter, kinds, inner.left(), inner.bottom() + 18 * unit, unit)


def write_png(path, content: SiteMap, width: int = 1600, height: int = 1200) -> None:
    """The map as an image with a title."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    unit = width / 560
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_INK)
    painter.setFont(font(13 * unit, bold=True))
    room = QRectF(30 * unit, 12 * unit, width - 48 * unit, 24 * unit)
    title = painter.fontMetrics().elidedText(content.name, Qt.TextElideMode.ElideRight, int(room.width()))
    write_text(painter, room, title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    draw_map(painter, content, QRectF(16 * unit, 42 * unit, width - 32 * unit, height - 54 * unit), unit)
    painter.end()
    if not image.save(str(path), "PNG"):
        raise OSError(f"{path.name} cannot be written")
