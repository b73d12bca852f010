"""True distances between shapes of any kind, against geodesics between places set close together along them."""

import warnings

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from aze_plugin.domain import geometry

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyproj import Geod

GEOD = Geod(ellps="WGS84")


def array(*shapes):
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def places(shape, step=0.002):
    """Lon/lat along all edges, as drawn."""
    return shapely.get_coordinates(shapely.segmentize(shape, step))


def truth(one, other):
    """Least geodesic between two lon/lat shapes, edges straight in lon/lat: coarse first, then finer near the best."""
    a, b = places(one, 0.1), places(other, 0.1)
    best = np.inf
    for _ in range(7):
        i, j = np.meshgrid(np.arange(len(a)), np.arange(len(b)), indexing="ij")
        rough = _through_the_earth(a)[i.ravel()] - _through_the_earth(b)[j.ravel()]
        k = int(np.argmin((rough**2).sum(axis=1)))
        i, j = i.ravel()[k], j.ravel()[k]
        best = min(best, GEOD.inv(*a[i], *b[j])[2])
        a, b = _finer(a, i), _finer(b, j)
    return best


def _through_the_earth(lonlat):
    lon, lat = np.radians(lonlat).T
    n = 6378137 / np.sqrt(1 - 0.00669437999014 * np.sin(lat) ** 2)
    return np.column_stack(
        (n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - 0.00669437999014) * np.sin(lat))
    )


def _finer(line, at):
    if len(line) == 1:
        return line
    some = line[max(0, at - 2) : at + 3]
    return np.concatenate([np.linspace(p, q, 40) for p, q in zip(some[:-1], some[1:])])


def distance(one, other, limit=60_000):
    found = geometry.Nearness(geometry.drawn(array(other)).areas).within(geometry.drawn(array(one)), limit)
    assert len(found.metres) <= 1
    return float(found.metres[0]) if len(found.metres) else None


def blob(rng, lon, lat, size, count=30):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radius = size * rng.uniform(0.4, 1, count)
    stretch = 1 / np.cos(np.radians(lat))
    return Polygon(np.column_stack((lon + radius * np.cos(angle) * stretch, lat + radius * np.sin(angle))))


@pytest.mark.parametrize("lat", [0, -17, 44, 63, -72, 84, 88.5])
def test_distances_anywhere_are_those_on_the_ellipsoid(lat):
    rng = np.random.default_rng(abs(int(lat * 10)))
    stretch = 1 / np.cos(np.radians(lat))
    for _ in range(6):
        lon = rng.uniform(-170, 170)
        site = blob(rng, lon, lat, 0.1)
        away = rng.uniform(0.12, 0.45)
        angle = rng.uniform(0, 2 * np.pi)
        x, y = lon + away * np.cos(angle) * stretch, lat + away * np.sin(angle)
        for shape in (
            Point(x, y),
            LineString([(x, y), (x + 0.02 * stretch, y + 0.03), (x + 0.01, y)]),
            blob(rng, x, y, 0.02),
        ):
            if shape.intersects(site):
                continue
            expected = truth(shape, site)
            found = distance(shape, site)
            if expected > 60_000:
                assert found is None
            else:
                assert found == pytest.approx(expected, rel=1e-3, abs=1.0)


@pytest.mark.parametrize(
    "one, other",
    [
        # Long edges: along a parallel and aslant, far from their ends.
        (Point(5.0, 60.2), box(-10, 50, 20, 60)),
        (Point(5.3, 60.5), Polygon([(-10, 50), (20, 50), (20, 67), (-10, 53)])),
        (LineString([(-9, 60.3), (19, 60.25)]), box(-10, 50, 20, 60)),
        # Far larger than what is near it, and in a hole of it.
        (Point(25.0, 0.0), Polygon(box(-40, -40, 60, 40).exterior, [box(24.9, -0.2, 25.3, 0.2).exterior])),
        (box(24.99, 0, 25, 0.01), Polygon(box(-40, -40, 60, 40).exterior, [box(24.9, -0.2, 25.3, 0.2).exterior])),
        # Near a pole: the way lies over it or along it.
        (Point(10, 89.9), Polygon([(180 - 1, 89.6), (179.9, 89.6), (179.9, 89.8), (179, 89.8)])),
        (Point(100, 89.95), box(-180, 70, 180, 89.7)),
        (Point(-120, -89.9), box(40, -89.9, 60, -89.8)),
    ],
)  # fmt: skip
def test_long_edges_holes_and_poles(one, other):
    assert distance(one, other) == pytest.approx(truth(one, other), rel=1e-3, abs=1.0)


