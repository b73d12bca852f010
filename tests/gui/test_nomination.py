"""The page Nomination: the form that is made from the schema, undo, open points, export."""

import copy
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from pages_support import (  # noqa: F401
    SAMPLE,
    algorithms,
    boundary_of,
    empty_session,
    fresh,
    library,
    session,
    settle,
    wait_for,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QFileDialog, QMessageBox

from aze_plugin import paths
from aze_plugin.gui.import_nomination import ImportDialog
from aze_plugin.gui.pages.nomination import NominationPage
from aze_plugin.gui.widgets import form
from aze_plugin.gui.widgets.editors import Field
from aze_plugin.gui.widgets.rows import RowsEditor

SCHEMA = paths.load_json("schemas", "nomination.schema.json")
EXAMPLE = SCHEMA["examples"][0]


@pytest.fixture
def page(session):  # noqa: F811
    made = NominationPage(session)
    made.resize(300, 800)
    made.show()
    settle()
    yield made
    made.deleteLater()


def field(page, section, key):
    page.show_section(section)
    return page.form.sections[section].members[key]


def said(rows, column=0):
    """What a table of rows says, without the marks of problems."""
    return [rows.table.item(n, column).text().lstrip("▲◐○ ") for n in range(rows.table.rowCount())]


def reviewed(session):  # noqa: F811
    """Let the session find the problems of what was just entered."""
    wait_for(lambda: fresh(session) and not session._review_timer.isActive())
    settle()


def enter(editor, text):
    editor.setFocus()
    editor.clear()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def test_sections_follow_the_schema_and_statements_have_none_of_their_own():
    names = [name for name, _ in form.sections(SCHEMA)]
    assert names[:3] == ["proposer", "site", "delineation"]
    assert names == sorted(names, key=lambda name: SCHEMA["properties"][name]["x-order"])
    assert "statements" not in names


def test_every_member_has_an_editor_of_its_kind(page):
    for name, part in form.sections(SCHEMA):
        section = page.form.sections[name]
        page.show_section(name)
        assert set(section.members) == set(part["properties"])
        for key, schema in part["properties"].items():
            expected = RowsEditor if schema["type"] == "array" else Field
            assert isinstance(section.members[key], expected)


def test_editors_give_back_what_they_were_given(qgis_app):
    for schema, value in (
        ({"type": "string"}, "São Tomé"),
        ({"type": "string", "x-multiline": True}, "two\nlines"),
        ({"type": "string", "enum": ["Yes", "No"]}, "No"),
        ({"type": "string", "format": "date"}, "2025-03-14"),
        ({"type": "integer"}, 2024),
        ({"type": "number"}, -12.5),
        ({"type": "number"}, 43.123456),
    ):
        made = Field(schema, required=False)
        made.show_value(value)
        assert made.editor.value() == value
        made.show_value(None)
        assert made.editor.value() is None


def test_a_text_in_a_number_field_is_handed_on_and_not_dropped(qgis_app):
    made = Field({"type": "number"}, required=False)
    got = []
    made.edited.connect(got.append)
    enter(made.editor, "about 40")
    assert got == ["about 40"]


def test_a_value_outside_the_vocabulary_stays_visible(qgis_app):
    made = Field({"type": "string", "enum": ["Yes", "No"]}, required=False)
    made.show_value("Perhaps")
    assert made.editor.currentText() == "Perhaps"
    assert made.editor.value() == "Perhaps"


def test_what_is_entered_reaches_the_nomination_and_can_be_undone(page, session):  # noqa: F811
    country = field(page, "proposer", "country")
    enter(country.editor, "Azea")
    assert session.nominations.details["proposer"]["country"] == "Azea"
    settle()
    page.back.click()
    assert "country" not in session.nominations.details["proposer"]
    # What a review filled in meanwhile is gone with the next one.
    wait_for(lambda: country.editor.text() == "")
    page.forth.click()
    assert session.nominations.details["proposer"]["country"] == "Azea"


def test_typing_in_one_field_is_one_step(page, session):  # noqa: F811
    name = field(page, "proposer", "name")
    enter(name.editor, "Mira")
    enter(name.editor, "Mira Talo")
    assert page.undo.count() == 1
    page.undo.undo()
    assert not session.nominations.details["proposer"].get("name")


def test_derived_values_are_filled_in_marked_and_come_back(page, session):  # noqa: F811
    area = field(page, "site", "area_km2")
    assert area.editor.value() == pytest.approx(session.results.assessment["area_ha"] / 100, abs=1e-3)
    assert area.origin.text() == "derived"
    assert "area_km2" not in session.nominations.details.get("site", {})
    enter(area.editor, "12")
    settle()
    assert session.nominations.details["site"]["area_km2"] == 12
    assert area.origin.text() == "by hand"
    area.revert.click()
    reviewed(session)
    assert "area_km2" not in session.nominations.details["site"]
    assert area.origin.text() == "derived"


def test_trigger_species_are_rows_that_can_be_completed(page, session):  # noqa: F811
    rows = field(page, "biodiversity", "species")
    triggers = [e["scientific_name"] for e in session.results.assessment["species"] if e["trigger"]]
    assert said(rows) == triggers
    rows.choose(1, "latest_year")
    enter(rows.fields["latest_year"].editor, "2024")
    kept = session.nominations.details["biodiversity"]["species"]
    assert kept[1] == {"scientific_name": triggers[1], "latest_year": 2024}
    reviewed(session)
    assert rows.table.rowCount() == len(triggers)
    assert rows.fields["category"].origin.text() == "derived"
    page.undo.undo()
    assert not session.nominations.details["biodiversity"].get("species")


def test_evidence_in_a_row_is_a_statement_that_the_check_reads(page, session):  # noqa: F811
    rows = field(page, "biodiversity", "species")
    rows.choose(0, "evidence_of_presence")
    editor = rows.fields["evidence_of_presence"]
    QTest.keyClicks(editor.editor, "Seen in 2024")
    editor.commit()
    assert session.nominations.statement("evidence_of_presence", said(rows)[0]) == "Seen in 2024"
    assert session.results.assessment_stale


def test_rows_are_added_edited_and_removed(page, session):  # noqa: F811
    threats = field(page, "threats", "threats")
    threats.add.click()
    settle()
    assert threats.table.rowCount() == 1
    threats.choose(0, "ecosystem")
    enter(threats.fields["ecosystem"].editor, "T6.5")
    assert session.nominations.details["threats"]["threats"] == [{"ecosystem": "T6.5"}]
    settle()
    threats.add.click()
    settle()
    assert threats.table.currentRow() == 1
    assert threats.fields["level_1"].editor.button.hasFocus()
    threats.remove.click()
    threats.remove.click()
    settle()
    threats.remove.click()
    assert session.nominations.details["threats"]["threats"] == []
    page.undo.undo()
    assert session.nominations.details["threats"]["threats"] == [{"ecosystem": "T6.5"}]


def test_that_there_are_no_threats_can_be_said(page, session):  # noqa: F811
    threats = field(page, "threats", "threats")
    assert "/threats/threats" in form.needed(SCHEMA, "new_site")
    assert not form.given(page.form.content, "/threats/threats", SCHEMA)
    assert threats.none.isVisible()
    threats.none.click()
    settle()
    assert session.nominations.details["threats"] == {"threats": []}
    assert form.given(page.form.content, "/threats/threats", SCHEMA)
    assert not threats.none.isVisible()


def test_the_example_is_complete_and_an_open_point_leads_to_its_field(page, session):  # noqa: F811
    session.nominations.replace(EXAMPLE)
    reviewed(session)
    done, total = page.form.progress()
    assert done == total
    session.nominations.set_value("/proposer/email", "nobody")
    reviewed(session)
    problem = next(p for p in session.nominations.problems if p["field"] == "/proposer/email")
    assert problem["severity"] == "blocking"
    page.overview.problems.chosen.emit(problem["field"])
    settle()
    email = page.form.sections["proposer"].members["email"]
    assert page.form.current == "proposer"
    assert email.editor.hasFocus()
    assert problem["message"] in email.problem.plain()
    assert page.form.sections["proposer"].chip.state == "problem"


def test_an_update_asks_for_the_site_it_updates(page, session):  # noqa: F811
    number = field(page, "site", "sitrecid")
    assert not number.isVisible()
    session.nominations.set_value("/kind", "update_site")
    settle()
    assert number.isVisible()
    assert "/site/change_reason" in form.needed(SCHEMA, "update_site")
    assert "/site/change_reason" not in form.needed(SCHEMA, "new_site")


def test_another_candidate_has_a_form_and_an_undo_of_its_own(page, session):  # noqa: F811
    enter(field(page, "proposer", "name").editor, "Mira Talo")
    session.candidates.add("Ember Crater", boundary_of("Ember Crater"))
    settle()
    assert not page.undo.canUndo()
    assert field(page, "proposer", "name").editor.text() == ""
    session.candidates.set_current("Cloudtop Ridge")
    settle()
    assert field(page, "proposer", "name").editor.text() == "Mira Talo"


def test_what_is_being_typed_does_not_slip_into_another_candidate(page, session):  # noqa: F811
    name = field(page, "proposer", "name")
    name.editor.setFocus()
    QTest.keyClicks(name.editor, "Mira")
    session.candidates.add("Ember Crater", boundary_of("Ember Crater"))
    settle()
    page.form.commit()
    assert "proposer" not in session.nominations.details


def test_what_is_being_typed_is_kept_when_the_page_is_left(page, session):  # noqa: F811
    notes = field(page, "site", "notes")
    notes.editor.setFocus()
    QTest.keyClicks(notes.editor, "unfinished")
    page.hide()
    assert session.nominations.details["site"]["notes"] == "unfinished"


def test_files_are_attached_and_detached(page, session, tmp_path, monkeypatch):  # noqa: F811
    proof = tmp_path / "survey.csv"
    proof.write_text("a\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(proof)], ""))
    page.show_section("evidence")
    page.files._choose()
    assert session.nominations.evidence == [str(proof)]
    reviewed(session)
    rows = page.form.sections["evidence"].members["files"]
    assert rows.table.item(0, 0).text() == "survey.csv"


def test_the_preview_stands_beside_the_map_and_closes_with_the_page(page, session):  # noqa: F811
    session.nominations.replace(EXAMPLE)
    reviewed(session)
    page.foot.show_preview()
    dialog = page.foot.window_of_preview
    page.foot.show_preview()
    assert page.foot.window_of_preview is dialog and not dialog.isModal()
    wait_for(lambda: dialog.document() is not None)
    listed = {dialog.files.key_of(item)["path"] for item in dialog.files.rows()}
    assert {"data/nomination.json", "data/boundary/Cloudtop_Ridge.gpkg", "manifest-sha256.txt"} <= listed
    page.close_page()
    assert not dialog.isVisible()


def answered(monkeypatch, choose):
    """Answer the question about a draft by pressing the button at an index."""

    def pressed(box):
        box.buttons_asked = [b.text() for b in box.buttons()]
        chosen = next(b for b in box.buttons() if choose in b.text())
        monkeypatch.setattr(box, "clickedButton", lambda: chosen)
        return 0

    monkeypatch.setattr(QMessageBox, "exec", pressed)


def test_an_incomplete_nomination_is_exported_as_a_draft_only(page, session, tmp_path, monkeypatch):  # noqa: F811
    target = tmp_path / "draft.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    enter(field(page, "site", "international_name").editor, "Cloudtop Ridge")
    reviewed(session)
    answered(monkeypatch, "Show what is open")
    page.foot.ask_and_export()
    assert session.busy is None
    assert not page.overview.problems._inside.isHidden()
    answered(monkeypatch, "Export a draft")
    page.foot.ask_and_export()
    wait_for(lambda: session.package is not None, 120)
    settle()
    assert session.package["draft"]
    assert "draft" in page.foot.written.plain()
    with zipfile.ZipFile(target) as archive:
        info = next(name for name in archive.namelist() if name.endswith("bag-info.txt"))
        assert b"Nomination-Status: draft" in archive.read(info)


def test_a_complete_nomination_is_exported_as_final(page, session, tmp_path, monkeypatch):  # noqa: F811
    details = copy.deepcopy(EXAMPLE)
    said = details["statements"]["candidates"]["Cloudtop Ridge"]["species"]
    for entry in session.results.assessment["species"]:
        if entry["trigger"]:
            said[entry["scientific_name"]] = {"evidence_of_presence": "Recorded on transects in 2024."}
    session.nominations.replace(details)
    reviewed(session)
    assert [p["message"] for p in session.nominations.problems if p["severity"] == "blocking"] == []
    target = tmp_path / "final"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    page.foot.ask_and_export()
    wait_for(lambda: session.package is not None, 120)
    assert not session.package["draft"]
    assert target.with_suffix(".zip").exists()
    # What comes next is the sending; a package that is not up to date any more comes first.
    assert session.next_step()[1:] == ("nomination", "send")
    session.nominations.set_value("/site/notes", "Seen again in May.")
    reviewed(session)
    assert session.next_step()[1:] == ("nomination", "export")
    assert "changed since" in page.foot.written.plain()
    session.nominations.replace(details)
    reviewed(session)
    assert session.next_step()[1:] == ("nomination", "send")
    assert "changed since" not in page.foot.written.plain()
    session.outbox.receipts["Cloudtop Ridge"] = [{"sha256": session.package["sha256"]}]
    assert session.next_step()[1:] == ("nomination", "save")
    session.project.setDirty(False)
    assert session.next_step()[1] == "boundary"
    # Each candidate has its own, and the project remembers them.
    package = session.package
    session.candidates.add("Another", boundary_of("Cloudtop Ridge"))
    assert session.package is None
    session.candidates.set_current("Cloudtop Ridge")
    assert session.package == package and session.packages.is_current()
    session.project.write(str(tmp_path / "p.qgz"))
    session.restore()
    assert session.package == package and session.packages.is_current()
    Path(package["path"]).unlink()
    session.restore()
    assert session.package is None


def test_what_is_wrong_is_said_before_the_boundary_was_checked(empty_session):  # noqa: F811
    empty_session.candidates.add("Cloudtop Ridge", boundary_of("Cloudtop Ridge"))
    page = NominationPage(empty_session)
    page.show()
    email = field(page, "proposer", "email")
    enter(email.editor, "nobody")
    settle()
    assert "nobody" in email.problem.plain()
    assert not page.foot.export.isEnabled()


def test_no_candidate_no_form(empty_session):  # noqa: F811
    page = NominationPage(empty_session)
    page.show()
    assert page.stack.currentWidget() is page.nothing


def test_it_fits_the_narrow_panel(page):
    for name in ("overview", *page.form.names()):
        page.show_section(name)
        settle()
        assert page.minimumSizeHint().width() <= 300, name
        assert page.scroll.widget().width() <= page.scroll.viewport().width(), name


def test_rows_entered_meanwhile_are_laid_over_the_completed_ones():
    complete = {"species": [{"scientific_name": "A", "category": "CR"}, {"scientific_name": "B", "category": "EN"}]}
    entered = {"species": [{"scientific_name": "B", "latest_year": 2024}]}
    shown = form.overlaid(entered, complete)["species"]
    assert shown[0] == {"scientific_name": "B", "category": "EN", "latest_year": 2024}
    assert form.overlaid({}, complete) == complete
    assert form.overlaid({"a": {"b": ""}}, {"a": {"b": 1}}) == {"a": {"b": 1}}


def with_sites(session, folder):  # noqa: F811
    """The sample's existing sites and what they were confirmed for, as a user loads them."""
    session.sources.add("sites", shutil.copy(SAMPLE / "sites.gpkg", folder))
    session.sites.use_table(str(SAMPLE / "site_triggers.csv"))
    wait_for(lambda: fresh(session) and session.prefill.known() is not None)


def test_what_the_project_knows_is_looked_up_behind_and_filled_in(session, tmp_path):  # noqa: F811
    """Country by the layers on the spot, every dataset as a reference; and looked up once."""
    with_sites(session, tmp_path)
    wait_for(lambda: session.nominations.completed["site"].get("country") == "Azea")
    completed = session.nominations.completed
    assert completed["site"]["iso3"] == "XAZ"
    keys = {row["key"] for row in completed["references"]["items"]}
    assert {"sites.gpkg", "protected_areas.gpkg", "site_triggers.csv"} <= keys
    found = session.prefill.known()
    session._review()
    assert session.prefill.known() is found


def test_an_update_shows_its_changes_and_a_new_site_does_not(page, session, tmp_path):  # noqa: F811
    assert "update" not in page.form.names()
    with_sites(session, tmp_path)
    shape = boundary_of("Serrata Highlands")
    session.candidates.add("Serrata Highlands", shape, "update_site", "Serrata Highlands", updates_id="98001")
    wait_for(lambda: fresh(session) and session.prefill.known() is not None and session.prefill.known().updated)
    wait_for(lambda: len(session.nominations.completed.get("update", {}).get("changes", [])) == 5)
    update = session.nominations.completed["update"]
    assert (update["site_id"], update["site_name"]) == ("98001", "Serrata Highlands")
    assert update["changes"][0]["before_ha"] == pytest.approx(6218.7, abs=0.1)
    page.refresh()
    assert "update" in page.form.names()
    page.show_section("update")
    section = page.form.sections["update"]
    rows = section.members["changes"]
    assert said(rows) == [
        "Boundary changed",
        *(
            {"new_trigger": "New trigger species", "reassessment": "Assessed again"}[row["kind"]]
            for row in update["changes"][1:]
        ),
    ]
    assert {p["code"] for p in session.nominations.problems if p["field"].startswith("/update/changes/0")} == {
        "nomination.change_unexplained",
        "nomination.change_cause",
    }
    rows.choose(0, "reason")
    rows.fields["reason"].editor.setPlainText("To the foot of the slope.")
    rows.fields["reason"].commit()
    assert session.nominations.details["update"]["changes"] == [
        {"kind": "boundary_change", "reason": "To the foot of the slope."}
    ]
    # A row that was derived keeps what it is of when it is completed, and so do those before it.
    wait_for(lambda: len(session.nominations.completed["update"]["changes"]) == 5)
    page.refresh()
    taxa = [row.get("taxon") for row in session.nominations.completed["update"]["changes"]]
    which = taxa.index("Expulsina vera")
    rows.choose(which, "reason")
    rows.fields["reason"].editor.setPlainText("Introduced elsewhere.")
    rows.fields["reason"].commit()
    entered = session.nominations.details["update"]["changes"]
    assert entered[which] == {"kind": "new_trigger", "taxon": "Expulsina vera", "reason": "Introduced elsewhere."}
    assert [row.get("taxon") for row in entered] == taxa[: which + 1]
    reviewed(session)
    assert len(session.nominations.completed["update"]["changes"]) == 5


def test_derived_habitats_become_the_nominators_own_when_one_is_changed(qgis_app):
    schema = SCHEMA["properties"]["habitats"]["properties"]["types"]
    derived = [
        {"habitat": "1. Forest", "cover_percent": 70.0, "detail": "Cloud forest"},
        {"habitat": "6. Rocky areas", "cover_percent": 30.0},
    ]
    rows = RowsEditor(schema, True)
    got = []
    rows.edited.connect(got.append)
    rows.show_rows(None, derived, {})
    rows.choose(0, "cover_percent")
    enter(rows.fields["cover_percent"].editor, "65")
    assert got == [[{**derived[0], "cover_percent": 65}, derived[1]]]
    rows.show_rows(None, derived, {})
    rows.choose(1)
    assert rows.remove.isEnabled()
    rows.remove.click()
    assert got[-1] == derived[:1]


def test_typing_without_a_pause_is_handed_on_all_the_same(page, session):  # noqa: F811
    """What is typed is in the session soon, also while more follows: not only after the first pause."""
    notes = field(page, "site", "notes")
    notes.editor.setFocus()
    typed = 0

    def type_on():
        nonlocal typed
        QTest.keyClicks(notes.editor, "x")
        QTest.qWait(20)
        typed += 1
        return session.nominations.details.get("site", {}).get("notes")

    wait_for(type_on)
    assert page.undo.count() == 1
    assert notes.editor.toPlainText() == "x" * typed


def test_the_project_is_written_with_what_is_being_typed(page, session, tmp_path):  # noqa: F811
    name = field(page, "proposer", "name")
    session.project.write(str(tmp_path / "p.qgz"))
    name.editor.setFocus()
    QTest.keyClicks(name.editor, "Mira Talo")
    assert session.project.write()
    with zipfile.ZipFile(tmp_path / "p.qgz") as archive:
        inside = next(n for n in archive.namelist() if n.endswith(".qgs"))
        assert b"Mira Talo" in archive.read(inside)


@pytest.mark.parametrize("text", ["أرض الغيوم", "Ridge 🦎🌋 \U0001f468\u200d\U0001f33e", "ab" * 5000])
def test_every_script_and_length_is_kept(page, session, text):  # noqa: F811
    for section, key in (("proposer", "co_proposers"), ("proposer", "organisation")):
        member = field(page, section, key)
        member.editor.setFocus()
        QGuiApplication.clipboard().setText(text)
        member.editor.paste()
        member.commit()
        settle()
        assert session.nominations.details[section][key] == text
        assert member.editor.value() == text


def test_lines_pasted_into_a_line_become_one(page, session):  # noqa: F811
    name = field(page, "site", "national_name")
    name.editor.setFocus()
    QGuiApplication.clipboard().setText("Crête\r\n des Nuages\n\x00\x0b")
    name.editor.paste()
    name.commit()
    assert session.nominations.details["site"]["national_name"] == "Crête des Nuages"


def test_clearing_a_derived_text_leaves_room_to_write(page, session):  # noqa: F811
    rationale = field(page, "site", "rationale")
    derived = rationale.editor.toPlainText()
    assert derived
    rationale.editor.setFocus()
    rationale.editor.selectAll()
    QTest.keyClick(rationale.editor, Qt.Key.Key_Delete)
    rationale.commit()
    reviewed(session)
    assert rationale.editor.toPlainText() == ""
    QTest.keyClicks(rationale.editor, "Mine.")
    rationale.commit()
    assert session.nominations.details["site"]["rationale"] == "Mine."
    rationale.revert.click()
    reviewed(session)
    assert rationale.editor.toPlainText() == derived


def test_help_stands_at_one_field_at_a_time(page):
    first, second = field(page, "proposer", "name"), field(page, "proposer", "email")
    first.editor.setFocus()
    wait_for(lambda: first.help.isVisible())
    assert "Full name" in first.help.plain()
    second.editor.setFocus()
    wait_for(lambda: second.help.isVisible())
    assert not first.help.isVisible()
    first.ask.click()
    assert first.help.isVisible()
    assert second.editor.hasFocus()


def test_a_term_found_by_typing_fills_all_levels(page, session):  # noqa: F811
    threats = field(page, "threats", "threats")
    threats.add.click()
    settle()
    editor = threats.fields["level_1"].editor
    QTest.keyClicks(editor.button, "8.1.2")
    popup = editor._popup
    assert popup.isVisible() and popup.line.text().endswith("8.1.2")
    QTest.keyClick(popup.line, Qt.Key.Key_Return)
    settle()
    assert session.nominations.details["threats"]["threats"] == [
        {
            "level_1": "8. Invasive and other problematic species, genes and diseases",
            "level_2": "8.1 Invasive non-native species",
            "level_3": "8.1.2 Named species",
        }
    ]
    assert not [p for p in page._schema_problems({}) if p["field"].startswith("/threats/threats/0/level")]
    popup = editor.open()
    QTest.keyClicks(popup.line, "nutrient loads")
    QTest.keyClick(popup.line, Qt.Key.Key_Return)
    row = session.nominations.details["threats"]["threats"][0]
    assert [row[f"level_{n}"][:6].strip() for n in (1, 2, 3)] == ["9. Pol", "9.3 Ag", "9.3.1"]
    popup = editor.open()
    QTest.keyClicks(popup.line, "9.1.77 Something new")
    QTest.keyClick(popup.line, Qt.Key.Key_Return)
    row = session.nominations.details["threats"]["threats"][0]
    assert (row["level_2"][:3], row["level_3"]) == ("9.1", "9.1.77 Something new")
    page.undo.undo()
    assert session.nominations.details["threats"]["threats"][0]["level_3"].startswith("9.3.1")
    editor.clear.click()
    assert session.nominations.details["threats"]["threats"] == [{}]


def test_only_what_is_open_is_shown_until_the_section_is_left(page, session):  # noqa: F811
    page.only_open.click()
    name, own = field(page, "proposer", "name"), page.form.sections["proposer"].members["address"]
    assert name.isVisible() and not own.isVisible()
    enter(name.editor, "Mira Talo")
    reviewed(session)
    assert name.isVisible()
    page.show_section("site")
    page.show_section("proposer")
    assert not name.isVisible()
    page.only_open.click()
    assert name.isVisible() and own.isVisible()


def test_what_does_not_apply_is_not_asked(page, session):  # noqa: F811
    rows = field(page, "biodiversity", "species")
    rows.choose(0)
    assert rows.fields["sensitive"].isVisible()
    assert not rows.fields["sensitive_reason"].isVisible()
    assert not rows.fields["reintroduction_justification"].isVisible()
    rows.fields["sensitive"].editor.setCurrentIndex(1)
    rows.fields["sensitive"].editor.activated.emit(1)
    settle()
    assert rows.fields["sensitive_reason"].isVisible()


def test_the_meter_counts_what_checks_ask_for(page, session):  # noqa: F811
    session.nominations.replace(EXAMPLE)
    reviewed(session)
    done, total = page.form.progress()
    assert done == total
    open_before = [p for p in session.nominations.problems if p["severity"] == "blocking"]
    assert not open_before
    session.nominations.set_value("/actions/needed", [{"action": "1. Land/water protection"}, {"action": "None"}])
    session.nominations.set_value("/proposer/name", None)
    reviewed(session)
    done, total_now = page.form.progress()
    assert total_now - done == len([p for p in session.nominations.problems if p["severity"] == "blocking"]) == 2
    assert page.rail.state("actions") == "problem"
    assert page.form.first_open() == "/proposer/name"


def test_an_empty_nomination_names_every_needed_field(page, session):  # noqa: F811
    reviewed(session)
    fields = {p["field"] for p in session.nominations.problems if p["severity"] == "blocking"}
    assert {"/proposer/name", "/consultation/expert", "/actions/needed", "/threats/threats"} <= fields
    done, total = page.form.progress()
    # That the criteria are not met is no field's matter.
    fields.discard("")
    assert total - done == len(fields)
    for pointer in sorted(fields):
        page.reach(pointer)
        assert page.form.current == pointer.split("/")[1]


def test_the_updated_site_is_chosen_from_the_list_and_undone(page, session, tmp_path):  # noqa: F811
    with_sites(session, tmp_path)
    page.overview.kind.kind.setCurrentIndex(1)
    page.overview.kind.kind.activated.emit(1)
    popup = page.overview.kind._popup
    wait_for(lambda: popup.view.count() > 3)
    QTest.keyClicks(popup.line, "serrata")
    assert popup.view.count() == 1
    QTest.keyClick(popup.line, Qt.Key.Key_Return)
    settle()
    assert session.nominations.details["update"] == {"site_id": "98001", "site_name": "Serrata Highlands"}
    assert (session.candidates.kind(), session.candidates.updated_id()) == ("update_site", "98001")
    assert "98001 Serrata Highlands" in page.overview.kind.site.plain()
    page.undo.undo()
    page.undo.undo()
    settle()
    assert session.candidates.kind() == "new_site"
    assert "update" not in session.nominations.details


def test_an_earlier_nomination_is_taken_over_in_one_step(page, session, tmp_path, monkeypatch):  # noqa: F811
    path = tmp_path / "earlier.json"
    path.write_text(json.dumps(EXAMPLE), encoding="utf-8")
    enter(field(page, "proposer", "name").editor, "Ines Baum")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(path), ""))

    def answered_dialog(dialog):
        wait_for(lambda: dialog.take.isEnabled())
        listed = [dialog.left.topLevelItem(n).text(0) for n in range(dialog.left.topLevelItemCount())]
        assert "Proposer: Name" in listed
        dialog.take.click()
        return dialog.result()

    monkeypatch.setattr(ImportDialog, "exec", answered_dialog)
    page.overview.ask_and_import()
    settle()
    assert session.nominations.details["proposer"] == {**EXAMPLE["proposer"], "name": "Ines Baum"}
    assert session.nominations.details["threats"] == EXAMPLE["threats"]
    reviewed(session)
    assert page.form.progress()[0] > 15
    page.undo.undo()
    assert session.nominations.details == {
        "schema": "aze-nomination/1",
        "kind": "new_site",
        "proposer": {"name": "Ines Baum"},
    }


