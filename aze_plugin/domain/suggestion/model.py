"""What is asked for, by which rules, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..criteria.shares import Share
from ..findings import Finding
from ..geometry import Geometry
from ..species import PARAMETERS, Evidence

# What can be measured anywhere; individuals are only ever estimated.
MEASURED = tuple(parameter for parameter in PARAMETERS if parameter != "mature_individuals")

LEAST_AREA, SIMPLEST, FEWEST, PROTECTED, ONE_PART, OTHER = TRADE_OFFS = (
    "least_area",
    "simplest",
    "fewest",
    "protected",
    "one_part",
    "other",
)


@dataclass(frozen=True)
class Rules:
    """How proposals are made; see ``resources/criteria/suggestion.json``. Shares are 0 to 1 and above.

    ``tolerance_share``: how much more than the least area the first proposal may take for a shorter outline;
    ``wide_share``: the same for the simplest and the most protected, ``widest_share`` for all others. ``part_weight``:
    what a part beyond the first weighs, in circumferences of a circle of the least area. ``margin_share``: by how much
    the threshold is passed at least, so that writing the shape to a file does not undo it. ``least_difference_share``:
    how much of the land of two proposals together belongs to one of them only, at least; ``other_difference_share``:
    the same for those that are there to use other land. ``least_gain_share``: by how much a trade-off has to be better
    than the first proposal at what it is for. ``least_value_share``: units
    that hold less of the world hold nothing. ``repetition_weight``: how much dearer land gets for further proposals by
    each earlier one that uses it. ``protected_weight``: what protected land costs beside unprotected, where that is to
    be small. ``hole_share``: holes smaller than this share of a proposal are filled. ``grid_m``: how finely vertices
    are told apart. ``overlap_tolerance_m2``: overlaps of two units that do not count. ``noded_vertices``: up to so many
    all outlines are laid over one another, above only those of units that overlap. ``connecting_units``: how many units
    that hold nothing, the nearest ones, are looked at to join parts. ``cells_wanted``: hexagons that the world should
    make where no size is given, ``most_cells`` how many at most; ``record_cell_km2``: their least size where records
    count; ``few_records``: with fewer of them a warning is given. ``least_cell_share``: of the cells that it holds, a
    proposal should take up this share of land.
    """

    alternatives: int
    tolerance_share: float
    part_weight: float
    wide_share: float
    widest_share: float
    margin_share: float
    least_difference_share: float
    other_difference_share: float
    least_gain_share: float
    least_value_share: float
    repetition_weight: float
    protected_weight: float
    hole_share: float
    grid_m: float
    overlap_tolerance_m2: float
    noded_vertices: int
    connecting_units: int
    cells_wanted: int
    most_cells: int
    record_cell_km2: float
    few_records: int
    least_cell_share: float

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> Rules:
        """Rules from the parsed file."""
        return cls(**{name: rules[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Unit:
    """Something to build from: its name, and its geometry in EPSG:6933, valid and polygonal."""

    name: str
    geometry: Geometry


@dataclass(frozen=True)
class Request:
    """What is asked for.

    ``parameter``: one of MEASURED, ``""`` for the first in the criteria's order of which there is data; ``segment``:
    one of SEGMENTS, ``""`` for the one whose world is smallest among those that can be reached. ``fill``: hexagons
    where units leave parts of the world uncovered; ``cell_km2``: their size, 0 for one that fits the world.
    """

    parameter: str = ""
    segment: str = ""
    fill: bool = True
    cell_km2: float = 0.0
    alternatives: int = 5


@dataclass(frozen=True)
class Proposal:
    """One proposed boundary.

    ``trade_off``: one of TRADE_OFFS; ``also``: others that would have come to the same. ``geometry``: EPSG:6933.
    ``units``: names of the units used, and ``cells`` the number of hexagons. ``perimeter_m``: true metres;
    ``compactness``: 4π × area ÷ perimeter², 1 for a circle. ``protected_share``: None where protected areas are not
    known. ``exact``: it is the best of all sets of the units by its own trade-off; ``bound``: its area is at most this
    many times the least area that could do.
    """

    trade_off: str
    also: tuple[str, ...]
    share: Share
    geometry: Geometry
    units: tuple[str, ...]
    cells: int
    perimeter_m: float
    compactness: float
    parts: int
    protected_share: float | None
    exact: bool
    bound: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Suggestion:
    """All proposals for one taxon, the best first, and what has to be said of the whole.

    ``reachable_share``: what all units and hexagons together hold. ``considered``: units that hold anything;
    ``cell_km2``: size of the hexagons, 0 without any.
    """

    evidence: Evidence
    parameter: str
    segment: str
    reachable_share: float
    proposals: tuple[Proposal, ...]
    findings: tuple[Finding, ...]
    considered: int = 0
    cells: int = 0
    cell_km2: float = 0.0
