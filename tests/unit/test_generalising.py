"""Grids that places are shown by: whatever the boundary and the size, the cells hold it and tell no more."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from aze_plugin.domain.errors import AzeError
from aze_plugin.packaging.generalising import Grid, coarse, places_in, sensitive_taxa

GRIDS = st.one_of(
    st.sampled_from([0.01, 0.05, 0.1, 0.25, 1 / 3, 1.0, 2.5]).map(lambda size: Grid(size, "degrees")),
    st.sampled_from([1.0, 2.0, 7.5, 10.0, 100.0]).map(lambda size: Grid(size, "km")),
)


@st.composite
def boundaries(draw):
    """A star of random corners, from two metres to two degrees wide, not too near the poles."""
    lon, lat = draw(st.floats(-177, 177)), draw(st.floats(-80, 80))
    size = draw(st.sampled_from([1e-5, 1e-3, 0.02, 0.3]))
    radii = np.array(draw(st.lists(st.floats(0.2, 1), min_size=5, max_size=12)))
    turn = 2 * np.pi * np.arange(len(radii)) / len(radii)
    return shapely.Polygon(np.column_stack([lon + size * radii * np.cos(turn), lat + size * radii * np.sin(turn)]))


def _cells_across(grid, shape):
    west, south, east, north = shape.bounds
    return len(grid.lines(west, east, 0)) * len(grid.lines(south, north, 1))


@settings(max_examples=120, deadline=None)
@given(GRIDS, boundaries())
def test_the_cells_hold_the_boundary_and_each_of_them_meets_it(grid, shape):
    if _cells_across(grid, shape) > 3000:
        return
    laid = grid.laid(shape)
    assert shape.difference(laid).area <= 1e-9 * shape.area
    assert grid.holds(laid) and not grid.holds(shape)
    west, south, east, north = laid.bounds
    across, up = grid.lines(west, east, 0), grid.lines(south, north, 1)
    for x0, x1 in zip(across, across[1:]):
        for y0, y1 in zip(up, up[1:]):
            cell = shapely.box(x0, y0, x1, y1)
            inside = laid.contains(cell.centroid)
            assert inside == (not cell.touches(shape) and cell.intersects(shape))


@settings(max_examples=120, deadline=None)
@given(GRIDS, st.floats(-179.9, 179.9), st.floats(-84, 84))
def test_a_place_becomes_the_middle_of_its_cell_and_stays_it(grid, lon, lat):
    middle = grid.place(lon, lat)
    assert grid.is_place(*middle)
    west, south, east, north = grid.box([lon, lat, lon, lat])
    # A place a hair beyond a line, as rounding leaves it, counts as on the line.
    assert west - 1e-8 <= lon <= east + 1e-8 and south - 1e-8 <= lat <= north + 1e-8
    assert west - 1e-4 <= middle[0] <= east + 1e-4 and south - 1e-4 <= middle[1] <= north + 1e-4
    assert grid.place(*middle) == middle


@settings(max_examples=120, deadline=None)
@given(GRIDS, boundaries())
def test_places_in_one_cell_cannot_be_told_apart(grid, shape):
    """Two boundaries that meet the same cells leave nothing that differs."""
    if _cells_across(grid, shape) > 3000:
        return
    laid = grid.laid(shape)
    again = grid.laid(laid)
    assert laid.symmetric_difference(again).area < 1e-12


def test_squares_of_kilometres_have_the_area_that_they_say():
    from pyproj import Geod

    for lon, lat in ((0.3, 0.2), (-70.1, 45.7), (150.2, -66.6)):
        cell = Grid(10, "km").laid(shapely.Point(lon, lat).buffer(1e-6))
        area = abs(Geod(ellps="WGS84").geometry_area_perimeter(cell.segmentize(0.001))[0])
        assert area == pytest.approx(1e8 * _cells(cell), rel=1e-3)


def _cells(shape):
    """How many cells a shape is of: a point's surroundings may lie on a line."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 6933, always_xy=True).transform(*shapely.get_coordinates(shape).T)
    return round((x.max() - x.min()) / 1e4) * round((y.max() - y.min()) / 1e4)


