"""How intricate an outline is, and where a package stops taking it: combs are refused, coasts are not."""

import pytest
import shapely
from effort import calls

from aze_plugin.domain import geometry


def comb(teeth, upright=True):
    corners = [(0, 0)]
    for n in range(teeth):
        corners += [(n, 1), (n, 100), (n + 0.5, 100), (n + 0.5, 1)]
    corners += [(teeth, 1), (teeth, 0)]
    return shapely.Polygon(corners if upright else [(y, x) for x, y in corners])


@pytest.mark.parametrize("upright", [True, False])
def test_a_line_across_a_comb_meets_both_sides_of_every_tooth(upright):
    assert geometry.intricacy(comb(40, upright)) == 80


def test_a_square_is_crossed_twice_and_nothing_never():
    assert geometry.intricacy(shapely.box(0, 0, 5, 5)) == 2
    assert geometry.intricacy(shapely.Polygon()) == 0
    holed = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6)
    assert geometry.intricacy(holed) == 4


def test_teeth_cannot_hide_in_a_narrow_band():
    """All teeth lie in a thousandth of the height, where evenly spaced lines would miss them."""
    small = shapely.transform(comb(500), lambda c: c * [1, 0.01])
    assert geometry.intricacy(small.union(shapely.box(0, -1000, 500, 0.005))) == 1000


def _limits(shape):
    from aze_plugin.packaging.boundary import limits_passed

    return [limit for limit, _, _ in limits_passed(shape)]


def test_what_a_package_takes():
    assert _limits(shapely.Polygon([(100 * x, 100 * y) for x, y in _coast(17)])) == []
    assert _limits(comb(3_000)) == []
    islets = shapely.MultiPolygon([shapely.box(n, 0, n + 0.5, 1) for n in range(30_001)])
    # Nothing is called for each of the teeth, and little for each ring.
    for shape, limit, most in ((comb(70_000), "crossings", 10_000), (comb(75_000), "corners", 10_000),
                               (islets, "rings", 20 * 30_001)):  # fmt: skip
        assert calls(lambda shape=shape, limit=limit: _limits(shape) == [limit] or pytest.fail(limit)) < most


def _coast(folds):
    """A coast as detailed as can be: a line whose middles are shifted, over and over (130,000 corners)."""
    points = [(0.0, 0.0), (1.0, 0.0)]
    for fold in range(folds):
        finer = []
        for n, ((ax, ay), (bx, by)) in enumerate(zip(points, points[1:])):
            turn = 0.3 * (1 if (n * 7919 + fold) % 3 else -1)
            finer += [(ax, ay), ((ax + bx) / 2 - turn * (by - ay), (ay + by) / 2 + turn * (bx - ax))]
        points = [*finer, points[-1]]
    return [*points, (1.0, -3.0), (0.0, -3.0)]
