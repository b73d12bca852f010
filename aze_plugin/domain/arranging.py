"""How the cover of a site is told apart: by one arrangement, by those of pieces of it, or by joining its areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import numpy as np

from . import geometry
from .arrangement import Arrangement, arrange
from .geometry import Geometry
from .outlines import Rings
from .pieces import Pieces
from .unions import Unions

# A site with more areas, or more vertices of them in its rectangle, is measured in quarters, but not for ever, nor in
# strips of less width (m).
_AREAS, _VERTICES, _QUARTERINGS, _WIDTH_M = 1000, 400_000, 7, 10

# Of a piece's areas each of its quarters has to have so much fewer.
_FEWER = 0.75

# A site whose areas meet more others than this each, by their rectangles, is measured by joining them.
_CROWD = 128

# Classes by name: the module typing keeps what it is given, and with classes all of a plugin that was unloaded.
Measured = Union["Arrangement", "Pieces", "Unions"]


def measured(shapes: Sequence[Geometry], areas: Rings, owner: np.ndarray) -> list[Measured]:
    """What answers for each site with its areas.

    ``shapes``: the sites (EPSG:6933); ``areas``: what each one's rectangle sees; ``owner``: the site of each of these,
    rising.
    """
    crowded = _crowded(areas.bounds(), owner, len(shapes))
    if not crowded.any():
        return _arranged(shapes, areas, owner)
    found: list[Measured | None] = [None] * len(shapes)
    others = np.flatnonzero(~crowded)
    chosen = np.flatnonzero(~crowded[owner])
    some = _arranged([shapes[n] for n in others], areas.taken(chosen), np.searchsorted(others, owner[chosen]))
    for number, arrangement in zip(others.tolist(), some):
        found[number] = arrangement
    for number in np.flatnonzero(crowded).tolist():
        found[number] = Unions(shapes[number], areas.taken(np.flatnonzero(owner == number)), arranged_one)
    return found


def _crowded(boxes: np.ndarray, owner: np.ndarray, sites: int) -> np.ndarray:
    """At which sites each area meets so many others that it is cheaper to join them than to know where they cross."""
    crowded = np.zeros(sites, dtype=bool)
    for number in np.flatnonzero(np.bincount(owner, minlength=sites) > _CROWD).tolist():
        mine = boxes[owner == number]
        crowded[number] = geometry.more_meet(mine, _CROWD * len(mine))
    return crowded


def arranged_one(shape: Geometry, areas: Rings) -> Arrangement | Pieces:
    """The arrangement of one site."""
    (found,) = _arranged([shape], areas, np.zeros(areas.count, dtype=int))
    return found


def _arranged(shapes: Sequence[Geometry], areas: Rings, owner: np.ndarray) -> list[Arrangement | Pieces]:
    """The arrangement of each site with its areas; large ones in quarters."""
    outlines = Rings.of(geometry.to_wkb_all(np.array(shapes, dtype=object)))
    sizes = geometry.areas(np.array(shapes, dtype=object))
    vertices = np.bincount(owner, np.bincount(areas.shape, areas.sizes, areas.count), len(shapes))
    heavy = (vertices > _VERTICES) | (np.bincount(owner, minlength=len(shapes)) > _AREAS)
    light = np.flatnonzero(~heavy)
    chosen = np.flatnonzero(~heavy[owner])
    found: list[Arrangement | Pieces | None] = [None] * len(shapes)
    some = arrange(outlines.taken(light), sizes[light], areas.taken(chosen), np.searchsorted(light, owner[chosen]))
    for number, arrangement in zip(light.tolist(), some):
        found[number] = arrangement
    for number, shape in enumerate(shapes):
        if found[number] is None:
            mine = areas.taken(np.flatnonzero(owner == number))
            if heavy[number]:
                pieces = _quartered(shape, mine, np.arange(mine.count), _QUARTERINGS)
                found[number] = Pieces(mine.count, list(pieces))
            else:
                found[number] = _by_cells(shape, mine)
    return found


def _quartered(shape: Geometry, areas: Rings, numbers: np.ndarray, turns: int):
    """The arrangements of a site's quarters, or of quarters of these, each with the numbers of the areas it meets."""
    low_x, low_y, high_x, high_y = geometry.bounds(shape)
    middle_x, middle_y = (low_x + high_x) / 2, (low_y + high_y) / 2
    for box in (
        (low_x, low_y, middle_x, middle_y),
        (middle_x, low_y, high_x, middle_y),
        (low_x, middle_y, middle_x, high_y),
        (middle_x, middle_y, high_x, high_y),
    ):
        quarter = geometry.overlap(shape, geometry.box(*box))
        if geometry.is_empty(quarter):
            continue
        west, south, east, north = geometry.bounds(quarter)
        seen = areas.seen_from(np.tile(np.array((west, south, east, north)), (areas.count, 1)))
        there = np.unique(seen.shape)
        seen = seen.taken(there)
        # Areas that lie over one another do not grow fewer by dividing.
        many = seen.count > _AREAS and seen.count < _FEWER * areas.count
        large = many or len(seen.xy) > _VERTICES
        if large and turns and min(east - west, north - south) > _WIDTH_M:
            yield from _quartered(quarter, seen, numbers[there], turns - 1)
            continue
        outline = Rings.of([geometry.to_wkb(quarter)])
        (one,) = arrange(outline, np.array([geometry.area(quarter)]), seen, np.zeros(seen.count, dtype=int))
        yield (_by_cells(quarter, seen) if one is None else one).merged(), numbers[there]


def _by_cells(shape: Geometry, areas: Rings) -> Arrangement:
    """The slow way, for outlines whose order along one another stays in doubt."""
    shapes = areas.polygons()
    return Arrangement.of_cells(geometry.area(shape), *geometry.cells(shape, geometry.polygonal_all(shapes)))
