"""What lies outside a boundary, and the smallest addition that takes a part of it in."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from effort import calls

from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import ExistingSite
from aze_plugin.domain.edge_network import on_grid
from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.fitting import FitRules
from aze_plugin.domain.outside import OutsideRules, Unit, bases, distance_m, include, parts_outside
from aze_plugin.domain.species import (
    Evidence,
    HabitatEvidence,
    RangeEvidence,
    RangeRow,
    RecordEvidence,
    Taxon,
)

RULES = OutsideRules.from_dict(
    json.loads((Path(__file__).resolve().parents[2] / "resources" / "criteria" / "aze.json").read_text("utf-8"))
)
FIT = FitRules.from_dict(
    json.loads((Path(__file__).resolve().parents[2] / "resources" / "criteria" / "aze.json").read_text("utf-8"))
)
KM = 1000.0
# At 30° EPSG:6933 is true to scale, so that lengths in it are metres on the ground.
NORTH = float(geometry.project(np.array([[0.0, 30.0]]))[0, 1])
EAST = 1e6


def box(x0, y0, x1, y1):
    """A rectangle in km from a place at 30° north."""
    return shapely.box(EAST + x0 * KM, NORTH + y0 * KM, EAST + x1 * KM, NORTH + y1 * KM)


SITE = box(0, 0, 10, 10)


def taxon(**more):
    return Taxon("1", "Azea alba", "EN", **more)


def of_range(*shapes):
    rows = tuple(RangeRow(1, 1, 1, shape) for shape in shapes)
    total = shapely.area(shapely.union_all(list(shapes)))
    return Evidence(taxon(), RangeEvidence(rows, {"resident": total, "all": total}))


def test_parts_of_a_range_come_largest_first_with_share_and_distance():
    # 100 km², of which 60 inside, 30 next to the site and 10 alone 5 km off.
    found = parts_outside(of_range(box(4, 0, 15, 10).difference(box(13, 0, 15, 10)), box(15, 0, 17, 5)), SITE, RULES)
    assert [round(part.area_m2 / 1e6, 3) for part in found.parts] == [30.0, 10.0]
    assert [part.share for part in found.parts] == pytest.approx([0.3, 0.1])
    assert [part.distance_m for part in found.parts] == pytest.approx([0.0, 5000.0], rel=0.01, abs=0.1)
    assert found.share == pytest.approx(0.4) and found.count == 2
    assert found.basis == "range_map" and found.segment == "resident"


def test_parts_by_records_are_cells_without_a_record_inside():
    metres = np.array([[500.0, 500.0], [700.0, 600.0], [14_500, 500], [15_000, 900], [16_500, 500], [40_500, 500]])
    metres = metres + (EAST - EAST % 2000, NORTH - NORTH % 2000)
    lonlat = geometry.unproject(metres)
    records = RecordEvidence(lonlat, metres, np.zeros(6, int), 4, 6, 6, {})
    found = parts_outside(Evidence(taxon(), records=records), SITE.buffer(2000), RULES)
    # Of four cells one is inside; two side by side are one part.
    assert [part.share for part in found.parts] == pytest.approx([0.5, 0.25])
    assert [part.records for part in found.parts] == [3, 1]
    assert bases(Evidence(taxon(), records=records)) == ["records"]


def test_habitat_is_found_in_a_bounded_number_of_cells():
    inside, far = box(2, 2, 6, 6), box(30, 30, 34, 38)
    world = shapely.union_all([inside, far])
    asked = []

    def held(shape):
        asked.append(shape)
        return float(shapely.area(shapely.intersection(shape, world)))

    evidence = Evidence(taxon(), habitats=(HabitatEvidence("resident", float(world.area), held),))
    found = parts_outside(evidence, SITE, RULES)
    assert found.basis == "habitat" and found.share == pytest.approx(32 / 48)
    assert len(asked) < 4 * RULES.most_cells
    [part] = found.parts
    assert shapely.covers(shapely.buffer(part.geometry, 1), far)
    assert shapely.area(part.geometry) < 2 * far.area
    assert part.share == pytest.approx(32 / 48)


def test_nothing_outside_and_nothing_known():
    assert parts_outside(of_range(box(1, 1, 4, 4)), SITE, RULES).parts == ()
    with pytest.raises(AzeError) as raised:
        parts_outside(Evidence(taxon()), SITE, RULES)
    assert raised.value.code == "outside.nothing_known"
    for wish, code in ((("habitat", ""), "outside.other_basis"), (("range_map", "breeding"), "outside.other_segment")):
        with pytest.raises(AzeError) as raised:
            parts_outside(of_range(box(1, 1, 4, 4)), SITE, RULES, *wish)
        assert raised.value.code == code


def first_part(*shapes):
    return parts_outside(of_range(box(1, 1, 9, 9), *shapes), SITE, RULES).parts[0]


def codes(addition):
    return [finding.code for finding in addition.findings]


def test_the_smallest_unit_that_covers_the_part_is_added_along_its_edge():
    part = first_part(box(10, 2, 13, 8))
    units = [
        Unit("Large", box(8, -5, 20, 15)),
        Unit("Fitting", box(10, 1, 14, 9)),
        Unit("Too small", box(10, 2, 12, 8)),
    ]
    addition = include(part, SITE, units, [], RULES)
    assert addition.names == ("Fitting",) and addition.kind == "unit"
    assert shapely.area(shapely.symmetric_difference(addition.geometry, SITE.union(box(10, 1, 14, 9)))) < 10
    assert shapely.get_num_geometries(addition.geometry) == 1
    assert not addition.corridor and not addition.is_part and codes(addition) == ["outside.unit"]


def test_several_units_together_cover_what_none_does_alone():
    part = first_part(box(10, 2, 14, 8))
    units = [Unit("West", box(10, 1, 12, 9)), Unit("East", box(12, 1, 15, 9)), Unit("Elsewhere", box(20, 0, 30, 9))]
    addition = include(part, SITE, units, [], RULES)
    assert sorted(addition.names) == ["East", "West"] and addition.kind == "units"
    assert shapely.covers(shapely.buffer(addition.geometry, 1), part.geometry)


def test_without_a_fitting_unit_the_part_itself_is_taken_with_room():
    part = first_part(box(10, 2, 13, 8))
    addition = include(part, SITE, [Unit("Vast", box(-100, -100, 100, 100))], [], RULES)
    assert addition.kind == "buffered" and codes(addition) == ["outside.buffered"]
    assert shapely.covers(addition.geometry, part.geometry)
    # The room is 100 m: the addition is hardly larger than the part, and does not follow its corners.
    assert shapely.area(addition.added) < 1.15 * shapely.area(part.geometry)
    corners = shapely.points(shapely.get_coordinates(part.geometry))
    own = shapely.union_all(shapely.points(shapely.get_coordinates(addition.geometry)))
    away = shapely.distance(corners, own)
    assert (away[shapely.get_x(corners) > EAST + 12_000] > 10).all()
    assert shapely.is_valid(addition.geometry)


def test_the_room_goes_to_an_edge_near_by():
    part = first_part(box(10, 2, 13, 8))
    # 60 m east of the part runs the edge of a unit that is too large to be taken whole.
    edge = Unit("Vast", box(-50, -50, 13.06, 50))
    addition = include(part, SITE, [edge], [], RULES, fitting=FIT)
    assert addition.kind == "buffered" and "outside.fitted" in codes(addition)
    east = addition.geometry.bounds[2] - EAST
    assert east == pytest.approx(13_060, abs=0.02)
    assert shapely.area(shapely.intersection(part.geometry, addition.geometry)) > 0.999 * shapely.area(part.geometry)
    # One part, that meets the boundary without a gap.
    assert shapely.get_num_geometries(addition.geometry) == 1
    assert not any(len(polygon.interiors) for polygon in shapely.get_parts(addition.geometry))


@pytest.mark.parametrize("gap_km, joined", [(0.5, True), (1.5, True), (6.0, False)])
def test_a_corridor_only_bridges_what_is_near(gap_km, joined):
    part = first_part(box(10 + gap_km, 2, 13 + gap_km, 5))
    addition = include(part, SITE, [Unit("Unit", box(10 + gap_km, 1, 13 + gap_km, 6))], [], RULES)
    assert addition.corridor is joined and addition.is_part is not joined
    assert shapely.get_num_geometries(addition.geometry) == (1 if joined else 2)
    said = next(f for f in addition.findings if f.code == ("outside.corridor" if joined else "outside.second_part"))
    assert said.params["distance_m"] == pytest.approx(gap_km * KM, rel=0.01)
    if joined:
        land = shapely.area(addition.added) - 15e6
        assert land == pytest.approx(gap_km * KM * RULES.corridor_width_m, rel=0.1)


def test_existing_sites_keep_their_land():
    part = first_part(box(10, 2, 13, 8))
    site = ExistingSite("7", "There already", box(12, 0, 16, 10))
    addition = include(part, SITE, [Unit("Fitting", box(10, 1, 14, 9))], [site], RULES)
    assert shapely.area(shapely.intersection(addition.geometry, site.geometry)) < 0.1
    assert shapely.area(addition.added) == pytest.approx(16e6, rel=1e-3)
    assert "outside.in_site" in codes(addition)
    with pytest.raises(AzeError) as raised:
        include(part, SITE, [], [ExistingSite("8", "All", box(10, 0, 20, 20))], RULES)
    assert raised.value.code == "outside.no_place"


def test_sites_far_away_cost_nothing():
    part = first_part(box(10, 2, 13, 8))
    beside = ExistingSite("7", "Next door", box(12, 0, 16, 10))
    far = [ExistingSite(str(n), "Far", box(100 + 20 * n, 0, 110 + 20 * n, 10)) for n in range(500)]
    units = [Unit("Fitting", box(10, 1, 14, 9))]
    one, other = [], []
    alone = calls(lambda: one.append(include(part, SITE, units, [beside], RULES)))
    among = calls(lambda: other.append(include(part, SITE, units, [*far, beside, *far], RULES)))
    assert shapely.equals(one[0].geometry, other[0].geometry)
    # A place in two lists for each, and no more.
    assert among < alone + 2 * 1000 + 500


def test_land_that_is_cut_off_at_a_site_follows_its_edge_to_the_last_decimal():
    part = first_part(box(10, 2, 14, 8))
    rng = np.random.default_rng(8)
    edge = np.column_stack((12 + rng.uniform(-0.2, 0.2, 60), np.linspace(-1, 11, 60)))
    corners = np.concatenate((edge, [(16, 11), (16, -1)]))
    site = ExistingSite("7", "Winding", shapely.Polygon(corners * KM + (EAST, NORTH)))
    addition = include(part, SITE, [], [site], RULES, fitting=FIT)
    # As it is stored: rounded, but for what it has of the site.
    xy = shapely.get_coordinates(addition.geometry)
    grid = on_grid(xy)
    shared = shapely.distance(shapely.points(xy), shapely.boundary(site.geometry)) < 1e-6
    stored = shapely.transform(addition.geometry, lambda c: np.where(shared[:, None], c, grid))
    assert shared.sum() > 20
    assert shapely.area(shapely.intersection(shapely.make_valid(stored), site.geometry)) < 0.1


def test_a_hair_of_overlap_does_not_open_a_site():
    # The boundary runs along the site, five millimetres inside it: so it is stored, or was drawn.
    part = first_part(box(10, 2, 13, 8))
    beside = ExistingSite("7", "Next door", box(10 - 5e-6, 0, 12, 5))
    units = [Unit("Across", box(10, 2, 13, 8))]
    addition = include(part, SITE, units, [beside], RULES)
    assert shapely.area(shapely.intersection(addition.geometry, beside.geometry)) < 0.1
    assert "outside.in_site" in codes(addition)
    # One that is a good part inside already is the one that is updated.
    updated = ExistingSite("7", "Updated", box(8, 0, 12, 5))
    addition = include(part, SITE, units, [updated], RULES)
    assert shapely.area(shapely.difference(part.geometry, addition.geometry)) < 1
    assert "outside.in_site" not in codes(addition)


def test_distances_are_true_metres_far_from_where_the_projection_is():
    def square(lon, lat):
        return geometry.prepare(np.array([shapely.box(lon, lat, lon + 0.05, lat + 0.05)], dtype=object)).geometries[0]

    # A tenth of a degree of longitude at 60°, less the width: 0.05° × 111.32 km × cos 60°, on the ellipsoid 2.79 km.
    assert distance_m(square(10.0, 60.0), square(10.1, 60.0)) == pytest.approx(2787, rel=5e-3)
    assert distance_m(square(179.9, 10.0), square(-180.0, 10.0)) == pytest.approx(5480, rel=5e-3)
