"""Inside QGIS: draw a boundary and drag one of its vertices with synthetic mouse events, sixty a second, and take the
times from each move to the number shown for it, and what it costs the main thread."""

import math
import os
import sys
import time

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

from inside import ARGUMENTS, FOUND, pause, run, settled_map, wait
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QEvent, QObject, QPoint, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QWidget
from qgis.utils import iface

TICK_S = 1 / 60
MOVES = 300
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class Painted(QObject):
    """Notes when the meter is painted, and of which shape its numbers are."""

    def __init__(self, meter, head):
        super().__init__()
        self.meter, self.head, self.times = meter, head, []
        head.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.times.append((time.perf_counter(), self.meter.read_serial))
        return False

    def close(self):
        self.head.removeEventFilter(self)


def send(canvas, kind, place, button=NONE, held=NONE):
    event = QMouseEvent(kind, QPoint(*place), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas.viewport(), event)


def spot(canvas, lon, lat):
    found = canvas.getCoordinateTransform().transform(lon, lat)
    return found.x(), found.y()


class Work:
    """Adds up what the main thread does for the meter beside the mouse's own events: taking readings up, painting."""

    def __init__(self, panel, *painting):
        self.spent = 0.0
        meter = panel.session.meter
        # The same queued connection, with a watch round the slot.
        meter._arrived.disconnect(meter._take)
        self.take = self.timed(meter._take)
        meter._arrived.connect(self.take, Qt.ConnectionType.QueuedConnection)
        for kind in {type(widget) for widget in (panel.meter, *painting)}:
            kind.paintEvent = self.timed_method(kind.paintEvent)

    def timed(self, function):
        def watched(*given):
            start = time.perf_counter()
            function(*given)
            self.spent += time.perf_counter() - start

        return watched

    def timed_method(self, method):
        def watched(widget, event):
            start = time.perf_counter()
            method(widget, event)
            self.spent += time.perf_counter() - start

        return watched


def measure(canvas, session, head, watch, places, held):
    """Milliseconds from each move to a number for it or a later one, and of the main thread's work for it."""
    meter = session.meter
    painted = Painted(meter, head)
    sent, work, event_only = [], [], []
    for x, y in places:
        watch.spent = 0.0
        start = time.perf_counter()
        send(canvas, QEvent.Type.MouseMove, (round(x), round(y)), held=held)
        handled = time.perf_counter() - start
        event_only.append(1000 * handled)
        sent.append((start, meter.serial))
        while time.perf_counter() - start < TICK_S:
            QApplication.processEvents()
            time.sleep(0.0005)
        work.append(1000 * (handled + watch.spent))
    wait(lambda: meter.read_serial == meter.serial, 10, "the last number did not come")
    pause(0.2)
    painted.close()
    delays = []
    for start, serial in sent:
        shown = [at for at, read in painted.times if read >= serial and at >= start]
        delays.append(1000 * (min(shown) - start))
    readings = len({read for _, read in painted.times})
    return {"delay": delays, "work": work, "event": event_only, "readings": readings}


def circling(x, y, radius):
    for n in range(MOVES):
        turn = 2 * math.pi * n / 100
        yield x + radius * math.sin(turn), y + radius * (1 - math.cos(turn))


def steps():
    window = iface.mainWindow()
    window.showNormal()
    window.resize(1560, 960)
    for shown in window.findChildren(QDockWidget):
        if shown.objectName() not in ("AzePanel", "Layers"):
            shown.hide()
    dock = window.findChild(QDockWidget, "AzePanel")
    dock.setUserVisible(True)
    wait(lambda: dock.panel is not None, 10, "the panel did not open")
    session, panel = dock.session, dock.panel
    canvas = iface.mapCanvas()
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    session.open_library(ARGUMENTS["library"])
    # The area changes at each move, so that the head is painted whenever a number comes; the rows are with it.
    head = panel.meter.findChild(QWidget, "AzeMeterHead")
    rows = panel.meter.findChild(QWidget, "AzeMeterRows")
    meter = session.meter
    watch = Work(panel, rows, head)
    for name, wkt in ARGUMENTS["boundaries"].items():
        shape = QgsGeometry.fromWkt(wkt)
        session.candidates.add(name, shape)
        session.candidates.layer.commitChanges(True)
        wait(lambda: session.results.assessment and not session.results.assessment_stale, 60, "no assessment")
        extent = QgsRectangle(shape.boundingBox())
        extent.scale(1.6)
        canvas.setExtent(extent)
        settled_map(canvas)
        panel.moving.start()
        wait(lambda: meter.reading is not None and meter.read_serial == meter.serial, 30, "no first number")
        corners = session.candidates.geometry()
        corner = QgsPointXY(corners.vertexAt(7))
        x, y = spot(canvas, corner.x(), corner.y())
        send(canvas, QEvent.Type.MouseMove, (round(x), round(y)))
        send(canvas, QEvent.Type.MouseButtonPress, (round(x), round(y)), LEFT, LEFT)
        wait(lambda: meter.is_held, 5, "the vertex was not taken up")
        pause(0.3)
        FOUND[name] = measure(canvas, session, head, watch, circling(x, y, 120), LEFT)
        FOUND[name]["taxa"] = len(meter.reading.assessment.species)
        send(canvas, QEvent.Type.MouseButtonRelease, (round(x), round(y)), LEFT)
        panel.moving.stop()
        session.candidates.layer.commitChanges(True)
        wait(lambda: not session.results.assessment_stale, 60, "no assessment after the drag")

    box = QgsGeometry.fromWkt(ARGUMENTS["boundaries"]["reserve"]).boundingBox()
    extent = QgsRectangle(box)
    extent.scale(1.6)
    canvas.setExtent(extent)
    settled_map(canvas)
    page = panel.page("boundary")
    page.toggle_drawing()
    for lon, lat in (
        (box.xMinimum(), box.yMinimum()),
        (box.xMaximum(), box.yMinimum()),
        (box.xMaximum(), box.yMaximum()),
    ):
        place = tuple(round(v) for v in spot(canvas, lon, lat))
        send(canvas, QEvent.Type.MouseMove, place)
        send(canvas, QEvent.Type.MouseButtonPress, place, LEFT, LEFT)
        send(canvas, QEvent.Type.MouseButtonRelease, place, LEFT)
        pause(0.1)
    x, y = spot(canvas, box.center().x(), box.center().y())
    send(canvas, QEvent.Type.MouseMove, (round(x), round(y)))
    wait(lambda: meter.reading is not None and meter.read_serial == meter.serial, 30, "no number while drawing")
    FOUND["drawing"] = measure(canvas, session, head, watch, circling(x, y, 150), NONE)
    FOUND["drawing"]["taxa"] = len(meter.reading.assessment.species)
    page.toggle_drawing()


run(steps)
