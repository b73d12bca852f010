"""The report of an import as the contract has it, its codes with their sentences."""

from __future__ import annotations

from typing import Any

from ..library.report import SCHEMA, ImportReport, RowNote, SourceReport
from .wording import text


def report_json(report: ImportReport) -> dict[str, Any]:
    """The ``aze-import/1`` document of an import."""
    return {
        "schema": SCHEMA,
        "library": report.library,
        "sources": [_source(source) for source in report.sources],
        "taxa": report.taxa,
    }


def _source(source: SourceReport) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "version": source.version,
        "citation": source.citation,
        "sha256": source.sha256,
        "rows_read": source.rows_read,
        "rows_imported": source.rows_imported,
        "rows_rejected": source.rows_rejected,
        "rows_repaired": source.rows_repaired,
        "fields": source.fields,
        "assumed": source.assumed,
        # By code, of all rows: of very many with one reason not every one is listed.
        "rejections": dict(source.rejections()),
        "rejected": [_row(note) for note in source.rejected],
        "repaired": [_row(note) for note in source.repaired],
        "notes": [{"code": code, "message": text(code, params), "params": params} for code, params in source.notes],
    }


def _row(note: RowNote) -> dict[str, Any]:
    row = {"row": note.row, "taxon": note.taxon, "code": note.code, "reason": text(note.code, note.params)}
    return {**row, "layer": note.layer} if note.layer else row
