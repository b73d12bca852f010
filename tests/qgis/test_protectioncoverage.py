"""``aze:protectioncoverage`` against geopandas, on the sample, on real files, and on bad input."""

import json
import re
import shutil
import subprocess
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)

with warnings.catch_warnings():
    # In a virtual environment the system's pyproj does not find its data by itself, and says so.
    warnings.simplefilter("ignore")
    import geopandas
    import pyproj

import pandas

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
SOURCES = [
    ROOT / "aze_plugin" / "domain" / "coverage.py",
    ROOT / "aze_plugin" / "domain" / "coverrun.py",
    ROOT / "aze_plugin" / "services" / "protection.py",
    ROOT / "aze_plugin" / "processing" / "protectioncoverage.py",
]
MALAWI = ROOT.parent / "shared" / "data" / "malawi" / "WDPA_202105_MWI.geojson"


@pytest.fixture
def measure(run, tmp_path):
    """``measure(sites, protected, PARAM=…)`` returns the outputs, the summary under ``json``."""

    def runner(sites, *protected, **parameters):
        summary = tmp_path / "coverage.json"
        results = run(
            "protectioncoverage",
            **{
                "SITES": sites,
                "PROTECTED": list(protected),
                "OUTPUT": "memory:",
                "GAPS": "memory:",
                "SUMMARY": str(summary),
                **parameters,
            },
        )
        results["json"] = json.loads(summary.read_text(encoding="utf-8"))
        results["sites"] = list(results["_context"].getMapLayer(results["OUTPUT"]).getFeatures())
        results["gaps"] = list(results["_context"].getMapLayer(results["GAPS"]).getFeatures())
        return results

    return runner


def layer(rows, fields="name:string", kind="Polygon", crs="EPSG:4326", name="drawn"):
    """A memory layer of (wkt, attributes)."""
    made = QgsVectorLayer(f"{kind}?crs={crs}&" + "&".join(f"field={f}" for f in fields.split()), name, "memory")
    for wkt, attributes in rows:
        feature = QgsFeature(made.fields())
        feature.setAttributes(list(attributes))
        if wkt is not None:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert made.dataProvider().addFeature(feature)
    return made


OLD = (
    "WDPAID:double NAME:string ORIG_NAME:string PA_DEF:string DESIG_ENG:string STATUS:string STATUS_YR:int "
    "REP_AREA:double ISO3:string"
)
NEW = (
    "SITE_ID:int NAME_ENG:string NAME:string SITE_TYPE:string DESIG_ENG:string STATUS:string STATUS_YR:string "
    "REP_AREA:string ISO3:string"
)
SITE = "POLYGON((10 0,11 0,11 1,10 1,10 0))"


def blob(rng, x, y, size, vertices=40):
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = size * rng.uniform(0.5, 1.0, vertices)
    return shapely.Polygon(np.column_stack((x + radius * np.cos(angle), y + radius * np.sin(angle))))


def bow_tie(x, y, size):
    return shapely.Polygon([(x, y), (x + size, y + size), (x + size, y), (x, y + size)])


def random_areas(rng, count, first_id):
    """Rows of either schema by column names of neither: parcels, doubles, bow-ties, OECMs, every status."""
    statuses = ["Designated"] * 6 + ["Inscribed", "Established", "Adopted", "Proposed", "Not Reported"]
    rows = []
    for i in range(count):
        x, y = rng.uniform(19, 25), rng.uniform(-12, -6)
        size = rng.uniform(0.05, 0.8)
        shape = bow_tie(x, y, size) if i % 17 == 0 else blob(rng, x, y, size)
        if i % 11 == 0:
            shape = shapely.MultiPolygon([shape, blob(rng, x + 1.5, y + 1.5, size)]) if shape.is_valid else shape
        row = {
            "id": first_id + i,
            "name": f"Area {first_id + i}",
            "oecm": bool(rng.random() < 0.3),
            "designation": "UNESCO-MAB Biosphere Reserve" if rng.random() < 0.1 else "Park",
            "status": str(rng.choice(statuses)),
            "year": int(rng.choice([0, 1950, 1980, 2001, 2015])),
            "geometry": shape,
        }
        rows.append(row)
        if i % 13 == 0:
            rows.append({**row, "geometry": shapely.affinity.translate(shape, 0.1, 0.05)})
            rows.append(dict(row))
    return rows


