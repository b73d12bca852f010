"""What goes into a package, that it is always the same, and what keeps one from being made."""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from package_helpers import FOLDER, SAMPLE, candidate_layer, codes, execute
from qgis.core import QgsProcessingException

ROOT = Path(__file__).resolve().parents[2]


def read(package, name):
    with zipfile.ZipFile(package) as archive:
        return archive.read(f"{FOLDER}/{name}")


def test_the_layout_is_that_of_the_contract(final_package):
    with zipfile.ZipFile(final_package) as archive:
        names = set(archive.namelist())
        times = {entry.date_time for entry in archive.infolist()}
        modes = {entry.external_attr for entry in archive.infolist()}
    boundary = {f"data/boundary/{FOLDER}.{s}" for s in ("gpkg", "geojson", "kml", "shp", "shx", "dbf", "prj", "cpg")}
    assert names == {
        f"{FOLDER}/{name}"
        for name in {
            "bagit.txt",
            "bag-info.txt",
            "manifest-sha256.txt",
            "tagmanifest-sha256.txt",
            "data/nomination.json",
            "data/assessment.json",
            "data/coverage.json",
            "data/forms/kba_proposal.xlsx",
            "data/report/report.pdf",
            "data/report/report.html",
            "data/report/map.png",
            "data/sources.csv",
            "data/evidence/Zahlung_Marz_2024.txt",
        }
        | boundary
    }
    assert len(times) == len(modes) == 1


def test_the_reference_library_takes_the_bag(unpacked):
    import bagit

    opened = bagit.Bag(str(unpacked))
    assert opened.is_valid()
    assert opened.tags["BagIt-Version"] == "1.0"
    assert opened.algorithms == ["sha256"]
    assert opened.info["Nomination-Status"] == "final"


def test_the_bag_keeps_to_its_profile(unpacked):
    """By the rules of BagIt Profiles 1.4.0: labels, manifests, files that have to be there and no others."""
    import fnmatch

    import bagit

    profile = json.loads((ROOT / "resources" / "bagit" / "aze-profile.json").read_text(encoding="utf-8"))
    opened = bagit.Bag(str(unpacked))
    about, labels = profile["BagIt-Profile-Info"], profile["Bag-Info"]
    assert {"BagIt-Profile-Identifier", "Source-Organization", "External-Description", "Version"} <= set(about)
    assert about["BagIt-Profile-Version"] == "1.4.0"
    assert opened.info["BagIt-Profile-Identifier"] == about["BagIt-Profile-Identifier"]
    assert {label for label, rule in labels.items() if rule["required"]} <= set(opened.info) <= set(labels)
    assert all(opened.info[k] in rule["values"] for k, rule in labels.items() if "values" in rule)
    assert opened.algorithms == profile["Manifests-Required"] == profile["Tag-Manifests-Required"]
    assert opened.tags["BagIt-Version"] in profile["Accept-BagIt-Version"] and not profile["Allow-Fetch.txt"]
    payload = set(opened.payload_files())
    assert set(profile["Payload-Files-Required"]) <= payload
    allowed = profile["Payload-Files-Allowed"]
    assert [name for name in payload if not any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)] == []


_RUN = """
import json, os, sys
from pathlib import Path
os.umask({umask})
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QLocale
application = QgsApplication([], False)
application.initQgis()
sys.path[:0] = [{root!r}, {tests!r}]
QLocale.setDefault(QLocale({locale!r}))
from package_helpers import SAMPLE, candidate_layer, execute
from aze_plugin.library.importer import Request, import_species
from aze_plugin.packaging.details import schema
from aze_plugin.processing.packagenomination import PackageNomination
folder = Path({folder!r})
ranges = (str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg"))
import_species(Request(str(folder / "l.gpkg"), ranges, str(SAMPLE / "redlist.zip"), "sample-1", "invented"))
(folder / "d.json").write_text(json.dumps(schema()["examples"][0]))
evidence = []
# Two files of one name from two folders, and one whose name has to be changed, in either order.
for place, text in (("a", "first"), ("b", "second")):
    (folder / place).mkdir()
    for name in ("notes.txt", "Zählung.txt")[: 2 if place == "a" else 1]:
        (folder / place / name).write_text(text)
        evidence.append(str(folder / place / name))
for name, more in (("p.zip", dict()), ("hidden.zip", dict(SENSITIVE="all", GRID="5 km"))):
    execute(
        PackageNomination,
        BOUNDARY=candidate_layer(),
        LIBRARY=str(folder / "l.gpkg"),
        DETAILS=str(folder / "d.json"),
        SITES=str(SAMPLE / "sites.gpkg"),
        PROTECTED=[str(SAMPLE / "protected_areas.gpkg")],
        EVIDENCE=evidence[:: {step}],
        OUTPUT=str(folder / name),
        **more,
    )
"""
# Two machines: clock, zone, language of the system and of QGIS, folder, permissions, order of hashes and of files.
_MACHINES = (
    ("one", "1999-12-31 23:59:58", "Pacific/Kiritimati", "de_DE", "de_DE.UTF-8", "1", "0o077", 1),
    ("an other", "2037-02-03 04:05:06", "UTC", "C", "C.UTF-8", "2", "0o000", -1),
)


