"""The SQL of records: points of the layer ``occurrence``, and ``record_total`` for what is counted of them.

A record fails the first of three filters that it does not pass: ``uncertain`` (its place is known less well than the
limit), ``old`` (from before the year), ``basis`` (of a kind that is left out). What it does not say it does not fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

import numpy as np

from ...domain.criteria.settings import RecordFilter
from ...domain.criteria.shares import cells_of, localities_of
from ...domain.progress import Progress
from .reader import Reader
from .schema import SRS
from .writer import Writer

FILTERS = ("uncertain", "old", "basis")

# A GeoPackage point without envelope (GeoPackage 1.2, clause 2.1.3): header and WKB, little-endian.
_POINT = np.dtype(
    [
        ("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs", "<i4"),
        ("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8"),
    ]
)  # fmt: skip

_WRITTEN = ("fid", "geom", "source_id", "row", "lon", "lat", "x", "y", "taxon_id", "uncertainty", "year", "basis")
# SQLite takes 999 values at least.
_ROWS_A_STATEMENT = 999 // len(_WRITTEN)
_COLUMNS = ("taxon_id", "lon", "lat", "x", "y", "year")
# Rows that are counted at a time: a taxon may have millions.
_AT_ONCE = 100_000
_TAKEN_OUT = 10_000

# The filter that a record fails, with the parameters of ``_values``.
_FAILS = (
    "CASE WHEN o.uncertainty > ?1 THEN 'uncertain' WHEN o.year < ?2 THEN 'old' "
    "WHEN o.basis <> '' AND o.basis IN (SELECT value FROM json_each(?3)) THEN 'basis' END"
)


@dataclass(frozen=True)
class Records:
    """Records of one taxon that pass a filter: ``lonlat`` (EPSG:4326) and ``metres`` (EPSG:6933), shape (n, 2), and
    ``years``, shape (n,), 0 where unknown."""

    lonlat: np.ndarray
    metres: np.ndarray
    years: np.ndarray


@dataclass(frozen=True)
class Totals:
    """The whole world's records of one taxon: cells of 2 × 2 km, localities and records that pass a filter, and how
    many of the others fail it by each of ``FILTERS``; filters that none fails are left out."""

    cells: int = 0
    localities: int = 0
    kept: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)


NO_RECORDS = Records(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, dtype=np.int64))


def key(records: RecordFilter) -> str:
    """A filter as it is stored."""
    return json.dumps(records.as_json(), sort_keys=True)


# ---------------------------------------------------------------------------------------------------------- writing


def add(
    writer: Writer, source_id: int, rows: Sequence[int], attributes: Mapping[str, Sequence], places: np.ndarray
) -> None:
    """Add records of a source.

    ``rows``: their numbers there; ``attributes``: ``taxon_id``, ``uncertainty`` (metres or None), ``year`` (or None)
    and ``basis``, a value for each; ``places``: shape (n, 4), longitude, latitude (EPSG:4326), x and y (EPSG:6933).
    """
    # Neighbours one after the other: the R-tree's pages are then written once and not over and over.
    order = np.lexsort((places[:, 2], np.floor(places[:, 3] / 100_000)))
    sorted_places = places[order]
    fids = writer.new_fids("occurrence", len(order))
    order = order.tolist()
    told = [[attributes[name][i] for i in order] for name in ("taxon_id", "uncertainty", "year", "basis")]
    numbers = [rows[i] for i in order]
    values = list(
        chain.from_iterable(
            zip(fids, _blobs(sorted_places[:, 2:]), repeat(source_id), numbers, *sorted_places.T.tolist(), *told)
        )
    )
    width = len(_WRITTEN)
    one = f"({', '.join('?' * width)})"
    # Many rows to a statement: for each statement the thread has to ask for the interpreter again.
    for start in range(0, len(order), _ROWS_A_STATEMENT):
        count = min(_ROWS_A_STATEMENT, len(order) - start)
        writer.execute(
            f"INSERT INTO occurrence ({', '.join(_WRITTEN)}) VALUES {', '.join([one] * count)}",
            *values[start * width : (start + count) * width],
        )
    # SQLite rounds the bounds outward to the R-tree's single precision.
    writer.execute(
        "INSERT INTO rtree_occurrence_geom (id, minx, maxx, miny, maxy) "
        "SELECT fid, x, x, y, y FROM occurrence WHERE fid BETWEEN ? AND ? ORDER BY fid",
        fids[0],
        fids[-1],
    )


def _blobs(metres: np.ndarray) -> list[bytes]:
    points = np.zeros(len(metres), dtype=_POINT)
    points["magic"], points["flags"], points["srs"], points["order"], points["kind"] = b"GP", 1, SRS, 1, 1
    points["x"], points["y"] = metres[:, 0], metres[:, 1]
    data, size = points.tobytes(), _POINT.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]


def clear(writer: Writer, kind: str, path: str, sha256: str, progress: Progress) -> None:
    """Take out the records that the same file brought, by its path or its bytes, ahead of taking out the source itself.

    Block by block, as taking a million points out of an R-tree is nothing that a user would wait for to stop.
    """
    for (source_id,) in writer.rows(
        "SELECT source_id FROM source WHERE kind = ? AND (path = ? OR sha256 = ?)", kind, path, sha256
    ):
        while True:
            progress.check()
            rows = writer.rows("SELECT fid FROM occurrence WHERE source_id = ? LIMIT ?", source_id, _TAKEN_OUT)
            if not rows:
                break
            fids = json.dumps([fid for (fid,) in rows])
            writer.execute("DELETE FROM rtree_occurrence_geom WHERE id IN (SELECT value FROM json_each(?))", fids)
            writer.execute("DELETE FROM occurrence WHERE fid IN (SELECT value FROM json_each(?))", fids)


def refresh_totals(writer: Writer, taxon_ids: Iterable[str], records: RecordFilter, progress: Progress) -> None:
    """Count the records of taxa anew, and keep the counts for one filter; those for others are gone."""
    wanted = json.dumps(sorted(taxon_ids))
    writer.execute("DELETE FROM record_total WHERE taxon_id IN (SELECT value FROM json_each(?))", wanted)
    stored = key(records)
    writer.many(
        "INSERT INTO record_total (taxon_id, filter, cells, localities, kept, uncertain, old, basis) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (taxon_id, stored, t.cells, t.localities, t.kept, *(t.dropped.get(name, 0) for name in FILTERS))
            for taxon_id, t in _counted(writer, wanted, records, progress).items()
        ],
    )


# ---------------------------------------------------------------------------------------------------------- reading


def near(reader: Reader, boxes: Sequence[Sequence[float]], records: RecordFilter) -> dict[str, Records]:
    """Records that pass a filter and lie in one of the rectangles (EPSG:6933, edges included), by taxon id."""
    return _by_taxon(
        reader.rows(
            f"SELECT {', '.join('o.' + column for column in _COLUMNS)} FROM (SELECT DISTINCT i.id "
            # CROSS JOIN holds SQLite to this order: the R-tree first.
            "FROM json_each(?4) AS b CROSS JOIN rtree_occurrence_geom AS i "
            "ON i.minx <= json_extract(b.value, '$[2]') AND i.maxx >= json_extract(b.value, '$[0]') "
            "AND i.miny <= json_extract(b.value, '$[3]') AND i.maxy >= json_extract(b.value, '$[1]')) AS near "
            f"CROSS JOIN occurrence AS o ON o.fid = near.id WHERE {_FAILS} IS NULL",
            *_values(records),
            json.dumps([list(map(float, box)) for box in boxes]),
        ),
        np.asarray(boxes, dtype=float).reshape(-1, 4),
    )


def of_taxon(reader: Reader, taxon_id: str, records: RecordFilter) -> Records:
    """All records of a taxon that pass a filter."""
    found = _by_taxon(
        reader.rows(
            f"SELECT {', '.join('o.' + column for column in _COLUMNS)} FROM occurrence AS o "
            f"WHERE o.taxon_id = ?4 AND {_FAILS} IS NULL",
            *_values(records),
            taxon_id,
        )
    )
    return found.get(taxon_id, NO_RECORDS)


def totals(
    reader: Reader, taxon_ids: Iterable[str], records: RecordFilter, progress: Progress | None = None
) -> dict[str, Totals]:
    """What is counted of the records of taxa, under a filter; taxa without any record are left out.

    The counts that the import stored are read; those for other filters are worked out.
    """
    wanted = set(taxon_ids)
    found = {
        row["taxon_id"]: Totals(
            row["cells"], row["localities"], row["kept"], {name: row[name] for name in FILTERS if row[name]}
        )
        for row in reader.rows(
            "SELECT * FROM record_total WHERE filter = ? AND taxon_id IN (SELECT value FROM json_each(?))",
            key(records),
            json.dumps(sorted(wanted)),
        )
    }
    rest = sorted(wanted - set(found))
    return {**found, **_counted(reader, json.dumps(rest), records, progress or Progress())} if rest else found


def _values(records: RecordFilter) -> tuple[Any, ...]:
    # A comparison with NULL fails nothing.
    return records.max_uncertainty_m, records.since_year, json.dumps(list(records.bases_left_out))


def _by_taxon(rows: list, boxes: np.ndarray | None = None) -> dict[str, Records]:
    if not rows:
        return {}
    ids, lon, lat, x, y, years = zip(*rows)
    taxa: dict[str, int] = {}
    members = np.array([taxa.setdefault(taxon_id, len(taxa)) for taxon_id in ids])
    lonlat, metres = np.column_stack((lon, lat)).astype(float), np.column_stack((x, y)).astype(float)
    kept = np.arange(len(rows))
    if boxes is not None:
        # The R-tree rounds outward.
        low, high = boxes[:, None, :2], boxes[:, None, 2:]
        kept = np.flatnonzero(((metres >= low) & (metres <= high)).all(axis=2).any(axis=0))
    order = kept[np.argsort(members[kept], kind="stable")]
    lonlat, metres, told = lonlat[order], metres[order], np.array([year or 0 for year in years])[order]
    starts = np.searchsorted(members[order], np.arange(len(taxa) + 1)).tolist()
    return {
        taxon_id: Records(lonlat[start:end], metres[start:end], told[start:end])
        for taxon_id, start, end in zip(taxa, starts, starts[1:])
        if end > start
    }


def _counted(store: Reader | Writer, wanted: str, records: RecordFilter, progress: Progress) -> dict[str, Totals]:
    counts: dict[str, dict[str | None, int]] = {}
    for taxon_id, fails, count in store.rows(
        f"SELECT o.taxon_id, {_FAILS} AS fails, count(*) FROM occurrence AS o "
        "WHERE o.taxon_id IN (SELECT value FROM json_each(?4)) GROUP BY o.taxon_id, fails",
        *_values(records),
        wanted,
    ):
        counts.setdefault(taxon_id, {})[fails] = count
    found = {}
    for taxon_id, of_filter in counts.items():
        kept = of_filter.pop(None, 0)
        cells, places = _distinct(store, taxon_id, records, progress) if kept else (0, 0)
        found[taxon_id] = Totals(cells, places, kept, dict(of_filter))
    return found


def _distinct(store: Reader | Writer, taxon_id: str, records: RecordFilter, progress: Progress) -> tuple[int, int]:
    """Numbers of cells and of localities of a taxon's records that pass, in blocks of bounded size."""
    cells, places = [np.zeros((0, 2), dtype=np.int64)], [np.zeros((0, 2))]
    for block in _places(store, taxon_id, records):
        progress.check()
        cells.append(cells_of(block[:, 2:]))
        places.append(localities_of(block[:, :2]))
    if len(cells) == 2:
        return len(cells[1]), len(places[1])
    return len(np.unique(np.concatenate(cells), axis=0)), len(np.unique(np.concatenate(places), axis=0))


def _places(store: Reader | Writer, taxon_id: str, records: RecordFilter) -> Iterator[np.ndarray]:
    last = 0
    while True:
        rows = store.rows(
            f"SELECT o.fid, o.lon, o.lat, o.x, o.y FROM occurrence AS o WHERE o.taxon_id = ?4 AND o.fid > ?5 "
            f"AND {_FAILS} IS NULL ORDER BY o.fid LIMIT ?6",
            *_values(records),
            taxon_id,
            last,
            _AT_ONCE,
        )
        if rows:
            last = rows[-1][0]
            yield np.array([tuple(row) for row in rows], dtype=float)[:, 1:]
        if len(rows) < _AT_ONCE:
            return
