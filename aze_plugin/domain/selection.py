"""Which of many units to choose so that together they hold enough, on as little land as can be.

*Units* may overlap: the land is cut into *pieces* that do not, and each piece belongs to one or more units. What counts
are *items* (square metres of a range in one piece, or a cell of 2 × 2 km) with weights: an item is held when any unit
is chosen that has a piece with it, and it is held once. So neither land nor a cell counts twice.

The problem is: of all sets of units whose held weight is at least ``target``, find one of the least area. Outlines come
second: among the feasible sets of at most (1 + tolerance) times the least area, the one of the shortest outline, where
every further part weighs as much as a stated length. Ties go to the smaller area, then to fewer units. Other trade-offs
put another objective in the place of the outline and allow more area; see ``Objective``.

``Exact`` solves this for up to 25 units: it goes through all subsets, block by block, and leaves out blocks that cannot
hold the best. Every quantity is a sum over pieces, edges or items of a weight times "no chosen unit has it", which for
all subsets of a block at once is a subset-sum transform. ``Greedy`` takes the rest: weight per area, then superfluous
units out, then exact solutions of small cores, then moves of single units. ``lower_bound`` says how small the area of
any feasible set is at least, so that a greedy answer comes with its distance from the best at most.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

# The largest number of units for which all subsets are gone through.
EXACT_UNITS = 25

# Units of a core that is solved exactly within a greedy answer, and how often another core is tried.
_CORE_UNITS = 18
_CORES = 6

# Subsets that are looked at together: 2 to the power of this.
_BLOCK_BITS = 14

# Passes over all units when single units are moved.
_PASSES = 4

# Relative differences below this are rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Problem:
    """What there is to choose from.

    ``areas``: m² of each piece. ``owners``: pairs (piece, unit), shape (n, 2). ``weights``: of each item;
    ``contents``: pairs (piece, item). ``target``: weight that has to be held, at least. ``edges``: pairs of pieces,
    shape (n, 2), −1 for the outside, and their ``lengths`` in metres. ``open_areas``: m² of each piece that are not
    protected, None where that is not known. ``units``: their number. ``patches``: piece of each polygon and pairs of
    polygons that share an edge, by which parts are counted; without them a piece is one polygon.
    """

    units: int
    areas: np.ndarray
    owners: np.ndarray
    weights: np.ndarray
    contents: np.ndarray
    target: float
    edges: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), dtype=int))
    lengths: np.ndarray = field(default_factory=lambda: np.zeros(0))
    open_areas: np.ndarray | None = None
    patches: np.ndarray | None = None
    patch_edges: np.ndarray | None = None

    @cached_property
    def pieces_of(self) -> list[np.ndarray]:
        """Pieces of each unit."""
        return _grouped(self.owners[:, 1], self.owners[:, 0], self.units)

    @cached_property
    def units_of(self) -> list[np.ndarray]:
        """Units of each piece."""
        return _grouped(self.owners[:, 0], self.owners[:, 1], len(self.areas))

    @cached_property
    def items_of(self) -> list[np.ndarray]:
        """Items of each piece."""
        return _grouped(self.contents[:, 0], self.contents[:, 1], len(self.areas))

    @cached_property
    def neighbours(self) -> list[list[tuple[int, float]]]:
        """For each piece its neighbours (−1 the outside) and the metres of edge with them."""
        found: list[list[tuple[int, float]]] = [[] for _ in range(len(self.areas))]
        for (one, other), metres in zip(self.edges.tolist(), self.lengths.tolist()):
            if one >= 0:
                found[one].append((other, metres))
            if other >= 0:
                found[other].append((one, metres))
        return found

    def covered(self, chosen: Iterable[int]) -> np.ndarray:
        """Which pieces belong to a chosen unit."""
        out = np.zeros(len(self.areas), dtype=bool)
        for unit in chosen:
            out[self.pieces_of[unit]] = True
        return out

    def area(self, chosen: Iterable[int]) -> float:
        """m² of a set of units."""
        return float(self.areas[self.covered(chosen)].sum())

    def held(self, chosen: Iterable[int]) -> float:
        """Weight that a set of units holds."""
        covered = self.covered(chosen)
        return float(self.weights[np.unique(self.contents[covered[self.contents[:, 0]], 1])].sum())

    def outline(self, chosen: Iterable[int]) -> float:
        """Metres of outline of a set of units."""
        covered = np.append(self.covered(chosen), False)
        return float(self.lengths[covered[self.edges[:, 0]] != covered[self.edges[:, 1]]].sum())

    def open_area(self, chosen: Iterable[int]) -> float:
        """m² of a set of units that are not protected."""
        return float(self.open_areas[self.covered(chosen)].sum())

    @cached_property
    def _patch_graph(self) -> tuple[np.ndarray, np.ndarray]:
        patches = np.arange(len(self.areas)) if self.patches is None else self.patches
        edges = self.edges if self.patch_edges is None else self.patch_edges
        return patches, edges[(edges >= 0).all(axis=1)]

    def parts(self, chosen: Iterable[int]) -> int:
        """Number of parts that share no edge."""
        patches, edges = self._patch_graph
        return len(np.unique(components(self.covered(chosen)[patches], edges)[1]))

    @property
    def needed(self) -> np.ndarray:
        """Units without which no set holds enough."""
        piece, item = self.contents.T
        # An item is a unit's own where all pairs of it are of that unit.
        held = np.repeat(np.arange(len(self.contents)), [len(self.units_of[p]) for p in piece])
        units = np.concatenate([np.zeros(0, dtype=int), *(self.units_of[p] for p in piece)])
        low, high = np.full(len(self.weights), self.units), np.full(len(self.weights), -1)
        np.minimum.at(low, item[held], units)
        np.maximum.at(high, item[held], units)
        reached = high >= 0
        alone = reached & (low == high)
        own = np.bincount(low[alone], self.weights[alone], self.units)
        left = self.weights[reached].sum() - own
        return np.flatnonzero((own > 0) & (left < self.target * (1 - _ROUNDING)))

    def with_holders(self) -> Problem:
        """The same problem without units that hold nothing; their numbers stay."""
        useful = np.zeros(len(self.areas), dtype=bool)
        useful[self.contents[:, 0]] = True
        holding = np.zeros(self.units, dtype=bool)
        holding[self.owners[useful[self.owners[:, 0]], 1]] = True
        return replace(self, owners=self.owners[holding[self.owners[:, 1]]])

    @property
    def holders(self) -> np.ndarray:
        """Numbers of the units that have a piece."""
        return np.unique(self.owners[:, 1])


@dataclass(frozen=True)
class Objective:
    """A trade-off: what is to be small among the sets that hold enough.

    ``kind``: ``area``, ``outline`` (metres, each part beyond the first as ``part_m``), ``units`` (their number),
    ``open`` (m² that are not protected).
    """

    kind: str
    part_m: float = 0.0

    def of(self, problem: Problem, chosen: Sequence[int]) -> float:
        """Its value for a set."""
        if self.kind == "area":
            return problem.area(chosen)
        if self.kind == "units":
            return float(len(chosen))
        if self.kind == "open":
            return problem.open_area(chosen)
        parts = problem.parts(chosen) if self.part_m else 1
        return problem.outline(chosen) + self.part_m * max(0, parts - 1)


def components(used: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Connected groups among the used nodes of a graph: their numbers, and for each the lowest number of its group."""
    label = np.arange(len(used))
    edges = edges[used[edges[:, 0]] & used[edges[:, 1]]]
    while True:
        low = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
        before = label.copy()
        np.minimum.at(label, label[edges[:, 0]], low)
        np.minimum.at(label, label[edges[:, 1]], low)
        label = label[label]
        if (label == before).all():
            nodes = np.flatnonzero(used)
            return nodes, label[nodes]


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
    target = problem.target * (1 - _ROUNDING) - float(problem.weights[held].sum())
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


