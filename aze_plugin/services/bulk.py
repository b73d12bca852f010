"""Layers of files read in bulk, past QGIS's features: as QGIS shows them, but several times as fast.

A GeoPackage is asked by SQL. It keeps each geometry's rectangle in front of it, so that a geometry far from everything
is passed over unread. Other files come through OGR in columns. What only QGIS knows how to show (edits that are not
saved, filters, joins, computed fields, other reference systems than WGS 84, databases) is left to ``layers``.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsFields, QgsProviderRegistry, QgsVectorLayer, QgsWkbTypes

from ..domain import geometry
from ..domain.coverrun import Shapes
from ..domain.errors import AzeError
from ..domain.progress import Progress
from .layers import LayerSnapshot, stream_rows

_LONLAT = ("EPSG:4326", "OGC:CRS84")

# Bytes of geometry that are held at a time, and what a store keeps in memory before it goes to disk.
_PIECE, _IN_MEMORY = 16 * 2**20, 192 * 2**20

# The head of a GeoPackage's geometry: little end first, with a rectangle in two dimensions and not empty.
_HEAD, _POLYGONS = b"GP\x00\x03", (b"\x01\x03\x00\x00\x00", b"\x01\x06\x00\x00\x00")
_RECTANGLE = slice(8, 40)

_SHAPES = (
    QgsWkbTypes.Type.Polygon,
    QgsWkbTypes.Type.MultiPolygon,
    QgsWkbTypes.Type.Point,
    QgsWkbTypes.Type.MultiPoint,
)

# Types of columns that SQLite and QGIS give as the same plain values.
_SAME = ("TEXT", "INTEGER", "INT", "MEDIUMINT", "SMALLINT", "TINYINT", "REAL", "DOUBLE", "FLOAT")


@dataclass(frozen=True)
class Table:
    """Rows of one layer: its name, feature ids, plain values by field name, and geometries as they came."""

    source: str
    fids: list[int]
    columns: dict[str, list[Any]]
    shapes: Shapes

    def __len__(self) -> int:
        return len(self.fids)


@dataclass(frozen=True)
class GeoPackage:
    """Where the rows of a layer are, for a layer that can be read by SQL."""

    path: str
    table: str
    key: str
    column: str
    plain: frozenset[str]

    @classmethod
    def behind(cls, layer: QgsVectorLayer) -> GeoPackage | None:
        """That of a layer; None for one that has to be read through QGIS. To be called in the layer's own thread."""
        provider = layer.dataProvider()
        if provider.name() != "ogr" or provider.storageType() != "GPKG" or not _as_stored(layer):
            return None
        parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
        path, name = parts.get("path"), parts.get("layerName")
        if not path or path.startswith("/vsi") or parts.get("openOptions") or parts.get("authcfg"):
            return None
        try:
            with closing(_connected(path)) as database:
                found = database.execute(
                    "SELECT table_name, column_name FROM gpkg_geometry_columns WHERE ? IN ('', table_name)",
                    (name or "",),
                ).fetchall()
                if len(found) != 1 or not name and _layers(database) != 1:
                    return None
                table, column = found[0]
                described = database.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
        except sqlite3.Error:
            return None
        keys = [name for name, kind, place in described if place and kind.upper() == "INTEGER"]
        if len(keys) != 1:
            return None
        stored = {name for name, kind, _ in described if kind.upper().split("(")[0] in _SAME}
        return cls(path, table, keys[0], column, frozenset(stored & _of_file(layer.fields())))

    def tables(self, source: str, fields: Sequence[str], count: int, progress: Progress) -> Iterator[Table]:
        """All rows with the fields asked for. Raises AzeError ``layer.unreadable`` where the file cannot be read on."""
        names = ", ".join(_quoted(name) for name in (self.key, self.column, *fields))
        try:
            with closing(_connected(self.path)) as database:
                rows = database.execute("SELECT " + names + " FROM " + _quoted(self.table))
                taken: list[tuple] = []
                size, done = 0, 0
                for row in rows:
                    taken.append(row)
                    size += len(row[1] or b"") + 512
                    if size >= _PIECE:
                        done += len(taken)
                        progress.set(done / max(1, count))
                        yield _table(source, fields, taken)
                        taken, size = [], 0
                yield _table(source, fields, taken)
        except sqlite3.Error as error:
            raise AzeError("layer.unreadable", source=self.path) from error


class Snapshot(LayerSnapshot):
    """A layer as it is now that is read in bulk where that gives the same; made in the layer's own thread."""

    def __init__(self, layer: QgsVectorLayer):
        super().__init__(layer)
        self._package = GeoPackage.behind(layer)

    def tables(
        self, fields: Sequence[str], transform_context: QgsCoordinateTransformContext, progress: Progress
    ) -> Iterator[Table]:
        """All rows with the fields asked for, in tables of bounded size."""
        if self._package is not None and self._package.plain.issuperset(fields):
            yield from self._package.tables(self.sourceName(), fields, self.featureCount(), progress)
        else:
            yield from feature_tables(self, fields, transform_context, progress)


