"""What would complete a site's protection, on squares whose figures can be worked out by hand."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from aze_plugin.domain import geometry
from aze_plugin.domain.completing import Aside, Limits, Surroundings, completing
from aze_plugin.domain.coverage import CoverRules, ProtectedArea, Site
from aze_plugin.domain.coverrun import CoverageRun
from aze_plugin.domain.errors import Cancelled
from aze_plugin.domain.progress import Progress

CRITERIA = Path(__file__).resolve().parents[2] / "resources" / "criteria"
RULES = CoverRules.from_dict(json.loads((CRITERIA / "coverage.json").read_text()))
LIMITS = Limits.from_dict(json.loads((CRITERIA / "completing.json").read_text()))
EAST, NORTH = 3_000_000.0, -1_500_000.0


def square(x0, y0, x1, y1):
    """In kilometres from a place in the tropics."""
    return shapely.box(EAST + x0 * 1000, NORTH + y0 * 1000, EAST + x1 * 1000, NORTH + y1 * 1000)


def area(number, **more):
    return ProtectedArea((str(number), False), str(number), f"Area {number}", **more)


SITE = Site(1, "S", "Site", "XAZ", square(0, 0, 10, 10), 10_000.0)


def measured(site, counted):
    run = CoverageRun([site], RULES, gaps=True)
    run.add([a for a, _ in counted], geometry.to_lonlat(np.array([s for _, s in counted], dtype=object)), Progress())
    return run.results(Progress())[0]


def found(counted, aside=(), units=(), site=SITE, limits=LIMITS):
    return completing(measured(site, counted), Surroundings(counted, aside, units), RULES, limits)


def test_parts_are_ranked_and_the_largest_that_reach_the_goal_are_counted():
    # Uncovered: a strip of 30 %, a strip of 15 %, and a corner of 1 %.
    covered = square(3, 0, 8.5, 10).difference(square(3, 0, 4, 1))
    result = found([(area(1), covered.difference(square(3, 0, 4, 1)))])
    # The corner touches the strip of 30 %.
    assert [round(p.pct, 4) for p in result.parts] == [31, 15]
    assert result.needed_pct == pytest.approx(98 - 54, abs=1e-4)
    assert [round(p.cumulative_pct, 4) for p in result.parts] == [85, 100]
    assert result.parts_needed == 2 == result.part_count


def test_the_smallest_parts_may_stay_where_the_goal_is_reached_without_them():
    holes = [square(1, 1, 3, 3), square(5, 5, 7.5, 7.5), square(8, 1, 9, 2), square(1, 8, 1.5, 8.5)]
    covered = SITE.geometry.difference(shapely.union_all(holes))
    result = found([(area(1), covered)])
    assert [round(p.pct, 3) for p in result.parts] == [6.25, 4, 1, 0.25]
    # 88.5 + 6.25 + 4 = 98.75.
    assert result.parts_needed == 2 and result.part_count == 4
    west, south, east, north = result.parts[0].extent
    corners = geometry.project(np.array([[west, south], [east, north]])) - (EAST, NORTH)
    assert corners == pytest.approx(np.array([[5000, 5000], [7500, 7500]]), abs=0.05)


def test_past_the_goal_nothing_is_needed():
    result = found([(area(1), square(0, 0, 9.801, 10))])
    assert result.needed_pct == 0 and result.parts_needed == 0 and result.part_count == 1
    whole = found([(area(1), square(-1, -1, 11, 11))])
    assert whole.parts == () and whole.part_count == 0 and whole.parts_needed == 0 and whole.units_needed is None


def test_a_site_without_any_cover_is_one_part():
    result = found([])
    assert [round(p.pct, 6) for p in result.parts] == [100] and result.parts_needed == 1


def test_what_cannot_be_measured_has_no_advice():
    circle = geometry.geodesic_circle(30, 0, 3141592.65)
    assert found([], site=Site(1, "S", "S", "", circle, 314.0)) is None
    assert found([], site=Site(1, "S", "S", "", None, 0.0, reason="null")) is None


def test_list_of_parts_ends_but_their_number_and_the_need_do_not():
    holes = [square(x + 0.25, y + 0.25, x + 0.75, y + 0.75) for x, y in itertools.product(range(10), range(10))]
    covered = SITE.geometry.difference(shapely.union_all(holes))
    result = found([(area(1), covered)])
    # 100 holes of 0.25 %: 75 % are covered, and 92 holes make it 98 %.
    assert len(result.parts) == LIMITS.most_parts and result.part_count == 100 and result.parts_needed == 92


def test_areas_along_the_edge_of_a_part_are_its_neighbours():
    west, outside = (area("west"), square(0, 0, 4, 10)), (area("out"), square(10, 2, 14, 5))
    corner, far = (area("corner"), square(10, 10, 12, 12)), (area("far"), square(10.1, 0, 12, 10))
    (part,) = found([west, outside, corner, far]).parts
    edges = {n.area.area_id: n.edge_m for n in part.neighbours}
    assert set(edges) == {"west", "out"}
    # EPSG:6933 stretches from north to south here; ellipsoidal lengths between the corners are what is true.
    for name, (y0, y1), x in (("west", (0, 10), 4), ("out", (2, 5), 10)):
        ends = geometry.unproject(np.array([[EAST + x * 1000, NORTH + y * 1000] for y in (y0, y1)]))
        length = geometry.ellipsoidal_distances(ends[:1], ends[1:])[0]
        # The corners of the areas reach round by as much as lies within the tolerance.
        assert edges[name] == pytest.approx(length, abs=2.1 * LIMITS.neighbour_within_m)
    assert [n.area.area_id for n in part.neighbours] == ["west", "out"]


def test_rows_of_one_area_are_one_neighbour():
    rows = [(area(1), square(0, 0, 2, 5)), (area(1), square(0, 5, 2, 10))]
    (part,) = found(rows).parts
    assert [n.area.area_id for n in part.neighbours] == ["1"]


def test_uncounted_areas_add_what_is_not_covered_yet():
    proposed = Aside(area("p", status="Proposed"), "status_proposed", square(3, 0, 8, 10))
    reserve = Aside(area("mab"), "mab_reserve", square(-5, -5, 15, 5))
    inside = Aside(area("in"), "status_not_reported", square(1, 1, 3, 3))
    elsewhere = Aside(area("far"), "status_proposed", square(20, 20, 30, 30))
    circle = Aside(area("c"), "point_omitted", square(9, 9, 10, 10), is_estimate=True)
    result = found([(area(1), square(0, 0, 5, 10))], [inside, proposed, reserve, elsewhere, circle])
    adds = {u.area.area_id: round(u.adds_pct, 4) for u in result.uncounted}
    # Half is covered: "p" brings 3 × 10 of it, "mab" the lower half of the rest, "in" nothing.
    assert adds == {"p": 30, "mab": 25, "c": 1, "in": 0}
    assert [u.area.area_id for u in result.uncounted] == ["p", "mab", "c", "in"]
    # Together 30 + 25 − 15; a circle is a guess and stays out.
    assert result.uncounted_pct == pytest.approx(90, abs=1e-4)
    assert [u.is_estimate for u in result.uncounted] == [False, False, True, False]


def test_a_point_without_area_is_named_and_adds_nothing_that_is_known():
    lon, lat = geometry.unproject(np.array([[EAST + 500, NORTH + 500]]))[0]
    here = Aside(area("here"), "point_without_area", None, place=(float(lon), float(lat)))
    there = Aside(area("there"), "point_without_area", None, place=(float(lon) + 5, float(lat)))
    result = found([], [here, there])
    assert [(u.area.area_id, u.adds_pct) for u in result.uncounted] == [("here", None)]
    assert result.uncounted_pct is None


def test_units_are_taken_by_what_they_still_add():
    units = [
        ("a", square(0, 0, 6, 10)),
        ("b", square(4, 0, 9, 10)),
        ("c", square(9, 0, 10, 10)),
        ("d", square(0, 0, 1, 1)),
    ]
    result = found([], (), units)
    assert [(u.name, round(u.adds_pct, 4), round(u.cumulative_pct, 4)) for u in result.units] == [
        ("a", 60, 60),
        ("b", 30, 90),
        ("c", 10, 100),
    ]
    assert result.units_needed == 3


def test_units_that_do_not_suffice_say_so():
    result = found([(area(1), square(0, 0, 5, 10))], (), [("a", square(4, 0, 7, 10)), ("out", square(20, 0, 30, 10))])
    assert [(u.name, round(u.adds_pct, 4)) for u in result.units] == [("a", 20)]
    assert result.units_needed is None


@pytest.mark.parametrize("seed", range(4))
def test_lazy_choice_of_units_is_that_of_trying_all_each_time(seed):
    rng = np.random.default_rng(seed)
    units = []
    for number in range(14):
        x, y, w, h = *rng.uniform(-2, 9, 2), *rng.uniform(1, 5, 2)
        units.append((str(number), square(x, y, x + w, y + h)))
    result = found([(area(1), square(0, 0, 3, 3))], (), units)
    left = SITE.geometry.difference(square(0, 0, 3, 3))
    for taken in result.units:
        gains = [100 * shape.intersection(left).area / SITE.geometry.area for _, shape in units]
        assert taken.adds_pct == pytest.approx(max(gains), abs=1e-3)
        left = left.difference(dict(units)[taken.name])
    assert left.area / SITE.geometry.area * 100 == pytest.approx(100 - result.units[-1].cumulative_pct, abs=1e-3)


def test_work_can_be_cancelled():
    with pytest.raises(Cancelled):
        cover = measured(SITE, [])
        completing(cover, Surroundings(), RULES, LIMITS, Progress(is_cancelled=lambda: True))


def test_a_site_across_180_degrees():
    half = geometry.HALF_WORLD
    shape = shapely.MultiPolygon(
        [shapely.box(half - 5000, 0, half, 10_000), shapely.box(-half, 0, -half + 5000, 10_000)]
    )
    site = Site(1, "S", "S", "", shape, 10_000.0)
    counted = [(area(1), shapely.box(half - 5000, 0, half - 3000, 10_000))]
    result = found(counted, site=site)
    # What is left on both sides of the seam is one part of 80 %.
    (part,) = result.parts
    assert part.pct == pytest.approx(80, abs=1e-4) and part.extent[0] > part.extent[2]
    assert [n.area.area_id for n in part.neighbours] == ["1"] and result.parts_needed == 1
