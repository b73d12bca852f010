"""Area-of-habitat rasters into a library, and what of them lies inside a boundary, against exactextract."""

import csv
import gzip
import shutil
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from habitat_files import found, load, metres, only, patchy, write
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal
from ranges_files import row
from ranges_files import write as write_ranges

from aze_plugin.domain import geometry
from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.grids import Grid, covered, row_areas
from aze_plugin.domain.progress import Progress
from aze_plugin.library import habitats
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.query import Library
from aze_plugin.library.store import Reader
from aze_plugin.library.taxa import default_settings

SHARED = Path("/work/shared/data/aoh")
SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"


@pytest.fixture
def library(tmp_path):
    return tmp_path / "out" / "library.gpkg"


# ---------------------------------------------------------------------------------------------------------- measuring

# Name: reference system, first corner, size of a cell.
PLACES = {
    "degrees": ("EPSG:4326", 10.0, 1.0, 0.01),
    "degrees, 60 N": ("EPSG:4326", 10.0, 61.0, 0.01),
    "degrees of another datum": ("EPSG:4267", -100.0, 41.0, 0.01),
    "UTM": ("EPSG:32633", 400_000.0, 6_000_000.0, 900.0),
    "equal area": ("EPSG:6933", 1_000_000.0, 4_000_000.0, 900.0),
    "Mollweide": ("ESRI:54009", 1_000_000.0, 5_000_000.0, 900.0),
    "Behrmann": ("ESRI:54017", -300_000.0, 4_700_000.0, 1000.0),
    "polar": ("EPSG:3031", 1_000_000.0, 1_500_000.0, 1000.0),
}


def boundaries(x, y, size):
    """Boundaries of a raster of 80 × 60 cells, in its own system and with many vertices."""
    middle = x + 40 * size, y - 30 * size
    angle = np.linspace(0, 2 * np.pi, 300)[:-1]
    radius = size * (20 + 6 * np.sin(7 * angle) + 2 * np.sin(31 * angle))
    blob = shapely.Polygon(np.column_stack((middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle))))
    hole = shapely.Point(middle).buffer(7.3 * size)
    corner = shapely.box(x - 9 * size, y - 11.7 * size, x + 12.2 * size, y + 5 * size)
    shapes = {
        "hole": blob.difference(hole),
        "several parts": shapely.MultiPolygon([hole, corner]),
        "sliver": shapely.box(x + 3.1 * size, y - 50 * size, x + 3.1003 * size, y - 2 * size),
        "beyond": shapely.box(x - 30 * size, y - 90 * size, x + 90 * size, y + 20 * size).difference(hole),
    }
    return {name: shapely.segmentize(shape, size / 5) for name, shape in shapes.items()}


def in_degrees(shape, crs):
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return shapely.transform(shape, lambda c: np.column_stack(transformer.transform(*c.T)))


def by_exactextract(path, shape, crs):
    """Area inside: exactextract's covered cells, and each cell's size by projecting its outline with PROJ."""
    from exactextract import exact_extract

    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)}
    (told,) = exact_extract(str(path), [feature], ["cell_id", "coverage", "values", "center_x", "center_y"])
    told = told["properties"]
    used = np.flatnonzero(told["values"] > 0)
    dataset = gdal.Open(str(path))
    half = dataset.GetGeoTransform()[1] / 2
    along = np.linspace(-1, 1, 12)[:-1]
    one = np.ones_like(along)
    outline = half * np.column_stack((np.r_[along, one, -along, -one], np.r_[-one, along, one, -along]))
    to_metres = pyproj.Transformer.from_crs(crs, "EPSG:6933", always_xy=True)
    total = 0.0
    for i in used:
        cell = outline + (told["center_x"][i], told["center_y"][i])
        size = shapely.Polygon(np.column_stack(to_metres.transform(*cell.T))).area
        total += told["coverage"][i] * told["values"][i] * size
    return total


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["fractions", "0 and 1"])
def test_area_inside_is_that_of_exactextract(tmp_path, library, place, kind):
    pytest.importorskip("exactextract")
    crs, x, y, size = PLACES[place]
    values = patchy() if kind == "fractions" else (patchy() > 0.2).astype(np.uint8)
    path = write(tmp_path / "maps" / "Azea_alba.tif", values, x, y, size, crs)
    (report,) = load(library, path.parent)
    assert (report.rows_imported, report.rejected) == (1, [])
    total, inside = only(library)
    whole = by_exactextract(path, shapely.box(x, y - 60 * size, x + 80 * size, y), crs)
    # Degrees of another datum are taken as those of WGS 84 when the size of a cell is worked out.
    close = 1e-4 if "datum" in place else 1e-5
    assert total == pytest.approx(whole, rel=close)
    for name, shape in boundaries(x, y, size).items():
        expected = by_exactextract(path, shape, crs)
        # Fractions come from exactextract in single precision; those of a sliver have few digits there.
        assert inside(in_degrees(shape, crs)) == pytest.approx(expected, rel=1e-3 if name == "sliver" else close), name


