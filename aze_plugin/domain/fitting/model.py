"""By which rules a boundary is fitted, what is changed and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import AzeError
from ..findings import Finding, info
from ..geometry import Geometry

SNAPPED, SIMPLIFIED, OVERLAP, GAP, SLIVER, HOLE, ROUNDED, SHARED = KINDS = (
    "snapped",
    "simplified",
    "overlap_removed",
    "gap_filled",
    "sliver_removed",
    "hole_filled",
    "rounded",
    "shared_exactly",
)


@dataclass(frozen=True)
class FitRules:
    """What is changed and what is not; see ``fitting`` in ``resources/criteria/aze.json``.

    ``tolerance_m``: how far the outline may move, in true metres; ``simplify_m``: the same for simplifying what is not
    on a mapped edge, 0 for not at all; ``least_stretch_factor``: stretches with both ends free that are shorter than
    this many tolerances stay as they are; ``reach_factor``: how far, in tolerances, the outline is prolonged to meet
    an edge; ``junction_window_m``, ``junction_error_m``: see ``EdgeNetwork.junction``; ``sliver_share``: parts and
    holes below this share of the area go where they are narrow too; ``overlap_tolerance_m2``: what two sites may share.
    """

    tolerance_m: float
    simplify_m: float
    least_stretch_factor: float
    reach_factor: float
    junction_window_m: float
    junction_error_m: float
    sliver_share: float
    overlap_tolerance_m2: float
    most_passes: int

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> FitRules:
        """From the parsed rules file."""
        own = rules["fitting"]
        return cls(**{name: type_(own[name]) for name, type_ in _TYPES.items()})

    def with_choices(self, tolerance_m: float | None = None, simplify_m: float | None = None) -> FitRules:
        """The same with a user's choices. Raises AzeError ``fitting.tolerance`` where they cannot be."""
        chosen = replace(
            self,
            tolerance_m=self.tolerance_m if tolerance_m is None else float(tolerance_m),
            simplify_m=self.simplify_m if simplify_m is None else float(simplify_m),
        )
        if not 0 < chosen.tolerance_m < 1e5 or not 0 <= chosen.simplify_m <= chosen.tolerance_m:
            raise AzeError("fitting.tolerance", tolerance_m=chosen.tolerance_m, simplify_m=chosen.simplify_m)
        return chosen


_TYPES = {
    "tolerance_m": float,
    "simplify_m": float,
    "least_stretch_factor": float,
    "reach_factor": float,
    "junction_window_m": float,
    "junction_error_m": float,
    "sliver_share": float,
    "overlap_tolerance_m2": float,
    "most_passes": int,
}


@dataclass(frozen=True)
class Change:
    """One thing that fitting does. ``kind``: one of KINDS; ``subject``: the layer or site that it is about, if any.

    ``length_m``: of the outline concerned; ``area_m2``: that changes sides; ``vertices``: how many more (or fewer)
    there are; ``extent``: WGS 84 ``[xmin, ymin, xmax, ymax]``.
    """

    kind: str
    subject: str
    length_m: float
    area_m2: float
    vertices: int
    extent: tuple[float, float, float, float]

    def finding(self) -> Finding:
        """The change as a finding ``fitting.<kind>``."""
        return info(
            f"fitting.{self.kind}",
            source=self.subject,
            length_m=self.length_m,
            area_m2=self.area_m2,
            count=abs(self.vertices),
            extent=list(self.extent),
        )


@dataclass(frozen=True)
class Fitted:
    """A boundary (EPSG:6933) fitted. ``moved_m2``: area that changed sides in all; ``on_edges_share``: of its perimeter
    on mapped edges, vertex by vertex; ``findings``: what could not be done."""

    before: Geometry
    geometry: Geometry
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    moved_m2: float
    perimeter_m: float
    on_edges_share: float

    @property
    def is_changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.changes)
