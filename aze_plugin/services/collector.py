"""Python's cycle collector kept out of worker threads.

The collector runs in whichever thread happens to allocate. In a worker it may come upon dropped widgets or layers of
the main thread, from any plugin, and destroying those there brings QGIS down; so does emptying a function that the main
thread is about to call. So while a thread of ours works, nothing is collected, and the collector is woken by the main
thread, when no thread of ours is left that could be the next to allocate.

What has gathered is collected by whoever wakes it. Left to the next allocation, it would be by whatever comes next, and
that is mostly PyQt, about to call a method of a widget: should that be among the garbage, it is emptied before the
call, which ends QGIS.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Threads that may go on when their work is done or given up: of pools in the midst of what nobody can stop, and calls.
LEFT_OVER = ("aze-compute", "aze-cover", "aze-overlay", "aze-call")
# Milliseconds between two looks at whether they have ended.
_LOOK_MS = 250

# What is collected may end a task, and so come here again.
_lock = threading.RLock()
_holders = 0
_was_enabled = False


def hold() -> None:
    """Let the collector rest, until ``release`` was called as often. A thread that is begun after it allocates safely
    from its first line on."""
    global _holders, _was_enabled
    with _lock:
        if gc.isenabled():
            _was_enabled = True
            gc.disable()
        _holders += 1


def release() -> None:
    """Take one ``hold`` back, from any thread; the main thread wakes the collector, at its next turn and not amid what
    it is called from: what that goes on to tell, and to whom, may be what is collected."""
    global _holders
    with _lock:
        _holders -= 1
        is_last = _holders == 0
    if is_last:
        from .main_thread import soon_on_main_thread

        soon_on_main_thread(_wake_next)


def _wake_next() -> None:
    from qgis.PyQt.QtCore import QCoreApplication, QTimer

    if QCoreApplication.instance() is None:
        _wake()
    else:
        QTimer.singleShot(0, _wake)


def _wake() -> None:
    """In the main thread: let the collector go on, unless somebody works again; then he will ask."""
    global _was_enabled
    from qgis.PyQt.QtCore import QCoreApplication, QTimer

    if not _is_due():
        return
    is_too_soon = any(thread.name.startswith(LEFT_OVER) for thread in threading.enumerate())
    if is_too_soon and QCoreApplication.instance() is not None:
        QTimer.singleShot(_LOOK_MS, _wake)
        return
    # Without the lock, which threads may ask for that what is collected waits for.
    gc.collect(_generation())
    with _lock:
        if _is_due():
            _was_enabled = False
            gc.enable()


def _is_due() -> bool:
    """Whether nobody holds the collector, and it was on before."""
    with _lock:
        return _was_enabled and not _holders


def _generation() -> int:
    """Which Python itself would collect at the next allocation; the oldest is left to its own time."""
    return int(gc.get_count()[1] > gc.get_threshold()[1] > 0)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Hold the collector while the block runs in a worker thread; in the main thread nothing changes."""
    if threading.current_thread() is threading.main_thread():
        yield
        return
    hold()
    try:
        yield
    finally:
        release()


class Rest:
    """The collector's rest during the work of a thread that waits for more in between.

    ``begin`` and ``end`` may be called again and again, under the lock by which the thread waits: ``begin`` by whoever
    wakes it, ``end`` by the thread before it waits and when it ends.
    """

    def __init__(self):
        self._is_held = False

    def begin(self) -> None:
        """Hold the collector from now on."""
        if not self._is_held:
            self._is_held = True
            hold()

    def end(self) -> None:
        """Hold it no longer."""
        if self._is_held:
            self._is_held = False
            release()