def test_long_edges_bend_where_the_projection_bends_them(tmp_path, library):
    """A boundary of four vertices: its edges are straight in lon/lat, and so curves on the raster."""
    x, y, size = 3_000_000.0, 4_000_000.0, 10_000.0
    path = write(tmp_path / "maps" / "Azea_alba.tif", np.ones((60, 80), dtype=np.uint8), x, y, size, "EPSG:3035")
    load(library, path.parent)
    _, inside = only(library)
    corners = in_degrees(shapely.box(x + 6e4, y - 5e5, x + 7e5, y - 6e4), "EPSG:3035")
    expected = metres(shapely.segmentize(corners, 0.001)).area
    assert inside(corners) == pytest.approx(expected, rel=1e-6)
    assert metres(corners).area != pytest.approx(expected, rel=1e-4)


def test_the_sample(library):
    load(library, SAMPLE / "habitat")
    source = gdal.OpenEx(str(SAMPLE / "candidates.gpkg"))
    (feature,) = [f for f in source.GetLayer(0) if f.GetField("name") == "Cloudtop Ridge"]
    boundary = shapely.from_wkb(bytes(feature.GetGeometryRef().ExportToWkb()))
    shares = {name: inside(boundary) / total for (name, _), (total, inside) in found(library).items()}
    assert shares == pytest.approx({"Azea alba": 0.965, "Limnothea minuta": 1}, abs=1e-6)


@pytest.mark.skipif(not SHARED.exists(), reason="the simulated ranges and rasters are not on this machine")
def test_habitat_made_of_range_land_cover_and_elevation(tmp_path, library):
    """A real-world chain: the range rasterised on the land-cover grid, suitable classes and heights kept."""
    with open(SHARED / "sim_crosswalk.csv", newline="") as file:
        classes = {line["code"]: int(line["value"]) for line in csv.DictReader(file)}
    with open(SHARED / "sim_spp_summary_data.csv", newline="") as file:
        told = next(line for line in csv.DictReader(file) if line["elevation_upper"] not in ("", "NA"))
    with open(SHARED / "sim_spp_habitat_data.csv", newline="") as file:
        suitable = [classes[line["code"]] for line in csv.DictReader(file) if line["id_no"] == told["id_no"]]
    cover = gdal.Open(str(SHARED / "sim_habitat_data.tif"))
    height = gdal.Open(str(SHARED / "sim_elevation_data.tif")).ReadAsArray()
    ranges = gdal.OpenEx(f"/vsizip/{SHARED}/SIMULATED_SPECIES.zip")
    only_it = f"id_no = {int(told['id_no'])}"
    shapes = gdal.VectorTranslate("", ranges, format="Memory", dstSRS=cover.GetProjection(), where=only_it)
    memory = gdal.GetDriverByName("MEM").Create("", cover.RasterXSize, cover.RasterYSize, 1, gdal.GDT_Byte)
    memory.SetGeoTransform(cover.GetGeoTransform())
    memory.SetProjection(cover.GetProjection())
    gdal.RasterizeLayer(memory, [1], shapes.GetLayer(0), burn_values=[1])
    low, high = float(told["elevation_lower"]), float(told["elevation_upper"])
    habitat = (memory.ReadAsArray() == 1) & np.isin(cover.ReadAsArray(), suitable) & (height >= low) & (height <= high)
    assert habitat.sum() > 100
    x, size, _, y, _, _ = cover.GetGeoTransform()
    path = write(
        tmp_path / "maps" / f"{told['id_no']}.tif", habitat.astype(np.uint8), x, y, size, cover.GetProjection()
    )
    load(library, path.parent)
    ((taxon_id, segment),) = found(library)
    assert (taxon_id, segment) == (told["id_no"], "all")
    total, inside = only(library)
    rows, columns = np.nonzero(habitat)
    middle = x + size * np.median(columns), y - size * np.median(rows)
    boundary = shapely.Point(middle).buffer(120_500.0, 64).difference(shapely.Point(middle).buffer(33_000.0))
    boundary = shapely.segmentize(boundary, 500)
    expected = by_exactextract(path, boundary, cover.GetProjection())
    assert 0 < expected < total
    assert inside(in_degrees(boundary, cover.GetProjection())) == pytest.approx(expected, rel=1e-5)