def test_across_180_degrees_by_any_writing():
    for east in (
        Polygon([(179.8, -17), (179.95, -17), (179.95, -16.9), (179.8, -16.9)]),
        Polygon([(-180.2, -17), (-180.05, -17), (-180.05, -16.9), (-180.2, -16.9)]),
    ):
        for shape in (Point(-179.9, -16.95), Point(180.1, -16.95), LineString([(180.1, -16.95), (180.4, -16.5)])):
            assert distance(shape, east) == pytest.approx(GEOD.inv(179.95, -16.95, -179.9, -16.95)[2], rel=1e-3)
    astride = Polygon([(179.9, -17), (-179.9, -17), (-179.9, -16.9), (179.9, -16.9)])
    assert distance(Point(-179.8, -16.95), astride) == pytest.approx(
        GEOD.inv(-179.9, -16.95, -179.8, -16.95)[2], rel=1e-3
    )
    line = geometry.drawn(array(LineString([(179.9, 0), (-179.9, 0)])))
    assert geometry.line_lengths(line.lines)[0] == pytest.approx(GEOD.inv(179.9, 0, -179.9, 0)[2], rel=1e-6)


def test_pairs_are_all_that_are_within_and_no_others():
    rng = np.random.default_rng(5)
    sites = array(*[blob(rng, x, y, 0.05, 12) for x, y in rng.uniform((10, 40), (16, 44), (60, 2))])
    parts = array(*[Point(*p) for p in rng.uniform((10, 40), (16, 44), (40, 2))])
    found = geometry.Nearness(geometry.drawn(sites).areas).within(geometry.drawn(parts), 50_000)
    pairs = {(a, b): d for a, b, d in zip(found.shapes.tolist(), found.areas.tolist(), found.metres.tolist())}
    checked = 0
    for i, part in enumerate(parts):
        for j, site in enumerate(sites):
            if site.contains(part):
                continue
            rough = GEOD.inv(part.x, part.y, site.centroid.x, site.centroid.y)[2]
            if rough < 75_000:
                expected = truth(part, site)
                checked += 1
                if expected < 49_900:
                    assert pairs[i, j] == pytest.approx(expected, rel=1e-3, abs=1)
                elif expected > 50_100:
                    assert (i, j) not in pairs
            else:
                assert (i, j) not in pairs
    assert checked > 100


@pytest.mark.parametrize("place", [(0, 0), (-150, 60), (179.9, -40), (20, 85), (-60, -89.5)])
def test_the_nearest_of_all_however_far(place):
    rng = np.random.default_rng(9)
    sites = array(*[blob(rng, x, y, 0.2, 20) for x, y in rng.uniform((60, 5), (120, 50), (40, 2))])
    shape = Point(*place)
    found = geometry.Nearness(geometry.drawn(sites).areas).nearest(geometry.drawn(array(shape)))
    expected = [truth(shape, site) for site in sites]
    assert int(found.areas[0]) == int(np.argmin(expected))
    assert found.metres[0] == pytest.approx(min(expected), rel=1e-3)


