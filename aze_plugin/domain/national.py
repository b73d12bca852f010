"""What a country's sites come to: cover with intervals, classes, trigger species by cover, and what has changed.

Cover is that of ``coverage``: nothing is measured here. A site across borders comes as one entry for each country that
it lies in, with the figures of its part. What is not known, the cover of a site without a boundary or its species,
stays None and enters no figure; how much that is, is counted beside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import redlist
from .coverage import COMPLETE, NONE, NOT_ASSESSED, PARTIAL, CoverRules, SiteCoverage, groups_of, summarise
from .years import YearPct

CLASSES = (COMPLETE, PARTIAL, NONE, NOT_ASSESSED)

# Draws times sites that are worked on at a time.
_PORTION = 2_000_000

# Percentage points under which the cover of a site has stayed the same.
_CHANGE_PCT = 0.1


@dataclass(frozen=True)
class Species:
    """A trigger species: its scientific name and its Red List category, ``""`` where that is not known."""

    scientific_name: str
    category: str = ""
    common_name: str = ""


@dataclass(frozen=True)
class Entry:
    """A site, or its part in one country, as a report lists it.

    ``species``: None where nothing is known of them. ``place``: longitude and latitude of a point in the site, None
    without a geometry. ``is_part``: only a part of the site, the rest lying in other countries.
    """

    cover: SiteCoverage
    species: tuple[Species, ...] | None = None
    place: tuple[float, float] | None = None
    is_part: bool = False
    basis: str = ""

    @property
    def site_id(self) -> str:
        """The id of the whole site."""
        return self.cover.site.site_id

    @property
    def name(self) -> str:
        """The name of the whole site."""
        return self.cover.site.name


@dataclass(frozen=True)
class SpeciesCover:
    """A trigger species with the sites it has here, and how those are covered as a whole: one of ``CLASSES``.

    ``complete``: all of its sites are; ``none``: no site of it has cover, and of all of them that is known;
    ``not_assessed``: it may have some, but of the sites that matter the cover is not known; else ``partial``.
    """

    species: Species
    sites: tuple[Entry, ...]
    cover_class: str


@dataclass(frozen=True)
class Interval:
    """The 95 % interval of a figure, percent."""

    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """All of one country, or of everything where ``iso3`` is None.

    ``block``: the country's block of the ``aze-coverage/1`` document. ``mean`` and ``weighted``: intervals of its
    ``mean_pct`` and ``area_weighted_pct``, None for fewer than two assessed sites. ``area_ha``, ``unprotected_ha``:
    sums over assessed sites, None without any. ``without_species``: entries whose species are not known.
    """

    iso3: str | None
    entries: tuple[Entry, ...]
    block: Mapping[str, Any]
    mean: Interval | None
    weighted: Interval | None
    area_ha: float | None
    pa_weighted_pct: float | None
    oecm_weighted_pct: float | None
    unprotected_ha: float | None
    species: tuple[SpeciesCover, ...]
    without_species: int

    def of_class(self, cover_class: str) -> list[Entry]:
        """Entries of one class of cover."""
        return [e for e in self.entries if e.cover.cover_class == cover_class]

    def categories(self) -> list[tuple[str, dict[str, int]]]:
        """For each category that has species, the most threatened first, the number of species by class of cover."""
        found: dict[str, dict[str, int]] = {}
        for one in self.species:
            found.setdefault(one.species.category, dict.fromkeys(CLASSES, 0))[one.cover_class] += 1
        return sorted(found.items(), key=lambda item: redlist.sort_key(item[0]))


def by_country(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Entries by country code, ``""`` where it is not known; one in several countries is in each of them."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        for code in groups_of(entry.cover.site):
            groups.setdefault(code, []).append(entry)
    return {code: groups[code] for code in sorted(groups)}


def figures(
    iso3: str | None,
    entries: Sequence[Entry],
    rules: CoverRules,
    years: Sequence[YearPct] = (),
) -> Figures:
    """The figures of these entries. ``years``: the series of their mean, as ``CoverageRun`` has it."""
    ordered = tuple(sorted(entries, key=lambda e: (e.name.casefold(), e.site_id)))
    # In the order in which they came, so that sums are those of the coverage to the last digit.
    covers = [entry.cover for entry in entries]
    assessed = [c for c in covers if c.cover_class != NOT_ASSESSED]
    block = {"iso3": iso3 or "", **summarise(covers, years)}
    mean, weighted = intervals(
        [c.both_pct for c in assessed], [c.measured_m2 for c in assessed], rules.seed, rules.draws, iso3 or ""
    )
    return Figures(
        iso3,
        ordered,
        block,
        mean,
        weighted,
        sum(c.site.area_ha for c in assessed) if assessed else None,
        _weighted([c.pa_pct for c in assessed], assessed),
        _weighted([c.oecm_pct for c in assessed], assessed),
        sum(c.unprotected_ha for c in assessed) if assessed else None,
        tuple(species_cover(ordered)),
        sum(entry.species is None for entry in ordered),
    )


def _weighted(percentages: Sequence[float], covers: Sequence[SiteCoverage]) -> float | None:
    total = sum(c.measured_m2 for c in covers)
    return sum(p * c.measured_m2 for p, c in zip(percentages, covers)) / total if total else None


def intervals(
    percentages: Sequence[float], areas: Sequence[float], seed: int, draws: int, key: str = ""
) -> tuple[Interval | None, Interval | None]:
    """The 95 % bootstrap intervals of a mean of sites and of the same weighted by area.

    Sites are drawn with replacement, as many as there are, ``draws`` times: how much the figure hangs on which sites
    there are. The same seed and ``key`` give the same intervals. None for fewer than two sites.
    """
    count = len(percentages)
    if count < 2:
        return None, None
    values, weights = np.array(percentages, dtype=float), np.array(areas, dtype=float)
    random = np.random.default_rng([seed, zlib.crc32(key.encode())])
    means, weighted = [], []
    portion = max(1, _PORTION // count)
    for start in range(0, draws, portion):
        chosen = random.integers(0, count, (min(portion, draws - start), count))
        means.append(values[chosen].mean(axis=1))
        weighted.append((values[chosen] * weights[chosen]).sum(axis=1) / weights[chosen].sum(axis=1))
    return _interval(np.concatenate(means)), _interval(np.concatenate(weighted))


def _interval(drawn: np.ndarray) -> Interval:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(float(low), float(high))


def species_cover(entries: Sequence[Entry]) -> list[SpeciesCover]:
    """Each trigger species once with its sites, the most threatened first, then by name."""
    sites: dict[str, list[Entry]] = {}
    known: dict[str, Species] = {}
    for entry in entries:
        for one in entry.species or ():
            key = one.scientific_name.casefold()
            if key not in known or (one.category and not known[key].category):
                known[key] = one
            if not any(entry is other for other in sites.setdefault(key, [])):
                sites[key].append(entry)
    found = [SpeciesCover(known[key], tuple(sites[key]), _joint_class(sites[key])) for key in sites]
    return sorted(found, key=lambda s: (redlist.sort_key(s.species.category), s.species.scientific_name))


def _joint_class(entries: Sequence[Entry]) -> str:
    classes = {entry.cover.cover_class for entry in entries}
    if classes == {COMPLETE}:
        return COMPLETE
    if classes & {COMPLETE, PARTIAL}:
        return PARTIAL
    return NONE if classes == {NONE} else NOT_ASSESSED


# ------------------------------------------------------------------------------------------------------- what changed


@dataclass(frozen=True)
class SiteChange:
    """A site of which something is not as it was. Percentages are None where they were or are not known."""

    site_id: str
    name: str
    iso3: str
    before_pct: float | None
    after_pct: float | None
    before_class: str
    after_class: str
    before_ha: float | None
    after_ha: float | None


@dataclass(frozen=True)
class Changes:
    """This run beside an earlier one, both as ``aze-country-report/1`` has them.

    ``settings``: names of settings that differ, so that figures differ for that reason too. ``added``, ``removed``:
    entries of sites. ``changed``: sites whose class is another, whose cover moved by more than 0.1 percentage points or
    whose area by more than 1 %. ``species_added``, ``species_removed``: rows of species; ``recategorised``: (name,
    before, after).
    ``before``, ``after``: the figures of the whole.
    """

    settings: tuple[str, ...]
    added: tuple[Mapping[str, Any], ...]
    removed: tuple[Mapping[str, Any], ...]
    changed: tuple[SiteChange, ...]
    species_added: tuple[Mapping[str, Any], ...]
    species_removed: tuple[Mapping[str, Any], ...]
    recategorised: tuple[tuple[str, str, str], ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def nothing(self) -> bool:
        """Whether everything is as it was."""
        return not any(
            (self.added, self.removed, self.changed, self.species_added, self.species_removed, self.recategorised)
        )


def changes(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """What differs between two documents of the same scope."""
    before, after = _sites(earlier), _sites(now)
    species_before = {row["scientific_name"]: row for row in earlier["species"]}
    species_after = {row["scientific_name"]: row for row in now["species"]}
    kept = [key for key in after if key in before]
    return Changes(
        tuple(
            sorted(
                name
                for name in {*earlier["settings"], *now["settings"]}
                if earlier["settings"].get(name) != now["settings"].get(name)
            )
        ),
        tuple(row for key, row in after.items() if key not in before),
        tuple(row for key, row in before.items() if key not in after),
        tuple(change for key in kept if (change := _site_change(before[key], after[key])) is not None),
        tuple(row for name, row in species_after.items() if name not in species_before),
        tuple(row for name, row in species_before.items() if name not in species_after),
        tuple(
            (name, species_before[name]["category"], row["category"])
            for name, row in species_after.items()
            if name in species_before and species_before[name]["category"] != row["category"]
        ),
        earlier["global"],
        now["global"],
    )


def _sites(document: Mapping[str, Any]) -> dict[tuple, Mapping[str, Any]]:
    """Rows by site and country, and by their number among those that share both."""
    found: dict[tuple, Mapping[str, Any]] = {}
    for row in document["sites"]:
        key, number = (row["site_id"], row["iso3"]), 0
        while (*key, number) in found:
            number += 1
        found[(*key, number)] = row
    return found


def _site_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> SiteChange | None:
    one, other = before["both_pct"], after["both_pct"]
    moved = (one is None) != (other is None) or (one is not None and abs(one - other) > _CHANGE_PCT)
    small, large = before["area_ha"], after["area_ha"]
    reshaped = small is not None and large is not None and abs(small - large) > 0.01 * small
    if not moved and not reshaped and before["cover_class"] == after["cover_class"]:
        return None
    return SiteChange(
        after["site_id"],
        after["name"],
        after["iso3"],
        one,
        other,
        before["cover_class"],
        after["cover_class"],
        small,
        large,
    )
