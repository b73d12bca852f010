"""The check with all the evidence of the sample: its designed values, and what the parameters of the algorithm do."""

import csv
import json
from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsVectorLayer

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"

# Low, best, high at a candidate, as the generator of the sample designed them; see the sample's README.
DESIGNED = {
    ("Cloudtop Ridge", "Azea alba", "mature_individuals", "resident"): (825 / 860, 835 / 850, 1.0),
    ("Cloudtop Ridge", "Azea alba", "aoo", "all"): (14 / 16,) * 3,
    ("Cloudtop Ridge", "Azea alba", "localities", "all"): (58 / 60,) * 3,
    ("Cloudtop Ridge", "Azea alba", "esh", "all"): (0.965,) * 3,
    ("Cloudtop Ridge", "Azea alba", "range", "resident"): (0.974,) * 3,
    ("Cloudtop Ridge", "Limnothea minuta", "esh", "all"): (1.0,) * 3,
    ("Cloudtop Ridge", "Squaminella rupestris", "mature_individuals", "all"): (250 / 600, 300 / 500, 330 / 400),
    ("Cloudtop Ridge", "Squaminella rupestris", "aoo", "all"): (0.6,) * 3,
    ("Cloudtop Ridge", "Procellora nidulans", "mature_individuals", "breeding"): (60 / 70, 1.0, 1.0),
    ("Cloudtop Ridge", "Procellora nidulans", "range", "breeding"): (1.0,) * 3,
    ("Serrata Highlands", "Bisrelata gemina", "mature_individuals", "all"): (40 / 60, 45 / 50, 1.0),
    ("Serrata Highlands", "Lacustrina caeca", "localities", "all"): (1.0,) * 3,
    ("Serrata Highlands", "Latigena vagans", "mature_individuals", "all"): (2500 / 15000, 0.25, 0.34),
}


@pytest.fixture
def check(run, evidence_library, tmp_path):
    def runner(**parameters):
        output = tmp_path / "assessment.json"
        given = {
            "BOUNDARY": str(SAMPLE / "candidates.gpkg"),
            "LIBRARY": evidence_library,
            "STATEMENTS": str(SAMPLE / "statements.json"),
            "OUTPUT": str(output),
        }
        results = run("checkboundary", **{**given, **parameters})
        return json.loads(output.read_text(encoding="utf-8")), results

    return runner


def of(document, name):
    return next(a for a in document["assessments"] if a["name"] == name)


def taxon(document, site, name):
    return next(s for s in of(document, site)["species"] if s["scientific_name"] == name)


def share(document, site, name, parameter, segment):
    found = taxon(document, site, name)["shares"]
    return next(s for s in found if (s["parameter"], s["segment"]) == (parameter, segment))


def codes(findings):
    return {finding["code"] for finding in findings}


def test_the_designed_shares(check):
    document, _ = check()
    for (site, name, parameter, segment), figures in DESIGNED.items():
        found = share(document, site, name, parameter, segment)
        assert (found["low"], found["best"], found["high"]) == pytest.approx(figures, abs=1e-5), (name, parameter)


def test_what_decides_and_where_the_parameters_disagree(check):
    document, _ = check()
    alba = taxon(document, "Cloudtop Ridge", "Azea alba")
    assert [s["parameter"] for s in alba["shares"] if s["deciding"]] == ["mature_individuals"]
    assert {"irreplaceability.parameters_disagree", "irreplaceability.records_outside"} <= codes(alba["findings"])
    assert alba["records"] == {"inside": 58, "outside": 2, "latest_year": 2024, "dropped": {}}
    birds = taxon(document, "Cloudtop Ridge", "Procellora nidulans")
    assert [(s["parameter"], s["segment"]) for s in birds["shares"] if s["deciding"]] == [("range", "breeding")]
    gemina = taxon(document, "Serrata Highlands", "Bisrelata gemina")
    assert gemina["status"] == "needs_evidence" and "irreplaceability.uncertain" in codes(gemina["findings"])


