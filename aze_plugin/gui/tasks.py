"""Functions that run in the background for a dialog or a part of the panel (see ``gui.algorithms`` for Processing's).

Whatever is begun is held until it has ended, and ``end_all`` ends it before the plugin goes.

What a worker's signals call has to be a method: a lambda that is garbage is emptied by Python's collector, maybe before
the last signals on their way have come to it, and a call of an empty one ends QGIS.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any, Callable

from qgis.core import Qgis, QgsApplication, QgsMessageLog, QgsTask
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..domain.errors import AzeError, Cancelled
from ..domain.progress import Progress
from ..services.collector import hold, release

# The panel shows progress and outcome itself; a check at every edit must not flicker in QGIS's status bar as well.
QUIET = QgsTask.Flags(
    QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Hidden | QgsTask.Flag.Silent
)

# What is cancelled ends within a second; so long it is waited for when the plugin goes.
LONGEST_END_MS = 3000

# Steps of progress that are worth showing.
STEP = 0.01

# QGIS does not call back a task that nobody holds, and what began one may be gone before it has ended.
_under_way: dict[QgsTask, Any] = {}


@dataclass(frozen=True)
class Busy:
    """Work under way: its title, the share done (None while it is not known), and how to stop it."""

    title: str
    fraction: float | None
    cancel: Callable[[], None]


def begin(task: QgsTask, needed: Any = None) -> None:
    """Let QGIS run a task, which is held with what it needs until ``has_ended`` is called."""
    hold()
    _under_way[task] = needed
    QgsApplication.taskManager().addTask(task)


def has_ended(task: QgsTask) -> None:
    """Let go of a task."""
    _under_way.pop(task, None)
    release()


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
        self._thread = _Thread(self.title, work, self._move, self._end)
        begin(self._thread)
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
        if thread is self._thread and (self.fraction is None or abs(fraction - self.fraction) >= STEP):
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
    """One run of a Task: what came of the function, and the calls back in the main thread."""

    def __init__(
        self,
        title: str,
        work: Callable[[Progress], Any],
        moved: Callable[[_Thread, float], None],
        ended: Callable[[_Thread], None],
    ):
        super().__init__(title, QUIET)
        self._work, self._moved, self._ended = work, moved, ended
        self.progressChanged.connect(self._tell)
        self.is_complete = False
        self.result: Any = None
        self.error: AzeError | None = None

    def run(self) -> bool:
        progress = Progress(lambda share: self.setProgress(100 * share), is_cancelled=self.isCanceled)
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

    def _tell(self, percent: float) -> None:
        self._moved(self, percent)

    def finished(self, _result: bool) -> None:
        try:
            self._ended(self)
        finally:
            has_ended(self)
