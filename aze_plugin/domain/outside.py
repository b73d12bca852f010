"""What of a taxon's world lies outside a boundary, part by part, and the smallest addition that takes a part in.

Parts are polygons: of the range what is left of it, of habitat rectangles found by halving, of records the cells of
2 × 2 km that hold some outside. A part is added along edges that exist where there are management units: the one, or
the few, that cover it with the least further land. Where these would take in far more than the part, or there are none,
the part itself is taken with room round it, drawn so roughly that it does not give the outline of a range map away.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from . import geometry
from .candidate import ExistingSite
from .criteria.irreplaceability import joined_range
from .criteria.shares import cells_of, leading, measure
from .edge_network import EdgeLayer
from .errors import AzeError
from .findings import Finding, info, warning
from .fitting import FitRules, fit
from .geometry import Geometry, LocalPlane
from .progress import Progress
from .sharing import clear_of
from .species import Evidence, HabitatEvidence

RANGE, HABITAT, RECORDS = BASES = "range_map", "habitat", "records"

# The parameter of the criteria that goes with each.
TOLD_BY = {RANGE: "range", HABITAT: "esh", RECORDS: "aoo"}

# A unit covers a part when this share of it lies in the unit; the rest is rounding along its edge.
_COVERED = 0.999
# Edges that are the same but for rounding are joined on a grid of so many metres.
_GRID_M = 0.01
# An overlap that is narrower on average comes of how an edge was drawn or stored.
_HAIR_M = 1.0
_CELL_M = 2000.0


@dataclass(frozen=True)
class OutsideRules:
    """See ``outside`` in ``resources/criteria/aze.json``.

    ``corridor_m``: how far a corridor may bridge, in true metres; ``corridor_width_m``: its width; ``buffer_m``: room
    round a part that is taken as it is; ``most_parts``: parts listed; ``most_cells``, ``least_cell_m``: how many
    rectangles of habitat, and how small; ``unit_factor``: how many times the land of the part with its room units may
    take; ``least_share``: of the taxon's world, below which a part is dust; ``sliver_share``: gaps that are filled.
    """

    corridor_m: float
    corridor_width_m: float
    buffer_m: float
    most_parts: int
    most_cells: int
    least_cell_m: float
    unit_factor: float
    least_share: float
    sliver_share: float

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> OutsideRules:
        """From the parsed rules file."""
        return cls(**rules["outside"], sliver_share=float(rules["discreteness"]["sliver_share"]))


@dataclass(frozen=True)
class Unit:
    """Land with edges that exist: its name, and its geometry in EPSG:6933, valid and polygonal."""

    name: str
    geometry: Geometry


@dataclass(frozen=True)
class Part:
    """A part of a taxon's world outside a boundary.

    ``geometry``: EPSG:6933; ``share``: of the world; ``area_m2``; ``distance_m``: from the boundary, true metres, 0
    where they touch; ``records``: how many lie there, 0 where it is not by records.
    """

    geometry: Geometry
    share: float
    area_m2: float
    distance_m: float
    extent: tuple[float, float, float, float]
    records: int = 0


@dataclass(frozen=True)
class Outside:
    """Parts outside a boundary, largest first, at most ``most_parts`` of ``count``; ``share``: of all of them."""

    basis: str
    segment: str
    parts: tuple[Part, ...]
    count: int
    share: float


@dataclass(frozen=True)
class Addition:
    """What is added to a boundary, and the boundary with it (both EPSG:6933).

    ``kind``: ``unit``, ``units`` or ``buffered``; ``corridor``: whether one joins the two; ``is_part``: it becomes
    a part of its own; ``findings``: what was done and why.
    """

    kind: str
    names: tuple[str, ...]
    added: Geometry
    geometry: Geometry
    corridor: bool
    is_part: bool
    findings: tuple[Finding, ...]


def bases(evidence: Evidence) -> list[str]:
    """By what the parts of a taxon's world can be told."""
    has = {
        RANGE: evidence.range is not None and bool(evidence.range.rows),
        HABITAT: any(h.total_m2 > 0 for h in evidence.habitats),
        RECORDS: evidence.records is not None and len(evidence.records.metres) > 0,
    }
    return [basis for basis in BASES if has[basis]]


