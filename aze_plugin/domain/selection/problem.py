"""What there is to choose from, what a choice of it comes to, and what is to be small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

# Relative differences below this are rounding.
ROUNDING = 1e-9


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
    def patch_graph(self) -> tuple[np.ndarray, np.ndarray]:
        patches = np.arange(len(self.areas)) if self.patches is None else self.patches
        edges = self.edges if self.patch_edges is None else self.patch_edges
        return patches, edges[(edges >= 0).all(axis=1)]

    def parts(self, chosen: Iterable[int]) -> int:
        """Number of parts that share no edge."""
        patches, edges = self.patch_graph
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
        return np.flatnonzero((own > 0) & (left < self.target * (1 - ROUNDING)))

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


def _grouped(keys: np.ndarray, values: np.ndarray, count: int) -> list[np.ndarray]:
    order = np.argsort(keys, kind="stable")
    return np.split(values[order], np.cumsum(np.bincount(keys, minlength=count))[:-1]) if count else []