def test_clock_zone_language_folder_permissions_and_order_change_nothing(tmp_path):
    """The clock is set back and ahead for the whole process, GDAL and Qt included, where the system can do that."""
    clock = shutil.which("faketime")
    runs = []
    for name, moment, zone, locale, language, seed, umask, step in _MACHINES:
        folder = tmp_path / name
        folder.mkdir()
        script = _RUN.format(
            root=str(ROOT), tests=str(Path(__file__).parent), folder=str(folder), locale=locale, umask=umask, step=step
        )
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": language, "TMPDIR": str(folder)}
        command = [*([clock, moment] if clock else []), sys.executable, "-c", script]
        runs.append((folder, subprocess.Popen(command, env=environment, cwd=folder)))
        if clock is None:
            time.sleep(2.1)
    assert [run.wait(timeout=120) for _, run in runs] == [0, 0]
    for package in ("p.zip", "hidden.zip"):
        one, other = (folder / package for folder, _ in runs)
        assert read(one, "manifest-sha256.txt") == read(other, "manifest-sha256.txt")
        first, second = ({n: read(p, n) for n in _inside(p)} for p in (one, other))
        assert {n for n in first if first[n] != second[n]} == set()
        assert len([n for n in first if n.startswith("data/evidence/")]) == 3
        assert one.read_bytes() == other.read_bytes()


def _inside(package):
    with zipfile.ZipFile(package) as archive:
        return [name.partition("/")[2] for name in archive.namelist()]


def test_nothing_tells_where_or_when_it_was_made(final_package):
    for name in _inside(final_package):
        content = read(final_package, name)
        assert str(final_package.parent).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content or str(Path.home()) == "/", name
        if name.endswith(".png"):
            assert b"tIME" not in content and b"tEXtdate" not in content


def test_derived_fields_are_filled_in_and_own_words_kept(package, example, tmp_path):
    example["site"]["rationale"] = "In our own words."
    results = package(example)
    nomination = json.loads(read(results["OUTPUT"], "data/nomination.json"))
    assert nomination["site"]["rationale"] == "In our own words."
    assert nomination["site"]["a1"] == "Yes"
    assert nomination["site"]["area_km2"] == pytest.approx(43.12, abs=1e-3)
    assert nomination["protection"]["cover_class"] == "31-40%"
    assert nomination["protection"]["relation"] == "KBA overlaps one or more PA boundaries"
    rows = {row["scientific_name"]: row for row in nomination["biodiversity"]["species"]}
    assert set(rows) == {"Nubilana celsa", "Procellora nidulans", "Limnothea minuta", "Azea alba"}
    assert rows["Azea alba"]["percent_at_site"] == pytest.approx(97.4, abs=1e-3)
    assert rows["Azea alba"]["category"] == "Endangered (EN)"
    assert rows["Procellora nidulans"]["seasonal"] == "Breeding"


