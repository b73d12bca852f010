"""Shapes of any kind as they were drawn, what they have in common with areas, and true distances between many of them.

A shape's edges are straight in lon/lat, however long. Distances are the shortest on the ellipsoid: the places nearest
to each other are found in planes laid close by (see ``LocalPlane``), and what lies between them is measured there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable

import numpy as np
import shapely
from shapely import Geometry

from .measuring import BoundaryIndex
from .plane import LocalPlane
from .preparing import _POLYGONAL, _unroll, longest_edges, prepare, to_equal_area, wrap_longitudes
from .projection import HALF_WORLD, _stretch, ellipsoidal_distances, project, true_lengths, unproject

# Edges are cut into pieces of so many degrees before they are laid on another plane, which bends them: less than 0.2 m
# off then. The second is for shapes that reach beyond this latitude.
_STEP, _POLAR_STEP, _POLAR = 0.02, 0.004, 80.0

# Pieces into which shapes are cut for measuring: vertices, and true metres across.
_VERTICES, _ACROSS_M, _LARGE_ACROSS_M = 256, 100_000.0, 1_000_000.0

# What is smaller than this many metres is a point.
_NOTHING_M = 0.1

# Up to here distances are measured in planes, which are true enough so near; beyond by vertices, which lie close
# enough together so far away.
_PLANE_M = 120_000.0

# Pieces this near to each other, in degrees of latitude, share one plane.
_CELL = 1.0

# Radius of the smallest sphere of curvature there is on the ellipsoid, and what angles between geodetic directions can
# be off by as a share.
_LEAST_RADIUS, _SLACK = 6_335_000.0, 0.012

_POLAR_NORTHING = float(project(np.array([[0.0, _POLAR]]))[0, 1])

_A, _B = 6_378_137.0, 6_356_752.314245

# Pairs of vertices that are looked at in one go.
_PAIRS = 2_000_000


@dataclass(frozen=True)
class Drawn:
    """Geometries of any kind in EPSG:6933, apart by dimension.

    ``areas`` (valid, polygonal), ``lines`` and ``points`` (single or multi): None where a geometry has none;
    ``repaired``: which had rings that were mended; ``reasons``: as ``Prepared`` has them, and ``""`` for what is well.
    """

    areas: np.ndarray
    lines: np.ndarray
    points: np.ndarray
    repaired: np.ndarray
    reasons: list[str]

    @property
    def usable(self) -> np.ndarray:
        """Which geometries have anything that can be measured."""
        return np.array(
            [any(g is not None for g in row) for row in zip(self.areas, self.lines, self.points)], dtype=bool
        )


def drawn(lonlat: np.ndarray) -> Drawn:
    """Make lon/lat geometries of any kind measurable: wrapped and split at 180°, mended, and true to their edges."""
    count = len(lonlat)
    out = {kind: np.full(count, None, dtype=object) for kind in ("areas", "lines", "points")}
    repaired, reasons = np.zeros(count, dtype=bool), [""] * count
    areal = np.where(np.isin(shapely.get_type_id(lonlat), _POLYGONAL), lonlat, None)
    for i in np.flatnonzero(shapely.is_missing(areal)):
        geometry = lonlat[i]
        problem = _unusable(geometry)
        if problem:
            reasons[i] = problem
            continue
        kinds = _by_dimension(geometry)
        if kinds[2]:
            areal[i] = shapely.multipolygons(kinds[2])
        if kinds[1]:
            lines = [piece for line in kinds[1] for piece in _wrapped_line(line)]
            out["lines"][i] = to_equal_area(_with_steps(np.array([shapely.multilinestrings(lines)])))[0]
        if kinds[0]:
            places = shapely.get_coordinates(kinds[0])
            places[:, 0] = np.where(np.abs(places[:, 0]) <= 180, places[:, 0], (places[:, 0] + 180) % 360 - 180)
            out["points"][i] = shapely.multipoints(project(places))
    rows = np.flatnonzero(~shapely.is_missing(areal))
    if len(rows):
        prepared = prepare(areal[rows])
        shapes = prepared.geometries
        long = np.flatnonzero(longest_edges(areal[rows]) > _steps(areal[rows]))
        long = long[~shapely.is_missing(shapes[long])]
        # What was sound stays so with more vertices; only what was mended has to be looked through again.
        sound = long[~prepared.repaired[long]]
        shapes[sound] = to_equal_area(_with_steps(wrap_longitudes(areal[rows[sound]])))
        mended = long[prepared.repaired[long]]
        if len(mended):
            shapes[mended] = prepare(_with_steps(wrap_longitudes(areal[rows[mended]]))).geometries
        out["areas"][rows] = shapes
        repaired[rows] = prepared.repaired
        for row, reason in zip(rows, prepared.reasons):
            # Lines and points beside an area that is none are still there.
            reasons[row] = reason
    return Drawn(**out, repaired=repaired, reasons=reasons)


def _unusable(geometry: Geometry | None) -> str:
    if geometry is None:
        return "null"
    if shapely.is_empty(geometry):
        return "empty"
    places = shapely.get_coordinates(geometry)
    if not np.isfinite(places).all() or np.abs(places[:, 1]).max() > 90 + 1e-9 or np.abs(places[:, 0]).max() > 540:
        return "coordinates"
    return ""


def _by_dimension(geometry: Geometry) -> tuple[list[Geometry], list[Geometry], list[Geometry]]:
    """Single points, lines and polygons of a geometry that may be a collection of collections."""
    found: tuple[list[Geometry], list[Geometry], list[Geometry]] = ([], [], [])
    pending = [geometry]
    while pending:
        shape = pending.pop()
        if shapely.is_empty(shape):
            continue
        if shapely.get_type_id(shape) >= shapely.GeometryType.MULTIPOINT:
            pending.extend(shapely.get_parts(shape)[::-1])
        else:
            places = shapely.get_coordinates(shape)
            if shapely.get_dimensions(shape) == 1 and (places == places[0]).all():
                # A line of no length is a place.
                shape = shapely.get_point(shape, 0)
            found[shapely.get_dimensions(shape)].append(shape)
    return found


def _wrapped_line(line: Geometry) -> list[Geometry]:
    """A lon/lat line in pieces that lie within −180…180."""
    places = _unroll(shapely.get_coordinates(line))
    low, high = places[:, 0].min(), places[:, 0].max()
    whole = shapely.linestrings(places)
    if low >= -180 and high <= 180:
        return [whole]
    pieces = []
    for turn in range(math.floor((low + 180) / 360), math.floor((high + 180) / 360) + 1):
        window = shapely.box(360 * turn - 180, -91, 360 * turn + 180, 91)
        for piece in shapely.get_parts(shapely.intersection(whole, window)):
            if shapely.get_dimensions(piece) == 1:
                pieces.append(shapely.transform(piece, lambda c, t=turn: c - np.array([360.0 * t, 0.0])))
    return pieces


def _steps(lonlat: np.ndarray) -> np.ndarray:
    return np.where(np.abs(shapely.bounds(lonlat)[:, [1, 3]]).max(axis=1) > _POLAR, _POLAR_STEP, _STEP)


def _with_steps(lonlat: np.ndarray) -> np.ndarray:
    return shapely.segmentize(lonlat, _steps(lonlat))


def line_lengths(lines: np.ndarray) -> np.ndarray:
    """True metres of EPSG:6933 lines with short edges, as ``drawn`` makes them; 0 for None."""
    out = np.zeros(len(lines))
    parts, owner = shapely.get_parts(lines, return_index=True)
    linear = shapely.get_dimensions(parts) == 1
    parts, owner = parts[linear], owner[linear]
    places, line = shapely.get_coordinates(parts, return_index=True)
    if len(places) > 1:
        joined = line[1:] == line[:-1]
        lengths = true_lengths(places[:-1][joined], places[1:][joined])
        np.add.at(out, owner[line[:-1][joined]], lengths)
    return out


@dataclass(frozen=True)
class Common:
    """What shapes have in common with areas, a row a pair: numbers of the shape and of the area, and by dimension of
    the shape m² (EPSG:6933), true metres and points; not-a-number where the shape has nothing of that dimension."""

    shapes: np.ndarray
    areas: np.ndarray
    m2: np.ndarray
    metres: np.ndarray
    points: np.ndarray


def in_common(shapes: Drawn, index: BoundaryIndex, check: Callable[[], None] = lambda: None) -> Common:
    """What each of some shapes has in common with each area of an index that it meets or touches."""
    found: dict[tuple[int, int], list[float]] = {}
    for kind, of in enumerate((shapes.areas, shapes.lines, shapes.points)):
        rows = np.flatnonzero(~shapely.is_missing(of))
        asked, numbers = index.near(shapely.bounds(of[rows]))
        asked = rows[asked]
        for start in range(0, len(asked), 512):
            check()
            a, b = asked[start : start + 512], numbers[start : start + 512]
            meet = shapely.intersects(index.geometries[b], of[a])
            a, b = a[meet], b[meet]
            if kind == 0:
                sizes = shapely.area(index.overlaps(of[a], b))
            elif kind == 1:
                sizes = line_lengths(shapely.intersection(of[a], index.geometries[b]))
            else:
                single, owner = shapely.get_parts(of[a], return_index=True)
                sizes = np.bincount(owner, shapely.intersects(index.geometries[b][owner], single), len(a))
            for shape, area, size in zip(a.tolist(), b.tolist(), sizes.tolist()):
                found.setdefault((shape, area), [0.0, 0.0, 0.0])[kind] = size
    pairs = sorted(found)
    sizes = np.array([found[pair] for pair in pairs], dtype=float).reshape(-1, 3)
    at = np.array(pairs, dtype=int).reshape(-1, 2)
    for kind, of in enumerate((shapes.areas, shapes.lines, shapes.points)):
        sizes[shapely.is_missing(of[at[:, 0]]), kind] = np.nan
    return Common(at[:, 0], at[:, 1], *sizes.T)


def in_common_together(shapes: Drawn, rows: np.ndarray, area: Geometry) -> np.ndarray:
    """What some shapes as one have in common with an area: m² (EPSG:6933), true metres and places of points; what
    several of them cover counts once. Not-a-number where none of them has anything of that dimension."""
    out = np.full(3, np.nan)
    kinds = (of[rows] for of in (shapes.areas, shapes.lines, shapes.points))
    areas, lines, points = (of[~shapely.is_missing(of)] for of in kinds)
    if len(areas):
        out[0] = shapely.area(shapely.union_all(shapely.intersection(areas, area)))
    if len(lines):
        pieces = shapely.get_parts(shapely.get_parts(shapely.intersection(lines, area)))
        joined = shapely.union_all(pieces[shapely.get_dimensions(pieces) == 1])
        out[1] = line_lengths(np.array([joined]))[0]
    if len(points):
        single = shapely.get_parts(points)
        out[2] = len(np.unique(shapely.get_coordinates(single[shapely.intersects(area, single)]), axis=0))
    return out


def sizes(shapes: Drawn) -> np.ndarray:
    """m² (EPSG:6933), true metres and number of points of each shape, shape (n, 3); not-a-number where it has none."""
    out = np.full((len(shapes.areas), 3), np.nan)
    for kind, (of, measure) in enumerate(
        ((shapes.areas, shapely.area), (shapes.lines, line_lengths), (shapes.points, shapely.get_num_geometries))
    ):
        rows = np.flatnonzero(~shapely.is_missing(of))
        out[rows, kind] = measure(of[rows])
    return out


@dataclass(frozen=True)
class Near:
    """Pairs of shapes and areas, a row each: their numbers, metres between them on the ellipsoid, and the lon/lat
    places (n, 2) of both that are nearest to each other."""

    shapes: np.ndarray
    areas: np.ndarray
    metres: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class Nearness:
    """Areas (EPSG:6933, None for missing ones) held ready for distances from other shapes, found through a tree.

    Measured from outline to outline, so what has something in common is to be asked of ``in_common`` first.
    """

    def __init__(self, areas: np.ndarray):
        self._parts, self._owner = shapely.get_parts(shapely.boundary(areas), return_index=True)
        self._tree = shapely.STRtree(self._parts)
        self._cut: dict[int, np.ndarray] = {}
        self._caps: tuple[np.ndarray, ...] | None = None

    def within(self, shapes: Drawn, limit_m: float, check: Callable[[], None] = lambda: None) -> Near:
        """All pairs that are no farther apart than the limit, which has to be at most 120 km."""
        if limit_m > _PLANE_M:
            raise ValueError(limit_m)
        pieces, owner = _pieces_of(shapes, check)
        best: dict[tuple[int, int], tuple[float, ...]] = {}
        boxes, asked = _grown_boxes(shapely.bounds(pieces), limit_m)
        reached = np.unique(self._tree.query(shapely.box(*boxes.T))[1])
        tiles_of_parts, of_part = self._tiles(reached, check)
        tree = shapely.STRtree(tiles_of_parts)
        for group in _groups(pieces):
            check()
            some = np.isin(asked, group)
            place = np.full(len(pieces), -1)
            place[group] = np.arange(len(group))
            found, tiles = tree.query(shapely.box(*boxes[some].T))
            near = np.unique(np.column_stack((place[asked[some][found]], tiles)), axis=0)
            rows, tiles = near[:, 0], near[:, 1]
            if not len(rows):
                continue
            plane, laid = _laid(pieces[group])
            used, tiles = np.unique(tiles, return_inverse=True)
            areas = shapely.transform(tiles_of_parts[used], plane.from_metres)
            shapely.prepare(areas)
            pairs = np.column_stack((owner[group][rows], self._owner[of_part[used]][tiles]))
            keep = _promising(shapely.bounds(laid)[rows], shapely.bounds(areas)[tiles], pairs, limit_m)
            rows, tiles, pairs = rows[keep], tiles[keep], pairs[keep]
            for start in range(0, len(rows), 1024):
                check()
                a, b = rows[start : start + 1024], tiles[start : start + 1024]
                ends = shapely.get_coordinates(shapely.shortest_line(areas[b], laid[a])).reshape(-1, 2, 2)
                there, here = (unproject(plane.to_metres(np.ascontiguousarray(ends[:, k]))) for k in (0, 1))
                metres = ellipsoidal_distances(here, there)
                for pair, length, one, other in zip(pairs[start:].tolist(), metres.tolist(), here, there):
                    key = (pair[0], pair[1])
                    if length <= limit_m and (key not in best or length < best[key][0]):
                        best[key] = (length, *one, *other)
        found = sorted(best)
        rows = np.array([best[pair] for pair in found], dtype=float).reshape(-1, 5)
        at = np.array(found, dtype=int).reshape(-1, 2)
        turned = rows[:, 1:].copy()
        turned[:, [0, 2]] = (turned[:, [0, 2]] + 180) % 360 - 180
        return Near(at[:, 0], at[:, 1], rows[:, 0], turned[:, :2], turned[:, 2:])

    def nearest(self, shapes: Drawn, check: Callable[[], None] = lambda: None) -> Near:
        """The nearest area of each shape, however far; none for shapes without geometry, or where there are no areas.

        Distances beyond 120 km are those between vertices, which lie 2 km apart at most: less than 0.01 % too long.
        """
        near = self.within(shapes, _PLANE_M, check)
        first = _first_of_each(near.shapes, near.metres)
        known = [Near(*(column[first] for column in (near.shapes, near.areas, near.metres, near.starts, near.ends)))]
        pieces, owner = _pieces_of(shapes, check)
        far = np.setdiff1d(np.unique(owner), near.shapes)
        if len(far) and len(self._parts):
            rows = []
            for shape in far:
                check()
                rows.append(self._far(int(shape), pieces[owner == shape], check))
            known.append(
                Near(
                    np.array([r[0] for r in rows]),
                    np.array([r[1] for r in rows]),
                    np.array([r[2] for r in rows]),
                    np.array([r[3] for r in rows]).reshape(-1, 2),
                    np.array([r[4] for r in rows]).reshape(-1, 2),
                )
            )
        joined = [np.concatenate([getattr(part, name) for part in known]) for name in Near.__dataclass_fields__]
        order = np.argsort(joined[0], kind="stable")
        return Near(*(column[order] for column in joined))

    def _tiles(self, parts: np.ndarray, check: Callable[[], None]) -> tuple[np.ndarray, np.ndarray]:
        """Some parts of the areas cut small, and the number of the part of each piece."""
        new = np.array([n for n in parts.tolist() if n not in self._cut], dtype=int)
        if len(new):
            tiles, of = _pieces(self._parts[new], check)
            order = np.argsort(of, kind="stable")
            ends = np.cumsum(np.bincount(of, minlength=len(new)))[:-1]
            self._cut.update(zip(new.tolist(), np.split(tiles[order], ends)))
        found = [self._cut[n] for n in parts.tolist()]
        owner = np.repeat(parts, [len(tiles) for tiles in found])
        return np.concatenate(found) if found else np.empty(0, dtype=object), owner

    def _far(self, shape: int, pieces: np.ndarray, check: Callable[[], None]) -> tuple:
        if self._caps is None:
            # Cut only where they are so large that a cap round them would say nothing.
            large, of = _pieces(self._parts, check, _LARGE_ACROSS_M, None)
            self._caps = (*_caps(large), of)
        axes, radii = _caps(pieces)
        their_axes, their_radii, of = self._caps
        least = np.full(len(their_axes), np.inf)
        most = np.inf
        for start in range(0, len(axes), 256):
            angle = np.arccos(np.clip(axes[start : start + 256] @ their_axes.T, -1, 1))
            reach = radii[start : start + 256, None] + their_radii
            least = np.minimum(least, ((angle - reach) * (1 - _SLACK)).min(axis=0))
            most = min(most, float(((angle + reach) * (1 + _SLACK)).min()))
        tiles, part = self._tiles(np.unique(of[least <= most]), check)
        ours = unproject(shapely.get_coordinates(pieces))
        theirs, owner = shapely.get_coordinates(tiles, return_index=True)
        theirs = unproject(theirs)
        one, other = _closest(ours, theirs, check)
        metres = ellipsoidal_distances(ours[one], theirs[other])
        best = int(np.argmin(metres))
        number = int(self._owner[part[owner[other[best]]]])
        return shape, number, float(metres[best]), ours[one[best]], theirs[other[best]]


def _first_of_each(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The row with the least value of each group."""
    order = np.lexsort((values, groups))
    return order[np.append(True, np.diff(groups[order]) > 0)] if len(order) else order


