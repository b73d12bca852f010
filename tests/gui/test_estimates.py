"""The user's own estimates: kept, undone, passed to the check, and edited on a taxon's page."""

import csv
import json

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, fresh, settle, wait_for
from qgis.core import QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QLocale, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication, QLineEdit, QMainWindow

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui.estimates import OwnEstimate, of_library
from aze_plugin.gui.models import estimates as model
from aze_plugin.gui.pages.criteria import CriteriaPage
from aze_plugin.services import project_state

SQUARE = QgsGeometry.fromWkt("Polygon((10 10, 10.2 10, 10.2 10.2, 10 10.2, 10 10))")


def individuals(low, best, high, name="Azea alba", segment="resident", **more):
    return OwnEstimate("", name, "mature_individuals", segment, low, best, high, **more)


def both(session, site, world):
    session.estimates.put("estimate", ("site", site, site), ("global", world, world))


def entry_of(session, name):
    return next(e for e in session.results.assessment["species"] if e["scientific_name"] == name)


def checked(session):
    wait_for(lambda: fresh(session))
    return session.results.assessment


def test_estimates_make_a_share_of_their_own_and_undo_takes_it_back(session):
    before = [s["parameter"] for s in entry_of(session, "Azea alba")["shares"]]
    assert "mature_individuals" not in before
    both(session, individuals(90.0, 95.0, 99.0), individuals(99.0, 100.0, 110.0))
    assert session.results.assessment_stale
    checked(session)
    share = next(s for s in entry_of(session, "Azea alba")["shares"] if s["parameter"] == "mature_individuals")
    # Low = 90 / 110, best = 95 / 100, high = 99 / 99.
    assert (share["low"], share["best"], share["high"]) == pytest.approx((90 / 110, 0.95, 1.0))
    assert share["basis"] == "estimate"
    session.estimates.stack.undo()
    assert session.results.assessment_stale
    checked(session)
    assert [s["parameter"] for s in entry_of(session, "Azea alba")["shares"]] == before


def test_a_change_taken_back_at_once_leaves_the_result_fresh(session):
    both(session, individuals(90.0, 95.0, 99.0), individuals(99.0, 100.0, 110.0))
    assert session.results.assessment_stale
    session.estimates.stack.undo()
    assert not session.results.assessment_stale
    session.estimates.stack.redo()
    assert session.results.assessment_stale


def test_what_cannot_be_used_is_kept_and_takes_no_part_in_the_check(empty_session):
    empty_session.candidates.add("A", SQUARE)
    wrong = individuals(20.0, 10.0, None)
    empty_session.estimates.put("x", ("site", wrong, wrong))
    assert wrong.problem("site").code == "row.estimate_order"
    assert empty_session.estimates.rows("A") == ()
    assert empty_session.estimates.of("site", "", "Azea alba") == [wrong]
    assert individuals("ten", None, None).problem("site").code == "row.estimate_number"
    assert individuals(None, -1.0, None).problem("site").code == "row.estimate_number"
    assert individuals(None, None, None).problem("site").code == "row.estimate_empty"
    assert individuals(0.0, 0.0, 0.0).problem("global").code == "row.estimate_world_zero"
    assert individuals(0.0, 0.0, 0.0).problem("site") is None
    assert individuals(1.0, 1.0, 1.0, year="last year").problem("site").code == "row.estimate_year"


def test_site_estimates_belong_to_a_candidate_and_go_along_when_it_is_renamed(empty_session):
    empty_session.candidates.add("Other", SQUARE)
    empty_session.candidates.add("Old", SQUARE)
    both(empty_session, individuals(1.0, 2.0, 3.0), individuals(10.0, 20.0, 30.0))
    empty_session.candidates.rename("New")
    assert [row.site for row in empty_session.estimates.rows("New")] == ["", "New"]
    assert [row.scope for row in empty_session.estimates.rows("Other")] == ["global"]
    # A step made under the old name is undone under the new one.
    empty_session.estimates.stack.undo()
    assert empty_session.estimates.rows("New") == ()
    empty_session.estimates.stack.redo()
    empty_session.candidates.layer.undoStack().undo()
    assert [row.site for row in empty_session.estimates.rows("Old")] == ["", "Old"]


