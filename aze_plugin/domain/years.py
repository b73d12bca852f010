"""Cover year by year, where some areas do not say of when they are.

As the SDG indicators 14.5.1, 15.1.2 and 15.4.1 have it, an area of unknown year is given a year drawn at random from
the known years of its country's areas, many times over; what is told is the median of the draws, and the interval that
holds 95 % of them. A draw gives an area one year wherever it lies, so that figures of sites and countries belong
together.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .arrangement import Arrangement, uncovered
from .pieces import Pieces
from .unions import Unions

# What is told of the draws: the interval's ends and the median.
_QUANTILES = (0.025, 0.5, 0.975)

# Stretches times draws that are worked on at a time.
_PORTION = 1_000_000

# Areas of unknown year up to which every outcome is worked out, and then not every draw.
_OUTCOMES = 5

# A change of less than this (percent) is rounding: percentages have nine decimals.
_CHANGE = 1e-7


@dataclass(frozen=True)
class YearPct:
    """What was covered from a year on, in percent: the median of the draws and their 95 % interval."""

    year: int
    both_pct: float
    low_pct: float
    high_pct: float


@dataclass
class Calendar:
    """The years of all areas that count (``years``, rising), and the draws for those that have none.

    ``add`` first, then ``close``, then ask, from any thread. Rows that share a key are one area: of its years the
    earliest is in its country's pool, once. An area of several countries is in the pool of each, and draws from all of
    them; one of a country without known years, or of none, draws from all areas.
    """

    seed: int
    draws: int
    _known: dict[Hashable, tuple[int, frozenset[str]]] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    years: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    _by_country: dict[str, list[int]] = field(default_factory=dict)
    _pools: dict[frozenset[str], np.ndarray] = field(default_factory=dict)

    def add(self, key: Hashable, year: int | None, countries: frozenset[str]) -> None:
        """Take in one row that counts."""
        if year is None:
            return
        self._seen.add(year)
        if key not in self._known or year < self._known[key][0]:
            self._known[key] = (year, countries)

    def close(self) -> None:
        """All rows are in."""
        self.years = np.array(sorted(self._seen), dtype=int)
        for year, places in self._known.values():
            for code in places:
                self._by_country.setdefault(code, []).append(year)

    def rank(self, year: int) -> int:
        """Place of a known year among ``years``."""
        return int(np.searchsorted(self.years, year))

    def drawn(self, key: Hashable, countries: frozenset[str]) -> np.ndarray:
        """The places among ``years`` that were drawn for an area, shape (draws,).

        They depend on the seed, the area's key and the pool alone, not on which other areas there are or in what order
        they came.
        """
        pool = self._pool(countries)
        random = np.random.default_rng([self.seed, zlib.crc32(repr(key).encode())])
        return pool[random.integers(0, len(pool), self.draws)]

    def _pool(self, countries: frozenset[str]) -> np.ndarray:
        if countries not in self._pools:
            # By area, so that one of two countries is in their common pool once.
            if len(countries) == 1:
                years = self._by_country.get(next(iter(countries)), [])
            else:
                years = [year for year, places in self._known.values() if places & countries]
            if not years:
                years = [year for year, _ in self._known.values()]
            self._pools[countries] = np.searchsorted(self.years, np.sort(np.array(years, dtype=int)))
        return self._pools[countries]


@dataclass(frozen=True)
class Series:
    """What of a site is covered at each step, in percent.

    ``values``: shape (outcomes, steps), what is covered by outcome, which is a number of one bit for each area of
    unknown year, set where that is there already; ``drawn``: shape (draws, areas of unknown year), the step from which
    each of them is there in each draw. Without such areas there is one outcome.
    """

    values: np.ndarray
    drawn: np.ndarray

    def table(self) -> np.ndarray:
        """Shape (steps,), or (draws, steps) where draws matter."""
        if not self.drawn.size:
            return self.values[0]
        outcomes = list(self.values)
        for when in self.drawn.T:
            come = when[:, None] <= np.arange(self.values.shape[1])
            outcomes = [np.where(come, there, not_yet) for not_yet, there in zip(outcomes[::2], outcomes[1::2])]
        return outcomes[0]

    def without(self, other: Series) -> Series:
        """What is left of this without another one, draw by draw."""
        return Series(np.maximum(self.values - other.values, 0.0), self.drawn)

    def quantiles(self) -> np.ndarray:
        """``_QUANTILES`` over the draws, as ``numpy.quantile`` has them: shape (quantiles, steps)."""
        outcomes, steps = self.values.shape
        draws = len(self.drawn)
        # How many draws have come to each outcome by each step: an area that comes takes one from one to another.
        order = np.argsort(self.drawn, axis=1)
        when = np.take_along_axis(self.drawn, order, axis=1)
        after = np.cumsum(1 << order, axis=1)
        before = after - (1 << order)
        width = steps + 1
        many = np.bincount((after * width + when).ravel(), minlength=outcomes * width)
        many -= np.bincount((before * width + when).ravel(), minlength=outcomes * width)
        many[0] += draws
        many = many.reshape(outcomes, width).cumsum(axis=1)[:, :steps].T
        order = np.argsort(self.values.T, axis=1)
        rising = np.take_along_axis(self.values.T, order, axis=1)
        upto = np.take_along_axis(many, order, axis=1).cumsum(axis=1)
        found = []
        for quantile in _QUANTILES:
            place = quantile * (draws - 1)
            low, high = (
                np.take_along_axis(rising, (upto <= at).sum(axis=1)[:, None], axis=1)[:, 0]
                for at in (int(place), min(int(place) + 1, draws - 1))
            )
            found.append(low + (high - low) * (place - int(place)))
        return np.array(found)


@dataclass(frozen=True)
class Table:
    """As ``Series``, with what is covered at each step of each draw: shape (draws, steps)."""

    values: np.ndarray

    def table(self) -> np.ndarray:
        return self.values

    def without(self, other: Table) -> Table:
        return Table(np.maximum(self.values - other.values, 0.0))

    def quantiles(self) -> np.ndarray:
        return np.quantile(self.values, _QUANTILES, axis=0)


def percentages(
    arrangement: Arrangement | Pieces | Unions,
    ranks: np.ndarray,
    members: np.ndarray,
    drawn: Mapping[int, np.ndarray],
    steps: int,
    draws: int,
) -> list[Series | Table]:
    """Percent of a site covered at each step by each of some sets of areas, in the same draws.

    ``ranks``: the step from which each area counts, ``steps`` for one that never does; ``members``: shape (sets,
    areas); ``drawn``: for each area of unknown year, by number, the steps that were drawn for it.
    """
    undated = sorted(drawn)
    if isinstance(arrangement, Unions) and undated:
        found = []
        for set_ in members:
            few, first = arrangement.by_step(np.where(set_, ranks, steps), undated, steps)
            ranks_ = np.append(first, np.full(len(undated), steps))
            set_ = np.append(np.ones(len(first), dtype=bool), set_[undated])
            drawn_ = {len(first) + n: drawn[number] for n, number in enumerate(undated)}
            found += percentages(few, ranks_, set_[None], drawn_, steps, draws)
        return found
    if len(drawn) > _OUTCOMES:
        return [Table(_drawn(arrangement, ranks, set_, drawn, steps, draws)) for set_ in members]
    there = np.arange(2 ** len(undated))[:, None] >> np.arange(len(undated)) & 1
    rankings = np.tile(ranks, (len(there), 1))
    rankings[:, undated] = np.where(there, 0, steps)
    rankings = np.concatenate([np.where(set_, rankings, steps) for set_ in members])
    if undated:
        arrangement = arrangement.merged()
    percent = arrangement.percent(arrangement.growing(rankings, steps)).reshape(len(members), len(there), steps)
    steps_drawn = np.array([drawn[number] for number in undated], dtype=int).reshape(-1, draws).T
    return [Series(values, steps_drawn) for values in percent]


def _drawn(arrangement: Arrangement | Pieces, ranks, members, drawn: Mapping[int, np.ndarray], steps: int, draws: int):
    """As ``percentages`` for one set and many areas of unknown year, draw by draw: shape (draws, steps)."""
    ranks = np.where(members, ranks, steps)
    ranks[list(drawn)] = steps
    covered = np.zeros((draws, steps))
    for piece, areas in arrangement.merged().pieces():
        own = {n: drawn[number] for n, number in enumerate(areas.tolist()) if number in drawn and members[number]}
        covered += np.clip(piece.site_m2 - _left(piece, ranks[areas], own, steps, draws), 0, piece.site_m2)
    return arrangement.percent(covered)


def _left(arrangement: Arrangement, ranks, drawn: Mapping[int, np.ndarray], steps: int, draws: int) -> np.ndarray:
    """Square metres that are left at each step of each draw, shape (draws, steps)."""
    (begin,), (end,) = arrangement.spans(ranks[None], steps)
    numbers = np.array(sorted(drawn), dtype=int)
    owner, weight = arrangement.owner, arrangement.weight
    under = arrangement.under[:, numbers >> 3] >> (numbers & 7).astype(np.uint8) & 1 > 0
    # Where areas of known year are sooner than any draw, the draws change nothing.
    soonest = np.array([drawn[number].min() for number in numbers], dtype=int)
    under &= soonest < end[:, None]
    first_of = np.zeros(arrangement.count + 1, dtype=int)
    first_of[numbers] = soonest
    owned = np.isin(owner, numbers)
    alive = np.where(owned, first_of[owner], begin) < end
    moving = alive & (owned | under.any(axis=1))
    fixed = alive & ~moving
    left = np.tile(uncovered(begin[fixed], end[fixed], weight[fixed], steps).astype(float), (draws, 1))
    rows = np.flatnonzero(moving)
    portion = max(1, _PORTION // draws)
    line = (np.arange(draws) * (steps + 1))[None, :]
    change = np.zeros(draws * (steps + 1))
    for start in range(0, len(rows), portion):
        some = rows[start : start + portion]
        first = np.repeat(begin[some][:, None], draws, axis=1)
        last = np.repeat(end[some][:, None], draws, axis=1)
        for column, number in enumerate(numbers):
            mine = owner[some] == number
            first[mine] = drawn[number]
            below = under[some, column]
            last[below] = np.minimum(last[below], drawn[number])
        heavy = np.repeat(weight[some][:, None], draws, axis=1)
        counts = first < last
        change += np.bincount((first + line)[counts], heavy[counts], draws * (steps + 1))
        change -= np.bincount((last + line)[counts], heavy[counts], draws * (steps + 1))
    return left + np.cumsum(change.reshape(draws, steps + 1), axis=1)[:, :steps]


def told(percent: np.ndarray | Series | Table, years: np.ndarray) -> tuple[YearPct, ...]:
    """The years in which a figure changed; between them all stay.

    ``percent``: a series, or percentages of shape (steps,) or (draws, steps).
    """
    if isinstance(percent, np.ndarray):
        percent = Table(np.atleast_2d(percent))
    if len(percent.values) == 1:
        changed = np.abs(np.diff(percent.values[0], prepend=0.0)) > _CHANGE
        found = zip(years[changed].tolist(), percent.values[0][changed].tolist())
        return tuple(YearPct(year, pct, pct, pct) for year, pct in found)
    low, middle, high = percent.quantiles()
    figures = np.column_stack((middle, low, high))
    before = np.vstack((np.zeros((1, 3)), figures[:-1]))
    changed = (np.abs(figures - before) > _CHANGE).any(axis=1)
    return tuple(YearPct(int(y), *row) for y, row in zip(years[changed], figures[changed].tolist()))


class Means:
    """Mean percentages of groups of sites, year by year and draw by draw."""

    def __init__(self):
        self._count: dict[str | None, int] = {}
        self._fixed: dict[str | None, Any] = {}
        self._drawn: dict[str | None, Any] = {}

    @property
    def groups(self) -> list[str | None]:
        """All groups that have sites."""
        return list(self._count)

    def add(self, groups: Iterable[str | None], percent: np.ndarray) -> None:
        """Take in a site's percentages in all of its groups."""
        sums = self._fixed if percent.ndim == 1 else self._drawn
        for group in groups:
            self._count[group] = self._count.get(group, 0) + 1
            if group in sums:
                sums[group] += percent
            else:
                sums[group] = percent.copy()

    def told(self, group: str | None, years: np.ndarray) -> tuple[YearPct, ...]:
        """The years in which a group's mean changed."""
        if group not in self._count:
            return ()
        total = self._fixed.get(group, 0.0) + self._drawn.get(group, 0.0)
        return told(total / self._count[group], years)


def as_json(series: Sequence[YearPct], name: str = "both_pct") -> list[dict[str, Any]]:
    """The series as the summary has it, its median under ``name``."""
    return [{"year": y.year, name: y.both_pct, "low_pct": y.low_pct, "high_pct": y.high_pct} for y in series]
