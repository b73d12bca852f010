"""The report of a nomination: complete, whole, the same in print and in the browser, and made in any thread."""

import copy
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace

import pytest
from package_helpers import FOLDER, SAMPLE, SITE, candidate_layer, codes, rebag
from qgis.core import QgsCoordinateTransformContext, QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QImage

from aze_plugin.services import main_thread

UPDATE = "Serrata Highlands"
TEXT = "Zwölf Völker und ein Fluss. "


def files(package):
    with zipfile.ZipFile(package) as archive:
        return {name.partition("/data/")[2]: archive.read(name) for name in archive.namelist()}


def pages(pdf, tmp_path):
    """The text of each page, on one line."""
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    path = tmp_path / "read.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()
    return [" ".join(page.split()) for page in text.split("\f")[:-1]]


def words(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html.decode()).split())


@pytest.fixture
def update():
    from aze_plugin.packaging.details import schema

    return copy.deepcopy(schema()["examples"][1])


@pytest.fixture
def own_layout(monkeypatch, tmp_path):
    """``own_layout(change)``: the plugin's layout, changed as text, as the user's own."""
    from aze_plugin import paths
    from aze_plugin.services.reporting import template

    def use(change):
        path = tmp_path / "own.qpt"
        path.write_text(change(paths.resource("layouts", "nomination.qpt").read_text("utf-8")), encoding="utf-8")
        monkeypatch.setattr(template, "own_path", lambda name: path)
        return path

    return use


@pytest.fixture
def inputs(library, example):
    """Inputs of the sample's main candidate, as plain data for any thread."""
    from aze_plugin.domain.progress import Progress
    from aze_plugin.packaging.package import Inputs
    from aze_plugin.services import candidates
    from aze_plugin.services.bulk import Snapshot

    layer = QgsVectorLayer(candidate_layer(), "candidates", "ogr")
    (candidate,) = candidates.read_candidates(layer, "", QgsCoordinateTransformContext(), Progress())
    protected = QgsVectorLayer(str(SAMPLE / "protected_areas.gpkg"), "protected", "ogr")
    return Inputs(candidate, example, library, protected=[Snapshot(protected)])


def contents_of(inputs):
    from aze_plugin.domain.progress import Progress
    from aze_plugin.packaging.assembling import assemble
    from aze_plugin.services.figures import international

    with international():
        return assemble(inputs, QgsCoordinateTransformContext(), Progress())


def written(contents, folder):
    from aze_plugin.domain.progress import Progress
    from aze_plugin.packaging.assembling import day_of
    from aze_plugin.packaging.report_files import write_reports

    said = []
    progress = Progress(on_message=lambda code, params: said.append((code, params)))
    folder.mkdir()
    write_reports(folder, contents, day_of(contents.nomination), progress)
    return said


# ------------------------------------------------------------------------------------------------- what it says


def test_a_new_site_has_everything_in_print_and_in_the_browser(final_package, tmp_path):
    found = files(final_package)
    printed, shown = " ".join(pages(found["report/report.pdf"], tmp_path)), words(found["report/report.html"])
    # As the sample and the details have it: 43.12 km², 33 and 5 % of it protected, the bird's share 97.4 %.
    for said in (
        SITE,
        "Crête des Nuages",
        "Eligible",
        "4,312 ha",
        "26.5825°S 178.5845°W",
        "38 %",
        "2,673 ha are unprotected",
        "Nubila National Park",
        "Azea alba",
        "White Azea",
        "97.4 %",
        "3,933 ha",
        "4,037 ha",
        "Endangerment",
        "Irreplaceability",
        "Discreteness",
        "The boundary follows the lower edge of the cloud forest",
        "Calling males at all four crest pools",
        "Goat removal in the northern third.",
        "8.1 Invasive non-native species",
        "minutes are attached",
        "Specimens AZH 4471 to 4479",
        "protected_areas.gpkg",
        "Mira Talo",
    ):
        assert said in printed.replace("\xa0", " "), said
        assert said in shown.replace("\xa0", " "), said
    assert "DRAFT" not in printed and "DRAFT" not in shown
    assert found["report/report.html"].count(b"<img ") == 2
    assert "What changes" not in shown


