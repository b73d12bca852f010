"""What is written survives the end of QGIS: noted within a second, offered again, and never put over newer text."""

import copy
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from effort import calls
from pages_support import *  # noqa: F403
from pages_support import settle, wait_for
from qgis.core import QgsGeometry, QgsProject

from aze_plugin.domain.species import PARAMETERS
from aze_plugin.gui.estimates import OwnEstimate
from aze_plugin.gui.pages.nomination import NominationPage
from aze_plugin.gui.session import Session
from aze_plugin.gui.widgets.statement import StatementEditor
from aze_plugin.services import project_state
from aze_plugin.services.texts import Place, TextJournal, left_beside

ROOT = Path(__file__).resolve().parents[2]

# A QGIS of its own: opens the project, and writes until it is killed; it says which words the note beside the file has.
WRITING = """
import sys
import time
from qgis.core import QgsApplication, QgsProject
app = QgsApplication([], True)
app.initQgis()
from pathlib import Path
from aze_plugin.gui.session import Session
from aze_plugin.services.texts import TextJournal
QgsProject.instance().read(sys.argv[1])
session = Session()
folder = Path(session.candidates.file).parent
def noted():
    notes = [TextJournal(str(path)).read() for path in folder.iterdir() if path.name.endswith(".texts")]
    return max([note.now.count("word") for note in notes if note is not None], default=0)
words = ""
while True:
    words += "word "
    session.nominations.set_value("/site/description", words.strip())
    while noted() < len(words.split()):
        app.processEvents()
        time.sleep(0.002)
    print(len(words.split()), flush=True)
"""


def square():
    return QgsGeometry.fromWkt("Polygon((0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0))")


@pytest.fixture
def saved(empty_session, tmp_path):
    """A session of a project that was saved with one candidate and a nomination that was begun."""
    empty_session.candidates.add("Square", square())
    empty_session.nominations.set_value("/site/description", "As saved.")
    empty_session.nominations.set_value("/proposer/name", "Ines Baum")
    (tmp_path / "project").mkdir()
    QgsProject.instance().write(str(tmp_path / "project" / "p.qgz"))
    settle()
    empty_session.candidates.layer.commitChanges(True)
    QgsProject.instance().write()
    settle()
    return empty_session


def notes(session):
    folder = Path(session.candidates.file).parent
    return sorted(path for path in folder.iterdir() if path.name.endswith(".texts"))


def left_by_another(session):
    """Let the session's note be one of a session that ended by itself, and the project be as it was saved."""
    session.recovery.texts.flush()
    (note,) = notes(session)
    content = note.read_bytes()
    file = QgsProject.instance().fileName()
    QgsProject.instance().read(file)
    settle()
    note.write_bytes(content)
    return file


def reopened(session, file):
    QgsProject.instance().read(file)
    settle()
    return session.recovery.texts


def said(session, pointer):
    node = session.nominations.details
    for step in pointer.strip("/").split("/"):
        node = node.get(step, {})
    return node


def test_words_are_noted_within_a_second_and_gone_from_the_note_once_saved(saved):
    assert notes(saved) == []
    saved.nominations.set_value("/site/description", "Not saved yet.")
    timer = saved.recovery.texts._timer
    assert timer.isActive() and timer.interval() < 1000
    wait_for(lambda: notes(saved))
    saved.recovery.flush()
    note = TextJournal(str(notes(saved)[0])).read()
    assert "Not saved yet." in note.now and "Not saved yet." not in note.saved
    QgsProject.instance().write()
    settle()
    assert notes(saved) == []


def test_who_types_without_a_pause_is_noted_all_the_same(saved):
    page = NominationPage(saved)
    page.show()
    page.show_section("site")
    editor = page.form.sections["site"].members["description"].editor
    editor.setPlainText("")
    noted = []

    def typed_on():
        editor.insertPlainText("word ")
        settle()
        time.sleep(0.03)
        if notes(saved):
            note = TextJournal(str(notes(saved)[0])).read()
            if note is not None and note.now.count("word"):
                noted.append(note.now.count("word"))
        return len(set(noted)) >= 2

    # What is in the file follows what is in the field, while the typing goes on.
    wait_for(typed_on)


def test_going_back_to_what_was_saved_leaves_no_note(saved):
    saved.nominations.set_value("/site/description", "Other.")
    wait_for(lambda: notes(saved))
    saved.nominations.set_value("/site/description", "As saved.")
    wait_for(lambda: not notes(saved))


def test_what_a_killed_qgis_was_writing_is_offered_and_taken_back(saved):
    file = QgsProject.instance().fileName()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen([sys.executable, "-c", WRITING, file], stdout=subprocess.PIPE, env=environment)
    try:
        written = 0
        while written < 5:
            line = process.stdout.readline()
            assert line, "it ended before it was killed"
            written = int(line)
    finally:
        process.send_signal(signal.SIGKILL)
        written = max([written, *map(int, process.stdout.read().split())])
        process.wait(60)
        process.stdout.close()
    texts = reopened(saved, file)
    (offer,) = texts.offers
    assert offer.name == "Square" and offer.pointers == ("/site/description",)
    assert said(saved, "/site/description") == "As saved."
    saved.recovery.recover()
    # Nothing that was noted is lost; one word more may have been noted than was said.
    assert written <= len(said(saved, "/site/description").split()) <= written + 1
    assert said(saved, "/proposer/name") == "Ines Baum"
    assert texts.offers == [] and QgsProject.instance().isDirty()
    # It is not saved yet, so it is noted again.
    assert len(notes(saved)) == 1
    QgsProject.instance().write()
    settle()
    assert notes(saved) == []


