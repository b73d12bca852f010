"""A session on the bundled sample, with real results of the real algorithms, for the tests of pages."""

import shutil
import time
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QElapsedTimer, QEvent, QEventLoop

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"


def wait_for(condition, seconds=120):
    """Let QGIS work until a condition holds. ``seconds`` only end a hang: nothing is to hold within so many."""
    clock = QElapsedTimer()
    clock.start()
    while not condition():
        turn()
        # A loop without a rest takes from the workers what they need to come to an end.
        time.sleep(0.002)
        assert clock.elapsed() < seconds * 1000, "took too long"


def turn():
    """A turn of the event loop; what was given up goes with it, as in QGIS, whose loop these calls stand in for."""
    QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def all_ended():
    """Whether no task of QGIS is under way, with those that were cancelled and whose threads go on for a moment."""
    return QgsApplication.taskManager().countActiveTasks() == 0


def settle():
    """Let timers of no delay and layouts happen."""
    for _ in range(5):
        turn()


@pytest.fixture(scope="session")
def algorithms(provider):
    return provider


# The sample's library, imported once: pytest takes a fixture that modules import for one of each module.
_imported = []


@pytest.fixture(scope="session")
def library(algorithms, tmp_path_factory):
    """A library of the sample for the tests of a module."""
    folder = tmp_path_factory.mktemp("pages")
    if not _imported:
        _imported.append(_import(algorithms, folder / "imported.gpkg"))
    return str(shutil.copy(_imported[0], folder / "sample.gpkg"))


def _import(algorithms, path):
    parameters = {
        "LIBRARY": str(path),
        "RANGES": [str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg")],
        "ASSESSMENTS": str(SAMPLE / "redlist.zip"),
        "VERSION": "1",
        "CITATION": "AZE Toolkit sample, invented",
    }
    algorithms.algorithm("importspecies").create().run(
        parameters, QgsProcessingContext(), QgsProcessingFeedback(), catchExceptions=False
    )
    return str(path)


def boundary_of(name):
    """A candidate of the sample."""
    layer = QgsVectorLayer(str(SAMPLE / "candidates.gpkg"), "candidates", "ogr")
    return next(f.geometry() for f in layer.getFeatures() if f["name"] == name)


def unhurried(monkeypatch):
    """Take out what the panel does by the clock: it waits for no second edit before it checks, and what a person does
    within seconds may take a machine longer."""
    from aze_plugin.gui import nomination_steps, session
    from aze_plugin.services import journal

    monkeypatch.setattr(session, "CHECK_DELAY_MS", 20)
    monkeypatch.setattr(session, "REVIEW_DELAY_MS", 20)
    monkeypatch.setattr(nomination_steps, "_MERGE_S", 3600)
    monkeypatch.setattr(journal, "_LONGEST_S", 120)


@pytest.fixture
def empty_session(algorithms, monkeypatch, tmp_path):
    """A session of a project with nothing in it."""
    from aze_plugin.gui import candidates as module
    from aze_plugin.gui.session import Session

    monkeypatch.setattr(module, "_drafts_folder", lambda: tmp_path)
    unhurried(monkeypatch)
    QgsProject.instance().clear()
    made = Session()
    yield made
    made.close()
    QgsProject.instance().clear()


@pytest.fixture
def session(empty_session, library):
    """A session with the sample's library, its protected areas, and Cloudtop Ridge checked and measured."""
    empty_session.open_library(library)
    empty_session.sources.add("protected", str(SAMPLE / "protected_areas.gpkg"))
    empty_session.candidates.add("Cloudtop Ridge", boundary_of("Cloudtop Ridge"))
    wait_for(lambda: fresh(empty_session))
    return empty_session


def fresh(session):
    """Whether check and cover are there and of the present boundary."""
    return bool(
        session.results.assessment
        and not session.results.assessment_stale
        and session.results.coverage
        and not session.results.coverage_stale
        and session.nominations.completed
        and session.busy is None
    )
