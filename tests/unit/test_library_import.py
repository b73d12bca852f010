"""Range maps as users have them, into a library."""

import shutil
import zipfile

import numpy as np
import pytest
from osgeo import ogr
from ranges_files import SQUARE, row, square, write

from aze_plugin.domain import geometry
from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.query import Library
from aze_plugin.library.taxa import default_settings

SETTINGS = default_settings()


@pytest.fixture
def library(tmp_path):
    return tmp_path / "out" / "library.gpkg"


def load(library, *ranges, **more):
    return import_species(Request(str(library), tuple(str(r) for r in ranges), **more))


def box(wkt=SQUARE):
    shape = geometry.from_wkb([bytes(ogr.CreateGeometryFromWkt(wkt).ExportToWkb(ogr.wkbNDR))])
    return geometry.bounds(geometry.prepare(shape).geometries[0])


@pytest.mark.parametrize("name", ["a.shp", "a.gpkg", "a.geojson", "a.gdb"])
def test_formats(tmp_path, library, name):
    path = write(tmp_path / name, [row(), row("Beta beta", square(20, 5), 2)])
    report = load(library, path, version="2024-1", citation="Cited")
    assert (report.taxa, report.rows_imported, report.rows_rejected) == (2, 2, 0)
    with Library.open(str(library)) as opened:
        (found,) = opened.evidence(box(), SETTINGS)
        assert found.taxon.scientific_name == "Alba alba"
        assert found.taxon.category_source == "map"
        expected = geometry.area(found.range.rows[0].geometry)
        assert found.range.segment_areas == {"all": expected, "resident": expected}
        (source,) = opened.sources_of(["1"])
        assert (source["name"], source["version"], source["citation"]) == (name, "2024-1", "Cited")
        assert len(source["sha256"]) == 64


@pytest.mark.parametrize("name", ["a.shp", "a.gpkg", "a.gdb"])
def test_zips_with_folders_in_them(tmp_path, library, name):
    folder = tmp_path / "data" / "inner folder"
    folder.mkdir(parents=True)
    write(folder / name, [row()])
    archive = shutil.make_archive(str(tmp_path / "ranges"), "zip", tmp_path / "data")
    report = load(library, archive)
    assert report.sources[0].name == f"ranges.zip/inner folder/{name}"
    assert report.rows_imported == 1


def test_a_folder_is_searched_to_its_bottom(tmp_path, library):
    folder = tmp_path / "maps"
    (folder / "a" / "b").mkdir(parents=True)
    write(folder / "one.shp", [row()])
    write(folder / "a" / "two.gpkg", [row("Beta beta", taxon_id=2)])
    write(folder / "a" / "b" / "three.gdb", [row("Gamma gamma", taxon_id=3)])
    assert load(library, folder).taxa == 3


@pytest.mark.parametrize("packed", [False, True])
def test_a_missing_index_is_rebuilt_elsewhere(tmp_path, library, packed):
    folder = tmp_path / "maps"
    folder.mkdir()
    path = write(folder / "a.shp", [row(), row("Beta beta", taxon_id=2)])
    path.with_suffix(".shx").unlink()
    given = shutil.make_archive(str(tmp_path / "maps"), "zip", folder) if packed else path
    before = sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir())
    report = load(library, given)
    assert report.rows_imported == 2
    assert ("import.index_rebuilt", {}) in report.sources[0].notes
    assert sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir()) == before


def test_sound_files_are_not_touched(tmp_path, library):
    path = write(tmp_path / "a.shp", [row()])
    before = sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.iterdir())
    load(library, path)
    assert sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.iterdir() if p.is_file()) == before


