"""Unions of overlapping areas from the stretches of their outlines, against GEOS's own unions."""

import numpy as np
import pytest
import shapely

from aze_plugin.domain import arrangement, arranging, geometry
from aze_plugin.domain.arrangement import Arrangement, arrange
from aze_plugin.domain.outlines import Rings, joined
from aze_plugin.domain.unions import Unions

FAR = np.array([7_000_000.0, -3_000_000.0])


def blob(rng, x, y, size, vertices=25):
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = size * rng.uniform(0.4, 1.0, vertices)
    return shapely.Polygon(np.column_stack((x + reach * np.cos(angle), y + reach * np.sin(angle))) + FAR)


def box(x0, y0, x1, y1):
    return shapely.affinity.translate(shapely.box(x0, y0, x1, y1), *FAR)


def rings(shapes):
    return Rings.of(geometry.to_wkb_all(np.array(shapes, dtype=object)))


def arranged(sites, areas, owner):
    owner = np.array(owner, dtype=int)
    outlines, others = rings(sites), rings(areas)
    seen = others.seen_from(outlines.bounds()[owner]) if len(areas) else others
    return arrange(outlines, shapely.area(np.array(sites, dtype=object)), seen, owner)


def truth(site, shapes):
    return shapely.union_all(list(shapes)).intersection(site).area if len(shapes) else 0.0


def crowd(rng, site, count):
    """Areas of every kind at a site: ragged ones, ones with a hole, the same again, the site itself, its neighbours."""
    x, y = np.array(site.centroid.coords[0]) - FAR
    shapes = []
    for _ in range(count):
        kind = rng.integers(0, 7)
        if kind == 0 and shapes:
            shapes.append(shapes[-1])
        elif kind == 1:
            shapes.append(site)
        elif kind == 2:
            shapes.append(site.buffer(4000).difference(site.buffer(-3000)))
        elif kind == 3:
            left = x - 10_000 + 2000 * int(rng.integers(0, 8))
            shapes.append(box(left, y - 10_000, left + 4000, y + 10_000))
        elif kind == 4:
            pair = [blob(rng, x - 9000, y, 6000), blob(rng, x + 9000, y + 3000, 6000)]
            shapes.append(shapely.union_all(pair))
        else:
            shapes.append(blob(rng, *rng.normal((x, y), 15_000), rng.uniform(1000, 20_000)))
    return shapes


def test_every_union_is_that_of_geos(monkeypatch):
    monkeypatch.setattr(arrangement, "_FEW", 0)
    rng = np.random.default_rng(3)
    counts = [0, 1, 2, 5, 9, 12, 63, 64, 65, 130, 3, 8]
    sites = [
        box(1e5 * k - 1e4, -1e4, 1e5 * k + 1e4, 1e4) if k % 2 else blob(rng, 1e5 * k, 0, 2e4)
        for k in range(len(counts))
    ]
    crowds = [crowd(rng, site, count) for site, count in zip(sites, counts)]
    owner = [k for k, shapes in enumerate(crowds) for _ in shapes]
    found = arranged(sites, [s for shapes in crowds for s in shapes], owner)
    for site, shapes, one in zip(sites, crowds, found):
        shapes = np.array(shapes, dtype=object)
        close = pytest.approx
        assert one.count == len(shapes)
        assert one.alone() == close([truth(site, [s]) for s in shapes], abs=1e-8 * site.area)
        ranks = rng.integers(0, 6, len(shapes))
        expected = [truth(site, shapes[ranks <= step]) for step in range(5)]
        assert one.growing(ranks, 5) == close(expected, abs=1e-8 * site.area)
        assert one.merged().growing(ranks, 5) == close(expected, abs=1e-8 * site.area)
        chosen = rng.random(len(shapes)) < 0.3
        assert one.covered(chosen) == close(truth(site, shapes[chosen]), abs=1e-8 * site.area)


@pytest.mark.parametrize("many", [0, 10**9])
def test_many_areas_and_few_are_ranked_alike(monkeypatch, many):
    monkeypatch.setattr(arrangement, "_UNPACKED", many)
    monkeypatch.setattr(arrangement, "_WORDS", 50)
    monkeypatch.setattr(arrangement, "_MATRIX", 20 if many else 700)
    rng = np.random.default_rng(2)
    site = blob(rng, 0, 0, 2e4)
    shapes = np.array(crowd(rng, site, 70), dtype=object)
    (one,) = arranged([site], shapes, [0] * 70)
    ranks = rng.integers(0, 9, (2, 70))
    expected = [[truth(site, shapes[row <= step]) for step in range(7)] for row in ranks]
    assert one.growing(ranks, 7) == pytest.approx(np.array(expected), abs=1e-8 * site.area)
    assert one.alone() == pytest.approx([truth(site, [s]) for s in shapes], abs=1e-8 * site.area)
    # Parcels of one area are measured together; some belong to none, and one group is empty.
    groups = rng.integers(-1, 12, 70)
    groups[groups == 5] = 6
    expected = [truth(site, shapes[groups == group]) for group in range(12)]
    assert one.together(groups, 12) == pytest.approx(expected, abs=1e-8 * site.area)


