"""What a library's file holds: tables, columns and the form of its geometries.

Feature layers (EPSG:6933, R-tree): ``range`` has a row for each row of a range map, ``occurrence`` one for each record.
``assessment``, ``estimate`` and ``habitat`` (its cells in ``habitat_tile``) hold what the other kinds of files say;
``source`` says where each row came from, ``naming`` which taxa the sources without range maps or assessments speak of.
``taxon``, ``segment_area`` and ``record_total`` are worked out from them at the end of an import. Codes are kept as
they were: filters act when a candidate is checked.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from osgeo import ogr

SCHEMA = "aze-library/2"
SRS = 6933
# Little-endian, envelope of four doubles (GeoPackage 1.2, clause 2.1.3).
_HEADER = struct.Struct("<2sBBi4d")
_HEADER_FLAGS = 0b00000011
_ONE_POLYGON = struct.pack("<BII", 1, 6, 1)
_WKB_POLYGON = struct.pack("<BI", 1, 3)

RANGE_FIELDS = (
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
RANGE_COLUMNS = tuple(name for name, _ in RANGE_FIELDS)
OCCURRENCE_FIELDS = (
    ("source_id", ogr.OFTInteger),
    ("row", ogr.OFTInteger),
    ("taxon_id", ogr.OFTString),
    ("lon", ogr.OFTReal),
    ("lat", ogr.OFTReal),
    ("x", ogr.OFTReal),
    ("y", ogr.OFTReal),
    ("uncertainty", ogr.OFTReal),
    ("year", ogr.OFTInteger),
    ("basis", ogr.OFTString),
)
# Name, geometry type and fields of the layers that QGIS shows.
FEATURE_LAYERS = (
    ("range", ogr.wkbMultiPolygon, RANGE_FIELDS),
    ("occurrence", ogr.wkbPoint, OCCURRENCE_FIELDS),
)
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
    "authority",
)
ESTIMATE_COLUMNS = (
    "source_id",
    "row",
    "taxon_id",
    "scope",
    "site",
    "parameter",
    "segment",
    "low",
    "best",
    "high",
    "year",
    "origin",
)
HABITAT_COLUMNS = (
    "habitat_id",
    "source_id",
    "row",
    "taxon_id",
    "segment",
    "name",
    "crs",
    "x",
    "y",
    "dx",
    "dy",
    "columns",
    "rows",
    "total_m2",
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
TABLES = (
    """CREATE TABLE source (
        source_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
        version TEXT NOT NULL, citation TEXT NOT NULL, sha256 TEXT NOT NULL, rows_read INTEGER NOT NULL DEFAULT 0,
        rows_imported INTEGER NOT NULL DEFAULT 0, rows_rejected INTEGER NOT NULL DEFAULT 0,
        rows_repaired INTEGER NOT NULL DEFAULT 0, imported_at TEXT NOT NULL)""",
    """CREATE TABLE assessment (
        fid INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, row INTEGER NOT NULL, taxon_id TEXT NOT NULL,
        scientific_name TEXT NOT NULL, category TEXT NOT NULL, criteria TEXT NOT NULL, year INTEGER, date TEXT NOT NULL,
        possibly_extinct INTEGER NOT NULL, possibly_extinct_in_the_wild INTEGER NOT NULL, scopes TEXT NOT NULL,
        is_global INTEGER NOT NULL, rank TEXT NOT NULL, common_name TEXT NOT NULL, group_name TEXT NOT NULL,
        authority TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE naming (
        fid INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, taxon_id TEXT NOT NULL, scientific_name TEXT NOT NULL,
        UNIQUE (source_id, taxon_id, scientific_name))""",
    """CREATE TABLE estimate (
        fid INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, row INTEGER NOT NULL, taxon_id TEXT NOT NULL,
        scope TEXT NOT NULL, site TEXT NOT NULL, parameter TEXT NOT NULL, segment TEXT NOT NULL, low REAL NOT NULL,
        best REAL NOT NULL, high REAL NOT NULL, year INTEGER, origin TEXT NOT NULL)""",
    # Coordinates of the first cell's outer corner, and steps to the next column and row.
    """CREATE TABLE habitat (
        habitat_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, row INTEGER NOT NULL, taxon_id TEXT NOT NULL,
        segment TEXT NOT NULL, name TEXT NOT NULL, crs TEXT NOT NULL, x REAL NOT NULL, y REAL NOT NULL,
        dx REAL NOT NULL, dy REAL NOT NULL, columns INTEGER NOT NULL, rows INTEGER NOT NULL,
        total_m2 REAL NOT NULL)""",
    # Numbered 2 × habitat_id for what lies west of Greenwich, and one more for what lies east of it.
    "CREATE VIRTUAL TABLE habitat_box USING rtree (id, minx, maxx, miny, maxy)",
    """CREATE TRIGGER habitat_gone AFTER DELETE ON habitat BEGIN
        DELETE FROM habitat_box WHERE id IN (2 * old.habitat_id, 2 * old.habitat_id + 1); END""",
    """CREATE TABLE habitat_tile (
        fid INTEGER PRIMARY KEY, habitat_id INTEGER NOT NULL, tx INTEGER NOT NULL, ty INTEGER NOT NULL,
        total_m2 REAL NOT NULL, data BLOB NOT NULL)""",
    """CREATE TABLE taxon (
        fid INTEGER PRIMARY KEY, taxon_id TEXT NOT NULL UNIQUE, scientific_name TEXT NOT NULL, category TEXT NOT NULL,
        category_source TEXT NOT NULL, possibly_extinct INTEGER NOT NULL, possibly_extinct_in_the_wild INTEGER NOT NULL,
        rank TEXT NOT NULL, criteria TEXT NOT NULL, year INTEGER, common_name TEXT NOT NULL,
        group_name TEXT NOT NULL)""",
    """CREATE TABLE segment_area (
        fid INTEGER PRIMARY KEY, taxon_id TEXT NOT NULL, presence TEXT NOT NULL, origin TEXT NOT NULL,
        segment TEXT NOT NULL, area_m2 REAL NOT NULL, UNIQUE (taxon_id, presence, origin, segment))""",
    # Counts of records under one filter, written as the rules file has it.
    """CREATE TABLE record_total (
        fid INTEGER PRIMARY KEY, taxon_id TEXT NOT NULL, filter TEXT NOT NULL, cells INTEGER NOT NULL,
        localities INTEGER NOT NULL, kept INTEGER NOT NULL, uncertain INTEGER NOT NULL, old INTEGER NOT NULL,
        basis INTEGER NOT NULL, UNIQUE (taxon_id, filter))""",
    "CREATE TABLE meta (fid INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL)",
    """CREATE INDEX range_taxon ON "range" (
        taxon_id, source_id, row, scientific_name, presence, origin, seasonal, category, possibly_extinct,
        possibly_extinct_in_the_wild, subspecies, subpop, common_name, group_name, area_m2)""",
    """CREATE INDEX range_source ON "range" (source_id, taxon_id)""",
    "CREATE INDEX assessment_taxon ON assessment (taxon_id)",
    "CREATE INDEX assessment_source ON assessment (source_id)",
    "CREATE INDEX naming_taxon ON naming (taxon_id)",
    "CREATE INDEX estimate_taxon ON estimate (taxon_id)",
    "CREATE INDEX habitat_taxon ON habitat (taxon_id, segment)",
    "CREATE INDEX habitat_source ON habitat (source_id)",
    "CREATE INDEX habitat_tile_place ON habitat_tile (habitat_id, ty, tx, total_m2)",
    "CREATE INDEX occurrence_taxon ON occurrence (taxon_id)",
    "CREATE INDEX occurrence_source ON occurrence (source_id)",
)
ATTRIBUTE_TABLES = (
    "source", "assessment", "naming", "estimate", "habitat", "habitat_tile", "taxon", "segment_area", "record_total",
    "meta",
)  # fmt: skip
# Tables whose rows a source brings, and takes along when it is taken out; of these the ones that name a taxon.
OF_SOURCE = ("range", "occurrence", "assessment", "naming", "estimate", "habitat")
OF_TAXON = OF_SOURCE


def blob(wkb: bytes, bounds: Sequence[float]) -> bytes:
    """GeoPackage geometry of little-endian polygon WKB, as a multipolygon; ``bounds`` xmin, ymin, xmax, ymax."""
    xmin, ymin, xmax, ymax = bounds
    header = _HEADER.pack(b"GP", 0, _HEADER_FLAGS, SRS, xmin, xmax, ymin, ymax)
    if wkb.startswith(_WKB_POLYGON):
        return header + _ONE_POLYGON + wkb
    return header + wkb


def wkb_of(stored: bytes) -> bytes:
    """The WKB in a geometry that ``blob`` made."""
    return stored[_HEADER.size :]
