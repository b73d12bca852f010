"""Fit a boundary to mapped edges: stretches that run along one take its own vertices, the rest is left or simplified.

A stretch of the outline that runs within a tolerance of mapped edges is laid on them: place by place it is matched with
the edges near by, so that the whole way along them is as near and as unbroken as can be (Newson and Krumm 2009, Hidden
Markov map matching, with fixed costs in place of fitted ones), and then it takes all vertices of that way. Where a
stretch begins or ends, the outline goes over to the edge along its own line where that meets the edge near by, else by
the shortest way. Short stretches stay: those are mere crossings.

This is done until nothing changes any more, so a boundary that was fitted once is not changed by fitting it again.
Whatever would make rings cross, or move more area than the tolerance times the length of the stretch, is left out and
said. All coordinates end on the grid of 1e-7°, see ``edge_network``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import geometry
from .candidate import ExistingSite
from .edge_network import EdgeLayer, EdgeNetwork, Position, on_grid
from .errors import AzeError
from .findings import Finding, info, warning
from .geometry import Geometry
from .outline_edits import (
    RingLists,
    Span,
    area_between,
    array_of,
    extent_of,
    filled,
    holes,
    kept_vertices,
    polygons,
    replaced,
    rings_of,
    same,
    same_ring,
    vertices_between,
    without_doubles,
)
from .progress import Progress

SNAPPED, SIMPLIFIED, OVERLAP, GAP, SLIVER, HOLE, ROUNDED = KINDS = (
    "snapped",
    "simplified",
    "overlap_removed",
    "gap_filled",
    "sliver_removed",
    "hole_filled",
    "rounded",
)

# How many edges are weighed for each place, and what it costs to go over to another edge, in tolerances.
_CANDIDATES = 4
_BREAK_COST = 3.0
_DETOUR_COST = 0.5
# A vertex on 180° that is this near to the line between those beside it comes from splitting the shape there.
_SEAM_M = 0.05
# A long outline is looked at in this many places at most.
_MOST_SAMPLES = 200_000


@dataclass(frozen=True)
class FitRules:
    """What is changed and what is not; see ``fitting`` in ``resources/criteria/aze.json``.

    ``tolerance_m``: how far the outline may move, in true metres; ``simplify_m``: the same for simplifying what is not
    on a mapped edge, 0 for not at all; ``least_stretch_factor``: stretches with both ends free that are shorter than
    this many tolerances stay as they are; ``reach_factor``: how far, in tolerances, the outline is prolonged to meet
    an edge; ``junction_window_m``, ``junction_error_m``: see ``EdgeNetwork.junction``; ``sliver_share``: parts and
    holes below this share of the area go where they are narrow too; ``overlap_tolerance_m2``: what two sites may share.
    """

    tolerance_m: float
    simplify_m: float
    least_stretch_factor: float
    reach_factor: float
    junction_window_m: float
    junction_error_m: float
    sliver_share: float
    overlap_tolerance_m2: float
    most_passes: int

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> FitRules:
        """From the parsed rules file."""
        own = rules["fitting"]
        return cls(**{name: type_(own[name]) for name, type_ in _TYPES.items()})

    def with_choices(self, tolerance_m: float | None = None, simplify_m: float | None = None) -> FitRules:
        """The same with a user's choices. Raises AzeError ``fitting.tolerance`` where they cannot be."""
        chosen = replace(
            self,
            tolerance_m=self.tolerance_m if tolerance_m is None else float(tolerance_m),
            simplify_m=self.simplify_m if simplify_m is None else float(simplify_m),
        )
        if not 0 < chosen.tolerance_m < 1e5 or not 0 <= chosen.simplify_m <= chosen.tolerance_m:
            raise AzeError("fitting.tolerance", tolerance_m=chosen.tolerance_m, simplify_m=chosen.simplify_m)
        return chosen


