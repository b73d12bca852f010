"""Geometry of shares against closed forms, geodesic truth and pyproj."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from aze_plugin.domain import geometry

GEOD = Geod(ellps="WGS84")
TO_6933 = Transformer.from_crs(CRS.from_epsg(4326), CRS.from_epsg(6933), always_xy=True)


def array(*geometries):
    return np.array(geometries, dtype=object)


def prepared(*geometries):
    return geometry.prepare(array(*geometries))


def zone_area(lat1, lat2, width_degrees):
    """Area in m² between two parallels over a width of longitude on the WGS 84 ellipsoid, in closed form."""
    a, e = 6378137.0, math.sqrt(0.0066943799901413165)

    def antiderivative(lat):
        s = math.sin(math.radians(lat))
        return s / (2 * (1 - e * e * s * s)) + math.log((1 + e * s) / (1 - e * s)) / (4 * e)

    return math.radians(width_degrees) * a * a * (1 - e * e) * (antiderivative(lat2) - antiderivative(lat1))


def geodesic_blob(lon, lat, radius_m, seed, vertices=400):
    """A wobbly outline whose vertices are reached by pyproj's geodesics, so short edges all round."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    wobble = 1 + sum(rng.uniform(0, 0.3 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(1, 6))
    lons, lats, _ = GEOD.fwd(np.full(vertices, lon), np.full(vertices, lat), np.degrees(angle), radius_m * wobble)
    return shapely.Polygon(np.column_stack((lons, lats)))


def test_projection_agrees_with_proj():
    rng = np.random.default_rng(7)
    lonlat = np.column_stack((rng.uniform(-180, 180, 5000), rng.uniform(-90, 90, 5000)))
    assert np.abs(geometry.project(lonlat) - np.column_stack(TO_6933.transform(*lonlat.T))).max() < 1e-6
    away_from_poles = lonlat[np.abs(lonlat[:, 1]) < 89.9]
    assert np.abs(geometry.unproject(geometry.project(away_from_poles)) - away_from_poles).max() < 1e-9


@pytest.mark.parametrize("lat1, lat2, width", [(0, 1, 1), (45, 46, 3), (-60, -59.5, 0.25), (80, 85, 20), (-10, 10, 40)])
def test_area_of_a_lonlat_rectangle_is_the_closed_form(lat1, lat2, width):
    shape = prepared(shapely.box(-width / 2, lat1, width / 2, lat2)).geometries[0]
    assert geometry.area(shape) == pytest.approx(zone_area(lat1, lat2, width), rel=1e-10)


@pytest.mark.parametrize("lat", [0, 23.5, -47, 68, -80])
@pytest.mark.parametrize("radius", [500, 20_000, 300_000])
def test_area_agrees_with_geodesic_area(lat, radius):
    blob = geodesic_blob(30.0, lat, radius, seed=int(abs(lat) + radius))
    truth = abs(GEOD.geometry_area_perimeter(blob)[0])
    assert geometry.area(prepared(blob).geometries[0]) == pytest.approx(truth, rel=1e-4)


@pytest.mark.parametrize("lat", [0, 40, -65])
def test_share_agrees_with_geodesic_share(lat):
    whole = geodesic_blob(10.0, lat, 40_000, seed=3)
    low, _, high, _ = whole.bounds
    half = shapely.intersection(whole, shapely.box(low, -90, low + 0.37 * (high - low), 90))
    truth = abs(GEOD.geometry_area_perimeter(half)[0]) / abs(GEOD.geometry_area_perimeter(whole)[0])
    a, b = prepared(whole, shapely.box(low, lat - 2, low + 0.37 * (high - low), lat + 2)).geometries
    assert geometry.area(geometry.overlap(a, b)) / geometry.area(a) == pytest.approx(truth, rel=1e-4)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(179, -1, 181, 1),
        shapely.box(-181, -1, -179, 1),
        shapely.Polygon([(179, -1), (-179, -1), (-179, 1), (179, 1)]),
        shapely.MultiPolygon([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)]),
    ],
    ids=["past 180", "before -180", "leaping edge", "split already"],
)
def test_a_shape_across_180_is_one_shape_of_the_right_area(shape):
    result = prepared(shape)
    assert geometry.area(result.geometries[0]) == pytest.approx(zone_area(-1, 1, 2), rel=1e-9)
    assert len(geometry.parts(result.geometries[0])) == 1
    assert not result.repaired[0]
    west, south, east, north = geometry.extent_lonlat(result.geometries[0])
    assert (west, east) == pytest.approx((179, -179))


