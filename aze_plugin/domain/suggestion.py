"""Proposals for a boundary: units put together so that a taxon passes the threshold on as little land as can be.

What is measured of the taxon's world decides (cells with records, area of habitat, range): an estimate does not move
with a boundary. Land in existing sites is not to be had. Where units leave parts of the world uncovered, hexagons may
fill in. Units and hexagons are laid over one another, so that land and cells count once (``arrange``); which of them to
take is for ``domain.selection``; the shapes that come of it are tidied and measured again, by the criteria's own rule.

Trade-offs, in this order: ``least_area`` (the least area, within ``tolerance_share`` the shortest outline),
``simplest`` (the shortest outline), ``fewest`` (the fewest units), ``protected`` (the least unprotected land),
``one_part``, and then ``other`` ones that use other units. All but the first may take more area, by the shares of the
rules (``resources/criteria/suggestion.json``). One that is as good as an earlier one is not told twice.

Geometry is EPSG:6933; lengths are metres on the ellipsoid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import geometry
from .candidate import ExistingSite
from .criteria import endangerment
from .criteria.irreplaceability import joined_range, passes
from .criteria.settings import Settings
from .criteria.shares import CELL_M, LOCALITY_DECIMALS, Share, measure
from .errors import AzeError
from .findings import Finding, info, warning
from .geometry import Geometry
from .progress import Progress
from .selection import EXACT_UNITS, Exact, Greedy, Objective, Problem, components, lower_bound
from .species import PARAMETERS, SEGMENTS, Evidence

# What can be measured anywhere; individuals are only ever estimated.
MEASURED = tuple(parameter for parameter in PARAMETERS if parameter != "mature_individuals")

LEAST_AREA, SIMPLEST, FEWEST, PROTECTED, ONE_PART, OTHER = TRADE_OFFS = (
    "least_area",
    "simplest",
    "fewest",
    "protected",
    "one_part",
    "other",
)

# How often in a row other land may turn out to be much the same before no more is looked for.
_IN_VAIN = 3


@dataclass(frozen=True)
class Rules:
    """How proposals are made; see ``resources/criteria/suggestion.json``. Shares are 0 to 1 and above.

    ``tolerance_share``: how much more than the least area the first proposal may take for a shorter outline;
    ``wide_share``: the same for the simplest and the most protected, ``widest_share`` for all others. ``part_weight``:
    what a part beyond the first weighs, in circumferences of a circle of the least area. ``margin_share``: by how much
    the threshold is passed at least, so that writing the shape to a file does not undo it. ``least_difference_share``:
    how much of the land of two proposals together belongs to one of them only, at least; ``other_difference_share``:
    the same for those that are there to use other land. ``least_gain_share``: by how much a trade-off has to be better
    than the first proposal at what it is for. ``least_value_share``: units
    that hold less of the world hold nothing. ``repetition_weight``: how much dearer land gets for further proposals by
    each earlier one that uses it. ``protected_weight``: what protected land costs beside unprotected, where that is to
    be small. ``hole_share``: holes smaller than this share of a proposal are filled. ``grid_m``: how finely vertices
    are told apart. ``overlap_tolerance_m2``: overlaps of two units that do not count. ``noded_vertices``: up to so many
    all outlines are laid over one another, above only those of units that overlap. ``connecting_units``: how many units
    that hold nothing, the nearest ones, are looked at to join parts. ``cells_wanted``: hexagons that the world should
    make where no size is given, ``most_cells`` how many at most; ``record_cell_km2``: their least size where records
    count; ``few_records``: with fewer of them a warning is given. ``least_cell_share``: of the cells that it holds, a
    proposal should take up this share of land.
    """

    alternatives: int
    tolerance_share: float
    part_weight: float
    wide_share: float
    widest_share: float
    margin_share: float
    least_difference_share: float
    other_difference_share: float
    least_gain_share: float
    least_value_share: float
    repetition_weight: float
    protected_weight: float
    hole_share: float
    grid_m: float
    overlap_tolerance_m2: float
    noded_vertices: int
    connecting_units: int
    cells_wanted: int
    most_cells: int
    record_cell_km2: float
    few_records: int
    least_cell_share: float

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> Rules:
        """Rules from the parsed file."""
        return cls(**{name: rules[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Unit:
    """Something to build from: its name, and its geometry in EPSG:6933, valid and polygonal."""

    name: str
    geometry: Geometry


@dataclass(frozen=True)
class Request:
    """What is asked for.

    ``parameter``: one of MEASURED, ``""`` for the first in the criteria's order of which there is data; ``segment``:
    one of SEGMENTS, ``""`` for the one whose world is smallest among those that can be reached. ``fill``: hexagons
    where units leave parts of the world uncovered; ``cell_km2``: their size, 0 for one that fits the world.
    """

    parameter: str = ""
    segment: str = ""
    fill: bool = True
    cell_km2: float = 0.0
    alternatives: int = 5


@dataclass(frozen=True)
class Proposal:
    """One proposed boundary.

    ``trade_off``: one of TRADE_OFFS; ``also``: others that would have come to the same. ``geometry``: EPSG:6933.
    ``units``: names of the units used, and ``cells`` the number of hexagons. ``perimeter_m``: true metres;
    ``compactness``: 4π × area ÷ perimeter², 1 for a circle. ``protected_share``: None where protected areas are not
    known. ``exact``: it is the best of all sets of the units by its own trade-off; ``bound``: its area is at most this
    many times the least area that could do.
    """

    trade_off: str
    also: tuple[str, ...]
    share: Share
    geometry: Geometry
    units: tuple[str, ...]
    cells: int
    perimeter_m: float
    compactness: float
    parts: int
    protected_share: float | None
    exact: bool
    bound: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Suggestion:
    """All proposals for one taxon, the best first, and what has to be said of the whole.

    ``reachable_share``: what all units and hexagons together hold. ``considered``: units that hold anything;
    ``cell_km2``: size of the hexagons, 0 without any.
    """

    evidence: Evidence
    parameter: str
    segment: str
    reachable_share: float
    proposals: tuple[Proposal, ...]
    findings: tuple[Finding, ...]
    considered: int = 0
    cells: int = 0
    cell_km2: float = 0.0


# --------------------------------------------------------------------------------------------------- a taxon's world


class _World:
    """What counts of a taxon by one parameter and one segment: how much there is, and what of it lies where."""

    def __init__(self, parameter: str, segment: str, total: float):
        self.parameter, self.segment, self.total = parameter, segment, total
        self._turn = False

    def boxes(self) -> np.ndarray:
        """Rectangles that hold it, shape (n, 4)."""
        raise NotImplementedError

    def turn(self) -> None:
        """Go over to coordinates in which 180° is no seam."""
        self._turn = True

    def held(self, shapes: np.ndarray, progress: Progress) -> np.ndarray:
        """What each shape holds, shape (n,): of an area m², of records their number."""
        raise NotImplementedError

    def contents(self, shapes: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (shape, item), shape (n, 2), and the weights of all items. The shapes do not overlap."""
        held = self.held(shapes, progress)
        used = np.flatnonzero(held > 0)
        return np.column_stack((used, used)), held

    def target(self, settings: Settings, rules: Rules) -> float:
        """How much has to be held; more than the total where the threshold cannot be passed at all."""
        return (settings.threshold + max(rules.margin_share, 2 * settings.equal_within)) * self.total

    def rest(self, shapes: np.ndarray, size_m2: float, progress: Progress) -> np.ndarray:
        """Where what no shape holds lies: polygons or points."""
        raise NotImplementedError

    @property
    def extent_m2(self) -> float:
        """How much land it is, about."""
        return self.total

    def cell_m2(self, rules: Rules) -> float:
        """Size of hexagons that fits it: 1, 2 or 5 times a power of ten."""
        return _rounded(self.total / rules.cells_wanted)


