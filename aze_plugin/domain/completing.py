"""What a site lacks to be completely protected, and what there is that could fill it.

The unprotected parts by size; counted areas along whose edge they lie; areas that are there but do not count; and
management units. Only figures: whether any of it can or should be protected is not known here. Geometry is EPSG:6933,
percentages are of the site. Limits and tolerances are data, in ``resources/criteria/completing.json``.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import geometry
from .coverage import COMPLETE, CoverRules, ProtectedArea, SiteCoverage
from .geometry import Geometry
from .progress import Progress

# A difference of percentages below this is rounding: so many decimals are kept of what the cover would be.
_ROUNDING, _DECIMALS = 1e-6, 6


@dataclass(frozen=True)
class Limits:
    """How much is listed, and what lies side by side.

    An area is a neighbour of a part if it runs along at least ``neighbour_edge_m`` of its outline, no farther than
    ``neighbour_within_m`` from it. Units that add less than ``unit_least_pct`` are left out. Points are looked for up
    to ``reach_degrees`` from the site.
    """

    most_parts: int
    most_units: int
    most_uncounted: int
    most_neighbours: int
    neighbour_within_m: float
    neighbour_edge_m: float
    unit_least_pct: float
    reach_degrees: float

    @classmethod
    def from_dict(cls, limits: Mapping[str, Any]) -> Limits:
        """Limits from the parsed file."""
        return cls(**{name: limits[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Aside:
    """A row that does not count, and why; ``shape``: None where only a point is known, without the size of the area.

    ``is_estimate``: the shape is a circle of the reported area round a point. ``place``: lon/lat of such a point.
    """

    area: ProtectedArea
    reason: str
    shape: Geometry | None
    is_estimate: bool = False
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class Surroundings:
    """What lies in and round a site: areas that count, rows that do not, management units by name."""

    counted: Sequence[tuple[ProtectedArea, Geometry]] = ()
    aside: Sequence[Aside] = ()
    units: Sequence[tuple[str, Geometry]] = ()


@dataclass(frozen=True)
class Neighbour:
    """A counted area along the edge of an unprotected part, and how many metres of that edge it takes up."""

    area: ProtectedArea
    edge_m: float


@dataclass(frozen=True)
class Part:
    """An unprotected part: percent of the site, what the cover would be with it and all larger ones, its place."""

    pct: float
    cumulative_pct: float
    extent: Sequence[float]
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Uncounted:
    """An area in the site that does not count, and by how many percentage points the cover would grow if it did.

    ``adds_pct`` is None where its size is not known; ``is_estimate`` where it is that of a circle round a point.
    """

    area: ProtectedArea
    reason: str
    adds_pct: float | None
    is_estimate: bool
    extent: Sequence[float]


@dataclass(frozen=True)
class UnitGain:
    """A management unit: by how much the cover would grow with it after those before it, and to what."""

    name: str
    adds_pct: float
    cumulative_pct: float
    extent: Sequence[float]


@dataclass(frozen=True)
class Completing:
    """What a site lacks to reach ``target_pct``.

    ``needed_pct``: percentage points, 0 where nothing is lacking. ``parts``: the largest of ``part_count`` unprotected
    ones; ``parts_needed``: how many of the largest reach the target, 0 where none is needed. ``uncounted_pct``: the
    cover if all uncounted areas whose shapes are known counted. ``units``: in the order in which each adds most;
    ``units_needed``: how many of them reach the target, None where all of them do not.
    """

    target_pct: float
    needed_pct: float
    parts: tuple[Part, ...] = ()
    part_count: int = 0
    parts_needed: int = 0
    uncounted: tuple[Uncounted, ...] = ()
    uncounted_count: int = 0
    uncounted_pct: float | None = None
    units: tuple[UnitGain, ...] = ()
    units_needed: int | None = None


@dataclass
class _Site:
    """A site with what the steps share."""

    shape: Geometry
    size: float
    both_pct: float
    target_pct: float
    is_complete: bool
    least_m2: float
    gap: Geometry | None

    def pct(self, shape: Geometry) -> float:
        return 100 * geometry.area(shape) / self.size

    def reached(self, pct: float) -> bool:
        return pct >= self.target_pct - _ROUNDING


def completing(
    cover: SiteCoverage, around: Surroundings, rules: CoverRules, limits: Limits, progress: Progress | None = None
) -> Completing | None:
    """What a site lacks; None where its cover could not be assessed. ``cover`` has to be one with gaps."""
    progress = progress or Progress()
    if cover.both_pct is None or cover.site.geometry is None:
        return None
    site = _Site(
        cover.site.geometry,
        cover.measured_m2 or geometry.area(cover.site.geometry),
        cover.both_pct,
        rules.complete_at_least_pct,
        cover.cover_class == COMPLETE,
        rules.overlap_tolerance_m2,
        cover.gap,
    )
    parts, count, needed = _parts(site, around.counted, limits, progress.part(0, 0.4))
    uncounted, together = _uncounted(site, around.aside, progress.part(0.4, 0.7))
    units, units_needed = _units(site, around.units, limits, progress.part(0.7, 1))
    return Completing(
        target_pct=site.target_pct,
        needed_pct=0.0 if site.is_complete else site.target_pct - site.both_pct,
        parts=parts,
        part_count=count,
        parts_needed=needed,
        uncounted=uncounted[: limits.most_uncounted],
        uncounted_count=len(uncounted),
        uncounted_pct=together,
        units=units,
        units_needed=units_needed,
    )


def _parts(
    site: _Site, counted: Sequence[tuple[ProtectedArea, Geometry]], limits: Limits, progress: Progress
) -> tuple[tuple[Part, ...], int, int]:
    """The largest unprotected parts, how many there are, and how many of the largest reach the target."""
    shapes = geometry.parts(site.gap) if site.gap is not None else []
    shapes = [shape for shape in shapes if geometry.area(shape) > site.least_m2]
    grown = site.both_pct + np.cumsum([site.pct(shape) for shape in shapes])
    needed = 0
    if not site.is_complete:
        # All parts together are the whole site, but for rounding and for slivers that are none.
        needed = min(len(shapes), int(np.searchsorted(grown, site.target_pct - _ROUNDING)) + 1)
    listed = shapes[: limits.most_parts]
    progress.check()
    merged = _merged(counted)
    edges = geometry.shared_edges_m(listed, [shape for _, shape in merged], limits.neighbour_within_m)
    parts = [
        Part(
            site.pct(shape),
            _cover(float(cumulative)),
            geometry.extent_lonlat(shape),
            _neighbours([area for area, _ in merged], along, limits),
        )
        for shape, cumulative, along in zip(listed, grown, edges)
    ]
    progress.set(1)
    return tuple(parts), len(shapes), needed


def _merged(counted: Sequence[tuple[ProtectedArea, Geometry]]) -> list[tuple[ProtectedArea, Geometry]]:
    """Rows of one area as one."""
    rows: dict[Hashable, list[tuple[ProtectedArea, Geometry]]] = {}
    for area, shape in counted:
        rows.setdefault(area.key, []).append((area, shape))
    return [(same[0][0], geometry.dissolve([shape for _, shape in same])) for same in rows.values()]


def _neighbours(areas: Sequence[ProtectedArea], edges_m: np.ndarray, limits: Limits) -> tuple[Neighbour, ...]:
    found = [Neighbour(area, float(edge)) for area, edge in zip(areas, edges_m) if edge >= limits.neighbour_edge_m]
    found.sort(key=lambda n: (-n.edge_m, n.area.area_id))
    return tuple(found[: limits.most_neighbours])


def _uncounted(site: _Site, aside: Sequence[Aside], progress: Progress) -> tuple[tuple[Uncounted, ...], float | None]:
    """The uncounted areas in the site, those that would add most first, and the cover with all of known shape."""
    rows: dict[Hashable, list[Aside]] = {}
    for one in aside:
        rows.setdefault((one.area.key, one.reason, one.shape is None), []).append(one)
    found, known = [], []
    for number, same in enumerate(rows.values()):
        progress.set(number / len(rows))
        first = same[0]
        if first.shape is None:
            places = [one.place for one in same if one.place is not None and _holds(site.shape, one.place)]
            if places:
                low, high = np.min(places, axis=0), np.max(places, axis=0)
                extent = [float(v) for v in (*low, *high)]
                found.append(Uncounted(first.area, first.reason, None, False, extent))
            continue
        shape = geometry.overlap(geometry.dissolve([one.shape for one in same]), site.shape)
        if geometry.area(shape) <= site.least_m2:
            continue
        new = geometry.overlap(shape, site.gap) if site.gap is not None else None
        adds = 0.0 if new is None else site.pct(new)
        is_estimate = any(one.is_estimate for one in same)
        if new is not None and not is_estimate and adds > 0:
            known.append(new)
        found.append(Uncounted(first.area, first.reason, adds, is_estimate, geometry.extent_lonlat(shape)))
    found.sort(key=lambda u: (u.adds_pct is None, -(u.adds_pct or 0.0), u.area.area_id))
    together = _cover(site.both_pct + site.pct(geometry.dissolve(known))) if known else None
    return tuple(found), together


def _cover(pct: float) -> float:
    """What the cover would be, without the rounding that sums of areas bring."""
    return min(100.0, round(pct, _DECIMALS))


def _holds(shape: Geometry, place: tuple[float, float]) -> bool:
    return bool(geometry.points_inside(geometry.project(np.array([place])), shape)[0])


def _units(
    site: _Site, units: Sequence[tuple[str, Geometry]], limits: Limits, progress: Progress
) -> tuple[tuple[UnitGain, ...], int | None]:
    """Units in the order in which each adds most to those before it, and how many of them reach the target.

    What a unit adds can only shrink as others are taken, so one that still adds as much as the next could is the best.
    """
    if site.gap is None or not units:
        return (), 0 if units and site.is_complete else None
    left = site.gap
    waiting: list[tuple[float, int, Geometry, int]] = []
    for number, (_, shape) in enumerate(units):
        progress.set(0.5 * number / len(units))
        inside = geometry.overlap(shape, left)
        adds = site.pct(inside)
        if adds >= limits.unit_least_pct:
            waiting.append((-adds, number, inside, 0))
    heapq.heapify(waiting)
    taken: list[UnitGain] = []
    cover, needed = site.both_pct, 0 if site.is_complete else None
    while waiting and len(taken) < limits.most_units and needed is None:
        progress.check()
        adds, number, inside, seen = heapq.heappop(waiting)
        if seen < len(taken):
            inside = geometry.overlap(inside, left)
            adds = -site.pct(inside)
            if -adds >= limits.unit_least_pct:
                heapq.heappush(waiting, (adds, number, inside, len(taken)))
            continue
        cover -= adds
        left = geometry.outside(left, inside)
        taken.append(UnitGain(units[number][0], -adds, _cover(cover), geometry.extent_lonlat(inside)))
        if site.reached(cover):
            needed = len(taken)
    return tuple(taken), needed