def _pieces_of(shapes: Drawn, check: Callable[[], None]) -> tuple[np.ndarray, np.ndarray]:
    found = [_pieces(of, check) for of in (shapely.boundary(shapes.areas), shapes.lines, shapes.points)]
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _pieces(
    geometries: np.ndarray,
    check: Callable[[], None],
    across_m: float = _ACROSS_M,
    vertices: int | None = _VERTICES,
) -> tuple[np.ndarray, np.ndarray]:
    """Geometries cut along straight lines into parts that are small in extent, and in vertices, and whose each is."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    done, owners = [], []
    while len(parts):
        check()
        boxes = shapely.bounds(parts)
        size = _true_sizes(boxes)
        large = size.max(axis=1) > across_m
        if vertices is not None:
            large |= (shapely.get_num_coordinates(parts) > vertices) & (size.max(axis=1) > 1)
        done.append(parts[~large])
        owners.append(owner[~large])
        halves, numbers = [], []
        for shape, number, box, wide in zip(
            parts[large], owner[large].tolist(), boxes[large].tolist(), (size[:, 0] > size[:, 1])[large].tolist()
        ):
            left, bottom, right, top = box
            x, y = (left + right) / 2, (bottom + top) / 2
            # With room on all sides but the cut: what lies along a side of the rectangle would lose its vertices.
            far = (left - 1e6, bottom - 1e6, right + 1e6, top + 1e6)
            if wide:
                sides = ((far[0], far[1], x, far[3]), (x, far[1], far[2], far[3]))
            else:
                sides = ((far[0], far[1], far[2], y), (far[0], y, far[2], far[3]))
            dimension = shapely.get_dimensions(shape)
            for side in sides:
                cut = shapely.get_parts(shapely.clip_by_rect(shape, *side))
                cut = cut[shapely.get_dimensions(cut) == dimension]
                halves += cut.tolist()
                numbers += [number] * len(cut)
        parts = np.empty(len(halves), dtype=object)
        parts[:] = halves
        owner = np.array(numbers, dtype=int)
    pieces = np.concatenate(done) if done else np.empty(0, dtype=object)
    if len(pieces) and vertices is not None:
        # All of an edge along a pole is one place, and GEOS does not live through lines of no length.
        nowhere = (_true_sizes(shapely.bounds(pieces)).max(axis=1) < _NOTHING_M) & (shapely.get_dimensions(pieces) > 0)
        pieces[nowhere] = shapely.points(shapely.get_coordinates(shapely.get_point(pieces[nowhere], 0)))
        # The sides along which pieces were cut bend with the rest.
        polar = np.abs(shapely.bounds(pieces)[:, [1, 3]]).max(axis=1) > _POLAR_NORTHING
        pieces = shapely.segmentize(pieces, np.where(polar, _POLAR_STEP, _STEP) * HALF_WORLD / 180)
    return pieces, np.concatenate(owners) if owners else np.empty(0, dtype=int)


def _true_sizes(boxes: np.ndarray) -> np.ndarray:
    """True metres across and up of EPSG:6933 boxes, shape (n, 2): across where they are widest."""
    low = np.where((boxes[:, 1] < 0) & (boxes[:, 3] > 0), 0.0, np.abs(boxes[:, [1, 3]]).min(axis=1))
    across = (boxes[:, 2] - boxes[:, 0]) / _stretch(low)
    degrees = unproject(boxes[:, 2:])[:, 1] - unproject(boxes[:, :2])[:, 1]
    return np.column_stack((across, degrees * 111_700))


def _groups(pieces: np.ndarray) -> list[np.ndarray]:
    """Numbers of pieces that lie near to one another."""
    if not len(pieces):
        return []
    middle = unproject(shapely.bounds(pieces).reshape(-1, 2, 2).mean(axis=1))
    row = np.floor((middle[:, 1] + 90) / _CELL).astype(int)
    # As many columns in each row as keep their width.
    columns = np.maximum(1, np.round(360 / _CELL * np.cos(np.radians((row + 0.5) * _CELL - 90)))).astype(int)
    column = np.floor((middle[:, 0] + 180) / 360 * columns).astype(int)
    _, number = np.unique(row * 1000 + column, return_inverse=True)
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)


def _laid(pieces: np.ndarray) -> tuple[LocalPlane, np.ndarray]:
    """A plane in the middle of pieces, and the pieces in it."""
    middle = unproject(shapely.bounds(pieces).reshape(-1, 2, 2).mean(axis=1))
    # None of them crosses 180°, nor does a group.
    plane = LocalPlane(*((middle.min(axis=0) + middle.max(axis=0)) / 2))
    return plane, shapely.transform(pieces, plane.from_metres)


def _promising(ours: np.ndarray, theirs: np.ndarray, pairs: np.ndarray, limit_m: float) -> np.ndarray:
    """Which pairs of boxes in a plane can be the nearest of their kind: no farther than the limit, nor farther apart
    than another pair of the same two is at most."""
    gap = np.maximum(0, np.maximum(theirs[:, :2] - ours[:, 2:], ours[:, :2] - theirs[:, 2:]))
    least = np.hypot(*gap.T)
    # Somewhere along every side of its box a piece has a point.
    reach = np.maximum(ours[:, 2:], theirs[:, 2:]) - np.minimum(ours[:, :2], theirs[:, :2])
    most = np.hypot(*reach.T)
    _, number = np.unique(pairs, axis=0, return_inverse=True)
    number = number.reshape(-1)
    bound = np.full(number.max(initial=-1) + 1, np.inf)
    np.minimum.at(bound, number, most)
    return (least <= 1.01 * limit_m) & (least <= 1.001 * bound[number] + 1)


def _grown_boxes(boxes: np.ndarray, distance_m: float) -> tuple[np.ndarray, np.ndarray]:
    """EPSG:6933 boxes that hold all that is within a distance of boxes, and the number of the box of each: two for one
    that reaches across 180°."""
    lonlat = np.hstack((unproject(boxes[:, :2]), unproject(boxes[:, 2:])))
    angle = distance_m / _LEAST_RADIUS * (1 + _SLACK)
    farthest = np.radians(np.abs(lonlat[:, [1, 3]]).max(axis=1))
    sine = math.sin(angle) / np.maximum(np.cos(farthest), 1e-12)
    polar = farthest + angle >= math.pi / 2
    around = np.where(polar, 180.0, np.degrees(np.arcsin(np.minimum(sine, 1.0))))
    west = np.where(polar, -180.0, lonlat[:, 0] - around)
    east = np.where(polar, 180.0, lonlat[:, 2] + around)
    south = np.maximum(lonlat[:, 1] - math.degrees(angle), -90)
    north = np.minimum(lonlat[:, 3] + math.degrees(angle), 90)
    low, high = project(np.column_stack((west, south))), project(np.column_stack((east, north)))
    grown, rows = [np.hstack((low, high))], [np.arange(len(boxes))]
    for beyond, turn in ((west < -180, 2 * HALF_WORLD), (east > 180, -2 * HALF_WORLD)):
        grown.append(grown[0][beyond] + (turn, 0, turn, 0))
        rows.append(np.flatnonzero(beyond))
    return np.concatenate(grown), np.concatenate(rows)


def _caps(pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors to the middles of small pieces, shape (n, 3), and the angles within which all of each lies."""
    boxes = shapely.bounds(pieces)
    low, high = unproject(boxes[:, :2]), unproject(boxes[:, 2:])
    middle = (low + high) / 2
    axes = _directions(middle)
    radii = np.zeros(len(pieces))
    for across in (0, 0.5, 1):
        for up in (0, 0.5, 1):
            place = _directions(low + (high - low) * (across, up))
            radii = np.maximum(radii, np.arccos(np.clip((place * axes).sum(axis=1), -1, 1)))
    return axes, 1.05 * radii + 1e-7


