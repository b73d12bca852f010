"""How much of each cell a boundary covers, and how large cells are, against other ways to work them out."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from aze_plugin.domain import geometry
from aze_plugin.domain.grids import CellAreas, Grid, Tiling, covered, row_areas

GRID = Grid(-1.0, 5.0, 0.25, -0.25, 32, 28)
EARTH_M2 = 510_065_621_724_078.9  # of the WGS 84 ellipsoid


def by_overlay(grid, shape):
    """Fractions by intersecting the boundary with every cell."""
    x, y = grid.x + np.arange(grid.columns + 1) * grid.dx, grid.y + np.arange(grid.rows + 1) * grid.dy
    cells = shapely.box(
        np.minimum(x[:-1], x[1:])[None, :],
        np.minimum(y[:-1], y[1:])[:, None],
        np.maximum(x[:-1], x[1:])[None, :],
        np.maximum(y[:-1], y[1:])[:, None],
    )
    return shapely.area(shapely.intersection(cells, shape)) / abs(grid.dx * grid.dy)


def star(seed, centre=(3.0, 1.5), reach=4.0, vertices=40):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, vertices))
    radius = rng.uniform(0.2, 1, vertices) * reach
    shape = shapely.Polygon(np.column_stack((centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle))))
    return geometry.polygonal(shape)


SHAPES = {
    "star": star(1),
    "hole": star(2).difference(shapely.box(2.6, 1.1, 3.37, 1.93)),
    "island in a hole": shapely.union(
        star(3).difference(shapely.Point(3, 1.5).buffer(1.3)), shapely.Point(3, 1.5).buffer(0.4)
    ),
    "several parts": shapely.MultiPolygon(
        [shapely.box(0, 0, 1.1, 1.3), star(4, (5, 2), 1.5), shapely.box(1.2, 0, 2, 0.1)]
    ),
    "sliver": shapely.Polygon([(-0.9, 0.03), (6.9, 4.31), (6.9, 4.310001), (-0.9, 0.030001)]),
    "needle along a line of cells": shapely.box(-0.5, 1.0, 6.0, 1.0 + 1e-7),
    "beyond the grid on all sides": shapely.box(-9, -9, 30, 30).difference(star(5)),
    "beyond on the left": shapely.box(-9, 0.11, 0.13, 3.3),
    "beyond on the right": star(6, (6.9, 1.0), 3.0),
    "above": star(7, (3.0, 5.0), 3.0),
    "on the lines of the grid": shapely.box(0.0, 0.0, 2.5, 1.75),
    "the grid itself": shapely.box(*GRID.bounds),
    "within one cell": shapely.box(0.01, 0.02, 0.03, 0.2),
    "apart": shapely.box(40, 40, 41, 41),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    "grid",
    [
        GRID,
        Grid(-1.0, -2.0, 0.25, 0.25, 32, 28),
        Grid(7.0, 5.0, -0.25, -0.25, 32, 28),
        Grid(-1.0, 5.0, 8.0, -7.0, 1, 1),
    ],
    ids=["south", "north", "westward", "one cell"],
)
def test_fractions_are_those_of_an_overlay(grid, shape):
    found = covered(grid, geometry.rings(shape))
    assert found.shape == (grid.rows, grid.columns)
    np.testing.assert_allclose(found, by_overlay(grid, shape), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["hole", "several parts", "beyond on the right", "sliver"])
def test_fractions_are_those_of_exactextract(name):
    exactextract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource

    xmin, ymin, xmax, ymax = GRID.bounds
    source = NumPyRasterSource(np.ones((GRID.rows, GRID.columns)), xmin, ymin, xmax, ymax)
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(SHAPES[name])}
    (told,) = exactextract.exact_extract(source, [feature], ["cell_id", "coverage"])
    expected = np.zeros(GRID.rows * GRID.columns)
    expected[told["properties"]["cell_id"]] = told["properties"]["coverage"]
    # exactextract hands its fractions on in single precision.
    np.testing.assert_allclose(covered(GRID, geometry.rings(SHAPES[name])).ravel(), expected, rtol=0, atol=1e-7)


def test_far_from_the_origin_nothing_is_lost():
    shape = shapely.transform(SHAPES["hole"], lambda c: c * 400 + (17_000_000, 6_500_000))
    grid = Grid(17_000_000 - 400, 6_500_000 + 2000, 100, -100, 32, 28)
    np.testing.assert_allclose(covered(grid, geometry.rings(shape)), by_overlay(grid, shape), rtol=0, atol=1e-9)


def test_direction_of_rings_does_not_matter_as_long_as_holes_run_the_other_way():
    rings = geometry.rings(SHAPES["hole"])
    assert len(rings) > 1
    np.testing.assert_allclose(covered(GRID, rings), covered(GRID, [ring[::-1] for ring in rings]), rtol=0, atol=1e-14)


def test_nothing_to_cover_with_and_nothing_to_cover():
    assert not covered(GRID, []).any()
    assert covered(GRID.window(0, 0, 0, 0), geometry.rings(SHAPES["star"])).shape == (0, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 8), st.integers(3, 60), st.sampled_from([3, 8, 40]))
def test_tiles_are_parts_of_the_whole(seed, reach, vertices, size):
    shape = star(seed, reach=reach, vertices=vertices)
    rings = geometry.rings(shape)
    expected = covered(GRID, rings)
    tiling = Tiling(GRID, rings, size)
    columns, rows = (a.ravel() for a in np.meshgrid(range(-(-GRID.columns // size)), range(-(-GRID.rows // size))))
    together = np.zeros_like(expected)
    for column, row in zip(columns[tiling.whole(columns, rows)], rows[tiling.whole(columns, rows)]):
        together[row * size : (row + 1) * size, column * size : (column + 1) * size] = 1
    crossed = set()
    for column, row, top, left, fractions in tiling.fractions():
        tile = together[row * size : (row + 1) * size, column * size : (column + 1) * size]
        tile[top : top + fractions.shape[0], left : left + fractions.shape[1]] = fractions
        crossed.add((column, row))
    np.testing.assert_allclose(together, expected, rtol=0, atol=1e-12)
    some = set(list(crossed)[::2])
    assert {(column, row) for column, row, *_ in tiling.fractions(some)} == some


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.1, 6))
def test_parts_of_a_boundary_add_up(seed, other, reach):
    shape, knife = star(seed), star(other, reach=reach)
    inside, outside = shapely.intersection(shape, knife), shapely.difference(shape, knife)
    parts = [covered(GRID, geometry.rings(geometry.polygonal(g))) for g in (inside, outside)]
    whole = covered(GRID, geometry.rings(shape))
    np.testing.assert_allclose(parts[0] + parts[1], whole, rtol=0, atol=1e-9)
    assert (whole >= parts[0] - 1e-9).all() and whole.max() <= 1


def test_windows():
    assert GRID.bounds == (-1.0, -2.0, 7.0, 5.0)
    assert GRID.window(30, 2, 10, 3) == Grid(6.5, 4.5, 0.25, -0.25, 2, 3)
    assert GRID.reached((0.1, 0.1, 0.3, 0.3)) == (4, 18, 2, 2)
    assert GRID.reached((-100, -100, 100, 100)) == (0, 0, 32, 28)
    assert GRID.reached((50, 0, 51, 1))[2] == 0


def test_rows_of_degrees_add_up_to_the_earth():
    assert row_areas(Grid(-180, 90, 1, -1, 360, 180)).sum() * 360 == pytest.approx(EARTH_M2, rel=1e-9)
    assert row_areas(Grid(0, -90, 0.5, 0.5, 720, 360)).sum() * 720 == pytest.approx(EARTH_M2, rel=1e-9)
    # What hangs over a pole has no size.
    assert row_areas(Grid(0, 91, 1, -1, 1, 2))[0] == 0


def to_lonlat(crs):
    """PROJ's way from a reference system to degrees; not-a-number for what is not on earth."""
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

    def transform(coordinates):
        found = np.column_stack(transformer.transform(*coordinates.T))
        return np.where(np.isfinite(found), found, np.nan)

    return transform


