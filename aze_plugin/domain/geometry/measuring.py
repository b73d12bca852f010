"""Joining, cutting and measuring of EPSG:6933 geometry."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import numpy as np
import shapely
from shapely import Geometry

from .preparing import _mended, polygonal, polygonal_all, to_lonlat
from .projection import _A, _E2, HALF_WORLD, unproject

# Geometries with more vertices than this are cut to a boundary's rectangle before they are intersected with it; for
# smaller ones the cut costs as much as it saves.
_LARGE = 5000
# Lines that an outline's intricacy is counted along, each way.
_LINES = 33


def dissolve(geometries: Iterable[Geometry]) -> Geometry:
    """Union of valid polygonal geometries; the geometry itself where there is one, an empty polygon where none."""
    members = [g for g in geometries if g is not None and not shapely.is_empty(g)]
    if not members:
        return shapely.Polygon()
    if len(members) == 1:
        return members[0]
    return polygonal(shapely.union_all(members))


def overlap(geometry: Geometry, boundary: Geometry) -> Geometry:
    """Polygonal intersection. The geometry is cut to the boundary's rectangle first, as that is far cheaper."""
    box = shapely.bounds(boundary)
    if np.isnan(box[0]):
        return shapely.Polygon()
    bounds = shapely.bounds(geometry)
    if not (bounds[0] <= box[2] and bounds[2] >= box[0] and bounds[1] <= box[3] and bounds[3] >= box[1]):
        return shapely.Polygon()
    inside_box = bounds[0] >= box[0] and bounds[1] >= box[1] and bounds[2] <= box[2] and bounds[3] <= box[3]
    if not inside_box:
        # The rectangle clipper may leave a ring that touches itself: mend before it meets the exact operation.
        geometry = polygonal(shapely.clip_by_rect(geometry, *box))
        if shapely.is_empty(geometry):
            return geometry
    return polygonal(shapely.intersection(geometry, boundary))


def inside(geometries: Sequence[Geometry], boundary: Geometry) -> np.ndarray:
    """What of each valid polygonal geometry lies in one boundary; empty where they are apart."""
    members = np.empty(len(geometries), dtype=object)
    members[:] = geometries
    return BoundaryIndex([boundary]).overlaps(members, np.zeros(len(members), dtype=int))


def outside(geometry: Geometry, boundary: Geometry) -> Geometry:
    """What of a geometry lies outside the boundary."""
    return polygonal(shapely.difference(geometry, boundary))


def intricacy(geometry: Geometry) -> int:
    """How often a straight line, west to east or south to north, crosses a polygonal outline where it does so most.

    Cutting an outline costs more by this number than by its corners: a coast has some hundred crossings, a comb a
    hundred thousand. The lines lie where the sides are, so that teeth cannot hide between them.
    """
    outline = rings(geometry)
    if not outline:
        return 0
    starts = np.concatenate([ring[:-1] for ring in outline])
    ends = np.concatenate([ring[1:] for ring in outline])
    most = 0
    for axis in (0, 1):
        low, high = np.minimum(starts[:, axis], ends[:, axis]), np.maximum(starts[:, axis], ends[:, axis])
        across = high > low
        low, high = low[across], high[across]
        for at in np.unique(np.quantile((low + high) / 2, np.linspace(0, 1, _LINES))):
            most = max(most, int(np.count_nonzero((low <= at) & (at < high))))
    return most


def points_inside(metres: np.ndarray, boundary: Geometry) -> np.ndarray:
    """Which points (EPSG:6933, shape (n, 2)) lie in a boundary or on its edge, shape (n,)."""
    # ``intersects_xy`` would save making the points, but it is newer than the GEOS of some systems: in a program that
    # has loaded that one before (QGIS does) the two versions get mixed up, and it crashes.
    shapely.prepare(boundary)
    return shapely.intersects(boundary, shapely.points(metres))


def _unrolled(boundary: Geometry) -> tuple[Geometry, bool]:
    """A boundary with its two sides of 180° brought together, and whether it had two."""
    if not touches_antimeridian(boundary):
        return boundary, False
    pieces = [
        shapely.transform(p, lambda c: c + np.array([2 * HALF_WORLD, 0.0])) if shapely.bounds(p)[2] <= 0 else p
        for p in shapely.get_parts(boundary)
    ]
    return polygonal(shapely.union_all(pieces, grid_size=1e-6)), True


