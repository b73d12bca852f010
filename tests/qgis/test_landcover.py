"""Land cover and mapped edges from real files: any reference system, any way of naming classes, the sample."""

import csv
import re
import threading
from pathlib import Path

import numpy as np
import pytest
import shapely
from osgeo import gdal
from pyproj import CRS, Geod, Transformer
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRasterRange,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import Candidate, Statement
from aze_plugin.domain.criteria import discreteness
from aze_plugin.domain.criteria.discreteness import Surroundings
from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress
from aze_plugin.services import edges, landcover, wording
from aze_plugin.services.checking import default_settings
from aze_plugin.services.landcover import Landcover

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
CONTEXT = QgsCoordinateTransformContext()


def prepared(shape):
    return geometry.prepare(geometry.wrap_longitudes(np.array([shape], dtype=object))).geometries[0]


def said(surroundings, about):
    """The one sentence that the criterion has about a subject."""
    candidate = Candidate("New", geometry.box(0, 0, 1000, 1000), 100.0)
    _, findings = discreteness.judge(candidate, [], {}, Statement("Why."), default_settings(), surroundings)
    (finding,) = (f for f in findings if about in f.code)
    return wording.text(finding.code, finding.params)


def write(path, values, placed, crs=4326, no_data=None, kind=gdal.GDT_Byte, categories=None):
    """A GeoTIFF of these values; ``placed``: GDAL's six numbers; ``crs``: code, PROJ text or None."""
    rows, columns = values.shape
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, kind, ["COMPRESS=DEFLATE"])
    dataset.SetGeoTransform(placed)
    if crs is not None:
        dataset.SetProjection(CRS.from_user_input(crs).to_wkt("WKT1_GDAL"))
    band = dataset.GetRasterBand(1)
    if no_data is not None:
        band.SetNoDataValue(no_data)
    if categories:
        band.SetCategoryNames(categories)
    band.WriteArray(values)
    dataset.FlushCache()
    return path


def halves(columns, rows, west, east, at):
    values = np.full((rows, columns), east)
    values[:, :at] = west
    return values


def by_value(found):
    return {c.value: (c.inside, c.ring) for c in found.classes}


# ------------------------------------------------------------------------------------------------- reference systems

# System, centre in degrees, size of a cell in its units.
SYSTEMS = {
    "degrees": (4326, 20.0, 45.0, 0.001),
    "degrees far north": (4326, 20.0, 69.0, 0.001),
    "UTM": (32634, 20.0, 45.0, 100.0),
    "equal area": (6933, 20.0, 45.0, 100.0),
    "Web Mercator": (3857, 20.0, 60.0, 200.0),
    "Mollweide": ("ESRI:54009", -60.0, -20.0, 100.0),
    "Lambert Europe": (3035, 20.0, 60.0, 100.0),
}


@pytest.mark.parametrize("south_up", [False, True])
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_mix_is_that_of_shapely_in_any_system(tmp_path, name, south_up):
    """West of a line along the raster's own columns is class 1, east of it class 2; cut with shapely in EPSG:6933."""
    crs, lon, lat, cell = SYSTEMS[name]
    to_own = Transformer.from_crs(CRS.from_epsg(4326), CRS.from_user_input(crs), always_xy=True)
    to_lonlat = Transformer.from_crs(CRS.from_user_input(crs), CRS.from_epsg(4326), always_xy=True)
    x, y = to_own.transform(lon, lat)
    size = 1000
    x0, y0 = x - size / 2 * cell, y + size / 2 * cell * (-1 if south_up else 1)
    path = tmp_path / "cover.tif"
    write(path, halves(size, size, 1, 2, 507), (x0, cell, 0, y0, 0, cell * (1 if south_up else -1)), crs)
    shape = shapely.Polygon(
        [(x + dx * cell, y + dy * cell) for dx, dy in [(-90.3, -70.1), (100.7, -80.5), (60.2, 95.9), (-20.4, 33.3)]]
    )
    boundary = prepared(
        shapely.transform(shapely.segmentize(shape, cell), lambda c: np.column_stack(to_lonlat.transform(*c.T)))
    )
    found = Landcover.from_path(path).compare(boundary)

    line = x0 + 507 * cell
    west = shapely.segmentize(shapely.box(line - 400 * cell, y - 400 * cell, line, y + 400 * cell), cell / 2)
    west = prepared(shapely.transform(west, lambda c: np.column_stack(to_lonlat.transform(*c.T))))
    ring, width = landcover.landcover.ring(boundary)
    for column, area in enumerate((boundary, ring)):
        expected = geometry.area(geometry.overlap(area, west)) / geometry.area(area)
        assert by_value(found)[1.0][column] == pytest.approx(expected, abs=2e-5)
        assert by_value(found)[2.0][column] == pytest.approx(1 - expected, abs=2e-5)
    assert found.ring_m == width and found.every[0] == 1 and found.reference.copies == 99