def areas_by_projecting(grid, crs, cells):
    """Each cell's outline with many vertices, projected to EPSG:6933 by PROJ."""
    along = np.linspace(0, 1, 60)[:-1]
    zero, one = np.zeros_like(along), np.ones_like(along)
    outline = np.column_stack((np.r_[along, one, 1 - along, zero], np.r_[zero, along, one, 1 - along]))
    to_metres = pyproj.Transformer.from_crs(crs, "EPSG:6933", always_xy=True)
    return np.array(
        [shapely.Polygon(np.column_stack(to_metres.transform(*grid.coordinates(outline + c).T))).area for c in cells]
    )


@pytest.mark.parametrize(
    ("crs", "grid"),
    [
        ("EPSG:32633", Grid(300_000, 6_000_000, 30, -30, 3000, 3000)),
        ("EPSG:32633", Grid(500_000, 100_000, 1, -1, 300, 200)),
        ("ESRI:54009", Grid(1_000_000, 6_500_000, 1000, -1000, 1200, 900)),
        ("EPSG:3035", Grid(2_500_000, 5_500_000, 10_000, -10_000, 400, 400)),
        ("EPSG:3857", Grid(1_000_000, 9_000_000, 100_000, -100_000, 40, 80)),
        ("EPSG:3995", Grid(-2_000_000, 2_000_000, 5000, -5000, 300, 300)),
    ],
)
def test_sizes_of_projected_cells(crs, grid):
    areas = CellAreas(grid, to_lonlat(crs))
    tile = min(256, grid.columns), min(256, grid.rows)
    left, top = (grid.columns // tile[0] - 1) * tile[0], (grid.rows // tile[1] - 1) * tile[1]
    found = areas.of(left, top, *tile)
    cells = np.random.default_rng(3).integers((0, 0), tile, (40, 2))
    expected = areas_by_projecting(grid, crs, cells + (left, top))
    np.testing.assert_allclose(found[cells[:, 1], cells[:, 0]], expected, rtol=1e-5)


def test_a_pole_is_a_place_like_any_other():
    grid = Grid(-1_000_000, 1_000_000, 20_000, -20_000, 100, 100)
    found = CellAreas(grid, to_lonlat("EPSG:3995")).of(0, 0, 100, 100)
    # The same square by an equal-area projection laid at the pole, its sides with many vertices.
    laea = pyproj.Transformer.from_crs("EPSG:3995", "+proj=laea +lat_0=90 +ellps=WGS84", always_xy=True)
    square = shapely.segmentize(shapely.box(-1e6, -1e6, 1e6, 1e6), 2000)
    expected = shapely.transform(square, lambda c: np.column_stack(laea.transform(*c.T))).area
    assert found.sum() == pytest.approx(expected, rel=1e-6)


def test_beyond_the_edge_of_a_map_there_is_nothing():
    grid = Grid(-18_050_000, 9_050_000, 100_000, -100_000, 361, 181)
    found = CellAreas(grid, to_lonlat("ESRI:54009")).of(0, 0, 361, 181)
    assert found[0, 0] == 0 and found[90, 180] > 0
    assert found.sum() == pytest.approx(EARTH_M2, rel=2e-3)
