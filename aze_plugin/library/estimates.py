"""Estimates of populations and other parameters, for the world and for sites, from a CSV file.

Columns: ``scientific_name`` or ``taxon_id``, ``scope`` (global | site), ``site``, ``parameter``, ``segment``, ``min``,
``best``, ``max``, ``year``, ``source``; what else they may be called is in ``resources/schemas/fields.json``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import paths
from ..domain.errors import AzeError
from ..domain.estimates import bounds
from ..domain.fields import resolve
from ..domain.progress import Progress
from ..domain.species import PARAMETERS, SEGMENTS, Estimate
from . import values
from .report import RowNote, SourceReport, seal
from .store import Writer
from .store import estimates as table

_SCOPES = ("global", "site")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_SEPARATORS = ",;\t|"
_NEEDED = (("scientific_name", "taxon_id"), ("parameter",), ("low", "best", "high"))


@dataclass(frozen=True)
class EstimateRow:
    """One row: the taxon as it is named there (id, name or both), and what is estimated; ``site`` for scope site."""

    row: int
    taxon_id: str
    scientific_name: str
    site: str
    estimate: Estimate


def read(path: str, report: SourceReport, progress: Progress) -> Iterator[EstimateRow]:
    """The rows of a file that can be used; the others go into the report, each with its reason.

    Raises AzeError ``library.source_missing``, ``estimates.fields`` or ``library.bad_csv``, which name the file.
    """
    if not os.path.isfile(path):
        raise AzeError("library.source_missing", file=path)
    text = _decoded(Path(path).read_bytes())
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    sections = paths.load_json("schemas", "fields.json")
    try:
        header = next(reader, [])
        fields = resolve(header, sections["estimates"])
        for group in _NEEDED:
            if not set(group) & set(fields):
                raise AzeError("estimates.fields", file=path, lacking=list(group), fields=header[:12] or ["–"])
        report.fields = fields
        columns = {role: header.index(name) for role, name in fields.items()}
        for number, record in enumerate(reader, 1):
            progress.check()
            if not any(cell.strip() for cell in record):
                continue
            report.rows_read += 1
            told = {role: values.text(record[i]) for role, i in columns.items() if i < len(record)}
            try:
                yield _row(number, told, sections["estimate_words"], decimal_comma=separator == ";")
            except AzeError as error:
                shown = told.get("scientific_name") or told.get("taxon_id", "")
                report.rejected.append(RowNote(number, shown, error.code, error.params))
    except csv.Error as error:
        raise AzeError("library.bad_csv", file=path, detail=str(error)) from error


def read_for_check(path: str, progress: Progress) -> list[EstimateRow]:
    """All rows of a file given for one check. Raises AzeError ``estimates.row``, with the first row that cannot be used
    and its reason: a figure that is left out unseen could turn the verdict."""
    report = SourceReport(Path(path).name, "estimates", path, "", "")
    rows = list(read(path, report, progress))
    if report.rejected:
        first = report.rejected[0]
        reason = first.code, first.params
        raise AzeError("estimates.row", file=path, row=first.row, count=len(report.rejected), problem=reason)
    return rows


def run(
    path: str, version: str, citation: str, writer: Writer, known: Mapping[str, str], progress: Progress
) -> SourceReport:
    """Import a file of estimates; what the same file brought before is replaced."""
    path = os.path.realpath(path)
    if not os.path.isfile(path):
        raise AzeError("library.source_missing", file=path)
    report = SourceReport(Path(path).name, "estimates", path, version, citation)
    report.sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    source_id = writer.add_source(report.kind, report.name, path, version, citation)
    rows = list(read(path, report, progress))
    named = [(taxon_of(row, known), row) for row in rows]
    table.add(writer, source_id, named)
    writer.add_namings(source_id, ((taxon_id, row.scientific_name) for taxon_id, row in named))
    report.rows_imported = len(rows)
    seal(writer, source_id, report)
    return report


def taxon_of(row: EstimateRow, known: Mapping[str, str]) -> str:
    """The id by which the library knows the taxon of a row; its name where it has none."""
    return row.taxon_id or known.get(row.scientific_name.lower(), row.scientific_name)


def same_site(one: str, other: str) -> bool:
    """Whether two names are of the same site: letter case and spaces do not matter."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def of_site(rows: Iterable[tuple[str, Estimate]], name: str) -> list[Estimate]:
    """The estimates that bear on one site, of (site, estimate) pairs: those of the world, and its own."""
    return [estimate for site, estimate in rows if estimate.scope == "global" or same_site(site, name)]


def _row(number: int, told: Mapping[str, str], words: Mapping[str, Any], decimal_comma: bool) -> EstimateRow:
    name, taxon_id = told.get("scientific_name", ""), values.taxon_id(told.get("taxon_id"))
    if not (name or taxon_id):
        raise AzeError("row.name_missing")
    site = told.get("site", "")
    scope = _word("scope", told.get("scope") or ("site" if site else "global"), _SCOPES, words)
    if scope == "site" and not site:
        raise AzeError("row.estimate_site_missing")
    parameter = _word("parameter", told.get("parameter", ""), PARAMETERS, words)
    segment = _word("segment", told.get("segment") or "all", SEGMENTS, words)
    given = {role: _number(role, told.get(role, ""), decimal_comma) for role in ("low", "best", "high")}
    low, best, high = bounds(scope, **given)
    year = values.year(told.get("year"))
    return EstimateRow(
        number,
        taxon_id,
        name,
        "" if scope == "global" else site,
        Estimate(scope, parameter, segment, low, best, high, year, told.get("origin", "")),
    )


def _word(role: str, said: str, codes: tuple[str, ...], words: Mapping[str, Mapping[str, str]]) -> str:
    found = re.sub(r"[\s\-]+", "_", said.strip().lower())
    found = words.get(role, {}).get(found, found)
    if found not in codes:
        raise AzeError("row.estimate_word", field=role, value=said, words=list(codes))
    return found


def _number(role: str, said: str, decimal_comma: bool) -> float | None:
    bare = re.sub(r"[\s\u00a0\u202f'’]", "", said)
    if not bare:
        return None
    if decimal_comma:
        bare = bare.replace(".", "").replace(",", ".") if "," in bare else bare
    elif _THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        number = float(bare)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise AzeError("row.estimate_number", field=role, value=said)
    return number


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
