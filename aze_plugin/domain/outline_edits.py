"""Edits of outlines: stretches of rings that others take the place of, in the coordinates of EPSG:6933.

A shape is taken apart into open rings by polygon, edited there, and put together again; what comes of it need not be
valid, which is for the caller to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import geometry
from .edge_network import keys
from .geometry import Geometry

# A ring without its closing vertex, by polygon.
RingLists = list[list[np.ndarray]]


@dataclass(frozen=True)
class Span:
    """Vertices that take the place of a stretch of one ring: from ``start`` to ``end``, as edge number + share."""

    polygon: int
    ring: int
    start: float
    end: float
    vertices: np.ndarray
    old: np.ndarray
    subject: str
    length_m: float
    whole: bool = False


def array_of(shapes: Sequence[Geometry]) -> np.ndarray:
    """Shapes as an array."""
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def rings_of(shape: Geometry) -> RingLists:
    """Open rings by polygon: shells anticlockwise first, then holes clockwise."""
    return [[ring[:-1] for ring in geometry.rings(polygon)] for polygon in geometry.polygons_of(shape)]


def polygons(rings: RingLists) -> Geometry:
    """A multipolygon of open rings; polygons whose shell is no ring are left out, and so are holes that are none."""
    xy, ring_of, polygon_of = [], [], []
    for p, members in enumerate(rings):
        if not members or len(members[0]) < 3:
            continue
        for ring in members:
            if len(ring) >= 3:
                xy.append(np.concatenate((ring, ring[:1])))
                ring_of.append(np.full(len(ring) + 1, len(polygon_of)))
                polygon_of.append(p)
    if not xy:
        return geometry.dissolve([])
    owner = np.array(polygon_of)
    return geometry.polygons_of_rings(
        np.concatenate(xy), np.concatenate(ring_of), owner, np.zeros(len(owner), dtype=int), 1
    )[0]


def is_sound(shape: Geometry) -> bool:
    """Whether what was put together is valid, and anything at all."""
    return bool(geometry.valid(array_of([shape]))[0]) and not geometry.is_empty(shape)


def without_doubles(ring: np.ndarray, closed: bool = True) -> np.ndarray:
    """Vertices that are not the same as the one before, nor spikes that go there and back."""
    kept: list[np.ndarray] = []
    for vertex in ring:
        if kept and (vertex == kept[-1]).all():
            continue
        if len(kept) > 1 and (vertex == kept[-2]).all():
            kept.pop()
            continue
        kept.append(vertex)
    while closed and len(kept) > 1 and (kept[0] == kept[-1]).all():
        kept.pop()
    return np.array(kept).reshape(-1, 2)


def vertices_between(ring: np.ndarray, start: float, end: float) -> np.ndarray:
    """The ring's own vertices from one place to another, both included, round its beginning where need be."""
    number = np.arange(len(ring))
    if end < start:
        rows = np.concatenate((number[number >= start], number[number <= end]))
    else:
        rows = number[(number >= start) & (number <= end)]
    return ring[rows]


def replaced(rings: RingLists, spans: Sequence[Span]) -> RingLists:
    """Rings with the vertices of spans in place of their stretches."""
    out = [list(members) for members in rings]
    by_ring: dict[tuple[int, int], list[Span]] = {}
    for span in spans:
        by_ring.setdefault((span.polygon, span.ring), []).append(span)
    for (p, r), members in by_ring.items():
        ring = rings[p][r]
        if members[0].whole:
            out[p][r] = members[0].vertices
            continue
        size = len(ring)
        kept = np.ones(size, dtype=bool)
        pieces: list[tuple[float, np.ndarray]] = []
        number = np.arange(size)
        for span in members:
            start, end = span.start % size, span.end % size
            if span.end - span.start >= size:
                kept[:] = False
            elif end < start:
                kept[(number >= start) | (number <= end)] = False
            else:
                kept[(number >= start) & (number <= end)] = False
            pieces.append((start, span.vertices))
        pieces += [(float(n), ring[n : n + 1]) for n in np.flatnonzero(kept)]
        pieces.sort(key=lambda piece: piece[0])
        out[p][r] = without_doubles(np.concatenate([vertices for _, vertices in pieces]))
    return out


def area_between(span: Span) -> float:
    """Area between a stretch and what takes its place."""
    if span.whole:
        one, other = (geometry.polygonal(polygons([[ring]])) for ring in (span.old, span.vertices))
        return geometry.area(geometry.outside(one, other)) + geometry.area(geometry.outside(other, one))
    ring = without_doubles(np.concatenate((span.old, span.vertices[::-1])))
    return geometry.area(geometry.polygonal(polygons([[ring]]))) if len(ring) >= 3 else 0.0


def same_ring(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two open rings have the same vertices in the same order, whichever comes first, either way round."""
    if len(one) != len(other):
        return False
    numbers, given = keys(one), keys(other)
    for turned in (numbers, numbers[::-1]):
        for at in np.flatnonzero((turned == given[0]).all(axis=1)):
            if (np.roll(turned, -at, axis=0) == given).all():
                return True
    return False


def same(one: Geometry, other: Geometry) -> bool:
    """Whether two shapes have the same rings."""
    rings = [sorted(tuple(map(tuple, _started(ring))) for m in rings_of(g) for ring in m) for g in (one, other)]
    return rings[0] == rings[1]


def _started(ring: np.ndarray) -> np.ndarray:
    numbers = keys(ring)
    return np.roll(numbers, -int(np.lexsort(numbers.T)[0]), axis=0)


def holes(shape: Geometry) -> list[Geometry]:
    """Each hole as a shape."""
    return [polygons([[hole[::-1]]]) for members in rings_of(shape) for hole in members[1:]]


def filled(shape: Geometry) -> Geometry:
    """A shape without its holes."""
    return geometry.polygonal(polygons([members[:1] for members in rings_of(shape)]))


def extent_of(metres: np.ndarray) -> tuple[float, float, float, float]:
    """WGS 84 ``[xmin, ymin, xmax, ymax]`` of places; xmin > xmax across 180°."""
    (west, south), (east, north) = geometry.unproject(np.array([metres.min(axis=0), metres.max(axis=0)]))
    west, east = ((lon + 180) % 360 - 180 if abs(lon) > 180 else lon for lon in (west, east))
    return tuple(round(float(v), 7) for v in (west, south, east, north))


def kept_vertices(places: np.ndarray, tolerance: float) -> np.ndarray:
    """Which of a line's vertices are kept."""
    kept = np.zeros(len(places), dtype=bool)
    kept[[0, -1]] = True
    pending = [(0, len(places) - 1)]
    while pending:
        start, end = pending.pop()
        if end - start < 2:
            continue
        way = places[end] - places[start]
        off = places[start + 1 : end] - places[start]
        length = float(way @ way)
        share = np.clip(off @ way / length, 0, 1) if length else np.zeros(len(off))
        away = np.hypot(*(off - share[:, None] * way).T)
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            kept[start + 1 + worst] = True
            pending += [(start, start + 1 + worst), (start + 1 + worst, end)]
    return kept
