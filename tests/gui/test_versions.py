"""Versions of the candidate in the panel: keeping, going back, what is kept unasked, the window."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import boundary_of, fresh, settle, wait_for
from qgis.core import QgsGeometry, QgsProject, QgsRectangle
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QSettings
from qgis.PyQt.QtWidgets import QInputDialog
from window import window  # noqa: F401

from aze_plugin.gui import layers
from aze_plugin.gui.pages.boundary import BoundaryPage
from aze_plugin.gui.versions_dialog import VersionsDialog
from aze_plugin.gui.widgets.preview import MendDialog
from aze_plugin.services import figures
from aze_plugin.services.comparing import compare

BOW_TIE = "Polygon((0 0, 1 1, 1 0, 0 1, 0 0))"


def square(side=0.1):
    return QgsGeometry.fromWkt(f"Polygon((0 0, {side} 0, {side} {side}, 0 {side}, 0 0))")


@pytest.fixture
def drawn(empty_session):
    """A session with one candidate, a square of a tenth of a degree."""
    empty_session.candidates.add("Square", square())
    return empty_session


@pytest.fixture
def dialog(drawn):
    made = VersionsDialog(drawn)
    made.resize(320, 560)
    made.show()
    settle()
    yield made
    made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def reasons(session, name=None):
    return [version.reason for version in session.versions.of(name)]


def answer(monkeypatch, said, ok=True):
    monkeypatch.setattr(QInputDialog, "getText", staticmethod(lambda *a, **k: (said, ok)))


def test_a_version_has_boundary_area_and_author(drawn):
    QSettings().remove("projects/anonymize_new_projects")
    version = drawn.versions.keep("First walk")
    assert version.number == 1
    # A tenth of a degree at the equator: 11.132 km by 11.057 km on the ellipsoid.
    assert version.area_ha == pytest.approx(11131.95 * 11057.4 / 1e4, rel=1e-4)
    assert version.wkb == bytes(drawn.candidates.geometry().asWkb())
    drawn.candidates.replace_boundary(square(0.2))
    QSettings().setValue("projects/anonymize_new_projects", True)
    try:
        assert drawn.versions.keep("Second").author == ""
    finally:
        QSettings().remove("projects/anonymize_new_projects")


def test_going_back_is_one_step_that_can_be_undone(drawn):
    drawn.candidates.replace_boundary(square(0.1), exact=True)
    drawn.versions.keep("First walk")
    before = drawn.candidates.geometry()
    drawn.candidates.replace_boundary(square(0.2))
    after = drawn.candidates.geometry()
    steps = drawn.candidates.layer.undoStack().count()
    drawn.versions.revert(drawn.versions.of()[0])
    assert drawn.candidates.geometry().asWkb() == before.asWkb()
    assert drawn.candidates.layer.undoStack().count() == steps + 1
    drawn.candidates.layer.undoStack().undo()
    assert drawn.candidates.geometry().asWkb() == after.asWkb()
    assert reasons(drawn) == ["First walk", "Before going back to version 1"]


def test_equal_ones_are_kept_once(drawn):
    assert drawn.versions.keep("one") is not None
    assert drawn.versions.keep("two") is None
    assert reasons(drawn) == ["one"]


def test_edits_that_are_discarded_leave_the_versions(drawn):
    drawn.candidates.layer.commitChanges(False)
    drawn.candidates.replace_boundary(square(0.2))
    drawn.versions.keep("Tried")
    drawn.candidates.layer.rollBack()
    assert reasons(drawn) == ["Tried"]
    drawn.versions.revert(drawn.versions.of()[0])
    assert drawn.candidates.geometry().equals(layers.as_multipolygon(square(0.2)))


def test_versions_follow_a_renamed_candidate_and_not_its_name(drawn):
    drawn.versions.keep("of the first")
    drawn.candidates.rename("Other")
    drawn.candidates.add("Square", square(0.3))
    assert reasons(drawn, "Other") == ["of the first"]
    assert reasons(drawn, "Square") == []


def test_candidates_of_older_files_are_followed_by_name(empty_session, tmp_path, monkeypatch):
    monkeypatch.setattr(layers, "_CANDIDATE_FIELDS", ("name", "kind", "updates_site", "created", "note"))
    empty_session.candidates.add("Old", square())
    assert empty_session.candidates.uid() == ""
    empty_session.versions.keep("kept")
    empty_session.candidates.rename("Renamed")
    assert reasons(empty_session) == ["kept"]
    empty_session.candidates.layer.undoStack().undo()
    assert empty_session.candidates.current == "Old"
    assert reasons(empty_session) == ["kept"]


def test_versions_move_beside_the_project_with_the_drafts(drawn, tmp_path):
    drawn.versions.keep("Draft")
    folder = tmp_path / "project"
    folder.mkdir()
    assert QgsProject.instance().write(str(folder / "p.qgz"))
    wait_for(lambda: drawn.candidates.file.startswith(str(folder)))
    assert reasons(drawn) == ["Draft"]
    # QGIS closes what it kept open of the draft later, which makes an empty file of it.
    wait_for(lambda: not drawn.candidates._again.isActive())
    assert list(tmp_path.glob("*.gpkg*")) == []


def test_a_file_that_is_gone_is_said_and_hinders_nothing(drawn, monkeypatch):
    said = []
    drawn.message.connect(lambda sentence, level: said.append(sentence))
    monkeypatch.setattr(type(drawn.candidates), "file", property(lambda self: "/nowhere/c.gpkg"))
    drawn.candidates.replace_boundary(square(0.2), why="Before mending")
    assert drawn.candidates.geometry().equals(layers.as_multipolygon(square(0.2)))
    assert "/nowhere/c.gpkg" in said[0]


def test_mending_keeps_the_boundary_as_it_was(empty_session, monkeypatch):
    monkeypatch.setattr(MendDialog, "exec", lambda self: True)
    empty_session.candidates.add("Tie", QgsGeometry.fromWkt(BOW_TIE))
    before = bytes(empty_session.candidates.geometry().asWkb())
    page = BoundaryPage(empty_session)
    page.mend()
    (version,) = empty_session.versions.of()
    assert (version.reason, version.wkb, version.area_ha) == ("Before mending", before, None)
    assert empty_session.candidates.geometry().isGeosValid()
    page.deleteLater()


def test_what_was_checked_is_kept_with_it(session):
    version = session.versions.keep("Checked")
    assert version.summary["verdict"] == session.results.assessment["verdict"]
    triggers = {t["scientific_name"] for t in session.results.assessment["species"] if t["trigger"]}
    assert {t["scientific_name"] for t in version.summary["species"]} == triggers
    session.candidates.replace_boundary(boundary_of("Ember Crater"))
    assert session.versions.keep("Not checked yet").summary == {}


def test_an_exported_package_keeps_its_boundary(session, tmp_path):
    session.export(str(tmp_path / "p.zip"), allow_incomplete=True)
    wait_for(lambda: session.package is not None)
    (version,) = session.versions.of()
    assert version.reason == "Package exported"
    assert version.wkb == bytes(session.candidates.geometry().asWkb())


# ------------------------------------------------------------------------------------------------------ the window


def test_the_window_keeps_and_goes_back(dialog, drawn, monkeypatch):
    assert dialog.list.count() == 0
    assert dialog.chosen.isHidden()
    answer(monkeypatch, "  With the ranger ")
    dialog.keep_button.click()
    assert dialog.list.count() == 1
    assert dialog.list.item(0).text().startswith("Version 1 · ")
    assert dialog.list.item(0).text().endswith("\n12,309\u00a0ha · With the ranger")
    assert dialog.state.text() == "The boundary as it is now is version 1."
    assert not dialog.keep_button.isEnabled()
    assert not dialog.revert_button.isEnabled()
    drawn.candidates.replace_boundary(square(0.2))
    assert dialog.state.text() == "The boundary has changed since version 1."
    assert dialog.keep_button.isEnabled()
    dialog.revert_button.click()
    assert drawn.candidates.geometry().equals(layers.as_multipolygon(square()))
    assert [dialog.list.item(i).text().partition("ha · ")[2] for i in range(2)] == [
        "Before going back to version 1",
        "With the ranger",
    ]


def test_giving_up_the_question_keeps_nothing(dialog, drawn, monkeypatch):
    answer(monkeypatch, "typed", ok=False)
    dialog.keep_button.click()
    assert reasons(drawn) == []


def test_the_window_follows_the_candidate_and_closes_with_the_last(dialog, drawn):
    drawn.versions.keep("of the square")
    drawn.candidates.add("Second", square(0.3))
    assert dialog.head.text() == "Second"
    assert dialog.list.count() == 0
    drawn.candidates.set_current("Square")
    assert dialog.list.count() == 1
    drawn.candidates.remove()
    assert dialog.isVisible()
    drawn.candidates.remove()
    assert not dialog.isVisible()


def test_the_page_opens_one_window_and_again_after_closing(drawn, window):  # noqa: F811
    drawn.iface = window
    page = BoundaryPage(drawn)
    page.show_versions()
    first = page._versions
    page.show_versions()
    assert page._versions is first
    first.close()
    assert page._versions is None
    page.show_versions()
    assert page._versions.isVisible()
    page.close_page()
    assert page._versions is None
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_thirty_versions_and_long_reasons_fit(dialog, drawn):
    for i in range(30):
        drawn.candidates.replace_boundary(square(0.1 + i / 1000))
        drawn.versions.keep(f"Reason {i} " + "very long " * 60)
    settle()
    assert dialog.list.count() == 30
    assert dialog.list.item(0).text().startswith("Version 30 ·")
    assert dialog.page.widget().width() <= dialog.width()
    assert dialog.list.height() < 320
    # The whole reason of the one that is chosen can be read.
    assert dialog.details.text().startswith(drawn.versions.of()[-1].reason)


# ------------------------------------------------------------------------------------------------------- comparing


def rows_of(table):
    items = [table.topLevelItem(i) for i in range(table.topLevelItemCount())]
    return {item.text(0): [item.text(column) for column in (1, 2, 3)] for item in items}


def hatched(window):  # noqa: F811
    return [item for item in window.canvas.scene().items() if isinstance(item, QgsRubberBand)]


def test_figures_and_map_show_what_was_gained_and_lost(drawn, window):  # noqa: F811
    drawn.iface = window
    drawn.versions.keep("one")
    # The square moves east by three tenths of its side: it gains and loses three tenths, and is as large as before.
    moved = QgsGeometry.fromWkt("Polygon((0.03 0, 0.13 0, 0.13 0.1, 0.08 0.1, 0.03 0.1, 0.03 0))")
    drawn.candidates.replace_boundary(moved)
    made = VersionsDialog(drawn)
    made.show()
    before = len(hatched(window))
    made.compare_button.click()
    assert made.comparison.head.text() == "Version 1 → Boundary now"
    assert made.comparison.facts["area"].text() == "12,309\u00a0ha → 12,309\u00a0ha"
    assert made.comparison.facts["vertices"].text() == "5 → 6 (+1)"
    assert made.comparison.gained.text() == "Gained: 3,693\u00a0ha"
    assert made.comparison.lost.text() == "Lost: 3,693\u00a0ha"
    assert len(hatched(window)) == before + 2
    # Without a library the shares cannot be known, and that is said.
    assert "species library" in made.comparison.note.text()
    drawn.candidates.replace_boundary(square(0.2))
    assert made.comparison.note.text() == "The boundary has changed since. Compare again."
    made.close()
    assert len(hatched(window)) == before
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_shares_of_both_come_from_one_check(session):
    whole = boundary_of("Cloudtop Ridge")
    box = whole.boundingBox()
    west = QgsGeometry.fromRect(QgsRectangle(box.xMinimum(), box.yMinimum(), box.center().x(), box.yMaximum()))
    session.versions.keep("whole")
    alone = {t["scientific_name"]: t for t in session.results.assessment["species"]}
    session.candidates.replace_boundary(whole.intersection(west))
    wait_for(lambda: fresh(session))
    half = {t["scientific_name"]: t for t in session.results.assessment["species"]}
    made = VersionsDialog(session)
    made.show()
    made.compare_button.click()
    wait_for(lambda: made.comparison.note.text() == "" and made.comparison.table.topLevelItemCount())
    shown = rows_of(made.comparison.table)
    assert set(shown) == {*alone, *half}
    assert made.comparison.facts["verdict"].text() == "Needs evidence, as before"
    assert made.comparison.gained.text() == "Gained: nothing"
    for name, taxon in alone.items():
        decided = [s["best"] for s in taxon["shares"] if s["deciding"]] or [s["best"] for s in taxon["shares"]]
        assert shown[name][0] == figures.percent(max(decided))
        if name in half:
            decided = [s["best"] for s in half[name]["shares"] if s["deciding"]]
            decided = decided or [s["best"] for s in half[name]["shares"]]
            assert shown[name][1] == figures.percent(max(decided))
        else:
            assert shown[name][1:] == ["outside", ""]
    lost = [name for name, cells in shown.items() if cells[2].startswith("\u2212")]
    assert lost
    made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_boundary_that_crosses_itself_has_no_area_to_compare(empty_session):
    empty_session.candidates.add("Tie", QgsGeometry.fromWkt(BOW_TIE))
    empty_session.versions.keep("tie")
    empty_session.candidates.replace_boundary(square())
    made = VersionsDialog(empty_session)
    made.compare_button.click()
    assert made.comparison.facts["area"].text().startswith("not known → ")
    assert "crosses itself" in made.comparison.gained.text()
    made.deleteLater()


def test_the_earlier_of_two_versions_is_the_one_before(dialog, drawn):
    for side in (0.1, 0.2, 0.3):
        drawn.candidates.replace_boundary(square(side))
        drawn.versions.keep(str(side))
    dialog.list.setCurrentRow(0)
    assert not dialog.compare_button.isEnabled(), "version 3 is the boundary now"
    dialog.other.setCurrentIndex(dialog.other.findData(1))
    dialog.compare_button.click()
    assert dialog.comparison.head.text() == "Version 1 → Version 3"
    drawn.candidates.add("Another", square())
    assert dialog.comparison.isHidden()


def test_shares_that_are_not_known_are_not_zero():
    share = {"parameter": "range", "segment": "resident", "basis": "range_map", "best": 0.5, "deciding": True}
    cells = {**share, "parameter": "aoo", "basis": "records", "best": 0.0, "deciding": False}
    taxon = {"taxon_id": "1", "scientific_name": "Azea alba", "category": "EN", "status": "met", "trigger": True}
    other = {**taxon, "taxon_id": "2", "scientific_name": "Azea nigra"}
    before = {"species": [{**taxon, "shares": [share]}, {**other, "shares": [share]}]}
    after = {"species": [{**taxon, "shares": [{**share, "best": 0.75}, cells]}]}
    first, second = compare(before, after)
    assert (first.before, first.after, first.change) == (0.5, 0.75, 0.25)
    assert [(s.parameter, s.before, s.after) for s in first.shares] == [("range", 0.5, 0.75), ("aoo", None, 0.0)]
    assert (second.before, second.after, second.change) == (0.5, None, None)
    assert second.status == ("met", None)