def test_the_fonts_of_the_print_are_inside_it(final_package, tmp_path):
    if shutil.which("pdffonts") is None:
        pytest.skip("needs pdffonts")
    path = tmp_path / "report.pdf"
    path.write_bytes(files(final_package)["report/report.pdf"])
    rows = subprocess.run(["pdffonts", str(path)], capture_output=True, check=True, text=True).stdout.splitlines()[2:]
    assert {row.split()[0].split("+")[-1] for row in rows} == {
        "AzeSans",
        "AzeSans-Bold",
        "AzeSans-Oblique",
    }
    # The columns before the object's number: embedded, subset, with its letters.
    assert {tuple(row.split()[-5:-2])[0] for row in rows} == {"yes"}


def test_an_update_shows_what_is_gained_and_tells_what_changes(package, update, tmp_path):
    results = package(update, site=UPDATE, TRIGGERS=str(SAMPLE / "site_triggers.csv"))
    found = files(results["OUTPUT"])
    assert results["PROBLEMS"] == 0 and codes(results["OUTPUT"]) == set()
    printed, shown = pages(found["report/report.pdf"], tmp_path), words(found["report/report.html"])
    # The sample's site has 6,219 ha and the candidate holds it whole.
    for said in ("6,219 ha", "8,408 ha", "2,189 ha", "Updates the existing site Serrata Highlands, number 98001"):
        assert said in " ".join(printed).replace("\xa0", " ") and said in shown.replace("\xa0", " "), said
    for said in ("Found on the slopes that the former boundary left out.", "New trigger species", "Better knowledge"):
        assert said in shown
    assert "The boundary before and after" in printed[1] and "Gained" in printed[1] and "Boundary before" in printed[1]
    assert found["report/report.html"].count(b"<img ") == 3


def test_the_map_is_drawn_with_its_legend(final_package):
    image = QImage.fromData(files(final_package)["report/map.png"])
    assert (image.width(), image.height()) == (1600, 1300)
    seen = {image.pixelColor(x, y).name() for x in range(0, 1600, 4) for y in range(0, 1300, 4)}
    # Outline, orange gap, and the legend's white ground below.
    assert "#111111" in seen and image.pixelColor(1590, 1290).name() == "#ffffff"
    assert any(int(c[1:3], 16) > 220 and 180 < int(c[3:5], 16) < 215 and int(c[5:7], 16) < 150 for c in seen)
    legend = [image.pixelColor(x, y).lightness() for x in range(0, 1600, 3) for y in range(1190, 1300, 3)]
    assert sum(value < 100 for value in legend) > 100


def test_a_draft_says_so_on_every_page(package, example, tmp_path):
    del example["consultation"]
    found = files(package(example, ALLOW_INCOMPLETE=True)["OUTPUT"])
    printed = pages(found["report/report.pdf"], tmp_path)
    assert len(printed) > 2 and all("DRAFT – not for submission" in page for page in printed)
    assert "Say which experts were consulted" in " ".join(printed)
    assert words(found["report/report.html"]).count("DRAFT – not for submission") >= 2


def test_generalised_maps_show_cells_alone(package, update):
    found = files(package(update, site=UPDATE, SENSITIVE="all", GRID="5 km", ALLOW_INCOMPLETE=True)["OUTPUT"])
    html = found["report/report.html"]
    # No map of changes: what is gained tells where the true boundary runs. The cells have no neighbours on their map.
    assert html.count(b"<img ") == 2
    assert "show it by cells of 5 km" in words(html)
    assert "Cells of 5 km: bold line." in words(html)
    assert "no map of the boundary before and after: it would tell the place" in words(html)
    assert "hatching" not in words(html)


# --------------------------------------------------------------------------------------------- long and strange


def test_long_texts_many_species_and_other_scripts_flow_over_pages(qgis_app, inputs, tmp_path):
    contents = contents_of(inputs)
    nomination = copy.deepcopy(contents.nomination)
    nomination["site"]["description"] = "\n".join(f"[{n:03d}] " + TEXT * 4 for n in range(90))
    nomination["delineation"]["rationale"] = "تتبع الحدود الحافة السفلى للغابة. " * 40
    nomination["biodiversity"]["species"][0]["evidence_of_presence"] = " ".join(f"e{n:04d}" for n in range(1700))
    assessment = copy.deepcopy(contents.assessment)
    (only,) = assessment["assessments"]
    model = next(taxon for taxon in only["species"] if taxon["trigger"])
    others = [taxon for taxon in only["species"] if not taxon["trigger"]]
    only["species"] = [{**copy.deepcopy(model), "scientific_name": f"Multa no{n:02d}"} for n in range(60)] + others
    written(replace(contents, nomination=nomination, assessment=assessment), tmp_path / "report")
    printed = " ".join(pages((tmp_path / "report" / "report.pdf").read_bytes(), tmp_path))
    shown = words((tmp_path / "report" / "report.html").read_bytes())
    for text in (printed, shown):
        assert [f"[{n:03d}]" in text for n in range(90)] == [True] * 90
        assert [f"Multa no{n:02d}" in text for n in range(60)] == [True] * 60
        assert len(set(re.findall(r"\be(\d{4})\b", text))) == 1700
    assert shown.count("الحافة") == 40


