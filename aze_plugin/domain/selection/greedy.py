"""Good choices of any number of units: by weight per area, then superfluous units out, then exact solutions of small
cores, then moves of single units."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .exact import Exact
from .problem import ROUNDING, Objective, Problem

# Units of a core that is solved exactly within a greedy answer, and how often another core is tried.
_CORE_UNITS = 18
_CORES = 6

# Passes over all units when single units are moved.
_PASSES = 4


class _Set:
    """A set of units that grows and shrinks, with what it costs and holds."""

    def __init__(self, problem: Problem, costs: np.ndarray, outline_weight: float = 0.0):
        self.problem, self.outline_weight = problem, outline_weight
        self._costs, self._areas, self._weights = costs.tolist(), problem.areas.tolist(), problem.weights.tolist()
        self._pieces = [p.tolist() for p in problem.pieces_of]
        self._items = [i.tolist() for i in problem.items_of]
        self._times = [0] * len(problem.areas)
        self._item_times = [0] * len(problem.weights)
        self.units: set[int] = set()
        self.held = self.area = self.cost = self.outline = 0.0

    def gain(self, unit: int) -> tuple[float, float, float, float]:
        """What choosing a unit adds: weight, m², cost, outline."""
        return self._change(unit, 0, 1)

    def loss(self, unit: int) -> tuple[float, float, float, float]:
        """What dropping a chosen unit takes away."""
        return self._change(unit, 1, 1)

    def _change(self, unit: int, at: int, sign: int) -> tuple[float, float, float, float]:
        changing = [p for p in self._pieces[unit] if self._times[p] == at]
        items: dict[int, int] = {}
        area = cost = outline = 0.0
        for piece in changing:
            area += self._areas[piece]
            cost += self._costs[piece]
            for item in self._items[piece]:
                items[item] = items.get(item, 0) + 1
        held = sum(self._weights[i] for i, n in items.items() if self._item_times[i] == at * n)
        if self.outline_weight:
            own = set(changing)
            for piece in changing:
                for other, metres in self.problem.neighbours[piece]:
                    if other not in own:
                        inside = other >= 0 and self._times[other] > 0
                        outline += -metres if inside else metres
        return held, area, cost, outline

    def add(self, unit: int) -> None:
        """Choose a unit."""
        held, area, cost, outline = self.gain(unit)
        self._apply(unit, 1)
        self.units.add(unit)
        self.held, self.area = self.held + held, self.area + area
        self.cost, self.outline = self.cost + cost, self.outline + outline

    def drop(self, unit: int) -> None:
        """Leave a unit out again."""
        held, area, cost, outline = self.loss(unit)
        self._apply(unit, -1)
        self.units.remove(unit)
        self.held, self.area = self.held - held, self.area - area
        self.cost, self.outline = self.cost - cost, self.outline - outline

    def _apply(self, unit: int, step: int) -> None:
        for piece in self._pieces[unit]:
            self._times[piece] += step
            if self._times[piece] == (1 if step > 0 else 0):
                for item in self._items[piece]:
                    self._item_times[item] += step


class Greedy:
    """Good sets of any number of units. ``check`` is called often and may raise to stop."""

    def __init__(self, problem: Problem, check: Callable[[], None] = lambda: None):
        self._problem, self._check = problem, check
        self._target = problem.target - ROUNDING * abs(problem.target)

    def least_area(self, costs: np.ndarray | None = None, start: Sequence[int] = ()) -> tuple[int, ...] | None:
        """A feasible set of small area, or of small cost where pieces have costs of their own; None where none is."""
        problem = self._problem
        plain = costs is None
        costs = problem.areas if plain else costs
        built = self._built(costs, start)
        if built is None:
            return None
        self._pruned(built)
        chosen = tuple(sorted(built.units))
        if plain:
            chosen = self._with_cores(chosen)
        return chosen

    def _built(self, costs: np.ndarray, start: Sequence[int], by_number: bool = False) -> _Set | None:
        """Units taken by weight per cost, or by weight alone, until enough is held."""
        problem = self._problem
        state = _Set(problem, costs)
        for unit in start:
            state.add(unit)
        holders = [int(u) for u in problem.holders if u not in state.units]
        heap = [(-self._worth(state, u, by_number), u) for u in holders]
        heapq.heapify(heap)
        steps = 0
        while state.held < self._target:
            worth = 0.0
            while heap:
                steps += 1
                if steps % 256 == 0:
                    self._check()
                _, unit = heapq.heappop(heap)
                worth = self._worth(state, unit, by_number)
                # What a unit is worth only falls as a rule: the first that keeps its place is the best.
                if not heap or worth >= -heap[0][0] * (1 - ROUNDING):
                    break
                if worth > 0:
                    heapq.heappush(heap, (-worth, unit))
            if not worth > 0:
                return None
            state.add(unit)
        return state

    def _worth(self, state: _Set, unit: int, by_number: bool) -> float:
        held, _, cost, _ = state.gain(unit)
        if by_number:
            return min(held, self._target - state.held) - 1e-12 * cost
        return held / max(cost, 1e-6)

    def _pruned(self, state: _Set, keep: Callable[[set[int]], bool] | None = None) -> None:
        """Take out units that are not needed, the dearest for what they hold first."""
        order = []
        for n, unit in enumerate(sorted(state.units)):
            if n % 256 == 0:
                self._check()
            held, _, cost, _ = state.loss(unit)
            order.append((held / cost if cost > 0 else math.inf, unit))
        for n, (_, unit) in enumerate(sorted(order)):
            if n % 64 == 0:
                self._check()
            held, _, cost, _ = state.loss(unit)
            if state.held - held >= self._target and (cost > 0 or held == 0):
                if keep is not None and not keep(state.units - {unit}):
                    continue
                state.drop(unit)

    def _with_cores(self, chosen: tuple[int, ...]) -> tuple[int, ...]:
        """Better sets found by solving small cores exactly: the units about which a greedy choice is least sure."""
        problem = self._problem
        best, best_area = chosen, problem.area(chosen)
        holders = problem.holders
        for turn in range(_CORES):
            self._check()
            state = _Set(problem, problem.areas)
            for unit in best:
                state.add(unit)
            inside = sorted(state.units, key=lambda u, s=state: _density(s.loss(u)))
            outside = sorted(
                (int(u) for u in holders if u not in state.units), key=lambda u, s=state: -_density(s.gain(u))
            )
            self._check()
            half = _CORE_UNITS // 2
            # Later turns look a little away from where the choice ended.
            skip = turn // 2 * (half // 2)
            near = outside[skip : skip + half]
            far = inside[skip : skip + _CORE_UNITS - len(near)] if turn % 2 == 0 else inside[: _CORE_UNITS - len(near)]
            free = [*far, *near]
            if not free:
                break
            fixed = [u for u in best if u not in set(free)]
            tried = Exact(problem, free, fixed, self._check).best(Objective("area"), best_area)
            if tried is not None and problem.area(tried) < best_area * (1 - ROUNDING):
                best, best_area = tried, problem.area(tried)
        return best

    def fewest(self, most_m2: float) -> tuple[int, ...] | None:
        """A feasible set of few units, of at most ``most_m2``; None where this way finds none."""
        built = self._built(self._problem.areas, (), by_number=True)
        if built is None:
            return None
        self._pruned(built)
        return tuple(sorted(built.units)) if built.area <= most_m2 else None

    def smoother(self, chosen: Sequence[int], most_m2: float) -> tuple[int, ...]:
        """A feasible set of at most ``most_m2`` with a shorter outline, made by adding and dropping single units."""
        problem = self._problem
        state = _Set(problem, problem.areas, 1.0)
        for unit in chosen:
            state.add(unit)
        for _ in range(_PASSES):
            moved = False
            # Only units at the outline can make it shorter.
            covered = np.append(problem.covered(state.units), False)
            outer = problem.edges[covered[problem.edges[:, 0]] != covered[problem.edges[:, 1]]]
            beside = np.unique(outer[outer >= 0])
            candidates = np.unique(problem.owners[np.isin(problem.owners[:, 0], beside), 1])
            for n, unit in enumerate(candidates.tolist()):
                if n % 128 == 0:
                    self._check()
                if unit in state.units:
                    held, _, _, outline = state.loss(unit)
                    # Dropping turns the edges of what goes: the loss counts them as they are now.
                    if outline > ROUNDING and state.held - held >= self._target:
                        state.drop(unit)
                        moved = True
                else:
                    _, area, _, outline = state.gain(unit)
                    if outline < -ROUNDING and state.area + area <= most_m2:
                        state.add(unit)
                        moved = True
            if not moved:
                break
        return tuple(sorted(state.units))

    def one_part(self, chosen: Sequence[int], most_m2: float) -> tuple[int, ...] | None:
        """A feasible set in one part, of at most ``most_m2``: the parts of a set joined by the smallest units between
        them, then what is not needed taken out. None where this way finds none."""
        problem = self._problem
        neighbours: list[set[int]] = [set() for _ in range(problem.units)]
        patches, edges = problem.patch_graph
        pieces = patches[edges]
        for one, other in np.unique(pieces, axis=0).tolist():
            for a in problem.units_of[one]:
                for b in problem.units_of[other]:
                    if a != b:
                        neighbours[a].add(int(b))
                        neighbours[b].add(int(a))
        for units in problem.units_of:
            if len(units) > 1:
                for a in units.tolist():
                    neighbours[a].update(u for u in units.tolist() if u != a)
        state = _Set(problem, problem.areas)
        for unit in chosen:
            state.add(unit)
        while True:
            self._check()
            groups = _groups(state.units, neighbours)
            if len(groups) < 2:
                break
            path = self._joining(max(groups, key=lambda g: problem.held(g)), groups, neighbours, state)
            if path is None:
                # What cannot be joined is left out; what is joined may hold enough all the same.
                kept = max(groups, key=lambda g: problem.held(g))
                for unit in sorted(state.units - kept):
                    state.drop(unit)
                break
            for unit in path:
                if unit not in state.units:
                    state.add(unit)
            if state.area > 4 * most_m2:
                return None
        if state.held < self._target:
            return None
        if len(state.units) <= 400:
            self._pruned(state, lambda units: len(_groups(units, neighbours)) == 1)
        if state.area > most_m2 or problem.parts(state.units) != 1:
            return None
        return tuple(sorted(state.units))

    def _joining(self, start: set[int], groups, neighbours, state: _Set) -> list[int] | None:
        """The way of least area from one group to the nearest other one."""
        goal = {u for group in groups if group is not start for u in group}
        heap = [(0.0, u, -1) for u in sorted(start)]
        came: dict[int, int] = {}
        while heap:
            spent, unit, origin = heapq.heappop(heap)
            if unit in came:
                continue
            came[unit] = origin
            if len(came) % 256 == 0:
                self._check()
            if unit in goal:
                path = []
                while unit >= 0 and unit not in start:
                    path.append(unit)
                    unit = came[unit]
                return path
            for other in neighbours[unit]:
                if other not in came:
                    extra = 0.0 if other in state.units else state.gain(other)[1]
                    heapq.heappush(heap, (spent + extra, other, unit))
        return None


def _density(change: tuple[float, float, float, float]) -> float:
    held, area, _, _ = change
    return held / area if area > 0 else math.inf


def _groups(units: Iterable[int], neighbours: Sequence[set[int]]) -> list[set[int]]:
    left, groups = set(units), []
    while left:
        pending, group = [min(left)], set()
        while pending:
            unit = pending.pop()
            if unit in left:
                left.remove(unit)
                group.add(unit)
                pending += neighbours[unit] & left
        groups.append(group)
    return groups
