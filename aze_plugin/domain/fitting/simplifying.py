"""What is on no mapped edge with fewer vertices, as far as no more land of neighbours is taken by it."""

from __future__ import annotations

import numpy as np

from .. import geometry
from ..geometry import Geometry
from ..outline_edits import Span, area_between, extent_of, is_sound, kept_vertices, polygons, replaced, rings_of
from .bench import Bench
from .model import SIMPLIFIED, Change


def simplified(bench: Bench, shape: Geometry) -> Geometry:
    """A shape with fewer vertices where it is on no edge; changes are noted."""
    if not bench.rules.simplify_m:
        return shape
    rings = rings_of(shape)
    inside = bench.shared_m2(shape)
    spans = []
    for p, members in enumerate(rings):
        for r, ring in enumerate(members):
            spans += _simpler(bench, p, r, ring)
    done: list[Span] = []
    if spans:
        tried = polygons(replaced(rings, spans))
        if is_sound(tried) and bench.shared_m2(tried) <= inside + bench.rules.overlap_tolerance_m2 / 2:
            shape, done = tried, spans
        else:
            for span in spans:
                bench.progress.check()
                tried = polygons(replaced(rings, [*done, span]))
                common = bench.shared_m2(tried) if is_sound(tried) else np.inf
                if common <= inside + bench.rules.overlap_tolerance_m2 / 2:
                    shape = tried
                    done.append(span)
    for span in done:
        bench.changes.append(
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


def _simpler(bench: Bench, polygon: int, number: int, ring: np.ndarray) -> list[Span]:
    """Stretches of a ring between fixed vertices, each with fewer vertices (Douglas and Peucker 1973)."""
    on = bench.on_network(ring)
    fixed = on | np.roll(on, 1)
    # So does the vertex at which the outline comes to an edge, or it would come to run along it.
    fixed |= np.roll(fixed, 1) | np.roll(fixed, -1)
    count = len(ring)
    plane = bench.network.plane.from_metres(ring)
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
        kept = kept_vertices(plane[rows], bench.rules.simplify_m)
        if kept.all() or (len(anchors) == 2 and not fixed.any() and kept.sum() < 3 and count - between < 2):
            continue
        old, vertices = ring[rows], ring[rows[kept]]
        length = float(geometry.true_lengths(old[:-1], old[1:]).sum())
        spans.append(Span(polygon, number, float(start), float(start + between), vertices, old, "", length))
    return spans
