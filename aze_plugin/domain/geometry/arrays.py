"""Many geometries at once: indexes, boxes and kinds, for bulk reading and covering."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Geometry

from .preparing import _POLYGONAL, wrap_longitudes
from .projection import project

# Rectangles whose pairs are counted in one go: how many there are is not known before.
_STRIP = 256


def kinds(lonlat: np.ndarray) -> np.ndarray:
    """``"polygon"``, ``"point"`` or ``"none"`` for each lon/lat geometry.

    ``"none"`` is whatever has no place on earth or no area to speak of: nothing, an empty one, a line, coordinates
    that are no numbers or lie beyond the poles.
    """
    out = np.full(len(lonlat), "none", dtype=object)
    types = shapely.get_type_id(lonlat)
    out[np.isin(types, (*_POLYGONAL, shapely.GeometryType.GEOMETRYCOLLECTION))] = "polygon"
    out[np.isin(types, (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT))] = "point"
    out[kinds_of_boxes(shapely.bounds(lonlat)) == "none"] = "none"
    return out


def kinds_of_boxes(boxes: np.ndarray) -> np.ndarray:
    """``kinds`` of polygons of which the lon/lat rectangles, shape (n, 4), are known."""
    with np.errstate(invalid="ignore"):
        placed = np.isfinite(boxes).all(axis=1) & (np.abs(boxes[:, [1, 3]]) <= 90 + 1e-9).all(axis=1)
    return np.where(placed, "polygon", "none").astype(object)


def equal_area_boxes(lonlat: np.ndarray) -> np.ndarray:
    """EPSG:6933 rectangles, shape (n, 4), that hold each lon/lat geometry once it is wrapped at 180°."""
    box = shapely.bounds(wrap_longitudes(lonlat))
    return np.hstack((project(box[:, :2]), project(box[:, 2:])))


def circle_boxes(lonlat: np.ndarray, areas_m2: np.ndarray) -> np.ndarray:
    """EPSG:6933 rectangles, shape (n, 4), that hold circles of these areas round points given as (n, 2) degrees.

    A little too large on purpose: 110 km is less than any degree of latitude measures.
    """
    reach = np.sqrt(areas_m2 / math.pi) / 110_000
    south, north = np.maximum(lonlat[:, 1] - reach, -90), np.minimum(lonlat[:, 1] + reach, 90)
    widest = np.cos(np.radians(np.maximum(np.abs(south), np.abs(north))))
    across = np.where(widest > 1e-6, reach / np.maximum(widest, 1e-6), 360.0)
    west, east = lonlat[:, 0] - across, lonlat[:, 0] + across
    over = (west < -180) | (east > 180)
    west, east = np.where(over, -180.0, west), np.where(over, 180.0, east)
    return np.hstack((project(np.column_stack((west, south))), project(np.column_stack((east, north)))))


def cells(boundary: Geometry, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells into which valid polygonal shapes cut a boundary: their areas, and which shapes hold each, (n, m)."""
    lines = shapely.boundary(np.append(shapes, boundary))
    found = shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))
    places = shapely.point_on_surface(found)
    inside = shapely.intersects(places, boundary)
    found, places = found[inside], places[inside]
    members = np.zeros((len(found), len(shapes)), dtype=bool)
    members[tuple(shapely.STRtree(places).query(shapes, predicate="intersects")[::-1])] = True
    return shapely.area(found), members


def meeting_boxes(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows of ``boxes``, shape (n, 4), whose rectangles meet, both ways round; each row also with itself."""
    if not len(boxes):
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    diagonals = _diagonals(boxes)
    return tuple(shapely.STRtree(diagonals).query(diagonals))


def more_meet(boxes: np.ndarray, pairs: int) -> bool:
    """Whether more rectangles meet than that many pairs, counted as ``meeting_boxes`` gives them."""
    diagonals = _diagonals(boxes)
    tree = shapely.STRtree(diagonals)
    found = 0
    for start in range(0, len(boxes), _STRIP):
        found += tree.query(diagonals[start : start + _STRIP]).shape[1]
        if found > pairs:
            return True
    return False


def boxes_at(places: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows of ``places``, shape (n, 2), and of rows of ``boxes``, shape (m, 4), in which these lie."""
    if not len(boxes):
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    return tuple(shapely.STRtree(_diagonals(boxes)).query(shapely.points(places)))


def _diagonals(boxes: np.ndarray) -> np.ndarray:
    """Lines with these rectangles, which are all that a tree looks at: they are sooner made than polygons."""
    return shapely.linestrings(np.asarray(boxes, dtype=float).reshape(-1, 2, 2))


def polygons_of_rings(
    xy: np.ndarray, ring: np.ndarray, polygon: np.ndarray, shape: np.ndarray, count: int
) -> np.ndarray:
    """Shapes made of rings: vertices (n, 2), the ring of each, the polygon of each ring and the shape of each ring.

    Numbers rise; a polygon's outer ring comes first. A shape of ``count`` without rings is an empty polygon, one of
    several polygons a multipolygon.
    """
    out = np.full(count, shapely.Polygon(), dtype=object)
    if len(polygon):
        _, renumbered = np.unique(polygon, return_inverse=True)
        polygons = shapely.polygons(shapely.linearrings(xy, indices=ring), indices=renumbered)
        first = np.concatenate(([True], renumbered[1:] != renumbered[:-1]))
        present, owner, many = np.unique(shape[first], return_inverse=True, return_counts=True)
        single = many[owner] == 1
        out[shape[first][single]] = polygons[single]
        if not single.all():
            members, owner = np.unique(owner[~single], return_inverse=True)
            out[present[members]] = shapely.multipolygons(polygons[~single], indices=owner)
    return out
