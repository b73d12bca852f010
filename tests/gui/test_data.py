"""The page Data: cards, opening what people have, and the sample."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, fresh, settle, wait_for
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from window import window  # noqa: F401

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui import layers, reports, sample
from aze_plugin.gui.import_dialog import ImportDialog
from aze_plugin.gui.pages.data import DataPage
from aze_plugin.gui.report_dialog import ReportDialog
from aze_plugin.library.importer import Request, import_species
from aze_plugin.services import project_state


@pytest.fixture
def page(empty_session):
    made = DataPage(empty_session)
    made.resize(276, 700)
    made.show()
    settle()
    yield made
    made.deleteLater()


def shapefile(folder, name, wkt="Polygon((0 0, 1 0, 1 1, 0 1, 0 0))", kind="Polygon"):
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326&field=NAME:string", name, "memory")
    feature = type(next(QgsVectorLayer(str(SAMPLE / "sites.gpkg")).getFeatures()))(layer.fields())
    feature.setAttributes([name])
    from qgis.core import QgsGeometry

    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    layer.dataProvider().addFeatures([feature])
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, str(folder / f"{name}.shp"), QgsProject.instance().transformContext(), options
    )
    return [p for p in folder.iterdir() if p.stem == name]


def test_zip_of_zips_as_downloaded(tmp_path):
    inner = []
    for number in range(3):
        folder = tmp_path / f"part {number}"
        folder.mkdir()
        parts = shapefile(folder, f"WDPA_shp-polygons_{number}") + shapefile(
            folder, f"WDPA_shp-points_{number}", "Point(0 0)", "Point"
        )
        path = tmp_path / f"WDPA_shp_{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in parts:
                archive.write(part, part.name)
        inner.append(path)
    outer = tmp_path / "WDPA Nov2025 Public.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        for path in inner:
            archive.write(path, path.name)
        archive.writestr("Resources/readme.txt", "read me")
    found = layers.open_vectors(str(outer), "protected")
    assert sorted(layer.featureCount() for layer in found) == [1] * 6
    assert len(layers.open_vectors(str(outer))) == 3


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("not.shp", b"nothing", "layer.not_vector"), ("cut.zip", b"PK\x03\x04half", "layer.not_vector")],
)
def test_what_is_no_layer_is_said_by_name(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AzeError) as raised:
        layers.open_vectors(str(path))
    assert raised.value.code == code
    assert raised.value.params["file"] == str(path)


def test_points_alone_hold_no_boundary(tmp_path):
    shapefile(tmp_path, "points", "Point(0 0)", "Point")
    with pytest.raises(AzeError, match="no_polygons"):
        layers.open_vectors(str(tmp_path / "points.shp"))


def test_cards_say_what_is_loaded(page, empty_session):
    assert page.sites.chip.state == "empty"
    empty_session.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    empty_session.sources.add("protected", str(SAMPLE / "protected_areas.gpkg"))
    empty_session.sources.add("landcover", str(SAMPLE / "landcover.tif"))
    settle()
    assert page.sites.chip.state == page.protected.chip.state == page.ground.chip.state == "fine"
    assert page.protected.part.rows.count() == 2
    names = [child.name() for child in layers.find_group(QgsProject.instance()).findLayers()]
    assert names == ["sites", "protected_areas polygons", "protected_areas points", "landcover"]


def test_a_layer_of_the_project_is_taken_and_given_back(page, empty_session):
    layer = QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "Mine", "ogr")
    QgsProject.instance().addMapLayer(layer)
    page.sites.part.fill_menu()
    [action] = page.sites.part.menu.actions()
    assert action.text() == "Mine"
    action.trigger()
    assert empty_session.sources.site_layers == [layer]
    empty_session.sources.release(layer)
    assert empty_session.sources.site_layers == []
    assert layer.id() in QgsProject.instance().mapLayers()


def test_one_raster_is_land_cover_and_another_takes_its_place(page, empty_session, tmp_path):
    empty_session.sources.add("landcover", str(SAMPLE / "landcover.tif"))
    first = empty_session.sources.landcover
    assert empty_session.sources.parameters()["LANDCOVER"] is first
    # A copy: QGIS writes what it finds out of a raster's values beside it.
    raster = shutil.copy(SAMPLE / "landcover.tif", tmp_path / "later.tif")
    empty_session.sources.add("landcover", str(raster))
    assert empty_session.sources.landcover.name() == "later"
    assert page.ground.cover.rows.count() == 1
    assert first.id() in QgsProject.instance().mapLayers()


def test_measurements_are_no_land_cover(page, empty_session, tmp_path):
    """Said when the raster is chosen, and not by every check that comes after."""
    path = str(tmp_path / "elevation.tif")
    raster = gdal.GetDriverByName("GTiff").Create(path, 40, 40, 1, gdal.GDT_Float32)
    raster.SetGeoTransform((0, 0.1, 0, 4, 0, -0.1))
    raster.SetProjection(QgsCoordinateReferenceSystem("EPSG:4326").toWkt())
    raster.GetRasterBand(1).WriteArray(np.arange(1600).reshape(40, 40) / 7)
    del raster
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    empty_session.sources.add("landcover", str(SAMPLE / "landcover.tif"))
    page.ground.cover.take([path])
    assert "elevation" in said[0]
    assert empty_session.sources.landcover.name() == "landcover"


def raster(path, values, cell=0.01, west=-179.2, north=-26.4):
    """A GeoTIFF of these values, of their own type, over the middle of the sample."""
    kinds = {"int16": gdal.GDT_Int16, "float32": gdal.GDT_Float32}
    made = gdal.GetDriverByName("GTiff").Create(
        str(path), values.shape[1], values.shape[0], 1, kinds[str(values.dtype)]
    )
    made.SetGeoTransform((west, cell, 0, north, 0, -cell))
    made.SetProjection(QgsCoordinateReferenceSystem("EPSG:4326").toWkt())
    made.GetRasterBand(1).WriteArray(values)
    return str(path)


def countries(folder, name="borders", fields="ISO_A3:string", values=("XAZ",)):
    """A layer with one country that holds all of the sample."""
    parts = "&".join(f"field={field}" for field in fields.split(","))
    layer = QgsVectorLayer(f"Polygon?crs=EPSG:4326&{parts}", name, "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(list(values))
    feature.setGeometry(QgsGeometry.fromWkt("Polygon((-180 -30, -177 -30, -177 -25, -180 -25, -180 -30))"))
    layer.dataProvider().addFeatures([feature])
    options = QgsVectorFileWriter.SaveVectorOptions()
    path = folder / f"{name}.gpkg"
    options.layerName = name
    if path.exists():
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), options)
    return str(path)


def test_files_go_where_they_belong(page, empty_session, tmp_path):
    """Whole metres are altitudes as decimal ones are; few whole numbers are classes."""
    slope = np.arange(3600).reshape(60, 60)
    page.ground._dropped(
        [
            raster(tmp_path / "classes.tif", (slope // 400).astype("int16")),
            raster(tmp_path / "srtm.tif", (slope // 2).astype("int16")),
            countries(tmp_path),
            str(SAMPLE / "protected_areas.gpkg"),
        ]
    )
    sources = empty_session.sources
    assert (sources.landcover.name(), sources.elevation.name()) == ("classes", "srtm")
    assert sources.countries.name() == "borders"
    assert {layer.name() for layer in sources.edge_layers} == {"protected_areas polygons"}
    page.ground._dropped([raster(tmp_path / "decimal.tif", (slope / 7).astype("float32"))])
    assert sources.elevation.name() == "decimal"
    assert page.ground.elevation.rows.count() == page.ground.countries.rows.count() == 1


def test_what_cannot_be_terrain_or_countries_is_said(page, empty_session, tmp_path):
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    page.ground.elevation.take([str(SAMPLE / "landcover.tif")])
    page.ground.countries.take([countries(tmp_path, "lakes", "NAME:string", ("Deep",))])
    page.ground.elevation.take([str(tmp_path / "none.tif")])
    assert "holds classes, not altitudes" in said[0]
    assert "lakes" in said[1] and "ISO3" in said[1] and "NAME" in said[1]
    assert "none.tif" in said[2]
    assert empty_session.sources.elevation is empty_session.sources.countries is None
    assert page.ground.chip.state == "empty"


def test_of_a_file_with_provinces_the_countries_are_taken(empty_session, tmp_path):
    path = countries(tmp_path, "admin")
    layer = QgsVectorLayer(path, "", "ogr")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = "ADM_0_borders"
    options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, QgsProject.instance().transformContext(), options)
    empty_session.sources.add("countries", path)
    assert "ADM_0_borders" in empty_session.sources.countries.name()
    assert list(map(layers.role_of, QgsProject.instance().mapLayers().values())) == ["countries"]


def test_terrain_and_countries_stay_with_the_project(page, empty_session, tmp_path):
    terrain = raster(tmp_path / "srtm.tif", (np.arange(3600).reshape(60, 60) // 2).astype("int16"))
    QgsProject.instance().addMapLayers([QgsRasterLayer(terrain, "mine"), QgsVectorLayer(countries(tmp_path), "ours")])
    for part, name in ((page.ground.elevation, "mine"), (page.ground.countries, "ours")):
        part.fill_menu()
        next(action for action in part.menu.actions() if action.text() == name).trigger()
    sources = empty_session.sources
    assert "ELEVATION" not in sources.parameters()
    known = sources.nomination_parameters()
    assert (known["ELEVATION"].name(), known["COUNTRIES"].name()) == ("mine", "ours")
    QgsProject.instance().write(str(tmp_path / "project.qgz"))
    QgsProject.instance().clear()
    assert sources.elevation is sources.countries is None
    QgsProject.instance().read(str(tmp_path / "project.qgz"))
    assert (sources.elevation.name(), sources.countries.name()) == ("mine", "ours")
    settle()
    assert page.ground.chip.state == "fine"
    sources.release(sources.elevation)
    sources.release(sources.countries)
    assert sources.nomination_parameters() == {}
    assert len(QgsProject.instance().mapLayers()) == 2


def test_terrain_and_countries_fill_in_the_nomination_and_tell_the_cover(session, tmp_path):
    """Altitudes of a slope that rises eastward, 1 m each hundredth of a degree, by the ends of the boundary."""
    terrain = raster(tmp_path / "srtm.tif", np.tile(np.arange(100, dtype="int16"), (60, 1)))
    session.sources.add("elevation", terrain)
    session.sources.add("countries", countries(tmp_path, fields="ISO_A3:string,NAME_EN:string", values=("XAZ", "Azea")))
    wait_for(lambda: fresh(session))
    wait_for(lambda: session.prefill.known() and session.prefill.known().altitudes_m)
    box = session.candidates.geometry().boundingBox()
    known = session.prefill.known()
    expected = tuple(int((x + 179.2) / 0.01) for x in (box.xMinimum(), box.xMaximum()))
    assert known.altitudes_m == expected
    assert known.countries == (("Azea", "XAZ"),)
    assert {"srtm.tif", "borders.gpkg"} <= {name for name, _ in known.datasets}
    # The boundary itself says no country: the borders tell for whose figures it counts.
    session.protection.measure()
    wait_for(lambda: fresh(session))
    parameters = reports.known(session, session.protection.subject)
    assert parameters["COUNTRIES"] is session.sources.countries


def test_edges_are_lines_and_areas(page, empty_session, tmp_path):
    shapefile(tmp_path, "river", "LineString(0 0, 1 1)", "LineString")
    shapefile(tmp_path, "towns", "Point(0 0)", "Point")
    page.ground._dropped([str(tmp_path / "river.shp"), str(SAMPLE / "islands.gpkg"), str(SAMPLE / "landcover.tif")])
    assert sorted(layer.name() for layer in empty_session.sources.edge_layers) == ["islands", "river"]
    assert empty_session.sources.landcover is not None
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    page.ground._dropped([str(tmp_path / "towns.shp")])
    assert "towns" in said[0]
    empty_session.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    # Existing sites are none of them: an update would follow its own site all round.
    assert len(empty_session.sources.parameters()["EDGES"]) == 2


def test_the_national_list_is_chosen_and_kept_in_the_project(page, empty_session, library, tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("species,category\nAzea alba,EN\n", encoding="utf-8")
    assert page.library.authority.isHidden()
    mine = tmp_path / "mine.gpkg"
    mine.write_bytes(Path(library).read_bytes())
    import_species(Request(str(mine), assessments=str(table), authority="Xanadu"))
    empty_session.open_library(str(mine))
    assert not page.library.authority.isHidden()
    assert "AUTHORITY" not in empty_session.sources.parameters()
    page.library.authority.setCurrentIndex(1)
    page.library.authority.activated.emit(1)
    assert empty_session.sources.parameters()["AUTHORITY"] == "Xanadu"
    assert project_state.load(QgsProject.instance()).authority == "Xanadu"
    # A library without the list: that is said, and not silently judged by another one.
    empty_session.open_library(library)
    assert page.library.authority.currentData() == "Xanadu"
    assert "not in this library" in page.library.authority.currentText()


def test_the_group_is_found_under_another_name(empty_session):
    empty_session.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    layers.group(QgsProject.instance()).setName("Mine")
    empty_session.sources.add("landcover", str(SAMPLE / "landcover.tif"))
    assert len(QgsProject.instance().layerTreeRoot().findGroups()) == 1


def test_bad_files_are_said_and_nothing_is_added(page, empty_session, tmp_path):
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    path = tmp_path / "broken.gpkg"
    path.write_bytes(b"no")
    page.sites.part.take([str(path)])
    assert str(path) in said[0]
    assert empty_session.sources.site_layers == []


def test_nothing_is_wider_than_the_panel(page, empty_session):
    empty_session.sources.add("protected", str(SAMPLE / "protected_areas.gpkg"))
    empty_session.sources.protected_layers[0].setName("A name without any space_" * 8)
    page.protected.show_state()
    settle()
    assert page.scroll.widget().width() <= page.scroll.viewport().width()
    for card in (page.library, page.sites, page.protected, page.ground):
        assert card.geometry().right() <= page.scroll.viewport().width()


def test_the_sample_opens_checks_and_can_be_loaded_again(page, empty_session, tmp_path):
    sample.load(empty_session, tmp_path / "sample")
    wait_for(lambda: empty_session.sources.library_summary)
    wait_for(lambda: fresh(empty_session))
    assert empty_session.candidates.current == "Cloudtop Ridge"
    assert empty_session.results.assessment["verdict"] == "eligible"
    assert page.library.chip.state == "fine"
    said = page.library.facts.plain().replace("\u00a0", " ")
    for amount in ("31 taxa", "47 range rows", "30 assessments", "274 records", "2 areas of habitat", "13 estimates"):
        assert amount in said
    assert "16 rows were not taken" in page.library.imported_text.plain()
    assert [layer.name() for layer in empty_session.sources.edge_layers] == ["islands"]
    dialog = ReportDialog(empty_session.import_report)
    assert dialog.tree.topLevelItemCount() == len(empty_session.import_report["sources"])
    assert empty_session.candidates.feature("Serrata Highlands")["kind"] == "update_site"
    written = empty_session.nominations.written
    assert written["Cloudtop Ridge"]["proposer"]["name"] == "Mira Talo"
    update = written["Serrata Highlands"]
    assert (update["kind"], update["site"]["sitrecid"], update["proposer"]["name"]) == (
        "update_site",
        "98001",
        "Teva Orsini",
    )
    assert update["statements"]["candidates"]["Serrata Highlands"]["delineation_rationale"]
    count = len(QgsProject.instance().mapLayers())
    sample.load(empty_session, tmp_path / "sample")
    wait_for(lambda: not empty_session.runner.running("import"))
    assert len(QgsProject.instance().mapLayers()) == count
    assert len(empty_session.candidates.names) == 7


def test_import_dialog_asks_for_what_is_needed(qgis_app, tmp_path):
    export = tmp_path / "assessments.csv"
    export.write_text("scientificName,redlistCategory\nA b,CR\n")
    dialog = ImportDialog("", [str(SAMPLE / "ranges.zip"), str(export)])
    assert not dialog.start.isEnabled()
    dialog.library.setFilePath(str(tmp_path / "mine"))
    assert dialog.start.isEnabled()
    choice = dialog.choice()
    assert choice["library"] == str(tmp_path / "mine.gpkg")
    assert choice["ranges"] == [str(SAMPLE / "ranges.zip")]
    assert choice["assessments"].endswith("assessments.csv")


def test_files_dropped_on_the_dialog_go_where_they_belong(qgis_app, tmp_path):
    dialog = ImportDialog(str(tmp_path / "mine.gpkg"))
    assert not dialog.start.isEnabled()
    names = ("occurrences.csv", "populations.csv", "redlist.zip", "ranges_birds.gpkg", "habitat")
    dialog.take([str(SAMPLE / name) for name in names])
    choice = dialog.choice()
    assert choice["occurrences"] == [str(SAMPLE / "occurrences.csv")]
    assert choice["populations"] == str(SAMPLE / "populations.csv")
    assert choice["assessments"] == str(SAMPLE / "redlist.zip")
    assert choice["ranges"] == [str(SAMPLE / "ranges_birds.gpkg")]
    assert choice["habitats"] == str(SAMPLE / "habitat")
    assert dialog.start.isEnabled()
    dialog.take([str(SAMPLE / "statements.json"), str(SAMPLE / "occurrences.csv")])
    assert choice["occurrences"] == dialog.choice()["occurrences"]


def test_a_national_list_needs_a_name(qgis_app, tmp_path):
    dialog = ImportDialog(str(tmp_path / "mine.gpkg"), [str(SAMPLE / "redlist.zip")])
    assert dialog.authority.isHidden()
    assert dialog.choice()["authority"] == ""
    dialog.list.setCurrentIndex(1)
    assert not dialog.start.isEnabled()
    dialog.authority.setText("  Xanadu   (Ministry) ")
    assert dialog.start.isEnabled()
    assert dialog.choice()["authority"] == "Xanadu (Ministry)"
    dialog.assessments.setFilePath("")
    dialog.take([str(SAMPLE / "ranges.zip")])
    assert dialog.start.isEnabled()
    assert dialog.choice()["authority"] == ""


def children(item):
    return [item.child(i) for i in range(item.childCount())]


def test_report_shows_every_rejected_row(qgis_app):
    report = {
        "sources": [
            {
                "name": "ranges.shp",
                "kind": "ranges",
                "version": "2025-1",
                "citation": "",
                "rows_read": 3,
                "rows_imported": 1,
                "rows_rejected": 2,
                "rows_repaired": 0,
                "fields": {"taxon_id": "id_no"},
                "assumed": ["presence"],
                "rejected": [{"row": 2, "taxon": "A b", "code": "x", "reason": "no geometry"}] * 2,
                "repaired": [],
                "notes": [],
            }
        ]
    }
    dialog = ReportDialog(report)
    top = dialog.tree.topLevelItem(0)
    texts = [top.child(i).text(0) for i in range(top.childCount())]
    assert "Rejected (2)" in texts
    [reason] = children(top.child(texts.index("Rejected (2)")))
    assert reason.text(0) == "2 ×"
    assert reason.childCount() == 2
    assert "no geometry" in reason.child(0).text(1)


def test_report_counts_by_reason_also_what_is_not_listed(qgis_app):
    rows = [{"row": n, "taxon": "A b", "code": "row.absent", "reason": "absent"} for n in range(1, 4)]
    rows.append({"row": 9, "taxon": "", "code": "row.no_coordinates", "reason": "no place"})
    source = {
        "name": "gbif.zip",
        "kind": "occurrences",
        "version": "",
        "citation": "",
        "rows_read": 5_000,
        "rows_imported": 0,
        "rows_rejected": 4_000,
        "rows_repaired": 0,
        "fields": {"scientific_name": "scientificName", "lon": "decimalLongitude"},
        "assumed": [],
        "rejections": {"row.absent": 3_999, "row.no_coordinates": 1},
        "rejected": rows,
        "repaired": [],
        "notes": [
            {"code": "rejected.absent", "message": "Not found there", "params": {}},
            {"code": "import.unknown_names", "message": "Two names are unknown", "params": {}},
        ],
    }
    dialog = ReportDialog({"sources": [source]})
    top = dialog.tree.topLevelItem(0)
    below = {item.text(0): item for item in children(top)}
    assert below["Note"].text(1) == "Two names are unknown"
    first, second = children(below["Rejected (4,000)"])
    assert (first.text(0), first.text(1)) == ("3,999 ×", "Not found there")
    assert [item.text(0) for item in children(first)] == ["row 1", "row 2", "row 3", "…"]
    assert first.child(3).text(1) == "and 3,996 more"
    assert (second.text(0), second.text(1), second.child(0).text(1)) == ("1 ×", "no place", "no place")
    assert [(i.text(0), i.text(1)) for i in children(below["Fields used"])] == [
        ("scientific name", "scientificName"),
        ("longitude", "decimalLongitude"),
    ]
