"""The library's file: a GeoPackage, made by OGR and filled and asked through SQLite. All SQL is in this module.

Layer ``range`` (EPSG:6933, R-tree) has a row for each row of a range map; ``assessment`` one for each assessment;
``source`` says where they came from; ``taxon`` and ``segment_area`` are worked out from them at the end of an import.
Codes are kept as they were: filters act when a candidate is checked.
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import ogr, osr

from ..domain.errors import AzeError

SCHEMA = "aze-library/1"
_SRS = 6933
# Little-endian, envelope of four doubles (GeoPackage 1.2, clause 2.1.3).
_HEADER = struct.Struct("<2sBBi4d")
_HEADER_FLAGS = 0b00000011
_ONE_POLYGON = struct.pack("<BII", 1, 6, 1)
_WKB_POLYGON = struct.pack("<BI", 1, 3)
_LOCK_SECONDS = 2.0

# A range is longer than many of SQLite's usual pages of 4 KB: larger ones are written and read at a third less cost.
_PAGE_BYTES = 16_384

_RANGE_FIELDS = (
    ("source_id", ogr.OFTInteger),
    ("row", ogr.OFTInteger),
    ("layer", ogr.OFTString),
    ("taxon_id", ogr.OFTString),
    ("scientific_name", ogr.OFTString),
    ("presence", ogr.OFTInteger),
    ("origin", ogr.OFTInteger),
    ("seasonal", ogr.OFTInteger),
    ("category", ogr.OFTString),
    ("possibly_extinct", ogr.OFTInteger),
    ("possibly_extinct_in_the_wild", ogr.OFTInteger),
    ("subspecies", ogr.OFTString),
    ("subpop", ogr.OFTString),
    ("common_name", ogr.OFTString),
    ("group_name", ogr.OFTString),
    ("citation", ogr.OFTString),
    ("area_m2", ogr.OFTReal),
)
RANGE_COLUMNS = tuple(name for name, _ in _RANGE_FIELDS)
ASSESSMENT_COLUMNS = (
    "source_id",
    "row",
    "taxon_id",
    "scientific_name",
    "category",
    "criteria",
    "year",
    "date",
    "possibly_extinct",
    "possibly_extinct_in_the_wild",
    "scopes",
    "is_global",
    "rank",
    "common_name",
    "group_name",
)
TAXON_COLUMNS = (
    "taxon_id",
    "scientific_name",
    "category",
    "category_source",
    "possibly_extinct",
    "possibly_extinct_in_the_wild",
    "rank",
    "criteria",
    "year",
    "common_name",
    "group_name",
)

# Every attribute that a taxon is worked out from is in the index: in the table they lie behind large geometries.
_TABLES = (
    """CREATE TABLE source (
        source_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
        version TEXT NOT NULL, citation TEXT NOT NULL, sha256 TEXT NOT NULL, rows_read INTEGER NOT NULL DEFAULT 0,
        rows_imported INTEGER NOT NULL DEFAULT 0, rows_rejected INTEGER NOT NULL DEFAULT 0,
        rows_repaired INTEGER NOT NULL DEFAULT 0, imported_at TEXT NOT NULL)""",
    """CREATE TABLE assessment (
        fid INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, row INTEGER NOT NULL, taxon_id TEXT NOT NULL,
        scientific_name TEXT NOT NULL, category TEXT NOT NULL, criteria TEXT NOT NULL, year INTEGER, date TEXT NOT NULL,
        possibly_extinct INTEGER NOT NULL, possibly_extinct_in_the_wild INTEGER NOT NULL, scopes TEXT NOT NULL,
        is_global INTEGER NOT NULL, rank TEXT NOT NULL, common_name TEXT NOT NULL, group_name TEXT NOT NULL)""",
    """CREATE TABLE taxon (
        fid INTEGER PRIMARY KEY, taxon_id TEXT NOT NULL UNIQUE, scientific_name TEXT NOT NULL, category TEXT NOT NULL,
        category_source TEXT NOT NULL, possibly_extinct INTEGER NOT NULL, possibly_extinct_in_the_wild INTEGER NOT NULL,
        rank TEXT NOT NULL, criteria TEXT NOT NULL, year INTEGER, common_name TEXT NOT NULL,
        group_name TEXT NOT NULL)""",
    """CREATE TABLE segment_area (
        fid INTEGER PRIMARY KEY, taxon_id TEXT NOT NULL, presence TEXT NOT NULL, origin TEXT NOT NULL,
        segment TEXT NOT NULL, area_m2 REAL NOT NULL, UNIQUE (taxon_id, presence, origin, segment))""",
    "CREATE TABLE meta (fid INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL)",
    """CREATE INDEX range_taxon ON "range" (
        taxon_id, source_id, row, scientific_name, presence, origin, seasonal, category, possibly_extinct,
        possibly_extinct_in_the_wild, subspecies, subpop, common_name, group_name, area_m2)""",
    """CREATE INDEX range_source ON "range" (source_id, taxon_id)""",
    "CREATE INDEX assessment_taxon ON assessment (taxon_id)",
    "CREATE INDEX assessment_source ON assessment (source_id)",
)
_ATTRIBUTE_TABLES = ("source", "assessment", "taxon", "segment_area", "meta")


def blob(wkb: bytes, bounds: Sequence[float]) -> bytes:
    """GeoPackage geometry of little-endian polygon WKB, as a multipolygon; ``bounds`` xmin, ymin, xmax, ymax."""
    xmin, ymin, xmax, ymax = bounds
    header = _HEADER.pack(b"GP", 0, _HEADER_FLAGS, _SRS, xmin, xmax, ymin, ymax)
    if wkb.startswith(_WKB_POLYGON):
        return header + _ONE_POLYGON + wkb
    return header + wkb


def wkb_of(stored: bytes) -> bytes:
    """The WKB in a geometry that ``blob`` made."""
    return stored[_HEADER.size :]


def check_address(address: str) -> str:
    """The absolute path of a library. Raises AzeError ``library.postgres_not_yet`` for a database."""
    address = address.strip()
    if not address:
        raise AzeError("library.no_path")
    if address.lower().startswith(("postgresql://", "postgres://", "pg:")):
        raise AzeError("library.postgres_not_yet")
    return os.path.abspath(address)


@contextmanager
def sqlite_errors(path: str) -> Iterator[None]:
    """SQLite's failures as AzeErrors that name the file and what helps."""
    try:
        yield
    except sqlite3.Error as error:
        detail = str(error)
        lower = detail.lower()
        if "locked" in lower or "busy" in lower:
            raise AzeError("library.locked", file=path) from error
        if "is full" in lower:
            raise AzeError("library.disk_full", file=path) from error
        if "not a database" in lower or "malformed" in lower or "no such table" in lower:
            raise AzeError("library.not_a_library", file=path) from error
        if "readonly" in lower or "unable to open" in lower:
            raise AzeError("library.not_writable", file=path, detail=detail) from error
        if "disk i/o" in lower:
            raise AzeError("library.disk_error", file=path, detail=detail) from error
        raise


