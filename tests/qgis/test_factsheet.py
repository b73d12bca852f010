"""The fact sheet of a site: its figures are those of the other tools, and it keeps to one page, whatever the site."""

import csv
import json
import re
import shutil
import subprocess
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
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QEventLoop, QTimer

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
FIELDS = (
    "SitRecID:int",
    "IntName:string(0)",
    "NatName:string(0)",
    "Country:string",
    "ISO3:string",
    "SitLat:double",
    "SitLong:double",
    "AzeStatus:string",
    "trigger_species:string",
)
LONG = "Réserve naturelle intégrale de la très haute vallée " * 5


def pages(pdf):
    said = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"Pages:\s+(\d+)", said).group(1))


def words(pdf):
    """The text of a PDF, on one line."""
    text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    return " ".join(text.split())


def table_of(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("SitRecID", "scientific_name", "category", "common_name"), *rows])
    return str(path)


def layer_of(path, rows, kind="MultiPolygon"):
    """A GeoPackage of sites: (shape or None, {field: value})."""
    made = QgsVectorLayer(f"{kind}?crs=EPSG:4326&" + "&".join(f"field={f}" for f in FIELDS), "sites", "memory")
    for shape, values in rows:
        feature = QgsFeature(made.fields())
        for name, value in values.items():
            feature[name] = value
        if shape is not None:
            feature.setGeometry(QgsGeometry.fromWkt(shape.wkt))
            feature.geometry().convertToMultiType()
        made.dataProvider().addFeature(feature)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    QgsVectorFileWriter.writeAsVectorFormatV3(made, str(path), QgsProject.instance().transformContext(), options)
    return str(path)


def placeholder(x, y):
    """A circle of 1 km radius."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    degrees = 1000 / 111_195
    return shapely.Polygon(np.c_[x + degrees * np.cos(turn) / np.cos(np.radians(y)), y + degrees * np.sin(turn)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The sample, copied: opening a raster writes beside it."""
    folder = tmp_path_factory.mktemp("sample")
    for name in ("sites.gpkg", "candidates.gpkg", "protected_areas.gpkg", "site_triggers.csv", "islands.gpkg"):
        shutil.copy(SAMPLE / name, folder / name)
    shutil.copy(SAMPLE / "landcover.tif", folder / "landcover.tif")
    return folder


@pytest.fixture
def sheet(run, tmp_path):
    """``sheet(PARAM=…)`` makes a sheet and gives its folder and summary; with ``drawn=False`` the summary alone."""

    def runner(name="sheet", drawn=True, **parameters):
        folder = tmp_path / name
        folder.mkdir()
        outputs = {"OUTPUT": "sheet.html", "PDF": "sheet.pdf"} if drawn else {}
        outputs["SUMMARY"] = "sheet.json"
        run("sitefactsheet", **{**{key: str(folder / file) for key, file in outputs.items()}, **parameters})
        return folder, json.loads((folder / "sheet.json").read_text(encoding="utf-8"))

    return runner


