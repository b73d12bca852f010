"""Packaging as the panel runs it: in a task that asks the main thread for its maps, and lets go of it at once."""

import json
import sys
import threading
import time

import pytest
from pages_support import SAMPLE, algorithms, library, settle, wait_for  # noqa: F401
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QCoreApplication

from aze_plugin.gui import tasks
from aze_plugin.gui.tasks import Runner
from aze_plugin.packaging.details import schema


@pytest.fixture
def started(library, tmp_path):  # noqa: F811
    """A runner that packages the sample, and what came of it."""
    details = tmp_path / "details.json"
    details.write_text(json.dumps(schema()["examples"][0]), encoding="utf-8")
    done, failed = [], []
    runner = Runner(QgsProject.instance())
    runner.start(
        "package",
        "aze:packagenomination",
        {
            "BOUNDARY": f"{SAMPLE / 'candidates.gpkg'}|layername=candidates|subset=\"name\"='Cloudtop Ridge'",
            "LIBRARY": library,
            "DETAILS": str(details),
            "PROTECTED": [str(SAMPLE / "protected_areas.gpkg")],
            "ALLOW_INCOMPLETE": True,
            "OUTPUT": str(tmp_path / "package.zip"),
        },
        "Packaging",
        lambda results, context: done.append(results),
        failed.append,
    )
    return runner, done, failed, tmp_path / "package.zip"


def test_the_panel_packages_in_a_task(started):
    runner, done, failed, package = started
    turns = []
    wait_for(lambda: turns.append(time.monotonic()) or bool(done or failed))
    assert failed == [] and package.exists() and done[0]["SHA256"]
    # The panel lived meanwhile.
    assert len(turns) > 10


def packing():
    """Whether a thread beside the main one is in the midst of packaging."""
    for thread, frame in sys._current_frames().items():
        while thread != threading.get_ident() and frame is not None:
            if frame.f_code.co_name == "make_package":
                return True
            frame = frame.f_back
    return False


@pytest.mark.parametrize("reached", [0.5, 0.7, 0.85])
def test_unloading_waits_for_nobody(started, reached):
    """Everything is cancelled and the main thread serves no calls any more; the worker ends by itself."""
    runner, done, failed, package = started
    end = time.monotonic() + 30
    while time.monotonic() < end and not done:
        QCoreApplication.processEvents()
        busy = runner.busy("package")
        if busy is None or (busy.fraction or 0) >= reached:
            break
    assert packing()
    before = time.monotonic()
    runner.cancel_all()
    while packing() and time.monotonic() < before + 5:
        time.sleep(0.01)
    assert time.monotonic() - before < 2 and not package.exists()
    settle()
    wait_for(lambda: tasks.under_way() == 0)
    assert done == [] and failed == [] and [p.name for p in package.parent.iterdir()] == ["details.json"]
