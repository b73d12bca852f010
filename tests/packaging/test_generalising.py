"""Sensitive species: no place in a package is finer than the grid, figures stay, and everybody is told."""

import io
import json
import math
import re
import shutil
import subprocess
import zipfile
import zlib

import numpy as np
import pytest
import shapely
from package_helpers import FOLDER, SAMPLE, codes, execute, rebag
from qgis.core import QgsProcessingException

EVERYTHING = {"LANDCOVER": str(SAMPLE / "landcover.tif"), "EDGES": [str(SAMPLE / "islands.gpkg")]}


def _read(package):
    with zipfile.ZipFile(package) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def _boundary(name="Cloudtop Ridge"):
    from osgeo import ogr

    source = ogr.Open(str(SAMPLE / "candidates.gpkg"))
    layer = source.GetLayerByName("candidates")
    layer.SetAttributeFilter(f"name = '{name}'")
    feature = next(iter(layer))
    return shapely.from_wkb(bytes(feature.GetGeometryRef().ExportToWkb()))


@pytest.fixture(scope="module")
def library_with_records(qgis_app, tmp_path_factory):
    from aze_plugin.library.importer import Request, import_species

    path = tmp_path_factory.mktemp("records") / "with_records.gpkg"
    ranges = (str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg"))
    import_species(
        Request(str(path), ranges, str(SAMPLE / "redlist.zip"), occurrences=(str(SAMPLE / "occurrences.csv"),))
    )
    return str(path)


# ------------------------------------------------------------------------------------------------ leaks of places
def _unpacked_streams(content):
    """What a file's bytes say, with every compressed stream in it opened."""
    yield content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield archive.read(name)
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            yield found[1]


def _numbers(text):
    for found in re.finditer(r"-?\d+\.\d{3,}", text):
        yield float(found[0])


def leaks(files, boundary, on_grid, slack=0.0):
    """Numbers in a package's files that lie where the true boundary does and are no lines, middles or boxes of the
    grid, and corners of the true boundary in binary."""
    west, south, east, north = boundary.bounds
    found = []
    corners = shapely.get_coordinates(boundary)
    metres = _projected(corners)
    binary = [v for v in {*corners.ravel(), *metres.ravel()} if abs(v) not in (0.0, 180.0) and not on_grid(v)]
    (x_least, y_least), (x_most, y_most) = metres.min(axis=0), metres.max(axis=0)
    for name, content in files.items():
        for piece in _unpacked_streams(content):
            found += [(name, value) for value in _among(piece, binary)]
            if name.endswith((".png",)):
                continue
            for number in _numbers(piece.decode("utf-8", "replace")):
                near = west - slack <= number <= east + slack or south - slack <= number <= north + slack
                near = near or x_least <= number <= x_most or y_least <= number <= y_most
                if near and not on_grid(number):
                    found.append((name, number))
    return found


def _among(piece, values):
    """Those of the values that stand in a piece as doubles, in either order of bytes and wherever they begin."""
    for start in range(8):
        whole = piece[start : start + (len(piece) - start) // 8 * 8]
        for order in "<>":
            doubles = np.frombuffer(whole, order + "f8")
            yield from doubles[np.isin(doubles, values)].tolist()


def _projected(lonlat):
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 6933, always_xy=True).transform(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([x, y])


def _on(size):
    return lambda value: any(abs(value / step - round(value / step)) < 1e-6 for step in (size, size / 2))


def test_without_sensitive_species_the_same_walk_finds_the_place(package):
    """That the walk can find anything: an ordinary package is full of what it looks for."""
    found = leaks(_read(package()["OUTPUT"]), _boundary(), _on(0.1))
    names = {name for name, _ in found}
    assert {f"data/boundary/{FOLDER}.{s}" for s in ("gpkg", "shp", "geojson", "kml")} <= names
    assert {"data/nomination.json", "data/assessment.json", "data/forms/kba_proposal.xlsx"} <= names


@pytest.mark.parametrize(("grid", "size"), [("", 0.1), ("0.25°", 0.25), ("0,05", 0.05)])
def test_no_place_in_the_package_is_finer_than_the_grid(package, library_with_records, grid, size):
    results = package(LIBRARY=library_with_records, SENSITIVE="all", GRID=grid, **EVERYTHING)
    files = _read(results["OUTPUT"])
    assert leaks(files, _boundary(), _on(size)) == []
    assert codes(results["OUTPUT"]) == set()


def test_the_boundary_is_the_cells_that_it_meets(package):
    from aze_plugin.packaging.boundary import FORMATS, read_boundary

    results = package(SENSITIVE="Azea alba", GRID="0.1")
    true = _boundary()
    west, south, east, north = true.bounds
    cells = [
        shapely.box(x / 10, y / 10, (x + 1) / 10, (y + 1) / 10)
        for x in range(math.floor(west * 10), math.ceil(east * 10))
        for y in range(math.floor(south * 10), math.ceil(north * 10))
    ]
    expected = shapely.union_all([cell for cell in cells if cell.intersection(true).area > 0])
    with zipfile.ZipFile(results["OUTPUT"]) as archive:
        folder = results["OUTPUT"] + "-unpacked"
        archive.extractall(folder)
    for suffix in FORMATS:
        from pathlib import Path

        laid = read_boundary(Path(folder, FOLDER, "data", "boundary", f"{FOLDER}{suffix}"))
        assert laid.symmetric_difference(expected).area < 1e-9


def test_figures_are_those_of_the_true_boundary_and_the_fact_is_told(package, example):
    open_one = json.loads(_read(package()["OUTPUT"])["data/assessment.json"])["assessments"][0]
    files = _read(package(SENSITIVE="Azea alba; Nubilana celsa", GRID="10 km")["OUTPUT"])
    hidden = json.loads(files["data/assessment.json"])["assessments"][0]
    assert hidden["area_ha"] == open_one["area_ha"]
    shares = [[(t["scientific_name"], t["shares"]) for t in one["species"]] for one in (open_one, hidden)]
    assert shares[0] == shares[1]
    nomination = json.loads(files["data/nomination.json"])
    assert nomination["generalised"] == {
        "grid": {"size": 10.0, "unit": "km"},
        "taxa": ["Azea alba", "Nubilana celsa"],
        "names_withheld": True,
    }
    assert nomination["status"] == "final"
    assert nomination["site"]["area_km2"] == pytest.approx(open_one["area_ha"] / 100, abs=1e-3)
    assert "Generalised: 10 km" in files["bag-info.txt"].decode()


def test_cells_of_kilometres_are_squares_of_equal_area(package):
    files = _read(package(SENSITIVE="all", GRID="10 km")["OUTPUT"])
    shape = shapely.from_geojson(
        json.dumps(json.loads(files[f"data/boundary/{FOLDER}.geojson"])["features"][0]["geometry"])
    )
    corners = _projected(shapely.get_coordinates(shape)) / 10_000
    # Nine decimals of a degree are a tenth of a millimetre.
    assert np.abs(corners - corners.round()).max() < 1e-7


def test_a_species_row_that_says_sensitive_is_enough(package, example):
    example["biodiversity"]["species"] = [{"scientific_name": "Azea alba", "sensitive": "Yes"}]
    nomination = json.loads(_read(package(example)["OUTPUT"])["data/nomination.json"])
    assert nomination["generalised"]["taxa"] == ["Azea alba"]


def test_a_midpoint_given_by_hand_goes_out_by_the_grid_as_well(package, example):
    example["site"].update(latitude=-26.5825, longitude=-178.4)
    nomination = json.loads(_read(package(example, SENSITIVE="all")["OUTPUT"])["data/nomination.json"])
    true = _boundary().centroid
    for key, value in (("latitude", true.y), ("longitude", true.x)):
        assert nomination["site"][key] == pytest.approx(math.floor(value * 10) / 10 + 0.05, abs=1e-9)


def test_the_grid_crosses_180_degrees(package, example):
    example["site"]["international_name"] = "Dateline Wood"
    results = package(example, site="Dateline Wood", ALLOW_INCOMPLETE=True, SENSITIVE="all", GRID="0.1")
    assert codes(results["OUTPUT"]) == set()
    with zipfile.ZipFile(results["OUTPUT"]) as archive:
        found = json.loads(archive.read("Dateline_Wood/data/boundary/Dateline_Wood.geojson"))
    shape = shapely.from_geojson(json.dumps(found["features"][0]["geometry"]))
    west, _, east, _ = shape.bounds
    assert (west, east) == (-180, 180) and shape.area < 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The nest is at {lat}, {lon}.", True),
        ("The nest is at {lat_dms} S.", True),
        ("Found at 701234 7058123 in zone 1.", True),
        ("Between 420 and 1180 m; 3.14159 km of path; 310 birds in 2024, 97.412 % of all.", False),
    ],
)
def test_words_that_tell_the_place_stop_it(package, example, text, told):
    centre = _boundary().centroid
    degrees, minutes = divmod(abs(centre.y) * 60, 60)
    said = text.format(lat=f"{centre.y:.4f}", lon=f"{centre.x:.4f}", lat_dms=f"{int(degrees)}° {minutes:.2f}'")
    example["site"]["notes"] = said
    if told:
        with pytest.raises(QgsProcessingException, match="Notes: .* tells the place"):
            package(example, SENSITIVE="all")
        # Of an ordinary site the same words are nobody's business.
        assert package(example)["PROBLEMS"] == 0
    else:
        assert package(example, SENSITIVE="all")["PROBLEMS"] == 0