def old_schema(rows):
    return geopandas.GeoDataFrame(
        {
            "WDPAID": [float(r["id"]) for r in rows],
            "NAME": [r["name"] for r in rows],
            "ORIG_NAME": ["(local)"] * len(rows),
            "PA_DEF": ["0" if r["oecm"] else "1" for r in rows],
            "DESIG_ENG": [r["designation"] for r in rows],
            "STATUS": [r["status"] for r in rows],
            "STATUS_YR": [r["year"] for r in rows],
            "geometry": [r["geometry"] for r in rows],
        },
        crs="EPSG:4326",
    )


def new_schema(rows):
    return geopandas.GeoDataFrame(
        {
            "SITE_ID": [r["id"] for r in rows],
            "NAME_ENG": [r["name"] for r in rows],
            "NAME": ["(local)"] * len(rows),
            "SITE_TYPE": ["OECM" if r["oecm"] else "PA" for r in rows],
            "DESIG_ENG": [r["designation"] for r in rows],
            "STATUS": [r["status"] for r in rows],
            "STATUS_YR": [str(r["year"]) for r in rows],
            "geometry": [r["geometry"] for r in rows],
        },
        crs="EPSG:4326",
    )


def test_random_sites_agree_with_geopandas(measure, tmp_path):
    rng = np.random.default_rng(20)
    first, second, third = (random_areas(rng, 60, 1000 * n) for n in (1, 2, 3))
    sites = geopandas.GeoDataFrame(
        {
            "SitRecID": range(501, 526),
            "IntName": [f"Site {i}" for i in range(25)],
            "ISO3": rng.choice(["AAA", "BBB", "AAA;BBB"], 25),
            "geometry": [blob(rng, rng.uniform(19, 25), rng.uniform(-12, -6), rng.uniform(0.1, 0.5)) for _ in range(24)]
            + [bow_tie(21, -9, 0.8)],
        },
        crs="EPSG:4326",
    )
    sites.to_file(tmp_path / "sites.gpkg")
    old_schema(first).to_file(tmp_path / "old.gpkg")
    new_schema(second).to_file(tmp_path / "new.shp")
    # Both schemas in one layer, as a merge leaves them, and in another projection.
    merged = pandas.concat([old_schema(third[:30]), new_schema(third[30:])], ignore_index=True)
    merged.to_crs("EPSG:3857").to_file(tmp_path / "merged.gpkg")

    found = measure(
        str(tmp_path / "sites.gpkg"), *(str(tmp_path / n) for n in ("old.gpkg", "new.shp", "merged.gpkg")), YEARS=True
    )

    rows = first + second + third
    flat = geopandas.GeoDataFrame(rows, crs="EPSG:4326").to_crs("EPSG:6933")
    flat["geometry"] = flat.geometry.make_valid()
    flat = flat[(flat.designation == "Park") & ~flat.status.isin(["Proposed", "Not Reported"])]
    squares = sites.to_crs("EPSG:6933")
    squares["geometry"] = squares.geometry.make_valid()
    together = geopandas.overlay(squares, flat, keep_geom_type=True)

    def share(part, shape):
        return 100 * shapely.union_all(part.geometry.array).area / shape.area

    covers = {s["site_id"]: s for s in found["json"]["sites"]}
    assert len(covers) == 25
    for _, row in squares.iterrows():
        cover = covers[str(row.SitRecID)]
        mine = together[together.SitRecID == row.SitRecID]
        pa, both = share(mine[~mine.oecm], row.geometry), share(mine, row.geometry)
        assert cover["pa_pct"] == pytest.approx(pa, abs=0.005)
        assert cover["both_pct"] == pytest.approx(both, abs=0.005)
        assert cover["oecm_pct"] == pytest.approx(both - pa, abs=0.005)
        shares = {str(i): share(part, row.geometry) for i, part in mine.groupby("id")}
        listed = {a["id"]: a["pct"] for a in cover["protected_areas"]}
        assert {i for i, pct in shares.items() if pct > 1e-6} <= set(listed) <= set(shares)
        assert all(listed[i] == pytest.approx(shares[i], abs=0.005) for i in listed)
        assert list(listed.values()) == sorted(listed.values(), reverse=True)
        assert all("local" not in a["name"] for a in cover["protected_areas"])
        for step in cover["years"]:
            by_then, known = mine[mine.year <= step["year"]], mine[(mine.year > 0) & (mine.year <= step["year"])]
            # Whatever years are drawn: never less than the known areas, never more than with all the unknown ones.
            least, most = share(known, row.geometry), share(by_then, row.geometry)
            assert least - 0.005 <= step["low_pct"] <= step["both_pct"] <= step["high_pct"] <= most + 0.005

    measured = [c["both_pct"] for c in covers.values()]
    assert found["json"]["global"]["mean_pct"] == pytest.approx(np.mean(measured), abs=1e-9)
    counts = {e["reason"]: e["count"] for e in found["json"]["excluded"]}
    assert counts == {
        "mab_reserve": sum(r["designation"] != "Park" for r in rows),
        "status_proposed": sum(r["designation"] == "Park" and r["status"] == "Proposed" for r in rows),
        "status_not_reported": sum(r["designation"] == "Park" and r["status"] == "Not Reported" for r in rows),
    }
    assert found["json"]["counted"] + sum(counts.values()) == len(rows)
    assert found["json"]["repaired"] > 1
    rest = {f["site_id"]: f.geometry() for f in found["gaps"]}
    assert len(rest) > 10
    for _, row in squares.iterrows():
        if covers[str(row.SitRecID)]["both_pct"] > 100 - 1e-9:
            assert str(row.SitRecID) not in rest
            continue
        gap = geopandas.GeoSeries.from_wkb([bytes(rest[str(row.SitRecID)].asWkb())], crs="EPSG:4326").to_crs(6933)
        left = 100 - 100 * gap.area.iloc[0] / row.geometry.area
        assert left == pytest.approx(covers[str(row.SitRecID)]["both_pct"], abs=0.005)