def test_the_project_keeps_estimates_unusable_ones_included(empty_session, tmp_path):
    empty_session.candidates.add("A", SQUARE)
    site, world = individuals("ten or so", 2.0, None, origin="Survey"), individuals(10.0, 20.0, 30.0, year=2020)
    both(empty_session, site, world)
    project = QgsProject.instance()
    project.setFileName(str(tmp_path / "p.qgs"))
    assert project.write()
    project.clear()
    settle()
    assert empty_session.estimates.rows("A") == ()
    assert project.read(str(tmp_path / "p.qgs"))
    assert empty_session.estimates.of("site", "", "Azea alba") == [site]
    assert empty_session.estimates.of("global", "", "Azea alba") == [world]
    assert not empty_session.estimates.stack.canUndo()


def test_a_project_of_the_first_version_opens_without_estimates(empty_session):
    project = QgsProject.instance()
    first = json.dumps({"version": 1, "library": "", "current": "", "nominations": {}, "evidence": {}})
    project.writeEntry(project_state.SCOPE, project_state.KEY, first)
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    empty_session.restore()
    assert said == []
    assert empty_session.estimates.kept == {}


@pytest.mark.parametrize(
    "estimates",
    [
        [1],
        {"world": [{"parameter": "range"}]},
        {"world": [{**vars(individuals(1.0, 1.0, 1.0)), "parameter": "luck"}]},
        {"sites": {"A": [{**vars(individuals([], 1.0, 1.0))}]}},
    ],
)
def test_estimates_that_cannot_be_read_are_left_as_they_are(empty_session, estimates):
    project = QgsProject.instance()
    damaged = json.dumps({"version": project_state.VERSION, "estimates": estimates})
    project.writeEntry(project_state.SCOPE, project_state.KEY, damaged)
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    empty_session.restore()
    assert "cannot be read" in said[0]
    empty_session.candidates.add("A", SQUARE)
    both(empty_session, individuals(1.0, 2.0, 3.0), individuals(10.0, 20.0, 30.0))
    assert project.readEntry(project_state.SCOPE, project_state.KEY)[0] == damaged


def test_a_file_is_taken_in_one_step_and_says_what_it_left_out(session):
    loaded = session.estimates.load(str(SAMPLE / "populations.csv"), "load", session.sources.library_path)
    rows = list(csv.DictReader((SAMPLE / "populations.csv").open(encoding="utf-8")))
    elsewhere = [row for row in rows if row["site"] not in ("", "Cloudtop Ridge")]
    assert loaded.count == len(rows) - len(elsewhere)
    assert loaded.other_sites == ("Serrata Highlands",)
    assert loaded.unknown == ()
    alba = entry_of(session, "Azea alba")
    found = session.estimates.of("site", alba["taxon_id"], "Azea alba")
    assert [(e.low, e.best, e.high, e.year) for e in found] == [(825.0, 835.0, 840.0, 2022)]
    session.estimates.stack.undo()
    assert session.estimates.kept == {}


