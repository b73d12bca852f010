"""Protected areas read in bulk and feature by feature are the same, and bulk reading is left where it is not."""

import sqlite3

import geopandas
import numpy as np
import pytest
import shapely
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsVectorLayer,
    QgsVectorLayerJoinInfo,
)
from qgis.PyQt.QtCore import QMetaType

from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.progress import Progress
from aze_plugin.services import bulk, protection
from aze_plugin.services.layers import LayerSnapshot

CONTEXT = QgsCoordinateTransformContext()


def blob(rng, x, y, size, vertices=40):
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = size * rng.uniform(0.5, 1.0, vertices)
    return shapely.Polygon(np.column_stack((x + reach * np.cos(angle), y + reach * np.sin(angle))))


def shapes(rng, count):
    """Polygons near 20° E and across 180°, some of them broken, deep, empty or missing."""
    found = []
    for i in range(count):
        x, y = rng.uniform(19, 23), rng.uniform(-9, -6)
        shape = blob(rng, x, y, rng.uniform(0.05, 0.7))
        if i % 9 == 0:
            shape = shapely.Polygon([(x, y), (x + 0.5, y + 0.5), (x + 0.5, y), (x, y + 0.5)])
        elif i % 9 == 1:
            shape = shapely.force_3d(shape, 5.0)
        elif i % 9 == 2:
            shape = shapely.MultiPolygon([shape, blob(rng, x + 3, y, 0.3)])
        elif i % 9 == 3:
            shape = blob(rng, 180 + rng.normal(0, 0.3), -15, 0.5)
        elif i % 27 == 4:
            shape = None
        elif i % 27 == 13:
            shape = shapely.Polygon()
        elif i % 27 == 22:
            shape = shapely.Polygon([(x, y), (x + 1, y), (x, y)])
        found.append(shape)
    return found


def frame(rng, geometries):
    count = len(geometries)
    return geopandas.GeoDataFrame(
        {
            "WDPAID": rng.integers(1, count, count).astype(float),
            "NAME": [f"Área «{i}»" if i % 5 else None for i in range(count)],
            "PA_DEF": rng.choice(["0", "1"], count),
            "DESIG_ENG": rng.choice(["Park", "UNESCO-MAB Biosphere Reserve"], count, p=[0.9, 0.1]),
            "IUCN_CAT": rng.choice(["Ia", "II", "VI", "Not Reported"], count),
            "GOV_TYPE": rng.choice(["Local communities", "Joint governance"], count),
            "STATUS": rng.choice(["Designated", "Proposed", "Established", "Odd"], count),
            "STATUS_YR": rng.choice([0, 1950, 1990, 2010], count),
            "REP_AREA": rng.uniform(0, 900, count),
            "ISO3": rng.choice(["AAA", "AAA;BBB", "BBB"], count),
            "geometry": geometries,
        },
        crs="EPSG:4326",
    )


@pytest.fixture
def files(provider, tmp_path):
    rng = np.random.default_rng(77)
    path = tmp_path / "protected #1 100%?.gpkg"
    polygons = frame(rng, shapes(rng, 120))
    points = frame(rng, [shapely.MultiPoint(rng.uniform((19, -9), (23, -6), (1 + i % 3, 2))) for i in range(30)])
    polygons.to_file(path, layer="polygons", engine="pyogrio", geometry_type="Unknown")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'MULTIPOLYGON', z = 2")
    points.to_file(path, layer="points", engine="pyogrio")
    return path


@pytest.fixture
def sites():
    rng = np.random.default_rng(78)
    outlines = [blob(rng, rng.uniform(19, 23), rng.uniform(-9, -6), rng.uniform(0.2, 0.8)) for _ in range(14)]
    made = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string&field=ISO3:string", "sites", "memory")
    for n, outline in enumerate([*outlines, blob(rng, 180, -15, 0.8)]):
        feature = QgsFeature(made.fields())
        feature.setAttributes([f"S{n}", "AAA"])
        feature.setGeometry(QgsGeometry.fromWkt(outline.wkt))
        made.dataProvider().addFeature(feature)
    return protection.read_sites(made, CONTEXT, Progress())


def opened(path, name="polygons"):
    layer = QgsVectorLayer(f"{path}|layername={name}" if name else str(path), name or "layer", "ogr")
    assert layer.isValid()
    return layer


def both_ways(sites, *layers, **choices):
    """The summaries by bulk reading and feature by feature."""
    rules = protection.default_rules().with_choices(circles=True, years=True, draws=50, **choices)
    documents = [
        protection.measure_cover(sites, [kind(layer) for layer in layers], rules, CONTEXT, gaps=True).as_json()
        for kind in (bulk.Snapshot, LayerSnapshot)
    ]
    assert documents[0]["counted"] > 0
    return documents


def in_bulk(layer):
    return bulk.Snapshot(layer)._package is not None


def test_a_geopackage_of_polygons_and_points_is_read_alike(files, sites):
    polygons, points = opened(files), opened(files, "points")
    assert in_bulk(polygons) and in_bulk(points)
    fast, slow = both_ways(sites, polygons, points)
    assert fast == slow
    assert {e["reason"] for e in fast["excluded"]} >= {"mab_reserve", "status_proposed", "status_other", "no_geometry"}
    assert fast["repaired"] > 3 and any(0 < s["both_pct"] < 100 for s in fast["sites"])
    across = fast["sites"][-1]
    assert across["both_pct"] > 10 and "Área" in str(fast)
    assert both_ways(sites, polygons, points, match_country=True)[0] != fast


