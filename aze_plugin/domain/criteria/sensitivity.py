"""How far a share can be trusted: what the boundary's own inaccuracy does to it, and how far it is from passing.

A line on a map is right only to within its digitizing error. The share is taken again with the boundary pulled in and
pushed out by that distance; a verdict that changes in between hangs on the drawing, not on the species.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import geometry
from ..findings import Finding, info, warning
from ..geometry import Geometry
from ..species import Evidence
from .irreplaceability import passes
from .settings import Settings
from .shares import Share, habitat_shares, record_shares

# Each of the distances that are tried is so many times the one before: the answer is right to within 5 %.
_STEP = 1.05


class MovingBoundary:
    """A boundary (EPSG:6933) that is pushed in and out; each place is worked out once, for all taxa of a check."""

    def __init__(self, boundary: Geometry, settings: Settings):
        self.boundary = boundary
        self._moved: dict[float, Geometry] = {}
        steps = math.ceil(math.log(settings.largest_growth_m / settings.digitizing_error_m, _STEP))
        # The first is the digitizing error, the last the largest growth that is considered.
        self.distances = [
            min(settings.digitizing_error_m * _STEP**n, settings.largest_growth_m) for n in range(max(0, steps) + 1)
        ]

    def at(self, distance_m: float) -> Geometry:
        """The boundary so many true metres further out, or further in by a negative distance."""
        if distance_m not in self._moved:
            self._moved[distance_m] = geometry.grown(self.boundary, distance_m)
        return self._moved[distance_m]


@dataclass(frozen=True)
class Sensitivity:
    """One share and what becomes of it as the boundary moves.

    ``low`` and ``high``: the share with the boundary pulled in and pushed out by ``error_m``. ``grow_m``: how far it
    has to be pushed out on all sides to pass, and ``grow_factor``, by how much its area grows with that; both None
    where it passes as it is, or where even ``settings.largest_growth_m`` is not enough.
    """

    share: Share
    error_m: float
    low: float
    high: float
    grow_m: float | None
    grow_factor: float | None


def judge(
    evidence: Evidence, whole_range: Geometry | None, moving: MovingBoundary, share: Share, settings: Settings
) -> tuple[Sensitivity | None, list[Finding]]:
    """The sensitivity of a measured share, and the findings about it.

    ``evidence``: all that is known of the taxon, in the whole world; ``whole_range``: the joined range of the share's
    segment, for shares of the range. None and no findings for a share that rests on estimates, which no boundary moves.
    """
    of = _measure(evidence, whole_range, share)
    if of is None:
        return None, []
    error = settings.digitizing_error_m
    low, high = of(moving.at(-error)), of(moving.at(error))
    grow_m = factor = None
    if not passes(share.best, settings.aze_operator, settings):
        grow_m = _distance(lambda d: passes(of(moving.at(d)), settings.aze_operator, settings), moving.distances)
        if grow_m is not None:
            factor = geometry.area(moving.at(grow_m)) / geometry.area(moving.boundary)
    found = Sensitivity(share, error, min(low, share.best), max(high, share.best), grow_m, factor)
    return found, _findings(evidence.taxon.scientific_name, found, settings)


def _measure(evidence: Evidence, whole_range: Geometry | None, share: Share) -> Callable[[Geometry], float] | None:
    """The share as a function of the boundary; None where it does not depend on one."""
    if share.basis == "range_map" and whole_range is not None:
        return lambda moved: geometry.area(geometry.overlap(whole_range, moved)) / share.global_value
    if share.basis == "records" and evidence.records is not None:
        records = evidence.records

        def of_records(moved: Geometry) -> float:
            found = record_shares(records, geometry.points_inside(records.metres, moved))
            return next((s.best for s in found if s.parameter == share.parameter), 0.0)

        return of_records
    habitat = next((h for h in evidence.habitats if h.segment == share.segment), None)
    if share.basis == "habitat" and habitat is not None:
        return lambda moved: next((s.best for s in habitat_shares([habitat], moved)), 0.0)
    return None


def _distance(enough: Callable[[float], bool], distances: Sequence[float]) -> float | None:
    """The least of the ascending distances that is enough; None where the last is not."""
    if not enough(distances[-1]):
        return None
    low, high = 0, len(distances) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(distances[middle]) else (middle + 1, high)
    return distances[low]


def _findings(name: str, found: Sensitivity, settings: Settings) -> list[Finding]:
    share = found.share
    told = {**share.of(name), "threshold_share": settings.threshold}
    within = {"error_m": found.error_m, "low_share": found.low, "high_share": found.high}
    sides = {passes(value, settings.aze_operator, settings) for value in (found.low, share.best, found.high)}
    findings = [
        warning("irreplaceability.hangs_on_drawing", **told, **within)
        if len(sides) > 1
        else info("irreplaceability.holds_within_error", **told, **within)
    ]
    if found.grow_m is not None:
        findings.append(
            info(
                "irreplaceability.grow_to_pass",
                **told,
                distance_m=found.grow_m,
                factor=round(found.grow_factor, 2),
            )
        )
    elif sides == {False}:
        findings.append(info("irreplaceability.growing_does_not_help", **told, distance_m=settings.largest_growth_m))
    return findings
