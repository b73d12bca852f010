"""Grids of cells: how much of each cell lies inside a boundary, and how many square metres each cell has.

Pure NumPy. The covered fraction of a cell is exact to rounding, without a geometry a cell: every edge of the boundary
is cut at the lines of the grid, and each piece adds, with the sign of its direction, what it leaves of its own cell to
its right, and its whole height to all cells beyond. The sum along a row is the area covered (signed-area accumulation,
as exact rasterisers of outline fonts do it).

*Rings* are closed outlines, arrays of shape (n, 2) whose last vertex repeats the first, in the grid's own units; shells
run one way round and holes the other (``domain.geometry.rings`` gives them so).
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from . import geometry

# Edges that are cut at a time, which bounds the memory that cutting needs beside its result.
_EDGES = 50_000

# Covered fractions nearer than this to nothing or to the whole are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Grid:
    """A grid along the axes of its reference system, without rotation.

    ``x``, ``y``: the outer corner of its first cell; ``dx``, ``dy``: steps to the next column and row, either of which
    may be negative (rows usually run south, so ``dy`` < 0); ``columns``, ``rows``: its size.
    """

    x: float
    y: float
    dx: float
    dy: float
    columns: int
    rows: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax."""
        far_x, far_y = self.x + self.columns * self.dx, self.y + self.rows * self.dy
        return min(self.x, far_x), min(self.y, far_y), max(self.x, far_x), max(self.y, far_y)

    def window(self, column: int, row: int, columns: int, rows: int) -> Grid:
        """The part of the grid that begins at a column and row; cut off where the grid ends."""
        column_end, row_end = min(self.columns, column + columns), min(self.rows, row + rows)
        column, row = max(0, column), max(0, row)
        x, y = self.x + column * self.dx, self.y + row * self.dy
        return Grid(x, y, self.dx, self.dy, max(0, column_end - column), max(0, row_end - row))

    def reached(self, bounds: Sequence[float]) -> tuple[int, int, int, int]:
        """First column, first row, columns and rows of the window that a rectangle (xmin, ymin, xmax, ymax) reaches.

        Its size is 0 where they are apart.
        """
        columns = sorted(((bounds[0] - self.x) / self.dx, (bounds[2] - self.x) / self.dx))
        rows = sorted(((bounds[1] - self.y) / self.dy, (bounds[3] - self.y) / self.dy))
        column, row = max(0, math.floor(columns[0])), max(0, math.floor(rows[0]))
        column_end, row_end = min(self.columns, math.ceil(columns[1])), min(self.rows, math.ceil(rows[1]))
        return column, row, max(0, column_end - column), max(0, row_end - row)

    def placed(self, coordinates: np.ndarray) -> np.ndarray:
        """Coordinates, shape (n, 2), in cells from the grid's first corner."""
        return (coordinates - (self.x, self.y)) / (self.dx, self.dy)

    def coordinates(self, cells: np.ndarray) -> np.ndarray:
        """Places in cells from the grid's first corner, shape (n, 2), as coordinates."""
        return cells * (self.dx, self.dy) + (self.x, self.y)


# ----------------------------------------------------------------------------------------------------- covered fraction


@dataclass(frozen=True)
class _Pieces:
    """Pieces of edges, each within one cell, by rows; ``before``: height by row of what lies left of the grid.

    ``heights``: signed extent along the rows' axis; ``left``: share of it that counts for the piece's own cell.
    """

    rows: np.ndarray
    columns: np.ndarray
    heights: np.ndarray
    left: np.ndarray
    before: np.ndarray


def covered(grid: Grid, rings: Sequence[np.ndarray]) -> np.ndarray:
    """Fraction of each cell that lies inside the rings, shape (rows, columns), 0 to 1.

    What of the rings lies beyond the grid is left out of account. Where shells overlap a cell counts once at most.
    """
    if not grid.columns:
        return np.zeros((grid.rows, 0))
    pieces = _cut(grid, rings)
    return _summed(pieces.rows, pieces.columns, pieces.heights, pieces.left, pieces.before, grid.columns)