class _Range(_World):
    """The range of a segment."""

    def __init__(self, evidence: Evidence, segment: str):
        super().__init__("range", segment, evidence.range.segment_areas[segment])
        self._tiles = geometry.tiles(joined_range(evidence.range.rows, segment))
        self._index = geometry.BoundaryIndex(self._tiles)

    def boxes(self) -> np.ndarray:
        return geometry.bounds_all(self._tiles)

    def turn(self) -> None:
        self._tiles = geometry.turned(self._tiles)
        self._index = geometry.BoundaryIndex(self._tiles)

    def held(self, shapes: np.ndarray, progress: Progress) -> np.ndarray:
        return _shared(shapes, self._index, progress)

    def rest(self, shapes: np.ndarray, size_m2: float, progress: Progress) -> np.ndarray:
        left = geometry.cut_away(self._tiles, shapes, progress.check)
        sizes = geometry.areas(left)
        return left[sizes > 1e-9 * self.total / max(1, len(left))]


class _Records(_World):
    """Cells of 2 × 2 km with records, or distinct places: sets, of which each member counts once."""

    def __init__(self, evidence: Evidence, parameter: str):
        records = evidence.records
        if parameter == "aoo":
            keys, total = np.floor(records.metres / CELL_M), records.cells
        else:
            keys, total = np.round(records.lonlat * 10**LOCALITY_DECIMALS), records.localities
        super().__init__(parameter, "all", total)
        self._metres, self._cells = records.metres, records.cells
        _, self._items = np.unique(keys.astype(np.int64), axis=0, return_inverse=True)

    def boxes(self) -> np.ndarray:
        return np.hstack((self._metres, self._metres))

    def turn(self) -> None:
        self._metres = self._metres + (self._metres[:, :1] < 0) * (2 * geometry.HALF_WORLD, 0.0)

    def held(self, shapes: np.ndarray, progress: Progress) -> np.ndarray:
        _, found = geometry.holding(shapes, self._metres)
        return np.bincount(found, minlength=len(shapes)).astype(float)

    def contents(self, shapes: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        rows, found = geometry.holding(shapes, self._metres)
        pairs = np.column_stack((found, self._items[rows]))
        return np.unique(pairs, axis=0), np.ones(int(self._items.max(initial=-1)) + 1)

    def target(self, settings: Settings, rules: Rules) -> float:
        least = max(0, math.floor(settings.threshold * self.total) - 1)
        while least <= self.total and not passes(least / self.total, settings.aze_operator, settings):
            least += 1
        return float(least)

    def rest(self, shapes: np.ndarray, size_m2: float, progress: Progress) -> np.ndarray:
        rows, _ = geometry.holding(shapes, self._metres)
        return geometry.points(np.delete(self._metres, np.unique(rows), axis=0))

    @property
    def extent_m2(self) -> float:
        return CELL_M**2 * self._cells

    def cell_m2(self, rules: Rules) -> float:
        return _rounded(max(rules.record_cell_km2 * 1e6, self.extent_m2 / rules.cells_wanted))


class _Habitat(_World):
    """Area of habitat of a segment. Only what lies inside a shape can be asked of it."""

    def __init__(self, evidence: Evidence, segment: str):
        own = next(h for h in evidence.habitats if h.segment == segment)
        super().__init__("esh", segment, own.total_m2)
        self._inside = own.inside_m2
        self._found: dict[int, list[Geometry]] = {}
        self._known: dict[int, tuple[Geometry, float]] = {}

    def _of(self, shape: Geometry) -> float:
        return self._inside(geometry.unturned(shape) if self._turn else shape)

    def held(self, shapes: np.ndarray, progress: Progress) -> np.ndarray:
        near, _ = geometry.BoundaryIndex(self._where(self._coarse, progress)).near(geometry.bounds_all(shapes))
        out = np.zeros(len(shapes))
        for n, row in enumerate(np.unique(near).tolist()):
            if n % 16 == 0:
                progress.check()
            shape = shapes[row]
            # Units that overlap no other are asked for again as they are: what each holds is dear to find out.
            if id(shape) not in self._known:
                self._known[id(shape)] = shape, self._of(shape)
            out[row] = self._known[id(shape)][1]
        return out

    @property
    def _coarse(self) -> float:
        return math.sqrt(self.total) / 4

    def boxes(self) -> np.ndarray:
        return geometry.bounds_all(np.array(self._where(self._coarse, Progress()), dtype=object))

    def _where(self, size: float, progress: Progress) -> list[Geometry]:
        """Rectangles with habitat, found by halving the world until they are about ``size`` metres wide."""
        level = max(0, math.ceil(math.log2(2 * geometry.HALF_WORLD / max(size, 1.0))))
        if level not in self._found:
            top = geometry.NORTH_POLE_M
            half = geometry.HALF_WORLD
            pending = [(x, -top, x + half / 4, top, 3) for x in np.arange(-half, half - 1, half / 4)]
            found = []
            while pending:
                progress.check()
                west, south, east, north, depth = pending.pop()
                box = geometry.box(west, south, east, north)
                try:
                    has = self._inside(box) > 0
                except AzeError:
                    # A rectangle of which the raster's system has no image: its quarters may have one.
                    has = depth < level
                if has and depth < level:
                    x, y = (west + east) / 2, (south + north) / 2
                    pending += [
                        (a, b, c, d, depth + 1) for a, c in ((west, x), (x, east)) for b, d in ((south, y), (y, north))
                    ]
                elif has:
                    found.append(box)
            self._found[level] = found
        boxes = np.empty(len(self._found[level]), dtype=object)
        boxes[:] = self._found[level]
        return list(geometry.turned(boxes)) if self._turn else list(boxes)

    def rest(self, shapes: np.ndarray, size_m2: float, progress: Progress) -> np.ndarray:
        where = self._where(math.sqrt(size_m2), progress)
        boxes = np.empty(len(where), dtype=object)
        boxes[:] = where
        left = geometry.cut_away(boxes, shapes, progress.check)
        left = left[geometry.areas(left) > 0]
        return left[self.held(left, progress) > 0]


def _worlds(evidence: Evidence, request: Request) -> Iterator[_World]:
    """The worlds that may be asked for, one by one in the order in which they are tried.

    Raises AzeError ``suggestion.no_evidence`` where nothing of the taxon is measured, ``suggestion.no_parameter`` and
    ``suggestion.no_segment`` where what was asked for is not.
    """
    taxon = evidence.taxon.scientific_name
    there = {
        "aoo": ["all"] if evidence.records and evidence.records.cells else [],
        "esh": [h.segment for h in sorted(evidence.habitats, key=lambda h: h.total_m2) if h.total_m2 > 0],
        "range": _segments(evidence),
        "localities": ["all"] if evidence.records and evidence.records.localities else [],
    }
    known = [parameter for parameter in MEASURED if there[parameter]]
    if not known:
        raise AzeError("suggestion.no_evidence", taxon=taxon)
    parameter = request.parameter or known[0]
    if parameter not in known:
        raise AzeError("suggestion.no_parameter", taxon=taxon, parameter=parameter, known_parameters=known)
    segments = there[parameter]
    if request.segment:
        every = [s for s in SEGMENTS if s in (evidence.range.segment_areas if parameter == "range" else segments)]
        if request.segment not in every:
            raise AzeError("suggestion.no_segment", taxon=taxon, parameter=parameter, segment=request.segment)
        segments = [request.segment]
    for segment in segments:
        if parameter == "range":
            yield _Range(evidence, segment)
        elif parameter == "esh":
            yield _Habitat(evidence, segment)
        else:
            yield _Records(evidence, parameter)


def _segments(evidence: Evidence) -> list[str]:
    """Segments of the range by their area; ``all`` mixes the seasons and passage is weak: only where there is no
    other."""
    areas = {s: a for s, a in (evidence.range.segment_areas if evidence.range else {}).items() if a > 0}
    strong = [s for s in areas if s not in ("all", "passage")]
    return sorted(strong, key=areas.get) or [s for s in ("passage", "all") if s in areas][:1]


def _shared(shapes: np.ndarray, index: geometry.BoundaryIndex, progress: Progress) -> np.ndarray:
    """m² of each shape within boundaries that do not overlap."""
    rows, numbers = index.near(geometry.bounds_all(shapes))
    out = np.zeros(len(shapes))
    for start in range(0, len(rows), 1024):
        progress.check()
        here, there = rows[start : start + 1024], numbers[start : start + 1024]
        out += np.bincount(here, geometry.areas(index.overlaps(shapes[here], there)), len(shapes))
    return out


def _rounded(area_m2: float) -> float:
    """1, 2 or 5 times a power of ten, the nearest above."""
    power = 10.0 ** math.floor(math.log10(area_m2))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= area_m2 * (1 - 1e-9))


