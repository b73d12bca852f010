"""What is to be said of proposals: why each is there, how far it can be trusted, and why there is none."""

from __future__ import annotations

import numpy as np

from .. import geometry
from ..criteria import endangerment
from ..findings import Finding, info, warning
from ..progress import Progress
from .case import Case, array_of
from .model import ONE_PART, Proposal


def of_the_whole(case: Case, found: bool) -> list[Finding]:
    """What holds for all proposals; ``found``: whether there is any."""
    taxon, settings, world = case.evidence.taxon, case.settings, case.world
    name = taxon.scientific_name
    findings = []
    if not endangerment.eligible(taxon, settings):
        findings.append(warning("suggestion.cannot_trigger", taxon=name, category=taxon.category))
    if not found:
        findings.append(
            warning(
                "suggestion.unreachable",
                taxon=name,
                share=case.reachable,
                threshold_share=settings.threshold,
                parameter=world.parameter,
                segment=world.segment,
            )
        )
        in_sites = 0.0
        if len(case.sites_near):
            inside = world.contents(array_of([geometry.dissolve(case.sites_near)]), Progress())
            in_sites = float(inside[1][np.unique(inside[0][:, 1])].sum()) / world.total
            if in_sites > 0:
                findings.append(warning("suggestion.in_sites", taxon=name, share=min(1.0, in_sites)))
        if not case.request.fill and case.reachable + in_sites < 1 - 1e-6:
            findings.append(info("suggestion.try_fill"))
    return findings


def reasons(case: Case, proposal: Proposal) -> tuple[Finding, ...]:
    """Why this one, by the trade-offs that it stands for, and how far it can be trusted."""
    share = proposal.share
    findings = [
        info(
            f"suggestion.because_{proposal.trade_off}",
            taxon=case.evidence.taxon.scientific_name,
            share=share.best,
            parameter=share.parameter,
            segment=share.segment,
            units=len(proposal.units) + proposal.cells,
        )
    ]
    # Of a single unit it goes without saying that no choice has fewer.
    told = [kind for kind in proposal.also if kind == ONE_PART or len(proposal.units) + proposal.cells > 1]
    findings += [info(f"suggestion.also_{kind}") for kind in told]
    if not proposal.exact:
        factor = round(proposal.bound, 3)
        findings.append(info("suggestion.bound", factor=factor) if factor > 1 else info("suggestion.bound_reached"))
    own = case.world.extent_m2
    if geometry.area(proposal.geometry) > case.settings.oversize_factor * own:
        factor = round(geometry.area(proposal.geometry) / own)
        findings.append(warning("suggestion.oversize", factor=factor, parameter=share.parameter))
    if share.basis == "records" and geometry.area(proposal.geometry) < case.rules.least_cell_share * own * share.best:
        # Cells count as held by a single record: small units pick these out, and leave the habitat round them.
        findings.append(warning("suggestion.picks_records", parameter=share.parameter))
    records = case.evidence.records
    if share.basis == "range_map" and case.evidence.range.historic:
        findings.append(info("irreplaceability.historic_range", taxon=case.evidence.taxon.scientific_name))
    if share.segment == "passage":
        findings.append(warning("irreplaceability.passage_only", taxon=case.evidence.taxon.scientific_name))
    if share.basis == "range_map":
        findings.append(warning("irreplaceability.range_only"))
    elif share.basis == "records" and records.kept < case.rules.few_records:
        findings.append(warning("suggestion.few_records", count=records.kept))
    if proposal.cells:
        findings.append(info("suggestion.with_cells", count=proposal.cells, cell_m2=case.cell_m2))
    return (*findings, *proposal.findings)