def test_its_figures_are_those_of_the_other_tools(run, sheet, data, sample_library, tmp_path):
    protected = [str(data / "protected_areas.gpkg")]
    folder, found = sheet(
        SITES=str(data / "sites.gpkg"),
        SITE_ID="98001",
        PROTECTED=protected,
        LIBRARY=sample_library,
        TRIGGERS=str(data / "site_triggers.csv"),
        RASTERS=[str(data / "landcover.tif")],
        POLYGONS=[str(data / "islands.gpkg")],
    )
    assert found["schema"] == "aze-factsheet/1"

    run(
        "protectioncoverage",
        SITES=str(data / "sites.gpkg"),
        PROTECTED=protected,
        YEARS=True,
        OUTPUT=str(tmp_path / "cover.gpkg"),
        SUMMARY=str(tmp_path / "cover.json"),
    )
    cover = json.loads((tmp_path / "cover.json").read_text(encoding="utf-8"))
    expected = next(s for s in cover["sites"] if s["site_id"] == "98001")
    ours = found["coverage"]["sites"][0]
    for member in ("pa_pct", "oecm_pct", "both_pct", "area_ha", "unprotected_ha"):
        assert ours[member] == pytest.approx(expected[member], abs=1e-9)
    for member in ("cover_class", "protected_areas", "years"):
        assert ours[member] == expected[member]

    run(
        "checkboundary",
        BOUNDARY=str(data / "sites.gpkg"),
        NAME_FIELD="IntName",
        LIBRARY=sample_library,
        OUTPUT=str(tmp_path / "check.json"),
    )
    check = json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))
    expected = next(a for a in check["assessments"] if a["name"] == "Serrata Highlands")
    ours = found["assessment"]["assessments"][0]
    assert [(t["scientific_name"], t["trigger"], t["shares"]) for t in ours["species"]] == [
        (t["scientific_name"], t["trigger"], t["shares"]) for t in expected["species"]
    ]
    assert ours["criteria"]["irreplaceability"] == expected["criteria"]["irreplaceability"]
    assert found["criteria"] == {name: c["status"] for name, c in expected["criteria"].items()}
    # The table lists two of the four species that trigger; the others follow.
    assert {s["scientific_name"]: s["listed"] for s in found["trigger_species"]} == {
        "Fractella torta": True,
        "Lacustrina caeca": True,
        "Expulsina vera": False,
        "Partitella divisa": False,
    }
    assert found["triggers_known_by"] == "table"

    run(
        "sitecontext",
        SITES=str(data / "sites.gpkg"),
        RASTERS=[str(data / "landcover.tif")],
        POLYGONS=[str(data / "islands.gpkg")],
        OUTPUT=str(tmp_path / "context.csv"),
        SUMMARY=str(tmp_path / "context.json"),
    )
    context = json.loads((tmp_path / "context.json").read_text(encoding="utf-8"))
    expected = next(s for s in context["sites"] if s["site_id"] == "98001")
    assert found["context"]["sites"][0]["figures"] == expected["figures"]

    said = words(folder / "sheet.pdf")
    page = (folder / "sheet.html").read_text(encoding="utf-8")
    for part in ("Serrata Highlands", "18.2", "Serrata Strict Reserve", "97.5", "Lacustrina caeca", "sample-1"):
        assert part in said and part in page
    assert pages(folder / "sheet.pdf") == 1


