"""Area-of-habitat rasters in the library's file: each cut into tiles, of which only those with habitat are stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .reader import Reader
from .schema import HABITAT_COLUMNS
from .writer import Writer

# Of several rasters of one segment of a taxon, only the newest counts: areas must not add up.
_NEWEST = (
    "NOT EXISTS (SELECT 1 FROM habitat AS newer WHERE newer.taxon_id = h.taxon_id AND newer.segment = h.segment "
    "AND newer.habitat_id > h.habitat_id)"
)


def begin(writer: Writer) -> int:
    """The number for a new habitat, higher than all others."""
    return writer.rows("SELECT coalesce(max(habitat_id), 0) + 1 FROM habitat")[0][0]


def add_tiles(writer: Writer, tiles: Sequence[tuple[int, int, int, float, bytes]]) -> None:
    """Add tiles: habitat_id, column and row of tiles, square metres of habitat, and packed cells."""
    writer.many("INSERT INTO habitat_tile (habitat_id, tx, ty, total_m2, data) VALUES (?, ?, ?, ?, ?)", tiles)


def drop_tiles(writer: Writer, habitat_id: int) -> None:
    """Take out the tiles of a habitat that came to nothing."""
    writer.execute("DELETE FROM habitat_tile WHERE habitat_id = ?", habitat_id)


def add(writer: Writer, values: Mapping[str, Any], boxes: Sequence[Sequence[float] | None]) -> None:
    """Add a habitat with HABITAT_COLUMNS; ``boxes``: where its cells lie (EPSG:6933), west and east of Greenwich."""
    places = ", ".join("?" * len(HABITAT_COLUMNS))
    writer.execute(
        f"INSERT INTO habitat ({', '.join(HABITAT_COLUMNS)}) VALUES ({places})",
        *(values[column] for column in HABITAT_COLUMNS),
    )
    writer.many(
        "INSERT INTO habitat_box (id, minx, maxx, miny, maxy) VALUES (?, ?, ?, ?, ?)",
        [
            (2 * values["habitat_id"] + side, box[0], box[2], box[1], box[3])
            for side, box in enumerate(boxes)
            if box is not None
        ],
    )


def older(writer: Writer, habitat_id: int) -> list[tuple[int, str]]:
    """Sources, with their names, of older habitats of the same segment of the same taxon."""
    return writer.rows(
        "SELECT s.source_id, s.name FROM habitat AS new JOIN habitat AS h ON h.taxon_id = new.taxon_id "
        "AND h.segment = new.segment AND h.habitat_id < new.habitat_id "
        "JOIN source AS s ON s.source_id = h.source_id WHERE new.habitat_id = ? ORDER BY h.habitat_id",
        habitat_id,
    )


def taxa(writer: Writer) -> list[tuple[str, str]]:
    """Ids and names, as they are spelled, of all taxa that anything but a habitat raster speaks of."""
    return writer.rows(
        'SELECT DISTINCT taxon_id, scientific_name FROM "range" '
        "UNION SELECT taxon_id, scientific_name FROM assessment "
        "UNION SELECT n.taxon_id, n.scientific_name FROM naming AS n JOIN source AS s ON s.source_id = n.source_id "
        "WHERE s.kind <> 'habitats' ORDER BY 1, 2"
    )


def near(reader: Reader, boxes: Sequence[Sequence[float]]) -> list[str]:
    """Taxa that have a habitat whose box meets one of the boxes (EPSG:6933)."""
    rows = reader.rows(
        "SELECT DISTINCT h.taxon_id FROM json_each(?) AS b CROSS JOIN habitat_box AS i "
        "ON i.minx <= json_extract(b.value, '$[2]') AND i.maxx >= json_extract(b.value, '$[0]') "
        "AND i.miny <= json_extract(b.value, '$[3]') AND i.maxy >= json_extract(b.value, '$[1]') "
        f"CROSS JOIN habitat AS h ON h.habitat_id = i.id / 2 WHERE {_NEWEST} ORDER BY 1",
        json.dumps([list(map(float, box)) for box in boxes]),
    )
    return [row["taxon_id"] for row in rows]


def of_taxa(reader: Reader, taxon_ids: Iterable[str]) -> list[sqlite3.Row]:
    """The habitats of taxa that count, with HABITAT_COLUMNS, by taxon and segment."""
    return reader.rows(
        f"SELECT h.* FROM habitat AS h WHERE h.taxon_id IN (SELECT value FROM json_each(?)) AND {_NEWEST} "
        "ORDER BY h.taxon_id, h.segment",
        json.dumps(list(taxon_ids)),
    )


def boxes_of(reader: Reader, habitat_id: int) -> list[tuple[float, float, float, float]]:
    """Rectangles (EPSG:6933) that hold all cells of a habitat, one on each side of Greenwich at most."""
    rows = reader.rows(
        "SELECT minx, miny, maxx, maxy FROM habitat_box WHERE id BETWEEN ? AND ?", 2 * habitat_id, 2 * habitat_id + 1
    )
    return [tuple(row) for row in rows]


def tiles(reader: Reader, habitat_id: int, first: int, last: int) -> np.ndarray:
    """Tiles of the rows of tiles from first to last, without their cells, shape (n, 4): fid, tx, ty, total_m2."""
    rows = reader.rows(
        "SELECT fid, tx, ty, total_m2 FROM habitat_tile WHERE habitat_id = ? AND ty BETWEEN ? AND ?",
        habitat_id,
        first,
        last,
    )
    return np.array([tuple(row) for row in rows], dtype=float).reshape(-1, 4)


def cells(reader: Reader, fid: int) -> bytes:
    """The packed cells of a tile."""
    return reader.rows("SELECT data FROM habitat_tile WHERE fid = ?", fid)[0]["data"]
