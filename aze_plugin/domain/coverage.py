"""Protected-area cover of sites: which areas count, and how much of a site they hold.

The rules follow the SDG indicators 14.5.1, 15.1.2 and 15.4.1; their figures and code lists are data, in
``resources/criteria/coverage.json``. Geometry is EPSG:6933; percentages run from 0 to 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from . import geometry
from .errors import AzeError
from .findings import Finding, info, warning
from .geometry import Geometry
from .progress import Progress

PA = "pa"
OECM = "oecm"

# Pairs of area and site that are cut at a time: few enough to answer a wish to stop within a second.
_PAIRS = 128

NONE, PARTIAL, COMPLETE, NOT_ASSESSED = "none", "partial", "complete", "not_assessed"


@dataclass(frozen=True)
class CoverRules:
    """What counts and where the classes are cut; see ``resources/criteria/coverage.json``.

    Letter case does not matter in names. ``circles``: points count as circles of their reported area, else not at all.
    ``match_country``: areas of other countries do not count for a site. ``years``: measure the cumulative series too.
    """

    statuses: tuple[str, ...]
    status_reasons: Mapping[str, str]
    mab_designations: tuple[str, ...]
    reasons: tuple[str, ...]
    none_at_most_pct: float
    complete_at_least_pct: float
    overlap_tolerance_m2: float
    placeholder: Mapping[str, Any]
    exclude_mab: bool = True
    circles: bool = False
    match_country: bool = False
    years: bool = False

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> CoverRules:
        """Rules from the parsed file."""
        return cls(
            statuses=tuple(rules["statuses"]),
            status_reasons=dict(rules["status_reasons"]),
            mab_designations=tuple(rules["mab_designations"]),
            reasons=tuple(rules["reasons"]),
            none_at_most_pct=float(rules["none_at_most_pct"]),
            complete_at_least_pct=float(rules["complete_at_least_pct"]),
            overlap_tolerance_m2=float(rules["overlap_tolerance_m2"]),
            placeholder=dict(rules["placeholder"]),
        )

    def with_choices(
        self,
        statuses: str | None = None,
        exclude_mab: bool = True,
        circles: bool = False,
        match_country: bool = False,
        years: bool = False,
    ) -> CoverRules:
        """These rules with a user's choices; ``statuses`` as ``"Designated,Inscribed"``, None for the rules' own.

        Raises AzeError ``coverage.statuses`` where the list of statuses is empty.
        """
        chosen = self.statuses
        if statuses is not None:
            chosen = tuple(name.strip() for name in statuses.replace(";", ",").split(",") if name.strip())
            if not chosen:
                raise AzeError("coverage.statuses", value=statuses)
        return replace(
            self,
            statuses=chosen,
            exclude_mab=exclude_mab,
            circles=circles,
            match_country=match_country,
            years=years,
        )

    @cached_property
    def _accepted(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.statuses)

    @cached_property
    def _mab(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.mab_designations)

    def exclusion(self, area: ProtectedArea, kind: str) -> str | None:
        """Why an area does not count, or None where it does: the first reason that applies, in the rules' order.

        ``kind`` is that of its geometry, from ``geometry.kinds``.
        """
        if self.exclude_mab and not self._mab.isdisjoint(d.lower() for d in area.designations):
            return "mab_reserve"
        if area.status is not None:
            status = area.status.lower()
            if status not in self._accepted:
                return self.status_reasons.get(status, "status_other")
        if kind == "point":
            if not self.circles:
                return "point_omitted"
            if not area.reported_km2 or not area.reported_km2 > 0:
                return "point_without_area"
        return "no_geometry" if kind == "none" else None

    def cover_class(self, both_pct: float) -> str:
        """``none``, ``partial`` or ``complete``, by the percentage under PAs and OECMs together."""
        if both_pct <= self.none_at_most_pct:
            return NONE
        return COMPLETE if both_pct >= self.complete_at_least_pct else PARTIAL

    def is_placeholder(self, shape: Geometry) -> bool:
        """Whether a site's boundary is only a circle drawn round its point: of the size and roundness of the rules."""
        rule = self.placeholder
        off = abs(geometry.area(shape) / rule["area_m2"] - 1)
        return (
            off <= rule["area_tolerance_share"]
            and geometry.vertex_count(shape) > rule["vertices_at_least"]
            and geometry.roundness(shape) >= rule["roundness_at_least"]
        )


def countries_of(iso3: str | None) -> frozenset[str]:
    """Country codes of a field that may hold several, as in ``"AAA;BBB"``."""
    return frozenset(code.strip().upper() for code in (iso3 or "").replace(",", ";").split(";") if code.strip())


