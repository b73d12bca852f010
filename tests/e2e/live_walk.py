"""Inside QGIS: a boundary drawn with the mouse, its vertices moved across the edge of a range, undo, redo, saving."""

import os
import sys

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

from inside import ARGUMENTS, FOUND, pause, picture, run, settled_map, step, wait
from mouse import LEFT, RIGHT, click, drop, move, pick_up
from qgis.core import QgsApplication, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAction, QDockWidget, QInputDialog
from qgis.utils import iface

window = iface.mainWindow()
NAME = "Drawn by hand"
TAXON = "Nubilana celsa (EN)"


def shown(view):
    return {
        "rows": {row.name: [row.status, row.bar.best, row.crossed] for row in view.rows},
        "said": view.said,
        "facts": view.facts,
        "hidden": view.isHidden(),
        "height": view.height(),
    }


def steps():
    window.showNormal()
    window.resize(1560, 960)
    for other in window.findChildren(QDockWidget):
        if other.objectName() not in ("AzePanel", "Layers"):
            other.hide()
    dock = window.findChild(QDockWidget, "AzePanel")
    dock.setUserVisible(True)
    wait(lambda: dock.panel is not None, 120, "the panel did not open")
    window.resizeDocks([dock], [400], Qt.Orientation.Horizontal)
    session, panel = dock.session, dock.panel
    view, meter, canvas = panel.meter, session.meter, iface.mapCanvas()
    said = FOUND["messages"] = []
    session.message.connect(lambda sentence, level: said.append([sentence, level]))

    def checked():
        wait(lambda: session.results.assessment and not session.results.assessment_stale, 120, "no assessment came")

    def caught_up():
        wait(lambda: meter.reading is not None and meter.read_serial == meter.serial, 120, "the meter did not catch up")
        pause(0.05)

    panel.page("data").load_sample()
    wait(lambda: session.sources.library_summary, 120, "no library came")
    session.candidates.set_current("Cloudtop Ridge")
    checked()
    FOUND["at_rest"] = shown(view)
    box = QgsRectangle(session.candidates.geometry().boundingBox())
    box.scale(1.05)
    extent = QgsRectangle(box)
    extent.scale(1.8)
    session.zoom_to(extent, flash=False)
    session.show_page("boundary")
    settled_map(canvas)

    # Drawing with the mouse: words first, then numbers
    asked = QInputDialog.getText
    QInputDialog.getText = staticmethod(lambda *args, **kwargs: (NAME, True))
    page = panel.page("boundary")
    page.toggle_drawing()
    FOUND["begun"] = shown(view)
    picture(window, "live-1-begun")
    corners = (
        (box.xMinimum(), box.yMinimum()),
        (box.xMaximum(), box.yMinimum()),
        (box.xMaximum(), box.yMaximum()),
        (box.xMinimum(), box.yMaximum()),
    )
    FOUND["drawing"] = []
    for lon, lat in corners:
        click(lon, lat)
        if not meter.is_unfinished:
            caught_up()
        FOUND["drawing"].append(shown(view))
    picture(window, "live-2-drawing")
    click(*corners[-1], RIGHT)
    wait(lambda: session.candidates.current == NAME, 120, "the drawn boundary did not arrive")
    QInputDialog.getText = asked
    checked()
    page.save()
    FOUND["drawn"] = shown(view)
    session.show_page("criteria")

    # A corner dragged inward across the edges of ranges
    action = window.findChild(QAction, "AzeMoveVertices")
    action.trigger()
    wait(panel.moving.is_active, 120, "the tool for vertices is not there")
    FOUND["checked_action"] = action.isChecked()
    page.move.click()
    FOUND["put_away"] = [panel.moving.is_active(), action.isChecked()]
    page.move.click()
    FOUND["taken_on_the_page"] = [panel.moving.is_active(), action.isChecked()]
    caught_up()
    FOUND["taken"] = shown(view)
    lon, lat = corners[2]
    middle = box.center()
    pick_up(lon, lat)
    FOUND["dragging"] = []
    for part in range(1, 21):
        here = lon + (middle.x() - lon) * part / 13, lat + (middle.y() - lat) * part / 13
        move(*here, held=LEFT)
        caught_up()
        FOUND["dragging"].append(shown(view))
        if part == 13:
            picture(window, "live-3-dragging")
    before_drop = session.candidates.geometry().asWkt(7)
    drop(*here)
    pause(0.1)
    FOUND["dropped"] = session.candidates.geometry().asWkt(7) != before_drop
    caught_up()
    FOUND["after_drop"] = shown(view)
    checked()
    FOUND["check"] = {
        s["scientific_name"]: [s["status"], [share["best"] for share in s["shares"]]]
        for s in session.results.assessment["species"]
    }
    FOUND["check_area"] = session.results.assessment["area_ha"]
    FOUND["live_area"] = meter.reading.candidate.area_ha
    picture(window, "live-4-dropped")

    # Undo and redo by QGIS's own actions
    for name, direction in (("mActionUndo", "undone"), ("mActionRedo", "redone")):
        wait(lambda name=name: window.findChild(QAction, name).isEnabled(), 120, f"{name} is not possible")
        window.findChild(QAction, name).trigger()
        pause(0.1)
        caught_up()
        FOUND[direction] = shown(view)

    # QGIS's own vertex tool: nothing while it moves, the number on release
    panel.moving.stop()
    iface.setActiveLayer(session.candidates.layer)
    iface.actionVertexToolActiveLayer().trigger()
    pause(0.2)
    caught_up()
    serial = meter.serial
    lon, lat = corners[0]
    # The tool looks vertices up in the background when it first meets the layer.
    for _ in range(5):
        move(lon, lat)
        pause(0.1)
    click(lon, lat)
    for part in range(1, 6):
        move(lon + box.width() * 0.04 * part, lat + box.height() * 0.04 * part)
    FOUND["vertex_tool_moving"] = meter.serial - serial
    click(lon + box.width() * 0.2, lat + box.height() * 0.2)
    caught_up()
    FOUND["vertex_tool"] = {"readings": meter.serial - serial, "area": meter.reading.candidate.area_ha}
    window.findChild(QAction, "mActionUndo").trigger()
    pause(0.1)
    iface.actionPan().trigger()

    # Saving puts the shape down; the project brings it back
    area = session.candidates.area_ha()
    before_saving = session.candidates.geometry().asWkt(9)
    page.save()
    FOUND["saved"] = shown(view)
    FOUND["shape_saved"] = [before_saving, session.candidates.geometry().asWkt(9)]
    QgsProject.instance().setFileName(ARGUMENTS["project"])
    QgsProject.instance().write()
    iface.newProject(False)
    pause(0.3)
    step("opening the project")
    QgsProject.instance().read(ARGUMENTS["project"])
    session.candidates.set_current(NAME)
    checked()
    FOUND["reopened"] = {
        "names": session.candidates.names,
        "area": [area, session.candidates.area_ha()],
        "shape": session.candidates.geometry().asWkt(9),
        "library": session.sources.library_path,
        "verdict": session.results.assessment["verdict"],
        "hidden": view.isHidden(),
    }
    # And once more in hand
    action.trigger()
    caught_up()
    FOUND["again"] = shown(view)
    panel.moving.stop()

    # A boundary put together for a taxon
    step("suggesting")
    session.show_page("boundary")
    page.suggest.click()
    dialog = page.suggesting
    dialog.taxon.setEditText(TAXON)
    for row in range(dialog.units.count()):
        dialog.units.item(row).setCheckState(Qt.CheckState.Unchecked)
    dialog.start.click()
    wait(lambda: dialog.report is not None, 120, "no proposal came")
    proposals = dialog.report["proposals"]
    dialog.proposals.setCurrentItem(dialog.proposals.topLevelItem(len(proposals) - 1))
    settled_map(canvas)
    picture(dialog, "live-5-suggested")
    picture(window, "live-6-suggested-on-the-map")
    chosen, _shape = dialog.chosen()
    before = session.candidates.names
    dialog.use.click()
    checked()
    entry = next(s for s in session.results.assessment["species"] if s["taxon_id"] == chosen["taxon_id"])
    wanted = chosen["parameter"], chosen["segment"]
    FOUND["suggested"] = {
        "added": [name for name in session.candidates.names if name not in before],
        "current": session.candidates.current,
        "proposals": [[row["trade_off"], row["share"], row["area_ha"]] for row in proposals],
        "proposed": chosen["share"],
        "checked": next(s["best"] for s in entry["shares"] if (s["parameter"], s["segment"]) == wanted),
    }
    # Else QGIS would ask about the edits when it ends.
    page.save()
    FOUND["tasks"] = QgsApplication.taskManager().countActiveTasks()


run(steps)
