"""Work in the background: a function in a thread (``Task``), and Processing algorithms, one at a time for each purpose
(``Runner``). Whatever is begun here is held until it has ended, and ``end_all`` ends it before the plugin goes."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any, Callable

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMessageLog,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsTask,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..domain.errors import AzeError, Cancelled
from ..domain.progress import Progress
from ..services.collector import collector_at_rest
from ..services.wording import text

# The panel shows progress and outcome itself; a check at every edit must not flicker in QGIS's status bar as well.
QUIET = QgsTask.Flags(
    QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Hidden | QgsTask.Flag.Silent
)

# What is cancelled ends within a second; so long it is waited for when the plugin goes.
LONGEST_END_MS = 3000

# Steps of progress that are worth showing.
_STEP = 0.01

# QGIS does not call back a task that nobody holds, and what began one may be gone before it has ended.
_under_way: set[QgsTask] = set()


def under_way() -> int:
    """How many tasks have not ended, with those that were cancelled and whose threads go on for a moment."""
    return len(_under_way)


def end_all() -> None:
    """Cancel everything and wait for it, for unloading: what runs on would look for modules that are gone."""
    tasks = [task for task in _under_way if not sip.isdeleted(task)]
    for task in tasks:
        task.cancel()
    for task in tasks:
        if task in _under_way and not task.waitForFinished(LONGEST_END_MS):
            QgsMessageLog.logMessage(f"{task.description()} did not end in time.", "AZE", Qgis.MessageLevel.Warning)


class Task(QObject):
    """Functions that run in a thread of QGIS's task manager for an owner, one at a time.

    Every run ends with one of ``done`` (with what the function gave), ``failed`` (with an AzeError) and ``cancelled``,
    in the main thread; a run that another one takes the place of, and all after the owner was destroyed, with none.
    ``changed``: a run began, moved on or has ended. ``discard`` is called with a result for which nobody waits any
    more.
    """

    done = pyqtSignal(object)
    failed = pyqtSignal(object)
    cancelled = pyqtSignal()
    changed = pyqtSignal()

    def __init__(self, owner: QObject, title: str, discard: Callable[[Any], None] = lambda _result: None):
        super().__init__(owner)
        self.title = title
        # Share done, 0 to 1; None while it is not known.
        self.fraction: float | None = None
        self._discard = discard
        self._thread: _Thread | None = None
        owner.destroyed.connect(self._give_up)

    def start(self, work: Callable[[Progress], Any]) -> None:
        """Run a function in place of the one under way. It gets a Progress; what it needs of layers and widgets has to
        be taken down before."""
        self._give_up()
        self.fraction = None
        thread = self._thread = _Thread(self.title, work, self._end)
        thread.progressChanged.connect(lambda percent: self._move(thread, percent))
        _under_way.add(thread)
        QgsApplication.taskManager().addTask(thread)
        self.changed.emit()

    @property
    def is_running(self) -> bool:
        """Whether an outcome is still to come."""
        return self._thread is not None

    def cancel(self) -> None:
        """Stop. It is said at once; the thread ends at its next look at the progress."""
        if self._thread is not None:
            self._give_up()
            self.cancelled.emit()
            self.changed.emit()

    def _give_up(self, *_args) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.cancel()

    def _move(self, thread: _Thread, percent: float) -> None:
        fraction = percent / 100
        if thread is self._thread and (self.fraction is None or abs(fraction - self.fraction) >= _STEP):
            self.fraction = fraction
            self.changed.emit()

    def _end(self, thread: _Thread) -> None:
        if thread is not self._thread:
            if thread.is_complete:
                self._discard(thread.result)
            return
        self._thread = None
        if thread.is_complete:
            self.done.emit(thread.result)
        elif thread.error is not None:
            self.failed.emit(thread.error)
        else:
            self.cancelled.emit()
        self.changed.emit()


class _Thread(QgsTask):
    """One run of a Task: what came of the function, and the call back to the main thread."""

    def __init__(self, title: str, work: Callable[[Progress], Any], ended: Callable[[_Thread], None]):
        super().__init__(title, QUIET)
        self._work, self._ended = work, ended
        self.is_complete = False
        self.result: Any = None
        self.error: AzeError | None = None

    def run(self) -> bool:
        progress = Progress(lambda share: self.setProgress(100 * share), is_cancelled=self.isCanceled)
        with collector_at_rest():
            try:
                self.result = self._work(progress)
                self.is_complete = True
            except Cancelled:
                pass
            except AzeError as error:
                # Another one: that which was raised holds the frames of this thread, and layers with them.
                self.error = AzeError(error.code, **error.params)
            except OSError as error:
                self.error = AzeError("task.system", title=self.description(), detail=error.strerror or str(error))
            except Exception:  # an exception that leaves run() would end QGIS
                QgsMessageLog.logMessage(traceback.format_exc(), "AZE", Qgis.MessageLevel.Critical)
                self.error = AzeError("task.fault", title=self.description())
        return self.is_complete

    def finished(self, _result: bool) -> None:
        _under_way.discard(self)
        self._ended(self)


def algorithm(name: str) -> QgsProcessingAlgorithm:
    """One of the plugin's algorithms by its id. Raises AzeError ``task.no_tool``."""
    found = QgsApplication.processingRegistry().algorithmById(name)
    if found is None:
        raise AzeError("task.no_tool", name=name)
    return found


