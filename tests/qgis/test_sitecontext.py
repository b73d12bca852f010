"""``aze:sitecontext`` against exactextract and geopandas, on odd rasters and odd layers."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsVectorLayer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import geopandas
    import shapely
    from exactextract import exact_extract
    from pyproj import Transformer

ROOT = Path(__file__).resolve().parents[2]
MALAWI = ROOT.parent / "shared" / "data" / "malawi" / "WDPA_202105_MWI.geojson"
COLUMNS = (
    "site_id", "site", "layer", "band", "statistic", "class", "class_name", "value", "unit", "min", "max",
    "layer_value", "ratio", "data_pct", "names", "note",
)  # fmt: skip


def blob(rng, x, y, size, count=24):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radius = size * rng.uniform(0.5, 1, count)
    return shapely.Polygon(np.column_stack((x + radius * np.cos(angle), y + radius * np.sin(angle))))


def layer(shapes, fields="SitRecID:int IntName:string", rows=None, crs="EPSG:4326", kind="MultiPolygon"):
    made = QgsVectorLayer(f"{kind}?crs={crs}&" + "&".join(f"field={f}" for f in fields.split()), "drawn", "memory")
    for n, shape in enumerate(shapes):
        feature = QgsFeature(made.fields())
        feature.setAttributes(list(rows[n]) if rows else [n + 1, f"Site {n + 1}"])
        if shape is not None:
            geometry = QgsGeometry.fromWkt(shape.wkt)
            geometry.convertToMultiType()
            feature.setGeometry(geometry)
        assert made.dataProvider().addFeature(feature)
    return made


def raster(path, values, west, north, dx, dy, epsg=4326, nodata=None, kind=None, names=None):
    """A GeoTIFF of one band, or of several from an array of three axes."""
    bands = values if values.ndim == 3 else values[None]
    kind = kind or {"u": gdal.GDT_Byte, "i": gdal.GDT_Int16, "f": gdal.GDT_Float32}[values.dtype.kind]
    made = gdal.GetDriverByName("GTiff").Create(str(path), bands.shape[2], bands.shape[1], len(bands), kind)
    made.SetGeoTransform((west, dx, 0, north, 0, dy))
    system = osr.SpatialReference()
    system.ImportFromEPSG(epsg)
    made.SetProjection(system.ExportToWkt())
    for n, band in enumerate(bands, 1):
        if nodata is not None:
            made.GetRasterBand(n).SetNoDataValue(nodata)
        made.GetRasterBand(n).WriteArray(band)
    if names:
        made.GetRasterBand(1).SetCategoryNames(names)
    made = None
    return str(path)


@pytest.fixture
def describe(run, tmp_path):
    def runner(sites, **parameters):
        summary = tmp_path / "context.json"
        results = run(
            "sitecontext",
            **{"SITES": sites, "OUTPUT": "memory:", "SUMMARY": str(summary), "LAYER": "memory:", **parameters},
        )
        output = results["_context"].getMapLayer(results["OUTPUT"])
        results["rows"] = [{c: None if repr(f[c]) == "NULL" else f[c] for c in COLUMNS} for f in output.getFeatures()]
        results["json"] = json.loads(summary.read_text(encoding="utf-8"))
        return results

    return runner


def cell_sizes(rows, north, dy):
    """True sizes of a degree raster's cells but for a factor: those of latitude bands on the ellipsoid."""
    e = np.sqrt(0.00669437999014)
    s = np.sin(np.radians(north + dy * np.arange(rows + 1)))
    q = s / (1 - (e * s) ** 2) + np.arctanh(e * s) / e
    return np.abs(np.diff(q))


