"""The reviewer's side: what a package says and what is wrong with it as one document, comments, and two versions."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
import shapely
from package_helpers import FOLDER, candidate_layer, execute, rebag


@pytest.fixture(scope="module")
def document(final_package, library):
    from aze_plugin.packaging.review import review

    return review(final_package, library)


def _pointer(document, pointer):
    for key in pointer.split("/")[1:]:
        document = document[int(key)] if isinstance(document, list) else document[key.replace("~1", "/")]
    return document


def test_a_sound_package_field_by_field(document, unpacked):
    nomination = json.loads((unpacked / "data" / "nomination.json").read_text(encoding="utf-8"))
    fields = [f for section in document["sections"] for f in section["fields"]]
    assert document["valid"] and document["problems"] == []
    assert document["package"]["site"] == "Cloudtop Ridge" and document["package"]["status"] == "final"
    assert all(_pointer(nomination, f["pointer"]) == f["value"] for f in fields)
    titles = [section["title"] for section in document["sections"]]
    assert titles.index("Proposer") < titles.index("Site") < titles.index("Consultation")
    labels = {f["pointer"]: f["label"] for f in fields}
    assert labels["/site/international_name"] == "Site: International name"
    shares = {(s["scientific_name"], s["segment"]): s for s in document["shares"]}
    assert shares["Azea alba", "resident"]["class"] == "same"
    assert shares["Azea alba", "resident"]["claimed"] == pytest.approx(0.974, abs=1e-9)


@pytest.mark.parametrize(("claimed", "kind"), [(0.981, "differs"), (0.9743, "rounding"), (0.974 * (1 + 1e-13), "same")])
def test_claims_beside_what_the_reviewers_library_gives(unpacked, library, claimed, kind):
    from aze_plugin.packaging.review import review

    path = unpacked / "data" / "assessment.json"
    document = json.loads(path.read_text())
    taxon = next(t for t in document["assessments"][0]["species"] if t["scientific_name"] == "Azea alba")
    for share in taxon["shares"]:
        share.update(low=claimed, best=claimed, high=claimed, site_value=claimed * share["global_value"])
    path.write_text(json.dumps(document))
    rebag(unpacked)
    found = {(s["scientific_name"], s["segment"]): s for s in review(unpacked, library)["shares"]}
    row = found["Azea alba", "resident"]
    assert row["class"] == kind
    assert row["difference"] == pytest.approx(0.974 - claimed, abs=1e-12)


def test_without_a_library_nothing_is_said_to_be_the_same(final_package):
    from aze_plugin.packaging.review import review

    shares = review(final_package)["shares"]
    assert shares and {s["class"] for s in shares} == {"cannot"}


@pytest.mark.parametrize(
    ("edit", "group"),
    [
        (lambda folder: (folder / "data" / "report" / "map.png").write_bytes(b"x"), "integrity"),
        (lambda folder: (folder / "data" / "nomination.json").write_bytes(b"{"), "schema"),
        (lambda folder: _change(folder, "consultation", lambda section: section.pop("other")), "content"),
        (lambda folder: _change(folder, "site", lambda section: section.update(purpose="fun")), "schema"),
    ],
)
def test_problems_by_what_they_are_about(unpacked, edit, group):
    from aze_plugin.packaging.review import review

    edit(unpacked)
    rebag(unpacked)
    found = review(unpacked)
    assert not found["valid"] and group in {p["group"] for p in found["problems"]}
    assert not any(p["message"].startswith(("package.", "nomination.")) for p in found["problems"])


def _change(folder, section, change):
    path = folder / "data" / "nomination.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document[section])
    path.write_text(json.dumps(document), encoding="utf-8")


def test_a_hostile_package_still_makes_a_review(tmp_path):
    import zipfile

    from aze_plugin.packaging.review import review
    from aze_plugin.packaging.review_page import as_html

    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("../evil.txt", b"x")
    found = review(tmp_path / "p.zip")
    assert [p["code"] for p in found["problems"]] == ["package.path_traversal"]
    assert found["sections"] == [] and found["shares"] == []
    assert "leads out of the package" in as_html(found)


# ------------------------------------------------------------------------------------------ comments and decision
def test_comments_and_decision_come_back_from_the_file(document, tmp_path):
    from aze_plugin.packaging import review

    said = "Why not the stream?\nقمة — 한글 🐸 =1+1"
    changed = review.commented(document, "/delineation/rationale", said, "Ines Baum", "2025-04-02")
    changed = review.commented(changed, "/delineation/rationale", "Settled by mail.", "Ines Baum", "2025-04-09")
    changed = review.decided(changed, review.REVISE, "The rationale first.", "Ines Baum", "2025-04-09T10:30:00Z")
    assert document["comments"] == {} and document["decision"] is None
    review.save(tmp_path / "review.json", changed)
    assert review.load(tmp_path / "review.json") == changed
    fewer = review.without_comment(
        review.without_comment(changed, "/delineation/rationale", 1), "/delineation/rationale", 0
    )
    assert fewer["comments"] == {}


def test_a_saved_review_is_taken_up_again_but_not_for_another_package(document, unpacked):
    from aze_plugin.domain.errors import AzeError
    from aze_plugin.packaging import review

    saved = review.commented(document, "/site/notes", "Which?", "A", "2025-04-02")
    assert review.resumed(document, saved)["comments"] == saved["comments"]
    other = review.commented(document, "/site/notes", "And where?", "B", "2025-04-01")
    both = review.merged(saved, other)["comments"]["/site/notes"]
    assert [c["author"] for c in both] == ["B", "A"]
    assert review.merged(both and saved, saved)["comments"] == saved["comments"]
    with pytest.raises(AzeError, match="review.other_package"):
        review.resumed(review.review(unpacked), saved)


def _set(key, value):
    def change(document):
        document[key] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("schema", "aze-review/2"),
        _set("comments", {"/site": "no list"}),
        _set("comments", {"/site": [{"text": 5, "author": "A", "date": "2025-01-01"}]}),
        _set("comments", {"/site": [{"text": "x", "author": "A", "date": "javascript:"}]}),
        _set("decision", {"outcome": "perhaps", "text": "", "author": "", "date": "2025-01-01"}),
        _set("sections", [{"key": "a", "title": "b", "fields": [{"pointer": "/a", "label": "x", "value": {}}]}]),
        _set("shares", [{"scientific_name": "x"}]),
        _set("extra", 1),
        lambda document: document.pop("package"),
    ],
)
def test_a_review_of_unknown_origin_is_held_against_its_schema(document, tmp_path, change):
    from aze_plugin.domain.errors import AzeError
    from aze_plugin.packaging import review

    broken = json.loads(json.dumps(document))
    change(broken)
    (tmp_path / "r.json").write_text(json.dumps(broken))
    with pytest.raises(AzeError, match="review.unreadable"):
        review.load(tmp_path / "r.json")
    with pytest.raises(AzeError, match="review.unreadable"):
        review.save(tmp_path / "s.json", broken)
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a":1,"a":2}'])
def test_files_that_are_no_review(tmp_path, content):
    from aze_plugin.domain.errors import AzeError
    from aze_plugin.packaging import review

    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(AzeError, match="review.unreadable"):
        review.load(tmp_path / "r.json")


# ------------------------------------------------------------------------------------------------------- the page
class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.addresses = set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.addresses += [v for k, v in attributes if k in ("src", "href", "action") or k.startswith("on")]

    def handle_data(self, data):
        self.texts.append(data)


def test_nothing_in_a_page_runs_or_loads(document):
    from aze_plugin.packaging import review
    from aze_plugin.packaging.review_page import as_html

    evil = '<script>alert(1)</script><img src=x onerror=alert(1)>"><a href="javascript:1">'
    changed = json.loads(json.dumps(document))
    changed["package"].update(site=evil, file=evil, date=evil)
    changed["sections"][0]["fields"][0].update(label=evil, value=evil)
    changed["shares"][0]["scientific_name"] = evil
    changed["problems"] = [{"code": "x", "path": evil, "message": evil, "group": "schema"}]
    changed = review.commented(changed, "/nowhere", evil, evil, "2025-01-01")
    changed = review.decided(changed, review.REJECT, evil, evil, "2025-01-01")
    page = _Tags()
    page.feed(as_html(changed))
    assert not {"script", "img", "iframe", "object", "form", "link"} & page.tags
    assert all(address.startswith("#") for address in page.addresses)
    assert "".join(page.texts).count("alert(1)") >= 2 * 8


def test_the_page_says_what_the_review_says(document):
    from aze_plugin.packaging import review
    from aze_plugin.packaging.review_page import as_html

    changed = review.commented(document, "/site/description", "Which century?", "Ines Baum", "2025-04-02")
    changed = review.decided(changed, review.REVISE, "See the comments.", "Ines Baum", "2025-04-09")
    text = re.sub(r"<[^>]*>", " ", as_html(changed))
    for said in ("Cloudtop Ridge", "Which century?", "Ines Baum, 2025-04-02", "97.4", "Azea alba", "for revision"):
        assert said in text
    assert text.index("A basalt ridge under cloud") < text.index("Which century?") < text.index("national amphibian")


# ---------------------------------------------------------------------------------------------------- two versions
def _edit(folder, change):
    path = folder / "data" / "nomination.json"
    nomination = json.loads(path.read_text(encoding="utf-8"))
    change(nomination)
    path.write_text(json.dumps(nomination), encoding="utf-8")
    rebag(folder)


def test_a_version_and_itself(final_package, unpacked):
    from aze_plugin.packaging.comparing import compare

    found = compare(final_package, unpacked)
    assert found["fields"] == [] and found["files"] == [] and found["boundary"]["same"]
    assert all(s["difference"] == 0 for s in found["shares"])


def test_fields_added_removed_and_changed_whatever_the_order_of_rows(unpacked, tmp_path):
    from aze_plugin.packaging.comparing import compare

    later = tmp_path / "later" / FOLDER
    shutil.copytree(unpacked, later)

    def change(nomination):
        nomination["site"]["notes"] = "New."
        del nomination["site"]["state"]
        nomination["site"]["altitude_max"] = 1200
        rows = nomination["biodiversity"]["species"]
        rows.reverse()
        next(r for r in rows if r["scientific_name"] == "Azea alba")["own_code"] = "AZ-1"
        rows[:] = [r for r in rows if r["scientific_name"] != "Limnothea minuta"]

    _edit(later, change)
    (later / "data" / "evidence" / "more.txt").write_text("x")
    rebag(later)
    found = compare(unpacked, later)
    told = {(f["pointer"].rpartition("/")[2], f["row"]): (f["kind"], f["before"], f["after"]) for f in found["fields"]}
    gone = {key for key in told if key[1] == "Limnothea minuta"}
    assert gone and all(told.pop(key)[0] == "removed" for key in gone)
    assert told == {
        ("notes", ""): ("added", None, "New."),
        ("state", ""): ("removed", "Windward Province", None),
        ("altitude_max", ""): ("changed", 1180, 1200),
        ("own_code", "Azea alba"): ("added", None, "AZ-1"),
    }
    assert found["files"] == [{"path": "data/evidence/more.txt", "kind": "added"}]


def test_hectares_gained_and_lost_and_shares_before_and_after(package, example, tmp_path, library):
    """A cut and an addition made by hand; their areas worked out by another library's ellipsoid."""
    from osgeo import ogr
    from pyproj import Geod

    from aze_plugin.packaging.comparing import compare

    source = ogr.Open(str(candidate_layer()).split("|")[0])
    layer = source.GetLayerByName("candidates")
    layer.SetAttributeFilter("name = 'Cloudtop Ridge'")
    feature = next(iter(layer))
    shape = shapely.from_wkb(bytes(feature.GetGeometryRef().ExportToWkb()))
    west, south, east, north = shape.bounds
    cut = shapely.box(west - 1, south - 1, west + (east - west) / 4, north + 1)
    grown = shapely.box(east - 0.001, south, east + 0.01, (south + north) / 2)
    changed = shapely.union(shape.difference(cut), grown)
    (tmp_path / "changed.geojson").write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"name": "Cloudtop Ridge"},
                        "geometry": shapely.geometry.mapping(changed),
                    }
                ],
            }
        )
    )
    before = package(folder=tmp_path / "before")["OUTPUT"]
    after = package(folder=tmp_path / "after", BOUNDARY=str(tmp_path / "changed.geojson"), ALLOW_INCOMPLETE=True)[
        "OUTPUT"
    ]
    found = compare(before, after)
    geod = Geod(ellps="WGS84")

    def hectares(part):
        return sum(abs(geod.geometry_area_perimeter(p)[0]) for p in shapely.get_parts(part)) / 1e4

    boundary = found["boundary"]
    assert not boundary["same"]
    assert boundary["lost_ha"] == pytest.approx(hectares(shape.difference(changed)), rel=1e-4)
    assert boundary["gained_ha"] == pytest.approx(hectares(changed.difference(shape)), rel=1e-4)
    assert boundary["after_ha"] - boundary["before_ha"] == pytest.approx(
        boundary["gained_ha"] - boundary["lost_ha"], rel=1e-6
    )
    lost = shapely.from_wkb(bytes.fromhex(boundary["lost_wkb"]))
    assert lost.symmetric_difference(shape.difference(changed)).area < 1e-9
    shares = {(s["scientific_name"], s["segment"]): s for s in found["shares"] if s["parameter"] == "range"}
    alba = shares["Azea alba", "resident"]
    assert alba["before"] == pytest.approx(0.974, abs=1e-6) and alba["after"] < 0.95
    assert alba["difference"] == pytest.approx(alba["after"] - alba["before"])


