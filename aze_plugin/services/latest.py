"""One thread that works on the newest job only."""

from __future__ import annotations

import threading
from typing import Any, Callable

from .collector import Rest


class Latest:
    """Works off what is given to it in one plain Python thread, newest first and nothing else.

    A job that is not begun when the next one is given is dropped; there is no queue. The thread begins with the first
    job and ends with ``close``. ``work`` is called in that thread with a job and with a function that says whether
    the work has become idle: the job was overtaken or the thread is to end. It must not raise.
    """

    def __init__(
        self,
        work: Callable[[Any, Callable[[], bool]], None],
        name: str,
        end: Callable[[], None] = lambda: None,
    ):
        self._work, self._name, self._end = work, name, end
        self._given = threading.Condition()
        self._job: Any = None
        self._waiting = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._rest = Rest()

    def put(self, job: Any) -> None:
        """Give a job in place of the one that waits."""
        with self._given:
            if self._closed:
                return
            self._job, self._waiting = job, True
            self._rest.begin()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._given.notify()

    def close(self, seconds: float = 10.0) -> bool:
        """End the thread and wait for it; whether it has ended in that time."""
        with self._given:
            self._job, self._waiting = None, False
            if self._thread is not None and not self._closed:
                self._rest.begin()
            self._closed = True
            self._given.notify()
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _is_closed(self) -> bool:
        return self._closed

    def _run(self) -> None:
        try:
            while True:
                with self._given:
                    while not self._waiting and not self._closed:
                        self._rest.end()
                        self._given.wait()
                    if self._closed:
                        break
                    job, self._job, self._waiting = self._job, None, False
                self._work(job, self._is_closed)
            self._end()
        finally:
            with self._given:
                self._rest.end()