class Tiling:
    """The covered fractions of a grid that is cut into square tiles, without ever holding those of the whole grid.

    Tiles are numbered by column and row of tiles; the last ones may be smaller.
    """

    def __init__(self, grid: Grid, rings: Sequence[np.ndarray], size: int):
        self._grid = grid
        self._size = size
        self._across = -(-grid.columns // size)
        self._pieces = _cut(grid, rings)
        tiles = self._pieces.rows // size * self._across + self._pieces.columns // size
        self._order = np.argsort(tiles, kind="stable")
        self._numbers, self._starts = np.unique(tiles[self._order], return_index=True)
        self._ends = np.append(self._starts[1:], len(tiles))
        # Whether the cells just right of each crossed tile are inside, told by its first row: only used for tiles that
        # no edge crosses, whose rows are all alike.
        self._first_rows = np.arange(0, grid.rows, size)

    @property
    def crossed(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns and rows of the tiles that an edge runs through."""
        return self._numbers % self._across, self._numbers // self._across

    def whole(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Which of the tiles lie wholly inside, no edge running through them."""
        tiles = np.asarray(rows) * self._across + np.asarray(columns)
        at = np.searchsorted(self._numbers, tiles)
        known = at < len(self._numbers)
        free = ~(known & (self._numbers[np.minimum(at, len(self._numbers) - 1)] == tiles)) if known.any() else ~known
        # The state of the first row of cells right of the crossed tile before it, or left of the grid.
        heights = np.cumsum(self._first_row_heights())
        begin = np.searchsorted(self._numbers, np.asarray(rows) * self._across)
        total = np.concatenate(([0.0], heights))
        inside = self._pieces.before[self._first_rows[np.asarray(rows)]] + total[at] - total[begin]
        return free & (np.abs(inside) > 0.5)

    def _first_row_heights(self) -> np.ndarray:
        """For each crossed tile, the signed height of its pieces in its first row of cells."""
        if not len(self._numbers):
            return np.zeros(0)
        first = self._pieces.rows[self._order] % self._size == 0
        return np.add.reduceat(np.where(first, self._pieces.heights[self._order], 0.0), self._starts)

    def fractions(
        self, wanted: Container[tuple[int, int]] | None = None
    ) -> Iterator[tuple[int, int, int, int, np.ndarray]]:
        """Of each crossed tile, or of the ``wanted`` of them, the part that holds all its covered cells.

        Column and row of the tile, first row and first column of the part within it, and the part's fractions; row by
        row of tiles.
        """
        size, pieces = self._size, self._pieces
        current, before = -1, np.zeros(0)
        for number, start, end in zip(self._numbers.tolist(), self._starts.tolist(), self._ends.tolist()):
            row, column = divmod(number, self._across)
            if row != current:
                current, before = row, pieces.before[row * size : (row + 1) * size].copy()
            which = self._order[start:end]
            rows, heights = pieces.rows[which] - row * size, pieces.heights[which]
            behind = before + np.bincount(rows, heights, len(before))
            if wanted is None or (column, row) in wanted:
                columns = pieces.columns[which] - column * size
                entered, left = np.abs(before) > _ROUNDING, np.abs(behind) > _ROUNDING
                used = np.flatnonzero(entered | left)
                top = min(int(rows.min()), int(used[0]) if used.size else size)
                bottom = max(int(rows.max()), int(used[-1]) if used.size else 0) + 1
                first = 0 if entered.any() else int(columns.min())
                last = min(size, self._grid.columns - column * size) if left.any() else int(columns.max()) + 1
                share = pieces.left[which]
                part = _summed(rows - top, columns - first, heights, share, before[top:bottom], last - first)
                yield column, row, top, first, part
            before = behind


def _summed(
    rows: np.ndarray, columns: np.ndarray, heights: np.ndarray, left: np.ndarray, before: np.ndarray, width: int
) -> np.ndarray:
    """Fractions of a block of cells from its pieces and from what lies left of it."""
    count = len(before)
    at = rows * (width + 1) + columns
    own = heights * left
    # Of nothing, bincount makes whole numbers.
    total = np.bincount(at, own, count * (width + 1)).astype(float, copy=False)
    total += np.bincount(at + 1, heights - own, count * (width + 1))
    total = total.reshape(count, width + 1)[:, :width]
    total[:, 0] += before
    out = np.cumsum(total, axis=1)
    np.abs(out, out=out)
    np.minimum(out, 1.0, out=out)
    out[out < _ROUNDING] = 0.0
    out[out > 1 - _ROUNDING] = 1.0
    return out


def _cut(grid: Grid, rings: Sequence[np.ndarray]) -> _Pieces:
    """All edges of the rings cut at the lines of the grid."""
    before = np.zeros(grid.rows)
    parts: list[tuple[np.ndarray, ...]] = []
    if rings and grid.rows and grid.columns:
        coordinates = grid.placed(np.concatenate(rings))
        ends = np.cumsum([len(ring) for ring in rings])
        edges = np.ones(len(coordinates), dtype=bool)
        edges[ends - 1] = False
        starts = np.flatnonzero(edges)
        for first in range(0, len(starts), _EDGES):
            some = starts[first : first + _EDGES]
            parts.append(_cut_edges(coordinates[some], coordinates[some + 1], grid.columns, grid.rows, before))
    if not parts:
        return _Pieces(np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros(0), before)
    return _Pieces(*(np.concatenate(column) for column in zip(*parts)), before)


def _cut_edges(
    one: np.ndarray, other: np.ndarray, columns: int, rows: int, before: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Edges in cells from one end to the other, cut at rows and then at columns; adds to ``before``."""
    # Along the rows an edge has no height: it bounds no area.
    (u0, v0), (u1, v1) = one.T, other.T
    used = (v0 != v1) & (np.minimum(v0, v1) < rows) & (np.maximum(v0, v1) > 0) & (np.minimum(u0, u1) < columns)
    u0, v0, u1, v1 = u0[used], v0[used], u1[used], v1[used]
    sign = np.where(v1 > v0, 1.0, -1.0)
    low, high = np.minimum(v0, v1), np.maximum(v0, v1)
    u_low, u_high = np.where(v1 > v0, u0, u1), np.where(v1 > v0, u1, u0)

    edge, row, start, end = _split(np.maximum(low, 0.0), np.minimum(high, rows))
    slope = ((u_high - u_low) / (high - low))[edge]
    # The ends themselves are kept to the last digit, so that pieces which meet there match.
    u_start = np.where(start == low[edge], u_low[edge], u_low[edge] + (start - low[edge]) * slope)
    u_end = np.where(end == high[edge], u_high[edge], u_low[edge] + (end - low[edge]) * slope)
    height = (end - start) * sign[edge]

    low, high = np.minimum(u_start, u_end), np.maximum(u_start, u_end)
    run = high - low
    upright = run == 0
    # What runs left of the grid covers the rows from their beginning; what runs right of it covers nothing.
    with np.errstate(invalid="ignore", divide="ignore"):
        outside = np.where(upright, low < 0, (np.minimum(high, 0.0) - np.minimum(low, 0.0)) / run)
    before += np.bincount(row, height * outside, len(before))
    inside = np.where(upright, (low >= 0) & (low < columns), (high > 0) & (low < columns))
    low, high, run, row, height = low[inside], high[inside], run[inside], row[inside], height[inside]
    piece, column, start, end = _split(np.maximum(low, 0.0), np.minimum(high, columns))
    run = run[piece]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(run == 0, 1.0, (end - start) / run)
    return row[piece], column, height[piece] * share, 1.0 - ((start + end) / 2 - column)


def _split(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Stretches cut at whole numbers: which stretch each piece is of, the whole number below it, its two ends."""
    first = np.floor(low)
    count = np.maximum(1, np.ceil(high) - first).astype(np.int64)
    which = np.repeat(np.arange(len(low)), count)
    place = first[which] + (np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count))
    return which, place.astype(np.int64), np.maximum(low[which], place), np.minimum(high[which], place + 1)


# ------------------------------------------------------------------------------------------------------- sizes of cells

_NORTH_POLE = float(geometry.project(np.array([[0.0, 90.0]]))[0, 1])
_X_PER_RADIAN = float(geometry.project(np.array([[180.0, 0.0]]))[0, 0]) / math.pi
_RADIUS2 = _X_PER_RADIAN * _NORTH_POLE

# A polynomial of this many nodes along each axis stands for the sizes of a block of cells.
_NODES = 5
# Relative error up to which it may; beyond, the block is quartered.
_TOLERANCE = 1e-6
# Sizes are sampled on patches of about this width: those of single small cells would be lost in rounding.
_PATCH_M = 1000.0
# Widths of blocks, in cells, that are tried.
_BLOCKS = (8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16)
# Blocks that are no larger than this along an axis are worked out cell by cell.
_SMALL = 8


def row_areas(grid: Grid) -> np.ndarray:
    """Square metres (EPSG:6933) of a cell of each row, shape (rows,), of a grid in degrees."""
    lines = np.clip(grid.y + np.arange(grid.rows + 1) * grid.dy, -90.0, 90.0)
    metres = geometry.project(np.column_stack((np.full(len(lines), abs(grid.dx)), lines)))
    return metres[:-1, 0] * np.abs(np.diff(metres[:, 1]))


@dataclass
class CellAreas:
    """Square metres (EPSG:6933) of the cells of a grid in any reference system.

    ``to_lonlat`` brings coordinates, shape (n, 2), to WGS 84 degrees, not-a-number for what is not on earth. Sizes
    change smoothly over a map: those of a block come from a polynomial through a few cells, checked on others, and the
    block is quartered until the check holds to 1e-6. A cell with its middle on earth but a corner beyond the map's edge
    gets the mean size of its neighbours in the block; one with its middle beyond it has none.
    """

    grid: Grid
    to_lonlat: Callable[[np.ndarray], np.ndarray]
    _fits: dict[tuple[int, int, int], np.ndarray | None] = field(default_factory=dict)

    def of(self, column: int, row: int, columns: int, rows: int) -> np.ndarray:
        """Sizes of a window's cells, shape (rows, columns)."""
        # The largest block that holds the window and that one polynomial holds for; it serves other windows too.
        for block in _BLOCKS:
            key = (block, column // block, row // block)
            if (column + columns - 1) // block != key[1] or (row + rows - 1) // block != key[2]:
                break
            if key not in self._fits:
                self._fits[key] = self._fitted(key[1] * block, key[2] * block, block)
            if self._fits[key] is not None:
                return _evaluated(self._fits[key], column - key[1] * block, row - key[2] * block, columns, rows, block)
        return self._quartered(column, row, columns, rows)

    def _quartered(self, column: int, row: int, columns: int, rows: int) -> np.ndarray:
        if columns <= _SMALL and rows <= _SMALL:
            return self._each(column, row, columns, rows)
        block = max(columns, rows)
        fit = self._fitted(column, row, block)
        if fit is not None:
            return _evaluated(fit, 0, 0, columns, rows, block)
        if self._is_nowhere(column, row, columns, rows):
            return np.zeros((rows, columns))
        half_columns, half_rows = -(-columns // 2), -(-rows // 2)
        out = np.empty((rows, columns))
        for left, width in ((0, half_columns), (half_columns, columns - half_columns)):
            for top, height in ((0, half_rows), (half_rows, rows - half_rows)):
                if width and height:
                    part = self._quartered(column + left, row + top, width, height)
                    out[top : top + height, left : left + width] = part
        return out

    def _is_nowhere(self, column: int, row: int, columns: int, rows: int) -> bool:
        """Whether no cell of a window has its middle on earth. All are asked only where the first few say so."""
        for across, down in (
            (np.linspace(0, columns - 1, 3), np.linspace(0, rows - 1, 3)),
            (range(columns), range(rows)),
        ):
            cells = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2) + (column + 0.5, row + 0.5)
            if np.isfinite(self.to_lonlat(self.grid.coordinates(cells))).any():
                return False
        return True

    def _fitted(self, column: int, row: int, block: int) -> np.ndarray | None:
        """Values of the polynomial at the nodes of a block; None where it does not hold."""
        nodes = column + _nodes(block), row + _nodes(block)
        width = self._cell_m(column + block / 2, row + block / 2)
        if not width:
            return None
        patch = min(max(1.0, _PATCH_M / width), max(1.0, block / 8))
        values = self._sizes(*np.meshgrid(*nodes), patch)
        checks = tuple((axis[:-1] + axis[1:]) / 2 for axis in nodes)
        found = self._sizes(*np.meshgrid(*checks), patch)
        basis = [_basis(axis - start - 0.5, block) for axis, start in zip(checks, (column, row))]
        expected = basis[1] @ values @ basis[0].T
        # Written so that not-a-number fails too.
        return values if np.all(np.abs(expected - found) <= _TOLERANCE * np.abs(found)) else None

    def _cell_m(self, column: float, row: float) -> float:
        size = float(self._sizes(np.array([[column]]), np.array([[row]]), 1.0)[0, 0])
        return math.sqrt(size) if math.isfinite(size) and size > 0 else 0.0

    def _each(self, column: int, row: int, columns: int, rows: int) -> np.ndarray:
        middles = np.meshgrid(column + np.arange(columns) + 0.5, row + np.arange(rows) + 0.5)
        sizes = self._sizes(*middles, 1.0)
        lost = np.isnan(sizes)
        if lost.any():
            cells = np.column_stack([axis.ravel() for axis in middles])
            on_earth = np.isfinite(self.to_lonlat(self.grid.coordinates(cells))).all(axis=1).reshape(rows, columns)
            sizes[lost] = np.where(on_earth[lost], self._usual(column, row, columns, rows, sizes), 0.0)
        return sizes

    def _usual(self, column: int, row: int, columns: int, rows: int, sizes: np.ndarray) -> float:
        """Mean size of the cells that have one; looked for farther round where there is none."""
        reach = 0
        while np.isnan(sizes).all() and reach < max(self.grid.columns, self.grid.rows):
            reach = 2 * reach + 4
            across = np.linspace(column - reach, column + columns + reach, 9)
            down = np.linspace(row - reach, row + rows + reach, 9)
            sizes = self._sizes(*np.meshgrid(across, down), 1.0)
        return 0.0 if np.isnan(sizes).all() else float(np.nanmean(sizes))

    def _sizes(self, columns: np.ndarray, rows: np.ndarray, patch: float) -> np.ndarray:
        """Size of a cell at each place (its middle, in cells), averaged over a patch so many cells wide."""
        half = patch / 2
        around = np.array([(-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0)]) * half
        middles = np.column_stack((columns.ravel(), rows.ravel()))
        corners = (middles[:, None, :] + around).reshape(-1, 2)
        areas = _ring_areas(self.to_lonlat(self.grid.coordinates(corners)).reshape(-1, 8, 2))
        return (areas / patch**2).reshape(columns.shape)


def _nodes(block: int) -> np.ndarray:
    """Middles of the cells, in cells from the block's corner, through which the polynomial goes (Chebyshev-Lobatto)."""
    spread = (1 - np.cos(np.pi * np.arange(_NODES) / (_NODES - 1))) / 2
    return 0.5 + spread * (block - 1)


def _basis(places: np.ndarray, block: int) -> np.ndarray:
    """Lagrange's polynomials at places in cells from the middle of the block's first cell, shape (places, nodes)."""
    nodes = _nodes(block) - 0.5
    out = np.ones((len(places), _NODES))
    for k in range(_NODES):
        for other in range(_NODES):
            if other != k:
                out[:, k] *= (places - nodes[other]) / (nodes[k] - nodes[other])
    return out


def _evaluated(values: np.ndarray, column: int, row: int, columns: int, rows: int, block: int) -> np.ndarray:
    down = _basis(np.arange(row, row + rows, dtype=float), block)
    across = _basis(np.arange(column, column + columns, dtype=float), block)
    return down @ values @ across.T


def _ring_areas(lonlat: np.ndarray) -> np.ndarray:
    """Square metres of quadrilaterals, shape (n, 8, 2): corners and the middles of their sides in turn, in degrees.

    Sides are taken as parabolas through their three points. Measured in Lambert's equal-area plane laid at each one's
    own first point, on the sphere of equal area: neither 180° nor a pole is a seam there.
    """
    metres = geometry.project(lonlat.reshape(-1, 2)).reshape(lonlat.shape)
    lon, sine = metres[..., 0] / _X_PER_RADIAN, np.clip(metres[..., 1] / _NORTH_POLE, -1.0, 1.0)
    cosine = np.sqrt(1 - sine * sine)
    # Rotated so that the first point lies on the meridian 0.
    turned = lon - lon[:, :1]
    sine0, cosine0 = sine[:, :1], cosine[:, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        east = cosine * np.sin(turned)
        north = sine * cosine0 - cosine * sine0 * np.cos(turned)
        along = sine * sine0 + cosine * cosine0 * np.cos(turned)
        scale = np.sqrt(2 / (1 + along))
        x, y = east * scale, north * scale
    corners, sides = slice(0, 8, 2), slice(1, 8, 2)
    area = _cross(x[:, corners], y[:, corners]).sum(axis=1) / 2
    # A parabola's segment has four thirds of the triangle between its chord and its middle.
    x0, y0, x1, y1 = x[:, corners], y[:, corners], np.roll(x[:, corners], -1, 1), np.roll(y[:, corners], -1, 1)
    bulge = (x[:, sides] - x0) * (y1 - y0) - (y[:, sides] - y0) * (x1 - x0)
    area += (bulge * (2 / 3)).sum(axis=1)
    return np.abs(area) * _RADIUS2


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y
