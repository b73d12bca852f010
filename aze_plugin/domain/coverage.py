"""Protected-area cover of sites: which areas count, and how much of a site they hold.

The rules follow the SDG indicators 14.5.1, 15.1.2 and 15.4.1; their figures and code lists are data, in
``resources/criteria/coverage.json``. Geometry is EPSG:6933; percentages run from 0 to 100. ``coverrun`` measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from . import placeholders
from .errors import AzeError
from .findings import Finding, warning
from .geometry import Geometry
from .years import YearPct, as_json

PA = "pa"
OECM = "oecm"

NONE, PARTIAL, COMPLETE, NOT_ASSESSED = "none", "partial", "complete", "not_assessed"


@dataclass(frozen=True)
class CoverRules:
    """What counts and where the classes are cut; see ``resources/criteria/coverage.json``.

    Letter case does not matter in names. ``circles``: points count as circles of their reported area, else not at all.
    ``match_country``: areas of other countries do not count for a site. ``years``: measure the cumulative series too,
    with ``draws`` years drawn from ``seed`` on for each area of unknown year. ``by``: the values of each classification
    in the order in which they claim what several areas share. ``country_sliver_share``: what of a site lies in another
    country is a slip of the pen up to this share.
    """

    statuses: tuple[str, ...]
    status_reasons: Mapping[str, str]
    mab_designations: tuple[str, ...]
    reasons: tuple[str, ...]
    none_at_most_pct: float
    complete_at_least_pct: float
    overlap_tolerance_m2: float
    placeholder: Mapping[str, Any]
    seed: int
    draws: int
    by: Mapping[str, Sequence[str]]
    country_sliver_share: float
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
            seed=int(rules["years"]["seed"]),
            draws=int(rules["years"]["draws"]),
            by={member: tuple(order) for member, order in rules["by"]["order"].items()},
            country_sliver_share=float(rules["country_sliver_share"]),
        )

    def told(self, excluded: Mapping[str, int]) -> list[dict[str, Any]]:
        """How many areas do not count, by reason, in the order in which reasons apply."""
        return [{"reason": reason, "count": excluded[reason]} for reason in self.reasons if excluded.get(reason)]

    def with_choices(
        self,
        statuses: str | None = None,
        exclude_mab: bool = True,
        circles: bool = False,
        match_country: bool = False,
        years: bool = False,
        seed: int | None = None,
        draws: int | None = None,
    ) -> CoverRules:
        """These rules with a user's choices; ``statuses`` as ``"Designated,Inscribed"``; None for the rules' own.

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
            seed=self.seed if seed is None else seed,
            draws=self.draws if draws is None else draws,
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
        return self.excluded_by_words(area.designations, area.status) or self.excluded_by_kind(kind, area.reported_km2)

    def excluded_by_words(self, designations: Sequence[str], status: str | None) -> str | None:
        """The reason that an area's designations or its status give, or None."""
        if self.exclude_mab and not self._mab.isdisjoint(d.lower() for d in designations):
            return "mab_reserve"
        if status is not None and status.lower() not in self._accepted:
            return self.status_reasons.get(status.lower(), "status_other")
        return None

    def excluded_by_kind(self, kind: str, reported_km2: float | None) -> str | None:
        """The reason that the kind of an area's geometry gives, or None."""
        if kind == "point":
            if not self.circles:
                return "point_omitted"
            if not reported_km2 or not reported_km2 > 0:
                return "point_without_area"
        return "no_geometry" if kind == "none" else None

    def cover_class(self, both_pct: float) -> str:
        """``none``, ``partial`` or ``complete``, by the percentage under PAs and OECMs together."""
        if both_pct <= self.none_at_most_pct:
            return NONE
        return COMPLETE if both_pct >= self.complete_at_least_pct else PARTIAL

    def is_placeholder(self, shape: Geometry) -> bool:
        """Whether a site's boundary is only a circle drawn round its point; see ``placeholders.is_placeholder``."""
        return placeholders.is_placeholder(shape, self.placeholder)


@lru_cache(maxsize=4096)
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
    governance: str = ""
    designation_type: str = ""


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
class AreaShare:
    """One protected area in a site, all of its rows dissolved; ``status_year`` is the earliest known."""

    area: ProtectedArea
    status_year: int | None
    pct: float


@dataclass(frozen=True)
class SiteCoverage:
    """The cover of one site.

    The percentages are None, never 0, where the class is ``not_assessed``. ``oecm_pct`` is OECM outside PAs and
    ``both_pct`` the sum. ``years``: the years in which the cumulative both_pct changed. ``by``: for each classification
    of ``CoverRules.by`` the percentage under each of its values; what several areas share counts for the first of them
    in the rules' order, so that the values add up to both_pct. ``years_by_kind``: as ``years``, for ``pa`` and for
    ``oecm`` outside PAs, of those that there are. ``measured_m2``: the site in EPSG:6933. ``gap``: its
    unprotected part (EPSG:6933), where that was asked for and there is one.
    """

    site: Site
    cover_class: str
    pa_pct: float | None = None
    oecm_pct: float | None = None
    both_pct: float | None = None
    areas: tuple[AreaShare, ...] = ()
    years: tuple[YearPct, ...] = ()
    findings: tuple[Finding, ...] = ()
    measured_m2: float = 0.0
    by: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    years_by_kind: Mapping[str, tuple[YearPct, ...]] = field(default_factory=dict)
    gap: Geometry | None = None

    @property
    def area_ha(self) -> float | None:
        """Ellipsoidal hectares; None for a site without a boundary of its own."""
        return None if self.cover_class == NOT_ASSESSED else self.site.area_ha

    @property
    def unprotected_ha(self) -> float | None:
        """Hectares of the site outside every area that counts; None where the cover could not be assessed."""
        return None if self.both_pct is None else self.site.area_ha * max(0.0, 100 - self.both_pct) / 100


def not_assessed(site: Site, rules: CoverRules) -> Finding | None:
    """Why a site's cover cannot be assessed, None where it can."""
    if site.geometry is None:
        return warning(f"coverage.site_{site.reason}", site=site.name)
    if rules.is_placeholder(site.geometry):
        return warning("coverage.site_placeholder", site=site.name)
    return None


def summarise(covers: Sequence[SiteCoverage], years: Sequence[YearPct] = ()) -> dict[str, Any]:
    """Counts and means over sites, as in the contract's ``countries`` and ``global`` blocks.

    ``mean_pct`` is the mean of the sites' percentages, as the SDG indicators have it; ``area_weighted_pct`` is what
    of their summed area is covered. Sites that were not assessed are counted apart and go into neither; both are None
    where no site was assessed. ``years``: when the mean over sites changed; a year has it as ``mean_pct`` too.
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
        "years": [{**year, "mean_pct": year["both_pct"]} for year in as_json(years)],
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def by_country(
    covers: Sequence[SiteCoverage], years: Mapping[str, Sequence[YearPct]] | None = None
) -> list[dict[str, Any]]:
    """The summary for each country, by code, with its ``years``.

    A site in several countries is in each of them, one without a code under ``""``.
    """
    groups: dict[str, list[SiteCoverage]] = {}
    for c in covers:
        for code in groups_of(c.site):
            groups.setdefault(code, []).append(c)
    return [{"iso3": code, **summarise(groups[code], (years or {}).get(code, ()))} for code in sorted(groups)]


def groups_of(site: Site) -> frozenset[str]:
    """The countries for which a site counts, ``""`` where its country is not known."""
    return countries_of(site.iso3) or frozenset(("",))
