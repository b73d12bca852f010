"""Land cover inside and around: rings, mixes and divergences against closed forms, SciPy, and drawn landscapes."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.spatial.distance import jensenshannon

from aze_plugin import paths
from aze_plugin.domain import geometry, grids, landcover
from aze_plugin.domain.landcover import LandcoverRules, Window

GEOD = Geod(ellps="WGS84")
RULES = LandcoverRules.from_dict(paths.load_json("criteria", "aze.json"))
MIXES = st.lists(st.floats(0, 1e6).map(lambda area: round(area, 6)), min_size=2, max_size=12).filter(
    lambda m: sum(m) > 1e-3
)


def prepared(shape):
    return geometry.prepare(geometry.wrap_longitudes(np.array([shape], dtype=object))).geometries[0]


def wobbly(lon, lat, radius_m, vertices, seed):
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    wobble = 1 + sum(rng.uniform(0, 0.3 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(1, 30))
    reach = radius_m * np.maximum(wobble, 0.2)
    lons, lats, _ = GEOD.fwd(np.full(vertices, lon), np.full(vertices, lat), np.degrees(angle), reach)
    return shapely.Polygon(np.column_stack((lons, lats)))


HOLED = shapely.box(10, 0, 10.1, 0.1) - shapely.box(10.02, 0.02, 10.08, 0.08)
SHAPES = {
    "square": shapely.box(10, 45, 10.1, 45.1),
    "far north": shapely.box(10, 70, 10.3, 70.1),
    "wobbly": wobbly(20, -33, 8000, 500, 1),
    "many vertices": wobbly(20, -33, 8000, 40_000, 2),
    "across 180°": shapely.box(179.95, -27, 180.06, -26.9),
    "thin": shapely.box(10, 0, 11, 0.001),
    "with a hole": HOLED,
    "two parts": shapely.MultiPolygon([shapely.box(10, 0, 10.1, 0.1), shapely.box(12, 3, 12.05, 3.05)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_ring_has_the_boundarys_area_and_lies_outside_of_it(name):
    boundary = prepared(SHAPES[name])
    ring, width = landcover.ring(boundary)
    assert shapely.is_valid(ring)
    assert geometry.area(ring) == pytest.approx(geometry.area(boundary), rel=1e-3)
    assert geometry.area(geometry.overlap(ring, boundary)) <= 1e-9 * geometry.area(boundary)
    assert width > 0


@pytest.mark.parametrize("lat", [0, 45, -65])
def test_the_rings_width_is_true_metres(lat):
    """Round a disc of radius r the ring of equal area is (√2 − 1) r wide, at any latitude."""
    disc = prepared(geometry.to_lonlat(np.array([geometry.geodesic_circle(7, lat, 1e8, 512)]))[0])
    ring, width = landcover.ring(disc)
    radius = math.sqrt(1e8 / math.pi)
    assert width == pytest.approx((math.sqrt(2) - 1) * radius, rel=1e-3)
    away = geometry.to_lonlat(np.array([ring]))[0]
    outer = shapely.get_coordinates(shapely.get_exterior_ring(away))
    distance = GEOD.inv(np.full(len(outer), 7.0), np.full(len(outer), float(lat)), *outer.T)[2]
    assert distance == pytest.approx(np.full(len(outer), math.sqrt(2) * radius), rel=1e-3)


@given(MIXES, MIXES)
@settings(max_examples=200, deadline=None)
def test_divergence_is_the_square_of_scipys_distance(p, q):
    count = max(len(p), len(q))
    p, q = (np.array([*m, *[0.0] * (count - len(m))]) for m in (p, q))
    assert float(landcover.divergence(p, q)) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-9)
    assert float(landcover.divergence(p, q)) == pytest.approx(float(landcover.divergence(q, p)), abs=1e-12)


def test_divergence_of_the_same_is_0_and_of_strangers_1():
    assert landcover.divergence(np.array([1.0, 3.0]), np.array([2.0, 6.0])) == 0
    assert landcover.divergence(np.array([5.0, 0.0]), np.array([0.0, 0.1])) == 1


# -------------------------------------------------------------------------------------------------- drawn landscapes

SIZE = 240


def square(left, top, side):
    return [np.array([(left, top), (left, top + side), (left + side, top + side), (left + side, top), (left, top)])]


def landscape(codes, left=100.0, top=100.0, side=40.0, areas=None):
    """A window of one-metre cells with a square boundary and the square ring of equal area round it."""
    grid = grids.Grid(0, 0, 1, 1, SIZE, SIZE)
    wide = (math.sqrt(2) - 1) / 2 * side
    inside = grids.covered(grid, square(left, top, side))
    both = grids.covered(grid, square(left - wide, top - wide, side + 2 * wide))
    return Window(codes, np.ones((SIZE, 1)) if areas is None else areas, inside, both - inside)


def shifts(side=40.0):
    return np.round(landcover.shifts(geometry.box(0, 0, side, side), RULES)).astype(int)


def compare(codes, values=(1.0, 2.0), moves=None, **where):
    window = landscape(codes, **where)
    return landcover.compare("map", np.array(values), window, window, shifts() if moves is None else moves, 8.0, RULES)


def test_mix_is_the_closed_form_where_edges_cut_cells():
    codes = np.zeros((SIZE, SIZE), dtype=int)
    codes[:, 120:] = 1
    window = landscape(codes, left=100.25, side=40.5)
    assert landcover.mix(window, window.inside, 2) == pytest.approx([19.75 * 40.5, 20.75 * 40.5, 0])


def test_mix_weighs_cells_by_their_area():
    codes = np.zeros((SIZE, SIZE), dtype=int)
    codes[:110] = 1
    areas = np.linspace(1, 2, SIZE)[:, None]
    window = landscape(codes, areas=areas)
    expected = [40 * areas[110:140].sum(), 40 * areas[100:110].sum(), 0]
    assert landcover.mix(window, window.inside, 2) == pytest.approx(expected)


def test_a_boundary_drawn_on_a_patch_stands_out():
    codes = np.zeros((SIZE, SIZE), dtype=int)
    codes[100:140, 100:140] = 1
    found = compare(codes)
    assert found.divergence == pytest.approx(1) and found.differs
    assert found.reference.p_value == pytest.approx(1 / (found.reference.copies + 1))
    assert [(c.value, c.inside, c.ring) for c in found.classes] == [(2.0, 1.0, 0.0), (1.0, 0.0, 1.0)]


def test_a_boundary_in_a_landscape_all_alike_does_not():
    found = compare(np.zeros((SIZE, SIZE), dtype=int))
    assert found.divergence == 0 and found.reference.p_value == 1 and not found.differs


def test_a_trifle_in_a_land_all_alike_is_no_difference():
    """One cell in 1600 of another class is more than any copy has, and still nothing to speak of."""
    codes = np.zeros((SIZE, SIZE), dtype=int)
    codes[120, 120] = 1
    found = compare(codes)
    assert found.divergence == pytest.approx(jensenshannon([1599, 1], [1600, 0], base=2) ** 2, rel=1e-6)
    assert not found.differs


def test_in_noise_p_values_are_spread_evenly():
    """Any place is as good as another there. Bounds: three standard errors of a mean, and the 99.5th percentile of how
    many of 100 fall below 0.05 when one in twenty does."""
    p_values = np.array(
        [compare(np.random.default_rng(n).integers(0, 2, (SIZE, SIZE))).reference.p_value for n in range(100)]
    )
    assert p_values.mean() == pytest.approx(0.5, abs=3 * math.sqrt(1 / 12 / 100))
    assert (p_values <= 0.05).sum() <= 11


def test_stripes_as_wide_as_the_boundary_are_no_evidence():
    """Half in one class and half in another, the ring likewise, and copies anywhere else more uneven."""
    codes = np.zeros((SIZE, SIZE), dtype=int)
    codes[:, 120:] = 1
    found = compare(codes)
    assert found.divergence == pytest.approx(0, abs=1e-9) and found.reference.p_value > 0.5


def test_the_same_inputs_give_the_same_numbers():
    codes = np.random.default_rng(5).integers(0, 3, (SIZE, SIZE))
    first, second = (compare(codes, (1.0, 2.0, 9.0)) for _ in range(2))
    assert first == second


def test_rank_counts_copies_at_least_as_divergent():
    """Copies worked out one by one, with masks by whole cells and SciPy."""
    codes = np.random.default_rng(8).integers(0, 2, (SIZE // 8, SIZE // 8)).repeat(8, 0).repeat(8, 1)
    moves = shifts()
    found = compare(codes, moves=moves)
    window = landscape(codes)

    def scored(right, down):
        mixes = []
        for part in (window.inside, window.ring):
            moved = np.roll(part, (down, right), (0, 1))
            mixes.append([float(moved[codes == c].sum()) for c in (0, 1)])
        return jensenshannon(*mixes, base=2) ** 2

    inner = [m for m in moves if -91 <= m[0] <= 91 and -91 <= m[1] <= 91][:99]
    copies = np.array([scored(*m) for m in inner])
    observed = scored(0, 0)
    assert found.divergence == pytest.approx(observed)
    assert found.reference.copies == 99
    assert found.reference.median == pytest.approx(np.median(copies))
    assert found.reference.p95 == pytest.approx(np.percentile(copies, 95))
    assert found.reference.p_value == pytest.approx(((copies >= observed - 1e-9).sum() + 1) / 100)


def test_what_is_not_known_is_said_and_never_zero():
    nowhere = np.full((SIZE, SIZE), -1)
    assert compare(nowhere).not_assessed == "outside"

    half = np.zeros((SIZE, SIZE), dtype=int)
    half[100:120] = -1
    found = compare(half)
    assert found.not_assessed == "no_data_inside" and found.params["no_data_share"] == pytest.approx(0.5)

    around = np.full((SIZE, SIZE), -1)
    around[100:140, 100:140] = 0
    assert compare(around).not_assessed == "no_data_ring"

    island = np.full((SIZE, SIZE), -1)
    island[91:149, 91:149] = 0
    found = compare(island)
    assert found.not_assessed == "few_copies" and found.params["count"] < RULES.least_copies
    for unknown in (compare(nowhere), compare(half), compare(around), found):
        assert unknown.divergence is None and unknown.reference is None and not unknown.differs
        assert not {"divergence", "reference"} & set(unknown.as_json())


def test_a_fifth_unknown_is_still_enough():
    codes = np.zeros((SIZE, SIZE), dtype=int)
    codes[100:107] = -1
    found = compare(codes)
    assert not found.not_assessed and found.no_data_inside == pytest.approx(7 / 40)


def test_a_boundary_of_few_cells_is_too_coarse():
    assert compare(np.zeros((SIZE, SIZE), dtype=int), side=3.0).not_assessed == "too_coarse"


def test_copies_out_in_the_open_sea_do_not_count():
    """An island of noise: the sea beside it, in which nothing differs from anything, would make any wood unusual."""
    codes = np.full((SIZE, SIZE), 2)
    codes[60:180, 60:180] = np.random.default_rng(3).integers(0, 2, (120, 120))
    found = compare(codes, (1.0, 2.0, 6.0))
    assert found.reference.median > 0 and found.reference.p_value > 0.05


def test_shifts_are_near_and_all_round():
    moves = landcover.shifts(geometry.box(0, 0, 1000, 1000), RULES)
    diameter = 2 * math.sqrt(1e6 / math.pi)
    away = np.hypot(*moves.T)
    assert away.min() >= RULES.nearest_shift * diameter and away.max() <= RULES.farthest_shift * diameter
    assert len({(x > 0, y > 0) for x, y in moves}) == 4