def test_means_are_exact_and_weighted_by_area(describe, tmp_path):
    rng = np.random.default_rng(1)
    values = rng.uniform(0, 50, (240, 300)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = -9999
    path = raster(tmp_path / "footprint.tif", values, 20, 60, 0.1, -0.1, nodata=-9999)
    sizes = np.repeat(cell_sizes(240, 60, -0.1)[:, None], 300, 1)
    weights = raster(tmp_path / "sizes.tif", sizes, 20, 60, 0.1, -0.1, kind=gdal.GDT_Float64)
    shapes = [blob(rng, x, y, 1.5) for x, y in rng.uniform((24, 40), (46, 56), (12, 2))]
    frame = geopandas.GeoDataFrame({"n": range(12)}, geometry=shapes, crs=4326)
    told = exact_extract(path, frame, ["weighted_mean", "min", "max"], weights=weights, output="pandas")
    covered = exact_extract(path, frame, "weighted_sum", weights=weights, output="pandas")
    assert len(covered) == 12
    found = describe(layer(shapes), RASTERS=[path])
    assert [r["site"] for r in found["rows"]] == [f"Site {n + 1}" for n in range(12)]
    known = values != -9999
    whole = (values.astype(float) * sizes)[known].sum() / sizes[known].sum()
    for n, row in enumerate(found["rows"]):
        assert (row["statistic"], row["unit"], row["layer"]) == ("mean", None, "footprint")
        assert row["value"] == pytest.approx(told["weighted_mean"][n], rel=1e-6)
        assert (row["min"], row["max"]) == (pytest.approx(told["min"][n]), pytest.approx(told["max"][n]))
        assert row["layer_value"] == pytest.approx(whole, rel=1e-6)
        assert row["ratio"] == pytest.approx(told["weighted_mean"][n] / whole, rel=1e-6)
        assert 80 < row["data_pct"] < 99
    (summary,) = found["json"]["layers"]
    assert summary["across_sites"]["mean"] == pytest.approx(told["weighted_mean"].mean(), rel=1e-6)
    wide = found["_context"].getMapLayer(found["LAYER"])
    assert {"footprint_mean", "footprint_ratio"} <= {f.name() for f in wide.fields()}


def test_columns_of_a_shapefile_can_be_told_apart(describe, tmp_path):
    grid = (9, 51, 0.5, -0.5)
    years = [raster(tmp_path / f"human_footprint_{y}.tif", np.full((4, 4), y / 1000), *grid) for y in (1993, 2009)]
    cover = raster(tmp_path / "land_cover_of_the_world.tif", np.full((4, 4), 7, dtype="u1"), *grid)
    zones = layer([shapely.box(9, 49, 10, 51)], "name:string", [["Zone"]])
    found = describe(
        layer([shapely.box(9.5, 49.5, 10.5, 50.5)]),
        RASTERS=[*years, cover],
        POLYGONS=[zones],
        LAYER=str(tmp_path / "sites.shp"),
    )
    written = geopandas.read_file(tmp_path / "sites.shp").iloc[0]
    assert (written["l1_mean"], written["l2_mean"]) == (pytest.approx(1.993), pytest.approx(2.009))
    assert (written["l3_top"], written["l3_toppct"]) == ("7", pytest.approx(100))
    assert written["l4_pct"] == pytest.approx(50, abs=0.1)
    told = " ".join(found["_feedback"].messages)
    assert "l2_… human_footprint_2009" in told and "l3_… land_cover_of_the_world" in told


def test_a_field_of_names_that_no_layer_has_is_said(describe):
    zones = layer([shapely.box(9, 49, 10, 51)], "name:string", [["Zone"]])
    with pytest.raises(ValueError, match="no field “zone_id”"):
        describe(layer([shapely.box(9.5, 49.5, 10.5, 50.5)]), POLYGONS=[zones], NAME_FIELD="zone_id")


def test_projected_and_south_up_rasters_agree(describe, tmp_path):
    rng = np.random.default_rng(2)
    values = rng.uniform(0, 9, (200, 200))
    shapes = [blob(rng, x, y, 0.3) for x, y in rng.uniform((10.4, 49.0), (11.6, 50.6), (6, 2))]
    # An equal-area system, in which exactextract's plain mean is the weighted one.
    laea = raster(tmp_path / "laea.tif", values, 4300000, 3100000, 1500, -1500, 3035, kind=gdal.GDT_Float64)
    to = Transformer.from_crs(4326, 3035, always_xy=True)
    moved = [
        shapely.transform(shapely.segmentize(s, 0.005), lambda c: np.column_stack(to.transform(*c.T))) for s in shapes
    ]
    frame = geopandas.GeoDataFrame({"n": range(6)}, geometry=moved, crs=3035)
    told = exact_extract(laea, frame, "mean", output="pandas")["mean"]
    for row, expected in zip(describe(layer(shapes), RASTERS=[laea])["rows"], told):
        assert row["value"] == pytest.approx(expected, rel=2e-5)
        assert row["layer_value"] == pytest.approx(values.mean(), rel=1e-6)
    down = raster(tmp_path / "down.tif", values, 10, 51, 0.01, -0.01, kind=gdal.GDT_Float64)
    up = raster(tmp_path / "up.tif", values[::-1], 10, 49, 0.01, 0.01, kind=gdal.GDT_Float64)
    one, other = (describe(layer(shapes), RASTERS=[p])["rows"] for p in (down, up))
    for a, b in zip(one, other):
        assert a["value"] == pytest.approx(b["value"], rel=1e-12)
        assert a["layer_value"] == pytest.approx(b["layer_value"], rel=1e-12)


def test_classes_against_the_whole(describe, tmp_path):
    rng = np.random.default_rng(3)
    values = rng.integers(1, 6, (100, 100)).astype(np.uint8)
    values[:, 50:] = 7
    path = raster(tmp_path / "cover.tif", values, 0, 10, 0.1, -0.1, nodata=0, names=["", "Forest", "Grass"])
    shapes = [shapely.box(1.03, 1.07, 4.2, 4.9), shapely.box(4.5, 5, 5.5, 6)]
    found = describe(layer(shapes), RASTERS=[path])
    frame = geopandas.GeoDataFrame({"n": [0, 1]}, geometry=shapes, crs=4326)
    sizes = raster(
        tmp_path / "s.tif",
        np.repeat(cell_sizes(100, 10, -0.1)[:, None], 100, 1),
        0,
        10,
        0.1,
        -0.1,
        kind=gdal.GDT_Float64,
    )
    told = exact_extract(path, frame, ["unique", "weighted_frac"], weights=sizes, output="pandas")
    row_sizes = np.repeat(cell_sizes(100, 10, -0.1)[:, None], 100, 1)
    for n in (0, 1):
        expected = dict(zip(told["unique"][n].tolist(), told["weighted_frac"][n].tolist()))
        rows = [r for r in found["rows"] if r["site"] == f"Site {n + 1}"]
        assert {r["class"] for r in rows} == set(expected)
        for r in rows:
            assert (r["statistic"], r["unit"]) == ("class_share", "%")
            assert r["value"] == pytest.approx(100 * expected[r["class"]], rel=1e-6)
            whole = 100 * row_sizes[values == r["class"]].sum() / row_sizes.sum()
            assert r["layer_value"] == pytest.approx(whole, rel=1e-6)
        assert sum(r["value"] for r in rows) == pytest.approx(100)
        assert rows[0]["value"] == max(r["value"] for r in rows)
    assert {r["class_name"] for r in found["rows"]} == {"Forest", "Grass", "3", "4", "5", "7"}


def test_what_a_raster_holds_is_told_and_can_be_overruled(describe, tmp_path):
    rng = np.random.default_rng(4)
    steps = raster(tmp_path / "steps.tif", (np.arange(10000) % 51).reshape(100, 100).astype(np.uint8), 0, 10, 0.1, -0.1)
    few = raster(tmp_path / "few.tif", rng.integers(0, 9, (100, 100)).astype(np.uint8), 0, 10, 0.1, -0.1)
    sites = layer([shapely.box(1, 1, 2, 2)])
    kinds = [x["kind"] for x in describe(sites, RASTERS=[steps, few])["json"]["layers"]]
    assert kinds == ["measures", "classes"]
    assert [x["kind"] for x in describe(sites, RASTERS=[steps, few], KIND=1)["json"]["layers"]] == ["measures"] * 2
    assert [x["kind"] for x in describe(sites, RASTERS=[steps, few], KIND=2)["json"]["layers"]] == ["classes"] * 2
    quick = describe(sites, RASTERS=[steps, few], COMPARE=False)
    assert [x["kind"] for x in quick["json"]["layers"]] == ["measures", "classes"]
    assert all(r["layer_value"] is None and r["ratio"] is None for r in quick["rows"])


def test_no_data_is_not_nothing(describe, tmp_path):
    values = np.full((100, 100), 5.0, dtype=np.float32)
    values[:, 50:] = -1
    path = raster(tmp_path / "half.tif", values, 0, 10, 0.1, -0.1, nodata=-1)
    shapes = [shapely.box(6, 1, 7, 2), shapely.box(4.5, 5, 5.5, 6), shapely.box(50, 50, 51, 51), None]
    rows = describe(layer(shapes), RASTERS=[path])["rows"]
    assert [r["value"] for r in rows] == [None, pytest.approx(5), None, None]
    assert [r["data_pct"] for r in rows] == [0, pytest.approx(50, rel=1e-6), 0, None]
    assert rows[0]["note"] != rows[2]["note"] and all(rows[n]["note"] for n in (0, 2, 3)) and rows[1]["note"] is None
    assert all(r["ratio"] is None for n, r in enumerate(rows) if n != 1)


def test_several_bands_scale_and_rasters_from_0_to_360(describe, tmp_path):
    values = np.stack([np.full((18, 36), 10, dtype=np.int16), np.arange(648, dtype=np.int16).reshape(18, 36)])
    path = raster(tmp_path / "world.tif", values, 0, 90, 10, -10)
    opened = gdal.Open(path, gdal.GA_Update)
    opened.GetRasterBand(2).SetScale(0.5)
    opened.GetRasterBand(2).SetOffset(1)
    opened = None
    west = shapely.box(-15, 1, -11, 4)
    astride = shapely.box(175, 1, 185, 4)
    found = describe(layer([west, astride]), RASTERS=[path], KIND=1)["rows"]
    assert [(r["band"], r["value"]) for r in found if r["band"] == 1] == [
        (1, pytest.approx(10)),
        (1, pytest.approx(10)),
    ]
    second = [r["value"] for r in found if r["band"] == 2]
    # Column 34 holds −20…−10, columns 17 and 18 lie on both sides of 180°; row 8 is 0…10 north.
    assert second == [pytest.approx((8 * 36 + 34) / 2 + 1), pytest.approx((8 * 36 + 17.5) / 2 + 1)]


def test_shares_in_polygons_against_geopandas(describe, tmp_path):
    rng = np.random.default_rng(6)
    sites = [blob(rng, x, y, 0.5) for x, y in rng.uniform((0, 0), (10, 8), (15, 2))]
    areas = [blob(rng, x, y, 1.2) for x, y in rng.uniform((0, 0), (10, 8), (12, 2))]
    hotspots = layer(areas, "NAME:string", [(f"Region {n % 5}",) for n in range(12)])
    land = layer([shapely.box(-1, -1, 11, 9), shapely.box(20, 0, 21, 1)], "name:string", [("A",), ("B",)])
    found = describe(layer(sites), POLYGONS=[hotspots], LAND=land)
    to = Transformer.from_crs(4326, 6933, always_xy=True)
    flat = [
        [shapely.transform(s, lambda c: np.column_stack(to.transform(*c.T))) for s in lot] for lot in (sites, areas)
    ]
    union = shapely.union_all(flat[1])
    ground = shapely.union_all(
        [
            shapely.transform(s, lambda c: np.column_stack(to.transform(*c.T)))
            for s in (shapely.box(-1, -1, 11, 9), shapely.box(20, 0, 21, 1))
        ]
    )
    expected = 100 * union.intersection(ground).area / ground.area
    met = 0
    for n, row in enumerate(found["rows"]):
        share = 100 * flat[0][n].intersection(union).area / flat[0][n].area
        assert row["statistic"] == "area_share" and row["value"] == pytest.approx(share, abs=1e-6)
        assert row["layer_value"] == pytest.approx(expected, rel=1e-6)
        names = {f"Region {k % 5}" for k, a in enumerate(flat[1]) if a.intersection(flat[0][n]).area > 1}
        told = {part.split(" (")[0] for part in row["names"].split("; ")} if row["names"] else set()
        assert told == names
        met += bool(names)
    assert found["json"]["layers"][0]["sites_meeting"] == met > 0
    alone = describe(layer(sites), POLYGONS=[hotspots])
    assert all(r["layer_value"] is None and r["ratio"] is None for r in alone["rows"])
    assert alone["json"]["layers"][0]["basis"] == "none"


def test_what_cannot_be_used_is_refused_in_words(describe, run, tmp_path):
    sites = layer([shapely.box(1, 1, 2, 2)])
    with pytest.raises(ValueError, match="at least one"):
        describe(sites)
    with pytest.raises(ValueError, match="no.tif"):
        describe(sites, RASTERS=[str(tmp_path / "no.tif")])
    points = layer([shapely.Point(1, 1)], kind="MultiPoint")
    with pytest.raises(QgsProcessingException, match="no polygons"):
        run("sitecontext", SITES=sites, OUTPUT="memory:", POLYGONS=[points])
    noise = np.random.default_rng(1).uniform(0, 1, (100, 100)).astype(np.float32)
    path = raster(tmp_path / "noise.tif", noise, 0, 10, 0.1, -0.1)
    with pytest.raises(QgsProcessingException, match="measurements"):
        describe(sites, RASTERS=[path], KIND=2)


def test_cells_larger_than_the_sites_are_known_whole_or_not_at_all(describe, tmp_path):
    # Cells of 20 degrees: their northern halves are much smaller than their southern ones.
    values = np.array([[1.0, 2.0], [3.0, -9.0]], dtype="f4")
    path = raster(tmp_path / "coarse.tif", values, 0, 60, 20, -20, nodata=-9)
    inside, unknown, half = shapely.box(5, 55, 6, 56), shapely.box(25, 25, 26, 26), shapely.box(19.5, 30, 20.5, 31)
    beyond = shapely.box(-0.5, 55, 0.5, 56)
    rows = describe(layer([inside, unknown, half, beyond]), RASTERS=[path], COMPARE=False)["rows"]
    assert [row["value"] for row in rows] == [1.0, None, 3.0, 1.0]
    assert rows[0]["data_pct"] == pytest.approx(100) and rows[1]["data_pct"] == 0
    assert rows[2]["data_pct"] == pytest.approx(50, rel=1e-6) and rows[3]["data_pct"] == pytest.approx(50, rel=1e-6)


@pytest.mark.skipif(not MALAWI.exists(), reason="shared data is not here")
def test_real_areas_against_exactextract(describe, tmp_path):
    frame = geopandas.read_file(MALAWI)
    frame = frame[frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(4326)
    frame["geometry"] = frame.geometry.make_valid()
    frame = frame[["WDPAID", "NAME", "geometry"]].reset_index(drop=True)
    frame.to_file(tmp_path / "sites.gpkg", layer="sites")
    values = np.random.default_rng(8).uniform(0, 50, (900, 400)).astype(np.float32)
    path = raster(tmp_path / "footprint.tif", values, 32.5, -9, 0.01, -0.01)
    sizes = np.repeat(cell_sizes(900, -9, -0.01)[:, None], 400, 1)
    weights = raster(tmp_path / "sizes.tif", sizes, 32.5, -9, 0.01, -0.01, kind=gdal.GDT_Float64)
    told = exact_extract(path, frame, "weighted_mean", weights=weights, output="pandas")["weighted_mean"]
    found = describe(f"{tmp_path / 'sites.gpkg'}|layername=sites", RASTERS=[path])["rows"]
    assert len(found) == len(frame)
    for row, expected in zip(found, told):
        assert row["value"] == pytest.approx(expected, rel=1e-6)
