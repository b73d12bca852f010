"""Fitting a boundary from end to end: layers and sites in, the fitted boundary, its changes and shares out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsRectangle

from .. import paths
from ..domain import geometry
from ..domain.candidate import Candidate, ExistingSite
from ..domain.edge_network import EdgeLayer
from ..domain.edges import EdgeMeter
from ..domain.fitting import FitRules, Fitted, fit
from ..domain.geometry import Geometry
from ..domain.progress import Progress
from ..domain.rounding import DECIMALS, corners, rounded_wkb
from ..domain.sharing import SharedEdges
from .checking import Background, check_candidates
from .edges import EdgeLayer as EdgeSource
from .layers import stream_features
from .measure import ellipsoidal_area_m2
from .wording import finding_json

SCHEMA = "aze-fitting/1"

# What a degree rectangle grows by against rounding on the way through a layer's own reference system.
_MARGIN_DEGREES = 1e-5

# A corner this near to where a site has it is there, and a coordinate this near to seven decimals has no more.
_THERE_M = 1e-3
_GRID_DEGREES = 1e-11


def default_rules() -> FitRules:
    """The rules that the plugin ships."""
    return FitRules.from_dict(paths.load_json("criteria", "aze.json"))


@dataclass(frozen=True)
class ShareChange:
    """One share of a taxon before and after, None where the boundary holds nothing of it; ``status`` as in an
    assessment, and whether the taxon triggers."""

    taxon_id: str
    scientific_name: str
    category: str
    parameter: str
    segment: str
    before: float | None
    after: float | None
    triggers_before: bool
    triggers_after: bool

    def as_json(self) -> dict[str, Any]:
        """A member of ``shares`` in a report."""
        return {
            "taxon_id": self.taxon_id,
            "scientific_name": self.scientific_name,
            "category": self.category,
            "parameter": self.parameter,
            "segment": self.segment,
            "share_before": self.before,
            "share_after": self.after,
            "triggers_before": self.triggers_before,
            "triggers_after": self.triggers_after,
        }


def fit_to_layers(
    boundary: Geometry,
    sources: Sequence[EdgeSource],
    sites: Sequence[ExistingSite],
    rules: FitRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
) -> Fitted:
    """Fit a boundary (EPSG:6933) to layers and neighbouring sites; reads only what lies near. Any thread.

    Raises AzeError ``layer.no_crs`` and what reading the layers raises.
    """
    progress = progress or Progress()
    layers = edges_near(boundary, sources, rules, transform_context, progress.part(0, 0.4))
    return fit(boundary, layers, sites, rules, progress.part(0.4, 1))


def edges_near(
    boundary: Geometry,
    sources: Sequence[EdgeSource],
    rules: FitRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[EdgeLayer]:
    """The geometries of layers that lie within reach of a boundary."""
    extents = EdgeMeter(boundary, rules.tolerance_m * (rules.reach_factor + 1)).extents
    found = []
    for n, source in enumerate(sources):
        step = progress.part(n / len(sources), (n + 1) / len(sources))
        windows = [_grown(w + turn, s, e + turn, n) for w, s, e, n in extents for turn in (0, *source.turns)]
        tables = [
            table.lonlat
            for window in windows
            for table in stream_features(source.snapshot, [], transform_context, step, extent_lonlat=window)
        ]
        found.append(EdgeLayer(source.name, np.concatenate(tables)))
    progress.set(1)
    return found


def with_room(candidates: Sequence[Candidate], rules: FitRules) -> list[Candidate]:
    """Candidates with room round them, to look up the sites with which they may come to share an edge."""
    room = rules.tolerance_m * (rules.reach_factor + 1)
    return [replace(c, geometry=geometry.grown(c.geometry, room)) for c in candidates if c.geometry is not None]


def _grown(west: float, south: float, east: float, north: float) -> QgsRectangle:
    rectangle = QgsRectangle(west, south, east, north)
    rectangle.grow(_MARGIN_DEGREES)
    return rectangle


def compare_shares(
    name: str, before: Geometry, after: Geometry, against: Background, progress: Progress | None = None
) -> list[ShareChange]:
    """Every share of every taxon in a boundary before and after a change (both EPSG:6933), those that can trigger
    first. The check is the one of a candidate, without the land round it."""
    candidates = [Candidate(name, shape, area_ha(shape)) for shape in (before, after)]
    document = check_candidates(candidates, replace(against, survey=None), progress)
    told: dict[tuple[str, str, str], dict[str, Any]] = {}
    for side, assessment in zip(("before", "after"), document["assessments"]):
        for taxon in assessment["species"]:
            for share in taxon["shares"]:
                key = (taxon["taxon_id"], share["parameter"], share["segment"])
                row = told.setdefault(key, {"taxon": taxon})
                row[side] = share["best"]
                row[f"triggers_{side}"] = taxon["trigger"]
    return [
        ShareChange(
            key[0],
            row["taxon"]["scientific_name"],
            row["taxon"]["category"],
            key[1],
            key[2],
            row.get("before"),
            row.get("after"),
            row.get("triggers_before", False),
            row.get("triggers_after", False),
        )
        for key, row in told.items()
    ]


def area_ha(shape: Geometry) -> float:
    """Ellipsoidal area of an EPSG:6933 geometry in hectares."""
    return ellipsoidal_area_m2(geometry.to_lonlat(shape)) / 1e4


def stored_wkb(shape: Geometry, sites: Sequence[ExistingSite] = ()) -> bytes:
    """WGS 84 WKB of a boundary (EPSG:6933), its coordinates exactly those of 1e-7 degrees.

    Corners that lie on the edge of one of the sites, whose coordinates may have more decimals, stay where they are.
    """
    wkb = geometry.to_wkb(geometry.to_lonlat(shape))
    given = corners(wkb)
    lonlat = np.column_stack((given.real, given.imag))
    rounded = np.round(lonlat, DECIMALS)
    edges = SharedEdges(shape, [site.geometry for site in sites if site.geometry is not None])
    placed, owner = edges.placed(geometry.project(rounded))
    off = np.abs(placed - geometry.project(lonlat)).max(axis=1, initial=0)
    kept = (owner >= 0) & (off <= _THERE_M) & (np.abs(rounded - lonlat).max(axis=1, initial=0) > _GRID_DEGREES)
    return rounded_wkb(wkb, keep=given[kept])


def settings_json(rules: FitRules) -> dict[str, Any]:
    """The member ``settings`` of a report."""
    return asdict(rules)


def report_json(name: str, fitted: Fitted, shares: Sequence[ShareChange] | None) -> dict[str, Any]:
    """One member of ``boundaries`` in a report; ``shares`` is None where no library was given."""
    return {
        "name": name,
        "area_before_ha": area_ha(fitted.before),
        "area_after_ha": area_ha(fitted.geometry),
        "moved_m2": fitted.moved_m2,
        "perimeter_m": fitted.perimeter_m,
        "on_edges_share": fitted.on_edges_share,
        "changes": [
            {
                **finding_json(change.finding()),
                "kind": change.kind,
                "subject": change.subject,
                "length_m": change.length_m,
                "area_m2": change.area_m2,
                "vertices": change.vertices,
                "extent": list(change.extent),
            }
            for change in fitted.changes
        ],
        "findings": [finding_json(finding) for finding in fitted.findings],
        "shares": None if shares is None else [row.as_json() for row in shares],
    }