def test_the_same_data_give_the_same_bytes_and_a_page_that_needs_nothing_else(sheet, data):
    parameters = {
        "SITES": str(data / "candidates.gpkg") + "|layername=candidates",
        "SITE_ID": "cloudtop ridge",
        "PROTECTED": [str(data / "protected_areas.gpkg")],
        "DATE": "2026-05-04",
    }
    one, _ = sheet("one", **parameters)
    two, _ = sheet("two", **parameters)
    for name in ("sheet.html", "sheet.pdf", "sheet.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    page = (one / "sheet.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:|#)', page) and "<script" not in page
    assert "4 May 2026" in words(one / "sheet.pdf")


def test_what_was_not_given_is_said_and_is_no_zero(sheet, data):
    folder, found = sheet(SITES=str(data / "sites.gpkg"), SITE_ID="98001")
    assert found["coverage"] is None and found["cover_not_measured_because"] == "not_given"
    assert found["assessment"] is None and found["criteria"] is None
    assert found["trigger_species"] is None
    said = words(folder / "sheet.pdf")
    assert "Not measured, as no layer of protected areas was given" in said
    assert "as listed" in said and "Not known: the layer names no trigger species" in said
    assert "Unprotected" not in said


def test_a_table_that_does_not_name_the_site_is_not_said_to_be_missing(sheet, data, tmp_path):
    table = table_of(tmp_path / "others.csv", [("12345", "Azea alba", "EN", "")])
    folder, found = sheet(SITES=str(data / "sites.gpkg"), SITE_ID="98001", TRIGGERS=table)
    assert found["trigger_species"] is None
    assert "neither the layer nor the table “others” names" in words(folder / "sheet.pdf")
    assert "no table" not in (folder / "sheet.html").read_text(encoding="utf-8")


def test_a_site_without_a_boundary_is_shown_by_its_place(sheet, sample_library, data, tmp_path):
    path = layer_of(
        tmp_path / "sites.gpkg",
        [
            (placeholder(37.3, 12.0), {"SitRecID": 1, "IntName": "ጣና ሐይቅ ደሴቶች", "AzeStatus": "confirmed"}),
            (None, {"SitRecID": 2, "IntName": "อุทยานแห่งชาติ", "SitLat": 14.4, "SitLong": 101.4}),
            (None, {"SitRecID": 3, "IntName": "Nowhere", "SitLat": 0, "SitLong": 0}),
        ],
    )
    more = {"PROTECTED": [str(data / "protected_areas.gpkg")], "LIBRARY": sample_library}
    for number, boundary, place in ((1, "placeholder", (37.3, 12.0)), (2, "none", (101.4, 14.4)), (3, "none", None)):
        folder, found = sheet(str(number), SITES=path, SITE_ID=str(number), **more)
        site = found["site"]
        assert site["boundary"] == boundary and site["area_ha"] is None
        told = (site["longitude"], site["latitude"])
        assert told == (pytest.approx(place, abs=1e-6) if place else (None, None))
        assert found["coverage"]["sites"][0]["both_pct"] is None
        assert found["not_checked_because"] == "no_boundary"
        said = words(folder / "sheet.pdf")
        assert "Not assessed, as no boundary of the site is known. This is not 0 %." in said.replace("\u00a0", " ")
        assert ("there is no map" in said) == (place is None)
        page = (folder / "sheet.html").read_text(encoding="utf-8")
        assert ("<img" in page) == (place is not None)
        assert pages(folder / "sheet.pdf") == 1


def test_a_site_of_points_has_its_place_too(sheet, tmp_path):
    path = layer_of(tmp_path / "points.gpkg", [(shapely.Point(5.5, 6.5), {"SitRecID": 7, "IntName": "Well"})], "Point")
    _, found = sheet(drawn=False, SITES=path)
    assert found["site"]["boundary"] == "none"
    assert (found["site"]["longitude"], found["site"]["latitude"]) == (5.5, 6.5)


def test_forty_species_and_long_names_stay_on_one_page(sheet, tmp_path):
    sites = layer_of(
        tmp_path / "sites.gpkg",
        [
            (
                shapely.box(36, 4, 36.4, 4.5),
                {
                    "SitRecID": 1,
                    "IntName": LONG,
                    "NatName": "محمية الجبال العالية الكبرى " * 3,
                    "AzeStatus": "confirmed",
                },
            )
        ],
    )
    species = table_of(
        tmp_path / "species.csv",
        [
            (1, f"Longigenus pulcherrimaspecies{chr(97 + n // 26)}{chr(97 + n % 26)}", "EN", LONG[:60])
            for n in range(40)
        ],
    )
    citations = "\n".join(f"A dataset of release {n}, {LONG}" for n in range(30))
    folder, found = sheet(SITES=sites, TRIGGERS=species, SOURCES=citations, RASTERS=[], POLYGONS=[sites])
    assert len(found["trigger_species"]) == 40
    assert pages(folder / "sheet.pdf") == 1
    said = words(folder / "sheet.pdf")
    shown = len(re.findall(r"pulcherrimaspecies", said))
    assert 0 < shown < 40 and f"And {40 - shown} more" in said
    assert "Further sources" in said and "The three criteria" in said and "SDG indicators" in said
    page = (folder / "sheet.html").read_text(encoding="utf-8")
    # Those on the sheet, and all of them below it, where they are not printed.
    assert "All trigger species" in page
    assert all(f"pulcherrimaspecies{chr(97 + n // 26)}{chr(97 + n % 26)}" in page for n in range(40))


@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser to print with")
def test_the_page_prints_on_one_sheet(sheet, data, tmp_path):
    species = table_of(tmp_path / "species.csv", [(98001, f"Genus species{chr(97 + n)}", "CR", "") for n in range(25)])
    folder, _ = sheet(
        SITES=str(data / "sites.gpkg"),
        SITE_ID="98001",
        PROTECTED=[str(data / "protected_areas.gpkg")],
        TRIGGERS=species,
        RASTERS=[str(data / "landcover.tif")],
        POLYGONS=[str(data / "islands.gpkg")],
        COMPARE=False,
    )
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}"]
        + [f"--print-to-pdf={folder / 'printed.pdf'}", (folder / "sheet.html").as_uri()],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert pages(folder / "printed.pdf") == 1


def test_a_site_across_180_degrees_is_one_shape(sheet, data):
    from aze_plugin.services.reporting import maps

    folder, found = sheet(
        SITES=str(data / "candidates.gpkg") + "|layername=candidates",
        SITE_ID="Dateline Wood",
        PROTECTED=[str(data / "protected_areas.gpkg")],
    )
    assert abs(found["site"]["longitude"]) == pytest.approx(180, abs=0.05)
    assert pages(folder / "sheet.pdf") == 1
    # The world on the far side does not cover the map: what is near 180° lies within reach of it.
    extent = maps.ground_near([177, -19, -179, -16]).extent()
    assert 90 < extent.xMinimum() < extent.xMaximum() < 270
    # Of a small place as much as its map shows beyond it.
    extent = maps.ground_near([179.85, 67.5, 179.851, 67.501]).extent()
    assert extent.width() > 0.05


