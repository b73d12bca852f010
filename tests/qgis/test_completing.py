"""What would complete the protection of sites, through ``aze:protectioncoverage``, against geopandas."""

import json
import warnings
from pathlib import Path

import pytest
import shapely
from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

with warnings.catch_warnings():
    # In a virtual environment the system's pyproj does not find its data by itself, and says so.
    warnings.simplefilter("ignore")
    import geopandas

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
COUNTED = ("designated", "inscribed", "established", "adopted")


@pytest.fixture(scope="module")
def truth():
    sites = geopandas.read_file(SAMPLE / "candidates.gpkg").to_crs(6933)
    areas = geopandas.read_file(SAMPLE / "protected_areas.gpkg", layer="polygons").to_crs(6933)
    sites["geometry"] = shapely.make_valid(sites.geometry.values)
    areas["geometry"] = shapely.make_valid(areas.geometry.values)
    return sites, areas


@pytest.fixture
def measure(run, tmp_path):
    def runner(**more):
        summary = tmp_path / "coverage.json"
        given = {
            "SITES": str(SAMPLE / "candidates.gpkg"),
            "PROTECTED": [str(SAMPLE / "protected_areas.gpkg")],
            "OUTPUT": "memory:",
            "SUMMARY": str(summary),
            "COMPLETING": True,
        }
        run("protectioncoverage", **{**given, **more})
        return json.loads(summary.read_text())["sites"]

    return runner


def counts(areas):
    mab = (areas["DESIG_ENG"] == "UNESCO-MAB Biosphere Reserve").to_numpy()
    return areas["STATUS"].str.lower().isin(COUNTED).to_numpy() & ~mab


def whole_parts(gap):
    """Parts of a gap, those that meet at 180° as one."""
    pieces = shapely.get_parts(gap)
    west = shapely.bounds(pieces)[:, 2] < 0
    if west.any() and not west.all():
        world = 2 * 17_367_530.445
        pieces[west] = [shapely.transform(piece, lambda c: c + (world, 0)) for piece in pieces[west]]
        pieces = shapely.get_parts(shapely.union_all(shapely.buffer(pieces, 0.001, join_style="mitre")))
    return [piece for piece in pieces if piece.area > 0.1]


def test_parts_are_those_of_the_gaps_and_add_up(measure, truth):
    sites, areas = truth
    counted = shapely.union_all(areas[counts(areas)].geometry.values)
    for found in measure():
        site = sites[sites["name"] == found["name"]].geometry.iloc[0]
        gap = site.difference(counted)
        sizes = sorted((100 * part.area / site.area for part in whole_parts(gap)), reverse=True)
        lacking = found["completing"]
        assert lacking["part_count"] == len(sizes)
        assert [p["pct"] for p in lacking["parts"]] == pytest.approx(sizes[: len(lacking["parts"])], abs=1e-3)
        assert lacking["needed_ha"] == pytest.approx(found["area_ha"] * max(0, 98 - found["both_pct"]) / 100)
        total, needed = found["both_pct"], 0
        while total < 98 - 1e-6:
            total, needed = total + sizes[needed], needed + 1
        assert lacking["parts_needed"] == needed
        if lacking["parts"]:
            whole = sum(p["area_ha"] for p in lacking["parts"])
            assert whole <= found["unprotected_ha"] + 1e-3


def test_uncounted_areas_add_what_they_would_by_geometry(measure, truth):
    sites, areas = truth
    is_counted = counts(areas)
    counted = shapely.union_all(areas[is_counted].geometry.values)
    seen = 0
    for found in measure():
        site = sites[sites["name"] == found["name"]].geometry.iloc[0]
        expected = {}
        for (_, row), here in zip(areas.iterrows(), is_counted):
            inside = row.geometry.intersection(site)
            if not here and inside.area > 0.1:
                name = str(row["SITE_ID"] if "SITE_ID" in row else row["WDPAID"])
                expected[name] = 100 * inside.difference(counted).area / site.area
        listed = [one for one in found["completing"]["uncounted"] if not one["estimate"]]
        assert {one["id"]: one["adds_pct"] for one in listed} == pytest.approx(expected, abs=1e-3)
        assert all(one["reason"] in ("mab_reserve", "status_proposed", "status_not_reported") for one in listed)
        seen += len(listed)
    assert seen


def test_units_point_estimates_and_sites_without_boundary(measure):
    site = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "sites", "memory")
    units = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "units", "memory")
    points = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=SITE_ID:string&field=NAME:string&field=REP_AREA:double&field=STATUS:string",
        "points",
        "memory",
    )
    for layer, rows in (
        (site, [(["Square"], "POLYGON((30 0,30.1 0,30.1 0.1,30 0.1,30 0))"), (["Nothing"], None)]),
        (
            units,
            [
                (["West"], "POLYGON((29 -1,30.06 -1,30.06 1,29 1,29 -1))"),
                (["East"], "POLYGON((30.06 -1,31 -1,31 1,30.06 1,30.06 -1))"),
            ],
        ),
        (
            points,
            [
                (["1", "Known size", 10.0, "Designated"], "POINT(30.05 0.05)"),
                (["2", "Unknown size", 0.0, "Designated"], "POINT(30.02 0.05)"),
                (["3", "Near by, large", 400.0, "Proposed"], "POINT(30.15 0.05)"),
                (["4", "Near by, small", 1.0, "Designated"], "POINT(30.15 0.05)"),
            ],
        ),
    ):
        features = []
        for attributes, wkt in rows:
            feature = QgsFeature(layer.fields())
            feature.setAttributes(attributes)
            if wkt:
                feature.setGeometry(QgsGeometry.fromWkt(wkt))
            features.append(feature)
        assert layer.dataProvider().addFeatures(features)[0]
    square, nothing = measure(SITES=site, PROTECTED=[points], UNITS=[units])
    assert nothing["completing"] is None and nothing["both_pct"] is None
    found = square["completing"]
    assert [(u["name"], round(u["adds_pct"], 2)) for u in found["units"]] == [("West", 60), ("East", 40)]
    assert found["units_needed"] == 2 and found["parts_needed"] == 1
    listed = {one["id"]: one for one in found["uncounted"]}
    assert set(listed) == {"1", "2", "3"}
    # 10 km² in a square of 0.1°, which measures 11.132 by 11.057 km at the equator.
    assert listed["1"]["adds_pct"] == pytest.approx(100 * 10 / (11.132 * 11.057), rel=1e-3)
    assert listed["1"]["estimate"] and listed["1"]["reason"] == "point_omitted"
    assert listed["2"]["adds_pct"] is None and listed["2"]["adds_ha"] is None
    assert listed["3"]["reason"] == "status_proposed" and listed["3"]["estimate"]
    assert found["uncounted_pct"] is None


def test_unless_asked_for_there_is_none(measure):
    assert all("completing" not in site for site in measure(COMPLETING=False))
