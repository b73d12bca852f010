"""Estimates in the library's file."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...domain.species import Estimate
from .reader import Reader
from .schema import ESTIMATE_COLUMNS
from .writer import Writer

_OF_ESTIMATE = ("scope", "parameter", "segment", "low", "best", "high", "year", "origin")


def add(writer: Writer, source_id: int, rows: Iterable[tuple[str, object]]) -> None:
    """Add (taxon_id, EstimateRow) pairs."""
    places = ", ".join("?" * len(ESTIMATE_COLUMNS))
    writer.many(
        f"INSERT INTO estimate ({', '.join(ESTIMATE_COLUMNS)}) VALUES ({places})",
        (
            (
                source_id,
                row.row,
                taxon_id,
                row.estimate.scope,
                row.site,
                row.estimate.parameter,
                row.estimate.segment,
                row.estimate.low,
                row.estimate.best,
                row.estimate.high,
                row.estimate.year,
                row.estimate.origin,
            )
            for taxon_id, row in rows
        ),
    )


def of_taxa(reader: Reader, taxon_ids: Iterable[str]) -> dict[str, list[tuple[str, Estimate]]]:
    """(site, estimate) of each taxon, the newest last: by year, then by the order of import."""
    found: dict[str, list[tuple[str, Estimate]]] = {}
    for row in reader.rows(
        "SELECT * FROM estimate WHERE taxon_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY coalesce(year, 0), source_id, row",
        json.dumps(list(taxon_ids)),
    ):
        estimate = Estimate(
            *(row[c] for c in ("scope", "parameter", "segment", "low", "best", "high", "year", "origin"))
        )
        found.setdefault(row["taxon_id"], []).append((row["site"], estimate))
    return found


def sites(reader: Reader) -> list[tuple[str, str]]:
    """Taxon id and site of each pair that an estimate speaks of."""
    return [
        (row["taxon_id"], row["site"])
        for row in reader.rows("SELECT DISTINCT taxon_id, site FROM estimate WHERE scope = 'site' ORDER BY 1, 2")
    ]
