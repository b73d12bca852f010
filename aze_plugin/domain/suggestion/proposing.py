"""From one taxon's evidence and units to ranked proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .. import geometry
from ..candidate import ExistingSite
from ..criteria.settings import Settings
from ..errors import AzeError
from ..geometry import Geometry
from ..progress import Progress
from ..selection import Problem
from ..species import Evidence
from .case import Case
from .describing import of_the_whole, reasons
from .drawing import drawn
from .model import OTHER, Proposal, Request, Rules, Suggestion, Unit
from .trade_offs import choices
from .worlds import worlds


def suggest(
    evidence: Evidence,
    units: Sequence[Unit],
    request: Request,
    settings: Settings,
    rules: Rules,
    sites: Sequence[ExistingSite] | None = None,
    protected: Sequence[Geometry] | None = None,
    progress: Progress | None = None,
) -> Suggestion:
    """Proposals for one taxon.

    ``evidence``: all that is known of the taxon in the whole world (``Library.evidence_for``). ``sites``: existing
    ones, ``protected``: protected areas, both None where they are not known. Without a proposal the findings say why,
    and how much could be reached. Raises AzeError as ``worlds`` does, ``suggestion.no_units`` and
    ``suggestion.too_many_cells``.
    """
    progress = progress or Progress()
    if not units and not request.fill:
        raise AzeError("suggestion.no_units", taxon=evidence.taxon.scientific_name)
    best: Case | None = None
    done = 0.0
    for world in worlds(evidence, request):
        case = Case(evidence, world, units, request, settings, rules, sites, protected)
        # How many worlds will be tried is not known: each takes half of the way that is left.
        case.prepare(progress.part(done, (done + 0.8) / 2))
        done = (done + 0.8) / 2
        if best is None or case.reachable > best.reachable:
            best = case
        if case.feasible:
            break
    return _solved(best, progress.part(done, 1))


def _solved(case: Case, progress: Progress) -> Suggestion:
    """Solve, draw, measure and describe."""
    proposals: list[Proposal] = []
    if case.feasible:
        proposals = _ranked(case, progress)
    findings = [*case.findings, *of_the_whole(case, bool(proposals))]
    return Suggestion(
        case.evidence,
        case.world.parameter,
        case.world.segment,
        case.reachable,
        tuple(proposals),
        tuple(findings),
        case.considered,
        case.cell_count,
        case.cell_m2 / 1e6,
    )


def _ranked(case: Case, progress: Progress) -> list[Proposal]:
    """The least area first, then the others by their area; those that are much the same are told once."""
    told: list[Proposal] = []
    pieces: list[np.ndarray] = []
    wanted = case.request.alternatives
    found = choices(case.problem, case.rules, pieces, lambda: len(told) >= wanted, progress.part(0, 0.7))
    for trade_off, chosen, exact, least in found:
        covered = case.problem.covered(chosen)
        apart = case.rules.other_difference_share if trade_off == OTHER else case.rules.least_difference_share
        same = next((n for n, other in enumerate(pieces) if not _differs(case.problem, covered, other, apart)), None)
        if same is not None:
            if trade_off != OTHER:
                told[same] = replace(told[same], also=(*told[same].also, trade_off))
            continue
        if len(told) >= wanted:
            continue
        proposal = drawn(case, trade_off, chosen, exact, least)
        if proposal is not None:
            told.append(proposal)
            pieces.append(covered)
    progress.set(1)
    return [replace(p, findings=reasons(case, p)) for p in [*told[:1], *sorted(told[1:], key=_size)]]


def _differs(problem: Problem, one: np.ndarray, other: np.ndarray, least_share: float) -> bool:
    areas = problem.areas
    return areas[one ^ other].sum() >= least_share * areas[one | other].sum()


def _size(proposal: Proposal) -> tuple[float, float]:
    return geometry.area(proposal.geometry), proposal.perimeter_m