_TYPES = {
    "tolerance_m": float,
    "simplify_m": float,
    "least_stretch_factor": float,
    "reach_factor": float,
    "junction_window_m": float,
    "junction_error_m": float,
    "sliver_share": float,
    "overlap_tolerance_m2": float,
    "most_passes": int,
}


@dataclass(frozen=True)
class Change:
    """One thing that fitting does. ``kind``: one of KINDS; ``subject``: the layer or site that it is about, if any.

    ``length_m``: of the outline concerned; ``area_m2``: that changes sides; ``vertices``: how many more (or fewer)
    there are; ``extent``: WGS 84 ``[xmin, ymin, xmax, ymax]``.
    """

    kind: str
    subject: str
    length_m: float
    area_m2: float
    vertices: int
    extent: tuple[float, float, float, float]

    def finding(self) -> Finding:
        """The change as a finding ``fitting.<kind>``."""
        return info(
            f"fitting.{self.kind}",
            source=self.subject,
            length_m=self.length_m,
            area_m2=self.area_m2,
            count=abs(self.vertices),
            extent=list(self.extent),
        )


@dataclass(frozen=True)
class Fitted:
    """A boundary (EPSG:6933) fitted. ``moved_m2``: area that changed sides in all; ``on_edges_share``: of its perimeter
    on mapped edges, vertex by vertex; ``findings``: what could not be done."""

    before: Geometry
    geometry: Geometry
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    moved_m2: float
    perimeter_m: float
    on_edges_share: float

    @property
    def is_changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.changes)


def fit(
    boundary: Geometry,
    layers: Sequence[EdgeLayer],
    neighbours: Sequence[ExistingSite],
    rules: FitRules,
    progress: Progress | None = None,
) -> Fitted:
    """Fit a boundary (EPSG:6933, valid and polygonal) to the edges of layers and to neighbouring sites.

    ``neighbours`` count as edges too; what the boundary and they overlap, or leave between them, in strips narrower
    than the tolerance goes. The result is valid and polygonal, and at most tolerance × perimeter changes sides.
    """
    return _Fitting(boundary, layers, neighbours, rules, progress or Progress()).run()


@dataclass
class _Samples:
    """Places along a ring: the edge of each and the share of it, in order; ``on``: whether the edge from this place to
    the next is on the network already."""

    ring: np.ndarray
    edge: np.ndarray
    t: np.ndarray
    on: np.ndarray
    metres: np.ndarray
    steps: np.ndarray
    near: list[list[Position]] = field(default_factory=list)

    def along(self, n: int) -> float:
        return float(self.edge[n] + self.t[n])


