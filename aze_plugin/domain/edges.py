"""How much of a boundary runs along edges that are mapped: coasts, rivers, ridges, protected areas, borders.

A place on the boundary counts where some place of a mapped edge within the tolerance is nearest to it: the edge is laid
down on the boundary. An edge that runs along the boundary so covers it from end to end, wiggles and offset aside, and
one that merely crosses it covers next to nothing, whatever the tolerance. Lengths are true metres at any latitude
(``geometry.LocalPlane``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import geometry
from .geometry import Geometry

# Edges are looked at this often within the tolerance, and never so seldom that a bend of the projection shows.
_STEPS_PER_TOLERANCE = 8
_LONGEST_M = 1000.0


@dataclass(frozen=True)
class EdgeRules:
    """``tolerance_m``: how far a mapped edge may lie from the boundary; see ``resources/criteria/aze.json``."""

    tolerance_m: float

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> EdgeRules:
        """From the parsed rules file."""
        return cls(tolerance_m=float(rules["discreteness"]["edges"]["tolerance_m"]))


@dataclass(frozen=True)
class MappedEdges:
    """Share of a boundary's perimeter on mapped edges: of all layers together, and ``(name, share)`` of each."""

    tolerance_m: float
    perimeter_m: float
    share: float
    layers: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, Any]:
        """The member ``edges`` of the criterion's evidence."""
        return {
            "tolerance_m": self.tolerance_m,
            "perimeter_m": self.perimeter_m,
            "share": self.share,
            "layers": [{"name": name, "share": share} for name, share in self.layers],
        }


class EdgeMeter:
    """Lays mapped edges on one boundary (EPSG:6933), in as many pieces as they come."""

    def __init__(self, boundary: Geometry, tolerance_m: float):
        self.tolerance_m = tolerance_m
        self._plane = geometry.LocalPlane.at(boundary)
        rings = geometry.rings(self._plane.lay(boundary, _LONGEST_M))
        self._starts = np.concatenate([ring[:-1] for ring in rings])
        self._ends = np.concatenate([ring[1:] for ring in rings])
        self._ring = np.repeat(np.arange(len(rings)), [len(ring) - 1 for ring in rings])
        self._lengths = np.hypot(*(self._ends - self._starts).T)
        # How far along all rings, laid end to end, each piece begins; and where each ring begins and ends.
        self._along = np.concatenate(([0.0], np.cumsum(self._lengths)))
        last = np.cumsum([len(ring) - 1 for ring in rings])
        self._ring_ends = self._along[last]
        self._ring_starts = np.concatenate(([0.0], self._ring_ends[:-1]))
        self._outline = geometry.SegmentIndex(self._starts, self._ends)
        self._box = self._reach()
        self._near: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}

    @property
    def perimeter_m(self) -> float:
        """Length of all rings, holes included, in metres."""
        return float(self._along[-1])

    @property
    def extents(self) -> list[list[float]]:
        """``[west, south, east, north]`` in degrees of what may matter: one, or two where it crosses 180°."""
        corners = geometry.unproject(self._box.reshape(2, 2))
        (west, south), (east, north) = corners
        west = (west + 180) % 360 - 180
        east = west + min(360.0, corners[1, 0] - corners[0, 0])
        if east <= 180:
            return [[west, south, east, north]]
        return [[west, south, 180.0, north], [-180.0, south, east - 360, north]]

    def add(self, layer: str, lonlat: np.ndarray | None = None) -> None:
        """Take in geometries (WGS 84 degrees) of a layer: lines as they are, polygons by their outlines.

        Without any, the layer counts as one that was looked at.
        """
        near = self._near.setdefault(layer, [])
        if lonlat is None:
            return
        coordinates, owner = geometry.paths(lonlat)
        if len(coordinates) < 2:
            return
        # Longitudes are brought to the boundary's side of the world, so that nothing leaps at 180°.
        turned = coordinates.copy()
        turned[:, 0] = self._plane.lon + (coordinates[:, 0] - self._plane.lon + 180) % 360 - 180
        metres = geometry.project(turned)
        follows = owner[:-1] == owner[1:]
        # What was split at 180° has edges there that are on no ground.
        seam = np.abs(np.abs(coordinates[:, 0]) - 180) < 1e-9
        follows &= ~(seam[:-1] & seam[1:])
        # Nor is what a turn of the longitudes has torn apart, on the other side of the world.
        follows &= np.abs(np.diff(metres[:, 0])) < geometry.HALF_WORLD
        starts, ends = _clipped(metres[:-1][follows], metres[1:][follows], self._box)
        starts, ends = _divided(starts, ends, _LONGEST_M)
        starts, ends = self._plane.from_metres(starts), self._plane.from_metres(ends)
        meeting = self._outline.meet(starts, ends, self.tolerance_m)
        if meeting.any():
            near.append((starts[meeting], ends[meeting]))

    def result(self) -> MappedEdges:
        """What all layers taken in come to. A layer without any edge near the boundary has a share of 0."""
        layers, stretches = [], []
        for name, pieces in self._near.items():
            own = self._stretches(pieces)
            layers.append((name, _length(own) / self.perimeter_m))
            stretches.append(own)
        joint = _length(np.concatenate(stretches)) if stretches else 0.0
        return MappedEdges(self.tolerance_m, self.perimeter_m, joint / self.perimeter_m, tuple(layers))

    def _stretches(self, pieces: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """Stretches of the outline, as (from, to) along it, onto which the edges of one layer fall."""
        if not pieces:
            return np.empty((0, 2))
        starts, ends = (np.concatenate(side) for side in zip(*pieces))
        fine = _divided(starts, ends, self.tolerance_m / _STEPS_PER_TOLERANCE)
        points = np.unique(np.concatenate(fine), axis=0)
        asked, found = self._outline.nearest(points, self.tolerance_m)
        if not len(found):
            return np.empty((0, 2))
        way = self._ends[found] - self._starts[found]
        part = ((points[asked] - self._starts[found]) * way).sum(axis=1) / np.maximum(self._lengths[found] ** 2, 1e-300)
        feet = self._along[found] + np.clip(part, 0, 1) * self._lengths[found]
        ring = self._ring[found]
        order = np.lexsort((feet, ring))
        feet, ring = feet[order], ring[order]
        # From each foot to the next one round the ring, over its beginning from the last to the first.
        first = np.concatenate(([True], ring[1:] != ring[:-1]))
        last = np.concatenate((first[1:], [True]))
        following = np.roll(feet, -1)
        following[last] = feet[first] + (self._ring_ends - self._ring_starts)[ring[last]]
        gap = following - feet
        edges = geometry.SegmentIndex(starts, ends)
        # Corners and wiggles leave gaps between feet: those are filled where the edge is near all the way.
        filled = gap <= 2 * self.tolerance_m
        wide = np.flatnonzero(filled & (gap > self.tolerance_m / 2))
        middles = self._places((feet[wide] + following[wide]) / 2, ring[wide])
        close = np.zeros(len(wide), dtype=bool)
        close[edges.nearest(middles, self.tolerance_m)[0]] = True
        filled[wide] &= close
        found = np.column_stack((feet, following))[filled]
        # What runs over a ring's beginning goes on from there.
        end = self._ring_ends[ring[filled]]
        over = found[:, 1] > end
        rest = np.column_stack((self._ring_starts[ring[filled]], found[:, 1] - end + self._ring_starts[ring[filled]]))
        return np.concatenate((np.column_stack((found[:, 0], np.minimum(found[:, 1], end))), rest[over]))

    def _places(self, along: np.ndarray, ring: np.ndarray) -> np.ndarray:
        """Places at these distances along the outline, which may run over the end of their ring."""
        size = self._ring_ends - self._ring_starts
        along = self._ring_starts[ring] + (along - self._ring_starts[ring]) % size[ring]
        piece = np.clip(np.searchsorted(self._along, along, side="right") - 1, 0, len(self._lengths) - 1)
        part = (along - self._along[piece]) / np.maximum(self._lengths[piece], 1e-300)
        return self._starts[piece] + part[:, None] * (self._ends[piece] - self._starts[piece])

    def _reach(self) -> np.ndarray:
        """xmin, ymin, xmax, ymax in EPSG:6933 round everything within the tolerance, and a little more."""
        margin = 2 * self.tolerance_m
        low, high = self._starts.min(axis=0) - margin, self._starts.max(axis=0) + margin
        line = np.linspace(0, 1, 33)[:, None]
        corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
        rim = np.concatenate([a + line * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0))])
        metres = self._plane.to_metres(rim)
        return np.concatenate((metres.min(axis=0), metres.max(axis=0)))