def test_a_draft_with_anything_anywhere_still_has_a_report(package, example, tmp_path):
    example["site"].update(description=[1, 2], altitude_min="low", notes={"a": 1}, international_name="[% 1 + 1 %] <b>")
    example["habitats"] = {"types": "none"}
    example["threats"] = {"threats": [7, {"level_1": 3}]}
    example["references"] = {"items": [{"key": "x", "url": "javascript:alert(1)"}]}
    results = package(example, ALLOW_INCOMPLETE=True)
    found = files(results["OUTPUT"])
    printed = pages(found["report/report.pdf"], tmp_path)
    assert "1 + 1" in printed[0] and not re.search(r"^\S* ?2 <b>", printed[0])
    assert b'href="javascript' not in found["report/report.html"] and b"&lt;b&gt;" in found["report/report.html"]


# -------------------------------------------------------------------------------------------------- own layouts


def _without(*ids):
    def change(text):
        for one in ids:
            text = text.replace(f'id="{one}"', 'id="other"')
        return text.replace("[% @aze_verdict %]", "")

    return change


def test_what_an_own_layout_has_no_place_for_is_named(qgis_app, inputs, own_layout, tmp_path):
    own_layout(_without("legend", "map2"))
    said = written(contents_of(inputs), tmp_path / "report")
    (found,) = [params["names"] for code, params in said if code == "nomination.layout_lacks"]
    assert found == "verdict, its legend, map of where the site is"
    printed = pages((tmp_path / "report" / "report.pdf").read_bytes(), tmp_path)
    assert f"no place for: {found}." in " ".join(printed) and SITE in printed[0]


def test_a_draft_by_an_own_layout_without_a_place_for_it_says_so_too(qgis_app, inputs, example, own_layout, tmp_path):
    own_layout(lambda text: text.replace("[% @aze_draft %]", ""))
    del example["consultation"]
    written(contents_of(replace(inputs, details=example)), tmp_path / "report")
    printed = pages((tmp_path / "report" / "report.pdf").read_bytes(), tmp_path)
    assert len(printed) > 2 and all("DRAFT – not for submission" in page for page in printed)


@pytest.mark.parametrize("broken", ["", "<Layout", "<html/>", '<!DOCTYPE a [<!ENTITY b "c">]><Layout>&b;</Layout>'])
def test_a_broken_layout_is_said_and_nothing_written(package, own_layout, broken, tmp_path):
    path = own_layout(lambda text: broken)
    with pytest.raises(QgsProcessingException, match=re.escape(str(path))):
        package()
    assert not (tmp_path / "package.zip").exists()


def test_a_layout_with_hardly_any_room_for_text_is_said(package, own_layout, tmp_path):
    def narrow(text):
        return re.sub(r'(<LayoutItem(?=[^>]*id="flow")[^>]*? size=")[^",]*,[^",]*,mm', r"\g<1>60,20,mm", text)

    path = own_layout(narrow)
    with pytest.raises(QgsProcessingException, match=f"{re.escape(str(path))}.*60 × 20 mm"):
        package()
    assert not (tmp_path / "package.zip").exists()


# ------------------------------------------------------------------------------------------------ other threads


class Packing(threading.Thread):
    """Packages in a thread, as a task of the panel does."""

    def __init__(self, inputs, output, stop_at=2.0):
        super().__init__(daemon=True)
        self.arguments, self.error, self.result = (inputs, output), None, None
        self.seen = []
        # At so much progress it stands still until ``go``; ``waits``: it waits for the main thread after that.
        self.stop_at, self.stands, self.go = stop_at, threading.Event(), threading.Event()
        self.waits, self.cancelled = threading.Event(), threading.Event()

    def _moved(self, fraction):
        self.seen.append(fraction)
        if fraction >= self.stop_at:
            self.stands.set()
            self.go.wait(120)

    def _asked(self):
        frame = sys._getframe()
        while frame is not None and self.go.is_set():
            if frame.f_code is main_thread._asked_for.__code__:
                self.waits.set()
            frame = frame.f_back
        return self.cancelled.is_set()

    def run(self):
        from aze_plugin.domain.progress import Progress
        from aze_plugin.packaging.package import make_package
        from aze_plugin.services.collector import collector_at_rest

        inputs, output = self.arguments
        progress = Progress(self._moved, is_cancelled=self._asked)
        try:
            with collector_at_rest():
                self.result = make_package(inputs, output, True, QgsCoordinateTransformContext(), progress)
        except Exception as error:
            self.error = error


