"""``aze:includepart``: what lies outside, and the boundary with a part of it."""

import json

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsRectangle, QgsVectorLayer
from runs import SAMPLE


@pytest.fixture
def including(run, sample_library, tmp_path):
    def runner(**parameters):
        report = tmp_path / "report.json"
        results = run(
            "includepart",
            **{
                "BOUNDARY": str(SAMPLE / "candidates.gpkg"),
                "LIBRARY": sample_library,
                "OUTPUT": "memory:",
                "REPORT": str(report),
                **parameters,
            },
        )
        layer = results["_context"].takeResultLayer(results["OUTPUT"])
        return json.loads(report.read_text("utf-8")), next(layer.getFeatures()), results

    return runner


def outside_of(run, library, tmp_path):
    """Taxa of the first candidate of which the check says that a part is outside, with that finding."""
    path = tmp_path / "assessment.json"
    run("checkboundary", BOUNDARY=str(SAMPLE / "candidates.gpkg"), LIBRARY=library, OUTPUT=str(path))
    first = json.loads(path.read_text("utf-8"))["assessments"][0]
    return first["name"], [
        (taxon["scientific_name"], finding["params"])
        for taxon in first["species"]
        for finding in taxon["findings"]
        if finding["code"] == "irreplaceability.outside"
    ]


def test_the_part_that_the_check_names_comes_in(run, including, sample_library, tmp_path):
    name, found = outside_of(run, sample_library, tmp_path)
    assert found
    for taxon, params in found:
        report, feature, results = including(TAXON=taxon, BASIS=1, SEGMENT=params["segment"])
        assert report["name"] == name and results["PARTS"] == params["count"] == len(report["parts"])
        assert report["outside_share"] == pytest.approx(params["share"], rel=1e-6)
        listed = sorted(params["parts"], key=lambda part: -part["area_m2"])
        assert [p["area_m2"] for p in report["parts"]] == pytest.approx([p["area_m2"] for p in listed], rel=1e-6)
        assert feature.geometry().isGeosValid()
        assert report["area_after_ha"] > report["area_before_ha"]
        [share] = [
            s
            for s in report["shares"]
            if (s["scientific_name"], s["parameter"], s["segment"]) == (taxon, "range", params["segment"])
        ]
        # All of the part, and so its share, is in.
        assert share["share_after"] >= share["share_before"] + report["parts"][0]["share"] - 1e-6


def test_a_unit_is_preferred_where_it_fits(run, including, sample_library, tmp_path):
    _, found = outside_of(run, sample_library, tmp_path)
    taxon, params = found[0]
    report, feature, _ = including(
        TAXON=taxon, BASIS=1, SEGMENT=params["segment"], UNITS=[str(SAMPLE / "islands.gpkg")]
    )
    plain, _, _ = including(TAXON=taxon, BASIS=1, SEGMENT=params["segment"])
    assert plain["kind"] == "buffered"
    if report["kind"] != "buffered":
        assert report["units"]
    assert feature.geometry().isGeosValid()


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"TAXON": "Nothing at all"}, "no taxon of the name or id “Nothing at all”"),
        ({"PART": 40}, "no part number 40"),
        ({"SEGMENT": "passage"}, "not known for the segment “passage”"),
    ],
)
def test_errors_say_what_is_there(run, including, sample_library, tmp_path, parameters, words):
    _, found = outside_of(run, sample_library, tmp_path)
    with pytest.raises(QgsProcessingException, match=words):
        including(**{"TAXON": found[0][0], "BASIS": 1, **parameters})


def test_of_several_boundaries_the_first_is_extended_and_that_is_said(run, including, sample_library, tmp_path):
    name, found = outside_of(run, sample_library, tmp_path)
    report, _, _ = including(TAXON=found[0][0], BASIS=1)
    told = next(f for f in report["findings"] if f["code"] == "outside.first_of")
    assert told["severity"] == "warning" and told["params"]["name"] == name and told["params"]["count"] > 1


def test_what_a_site_keeps_is_not_counted_as_taken_in(run, including, sample_library, tmp_path):
    _, found = outside_of(run, sample_library, tmp_path)
    taxon, params = found[0]
    whole, _, _ = including(TAXON=taxon, BASIS=1, SEGMENT=params["segment"])
    west, south, east, north = whole["parts"][0]["extent"]
    site = QgsVectorLayer("Polygon?crs=EPSG:4326&field=SitRecID:integer&field=IntName:string", "sites", "memory")
    feature = QgsFeature(site.fields())
    feature.setAttributes([7, "Half of it"])
    boundary = next(QgsVectorLayer(str(SAMPLE / "candidates.gpkg"), "candidates", "ogr").getFeatures()).geometry()
    half = QgsGeometry.fromRect(QgsRectangle(west - 1, (south + north) / 2, east + 1, north + 1))
    feature.setGeometry(half.difference(boundary))
    site.dataProvider().addFeature(feature)
    report, _, _ = including(TAXON=taxon, BASIS=1, SEGMENT=params["segment"], SITES=site)
    joined = next(f for f in report["findings"] if f["code"] == "outside.joined")
    [row] = [
        s
        for s in report["shares"]
        if (s["scientific_name"], s["parameter"], s["segment"]) == (taxon, "range", params["segment"])
    ]
    assert joined["params"]["share"] == pytest.approx(row["share_after"] - row["share_before"])
    assert 0 < joined["params"]["share"] < report["parts"][0]["share"] - 1e-6