def test_a_rotated_raster_is_seen_upright(tmp_path):
    values = np.ones((400, 400), dtype=np.uint8)
    values[:, 200:] = 2
    # Turned by 90°: its columns run south, its rows east.
    write(tmp_path / "cover.tif", values, (10.0, 0, 0.001, 50.0, -0.001, 0))
    found = Landcover.from_path(tmp_path / "cover.tif").compare(prepared(shapely.box(10.18, 49.78, 10.22, 49.82)))
    assert by_value(found)[1.0][0] == pytest.approx(0.5, abs=0.02)
    slanted = (10.0, 0.0009, 0.0004, 50.0, 0.0004, -0.0009)
    write(tmp_path / "slanted.tif", values, slanted)
    beside = Landcover.from_path(tmp_path / "slanted.tif").compare(prepared(shapely.box(11, 49, 11.1, 49.1)))
    assert beside.not_assessed == "outside"


@pytest.mark.parametrize("first", [-180.0, 0.0])
def test_a_boundary_across_180_is_read_as_one(tmp_path, first):
    """A map of the world, from 180° west or from 0°: class 2 east of 180°."""
    values = np.ones((200, 3600), dtype=np.uint8)
    lon = first + (np.arange(3600) + 0.5) * 0.1
    values[:, (lon > 180) | (lon < 0)] = 2
    write(tmp_path / "cover.tif", values, (first, 0.1, 0, 10, 0, -0.1))
    found = Landcover.from_path(tmp_path / "cover.tif").compare(prepared(shapely.box(179.0, -2, 183.0, 2)))
    assert by_value(found)[1.0][0] == pytest.approx(0.25, abs=1e-9)
    assert found.no_data_inside == found.no_data_ring == 0 and found.reference.copies == 99


def test_across_180_in_projected_systems(tmp_path):
    """EPSG:6933 round the world goes on beyond its rim; Fiji's own grid has no rim there; Mollweide is torn apart."""
    half = geometry.HALF_WORLD
    world = halves(1735, 200, 2, 1, 867)
    write(tmp_path / "world.tif", world, (-half, 2 * half / 1735, 0, 2e6, 0, -20_000), 6933)
    shape = prepared(shapely.box(176.0, -4, 184.0, 4))
    found = Landcover.from_path(tmp_path / "world.tif").compare(shape)
    assert by_value(found)[1.0][0] == pytest.approx(0.5, abs=1e-6)

    to_fiji = Transformer.from_crs(4326, 3460, always_xy=True)
    x, y = to_fiji.transform(180.0, -17.0)
    write(tmp_path / "fiji.tif", halves(2000, 2000, 1, 2, 1000), (x - 1e5, 100, 0, y + 1e5, 0, -100), 3460)
    found = Landcover.from_path(tmp_path / "fiji.tif").compare(prepared(shapely.box(179.9, -17.1, 180.1, -16.9)))
    assert by_value(found)[1.0][0] == pytest.approx(0.5, abs=0.01) and not found.not_assessed

    write(tmp_path / "torn.tif", world, (-1.8e7, 20_000, 0, 2e6, 0, -20_000), "ESRI:54009")
    assert Landcover.from_path(tmp_path / "torn.tif").compare(shape).not_assessed == "seam"


