"""SQL about assessments: which lists a library holds, and what each says of its taxa."""

from __future__ import annotations

import sqlite3

from .reader import Reader


def authorities(reader: Reader) -> list[str]:
    """Names of the national lists, in alphabetical order."""
    return [row[0] for row in reader.rows("SELECT DISTINCT authority FROM assessment WHERE authority <> '' ORDER BY 1")]


def of_list(reader: Reader, authority: str) -> list[sqlite3.Row]:
    """A national list's assessments, the best of each taxon last."""
    return reader.rows(
        "SELECT taxon_id, category, criteria, year, possibly_extinct, possibly_extinct_in_the_wild FROM assessment "
        "WHERE authority = ? ORDER BY taxon_id, coalesce(year, 0), date, source_id, row",
        authority,
    )


def global_dates(reader: Reader) -> dict[str, str]:
    """Date (``YYYY-MM-DD`` or ``""``) of the global assessment that counts for each taxon, by taxon id."""
    return dict(
        tuple(row)
        for row in reader.rows(
            "SELECT taxon_id, date FROM assessment WHERE is_global = 1 AND authority = '' "
            "ORDER BY taxon_id, coalesce(year, 0), date, source_id, row"
        )
    )
