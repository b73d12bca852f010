"""Criterion 2, irreplaceability: how much of a taxon's world is here, and by which route that suffices.

Shares are compared unrounded. Low = site minimum ÷ global maximum, best ÷ best, high = site maximum ÷ global minimum:
low above the threshold is met, high not above it is not met, between the two is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import geometry
from ..candidate import Statement
from ..findings import Finding, blocking, info, warning
from ..geometry import Geometry
from ..species import PARAMETERS, SEGMENT_SEASONS, UNITS, RangeRow, RecordEvidence, Taxon
from . import endangerment
from .settings import Settings
from .shares import Measured, Share, contradicted, leading

_LIFE_HISTORY = ("breeding", "non_breeding", "passage")

# Parts of a range and records outside that are listed one by one; all of them are counted.
LISTED = 20
_ROOM_DEGREES = 0.005


@dataclass(frozen=True)
class Verdict:
    """What the shares of one taxon amount to.

    ``status``: ``met`` | ``not_met`` | ``needs_evidence`` | ``not_assessable``; ``route`` as in the contract;
    ``a1e``: the same test by KBA criterion A1e; ``deciding``: the share that decided, where one did.
    """

    status: str
    route: str
    a1e: str
    trigger: bool
    deciding: Share | None
    findings: tuple[Finding, ...]


def side(value: float, settings: Settings) -> int:
    """−1 below, 0 equal to, 1 above the threshold; a difference under ``equal_within`` counts as equal."""
    difference = value - settings.threshold
    if abs(difference) < settings.equal_within:
        return 0
    return 1 if difference > 0 else -1


def passes(value: float, operator: str, settings: Settings) -> bool:
    """Whether a value passes the threshold by ``>`` or ``>=``."""
    place = side(value, settings)
    return place > 0 or (place == 0 and operator == ">=")


def share_status(share: Share, operator: str, settings: Settings) -> str:
    """``met`` when low passes, ``not_met`` when high does not, else ``uncertain``."""
    if passes(share.low, operator, settings):
        return "met"
    return "uncertain" if passes(share.high, operator, settings) else "not_met"


def _route(
    shares: Sequence[Share], operator: str, settings: Settings, records_outside: int
) -> tuple[str, str, Share | None]:
    """Status, route and deciding share of one parameter, by one operator."""
    by_segment = {share.segment: share for share in shares}
    whole = by_segment.get("all")
    if whole and whole.low >= 1 - settings.sole_area_within and not records_outside:
        return "met", "sole_area", whole
    # A range's "all" joins every season, passage too, so for ranges it stands for nothing but the sole area; a number
    # of individuals, cells or localities given without a season is the resident population.
    resident = by_segment.get("resident")
    if resident is None and whole is not None and whole.parameter != "range":
        resident = whole
    ranked = [("resident_population", resident)]
    ranked += [("life_history_segment", by_segment.get(segment)) for segment in _LIFE_HISTORY]
    uncertain = None
    for route, share in ranked:
        if share is None:
            continue
        status = share_status(share, operator, settings)
        if status == "met":
            return "met", route, share
        if status == "uncertain" and uncertain is None:
            uncertain = share
    if uncertain is not None:
        return "needs_evidence", "none", uncertain
    return "not_met", "none", None


def _decide(
    shares: Sequence[Share], operator: str, settings: Settings, records_outside: int
) -> tuple[str, str, Share | None]:
    """Status, route and deciding share over all parameters: the first met in the order of PARAMETERS decides."""
    uncertain: tuple[str, str, Share | None] | None = None
    for parameter in PARAMETERS:
        own = [share for share in shares if share.parameter == parameter]
        if not own:
            continue
        result = _route(own, operator, settings, records_outside)
        if result[0] == "met":
            return result
        if result[0] == "needs_evidence" and uncertain is None:
            uncertain = result
    return uncertain or ("not_met", "none", None)


def judge_taxon(
    measured: Measured,
    statement: Statement,
    settings: Settings,
    rivals: Sequence[tuple[str, float]] | None = None,
) -> Verdict:
    """What a taxon's shares at a candidate amount to, and the next step where one is open.

    ``rivals``: other candidates that hold a part of the taxon's world, each with its share; None where there are no
    other candidates to compare with.
    """
    taxon, shares = measured.evidence.taxon, measured.shares
    historic = bool(measured.evidence.range and measured.evidence.range.historic)
    records_outside = measured.records_outside
    name = taxon.scientific_name
    findings: list[Finding] = []
    status, route, deciding = _decide(shares, settings.aze_operator, settings, records_outside)
    a1e, _, _ = _decide(shares, settings.a1e_operator, settings, records_outside)
    eligible = endangerment.eligible(taxon, settings)
    findings += _share_findings(name, status, route, deciding, leading(shares), eligible, settings)
    for share in shares:
        if side(share.best, settings) == 0:
            findings.append(
                warning("irreplaceability.share_equals_threshold", **share.of(name), threshold_share=settings.threshold)
            )
    if eligible:
        findings += _evidence_findings(measured, settings)
    if historic:
        findings.append(info("irreplaceability.historic_range", taxon=name))

    if not eligible:
        cannot_be_judged = (
            taxon.rank == "species" and not endangerment.category_known(taxon) and status in ("met", "needs_evidence")
        )
        outcome = "not_assessable" if cannot_be_judged else "not_met"
        return Verdict(
            outcome, "none", "needs_evidence" if cannot_be_judged else "not_met", False, None, tuple(findings)
        )

    if taxon.category in settings.reintroduction:
        # Extinct in the wild: the single most viable site for bringing the species back, whatever its share of the
        # historic range. No A1e, which knows CR and EN only.
        findings += _rival_findings(name, rivals)
        reason = statement.reintroduction(name)
        if reason:
            findings.append(info("irreplaceability.reintroduction_justified", taxon=name))
            return Verdict("met", "reintroduction", "not_met", True, deciding, tuple(findings))
        findings.append(warning("irreplaceability.reintroduction_needs_justification", taxon=name))
        return Verdict("needs_evidence", "none", "not_met", False, deciding, tuple(findings))

    if (taxon.possibly_extinct or taxon.possibly_extinct_in_the_wild) and "met" in (status, a1e):
        if statement.presence(name):
            findings.append(info("irreplaceability.presence_stated", taxon=name))
        else:
            findings.append(warning("irreplaceability.possibly_extinct_needs_evidence", taxon=name))
            status, route = ("needs_evidence" if status == "met" else status), "none"
            a1e = "needs_evidence" if a1e == "met" else a1e
    return Verdict(status, route, a1e, status == "met", deciding, tuple(findings))


def _evidence_findings(measured: Measured, settings: Settings) -> list[Finding]:
    """How far the parameters agree, and what the shares rest on."""
    name, shares = measured.evidence.taxon.scientific_name, measured.shares
    findings: list[Finding] = []
    if {share.parameter for share in shares} == {"range"}:
        findings.append(warning("irreplaceability.range_only", taxon=name))
    outcomes = {
        parameter: _route(
            [share for share in shares if share.parameter == parameter],
            settings.aze_operator,
            settings,
            measured.records_outside,
        )[0]
        for parameter in dict.fromkeys(share.parameter for share in shares)
    }
    if {"met", "not_met"} <= set(outcomes.values()):
        findings.append(
            warning(
                "irreplaceability.parameters_disagree",
                taxon=name,
                met_parameters=[p for p, outcome in outcomes.items() if outcome == "met"],
                not_met_parameters=[p for p, outcome in outcomes.items() if outcome == "not_met"],
                threshold_share=settings.threshold,
            )
        )
    by_segment = {share.segment: share for share in shares if share.low >= 1 - settings.sole_area_within}
    if measured.records_outside and "all" in by_segment:
        findings.append(warning("irreplaceability.not_sole_area", taxon=name, count=measured.records_outside))
    records = measured.evidence.records
    if records and measured.records_inside:
        code = "irreplaceability.presence_recorded" if measured.latest_year else "irreplaceability.presence_undated"
        findings.append(info(code, taxon=name, count=measured.records_inside, year=measured.latest_year))
    if records and 0 < records.kept < settings.few_records:
        findings.append(warning("irreplaceability.few_records", taxon=name, count=records.kept))
    replaced = {(share.parameter, share.segment): share for share in measured.replaced}
    for share in shares:
        computed = replaced.get((share.parameter, share.segment))
        if computed:
            findings.append(
                info(
                    "irreplaceability.estimate_stands",
                    **share.of(name),
                    share=share.best,
                    measured_share=computed.best,
                )
            )
        if share.basis == "estimate" and share.site_value > share.global_value:
            findings.append(
                warning(
                    "irreplaceability.site_above_world",
                    **share.of(name),
                    site=share.site_value,
                    world=share.global_value,
                )
            )
    estimates = measured.evidence.estimates
    estimated = {(e.parameter, e.segment, e.scope) for e in estimates}
    from_estimates = {(share.parameter, share.segment) for share in shares if share.basis == "estimate"}
    for parameter, segment, scope in sorted(estimated):
        if (parameter, segment, "global" if scope == "site" else "site") in estimated:
            continue
        params = {"taxon": name, "parameter": parameter, "segment": segment}
        if (parameter, segment) in from_estimates:
            findings.append(warning(f"irreplaceability.estimate_{scope}_with_measured", **params))
        elif contradicted((parameter, segment), estimates, shares):
            findings.append(warning(f"irreplaceability.estimate_{scope}_contradicts", **params, unit=UNITS[parameter]))
        else:
            findings.append(info(f"irreplaceability.estimate_{scope}_alone", **params))
    return findings


def _rival_findings(name: str, rivals: Sequence[tuple[str, float]] | None) -> list[Finding]:
    if rivals is None:
        return []
    if not rivals:
        return [info("irreplaceability.reintroduction_no_rival", taxon=name)]
    ranked = sorted(rivals, key=lambda rival: (-rival[1], rival[0]))
    return [
        warning(
            "irreplaceability.reintroduction_rivals",
            taxon=name,
            count=len(ranked),
            rivals=[rival for rival, _ in ranked],
            highest_share=ranked[0][1],
        )
    ]


def _share_findings(
    name: str, status: str, route: str, deciding: Share | None, best: Share, eligible: bool, settings: Settings
) -> list[Finding]:
    threshold = settings.threshold
    if status == "met" and deciding is not None:
        params = {**deciding.of(name), "share": deciding.best, "threshold_share": threshold}
        found = [info(f"irreplaceability.{route}", **params)]
        if deciding.segment == "passage":
            found.append(warning("irreplaceability.passage_only", taxon=name))
        return found
    if status == "needs_evidence" and deciding is not None:
        return [
            warning(
                "irreplaceability.uncertain",
                **deciding.of(name),
                low_share=deciding.low,
                high_share=deciding.high,
                threshold_share=threshold,
            )
        ]
    params = {**best.of(name), "share": best.best, "threshold_share": threshold}
    if not eligible:
        return [info("irreplaceability.share_inside", **params)]
    if best.best >= settings.candidate_share:
        return [info("irreplaceability.near_miss", **params)]
    return [info("irreplaceability.share_below_threshold", **params)]


def joined_range(rows: Sequence[RangeRow], segment: str) -> Geometry:
    """The whole range of a segment: the dissolved rows of its seasons."""
    codes = SEGMENT_SEASONS[segment]
    return geometry.dissolve(row.geometry for row in rows if codes is None or row.seasonal in codes)


def outside_finding(taxon: Taxon, whole: Geometry, boundary: Geometry, share: Share) -> Finding | None:
    """Where the rest of a taxon's range lies: how much of it, its parts with extents, largest first.

    ``whole``: the range of the share's segment (see ``joined_range``). None where nothing of it is outside.
    """
    rest = geometry.outside(whole, boundary)
    area, total = geometry.area(rest), share.global_value
    if area <= 1e-9 * total:
        return None
    parts = geometry.parts(rest)
    return info(
        "irreplaceability.outside",
        taxon=taxon.scientific_name,
        segment=share.segment,
        share=min(1.0, area / total),
        outside_m2=area,
        count=len(parts),
        extent=geometry.extent_lonlat(rest),
        parts=[
            {
                "share": min(1.0, geometry.area(p) / total),
                "area_m2": geometry.area(p),
                "extent": geometry.extent_lonlat(p),
            }
            for p in parts[:LISTED]
        ],
    )


def records_outside_finding(taxon: Taxon, records: RecordEvidence, boundary: Geometry) -> Finding | None:
    """Which of a taxon's records lie outside, nearest first: place, year and distance of up to LISTED of them.

    ``records``: all of the taxon's records that pass the filters. None where none is outside.
    """
    without = ~geometry.points_inside(records.metres, boundary)
    if not without.any():
        return None
    lonlat, metres, years = records.lonlat[without], records.metres[without], records.years[without]
    distances = geometry.distances_m(metres, boundary)
    nearest = distances.argsort(kind="stable")
    return info(
        "irreplaceability.records_outside",
        taxon=taxon.scientific_name,
        count=len(nearest),
        distance_m=float(distances[nearest[0]]),
        extent=_box(lonlat),
        records=[
            {
                "lon": float(lonlat[n, 0]),
                "lat": float(lonlat[n, 1]),
                "year": int(years[n]) or None,
                "distance_m": float(distances[n]),
                "extent": _box(lonlat[n : n + 1]),
            }
            for n in nearest[:LISTED]
        ],
    )


def _box(lonlat: np.ndarray) -> list[float]:
    """``[west, south, east, north]`` of points, with a little room, so that a single one can be zoomed to."""
    west, south = lonlat.min(axis=0) - _ROOM_DEGREES
    east, north = lonlat.max(axis=0) + _ROOM_DEGREES
    return [round(float(v), 7) for v in (west, south, east, north)]


def judge(verdicts: Sequence[tuple[Taxon, Verdict]], settings: Settings) -> tuple[str, list[Finding]]:
    """Status of the criterion over all taxa that a candidate meets, and why."""
    triggers = [(t, v) for t, v in verdicts if v.trigger]
    if triggers:
        findings: list[Finding] = [
            info(
                "irreplaceability.triggers",
                count=len(triggers),
                taxa=[t.scientific_name for t, _ in triggers],
                threshold_share=settings.threshold,
            )
        ]
        if all(any(f.code == "irreplaceability.range_only" for f in v.findings) for _, v in triggers):
            findings.append(
                warning(
                    "irreplaceability.range_only", count=len(triggers), taxa=[t.scientific_name for t, _ in triggers]
                )
            )
        return "met", findings
    pending = [t.scientific_name for t, v in verdicts if v.status == "needs_evidence"]
    if pending:
        return "needs_evidence", [warning("irreplaceability.evidence_open", count=len(pending), taxa=pending)]
    unknown = [t.scientific_name for t, v in verdicts if v.status == "not_assessable"]
    if unknown:
        return "not_assessable", [warning("irreplaceability.category_open", count=len(unknown), taxa=unknown)]
    eligible = [t for t, _ in verdicts if endangerment.eligible(t, settings)]
    if eligible:
        return "not_met", [
            blocking("irreplaceability.no_trigger", count=len(eligible), threshold_share=settings.threshold)
        ]
    return "not_met", [blocking("irreplaceability.no_eligible_taxon")]
