"""Packages that are damaged, hostile, foreign or untrue: each a problem in the list, never a crash or a stray write."""

import io
import json
import os
import random
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from package_helpers import FOLDER, codes, execute, rebag
from qgis.core import QgsProcessingException


def verification(package, library_path=None):
    from aze_plugin.packaging.verification import verify

    return verify(package, library_path)


def test_a_sound_package_is_valid_and_its_shares_come_out_the_same(final_package, library, tmp_path):
    from aze_plugin.processing.verifypackage import VerifyPackage

    output = tmp_path / "verification.json"
    results = execute(VerifyPackage, PACKAGE=str(final_package), LIBRARY=library, OUTPUT=str(output))
    assert results["VALID"] is True and results["PROBLEMS"] == 0
    document = json.loads(output.read_text(encoding="utf-8"))
    assert document["schema"] == "aze-verification/1" and document["status"] == "final"
    species = document["recomputed"]["species"]
    assert {"Azea alba", "Nubilana celsa"} <= {s["scientific_name"] for s in species}
    assert all(s["difference"] == 0 for s in species)


def test_a_folder_is_verified_where_it_lies_and_not_touched(unpacked, library):
    from aze_plugin.processing.verifypackage import VerifyPackage

    before = {p: p.stat().st_mtime_ns for p in unpacked.rglob("*")}
    output = str(unpacked.parent.parent / "verification.json")
    assert execute(VerifyPackage, PACKAGE=str(unpacked), LIBRARY=library, OUTPUT=output)["VALID"] is True
    assert {p: p.stat().st_mtime_ns for p in unpacked.rglob("*")} == before


def test_a_package_that_is_not_there_is_an_error(tmp_path):
    from aze_plugin.processing.verifypackage import VerifyPackage

    with pytest.raises((QgsProcessingException, ValueError)):
        execute(VerifyPackage, PACKAGE=str(tmp_path / "none.zip"), OUTPUT=str(tmp_path / "v.json"))


# ------------------------------------------------------------------------------------------------ hostile archives


def _entry(name, content=b"x", mode=stat.S_IFREG | 0o644, method=zipfile.ZIP_DEFLATED):
    def write(archive):
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        entry.create_system = 3
        entry.compress_type = method
        archive.writestr(entry, content)

    return write