def test_the_form_has_all_tabs_and_every_value_in_its_cell(unpacked):
    from openpyxl import load_workbook

    from aze_plugin.packaging.form import cells

    nomination = json.loads((unpacked / "data" / "nomination.json").read_text(encoding="utf-8"))
    workbook = load_workbook(unpacked / "data" / "forms" / "kba_proposal.xlsx")
    assert workbook.sheetnames == [
        "1. Proposer",
        "2. Site data",
        "3. Biodiversity elements data",
        "4. Conservation Actions",
        "5. Habitat types",
        "6. Threats data",
    ]
    placed = list(cells(nomination))
    for cell in placed:
        assert workbook[cell.sheet].cell(cell.row, cell.column).value == cell.value, cell
    proposer, site, species = workbook.worksheets[:3]
    assert proposer["B3"].value == "Mira Talo"
    assert proposer["B6"].value == proposer["B7"].value == "mira.talo@example.org"
    assert proposer["B24"].value == "14/03/2025"
    assert proposer["A38"].value.startswith("Ines Baum")
    assert site.cell(5, 3).value == "Cloudtop Ridge"
    assert site.cell(5, 7).value == "Yes" and site.cell(5, 8).value == "No"
    assert site.cell(5, 21).value == pytest.approx(-26.5825, abs=1e-4)
    assert site.cell(5, 35).value == "31-40%"
    assert [species.cell(r, 8).value for r in range(5, 9)] == [
        r["scientific_name"] for r in nomination["biodiversity"]["species"]
    ]
    assert species.cell(5, 21).value == "(iv) range"
    # Whatever text the nomination holds is somewhere on the form, but for the files and the bookkeeping.
    shown = "\n".join(str(c.value) for c in placed if c.value is not None)
    for section in ("proposer", "site", "delineation", "protection", "consultation"):
        for key, value in nomination[section].items():
            if isinstance(value, str) and key not in ("date", "iso3", "boundary_source"):
                assert value in shown, (section, key)


def test_a_text_that_looks_like_a_formula_stays_a_text(package, example):
    from openpyxl import load_workbook

    example["site"]["notes"] = '=HYPERLINK("http://example.org")'
    results = package(example)
    workbook = load_workbook(io.BytesIO(read(results["OUTPUT"], "data/forms/kba_proposal.xlsx")))
    cell = workbook["2. Site data"].cell(5, 42)
    assert cell.data_type == "s" and cell.value == example["site"]["notes"]


def test_sources_name_every_dataset_with_its_digest(final_package):
    rows = list(csv.DictReader(io.StringIO(read(final_package, "data/sources.csv").decode())))
    found = {row["name"]: row for row in rows}
    for name in ("sites.gpkg", "protected_areas.gpkg", "ranges_birds.gpkg"):
        assert found[name]["sha256"] == hashlib.sha256((SAMPLE / name).read_bytes()).hexdigest()
    assert found["redlist.zip"]["version"] == "sample-1"


def test_no_range_geometry_goes_in(unpacked, library):
    """No vector file but the boundary, and no vertex of any range in any of its formats or documents."""
    import sqlite3

    import shapely

    from aze_plugin.packaging.boundary import FORMATS, read_boundary

    boundary = read_boundary(unpacked / "data" / "boundary" / f"{FOLDER}.gpkg")
    for path in (unpacked / "data").rglob("*"):
        if path.suffix in FORMATS:
            assert path.parent.name == "boundary"
            assert shapely.hausdorff_distance(read_boundary(path), boundary) < 1e-7
    layers = sqlite3.connect(unpacked / "data" / "boundary" / f"{FOLDER}.gpkg")
    assert layers.execute("select count(*) from gpkg_contents").fetchone() == (1,)
    assert layers.execute(f'select count(*) from "{FOLDER}"').fetchone() == (1,)
    text = "".join((unpacked / "data" / n).read_text() for n in ("assessment.json", "coverage.json", "nomination.json"))
    assert '"coordinates"' not in text and not re.search(r"POLYGON *\(", text.upper())
    # Boxes round the parts of a range have its corners.
    ranges = [f"/vsizip/{SAMPLE / 'ranges.zip'}", str(SAMPLE / "ranges_birds.gpkg")]
    corners = {v for file in ranges for v in _coordinates_of(file)}
    corners -= {round(float(v), 6) for v in shapely.get_coordinates(boundary).ravel()}
    told = {round(float(number), 6) for number in re.findall(r"-?\d{1,3}\.\d{5,}", text)}
    assert len(corners) > 10_000 and not told & corners


def _coordinates_of(file):
    """Longitudes and latitudes of all corners of all layers of a file, to six decimals; round ones are no trace."""
    import shapely
    from osgeo import ogr

    source = ogr.Open(file)
    for n in range(source.GetLayerCount()):
        for feature in source.GetLayer(n):
            shape = shapely.from_wkb(bytes(feature.GetGeometryRef().ExportToWkb(ogr.wkbNDR)))
            values = shapely.get_coordinates(shape).ravel().round(6)
            yield from values[abs(values * 100 - (values * 100).round()) > 1e-4].tolist()


