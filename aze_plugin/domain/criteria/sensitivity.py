"""How far a share can be trusted: what the boundary's own inaccuracy does to it, and how far it is from passing.

A line on a map is right only to within its digitizing error. The share is taken again with the boundary pulled in and
pushed out by that distance; a verdict that changes in between hangs on the drawing, not on the species.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import geometry
from ..findings import Finding, info, warning
from ..geometry import Geometry
from ..species import Evidence
from .irreplaceability import passes
from .settings import Settings
from .shares import Share, habitat_shares, record_shares

# The distance to passing is searched for to within this part of itself, or the digitizing error where that is more.
_PRECISION = 0.02


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


def judge(evidence: Evidence, whole_range: Geometry | None, boundary: Geometry, share: Share, settings: Settings):
    """The sensitivity of a measured share, and the findings about it.

    ``evidence``: all that is known of the taxon, in the whole world; ``whole_range``: the joined range of the share's
    segment, for shares of the range. Returns None and no findings for a share that rests on estimates, which no
    boundary moves.
    """
    of = _measure(evidence, whole_range, share)
    if of is None:
        return None, []
    error = settings.digitizing_error_m
    low, high = of(geometry.grown(boundary, -error)), of(geometry.grown(boundary, error))
    grow_m = factor = None
    if not passes(share.best, settings.aze_operator, settings):
        grow_m = _distance(lambda d: passes(of(geometry.grown(boundary, d)), settings.aze_operator, settings), settings)
        if grow_m is not None:
            factor = geometry.area(geometry.grown(boundary, grow_m)) / geometry.area(boundary)
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


def _distance(enough: Callable[[float], bool], settings: Settings) -> float | None:
    """The least distance that is enough, within the precision asked for; None where the largest is not."""
    low, high = 0.0, settings.digitizing_error_m
    while not enough(high):
        if high >= settings.largest_growth_m:
            return None
        low, high = high, min(2 * high, settings.largest_growth_m)
    while high - low > max(settings.digitizing_error_m / 2, _PRECISION * high):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _findings(name: str, found: Sensitivity, settings: Settings) -> list[Finding]:
    share = found.share
    params = {
        "taxon": name,
        "parameter": share.parameter,
        "segment": share.segment,
        "error_m": found.error_m,
        "low_share": found.low,
        "high_share": found.high,
        "threshold_share": settings.threshold,
    }
    sides = {passes(value, settings.aze_operator, settings) for value in (found.low, share.best, found.high)}
    findings = [
        warning("irreplaceability.hangs_on_drawing", **params)
        if len(sides) > 1
        else info("irreplaceability.holds_within_error", **params)
    ]
    if found.grow_m is not None:
        findings.append(
            info(
                "irreplaceability.grow_to_pass",
                taxon=name,
                parameter=share.parameter,
                segment=share.segment,
                distance_m=found.grow_m,
                factor=round(found.grow_factor, 2),
                threshold_share=settings.threshold,
            )
        )
    elif sides == {False}:
        findings.append(
            info(
                "irreplaceability.growing_does_not_help",
                taxon=name,
                parameter=share.parameter,
                segment=share.segment,
                distance_m=settings.largest_growth_m,
                threshold_share=settings.threshold,
            )
        )
    return findings