def test_outlines_that_coincide_cover_whole_and_neighbours_not_at_all():
    site = box(0, 0, 1000, 1000)
    halves = [box(0, 0, 500, 1000), box(500, 0, 1000, 1000), box(0, 0, 500, 1000)]
    outside = [box(-500, 0, 0, 1000), box(1000, -500, 1500, 2000), box(0, 1000, 1000, 1100)]
    (one,) = arranged([site], halves + outside + [site, site], [0] * 8)
    assert one.percent(one.alone()).tolist() == pytest.approx([50, 50, 50, 0, 0, 0, 100, 100], abs=1e-6)
    members = np.array([True, True] + [False] * 6)
    assert one.percent(one.covered(members)) == 100
    assert one.percent(one.covered(np.arange(8) > 5)) == 100
    assert float(one.percent(one.covered((np.arange(8) > 2) & (np.arange(8) < 6)))) == pytest.approx(0, abs=1e-6)


def test_cells_say_the_same():
    rng = np.random.default_rng(8)
    site = blob(rng, 0, 0, 2e4)
    shapes = np.array(crowd(rng, site, 9), dtype=object)
    (one,) = arranged([site], shapes, [0] * 9)
    slow = Arrangement.of_cells(site.area, *geometry.cells(site, shapes))
    assert slow.alone() == pytest.approx(one.alone(), abs=1e-6 * site.area)
    ranks = rng.integers(0, 4, 9)
    assert slow.growing(ranks, 4) == pytest.approx(one.growing(ranks, 4), abs=1e-6 * site.area)


def test_large_sites_are_measured_in_quarters_and_doubtful_ones_by_cells(monkeypatch):
    rng = np.random.default_rng(9)
    site = blob(rng, 0, 0, 2e4, 400)
    shapes = np.array([blob(rng, *rng.normal(0, 15_000, 2), 12_000, 300) for _ in range(20)], dtype=object)
    areas = rings(shapes)
    ranks = rng.integers(0, 4, 20)
    expected = [truth(site, shapes[ranks <= step]) for step in range(4)]
    groups = rng.integers(-1, 5, 20)
    for limit, most in (("_VERTICES", 500), ("_AREAS", 10)):
        with monkeypatch.context() as changed:
            changed.setattr(arranging, limit, most)
            (quartered,) = arranging._arranged([site], areas, np.zeros(20, dtype=int))
        assert len(quartered.pieces()) > 4 and quartered.count == 20
        assert quartered.site_m2 == pytest.approx(site.area)
        assert quartered.growing(ranks, 4) == pytest.approx(expected, rel=1e-8)
        assert quartered.growing(np.array([ranks, 3 - ranks]), 4)[0] == pytest.approx(expected, rel=1e-8)
        close = 1e-8 * site.area
        assert quartered.alone() == pytest.approx([truth(site, [s]) for s in shapes], abs=close)
        assert quartered.covered(ranks == 2) == pytest.approx(truth(site, shapes[ranks == 2]), abs=close)
        of_groups = [truth(site, shapes[groups == group]) for group in range(5)]
        assert quartered.together(groups, 5) == pytest.approx(of_groups, abs=close)
    monkeypatch.setattr(arrangement, "_SHIFTS", ())
    (cells,) = arranging._arranged([site], areas, np.zeros(20, dtype=int))
    assert cells.growing(ranks, 4) == pytest.approx(expected, rel=1e-8)


def test_what_a_rectangle_does_not_see_is_left_out_and_changes_nothing_in_it():
    rng = np.random.default_rng(5)
    window = np.array([[-5000.0, -5000, 5000, 5000]]) + np.tile(FAR, 2)
    for _ in range(40):
        shape = blob(rng, *rng.normal(0, 9000, 2), rng.uniform(3000, 60_000), 300)
        seen = rings([shape]).seen_from(window)
        assert len(seen.xy) <= 300
        (left,) = geometry.polygons_of_rings(seen.xy, seen.ring_of_vertex(), seen.polygon, seen.shape, 1)
        clip = shapely.box(*window[0])
        inside = shapely.make_valid(left, method="structure").intersection(clip)
        assert inside.area == pytest.approx(shape.intersection(clip).area, rel=1e-9, abs=1e-3)


