"""The preview lists what the package then holds, to the byte, and says of every field what it tells."""

import hashlib
import json
import zipfile

import pytest
from package_helpers import FOLDER, SAMPLE
from qgis.core import QgsProcessingException


def _members(package):
    with zipfile.ZipFile(package) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def previewed(package, tmp_path):
    """``previewed(details, PARAM=…)``: the preview of what packaging with the same parameters would write."""

    def run(details=None, **parameters):
        file = tmp_path / "preview.json"
        results = package(details, OUTPUT=None, PREVIEW=str(file), **parameters)
        assert "OUTPUT" not in results and list(tmp_path.glob("*.zip")) == []
        return json.loads(file.read_text(encoding="utf-8"))

    return run


def test_files_and_fields_are_those_of_the_package(previewed, package, tmp_path):
    survey = tmp_path / "Zählung.txt"
    survey.write_text("Nine transects.\n")
    shown = previewed(EVIDENCE=[str(survey)])
    assert shown["schema"] == "aze-preview/1" and shown["folder"] == FOLDER and shown["status"] == "final"
    made = _members(package(EVIDENCE=[str(survey)])["OUTPUT"])
    listed = {f["path"]: (f["bytes"], f["sha256"]) for f in shown["files"]}
    assert listed == {n: (len(c), hashlib.sha256(c).hexdigest()) for n, c in made.items()}
    assert shown["bytes"] == sum(len(c) for c in made.values())
    assert all(f["about"] and not f["about"].startswith("preview.") for f in shown["files"])
    assert next(f for f in shown["files"] if "evidence" in f["path"])["about"].endswith("Zählung.txt")

    def leaves(value, pointer=""):
        if isinstance(value, (dict, list)):
            for key, member in value.items() if isinstance(value, dict) else enumerate(value):
                yield from leaves(member, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
        else:
            yield pointer, value

    nomination = dict(leaves(json.loads(made["data/nomination.json"])))
    fields = {f["pointer"]: f["value"] for f in shown["fields"] if f["file"] == "data/nomination.json"}
    assert fields == nomination
    labels = {f["pointer"]: f["value"] for f in shown["fields"] if f["file"] == "bag-info.txt"}
    assert labels == dict(line.split(": ", 1) for line in made["bag-info.txt"].decode().splitlines())


def test_every_field_says_what_it_tells(previewed):
    marks = {f["pointer"]: set(f["marks"]) for f in previewed()["fields"]}
    assert marks["/proposer/name"] == {"personal", "free_text"}
    assert "personal" in marks["/proposer/email"] and "personal" in marks["/proposer/suggested_reviewers"]
    assert marks["Contact-Email"] == {"personal", "derived"}
    assert marks["/site/description"] == {"free_text"}
    assert marks["/site/latitude"] == {"place", "derived"}
    assert marks["/site/area_km2"] == {"derived"}
    assert marks["/biodiversity/species/0/percent_at_site"] == {"derived"}
    assert marks["/site/purpose"] == set()
    personal = {p for p, m in marks.items() if "personal" in m}
    # Whatever the proposer is asked of himself is marked, but for the day, the stage and the consent.
    assert {p for p in marks if p.startswith("/proposer/")} - personal == {
        "/proposer/date",
        "/proposer/stage",
        "/proposer/consent",
    }


def test_files_of_evidence_that_tell_a_place_are_marked(previewed, tmp_path):
    (tmp_path / "track.gpx").write_text("<gpx/>")
    (tmp_path / "notes.txt").write_text("words")
    files = {
        f["path"]: f["marks"]
        for f in previewed(EVIDENCE=[str(tmp_path / n) for n in ("track.gpx", "notes.txt")])["files"]
    }
    assert files["data/evidence/track.gpx"] == ["place"]
    assert files["data/evidence/notes.txt"] == ["free_text"]
    assert files[f"data/boundary/{FOLDER}.gpkg"] == ["place"]


def test_an_incomplete_nomination_can_be_looked_at(previewed, example):
    del example["consultation"]["other"]
    shown = previewed(example)
    assert shown["status"] == "draft"
    blocking = [p for p in shown["problems"] if p["blocking"]]
    assert [(p["code"], p["field"]) for p in blocking] == [
        ("nomination.other_consultation_missing", "/consultation/other")
    ]
    assert "national and local consultation" in blocking[0]["message"]


def test_both_in_one_run(package, tmp_path):
    results = package(PREVIEW=str(tmp_path / "preview.json"))
    shown = json.loads((tmp_path / "preview.json").read_text(encoding="utf-8"))
    assert {f["path"] for f in shown["files"]} == set(_members(results["OUTPUT"]))


def test_neither_is_an_error(package):
    with pytest.raises(QgsProcessingException, match="or one for a preview"):
        package(OUTPUT=None)


def test_refused_evidence_is_not_listed_as_if_it_went_in(previewed):
    shown = previewed(EVIDENCE=[str(SAMPLE / "ranges_birds.gpkg")])
    assert not any("evidence" in f["path"] for f in shown["files"])
    assert "nomination.evidence_is_species_data" in {p["code"] for p in shown["problems"]}