@pytest.mark.parametrize("grid", ["fine", "0.001", "90°", "0.1 miles", "-1", "1000 km"])
def test_a_grid_that_is_none_is_refused(package, grid):
    with pytest.raises(QgsProcessingException, match="grid"):
        package(SENSITIVE="all", GRID=grid)


def test_a_misspelt_species_still_hides_the_place_and_is_named(package, tmp_path):
    files = _read(package(SENSITIVE="Azea allba", PREVIEW=str(tmp_path / "p.json"))["OUTPUT"])
    assert json.loads(files["data/nomination.json"])["generalised"]["taxa"] == ["Azea allba"]
    problems = json.loads((tmp_path / "p.json").read_text())["problems"]
    assert any("Azea allba" in p["message"] for p in problems if p["code"] == "nomination.sensitive_unknown")


# ---------------------------------------------------------------------------------------------------------- names
# What of the sample lies at Cloudtop Ridge: areas and a site, with their numbers. Read off the sample's own layers.
NEIGHBOURS = (
    "Nubila National Park", "99900001", "Upper Springs Water Catchment", "99900002", "Nubila North Coast", "98003",
)  # fmt: skip


def _named(package, tmp_path):
    """The neighbours that a package names anywhere, by file: compressed parts opened, pages of the report as text."""
    found = {}
    for name, content in _read(package).items():
        said = [piece.decode("utf-8", "replace") for piece in _unpacked_streams(content)]
        if name.endswith(".pdf"):
            pdf = tmp_path / "report.pdf"
            pdf.write_bytes(content)
            printed = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, check=True).stdout
            said.append(" ".join(printed.decode().split()))
        told = {n for n in NEIGHBOURS for text in said if n.casefold() in text.casefold()}
        if told:
            found[name] = told
    return found


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")
def test_neighbours_are_named_nowhere(package, example, tmp_path):
    example["site"]["notes"] = "South of the nubila  national park (99900001), which borders Nubila North Coast."
    example["statements"]["candidates"]["Cloudtop Ridge"]["delineation_rationale"] += " It ends at Nubila North Coast."
    results = package(example, folder=tmp_path / "open", **EVERYTHING)
    told = _named(results["OUTPUT"], tmp_path)
    # That the walk can find anything: an ordinary package names them all.
    assert set().union(*told.values()) == set(NEIGHBOURS)
    assert {f"data/{n}" for n in (
        "nomination.json", "coverage.json", "assessment.json", "forms/kba_proposal.xlsx", "report/report.pdf",
        "report/report.html",
    )} <= set(told)  # fmt: skip

    preview = tmp_path / "preview.json"
    results = package(example, SENSITIVE="all", PREVIEW=str(preview), **EVERYTHING)
    assert _named(results["OUTPUT"], tmp_path) == {}
    assert codes(results["OUTPUT"]) == set()
    files = _read(results["OUTPUT"])
    nomination = json.loads(files["data/nomination.json"])
    assert nomination["status"] == "final" and nomination["generalised"]["names_withheld"] is True
    assert nomination["site"]["notes"] == "South of the name withheld (name withheld), which borders name withheld."
    assert nomination["site"]["international_name"] == "Cloudtop Ridge"
    said = json.loads(preview.read_text())
    assert "Site: Notes" in next(p["message"] for p in said["problems"] if p["code"] == "nomination.names_withheld")
    assert all(name not in preview.read_text() for name in NEIGHBOURS)
    # The figures stay.
    areas = json.loads(files["data/coverage.json"])["sites"][0]
    assert [round(area["pct"], 3) for area in areas["protected_areas"]] == [33.0, 7.786]
    assert {area["name"] for area in areas["protected_areas"]} == {"name withheld"} and areas["both_pct"] > 37