@dataclass(frozen=True)
class ProtectedArea:
    """One row of a protected-area layer, without its geometry.

    ``key`` tells areas apart: rows that share it are one area. ``designations`` are all the names of its designation,
    the English one first. ``status`` is None where its layer has no such column, and then nothing is held against it.
    ``status_year`` is None where unknown. ``kind`` is ``pa`` or ``oecm``. ``reported_km2`` is REP_AREA.
    """

    key: Hashable
    area_id: str
    name: str
    designations: tuple[str, ...] = ()
    iucn_category: str = ""
    status: str | None = None
    status_year: int | None = None
    kind: str = PA
    reported_km2: float | None = None
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Site:
    """One site whose cover is asked.

    ``fid``: its feature id in the source. ``geometry``: EPSG:6933, valid and polygonal; None where there is none to
    measure, and ``reason`` then says why: ``null``, ``empty``, ``not_polygon`` or ``coordinates``, as
    ``domain.geometry.Prepared`` has it. ``area_ha``: ellipsoidal.
    """

    fid: int
    site_id: str
    name: str
    iso3: str
    geometry: Geometry | None
    area_ha: float
    repaired: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Piece:
    """What of one row of a protected area lies in a site (EPSG:6933)."""

    area: ProtectedArea
    geometry: Geometry


@dataclass(frozen=True)
class AreaShare:
    """One protected area in a site, all of its rows dissolved; ``status_year`` is the earliest known."""

    area: ProtectedArea
    status_year: int | None
    pct: float


@dataclass(frozen=True)
class SiteCoverage:
    """The cover of one site.

    The percentages are None, never 0, where the class is ``not_assessed``. ``oecm_pct`` is OECM outside PAs and
    ``both_pct`` the sum. ``years``: (year, cumulative both_pct), rising. ``measured_m2``: the site in EPSG:6933.
    ``protected``: union of all that counts, within the site (EPSG:6933).
    """

    site: Site
    cover_class: str
    pa_pct: float | None = None
    oecm_pct: float | None = None
    both_pct: float | None = None
    areas: tuple[AreaShare, ...] = ()
    years: tuple[tuple[int, float], ...] = ()
    findings: tuple[Finding, ...] = ()
    measured_m2: float = 0.0
    protected: Geometry | None = None

    @property
    def area_ha(self) -> float | None:
        """Ellipsoidal hectares; None for a site without a boundary of its own."""
        return None if self.cover_class == NOT_ASSESSED else self.site.area_ha

    @property
    def unprotected_ha(self) -> float | None:
        """Hectares of the site outside every area that counts; None where the cover could not be assessed."""
        return None if self.both_pct is None else self.site.area_ha * max(0.0, 100 - self.both_pct) / 100


def cover(site: Site, pieces: Sequence[Piece], rules: CoverRules, start_year: int | None = None) -> SiteCoverage:
    """The cover of a site by the pieces of protected areas that lie in it.

    Overlaps are dissolved; where a PA and an OECM overlap it is PA. ``start_year`` is the first year of the series
    for areas whose year is unknown, which count from the beginning.
    """
    obstacle = _not_assessed(site, rules)
    if obstacle is not None:
        return SiteCoverage(site, NOT_ASSESSED, findings=(obstacle,))
    findings = [info("coverage.site_repaired", site=site.name, reason=site.reason)] if site.repaired else []
    total = geometry.area(site.geometry)

    def percent(shape: Geometry) -> float:
        return min(100.0, 100 * geometry.area(shape) / total)

    protected = _union(site, (p for p in pieces if p.area.kind == PA))
    pa_pct = percent(protected)
    oecms = [p for p in pieces if p.area.kind == OECM]
    if oecms:
        protected = _union(site, (*oecms, Piece(oecms[0].area, protected)))
    both_pct = max(pa_pct, percent(protected))

    rows: dict[Hashable, list[Piece]] = {}
    for piece in pieces:
        rows.setdefault(piece.area.key, []).append(piece)
    areas = []
    for same in rows.values():
        known = [p.area.status_year for p in same if p.area.status_year is not None]
        areas.append(AreaShare(same[0].area, min(known, default=None), percent(_union(site, same))))
    areas.sort(key=lambda a: (-a.pct, a.area.area_id, a.area.name))

    undated = sum(1 for a in areas if a.status_year is None)
    if rules.years and undated and start_year is not None:
        findings.append(info("coverage.year_unknown", count=undated))
    return SiteCoverage(
        site,
        rules.cover_class(both_pct),
        pa_pct,
        both_pct - pa_pct,
        both_pct,
        tuple(areas),
        _series(site, pieces, percent, start_year) if rules.years else (),
        tuple(findings),
        total,
        protected,
    )


