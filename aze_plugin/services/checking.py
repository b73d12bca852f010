"""The check from end to end: candidates and a library in, an ``aze-assessment/1`` document out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from qgis.core import Qgis, QgsProjUtils

from .. import paths
from ..domain import geometry
from ..domain.candidate import Candidate, ExistingSite, Statement
from ..domain.criteria import discreteness, endangerment, explanation, irreplaceability, sensitivity
from ..domain.criteria.assessment import Assessment, TaxonResult, assess
from ..domain.criteria.discreteness import Surroundings
from ..domain.criteria.sensitivity import MovingBoundary, Sensitivity
from ..domain.criteria.settings import Settings
from ..domain.criteria.shares import Measured, leading, measure
from ..domain.findings import Finding
from ..domain.progress import Progress
from ..domain.species import Estimate, Evidence
from ..library.estimates import EstimateRow, same_site, taxon_of
from ..library.query import Library
from .candidates import statement_for
from .surroundings import Survey
from .wording import finding_json

SCHEMA = "aze-assessment/1"


@dataclass(frozen=True)
class Background:
    """What candidates are checked against.

    ``sites``: existing sites, None where no layer was given. ``statements``: parsed ``aze-statements/1``.
    ``estimates``: rows of a file given for this check; they count before the library's. ``rivals``: further candidates,
    with which a site for a reintroduction is compared besides those of the check itself. ``reference_year``: the year
    in which the check is made, for the age of assessments. ``survey``: where the land round a candidate is looked up.
    ``closer``: whether to say where the rest of each taxon lies and how far its share can be trusted, on which no share
    and no status hangs.
    """

    library_path: str
    settings: Settings
    sites: Sequence[ExistingSite] | None = None
    statements: Mapping[str, Any] | None = None
    estimates: Sequence[EstimateRow] = ()
    rivals: Sequence[Candidate] = ()
    reference_year: int | None = None
    survey: Survey | None = None
    closer: bool = True


@dataclass(frozen=True)
class Checked:
    """One candidate's assessment, the land round it, and what belongs to single taxa of it, by taxon id."""

    assessment: Assessment
    surroundings: Surroundings
    sensitivities: Mapping[str, Sensitivity]
    explanations: Mapping[str, Sequence[Finding]]


@dataclass(frozen=True)
class _Closer:
    """What a closer look found, by taxon id; ``records``: by name, lon/lat of all records of taxa with some outside."""

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    sensitivities: dict[str, Sensitivity] = field(default_factory=dict)
    records: dict[str, np.ndarray] = field(default_factory=dict)


def default_settings() -> Settings:
    """The rules that the plugin ships."""
    return Settings.from_dict(paths.load_json("criteria", "aze.json"))


def check_candidates(
    candidates: Sequence[Candidate], against: Background, progress: Progress | None = None
) -> dict[str, Any]:
    """Check candidates against the three criteria and describe the result as the contract says."""
    progress = progress or Progress()
    with Library.open(against.library_path) as library:
        check = _Check(library, against, candidates)
        check.say_what_is_unknown(progress)
        checked = [
            check.run(candidate, progress.part(n / len(candidates), (n + 1) / len(candidates)))
            for n, candidate in enumerate(candidates)
        ]
        used = {r.taxon.taxon_id for one in checked for r in one.assessment.species}
        sources = library.sources_of(used, against.settings)
    progress.set(1)
    return {
        "schema": SCHEMA,
        "software": software(),
        "settings": against.settings.as_json(),
        "sources": sources,
        "assessments": [assessment_json(one) for one in checked],
    }


def told_of(library: Library, estimates: Sequence[EstimateRow]) -> dict[str, list[tuple[str, Estimate]]]:
    """Estimates of a file by taxon id, as (site, estimate)."""
    told: dict[str, list[tuple[str, Estimate]]] = {}
    names = library.names() if estimates else {}
    for row in estimates:
        told.setdefault(taxon_of(row, names), []).append((row.site, row.estimate))
    return told


