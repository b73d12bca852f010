"""Many areas against each other: faces, borders, hexagons, cutting and tidying."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
import shapely
from shapely import Geometry

from .measuring import dissolve
from .preparing import polygonal
from .projection import _stretch, true_lengths


def faces(geometries: np.ndarray, grid: float) -> np.ndarray:
    """The polygons into which the outlines of polygonal geometries divide the plane, holes between them included.

    Vertices are laid on a grid of ``grid`` units, so that outlines which are the same but for rounding become one.
    """
    lines = shapely.union_all(shapely.boundary(geometries), grid_size=grid)
    return shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))


def holding(geometries: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (row of ``places``, number of the geometry) of which the geometry holds the place or has it on its edge.

    ``places``: polygons, which stand for a point inside them, or coordinates of shape (n, 2).
    """
    points = shapely.point_on_surface(places) if places.dtype == object else shapely.points(places)
    if not len(points):
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    return shapely.STRtree(geometries).query(points, predicate="intersects")


@dataclass(frozen=True)
class Borders:
    """Straight edges of polygons that do not overlap: ``sides``, shape (n, 2), the numbers of the polygons on both
    sides (−1 the outside), ``starts`` and ``ends``, shape (n, 2), on a grid, and their true ``lengths`` in metres."""

    sides: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    lengths: np.ndarray


def borders(geometries: np.ndarray, grid: float) -> Borders:
    """The edges of EPSG:6933 polygons that do not overlap.

    Polygons share an edge where it runs between the same two vertices, as after ``faces``, or as it is in layers drawn
    without gaps; vertices count as the same on a grid of ``grid`` metres.
    """
    rings_, polygon = shapely.get_rings(geometries, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings_, return_index=True)
    placed = np.round(coordinates / grid).astype(np.int64)
    joined = (ring[1:] == ring[:-1]) & (placed[1:] != placed[:-1]).any(axis=1)
    start, end, owner = placed[:-1][joined], placed[1:][joined], polygon[ring[:-1][joined]]
    back = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[back], end[back] = end[back], start[back]
    order = np.lexsort((end[:, 1], end[:, 0], start[:, 1], start[:, 0]))
    start, end, owner = start[order], end[order], owner[order]
    fresh = (start[1:] != start[:-1]).any(axis=1) | (end[1:] != end[:-1]).any(axis=1)
    begin = np.flatnonzero(np.append(np.ones(min(1, len(start)), dtype=bool), fresh))
    count = np.diff(np.append(begin, len(start)))
    second = np.where(count > 1, owner[np.minimum(begin + 1, len(owner) - 1)] if len(owner) else 0, -1)
    sides = np.sort(np.column_stack((owner[begin], second)), axis=1)
    # Both sides in one polygon: a ring that touches itself, no outline.
    begin, sides = begin[sides[:, 0] != sides[:, 1]], sides[sides[:, 0] != sides[:, 1]]
    starts, ends = start[begin] * grid, end[begin] * grid
    return Borders(sides, starts, ends, true_lengths(starts, ends))


def outlined(starts: np.ndarray, ends: np.ndarray, inner: np.ndarray, grid: float) -> Geometry:
    """The shape within closed outlines, given as straight edges of shape (n, 2) on a grid: what of it has its middle
    in one of the polygons ``inner``."""
    if not len(starts):
        return shapely.Polygon()
    # Noded first: on the grid, edges may cross that came near one another before.
    lines = shapely.union_all(shapely.linestrings(np.stack((starts, ends), axis=1)), grid_size=grid)
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    asked, _ = shapely.STRtree(inner).query(shapely.point_on_surface(found), predicate="intersects")
    return polygonal(shapely.multipolygons(found[np.unique(asked)]))


