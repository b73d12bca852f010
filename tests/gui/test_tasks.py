"""Functions run behind: one outcome each, in the main thread; nobody is called who is gone, and nothing runs on."""

import gc
import threading
import time
import weakref

import pytest
from pages_support import SAMPLE, settle, wait_for
from qgis.core import QgsApplication, QgsProcessingFeedback, QgsProject
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, QThread

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui import algorithms, tasks
from aze_plugin.gui.algorithms import Runner
from aze_plugin.gui.tasks import Task
from aze_plugin.services.files import Scratch
from aze_plugin.services.wording import text


@pytest.fixture
def owner(qgis_app):
    made = QObject()
    yield made
    tasks.end_all()
    settle()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """What is cancelled is waited for as long as this machine may take."""
    monkeypatch.setattr(tasks, "LONGEST_END_MS", 60_000)


class Heard(QObject):
    """What came of a task, in order, and whether it came in the main thread."""

    def __init__(self, task):
        super().__init__()
        self.said, self.shares, self.threads = [], [], set()
        self.running = []
        task.done.connect(lambda result: self._hear("done", result))
        task.failed.connect(lambda error: self._hear("failed", error))
        task.cancelled.connect(lambda: self._hear("cancelled", None))
        task.changed.connect(lambda: self._see(task))

    def _see(self, task):
        self.running.append(task.is_running)
        if task.is_running and task.fraction is not None:
            self.shares.append(task.fraction)

    def _hear(self, what, result):
        self.said.append((what, result))
        self.threads.add(QThread.currentThread() is QgsApplication.instance().thread())


def begun(owner, work, **more):
    task = Task(owner, "Counting", **more)
    heard = Heard(task)
    task.start(work)
    return task, heard


def until_cancelled(progress, started=None):
    if started is not None:
        started.set()
    # Longer than anybody waits for it.
    end = time.monotonic() + 200
    while time.monotonic() < end:
        progress.check()
        time.sleep(0.005)


def test_a_function_runs_behind_and_what_it_gives_comes_back(owner):
    where = []

    def work(progress):
        where.append(threading.current_thread() is threading.main_thread())
        for n in range(4):
            progress.set(n / 4)
            time.sleep(0.02)
        return {"found": 3}

    task, heard = begun(owner, work)
    assert task.is_running
    wait_for(lambda: heard.said)
    settle()
    assert where == [False] and heard.said == [("done", {"found": 3})] and heard.threads == {True}
    assert heard.shares == sorted(heard.shares) and heard.shares[-1] == 1 == task.fraction
    assert not task.is_running and tasks.under_way() == 0
    # It is seen to begin and to end.
    assert heard.running[0] and heard.running.count(False) == 1 and not heard.running[-1]


@pytest.mark.parametrize("result", [None, 0, [], ""])
def test_nothing_is_a_result_too(owner, result):
    task, heard = begun(owner, lambda _progress: result)
    wait_for(lambda: heard.said)
    assert heard.said == [("done", result)]


def test_what_the_user_can_mend_comes_as_its_code(owner):
    def work(_progress):
        raise AzeError("layer.not_vector", file="a.shp")

    task, heard = begun(owner, work)
    wait_for(lambda: heard.said)
    ((what, error),) = heard.said
    assert what == "failed" and (error.code, error.params) == ("layer.not_vector", {"file": "a.shp"})
    assert not task.is_running


def test_the_systems_errors_and_faults_are_sentences_too(owner):
    def no_disk(_progress):
        raise OSError(28, "No space left on device")

    said = []

    def hear(sentence, tag, _level):
        if tag == "AZE":
            said.append(sentence)

    log = QgsApplication.messageLog()
    log.messageReceived.connect(hear)
    _, full = begun(owner, no_disk)
    _, wrong = begun(owner, lambda _progress: {}["missing"])
    wait_for(lambda: full.said and wrong.said)
    settle()
    log.messageReceived.disconnect(hear)
    assert full.said[0][1].code == "task.system" and wrong.said[0][1].code == "task.fault"
    sentences = [text(heard.said[0][1].code, heard.said[0][1].params) for heard in (full, wrong)]
    assert sentences[0] == "Counting did not finish: No space left on device."
    assert sentences[1].startswith("Counting did not finish, by a fault of the plugin.")
    # The log has where it happened.
    assert any("KeyError" in sentence and "test_tasks.py" in sentence for sentence in said)


