"""The live meter with real mouse events on a real map: drawing, moving vertices, edits by others."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import boundary_of, settle, wait_for
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsMapToolEdit
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from window import window  # noqa: F401

from aze_plugin.gui.estimates import OwnEstimate

NAME = "Cloudtop Ridge"


def send(canvas, kind, lon, lat, button=Qt.MouseButton.NoButton, held=Qt.MouseButton.NoButton):
    spot = canvas.getCoordinateTransform().transform(lon, lat)
    place = QPoint(round(spot.x()), round(spot.y()))
    event = QMouseEvent(kind, place, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas.viewport(), event)


def move(canvas, lon, lat, held=Qt.MouseButton.NoButton):
    send(canvas, QEvent.Type.MouseMove, lon, lat, held=held)


def press(canvas, lon, lat, button=Qt.MouseButton.LeftButton):
    send(canvas, QEvent.Type.MouseButtonPress, lon, lat, button, button)


def release(canvas, lon, lat, button=Qt.MouseButton.LeftButton):
    send(canvas, QEvent.Type.MouseButtonRelease, lon, lat, button)


def click(canvas, lon, lat, button=Qt.MouseButton.LeftButton):
    move(canvas, lon, lat)
    press(canvas, lon, lat, button)
    release(canvas, lon, lat, button)
    settle()


@pytest.fixture
def drawn_on(window, algorithms, library, monkeypatch, tmp_path):  # noqa: F811
    """A session with a map and the sample, and its panel."""
    from aze_plugin.gui import candidates as module
    from aze_plugin.gui.panel import Panel
    from aze_plugin.gui.session import Session

    monkeypatch.setattr(module, "_drafts_folder", lambda: tmp_path)
    QgsProject.instance().clear()
    session = Session(window)
    session.open_library(library)
    session.candidates.add(NAME, boundary_of(NAME))
    session.candidates.layer.commitChanges(True)
    panel = Panel(session)
    panel.resize(380, 700)
    panel.show()
    box = QgsRectangle(session.candidates.geometry().boundingBox())
    box.scale(2)
    window.canvas.setExtent(box)
    settle()
    yield session, panel, window.canvas
    panel.close_pages()
    session.close()
    panel.hide()
    panel.deleteLater()
    settle()
    QgsProject.instance().clear()


def caught_up(meter):
    return meter.reading is not None and meter.read_serial == meter.serial


def full_shares(session):
    """Best range shares of the check by name and segment."""
    return {
        (s["scientific_name"], share["parameter"], share["segment"]): share["best"]
        for s in session.results.assessment["species"]
        for share in s["shares"]
    }


def live_shares(reading):
    return {
        (r.taxon.scientific_name, s.parameter, s.segment): s.best for r in reading.assessment.species for s in r.shares
    }


def corners(session):
    # The shape has to outlive the walk along its vertices.
    shape = session.candidates.geometry()
    return [QgsPointXY(vertex) for vertex in shape.vertices()]


def corner(session):
    """The easternmost vertex of the boundary."""
    return max(corners(session), key=lambda p: p.x())


def test_nothing_is_shown_while_nothing_is_in_hand(drawn_on):
    _session, panel, _canvas = drawn_on
    assert panel.meter.isHidden()


def test_a_dragged_vertex_is_read_while_it_moves_and_as_the_check_reads_it(drawn_on):
    session, panel, canvas = drawn_on
    meter = session.meter
    panel.moving.start()
    assert not panel.meter.isHidden()
    wait_for(lambda: caught_up(meter))
    before = meter.reading.candidate.area_ha
    place = corner(session)
    middle = session.candidates.geometry().centroid().asPoint()
    press(canvas, place.x(), place.y())
    assert meter.is_held
    shape = session.candidates.geometry().asWkt()
    for part in (0.2, 0.5, 0.9):
        target = place.x() + part * (middle.x() - place.x()), place.y() + part * (middle.y() - place.y())
        move(canvas, *target, held=Qt.MouseButton.LeftButton)
    wait_for(lambda: caught_up(meter))
    assert meter.reading.candidate.area_ha < before
    # Nothing is in the layer before the vertex is dropped.
    assert session.candidates.geometry().asWkt() == shape
    release(canvas, *target)
    assert session.candidates.geometry().asWkt() != shape
    wait_for(lambda: caught_up(meter))
    reading = meter.reading
    wait_for(lambda: session.results.assessment and not session.results.assessment_stale)
    checked = full_shares(session)
    read = live_shares(reading)
    assert read
    for key, share in read.items():
        assert share == pytest.approx(checked[key], abs=1e-9)
    assert reading.assessment.verdict == session.results.assessment["verdict"]
    assert reading.candidate.area_ha == pytest.approx(session.results.assessment["area_ha"])

    # One step to undo, and the meter follows it back.
    session.candidates.layer.undoStack().undo()
    assert session.candidates.geometry().asWkt() == shape
    wait_for(lambda: caught_up(meter))
    assert meter.reading.candidate.area_ha == pytest.approx(before)


def test_crossing_the_threshold_is_marked_by_shape(drawn_on):
    session, panel, canvas = drawn_on
    meter, view = session.meter, panel.meter
    panel.moving.start()
    wait_for(lambda: caught_up(meter))
    first = {row.taxon_id: row.status for row in view.rows}
    assert "met" in first.values()
    assert all(row.crossed == 0 for row in view.rows)
    rows = [row.taxon_id for row in view.rows]
    height = view.height()
    # Pull one vertex after another to the middle: less and less is inside.
    middle = session.candidates.geometry().centroid().asPoint()
    for _ in range(30):
        place = max(corners(session), key=lambda p: p.distance(middle))
        press(canvas, place.x(), place.y())
        target = middle.x() + 0.25 * (place.x() - middle.x()), middle.y() + 0.25 * (place.y() - middle.y())
        move(canvas, *target, held=Qt.MouseButton.LeftButton)
        wait_for(lambda: caught_up(meter))
        release(canvas, *target)
        wait_for(lambda: caught_up(meter))
        if any(row.crossed for row in view.rows):
            break
    fallen = [row for row in view.rows if row.crossed == -1]
    assert fallen
    assert all(first[row.taxon_id] == "met" and row.status != "met" for row in fallen)
    # Rows stay in their places, and what is below the meter where it is.
    assert [row.taxon_id for row in view.rows][: len(rows)] == rows
    assert view.height() >= height


def test_escape_and_right_click_put_the_vertex_back(drawn_on):
    session, panel, canvas = drawn_on
    panel.moving.start()
    wait_for(lambda: caught_up(session.meter))
    shape, place = session.candidates.geometry().asWkt(), corner(session)
    for give_up in (
        lambda: QTest.keyClick(canvas, Qt.Key.Key_Escape),
        lambda: click(canvas, place.x(), place.y(), Qt.MouseButton.RightButton),
    ):
        # By a click, as QGIS keeps keys from tools while a button is down.
        click(canvas, place.x(), place.y())
        move(canvas, place.x() + 0.01, place.y())
        assert session.meter.is_held
        give_up()
        assert not session.meter.is_held
        assert session.candidates.geometry().asWkt() == shape
    assert panel.moving.is_active()


def test_two_clicks_move_a_vertex_as_a_drag_does(drawn_on):
    session, panel, canvas = drawn_on
    panel.moving.start()
    shape, place = session.candidates.geometry().asWkt(), corner(session)
    press(canvas, place.x(), place.y())
    release(canvas, place.x(), place.y())
    assert session.meter.is_held
    move(canvas, place.x() + 0.02, place.y())
    assert session.candidates.geometry().asWkt() == shape
    click(canvas, place.x() + 0.02, place.y())
    assert not session.meter.is_held
    assert corner(session).x() > place.x() + 0.01


def test_vertices_move_on_a_map_in_another_system(drawn_on):
    session, panel, canvas = drawn_on
    before = session.candidates.geometry()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    to_map = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), canvas.mapSettings().destinationCrs(), QgsProject.instance()
    )
    box = to_map.transformBoundingBox(before.boundingBox())
    box.scale(2)
    canvas.setExtent(box)
    settle()
    panel.moving.start()
    place = corner(session)
    here = to_map.transform(place)
    there = to_map.transform(QgsPointXY(place.x() + 0.02, place.y()))
    press(canvas, here.x(), here.y())
    move(canvas, there.x(), there.y(), held=Qt.MouseButton.LeftButton)
    wait_for(lambda: caught_up(session.meter))
    moving = session.meter.reading.candidate.area_ha
    release(canvas, there.x(), there.y())
    pixel = canvas.mapUnitsPerPixel() / 111_000
    assert corner(session).x() == pytest.approx(place.x() + 0.02, abs=2 * pixel)
    wait_for(lambda: caught_up(session.meter))
    assert session.meter.reading.candidate.area_ha == pytest.approx(moving, rel=1e-9)


def test_a_vertex_on_its_way_goes_back_when_another_candidate_is_chosen(drawn_on):
    session, panel, canvas = drawn_on
    session.candidates.add("Other", QgsGeometry.fromRect(QgsRectangle(10, 10, 10.1, 10.1)))
    other = session.candidates.geometry().asWkt()
    session.candidates.set_current(NAME)
    shape, place = session.candidates.geometry().asWkt(), corner(session)
    panel.moving.start()
    click(canvas, place.x(), place.y())
    move(canvas, place.x() + 0.01, place.y())
    assert session.meter.is_held
    session.candidates.set_current("Other")
    assert not session.meter.is_held
    click(canvas, place.x() + 0.02, place.y())
    assert session.candidates.geometry("Other").asWkt() == other
    assert session.candidates.geometry(NAME).asWkt() == shape
    QgsProject.instance().clear()
    settle()
    assert not panel.moving.is_active()
    assert not session.meter.is_shown


def test_drawing_and_moving_take_turns(drawn_on):
    session, panel, canvas = drawn_on
    session.show_page("boundary")
    page = panel.page("boundary")
    page.toggle_drawing()
    panel.moving.start()
    settle()
    assert not page.drawing.is_active()
    assert panel.moving.is_active()
    page.toggle_drawing()
    settle()
    assert page.drawing.is_active()
    assert not panel.moving.is_active()
    page.toggle_drawing()
    settle()
    assert not session.meter.is_held


def test_an_edge_gets_a_vertex_and_delete_takes_it_away(drawn_on):
    session, panel, canvas = drawn_on
    square = QgsGeometry.fromRect(session.candidates.geometry().boundingBox())
    session.candidates.replace_boundary(square)
    panel.moving.start()
    box = square.boundingBox()
    count = session.candidates.geometry().constGet().nCoordinates()
    middle = (box.yMinimum() + box.yMaximum()) / 2
    press(canvas, box.xMaximum(), middle)
    move(canvas, box.xMaximum() + box.width() / 4, middle, held=Qt.MouseButton.LeftButton)
    release(canvas, box.xMaximum() + box.width() / 4, middle)
    assert session.candidates.geometry().constGet().nCoordinates() == count + 1
    place = corner(session)
    move(canvas, place.x(), place.y())
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert session.candidates.geometry().constGet().nCoordinates() == count
    assert session.candidates.geometry().area() == pytest.approx(square.area(), rel=1e-6)


def test_drawing_is_read_from_the_third_corner_on(drawn_on):
    session, panel, canvas = drawn_on
    session.show_page("boundary")
    page = panel.page("boundary")
    meter = session.meter
    page.toggle_drawing()
    assert meter.is_shown
    assert meter.is_unfinished
    assert "three corners" in panel.meter.said
    box = session.candidates.geometry().boundingBox()
    click(canvas, box.xMinimum(), box.yMinimum())
    move(canvas, box.xMaximum(), box.yMinimum())
    assert meter.is_unfinished
    click(canvas, box.xMaximum(), box.yMinimum())
    move(canvas, box.xMaximum(), box.yMaximum())
    wait_for(lambda: caught_up(meter))
    half = meter.reading.candidate.area_ha
    click(canvas, box.xMaximum(), box.yMaximum())
    move(canvas, box.xMinimum(), box.yMaximum())
    wait_for(lambda: caught_up(meter))
    assert meter.reading.candidate.area_ha == pytest.approx(2 * half, rel=0.05)
    assert any(row.status == "met" for row in panel.meter.rows)
    # A corner taken back is gone from the numbers at once.
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    wait_for(lambda: caught_up(meter))
    assert meter.reading.candidate.area_ha == pytest.approx(half, rel=0.05)
    page.toggle_drawing()
    assert not meter.is_shown
    assert panel.meter.isHidden()
    # What was interrupted goes on.
    wait_for(lambda: session.results.assessment and not session.results.assessment_stale)


def test_an_edit_by_another_tool_is_read_until_it_is_saved(drawn_on):
    session, panel, _canvas = drawn_on
    meter = session.meter
    shape = QgsGeometry(session.candidates.geometry())
    shape.translate(0.005, 0)
    session.candidates.replace_boundary(shape)
    assert meter.is_shown
    wait_for(lambda: caught_up(meter))
    assert panel.meter.rows
    session.candidates.layer.commitChanges(True)
    assert not meter.is_shown


def test_a_tool_of_qgis_that_edits_the_layer_shows_the_meter(drawn_on, window):  # noqa: F811
    session, panel, canvas = drawn_on
    session.candidates.layer.startEditing()
    canvas.setCurrentLayer(session.candidates.layer)
    assert not session.meter.is_shown
    tool = QgsMapToolEdit(canvas)
    canvas.setMapTool(tool)
    assert session.meter.is_shown
    wait_for(lambda: caught_up(session.meter))
    canvas.setMapTool(window.pan)
    assert not session.meter.is_shown


def test_what_the_user_estimates_counts_at_once(drawn_on):
    session, panel, canvas = drawn_on
    panel.moving.start()
    wait_for(lambda: caught_up(session.meter))
    row = next(row for row in panel.meter.rows if row.status == "met")
    site = OwnEstimate(row.taxon_id, row.name, "mature_individuals", "all", 5.0, 5.0, 5.0)
    world = OwnEstimate(row.taxon_id, row.name, "mature_individuals", "all", 10.0, 10.0, 10.0)
    session.estimates.put("Estimate", ("site", site, site), ("global", world, world))

    def shares():
        reading = session.meter.reading
        found = {r.taxon.taxon_id: r.shares for r in reading.assessment.species} if reading else {}
        return {s.parameter: s.best for s in found.get(row.taxon_id, ())}

    wait_for(lambda: "mature_individuals" in shares())
    assert shares()["mature_individuals"] == pytest.approx(0.5)


def test_what_is_stated_counts_at_once_without_reading_all_anew(drawn_on):
    session, panel, _canvas = drawn_on
    meter = session.meter
    panel.moving.start()
    wait_for(lambda: caught_up(meter))
    assert meter.reading.assessment.verdict == "needs_evidence"
    surrounding = meter._surrounding
    session.nominations.set_statement("delineation_rationale", "It follows the ridge.")
    wait_for(lambda: meter.reading is not None and meter.reading.assessment.verdict == "eligible")
    assert meter._surrounding is surrounding


def test_only_the_newest_shape_is_read(drawn_on):
    session, panel, canvas = drawn_on
    meter = session.meter
    panel.moving.start()
    wait_for(lambda: caught_up(meter))
    place = corner(session)
    press(canvas, place.x(), place.y())
    readings = []
    meter.changed.connect(lambda: readings.append(meter.read_serial))
    started = meter.serial
    for step in range(200):
        move(canvas, place.x() + 0.0001 * step + 0.01, place.y(), held=Qt.MouseButton.LeftButton)
    wait_for(lambda: caught_up(meter))
    assert meter.serial >= started + 200
    assert len(set(readings)) < 200
    assert readings == sorted(readings)
    release(canvas, place.x(), place.y())


def test_without_a_library_it_says_what_is_missing(drawn_on):
    session, panel, canvas = drawn_on
    session.open_library("")
    panel.moving.start()
    place = corner(session)
    press(canvas, place.x(), place.y())
    move(canvas, place.x() + 0.01, place.y(), held=Qt.MouseButton.LeftButton)
    settle()
    assert session.meter.problem
    assert session.meter.reading is None
    release(canvas, place.x(), place.y())


def test_closing_ends_the_threads(drawn_on):
    import threading

    session, panel, _canvas = drawn_on
    panel.moving.start()
    wait_for(lambda: caught_up(session.meter))
    mine = [t for t in threading.enumerate() if t.name.startswith("aze-meter")]
    assert len(mine) == 2
    panel.close_pages()
    session.meter.close()
    for thread in mine:
        thread.join(60)
    assert not any(t.is_alive() for t in mine)


def test_only_rows_that_changed_are_painted(qgis_app):
    from aze_plugin.gui.models.species import Bar
    from aze_plugin.gui.widgets.meter import Row, _Lines

    def row(number, share):
        bar = Bar(share, share, share, 0.95, "met", f"{100 * share:.1f} %")
        return Row(f"t{number}", f"Azea number {number}", "met", bar, "tip")

    class Watched(_Lines):
        painted = ()

        def paintEvent(self, event):
            self.painted += ((event.rect().top(), event.rect().bottom()),)
            super().paintEvent(event)

    def whole(rows):
        fresh = _Lines()
        fresh.show_rows(rows, False, "")
        fresh.resize(lines.size())
        return fresh.grab().toImage()

    lines = Watched()
    rows = [row(n, 0.97) for n in range(6)]
    lines.show_rows(rows, False, "")
    lines.resize(220, lines.sizeHint().height())
    lines.show()
    settle()
    lines.painted = ()
    changed = [*rows[:2], row(2, 0.981), *rows[3:]]
    lines.show_rows(changed, False, "")
    settle()
    height = lines.line_height()
    assert lines.painted == ((2 * height, 3 * height - 1),)
    lines.show_rows(changed, False, "")
    settle()
    assert len(lines.painted) == 1
    assert lines.grab().toImage() == whole(changed) != whole(rows)
    lines.show_rows(changed, True, "")
    settle()
    assert lines.painted[-1] == (0, lines.height() - 1)
    lines.close()