# ------------------------------------------------------------------------------------------------ 180°, 360° and poles


def test_longitudes_up_to_360_and_boundaries_across_180(tmp_path):
    values = patchy(40, 80)
    around = shapely.Polygon([(179.8, 0.65), (180.25, 0.75), (180.3, 0.93), (179.75, 0.88)])
    leaping = shapely.Polygon([(179.8, 0.65), (-179.75, 0.75), (-179.7, 0.93), (179.75, 0.88)])
    areas = []
    # The same cells: from 179.6 to 180.4, from −180.4 to −179.6, and as two ends of a strip round the world.
    strip = np.zeros((40, 36_000), dtype=np.float32)
    strip[:, -40:], strip[:, :40] = values[:, :40], values[:, 40:]
    for name, cells, x in (("to 360", values, 179.6), ("below", values, -180.4), ("strip", strip, -180.0)):
        library = tmp_path / f"{name}.gpkg"
        load(library, write(tmp_path / name / "Azea_alba.tif", cells, x, 1.0))
        total, inside = only(library)
        areas.append((total, inside(around), inside(leaping)))
    grid = Grid(179.6, 1.0, 0.01, -0.01, 80, 40)
    weights = covered(grid, [shapely.get_coordinates(around.exterior)]) * values
    expected = float(weights.sum(axis=1) @ row_areas(grid))
    for total, one, other in areas:
        assert total == pytest.approx(float(values.sum(axis=1, dtype=float) @ row_areas(grid)), rel=1e-9)
        assert (one, other) == pytest.approx((expected, expected), rel=1e-9)


def test_a_projection_that_runs_across_180(tmp_path, library):
    """UTM zone 1 north, at whose western edge the world begins: cells on both sides of 180°."""
    path = write(
        tmp_path / "maps" / "Azea_alba.tif", np.ones((60, 80), dtype=np.uint8), 100_000, 2_000_000, 2000, "EPSG:32601"
    )
    load(library, path.parent)
    total, inside = only(library)
    across = shapely.Polygon([(179.7, 17.3), (180.3, 17.3), (180.3, 17.8), (179.7, 17.8)])
    assert inside(across) == pytest.approx(metres(across).area, rel=1e-6)
    with Library.open(str(library)) as opened:
        for west in (179.8, -179.9):
            near = geometry.rectangles(metres(shapely.box(west, 17.5, west + 0.05, 17.6)))
            assert len(opened.evidence(near, default_settings())) == 1
        far = geometry.rectangles(metres(shapely.box(0, 17.5, 1, 17.6)))
        assert opened.evidence(far, default_settings()) == []
    everything = shapely.box(-180, -60, 180, 80)
    assert inside(everything) == pytest.approx(total, rel=1e-9)


def test_round_a_pole(tmp_path, library):
    path = write(tmp_path / "maps" / "Azea_alba.tif", np.ones((100, 100), np.uint8), -1e6, 1e6, 20_000, "EPSG:3031")
    load(library, path.parent)
    total, inside = only(library)
    cap, half = shapely.box(-180, -90, 180, -85), shapely.box(0, -90, 180, -85)
    # A cap's area in closed form is that of its rectangle in a cylindrical equal-area projection.
    assert inside(cap) == pytest.approx(metres(cap).area, rel=1e-5)
    assert inside(half) == pytest.approx(metres(cap).area / 2, rel=1e-5)
    assert inside(shapely.box(-180, -90, 180, 80)) == pytest.approx(total, rel=1e-9)


def test_a_world_map_with_a_seam_elsewhere(tmp_path, library):
    """Mollweide round 150° E tears at 30° W: a boundary there lies on both ends of the map."""
    crs = "+proj=moll +lon_0=150 +datum=WGS84 +units=m"
    values = np.ones((360, 722), dtype=np.uint8)
    load(library, write(tmp_path / "maps" / "Azea_alba.tif", values, -18_050_000, 9_000_000, 50_000, crs).parent)
    _, inside = only(library)
    plain, torn = shapely.box(100, 10, 110, 20), shapely.box(-35, 10, -25, 20)
    assert inside(plain) == pytest.approx(metres(plain).area, rel=1e-5)
    # Cells that hang over the map's edge are taken as whole ones: near it a boundary's area is right to half a cell.
    assert inside(torn) == pytest.approx(metres(torn).area, rel=0.02)
    assert inside(shapely.box(-180, -80, 180, 80)) == pytest.approx(
        metres(shapely.box(-180, -80, 180, 80)).area, rel=1e-3
    )


