"""Where coordinates would lie on earth: whether they fit a reference system, in which order, and which would suit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsPointXY,
    QgsRectangle,
)

LONLAT = QgsCoordinateReferenceSystem("EPSG:4326")

# A reference system serves a little beyond the area that it is made for.
_GRACE_DEGREES = 6.0
# Rounding lets coordinates stand a little over the edge of the world.
_EDGE = 1e-6
_MOST_SUGGESTIONS = 6
_NEAR_DEGREES = 40.0


@dataclass(frozen=True)
class Suggestion:
    """A reference system that coordinates may be in; ``swap``: with y before x. ``lonlat``: where they then lie."""

    crs: QgsCoordinateReferenceSystem
    swap: bool
    lonlat: QgsRectangle


def swapped(extent: QgsRectangle) -> QgsRectangle:
    """A rectangle with x and y exchanged."""
    return QgsRectangle(extent.yMinimum(), extent.xMinimum(), extent.yMaximum(), extent.xMaximum())


def _looks_like_degrees(extent: QgsRectangle) -> bool:
    """Whether coordinates could be degrees, in either order."""
    values = [abs(v) for v in (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())]
    return max(values) <= 360 + _EDGE


def lies_at(
    extent: QgsRectangle,
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    swap: bool = False,
) -> QgsRectangle | None:
    """The lon/lat rectangle of coordinates, None where they do not fit the reference system.

    They fit longitudes and latitudes to 360° and 90°; other systems where the middle comes to lie in or near the area
    that a system is made for, and not where they are so small that they are degrees. Longitudes may run past 180°.
    """
    if swap:
        extent = swapped(extent)
    values = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())
    if not crs.isValid() or not all(math.isfinite(v) for v in values):
        return None
    if crs.isGeographic():
        if max(abs(values[0]), abs(values[2])) > 360 + _EDGE or max(abs(values[1]), abs(values[3])) > 90 + _EDGE:
            return None
        if crs == LONLAT:
            return QgsRectangle(extent)
    elif _looks_like_degrees(extent):
        return None
    transform = QgsCoordinateTransform(crs, LONLAT, context)
    transform.disableFallbackOperationHandler(True)
    corners = []
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5)):
        given = QgsPointXY(extent.xMinimum() + x * extent.width(), extent.yMinimum() + y * extent.height())
        try:
            place = transform.transform(given)
            back = place if crs.isGeographic() else transform.transform(place, Qgis.TransformDirection.Reverse)
        except QgsCsException:
            return None
        if not (math.isfinite(place.x()) and math.isfinite(place.y())):
            return None
        # Coordinates beyond a projection's edge are wound round the world, and come back elsewhere.
        reach = 1e-6 * max(abs(given.x()), abs(given.y()), 1.0) + max(extent.width(), extent.height()) / 100
        if not crs.isGeographic() and not math.hypot(back.x() - given.x(), back.y() - given.y()) <= reach:
            return None
        corners.append(place)
    if not _serves(crs, corners[-1]):
        return None
    middle = corners[-1].x()
    # The shorter way round: a shape across 180° is not as wide as the world.
    lons = [middle + (place.x() - middle + 180) % 360 - 180 for place in corners]
    lats = [place.y() for place in corners]
    return QgsRectangle(min(lons), min(lats), max(lons), max(lats))


def _serves(crs: QgsCoordinateReferenceSystem, place: QgsPointXY) -> bool:
    area = crs.bounds()
    if area.isEmpty():
        return True
    if not area.yMinimum() - _GRACE_DEGREES <= place.y() <= area.yMaximum() + _GRACE_DEGREES:
        return False
    west, east = area.xMinimum() - _GRACE_DEGREES, area.xMaximum() + _GRACE_DEGREES
    # A rectangle cannot say that it crosses 180°: one that is put the wrong way round is very wide.
    if east - west > 160:
        return True
    return any(west <= place.x() + turn <= east for turn in (-360, 0, 360))


def suggestions(
    extent: QgsRectangle,
    context: QgsCoordinateTransformContext,
    known: Iterable[QgsCoordinateReferenceSystem] = (),
    near: QgsPointXY | None = None,
) -> list[Suggestion]:
    """Reference systems that coordinates of this extent may be in, the likeliest first; at most six.

    Considered are longitude and latitude in either order, those ``known`` from the project, the UTM zones at ``near``
    (lon/lat of what the user looks at), and Web Mercator. Systems that put the shape far from ``near`` come last.
    """
    candidates: list[tuple[QgsCoordinateReferenceSystem, bool]] = [(LONLAT, False), (LONLAT, True)]
    candidates += [(crs, False) for crs in known]
    if near is not None:
        zone = min(60, int((near.x() + 180) % 360 // 6) + 1)
        hemispheres: Sequence[int] = (32600, 32700) if near.y() >= 0 else (32700, 32600)
        candidates += [(QgsCoordinateReferenceSystem(f"EPSG:{base + zone}"), False) for base in hemispheres]
    candidates.append((QgsCoordinateReferenceSystem("EPSG:3857"), False))
    found: list[Suggestion] = []
    for crs, swap in candidates:
        if any(crs == other.crs and swap == other.swap for other in found):
            continue
        place = lies_at(extent, crs, context, swap)
        if place is not None:
            found.append(Suggestion(crs, swap, place))
    if near is not None:
        # Sorting is stable: among those near by, and among those far off, the order stays.
        found.sort(key=lambda s: _apart(s.lonlat.center(), near) > _NEAR_DEGREES)
    return found[:_MOST_SUGGESTIONS]


def _apart(one: QgsPointXY, other: QgsPointXY) -> float:
    return max(abs((one.x() - other.x() + 180) % 360 - 180), abs(one.y() - other.y()))


def transformed(crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsCoordinateTransform:
    """The way from a reference system to longitude and latitude."""
    return QgsCoordinateTransform(crs, LONLAT, context)


def succeeded(result: Qgis.GeometryOperationResult) -> bool:
    """Whether an operation on a geometry went well."""
    return result == Qgis.GeometryOperationResult.Success
