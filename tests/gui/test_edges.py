"""Coordinates along edges: shared with a site beside, rounded with the edit that moved them."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import settle
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from window import window  # noqa: F401

from aze_plugin.gui import measure
from aze_plugin.gui.pages.boundary import BoundaryPage
from aze_plugin.gui.widgets.basics import TextLabel
from aze_plugin.services.boundary_sources import Text

# An edge from north to south at a longitude of more decimals than are stored: rounding moves it west, into the site.
FINE = 10.012345643210988
SITE = f"Polygon((10 0, {FINE} 0, {FINE} 0.05, {FINE} 0.1, 10 0.1, 10 0))"
BESIDE = f"POLYGON(({FINE} 0, 10.1 0, 10.1 0.1, {FINE} 0.1, {FINE} 0.05, {FINE} 0))"
# The same edge as someone else has digitised it, 3 cm further west.
INTO = BESIDE.replace(str(FINE), str(FINE - 3e-7))


def site_layer(wkt=SITE, crs="EPSG:4326", name="Old Forest"):
    layer = QgsVectorLayer(f"Polygon?crs={crs}&field=IntName:string&field=SitRecID:integer", "sites", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    feature.setAttributes([name, 1])
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def page(empty_session, window, monkeypatch):  # noqa: F811
    empty_session.iface = window
    empty_session.sources.adopt(site_layer(), "sites")
    # What is pasted does not say where it lies; here it is known.
    lonlat = QgsCoordinateReferenceSystem("EPSG:4326")
    made = BoundaryPage(empty_session)
    monkeypatch.setattr(made.importing, "_ask", lambda _question: {"crs": lonlat, "swap": False})
    made.show()
    settle()
    yield made
    made.close_page()
    made.deleteLater()


def overlap_m2(session):
    common = session.candidates.geometry().intersection(QgsGeometry.fromWkt(SITE))
    return 0.0 if common.isEmpty() else measure.area_m2(common)


def rows(page):
    body = page.faults.body
    return [body.itemAt(n).widget() for n in range(body.count())]


def test_an_edge_shared_with_a_finer_site_stays_shared(page, empty_session):
    # Rounded it would reach 5 mm into the site along 11 km.
    assert measure.area_m2(QgsGeometry.fromWkt(BESIDE.replace(str(FINE), str(round(FINE, 7))))) > 0
    page.importing.take(Text(BESIDE))
    assert overlap_m2(empty_session) <= 0.1
    assert empty_session.candidates.geometry().boundingBox().xMinimum() == FINE
    assert page.faults.chip.state == "fine"


def test_elsewhere_coordinates_are_rounded(page, empty_session):
    page.importing.take(Text(BESIDE.replace(str(FINE), "10.0512345678")))
    assert empty_session.candidates.geometry().boundingBox().xMinimum() == 10.0512346


def test_an_edge_digitised_twice_is_shared_by_one_click(page, empty_session):
    page.importing.take(Text(INTO))
    assert overlap_m2(empty_session) > 100
    before = empty_session.candidates.geometry()
    [row] = rows(page)
    said = " ".join(label.plain() for label in row.findChildren(TextLabel))
    assert "Old Forest" in said and "0.042" in said and "ha" in said
    [button] = [row.actions.itemAt(n).widget() for n in range(row.actions.count()) if row.actions.itemAt(n).widget()]
    steps = empty_session.candidates.layer.undoStack().count()
    button.click()
    settle()
    assert overlap_m2(empty_session) <= 0.1
    assert empty_session.candidates.layer.undoStack().count() == steps + 1
    assert page.faults.chip.state == "fine"
    # Saving leaves the shared corners alone.
    empty_session.candidates.layer.commitChanges(True)
    assert overlap_m2(empty_session) <= 0.1
    assert measure.area_m2(empty_session.candidates.geometry()) == pytest.approx(measure.area_m2(before), rel=1e-5)


def test_a_real_overlap_is_left_to_the_check(page, empty_session):
    page.importing.take(Text(BESIDE.replace(str(FINE), str(FINE - 0.005))))
    assert page.faults.chip.state == "fine"


@pytest.fixture
def saved(page, empty_session):
    empty_session.candidates.add("Square", QgsGeometry.fromWkt("Polygon((11 0, 11.1 0, 11.1 0.1, 11 0.1, 11 0))"))
    empty_session.candidates.layer.commitChanges(True)
    return empty_session


def vertices(session):
    # The shape has to outlive the walk along its vertices.
    shape = session.candidates.geometry()
    return [(v.x(), v.y()) for v in shape.vertices()][:-1]


def move(session, number, x, y):
    """As QGIS's vertex tool does it."""
    layer = session.candidates.layer
    layer.startEditing()
    layer.beginEditCommand("Moved vertex")
    assert layer.moveVertex(x, y, next(layer.getFeatures()).id(), number)
    layer.endEditCommand()


