"""Previews of changes of the boundary: fitting to edges, and taking in what lies outside."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import settle, wait_for
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorFileWriter, QgsVectorLayer
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import Qt
from window import window  # noqa: F401

from aze_plugin.gui import neighbours
from aze_plugin.gui.candidates import stored
from aze_plugin.gui.fit_dialog import FitDialog, IncludeDialog
from aze_plugin.gui.pages.boundary import BoundaryPage
from aze_plugin.gui.pages.criteria import CriteriaPage


def bands(window):  # noqa: F811
    return [item for item in window.canvas.scene().items() if isinstance(item, QgsRubberBand)]


def polygon_layer(name, wkt):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", name, "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    feature.setAttributes([name])
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def drawn(empty_session, window):  # noqa: F811
    """A candidate drawn some 20 m beside a layer's edge, without a library."""
    empty_session.iface = window
    empty_session.candidates.add(
        "Drawn", QgsGeometry.fromWkt("MultiPolygon(((10 0.0002,10.05 0.0001,10.05 0.05,10 0.05,10 0.0002)))")
    )
    layer = polygon_layer("Park", "Polygon((9.9 0, 10.02 0.00005, 10.1 0, 10.1 -0.1, 9.9 -0.1, 9.9 0))")
    return empty_session, layer


@pytest.fixture
def opened():
    made = []
    yield made.append
    for dialog in made:
        dialog.done(0)
        dialog.deleteLater()


def wkt_of(corners):
    return "Polygon((" + ",".join(f"{x!r} {y!r}" for x, y in [*corners, corners[0]]) + "))"


def choose(dialog, name):
    [item] = [dialog.layers.item(n) for n in range(dialog.layers.count()) if dialog.layers.item(n).text() == name]
    item.setCheckState(Qt.CheckState.Checked)


def texts(tree):
    return [
        [tree.topLevelItem(n).text(column) for column in range(tree.columnCount())]
        for n in range(tree.topLevelItemCount())
    ]


def test_changes_are_shown_before_and_applied_as_one_undoable_step(drawn, window):  # noqa: F811
    session, _ = drawn
    before = session.candidates.geometry()
    dialog = FitDialog(session)
    dialog.show()
    # A layer that is none of the panel's is not taken unasked.
    assert not dialog.start.isEnabled() and not dialog.apply.isEnabled()
    choose(dialog, "Park")
    dialog.look_for_changes()
    wait_for(lambda: dialog.report is not None)
    assert session.candidates.geometry().equals(before)
    assert any("Park" in dialog.changes.item(n).text() for n in range(dialog.changes.count()))
    assert "library" in texts(dialog.shares)[0][0]
    assert len(bands(window)) == 2 and dialog.apply.isEnabled()
    steps = session.candidates.layer.undoStack().count()
    dialog.apply.click()
    settle()
    after = session.candidates.geometry()
    vertices = {(round(p.x(), 7), round(p.y(), 7)) for p in after.vertices()}
    assert (10.02, 0.00005) in vertices
    assert not bands(window) and not dialog.isVisible()
    assert session.candidates.layer.undoStack().count() == steps + 1
    session.candidates.layer.undoStack().undo()
    assert session.candidates.geometry().equals(before)


def test_a_site_of_finer_coordinates_is_not_overlapped_by_what_is_stored(empty_session, tmp_path):
    session, path = empty_session, str(tmp_path / "sites.gpkg")
    corners = [(10 + 1e-4 / 3 * (n % 4), 0.001 * n + 1e-8 / 3) for n in range(61)]
    made = polygon_layer("Next door", wkt_of([*corners, (9.9, 0.06), (9.9, 0)]))
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(made, path, session.project.transformContext(), options)
    session.project.removeMapLayer(made.id())
    session.sources.add("sites", path)
    own = [(x + 5e-5, y) for x, y in corners]
    session.candidates.add("Drawn", QgsGeometry.fromWkt(wkt_of([*own, (10.1, 0.06), (10.1, 0)])))
    dialog = FitDialog(session)
    dialog.look_for_changes()
    wait_for(lambda: dialog.report is not None)
    dialog.apply.click()
    settle()
    after = session.candidates.geometry()
    assert not neighbours.thin_overlaps(session, after)
    # Rounded as other boundaries are it would.
    assert neighbours.thin_overlaps(session, stored(after))


def test_a_boundary_on_its_edges_has_nothing_to_apply(drawn, opened):
    session, _ = drawn
    first = FitDialog(session)
    choose(first, "Park")
    first.look_for_changes()
    wait_for(lambda: first.report is not None)
    first.take_over()
    again = FitDialog(session)
    opened(again)
    choose(again, "Park")
    again.look_for_changes()
    wait_for(lambda: again.report is not None)
    assert again.after is None and not again.apply.isEnabled()
    assert "Nothing to change" in again.note.text()


def test_a_boundary_edited_meanwhile_is_not_overwritten(drawn, opened, window):  # noqa: F811
    session, _ = drawn
    dialog = FitDialog(session)
    opened(dialog)
    choose(dialog, "Park")
    dialog.look_for_changes()
    wait_for(lambda: dialog.report is not None)
    other = QgsGeometry.fromWkt("MultiPolygon(((10 0.01,10.05 0.01,10.05 0.05,10 0.05,10 0.01)))")
    session.candidates.replace_boundary(other)
    settle()
    assert not dialog.apply.isEnabled() and "look again" in dialog.note.text() and not bands(window)
    dialog.take_over()
    assert session.candidates.geometry().equals(other)


