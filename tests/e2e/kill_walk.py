"""Inside QGIS: boundaries drawn with the mouse and texts typed until QGIS is killed, and what the next start has of
them."""

import json
import os
import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

from inside import ARGUMENTS, FOUND, pause, picture, run, settled_map, wait
from mouse import RIGHT, click, drop, move, pick_up
from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget, QInputDialog
from qgis.utils import iface

CORNERS = ((10.0, 0.0), (10.1, 0.0), (10.1, 0.1), (10.0, 0.1))
NAME = "Drawn by hand"


def panel():
    window = iface.mainWindow()
    window.showNormal()
    window.resize(1500, 950)
    dock = window.findChild(QDockWidget, "AzePanel")
    dock.setUserVisible(True)
    wait(lambda: dock.panel is not None, 120, "the panel did not open")
    return dock


def draw(page, corners):
    page.toggle_drawing()
    for corner in corners:
        click(*corner)


def killed():
    """Hand over what was found, and end as by a crash: nothing of QGIS or of the plugin comes to its end."""
    with open(os.environ["AZE_RESULT"], "w", encoding="utf-8") as file:
        json.dump(FOUND, file, ensure_ascii=False)
    os.kill(os.getpid(), signal.SIGKILL)


def description(dock):
    """The field of a site's description, where the cursor is put."""
    dock.session.show_page("nomination")
    page = dock.panel.page("nomination")
    page.reach("/site/description")
    pause(0.3)
    return page.form.sections["site"].members["description"]


def note(session):
    """What the session's note says now; empty where there is none."""
    place = session.recovery.texts._place
    try:
        return "" if place is None else json.loads(Path(place.path).read_text(encoding="ascii"))["now"]
    except FileNotFoundError:
        return ""


def type_on(session, editor):
    """Type word after word without a pause until some of them are noted: how many were typed, and how many noted."""
    before, number, noted = note(session), 0, 0
    while noted < 10:
        number += 1
        QTest.keyClicks(editor, f"word{number} ")
        pause(0.02)
        now = note(session)
        if now != before:
            noted = max(map(int, re.findall(r"word(\d+)", now)), default=0)
    FOUND["typed"], FOUND["noted"] = number, noted


def written(session):
    return session.nominations.details.get("site", {}).get("description", "")


def shape(session):
    return session.candidates.geometry().asWkt(7)


def see(session):
    session.zoom_to(QgsRectangle(9.95, -0.05, 10.15, 0.15), flash=False)
    session.show_page("boundary")
    settled_map(iface.mapCanvas())


def draft():
    """A project that is never saved: one boundary drawn and named, another one begun, and a text in the middle."""
    dock = panel()
    session, page = dock.session, dock.panel.page("boundary")
    see(session)
    QInputDialog.getText = staticmethod(lambda *args, **kwargs: (NAME, True))
    draw(page, CORNERS)
    click(*CORNERS[-1], RIGHT)
    wait(lambda: session.candidates.current == NAME, 120, "the drawn boundary did not arrive")
    FOUND["drawn"] = shape(session)
    draw(page, CORNERS[:3])
    type_on(session, description(dock).editor)
    killed()


def recovered():
    """The next start: both are offered and taken back. The project is saved, a vertex dragged, and QGIS is killed."""
    dock = panel()
    session, page = dock.session, dock.panel.page("boundary")
    pause(0.3)
    FOUND["offered"] = [found.name for found in session.recovery.left]
    FOUND["page"] = session.page
    FOUND["shown"] = [not page.left.isHidden(), page.left.said.text()]
    picture(dock, "kill-1-offered")
    page.left.buttons.itemAt(0).widget().click()
    FOUND["names"] = session.candidates.names
    session.candidates.set_current(NAME)
    FOUND["written"] = written(session)
    FOUND["taken_back"] = shape(session)
    QgsProject.instance().setFileName(ARGUMENTS["project"])
    QgsProject.instance().write()
    pause(0.2)
    page.save()
    see(session)
    FOUND["saved"] = shape(session)
    page.move.click()
    wait(dock.panel.moving.is_active, 120, "the tool for vertices is not there")
    FOUND["dropped"] = []
    lon, lat = CORNERS[2]
    for _ in range(4):
        pick_up(lon, lat)
        lon, lat = lon - 0.01, lat - 0.005
        move(lon, lat, held=Qt.MouseButton.LeftButton)
        drop(lon, lat)
        FOUND["dropped"].append(shape(session))
        pause(0.2)
    # Once more, and killed before QGIS has another turn.
    pick_up(lon, lat)
    move(lon - 0.02, lat, held=Qt.MouseButton.LeftButton)
    drop(lon - 0.02, lat)
    FOUND["dropped"].append(shape(session))
    field = description(dock)
    FOUND["text_saved"] = written(session)
    field.editor.selectAll()
    type_on(session, field.editor)
    killed()


def reopened():
    """The start after: the project is as it was saved, and the edits of before are offered."""
    dock = panel()
    session, page = dock.session, dock.panel.page("boundary")
    FOUND["before_opening"] = len(session.recovery.left)
    QgsProject.instance().read(ARGUMENTS["project"])
    pause(0.3)
    session.candidates.set_current(NAME)
    FOUND["as_saved"] = shape(session)
    FOUND["offered"] = [found.name for found in session.recovery.left]
    FOUND["text_saved"] = written(session)
    session.show_page("nomination")
    pause(0.2)
    FOUND["said"] = dock.panel.page("nomination").left.said.text()
    picture(dock, "kill-2-offered")
    session.show_page("boundary")
    page.left.buttons.itemAt(0).widget().click()
    FOUND["written"] = written(session)
    FOUND["recovered"] = shape(session)
    see(session)
    picture(iface.mainWindow(), "kill-2-recovered")
    page.undo.click()
    FOUND["undone"] = shape(session)
    page.redo.click()
    page.save()
    FOUND["kept"] = shape(session)
    QgsProject.instance().write()
    pause(0.2)


def steps():
    {"draft": draft, "recovered": recovered, "reopened": reopened}[ARGUMENTS["part"]]()


run(steps)