def test_cancelling_is_said_at_once_and_only_that(owner):
    started = threading.Event()
    task, heard = begun(owner, lambda progress: until_cancelled(progress, started))
    assert started.wait(60)
    task.cancel()
    assert heard.said == [("cancelled", None)] and not task.is_running
    task.cancel()
    wait_for(lambda: tasks.under_way() == 0)
    settle()
    assert heard.said == [("cancelled", None)]


def test_one_that_waits_for_its_turn_never_begins(owner):
    room = threading.Event()
    ran = []
    blocking = [begun(owner, lambda progress: room.wait(60)) for _ in range(QThread.idealThreadCount() + 4)]
    task, heard = begun(owner, lambda _progress: ran.append(1))
    task.cancel()
    assert heard.said == [("cancelled", None)]
    room.set()
    wait_for(lambda: tasks.under_way() == 0)
    assert ran == [] and all(h.said[0][0] == "done" for _, h in blocking)


def test_cancel_from_qgis_is_a_cancel(owner):
    started = threading.Event()
    task, heard = begun(owner, lambda progress: until_cancelled(progress, started))
    assert started.wait(60)
    QgsApplication.taskManager().cancelAll()
    wait_for(lambda: heard.said)
    assert heard.said == [("cancelled", None)] and not task.is_running


def test_a_result_that_comes_too_late_is_given_up(owner):
    started, go_on = threading.Event(), threading.Event()
    given_up = []

    def work(_progress):
        started.set()
        go_on.wait(60)
        return "unpacked"

    task, heard = begun(owner, work, discard=given_up.append)
    assert started.wait(60)
    task.cancel()
    go_on.set()
    wait_for(lambda: tasks.under_way() == 0)
    assert given_up == ["unpacked"] and heard.said == [("cancelled", None)]


def test_an_owner_that_is_deleted_takes_its_work_along(owner):
    started = threading.Event()
    window = QObject()
    task, heard = begun(window, lambda progress: until_cancelled(progress, started))
    assert started.wait(60)
    sip.delete(window)
    wait_for(lambda: tasks.under_way() == 0)
    settle()
    assert heard.said == []


def test_another_run_takes_the_place_of_the_one_under_way(owner):
    started = threading.Event()
    task, heard = begun(owner, lambda progress: until_cancelled(progress, started))
    assert started.wait(60)
    task.start(lambda _progress: "second")
    wait_for(lambda: heard.said)
    wait_for(lambda: tasks.under_way() == 0)
    settle()
    assert heard.said == [("done", "second")]
    task.start(lambda _progress: "third")
    wait_for(lambda: len(heard.said) == 2)
    assert heard.said[-1] == ("done", "third")


def test_a_run_may_begin_where_one_ends(owner):
    task = Task(owner, "Counting")
    counted = []

    def more(result):
        counted.append(result)
        if result < 3:
            task.start(lambda _progress: result + 1)

    task.done.connect(more)
    task.start(lambda _progress: 1)
    wait_for(lambda: len(counted) == 3)
    settle()
    assert counted == [1, 2, 3] and not task.is_running


def test_a_task_that_python_does_not_hold_comes_to_its_end(owner):
    heard = begun(owner, lambda _progress: time.sleep(0.05) or "done")[1]
    gc.collect()
    wait_for(lambda: heard.said)
    assert heard.said == [("done", "done")]


def test_nothing_is_held_after_the_end(owner):
    class Large:
        pass

    large = Large()
    watched = weakref.ref(large)
    task, heard = begun(owner, lambda _progress, large=large: len([large]))
    del large
    wait_for(lambda: heard.said)
    settle()
    gc.collect()
    assert watched() is None and task.title == "Counting"


def test_the_end_of_the_plugin_ends_everything(owner):
    started = threading.Event()
    task, heard = begun(owner, lambda progress: until_cancelled(progress, started))
    assert started.wait(60)
    waiting = [begun(owner, until_cancelled) for _ in range(QThread.idealThreadCount() + 2)]
    tasks.end_all()
    assert tasks.under_way() == 0
    settle()
    assert all(h.said in ([], [("cancelled", None)]) for h in (heard, *(h for _, h in waiting)))
    assert QgsApplication.taskManager().countActiveTasks() == 0


