"""Site layers in every schema and from every source, through the list's reader, the check and the cover."""

import gc
import json
import shutil
import sys
from pathlib import Path

import pytest
from osgeo import gdal, ogr, osr
from qgis.core import (
    Qgis,
    QgsCoordinateTransformContext,
    QgsDataSourceUri,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)

from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.progress import Progress
from aze_plugin.services import candidates, network, protection, servers
from aze_plugin.services.bulk import Snapshot
from aze_plugin.services.drawn import read_drawn
from aze_plugin.services.layers import LayerSnapshot
from aze_plugin.services.sites import read_rows
from aze_plugin.services.triggers import known, read_table

sys.path.insert(0, str(Path(__file__).parent))

import map_servers  # noqa: E402
import processes  # noqa: E402

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"

ogr.UseExceptions()

CONTEXT = QgsCoordinateTransformContext()
SQUARE = "POLYGON((34 -15, 34.1 -15, 34.1 -14.9, 34 -14.9, 34 -15))"
# On the ellipsoid of WGS 84, by pyproj's Geod.
SQUARE_HA = 11903.03
MALAWI = Path("/work/shared/data/malawi/WDPA_202105_MWI.geojson")

TEXT, NUMBER, WHOLE, FLAG = ogr.OFTString, ogr.OFTReal, ogr.OFTInteger, "flag"
CURRENT = {
    "SitRecID": (WHOLE, 33177),
    "NatName": (TEXT, "Phiri la Mulanje"),
    "IntName": (TEXT, "Mount Mulanje"),
    "Country": (TEXT, "Malawi"),
    "ISO3": (TEXT, "MWI"),
    "Region": (TEXT, "Africa"),
    "SitLat": (NUMBER, -15.9),
    "SitLong": (NUMBER, 35.6),
    "SitAreaKM2": (NUMBER, 576.5),
    "Source": (TEXT, "Somebody"),
    "LastUpdate": (TEXT, "2019"),
    "LegacyKba": (WHOLE, 0),
    "AzeStatus": (TEXT, "confirmed"),
    "IbaStatus": (TEXT, "confirmed"),
    "KbaStatus": (TEXT, "confirmed"),
    "KbaClass": (TEXT, "Global"),
}
OLDER = {
    "SitRecID": (NUMBER, 33177.0),
    "IntName": (TEXT, "Mount Mulanje"),
    "NatName": (TEXT, "Phiri la Mulanje"),
    "Country": (TEXT, "Malawi"),
    "ISO3": (TEXT, "MWI"),
    "SitArea": (NUMBER, 57650.0),
    "kba_qual": (TEXT, "Global"),
    "deltxt": (TEXT, ""),
    "gisarea": (NUMBER, 57000.0),
    "azestatus": (TEXT, "confirmed"),
}
IBAT = {
    "site_record_id": (WHOLE, 33177),
    "international_name": (TEXT, "Mount Mulanje"),
    "native_name": (TEXT, "Phiri la Mulanje"),
    "country": (TEXT, "Malawi"),
    "country_iso3": (TEXT, "MWI"),
    "aze_status": (FLAG, 1),
    "site_area": (NUMBER, 57650.0),
}


def changed(schema, **values):
    return {name: (kind, values.get(name, value)) for name, (kind, value) in schema.items()}


def without(schema, *names):
    return {name: value for name, value in schema.items() if name not in names}


def upper(schema):
    return {name.upper(): value for name, value in schema.items()}


