"""How finely a boundary is drawn: its edges in true metres, its decimals, the map scale that it suits, and whether a
machine drew it.

The scale that the detail suggests is that at which the median edge is half a millimetre long, the least that can be
told apart on a map (Tobler 1987, Measuring spatial resolution): denominator = median edge in mm ÷ 0.5. The median is
taken, as a few long straight edges or a few doubled vertices say nothing of the rest. None of this decides anything:
it is information, and warnings to look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import geometry
from .findings import Finding, info, warning
from .geometry import Geometry, LocalPlane

_MOST_DECIMALS = 15
# Coordinates carry this relative noise from being computed.
_NOISE = 4 * np.finfo(float).eps


@dataclass(frozen=True)
class Detail:
    """Detail of one boundary. Lengths in metres on the ellipsoid; edges along the 180° meridian do not count.

    ``vertices``: without the place that closes each ring; ``decimals``: of the degrees, the most that any coordinate
    needs; ``scale``: denominator of the scale that the detail suggests. Not-a-number and 0 where there are no edges.
    """

    vertices: int
    shortest_m: float
    mean_m: float
    median_m: float
    decimals: int
    scale: float


@dataclass(frozen=True)
class Machine:
    """A shape that was constructed, not drawn after the ground.

    ``kind``: ``circle``, ``rectangle`` or ``hexagon``; ``radius_m``: mean distance of its corners from the middle;
    ``corners``: how many it has; ``lon``, ``lat``: its middle, WGS 84.
    """

    kind: str
    radius_m: float
    corners: int
    lon: float
    lat: float


def detail(lonlat: Geometry, rules: Mapping[str, Any]) -> Detail:
    """Measure a polygonal geometry in WGS 84. ``rules``: parsed ``resources/criteria/boundary.json``."""
    places, ring = geometry.paths(np.array([lonlat], dtype=object))
    same = ring[1:] == ring[:-1]
    starts, ends = places[:-1][same], places[1:][same]
    seam = (np.abs(starts[:, 0]) == 180) & (np.abs(ends[:, 0]) == 180)
    lengths = geometry.ellipsoidal_distances(starts[~seam], ends[~seam])
    lengths = lengths[lengths > 0]
    vertices = len(places) - len(np.unique(ring))
    if not len(lengths):
        return Detail(vertices, math.nan, math.nan, math.nan, decimals(places), 0.0)
    median = float(np.median(lengths))
    legible_m = float(rules["mapping_scale"]["legible_mm"]) / 1000
    return Detail(vertices, float(lengths.min()), float(lengths.mean()), median, decimals(places), median / legible_m)


def decimals(places: np.ndarray) -> int:
    """The fewest decimals with which all coordinates can be written without a change, 15 at most."""
    values = np.abs(np.asarray(places, dtype=float)).ravel()
    for count in range(_MOST_DECIMALS):
        values = values[np.abs(values - np.round(values, count)) > _NOISE * np.maximum(values, 1)]
        if not len(values):
            return count
    return _MOST_DECIMALS


def round_scale(denominator: float) -> int:
    """A scale's denominator as maps have them: one or two digits, then noughts."""
    if not denominator > 0 or not math.isfinite(denominator):
        return 0
    step = 10 ** max(0, math.floor(math.log10(denominator)) - 1)
    return int(round(denominator / step) * step)


def findings(
    lonlat: Geometry, mapping_scale: float, rules: Mapping[str, Any], measured: Detail | None = None
) -> list[Finding]:
    """What is remarkable in the precision of a boundary (WGS 84), for work at a scale of 1 to ``mapping_scale``.

    ``measured``: its detail, where that is known already.

    Codes: ``boundary.placeholder_circle``, ``boundary.machine_rectangle``, ``boundary.machine_hexagon``,
    ``boundary.too_coarse``, ``boundary.too_fine``, ``boundary.few_decimals``. Nothing blocks.
    """
    limits = rules["mapping_scale"]
    found = measured or detail(lonlat, rules)
    said: list[Finding] = []
    drawn = machine(lonlat, rules)
    if drawn is not None:
        code = "placeholder_circle" if drawn.kind == "circle" else f"machine_{drawn.kind}"
        said.append(
            warning(f"boundary.{code}", radius_m=drawn.radius_m, corners=drawn.corners, lon=drawn.lon, lat=drawn.lat)
        )
    params = {
        "median_m": found.median_m,
        "shortest_m": found.shortest_m,
        "scale": round_scale(found.scale),
        "mapping_scale": int(mapping_scale),
    }
    # Of a constructed shape neither edges nor decimals say anything about care.
    if drawn is None and found.scale > limits["coarse_factor"] * mapping_scale:
        said.append(warning("boundary.too_coarse", **params))
    elif drawn is None and 0 < found.scale * limits["fine_factor"] < mapping_scale:
        said.append(info("boundary.too_fine", vertices=found.vertices, **params))
    legible_m = mapping_scale * float(limits["legible_mm"]) / 1000
    # A degree of latitude is 111 km: what is cut off moves a place by up to half a unit of the last decimal.
    step_m = 111_320 * 10.0**-found.decimals
    if drawn is None and found.scale and step_m / 2 > legible_m:
        params = {"decimals": found.decimals, "step_m": step_m, "mapping_scale": int(mapping_scale)}
        said.append(warning("boundary.few_decimals", **params))
    return said