def test_what_the_site_itself_is_called_stays_and_plain_words_do(package, example):
    from aze_plugin.packaging.withholding import Names

    names = Names(["Nubila", "Ridge", "A1", "North  Coast", "Forêt d'Ambre", "12345"], own=["Ridge"])
    assert names.hidden("Ridge, A1, nubila") == "Ridge, A1, nubila"
    assert (
        names.hidden("Nubila, north\ncoast: 12345, 123456.") == "name withheld, name withheld: name withheld, 123456."
    )
    assert names.hidden("fore\u0302t d'ambre") == "name withheld"
    # A protected area of the site's own name: nothing can be hidden by leaving it out.
    example["site"]["international_name"] = "Nubila National Park"
    nomination = json.loads(_read(package(example, SENSITIVE="all")["OUTPUT"])["data/nomination.json"])
    assert nomination["site"]["international_name"] == "Nubila National Park"


def test_an_update_says_that_it_names_its_site(package, tmp_path):
    from aze_plugin.packaging.details import schema

    preview = tmp_path / "p.json"
    package(schema()["examples"][1], site="Serrata Highlands", SENSITIVE="all", ALLOW_INCOMPLETE=True, OUTPUT=None,
            PREVIEW=str(preview))  # fmt: skip
    said = {p["code"] for p in json.loads(preview.read_text())["problems"]}
    assert "nomination.update_tells_place" in said


