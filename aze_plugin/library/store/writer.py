"""One import into one library, all or nothing."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import ogr, osr

from ...domain.errors import AzeError
from .files import check_address, connect, require_library, sqlite_errors
from .schema import (
    ASSESSMENT_COLUMNS,
    ATTRIBUTE_TABLES,
    FEATURE_LAYERS,
    OF_SOURCE,
    OF_TAXON,
    RANGE_COLUMNS,
    SCHEMA,
    SRS,
    TABLES,
    TAXON_COLUMNS,
    wkb_of,
)

# A range is longer than many of SQLite's usual pages of 4 KB: larger ones are written and read at a third less cost.
_PAGE_BYTES = 16_384

_LAYERS = tuple(name for name, _, _ in FEATURE_LAYERS)
# Where a source's taxa are found without going through its records one by one.
_SPEAKING = ("range", "assessment", "naming")


class Writer:
    """One import into one library, all or nothing.

    A new library is written beside its place and moved there by ``commit``; an existing one is changed in a single
    transaction. Leaving the ``with`` block without ``commit`` leaves everything as it was.
    """

    def __init__(self, address: str, now: str):
        self.path = check_address(address)
        self._now = now
        self.is_new = not os.path.exists(self.path) or (os.path.isfile(self.path) and os.path.getsize(self.path) == 0)
        self._working = f"{self.path}.part" if self.is_new else self.path
        self._connection: sqlite3.Connection | None = None
        self._triggers: list[tuple[str, str]] = []
        self._next_fid: dict[str, int] = {}

    def __enter__(self) -> Writer:
        try:
            with sqlite_errors(self.path):
                if self.is_new:
                    self._create()
                self._connection = connect(self._working, "rw")
                self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception) -> None:
        if self._connection is not None:
            # Closing undoes what was not committed.
            self._connection.close()
            self._connection = None
        if self.is_new:
            _remove(self._working)

    def _create(self) -> None:
        if os.path.isdir(self.path):
            raise AzeError("library.not_a_library", file=self.path)
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        _remove(self._working)
        try:
            source = ogr.GetDriverByName("GPKG").CreateDataSource(self._working, options=["VERSION=1.2"])
            crs = osr.SpatialReference()
            crs.ImportFromEPSG(SRS)
            for layer_name, shape, fields in FEATURE_LAYERS:
                layer = source.CreateLayer(
                    layer_name, crs, shape, ["GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=YES"]
                )
                for name, kind in fields:
                    layer.CreateField(ogr.FieldDefn(name, kind))
            layer = source = None
        except RuntimeError as error:
            raise AzeError("library.not_writable", file=self.path, detail=str(error)) from error

    def _begin(self) -> None:
        connection = self._connection
        if self.is_new:
            # The file gets its name only when it is whole and on disk: until then nothing has to be recoverable.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            # Only an empty file takes another page size at once: it is written anew.
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("VACUUM")
        else:
            require_library(connection, self.path)
        connection.execute("BEGIN IMMEDIATE")
        # R-tree and counters are kept up by hand, in bulk; the triggers that do so row by row need functions of OGR's.
        self._triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE type = 'trigger' AND tbl_name IN (SELECT value FROM json_each(?))",
            (json.dumps(_LAYERS),),
        ).fetchall()
        for name, _ in self._triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        if self.is_new:
            for statement in TABLES:
                connection.execute(statement)
            connection.executemany(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES (?, ?, ?, ?)",
                [(name, "attributes", name, self._now) for name in ATTRIBUTE_TABLES],
            )
            connection.executemany(
                "INSERT INTO meta (key, value) VALUES (?, ?)", [("schema", SCHEMA), ("created_at", self._now)]
            )
        self._next_fid = {
            name: connection.execute(f'SELECT coalesce(max(fid), 0) + 1 FROM "{name}"').fetchone()[0]
            for name in _LAYERS
        }

    # -- sources

    def add_source(self, kind: str, name: str, path: str, version: str, citation: str) -> int:
        """Enter a source and return its id; what the same path brought before is taken out."""
        for (old,) in self.rows("SELECT source_id FROM source WHERE kind = ? AND path = ?", kind, path):
            self.remove_source(old)
        # The newest source has the highest number, also where older ones have been taken out.
        source_id = 1 + self._one(
            "SELECT coalesce(max(value), 0) FROM (SELECT CAST(value AS INTEGER) AS value FROM meta "
            "WHERE key = 'last_source' UNION ALL SELECT max(source_id) FROM source)"
        )
        self.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('last_source', ?)", str(source_id))
        self.execute(
            "INSERT INTO source (source_id, kind, name, path, version, citation, sha256, imported_at) "
            "VALUES (?, ?, ?, ?, ?, ?, '', ?)",
            source_id,
            kind,
            name,
            path,
            version,
            citation,
            self._now,
        )
        return source_id

    def remove_source(self, source_id: int) -> None:
        """Take out a source with all that it brought."""
        self._touch_taxa_of(source_id)
        for name in _LAYERS:
            self.execute(
                f'DELETE FROM "rtree_{name}_geom" WHERE id IN (SELECT fid FROM "{name}" WHERE source_id = ?)', source_id
            )
        self.execute(
            "DELETE FROM habitat_tile WHERE habitat_id IN (SELECT habitat_id FROM habitat WHERE source_id = ?)",
            source_id,
        )
        for table in (*OF_SOURCE, "source"):
            self.execute(f'DELETE FROM "{table}" WHERE source_id = ?', source_id)

    def seal_source(self, source_id: int, sha256: str, read: int, imported: int, rejected: int, repaired: int) -> None:
        """Enter a source's hash and what became of its rows, once they are in; its taxa count as changed.

        What the same bytes brought before, from whatever place, is taken out.
        """
        for (old,) in self.rows(
            "SELECT s.source_id FROM source AS s JOIN source AS new ON new.source_id = ? "
            # The taxon of a habitat raster is in its name: the same bytes may stand for two.
            "WHERE s.kind = new.kind AND s.kind <> 'habitats' AND s.sha256 = ? AND s.source_id <> new.source_id",
            source_id,
            sha256,
        ):
            self.remove_source(old)
        self.execute(
            "UPDATE source SET sha256 = ?, rows_read = ?, rows_imported = ?, rows_rejected = ?, rows_repaired = ? "
            "WHERE source_id = ?",
            sha256,
            read,
            imported,
            rejected,
            repaired,
            source_id,
        )
        self._touch_taxa_of(source_id)

    def _touch_taxa_of(self, source_id: int) -> None:
        self.execute("CREATE TEMP TABLE IF NOT EXISTS touched (taxon_id TEXT PRIMARY KEY)")
        for table in _SPEAKING:
            self.execute(
                f'INSERT OR IGNORE INTO touched SELECT DISTINCT taxon_id FROM "{table}" WHERE source_id = ?', source_id
            )

    # -- rows

    def new_fids(self, layer: str, count: int) -> range:
        """Numbers for so many new features of a layer."""
        first = self._next_fid[layer]
        self._next_fid[layer] = first + count
        return range(first, first + count)

    def add_namings(self, source_id: int, names: Iterable[tuple[str, str]]) -> None:
        """Note by which taxon ids and names a source other than a range map or an assessment speaks."""
        self.many(
            "INSERT OR IGNORE INTO naming (source_id, taxon_id, scientific_name) VALUES (?, ?, ?)",
            ((source_id, *pair) for pair in names),
        )

    def add_ranges(self, rows: Sequence[Mapping[str, Any]], blobs: Sequence[bytes], bounds: np.ndarray) -> None:
        """Add rows with RANGE_COLUMNS, their geometries by ``blob`` and bounds in EPSG:6933, shape (n, 4)."""
        fids = self.new_fids("range", len(rows))
        columns = ", ".join(RANGE_COLUMNS)
        places = ", ".join("?" * (len(RANGE_COLUMNS) + 2))
        with sqlite_errors(self.path):
            self._connection.executemany(
                f'INSERT INTO "range" (fid, geom, {columns}) VALUES ({places})',
                ((fid, shape, *(row[c] for c in RANGE_COLUMNS)) for fid, shape, row in zip(fids, blobs, rows)),
            )
            # SQLite rounds the bounds outward to the R-tree's single precision.
            self._connection.executemany(
                "INSERT INTO rtree_range_geom (id, minx, maxx, miny, maxy) VALUES (?, ?, ?, ?, ?)",
                ((fid, b[0], b[2], b[1], b[3]) for fid, b in zip(fids, bounds.tolist())),
            )

    def add_assessments(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows with ASSESSMENT_COLUMNS."""
        columns = ", ".join(ASSESSMENT_COLUMNS)
        places = ", ".join("?" * len(ASSESSMENT_COLUMNS))
        self.many(
            f"INSERT INTO assessment ({columns}) VALUES ({places})",
            ([row[c] for c in ASSESSMENT_COLUMNS] for row in rows),
        )

    # -- taxa

    def known_names(self) -> dict[str, str]:
        """Lower-case scientific name to taxon id, of all taxa that have an id other than their name."""
        known: dict[str, str] = {}
        for taxon_id, name in self.rows(
            "SELECT taxon_id, scientific_name FROM taxon WHERE rank = 'species' AND taxon_id <> scientific_name "
            "UNION ALL SELECT taxon_id, scientific_name FROM assessment "
            "WHERE rank = 'species' AND taxon_id <> scientific_name AND authority = ''"
        ):
            known.setdefault(name.lower(), taxon_id)
        return known

    def rename_taxa(self, known: Mapping[str, str]) -> None:
        """Give rows that came without an id the id by which their taxon is known meanwhile."""
        self.execute("CREATE TEMP TABLE IF NOT EXISTS touched (taxon_id TEXT PRIMARY KEY)")
        named = " UNION ".join(f'SELECT taxon_id FROM "{table}"' for table in _SPEAKING)
        for (name,) in self.rows(named):
            taxon_id = known.get(name.lower(), name)
            if taxon_id != name:
                for table in OF_TAXON:
                    # A source may speak of the taxon by id and by name: one naming of the two stays.
                    self.execute(f'UPDATE OR REPLACE "{table}" SET taxon_id = ? WHERE taxon_id = ?', taxon_id, name)
                self.execute("INSERT OR IGNORE INTO touched VALUES (?), (?)", taxon_id, name)

    def touched_taxa(self) -> list[str]:
        """Ids of the taxa that this import has changed, removed ones included; none where nothing was touched."""
        self.execute("CREATE TEMP TABLE IF NOT EXISTS touched (taxon_id TEXT PRIMARY KEY)")
        return [row[0] for row in self.rows("SELECT taxon_id FROM touched ORDER BY taxon_id")]

    def attributes_of(
        self, taxon_ids: Sequence[str]
    ) -> Iterator[tuple[str, list[sqlite3.Row], list[sqlite3.Row], list[str]]]:
        """Each taxon's range rows without geometry, oldest source first, its assessments, the best last, and the names
        by which other sources speak of it, oldest first."""
        wanted = json.dumps(list(taxon_ids))
        ranges = self._by_taxon(
            "SELECT taxon_id, fid, source_id, scientific_name, presence, origin, seasonal, category, possibly_extinct, "
            "possibly_extinct_in_the_wild, subspecies, subpop, common_name, group_name, area_m2 "
            'FROM "range" INDEXED BY range_taxon WHERE taxon_id IN (SELECT value FROM json_each(?)) '
            "ORDER BY source_id, row",
            wanted,
        )
        assessments = self._by_taxon(
            "SELECT * FROM assessment WHERE taxon_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY is_global, coalesce(year, 0), date, source_id, row",
            wanted,
        )
        namings = self._by_taxon(
            "SELECT taxon_id, scientific_name FROM naming WHERE taxon_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY source_id, fid",
            wanted,
        )
        for taxon_id in taxon_ids:
            names = [row["scientific_name"] for row in namings.get(taxon_id, [])]
            yield taxon_id, ranges.get(taxon_id, []), assessments.get(taxon_id, []), names

    def geometries(self, fids: Sequence[int]) -> list[bytes]:
        """WKB (EPSG:6933) of range rows, in the order of their ids."""
        rows = self.rows(
            'SELECT geom FROM "range" WHERE fid IN (SELECT value FROM json_each(?)) ORDER BY fid',
            json.dumps(list(fids)),
        )
        return [wkb_of(geom) for (geom,) in rows]

    def remove_touched_taxa(self) -> None:
        """Take out the taxa that this import has changed, with their areas."""
        self.execute("DELETE FROM segment_area WHERE taxon_id IN (SELECT taxon_id FROM touched)")
        self.execute("DELETE FROM taxon WHERE taxon_id IN (SELECT taxon_id FROM touched)")

    def add_taxa(self, taxa: Iterable[Mapping[str, Any]]) -> None:
        """Add taxa with TAXON_COLUMNS."""
        places = ", ".join("?" * len(TAXON_COLUMNS))
        with sqlite_errors(self.path):
            self._connection.executemany(
                f"INSERT INTO taxon ({', '.join(TAXON_COLUMNS)}) VALUES ({places})",
                ([taxon[c] for c in TAXON_COLUMNS] for taxon in taxa),
            )

    def add_areas(self, areas: Iterable[tuple[str, str, str, Mapping[str, float]]]) -> None:
        """Add taxon_id, presence and origin (keys of the filter), and the dissolved global area in m² by segment."""
        with sqlite_errors(self.path):
            self._connection.executemany(
                "INSERT INTO segment_area (taxon_id, presence, origin, segment, area_m2) VALUES (?, ?, ?, ?, ?)",
                ((*of_taxon, segment, area) for *of_taxon, segments in areas for segment, area in segments.items()),
            )

    def taxon_count(self) -> int:
        """Number of taxa in the library."""
        return self._one("SELECT count(*) FROM taxon")

    # -- end

    def commit(self) -> None:
        """Make the import last."""
        for name in _LAYERS:
            extent = self.rows(f'SELECT min(minx), min(miny), max(maxx), max(maxy) FROM "rtree_{name}_geom"')[0]
            self.execute(
                "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, last_change = ? "
                "WHERE table_name = ?",
                *extent,
                self._now,
                name,
            )
            self.execute(
                f'UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM "{name}") WHERE table_name = ?',
                name,
            )
        for _, sql in self._triggers:
            self.execute(sql)
        self.execute("COMMIT")
        self._connection.close()
        self._connection = None
        if self.is_new:
            try:
                _flush(self._working)
                os.replace(self._working, self.path)
            except OSError as error:
                raise AzeError("library.not_writable", file=self.path, detail=str(error)) from error

    # -- for the modules beside this one, each with the SQL of one kind of data

    def execute(self, sql: str, *values) -> None:
        """Run one statement."""
        with sqlite_errors(self.path):
            self._connection.execute(sql, values)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of the rows."""
        with sqlite_errors(self.path):
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, *values) -> list[tuple]:
        """All rows that a query gives."""
        with sqlite_errors(self.path):
            return self._connection.execute(sql, values).fetchall()

    def _by_taxon(self, sql: str, *values) -> dict[str, list[sqlite3.Row]]:
        found: dict[str, list[sqlite3.Row]] = {}
        with sqlite_errors(self.path):
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            for row in cursor.execute(sql, values):
                found.setdefault(row["taxon_id"], []).append(row)
        return found

    def _one(self, sql: str, *values) -> Any:
        return self.rows(sql, *values)[0][0]


def _remove(path: str) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        Path(path + ending).unlink(missing_ok=True)


def _flush(path: str) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
