"""The maps of a nomination: the site with what lies round it, where it is, and what an update changes of it.

Made in any thread from plain geometry; ``services.reporting.maps`` draws them on the main one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..domain import geometry
from ..services.reporting import maps

# Names stand on the map up to so many areas of a kind, in at most so many letters.
_NAMED, _LETTERS = 10, 34
# Room round the site on its own map, as a share of its width and height, beyond what every map leaves.
_ROUND = 0.1
# Degrees round a site on the map that tells where in the world it is.
_FAR = 14.0
# A site wider than this, in degrees, is drawn there by its outline.
_OUTLINED = 3.0
# Parts smaller than this are what rounding of corners leaves along an outline (square metres).
_SLIVER_M2 = 1.0


@dataclass(frozen=True)
class Shape:
    """Something beside the candidate: its name, ``kind`` (``pa``, ``oecm`` or ``site``) and EPSG:6933 geometry."""

    name: str
    kind: str
    geometry: geometry.Geometry


@dataclass(frozen=True)
class SiteMap:
    """What the maps show, geometries in EPSG:6933.

    ``candidate``: the boundary that goes out; ``longitude`` and ``latitude`` its mid-point in degrees; ``gap``: its
    unprotected part, None where there is none or it is not known; ``former``: the boundary that an update replaces.
    ``grid``: the size of the cells that stand for the boundary, empty where it is the boundary itself.
    """

    name: str
    candidate: geometry.Geometry
    longitude: float
    latitude: float
    shapes: Sequence[Shape] = ()
    gap: geometry.Geometry | None = None
    former: geometry.Geometry | None = None
    grid: str = ""

    @property
    def outline(self) -> str:
        """What the outline is, as legends say it."""
        return f"Cells of {self.grid}" if self.grid else "Proposed boundary"


def site(content: SiteMap) -> maps.MapContent:
    """The site with protected areas, what is unprotected of it, and existing sites near it."""
    groups = [
        _named("pa", "Protected area", content),
        _named("oecm", "Other conserved area (OECM)", content),
        maps.Group("gap", "Unprotected part of the site", _drawn(content.gap)),
        _named("site", "Existing site", content),
        maps.Group("subject", content.outline, _drawn(content.candidate)),
    ]
    return maps.MapContent(groups, _grown(geometry.extent_lonlat(content.candidate)))


def locator(content: SiteMap) -> maps.MapContent:
    """Where in the world the site is."""
    west, south, east, north = geometry.extent_lonlat(content.candidate)
    wide = (east - west) % 360
    reach = max(_FAR, 1.5 * max(wide, north - south))
    lon, lat = content.longitude, content.latitude
    groups = [
        maps.Group("subject", "The site", _drawn(content.candidate) if wide > _OUTLINED else []),
        maps.Group("place", "The site", [] if wide > _OUTLINED else [maps.spot("", lon, lat)]),
    ]
    if 2 * reach >= 300:
        focus = [-180.0, -75.0, 180.0, 80.0]
    else:
        focus = [
            _turned(lon - reach),
            max(-85.0, lat - reach / 2),
            _turned(lon + reach),
            min(85.0, lat + reach / 2),
        ]
    return maps.MapContent(groups, focus)


def changes(content: SiteMap) -> maps.MapContent | None:
    """The boundary before and after, with what is gained and lost; None where the one before is not known."""
    if content.former is None:
        return None
    gained, lost = _rest(content.candidate, content.former), _rest(content.former, content.candidate)
    groups = [
        maps.Group("gained", "Gained", gained),
        maps.Group("lost", "Lost", lost),
        maps.Group("former", "Boundary before", _drawn(content.former)),
        maps.Group("subject", "Boundary proposed", _drawn(content.candidate)),
    ]
    extents = [geometry.extent_lonlat(shape) for shape in (content.candidate, content.former)]
    return maps.MapContent(groups, _grown(maps.focus_on(extents)))


def key(content: maps.MapContent) -> str:
    """What the signs of a map stand for, in words."""
    signs = {
        "subject": "bold line",
        "place": "triangle",
        "pa": "green hatching",
        "oecm": "blue hatching",
        "gap": "plain orange",
        "site": "dashed line",
        "former": "dashed line",
        "gained": "blue hatching",
        "lost": "dense orange hatching",
    }
    said = [f"{group.label}: {signs[group.kind]}" for group in content.groups[::-1] if group.shapes]
    return f"{'; '.join(said)}." if said else ""


def _named(kind: str, label: str, content: SiteMap) -> maps.Group:
    own = [shape for shape in content.shapes if shape.kind == kind]
    shapes = [(_short(shape.name), wkb) for shape in own for _, wkb in _drawn(shape.geometry)]
    return maps.Group(kind, label, shapes, len({shape.name for shape in own}) <= _NAMED)


def _drawn(shape: geometry.Geometry | None) -> list[tuple[str, bytes]]:
    """A geometry as a map takes it, in one piece where it crosses 180°: the cut there is none of its boundary."""
    if shape is None or geometry.is_empty(shape):
        return []
    if geometry.touches_antimeridian(shape):
        shape = geometry.seamless(shape)
    return [("", geometry.to_wkb(geometry.to_lonlat(np.array([shape], dtype=object))[0]))]


def _rest(shape: geometry.Geometry, without: geometry.Geometry) -> list[tuple[str, bytes]]:
    rest = geometry.outside(shape, without)
    pieces = [] if geometry.is_empty(rest) else [p for p in geometry.parts(rest) if geometry.area(p) > _SLIVER_M2]
    return _drawn(geometry.dissolve(pieces)) if pieces else []


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1].rstrip()}…"


def _turned(lon: float) -> float:
    return (lon + 180) % 360 - 180


def _grown(extent: Sequence[float]) -> list[float]:
    west, south, east, north = extent
    across, up = _ROUND * ((east - west) % 360), _ROUND * (north - south)
    return [_turned(west - across), max(-90.0, south - up), _turned(east + across), min(90.0, north + up)]