# -------------------------------------------------------------------------------------------------------- arrangement


@dataclass(frozen=True)
class Arrangement:
    """Units laid over one another.

    ``shapes``: polygons that do not overlap; ``pieces``: for each the number of its piece, which is all polygons of the
    same units; ``owners``: pairs (piece, unit); ``borders``: the edges of the polygons.
    """

    shapes: np.ndarray
    pieces: np.ndarray
    owners: np.ndarray
    borders: geometry.Borders

    def edges(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of numbers of polygons (−1 the outside) that differ and share edges, and the metres that they share."""
        sides = np.sort(np.append(numbers, -1)[self.borders.sides], axis=1)
        seen = sides[:, 0] != sides[:, 1]
        width = int(numbers.max(initial=-1)) + 2
        keys, at = np.unique((sides[seen, 0] + 1) * width + sides[seen, 1] + 1, return_inverse=True)
        metres = np.bincount(at, self.borders.lengths[seen], len(keys))
        return np.column_stack((keys // width - 1, keys % width - 1)), metres

    def shape(self, covered: np.ndarray, grid: float) -> Geometry:
        """The union of the polygons of some pieces, given as booleans."""
        used = covered[self.pieces]
        sides = np.append(used, False)[self.borders.sides]
        outer = sides[:, 0] != sides[:, 1]
        edges = self.borders.starts[outer], self.borders.ends[outer]
        found = geometry.outlined(*edges, self.shapes[used], grid)
        area = float(geometry.areas(self.shapes[used]).sum())
        if abs(geometry.area(found) - area) <= 1e-6 * area:
            return found
        # Neighbours whose vertices do not match leave lines inside: slower, but sure.
        return geometry.joined(self.shapes[used], grid)


def arrange(shapes: np.ndarray, rules: Rules, progress: Progress) -> Arrangement:
    """Lay polygonal units over one another. Those that overlap no other stay as they are where there are many."""
    count = len(shapes)
    clusters: list[np.ndarray] = []
    if sum(map(geometry.vertex_count, shapes)) <= rules.noded_vertices:
        clusters = [np.arange(count)] if count else []
    else:
        pairs = geometry.overlapping(shapes, rules.overlap_tolerance_m2, progress.check)
        _, label = components(np.ones(count, dtype=bool), pairs)
        order = np.argsort(label, kind="stable")
        clusters = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    made: list[np.ndarray] = []
    signatures: list[tuple[int, ...]] = []
    together = [members for members in clusters if len(members) > 1]
    with _Waiting(progress) as waiting:
        cut = [waiting.begin(geometry.faces, shapes[members], rules.grid_m) for members in together]
        for members, promise in zip(together, cut):
            found = waiting.result(promise)
            face, unit = geometry.holding(shapes[members], found)
            order = np.lexsort((members[unit], face))
            owned, begin = np.unique(face[order], return_index=True)
            signatures += [tuple(units.tolist()) for units in np.split(members[unit[order]], begin[1:])]
            made.append(found[owned])
    for members in clusters:
        if len(members) == 1:
            parts = geometry.polygons_of(shapes[members[0]])
            made.append(parts)
            signatures += [(int(members[0]),)] * len(parts)
    polygons = np.concatenate([np.empty(0, dtype=object), *made])
    number: dict[tuple[int, ...], int] = {}
    pieces = np.array([number.setdefault(s, len(number)) for s in signatures], dtype=int)
    owners = np.array([(n, u) for s, n in number.items() for u in s], dtype=int).reshape(-1, 2)
    progress.check()
    return Arrangement(polygons, pieces, owners, geometry.borders(polygons, rules.grid_m))


class _Waiting:
    """Long steps of GEOS in threads of their own, so that a wish to stop need not wait for their end."""

    def __init__(self, progress: Progress):
        self._progress, self._pool = progress, ThreadPoolExecutor(2)

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *_exception) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, function: Callable, *arguments):
        """Start a step."""
        return self._pool.submit(function, *arguments)

    def result(self, promise):
        """What a step gives, once it is done."""
        while True:
            self._progress.check()
            try:
                return promise.result(timeout=0.2)
            except NotYet:
                continue


# ---------------------------------------------------------------------------------------------------------- proposals


def suggest(
    evidence: Evidence,
    units: Sequence[Unit],
    request: Request,
    settings: Settings,
    rules: Rules,
    sites: Sequence[ExistingSite] | None = None,
    protected: Sequence[Geometry] | None = None,
    progress: Progress | None = None,
) -> Suggestion:
    """Proposals for one taxon.

    ``evidence``: all that is known of the taxon in the whole world (``Library.evidence_for``). ``sites``: existing
    ones, ``protected``: protected areas, both None where they are not known. Without a proposal the findings say why,
    and how much could be reached. Raises AzeError as ``_worlds`` does, ``suggestion.no_units`` and
    ``suggestion.too_many_cells``.
    """
    progress = progress or Progress()
    if not units and not request.fill:
        raise AzeError("suggestion.no_units", taxon=evidence.taxon.scientific_name)
    best: _Case | None = None
    done = 0.0
    for world in _worlds(evidence, request):
        case = _Case(evidence, world, units, request, settings, rules, sites, protected)
        # How many worlds will be tried is not known: each takes half of the way that is left.
        case.prepare(progress.part(done, (done + 0.8) / 2))
        done = (done + 0.8) / 2
        if best is None or case.reachable > best.reachable:
            best = case
        if case.feasible:
            break
    return best.suggestion(progress.part(done, 1))


class _Case:
    """One taxon's world and all that may be put together for it."""

    def __init__(self, evidence, world, units, request, settings, rules, sites, protected):
        self._evidence, self._world, self._request = evidence, world, request
        self._settings, self._rules = settings, rules
        self._sites, self._protected = sites, protected
        self._units = list(units)
        self._given = len(units)
        self._cell_m2 = 0.0
        self._turned = False
        self.reachable = 0.0
        self._findings: list[Finding] = []

    @property
    def feasible(self) -> bool:
        """Whether all units together hold enough."""
        return self._held_m >= self._target * (1 - 1e-9)

    def prepare(self, progress: Progress) -> None:
        """Cut the units to what is to be had, fill gaps, lay all over one another and see what each piece holds."""
        rules, world = self._rules, self._world
        shapes = _array([unit.geometry for unit in self._units])
        names = [unit.name for unit in self._units]
        sites = _array([site.geometry for site in self._sites or ()])
        reach = world.boxes()
        near = self._near(shapes, reach)
        shapes, names = shapes[near], [names[n] for n in near]
        sites = sites[self._near(sites, reach)]
        shapes, sites = self._seam(reach, shapes, sites)
        shapes = geometry.cut_away(shapes, sites, progress.check)
        progress.set(0.1)
        least = rules.least_value_share * world.total if world.parameter in ("range", "esh") else 0.0
        held = world.held(shapes, progress)
        holding = (held > least) & (geometry.areas(shapes) > 0)
        progress.set(0.25)
        connecting = np.flatnonzero(~holding & (geometry.areas(shapes) > 0))
        if len(connecting) > rules.connecting_units:
            order = geometry.nearest_first(shapes[connecting], shapes[holding]) if holding.any() else []
            connecting = connecting[order[: rules.connecting_units]]
        kept = np.concatenate((np.flatnonzero(holding), connecting))
        taken = np.concatenate((shapes[geometry.areas(shapes) > 0], sites))
        shapes, names = shapes[kept], [names[n] for n in kept]
        self._considered = int(holding.sum())
        cells = np.empty(0, dtype=object)
        if self._request.fill:
            cells = self._cells(taken, progress)
        self._cell_count = len(cells)
        self._shapes = np.concatenate((shapes, cells))
        self._names = [*names, *[""] * len(cells)]
        progress.set(0.4)
        self._arrangement = arrange(self._shapes, rules, progress)
        progress.set(0.8)
        self._problem = self._stated(progress)
        reached = np.unique(self._problem.contents[:, 1])
        self._held_m = float(self._problem.weights[reached].sum())
        self.reachable = min(1.0, self._held_m / world.total)
        self._kept_sites = sites
        progress.set(1)

    def _near(self, shapes: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Numbers of the shapes whose rectangle meets the world's, grown by half its size."""
        if not len(shapes) or not len(boxes):
            return np.zeros(0, dtype=int)
        box = geometry.bounds_all(shapes)
        west, south = boxes[:, :2].min(axis=0)
        east, north = boxes[:, 2:].max(axis=0)
        room = max(east - west, north - south, 1.0) / 4
        met = (box[:, 0] <= east + room) & (box[:, 2] >= west - room)
        return np.flatnonzero(met & (box[:, 1] <= north + room) & (box[:, 3] >= south - room))

    def _seam(self, reach: np.ndarray, shapes: np.ndarray, sites: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bring the two sides of 180° together, for a world that lies on both and not at 0°."""
        wide = reach[:, 2].max() - reach[:, 0].min() > geometry.HALF_WORLD
        members = [reach, *(geometry.part_bounds(s) for s in (shapes, sites))]
        astride = any(((box[:, 0] < 0) & (box[:, 2] > 0)).any() for box in members)
        if not wide or astride:
            return shapes, sites
        self._turned = True
        self._world.turn()
        return geometry.turned(shapes), geometry.turned(sites)

    def _cells(self, taken: np.ndarray, progress: Progress) -> np.ndarray:
        """Hexagons, less all units and sites, where the world is not covered."""
        world, rules = self._world, self._rules
        size = self._request.cell_km2 * 1e6 or world.cell_m2(rules)
        rest = world.rest(taken, size, progress)
        if not len(rest):
            return np.empty(0, dtype=object)
        if geometry.hexagons_at_most(rest, size) > 20 * rules.most_cells:
            raise AzeError("suggestion.too_many_cells", cell_m2=size, limit=rules.most_cells)
        cells = geometry.hexagons(rest, size)
        if len(cells) > rules.most_cells:
            raise AzeError("suggestion.too_many_cells", cell_m2=size, limit=rules.most_cells)
        self._cell_m2 = size
        parts = [p for cell in geometry.cut_away(cells, taken, progress.check) for p in geometry.polygons_of(cell)]
        cells = _array([p for p in parts if geometry.area(p) > self._settings.sliver_share * size])
        least = rules.least_value_share * world.total if world.parameter in ("range", "esh") else 0.0
        return cells[world.held(cells, progress) > least]

    def _stated(self, progress: Progress) -> Problem:
        """The arrangement as a problem of selection."""
        laid = self._arrangement
        count = int(laid.pieces.max(initial=-1)) + 1
        areas = np.bincount(laid.pieces, geometry.areas(laid.shapes), count)
        contents, weights = self._world.contents(laid.shapes, progress)
        if len(weights) == len(laid.shapes) and self._world.parameter in ("range", "esh"):
            # An item a piece is enough: polygons of one piece are never chosen apart.
            weights = np.bincount(laid.pieces, weights, count)
            contents = np.column_stack((np.flatnonzero(weights > 0),) * 2)
        else:
            contents = np.unique(np.column_stack((laid.pieces[contents[:, 0]], contents[:, 1])), axis=0)
        self._target = self._world.target(self._settings, self._rules)
        # Of edges between polygons of one piece nothing is ever seen.
        edges, lengths = laid.edges(laid.pieces)
        open_areas = None
        if self._protected is not None:
            shapes = _array(self._protected)
            if self._turned:
                shapes = geometry.turned(shapes)
            index = geometry.BoundaryIndex(geometry.tiles(geometry.dissolve(shapes)))
            inside = _shared(laid.shapes, index, progress)
            open_areas = np.maximum(0.0, areas - np.bincount(laid.pieces, inside, count))
        return Problem(
            len(self._shapes),
            areas,
            laid.owners,
            weights,
            contents,
            self._target,
            edges,
            lengths,
            open_areas,
            laid.pieces,
            laid.edges(np.arange(len(laid.shapes)))[0],
        )

    def suggestion(self, progress: Progress) -> Suggestion:
        """Solve, draw, measure and describe."""
        proposals: list[Proposal] = []
        if self.feasible:
            proposals = self._proposals(progress)
        findings = [*self._findings, *self._said(bool(proposals))]
        return Suggestion(
            self._evidence,
            self._world.parameter,
            self._world.segment,
            self.reachable,
            tuple(proposals),
            tuple(findings),
            self._considered,
            self._cell_count,
            self._cell_m2 / 1e6,
        )

    def _said(self, found: bool) -> list[Finding]:
        taxon, settings, world = self._evidence.taxon, self._settings, self._world
        name = taxon.scientific_name
        findings = []
        if not endangerment.eligible(taxon, settings):
            findings.append(warning("suggestion.cannot_trigger", taxon=name, category=taxon.category))
        if not found:
            findings.append(
                warning(
                    "suggestion.unreachable",
                    taxon=name,
                    share=self.reachable,
                    threshold_share=settings.threshold,
                    parameter=world.parameter,
                    segment=world.segment,
                )
            )
            if len(self._kept_sites):
                inside = world.contents(_array([geometry.dissolve(self._kept_sites)]), Progress())
                share = float(inside[1][np.unique(inside[0][:, 1])].sum()) / world.total
                if share > 0:
                    findings.append(warning("suggestion.in_sites", taxon=name, share=min(1.0, share)))
            if not self._request.fill:
                findings.append(info("suggestion.try_fill"))
        return findings

    def _proposals(self, progress: Progress) -> list[Proposal]:
        told: list[Proposal] = []
        pieces: list[np.ndarray] = []
        sets: list[tuple[str, Sequence[int], bool, float]] = []
        wanted = self._request.alternatives
        for trade_off, chosen, exact, least in self._sets(progress.part(0, 0.7), pieces, lambda: len(told) >= wanted):
            covered = self._problem.covered(chosen)
            apart = self._rules.other_difference_share if trade_off == OTHER else self._rules.least_difference_share
            same = next((n for n, other in enumerate(pieces) if not self._differs(covered, other, apart)), None)
            if same is not None:
                if trade_off != OTHER:
                    told[same] = replace(told[same], also=(*told[same].also, trade_off))
                continue
            if len(told) >= wanted:
                continue
            proposal = self._drawn(trade_off, chosen, exact, least)
            if proposal is not None:
                told.append(proposal)
                pieces.append(covered)
                sets.append((trade_off, chosen, exact, least))
        progress.set(1)
        return [replace(p, findings=self._reasons(p)) for p in [*told[:1], *sorted(told[1:], key=_size)]]

    def _differs(self, one: np.ndarray, other: np.ndarray, least_share: float) -> bool:
        areas = self._problem.areas
        return areas[one ^ other].sum() >= least_share * areas[one | other].sum()

    def _sets(
        self, progress: Progress, used: list[np.ndarray], enough: Callable[[], bool]
    ) -> Iterator[tuple[str, Sequence[int], bool, float]]:
        """Trade-off, units, whether they are the best of all, and the least area or a bound below it, one by one."""
        rules, problem = self._rules, self._problem.with_holders()
        needed = problem.needed
        free = np.setdiff1d(problem.holders, needed)
        greedy = Greedy(problem, progress.check)
        exact = None
        if len(free) <= EXACT_UNITS:
            exact = Exact(problem, free, needed, progress.check)
            first = exact.best(Objective("area"))
            least = problem.area(first)
        else:
            first = greedy.least_area()
            least = lower_bound(problem, needed)
        if first is None:
            return
        progress.set(0.3)
        area = problem.area(first)
        part_m = rules.part_weight * 2 * math.sqrt(math.pi * area)
        near, wide, widest = (area * (1 + s) for s in (rules.tolerance_share, rules.wide_share, rules.widest_share))
        for trade_off, limit, objective in (
            (LEAST_AREA, near, Objective("outline", part_m)),
            (SIMPLEST, wide, Objective("outline", part_m)),
            (FEWEST, widest, Objective("units")),
            (PROTECTED, wide, Objective("open")),
        ):
            if objective.kind == "open" and problem.open_areas is None:
                continue
            if exact is not None:
                chosen = exact.best(objective, limit)
            elif objective.kind == "outline":
                chosen = greedy.smoother(first, limit)
            elif objective.kind == "units":
                chosen = greedy.fewest(limit)
            else:
                chosen = greedy.least_area(problem.open_areas + rules.protected_weight * problem.areas)
                chosen = chosen if chosen and problem.area(chosen) <= limit else None
            if chosen is None:
                continue
            if trade_off == LEAST_AREA:
                ground = chosen
            elif objective.of(problem, chosen) > (1 - rules.least_gain_share) * objective.of(problem, ground):
                # Hardly better than the first by what it is there for.
                chosen = ground
            yield trade_off, chosen, exact is not None, least
        progress.set(0.6)
        joined = ground
        if problem.parts(ground) > 1:
            joined = Greedy(self._problem, progress.check).one_part(first, widest)
        if joined is not None:
            yield ONE_PART, joined, False, least
        failed, dearer = 0, []
        while failed < _IN_VAIN and not enough():
            times = np.sum([*used, *dearer], axis=0)
            chosen = greedy.least_area(problem.areas * (1 + rules.repetition_weight * times))
            if chosen is None or problem.area(chosen) > widest:
                return
            chosen = greedy.smoother(chosen, problem.area(chosen) * (1 + rules.tolerance_share))
            before = len(used)
            yield OTHER, chosen, False, least
            if len(used) == before:
                failed += 1
                # Much the same again: its land has to get dearer than by being used once.
                dearer.append(problem.covered(chosen))

    def _drawn(self, trade_off: str, chosen: Sequence[int], exact: bool, least: float) -> Proposal | None:
        """The boundary of a set of units; None where, against expectation, it does not pass the threshold."""
        rules, settings = self._rules, self._settings
        covered = self._problem.covered(chosen)
        whole = self._arrangement.shape(covered, rules.grid_m)
        total = geometry.area(whole)
        tidy = geometry.tidied(whole, settings.sliver_share * total, rules.hole_share * total, list(self._kept_sites))
        for turned_shape in (tidy, whole):
            shape = geometry.unturned(turned_shape) if self._turned else turned_shape
            share, others = self._measured(shape)
            if share is not None and passes(share.best, settings.aze_operator, settings):
                break
        else:
            self._findings.append(warning("suggestion.not_confirmed", share=share.best if share else 0.0))
            return None
        names = tuple(self._names[u] for u in sorted(chosen) if self._names[u])
        perimeter = geometry.perimeter_m(turned_shape)
        area = geometry.area(shape)
        return Proposal(
            trade_off,
            (),
            share,
            shape,
            names,
            sum(not self._names[u] for u in chosen),
            perimeter,
            4 * math.pi * area / perimeter**2,
            len(geometry.parts(shape)),
            self._protected_share(shape),
            exact,
            max(1.0, area / least) if least > 0 else 1.0,
            tuple(others),
        )

    def _measured(self, shape: Geometry) -> tuple[Share | None, list[Finding]]:
        """The share by the criteria's own measure, and what other parameters say."""
        world = self._world
        found = measure([replace(self._evidence, estimates=())], shape)
        shares = found[0].shares if found else ()
        own = next((s for s in shares if (s.parameter, s.segment) == (world.parameter, world.segment)), None)
        others = [
            info("suggestion.other_parameter", parameter=s.parameter, segment=s.segment, share=s.best)
            for s in shares
            if s.parameter != world.parameter and s.segment in (world.segment, "all", "resident")
            if (s.parameter, s.segment) != ("range", "all")
            if not passes(s.best, self._settings.aze_operator, self._settings)
        ]
        return own, others

    def _protected_share(self, shape: Geometry) -> float | None:
        if self._protected is None:
            return None
        inside = geometry.dissolve(geometry.inside(list(self._protected), shape))
        return min(1.0, geometry.area(inside) / geometry.area(shape))

    def _reasons(self, proposal: Proposal) -> tuple[Finding, ...]:
        """Why this one, by the trade-offs that it stands for, and how far it can be trusted."""
        share = proposal.share
        findings = [
            info(
                f"suggestion.because_{proposal.trade_off}",
                taxon=self._evidence.taxon.scientific_name,
                share=share.best,
                parameter=share.parameter,
                segment=share.segment,
                units=len(proposal.units) + proposal.cells,
            )
        ]
        # Of a single unit it goes without saying that no choice has fewer.
        told = [kind for kind in proposal.also if kind == ONE_PART or len(proposal.units) + proposal.cells > 1]
        findings += [info(f"suggestion.also_{kind}") for kind in told]
        if not proposal.exact:
            factor = round(proposal.bound, 3)
            findings.append(info("suggestion.bound", factor=factor) if factor > 1 else info("suggestion.bound_reached"))
        own = self._world.extent_m2
        if geometry.area(proposal.geometry) > self._settings.oversize_factor * own:
            factor = round(geometry.area(proposal.geometry) / own)
            findings.append(warning("suggestion.oversize", factor=factor, parameter=share.parameter))
        if (
            share.basis == "records"
            and geometry.area(proposal.geometry) < self._rules.least_cell_share * own * share.best
        ):
            # Cells count as held by a single record: small units pick these out, and leave the habitat round them.
            findings.append(warning("suggestion.picks_records", parameter=share.parameter))
        records = self._evidence.records
        if share.basis == "range_map" and self._evidence.range.historic:
            findings.append(info("irreplaceability.historic_range", taxon=self._evidence.taxon.scientific_name))
        if share.basis == "range_map":
            findings.append(warning("irreplaceability.range_only"))
        elif share.basis == "records" and records.kept < self._rules.few_records:
            findings.append(warning("suggestion.few_records", count=records.kept))
        if proposal.cells:
            findings.append(info("suggestion.with_cells", count=proposal.cells, cell_m2=self._cell_m2))
        return (*findings, *proposal.findings)


def _size(proposal: Proposal) -> tuple[float, float]:
    return geometry.area(proposal.geometry), proposal.perimeter_m


def _array(shapes: Sequence[Geometry]) -> np.ndarray:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out
