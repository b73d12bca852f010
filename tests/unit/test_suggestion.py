"""Proposals for a boundary: the choice of units against brute force, bounds against exact answers, shapes on a plane."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aze_plugin.domain.errors import Cancelled
from aze_plugin.domain.selection import Exact, Greedy, Objective, Problem, lower_bound

# ------------------------------------------------------------------------------------------------- choosing, brute force


class World:
    """A random board of squares: each belongs to some units, so they overlap, and is worth something or holds cells."""

    def __init__(self, seed, cells):
        rng = np.random.default_rng(seed)
        self.columns, self.rows = int(rng.integers(2, 6)), int(rng.integers(2, 5))
        self.squares = [(x, y) for x in range(self.columns) for y in range(self.rows)]
        self.area = {s: float(rng.integers(1, 9)) for s in self.squares}
        self.open = {s: self.area[s] * float(rng.random()) for s in self.squares}
        self.units = []
        for _ in range(int(rng.integers(1, 9))):
            x0, y0 = rng.integers(0, self.columns), rng.integers(0, self.rows)
            x1, y1 = x0 + rng.integers(1, 4), y0 + rng.integers(1, 3)
            unit = {(x, y) for x, y in self.squares if x0 <= x < x1 and y0 <= y < y1}
            if rng.random() < 0.3:
                unit.add(self.squares[rng.integers(len(self.squares))])
            self.units.append(unit)
        if cells:
            # A cell lies across several squares, as 2 × 2 km cells do: any of them holds it.
            self.items = [
                {self.squares[k] for k in rng.choice(len(self.squares), rng.integers(1, 4))}
                for _ in range(int(rng.integers(1, 12)))
            ]
            self.weights = [1.0] * len(self.items)
        else:
            self.items = [{s} for s in self.squares]
            self.weights = [float(rng.integers(0, 5)) * self.area[s] for s in self.squares]
        self.target = float(rng.choice([0.3, 0.7, 0.95, 1.0])) * sum(self.weights)

    def land(self, chosen):
        return set().union(*(self.units[u] for u in chosen)) if chosen else set()

    def held(self, land):
        return sum(w for item, w in zip(self.items, self.weights) if item & land)

    def outline(self, land):
        return sum((x + dx, y + dy) not in land for x, y in land for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)))

    def parts(self, land):
        left, count = set(land), 0
        while left:
            pending, count = [left.pop()], count + 1
            while pending:
                x, y = pending.pop()
                for beside in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
                    if beside in left:
                        left.remove(beside)
                        pending.append(beside)
        return count

    def feasible(self):
        for size in range(len(self.units) + 1):
            for chosen in combinations(range(len(self.units)), size):
                land = self.land(chosen)
                if self.held(land) >= self.target - 1e-9:
                    yield chosen, land, sum(self.area[s] for s in land)

    def problem(self):
        owned = [s for s in self.squares if any(s in u for u in self.units)]
        number = {s: n for n, s in enumerate(owned)}
        edges, lengths = [], []
        for x, y in owned:
            for dx, dy in ((1, 0), (0, 1)):
                edges.append((number[x, y], number.get((x + dx, y + dy), -1)))
            for dx, dy in ((-1, 0), (0, -1)):
                if (x + dx, y + dy) not in number:
                    edges.append((-1, number[x, y]))
        lengths = [1.0] * len(edges)
        owners = [(number[s], u) for u, unit in enumerate(self.units) for s in unit]
        contents = [(number[s], i) for i, item in enumerate(self.items) for s in item if s in number]
        return Problem(
            len(self.units),
            np.array([self.area[s] for s in owned]),
            np.array(owners, dtype=int).reshape(-1, 2),
            np.array(self.weights),
            np.array(contents, dtype=int).reshape(-1, 2),
            self.target,
            np.array(edges, dtype=int).reshape(-1, 2),
            np.array(lengths),
            np.array([self.open[s] for s in owned]),
        )


worlds = st.builds(World, st.integers(0, 10**6), st.booleans())


@settings(max_examples=150, deadline=None)
@given(worlds)
def test_exact_is_what_brute_force_finds(world):
    found = list(world.feasible())
    exact = Exact(world.problem())
    best = exact.best(Objective("area"))
    if not found:
        assert best is None
        return
    least = min(area for _, _, area in found)
    assert sum(world.area[s] for s in world.land(best)) == pytest.approx(least)
    assert world.held(world.land(best)) >= world.target - 1e-9
    assert len(best) == min(len(c) for c, _, area in found if area == pytest.approx(least))
    for tolerance in (0.0, 0.2, 1.0):
        limit = least * (1 + tolerance)
        near = [(chosen, land) for chosen, land, area in found if area <= limit * (1 + 1e-9)]
        for part_m in (0.0, 2.5):
            chosen = exact.best(Objective("outline", part_m), limit)
            wanted = min(world.outline(land) + part_m * max(0, world.parts(land) - 1) for _, land in near)
            land = world.land(chosen)
            assert world.outline(land) + part_m * max(0, world.parts(land) - 1) == pytest.approx(wanted)
        chosen = exact.best(Objective("units"), limit)
        assert len(chosen) == min(len(c) for c, _ in near)
        chosen = exact.best(Objective("open"), limit)
        wanted = min(sum(world.open[s] for s in land) for _, land in near)
        assert sum(world.open[s] for s in world.land(chosen)) == pytest.approx(wanted)


@settings(max_examples=150, deadline=None)
@given(worlds)
def test_a_greedy_choice_is_feasible_and_no_better_than_its_bound(world):
    problem = world.problem()
    areas = [area for _, _, area in world.feasible()]
    bound = lower_bound(problem)
    chosen = Greedy(problem).least_area()
    if not areas:
        assert chosen is None
        return
    land = world.land(chosen)
    assert world.held(land) >= world.target - 1e-9
    area = sum(world.area[s] for s in land)
    assert bound <= min(areas) + 1e-9
    assert min(areas) <= area + 1e-9
    # With so few units the core is all of them.
    assert area == pytest.approx(min(areas))


@settings(max_examples=100, deadline=None)
@given(worlds)
def test_other_trade_offs_stay_feasible_and_within_their_limits(world):
    problem = world.problem()
    greedy = Greedy(problem)
    chosen = greedy.least_area()
    if chosen is None:
        return
    limit = 2 * problem.area(chosen)
    smooth = greedy.smoother(chosen, limit)
    assert world.held(world.land(smooth)) >= world.target - 1e-9
    assert world.outline(world.land(smooth)) <= world.outline(world.land(chosen))
    assert problem.area(smooth) <= limit + 1e-9
    few = greedy.fewest(limit)
    assert few is None or world.held(world.land(few)) >= world.target - 1e-9
    one = greedy.one_part(chosen, limit)
    if one is not None:
        assert world.held(world.land(one)) >= world.target - 1e-9
        assert world.parts(world.land(one)) <= 1
        assert problem.area(one) <= limit + 1e-9


@settings(max_examples=60, deadline=None)
@given(worlds)
def test_a_problem_counts_as_the_board_does(world):
    problem = world.problem()
    for chosen in ((), (0,), tuple(range(len(world.units))), tuple(range(0, len(world.units), 2))):
        land = world.land(chosen)
        assert problem.area(chosen) == pytest.approx(sum(world.area[s] for s in land))
        assert problem.held(chosen) == pytest.approx(world.held(land))
        assert problem.outline(chosen) == pytest.approx(world.outline(land))
        assert problem.parts(chosen) == world.parts(land)


def scattered(seed, count):
    """Many units that do not overlap, each with an area and a weight: a knapsack turned round."""
    rng = np.random.default_rng(seed)
    areas, weights = rng.uniform(1, 10, count), rng.uniform(0.1, 10, count)
    own = np.column_stack((np.arange(count), np.arange(count)))
    return Problem(count, areas, own, weights, own, 0.9 * weights.sum())


@pytest.mark.parametrize("seed", range(4))
def test_of_25_units_without_overlap_the_least_area_is_that_of_a_knapsack(seed):
    problem = scattered(seed, 25)
    # By dynamic programming over whole hundredths of what may be left out, rounded to the safe side both ways.
    spare = problem.weights.sum() - problem.target
    steps = 20_000
    sizes = problem.weights / spare * steps
    bounds = []
    for rounded in (np.ceil(sizes), np.floor(sizes)):
        kept = np.zeros(steps + 1)
        for size, area in zip(rounded.astype(int), problem.areas):
            if size <= steps:
                kept[size:] = np.maximum(kept[size:], kept[: steps + 1 - size] + area)
        bounds.append(problem.areas.sum() - kept[-1])
    area = problem.area(Exact(problem).best(Objective("area")))
    assert bounds[1] - 1e-9 <= area <= bounds[0] + 1e-9
    assert lower_bound(problem) <= area
    greedy = problem.area(Greedy(problem).least_area())
    assert area - 1e-9 <= greedy <= 1.1 * area


def test_more_units_than_can_be_gone_through_are_refused():
    with pytest.raises(ValueError):
        Exact(scattered(0, 26))


def test_large_choices_come_near_the_bound_and_can_be_stopped():
    problem = scattered(7, 3000)
    greedy = Greedy(problem).least_area()
    assert problem.held(greedy) >= problem.target
    assert problem.area(greedy) <= 1.002 * lower_bound(problem)

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        Greedy(problem, stop).least_area()
    with pytest.raises(Cancelled):
        Exact(scattered(0, 20), stop).best(Objective("area"))
