"""Proposals for a boundary in a real window: choosing taxon and units, looking at proposals, taking one."""

from dataclasses import replace

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, fresh, settle, wait_for
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import Qt
from window import window  # noqa: F401

from aze_plugin.gui import preferences
from aze_plugin.gui.pages.boundary import BoundaryPage
from aze_plugin.gui.pages.criteria import CriteriaPage
from aze_plugin.gui.suggest_dialog import SuggestDialog, candidate_name

TAXON = "Azea alba"
PROTECTED = "protected_areas polygons"


def bands(window):  # noqa: F811
    return [item for item in window.canvas.scene().items() if isinstance(item, QgsRubberBand)]


@pytest.fixture
def opened():
    made = []
    yield lambda dialog: made.append(dialog) or dialog
    for dialog in made:
        dialog.done(0)
        dialog.deleteLater()


@pytest.fixture
def in_window(session, window):  # noqa: F811
    session.iface = window
    return session


def looked(dialog):
    dialog.look()
    wait_for(lambda: not dialog.run.is_running)
    return dialog


def items(dialog):
    return [dialog.units.item(n) for n in range(dialog.units.count())]


def tick(dialog, name, state=Qt.CheckState.Checked):
    next(item for item in items(dialog) if item.text() == name).setCheckState(state)


def rows(dialog):
    tree = dialog.proposals
    return [[tree.topLevelItem(n).text(c) for c in range(tree.columnCount())] for n in range(tree.topLevelItemCount())]


def test_only_taxa_that_can_trigger_are_offered_the_asked_one_first(in_window, opened):
    dialog = opened(SuggestDialog(in_window, TAXON))
    offered = [dialog.taxon.itemText(n) for n in range(dialog.taxon.count())]
    assert offered[0] == dialog.taxon.currentText() == "Azea alba (EN)"
    assert {text[-3:-1] for text in offered} <= {"CR", "EN", "EW"}
    known = {entry["scientific_name"]: entry["category"] for entry in in_window.results.assessment["species"]}
    vulnerable = [name for name, category in known.items() if category not in ("CR", "EN", "EW")]
    assert vulnerable and not any(text.startswith(tuple(vulnerable)) for text in offered)
    # A part of the name finds it.
    completer = dialog.taxon.completer()
    completer.setCompletionPrefix("alba")
    assert [completer.currentCompletion()] == ["Azea alba (EN)"]


@pytest.mark.parametrize("taxon, with_units, least", [(TAXON, True, 1), ("Nubilana celsa", False, 3)])
def test_a_proposal_becomes_a_candidate_with_the_share_it_was_proposed_with(
    in_window,
    window,  # noqa: F811
    taxon,
    with_units,
    least,
):
    session = in_window
    dialog = SuggestDialog(session, taxon)
    dialog.show()
    assert [item.text() for item in items(dialog) if item.checkState() == Qt.CheckState.Checked] == [PROTECTED]
    if not with_units:
        tick(dialog, PROTECTED, Qt.CheckState.Unchecked)
    looked(dialog)
    proposals = dialog.report["proposals"]
    assert len(rows(dialog)) == len(proposals) >= least
    assert dialog.use.isEnabled() and len(bands(window)) == 1
    assert rows(dialog)[0][0].startswith("1 · least area") and "ha" in rows(dialog)[0][2]
    for number, row in enumerate(proposals):
        dialog.proposals.setCurrentItem(dialog.proposals.topLevelItem(number))
        told = dialog.why.plain()
        assert all(f["message"].replace("\u200b", "") in told for f in row["findings"])
        assert len(bands(window)) == 1
        centre, shape = window.canvas.extent().center(), dialog.chosen()[1].boundingBox()
        assert shape.contains(centre) and row["share"] > 0.95
    dialog.proposals.setCurrentItem(dialog.proposals.topLevelItem(0))
    row, names, dialog_report = proposals[0], session.candidates.names, dialog.report
    undo = session.candidates.layer.undoStack()
    steps = undo.count()
    dialog.use.click()
    settle()
    added = session.candidates.current
    assert added not in names and added == candidate_name(row, dialog_report)
    assert undo.count() == steps + 1 and not dialog.isVisible()
    # The new candidate lights up, and nothing of the proposals stays.
    wait_for(lambda: not bands(window))
    wait_for(lambda: fresh(session))
    entry = next(s for s in session.results.assessment["species"] if s["scientific_name"] == taxon)
    shares = {(s["parameter"], s["segment"]): s["best"] for s in entry["shares"]}
    assert shares[row["parameter"], row["segment"]] == pytest.approx(row["share"], abs=1e-6)
    assert session.candidates.area_ha() == pytest.approx(row["area_ha"], rel=1e-6)
    undo.undo()
    settle()
    assert session.candidates.names == names


def test_proposals_go_by_the_rules_that_checks_go_by(in_window, opened):
    own = replace(preferences.published(), threshold=0.9, since_year=2010, presence="1")
    preferences.save(own, "")
    try:
        given = opened(SuggestDialog(in_window, TAXON)).parameters()
    finally:
        preferences.save(preferences.published(), "")
    assert (given["THRESHOLD"], given["SINCE_YEAR"], given["PRESENCE"]) == (0.9, 2010, "1")


