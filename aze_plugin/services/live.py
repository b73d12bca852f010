"""What a boundary amounts to while it is being drawn: everything near it held ready, so that a moved vertex costs a few
intersections.

``look_round`` reads the library and the protected areas round a boundary once; ``Evaluator`` measures boundaries in
there, by the functions of the full check and with its results. Both are meant for threads of their own; nothing here
makes a layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext

from ..domain import geometry
from ..domain.candidate import Candidate, Statement
from ..domain.coverage import CoverRules
from ..domain.criteria import endangerment
from ..domain.criteria.assessment import Assessment, TaxonResult, assess
from ..domain.criteria.settings import Settings
from ..domain.criteria.shares import Measured, measure
from ..domain.progress import Progress
from ..domain.species import SEGMENT_SEASONS, Evidence, RecordEvidence
from ..library.estimates import EstimateRow
from ..library.habitats import Habitats
from ..library.query import Library
from ..library.store import Reader
from .checking import shares_json, told_of
from .layers import LayerSnapshot
from .measure import ellipsoidal_area_m2
from .protection import areas_near

# Room round a boundary that is read along with it: so many times its longer side, but never less or more metres.
_ROOM, _LEAST_ROOM_M, _MOST_ROOM_M = 0.75, 15_000.0, 150_000.0
# What is left of the room when it is time to read anew.
_MARGIN = 0.25


@dataclass(frozen=True)
class Question:
    """What boundaries are measured against.

    ``site``: the candidate's name, ``""`` for one that has none yet. ``protected``: None where there is no layer of
    protected areas. ``version``: whatever tells this question from an earlier one.
    """

    library_path: str
    settings: Settings
    transform_context: QgsCoordinateTransformContext
    rules: CoverRules
    site: str = ""
    estimates: Sequence[EstimateRow] = ()
    protected: Sequence[LayerSnapshot] | None = None
    reference_year: int | None = None
    version: Any = None


@dataclass(frozen=True)
class Surrounding:
    """Everything near a boundary: what lies within ``boxes`` (EPSG:6933 rectangles), totals being of the world.

    ``evidence``: taxa that may matter to the verdict, their range maps taken out of it and held in ``ranges``;
    ``slots``: for each, by segment, the number of the shape there; ``housed``: ids of those that have habitat.
    ``protected``: None where nothing is known.
    """

    question: Question
    boxes: tuple[tuple[float, float, float, float], ...]
    evidence: tuple[Evidence, ...]
    housed: frozenset[str]
    ranges: Pieces
    slots: tuple[Mapping[str, int], ...]
    protected: Pieces | None
    library_empty: bool

    def holds(self, shape: geometry.Geometry) -> bool:
        """Whether a boundary (EPSG:6933) lies within, so that it can be measured."""
        return all(_holding(self.boxes, box) for box in geometry.rectangles(shape))

    def is_roomy(self, shape: geometry.Geometry) -> bool:
        """Whether a boundary (EPSG:6933) has room to grow here."""
        return all(_holding(self.boxes, box) for box in _grown(shape, _MARGIN))


@dataclass(frozen=True)
class Reading:
    """One boundary measured: its candidate, what the three criteria say so far, and the share of it that is protected
    (0 to 1; None where that is not known or cannot be assessed)."""

    candidate: Candidate
    assessment: Assessment
    protected_share: float | None
    protection_known: bool

    @property
    def near(self) -> list[TaxonResult]:
        """Taxa that trigger, may do so when evidence comes, or come near it, and always the one that comes nearest."""
        settings = self.assessment.settings
        able = [r for r in self.assessment.species if endangerment.eligible(r.taxon, settings) or _is_open(r)]
        shown = [
            r
            for r in able
            if r.verdict.trigger or _is_open(r) or any(s.high >= settings.candidate_share for s in r.shares)
        ]
        return shown or sorted(able, key=lambda r: -max(s.best for s in r.shares))[:1]


def _is_open(result: TaxonResult) -> bool:
    return result.verdict.status in ("needs_evidence", "not_assessable")


class Pieces:
    """Shapes (EPSG:6933, valid and polygonal) cut into parts that do not overlap, to be measured inside boundaries.

    Only parts that a boundary's line runs through have to be cut by it, which are few however large the shapes are.
    """

    def __init__(self, shapes: Sequence[geometry.Geometry]):
        tiles = [geometry.tiles(shape) for shape in shapes]
        self.count = len(shapes)
        self._owner = np.repeat(np.arange(len(tiles)), [len(t) for t in tiles])
        self._tiles = np.concatenate(tiles) if tiles else np.empty(0, dtype=object)
        self._boxes = geometry.bounds_all(self._tiles) if len(self._tiles) else np.zeros((0, 4))
        self._areas = geometry.areas(self._tiles) if len(self._tiles) else np.empty(0)

    def inside_m2(self, boundary: geometry.Geometry) -> np.ndarray:
        """Square metres of each shape inside a boundary (EPSG:6933)."""
        return self.summed(self.parts_inside(boundary))

    def summed(self, parts: np.ndarray) -> np.ndarray:
        """Square metres by shape of what ``parts_inside`` gave."""
        return np.bincount(self._owner, parts, self.count)

    def parts_inside(
        self,
        boundary: geometry.Geometry,
        known: np.ndarray | None = None,
        changed: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Square metres of each part inside a boundary (EPSG:6933).

        ``known``: the same of a boundary that differs from this one within the rectangle ``changed`` only, so that no
        part beyond it has to be measured anew.
        """
        near = self._meeting(geometry.bounds(boundary))
        if known is None or changed is None:
            areas = np.zeros(len(self._tiles))
        else:
            touched = self._meeting(changed)
            areas = np.where(touched, 0.0, known)
            near &= touched
        rows = np.flatnonzero(near)
        if len(rows):
            tiles = self._tiles[rows]
            found = geometry.inside(tiles, boundary)
            whole = np.fromiter((a is b for a, b in zip(found, tiles)), bool, len(rows))
            areas[rows] = np.where(whole, self._areas[rows], 0.0)
            areas[rows[~whole]] = geometry.areas(found[~whole])
        return areas

    def _meeting(self, box: Sequence[float]) -> np.ndarray:
        left, bottom, right, top = box
        boxes = self._boxes
        return (boxes[:, 0] <= right) & (boxes[:, 2] >= left) & (boxes[:, 1] <= top) & (boxes[:, 3] >= bottom)


