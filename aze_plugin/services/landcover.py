"""Land cover from a raster of classes: read round a boundary, and compared with its surroundings.

A ``Landcover`` is made in the main thread and holds plain data only; ``compare`` opens the raster anew with GDAL and
may run in any thread.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from osgeo import gdal, ogr, osr
from qgis.core import QgsPalettedRasterRenderer, QgsProviderRegistry, QgsRasterLayer

from .. import paths
from ..domain import geometry, grids, landcover
from ..domain.errors import AzeError, Cancelled
from ..domain.geometry import Geometry
from ..domain.landcover import Comparison, LandcoverRules, Window
from ..domain.progress import Progress
from ..library.vector import ogr_session

# Class in a legend: its name, and its colour as ``#rrggbb``, either of which may be empty.
Legend = Mapping[float, tuple[str, str]]

# Cells of a boundary that are read at a time where all of them are wanted.
_STRIP_CELLS = 1 << 20

# Edges of a boundary are cut into so many pieces a side before they are brought to a reference system that bends them.
_PIECES = 200

# Copies are read from a coarser rendition that the file may hold only where cells are taken this sparsely: such
# renditions are made by averaging at times, which invents classes.
_SPARSE = 8

_NAME_COLUMNS = ("class", "name", "label", "class_name", "classname")


def default_rules() -> LandcoverRules:
    """The rules that the plugin ships."""
    return LandcoverRules.from_dict(paths.load_json("criteria", "aze.json"))


@dataclass(frozen=True)
class Landcover:
    """A raster whose first band holds classes.

    ``path``: as GDAL opens it; ``wkt``: its reference system, where that is not to be taken from the file; ``legend``:
    its classes by value; ``no_data``: further stretches of values, (least, greatest), that mean nothing is known.
    """

    path: str
    name: str
    wkt: str = ""
    legend: Legend = field(default_factory=dict)
    no_data: tuple[tuple[float, float], ...] = ()

    @classmethod
    def from_path(cls, path: str | Path) -> Landcover:
        """The raster at a path. Raises AzeError ``landcover.unreadable``, or ``landcover.no_crs``."""
        return cls._opened(str(path), os.path.basename(str(path).rstrip("/")) or str(path))

    @classmethod
    def from_layer(cls, layer: QgsRasterLayer) -> Landcover:
        """The raster of a layer, with the layer's reference system, no-data values and names of classes.

        Raises AzeError as from_path does, and ``landcover.provider`` for a layer that is no file of GDAL's.
        """
        if not layer.isValid():
            raise AzeError("landcover.unreadable", file=layer.source() or layer.name(), detail="")
        if layer.providerType() != "gdal":
            raise AzeError("landcover.provider", source=layer.name(), provider=layer.providerType())
        parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source())
        path = layer.source().partition("|")[0]
        if parts.get("layerName") and not path.startswith(("GPKG:", "NETCDF:", "HDF")):
            path = f"GPKG:{path}:{parts['layerName']}"
        wkt = layer.crs().toWkt() if layer.crs().isValid() else ""
        opened = cls._opened(path, layer.name(), wkt)
        legend = dict(opened.legend)
        renderer = layer.renderer()
        if isinstance(renderer, QgsPalettedRasterRenderer) and renderer.inputBand() == 1:
            for entry in renderer.classes():
                name, colour = legend.get(float(entry.value), ("", ""))
                # QGIS labels a class with its value until somebody writes a name.
                named = entry.label.strip() and entry.label.strip() != _number(float(entry.value))
                legend[float(entry.value)] = (entry.label.strip() if named else name, entry.color.name() or colour)
        more = tuple((span.min(), span.max()) for span in layer.dataProvider().userNoDataValues(1))
        return replace(opened, legend=legend, no_data=more)

    @classmethod
    def _opened(cls, path: str, name: str, wkt: str = "") -> Landcover:
        with ogr_session():
            dataset = _open(path, [])
            if not wkt and dataset.GetSpatialRef() is None and dataset.GetGCPSpatialRef() is None:
                raise AzeError("landcover.no_crs", file=path)
            return cls(path, name, wkt, _legend(path, dataset.GetRasterBand(1)))

    def compare(
        self, boundary: Geometry, rules: LandcoverRules | None = None, progress: Progress | None = None
    ) -> Comparison:
        """Land cover inside a boundary (EPSG:6933) against that of its ring. Any thread.

        Raises AzeError ``landcover.unreadable`` where the file cannot be read, ``landcover.continuous`` where its
        values are measurements and no classes.
        """
        rules = rules or default_rules()
        progress = progress or Progress()
        around, ring_m = landcover.ring(boundary)
        progress.set(0.1)
        with ogr_session():
            found = _Reader(self, progress).compare(boundary, around, ring_m, rules)
        progress.set(1)
        classes = []
        for entry in found.classes:
            name, colour = self.legend.get(entry.value, ("", ""))
            classes.append(replace(entry, name=name or _number(entry.value), colour=colour))
        return replace(found, classes=tuple(classes))

    def cells_inside(
        self, boundary: Geometry, progress: Progress | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Every cell that a boundary (EPSG:6933) covers some of, strip by strip, in bounded memory: values as stored,
        whether they are known, and the fraction of each cell inside. Any thread.

        Nothing comes where the raster's reference system has no place for the boundary. Raises AzeError
        ``landcover.unreadable``.
        """
        with ogr_session():
            yield from _Reader(self, progress or Progress()).cells_inside(boundary)