@pytest.mark.parametrize(
    ("declared", "actual"), [("UTF-8", "utf-8"), ("ISO-8859-1", "latin-1"), (None, "utf-8"), (None, "latin-1")]
)
def test_encodings(tmp_path, library, declared, actual):
    path = write(tmp_path / "a.shp", [row("Ölandia XXXX", taxon_id=7)], options=["ENCODING=UTF-8"])
    cpg, dbf = path.with_suffix(".cpg"), path.with_suffix(".dbf")
    data = dbf.read_bytes().replace("Ölandia XXXX".encode(), "Ölandia é".encode(actual).ljust(13))
    dbf.write_bytes(data)
    cpg.write_text(declared) if declared else cpg.unlink()
    load(library, path)
    with Library.open(str(library)) as opened:
        assert opened.taxa()[0].scientific_name == "Ölandia é"


def test_bad_rows_are_named_and_the_others_go_in(tmp_path, library):
    rows = [
        row(),
        row("Beta beta", None, 2),
        row("", SQUARE, 3),
        row("Delta delta", "POINT (1 1)", 4),
        row("Eta eta", SQUARE, 5, presence="extant"),
        row("Zeta zeta", "POLYGON EMPTY", 6),
        row("Theta theta", "POLYGON ((0 95, 1 95, 1 96, 0 95))", 7),
        row("Iota iota", SQUARE, 8, origin=9),
        row("  Kappa \t kappa ", SQUARE, 9),
        row("Lambda lambda", SQUARE, 10, seasonal=None),
    ]
    path = write(tmp_path / "a.gpkg", rows, kinds={"presence": str})
    report = load(library, path)
    (source,) = report.sources
    assert [(note.row, note.code) for note in source.rejected] == [
        (2, "row.null"),
        (3, "row.name_missing"),
        (4, "row.not_polygon"),
        (5, "row.not_a_code"),
        (6, "row.empty"),
        (7, "row.coordinates"),
        (8, "row.not_a_code"),
    ]
    assert source.rejected[3].params == {"field": "presence", "value": "extant"}
    assert (source.rows_read, source.rows_imported, source.rows_rejected) == (10, 3, 7)
    assert ("import.blank_code", {"role": "seasonal", "count": 1}) in source.notes
    with Library.open(str(library)) as opened:
        assert [t.scientific_name for t in opened.taxa()] == ["Alba alba", "Kappa kappa", "Lambda lambda"]


def test_broken_rings_are_mended_and_said(tmp_path, library):
    bow_tie = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
    report = load(library, write(tmp_path / "a.gpkg", [row(wkt=bow_tie)]))
    (note,) = report.sources[0].repaired
    assert note.row == 1
    assert "Self-intersection" in note.params["fault"]


def test_missing_code_columns_are_assumed(tmp_path, library):
    rows = [{"binomial": "Alba alba", "wkt": SQUARE}]
    report = load(library, write(tmp_path / "a.gpkg", rows))
    assert report.sources[0].assumed == ["presence", "origin", "seasonal"]
    with Library.open(str(library)) as opened:
        (taxon,) = opened.taxa()
        assert (taxon.taxon_id, taxon.category, taxon.category_source) == ("Alba alba", "NE", "none")


def test_duplicates_are_dissolved(tmp_path, library):
    first = write(tmp_path / "a.gpkg", [row(taxon_id=22823.0)])
    second = write(tmp_path / "b.gpkg", [row(taxon_id="22823", wkt=square(10.5, 0))])
    report = load(library, first, second)
    assert report.taxa == 1
    with Library.open(str(library)) as opened:
        (found,) = opened.evidence(box(), SETTINGS)
        single = geometry.area(found.range.rows[0].geometry)
        assert len(found.range.rows) == 2
        assert found.range.segment_areas["all"] == pytest.approx(1.5 * single, rel=1e-9)