def test_every_row_is_counted_or_left_out_for_the_first_reason(measure):
    polygons = layer(
        [
            (SITE, (1.0, "a", "", "1", "Park", "Designated", 1990, 1.0, "XAZ")),
            (None, (2.0, "b", "", "1", "UNESCO-MAB Biosphere Reserve", "Proposed", 0, 0.0, "XAZ")),
            (SITE, (3.0, "c", "", "1", "Park", "Proposed", 0, 0.0, "XAZ")),
            (SITE, (4.0, "d", "", "1", "Park", "Not Reported", 0, 0.0, "XAZ")),
            (SITE, (5.0, "e", "", "1", "Park", "Retired", 0, 0.0, "XAZ")),
            (None, (6.0, "f", "", "1", "Park", "Designated", 0, 0.0, "XAZ")),
        ],
        OLD,
    )
    points = layer(
        [
            ("MULTIPOINT((10.5 0.5))", (11, "g", "", "PA", "Park", "Designated", "0", "12.5", "XAZ")),
            ("MULTIPOINT((10.5 0.5))", (12, "h", "", "PA", "Park", "Designated", "0", "0", "XAZ")),
            ("MULTIPOINT((10.5 0.5))", (13, "i", "", "PA", "Park", "Proposed", "0", "text", "XAZ")),
        ],
        NEW,
        "MultiPoint",
    )
    sites = layer([(SITE, ("A",))])
    found = measure(sites, polygons, points)["json"]
    assert [(e["reason"], e["count"]) for e in found["excluded"]] == [
        ("mab_reserve", 1),
        ("status_proposed", 2),
        ("status_not_reported", 1),
        ("status_other", 1),
        ("point_omitted", 2),
        ("no_geometry", 1),
    ]
    assert found["counted"] == 1
    (note,) = [n for n in found["notes"] if n["code"] == "coverage.status_other"]
    assert "Retired" in note["message"]
    found = measure(sites, polygons, points, POINTS=1)["json"]
    counts = {e["reason"]: e["count"] for e in found["excluded"]}
    assert counts["point_without_area"] == 1 and "point_omitted" not in counts


def test_points_as_circles_have_the_reported_area(measure):
    points = layer(
        [("MULTIPOINT((10.3 0.5),(10.7 0.5))", (11, "g", "", "PA", "Park", "Designated", "0", "123.1", "XAZ"))],
        NEW,
        "MultiPoint",
    )
    found = measure(layer([(SITE, ("A",))]), points, POINTS=1)["json"]["sites"][0]
    expected = 100 * 123.1e6 / geopandas.GeoSeries.from_wkt([SITE], crs=4326).to_crs(6933).area[0]
    assert found["pa_pct"] == pytest.approx(expected, rel=1e-6)


def test_a_plain_layer_counts_as_designated_and_says_so(measure):
    plain = layer([("POLYGON((10 0,10.5 0,10.5 1,10 1,10 0))", ("Somewhere",))], name="my parks")
    found = measure(layer([(SITE, ("A",))]), plain)
    assert found["json"]["sites"][0]["pa_pct"] == pytest.approx(50, abs=1e-6)
    (note,) = found["json"]["notes"]
    assert note["code"] == "coverage.assumed_designated_pa" and "my parks" in note["message"]
    assert any("my parks" in message for message in found["_feedback"].messages)