def test_off_the_raster_is_outside_and_half_off_is_said(tmp_path):
    write(tmp_path / "cover.tif", halves(400, 400, 1, 2, 200), (10.0, 0.001, 0, 50.0, 0, -0.001))
    cover = Landcover.from_path(tmp_path / "cover.tif")
    assert cover.compare(prepared(shapely.box(30, 10, 30.1, 10.1))).not_assessed == "outside"
    found = cover.compare(prepared(shapely.box(9.96, 49.8, 10.04, 49.85)))
    assert found.not_assessed == "no_data_inside" and found.params["no_data_share"] == pytest.approx(0.5, abs=1e-6)
    assert cover.compare(prepared(shapely.box(10.0, 49.8, 10.04, 49.82))).not_assessed == "no_data_ring"
    assert cover.compare(prepared(shapely.box(10.2, 49.8, 10.202, 49.802))).not_assessed == "too_coarse"


# ------------------------------------------------------------------------------------------------------------ reading


def test_no_data_of_file_and_layer(tmp_path):
    values = halves(400, 400, 1, 2, 200)
    values[:190] = 0
    write(tmp_path / "cover.tif", values, (10.0, 0.001, 0, 50.0, 0, -0.001), no_data=0)
    shape = prepared(shapely.box(10.1, 49.79, 10.3, 49.82))
    assert Landcover.from_path(tmp_path / "cover.tif").compare(shape).no_data_inside == pytest.approx(1 / 3, abs=1e-3)
    layer = QgsRasterLayer(str(tmp_path / "cover.tif"), "cover")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(2, 2)])
    assert Landcover.from_layer(layer).compare(shape).no_data_inside == pytest.approx(2 / 3, abs=1e-3)


def test_a_large_raster_is_read_coarsely_and_that_is_said(tmp_path):
    rng = np.random.default_rng(1)
    values = rng.integers(1, 4, (150, 150)).astype(np.uint8).repeat(40, 0).repeat(40, 1)
    write(tmp_path / "cover.tif", values, (10.0, 1e-4, 0, 50.0, 0, -1e-4))
    shape = prepared(shapely.box(10.2, 49.6, 10.3, 49.7))
    cover = Landcover.from_path(tmp_path / "cover.tif")
    fine = cover.compare(shape)
    assert fine.every[0] == 1 and fine.every[1] > 1 and fine.as_json()["every"] == list(fine.every)
    rules = landcover.replace(landcover.default_rules(), max_cells=90_000, max_reference_cells=90_000)
    coarse = cover.compare(shape, rules)
    assert coarse.every[0] >= 4
    for value, shares in by_value(fine).items():
        assert by_value(coarse)[value] == pytest.approx(shares, abs=0.02)
    assert coarse.divergence == pytest.approx(fine.divergence, abs=0.005)


def test_coarse_reading_ignores_renditions_made_by_averaging(tmp_path):
    rng = np.random.default_rng(1)
    values = (rng.integers(0, 2, (3000, 3000)) * 8 + 1).astype(np.uint8)
    path = write(tmp_path / "cover.tif", values, (10.0, 1e-4, 0, 50.0, 0, -1e-4))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.BuildOverviews("AVERAGE", [2, 4, 8])
    dataset = None
    rules = landcover.replace(landcover.default_rules(), max_cells=30_000)
    found = Landcover.from_path(path).compare(prepared(shapely.box(10.1, 49.8, 10.15, 49.85)), rules)
    assert found.every[0] in range(2, 9) and set(by_value(found)) == {1.0, 9.0}


