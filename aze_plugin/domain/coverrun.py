"""The cover of many sites by any number of protected areas, in two steps and little memory.

First all rows stream past: their words decide whether they count, their rectangles whether they can meet a site. Of
those that can, what the site's rectangle sees is projected, looked through and put into a store, while the next rows
are read. Then sites are measured a few at a time, neighbours together, with what was stored for them, and let go.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from . import geometry
from .arranging import Measured, measured
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
from .outlines import Rings
from .progress import Progress, waited_for
from .seen import Memory, Store, Stored, look
from .years import Calendar, Means, Series, Table, YearPct, percentages, told

_THREADS = 2

# Bytes of vertices of the sites that are measured together: such arrays stay in the processor's cache, and a wish to
# stop is answered within a second.
_BLOCK = 4 * 2**20

# Room round a site's rectangle for rounding, in degrees and in metres.
_ROOM_DEGREES, _ROOM_M = 1e-6, 0.1

# Decimals of differences of percentages: more are rounding.
_DECIMALS = 9

_PLAIN = (b"\x01\x03\x00\x00\x00", b"\x01\x06\x00\x00\x00")


@dataclass(frozen=True)
class Shapes:
    """Lon/lat geometries of rows, as they came, without having been taken apart.

    ``kinds``: as ``geometry.kinds`` has them; ``boxes``: (n, 4), not-a-number where there is none; ``wkb``: None where
    there is none.
    """

    kinds: np.ndarray
    boxes: np.ndarray
    wkb: Sequence[bytes | memoryview | None]

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
        self._verdicts: dict[tuple, str | None] = {}
        self._metres = geometry.bounds_all(self._index.geometries) + _ROOM_M * np.array([-1, -1, 1, 1])
        self._degrees = geometry.unprojected_boxes(self._metres) + _ROOM_DEGREES * np.array([-1, -1, 1, 1])
        self._pool = ThreadPoolExecutor(_THREADS, "aze-cover")
        self._looking: deque[tuple[np.ndarray, Future]] = deque()
        self._pairs: list[np.ndarray] = [np.empty((0, 2), dtype=int)]
        self._outlines: list[Rings] = []

    def __enter__(self) -> CoverageRun:
        return self

    def __exit__(self, *_exception) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

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
        while len(self._looking) > 2 * _THREADS:
            self._store_seen(progress)

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
        if not len(near):
            return
        first = len(self._areas)
        self._areas += [rows.area(row) for row in numbers[near].tolist()]
        boxes = self._metres[found] if metric else self._degrees[found]
        looking = self._pool.submit(look, [blobs[i] for i in near.tolist()], place, boxes, self._metres[found], metric)
        self._looking.append((np.column_stack((place + first, found)), looking))

    def _store_seen(self, progress: Progress) -> None:
        """Take in what the first of those that look through rows has found."""
        pairs, looking = self._looking.popleft()
        seen = waited_for(looking, progress)
        self.repaired += seen.repaired
        if seen.unusable:
            self.counted -= seen.unusable
            self.excluded["no_geometry"] += seen.unusable
        rings = seen.rings
        ends = rings.starts[np.searchsorted(rings.shape, np.arange(rings.count + 1))]
        octets = memoryview(rings.xy.tobytes())
        for start, end in zip((16 * ends).tolist(), (16 * ends[1:]).tolist()):
            self._store.put(octets[start:end])
        self._pairs.append(pairs)
        self._outlines.append(replace(rings, xy=rings.xy[:0]))

    # ------------------------------------------------------------------------------------------------ sites measured

    def results(self, progress: Progress) -> list[SiteCoverage]:
        """The cover of every site, in the order of ``sites``, and then of every part."""
        covers: list[SiteCoverage | None] = [None] * len(self._targets)
        means = Means()
        self._calendar.close()
        done_sites = 0
        with self:
            for done in self._measured(progress):
                for number, cover, percent in done.covers:
                    covers[number] = cover
                    if percent is not None:
                        means.add(self._groups(number), percent)
                self.of_other_countries += done.of_other_countries
                self.without_country += done.without_country
                done_sites += len(done.covers)
                progress.set(done_sites / len(self._targets))
        if self.rules.years:
            self.years = {group: means.told(group, self._calendar.years) for group in means.groups}
        return covers

    def _groups(self, number: int) -> list[str | None]:
        """Whose means a site or a part goes into: everybody's under None, and those of its countries."""
        is_site = number < len(self.sites)
        everybody: list[str | None] = [None] if is_site else []
        return everybody + ([] if is_site and number in self.split else sorted(groups_of(self._targets[number])))

    def _measured(self, progress: Progress):
        while self._looking:
            self._store_seen(progress)
        pairs = np.concatenate(self._pairs)
        outlines = Stored(self._store, self._outlines)
        # Of those whose rectangles meet, most that are not seen at all are dropped.
        order = np.flatnonzero(outlines.vertices)
        order = order[np.argsort(pairs[order, 1], kind="stable")]
        limits = np.searchsorted(pairs[order, 1], np.arange(len(self._targets) + 1))
        bytes_before = np.concatenate(([0], np.cumsum(16 * outlines.vertices[order])))
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
        waiting: deque[Future] = deque()
        for numbers in blocks:
            mine = [order[limits[n] : limits[n + 1]] for n in numbers]
            rows = [pairs[some, 0].tolist() for some in mine]
            waiting.append(self._pool.submit(self._block, numbers, outlines, mine, rows))
            if len(waiting) > 2 * _THREADS:
                yield waited_for(waiting.popleft(), progress)
        while waiting:
            yield waited_for(waiting.popleft(), progress)

    def _block(self, numbers: Sequence[int], outlines: Stored, pairs: list[np.ndarray], rows: list[list[int]]) -> _Done:
        """Measure a few sites, each with the rows and the stored pairs of these numbers."""
        done = _Done()
        for k, some in enumerate(rows):
            order = sorted(range(len(some)), key=lambda i, some=some: self._order(some[i]))
            rows[k], pairs[k] = [some[i] for i in order], pairs[k][order]
        met = [k for k, some in enumerate(rows) if some]
        arrangements: dict[int, Measured] = {}
        areas = Rings.of([])
        if met:
            owner = np.repeat(np.arange(len(met)), [len(rows[k]) for k in met])
            shapes = [self._targets[numbers[k]].geometry for k in met]
            areas = outlines.rings(np.concatenate([pairs[k] for k in met]))
            arrangements = dict(zip(met, measured(shapes, areas, owner)))
        firsts = dict(zip(met, np.cumsum([0] + [len(rows[k]) for k in met]).tolist()))
        for k, number in enumerate(numbers):
            cover, percent, members = self._cover(number, rows[k], arrangements.get(k), done)
            if self.gaps and number < len(self.sites) and cover.both_pct is not None:
                chosen = np.flatnonzero(members) + firsts.get(k, 0)
                cover = replace(cover, gap=self._gap(cover, areas.taken(chosen)))
            done.covers.append((number, cover, percent))
        return done

    def _order(self, row: int) -> tuple:
        area = self._areas[row]
        return area.area_id, area.kind, repr(area.key), row

    def _cover(
        self, number: int, rows: Sequence[int], arrangement: Measured | None, done: _Done
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
        members = alone > self.rules.overlap_tolerance_m2
        if self.rules.match_country:
            members &= [bool(large) and self._same_country(a, number, done) for a, large in zip(areas, members)]
        chosen = members.nonzero()[0].tolist()

        # All rankings in one go: PAs before OECMs, and the values of each classification.
        values = [[getattr(area, name) for area in areas] for name in ("kind", *self.rules.by)]
        ranked = [
            [PA, OECM],
            *(_ranked(order, {of[i] for i in chosen}) for order, of in zip(self.rules.by.values(), values[1:])),
        ]
        most = max(map(len, ranked))
        ranks = np.full((len(ranked), len(areas)), most)
        for line, of, present in zip(ranks, values, ranked):
            place = {value: i for i, value in enumerate(present)}
            line[chosen] = [place[of[i]] for i in chosen]
        sizes = np.maximum.accumulate(arrangement.growing(ranks, most), axis=1)
        percents = arrangement.percent(np.concatenate((sizes.ravel(), alone))).tolist()
        grown = [percents[start : start + most] for start in range(0, sizes.size, most)]
        pa_pct, both_pct = grown[0][:2]
        by = {
            name: {v: round(size - before, _DECIMALS) for v, size, before in zip(present, found, [0.0, *found])}
            for name, present, found in zip(self.rules.by, ranked[1:], grown[1:])
        }
        shares = self._shares(areas, percents[sizes.size :], chosen, arrangement)
        undated = sum(1 for share in shares if share.status_year is None)
        years, series, whole, by_kind = (), None, None, {}
        if self.rules.years:
            whole, by_kind = self._series(areas, members, arrangement)
            years, series = told(whole, self._calendar.years), whole.table()
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
            {kind: years if one is whole else told(one, self._calendar.years) for kind, one in by_kind.items()},
        )
        return cover, series, members

    def _shares(
        self, areas: Sequence[ProtectedArea], percents: Sequence[float], chosen: Sequence[int], arrangement: Measured
    ) -> tuple[AreaShare, ...]:
        rows: dict[Hashable, list[int]] = {}
        for i in chosen:
            rows.setdefault(areas[i].key, []).append(i)
        if len(rows) < len(chosen):
            # Parcels of one area count together.
            groups = np.full(len(areas), -1)
            for group, same in enumerate(rows.values()):
                groups[same] = group
            together = arrangement.percent(arrangement.together(groups, len(rows))).tolist()
        else:
            together = [percents[i] for i in chosen]
        shares = []
        for same, pct in zip(rows.values(), together):
            year = min((areas[i].status_year for i in same if areas[i].status_year is not None), default=None)
            shares.append(AreaShare(areas[same[0]], year, pct))
        shares.sort(key=lambda a: (-round(a.pct, 5), a.area.area_id, a.area.name))
        return tuple(shares)

    def _series(
        self, areas: Sequence[ProtectedArea], members: np.ndarray, arrangement: Measured
    ) -> tuple[Series | Table, dict[str, Series | Table]]:
        """The series of all, and those of PAs and of OECMs outside them in the same draw; none of a kind that there is
        not."""
        calendar = self._calendar
        steps = len(calendar.years)
        ranks = np.full(len(areas), steps)
        drawn = {}
        for i in np.flatnonzero(members).tolist():
            if areas[i].status_year is not None:
                ranks[i] = calendar.rank(areas[i].status_year)
            elif steps:
                drawn[i] = calendar.drawn(areas[i].key, areas[i].countries)
        kinds = {areas[i].kind for i in np.flatnonzero(members)}
        if len(kinds) < 2:
            (whole,) = percentages(arrangement, ranks, members[None], drawn, steps, self.rules.draws)
            return whole, dict.fromkeys(kinds, whole)
        are_pa = members & [area.kind == PA for area in areas]
        sets = np.array([members, are_pa])
        whole, of_pa = percentages(arrangement, ranks, sets, drawn, steps, self.rules.draws)
        return whole, {PA: of_pa, OECM: whole.without(of_pa)}

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

    def _gap(self, cover: SiteCoverage, areas: Rings) -> Geometry | None:
        site = cover.site.geometry
        if not areas.count:
            return site
        if cover.both_pct >= 100:
            return None
        shapes = areas.polygons()
        rest = geometry.outside(site, geometry.dissolve(geometry.polygonal_all(shapes)))
        return rest if geometry.area(rest) > self.rules.overlap_tolerance_m2 else None


def _ranked(order: Sequence[str], present: set[str]) -> list[str]:
    """Values that occur, in the rules' order; unknown ones last, in alphabetical order."""
    known = [value for value in order if value in present]
    return known if len(known) == len(present) else known + sorted(present.difference(order))