def test_a_moved_vertex_is_rounded_with_the_edit_that_moved_it(saved):
    layer = saved.candidates.layer
    move(saved, 2, 11.123456789, 0.123456789)
    assert (11.123456789, 0.123456789) in vertices(saved)
    # Undo and redo are those of the user's own step until it is saved.
    assert layer.undoStack().count() == 1
    layer.undoStack().undo()
    assert (11.1, 0.1) in vertices(saved)
    layer.undoStack().redo()
    assert layer.commitChanges(False)
    assert vertices(saved) == [(11, 0), (11.1, 0), (11.1234568, 0.1234568), (11, 0.1)]
    assert layer.undoStack().count() == 0 and not layer.isModified()
    file = QgsVectorLayer(f"{saved.candidates.file}|layername=candidates", "file", "ogr")
    assert [f.geometry().asWkt(9) for f in file.getFeatures()] == [saved.candidates.geometry().asWkt(9)]
    assert layer.rollBack()


def test_a_corner_that_the_file_has_stays_as_it_is(page, empty_session):
    fine = QgsGeometry.fromWkt("Polygon((11.00000000123 0, 11.1 0, 11.1 0.1, 11 0.1, 11.00000000123 0))")
    empty_session.candidates.add("Fine", fine, exact=True)
    empty_session.candidates.layer.commitChanges(True)
    assert vertices(empty_session)[0] == (11.00000000123, 0)
    move(empty_session, 2, 11.123456789, 0.1)
    empty_session.candidates.layer.commitChanges(True)
    assert vertices(empty_session) == [(11.00000000123, 0), (11.1, 0), (11.1234568, 0.1), (11, 0.1)]


def test_a_corner_snapped_to_a_site_stays_on_it(saved):
    move(saved, 0, FINE, 0.05)
    saved.candidates.layer.commitChanges(True)
    assert (FINE, 0.05) in vertices(saved)


def test_a_hair_that_rounding_would_close_stays(saved):
    layer = saved.candidates.layer
    layer.startEditing()
    cut = QgsGeometry.fromWkt("MultiPolygon(((0 0, 0.1 0, 0.1 0.1, 0.05 0.00000002, 0 0.1, 0 0)))")
    layer.changeGeometry(next(layer.getFeatures()).id(), cut)
    assert layer.commitChanges(True)
    assert saved.candidates.geometry().isGeosValid()


def test_undo_can_be_clicked_after_the_first_change(saved, page):
    assert not page.undo.isEnabled()
    move(saved, 2, 11.2, 0.2)
    settle()
    assert page.undo.isEnabled()
    page.undo.click()
    assert (11.1, 0.1) in vertices(saved) and page.redo.isEnabled() and not page.undo.isEnabled()


def test_vertices_are_moved_from_the_page_too(saved, page, window):  # noqa: F811
    assert page.move.text() == "Move vertices"
    page.move.click()
    assert page.moving.is_active() and page.move.text() == "Stop moving"
    assert window.canvas.mapTool() is page.moving.tool
    page.move.click()
    assert not page.moving.is_active() and page.move.text() == "Move vertices"
