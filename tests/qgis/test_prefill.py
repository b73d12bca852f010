"""What is filled into a nomination from the project: country, altitude, habitats, and the site that is updated."""

import json

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from aze_plugin.domain import geometry
from aze_plugin.domain import nomination as nominations
from aze_plugin.domain.candidate import Candidate, ExistingSite
from aze_plugin.domain.errors import AzeError
from aze_plugin.services import prefill
from aze_plugin.services.layers import LayerSnapshot
from aze_plugin.services.terrain import Terrain
from aze_plugin.services.triggers import Trigger, Triggers

CONTEXT = QgsCoordinateTransformContext()


def shape(wkt):
    """A lon/lat WKT as the domain has boundaries."""
    wkb = bytes(QgsGeometry.fromWkt(wkt).asWkb())
    return geometry.prepare(geometry.from_wkb([wkb])).geometries[0]


def candidate(wkt):
    return Candidate("Site", shape(wkt), 1.0)


def polygons(rows, fields="field=ISO3:string&field=COUNTRY:string&field=NAME:string"):
    """A layer of rows of WKT and attributes."""
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:4326&{fields}", "countries", "memory")
    features = []
    for wkt, *attributes in rows:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes(attributes)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return LayerSnapshot(layer)


def box(west, south, east, north):
    return f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"


# ------------------------------------------------------------------------------------------------------- country


@pytest.fixture
def countries():
    return polygons(
        [
            (box(0, 0, 10, 10), "AAA", "Aland", "x"),
            (box(10, 0, 20, 10), "BBB", "Beland", "x"),
            (box(10, 0, 20, 1), "BBB", "Beland", "another row"),
        ]
    )


def project(near, **layers):
    return prefill.Layers(**layers).read(near, CONTEXT)


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (box(1, 1, 2, 2), (("Aland", "AAA"),)),
        (box(9, 1, 13, 2), (("Beland", "BBB"), ("Aland", "AAA"))),
        (box(9.9995, 1, 11, 2), (("Beland", "BBB"),)),
        (box(30, 1, 31, 2), ()),
        (box(19, 9, 21, 11), (("Beland", "BBB"),)),
    ],
)
def test_the_country_is_told_by_the_ground(qgis_app, countries, site, expected):
    """The one with more of the site first; slivers under a thousandth do not count; at sea there is none."""
    near = candidate(site)
    found = prefill.countries_of(near.geometry, project(near, countries=[countries]))
    assert found == expected


def test_without_countries_sites_and_protected_areas_tell_theirs(qgis_app):
    near = candidate(box(1, 1, 2, 2))
    sites = polygons([(box(1, 1, 1.5, 2), "AAA", "Aland", "Site One")])
    areas = polygons([(box(1.2, 1, 2, 2), "AAA", "", "Park"), (box(5, 5, 6, 6), "CCC", "", "Far Park")])
    assert prefill.countries_of(near.geometry, project(near, sites=[sites], protected=[areas])) == (("Aland", "AAA"),)
    # Two on the same spot that say different things tell nothing, nor does one that names two countries.
    for other in ("BBB", "AAA;BBB"):
        both = polygons([(box(1, 1, 1.5, 2), "AAA", "", "P"), (box(1.2, 1, 2, 2), other, "", "Q")])
        assert prefill.countries_of(near.geometry, project(near, protected=[both])) == ()


def test_the_map_of_the_world_counts_only_far_from_its_borders(qgis_app):
    world = prefill.world_map()
    inland, coast = candidate(box(-55, -10, -54, -9)), candidate(box(-70.5, -10, -54, -9))
    assert [name for name, _ in prefill.countries_of(inland.geometry, project(inland, world=world))] == ["Brazil"]
    assert prefill.countries_of(coast.geometry, project(coast, world=world)) == ()
    sea = candidate(box(-30, 0, -29, 1))
    assert prefill.countries_of(sea.geometry, project(sea, world=world)) == ()


def test_a_site_across_180_degrees_has_a_country(qgis_app):
    land = polygons([(box(170, -20, 180, -10), "FJX", "Isles", "x"), (box(-180, -20, -170, -10), "FJX", "Isles", "x")])
    near = Candidate("Site", shape("POLYGON((179 -15,181 -15,181 -14,179 -14,179 -15))"), 1.0, crossing=True)
    assert prefill.countries_of(near.geometry, project(near, countries=[land])) == (("Isles", "FJX"),)


# ------------------------------------------------------------------------------------------------------ altitude


