"""Land cover inside a boundary against that around it, as evidence of discreteness.

The mix of classes inside is compared with the mix in a ring of equal area outside by the Jensen–Shannon divergence (Lin
1991), base 2: 0 where both are the same, 1 where they share no class. A number of its own it means little: two
neighbouring pieces of any landscape differ somewhat. So the same boundary, shifted at random to places near by, is held
against its own ring there each time, and the rank of the real one among these copies says how unusual it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import geometry
from .geometry import Geometry

# The ring's area agrees with that of the boundary to this share.
_RING_WITHIN = 1e-3

# Outlines with more vertices than this are simplified before the ring round them is sought.
_MANY_VERTICES = 2000

# A class that has less of a boundary is not held by it.
_HELD_SHARE = 0.01

# Values of the observed divergence and of the copies' that differ by less are the same but for rounding.
_SAME = 1e-9


@dataclass(frozen=True)
class LandcoverRules:
    """How land cover is compared; see ``resources/criteria/aze.json``.

    ``copies``: shifted copies of the boundary, of which at least ``least_copies`` have to be usable; ``seed``: of their
    random shifts; ``nearest_shift`` and ``farthest_shift``: how far, in diameters of a circle of the boundary's area;
    ``significance``: p value up to which land cover is said to differ, where its divergence is ``least_divergence`` or
    more, as in a land all alike a trifle is unusual; ``max_no_data_share``: of inside or ring, above
    which nothing is said; ``max_foreign_share``: of a copy with its ring, above which one class that the boundary does
    not hold (less than 1 % of it) makes it no likeness of the boundary, as the open sea is none of a wood on an island;
    ``least_cells``: that a boundary has to hold; ``max_cells`` and ``max_reference_cells``: of
    the window that is read for the boundary, and for its copies; ``max_values``: distinct values of a raster of
    decimal numbers, above which it is no map of classes.
    """

    copies: int
    least_copies: int
    seed: int
    nearest_shift: float
    farthest_shift: float
    significance: float
    least_divergence: float
    max_no_data_share: float
    max_foreign_share: float
    least_cells: float
    max_cells: int
    max_reference_cells: int
    max_values: int

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> LandcoverRules:
        """From the parsed rules file."""
        return cls(**rules["discreteness"]["landcover"])


@dataclass(frozen=True)
class ClassShare:
    """A class by its value in the raster, and its share of the known land cover inside and in the ring.

    ``name`` and ``colour`` (``#rrggbb``) as its legend has them.
    """

    value: float
    inside: float
    ring: float
    name: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Reference:
    """Divergences of the shifted copies: their median, 95th percentile and number.

    ``p_value``: (copies at least as divergent as the boundary + 1) ÷ (copies + 1).
    """

    median: float
    p95: float
    p_value: float
    copies: int


@dataclass(frozen=True)
class Comparison:
    """Land cover inside a boundary and in its ring.

    ``divergence`` and ``reference`` are None where ``not_assessed`` says by a code why, with ``params``: ``outside``,
    ``no_data_inside``, ``no_data_ring``, ``too_coarse``, ``few_copies`` or ``seam``. ``classes`` come largest inside
    first; ``ring_m``: width of the ring; ``no_data_inside``, ``no_data_ring``: shares that the raster leaves unknown.
    ``every``: every how manieth cell was read along both axes, for the boundary and for its copies. ``differs``: the
    p value is within the significance asked for, and the divergence no trifle.
    """

    source: str
    classes: tuple[ClassShare, ...] = ()
    divergence: float | None = None
    reference: Reference | None = None
    ring_m: float = 0.0
    no_data_inside: float = 0.0
    no_data_ring: float = 0.0
    every: tuple[int, int] = (1, 1)
    differs: bool = False
    not_assessed: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The member ``landcover`` of the criterion's evidence.

        Where nothing can be said it has ``not_assessed`` and ``params``, and no ``divergence`` or ``reference``.
        """
        said: dict[str, Any] = {"source": self.source}
        if self.not_assessed:
            said |= {"not_assessed": self.not_assessed, "params": dict(self.params)}
        else:
            reference = self.reference
            said |= {
                "divergence": self.divergence,
                "reference": {
                    "median": reference.median,
                    "p95": reference.p95,
                    "p_value": reference.p_value,
                    "copies": reference.copies,
                },
                "differs": self.differs,
            }
        return {
            **said,
            "classes": [
                {
                    "value": int(c.value) if c.value.is_integer() else c.value,
                    "name": c.name,
                    "color": c.colour,
                    "inside": c.inside,
                    "ring": c.ring,
                }
                for c in self.classes
            ],
            "ring_m": self.ring_m,
            "no_data_inside": self.no_data_inside,
            "no_data_ring": self.no_data_ring,
            "every": list(self.every),
        }


@dataclass(frozen=True)
class Window:
    """A piece of a map of classes.

    ``codes``: number of the class in each cell, from 0, and −1 where nothing is known, shape (rows, columns);
    ``areas``: m² (EPSG:6933) of each cell, shape (rows, columns) or (rows, 1). ``inside`` and ``ring``: covered
    fraction of each cell, shape (rows, columns).
    """

    codes: np.ndarray
    areas: np.ndarray
    inside: np.ndarray
    ring: np.ndarray


def ring(boundary: Geometry) -> tuple[Geometry, float]:
    """The ring outside a boundary (EPSG:6933) that has its area, to 0.1 %, and how wide it is in true metres.

    Holes of the boundary are outside of it: a rim along them belongs to the ring.
    """
    plane = geometry.LocalPlane.at(boundary)
    own = geometry.area(boundary)
    # Straight in EPSG:6933 is bent in the plane; edges are short enough that no one could tell.
    exact = plane.lay(boundary, max(math.sqrt(own), 1.0) / 32)
    shape = exact
    if geometry.vertex_count(exact) > _MANY_VERTICES:
        shape = geometry.simplified(exact, 0.02 * own / geometry.length(exact))
    for base in dict.fromkeys((shape, exact)):
        width = _width(base, own)
        found = geometry.outside(plane.lift(geometry.buffered(base, width)), boundary)
        if abs(geometry.area(found) - own) <= _RING_WITHIN * own:
            break
    return found, width


def _width(shape: Geometry, area: float) -> float:
    """The distance by which a shape has to be buffered to grow by an area, by bisection between sure bounds."""
    start = geometry.area(shape)
    # No shape grows more slowly than a disc does, nor by less than a disc of that radius.
    low, high = 0.0, math.sqrt((start + area) / math.pi)
    grown_low, grown_high = 0.0, geometry.area(geometry.buffered(shape, high)) - start
    while high - low > 1e-9 * high:
        # Between bisection and false position: the growth is all but straight when the bounds are near.
        share = (area - grown_low) / max(grown_high - grown_low, 1e-300)
        width = low + (high - low) * min(0.9, max(0.1, share))
        grown = geometry.area(geometry.buffered(shape, width)) - start
        if abs(grown - area) <= 0.02 * _RING_WITHIN * area:
            return width
        if grown < area:
            low, grown_low = width, grown
        else:
            high, grown_high = width, grown
    return (low + high) / 2


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen–Shannon divergence, base 2, of mixes along the last axis; each is brought to a sum of 1 first."""
    p = p / p.sum(axis=-1, keepdims=True)
    q = q / q.sum(axis=-1, keepdims=True)
    middle = (p + q) / 2

    def entropy_to_middle(mix: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(mix > 0, mix * np.log2(mix / middle), 0.0).sum(axis=-1)

    return np.clip((entropy_to_middle(p) + entropy_to_middle(q)) / 2, 0.0, 1.0)


def mix(window: Window, fractions: np.ndarray, classes: int) -> np.ndarray:
    """m² of each class under covered fractions, and last of what is not known; shape (classes + 1,)."""
    rows, columns = np.nonzero(fractions)
    return _sums(window, rows, columns, fractions[rows, columns], classes)


def _sums(window: Window, rows: np.ndarray, columns: np.ndarray, part: np.ndarray, classes: int) -> np.ndarray:
    codes = window.codes[rows, columns]
    areas = window.areas[rows, 0 if window.areas.shape[1] == 1 else columns]
    return np.bincount(np.where(codes < 0, classes, codes), part * areas, classes + 1)


def shifts(boundary: Geometry, rules: LandcoverRules) -> np.ndarray:
    """Random shifts in the plane at a boundary, in metres east and north, shape (n, 2); the same every time.

    Four times as many as copies are wanted, as some will not be usable.
    """
    random = np.random.default_rng(rules.seed)
    count = 4 * rules.copies
    diameter = 2 * math.sqrt(geometry.area(boundary) / math.pi)
    angle = random.uniform(0, 2 * math.pi, count)
    distance = diameter * random.uniform(rules.nearest_shift, rules.farthest_shift, count)
    return np.column_stack((distance * np.cos(angle), distance * np.sin(angle)))


def compare(
    source: str,
    values: np.ndarray,
    near: Window,
    wide: Window,
    cells: np.ndarray,
    ring_m: float,
    rules: LandcoverRules,
    every: tuple[int, int] = (1, 1),
) -> Comparison:
    """Compare land cover inside a boundary with that of its ring, and both with those of shifted copies.

    ``values``: of the classes, by number; ``near``: holds boundary and ring as finely as may be; ``wide``: holds them
    and the copies, whose shifts in its cells are ``cells``, (n, 2) columns and rows. ``every``: see Comparison.
    """
    count = len(values)
    inside, around = mix(near, near.inside, count), mix(near, near.ring, count)
    no_data_inside, no_data_ring = (_share(m[-1], m.sum()) for m in (inside, around))
    said = {"source": source, "ring_m": ring_m, "every": every}
    said |= {"no_data_inside": no_data_inside, "no_data_ring": no_data_ring}
    if no_data_inside > 1 - 1e-9:
        return Comparison(**said, not_assessed="outside")
    if no_data_inside > rules.max_no_data_share:
        return Comparison(**said, not_assessed="no_data_inside", params={"no_data_share": no_data_inside})
    if no_data_ring > rules.max_no_data_share:
        return Comparison(**said, not_assessed="no_data_ring", params={"no_data_share": no_data_ring})
    held = float(near.inside.sum())
    if held < rules.least_cells:
        return Comparison(**said, not_assessed="too_coarse", params={"cells": round(held, 1)})
    said["classes"] = _classes(values, inside[:-1], around[:-1])

    foreign = inside[:-1] < _HELD_SHARE * inside.sum()
    copies = _copies(wide, cells, foreign, rules)
    if len(copies) < rules.least_copies:
        params = {"count": len(copies), "least": rules.least_copies}
        return Comparison(**said, not_assessed="few_copies", params=params)
    # Like with like: ranked as coarse as the copies are, where those had to be read more coarsely.
    like = float(divergence(mix(wide, wide.inside, count)[:-1], mix(wide, wide.ring, count)[:-1]))
    p_value = (int((copies >= like - _SAME).sum()) + 1) / (len(copies) + 1)
    own = float(divergence(inside[:-1], around[:-1]))
    return Comparison(
        **said,
        divergence=own,
        reference=Reference(float(np.median(copies)), float(np.percentile(copies, 95)), p_value, len(copies)),
        differs=p_value <= rules.significance + _SAME and own >= rules.least_divergence,
    )


def _copies(window: Window, cells: np.ndarray, foreign: np.ndarray, rules: LandcoverRules) -> np.ndarray:
    """Divergences of the first usable copies: known well enough inside and in their ring, and not all foreign."""
    rows, columns = window.codes.shape
    classes = len(foreign)
    masks = []
    for fractions in (window.inside, window.ring):
        at = np.nonzero(fractions)
        masks.append((*at, fractions[at]))
    found = []
    for right, down in cells:
        mixes = []
        for row, column, part in masks:
            if not len(row):
                break
            low, high = row[0] + down, row[-1] + down
            left, far = column.min() + right, column.max() + right
            if low < 0 or high >= rows or left < 0 or far >= columns:
                break
            areas = _sums(window, row + down, column + right, part, classes)
            if not areas[-1] <= rules.max_no_data_share * areas.sum() or not areas.sum() > 0:
                break
            mixes.append(areas[:-1])
        if len(mixes) == 2 and _highest(sum(mixes), foreign) <= rules.max_foreign_share:
            found.append(divergence(*mixes))
            if len(found) == rules.copies:
                break
    return np.array(found, dtype=float)


def _highest(areas: np.ndarray, some: np.ndarray) -> float:
    """The largest share that one of some classes has of all."""
    return float(areas[some].max(initial=0.0) / areas.sum())


def _classes(values: np.ndarray, inside: np.ndarray, around: np.ndarray) -> tuple[ClassShare, ...]:
    shares = [
        ClassShare(float(value), _share(a, inside.sum()), _share(b, around.sum()))
        for value, a, b in zip(values, inside, around)
        if a > 0 or b > 0
    ]
    return tuple(sorted(shares, key=lambda s: (-s.inside, -s.ring, s.value)))


def _share(part: float, whole: float) -> float:
    """A share; what measures nothing is unknown altogether."""
    return float(part / whole) if whole > 0 else 1.0