def test_sites_of_every_kind_are_answered(measure):
    circle = QgsGeometry.fromWkt("POINT(0 0)").buffer(1000, 16)
    circle.transform(_from_local(10.5, 0.5))
    sites = layer(
        [
            ("POLYGON((10 0,11 1,11 0,10 1,10 0))", (7, "Crossed", "XAZ")),
            (None, (8, "Nowhere", "XAZ")),
            ("POLYGON((50 0,51 0,51 1,50 1,50 0))", (9, "Far", None)),
            (circle.asWkt(), (10, "Circle", "XAZ")),
            (SITE, (None, None, None)),
        ],
        "site_record_id:int international_name:string country_iso3:string",
    )
    park = layer([(SITE, (1, "Park", "Parque", "PA", "Park", "Designated", "1990", "", "XAZ"))], NEW)
    found = measure(sites, park)
    crossed, nowhere, far, round_, unnamed = found["json"]["sites"]
    assert (crossed["site_id"], crossed["name"], crossed["iso3"]) == ("7", "Crossed", "XAZ")
    assert crossed["both_pct"] == pytest.approx(100) and crossed["findings"][0]["code"] == "coverage.site_repaired"
    assert nowhere["cover_class"] == round_["cover_class"] == "not_assessed"
    assert nowhere["both_pct"] is None and round_["both_pct"] is None and round_["area_ha"] is None
    assert far["both_pct"] == 0 and far["cover_class"] == "none"
    assert unnamed["site_id"] and unnamed["name"] == unnamed["site_id"]
    assert unnamed["area_ha"] == pytest.approx(1_230_907.2 * 1e4 * 1e-4, rel=0.01)
    assert found["json"]["repaired"] == 1
    total = found["json"]["global"]
    assert (total["sites"], total["not_assessed"], total["none"], total["complete"]) == (5, 2, 1, 2)
    rows = {f["international_name"]: f for f in found["sites"] if f["international_name"]}
    assert len(found["sites"]) == 5
    assert rows["Nowhere"]["cover_class"] == "not_assessed" and not isinstance(rows["Nowhere"]["both_pct"], float)
    assert rows["Far"]["unprotected_ha"] == pytest.approx(rows["Far"]["area_ha"])
    assert [f["name"] for f in found["gaps"]] == ["Far"]


def _from_local(lon, lat):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform

    local = QgsCoordinateReferenceSystem.fromProj(f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84")
    return QgsCoordinateTransform(local, QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())


def test_processings_own_stop_at_invalid_geometries_does_not_apply(provider, tmp_path):
    context = QgsProcessingContext()
    context.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryAbortOnInvalid)
    summary = tmp_path / "coverage.json"
    crossed = "POLYGON((10 0,11 1,11 0,10 1,10 0))"
    provider.algorithm("protectioncoverage").create().run(
        {
            "SITES": layer([(crossed, ("A",))]),
            "PROTECTED": [layer([(crossed, ("P",))])],
            "OUTPUT": "memory:",
            "SUMMARY": str(summary),
        },
        context,
        QgsProcessingFeedback(),
        catchExceptions=False,
    )
    found = json.loads(summary.read_text(encoding="utf-8"))
    assert found["sites"][0]["both_pct"] == pytest.approx(100) and found["repaired"] == 2


def test_it_runs_in_the_background_on_layers_of_the_project(provider, tmp_path):
    sites, park = layer([(SITE, ("A",))], name="sites"), layer([(SITE, ("P",))], name="parks")
    QgsProject.instance().addMapLayers([sites, park])
    summary = tmp_path / "coverage.json"
    context, feedback, done = QgsProcessingContext(), QgsProcessingFeedback(), []
    context.setProject(QgsProject.instance())
    parameters = {"SITES": sites.id(), "PROTECTED": [park.id()], "OUTPUT": "memory:", "SUMMARY": str(summary)}
    task = QgsProcessingAlgRunnerTask(provider.algorithm("protectioncoverage").create(), parameters, context, feedback)
    task.executed.connect(lambda ok, results: done.append((ok, results)))
    QgsApplication.taskManager().addTask(task)
    deadline = time.monotonic() + 120
    while not done and time.monotonic() < deadline:
        QgsApplication.processEvents()
    QgsProject.instance().removeMapLayers([sites.id(), park.id()])
    assert done and done[0][0]
    assert json.loads(summary.read_text(encoding="utf-8"))["sites"][0]["both_pct"] == pytest.approx(100)


