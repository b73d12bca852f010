"""Lines closed to a ring: tracks that were walked round a site, and outlines that come in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .geometry import ellipsoidal_distances


@dataclass(frozen=True)
class Ring:
    """A closed ring (WGS 84, shape (n, 2), first place repeated at its end) and what was added to close it.

    ``length_m``: of the lines as given; ``gaps``: pairs of places (shape (k, 2, 2)) that were joined, and ``gap_m``
    how far apart each pair was; metres on the ellipsoid. Ends that touch are no gap.
    """

    coordinates: np.ndarray
    length_m: float
    gaps: np.ndarray
    gap_m: np.ndarray

    @property
    def gap_share(self) -> float:
        """All gaps together as a share of the lines' length."""
        return float(self.gap_m.sum()) / self.length_m if self.length_m else float("inf")


def closed(pieces: Sequence[np.ndarray]) -> Ring | None:
    """One ring of all pieces (WGS 84 degrees, shape (n, 2) each, at least two places); None where they give no ring.

    The two nearest loose ends are joined, again and again, until one line is left, whose ends are joined last: pieces
    may come in any order and direction.
    """
    pieces = [np.asarray(piece, dtype=float)[:, :2] for piece in pieces if len(piece) > 1]
    if not pieces:
        return None
    length = sum(float(ellipsoidal_distances(piece[:-1], piece[1:]).sum()) for piece in pieces)
    links = _links(pieces)
    order = _walk(len(pieces), links)
    oriented = [pieces[k] if forward else pieces[k][::-1] for k, forward in order]
    gaps = np.array([(a[-1], b[0]) for a, b in zip(oriented, [*oriented[1:], oriented[0]])])
    apart = ellipsoidal_distances(gaps[:, 0], gaps[:, 1])
    coordinates = np.concatenate([*oriented, oriented[0][:1]])
    fresh = np.append(True, (np.diff(coordinates, axis=0) != 0).any(axis=1))
    coordinates = coordinates[fresh]
    if len(np.unique(coordinates, axis=0)) < 3:
        return None
    open_ = apart > 0
    return Ring(coordinates, length, gaps[open_], apart[open_])


def _links(pieces: Sequence[np.ndarray]) -> dict[int, int]:
    """Which end is joined to which; piece k begins at end 2k and stops at end 2k + 1."""
    ends = np.array([place for piece in pieces for place in (piece[0], piece[-1])])
    one, other = np.triu_indices(len(ends), 1)
    apart = ellipsoidal_distances(ends[one], ends[other])
    chain = list(range(len(pieces)))

    def root(k: int) -> int:
        while chain[k] != k:
            chain[k] = chain[chain[k]]
            k = chain[k]
        return k

    links: dict[int, int] = {}
    for i in np.argsort(apart, kind="stable").tolist():
        if len(links) == 2 * len(pieces) - 2:
            break
        a, b = int(one[i]), int(other[i])
        if a in links or b in links or root(a // 2) == root(b // 2):
            continue
        links[a], links[b] = b, a
        chain[root(a // 2)] = root(b // 2)
    return links


def _walk(count: int, links: dict[int, int]) -> list[tuple[int, bool]]:
    """Pieces in order along the line, and whether each is taken as it runs."""
    end = next((e for e in range(2 * count) if e not in links), 0)
    order = []
    for _ in range(count):
        order.append((end // 2, end % 2 == 0))
        end = links.get(end ^ 1, -1)
        if end < 0:
            break
    return order