HOSTILE = {
    "traversal": ([_entry(f"{FOLDER}/../../evil.txt")], "package.path_traversal"),
    "traversal in the top": ([_entry("../evil.txt")], "package.path_traversal"),
    "absolute": ([_entry("/tmp/evil.txt")], "package.path_absolute"),
    "drive": ([_entry("C:/evil.txt")], "package.path_drive"),
    "stream": ([_entry(f"{FOLDER}/data/a.txt:hidden")], "package.path_drive"),
    "backslash": ([_entry(f"{FOLDER}\\..\\evil.txt")], "package.name_backslash"),
    "empty part": ([_entry(f"{FOLDER}//evil.txt")], "package.path_traversal"),
    "symbolic link": ([_entry(f"{FOLDER}/data/link", b"/etc/passwd", stat.S_IFLNK | 0o777)], "package.link"),
    "device": ([_entry(f"{FOLDER}/data/dev", b"", stat.S_IFCHR | 0o666)], "package.device"),
    "pipe": ([_entry(f"{FOLDER}/data/pipe", b"", stat.S_IFIFO | 0o666)], "package.device"),
    "twice": ([_entry(f"{FOLDER}/a"), _entry(f"{FOLDER}/a")], "package.duplicate"),
    "case": ([_entry(f"{FOLDER}/data/A.json"), _entry(f"{FOLDER}/data/a.json")], "package.case_collision"),
    "composition": ([_entry(f"{FOLDER}/é"), _entry(f"{FOLDER}/e\u0301")], "package.case_collision"),
    "file and folder": ([_entry(f"{FOLDER}/a"), _entry(f"{FOLDER}/a/b")], "package.duplicate"),
    "control character": ([_entry(f"{FOLDER}/a\nb")], "package.name_control"),
    "trailing dot": ([_entry(f"{FOLDER}/a.")], "package.name_ending"),
    "very long name": ([_entry(f"{FOLDER}/{'a' * 300}")], "package.name_long"),
    "very deep": ([_entry(f"{FOLDER}/{'a/' * 40}b")], "package.name_long"),
    "two tops": ([_entry("one/a"), _entry("two/a")], "package.top_folders"),
    "loose file": ([_entry("bagit.txt")], "package.top_folders"),
    "bomb": ([_entry(f"{FOLDER}/data/zeros", b"\0" * (64 << 20))], "package.ratio"),
    "odd compression": ([_entry(f"{FOLDER}/a", b"x" * 99, method=zipfile.ZIP_LZMA)], "package.method"),
    "too many": ([_entry(f"{FOLDER}/{n}", b"", method=0) for n in range(10_001)], "package.too_many"),
    "nothing": ([], "package.empty"),
    "no bag": ([_entry(f"{FOLDER}/readme.txt")], "package.no_bag"),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_archives(kind, tmp_path, monkeypatch):
    entries, expected = HOSTILE[kind]
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        for write in entries:
            write(archive)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert expected in {code for code, _ in codes(folder / "p.zip")}
    assert list(scratch.iterdir()) == [] and [p.name for p in folder.iterdir()] == ["p.zip"]
    assert not (tmp_path / "evil.txt").exists() and not Path("/tmp/evil.txt").exists()


def test_a_name_cut_at_a_nul_is_judged_whole(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr(f"{FOLDER}/a#evil", b"x")
    content = (tmp_path / "p.zip").read_bytes().replace(b"a#evil", b"a\0evil")
    (tmp_path / "p.zip").write_bytes(content)
    assert {c for c, _ in codes(tmp_path / "p.zip")} == {"package.name_control"}


def test_a_header_that_lies_about_the_size_is_not_believed(tmp_path):
    """The ratio is counted while unpacking: a header that promises one byte changes nothing."""
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr(_named(f"{FOLDER}/data/zeros"), b"\0" * (64 << 20))
    content = bytearray((tmp_path / "p.zip").read_bytes())
    at = content.rindex(b"PK\x01\x02")
    struct.pack_into("<L", content, at + 24, 1)
    (tmp_path / "p.zip").write_bytes(bytes(content))
    assert not verification(tmp_path / "p.zip").valid


def _named(name):
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"not a zip", b"PK\x05\x06" + b"\0" * 18, b"PK\x05\x06" + b"\xff" * 18]
)
def test_files_that_are_no_zip(content, tmp_path):
    (tmp_path / "p.zip").write_bytes(content)
    assert not verification(tmp_path / "p.zip").valid