class _Check:
    """One library asked about several candidates."""

    def __init__(self, library: Library, against: Background, candidates: Sequence[Candidate]):
        self._library, self._against, self._settings = library, against, against.settings
        self._candidates = [*candidates, *against.rivals]
        self._told = told_of(library, against.estimates)

    def say_what_is_unknown(self, progress: Progress) -> None:
        """Report estimates that no candidate can use: of taxa that the library does not know, and of other sites."""
        rows = self._against.estimates
        if not rows:
            return
        names, known = self._library.names(), {taxon.taxon_id for taxon in self._library.taxa()}
        strangers = {row.scientific_name or row.taxon_id for row in rows if taxon_of(row, names) not in known}
        if strangers:
            progress.say("estimates.unknown_taxa", count=len(strangers), taxa=sorted(strangers))
        sites = {row.site for row in rows if row.site}
        elsewhere = {site for site in sites if not any(same_site(site, c.name) for c in self._candidates)}
        if elsewhere:
            progress.say("estimates.other_sites", count=len(elsewhere), sites=sorted(elsewhere))

    def run(self, candidate: Candidate, progress: Progress) -> Checked:
        """Check one candidate."""
        against, settings = self._against, self._settings
        statement = statement_for(against.statements, candidate.name)
        measured: list[Measured] = []
        if candidate.geometry is not None:
            near = geometry.rectangles(candidate.geometry)
            evidence = self._library.evidence(near, settings, progress.part(0, 0.5), candidate.name, self._told)
            measured = measure(evidence, candidate.geometry)
        surroundings = Surroundings()
        if candidate.geometry is not None and against.survey is not None:
            surroundings = against.survey.of(candidate.geometry, progress.part(0.5, 0.7))
        looked = self._look_closer(candidate, measured, statement, progress.part(0.7, 1))
        if looked.records:
            nearest = discreteness.nearest_record(candidate.geometry, looked.records)
            surroundings = replace(surroundings, nearest_record=nearest)
        assessment = assess(
            candidate,
            measured,
            looked.findings,
            against.sites,
            statement,
            settings,
            against.reference_year,
            library_empty=self._library.taxon_count() == 0,
            rivals=self._rivals(candidate, measured),
            surroundings=surroundings,
        )
        accounts = self._library.accounts([r.taxon.taxon_id for r in assessment.species], settings)
        explanations = {
            r.taxon.taxon_id: explanation.explain(r.measured, accounts[r.taxon.taxon_id], settings)
            for r in assessment.species
        }
        return Checked(assessment, surroundings, looked.sensitivities, explanations)

    def _look_closer(
        self, candidate: Candidate, measured: Sequence[Measured], statement: Statement, progress: Progress
    ) -> _Closer:
        """What there is to say of taxa that trigger or come near it; of others the rest lies all over the map."""
        looked, settings = _Closer(), self._settings
        moving = sensitivity.MovingBoundary(candidate.geometry, settings) if measured else None
        for n, item in enumerate(measured):
            progress.set(n / len(measured))
            taxon = item.evidence.taxon
            eligible = endangerment.eligible(taxon, settings)
            if self._against.closer and eligible and self._near_threshold(item):
                whole = self._library.evidence_for(taxon.taxon_id, settings, candidate.name, self._told)
                looked.findings[taxon.taxon_id], found = self._closer_look(item, whole, moving, statement)
                if found is not None:
                    looked.sensitivities[taxon.taxon_id] = found
                if item.records_outside:
                    looked.records[taxon.scientific_name] = whole.records.lonlat
        return looked

    def _near_threshold(self, item: Measured) -> bool:
        return any(share.high >= self._settings.candidate_share for share in item.shares)

    def _closer_look(
        self, item: Measured, whole: Evidence, moving: MovingBoundary, statement: Statement
    ) -> tuple[list[Finding], Sensitivity | None]:
        """Where the rest of a taxon's world lies, and how far its share can be trusted."""
        taxon, boundary, settings = item.evidence.taxon, moving.boundary, self._settings
        findings: list[Finding | None] = []
        joined = {}
        ranges = [share for share in item.shares if share.basis == "range_map"]
        if ranges and whole.range:
            share = leading(ranges)
            joined[share.segment] = irreplaceability.joined_range(whole.range.rows, share.segment)
            findings.append(irreplaceability.outside_finding(taxon, joined[share.segment], boundary, share))
        if item.records_outside:
            findings.append(irreplaceability.records_outside_finding(taxon, whole.records, boundary))
        # What hangs on the boundary: estimates are of a site as a whole, wherever its line is drawn.
        drawn = [share for share in item.shares if share.basis != "estimate"]
        decisive = irreplaceability.judge_taxon(item, statement, settings).deciding
        if decisive not in drawn:
            decisive = leading(drawn or item.shares)
        if decisive.basis == "range_map" and decisive.segment not in joined and whole.range:
            joined[decisive.segment] = irreplaceability.joined_range(whole.range.rows, decisive.segment)
        found, said = sensitivity.judge(whole, joined.get(decisive.segment), moving, decisive, settings)
        return [finding for finding in (*findings, *said) if finding is not None], found

    def _rivals(self, candidate: Candidate, measured: Sequence[Measured]) -> dict[str, list[tuple[str, float]]] | None:
        """Which other candidates hold a part of each taxon that is extinct in the wild; None without others."""
        others = [c for c in self._candidates if c.name != candidate.name and c.geometry is not None]
        if not others:
            return None
        rivals: dict[str, list[tuple[str, float]]] = {}
        for item in measured:
            taxon = item.evidence.taxon
            if taxon.category in self._settings.reintroduction:
                whole = self._library.evidence_for(taxon.taxon_id, self._settings)
                held = ((other.name, measure([whole], other.geometry)) for other in others)
                rivals[taxon.taxon_id] = [(name, leading(found[0].shares).best) for name, found in held if found]
        return rivals