def test_a_site_in_two_countries_has_a_line_for_each(sheet, tmp_path):
    sites = layer_of(tmp_path / "sites.gpkg", [(shapely.box(-1, 0, 1, 1), {"SitRecID": 1, "ISO3": "AAA;BBB"})])
    made = QgsVectorLayer("Polygon?crs=EPSG:4326&field=ISO3:string", "borders", "memory")
    for code, box in (("AAA", (-9, -9, 0, 9)), ("BBB", (0, -9, 9, 9))):
        feature = QgsFeature(made.fields())
        feature["ISO3"] = code
        feature.setGeometry(QgsGeometry.fromWkt(shapely.box(*box).wkt))
        made.dataProvider().addFeature(feature)
    areas = QgsVectorLayer("Polygon?crs=EPSG:4326&field=NAME:string", "parks", "memory")
    feature = QgsFeature(areas.fields())
    feature.setGeometry(QgsGeometry.fromWkt(shapely.box(-9, 0, 0, 1).wkt))
    areas.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayers([made, areas], False)
    try:
        folder, found = sheet(SITES=sites, PROTECTED=[areas], COUNTRIES=made)
    finally:
        QgsProject.instance().removeMapLayers([made.id(), areas.id()])
    parts = {part["iso3"]: part["both_pct"] for part in found["coverage"]["sites"][0]["parts"]}
    assert parts == {"AAA": pytest.approx(100), "BBB": pytest.approx(0, abs=1e-6)}
    page = re.sub(r"<[^>]+>", " ", (folder / "sheet.html").read_text(encoding="utf-8"))
    assert re.search(r"AAA +[\d,]+ km² +100 % +BBB +[\d,]+ km² +0 %", page.replace("\u00a0", " "))
    assert "Part in" in words(folder / "sheet.pdf")


def test_other_candidates_are_no_existing_sites(sheet, data, sample_library, tmp_path):
    candidates = QgsVectorLayer(str(data / "candidates.gpkg") + "|layername=candidates", "candidates", "ogr")
    one = candidates.materialize(QgsFeatureRequest(1))
    QgsProject.instance().addMapLayer(one, False)
    try:
        _, alone = sheet("alone", drawn=False, SITES=one, LIBRARY=sample_library)
        _, beside = sheet("beside", drawn=False, SITES=one, LIBRARY=sample_library, EXISTING=str(data / "sites.gpkg"))
    finally:
        QgsProject.instance().removeMapLayer(one.id())
    codes = [
        {f["code"] for f in found["assessment"]["assessments"][0]["criteria"]["discreteness"]["findings"]}
        for found in (alone, beside)
    ]
    assert "discreteness.sites_not_given" in codes[0] and "discreteness.sites_not_given" not in codes[1]


@pytest.mark.parametrize(
    ("site", "said"),
    [("", "has 4 sites"), ("99999", "no site with the id or the name “99999”")],
)
def test_a_site_that_is_not_told_is_asked_for(sheet, data, site, said):
    with pytest.raises(QgsProcessingException, match=said):
        sheet(SITES=str(data / "sites.gpkg"), SITE_ID=site)


def test_several_rows_of_one_id_are_told_apart(sheet, tmp_path):
    path = layer_of(
        tmp_path / "sites.gpkg",
        [(shapely.box(n, 0, n + 0.1, 0.1), {"SitRecID": 5, "IntName": f"Part {n}"}) for n in range(2)],
    )
    folder, found = sheet("first", SITES=path, SITE_ID="5")
    assert found["site"]["name"] == "Part 0" and found["site"]["rows_of_this_id"] == 2
    assert "2 rows of the layer bear this id" in words(folder / "sheet.pdf")
    _, found = sheet("second", drawn=False, SITES=path, SITE_ID="5", FEATURE=2)
    assert found["site"]["name"] == "Part 1"


def test_a_sheet_has_to_go_somewhere(run, data):
    with pytest.raises(ValueError, match="where the sheet goes"):
        run("sitefactsheet", SITES=str(data / "sites.gpkg"), SITE_ID="98001")


def test_a_worker_makes_it_too(provider, data, tmp_path):
    """As the panel has it made: in a thread, with maps and layout made on the main one."""
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    parameters = {
        "SITES": str(data / "sites.gpkg"),
        "SITE_ID": "98001",
        "PROTECTED": [str(data / "protected_areas.gpkg")],
        "PDF": str(tmp_path / "sheet.pdf"),
    }
    algorithm = provider.algorithm("sitefactsheet").create()
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    done, loop = [], QEventLoop()
    task.executed.connect(lambda good, results: (done.append((good, results)), loop.quit()))
    QTimer.singleShot(60_000, loop.quit)
    QgsApplication.taskManager().addTask(task)
    if not done:
        loop.exec()
    assert done and done[0][0], feedback.textLog()
    assert pages(parameters["PDF"]) == 1
