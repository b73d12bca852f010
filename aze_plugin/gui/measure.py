"""Facts about a boundary that change with every edit: area, perimeter, parts, vertices, spacing, faults.

They are measured with QGIS alone and in the main thread, so they keep up with drawing; shares are never measured here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
)

ELLIPSOID = "EPSG:7030"
_MOST_FAULTS = 12


@dataclass(frozen=True)
class Facts:
    """``area_m2`` and ``perimeter_m`` on the ellipsoid EPSG:7030; ``spacing_m``: median distance of neighbouring
    vertices, NaN where there are none; ``slivers``: parts so small that together they hold under a thousandth."""

    area_m2: float
    perimeter_m: float
    parts: int
    vertices: int
    spacing_m: float
    slivers: int
    sliver_area_m2: float


@dataclass(frozen=True)
class Fault:
    """What makes a boundary invalid, and where (WGS 84), if QGIS can say."""

    message: str
    place: QgsRectangle | None


def ruler() -> QgsDistanceArea:
    """Measures WGS 84 coordinates on the WGS 84 ellipsoid."""
    measuring = QgsDistanceArea()
    measuring.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateTransformContext())
    measuring.setEllipsoid(ELLIPSOID)
    return measuring


def area_m2(geometry: QgsGeometry) -> float:
    """Ellipsoidal area in m² of a WGS 84 boundary."""
    return ruler().measureArea(geometry)


def facts(geometry: QgsGeometry, sliver_share: float) -> Facts:
    """Measure a WGS 84 boundary; parts that each hold less than ``sliver_share`` (0 to 1) of it count as slivers."""
    measuring = ruler()
    areas = [measuring.measureArea(QgsGeometry(part.clone())) for part in geometry.constParts()]
    total = sum(areas)
    small = [a for a in areas if len(areas) > 1 and a < sliver_share * total]
    return Facts(
        area_m2=total,
        perimeter_m=measuring.measurePerimeter(geometry),
        parts=len(areas),
        vertices=geometry.constGet().nCoordinates(),
        spacing_m=_spacing(geometry, measuring),
        slivers=len(small),
        sliver_area_m2=sum(small),
    )


def _spacing(geometry: QgsGeometry, measuring: QgsDistanceArea, most: int = 2000) -> float:
    """Median length of the edges; of the first ``most`` where there are more."""
    lengths = []
    for ring in (ring for part in geometry.coerceToType(geometry.wkbType()) for ring in _rings(part)):
        for a, b in zip(ring, ring[1:]):
            lengths.append(measuring.measureLine(QgsPointXY(a), QgsPointXY(b)))
            if len(lengths) >= most:
                break
    return sorted(lengths)[len(lengths) // 2] if lengths else math.nan


def _rings(geometry: QgsGeometry):
    polygons = geometry.asMultiPolygon() if geometry.isMultipart() else [geometry.asPolygon()]
    return [ring for polygon in polygons for ring in polygon]


def faults(geometry: QgsGeometry) -> list[Fault]:
    """Why a boundary is invalid, the first few reasons with their places; empty for a valid one."""
    if geometry.isGeosValid():
        return []
    found = geometry.validateGeometry(QgsGeometry.ValidationMethod.ValidatorQgisInternal)
    if not found:
        found = geometry.validateGeometry(QgsGeometry.ValidationMethod.ValidatorGeos)
    result = []
    for error in found[:_MOST_FAULTS]:
        place = None
        if error.hasWhere():
            place = QgsRectangle(error.where(), error.where())
            place.grow(0.002)
        result.append(Fault(error.what(), place))
    return result


def mended(geometry: QgsGeometry) -> QgsGeometry:
    """The valid polygonal form of a boundary, by structure: shells are joined and holes cut out, as in a check."""
    from ..domain import geometry as shapes

    shape = shapes.polygonal(shapes.from_wkb([bytes(geometry.asWkb())])[0])
    result = QgsGeometry()
    result.fromWkb(shapes.to_wkb(shape))
    return result


def clipped(geometry: QgsGeometry, site: QgsGeometry) -> QgsGeometry:
    """A boundary without what it shares with an existing site (both WGS 84), so that both have that edge in common.

    The boundary itself where they share no area. Raises AzeError ``discreteness.clip_empty`` where nothing is left.
    """
    from ..domain import geometry as shapes
    from ..domain.criteria.discreteness import clip_to_site

    shape = shapes.polygonal(shapes.from_wkb([bytes(geometry.asWkb())])[0])
    # The same place may be written with longitudes on either side of 180°.
    for turn in (0, 360, -360):
        moved = QgsGeometry(site)
        moved.translate(turn, 0)
        if moved.boundingBox().intersects(geometry.boundingBox()):
            shape = clip_to_site(shape, shapes.polygonal(shapes.from_wkb([bytes(moved.asWkb())])[0]))
    result = QgsGeometry()
    result.fromWkb(shapes.to_wkb(shape))
    return result


def without_slivers(geometry: QgsGeometry, sliver_share: float) -> QgsGeometry:
    """The boundary without the parts that each hold less than ``sliver_share`` (0 to 1) of it."""
    measuring = ruler()
    parts = [QgsGeometry(part.clone()) for part in geometry.constParts()]
    areas = [measuring.measureArea(part) for part in parts]
    keep = [part for part, area in zip(parts, areas) if area >= sliver_share * sum(areas)]
    return QgsGeometry.collectGeometry(keep)
