"""How much of a taxon's world is inside a boundary, by every parameter of the KBA Standard for which there is data.

A share is what the site holds over what the whole world holds, of one parameter and one segment. What belongs to one
segment is joined before anything is measured, on both sides of the fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from .. import geometry
from ..geometry import Geometry
from ..species import (
    PARAMETERS,
    SEGMENT_SEASONS,
    SEGMENTS,
    UNITS,
    Estimate,
    Evidence,
    HabitatEvidence,
    RangeEvidence,
    RecordEvidence,
)

CELL_M = 2000.0
LOCALITY_DECIMALS = 4

# Estimate and measurement of one thing that differ by more than this many times are taken for different units.
_OTHER_UNIT = 1000.0


@dataclass(frozen=True)
class Share:
    """The part of a taxon that a site holds, by one parameter and one segment.

    ``low``, ``best``, ``high`` are fractions 0 to 1. ``site_value`` and ``global_value`` are the best values, in
    ``UNITS[parameter]``. ``basis`` says what it was worked out from: ``range_map``,
    ``records``, ``habitat`` or ``estimate``.
    """

    parameter: str
    segment: str
    low: float
    best: float
    high: float
    site_value: float
    global_value: float
    basis: str = "range_map"

    @property
    def unit(self) -> str:
        """Unit of both values."""
        return UNITS[self.parameter]

    def of(self, taxon: str) -> dict[str, str]:
        """By what a finding names it: params ``taxon``, ``parameter`` and ``segment``."""
        return {"taxon": taxon, "parameter": self.parameter, "segment": self.segment}


@dataclass(frozen=True)
class Measured:
    """One taxon at a candidate: its shares by the order of PARAMETERS and SEGMENTS.

    ``replaced``: measured shares in whose place estimates stand. ``records_inside``: records that pass the filters and
    lie in the boundary; ``latest_year``: the latest of their known years, 0 without one.
    """

    evidence: Evidence
    shares: tuple[Share, ...]
    replaced: tuple[Share, ...] = ()
    records_inside: int = 0
    latest_year: int = 0

    @property
    def records_outside(self) -> int:
        """Records that pass the filters and lie elsewhere."""
        records = self.evidence.records
        return records.kept - self.records_inside if records else 0


def cells_of(metres: np.ndarray) -> np.ndarray:
    """Distinct 2 × 2 km cells of points in EPSG:6933, as floor(x / 2000) and floor(y / 2000), shape (n, 2)."""
    return np.unique(np.floor(metres / CELL_M).astype(np.int64), axis=0)


def localities_of(lonlat: np.ndarray) -> np.ndarray:
    """Distinct coordinates of points in EPSG:4326, rounded to four decimals, shape (n, 2)."""
    return np.unique(np.round(lonlat * 10**LOCALITY_DECIMALS).astype(np.int64), axis=0) / 10**LOCALITY_DECIMALS


def leading(shares: Sequence[Share]) -> Share:
    """The share that says most of a taxon: the highest. A range's ``all``, which mixes the seasons, only where there is
    no other."""
    parts = [share for share in shares if (share.parameter, share.segment) != ("range", "all")]
    return max(parts or shares, key=lambda share: (share.best, share.high))


def measure(
    evidence: Sequence[Evidence],
    boundary: Geometry,
    ranges: Callable[[Sequence[Evidence], Geometry], Sequence[Mapping[str, float]]] | None = None,
) -> list[Measured]:
    """Shares of every taxon of which the boundary (EPSG:6933) holds anything; the others are left out.

    ``ranges``: measures range maps in place of ``range_areas``, for who has them in a form that is quicker to measure.
    """
    measured = []
    for item, areas in zip(evidence, (ranges or range_areas)(evidence, boundary)):
        computed: list[Share] = []
        if item.range:
            computed += range_shares(item.range, areas)
        within = geometry.points_inside(item.records.metres, boundary) if item.records else np.zeros(0, dtype=bool)
        if item.records:
            computed += record_shares(item.records, within)
        computed += habitat_shares(item.habitats, boundary)
        estimated = estimate_shares(item.estimates, computed)
        told = {(share.parameter, share.segment) for share in estimated}
        kept = [share for share in computed if (share.parameter, share.segment) not in told]
        shares = sorted([*estimated, *kept], key=_order)
        if any(share.high > 0 for share in [*shares, *computed]):
            years = item.records.years[within] if item.records else within
            measured.append(
                Measured(
                    item,
                    tuple(shares),
                    tuple(share for share in computed if (share.parameter, share.segment) in told),
                    int(within.sum()),
                    int(years.max(initial=0)),
                )
            )
    return measured


def range_areas(evidence: Sequence[Evidence], boundary: Geometry) -> list[dict[str, float]]:
    """For each taxon how many m² of the dissolved range of each of its segments the boundary (EPSG:6933) holds."""
    # All rows at once: cutting them one by one would cost several times as much.
    rows = [row.geometry for item in evidence if item.range for row in item.range.rows]
    pieces = iter(geometry.inside(rows, boundary))
    return [
        _segment_areas(item.range, list(islice(pieces, len(item.range.rows)))) if item.range else {}
        for item in evidence
    ]


def _segment_areas(evidence: RangeEvidence, inside: Sequence[Geometry]) -> dict[str, float]:
    """``inside``: for each of the evidence's rows what of it lies in the boundary (EPSG:6933)."""
    clipped = [(row.seasonal, piece) for row, piece in zip(evidence.rows, inside) if not geometry.is_empty(piece)]
    measured: dict[tuple[int, ...], float] = {}
    areas = {}
    for segment in evidence.segment_areas:
        codes = SEGMENT_SEASONS[segment]
        members = tuple(n for n, (season, _) in enumerate(clipped) if codes is None or season in codes)
        if members not in measured:
            measured[members] = geometry.area(geometry.dissolve(clipped[n][1] for n in members))
        areas[segment] = measured[members]
    return areas


