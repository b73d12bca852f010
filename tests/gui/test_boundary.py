"""The page Boundary: drawing, importing, pasting, editing, mending."""

import math

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, settle
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QMouseEvent
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QInputDialog
from window import window  # noqa: F401

from aze_plugin.gui import measure
from aze_plugin.gui.boundary_dialog import BoundaryDialog
from aze_plugin.gui.pages import boundary as module
from aze_plugin.gui.pages.boundary import BoundaryPage
from aze_plugin.gui.where_dialog import WhereDialog
from aze_plugin.gui.widgets.basics import TextLabel

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


class Answering:
    """Answers the import's dialogs as a person would, through their own widgets, and keeps them to be looked at."""

    def __init__(self, monkeypatch):
        self.shown = []
        self.on_where = self.on_choice = lambda dialog: True
        monkeypatch.setattr(WhereDialog, "exec", lambda dialog: self._open(dialog, self.on_where))
        monkeypatch.setattr(BoundaryDialog, "exec", lambda dialog: self._open(dialog, self.on_choice))

    def _open(self, dialog, answer):
        self.shown.append(dialog)
        dialog.show()
        settle()
        taken = answer(dialog)
        dialog.hide()
        return taken


@pytest.fixture
def answering(monkeypatch):
    return Answering(monkeypatch)


def said_by(session):
    said = []
    session.message.connect(lambda sentence, level: said.append(sentence))
    return said


def check(dialog, rows):
    for i in range(dialog.list.count()):
        state = Qt.CheckState.Checked if i in rows else Qt.CheckState.Unchecked
        dialog.list.item(i).setCheckState(state)
    return True


def square_shapefile(folder, epsg="EPSG:32736"):
    """A square kilometre of UTM zone 36 south in a shapefile without its .prj."""
    layer = QgsVectorLayer(f"Polygon?crs={epsg}&field=name:string", "square", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["Square"])
    west, south = 500_000, 8_340_000
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, south, west + 1000, south + 1000)))
    layer.dataProvider().addFeatures([feature])
    path = folder / "square.shp"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), options)
    path.with_suffix(".prj").unlink()
    return str(path)


def test_each_chosen_feature_becomes_a_candidate(page, empty_session, answering):
    answering.on_choice = lambda dialog: check(dialog, [0, 2])
    page.import_file(str(SAMPLE / "candidates.gpkg"))
    assert empty_session.candidates.names == ["Cloudtop Ridge", "Ember Crater"]
    assert empty_session.candidates.current == "Ember Crater"


def test_features_joined_become_one_candidate(page, empty_session, answering):
    def answer(dialog):
        check(dialog, [0, 2])
        dialog.together.setChecked(True)
        dialog.name.setText("")
        assert not dialog.take.isEnabled()
        dialog.name.setText("Two  mountains")
        assert dialog.take.isEnabled()
        return True

    answering.on_choice = answer
    page.import_file(str(SAMPLE / "candidates.gpkg"))
    assert empty_session.candidates.names == ["Two mountains"]
    alone = [QgsVectorLayer(str(SAMPLE / "candidates.gpkg"), "c", "ogr").getFeature(i) for i in (1, 3)]
    assert empty_session.candidates.area_ha() * 1e4 == pytest.approx(
        sum(measure.area_m2(f.geometry()) for f in alone), rel=1e-6
    )


def test_giving_up_an_import_takes_nothing(page, empty_session, answering):
    answering.on_choice = lambda dialog: False
    assert page.import_file(str(SAMPLE / "candidates.gpkg")) == []
    assert empty_session.candidates.names == []


def test_a_file_without_crs_is_asked_about(page, empty_session, answering, tmp_path):
    path = square_shapefile(tmp_path)
    answering.on_where = lambda dialog: False
    page.import_file(path)
    assert empty_session.candidates.names == []

    def answer(dialog):
        # Nothing is near and nothing known: only Web Mercator is left to suggest.
        assert dialog.crs.authid() == "EPSG:3857" and dialog.list.count() == 1
        dialog.take(QgsCoordinateReferenceSystem("EPSG:4326"))
        assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
        dialog.take(QgsCoordinateReferenceSystem("EPSG:32736"))
        assert dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
        assert "15.011° S 33.005° E" in dialog.said.plain().replace("\u00a0", " ")
        return True

    answering.on_where = answer
    said = said_by(empty_session)
    page.import_file(path)
    assert empty_session.candidates.names == ["Square"]
    # A square kilometre at the zone's middle, where the scale is 0.9996.
    assert empty_session.candidates.area_ha() == pytest.approx(100 / 0.9996**2, rel=1e-5)
    assert "UTM zone 36S" in said[-1]