def test_whole_numbers_of_any_kind_are_classes(tmp_path):
    shape = prepared(shapely.box(10.1, 49.75, 10.25, 49.85))
    for kind, west, east in (
        (gdal.GDT_Int16, -5, 300),
        (gdal.GDT_UInt32, 7, 4_000_000_000),
        (gdal.GDT_Float32, 1.0, 2.5),
    ):
        write(tmp_path / "cover.tif", halves(400, 400, west, east, 200), (10.0, 0.001, 0, 50.0, 0, -0.001), kind=kind)
        found = by_value(Landcover.from_path(tmp_path / "cover.tif").compare(shape))
        assert found[float(west)][0] == pytest.approx(2 / 3) and found[float(east)][0] == pytest.approx(1 / 3)


def test_measurements_are_no_classes(tmp_path):
    heights = np.random.default_rng(1).normal(500, 100, (400, 400))
    write(tmp_path / "heights.tif", heights, (10.0, 0.001, 0, 50.0, 0, -0.001), kind=gdal.GDT_Float32)
    cover = Landcover.from_path(tmp_path / "heights.tif")
    with pytest.raises(AzeError, match="landcover.continuous") as refused:
        cover.compare(prepared(shapely.box(10.1, 49.75, 10.25, 49.85)))
    assert "heights.tif" in wording.text(refused.value.code, refused.value.params)


def test_what_is_no_raster_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "notes.tif").write_text("not a raster")
    write(tmp_path / "nowhere.tif", halves(4, 4, 1, 2, 2), (10.0, 0.001, 0, 50.0, 0, -0.001), crs=None)
    write(tmp_path / "good.tif", halves(4, 4, 1, 2, 2), (10.0, 0.001, 0, 50.0, 0, -0.001))
    for name, code in (("notes.tif", "unreadable"), ("missing.tif", "unreadable"), ("nowhere.tif", "no_crs")):
        with pytest.raises(AzeError, match=f"landcover.{code}") as refused:
            Landcover.from_path(tmp_path / name)
        assert name in wording.text(refused.value.code, refused.value.params)
    gone = Landcover.from_path(tmp_path / "good.tif")
    (tmp_path / "good.tif").unlink()
    with pytest.raises(AzeError, match="landcover.unreadable"):
        gone.compare(prepared(shapely.box(10.1, 49.75, 10.25, 49.85)))


def test_a_layers_own_reference_system_counts(tmp_path):
    write(tmp_path / "nowhere.tif", halves(400, 400, 1, 2, 200), (10.0, 0.001, 0, 50.0, 0, -0.001), crs=None)
    layer = QgsRasterLayer(str(tmp_path / "nowhere.tif"), "nowhere")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    found = Landcover.from_layer(layer).compare(prepared(shapely.box(10.15, 49.75, 10.25, 49.85)))
    assert by_value(found)[1.0][0] == pytest.approx(0.5)


def test_it_runs_in_another_thread_and_stops_when_asked(tmp_path):
    layer = QgsRasterLayer(str(SAMPLE / "landcover.tif"), "Land cover")
    cover, shape, found = Landcover.from_layer(layer), sample_candidates()["Cloudtop Ridge"], []
    thread = threading.Thread(target=lambda: found.append(cover.compare(shape)))
    thread.start()
    thread.join()
    assert found == [cover.compare(shape)]
    with pytest.raises(Cancelled):
        cover.compare(shape, progress=Progress(is_cancelled=lambda: True))


# ------------------------------------------------------------------------------------------------------------ legends


def test_names_of_classes_from_a_table_beside(tmp_path):
    path = write(tmp_path / "cover.tif", halves(400, 400, 1, 2, 200), (10.0, 0.001, 0, 50.0, 0, -0.001))
    (tmp_path / "cover_classes.csv").write_text("value;class;red;green;blue\n1;Bosque;0;128;255\nx;y\n2;;1;2;3\n")
    assert dict(Landcover.from_path(path).legend) == {1.0: ("Bosque", "#0080ff"), 2.0: ("", "#010203")}
    found = Landcover.from_path(path).compare(prepared(shapely.box(10.15, 49.75, 10.25, 49.85)))
    assert {c.name for c in found.classes} == {"Bosque", "2"}


