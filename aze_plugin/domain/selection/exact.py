"""The best choice of few units: all subsets are gone through, block by block, but for those that cannot hold the best.

Every quantity is a sum over pieces, edges or items of a weight times "no chosen unit has it", which for all subsets of
a block at once is a subset-sum transform.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from .problem import ROUNDING, Objective, Problem, components

# The largest number of units for which all subsets are gone through.
EXACT_UNITS = 25

# Subsets that are looked at together: 2 to the power of this.
_BLOCK_BITS = 14


class _Sum:
    """Σ weight × [no chosen unit of its mask], for all subsets of the low units at once."""

    def __init__(self, masks: np.ndarray, weights: np.ndarray, low: int):
        self._masks, at = np.unique(masks, return_inverse=True)
        self._weights = np.bincount(at, weights, len(self._masks)) if len(masks) else np.zeros(0)
        self._low = low

    def at(self, mask: int) -> float:
        """The sum for one set of chosen units."""
        return float(self._weights[(self._masks & mask) == 0].sum())

    def block(self, high: int) -> np.ndarray:
        """The sum for the chosen high units with each subset of the low ones, shape (2 ** low,)."""
        left = (self._masks & high) == 0
        rest = self._masks[left] & ((1 << self._low) - 1)
        out = np.bincount(rest, self._weights[left], 1 << self._low)
        for bit in range(self._low):
            pairs = out.reshape(-1, 2, 1 << bit)
            pairs[:, 1] += pairs[:, 0]
        # What no chosen unit has is what lies within the units that are not chosen.
        return out[::-1]


class Exact:
    """All subsets of up to EXACT_UNITS units of a problem, each with the ``fixed`` ones.

    ``free``: the units to choose from, all that have a piece where it is not given; others are left out. ``check`` is
    called for every block and may raise to stop. Raises ValueError for more units than can be gone through.
    """

    def __init__(
        self,
        problem: Problem,
        free: Sequence[int] | None = None,
        fixed: Sequence[int] = (),
        check: Callable[[], None] = lambda: None,
    ):
        self._problem, self._check = problem, check
        own = np.setdiff1d(problem.holders if free is None else np.asarray(free, dtype=int), np.asarray(fixed, int))
        if len(own) > EXACT_UNITS:
            raise ValueError(f"{len(own)} units are too many to go through all their subsets")
        # Large units last: blocks that have them are left out once something smaller is known.
        size = np.bincount(problem.owners[:, 1], problem.areas[problem.owners[:, 0]], problem.units)
        self._units = own[np.argsort(size[own], kind="stable")]
        self._fixed = np.asarray(fixed, dtype=int)
        bit = np.zeros(problem.units, dtype=np.int64)
        bit[self._units] = 1 << np.arange(len(own), dtype=np.int64)
        # One further bit, always set, stands for all that is fixed.
        self._always = 1 << len(own)
        bit[self._fixed] = self._always
        pieces = np.zeros(len(problem.areas) + 1, dtype=np.int64)
        np.bitwise_or.at(pieces, problem.owners[:, 0], bit[problem.owners[:, 1]])
        items = np.zeros(len(problem.weights), dtype=np.int64)
        np.bitwise_or.at(items, problem.contents[:, 1], pieces[problem.contents[:, 0]])
        self._low = min(_BLOCK_BITS, len(own))
        self._all_high = ((1 << len(own)) - 1) >> self._low << self._low
        self._total_area = float(problem.areas.sum())
        self._total_weight = float(problem.weights.sum())
        self._area = _Sum(pieces[:-1], problem.areas, self._low)
        self._held = _Sum(items, problem.weights, self._low)
        one, other = pieces[problem.edges[:, 0]], pieces[problem.edges[:, 1]]
        metres = problem.lengths
        # An edge is outline where just one of its sides is free: free(a) + free(b) − 2 × free(both).
        self._outline = _Sum(
            np.concatenate((one, other, one | other)), np.concatenate((metres, metres, -2 * metres)), self._low
        )
        self._open = None
        if problem.open_areas is not None:
            self._open = _Sum(pieces[:-1], problem.open_areas, self._low)
            self._total_open = float(problem.open_areas.sum())
        self._counts = np.array([bin(n).count("1") for n in range(1 << self._low)])
        self._target = problem.target - ROUNDING * abs(problem.target)

    def best(self, objective: Objective, most_m2: float = math.inf) -> tuple[int, ...] | None:
        """The best feasible set of at most ``most_m2``; None where there is none."""
        found: tuple[float, float, int, int] | None = None
        low_all = (1 << self._low) - 1
        reach = most_m2 * (1 + ROUNDING)
        for free in range(0, self._all_high + 1, 1 << self._low):
            self._check()
            high = free | self._always
            if found and objective.kind == "units" and bin(free).count("1") > found[0]:
                continue
            if self._total_weight - self._held.at(high | low_all) < self._target:
                continue
            least = self._total_area - self._area.at(high)
            if least > reach or (objective.kind == "area" and found and least > found[0]):
                continue
            area = self._total_area - self._area.block(high)
            allowed = area <= reach
            if found and objective.kind == "area":
                allowed &= area <= found[0] * (1 + ROUNDING)
            if not allowed.any():
                continue
            subsets = np.flatnonzero(allowed & (self._total_weight - self._held.block(high) >= self._target))
            if subsets.size:
                found = self._better(found, objective, high, subsets, area[subsets])
        return None if found is None else tuple(sorted(int(u) for u in self._members(found[3])))

    def _better(self, found, objective: Objective, high: int, subsets: np.ndarray, area: np.ndarray):
        counts = self._counts[subsets] + bin(high).count("1") - 1
        if objective.kind == "area":
            values = area
        elif objective.kind == "units":
            values = counts.astype(float)
        elif objective.kind == "open":
            values = self._total_open - self._open.block(high)[subsets]
        else:
            values = self._outline.block(high)[subsets]
            if objective.part_m:
                # Never more than the value itself, so that most sets need not be looked at for their parts.
                values = values + objective.part_m * np.maximum(0.0, self._least_parts(high)[subsets] - 1)
        # Rounded, so that sets which are the same on the ground tie whatever the order of their sums.
        scale = max(abs(float(values.min())), 1.0) * ROUNDING
        keys = np.round(values / scale) * scale if objective.kind != "units" else values
        for n in np.lexsort((counts, np.round(area, 3), keys)):
            if found is not None and values[n] > found[0] + scale:
                break
            value = float(values[n])
            mask = int(subsets[n]) | high
            if objective.kind == "outline" and objective.part_m:
                value = self._outline.at(mask) + objective.part_m * max(0, self._parts(mask) - 1)
            if found is None or _before((value, float(area[n]), int(counts[n]), mask), found):
                found = (value, float(area[n]), int(counts[n]), mask)
            if objective.kind != "outline" or not objective.part_m:
                break
        return found

    def _parts(self, mask: int) -> int:
        """Number of parts of a set, as ``Problem.parts`` has it; sets are asked for it by the thousand."""
        of_unit, beside = self._graph
        left = of_unit[-1]
        for n in range(len(self._units)):
            if mask >> n & 1:
                left |= of_unit[n]
        count = 0
        while left:
            count += 1
            pending = left & -left
            left ^= pending
            while pending:
                node = pending & -pending
                found = beside[node.bit_length() - 1] & left
                left ^= found
                pending = pending ^ node | found
        return count

    def _least_parts(self, high: int) -> np.ndarray:
        """How many parts the chosen high units with each subset of the low ones have at least: no part reaches from
        one to another of the groups into which all nodes fall."""
        count, groups = self._groups
        return count - groups.block(high)

    @cached_property
    def _groups(self) -> tuple[float, _Sum]:
        """The number of groups of nodes that hang together when everything is chosen, and whose units they are."""
        of_unit, beside = self._graph
        bits = [1 << n for n in range(len(self._units))] + [self._always]
        masks, left = [], (1 << len(beside)) - 1
        while left:
            group = pending = left & -left
            left ^= pending
            while pending:
                node = pending & -pending
                found = beside[node.bit_length() - 1] & left
                left ^= found
                group |= found
                pending = pending ^ node | found
            masks.append(sum(bit for bit, nodes in zip(bits, of_unit) if nodes & group))
        return float(len(masks)), _Sum(np.array(masks, dtype=np.int64), np.ones(len(masks)), self._low)

    @cached_property
    def _graph(self) -> tuple[list[int], list[int]]:
        """Nodes of each unit, last of all that is fixed, and neighbours of each node, as bits.

        A node is what of one unit hangs together.
        """
        problem = self._problem
        patches, edges = problem.patch_graph
        at: list[list[int]] = [[] for _ in range(len(patches))]
        of_unit: list[int] = []
        count = 0
        for units in (*([unit] for unit in self._units), self._fixed):
            nodes, labels = components(problem.covered(units)[patches], edges)
            groups, number = np.unique(labels, return_inverse=True)
            for patch, node in zip(nodes.tolist(), number.tolist()):
                at[patch].append(count + node)
            of_unit.append(((1 << len(groups)) - 1) << count)
            count += len(groups)
        beside = [0] * count
        for here, there in [*((a, b) for a, b in edges.tolist()), *((p, p) for p in range(len(patches)))]:
            for node in at[here]:
                for other in at[there]:
                    beside[node] |= 1 << other
                    beside[other] |= 1 << node
        return of_unit, beside

    def _members(self, mask: int) -> np.ndarray:
        return np.append(self._units[[n for n in range(len(self._units)) if mask >> n & 1]], self._fixed)


def _before(one: tuple[float, float, int, int], other: tuple[float, float, int, int]) -> bool:
    """Whether the first is better; differences that are rounding do not count."""
    for here, there in zip(one[:3], other[:3]):
        if abs(here - there) > ROUNDING * max(abs(here), abs(there), 1.0):
            return here < there
    return one[3] < other[3]
