"""Whether two outlines are the same but for rounding: the order of rings, parts and corners makes no difference."""

import numpy as np
import pytest
import shapely

from aze_plugin.domain import geometry


def _ring(count=400, radius=1.0):
    turn = 2 * np.pi * np.arange(count) / count
    return np.column_stack([np.cos(turn), np.sin(turn)]) * radius


def _shape(ring, hole, first=True):
    parts = [shapely.Polygon(ring, [hole]), shapely.box(5, 5, 6, 6)]
    return shapely.MultiPolygon(parts if first else parts[::-1])


@pytest.fixture
def whole():
    return _shape(_ring(), _ring(radius=0.5))


def test_order_and_direction_do_not_matter(whole):
    other = _shape(np.roll(_ring(), 77, axis=0)[::-1], _ring(radius=0.5)[::-1], first=False)
    assert geometry.same_shape(whole, other, 1e-7)


@pytest.mark.parametrize(("shift", "same"), [(0, True), (9e-8, True), (2e-7, False)])
def test_a_shift_counts_from_the_tolerance_on(whole, shift, same):
    assert geometry.same_shape(whole, shapely.transform(whole, lambda c: c + (shift, 0)), 1e-7) is same


def test_an_additional_corner_on_a_side_is_another_outline_only_where_it_is_far(whole):
    near = np.insert(_ring(), 3, _ring()[3] + (1e-9, 0), axis=0)
    assert geometry.same_shape(whole, _shape(near, _ring(radius=0.5)), 1e-7)
    far = np.insert(_ring(), 3, (_ring()[2] + _ring()[3]) / 2, axis=0)
    assert not geometry.same_shape(whole, _shape(far, _ring(radius=0.5)), 1e-7)


def test_a_hole_or_a_part_less(whole):
    assert not geometry.same_shape(
        whole, shapely.MultiPolygon([shapely.Polygon(_ring()), shapely.box(5, 5, 6, 6)]), 1e-7
    )
    assert not geometry.same_shape(whole, shapely.Polygon(_ring(), [_ring(radius=0.5)]), 1e-7)


def test_corners_in_a_huddle_take_no_square_of_time():
    turn = 2 * np.pi * np.arange(40_000) / 40_000
    ring = np.column_stack([10 + 2e-8 * np.cos(turn), 2e-8 * np.sin(turn)])
    one, other = shapely.Polygon(ring), shapely.Polygon(np.roll(ring, 9, axis=0)[1:])
    assert geometry.same_shape(one, other, 1e-7)