def _directions(lonlat: np.ndarray) -> np.ndarray:
    lon, lat = np.radians(lonlat).T
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _on_ellipsoid(lonlat: np.ndarray) -> np.ndarray:
    """Metres from the centre of the earth, shape (n, 3)."""
    lon, lat = np.radians(lonlat).T
    e2 = 1 - (_B / _A) ** 2
    n = _A / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    return np.column_stack((n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - e2) * np.sin(lat)))


def _closest(
    ours: np.ndarray, theirs: np.ndarray, check: Callable[[], None], most: int = 500
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two lots of lon/lat places, in pairs, that are the nearest through the earth, or nearly so."""
    here, there = _on_ellipsoid(ours), _on_ellipsoid(theirs)
    step = max(1, _PAIRS // max(1, len(there)))
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    least = np.inf
    for start in range(0, len(here), step):
        check()
        block = here[start : start + step]
        square = (block**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2 * block @ there.T
        least = min(least, float(square.min()))
        one, other = np.nonzero(square <= least * 1.006)
        found.append((square[one, other], one + start, other))
    squares, one, other = (np.concatenate(column) for column in zip(*found))
    order = np.argsort(squares, kind="stable")[:most]
    return one[order], other[order]


def traced(lines: Geometry) -> Geometry:
    """Lines as rings there and back, for what draws nothing but outlines of areas."""
    found = []
    for line in shapely.get_parts(lines):
        places = shapely.get_coordinates(line)
        found.append(shapely.polygons(np.concatenate((places, places[-2::-1], places[:1]))))
    return shapely.multipolygons(found)


def coordinates(geometry: Geometry) -> np.ndarray:
    """All vertices or points, shape (n, 2)."""
    return shapely.get_coordinates(geometry)
