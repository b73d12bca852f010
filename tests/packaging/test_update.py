"""Packages of updates: from the sample's site to a final package that holds on verification."""

import copy
import json
import zipfile

import numpy as np
import pytest
from osgeo import gdal, osr
from package_helpers import SAMPLE, codes
from qgis.core import QgsProcessingException

SITE, FOLDER = "Serrata Highlands", "Serrata_Highlands"


@pytest.fixture
def update():
    """The complete update that the schema gives as its second example, to be changed at will."""
    from aze_plugin.packaging.details import schema

    return copy.deepcopy(schema()["examples"][1])


def nomination_of(results):
    with zipfile.ZipFile(results["OUTPUT"]) as archive:
        return json.loads(archive.read(f"{FOLDER}/data/nomination.json"))


def test_the_second_example_is_final_with_the_sample_and_holds(package, update, library):
    results = package(update, site=SITE, TRIGGERS=str(SAMPLE / "site_triggers.csv"))
    assert results["PROBLEMS"] == 0
    nomination = nomination_of(results)
    assert nomination["status"] == "final" and nomination["kind"] == "update_site"
    assert codes(results["OUTPUT"], library) == set()


def test_what_changes_is_told_from_the_sample(package, update):
    """The sample's site has 6,218.7 ha and two trigger species; the candidate holds it whole, and two species more."""
    update["update"] = {}
    nomination = nomination_of(
        package(update, site=SITE, TRIGGERS=str(SAMPLE / "site_triggers.csv"), ALLOW_INCOMPLETE=True)
    )
    changes = nomination["update"]["changes"]
    moved = next(row for row in changes if row["kind"] == "boundary_change")
    assert moved["before_ha"] == pytest.approx(6218.7, abs=0.1)
    assert moved["lost_ha"] == pytest.approx(0, abs=1e-3)
    assert moved["after_ha"] == pytest.approx(100 * nomination["site"]["area_km2"], abs=0.01)
    assert moved["gained_ha"] == pytest.approx(moved["after_ha"] - moved["before_ha"], abs=0.01)
    assert {(r["kind"], r["taxon"]) for r in changes if "taxon" in r} == {
        ("reassessment", "Lacustrina caeca"),
        ("reassessment", "Fractella torta"),
        ("new_trigger", "Partitella divisa"),
        ("new_trigger", "Expulsina vera"),
    }
    assert nomination["update"]["site_name"] == "Serrata Highlands"
    assert nomination["site"]["purpose"] == "Add new qualifying biodiversity element to an existing KBA"


def test_an_update_is_refused_until_it_is_explained(package, update):
    update["update"] = {"site_id": "98001"}
    with pytest.raises(QgsProcessingException) as caught:
        package(update, site=SITE, TRIGGERS=str(SAMPLE / "site_triggers.csv"))
    said = str(caught.value)
    assert "Boundary changed: say why." in said
    assert "New trigger species (Expulsina vera): say whether nature changed" in said
    assert "Lacustrina caeca" not in said


def test_an_update_of_a_site_that_is_not_there_is_refused(package, update):
    update["site"]["sitrecid"] = update["update"]["site_id"] = "98765"
    with pytest.raises(QgsProcessingException, match="No existing site with the number 98765"):
        package(update, site=SITE)


def test_the_site_itself_is_no_overlap(package, update):
    from aze_plugin.packaging.verification import verify

    package_path = package(update, site=SITE)["OUTPUT"]
    with zipfile.ZipFile(package_path) as archive:
        assessment = json.loads(archive.read(f"{FOLDER}/data/assessment.json"))["assessments"][0]
    found = [f["code"] for f in assessment["criteria"]["discreteness"]["findings"]]
    assert "discreteness.updates_site" in found and "discreteness.overlaps_site" not in found
    assert nomination_of({"OUTPUT": package_path})["status"] == "final"
    assert not verify(package_path, None).problems


def test_the_project_fills_in_country_altitude_and_habitats(package, update, tmp_path):
    terrain = tmp_path / "terrain.tif"
    rows, columns = 200, 300
    made = gdal.GetDriverByName("GTiff").Create(str(terrain), columns, rows, 1, gdal.GDT_Float32)
    made.SetGeoTransform((-178.4, 0.002, 0, -26.55, 0, -0.002))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4326)
    made.SetProjection(system.ExportToWkt())
    # Rising eastward by 1 m a column; in the site's box columns from west to east are those of its longitudes.
    made.GetRasterBand(1).WriteArray(np.tile(np.arange(columns, dtype=np.float32), (rows, 1)))
    made = None
    for key in ("country", "altitude_min", "altitude_max"):
        del update["site"][key]
    del update["habitats"]
    nomination = nomination_of(
        package(
            update,
            site=SITE,
            ELEVATION=str(terrain),
            LANDCOVER=str(SAMPLE / "landcover.tif"),
            TRIGGERS=str(SAMPLE / "site_triggers.csv"),
            ALLOW_INCOMPLETE=True,
        )
    )
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        boundary = json.loads(archive.read(f"{FOLDER}/data/boundary/{FOLDER}.geojson"))
    lon = [x for x, _ in _pairs(boundary["features"][0]["geometry"]["coordinates"])]
    assert nomination["site"]["altitude_min"] == int((min(lon) + 178.4) / 0.002)
    assert nomination["site"]["altitude_max"] == int((max(lon) + 178.4) / 0.002)
    assert (nomination["site"]["country"], nomination["site"]["iso3"]) == ("Azea", "XAZ")
    habitats = nomination["habitats"]["types"]
    assert habitats[0]["habitat"] == "1. Forest" and sum(row["cover_percent"] for row in habitats) <= 100
    keys = {row["key"] for row in nomination["references"]["items"]}
    assert {"terrain.tif", "sites.gpkg", "landcover.tif", "protected_areas.gpkg", "site_triggers.csv"} <= keys
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        sources = archive.read(f"{FOLDER}/data/sources.csv").decode()
    assert "terrain model" in sources and "trigger species" in sources


def _pairs(coordinates):
    if isinstance(coordinates[0], (int, float)):
        yield coordinates[:2]
        return
    for part in coordinates:
        yield from _pairs(part)


def test_a_terrain_model_that_cannot_be_read_is_said(package, update, tmp_path):
    (tmp_path / "none.tif").write_bytes(b"no raster")
    with pytest.raises((QgsProcessingException, ValueError)):
        package(update, site=SITE, ELEVATION=str(tmp_path / "none.tif"))


def test_a_forged_change_is_found_on_verification(package, update, tmp_path):
    from package_helpers import rebag

    results = package(update, site=SITE, TRIGGERS=str(SAMPLE / "site_triggers.csv"))
    with zipfile.ZipFile(results["OUTPUT"]) as archive:
        archive.extractall(tmp_path / "bag")
    folder = tmp_path / "bag" / FOLDER
    path = folder / "data" / "nomination.json"
    nomination = json.loads(path.read_text(encoding="utf-8"))
    nomination["update"]["changes"][0]["after_ha"] = 12000.0
    nomination["update"]["changes"].append(
        {"kind": "new_trigger", "taxon": "Azea regalis", "reason": "x", "cause": "genuine"}
    )
    path.write_text(json.dumps(nomination), encoding="utf-8")
    rebag(folder)
    found = {code for code, _ in codes(folder)}
    assert {"nomination.area_differs", "nomination.change_no_trigger"} <= found
