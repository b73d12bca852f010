"""Packaging as the panel runs it: in a task that asks the main thread for its maps, and lets go of it at once."""

import json
import sys
import threading
import time

import pytest
from pages_support import SAMPLE, algorithms, library, wait_for  # noqa: F401
from qgis.core import QgsProcessingFeedback, QgsProject

from aze_plugin.gui import algorithms as panel_algorithms
from aze_plugin.gui import tasks
from aze_plugin.gui.algorithms import Runner
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


def inside(name):
    """Whether a thread beside the main one is in the midst of a function."""
    for thread, frame in sys._current_frames().items():
        while thread != threading.get_ident() and frame is not None:
            if frame.f_code.co_name == name:
                return True
            frame = frame.f_back
    return False


def wait_without_serving(condition):
    """Wait as the main thread does that serves nobody any more; the minute only ends a hang."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.005)


def test_the_panel_packages_in_a_task(started):
    runner, done, failed, package = started
    seen = []

    def ended():
        if not seen and inside("make_package"):
            seen.append(True)
        return done or failed

    wait_for(ended)
    # The panel lived meanwhile.
    assert seen
    assert failed == [] and package.exists() and done[0]["SHA256"]


@pytest.mark.parametrize("reached", [0.5, 0.8])
def test_unloading_waits_for_nobody(started, reached, monkeypatch):
    """Everything is cancelled and the main thread serves no calls any more; the worker ends by itself."""
    held, go = threading.Event(), threading.Event()

    def hold(feedback, percent):
        QgsProcessingFeedback.setProgress(feedback, percent)
        if percent >= 100 * reached and threading.current_thread() is not threading.main_thread():
            held.set()
            go.wait(60)

    monkeypatch.setattr(panel_algorithms.Feedback, "setProgress", hold, raising=False)
    runner, done, failed, package = started
    wait_for(lambda: held.is_set() or done or failed)
    go.set()
    wait_without_serving(lambda: inside("_asked_for"))
    runner.cancel_all()
    wait_without_serving(lambda: not inside("make_package"))
    assert not package.exists()
    wait_for(lambda: tasks.under_way() == 0)
    assert done == [] and failed == [] and [p.name for p in package.parent.iterdir()] == ["details.json"]