def parts_outside(
    evidence: Evidence,
    boundary: Geometry,
    rules: OutsideRules,
    basis: str = "",
    segment: str = "",
    progress: Progress | None = None,
) -> Outside:
    """The parts of a taxon's world outside a boundary (EPSG:6933), by one of ``bases``, the first where none is given.

    ``evidence``: of the whole taxon. ``segment``: of range or habitat, the leading one where none is given. Raises
    AzeError ``outside.nothing_known`` where there is nothing to tell it by, ``outside.other_basis`` and
    ``outside.other_segment`` where there is, but not what was asked for.
    """
    progress = progress or Progress()
    known = bases(evidence)
    taxon = evidence.taxon.scientific_name
    if not known:
        raise AzeError("outside.nothing_known", taxon=taxon)
    basis = basis or known[0]
    if basis not in known:
        raise AzeError("outside.other_basis", taxon=taxon, parameter=TOLD_BY[basis])
    if basis == RECORDS:
        return _records_outside(evidence, boundary, rules)
    found = measure([evidence], boundary)
    shares = [s for s in (found[0].shares if found else ()) if s.basis == basis]
    if basis == RANGE:
        areas = evidence.range.segment_areas
        chosen = segment or (leading(shares).segment if shares else max(areas, key=lambda s: areas[s]))
        if not areas.get(chosen):
            raise AzeError("outside.other_segment", taxon=taxon, parameter=TOLD_BY[basis], segment=chosen)
        rest = geometry.outside(joined_range(evidence.range.rows, chosen), boundary)
        pieces = [(part, geometry.area(part)) for part in geometry.parts(rest)]
        total = areas[chosen]
    else:
        own = [h for h in evidence.habitats if h.total_m2 > 0]
        chosen = segment or (leading(shares).segment if shares else max(own, key=lambda h: h.total_m2).segment)
        habitat = next((h for h in own if h.segment == chosen), None)
        if habitat is None:
            raise AzeError("outside.other_segment", taxon=taxon, parameter=TOLD_BY[basis], segment=chosen)
        pieces, total = _habitat_outside(habitat, boundary, rules, progress), habitat.total_m2
    return _told(basis, chosen, pieces, total, boundary, rules)


def _told(
    basis: str,
    segment: str,
    pieces: Sequence[tuple[Geometry, float]],
    total: float,
    boundary: Geometry,
    rules: OutsideRules,
    records: Sequence[int] = (),
) -> Outside:
    kept = [
        (shape, value, records[n] if records else 0)
        for n, (shape, value) in enumerate(pieces)
        if value > rules.least_share * total
    ]
    kept.sort(key=lambda piece: -piece[1])
    parts = tuple(
        Part(
            shape,
            min(1.0, value / total),
            geometry.area(shape),
            distance_m(shape, boundary),
            tuple(geometry.extent_lonlat(shape)),
            number,
        )
        for shape, value, number in kept[: rules.most_parts]
    )
    return Outside(basis, segment, parts, len(kept), min(1.0, sum(value for _, value in pieces) / total))


def _records_outside(evidence: Evidence, boundary: Geometry, rules: OutsideRules) -> Outside:
    """By cells that hold no record inside: those are what the boundary lacks of the area of occupancy."""
    records = evidence.records
    within = geometry.points_inside(records.metres, boundary)
    held = {tuple(cell) for cell in cells_of(records.metres[within]).tolist()}
    without = np.flatnonzero(~within)
    cells = np.floor(records.metres / _CELL_M).astype(np.int64)
    by_cell: dict[tuple[int, int], list[int]] = {}
    for row in without:
        cell = tuple(cells[row].tolist())
        if cell not in held:
            by_cell.setdefault(cell, []).append(int(row))
    spots = {cell: _round(records.lonlat[rows], rules.buffer_m) for cell, rows in by_cell.items()}
    pieces, numbers = [], []
    # Cells side by side are one part.
    for members in _neighbouring(list(by_cell)):
        pieces.append((geometry.dissolve(spots[cell] for cell in members), float(len(members))))
        numbers.append(sum(len(by_cell[cell]) for cell in members))
    return _told(RECORDS, "all", pieces, float(records.cells), boundary, rules, numbers)


