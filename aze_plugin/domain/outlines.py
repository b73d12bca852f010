"""Many polygons as flat arrays of their rings, for work that is done on all of them at once.

Taken from WKB without making an object of each polygon, cut down to what a rectangle can see, and put in a plane.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

import numpy as np

from . import geometry

_COUNT, _TWO_COUNTS = struct.Struct("<I"), struct.Struct("<II")
_POLYGON, _MULTIPOLYGON = 3, 6

# Vertices that are compared with rectangles at a time.
_CACHED = 16_384


@dataclass(frozen=True)
class Rings:
    """Rings of a number of shapes, one after another.

    ``xy``: vertices, shape (n, 2), without the closing one; ``starts``: where each ring begins, and at the end the
    number of vertices; ``polygon``: the number of each ring's polygon; ``shape``: that of its shape; both rise.
    ``shell``: whether a ring is its polygon's outer one; ``sign``: 1 where the inside lies to the left as one follows
    the ring, −1 where to the right, 0 where that is not known yet. ``count``: number of shapes, those without rings
    included.
    """

    xy: np.ndarray
    starts: np.ndarray
    polygon: np.ndarray
    shape: np.ndarray
    shell: np.ndarray
    sign: np.ndarray
    count: int

    @classmethod
    def of(cls, wkb: Sequence[bytes | bytearray | None]) -> Rings:
        """From little-endian, two-dimensional WKB of valid polygons and multipolygons; None has no rings."""
        return cls.unsigned(wkb).signed()

    @classmethod
    def unsigned(cls, wkb: Sequence[bytes | bytearray | None]) -> Rings:
        """As ``of``, of shapes that may be invalid, and without the sides on which insides lie (``sign``).

        Raises ValueError or struct.error where WKB is cut short.
        """
        pieces: list[memoryview] = []
        lengths: list[int] = []
        polygon: list[int] = []
        shape: list[int] = []
        shell: list[bool] = []
        polygons = 0
        for number, blob in enumerate(wkb):
            if blob is None:
                continue
            view = memoryview(blob)
            kind, members = _TWO_COUNTS.unpack_from(blob, 1)
            multi = kind == _MULTIPOLYGON
            at = 9 if multi else 5
            for _ in range(members if multi else 1):
                at += 5 if multi else 0
                (rings,) = _COUNT.unpack_from(blob, at)
                at += 4
                for ring in range(rings):
                    (points,) = _COUNT.unpack_from(blob, at)
                    at += 4
                    if points > 3:
                        pieces.append(view[at : at + 16 * (points - 1)])
                        lengths.append(points - 1)
                        polygon.append(polygons)
                        shape.append(number)
                        shell.append(ring == 0)
                    at += 16 * points
                polygons += 1
            if at > len(view):
                raise ValueError("WKB is shorter than it says")
        starts = np.concatenate(([0], np.cumsum(np.array(lengths, dtype=np.int64)))).astype(np.int64)
        # Joined as bytes: inside WKB numbers lie askew, which NumPy would copy one by one.
        xy = np.frombuffer(b"".join(pieces), "<f8").reshape(-1, 2)
        outer = np.array(shell, dtype=bool)
        sign = np.zeros(len(lengths))
        return cls(xy, starts, np.array(polygon, np.int64), np.array(shape, np.int64), outer, sign, len(wkb))

    def signed(self) -> Rings:
        """With the sides on which the insides of rings lie, which must not cross themselves."""
        return replace(self, sign=np.where((_doubled_areas(self.xy, self.starts) > 0) == self.shell, 1.0, -1.0))

    def __len__(self) -> int:
        return len(self.polygon)

    @property
    def sizes(self) -> np.ndarray:
        """Vertices of each ring."""
        return np.diff(self.starts)

    def ring_of_vertex(self) -> np.ndarray:
        """The number of the ring of each vertex."""
        return owners(self.sizes)

    def taken(self, shapes: np.ndarray) -> Rings:
        """The shapes of these numbers, in that order; one may be taken several times. They are numbered anew."""
        if len(shapes) == self.count and (shapes == np.arange(self.count)).all():
            return self
        first = np.searchsorted(self.shape, shapes)
        many = np.searchsorted(self.shape, shapes, side="right") - first
        rings = ranges(first, many)
        owner = np.repeat(np.arange(len(shapes)), many)
        sizes = self.sizes[rings]
        polygon = self.polygon[rings]
        changed = np.ones(len(rings), dtype=bool)
        changed[1:] = (polygon[1:] != polygon[:-1]) | (owner[1:] != owner[:-1])
        return Rings(
            _pairs(self.xy)[ranges(self.starts[rings], sizes)].view(float).reshape(-1, 2),
            np.concatenate(([0], np.cumsum(sizes))),
            np.cumsum(changed) - 1,
            owner,
            self.shell[rings],
            self.sign[rings],
            len(shapes),
        )

    def seen_from(self, boxes: np.ndarray) -> Rings:
        """The shapes without the vertices that make no difference within each one's own rectangle, shape (n, 4).

        Of successive vertices that all lie beyond the same side of the rectangle only the first and the last are kept:
        what is between them stays beyond that side, so within the rectangle nothing changes, not even how often a
        faulty ring winds round a place. Outside of it rings may now cross. A ring wholly beyond one side is dropped.
        """
        # Of a vertex beyond a corner one side counts: which, is told by the largest number.
        code = np.zeros(len(self.xy), dtype=np.int8)
        lows, highs = boxes[:, :2][self.shape], boxes[:, 2:][self.shape]
        for start, end in _portions(self.starts):
            sizes = np.diff(self.starts[start : end + 1])
            ring = owners(sizes)
            low, high = (_pairs(ends[start:end]).take(ring) for ends in (lows, highs))
            some = slice(self.starts[start], self.starts[end])
            x, y, side = self.xy[some, 0], self.xy[some, 1], code[some]
            beyond = (y > high.imag, y < low.imag, x > high.real, x < low.real)
            for number, there in enumerate(beyond, 1):
                np.maximum(side, np.multiply(there.view(np.int8), number, dtype=np.int8), out=side)
        if not code.any():
            return self
        first, last = self.starts[:-1], self.starts[1:] - 1
        kept = code == 0
        kept[1:] |= code[1:] != code[:-1]
        kept[:-1] |= code[1:] != code[:-1]
        kept[first] |= code[first] != code[last]
        kept[last] |= code[first] != code[last]
        sizes = np.add.reduceat(kept, first, dtype=np.int64)
        whole = sizes >= 3
        for start, end in zip(first[~whole].tolist(), last[~whole].tolist()):
            kept[start : end + 1] = False
        return Rings(
            _pairs(self.xy)[kept].view(float).reshape(-1, 2),
            np.concatenate(([0], np.cumsum(sizes[whole]))),
            self.polygon[whole],
            self.shape[whole],
            self.shell[whole],
            self.sign[whole],
            self.count,
        )

    def moved(self, function: Callable[[np.ndarray], np.ndarray]) -> Rings:
        """With other coordinates; ``function`` must not mirror the plane."""
        return replace(self, xy=function(self.xy))

    def polygons(self) -> np.ndarray:
        """The shapes as geometries, valid or not; empty where there are no rings."""
        return geometry.polygons_of_rings(self.xy, self.ring_of_vertex(), self.polygon, self.shape, self.count)

    def bounds(self) -> np.ndarray:
        """xmin, ymin, xmax, ymax of each shape, shape (n, 4); infinite and crossed over where it has no rings."""
        out = np.tile(np.array([np.inf, np.inf, -np.inf, -np.inf]), (self.count, 1))
        if len(self):
            changed = np.flatnonzero(np.concatenate(([True], self.shape[1:] != self.shape[:-1])))
            at = self.starts[changed]
            present = self.shape[changed]
            for column, (axis, reduce) in enumerate(
                ((0, np.minimum), (1, np.minimum), (0, np.maximum), (1, np.maximum))
            ):
                out[present, column] = reduce.reduceat(np.ascontiguousarray(self.xy[:, axis]), at)
        return out


def joined(first: Rings, second: Rings) -> Rings:
    """The shapes of both, those of the second numbered on from the first's."""
    polygons = int(first.polygon[-1]) + 1 if len(first) else 0
    return Rings(
        np.concatenate((first.xy, second.xy)),
        np.concatenate((first.starts, second.starts[1:] + len(first.xy))),
        np.concatenate((first.polygon, second.polygon + polygons)),
        np.concatenate((first.shape, second.shape + first.count)),
        np.concatenate((first.shell, second.shell)),
        np.concatenate((first.sign, second.sign)),
        first.count + second.count,
    )


def ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Whole numbers from each start on, as many as its count, one series after another."""
    series = owners(counts)
    return np.arange(len(series)) + (starts - np.cumsum(counts) + counts).take(series)


def owners(counts: np.ndarray) -> np.ndarray:
    """0 as often as the first of the counts says, then 1 as often as the second does, and so on.

    As ``np.repeat`` has it, which however keeps all other threads waiting while it works.
    """
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    begun = np.bincount(ends, minlength=total + 1)
    return np.cumsum(begun[:total])


def _portions(starts: np.ndarray):
    """First and last numbers of rings in portions that stay in the processor's cache."""
    number = starts[1:] // _CACHED
    first = np.flatnonzero(np.append(True, number[1:] != number[:-1])) if len(number) else np.empty(0, dtype=int)
    yield from zip(first.tolist(), [*first[1:].tolist(), len(number)])


def _pairs(xy: np.ndarray) -> np.ndarray:
    """Vertices as one complex number each, which are picked in a fraction of the time."""
    return np.ascontiguousarray(xy).view(complex).ravel()


def neighbours(starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each vertex the number of the one before it and of the one after it on its ring."""
    total = int(starts[-1])
    before, after = np.arange(-1, total - 1), np.arange(1, total + 1)
    filled = starts[:-1] < starts[1:]
    before[starts[:-1][filled]] = starts[1:][filled] - 1
    after[starts[1:][filled] - 1] = starts[:-1][filled]
    return before, after


def _doubled_areas(xy: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Twice the signed area of each ring, positive where it runs anticlockwise."""
    if len(starts) < 2:
        return np.empty(0)
    # The differences of one coordinate add up to nothing round a ring, so that rings far from the origin lose nothing
    # in rounding.
    x, y = xy[:, 0], xy[:, 1]
    part = np.empty(len(xy))
    part[:-1] = (x[:-1] - x[1:]) * (y[:-1] + y[1:])
    first, last = starts[:-1], starts[1:] - 1
    part[last] = (x[last] - x[first]) * (y[last] + y[first])
    return np.add.reduceat(part, first)