def _connect(path: str, mode: str) -> sqlite3.Connection:
    uri = f"{Path(path).as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)


def _require_library(connection: sqlite3.Connection, path: str) -> None:
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone()
    schema = found[0] and connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if not schema:
        raise AzeError("library.not_a_library", file=path)
    if schema[0] != SCHEMA:
        raise AzeError("library.other_version", file=path, found=schema[0], known=SCHEMA)


# ------------------------------------------------------------------------------------------------------------ writing


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
        self._next_fid = 1

    def __enter__(self) -> Writer:
        try:
            with sqlite_errors(self.path):
                if self.is_new:
                    self._create()
                self._connection = _connect(self._working, "rw")
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
            crs.ImportFromEPSG(_SRS)
            layer = source.CreateLayer(
                "range", crs, ogr.wkbMultiPolygon, ["GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=YES"]
            )
            for name, kind in _RANGE_FIELDS:
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
            _require_library(connection, self.path)
        connection.execute("BEGIN IMMEDIATE")
        # R-tree and counters are kept up by hand, in bulk; the triggers that do so row by row need functions of OGR's.
        self._triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'range'"
        ).fetchall()
        for name, _ in self._triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        if self.is_new:
            for statement in _TABLES:
                connection.execute(statement)
            connection.executemany(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES (?, ?, ?, ?)",
                [(name, "attributes", name, self._now) for name in _ATTRIBUTE_TABLES],
            )
            connection.executemany(
                "INSERT INTO meta (key, value) VALUES (?, ?)", [("schema", SCHEMA), ("created_at", self._now)]
            )
        self._next_fid = connection.execute('SELECT coalesce(max(fid), 0) + 1 FROM "range"').fetchone()[0]

    # -- sources

    def add_source(self, kind: str, name: str, path: str, version: str, citation: str) -> int:
        """Enter a source and return its id; what the same path brought before is taken out."""
        for (old,) in self._rows("SELECT source_id FROM source WHERE kind = ? AND path = ?", kind, path):
            self.remove_source(old)
        # The newest source has the highest number, also where older ones have been taken out.
        source_id = 1 + self._one(
            "SELECT coalesce(max(value), 0) FROM (SELECT CAST(value AS INTEGER) AS value FROM meta "
            "WHERE key = 'last_source' UNION ALL SELECT max(source_id) FROM source)"
        )
        self._execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('last_source', ?)", str(source_id))
        self._execute(
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
        self._execute(
            'DELETE FROM rtree_range_geom WHERE id IN (SELECT fid FROM "range" WHERE source_id = ?)', source_id
        )
        self._execute('DELETE FROM "range" WHERE source_id = ?', source_id)
        self._execute("DELETE FROM assessment WHERE source_id = ?", source_id)
        self._execute("DELETE FROM source WHERE source_id = ?", source_id)

    def seal_source(self, source_id: int, sha256: str, read: int, imported: int, rejected: int, repaired: int) -> None:
        """Enter a source's hash and what became of its rows, once they are in; its taxa count as changed.

        What the same bytes brought before, from whatever place, is taken out.
        """
        for (old,) in self._rows(
            "SELECT s.source_id FROM source AS s JOIN source AS new ON new.source_id = ? "
            "WHERE s.kind = new.kind AND s.sha256 = ? AND s.source_id <> new.source_id",
            source_id,
            sha256,
        ):
            self.remove_source(old)
        self._execute(
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
        self._execute("CREATE TEMP TABLE IF NOT EXISTS touched (taxon_id TEXT PRIMARY KEY)")
        self._execute(
            'INSERT OR IGNORE INTO touched SELECT taxon_id FROM "range" WHERE source_id = ? '
            "UNION SELECT taxon_id FROM assessment WHERE source_id = ?",
            source_id,
            source_id,
        )

    # -- rows

    def add_ranges(self, rows: Sequence[Mapping[str, Any]], blobs: Sequence[bytes], bounds: np.ndarray) -> None:
        """Add rows with RANGE_COLUMNS, their geometries by ``blob`` and bounds in EPSG:6933, shape (n, 4)."""
        fids = range(self._next_fid, self._next_fid + len(rows))
        self._next_fid += len(rows)
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
        with sqlite_errors(self.path):
            self._connection.executemany(
                f"INSERT INTO assessment ({columns}) VALUES ({places})",
                ([row[c] for c in ASSESSMENT_COLUMNS] for row in rows),
            )

    # -- taxa

    def known_names(self) -> dict[str, str]:
        """Lower-case scientific name to taxon id, of all taxa that have an id other than their name."""
        known: dict[str, str] = {}
        for taxon_id, name in self._rows(
            "SELECT taxon_id, scientific_name FROM taxon WHERE rank = 'species' AND taxon_id <> scientific_name "
            "UNION ALL SELECT taxon_id, scientific_name FROM assessment "
            "WHERE rank = 'species' AND taxon_id <> scientific_name"
        ):
            known.setdefault(name.lower(), taxon_id)
        return known

    def rename_taxa(self, known: Mapping[str, str]) -> None:
        """Give rows that came without an id the id by which their taxon is known meanwhile."""
        self._execute("CREATE TEMP TABLE IF NOT EXISTS touched (taxon_id TEXT PRIMARY KEY)")
        for (name,) in self._rows('SELECT DISTINCT taxon_id FROM "range" UNION SELECT taxon_id FROM assessment'):
            taxon_id = known.get(name.lower(), name)
            if taxon_id != name:
                self._execute('UPDATE "range" SET taxon_id = ? WHERE taxon_id = ?', taxon_id, name)
                self._execute("UPDATE assessment SET taxon_id = ? WHERE taxon_id = ?", taxon_id, name)
                self._execute("INSERT OR IGNORE INTO touched VALUES (?), (?)", taxon_id, name)

    def touched_taxa(self) -> list[str]:
        """Ids of the taxa that this import has changed, removed ones included; none where nothing was touched."""
        self._execute("CREATE TEMP TABLE IF NOT EXISTS touched (taxon_id TEXT PRIMARY KEY)")
        return [row[0] for row in self._rows("SELECT taxon_id FROM touched ORDER BY taxon_id")]

    def attributes_of(self, taxon_ids: Sequence[str]) -> Iterator[tuple[str, list[sqlite3.Row], list[sqlite3.Row]]]:
        """Each taxon's range rows without geometry, oldest source first, and its assessments, the best last."""
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
        for taxon_id in taxon_ids:
            yield taxon_id, ranges.get(taxon_id, []), assessments.get(taxon_id, [])

    def geometries(self, fids: Sequence[int]) -> list[bytes]:
        """WKB (EPSG:6933) of range rows, in the order of their ids."""
        rows = self._rows(
            'SELECT geom FROM "range" WHERE fid IN (SELECT value FROM json_each(?)) ORDER BY fid',
            json.dumps(list(fids)),
        )
        return [wkb_of(geom) for (geom,) in rows]

    def remove_touched_taxa(self) -> None:
        """Take out the taxa that this import has changed, with their areas."""
        self._execute("DELETE FROM segment_area WHERE taxon_id IN (SELECT taxon_id FROM touched)")
        self._execute("DELETE FROM taxon WHERE taxon_id IN (SELECT taxon_id FROM touched)")

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
        extent = self._rows("SELECT min(minx), min(miny), max(maxx), max(maxy) FROM rtree_range_geom")[0]
        self._execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, last_change = ? "
            "WHERE table_name = 'range'",
            *extent,
            self._now,
        )
        self._execute(
            "UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM \"range\") WHERE table_name = 'range'"
        )
        for _, sql in self._triggers:
            self._execute(sql)
        self._execute("COMMIT")
        self._connection.close()
        self._connection = None
        if self.is_new:
            try:
                _flush(self._working)
                os.replace(self._working, self.path)
            except OSError as error:
                raise AzeError("library.not_writable", file=self.path, detail=str(error)) from error

    def _execute(self, sql: str, *values) -> None:
        with sqlite_errors(self.path):
            self._connection.execute(sql, values)

    def _rows(self, sql: str, *values) -> list[tuple]:
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
        return self._rows(sql, *values)[0][0]


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


# ------------------------------------------------------------------------------------------------------------ reading


class Reader:
    """Queries of a library that is only read."""

    def __init__(self, address: str):
        self.path = check_address(address)
        if not os.path.isfile(self.path):
            raise AzeError("library.missing", file=self.path)
        with sqlite_errors(self.path):
            # A killed import leaves a journal behind: undoing it needs a connection that may write.
            self._connection = _connect(self.path, "rw" if os.access(self.path, os.W_OK) else "ro")
            try:
                self._connection.execute("PRAGMA query_only = ON")
                self._connection.row_factory = sqlite3.Row
                _require_library(self._connection, self.path)
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
        """Range rows that pass the filters and whose rectangle meets one of the boxes (EPSG:6933), with their taxa.

        ``historic`` are the presence codes for taxa of ``historic_categories``, ``presence`` those for all others.
        """
        return self._rows(
            f"SELECT r.fid, r.presence, r.origin, r.seasonal, r.geom, {', '.join('t.' + c for c in TAXON_COLUMNS)} "
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
        return self._rows(
            'SELECT fid, source_id, row, presence, origin, seasonal, area_m2, geom FROM "range" '
            "WHERE taxon_id = ? ORDER BY fid",
            taxon_id,
        )

    def taxon(self, taxon_id: str) -> sqlite3.Row | None:
        """A taxon by its id."""
        found = self._rows("SELECT * FROM taxon WHERE taxon_id = ?", taxon_id)
        return found[0] if found else None

    def taxa(self) -> list[sqlite3.Row]:
        """All taxa, by name."""
        return self._rows("SELECT * FROM taxon ORDER BY scientific_name, taxon_id")

    def areas_of(self, taxon_ids: Iterable[str]) -> list[sqlite3.Row]:
        """Stored areas of taxa: taxon_id, presence, origin (keys of the filter), segment, area_m2."""
        return self._rows(
            "SELECT taxon_id, presence, origin, segment, area_m2 FROM segment_area "
            "WHERE taxon_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(taxon_ids)),
        )

    def counts(self) -> tuple[int, int, int]:
        """Numbers of taxa, of range rows and of assessments."""
        row = self._rows(
            "SELECT (SELECT count(*) FROM taxon), (SELECT coalesce(sum(rows_imported), 0) FROM source "
            "WHERE kind = 'ranges'), (SELECT coalesce(sum(rows_imported), 0) FROM source WHERE kind = 'assessments')"
        )[0]
        return tuple(row)

    def taxon_count(self) -> int:
        """Number of taxa."""
        return self._rows("SELECT count(*) FROM taxon")[0][0]

    def extent(self) -> tuple[float, float, float, float] | None:
        """xmin, ymin, xmax, ymax of all ranges in EPSG:6933; None without ranges."""
        row = self._rows("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'range'")[0]
        return None if row[0] is None else tuple(row)

    def sources(self) -> list[sqlite3.Row]:
        """All sources, in the order of their import."""
        return self._rows("SELECT * FROM source ORDER BY source_id")

    def sources_of(self, taxon_ids: Iterable[str]) -> list[sqlite3.Row]:
        """Sources of rows of the taxa."""
        return self._rows(
            "SELECT * FROM source WHERE source_id IN ("
            'SELECT source_id FROM "range" WHERE taxon_id IN (SELECT value FROM json_each(?1)) UNION '
            "SELECT source_id FROM assessment WHERE taxon_id IN (SELECT value FROM json_each(?1))) ORDER BY source_id",
            json.dumps(sorted(taxon_ids)),
        )

    def category_counts(self) -> dict[str, int]:
        """Number of taxa by Red List category."""
        return dict(tuple(row) for row in self._rows("SELECT category, count(*) FROM taxon GROUP BY category"))

    def _rows(self, sql: str, *values) -> list[sqlite3.Row]:
        with sqlite_errors(self.path):
            return self._connection.execute(sql, values).fetchall()
