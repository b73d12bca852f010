"""The check from end to end: candidates and a library in, an ``aze-assessment/1`` document out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import Qgis, QgsProjUtils

from .. import paths
from ..domain import geometry
from ..domain.candidate import Candidate, ExistingSite
from ..domain.criteria import endangerment, irreplaceability
from ..domain.criteria.assessment import Assessment, assess, measure
from ..domain.criteria.settings import Settings
from ..domain.findings import Finding
from ..domain.progress import Progress
from ..domain.species import Evidence
from ..library.query import Library
from .candidates import statement_for
from .wording import finding_json

SCHEMA = "aze-assessment/1"


def default_settings() -> Settings:
    """The rules that the plugin ships."""
    return Settings.from_dict(paths.load_json("criteria", "aze.json"))


def check_candidates(
    candidates: Sequence[Candidate],
    library_path: str,
    settings: Settings,
    sites: Sequence[ExistingSite] | None = None,
    statements: Mapping[str, Any] | None = None,
    reference_year: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Check candidates against the three criteria and describe the result as the contract says.

    ``sites``: existing sites, None where no layer was given. ``statements``: parsed ``aze-statements/1``.
    ``reference_year``: the year in which the check is made, for the age of assessments.
    """
    progress = progress or Progress()
    assessments = []
    with Library.open(library_path) as library:
        for n, candidate in enumerate(candidates):
            step = progress.part(n / len(candidates), (n + 1) / len(candidates))
            assessments.append(_check(candidate, library, settings, sites, statements, reference_year, step))
        used = {r.taxon.taxon_id for a in assessments for r in a.species}
        sources = library.sources_of(used)
    progress.set(1)
    return {
        "schema": SCHEMA,
        "software": software(),
        "settings": settings.as_json(),
        "sources": sources,
        "assessments": [assessment_json(a) for a in assessments],
    }


def _check(
    candidate: Candidate,
    library: Library,
    settings: Settings,
    sites: Sequence[ExistingSite] | None,
    statements: Mapping[str, Any] | None,
    reference_year: int | None,
    progress: Progress,
) -> Assessment:
    evidence: list[Evidence] = []
    if candidate.geometry is not None:
        evidence = library.evidence(geometry.rectangles(candidate.geometry), settings, progress.part(0, 0.5))
    measured = measure(candidate, evidence)
    outside: dict[str, Finding] = {}
    for n, (item, shares) in enumerate(measured):
        progress.part(0.5, 1).set(n / len(measured))
        share = irreplaceability.leading([s for s in shares if s.parameter == "range"])
        # Where the rest lies helps with taxa that trigger or are on the way to it; of others it is all over the map.
        if endangerment.eligible(item.taxon, settings) and share.best >= settings.candidate_share:
            whole = library.evidence_for(item.taxon.taxon_id, settings)
            finding = irreplaceability.outside_finding(item.taxon, whole.range.rows, candidate.geometry, share)
            if finding:
                outside[item.taxon.taxon_id] = finding
    return assess(
        candidate,
        measured,
        outside,
        sites,
        statement_for(statements, candidate.name),
        settings,
        reference_year,
        library_empty=library.taxon_count() == 0,
    )


def software() -> dict[str, str]:
    """Versions that a result depends on."""
    return {
        "plugin": paths.version(),
        "qgis": Qgis.version().partition("-")[0],
        "geos": geometry.geos_version(),
        "proj": f"{QgsProjUtils.projVersionMajor()}.{QgsProjUtils.projVersionMinor()}",
    }


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    """One member of ``assessments``."""
    return {
        "name": assessment.candidate.name,
        "area_ha": assessment.candidate.area_ha,
        "parts": assessment.parts,
        "verdict": assessment.verdict,
        "a1e": assessment.a1e,
        "criteria": {
            name: {"status": c.status, "findings": [finding_json(f) for f in c.findings]}
            for name, c in assessment.criteria.items()
        },
        "species": [
            {
                "taxon_id": r.taxon.taxon_id,
                "scientific_name": r.taxon.scientific_name,
                "common_name": r.taxon.common_name,
                "group": r.taxon.group,
                "category": r.taxon.category,
                "category_source": r.taxon.category_source,
                "criteria": r.taxon.criteria,
                "year": r.taxon.year,
                "rank": r.taxon.rank,
                "possibly_extinct": r.taxon.possibly_extinct,
                "possibly_extinct_in_the_wild": r.taxon.possibly_extinct_in_the_wild,
                "trigger": r.verdict.trigger,
                "route": r.verdict.route,
                "status": r.verdict.status,
                "a1e": r.verdict.a1e,
                "shares": [
                    {
                        "parameter": s.parameter,
                        "segment": s.segment,
                        "low": s.low,
                        "best": s.best,
                        "high": s.high,
                        "site_value": s.site_value,
                        "global_value": s.global_value,
                        "unit": s.unit,
                        "status": irreplaceability.share_status(
                            s, assessment.settings.aze_operator, assessment.settings
                        ),
                        "deciding": s is r.verdict.deciding,
                    }
                    for s in r.shares
                ],
                "findings": [finding_json(f) for f in r.findings],
            }
            for r in assessment.species
        ],
    }
