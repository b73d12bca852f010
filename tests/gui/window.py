"""A window with a map as the panel needs it, of real QGIS widgets: no call can be answered by a mock."""

import pytest
from pages_support import settle
from qgis.core import QgsCoordinateReferenceSystem
from qgis.gui import QgsAdvancedDigitizingDockWidget, QgsMapCanvas, QgsMapToolPan, QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QMainWindow


class Window:
    """The part of QgisInterface that the panel uses while it works."""

    def __init__(self):
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas()
        self.window.setCentralWidget(self.canvas)
        self.window.resize(700, 500)
        self.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        self.bar = QgsMessageBar()
        self.cad = QgsAdvancedDigitizingDockWidget(self.canvas)
        self.pan = QgsMapToolPan(self.canvas)
        self.canvas.setMapTool(self.pan)
        self.active = None

    def mainWindow(self):
        return self.window

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self.bar

    def cadDockWidget(self):
        return self.cad

    def activeLayer(self):
        return self.active

    def setActiveLayer(self, layer):
        self.active = layer
        self.canvas.setCurrentLayer(layer)
        return True


@pytest.fixture
def window(qgis_app):
    made = Window()
    made.window.show()
    settle()
    yield made
    made.canvas.unsetMapTool(made.canvas.mapTool())
    # A canvas that lives on would outlive QGIS's own objects and take the whole test run with it.
    for widget in (made.cad, made.bar, made.window):
        sip.delete(widget)
