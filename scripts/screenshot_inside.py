"""Inside QGIS: load the sample, show the page Criteria, take a picture of the window."""

import os
import sys

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

from inside import ARGUMENTS, FOUND, pause, run, settled_map, wait
from qgis.core import QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface


def steps():
    window = iface.mainWindow()
    window.showNormal()
    window.resize(1560, 960)
    for dock in window.findChildren(QDockWidget):
        if dock.objectName() not in ("AzePanel", "Layers"):
            dock.hide()
    dock = window.findChild(QDockWidget, "AzePanel")
    dock.setUserVisible(True)
    window.resizeDocks([dock], [450], Qt.Orientation.Horizontal)
    session = dock.session
    dock.panel.page("data").load_sample()
    wait(lambda: session.sources.library_summary, 60, "no library came")
    wait(lambda: session.results.assessment and not session.results.assessment_stale, 60, "no assessment came")
    wait(lambda: session.results.coverage and not session.results.coverage_stale, 60, "no cover came")
    session.show_page("criteria")
    pause(0.5)
    iface.messageBar().clearWidgets()
    # The main island, a little wider than the candidate's own surroundings.
    extent = QgsRectangle(session.candidates.geometry().boundingBox())
    extent.scale(4.2)
    session.zoom_to(extent, flash=False)
    settled_map(iface.mapCanvas())
    window.grab().save(ARGUMENTS["output"])
    FOUND.update(
        candidate=session.candidates.current,
        verdict=session.results.assessment["verdict"],
        both_pct=session.results.coverage["both_pct"],
    )


run(steps)