class Feedback(QgsProcessingFeedback):
    """Hands on what an algorithm says, which it may do in a thread of its own, and keeps what it reports as errors: the
    last of them is the sentence that the user has to see."""

    said = pyqtSignal(str)

    def __init__(self):
        super().__init__(False)
        self.errors: list[str] = []

    def problem(self) -> str:
        """Why the algorithm failed; empty for a fault of the plugin itself, of which the log has all."""
        said = self.errors[-1].strip() if self.errors else ""
        return "" if said.startswith("Traceback") else said

    def pushInfo(self, info: str) -> None:
        self.said.emit(info)
        super().pushInfo(info)

    def reportError(self, error: str, fatalError: bool = False) -> None:
        self.errors.append(error)
        super().reportError(error, fatalError)


@dataclass(frozen=True)
class Busy:
    """Work under way: its title, the share done (None while it is not known), and how to stop it."""

    title: str
    fraction: float | None
    cancel: Callable[[], None]


@dataclass
class _Run:
    """What has to stay alive while a task runs: QGIS keeps no reference to context and feedback."""

    title: str
    task: QgsProcessingAlgRunnerTask | None
    context: QgsProcessingContext
    feedback: Feedback
    keep: Any
    on_done: Callable[[dict, QgsProcessingContext], None]
    on_failed: Callable[[str], None]
    fraction: float | None = None
    superseded: bool = False


class Runner(QObject):
    """Starts algorithms by id and hands their results to the main thread.

    Each purpose (``key``) has one run: a new one cancels the earlier, whose result is dropped. Emits ``changed`` when a
    run starts, moves on or ends.
    """

    changed = pyqtSignal()

    def __init__(self, project: QgsProject, parent: QObject | None = None):
        super().__init__(parent)
        self._project = project
        self._runs: dict[str, _Run] = {}

    def start(
        self,
        key: str,
        name: str,
        parameters: dict,
        title: str,
        on_done: Callable[[dict, QgsProcessingContext], None],
        on_failed: Callable[[str], None],
        keep: Any = None,
    ) -> None:
        """Run an algorithm by its id.

        ``keep`` is held until it ends: snapshots that it reads, folders that it writes to. ``on_done`` gets outputs and
        context, ``on_failed`` a sentence; neither is called after a cancel.
        """
        self.cancel(key)
        try:
            found = algorithm(name)
        except AzeError as error:
            on_failed(text(error.code, error.params))
            return
        context = QgsProcessingContext()
        context.setProject(self._project)
        feedback = Feedback()
        run = _Run(title, None, context, feedback, keep, on_done, on_failed)
        self._runs[key] = run
        feedback.progressChanged.connect(lambda percent: self._move(run, percent))
        if found.flags() & QgsProcessingAlgorithm.Flag.FlagNoThreading:
            self._run_here(key, run, found, parameters)
            return
        run.task = QgsProcessingAlgRunnerTask(found, parameters, context, feedback, QUIET)
        # A superseded task ends later than its successor starts; by this the run is held until then.
        run.task.executed.connect(lambda ok, results: self._end(key, run, ok, results))
        _under_way.add(run.task)
        QgsApplication.taskManager().addTask(run.task)
        self.changed.emit()

    def _run_here(self, key: str, run: _Run, found: QgsProcessingAlgorithm, parameters: dict) -> None:
        """Algorithms that draw maps have to run in the main thread: they get the event loop's turns by feedback."""
        self.changed.emit()
        results, ok = found.run(parameters, run.context, run.feedback, {}, False)
        self._end(key, run, ok, results)

    def busy(self, wanted: str = "") -> Busy | None:
        """The run that started last, or that of a purpose; None where there is none."""
        for key in reversed(self._runs):
            if wanted not in ("", key):
                continue
            run = self._runs[key]
            return Busy(run.title, run.fraction, lambda key=key: self.cancel(key))
        return None

    def running(self, key: str) -> bool:
        """Whether a run of this purpose is under way."""
        return key in self._runs

    def cancel(self, key: str) -> None:
        """Stop a run and drop its result."""
        run = self._runs.pop(key, None)
        if run is None:
            return
        run.superseded = True
        run.feedback.cancel()
        if run.task is not None:
            run.task.cancel()
        self.changed.emit()

    def cancel_all(self) -> None:
        """Stop everything and forget it; for unloading."""
        for key in list(self._runs):
            self.cancel(key)

    def _move(self, run: _Run, percent: float) -> None:
        fraction = percent / 100
        if run.fraction is None or abs(fraction - run.fraction) >= _STEP:
            run.fraction = fraction
            if not run.superseded:
                self.changed.emit()

    def _end(self, key: str, run: _Run, ok: bool, results: dict) -> None:
        _under_way.discard(run.task)
        if run.superseded:
            return
        del self._runs[key]
        cancelled = run.feedback.isCanceled()
        self.changed.emit()
        if cancelled:
            return
        if ok:
            run.on_done(results, run.context)
        else:
            run.on_failed(run.feedback.problem() or text("task.fault", {"title": run.title}))