def test_places_of_records_stay_at_home(package, tmp_path):
    """The sample's records of Azea alba outside the boundary are counted, and their distance is told, but no place."""
    from aze_plugin.library.importer import Request, import_species

    library = tmp_path / "with_records.gpkg"
    ranges = (str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg"))
    records = (str(SAMPLE / "occurrences.csv"),)
    import_species(Request(str(library), ranges, str(SAMPLE / "redlist.zip"), occurrences=records))
    results = package(LIBRARY=str(library))
    texts = [n for n in _inside(results["OUTPUT"]) if n.endswith((".json", ".csv"))]
    text = "".join(read(results["OUTPUT"], name).decode() for name in texts)
    document = json.loads(read(results["OUTPUT"], "data/assessment.json"))
    said = [f for s in document["assessments"][0]["species"] for f in s["findings"]]
    found = [f["params"] for f in said if f["code"] == "irreplaceability.records_outside"]
    alba = next(params for params in found if params["taxon"] == "Azea alba")
    assert alba["count"] == 2 and alba["distance_m"] > 0
    with (SAMPLE / "occurrences.csv").open(encoding="utf-8") as rows:
        places = {row["decimalLatitude"] for row in csv.DictReader(rows) if row["decimalLatitude"]}
    assert not [place for place in places if place in text]


def test_range_files_given_as_evidence_are_refused(package):
    with pytest.raises(QgsProcessingException, match="must not be passed on"):
        package(EVIDENCE=[str(SAMPLE / "ranges_birds.gpkg")])
    results = package(EVIDENCE=[str(SAMPLE / "ranges_birds.gpkg")], ALLOW_INCOMPLETE=True)
    assert not any("ranges_birds" in name for name in _inside(results["OUTPUT"]))


def _without(section, field):
    def change(details):
        del details[section][field]

    return change


def _set(section, field, value):
    def change(details):
        details[section][field] = value

    return change


def _no_rationale(details):
    del details["statements"]["candidates"]["Cloudtop Ridge"]["delineation_rationale"]


def _no_evidence(details):
    details["statements"]["candidates"]["Cloudtop Ridge"]["species"].pop("Azea alba")


_WRONG_THREAT = {"level_1": "9. Pollution", "level_2": "8.1 Weeds", "timing": "Ongoing"}
_WRONG_CATEGORY = {"scientific_name": "Azea alba", "category": "Critically Endangered (CR)"}
_DEEP = b'{"a":' * 100 + b"1" + b"}" * 100


# What can be open at the same time: each a change of the example, and what is said of it.
_OPEN = {
    "texts": [
        (_without("site", "international_name"), "international name"),
        (_without("consultation", "other"), "national and local consultation"),
        (_without("consultation", "expert"), "Which experts|which experts"),
        (_no_rationale, "why the boundary runs"),
        (_no_evidence, "Azea alba: a range map alone"),
        (_set("proposer", "email", "nobody"), "nobody"),
        (_set("proposer", "consent", "No"), "agree"),
        (_set("actions", "ongoing", []), "Ongoing|ongoing"),
    ],
    "figures": [
        (_set("site", "international_name", "Two\nlines"), "one line"),
        (_set("site", "area_km2", 99.0), "9,900\u00a0ha"),
        (_set("site", "latitude", 26.58), "mid-point"),
        (_set("site", "altitude_max", 10), "lowest altitude"),
        (_set("habitats", "types", [{"habitat": "1. Forest", "cover_percent": 60}] * 2), "120"),
        (_set("protection", "cover_class", "0% - completely unprotected"), "31-40%"),
        (_set("evidence", "files", [{"file": "survey.pdf"}]), "survey.pdf"),
        (_set("biodiversity", "species", [{"scientific_name": "Propinquella minax"}]), "Propinquella minax"),
    ],
    "lists": [
        (_set("site", "international_name", "x" * 256), "256 characters"),
        (_set("actions", "needed", [{"action": "None"}, {"action": "5. Law and policy"}]), "stands alone"),
        (_set("threats", "threats", [_WRONG_THREAT]), "8.1 Weeds"),
        (_set("references", "items", []), "is cited"),
        (_set("biodiversity", "species", [_WRONG_CATEGORY]), r"Endangered \(EN\)"),
    ],
    "members": [
        (_set("site", "colour", "green"), "colour"),
        (_set("site", "country", 7), "Country"),
        (lambda d: d.pop("threats"), "Threats"),
        (lambda d: d.update(kind="update_site"), "Site number"),
    ],
}


@pytest.mark.parametrize("together", _OPEN)
def test_what_is_open_is_listed_and_no_zip_is_left(package, example, tmp_path, together):
    for change, _ in _OPEN[together]:
        change(example)
    with pytest.raises(QgsProcessingException) as refused:
        package(example)
    # What does not keep a nomination from being handed in is not listed here.
    for _, said in _OPEN[together]:
        assert re.search(said, str(refused.value)), said
    assert list(tmp_path.glob("*.zip")) == [] and list(tmp_path.glob(".*")) == []
    results = package(example, ALLOW_INCOMPLETE=True)
    assert results["PROBLEMS"] >= len(_OPEN[together])
    with zipfile.ZipFile(results["OUTPUT"]) as archive:
        nomination = json.loads(archive.read(next(n for n in archive.namelist() if n.endswith("nomination.json"))))
        info = archive.read(next(n for n in archive.namelist() if n.endswith("bag-info.txt"))).decode()
    assert nomination["status"] == "draft"
    assert "Nomination-Status: draft" in info


def test_an_ineligible_candidate_is_refused(package, example):
    example["site"]["international_name"] = "Lone Swell Bank"
    with pytest.raises(QgsProcessingException, match="does not meet the criteria"):
        package(example, site="Lone Swell Bank")


def test_a_draft_of_almost_nothing_is_still_a_package(package):
    results = package({"site": "nowhere", "biodiversity": {"species": "none"}, "actions": 3}, ALLOW_INCOMPLETE=True)
    assert codes(results["OUTPUT"]) == set()


def test_without_protected_areas_the_cover_is_not_said_to_be_zero(package):
    results = package(PROTECTED=None)
    assert codes(results["OUTPUT"]) == set()
    cover = json.loads(read(results["OUTPUT"], "data/coverage.json"))["sites"][0]
    assert cover["cover_class"] == "not_assessed" and cover["both_pct"] is None
    assert "cover_class" not in json.loads(read(results["OUTPUT"], "data/nomination.json"))["protection"]


def test_several_features_are_refused(package):
    with pytest.raises(QgsProcessingException, match="7 features"):
        package(BOUNDARY=str(SAMPLE / "candidates.gpkg"))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b'{"a":' * 100 + b"1" + b"}" * 100]
)
def test_details_that_are_no_details(package, tmp_path, content):
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    with pytest.raises(QgsProcessingException, match="broken.json cannot be read"):
        package(DETAILS=str(file))


