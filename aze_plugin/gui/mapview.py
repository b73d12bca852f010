"""Places on the map: zoom there, let them light up. A place is a lon/lat ``[xmin, ymin, xmax, ymax]`` (EPSG:4326), a
QgsRectangle or a QgsGeometry in the same, or None for nowhere."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateTransform, QgsGeometry, QgsProject, QgsRectangle
from qgis.gui import QgsMapCanvas

from .layers import LONLAT

# Room round a place, and what is shown round a point, in pixels of the map.
_ROOM = 1.15
_POINT_PX = 100


def rectangle(place: Any) -> QgsRectangle | None:
    """The rectangle round a place; one from 179° to −179° runs over 180° and keeps going east."""
    if place is None:
        return None
    if isinstance(place, QgsGeometry):
        return place.boundingBox()
    if isinstance(place, QgsRectangle):
        return place
    xmin, ymin, xmax, ymax = place
    return QgsRectangle(xmin, ymin, xmax if xmin <= xmax else xmax + 360, ymax)


def zoom(canvas: QgsMapCanvas, place: Any, project: QgsProject) -> None:
    """Show a place."""
    found = rectangle(place)
    if found is None:
        return
    transform = QgsCoordinateTransform(LONLAT, canvas.mapSettings().destinationCrs(), project.transformContext())
    extent = transform.transformBoundingBox(found, handle180Crossover=True)
    if extent.width() == 0 and extent.height() == 0:
        extent.grow(canvas.mapUnitsPerPixel() * _POINT_PX)
    extent.scale(_ROOM)
    canvas.setExtent(extent)
    canvas.refresh()


def flash(canvas: QgsMapCanvas, place: Any) -> None:
    """Let a place light up for a moment."""
    found = rectangle(place)
    if found is not None:
        shape = place if isinstance(place, QgsGeometry) else QgsGeometry.fromRect(found)
        canvas.flashGeometries([shape], LONLAT)
