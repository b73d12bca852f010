"""Reference systems of rasters: where their cells lie, how large they are, and boundaries brought to them.

Boundaries come in EPSG:6933. Their edges are straight in lon/lat, as they were drawn, or in EPSG:6933 where the raster
has that itself; in any other system an edge gets vertices until it keeps to a ten-thousandth of a cell.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np
from osgeo import ogr, osr

from ..domain import geometry, grids
from ..domain.errors import AzeError
from ..domain.grids import Grid
from . import vector

_EQUAL_AREA = 6933
_SAME = ["CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS", "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]
_LINE = struct.Struct("<BII")
_WKB_LINE = 2

# An edge is left as it is where its middle strays no further than this from a straight line, in cells.
_STRAY = 1e-4
# Edges shorter than this, in cells, hardly stray that far even round a pole. None is longer than this, in degrees, to
# begin with.
_SHORT, _LONG = 0.05, 1.0
_ROUNDS, _AT_MOST = 12, 64
# Metres from the seam of a world map at which what lies there is still taken for the side it is on.
_APART = 1e-3
# Wider boundaries may reach to where a projection tears or fails: they are cut to the habitat first.
_WIDE = 30.0


class Reference:
    """The reference system of a raster, by its WKT."""

    def __init__(self, wkt: str):
        self.wkt = wkt
        crs = osr.SpatialReference()
        crs.ImportFromWkt(wkt)
        crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        lonlat, metres = vector.lonlat_crs(), osr.SpatialReference()
        metres.ImportFromEPSG(_EQUAL_AREA)
        metres.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        self.is_equal_area = bool(crs.IsSame(metres, _SAME))
        derived = bool(crs.IsDerivedGeographic())
        degree = abs(crs.GetAngularUnits() - math.pi / 180) < 1e-12
        self.is_degrees = bool(crs.IsGeographic()) and not derived and degree
        self._is_lonlat = self.is_degrees and bool(crs.IsSame(lonlat, _SAME))
        plain = self._is_lonlat or self.is_equal_area
        self._out = None if plain else osr.CoordinateTransformation(crs, lonlat)
        self._in = None if plain else osr.CoordinateTransformation(lonlat, crs)
        middle = crs.GetProjParm(osr.SRS_PP_CENTRAL_MERIDIAN, crs.GetProjParm(osr.SRS_PP_LONGITUDE_OF_CENTER, 0.0))
        # Opposite its middle a map of the world ends on both sides.
        self._seam = middle % 360 - 180

    # -- cells

    def to_lonlat(self, coordinates: np.ndarray) -> np.ndarray:
        """Coordinates, shape (n, 2), in WGS 84 degrees; not-a-number for what is not on earth."""
        if self._is_lonlat:
            return coordinates
        if self.is_equal_area:
            return geometry.unproject(coordinates)
        return _transformed(self._out, coordinates)

    def boxes(self, grid: Grid, windows: np.ndarray) -> list[tuple[float, float, float, float] | None]:
        """Two EPSG:6933 rectangles, west and east of Greenwich, that hold windows of cells; None where nothing lies.

        ``windows``: shape (n, 4), first column, first row, and the ones behind the last. Windows without any place on
        earth are left out.
        """
        spans = [span for window in windows for span in self._spans(grid, *window.tolist())]
        found: list[tuple[float, float, float, float] | None] = []
        for west in (True, False):
            side = [s for s in spans if (s[0] < 0 if west else s[2] > 0 or s[0] >= 0)]
            if not side:
                found.append(None)
                continue
            low, bottom = min(s[0] for s in side), min(s[1] for s in side)
            high, top = max(s[2] for s in side), max(s[3] for s in side)
            low, high = (low, min(high, 0.0)) if west else (max(low, 0.0), high)
            corners = geometry.project(np.array([[low, bottom], [high, top]]))
            found.append(tuple(float(v) for v in corners.ravel()))
        return found

    def _spans(self, grid: Grid, left: int, top: int, right: int, bottom: int) -> list[tuple[float, ...]]:
        """West, south, east and north of a window, in two where it crosses 180°."""
        if self._is_lonlat or self.is_equal_area:
            ends = self.to_lonlat(grid.coordinates(np.array([[left, top], [right, bottom]], dtype=float)))
            (west, east), (south, north) = sorted(ends[:, 0]), np.clip(sorted(ends[:, 1]), -90.0, 90.0)
        else:
            # Lines along the outline and across: sides of a window are curves on earth.
            across, down = np.meshgrid(np.linspace(left, right, 9), np.linspace(top, bottom, 9))
            found = self.to_lonlat(grid.coordinates(np.column_stack((across.ravel(), down.ravel()))))
            found = found[np.isfinite(found).all(axis=1)]
            if not len(found):
                return []
            lon, lat = found.T
            if lon.max() - lon.min() > 180:
                lon = np.where(lon < 0, lon + 360, lon)
            west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
            # What the lines miss between them, with room to spare.
            room = 0.05
            west, east = west - room * (east - west) - 1e-6, east + room * (east - west) + 1e-6
            south, north = south - room * (north - south) - 1e-6, north + room * (north - south) + 1e-6
            for pole in (-90.0, 90.0):
                if self._holds_pole(grid, (left, top, right, bottom), pole):
                    west, east, south, north = -180.0, 180.0, min(south, pole), max(north, pole)
            south, north = max(south, -90.0), min(north, 90.0)
        if east - west >= 360:
            return [(-180.0, south, 180.0, north)]
        turn = 360 * math.floor((west + 180) / 360)
        west, east = west - turn, east - turn
        if east <= 180:
            return [(west, south, east, north)]
        return [(west, south, 180.0, north), (-180.0, south, east - 360, north)]

    def _holds_pole(self, grid: Grid, window: tuple[int, int, int, int], pole: float) -> bool:
        place = _transformed(self._in, np.array([[0.0, pole]])) if self._in else np.array([[np.nan, np.nan]])
        column, row = grid.placed(place)[0]
        return bool(window[0] - 1 <= column <= window[2] + 1 and window[1] - 1 <= row <= window[3] + 1)

    # -- boundaries

    def rings(self, outline: Outline, grid: Grid, boxes: Sequence[Sequence[float]]) -> list[np.ndarray]:
        """The outline's rings in this system, as far as they matter to cells of the grid that lie in ``boxes``.

        Raises AzeError ``habitat.not_placed`` where the projection cannot hold what lies near those cells.
        """
        if self.is_equal_area:
            return outline.metres
        if not self.is_degrees:
            return self._projected(outline, grid, boxes)
        if self._is_lonlat:
            rings = outline.lonlat
        else:
            rings = outline.kept(("datum", self.wkt), lambda: _in_datum(outline.lonlat, self._in))
        return _turned(rings, grid)

    def _projected(self, outline: Outline, grid: Grid, boxes: Sequence[Sequence[float]]) -> list[np.ndarray]:
        cell = min(abs(grid.dx), abs(grid.dy))
        try:
            if outline.width <= _WIDE:
                return outline.kept((self.wkt, cell), lambda: _bent(outline.lonlat, self._in, cell))
        except _Torn:
            pass
        rings = []
        seam = float(geometry.project(np.array([[self._seam, 0.0]]))[0, 0])
        for low, bottom, high, top in boxes:
            for west, east in ((low, min(high, seam - _APART)), (max(low, seam + _APART), high)):
                if west < east:
                    rings += geometry.rings(geometry.overlap(outline.shape, geometry.box(west, bottom, east, top)))
        try:
            return _bent([geometry.unproject(ring) for ring in rings], self._in, cell)
        except _Torn as error:
            raise AzeError("habitat.not_placed", crs=self.name) from error

    @property
    def name(self) -> str:
        """What people call the system."""
        crs = osr.SpatialReference()
        crs.ImportFromWkt(self.wkt)
        return crs.GetName() or ""


class Outline:
    """A boundary, EPSG:6933, taken apart into rings; what it is in other systems is worked out once."""

    def __init__(self, shape: geometry.Geometry):
        self.shape = shape
        self.metres = geometry.rings(shape)
        self.lonlat = [geometry.unproject(ring) for ring in self.metres]
        self._kept: dict[tuple, list[np.ndarray] | None] = {}

    @property
    def width(self) -> float:
        """Degrees of longitude it reaches across, those of both sides of 180° together."""
        rectangles = [] if geometry.is_empty(self.shape) else geometry.rectangles(self.shape)
        return sum((box[2] - box[0]) / geometry.HALF_WORLD * 180 for box in rectangles)

    def kept(self, key: tuple, make) -> list[np.ndarray]:
        """What ``make`` gives for a key, made once; a system that cannot hold the outline is asked once too."""
        if key not in self._kept:
            self._kept[key] = None
            self._kept[key] = make()
        found = self._kept[key]
        if found is None:
            raise _Torn
        return found


class _Torn(Exception):
    """A projection tears an outline, or has no place for part of it."""


def _turned(rings: Sequence[np.ndarray], grid: Grid) -> list[np.ndarray]:
    """Rings in degrees, repeated by whole turns wherever the grid's longitudes reach them."""
    if not rings:
        return []
    low, _, high, _ = grid.bounds
    west, east = min(r[:, 0].min() for r in rings), max(r[:, 0].max() for r in rings)
    out: list[np.ndarray] = []
    for turn in range(math.floor((low - east) / 360), math.ceil((high - west) / 360) + 1):
        if west + 360 * turn < high and east + 360 * turn > low:
            out += rings if turn == 0 else [ring + (360.0 * turn, 0.0) for ring in rings]
    return out