def range_shares(evidence: RangeEvidence, inside_m2: Mapping[str, float]) -> list[Share]:
    """Shares of the dissolved range of each segment that the taxon has; zero where nothing of it is inside.

    ``inside_m2``: by segment how many m² of it lie in the boundary (EPSG:6933).
    """
    return [
        _exact("range", segment, inside_m2[segment], evidence.segment_areas[segment], "range_map")
        for segment in SEGMENTS
        if evidence.segment_areas.get(segment)
    ]


def record_shares(records: RecordEvidence, inside: np.ndarray) -> list[Share]:
    """Area of occupancy and localities: cells and places with a record inside over those of the world.

    ``inside``: for each record whether it lies in the boundary, shape (n,). Records say nothing of a season, so the
    segment is ``all``. Empty where the world has no record that passes the filters.
    """
    if not records.kept:
        return []
    cells, places = cells_of(records.metres[inside]), localities_of(records.lonlat[inside])
    return [
        _exact("aoo", "all", len(cells), records.cells, "records"),
        _exact("localities", "all", len(places), records.localities, "records"),
    ]


def habitat_shares(habitats: Sequence[HabitatEvidence], boundary: Geometry) -> list[Share]:
    """Area of habitat (ESH) inside over that of the world, for each segment that has a raster with any habitat."""
    return [
        _exact("esh", habitat.segment, habitat.inside_m2(boundary), habitat.total_m2, "habitat")
        for habitat in habitats
        if habitat.total_m2 > 0
    ]


def estimate_shares(estimates: Sequence[Estimate], computed: Sequence[Share] = ()) -> list[Share]:
    """Shares from estimates, for each parameter and segment of which site or world is estimated and the other is known.

    Low = site minimum ÷ world maximum, best ÷ best, high = site maximum ÷ world minimum (KBA Standard, on uncertainty).
    Where several estimates speak of the same thing the last one given counts. Where only one side is estimated the
    other is what was measured, unless that contradicts the estimate (see ``contradicted``).
    """
    told = _told(estimates)
    measured = {(share.parameter, share.segment): share for share in computed}
    shares = []
    for key in told["site"].keys() | told["global"].keys():
        if key in measured and contradicted(key, estimates, computed):
            continue
        here, everywhere = told["site"].get(key), told["global"].get(key)
        if key in measured:
            here = here or _as_estimate("site", measured[key])
            everywhere = everywhere or _as_estimate("global", measured[key])
        if here is None or everywhere is None:
            continue
        shares.append(
            Share(
                *key,
                _fraction(here.low, everywhere.high),
                _fraction(here.best, everywhere.best),
                _fraction(here.high, everywhere.low),
                here.best,
                everywhere.best,
                "estimate",
            )
        )
    return sorted(shares, key=_order)


def contradicted(key: tuple[str, str], estimates: Sequence[Estimate], computed: Sequence[Share]) -> bool:
    """Whether the one estimate of a parameter and segment, of the site or of the world, cannot go with what was
    measured: more at the site than in the world, or another unit by the look of it."""
    told = _told(estimates)
    sides = [side for side in ("site", "global") if key in told[side]]
    measured = next((share for share in computed if (share.parameter, share.segment) == key), None)
    if len(sides) != 1 or measured is None:
        return False
    estimate = told[sides[0]][key]
    own, other = measured.site_value, measured.global_value
    if sides[0] == "global":
        own, other = other, own
        if other > estimate.high * (1 + 1e-9):
            return True
    elif estimate.best > other * (1 + 1e-9):
        return True
    return min(own, estimate.best) > 0 and max(own, estimate.best) / min(own, estimate.best) > _OTHER_UNIT


def _told(estimates: Sequence[Estimate]) -> dict[str, dict[tuple[str, str], Estimate]]:
    return {scope: {(e.parameter, e.segment): e for e in estimates if e.scope == scope} for scope in ("site", "global")}


def _as_estimate(scope: str, share: Share) -> Estimate:
    value = share.site_value if scope == "site" else share.global_value
    return Estimate(scope, share.parameter, share.segment, value, value, value)


def _exact(parameter: str, segment: str, here: float, everywhere: float, basis: str) -> Share:
    fraction = _fraction(here, everywhere)
    return Share(parameter, segment, fraction, fraction, fraction, float(here), float(everywhere), basis)


def _fraction(part: float, whole: float) -> float:
    """Never above 1: rounding can leave a whole range a hair above its own area, and a site may be estimated higher
    than the world. Of a world that may be nothing, anything is all."""
    if whole <= 0:
        return 1.0 if part > 0 else 0.0
    return min(1.0, part / whole)


def _order(share: Share) -> tuple[int, int]:
    return PARAMETERS.index(share.parameter), SEGMENTS.index(share.segment)