def test_what_the_map_shows_makes_the_suggestion(page, empty_session, window, answering, tmp_path):  # noqa: F811
    QgsProject.instance().addMapLayer(QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr"))
    window.canvas.setExtent(QgsRectangle(32, -16, 34, -14))
    page.import_file(square_shapefile(tmp_path))
    assert answering.shown[0].crs.authid() == "EPSG:32736"
    assert empty_session.candidates.names == ["Square"]


def test_latitude_first_is_asked_about_and_shown(page, empty_session, answering):
    QGuiApplication.clipboard().setText("SRID=4326;POLYGON((-12 134, -12 134.1, -11.9 134.1, -11.9 134, -12 134))")

    def answer(dialog):
        assert dialog.swap and "Australia" in dialog.said.plain()
        dialog.turned.setChecked(False)
        assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
        dialog.turned.setChecked(True)
        return True

    answering.on_where = answer
    page.paste()
    assert len(answering.shown) == 1
    centre = empty_session.candidates.geometry().centroid().asPoint()
    assert (centre.x(), centre.y()) == pytest.approx((134.05, -11.95))


def test_selected_features_of_any_layer(page, empty_session):
    layer = QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr")
    QgsProject.instance().addMapLayer(layer)
    said = said_by(empty_session)
    page.take_selection()
    assert "Select" in said[0]
    layer.selectByIds([next(layer.getFeatures()).id()])
    page.take_selection()
    assert empty_session.candidates.current == next(layer.getFeatures())["IntName"]


def test_selected_lines_are_closed_and_the_gap_is_shown(page, empty_session, window, answering):  # noqa: F811
    layer = QgsVectorLayer("LineString?crs=EPSG:4326", "walk", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("LineString(35 -15, 35.1 -15, 35.1 -14.9, 35 -14.9)"))
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    layer.selectAll()
    window.active = layer
    answering.on_choice = lambda dialog: False
    page.take_selection()
    assert empty_session.candidates.names == []
    # A third of the three sides is missing.
    assert "ends are 11.1" in answering.shown[0].own_notes.plain().replace("\u00a0", " ")
    answering.on_choice = lambda dialog: True
    page.take_selection()
    assert empty_session.candidates.names == ["walk"]
    assert empty_session.candidates.geometry().area() == pytest.approx(0.01)


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "kml", "fgb"])
def test_dropping_a_file_on_the_page(page, empty_session, tmp_path, ending):
    path = tmp_path / f"dropped.{ending}"
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "dropped", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["Dropped"])
    feature.setGeometry(QgsGeometry.fromWkt(SQUARE))
    layer.dataProvider().addFeatures([feature])
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = {"gpkg": "GPKG", "geojson": "GeoJSON", "kml": "KML", "fgb": "FlatGeobuf"}[ending]
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), options)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    for kind in (QDragEnterEvent, QDropEvent):
        place = QPoint(20, 20) if kind is QDragEnterEvent else QPointF(20, 20)
        event = kind(place, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        event.setAccepted(False)
        QApplication.sendEvent(page.widget(), event)
        assert event.isAccepted()
    settle()
    assert empty_session.candidates.names == ["Dropped"]
    assert empty_session.candidates.geometry().area() == pytest.approx(0.01)


@pytest.mark.parametrize(
    "content",
    [
        f"SRID=4326;{SQUARE}",
        '{"type":"Polygon","coordinates":[[[0,0],[0.1,0],[0.1,0.1],[0,0.1],[0,0]]]}',
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Pasted"},"geometry":'
        '{"type":"Polygon","coordinates":[[[0,0],[0.1,0],[0.1,0.1],[0,0.1],[0,0]]]}}]}',
        f"wkt_geom\tname\nSRID=4326;{SQUARE}\tCopied",
    ],
)
def test_pasting_what_says_where_it_lies(page, empty_session, answering, content):
    QGuiApplication.clipboard().setText(content)
    page.paste()
    assert len(empty_session.candidates.names) == 1 and not answering.shown
    assert empty_session.candidates.geometry().area() == pytest.approx(0.01)


@pytest.mark.parametrize("content", [SQUARE, f"wkt_geom\tname\n{SQUARE}\tCopied", "0 0\n0 0.1\n0.1 0.1\n0.1 0"])
def test_pasting_what_does_not_is_asked_about(page, empty_session, answering, content):
    QGuiApplication.clipboard().setText(content)
    page.paste()
    assert len(empty_session.candidates.names) == 1 and len(answering.shown) == 1
    assert empty_session.candidates.geometry().area() == pytest.approx(0.01)


@pytest.mark.parametrize(
    "content", ["", "hello", "{", "Point(0 0)", '{"type":"Point","coordinates":[0,0]}', "POLYGON(("]
)
def test_pasting_what_is_no_boundary(page, empty_session, answering, content):
    said = said_by(empty_session)
    QGuiApplication.clipboard().setText(content)
    assert page.paste() == []
    assert len(said) == 1 and said[0].endswith(".") and not answering.shown


def test_an_invalid_boundary_is_shown_before_and_after_it_is_taken(page, empty_session, answering):
    QGuiApplication.clipboard().setText(f"SRID=4326;{BOW_TIE}")
    answering.on_choice = lambda dialog: False
    page.paste()
    assert empty_session.candidates.names == []
    assert answering.shown[0].before.isVisibleTo(answering.shown[0])
    answering.on_choice = lambda dialog: True
    page.paste()
    assert empty_session.candidates.geometry().isGeosValid()
    assert empty_session.candidates.geometry().area() == pytest.approx(0.5)


def test_coordinates_are_stored_to_a_centimetre(page, empty_session):
    shape = QgsGeometry.fromWkt("Polygon((0.12345678912 0, 0.2 0, 0.2 0.1000000049, 0.1 0.1, 0.12345678912 0))")
    empty_session.candidates.add("Fine", shape)
    assert empty_session.candidates.geometry().vertexAt(0).x() == 0.1234568
    empty_session.candidates.replace_boundary(shape)
    assert empty_session.candidates.geometry().vertexAt(0).x() == 0.1234568
    page._undo_stack("undo")
    assert empty_session.candidates.geometry().vertexAt(0).x() == 0.1234568
    empty_session.candidates.replace_boundary(shape, exact=True)
    assert empty_session.candidates.geometry().vertexAt(0).x() == 0.12345678912


def test_a_hair_that_rounding_closes_leaves_a_valid_boundary(page, empty_session):
    cut = QgsGeometry.fromWkt("Polygon((0 0, 0.1 0, 0.1 0.1, 0.05 0.00000002, 0 0.1, 0 0))")
    assert cut.isGeosValid()
    empty_session.candidates.add("Hair", cut)
    assert empty_session.candidates.geometry().isGeosValid()
    assert empty_session.candidates.geometry().area() == pytest.approx(cut.area(), rel=1e-5)


def test_facts_are_those_of_the_shape_whatever_its_name(page, empty_session):
    empty_session.candidates.add("Again", QgsGeometry.fromWkt(SQUARE))
    settle()
    first = page.fact_labels["perimeter"].plain(), page.precision.labels["mean"].plain()
    page.delete()
    wider = QgsGeometry.fromWkt("Polygon((0 0, 0.3 0, 0.3 0.3, 0 0.3, 0 0))")
    assert empty_session.candidates.add("Again", wider) == "Again"
    settle()
    assert page.fact_labels["perimeter"].plain() != first[0]
    assert page.precision.labels["mean"].plain() != first[1]


def test_precision_follows_the_scale_of_the_work(page, empty_session, monkeypatch):
    page.precision.scale.setCurrentIndex(page.precision.scale.findData(50_000))
    page.precision._scale_chosen()
    circle = QgsGeometry.fromPointXY(QgsPointXY(35, 0)).buffer(0.009, 16)
    empty_session.candidates.add("Circle", circle)
    settle()
    assert page.precision.chip.state == "work"
    sentences = [row.findChild(TextLabel).plain() for row in page.precision._rows]
    assert len(sentences) == 1 and "circle" in sentences[0] and "999" in sentences[0]
    ring = [(0.05 * (1 + 0.2 * math.sin(3 * a)), a) for a in (math.tau * i / 600 for i in range(600))]
    wavy = QgsGeometry.fromPolygonXY([[QgsPointXY(r * math.cos(a), r * math.sin(a)) for r, a in ring]])
    empty_session.candidates.add("Wavy", wavy)
    settle()
    # Edges of about 65 m: 1:130,000, less than four times as coarse as the work.
    assert page.precision.chip.state == "fine" and not page.precision._rows
    assert page.precision.labels["scale"].plain().startswith("1:1")
    page.precision.scale.setCurrentIndex(page.precision.scale.findData(10_000))
    page.precision._scale_chosen()
    assert page.precision.chip.state == "work" and len(page.precision._rows) == 1
    page.precision.scale.setCurrentIndex(page.precision.scale.findData(50_000))
    page.precision._scale_chosen()


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
    for card in (page.making, page.editing, page.candidate, page.faults, page.precision):
        assert card.geometry().right() <= page.viewport().width()