def area(geometry: Geometry) -> float:
    """Square metres of an EPSG:6933 geometry."""
    return float(shapely.area(geometry))


def parts(geometry: Geometry) -> list[Geometry]:
    """Polygons of an EPSG:6933 geometry, largest first; halves that meet at 180° are one part, of both halves."""
    polygons = list(shapely.get_parts(geometry))
    if len(polygons) < 2:
        return polygons
    if touches_antimeridian(geometry):
        shifted = [
            shapely.transform(p, lambda c: c + np.array([2 * HALF_WORLD, 0.0])) if shapely.bounds(p)[2] < 0 else p
            for p in polygons
        ]
        # A hair's breadth of overlap makes the two sides of the seam join in spite of rounding.
        joined = shapely.get_parts(shapely.union_all([shapely.buffer(p, 0.01, join_style="mitre") for p in shifted]))
        groups: list[list[Geometry]] = [[] for _ in joined]
        for original, moved in zip(polygons, shifted):
            inside = shapely.point_on_surface(moved)
            groups[int(np.flatnonzero(shapely.intersects(joined, inside))[0])].append(original)
        polygons = [g[0] if len(g) == 1 else shapely.MultiPolygon(g) for g in groups]
    return sorted(polygons, key=lambda p: -shapely.area(p))


def bounds(geometry: Geometry) -> tuple[float, float, float, float]:
    """xmin, ymin, xmax, ymax; not-a-number for an empty geometry."""
    return tuple(float(v) for v in shapely.bounds(geometry))


def rectangles(geometry: Geometry) -> list[tuple[float, float, float, float]]:
    """Bounding rectangle of an EPSG:6933 geometry, or one for each side where it crosses 180°."""
    if not touches_antimeridian(geometry):
        return [bounds(geometry)]
    pieces = shapely.get_parts(geometry)
    east = shapely.bounds(pieces)[:, 0] >= 0
    return [tuple(float(v) for v in shapely.total_bounds(side)) for side in (pieces[~east], pieces[east]) if len(side)]


def extent_lonlat(geometry: Geometry) -> list[float]:
    """``[west, south, east, north]`` in degrees of an EPSG:6933 geometry; west > east where it crosses 180°."""
    low, bottom, high, top = shapely.bounds(geometry)
    if touches_antimeridian(geometry):
        pieces = shapely.bounds(shapely.get_parts(geometry))
        low, high = pieces[pieces[:, 0] >= 0, 0].min(initial=high), pieces[pieces[:, 2] <= 0, 2].max(initial=low)
    corners = unproject(np.array([[low, bottom], [high, top]]))
    return [round(float(v), 7) for v in corners.ravel()]


def touches_antimeridian(geometry: Geometry) -> bool:
    """True where an EPSG:6933 geometry reaches both sides of the seam at 180°."""
    low, _, high, _ = shapely.bounds(geometry)
    return bool(low <= -HALF_WORLD + 1 and high >= HALF_WORLD - 1)


def geos_version() -> str:
    """Version of the GEOS that does the work."""
    return ".".join(str(n) for n in shapely.geos_version)


def areas(geometries: np.ndarray) -> np.ndarray:
    """Square metres of each EPSG:6933 geometry; not-a-number for None."""
    return shapely.area(geometries)


def bounds_all(geometries: np.ndarray) -> np.ndarray:
    """xmin, ymin, xmax, ymax of each, shape (n, 4); not-a-number for None and for empty ones."""
    return shapely.bounds(geometries)


def rings(geometry: Geometry) -> list[np.ndarray]:
    """Closed rings of a polygonal geometry, each of shape (n, 2): shells anticlockwise, holes clockwise."""
    polygons = shapely.get_parts(geometry)
    members, owner = shapely.get_rings(polygons, return_index=True)
    if not len(members):
        return []
    shell = np.append(True, owner[1:] != owner[:-1])
    coordinates, at = shapely.get_coordinates(members, return_index=True)
    found = np.split(coordinates, np.flatnonzero(np.diff(at)) + 1)
    turned = shapely.is_ccw(members) != shell
    return [ring[::-1] if turn else ring for ring, turn in zip(found, turned.tolist())]