def test_every_share_says_how_it_was_computed(check):
    document, _ = check()
    for assessment in document["assessments"]:
        for entry in assessment["species"]:
            formulas = [s for s in entry["explanation"] if s["code"].startswith("explain.formula")]
            assert len(formulas) == len(entry["shares"])
            for step in entry["explanation"]:
                assert step["message"] and "{" not in step["message"] and "None" not in step["message"], step
    minuta = taxon(document, "Cloudtop Ridge", "Limnothea minuta")
    said = {step["code"]: step["params"] for step in minuta["explanation"]}
    assert said["explain.records"]["count"] == 22 and said["explain.records_dropped_uncertain"]["count"] == 2
    assert said["explain.records"]["sources"] == ["occurrences.csv sample-1"]


def test_records_outside_are_listed_nearest_first(check):
    document, _ = check()
    alba = taxon(document, "Cloudtop Ridge", "Azea alba")
    (finding,) = [f for f in alba["findings"] if f["code"] == "irreplaceability.records_outside"]
    distances = [record["distance_m"] for record in finding["params"]["records"]]
    assert len(distances) == 2 and distances == sorted(distances) and distances[0] > 0
    for record in finding["params"]["records"]:
        west, south, east, north = record["extent"]
        assert west < record["lon"] < east and south < record["lat"] < north


def test_filters_of_records(check):
    strict, _ = check(MAX_UNCERTAINTY=20)
    loose, _ = check(MAX_UNCERTAINTY=0)
    recent, _ = check(SINCE_YEAR=2015)
    basis, _ = check(BASES_LEFT_OUT="preserved specimen")
    site, name = "Cloudtop Ridge", "Limnothea minuta"
    assert share(loose, site, name, "localities", "all")["global_value"] == 24
    assert share(strict, site, name, "localities", "all")["global_value"] < 22
    assert strict["settings"]["records"]["max_uncertainty_m"] == 20
    assert loose["settings"]["records"]["max_uncertainty_m"] is None
    rows = list(csv.DictReader((SAMPLE / "occurrences.csv").open(encoding="utf-8")))
    since = [
        r for r in rows if r["scientificName"].startswith(name) and r["occurrenceStatus"] == "PRESENT"
        and r["decimalLatitude"] and int(r["year"]) >= 2015 and float(r["coordinateUncertaintyInMeters"]) <= 10000
    ]  # fmt: skip
    assert share(recent, site, name, "localities", "all")["global_value"] == len(since)
    perdita = taxon(basis, "Ember Crater", "Cinerana perdita")
    assert perdita["records"]["dropped"] == {"basis": 4}
    assert "aoo" not in {s["parameter"] for s in perdita["shares"]}


def estimates(tmp_path, *rows):
    path = tmp_path / "estimates.csv"
    header = "scientific_name,scope,site,parameter,segment,min,best,max,year,source"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return str(path)


def test_estimates_given_for_a_check_count_before_the_librarys(check, tmp_path):
    told = estimates(
        tmp_path,
        "Squaminella rupestris,site,cloudtop  ridge,mature_individuals,all,590,595,600,2025,A new survey",
        "Squaminella rupestris,site,Elsewhere,mature_individuals,all,1,1,1,2025,Another place",
        "Nubilana celsa,site,Cloudtop Ridge,aoo,,7,7,7,2025,A new survey",
        "Nubilana celsa,global,,aoo,,10,10,10,2025,A new survey",
        "Nubilana celsa,site,Cloudtop Ridge,range,resident,15000000,16000000,17000000,2025,A new map",
        "Nubilana celsa,global,,range,resident,18000000,18000000,18000000,2025,A new map",
    )
    document, _ = check(POPULATIONS=told)
    site = "Cloudtop Ridge"
    found = share(document, site, "Squaminella rupestris", "mature_individuals", "all")
    # The world is still the library's: 400, 500, 600.
    assert (found["low"], found["best"], found["high"]) == pytest.approx((590 / 600, 1.0, 1.0))
    assert taxon(document, site, "Squaminella rupestris")["trigger"]
    steps = [step["message"] for step in taxon(document, site, "Nubilana celsa")["explanation"]]
    assert any("1,600" in step and "ha" in step for step in steps), steps
    celsa = share(document, site, "Nubilana celsa", "aoo", "all")
    assert celsa["best"] == pytest.approx(0.7) and celsa["basis"] == "estimate"
    (said, _) = [
        f
        for f in taxon(document, site, "Nubilana celsa")["findings"]
        if f["code"] == "irreplaceability.estimate_stands"
    ]
    assert said["params"]["measured_share"] == 1.0