def test_rings_are_taken_and_joined_in_any_order():
    one, two = (
        box(0, 0, 10, 10).difference(box(2, 2, 4, 4)),
        shapely.MultiPolygon([box(20, 0, 30, 9), box(40, 0, 41, 1)]),
    )
    found = joined(rings([one]), rings([None, two])).taken(np.array([2, 0, 1, 2]))
    shapes = geometry.polygons_of_rings(found.xy, found.ring_of_vertex(), found.polygon, found.shape, found.count)
    assert shapely.area(shapes).tolist() == [91, 96, 0, 91]
    assert found.sign.tolist() == rings([two, one, None, two]).sign.tolist()


def test_areas_in_a_crowd_are_joined_and_say_the_same():
    rng = np.random.default_rng(12)
    site = blob(rng, 0, 0, 3e4, 60)
    shapes = np.array(crowd(rng, site, 40), dtype=object)
    areas = rings(shapes).seen_from(np.tile(np.array(site.bounds), (40, 1)))
    one = Unions(site, areas, arranging.arranged_one)
    close = 1e-8 * site.area
    assert one.count == 40 and one.site_m2 == site.area
    assert one.alone() == pytest.approx([truth(site, [s]) for s in shapes], abs=close)
    ranks = rng.integers(0, 9, (3, 40))
    expected = [[truth(site, shapes[row <= step]) for step in range(7)] for row in ranks]
    assert one.growing(ranks, 7) == pytest.approx(np.array(expected), abs=close)
    assert one.growing(ranks[0], 7) == pytest.approx(expected[0], abs=close)
    chosen = rng.random(40) < 0.2
    assert one.covered(chosen) == pytest.approx(truth(site, shapes[chosen]), abs=close)
    groups = np.append([0, 0, 1, 3, 3, 3], np.full(34, -1))
    expected = [truth(site, shapes[groups == group]) for group in range(4)]
    assert one.together(groups, 4) == pytest.approx(expected, abs=close)
    few, steps = one.by_step(ranks[0], [3, 11], 7)
    assert few.count == len(steps) + 2 and (np.diff(steps) > 0).all()
    apart = np.isin(np.arange(40), [3, 11])
    known = [truth(site, shapes[(ranks[0] <= step) & ~apart]) for step in range(7)]
    assert few.growing(np.append(steps, [7, 7]), 7) == pytest.approx(known, abs=close)
    third = truth(site, shapes[(ranks[0] <= 2) & ~apart | (np.arange(40) == 11)])
    assert few.covered(np.append(steps <= 2, [False, True])) == pytest.approx(third, abs=close)


def test_equal_rectangles_are_dissolved_whichever_rows_they_are():
    """Edges that run along an axis must not keep a stretch in common."""
    corners = [(-8526346.720183052, -4983773.850640596), (-8513298.374115033, -4989533.016908091)]
    corners += [(-8510271.50656738, -4977596.580149206), (-8521299.344920725, -4973487.27338222)]
    site = shapely.Polygon(corners)
    parcel = shapely.box(-8519523.916442327, -4996231.02564156, -8511257.941870524, -4988183.547771387)
    count = 120
    areas = Rings.of(geometry.to_wkb_all(np.array([parcel] * count, dtype=object)))
    one = arranging.arranged_one(site, areas)
    true = parcel.intersection(site).area
    for i in range(count):
        for j in range(i):
            members = np.zeros(count, dtype=bool)
            members[[i, j]] = True
            assert one.covered(members) == pytest.approx(true, rel=1e-9)


def test_outlines_that_are_the_same_but_for_rounding_lose_nothing():
    rng = np.random.default_rng(31)
    sites, areas = [], []
    for number in range(150):
        site = blob(rng, 1e5 * number, 0, 3e4, 60)
        corners = np.array(site.exterior.coords)[:-1]
        sites.append(site)
        areas += [shapely.Polygon(corners + rng.normal(0, jitter, corners.shape)) for jitter in (1e-7, 1e-8, 2e-9)]
    found = arranged(sites, areas, np.repeat(np.arange(150), 3))
    for site, one in zip(sites, found):
        assert one.alone() == pytest.approx([site.area] * 3, abs=1e-9 * site.area)
        assert one.covered(np.array([True, False, True])) == pytest.approx(site.area, abs=1e-9 * site.area)