def software() -> dict[str, str]:
    """Versions that a result depends on."""
    return {
        "plugin": paths.version(),
        "qgis": Qgis.version().partition("-")[0],
        "geos": geometry.geos_version(),
        "proj": f"{QgsProjUtils.projVersionMajor()}.{QgsProjUtils.projVersionMinor()}",
    }


def assessment_json(checked: Checked) -> dict[str, Any]:
    """One member of ``assessments``."""
    assessment = checked.assessment
    return {
        "name": assessment.candidate.name,
        "area_ha": assessment.candidate.area_ha,
        "parts": assessment.parts,
        "verdict": assessment.verdict,
        "a1e": assessment.a1e,
        "criteria": {
            name: {
                "status": c.status,
                "findings": [finding_json(f) for f in c.findings],
                **({"evidence": checked.surroundings.as_json()} if name == "discreteness" else {}),
            }
            for name, c in assessment.criteria.items()
        },
        "species": [_taxon_json(result, checked) for result in assessment.species],
    }


def shares_json(result: TaxonResult, settings: Settings) -> list[dict[str, Any]]:
    """The member ``shares`` of a taxon."""
    return [
        {
            "parameter": s.parameter,
            "segment": s.segment,
            "low": s.low,
            "best": s.best,
            "high": s.high,
            "site_value": s.site_value,
            "global_value": s.global_value,
            "unit": s.unit,
            "status": irreplaceability.share_status(s, settings.aze_operator, settings),
            "deciding": s is result.verdict.deciding,
            "basis": s.basis,
        }
        for s in result.shares
    ]


def _taxon_json(result: TaxonResult, checked: Checked) -> dict[str, Any]:
    taxon, settings = result.taxon, checked.assessment.settings
    measured = result.measured
    sensitive = checked.sensitivities.get(taxon.taxon_id)
    return {
        "taxon_id": taxon.taxon_id,
        "scientific_name": taxon.scientific_name,
        "common_name": taxon.common_name,
        "group": taxon.group,
        "category": taxon.category,
        "category_source": taxon.category_source,
        "criteria": taxon.criteria,
        "year": taxon.year,
        "rank": taxon.rank,
        "possibly_extinct": taxon.possibly_extinct,
        "possibly_extinct_in_the_wild": taxon.possibly_extinct_in_the_wild,
        "trigger": result.verdict.trigger,
        "route": result.verdict.route,
        "status": result.verdict.status,
        "a1e": result.verdict.a1e,
        "shares": shares_json(result, settings),
        "records": _records_json(measured),
        "estimates": [asdict(estimate) for estimate in measured.evidence.estimates],
        "sensitivity": None
        if sensitive is None
        else {
            "parameter": sensitive.share.parameter,
            "segment": sensitive.share.segment,
            "error_m": sensitive.error_m,
            "low": sensitive.low,
            "best": sensitive.share.best,
            "high": sensitive.high,
            "grow_m": sensitive.grow_m,
            "grow_factor": sensitive.grow_factor,
        },
        "explanation": [finding_json(step) for step in checked.explanations[taxon.taxon_id]],
        "findings": [finding_json(f) for f in result.findings],
    }


def _records_json(measured: Measured) -> dict[str, Any] | None:
    records = measured.evidence.records
    if records is None:
        return None
    return {
        "inside": measured.records_inside,
        "outside": measured.records_outside,
        "latest_year": measured.latest_year or None,
        "dropped": dict(records.dropped),
    }