def test_estimates_that_nothing_can_use_are_said(check, tmp_path):
    told = estimates(
        tmp_path,
        "Azea albba,site,Cloudtop Ridge,mature_individuals,all,1,1,1,2025,x",
        "Azea alba,site,Cloudtop Rigde,mature_individuals,all,1,1,1,2025,x",
        "azea alba,global,,mature_individuals,all,2,2,2,2025,x",
    )
    _, results = check(POPULATIONS=told)
    said = [line for line in results["_feedback"].messages if "not used" in line]
    assert len(said) == 2 and "Azea albba" in said[0] and "Cloudtop Rigde" in said[1]


@pytest.mark.parametrize(
    "row, told",
    [
        ("Azea alba,site,Cloudtop Ridge,mature_individuals,all,90,80,100,2025,x", "90"),
        ("Azea alba,site,Cloudtop Ridge,wingspan,all,1,1,1,2025,x", "wingspan"),
        ("Azea alba,site,,aoo,all,1,1,1,2025,x", "site"),
        ("Azea alba,global,,aoo,all,0,0,0,2025,x", "zero"),
        ("Azea alba,global,,aoo,all,many,,,2025,x", "many"),
        (",global,,aoo,all,1,,,2025,x", "name"),
    ],
)
def test_an_estimate_that_cannot_be_used_stops_the_check_with_row_and_reason(check, tmp_path, row, told):
    with pytest.raises(QgsProcessingException) as stopped:
        check(POPULATIONS=estimates(tmp_path, "Nubilana celsa,global,,aoo,all,1,1,1,2025,x", row))
    assert "ow 2" in str(stopped.value) and "estimates.csv" in str(stopped.value) and told in str(stopped.value)


def test_a_reintroduction_site_is_compared_with_the_others(check, run, tmp_path):
    """Two candidates share the historic range of a taxon that is extinct in the wild."""
    document, _ = check()
    crater = taxon(document, "Ember Crater", "Crateralla vacua")
    assert "irreplaceability.reintroduction_no_rival" in codes(crater["findings"])
    candidates = QgsVectorLayer(str(SAMPLE / "candidates.gpkg"), "candidates", "ogr")
    (ember,) = [f for f in candidates.getFeatures() if f["name"] == "Ember Crater"]
    rival = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "rivals", "memory")
    feature = QgsFeature(rival.fields())
    feature.setAttributes(["The crater's north"])
    box = ember.geometry().boundingBox()
    box.setYMinimum(box.center().y())
    feature.setGeometry(ember.geometry().intersection(QgsGeometry.fromRect(box)))
    assert rival.dataProvider().addFeature(feature)
    document, _ = check(RIVALS=rival)
    crater = taxon(document, "Ember Crater", "Crateralla vacua")
    (said,) = [f for f in crater["findings"] if f["code"] == "irreplaceability.reintroduction_rivals"]
    assert said["params"]["rivals"] == ["The crater's north"] and 0 < said["params"]["highest_share"] < 1