def _serve(thread, until=lambda: False, seconds=120.0):
    end = time.monotonic() + seconds
    while thread.is_alive() and not until() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.002)


def test_packaging_in_a_thread_gives_the_same_package(qgis_app, inputs, tmp_path):
    from aze_plugin.packaging.package import make_package

    thread = Packing(inputs, tmp_path / "thread.zip")
    thread.start()
    _serve(thread)
    assert thread.error is None and not thread.is_alive()
    here = make_package(inputs, tmp_path / "here.zip", True, QgsCoordinateTransformContext())
    assert thread.result.sha256 == here.sha256
    assert thread.seen == sorted(thread.seen) and thread.seen[-1] == 1


@pytest.mark.parametrize("reached", [0.0, 0.7, 0.8])
def test_a_cancelled_package_ends_while_the_main_thread_waits_for_it(qgis_app, inputs, tmp_path, reached):
    """As unload does: the main thread serves nobody any more."""
    from aze_plugin.domain.errors import Cancelled

    thread = Packing(inputs, tmp_path / "package.zip", reached)
    thread.start()
    _serve(thread, until=thread.stands.is_set)
    thread.go.set()
    assert thread.waits.wait(60)
    thread.cancelled.set()
    thread.join(60)
    assert not thread.is_alive() and isinstance(thread.error, Cancelled)
    assert list(tmp_path.iterdir()) == []
    QCoreApplication.processEvents()


# ------------------------------------------------------------------------------------------- pages of others


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<img src="https://example.org/x.png" alt="">',
        '<iframe src="https://example.org"></iframe>',
        '<a href="javascript:alert(1)">x</a>',
        '<p onclick="alert(1)">x</p>',
        '<form action="https://example.org"></form>',
        "<style>body { background: url(https://example.org/x) }</style>",
        '<meta http-equiv="refresh" content="0; url=https://example.org">',
        "<svg><use href='https://example.org/x#a'/></svg>",
        "<style>p { color: red }",
        "<SCRIPT>alert(1)</SCRIPT>",
        "<p <script>",
    ],
)
def test_a_page_that_does_anything_is_found(unpacked, hostile):
    path = unpacked / "data" / "report" / "report.html"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</main>", f"{hostile}</main>"), encoding="utf-8")
    rebag(unpacked)
    assert codes(unpacked) == {("package.html_active", "data/report/report.html")}


def test_a_page_without_its_policy_or_of_another_kind_is_found(unpacked):
    path = unpacked / "data" / "report" / "report.html"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"<meta http-equiv[^>]*>\n", "", text), encoding="utf-8")
    rebag(unpacked)
    assert codes(unpacked) == {("package.html_active", "data/report/report.html")}
    path.write_text("<html>", encoding="utf-8")
    rebag(unpacked)
    assert codes(unpacked) == {("package.kind", "data/report/report.html")}


def test_packages_from_before_there_were_pages_hold(unpacked):
    (unpacked / "data" / "report" / "report.html").unlink()
    rebag(unpacked)
    assert codes(unpacked) == set()


def test_three_letters_in_a_compressed_picture_are_no_action(unpacked):
    path = unpacked / "data" / "report" / "report.pdf"
    content = path.read_bytes()
    path.write_bytes(content + b"\n%\x01/AA\x02/JS\x03\n")
    rebag(unpacked)
    assert codes(unpacked) == set()
    for active in (b"/AA << /O 1 0 R >>", b"/S /JavaScript /JS (x)", b"/JS 7 0 R"):
        path.write_bytes(content + b"\n% " + active)
        rebag(unpacked)
        assert codes(unpacked) == {("package.pdf_active", "data/report/report.pdf")}


def test_the_preview_names_the_page(package, tmp_path):
    package(PREVIEW=str(tmp_path / "preview.json"), OUTPUT=None)
    document = json.loads((tmp_path / "preview.json").read_text(encoding="utf-8"))
    shown = {entry["path"]: entry for entry in document["files"]}
    assert shown["data/report/report.html"]["kind"] == "page" and document["folder"] == FOLDER
