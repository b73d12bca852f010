"""Geometry made measurable: read, wrapped, split at 180°, mended and projected to EPSG:6933."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Geometry

from .projection import _NEAR_ANTIMERIDIAN, HALF_WORLD, _destinations, project, unproject

_WKB_POLYGON, _WKB_MULTIPOLYGON = 3, 6

_COUNT, _TWO_COUNTS = struct.Struct("<I"), struct.Struct("<II")

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def to_equal_area(geometries: np.ndarray) -> np.ndarray:
    """Lon/lat geometries to EPSG:6933. Z and M are dropped. Shapes across 180° must have been split before."""
    return shapely.transform(geometries, project)


def to_lonlat(geometries: np.ndarray) -> np.ndarray:
    """EPSG:6933 geometries back to lon/lat."""
    return shapely.transform(geometries, unproject)


def from_wkb(wkb: Sequence) -> np.ndarray:
    """Geometries from WKB, two-dimensional. Null and unreadable members come as None."""
    members = np.empty(len(wkb), dtype=object)
    members[:] = [bytes(one) if isinstance(one, memoryview) else one for one in wkb]
    geometries = shapely.from_wkb(members, on_invalid="ignore")
    deep = shapely.has_z(geometries)
    geometries[deep] = shapely.force_2d(geometries[deep])
    return geometries


def to_wkb(geometry: Geometry) -> bytes:
    """Little-endian two-dimensional WKB, the form in which geometry crosses threads."""
    return shapely.to_wkb(geometry, byte_order=1, output_dimension=2)


def to_wkb_all(geometries: np.ndarray) -> np.ndarray:
    """Little-endian two-dimensional WKB of each member; None for None."""
    return shapely.to_wkb(geometries, byte_order=1, output_dimension=2)


def wrap_longitudes(geometries: np.ndarray) -> np.ndarray:
    """Bring every longitude into −180…180 and split at 180° what crosses it.

    Understands longitudes that run past ±180° (a shape drawn from 178° to 182°) and edges that leap from one side of
    the world to the other (from 179° to −179°), which stand for the short way round.
    """
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        outside = (bounds[:, 0] < -180) | (bounds[:, 2] > 180)
        wide = (bounds[:, 0] < -_NEAR_ANTIMERIDIAN) & (bounds[:, 2] > _NEAR_ANTIMERIDIAN)
    suspects = np.flatnonzero(outside | wide)
    if not suspects.size:
        return geometries
    out = geometries.copy()
    for i in suspects:
        out[i] = _split_at_antimeridian(geometries[i])
    return out


def _unroll(coordinates: np.ndarray) -> np.ndarray:
    """Follow one ring round so that no edge leaps across the world."""
    lon = coordinates[:, 0]
    step = np.diff(lon)
    leap = (np.abs(step) > 180) & (np.abs(step) < 360 - 1e-9)
    leap &= (np.abs(lon[:-1]) > _NEAR_ANTIMERIDIAN) & (np.abs(lon[1:]) > _NEAR_ANTIMERIDIAN)
    if not leap.any():
        return coordinates
    turns = np.concatenate(([0.0], np.cumsum(np.where(leap, -360.0 * np.sign(step), 0.0))))
    return np.column_stack((lon + turns, coordinates[:, 1:]))


def _split_at_antimeridian(geometry: Geometry) -> Geometry:
    if shapely.get_type_id(geometry) not in _POLYGONAL:
        return shapely.transform(geometry, lambda c: np.column_stack(((c[:, 0] + 180) % 360 - 180, c[:, 1:])))
    pieces = []
    for polygon in shapely.get_parts(geometry):
        rings = [_unroll(shapely.get_coordinates(ring)) for ring in shapely.get_rings(polygon)]
        shell = rings[0]
        # A hole unrolled on its own may have come out a whole turn away from the shell that holds it.
        holes = [
            hole + np.array([360.0 * np.round((shell[:, 0].mean() - hole[:, 0].mean()) / 360.0), 0.0])
            for hole in rings[1:]
        ]
        unrolled = shapely.Polygon(shell, holes)
        low, _, high, _ = unrolled.bounds
        if low >= -180 and high <= 180:
            pieces.append(unrolled)
            continue
        unrolled = polygonal(unrolled)
        for turn in range(math.floor((low + 180) / 360), math.floor((high + 180) / 360) + 1):
            window = shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90)
            piece = shapely.intersection(unrolled, window)
            pieces.append(shapely.transform(piece, lambda c, t=turn: c - np.array([360.0 * t, 0.0])))
    return polygonal(shapely.union_all(polygonal_all(np.array(pieces, dtype=object))))


def polygonal(geometry: Geometry | None) -> Geometry:
    """The valid polygonal part of one geometry; an empty polygon where there is none."""
    return polygonal_all(np.array([geometry], dtype=object))[0]


def polygonal_all(geometries: np.ndarray) -> np.ndarray:
    """Valid polygonal geometry for each member; empty where nothing polygonal is there.

    Rings are mended by structure: shells are joined, so overlapping parts of a range count once and do not cancel.
    """
    return _mended(geometries, ~shapely.is_valid(geometries))


def _mended(geometries: np.ndarray, broken: np.ndarray) -> np.ndarray:
    out = geometries.copy()
    if broken.any():
        out[broken] = shapely.make_valid(out[broken], method="structure", keep_collapsed=False)
    for i in np.flatnonzero(~np.isin(shapely.get_type_id(out), _POLYGONAL)):
        out[i] = _only_polygons(out[i])
    return out


def _only_polygons(geometry: Geometry | None) -> Geometry:
    if geometry is None:
        return shapely.Polygon()
    polygons: list[Geometry] = []
    pending = [geometry]
    while pending:
        g = pending.pop()
        kind = shapely.get_type_id(g)
        if kind == shapely.GeometryType.POLYGON:
            polygons.append(g)
        elif kind in (shapely.GeometryType.MULTIPOLYGON, shapely.GeometryType.GEOMETRYCOLLECTION):
            pending.extend(shapely.get_parts(g))
    return shapely.union_all(polygons) if polygons else shapely.Polygon()


@dataclass(frozen=True)
class Prepared:
    """Geometries ready to be measured.

    ``geometries``: EPSG:6933, valid and polygonal, None where nothing usable was left; ``repaired``: which were
    mended; ``crossing``: which were split or wrapped at 180°; ``reasons``: per member, why a geometry was mended or
    is unusable (``""`` where all was well, else GEOS's words with a place in lon/lat, ``"null"``, ``"not_polygon"``,
    ``"empty"``, ``"coordinates"``).
    """

    geometries: np.ndarray
    repaired: np.ndarray
    crossing: np.ndarray
    reasons: list[str]


def prepare(lonlat: np.ndarray) -> Prepared:
    """Make lon/lat geometries measurable: wrap at 180°, mend rings, project to EPSG:6933."""
    count = len(lonlat)
    reasons = [""] * count
    null = shapely.is_missing(lonlat)
    bounds = shapely.bounds(lonlat)
    with np.errstate(invalid="ignore"):
        out_of_world = (
            ~null
            & ~np.isnan(bounds[:, 0])
            & ((np.abs(bounds[:, [1, 3]]) > 90 + 1e-9).any(axis=1) | (np.abs(bounds[:, [0, 2]]) > 540).any(axis=1))
        )
    areal = np.isin(shapely.get_type_id(lonlat), (*_POLYGONAL, shapely.GeometryType.GEOMETRYCOLLECTION))
    empty = ~null & shapely.is_empty(lonlat)
    not_finite = ~null & ~empty & ~np.isfinite(bounds).all(axis=1)
    for mask, reason in (
        (~areal, "not_polygon"),
        (out_of_world | not_finite, "coordinates"),
        (empty, "empty"),
        (null, "null"),
    ):
        for i in np.flatnonzero(mask):
            reasons[i] = reason
    usable = np.array([not r for r in reasons], dtype=bool)

    geometries = np.full(count, None, dtype=object)
    repaired = np.zeros(count, dtype=bool)
    crossing = np.zeros(count, dtype=bool)
    if usable.any():
        where = np.flatnonzero(usable)
        before = lonlat[where]
        wrapped = wrap_longitudes(before)
        moved = np.array([a is not b for a, b in zip(before, wrapped)], dtype=bool)
        crossing[where] = moved
        projected = to_equal_area(wrapped)
        # Looking for faults is the dearest step. The projection stretches each axis by itself, so rings cross after it
        # where they crossed before: one look does, but for shapes that splitting at 180° has already mended.
        broken = ~shapely.is_valid(projected)
        faulty = broken.copy()
        faulty[moved] = ~shapely.is_valid(before[moved])
        for k in np.flatnonzero(faulty):
            # A ring that leaps across the world is no fault in itself: only what is still broken counts.
            if not (moved[k] and _valid_unrolled(before[k])):
                repaired[where[k]] = True
                reasons[where[k]] = shapely.is_valid_reason(before[k])
        mended = _mended(projected, broken)
        # Rounding in the projection can open a ring that encloses nothing in lon/lat.
        opened = ~broken & (shapely.area(wrapped) == 0)
        vanished = shapely.is_empty(mended) | (shapely.area(mended) == 0) | opened
        geometries[where[~vanished]] = mended[~vanished]
        for k in where[vanished]:
            reasons[k] = "empty"
            repaired[k] = False
    return Prepared(geometries, repaired, crossing, reasons)


def _valid_unrolled(geometry: Geometry) -> bool:
    return all(
        shapely.is_valid(shapely.Polygon(_unroll(shapely.get_coordinates(ring))))
        for polygon in shapely.get_parts(geometry)
        for ring in shapely.get_rings(polygon)
    )


def prepare_wkb(lonlat: Sequence[bytes | bytearray]) -> tuple[Prepared, list[bytes | None]]:
    """``prepare`` for little-endian, two-dimensional lon/lat WKB in bulk; also gives the results' WKB, None for None.

    Most ranges are sound and far from 180°. Their coordinates are projected inside the WKB, which spares taking the
    geometries apart and writing them anew; all others go through ``prepare``. The results are the same.
    """
    count = len(lonlat)
    projected = _projected_wkb(lonlat)
    geometries = from_wkb(projected)
    sound = shapely.is_valid(geometries) & (shapely.area(geometries) > 0)
    geometries[~sound] = None
    prepared = Prepared(geometries, np.zeros(count, dtype=bool), np.zeros(count, dtype=bool), [""] * count)
    rest = np.flatnonzero(~sound)
    if rest.size:
        others = prepare(from_wkb([bytes(lonlat[i]) for i in rest]))
        geometries[rest] = others.geometries
        prepared.repaired[rest] = others.repaired
        prepared.crossing[rest] = others.crossing
        for i, reason, wkb in zip(rest, others.reasons, to_wkb_all(others.geometries)):
            prepared.reasons[i] = reason
            projected[i] = wkb
    return prepared, projected


def _projected_wkb(lonlat: Sequence[bytes | bytearray]) -> list[bytes | None]:
    """EPSG:6933 WKB of polygons and multipolygons; None for other shapes and for what may need wrapping at 180°."""
    out: list[bytes | None] = [None] * len(lonlat)
    rings = {i: found for i, found in enumerate(map(_rings, lonlat)) if any(points for _, points in found)}
    if not rings:
        return out
    # All at once, as most shapes are too small to be worth a dozen calls each.
    coordinates = np.concatenate(
        [np.frombuffer(lonlat[i], "<f8", 2 * points, start) for i, found in rings.items() for start, points in found]
    ).reshape(-1, 2)
    ends = np.cumsum([sum(points for _, points in found) for found in rings.values()])
    starts = np.concatenate(([0], ends[:-1]))
    # Column by column, which NumPy does ten times as fast as both at once along the first axis.
    lon, lat = coordinates[:, 0], coordinates[:, 1]
    west, east = np.minimum.reduceat(lon, starts), np.maximum.reduceat(lon, starts)
    south, north = np.minimum.reduceat(lat, starts), np.maximum.reduceat(lat, starts)
    # Nonsense outside the world is projected with the rest, and then left out.
    with np.errstate(invalid="ignore", over="ignore"):
        # Written so that not-a-number fails too.
        in_world = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
        plain = in_world & ~((west < -_NEAR_ANTIMERIDIAN) & (east > _NEAR_ANTIMERIDIAN))
        metres = memoryview(np.ascontiguousarray(project(coordinates), dtype="<f8")).cast("B")
    for (i, found), usable, first in zip(rings.items(), plain.tolist(), (16 * starts).tolist()):
        if usable:
            out[i] = _with_coordinates(lonlat[i], found, metres[first:])
    return out


def _rings(wkb: bytes | bytearray) -> list[tuple[int, int]]:
    """Where in the WKB of a polygon or multipolygon each ring's coordinates begin, and how many vertices it has."""
    kind, members = _TWO_COUNTS.unpack_from(wkb, 1)
    rings: list[tuple[int, int]] = []
    if kind not in (_WKB_POLYGON, _WKB_MULTIPOLYGON):
        return rings
    multi = kind == _WKB_MULTIPOLYGON
    at = 9 if multi else 5
    for _ in range(members if multi else 1):
        at += 5 if multi else 0
        (number,) = _COUNT.unpack_from(wkb, at)
        at += 4
        for _ in range(number):
            (points,) = _COUNT.unpack_from(wkb, at)
            rings.append((at + 4, points))
            at += 4 + 16 * points
    return rings


