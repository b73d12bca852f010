"""Ellipsoidal areas: the figures that people see. Shares are measured elsewhere, in EPSG:6933."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsDistanceArea, QgsGeometry

from ..domain import geometry

ELLIPSOID = "EPSG:7030"


def ruler() -> QgsDistanceArea:
    """What measures on the ellipsoid: to make one costs as much as to measure, so that many shapes share one."""
    made = QgsDistanceArea()
    made.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateTransformContext())
    made.setEllipsoid(ELLIPSOID)
    return made


def ellipsoidal_area_m2(lonlat: geometry.Geometry | None, by: QgsDistanceArea | None = None) -> float:
    """Square metres of a lon/lat polygon or multipolygon on the WGS 84 ellipsoid (EPSG:7030).

    Broken rings are mended first, and a shape that crosses 180° is measured as one. Nothing, or a geometry without
    polygons, measures 0. ``by``: a ``ruler()``.
    """
    if geometry.is_empty(lonlat):
        return 0.0
    shape = geometry.polygonal(geometry.wrap_longitudes(np.array([lonlat], dtype=object))[0])
    if geometry.is_empty(shape):
        return 0.0
    measured = QgsGeometry()
    measured.fromWkb(geometry.to_wkb(shape))
    return float((by or ruler()).measureArea(measured))
