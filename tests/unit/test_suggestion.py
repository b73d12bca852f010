"""Proposals for a boundary: the choice of units against brute force, bounds against exact answers, drawn shapes."""

import json
import math
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from effort import calls
from hypothesis import given, settings
from hypothesis import strategies as st

from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import ExistingSite
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.edge_network import on_grid
from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress
from aze_plugin.domain.selection import Exact, Greedy, Objective, Problem, lower_bound
from aze_plugin.domain.species import (
    Estimate,
    Evidence,
    HabitatEvidence,
    RangeEvidence,
    RangeRow,
    RecordEvidence,
    Taxon,
)
from aze_plugin.domain.suggestion import Request, Rules, Unit, suggest

ROOT = Path(__file__).resolve().parents[2]

# ------------------------------------------------------------------------------------------------ choosing, brute force


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
    needed = set(world.problem().needed)
    assert needed == set.intersection(*(set(c) for c, _, _ in found))
    assert Exact(world.problem(), fixed=sorted(needed)).best(Objective("area")) == best
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
    assert bound <= lower_bound(problem, problem.needed) + 1e-9 <= min(areas) + 2e-9
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


@pytest.mark.parametrize("seed", range(6))
def test_greedy_choices_of_overlapping_sets_stay_near_the_exact_ones(seed):
    # 24 units of random pieces, cells shared between pieces: more than a core takes, few enough to go through them all.
    rng = np.random.default_rng(seed)
    pieces, items = 60, 50
    owners = np.unique(np.column_stack((rng.integers(0, pieces, 140), rng.integers(0, 24, 140))), axis=0)
    contents = np.unique(np.column_stack((rng.integers(0, pieces, 110), rng.integers(0, items, 110))), axis=0)
    reached = contents[np.isin(contents[:, 0], owners[:, 0]), 1]
    target = math.ceil(0.9 * len(np.unique(reached)))
    problem = Problem(24, rng.uniform(1, 10, pieces), owners, np.ones(items), contents, float(target))
    least = problem.area(Exact(problem).best(Objective("area")))
    chosen = Greedy(problem).least_area()
    assert problem.held(chosen) >= target
    assert least - 1e-9 <= problem.area(chosen) <= 1.1 * least
    assert lower_bound(problem) <= lower_bound(problem, problem.needed) + 1e-9 <= least + 2e-9


def test_of_units_that_lie_apart_few_choices_are_looked_at_one_by_one():
    count = 16
    areas = np.random.default_rng(4).uniform(1, 3, count)
    each = np.column_stack((np.arange(count),) * 2)
    outside = np.column_stack((np.full(count, -1), np.arange(count)))
    problem = Problem(count, areas, each, areas, each, areas.sum() / 2, outside, 4 * np.sqrt(areas))
    exact, found = Exact(problem), []
    # Half of the 65,536 choices hold enough, and each is of as many parts as it has units.
    assert calls(lambda: found.append(exact.best(Objective("outline", 10.0)))) < 20_000
    largest = np.sort(areas)[::-1]
    assert len(found[0]) == np.searchsorted(np.cumsum(largest), areas.sum() / 2) + 1


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
        Exact(scattered(0, 20), check=stop).best(Objective("area"))


# ---------------------------------------------------------------------------------------------------- shapes on a plane

RULES = Rules.from_dict(json.loads((ROOT / "resources" / "criteria" / "suggestion.json").read_text()))
CRITERIA = Settings.from_dict(json.loads((ROOT / "resources" / "criteria" / "aze.json").read_text()))
PLAIN = Taxon("1", "Planaria plana", "EN")
KM = 1000.0
X0, Y0 = 3_000_000.0, -700_000.0


def square(x, y, width=1.0, height=1.0):
    """A rectangle, in km from a corner somewhere in Africa."""
    return shapely.box(X0 + x * KM, Y0 + y * KM, X0 + (x + width) * KM, Y0 + (y + height) * KM)


def ranged(*shapes, **seasons):
    """A taxon with a resident range, or with one shape a season."""
    rows = [RangeRow(1, 1, 1, shape) for shape in shapes]
    codes = {"breeding": 2, "non_breeding": 3, "passage": 4}
    rows += [RangeRow(1, 1, codes[name], shape) for name, shape in seasons.items()]
    areas = {"all": shapely.union_all([r.geometry for r in rows]).area}
    for segment in ("resident",) if shapes else seasons:
        areas[segment] = shapely.union_all(list(shapes) or [seasons[segment]]).area
    return Evidence(PLAIN, RangeEvidence(tuple(rows), areas))