def _not_assessed(site: Site, rules: CoverRules) -> Finding | None:
    if site.geometry is None:
        return warning(f"coverage.site_{site.reason}", site=site.name)
    if rules.is_placeholder(site.geometry):
        return warning("coverage.site_placeholder", site=site.name)
    return None


def _union(site: Site, pieces: Iterable[Piece]) -> Geometry:
    """Union of pieces. One that is the whole site (BoundaryIndex.overlap hands out the site itself) settles it."""
    shapes = [p.geometry for p in pieces]
    if any(shape is site.geometry for shape in shapes):
        return site.geometry
    return geometry.dissolve(shapes)


def _series(site: Site, pieces: Sequence[Piece], percent, start_year: int | None) -> tuple[tuple[int, float], ...]:
    """Cumulative percentage at each year in which something was added; the unknown years stand at the start."""
    by_year: dict[int, list[Piece]] = {}
    for piece in pieces:
        year = start_year if piece.area.status_year is None else piece.area.status_year
        if year is not None:
            by_year.setdefault(year, []).append(piece)
    series = []
    so_far: list[Piece] = []
    for year in sorted(by_year):
        union = _union(site, (*so_far, *by_year[year]))
        so_far = [Piece(by_year[year][0].area, union)]
        series.append((year, percent(union)))
    return tuple(series)


def gap(coverage: SiteCoverage, rules: CoverRules) -> Geometry | None:
    """The unprotected part of a site (EPSG:6933); None where there is none or the cover could not be assessed."""
    if coverage.cover_class == NOT_ASSESSED or coverage.protected is coverage.site.geometry:
        return None
    rest = geometry.outside(coverage.site.geometry, coverage.protected)
    return rest if geometry.area(rest) > rules.overlap_tolerance_m2 else None


