"""What of a site lies under which of its areas, where the site is measured in pieces.

Each piece knows only the areas that it meets, so that a site with ten times the areas takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrangement import Arrangement, in_percent


class Pieces:
    """Answers as an ``Arrangement`` does, by adding up those of its pieces.

    ``count``: number of areas; ``pieces``: the arrangement of each piece of the site with some of the areas, and the
    numbers of these.
    """

    def __init__(self, count: int, pieces: Sequence[tuple[Arrangement, np.ndarray]]):
        self.count = count
        self.site_m2 = sum(one.site_m2 for one, _ in pieces)
        self._pieces = pieces

    def pieces(self) -> Sequence[tuple[Arrangement, np.ndarray]]:
        """As they were given."""
        return self._pieces

    def merged(self) -> Pieces:
        """The same: pieces are put together as they are made."""
        return self

    def alone(self) -> np.ndarray:
        """Square metres of the site under each area by itself."""
        found = np.zeros(self.count)
        for one, areas in self._pieces:
            found[areas] += one.alone()
        return found

    def together(self, groups: np.ndarray, count: int) -> np.ndarray:
        """As ``Arrangement.together``."""
        found = np.zeros(count)
        for one, areas in self._pieces:
            # A piece has few of the groups.
            own, places = np.unique(groups[areas], return_inverse=True)
            found[own[own >= 0]] += one.together(places, len(own))[own >= 0]
        return found

    def percent(self, square_metres):
        """Square metres of the site, one or an array, in percent: 100 where only rounding is left of it."""
        return in_percent(square_metres, self.site_m2)

    def covered(self, members: np.ndarray) -> float:
        """Square metres of the site under any of the areas for which ``members``, shape (count,), is true."""
        return sum(one.covered(members[areas]) for one, areas in self._pieces)

    def growing(self, ranks: np.ndarray, steps: int) -> np.ndarray:
        """As ``Arrangement.growing``."""
        found = np.zeros((*ranks.shape[:-1], steps))
        for one, areas in self._pieces:
            found += one.growing(ranks[..., areas], steps)
        return found
