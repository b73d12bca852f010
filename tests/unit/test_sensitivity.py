"""How far a share holds as the boundary moves: closed form on squares and circles, at any latitude."""

import math
from dataclasses import replace

import numpy as np
import pyproj
import pytest
import shapely

from aze_plugin import paths
from aze_plugin.domain import geometry
from aze_plugin.domain.criteria import sensitivity
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.criteria.shares import leading, measure
from aze_plugin.domain.species import (
    Estimate,
    Evidence,
    HabitatEvidence,
    RangeEvidence,
    RangeRow,
    RecordEvidence,
    Taxon,
)

RULES = Settings.from_dict(paths.load_json("criteria", "aze.json"))
TAXON = Taxon("1", "Azea probans", "EN")
GEOD = pyproj.Geod(ellps="WGS84")


def around(lon, lat, east=0.0, north=0.0, half=5000.0):
    """A square of twice ``half`` metres, its middle so many true metres off a place, in EPSG:6933."""
    local = pyproj.Transformer.from_crs(
        f"+proj=laea +lon_0={lon} +lat_0={lat} +datum=WGS84", "EPSG:4326", always_xy=True
    )
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    dense = shapely.segmentize(shapely.Polygon([(east + x, north + y) for x, y in corners]), 500)
    lonlat = shapely.transform(dense, lambda c: np.column_stack(local.transform(c[:, 0], c[:, 1])))
    return geometry.prepare(np.array([lonlat], dtype=object)).geometries[0]


def ranged(shape):
    area = geometry.area(shape)
    return Evidence(TAXON, RangeEvidence((RangeRow(1, 1, 1, shape),), {"all": area, "resident": area}))


def judge(evidence, boundary, rules=RULES, whole=None):
    (measured,) = measure([evidence], boundary)
    moving = sensitivity.MovingBoundary(boundary, rules)
    return sensitivity.judge(evidence, whole, moving, leading(measured.shares), rules)


PLACES = [(15, 0), (15, 47), (-70, 68), (179.99, -30)]


@pytest.mark.parametrize("lon, lat", PLACES)
@pytest.mark.parametrize("distance", [100, 1000, -300])
def test_a_boundary_grows_by_true_metres_on_all_sides(lon, lat, distance):
    square = around(lon, lat)
    expected = (
        10_000**2 + 4 * 10_000 * distance + math.pi * distance**2 if distance > 0 else (10_000 + 2 * distance) ** 2
    )
    assert geometry.area(geometry.grown(square, distance)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("lon, lat", PLACES)
def test_distances_are_geodesic(lon, lat):
    square = around(lon, lat)
    places = [GEOD.fwd(lon, lat, azimuth, 12_000)[:2] for azimuth in (0, 90, 180, 270)]
    found = geometry.distances_m(geometry.project(np.array(places)), square)
    assert found == pytest.approx(np.full(4, 7000.0), rel=2e-3)
    assert geometry.distances_m(geometry.project(np.array([[lon, lat]])), square) == pytest.approx([0.0])


@pytest.mark.parametrize("lon, lat", PLACES)
def test_the_share_of_a_square_a_little_off(lon, lat):
    """The range lies 300 m to the east of the boundary: 97 % of it is inside, 98 % and 96 % with 100 m out and in."""
    boundary, shape = around(lon, lat), around(lon, lat, east=300)
    found, findings = judge(ranged(shape), boundary, whole=shape)
    assert found.share.best == pytest.approx(0.97, abs=1e-4)
    assert found.low == pytest.approx(0.96 * 0.98, abs=2e-3) and found.high == pytest.approx(0.98, abs=1e-3)
    # 100 m in takes a strip off three sides that were flush: 96 % × 98 % = 94.1 %, which no longer passes.
    assert [f.code for f in findings] == ["irreplaceability.hangs_on_drawing"]
    assert found.grow_m is None


def test_what_holds_is_said_to_hold():
    boundary, shape = around(15, 0, half=8000), around(15, 0)
    found, findings = judge(ranged(shape), boundary, whole=shape)
    assert (found.low, found.high) == pytest.approx((1, 1))
    assert [f.code for f in findings] == ["irreplaceability.holds_within_error"]


def test_how_far_it_has_to_grow():
    """80 % are inside. To hold 95 % it has to come 1,500 m further to the east, and by then on all sides."""
    boundary, shape = around(15, 0), around(15, 0, east=2000)
    found, findings = judge(ranged(shape), boundary, whole=shape)
    assert 1500 <= found.grow_m <= 1500 * 1.05
    side = 10_000 + 2 * found.grow_m
    assert found.grow_factor == pytest.approx((side**2 - (4 - math.pi) * found.grow_m**2) / 1e8, rel=1e-3)
    assert [f.code for f in findings] == ["irreplaceability.holds_within_error", "irreplaceability.grow_to_pass"]


def test_growing_that_does_not_help():
    boundary = around(15, 0)
    far = geometry.dissolve([around(15, 0, half=4000), around(15.9, 0, half=4000)])
    found, findings = judge(ranged(far), boundary, whole=far)
    assert found.grow_m is None
    assert "irreplaceability.growing_does_not_help" in {f.code for f in findings}


def test_records_at_the_edge():
    """Nineteen records in the middle and one 80 m outside the edge, each in a cell of its own."""
    boundary = around(15, 0, half=20_000)
    inside = [GEOD.fwd(15, 0, 90, -18_000 + 2000 * n)[:2] for n in range(18)]
    edge = GEOD.fwd(15, 0, 90, 20_080)[:2]
    lonlat = np.array([*inside, edge])
    metres = geometry.project(lonlat)
    evidence = Evidence(TAXON, None, RecordEvidence(lonlat, metres, np.zeros(19, dtype=int), 19, 19, 19, {}))
    found, findings = judge(evidence, boundary)
    assert (found.low, found.share.best, found.high) == pytest.approx((18 / 19, 18 / 19, 1))
    assert findings[0].code == "irreplaceability.hangs_on_drawing"
    assert found.grow_m == pytest.approx(100) and found.grow_factor == pytest.approx(1.01, abs=1e-3)


def test_habitat_moves_with_the_boundary():
    boundary, patch = around(15, 0), around(15, 0, east=300)
    habitat = HabitatEvidence("all", geometry.area(patch), lambda b: geometry.area(geometry.overlap(patch, b)))
    found, _ = judge(Evidence(TAXON, habitats=(habitat,)), boundary)
    assert found.high == pytest.approx(0.98, abs=1e-3)


def test_estimates_do_not_move():
    told = (
        Estimate("site", "mature_individuals", "all", 9, 9, 9),
        Estimate("global", "mature_individuals", "all", 10, 10, 10),
    )
    assert judge(Evidence(TAXON, estimates=told), around(15, 0)) == (None, [])


def test_the_error_is_a_choice():
    boundary, shape = around(15, 0), around(15, 0, east=300)
    found, findings = judge(ranged(shape), boundary, replace(RULES, digitizing_error_m=10), whole=shape)
    assert found.error_m == 10 and findings[0].code == "irreplaceability.holds_within_error"
