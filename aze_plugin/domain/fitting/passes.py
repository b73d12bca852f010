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
from ..sharing import SharedEdges, corners_of, is_among, shared_exactly
from .bench import Bench
from .model import ROUNDED, SHARED, Change, FitRules, Fitted
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
    result = shape
    if geometry.bounds(shape)[2] > geometry.HALF_WORLD:
        halves = rings_of(geometry.unturned(shape))
        result = geometry.polygonal(polygons([[on_grid(ring) for ring in rings] for rings in halves]))
    result = _with_sites(bench, result, neighbours)
    bench.progress.set(1)
    if not bench.changes:
        result = bench.given
    tell_overlaps(bench, result, neighbours)
    return Fitted(
        bench.given,
        result,
        tuple(bench.changes),
        tuple(bench.findings.values()),
        _difference_m2(bench.given, result) if bench.changes else 0.0,
        bench.perimeter_m,
        bench.on_edges_share(shape),
    )


def _difference_m2(one: Geometry, other: Geometry) -> float:
    return geometry.area(geometry.outside(one, other)) + geometry.area(geometry.outside(other, one))


def _with_sites(bench: Bench, shape: Geometry, neighbours: Sequence[ExistingSite]) -> Geometry:
    """A shape on the grid, with its corners along sites of finer coordinates exactly there."""
    sites = [s for s in neighbours if s.geometry is not None and not geometry.is_empty(s.geometry)]
    after, corners, owner = shared_exactly(shape, [site.geometry for site in sites])
    new = ~is_among(corners, corners_of(bench.given))
    for number in np.unique(owner[new]).tolist():
        own = corners[new & (owner == number)]
        bench.changes.append(Change(SHARED, sites[number].name, 0.0, 0.0, len(own), extent_of(own)))
    return after


def _note_rounding(bench: Bench, shape: Geometry) -> None:
    old = np.concatenate([bench.ring_without_seam(r) for rings in rings_of(bench.before) for r in rings])
    grid = on_grid(old)
    odd = np.abs(grid - old).max(axis=1) > 1e-6
    if odd.any():
        # Those that are exactly a site's will be so again.
        placed, _ = SharedEdges(bench.before, bench.sites).placed(grid)
        odd &= np.abs(placed - old).max(axis=1) > 1e-6
    if odd.any():
        bench.changes.append(Change(ROUNDED, "", 0.0, bench.moved_m2(shape), int(odd.sum()), extent_of(old)))