def _with_coordinates(wkb: bytes | bytearray, rings: Sequence[tuple[int, int]], coordinates: memoryview) -> bytes:
    """The same WKB with other coordinates, which follow one another from ring to ring."""
    pieces, kept, done = [], 0, 0
    for start, points in rings:
        pieces += (wkb[kept:start], coordinates[done : done + 16 * points])
        kept = start + 16 * points
        done += 16 * points
    return b"".join(pieces)


def geodesic_circle(lon: float, lat: float, area_m2: float, segments: int = 128) -> Geometry:
    """Circle of one geodesic radius round a lon/lat point, with an EPSG:6933 area of exactly ``area_m2``.

    In EPSG:6933, split at 180°. The radius of the flat circle is the first guess; it is corrected until the polygon,
    whose straight edges cut a little off a true circle, has the area asked for.
    """
    azimuth = np.linspace(0, 2 * math.pi, segments, endpoint=False)
    radius = math.sqrt(area_m2 / math.pi)
    shape = shapely.Polygon(project(_destinations(lon, lat, azimuth, radius)))
    for _ in range(8):
        found = shape.area
        if abs(found - area_m2) <= 1e-12 * area_m2:
            break
        radius *= math.sqrt(area_m2 / found)
        shape = shapely.Polygon(project(_destinations(lon, lat, azimuth, radius)))
    low, _, high, _ = shape.bounds
    if low < -HALF_WORLD or high > HALF_WORLD:
        shape = to_equal_area(wrap_longitudes(to_lonlat(np.array([shape], dtype=object))))[0]
    return shape