def test_names_of_classes_from_the_file_and_from_the_layers_style(tmp_path):
    path = write(
        tmp_path / "cover.tif",
        halves(400, 400, 1, 2, 200),
        (10.0, 0.001, 0, 50.0, 0, -0.001),
        categories=["", "Woods", "Meadow"],
    )
    assert Landcover.from_path(path).legend[2.0][0] == "Meadow"
    table = gdal.RasterAttributeTable()
    table.CreateColumn("Value", gdal.GFT_Integer, gdal.GFU_MinMax)
    table.CreateColumn("Class", gdal.GFT_String, gdal.GFU_Name)
    table.SetRowCount(1)
    table.SetValueAsInt(0, 0, 2)
    table.SetValueAsString(0, 1, "Pasture")
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetDefaultRAT(table)
    dataset = None
    assert Landcover.from_path(path).legend[2.0][0] == "Pasture"
    layer = QgsRasterLayer(str(path), "cover")
    entry = QgsPalettedRasterRenderer.Class
    classes = [entry(1, QColor("#112233"), "1"), entry(2, QColor("#445566"), "Grazing")]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    legend = Landcover.from_layer(layer).legend
    assert legend[1.0] == ("Woods", "#112233") and legend[2.0] == ("Grazing", "#445566")


# ------------------------------------------------------------------------------------------------------------- sample


def sample_candidates():
    layer = QgsVectorLayer(f"{SAMPLE / 'candidates.gpkg'}|layername=candidates", "candidates")
    return {f["name"]: prepared(shapely.from_wkb(bytes(f.geometry().asWkb()))) for f in layer.getFeatures()}


def test_the_samples_candidates():
    cover = Landcover.from_layer(QgsRasterLayer(str(SAMPLE / "landcover.tif"), "Land cover"))
    found = {name: cover.compare(shape) for name, shape in sample_candidates().items()}
    assert {name for name, c in found.items() if c.differs} == {
        "Cloudtop Ridge",
        "Ember Crater",
        "Plumb Line Plateau",
        "Serrata Highlands",
    }
    assert not found["Windward Terraces"].not_assessed
    assert found["Dateline Wood"].not_assessed == "no_data_inside"
    assert found["Lone Swell Bank"].not_assessed == "outside"
    with (SAMPLE / "landcover_classes.csv").open(encoding="utf-8") as handle:
        names = {float(row["value"]): row["class"] for row in csv.DictReader(handle)}
    ridge = found["Cloudtop Ridge"]
    assert ridge.classes[0].name == "Cloud forest" and ridge.classes[0].inside > 0.9
    assert all(c.name == names[c.value] for c in ridge.classes)
    for comparison in found.values():
        message = said(Surroundings(landcover=comparison), "landcover")
        assert "discreteness." not in message and "{" not in message and "_" not in message


# -------------------------------------------------------------------------------------------------------------- edges


def layer_of(kind, crs, *wkts):
    layer = QgsVectorLayer(f"{kind}?crs={crs}", f"{kind} {crs}", "memory")
    for wkt in wkts:
        feature = QgsFeature()
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert layer.dataProvider().addFeature(feature)
    return layer


def test_edges_from_layers_of_any_system():
    boundary = prepared(shapely.box(10, 50, 10.1, 50.1))
    to_utm = Transformer.from_crs(4326, 32632, always_xy=True)
    south = shapely.LineString([(9.9 + k / 100, 50) for k in range(31)])
    layers = [
        layer_of(
            "LineString", "EPSG:32632", shapely.transform(south, lambda c: np.array(to_utm.transform(*c.T)).T).wkt
        ),
        layer_of("Polygon", "EPSG:4326", shapely.box(10.1, 50, 10.2, 50.1).wkt, None, shapely.box(60, 0, 61, 1).wkt),
        layer_of("MultiLineString", "EPSG:4326"),
    ]
    found = edges.measure_edges(boundary, [edges.EdgeLayer.of(layer) for layer in layers], CONTEXT)
    shares = dict(found.layers)
    # Along 50° north and along a meridian, by pyproj's geodesics (edges of a hundredth of a degree are straight).
    geod = Geod(ellps="WGS84")
    across = [geod.line_length([10, 10.1], [lat, lat]) for lat in (50, 50.1)]
    up = geod.line_length([10, 10], [50, 50.1])
    assert found.perimeter_m == pytest.approx(sum(across) + 2 * up, rel=1e-5)
    assert shares["LineString EPSG:32632"] == pytest.approx(across[0] / found.perimeter_m, abs=1e-4)
    assert shares["Polygon EPSG:4326"] == pytest.approx(up / found.perimeter_m, abs=1e-4)
    assert shares["MultiLineString EPSG:4326"] == 0
    assert found.share == pytest.approx((across[0] + up) / found.perimeter_m, abs=1e-4)