def test_a_second_run_replaces_the_figures_of_the_first(measure):
    park = layer([(SITE, ("Park",))])
    first = measure(layer([(SITE, ("A",))]), park)
    again = measure(first["_context"].getMapLayer(first["OUTPUT"]), park)
    assert again["sites"][0].fields().names() == [
        "name", "pa_pct", "oecm_pct", "both_pct", "cover_class", "area_ha", "unprotected_ha",
    ]  # fmt: skip


def test_a_site_and_an_area_across_180_degrees_are_each_one_shape(measure):
    sites = layer([("POLYGON((179 0,181 0,181 1,179 1,179 0))", ("Date line",))])
    park = layer([("POLYGON((-181 0,-179.5 0,-179.5 1,-181 1,-181 0))", ("Park",))])
    found = measure(sites, park)
    cover = found["json"]["sites"][0]
    assert cover["both_pct"] == pytest.approx(75, abs=1e-6)
    elsewhere = measure(layer([("POLYGON((10 0,12 0,12 1,10 1,10 0))", ("Elsewhere",))]), park)["json"]["sites"][0]
    assert cover["area_ha"] == pytest.approx(elsewhere["area_ha"], rel=1e-4)
    (gap,) = found["gaps"]
    assert gap.geometry().boundingBox().toString(3) == "-179.500,0.000 : -179.000,1.000"


def test_an_empty_layer_is_a_cover_of_zero_and_one_that_does_not_count_is_said(measure):
    sites = layer([(SITE, ("A",))])
    found = measure(sites, layer([]))["json"]
    assert found["sites"][0]["both_pct"] == 0 and found["excluded"] == []
    points = layer([("POINT(10.5 0.5)", (1, "a", "b", "PA", "Park", "Designated", "0", "1", ""))], NEW, "Point")
    found = measure(sites, points)["json"]
    assert [n["code"] for n in found["notes"]] == ["coverage.nothing_counts"]


def test_no_sentence_is_missing():
    from aze_plugin.services import wording

    codes = re.findall(r'"(coverage\.\w+)"', "".join(p.read_text(encoding="utf-8") for p in SOURCES))
    codes = [code for code in codes if code != "coverage.json"]
    codes += [f"coverage.site_{reason}" for reason in ("null", "empty", "not_polygon", "coordinates")]
    assert len(codes) > 15
    params = {"count": 2, "total": 3, "site": "S", "source": "L", "reason": "r", "statuses": ["x"], "field": "f"}
    params |= {"available": ["g"], "value": ",", "draws": 1000}
    for code in codes:
        assert "coverage." not in wording.text(code, params)


def test_a_site_without_an_english_name_goes_by_its_national_one(measure):
    sites = layer([(SITE, (5, None, "Serra", "XAZ"))], "SitRecID:int IntName:string NatName:string ISO3:string")
    assert measure(sites, layer([]))["json"]["sites"][0]["name"] == "Serra"


def test_fields_can_be_chosen(measure):
    sites = layer([(SITE, ("x1", "ZZZ", "A"))], "code:string land:string name:string")
    found = measure(sites, layer([(SITE, ("P",))]), SITE_ID_FIELD="code", COUNTRY_FIELD="land")["json"]["sites"][0]
    assert (found["site_id"], found["iso3"], found["name"]) == ("x1", "ZZZ", "A")
    found = measure(sites, layer([(SITE, ("P",))]), SITE_ID_FIELD="CODE", COUNTRY_FIELD="Land")["json"]["sites"][0]
    assert (found["site_id"], found["iso3"]) == ("x1", "ZZZ")
    with pytest.raises((QgsProcessingException, ValueError), match="nowhere"):
        measure(sites, layer([]), SITE_ID_FIELD="nowhere")


def test_hectares_are_those_of_the_ellipsoid_however_coarse_the_outline_and_however_far_north(measure):
    rows, expected = [], []
    for latitude in (-84, -62, -35, 0.1, 20, 47, 68, 83):
        for size in (0.002, 0.01, 0.03, 0.3):
            for corners in (
                [(0, 0), (1, 0.1), (0.2, 1)],
                [(0, 0), (2, 0), (2, 1), (0, 1)],
                [(0, 0), (0.1, 1), (0.12, 0)],
            ):
                ring = [(15 + x * size, latitude + y * size) for x, y in corners]
                rows.append((shapely.Polygon(ring).wkt, ("A",)))
                expected.append(abs(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(*zip(*ring))[0]) / 1e4)
    found = [site["area_ha"] for site in measure(layer(rows), layer([]))["json"]["sites"]]
    assert found == pytest.approx(expected, rel=2e-5)


