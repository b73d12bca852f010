"""A project's footprint against existing sites: inside one, overlapping one, or how far from it.

Distances are the shortest on the ellipsoid, between shapes as they were drawn. What has no area overlaps in metres or
points, never in hectares. Bands and tolerances are data, in ``resources/criteria/screening.json``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import geometry
from .geometry import Drawn, Geometry
from .progress import Progress

INSIDE, OVERLAPS, WITHIN = "inside", "overlaps", "within"


@dataclass(frozen=True)
class ScreeningRules:
    """See ``resources/criteria/screening.json``.

    ``bands_km``: rising; what is farther than the last is not listed. ``overlap_tolerance_m2``,
    ``length_tolerance_m``: what shapes may have in common, or stick out, by rounding.
    """

    bands_km: tuple[float, ...]
    overlap_tolerance_m2: float
    length_tolerance_m: float
    placeholder_uncertainty_m: float
    report_rows: int
    guidance: Mapping[str, str]

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> ScreeningRules:
        """Rules from the parsed file."""
        return cls(
            tuple(sorted(rules["bands_km"])),
            float(rules["overlap_tolerance_m2"]),
            float(rules["length_tolerance_m"]),
            float(rules["placeholder_uncertainty_m"]),
            int(rules["report_rows"]),
            dict(rules["guidance"]),
        )

    def band_km(self, distance_m: float) -> float | None:
        """The smallest band that holds a distance; None beyond the last."""
        return next((band for band in self.bands_km if distance_m <= 1000 * band), None)


@dataclass(frozen=True)
class Part:
    """One feature of a footprint.

    ``number``: from 1, in the order of its layer. ``reason``: why nothing of it can be screened, or what was wrong with
    it where it was ``repaired``, as ``geometry.Prepared`` has it. ``m2``, ``metres``, ``points``: its size by
    dimension, None where it has nothing of that.
    """

    number: int
    fid: int
    name: str
    usable: bool
    repaired: bool = False
    reason: str = ""
    m2: float | None = None
    metres: float | None = None
    points: int | None = None


@dataclass(frozen=True)
class ScreenedSite:
    """A site that a footprint is held against.

    ``geometry``: EPSG:6933, None where there is none to measure, which ``reason`` explains. ``is_circle``: it is drawn
    as a circle in want of a boundary. ``aze``: what its layer says of its AZE status, as ``domain.sites`` has it.
    """

    fid: int
    site_id: str
    name: str
    iso3: str
    geometry: Geometry | None
    is_circle: bool = False
    aze: str = ""
    repaired: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Hit:
    """One feature of the footprint and one site that it lies in or near; both by their place in the lists.

    ``relation``: ``inside`` (all of the feature), ``overlaps`` (a part of it) or ``within`` a band. ``distance_m``: 0
    for the first two. ``overlap_ha``, ``overlap_km``, ``points_inside``: None where the feature has no areas, no lines
    or no points. ``part_share``: of the feature, by the highest dimension that it has; ``site_share``: of the site's
    area, None for what has none. ``band_km``: for ``within`` alone.
    """

    part: int
    site: int
    relation: str
    distance_m: float
    band_km: float | None = None
    overlap_ha: float | None = None
    overlap_km: float | None = None
    points_inside: int | None = None
    part_share: float | None = None
    site_share: float | None = None


@dataclass(frozen=True)
class Nearest:
    """The site nearest to a feature, however far, and the distance in metres, 0 for one that it meets."""

    part: int
    site: int
    distance_m: float


def screen(
    shapes: Drawn, sites: Sequence[Geometry | None], rules: ScreeningRules, progress: Progress | None = None
) -> tuple[list[Hit], list[Nearest]]:
    """What lies in, over or near which site, nearest first, and the nearest site of each feature that can be measured.

    ``shapes``: those of the features; ``sites``: EPSG:6933, valid and polygonal, None for what cannot be measured.
    """
    progress = progress or Progress()
    areas = np.empty(len(sites), dtype=object)
    areas[:] = list(sites)
    hits, meeting = _meeting(shapes, areas, rules, progress.part(0, 0.3))
    nearness = geometry.Nearness(areas)
    progress.set(0.5)
    near = nearness.within(shapes, 1000 * rules.bands_km[-1], progress.check)
    progress.set(0.8)
    for part, site, metres in zip(near.shapes.tolist(), near.areas.tolist(), near.metres.tolist()):
        if (part, site) not in meeting:
            hits.append(_beside(shapes, part, site, metres, rules))
    hits.sort(key=lambda hit: (hit.part, hit.distance_m, (INSIDE, OVERLAPS, WITHIN).index(hit.relation), hit.site))
    nearest: dict[int, Nearest] = {}
    for hit in hits:
        nearest.setdefault(hit.part, Nearest(hit.part, hit.site, hit.distance_m))
    others = np.array([n for n in np.flatnonzero(shapes.usable) if n not in nearest], dtype=int)
    if len(others):
        far = nearness.nearest(_some(shapes, others), progress.check)
        for n, site, metres in zip(far.shapes.tolist(), far.areas.tolist(), far.metres.tolist()):
            part = int(others[n])
            nearest[part] = Nearest(part, site, metres)
    progress.set(1)
    return hits, [nearest[part] for part in sorted(nearest)]


def _meeting(
    shapes: Drawn, areas: np.ndarray, rules: ScreeningRules, progress: Progress
) -> tuple[list[Hit], set[tuple[int, int]]]:
    """The pairs that have something in common but an edge."""
    common = geometry.in_common(shapes, geometry.BoundaryIndex(list(areas)), progress.check)
    whole = geometry.sizes(shapes)
    tolerance = np.array([rules.overlap_tolerance_m2, rules.length_tolerance_m, 0.5])
    inside_m2 = geometry.areas(areas)
    hits, meeting = [], set()
    parts = zip(
        common.shapes.tolist(), common.areas.tolist(), np.column_stack((common.m2, common.metres, common.points))
    )
    for part, site, shared in parts:
        size = whole[part]
        there = ~np.isnan(size)
        if not (shared[there] > tolerance[there]).any():
            continue
        meeting.add((part, site))
        # What is smaller than the tolerance is inside where all of it is.
        missing = (size - shared)[there]
        inside = bool((missing <= np.maximum(tolerance[there], 1e-9 * size[there])).all())
        first = int(np.argmax(there))
        hits.append(
            Hit(
                part,
                site,
                INSIDE if inside else OVERLAPS,
                0.0,
                overlap_ha=_known(shared[0], 1e-4),
                overlap_km=_known(shared[1], 1e-3),
                points_inside=None if math.isnan(shared[2]) else int(shared[2]),
                part_share=min(1.0, float(shared[first] / size[first])) if size[first] else None,
                site_share=None if math.isnan(shared[0]) else min(1.0, float(shared[0] / inside_m2[site])),
            )
        )
    return hits, meeting


def _beside(shapes: Drawn, part: int, site: int, metres: float, rules: ScreeningRules) -> Hit:
    has = [of[part] is not None for of in (shapes.areas, shapes.lines, shapes.points)]
    return Hit(
        part,
        site,
        WITHIN,
        metres,
        rules.band_km(metres),
        overlap_ha=0.0 if has[0] else None,
        overlap_km=0.0 if has[1] else None,
        points_inside=0 if has[2] else None,
        part_share=0.0,
        site_share=0.0 if has[0] else None,
    )


def _known(value: float, unit: float) -> float | None:
    return None if math.isnan(value) else float(value * unit)


def _some(shapes: Drawn, rows: np.ndarray) -> Drawn:
    return Drawn(
        shapes.areas[rows],
        shapes.lines[rows],
        shapes.points[rows],
        shapes.repaired[rows],
        [shapes.reasons[n] for n in rows],
    )


def together(shapes: Drawn, hits: Sequence[Hit], sites: Sequence[Geometry | None]) -> list[Hit]:
    """The weightiest hit of each site, as ``closest_by_site`` has them, where several features meet a site with what
    all of them as one have in common with it."""
    meeting: dict[int, list[int]] = {}
    for hit in hits:
        if hit.relation != WITHIN:
            meeting.setdefault(hit.site, []).append(hit.part)
    found = []
    for hit in closest_by_site(hits):
        parts, site = meeting.get(hit.site, ()), sites[hit.site]
        if len(parts) > 1 and site is not None:
            m2, metres, points = geometry.in_common_together(shapes, np.array(parts), site).tolist()
            hit = replace(
                hit,
                overlap_ha=_known(m2, 1e-4),
                overlap_km=_known(metres, 1e-3),
                points_inside=None if math.isnan(points) else int(points),
                site_share=None if math.isnan(m2) else min(1.0, m2 / geometry.area(site)),
            )
        found.append(hit)
    return found


def closest_by_site(hits: Sequence[Hit]) -> list[Hit]:
    """The weightiest hit of each site: inside before overlaps before the nearest; the sites in that order too."""

    def rank(hit: Hit) -> tuple:
        return (INSIDE, OVERLAPS, WITHIN).index(hit.relation), hit.distance_m, -(hit.part_share or 0.0), hit.part

    best: dict[int, Hit] = {}
    for hit in hits:
        if hit.site not in best or rank(hit) < rank(best[hit.site]):
            best[hit.site] = hit
    return sorted(best.values(), key=lambda hit: (rank(hit)[:2], hit.site))
