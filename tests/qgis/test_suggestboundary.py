"""``aze:suggestboundary`` on the sample and on real files; every proposal is put to ``aze:checkboundary``."""

import gc
import json
import re
from pathlib import Path

import pytest
from osgeo import ogr, osr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
)

from aze_plugin.domain.suggestion import TRADE_OFFS
from aze_plugin.library.importer import Request, import_species
from aze_plugin.services import wording
from aze_plugin.services.layers import plain

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
PROTECTED = str(SAMPLE / "protected_areas.gpkg")
ISLANDS = str(SAMPLE / "islands.gpkg")
SITES = str(SAMPLE / "sites.gpkg")
MALAWI = ROOT.parent / "shared" / "data" / "malawi"

FIELDS = [
    "rank",
    "name",
    "taxon_id",
    "scientific_name",
    "parameter",
    "segment",
    "share",
    "area_ha",
    "units",
    "unit_names",
    "perimeter_km",
    "compactness",
    "parts",
    "protected_pct",
    "exact",
    "bound",
    "reason",
]


@pytest.fixture(autouse=True)
def nothing_left():
    """What errors hold of QGIS is let go of before QGIS ends."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def library(qgis_app, tmp_path_factory):
    """The whole sample: ranges, assessments, records, habitat and estimates."""
    path = tmp_path_factory.mktemp("library") / "whole.gpkg"
    ranges = (str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg"))
    import_species(
        Request(
            str(path),
            ranges,
            str(SAMPLE / "redlist.zip"),
            occurrences=(str(SAMPLE / "occurrences.csv"),),
            populations=str(SAMPLE / "populations.csv"),
            habitats=str(SAMPLE / "habitat"),
        )
    )
    return str(path)


@pytest.fixture
def suggest(run, library, tmp_path):
    """``suggest(taxon, PARAM=…)`` returns the outputs, the rows, the report and a file of the proposals."""

    def runner(taxon, **parameters):
        report, output = tmp_path / "report.json", tmp_path / "proposals.gpkg"
        output.unlink(missing_ok=True)
        given = {"LIBRARY": library, "TAXON": taxon, "OUTPUT": str(output), "REPORT": str(report), **parameters}
        results = run("suggestboundary", **given)
        layer = QgsVectorLayer(str(output), "proposals", "ogr")
        results["fields"] = [f.name() for f in layer.fields() if f.name() != "fid"]
        results["rows"] = [{k: plain(v) for k, v in f.attributeMap().items()} for f in layer.getFeatures()]
        results["file"] = str(output)
        results["json"] = json.loads(report.read_text(encoding="utf-8"))
        return results

    return runner


@pytest.fixture
def checked(run, library, tmp_path):
    """Shares of a taxon in every candidate of a file, by parameter and segment."""

    def runner(boundary, taxon_id, library=library):
        output = tmp_path / "assessment.json"
        run("checkboundary", BOUNDARY=boundary, LIBRARY=library, OUTPUT=str(output), NAME_FIELD="name")
        document = json.loads(output.read_text(encoding="utf-8"))
        return [
            {(s["parameter"], s["segment"]): s for t in a["species"] if t["taxon_id"] == taxon_id for s in t["shares"]}
            for a in document["assessments"]
        ]

    return runner


def drawn(rows, crs="EPSG:4326"):
    """A memory layer of (name, wkt in lon/lat)."""
    made = QgsVectorLayer(f"Polygon?crs={crs}&field=name:string", "drawn", "memory")
    turn = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(crs), QgsProject.instance()
    )
    for name, wkt in rows:
        feature = QgsFeature(made.fields())
        feature.setAttributes([name])
        shape = QgsGeometry.fromWkt(wkt)
        shape.transform(turn)
        feature.setGeometry(shape)
        assert made.dataProvider().addFeature(feature)
    return made


@pytest.mark.parametrize(
    "taxon, parameter, segment",
    [
        ("Azea alba", "aoo", "all"),
        ("99000103", "aoo", "all"),
        ("procellora NIDULANS", "range", "breeding"),
        ("Liminella bifida", "aoo", "all"),
        ("Meridianthe orientalis", "range", "resident"),
        ("Desertula sola", "aoo", "all"),
    ],
)
def test_proposals_pass_the_check_of_a_boundary(suggest, checked, taxon, parameter, segment):
    found = suggest(taxon)
    assert found["fields"] == FIELDS
    assert found["rows"] and found["PROPOSALS"] == len(found["rows"]) == len(found["json"]["proposals"])
    shares = checked(found["file"], found["rows"][0]["taxon_id"])
    for rank, (row, share) in enumerate(zip(found["rows"], shares), 1):
        assert (row["rank"], row["parameter"], row["segment"]) == (rank, parameter, segment)
        assert row["name"] == f"Proposal {rank} for {row['scientific_name']}"
        own = share[parameter, segment]
        assert own["status"] == "met"
        assert own["best"] == pytest.approx(row["share"], abs=1e-8)
        assert row["protected_pct"] is None
        assert row["bound"] >= 1 and 0 < row["compactness"] <= 1
        assert ("range maps alone" in row["reason"]) == (parameter == "range")
    areas = [row["area_ha"] for row in found["rows"]]
    assert areas[1:] == sorted(areas[1:])


def test_without_units_hexagons_make_a_boundary_that_hugs_the_range(suggest):
    found = suggest("Regulella infra", PARAMETER=3)
    first = found["rows"][0]
    assert first["unit_names"].endswith("hexagons") and first["units"] > 20
    # The range is 100 %; a proposal of 95 % in hexagons takes little more land than the range has.
    own = found["json"]["proposals"][0]
    assert own["site_value"] / 1e4 < first["area_ha"] < 1.25 * own["global_value"] / 1e4
    assert "draw natural or administrative edges" in first["reason"]


def test_protected_areas_make_units_and_figures(suggest):
    found = suggest("Azea alba", UNITS=[PROTECTED], PROTECTED=[PROTECTED], SITES=SITES, PARAMETER=3)
    assert found["rows"][0]["protected_pct"] > 0
    assert "Nubila Biosphere" in found["rows"][0]["unit_names"]
    codes = [f["code"] for f in found["json"]["findings"]]
    assert "suggestion.layer_left_out" in codes
    reasons = [f["code"] for f in found["json"]["proposals"][0]["findings"]]
    assert "suggestion.oversize" in reasons
    none = suggest("Azea alba", UNITS=[ISLANDS], PROTECTED=[drawn([("far", "POLYGON((0 50,1 50,1 51,0 51,0 50))")])])
    assert [row["protected_pct"] for row in none["rows"]] == [0.0] * len(none["rows"])


def test_units_of_other_systems_and_broken_rings_are_taken(suggest, library):
    # The island of Desertula in two halves, one in degrees, one in metres, and a bow-tie beside.
    whole = QgsVectorLayer(ISLANDS, "islands", "ogr")
    box = next(f for f in whole.getFeatures() if f["name"] == "Solitudo").geometry().boundingBox()
    west, south, east, north = box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
    middle = (west + east) / 2
    first = drawn(
        [("west", f"POLYGON(({west} {south},{middle} {south},{middle} {north},{west} {north},{west} {south}))")]
    )
    second = drawn(
        [
            ("east", f"POLYGON(({middle} {south},{east} {south},{east} {north},{middle} {north},{middle} {south}))"),
            ("bow", f"POLYGON(({middle} {south},{east} {north},{east} {south},{middle} {north},{middle} {south}))"),
        ],
        "EPSG:3857",
    )
    QgsProject.instance().addMapLayers([first, second])
    found = suggest("Desertula sola", UNITS=[first.id(), second.id()], FILL=False, PARAMETER=3)
    assert found["rows"][0]["unit_names"] == "west; east"
    assert found["rows"][0]["parts"] == 1
    codes = {f["code"]: f["params"] for f in found["json"]["findings"]}
    assert codes["suggestion.units_repaired"]["count"] == 1
    QgsProject.instance().removeAllMapLayers()


def test_what_cannot_be_reached_is_said_and_nothing_is_proposed(suggest):
    found = suggest("Geminula sylvatica", UNITS=[ISLANDS], SITES=SITES)
    assert found["rows"] == [] and found["PROPOSALS"] == 0
    assert found["REACHABLE"] < 0.95
    codes = {f["code"]: f for f in found["json"]["findings"]}
    assert codes["suggestion.unreachable"]["severity"] == "warning"
    assert codes["suggestion.in_sites"]["params"]["share"] > 0.9
    assert any("propose an update" in message for message in found["_feedback"].messages)


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"TAXON": "Nemo nullus"}, "name or id “Nemo nullus”. Check"),
        ({"TAXON": "azea Albo"}, "“azea Albo”. Similar names in it: Azea alba"),
        ({"TAXON": "Nubilana celsa", "FILL": False}, "nothing to build"),
        ({"TAXON": "Nubilana celsa", "PARAMETER": 2}, "area of habitat"),
        ({"TAXON": "Nubilana celsa", "PARAMETER": 3, "SEGMENT": 3}, "breeding"),
        ({"TAXON": "Nubilana celsa", "PARAMETER": 3, "CELL_KM2": 1e-5}, "larger size"),
        ({"TAXON": "Nubilana celsa", "UNITS": [f"{PROTECTED}|layername=points"]}, "no polygons"),
    ],
)
def test_what_the_user_can_mend_is_a_sentence(suggest, parameters, words):
    taxon = parameters.pop("TAXON")
    with pytest.raises((QgsProcessingException, ValueError), match=words) as error:
        suggest(taxon, **parameters)
    assert "suggestion." not in str(error.value)


def test_a_layer_of_numbers_without_a_place_is_refused(suggest, tmp_path):
    # GDAL writes a layer without reference system as "undefined" ones of the GeoPackage, which QGIS takes for valid.
    path = str(tmp_path / "nowhere.gpkg")
    target = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    local = osr.SpatialReference()
    local.ImportFromWkt('LOCAL_CS["Undefined Cartesian SRS",UNIT["Meter",1]]')
    made = target.CreateLayer("plots", local, ogr.wkbPolygon)
    feature = ogr.Feature(made.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POLYGON((30 -5,31 -5,31 -4,30 -4,30 -5))"))
    made.CreateFeature(feature)
    made = target = None
    assert QgsVectorLayer(path, "plots", "ogr").crs().isValid()
    with pytest.raises(QgsProcessingException, match="which coordinate reference system"):
        suggest("Azea alba", UNITS=[path])


def test_the_reason_begins_with_why_and_what_to_beware_of(suggest):
    found = suggest("Azea alba", UNITS=[PROTECTED], PROTECTED=[PROTECTED], PARAMETER=3)
    for row, told in zip(found["rows"], found["json"]["proposals"]):
        told = {f["message"]: f["severity"] for f in told["findings"]}
        places = {message: row["reason"].index(message) for message in told}
        first, *others = sorted(told, key=places.get)
        assert first == next(iter(told))
        severities = [told[message] for message in others]
        assert severities == sorted(severities, reverse=True)


def test_every_code_has_a_sentence():
    codes = {f"suggestion.{kind}_{name}" for name in TRADE_OFFS for kind in ("because", "also")} - {
        "suggestion.also_other"
    }
    package = ROOT / "aze_plugin"
    others = [package / "services" / "suggesting.py", package / "processing" / "inputs.py"]
    for path in [*(package / "domain" / "suggestion").glob("*.py"), *others]:
        source = path.read_text(encoding="utf-8")
        codes |= set(re.findall(r'"(suggestion\.(?!json)[a-z_]+)"', source))
    assert not [code for code in codes if code not in wording._templates()]


@pytest.mark.skipif(not MALAWI.is_dir(), reason="the real files are not on this machine")
def test_mulanje_is_found_for_its_chameleon(run, tmp_path):
    library = str(tmp_path / "malawi.gpkg")
    import_species(Request(library, ranges=(str(MALAWI / "ranges"),)))
    output = str(tmp_path / "mulanje.gpkg")
    protected = str(MALAWI / "WDPA_202105_MWI.geojson")
    run(
        "suggestboundary",
        LIBRARY=library,
        TAXON="Nadzikambia mlanjensis",
        UNITS=[protected],
        PROTECTED=[protected],
        OUTPUT=output,
    )
    rows = list(QgsVectorLayer(output, "proposals", "ogr").getFeatures())
    assert rows[0]["unit_names"] == "Mulanje Mountain Forest Reserve" or "Mulanje" in rows[0]["unit_names"]
    assert rows[0]["share"] == pytest.approx(0.99195, abs=1e-4)
    assert rows[0]["exact"] and rows[0]["protected_pct"] == pytest.approx(100, abs=0.01)


def test_records_count_by_the_rules_that_checks_go_by(suggest):
    found = suggest("Azea alba", PARAMETER=1)
    assert found["json"]["parameter"] == "aoo"
    # Of years to come there are no records.
    with pytest.raises(QgsProcessingException, match="area of occupancy"):
        suggest("Azea alba", PARAMETER=1, SINCE_YEAR=9000)