def test_a_file_with_a_wrong_row_is_not_taken_at_all(session, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("scientific_name,parameter,best\nAzea alba,range,5\nAzea alba,aoo,many\n", encoding="utf-8")
    with pytest.raises(AzeError, match="estimates.row"):
        session.estimates.load(str(path), "load", session.sources.library_path)
    assert session.estimates.kept == {}


def test_a_taxon_that_the_library_does_not_know_is_named(session, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("scientific_name,parameter,best\nNobody nowhere,range,5\n", encoding="utf-8")
    assert session.estimates.load(str(path), "load", session.sources.library_path).unknown == ("Nobody nowhere",)


def test_what_is_saved_can_be_loaded_again(empty_session, tmp_path):
    empty_session.candidates.add("A", SQUARE)
    both(
        empty_session,
        individuals(1.25, 2.0, 3.0, year=2020, origin="Survey, in “full”"),
        individuals(10.0, 20.0, 30.0),
    )
    wrong = individuals("?", None, None, segment="breeding")
    empty_session.estimates.put("x", ("site", wrong, wrong))
    before = empty_session.estimates.rows("A")
    path = tmp_path / "folder" / "e.csv"
    assert empty_session.estimates.save(str(path)) == (2, 1)
    empty_session.estimates.restore({})
    assert empty_session.estimates.load(str(path), "load").count == 2
    assert empty_session.estimates.rows("A") == before


def test_the_library_s_estimates_are_told_from_the_user_s_own(session):
    both(session, individuals(90.0, 95.0, 99.0), individuals(99.0, 100.0, 110.0))
    checked(session)
    entry = json.loads(json.dumps(entry_of(session, "Azea alba")))
    assert len(entry["estimates"]) == 2
    assert of_library(entry, session.results.assessed_estimates) == {}
    theirs = {**entry["estimates"][0], "best": 1.0}
    entry["estimates"].insert(0, theirs)
    found = of_library(entry, session.results.assessed_estimates)
    assert list(found.values()) == [theirs]


def test_the_package_gets_the_same_estimates_as_the_check(session, tmp_path):
    import zipfile

    both(session, individuals(990.0, 995.0, 999.0), individuals(999.0, 1000.0, 1010.0))
    checked(session)
    target = tmp_path / "package.zip"
    session.export(str(target), allow_incomplete=True)
    wait_for(lambda: session.package is not None and session.busy is None)
    with zipfile.ZipFile(target) as packed:
        name = next(n for n in packed.namelist() if n.endswith("data/assessment.json"))
        document = json.loads(packed.read(name))
    packed_entry = next(e for e in document["assessments"][0]["species"] if e["scientific_name"] == "Azea alba")
    assert packed_entry["shares"] == entry_of(session, "Azea alba")["shares"]
    assert any(s["basis"] == "estimate" for s in packed_entry["shares"])


# ------------------------------------------------------------------------------------------------- on the taxon's page


@pytest.fixture
def details(session):
    """The page of Azea alba, which the library of these tests has no estimates of."""
    page = CriteriaPage(session)
    page.resize(560, 900)
    page.show()
    page.show_taxon("Azea alba")
    settle()
    yield page.details
    page.deleteLater()


def shown(details):
    """Kind, scope, and the texts of minimum, best and maximum, of every row that is an estimate."""
    shown_model = details.estimates.model
    return [
        (line.kind, line.scope, *(shown_model.index(row, c).data() for c in (model.LOW, model.BEST, model.HIGH)))
        for row, line in enumerate(shown_model.lines)
        if line.kind != "title"
    ]


def type_into(details, row, column, typed):
    """Write into a cell as a person does: open it, type, Enter."""
    table = details.estimates.table
    table.setCurrentIndex(details.estimates.model.index(row, column))
    table.edit(table.currentIndex())
    editor = table.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, typed)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settle()


def fill(details, **texts):
    details.estimates.add.click()
    form = details.estimates.form
    form.parameter.setCurrentIndex(form.parameter.findData("mature_individuals"))
    form.segment.setCurrentIndex(form.segment.findData("resident"))
    for key, typed in texts.items():
        scope, field = key.split("_")
        form.fields[{"world": "global"}.get(scope, scope), field].setFocus()
        QTest.keyClicks(form.fields[{"world": "global"}.get(scope, scope), field], typed)
    return form


def test_site_and_world_are_added_side_by_side_in_one_step(details, session):
    assert details.estimates.none.isVisible()
    form = fill(details, site_best="98", world_low="99", world_best="100", world_year="2021", world_origin="Count")
    form.accept.click()
    assert not form.isVisible()
    assert shown(details) == [("own", "site", "", "98", ""), ("own", "global", "99", "100", "")]
    checked(session)
    share = next(s for s in entry_of(session, "Azea alba")["shares"] if s["parameter"] == "mature_individuals")
    # A bound that nobody gives is the best value: 98 / 100, 98 / 100, 98 / 99.
    assert (share["low"], share["best"], share["high"]) == pytest.approx((0.98, 0.98, 98 / 99))
    details.estimates.undo.click()
    assert shown(details) == []
    assert not details.estimates.undo.isEnabled()
    details.estimates.redo.click()
    assert [row[:2] for row in shown(details)] == [("own", "site"), ("own", "global")]


def test_a_form_with_something_wrong_stays_open_and_keeps_what_was_typed(details, session):
    form = fill(details, site_low="20", site_best="10", world_best="many")
    form.accept.click()
    assert form.isVisible()
    assert "not in this order" in form.problem.plain()
    assert "many" in form.problem.plain()
    assert session.estimates.kept == {}
    # A look at another taxon and back: nothing of it is lost.
    other = next(e["scientific_name"] for e in session.results.assessment["species"] if e["trigger"])
    other = other if other != "Azea alba" else session.results.assessment["species"][-1]["scientific_name"]
    details.open(other)
    assert not form.isVisible()
    details.open("Azea alba")
    assert form.isVisible()
    assert form.fields["site", "low"].text() == "20"
    assert form.fields["global", "best"].text() == "many"


def test_an_empty_form_asks_to_be_filled_in(details):
    form = fill(details)
    form.accept.click()
    assert form.isVisible()
    assert form.problem.plain()


def test_cells_are_written_in_place_and_what_is_wrong_is_kept_and_said(details, session):
    fill(details, site_low="80", site_best="90", site_high="95", world_best="100").accept.click()
    type_into(details, 1, model.LOW, "92")
    wrong = details.estimates.problems.plain()
    assert details.estimates.problems.isVisible()
    assert "92" in wrong and "not in this order" in wrong
    assert [row.scope for row in session.estimates.rows("Cloudtop Ridge")] == ["global"]
    type_into(details, 1, model.BEST, "94")
    assert not details.estimates.problems.isVisible()
    site = next(row for row in session.estimates.rows("Cloudtop Ridge") if row.scope == "site")
    assert (site.low, site.best, site.high) == (92.0, 94.0, 95.0)
    type_into(details, 1, model.BEST, "some")
    assert shown(details)[0][3] == "some"
    assert "some" in details.estimates.problems.plain()
    details.estimates.undo.click()
    assert shown(details)[0][3] == "94"


def test_opening_a_cell_and_leaving_it_changes_nothing(details, session):
    exact = OwnEstimate("", "Azea alba", "range", "resident", 1234567.891, 2e6, 3e6)
    both(session, exact, exact)
    settle()
    steps = session.estimates.stack.count()
    table = details.estimates.table
    table.setCurrentIndex(details.estimates.model.index(1, model.LOW))
    table.edit(table.currentIndex())
    editor = table.findChild(QLineEdit)
    assert editor.text() == "123.4567891"
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settle()
    assert session.estimates.stack.count() == steps


def test_what_is_being_typed_survives_a_result_that_comes_meanwhile(details, session):
    fill(details, site_best="90", world_best="100").accept.click()
    table = details.estimates.table
    table.setCurrentIndex(details.estimates.model.index(1, model.HIGH))
    table.edit(table.currentIndex())
    editor = table.findChild(QLineEdit)
    QTest.keyClicks(editor, "9")
    checked(session)
    # Rows come from elsewhere meanwhile, too.
    more = individuals(1.0, 2.0, 3.0, segment="breeding")
    session.estimates.put("x", ("site", more, more))
    settle()
    assert table.is_editing()
    QTest.keyClicks(editor, "5")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settle()
    found = session.estimates.of("site", entry_of(session, "Azea alba")["taxon_id"], "Azea alba")
    assert {e.segment: e.high for e in found} == {"resident": 95.0, "breeding": 3.0}
    assert len([line for line in details.estimates.model.lines if line.kind == "title"]) == 2


def test_tab_goes_on_to_the_next_cell(details, session):
    fill(details, site_best="90", world_best="100").accept.click()
    table = details.estimates.table
    table.setCurrentIndex(details.estimates.model.index(1, model.LOW))
    table.edit(table.currentIndex())
    QTest.keyClicks(table.findChild(QLineEdit), "80")
    QTest.keyClick(table.findChild(QLineEdit), Qt.Key.Key_Tab)
    settle()
    assert table.currentIndex().column() == model.BEST
    assert table.is_editing()
    assert shown(details)[0][2] == "80"


def test_keys_undo_on_the_page_and_not_elsewhere(details, session):
    fill(details, site_best="90", world_best="100").accept.click()
    details.activateWindow()
    details.setFocus()
    settle()
    QTest.keyClick(details, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert shown(details) == []
    QTest.keyClick(details.estimates.table, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert len(shown(details)) == 2
    # Within a field that is being written in, the keys mean its text.
    form = fill(details, site_low="5")
    QTest.keyClick(form.fields["site", "low"], Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(shown(details)) == 2


def test_the_window_s_own_undo_does_not_get_in_the_way(details, session):
    fill(details, site_best="90", world_best="100").accept.click()
    window, undone = QMainWindow(), []
    action = QAction("Undo", window)
    action.setShortcut("Ctrl+Z")
    action.triggered.connect(lambda: undone.append("layer"))
    window.addAction(action)
    page = details.window()
    window.setCentralWidget(page)
    window.show()
    QApplication.setActiveWindow(window)
    details.setFocus()
    settle()
    QTest.keyClick(details, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (shown(details), undone) == ([], [])
    # With nothing left to undo on the page the keys are the window's again.
    QTest.keyClick(details, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert undone == ["layer"]
    page.setParent(None)
    window.deleteLater()


def test_the_library_s_are_overridden_and_not_edited(details, session, monkeypatch):
    entry = entry_of(session, "Azea alba")
    for scope, best in (("site", 90.0), ("global", 100.0)):
        entry["estimates"].append(
            {
                "scope": scope,
                "parameter": "mature_individuals",
                "segment": "resident",
                "low": best,
                "best": best,
                "high": best,
                "year": 2020,
                "origin": "Survey",
            }
        )
    details.refresh()
    assert shown(details) == [("library", "site", "90", "90", "90"), ("library", "global", "100", "100", "100")]
    index = details.estimates.model.index(1, model.BEST)
    assert not details.estimates.model.flags(index) & Qt.ItemFlag.ItemIsEditable
    assert not details.estimates.model.setData(index, "5")
    details.estimates.table.setCurrentIndex(index)
    assert details.estimates.override.isVisible()
    details.estimates.override.click()
    assert [row[:2] for row in shown(details)] == [("own", "site"), ("library", "site"), ("library", "global")]
    editor = details.estimates.table.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "85")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settle()
    assert shown(details)[0] == ("own", "site", "90", "85", "90")
    details.estimates.table.setCurrentIndex(details.estimates.model.index(1, model.LOW))
    QTest.keyClick(details.estimates.table, Qt.Key.Key_Delete)
    assert [row[:2] for row in shown(details)] == [("library", "site"), ("library", "global")]


def test_numbers_are_read_as_the_user_writes_them(qgis_app):
    before = QLocale()
    try:
        QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
        assert model.read_entry("1.234,5", "best", "mature_individuals") == 1234.5
        assert model.read_entry("1,5 km²", "best", "range") == 1.5e6
        QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
        assert model.read_entry("1,234.5", "best", "mature_individuals") == 1234.5
        # A comma that sets no thousands apart is no guess at a decimal.
        assert model.read_entry("1,5", "best", "mature_individuals") == "1,5"
        assert model.read_entry("4.35", "best", "range") == 43500.0
        assert model.read_entry("4.35 ha", "best", "esh") == 43500.0
        assert model.read_entry("120 m2", "best", "esh") == 120.0
        assert model.read_entry("", "best", "esh") is None
        assert model.read_entry("2020", "year", "esh") == 2020
        assert model.read_entry("in 2020", "year", "esh") == "in 2020"
        kept = OwnEstimate("", "A", "range", "all", 1234567.891)
        assert model.read_entry(model.entered_text(kept, "low"), "low", "range") == 1234567.891
    finally:
        QLocale.setDefault(before)


def test_files_are_loaded_and_saved_with_a_word_on_what_came_of_it(details, session, tmp_path):
    said = []
    session.message.connect(lambda sentence, level: said.append(sentence))
    details.load_estimates(str(SAMPLE / "populations.csv"))
    assert "Serrata Highlands" in said[-1]
    assert [row[:2] for row in shown(details)] == [("own", "site"), ("own", "global")]
    details.save_estimates(str(tmp_path / "saved.csv"))
    assert "saved.csv" in said[-1]
    details.load_estimates(str(tmp_path / "nothing.csv"))
    assert "nothing.csv" in said[-1]
    assert len(shown(details)) == 2


@pytest.mark.parametrize("width", [270, 370, 560])
def test_nothing_of_the_page_is_wider_than_the_panel(details, session, width):
    fill(details, site_best="1234567", world_best="98765432", world_origin="A long source " * 8).accept.click()
    details.estimates.table.setCurrentIndex(details.estimates.model.index(1, model.LOW))
    page = details.window()
    page.resize(width, 900)
    settle()
    assert page.width() == width
    scroll = details.scroll
    assert scroll.widget().width() <= scroll.viewport().width()
    # Year and source are there in any width: in columns, or below the table.
    assert details.estimates.table.isColumnHidden(model.SOURCE) == details.estimates.more.isVisible()
