"""A boundary fitted from end to end, in passes until nothing changes any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import geometry
from ..candidate import ExistingSite
from ..edge_network import EdgeLayer, on_grid
from ..findings import warning
from ..geometry import Geometry
from ..outline_edits import extent_of, polygons, rings_of, same
from ..progress import Progress
from .bench import Bench
from .model import ROUNDED, Change, FitRules, Fitted
from .simplifying import simplified
from .snapping import snapped
from .strips import meeting_neighbours, tell_overlaps, tidied


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
    bench = Bench(boundary, layers, neighbours, rules, progress or Progress())
    shape = bench.gridded(bench.without_seam(bench.before))
    _note_rounding(bench, shape)
    limit = bench.rules.tolerance_m * bench.perimeter_m
    for number in range(bench.rules.most_passes):
        bench.progress.set(number / bench.rules.most_passes)
        changes = list(bench.changes)
        after = shape
        for step in (snapped, meeting_neighbours, tidied, simplified):
            after = step(bench, after)
        if same(after, shape):
            bench.changes = changes
            break
        if bench.moved_m2(after) > limit:
            bench.changes = changes
            bench.say("limit", warning("fitting.limit", limit_m2=limit))
            break
        shape = after
    else:
        bench.say("unsettled", warning("fitting.unsettled", count=bench.rules.most_passes))
    tell_overlaps(bench, shape)
    moved = bench.moved_m2(shape)
    result = shape
    if geometry.bounds(shape)[2] > geometry.HALF_WORLD:
        halves = rings_of(geometry.unturned(shape))
        result = geometry.polygonal(polygons([[on_grid(ring) for ring in rings] for rings in halves]))
    bench.progress.set(1)
    if not bench.changes:
        result = bench.given
    return Fitted(
        bench.given,
        result,
        tuple(bench.changes),
        tuple(bench.findings.values()),
        moved,
        bench.perimeter_m,
        bench.on_edges_share(shape),
    )


def _note_rounding(bench: Bench, shape: Geometry) -> None:
    old = np.concatenate([bench.ring_without_seam(r) for rings in rings_of(bench.before) for r in rings])
    off = np.abs(on_grid(old) - old).max(axis=1)
    if (off > 1e-6).any():
        bench.changes.append(Change(ROUNDED, "", 0.0, bench.moved_m2(shape), int((off > 1e-6).sum()), extent_of(old)))
