"""Stretches that run along mapped edges take the edges' own vertices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..edge_network import Position, on_grid
from ..findings import warning
from ..geometry import Geometry
from ..outline_edits import (
    RingLists,
    Span,
    area_between,
    extent_of,
    is_sound,
    polygons,
    replaced,
    rings_of,
    same_ring,
    vertices_between,
    without_doubles,
)
from .bench import Bench
from .matching import Samples, matched, sampled, subject_of, way_nodes
from .model import SNAPPED, Change


def snapped(bench: Bench, shape: Geometry) -> Geometry:
    """A shape with its stretches near the network laid on it; changes and refusals are noted."""
    if not len(bench.network):
        return shape
    rings = rings_of(shape)
    spans = []
    for p, members in enumerate(rings):
        for r, ring in enumerate(members):
            bench.progress.check()
            spans += _spans(bench, p, r, ring)
    spans = [span for span in spans if _acceptable(bench, span)]
    if not spans:
        return shape
    together = polygons(replaced(rings, spans))
    if is_sound(together):
        done = spans
    else:
        together, done = _one_by_one(bench, rings, spans, shape)
    for span in done:
        every = np.concatenate((span.old, span.vertices))
        bench.changes.append(
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


def _acceptable(bench: Bench, span: Span) -> bool:
    key = (round(span.start, 6), span.old.tobytes())
    fine = key not in bench.refused and area_between(span) <= bench.rules.tolerance_m * max(span.length_m, 1e-9)
    if not fine:
        _refuse(bench, span)
    return fine


def _refuse(bench: Bench, span: Span) -> None:
    bench.refused.add((round(span.start, 6), span.old.tobytes()))
    extent = extent_of(span.old)
    found = warning("fitting.stretch_left", source=span.subject, length_m=span.length_m, extent=list(extent))
    bench.say(extent, found)


def _one_by_one(bench: Bench, rings: RingLists, spans: Sequence[Span], shape: Geometry) -> tuple[Geometry, list[Span]]:
    """As many of the spans as go together, the longest first."""
    done: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.length_m, s.polygon, s.ring, s.start)):
        bench.progress.check()
        tried = polygons(replaced(rings, [*done, span]))
        if is_sound(tried):
            shape = tried
            done.append(span)
        else:
            _refuse(bench, span)
    return shape, done


def _spans(bench: Bench, polygon: int, number: int, ring: np.ndarray) -> list[Span]:
    """What is to take the place of stretches of one ring."""
    samples = sampled(bench, ring)
    count = len(samples.edge)
    # The way from each place to the next: on the network, near it at both ends, or neither.
    close = np.array([bool(found) for found in samples.near])
    near = close & np.roll(close, -1) & ~samples.on
    if not near.any():
        return []
    if near.all():
        return _whole(bench, polygon, number, samples)
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
        spans += _laid(bench, polygon, number, samples, run)
    return spans


def _whole(bench: Bench, polygon: int, number: int, samples: Samples) -> list[Span]:
    """A ring that runs near the network all round."""
    count = len(samples.edge)
    lengths, pairs = bench.network.lengths, bench.network.pairs

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
    chain, breaks = matched(bench, samples, run, {0: fixed, count: fixed})
    if breaks:
        # Begun anew where it changes over to another edge, as a stretch with two ends.
        start = breaks[0]
        return _laid(bench, polygon, number, samples, [run[(start + k) % count] for k in range(count)])
    nodes = way_nodes(bench, chain)
    if nodes is None or len(nodes) < 3:
        return []
    if nodes[0] == nodes[-1]:
        nodes = nodes[:-1]
    vertices = bench.network.nodes[nodes]
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
            subject_of(bench, chain),
            length,
            True,
        )
    ]


def _laid(bench: Bench, polygon: int, number: int, samples: Samples, run: list[int]) -> list[Span]:
    """One run of places near the network, laid on it in as many pieces as it takes."""
    count = len(samples.edge)
    held = {}
    before, after = (run[0] - 1) % count, run[-1]
    flanked = bool(samples.on[before]), bool(samples.on[after])
    for place, is_held in ((0, flanked[0]), (len(run) - 1, flanked[1])):
        if is_held:
            here = samples.metres[run[place]]
            under = sorted(bench.network.edges_under(here[None])[0])
            held[place] = [bench.network.position_of(here, seg) for seg in under]
    chain, breaks = matched(bench, samples, run, held)
    bounds = [0, *breaks, len(run)]
    spans = []
    for begin, end in zip(bounds[:-1], bounds[1:]):
        last = end - 1
        if last <= begin:
            continue
        ends = (flanked[0] and begin == 0, flanked[1] and last == len(run) - 1)
        free = 2 - sum(ends)
        length = float(samples.steps[run[begin:last]].sum())
        if length < free * bench.rules.least_stretch_factor / 2 * bench.rules.tolerance_m:
            continue
        broken = (begin > 0, end < len(run))
        span = _span(bench, polygon, number, samples, run[begin:end], chain[begin:end], ends, broken, length)
        if span is not None:
            spans.append(span)
    return spans


def _span(
    bench: Bench,
    polygon: int,
    number: int,
    samples: Samples,
    run: list[int],
    chain: list[Position],
    held: tuple[bool, bool],
    broken: tuple[bool, bool],
    length: float,
) -> Span | None:
    """What takes the place of one stretch that follows the network without a break.

    ``held``: at which ends the outline comes from an edge of the network already; ``broken``: at which it goes over to
    another one.
    """
    network, ring = bench.network, samples.ring
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
        hit = network.ray(along[2], towards, bench.rules.reach_factor * bench.rules.tolerance_m)
        if hit is not None and network.route(chain[side], hit, bench.limit_m) is not None:
            chain[side] = hit
        else:
            (head if side == 0 else tail).append(on_grid(samples.metres[n][None])[0])
    nodes = way_nodes(bench, chain)
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
    return Span(polygon, number, start, end, vertices, stretch, subject_of(bench, chain), length)