def candidate_of(wkb: bytes, name: str = "") -> Candidate:
    """A boundary in WGS 84 as a candidate, as the check reads it from a layer."""
    prepared = geometry.prepare(geometry.from_wkb([wkb]))
    shape = prepared.geometries[0]
    return Candidate(
        name=name,
        geometry=shape,
        area_ha=0.0 if shape is None else ellipsoidal_area_m2(geometry.to_lonlat(shape)) / 1e4,
        repaired=bool(prepared.repaired[0]),
        crossing=bool(prepared.crossing[0]) or (shape is not None and geometry.touches_antimeridian(shape)),
        reason=prepared.reasons[0],
    )


def look_round(shape: geometry.Geometry, question: Question, progress: Progress | None = None) -> Surrounding:
    """Read what is near a boundary (EPSG:6933), with room for it to grow.

    Raises AzeError as the check does, for a library that cannot be read or a layer that cannot be opened.
    """
    progress = progress or Progress()
    boxes = tuple(_grown(shape, 1.0))
    settings = question.settings
    with Library.open(question.library_path) as library:
        told = told_of(library, question.estimates)
        found = library.evidence(boxes, settings, progress.part(0, 0.5), question.site, told)
        library_empty = library.taxon_count() == 0
    evidence = [item for item in found if _may_matter(item, settings)]
    shapes: list[geometry.Geometry] = []
    slots: list[dict[str, int]] = []
    for n, item in enumerate(evidence):
        progress.part(0.5, 0.7).set(n / len(evidence))
        slots.append(_range_slots(item, boxes, shapes))
    ranges = Pieces(shapes)
    progress.set(0.75)
    protected = None
    if question.protected is not None:
        protected = Pieces([_protected_near(boxes, question, progress.part(0.75, 0.95))])
    # Range maps are held in pieces from here on; habitat is read from the file by the thread that measures.
    kept = tuple(
        replace(item, range=replace(item.range, rows=()) if item.range else None, habitats=()) for item in evidence
    )
    housed = frozenset(item.taxon.taxon_id for item in evidence if item.habitats)
    progress.set(1)
    return Surrounding(question, boxes, kept, housed, ranges, tuple(slots), protected, library_empty)


