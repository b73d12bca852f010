"""Cover by year, with drawn years, against a simulation that makes every union of every draw."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import shapely

from aze_plugin.domain import arranging, geometry, years
from aze_plugin.domain.coverage import CoverRules, ProtectedArea, Site
from aze_plugin.domain.coverrun import CoverageRun
from aze_plugin.domain.progress import Progress
from aze_plugin.domain.years import Calendar, Means, told

ROOT = Path(__file__).resolve().parents[2]
RULES = CoverRules.from_dict(json.loads((ROOT / "resources" / "criteria" / "coverage.json").read_text()))
EAST, NORTH = 3_000_000.0, -1_500_000.0
DRAWS, SEED = 60, 11


def blob(rng, x, y, size, vertices=14):
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = size * rng.uniform(0.5, 1.0, vertices)
    return shapely.Polygon(np.column_stack((EAST + x + reach * np.cos(angle), NORTH + y + reach * np.sin(angle))))


def area(number, year, countries="AAA", **more):
    codes = frozenset(countries.split(";")) if countries else frozenset()
    return ProtectedArea((str(number), False), str(number), f"Area {number}", status_year=year, countries=codes, **more)


def run_of(sites, areas, shapes, **choices):
    run = CoverageRun(sites, RULES.with_choices(years=True, **{"draws": DRAWS, "seed": SEED, **choices}))
    run.add(areas, geometry.to_lonlat(np.array(shapes, dtype=object)), Progress())
    return run, run.results(Progress())


def simulated(site, areas, shapes, draws, seed):
    """{year: (median, low, high)} by as many unions as there are draws and years."""
    known = sorted({a.status_year for a in areas if a.status_year is not None})
    table = np.zeros((draws, len(known)))
    for draw in range(draws):
        years = []
        for one in areas:
            if one.status_year is not None:
                years.append(one.status_year)
                continue
            pool = [a.status_year for a in areas if a.status_year is not None and a.countries & one.countries]
            pool = sorted(pool or [a.status_year for a in areas if a.status_year is not None])
            random = np.random.default_rng([seed, zlib.crc32(repr(one.key).encode())])
            years.append(pool[random.integers(0, len(pool), draws)[draw]])
        for column, year in enumerate(known):
            there = [s for s, y in zip(shapes, years) if y <= year]
            table[draw, column] = 100 * shapely.union_all(there).intersection(site).area / site.area if there else 0
    low, middle, high = np.quantile(table, (0.025, 0.5, 0.975), axis=0)
    return dict(zip(known, zip(middle, low, high))), table


def standing(series, year):
    """What a series says of a year: its last step up to then."""
    return next(((y.both_pct, y.low_pct, y.high_pct) for y in reversed(series) if y.year <= year), (0.0, 0.0, 0.0))


def world(rng, unknown=0.35):
    """Two sites and forty areas, a share of them of unknown year, in two countries, in both, or in none."""
    shapes = [blob(rng, *rng.uniform(-9000, 9000, 2), rng.uniform(2000, 7000)) for _ in range(40)]
    years = [
        None if rng.random() < unknown else int(rng.choice([1950, 1962, 1975, 1988, 1990, 2003, 2015])) for _ in shapes
    ]
    countries = [str(rng.choice(["AAA", "BBB", "AAA;BBB", "CCC", ""])) for _ in shapes]
    years = [None if c == "CCC" else y for y, c in zip(years, countries)]
    areas = [area(n, y, c) for n, (y, c) in enumerate(zip(years, countries))]
    outlines = [blob(rng, -3000, 0, 9000), blob(rng, 6000, 2000, 6000)]
    return [Site(n, f"S{n}", f"S{n}", "AAA", s, 1.0) for n, s in enumerate(outlines)], areas, shapes


@pytest.mark.parametrize(
    ("unknown", "most", "crowd", "pieces"),
    [
        (0.35, 0, 99, 0),
        (0.1, 0, 99, 0),
        (0.1, 8, 99, 0),
        (0.35, 5, 1, 0),
        (0.1, 8, 1, 0),
        (0.35, 0, 99, 5),
        (0.1, 8, 99, 5),
    ],
)
def test_median_and_interval_are_those_of_a_plain_simulation(monkeypatch, unknown, most, crowd, pieces):
    """``pieces``: a site of more areas than that is measured in pieces."""
    monkeypatch.setattr(years, "_OUTCOMES", most)
    monkeypatch.setattr(arranging, "_CROWD", crowd)
    monkeypatch.setattr(arranging, "_AREAS", pieces or 1000)
    sites, areas, shapes = world(np.random.default_rng(4), unknown)
    run, covers = run_of(sites, areas, shapes)
    tables = []
    for site, cover in zip(sites, covers):
        expected, table = simulated(site.geometry, areas, shapes, DRAWS, SEED)
        tables.append(table)
        for year, figures in expected.items():
            assert standing(cover.years, year) == pytest.approx(figures, abs=1e-5)
        assert cover.years[-1].both_pct == pytest.approx(cover.both_pct, abs=1e-6)
    together = np.quantile(np.mean(tables, axis=0), (0.5, 0.025, 0.975), axis=0).T
    for year, figures in zip(expected, together):
        assert standing(run.years[None], year) == pytest.approx(tuple(figures), abs=1e-5)
    assert run.years["AAA"] == run.years[None]


def test_the_same_seed_gives_the_same_and_another_seed_another():
    sites, areas, shapes = world(np.random.default_rng(6))
    _, first = run_of(sites, areas, shapes)
    _, again = run_of(sites, areas[::-1], shapes[::-1])
    _, other = run_of(sites, areas, shapes, seed=SEED + 1)
    assert [c.years for c in first] == [c.years for c in again]
    assert [c.years for c in first] != [c.years for c in other]
    assert [c.both_pct for c in first] == [c.both_pct for c in other]


def test_one_area_of_unknown_year_has_the_quantiles_of_its_countrys_years():
    square = shapely.box(EAST, NORTH, EAST + 1000, NORTH + 1000)
    far = [blob(np.random.default_rng(n), 1e6, 1e6, 1000) for n in range(100)]
    dated = [area(n, 1900 + n, "AAA") for n in range(100)] + [area(500, 1850, "BBB")]
    site = Site(1, "S", "S", "AAA", square, 1.0)
    run, (cover,) = run_of([site], [*dated, area(900, None)], [*far, far[0], square], draws=4000)
    # Covered at y with probability (y − 1899) / 100: none below 2.5 %, half at 50 %, all from 97.5 % on.
    (low,) = [y.year for y in cover.years if y.high_pct == 100][:1]
    (middle,) = [y.year for y in cover.years if y.both_pct == 100][:1]
    (high,) = [y.year for y in cover.years if y.low_pct == 100][:1]
    assert abs(low - 1902) <= 1 and abs(middle - 1949) <= 2 and abs(high - 1997) <= 1
    assert cover.findings[0].code == "coverage.year_unknown" and cover.findings[0].params == {"count": 1, "draws": 4000}


def test_without_any_known_year_there_is_no_series():
    square = shapely.box(EAST, NORTH, EAST + 1000, NORTH + 1000)
    run, (cover,) = run_of([Site(1, "S", "S", "AAA", square, 1.0)], [area(1, None)], [square])
    assert cover.years == () and cover.both_pct == 100 and run.years[None] == ()


@pytest.mark.parametrize("crowd", [1, 99])
def test_series_of_protected_areas_and_of_oecms_outside_them(monkeypatch, crowd):
    monkeypatch.setattr(arranging, "_CROWD", crowd)
    square = shapely.box(EAST, NORTH, EAST + 1000, NORTH + 1000)
    half = shapely.box(EAST, NORTH, EAST + 500, NORTH + 1000)
    site = Site(1, "S", "S", "AAA", square, 1.0)
    areas = [area(1, 1990, kind="oecm"), area(2, 2000)]
    _, (cover,) = run_of([site], areas, [square, half])
    told_of = {kind: [(y.year, round(y.both_pct, 6)) for y in years] for kind, years in cover.years_by_kind.items()}
    # In 2000 half of what was conserved becomes a protected area: the whole stays as it was.
    assert told_of == {"oecm": [(1990, 100), (2000, 50)], "pa": [(2000, 50)]}
    assert [(y.year, round(y.both_pct, 6)) for y in cover.years] == [(1990, 100)]
    _, (alone,) = run_of([site], areas[1:], [half])
    assert alone.years_by_kind == {"pa": alone.years}
    rng = np.random.default_rng(8)
    sites, many, shapes = world(rng)
    many = [area(n, a.status_year, ";".join(a.countries), kind=("pa", "oecm")[n % 3 == 0]) for n, a in enumerate(many)]
    _, covers = run_of(sites, many, shapes)
    for cover in covers:
        ends = {kind: years[-1] for kind, years in cover.years_by_kind.items()}
        assert ends["pa"].both_pct == pytest.approx(cover.pa_pct, abs=1e-6)
        assert ends["oecm"].both_pct == pytest.approx(cover.oecm_pct, abs=1e-6)


def test_an_area_is_in_the_pool_once_with_its_earliest_year():
    calendar = Calendar(1, 500)
    for year in (1990, 1950, 1950):
        calendar.add("a", year, frozenset({"AAA"}))
    calendar.add("b", 2000, frozenset({"AAA"}))
    calendar.close()
    assert calendar.years.tolist() == [1950, 1990, 2000]
    drawn = calendar.years[calendar.drawn("c", frozenset({"AAA"}))]
    assert set(drawn) == {1950, 2000} and abs((drawn == 1950).mean() - 0.5) < 0.1


def test_means_take_fixed_and_drawn_sites_together():
    means = Means()
    means.add([None, "A"], np.array([0.0, 50.0]))
    means.add([None], np.array([[0.0, 100.0], [100.0, 100.0], [100.0, 100.0]]))
    (first, last) = means.told(None, np.array([1990, 2000]))
    assert (first.both_pct, last.both_pct) == (50.0, 75.0) and first.low_pct < 5 and first.high_pct == 50
    assert means.told("B", np.array([1990])) == () and told(np.zeros(3), np.arange(3)) == ()


def test_classes_claim_in_the_rules_order_and_add_up():
    def square(x0, x1):
        return shapely.box(EAST + 100 * x0, NORTH, EAST + 100 * x1, NORTH + 1000)

    site = Site(1, "S", "S", "AAA", square(0, 10), 1.0)
    areas = [
        area(1, 1990, iucn_category="VI", governance="Local communities", designation_type="International"),
        area(2, 1990, iucn_category="II", governance="Zoo", designation_type="National"),
        area(3, 1990, iucn_category="Odd", governance="Aquarium", designation_type="National", kind="oecm"),
    ]
    _, (cover,) = run_of([site], areas, [square(0, 4), square(3, 6), square(5, 9)])
    assert cover.by["iucn_category"] == pytest.approx({"II": 30, "VI": 30, "Odd": 30}, abs=1e-6)
    assert cover.by["governance"] == pytest.approx({"Local communities": 40, "Aquarium": 40, "Zoo": 10}, abs=1e-6)
    assert cover.by["designation_type"] == pytest.approx({"National": 60, "International": 30}, abs=1e-6)
    assert all(sum(values.values()) == pytest.approx(cover.both_pct, abs=1e-6) for values in cover.by.values())
    assert list(cover.by["governance"]) == ["Local communities", "Aquarium", "Zoo"]


def test_rounding_is_no_change():
    """Percentages have nine decimals: an area within another may move the last."""
    percent = np.array([39.558440215, 39.558440216, 39.558440216])
    (only,) = told(percent, np.array([1950, 1970, 1999]))
    assert (only.year, only.both_pct) == (1950, 39.558440215)
    assert [y.year for y in told(np.array([1.0, 1.000001]), np.array([1950, 1970]))] == [1950, 1970]
