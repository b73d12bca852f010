"""One taxon's world and all that may be put together for it, laid out so that a choice can be made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import geometry
from ..candidate import ExistingSite
from ..criteria.settings import Settings
from ..errors import AzeError
from ..findings import Finding
from ..geometry import Geometry
from ..progress import Progress
from ..selection import Problem
from ..species import Evidence
from .model import Request, Rules, Unit
from .overlay import arrange
from .worlds import World, shared_m2


class Case:
    """One taxon's world and what there is to build from, by ``prepare`` laid out as a problem of selection.

    ``names``: of the units of the problem, empty for a hexagon; ``cell_m2``: size of the hexagons, 0 without any;
    ``turned``: whether coordinates are those in which 180° is no seam; ``reachable``: the share that all together
    hold; ``findings``: what befell on the way, to which drawing adds.
    """

    def __init__(
        self,
        evidence: Evidence,
        world: World,
        units: Sequence[Unit],
        request: Request,
        settings: Settings,
        rules: Rules,
        sites: Sequence[ExistingSite] | None,
        protected: Sequence[Geometry] | None,
    ):
        self.evidence, self.world, self.request = evidence, world, request
        self.settings, self.rules, self.protected = settings, rules, protected
        self._units, self._sites = units, sites
        self.cell_m2 = 0.0
        self.turned = False
        self.reachable = 0.0
        self.findings: list[Finding] = []

    @property
    def feasible(self) -> bool:
        """Whether all units together hold enough."""
        return self._held_m >= self._target * (1 - 1e-9)

    def prepare(self, progress: Progress) -> None:
        """Cut the units to what is to be had, fill gaps, lay all over one another and see what each piece holds."""
        rules, world = self.rules, self.world
        shapes = array_of([unit.geometry for unit in self._units])
        names = [unit.name for unit in self._units]
        sites = array_of([site.geometry for site in self._sites or ()])
        reach = world.boxes()
        near = self._near(shapes, reach)
        shapes, names = shapes[near], [names[n] for n in near]
        # A large unit may reach sites far from the taxon: their land is not to be had there either.
        beside = geometry.BoundaryIndex(sites).near(geometry.bounds_all(shapes))[1]
        sites = sites[np.union1d(self._near(sites, reach), beside).astype(int)]
        shapes, sites = self._seam(reach, shapes, sites)
        shapes = geometry.cut_away(shapes, sites, progress.check)
        progress.set(0.1)
        least = rules.least_value_share * world.total if world.parameter in ("range", "esh") else 0.0
        held = world.held(shapes, progress)
        holding = (held > least) & (geometry.areas(shapes) > 0)
        progress.set(0.25)
        connecting = np.flatnonzero(~holding & (geometry.areas(shapes) > 0))
        if len(connecting) > rules.connecting_units:
            order = geometry.nearest_first(shapes[connecting], shapes[holding]) if holding.any() else []
            connecting = connecting[order[: rules.connecting_units]]
        kept = np.concatenate((np.flatnonzero(holding), connecting))
        taken = np.concatenate((shapes[geometry.areas(shapes) > 0], sites))
        shapes, names = shapes[kept], [names[n] for n in kept]
        self.considered = int(holding.sum())
        cells = np.empty(0, dtype=object)
        if self.request.fill:
            cells = self._cells(taken, progress)
        self.cell_count = len(cells)
        self._shapes = np.concatenate((shapes, cells))
        self.names = [*names, *[""] * len(cells)]
        progress.set(0.4)
        self.arrangement = arrange(self._shapes, rules, progress)
        progress.set(0.8)
        self.problem = self._stated(progress)
        reached = np.unique(self.problem.contents[:, 1])
        self._held_m = float(self.problem.weights[reached].sum())
        self.reachable = min(1.0, self._held_m / world.total)
        self.sites_near = sites
        progress.set(1)

    def _near(self, shapes: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Numbers of the shapes whose rectangle meets the world's, grown by half its size."""
        if not len(shapes) or not len(boxes):
            return np.zeros(0, dtype=int)
        box = geometry.bounds_all(shapes)
        west, south = boxes[:, :2].min(axis=0)
        east, north = boxes[:, 2:].max(axis=0)
        room = max(east - west, north - south, 1.0) / 4
        met = (box[:, 0] <= east + room) & (box[:, 2] >= west - room)
        return np.flatnonzero(met & (box[:, 1] <= north + room) & (box[:, 3] >= south - room))

    def _seam(self, reach: np.ndarray, shapes: np.ndarray, sites: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bring the two sides of 180° together, for a world that lies on both and not at 0°."""
        wide = reach[:, 2].max() - reach[:, 0].min() > geometry.HALF_WORLD
        members = [reach, *(geometry.part_bounds(s) for s in (shapes, sites))]
        astride = any(((box[:, 0] < 0) & (box[:, 2] > 0)).any() for box in members)
        if not wide or astride:
            return shapes, sites
        self.turned = True
        self.world.turn()
        return geometry.turned(shapes), geometry.turned(sites)

    def _cells(self, taken: np.ndarray, progress: Progress) -> np.ndarray:
        """Hexagons, less all units and sites, where the world is not covered."""
        world, rules = self.world, self.rules
        size = self.request.cell_km2 * 1e6 or world.cell_m2(rules)
        rest = world.rest(taken, size, progress)
        if not len(rest):
            return np.empty(0, dtype=object)
        if geometry.hexagons_at_most(rest, size) > 20 * rules.most_cells:
            raise AzeError("suggestion.too_many_cells", cell_m2=size, limit=rules.most_cells)
        cells = geometry.hexagons(rest, size)
        if len(cells) > rules.most_cells:
            raise AzeError("suggestion.too_many_cells", cell_m2=size, limit=rules.most_cells)
        self.cell_m2 = size
        parts = [p for cell in geometry.cut_away(cells, taken, progress.check) for p in geometry.polygons_of(cell)]
        cells = array_of([p for p in parts if geometry.area(p) > self.settings.sliver_share * size])
        least = rules.least_value_share * world.total if world.parameter in ("range", "esh") else 0.0
        return cells[world.held(cells, progress) > least]

    def _stated(self, progress: Progress) -> Problem:
        """The arrangement as a problem of selection."""
        laid = self.arrangement
        count = int(laid.pieces.max(initial=-1)) + 1
        areas = np.bincount(laid.pieces, geometry.areas(laid.shapes), count)
        contents, weights = self.world.contents(laid.shapes, progress)
        if len(weights) == len(laid.shapes) and self.world.parameter in ("range", "esh"):
            # An item a piece is enough: polygons of one piece are never chosen apart.
            weights = np.bincount(laid.pieces, weights, count)
            contents = np.column_stack((np.flatnonzero(weights > 0),) * 2)
        else:
            contents = np.unique(np.column_stack((laid.pieces[contents[:, 0]], contents[:, 1])), axis=0)
        self._target = self.world.target(self.settings, self.rules)
        # Of edges between polygons of one piece nothing is ever seen.
        edges, lengths = laid.edges(laid.pieces)
        open_areas = None
        if self.protected is not None:
            shapes = array_of(self.protected)
            if self.turned:
                shapes = geometry.turned(shapes)
            index = geometry.BoundaryIndex(geometry.tiles(geometry.dissolve(shapes)))
            inside = shared_m2(laid.shapes, index, progress)
            open_areas = np.maximum(0.0, areas - np.bincount(laid.pieces, inside, count))
        return Problem(
            len(self._shapes),
            areas,
            laid.owners,
            weights,
            contents,
            self._target,
            edges,
            lengths,
            open_areas,
            laid.pieces,
            laid.edges(np.arange(len(laid.shapes)))[0],
        )


def array_of(shapes: Sequence[Geometry]) -> np.ndarray:
    """Shapes as an array."""
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out
