"""What is drawn or edited survives the end of QGIS: killed by the system, taken up by the next start."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from effort import calls
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

# A QGIS of its own: opens the project, moves one corner after the other, and says so when the note beside the file has
# it, until it is killed.
EDITING = """
import struct
import sys
import time
from pathlib import Path
from qgis.core import QgsApplication, QgsGeometry, QgsProject
app = QgsApplication([], True)
app.initQgis()
from aze_plugin.gui.session import Session
QgsProject.instance().read(sys.argv[1])
session = Session()
note = Path(session.candidates.file + ".unsaved")
side = 0.1
while True:
    side += 0.001
    session.candidates.replace_boundary(QgsGeometry.fromWkt(f"Polygon((0 0, {side} 0, {side} 0.1, 0 0.1, 0 0))"))
    corner = struct.pack("<d", session.candidates.geometry().boundingBox().xMaximum())
    while not (note.exists() and corner in note.read_bytes()):
        app.processEvents()
        time.sleep(0.002)
    print(f"{side:.7f}", flush=True)
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
    session.recovery.flush()


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
        for _ in range(10):
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
    # Nothing that was noted is lost; one more may have been noted than was said.
    assert last - 0.0001 < east(found) < last + 0.0011
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
    assert "Square" in page.left.said.text()
    assert "ha" in page.left.said.text() or "km²" in page.left.said.text()
    # Edits that are made before deciding take nothing away, nor does another start.
    saved.candidates.replace_boundary(square(0.2))
    saved.candidates.layer.rollBack()
    reopen(saved)
    assert len(saved.recovery.left) == 1
    page.left.buttons.itemAt(0).widget().click()
    assert east(saved.candidates.geometry()) == pytest.approx(0.3)
    assert page.left.isHidden()
    # Recovered, but not saved: it is noted again.
    rested(saved)
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
    rested(saved)
    assert notes(saved) == ["p_candidates.gpkg.unsaved"]


def test_discarding_leaves_nothing(saved):
    Journal(saved.candidates.file).note([Unsaved("", "", bytes(square(0.3).asWkb()))])
    reopen(saved)
    page = BoundaryPage(saved)
    assert page.left.said.text().startswith("The boundary that you were drawing")
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
        saved.recovery.flush()
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
        saved.recovery.flush()
        rows = boundaries(noted) if noted.exists() else []
        counts.append(len(rows))
    assert counts == [0, 0, 1, 1]
    press(window.canvas, 0.5, 0.5, Qt.MouseButton.RightButton)
    settle()
    saved.recovery.flush()
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
    saved.recovery.flush()
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


def test_a_note_of_a_hundred_thousand_corners_is_written_as_it_is(tmp_path):
    wkb = os.urandom(16 * 100_000)
    journal = Journal(str(tmp_path / "c.gpkg"))
    assert calls(lambda: journal.note([Unsaved("a", "A", wkb)])) < 1000
    (noted,) = tmp_path.iterdir()
    assert noted.stat().st_size < len(wkb) + 1000
    assert journal.take_up()[0].wkb == wkb


# ------------------------------------------------------------------------------------ projects that were never saved

# A QGIS of its own on a project without a file: one candidate saved to the draft, one only drawn, a version kept.
DRAFTING = """
import sys
import time
from pathlib import Path
from qgis.core import QgsApplication, QgsGeometry
app = QgsApplication([], True)
app.initQgis()
from aze_plugin.gui import candidates
candidates._drafts_folder = lambda: Path(sys.argv[1])
from aze_plugin.gui.session import Session
session = Session()
def square(side):
    return QgsGeometry.fromWkt(f"Polygon((0 0, {side} 0, {side} {side}, 0 {side}, 0 0))")
session.candidates.add("Saved", square(0.1))
session.candidates.add("Moved", square(0.2))
session.versions.keep("first thoughts")
session.candidates.layer.commitChanges(True)
session.candidates.replace_boundary(square(0.3))
session.candidates.add("Drawn", square(0.4))
app.processEvents()
session.recovery._note()
session.recovery.flush()
if sys.argv[2] == "end":
    session.close()
print("ready", flush=True)
while sys.argv[2] == "wait":
    time.sleep(1)
"""