@pytest.fixture
def runner(provider):
    made = Runner(QgsProject.instance())
    yield made
    made.cancel_all()
    tasks.end_all()
    settle()


def importing(runner, said, tmp_path):
    """An import of the sample under way; outcomes go to ``said``."""
    parameters = {"LIBRARY": str(tmp_path / "library.gpkg"), "RANGES": [str(SAMPLE / "ranges.zip")]}
    runner.start("import", "aze:importspecies", parameters, "Importing", lambda *a: said.append(a), said.append)


def test_the_end_of_the_plugin_ends_algorithms(runner, tmp_path):
    said = []
    importing(runner, said, tmp_path)
    assert runner.running("import") and tasks.under_way() == 1
    runner.cancel_all()
    tasks.end_all()
    assert tasks.under_way() == 0
    settle()
    assert said == []


def test_what_an_algorithm_said_last_finds_nobody(provider, tmp_path):
    """Its progress is still on its way to the main thread when all that it was for has become garbage."""
    runner, said = Runner(QgsProject.instance()), []
    importing(runner, said, tmp_path)
    time.sleep(0.5)
    runner.cancel_all()
    tasks.end_all()
    del runner
    for _ in range(3):
        gc.collect()
    settle()
    assert said == [] and tasks.under_way() == 0


def test_what_a_function_said_last_finds_nobody(owner):
    def work(progress):
        for n in range(50):
            progress.set(n / 50)
            time.sleep(0.002)

    heard = begun(QObject(), work)[1]
    time.sleep(0.3)
    tasks.end_all()
    for _ in range(3):
        gc.collect()
    settle()
    assert heard.said == []


def test_what_an_algorithm_reads_and_writes_is_held_until_its_thread_has_ended(runner, tmp_path, monkeypatch):
    """Also where it was cancelled and its successor has begun; then it goes at once."""
    said, begun_its_work, go_on = [], threading.Event(), threading.Event()

    def stand(feedback, percent):
        QgsProcessingFeedback.setProgress(feedback, percent)
        if threading.current_thread() is not threading.main_thread():
            begun_its_work.set()
            go_on.wait(60)

    monkeypatch.setattr(algorithms.Feedback, "setProgress", stand, raising=False)
    kept, later = Scratch(), Scratch()
    paths = kept.path, later.path
    parameters = {"LIBRARY": str(tmp_path / "library.gpkg"), "RANGES": [str(SAMPLE / "ranges.zip")]}
    runner.start("import", "aze:importspecies", parameters, "Importing", lambda *a: said.append(a), said.append, kept)
    # One that has not begun has nothing to hold.
    wait_for(begun_its_work.is_set)
    parameters = {**parameters, "LIBRARY": str(tmp_path / "other.gpkg")}
    runner.start("import", "aze:importspecies", parameters, "Importing", lambda *a: said.append(a), said.append, later)
    del kept, later
    gc.disable()
    try:
        assert all(path.exists() for path in paths) and tasks.under_way() == 2
        go_on.set()
        wait_for(lambda: said)
        wait_for(lambda: tasks.under_way() == 0)
        # The task itself is QGIS's to delete, when its event loop comes to it.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert len(said) == 1 and not any(path.exists() for path in paths)
    finally:
        gc.enable()


def test_an_algorithm_that_cannot_begin_says_so_and_leaves_nothing(runner):
    done, failed = [], []
    parameters = {"BOUNDARY": "/nowhere.gpkg"}
    runner.start("check", "aze:checkboundary", parameters, "Checking", lambda *a: done.append(a), failed.append)
    wait_for(lambda: failed)
    assert done == [] and len(failed) == 1 and not runner.running("check") and tasks.under_way() == 0


def test_a_tool_that_is_missing_is_named(runner):
    failed = []
    runner.start("check", "aze:nothing", {}, "Checking", failed.append, failed.append)
    assert failed == ["The tool aze:nothing is missing. Reload the AZE Toolkit in the plugin manager."]
    assert not runner.running("check")