def test_ids_stay_as_they_are_written(measure):
    """Codes that look like numbers, files without whole numbers, and 0 in a field that was chosen."""
    told = [("007", "007"), ("1E5", "1E5"), ("1_0", "1_0"), (" 12.0 ", "12"), ("12.5", "12.5"), ("0", "0"), ("", "7")]
    for kind, values in (
        ("string", told),
        ("double", [(33177.0, "33177"), (0.0, "0")]),
        ("int8", [(2**53 + 1, str(2**53 + 1)), (0, "0")]),
    ):
        sites = layer([(SITE, (value,)) for value, _ in values], fields=f"code:{kind}")
        found = measure(sites, layer([]), SITE_ID_FIELD="code")["json"]["sites"]
        assert [site["site_id"] for site in found] == [wanted for _, wanted in values]
    # Where nobody chose the field, 0 is what KBA layers write for none.
    found = measure(layer([(SITE, (0,)), (SITE, (5,))], fields="SitRecID:int"), layer([]))["json"]["sites"]
    assert [site["site_id"] for site in found] == ["1", "5"]


def test_files_without_a_place_and_of_collections_are_answered(measure, tmp_path):
    """QGIS knows no reference system of a GeoJSON file without geometry, and forgets that of collections."""

    def file(name, *shapes):
        path = tmp_path / f"{name}.geojson"
        told = {"WDPAID": 1, "SITE_ID": 1, "STATUS": "Designated", "PA_DEF": "1", "SitRecID": 5}
        found = [{"type": "Feature", "properties": told, "geometry": shape} for shape in shapes]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
        return str(path)

    square = json.loads(shapely.to_geojson(shapely.from_wkt(SITE)))
    half = json.loads(shapely.to_geojson(shapely.box(10, 0, 10.5, 1)))
    point = {"type": "Point", "coordinates": [10.5, 0.5]}
    collection = file("collection", {"type": "GeometryCollection", "geometries": [half, point]})
    sites = file("sites", {"type": "GeometryCollection", "geometries": [square, point]})
    (site,) = measure(sites, collection)["json"]["sites"]
    assert site["both_pct"] == pytest.approx(50)
    square = file("square", square)
    nothing = measure(square, file("empty"))["json"]
    assert (nothing["sites"][0]["both_pct"], nothing["excluded"], nothing["notes"]) == (0, [], [])
    placeless = measure(square, file("placeless", None, None))["json"]
    assert placeless["excluded"] == [{"reason": "no_geometry", "count": 2}]
    assert [note["code"] for note in placeless["notes"]] == ["coverage.nothing_counts"]
    found = measure(file("unknown", None), square)["json"]
    assert [site["cover_class"] for site in found["sites"]] == ["not_assessed"]
    with pytest.raises(QgsProcessingException, match="no features"):
        measure(file("none"), square)


@pytest.mark.parametrize("numbers", [(1, 1), ("a", "b"), (2.5, 3.0)])
def test_merged_layers_whose_fid_numbers_no_rows_can_be_written_as_a_geopackage(measure, run, tmp_path, numbers):
    kind = {int: "int", str: "string", float: "double"}[type(numbers[0])]
    sites = layer([(SITE, (n, "A")) for n in numbers], fields=f"fid:{kind} IntName:string")
    for ending, kept in ((".gpkg", False), (".geojson", True)):
        target = str(tmp_path / f"covered{ending}")
        run("protectioncoverage", SITES=sites, PROTECTED=[layer([(SITE, ("P",))])], OUTPUT=target)
        written = list(QgsVectorLayer(target, "written", "ogr").getFeatures())
        assert [f["cover_class"] for f in written] == ["complete", "complete"]
        if kept:
            assert [f["fid"] for f in written] == list(numbers)


