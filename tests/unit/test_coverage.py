"""Protected-area cover: what counts, and shares of sites against closed forms."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely

from aze_plugin.domain import coverage, geometry
from aze_plugin.domain.coverage import CoverRules, ProtectedArea, Site
from aze_plugin.domain.coverrun import CoverageRun, Shapes
from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
RULES = CoverRules.from_dict(json.loads((ROOT / "resources" / "criteria" / "coverage.json").read_text()))

# A square of 10 × 10 km of EPSG:6933 in which rectangles are given by kilometres from its lower left corner.
EAST, NORTH = 3_000_000.0, -1_500_000.0


def square(x0, y0, x1, y1):
    return shapely.box(EAST + 1000 * x0, NORTH + 1000 * y0, EAST + 1000 * x1, NORTH + 1000 * y1)


def lonlat(*shapes):
    return geometry.to_lonlat(np.array(shapes, dtype=object))


def site(shape, name="Square", iso3="XAZ", **more):
    return Site(1, name, name, iso3, shape, 10_000.0, **more)


def area(area_id, **more):
    return ProtectedArea(key=area_id, area_id=area_id, name=f"Area {area_id}", **more)


def measure(sites, areas, rules=RULES, pieces=1):
    run = CoverageRun(sites, rules, gaps=True)
    for start in range(0, len(areas), max(1, len(areas) // pieces)):
        part = areas[start : start + max(1, len(areas) // pieces)]
        run.add([a for a, _ in part], lonlat(*(g for _, g in part)), Progress())
    return run, run.results(Progress())


SQUARE = site(square(0, 0, 10, 10))


def test_overlaps_are_dissolved_and_a_pa_takes_precedence_over_an_oecm():
    areas = [
        (area("1"), square(0, 0, 4, 10)),
        (area("2"), square(2, 0, 6, 10)),
        (area("3", kind="oecm"), square(5, 0, 8, 10)),
        (area("4", kind="oecm"), square(5, 0, 8, 5)),
    ]
    _, (found,) = measure([SQUARE], areas)
    assert found.pa_pct == pytest.approx(60, abs=1e-6)
    assert found.oecm_pct == pytest.approx(20, abs=1e-6)
    assert found.both_pct == pytest.approx(80, abs=1e-6)
    assert found.cover_class == "partial"
    assert found.unprotected_ha == pytest.approx(2000, abs=1e-4)
    assert [(a.area.area_id, round(a.pct, 6)) for a in found.areas] == [("1", 40), ("2", 40), ("3", 30), ("4", 15)]
    assert geometry.area(found.gap) == pytest.approx(20e6, abs=1)


def test_the_answer_does_not_depend_on_how_the_areas_are_streamed():
    areas = [(area(str(i), kind="oecm" if i % 3 else "pa"), square(i, i / 2, i + 3, 9)) for i in range(9)]
    _, (whole,) = measure([SQUARE], areas)
    for pieces in (2, 9):
        _, (streamed,) = measure([SQUARE], areas, pieces=pieces)
        assert (streamed.pa_pct, streamed.both_pct) == pytest.approx((whole.pa_pct, whole.both_pct), abs=1e-9)
        assert [a.area.area_id for a in streamed.areas] == [a.area.area_id for a in whole.areas]


def test_rows_of_one_area_are_one_entry():
    areas = [
        (area("7", status_year=None), square(0, 0, 5, 10)),
        (area("7", status_year=1999), square(4, 0, 6, 10)),
        (area("7", status_year=1950), square(4, 0, 6, 10)),
    ]
    _, (found,) = measure([SQUARE], areas)
    assert [(a.area.area_id, a.status_year, round(a.pct, 6)) for a in found.areas] == [("7", 1950, 60)]


def test_a_site_inside_an_area_is_whole_and_keeps_the_shares_of_the_others():
    areas = [(area("1"), square(-5, -5, 15, 15)), (area("2"), square(0, 0, 1, 10)), (area("3"), square(0, 0, 10, 10))]
    _, (found,) = measure([SQUARE], areas)
    assert found.pa_pct == 100 and found.cover_class == "complete"
    assert {a.area.area_id: round(a.pct, 6) for a in found.areas} == {"1": 100, "2": 10, "3": 100}
    assert found.gap is None


def test_a_wing_that_the_site_sees_counts_however_large_the_wing_beyond_is_and_whichever_way_it_runs():
    corners = [(5, 4), (15, 4), (20, 6), (40, 20), (60, 5), (40, -10), (20, 4), (15, 6), (5, 6)]
    eight = shapely.Polygon([(EAST + 1000 * x, NORTH + 1000 * y) for x, y in corners])
    for shape in (eight, eight.reverse()):
        _, (found,) = measure([SQUARE], [(area("1"), shape)])
        assert found.pa_pct == pytest.approx(10, abs=1e-6)


def test_nothing_near_is_a_cover_of_zero():
    run, (found,) = measure([SQUARE], [(area("1"), square(20, 20, 30, 30)), (area("2"), square(10, 0, 20, 10))])
    assert (found.pa_pct, found.oecm_pct, found.both_pct) == (0, 0, 0)
    assert found.cover_class == "none" and found.areas == ()
    assert run.counted == 2
    _, (alone,) = measure([SQUARE], [])
    assert alone.both_pct == 0 and alone.unprotected_ha == 10_000


def test_areas_whose_rectangles_alone_meet_the_site_cover_nothing():
    corner = shapely.Polygon([(EAST - 5000, NORTH + 1000), (EAST + 1000, NORTH - 5000), (EAST - 5000, NORTH - 5000)])
    run, (found,) = measure([SQUARE], [(area("1"), corner)])
    assert found.both_pct == 0 and found.areas == () and run.counted == 1


@pytest.mark.parametrize(("width", "expected"), [(0.2, "none"), (0.3, "partial"), (9.7, "partial"), (9.81, "complete")])
def test_classes(width, expected):
    _, (found,) = measure([SQUARE], [(area("1"), square(0, 0, width, 10))])
    assert found.cover_class == expected
    assert RULES.cover_class(2.0) == "none" and RULES.cover_class(98.0) == "complete"


@pytest.mark.parametrize(
    ("more", "kind", "reason"),
    [
        ({"designations": ("UNESCO-MAB biosphere reserve",), "status": "Proposed"}, "point", "mab_reserve"),
        ({"designations": ("Reserva", "UNESCO-MAB Biosphere Reserve")}, "polygon", "mab_reserve"),
        ({"status": "Proposed"}, "point", "status_proposed"),
        ({"status": "Not Reported"}, "polygon", "status_not_reported"),
        ({"status": ""}, "polygon", "status_not_reported"),
        ({"status": "Degazetted"}, "none", "status_other"),
        ({"status": "designated"}, "point", "point_omitted"),
        ({"status": "Adopted"}, "none", "no_geometry"),
        ({"status": "Inscribed"}, "polygon", None),
        ({}, "polygon", None),
    ],
)
def test_the_first_reason_that_applies_leaves_an_area_out(more, kind, reason):
    assert RULES.exclusion(area("1", **more), kind) == reason


def test_choices_change_what_counts():
    chosen = RULES.with_choices("Proposed", exclude_mab=False, circles=True)
    assert chosen.exclusion(area("1", status="Proposed", designations=RULES.mab_designations), "polygon") is None
    assert chosen.exclusion(area("1", status="Designated"), "polygon") == "status_other"
    assert chosen.exclusion(area("1"), "point") == "point_without_area"
    assert chosen.exclusion(area("1", reported_km2=0.0), "point") == "point_without_area"
    assert chosen.exclusion(area("1", reported_km2=2.0), "point") is None
    with pytest.raises(AzeError, match="coverage.statuses"):
        RULES.with_choices(" , ")


def test_points_share_the_reported_area():
    rules = RULES.with_choices(circles=True)
    centre = lonlat(shapely.Point(EAST + 5000, NORTH + 5000))[0]
    twin = lonlat(shapely.MultiPoint([(EAST + 2500, NORTH + 5000), (EAST + 7500, NORTH + 5000)]))[0]
    run = CoverageRun([SQUARE], rules)
    run.add([area("1", reported_km2=10.0)], np.array([centre], dtype=object), Progress())
    assert run.results(Progress())[0].pa_pct == pytest.approx(10, abs=1e-7)
    run = CoverageRun([SQUARE], rules)
    run.add([area("2", reported_km2=10.0)], np.array([twin], dtype=object), Progress())
    (found,) = run.results(Progress())
    assert found.pa_pct == pytest.approx(10, abs=1e-7)
    assert [(a.area.area_id, round(a.pct, 6)) for a in found.areas] == [("2", 10)]


def test_a_circle_across_180_degrees_reaches_both_sides():
    far_east = geometry.prepare(np.array([shapely.box(-179.9, -17.1, -179.5, -16.9)], dtype=object)).geometries[0]
    run = CoverageRun([site(far_east)], RULES.with_choices(circles=True))
    point = np.array([shapely.Point(179.95, -17.0)], dtype=object)
    run.add([area("1", reported_km2=math.pi * 50**2)], point, Progress())
    assert 50 < run.results(Progress())[0].pa_pct < 100


def test_a_site_without_a_boundary_is_not_assessed_and_never_zero():
    circle = geometry.geodesic_circle(30, -60, math.pi * 1e6, segments=64)
    # What GIS programs draw as a buffer: inscribed, so a little smaller than the circle.
    rough = shapely.transform(
        shapely.Point(0, 0).buffer(1, quad_segs=8),
        lambda c: geometry.project(np.column_stack((20 + c[:, 0] * 1000 / 111_319.5, c[:, 1] * 1000 / 110_574.3))),
    )
    sites = [site(circle, "Circle"), site(rough, "Rough"), site(None, "Nowhere", reason="null"), SQUARE]
    _, found = measure(sites, [(area("1"), square(0, 0, 10, 10))])
    assert [c.cover_class for c in found] == ["not_assessed"] * 3 + ["complete"]
    assert all(c.both_pct is None and c.area_ha is None and c.unprotected_ha is None for c in found[:3])
    assert [c.findings[0].code for c in found[:3]] == ["coverage.site_placeholder"] * 2 + ["coverage.site_null"]
    total = coverage.summarise(found)
    assert (total["sites"], total["not_assessed"], total["complete"]) == (4, 3, 1)
    assert total["mean_pct"] == 100 and total["area_weighted_pct"] == 100
    nothing = coverage.summarise(found[:3])
    assert nothing["mean_pct"] is None and nothing["area_weighted_pct"] is None


@pytest.mark.parametrize(
    "shape",
    [
        geometry.geodesic_circle(30, 10, math.pi * 4e6),
        shapely.box(0, 0, math.sqrt(math.pi) * 1000, math.sqrt(math.pi) * 1000),
        shapely.affinity.scale(geometry.geodesic_circle(30, 0, math.pi * 1e6), 1.3, 1 / 1.3),
    ],
    ids=["larger circle", "square of that size", "ellipse of that size"],
)
def test_small_and_round_sites_are_no_placeholders(shape):
    assert not RULES.is_placeholder(shape)


def test_years_accumulate():
    rules = RULES.with_choices(years=True)
    other = site(square(100, 0, 110, 10), "Other")
    areas = [
        (area("1", status_year=2000), square(0, 0, 3, 10)),
        (area("2", status_year=1990), square(2, 0, 5, 10)),
        (area("4", status_year=1970), square(100, 0, 105, 10)),
    ]
    run, (found, second) = measure([SQUARE, other], areas, rules)
    assert [(y.year, round(y.both_pct, 6)) for y in found.years] == [(1990, 30), (2000, 50)]
    assert all(y.low_pct == y.both_pct == y.high_pct for y in found.years)
    assert [(y.year, round(y.both_pct, 6)) for y in second.years] == [(1970, 50)]
    means = coverage.summarise([found, second], run.years[None])["years"]
    assert [(m["year"], round(m["mean_pct"], 6)) for m in means] == [(1970, 25), (1990, 40), (2000, 50)]


def test_countries_have_the_mean_of_sites_and_the_area_weighted_figure():
    small, large = site(square(0, 0, 1, 1), "Small", "AAA"), site(square(10, 0, 13, 3), "Large", "AAA;BBB")
    _, found = measure([small, large, site(None, "Nowhere", "")], [(area("1"), square(0, 0, 1, 1))])
    blocks = {b["iso3"]: b for b in coverage.by_country(found)}
    assert set(blocks) == {"AAA", "BBB", ""}
    assert blocks["AAA"]["mean_pct"] == pytest.approx(50) and blocks["AAA"]["area_weighted_pct"] == pytest.approx(10)
    assert (blocks["AAA"]["complete"], blocks["AAA"]["none"], blocks["AAA"]["sites"]) == (1, 1, 2)
    assert blocks["BBB"]["mean_pct"] == 0 and blocks[""]["not_assessed"] == 1 and blocks[""]["mean_pct"] is None


def test_country_match_leaves_out_mismatches_but_not_the_unknown():
    rules = RULES.with_choices(match_country=True)
    areas = [
        (area("1", countries=coverage.countries_of("BBB; xaz")), square(0, 0, 1, 10)),
        (area("2", countries=coverage.countries_of("BBB")), square(1, 0, 2, 10)),
        (area("3"), square(2, 0, 3, 10)),
    ]
    run, (found,) = measure([SQUARE], areas, rules)
    assert found.pa_pct == pytest.approx(20, abs=1e-6)
    assert (run.of_other_countries, run.without_country) == (1, 1)


def test_broken_rings_near_a_site_are_mended_and_counted():
    corners = [(0, 0), (10, 10), (10, 0), (0, 10)]
    bow_tie = shapely.Polygon([(EAST + 1000 * x, NORTH + 1000 * y) for x, y in corners])
    line = shapely.Polygon([(EAST, NORTH), (EAST + 1000, NORTH), (EAST, NORTH)])
    far = shapely.transform(bow_tie, lambda c: c + 1e6)
    run, (found,) = measure([SQUARE], [(area("1"), bow_tie), (area("2"), far), (area("3"), line)])
    assert found.pa_pct == pytest.approx(50, abs=1e-5)
    assert run.repaired >= 1 and run.excluded == {"no_geometry": 1} and run.counted == 2


def test_looking_through_areas_can_be_cancelled():
    run = CoverageRun([SQUARE], RULES)
    asked = iter([False] * 12 + [True] * 100)
    with pytest.raises(Cancelled), run:
        for number in range(50):
            run.add([area(str(number))], lonlat(square(0, 0, 5, 5)), Progress(is_cancelled=lambda: next(asked)))


def test_damaged_geometry_is_none_and_leaves_the_others_alone():
    shapes = lonlat(square(0, 0, 5, 10), square(5, 0, 7, 10), square(7, 0, 8, 10))
    whole = shapely.to_wkb(shapes, byte_order=1).tolist()
    for length in (len(whole[1]) - 16, len(whole[1]) - 5, 12, 7):
        blobs = [whole[0], whole[1][:length], whole[2]]
        read = Shapes(np.full(3, "polygon", dtype=object), shapely.bounds(shapes), blobs)
        with CoverageRun([SQUARE], RULES) as run:
            run.add([area(n) for n in "123"], read, Progress())
            (found,) = run.results(Progress())
        assert found.both_pct == pytest.approx(60, abs=1e-6)
        assert run.excluded == {"no_geometry": 1} and run.counted == 2 and run.repaired == 0


def test_work_can_be_cancelled():
    run = CoverageRun([SQUARE], RULES)
    with pytest.raises(Cancelled):
        run.add([area("1")], lonlat(square(0, 0, 5, 5)), Progress(is_cancelled=lambda: True))