def test_a_zip_cut_short_or_with_bytes_changed_never_crashes_and_is_never_valid(final_package, tmp_path):
    whole = final_package.read_bytes()
    chance = random.Random(7)
    target = tmp_path / "p.zip"
    for _ in range(25):
        broken = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.3 else whole)
        for _ in range(chance.randrange(1, 4)):
            # Within the stored data: a bit of the dates in the directory is nobody's harm.
            if broken:
                broken[chance.randrange(min(len(broken), len(whole) * 9 // 10))] ^= 1 << chance.randrange(8)
        target.write_bytes(bytes(broken))
        found = verification(target)
        if found.valid:
            _same_payload(target, final_package)


def _same_payload(one, other):
    """What was changed may have been a byte that says nothing, such as a time stamp in a local header."""
    with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
        assert {n: a.read(n) for n in a.namelist()} == {n: b.read(n) for n in b.namelist()}


def test_links_in_a_folder_are_named_and_not_followed(unpacked):
    (unpacked / "data" / "evidence" / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(unpacked / "data" / "evidence" / "pipe")
    assert codes(unpacked) == {
        ("package.link", "data/evidence/passwd"),
        ("package.device", "data/evidence/pipe"),
    }


# ---------------------------------------------------------------------------------------------- tampered contents


def _edit_json(name, change):
    def edit(folder):
        path = folder / "data" / name
        document = json.loads(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(json.dumps(document), encoding="utf-8")

    return edit


def _write(name, content):
    def edit(folder):
        path = folder / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    return edit


def _in_workbook(part, before, after, also=None):
    """Change one part of the form; ``also`` adds another."""

    def edit(folder):
        path = folder / "data" / "forms" / "kba_proposal.xlsx"
        with zipfile.ZipFile(path) as archive:
            parts = {n: archive.read(n) for n in archive.namelist()}
        assert before in parts[part], parts[part][:600]
        parts[part] = parts[part].replace(before, after, 1)
        parts.update(also or {})
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    return edit


_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&b;</name></Document></kml>"""
_SHEET = "xl/worksheets/sheet2.xml"
_KML = f"boundary/{FOLDER}.kml"


def _share_of(document, name="Azea alba"):
    taxon = next(t for t in document["assessments"][0]["species"] if t["scientific_name"] == name)
    return next(s for s in taxon["shares"] if s["segment"] == "resident")


def _raise_share(document):
    share = _share_of(document)
    share.update(low=0.99, best=0.99, high=0.99)


def _vulnerable(document):
    taxon = next(t for t in document["assessments"][0]["species"] if t["category"] == "VU")
    taxon.update(trigger=True, status="met", route="sole_area")


def _move_boundary(folder):
    path = folder / "data" / "boundary" / f"{FOLDER}.geojson"
    path.write_text(path.read_text().replace("-178.", "-177."))


def _remove(name):
    return lambda folder: (folder / name).unlink()


TAMPERED = {
    "file removed": (_remove("data/coverage.json"), "package.missing_file"),
    "foreign file": (_write("boundary/ranges.gpkg", b"SQLite format 3\0"), "package.foreign"),
    "program": (_write("report/setup.exe", b"MZ"), "package.foreign"),
    "JSON broken": (_write("nomination.json", b"{"), "package.json"),
    "JSON deep": (_write("coverage.json", b"[" * 100_000), "package.json"),
    "JSON huge number": (_write("assessment.json", b'{"schema": ' + b"9" * 100_000 + b"}"), "package.json"),
    "JSON of another kind": (_write("assessment.json", b'{"schema": "other/1"}'), "package.schema"),
    "assessment without members": (_write("assessment.json", b'{"schema": "aze-assessment/1"}'), "package.shape"),
    "coverage without members": (
        _write("coverage.json", b'{"schema": "aze-coverage/1", "sites": [3]}'),
        "package.shape",
    ),
    "KML with entities": (_write(_KML, _LAUGHS), "package.xml_entities"),
    "KML that is no XML": (_write(_KML, b"<kml"), "package.xml"),
    "form with a formula": (
        _in_workbook(_SHEET, b"</sheetData>", b'<row r="9"><c r="A9"><f>1+1</f><v>2</v></c></row></sheetData>'),
        "package.formula",
    ),
    "form with entities": (
        _in_workbook(_SHEET, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
        "package.xml_entities",
    ),
    "form with macros": (
        _in_workbook(_SHEET, b"<worksheet", b"<worksheet", {"xl/vbaProject.bin": b"\xd0\xcf"}),
        "package.workbook_active",
    ),
    "form that is no workbook": (_write("forms/kba_proposal.xlsx", b"PK"), "package.workbook"),
    "form that says something else": (
        _in_workbook(_SHEET, b"Republic of Azea", b"Republic of Elsewhere"),
        "package.form_differs",
    ),
    "report that is a program": (_write("report/report.pdf", b"MZ"), "package.kind"),
    "report with a script": (_write("report/report.pdf", b"%PDF-1.4 /OpenAction << /JS (x) >>"), "package.pdf_active"),
    "sources with a formula": (
        _write("sources.csv", b"name,version,citation,licence,sha256,role\r\n=1+1,,,,,\r\n"),
        "package.formula",
    ),
    "boundary moved": (_move_boundary, "package.boundary_differs"),
    "boundary replaced by rubbish": (_write(f"boundary/{FOLDER}.gpkg", b"rubbish"), "package.boundary"),
    "draft dressed up as final": (
        _edit_json("nomination.json", lambda d: d.update(status="draft")),
        "package.status_differs",
    ),
    "threshold lowered": (
        _edit_json("assessment.json", lambda d: d["settings"].update(threshold=0.5)),
        "package.settings",
    ),
    "share raised": (_edit_json("assessment.json", _raise_share), "package.share"),
    "vulnerable species as trigger": (_edit_json("assessment.json", _vulnerable), "package.trigger"),
    "area wrong": (_edit_json("assessment.json", lambda d: d["assessments"][0].update(area_ha=9.0)), "package.area"),
    "verdict wrong": (
        _edit_json("assessment.json", lambda d: d["assessments"][0].update(verdict="not_eligible")),
        "package.verdict",
    ),
    "consultation removed": (
        _edit_json("nomination.json", lambda d: d["consultation"].pop("other")),
        "nomination.other_consultation_missing",
    ),
    "schema broken": (
        _edit_json("nomination.json", lambda d: d["site"].update(purpose="fun")),
        "nomination.field_choice",
    ),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_tampered_contents_with_fresh_manifests(kind, unpacked):
    edit, expected = TAMPERED[kind]
    edit(unpacked)
    rebag(unpacked)
    assert expected in {code for code, _ in codes(unpacked)}


@pytest.mark.parametrize("name", ["data/nomination.json", "bag-info.txt", "data/report/map.png"])
def test_a_changed_file_breaks_the_bag(name, unpacked):
    (unpacked / name).write_bytes((unpacked / name).read_bytes() + b"\n")
    assert "package.bag" in {code for code, _ in codes(unpacked)}


def test_a_bag_that_fetches_from_elsewhere(unpacked):
    (unpacked / "fetch.txt").write_text("http://127.0.0.1:9/x - data/x\n")
    assert codes(unpacked) == {("package.fetch", "fetch.txt")}


def test_a_forged_share_that_is_consistent_in_itself_is_found_by_recomputing(unpacked, library):
    def forge(document):
        share = _share_of(document)
        share["site_value"] = share["global_value"] * 0.981
        share.update(low=0.981, best=0.981, high=0.981)

    _edit_json("assessment.json", forge)(unpacked)
    rebag(unpacked)
    assert "package.share_differs" not in {c for c, _ in codes(unpacked)}
    found = verification(unpacked, library)
    assert "package.share_differs" in {p.code for p in found.problems}
    row = next(r for r in found.recomputed if r["scientific_name"] == "Azea alba" and r["segment"] == "resident")
    assert row["claimed"] == 0.981 and row["recomputed"] == pytest.approx(0.974, abs=1e-9)


def test_a_species_left_out_is_found_by_recomputing(unpacked, library):
    def forget(document):
        species = document["assessments"][0]["species"]
        species[:] = [t for t in species if t["scientific_name"] != "Squaminella rupestris"]

    _edit_json("assessment.json", forget)(unpacked)
    rebag(unpacked)
    assert "package.share_omitted" in {p.code for p in verification(unpacked, library).problems}


def test_every_problem_has_a_sentence(unpacked):
    from aze_plugin.services.wording.packaging import templates

    known = templates()
    wanted = {code for _, code in HOSTILE.values()} | {code for _, code in TAMPERED.values()}
    assert wanted <= set(known)
    shutil.rmtree(unpacked / "data")
    for problem in verification(unpacked).as_json()["problems"]:
        assert not problem["message"].startswith("package."), problem


def test_names_are_shown_without_their_control_characters(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("\x1b[31mred\n" + "a" * 400, b"")
    (tmp_path / "p.zip").write_bytes(buffer.getvalue())
    for problem in verification(tmp_path / "p.zip").problems:
        assert problem.path.isprintable() and len(problem.path) <= 255


def test_a_file_too_large_to_be_read_is_not_read(unpacked):
    with open(unpacked / "data" / "report" / "report.pdf", "wb") as file:
        file.truncate(300 << 20)
    assert codes(unpacked) == {("package.file_large", "data/report/report.pdf")}
