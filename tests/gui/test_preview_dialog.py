"""The preview of a package: files, fields and their marks, how the place is shown, and that the export is alike."""

import json
import zipfile

import pytest
from pages_support import *  # noqa: F403
from pages_support import boundary_of, settle, wait_for
from qgis.core import QgsGeometry
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from window import window  # noqa: F401

from aze_plugin import paths
from aze_plugin.gui.packing import ALL, Hiding
from aze_plugin.gui.preview_dialog import PreviewDialog
from aze_plugin.services import project_state

EXAMPLE = paths.load_json("schemas", "nomination.schema.json")["examples"][0]


def shown(dialog):
    wait_for(lambda: dialog._session.runner.busy("preview") is None)
    settle()


@pytest.fixture
def dialog(session, window):  # noqa: F811
    session.iface = window
    session.nominations.replace(EXAMPLE)
    settle()
    made = PreviewDialog(session)
    made.resize(560, 680)
    made.show()
    shown(made)
    yield made
    made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def bands(window):  # noqa: F811
    return [item for item in window.canvas.scene().items() if isinstance(item, QgsRubberBand)]


def exported(session, path):
    session.package = None
    session.export(str(path), True)
    wait_for(lambda: session.package is not None)
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def test_every_file_and_field_of_the_export_is_listed(dialog, session, tmp_path):
    made = exported(session, tmp_path / "package.zip")
    listed = {dialog.files.key_of(item)["path"]: dialog.files.key_of(item)["bytes"] for item in dialog.files.rows()}
    assert listed.keys() == made.keys()
    assert listed == {name: len(content) for name, content in made.items()}
    fields = {dialog.fields.key_of(i)["pointer"]: dialog.fields.key_of(i)["value"] for i in dialog.fields.rows()}
    nomination = json.loads(made["data/nomination.json"])
    assert fields["/site/description"] == nomination["site"]["description"]
    assert fields["/proposer/email"] == nomination["proposer"]["email"]
    assert dialog.name.plain() == "Cloudtop_Ridge.zip"
    assert f"({len(listed)})" in dialog.tabs.tabText(0)


def test_windows_that_are_open_leave_no_trace_in_a_package(session, window, tmp_path):  # noqa: F811
    session.iface = window
    session.nominations.replace(EXAMPLE)
    settle()
    before = exported(session, tmp_path / "before.zip")
    made = PreviewDialog(session)
    made.show()
    shown(made)
    after = exported(session, tmp_path / "after.zip")
    made.close()
    assert [name for name in before if before[name] != after[name]] == []


def test_marks_filter_words_find_and_the_map_shows_what_goes_out(dialog, window):  # noqa: F811
    dialog.mark.setCurrentIndex(dialog.mark.findData("personal"))
    found = {dialog.fields.key_of(i)["pointer"] for i in dialog.fields.rows() if not i.isHidden()}
    assert {"/proposer/name", "/proposer/email", "Contact-Email"} <= found
    assert "/site/description" not in found
    row = next(i for i in dialog.fields.rows() if dialog.fields.key_of(i)["pointer"] == "/proposer/name")
    assert dialog.fields.row_of(row).tags[0].mark == "◆"
    dialog.mark.setCurrentIndex(0)
    dialog.search.setText("altitude")
    left = [i for i in dialog.fields.rows() if not i.isHidden()]
    assert left and all("altitude" in i.text(0).casefold() for i in left)
    for width in (360, 900):
        dialog.places.set_folded(False)
        dialog.resize(width, 680)
        for n in range(3):
            dialog.tabs.setCurrentIndex(n)
            settle()
            assert dialog.width() == width
    (band,) = bands(window)
    true = boundary_of("Cloudtop Ridge")
    assert band.asGeometry().area() == pytest.approx(true.area(), rel=1e-6)
    assert dialog.places.chip.text == "exactly"
    dialog.close()
    assert bands(window) == []


def test_a_grid_that_cannot_be_is_said_and_not_taken(dialog, session):
    dialog.places._boxes[ALL].setChecked(True)
    before = session.packing.hiding()
    assert before.taxa == (ALL,)
    dialog.places.grid.setCurrentText("three miles")
    dialog.places._choose()
    assert not dialog.places.problem.isHidden() and "three miles" in dialog.places.problem.plain()
    assert session.packing.hiding() == before
    dialog.places._boxes["Azea alba"].setChecked(True)
    dialog.places._boxes[ALL].setChecked(False)
    assert session.packing.hiding() == Hiding(("Azea alba",), before.grid)


def test_a_preview_of_another_state_says_so_and_shows_texts_as_they_are(dialog, session):
    evil = '<img src="x"><a href="http://127.0.0.1:9">press</a>'
    details = json.loads(json.dumps(EXAMPLE))
    del details["consultation"]["other"]
    details["site"]["notes"] = evil
    assert dialog.note.isHidden()
    session.nominations.replace(details)
    settle()
    assert "changed since" in dialog.note.plain()
    dialog.renew()
    dialog._cancel()
    assert session.runner.busy("preview") is None and dialog.again.isEnabled()
    assert "stopped" in dialog.note.plain()
    dialog.renew()
    shown(dialog)
    assert dialog.note.isHidden() and dialog.chip.text == "draft"
    row = next(i for i in dialog.fields.rows() if dialog.fields.key_of(i)["pointer"] == "/site/notes")
    assert dialog.fields.row_of(row).body == evil and row.toolTip(0) == ""
    first = dialog.open.row_of(dialog.open.rows()[0])
    assert "consultation" in first.body and first.tags[0].state == "problem"


def test_a_choice_of_sensitive_species_holds_for_preview_and_export(dialog, session, window, tmp_path):  # noqa: F811
    dialog.places.grid.setCurrentText("0.25°")
    dialog.places._boxes["Azea alba"].setChecked(True)
    assert session.packing.hiding() == Hiding(("Azea alba",), "0.25°")
    wait_for(lambda: dialog.document()["generalised"] is not None)
    shown(dialog)
    assert dialog.places.chip.text == "by a grid" and "0.25°" in dialog.places.summary.plain()
    # Whole cells of a quarter of a degree that hold all of the boundary.
    (band,) = bands(window)
    cells = band.asGeometry()
    assert cells.area() / 0.25**2 == pytest.approx(round(cells.area() / 0.25**2), abs=1e-6)
    assert cells.buffer(1e-9, 1).contains(boundary_of("Cloudtop Ridge"))
    made = exported(session, tmp_path / "package.zip")
    nomination = json.loads(made["data/nomination.json"])
    assert nomination["generalised"] == {
        "grid": {"size": 0.25, "unit": "degrees"},
        "taxa": ["Azea alba"],
        "names_withheld": True,
    }
    packed = QgsGeometry.fromWkt(cells.asWkt())
    geojson = json.loads(made["data/boundary/Cloudtop_Ridge.geojson"])
    corners = geojson["features"][0]["geometry"]["coordinates"]
    while not isinstance(corners[0], float):
        corners = corners[0]
    assert packed.buffer(1e-9, 1).contains(QgsGeometry.fromWkt(f"Point({corners[0]} {corners[1]})"))


def test_the_project_keeps_how_a_place_is_shown(session):
    session.packing.hide(Hiding((ALL,), "10 km"))
    session.candidates.rename("Another name")
    assert session.packing.hiding() == Hiding((ALL,), "10 km")
    # What cannot be read may have asked for hiding.
    session.project.writeEntry(project_state.SCOPE, "hiding", "{broken")
    assert session.packing.hiding() == Hiding((ALL,))