def _in_datum(rings: Sequence[np.ndarray], transformation: osr.CoordinateTransformation) -> list[np.ndarray]:
    """Lon/lat rings in degrees of another datum. What lies at 180° stays on its side of it."""
    out = []
    for ring in rings:
        moved = _moved(transformation, ring)
        moved[:, 0] -= 360 * np.round((moved[:, 0] - ring[:, 0]) / 360)
        out.append(moved)
    return out


def _bent(rings: Sequence[np.ndarray], transformation: osr.CoordinateTransformation, cell: float) -> list[np.ndarray]:
    """Lon/lat rings in a projection, with vertices added where an edge is a curve there."""
    if not rings:
        return []
    points = np.concatenate(rings)
    ring = np.repeat(np.arange(len(rings)), [len(r) for r in rings])
    # The last vertex of a ring begins no edge.
    length = np.abs(np.diff(points, axis=0)).max(axis=1, initial=0.0)
    joined = ring[1:] == ring[:-1]
    points, ring, fresh, _ = _divided(points, ring, np.where(joined, np.ceil(length / _LONG), 1).astype(int), joined)
    placed = _moved(transformation, points)
    for _ in range(_ROUNDS):
        # Only edges that the last round made are looked at, and only long ones.
        doubtful = fresh & (np.hypot(*np.diff(placed, axis=0).T) > _SHORT * cell)
        where = np.flatnonzero(doubtful)
        parts = np.ones(len(points) - 1, dtype=int)
        if where.size:
            middle = _moved(transformation, (points[where] + points[where + 1]) / 2)
            stray = np.hypot(*(middle - (placed[where] + placed[where + 1]) / 2).T) / cell
            parts[where] = np.clip(np.ceil(np.sqrt(stray / _STRAY)), 1, _AT_MOST).astype(int)
        if (parts == 1).all():
            return np.split(placed, np.flatnonzero(np.diff(ring)) + 1)
        points, ring, fresh, old = _divided(points, ring, parts, parts > 1)
        before, placed = placed, np.empty_like(points)
        placed[old], placed[~old] = before, _moved(transformation, points[~old])
    raise _Torn