def raster(path, values, west, north, cell, epsg=4326, nodata=None, unit="", scale=None, offset=None, south_up=False):
    """A GeoTIFF of float32 values, first row in the north."""
    rows, columns = values.shape
    made = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, gdal.GDT_Float32)
    if south_up:
        values = values[::-1]
        made.SetGeoTransform((west, cell, 0, north - rows * cell, 0, cell))
    else:
        made.SetGeoTransform((west, cell, 0, north, 0, -cell))
    system = osr.SpatialReference()
    system.ImportFromEPSG(epsg)
    made.SetProjection(system.ExportToWkt())
    band = made.GetRasterBand(1)
    if nodata is not None:
        band.SetNoDataValue(nodata)
    if unit:
        band.SetUnitType(unit)
    if scale is not None:
        band.SetScale(scale)
        band.SetOffset(offset)
    band.WriteArray(values.astype(np.float32))
    band = made = None
    return QgsRasterLayer(str(path), "terrain")


def heights(rows=60, columns=80):
    chance = np.random.default_rng(7)
    return np.round(chance.uniform(-20, 2600, (rows, columns)), 1)


SITE = "POLYGON((10.113 45.207,10.391 45.243,10.347 45.511,10.207 45.389,10.061 45.461,10.113 45.207))"


def test_altitudes_are_those_of_every_cell_that_the_site_touches(qgis_app, tmp_path):
    exactextract = pytest.importorskip("exactextract")
    import geopandas
    import shapely

    layer = raster(tmp_path / "dem.tif", heights(), 10.0, 45.6, 0.01)
    found = Terrain.from_layer(layer).altitudes(shape(SITE))
    frame = geopandas.GeoDataFrame(geometry=[shapely.from_wkt(SITE)], crs=4326)
    truth = exactextract.exact_extract(str(tmp_path / "dem.tif"), frame, ["min", "max"])[0]["properties"]
    assert (found.lowest_m, found.highest_m) == pytest.approx((truth["min"], truth["max"]))
    assert found.known_share == 1 and found.are_sound
    flipped = raster(tmp_path / "south_up.tif", heights(), 10.0, 45.6, 0.01, south_up=True)
    assert Terrain.from_layer(flipped).altitudes(shape(SITE)) == found


def test_altitudes_are_read_strip_by_strip(qgis_app, tmp_path, monkeypatch):
    from aze_plugin.services import landcover

    layer = raster(tmp_path / "dem.tif", heights(), 10.0, 45.6, 0.01)
    whole = Terrain.from_layer(layer).altitudes(shape(SITE))
    monkeypatch.setattr(landcover, "_STRIP_CELLS", 90)
    strips = Terrain.from_layer(layer).altitudes(shape(SITE))
    assert (strips.lowest_m, strips.highest_m) == (whole.lowest_m, whole.highest_m)
    assert strips.known_share == pytest.approx(whole.known_share)


def test_feet_and_scaled_values_become_metres(qgis_app, tmp_path):
    values = np.full((60, 80), 1000.0)
    feet = Terrain.from_layer(raster(tmp_path / "feet.tif", values, 10.0, 45.6, 0.01, unit="ft"))
    assert feet.altitudes(shape(SITE)).lowest_m == pytest.approx(304.8)
    scaled = Terrain.from_layer(raster(tmp_path / "scaled.tif", values, 10.0, 45.6, 0.01, scale=0.1, offset=-5.0))
    assert scaled.altitudes(shape(SITE)).highest_m == pytest.approx(95.0)


def test_what_is_not_known_of_a_site_is_not_made_up(qgis_app, tmp_path):
    """Half of the site beyond the raster, or without values: its highest place may lie there."""
    half = Terrain.from_layer(raster(tmp_path / "half.tif", heights(60, 20), 10.0, 45.6, 0.01)).altitudes(shape(SITE))
    assert 0 < half.known_share < 0.9 and not half.are_sound
    holes = heights()
    holes[20:30, 10:30] = -9999
    patchy = Terrain.from_layer(raster(tmp_path / "patchy.tif", holes, 10.0, 45.6, 0.01, nodata=-9999))
    assert patchy.altitudes(shape(SITE)).lowest_m >= -20 and not patchy.altitudes(shape(SITE)).are_sound
    away = Terrain.from_layer(raster(tmp_path / "away.tif", heights(), 60.0, 45.6, 0.01))
    assert away.altitudes(shape(SITE)) is None
    near = candidate(SITE)
    empty = {"criteria": {"discreteness": {"evidence": {}}}}
    for terrain in (patchy, away):
        known = prefill.known({}, near, empty, None, prefill.Project(terrain=terrain))
        assert known.altitudes_m is None


