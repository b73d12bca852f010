"""What would complete the protection of sites, from end to end: measured cover and layers in, plain data out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsCoordinateTransformContext

from .. import paths
from ..domain import geometry
from ..domain.completing import Aside, Completing, Limits, Surroundings, completing
from ..domain.coverage import ProtectedArea, SiteCoverage
from ..domain.progress import Progress
from .layers import LayerSnapshot
from .protection import AreaRow, CoverageResult, rows_near
from .suggesting import read_units


def limits() -> Limits:
    """The limits that the plugin ships."""
    return Limits.from_dict(paths.load_json("criteria", "completing.json"))


def advise(
    result: CoverageResult,
    protected: Sequence[LayerSnapshot],
    units: Sequence[LayerSnapshot],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[dict[str, Any] | None]:
    """For each site of a result with gaps what it lacks, as ``completing`` of an ``aze-coverage/1`` file; None where
    its cover could not be assessed.

    The layers are looked up site by site: for a few sites that is quick, for very many it is not. ``units``: layers of
    management units, none for leaving them out.
    """
    ours = limits()
    found = []
    for number, cover in enumerate(result.covers):
        step = progress.part(number / len(result.covers), (number + 1) / len(result.covers))
        step.set(0)
        around = Surroundings()
        if cover.both_pct is not None:
            around = _around(cover, result, protected, units, ours, transform_context, step.part(0, 0.6))
        found.append(_as_json(completing(cover, around, result.rules, ours, step.part(0.6, 1)), cover))
    return found


def _around(
    cover: SiteCoverage,
    result: CoverageResult,
    protected: Sequence[LayerSnapshot],
    units: Sequence[LayerSnapshot],
    ours: Limits,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> Surroundings:
    west, south, east, north = _window(geometry.extent_lonlat(cover.site.geometry), ours.reach_degrees)
    rows = rows_near((west, south, east, north), protected, result.rules, transform_context, progress.part(0, 0.7))
    # Units have no windows across 180°: there all of them are read.
    window = (west, south, east, north) if west <= east else None
    found = read_units(units, window, transform_context, progress.part(0.7, 1))[0] if units else []
    return Surroundings(
        [(row.area, row.shape) for row in rows if row.reason is None and row.shape is not None],
        [aside for row in rows if row.reason is not None for aside in _aside(row)],
        [(unit.name, unit.geometry) for unit in found],
    )


def _window(extent: Sequence[float], room: float) -> tuple[float, float, float, float]:
    """An extent with room round it; west > east where it crosses 180°."""
    west, south, east, north = extent
    width = (east - west) % 360 + 2 * room
    west = -180.0 if width >= 360 else west - room
    east = 180.0 if width >= 360 else east + room
    if width < 360:
        west, east = (v + 360 if v < -180 else v - 360 if v > 180 else v for v in (west, east))
    return west, max(-90.0, south - room), east, min(90.0, north + room)


def _aside(row: AreaRow) -> list[Aside]:
    """A row that does not count: its shape, or for points circles of the reported area that they share, or places."""
    if row.shape is not None:
        return [Aside(row.area, row.reason, row.shape)]
    if row.points is None:
        return []
    size = (row.area.reported_km2 or 0.0) * 1e6 / len(row.points)
    places = [(float(lon), float(lat)) for lon, lat in row.points]
    if size <= 0:
        return [Aside(row.area, row.reason, None, place=place) for place in places]
    return [Aside(row.area, row.reason, geometry.geodesic_circle(*place, size), True, place) for place in places]


def _as_json(found: Completing | None, cover: SiteCoverage) -> dict[str, Any] | None:
    if found is None:
        return None

    def hectares(pct: float) -> float:
        return cover.site.area_ha * pct / 100

    return {
        "target_pct": found.target_pct,
        "needed_pct": found.needed_pct,
        "needed_ha": hectares(found.needed_pct),
        "parts": [
            {
                "pct": part.pct,
                "area_ha": hectares(part.pct),
                "cumulative_pct": part.cumulative_pct,
                "extent": list(part.extent),
                "neighbours": [{**_named(n.area), "edge_m": n.edge_m} for n in part.neighbours],
            }
            for part in found.parts
        ],
        "part_count": found.part_count,
        "parts_needed": found.parts_needed,
        "uncounted": [
            {
                **_named(one.area),
                "reason": one.reason,
                "adds_pct": one.adds_pct,
                "adds_ha": None if one.adds_pct is None else hectares(one.adds_pct),
                "estimate": one.is_estimate,
                "extent": list(one.extent),
            }
            for one in found.uncounted
        ],
        "uncounted_count": found.uncounted_count,
        "uncounted_pct": found.uncounted_pct,
        "units": [
            {
                "name": unit.name,
                "adds_pct": unit.adds_pct,
                "adds_ha": hectares(unit.adds_pct),
                "cumulative_pct": unit.cumulative_pct,
                "extent": list(unit.extent),
            }
            for unit in found.units
        ],
        "units_needed": found.units_needed,
    }


def _named(area: ProtectedArea) -> dict[str, Any]:
    return {
        "id": area.area_id,
        "name": area.name,
        "designation": area.designations[0] if area.designations else "",
        "status": area.status or "",
        "kind": area.kind,
    }
