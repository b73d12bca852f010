"""Precision of a boundary: edges, decimals, scale, rounding and shapes that a machine drew."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from aze_plugin.domain import closing, precision
from aze_plugin.domain.findings import Severity
from aze_plugin.domain.rounding import rounded_wkb

ROOT = Path(__file__).resolve().parents[2]
RULES = json.loads((ROOT / "resources" / "criteria" / "boundary.json").read_text(encoding="utf-8"))
GEOD = Geod(ellps="WGS84")


def codes(shape, scale=50_000):
    return [f.code for f in precision.findings(shape, scale, RULES)]


def wandering(lon, lat, radius_m, spacing_m, seed=1):
    """A natural-looking outline: distance from the middle varies smoothly with the direction."""
    rng = np.random.default_rng(seed)
    n = max(12, int(2 * math.pi * radius_m / spacing_m))
    angle = np.linspace(0, 360, n, endpoint=False)
    away = np.full(n, float(radius_m))
    for k in range(2, 7):
        away *= 1 + 0.3 / k * np.cos(np.radians(k * angle) + rng.uniform(0, 6))
    x, y, _ = GEOD.fwd(np.full(n, lon), np.full(n, lat), angle, away)
    return shapely.Polygon(np.column_stack((x, y)))


def circle(lon, lat, radius_m, corners):
    angle = np.linspace(0, 360, corners, endpoint=False) + 7
    x, y, _ = GEOD.fwd(np.full(corners, lon), np.full(corners, lat), angle, np.full(corners, radius_m))
    return shapely.Polygon(np.column_stack((x, y)))


# ------------------------------------------------------------------------------------------------------- measuring


@pytest.mark.parametrize(("lon", "lat"), [(0, 0), (35, -15), (12, 69.9), (-179.99, -17)])
def test_edges_are_true_metres_at_any_latitude(lon, lat):
    shape = wandering(lon, lat, 5_000, 100)
    found = precision.detail(shape, RULES)
    x, y = np.array(shape.exterior.coords).T
    truth = GEOD.inv(x[:-1], y[:-1], x[1:], y[1:])[2]
    assert found.vertices == len(truth)
    assert found.shortest_m == pytest.approx(truth.min(), rel=2e-4)
    assert found.mean_m == pytest.approx(truth.mean(), rel=2e-4)
    assert found.median_m == pytest.approx(np.median(truth), rel=2e-4)
    assert found.scale == pytest.approx(np.median(truth) / 0.0005, rel=2e-4)


def test_the_seam_at_180_degrees_is_no_edge():
    west, east = shapely.box(179.99, 0, 180, 0.01), shapely.box(-180, 0, -179.99, 0.01)
    found = precision.detail(shapely.MultiPolygon([west, east]), RULES)
    edges = [*GEOD.inv([179.99] * 2, [0, 0.01], [180] * 2, [0, 0.01])[2], GEOD.inv(179.99, 0, 179.99, 0.01)[2]]
    assert found.mean_m == pytest.approx(np.mean(edges), rel=1e-3)


@pytest.mark.parametrize(
    ("shape", "decimals"),
    [
        (shapely.box(10, 20, 11, 21), 0),
        (shapely.box(10.5, 20, 11, 21), 1),
        (shapely.box(10.1234567, 20, 11, 21), 7),
        (shapely.box(0.1 + 0.2, 20, 11, 21), 1),
        (shapely.box(123456789 * 1e-7, 20, 13, 21), 7),
        (shapely.box(1 / 3, 20, 11, 21), 15),
    ],
)
def test_decimals_in_use(shape, decimals):
    assert precision.detail(shape, RULES).decimals == decimals


def test_nothing_drawn_has_no_scale():
    found = precision.detail(shapely.Polygon(), RULES)
    assert found.vertices == 0 and found.scale == 0 and math.isnan(found.mean_m)
    assert codes(shapely.Polygon()) == []


@pytest.mark.parametrize(
    ("given", "shown"), [(48_731, 49_000), (50_000, 50_000), (1_234_567, 1_200_000), (7.4, 7), (0, 0), (math.nan, 0)]
)
def test_scales_are_shown_with_two_digits(given, shown):
    assert precision.round_scale(given) == shown


# -------------------------------------------------------------------------------------------------------- findings


@pytest.mark.parametrize(
    ("spacing_m", "scale", "said"),
    [
        # At 1:50,000 half a millimetre is 25 m: four times that is too coarse, a twentieth too fine.
        (30, 50_000, []),
        (90, 50_000, []),
        (200, 50_000, ["boundary.too_coarse"]),
        (200, 250_000, []),
        (1, 50_000, ["boundary.too_fine"]),
        (1, 5_000, []),
    ],
)
def test_detail_against_the_scale_of_the_work(spacing_m, scale, said):
    assert codes(wandering(35, -15, 3_000, spacing_m), scale) == said


def test_coordinates_cut_short():
    shape = shapely.transform(wandering(35, -15, 30_000, 60), lambda c: np.round(c, 2))
    assert "boundary.few_decimals" in codes(shapely.make_valid(shape), 10_000)
    assert "boundary.few_decimals" not in codes(shapely.make_valid(shape), 2_000_000)


@pytest.mark.parametrize("lat", [0, -37, 64])
@pytest.mark.parametrize("corners", [8, 16, 33, 64, 128, 360])
def test_a_circle_of_a_kilometre_is_a_placeholder(lat, corners):
    said = precision.findings(circle(-71.3, lat, 1_000, corners), 50_000, RULES)
    assert [f.code for f in said] == ["boundary.placeholder_circle"]
    assert said[0].severity is Severity.WARNING
    assert said[0].params["radius_m"] == pytest.approx(1_000, rel=2e-3)
    assert said[0].params["corners"] == corners
    assert (said[0].params["lon"], said[0].params["lat"]) == pytest.approx((-71.3, lat), abs=1e-4)


def test_circles_of_other_planes_and_across_180_degrees():
    in_degrees = shapely.Point(35, 60).buffer(0.01)
    equal_area = Transformer.from_crs("EPSG:4326", "EPSG:6933", always_xy=True)
    x, y = equal_area.transform(35, 60)
    stretched = shapely.transform(
        shapely.Point(x, y).buffer(1000), lambda c: np.column_stack(equal_area.transform(*c.T, direction="INVERSE"))
    )
    over = circle(179.999, -17, 1_000, 64)
    east = shapely.transform(over, lambda c: np.column_stack((c[:, 0] % 360, c[:, 1])))
    for shape in (in_degrees, stretched, east):
        assert codes(shape) == ["boundary.placeholder_circle"]
    rounded = shapely.from_wkb(rounded_wkb(shapely.to_wkb(circle(35, 60, 1_000, 64), byte_order=1)))
    assert codes(rounded) == ["boundary.placeholder_circle"]


def test_rectangles_and_hexagons():
    assert codes(shapely.box(35, -15, 35.1, -14.9)) == ["boundary.machine_rectangle"]
    utm = Transformer.from_crs("EPSG:32736", "EPSG:4326", always_xy=True)
    turned = shapely.affinity.rotate(shapely.box(5e5, 8e6, 5.02e5, 8.01e6), 30)
    assert codes(shapely.transform(turned, lambda c: np.column_stack(utm.transform(*c.T)))) == [
        "boundary.machine_rectangle"
    ]
    dense = shapely.segmentize(shapely.box(35, -15, 35.1, -14.9), 0.001)
    assert codes(dense) == ["boundary.machine_rectangle"]
    assert codes(circle(35, 50, 4_000, 6)) == ["boundary.machine_hexagon"]


@pytest.mark.parametrize("seed", range(12))
def test_what_people_draw_is_no_machines(seed):
    assert precision.machine(wandering(35, -15, 3_000, 300, seed), RULES) is None
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * math.pi, 6 + seed))
    scatter = np.column_stack((35 + 0.01 * np.cos(angle), -15 + 0.01 * np.sin(angle)))
    assert precision.machine(shapely.Polygon(scatter), RULES) is None


def test_a_ring_with_a_hole_is_no_placeholder():
    outer, inner = circle(35, 0, 1_000, 64), circle(35, 0, 500, 64)
    assert precision.machine(outer.difference(inner), RULES) is None


# -------------------------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize(("radius_m", "spacing_m"), [(6_200, 50), (6_200, 500), (60_000, 200)])
def test_rounding_moves_an_area_by_less_than_a_millionth(radius_m, spacing_m):
    for seed in range(5):
        shape = wandering(35.3, -15.7, radius_m, spacing_m, seed)
        stored = shapely.from_wkb(rounded_wkb(shapely.to_wkb(shape, byte_order=1)))
        before, after = (abs(GEOD.geometry_area_perimeter(s)[0]) for s in (shape, stored))
        assert abs(after - before) < 1e-6 * before
        assert precision.detail(stored, RULES).decimals <= 7
        assert np.abs(shapely.get_coordinates(stored) - shapely.get_coordinates(shape)).max() <= 0.5000001e-7


@pytest.mark.parametrize("side_m", [10, 100, 1_000, 10_000])
def test_rounding_of_any_shape_stays_below_its_bound(side_m):
    rng = np.random.default_rng(side_m)
    for _ in range(20):
        lon, lat = rng.uniform(-170, 170), rng.uniform(-60, 60)
        shape = circle(lon, lat, side_m, 4)
        stored = shapely.from_wkb(rounded_wkb(shapely.to_wkb(shape, byte_order=1)))
        (before, perimeter), (after, _) = (GEOD.geometry_area_perimeter(s) for s in (shape, stored))
        assert abs(after - before) <= 0.008 * perimeter * (1 + 1e-6)


def test_rounding_twice_is_rounding_once_and_keeps_parts_and_holes():
    shape = shapely.MultiPolygon(
        [circle(1, 1, 5_000, 40).difference(circle(1, 1, 1_000, 9)), shapely.box(3.123456789, 3, 4, 4)]
    )
    once = rounded_wkb(shapely.to_wkb(shape, byte_order=1))
    assert rounded_wkb(once) == once
    stored = shapely.from_wkb(once)
    assert len(stored.geoms) == 2 and len(stored.geoms[0].interiors) == 1
    assert stored.geoms[1].bounds == (3.1234568, 3, 4, 4)


def test_places_that_fall_together_go_but_never_a_whole_ring():
    near = shapely.Polygon([(0, 0), (1, 0), (1, 1e-9), (1, 1), (0, 1)])
    assert shapely.from_wkb(rounded_wkb(shapely.to_wkb(near, byte_order=1))).equals_exact(shapely.box(0, 0, 1, 1), 2)
    assert len(shapely.from_wkb(rounded_wkb(shapely.to_wkb(near, byte_order=1))).exterior.coords) == 5
    tiny = shapely.Polygon([(0, 0), (1e-9, 0), (1e-9, 1e-9)])
    assert len(shapely.from_wkb(rounded_wkb(shapely.to_wkb(tiny, byte_order=1))).exterior.coords) == 4
    with pytest.raises(ValueError):
        rounded_wkb(shapely.to_wkb(shapely.Point(1, 1), byte_order=1))


# ----------------------------------------------------------------------------------------------------------- rings


def test_pieces_in_any_order_and_direction_make_the_ring():
    outline = np.array(wandering(35, -15, 3_000, 50).exterior.coords)
    cuts = [outline[0:60], outline[60:150][::-1], outline[150:151], outline[151:260], outline[260:]]
    found = closing.closed([cuts[3], cuts[1], cuts[4], cuts[0]])
    truth = shapely.Polygon(outline)
    assert shapely.Polygon(found.coordinates).symmetric_difference(truth).area < 0.01 * truth.area
    assert len(found.gaps) == 3
    # Between the pieces one edge is missing, and two where the lone place was.
    assert sorted(np.round(found.gap_m / 50)) == pytest.approx([1, 1, 2], abs=1)
    drawn = sum(GEOD.line_length(*piece.T) for piece in (cuts[0], cuts[1], cuts[3], cuts[4]))
    assert found.length_m == pytest.approx(drawn, rel=1e-3)
    assert found.gap_share == pytest.approx(found.gap_m.sum() / drawn, rel=1e-3)


def test_a_closed_line_has_no_gap_and_a_straight_one_no_ring():
    outline = np.array(shapely.box(0, 0, 1, 1).exterior.coords)
    found = closing.closed([outline])
    assert found.gap_share == 0 and len(found.gaps) == 0
    assert np.array_equal(found.coordinates, outline)
    assert closing.closed([]) is None
    assert closing.closed([np.array([[0, 0], [1, 1]])]) is None


def test_an_open_track_says_how_far_its_ends_are_apart():
    found = closing.closed([np.array([[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01]])])
    assert found.gap_m == pytest.approx([GEOD.inv(0, 0.01, 0, 0)[2]], rel=1e-3)
    assert found.gap_share == pytest.approx(1 / 3, rel=0.01)
