"""Two small drawings of a boundary beside each other: as it is, and as it would be."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QPainter, QPainterPath, QPalette, QPen
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QVBoxLayout, QWidget

from ...services import figures
from .. import measure, style
from .basics import TextLabel


class Outline(QWidget):
    """Draws a WGS 84 polygon to fit; faults are circled, and a ``neighbour`` is drawn with a broken line."""

    def __init__(
        self,
        geometry: QgsGeometry,
        extent: QgsRectangle,
        faults=(),
        neighbour: QgsGeometry | None = None,
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self._geometry, self._extent, self._faults, self._neighbour = geometry, extent, faults, neighbour

    def sizeHint(self) -> QSize:
        return QSize(220, 200)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), style.ground(self.palette()))
        painter.setPen(style.line(self.palette()))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        room = QRectF(self.rect()).adjusted(12, 12, -12, -12)
        extent = self._extent
        scale = min(room.width() / max(extent.width(), 1e-9), room.height() / max(extent.height(), 1e-9))

        def place(x: float, y: float) -> QPointF:
            return QPointF(
                room.center().x() + (x - extent.center().x()) * scale,
                room.center().y() - (y - extent.center().y()) * scale,
            )

        def drawn(geometry: QgsGeometry) -> QPainterPath:
            path = QPainterPath()
            path.setFillRule(Qt.FillRule.OddEvenFill)
            polygons = geometry.asMultiPolygon() if geometry.isMultipart() else [geometry.asPolygon()]
            for polygon in polygons:
                for ring in polygon:
                    for i, point in enumerate(ring):
                        spot = place(point.x(), point.y())
                        path.lineTo(spot) if i else path.moveTo(spot)
                    path.closeSubpath()
            return path

        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        fill = QColor(style.BLUE)
        fill.setAlpha(70)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(style.SKY if style.is_dark(self.palette()) else style.BLUE), 1.5))
        painter.drawPath(drawn(self._geometry))
        if self._neighbour is not None:
            painter.setBrush(QBrush(style.muted(self.palette()), Qt.BrushStyle.Dense7Pattern))
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1.2, Qt.PenStyle.DashLine))
            painter.drawPath(drawn(self._neighbour))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.colour("problem", self.palette()), 2))
        for fault in self._faults:
            if fault.place is not None:
                painter.drawEllipse(place(fault.place.center().x(), fault.place.center().y()), 6, 6)


class ChangeDialog(QDialog):
    """Shows a boundary before and after a change, with both areas; accepted when the user takes the new one.

    ``title``: of the window; ``changed``: what the new boundary is called; ``action``: the button that takes it;
    ``neighbour``: another site that the change is about.
    """

    def __init__(
        self,
        before: QgsGeometry,
        after: QgsGeometry,
        title: str,
        changed: str,
        action: str,
        neighbour: QgsGeometry | None = None,
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setWindowTitle(title)
        extent = before.boundingBox()
        extent.combineExtentWith(after.boundingBox())
        row = QHBoxLayout()
        for heading, geometry, faults in (
            (translate("AzeBoundary", "Now"), before, measure.faults(before)),
            (changed, after, ()),
        ):
            column = QVBoxLayout()
            facts = measure.facts(geometry, 0)
            column.addWidget(TextLabel(heading))
            column.addWidget(Outline(geometry, extent, faults, neighbour), 1)
            said = (
                translate("AzeBoundary", "area uncertain, as it crosses itself")
                if faults
                else figures.square_metres(facts.area_m2)
            )
            parts = (
                translate("AzeBoundary", "1 part")
                if facts.parts == 1
                else translate("AzeBoundary", "{count} parts").format(count=facts.parts)
            )
            column.addWidget(TextLabel(f"{said}, {parts}", muted=True))
            row.addLayout(column, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(action, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(row, 1)
        layout.addWidget(buttons)
        self.resize(520, 320)


class MendDialog(ChangeDialog):
    """Shows a faulty boundary and the sound one."""

    def __init__(self, before: QgsGeometry, after: QgsGeometry, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(
            before,
            after,
            translate("AzeBoundary", "Mend the boundary"),
            translate("AzeBoundary", "Mended"),
            translate("AzeBoundary", "Mend"),
            parent=parent,
        )


class ClipDialog(ChangeDialog):
    """Shows a boundary and what is left of it outside an existing site."""

    def __init__(
        self, before: QgsGeometry, after: QgsGeometry, site: QgsGeometry, name: str, parent: QWidget | None = None
    ):
        translate = QCoreApplication.translate
        super().__init__(
            before,
            after,
            translate("AzeBoundary", "Clip to the edge of {site}").format(site=name),
            translate("AzeBoundary", "Clipped"),
            translate("AzeBoundary", "Clip"),
            site,
            parent,
        )