def is_empty(geometry: Geometry | None) -> bool:
    """True for nothing and for a geometry without points."""
    return geometry is None or bool(shapely.is_empty(geometry))


def vertex_count(geometry: Geometry) -> int:
    """Number of coordinates, closing points included."""
    return int(shapely.get_num_coordinates(geometry))


def box(xmin: float, ymin: float, xmax: float, ymax: float) -> Geometry:
    """A rectangle."""
    return shapely.box(xmin, ymin, xmax, ymax)


def map_chunks(function: Callable[[np.ndarray], np.ndarray], geometries: np.ndarray, workers: int = 2) -> np.ndarray:
    """Apply a GEOS-bound function to an array in a few threads; GEOS releases the GIL."""
    if len(geometries) < 64 or workers < 2:
        return function(geometries)

    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(function, np.array_split(geometries, workers * 4))))


class BoundaryIndex:
    """Boundaries held ready to be met by many other geometries, found through a tree of their rectangles.

    ``geometries``: EPSG:6933, valid and polygonal; None where a boundary is missing, which then meets nothing.
    """

    def __init__(self, geometries: Sequence[Geometry | None]):
        self.geometries = np.empty(len(geometries), dtype=object)
        self.geometries[:] = geometries
        shapely.prepare(self.geometries)
        self._boxes = shapely.bounds(self.geometries)
        self._tree = shapely.STRtree(self.geometries)

    def near(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (row of ``boxes``, number of the boundary) whose rectangles meet. ``boxes``: (n, 4), EPSG:6933."""
        if not len(boxes):
            return np.empty(0, dtype=int), np.empty(0, dtype=int)
        asked, found = self._tree.query(shapely.box(*boxes.T))
        return asked, found

    def overlaps(self, geometries: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """What of each valid polygonal geometry lies in the boundary of that number, row by row.

        Gives the boundary itself, the same object, where it is covered whole, and an empty polygon where they are
        apart.
        """
        boundaries = self.geometries[numbers]
        out = np.full(len(geometries), shapely.Polygon(), dtype=object)
        inside = shapely.contains_properly(boundaries, geometries)
        out[inside] = geometries[inside]
        meeting = ~inside & shapely.intersects(boundaries, geometries)
        ours, theirs = self._boxes[numbers], shapely.bounds(geometries)
        holding = meeting & (theirs[:, :2] <= ours[:, :2]).all(axis=1) & (theirs[:, 2:] >= ours[:, 2:]).all(axis=1)
        holding[holding] = shapely.covers(geometries[holding], boundaries[holding])
        out[holding] = boundaries[holding]
        cut = meeting & ~holding
        large = cut & (shapely.get_num_coordinates(geometries) > _LARGE)
        for row in np.flatnonzero(large):
            out[row] = overlap(geometries[row], boundaries[row])
        plain = np.flatnonzero(cut & ~large)
        found = map_chunks(lambda rows: shapely.intersection(geometries[rows], boundaries[rows]), plain)
        # What an overlay gives is valid: only lines and points along common edges have to go.
        out[plain] = _mended(found, np.zeros(len(plain), dtype=bool))
        return out


def side_by_side(geometries: np.ndarray) -> np.ndarray:
    """The numbers of geometries, neighbours mostly one after the other (along a Hilbert curve); None comes last."""
    present = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    absent = np.setdiff1d(np.arange(len(geometries)), present)
    if not len(present):
        return absent
    middle = shapely.bounds(geometries[present]).reshape(-1, 2, 2).mean(axis=1)
    low, high = middle.min(axis=0), middle.max(axis=0)
    x, y = ((middle - low) / np.maximum(high - low, 1e-9) * 65535).astype(np.int64).T
    along = np.zeros(len(present), dtype=np.int64)
    side = 1 << 15
    while side:
        right, upper = (x & side) > 0, (y & side) > 0
        along += side * side * ((3 * right) ^ upper)
        turned = ~upper & right
        x, y = np.where(turned, 65535 - x, x), np.where(turned, 65535 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
        side >>= 1
    return np.concatenate((present[np.argsort(along, kind="stable")], absent))


def roundness(geometry: Geometry) -> float:
    """How near one polygon without holes comes to a circle: 4π × area ÷ perimeter², 1 for a circle; 0 for others.

    The perimeter is taken in a plane laid at the polygon's middle, true to scale there (EPSG:6933 stretches shapes).
    """
    polygons = shapely.get_parts(geometry)
    if len(polygons) != 1 or shapely.get_num_interior_rings(polygons[0]):
        return 0.0
    ring = shapely.get_coordinates(to_lonlat(polygons)[0])
    latitude = math.radians((ring[:, 1].min() + ring[:, 1].max()) / 2)
    bend = 1 - _E2 * math.sin(latitude) ** 2
    per_degree = np.array([_A * math.cos(latitude) / math.sqrt(bend), _A * (1 - _E2) / (bend * math.sqrt(bend))]) * (
        math.pi / 180
    )
    perimeter = float(np.hypot(*(np.diff(ring, axis=0) * per_degree).T).sum())
    return 4 * math.pi * area(geometry) / perimeter**2 if perimeter else 0.0


def midpoint(geometry: Geometry) -> tuple[float, float]:
    """Longitude and latitude of the centre of area of an EPSG:6933 geometry; across 180° it is that of the whole."""
    if touches_antimeridian(geometry):
        geometry = shapely.MultiPolygon(
            [
                shapely.transform(p, lambda c: c + np.array([2 * HALF_WORLD, 0.0])) if shapely.bounds(p)[2] <= 0 else p
                for p in shapely.get_parts(geometry)
            ]
        )
    centre = shapely.get_coordinates(shapely.centroid(geometry))
    lon, lat = unproject(centre)[0]
    return (float(lon) + 180) % 360 - 180, float(lat)


def same_shape(one: Geometry, other: Geometry, tolerance: float) -> bool:
    """Whether two polygonal geometries of one CRS are the same but for rounding.

    They have as many parts, every vertex of each lies within ``tolerance`` of a vertex of the other, and their areas
    differ by no more than such shifts along the outline explain. Order and direction of rings do not matter.
    """
    if shapely.get_num_geometries(one) != shapely.get_num_geometries(other):
        return False
    corners = [_ring_corners(g) for g in (one, other)]
    if not _paired(*corners, tolerance):
        points = [shapely.points(c) for c in corners]
        if not (_all_near(points[0], points[1], tolerance) and _all_near(points[1], points[0], tolerance)):
            return False
    return abs(area(one) - area(other)) <= tolerance * float(shapely.length(one))


def _ring_corners(geometry: Geometry) -> np.ndarray:
    """Coordinates of all corners, shape (n, 2), each once: a ring's last is its first again."""
    found, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(geometry)), return_index=True)
    return found[np.append(ring[:-1] == ring[1:], False)] if len(found) else found


