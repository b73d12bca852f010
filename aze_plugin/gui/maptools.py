"""Drawing a boundary with QGIS's own digitizing, so that snapping, the CAD panel and undo work as people know them."""

from __future__ import annotations

from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer
from qgis.gui import QgsMapToolCapture, QgsMapToolDigitizeFeature
from qgis.PyQt.QtCore import QObject, pyqtSignal

from . import layers
from .session import Session


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
        tool = QgsMapToolDigitizeFeature(canvas, iface.cadDockWidget(), QgsMapToolCapture.CaptureMode.CapturePolygon)
        tool.setLayer(layer)
        tool.digitizingCompleted.connect(self._completed)
        tool.deactivated.connect(self._ended)
        self._tool = tool
        canvas.setMapTool(tool)
        self.stateChanged.emit(True)

    def stop(self) -> None:
        """End drawing and drop what was not finished."""
        if self._tool is None:
            return
        canvas = self._session.iface.mapCanvas()
        earlier = self._earlier
        # Deactivation comes back to _ended, which lets go of the tool.
        if earlier is not None:
            canvas.setMapTool(earlier)
        else:
            canvas.unsetMapTool(self._tool)

    def _completed(self, feature: QgsFeature) -> None:
        layer = self._session.candidates.layer
        boundary = feature.geometry()
        self.stop()
        if isinstance(layer, QgsVectorLayer):
            self.drawn.emit(layers.to_lonlat(boundary, layer.crs(), self._session.project))

    def _ended(self) -> None:
        tool, self._tool = self._tool, None
        self._earlier = None
        if tool is not None:
            tool.digitizingCompleted.disconnect(self._completed)
            tool.deactivated.disconnect(self._ended)
            # Its rubber bands go with it.
            tool.deleteLater()
        layer = self._session.candidates.layer
        if self._opened and layer is not None and layer.isEditable() and not layer.isModified():
            # Editing was begun for this drawing only, and nothing came of it.
            layer.rollBack()
        self._opened = False
        self.stateChanged.emit(False)