def test_a_generalised_boundary_is_not_compared(package, tmp_path):
    from aze_plugin.packaging.comparing import compare
    from aze_plugin.packaging.review import review
    from aze_plugin.packaging.review_page import as_html

    before = package(folder=tmp_path / "before")["OUTPUT"]
    after = package(folder=tmp_path / "after", SENSITIVE="all")["OUTPUT"]
    found = compare(before, after)
    assert found["boundary"] == {"cannot": "generalised"}
    assert "cannot be compared" in as_html(review(after), found)


def test_the_algorithm_writes_the_page_and_the_document(final_package, unpacked, library, tmp_path):
    from aze_plugin.packaging.review import load
    from aze_plugin.processing.verifypackage import VerifyPackage

    common = {"PACKAGE": str(final_package), "LIBRARY": library, "OUTPUT": str(tmp_path / "v.json")}
    page, saved = tmp_path / "review.html", tmp_path / "review.json"
    results = execute(VerifyPackage, **common, REVIEW=str(page), COMPARE=str(unpacked))
    assert results["VALID"] and results["REVIEW"] == str(page)
    assert "No field changed." in page.read_text(encoding="utf-8")
    execute(VerifyPackage, **common, REVIEW=str(saved))
    assert load(saved)["package"]["site"] == "Cloudtop Ridge"


def test_the_official_command_validates_the_bag(unpacked):
    import sys

    ran = subprocess.run([sys.executable, "-m", "bagit", "--validate", str(unpacked)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