# ------------------------------------------------------------------------------------------------------------- exactly


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
        self._target = problem.target - _ROUNDING * abs(problem.target)

    def best(self, objective: Objective, most_m2: float = math.inf) -> tuple[int, ...] | None:
        """The best feasible set of at most ``most_m2``; None where there is none."""
        found: tuple[float, float, int, int] | None = None
        low_all = (1 << self._low) - 1
        reach = most_m2 * (1 + _ROUNDING)
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
                allowed &= area <= found[0] * (1 + _ROUNDING)
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
        # Rounded, so that sets which are the same on the ground tie whatever the order of their sums.
        scale = max(abs(float(values.min())), 1.0) * _ROUNDING
        keys = np.round(values / scale) * scale if objective.kind != "units" else values
        for n in np.lexsort((counts, np.round(area, 3), keys)):
            if found is not None and values[n] > found[0] + scale:
                break
            value = float(values[n])
            mask = int(subsets[n]) | high
            if objective.kind == "outline" and objective.part_m:
                value += objective.part_m * max(0, self._parts(mask) - 1)
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

    @cached_property
    def _graph(self) -> tuple[list[int], list[int]]:
        """Nodes of each unit, last of all that is fixed, and neighbours of each node, as bits.

        A node is what of one unit hangs together.
        """
        problem = self._problem
        patches, edges = problem._patch_graph
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
        if abs(here - there) > _ROUNDING * max(abs(here), abs(there), 1.0):
            return here < there
    return one[3] < other[3]


# ------------------------------------------------------------------------------------------------------------ greedily


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
        self._target = problem.target - _ROUNDING * abs(problem.target)

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
                if not heap or worth >= -heap[0][0] * (1 - _ROUNDING):
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
            if tried is not None and problem.area(tried) < best_area * (1 - _ROUNDING):
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
                    if outline > _ROUNDING and state.held - held >= self._target:
                        state.drop(unit)
                        moved = True
                else:
                    _, area, _, outline = state.gain(unit)
                    if outline < -_ROUNDING and state.area + area <= most_m2:
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
        patches, edges = problem._patch_graph
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


def _grouped(keys: np.ndarray, values: np.ndarray, count: int) -> list[np.ndarray]:
    order = np.argsort(keys, kind="stable")
    return np.split(values[order], np.cumsum(np.bincount(keys, minlength=count))[:-1]) if count else []