def test_a_terrain_model_in_metres_of_a_zone_is_read_as_well(qgis_app, tmp_path):
    """UTM 32N: the least and the greatest cell lie wholly inside the site."""
    values = np.full((200, 200), 500.0)
    values[100, 90], values[100, 60] = 12.0, 2222.0
    layer = raster(tmp_path / "utm.tif", values, 590000.0, 5035000.0, 200.0, epsg=32632)
    found = Terrain.from_layer(layer).altitudes(shape(SITE))
    assert (found.lowest_m, found.highest_m) == (12.0, 2222.0)


# ------------------------------------------------------------------------------------------------------ habitats


def landcover(classes, source="Land cover 2020", **more):
    found = {
        "source": source,
        "classes": [{"value": v, "name": n, "inside": i, "ring": 0.0} for v, n, i in classes],
        "no_data_inside": 0.0,
        **more,
    }
    return {"criteria": {"discreteness": {"evidence": {"landcover": found}}}}


def test_classes_become_habitats_by_their_names(qgis_app):
    classes = [
        (1, "Cloud forest", 0.4),
        (2, "Lowland Forest", 0.21),
        (3, "Scrub and grassland", 0.2),
        (4, "Mangroves", 0.1),
        (5, "Open water", 0.05),
        (6, "Cropland", 0.04),
    ]
    reading = prefill.habitats_of(landcover(classes))
    assert [(h.habitat, h.level_2, h.cover_percent) for h in reading.habitats] == [
        ("1. Forest", "", 61.0),
        ("1. Forest", "1.7 Subtropical/tropical mangrove vegetation above high tide level", 10.0),
        ("14. Artificial - terrestrial", "14.1 Arable land", 4.0),
    ]
    assert reading.habitats[0].detail == "Cloud forest, Lowland Forest"
    # Scrub and grass are two habitats, and water can be a lake or the sea.
    assert reading.unread == (("Scrub and grassland", 20.0), ("Open water", 5.0))


def test_known_products_are_read_by_their_values(qgis_app):
    classes = [(10, "10", 0.7), (95, "95", 0.1), (80, "80", 0.1), (40, "40", 0.1)]
    reading = prefill.habitats_of(landcover(classes, source="ESA_WorldCover_10m_2021_v200_N03W060_Map"))
    assert [(h.level_2 or h.habitat, h.cover_percent) for h in reading.habitats] == [
        ("1. Forest", 70.0),
        ("1.7 Subtropical/tropical mangrove vegetation above high tide level", 10.0),
        ("14.1 Arable land", 10.0),
    ]
    assert reading.unread == (("80", 10.0),)


def test_habitats_are_shares_of_the_whole_site_and_never_more(qgis_app):
    """A tenth of the site is not known, and thirds are not rounded up."""
    thirds = [(1, "Forest", 1 / 3), (2, "Bog", 1 / 3), (3, "Rock", 1 / 3)]
    covers = [h.cover_percent for h in prefill.habitats_of(landcover(thirds, no_data_inside=0.1)).habitats]
    assert covers == [30.0, 30.0, 30.0]
    covers = [h.cover_percent for h in prefill.habitats_of(landcover(thirds)).habitats]
    assert sum(covers) <= 100 and covers == [33.3, 33.3, 33.3]
    assert prefill.habitats_of({"criteria": {"discreteness": {}}}) == prefill.Reading()


@pytest.fixture
def own_crosswalk(qgis_app, tmp_path, monkeypatch):
    monkeypatch.setattr(QgsApplication, "qgisSettingsDirPath", staticmethod(lambda: str(tmp_path)))
    file = tmp_path / "aze" / "vocabularies" / "landcover_habitats.json"
    file.parent.mkdir(parents=True)
    return file