# ------------------------------------------------------------------------------------------------------- evidence
def _photograph(path, place=True):
    """A JPEG as a telephone makes it, with where it was taken and which side is up."""
    from PIL import Image

    picture = Image.effect_noise((64, 48), 40).convert("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Telephone"
    if place:
        exif[0x8825] = {1: "S", 2: (26.0, 34.0, 57.0), 3: "W", 4: (178.0, 24.0, 36.0)}
    picture.save(path, "JPEG", exif=exif, comment=b"at 26.5825 S")
    path.write_bytes(path.read_bytes() + b"trailer 26.5825")
    return picture


def test_a_photograph_loses_its_place_and_nothing_of_its_picture(package, tmp_path):
    from PIL import Image

    from aze_plugin.packaging.photographs import tells_place

    _photograph(tmp_path / "nest.jpg")
    given = (tmp_path / "nest.jpg").read_bytes()
    assert tells_place(given)
    open_one = _read(package(EVIDENCE=[str(tmp_path / "nest.jpg")])["OUTPUT"])["data/evidence/nest.jpg"]
    assert open_one == given
    hidden = _read(package(EVIDENCE=[str(tmp_path / "nest.jpg")], SENSITIVE="all")["OUTPUT"])["data/evidence/nest.jpg"]
    assert not tells_place(hidden) and b"26.5825" not in hidden and b"Telephone" not in hidden
    before, after = (Image.open(io.BytesIO(content)) for content in (given, hidden))
    assert np.array_equal(np.asarray(before), np.asarray(after))
    assert after.getexif()[0x0112] == 6 and not after.getexif().get_ifd(0x8825)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_pictures_too(form, tmp_path):
    from PIL import Image

    from aze_plugin.packaging.photographs import cleaned, tells_place

    exif = Image.Exif()
    exif[0x8825] = {1: "S", 2: (26.0, 34.0, 57.0)}
    picture = Image.effect_noise((32, 32), 40).convert("RGB")
    out = io.BytesIO()
    picture.save(out, form, exif=exif, **({"lossless": True} if form == "WEBP" else {}))
    assert tells_place(out.getvalue())
    bare = cleaned(out.getvalue())
    assert not tells_place(bare)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(bare)).convert("RGB")), np.asarray(picture))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("track.gpx", b"<gpx/>", "holds places"),
        ("nests.csv", b"name,lat\nnest,-26.5825\n", "tells the place"),
        ("at -26.5825.txt", b"words", "name of"),
        ("Nubila_North_Coast.txt", b"words", "name of"),
        ("walk.txt", b"We entered by Nubila National Park.", "tells the place"),
        ("call.wav", b"RIFF\0\0\0\0WAVEfmt ", "may tell where"),
    ],
)
def test_evidence_that_would_tell_the_place_is_refused(package, tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    assert package(EVIDENCE=[str(tmp_path / name)])["PROBLEMS"] == 0
    with pytest.raises(QgsProcessingException, match=match):
        package(EVIDENCE=[str(tmp_path / name)], SENSITIVE="all")


def _office(path, *parts):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts:
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("photo.jpg", b"MZ\x90\0" + bytes(99), "is a program"),
        ("survey.pdf", b"\x7fELF" + bytes(99), "is a program"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n", "is a program"),
        ("page.html", b"<html>", "may run as one"),
        ("survey.pdf", b"%PDF-1.4\n/OpenAction << /S /JavaScript /JS (x) >>", "scripts"),
        ("survey.docx", [("word/vbaProject.bin", b"x")], "macros"),
        ("survey.xlsx", [("xl/externalLinks/externalLink1.xml", b"<x/>")], "macros or linked"),
        ("survey.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old kind"),
        ("all.7z", b"7z\xbc\xaf\x27\x1c" + bytes(9), "cannot be looked into"),
        ("photo.jpg", b"%PDF-1.4", "does not say"),
        ("thing.bin", b"\0\1\2\3" * 9, "is not known"),
        ("empty.txt", b"", "is empty"),
    ],
)
def test_evidence_that_is_not_taken(package, tmp_path, name, content, match):
    if isinstance(content, list):
        _office(tmp_path / name, *content)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(QgsProcessingException, match=match):
        package(EVIDENCE=[str(tmp_path / name)])


