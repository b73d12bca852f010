"""Criterion 3, discreteness: is this a boundary that makes sense on the ground?

There is no official threshold, so most of what is said here is evidence; the judgement is the nominator's, who has to
write it down. Only a boundary that cannot be one fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import geometry
from ..candidate import Candidate, ExistingSite, Statement
from ..edges import MappedEdges
from ..errors import AzeError
from ..findings import Finding, blocking, info, warning
from ..geometry import Geometry
from ..landcover import Comparison
from .settings import Settings

# Parts with less of a boundary's area than this are rounding along an edge that it shares.
_DUST_SHARE = 1e-9


@dataclass(frozen=True)
class NearestRecord:
    """The record of a taxon outside a boundary that is nearest to it.

    ``distance_m``: on the ellipsoid; ``lon``, ``lat``: WGS 84; ``extent``: holds it and the boundary's nearest place.
    """

    taxon: str
    distance_m: float
    lon: float
    lat: float
    extent: tuple[float, float, float, float]


@dataclass(frozen=True)
class Surroundings:
    """What is known of the land round a candidate; None for what was not looked at."""

    landcover: Comparison | None = None
    edges: MappedEdges | None = None
    nearest_record: NearestRecord | None = None

    def as_json(self) -> dict[str, Any]:
        """The member ``evidence`` of the criterion in an assessment file, without what was not looked at."""
        evidence: dict[str, Any] = {}
        if self.landcover is not None:
            evidence["landcover"] = self.landcover.as_json()
        if self.edges is not None:
            evidence["edges"] = self.edges.as_json()
        if self.nearest_record is not None:
            record = self.nearest_record
            evidence["nearest_record"] = {
                "taxon": record.taxon,
                "distance_m": record.distance_m,
                "lon": record.lon,
                "lat": record.lat,
            }
        return evidence


def nearest_record(boundary: Geometry, records: Mapping[str, np.ndarray]) -> NearestRecord | None:
    """The nearest record outside a boundary (EPSG:6933) of several taxa, None where none lies outside.

    ``records``: by the taxon's name, lon/lat of shape (n, 2).
    """
    found = None
    for taxon, lonlat in records.items():
        nearest = geometry.nearest_outside(boundary, lonlat)
        if nearest is None or (found is not None and nearest[1] >= found.distance_m):
            continue
        row, distance, place = nearest
        here = lonlat[row]
        # Over 180° the shorter way: there the extent's west is greater than its east.
        place = np.array([here[0] + (place[0] - here[0] + 180) % 360 - 180, place[1]])
        (west, south), (east, north) = np.minimum(here, place), np.maximum(here, place)
        sides = [(west + 180) % 360 - 180, south, (east + 180) % 360 - 180, north]
        extent = tuple(round(float(side), 7) for side in sides)
        found = NearestRecord(taxon, distance, float(here[0]), float(here[1]), extent)
    return found


def clip_to_site(candidate: Geometry, site: Geometry) -> Geometry:
    """A candidate without what it shares with an existing site, so that both have that edge in common.

    Both in one reference system, whichever; where the result goes back to a layer, in that layer's own, as a detour
    through another rounds the vertices. The candidate itself where they share no area. Raises AzeError
    ``discreteness.clip_empty`` where nothing of the candidate is left.
    """
    own = geometry.area(candidate)
    if geometry.area(geometry.overlap(site, candidate)) <= _DUST_SHARE * own:
        return candidate
    rest = geometry.parts(geometry.outside(candidate, site))
    kept = [part for part in rest if geometry.area(part) > _DUST_SHARE * own]
    if not kept:
        raise AzeError("discreteness.clip_empty")
    return geometry.dissolve(kept)


def judge(
    candidate: Candidate,
    neighbours: Sequence[ExistingSite] | None,
    trigger_areas_m2: dict[str, float],
    statement: Statement,
    settings: Settings,
    surroundings: Surroundings | None = None,
) -> tuple[str, list[Finding]]:
    """Status of the criterion, and the evidence.

    ``neighbours``: existing sites that may touch the candidate, None where no site layer was given.
    ``trigger_areas_m2``: global range area of each trigger taxon by name. ``surroundings``: evidence that neither
    passes nor fails anything.
    """
    if candidate.geometry is None:
        return "not_met", [
            blocking("discreteness.boundary_invalid", row=candidate.row, boundary_reason=candidate.reason or "empty")
        ]
    findings = _geometry_findings(candidate, settings)
    findings += _overlap_findings(candidate, neighbours, settings)
    findings += _size_findings(candidate, trigger_areas_m2, settings)
    findings += _surroundings_findings(surroundings or Surroundings())
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
    updated: list[Finding] = []
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
        if candidate.updates(site):
            gained, lost = own - area, geometry.area(site.geometry) - area
            changes = {"gained_m2": max(0.0, gained), "lost_m2": max(0.0, lost), "updated": True}
            code = "updates_circle" if site.is_circle else "updates_site"
            updated.append(info(f"discreteness.{code}", **params, **changes))
            continue
        if site.is_circle:
            findings.append(warning("discreteness.overlaps_placeholder", **params))
            continue
        same = min(params["share"], params["site_share"]) > 1 - settings.sliver_share
        findings.append(
            info("discreteness.same_as_site", **params) if same else warning("discreteness.overlaps_site", **params)
        )
    return [*updated, *(findings or [info("discreteness.no_overlap")])]


def _size_findings(candidate: Candidate, trigger_areas_m2: dict[str, float], settings: Settings) -> list[Finding]:
    if not trigger_areas_m2:
        return []
    widest, area = max(trigger_areas_m2.items(), key=lambda item: item[1])
    factor = geometry.area(candidate.geometry) / area
    if factor > settings.oversize_factor:
        return [warning("discreteness.oversize", taxon=widest, factor=round(factor, 1), range_m2=area)]
    return [info("discreteness.size_fits", taxon=widest, factor=round(factor, 2), range_m2=area)]


def _surroundings_findings(surroundings: Surroundings) -> list[Finding]:
    findings: list[Finding] = []
    if surroundings.landcover is not None:
        findings.append(_landcover_finding(surroundings.landcover))
    if surroundings.edges is not None:
        edges = surroundings.edges
        findings.append(
            info(
                "discreteness.edges_share",
                share=edges.share,
                tolerance_m=edges.tolerance_m,
                perimeter_m=edges.perimeter_m,
                layers=[name for name, _ in edges.layers],
            )
        )
    if surroundings.nearest_record is not None:
        record = surroundings.nearest_record
        findings.append(
            info(
                "discreteness.nearest_record_outside",
                taxon=record.taxon,
                distance_m=record.distance_m,
                lon=record.lon,
                lat=record.lat,
                extent=list(record.extent),
            )
        )
    return findings


def _landcover_finding(found: Comparison) -> Finding:
    if found.not_assessed or found.divergence is None or found.reference is None:
        return info(
            "discreteness.landcover_not_assessed",
            source=found.source,
            landcover_reason=found.not_assessed,
            **found.params,
        )
    inside, ring = max(found.classes, key=lambda c: c.inside), max(found.classes, key=lambda c: c.ring)
    # The class that the boundary has most more of than its ring, and the one of which it has most less.
    more = max(found.classes, key=lambda c: c.inside - c.ring)
    less = min(found.classes, key=lambda c: c.inside - c.ring)
    return info(
        "discreteness.landcover_differs" if found.differs else "discreteness.landcover_alike",
        source=found.source,
        divergence=round(found.divergence, 3),
        median=round(found.reference.median, 3),
        p95=round(found.reference.p95, 3),
        p_value=round(found.reference.p_value, 3),
        copies=found.reference.copies,
        ring_m=found.ring_m,
        inside_class=inside.name,
        inside_share=inside.inside,
        ring_class=ring.name,
        ring_share=ring.ring,
        more_class=more.name,
        more_inside_share=more.inside,
        more_ring_share=more.ring,
        less_class=less.name,
        less_inside_share=less.inside,
        less_ring_share=less.ring,
        decimated=max(found.every) > 1,
    )