# --------------------------------------------------------------------------------------------------------- properties


def star(seed, reach):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 24))
    radius = rng.uniform(0.1, 1, 24) * reach
    middle = rng.uniform((9.8, -5.2), (16.2, 1.2))
    ring = np.column_stack((middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle)))
    return geometry.polygonal(shapely.Polygon(ring))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Habitat of 600 × 600 cells, nine tiles: its total, its measure, and its values on a grid."""
    folder = tmp_path_factory.mktemp("large")
    values = patchy(600, 600, seed=5)
    values[256:512, 256:512] = 1
    values[:256, 512:] = 0
    library = folder / "library.gpkg"
    load(library, write(folder / "maps" / "Azea_alba.tif", values).parent)
    return (*only(library), values, Grid(10.0, 1.0, 0.01, -0.01, 600, 600), library)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.02, 9))
def test_tiles_give_what_one_window_gives(large, seed, reach):
    _, inside, values, grid, _ = large
    shape = star(seed, reach)
    rings = [geometry.unproject(ring) for ring in geometry.rings(metres(shape))]
    expected = float((covered(grid, rings) * values).sum(axis=1) @ row_areas(grid))
    assert inside(shape) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.02, 9), st.floats(0, 2))
def test_the_share_grows_with_the_boundary_and_never_beyond_the_whole(large, seed, reach, more):
    total, inside, *_ = large
    small, wide = star(seed, reach), star(seed, reach).buffer(more)
    assert 0 <= inside(small) <= inside(wide) * (1 + 1e-12) + 1e-6
    assert inside(wide) <= total


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(10.001, 15.999), min_size=1, max_size=4), st.floats(-4.9, 0.9))
def test_parts_of_the_raster_add_up_to_its_total(large, cuts, level):
    total, inside, *_ = large
    columns = sorted({9.0, *(round(c, 6) for c in cuts), 17.0})
    parts = [
        inside(shapely.box(west, south, east, north))
        for west, east in zip(columns, columns[1:])
        for south, north in ((-6, round(level, 6)), (round(level, 6), 2))
    ]
    assert sum(parts) == pytest.approx(total, rel=1e-9)


def test_only_tiles_with_habitat_are_kept_and_whole_ones_take_no_room(large):
    connection = sqlite3.connect(large[-1])
    stored = dict(connection.execute("SELECT ty || ' ' || tx, length(data) FROM habitat_tile").fetchall())
    assert len(stored) == 8 and "0 2" not in stored
    assert stored["1 1"] == 0
    totals = connection.execute("SELECT sum(total_m2) FROM habitat_tile").fetchone()[0]
    assert totals == pytest.approx(large[0], rel=1e-12)


# ------------------------------------------------------------------------------------------------- names and segments


@pytest.mark.parametrize(
    ("name", "taxon", "segment"),
    [
        ("Azea_alba.tif", "Azea alba", "all"),
        ("azea ALBA.TIFF", "azea ALBA", "all"),
        ("22823.tif", "22823", "all"),
        ("22823_breeding.tif", "22823", "breeding"),
        ("Azea_alba_non_breeding.tif", "Azea alba", "non_breeding"),
        ("Azea alba Non-Breeding.tif", "Azea alba", "non_breeding"),
        ("Azea_alba_nonbreeding.tif", "Azea alba", "non_breeding"),
        ("Azea_alba_resident.tif", "Azea alba", "resident"),
        ("Azea_alba_PASSAGE.tif", "Azea alba", "passage"),
        ("Azea_alba_all.tif", "Azea alba", "all"),
        ("zip/folder/Azea_alba_montana.tif", "Azea alba montana", "all"),
        ("Resident.tif", "Resident", "all"),
        ("Azea_nonresident.tif", "Azea nonresident", "all"),
    ],
)
def test_names_of_files(name, taxon, segment):
    assert habitats.named(name) == (taxon, segment)


def test_rasters_find_the_taxa_of_range_maps(tmp_path, library):
    folder = tmp_path / "maps"
    for name in ("ALBA_alba.tif", "alba alba breeding.tif", "7.tif", "Sola_sola.tif", "nova_NOVA.tif", "99.tif"):
        write(folder / name, patchy())
    ranges = [row(taxon_id=5), row("Beta beta", taxon_id=7)]
    named = [{"binomial": "SOLA sola", "wkt": row()["wkt"]}]
    maps = write_ranges(tmp_path / "a.gpkg", ranges), write_ranges(tmp_path / "b.gpkg", named)
    report = import_species(Request(str(library), tuple(map(str, maps)), habitats=str(folder)))
    assert set(found(library)) == {
        ("5", "all"), ("5", "breeding"), ("7", "all"), ("SOLA sola", "all"), ("Nova nova", "all"), ("99", "all")
    }  # fmt: skip
    notes = {s.name: [code for code, _ in s.notes] for s in report.sources if s.kind == "habitats"}
    unknown = sorted(name for name, codes in notes.items() if "import.habitat_unknown_taxon" in codes)
    assert unknown == ["99.tif", "nova_NOVA.tif"]
    with Library.open(str(library)) as opened:
        names = {t.taxon_id: t.scientific_name for t in opened.taxa()}
        assert names == {
            "5": "Alba alba",
            "7": "Beta beta",
            "SOLA sola": "SOLA sola",
            "Nova nova": "Nova nova",
            "99": "99",
        }
        evidence = opened.evidence_for("5", default_settings())
        assert {h.segment for h in evidence.habitats} == {"all", "breeding"}
        assert {s["name"] for s in opened.sources_of(["Nova nova"])} == {"nova_NOVA.tif"}
    # Its id comes to be known later.
    import_species(Request(str(library), (str(write_ranges(tmp_path / "c.gpkg", [row("Nova nova", taxon_id=8)])),)))
    assert ("8", "all") in found(library) and ("Nova nova", "all") not in found(library)


# ------------------------------------------------------------------------------------------------------------- values


def test_nodata_nan_scale_and_masks(tmp_path):
    values = patchy()
    holes = values.copy()
    holes[:20], holes[20:30] = np.nan, -3.4e38
    percent = np.round(values * 100).astype(np.int16)
    percent[:30] = -9999
    scaled = write(tmp_path / "scaled" / "Azea_alba.tif", percent, nodata=-9999)
    dataset = gdal.Open(str(scaled), gdal.GA_Update)
    dataset.GetRasterBand(1).SetScale(0.01)
    dataset = None
    masked = write(tmp_path / "masked" / "Azea_alba.tif", values)
    dataset = gdal.Open(str(masked), gdal.GA_Update)
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    shown = np.full(values.shape, 255, np.uint8)
    shown[:30] = 0
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(shown)
    dataset = None
    given = {
        "nodata and NaN": write(tmp_path / "holes" / "Azea_alba.tif", holes, nodata=float(np.float32(-3.4e38))),
        "scale": scaled,
        "mask": masked,
        "double precision": write(
            tmp_path / "double" / "Azea_alba.tif", np.where(np.isnan(holes) | (holes < 0), 0, holes).astype(float)
        ),
    }
    grid = Grid(10.0, 1.0, 0.01, -0.01, 80, 60)
    left = values.copy()
    left[:30] = 0
    expected = float(left.sum(axis=1, dtype=float) @ row_areas(grid))
    for name, path in given.items():
        load(tmp_path / f"{path.parent.name}.gpkg", path.parent)
        assert only(tmp_path / f"{path.parent.name}.gpkg")[0] == pytest.approx(expected, rel=1e-6), name


def test_rows_may_run_north_and_blocks_may_have_any_shape(tmp_path):
    values = patchy(300, 300)
    totals = []
    for i, (options, cells, more) in enumerate(
        [
            ((), values, {}),
            (("TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=512", "COMPRESS=LZW"), values, {}),
            (("BLOCKYSIZE=300",), values, {}),
            ((), values[::-1], {"y": -2.0, "dy": 0.01}),
        ]
    ):
        load(tmp_path / f"{i}.gpkg", write(tmp_path / f"{i}" / "Azea_alba.tif", cells, options=options, **more).parent)
        total, inside = only(tmp_path / f"{i}.gpkg")
        totals.append((total, inside(shapely.box(10.5, -1, 12.123, 0.456))))
    assert totals[0][1] > 0
    for other in totals[1:]:
        assert other == pytest.approx(totals[0], rel=1e-9)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: write(p, patchy() * 100), "row.habitat_percent"),
        (lambda p: write(p, np.full((9, 9), 255, np.uint8)), "row.habitat_values"),
        (lambda p: write(p, patchy() - 9999 * (patchy() == 0)), "row.habitat_negative"),
        (lambda p: write(p, np.full((9, 9), np.inf, np.float32)), "row.habitat_values"),
        (lambda p: write(p, np.zeros((9, 9), np.uint8)), "row.habitat_empty"),
        (lambda p: write(p, np.full((9, 9), 1, np.uint8), nodata=1), "row.habitat_empty"),
        (lambda p: write(p, patchy(), crs=None), "row.habitat_no_crs"),
        (lambda p: write(p, patchy(), crs='LOCAL_CS["plan",UNIT["m",1]]'), "row.habitat_no_crs"),
        (lambda p: write(p, patchy(), turn=0.002), "row.habitat_rotated"),
        (lambda p: write(p, patchy(), x=400_000, y=6_000_000, size=30), "row.habitat_misplaced"),
        (lambda p: write(p, patchy(), x=9e8, y=9e8, size=30, crs="ESRI:54009"), "row.habitat_misplaced"),
        (lambda p: write(p, patchy().astype(np.complex64)), "row.habitat_complex"),
        (lambda p: p.write_text("this is no raster"), "row.habitat_unreadable"),
        (lambda p: p.write_bytes(b""), "row.habitat_unreadable"),
        (lambda p: _cut_off(p), "row.habitat_unreadable"),
        (lambda p: _claims_much(p), "row.habitat_too_large"),
        (lambda p: p.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"/>'), "row.habitat_unreadable"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_others_go_in(tmp_path, library, make, code):
    folder = tmp_path / "maps"
    write(folder / "Azea_alba.tif", patchy())
    bad = folder / "Mala_mala.tif"
    make(bad)
    write(folder / "Zuza_zuza.tif", patchy(seed=1))
    reports = {report.name: report for report in load(library, folder)}
    assert {name: r.rows_imported for name, r in reports.items()} == {
        "Azea_alba.tif": 1,
        "Mala_mala.tif": 0,
        "Zuza_zuza.tif": 1,
    }
    (note,) = reports["Mala_mala.tif"].rejected
    assert (note.row, note.taxon, note.code, note.params["file"]) == (1, "Mala mala", code, str(bad))
    assert sorted(taxon for taxon, _ in found(library)) == ["Azea alba", "Zuza zuza"]
    connection = sqlite3.connect(library)
    orphans = "SELECT count(*) FROM habitat_tile WHERE habitat_id NOT IN (SELECT habitat_id FROM habitat)"
    assert connection.execute(orphans).fetchone() == (0,)
    with Library.open(str(library)) as opened:
        assert "Mala mala" not in {t.scientific_name for t in opened.taxa()}


def _cut_off(path):
    write(path, np.random.default_rng(0).random((600, 600)).astype(np.float32), options=["COMPRESS=DEFLATE"])
    path.write_bytes(path.read_bytes()[:-300_000])


def _claims_much(path):
    options = ["SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=65536", "BLOCKYSIZE=16"]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 20_000_000, 16, 1, gdal.GDT_Byte, options)
    dataset.SetProjection("EPSG:4326")
    dataset.SetGeoTransform((0, 1e-6, 0, 0, 0, -1e-6))
    dataset.FlushCache()


def test_more_than_one_band(tmp_path, library):
    both = np.stack([patchy(), np.ones((60, 80), np.float32)])
    (report,) = load(library, write(tmp_path / "maps" / "Azea_alba.tif", both).parent)
    assert ("import.habitat_bands", {"count": 2}) in report.notes
    load(tmp_path / "one.gpkg", write(tmp_path / "one" / "Azea_alba.tif", both[0]).parent)
    assert only(library)[0] == only(tmp_path / "one.gpkg")[0]


def test_sentences_are_there_for_all_codes():
    pytest.importorskip("qgis.core")
    from aze_plugin.services.wording import habitats as wording

    sentences = wording.templates()
    text = "".join(p.read_text() for p in (Path(habitats.__file__).parent).glob("*.py"))
    for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split():
        code = word.strip("\"'`.")
        if code.startswith(("row.habitat_", "import.habitat_", "habitat.not")):
            assert code in sentences, code


# ----------------------------------------------------------------------------------------------- files, again and again


def test_a_zip_a_single_file_and_folders_in_folders(tmp_path):
    folder = tmp_path / "maps"
    write(folder / "Azea_alba.tif", patchy())
    write(folder / "deep er" / "22823_breeding.TIFF", patchy(seed=1))
    (folder / "notes.txt").write_text("not a raster")
    (folder / "deep er" / "._22823.tif").write_bytes(b"what a Mac leaves behind")
    archive = shutil.make_archive(str(tmp_path / "maps"), "zip", folder)
    both = {("Azea alba", "all"), ("22823", "breeding")}
    load(tmp_path / "folder.gpkg", folder)
    assert set(found(tmp_path / "folder.gpkg")) == both
    reports = load(tmp_path / "zip.gpkg", archive)
    assert set(found(tmp_path / "zip.gpkg")) == both
    assert [r.name for r in reports] == ["maps.zip/Azea_alba.tif", "maps.zip/deep er/22823_breeding.TIFF"]
    load(tmp_path / "one.gpkg", folder / "Azea_alba.tif")
    assert set(found(tmp_path / "one.gpkg")) == {("Azea alba", "all")}
    totals = [found(tmp_path / f"{n}.gpkg")["Azea alba", "all"][0] for n in ("folder", "zip", "one")]
    assert len(set(totals)) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_what_lies_beside_a_raster_belongs_to_it(tmp_path, packed):
    """A nodata value in an .aux.xml: without it the raster would be refused."""
    values = patchy()
    values[:5] = 9
    path = write(tmp_path / "maps" / "Azea_alba.TIF", values)
    beside = path.with_name("Azea_alba.TIF.aux.xml")
    beside.write_text('<PAMDataset><PAMRasterBand band="1"><NoDataValue>9</NoDataValue></PAMRasterBand></PAMDataset>')
    given = shutil.make_archive(str(tmp_path / "maps"), "zip", path.parent) if packed else path.parent
    (report,) = load(tmp_path / "with.gpkg", given)
    assert report.rows_imported == 1
    beside.unlink()
    (alone,) = load(tmp_path / "alone.gpkg", path.parent)
    assert alone.rejected and alone.sha256 != report.sha256


def test_a_member_of_a_zip_that_is_damaged(tmp_path, library):
    folder = tmp_path / "maps"
    write(folder / "Azea_alba.tif", np.random.default_rng(0).random((60, 80)).astype(np.float32))
    write(folder / "Beta_beta.tif", patchy(seed=1))
    archive = Path(shutil.make_archive(str(tmp_path / "maps"), "zip", folder))
    with zipfile.ZipFile(archive) as opened:
        info = opened.getinfo("Azea_alba.tif")
    data = bytearray(archive.read_bytes())
    at = info.header_offset + info.compress_size // 2
    data[at : at + 50] = bytes(50)
    archive.write_bytes(data)
    reports = {r.name.rpartition("/")[2]: r for r in load(library, archive)}
    assert [n.code for n in reports["Azea_alba.tif"].rejected] == ["row.habitat_unreadable"]
    assert set(found(library)) == {("Beta beta", "all")}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda d: d / "nowhere", "library.source_missing"),
        (lambda d: d, "library.no_habitats"),
        (lambda d: gzip.open(d / "a.txt", "w").close() or d / "a.txt", "library.no_habitats"),
        (lambda d: (d / "a.zip").write_text("no zip") and d / "a.zip", "library.bad_zip"),
    ],
)
def test_nothing_to_import(tmp_path, library, make, code):
    folder = tmp_path / "given"
    folder.mkdir()
    with pytest.raises(AzeError, match=code):
        load(library, make(folder))
    assert not library.exists()


def test_importing_again_replaces(tmp_path, library):
    folder = tmp_path / "maps"
    path = write(folder / "Azea_alba.tif", patchy())
    write(folder / "Beta_beta.tif", patchy(seed=1))
    load(library, folder)
    first = found(library)["Azea alba", "all"][0]
    load(library, folder)
    again = found(library)
    assert len(again) == 2 and again["Azea alba", "all"][0] == first
    write(path, patchy() / 2)
    load(library, folder)
    assert found(library)["Azea alba", "all"][0] == pytest.approx(first / 2)
    # The same file from another place, and another file for the same taxon: neither is added to what is there.
    load(library, Path(shutil.copytree(folder, tmp_path / "moved")))
    (report,) = load(library, write(tmp_path / "newer" / "azea alba.tif", patchy()).parent)
    assert [code for code, _ in report.notes if code == "import.habitat_replaces"] == ["import.habitat_replaces"]
    assert found(library)["Azea alba", "all"][0] == first
    with Library.open(str(library)) as opened:
        assert sorted(s["name"] for s in opened.sources()) == ["Beta_beta.tif", "azea alba.tif"]
    connection = sqlite3.connect(library)
    for table, count in (("habitat", 2), ("habitat_box", 2), ("habitat_tile", 2)):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,), table


def test_a_taxon_twice_in_one_import_counts_once(tmp_path, library):
    folder = tmp_path / "maps"
    write(folder / "a" / "Azea_alba.tif", patchy())
    later = write(folder / "b" / "AZEA alba.tif", patchy(seed=1) / 2)
    write(folder / "b" / "Azea_alba_breeding.tif", patchy(seed=1))
    reports = load(library, folder)
    assert [(r.name, r.rows_imported) for r in reports] == [
        ("Azea_alba.tif", 0),
        ("AZEA alba.tif", 1),
        ("Azea_alba_breeding.tif", 1),
    ]
    assert ("import.habitat_replaced", {"other": "AZEA alba.tif"}) in reports[0].notes
    load(tmp_path / "alone.gpkg", later)
    assert found(library)["Azea alba", "all"][0] == only(tmp_path / "alone.gpkg")[0]
    assert set(found(library)) == {("Azea alba", "all"), ("Azea alba", "breeding")}


def test_the_same_bytes_may_be_habitat_of_two_taxa(tmp_path, library):
    path = write(tmp_path / "maps" / "Azea_alba.tif", patchy())
    shutil.copy(path, path.with_name("Beta_beta.tif"))
    load(library, path.parent)
    assert set(found(library)) == {("Azea alba", "all"), ("Beta beta", "all")}


def test_the_users_files_are_only_read(tmp_path, library):
    path = write(tmp_path / "maps" / "Azea_alba.tif", patchy())
    before = sorted((p.name, p.stat().st_mtime_ns) for p in path.parent.iterdir())
    load(library, path.parent)
    assert sorted((p.name, p.stat().st_mtime_ns) for p in path.parent.iterdir()) == before


def test_cancelling_leaves_the_library_as_it_was(tmp_path, library):
    load(library, write(tmp_path / "first" / "Azea_alba.tif", patchy()).parent)
    before = library.read_bytes()
    write(tmp_path / "maps" / "Beta_beta.tif", patchy(1500, 1500))
    for limit in (3, 12, 40):
        calls = iter(range(10**6))
        with pytest.raises(Cancelled):
            import_species(
                Request(str(library), habitats=str(tmp_path / "maps")),
                Progress(is_cancelled=lambda c=calls, n=limit: next(c) > n),
            )
        assert library.read_bytes() == before


def test_progress_never_goes_back(tmp_path, library):
    for name in ("Azea_alba.tif", "Beta_beta.tif"):
        write(tmp_path / "maps" / name, patchy(300, 300))
    seen = []
    import_species(Request(str(library), habitats=str(tmp_path / "maps")), Progress(on_progress=seen.append))
    assert seen == sorted(seen) and seen[-1] == 1 and len(seen) > 4


def test_a_damaged_tile_is_an_error_with_a_remedy(tmp_path, library):
    load(library, write(tmp_path / "maps" / "Azea_alba.tif", patchy()).parent)
    connection = sqlite3.connect(library)
    connection.execute("UPDATE habitat_tile SET data = x'00112233'")
    connection.commit()
    _, inside = only(library)
    with pytest.raises(AzeError, match="library.not_a_library"):
        inside(shapely.box(10, 0.5, 10.5, 0.9))


def test_boxes_lead_to_what_lies_in_them_and_to_nothing_else(tmp_path, library):
    values = np.zeros((300, 300), np.uint8)
    values[10:12, 20:23] = 1
    load(library, write(tmp_path / "maps" / "Azea_alba.tif", values, x=-1.0).parent)
    reader = Reader(str(library))
    near = habitats.Habitats(reader).near
    hit = metres(shapely.box(-0.79, 0.885, -0.78, 0.895))
    assert list(near([geometry.bounds(hit)])) == ["Azea alba"]
    for west, south in ((-0.9, 0.88), (-0.7, 0.88), (-0.79, 0.8), (1.5, 0.5), (-0.79, 0.95)):
        assert near([geometry.bounds(metres(shapely.box(west, south, west + 0.02, south + 0.02)))]) == {}
    reader.close()