def test_what_is_saved_later_is_not_written_over(saved):
    saved.nominations.set_value("/site/description", "Not saved.")
    saved.nominations.set_value("/site/note", "A note.")
    file = left_by_another(saved)
    saved.nominations.set_value("/site/description", "Saved later.")
    QgsProject.instance().write()
    texts = reopened(saved, file)
    assert set(texts.offers[0].pointers) == {"/site/description", "/site/note"}
    saved.recovery.recover()
    assert said(saved, "/site/description") == "Saved later."
    assert said(saved, "/site/note") == "A note."
    (differing,) = texts.differing
    assert (differing.conflict.mine, differing.conflict.theirs) == ("Not saved.", "Saved later.")
    texts.use(differing)
    assert said(saved, "/site/description") == "Not saved."
    assert texts.differing == []
    QgsProject.instance().write()
    settle()
    assert reopened(saved, file).offers == []


def test_what_is_in_the_project_already_is_not_offered(saved):
    saved.nominations.set_value("/site/description", "The same.")
    file = left_by_another(saved)
    saved.nominations.set_value("/site/description", "The same.")
    QgsProject.instance().write()
    settle()
    assert reopened(saved, file).offers == []
    assert notes(saved) == []


def test_until_it_is_decided_about_it_is_offered_at_every_start(saved):
    saved.nominations.set_value("/site/description", "Not saved.")
    file = left_by_another(saved)
    asked = []
    saved.pageRequested.connect(asked.append)
    assert len(reopened(saved, file).offers) == 1
    assert saved.page == "nomination" and asked[-1] == "nomination"
    page = NominationPage(saved)
    page.show()
    assert not page.left.isHidden()
    assert "Square" in page.left.said.text() and "Description" in page.left.said.text()
    texts = reopened(saved, file)
    assert len(texts.offers) == 1
    page.left.drop.click()
    assert page.left.isHidden() and notes(saved) == []
    assert said(saved, "/site/description") == "As saved."
    assert reopened(saved, file).offers == []


