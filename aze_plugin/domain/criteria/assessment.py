"""The three criteria put together into one assessment of one candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import geometry, redlist
from ..candidate import Candidate, ExistingSite, Statement
from ..findings import Finding
from ..species import Taxon
from . import discreteness, endangerment, irreplaceability
from .irreplaceability import Verdict
from .settings import Settings
from .shares import Measured, Share, leading


@dataclass(frozen=True)
class TaxonResult:
    """One taxon at a candidate: shares, what they amount to, and everything there is to say."""

    measured: Measured
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def taxon(self) -> Taxon:
        """The taxon, with the assessment that counts for it."""
        return self.measured.evidence.taxon

    @property
    def shares(self) -> tuple[Share, ...]:
        """Its shares, by the order of PARAMETERS and SEGMENTS."""
        return self.measured.shares


@dataclass(frozen=True)
class Criterion:
    """Status of one criterion and its findings."""

    status: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Assessment:
    """One candidate against the three criteria; ``verdict`` and ``a1e`` as in the contract."""

    candidate: Candidate
    parts: int
    verdict: str
    a1e: str
    criteria: Mapping[str, Criterion]
    species: tuple[TaxonResult, ...]
    settings: Settings


def assess(
    candidate: Candidate,
    measured: Sequence[Measured],
    closer: Mapping[str, Sequence[Finding]],
    neighbours: Sequence[ExistingSite] | None,
    statement: Statement,
    settings: Settings,
    reference_year: int | None,
    library_empty: bool = False,
    rivals: Mapping[str, Sequence[tuple[str, float]]] | None = None,
    surroundings: discreteness.Surroundings | None = None,
) -> Assessment:
    """Judge a candidate.

    ``measured``: see shares.measure. ``closer``: by taxon id, what a closer look at it found (where the rest of its
    world lies, how far the share can be trusted), for those taxa that had one. ``reference_year``: see
    endangerment.taxon_findings. ``library_empty``: see endangerment.judge. ``rivals``: by taxon id, see
    irreplaceability.judge_taxon. ``surroundings``: see discreteness.judge.
    """
    results = []
    for item in measured:
        taxon = item.evidence.taxon
        others = None if rivals is None else rivals.get(taxon.taxon_id, ())
        verdict = irreplaceability.judge_taxon(item, statement, settings, others)
        findings = endangerment.taxon_findings(taxon, settings, reference_year) + list(verdict.findings)
        findings += closer.get(taxon.taxon_id, ())
        results.append(TaxonResult(item, verdict, tuple(findings)))
    results.sort(
        key=lambda r: (
            redlist.sort_key(r.taxon.category)[0],
            not r.verdict.trigger,
            -max(s.best for s in r.shares),
            r.taxon.scientific_name,
        )
    )

    trigger_areas = {
        r.taxon.scientific_name: leading(ranges).global_value
        for r in results
        if r.verdict.trigger and (ranges := [s for s in r.shares if s.parameter == "range"])
    }
    criteria = {
        "endangerment": Criterion(*_tupled(endangerment.judge([r.taxon for r in results], settings, library_empty))),
        "irreplaceability": Criterion(
            *_tupled(irreplaceability.judge([(r.taxon, r.verdict) for r in results], settings))
        ),
        "discreteness": Criterion(
            *_tupled(discreteness.judge(candidate, neighbours, trigger_areas, statement, settings, surroundings))
        ),
    }
    statuses = {c.status for c in criteria.values()}
    if statuses == {"met"}:
        verdict = "eligible"
    elif "not_met" in statuses:
        verdict = "not_eligible"
    else:
        verdict = "needs_evidence"

    a1e_statuses = {r.verdict.a1e for r in results}
    a1e = next((s for s in ("met", "needs_evidence") if s in a1e_statuses), "not_met")
    parts = len(geometry.parts(candidate.geometry)) if candidate.geometry is not None else 0
    return Assessment(candidate, parts, verdict, a1e, criteria, tuple(results), settings)


def _tupled(judged: tuple[str, list[Finding]]) -> tuple[str, tuple[Finding, ...]]:
    return judged[0], tuple(judged[1])