def test_what_lies_in_common_by_dimension():
    sites = geometry.drawn(array(box(10, 50, 10.1, 50.1), box(10.1, 50, 10.2, 50.1)))
    index = geometry.BoundaryIndex(list(sites.areas))
    bag = shapely.GeometryCollection(
        [
            box(10.05, 50.02, 10.06, 50.03),
            LineString([(10.02, 50.05), (10.04, 50.05)]),
            MultiPoint([(10.01, 50.01), (9, 9)]),
        ]
    )
    shapes = geometry.drawn(array(bag, LineString([(9.95, 50.05), (10.15, 50.05)]), Point(10.1, 50.05)))
    found = geometry.in_common(shapes, index)
    rows = {(a, b): k for k, (a, b) in enumerate(zip(found.shapes.tolist(), found.areas.tolist()))}
    assert set(rows) == {(0, 0), (1, 0), (1, 1), (2, 0), (2, 1)}
    k = rows[0, 0]
    assert found.m2[k] == pytest.approx(abs(GEOD.geometry_area_perimeter(box(10.05, 50.02, 10.06, 50.03))[0]), rel=1e-4)
    parallel = shapely.segmentize(LineString([(10.02, 50.05), (10.04, 50.05)]), 1e-4)
    assert found.metres[k] == pytest.approx(GEOD.geometry_length(parallel), rel=1e-5)
    assert found.points[k] == 1
    # A dimension that a shape has not is unknown, not nothing.
    assert np.isnan(found.m2[rows[1, 0]]) and np.isnan(found.points[rows[1, 0]])
    whole = geometry.sizes(shapes)
    assert whole[0, 2] == 2 and np.isnan(whole[2, :2]).all()
    both = found.metres[rows[1, 0]] + found.metres[rows[1, 1]]
    assert both == pytest.approx(whole[1, 1] * 0.75, rel=1e-4)


def test_what_cannot_be_used_is_said():
    shapes = geometry.drawn(
        array(None, Point(), Point(10, 95), Point(np.nan, 1), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), Point(1, 1))
    )
    assert shapes.reasons[:4] == ["null", "empty", "coordinates", "coordinates"]
    assert not shapes.usable[:4].any() and shapes.usable[4:].all()
    assert shapes.repaired.tolist() == [False] * 4 + [True, False]


def test_what_reaches_round_the_world_and_over_the_poles():
    sites = array(box(-180, -90, 180, -88), box(10, 50, 10.1, 50.1), box(179.5, -17, 180.2, -16.5))
    near = geometry.Nearness(geometry.drawn(sites).areas)
    world = geometry.drawn(array(box(-180, -90, 180, 90)))
    common = geometry.in_common(world, geometry.BoundaryIndex(list(geometry.drawn(sites).areas)))
    assert common.areas.tolist() == [0, 1, 2]
    assert np.isfinite(near.within(world, 50_000).metres).all()
    found = near.within(geometry.drawn(array(Point(20, -87.9))), 50_000)
    assert found.metres[0] == pytest.approx(GEOD.inv(20, -87.9, 20, -88)[2], rel=1e-3)


def test_a_line_of_no_length_is_a_place():
    same = LineString([(10, 50)] * 3000)
    tiny = Polygon([(11, 50), (11 + 1e-9, 50), (11, 50 + 1e-9)])
    for one, other in ((same, box(10.1, 50, 10.2, 50.1)), (Point(11.2, 50), tiny)):
        found = geometry.Nearness(geometry.drawn(array(other)).areas).within(geometry.drawn(array(one)), 50_000)
        assert len(found.metres) in (0, 1)
    found = geometry.Nearness(geometry.drawn(array(box(10.1, 49, 10.2, 51))).areas).within(
        geometry.drawn(array(same)), 50_000
    )
    assert found.metres[0] == pytest.approx(GEOD.inv(10, 50, 10.1, 50)[2], rel=1e-3)


def test_of_many_against_many_only_what_is_near_is_measured(monkeypatch):
    rng = np.random.default_rng(3)
    sites = [blob(rng, x, y, 0.08, 60) for x, y in rng.uniform((-170, -55), (170, 70), (8_000, 2))]
    parts = [Point(*p).buffer(0.01) for p in rng.uniform((20, -10), (30, 0), (500, 2))]
    measured, shortest = [], shapely.shortest_line
    monkeypatch.setattr(shapely, "shortest_line", lambda one, other: measured.append(len(one)) or shortest(one, other))
    near = geometry.Nearness(geometry.drawn(array(*sites)).areas)
    found = near.within(geometry.drawn(array(*parts)), 50_000)
    # Of four million pairs.
    assert 70 < len(found.metres) <= sum(measured) < 2 * len(found.metres)
