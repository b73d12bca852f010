"""What of a site lies under which of very many areas that lie over one another, measured by joining them.

Outlines of areas that nearly all overlap cross as often as there are pairs of them, and an ``Arrangement`` knows each
crossing. Joined in a tree, such areas soon lose their outlines in one another: the cost grows with their number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from . import geometry
from .arrangement import Arrangement, in_percent
from .geometry import Geometry
from .outlines import Rings


class Unions:
    """Answers as an ``Arrangement`` does, but for each question anew.

    ``shape``: the site (EPSG:6933); ``areas``: what of each area its rectangle sees; ``arranged``: makes the
    arrangement of a site and a few areas.
    """

    def __init__(self, shape: Geometry, areas: Rings, arranged: Callable[[Geometry, Rings], Arrangement]):
        self.count = areas.count
        self.site_m2 = geometry.area(shape)
        self._shape, self._arranged = shape, arranged
        # Cut down by the rectangle, rings may cross beyond it. What is cut down by the site is not joined: that takes
        # GEOS many times as long where long stretches of outline are common but for rounding.
        self._seen = geometry.polygonal_all(areas.polygons())
        parts = geometry.BoundaryIndex([shape]).overlaps(self._seen, np.zeros(self.count, dtype=int))
        self._alone = np.minimum(geometry.areas(parts), self.site_m2)

    def alone(self) -> np.ndarray:
        """Square metres of the site under each area by itself."""
        return self._alone.copy()

    def together(self, groups: np.ndarray, count: int) -> np.ndarray:
        """As ``Arrangement.together``."""
        found = np.zeros(count)
        for group, many in enumerate(np.bincount(groups[groups >= 0], minlength=count).tolist()):
            members = groups == group
            found[group] = self.covered(members) if many > 1 else self._alone[members].sum()
        return found

    def percent(self, square_metres):
        """Square metres of the site, one or an array, in percent: 100 where only rounding is left of it."""
        return in_percent(square_metres, self.site_m2)

    def covered(self, members: np.ndarray) -> float:
        """Square metres of the site under any of the areas for which ``members``, shape (count,), is true."""
        return self._under(geometry.dissolve(self._seen[members]))

    def _under(self, shape: Geometry) -> float:
        return min(geometry.area(geometry.overlap(shape, self._shape)), self.site_m2)

    def growing(self, ranks: np.ndarray, steps: int) -> np.ndarray:
        """As ``Arrangement.growing``."""
        rankings = np.minimum(np.atleast_2d(ranks), steps)
        # Areas of the same rank in each of the rankings are joined once for all of them.
        alike, group = np.unique(rankings, axis=1, return_inverse=True)
        joined = [geometry.dissolve(self._seen[group.ravel() == n]) for n in range(alike.shape[1])]
        found = np.zeros((len(rankings), steps))
        for line, ranking in zip(found, alike):
            for step, (_, size) in enumerate(self._increasing(joined, ranking, steps)):
                line[step] = size
        return found.reshape((*ranks.shape[:-1], steps))

    def _increasing(self, shapes: Sequence[Geometry], ranks: np.ndarray, steps: int):
        """Step by step what is new under shapes of that rank, and square metres of the site under all up to it."""
        covered, size = geometry.dissolve([]), 0.0
        for step in range(steps):
            new = geometry.dissolve([shapes[n] for n in np.flatnonzero(ranks == step)])
            if not geometry.is_empty(new) and size < self.site_m2:
                before, covered = covered, geometry.dissolve([covered, new])
                new = geometry.outside(new, before)
                size = max(size, self._under(covered))
            yield new, size

    def by_step(self, ranks: np.ndarray, apart: Sequence[int], steps: int) -> tuple[Arrangement, np.ndarray]:
        """An arrangement of what is new at each step, and of some areas by themselves, which follow one another.

        Gives the steps of the first too.
        """
        ranks = ranks.copy()
        ranks[list(apart)] = steps
        added = [(step, new) for step, (new, _) in enumerate(self._increasing(self._seen, ranks, steps))]
        added = [(step, new) for step, new in added if not geometry.is_empty(new)]
        shapes = np.empty(len(added) + len(apart), dtype=object)
        shapes[:] = [new for _, new in added] + [self._seen[n] for n in apart]
        rings = Rings.of(geometry.to_wkb_all(shapes))
        return self._arranged(self._shape, rings), np.array([step for step, _ in added], dtype=int)