def test_zips_inside_a_zip_are_read_as_downloaded(measure, tmp_path, provider):
    """Protected Planet's download: three zips with a part of the polygons and of the points each, and papers. And what
    becomes of it when it is unpacked."""
    download = tmp_path / "WDPA_Nov2025_Public_shp.zip"
    with zipfile.ZipFile(download, "w") as outer:
        outer.writestr("WDPA_sources_Nov2025.csv", "METADATAID,DATA_TITLE\n1,Title\n")
        for part in range(3):
            inner = tmp_path / f"WDPA_Nov2025_Public_shp_{part}.zip"
            with zipfile.ZipFile(inner, "w") as packed:
                for name in ("polygons", "points"):
                    folder = tmp_path / f"{part}"
                    folder.mkdir(exist_ok=True)
                    target = folder / f"WDPA_Nov2025_Public_shp-{name}.shp"
                    command = ["ogr2ogr", str(target), str(SAMPLE / "protected_areas.gpkg"), name]
                    subprocess.run([*command, "-where", f"fid % 3 = {part}"], check=True)
                    for file in folder.glob(f"{target.stem}.*"):
                        packed.write(file, file.name)
            outer.write(inner, inner.name)
    whole = measure(str(SAMPLE / "sites.gpkg"), str(SAMPLE / "protected_areas.gpkg"), POINTS=1)["json"]
    algorithm = QgsApplication.processingRegistry().algorithmById("aze:protectioncoverage")
    unpacked = tmp_path / "unpacked"
    for part in range(3):
        shutil.copytree(tmp_path / f"{part}", unpacked / f"{part}" / "in")
    for name in (str(download), f"/vsizip/{download}", str(unpacked)):
        found = measure(str(SAMPLE / "sites.gpkg"), name, POINTS=1)["json"]
        assert found["counted"] == whole["counted"] and found["excluded"] == whole["excluded"]
        for one, other in zip(found["sites"], whole["sites"]):
            assert one["both_pct"] == pytest.approx(other["both_pct"])
        given = {"SITES": str(SAMPLE / "sites.gpkg"), "PROTECTED": [name], "OUTPUT": "memory:"}
        assert algorithm.checkParameterValues(given, QgsProcessingContext()) == (True, "")
    empty = tmp_path / "papers.zip"
    with zipfile.ZipFile(empty, "w") as packed:
        packed.writestr("read me.txt", "nothing")
    with pytest.raises((QgsProcessingException, ValueError), match="papers.zip"):
        measure(str(SAMPLE / "sites.gpkg"), str(empty))
    # What is no path may be longer than any.
    with pytest.raises((QgsProcessingException, ValueError), match="gone"):
        measure(str(SAMPLE / "sites.gpkg"), "gone" * 200)


def test_zipped_downloads_and_files_of_several_layers_are_read_whole(measure, tmp_path):
    bare = measure(str(SAMPLE / "sites.gpkg"), str(SAMPLE / "protected_areas.gpkg"), POINTS=1)["json"]
    named = measure(
        str(SAMPLE / "sites.gpkg"),
        *(f"{SAMPLE / 'protected_areas.gpkg'}|layername={n}" for n in ("polygons", "points")),
        POINTS=1,
    )["json"]
    assert bare == named
    archive = tmp_path / "WDPA_shp_0.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("polygons", "points"):
            target = tmp_path / f"WDPA_shp-{name}.shp"
            subprocess.run(["ogr2ogr", str(target), str(SAMPLE / "protected_areas.gpkg"), name], check=True)
            for part in tmp_path.glob(f"WDPA_shp-{name}.*"):
                packed.write(part, part.name)
    zipped = measure(str(SAMPLE / "sites.gpkg"), f"/vsizip/{archive}", POINTS=1)["json"]
    assert [s["both_pct"] for s in zipped["sites"]] == pytest.approx([s["both_pct"] for s in bare["sites"]])
    assert zipped["excluded"] == bare["excluded"]
    one = measure(str(SAMPLE / "sites.gpkg"), f"/vsizip/{archive}/WDPA_shp-polygons.shp", POINTS=1)["json"]
    assert one["counted"] < zipped["counted"]


def test_the_sample_has_the_cover_it_was_designed_with(measure):
    found = measure(f"{SAMPLE / 'candidates.gpkg'}|layername=candidates", str(SAMPLE / "protected_areas.gpkg"))["json"]
    ridge = next(s for s in found["sites"] if s["name"] == "Cloudtop Ridge")
    assert ridge["pa_pct"] == pytest.approx(33, abs=0.5) and ridge["oecm_pct"] == pytest.approx(5, abs=0.5)
    assert {e["reason"] for e in found["excluded"]} >= {"status_proposed", "point_omitted"}


