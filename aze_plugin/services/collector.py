"""Python's cycle collector kept out of worker threads.

The collector runs in whichever thread happens to allocate. In a worker it may come upon dropped widgets or layers of
the main thread, from any plugin, and destroying those there brings QGIS down. So while an algorithm of ours works in a
worker, nothing is collected; what has gathered is collected afterwards, by the next allocation of the main thread.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_workers = 0
_was_enabled = False


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Hold the collector while the block runs in a worker thread; in the main thread nothing changes."""
    if threading.current_thread() is threading.main_thread():
        yield
        return
    global _workers, _was_enabled
    with _lock:
        if _workers == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _workers += 1
    try:
        yield
    finally:
        with _lock:
            _workers -= 1
            if _workers == 0 and _was_enabled:
                gc.enable()