def test_segments_and_filters(tmp_path, library):
    rows = [
        row(wkt=square(0, 0), seasonal=2),
        row(wkt=square(2, 0), seasonal=3),
        row(wkt=square(4, 0), seasonal=1),
        row(wkt=square(6, 0), seasonal=4),
        row(wkt=square(8, 0), presence=5),
        row(wkt=square(10, 0), origin=3),
    ]
    load(library, write(tmp_path / "a.gpkg", rows))
    with Library.open(str(library)) as opened:
        found = opened.evidence_for("1", SETTINGS)
        one = geometry.area(found.range.rows[0].geometry)
        areas = {name: round(area / one, 6) for name, area in found.range.segment_areas.items()}
        assert areas == {"all": 4, "breeding": 2, "non_breeding": 2, "passage": 1}
        assert opened.evidence(box(square(8.2, 0.2, 0.1)), SETTINGS) == []
        wider = SETTINGS.with_choices(presence="1,2,5")
        (near,) = opened.evidence(box(square(8.2, 0.2, 0.1)), wider)
        assert near.range.segment_areas["all"] / one == pytest.approx(5)
        assert len(opened.taxon_rows("1")) == 6


def test_extinct_in_the_wild_is_judged_by_its_historic_range(tmp_path, library):
    load(library, write(tmp_path / "a.gpkg", [row(category="EW", presence=5)]))
    with Library.open(str(library)) as opened:
        (found,) = opened.evidence(box(), SETTINGS)
        assert found.range.historic
        assert set(found.range.segment_areas) == {"all", "resident"}


def test_ids_and_names(tmp_path, library):
    named = write(
        tmp_path / "named.gpkg", [{"binomial": "ALBA alba", "wkt": SQUARE}, {"binomial": "Sola", "wkt": SQUARE}]
    )
    with_ids = write(tmp_path / "with_ids.gpkg", [row(taxon_id=5)])
    only_ids = write(tmp_path / "only_ids.gpkg", [{"id_no": 5, "wkt": square(3, 3)}, {"id_no": 6, "wkt": SQUARE}])
    assert load(library, named).taxa == 2
    assert load(library, with_ids, only_ids).taxa == 3
    with Library.open(str(library)) as opened:
        assert sorted((t.taxon_id, t.scientific_name) for t in opened.taxa()) == [
            ("5", "Alba alba"),
            ("6", "6"),
            ("Sola", "Sola"),
        ]
        assert len(opened.taxon_rows("5")) == 3


def test_subspecies_and_subpopulations(tmp_path, library):
    rows = [
        row("Alba alba", taxon_id=1, subspecies="", subpop=""),
        row("Alba alba", taxon_id=1, subspecies="alba", subpop=""),
        row("Alba alba", taxon_id=2, subspecies="montana", subpop=""),
        row("Alba alba", taxon_id=3, subspecies="", subpop="Western"),
    ]
    load(library, write(tmp_path / "a.gpkg", rows))
    with Library.open(str(library)) as opened:
        assert {t.taxon_id: (t.scientific_name, t.rank) for t in opened.taxa()} == {
            "1": ("Alba alba", "species"),
            "2": ("Alba alba montana", "subspecies"),
            "3": ("Alba alba (Western)", "subpopulation"),
        }


def test_other_reference_systems(tmp_path, library):
    load(library, write(tmp_path / "a.gpkg", [row(wkt=square(500000, 0, 100000))], epsg=32633))
    with Library.open(str(library)) as opened:
        west, south, east, north = opened.summary()["extent"]
        assert (west, south) == pytest.approx((15, 0), abs=1e-5)
        assert east == pytest.approx(15.898, abs=1e-2)


def test_across_the_antimeridian(tmp_path, library):
    load(library, write(tmp_path / "a.gpkg", [row(wkt=square(179.5, 0))]))
    with Library.open(str(library)) as opened:
        for x in (179.6, -179.9):
            assert len(opened.evidence(box(square(x, 0.2, 0.1)), SETTINGS)) == 1
        west, east = box(square(179.6, 0.2, 0.1)), box(square(-179.9, 0.2, 0.1))
        assert len(opened.evidence([west, east], SETTINGS)) == 1


def test_curves_are_flattened(tmp_path, library):
    circle = "CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))"
    report = load(library, write(tmp_path / "a.gpkg", [row(wkt=circle)], kind=ogr.wkbCurvePolygon))
    assert report.rows_imported == 1