def _paired(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Whether the corners of two shapes agree one by one when sorted, which is quick to see and nearly always so.

    Sorted along a line that no outline follows: along an axis, corners that lie level would change places by rounding.
    """
    if one.shape != other.shape:
        return False
    one, other = (c[np.argsort(c @ (0.7548776662, 0.6558656180))] for c in (one, other))
    return bool((np.hypot(*(one - other).T) <= tolerance).all())


def _all_near(here: np.ndarray, there: np.ndarray, tolerance: float) -> bool:
    """Whether every point lies near one of the others. One neighbour of each is enough: all within reach would be a
    square of pairs where corners crowd together."""
    nearest = shapely.STRtree(there).nearest(here)
    return bool((shapely.distance(here, there[nearest]) <= tolerance).all())


def seamless(geometry: Geometry) -> Geometry:
    """An EPSG:6933 polygonal geometry as one shape: where it crosses 180° its western half runs on past the seam."""
    return _unrolled(geometry)[0]


def length(geometry: Geometry) -> float:
    """Length of all rings of a polygonal geometry, in the units of its plane."""
    return float(shapely.length(geometry))


def tiles(geometry: Geometry, most: int = 256) -> np.ndarray:
    """A polygonal geometry cut along straight lines into parts that do not overlap, of at most about ``most`` vertices
    each. What is asked of the parts together costs a fraction of what it costs of the whole."""
    done, pending = [], list(shapely.get_parts(geometry))
    while pending:
        shape = pending.pop()
        left, bottom, right, top = shapely.bounds(shape)
        if shapely.get_num_coordinates(shape) <= most or max(right - left, top - bottom) < 1:
            done.append(shape)
            continue
        if right - left > top - bottom:
            middle = (left + right) / 2
            halves = ((left, bottom, middle, top), (middle, bottom, right, top))
        else:
            middle = (bottom + top) / 2
            halves = ((left, bottom, right, middle), (left, middle, right, top))
        for half in halves:
            parts_ = shapely.get_parts(shapely.clip_by_rect(shape, *half))
            pending += parts_[shapely.area(parts_) > 0].tolist()
    out = np.empty(len(done), dtype=object)
    out[:] = done
    # The clipper may leave rings that touch themselves.
    return polygonal_all(out)


def overlapping(geometries: np.ndarray, least_m2: float, check: Callable[[], None] = lambda: None) -> np.ndarray:
    """Pairs of valid polygonal geometries that have more than ``least_m2`` in common, shape (n, 2), the lower first.

    ``check`` is called now and then, and may raise to stop the work.
    """
    one, other = shapely.STRtree(geometries).query(geometries)
    one, other = one[one < other], other[one < other]
    shapely.prepare(geometries)
    found = [np.zeros((0, 2), dtype=int)]
    for start in range(0, len(one), 2048):
        check()
        a, b = one[start : start + 2048], other[start : start + 2048]
        meet = shapely.intersects(geometries[a], geometries[b])
        # Neighbours only touch as a rule, and to see that costs a quarter of what cutting them costs.
        meet[meet] = ~shapely.touches(geometries[a[meet]], geometries[b[meet]])
        a, b = a[meet], b[meet]
        common = map_chunks(
            lambda rows, a=a, b=b: shapely.area(shapely.intersection(geometries[a[rows]], geometries[b[rows]])),
            np.arange(len(a)),
        )
        found.append(np.column_stack((a, b))[common > least_m2])
    return np.concatenate(found)


def turned(geometries: np.ndarray) -> np.ndarray:
    """EPSG:6933 polygonal geometries with their parts west of 0° moved round to the east of 180°, in one piece there.

    For what lies round 180° and not at 0°; ``unturned`` takes it back.
    """
    out = geometries.copy()
    for i in np.flatnonzero(shapely.bounds(geometries)[:, 0] < 0):
        pieces = shapely.get_parts(geometries[i])
        west = shapely.bounds(pieces)[:, 0] < 0
        pieces[west] = shapely.transform(pieces[west], lambda c: c + (2 * HALF_WORLD, 0.0))
        out[i] = dissolve(pieces)
    return out


def unturned(geometry: Geometry) -> Geometry:
    """An EPSG:6933 geometry that may run past 180°, split there."""
    if shapely.bounds(geometry)[2] <= HALF_WORLD:
        return geometry
    far = 3 * HALF_WORLD
    near = overlap(geometry, shapely.box(-HALF_WORLD, -far, HALF_WORLD, far))
    beyond = overlap(geometry, shapely.box(HALF_WORLD, -far, far, far))
    moved = shapely.transform(beyond, lambda c: c - (2 * HALF_WORLD, 0.0))
    return polygonal(shapely.multipolygons([*shapely.get_parts(near), *shapely.get_parts(moved)]))


def polygons_of(geometry: Geometry) -> np.ndarray:
    """The single polygons of a polygonal geometry; the same object where it is one."""
    if shapely.get_type_id(geometry) == shapely.GeometryType.POLYGON:
        out = np.empty(1, dtype=object)
        out[0] = geometry
        return out
    return shapely.get_parts(geometry)


def points(metres: np.ndarray) -> np.ndarray:
    """Points of coordinates, shape (n, 2)."""
    return shapely.points(metres)


def part_bounds(geometries: np.ndarray) -> np.ndarray:
    """xmin, ymin, xmax, ymax of every single part, shape (n, 4)."""
    return shapely.bounds(shapely.get_parts(geometries))
