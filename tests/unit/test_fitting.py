"""Fitting a boundary to mapped edges: exact edges, bounded change, nothing on a second run."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import ExistingSite
from aze_plugin.domain.edge_network import EdgeLayer
from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.fitting import FitRules, fit

RULES = FitRules.from_dict(
    json.loads((Path(__file__).resolve().parents[2] / "resources" / "criteria" / "aze.json").read_text("utf-8"))
)
# Metres of a degree of latitude, near enough for placing things.
DEGREE = 111_320.0


def at(lat, lon=10.0):
    """A function that places shapes given in metres round a lon/lat."""
    stretch = np.cos(np.radians(lat))

    def placed(shape):
        return shapely.transform(shape, lambda c: np.round(c / DEGREE / (stretch, 1) + (lon, lat), 7))

    return placed


def prepared(lonlat):
    return geometry.prepare(np.array([lonlat], dtype=object)).geometries[0]


def layer(name, *lonlat):
    members = np.empty(len(lonlat), dtype=object)
    members[:] = lonlat
    return EdgeLayer(name, members)


def numbers(metres):
    """Vertices as whole numbers of 1e-7°, after looking that they are such."""
    lonlat = geometry.unproject(np.concatenate([ring[:-1] for ring in geometry.rings(metres)])) * 1e7
    assert np.abs(lonlat - np.round(lonlat)).max() < 1e-2
    return {tuple(pair) for pair in np.round(lonlat).astype(int).tolist()}


def vertices(lonlat):
    return {tuple(pair) for pair in np.round(shapely.get_coordinates(lonlat) * 1e7).astype(int).tolist()}


def difference_m2(one, other):
    return shapely.area(shapely.symmetric_difference(one, other))


@pytest.mark.parametrize("lat", [0.0, 38.0, -45.0, 64.0])
def test_a_stretch_takes_all_vertices_of_the_edge_that_it_runs_along(lat):
    placed = at(lat)
    wave = [(x, 25 * np.sin(x / 300.0)) for x in range(-1500, 6501, 100)]
    river = placed(shapely.LineString(wave))
    drawn = placed(shapely.Polygon([(0, 10), (2500, -20), (5000, 15), (5000, 4000), (0, 4000)]))
    fitted = fit(prepared(drawn), [layer("river", river)], [], RULES)
    found = numbers(fitted.geometry)
    inner = {v for v in vertices(river) if drawn.bounds[0] + 3e-4 < v[0] / 1e7 < drawn.bounds[2] - 3e-4}
    assert inner <= found and len(inner) > 40
    # The two far corners stay where they were.
    assert vertices(placed(shapely.MultiPoint([(5000, 4000), (0, 4000)]))) <= found
    assert [change.kind for change in fitted.changes] == ["snapped"]
    assert fitted.changes[0].subject == "river"
    assert fitted.changes[0].length_m == pytest.approx(5000, rel=0.05)


def test_where_the_outline_turns_off_it_meets_the_edge_in_its_own_line():
    placed = at(0.0, 0.0)
    border = placed(shapely.LineString([(-3000, 0), (9000, 0)]))
    drawn = placed(shapely.Polygon([(0, 30), (5000, 30), (5000, 4000), (0, 4000)]))
    fitted = fit(prepared(drawn), [layer("border", border)], [], RULES)
    expected = placed(shapely.Polygon([(0, 0), (5000, 0), (5000, 4000), (0, 4000)]))
    # A rectangle that reaches down to the border: 5 km × 30 m more, less what a grid of a centimetre costs.
    assert difference_m2(fitted.geometry, prepared(expected)) < 1.0
    assert fitted.moved_m2 == pytest.approx(5000 * 30, rel=0.02)


@pytest.mark.parametrize("lon", [10.0, 179.99, -180.0])
def test_neighbours_share_the_edge_without_overlap_or_gap(lon):
    placed = at(41.0, lon)
    rng = np.random.default_rng(5)
    ys = np.arange(-2000, 2001, 80.0)
    edge = np.column_stack((rng.uniform(-60, 60, len(ys)), ys))
    site = placed(shapely.Polygon([*edge, (-5000, 2000), (-5000, -2000)]))
    own = edge[::-1] + rng.uniform(-40, 40, edge.shape)
    drawn = placed(shapely.Polygon([(4000, -1500), (4000, 1500), *own[(np.abs(own[:, 1]) < 1500)]]))
    drawn, site = prepared(shapely.make_valid(drawn, method="structure")), prepared(site)
    # As it is stored: where it is split at 180° its vertices are rounded too.
    site = shapely.transform(site, lambda c: geometry.project(np.round(geometry.unproject(c), 7)))
    assert shapely.area(shapely.intersection(drawn, site)) > 1000
    fitted = fit(drawn, [], [ExistingSite("1", "Neighbour", site)], RULES)
    assert shapely.area(shapely.intersection(fitted.geometry, site)) < 0.1
    both = shapely.union(fitted.geometry, site)
    holes = [shapely.Polygon(r).area for p in shapely.get_parts(both) for r in p.interiors]
    assert sum(holes) < 0.1
    shared = shapely.intersection(shapely.boundary(fitted.geometry), shapely.buffer(shapely.boundary(site), 0.001))
    assert shapely.length(shared) > 2900
    again = fit(fitted.geometry, [], [ExistingSite("1", "Neighbour", site)], RULES)
    assert not again.changes


@pytest.mark.parametrize("lon", [10.0, 179.99, -180.0])
def test_a_site_of_finer_coordinates_is_met_to_its_last_decimal(lon):
    rng = np.random.default_rng(5)
    ys = np.arange(-6000, 6001, 80.0)
    edge = np.column_stack((rng.uniform(-60, 60, len(ys)), ys))
    fine = shapely.Polygon([*edge, (-5000, 6000), (-5000, -6000)])
    stretch = np.cos(np.radians(41.0))
    site = prepared(shapely.transform(fine, lambda c: c / DEGREE / (stretch, 1) + (lon, 41.0)))
    own = edge[::-1] + rng.uniform(-20, 20, edge.shape)
    outline = shapely.Polygon([(4000, -5510), (4000, 5530), *own[(np.abs(own[:, 1]) < 5500)]])
    drawn = prepared(shapely.make_valid(at(41.0, lon)(outline), method="structure"))
    sites = [ExistingSite("1", "Neighbour", site)]
    fitted = fit(drawn, [], sites, RULES)
    # Rounded to seven decimals, eleven kilometres of edge would overlap by square metres.
    stored = shapely.transform(fitted.geometry, lambda c: geometry.project(np.round(geometry.unproject(c), 7)))
    assert shapely.area(shapely.intersection(shapely.make_valid(stored), site)) > 1
    assert shapely.area(shapely.intersection(fitted.geometry, site)) < 1e-3
    both = shapely.union(fitted.geometry, shapely.buffer(site, 1e-6))
    assert sum(shapely.Polygon(r).area for p in shapely.get_parts(both) for r in p.interiors) < 0.1
    kinds = [change.kind for change in fitted.changes]
    assert "shared_exactly" in kinds and "rounded" not in kinds and not fitted.findings
    again = fit(fitted.geometry, [], sites, RULES)
    assert not again.changes and again.geometry is fitted.geometry and again.moved_m2 == 0
    # What was stored rounded is mended by nothing else.
    mended = fit(prepared(shapely.transform(stored, geometry.unproject)), [], sites, RULES)
    assert [change.kind for change in mended.changes] == ["shared_exactly"]
    assert shapely.area(shapely.intersection(mended.geometry, site)) < 1e-3


def test_a_junction_in_the_middle_of_a_long_slanting_edge_leaves_no_overlap():
    placed = at(52.0)
    site = prepared(placed(shapely.Polygon([(-9000, -7321), (9000, 5123), (9000, 30000), (-9000, 30000)])))
    drawn = prepared(placed(shapely.Polygon([(-4000, -3840), (4000, 1680), (4000, -9000), (-4000, -9000)])))
    fitted = fit(drawn, [], [ExistingSite("1", "Neighbour", site)], RULES)
    # Rounded to a centimetre as it comes, a chord of 10 km would overlap or gape by some 20 m².
    assert shapely.area(shapely.intersection(fitted.geometry, site)) < 0.1
    strip = shapely.difference(shapely.difference(drawn, site), fitted.geometry)
    assert shapely.area(strip) < RULES.tolerance_m * 20


def test_a_boundary_on_its_edges_does_not_change_at_all():
    placed = at(-12.0)
    park = placed(shapely.Polygon([(0, 0), (3000, 400), (5000, -200), (5200, 3000), (100, 3300)]))
    given_ = prepared(park)
    fitted = fit(given_, [layer("parks", park)], [ExistingSite("7", "Itself", given_)], RULES)
    assert fitted.geometry is given_ and not fitted.changes
    assert fitted.on_edges_share == pytest.approx(1.0)
    # Nor one that shares a part of an edge, from vertex to vertex.
    part = prepared(placed(shapely.Polygon([(0, 0), (3000, 400), (3000, -2000), (0, -2000)])))
    assert not fit(part, [layer("parks", park)], [], RULES).changes


def test_a_crossing_and_a_thin_spike_of_an_edge_are_left_alone():
    placed = at(20.0)
    across = placed(shapely.LineString([(2500, -3000), (2500, 6000)]))
    drawn = placed(shapely.Polygon([(0, 0), (5000, 0), (5000, 4000), (0, 4000)]))
    assert not fit(prepared(drawn), [layer("road", across)], [], RULES).changes
    # A border with a spike 2 km deep and 20 m wide: the outline must not run into it.
    spiky = placed(shapely.LineString([(-900, 0), (2490, 10), (2500, -2000), (2510, 10), (5900, 0)]))
    fitted = fit(prepared(drawn), [layer("border", spiky)], [], RULES)
    assert vertices(shapely.Point(shapely.get_coordinates(spiky)[2])).isdisjoint(numbers(fitted.geometry))
    assert difference_m2(fitted.geometry, prepared(drawn)) < 5000 * 50


def test_simplifying_leaves_shared_edges_and_keeps_within_its_distance():
    placed = at(30.0)
    wave = [(x, 30 * np.sin(x / 70.0)) for x in range(0, 5001, 20)]
    park = placed(shapely.Polygon([*wave, (5000, -3000), (0, -3000)]))
    top = [(x, 3000 + 4 * np.sin(x / 50.0)) for x in range(5000, -1, -20)]
    drawn = placed(shapely.Polygon([*wave, *top]))
    fitted = fit(prepared(drawn), [layer("parks", park)], [], RULES.with_choices(50, 10))
    found = numbers(fitted.geometry)
    assert vertices(placed(shapely.LineString(wave))) <= found
    assert len(found) < len(wave) + 8
    assert {change.kind for change in fitted.changes} == {"simplified"}
    assert fitted.moved_m2 < 10 * 5000
    assert not fit(fitted.geometry, [layer("parks", park)], [], RULES.with_choices(50, 10)).changes


def test_slivers_go_and_wide_overlaps_stay_and_are_said():
    placed = at(5.0)
    main = shapely.box(0, 0, 5000, 5000)
    sliver = shapely.box(5100, 0, 5110, 300)
    island = shapely.box(7000, 0, 7100, 100)
    drawn = prepared(placed(shapely.MultiPolygon([main, sliver, island])))
    site = ExistingSite("1", "Deep", prepared(placed(shapely.box(4000, 1000, 9000, 2000))))
    fitted = fit(drawn, [], [site], RULES)
    assert [change.kind for change in fitted.changes] == ["sliver_removed"]
    # The island is small, but wider than the tolerance: nothing that one loses by drawing.
    assert shapely.get_num_geometries(fitted.geometry) == 2
    left = [finding for finding in fitted.findings if finding.code == "fitting.overlap_left"]
    assert [f.params["site"] for f in left] == ["Deep"]
    assert left[0].params["area_m2"] == pytest.approx(1e6, rel=0.01)


def test_choices_that_cannot_be_are_refused():
    for choice in ({"tolerance_m": 0}, {"tolerance_m": -5}, {"tolerance_m": 10, "simplify_m": 11}):
        with pytest.raises(AzeError) as raised:
            RULES.with_choices(**choice)
        assert raised.value.code == "fitting.tolerance"


def cells_of(rng, lat, wiggle):
    points = shapely.MultiPoint(rng.uniform(-5000, 5000, (10, 2)))
    cells = shapely.intersection(
        shapely.get_parts(shapely.voronoi_polygons(points)), shapely.box(-9000, -9000, 9000, 9000)
    )
    phase = rng.uniform(0, 6, 2)
    return bent(cells, wiggle, phase), phase


def bent(shapes, by, phase):
    """Shapes whose vertices, 200 m apart at most, are shifted as their place says: neighbours stay neighbours."""
    return shapely.transform(
        shapely.segmentize(shapes, 200.0),
        lambda c: c + by * np.sin(np.column_stack((c[:, 0] / 90 + c[:, 1] / 50, c[:, 1] / 70 - c[:, 0] / 40)) + phase),
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    lat=st.sampled_from([0.0, 45.0, -63.0]),
    lon=st.sampled_from([10.0, 179.97]),
    tolerance=st.sampled_from([20.0, 50.0, 120.0]),
    simplify=st.sampled_from([0.0, 15.0]),
    off=st.sampled_from([5.0, 30.0, 80.0]),
)
def test_whatever_is_fitted_is_valid_moves_little_and_stays_on_a_second_run(seed, lat, lon, tolerance, simplify, off):
    rng, placed = np.random.default_rng(seed), at(lat, lon)
    cells, _ = cells_of(rng, lat, rng.choice([0, 50]))
    cells = cells[shapely.is_valid(cells)]
    whole = shapely.union_all(cells[: rng.integers(1, 4)])
    drawn = bent(whole, off, rng.uniform(0, 6, 2))
    drawn = prepared(placed(shapely.make_valid(drawn, method="structure")))
    sites = [ExistingSite(str(n), f"Site {n}", prepared(placed(cell))) for n, cell in enumerate(cells[3:6])]
    rules = RULES.with_choices(tolerance, simplify)
    layers = [layer("cells", *placed(cells))]
    fitted = fit(drawn, layers, sites, rules)
    assert shapely.is_valid(fitted.geometry) and not shapely.is_empty(fitted.geometry)
    assert fitted.geometry.geom_type in ("Polygon", "MultiPolygon")
    # True lengths, worked out by themselves: EPSG:6933 stretches them by less than 3 both ways.
    assert difference_m2(fitted.geometry, drawn) <= tolerance * fitted.perimeter_m + 1
    numbers(fitted.geometry)
    again = fit(fitted.geometry, layers, sites, rules)
    assert not again.changes and difference_m2(again.geometry, fitted.geometry) == 0
