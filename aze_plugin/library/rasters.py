"""GeoTIFFs read as fractions of cells, window by window, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from osgeo import gdal

from ..domain.errors import AzeError
from ..domain.grids import Grid

# Cells that are read at a time, and up to how many rows of a raster's own blocks are taken together.
_WINDOW_CELLS = 1 << 22
_WINDOW_ROWS = 1024

# Cells along one side, beyond those of a map of the world at 5 m: a small file can claim any size.
_MOST = 1 << 23

# Fractions may miss 0 and 1 by so much: single precision and resampling do.
_NEARLY = 1e-6
_PERCENT = 100.0

# Cells can lie so far beyond the poles or the date line, in degrees, before the system is taken to be a mistake.
_BEYOND = 1.0
_FULL_TURN = 360.0


@dataclass
class Raster:
    """One opened raster; its first band is taken. ``bands`` tells how many it has."""

    grid: Grid
    crs: str
    bands: int
    _band: gdal.Band
    _dataset: gdal.Dataset

    def windows(self, tile: int) -> Iterator[tuple[int, int, np.ndarray | None, float]]:
        """First column, first row and fractions of windows of whole tiles, and the share of the raster done with them.

        Fractions are uint8 where all are 0 or 1 by the raster's type, float32 otherwise, and None where the file has
        nothing stored. Raises AzeError ``row.habitat_unreadable``, ``row.habitat_percent``, ``row.habitat_values`` or
        ``row.habitat_negative``.
        """
        block_columns, block_rows = self._band.GetBlockSize()
        step_rows = min(_WINDOW_ROWS, -(-block_rows // tile) * tile)
        step_columns = max(tile, _WINDOW_CELLS // step_rows // tile * tile)
        if block_columns > tile and block_columns < self.grid.columns:
            # Windows that end where the file's blocks end: none is unpacked twice.
            step_columns = max(step_columns // block_columns * block_columns // tile * tile, tile)
        read = _Cells(self._band)
        cells = self.grid.rows * self.grid.columns
        done = 0
        for row in range(0, self.grid.rows, step_rows):
            for column in range(0, self.grid.columns, step_columns):
                window = (
                    column,
                    row,
                    min(step_columns, self.grid.columns - column),
                    min(step_rows, self.grid.rows - row),
                )
                done += window[2] * window[3]
                yield column, row, read.fractions(*window), done / cells


def opened(path: str) -> Raster:
    """Open a GeoTIFF. Raises AzeError with a code of a row: ``row.habitat_unreadable``, ``row.habitat_no_crs``,
    ``row.habitat_rotated``, ``row.habitat_too_large``, ``row.habitat_misplaced`` or ``row.habitat_complex``."""
    try:
        # No other driver: files of other formats may point to further files, or to the network.
        dataset = gdal.OpenEx(path, gdal.OF_RASTER | gdal.OF_READONLY, allowed_drivers=["GTiff"])
    except RuntimeError as error:
        raise AzeError("row.habitat_unreadable", detail=str(error)) from error
    if dataset is None or not dataset.RasterCount:
        raise AzeError("row.habitat_unreadable", detail=gdal.GetLastErrorMsg() or "–")
    crs = dataset.GetSpatialRef()
    placed = dataset.GetGeoTransform(can_return_null=True)
    if crs is None or placed is None or crs.IsLocal() or not (crs.IsGeographic() or crs.IsProjected()):
        raise AzeError("row.habitat_no_crs")
    x, dx, turned, y, tilted, dy = placed
    if not all(map(math.isfinite, placed)) or not dx or not dy:
        raise AzeError("row.habitat_no_crs")
    # Rotation that moves the far corner by less than a hundredth of a cell is rounding.
    if abs(turned) * dataset.RasterYSize > abs(dx) / 100 or abs(tilted) * dataset.RasterXSize > abs(dy) / 100:
        raise AzeError("row.habitat_rotated")
    if max(dataset.RasterXSize, dataset.RasterYSize) > _MOST:
        raise AzeError("row.habitat_too_large", columns=dataset.RasterXSize, rows=dataset.RasterYSize)
    grid = Grid(x, y, dx, dy, dataset.RasterXSize, dataset.RasterYSize)
    if crs.IsGeographic():
        west, south, east, north = grid.bounds
        degrees = crs.GetAngularUnits() * 180 / math.pi
        lat_reach, lon_reach = max(-south, north) * degrees, max(-west, east) * degrees
        if lat_reach > 90 + _BEYOND or lon_reach > _FULL_TURN + 180 or (east - west) * degrees > _FULL_TURN + _BEYOND:
            raise AzeError("row.habitat_misplaced", crs=crs.GetName() or "")
    band = dataset.GetRasterBand(1)
    if band.DataType in (gdal.GDT_CInt16, gdal.GDT_CInt32, gdal.GDT_CFloat32, gdal.GDT_CFloat64):
        raise AzeError("row.habitat_complex")
    return Raster(grid, crs.ExportToWkt(), dataset.RasterCount, band, dataset)


class _Cells:
    """Reads windows of a band as fractions."""

    def __init__(self, band: gdal.Band):
        self._band = band
        self._nodata = band.GetNoDataValue()
        self._scale = 1.0 if band.GetScale() is None else band.GetScale()
        self._offset = band.GetOffset() or 0.0
        self._plain = self._scale == 1.0 and self._offset == 0.0
        flags = band.GetMaskFlags()
        masked = flags & (gdal.GMF_PER_DATASET | gdal.GMF_ALPHA) and not flags & gdal.GMF_NODATA
        self._mask = band.GetMaskBand() if masked else None

    def fractions(self, column: int, row: int, columns: int, rows: int) -> np.ndarray | None:
        """A window's fractions; None where the file has nothing stored there."""
        window = (column, row, columns, rows)
        try:
            if self._offset == 0.0:
                stored, _ = self._band.GetDataCoverageStatus(*window)
                if stored == gdal.GDAL_DATA_COVERAGE_STATUS_EMPTY:
                    return None
            values = self._band.ReadAsArray(*window)
            shown = self._mask.ReadAsArray(*window) if self._mask is not None else None
        except RuntimeError as error:
            raise AzeError("row.habitat_unreadable", detail=str(error)) from error
        if values is None or (self._mask is not None and shown is None):
            raise AzeError("row.habitat_unreadable", detail=gdal.GetLastErrorMsg() or "–")
        hidden = shown == 0 if shown is not None else None
        if values.dtype.kind in "ui":
            if self._nodata is not None:
                away = values == self._nodata
                hidden = away if hidden is None else hidden | away
            values = self._scaled(values)
        else:
            away = np.isnan(values)
            if self._nodata is not None and not math.isnan(self._nodata):
                # Compared in the raster's own precision, in which the value is stored.
                with np.errstate(over="ignore"):
                    away |= values == values.dtype.type(self._nodata)
            hidden = away if hidden is None else hidden | away
            values = self._scaled(values)
        if hidden is not None and hidden.any():
            values = np.where(hidden, values.dtype.type(0), values)
        return _checked(values)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        return values if self._plain else values * self._scale + self._offset


def _checked(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    if not (math.isfinite(low) and math.isfinite(high)):
        raise AzeError("row.habitat_values", value="inf")
    if low < -_NEARLY:
        raise AzeError("row.habitat_negative", value=float(low))
    if high > 1 + _NEARLY:
        code = "row.habitat_percent" if high <= _PERCENT else "row.habitat_values"
        raise AzeError(code, value=float(high))
    if values.dtype.kind in "ui":
        return values.astype(np.uint8)
    return np.clip(values, 0.0, 1.0).astype(np.float32)


@contextmanager
def bounded_cache(megabytes: int = 128) -> Iterator[None]:
    """Let GDAL keep no more unpacked blocks than that; afterwards its own limit holds again."""
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(min(before, megabytes << 20))
    try:
        yield
    finally:
        gdal.SetCacheMax(before)
