"""Queries of a library that is only read."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence

from ...domain.errors import AzeError
from .files import check_address, connect, require_library, sqlite_errors


class Reader:
    """Queries of a library that is only read."""

    def __init__(self, address: str):
        self.path = check_address(address)
        if not os.path.isfile(self.path):
            raise AzeError("library.missing", file=self.path)
        with sqlite_errors(self.path):
            # A killed import leaves a journal behind: undoing it needs a connection that may write.
            self._connection = connect(self.path, "rw" if os.access(self.path, os.W_OK) else "ro")
            try:
                self._connection.execute("PRAGMA query_only = ON")
                self._connection.row_factory = sqlite3.Row
                require_library(self._connection, self.path)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows_near(
        self,
        boxes: Sequence[Sequence[float]],
        presence: Sequence[int],
        historic: Sequence[int],
        historic_categories: Sequence[str],
        origin: Sequence[int],
    ) -> list[sqlite3.Row]:
        """Range rows that pass the filters and whose rectangle meets one of the boxes (EPSG:6933).

        ``historic`` are the presence codes for taxa of ``historic_categories``, ``presence`` those for all others.
        """
        return self.rows(
            "SELECT r.taxon_id, r.presence, r.origin, r.seasonal, r.geom "
            # CROSS JOIN holds SQLite to this order: the R-tree first, whatever it thinks of the sizes of the tables.
            "FROM (SELECT DISTINCT i.id FROM json_each(?) AS b CROSS JOIN rtree_range_geom AS i "
            "ON i.minx <= json_extract(b.value, '$[2]') AND i.maxx >= json_extract(b.value, '$[0]') "
            "AND i.miny <= json_extract(b.value, '$[3]') AND i.maxy >= json_extract(b.value, '$[1]')) AS near "
            'CROSS JOIN "range" AS r ON r.fid = near.id CROSS JOIN taxon AS t ON t.taxon_id = r.taxon_id '
            "WHERE r.origin IN (SELECT value FROM json_each(?)) AND r.presence IN (SELECT value FROM json_each("
            "CASE WHEN t.category IN (SELECT value FROM json_each(?)) THEN ? ELSE ? END))",
            json.dumps([list(map(float, box)) for box in boxes]),
            json.dumps(list(origin)),
            json.dumps(list(historic_categories)),
            json.dumps(list(historic)),
            json.dumps(list(presence)),
        )

    def rows_of(self, taxon_id: str) -> list[sqlite3.Row]:
        """All range rows of a taxon, with geometry."""
        return self.rows(
            'SELECT fid, source_id, row, presence, origin, seasonal, area_m2, geom FROM "range" '
            "WHERE taxon_id = ? ORDER BY fid",
            taxon_id,
        )

    def taxon(self, taxon_id: str) -> sqlite3.Row | None:
        """A taxon by its id."""
        found = self.rows("SELECT * FROM taxon WHERE taxon_id = ?", taxon_id)
        return found[0] if found else None

    def taxa_of(self, taxon_ids: Iterable[str]) -> list[sqlite3.Row]:
        """Taxa by their ids, in the order of the ids."""
        return self.rows(
            "SELECT * FROM taxon WHERE taxon_id IN (SELECT value FROM json_each(?)) ORDER BY taxon_id",
            json.dumps(sorted(taxon_ids)),
        )

    def range_codes(self, taxon_ids: Iterable[str]) -> list[sqlite3.Row]:
        """Numbers of range rows by taxon_id, presence, origin and the name and version of their source."""
        return self.rows(
            "SELECT r.taxon_id, r.presence, r.origin, s.name, s.version, count(*) AS count "
            'FROM "range" AS r INDEXED BY range_taxon JOIN source AS s ON s.source_id = r.source_id '
            "WHERE r.taxon_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3, r.source_id ORDER BY r.source_id",
            json.dumps(sorted(taxon_ids)),
        )

    def source_kinds(self, taxon_ids: Iterable[str], authority: str = "") -> list[sqlite3.Row]:
        """Taxon_id, kind, name and version of every source other than range maps that speaks of the taxa; of
        assessments those of the list that counts, ``""`` being the global one."""
        return self.rows(
            "SELECT DISTINCT t.taxon_id, s.kind, s.name, s.version, s.source_id FROM ("
            "SELECT taxon_id, source_id FROM naming WHERE taxon_id IN (SELECT value FROM json_each(?1)) UNION ALL "
            "SELECT taxon_id, source_id FROM assessment WHERE taxon_id IN (SELECT value FROM json_each(?1)) "
            "AND authority = ?2) AS t "
            "JOIN source AS s ON s.source_id = t.source_id ORDER BY s.source_id",
            json.dumps(sorted(taxon_ids)),
            authority,
        )

    def names(self) -> dict[str, str]:
        """Lower-case scientific name to taxon id, of species; of those that share a name one that has an id."""
        return {
            row["scientific_name"].lower(): row["taxon_id"]
            for row in self.rows(
                "SELECT taxon_id, scientific_name FROM taxon WHERE rank = 'species' "
                "ORDER BY taxon_id <> scientific_name, taxon_id DESC"
            )
        }

    def taxa(self) -> list[sqlite3.Row]:
        """All taxa, by name."""
        return self.rows("SELECT * FROM taxon ORDER BY scientific_name, taxon_id")

    def areas_of(self, taxon_ids: Iterable[str]) -> list[sqlite3.Row]:
        """Stored areas of taxa: taxon_id, presence, origin (keys of the filter), segment, area_m2."""
        return self.rows(
            "SELECT taxon_id, presence, origin, segment, area_m2 FROM segment_area "
            "WHERE taxon_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(taxon_ids)),
        )

    def counts(self) -> tuple[int, int, int]:
        """Numbers of taxa, of range rows and of assessments."""
        row = self.rows(
            "SELECT (SELECT count(*) FROM taxon), (SELECT coalesce(sum(rows_imported), 0) FROM source "
            "WHERE kind = 'ranges'), (SELECT coalesce(sum(rows_imported), 0) FROM source WHERE kind = 'assessments')"
        )[0]
        return tuple(row)

    def taxon_count(self) -> int:
        """Number of taxa."""
        return self.rows("SELECT count(*) FROM taxon")[0][0]

    def extent(self) -> tuple[float, float, float, float] | None:
        """xmin, ymin, xmax, ymax of all ranges in EPSG:6933; None without ranges."""
        row = self.rows("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'range'")[0]
        return None if row[0] is None else tuple(row)

    def sources(self) -> list[sqlite3.Row]:
        """All sources, in the order of their import."""
        return self.rows("SELECT * FROM source ORDER BY source_id")

    def sources_of(self, taxon_ids: Iterable[str], authority: str = "") -> list[sqlite3.Row]:
        """Sources of rows of the taxa; of national lists only the one of that name."""
        return self.rows(
            "SELECT * FROM source WHERE source_id IN ("
            'SELECT source_id FROM "range" WHERE taxon_id IN (SELECT value FROM json_each(?1)) UNION '
            "SELECT source_id FROM assessment WHERE taxon_id IN (SELECT value FROM json_each(?1)) "
            "AND authority IN ('', ?2) UNION "
            "SELECT source_id FROM naming WHERE taxon_id IN (SELECT value FROM json_each(?1))) ORDER BY source_id",
            json.dumps(sorted(taxon_ids)),
            authority,
        )

    def category_counts(self) -> dict[str, int]:
        """Number of taxa by Red List category."""
        return dict(tuple(row) for row in self.rows("SELECT category, count(*) FROM taxon GROUP BY category"))

    def rows(self, sql: str, *values) -> list[sqlite3.Row]:
        """All rows that a query gives."""
        with sqlite_errors(self.path):
            return self._connection.execute(sql, values).fetchall()
