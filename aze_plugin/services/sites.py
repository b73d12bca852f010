"""Layers of existing sites read row by row, in any schema of the domain: one reader for the list and for reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsExpression, QgsVectorLayer
from qgis.PyQt.QtCore import QMetaType

from .. import paths
from ..domain import geometry
from ..domain.placeholders import may_be_placeholder, placeholders
from ..domain.progress import Progress
from ..domain.sites import (
    HECTARES_PER_KM2,
    UNKNOWN,
    SiteRow,
    aze_status,
    special_place,
)
from . import attributes
from .bulk import Snapshot, Table, feature_tables
from .layers import LayerSnapshot
from .triggers import Trigger, listed_as, parsed


def read_rows(
    snapshot: LayerSnapshot,
    layer: str,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    triggers: Mapping[str, Sequence[Trigger]] | None = None,
) -> list[SiteRow]:
    """All rows of a layer of sites, in its order.

    ``layer``: its id. ``triggers``: trigger species by site id from a table; where it has none for a site, those count
    that a field of the layer names.

    Raises AzeError for a layer without CRS or one that cannot be read to its end.
    """
    columns: dict[str, Sequence[str]] = {}
    for section in ("sites", "site_details", "site_triggers"):
        columns.update(attributes.columns_of(snapshot, section))
    read = snapshot.tables if isinstance(snapshot, Snapshot) else partial(feature_tables, snapshot)
    rows: list[SiteRow] = []
    for table in read(attributes.wanted(columns), transform_context, progress):
        rows += _rows(table, columns, layer, triggers or {}, progress)
    progress.set(1)
    return rows


def _rows(
    table: Table,
    columns: Mapping[str, Sequence[str]],
    layer: str,
    triggers: Mapping[str, Sequence[Trigger]],
    progress: Progress,
) -> list[SiteRow]:
    if not len(table):
        return []
    words = paths.load_json("schemas", "sites.json")
    named = attributes.sites(table, columns)
    said = {role: attributes.first(table, names) for role, names in columns.items()}
    areas, measured = _areas(table, said, progress)
    circles = _circles(table)
    # Few among many rows differ in these.
    statuses: dict[Any, str] = {}
    places: dict[tuple[str, str], str] = {}
    boxes = table.shapes.boxes.tolist()
    rows = []
    for n, (site_id, name) in enumerate(named):
        if n % 512 == 0:
            progress.check()
        iso3, country = attributes.text(said["iso3"][n]), attributes.text(said["country"][n])
        aze = said["aze_status"][n]
        if aze not in statuses:
            statuses[aze] = aze_status(aze, words["aze_status"]) if columns["aze_status"] else UNKNOWN
        species = triggers.get(listed_as(triggers, site_id)) or parsed(said["species"][n])
        if (iso3, country) not in places:
            places[iso3, country] = special_place(iso3, country, words)
        box = boxes[n]
        rows.append(
            SiteRow(
                layer=layer,
                fid=table.fids[n],
                site_id=site_id,
                name=name,
                native_name=attributes.text(said["native_name"][n]),
                country=country,
                iso3=iso3,
                special=places[iso3, country],
                region=attributes.text(said["region"][n]),
                aze=statuses[aze],
                aze_text=attributes.text(aze),
                kba=attributes.text(said["kba_status"][n]) or attributes.text(said["kba_class"][n]),
                area_ha=areas[n],
                area_measured=n in measured,
                extent=None if math.isnan(box[0]) else tuple(box),
                is_circle=n in circles,
                triggers=tuple(trigger.scientific_name for trigger in species),
            )
        )
    return rows


def _areas(table: Table, said: Mapping[str, Sequence[Any]], progress: Progress) -> tuple[list[float | None], set[int]]:
    """Hectares of each row, None where they are not known, and which of them had to be measured.

    What a layer states is taken in its own unit; 0 states nothing.
    """
    areas: list[float | None] = []
    for km2, ha in zip(said["area_km2"], said["area_ha"]):
        square, hectares = attributes.number(km2), attributes.number(ha)
        if square is not None and square > 0:
            areas.append(square * HECTARES_PER_KM2)
        else:
            areas.append(hectares if hectares is not None and hectares > 0 else None)
    unstated = [n for n, area in enumerate(areas) if area is None and table.shapes.kinds[n] == "polygon"]
    for start in range(0, len(unstated), 256):
        progress.check()
        some = unstated[start : start + 256]
        shapes = geometry.prepare(geometry.from_wkb([table.shapes.wkb[n] for n in some])).geometries
        for n, square_metres in zip(some, geometry.areas(shapes).tolist()):
            areas[n] = square_metres / 1e4 if square_metres > 0 else None
    return areas, {n for n in unstated if areas[n] is not None}


def _circles(table: Table) -> set[int]:
    """Rows whose boundary only stands for a site without one."""
    rule = paths.load_json("criteria", "coverage.json")["placeholder"]
    with np.errstate(invalid="ignore"):
        likely = np.flatnonzero(may_be_placeholder(geometry.projected_boxes(table.shapes.boxes), rule))
    # A circle across 180° has a box round the world.
    wide = np.flatnonzero(table.shapes.boxes[:, 2] - table.shapes.boxes[:, 0] > 359)
    rows = [n for n in sorted({*likely.tolist(), *wide.tolist()}) if table.shapes.kinds[n] == "polygon"]
    shapes = geometry.prepare(geometry.from_wkb([table.shapes.wkb[n] for n in rows])).geometries
    sound = [(n, shape) for n, shape in zip(rows, shapes) if shape is not None]
    judged = placeholders([shape for _, shape in sound], rule)
    return {n for (n, _), is_one in zip(sound, judged) if is_one}


def aze_filter(layer: QgsVectorLayer) -> str:
    """A filter by which the provider of a layer of sites gives AZE sites alone; empty where the layer does not tell."""
    names = attributes.columns_of(LayerSnapshot(layer), "site_details")["aze_status"]
    if not names:
        return ""
    kind = layer.fields().field(names[0]).type()
    words: list[Any]
    if kind == QMetaType.Type.Bool:
        # OGR keeps truth as a number.
        words = [1] if layer.providerType() == "ogr" else [True]
    elif kind == QMetaType.Type.QString:
        told = ("confirmed", "true")
        words = [spelt for word in told for spelt in (word, word.capitalize(), word.upper())]
    else:
        words = [1]
    return " OR ".join(QgsExpression.createFieldEqualityExpression(names[0], word) for word in words)