# ------------------------------------------------------------------------------------------------ shapes of machines


def machine(lonlat: Geometry, rules: Mapping[str, Any]) -> Machine | None:
    """Whether the largest part of a boundary (WGS 84) is a circle, a rectangle or a hexagon that a machine drew.

    A circle or hexagon is known by its corners: stretched to the same width every way, they lie at one distance from
    their middle and at equal angles. So those are found too that were drawn in degrees or in a projection that
    stretches. A rectangle has four right angles, in metres or between parallels and meridians. Shapes with holes are
    none of these.
    """
    limits = rules["placeholder"]
    ring = _largest_ring(lonlat)
    if ring is None:
        return None
    middle = ring.mean(axis=0)
    plane = LocalPlane(float(middle[0]), float(middle[1]))
    metres = plane.from_metres(geometry.project(ring))
    kept = _corners(metres, float(limits["straight_tolerance_share"]))
    corners = metres[kept]
    kind = ""
    if len(corners) == 4 and (
        _right_angled(corners, limits["rectangle_tolerance_deg"])
        or _right_angled(ring[kept], limits["rectangle_tolerance_deg"])
    ):
        kind = "rectangle"
    elif len(corners) == 6 and _regular(corners, limits):
        kind = "hexagon"
    elif len(corners) >= limits["least_circle_corners"] and _regular(corners, limits):
        kind = "circle"
    if not kind:
        return None
    centre = corners.mean(axis=0)
    radius = float(np.hypot(*(corners - centre).T).mean())
    lon, lat = geometry.unproject(plane.to_metres(centre[None]))[0]
    return Machine(kind, radius, len(corners), float((lon + 180) % 360 - 180), float(lat))


def _largest_ring(lonlat: Geometry) -> np.ndarray | None:
    """Outline of the largest part, without its last place and without a leap at 180°; None with holes or nothing."""
    prepared = geometry.prepare(np.array([lonlat], dtype=object)).geometries[0]
    if prepared is None:
        return None
    largest = geometry.parts(prepared)[0]
    if geometry.touches_antimeridian(largest):
        largest = geometry.seamless(largest)
    rings = geometry.rings(largest)
    if len(rings) != 1:
        return None
    return geometry.unproject(rings[0][:-1])


def _corners(ring: np.ndarray, tolerance: float) -> np.ndarray:
    """Rows of an open ring where it turns: those that are off the line between their neighbours by more than a share
    of the ring's width, doubled places left out."""
    rows = np.arange(len(ring))
    width = float(np.ptp(ring, axis=0).max())
    while len(rows) > 3:
        places = ring[rows]
        before, after = np.roll(places, 1, axis=0), np.roll(places, -1, axis=0)
        chord = after - before
        reach = np.hypot(*chord.T)
        area = np.abs(chord[:, 0] * (places - before)[:, 1] - chord[:, 1] * (places - before)[:, 0])
        off = np.where(reach > 0, area / np.maximum(reach, 1e-300), np.inf)
        edge = np.minimum(np.hypot(*(places - before).T), np.hypot(*(after - places).T))
        # Circles of many corners bend little at each: what counts there is the bend for the length of the edges.
        flat = (off <= 1e-9 * width) | (off <= tolerance * edge)
        doubled = np.hypot(*(places - before).T) <= 1e-9 * width
        drop = flat | doubled
        # Neighbours are judged by one another, so not both go at once.
        drop &= ~np.roll(drop, 1) | (np.arange(len(rows)) % 2 == 0)
        if not drop.any():
            break
        rows = rows[~drop]
    return rows


def _regular(corners: np.ndarray, limits: Mapping[str, Any]) -> bool:
    """Whether corners become those of a regular polygon when they are stretched to the same width every way."""
    centred = corners - corners.mean(axis=0)
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    if spread[0] <= 1e-12 * spread[1]:
        return False
    round_ = centred @ axes / np.sqrt(spread)
    radius = np.hypot(*round_.T)
    if np.ptp(radius) > 2 * limits["radius_tolerance_share"] * radius.mean():
        return False
    turns = np.angle(np.exp(1j * np.diff(np.unwrap(np.arctan2(round_[:, 1], round_[:, 0])), append=np.nan)))[:-1]
    step = 2 * math.pi / len(corners)
    return bool((np.abs(np.abs(turns) - step) <= limits["angle_tolerance_share"] * step).all())


def _right_angled(corners: np.ndarray, tolerance_deg: float) -> bool:
    sides = np.roll(corners, -1, axis=0) - corners
    heading = np.degrees(np.arctan2(sides[:, 1], sides[:, 0]))
    turn = np.abs((np.roll(heading, -1) - heading + 180) % 360 - 180)
    return bool((np.abs(turn - 90) <= tolerance_deg).all())