def feature_tables(
    snapshot: LayerSnapshot,
    fields: Sequence[str],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> Iterator[Table]:
    """As ``Snapshot.tables``, feature by feature, which any layer allows."""
    for rows in stream_rows(snapshot, fields, transform_context, progress, _PIECE):
        boxes = np.array(rows.boxes).reshape(-1, 4)
        quick = np.array([wkb is not None and wkb[:5] in _POLYGONS for wkb in rows.wkb], dtype=bool)
        quick &= (boxes[:, 0] <= boxes[:, 2]) & np.isfinite(boxes).all(axis=1)
        yield Table(rows.source, rows.fids, rows.columns, _shapes(rows.wkb, boxes, quick))


def _table(source: str, fields: Sequence[str], rows: Sequence[tuple]) -> Table:
    columns = list(zip(*rows)) if rows else [()] * (2 + len(fields))
    blobs: list[bytes | None] = list(columns[1])
    fast = np.array([blob is not None and blob[:4] == _HEAD and blob[40:45] in _POLYGONS for blob in blobs], dtype=bool)
    boxes = np.full((len(rows), 4), np.nan)
    # Views, as most geometries are far from every site, and need not be copied.
    wkb = [memoryview(blob)[40:] if quick else _without_head(blob) for blob, quick in zip(blobs, fast)]
    if fast.any():
        rectangles = np.frombuffer(b"".join([b[_RECTANGLE] for b, quick in zip(blobs, fast) if quick]), "<f8")
        boxes[fast] = rectangles.reshape(-1, 4)[:, [0, 2, 1, 3]]
    values = {name: list(column) for name, column in zip(fields, columns[2:])}
    return Table(source, list(columns[0]), values, _shapes(wkb, boxes, fast))


def _shapes(wkb: list[bytes | memoryview | None], boxes: np.ndarray, quick: np.ndarray) -> Shapes:
    """Shapes of WKB, of which the rectangles of those that are ``quick``, plain polygons, are known already."""
    kinds = geometry.kinds_of_boxes(boxes)
    slow = np.flatnonzero(~quick)
    if len(slow):
        shapes = Shapes.of(geometry.from_wkb([wkb[i] for i in slow]))
        boxes[slow], kinds[slow] = shapes.boxes, shapes.kinds
        for i, blob in zip(slow.tolist(), shapes.wkb):
            wkb[i] = blob
    return Shapes(kinds, boxes, wkb)


def _without_head(blob: Any) -> bytes | None:
    """The WKB in a GeoPackage's geometry; None for nothing and for what is none."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        return None
    rectangle = (0, 32, 48, 48, 64)[min(blob[3] >> 1 & 7, 4)]
    return blob[8 + rectangle :]


def _as_stored(layer: QgsVectorLayer) -> bool:
    """Whether a layer shows what its file holds, in WGS 84."""
    return (
        layer.crs().authid() in _LONLAT
        and not layer.subsetString()
        and not layer.isEditable()
        and QgsWkbTypes.flatType(layer.wkbType()) in _SHAPES
    )


def _of_file(fields: QgsFields) -> set[str]:
    """Names of the fields that come from the file, neither joined nor computed."""
    origin = QgsFields.FieldOrigin.OriginProvider
    return {field.name() for i, field in enumerate(fields) if fields.fieldOrigin(i) == origin}


def _connected(path: str) -> sqlite3.Connection:
    return sqlite3.connect("file:" + quote(path) + "?mode=ro", uri=True, check_same_thread=False)


def _layers(database: sqlite3.Connection) -> int:
    return database.execute("SELECT count(*) FROM gpkg_contents WHERE data_type = 'features'").fetchone()[0]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Spool:
    """Keeps blobs, those beyond what memory may hold in a temporary file, and gives them back by their numbers, from
    any thread."""

    def __init__(self):
        self._held: list[bytes] = []
        self._room = _IN_MEMORY
        self._file: IO[bytes] | None = None
        self._ends = [0]
        self._lock = threading.Lock()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_exception) -> None:
        with self._lock:
            self._held = []
            if self._file is not None:
                self._file.close()

    def put(self, blob: bytes | memoryview) -> None:
        """Keep one more. Raises AzeError ``output.unwritable`` where the disk is full."""
        if self._file is None and self._room >= len(blob):
            self._room -= len(blob)
            self._held.append(bytes(blob))
            return
        try:
            if self._file is None:
                # Closed by ``__exit__``: it has to outlive this line.
                self._file = tempfile.TemporaryFile(prefix="aze-")  # noqa: SIM115
            self._file.seek(self._ends[-1])
            self._file.write(blob)
        except OSError as error:
            folder = tempfile.gettempdir()
            raise AzeError("output.unwritable", file=folder, detail=error.strerror or str(error)) from error
        self._ends.append(self._ends[-1] + len(blob))

    def get(self, numbers: Sequence[int]) -> list[bytes]:
        """Those of these numbers."""
        held = len(self._held)
        if not numbers or max(numbers) < held:
            return [self._held[n] for n in numbers]
        found = []
        with self._lock:
            for n in numbers:
                if n < held:
                    found.append(self._held[n])
                    continue
                start, end = self._ends[n - held : n - held + 2]
                self._file.seek(start)
                found.append(self._file.read(end - start))
        return found
