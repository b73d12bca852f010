"""Rows of range maps made into rows of the library: codes read, geometry repaired and projected."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import numpy as np

from ..domain import geometry
from ..domain.progress import Progress, waited_for
from ..domain.redlist import parse_category
from . import store, values, vector
from .report import RowNote, SourceReport
from .threads import Threads

# A batch is handed on at so many bytes of WKB (about 100,000 vertices) or rows; a few batches are under way at a time.
_BATCH_BYTES = 1_600_000
_BATCH_ROWS = 2_000
_UNDER_WAY = 8
_WRITES_WAITING = 2

_CODES = ("presence", "origin", "seasonal")


class RangeImport:
    """Takes the layers of one dataset into the library. ``known`` maps lower-case names to ids, and is added to."""

    def __init__(self, writer: store.Writer, source_id: int, report: SourceReport, known: dict[str, str]):
        self._writer = writer
        self._source_id = source_id
        self._report = report
        self._known = known
        self._blank = dict.fromkeys(_CODES, 0)
        self._unknown_categories: dict[str, int] = {}
        self._crossing = 0
        self._under_way: list[tuple[list[dict[str, Any]], Future]] = []
        self._writes: list[Future] = []

    def run(self, layers: list[vector.Layer], threads: Threads, progress: Progress) -> None:
        """Read all rows, rejecting what cannot be used. Raises AzeError and Cancelled; then nothing may be kept."""
        total = max(1, sum(layer.count for layer in layers))
        named = layers if len(layers) > 1 else []
        done = 0
        for layer in layers:
            self._report.fields.update(layer.fields)
            lacking = [role for role in _CODES if role not in layer.fields]
            self._report.assumed.extend(role for role in lacking if role not in self._report.assumed)
            label = layer.name if named else ""
            rows: list[dict[str, Any]] = []
            shapes: list[bytearray] = []
            weight = 0
            for row in layer.rows(self._report.path, progress):
                self._report.rows_read += 1
                done += 1
                record = self._record(row, layer, label)
                if record is None:
                    continue
                rows.append(record)
                shapes.append(row.wkb)
                weight += len(row.wkb)
                if weight >= _BATCH_BYTES or len(rows) >= _BATCH_ROWS:
                    self._hand_on(rows, shapes, threads, progress)
                    rows, shapes, weight = [], [], 0
                    progress.set(done / total)
            self._hand_on(rows, shapes, threads, progress)
        while self._under_way:
            self._store_first(threads, progress)
        for write in self._writes:
            waited_for(write, progress)
        self._sum_up()

    def _record(self, row: vector.Row, layer: vector.Layer, label: str) -> dict[str, Any] | None:
        name = values.text(row.values.get("scientific_name"))
        given_id = values.taxon_id(row.values.get("taxon_id"))
        shown = name or given_id

        def reject(code: str, **params) -> None:
            self._report.rejected.append(RowNote(row.number, shown, code, params, label))

        if not name and ("scientific_name" in layer.fields or not given_id):
            return reject("row.name_missing")
        codes: dict[str, int] = {}
        for role in _CODES:
            value = row.values.get(role)
            try:
                code = values.code(role, value) if role in layer.fields else 1
            except ValueError:
                return reject("row.not_a_code", field=layer.fields[role], value=values.text(value))
            if code is None:
                self._blank[role] += 1
                code = 1
            codes[role] = code
        if row.wkb is None:
            return reject(f"row.{row.problem or 'null'}")
        word = values.plain(row.values.get("category"))
        category = parse_category(word)
        if word and category is None:
            self._unknown_categories[word] = self._unknown_categories.get(word, 0) + 1
        subspecies = values.plain(row.values.get("subspecies"))
        subpop = values.plain(row.values.get("subpop"))
        if given_id and name and not (subspecies or subpop):
            self._known.setdefault(name.lower(), given_id)
        return {
            **codes,
            "source_id": self._source_id,
            "row": row.number,
            "layer": layer.name,
            "taxon_id": given_id or self._known.get(name.lower(), name),
            "scientific_name": name,
            "category": category.code if category else "",
            "possibly_extinct": int(bool(category and category.possibly_extinct)),
            "possibly_extinct_in_the_wild": int(bool(category and category.possibly_extinct_in_the_wild)),
            "subspecies": subspecies,
            "subpop": subpop,
            "common_name": values.plain(row.values.get("common_name")),
            "group_name": values.plain(row.values.get("group")),
            "citation": values.plain(row.values.get("citation")),
            "label": label,
        }

    def _hand_on(self, rows: list[dict[str, Any]], shapes: list, threads: Threads, progress: Progress) -> None:
        if rows:
            self._under_way.append((rows, threads.compute.submit(_measurable, shapes)))
        while len(self._under_way) > _UNDER_WAY:
            self._store_first(threads, progress)

    def _store_first(self, threads: Threads, progress: Progress) -> None:
        rows, future = self._under_way.pop(0)
        prepared, blobs, bounds, areas = waited_for(future, progress)
        kept = []
        for i, row in enumerate(rows):
            label = row.pop("label")
            shown = row["scientific_name"] or row["taxon_id"]
            reason = prepared.reasons[i]
            if blobs[i] is None:
                self._report.rejected.append(RowNote(row["row"], shown, f"row.{reason}", {}, label))
                continue
            if prepared.repaired[i]:
                self._report.repaired.append(RowNote(row["row"], shown, "row.repaired", {"fault": reason}, label))
            self._crossing += bool(prepared.crossing[i])
            row["area_m2"] = float(areas[i])
            kept.append(i)
        kept_rows, kept_blobs = [rows[i] for i in kept], [blobs[i] for i in kept]
        self._writes.append(threads.write.submit(self._writer.add_ranges, kept_rows, kept_blobs, bounds[kept]))
        if len(self._writes) > _WRITES_WAITING:
            waited_for(self._writes.pop(0), progress)
        self._report.rows_imported += len(kept)

    def _sum_up(self) -> None:
        notes = self._report.notes
        for role in self._report.assumed:
            notes.append(("import.assumed", {"role": role}))
        for role, count in self._blank.items():
            if count:
                notes.append(("import.blank_code", {"role": role, "count": count}))
        for word, count in sorted(self._unknown_categories.items()):
            notes.append(("import.unknown_category", {"word": word, "count": count}))
        if self._crossing:
            notes.append(("import.crossing", {"count": self._crossing}))
        self._report.rejected.sort(key=lambda note: (note.layer, note.row))


def _measurable(shapes: list[bytearray]) -> tuple[geometry.Prepared, list[bytes | None], np.ndarray, np.ndarray]:
    """Lon/lat WKB repaired and projected: with blobs for the library (None where unusable), bounds and areas."""
    prepared, projected = geometry.prepare_wkb(shapes)
    bounds = geometry.bounds_all(prepared.geometries)
    blobs = [None if wkb is None else store.blob(wkb, box) for wkb, box in zip(projected, bounds.tolist())]
    return prepared, blobs, bounds, geometry.areas(prepared.geometries)