# name: (schema, what differs from Mount Mulanje)
SCHEMAS = {
    "current": (CURRENT, {}),
    "current, no AZE site": (changed(CURRENT, AzeStatus=None), {"aze": "none"}),
    "current, empty text": (changed(CURRENT, AzeStatus=""), {"aze": "none"}),
    "current, de-listed": (changed(CURRENT, AzeStatus="de-listed"), {"aze": "de_listed"}),
    "current, upper case": (upper(CURRENT), {}),
    "current, no area stated": (changed(CURRENT, SitAreaKM2=0.0), {"area_ha": SQUARE_HA}),
    "high seas": (
        changed(CURRENT, ISO3="---", Country="High Seas"),
        {"iso3": "---", "country": "High Seas", "special": "high_seas"},
    ),
    "disputed": (
        changed(CURRENT, ISO3="", Country="Disputed"),
        {"iso3": "", "country": "Disputed", "special": "disputed"},
    ),
    "no international name": (changed(CURRENT, IntName=None), {"name": "Phiri la Mulanje"}),
    "older": (OLDER, {}),
    "older, de-listed": (changed(OLDER, azestatus="de-listed"), {"aze": "de_listed"}),
    "older, only the GIS area": (without(OLDER, "SitArea"), {"area_ha": 57000.0}),
    "older, no AZE field": (without(OLDER, "azestatus"), {"aze": "unknown"}),
    "IBAT": (IBAT, {"kba": ""}),
    "IBAT, no AZE site": (changed(IBAT, aze_status=0), {"aze": "none", "kba": ""}),
    "IBAT, upper case": (upper(IBAT), {"kba": ""}),
    "IBAT, words for the flag": (
        {**IBAT, "aze_status": (TEXT, "True")},
        {"kba": ""},
    ),
}


def write(path, driver, schema, wkt=SQUARE, layer="sites"):
    """A file with one site; a flag is a real boolean where the format has them, else a number."""
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(4326)
    srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    options = ["ENCODING=UTF-8"] if driver == "ESRI Shapefile" else []
    dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    made = dataset.CreateLayer(layer, srs, ogr.wkbMultiPolygon if driver != "GeoJSON" else ogr.wkbUnknown, options)
    # A shapefile cuts names, and says so.
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    for name, (kind, _) in schema.items():
        field = ogr.FieldDefn(name, WHOLE if kind == FLAG else kind)
        if kind == FLAG and driver != "ESRI Shapefile":
            field.SetSubType(ogr.OFSTBoolean)
        made.CreateField(field)
    gdal.PopErrorHandler()
    feature = ogr.Feature(made.GetLayerDefn())
    for n, (_, value) in enumerate(schema.values()):
        if value is None:
            feature.SetFieldNull(n)
        else:
            feature.SetField(n, value)
    shape = ogr.CreateGeometryFromWkt(wkt)
    feature.SetGeometry(ogr.ForceToMultiPolygon(shape))
    made.CreateFeature(feature)
    return str(path)


FORMATS = {
    "shapefile": ("ESRI Shapefile", "sites.shp"),
    "GeoPackage": ("GPKG", "sites.gpkg"),
    "GeoJSON": ("GeoJSON", "sites.geojson"),
}


def rows_of(layer, snapshot=Snapshot):
    return read_rows(snapshot(layer), layer.id(), CONTEXT, Progress())


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas(name, kind, tmp_path):
    schema, differs = SCHEMAS[name]
    driver, file = FORMATS[kind]
    layer = QgsVectorLayer(write(tmp_path / file, driver, schema), "sites", "ogr")
    assert layer.isValid()
    (row,) = rows_of(layer)
    expected = {
        "site_id": "33177",
        "name": "Mount Mulanje",
        "native_name": "Phiri la Mulanje",
        "country": "Malawi",
        "iso3": "MWI",
        "special": "",
        "aze": "confirmed",
        "kba": "confirmed" if any(n.lower() == "kbastatus" for n in schema) else "Global",
        "area_ha": 57650.0,
        "is_circle": False,
        **differs,
    }
    found = {member: getattr(row, member) for member in expected}
    assert found.pop("area_ha") == pytest.approx(expected.pop("area_ha"), rel=1e-5)
    assert found == expected
    assert row.area_measured == (differs.get("area_ha") == SQUARE_HA)
    assert row.extent == pytest.approx((34, -15, 34.1, -14.9))
    # The check and the cover know the site by the same id and name.
    (site,) = candidates.read_sites(layer, CONTEXT, Progress())
    (covered,) = protection.read_sites(layer, CONTEXT, Progress())
    assert (site.site_id, site.name) == (row.site_id, row.name) == (covered.site_id, covered.name)
    assert covered.iso3 == row.iso3
    (slowly,) = rows_of(layer, LayerSnapshot)
    assert (slowly.site_id, slowly.aze, slowly.area_ha) == (row.site_id, row.aze, pytest.approx(row.area_ha))