def recorded(points, **more):
    """A taxon with records at places in km."""
    metres = np.array([(X0 + x * KM, Y0 + y * KM) for x, y in points])
    lonlat = geometry.unproject(metres)
    cells = len({(x // 2000, y // 2000) for x, y in metres.tolist()})
    places = len({tuple(np.round(p, 4)) for p in lonlat})
    return Evidence(
        PLAIN,
        records=RecordEvidence(lonlat, metres, np.zeros(len(metres), int), cells, places, len(metres), {}),
        **more,
    )


def ask(evidence, units=(), sites=None, protected=None, rules=RULES, progress=None, **request):
    """Proposals; units by name. ``fill`` is off unless asked for."""
    named = [Unit(name, shape) for name, shape in dict(units).items()]
    existing = None if sites is None else [ExistingSite("1", "Old", site) for site in sites]
    asked = Request(**{"fill": False, **request})
    return suggest(evidence, named, asked, CRITERIA, rules, existing, protected, progress)


def test_overlapping_units_take_no_land_and_hold_no_range_twice():
    # A and B hold the same half of the range; together with C all is held, A and B together are not enough.
    evidence = ranged(square(0, 0, 4, 2))
    found = ask(evidence, {"A": square(0, 0, 2, 2), "B": square(0, 0, 2, 3), "C": square(2, 0, 2, 2)})
    first = found.proposals[0]
    assert set(first.units) == {"A", "C"}
    assert first.share.best == pytest.approx(1.0)
    assert geometry.area(first.geometry) == pytest.approx(8e6)
    assert (first.parts, first.exact, first.bound) == (1, True, pytest.approx(1.0))
    assert first.protected_share is None
    assert found.reachable_share == pytest.approx(1.0)
    short = ask(evidence, {"A": square(0, 0, 2, 2), "B": square(0, 0, 2, 3)})
    assert not short.proposals
    assert short.reachable_share == pytest.approx(0.5)
    said = {f.code: f.params for f in short.findings}
    assert said["suggestion.unreachable"]["share"] == pytest.approx(0.5)


def test_lengths_are_true_on_the_ground():
    # At 60° EPSG:6933 stretches eastings to about 1.73 times: a square on the ground is no square there.
    corner = geometry.project(np.array([[20.0, 60.0], [20.18, 60.09]]))
    shape = shapely.box(*corner[0], *corner[1])
    evidence = Evidence(PLAIN, RangeEvidence((RangeRow(1, 1, 1, shape),), {"all": shape.area, "resident": shape.area}))
    first = ask(evidence, {"A": shape}).proposals[0]
    length = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(geometry.to_lonlat(shapely.segmentize(shape, 100)))[1]
    assert first.perimeter_m == pytest.approx(length, rel=1e-5)
    assert first.compactness == pytest.approx(math.pi / 4, rel=0.01)


def test_equal_to_the_threshold_is_not_enough():
    evidence = ranged(square(0, 0, 20, 1))
    assert not ask(evidence, {"A": square(0, 0, 19, 1)}).proposals
    assert ask(evidence, {"A": square(0, 0, 19.01, 1)}).proposals
    both = ask(evidence, {"equal": square(0, 0, 19, 1), "above": square(0, 0, 19.5, 1)})
    assert [(p.trade_off, p.units) for p in both.proposals] == [("least_area", ("above",))]


def test_cells_are_sets_and_the_threshold_counts_them_whole():
    # Twenty cells; 19 of them are just 95 %, so all 20 are needed. Two units have records of one cell.
    points = [(2 * n + 1, 1) for n in range(20)] + [(1.5, 1.5)]
    evidence = recorded(points)
    units = {f"U{n}": square(2 * n, 0, 2, 2) for n in range(1, 20)}
    units |= {"near": square(0.9, 0.9, 0.2, 0.2), "also": square(1.4, 1.4, 0.15, 0.15)}
    found = ask(evidence, units)
    assert found.parameter == "aoo"
    first = found.proposals[0]
    assert first.share.site_value == first.share.global_value == 20
    # The smaller of the two is enough for the cell that both have.
    assert "also" in first.units and "near" not in first.units
    assert not ask(evidence, {name: shape for name, shape in units.items() if name != "U7"}).proposals


def test_units_that_only_pick_out_records_are_warned_of():
    evidence = recorded([(1, 1), (5, 1), (9, 1)])
    specks = {f"S{n}": square(4 * n + 0.9, 0.9, 0.2, 0.2) for n in range(3)}
    cells = {f"C{n}": square(4 * n, 0, 2, 2) for n in range(3)}
    for units, warned in ((specks, True), (cells, False)):
        codes = {f.code for f in ask(evidence, units).proposals[0].findings}
        assert ("suggestion.picks_records" in codes) == warned


def test_the_parameter_is_the_first_with_data_unless_chosen():
    both = recorded([(1, 1), (5, 1)], range=ranged(square(0, 0, 2, 2)).range)
    units = {"W": square(0, 0, 2, 2), "E": square(4, 0, 2, 2)}
    assert ask(both, units).parameter == "aoo"
    chosen = ask(both, units, parameter="range")
    assert chosen.proposals[0].units == ("W",)
    codes = {f.code for f in chosen.proposals[0].findings}
    assert "irreplaceability.range_only" in codes
    assert "suggestion.other_parameter" in codes
    assert "irreplaceability.range_only" not in {f.code for f in ask(both, units).proposals[0].findings}
    assert "suggestion.few_records" in {f.code for f in ask(both, units).proposals[0].findings}
    for request, code in (
        ({"parameter": "esh"}, "suggestion.no_parameter"),
        ({"segment": "breeding"}, "suggestion.no_segment"),
    ):
        with pytest.raises(AzeError) as error:
            ask(both, units, **request)
        assert error.value.code == code
    with pytest.raises(AzeError) as error:
        ask(Evidence(PLAIN), units)
    assert error.value.code == "suggestion.no_evidence"


def test_estimates_do_not_move_with_a_boundary():
    told = tuple(
        Estimate(scope, "mature_individuals", "all", value, value, value)
        for scope, value in (("global", 100), ("site", 99))
    )
    with pytest.raises(AzeError) as error:
        ask(Evidence(PLAIN, estimates=told), {"A": square(0, 0)})
    assert error.value.code == "suggestion.no_evidence"
    known = replace(ranged(square(0, 0)), estimates=(*told, Estimate("site", "range", "resident", 0, 0, 0)))
    first = ask(known, {"A": square(0, 0)}).proposals[0]
    assert (first.share.parameter, first.share.best) == ("range", pytest.approx(1.0))


def test_the_leading_segment_is_the_smallest_that_can_be_reached():
    evidence = ranged(breeding=square(0, 0, 2, 2), non_breeding=square(10, 0, 5, 5))
    units = {"island": square(0, 0, 2, 2), "sea": square(10, 0, 5, 5)}
    assert ask(evidence, units).segment == "breeding"
    assert ask(evidence, {"sea": units["sea"]}).segment == "non_breeding"
    assert ask(evidence, units, segment="non_breeding").proposals[0].units == ("sea",)


def test_a_boundary_for_those_that_pass_through_is_warned_of():
    found = ask(ranged(passage=square(0, 0)), {"A": square(0, 0)})
    assert found.segment == "passage"
    assert "irreplaceability.passage_only" in [f.code for f in found.proposals[0].findings]


def test_hexagons_are_not_advised_where_everything_is_reached():
    # More than all cannot be held.
    whole, everything = square(0, 0), replace(CRITERIA, threshold=1.0)
    full = suggest(ranged(whole), [Unit("A", whole)], Request(fill=False), everything, RULES)
    half = ask(ranged(whole), {"A": square(0, 0, 0.5)})
    rest_in_site = ask(ranged(whole), {"A": square(0, 0, 0.5)}, sites=[square(0.5, 0, 1)])
    assert [[f.code for f in found.findings] for found in (full, half, rest_in_site)] == [
        ["suggestion.unreachable"],
        ["suggestion.unreachable", "suggestion.try_fill"],
        ["suggestion.unreachable", "suggestion.in_sites"],
    ]


def test_area_of_habitat_is_asked_piece_by_piece():
    habitat = shapely.union_all([square(0, 0, 3, 1), square(6, 0, 1, 1)])
    own = HabitatEvidence("all", habitat.area, lambda shape: float(shapely.intersection(shape, habitat).area))
    evidence = Evidence(PLAIN, habitats=(own,))
    found = ask(evidence, {"A": square(0, 0, 3.5, 1), "B": square(5.9, 0, 1.1, 1.2)})
    assert found.proposals[0].units == ("A", "B")
    filled = ask(evidence, {"A": square(0, 0, 3.5, 1)}, fill=True, cell_km2=0.5)
    first = filled.proposals[0]
    assert first.units == ("A",) and first.cells >= 2
    assert first.share.best > 0.95
    assert filled.reachable_share == pytest.approx(1.0)


def test_existing_sites_are_not_built_over():
    evidence = ranged(square(0, 0, 10, 1))
    site = square(9.8, 0, 1, 1)
    for request in ({}, {"fill": True, "cell_km2": 0.2}):
        units = {} if request else {"A": square(0, 0, 10, 1)}
        first = ask(evidence, units, sites=[site], **request).proposals[0]
        assert shapely.intersection(first.geometry, site).area < 1
        assert 0.95 < first.share.best <= 0.98 + 1e-9
    blocked = ask(evidence, {"A": square(0, 0, 10, 1)}, sites=[square(5, 0, 9, 1)])
    assert not blocked.proposals
    assert blocked.reachable_share == pytest.approx(0.5)
    said = {f.code: f.params for f in blocked.findings}
    assert said["suggestion.in_sites"]["share"] == pytest.approx(0.5)


def test_a_site_far_from_the_taxon_keeps_its_land_in_a_large_unit():
    far = square(80, 0, 10, 10)
    found = ask(ranged(square(0, 0, 5, 5)), {"Wide": square(0, 0, 100, 10)}, sites=[far])
    [proposal] = found.proposals
    assert shapely.area(shapely.intersection(proposal.geometry, far)) < 0.1
    assert shapely.area(proposal.geometry) == pytest.approx(900e6, rel=1e-6)


def test_a_site_of_winding_outline_is_not_overlapped_by_a_hair():
    rng = np.random.default_rng(2)
    edge = np.column_stack((14 + rng.uniform(-0.3, 0.3, 120), np.linspace(-1, 21, 120)))
    corners = np.concatenate((edge, [(24, 21), (24, -1)]))
    site = shapely.Polygon(corners * KM + (X0, Y0))
    units = {"West": square(0, 0, 8, 20), "East": square(8, 0, 12, 20)}
    for request in ({}, {"fill": True}):
        found = ask(ranged(square(0, 0, 14.4, 20)), {} if request else units, sites=[site], **request)
        assert found.proposals
        for proposal in found.proposals:
            assert shapely.area(shapely.intersection(proposal.geometry, site)) < 0.1
            # As it is stored, but for what it has of the site.
            xy = shapely.get_coordinates(proposal.geometry)
            shared = shapely.distance(shapely.points(xy), shapely.boundary(site)) < 1e-6
            assert shared.sum() > 20 and np.abs(on_grid(xy) - xy)[~shared].max() < 1e-6


def test_hexagons_fill_only_what_units_leave():
    evidence = ranged(square(0, 0, 10, 10))
    unit = square(-1, -1, 6, 12)
    found = ask(evidence, {"west": unit}, fill=True, cell_km2=1.0)
    first = found.proposals[0]
    assert first.units == ("west",) and first.cells > 20
    assert first.share.best > 0.95
    # Hexagons are whole beyond the units, and end where these begin: nothing overlaps, nothing gapes.
    rest = shapely.difference(first.geometry, unit)
    assert rest.area + unit.area == pytest.approx(first.geometry.area, rel=1e-6)
    assert first.parts == 1 and not list(first.geometry.interiors)
    alone = ask(evidence, fill=True)
    assert alone.proposals[0].cells > 20 and alone.cell_km2 == 1.0
    with pytest.raises(AzeError) as error:
        ask(evidence)
    assert error.value.code == "suggestion.no_units"
    with pytest.raises(AzeError) as error:
        ask(evidence, fill=True, cell_km2=0.001)
    assert error.value.code == "suggestion.too_many_cells"


def test_hexagons_are_regular_on_the_ground_and_of_the_size_asked_for():
    for latitude in (0.0, 45.0, -70.0):
        x, y = geometry.project(np.array([[10.0, latitude]]))[0]
        made = geometry.hexagons(np.array([shapely.box(x, y, x + 9000, y + 9000)]), 2e6)
        assert np.allclose(shapely.area(made), 2e6)
        assert shapely.union_all(made).area == pytest.approx(2e6 * len(made), rel=1e-9)
        lonlat = geometry.to_lonlat(made[:1])[0]
        ring = shapely.get_coordinates(lonlat)
        sides = pyproj.Geod(ellps="WGS84").inv(*ring[:-1].T, *ring[1:].T)[2]
        assert sides.max() / sides.min() < 1.01


def test_slivers_go_and_small_holes_are_filled_unless_they_are_sites():
    hole = square(3, 3, 0.5, 0.5)
    holder = shapely.difference(square(0, 0, 10, 10), hole)
    speck = square(20, 20, 0.1, 0.1)
    evidence = ranged(square(0, 0, 10, 10))
    units = {"A": shapely.union_all([holder, speck])}
    first = ask(evidence, units).proposals[0]
    assert first.parts == 1 and shapely.area(first.geometry) == pytest.approx(100e6, rel=1e-6)
    kept = ask(evidence, units, sites=[hole]).proposals[0]
    assert len(kept.geometry.interiors) == 1


def test_a_sliver_that_the_threshold_needs_stays():
    # The speck is below the sliver's share of land, but has the last of the range.
    evidence = ranged(square(0, 0, 0.94, 1), square(20, 20, 0.06, 1))
    units = {"large": square(-10, -10, 40, 20), "speck": square(20, 20, 0.06, 1)}
    first = ask(evidence, units).proposals[0]
    assert first.share.best == pytest.approx(1.0)
    assert first.parts == 2


def test_alternatives_stand_for_trade_offs_and_differ():
    # The range runs along a row; patches hold it narrowly, blocks comfortably, one of them is protected.
    evidence = ranged(square(0, 0, 8, 1))
    units = {f"P{n}": square(n, 0.0, 1, 1) for n in range(8)}
    units |= {"north": square(0, 0, 8, 1.8), "south": square(0, -0.7, 8, 1.7)}
    found = ask(evidence, units, protected=[square(-1, -2, 12, 2.99)], alternatives=5)
    kinds = {p.trade_off: p for p in found.proposals} | {k: p for p in found.proposals for k in p.also}
    assert found.proposals[0].trade_off == "least_area"
    assert geometry.area(found.proposals[0].geometry) == pytest.approx(8e6, rel=1e-4)
    assert len(kinds["fewest"].units) == 1
    assert kinds["one_part"].parts == 1
    for proposal in found.proposals:
        assert proposal.share.best > 0.95
        assert proposal.bound == pytest.approx(geometry.area(proposal.geometry) / 8e6, rel=1e-3)
    for one, other in combinations(found.proposals, 2):
        apart = shapely.symmetric_difference(one.geometry, other.geometry).area
        assert apart >= 0.049 * shapely.union(one.geometry, other.geometry).area
    assert found.proposals[0].protected_share == pytest.approx(0.99, abs=1e-3)
    assert len(ask(evidence, units, alternatives=1).proposals) == 1


def test_one_part_is_joined_over_units_that_hold_nothing():
    evidence = ranged(square(0, 0, 1, 1), square(3, 0, 1, 1))
    units = {"W": square(0, 0), "E": square(3, 0), "a": square(1, 0), "b": square(2, 0), "far": square(1, 1, 2, 5)}
    found = ask(evidence, units)
    assert found.proposals[0].parts == 2
    joined = next(p for p in found.proposals if p.trade_off == "one_part")
    assert set(joined.units) == {"W", "E", "a", "b"} and joined.parts == 1


def test_a_world_across_180_degrees_is_one():
    edge = geometry.HALF_WORLD
    whole = shapely.union_all([shapely.box(edge - 3000, 0, edge, 2000), shapely.box(-edge, 0, -edge + 3000, 2000)])
    evidence = ranged(whole)
    sides = {"east": shapely.box(edge - 3000, 0, edge, 2000), "west": shapely.box(-edge, 0, -edge + 3000, 2000)}
    first = ask(evidence, sides).proposals[0]
    assert first.parts == 1 and first.share.best == pytest.approx(1.0)
    assert first.perimeter_m == pytest.approx(geometry.perimeter_m(shapely.box(0, 0, 6000, 2000)), rel=1e-6)
    low, _, high, _ = first.geometry.bounds
    assert (low, high) == (pytest.approx(-edge), pytest.approx(edge))
    filled = ask(evidence, fill=True, cell_km2=0.2).proposals[0]
    assert filled.parts == 1 and filled.share.best > 0.95


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_random_units_give_the_least_area_that_brute_force_finds(seed):
    rng = np.random.default_rng(seed)
    evidence = ranged(shapely.Point(X0 + 5 * KM, Y0 + 5 * KM).buffer(4 * KM, quad_segs=5))
    units = {f"U{n}": square(*rng.integers(0, 8, 2), *rng.integers(2, 8, 2)) for n in range(int(rng.integers(2, 8)))}
    whole = evidence.range.rows[0].geometry
    areas = []
    for size in range(1, len(units) + 1):
        for chosen in combinations(units.values(), size):
            land = shapely.union_all(chosen)
            if shapely.intersection(land, whole).area / whole.area > 0.95 + 1e-6:
                areas.append(land.area)
    found = ask(evidence, units, rules=replace(RULES, hole_share=0.0))
    assert bool(areas) == bool(found.proposals)
    if areas:
        first = found.proposals[0]
        assert (
            min(areas) * (1 - 1e-6) <= geometry.area(first.geometry) <= min(areas) * (1 + RULES.tolerance_share + 1e-6)
        )
        assert shapely.intersection(first.geometry, whole).area / whole.area > 0.95


def test_many_units_laid_over_one_another_piecewise_come_to_the_same():
    rng = np.random.default_rng(5)
    shapes = [square(x, y) for x in range(12) for y in range(12)]
    shapes += [square(*rng.uniform(0, 9, 2), *rng.uniform(0.5, 3, 2)) for _ in range(10)]
    evidence = ranged(square(1.3, 1.2, 8, 9))
    units = {f"U{n}": shape for n, shape in enumerate(shapes)}
    together = ask(evidence, units)
    apart = ask(evidence, units, rules=replace(RULES, noded_vertices=0))
    assert geometry.area(apart.proposals[0].geometry) == pytest.approx(
        geometry.area(together.proposals[0].geometry), rel=0.01
    )
    assert apart.reachable_share == pytest.approx(together.reachable_share)
    assert not together.proposals[0].exact
    for proposal in (*together.proposals, *apart.proposals):
        assert proposal.share.best > 0.95 and proposal.bound >= 1


def test_a_wish_to_stop_is_heard_at_any_time():
    evidence = ranged(square(0, 0, 10, 10))
    calls = []
    ask(evidence, fill=True, cell_km2=1.0, progress=Progress(is_cancelled=lambda: calls.append(1)))
    for stop in {0, 1, len(calls) // 3, len(calls) // 2, len(calls) - 2}:
        asked = iter([False] * stop)
        with pytest.raises(Cancelled):
            ask(evidence, fill=True, cell_km2=1.0, progress=Progress(is_cancelled=partial(next, asked, True)))


def test_units_of_one_name_are_counted_each():
    first = ask(ranged(square(0, 0, 2, 1), square(5, 0, 1, 1)), [("Parcel", square(0, 0, 2, 1))])
    assert not first.proposals
    named = [Unit("Parcel", square(0, 0, 2, 1)), Unit("Parcel", square(5, 0, 1, 1))]
    both = suggest(ranged(square(0, 0, 2, 1), square(5, 0, 1, 1)), named, Request(fill=False), CRITERIA, RULES)
    assert both.proposals[0].units == ("Parcel", "Parcel")


def test_progress_only_rises():
    seen = []
    evidence = ranged(breeding=square(0, 0, 2, 2), non_breeding=square(10, 0, 5, 5))
    ask(evidence, {"sea": square(10, 0, 5, 5)}, progress=Progress(on_progress=seen.append))
    assert seen == sorted(seen) and seen[-1] == 1


def test_a_taxon_that_cannot_trigger_is_said():
    evidence = replace(ranged(square(0, 0)), taxon=replace(PLAIN, category="LC"))
    assert "suggestion.cannot_trigger" in {f.code for f in ask(evidence, {"A": square(0, 0)}).findings}