def _clipped(starts: np.ndarray, ends: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Straight pieces cut to a rectangle; those that miss it are left out (Liang and Barsky's method)."""
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    meeting = ((low <= box[2:]) & (high >= box[:2])).all(axis=1)
    starts, ends = starts[meeting], ends[meeting]
    way = ends - starts
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (box[:2] - starts) / way, (box[2:] - starts) / way
    level = way == 0
    enter = np.where(level, 0.0, np.minimum(one, other)).max(axis=1, initial=0.0)
    leave = np.where(level, 1.0, np.maximum(one, other)).min(axis=1, initial=1.0)
    enter, leave = np.maximum(enter, 0.0), np.minimum(leave, 1.0)
    kept = enter <= leave
    starts, ends, way, enter, leave = starts[kept], ends[kept], way[kept], enter[kept, None], leave[kept, None]
    # Ends that lie inside stay as they are, to the last digit.
    return np.where(enter > 0, starts + enter * way, starts), np.where(leave < 1, starts + leave * way, ends)


def _divided(starts: np.ndarray, ends: np.ndarray, longest: float) -> tuple[np.ndarray, np.ndarray]:
    """Straight pieces cut into equal ones no longer than ``longest``."""
    way = ends - starts
    count = np.maximum(1, np.ceil(np.hypot(*way.T) / longest)).astype(np.int64)
    which = np.repeat(np.arange(len(starts)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    part = (step / count[which])[:, None], ((step + 1) / count[which])[:, None]
    begin = starts[which] + part[0] * way[which]
    finish = np.where(part[1] == 1, ends[which], starts[which] + part[1] * way[which])
    return begin, finish


def _length(stretches: np.ndarray) -> float:
    """Length of the union of stretches, each (from, to)."""
    if not len(stretches):
        return 0.0
    stretches = stretches[np.argsort(stretches[:, 0])]
    reached = np.maximum.accumulate(stretches[:, 1])
    before = np.concatenate(([-np.inf], reached[:-1]))
    return float(np.maximum(0.0, stretches[:, 1] - np.maximum(stretches[:, 0], before)).sum())