def test_a_file_that_is_no_nomination_is_said_and_changes_nothing(session, tmp_path):  # noqa: F811
    (tmp_path / "x.zip").write_bytes(b"nothing")
    dialog = ImportDialog(session, str(tmp_path / "x.zip"))
    wait_for(lambda: "not opened" in dialog.said.plain())
    assert not dialog.take.isEnabled()
    dialog.reject()


def focus_chain(start, most=400):
    """What the tab key goes through from a widget on, as far as it is in sight."""
    found, widget = [start], start.nextInFocusChain()
    while widget is not start and len(found) < most:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.isHidden():
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def test_the_tab_key_goes_through_a_section_as_it_is_read_and_on_to_the_next(page, session):  # noqa: F811
    session.nominations.replace(EXAMPLE)
    reviewed(session)
    page.show_section("biodiversity")
    settle()
    rows = page.form.sections["biodiversity"].members["species"]
    chain = focus_chain(rows.table)
    asked = [field.editor for field in rows.fields.values() if not field.isHidden()]
    assert [chain.index(editor) for editor in asked] == sorted(chain.index(editor) for editor in asked)
    assert chain.index(rows.add) < chain.index(asked[0])
    others = page.form.sections["biodiversity"].members["ecosystems"]
    assert chain.index(asked[-1]) < chain.index(others.add) < chain.index(page.previous) < chain.index(page.following)
    assert chain.index(page.following) < chain.index(page.foot.preview) < chain.index(page.foot.export)


