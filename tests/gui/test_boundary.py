"""The page Boundary: drawing, importing, pasting, editing, mending."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, settle
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QGuiApplication, QMouseEvent
from qgis.PyQt.QtWidgets import QApplication, QInputDialog
from window import window  # noqa: F401

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui import measure
from aze_plugin.gui.pages import boundary as module
from aze_plugin.gui.pages.boundary import BoundaryPage

BOW_TIE = "Polygon((0 0, 1 1, 1 0, 0 1, 0 0))"
SQUARE = "Polygon((0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0))"


@pytest.fixture
def page(empty_session, window):  # noqa: F811
    empty_session.iface = window
    made = BoundaryPage(empty_session)
    made.resize(276, 700)
    made.show()
    settle()
    yield made
    made.close_page()
    made.deleteLater()


def press(canvas, x, y, button=Qt.MouseButton.LeftButton):
    spot = canvas.getCoordinateTransform().transform(x, y)
    place = QPoint(round(spot.x()), round(spot.y()))
    for kind in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        QApplication.sendEvent(
            canvas.viewport(), QMouseEvent(kind, place, pressed, pressed, Qt.KeyboardModifier.NoModifier)
        )


def test_drawing_with_the_mouse(page, empty_session, window, monkeypatch):  # noqa: F811
    monkeypatch.setattr(QInputDialog, "getText", staticmethod(lambda *a, **k: ("Drawn", True)))
    window.canvas.setExtent(QgsRectangle(0, 0, 1, 1))
    page.toggle_drawing()
    assert page.drawing.is_active()
    assert window.canvas.mapTool() is not window.pan
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)):
        press(window.canvas, x, y)
    press(window.canvas, 0.5, 0.5, Qt.MouseButton.RightButton)
    settle()
    assert empty_session.candidates.current == "Drawn"
    assert empty_session.candidates.geometry().area() == pytest.approx(0.36, rel=0.05)
    assert not page.drawing.is_active()
    assert window.canvas.mapTool() is window.pan


def test_giving_up_leaves_no_trace(page, empty_session, window):  # noqa: F811
    items = len(window.canvas.scene().items())
    page.toggle_drawing()
    press(window.canvas, 0.2, 0.2)
    press(window.canvas, 0.4, 0.2)
    page.toggle_drawing()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.canvas.mapTool() is window.pan
    assert len(window.canvas.scene().items()) == items
    assert empty_session.candidates.names == []
    assert not empty_session.candidates.layer.isEditable()


def test_another_tool_ends_the_drawing(page, window):  # noqa: F811
    page.toggle_drawing()
    window.canvas.setMapTool(window.pan)
    assert not page.drawing.is_active()
    assert page.draw.text() == "Draw"


def test_each_chosen_feature_becomes_a_candidate(page, empty_session, monkeypatch):
    monkeypatch.setattr(module.ChooseFeatures, "exec", lambda self: True)
    monkeypatch.setattr(module.ChooseFeatures, "chosen", lambda self: [0, 2])
    page.import_file(str(SAMPLE / "candidates.gpkg"))
    assert empty_session.candidates.names == ["Cloudtop Ridge", "Ember Crater"]


def test_a_file_without_crs_is_asked_about(page, empty_session, monkeypatch, tmp_path):
    layer = QgsVectorLayer("Polygon?field=name:string", "plain", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["Metres"])
    feature.setGeometry(QgsGeometry.fromWkt("Polygon((0 0, 10000 0, 10000 10000, 0 10000, 0 0))"))
    layer.dataProvider().addFeatures([feature])
    layer.setCrs(QgsCoordinateReferenceSystem())
    monkeypatch.setattr(module.layers, "open_vectors", lambda path: [layer])
    monkeypatch.setattr(page, "_ask_crs", lambda name: None)
    page.import_file("plain.shp")
    assert empty_session.candidates.names == []
    monkeypatch.setattr(page, "_ask_crs", lambda name: QgsCoordinateReferenceSystem("EPSG:6933"))
    page.import_file("plain.shp")
    assert empty_session.candidates.names == ["Metres"]
    assert empty_session.candidates.area_ha() == pytest.approx(10_000, rel=0.001)


def test_selected_features_of_any_polygon_layer(page, empty_session):
    layer = QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr")
    QgsProject.instance().addMapLayer(layer)
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    page.take_selection()
    assert "Select" in said[0]
    layer.selectByIds([next(layer.getFeatures()).id()])
    page.take_selection()
    assert empty_session.candidates.current == next(layer.getFeatures())["IntName"]


@pytest.mark.parametrize(
    "content",
    [
        SQUARE,
        f"SRID=4326;{SQUARE}",
        '{"type":"Polygon","coordinates":[[[0,0],[0.1,0],[0.1,0.1],[0,0.1],[0,0]]]}',
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Pasted"},"geometry":'
        '{"type":"Polygon","coordinates":[[[0,0],[0.1,0],[0.1,0.1],[0,0.1],[0,0]]]}}]}',
        f"wkt_geom\tname\n{SQUARE}\tCopied",
    ],
)
def test_pasting(page, empty_session, content):
    QGuiApplication.clipboard().setText(content)
    page.paste()
    assert len(empty_session.candidates.names) == 1
    assert empty_session.candidates.geometry().area() == pytest.approx(0.01)


@pytest.mark.parametrize("content", ["", "hello", "{", "Point(0 0)", '{"type":"Point","coordinates":[0,0]}'])
def test_pasting_what_is_no_boundary(page, empty_session, content):
    with pytest.raises(AzeError, match="not_text"):
        module._from_text(content)


def test_a_bow_tie_is_shown_and_mended(page, empty_session, monkeypatch):
    empty_session.candidates.add("Tie", QgsGeometry.fromWkt(BOW_TIE))
    settle()
    assert empty_session.page_state("boundary") == "problem"
    assert page.faults.chip.state == "problem"
    assert empty_session.candidates.area_ha() is None
    offered = []
    monkeypatch.setattr(module.MendDialog, "exec", lambda self: offered.append(self) or True)
    page.mend()
    assert offered
    assert empty_session.candidates.geometry().isGeosValid()
    assert empty_session.candidates.geometry().area() == pytest.approx(0.5)
    assert empty_session.page_state("boundary") == "fine"
    page._undo_stack("undo")
    assert empty_session.page_state("boundary") == "problem"


def test_tiny_parts_are_shown_and_removed(page, empty_session, monkeypatch):
    speck = "((5 5, 5.00001 5, 5.00001 5.00001, 5 5.00001, 5 5))"
    large = SQUARE.partition("Polygon")[2]
    empty_session.candidates.add("Two", QgsGeometry.fromWkt(f"MultiPolygon({large}, {speck})"))
    settle()
    assert page.faults.chip.state == "work"
    monkeypatch.setattr(module.MendDialog, "exec", lambda self: True)
    page.remove_slivers()
    assert empty_session.candidates.geometry().constGet().numGeometries() == 1


def test_facts_of_a_known_square(qgis_app):
    facts = measure.facts(QgsGeometry.fromWkt(SQUARE), 0.001)
    # 0.1° at the equator: 11,131.949 m east, 11,057.4 m north.
    assert facts.area_m2 == pytest.approx(11_131.949 * 11_057.43, rel=1e-4)
    assert facts.perimeter_m == pytest.approx(2 * (11_131.949 + 11_057.43), rel=1e-4)
    assert (facts.parts, facts.vertices, facts.slivers) == (1, 5, 0)
    assert facts.spacing_m == pytest.approx(11_131.9, rel=1e-3)


def test_an_update_offers_the_sites_it_meets(page, empty_session):
    empty_session.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    layer = QgsVectorLayer(str(SAMPLE / "candidates.gpkg"), "c", "ogr")
    shape = next(f for f in layer.getFeatures() if f["name"] == "Serrata Highlands").geometry()
    empty_session.candidates.add("Serrata Highlands", shape)
    page.kind.setCurrentIndex(page.kind.findData("update_site"))
    page._kind_chosen()
    assert empty_session.nominations.details["kind"] == "update_site"
    assert empty_session.candidates.feature()["updates_site"] == "Serrata Highlands"
    assert not page.updates.isHidden()


def test_nothing_is_wider_than_the_panel(page, empty_session):
    empty_session.candidates.add("A name that goes on and on " * 6, QgsGeometry.fromWkt(BOW_TIE))
    settle()
    assert page.widget().width() <= page.viewport().width()
    for card in (page.making, page.editing, page.candidate, page.faults):
        assert card.geometry().right() <= page.viewport().width()
