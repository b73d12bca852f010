"""The cover of many sites by any number of protected areas, in two steps and little memory.

First all rows stream past: their words decide whether they count, their rectangles whether they can meet a site. Of
those that can, the WKB is put into a store. Then sites are measured a few at a time, neighbours together, with the rows
that were stored for them, and let go. Only what a site's rectangle can see of a row is projected and looked through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from . import geometry
from .arrangement import Arrangement, arrange, combined
from .coverage import (
    NOT_ASSESSED,
    OECM,
    PA,
    AreaShare,
    CoverRules,
    ProtectedArea,
    Site,
    SiteCoverage,
    countries_of,
    groups_of,
    not_assessed,
)
from .findings import info
from .geometry import Geometry
from .outlines import Rings, joined
from .progress import Progress, waited_for
from .years import Calendar, Means, YearPct, percentages, told

_THREADS = 2

# Bytes of WKB of the sites that are measured together, and of what is taken apart at once: such arrays stay in the
# processor's cache, and a wish to stop is answered within a second.
_BLOCK, _PORTION = 8 * 2**20, 32 * 2**20

# A site with more vertices in its rectangle, its areas' included, is measured in quarters, but not for ever.
_VERTICES, _QUARTERINGS = 400_000, 7

# Room round a site's rectangle for rounding, in degrees and in metres.
_ROOM_DEGREES, _ROOM_M = 1e-6, 0.1

# Decimals of differences of percentages: more are rounding.
_DECIMALS = 9

_PLAIN = (b"\x01\x03\x00\x00\x00", b"\x01\x06\x00\x00\x00")


class Store(Protocol):
    """Keeps blobs, and gives them back by their numbers, which count from 0; from any thread."""

    def put(self, blob: bytes) -> None:
        """Keep one more."""

    def get(self, numbers: Sequence[int]) -> list[bytes]:
        """Those of these numbers."""


class Memory:
    """A store in memory."""

    def __init__(self):
        self._blobs: list[bytes] = []

    def put(self, blob: bytes) -> None:
        self._blobs.append(blob)

    def get(self, numbers: Sequence[int]) -> list[bytes]:
        return [self._blobs[n] for n in numbers]


@dataclass(frozen=True)
class Shapes:
    """Lon/lat geometries of rows, as they came, without having been taken apart.

    ``kinds``: as ``geometry.kinds`` has them; ``boxes``: (n, 4), not-a-number where there is none; ``wkb``: None where
    there is none.
    """

    kinds: np.ndarray
    boxes: np.ndarray
    wkb: Sequence[bytes | None]

    @classmethod
    def of(cls, lonlat: np.ndarray) -> Shapes:
        """From geometries."""
        return cls(geometry.kinds(lonlat), geometry.bounds_all(lonlat), geometry.to_wkb_all(lonlat))


class Rows(Protocol):
    """Rows of protected areas, of which each is asked only for what is needed."""

    def __len__(self) -> int: ...

    def words(self, row: int) -> tuple[tuple[str, ...], str | None]:
        """Designations and status."""

    def reported_km2(self, row: int) -> float | None:
        """REP_AREA."""

    def dated(self, row: int) -> tuple[Hashable, int | None, frozenset[str]]:
        """Key, year and countries."""

    def area(self, row: int) -> ProtectedArea:
        """All of it."""


class AreaList:
    """Rows of which everything is there already."""

    def __init__(self, areas: Sequence[ProtectedArea]):
        self._areas = areas

    def __len__(self) -> int:
        return len(self._areas)

    def words(self, row: int) -> tuple[tuple[str, ...], str | None]:
        return self._areas[row].designations, self._areas[row].status

    def reported_km2(self, row: int) -> float | None:
        return self._areas[row].reported_km2

    def dated(self, row: int) -> tuple[Hashable, int | None, frozenset[str]]:
        area = self._areas[row]
        return area.key, area.status_year, area.countries

    def area(self, row: int) -> ProtectedArea:
        return self._areas[row]


@dataclass
class _Done:
    """What measuring a few sites gave."""

    covers: list[tuple[int, SiteCoverage, np.ndarray | None]] = field(default_factory=list)
    repaired: set[int] = field(default_factory=set)
    unusable: set[int] = field(default_factory=set)
    of_other_countries: int = 0
    without_country: int = 0


class CoverageRun:
    """Sites held in memory, and protected areas that stream past them in pieces of any size.

    ``parts``: parts of sites in one country each, whose cover is measured too, for the countries' figures; the sites
    that they belong to, named by number in ``split``, are then left out of those. ``gaps``: keep the unprotected part
    of each site. ``excluded`` counts rows by reason, ``repaired`` the sites and the areas that had to be mended where a
    site can see them, ``other_statuses`` what stood in the status column of those left out as ``status_other``,
    ``of_other_countries`` the overlaps that ``match_country`` left out, ``without_country`` those it could not judge.
    ``years``: when the mean over all sites changed, under None, and over those of each country, under its code.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        rules: CoverRules,
        store: Store | None = None,
        parts: Sequence[Site] = (),
        split: frozenset[int] = frozenset(),
        gaps: bool = False,
    ):
        self.sites, self.rules, self.parts, self.split = sites, rules, parts, split
        self.gaps = gaps
        self.excluded: Counter = Counter()
        self.repaired = sum(site.repaired for site in sites)
        self.counted = 0
        self.other_statuses: Counter = Counter()
        self.of_other_countries = 0
        self.without_country = 0
        self.years: dict[str | None, tuple[YearPct, ...]] = {}
        self._store = Memory() if store is None else store
        self._targets = [*sites, *parts]
        # A site without a boundary of its own takes part in nothing: its circle would only meet areas by chance.
        self._obstacles = [not_assessed(site, rules) for site in sites] + [None] * len(parts)
        measurable = [None if o else s.geometry for s, o in zip(self._targets, self._obstacles)]
        self._index = geometry.BoundaryIndex(measurable)
        self._countries = [countries_of(site.iso3) for site in self._targets]
        self._calendar = Calendar(rules.seed, rules.draws)
        self._areas: list[ProtectedArea] = []
        self._metric: list[bool] = []
        self._sizes: list[int] = []
        self._pairs: list[np.ndarray] = []
        self._verdicts: dict[tuple, str | None] = {}

    # ------------------------------------------------------------------------------------------------- rows come by

    def add(self, areas: Rows | Sequence[ProtectedArea], shapes: Shapes | np.ndarray, progress: Progress) -> None:
        """Take in rows of protected areas with their lon/lat geometries, as they came."""
        rows: Rows = AreaList(areas) if isinstance(areas, (list, tuple)) else areas
        if not isinstance(shapes, Shapes):
            shapes = Shapes.of(shapes)
        progress.check()
        counted = np.array([i for i in range(len(rows)) if self._counts(rows, i, shapes.kinds[i])], dtype=int)
        self.counted += len(counted)
        if self.rules.years:
            for row in counted:
                self._calendar.add(*rows.dated(row))
        kinds = shapes.kinds[counted]
        self._keep_polygons(rows, shapes, counted[kinds == "polygon"])
        self._keep_circles(rows, shapes, counted[kinds == "point"])

    def _counts(self, rows: Rows, row: int, kind: str) -> bool:
        words = rows.words(row)
        if words not in self._verdicts:
            self._verdicts[words] = self.rules.excluded_by_words(*words)
        reason = self._verdicts[words]
        if reason is None and kind != "polygon":
            reason = self.rules.excluded_by_kind(kind, rows.reported_km2(row) if kind == "point" else None)
        if reason is None:
            return True
        self.excluded[reason] += 1
        if reason == "status_other":
            self.other_statuses[words[1]] += 1
        return False

    def _keep_polygons(self, rows: Rows, shapes: Shapes, counted: np.ndarray) -> None:
        boxes = shapes.boxes[counted]
        plain = np.array([shapes.wkb[i][:5] in _PLAIN for i in counted], dtype=bool)
        plain &= ~geometry.may_cross_antimeridian(boxes)
        some = np.flatnonzero(plain)
        asked, found = self._index.near(geometry.projected_boxes(boxes[some]))
        self._keep(rows, counted[some], [shapes.wkb[i] for i in counted[some]], asked, found, metric=False)
        # What may have to be split at 180°, and what is a mixture of kinds, is made measurable at once.
        some = counted[~plain]
        if not len(some):
            return
        lonlat = geometry.from_wkb([shapes.wkb[i] for i in some])
        asked, found = self._index.near(geometry.equal_area_boxes(lonlat))
        near = np.unique(asked)
        prepared = geometry.prepare(lonlat[near])
        self.repaired += int(prepared.repaired.sum())
        blobs: list[bytes | None] = [None] * len(some)
        for i, blob in zip(near, geometry.to_wkb_all(prepared.geometries)):
            blobs[i] = blob
            if blob is None:
                self.excluded["no_geometry"] += 1
                self.counted -= 1
        usable = np.array([blob is not None for blob in blobs], dtype=bool)[asked]
        self._keep(rows, some, blobs, asked[usable], found[usable], metric=True)

    def _keep_circles(self, rows: Rows, shapes: Shapes, counted: np.ndarray) -> None:
        """Circles of the points near a site, one a stored row; the points of one area share its reported area."""
        if not len(counted):
            return
        owners, places, sizes = [], [np.empty((0, 2))], []
        for row, shape in zip(counted, geometry.from_wkb([shapes.wkb[i] for i in counted])):
            points = geometry.points_of(shape)
            owners += [row] * len(points)
            places.append(points)
            sizes += [rows.reported_km2(row) * 1e6 / len(points)] * len(points)
        centres = np.vstack(places)
        asked, found = self._index.near(geometry.circle_boxes(centres, np.array(sizes)))
        blobs: list[bytes | None] = [None] * len(owners)
        for i in np.unique(asked):
            blobs[i] = geometry.to_wkb(geometry.geodesic_circle(*centres[i], sizes[i]))
        self._keep(rows, np.array(owners), blobs, asked, found, metric=True)

    def _keep(self, rows: Rows, numbers, blobs, asked: np.ndarray, found: np.ndarray, metric: bool) -> None:
        near, place = np.unique(asked, return_inverse=True)
        first = len(self._areas)
        for i in near.tolist():
            self._areas.append(rows.area(numbers[i]))
            self._metric.append(metric)
            self._sizes.append(len(blobs[i]))
            self._store.put(blobs[i])
        self._pairs.append(np.column_stack((place + first, found)))

    # ------------------------------------------------------------------------------------------------ sites measured

    def results(self, progress: Progress) -> list[SiteCoverage]:
        """The cover of every site, in the order of ``sites``, and then of every part."""
        covers: list[SiteCoverage | None] = [None] * len(self._targets)
        means = Means()
        repaired: set[int] = set()
        unusable: set[int] = set()
        self._calendar.close()
        done_sites = 0
        for done in self._measured(progress):
            for number, cover, percent in done.covers:
                covers[number] = cover
                if percent is not None:
                    means.add(self._groups(number), percent)
            repaired |= done.repaired
            unusable |= done.unusable
            self.of_other_countries += done.of_other_countries
            self.without_country += done.without_country
            done_sites += len(done.covers)
            progress.set(done_sites / len(self._targets))
        self.repaired += len(repaired)
        self.counted -= len(unusable)
        if unusable:
            self.excluded["no_geometry"] += len(unusable)
        if self.rules.years:
            self.years = {group: means.told(group, self._calendar.years) for group in means.groups}
        return covers

    def _groups(self, number: int) -> list[str | None]:
        """Whose means a site or a part goes into: everybody's under None, and those of its countries."""
        is_site = number < len(self.sites)
        everybody: list[str | None] = [None] if is_site else []
        return everybody + ([] if is_site and number in self.split else sorted(groups_of(self._targets[number])))

    def _measured(self, progress: Progress):
        pairs = np.concatenate(self._pairs) if self._pairs else np.empty((0, 2), dtype=int)
        pairs = pairs[np.argsort(pairs[:, 1], kind="stable")]
        limits = np.searchsorted(pairs[:, 1], np.arange(len(self._targets) + 1))
        sizes = np.array(self._sizes, dtype=np.int64)[pairs[:, 0]] if len(pairs) else np.empty(0, np.int64)
        bytes_before = np.concatenate(([0], np.cumsum(sizes)))
        block: list[int] = []
        blocks, total = [], 0
        for number in geometry.side_by_side(self._index.geometries).tolist():
            block.append(number)
            total += int(bytes_before[limits[number + 1]] - bytes_before[limits[number]]) + 1024
            if total >= _BLOCK:
                blocks.append(block)
                block, total = [], 0
        if block:
            blocks.append(block)
        pool = ThreadPoolExecutor(_THREADS, "aze-cover")
        waiting: list[Future] = []
        try:
            for numbers in blocks:
                waiting.append(
                    pool.submit(self._block, numbers, [pairs[limits[n] : limits[n + 1], 0] for n in numbers])
                )
                if len(waiting) > 2 * _THREADS:
                    yield waited_for(waiting.pop(0), progress)
            while waiting:
                yield waited_for(waiting.pop(0), progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _block(self, numbers: Sequence[int], rows: Sequence[np.ndarray]) -> _Done:
        """Measure a few sites, each with the stored rows of these numbers."""
        done = _Done()
        rows = [np.array(sorted(r.tolist(), key=self._order), dtype=int) for r in rows]
        met = [k for k, r in enumerate(rows) if len(r)]
        arrangements: dict[int, Arrangement] = {}
        areas = None
        if met:
            counts = np.array([len(rows[k]) for k in met])
            owner = np.repeat(np.arange(len(met)), counts)
            shapes = [self._targets[numbers[k]].geometry for k in met]
            areas = self._seen(np.concatenate([rows[k] for k in met]), owner, np.array(shapes, dtype=object), done)
            found = _arranged(shapes, areas, owner)
            arrangements = dict(zip(met, found))
        firsts = dict(zip(met, np.cumsum([0] + [len(rows[k]) for k in met]).tolist()))
        for k, number in enumerate(numbers):
            cover, percent, members = self._cover(number, rows[k], arrangements.get(k), done)
            if self.gaps and number < len(self.sites) and cover.both_pct is not None:
                chosen = np.flatnonzero(members) + firsts.get(k, 0)
                cover = replace(cover, gap=self._gap(cover, None if areas is None else areas.taken(chosen)))
            done.covers.append((number, cover, percent))
        return done

    def _order(self, row: int) -> tuple:
        area = self._areas[row]
        return area.area_id, area.kind, repr(area.key), row

    def _seen(self, rows: np.ndarray, owner: np.ndarray, sites: np.ndarray, done: _Done) -> Rings:
        """What each site can see of each row (EPSG:6933): ``rows`` with the number of the site for each."""
        metres = geometry.bounds_all(sites) + _ROOM_M * np.array([-1, -1, 1, 1])
        degrees = geometry.unprojected_boxes(metres) + _ROOM_DEGREES * np.array([-1, -1, 1, 1])
        # Bytes are looked through pair by pair, so that a large area at many sites is not held as often as it is met.
        portion = np.cumsum([self._sizes[row] for row in rows.tolist()]) // _PORTION
        found = Rings.of([])
        for number in np.unique(portion):
            pairs = portion == number
            wanted, place = np.unique(rows[pairs], return_inverse=True)
            seen = self._portion(wanted, place, metres[owner[pairs]], degrees[owner[pairs]], done)
            found = joined(found, seen) if found.count else seen
        return found

    def _portion(self, rows: np.ndarray, place: np.ndarray, metres: np.ndarray, degrees: np.ndarray, done) -> Rings:
        """What rectangles see of some of ``rows``, named by their places among them."""
        blobs = self._store.get(rows.tolist())
        metric = np.array([self._metric[row] for row in rows], dtype=bool)
        seen = Rings.unsigned([None if metric[i] else blobs[i] for i in place.tolist()])
        seen = seen.seen_from(degrees).moved(geometry.project)
        shapes = geometry.polygons_of_rings(seen.xy, seen.ring_of_vertex(), seen.polygon, seen.shape, seen.count)
        # Of what does not cross itself as it is seen, the rest cannot matter, not even for where the inside lies.
        sound = geometry.valid(shapes) & ~metric[place]
        seen = seen.signed()
        again = np.flatnonzero(~sound)
        if not len(again):
            return seen
        # Cut down as they are rings may cross beyond the rectangle: no fault, if they do not as they came.
        doubtful = np.unique(place[again])
        doubtful = doubtful[~metric[doubtful]]
        broken, mended = self._mended(rows[doubtful], [blobs[i] for i in doubtful.tolist()], done)
        whole = dict(zip(doubtful[broken].tolist(), mended))
        measured = [whole.get(i, blobs[i] if metric[i] else None) for i in place[again].tolist()]
        as_they_came = [None if metric[i] or i in whole else blobs[i] for i in place[again].tolist()]
        others = joined(
            Rings.of(measured).seen_from(metres[again]),
            Rings.of(as_they_came).seen_from(degrees[again]).moved(geometry.project),
        )
        is_whole = np.array([metric[i] or i in whole for i in place[again].tolist()], dtype=bool)
        order = np.arange(len(place))
        order[again] = len(place) + np.arange(len(again)) + len(again) * ~is_whole
        return joined(seen, others).taken(order)

    def _mended(self, rows: np.ndarray, blobs: Sequence[bytes], done: _Done) -> tuple[np.ndarray, list[bytes | None]]:
        """Which of some stored rows are broken, and WKB (EPSG:6933) of these once they are mended."""
        shapes = geometry.from_wkb(blobs)
        broken = np.flatnonzero(~geometry.valid(geometry.to_equal_area(shapes)))
        prepared = geometry.prepare(shapes[broken])
        mended = geometry.to_wkb_all(prepared.geometries).tolist()
        for row, repaired, blob in zip(rows[broken].tolist(), prepared.repaired.tolist(), mended):
            if repaired or blob is None:
                (done.repaired if repaired else done.unusable).add(row)
        return broken, mended

    def _cover(
        self, number: int, rows: np.ndarray, arrangement: Arrangement | None, done: _Done
    ) -> tuple[SiteCoverage, np.ndarray | None, np.ndarray]:
        """The cover of one site, its percentages year by year, and which rows make it."""
        site, obstacle = self._targets[number], self._obstacles[number]
        if obstacle is not None:
            return SiteCoverage(site, NOT_ASSESSED, findings=(obstacle,)), None, np.empty(0, dtype=bool)
        findings = [info("coverage.site_repaired", site=site.name, reason=site.reason)] if site.repaired else []
        total = geometry.area(site.geometry)
        steps = len(self._calendar.years)
        if arrangement is None:
            nothing = SiteCoverage(site, self.rules.cover_class(0.0), 0.0, 0.0, 0.0, findings=tuple(findings))
            nothing = replace(nothing, measured_m2=total, by={name: {} for name in self.rules.by})
            return nothing, np.zeros(steps) if self.rules.years else None, np.zeros(0, dtype=bool)
        alone = arrangement.alone()
        areas = [self._areas[row] for row in rows]
        least = self.rules.overlap_tolerance_m2
        members = np.array(
            [size > least and self._same_country(a, number, done) for a, size in zip(areas, alone)], dtype=bool
        )

        # All rankings in one go: PAs before OECMs, and the values of each classification.
        ranked = [(PA, OECM), *(self._ranked(name, areas, members) for name in self.rules.by)]
        steps_of = [{value: i for i, value in enumerate(values)} for values in ranked]
        most = max(len(values) for values in ranked)
        ranks = [
            [place.get(getattr(area, name), most) if member else most for area, member in zip(areas, members)]
            for name, place in zip(("kind", *self.rules.by), steps_of)
        ]
        sizes = np.maximum.accumulate(arrangement.growing(np.array(ranks, dtype=int), most), axis=1)
        (pa_pct, both_pct, *_), *grown = arrangement.percent(sizes).tolist()
        by = {
            name: {v: round(size - before, _DECIMALS) for v, size, before in zip(values, found, [0.0, *found])}
            for name, values, found in zip(self.rules.by, ranked[1:], grown)
        }
        shares = self._shares(areas, alone, members, arrangement)
        undated = sum(1 for share in shares if share.status_year is None)
        years, series, by_kind = (), None, {}
        if self.rules.years:
            series = self._series(areas, members, arrangement)
            years = told(series, self._calendar.years)
            by_kind = self._series_by_kind(areas, members, arrangement, series)
            if undated and steps:
                findings.append(info("coverage.year_unknown", count=undated, draws=self.rules.draws))
        cover = SiteCoverage(
            site,
            self.rules.cover_class(both_pct),
            pa_pct,
            round(both_pct - pa_pct, _DECIMALS),
            both_pct,
            shares,
            years,
            tuple(findings),
            total,
            by,
            {kind: told(percent, self._calendar.years) for kind, percent in by_kind.items()},
        )
        return cover, series, members

    def _shares(self, areas, alone, members, arrangement: Arrangement) -> tuple[AreaShare, ...]:
        rows: dict[Hashable, list[int]] = {}
        for i in np.flatnonzero(members).tolist():
            rows.setdefault(areas[i].key, []).append(i)
        percents = arrangement.percent(alone).tolist()
        shares = []
        for same in rows.values():
            known = [areas[i].status_year for i in same if areas[i].status_year is not None]
            pct = percents[same[0]]
            if len(same) > 1:
                chosen = np.zeros(len(areas), dtype=bool)
                chosen[same] = True
                pct = float(arrangement.percent(arrangement.covered(chosen)))
            shares.append(AreaShare(areas[same[0]], min(known, default=None), pct))
        shares.sort(key=lambda a: (-round(a.pct, 5), a.area.area_id, a.area.name))
        return tuple(shares)

    def _ranked(self, name: str, areas: Sequence[ProtectedArea], members: np.ndarray) -> list[str]:
        """Values of one classification that occur, in the rules' order; unknown ones last, in alphabetical order."""
        order = self.rules.by[name]
        present = {getattr(area, name) for area, member in zip(areas, members) if member}
        return [v for v in order if v in present] + sorted(present - set(order))

    def _series(self, areas, members, arrangement: Arrangement) -> np.ndarray:
        calendar = self._calendar
        steps = len(calendar.years)
        ranks = np.full(len(areas), steps)
        drawn = {}
        for i in np.flatnonzero(members).tolist():
            if areas[i].status_year is not None:
                ranks[i] = calendar.rank(areas[i].status_year)
            elif steps:
                drawn[i] = calendar.drawn(areas[i].key, areas[i].countries)
        return percentages(arrangement, ranks, drawn, steps, self.rules.draws)

    def _series_by_kind(
        self, areas, members: np.ndarray, arrangement: Arrangement, series: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The series of PAs, and of OECMs outside them in the same draw; none of a kind that there is not."""
        are_pa = members & np.array([area.kind == PA for area in areas], dtype=bool)
        if not members.any() or (are_pa == members).all():
            return {PA: series} if members.any() else {}
        if not are_pa.any():
            return {OECM: series}
        of_pa = self._series(areas, are_pa, arrangement)
        return {PA: of_pa, OECM: np.maximum(series - of_pa, 0.0)}

    def _same_country(self, area: ProtectedArea, number: int, done: _Done) -> bool:
        if not self.rules.match_country:
            return True
        ours, is_site = self._countries[number], number < len(self.sites)
        if not ours or not area.countries:
            # Unknown is no mismatch: leaving the area out would show a cover of 0 that nobody measured.
            done.without_country += is_site
            return True
        if ours & area.countries:
            return True
        done.of_other_countries += is_site
        return False

    def _gap(self, cover: SiteCoverage, areas: Rings | None) -> Geometry | None:
        site = cover.site.geometry
        if areas is None or not areas.count:
            return site
        if cover.both_pct >= 100:
            return None
        shapes = geometry.polygons_of_rings(areas.xy, areas.ring_of_vertex(), areas.polygon, areas.shape, areas.count)
        rest = geometry.outside(site, geometry.dissolve(geometry.polygonal_all(shapes)))
        return rest if geometry.area(rest) > self.rules.overlap_tolerance_m2 else None


def _arranged(shapes: Sequence[Geometry], areas: Rings, owner: np.ndarray) -> list[Arrangement]:
    """The arrangement of each site with its areas; large ones in quarters."""
    outlines = Rings.of(geometry.to_wkb_all(np.array(shapes, dtype=object)))
    sizes = geometry.areas(np.array(shapes, dtype=object))
    heavy = np.bincount(owner, np.bincount(areas.shape, areas.sizes, areas.count), len(shapes)) > _VERTICES
    light = np.flatnonzero(~heavy)
    chosen = np.flatnonzero(~heavy[owner])
    found: list[Arrangement | None] = [None] * len(shapes)
    some = arrange(outlines.taken(light), sizes[light], areas.taken(chosen), np.searchsorted(light, owner[chosen]))
    for number, arrangement in zip(light.tolist(), some):
        found[number] = arrangement
    for number, shape in enumerate(shapes):
        if found[number] is None:
            mine = areas.taken(np.flatnonzero(owner == number))
            found[number] = _quartered(shape, mine, _QUARTERINGS) if heavy[number] else _by_cells(shape, mine)
    return found


def _quartered(shape: Geometry, areas: Rings, turns: int) -> Arrangement:
    low_x, low_y, high_x, high_y = geometry.bounds(shape)
    middle_x, middle_y = (low_x + high_x) / 2, (low_y + high_y) / 2
    parts = []
    for box in (
        (low_x, low_y, middle_x, middle_y),
        (middle_x, low_y, high_x, middle_y),
        (low_x, middle_y, middle_x, high_y),
        (middle_x, middle_y, high_x, high_y),
    ):
        quarter = geometry.overlap(shape, geometry.box(*box))
        if geometry.is_empty(quarter):
            continue
        seen = areas.seen_from(np.tile(np.array(geometry.bounds(quarter)), (areas.count, 1)))
        if len(seen.xy) > _VERTICES and turns:
            parts.append(_quartered(quarter, seen, turns - 1))
            continue
        outline = Rings.of([geometry.to_wkb(quarter)])
        (one,) = arrange(outline, np.array([geometry.area(quarter)]), seen, np.zeros(areas.count, dtype=int))
        parts.append((_by_cells(quarter, seen) if one is None else one).merged())
    return combined(parts)


def _by_cells(shape: Geometry, areas: Rings) -> Arrangement:
    """The slow way, for outlines whose order along one another stays in doubt."""
    shapes = geometry.polygons_of_rings(areas.xy, areas.ring_of_vertex(), areas.polygon, areas.shape, areas.count)
    return Arrangement.of_cells(geometry.area(shape), *geometry.cells(shape, geometry.polygonal_all(shapes)))
