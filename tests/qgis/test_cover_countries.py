"""Sites across borders split by geometry, and series by year, through ``aze:protectioncoverage``, against geopandas."""

import json
import warnings
import zlib

import numpy as np
import pytest
import shapely
from qgis.core import QgsProcessingException

with warnings.catch_warnings():
    # In a virtual environment the system's pyproj does not find its data by itself, and says so.
    warnings.simplefilter("ignore")
    import geopandas

DRAWS, SEED = 16, 5


def blob(rng, x, y, size, vertices=30):
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = size * rng.uniform(0.6, 1.0, vertices)
    return shapely.Polygon(np.column_stack((x + reach * np.cos(angle), y + reach * np.sin(angle))))


@pytest.fixture
def world(tmp_path):
    """Three countries and the sea, a dozen sites of which some lie across a border, and sixty areas: paths by name."""
    rng = np.random.default_rng(31)
    countries = geopandas.GeoDataFrame(
        {
            "ISO_A3": ["AAA", "BBB", "CCC", "AAA"],
            "geometry": [
                shapely.box(19, -9, 20.5, -6),
                shapely.box(20.5, -9, 22, -6),
                shapely.box(22, -9, 23, -6),
                shapely.box(19, -10, 20, -9),
            ],
        },
        crs="EPSG:4326",
    )
    centres = [(20.5, -7), (20.4, -8), (22, -8.2), (21.2, -7.5), (19.5, -9), (22.9, -7), (20.5, -8.7), (19.6, -7.2)]
    sites = geopandas.GeoDataFrame(
        {
            "SitRecID": range(1, 9),
            "IntName": [f"Site {n}" for n in range(1, 9)],
            "ISO3": ["AAA;BBB", "AAA", "BBB", "AAA", "AAA", "CCC", "", "AAA"],
            "geometry": [blob(rng, x, y, 0.3) for x, y in centres],
        },
        crs="EPSG:4326",
    )
    count = 60
    areas = geopandas.GeoDataFrame(
        {
            "SITE_ID": range(100, 100 + count),
            "NAME_ENG": [f"Area {n}" for n in range(count)],
            "SITE_TYPE": rng.choice(["PA", "OECM"], count, p=[0.7, 0.3]),
            "DESIG_ENG": "Park",
            "STATUS": "Designated",
            "STATUS_YR": rng.choice([0, 1950, 1971, 1980, 1999, 2015], count),
            "ISO3": rng.choice(["AAA", "BBB", "CCC", "AAA;BBB"], count),
            "geometry": [
                blob(rng, rng.uniform(19, 23), rng.uniform(-9, -6), rng.uniform(0.1, 0.4)) for _ in range(count)
            ],
        },
        crs="EPSG:4326",
    )
    paths = {}
    for name, frame in (("countries", countries), ("sites", sites), ("areas", areas)):
        paths[name] = str(tmp_path / f"{name}.gpkg")
        frame.to_file(paths[name])
    return paths


@pytest.fixture
def measure(run, world, tmp_path):
    def runner(**parameters):
        summary = tmp_path / "coverage.json"
        defaults = {"SITES": world["sites"], "PROTECTED": [world["areas"]], "YEARS": True, "SEED": SEED, "DRAWS": DRAWS}
        run("protectioncoverage", OUTPUT="memory:", SUMMARY=str(summary), **{**defaults, **parameters})
        return summary.read_text(encoding="utf-8")

    return runner


def share(areas, shape):
    return 100 * shapely.union_all(areas.geometry.array).intersection(shape).area / shape.area if len(areas) else 0.0