class _Fitting:
    def __init__(
        self,
        boundary: Geometry,
        layers: Sequence[EdgeLayer],
        neighbours: Sequence[ExistingSite],
        rules: FitRules,
        progress: Progress,
    ):
        self._rules, self._progress = rules, progress
        self._given = boundary
        self._before = geometry.seamless(boundary)
        near = [s for s in neighbours if s.geometry is not None and not geometry.is_empty(s.geometry)]
        edges = [EdgeLayer(site.name, geometry.to_lonlat(array_of([site.geometry]))) for site in near]
        reach = rules.tolerance_m * (rules.reach_factor + 1)
        self._network = EdgeNetwork(
            self._before, [*edges, *layers], reach, rules.junction_window_m, rules.junction_error_m
        )
        self._perimeter = geometry.perimeter_m(self._before)
        self._spacing = max(rules.tolerance_m / 4, self._perimeter / _MOST_SAMPLES)
        self._neighbours = [(site.name, shape) for site, shape in zip(near, self._beside(near))]
        self._changes: list[Change] = []
        self._findings: dict[tuple, Finding] = {}
        self._refused: set[tuple] = set()

    def _beside(self, sites: Sequence[ExistingSite]) -> list[Geometry]:
        """The neighbours on the grid, those near the boundary only, on its side of the world."""
        low, bottom, high, top = geometry.bounds(self._before)
        room = 4 * self._rules.tolerance_m + 1000
        out = []
        for site in sites:
            shape = site.geometry
            if geometry.bounds(self._before)[2] > geometry.HALF_WORLD:
                shape = geometry.turned(array_of([shape]))[0]
            box = geometry.bounds(shape)
            apart = box[0] > high + room or box[2] < low - room or box[1] > top + room or box[3] < bottom - room
            out.append(geometry.box(0, 0, 0, 0) if apart else self._gridded(shape))
        return out

    # --------------------------------------------------------------------------------------------------- the passes

    def run(self) -> Fitted:
        shape = self._gridded(self._without_seam(self._before))
        self._note_rounding(shape)
        limit = self._rules.tolerance_m * self._perimeter
        for number in range(self._rules.most_passes):
            self._progress.set(number / self._rules.most_passes)
            changes = list(self._changes)
            after = shape
            for step in (self._snap, self._meet_neighbours, self._tidy, self._simplify):
                after = step(after)
            if same(after, shape):
                self._changes = changes
                break
            if self._moved(after) > limit:
                self._changes = changes
                self._say("limit", warning("fitting.limit", limit_m2=limit))
                break
            shape = after
        else:
            self._say("unsettled", warning("fitting.unsettled", count=self._rules.most_passes))
        self._look_at_overlaps(shape)
        moved = self._moved(shape)
        result = shape
        if geometry.bounds(shape)[2] > geometry.HALF_WORLD:
            halves = rings_of(geometry.unturned(shape))
            result = geometry.polygonal(polygons([[on_grid(ring) for ring in rings] for rings in halves]))
        self._progress.set(1)
        if not self._changes:
            result = self._given
        return Fitted(
            self._given,
            result,
            tuple(self._changes),
            tuple(self._findings.values()),
            moved,
            self._perimeter,
            self._on_edges_share(shape),
        )

    def _moved(self, shape: Geometry) -> float:
        """Area on which two shapes differ."""
        before = self._before
        return geometry.area(geometry.outside(before, shape)) + geometry.area(geometry.outside(shape, before))

    def _say(self, key, finding: Finding) -> None:
        self._findings[(finding.code, key)] = finding

    def _gridded(self, shape: Geometry) -> Geometry:
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
        if len(odd) and len(self._network):
            for row, found in zip(odd, self._network.candidates(ring[odd], 1e-3, 1)):
                if found:
                    grid[row] = self._network.junction(found[0])
        return without_doubles(grid)

    def _without_seam(self, shape: Geometry) -> Geometry:
        """A shape without the vertices that it only has because it was split at 180°."""
        if geometry.bounds(shape)[2] <= geometry.HALF_WORLD:
            return shape
        return polygons([[self._ring_without_seam(ring) for ring in rings] for rings in rings_of(shape)])

    def _ring_without_seam(self, ring: np.ndarray) -> np.ndarray:
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        way, here = after - before, ring - before
        off = np.abs(way[:, 0] * here[:, 1] - way[:, 1] * here[:, 0]) / np.maximum(np.hypot(*way.T), 1e-9)
        seam = (np.abs(ring[:, 0] - geometry.HALF_WORLD) < 1e-3) & (off < _SEAM_M)
        seam &= np.array([not self._network.has_vertex(place) for place in ring], dtype=bool)
        return ring[~seam] if (~seam).sum() >= 3 else ring

    def _note_rounding(self, shape: Geometry) -> None:
        old = np.concatenate([self._ring_without_seam(r) for rings in rings_of(self._before) for r in rings])
        off = np.abs(on_grid(old) - old).max(axis=1)
        if (off > 1e-6).any():
            self._changes.append(Change(ROUNDED, "", 0.0, self._moved(shape), int((off > 1e-6).sum()), extent_of(old)))

    def _on_edges_share(self, shape: Geometry) -> float:
        total = on = 0.0
        for rings in rings_of(shape):
            for ring in rings:
                lengths = geometry.true_lengths(ring, np.roll(ring, -1, axis=0))
                total += float(lengths.sum())
                on += float(lengths[self._on_network(ring)].sum())
        return on / total if total else 0.0

    def _on_network(self, ring: np.ndarray) -> np.ndarray:
        """Which edges of a ring lie on an edge of the network, end to end."""
        under = self._network.edges_under(ring)
        return np.array([bool(one & other) for one, other in zip(under, under[1:] + under[:1])], dtype=bool)

    # ----------------------------------------------------------------------------------------------------- snapping

    def _snap(self, shape: Geometry) -> Geometry:
        if not len(self._network):
            return shape
        rings = rings_of(shape)
        spans = []
        for p, members in enumerate(rings):
            for r, ring in enumerate(members):
                self._progress.check()
                spans += self._spans(p, r, ring)
        spans = [span for span in spans if self._acceptable(span)]
        if not spans:
            return shape
        together = polygons(replaced(rings, spans))
        if self._sound(together, shape):
            done = spans
        else:
            together, done = self._one_by_one(rings, spans, shape)
        for span in done:
            every = np.concatenate((span.old, span.vertices))
            self._changes.append(
                Change(
                    SNAPPED,
                    span.subject,
                    span.length_m,
                    area_between(span),
                    len(span.vertices) - len(span.old),
                    extent_of(every),
                )
            )
        return together

    def _acceptable(self, span: Span) -> bool:
        key = (round(span.start, 6), span.old.tobytes())
        fine = key not in self._refused and area_between(span) <= self._rules.tolerance_m * max(span.length_m, 1e-9)
        if not fine:
            self._refuse(span)
        return fine

    def _refuse(self, span: Span) -> None:
        self._refused.add((round(span.start, 6), span.old.tobytes()))
        extent = extent_of(span.old)
        found = warning("fitting.stretch_left", source=span.subject, length_m=span.length_m, extent=list(extent))
        self._say(extent, found)

    @staticmethod
    def _sound(shape: Geometry, before: Geometry) -> bool:
        return bool(geometry.valid(array_of([shape]))[0]) and not geometry.is_empty(shape)

    def _one_by_one(self, rings: RingLists, spans: Sequence[Span], shape: Geometry) -> tuple[Geometry, list[Span]]:
        """As many of the spans as go together, the longest first."""
        done: list[Span] = []
        for span in sorted(spans, key=lambda s: (-s.length_m, s.polygon, s.ring, s.start)):
            self._progress.check()
            tried = polygons(replaced(rings, [*done, span]))
            if self._sound(tried, shape):
                shape = tried
                done.append(span)
            else:
                self._refuse(span)
        return shape, done

    def _spans(self, polygon: int, number: int, ring: np.ndarray) -> list[Span]:
        """What is to take the place of stretches of one ring."""
        samples = self._sampled(ring)
        count = len(samples.edge)
        # The way from each place to the next: on the network, near it at both ends, or neither.
        close = np.array([bool(found) for found in samples.near])
        near = close & np.roll(close, -1) & ~samples.on
        if not near.any():
            return []
        if near.all():
            return self._whole(polygon, number, samples)
        first = int(np.flatnonzero(~near)[0]) + 1
        order = (np.arange(count) + first) % count
        spans, n = [], 0
        while n < count:
            if not near[order[n]]:
                n += 1
                continue
            begin = n
            while n < count and near[order[n]]:
                n += 1
            run = [int((order[begin] + k) % count) for k in range(n - begin + 1)]
            spans += self._laid(polygon, number, samples, run)
        return spans

    def _sampled(self, ring: np.ndarray) -> _Samples:
        following = np.roll(ring, -1, axis=0)
        on = self._on_network(ring)
        lengths = geometry.true_lengths(ring, following)
        tolerance = self._rules.tolerance_m
        # Long edges in pieces first, of which only those near the network are looked at closely.
        count = np.where(on, 1, np.maximum(1, np.ceil(lengths / max(1000.0, 2 * tolerance)))).astype(np.int64)
        edge = np.repeat(np.arange(len(ring)), count)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
        low, high = step / count[edge], (step + 1) / count[edge]
        way = following - ring
        begin, finish = ring[edge] + low[:, None] * way[edge], ring[edge] + high[:, None] * way[edge]
        near = self._network.is_near(begin, finish, tolerance) & ~on[edge]
        fine = np.where(near, np.ceil(lengths[edge] * (high - low) / self._spacing), 1).astype(np.int64)
        fine = np.maximum(1, fine)
        piece = np.repeat(np.arange(len(edge)), fine)
        part = (np.arange(len(piece)) - np.repeat(np.cumsum(fine) - fine, fine)) / fine[piece]
        t = low[piece] + part * (high - low)[piece]
        edge = edge[piece]
        metres = ring[edge] + t[:, None] * way[edge]
        samples = _Samples(ring, edge, t, on[edge], metres, geometry.true_lengths(metres, np.roll(metres, -1, axis=0)))
        samples.near = self._network.candidates(metres, tolerance, _CANDIDATES)
        return samples

    def _whole(self, polygon: int, number: int, samples: _Samples) -> list[Span]:
        """A ring that runs near the network all round."""
        count = len(samples.edge)
        lengths, pairs = self._network.lengths, self._network.pairs

        def to_vertex(n: int) -> tuple[float, int]:
            here = samples.near[n][0]
            ends = ((here.t * lengths[here.seg], 0), ((1 - here.t) * lengths[here.seg], 1))
            away, end = min(ends)
            return away + here.away_m, int(pairs[here.seg][end])

        start = min(range(count), key=lambda n: to_vertex(n)[0])
        node = to_vertex(start)[1]
        run = [(start + k) % count for k in range(count + 1)]
        fixed = [
            Position(p.seg, float(pairs[p.seg][1] == node), p.away_m)
            for p in samples.near[start]
            if node in pairs[p.seg].tolist()
        ]
        chain, breaks = self._matched(samples, run, {0: fixed, count: fixed})
        if breaks:
            # Begun anew where it changes over to another edge, as a stretch with two ends.
            start = breaks[0]
            return self._laid(polygon, number, samples, [run[(start + k) % count] for k in range(count)])
        nodes = self._nodes(chain)
        if nodes is None or len(nodes) < 3:
            return []
        if nodes[0] == nodes[-1]:
            nodes = nodes[:-1]
        vertices = self._network.nodes[nodes]
        if len(nodes) < 3 or same_ring(vertices, samples.ring):
            return []
        length = float(samples.steps.sum())
        return [
            Span(
                polygon,
                number,
                0.0,
                float(len(samples.ring)),
                vertices,
                samples.ring,
                self._subject(chain),
                length,
                True,
            )
        ]

    def _laid(self, polygon: int, number: int, samples: _Samples, run: list[int]) -> list[Span]:
        """One run of places near the network, laid on it in as many pieces as it takes."""
        count = len(samples.edge)
        held = {}
        before, after = (run[0] - 1) % count, run[-1]
        flanked = bool(samples.on[before]), bool(samples.on[after])
        for place, is_held in ((0, flanked[0]), (len(run) - 1, flanked[1])):
            if is_held:
                here = samples.metres[run[place]]
                under = sorted(self._network.edges_under(here[None])[0])
                held[place] = [self._network.position_of(here, seg) for seg in under]
        chain, breaks = self._matched(samples, run, held)
        bounds = [0, *breaks, len(run)]
        spans = []
        for begin, end in zip(bounds[:-1], bounds[1:]):
            last = end - 1
            if last <= begin:
                continue
            ends = (flanked[0] and begin == 0, flanked[1] and last == len(run) - 1)
            free = 2 - sum(ends)
            length = float(samples.steps[run[begin:last]].sum())
            if length < free * self._rules.least_stretch_factor / 2 * self._rules.tolerance_m:
                continue
            broken = (begin > 0, end < len(run))
            span = self._span(polygon, number, samples, run[begin:end], chain[begin:end], ends, broken, length)
            if span is not None:
                spans.append(span)
        return spans

    def _span(
        self,
        polygon: int,
        number: int,
        samples: _Samples,
        run: list[int],
        chain: list[Position],
        held: tuple[bool, bool],
        broken: tuple[bool, bool],
        length: float,
    ) -> Span | None:
        network, ring = self._network, samples.ring
        chain = list(chain)
        head: list[np.ndarray] = []
        tail: list[np.ndarray] = []
        count = len(samples.edge)
        for side in (0, -1):
            n = run[side]
            if held[side]:
                (head if side == 0 else tail).append(samples.metres[n])
                continue
            if broken[side]:
                continue
            # The outline's own line there, prolonged into the stretch.
            edge = int(samples.edge[(n - 1) % count] if side == 0 else samples.edge[n])
            along = network.plane.from_metres(np.array([ring[edge], ring[(edge + 1) % len(ring)], samples.metres[n]]))
            towards = along[1] - along[0] if side == 0 else along[0] - along[1]
            hit = network.ray(along[2], towards, self._rules.reach_factor * self._rules.tolerance_m)
            if hit is not None and network.route(chain[side], hit, self._limit) is not None:
                chain[side] = hit
            else:
                (head if side == 0 else tail).append(on_grid(samples.metres[n][None])[0])
        nodes = self._nodes(chain)
        if nodes is None:
            return None
        places = [*head]
        if not held[0]:
            places.append(network.junction(chain[0]))
        places += [network.nodes[n] for n in nodes]
        if not held[1]:
            places.append(network.junction(chain[-1]))
        places += tail
        vertices = without_doubles(np.array(places), closed=False)
        start, end = samples.along(run[0]), samples.along(run[-1])
        old = vertices_between(ring, start, end)
        if len(vertices) == len(old) and (vertices == old).all():
            return None
        stretch = np.concatenate((samples.metres[run[:1]], old, samples.metres[run[-1:]]))
        return Span(polygon, number, start, end, vertices, stretch, self._subject(chain), length)

    @property
    def _limit(self) -> float:
        """How far two places of the outline that follow one another may lie apart along the edges."""
        return 3 * self._rules.tolerance_m + 2 * self._spacing

    def _matched(
        self, samples: _Samples, run: list[int], held: Mapping[int, list[Position]]
    ) -> tuple[list[Position], list[int]]:
        """The position on the network of each place of a run, and before which of them there is no way along it."""
        tolerance, network = self._rules.tolerance_m, self._network
        options = [held.get(k) or samples.near[n] for k, n in enumerate(run)]
        costs = [position.away_m for position in options[0]]
        came: list[list[tuple[int, bool]]] = [[(-1, False)] * len(options[0])]
        for k in range(1, len(run)):
            if k % 256 == 0:
                self._progress.check()
            step = float(samples.steps[run[k - 1]])
            cheapest = int(np.argmin(costs))
            fresh, origin = [], []
            for position in options[k]:
                best, source = costs[cheapest] + _BREAK_COST * tolerance, (cheapest, True)
                for m, earlier in enumerate(options[k - 1]):
                    if costs[m] >= best:
                        continue
                    way = network.route(earlier, position, self._limit)
                    if way is not None:
                        cost = costs[m] + _DETOUR_COST * abs(way[0] - step)
                        if cost < best:
                            best, source = cost, (m, False)
                fresh.append(best + step * position.away_m / tolerance)
                origin.append(source)
            costs = fresh
            came.append(origin)
        choice = int(np.argmin(costs))
        chain, breaks = [], []
        for k in range(len(run) - 1, -1, -1):
            chain.append(options[k][choice])
            choice, broken = came[k][choice]
            if broken:
                breaks.append(k)
        return chain[::-1], breaks[::-1]

    def _nodes(self, chain: Sequence[Position]) -> list[int] | None:
        """Vertices of the way along a chain of positions, without turning back anywhere; None where there is no way."""
        network = self._network
        nodes: list[int] = []
        for one, other in zip(chain[:-1], chain[1:]):
            way = network.route(one, other, self._limit)
            if way is None:
                return None
            for node in way[1]:
                if nodes and nodes[-1] == node:
                    continue
                if node in nodes and node != nodes[0]:
                    # There and back again, or round: what lies between goes.
                    del nodes[nodes.index(node) + 1 :]
                    continue
                nodes.append(node)
        first, last = (set(network.pairs[p.seg].tolist()) for p in (chain[0], chain[-1]))
        while len(nodes) > 1 and set(nodes[:2]) == first:
            nodes.pop(0)
        while len(nodes) > 1 and set(nodes[-2:]) == last:
            nodes.pop()
        if chain[0].seg == chain[-1].seg and len(nodes) == 1:
            # Out to the next vertex and back along one edge.
            nodes = []
        return nodes

    def _subject(self, chain: Sequence[Position]) -> str:
        """The layer to whose edges most of a stretch is laid."""
        layers = self._network.layer[[position.seg for position in chain]]
        return self._network.layers[int(np.bincount(layers).argmax())]

    # --------------------------------------------------------------------------------------------------- neighbours

    def _meet_neighbours(self, shape: Geometry) -> Geometry:
        """Without narrow strips that overlap neighbours or are left between the boundary and them."""
        for name, site in self._neighbours:
            if geometry.is_empty(site) or geometry.area(site) == 0:
                continue
            strips = [p for p in geometry.polygons_of(geometry.overlap(shape, site)) if self._goes(p)]
            if strips:
                shape = self._without(shape, geometry.dissolve(strips), OVERLAP, name)
            joint = geometry.dissolve([shape, site])
            own = geometry.dissolve([filled(shape)])
            theirs = filled(site)
            gaps = [
                hole
                for hole in holes(joint)
                if self._goes(hole)
                and geometry.area(geometry.overlap(hole, theirs)) < 0.5 * geometry.area(hole)
                and geometry.area(geometry.overlap(hole, own)) < 0.5 * geometry.area(hole)
            ]
            if gaps:
                taken = [geometry.overlap(gap, other) for gap in gaps for _, other in self._neighbours]
                gap = geometry.outside(geometry.dissolve(gaps), geometry.dissolve(taken))
                if geometry.is_empty(gap):
                    continue
                shape = self._with(shape, gap, GAP, name)
        return shape

    def _goes(self, strip: Geometry) -> bool:
        """Whether a strip is more than rounding and nowhere wider than the tolerance."""
        return geometry.area(strip) > self._rules.overlap_tolerance_m2 / 2 and self._narrow(strip)

    def _narrow(self, shape: Geometry) -> bool:
        laid = self._network.plane.lay(shape)
        return geometry.is_empty(geometry.buffered(laid, -self._rules.tolerance_m / 2))

    def _without(self, shape: Geometry, strip: Geometry, kind: str, subject: str) -> Geometry:
        after = self._gridded(geometry.outside(shape, strip))
        return self._taken(shape, after, strip, kind, subject)

    def _with(self, shape: Geometry, strip: Geometry, kind: str, subject: str) -> Geometry:
        after = self._gridded(geometry.dissolve([shape, strip]))
        return self._taken(shape, after, strip, kind, subject)

    def _taken(self, shape: Geometry, after: Geometry, strip: Geometry, kind: str, subject: str) -> Geometry:
        if geometry.is_empty(after) or same(after, shape):
            return shape
        self._changes.append(
            Change(
                kind,
                subject,
                geometry.perimeter_m(strip) / 2,
                geometry.area(strip),
                geometry.vertex_count(after) - geometry.vertex_count(shape),
                extent_of(np.concatenate(geometry.rings(strip))),
            )
        )
        return after

    def _look_at_overlaps(self, shape: Geometry) -> None:
        for name, site in self._neighbours:
            if geometry.area(site) == 0:
                continue
            common = geometry.overlap(shape, site)
            if geometry.area(common) > self._rules.overlap_tolerance_m2:
                extent = list(extent_of(np.concatenate(geometry.rings(common))))
                self._say(
                    name, warning("fitting.overlap_left", site=name, area_m2=geometry.area(common), extent=extent)
                )

    # ------------------------------------------------------------------------------------------------------ slivers

    def _tidy(self, shape: Geometry) -> Geometry:
        """Without parts and holes that are both tiny and narrow; a hole that holds a neighbour stays."""
        total = geometry.area(shape)
        least = self._rules.sliver_share * total
        members = geometry.polygons_of(shape)
        if len(members) > 1:
            for part in members:
                if geometry.area(part) < least and self._narrow(part):
                    shape = self._without(shape, part, SLIVER, "")
        for hole in holes(shape):
            taken = sum(geometry.area(geometry.overlap(hole, site)) for _, site in self._neighbours)
            if geometry.area(hole) < least and self._narrow(hole) and taken == 0:
                shape = self._with(shape, hole, HOLE, "")
        return shape

    # --------------------------------------------------------------------------------------------------- simplifying

    def _simplify(self, shape: Geometry) -> Geometry:
        if not self._rules.simplify_m:
            return shape
        rings = rings_of(shape)
        inside = self._shared_m2(shape)
        spans = []
        for p, members in enumerate(rings):
            for r, ring in enumerate(members):
                spans += self._simpler(p, r, ring)
        done: list[Span] = []
        if spans:
            tried = polygons(replaced(rings, spans))
            if self._sound(tried, shape) and self._shared_m2(tried) <= inside + self._rules.overlap_tolerance_m2 / 2:
                shape, done = tried, spans
            else:
                for span in spans:
                    self._progress.check()
                    tried = polygons(replaced(rings, [*done, span]))
                    common = self._shared_m2(tried) if self._sound(tried, shape) else np.inf
                    if common <= inside + self._rules.overlap_tolerance_m2 / 2:
                        shape = tried
                        done.append(span)
        for span in done:
            self._changes.append(
                Change(
                    SIMPLIFIED,
                    "",
                    span.length_m,
                    area_between(span),
                    len(span.vertices) - len(span.old),
                    extent_of(span.old),
                )
            )
        return shape

    def _shared_m2(self, shape: Geometry) -> float:
        return sum(geometry.area(geometry.overlap(shape, site)) for _, site in self._neighbours)

    def _simpler(self, polygon: int, number: int, ring: np.ndarray) -> list[Span]:
        """Stretches of a ring between fixed vertices, each with fewer vertices (Douglas and Peucker 1973)."""
        on = self._on_network(ring)
        fixed = on | np.roll(on, 1)
        # So does the vertex at which the outline comes to an edge, or it would come to run along it.
        fixed |= np.roll(fixed, 1) | np.roll(fixed, -1)
        count = len(ring)
        plane = self._network.plane.from_metres(ring)
        anchors = np.flatnonzero(fixed)
        if not len(anchors):
            # The same two vertices every time: the lowest of all, and the one farthest from it.
            first = int(np.lexsort(ring.T)[0])
            far = int(np.argmax(np.hypot(*(plane - plane[first]).T)))
            anchors = np.array(sorted({first, far}))
        spans = []
        for start, end in zip(anchors, np.roll(anchors, -1)):
            between = (int(end) - int(start)) % count or count
            if between < 2 or (between == 1 and on[start]):
                continue
            rows = (int(start) + np.arange(between + 1)) % count
            kept = kept_vertices(plane[rows], self._rules.simplify_m)
            if kept.all() or (len(anchors) == 2 and not fixed.any() and kept.sum() < 3 and count - between < 2):
                continue
            old, vertices = ring[rows], ring[rows[kept]]
            length = float(geometry.true_lengths(old[:-1], old[1:]).sum())
            spans.append(Span(polygon, number, float(start), float(start + between), vertices, old, "", length))
        return spans
