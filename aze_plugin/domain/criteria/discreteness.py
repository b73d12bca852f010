"""Criterion 3, discreteness: is this a boundary that makes sense on the ground?

There is no official threshold, so most of what is said here is evidence; the judgement is the nominator's, who has to
write it down. Only a boundary that cannot be one fails.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import geometry
from ..candidate import Candidate, ExistingSite, Statement
from ..findings import Finding, blocking, info, warning
from .settings import Settings


def judge(
    candidate: Candidate,
    neighbours: Sequence[ExistingSite] | None,
    trigger_areas_m2: dict[str, float],
    statement: Statement,
    settings: Settings,
) -> tuple[str, list[Finding]]:
    """Status of the criterion, and the evidence.

    ``neighbours``: existing sites that may touch the candidate, None where no site layer was given.
    ``trigger_areas_m2``: global range area of each trigger taxon by name.
    """
    if candidate.geometry is None:
        return "not_met", [
            blocking("discreteness.boundary_invalid", row=candidate.row, boundary_reason=candidate.reason or "empty")
        ]
    findings = _geometry_findings(candidate, settings)
    findings += _overlap_findings(candidate, neighbours, settings)
    findings += _size_findings(candidate, trigger_areas_m2, settings)
    if statement.delineation_rationale.strip():
        findings.append(info("discreteness.rationale_given"))
        return "met", findings
    findings.append(warning("discreteness.no_rationale"))
    return "needs_evidence", findings


def _geometry_findings(candidate: Candidate, settings: Settings) -> list[Finding]:
    shape = candidate.geometry
    parts = geometry.parts(shape)
    findings: list[Finding] = []
    if candidate.repaired:
        findings.append(
            warning("discreteness.boundary_repaired", reason=candidate.reason, count=len(parts), row=candidate.row)
        )
    if candidate.crossing:
        findings.append(info("discreteness.crosses_antimeridian"))
    total = geometry.area(shape)
    slivers = [p for p in parts if geometry.area(p) < settings.sliver_share * total]
    if len(parts) > 1:
        findings.append(info("discreteness.parts", count=len(parts), largest_share=geometry.area(parts[0]) / total))
    else:
        findings.append(info("discreteness.one_part"))
    if slivers:
        findings.append(
            warning(
                "discreteness.slivers",
                count=len(slivers),
                area_m2=sum(geometry.area(p) for p in slivers),
                extent=geometry.extent_lonlat(slivers[0]),
            )
        )
    return findings


def _overlap_findings(
    candidate: Candidate, neighbours: Sequence[ExistingSite] | None, settings: Settings
) -> list[Finding]:
    if neighbours is None:
        return [info("discreteness.sites_not_given")]
    own = geometry.area(candidate.geometry)
    findings: list[Finding] = []
    for site in neighbours:
        shared = geometry.overlap(site.geometry, candidate.geometry)
        area = geometry.area(shared)
        if area <= settings.overlap_tolerance_m2:
            continue
        params = {
            "site": site.name or site.site_id,
            "site_id": site.site_id,
            "overlap_m2": area,
            "share": min(1.0, area / own),
            "site_share": min(1.0, area / geometry.area(site.geometry)),
            "extent": geometry.extent_lonlat(shared),
        }
        same = min(params["share"], params["site_share"]) > 1 - settings.sliver_share
        findings.append(
            info("discreteness.same_as_site", **params) if same else warning("discreteness.overlaps_site", **params)
        )
    return findings or [info("discreteness.no_overlap")]


def _size_findings(candidate: Candidate, trigger_areas_m2: dict[str, float], settings: Settings) -> list[Finding]:
    if not trigger_areas_m2:
        return []
    widest, area = max(trigger_areas_m2.items(), key=lambda item: item[1])
    factor = geometry.area(candidate.geometry) / area
    if factor > settings.oversize_factor:
        return [warning("discreteness.oversize", taxon=widest, factor=round(factor, 1), range_m2=area)]
    return [info("discreteness.size_fits", taxon=widest, factor=round(factor, 2), range_m2=area)]