def test_another_choice_takes_the_result_back(drawn, opened, window):  # noqa: F811
    session, _ = drawn
    dialog = FitDialog(session)
    opened(dialog)
    choose(dialog, "Park")
    dialog.look_for_changes()
    wait_for(lambda: dialog.report is not None)
    dialog.tolerance.setValue(5)
    assert dialog.report is None and not dialog.apply.isEnabled() and not bands(window)
    # 5 m are less than the 20 m between them: now nothing is near.
    dialog.look_for_changes()
    wait_for(lambda: dialog.report is not None)
    assert dialog.after is None


@pytest.mark.parametrize("width", [360, 600])
def test_a_long_name_is_cut_in_its_middle_and_nothing_stands_apart(drawn, opened, width):
    polygon_layer("A name " + 20 * "that goes on and on ", "Polygon((9.9 0, 10 0, 10 -0.1, 9.9 0))")
    dialog = FitDialog(drawn[0])
    opened(dialog)
    dialog.show()
    dialog.resize(width, 560)
    settle()
    assert not dialog.layers.horizontalScrollBar().isVisible()
    # From the list to the sentence below the button, one beneath the other.
    order = (dialog.layers, dialog.tolerance, dialog.simplify, dialog.start, dialog.note)
    tops = [widget.mapTo(dialog, widget.rect().topLeft()).y() for widget in order]
    ends = [top + widget.height() for top, widget in zip(tops, order)]
    assert all(0 <= top - end < 20 for top, end in zip(tops[1:], ends))


def test_closing_leaves_no_trace_on_the_map(drawn, window):  # noqa: F811
    session, _ = drawn
    items = len(window.canvas.scene().items())
    dialog = FitDialog(session)
    choose(dialog, "Park")
    dialog.look_for_changes()
    dialog.reject()
    assert not session.runner.running("fit")
    settle()
    assert len(window.canvas.scene().items()) == items


def test_the_page_opens_it_for_a_sound_boundary(drawn):
    session, _ = drawn
    page = BoundaryPage(session)
    page.snap.click()
    assert page.fitting.isVisible()
    page.fitting.close()
    page.close_page()
    page.deleteLater()


def test_shares_are_held_against_each_other(session, opened):
    dialog = FitDialog(session)
    opened(dialog)
    dialog.look_for_changes()
    wait_for(lambda: dialog.report is not None)
    heads = [dialog.shares.topLevelItem(n) for n in range(dialog.shares.topLevelItemCount())]
    rows = [head.child(n) for head in heads for n in range(head.childCount())]
    assert len(heads) > 1 and all("%" in row.text(1) and "%" in row.text(2) for row in rows)
    triggering = {e["scientific_name"] for e in session.results.assessment["species"] if e["trigger"]}
    assert {head.text(0).split(" (")[0] for head in heads if head.text(1)} == triggering
    assessed = {
        (taxon["scientific_name"], share["parameter"], share["segment"]): share["best"]
        for taxon in session.results.assessment["species"]
        for share in taxon["shares"]
    }
    told = {(r["scientific_name"], r["parameter"], r["segment"]): r["share_before"] for r in dialog.report["shares"]}
    assert {k: v for k, v in told.items() if v is not None} == pytest.approx(assessed)


@pytest.fixture
def with_outside(session, window):  # noqa: F811
    """A finding of what is outside, of a taxon of the assessment."""
    session.iface = window
    # A smaller boundary, of which more is outside.
    shape = session.candidates.geometry()
    box = shape.boundingBox()
    west = QgsGeometry.fromWkt(
        f"Polygon(({box.xMinimum()} {box.yMinimum()},{box.xMinimum() + 0.75 * box.width()} {box.yMinimum()},"
        f"{box.xMinimum() + 0.75 * box.width()} {box.yMaximum()},{box.xMinimum()} {box.yMaximum()},"
        f"{box.xMinimum()} {box.yMinimum()}))"
    )
    session.candidates.replace_boundary(shape.intersection(west))
    session.check()
    wait_for(lambda: session.results.assessment and not session.results.assessment_stale and session.busy is None)
    for taxon in session.results.assessment["species"]:
        for finding in taxon["findings"]:
            if finding["code"] == "irreplaceability.outside":
                return session, finding["params"]
    pytest.fail("nothing is outside")
    return None


def test_a_part_outside_comes_in_from_the_taxons_page(with_outside):
    session, params = with_outside
    page = CriteriaPage(session)
    page.resize(500, 800)
    page.show()
    page.show_taxon(params["taxon"])
    settle()
    details = page.details
    assert not details.parts.isHidden()
    details.parts.added.emit(details._parts[0])
    dialog = details.including
    wait_for(lambda: dialog.report is not None)
    assert dialog.report["part"] == 1 and dialog.report["segment"] == params["segment"]
    before = session.candidates.geometry()
    assert dialog.apply.isEnabled()
    dialog.apply.click()
    settle()
    after = session.candidates.geometry()
    assert after.area() > before.area() and after.isGeosValid()
    session.candidates.layer.undoStack().undo()
    assert session.candidates.geometry().equals(before)
    page.deleteLater()


def test_the_bars_card_offers_the_largest_part(with_outside):
    session, params = with_outside
    page = CriteriaPage(session)
    asked = []
    page.cards["irreplaceability"].including.connect(lambda *given: asked.append(given))
    page.cards["irreplaceability"]._bars.including.emit(params["taxon"], params["segment"])
    assert asked == [(params["taxon"], params["segment"])]
    dialog = page.details.including
    wait_for(lambda: dialog.report is not None)
    assert dialog.report["part"] == 1
    dialog.close()
    page.deleteLater()


def test_an_unknown_taxon_is_said(session, opened):
    dialog = IncludeDialog(session, "No such taxon")
    opened(dialog)
    dialog.look_for_changes()
    wait_for(lambda: dialog.note.text() != "")
    assert "No such taxon" in dialog.note.text() and not dialog.apply.isEnabled()