def test_edits_filters_joins_and_computed_fields_are_seen(files, sites):
    plain, _ = both_ways(sites, opened(files))
    edited = opened(files)
    assert edited.startEditing()
    first = next(f for f in edited.getFeatures() if f["STATUS"] == "Designated" and f["DESIG_ENG"] == "Park")
    edited.changeGeometry(first.id(), QgsGeometry.fromWkt("MultiPolygon(((15 -12,27 -12,27 -3,15 -3,15 -12)))"))
    assert not in_bulk(edited)
    fast, slow = both_ways(sites, edited)
    assert fast == slow and fast["sites"][0]["both_pct"] == 100 != plain["sites"][0]["both_pct"]
    edited.rollBack()
    assert in_bulk(edited)

    filtered = opened(files)
    assert filtered.setSubsetString("\"IUCN_CAT\" = 'II'")
    assert not in_bulk(filtered)
    fast, slow = both_ways(sites, filtered)
    assert fast == slow and fast["counted"] < plain["counted"]

    computed = opened(files)
    computed.addExpressionField("1999", QgsField("SITE_ID", QMetaType.Type.Int))
    fast, slow = both_ways(sites, computed)
    assert fast == slow and fast["sites"] != plain["sites"]

    joined, table = opened(files), opened(files, "points")
    info = QgsVectorLayerJoinInfo()
    info.setJoinLayer(table)
    info.setJoinFieldName("fid")
    info.setTargetFieldName("fid")
    info.setPrefix("")
    info.setUsingMemoryCache(True)
    joined.addJoin(info)
    fast, slow = both_ways(sites, joined)
    assert fast == slow


def test_other_reference_systems_and_providers_go_feature_by_feature(files, sites, tmp_path):
    plain, _ = both_ways(sites, opened(files))
    memory = opened(files).materialize(_everything())
    assert not in_bulk(memory)
    fast, slow = both_ways(sites, memory)
    assert fast == slow
    assert [s["both_pct"] for s in fast["sites"]] == pytest.approx([s["both_pct"] for s in plain["sites"]], abs=1e-6)

    world = geopandas.read_file(files, layer="polygons")
    world = world[~(world.geometry.isna() | world.geometry.is_empty) & (world.geometry.bounds.maxx < 100)]
    world.to_file(tmp_path / "plain.gpkg", layer="polygons")
    world.to_crs("EPSG:3857").to_file(tmp_path / "mercator.gpkg", layer="polygons")
    flat, mercator = opened(tmp_path / "plain.gpkg"), opened(tmp_path / "mercator.gpkg")
    assert in_bulk(flat) and not in_bulk(mercator)
    ours, (fast, slow) = both_ways(sites, flat)[0], both_ways(sites, mercator)
    assert fast == slow
    assert [s["both_pct"] for s in fast["sites"]] == pytest.approx([s["both_pct"] for s in ours["sites"]], abs=1e-4)

    claimed = opened(tmp_path / "plain.gpkg")
    claimed.setCrs(QgsCoordinateReferenceSystem("EPSG:4269"))
    assert not in_bulk(claimed)


def _everything():
    from qgis.core import QgsFeatureRequest

    return QgsFeatureRequest()


def test_shapefiles_are_read_alike(files, sites, tmp_path):
    world = geopandas.read_file(files, layer="polygons")
    world = world[~(world.geometry.isna() | world.geometry.is_empty)]
    world["geometry"] = shapely.force_2d(world.geometry.array)
    world.to_file(tmp_path / "WDPA shp 1.shp", encoding="utf-8")
    fast, slow = both_ways(sites, opened(tmp_path / "WDPA shp 1.shp", None))
    assert fast == slow and "Área" in str(fast)


def test_a_file_of_one_layer_needs_no_name_and_one_of_several_does(files, sites, tmp_path):
    geopandas.read_file(files, layer="points").to_file(tmp_path / "single.gpkg", layer="only")
    assert in_bulk(opened(tmp_path / "single.gpkg", None))
    assert not in_bulk(opened(files, None))


def test_a_file_that_breaks_while_it_is_read_is_named(files, sites):
    snapshot = bulk.Snapshot(opened(files))
    with sqlite3.connect(files) as database:
        database.execute("DROP TABLE polygons")
    with pytest.raises(AzeError, match="layer.unreadable"):
        list(snapshot.tables(["NAME"], CONTEXT, Progress()))


def test_a_spool_gives_back_what_was_put_in_whether_in_memory_or_on_disk(monkeypatch):
    monkeypatch.setattr(bulk, "_IN_MEMORY", 1000)
    blobs = [bytes([n]) * n for n in range(200)]
    with bulk.Spool() as spool:
        for n, blob in enumerate(blobs):
            spool.put(blob)
            assert spool.get([n]) == [blob]
        assert spool.get([150, 3, 0, 199]) == [blobs[150], blobs[3], b"", blobs[199]]
