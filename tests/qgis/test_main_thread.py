"""Calls from workers to the main thread: they are served there, and neither cancel nor waiting in it hangs."""

import threading
import time

import pytest
from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress
from aze_plugin.services.collector import collector_at_rest
from aze_plugin.services.main_thread import is_main_thread, on_main_thread, release_on_main_thread


class Worker(threading.Thread):
    """Calls a function on the main thread and keeps what came of it."""

    def __init__(self, function, progress=None):
        super().__init__(daemon=True)
        self.function, self.progress = function, progress
        self.result = self.error = None

    def run(self):
        try:
            with collector_at_rest():
                self.result = on_main_thread(self.function, self.progress)
        except Exception as error:
            self.error = error


def serve_until(worker, seconds=120.0):
    """Let the main thread's queue run until the worker is done."""
    end = time.monotonic() + seconds
    while worker.is_alive() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    assert not worker.is_alive()


def test_on_the_main_thread_itself_the_function_is_called_at_once(qgis_app):
    seen = []
    progress = Progress(on_progress=seen.append)
    assert on_main_thread(lambda p: (p.set(0.5), 7)[1], progress) == 7
    assert seen == [0.5]


def test_a_worker_gets_what_the_main_thread_made_with_its_progress_and_messages(qgis_app):
    fractions, said, where = [], [], []

    def function(progress):
        where.append(is_main_thread())
        progress.say("coverage.no_sites", source="x")
        progress.set(0.25)
        return QgsVectorLayer("Point?crs=EPSG:4326", "made", "memory")

    progress = Progress(fractions.append, lambda code, params: said.append((code, params)))
    worker = Worker(function, progress)
    worker.start()
    serve_until(worker)
    assert worker.error is None and worker.result.isValid() and where == [True]
    assert worker.result.thread() == QCoreApplication.instance().thread()
    assert said == [("coverage.no_sites", {"source": "x"})]


def test_what_the_function_raises_is_raised_in_the_worker(qgis_app):
    def function(progress):
        raise AzeError("output.unwritable", file="x", detail="y")

    worker = Worker(function)
    worker.start()
    serve_until(worker)
    assert isinstance(worker.error, AzeError) and worker.error.code == "output.unwritable"


def test_cancel_is_answered_while_the_main_thread_is_busy_and_the_call_never_made(qgis_app):
    called, looked, cancelled = [], threading.Event(), threading.Event()
    progress = Progress(is_cancelled=lambda: looked.set() or cancelled.is_set())
    worker = Worker(lambda progress: called.append(1), progress)
    worker.start()
    # It waits for the main thread, and looks meanwhile.
    assert looked.wait(60)
    cancelled.set()
    # The main thread waits for the worker without serving it, as `unload` does.
    worker.join(60)
    assert not worker.is_alive() and isinstance(worker.error, Cancelled)
    QCoreApplication.processEvents()
    assert called == []


def test_a_call_under_way_is_told_of_a_cancel_by_its_own_progress(qgis_app):
    cancelled, stopped = threading.Event(), []

    def function(progress):
        cancelled.set()
        # As long as it takes until it is told.
        for _ in range(6000):
            time.sleep(0.01)
            try:
                progress.check()
            except Cancelled:
                stopped.append(1)
                raise

    worker = Worker(function, Progress(is_cancelled=cancelled.is_set))
    worker.start()
    serve_until(worker)
    assert isinstance(worker.error, Cancelled) and stopped == [1]


def test_many_workers_are_served_in_turn(qgis_app):
    workers = [Worker(lambda progress, n=n: n * n) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        serve_until(worker)
    assert [w.result for w in workers] == [n * n for n in range(8)]


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("y")])
def test_a_fault_does_not_reach_the_event_loop(qgis_app, error):
    def function(progress):
        raise error

    worker = Worker(function)
    worker.start()
    serve_until(worker)
    assert worker.error is error


def test_what_an_error_leaves_behind_ends_in_the_main_thread(qgis_app):
    ended = []

    class Layout:
        def __del__(self):
            ended.append(threading.current_thread() is threading.main_thread())

    def inner(held):
        raise ValueError(str(held is None))

    def function(progress):
        held = Layout()
        try:
            inner(held)
        except ValueError as error:
            raise AzeError("output.unwritable", file="x", detail="y") from error

    worker = Worker(function)
    worker.start()
    serve_until(worker)
    assert isinstance(worker.error, AzeError) and ended == [True]


def test_what_is_let_go_of_ends_in_the_main_thread_without_waiting(qgis_app):
    held = [QgsVectorLayer("Point?crs=EPSG:4326", "made", "memory")]
    worker = threading.Thread(target=release_on_main_thread, args=(held,))
    worker.start()
    worker.join()
    assert held
    QCoreApplication.processEvents()
    assert held == []