def points_of(lonlat: Geometry) -> np.ndarray:
    """Coordinates of a point or multipoint, shape (n, 2), with longitudes in −180…180."""
    coordinates = shapely.get_coordinates(lonlat)
    inside = np.abs(coordinates[:, 0]) <= 180
    coordinates[:, 0] = np.where(inside, coordinates[:, 0], (coordinates[:, 0] + 180) % 360 - 180)
    return coordinates


def longest_edges(geometries: np.ndarray) -> np.ndarray:
    """The longest edge of each polygonal geometry, in the units of its plane; 0 for None and for empty ones."""
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    out = np.zeros(len(geometries))
    if len(coordinates) > 1:
        # From ring to ring of one shape it may be far: too long an answer at worst.
        step = np.diff(coordinates, axis=0)
        length = np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2)
        length[owner[1:] != owner[:-1]] = 0
        first = np.flatnonzero(np.append(True, owner[2:] != owner[1:-1]))
        out[owner[1:][first]] = np.maximum.reduceat(length, first)
    return out


def valid(geometries: np.ndarray) -> np.ndarray:
    """Which geometries are valid; false for None."""
    return shapely.is_valid(geometries)


def within_world(lonlat: np.ndarray) -> np.ndarray:
    """Lon/lat geometries whose coordinates are held to −180…180 and −90…90, against rounding at the edges."""
    return shapely.transform(lonlat, lambda c: np.clip(c, [-180.0, -90.0], [180.0, 90.0]))