def test_countries_have_the_figures_of_the_parts_that_lie_in_them(measure, world):
    found = json.loads(measure(COUNTRIES=world["countries"]))
    flat = {name: geopandas.read_file(path).to_crs(6933) for name, path in world.items()}
    countries = flat["countries"].dissolve("ISO_A3").geometry
    expected = {}
    for site in flat["sites"].itertuples():
        parts = {code: shape.intersection(site.geometry) for code, shape in countries.items()}
        if site.ISO3 and ";" not in site.ISO3:
            # The sea belongs to the site's own country.
            sea = site.geometry.difference(shapely.union_all(list(countries)))
            parts[site.ISO3] = parts[site.ISO3].union(sea)
        for code, part in parts.items():
            if part.area > 0.001 * site.geometry.area:
                expected.setdefault(code, []).append((site.SitRecID, share(flat["areas"], part), part.area))
    blocks = {block["iso3"]: block for block in found["countries"]}
    assert set(blocks) == set(expected) == {"AAA", "BBB", "CCC"}
    for code, parts in expected.items():
        assert blocks[code]["sites"] == len(parts)
        assert blocks[code]["mean_pct"] == pytest.approx(np.mean([pct for _, pct, _ in parts]), abs=0.005)
        weighted = sum(pct * size for _, pct, size in parts) / sum(size for _, _, size in parts)
        assert blocks[code]["area_weighted_pct"] == pytest.approx(weighted, abs=0.005)
        assert blocks[code]["years"][-1]["both_pct"] == pytest.approx(blocks[code]["mean_pct"], abs=1e-6)
    by_site = {s["site_id"]: s for s in found["sites"]}
    first = {part["iso3"]: part["both_pct"] for part in by_site["1"]["parts"]}
    assert first == {
        code: pytest.approx(next(pct for number, pct, _ in expected[code] if number == 1), abs=0.005) for code in first
    }
    assert set(first) == {"AAA", "BBB"} and "parts" not in by_site["8"]
    # Named for one country, lies in another: the geometry decides.
    assert [part["iso3"] for part in by_site["4"]["parts"]] == ["BBB"]
    assert sum(part["area_ha"] for part in by_site["1"]["parts"]) == pytest.approx(by_site["1"]["area_ha"], rel=1e-6)
    assert any(note["code"] == "coverage.sites_split" for note in found["notes"])


def test_without_countries_it_is_the_sites_own_codes_and_the_sites_stay_the_same(measure, world):
    plain, split = json.loads(measure()), json.loads(measure(COUNTRIES=world["countries"]))
    assert {block["iso3"]: block["sites"] for block in plain["countries"]} == {"": 1, "AAA": 5, "BBB": 2, "CCC": 1}
    assert plain["global"] == split["global"]
    for one, other in zip(plain["sites"], split["sites"]):
        other.pop("parts", None)
        assert one == other


def test_the_series_is_that_of_a_plain_simulation_and_of_its_seed(measure, world):
    text = measure()
    assert text == measure() and text != measure(SEED=SEED + 1)
    found = json.loads(text)
    assert (found["settings"]["seed"], found["settings"]["draws"]) == (SEED, DRAWS)
    areas = geopandas.read_file(world["areas"]).to_crs(6933)
    sites = geopandas.read_file(world["sites"]).to_crs(6933)
    known = areas[areas.STATUS_YR > 0]
    drawn = np.tile(areas.STATUS_YR.to_numpy(), (DRAWS, 1))
    for place, row in enumerate(areas.itertuples()):
        if not row.STATUS_YR:
            own = set(row.ISO3.split(";"))
            pool = sorted(y for y, codes in zip(known.STATUS_YR, known.ISO3) if own & set(codes.split(";")))
            key = (str(row.SITE_ID), row.SITE_TYPE == "OECM")
            random = np.random.default_rng([SEED, zlib.crc32(repr(key).encode())])
            drawn[:, place] = np.array(pool)[random.integers(0, len(pool), DRAWS)]
    years = sorted(set(known.STATUS_YR))
    tables = []
    for row, site in zip(found["sites"], sites.geometry):
        parts = areas.geometry.intersection(site).to_numpy()
        met = ~shapely.is_empty(parts)
        table = [
            [100 * shapely.union_all(parts[met & (years_of <= year)]).area / site.area for year in years]
            for years_of in drawn
        ]
        tables.append(table)
        _held(row["years"], years, np.quantile(table, (0.5, 0.025, 0.975), axis=0))
    _held(found["global"]["years"], years, np.quantile(np.mean(tables, axis=0), (0.5, 0.025, 0.975), axis=0))
    assert any(step["low_pct"] < step["both_pct"] < step["high_pct"] for row in found["sites"] for step in row["years"])


def _held(steps, years, expected):
    for year, figures in zip(years, expected.T):
        at = [step for step in steps if step["year"] <= year]
        last = [at[-1][name] for name in ("both_pct", "low_pct", "high_pct")] if at else [0, 0, 0]
        assert last == pytest.approx(figures.tolist(), abs=0.005)


def test_a_layer_of_countries_without_codes_is_refused_by_name(measure, world, tmp_path):
    bare = geopandas.read_file(world["countries"]).rename(columns={"ISO_A3": "land"})
    bare.to_file(tmp_path / "bare.gpkg")
    with pytest.raises(QgsProcessingException, match="land"):
        measure(COUNTRIES=str(tmp_path / "bare.gpkg"))
