"""Inside QGIS: a person's way through the panel with the sample, then unloading and loading again."""

import os
import sys
import time

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

import qgis.utils
from inside import ARGUMENTS, FOUND, pause, picture, run, settled_map, wait
from qgis.core import Qgis, QgsApplication, QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QInputDialog, QToolBar
from qgis.utils import iface

window = iface.mainWindow()
PAGES = ("data", "boundary", "criteria", "protection", "nomination")


def dock():
    return window.findChild(QDockWidget, "AzePanel")


def toolbar():
    return window.findChild(QToolBar, "AzeToolbar")


def traces():
    """What the plugin has in the window: has to be the same before loading and after unloading."""
    return {
        "docks": [d.objectName() for d in window.findChildren(QDockWidget) if "Aze" in d.objectName()],
        "toolbars": [t.objectName() for t in window.findChildren(QToolBar) if "Aze" in t.objectName()],
        "menu": [a.text() for a in iface.pluginMenu().actions() if "AZE" in a.text()],
        "provider": QgsApplication.processingRegistry().providerById("aze") is not None,
        "scene": len([i for i in iface.mapCanvas().scene().items() if type(i).__name__ == "QgsRubberBand"]),
    }


def click(canvas, lon, lat, button=Qt.MouseButton.LeftButton):
    spot = canvas.getCoordinateTransform().transform(lon, lat)
    place = QPoint(round(spot.x()), round(spot.y()))
    for kind in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        event = QMouseEvent(kind, place, pressed, pressed, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas.viewport(), event)
    pause(0.05)