@pytest.mark.parametrize("east", [180.1, -179.9])
def test_edges_across_180_however_their_longitudes_run(east):
    boundary = prepared(shapely.box(179.9, -20.1, 180.1, -20))
    layer = layer_of("LineString", "EPSG:4326", f"LINESTRING(179.9 -20, {east} -20, {east} -20.1)")
    found = edges.measure_edges(boundary, [edges.EdgeLayer.of(layer)], CONTEXT)
    assert found.share == pytest.approx(0.5, abs=0.01)


def test_edges_are_read_from_where_the_boundary_is_only(monkeypatch):
    far = [f"LINESTRING({x} 0, {x + 1} 0)" for x in range(20, 60)]
    layer = layer_of("LineString", "EPSG:4326", *far, "LINESTRING(9 50, 11 50)")
    layer.dataProvider().createSpatialIndex()
    seen = []
    add = edges.EdgeMeter.add
    monkeypatch.setattr(
        edges.EdgeMeter, "add", lambda self, name, lonlat=(): (seen.extend(lonlat), add(self, name, np.array(lonlat)))
    )
    edges.measure_edges(prepared(shapely.box(10, 50, 10.1, 50.1)), [edges.EdgeLayer.of(layer)], CONTEXT)
    assert len(seen) == 1


def test_what_has_no_edges_is_refused_in_a_sentence():
    with pytest.raises(AzeError, match="edges.no_lines") as refused:
        edges.EdgeLayer.of(layer_of("Point", "EPSG:4326", "POINT(1 1)"))
    assert "Point EPSG:4326" in wording.text(refused.value.code, refused.value.params)
    boundary = prepared(shapely.box(10, 50, 10.1, 50.1))
    with pytest.raises(AzeError, match="edges.tolerance"):
        edges.measure_edges(boundary, [], CONTEXT, tolerance_m=0)


def test_measuring_edges_stops_when_asked():
    layer = edges.EdgeLayer.of(layer_of("LineString", "EPSG:4326", "LINESTRING(9 50, 11 50)"))
    with pytest.raises(Cancelled):
        edges.measure_edges(
            prepared(shapely.box(10, 50, 10.1, 50.1)), [layer], CONTEXT, progress=Progress(is_cancelled=lambda: True)
        )


def test_the_samples_edges_have_a_sentence():
    layers = [
        edges.EdgeLayer.of(QgsVectorLayer(f"{SAMPLE / file}.gpkg|layername={name}", name))
        for file, name in (("islands", "islands"), ("protected_areas", "polygons"), ("sites", "sites"))
    ]
    found = edges.measure_edges(sample_candidates()["Cloudtop Ridge"], layers, CONTEXT)
    assert 0 < found.share < 0.2 and dict(found.layers)["islands"] == 0
    message = said(Surroundings(edges=found), "edges")
    assert "islands, polygons, sites" in message and "50\u00a0m" in message


def test_every_code_has_its_sentence():
    root = SAMPLE.parents[1] / "aze_plugin"
    files = [root / "services" / "landcover.py", root / "services" / "edges.py"]
    files.append(root / "domain" / "criteria" / "discreteness.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r'"((?:landcover|edges|discreteness)\.[a-z_]+)"', text))
    assert len(used) > 15 and not used - set(wording._templates())