def test_without_units_hexagons_are_put_together_and_that_is_said(in_window, opened):
    dialog = opened(SuggestDialog(in_window, TAXON))
    tick(dialog, PROTECTED, Qt.CheckState.Unchecked)
    assert "hexagons" in dialog.said.plain() and dialog.fill.isHidden()
    looked(dialog)
    row = dialog.report["proposals"][0]
    assert row["hexagons"] == row["units"] > 0 and row["share"] > 0.95
    assert "hexagon" in dialog.why.plain()
    assert candidate_name(row, dialog.report) == "Land of Azea alba"


def test_a_layer_that_cannot_be_built_from_is_named(in_window, opened):
    points = QgsVectorLayer("LineString?crs=EPSG:4326", "Rivers of the north", "memory")
    QgsProject.instance().addMapLayer(points)
    in_window.sources.adopt(points, "edges")
    dialog = opened(SuggestDialog(in_window, TAXON))
    assert "Rivers of the north" not in [item.text() for item in items(dialog)]
    assert "Rivers of the north" in dialog.said.plain()


def parcel(name, wkt):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", name, "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)


def test_nothing_reaches_the_threshold(in_window, opened, window):  # noqa: F811
    centre = in_window.candidates.geometry().boundingBox().center()
    corner = QgsGeometry.fromPointXY(centre).buffer(0.01, 2).boundingBox().asWktPolygon()
    parcel("Parcel", corner)
    dialog = opened(SuggestDialog(in_window, TAXON))
    dialog.show()
    tick(dialog, PROTECTED, Qt.CheckState.Unchecked)
    tick(dialog, "Parcel")
    dialog.fill.setChecked(False)
    looked(dialog)
    assert dialog.report["proposals"] == [] and not dialog.proposals.isVisible()
    assert 0 < dialog.report["reachable_share"] < 0.95
    assert "holds enough" in dialog.note.plain() and "hexagons" in dialog.whole.plain().lower()
    assert not dialog.use.isEnabled() and not bands(window)


def test_units_that_hold_nothing_are_an_error_in_words(in_window, opened):
    parcel("Far away", "Polygon((-60 -60,-59 -60,-59 -59,-60 -59,-60 -60))")
    dialog = opened(SuggestDialog(in_window, TAXON))
    tick(dialog, PROTECTED, Qt.CheckState.Unchecked)
    tick(dialog, "Far away")
    dialog.fill.setChecked(False)
    looked(dialog)
    assert dialog.report is None and "nothing to build" in dialog.note.plain()
    assert dialog.start.isEnabled() and not dialog.use.isEnabled()


def test_sites_that_are_built_from_are_not_barred(in_window, opened):
    in_window.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    dialog = opened(SuggestDialog(in_window, TAXON))
    assert "SITES" in dialog.parameters() and "left to them" in dialog.said.plain()
    tick(dialog, "sites")
    assert "SITES" not in dialog.parameters() and "update" in dialog.said.plain()


def test_another_choice_takes_the_result_back(in_window, opened, window):  # noqa: F811
    dialog = opened(SuggestDialog(in_window, TAXON))
    looked(dialog)
    assert bands(window)
    dialog.parameter.setCurrentIndex(3)
    assert dialog.report is None and not dialog.use.isEnabled() and not bands(window)


def test_cancel_and_closing_leave_no_trace(in_window, window):  # noqa: F811
    shown = len(window.canvas.scene().items())
    dialog = SuggestDialog(in_window, TAXON)
    dialog.look()
    dialog.busy.cancelled.emit()
    assert not in_window.runner.running("suggest") and dialog.note.text() == "Stopped."
    assert dialog.start.isEnabled()
    dialog.look()
    dialog.reject()
    assert not in_window.runner.running("suggest")
    settle()
    assert len(window.canvas.scene().items()) == shown


def test_an_unknown_taxon_and_a_missing_library_are_said(in_window, empty_session, opened):
    dialog = opened(SuggestDialog(in_window, TAXON))
    dialog.taxon.setEditText("No such taxon")
    looked(dialog)
    assert "No such taxon" in dialog.note.plain()
    dialog.taxon.setEditText("")
    assert not dialog.start.isEnabled() and "Choose a taxon" in dialog.note.plain()
    in_window.sources.use_library("")
    other = opened(SuggestDialog(in_window))
    assert not other.start.isEnabled() and "library" in other.note.plain()


def test_the_pages_open_it(in_window):
    page = BoundaryPage(in_window)
    page.suggest.click()
    assert page.suggesting.isVisible()
    page.suggesting.close()
    page.close_page()
    page.deleteLater()
    criteria = CriteriaPage(in_window)
    criteria.show_taxon(TAXON)
    criteria.details.suggest.click()
    assert criteria.details.suggesting.taxon.currentText() == "Azea alba (EN)"
    criteria.details.suggesting.close()
    criteria.deleteLater()


@pytest.mark.parametrize(
    "names, wanted",
    [
        (["A"], "A"),
        (["A", "A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C"], "A and 2 more"),
        ([], "Land of Azea alba"),
    ],
)
def test_names_of_candidates(qgis_app, names, wanted):
    assert candidate_name({"unit_names": names, "hexagons": 0}, {"scientific_name": TAXON}) == wanted


def test_name_of_a_unit_with_hexagons_round_it(qgis_app):
    row = {"unit_names": ["A"], "hexagons": 3}
    assert candidate_name(row, {"scientific_name": TAXON}) == "A with surroundings"
