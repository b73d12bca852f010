"""What sites see of protected areas: cut down to their rectangles, projected, looked through, and kept."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from . import geometry
from .outlines import Rings, joined, owners, ranges

# Bytes of WKB that are taken apart at once: such arrays stay in the processor's cache.
_PORTION = 32 * 2**20


class Store(Protocol):
    """Keeps blobs, and gives them back by their numbers, which count from 0; from any thread."""

    def put(self, blob: bytes) -> None:
        """Keep one more."""

    def get(self, numbers: Sequence[int]) -> list[bytes]:
        """Those of these numbers."""


class Memory:
    """A store in memory."""

    def __init__(self):
        self._blobs: list[bytes] = []

    def put(self, blob: bytes) -> None:
        self._blobs.append(blob)

    def get(self, numbers: Sequence[int]) -> list[bytes]:
        return [self._blobs[n] for n in numbers]


@dataclass(frozen=True)
class Seen:
    """What sites see of rows: the rings of each pair of both (EPSG:6933).

    ``repaired``, ``unusable``: how many of the rows had to be mended, and how many have no area.
    """

    rings: Rings
    repaired: int
    unusable: int


class Stored:
    """The rings of all pairs: their vertices in a store, the rest in memory. ``vertices``: how many each pair has."""

    def __init__(self, store: Store, outlines: Sequence[Rings]):
        self._store = store
        ones = outlines or [Rings.of([])]
        self._sizes = np.concatenate([one.sizes for one in ones])
        self._polygon = np.concatenate([one.polygon for one in ones])
        self._shell = np.concatenate([one.shell for one in ones])
        self._sign = np.concatenate([one.sign for one in ones])
        before = np.cumsum([0] + [one.count for one in ones])
        shape = np.concatenate([one.shape + first for one, first in zip(ones, before.tolist())])
        self._first = np.searchsorted(shape, np.arange(before[-1] + 1))
        ends = np.concatenate(([0], np.cumsum(self._sizes)))[self._first]
        self.vertices = np.diff(ends)

    def rings(self, pairs: np.ndarray) -> Rings:
        """Those of these pairs."""
        xy = np.frombuffer(b"".join(self._store.get(pairs.tolist())), dtype=float).reshape(-1, 2)
        many = self._first[pairs + 1] - self._first[pairs]
        rings = ranges(self._first[pairs], many)
        owner = owners(many)
        polygon = self._polygon[rings]
        changed = np.ones(len(rings), dtype=bool)
        changed[1:] = (polygon[1:] != polygon[:-1]) | (owner[1:] != owner[:-1])
        starts = np.concatenate(([0], np.cumsum(self._sizes[rings])))
        return Rings(xy, starts, np.cumsum(changed) - 1, owner, self._shell[rings], self._sign[rings], len(pairs))


def look(blobs: Sequence[bytes], place: np.ndarray, boxes: np.ndarray, metres: np.ndarray, metric: bool) -> Seen:
    """What rectangles see of rows, which are named by their places among ``blobs``, pair by pair.

    ``boxes``: in the units of the blobs, EPSG:6933 where ``metric``, and then they are valid; else lon/lat as they
    came; ``metres``: the same in EPSG:6933.
    """
    found = Rings.of([])
    broken: dict[int, bytes | None] = {}
    portion = np.cumsum([len(blobs[i]) for i in place.tolist()]) // _PORTION
    for number in np.unique(portion):
        pairs = np.flatnonzero(portion == number)
        mine = place[pairs].tolist()
        if metric:
            seen = Rings.of([blobs[i] for i in mine]).seen_from(boxes[pairs])
        else:
            seen = _seen_lonlat(blobs, mine, boxes[pairs], metres[pairs], broken)
        found = joined(found, seen) if found.count else seen
    unusable = sum(1 for blob in broken.values() if blob is None)
    return Seen(found, len(broken) - unusable, unusable)


def _seen_lonlat(
    blobs, rows: list[int], boxes: np.ndarray, metres: np.ndarray, broken: dict[int, bytes | None]
) -> Rings:
    """As ``look``; mended WKB (EPSG:6933) is kept in ``broken``."""
    try:
        seen = Rings.unsigned([blobs[i] for i in rows])
    except (ValueError, struct.error):
        # Something in the file is damaged: what cannot be read is left out, as QGIS does.
        readable = dict(zip(rows, geometry.to_wkb_all(geometry.from_wkb([blobs[i] for i in rows])).tolist()))
        broken.update((i, None) for i, blob in readable.items() if blob is None)
        seen = Rings.unsigned([readable[i] for i in rows])
    seen = seen.seen_from(boxes).moved(geometry.project)
    shapes = seen.polygons()
    # Of what does not cross itself as it is seen, the rest cannot matter, not even for where the inside lies.
    again = np.flatnonzero(~geometry.valid(shapes))
    seen = seen.signed()
    if not len(again):
        return seen
    # Cut down as they are rings may cross beyond the rectangle: no fault, if they do not as they came.
    doubtful = list(dict.fromkeys(rows[k] for k in again.tolist() if rows[k] not in broken))
    lonlat = geometry.from_wkb([blobs[i] for i in doubtful])
    bad = np.flatnonzero(~geometry.valid(geometry.to_equal_area(lonlat)))
    mended = geometry.to_wkb_all(geometry.prepare(lonlat[bad]).geometries)
    broken.update(zip([doubtful[k] for k in bad.tolist()], mended.tolist()))
    is_mended = np.array([rows[k] in broken for k in again.tolist()], dtype=bool)
    first = Rings.of([broken[rows[k]] for k in again[is_mended].tolist()]).seen_from(metres[again[is_mended]])
    other = Rings.of([blobs[rows[k]] for k in again[~is_mended].tolist()]).seen_from(boxes[again[~is_mended]])
    order = np.arange(len(rows))
    order[again[is_mended]] = len(rows) + np.arange(first.count)
    order[again[~is_mended]] = len(rows) + first.count + np.arange(other.count)
    return joined(seen, joined(first, other.moved(geometry.project))).taken(order)