@dataclass
class CoverageRun:
    """Many sites held in memory, and protected areas that stream past them in pieces of any size.

    Only what meets a site's rectangle is mended, projected and cut; what is kept of it is the part inside the sites.
    ``excluded`` counts rows by reason, ``repaired`` the sites and the areas near them that had to be mended,
    ``other_statuses`` what stood in the status column of those left out as ``status_other``,
    ``of_other_countries`` the overlaps that ``match_country`` left out, ``without_country`` those it could not judge.
    """

    sites: Sequence[Site]
    rules: CoverRules
    excluded: Counter = field(default_factory=Counter)
    repaired: int = 0
    counted: int = 0
    other_statuses: Counter = field(default_factory=Counter)
    of_other_countries: int = 0
    without_country: int = 0

    def __post_init__(self):
        # A site without a boundary of its own takes part in nothing: its circle would only meet areas by chance.
        measurable = [None if _not_assessed(site, self.rules) else site.geometry for site in self.sites]
        self._index = geometry.BoundaryIndex(measurable)
        self._countries = [countries_of(site.iso3) for site in self.sites]
        self._pieces: list[list[Piece]] = [[] for _ in self.sites]
        self.repaired += sum(site.repaired for site in self.sites)

    def add(self, areas: Sequence[ProtectedArea], lonlat: np.ndarray, progress: Progress) -> None:
        """Take in rows of protected areas with their lon/lat geometries, as they came."""
        kinds = geometry.kinds(lonlat)
        counted = []
        for number, (area, kind) in enumerate(zip(areas, kinds)):
            reason = self.rules.exclusion(area, kind)
            if reason is None:
                counted.append(number)
            else:
                self.excluded[reason] += 1
                if reason == "status_other":
                    self.other_statuses[area.status] += 1
        self.counted += len(counted)
        rows = np.array(counted, dtype=int)
        polygons, points = rows[kinds[rows] == "polygon"], rows[kinds[rows] == "point"]
        self._meet([areas[i] for i in polygons], *self._polygons(lonlat[polygons]), progress)
        self._meet(*self._circles([areas[i] for i in points], lonlat[points]), progress)

    def _polygons(self, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Measurable geometry of the polygons near a site, and the pairs (row, site)."""
        asked, found = self._index.near(geometry.equal_area_boxes(lonlat))
        near = np.unique(asked)
        shapes = np.full(len(lonlat), None, dtype=object)
        prepared = geometry.prepare(lonlat[near])
        shapes[near] = prepared.geometries
        self.repaired += int(prepared.repaired.sum())
        unusable = sum(shape is None for shape in prepared.geometries)
        if unusable:
            self.excluded["no_geometry"] += unusable
            self.counted -= unusable
        return shapes, asked, found

    def _circles(self, areas, lonlat: np.ndarray) -> tuple[list, np.ndarray, np.ndarray, np.ndarray]:
        """Circles of the points near a site, one row a circle; the points of one area share its reported area."""
        owners, places, sizes = [], [np.empty((0, 2))], []
        for area, shape in zip(areas, lonlat):
            points = geometry.points_of(shape)
            owners += [area] * len(points)
            places.append(points)
            sizes += [area.reported_km2 * 1e6 / len(points)] * len(points)
        centres = np.vstack(places)
        asked, found = self._index.near(geometry.circle_boxes(centres, np.array(sizes)))
        shapes = np.full(len(owners), None, dtype=object)
        for i in np.unique(asked):
            shapes[i] = geometry.geodesic_circle(*centres[i], sizes[i])
        return owners, shapes, asked, found

    def _meet(self, areas, shapes, asked, found, progress: Progress) -> None:
        usable = np.array([shape is not None for shape in shapes], dtype=bool)[asked]
        asked, found = asked[usable], found[usable]
        for start in range(0, len(asked), _PAIRS):
            progress.check()
            rows, numbers = asked[start : start + _PAIRS], found[start : start + _PAIRS]
            pieces = self._index.overlaps(shapes[rows], numbers)
            for row, number, piece, size in zip(rows, numbers, pieces, geometry.areas(pieces)):
                if size > self.rules.overlap_tolerance_m2 and self._same_country(areas[row], number):
                    self._pieces[number].append(Piece(areas[row], piece))

    def _same_country(self, area: ProtectedArea, number: int) -> bool:
        if not self.rules.match_country:
            return True
        ours = self._countries[number]
        if not ours or not area.countries:
            # Unknown is no mismatch: leaving the area out would show a cover of 0 that nobody measured.
            self.without_country += 1
            return True
        if ours & area.countries:
            return True
        self.of_other_countries += 1
        return False

    def results(self, progress: Progress) -> list[SiteCoverage]:
        """The cover of every site, in the order of ``sites``."""
        known = [p.area.status_year for pieces in self._pieces for p in pieces if p.area.status_year is not None]
        start_year = min(known, default=None)
        covers = []
        for n, (site, pieces) in enumerate(zip(self.sites, self._pieces)):
            progress.set(n / len(self.sites))
            covers.append(cover(site, pieces, self.rules, start_year))
        return covers


def summarise(covers: Sequence[SiteCoverage]) -> dict[str, Any]:
    """Counts and means over sites, as in the contract's ``countries`` and ``global`` blocks.

    ``mean_pct`` is the mean of the sites' percentages, as the SDG indicators have it; ``area_weighted_pct`` is what
    of their summed area is covered. Sites that were not assessed are counted apart and go into neither; both are None
    where no site was assessed. ``years`` holds the mean for every year in which a site's cover changed.
    """
    assessed = [c for c in covers if c.cover_class != NOT_ASSESSED]
    total = sum(c.measured_m2 for c in assessed)
    covered = sum(c.both_pct / 100 * c.measured_m2 for c in assessed)
    classes = Counter(c.cover_class for c in covers)
    return {
        "sites": len(covers),
        "mean_pct": _mean([c.both_pct for c in assessed]),
        "mean_pa_pct": _mean([c.pa_pct for c in assessed]),
        "mean_oecm_pct": _mean([c.oecm_pct for c in assessed]),
        "area_weighted_pct": min(100.0, 100 * covered / total) if assessed else None,
        "complete": classes[COMPLETE],
        "partial": classes[PARTIAL],
        "none": classes[NONE],
        "not_assessed": classes[NOT_ASSESSED],
        "years": _mean_series(assessed),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_series(covers: Sequence[SiteCoverage]) -> list[dict[str, Any]]:
    steps: Counter = Counter()
    for c in covers:
        before = 0.0
        for year, pct in c.years:
            steps[year] += pct - before
            before = pct
    series, so_far = [], 0.0
    for year in sorted(steps):
        so_far += steps[year]
        series.append({"year": year, "mean_pct": so_far / len(covers)})
    return series


def by_country(covers: Sequence[SiteCoverage]) -> list[dict[str, Any]]:
    """The summary for each country, by code. A site in several is in each of them, one without a code under ``""``."""
    groups: dict[str, list[SiteCoverage]] = {}
    for c in covers:
        for code in countries_of(c.site.iso3) or {""}:
            groups.setdefault(code, []).append(c)
    return [{"iso3": code, **summarise(groups[code])} for code in sorted(groups)]
