"""The mouse on the map of a QGIS window, for scripts that run inside it. Places are lon/lat (EPSG:4326)."""

from inside import pause
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
_LONLAT = QgsCoordinateReferenceSystem("EPSG:4326")


def send(kind, lon, lat, button=NONE, held=NONE):
    """One event, as Qt would send it."""
    canvas = iface.mapCanvas()
    turn = QgsCoordinateTransform(_LONLAT, canvas.mapSettings().destinationCrs(), QgsProject.instance())
    found = canvas.getCoordinateTransform().transform(turn.transform(lon, lat))
    event = QMouseEvent(kind, QPoint(round(found.x()), round(found.y())), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas.viewport(), event)


def move(lon, lat, held=NONE):
    """Move to a place, and give QGIS its turn."""
    send(QEvent.Type.MouseMove, lon, lat, held=held)
    pause(0.02)


def click(lon, lat, button=LEFT):
    """Press and release at a place."""
    move(lon, lat)
    send(QEvent.Type.MouseButtonPress, lon, lat, button, button)
    send(QEvent.Type.MouseButtonRelease, lon, lat, button)
    pause(0.05)


def pick_up(lon, lat):
    """Press the left button at a place."""
    move(lon, lat)
    send(QEvent.Type.MouseButtonPress, lon, lat, LEFT, LEFT)


def drop(lon, lat):
    """Release the left button at a place."""
    send(QEvent.Type.MouseButtonRelease, lon, lat, LEFT)
