"""Rules of screening and of context that hold whatever the shapes and values are."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from aze_plugin import paths
from aze_plugin.domain import context, geometry, screening
from aze_plugin.domain.context import Figure, Tally
from aze_plugin.domain.screening import ScreeningRules

RULES = ScreeningRules.from_dict(paths.load_json("criteria", "screening.json"))


def array(*shapes):
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


@pytest.mark.parametrize(
    "metres, band", [(0, 1), (999.9, 1), (1000, 1), (1000.1, 5), (5000, 5), (9999, 10), (50_000, 50), (50_000.1, None)]
)
def test_the_smallest_band_that_holds(metres, band):
    assert RULES.band_km(metres) == band


places = st.tuples(st.floats(-179, 179), st.floats(-80, 80))
shapes = st.builds(
    lambda dx, dy, size, kind: (dx, dy, size, kind),
    st.floats(-0.3, 0.3),
    st.floats(-0.3, 0.3),
    st.floats(0.001, 0.2),
    st.sampled_from(["polygon", "line", "point"]),
)


def made(place, given_):
    dx, dy, size, kind = given_
    x, y = place[0] + dx, place[1] + dy
    if kind == "point":
        return shapely.Point(x, y)
    if kind == "line":
        return shapely.LineString([(x, y), (x + size, y + size / 2), (x + size, y - size)])
    return shapely.box(x, y, x + size, y + size)


@settings(max_examples=60, deadline=None)
@given(places, shapes, st.floats(0.01, 0.3))
def test_a_row_says_nothing_that_cannot_be(place, one, size):
    site = shapely.box(place[0], place[1], place[0] + size, place[1] + size)
    feature = made(place, one)
    drawn = geometry.drawn(array(feature))
    hits, nearest = screening.screen(drawn, list(geometry.drawn(array(site)).areas), RULES)
    assert len(nearest) == 1 and len(hits) <= 1
    for hit in hits:
        kind = shapely.get_dimensions(feature)
        assert [v is None for v in (hit.points_inside, hit.overlap_km, hit.overlap_ha)] == [
            kind != n for n in (0, 1, 2)
        ]
        assert (hit.site_share is None) == (kind != 2)
        if hit.relation == screening.WITHIN:
            assert hit.band_km and 0 <= hit.distance_m <= 1000 * hit.band_km and hit.part_share == 0
        else:
            assert hit.distance_m == 0 and hit.band_km is None and 0 < hit.part_share <= 1
        if hit.relation == screening.INSIDE:
            assert hit.part_share == pytest.approx(1) and site.buffer(1e-6).covers(feature)
        assert nearest[0].distance_m == hit.distance_m
    if not hits:
        assert nearest[0].distance_m > 50_000 * 0.999


@settings(max_examples=30, deadline=None)
@given(places, shapes, st.floats(0.01, 0.3))
def test_it_is_as_far_there_as_back(place, one, size):
    site = shapely.box(place[0], place[1], place[0] + size, place[1] + size)
    feature = made(place, (*one[:3], "polygon"))
    if feature.intersects(site):
        return
    ways = [
        geometry.Nearness(geometry.drawn(array(b)).areas).nearest(geometry.drawn(array(a))).metres[0]
        for a, b in ((feature, site), (site, feature))
    ]
    assert ways[0] == pytest.approx(ways[1], rel=2e-4, abs=0.5)


def test_sites_come_by_weight():
    hits = [
        screening.Hit(0, 0, screening.WITHIN, 4000.0, 5),
        screening.Hit(1, 0, screening.WITHIN, 2000.0, 5),
        screening.Hit(0, 1, screening.WITHIN, 10.0, 1),
        screening.Hit(1, 1, screening.OVERLAPS, 0.0),
        screening.Hit(0, 2, screening.INSIDE, 0.0),
    ]
    best = screening.closest_by_site(hits)
    assert [(h.site, h.part, h.relation) for h in best] == [(2, 0, "inside"), (1, 1, "overlaps"), (0, 1, "within")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.1, 5)), min_size=1, max_size=80), st.integers(1, 79))
def test_pieces_add_up_to_the_whole(cells, cut):
    values = np.array([c[0] for c in cells], dtype=np.uint8)
    weights = np.array([c[1] for c in cells])
    whole, pieces = Tally(40), Tally(40)
    whole.add(values, weights)
    for some in (slice(None, cut), slice(cut, None)):
        pieces.add(values[some], weights[some])
    assert pieces.mean == pytest.approx(np.average(values, weights=weights)) == pytest.approx(whole.mean)
    assert (pieces.least, pieces.greatest) == (values.min(), values.max())
    assert sum(pieces.share(v) for v in pieces.classes) == pytest.approx(1)
    assert {v: pytest.approx(a) for v, a in pieces.classes.items()} == whole.classes


def test_nothing_known_is_no_mean_and_no_class():
    tally = Tally(40)
    assert tally.mean is None and tally.share(1.0) == 0 and np.isnan(tally.least)
    assert not context.is_of_classes(True, True, [tally], 40)


def test_many_values_are_measurements():
    few, many = Tally(40), Tally(40)
    few.add(np.arange(40, dtype=np.int16), np.ones(40))
    many.add(np.arange(41, dtype=np.int16), np.ones(41))
    assert context.is_of_classes(True, False, [few], 40)
    assert not context.is_of_classes(False, False, [few], 40)
    assert context.is_of_classes(False, True, [few], 40)
    assert many.classes is None and not context.is_of_classes(True, False, [many], 40)


def test_a_ratio_needs_something_above_nothing():
    assert Figure(0, 0, "measures", 5.0, 2.0).ratio == 2.5
    for value, whole in ((None, 2.0), (5.0, None), (5.0, 0.0), (5.0, -2.0)):
        assert Figure(0, 0, "measures", value, whole).ratio is None
    figures = [Figure(n, 0, "measures", v, 2.0) for n, v in enumerate((4.0, None, 6.0))]
    assert context.across_sites(figures) == {"sites": 3, "assessed": 2, "mean": 5.0, "ratio": 2.5}
