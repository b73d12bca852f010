"""Candidates, existing sites and the nominator's statements, read from what the user gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateTransformContext, QgsFeatureSource, QgsRectangle, QgsWkbTypes

from .. import paths
from ..domain import geometry
from ..domain.candidate import Candidate, ExistingSite, Statement
from ..domain.errors import AzeError
from ..domain.placeholders import placeholders
from ..domain.progress import Progress
from . import attributes
from .layers import FeatureTable, read_features
from .measure import ellipsoidal_area_m2


def read_candidates(
    source: QgsFeatureSource,
    name_field: str,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[Candidate]:
    """One candidate a feature. The name comes from ``name_field``, else from a field ``name``, else the row's number.

    Fields ``updates_site`` and ``updates_id``, as the panel's candidates have them, name the existing site that a
    candidate is to take the place of, unless a field ``kind`` says that it is none.
    A feature that cannot be a boundary becomes a candidate without geometry and with the reason. Raises AzeError for a
    source of lines or points, without CRS, without features, or without the field asked for.
    """
    found = {
        QgsWkbTypes.GeometryType.LineGeometry: "lines",
        QgsWkbTypes.GeometryType.PointGeometry: "points",
        QgsWkbTypes.GeometryType.NullGeometry: "table",
    }.get(QgsWkbTypes.geometryType(source.wkbType()))
    if found:
        raise AzeError(f"boundary.{found}", source=source.sourceName())
    available = [f.name() for f in source.fields()]
    if name_field and name_field not in available:
        raise AzeError("boundary.field_missing", source=source.sourceName(), field=name_field, available=available)
    chosen = name_field or next((f for f in available if f.lower() == "name"), None)
    by_lower = {f.lower(): f for f in available}
    told = {role: by_lower[role] for role in ("kind", "updates_site", "updates_id") if role in by_lower}
    wanted = list(dict.fromkeys([*([chosen] if chosen else []), *told.values()]))
    table = read_features(source, wanted, transform_context, progress)
    if not len(table):
        raise AzeError("boundary.no_features", source=source.sourceName())
    prepared = table.prepared()
    candidates = []
    for i in range(len(table)):
        given = table.columns[chosen][i] if chosen else None
        shape = prepared.geometries[i]
        candidates.append(
            Candidate(
                name=str(given).strip() if given not in (None, "") else f"{table.source} {i + 1}",
                geometry=shape,
                area_ha=0.0 if shape is None else ellipsoidal_area_m2(geometry.to_lonlat(shape)) / 1e4,
                row=i + 1,
                repaired=bool(prepared.repaired[i]),
                crossing=bool(prepared.crossing[i]) or (shape is not None and geometry.touches_antimeridian(shape)),
                reason=prepared.reasons[i],
                **_updates(table, told, i),
            )
        )
    return candidates


def _updates(table: FeatureTable, told: Mapping[str, str], row: int) -> dict[str, str]:
    """Which existing site a row says that its candidate updates."""
    said = {role: attributes.text(table.columns[column][row]) for role, column in told.items()}
    if said.pop("kind", "update_site") != "update_site":
        return {}
    if "updates_id" in said:
        said["updates_id"] = attributes.identifier(said["updates_id"])
    return said


def with_update(candidate: Candidate, details: Mapping[str, Any]) -> Candidate:
    """The candidate of a nomination, with the site that it updates where only the details name that."""
    if details.get("kind") != "update_site" or candidate.updates_id or candidate.updates_site:
        return candidate
    update, site = (details.get(member) for member in ("update", "site"))
    update, site = (told if isinstance(told, Mapping) else {} for told in (update, site))
    number = attributes.identifier(update.get("site_id") or site.get("sitrecid"))
    return replace(candidate, updates_id=number, updates_site=attributes.text(update.get("site_name")))


def read_sites(
    source: QgsFeatureSource,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    near: list[Candidate] | None = None,
) -> list[ExistingSite]:
    """Existing sites of any schema of the domain, only those near the candidates where these are given."""
    return sites_within(source, transform_context, progress, _extent(near) if near else None)


def sites_within(
    source: QgsFeatureSource,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    extent: QgsRectangle | None,
) -> list[ExistingSite]:
    """Existing sites that meet a lon/lat rectangle; all where it is None."""
    columns = attributes.columns_of(source, "sites")
    wanted = [*columns["site_id"], *columns["name"]]
    table = read_features(source, wanted, transform_context, progress, extent)
    named = attributes.sites(table, columns)
    rule = paths.load_json("criteria", "coverage.json")["placeholder"]
    found = [(named_, shape) for named_, shape in zip(named, table.prepared().geometries) if shape is not None]
    circles = placeholders([shape for _, shape in found], rule)
    return [
        ExistingSite(site_id, name, shape, is_circle) for ((site_id, name), shape), is_circle in zip(found, circles)
    ]


def _extent(candidates: list[Candidate]) -> QgsRectangle | None:
    """Lon/lat rectangle round all candidates; None, for everything, where one crosses 180°."""
    rectangle = QgsRectangle()
    for candidate in candidates:
        if candidate.geometry is None:
            continue
        if candidate.crossing:
            return None
        rectangle.combineExtentWith(QgsRectangle(*geometry.extent_lonlat(candidate.geometry)))
    rectangle.grow(1e-6)
    return rectangle


def read_statements(path: str | Path) -> dict[str, Any]:
    """A statements file (``aze-statements/1``). Raises AzeError for what is not one."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AzeError("statements.unreadable", file=str(path), detail=error.strerror or str(error)) from error
    except ValueError as error:
        raise AzeError("statements.unreadable", file=str(path), detail=str(error)) from error
    check_statements(content, str(path))
    return content


def check_statements(content: Any, file: str) -> None:
    """Raise AzeError ``statements.schema`` unless the content has the shape ``aze-statements/1``."""

    def refuse(detail: str):
        raise AzeError("statements.schema", file=file, detail=detail)

    if not isinstance(content, dict) or content.get("schema") != "aze-statements/1":
        refuse("member “schema” must be “aze-statements/1”")
    candidates = content.get("candidates")
    if not isinstance(candidates, dict):
        refuse("member “candidates” must be an object, by candidate name")
    for name, entry in candidates.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("delineation_rationale", ""), str):
            refuse(f"the entry of “{name}” must be an object, and its rationale a text")
        species = entry.get("species", {})
        if not isinstance(species, dict):
            refuse(f"“species” of “{name}” must be an object, by scientific name")
        for taxon, said in species.items():
            if not isinstance(said, dict) or not all(isinstance(v, str) for v in said.values()):
                refuse(f"what is said of “{taxon}” at “{name}” must be texts")


def statement_for(statements: Mapping[str, Any] | None, name: str) -> Statement:
    """The statement about one candidate; an empty one where nothing was stated."""
    entry = (statements or {}).get("candidates", {}).get(name, {})

    def said(member: str) -> tuple[tuple[str, str], ...]:
        return tuple(
            (taxon, s[member].strip()) for taxon, s in entry.get("species", {}).items() if s.get(member, "").strip()
        )

    return Statement(
        entry.get("delineation_rationale", "").strip(),
        said("evidence_of_presence"),
        said("reintroduction_justification"),
    )