def steps():
    iface.messageBar().setVisible(True)
    window.resize(1580, 960)
    FOUND["qgis"] = Qgis.QGIS_VERSION
    FOUND["loaded"] = traces()
    toolbar().actions()[0].trigger()
    wait(lambda: dock().isVisible(), 120, "the dock did not open")
    window.resizeDocks([dock()], [440], Qt.Orientation.Horizontal)
    panel, session = dock().panel, dock().session
    said = FOUND["messages"] = []
    session.message.connect(lambda sentence, level: said.append([sentence, level]))
    pause(0.3)
    picture(dock(), "1-empty")

    # The sample
    panel.page("data").load_sample()
    wait(lambda: session.sources.library_summary, 120, "no library came")
    wait(lambda: session.results.assessment and not session.results.assessment_stale, 120, "no assessment came")
    wait(lambda: session.results.coverage and not session.results.coverage_stale, 120, "no cover came")
    FOUND["sample"] = {
        "library": session.sources.library_summary,
        "candidates": session.candidates.names,
        "verdict": session.results.assessment["verdict"],
        "both_pct": session.results.coverage["both_pct"],
        "states": {p: session.page_state(p) for p in PAGES},
        "next": session.next_step(),
        "layers": [layer.name() for layer in QgsProject.instance().mapLayers().values()],
    }
    settled_map(iface.mapCanvas())
    for page in PAGES:
        session.show_page(page)
        pause(0.4)
        picture(window, f"2-{page}")

    # Every candidate has a result of its own
    FOUND["verdicts"] = {}
    for name in session.candidates.names:
        session.candidates.set_current(name)
        wait(
            lambda: session.results.assessment and not session.results.assessment_stale, 120, f"no assessment of {name}"
        )
        FOUND["verdicts"][name] = session.results.assessment["verdict"]

    # A boundary drawn by hand, with the clicks of a mouse
    session.show_page("boundary")
    asked = QInputDialog.getText
    QInputDialog.getText = staticmethod(lambda *args, **kwargs: ("Drawn by hand", True))
    boundary = panel.page("boundary")
    canvas = iface.mapCanvas()
    boundary.toggle_drawing()
    pause(0.2)
    extent = canvas.extent()
    middle, width, height = extent.center(), extent.width(), extent.height()
    for x, y in ((-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1)):
        click(canvas, middle.x() + x * width, middle.y() + y * height)
    click(canvas, middle.x(), middle.y(), Qt.MouseButton.RightButton)
    wait(lambda: session.candidates.current == "Drawn by hand", 120, "the drawn boundary did not arrive")
    QInputDialog.getText = asked
    wait(
        lambda: session.results.assessment and not session.results.assessment_stale,
        120,
        "no assessment of the drawn boundary",
    )
    FOUND["drawn"] = {
        "area_ha": session.candidates.area_ha(),
        "verdict": session.results.assessment["verdict"],
        "drawing": boundary.drawing.is_active(),
    }
    picture(window, "3-drawn")

    # An edit: the result goes stale at once, and comes back by itself; undo brings the earlier shape back
    area = session.candidates.area_ha()
    shifted = QgsGeometry(session.candidates.geometry())
    shifted.translate(0.01, 0)
    session.candidates.replace_boundary(shifted.combine(session.candidates.geometry()))
    FOUND["stale_after_edit"] = session.results.assessment_stale
    wait(lambda: not session.results.assessment_stale, 120, "the check did not follow the edit")
    boundary._undo_stack("undo")
    pause(0.2)
    FOUND["area_after_undo"] = [area, session.candidates.area_ha()]
    boundary.delete()
    boundary.save()

    # A boundary from a file
    boundary.import_file(ARGUMENTS["boundary"])
    FOUND["imported"] = session.candidates.current
    wait(
        lambda: session.results.assessment and not session.results.assessment_stale,
        120,
        "no assessment of the imported boundary",
    )
    session.candidates.remove()
    boundary.save()

    # Export
    session.candidates.set_current("Cloudtop Ridge")
    wait(
        lambda: session.results.assessment and not session.results.assessment_stale,
        120,
        "no assessment before the export",
    )
    session.show_page("nomination")
    session.nominations.set_value("/site/purpose", ARGUMENTS["purpose"])
    session.export(ARGUMENTS["package"])
    wait(lambda: session.package or any(level == 2 for _, level in said), 120, "no package came")
    FOUND["package"] = session.package
    pause(0.3)
    picture(window, "4-exported")

    # Saving keeps everything, with relative paths; opening brings it back
    QgsProject.instance().setFileName(ARGUMENTS["project"])
    FOUND["saved"] = QgsProject.instance().write()
    FOUND["candidate_source"] = session.candidates.layer.source()
    iface.newProject(False)
    pause(0.3)
    FOUND["after_new"] = [session.candidates.names, session.sources.library_path]
    QgsProject.instance().read(ARGUMENTS["project"])
    wait(
        lambda: session.results.assessment and not session.results.assessment_stale,
        120,
        "no assessment after opening the project",
    )
    FOUND["reopened"] = {
        "current": session.candidates.current,
        "candidates": session.candidates.names,
        "library": session.sources.library_path,
        "verdict": session.results.assessment["verdict"],
        "rationale": bool(session.nominations.statement("delineation_rationale")),
    }

    # Away and back: nothing stays, and it works again
    boundary = dock().panel.page("boundary")
    boundary.toggle_drawing()
    pause(0.1)
    session.check()
    qgis.utils.unloadPlugin("aze_plugin")
    pause(0.5)
    FOUND["unloaded"] = traces()
    FOUND["tasks"] = QgsApplication.taskManager().countActiveTasks()
    FOUND["modules_left"] = [m for m in sys.modules if m.startswith("aze_plugin") and "gui" in m]
    qgis.utils.loadPlugin("aze_plugin")
    start = time.perf_counter()
    qgis.utils.startPlugin("aze_plugin")
    FOUND["restart_ms"] = (time.perf_counter() - start) * 1000
    dock().setUserVisible(True)
    wait(lambda: dock().session.results.assessment, 120, "no assessment after reloading")
    FOUND["reloaded"] = traces()
    picture(window, "5-reloaded")


run(steps)