def test_a_hole_across_180_stays_a_hole():
    shell = [(178, -2), (-178, -2), (-178, 2), (178, 2)]
    hole = [(179, -1), (-179, -1), (-179, 1), (179, 1)]
    shape = prepared(shapely.Polygon(shell, [hole])).geometries[0]
    assert geometry.area(shape) == pytest.approx(zone_area(-2, 2, 4) - zone_area(-1, 1, 2), rel=1e-9)


def test_longitudes_from_0_to_360_are_wrapped():
    shape = prepared(shapely.box(200, 10, 201, 11)).geometries[0]
    assert geometry.extent_lonlat(shape) == pytest.approx([-160, 10, -159, 11])


def test_a_shape_round_the_whole_world_is_left_whole():
    shape = prepared(shapely.box(-180, -60, 180, 60)).geometries[0]
    assert geometry.area(shape) == pytest.approx(zone_area(-60, 60, 360), rel=1e-9)


def test_a_bow_tie_keeps_both_wings_and_says_where_it_was_broken():
    result = prepared(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    assert result.repaired[0] and "Self-intersection" in result.reasons[0]
    assert geometry.area(result.geometries[0]) == pytest.approx(zone_area(0, 1, 1) / 2, rel=1e-3)
    assert len(geometry.parts(result.geometries[0])) == 2


def test_overlapping_parts_count_once_and_do_not_cancel():
    shape = shapely.MultiPolygon([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)])
    assert geometry.area(prepared(shape).geometries[0]) == pytest.approx(zone_area(0, 1, 3), rel=1e-9)


@pytest.mark.parametrize(
    "shape, reason",
    [
        (None, "null"),
        (shapely.Polygon(), "empty"),
        (shapely.LineString([(0, 0), (1, 1)]), "not_polygon"),
        (shapely.Point(1, 2), "not_polygon"),
        (shapely.box(0, 100, 1, 110), "coordinates"),
        (shapely.box(500_000, 0, 500_100, 50), "coordinates"),
        (shapely.Polygon([(0, 0), (1, 1), (2, 2), (0, 0)]), "empty"),
    ],
)
def test_what_cannot_be_measured_is_named(shape, reason):
    result = prepared(shape, shapely.box(0, 0, 1, 1))
    assert result.geometries[0] is None and result.reasons[0] == reason
    assert result.geometries[1] is not None and result.reasons[1] == ""


@pytest.mark.parametrize("lon, lat", [(0, 0), (179.9, 40), (25, -78), (-70, 65)])
@pytest.mark.parametrize("area", [1e4, 3.14e6, 2.5e9])
def test_a_geodesic_circle_has_its_area_and_one_radius(lon, lat, area):
    circle = geometry.geodesic_circle(lon, lat, area)
    assert geometry.area(circle) == pytest.approx(area, rel=1e-9)
    ring = shapely.get_coordinates(geometry.to_lonlat(array(circle))[0])
    ring = ring[np.abs(np.abs(ring[:, 0]) - 180) > 1e-6]
    _, _, distance = GEOD.inv(np.full(len(ring), lon), np.full(len(ring), lat), ring[:, 0], ring[:, 1])
    assert distance.max() / distance.min() - 1 < 1e-6


def test_overlap_of_what_is_apart_is_empty_and_not_an_error():
    a, b = prepared(shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)).geometries
    assert geometry.area(geometry.overlap(a, b)) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_inside_and_outside_make_the_whole(seed, cut):
    whole = prepared(geodesic_blob(-20.0, 12.0, 30_000, seed)).geometries[0]
    xmin, ymin, xmax, ymax = geometry.bounds(whole)
    boundary = geometry.box(xmin - 1, ymin - 1, xmin + cut * (xmax - xmin), ymax + 1)
    inside, rest = geometry.overlap(whole, boundary), geometry.outside(whole, boundary)
    assert geometry.area(inside) + geometry.area(rest) == pytest.approx(geometry.area(whole), rel=1e-9)


def test_order_splitting_and_doubling_do_not_change_a_dissolved_area():
    whole = prepared(geodesic_blob(100.0, -3.0, 30_000, 5)).geometries[0]
    xmin, ymin, xmax, ymax = geometry.bounds(whole)
    middle = (xmin + xmax) / 2
    left = geometry.overlap(whole, geometry.box(xmin, ymin, middle + 500, ymax))
    right = geometry.overlap(whole, geometry.box(middle - 500, ymin, xmax, ymax))
    for pieces in ([left, right], [right, left], [left, right, left, whole]):
        assert geometry.area(geometry.dissolve(pieces)) == pytest.approx(geometry.area(whole), rel=1e-9)