def test_layers_without_names_are_passed_over(tmp_path, library):
    path = write(tmp_path / "a.gpkg", [row()])
    write(path, [{"label": "x", "wkt": SQUARE}], layer="frame")
    report = load(library, path)
    assert ("import.layers_passed_over", {"layers": ["frame"]}) in report.sources[0].notes


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson"])
def test_a_source_without_rows_makes_an_empty_library(tmp_path, library, name):
    assert load(library, write(tmp_path / name, [])).taxa == 0
    with Library.open(str(library)) as opened:
        assert opened.taxon_count() == 0
        assert opened.evidence(box(), SETTINGS) == []
        assert opened.summary()["extent"] is None


def test_importing_again_replaces(tmp_path, library):
    path = write(tmp_path / "a.gpkg", [row(), row("Beta beta", square(20, 0), 2)])
    load(library, path)
    assert load(library, path).taxa == 2
    moved = shutil.copy(path, tmp_path / "copy.gpkg")
    assert load(library, moved).taxa == 2
    with Library.open(str(library)) as opened:
        assert [s["name"] for s in opened.sources()] == ["copy.gpkg"]
    write(tmp_path / "new.gpkg", [row("Gamma gamma", taxon_id=3)])
    shutil.move(tmp_path / "new.gpkg", moved)
    assert load(library, moved).taxa == 1
    with Library.open(str(library)) as opened:
        assert opened.evidence(box(square(20, 0)), SETTINGS) == []
        assert opened.summary()["rows"] == 1


def test_the_same_bytes_twice_in_one_import_count_once(tmp_path, library):
    path = write(tmp_path / "a.gpkg", [row()])
    report = load(library, path, shutil.copy(path, tmp_path / "b.gpkg"), path)
    assert report.rows_imported == 1
    assert report.sources[1].notes == [("import.same_as", {"other": "a.gpkg"})]


def test_ogr_reads_the_library(tmp_path, library):
    load(library, write(tmp_path / "a.gpkg", [row(), row("Beta beta", square(20, 0), 2)]))
    load(library, write(tmp_path / "b.gpkg", [row("Gamma gamma", square(-60, 40), 3)]))
    source = ogr.Open(str(library), 1)
    layer = source.GetLayerByName("range")
    assert layer.GetFeatureCount() == 3
    assert layer.GetExtent() == pytest.approx((-60 * 96486.28, 21 * 96486.28, 0, layer.GetExtent()[3]), rel=1e-4)
    xmin, ymin, xmax, ymax = box(square(20.2, 0.2, 0.1))
    layer.SetSpatialFilterRect(xmin, ymin, xmax, ymax)
    assert [f.GetField("scientific_name") for f in layer] == ["Beta beta"]
    # The triggers are back: what OGR changes, the R-tree follows.
    layer.SetSpatialFilter(None)
    layer.DeleteFeature(1)
    assert layer.GetFeatureCount() == 2


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda d: _text(d / "a.txt"), "library.not_vector"),
        (lambda d: _text(d / "a.shp"), "library.not_vector"),
        (lambda d: write(d / "a.gpkg", [row()], epsg=None), "library.no_crs"),
        (lambda d: write(d / "a.shp", [row()], epsg=None), "library.no_crs_shapefile"),
        (lambda d: write(d / "a.gpkg", [{"label": "x", "wkt": SQUARE}]), "library.no_fields"),
        (lambda d: write(d / "a.gpkg", [row(wkt="POINT (1 1)")], kind=ogr.wkbPoint), "library.no_polygons"),
        (lambda d: _truncated(d), "library.bad_zip"),
        (lambda d: _damaged(d), "library.bad_zip"),
        (lambda d: d / "nowhere.shp", "library.source_missing"),
        (lambda d: d, "library.no_vector_data"),
    ],
)
def test_nothing_is_kept_of_an_import_that_fails(tmp_path, library, make, code):
    good = write(tmp_path / "good.gpkg", [row()])
    load(library, good)
    before = library.read_bytes()
    folder = tmp_path / "given"
    folder.mkdir()
    bad = make(folder)
    for target in (library, tmp_path / "fresh.gpkg"):
        with pytest.raises(AzeError) as caught:
            load(target, write(tmp_path / f"other{target.stem}.gpkg", [row("Beta beta", taxon_id=2)]), bad)
        assert caught.value.code == code
        assert str(bad) in caught.value.params["file"]
    assert library.read_bytes() == before
    assert not list(tmp_path.glob("fresh*"))


