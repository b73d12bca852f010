"""Taxa and what is known of where they live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .redlist import Season

if TYPE_CHECKING:
    # The panel reads the lists below, and has to open where shapely is missing, to say so.
    from .geometry import Geometry

# Seasonality codes of range maps that make up each segment; None is every code.
SEGMENT_SEASONS: Mapping[str, frozenset[int] | None] = {
    "all": None,
    "resident": frozenset({Season.RESIDENT, Season.UNCERTAIN}),
    "breeding": frozenset({Season.RESIDENT, Season.BREEDING}),
    "non_breeding": frozenset({Season.RESIDENT, Season.NON_BREEDING}),
    "passage": frozenset({Season.PASSAGE}),
}
SEGMENTS = tuple(SEGMENT_SEASONS)

# The order in which parameters decide, the best evidence first (KBA Standard, as the contract settles it).
PARAMETERS = ("mature_individuals", "aoo", "esh", "range", "localities")

UNITS = {"mature_individuals": "individuals", "aoo": "cells", "esh": "m2", "range": "m2", "localities": "localities"}


@dataclass(frozen=True)
class Taxon:
    """One taxon of the library, with the assessment that counts for it.

    ``category`` is a Red List code; ``category_source`` says where it came from: ``assessment`` (a Global assessment
    of the CSV export), ``map`` (the range map's own column) or ``none``, and then ``category`` is NE. ``rank`` is
    ``species``, ``subspecies`` or ``subpopulation``. ``year`` is that of the assessment's publication.
    """

    taxon_id: str
    scientific_name: str
    category: str
    category_source: str = "assessment"
    possibly_extinct: bool = False
    possibly_extinct_in_the_wild: bool = False
    rank: str = "species"
    criteria: str = ""
    year: int | None = None
    common_name: str = ""
    group: str = ""


@dataclass(frozen=True)
class RangeRow:
    """One row of a range map: its codes and its valid polygonal geometry in EPSG:6933."""

    presence: int
    origin: int
    seasonal: int
    geometry: Geometry


@dataclass(frozen=True)
class RangeEvidence:
    """What the library knows of a taxon's range near a candidate.

    ``rows``: the rows that pass the filters and whose rectangle meets the candidate's. ``segment_areas``: dissolved
    global area in m² (EPSG:6933) of each segment under the same filters; its keys say which segments the taxon has.
    ``historic``: presence codes beyond the filter were kept, because the taxon is extinct in the wild.
    """

    rows: tuple[RangeRow, ...]
    segment_areas: Mapping[str, float]
    historic: bool = False


@dataclass(frozen=True)
class RecordEvidence:
    """What the library knows of a taxon's records.

    ``lonlat`` and ``metres``: shape (n, 2), EPSG:4326 and EPSG:6933, of the records that pass the filters and lie near
    the candidate (all of them where the whole taxon was asked for); ``years``: shape (n,), 0 where unknown. ``cells``,
    ``localities`` and ``kept`` count the whole world's cells of 2 × 2 km, distinct places and records that pass;
    ``dropped`` the records that do not, by filter: ``uncertain``, ``old``, ``basis``.
    """

    lonlat: np.ndarray
    metres: np.ndarray
    years: np.ndarray
    cells: int
    localities: int
    kept: int
    dropped: Mapping[str, int]


@dataclass(frozen=True)
class HabitatEvidence:
    """Area of habitat of one segment of a taxon: its world total in m² (EPSG:6933), and how much of it lies inside a
    boundary (EPSG:6933), by ``inside_m2``. ``name`` is that of the raster."""

    segment: str
    total_m2: float
    inside_m2: Callable[[Geometry], float]
    name: str = ""


@dataclass(frozen=True)
class Estimate:
    """Somebody's estimate of one parameter: of the world (scope ``global``) or of the candidate (``site``).

    ``low`` ≤ ``best`` ≤ ``high`` are in ``UNITS[parameter]``; ``origin`` says where the figure comes from.
    """

    scope: str
    parameter: str
    segment: str
    low: float
    best: float
    high: float
    year: int | None = None
    origin: str = ""


@dataclass(frozen=True)
class Evidence:
    """One taxon and everything known that bears on its share at a candidate."""

    taxon: Taxon
    range: RangeEvidence | None = None
    records: RecordEvidence | None = None
    habitats: tuple[HabitatEvidence, ...] = ()
    estimates: tuple[Estimate, ...] = ()


def segments_of(seasons: set[int]) -> dict[str, frozenset[int]]:
    """Which seasonality codes make up each segment, for a taxon whose rows have these codes.

    A taxon with any breeding or non-breeding row is migratory: breeding = 1 ∪ 2, non-breeding = 1 ∪ 3. Otherwise it
    is resident: 1 ∪ 5. Passage = 4 where present; ``all`` is every row.
    """
    if not seasons:
        return {}
    names = ["breeding", "non_breeding"] if seasons & {Season.BREEDING, Season.NON_BREEDING} else ["resident"]
    segments = {"all": frozenset(seasons)}
    for name in (*names, "passage"):
        codes = SEGMENT_SEASONS[name]
        if codes & seasons:
            segments[name] = codes
    return segments