def test_the_land_round_a_candidate(check):
    document, _ = check(
        LANDCOVER=str(SAMPLE / "landcover.tif"),
        PROTECTED=[str(SAMPLE / "protected_areas.gpkg")],
        EDGES=[str(SAMPLE / "islands.gpkg")],
    )
    criterion = of(document, "Cloudtop Ridge")["criteria"]["discreteness"]
    assert criterion["status"] == "met"
    landcover, edges = criterion["evidence"]["landcover"], criterion["evidence"]["edges"]
    for side in ("inside", "ring"):
        assert sum(c[side] for c in landcover["classes"]) == pytest.approx(1, abs=1e-6)
    assert 0 < landcover["divergence"] < 1 and landcover["reference"]["copies"] >= 19
    assert 0 < edges["share"] < 1 and edges["tolerance_m"] == 50
    wide, _ = check(PROTECTED=[str(SAMPLE / "protected_areas.gpkg")], EDGE_TOLERANCE=500)
    wider = of(wide, "Cloudtop Ridge")["criteria"]["discreteness"]["evidence"]["edges"]
    assert wider["share"] > edges["share"] and wider["tolerance_m"] == 500
    swell = of(document, "Lone Swell Bank")["criteria"]["discreteness"]["evidence"]["landcover"]
    assert "not_assessed" in swell and "divergence" not in swell


def test_the_candidate_list(check, tmp_path):
    document, results = check(CANDIDATE_LIST="memory:")
    layer = results["_context"].takeResultLayer(results["CANDIDATE_LIST"])
    rows = [dict(zip(layer.fields().names(), f.attributes())) for f in layer.getFeatures()]
    found = {(row["candidate"], row["scientific_name"]): row for row in rows}
    expected = {
        (a["name"], s["scientific_name"])
        for a in document["assessments"]
        for s in a["species"]
        if s["category"] in ("CR", "EN", "EW")
        and s["rank"] == "species"
        and not s["trigger"]
        and max(x["high"] for x in s["shares"] if (x["parameter"], x["segment"]) != ("range", "all")) >= 0.5
    }
    assert set(found) == expected and ("Cloudtop Ridge", "Squaminella rupestris") in expected
    assert not any("Latigena" in name for _, name in found)
    near = found["Plumb Line Plateau", "Regulella infra"]
    assert near["best"] == pytest.approx(0.949, abs=1e-6) and near["short_by"] == pytest.approx(0.001, abs=1e-6)
    assert near["value_needed"] == pytest.approx(0.95 * near["global_value"] - near["site_value"])
    assert all(row["missing"] for row in rows)
    assert [row["best"] for row in rows] == sorted((row["best"] for row in rows), reverse=True)


def test_sensitivity_says_what_hangs_on_the_line(check):
    document, _ = check(DIGITIZING_ERROR=10)
    found = taxon(document, "Plumb Line Plateau", "Regulella infra")["sensitivity"]
    assert found["error_m"] == 10 and found["low"] <= found["best"] <= found["high"]
    assert found["grow_m"] > 0 and found["grow_factor"] > 1
    alba = taxon(document, "Cloudtop Ridge", "Azea alba")["sensitivity"]
    assert alba["parameter"] != "mature_individuals"
    with pytest.raises(QgsProcessingException, match="error"):
        check(DIGITIZING_ERROR=0)


def test_a_second_import_doubles_nothing(run, evidence_library, tmp_path, check):
    before, _ = check()
    again = tmp_path / "again.gpkg"
    again.write_bytes(Path(evidence_library).read_bytes())
    counts = [
        run(
            "importspecies",
            LIBRARY=str(again),
            OCCURRENCES=[str(SAMPLE / "occurrences.csv")],
            POPULATIONS=str(SAMPLE / "populations.csv"),
            HABITATS=str(SAMPLE / "habitat"),
            VERSION="sample-1",
        )
        for _ in range(2)
    ]
    assert counts[0]["ROWS_IMPORTED"] == counts[1]["ROWS_IMPORTED"] == 274 + 13 + 2
    assert counts[0]["TAXA"] == counts[1]["TAXA"]
    after, _ = check(LIBRARY=str(again))
    shares = [
        [[(s["taxon_id"], s["shares"]) for s in a["species"]] for a in document["assessments"]]
        for document in (before, after)
    ]
    assert shares[0] == shares[1]
