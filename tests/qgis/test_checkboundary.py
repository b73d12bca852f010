"""``aze:checkboundary`` on the sample, on real files, and on bad input."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import shapely
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsVectorLayer

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
MALAWI = ROOT.parent / "shared" / "data" / "malawi"

# Trigger species with route and share of the deciding segment, as the sample was designed; see its README.
DESIGNED = {
    "Cloudtop Ridge": {
        "Azea alba": ("resident_population", 0.974),
        "Nubilana celsa": ("sole_area", 1.0),
        "Limnothea minuta": ("sole_area", 1.0),
        "Procellora nidulans": ("life_history_segment", 1.0),
    },
    "Windward Terraces": {},
    "Dateline Wood": {
        "Azea hiberna": ("life_history_segment", 0.97),
        "Liminella bifida": ("sole_area", 1.0),
        "Meridianthe orientalis": ("sole_area", 1.0),
        "Transitora vernalis": ("life_history_segment", 1.0),
    },
    "Plumb Line Plateau": {},
    "Serrata Highlands": {
        "Expulsina vera": ("resident_population", 0.985),
        "Partitella divisa": ("resident_population", 0.96),
        "Fractella torta": ("resident_population", 0.975),
        "Lacustrina caeca": ("sole_area", 1.0),
    },
    "Lone Swell Bank": {},
}


def candidate(*wkts, crs="EPSG:4326", kind="Polygon"):
    layer = QgsVectorLayer(f"{kind}?crs={crs}&field=name:string", "drawn", "memory")
    for n, wkt in enumerate(wkts):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([f"drawn {n + 1}"])
        if wkt is not None:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert layer.dataProvider().addFeature(feature)
    return layer


@pytest.fixture
def check(run, sample_library, tmp_path):
    def runner(boundary, **parameters):
        output = tmp_path / "assessment.json"
        results = run(
            "checkboundary",
            **{"BOUNDARY": boundary, "LIBRARY": sample_library, "OUTPUT": str(output), **parameters},
        )
        return json.loads(output.read_text(encoding="utf-8")), results

    return runner


@pytest.fixture(scope="module")
def sample_document(provider, sample_library, tmp_path_factory):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    output = tmp_path_factory.mktemp("assessment") / "assessment.json"
    algorithm = provider.algorithm("checkboundary").create()
    results, _ = algorithm.run(
        {
            "BOUNDARY": f"{SAMPLE / 'candidates.gpkg'}|layername=candidates",
            "LIBRARY": sample_library,
            "SITES": f"{SAMPLE / 'sites.gpkg'}|layername=sites",
            "STATEMENTS": str(SAMPLE / "statements.json"),
            "OUTPUT": str(output),
        },
        QgsProcessingContext(),
        QgsProcessingFeedback(),
        catchExceptions=False,
    )
    return json.loads(output.read_text(encoding="utf-8")), results


def of(document, name):
    return next(a for a in document["assessments"] if a["name"] == name)


def taxon(assessment, name):
    return next(s for s in assessment["species"] if s["scientific_name"] == name)


@pytest.mark.parametrize("name", DESIGNED)
def test_sample_triggers_by_the_designed_route_and_share(sample_document, name):
    assessment = of(sample_document[0], name)
    found = {
        s["scientific_name"]: (s["route"], next(x["best"] for x in s["shares"] if x["deciding"]))
        for s in assessment["species"]
        if s["trigger"]
    }
    assert found.keys() == DESIGNED[name].keys()
    for species, (route, share) in DESIGNED[name].items():
        assert found[species][0] == route
        assert found[species][1] == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    "name, verdict, a1e",
    [
        ("Cloudtop Ridge", "eligible", "met"),
        ("Windward Terraces", "not_eligible", "not_met"),
        ("Dateline Wood", "needs_evidence", "met"),
        ("Plumb Line Plateau", "not_eligible", "met"),
        ("Serrata Highlands", "eligible", "met"),
        ("Lone Swell Bank", "not_eligible", "not_met"),
    ],
)
def test_sample_verdicts(sample_document, name, verdict, a1e):
    assessment = of(sample_document[0], name)
    assert (assessment["verdict"], assessment["a1e"]) == (verdict, a1e)


def test_sample_counts_and_every_finding_has_a_sentence(sample_document):
    document, results = sample_document
    assert (results["CANDIDATES"], results["ELIGIBLE"]) == (7, 2)
    for assessment in document["assessments"]:
        findings = [f for c in assessment["criteria"].values() for f in c["findings"]]
        findings += [f for s in assessment["species"] for f in s["findings"]]
        assert findings
        for finding in findings:
            assert finding["message"] and finding["code"] not in finding["message"], finding
            assert "{" not in finding["message"], finding


def test_sample_edge_cases(sample_document):
    document = sample_document[0]
    plateau = of(document, "Plumb Line Plateau")
    equal = taxon(plateau, "Regulella aequa")
    assert equal["status"] == "not_met" and equal["a1e"] == "met"
    assert "irreplaceability.share_equals_threshold" in {f["code"] for f in equal["findings"]}
    below = taxon(plateau, "Regulella infra")
    assert below["a1e"] == "not_met" and below["shares"][0]["best"] == pytest.approx(0.949, abs=1e-9)
    ridge = of(document, "Cloudtop Ridge")
    assert taxon(ridge, "Localina regia")["category"] == "NE" and not taxon(ridge, "Localina regia")["trigger"]
    assert taxon(ridge, "Ignotella anonyma")["status"] == "not_assessable"
    assert taxon(ridge, "Azea alba montana")["trigger"] is False
    assert taxon(of(document, "Serrata Highlands"), "Bisrelata gemina")["shares"][0]["best"] == pytest.approx(
        0.93, abs=1e-6
    )
    assert of(document, "Dateline Wood")["parts"] == 1
    assert of(document, "Lone Swell Bank")["species"] == []


def test_without_statements_extinct_in_the_wild_waits(check):
    document, _ = check(f"{SAMPLE / 'candidates.gpkg'}|layername=candidates")
    crater = of(document, "Ember Crater")
    assert crater["verdict"] == "needs_evidence"
    assert {s["status"] for s in crater["species"] if s["category"] in ("EW", "CR")} == {"needs_evidence"}


def test_the_table_has_a_row_for_each_taxon_and_segment(check, tmp_path):
    table = tmp_path / "species.csv"
    document, _ = check(f"{SAMPLE / 'candidates.gpkg'}|layername=candidates", SPECIES=str(table))
    expected = sum(len(s["shares"]) for a in document["assessments"] for s in a["species"])
    assert len(table.read_text(encoding="utf-8").splitlines()) == expected + 1


@pytest.mark.skipif(not MALAWI.is_dir(), reason="the real range maps are not here")
def test_mulanje_forest_reserve(run, tmp_path):
    library, output = tmp_path / "malawi.gpkg", tmp_path / "assessment.json"
    run("importspecies", LIBRARY=str(library), RANGES=[str(MALAWI / "ranges")])
    areas = QgsVectorLayer(str(MALAWI / "WDPA_202105_MWI.geojson"), "areas", "ogr")
    reserve = next(f for f in areas.getFeatures() if f["NAME"] == "Mulanje" and "Forest" in f["DESIG_ENG"])
    boundary = candidate(reserve.geometry().asWkt(17), kind="MultiPolygon")
    run("checkboundary", BOUNDARY=boundary, LIBRARY=str(library), OUTPUT=str(output))
    assessment = json.loads(output.read_text(encoding="utf-8"))["assessments"][0]
    triggers = {s["scientific_name"]: s for s in assessment["species"] if s["trigger"]}
    assert set(triggers) == {"Nadzikambia mlanjensis", "Rhampholeon platyceps"}
    for species in triggers.values():
        assert species["category"] == "EN"
        assert species["shares"][0]["best"] == pytest.approx(0.99195, abs=5e-5)
    assert assessment["verdict"] == "needs_evidence"
    assert {k: c["status"] for k, c in assessment["criteria"].items()} == {
        "endangerment": "met",
        "irreplaceability": "met",
        "discreteness": "needs_evidence",
    }


# ------------------------------------------------------------------------------------------------------- bad input


def refused(check, boundary, *words, **parameters):
    with pytest.raises(QgsProcessingException) as caught:
        check(boundary, **parameters)
    for word in words:
        assert word in str(caught.value), str(caught.value)


SQUARE = "POLYGON((-178.6 -26.6, -178.5 -26.6, -178.5 -26.5, -178.6 -26.5, -178.6 -26.6))"


def test_a_line_is_refused_with_the_remedy(check):
    refused(check, candidate("LINESTRING(0 0, 1 1)", kind="LineString"), "drawn", "polygon", "Lines to polygons")


def test_a_layer_without_crs_is_refused(check):
    layer = candidate(SQUARE)
    from qgis.core import QgsCoordinateReferenceSystem

    layer.setCrs(QgsCoordinateReferenceSystem())
    refused(check, layer, "drawn", "coordinate reference system")


def test_a_layer_without_features_is_refused(check):
    refused(check, candidate(), "drawn", "no features")


def test_a_missing_name_field_is_refused(check):
    refused(check, candidate(SQUARE), "drawn", "label", NAME_FIELD="label")


def test_null_and_empty_features_are_results_beside_good_ones(check):
    document, _ = check(candidate(SQUARE, None, "POLYGON EMPTY"))
    good, null, empty = document["assessments"]
    assert good["area_ha"] > 0
    for broken, row in ((null, 2), (empty, 3)):
        assert broken["verdict"] == "not_eligible"
        finding = broken["criteria"]["discreteness"]["findings"][0]
        assert finding["code"] == "discreteness.boundary_invalid" and str(row) in finding["message"]


def test_sites_of_two_schemas_in_one_layer_keep_their_names(check):
    fields = "field=SitRecID:double&field=IntName:string&field=site_id:string&field=site_name:string"
    sites = QgsVectorLayer(f"Polygon?crs=EPSG:4326&{fields}", "sites", "memory")
    for attributes in ([7.0, "First", None, None], [None, None, "x8", "Second"], [None, None, None, None]):
        feature = QgsFeature(sites.fields())
        feature.setAttributes(attributes)
        feature.setGeometry(QgsGeometry.fromWkt(SQUARE))
        assert sites.dataProvider().addFeature(feature)
    document, _ = check(candidate(SQUARE), SITES=sites)
    findings = document["assessments"][0]["criteria"]["discreteness"]["findings"]
    said = " ".join(f["message"] for f in findings)
    assert "First" in said and "Second" in said
    assert "None" not in said


def test_a_self_crossing_outline_is_mended_and_said(check):
    document, _ = check(candidate("POLYGON((-178.6 -26.6, -178.5 -26.5, -178.5 -26.6, -178.6 -26.5, -178.6 -26.6))"))
    found = {f["code"]: f for f in document["assessments"][0]["criteria"]["discreteness"]["findings"]}
    assert found["discreteness.boundary_repaired"]["params"]["count"] == 2
    assert document["assessments"][0]["parts"] == 2


def test_a_boundary_across_180_is_one_part(check):
    document, _ = check(candidate("POLYGON((179.9 -25, -179.9 -25, -179.9 -24.9, 179.9 -24.9, 179.9 -25))"))
    assessment = document["assessments"][0]
    assert assessment["parts"] == 1
    assert assessment["area_ha"] == pytest.approx(0.2 * 0.1 * 111.2**2 * 100 * 0.906, rel=0.01)


def test_another_crs_gives_the_same_shares(check):
    geographic, _ = check(
        candidate("POLYGON((-178.75 -26.75, -178.4 -26.75, -178.4 -26.45, -178.75 -26.45, -178.75 -26.75))")
    )
    densified = shapely.segmentize(shapely.box(-178.75, -26.75, -178.4, -26.45), 0.001)
    layer = candidate(densified.wkt)
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject

    turned = QgsGeometry(next(layer.getFeatures()).geometry())
    turned.transform(
        QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:32701"), QgsProject.instance()
        )
    )
    projected, _ = check(candidate(turned.asWkt(12), crs="EPSG:32701"))

    def shares(document):
        return {
            (s["taxon_id"], x["segment"]): x["best"] for s in document["assessments"][0]["species"] for x in s["shares"]
        }

    assert shares(geographic) and shares(projected) == pytest.approx(shares(geographic), abs=1e-5)


def test_a_missing_library_is_refused(check, tmp_path):
    refused(check, candidate(SQUARE), "nowhere.gpkg", LIBRARY=str(tmp_path / "nowhere.gpkg"))


def test_a_geopackage_that_is_no_library_is_refused(check):
    refused(check, candidate(SQUARE), "sites.gpkg", LIBRARY=str(SAMPLE / "sites.gpkg"))


def test_a_file_that_is_no_database_is_refused(check, tmp_path):
    text = tmp_path / "text.gpkg"
    text.write_text("not a database")
    refused(check, candidate(SQUARE), "text.gpkg", LIBRARY=str(text))


def test_a_locked_library_is_refused(check, sample_library, tmp_path):
    copy = tmp_path / "locked.gpkg"
    shutil.copy(sample_library, copy)
    holder = sqlite3.connect(copy)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        refused(check, candidate(SQUARE), "locked.gpkg", LIBRARY=str(copy))
    finally:
        holder.rollback()
        holder.close()


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "other"}', '{"schema":"aze-statements/1","candidates":[]}'])
def test_bad_statements_are_refused(check, tmp_path, content):
    statements = tmp_path / "said.json"
    statements.write_text(content)
    refused(check, candidate(SQUARE), "said.json", STATEMENTS=str(statements))


def test_a_refused_check_leaves_an_older_result_alone(check, tmp_path):
    output = tmp_path / "assessment.json"
    output.write_text("old")
    refused(check, candidate(SQUARE), LIBRARY=str(tmp_path / "nowhere.gpkg"))
    assert output.read_text() == "old"