def _round(lonlat: np.ndarray, radius_m: float) -> Geometry:
    places = np.unique(np.round(lonlat, 5), axis=0)
    return geometry.dissolve(
        geometry.geodesic_circle(float(lon), float(lat), np.pi * radius_m**2, 32) for lon, lat in places
    )


def _neighbouring(cells: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    left, groups = set(cells), []
    for first in sorted(cells):
        if first not in left:
            continue
        left.discard(first)
        group, pending = [], [first]
        while pending:
            x, y = pending.pop()
            group.append((x, y))
            for other in [(x + a, y + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                if other in left:
                    left.discard(other)
                    pending.append(other)
        groups.append(sorted(group))
    return groups


def _habitat_outside(
    habitat: HabitatEvidence, boundary: Geometry, rules: OutsideRules, progress: Progress
) -> list[tuple[Geometry, float]]:
    """Rectangles with habitat outside, found by halving the largest again and again, joined where they touch."""
    half, top = geometry.HALF_WORLD, geometry.NORTH_POLE_M
    number = count()
    queue: list[tuple[float, int, tuple[float, float, float, float], float]] = []
    done: list[tuple[tuple[float, float, float, float], float]] = []

    def take(box: tuple[float, float, float, float]) -> None:
        held = _held(habitat, geometry.outside(geometry.box(*box), boundary))
        if held is None or held > 0:
            heapq.heappush(queue, (-max(box[2] - box[0], box[3] - box[1]), next(number), box, held or 0.0))

    for west in np.arange(-half, half - 1, half / 2):
        take((float(west), -top, float(west + half / 2), top))
    while queue and len(queue) + len(done) < rules.most_cells:
        progress.set((len(queue) + len(done)) / rules.most_cells)
        size, _, box, held = heapq.heappop(queue)
        west, south, east, north = box
        if -size <= rules.least_cell_m:
            done.append((box, held))
        elif east - west > north - south:
            take((west, south, (west + east) / 2, north))
            take(((west + east) / 2, south, east, north))
        else:
            take((west, south, east, (south + north) / 2))
            take((west, (south + north) / 2, east, north))
    done += [(box, held) for _, _, box, held in queue]
    if not done:
        return []
    rectangles = geometry.dissolve(geometry.box(*box) for box, _ in done)
    rest = geometry.outside(rectangles, boundary)
    parts = []
    for part in geometry.parts(rest):
        held = _held(habitat, part)
        if held:
            parts.append((part, held))
    return parts


def _held(habitat: HabitatEvidence, shape: Geometry) -> float | None:
    """Habitat in a shape; None where the raster's system has no image of the shape as a whole."""
    if geometry.is_empty(shape):
        return 0.0
    try:
        return habitat.inside_m2(shape)
    except AzeError:
        return None


# ------------------------------------------------------------------------------------------------------- distances


def distance_m(shape: Geometry, boundary: Geometry) -> float:
    """True metres between two polygonal geometries (EPSG:6933), 0 where they meet."""
    link = _link(shape, boundary)
    return 0.0 if link is None else float(np.hypot(*(link[1] - link[0])))


def _link(shape: Geometry, boundary: Geometry) -> tuple[np.ndarray, np.ndarray, LocalPlane] | None:
    """The shortest way from one to the other in a plane at the boundary, as two places; None where they meet."""
    plane = LocalPlane.at(boundary)
    best = None
    if geometry.area(geometry.overlap(shape, boundary)) > 0:
        return None
    one, other = plane.lay(shape, 1000.0), plane.lay(boundary, 1000.0)
    for near, far, turned in ((one, other, False), (other, one, True)):
        rings = geometry.rings(far)
        starts = np.concatenate([ring[:-1] for ring in rings])
        ends = np.concatenate([ring[1:] for ring in rings])
        index = geometry.SegmentIndex(starts, ends)
        places = np.concatenate([ring[:-1] for ring in geometry.rings(near)])
        asked, found = index.nearest(places, 2e7)
        way = ends[found] - starts[found]
        share = ((places[asked] - starts[found]) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-300)
        feet = starts[found] + np.clip(share, 0, 1)[:, None] * way
        away = np.hypot(*(feet - places[asked]).T)
        n = int(np.argmin(away))
        if best is None or away[n] < best[0]:
            pair = (feet[n], places[asked[n]]) if turned else (places[asked[n]], feet[n])
            best = (float(away[n]), *pair)
    if best[0] <= 10 * _GRID_M:
        return None
    return best[1], best[2], plane


# ------------------------------------------------------------------------------------------------------- including it


def include(
    part: Part,
    boundary: Geometry,
    units: Sequence[Unit],
    sites: Sequence[ExistingSite],
    rules: OutsideRules,
    progress: Progress | None = None,
    fitting: FitRules | None = None,
) -> Addition:
    """The smallest addition to a boundary (EPSG:6933) that takes a part in, without the land of existing sites.

    With ``fitting`` a part that is taken with room round it goes to the edges of units and of the boundary near by.
    Raises AzeError ``outside.no_place`` where the part lies in existing sites altogether.
    """
    progress = progress or Progress()
    room = rules.corridor_m + 2 * rules.buffer_m
    sites = _near(sites, [boundary, part.geometry, *(unit.geometry for unit in units)], room)
    apart = [site for site in sites if not _has_land_of(boundary, site.geometry)]
    taken = geometry.dissolve([site.geometry for site in apart])
    wanted = geometry.outside(part.geometry, boundary)
    needed = geometry.outside(wanted, taken)
    if geometry.is_empty(needed):
        raise AzeError("outside.no_place")
    findings = []
    for site in apart:
        common = geometry.area(geometry.overlap(wanted, site.geometry))
        if common > 0.1:
            findings.append(warning("outside.in_site", site=site.name, area_m2=common))
    progress.set(0.2)

    def free(shape: Geometry) -> Geometry:
        return geometry.outside(geometry.outside(shape, boundary), taken)

    roomy = _roomy(needed, rules.buffer_m)
    own = free(roomy)
    chosen = _covering(needed, units, free, progress.part(0.2, 0.7))
    kind, names, added = "buffered", (), own
    if chosen:
        built = geometry.joined([shape for _, shape in chosen], _GRID_M)
        if geometry.area(built) <= rules.unit_factor * geometry.area(own):
            names = tuple(unit.name for unit, _ in chosen)
            kind, added = ("unit" if len(chosen) == 1 else "units"), built
    if kind == "buffered":
        findings.append(info("outside.buffered", buffer_m=rules.buffer_m))
        fitted = _fitted(added, needed, boundary, units, rules, fitting, progress.part(0.7, 0.9)) if fitting else None
        if fitted is not None:
            added = free(fitted)
            findings.append(info("outside.fitted", tolerance_m=rules.buffer_m))
    else:
        findings.append(info(f"outside.{kind}", source=", ".join(names), count=len(names)))
    corridor = None
    link = _link(added, boundary)
    if link is not None:
        away = float(np.hypot(*(link[1] - link[0])))
        if away <= rules.corridor_m:
            corridor = geometry.outside(_corridor(*link, rules.corridor_width_m), taken)
            findings.append(info("outside.corridor", distance_m=away, width_m=rules.corridor_width_m))
        else:
            findings.append(warning("outside.second_part", distance_m=away, limit_m=rules.corridor_m))
    pieces = [boundary, added, *([corridor] if corridor is not None else [])]
    whole = geometry.dissolve(pieces)
    expected = len(geometry.parts(boundary)) + (link is not None and corridor is None) * len(geometry.parts(added))
    if len(geometry.parts(whole)) > expected:
        # Edges that were meant to be the same, but for rounding, leave a hair between them.
        whole = geometry.joined(pieces, _GRID_M)
    whole = geometry.tidied(whole, 0.0, rules.sliver_share * geometry.area(added), [s.geometry for s in sites])
    whole = clear_of(whole, [site.geometry for site in apart])
    progress.set(1)
    return Addition(
        kind,
        names,
        geometry.outside(whole, boundary),
        whole,
        corridor is not None,
        link is not None and corridor is None,
        tuple(findings),
    )


def _near(sites: Sequence[ExistingSite], shapes: Sequence[Geometry], room_m: float) -> list[ExistingSite]:
    """Sites that an addition made of shapes, and of what joins them, can come to touch."""
    here, there = np.empty(len(shapes), dtype=object), np.empty(len(sites), dtype=object)
    here[:], there[:] = shapes, [site.geometry for site in sites]
    # Eastings are stretched towards the poles, at 80° by five; rectangles may be too large, not too small.
    boxes = geometry.part_bounds(here) + 5 * room_m * np.array([-1.0, -1.0, 1.0, 1.0])
    met = geometry.BoundaryIndex(there).near(boxes)[1] if len(sites) else []
    return [sites[n] for n in np.unique(met).astype(int).tolist()]


def _has_land_of(boundary: Geometry, site: Geometry) -> bool:
    """Whether a boundary takes more of a site than a hair along an edge that the two share."""
    common = geometry.overlap(boundary, site)
    area = geometry.area(common)
    return area > 0 and 2 * area > _HAIR_M * geometry.perimeter_m(common)


def _fitted(
    added: Geometry,
    needed: Geometry,
    boundary: Geometry,
    units: Sequence[Unit],
    rules: OutsideRules,
    fitting: FitRules,
    progress: Progress,
) -> Geometry | None:
    """An addition laid on the edges of units near by; None where that would leave out some of what is needed."""
    edges = np.empty(len(units), dtype=object)
    edges[:] = [unit.geometry for unit in units]
    layers = [EdgeLayer("units", geometry.to_lonlat(edges))] if len(edges) else []
    own = fit(added, layers, [ExistingSite("", "", boundary)], fitting.with_choices(rules.buffer_m, 0.0), progress)
    held = geometry.area(geometry.overlap(needed, own.geometry))
    if not own.is_changed or held < _COVERED * geometry.area(needed):
        return None
    return own.geometry


def _roomy(shape: Geometry, room_m: float) -> Geometry:
    """A shape with room round it, drawn roughly: its outline lies between none and twice the room away."""
    plane = LocalPlane.at(shape)
    laid = geometry.buffered(plane.lay(shape, 5000.0), room_m)
    rough = geometry.simplified(laid, 0.6 * room_m)
    # What simplifying has cut off of the part comes back.
    return plane.lift(geometry.dissolve([rough, geometry.buffered(plane.lay(shape, 5000.0), 0.2 * room_m)]))


def _covering(needed: Geometry, units: Sequence[Unit], free, progress: Progress) -> list[tuple[Unit, Geometry]] | None:
    """The unit with the least further land that covers what is needed, else few units that do together, one by one
    that which brings the most for its land; None where all together do not."""
    box = geometry.bounds(needed)
    near = []
    for unit in units:
        own = geometry.bounds(unit.geometry)
        if own[0] <= box[2] and own[2] >= box[0] and own[1] <= box[3] and own[3] >= box[1]:
            near.append(unit)
    laid = []
    for n, unit in enumerate(near):
        progress.set(n / len(near))
        held = geometry.overlap(unit.geometry, needed)
        if geometry.area(held) > 0:
            laid.append((unit, free(unit.geometry)))
    wanted = geometry.area(needed)

    def covered(shape: Geometry) -> float:
        return geometry.area(geometry.overlap(needed, shape)) / wanted

    alone = [(unit, shape) for unit, shape in laid if covered(shape) >= _COVERED]
    if alone:
        return [min(alone, key=lambda item: (geometry.area(item[1]), item[0].name))]
    chosen: list[tuple[Unit, Geometry]] = []
    left = needed
    while geometry.area(left) > (1 - _COVERED) * wanted:
        progress.check()
        best = None
        for unit, shape in laid:
            brings = geometry.area(geometry.overlap(left, shape))
            rate = brings / max(geometry.area(shape), 1e-9)
            if brings > 0 and (best is None or rate > best[0]):
                best = (rate, unit, shape)
        if best is None:
            return None
        chosen.append((best[1], best[2]))
        left = geometry.outside(left, best[2])
        laid = [(unit, shape) for unit, shape in laid if unit is not best[1]]
    return chosen


def _corridor(one: np.ndarray, other: np.ndarray, plane: LocalPlane, width_m: float) -> Geometry:
    """A strip between two places of a plane, a little longer than the way so that it meets both sides."""
    way = (other - one) / np.hypot(*(other - one))
    side = np.array([-way[1], way[0]]) * width_m / 2
    start, end = one - way * width_m / 2, other + way * width_m / 2
    corners = np.array([start - side, end - side, end + side, start + side, start - side])
    zero = np.zeros(1, dtype=int)
    return plane.lift(geometry.polygons_of_rings(corners, np.zeros(len(corners), dtype=int), zero, zero, 1)[0])