def test_only_what_is_open_is_shown_in_a_section_opened_later_too(page, session):  # noqa: F811
    session.nominations.replace({"schema": "aze-nomination/1", "kind": "new_site"})
    reviewed(session)
    page.only_open.click()
    page.show_section("biodiversity")
    settle()
    fields = page.form.sections["biodiversity"].members["species"].fields
    assert fields["scientific_name"].isHidden() and fields["category"].isHidden()
    page.only_open.click()
    settle()
    assert not fields["scientific_name"].isHidden()


def test_open_points_stand_in_the_order_of_the_form(page, session):  # noqa: F811
    session.nominations.replace({"schema": "aze-nomination/1", "kind": "new_site"})
    reviewed(session)
    sections = [problem["field"].strip("/").split("/")[0] for problem in session.nominations.problems]
    order = [name for name in dict.fromkeys(sections) if name in page.form.sections]
    assert order == [name for name in page.form.names() if name in order]
    assert len(order) > 5


def test_columns_of_a_list_that_are_empty_leave_their_room_to_the_others(page, session):  # noqa: F811
    details = copy.deepcopy(EXAMPLE)
    details["references"]["items"] = [{"key": "A", "citation": "A long citation, of 2024, in a journal, " * 3}]
    session.nominations.replace(details)
    reviewed(session)
    page.show_section("references")
    settle()
    table = page.form.sections["references"].members["items"].table
    assert [table.isColumnHidden(n) for n in range(3)] == [False, False, True]
    assert table.columnWidth(0) + table.columnWidth(1) == table.viewport().width()
