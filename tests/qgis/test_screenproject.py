"""``aze:screenproject`` against geodesics and areas worked out apart, on odd footprints and odd layers."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsVectorLayer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import geopandas
    import pyproj
    import shapely
    from pyproj import Geod

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
MALAWI = ROOT.parent / "shared" / "data" / "malawi" / "WDPA_202105_MWI.geojson"
GEOD = Geod(ellps="WGS84")
SITE_FIELDS = "SitRecID:int IntName:string ISO3:string"


def layer(rows, fields="name:string", kind="Polygon", crs="EPSG:4326", name="drawn"):
    made = QgsVectorLayer(f"{kind}?crs={crs}&" + "&".join(f"field={f}" for f in fields.split()), name, "memory")
    for wkt, attributes in rows:
        feature = QgsFeature(made.fields())
        feature.setAttributes(list(attributes))
        if wkt is not None:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert made.dataProvider().addFeature(feature)
    return made


def box(west, south, east, north):
    return f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"


def circle(lon, lat, radius=1000.0, count=64):
    turn = np.linspace(0, 360, count, endpoint=False)
    lons, lats, _ = GEOD.fwd(np.full(count, lon), np.full(count, lat), turn, np.full(count, radius))
    places = [f"{x!r} {y!r}" for x, y in zip(lons.tolist(), lats.tolist())]
    return f"POLYGON(({','.join([*places, places[0]])}))"


SITES = [
    (box(10, 50, 10.1, 50.1), (1, "North wood", "DEU")),
    (box(10.3, 50, 10.4, 50.1), (2, "East wood", "DEU")),
    (circle(10.0, 50.3), (3, "Without a boundary", "DEU")),
    (box(20, 10, 21, 11), (4, "Far away", "TCD")),
]


@pytest.fixture
def screened(run, tmp_path):
    """``screened(project, sites, PARAM=…)`` gives the rows, the summary under ``json``, and the outputs."""

    def runner(project, sites, **parameters):
        summary = tmp_path / "screening.json"
        results = run(
            "screenproject",
            **{"PROJECT": project, "SITES": sites, "OUTPUT": "memory:", "SUMMARY": str(summary), **parameters},
        )
        output = results["_context"].getMapLayer(results["OUTPUT"])
        names = [f.name() for f in output.fields()]
        results["rows"] = [
            dict(zip(names, [None if v is None or repr(v) == "NULL" else v for v in f.attributes()]))
            for f in output.getFeatures()
        ]
        results["layer"] = output
        results["json"] = json.loads(summary.read_text(encoding="utf-8"))
        return results

    return runner


def test_each_relation_with_its_sizes(screened):
    project = layer(
        [
            (box(10.02, 50.02, 10.03, 50.03), ("Quarry",)),
            (box(10.09, 50.02, 10.12, 50.03), ("Camp",)),
            (box(10.2, 50.02, 10.21, 50.03), ("Yard",)),
        ]
    )
    found = screened(project, layer(SITES, SITE_FIELDS))
    rows = {(r["feature_name"], r["site"]): r for r in found["rows"]}
    assert {r["site"] for r in found["rows"]} == {"North wood", "East wood", "Without a boundary"}
    quarry = rows["Quarry", "North wood"]
    assert (quarry["relation"], quarry["distance_m"], quarry["band_km"]) == ("inside", 0, None)
    assert quarry["feature_pct"] == pytest.approx(100)
    area = abs(GEOD.geometry_area_perimeter(shapely.from_wkt(box(10.02, 50.02, 10.03, 50.03)))[0])
    assert quarry["overlap_ha"] == pytest.approx(area / 1e4, rel=1e-4)
    assert quarry["site_pct"] == pytest.approx(1, rel=1e-3)
    assert (quarry["overlap_km"], quarry["points_inside"]) == (None, None)
    camp = rows["Camp", "North wood"]
    assert camp["relation"] == "overlaps" and camp["feature_pct"] == pytest.approx(100 / 3, rel=1e-6)
    for site, edge, lon in (("North wood", 10.1, 10.2), ("East wood", 10.3, 10.21)):
        row = rows["Yard", site]
        expected = min(
            GEOD.inv(edge, lat, lon, other)[2]
            for lat in np.linspace(50.02, 50.03, 21) for other in np.linspace(50.02, 50.03, 21)
        )  # fmt: skip
        assert row["relation"] == "within" and row["distance_m"] == pytest.approx(expected, rel=1e-3)
        assert row["band_km"] == 10 and row["overlap_ha"] == 0
    assert (found["TOUCHED"], found["NEAR"], found["NEAREST"], found["NEAREST_M"]) == (1, 2, "North wood", 0)
    assert found["json"]["schema"] == "aze-screening/1"
    assert "Far away" not in json.dumps(found["json"]["hits"])
    assert [f.geometry().isEmpty() for f in found["layer"].getFeatures()] == [False] * len(found["rows"])


def test_what_several_features_take_of_a_site_counts_once(screened, tmp_path):
    pits = [(box(10.02, 50.02, 10.04, 50.03), ("East pit",)), (box(10.03, 50.02, 10.05, 50.03), ("West pit",))]
    road = "LINESTRING(10.05 50.05,10.06 50.05)"
    rows = [*pits, (road, ("Road",)), (road, ("Same road",)), ("POINT(10.01 50.01)", ("Well",))]
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": shapely.geometry.mapping(shapely.from_wkt(wkt))}
        for wkt, (name,) in rows
    ]
    path = tmp_path / "project.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    report = tmp_path / "report.html"
    found = screened(str(path), layer(SITES, SITE_FIELDS), REPORT=str(report))
    one = next(row for row in found["json"]["by_site"] if row["site"] == "North wood")
    whole = abs(GEOD.geometry_area_perimeter(shapely.from_wkt(box(10.02, 50.02, 10.05, 50.03)))[0])
    assert one["overlap_ha"] == pytest.approx(whole / 1e4, rel=1e-4)
    assert one["site_share"] == pytest.approx(0.03, rel=1e-3)
    length = GEOD.geometry_length(shapely.segmentize(shapely.from_wkt(road), 1e-3))
    assert one["overlap_km"] == pytest.approx(length / 1000, rel=1e-4)
    assert (one["points_inside"], one["features"], one["relation"]) == (1, [1, 2, 3, 4, 5], "inside")
    assert f"{whole / 1e4:,.0f}\u00a0ha" in report.read_text(encoding="utf-8")


def test_points_and_lines_have_no_hectares(screened):
    sites = layer(SITES, SITE_FIELDS)
    wells = layer([("MULTIPOINT((10.05 50.05),(10.06 50.05),(10.15 50.05))", ("Wells",))], kind="MultiPoint")
    row = next(r for r in screened(wells, sites)["rows"] if r["site"] == "North wood")
    assert (row["relation"], row["points_inside"], row["overlap_ha"], row["overlap_km"]) == ("overlaps", 2, None, None)
    assert row["site_pct"] is None and row["feature_pct"] == pytest.approx(200 / 3)
    road = layer([("LINESTRING(10.05 50.05,10.35 50.05)", ("Road",))], kind="LineString")
    rows = {r["site"]: r for r in screened(road, sites)["rows"]}
    parallel = GEOD.geometry_length(shapely.segmentize(shapely.from_wkt("LINESTRING(10.05 50.05,10.1 50.05)"), 1e-3))
    for site in ("North wood", "East wood"):
        assert rows[site]["relation"] == "overlaps"
        assert rows[site]["overlap_km"] == pytest.approx(parallel / 1000, rel=1e-4)
        assert (rows[site]["overlap_ha"], rows[site]["points_inside"]) == (None, None)
    whole = layer([("LINESTRING(10.01 50.05,10.09 50.05)", ("Track",))], kind="LineString")
    assert [r["relation"] for r in screened(whole, sites)["rows"] if r["site"] == "North wood"] == ["inside"]


def test_an_edge_in_common_is_beside_and_a_hole_is_outside(screened):
    ring = "POLYGON((0 0,1 0,1 1,0 1,0 0),(0.4 0.4,0.6 0.4,0.6 0.6,0.4 0.6,0.4 0.4))"
    sites = layer([(ring, (1, "Ring", "GAB")), (box(1, 0, 2, 1), (2, "Neighbour", "GAB"))], SITE_FIELDS)
    found = screened(layer([(box(0.49, 0.49, 0.51, 0.51), ("In the hole",))]), sites)
    (row,) = [r for r in found["rows"] if r["site"] == "Ring"]
    assert row["relation"] == "within"
    assert row["distance_m"] == pytest.approx(GEOD.inv(0.5, 0.51, 0.5, 0.6)[2], rel=1e-3)
    touching = screened(layer([(box(2, 0.2, 2.1, 0.3), ("At the fence",))]), sites)["rows"]
    assert [(r["site"], r["relation"], r["distance_m"], r["band_km"]) for r in touching] == [
        ("Neighbour", "within", pytest.approx(0, abs=1e-3), 1)
    ]
    same = screened(layer([(box(1, 0, 2, 1), ("The same outline",))]), sites)["rows"]
    assert {(r["site"], r["relation"]) for r in same} == {("Neighbour", "inside"), ("Ring", "within")}


def test_a_circle_in_place_of_a_boundary_is_flagged(screened):
    found = screened(layer([("POINT(10.05 50.3)", ("Well",))], kind="Point"), layer(SITES, SITE_FIELDS))
    row = next(r for r in found["rows"] if r["site"] == "Without a boundary")
    assert row["uncertain_m"] == 1000
    assert row["distance_m"] == pytest.approx(GEOD.inv(10.0, 50.3, 10.05, 50.3)[2] - 1000, abs=5)
    assert all(r["uncertain_m"] is None for r in found["rows"] if r["site"] != "Without a boundary")
    assert any(note["code"] == "screening.circles" for note in found["json"]["notes"])


def test_nothing_near_names_the_nearest(screened):
    sites = layer(SITES, SITE_FIELDS)
    found = screened(layer([("POINT(30 0)", ("Well",))], kind="Point"), sites)
    assert found["rows"] == []
    expected = GEOD.inv(30, 0, 21, 10)[2]
    assert found["NEAREST"] == "Far away" and found["NEAREST_M"] == pytest.approx(expected, rel=1e-3)
    headline = found["json"]["headline"]
    assert headline["code"] == "screening.nothing_near"
    assert "No AZE site within 50" in headline["message"] and "Far away" in headline["message"]


def test_what_could_not_be_screened_is_never_a_clear_answer(screened):
    far = ("POINT(30 0)", ("Well",))
    lost = layer([*SITES[:2], (None, (9, "Not drawn", "DEU"))], SITE_FIELDS)
    for project, sites in (
        (layer([far], kind="Point"), lost),
        (layer([far, (None, ("Planned",))], kind="Point"), layer(SITES, SITE_FIELDS)),
    ):
        found = screened(project, sites)["json"]
        assert found["headline"]["message"].startswith("Not all could be screened")
        assert "is not known" in found["guidance"]["text"]
    near = screened(layer([("POINT(10.2 50.05)", ("Well",))], kind="Point"), lost)["json"]
    assert near["headline"]["code"] == "screening.near_sites_partly"
    nothing = screened(layer([far], kind="Point"), layer([(None, (9, "Not drawn", "DEU"))], SITE_FIELDS))["json"]
    assert nothing["headline"]["code"] == "screening.nothing_measured"
    assert "is not known" in nothing["guidance"]["text"]
    clear = screened(layer([far], kind="Point"), layer(SITES, SITE_FIELDS))["json"]
    assert "is not known" not in clear["guidance"]["text"]


def test_a_projected_footprint_keeps_its_long_edges(screened):
    # Straight in UTM, which is far from straight in degrees: the middle lies half a kilometre off the chord.
    project = layer([("LINESTRING(300000 6900000,700000 6900000)", ("Cable",))], kind="LineString", crs="EPSG:32632")
    to = pyproj.Transformer.from_crs(32632, 4326, always_xy=True)
    lon, lat = to.transform(500000, 6900000)
    sites = layer([(box(lon - 0.01, lat + 0.05, lon + 0.01, lat + 0.06), (1, "By the middle", "NOR"))], SITE_FIELDS)
    (row,) = screened(project, sites)["rows"]
    x = np.linspace(300000, 700000, 40001)
    lons, lats = to.transform(x, np.full_like(x, 6900000))
    edge = np.linspace(lon - 0.01, lon + 0.01, 41)
    expected = min(
        GEOD.inv(lons, lats, np.full_like(lons, e), np.full_like(lats, lat + 0.05))[2].min() for e in edge
    )  # fmt: skip
    assert row["distance_m"] == pytest.approx(expected, abs=max(1.0, 1e-3 * expected))


def test_a_footprint_without_a_reference_system_is_refused_with_a_remedy(screened):
    project = layer([(box(10, 50, 11, 51), ("Somewhere",))], crs="")
    with pytest.raises(QgsProcessingException, match="CRS"):
        screened(project, layer(SITES, SITE_FIELDS))
    with pytest.raises(QgsProcessingException, match="no features"):
        screened(layer([]), layer(SITES, SITE_FIELDS))


def test_broken_and_empty_features_are_said(screened):
    bow_tie = "POLYGON((10.02 50.02,10.04 50.04,10.04 50.02,10.02 50.04,10.02 50.02))"
    project = layer([(bow_tie, ("Bow tie",)), (None, ("Not drawn",))])
    found = screened(project, layer(SITES, SITE_FIELDS))
    assert {r["feature_name"] for r in found["rows"]} == {"Bow tie"}
    codes = {note["code"]: note["message"] for note in found["json"]["notes"]}
    assert "Bow tie" in codes["screening.part_repaired"] and "Not drawn" in codes["screening.part_null"]


def test_a_file_that_begins_with_a_collection_is_screened_whole(screened, tmp_path):
    well, track = {"type": "Point", "coordinates": [10.05, 50.05]}, [[10.2, 50.05], [10.25, 50.05]]
    shapes = [
        {"type": "GeometryCollection", "geometries": [well, {"type": "LineString", "coordinates": track}]},
        {"type": "Point", "coordinates": [10.35, 50.05]},
    ]
    features = [{"type": "Feature", "properties": {"name": f"F{n}"}, "geometry": s} for n, s in enumerate(shapes)]
    path = tmp_path / "project.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    found = screened(str(path), layer(SITES, SITE_FIELDS))
    rows = {(r["feature_name"], r["site"]): r for r in found["rows"]}
    assert rows["F0", "North wood"]["relation"] == "overlaps" and rows["F0", "North wood"]["points_inside"] == 1
    assert rows["F0", "North wood"]["overlap_km"] == 0
    assert rows["F1", "East wood"]["relation"] == "inside"


def test_a_file_of_several_layers_is_screened_whole(screened, tmp_path):
    path = tmp_path / "project.gpkg"
    for name, shape in (
        ("camps", shapely.Point(30, 0)),
        ("roads", shapely.LineString([(10.05, 50.05), (10.06, 50.05)])),
    ):
        geopandas.GeoDataFrame({f"title_{name}": [name]}, geometry=[shape], crs=4326).to_file(path, layer=name)
    sites = layer(SITES, SITE_FIELDS)
    found = screened(str(path), sites, NAME_FIELD="title_roads")
    assert [f["name"] for f in found["json"]["features"]] == ["camps 1", "roads"]
    assert [(r["feature"], r["site"], r["relation"]) for r in found["rows"] if r["relation"] == "inside"] == [
        (2, "North wood", "inside")
    ]
    one = screened(f"{path}|layername=camps", sites)
    assert one["json"]["headline"]["code"] == "screening.nothing_near"
    # What a GPS receiver writes: layers of waypoints and routes that are empty, before the tracks.
    gpx = tmp_path / "walk.gpx"
    track = "".join(f'<trkpt lat="50.05" lon="{lon}"/>' for lon in (10.05, 10.06))
    gpx.write_text(
        '<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><name>Walk</name><trkseg>{track}</trkseg></trk></gpx>",
        encoding="utf-8",
    )
    walked = screened(str(gpx), sites)["json"]
    assert [f["name"] for f in walked["features"]] == ["Walk"]
    assert walked["hits"][0]["relation"] == "inside" and walked["hits"][0]["overlap_km"] > 0


def test_sites_that_the_layer_does_not_call_aze_are_left_out(screened):
    rows = [
        (box(10, 50, 10.1, 50.1), (1, "Confirmed", "DEU", "confirmed")),
        (box(10, 50, 10.1, 50.1), (2, "Struck off", "DEU", "de-listed")),
        (box(10, 50, 10.1, 50.1), (3, "Only a KBA", "DEU", None)),
    ]
    sites = layer(rows, SITE_FIELDS + " AzeStatus:string")
    project = layer([("POINT(10.05 50.05)", ("Well",))], kind="Point")
    found = screened(project, sites)
    assert [r["site"] for r in found["rows"]] == ["Confirmed"]
    assert any(n["code"] == "screening.not_aze" and n["params"]["count"] == 2 for n in found["json"]["notes"])
    assert len(screened(project, sites, ONLY_AZE=False)["rows"]) == 3


def test_trigger_species_from_the_table_and_the_library(screened, evidence_library, tmp_path):
    # A copy: QGIS writes into a GeoPackage that it opens.
    copied = shutil.copy(SAMPLE / "sites.gpkg", tmp_path / "sites.gpkg")
    sites = f"{copied}|layername=sites"
    boxes = geopandas.read_file(copied, layer="sites")
    ids = boxes["SitRecID"].astype(int)
    x, y = boxes.geometry[ids == 98001].iloc[0].representative_point().coords[0]
    project = layer([(f"POINT({x} {y})", ("Well",))], kind="Point")
    table = f"file://{SAMPLE / 'site_triggers.csv'}?type=csv&geomType=none"
    listed = QgsVectorLayer(table, "triggers", "delimitedtext")
    found = screened(project, sites, TRIGGERS=listed, LIBRARY=evidence_library)
    by_id = {r["site_id"]: r for r in found["rows"]}
    assert by_id["98001"]["relation"] == "inside" and by_id["98001"]["triggers_from"] == "table"
    assert "Lacustrina caeca (" in by_id["98001"]["trigger_species"]
    others = [r for r in found["rows"] if r["triggers_from"] == "library"]
    assert all(r["trigger_count"] is not None for r in others)
    bare = screened(project, sites)
    assert all(r["trigger_species"] is None and r["trigger_count"] is None for r in bare["rows"])


@pytest.mark.skipif(not MALAWI.exists(), reason="shared data is not here")
def test_real_areas_against_geodesics(screened, tmp_path):
    frame = geopandas.read_file(MALAWI)
    frame = frame[frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(4326)
    frame[["WDPAID", "NAME", "ISO3", "geometry"]].to_file(tmp_path / "sites.gpkg", layer="sites")
    place = shapely.Point(34.3, -13.5)
    found = screened(layer([(place.wkt, ("Well",))], kind="Point"), f"{tmp_path / 'sites.gpkg'}|layername=sites")
    flat = pyproj.Transformer.from_crs("EPSG:4326", "+proj=aeqd +lat_0=-13.5 +lon_0=34.3 +datum=WGS84", always_xy=True)
    apart = {}
    for _, row in frame.iterrows():
        # From its middle the azimuthal equidistant plane is true.
        moved = shapely.transform(
            shapely.segmentize(row.geometry, 0.001), lambda c: np.column_stack(flat.transform(*c.T))
        )
        apart[str(int(row.WDPAID))] = shapely.make_valid(moved).distance(shapely.Point(0, 0))
    expected = {k: d for k, d in apart.items() if d <= 50_000}
    assert {r["site_id"] for r in found["rows"]} == set(expected) and expected
    for row in found["rows"]:
        assert row["distance_m"] == pytest.approx(expected[row["site_id"]], rel=1e-3, abs=1)