def test_a_shape_at_180_degrees_is_laid_on_both_sides():
    both = shapely.MultiPolygon([shapely.box(179.95, -1.02, 180, -1.01), shapely.box(-180, -1.02, -179.93, -1.01)])
    laid = Grid(0.1, "degrees").laid(both)
    assert shapely.equals(
        laid, shapely.MultiPolygon([shapely.box(179.9, -1.1, 180, -1), shapely.box(-180, -1.1, -179.9, -1)])
    )
    assert Grid(0.1, "degrees").box([179.95, -1.02, -179.93, -1.01]) == pytest.approx([179.9, -1.1, -179.9, -1.0])
    wide = Grid(10, "km").laid(both)
    assert wide.bounds[0] == -180 and wide.bounds[2] == 180 and Grid(10, "km").holds(wide)


def test_cells_that_are_only_touched_are_left_out():
    exact = shapely.box(0.1, 0.2, 0.3, 0.4)
    assert shapely.equals(Grid(0.1, "degrees").laid(exact), exact)


def test_a_grid_too_fine_for_the_boundary_is_refused():
    with pytest.raises(AzeError, match="nomination.grid_fine"):
        Grid(0.01, "degrees").laid(shapely.box(0, 0, 20, 20))


@pytest.mark.parametrize(
    ("written", "grid"),
    [
        ("", Grid(0.1, "degrees")),
        ("0.1", Grid(0.1, "degrees")),
        (" 0,25 ° ", Grid(0.25, "degrees")),
        ("2 degrees", Grid(2, "degrees")),
        ("10km", Grid(10, "km")),
        ("7.5 km", Grid(7.5, "km")),
    ],
)
def test_grids_as_people_write_them(written, grid):
    assert Grid.parse(written) == grid
    assert Grid.of_json({"grid": grid.as_json(), "taxa": []}) == grid


_NO_GRIDS = [
    None,
    5,
    {},
    {"grid": "0.1"},
    *(
        {"grid": {"size": size, "unit": unit}}
        for size, unit in (("0.1", "degrees"), (True, "km"), (1e-9, "degrees"), (math.inf, "km"), (1, "m"), (1, ["km"]))
    ),
]


@pytest.mark.parametrize("said", _NO_GRIDS)
def test_what_a_package_says_of_its_grid_is_not_believed(said):
    assert Grid.of_json(said) is None


def test_documents_keep_their_figures_and_lose_their_places():
    document = {
        "area_ha": 12.345678,
        "findings": [{"params": {"extent": [10.123, -5.456, 10.234, -5.345], "share": 0.12345}}],
        "nearest": {"lon": 10.5, "lat": -5.5, "distance_m": 1234.5},
        "records": [{"lon": 1.0}],
        "broken": {"extent": "anywhere"},
    }
    assert coarse(document, Grid(0.1, "degrees")) == {
        "area_ha": 12.345678,
        "findings": [{"params": {"extent": [10.1, -5.5, 10.3, -5.3], "share": 0.12345}}],
        "nearest": {"distance_m": 1234.5},
        "broken": {},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("at -26.5825, -178.4101", ["-26.5825", "-178.4101"]),
        ("at 26.5825 S", ["26.5825"]),
        ("26,5825 S", ["26,5825"]),
        ("26°34.95'S", ["26°34.95'"]),
        ("26° 34\u2032 57.2\u2033 S", ["26° 34\u2032 57.2\u2033"]),
        ("701234 7058123", ["701234 7058123"]),
        ("about 26.6 S", []),
        ("the cell at 26.55", []),
        ("26.550 or 26.6000 are of the grid", []),
        ("97.412 % of 3.14159 km in 2024, p. 26", []),
        ("version 1.26.5825", []),
    ],
)
def test_what_looks_like_a_place(text, told):
    assert list(places_in(text, (-178.7, -26.7, -178.3, -26.5), Grid(0.1, "degrees"))) == told


def test_whose_places_are_hidden():
    rows = {
        "biodiversity": {"species": [{"scientific_name": "B b", "sensitive": "Yes"}, {"scientific_name": "C c"}, 5]}
    }
    assert sensitive_taxa("", {}) == []
    assert sensitive_taxa("", rows) == ["B b"]
    assert sensitive_taxa("A a; B b", rows) == ["A a", "B b"]
    assert sensitive_taxa("A a, ALL", rows) == ["all"]
    assert sensitive_taxa("", {"biodiversity": "none"}) == []
