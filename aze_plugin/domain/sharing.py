"""Edges that a boundary shares with existing sites, shared to the last decimal.

Boundaries are stored with seven decimals of a degree, sites often come with more. A rounded corner lies up to 8 mm to
either side of the edge that it was taken from, which along some kilometres of edge comes to square metres of overlap.
So corners that are a site's own but for this rounding take its coordinates as they are, and corners that lie on an edge
of it but for the rounding are put on that edge.

Coordinates are EPSG:6933, in which edges are straight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import geometry
from .edge_network import keys, on_grid
from .geometry import Geometry
from .outline_edits import is_sound, polygons, rings_of, without_doubles

# As far as rounding moves a corner, in true metres, with a little room.
_ROUNDED_M = 0.012
# A corner this near to an edge is on it: no more than a tenth of a square metre lies between, in a kilometre.
_ON_EDGE_M = 2e-4
# What is nearer than this is the same place.
_SAME_M = 1e-6


class SharedEdges:
    """The edges of sites (polygons) near a shape, with all their decimals."""

    def __init__(self, shape: Geometry, sites: Sequence[Geometry]):
        west, south, east, north = geometry.bounds(shape)
        found, owner = [np.zeros((0, 2, 2))], [np.zeros(0, dtype=int)]
        for number, site in enumerate(sites):
            box = geometry.bounds(site)
            if box[0] > east + 1 or box[2] < west - 1 or box[1] > north + 1 or box[3] < south - 1:
                continue
            for ring in geometry.rings(site):
                edges = np.stack((ring[:-1], ring[1:]), axis=1)
                low, high = edges.min(axis=1), edges.max(axis=1)
                near = (low <= (east + 1, north + 1)).all(axis=1) & (high >= (west - 1, south - 1)).all(axis=1)
                found.append(edges[near])
                owner.append(np.full(int(near.sum()), number))
        edges, self._owner = np.concatenate(found), np.concatenate(owner)
        self._starts, self._ends = edges[:, 0], edges[:, 1]
        corners = edges.reshape(-1, 2)
        self._numbers, first = np.unique(_numbers(corners), return_index=True)
        self._corners, self._corner_owner = corners[first], np.repeat(self._owner, 2)[first]
        self._index = geometry.SegmentIndex(self._starts, self._ends)

    def __len__(self) -> int:
        return len(self._starts)

    def placed(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rounded places, put exactly where they were before if they are a site's; and whose each is, −1 for none."""
        out, owner = places.copy(), np.full(len(places), -1)
        if not len(self) or not len(places):
            return out, owner
        numbers = _numbers(places)
        at = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        corner = self._numbers[at] == numbers
        out[corner], owner[corner] = self._corners[at[corner]], self._corner_owner[at[corner]]
        rest = np.flatnonzero(~corner)
        # Eastings are stretched towards the poles: found with room, then measured on the ground.
        row, edge = self._index.all_within(places[rest], 10 * _ROUNDED_M)
        row = rest[row]
        start, way = self._starts[edge], self._ends[edge] - self._starts[edge]
        scale = _metres_of_a_unit(places[row])
        share = ((places[row] - start) * way * scale**2).sum(axis=1) / np.maximum(
            ((way * scale) ** 2).sum(axis=1), 1e-300
        )
        foot = start + np.clip(share, 0, 1)[:, None] * way
        away = np.hypot(*((places[row] - foot) * scale).T)
        for k in np.argsort(-away, kind="stable"):
            if away[k] <= _ROUNDED_M:
                owner[row[k]] = self._owner[edge[k]]
                out[row[k]] = foot[k] if away[k] > _ON_EDGE_M else places[row[k]]
        return out, owner


def gridded(shape: Geometry) -> Geometry:
    """A shape with its corners on the grid of seven decimals on which boundaries are stored."""
    for _ in range(4):
        moved = polygons([[without_doubles(on_grid(ring)) for ring in members] for members in rings_of(shape)])
        if is_sound(moved):
            return moved
        shape = geometry.polygonal(moved)
    return shape


def shared_exactly(shape: Geometry, sites: Sequence[Geometry]) -> tuple[Geometry, np.ndarray, np.ndarray]:
    """A shape whose corners are rounded, with those along the edges of sites exactly there.

    Also these corners as they are now, and which site each is of. What would not be sound stays as it was.
    """
    edges = SharedEdges(shape, sites)
    none = np.zeros((0, 2)), np.zeros(0, dtype=int)
    if not len(edges):
        return shape, *none
    rings = rings_of(shape)
    every = np.concatenate([ring for members in rings for ring in members])
    placed, owner = edges.placed(every)
    moved = np.abs(placed - every).max(axis=1) > _SAME_M
    if not moved.any():
        return shape, *none
    placed[~moved] = every[~moved]
    at, made = 0, []
    for members in rings:
        made.append([])
        for ring in members:
            made[-1].append(without_doubles(placed[at : at + len(ring)]))
            at += len(ring)
    after = polygons(made)
    if not is_sound(after):
        return shape, *none
    return after, placed[moved], owner[moved]


def clear_of(shape: Geometry, sites: Sequence[Geometry]) -> Geometry:
    """A shape without the land of sites, along their edges to the last decimal and elsewhere, where any is near, on the
    grid: so it still keeps off them when it is stored."""
    if not len(sites) or geometry.is_empty(shape):
        return shape
    west, south, east, north = geometry.bounds(shape)
    boxes = [geometry.bounds(site) for site in sites]
    met = [b[0] <= east + 1 and b[2] >= west - 1 and b[1] <= north + 1 and b[3] >= south - 1 for b in boxes]
    near = [site for site, is_met in zip(sites, met) if is_met]
    if not near:
        return shape
    taken = geometry.dissolve(near)
    laid, _, _ = shared_exactly(gridded(geometry.outside(shape, taken)), near)
    return geometry.outside(laid, taken)


def is_among(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which places are the same as any of others, as booleans."""
    if not len(places) or not len(others):
        return np.zeros(len(places), dtype=bool)
    index = geometry.SegmentIndex(others, others)
    found = np.zeros(len(places), dtype=bool)
    found[index.all_within(places, _SAME_M)[0]] = True
    return found


def corners_of(shape: Geometry) -> np.ndarray:
    """Corners of a polygonal shape, shape (n, 2)."""
    return np.concatenate([np.zeros((0, 2)), *(ring for members in rings_of(shape) for ring in members)])


def _numbers(metres: np.ndarray) -> np.ndarray:
    """Places as one whole number each, of 1e-7 degrees."""
    lon, lat = keys(metres).T
    return lon * 2**31 + lat


def _metres_of_a_unit(places: np.ndarray) -> np.ndarray:
    """True metres of one metre of EPSG:6933 to the east and to the north, shape (n, 2)."""
    return np.column_stack([geometry.true_lengths(places - half, places + half) for half in ((0.5, 0.0), (0.0, 0.5))])
