"""What fitting one boundary works with: the network of edges, the neighbours, and what was done and said so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import geometry
from ..candidate import ExistingSite
from ..edge_network import EdgeLayer, EdgeNetwork, on_grid
from ..findings import Finding
from ..geometry import Geometry
from ..outline_edits import array_of, polygons, rings_of, without_doubles
from ..progress import Progress
from .model import Change, FitRules

# A vertex on 180° that is this near to the line between those beside it comes from splitting the shape there.
_SEAM_M = 0.05
# A long outline is looked at in this many places at most.
_MOST_SAMPLES = 200_000


class Bench:
    """One boundary (EPSG:6933) on its way to the edges.

    ``before``: as it was given, in one piece across 180°; ``network``: mapped edges and those of neighbours;
    ``spacing_m``: between the places of an outline that are matched; ``limit_m``: how far two such places that follow
    one another may lie apart along the edges; ``sites``: neighbours as they are, and ``neighbours``: name and shape on
    the grid of each; ``changes``: done so far; ``refused``: stretches that were tried in vain.
    """

    def __init__(
        self,
        boundary: Geometry,
        layers: Sequence[EdgeLayer],
        neighbours: Sequence[ExistingSite],
        rules: FitRules,
        progress: Progress,
    ):
        self.rules, self.progress = rules, progress
        self.given = boundary
        self.before = geometry.seamless(boundary)
        near = [s for s in neighbours if s.geometry is not None and not geometry.is_empty(s.geometry)]
        edges = [EdgeLayer(site.name, geometry.to_lonlat(array_of([site.geometry]))) for site in near]
        reach = rules.tolerance_m * (rules.reach_factor + 1)
        self.network = EdgeNetwork(
            self.before, [*edges, *layers], reach, rules.junction_window_m, rules.junction_error_m
        )
        self.perimeter_m = geometry.perimeter_m(self.before)
        self.spacing_m = max(rules.tolerance_m / 4, self.perimeter_m / _MOST_SAMPLES)
        self.limit_m = 3 * rules.tolerance_m + 2 * self.spacing_m
        self.sites = self._beside(near)
        self.neighbours = [(site.name, self.gridded(shape)) for site, shape in zip(near, self.sites)]
        self.changes: list[Change] = []
        self.findings: dict[tuple, Finding] = {}
        self.refused: set[tuple] = set()

    def _beside(self, sites: Sequence[ExistingSite]) -> list[Geometry]:
        """The neighbours, those near the boundary only, on its side of the world."""
        low, bottom, high, top = geometry.bounds(self.before)
        room = 4 * self.rules.tolerance_m + 1000
        out = []
        for site in sites:
            shape = site.geometry
            if geometry.bounds(self.before)[2] > geometry.HALF_WORLD:
                shape = geometry.turned(array_of([shape]))[0]
            box = geometry.bounds(shape)
            apart = box[0] > high + room or box[2] < low - room or box[1] > top + room or box[3] < bottom - room
            out.append(geometry.box(0, 0, 0, 0) if apart else shape)
        return out

    def say(self, key, finding: Finding) -> None:
        """Keep a finding, the last of its code and key."""
        self.findings[(finding.code, key)] = finding

    def gridded(self, shape: Geometry) -> Geometry:
        """A shape with all vertices on the grid; those that lie on an edge of the network stay on it."""
        for _ in range(4):
            moved = polygons([[self._ring_on_grid(ring) for ring in rings] for rings in rings_of(shape)])
            if geometry.valid(array_of([moved]))[0]:
                return moved
            shape = geometry.polygonal(moved)
        return shape

    def _ring_on_grid(self, ring: np.ndarray) -> np.ndarray:
        grid = on_grid(ring)
        odd = np.flatnonzero(np.abs(grid - ring).max(axis=1) > 1e-6)
        if len(odd) and len(self.network):
            for row, found in zip(odd, self.network.candidates(ring[odd], 1e-3, 1)):
                if found:
                    grid[row] = self.network.junction(found[0])
        return without_doubles(grid)

    def without_seam(self, shape: Geometry) -> Geometry:
        """A shape without the vertices that it only has because it was split at 180°."""
        if geometry.bounds(shape)[2] <= geometry.HALF_WORLD:
            return shape
        return polygons([[self.ring_without_seam(ring) for ring in rings] for rings in rings_of(shape)])

    def ring_without_seam(self, ring: np.ndarray) -> np.ndarray:
        """The same for one ring."""
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        way, here = after - before, ring - before
        off = np.abs(way[:, 0] * here[:, 1] - way[:, 1] * here[:, 0]) / np.maximum(np.hypot(*way.T), 1e-9)
        seam = (np.abs(ring[:, 0] - geometry.HALF_WORLD) < 1e-3) & (off < _SEAM_M)
        seam &= np.array([not self.network.has_vertex(place) for place in ring], dtype=bool)
        return ring[~seam] if (~seam).sum() >= 3 else ring

    def on_network(self, ring: np.ndarray) -> np.ndarray:
        """Which edges of a ring lie on an edge of the network, end to end."""
        under = self.network.edges_under(ring)
        return np.array([bool(one & other) for one, other in zip(under, under[1:] + under[:1])], dtype=bool)

    def on_edges_share(self, shape: Geometry) -> float:
        """Share of the outline that lies on the network."""
        total = on = 0.0
        for rings in rings_of(shape):
            for ring in rings:
                lengths = geometry.true_lengths(ring, np.roll(ring, -1, axis=0))
                total += float(lengths.sum())
                on += float(lengths[self.on_network(ring)].sum())
        return on / total if total else 0.0

    def moved_m2(self, shape: Geometry) -> float:
        """Area on which a shape differs from the boundary as it was."""
        before = self.before
        return geometry.area(geometry.outside(before, shape)) + geometry.area(geometry.outside(shape, before))

    def is_narrow(self, shape: Geometry) -> bool:
        """Whether a shape is nowhere wider than the tolerance."""
        laid = self.network.plane.lay(shape)
        return geometry.is_empty(geometry.buffered(laid, -self.rules.tolerance_m / 2))

    def shared_m2(self, shape: Geometry) -> float:
        """Area that a shape has in common with neighbours."""
        return sum(geometry.area(geometry.overlap(shape, site)) for _, site in self.neighbours)