def _may_matter(item: Evidence, settings: Settings) -> bool:
    """All others can neither trigger nor leave a criterion open, whatever their share."""
    taxon = item.taxon
    return endangerment.eligible(taxon, settings) or (
        taxon.rank == "species" and not endangerment.category_known(taxon)
    )


def _range_slots(item: Evidence, boxes: Sequence[Sequence[float]], shapes: list[geometry.Geometry]) -> dict[str, int]:
    """By segment the number of its shape, dissolved and cut to the boxes; the shapes are added to ``shapes``."""
    if item.range is None:
        return {}
    rows = [(row.seasonal, _cut(row.geometry, boxes)) for row in item.range.rows]
    numbers: dict[tuple[int, ...], int] = {}
    slots = {}
    for segment in item.range.segment_areas:
        codes = SEGMENT_SEASONS[segment]
        members = tuple(n for n, (season, _) in enumerate(rows) if codes is None or season in codes)
        if members not in numbers:
            numbers[members] = len(shapes)
            shapes.append(geometry.dissolve(rows[n][1] for n in members))
        slots[segment] = numbers[members]
    return slots


def _protected_near(boxes: Sequence[Sequence[float]], question: Question, progress: Progress) -> geometry.Geometry:
    found = []
    for box in boxes:
        extent = geometry.extent_lonlat(geometry.box(*box))
        areas = areas_near(extent, question.protected, question.rules, question.transform_context, progress)
        found += [_cut(shape, [box]) for _, shape in areas]
    return geometry.dissolve(found)


def _cut(shape: geometry.Geometry, boxes: Sequence[Sequence[float]]) -> geometry.Geometry:
    """What of a shape lies in boxes that do not overlap."""
    if _holding(boxes, geometry.bounds(shape)):
        return shape
    return geometry.dissolve(geometry.overlap(shape, geometry.box(*box)) for box in boxes)


def _holding(boxes: Sequence[Sequence[float]], inner: Sequence[float]) -> bool:
    return any(b[0] <= inner[0] and b[1] <= inner[1] and b[2] >= inner[2] and b[3] >= inner[3] for b in boxes)


def _grown(shape: geometry.Geometry, part: float) -> list[tuple[float, float, float, float]]:
    """The rectangles of a boundary with a part (0 to 1) of the room that is read along with it, within the world."""
    grown = []
    for left, bottom, right, top in geometry.rectangles(shape):
        longer = max(right - left, top - bottom)
        room = part * min(_MOST_ROOM_M, max(_LEAST_ROOM_M, _ROOM * longer))
        west, east = max(left - room, -geometry.HALF_WORLD), min(right + room, geometry.HALF_WORLD)
        south, north = max(bottom - room, -geometry.NORTH_POLE_M), min(top + room, geometry.NORTH_POLE_M)
        # By a hair of rounding a shape may reach beyond the world's edge.
        grown.append((min(left, west), min(bottom, south), max(right, east), max(top, north)))
    return grown


