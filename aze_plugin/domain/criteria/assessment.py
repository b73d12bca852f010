"""The three criteria put together into one assessment of one candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .. import geometry, redlist
from ..candidate import Candidate, ExistingSite, Statement
from ..findings import Finding
from ..species import Evidence, Taxon
from . import discreteness, endangerment, irreplaceability
from .irreplaceability import Share, Verdict
from .settings import Settings


@dataclass(frozen=True)
class TaxonResult:
    """One taxon at a candidate: shares, what they amount to, and everything there is to say."""

    taxon: Taxon
    shares: tuple[Share, ...]
    verdict: Verdict
    findings: tuple[Finding, ...]


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


def measure(candidate: Candidate, evidence: Sequence[Evidence]) -> list[tuple[Evidence, list[Share]]]:
    """Shares of every taxon that the candidate meets; taxa without any share are left out."""
    if candidate.geometry is None:
        return []
    # All rows at once: cutting them one by one would cost several times as much.
    rows = [row.geometry for item in evidence if item.range for row in item.range.rows]
    pieces = iter(geometry.inside(rows, candidate.geometry))
    measured = []
    for item in evidence:
        if item.range is None:
            continue
        shares = irreplaceability.range_shares(item.range, list(islice(pieces, len(item.range.rows))))
        if shares:
            measured.append((item, shares))
    return measured


def assess(
    candidate: Candidate,
    measured: Sequence[tuple[Evidence, Sequence[Share]]],
    outside: Mapping[str, Finding],
    neighbours: Sequence[ExistingSite] | None,
    statement: Statement,
    settings: Settings,
    reference_year: int | None,
    library_empty: bool = False,
) -> Assessment:
    """Judge a candidate.

    ``measured``: as measure() returns it. ``outside``: by taxon id, the finding that says where the rest of the range
    lies, for those taxa for which it was looked up. ``reference_year``: see endangerment.taxon_findings.
    ``library_empty``: see endangerment.judge.
    """
    results = []
    for item, shares in measured:
        verdict = irreplaceability.judge_taxon(
            item.taxon, shares, statement, settings, historic=bool(item.range and item.range.historic)
        )
        findings = endangerment.taxon_findings(item.taxon, settings, reference_year) + list(verdict.findings)
        if item.taxon.taxon_id in outside:
            findings.append(outside[item.taxon.taxon_id])
        results.append(TaxonResult(item.taxon, tuple(shares), verdict, tuple(findings)))
    results.sort(
        key=lambda r: (
            redlist.sort_key(r.taxon.category)[0],
            not r.verdict.trigger,
            -max(s.best for s in r.shares),
            r.taxon.scientific_name,
        )
    )

    trigger_areas = {
        r.taxon.scientific_name: irreplaceability.leading(ranges).global_value
        for r in results
        if r.verdict.trigger and (ranges := [s for s in r.shares if s.parameter == "range"])
    }
    criteria = {
        "endangerment": Criterion(*_tupled(endangerment.judge([r.taxon for r in results], settings, library_empty))),
        "irreplaceability": Criterion(
            *_tupled(irreplaceability.judge([(r.taxon, r.verdict) for r in results], settings))
        ),
        "discreteness": Criterion(
            *_tupled(discreteness.judge(candidate, neighbours, trigger_areas, statement, settings))
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
