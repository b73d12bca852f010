"""Proposals for a boundary from end to end: a library, a taxon and layers of units in, ranked boundaries out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsRectangle

from .. import paths
from ..domain import geometry
from ..domain.candidate import ExistingSite
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.findings import Finding, Severity, info
from ..domain.progress import Progress
from ..domain.species import Evidence
from ..domain.suggestion import Proposal, Request, Rules, Suggestion, Unit, suggest
from ..library.query import Library
from . import attributes, protection
from .layers import LayerSnapshot, read_features
from .measure import ellipsoidal_area_m2
from .wording import finding_json, text

SCHEMA = "aze-suggestion/1"

# Degrees of room round the taxon's world in which units are read: some of those beyond join parts.
_ROOM = 0.25

# How many names are told that are much like one that is not in the library.
_SIMILAR = 3


@dataclass(frozen=True)
class Background:
    """What proposals are made of and held against.

    ``units``: snapshots of polygon layers. ``sites``: gives the existing ones that meet a lon/lat rectangle, of
    everywhere for None; ``protected``: snapshots of protected-area layers,
    both None where none were given. ``left_out``: names of layers that were given as units and are none.
    """

    library_path: str
    taxon: str
    settings: Settings
    units: Sequence[LayerSnapshot] = ()
    sites: Callable[[QgsRectangle | None, Progress], Sequence[ExistingSite]] | None = None
    protected: Sequence[LayerSnapshot] | None = None
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Suggested:
    """The result in full: what the domain proposes, and what befell the units on their way in."""

    suggestion: Suggestion
    settings: Settings
    findings: tuple[Finding, ...]
    sources: Sequence[dict[str, str]]

    @property
    def rows(self) -> list[tuple[Proposal, dict[str, Any]]]:
        """Each proposal with its fields, the best first."""
        taxon = self.suggestion.evidence.taxon
        return [
            (proposal, _row(rank, proposal, taxon.taxon_id, taxon.scientific_name))
            for rank, proposal in enumerate(self.suggestion.proposals, 1)
        ]

    def as_json(self) -> dict[str, Any]:
        """The ``aze-suggestion/1`` document."""
        found = self.suggestion
        taxon = found.evidence.taxon
        return {
            "schema": SCHEMA,
            "settings": self.settings.as_json(),
            "sources": list(self.sources),
            "taxon_id": taxon.taxon_id,
            "scientific_name": taxon.scientific_name,
            "category": taxon.category,
            "parameter": found.parameter,
            "segment": found.segment,
            "reachable_share": found.reachable_share,
            "units_considered": found.considered,
            "hexagons_considered": found.cells,
            "hexagon_km2": found.cell_km2 or None,
            "proposals": [
                {
                    **row,
                    "unit_names": list(proposal.units),
                    "hexagons": proposal.cells,
                    "trade_off": proposal.trade_off,
                    "also": list(proposal.also),
                    "site_value": proposal.share.site_value,
                    "global_value": proposal.share.global_value,
                    "unit": proposal.share.unit,
                    "extent": geometry.extent_lonlat(proposal.geometry),
                    "findings": [finding_json(f) for f in proposal.findings],
                }
                for proposal, row in self.rows
            ],
            "findings": [finding_json(f) for f in self.findings],
        }


def default_rules() -> Rules:
    """The rules that the plugin ships."""
    return Rules.from_dict(paths.load_json("criteria", "suggestion.json"))


def propose(
    request: Request,
    against: Background,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
) -> Suggested:
    """Make proposals for the taxon that ``against`` names, by id or scientific name.

    Raises AzeError ``library.no_such_taxon``, those of ``domain.suggestion.suggest`` and those of reading layers.
    """
    progress = progress or Progress()
    with Library.open(against.library_path) as library:
        evidence = library.evidence_for(taxon_id(library, against.taxon), against.settings)
        window = _window(evidence, request)
        units, findings = read_units(against.units, window, transform_context, progress.part(0, 0.2))
        sites, protected = None, None
        if against.sites is not None:
            sites = against.sites(extent_of(window, [u.geometry for u in units]), progress.part(0.2, 0.25))
        if against.protected is not None:
            protected = _protected(against.protected, window, transform_context, progress.part(0.25, 0.3))
        found = suggest(
            evidence,
            units,
            request,
            against.settings,
            default_rules(),
            sites,
            protected,
            progress.part(0.3, 1),
        )
        findings += [info("suggestion.layer_left_out", source=name) for name in against.left_out]
        sources = library.sources_of([evidence.taxon.taxon_id], against.settings)
    progress.set(1)
    return Suggested(found, against.settings, (*findings, *found.findings), sources)


def taxon_id(library: Library, wanted: str) -> str:
    """The id of a taxon given by id or by scientific name, in any letter case.

    A species wins over a subspecies of the same name. Raises AzeError ``library.no_such_taxon``, or
    ``library.similar_taxa`` where the library has names much like it.
    """
    wanted = " ".join(wanted.split())
    taxa = library.taxa()
    if any(taxon.taxon_id == wanted for taxon in taxa):
        return wanted
    named = [taxon for taxon in taxa if taxon.scientific_name.lower() == wanted.lower()]
    if not wanted or not named:
        near = get_close_matches(wanted.lower(), {t.scientific_name.lower(): t for t in taxa}, _SIMILAR, 0.8)
        names = [t.scientific_name for t in taxa if t.scientific_name.lower() in near]
        code = "library.similar_taxa" if names else "library.no_such_taxon"
        raise AzeError(code, taxon=wanted, file=library.path, similar_taxa=list(dict.fromkeys(names)))
    return min(named, key=lambda taxon: (taxon.rank != "species", taxon.taxon_id)).taxon_id


def _window(evidence: Evidence, request: Request) -> tuple[float, float, float, float] | None:
    """Lon/lat rectangle round all of the taxon's world; None, for everywhere, where it is not known or crosses 180°."""
    boxes = [np.zeros((0, 4))]
    if evidence.range:
        boxes += [geometry.bounds_all(np.array([row.geometry], dtype=object)) for row in evidence.range.rows]
    if evidence.records:
        boxes.append(np.hstack((evidence.records.metres, evidence.records.metres)))
    boxes = np.concatenate(boxes)
    if not len(boxes) or (evidence.habitats and request.parameter in ("", "esh")):
        return None
    corners = np.array([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    (west, south), (east, north) = geometry.unproject(corners)
    room = max(_ROOM, (east - west) / 2, (north - south) / 2)
    if west - room < -180 or east + room > 180:
        return None
    return west - room, max(-90.0, south - room), east + room, min(90.0, north + room)


def extent_of(
    window: tuple[float, float, float, float] | None, shapes: Sequence[geometry.Geometry]
) -> QgsRectangle | None:
    """A lon/lat rectangle round a window and shapes (EPSG:6933); None, for everywhere, without a window."""
    if window is None:
        return None
    extent = QgsRectangle(*window)
    if shapes:
        boxes = geometry.bounds_all(np.array([*shapes, None], dtype=object)[:-1])
        corners = np.array([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
        (west, south), (east, north) = geometry.unproject(corners)
        extent.combineExtentWith(QgsRectangle(west, south, east, north))
    return extent


def read_units(
    snapshots: Sequence[LayerSnapshot],
    window: tuple[float, float, float, float] | None,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> tuple[list[Unit], list[Finding]]:
    """The units of polygon layers in a lon/lat window, each by its name, and what befell them on their way in."""
    units: list[Unit] = []
    repaired = unusable = 0
    for n, snapshot in enumerate(snapshots):
        step = progress.part(n / len(snapshots), (n + 1) / len(snapshots))
        columns = {section: attributes.columns_of(snapshot, section)["name"] for section in ("sites", "protected")}
        fields = snapshot.fields().names()
        by_name = [f for f in fields if f.lower() == "name"]
        names = list(dict.fromkeys([*columns["protected"], *columns["sites"], *by_name]))
        extent = QgsRectangle(*window) if window else None
        table = read_features(snapshot, names, transform_context, step, extent)
        prepared = table.prepared()
        given = attributes.first(table, names)
        for fid, name, shape in zip(table.fids, given, prepared.geometries):
            if shape is None:
                unusable += 1
            else:
                units.append(Unit(attributes.text(name) or f"{table.source} {fid}", shape))
        repaired += int(prepared.repaired.sum())
    findings = []
    if repaired:
        findings.append(info("suggestion.units_repaired", count=repaired))
    if unusable:
        findings.append(info("suggestion.units_unusable", count=unusable))
    return units, findings


def _protected(
    snapshots: Sequence[LayerSnapshot],
    window: tuple[float, float, float, float] | None,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[geometry.Geometry]:
    extent = window or (-180.0, -90.0, 180.0, 90.0)
    found = protection.areas_near(extent, snapshots, protection.default_rules(), transform_context, progress)
    return [shape for _, shape in found]


def _reason(findings: Sequence[Finding]) -> str:
    """Sentences in one: why, then the warnings, then the rest, as a shapefile keeps the first 254 characters only."""
    first, *others = findings
    others.sort(key=lambda finding: finding.severity is Severity.INFO)
    return " ".join(text(f.code, f.params) for f in (first, *others))


def _row(rank: int, proposal: Proposal, identifier: str, name: str) -> dict[str, Any]:
    # Units may share a name: parcels of one reserve, for one.
    names = list(dict.fromkeys(proposal.units))
    if proposal.cells:
        names.append(text("suggestion.cells", {"count": proposal.cells}))
    protected = proposal.protected_share
    return {
        "rank": rank,
        "name": text("suggestion.name", {"rank": rank, "taxon": name}),
        "taxon_id": identifier,
        "scientific_name": name,
        "parameter": proposal.share.parameter,
        "segment": proposal.share.segment,
        "share": proposal.share.best,
        "area_ha": ellipsoidal_area_m2(geometry.to_lonlat(proposal.geometry)) / 1e4,
        "units": len(proposal.units) + proposal.cells,
        "unit_names": "; ".join(names),
        "perimeter_km": proposal.perimeter_m / 1000,
        "compactness": proposal.compactness,
        "parts": proposal.parts,
        "protected_pct": None if protected is None else 100 * protected,
        "exact": proposal.exact,
        "bound": proposal.bound,
        "reason": _reason(proposal.findings),
    }