class Evaluator:
    """Measures boundaries in a surrounding. For one thread: where there is habitat it keeps the library open."""

    def __init__(self, surrounding: Surrounding):
        self.surrounding = surrounding
        self._reader: Reader | None = None
        self._evidence = list(surrounding.evidence)
        # The boundary measured last as its rings, and what of each part was inside it.
        self._rings: list[np.ndarray] | None = None
        self._changed: tuple[float, float, float, float] | None = None
        self._inside: dict[str, np.ndarray] = {}
        if surrounding.housed:
            self._reader = Reader(surrounding.question.library_path)
            habitats = Habitats(self._reader).of(surrounding.housed)
            self._evidence = [replace(i, habitats=habitats.get(i.taxon.taxon_id, ())) for i in self._evidence]

    def close(self) -> None:
        """Let go of the library."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def read(self, candidate: Candidate, statement: Statement) -> Reading:
        """What a candidate within the surrounding, or one without geometry, amounts to with what is stated of it."""
        question, shape = self.surrounding.question, candidate.geometry
        measured = []
        rings = self._rings
        if shape is not None:
            rings = geometry.rings(shape)
            self._changed = None if self._rings is None else _changed_box(self._rings, rings)
            # Should anything fail on the way, the next boundary is measured from nothing.
            self._rings = None
            measured = self._measure(shape)
        assessment = assess(
            candidate,
            measured,
            {},
            None,
            statement,
            question.settings,
            question.reference_year,
            self.surrounding.library_empty,
        )
        protected_share = self._protected(shape)
        self._rings = rings
        return Reading(candidate, assessment, protected_share, self.surrounding.protected is not None)

    def _measured(self, name: str, pieces: Pieces, shape: geometry.Geometry) -> np.ndarray:
        parts = pieces.parts_inside(shape, self._inside.get(name), self._changed)
        self._inside[name] = parts
        return pieces.summed(parts)

    def _measure(self, shape: geometry.Geometry) -> list[Measured]:
        areas = self._measured("ranges", self.surrounding.ranges, shape)
        met, inside = [], []
        for item, slots in zip(self._evidence, self.surrounding.slots):
            ranges = {segment: areas[n] for segment, n in slots.items()}
            narrowed = _narrowed(item, shape)
            # Of whom nothing at all is here there is nothing to work out.
            if any(ranges.values()) or item.habitats or item.estimates or _has_records(narrowed):
                met.append(narrowed)
                inside.append(ranges)
        return measure(met, shape, lambda _evidence, _shape: inside)

    def _protected(self, shape: geometry.Geometry | None) -> float | None:
        pieces = self.surrounding.protected
        if shape is None or pieces is None:
            return None
        # Measured in any case: the next boundary is measured by what has changed since.
        share = float(self._measured("protected", pieces, shape)[0]) / geometry.area(shape)
        return None if self.surrounding.question.rules.is_placeholder(shape) else min(1.0, share)


def _changed_box(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> tuple[float, float, float, float] | None:
    """Rectangle beyond which two boundaries, given as their rings, enclose the same; None where that may be nowhere.

    Where vertices moved, only edges between them and their neighbours did, and what these sweep lies in that rectangle.
    """
    if len(before) != len(after) or any(len(a) != len(b) for a, b in zip(before, after)):
        return None
    places = []
    for old, new in zip(before, after):
        moved = (old[:-1] != new[:-1]).any(axis=1)
        touched = moved | np.roll(moved, 1) | np.roll(moved, -1)
        places += [old[:-1][touched], new[:-1][touched]]
    swept = np.concatenate(places)
    if not len(swept):
        return (np.inf, np.inf, -np.inf, -np.inf)
    return (*swept.min(axis=0).tolist(), *swept.max(axis=0).tolist())


def _has_records(item: Evidence) -> bool:
    return item.records is not None and len(item.records.metres) > 0


def _narrowed(item: Evidence, shape: geometry.Geometry) -> Evidence:
    """Evidence with those of its records that lie in the boundary's rectangle: no others can be inside."""
    records = item.records
    if records is None or not len(records.metres):
        return item
    left, bottom, right, top = geometry.bounds(shape)
    x, y = records.metres.T
    near = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    kept: RecordEvidence = replace(
        records, lonlat=records.lonlat[near], metres=records.metres[near], years=records.years[near]
    )
    return replace(item, records=kept)


def entry_of(result: TaxonResult, settings: Settings) -> dict[str, Any]:
    """One taxon as a list shows it: what a member of ``species`` of an assessment file says of its shares."""
    verdict = result.verdict
    return {
        "taxon_id": result.taxon.taxon_id,
        "scientific_name": result.taxon.scientific_name,
        "common_name": result.taxon.common_name,
        "category": result.taxon.category,
        "trigger": verdict.trigger,
        "route": verdict.route,
        "status": verdict.status,
        "shares": shares_json(result, settings),
        "findings": [],
    }
