"""Circles that stand for the boundary of a site that has none.

The rule for them is data: ``placeholder`` in ``resources/criteria/coverage.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import geometry
from .geometry import Geometry

# How much longer than wide a circle may be that was drawn in a projection that is not true to shape.
_STRETCH = 1.25


def may_be_placeholder(boxes: np.ndarray, rule: Mapping[str, Any]) -> np.ndarray:
    """Which of some rectangles (EPSG:6933, shape (n, 4)) can hold a placeholder: a circle fills π/4 of its own.

    A quick look before ``is_placeholder``; rectangles with not-a-number hold none.
    """
    size = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    # Sharp corners of a coarse circle miss its rectangle, and one that leans does not fill it.
    return (size > 0.9 * rule["area_m2"]) & (size < 3 * rule["area_m2"])


def is_placeholder(shape: Geometry, rule: Mapping[str, Any]) -> bool:
    """Whether a site's boundary (EPSG:6933) is only a circle drawn round its point.

    It is one polygon without holes, of the rule's area, with vertices enough, that all lie equally far from the middle:
    in metres, in EPSG:6933, or once it is stretched by at most ``_STRETCH``, as a circle is in another projection.
    """
    return placeholders([shape], rule)[0]


def placeholders(shapes: Sequence[Geometry], rule: Mapping[str, Any]) -> list[bool]:
    """``is_placeholder`` for many at once."""
    known = np.empty(len(shapes), dtype=object)
    known[:] = shapes
    off = np.abs(geometry.areas(known) / rule["area_m2"] - 1)
    found = [False] * len(shapes)
    rings: dict[int, np.ndarray] = {}
    for n in np.flatnonzero(off <= rule["area_tolerance_share"]).tolist():
        if geometry.vertex_count(shapes[n]) > rule["vertices_at_least"]:
            several = geometry.rings(geometry.seamless(shapes[n]))
            if len(several) == 1:
                rings[n] = several[0][:-1]
    if rings:
        middles = geometry.unproject(np.array([ring.mean(axis=0) for ring in rings.values()])).tolist()
        for (n, ring), middle in zip(rings.items(), middles):
            found[n] = _is_circle(ring, middle, rule["radius_tolerance_share"])
    return found


def _is_circle(ring: np.ndarray, middle: Sequence[float], tolerance: float) -> bool:
    """``middle``: longitude and latitude of the ring's."""
    true = _centred(geometry.LocalPlane(*middle).from_metres(ring))
    if _is_round(true, tolerance) or _is_round(_centred(ring), tolerance):
        return True
    spread, axes = np.linalg.eigh(true.T @ true / len(true))
    return 0 < spread[1] <= _STRETCH**2 * spread[0] and _is_round(true @ axes / np.sqrt(spread), tolerance)


def _centred(ring: np.ndarray) -> np.ndarray:
    """The places of an open ring as seen from its centre of area."""
    # Near the origin the differences of products keep their digits.
    here = ring - ring[0]
    there = np.roll(here, -1, axis=0)
    cross = here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1]
    return here - ((here + there) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


def _is_round(centred: np.ndarray, tolerance: float) -> bool:
    radius = np.hypot(*centred.T)
    return bool(np.abs(radius - radius.mean()).max() <= tolerance * radius.mean())