def _text(path):
    path.write_text("these are no ranges")
    return path


def _zipped(folder):
    source = folder.parent / "zipped"
    source.mkdir()
    write(source / "a.gpkg", [row(wkt=square(i, 0)) for i in range(50)])
    return folder.parent / shutil.make_archive(str(folder / "a"), "zip", source)


def _truncated(folder):
    path = _zipped(folder)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def _damaged(folder):
    path = _zipped(folder)
    with zipfile.ZipFile(path) as archive:
        middle = archive.infolist()[0].compress_size // 2
    data = bytearray(path.read_bytes())
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)
    return path


def test_cancelling_leaves_everything_as_it_was(tmp_path, library):
    path = write(tmp_path / "a.gpkg", [row(wkt=square(i % 100, 0), taxon_id=i) for i in range(300)])
    for existing in (False, True):
        if existing:
            load(library, write(tmp_path / "first.gpkg", [row("Prima prima")]))
        before = library.read_bytes() if existing else None
        calls = iter(range(10**6))
        with pytest.raises(Cancelled):
            import_species(Request(str(library), (str(path),)), Progress(is_cancelled=lambda c=calls: next(c) > 150))
        assert (library.read_bytes() if existing else None) == before
        assert sorted(p.name for p in library.parent.iterdir()) == (["library.gpkg"] if existing else [])


def test_progress_never_goes_back(tmp_path, library):
    seen = []
    path = write(tmp_path / "a.gpkg", [row(wkt=square(i % 100, 0), taxon_id=i) for i in range(300)])
    import_species(Request(str(library), (str(path),)), Progress(on_progress=seen.append))
    assert seen == sorted(seen) and seen[-1] == 1


def test_the_rtree_covers_what_it_stands_for(tmp_path, library):
    rng = np.random.default_rng(1)
    rows = [row(wkt=square(*xy, 0.013), taxon_id=i) for i, xy in enumerate(rng.uniform(-80, 80, (40, 2)), 1)]
    load(library, write(tmp_path / "a.gpkg", rows))
    with Library.open(str(library)) as opened:
        for values in rows:
            bounds = box(values["wkt"])
            corner = (bounds[2], bounds[3], bounds[2], bounds[3])
            assert str(values["id_no"]) in {e.taxon.taxon_id for e in opened.evidence(corner, SETTINGS)}


def test_projecting_inside_wkb_is_the_same_as_preparing():
    shapes = [
        SQUARE,
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1)), ((20 20, 21 20, 21 21, 20 20)))",
        "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
        "POLYGON ((179 0, -179 0, -179 1, 179 1, 179 0))",
        "POLYGON ((179 0, 181 0, 181 1, 179 1, 179 0))",
        "POLYGON ((0 80, 1 95, 2 80, 0 80))",
        "POLYGON ((0 0, 1 0, 0 0, 0 0))",
        "POLYGON EMPTY",
        "MULTIPOLYGON EMPTY",
        "POINT (1 1)",
        f"GEOMETRYCOLLECTION ({SQUARE}, POINT (1 1))",
    ]
    wkb = [bytes(ogr.CreateGeometryFromWkt(s).ExportToWkb(ogr.wkbNDR)) for s in shapes]
    bulk, written = geometry.prepare_wkb(wkb)
    single = geometry.prepare(geometry.from_wkb(wkb))
    assert bulk.reasons == single.reasons
    assert bulk.repaired.tolist() == single.repaired.tolist()
    assert bulk.crossing.tolist() == single.crossing.tolist()
    assert written == geometry.to_wkb_all(single.geometries).tolist()
    assert written == geometry.to_wkb_all(bulk.geometries).tolist()
