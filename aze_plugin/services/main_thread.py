"""Work that belongs to the main thread, asked for from any other: layouts, memory layers, pictures of maps.

``on_main_thread(function, progress)`` calls ``function(progress)`` there and gives back what it gives. Already there,
as under qgis_process, it is called at once. From a worker the call waits in the main thread's queue, and the worker
with it, with an eye on cancel: a call that nobody has begun is withdrawn, one under way is told by its own progress and
left alone. So neither cancel nor ``unload`` can wait for a worker that waits for them.

The function's progress is one of its own, fit for the other thread. A worker that was cancelled goes on without it, so
the function must hold all that it uses, write files whole or not at all by itself, and call ``progress.check()``
between its steps.
"""

from __future__ import annotations

import threading
import traceback
from typing import Any, Callable, TypeVar

from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, pyqtSignal, pyqtSlot

from ..domain.errors import Cancelled
from ..domain.progress import Progress
from .collector import collector_at_rest

Found = TypeVar("Found")

# Seconds between two looks at whether the user wants to stop, and of patience with a call that has been told to.
_LOOK, _PATIENCE = 0.05, 0.5


class _Call:
    """One function on its way to the main thread."""

    def __init__(self, function: Callable[[Progress], Any]):
        self._function = function
        self._begun = threading.Lock()
        self.unwanted = threading.Event()
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self.fraction: float | None = None
        self.said: list[tuple[str, dict]] = []

    def run(self) -> None:
        """Call the function, unless it was withdrawn."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            self.result = self._function(Progress(self._note, self._say, self.unwanted.is_set))
        except Exception as error:
            # It is the worker's to raise: nothing may escape into the event loop.
            _let_go(error)
            self.error = error
        finally:
            self.done.set()

    def withdraw(self) -> bool:
        """Keep the call from beginning; False where it has begun."""
        self.unwanted.set()
        return self._begun.acquire(blocking=False)

    def _note(self, fraction: float) -> None:
        self.fraction = fraction

    def _say(self, code: str, params: dict) -> None:
        self.said.append((code, params))


class _Desk(QObject):
    """Lives in the main thread and takes calls from others."""

    asked = pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self.asked.connect(self._serve, Qt.ConnectionType.QueuedConnection)

    @pyqtSlot(object)
    def _serve(self, call: _Call) -> None:
        call.run()


def _let_go(error: BaseException | None) -> None:
    """Take from an error what its frames hold: layouts and layers would end in the worker that handles it."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


_lock = threading.Lock()
_desks: list[_Desk] = []


def _desk() -> _Desk:
    """The desk, made when first needed and moved to the main thread, from whatever thread asks."""
    with _lock:
        if not _desks:
            desk = _Desk()
            desk.moveToThread(QCoreApplication.instance().thread())
            _desks.append(desk)
        return _desks[0]


def is_main_thread() -> bool:
    """Whether this is the thread of windows, layouts and layers."""
    return threading.current_thread() is threading.main_thread()


def on_main_thread(function: Callable[[Progress], Found], progress: Progress | None = None) -> Found:
    """What ``function(progress)`` gives, called on the main thread; raises what it raises, or Cancelled."""
    progress = progress or Progress()
    if is_main_thread():
        return function(progress)
    with collector_at_rest():
        return _asked_for(_Call(function), progress)


def soon_on_main_thread(function: Callable[[], None]) -> None:
    """Call a function in the main thread: there at once, else when its turn comes; nobody waits for it."""
    if is_main_thread() or QCoreApplication.instance() is None:
        function()
    else:
        _desk().asked.emit(_Call(lambda _progress: function()))


def release_on_main_thread(held: list) -> None:
    """Empty a list of what may only end in the main thread, and do not wait for it."""
    soon_on_main_thread(held.clear)


def _asked_for(call: _Call, progress: Progress) -> Any:
    _desk().asked.emit(call)
    shown = None
    while not call.done.wait(_LOOK):
        try:
            while call.said:
                code, params = call.said.pop(0)
                progress.say(code, **params)
            if call.fraction != shown:
                shown = call.fraction
                progress.set(shown)
            progress.check()
        except Cancelled:
            if not call.withdraw():
                call.done.wait(_PATIENCE)
            raise
    for code, params in call.said:
        progress.say(code, **params)
    if call.error is not None:
        raise call.error
    return call.result
