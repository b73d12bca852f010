"""Drawing a boundary with QGIS's own digitizing, so that snapping, the CAD panel and undo work as people know them, and
moving its vertices in a way that tells where they are while they move, which QGIS's own vertex tool does not."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import Qgis, QgsFeature, QgsGeometry, QgsPoint, QgsPointXY, QgsPolygon, QgsTolerance, QgsVectorLayer
from qgis.gui import (
    QgsMapTool,
    QgsMapToolAdvancedDigitizing,
    QgsMapToolCapture,
    QgsMapToolDigitizeFeature,
    QgsRubberBand,
    QgsSnapIndicator,
    QgsVertexMarker,
)
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor

from ..domain.errors import AzeError
from ..domain.rounding import DECIMALS
from ..services.wording import text
from . import layers, messages, style
from .meter import wkb_of
from .session import Session

# Pixels that the mouse may move between press and release of a click.
_CLICK_PX = 4


class CaptureTool(QgsMapToolDigitizeFeature):
    """QGIS's capture of polygons, which tells at each move of the mouse what would be drawn: ``sketched`` carries the
    polygon in the layer's system, or None while it has fewer than three corners, the mouse's included."""

    sketched = pyqtSignal(object)
    _mouse: QgsPointXY | None = None

    def cadCanvasMoveEvent(self, event) -> None:
        super().cadCanvasMoveEvent(event)
        self._mouse = event.mapPoint()
        self._tell()

    def cadCanvasReleaseEvent(self, event) -> None:
        self._mouse = event.mapPoint()
        super().cadCanvasReleaseEvent(event)
        # A click may have ended the drawing, and with it this tool.
        if self.isCapturing():
            self._tell()

    def keyPressEvent(self, event) -> None:
        super().keyPressEvent(event)
        # Backspace takes a corner back.
        if self.isCapturing() and self._mouse is not None:
            self._tell()

    def _tell(self) -> None:
        shape = None
        if self.isCapturing() and self.size() > 1:
            line = self.captureCurve().curveToLine()
            mouse = QgsPoint(self.toLayerCoordinates(self.layer(), self._mouse))
            # Right after a click the mouse is at the corner just made.
            if mouse != line.endPoint():
                line.addVertex(mouse)
            if line.numPoints() > 2:
                shape = QgsGeometry(QgsPolygon(line))
        self.sketched.emit(shape)


class BoundaryDrawing(QObject):
    """One drawing of a boundary at a time; gives the earlier map tool back when it ends.

    ``drawn`` carries the boundary in WGS 84, ``stateChanged`` whether drawing goes on.
    """

    drawn = pyqtSignal(QgsGeometry)
    stateChanged = pyqtSignal(bool)

    def __init__(self, session: Session, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._tool: QgsMapToolDigitizeFeature | None = None
        self._earlier = None
        self._opened = False

    def is_active(self) -> bool:
        """Whether a boundary is being drawn."""
        return self._tool is not None

    def start(self) -> None:
        """Let the user draw on the map."""
        iface = self._session.iface
        if self._tool is not None or iface is None:
            return
        layer = self._session.candidates.ensure_layer()
        self._opened = not layer.isEditable()
        if self._opened:
            layer.startEditing()
        canvas = iface.mapCanvas()
        self._earlier = canvas.mapTool()
        tool = CaptureTool(canvas, iface.cadDockWidget(), QgsMapToolCapture.CaptureMode.CapturePolygon)
        tool.setLayer(layer)
        tool.sketched.connect(self._sketched)
        tool.digitizingCompleted.connect(self._completed)
        tool.deactivated.connect(self._ended)
        self._tool = tool
        canvas.setMapTool(tool)
        self._session.meter.hold(self)
        self._session.meter.move(None)
        self.stateChanged.emit(True)

    def stop(self) -> None:
        """End drawing and drop what was not finished."""
        if self._tool is not None:
            # Deactivation comes back to _ended, which lets go of the tool.
            _give_back(self._tool, self._earlier)

    def _sketched(self, shape: QgsGeometry | None) -> None:
        self._session.meter.move(_handed_over(shape, self._tool.layer(), self._session))
        self._session.recovery.follow_sketch(self._tool.captureCurve(), self._tool.layer())

    def _completed(self, feature: QgsFeature) -> None:
        layer = self._session.candidates.layer
        boundary = feature.geometry()
        self.stop()
        if isinstance(layer, QgsVectorLayer):
            lonlat = layers.to_lonlat(boundary, layer.crs(), self._session.project)
            # Its name is asked for now, which may take a while.
            self._session.recovery.hold_sketch(lonlat)
            self.drawn.emit(lonlat)
            self._session.recovery.end_sketch()

    def _ended(self) -> None:
        tool, self._tool = self._tool, None
        self._earlier = None
        if tool is not None:
            tool.sketched.disconnect(self._sketched)
            tool.digitizingCompleted.disconnect(self._completed)
            tool.deactivated.disconnect(self._ended)
            # Its rubber bands go with it.
            tool.deleteLater()
        layer = self._session.candidates.layer
        if self._opened and layer is not None and layer.isEditable() and not layer.isModified():
            # Editing was begun for this drawing only, and nothing came of it.
            layer.rollBack()
        self._opened = False
        self._session.recovery.end_sketch()
        self._session.meter.release(self)
        self.stateChanged.emit(False)


def _give_back(tool: QgsMapTool, earlier: QgsMapTool | None) -> None:
    """Let the map have its earlier tool again. Those of the panel last for one use only."""
    canvas = tool.canvas()
    if earlier is None or isinstance(earlier, (CaptureTool, VertexTool)):
        canvas.unsetMapTool(tool)
    else:
        canvas.setMapTool(earlier)


def _handed_over(shape: QgsGeometry | None, layer: QgsVectorLayer, session: Session) -> bytes | None:
    """A shape of a layer as the meter takes it: WKB in WGS 84, None for none and where it has no place there."""
    if shape is None:
        return None
    try:
        return wkb_of(layers.to_lonlat(shape, layer.crs(), session.project))
    except AzeError:
        return None


@dataclass(frozen=True)
class _Spot:
    """A place on a boundary: its vertex ``number``, or with ``is_new`` the place on an edge where that would be."""

    number: int
    place: QgsPointXY
    is_new: bool = False


class VertexTool(QgsMapToolAdvancedDigitizing):
    """Moves the vertices of one boundary, by dragging or by two clicks; an edge taken hold of gets a vertex there, and
    the key Delete takes away the one pointed at. Snapping and the CAD panel work as with QGIS's own tools.

    ``held`` carries the shape as it is while a vertex is on its way, ``dropped`` the one that it has become; ``letGo``
    says that the vertex went back to where it was. All are in the system of the layer.
    """

    held = pyqtSignal(QgsGeometry)
    dropped = pyqtSignal(QgsGeometry)
    letGo = pyqtSignal()

    def __init__(self, session: Session):
        canvas = session.iface.mapCanvas()
        super().__init__(canvas, session.iface.cadDockWidget())
        self._session = session
        self._spot: _Spot | None = None
        self._shape: QgsGeometry | None = None
        self._layer: QgsVectorLayer | None = None
        self._pressed_at = None
        # The boundary as it was looked up last, and of which version it is.
        self._known: tuple = (None, None)
        colour = QColor(style.VERMILLION)
        self._marker = QgsVertexMarker(canvas)
        self._marker.setIconType(QgsVertexMarker.IconType.ICON_CIRCLE)
        self._marker.setIconSize(11)
        self._marker.setPenWidth(2)
        self._marker.setColor(colour)
        self._marker.hide()
        self._band = QgsRubberBand(canvas, Qgis.GeometryType.Line)
        self._band.setColor(colour)
        self._band.setWidth(2)
        self._band.setLineStyle(Qt.PenStyle.DashLine)
        self._snapped = QgsSnapIndicator(canvas)
        self.setAdvancedDigitizingAllowed(False)

    @property
    def held_layer(self) -> QgsVectorLayer | None:
        """The layer of the boundary whose vertex is on its way."""
        return self._layer

    @property
    def is_holding(self) -> bool:
        """Whether a vertex is on its way."""
        return self._shape is not None

    def clean(self) -> None:
        """Take what the tool drew from the map."""
        scene = self.canvas().scene()
        for item in (self._marker, self._band):
            scene.removeItem(item)
        self._snapped.setVisible(False)

    def deactivate(self) -> None:
        self.let_go()
        self._marker.hide()
        super().deactivate()

    def cadCanvasPressEvent(self, event) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self.is_holding:
            self._point_at(event.mapPoint())
            if self._spot is not None:
                self._pressed_at = event.pos()
                self._pick_up()

    def cadCanvasMoveEvent(self, event) -> None:
        if not self.is_holding:
            self._point_at(event.mapPoint())
            return
        if self._pressed_at is not None and self._is_click(event):
            return
        self._move_to(event)
        self._snapped.setMatch(event.mapPointMatch())

    def cadCanvasReleaseEvent(self, event) -> None:
        if not self.is_holding:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.let_go()
            return
        was_click = self._pressed_at is not None and self._is_click(event)
        self._pressed_at = None
        if was_click:
            # Picked up by a click: the vertex follows the mouse until the next one.
            return
        self._move_to(event)
        shape = self._shape
        self._end()
        self.dropped.emit(shape)

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_holding:
            self.let_go()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not self.is_holding:
            self._delete()
        else:
            super().keyPressEvent(event)
            return
        # Else the window takes the key for one of its shortcuts.
        event.accept()

    def _is_click(self, event) -> bool:
        return (event.pos() - self._pressed_at).manhattanLength() <= _CLICK_PX

    def _boundary(self) -> QgsGeometry | None:
        candidates = self._session.candidates
        version = (candidates.current, candidates.version(candidates.current), candidates.layer)
        if self._known[0] != version:
            self._known = (version, candidates.geometry())
        return self._known[1]

    def _point_at(self, map_point: QgsPointXY) -> None:
        """Find the vertex or the edge under the mouse, and mark it."""
        self._spot = None
        layer, shape = self._session.candidates.layer, self._boundary()
        if layer is not None and shape is not None and not shape.isEmpty():
            point = self.toLayerCoordinates(layer, map_point)
            reach = QgsTolerance.vertexSearchRadius(layer, self.canvas().mapSettings())
            vertex, number, _, _, away = shape.closestVertex(point)
            if number >= 0 and away <= reach * reach:
                self._spot = _Spot(number, vertex)
            else:
                away, place, after, _ = shape.closestSegmentWithContext(point)
                if 0 <= away <= reach * reach:
                    self._spot = _Spot(after, place, is_new=True)
        self._marker.setVisible(self._spot is not None)
        if self._spot is not None:
            kinds = QgsVertexMarker.IconType
            self._marker.setIconType(kinds.ICON_CROSS if self._spot.is_new else kinds.ICON_CIRCLE)
            self._marker.setCenter(self.toMapCoordinates(layer, self._spot.place))

    def _pick_up(self) -> None:
        layer, spot = self._session.candidates.layer, self._spot
        self._layer = layer
        # A copy of its own, not one that shares its vertices: else each move would copy all of them.
        self._shape = QgsGeometry(self._boundary().constGet().clone())
        if spot.is_new:
            self._shape.insertVertex(spot.place.x(), spot.place.y(), spot.number)
        before, after = self._shape.adjacentVertices(spot.number)
        self._band.reset(Qgis.GeometryType.Line)
        for number in (before, spot.number, after):
            place = QgsPointXY(self._shape.vertexAt(number))
            self._band.addPoint(self.toMapCoordinates(layer, place))
        self._marker.hide()
        self.setAdvancedDigitizingAllowed(True)
        start = self.toMapCoordinates(layer, spot.place)
        self.cadDockWidget().setPoints([start, start])
        self.held.emit(self._shape)

    def _move_to(self, event) -> None:
        layer, map_point = self._layer, event.mapPoint()
        point = self.toLayerCoordinates(layer, map_point)
        if layer.crs() == layers.LONLAT and not event.mapPointMatch().isValid():
            # As boundaries are stored; what was snapped to has to be met exactly.
            point = QgsPointXY(round(point.x(), DECIMALS), round(point.y(), DECIMALS))
        self._shape.moveVertex(point.x(), point.y(), self._spot.number)
        self._band.movePoint(1, map_point)
        self.held.emit(self._shape)

    def _delete(self) -> None:
        if self._spot is None or self._spot.is_new:
            return
        shape = QgsGeometry(self._boundary().constGet().clone())
        rings = [ring for polygon in layers.as_multipolygon(shape).asMultiPolygon() for ring in polygon]
        corners = next((len(ring) - 1 for ring in rings if self._spot.place in ring), 0)
        # Three corners are the fewest that a ring can have.
        if corners > 3 and shape.deleteVertex(self._spot.number):
            self._spot = None
            self._marker.hide()
            self.dropped.emit(shape)

    def let_go(self) -> None:
        """Put a vertex that is on its way back to where it was."""
        if self.is_holding:
            self._end()
            self.letGo.emit()

    def _end(self) -> None:
        self._shape = self._layer = self._spot = self._pressed_at = None
        self._band.reset(Qgis.GeometryType.Line)
        self._snapped.setVisible(False)
        self.cadDockWidget().clearPoints()
        self.setAdvancedDigitizingAllowed(False)


class VertexMoving(QObject):
    """Moving the vertices of the current boundary with the live meter; gives the earlier map tool back when it ends."""

    stateChanged = pyqtSignal(bool)

    def __init__(self, session: Session, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._tool: VertexTool | None = None
        self._earlier = None
        session.candidatesChanged.connect(self._follow)
        session.candidateEdited.connect(self.put_back)

    @property
    def tool(self) -> VertexTool | None:
        """The tool while it is in use."""
        return self._tool

    def is_active(self) -> bool:
        """Whether the tool is in use."""
        return self._tool is not None

    def start(self) -> None:
        """Let the user move vertices on the map; without a boundary nothing happens."""
        session = self._session
        layer = session.candidates.layer
        if self._tool is not None or session.iface is None or layer is None or session.candidates.geometry() is None:
            self.stateChanged.emit(self._tool is not None)
            return
        if not layer.isEditable():
            layer.startEditing()
        canvas = session.iface.mapCanvas()
        session.iface.setActiveLayer(layer)
        self._earlier = canvas.mapTool()
        self._tool = VertexTool(session)
        self._tool.held.connect(self._held)
        self._tool.dropped.connect(self._dropped)
        self._tool.letGo.connect(self._released)
        self._tool.deactivated.connect(self._ended)
        canvas.setMapTool(self._tool)
        self.stateChanged.emit(True)

    def stop(self) -> None:
        """Put the tool away; a vertex on its way goes back."""
        if self._tool is not None:
            # Deactivation comes back to _ended, which lets go of the tool.
            _give_back(self._tool, self._earlier)

    def put_back(self) -> None:
        """Let go of a vertex on its way: what it belonged to has become another shape."""
        if self._tool is not None:
            self._tool.let_go()

    def _follow(self) -> None:
        self.put_back()
        if self._tool is not None and self._session.candidates.geometry() is None:
            self.stop()

    def _held(self, shape: QgsGeometry) -> None:
        meter, session = self._session.meter, self._session
        if not meter.is_held:
            meter.hold(self, session.candidates.current or "")
        meter.move(_handed_over(shape, self._tool.held_layer, session))

    def _dropped(self, shape: QgsGeometry) -> None:
        session = self._session
        try:
            lonlat = layers.to_lonlat(shape, session.candidates.layer.crs(), session.project)
            # The other vertices stay where they are, those on the edge of a site exactly there.
            session.candidates.replace_boundary(lonlat, exact=True)
        except AzeError as error:
            session.message.emit(text(error.code, error.params), messages.WARNING)
        session.meter.release(self)

    def _released(self) -> None:
        self._session.meter.release(self)

    def _ended(self) -> None:
        tool, self._tool = self._tool, None
        self._earlier = None
        if tool is not None:
            tool.deactivated.disconnect(self._ended)
            tool.clean()
            tool.deleteLater()
        self._session.meter.release(self)
        layer = self._session.candidates.layer
        if layer is not None and layer.isEditable() and not layer.isModified():
            layer.rollBack()
        self.stateChanged.emit(False)
