"""Which sets of units stand for which trade-off, one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..progress import Progress
from ..selection import EXACT_UNITS, Exact, Greedy, Objective, Problem, lower_bound
from .model import FEWEST, LEAST_AREA, ONE_PART, OTHER, PROTECTED, SIMPLEST, Rules

# How often in a row other land may turn out to be much the same before no more is looked for.
_IN_VAIN = 3


def choices(
    whole: Problem, rules: Rules, used: list[np.ndarray], enough: Callable[[], bool], progress: Progress
) -> Iterator[tuple[str, Sequence[int], bool, float]]:
    """Trade-off, units, whether they are the best of all, and the least area or a bound below it, one by one.

    ``used``: pieces of each proposal made so far, as booleans, to which the caller adds; ``enough``: whether there are
    as many as were asked for.
    """
    problem = whole.with_holders()
    needed = problem.needed
    free = np.setdiff1d(problem.holders, needed)
    greedy = Greedy(problem, progress.check)
    exact = None
    if len(free) <= EXACT_UNITS:
        exact = Exact(problem, free, needed, progress.check)
        first = exact.best(Objective("area"))
        least = problem.area(first)
    else:
        first = greedy.least_area()
        least = lower_bound(problem, needed)
    if first is None:
        return
    progress.set(0.3)
    area = problem.area(first)
    part_m = rules.part_weight * 2 * math.sqrt(math.pi * area)
    near, wide, widest = (area * (1 + s) for s in (rules.tolerance_share, rules.wide_share, rules.widest_share))
    for trade_off, limit, objective in (
        (LEAST_AREA, near, Objective("outline", part_m)),
        (SIMPLEST, wide, Objective("outline", part_m)),
        (FEWEST, widest, Objective("units")),
        (PROTECTED, wide, Objective("open")),
    ):
        if objective.kind == "open" and problem.open_areas is None:
            continue
        if exact is not None:
            chosen = exact.best(objective, limit)
        elif objective.kind == "outline":
            chosen = greedy.smoother(first, limit)
        elif objective.kind == "units":
            chosen = greedy.fewest(limit)
        else:
            chosen = greedy.least_area(problem.open_areas + rules.protected_weight * problem.areas)
            chosen = chosen if chosen and problem.area(chosen) <= limit else None
        if chosen is None:
            continue
        if trade_off == LEAST_AREA:
            ground = chosen
        elif objective.of(problem, chosen) > (1 - rules.least_gain_share) * objective.of(problem, ground):
            # Hardly better than the first by what it is there for.
            chosen = ground
        yield trade_off, chosen, exact is not None, least
    progress.set(0.6)
    joined = ground
    if problem.parts(ground) > 1:
        joined = Greedy(whole, progress.check).one_part(first, widest)
    if joined is not None:
        yield ONE_PART, joined, False, least
    failed, dearer = 0, []
    while failed < _IN_VAIN and not enough():
        times = np.sum([*used, *dearer], axis=0)
        chosen = greedy.least_area(problem.areas * (1 + rules.repetition_weight * times))
        if chosen is None or problem.area(chosen) > widest:
            return
        chosen = greedy.smoother(chosen, problem.area(chosen) * (1 + rules.tolerance_share))
        before = len(used)
        yield OTHER, chosen, False, least
        if len(used) == before:
            failed += 1
            # Much the same again: its land has to get dearer than by being used once.
            dearer.append(problem.covered(chosen))