def test_a_note_of_a_qgis_that_is_still_there_is_left_alone(saved):
    place = Place.beside(saved.candidates.file)
    assert place.take()
    saved.nominations.set_value("/site/description", "Of the other window.")
    saved.recovery.texts.flush()
    other = next(path for path in notes(saved))
    Path(place.path).write_bytes(other.read_bytes())
    # The lock is that of this program, but of another place than any that the session holds.
    script = (
        "import sys; from qgis.PyQt.QtCore import QLockFile; lock = QLockFile(sys.argv[1]); lock.setStaleLockTime(0); "
        "print(lock.tryLock(0), flush=True); sys.stdin.read()"
    )
    place.let_go()
    process = subprocess.Popen(
        [sys.executable, "-c", script, f"{place.path}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline().strip() == b"True"
        assert left_beside(saved.candidates.file) == []
    finally:
        process.communicate(timeout=10)
    (left,) = left_beside(saved.candidates.file)
    left.place.forget()


def test_statements_estimates_and_files_come_back_too(saved, tmp_path):
    attached = tmp_path / "survey.csv"
    attached.write_text("a", encoding="utf-8")
    estimate = OwnEstimate("1", "Azea alba", PARAMETERS[0], "all", 1.0, 2.0, 3.0)
    saved.nominations.set_statement("delineation_rationale", "The ridge on all sides.")
    saved.nominations.set_statement("evidence_of_presence", "Seen in 2024.", "Azea alba")
    saved.nominations.set_evidence([str(attached)])
    saved.estimates.put("Estimate", ("site", estimate, estimate))
    kept = copy.deepcopy(saved.estimates.kept)
    file = left_by_another(saved)
    assert saved.nominations.statement("delineation_rationale") == "" and saved.estimates.kept == {}
    texts = reopened(saved, file)
    assert {pointer.split("/")[1] for offer in texts.offers for pointer in offer.pointers} == {
        "statements", "files", "estimates",
    }  # fmt: skip
    saved.recovery.recover()
    assert saved.nominations.statement("delineation_rationale") == "The ridge on all sides."
    assert saved.nominations.statement("evidence_of_presence", "Azea alba") == "Seen in 2024."
    assert saved.nominations.evidence == [str(attached)]
    assert saved.estimates.kept == kept


def test_a_statement_in_its_editor_comes_back_although_nobody_saved_it(saved):
    editor = StatementEditor(saved.recovery.texts.typing)
    editor.open("Square", "delineation_rationale", "", "")
    editor.text.insertPlainText("Along the river")
    settle()
    saved.recovery.texts.flush()
    # The project is as it was saved, so nobody is asked when another one is opened.
    texts = reopened(saved, QgsProject.instance().fileName())
    (offer,) = texts.offers
    assert offer.pointers[-1].endswith("delineation_rationale")
    saved.recovery.recover()
    assert saved.nominations.statement("delineation_rationale") == "Along the river"


def test_what_stands_in_an_editor_outlives_the_saving_of_the_project(saved):
    typing = saved.recovery.texts.typing
    editor = StatementEditor(typing)
    editor.open("Square", "delineation_rationale", "", "")
    editor.text.insertPlainText("Along the river")
    wait_for(lambda: notes(saved))
    QgsProject.instance().write()
    settle()
    assert len(notes(saved)) == 1
    editor.put_aside()
    editor.open("Square", "delineation_rationale", "", "")
    assert editor.text.toPlainText() == "Along the river"
    editor.cancel.click()
    wait_for(lambda: not notes(saved))


def test_what_was_written_of_a_renamed_candidate_finds_it(saved):
    saved.nominations.set_statement("delineation_rationale", "The ridge.")
    file = left_by_another(saved)
    saved.candidates.rename("Another name")
    saved.candidates.layer.commitChanges(True)
    QgsProject.instance().write()
    reopened(saved, file)
    saved.recovery.recover()
    assert saved.nominations.statement("delineation_rationale") == "The ridge."
    assert saved.candidates.names == ["Another name"]


def test_what_was_written_of_a_candidate_that_is_gone_is_not_lost(saved):
    saved.nominations.set_value("/site/description", "Not saved.")
    file = left_by_another(saved)
    saved.candidates.remove()
    saved.candidates.layer.commitChanges(True)
    QgsProject.instance().write()
    reopened(saved, file)
    saved.recovery.recover()
    assert saved.candidates.names == ["Square"] and saved.candidates.geometry() is None
    assert said(saved, "/site/description") == "Not saved."


def test_a_note_that_cannot_be_read_is_left_alone(saved):
    damaged = Path(f"{saved.candidates.file}.0a0a0a0a.texts")
    damaged.write_text("{", encoding="utf-8")
    later = Path(f"{saved.candidates.file}.0b0b0b0b.texts")
    entry = json.dumps({"version": project_state.VERSION + 1})
    later.write_text(
        json.dumps({"schema": "aze-unsaved-texts/1", "time": "", "saved": "", "now": entry, "keys": {}, "typed": []}),
        encoding="utf-8",
    )
    texts = reopened(saved, QgsProject.instance().fileName())
    assert texts.offers == [] and damaged.exists() and later.exists()


def test_opening_a_project_right_after_it_was_saved_keeps_what_is_written_in_it(saved):
    # QGIS lets timers run while it reads the layers: then the project's entry is there, and not taken up yet.
    file = QgsProject.instance().fileName()
    saved.nominations.set_value("/site/description", "Saved later.")
    QgsProject.instance().write()
    QgsProject.instance().read(file)
    settle()
    assert said(saved, "/site/description") == "Saved later."
    reopened(saved, file)
    assert said(saved, "/site/description") == "Saved later."


def test_the_plugin_loaded_anew_offers_nothing_and_goes_on_noting(saved):
    saved.nominations.set_value("/site/description", "Not saved.")
    saved.recovery.texts.flush()
    saved.recovery.texts._end(keep=True)
    assert len(notes(saved)) == 1
    second = Session(None, None, QgsProject.instance())
    assert second.recovery.texts.offers == []
    wait_for(lambda: notes(second))
    note = TextJournal(str(notes(second)[0])).read()
    assert "Not saved." in note.now and "As saved." in note.saved
    second.close()
    assert len(notes(saved)) == 1


def test_noting_a_long_nomination_is_not_felt(saved):
    rows = [{"scientific_name": f"Azea nova{n}", "notes": "word " * 400} for n in range(20)]
    details = {**saved.nominations.details, "biodiversity": {"species": rows}}
    saved.nominations.replace(details)
    settle()
    texts = saved.recovery.texts
    texts._note()
    texts.flush()
    cost = calls(texts._note)
    assert cost < 1000


def test_a_project_never_saved_has_its_words_back(empty_session):
    session = empty_session
    session.candidates.add("Drawn", square())
    session.candidates.layer.commitChanges(True)
    session.nominations.set_value("/site/description", "Never saved.")
    session.recovery.texts.flush()
    (note,) = notes(session)
    file, content = session.candidates.file, note.read_bytes()
    QgsProject.instance().clear()
    settle()
    assert not note.exists()
    # What a killed session leaves: the note, and the mark beside the draft.
    note.write_bytes(content)
    Path(f"{file}.open").touch()
    QgsProject.instance().clear()
    settle()
    texts = session.recovery.texts
    assert [offer.name for offer in texts.offers] == ["Drawn"] and session.page == "boundary"
    session.recovery.recover()
    settle()
    assert session.candidates.names == ["Drawn"]
    assert said(session, "/site/description") == "Never saved."
    assert not note.exists() and texts.offers == []
