"""Processing algorithms run as background tasks, one at a time for each purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsTask,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

# The panel shows progress and outcome itself; a check at every edit must not flicker in QGIS's status bar as well.
_QUIET = QgsTask.Flags(
    QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Hidden | QgsTask.Flag.Silent
)


class Feedback(QgsProcessingFeedback):
    """Keeps what the algorithm reports as an error, which is the sentence the user has to see."""

    def __init__(self):
        super().__init__(False)
        self.errors: list[str] = []

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
        # A superseded task ends later than its successor starts; it must not be collected before that.
        self._ending: list[_Run] = []

    def start(
        self,
        key: str,
        algorithm: str,
        parameters: dict,
        title: str,
        on_done: Callable[[dict, QgsProcessingContext], None],
        on_failed: Callable[[str], None],
        keep: Any = None,
    ) -> None:
        """Run an algorithm. ``keep`` is held until it ends: snapshots that it reads, folders that it writes to.

        ``on_done`` gets outputs and context, ``on_failed`` a sentence; neither is called after a cancel.
        """
        self.cancel(key)
        found = QgsApplication.processingRegistry().algorithmById(algorithm)
        if found is None:
            on_failed(
                QCoreApplication.translate(
                    "AzePanel", "The tool {name} is missing. Reload the AZE Toolkit in the plugin manager."
                ).format(name=algorithm)
            )
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
        run.task = QgsProcessingAlgRunnerTask(found, parameters, context, feedback, _QUIET)
        run.task.executed.connect(lambda ok, results: self._end(key, run, ok, results))
        QgsApplication.taskManager().addTask(run.task)
        self.changed.emit()

    def _run_here(self, key: str, run: _Run, algorithm, parameters: dict) -> None:
        """Algorithms that draw maps have to run in the main thread: they get the event loop's turns by feedback."""
        self.changed.emit()
        results, ok = algorithm.run(parameters, run.context, run.feedback, {}, False)
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
            self._ending.append(run)
            run.task.cancel()
        self.changed.emit()

    def cancel_all(self) -> None:
        """Stop everything and forget it; for unloading."""
        for key in list(self._runs):
            self.cancel(key)

    def _move(self, run: _Run, percent: float) -> None:
        fraction = percent / 100
        if run.fraction is None or abs(fraction - run.fraction) >= 0.01:
            run.fraction = fraction
            if not run.superseded:
                self.changed.emit()

    def _end(self, key: str, run: _Run, ok: bool, results: dict) -> None:
        if run.superseded:
            if run in self._ending:
                self._ending.remove(run)
            return
        del self._runs[key]
        cancelled = run.feedback.isCanceled()
        self.changed.emit()
        if cancelled:
            return
        if ok:
            run.on_done(results, run.context)
        else:
            run.on_failed(_sentence(run))


def _sentence(run: _Run) -> str:
    """What the algorithm said went wrong; a fault of the plugin itself is left to the log, which has all of it."""
    said = run.feedback.errors[-1].strip() if run.feedback.errors else ""
    if said and not said.startswith("Traceback"):
        return said
    return QCoreApplication.translate(
        "AzePanel",
        "{title} did not finish, by a fault of the plugin. The message log (View → Panels → Log Messages) has the "
        "details, which help those who mend it.",
    ).format(title=run.title)