class _Reader:
    """Reads one raster in the thread that made it, with GDAL's exceptions on."""

    def __init__(self, source: Landcover, progress: Progress, band: int = 1):
        self._source, self._progress, self._number = source, progress, band
        self._dataset = _upright(_open(source.path, ["OVERVIEW_LEVEL=NONE"]), source.path)
        band = self._dataset.GetRasterBand(band)
        if gdal.DataTypeIsComplex(band.DataType):
            raise AzeError("landcover.continuous", source=source.name)
        x, dx, _, y, _, dy = self._dataset.GetGeoTransform()
        self._grid = grids.Grid(x, y, dx, dy, self._dataset.RasterXSize, self._dataset.RasterYSize)
        own = osr.SpatialReference()
        own.ImportFromWkt(source.wkt or self._dataset.GetProjection())
        own.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        lonlat = osr.SpatialReference()
        lonlat.ImportFromEPSG(4326)
        lonlat.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        self._degrees = bool(own.IsGeographic())
        self._to_own = osr.CoordinateTransformation(lonlat, own)
        self._to_lonlat = osr.CoordinateTransformation(own, lonlat)
        self._start, self._period = self._turn()

    def compare(self, boundary: Geometry, around: Geometry, ring_m: float, rules: LandcoverRules) -> Comparison:
        name = self._source.name
        outlines = [self._outlines(boundary), self._outlines(around)]
        if any(lines is None for lines in outlines):
            return Comparison(name, ring_m=ring_m, not_assessed="seam")
        places = np.concatenate([line for lines in outlines for line in lines])
        low, high = np.floor(places.min(axis=0)).astype(int), np.ceil(places.max(axis=0)).astype(int)
        if not self._meets(low, high):
            return Comparison(name, ring_m=ring_m, not_assessed="outside", no_data_inside=1.0, no_data_ring=1.0)

        every = _every(low, high, rules.max_cells)
        near_values, near_known = self._read(self._dataset, low, high, every)
        self._refuse_measurements(near_values, near_known, rules)
        self._progress.set(0.5)

        moves = self._moves(boundary, rules)
        low_wide, high_wide = np.minimum(low, low + moves.min(axis=0)), np.maximum(high, high + moves.max(axis=0))
        every_wide = _every(low_wide, high_wide, rules.max_reference_cells)
        # The rims of coarse cells lie where those of the boundary's own do, so that a shift of 0 is none.
        low_wide = low - -(-(low - low_wide) // every_wide) * every_wide
        dataset = self._dataset
        if every_wide > _SPARSE:
            dataset = _upright(_open(self._source.path, []), self._source.path)
        wide_values, wide_known = self._read(dataset, low_wide, high_wide, every_wide)
        self._progress.set(0.8)

        values, (near_codes, wide_codes) = _coded((near_values, near_known), (wide_values, wide_known))
        near = self._window(near_codes, low, every, outlines)
        wide = self._window(wide_codes, low_wide, every_wide, outlines)
        self._progress.set(0.9)
        cells = np.round(moves / every_wide).astype(int)
        return landcover.compare(name, values, near, wide, cells, ring_m, rules, (every, every_wide))

    def cells_inside(self, boundary: Geometry) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        lines = self._outlines(boundary)
        if lines is None:
            return
        places = np.concatenate(lines)
        low, high = np.floor(places.min(axis=0)).astype(int), np.ceil(places.max(axis=0)).astype(int)
        step = max(1, _STRIP_CELLS // max(1, int(high[0] - low[0])))
        for top in range(int(low[1]), int(high[1]), step):
            corner = np.array([low[0], top])
            end = np.array([high[0], min(top + step, int(high[1]))])
            self._progress.set((top - int(low[1])) / max(1, int(high[1] - low[1])))
            values, known = self._read(self._dataset, corner, end, 1)
            units = grids.Grid(0.0, 0.0, 1.0, 1.0, known.shape[1], known.shape[0])
            inside = grids.covered(units, [line - corner for line in lines])
            touched = inside > 0
            yield values[touched], known[touched], inside[touched]

    # -------------------------------------------------------------------------------------------------- coordinates

    def _own(self, metres: np.ndarray) -> np.ndarray:
        """EPSG:6933 coordinates, which may run past 180°, in the raster's system, one turn of the world unbroken."""
        lonlat = geometry.unproject(metres)
        placed = _transformed(self._to_own, lonlat)
        if self._period:
            expected = self._start + lonlat[:, 0] / 360 * self._period
            placed[:, 0] += self._period * np.round((expected - placed[:, 0]) / self._period)
        return placed

    def _turn(self) -> tuple[float, float]:
        """Where 0° lies, and how far it is once round the world, where the raster's eastings go with longitude alone.

        0 for the latter where they do not.
        """
        probe = _transformed(self._to_own, np.array([[0.0, 0.0], [30.0, 0.0], [0.0, 40.0], [30.0, 40.0], [15.0, 40.0]]))
        if not np.isfinite(probe).all():
            return 0.0, 0.0
        start, step = probe[0, 0], probe[1, 0] - probe[0, 0]
        # A tenth of a thousandth of a degree: other datums are metres off.
        within = abs(step) / 30 * 1e-3
        straight = np.abs(probe[:, 0] - (start + np.array([0, 30, 0, 30, 15]) / 30 * step)).max() < within
        level = np.abs(probe[2:, 1] - probe[2, 1]).max() < within
        return float(start), float(step * 12) if straight and level and step > 0 else 0.0

    def _outlines(self, shape: Geometry) -> list[np.ndarray] | None:
        """Rings in cells of the raster; None where the raster's system tears them apart or has no place for them."""
        whole = geometry.seamless(shape)
        low, bottom, high, top = geometry.bounds(whole)
        longest = max(high - low, top - bottom) / _PIECES
        if not self._degrees:
            whole = geometry.with_vertices(whole, longest)
        rings = geometry.rings(whole)
        metres = np.concatenate(rings)
        placed = self._own(metres)
        if not np.isfinite(placed).all():
            return None
        ends = np.cumsum([len(ring) for ring in rings])
        if not self._period:
            step = np.hypot(*np.diff(placed, axis=0).T)
            step[ends[:-1] - 1] = 0.0
            if step.max() > 50 * max(np.hypot(*np.diff(metres, axis=0).T).max(), longest):
                return None
        return np.split(self._grid.placed(placed), ends[:-1])

    def _moves(self, boundary: Geometry, rules: LandcoverRules) -> np.ndarray:
        """The copies' shifts in cells of the raster, shape (n, 2); those that leave the world are left out."""
        plane = geometry.LocalPlane.at(boundary)
        places = np.concatenate((np.zeros((1, 2)), landcover.shifts(boundary, rules)))
        cells = self._grid.placed(self._own(plane.to_metres(places)))
        moves = cells[1:] - cells[0]
        moves = moves[np.isfinite(moves).all(axis=1)]
        return np.round(moves).astype(int) if len(moves) else np.zeros((1, 2), dtype=int)

    # ------------------------------------------------------------------------------------------------------ reading

    def _turns(self, low: np.ndarray, high: np.ndarray) -> list[int]:
        """By how many columns the raster has to be shifted to meet a window, once for each turn of the world."""
        if not self._period:
            return [0]
        around = round(self._period / abs(self._grid.dx))
        first = math.floor((low[0] - self._grid.columns) / around)
        turns = [k * around for k in range(first, math.ceil(high[0] / around) + 1)]
        return [t for t in turns if t < high[0] and t + self._grid.columns > low[0]]

    def _meets(self, low: np.ndarray, high: np.ndarray) -> bool:
        return bool(low[1] < self._grid.rows and high[1] > 0) and any(
            t < high[0] and t + self._grid.columns > low[0] for t in self._turns(low, high)
        )

    def _read(
        self, dataset: gdal.Dataset, low: np.ndarray, high: np.ndarray, every: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Values of a window that may reach beyond the raster, and where they are known; every so manieth cell."""
        columns, rows = (int(n) for n in -(-(high - low) // every))
        band = dataset.GetRasterBand(self._number)
        mask = None if band.GetMaskFlags() & gdal.GMF_ALL_VALID else band.GetMaskBand()
        values, known = None, np.zeros((rows, columns), dtype=bool)
        top, bottom = _blocks(int(low[1]), rows, every, self._grid.rows)
        for turn in self._turns(low, high):
            left, right = _blocks(int(low[0]) - turn, columns, every, self._grid.columns)
            if left >= right or top >= bottom:
                continue
            at = (int(low[0]) - turn + left * every, int(low[1]) + top * every)
            part = self._pixels(band, at, (right - left, bottom - top), every)
            if values is None:
                values = np.zeros((rows, columns), dtype=part.dtype)
            values[top:bottom, left:right] = part
            seen = np.ones(part.shape, dtype=bool)
            if mask is not None:
                seen = self._pixels(mask, at, (right - left, bottom - top), every) > 0
            if part.dtype.kind == "f":
                seen &= np.isfinite(part)
            for least, greatest in self._source.no_data:
                seen &= (part < least) | (part > greatest)
            known[top:bottom, left:right] = seen
        return (np.zeros((rows, columns), dtype=np.uint8) if values is None else values), known

    def _pixels(self, band: gdal.Band, at: tuple[int, int], size: tuple[int, int], every: int) -> np.ndarray:
        def go_on(*_) -> int:
            try:
                self._progress.check()
            except Cancelled:
                return 0
            return 1

        try:
            found = band.ReadAsArray(
                *at,
                size[0] * every,
                size[1] * every,
                *size,
                resample_alg=gdal.GRIORA_NearestNeighbour,
                callback=go_on,
            )
        except RuntimeError as error:
            self._progress.check()
            raise AzeError("landcover.unreadable", file=self._source.path, detail=str(error)) from error
        self._progress.check()
        if found is None:
            raise AzeError("landcover.unreadable", file=self._source.path, detail="")
        return found

    def _refuse_measurements(self, values: np.ndarray, known: np.ndarray, rules: LandcoverRules) -> None:
        if values.dtype.kind != "f":
            return
        some = values[known]
        # Measurements show themselves soon: the whole window is only sorted where a part looks like classes.
        for step in (max(1, len(some) // 10_000), 1):
            if len(np.unique(some[::step])) > rules.max_values:
                raise AzeError("landcover.continuous", source=self._source.name, count=rules.max_values)

    def _window(self, codes: np.ndarray, low: np.ndarray, every: int, outlines: Sequence[list[np.ndarray]]) -> Window:
        rows, columns = codes.shape
        corner = self._grid.coordinates(low.astype(float))
        dx, dy = self._grid.dx * every, self._grid.dy * every
        cells = grids.Grid(float(corner[0]), float(corner[1]), dx, dy, columns, rows)
        if self._degrees:
            areas = grids.row_areas(cells)[:, None]
        else:
            areas = grids.CellAreas(cells, lambda places: _transformed(self._to_lonlat, places)).of(0, 0, columns, rows)
        units = grids.Grid(0.0, 0.0, 1.0, 1.0, columns, rows)
        inside, ring = (grids.covered(units, [(line - low) / every for line in lines]) for lines in outlines)
        self._progress.check()
        return Window(codes, areas, inside, ring)


def _open(path: str, options: list[str]) -> gdal.Dataset:
    try:
        dataset = gdal.OpenEx(path, gdal.OF_RASTER, open_options=options)
    except RuntimeError as error:
        raise AzeError("landcover.unreadable", file=path, detail=str(error)) from error
    if dataset is None or not dataset.RasterCount:
        raise AzeError("landcover.unreadable", file=path, detail="")
    return dataset


def _upright(dataset: gdal.Dataset, path: str) -> gdal.Dataset:
    """The dataset, seen along the axes of its reference system where it is rotated or placed by control points."""
    placed = dataset.GetGeoTransform(can_return_null=True)
    if placed is not None and not placed[2] and not placed[4]:
        return dataset
    if placed is None and not dataset.GetGCPCount():
        raise AzeError("landcover.no_crs", file=path)
    known = dataset.GetRasterBand(1).GetNoDataValue() is None
    try:
        turned = gdal.Warp("", dataset, format="VRT", resampleAlg="near", dstAlpha=known)
    except RuntimeError as error:
        raise AzeError("landcover.unreadable", file=path, detail=str(error)) from error
    return turned


def _transformed(transformation: osr.CoordinateTransformation, places: np.ndarray) -> np.ndarray:
    """Coordinates brought to another system; not-a-number where it has no place for them."""
    try:
        found = np.array(transformation.TransformPoints(places), dtype=float).reshape(-1, 3)[:, :2]
    except RuntimeError:
        # One place that cannot be brought over lets all of them fail: then one by one.
        found = np.full(places.shape, np.nan)
        for n, place in enumerate(places.tolist()):
            try:
                found[n] = transformation.TransformPoint(*place)[:2]
            except RuntimeError:
                continue
    found[~np.isfinite(found)] = np.nan
    return found


def _every(low: np.ndarray, high: np.ndarray, most: int) -> int:
    """Every how manieth cell of a window to take, so that there are no more than ``most``."""
    columns, rows = (int(n) for n in high - low)
    every = max(1, math.floor(math.sqrt(columns * rows / most)))
    while -(-columns // every) * -(-rows // every) > most:
        every += 1
    return every


def _blocks(low: int, count: int, every: int, size: int) -> tuple[int, int]:
    """First and last-but-one of the blocks, each ``every`` cells wide from ``low`` on, that lie in 0…size whole."""
    return max(0, -(low // every)), min(count, (size - low) // every)


def _coded(*windows: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The distinct values of windows (values, known), and each window's number of the value in each cell, or −1."""
    distinct = [_distinct(values[known]) for values, known in windows]
    found = np.unique(np.concatenate([d.astype(float) for d in distinct]))
    codes = []
    for (values, known), own in zip(windows, distinct):
        coded = np.full(values.shape, -1, dtype=np.int32)
        if len(own):
            numbers = np.searchsorted(found, own.astype(float)).astype(np.int32)
            if values.dtype.kind in "iu" and int(own[-1]) - int(own[0]) < 1 << 16:
                table = np.zeros(int(own[-1]) - int(own[0]) + 1, dtype=np.int32)
                table[own.astype(np.int64) - int(own[0])] = numbers
                coded[known] = table[values[known].astype(np.int64) - int(own[0])]
            else:
                coded[known] = numbers[np.searchsorted(own, values[known])]
        codes.append(coded)
    return found, codes


def _distinct(values: np.ndarray) -> np.ndarray:
    """Distinct values in their order; for whole numbers near to one another by counting, which spares the sorting."""
    if not len(values) or values.dtype.kind not in "iu":
        return np.unique(values)
    low, high = int(values.min()), int(values.max())
    if high - low >= 1 << 16:
        return np.unique(values)
    return (np.flatnonzero(np.bincount(values.astype(np.int64) - low)) + low).astype(values.dtype)


# ------------------------------------------------------------------------------------------------------------- legend


def _legend(path: str, band: gdal.Band) -> dict[float, tuple[str, str]]:
    """Names and colours of classes: of the band's colours and categories, of a CSV beside it, of its table."""
    legend: dict[float, tuple[str, str]] = {}
    table = band.GetColorTable()
    if table is not None:
        for value in range(table.GetCount()):
            legend[float(value)] = ("", _colour(table.GetColorEntry(value)[:3]))
    for value, name in enumerate(band.GetCategoryNames() or []):
        if name.strip():
            legend[float(value)] = (name.strip(), legend.get(float(value), ("", ""))[1])
    for found in (_from_csv(path), _from_dbf(f"{path}.vat.dbf"), _from_table(band.GetDefaultRAT())):
        for value, (name, colour) in found.items():
            before = legend.get(value, ("", ""))
            legend[value] = (name or before[0], colour or before[1])
    return legend


def _from_csv(path: str) -> dict[float, tuple[str, str]]:
    """``<stem>_classes.csv`` beside the raster: value, class and, where it has them, red, green, blue."""
    beside = Path(path).with_name(f"{Path(path).stem}_classes.csv")
    try:
        with open(beside, encoding="utf-8-sig", newline="") as handle:
            rows = [{str(k).strip().lower(): (v or "").strip() for k, v in row.items()} for row in _rows(handle)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    legend = {}
    for row in rows:
        try:
            value = float(row.get("value", ""))
        except ValueError:
            continue
        name = next((row[column] for column in _NAME_COLUMNS if row.get(column)), "")
        try:
            colour = _colour([int(row[part]) for part in ("red", "green", "blue")])
        except (KeyError, ValueError):
            colour = ""
        legend[value] = (name, colour)
    return legend


def _rows(handle) -> list[dict]:
    """Rows of a CSV with a header, those with more cells than it left out."""
    start = handle.read(4096)
    handle.seek(0)
    delimiter = max(",;\t", key=start.partition("\n")[0].count)
    return [row for row in csv.DictReader(handle, delimiter=delimiter) if None not in row]


def _from_dbf(path: str) -> dict[float, tuple[str, str]]:
    """Classes of the table that Esri's programs put beside a raster: a column VALUE, and names in a column of text."""
    try:
        table = gdal.OpenEx(path, gdal.OF_VECTOR)
    except RuntimeError:
        return {}
    layer = table.GetLayer(0)
    definition = layer.GetLayerDefn()
    fields = {
        definition.GetFieldDefn(i).GetName(): definition.GetFieldDefn(i) for i in range(definition.GetFieldCount())
    }
    value = next((name for name in fields if name.lower() == "value"), None)
    texts = [name for name, field_ in fields.items() if field_.GetType() == ogr.OFTString]
    named = next((name for name in texts if name.lower() in _NAME_COLUMNS), texts[0] if texts else None)
    if value is None or named is None:
        return {}
    return {float(row[value]): ((row[named] or "").strip(), "") for row in layer if row[value] is not None}


def _from_table(table: gdal.RasterAttributeTable | None) -> dict[float, tuple[str, str]]:
    """Classes of a raster attribute table; none where it does not say which values they have."""
    if table is None or not table.GetRowCount():
        return {}
    columns = range(table.GetColumnCount())
    names = {table.GetNameOfCol(c).strip().lower(): c for c in columns}

    def column(*usages: int, named: Sequence[str] = ()) -> int:
        found = [table.GetColOfUsage(usage) for usage in usages]
        found += [names[name] for name in named if name in names]
        return next((c for c in found if c >= 0), -1)

    value = column(gdal.GFU_MinMax, gdal.GFU_Min, named=("value",))
    name = column(gdal.GFU_Name, named=_NAME_COLUMNS)
    if name < 0:
        name = next((c for c in columns if table.GetTypeOfCol(c) == gdal.GFT_String), -1)
    parts = [column(usage) for usage in (gdal.GFU_Red, gdal.GFU_Green, gdal.GFU_Blue)]
    if value < 0:
        return {}
    legend = {}
    for row in range(table.GetRowCount()):
        text = table.GetValueAsString(row, name).strip() if name >= 0 else ""
        colour = _colour([table.GetValueAsInt(row, c) for c in parts]) if min(parts) >= 0 else ""
        legend[table.GetValueAsDouble(row, value)] = (text, colour)
    return legend


def _colour(parts: Sequence[int]) -> str:
    return "#" + "".join(f"{min(255, max(0, part)):02x}" for part in parts)


def _number(value: float) -> str:
    return f"{value:g}"