def test_a_boundary_across_180_degrees(package, example):
    example["site"]["international_name"] = "Dateline Wood — Ō-ne"
    results = package(example, site="Dateline Wood", ALLOW_INCOMPLETE=True)
    nomination = json.loads(zipfile.ZipFile(results["OUTPUT"]).read("Dateline_Wood_O-ne/data/nomination.json"))
    assert abs(nomination["site"]["longitude"]) > 179.9
    assert codes(results["OUTPUT"]) == set()


def test_packaging_runs_in_a_background_task(library, example, tmp_path, qgis_app):
    """As the panel runs it: prepared in the main thread, checked, drawn and written in another."""
    from qgis.core import QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProcessingFeedback, QgsProject
    from qgis.PyQt.QtCore import QEventLoop, QTimer

    from aze_plugin.processing.packagenomination import PackageNomination

    (tmp_path / "details.json").write_text(json.dumps(example), encoding="utf-8")
    parameters = {
        "BOUNDARY": candidate_layer(),
        "LIBRARY": library,
        "DETAILS": str(tmp_path / "details.json"),
        "SITES": str(SAMPLE / "sites.gpkg"),
        "PROTECTED": [str(SAMPLE / "protected_areas.gpkg")],
        "OUTPUT": str(tmp_path / "package.zip"),
    }
    algorithm = PackageNomination()
    algorithm.initAlgorithm()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    loop, outcome = QEventLoop(), []
    task.executed.connect(lambda ok, results: (outcome.append((ok, results)), loop.quit()))
    QTimer.singleShot(60_000, loop.quit)
    qgis_app.taskManager().addTask(task)
    loop.exec()
    assert outcome and outcome[0][0]
    assert codes(tmp_path / "package.zip", library) == set()


