"""Mapped edges as a network round one boundary: where it runs near them, and the way along them from place to place.

Vertices lie on the grid of 1e-7° on which boundaries are stored; edges of several layers that run between the same two
vertices are one. A place on an edge between two vertices is hardly ever on that grid. Where an outline has to leave an
edge there, a grid point is taken that lies on the edge all but exactly (``junction_error_m``), a few metres along it:
so the two sides of a shared edge stay together when they are rounded.

Coordinates are EPSG:6933, in which edges are straight; eastings may run past 180°. Distances are true metres.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from . import geometry
from .geometry import Geometry, LocalPlane
from .rounding import DECIMALS

_GRID = 10**DECIMALS
# Longer edges are looked at in pieces, so that no bend of the projection shows.
_LONGEST_M = 1000.0
# On an edge counts what lies this many times nearer than the worst junction that is accepted; see ``junction``.
_LOOSE = 10.0
# A junction this near to a vertex is the vertex.
_AT_VERTEX_M = 0.5


@dataclass(frozen=True)
class EdgeLayer:
    """Geometries (WGS 84 degrees) whose lines and outlines count as mapped edges. ``name``: as a person knows them."""

    name: str
    lonlat: np.ndarray


@dataclass(frozen=True)
class Position:
    """A place on the network: on edge ``seg``, the share ``t`` of the way from its first vertex to its second."""

    seg: int
    t: float
    away_m: float = 0.0


def keys(metres: np.ndarray) -> np.ndarray:
    """Places as whole numbers of 1e-7 degrees, shape (n, 2)."""
    return np.round(geometry.unproject(metres) * _GRID).astype(np.int64)


def places(numbers: np.ndarray) -> np.ndarray:
    """The EPSG:6933 coordinates of whole numbers of 1e-7 degrees. The same numbers always give the same coordinates."""
    return geometry.project(np.asarray(numbers, dtype=float).reshape(-1, 2) / _GRID)


def on_grid(metres: np.ndarray) -> np.ndarray:
    """Places moved to the grid of 1e-7 degrees."""
    return places(keys(metres))


class EdgeNetwork:
    """Edges within reach of a boundary (EPSG:6933, one shape across 180°)."""

    def __init__(
        self, boundary: Geometry, layers: Sequence[EdgeLayer], reach_m: float, window_m: float, error_m: float
    ):
        lon, lat = geometry.midpoint(boundary)
        # Round 180° the boundary's eastings run on, and so do those of the plane.
        west, _, east, _ = geometry.bounds(boundary)
        lon += 360 * round(((west + east) / 2 / geometry.HALF_WORLD * 180 - lon) / 360)
        self.plane = LocalPlane(lon, lat)
        self._window_m, self._error_m = window_m, error_m
        self.layers = [layer.name for layer in layers]
        ends, owner = self._near(boundary, layers, reach_m)
        numbers, at = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
        pairs = np.sort(at.reshape(-1, 2), axis=1)
        pairs, first = np.unique(pairs, axis=0, return_index=True) if len(pairs) else (pairs, np.zeros(0, int))
        self.numbers, self.nodes, self.layer = numbers, places(numbers), owner[first]
        self.pairs = pairs
        self.starts, self.ends = self.nodes[pairs[:, 0]], self.nodes[pairs[:, 1]]
        self.lengths = geometry.true_lengths(self.starts, self.ends) if len(pairs) else np.zeros(0)
        # True metres of a unit of EPSG:6933 to the east and to the north, at the middle of each edge.
        middle = (self.starts + self.ends) / 2
        self._scales = np.column_stack(
            [geometry.true_lengths(middle - half, middle + half) for half in ((0.5, 0.0), (0.0, 0.5))]
        )
        self._node_of = {tuple(number): n for n, number in enumerate(numbers.tolist())}
        self._beside: list[list[tuple[int, int]]] = [[] for _ in numbers]
        for seg, (one, other) in enumerate(pairs.tolist()):
            self._beside[one].append((other, seg))
            self._beside[other].append((one, seg))
        count = np.maximum(1, np.ceil(self.lengths / _LONGEST_M)).astype(np.int64)
        self._seg = np.repeat(np.arange(len(pairs)), count)
        step = np.arange(len(self._seg)) - np.repeat(np.cumsum(count) - count, count)
        self._from, self._to = step / count[self._seg], (step + 1) / count[self._seg]
        self._piece_starts = self.plane.from_metres(self._at(self._seg, self._from))
        self._piece_ends = self.plane.from_metres(self._at(self._seg, self._to))
        self._index = geometry.SegmentIndex(self._piece_starts, self._piece_ends)
        self._reached: dict[tuple[int, float], dict[int, tuple[float, int]]] = {}

    def __len__(self) -> int:
        return len(self.pairs)

    def _near(self, boundary: Geometry, layers: Sequence[EdgeLayer], reach_m: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of edges as whole numbers, shape (n, 2, 2), and the layer of each, of those near the boundary's box."""
        box = geometry.bounds(boundary)
        corners = self.plane.from_metres(np.array([(x, y) for x in box[::2] for y in box[1::2]]))
        room = self.plane.to_metres(
            np.array([corners.min(axis=0) - 2 * reach_m, corners.max(axis=0) + 2 * reach_m])
        ) - np.array([box[:2], box[2:]])
        low, high = np.array(box[:2]) - np.abs(room[0]), np.array(box[2:]) + np.abs(room[1])
        found, owner = [np.zeros((0, 2, 2), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for number, layer in enumerate(layers):
            lonlat, path = geometry.paths(layer.lonlat)
            if len(lonlat) < 2:
                continue
            seam = np.abs(np.abs(lonlat[:, 0]) - 180) < 1e-9
            lonlat = lonlat.copy()
            lonlat[:, 0] = self.plane.lon + (lonlat[:, 0] - self.plane.lon + 180) % 360 - 180
            grid = np.round(lonlat * _GRID).astype(np.int64)
            metres = geometry.project(lonlat)
            follows = (path[:-1] == path[1:]) & (grid[:-1] != grid[1:]).any(axis=1) & ~(seam[:-1] & seam[1:])
            follows &= np.abs(np.diff(metres[:, 0])) < geometry.HALF_WORLD
            follows &= (np.minimum(metres[:-1], metres[1:]) <= high).all(axis=1)
            follows &= (np.maximum(metres[:-1], metres[1:]) >= low).all(axis=1)
            found.append(np.stack((grid[:-1][follows], grid[1:][follows]), axis=1))
            owner.append(np.full(int(follows.sum()), number))
        return np.concatenate(found), np.concatenate(owner)

    def _at(self, seg: np.ndarray, t: np.ndarray) -> np.ndarray:
        return self.starts[seg] + np.asarray(t)[:, None] * (self.ends[seg] - self.starts[seg])

    def has_vertex(self, place: np.ndarray) -> bool:
        """Whether a vertex of the network lies at a place."""
        return tuple(keys(place[None])[0].tolist()) in self._node_of

    # ------------------------------------------------------------------------------------------------ what is near

    def candidates(self, metres: np.ndarray, within_m: float, most: int) -> list[list[Position]]:
        """For each place the nearest positions on different edges within a distance, nearest first."""
        out: list[list[Position]] = [[] for _ in metres]
        if not len(self) or not len(metres):
            return out
        planes = self.plane.from_metres(metres)
        row, piece = self._index.all_within(planes, within_m)
        start, way = self._piece_starts[piece], self._piece_ends[piece] - self._piece_starts[piece]
        share = ((planes[row] - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-300)
        share = np.clip(share, 0, 1)
        away = np.hypot(*(planes[row] - start - share[:, None] * way).T)
        t = self._from[piece] + share * (self._to[piece] - self._from[piece])
        order = np.lexsort((self._seg[piece], np.round(away, 6), row))
        for k in order.tolist():
            known = out[row[k]]
            seg = int(self._seg[piece[k]])
            if len(known) < most and all(p.seg != seg for p in known):
                known.append(Position(seg, float(t[k]), float(away[k])))
        return out

    def is_near(self, starts: np.ndarray, ends: np.ndarray, within_m: float) -> np.ndarray:
        """Which straight edges (EPSG:6933) come within a distance of the network."""
        if not len(self) or not len(starts):
            return np.zeros(len(starts), dtype=bool)
        return self._index.meet(self.plane.from_metres(starts), self.plane.from_metres(ends), within_m)

    def edges_under(self, metres: np.ndarray) -> list[set[int]]:
        """For each place the edges on which it lies: at their vertices, or all but exactly between them."""
        out: list[set[int]] = [set() for _ in metres]
        if not len(self) or not len(metres):
            return out
        for n, number in enumerate(keys(metres).tolist()):
            node = self._node_of.get(tuple(number))
            if node is not None:
                out[n].update(seg for _, seg in self._beside[node])
        row, piece = self._index.all_within(self.plane.from_metres(metres), 0.1)
        seg = self._seg[piece]
        way = (self.ends[seg] - self.starts[seg]) * self._scales[seg]
        here = (metres[row] - self.starts[seg]) * self._scales[seg]
        share = np.clip((here * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-300), 0, 1)
        close = np.hypot(*(here - share[:, None] * way).T) <= 1.5 * _LOOSE * self._error_m
        for n, found in zip(row[close].tolist(), seg[close].tolist()):
            out[n].add(found)
        return out

    def position_of(self, place: np.ndarray, seg: int) -> Position:
        """A place on an edge as a position."""
        start, way = self.starts[seg], self.ends[seg] - self.starts[seg]
        way, here = way * self._scales[seg], (place - start) * self._scales[seg]
        return Position(seg, min(1.0, max(0.0, float(here @ way) / float(way @ way))))

    def ray(self, place: np.ndarray, towards: np.ndarray, reach_m: float) -> Position | None:
        """Where a straight line from a place in a direction (both of the plane) first meets the network, if it does."""
        length = float(np.hypot(*towards))
        if not length:
            return None
        way = towards / length * reach_m
        _, piece = self._index.all_within(place[None], reach_m)
        start, run = self._piece_starts[piece], self._piece_ends[piece] - self._piece_starts[piece]
        cross = way[0] * run[:, 1] - way[1] * run[:, 0]
        gap = start - place
        with np.errstate(divide="ignore", invalid="ignore"):
            along = (gap[:, 0] * run[:, 1] - gap[:, 1] * run[:, 0]) / cross
            share = (gap[:, 0] * way[1] - gap[:, 1] * way[0]) / cross
        # Nearly parallel lines meet anywhere.
        slant = np.abs(cross) > 0.05 * reach_m * np.hypot(*run.T)
        hit = slant & (along >= 0) & (along <= 1) & (share >= 0) & (share <= 1)
        if not hit.any():
            return None
        best = int(np.flatnonzero(hit)[np.argmin(along[hit])])
        t = self._from[piece[best]] + share[best] * (self._to[piece[best]] - self._from[piece[best]])
        return Position(int(self._seg[piece[best]]), float(t), float(along[best] * reach_m))

    # ------------------------------------------------------------------------------------------------- ways along it

    def route(self, one: Position, other: Position, limit_m: float) -> tuple[float, list[int]] | None:
        """Length in metres of the shortest way along the edges, and the vertices passed; None beyond the limit."""
        if one.seg == other.seg:
            return abs(one.t - other.t) * self.lengths[one.seg], []
        best: tuple[float, int, int] | None = None
        for a, start in self._to_ends(one):
            if a > limit_m:
                continue
            reached = self._reach(start, limit_m)
            for b, end in self._to_ends(other):
                if end in reached and (best is None or a + reached[end][0] + b < best[0]):
                    best = (a + reached[end][0] + b, start, end)
        if best is None or best[0] > limit_m:
            return None
        length, start, end = best
        reached, passed = self._reach(start, limit_m), [end]
        while passed[-1] != start:
            passed.append(reached[passed[-1]][1])
        return length, passed[::-1]

    def _to_ends(self, position: Position) -> Iterator[tuple[float, int]]:
        one, other = self.pairs[position.seg].tolist()
        length = float(self.lengths[position.seg])
        yield position.t * length, one
        yield (1 - position.t) * length, other

    def _reach(self, node: int, limit_m: float) -> dict[int, tuple[float, int]]:
        known = self._reached.get((node, limit_m))
        if known is not None:
            return known
        reached: dict[int, tuple[float, int]] = {}
        queue = [(0.0, node, node)]
        while queue:
            length, here, before = heapq.heappop(queue)
            if here in reached:
                continue
            reached[here] = (length, before)
            for beyond, seg in self._beside[here]:
                further = length + float(self.lengths[seg])
                if beyond not in reached and further <= limit_m:
                    heapq.heappush(queue, (further, beyond, here))
        self._reached[node, limit_m] = reached
        return reached

    def junction(self, position: Position) -> np.ndarray:
        """The place on the grid at which an outline leaves an edge at a position: on the edge all but exactly, or one
        of its vertices."""
        length = float(self.lengths[position.seg])
        one, other = self.pairs[position.seg].tolist()
        nearest = one if position.t < 0.5 else other
        if min(position.t, 1 - position.t) * length <= _AT_VERTEX_M:
            return self.nodes[nearest]
        a, b = self.numbers[one], self.numbers[other]
        axis = int(abs(b[1] - a[1]) > abs(b[0] - a[0]))
        low, high = sorted((int(a[axis]), int(b[axis])))
        middle = keys(self._at(np.array([position.seg]), np.array([position.t])))[0]
        steps = int(abs(b[axis] - a[axis]) * self._window_m / length) + 1
        whole = np.arange(max(low + 1, int(middle[axis]) - steps), min(high - 1, int(middle[axis]) + steps) + 1)
        if not len(whole):
            return self.nodes[nearest]
        start, way = self.nodes[one], self.nodes[other] - self.nodes[one]
        pair = np.zeros((len(whole), 2))
        pair[:, axis] = whole
        share = (places(pair)[:, axis] - start[axis]) / way[axis]
        exact = start + share[:, None] * way
        grid = on_grid(exact)
        scale = self._scales[position.seg]
        way_m = way * scale
        off = (grid - start) * scale
        error = np.abs(off[:, 0] * way_m[1] - off[:, 1] * way_m[0]) / np.hypot(*way_m)
        away = np.abs(share - position.t)
        for most in (self._error_m, _LOOSE * self._error_m):
            fine = np.flatnonzero(error <= most)
            if len(fine):
                return grid[fine[np.argmin(away[fine])]]
        return self.nodes[nearest]