def test_limits_of_size_are_data_and_hold(tmp_path, monkeypatch):
    from aze_plugin.packaging import evidence

    small = {**evidence.rules(), "most_file_mb": 1, "most_all_mb": 2, "most_files": 4}
    monkeypatch.setattr(evidence, "rules", lambda: small)
    files = [tmp_path / f"{n}.txt" for n in range(5)]
    for file in files:
        file.write_bytes(b"a" * (1 << 20))
    assert evidence.refusal(files[0]) is None
    (tmp_path / "large.txt").write_bytes(b"a" * ((1 << 20) + 1))
    assert evidence.refusal(tmp_path / "large.txt")[0] == "evidence_large"
    assert evidence.too_much(files[:2]) is None
    assert evidence.too_much(files[:3])["unit"] == "MiB"
    assert evidence.too_much(files)["unit"] == "files"


# ------------------------------------------------------------------------------------------------- the other side
def test_a_reviewer_is_told_that_shares_cannot_be_recomputed(package, library, tmp_path):
    from aze_plugin.processing.verifypackage import VerifyPackage

    results = package(SENSITIVE="all")
    output = tmp_path / "verification.json"
    assert execute(VerifyPackage, PACKAGE=results["OUTPUT"], LIBRARY=library, OUTPUT=str(output))["VALID"]
    document = json.loads(output.read_text())
    assert [note["code"] for note in document["notes"]] == ["package.generalised"]
    rows = document["recomputed"]["species"]
    assert rows and all(r["class"] == "cannot" and r["difference"] is None for r in rows)
    assert all(r["claimed"] is not None and r["recomputed"] is None for r in rows)


@pytest.mark.parametrize("kind", ["claimed only", "claimed of a finer grid", "true boundary under a grid's name"])
def test_a_grid_that_is_only_claimed_is_found_out(package, unpacked, tmp_path, kind):
    """Nobody gets round the recomputing of shares by calling the boundary generalised."""
    path = unpacked / "data" / "nomination.json"
    document = json.loads(path.read_text())
    document["generalised"] = {"grid": {"size": 0.1, "unit": "degrees"}, "taxa": ["all"]}
    path.write_text(json.dumps(document))
    info = unpacked / "bag-info.txt"
    if kind != "claimed only":
        info.write_text(info.read_text() + f"Generalised: {'0.1' if 'name' in kind else '0.01'} degrees\n")
    rebag(unpacked)
    expected = "package.off_grid" if "name" in kind else "package.generalised_differs"
    assert expected in {code for code, _ in codes(unpacked)}
