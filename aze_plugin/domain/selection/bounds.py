"""How small the area of any choice that holds enough is at least."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .problem import ROUNDING, Problem


def lower_bound(problem: Problem, fixed: Sequence[int] = ()) -> float:
    """m² that any feasible set with the ``fixed`` units has at least; infinite where there is none.

    What is fixed is paid in full. Of the rest, a piece shares its area out to the items in it by their weights, and
    each item takes the cheapest of its shares. The cheapest items that make up what is left of the target then cost no
    more than any feasible set: it holds as much, and has paid the full area of each of its pieces. Where units do not
    overlap and items are of one piece only, this is the knapsack bound: the best solution in which the last unit may be
    taken in part.
    """
    taken = problem.covered(fixed)
    paid = float(problem.areas[taken].sum())
    held = np.zeros(len(problem.weights), dtype=bool)
    held[problem.contents[taken[problem.contents[:, 0]], 1]] = True
    target = problem.target * (1 - ROUNDING) - float(problem.weights[held].sum())
    if target <= 0:
        return paid
    owned = np.zeros(len(problem.areas), dtype=bool)
    owned[problem.owners[:, 0]] = True
    left = problem.contents[owned[problem.contents[:, 0]] & ~held[problem.contents[:, 1]]]
    piece, item = left.T
    inside = np.bincount(piece, problem.weights[item], len(problem.areas))
    piece, item = piece[inside[piece] > 0], item[inside[piece] > 0]
    price = np.full(len(problem.weights), np.inf)
    np.minimum.at(price, item, problem.areas[piece] / inside[piece])
    reached = np.flatnonzero(np.isfinite(price) & (problem.weights > 0))
    order = reached[np.argsort(price[reached], kind="stable")]
    total = np.cumsum(problem.weights[order])
    if not len(order) or total[-1] < target:
        return math.inf
    last = int(np.searchsorted(total, target))
    before = float(total[last - 1]) if last else 0.0
    return paid + float(
        (price[order[:last]] * problem.weights[order[:last]]).sum() + price[order[last]] * (target - before)
    )