def test_a_circle_is_known_to_the_list_the_check_and_the_cover(tmp_path):
    circle = QgsGeometry.fromPointXY(QgsPointXY(34, 0)).buffer(1000 / 111_319.5, 24).asWkt(12)
    path = write(tmp_path / "sites.gpkg", "GPKG", CURRENT, circle)
    layer = QgsVectorLayer(path, "sites", "ogr")
    assert [row.is_circle for row in rows_of(layer)] == [True]
    assert [site.is_circle for site in candidates.read_sites(layer, CONTEXT, Progress())] == [True]
    parks = QgsVectorLayer(str(SAMPLE / "protected_areas.gpkg") + "|layername=polygons", "parks", "ogr")
    measured = protection.measure_cover(
        protection.read_sites(layer, CONTEXT, Progress()), [parks] if parks.isValid() else [], rules(), CONTEXT
    )
    assert [cover.cover_class for cover in measured.covers] == ["not_assessed"]
    assert measured.covers[0].both_pct is None


def rules():
    return protection.default_rules()


def test_trigger_species_of_a_field_and_of_a_table(tmp_path):
    schema = {**CURRENT, "TrigSpp": (TEXT, "Azea alba (CR); Botania rubra [EN]")}
    layer = QgsVectorLayer(write(tmp_path / "sites.gpkg", "GPKG", schema), "sites", "ogr")
    (row,) = rows_of(layer)
    assert row.triggers == ("Azea alba", "Botania rubra")
    table = tmp_path / "triggers.csv"
    table.write_text("SitRecID,scientific_name\n33177,Cetea nigra\n5,Dendra viva\n")
    told = read_table(LayerSnapshot(QgsVectorLayer(str(table), "t", "ogr")))
    (row,) = read_rows(Snapshot(layer), layer.id(), CONTEXT, Progress(), told)
    assert row.triggers == ("Cetea nigra",)


def test_zeros_before_an_id_that_a_table_of_numbers_has_lost(tmp_path):
    schema = {**CURRENT, "SitRecID": (TEXT, "007")}
    layer = QgsVectorLayer(write(tmp_path / "sites.gpkg", "GPKG", schema), "sites", "ogr")
    table = tmp_path / "triggers.csv"
    table.write_text("SitRecID,scientific_name\n007,Cetea nigra\n08,Dendra viva\n")
    as_numbers = QgsVectorLayer(f"file://{table}?detectTypes=yes", "t", "delimitedtext")
    as_text = QgsVectorLayer(f"file://{table}?detectTypes=no", "t", "delimitedtext")
    for source, stranger in ((as_numbers, "8"), (as_text, "08")):
        (row,) = read_rows(Snapshot(layer), layer.id(), CONTEXT, Progress(), read_table(LayerSnapshot(source)))
        assert row.site_id == "007" and row.triggers == ("Cetea nigra",)
        told_of = known(LayerSnapshot(layer), LayerSnapshot(source))
        assert [t.scientific_name for t in told_of.of("007")] == ["Cetea nigra"]
        assert told_of.strangers == (stranger,)


# ------------------------------------------------------------------------------------------------------- servers