def cut_away(geometries: np.ndarray, others: np.ndarray, check: Callable[[], None] = lambda: None) -> np.ndarray:
    """What of each polygonal geometry lies in none of the others; the same object where none meets it."""
    out = geometries.copy()
    if not len(others) or not len(geometries):
        return out
    one, other = shapely.STRtree(others).query(geometries, predicate="intersects")
    rows, begin = np.unique(one, return_index=True)
    for n, (row, members) in enumerate(zip(rows, np.split(other, begin[1:]))):
        if n % 64 == 0:
            check()
        rest = polygonal(shapely.difference(geometries[row], shapely.union_all(others[members])))
        if shapely.area(rest) < shapely.area(geometries[row]) * (1 - 1e-12):
            out[row] = rest
    return out


def nearest_first(geometries: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Numbers of geometries by their distance from the nearest of the others, in the units of their plane."""
    (asked, _), away = shapely.STRtree(others).query_nearest(geometries, return_distance=True, all_matches=False)
    return asked[np.argsort(away, kind="stable")]


def hexagons(places: np.ndarray, area_m2: float) -> np.ndarray:
    """Regular hexagons of one size, without gaps, that meet the polygons or points ``places`` (EPSG:6933).

    They have exactly that area, and are regular on the ground at the latitude in the middle of the places.
    """
    box = shapely.bounds(places)
    stretch = float(_stretch(np.array([(box[:, 1].min() + box[:, 3].max()) / 2]))[0])
    side = math.sqrt(2 * area_m2 / (3 * math.sqrt(3)))
    # Vertices lie on a lattice of half a width and half a side, so that neighbours have the very same ones.
    step = np.array([math.sqrt(3) / 2 * side * stretch, side / 2 / stretch])
    low = np.floor((box[:, :2] / step - (2, 4)) / (1, 3)).astype(np.int64)
    high = np.ceil((box[:, 2:] / step + (2, 4)) / (1, 3)).astype(np.int64)
    cells = [
        np.stack(np.meshgrid(np.arange(x0, x1 + 1), np.arange(y0, y1 + 1)), axis=-1).reshape(-1, 2)
        for (x0, y0), (x1, y1) in zip(low, high)
    ]
    # Middles have an even sum of column and row.
    middles = np.unique(np.concatenate(cells), axis=0)
    middles = middles[middles.sum(axis=1) % 2 == 0] * (1, 3)
    corners = np.array([(0, 2), (1, 1), (1, -1), (0, -2), (-1, -1), (-1, 1)])[::-1]
    found = shapely.polygons((middles[:, None, :] + corners) * step)
    meeting = shapely.STRtree(places).query(found, predicate="intersects")[0]
    return found[np.unique(meeting)]


def joined(geometries: Iterable[Geometry], grid: float) -> Geometry:
    """Union of polygonal geometries, with gaps and overlaps narrower than ``grid`` closed."""
    members = [g for g in geometries if not shapely.is_empty(g)]
    return polygonal(shapely.union_all(members, grid_size=grid)) if members else shapely.Polygon()


def tidied(geometry: Geometry, least_part_m2: float, least_hole_m2: float, kept: Sequence[Geometry] = ()) -> Geometry:
    """A polygonal geometry without its parts below one size and without its holes below another; a hole that overlaps
    one of ``kept`` stays."""
    polygons = shapely.get_parts(geometry)
    out = []
    for polygon in polygons[shapely.area(polygons) >= least_part_m2]:
        holes = [shapely.Polygon(ring) for ring in polygon.interiors]
        open_ = [
            hole
            for hole in holes
            if shapely.area(hole) >= least_hole_m2
            or any(shapely.area(shapely.intersection(hole, other)) > 0 for other in kept)
        ]
        rings_ = [hole.exterior for hole in open_]
        out.append(polygon if len(open_) == len(holes) else shapely.Polygon(polygon.exterior, rings_))
    return dissolve(out)


def hexagons_at_most(places: np.ndarray, area_m2: float) -> float:
    """How many ``hexagons`` may at most have to be looked at: a quick estimate, too high rather than too low."""
    box = shapely.bounds(places)
    side = math.sqrt(area_m2)
    return float(((box[:, 2] - box[:, 0] + 2 * side) * (box[:, 3] - box[:, 1] + 2 * side)).sum() / area_m2)
