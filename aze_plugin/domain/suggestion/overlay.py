"""Units laid over one another: the pieces that they are cut into, whose these are, and the edges between them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass

import numpy as np

from .. import geometry
from ..geometry import Geometry
from ..progress import Progress
from ..selection import components
from .model import Rules


@dataclass(frozen=True)
class Arrangement:
    """Units laid over one another.

    ``shapes``: polygons that do not overlap; ``pieces``: for each the number of its piece, which is all polygons of the
    same units; ``owners``: pairs (piece, unit); ``borders``: the edges of the polygons.
    """

    shapes: np.ndarray
    pieces: np.ndarray
    owners: np.ndarray
    borders: geometry.Borders

    def edges(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of numbers of polygons (−1 the outside) that differ and share edges, and the metres that they share."""
        sides = np.sort(np.append(numbers, -1)[self.borders.sides], axis=1)
        seen = sides[:, 0] != sides[:, 1]
        width = int(numbers.max(initial=-1)) + 2
        keys, at = np.unique((sides[seen, 0] + 1) * width + sides[seen, 1] + 1, return_inverse=True)
        metres = np.bincount(at, self.borders.lengths[seen], len(keys))
        return np.column_stack((keys // width - 1, keys % width - 1)), metres

    def shape(self, covered: np.ndarray, grid: float) -> Geometry:
        """The union of the polygons of some pieces, given as booleans."""
        used = covered[self.pieces]
        sides = np.append(used, False)[self.borders.sides]
        outer = sides[:, 0] != sides[:, 1]
        edges = self.borders.starts[outer], self.borders.ends[outer]
        found = geometry.outlined(*edges, self.shapes[used], grid)
        area = float(geometry.areas(self.shapes[used]).sum())
        if abs(geometry.area(found) - area) <= 1e-6 * area:
            return found
        # Neighbours whose vertices do not match leave lines inside: slower, but sure.
        return geometry.joined(self.shapes[used], grid)


def arrange(shapes: np.ndarray, rules: Rules, progress: Progress) -> Arrangement:
    """Lay polygonal units over one another. Those that overlap no other stay as they are where there are many."""
    count = len(shapes)
    clusters: list[np.ndarray] = []
    if sum(map(geometry.vertex_count, shapes)) <= rules.noded_vertices:
        clusters = [np.arange(count)] if count else []
    else:
        pairs = geometry.overlapping(shapes, rules.overlap_tolerance_m2, progress.check)
        _, label = components(np.ones(count, dtype=bool), pairs)
        order = np.argsort(label, kind="stable")
        clusters = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    made: list[np.ndarray] = []
    signatures: list[tuple[int, ...]] = []
    together = [members for members in clusters if len(members) > 1]
    with _Waiting(progress) as waiting:
        cut = [waiting.begin(geometry.faces, shapes[members], rules.grid_m) for members in together]
        for members, promise in zip(together, cut):
            found = waiting.result(promise)
            face, unit = geometry.holding(shapes[members], found)
            order = np.lexsort((members[unit], face))
            owned, begin = np.unique(face[order], return_index=True)
            signatures += [tuple(units.tolist()) for units in np.split(members[unit[order]], begin[1:])]
            made.append(found[owned])
    for members in clusters:
        if len(members) == 1:
            parts = geometry.polygons_of(shapes[members[0]])
            made.append(parts)
            signatures += [(int(members[0]),)] * len(parts)
    polygons = np.concatenate([np.empty(0, dtype=object), *made])
    number: dict[tuple[int, ...], int] = {}
    pieces = np.array([number.setdefault(s, len(number)) for s in signatures], dtype=int)
    owners = np.array([(n, u) for s, n in number.items() for u in s], dtype=int).reshape(-1, 2)
    progress.check()
    return Arrangement(polygons, pieces, owners, geometry.borders(polygons, rules.grid_m))


class _Waiting:
    """Long steps of GEOS in threads of their own, so that a wish to stop need not wait for their end."""

    def __init__(self, progress: Progress):
        self._progress, self._pool = progress, ThreadPoolExecutor(2, "aze-overlay")

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *_exception) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, function: Callable, *arguments):
        """Start a step."""
        return self._pool.submit(function, *arguments)

    def result(self, promise):
        """What a step gives, once it is done."""
        while True:
            self._progress.check()
            try:
                return promise.result(timeout=0.2)
            except NotYet:
                continue
