"""What counts of a taxon by one parameter and one segment, and what of it lies where."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from .. import geometry
from ..criteria.irreplaceability import joined_range, passes
from ..criteria.settings import Settings
from ..criteria.shares import CELL_M, LOCALITY_DECIMALS
from ..errors import AzeError
from ..geometry import Geometry
from ..progress import Progress
from ..species import SEGMENTS, Evidence
from .model import MEASURED, Request, Rules


class World:
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


class Range(World):
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
        return shared_m2(shapes, self._index, progress)

    def rest(self, shapes: np.ndarray, size_m2: float, progress: Progress) -> np.ndarray:
        left = geometry.cut_away(self._tiles, shapes, progress.check)
        sizes = geometry.areas(left)
        return left[sizes > 1e-9 * self.total / max(1, len(left))]


class Records(World):
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


class Habitat(World):
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


def worlds(evidence: Evidence, request: Request) -> Iterator[World]:
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
            yield Range(evidence, segment)
        elif parameter == "esh":
            yield Habitat(evidence, segment)
        else:
            yield Records(evidence, parameter)


def _segments(evidence: Evidence) -> list[str]:
    """Segments of the range by their area; ``all`` mixes the seasons and passage is weak: only where there is no
    other."""
    areas = {s: a for s, a in (evidence.range.segment_areas if evidence.range else {}).items() if a > 0}
    strong = [s for s in areas if s not in ("all", "passage")]
    return sorted(strong, key=areas.get) or [s for s in ("passage", "all") if s in areas][:1]


def shared_m2(shapes: np.ndarray, index: geometry.BoundaryIndex, progress: Progress) -> np.ndarray:
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