def test_the_users_own_reading_of_classes_counts(own_crosswalk):
    own = {"schema": "aze-crosswalk/1", "words": [{"words": ["campo"], "habitat": "2.1"}]}
    own_crosswalk.write_text(json.dumps(own), encoding="utf-8")
    reading = prefill.habitats_of(landcover([(1, "Campo limpo", 0.9), (2, "Forest", 0.1)]))
    assert [(h.habitat, h.level_2) for h in reading.habitats] == [("2. Savanna", "2.1 Dry savanna")]
    assert reading.unread == (("Forest", 10.0),)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema": "aze-crosswalk/1", "words": [{"words": "forest", "habitat": "1"}]}',
        '{"schema": "aze-crosswalk/1", "words": [{"words": ["forest"], "habitat": "1.77"}]}',
        '{"schema": "aze-crosswalk/1", "words": 5}',
        '{"schema": "aze-crosswalk/1", "products": [{"match": ["x"], "values": [1]}]}',
        '{"schema": "aze-crosswalk/1", "products": [{"match": ["x"], "values": {"1": ["1"]}}]}',
    ],
)
def test_an_own_reading_that_is_none_is_said_with_its_file(own_crosswalk, content):
    own_crosswalk.write_text(content, encoding="utf-8")
    with pytest.raises(AzeError) as caught:
        prefill.habitats_of(landcover([(1, "Forest", 1.0)]))
    assert caught.value.code == "crosswalk.unreadable"
    assert caught.value.params["file"] == str(own_crosswalk)


# -------------------------------------------------------------------------------------------------- updated site


UPDATE = {"kind": "update_site", "site": {"sitrecid": "98001"}}


def test_an_update_is_compared_with_the_site_of_its_number(qgis_app):
    """The new boundary takes in a third as much again in the east, and leaves out a tenth in the west."""
    near = candidate(box(10.1, 0, 11.5, 1))
    sites = [
        ExistingSite("98001", "Old Site", shape(box(10, 0, 11, 1))),
        ExistingSite("98002", "Other", shape(box(10, 0, 12, 1))),
    ]
    former = Triggers({"98001": (Trigger("Azea alba"), Trigger("Azea nigra"))}, {"98001": "table"})
    found = prefill.updated_site(UPDATE, near, sites, prefill.Project(triggers=former, site_dataset="sites"))
    assert (found.site_id, found.name, found.dataset) == ("98001", "Old Site", "sites")
    assert found.former == ("Azea alba", "Azea nigra") and found.basis == "table"
    # One degree by one at the equator: 12,308.78 km² less a little by its side's curve.
    assert found.before_ha == pytest.approx(1_230_877, rel=2e-4)
    assert found.gained_ha == pytest.approx(found.before_ha / 2, rel=1e-3)
    assert found.lost_ha == pytest.approx(found.before_ha / 10, rel=1e-3)


def test_a_site_that_is_only_a_place_has_no_area_to_compare(qgis_app):
    circle = QgsGeometry.fromWkt("POINT(0 0)").buffer(1000, 32)
    metres = geometry.from_wkb([bytes(circle.asWkb())])[0]
    site = ExistingSite("98001", "Parva Islet", metres, is_circle=True)
    found = prefill.updated_site(UPDATE, candidate(box(0, 0, 0.1, 0.1)), [site], prefill.Project())
    assert found.before_ha is None and found.former is None


def test_what_the_library_finds_today_is_not_what_made_it_a_site_then(qgis_app):
    """Species that were computed are no record of the former ones."""
    site = ExistingSite("98001", "Old", shape(box(10, 0, 11, 1)))
    computed = Triggers({"98001": (Trigger("Azea alba"),)}, {"98001": "library"})
    found = prefill.updated_site(UPDATE, candidate(box(10, 0, 11, 1)), [site], prefill.Project(triggers=computed))
    assert found.former is None


@pytest.mark.parametrize(
    "details",
    [
        {"kind": "new_site", "site": {"sitrecid": "98001"}},
        {"kind": "update_site", "site": {"sitrecid": "98077"}},
        {"kind": "update_site"},
    ],
)
def test_what_updates_nothing_known_is_compared_with_nothing(qgis_app, details):
    site = ExistingSite("98001", "Old", shape(box(10, 0, 11, 1)))
    assert prefill.updated_site(details, candidate(box(10, 0, 11, 1)), [site], prefill.Project()) is None


def test_everything_known_is_filled_in_and_can_be_checked_against(qgis_app, countries):
    near = candidate(box(1, 1, 2, 2))
    known = prefill.known({}, near, landcover([(1, "Forest", 1.0)]), None, project(near, countries=[countries]))
    assert known == nominations.Known(
        countries=(("Aland", "AAA"),),
        habitats=(nominations.Habitat("1. Forest", "", 100.0, "Forest"),),
        systems=known.systems,
    )
    assert known.systems["marine"] == ["9", "10", "11", "12", "13"]