@pytest.fixture
def drafting(empty_session, tmp_path):
    """``drafting(how)`` runs the other QGIS until it has drawn; with "wait" it goes on until it is killed."""
    started = []

    def run(how="wait"):
        process = subprocess.Popen(
            [sys.executable, "-c", DRAFTING, str(tmp_path), how],
            cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def sides(session):
    return {name: east(session.candidates.geometry(name)) for name in session.candidates.names}


def start_anew(session):
    session.project.clear()
    settle()


def test_a_project_that_was_never_saved_is_offered_at_the_next_start(drafting, empty_session, tmp_path):
    session, process = empty_session, drafting()
    # The other one is still at it: nothing is to be taken from under its hands.
    start_anew(session)
    assert session.recovery.left == []
    process.kill()
    process.wait()
    start_anew(session)
    assert {found.name: found.key != "" for found in session.recovery.left} == dict.fromkeys(
        ("Saved", "Moved", "Drawn"), True
    )
    assert session.page == "boundary"
    page = BoundaryPage(session)
    assert not page.left.isHidden() and "Drawn" in page.left.said.text() and "Saved" in page.left.said.text()
    page.left.buttons.itemAt(0).widget().click()
    assert sides(session) == {"Saved": 0.1, "Moved": 0.3, "Drawn": 0.4}
    session.candidates.set_current("Moved")
    assert "first thoughts" in [version.reason for version in session.versions.of()]
    # What was not saved is not saved now either: it can be undone.
    stack = session.candidates.layer.undoStack()
    while stack.canUndo():
        stack.undo()
    assert sides(session) == {"Saved": 0.1, "Moved": 0.2}
    page.deleteLater()


def test_it_is_offered_until_it_is_decided_about(drafting, empty_session, tmp_path):
    process = drafting()
    process.kill()
    process.wait()
    for _ in range(2):
        start_anew(empty_session)
        assert len(empty_session.recovery.left) == 3
    empty_session.candidates.add("Other", square(0.7))
    empty_session.recovery.recover()
    assert sides(empty_session) == {"Other": 0.7, "Saved": 0.1, "Moved": 0.3, "Drawn": 0.4}
    start_anew(empty_session)
    assert empty_session.recovery.left == []


def test_what_is_discarded_is_not_offered_again(drafting, empty_session, tmp_path):
    process = drafting()
    process.kill()
    process.wait()
    start_anew(empty_session)
    empty_session.recovery.discard()
    start_anew(empty_session)
    assert empty_session.recovery.left == []
    assert list(tmp_path.glob("*.open")) == []


def test_a_session_that_ends_well_leaves_nothing_to_offer(drafting, empty_session, tmp_path):
    process = drafting("end")
    process.wait()
    start_anew(empty_session)
    assert empty_session.recovery.left == []
    assert [p for p in tmp_path.iterdir() if p.suffix in (".open", ".lock")] == []


def test_saving_a_project_ends_its_draft(empty_session, tmp_path):
    empty_session.candidates.add("Square", square())
    assert len(list(tmp_path.glob("*.gpkg.open"))) == 1
    (tmp_path / "project").mkdir()
    QgsProject.instance().write(str(tmp_path / "project" / "p.qgz"))
    settle()
    assert list(tmp_path.glob("*.gpkg.open")) == []


def test_writing_takes_the_main_thread_hardly_any_time(empty_session, tmp_path):
    """All of a note of a hundred thousand corners: WKB of the live boundary, and the hand-over to the writer."""
    count = 100_000
    corners = [f"{math.cos(2 * math.pi * n / count)} {math.sin(2 * math.pi * n / count)}" for n in range(count)]
    shape = QgsGeometry.fromWkt(f"Polygon(({','.join([*corners, corners[0]])}))")
    empty_session.candidates.add("Round", shape)
    recovery = empty_session.recovery
    recovery.flush()
    writing, go, writers = threading.Event(), threading.Event(), []

    class Slow(Journal):
        def note(self, boundaries):
            writers.append(threading.current_thread())
            writing.set()
            if writers[-1] is not threading.main_thread():
                go.wait(60)
            super().note(boundaries)

    recovery._writer._journal = Slow
    assert calls(recovery._note) < 1000
    # It is written by another thread, and this one has gone on.
    assert writing.wait(60) and threading.main_thread() not in writers
    go.set()
    recovery.flush()
    noted = Journal(empty_session.candidates.file).take_up()
    assert noted[0].wkb == bytes(empty_session.candidates.geometry().asWkb())
