"""Evidence of discreteness: mapped edges in true metres, the nearest record, clipping to a site, and what is said."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from aze_plugin import paths
from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import Candidate, ExistingSite, Statement
from aze_plugin.domain.criteria import discreteness
from aze_plugin.domain.criteria.discreteness import Surroundings
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.edges import EdgeMeter, EdgeRules, MappedEdges
from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.landcover import ClassShare, Comparison, Reference

GEOD = Geod(ellps="WGS84")
RULES = Settings.from_dict(paths.load_json("criteria", "aze.json"))
TOLERANCE = EdgeRules.from_dict(paths.load_json("criteria", "aze.json")).tolerance_m

# Equator, far north, the antimeridian, far south.
PLACES = [(10, 0), (25, 60), (179.99, -27), (-60, -80)]


def array(*shapes):
    return np.array(shapes, dtype=object)


def prepared(shape):
    return geometry.prepare(geometry.wrap_longitudes(array(shape))).geometries[0]


def laid(lon, lat, shape):
    """A shape drawn in true metres round a place (pyproj's azimuthal equidistant), in degrees."""
    local = CRS.from_proj4(f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84")
    to_lonlat = Transformer.from_crs(local, CRS.from_epsg(4326), always_xy=True)
    fine = shapely.segmentize(shape, 500)
    return shapely.transform(fine, lambda c: np.column_stack(to_lonlat.transform(*c.T)))


SQUARE = shapely.box(-5000, -5000, 5000, 5000)


def measured(lon, lat, *edges, tolerance=TOLERANCE, boundary=SQUARE):
    meter = EdgeMeter(prepared(laid(lon, lat, boundary)), tolerance)
    for n, edge in enumerate(edges):
        meter.add(f"layer {n}", array(laid(lon, lat, edge)))
    return meter.result()


# ------------------------------------------------------------------------------------------------------------- planes


@pytest.mark.parametrize("lon, lat", [*PLACES, (0, 89)])
def test_the_local_plane_is_projs_equal_area_one(lon, lat):
    rng = np.random.default_rng(4)
    lonlat = np.column_stack((lon + rng.uniform(-2, 2, 2000), np.clip(lat + rng.uniform(-2, 2, 2000), -89.9, 89.9)))
    proj = CRS.from_proj4(f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84")
    expected = np.column_stack(Transformer.from_crs(CRS.from_epsg(4326), proj, always_xy=True).transform(*lonlat.T))
    plane = geometry.LocalPlane(lon, lat)
    metres = geometry.project(lonlat)
    assert np.abs(plane.from_metres(metres) - expected).max() < 1e-4
    assert np.abs(plane.to_metres(expected) - metres).max() < 1e-3


@pytest.mark.parametrize("apart", [1e-3, 10, 5_000, 400_000, 9_000_000])
def test_distances_on_the_ellipsoid(apart):
    rng = np.random.default_rng(6)
    here = np.column_stack((rng.uniform(-180, 180, 500), rng.uniform(-85, 85, 500)))
    there = np.column_stack(GEOD.fwd(*here.T, rng.uniform(0, 360, 500), np.full(500, apart))[:2])
    assert geometry.ellipsoidal_distances(here, there) == pytest.approx(np.full(500, apart), rel=1e-4)


# -------------------------------------------------------------------------------------------------------------- edges


@pytest.mark.parametrize("lon, lat", PLACES)
def test_half_on_an_edge_is_half(lon, lat):
    bent = shapely.LineString([(-5000, -5000), (5000, -5000), (5000, 5000)])
    found = measured(lon, lat, bent)
    assert found.share == pytest.approx(0.5, abs=1e-4)
    assert found.perimeter_m == pytest.approx(40_000, rel=1e-4)


@pytest.mark.parametrize("lon, lat", PLACES)
@pytest.mark.parametrize("offset, counts", [(49, True), (51, False), (-49, True), (-51, False)])
@pytest.mark.parametrize("upright", [False, True])
def test_the_tolerance_is_true_metres_north_and_east(lon, lat, offset, counts, upright):
    at = 5000 + offset
    ends = [(at, -5000), (at, 5000)] if upright else [(-5000, at), (5000, at)]
    share = measured(lon, lat, shapely.LineString(ends)).share
    # An edge within the square ends before the corner, by its distance from the side.
    assert share == pytest.approx(0.25 if counts else 0.0, abs=0.003)


@pytest.mark.parametrize("lat", [0, 60])
def test_an_edge_that_crosses_hardly_counts(lat):
    across = measured(20, lat, shapely.LineString([(-9000, 300), (9000, 300)]))
    assert across.share * across.perimeter_m < 5
    many = shapely.MultiLineString([[(-9000, y), (9000, y)] for y in range(-4500, 4501, 300)])
    assert measured(20, lat, many).share < 0.001
    aslant = measured(20, lat, shapely.LineString([(-9000, -8700), (9000, 9300)]))
    # Twice over at 45°: on either side of each crossing as far as the edge stays within the tolerance.
    assert aslant.share * aslant.perimeter_m <= 4 * TOLERANCE


@pytest.mark.parametrize("offset", [-30, 30])
def test_an_outline_offset_within_the_tolerance_covers_all(offset):
    outline = shapely.box(-5000 - offset, -5000 - offset, 5000 + offset, 5000 + offset)
    assert measured(30, 50, outline).share > 0.999


def test_jagged_edges_count_as_smooth_ones_do():
    x = np.arange(-5000, 5001, 30.0)
    stairs = np.column_stack((x.repeat(2)[1:], (-5000 + 15 * (np.arange(len(x)) % 2)).repeat(2)[:-1]))
    assert measured(30, 50, shapely.LineString(stairs)).share == pytest.approx(0.25, abs=0.002)
    jagged = shapely.Polygon([*stairs, (5000, 5000), (-5000, 5000)])
    found = measured(30, 50, shapely.LineString([(-5000, -5000), (5000, -5000)]), boundary=jagged)
    assert found.share * found.perimeter_m == pytest.approx(found.perimeter_m - 30_000, rel=0.01)


def test_layers_by_themselves_and_together():
    south = shapely.LineString([(-5000, -5000), (5000, -5000)])
    south_and_east = shapely.LineString([(-5000, -5000), (5000, -5000), (5000, 5000)])
    far = shapely.LineString([(50_000, 0), (60_000, 0)])
    found = measured(10, 20, south, south_and_east, far)
    assert [share for _, share in found.layers] == pytest.approx([0.25, 0.5, 0.0], abs=1e-4)
    assert found.share == pytest.approx(0.5, abs=1e-4)


def test_polygons_count_by_their_outlines_holes_too():
    beside = shapely.box(5000, -5000, 9000, 5000)
    around = shapely.box(-9000, -9000, 9000, 9000) - SQUARE
    assert measured(10, 20, beside).share == pytest.approx(0.25, abs=1e-3)
    assert measured(10, 20, around).share == pytest.approx(1.0, abs=1e-4)
    within = shapely.box(-9000, -9000, 9000, 9000)
    assert measured(10, 20, within).share == 0


def test_holes_of_the_boundary_are_part_of_its_perimeter():
    holed = SQUARE - shapely.box(-1000, -1000, 1000, 1000)
    lake = shapely.box(-1000, -1000, 1000, 1000)
    found = measured(10, 20, lake, boundary=holed)
    assert found.perimeter_m == pytest.approx(48_000, rel=1e-4) and found.share == pytest.approx(1 / 6, abs=1e-4)


def test_the_seam_at_180_is_no_edge():
    """A layer whose polygon was split at 180° and a boundary that was: their seams are on no ground."""
    split = geometry.wrap_longitudes(array(laid(180, -27, shapely.box(-20_000, -20_000, 20_000, 20_000))))
    meter = EdgeMeter(prepared(laid(179.99, -27, SQUARE)), TOLERANCE)
    meter.add("split", split)
    assert meter.result().share == 0
    beyond = EdgeMeter(prepared(laid(179.99, -27, SQUARE)), TOLERANCE)
    beyond.add("0 to 360", shapely.transform(array(laid(179.99, -27, SQUARE)), lambda c: c % [360, 90] - [0, 90]))
    assert beyond.result().share == pytest.approx(1.0, abs=1e-4)
    west, east = meter.extents
    assert west[2] == 180 and east[0] == -180 and west[0] > 179 and east[2] < -179


def test_pieces_of_a_layer_add_up_to_the_whole():
    lines = [shapely.LineString([(-5000 + k, -5000), (-4000 + k, -5000)]) for k in range(0, 10_000, 1000)]
    meter = EdgeMeter(prepared(laid(10, 20, SQUARE)), TOLERANCE)
    for line in lines:
        meter.add("in pieces", array(laid(10, 20, line)))
    assert meter.result().share == pytest.approx(0.25, abs=1e-4)


def test_nothing_in_reach_is_a_share_of_nought_by_layer():
    meter = EdgeMeter(prepared(laid(10, 20, SQUARE)), TOLERANCE)
    meter.add("empty", array(None, shapely.Point(10, 20), shapely.LineString(), shapely.Polygon()))
    assert meter.result().layers == (("empty", 0.0),)


@given(st.floats(1, 200), st.floats(0, 360), st.floats(-6000, 6000))
@settings(max_examples=12, deadline=None)
def test_a_wider_tolerance_never_finds_less(tolerance, angle, offset):
    way = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    aside = offset * np.array([-way[1], way[0]])
    line = shapely.LineString([aside - 9000 * way, aside + 9000 * way])
    narrow, wide = (measured(10, 45, line, tolerance=t) for t in (tolerance, 1.5 * tolerance))
    # Samples along the edge come at other places: one step's worth of difference at each end is no loss.
    assert 0 <= narrow.share <= wide.share + 4 * tolerance / narrow.perimeter_m
    assert wide.share <= 1


# ------------------------------------------------------------------------------------------------------ nearest record


@pytest.mark.parametrize("lon, lat", PLACES)
@pytest.mark.parametrize("away", [200, 30_000])
def test_the_nearest_record_outside(lon, lat, away):
    records = [laid(lon, lat, shapely.Point(*xy)) for xy in [(0, 0), (5000 + away, 0), (0, -5000 - 2 * away)]]
    lonlat = np.array([(r.x, r.y) for r in records])
    found = discreteness.nearest_record(prepared(laid(lon, lat, SQUARE)), {"Azea prima": lonlat})
    assert found.distance_m == pytest.approx(away, rel=1e-3, abs=0.5)
    assert (found.lon, found.lat) == tuple(lonlat[1])
    west, south, east, north = found.extent
    assert (east - west) % 360 < 2 and south <= found.lat + 1e-6 and north >= found.lat - 1e-6


def test_the_nearest_of_several_taxa_and_none_where_all_are_inside():
    boundary = prepared(shapely.box(0, 0, 1, 1))
    inside, near, far = (np.array([xy]) for xy in [(0.5, 0.5), (1.1, 0.5), (3.0, 0.5)])
    assert discreteness.nearest_record(boundary, {"a": inside}) is None
    assert discreteness.nearest_record(boundary, {"a": np.empty((0, 2))}) is None
    found = discreteness.nearest_record(boundary, {"a": far, "b": np.vstack((inside, near))})
    assert found.taxon == "b"
    assert found.distance_m == pytest.approx(GEOD.inv(1.0, 0.5, 1.1, 0.5)[2], rel=1e-4)


def test_a_record_on_another_continent():
    found = discreteness.nearest_record(prepared(shapely.box(0, 0, 1, 1)), {"a": np.array([[60.0, 40.0]])})
    assert found.distance_m == pytest.approx(GEOD.inv(1.0, 1.0, 60.0, 40.0)[2], rel=1e-3)


# ------------------------------------------------------------------------------------------------------------ clipping


def test_clipping_leaves_the_sites_edge_and_nothing_of_the_site():
    site = shapely.Polygon([(900, -100), (905, 250), (880, 500), (930, 740), (900, 1100), (2000, 1100), (2000, -100)])
    candidate = shapely.box(0, 0, 1000, 1000)
    clipped = discreteness.clip_to_site(candidate, site)
    assert clipped.is_valid and clipped.geom_type == "Polygon"
    assert geometry.area(geometry.overlap(clipped, site)) < 1e-6
    assert geometry.area(clipped) == pytest.approx(candidate.area - candidate.intersection(site).area)
    # The site's own vertices in between are the candidate's now, to the last digit.
    shared = set(map(tuple, shapely.get_coordinates(clipped).tolist()))
    assert {(905.0, 250.0), (880.0, 500.0), (930.0, 740.0)} <= shared
    neighbours = [ExistingSite("1", "Old Cape", site)]
    found = discreteness.judge(Candidate("New", clipped, 90.0), neighbours, {}, Statement("Why."), RULES)[1]
    assert "discreteness.no_overlap" in {f.code for f in found}


def test_clipping_in_degrees_and_in_parts():
    candidate = shapely.box(0, 0, 3, 1)
    site = shapely.box(1, -1, 2, 2)
    clipped = discreteness.clip_to_site(candidate, site)
    assert clipped.geom_type == "MultiPolygon" and clipped.area == pytest.approx(2)


def test_clipping_what_is_apart_or_only_touches_changes_nothing():
    candidate = shapely.box(0, 0, 1000, 1000)
    assert discreteness.clip_to_site(candidate, shapely.box(1000, 0, 2000, 1000)) is candidate
    assert discreteness.clip_to_site(candidate, shapely.box(5000, 0, 6000, 1000)) is candidate


def test_clipping_to_a_site_that_holds_all_is_an_error():
    with pytest.raises(AzeError, match="discreteness.clip_empty"):
        discreteness.clip_to_site(shapely.box(0, 0, 10, 10), shapely.box(-1, -1, 11, 11))


def test_clipping_leaves_no_dust():
    """A site whose edge wavers by a nanometre along the candidate's far side leaves no crumbs there."""
    site = shapely.Polygon([(500, -1), (1000 - 1e-9, -1), (1000 + 1e-9, 500), (1000 - 1e-9, 1001), (500, 1001)])
    assert discreteness.clip_to_site(shapely.box(0, 0, 1000, 1000), site).geom_type == "Polygon"


# ------------------------------------------------------------------------------------------------------------ findings

CLASSES = (ClassShare(1.0, 0.7, 0.1, "Forest"), ClassShare(2.0, 0.3, 0.9, "Fields"))
DIFFERS = Comparison("cover", CLASSES, 0.31, Reference(0.1, 0.2, 0.01, 99), 800.0, differs=True)
ALIKE = Comparison("cover", CLASSES, 0.08, Reference(0.1, 0.2, 0.6, 99), 800.0)
UNKNOWN = Comparison("cover", not_assessed="few_copies", params={"count": 3, "least": 19})
EDGES = MappedEdges(50.0, 40_000.0, 0.4, (("rivers", 0.3), ("coast", 0.2)))


def judged(surroundings, rationale="Why."):
    candidate = Candidate("New", geometry.box(0, 0, 1000, 1000), 100.0)
    return discreteness.judge(candidate, [], {}, Statement(rationale), RULES, surroundings=surroundings)


@pytest.mark.parametrize("rationale, status", [("", "needs_evidence"), ("Why.", "met")])
@pytest.mark.parametrize("cover", [DIFFERS, ALIKE, UNKNOWN])
def test_evidence_neither_passes_nor_fails(cover, rationale, status):
    given_status, findings = judged(Surroundings(landcover=cover, edges=EDGES), rationale)
    assert given_status == status == judged(None, rationale)[0]
    assert {f.severity.value for f in findings} <= {"info", "warning"}


def test_land_cover_is_said_by_its_classes_and_its_rank():
    codes = {}
    for cover in (DIFFERS, ALIKE, UNKNOWN):
        (finding,) = (f for f in judged(Surroundings(landcover=cover))[1] if "landcover" in f.code)
        codes[finding.code] = finding.params
    assert set(codes) == {
        "discreteness.landcover_differs",
        "discreteness.landcover_alike",
        "discreteness.landcover_not_assessed",
    }
    params = codes["discreteness.landcover_differs"]
    assert (params["inside_class"], params["ring_class"]) == ("Forest", "Fields")
    assert (params["more_class"], params["more_inside_share"], params["more_ring_share"]) == ("Forest", 0.7, 0.1)
    assert (params["less_class"], params["less_inside_share"], params["less_ring_share"]) == ("Fields", 0.3, 0.9)
    assert (params["divergence"], params["p_value"], params["copies"]) == (0.31, 0.01, 99)
    assert codes["discreteness.landcover_not_assessed"]["landcover_reason"] == "few_copies"
    assert "divergence" not in codes["discreteness.landcover_not_assessed"]


def test_edges_and_records_are_said():
    record = discreteness.nearest_record(geometry.box(0, 0, 1000, 1000), {"Azea prima": np.array([[0.1, 0.0]])})
    found = {f.code: f.params for f in judged(Surroundings(edges=EDGES, nearest_record=record))[1]}
    edges = found["discreteness.edges_share"]
    assert (edges["share"], edges["tolerance_m"], edges["layers"]) == (0.4, 50.0, ["rivers", "coast"])
    params = found["discreteness.nearest_record_outside"]
    assert (
        params["taxon"] == "Azea prima" and (params["lon"], params["lat"]) == (0.1, 0.0) and len(params["extent"]) == 4
    )
    assert params["distance_m"] == record.distance_m > 9000


def test_nothing_is_said_of_what_was_not_looked_at():
    plain, empty = judged(None)[1], judged(Surroundings())[1]
    assert plain == empty and Surroundings().as_json() == {}


def test_evidence_as_the_assessment_file_has_it():
    found = Surroundings(landcover=DIFFERS, edges=EDGES).as_json()
    assert found["edges"] == {
        "tolerance_m": 50.0,
        "perimeter_m": 40_000.0,
        "share": 0.4,
        "layers": [{"name": "rivers", "share": 0.3}, {"name": "coast", "share": 0.2}],
    }
    assert found["landcover"]["classes"][0] == {"value": 1, "name": "Forest", "color": "", "inside": 0.7, "ring": 0.1}
    assert found["landcover"]["reference"] == {"median": 0.1, "p95": 0.2, "p_value": 0.01, "copies": 99}
    unknown = Surroundings(landcover=UNKNOWN).as_json()["landcover"]
    assert unknown["not_assessed"] == "few_copies" and "divergence" not in unknown


# ------------------------------------------------------------------------------------------------ sites that are there


@pytest.mark.parametrize("width, code", [(1000.0, "same_as_site"), (999.5, "same_as_site"), (990.0, "overlaps_site")])
def test_the_same_site_but_for_a_thousandth_is_an_update(width, code):
    site = ExistingSite("7", "Old Cape", geometry.box(0, 0, width, 1000))
    candidate = Candidate("New", geometry.box(0, 0, 1000, 1000), 100.0)
    found = discreteness.judge(candidate, [site], {}, Statement("Why."), RULES)[1]
    (finding,) = (f for f in found if f.code == f"discreteness.{code}")
    assert finding.params["overlap_m2"] == pytest.approx(width * 1000)
    assert finding.params["share"] == pytest.approx(width / 1000) and finding.params["site_share"] == 1


@pytest.mark.parametrize("depth, codes", [(9e-5, {"no_overlap"}), (1.1e-4, {"overlaps_site"})])
def test_an_overlap_of_a_tenth_of_a_square_metre_is_none(depth, codes):
    site = ExistingSite("7", "Next", geometry.box(1000 - depth, 0, 2000, 1000))
    candidate = Candidate("New", geometry.box(0, 0, 1000, 1000), 100.0)
    found = discreteness.judge(candidate, [site], {}, Statement("Why."), RULES)[1]
    assert {f.code.partition(".")[2] for f in found if "overlap" in f.code} == codes


def overlaps(candidate, *sites):
    found = discreteness.judge(candidate, sites, {}, Statement("Why."), RULES)[1]
    return {f.code.partition(".")[2]: f for f in found if "site" in f.params or f.code.endswith("no_overlap")}


@pytest.mark.parametrize(
    "updates, is_update",
    [
        ({"updates_id": "7"}, True),
        ({"updates_id": "7", "updates_site": "Another name"}, True),
        ({"updates_site": "old cape"}, True),
        ({"updates_id": "8", "updates_site": "Old Cape"}, False),
        ({"updates_site": "New Cape"}, False),
        ({}, False),
    ],
)
def test_an_update_does_not_overlap_the_site_that_it_updates(updates, is_update):
    site = ExistingSite("7", "Old Cape", geometry.box(0, 0, 800, 1000))
    candidate = Candidate("New", geometry.box(200, 0, 1200, 1000), 100.0, **updates)
    found = overlaps(candidate, site)
    if not is_update:
        assert set(found) == {"overlaps_site"}
        return
    assert set(found) == {"updates_site", "no_overlap"}
    said = found["updates_site"]
    assert said.severity.value == "info"
    # 600 m of the site's 800 are kept, 400 are new, 200 are left out.
    assert said.params["site_share"] == pytest.approx(0.75)
    assert (said.params["gained_m2"], said.params["lost_m2"]) == (pytest.approx(4e5), pytest.approx(2e5))


def test_an_update_that_reaches_into_another_site_is_said_to():
    own = ExistingSite("7", "Old Cape", geometry.box(0, 0, 1000, 1000))
    other = ExistingSite("9", "Next", geometry.box(1000, 0, 2000, 1000))
    found = overlaps(Candidate("New", geometry.box(0, 0, 1100, 1000), 110.0, updates_id="7"), own, other)
    assert set(found) == {"updates_site", "overlaps_site"}
    assert found["overlaps_site"].params["site"] == "Next"


def test_an_overlap_with_a_circle_for_want_of_a_boundary_cannot_be_assessed():
    circle = ExistingSite("7", "Nowhere", geometry.box(0, 0, 1000, 1000), is_circle=True)
    shape = geometry.box(500, 0, 1500, 1000)
    found = overlaps(Candidate("New", shape, 100.0), circle)
    assert set(found) == {"overlaps_placeholder"} and found["overlaps_placeholder"].severity.value == "warning"
    assert set(overlaps(Candidate("New", shape, 100.0, updates_id="7"), circle)) == {"updates_circle", "no_overlap"}
