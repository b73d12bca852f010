"""``aze:includepart``: what lies outside, and the boundary with a part of it."""

import json

import pytest
from conftest import SAMPLE


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


def test_errors_say_what_is_there(including):
    with pytest.raises(Exception, match="[Nn]o.*taxon|not.*librar|knows no"):
        including(TAXON="Nothing at all")