def _divided(
    points: np.ndarray, ring: np.ndarray, parts: np.ndarray, fresh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Edges cut into equal parts: points, their rings, which edges come of fresh ones, and which points were there."""
    parts = np.maximum(parts, 1)
    which = np.repeat(np.arange(len(parts)), parts)
    along = (np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[which]
    cut = points[which] + along[:, None] * (points[which + 1] - points[which])
    return np.vstack((cut, points[-1:])), np.append(ring[which], ring[-1]), fresh[which], np.append(along == 0, True)


def _moved(transformation: osr.CoordinateTransformation, points: np.ndarray) -> np.ndarray:
    """All points through a transformation at once. Raises ``_Torn`` where any of them has no place in it."""
    line = _LINE.pack(1, _WKB_LINE, len(points)) + np.ascontiguousarray(points, dtype="<f8").tobytes()
    try:
        shape = ogr.CreateGeometryFromWkb(line)
        failed = shape.Transform(transformation)
    except RuntimeError as error:
        raise _Torn from error
    out = np.frombuffer(shape.ExportToWkb(ogr.wkbNDR), "<f8", offset=_LINE.size).reshape(-1, 2).copy()
    if failed or not np.isfinite(out).all():
        raise _Torn
    return out


def _transformed(transformation: osr.CoordinateTransformation, points: np.ndarray) -> np.ndarray:
    """Points through a transformation, one by one where some fail; not-a-number for those."""
    try:
        found = transformation.TransformPoints(points.tolist())
    except RuntimeError:
        found = [_point(transformation, x, y) for x, y in points.tolist()]
    out = np.array(found, dtype=float).reshape(-1, 3)[:, :2]
    out[~np.isfinite(out).all(axis=1)] = np.nan
    return out


def _point(transformation: osr.CoordinateTransformation, x: float, y: float) -> tuple[float, float, float]:
    try:
        return transformation.TransformPoint(x, y)
    except RuntimeError:
        return math.nan, math.nan, math.nan


class Areas:
    """Square metres (EPSG:6933) of cells, and sums over them."""

    def __init__(self, reference: Reference, grid: Grid):
        self._rows: np.ndarray | None = None
        self._cells: grids.CellAreas | None = None
        if reference.is_equal_area:
            self._rows = np.full(grid.rows, abs(grid.dx * grid.dy))
        elif reference.is_degrees:
            self._rows = grids.row_areas(grid)
        else:
            self._cells = grids.CellAreas(grid, reference.to_lonlat)

    def total(self, fractions: np.ndarray, column: int, row: int) -> float:
        """Square metres of fractions of cells, shape (rows, columns), of the window that begins there."""
        rows, columns = fractions.shape
        if self._rows is not None:
            return float(fractions.sum(axis=1, dtype=float) @ self._rows[row : row + rows])
        return float(np.sum(fractions * self._cells.of(column, row, columns, rows)))
