"""What is drawn or edited survives the end of QGIS: killed by the system, taken up by the next start."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pages_support import *  # noqa: F403
from pages_support import settle, wait_for
from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QApplication, QInputDialog
from window import window  # noqa: F401

from aze_plugin.gui import layers
from aze_plugin.gui.pages.boundary import BoundaryPage
from aze_plugin.services.journal import Journal, Unsaved

ROOT = Path(__file__).resolve().parents[2]

# A QGIS of its own: opens the project, moves one corner after the other, and says so, until it is killed.
EDITING = """
import sys
import time
from qgis.core import QgsApplication, QgsGeometry, QgsProject
app = QgsApplication([], True)
app.initQgis()
from aze_plugin.gui.session import Session
QgsProject.instance().read(sys.argv[1])
session = Session()
side = 0.1
while True:
    side += 0.001
    session.candidates.replace_boundary(QgsGeometry.fromWkt(f"Polygon((0 0, {side} 0, {side} 0.1, 0 0.1, 0 0))"))
    print(f"{side:.7f}", flush=True)
    app.processEvents()
    time.sleep(0.03)
"""


def square(side=0.1):
    return QgsGeometry.fromWkt(f"Polygon((0 0, {side} 0, {side} {side}, 0 {side}, 0 0))")


def east(shape):
    return shape.boundingBox().xMaximum()


@pytest.fixture
def saved(empty_session, tmp_path):
    """A session of a project that was saved with one candidate."""
    empty_session.candidates.add("Square", square())
    folder = tmp_path / "project"
    folder.mkdir()
    QgsProject.instance().write(str(folder / "p.qgz"))
    settle()
    empty_session.candidates.layer.commitChanges(True)
    QgsProject.instance().write()
    settle()
    return empty_session


def notes(session):
    return sorted(
        p.name
        for p in Path(session.candidates.file).parent.glob("*.gpkg.*")
        if p.suffix in (".unsaved", ".left", ".new")
    )


def boundaries(noted):
    return json.loads(noted.read_bytes().partition(b"\n")[0])["boundaries"]


def rested(session):
    """Let the pause between two notes go by."""
    wait_for(lambda: not session.recovery._timer.isActive())


def reopen(session):
    path = session.project.fileName()
    rested(session)
    session.project.clear()
    assert session.project.read(path)
    settle()


def test_killed_while_editing(saved, tmp_path):
    file, project = saved.candidates.file, saved.project.fileName()
    saved.project.clear()
    process = subprocess.Popen(
        [sys.executable, "-c", EDITING, project],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(40):
            last = float(process.stdout.readline())
    finally:
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    last = float(rest[-1]) if rest else last
    whole = QgsVectorLayer(layers.candidate_uri(file), "whole", "ogr")
    assert [east(f.geometry()) for f in whole.getFeatures()] == [0.1]
    del whole
    assert saved.project.read(project)
    settle()
    (left,) = saved.recovery.left
    assert left.name == "Square"
    found = QgsGeometry()
    found.fromWkb(left.wkb)
    # At most the last corner is lost; one more may have been moved than was said.
    assert last - 0.0011 < east(found) < last + 0.0011
    saved.recovery.recover()
    assert east(saved.candidates.geometry()) == east(found)
    saved.candidates.layer.undoStack().undo()
    assert east(saved.candidates.geometry()) == 0.1


def test_an_edit_is_noted_until_it_is_saved(saved):
    assert notes(saved) == []
    saved.candidates.replace_boundary(square(0.2))
    rested(saved)
    assert notes(saved) == ["p_candidates.gpkg.unsaved"]
    saved.candidates.layer.commitChanges(True)
    assert notes(saved) == []


def test_an_edit_is_noted_until_it_is_discarded(saved):
    saved.candidates.replace_boundary(square(0.2))
    rested(saved)
    assert notes(saved)
    saved.candidates.layer.rollBack()
    assert notes(saved) == []


def test_the_last_of_many_quick_edits_is_noted(saved):
    for side in (0.2, 0.3, 0.4):
        saved.candidates.replace_boundary(square(side))
    rested(saved)
    (left,) = Journal(saved.candidates.file).take_up()
    shape = QgsGeometry()
    shape.fromWkb(left.wkb)
    assert east(shape) == pytest.approx(0.4)


def test_what_was_left_is_offered_until_it_is_decided_about(saved):
    key = saved.candidates.uid("Square")
    Journal(saved.candidates.file).note([Unsaved(key, "Square", bytes(layers.as_multipolygon(square(0.3)).asWkb()))])
    reopen(saved)
    assert saved.page == "boundary"
    page = BoundaryPage(saved)
    assert not page.left.isHidden()
    assert "Square" in page.left_said.text()
    assert "ha" in page.left_said.text() or "km²" in page.left_said.text()
    # Edits that are made before deciding take nothing away, nor does another start.
    saved.candidates.replace_boundary(square(0.2))
    saved.candidates.layer.rollBack()
    reopen(saved)
    assert len(saved.recovery.left) == 1
    page.left.buttons.itemAt(0).widget().click()
    assert east(saved.candidates.geometry()) == pytest.approx(0.3)
    assert page.left.isHidden()
    # Recovered, but not saved: it is noted again.
    assert notes(saved) == ["p_candidates.gpkg.unsaved"]
    saved.candidates.layer.commitChanges(True)
    reopen(saved)
    assert saved.recovery.left == []
    page.deleteLater()


def test_a_new_candidate_that_was_lost_has_its_versions_again(saved):
    saved.candidates.add("Second", square(0.4))
    saved.versions.keep("first thoughts")
    lost = [Unsaved(saved.candidates.uid(), "Second", bytes(saved.candidates.geometry().asWkb()))]
    saved.candidates.layer.rollBack()
    assert saved.candidates.names == ["Square"]
    Journal(saved.candidates.file).note(lost)
    reopen(saved)
    saved.recovery.recover()
    assert saved.candidates.current == "Second"
    assert [version.reason for version in saved.versions.of()] == ["first thoughts"]


def test_edits_that_are_still_there_are_not_offered(saved):
    """As after the plugin was loaded anew."""
    saved.candidates.replace_boundary(square(0.2))
    rested(saved)
    saved.restore()
    assert saved.recovery.left == []
    assert notes(saved) == ["p_candidates.gpkg.unsaved"]


def test_discarding_leaves_nothing(saved):
    Journal(saved.candidates.file).note([Unsaved("", "", bytes(square(0.3).asWkb()))])
    reopen(saved)
    page = BoundaryPage(saved)
    assert page.left_said.text().startswith("The boundary that you were drawing")
    page.left.buttons.itemAt(1).widget().click()
    assert notes(saved) == []
    assert saved.candidates.names == ["Square"]
    page.deleteLater()


def press(canvas, x, y, button=Qt.MouseButton.LeftButton):
    spot = canvas.getCoordinateTransform().transform(x, y)
    place = QPoint(round(spot.x()), round(spot.y()))
    for kind in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        event = QMouseEvent(kind, place, pressed, pressed, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas.viewport(), event)


def test_a_drawing_is_noted_at_every_corner_until_it_has_a_name(saved, window, monkeypatch):  # noqa: F811
    saved.iface = window
    noted = Path(saved.candidates.file + ".unsaved")
    while_asked = []

    def ask(*_args, **_more):
        while_asked.append(boundaries(noted))
        return "Drawn", True

    monkeypatch.setattr(QInputDialog, "getText", staticmethod(ask))
    page = BoundaryPage(saved)
    page.show()
    window.canvas.setExtent(QgsGeometry.fromWkt("Polygon((0 0, 1 0, 1 1, 0 1, 0 0))").boundingBox())
    page.toggle_drawing()
    counts = []
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)):
        press(window.canvas, x, y)
        rows = boundaries(noted) if noted.exists() else []
        counts.append(len(rows))
    assert counts == [0, 0, 1, 1]
    press(window.canvas, 0.5, 0.5, Qt.MouseButton.RightButton)
    settle()
    assert len(while_asked[0]) == 1
    assert [row["name"] for row in boundaries(noted)] == ["Drawn"]
    page.close_page()
    page.deleteLater()


def test_giving_up_a_drawing_leaves_no_note(saved, window):  # noqa: F811
    saved.iface = window
    page = BoundaryPage(saved)
    window.canvas.setExtent(QgsGeometry.fromWkt("Polygon((0 0, 1 0, 1 1, 0 1, 0 0))").boundingBox())
    page.toggle_drawing()
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8)):
        press(window.canvas, x, y)
    assert notes(saved)
    page.toggle_drawing()
    assert notes(saved) == []
    page.deleteLater()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"schema": "other/1"}', '{"schema": "aze-unsaved/1", "boundaries": 1}']
)
def test_a_damaged_note_is_none(tmp_path, content):
    (tmp_path / "c.gpkg.unsaved").write_text(content)
    assert Journal(str(tmp_path / "c.gpkg")).take_up() == []


def test_a_note_of_a_hundred_thousand_corners_takes_no_time(tmp_path):
    wkb = os.urandom(16 * 100_000)
    journal = Journal(str(tmp_path / "c.gpkg"))
    times = []
    for _ in range(10):
        began = time.perf_counter()
        journal.note([Unsaved("a", "A", wkb)])
        times.append(time.perf_counter() - began)
    print(f"{1000 * sorted(times)[5]:.1f} ms")
    assert sorted(times)[5] < 0.02, "five milliseconds, with room for a busy machine"
    assert journal.take_up()[0].wkb == wkb
