"""Places along a ring matched with the network: the way along it that is as near and as unbroken as can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .. import geometry
from ..edge_network import Position
from .bench import Bench

# How many edges are weighed for each place, and what it costs to go over to another edge, in tolerances.
_CANDIDATES = 4
_BREAK_COST = 3.0
_DETOUR_COST = 0.5


@dataclass
class Samples:
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
        """Where a place is on its ring: edge number + share."""
        return float(self.edge[n] + self.t[n])


def sampled(bench: Bench, ring: np.ndarray) -> Samples:
    """Places along a ring, close to one another where it comes near the network."""
    following = np.roll(ring, -1, axis=0)
    on = bench.on_network(ring)
    lengths = geometry.true_lengths(ring, following)
    tolerance = bench.rules.tolerance_m
    # Long edges in pieces first, of which only those near the network are looked at closely.
    count = np.where(on, 1, np.maximum(1, np.ceil(lengths / max(1000.0, 2 * tolerance)))).astype(np.int64)
    edge = np.repeat(np.arange(len(ring)), count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    low, high = step / count[edge], (step + 1) / count[edge]
    way = following - ring
    begin, finish = ring[edge] + low[:, None] * way[edge], ring[edge] + high[:, None] * way[edge]
    near = bench.network.is_near(begin, finish, tolerance) & ~on[edge]
    fine = np.where(near, np.ceil(lengths[edge] * (high - low) / bench.spacing_m), 1).astype(np.int64)
    fine = np.maximum(1, fine)
    piece = np.repeat(np.arange(len(edge)), fine)
    part = (np.arange(len(piece)) - np.repeat(np.cumsum(fine) - fine, fine)) / fine[piece]
    t = low[piece] + part * (high - low)[piece]
    edge = edge[piece]
    metres = ring[edge] + t[:, None] * way[edge]
    samples = Samples(ring, edge, t, on[edge], metres, geometry.true_lengths(metres, np.roll(metres, -1, axis=0)))
    samples.near = bench.network.candidates(metres, tolerance, _CANDIDATES)
    return samples


def matched(
    bench: Bench, samples: Samples, run: list[int], held: Mapping[int, list[Position]]
) -> tuple[list[Position], list[int]]:
    """The position on the network of each place of a run, and before which of them there is no way along it."""
    tolerance, network = bench.rules.tolerance_m, bench.network
    options = [held.get(k) or samples.near[n] for k, n in enumerate(run)]
    costs = [position.away_m for position in options[0]]
    came: list[list[tuple[int, bool]]] = [[(-1, False)] * len(options[0])]
    for k in range(1, len(run)):
        if k % 256 == 0:
            bench.progress.check()
        step = float(samples.steps[run[k - 1]])
        cheapest = int(np.argmin(costs))
        fresh, origin = [], []
        for position in options[k]:
            best, source = costs[cheapest] + _BREAK_COST * tolerance, (cheapest, True)
            for m, earlier in enumerate(options[k - 1]):
                if costs[m] >= best:
                    continue
                way = network.route(earlier, position, bench.limit_m)
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


def way_nodes(bench: Bench, chain: Sequence[Position]) -> list[int] | None:
    """Vertices of the way along a chain of positions, without turning back anywhere; None where there is no way."""
    network = bench.network
    nodes: list[int] = []
    for one, other in zip(chain[:-1], chain[1:]):
        way = network.route(one, other, bench.limit_m)
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


def subject_of(bench: Bench, chain: Sequence[Position]) -> str:
    """The layer to whose edges most of a stretch is laid."""
    layers = bench.network.layer[[position.seg for position in chain]]
    return bench.network.layers[int(np.bincount(layers).argmax())]
