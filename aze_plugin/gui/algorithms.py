"""Processing algorithms as the panel runs them: as tasks, one at a time for each purpose.

What they give are files, not layers in memory: those would be made in the thread that works, and QGIS up to 3.44 at
least hands the events of objects made there to its main window, which looks at them when they are gone.
"""

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
)
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..domain.errors import AzeError
from ..processing.taking import without_layers
from ..services.wording import text
from . import tasks
from .tasks import Busy


class Feedback(QgsProcessingFeedback):
    """Hands on what an algorithm says, which it may do in a thread of its own, and keeps what it reports as errors: the
    last of them is the sentence that the user has to see."""

    said = pyqtSignal(str)

    def __init__(self):
        super().__init__(False)
        self.errors: list[str] = []

    def pushInfo(self, info: str) -> None:
        self.said.emit(info)
        super().pushInfo(info)

    def reportError(self, error: str, fatalError: bool = False) -> None:
        self.errors.append(error)
        super().reportError(error, fatalError)


class Run(QObject):
    """One run of an algorithm, in a thread where it may, with what has to stay alive meanwhile: QGIS keeps no reference
    to context and feedback.

    ``moved``: so many per cent are done; ``said``: what it says on its way; ``ended``: whether all went well, and the
    outputs. All come in the main thread, with the run itself before. ``keep`` is held until the end.
    """

    moved = pyqtSignal(object, float)
    said = pyqtSignal(object, str)
    ended = pyqtSignal(object, bool, dict)

    def __init__(self, name: str, parameters: dict, keep: Any = None):
        """Raises AzeError ``task.no_tool``."""
        super().__init__()
        self._algorithm = QgsApplication.processingRegistry().algorithmById(name)
        if self._algorithm is None:
            raise AzeError("task.no_tool", name=name)
        self._parameters, self._keep = parameters, keep
        self._task: QgsProcessingAlgRunnerTask | None = None
        self.context = QgsProcessingContext()
        self._feedback = Feedback()
        self._feedback.progressChanged.connect(self._move)
        self._feedback.said.connect(self._say)

    def start(self) -> None:
        """Begin. Algorithms that draw maps have to run in the main thread: of these this is also the end, and the event
        loop gets its turns by their feedback."""
        # QGIS looks at parameters in the other thread as well.
        parameters = without_layers(self._parameters, self.context.temporaryLayerStore())
        if self._algorithm.flags() & QgsProcessingAlgorithm.Flag.FlagNoThreading:
            results, ok = self._algorithm.run(parameters, self.context, self._feedback, {}, False)
            self.ended.emit(self, ok, results)
            return
        self._task = QgsProcessingAlgRunnerTask(self._algorithm, parameters, self.context, self._feedback, tasks.QUIET)
        self._task.executed.connect(self._end)
        tasks.begin(self._task, self)

    def cancel(self) -> None:
        """Ask it to stop; ``ended`` comes all the same."""
        self._feedback.cancel()
        if self._task is not None:
            self._task.cancel()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._feedback.isCanceled()

    @property
    def problem(self) -> str:
        """Why it failed; empty for a fault of the plugin itself, of which the log has all."""
        said = self._feedback.errors[-1].strip() if self._feedback.errors else ""
        return "" if said.startswith("Traceback") else said

    def wait(self) -> None:
        """Wait until one that was cancelled has ended."""
        if self._task is not None:
            self._task.waitForFinished(tasks.LONGEST_END_MS)

    def _move(self, percent: float) -> None:
        self.moved.emit(self, percent)

    def _say(self, said: str) -> None:
        self.said.emit(self, said)

    def _end(self, ok: bool, results: dict) -> None:
        task, self._task = self._task, None
        self.ended.emit(self, ok, results)
        tasks.has_ended(task)


@dataclass
class _Purpose:
    """What a run is for."""

    run: Run
    title: str
    on_done: Callable[[dict, QgsProcessingContext], None]
    on_failed: Callable[[str], None]
    fraction: float | None = None


class Runner(QObject):
    """Starts algorithms by id and hands their results to the main thread.

    Each purpose (``key``) has one run: a new one cancels the earlier, whose result is dropped. Emits ``changed`` when a
    run starts, moves on or ends.
    """

    changed = pyqtSignal()

    def __init__(self, project: QgsProject, parent: QObject | None = None):
        super().__init__(parent)
        self._project = project
        self._runs: dict[str, _Purpose] = {}

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

        ``keep`` is held until it ends: folders that it reads from and writes to. ``on_done`` gets outputs and
        context, ``on_failed`` a sentence; neither is called after a cancel.
        """
        self.cancel(key)
        try:
            run = Run(name, parameters, keep)
        except AzeError as error:
            on_failed(text(error.code, error.params))
            return
        run.context.setProject(self._project)
        self._runs[key] = _Purpose(run, title, on_done, on_failed)
        run.moved.connect(self._move)
        run.ended.connect(self._end)
        self.changed.emit()
        run.start()

    def busy(self, wanted: str = "") -> Busy | None:
        """The run that started last, or that of a purpose; None where there is none."""
        for key in reversed(self._runs):
            if wanted not in ("", key):
                continue
            purpose = self._runs[key]
            return Busy(purpose.title, purpose.fraction, lambda key=key: self.cancel(key))
        return None

    def running(self, key: str) -> bool:
        """Whether a run of this purpose is under way."""
        return key in self._runs

    def cancel(self, key: str) -> None:
        """Stop a run and drop its result."""
        purpose = self._runs.pop(key, None)
        if purpose is not None:
            purpose.run.cancel()
            self.changed.emit()

    def cancel_all(self) -> None:
        """Stop everything and forget it; for unloading."""
        for key in list(self._runs):
            self.cancel(key)

    def _key_of(self, run: Run) -> str | None:
        """What a run is for; None for one that was cancelled, which ends later than its successor starts."""
        return next((key for key, purpose in self._runs.items() if purpose.run is run), None)

    def _move(self, run: Run, percent: float) -> None:
        key, fraction = self._key_of(run), percent / 100
        if key is None:
            return
        purpose = self._runs[key]
        if purpose.fraction is None or abs(fraction - purpose.fraction) >= tasks.STEP:
            purpose.fraction = fraction
            self.changed.emit()

    def _end(self, run: Run, ok: bool, results: dict) -> None:
        key = self._key_of(run)
        if key is None:
            return
        purpose = self._runs.pop(key)
        self.changed.emit()
        if run.is_cancelled:
            return
        if ok:
            purpose.on_done(results, run.context)
        else:
            purpose.on_failed(run.problem or text("task.fault", {"title": purpose.title}))
