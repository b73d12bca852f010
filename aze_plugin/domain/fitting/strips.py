"""Narrow strips: overlaps with neighbours and gaps to them, and slivers and holes of the boundary's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import geometry
from ..candidate import ExistingSite
from ..findings import warning
from ..geometry import Geometry
from ..outline_edits import extent_of, filled, holes, same
from .bench import Bench
from .model import GAP, HOLE, OVERLAP, SLIVER, Change


def meeting_neighbours(bench: Bench, shape: Geometry) -> Geometry:
    """Without narrow strips that overlap neighbours or are left between the boundary and them."""
    for name, site in bench.neighbours:
        if geometry.is_empty(site) or geometry.area(site) == 0:
            continue
        strips = [p for p in geometry.polygons_of(geometry.overlap(shape, site)) if _goes(bench, p)]
        if strips:
            shape = _without(bench, shape, geometry.dissolve(strips), OVERLAP, name)
        joint = geometry.dissolve([shape, site])
        own = geometry.dissolve([filled(shape)])
        theirs = filled(site)
        gaps = [
            hole
            for hole in holes(joint)
            if _goes(bench, hole)
            and geometry.area(geometry.overlap(hole, theirs)) < 0.5 * geometry.area(hole)
            and geometry.area(geometry.overlap(hole, own)) < 0.5 * geometry.area(hole)
        ]
        if gaps:
            taken = [geometry.overlap(gap, other) for gap in gaps for _, other in bench.neighbours]
            gap = geometry.outside(geometry.dissolve(gaps), geometry.dissolve(taken))
            if geometry.is_empty(gap):
                continue
            shape = _with(bench, shape, gap, GAP, name)
    return shape


def _goes(bench: Bench, strip: Geometry) -> bool:
    """Whether a strip is more than rounding and nowhere wider than the tolerance."""
    return geometry.area(strip) > bench.rules.overlap_tolerance_m2 / 2 and bench.is_narrow(strip)


def tidied(bench: Bench, shape: Geometry) -> Geometry:
    """Without parts and holes that are both tiny and narrow; a hole that holds a neighbour stays."""
    total = geometry.area(shape)
    least = bench.rules.sliver_share * total
    members = geometry.polygons_of(shape)
    if len(members) > 1:
        for part in members:
            if geometry.area(part) < least and bench.is_narrow(part):
                shape = _without(bench, shape, part, SLIVER, "")
    for hole in holes(shape):
        taken = sum(geometry.area(geometry.overlap(hole, site)) for _, site in bench.neighbours)
        if geometry.area(hole) < least and bench.is_narrow(hole) and taken == 0:
            shape = _with(bench, shape, hole, HOLE, "")
    return shape


def _without(bench: Bench, shape: Geometry, strip: Geometry, kind: str, subject: str) -> Geometry:
    after = bench.gridded(geometry.outside(shape, strip))
    return _taken(bench, shape, after, strip, kind, subject)


def _with(bench: Bench, shape: Geometry, strip: Geometry, kind: str, subject: str) -> Geometry:
    after = bench.gridded(geometry.dissolve([shape, strip]))
    return _taken(bench, shape, after, strip, kind, subject)


def _taken(bench: Bench, shape: Geometry, after: Geometry, strip: Geometry, kind: str, subject: str) -> Geometry:
    if geometry.is_empty(after) or same(after, shape):
        return shape
    bench.changes.append(
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


def tell_overlaps(bench: Bench, shape: Geometry, neighbours: Sequence[ExistingSite]) -> None:
    """Say which neighbours the finished shape overlaps still."""
    for site in neighbours:
        if site.geometry is None or geometry.is_empty(site.geometry):
            continue
        common = geometry.overlap(shape, site.geometry)
        area = geometry.area(common)
        if area > bench.rules.overlap_tolerance_m2:
            extent = list(extent_of(np.concatenate(geometry.rings(common))))
            bench.say(site.name, warning("fitting.overlap_left", site=site.name, area_m2=area, extent=extent))