def test_a_cancelled_run_leaves_nothing(library, example, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    from aze_plugin.processing.packagenomination import PackageNomination

    class Impatient(QgsProcessingFeedback):
        def setProgress(self, progress):
            if progress > 60:
                self.cancel()

    (tmp_path / "details.json").write_text(json.dumps(example), encoding="utf-8")
    (tmp_path / "package.zip").write_bytes(b"the one of yesterday")
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    algorithm = PackageNomination()
    algorithm.initAlgorithm()
    feedback = Impatient(False)
    algorithm.run(
        {
            "BOUNDARY": candidate_layer(),
            "LIBRARY": library,
            "DETAILS": str(tmp_path / "details.json"),
            "OUTPUT": str(tmp_path / "package.zip"),
            "ALLOW_INCOMPLETE": True,
        },
        context,
        feedback,
        catchExceptions=False,
    )
    assert feedback.isCanceled()
    assert (tmp_path / "package.zip").read_bytes() == b"the one of yesterday"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["details.json", "package.zip"]


def test_no_broken_member_stops_a_draft(package, example):
    """Any member of the wrong kind makes a point on the list, and never an error of another sort."""
    import copy
    import random

    from aze_plugin.packaging.details import schema_problems

    def places(value, path=()):
        yield path
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, member in items:
            yield from places(member, (*path, key))

    chance = random.Random(3)
    every = [path for path in places(example) if path]
    # Four at a time, none of which is part of another.
    for _ in range(3):
        details, broken = copy.deepcopy(example), []
        while len(broken) < 4:
            path = chance.choice(every)
            if any(path[: len(other)] == other or other[: len(path)] == path for other in broken):
                continue
            holder = details
            for key in path[:-1]:
                holder = holder[key]
            before, holder[path[-1]] = holder[path[-1]], chance.choice([None, 5, [], {"a": 1}, [1], True])
            if len(schema_problems(details)) > len(broken):
                broken.append(path)
            else:
                holder[path[-1]] = before
        assert package(details, ALLOW_INCOMPLETE=True)["PROBLEMS"] >= len(broken), broken


def test_estimates_fill_the_form_and_hold_when_recomputed(package, library, tmp_path):
    from aze_plugin.processing.verifypackage import VerifyPackage

    told = tmp_path / "told.csv"
    told.write_text(
        "scientific_name,scope,site,parameter,segment,min,best,max,year,source\n"
        "Azea alba,global,,mature_individuals,resident,840,850,860,2022,Census of the islands\n"
        "Azea alba,site,Cloudtop Ridge,mature_individuals,resident,825,835,840,2023,Transects on the ridge\n"
        "Nubilana celsa,global,,aoo,all,8,8,8,2023,Census\n"
        "Nubilana celsa,site,Cloudtop Ridge,aoo,all,8,8,8,2023,Transects on the ridge\n",
        encoding="utf-8",
    )
    results = package(POPULATIONS=str(told), LANDCOVER=str(SAMPLE / "landcover.tif"))
    nomination = json.loads(read(results["OUTPUT"], "data/nomination.json"))
    rows = {row["scientific_name"]: row for row in nomination["biodiversity"]["species"]}
    alba, celsa = rows["Azea alba"], rows["Nubilana celsa"]
    assert alba["parameter"] == "(i) number of mature individuals"
    assert [alba[f"global_{b}"] for b in ("min", "best", "max")] == [840, 850, 860]
    assert [alba[f"site_{b}"] for b in ("min", "best", "max")] == [825, 835, 840]
    assert (alba["global_source"], alba["site_source"]) == ("Census of the islands", "Transects on the ridge")
    assert alba["site_year"] == 2023 and alba["percent_at_site"] == pytest.approx(100 * 835 / 850, abs=1e-4)
    # The form asks for the area of occupancy in km²: eight cells of 2 × 2 km.
    assert (celsa["parameter"], celsa["global_best"]) == ("(ii) area of occupancy", 32)
    verified = execute(VerifyPackage, PACKAGE=results["OUTPUT"], LIBRARY=library, OUTPUT=str(tmp_path / "v.json"))
    assert verified["VALID"], (tmp_path / "v.json").read_text()
    recomputed = json.loads((tmp_path / "v.json").read_text())["recomputed"]["species"]
    claims = {(r["scientific_name"], r["parameter"]): r["difference"] for r in recomputed}
    assert claims["Azea alba", "mature_individuals"] == pytest.approx(0)