@pytest.mark.skipif(not MALAWI.exists(), reason="real files are not here")
def test_mulanje_is_covered_whole(measure, tmp_path):
    collection = json.loads(MALAWI.read_text())
    collection["features"] = [f for f in collection["features"] if f["properties"]["NAME"] == "Mulanje"]
    site = tmp_path / "mulanje.geojson"
    site.write_text(json.dumps(collection))
    found = measure(str(site), str(MALAWI), YEARS=True)
    cover = found["json"]["sites"][0]
    assert cover["both_pct"] == pytest.approx(100, abs=1e-9) and cover["cover_class"] == "complete"
    first = cover["protected_areas"][0]
    assert (first["id"], first["name"], first["status_year"], first["kind"]) == ("33177", "Mulanje", 1927, "pa")
    assert cover["years"] == [{"year": 1927, "both_pct": 100, "low_pct": 100, "high_pct": 100}]
    assert cover["area_ha"] == pytest.approx(58_124, abs=1)
    assert found["gaps"] == [] and found["json"]["excluded"] == []


def test_bad_input_is_named_with_its_remedy(measure, tmp_path):
    sites = layer([(SITE, ("A",))])
    broken = tmp_path / "broken.shp"
    broken.write_bytes(b"nothing of the kind")
    with pytest.raises((QgsProcessingException, ValueError), match="broken.shp"):
        measure(sites, str(broken))
    with pytest.raises((QgsProcessingException, ValueError), match="gone.gpkg"):
        measure(sites, str(SAMPLE / "protected_areas.gpkg"), str(tmp_path / "gone.gpkg"))
    shutil.copy(SAMPLE / "landcover.tif", tmp_path / "landcover.tif")
    with pytest.raises((QgsProcessingException, ValueError), match="landcover.tif.* as a vector layer"):
        measure(sites, str(tmp_path / "landcover.tif"))
    placeless = layer([(SITE, ("P",))], crs="", name="placeless")
    placeless.setCrs(type(placeless.crs())())
    with pytest.raises(QgsProcessingException, match="placeless"):
        measure(sites, placeless)
    with pytest.raises(QgsProcessingException, match="no features"):
        measure(layer([]), layer([]))
    with pytest.raises(QgsProcessingException, match="status"):
        measure(sites, layer([]), STATUSES=",")


def test_a_summary_that_cannot_be_written_is_said(measure, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(QgsProcessingException, match="file"):
        measure(layer([(SITE, ("A",))]), layer([]), SUMMARY=str(blocked / "coverage.json"))


@pytest.mark.skipif(not MALAWI.exists(), reason="real files are not here")
@pytest.mark.parametrize("form", ["geojson", "gpkg"])
def test_sites_over_real_areas_agree_with_geopandas(measure, tmp_path, form):
    rng = np.random.default_rng(12)
    areas = geopandas.read_file(MALAWI)
    source = MALAWI
    if form == "gpkg":
        source = tmp_path / "areas.gpkg"
        areas.to_file(source)
    centres = areas.representative_point()
    outlines = [blob(rng, p.x + rng.normal(0, 0.05), p.y, rng.uniform(0.05, 0.5)) for p in centres[:25]]
    sites = geopandas.GeoDataFrame({"SitRecID": range(1, 26), "geometry": outlines}, crs="EPSG:4326")
    sites.to_file(tmp_path / "sites.gpkg")
    found = measure(str(tmp_path / "sites.gpkg"), str(source), YEARS=True)["json"]

    flat = areas.to_crs("EPSG:6933")
    polygons = flat.geom_type.isin(["Polygon", "MultiPolygon"])
    counts = flat.STATUS.isin(["Designated", "Inscribed", "Established", "Adopted"])
    counts &= flat.DESIG_ENG != "UNESCO-MAB Biosphere Reserve"
    flat = flat[polygons & counts]
    flat["geometry"] = flat.geometry.make_valid()
    assert found["counted"] == len(flat) and sum(e["count"] for e in found["excluded"]) == len(areas) - len(flat)
    for row, shape in zip(found["sites"], sites.to_crs("EPSG:6933").geometry):
        both = 100 * shapely.union_all(flat.geometry.array).intersection(shape).area / shape.area
        assert row["both_pct"] == pytest.approx(both, abs=0.005)
        assert sum(row["by"]["iucn_category"].values()) == pytest.approx(both, abs=0.005)
        if row["years"]:
            assert row["years"][-1]["both_pct"] == pytest.approx(both, abs=0.005)
    assert max(s["both_pct"] for s in found["sites"]) > 50
