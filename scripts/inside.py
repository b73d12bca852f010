"""Helpers for scripts that run inside a QGIS window: wait, take pictures, hand over what was found, end."""

import json
import os
import time
import traceback

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication

ARGUMENTS = json.loads(os.environ.get("AZE_ARGUMENTS", "{}"))
FOUND = {"steps": []}


def wait(condition, seconds=120.0, what=""):
    """Let QGIS go on until the condition holds; seconds it took. Raises TimeoutError, which is to end a hang only."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(what or "waited in vain")
        QApplication.processEvents()
        time.sleep(0.005)
    return time.monotonic() - start


def pause(seconds):
    """Let QGIS go on for a while, and in any case for some turns, however long the machine takes for them."""
    end = time.monotonic() + seconds
    for _ in range(5):
        QApplication.processEvents()
    wait(lambda: time.monotonic() > end, seconds + 120)


def step(name):
    """Note how far the script has come, for when it does not come to its end."""
    print(f"step: {name}", flush=True)


def picture(widget, name):
    """Save a picture of a widget to the folder that was asked for."""
    folder = ARGUMENTS["pictures"]
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{name}.png")
    widget.grab().save(path)
    step(name)
    FOUND["steps"].append(name)
    return path


def settled_map(canvas, seconds=120.0):
    """Wait until the map is drawn."""
    canvas.refreshAllLayers()
    pause(0.2)
    wait(lambda: not canvas.isDrawing(), seconds, "the map was not drawn")
    pause(0.2)


def run(steps):
    """Run the steps when QGIS is up, hand over what was found, and end QGIS without its questions."""

    def go():
        try:
            steps()
        except Exception:
            FOUND["error"] = traceback.format_exc()
        with open(os.environ["AZE_RESULT"], "w", encoding="utf-8") as file:
            # What is no plain data is shown: a script that stops here would leave a QGIS that nobody ends.
            json.dump(FOUND, file, ensure_ascii=False, default=repr)
        QgsApplication.taskManager().cancelAll()
        QgsProject.instance().clear()
        QgsProject.instance().setDirty(False)
        QTimer.singleShot(0, QApplication.instance().exit)

    QTimer.singleShot(500, go)