@pytest.fixture(autouse=True, scope="module")
def collected(qgis_app):
    """Layers that tracebacks hold go before QGIS does."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The sample's sites, and where there are data of a real country its 54 protected areas with a site round some."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(SAMPLE / "sites.gpkg", folder / "sites.gpkg")
    found = {"sites": str(folder / "sites.gpkg")}
    if MALAWI.exists():
        shutil.copy(MALAWI, folder / "malawi.geojson")
        found["malawi"] = str(folder / "malawi.geojson")
        found["mulanje"] = write(
            folder / "mulanje.gpkg",
            "GPKG",
            CURRENT,
            "POLYGON((35.4 -16.1, 35.8 -16.1, 35.8 -15.8, 35.4 -15.8, 35.4 -16.1))",
            "mulanje",
        )
    return found


@pytest.fixture(scope="module")
def wfs(files, tmp_path_factory):
    if map_servers.why_no_wfs():
        pytest.skip(map_servers.why_no_wfs())
    with map_servers.MapServer(tmp_path_factory.mktemp("wfs"), files) as server:
        yield server


@pytest.fixture(scope="module")
def postgis(files):
    if map_servers.why_no_postgis():
        pytest.skip(map_servers.why_no_postgis())
    with map_servers.PostGis() as server:
        for name, path in files.items():
            server.load(path, name)
        yield server


@pytest.fixture(scope="module")
def koop(files, tmp_path_factory):
    try:
        with map_servers.FeatureService(tmp_path_factory.mktemp("koop"), files) as server:
            yield server
    except processes.Missing as missing:
        pytest.skip(str(missing))


def over_arcgis(server, name):
    """As the dialog for services opens it."""
    given = (servers.ARCGIS, server.address(name), "", network.Credentials(), network.network_settings(), Progress())
    (offered,) = servers.offered(*given)
    return QgsVectorLayer(offered.uri, name, offered.provider)


def over_wfs(server, name, version="2.0.0", **more):
    uri = QgsDataSourceUri()
    given = {"url": f"{server.url}/", "typename": name, "version": version, "srsname": "EPSG:4326", **more}
    for key, value in given.items():
        uri.setParam(key, value)
    return QgsVectorLayer(uri.uri(False), name, "WFS")


def over_oapif(server, name):
    uri = QgsDataSourceUri()
    # Pages of ten: 54 areas come in six.
    for key, value in {"url": f"{server.url}/wfs3", "typename": name, "pageSize": "10"}.items():
        uri.setParam(key, value)
    return QgsVectorLayer(uri.uri(False), name, "OAPIF")


SOURCES = {
    "WFS by rectangles": lambda request, name: over_wfs(
        request.getfixturevalue("wfs"), name, "1.1.0", restrictToRequestBBOX="1"
    ),
    "WFS 1.0.0": lambda request, name: over_wfs(request.getfixturevalue("wfs"), name, "1.0.0"),
    "WFS 1.1.0": lambda request, name: over_wfs(request.getfixturevalue("wfs"), name, "1.1.0"),
    "WFS 2.0.0": lambda request, name: over_wfs(request.getfixturevalue("wfs"), name),
    "OGC API": lambda request, name: over_oapif(request.getfixturevalue("wfs"), name),
    "ArcGIS REST": lambda request, name: over_arcgis(request.getfixturevalue("koop"), name),
    "PostGIS": lambda request, name: QgsVectorLayer(request.getfixturevalue("postgis").uri(name), name, "postgres"),
}


def told(row):
    return (row.site_id, row.name, row.native_name, row.country, row.iso3, row.aze, row.is_circle)


@pytest.mark.parametrize("source", SOURCES)
def test_sites_from_servers_read_as_from_the_file(source, request, files):
    layer = SOURCES[source](request, "sites")
    assert layer.isValid()
    here = sorted(rows_of(QgsVectorLayer(files["sites"], "sites", "ogr")), key=lambda row: row.site_id)
    there = sorted(rows_of(layer), key=lambda row: row.site_id)
    assert [told(row) for row in there] == [told(row) for row in here]
    for one, other in zip(there, here):
        assert one.area_ha == pytest.approx(other.area_ha)
        # In the right order of axes.
        assert one.extent == pytest.approx(other.extent, abs=1e-6 if source == "OGC API" else 1e-9)


@pytest.mark.parametrize("source", SOURCES)
def test_cover_over_servers_equals_that_of_files(source, request, files):
    if "malawi" not in files:
        pytest.skip("the protected areas of Malawi are not here")

    def measured(site, areas):
        sites = protection.read_sites(site, CONTEXT, Progress())
        result = protection.measure_cover(sites, [areas], rules(), CONTEXT)
        (cover,) = result.covers
        return result, cover

    areas = SOURCES[source](request, "malawi")
    result, there = measured(SOURCES[source](request, "mulanje"), areas)
    from_file, here = measured(
        QgsVectorLayer(files["mulanje"], "mulanje", "ogr"), QgsVectorLayer(files["malawi"], "malawi", "ogr")
    )
    assert result.counted == from_file.counted > 40
    # As OGC API – Features this server writes coordinates with six decimals.
    tolerance = 1e-4 if source == "OGC API" else 1e-6
    assert there.pa_pct == pytest.approx(here.pa_pct, abs=tolerance)
    assert there.both_pct == pytest.approx(here.both_pct, abs=tolerance)
    assert 10 < here.both_pct < 100
    assert [a.area.name for a in there.areas] == [a.area.name for a in here.areas]


@pytest.mark.parametrize("source", ["WFS 2.0.0", "WFS by rectangles", "ArcGIS REST", "PostGIS"])
def test_a_check_against_sites_of_a_server_equals_that_of_the_file(
    source, request, run, sample_library, files, tmp_path
):
    documents = {}
    for name, sites in (("there", SOURCES[source](request, "sites")), ("here", files["sites"])):
        output = tmp_path / f"{name}.json"
        run(
            "checkboundary",
            BOUNDARY=str(SAMPLE / "candidates.gpkg"),
            LIBRARY=sample_library,
            SITES=sites,
            OUTPUT=str(output),
        )
        documents[name] = json.loads(output.read_text())

    def findings(name):
        found = []
        for one in documents[name]["assessments"]:
            for finding in one["criteria"]["discreteness"]["findings"]:
                area = finding["params"].get("overlap_m2")
                found.append((one["name"], finding["code"], None if area is None else round(area, 1)))
        return found

    assert findings("there") == findings("here")
    assert any(code.endswith(("overlaps_site", "same_as_site", "updates_site")) for _, code, _ in findings("here"))


def served(folder, name):
    """A server of its own, to be stopped."""
    if map_servers.why_no_wfs():
        pytest.skip(map_servers.why_no_wfs())
    folder.mkdir(exist_ok=True)
    shutil.copy(SAMPLE / "sites.gpkg", folder / "sites.gpkg")
    return map_servers.MapServer(folder, {name: str(folder / "sites.gpkg")})


def test_a_server_that_stopped_is_never_a_layer_without_sites(tmp_path):
    with served(tmp_path / "server", "sites") as server:
        layer = over_wfs(server, "sites", "1.1.0")
        whole = over_wfs(server, "sites", "1.1.0", restrictToRequestBBOX="1")
        assert layer.isValid() and layer.featureCount() > 0 and whole.featureCount() > 0
        server.stop()
        with pytest.raises(AzeError) as raised:
            rows_of(layer)
        assert raised.value.code == "layer.incomplete"
        near = candidates.Candidate("Near", None, 0.0)
        with pytest.raises(AzeError) as raised:
            candidates.read_sites(LayerSnapshot(whole), CONTEXT, Progress(), [near])
        assert raised.value.code == "layer.incomplete"


def test_a_feature_service_that_stopped_is_never_a_layer_without_sites(koop, files, tmp_path):
    with map_servers.FeatureService(tmp_path, {"sites": files["sites"]}, most=2) as server:
        layer = over_arcgis(server, "sites")
        assert layer.isValid() and layer.featureCount() == 4
        server.stop()
        with pytest.raises(AzeError) as raised:
            rows_of(layer)
        assert raised.value.code == "layer.incomplete"


def test_a_table_of_trigger_species_that_stopped_is_never_an_empty_one(tmp_path):
    with served(tmp_path / "server", "sites") as server:
        layer = over_wfs(server, "sites", "1.1.0")
        snapshot = LayerSnapshot(layer)
        server.stop()
        with pytest.raises(AzeError) as raised:
            known(snapshot)
        assert raised.value.code == "layer.incomplete"


def test_what_lies_near_is_found_whatever_order_of_axes_the_server_takes(tmp_path):
    """Of a site of the file by its name, through a layer that asks by rectangles."""
    from aze_plugin.gui import layers, places

    own = QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr")
    wanted = next(own.getFeatures())
    with served(tmp_path / "server", "sites") as server:
        for version in ("1.1.0", "2.0.0"):
            layer = over_wfs(server, "sites", version, restrictToRequestBBOX="1")
            assert layer.featureCount() == own.featureCount()
            site_id, name = str(wanted["SitRecID"]), wanted["IntName"]
            found = places.site([layer], site_id, name, wanted.geometry(), QgsProject.instance())
            assert found is not None
            assert found.area() == pytest.approx(wanted.geometry().area(), rel=1e-6)
            corner = wanted.geometry().boundingBox()
            near = [f["IntName"] for f in layers.near(layer, corner, QgsProject.instance())]
            assert near == [f["IntName"] for f in own.getFeatures(corner)]


def test_curves_in_which_nothing_is_bent_are_read_as_they_were_drawn():
    """A square whose outline is a curve by name, as ArcGIS services send it."""
    for crs, wkt in (("EPSG:4326", SQUARE), ("EPSG:32736", "Polygon((0 0, 9000 0, 9000 9000, 0 9000, 0 0))")):
        made = {}
        for name in ("Polygon", "CurvePolygon"):
            layer = QgsVectorLayer(f"{name}?crs={crs}", "made", "memory")
            shape = QgsGeometry.fromWkt(wkt)
            if name == "CurvePolygon":
                shape = QgsGeometry(shape.constGet().toCurveType())
                assert shape.wkbType() == Qgis.WkbType.CurvePolygon
            feature = QgsFeature(layer.fields())
            feature.setGeometry(shape)
            layer.dataProvider().addFeatures([feature])
            (made[name],) = read_drawn(layer, [], CONTEXT, Progress()).prepared().geometries
        assert made["CurvePolygon"] is not None
        assert made["CurvePolygon"].equals(made["Polygon"])


def test_a_database_that_stopped_is_never_a_layer_without_sites():
    if map_servers.why_no_postgis():
        pytest.skip(map_servers.why_no_postgis())
    with map_servers.PostGis() as server:
        server.load(str(SAMPLE / "sites.gpkg"), "sites")
        layer = QgsVectorLayer(server.uri("sites"), "sites", "postgres")
        assert layer.featureCount() > 0
        snapshot = LayerSnapshot(layer)
        server.stop()
        with pytest.raises(AzeError) as raised:
            read_rows(snapshot, layer.id(), CONTEXT, Progress())
        assert raised.value.code == "layer.incomplete"


def test_a_memory_layer_needs_no_server():
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=IntName:string", "made", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["Made"])
    feature.setGeometry(QgsGeometry.fromWkt(SQUARE))
    layer.dataProvider().addFeatures([feature])
    (row,) = rows_of(layer)
    assert (row.name, row.aze, row.area_measured) == ("Made", "unknown", True)
    assert row.area_ha == pytest.approx(SQUARE_HA, rel=1e-5)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"kind": "update_site", "update": {"site_id": "7", "site_name": "Old Cape"}}, ("7", "Old Cape")),
        ({"kind": "update_site", "site": {"sitrecid": "7"}}, ("7", "")),
        ({"kind": "update_site"}, ("", "")),
        ({"kind": "new_site", "site": {"sitrecid": "7"}}, ("", "")),
    ],
)
def test_a_nomination_says_which_site_its_candidate_updates(details, expected):
    found = candidates.with_update(candidates.Candidate("New", None, 0.0), details)
    assert (found.updates_id, found.updates_site) == expected
    told = candidates.Candidate("New", None, 0.0, updates_id="9")
    assert candidates.with_update(told, details) is told
