"""Progress and cancellation, without any toolkit behind it."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Callable

from .errors import Cancelled


class Progress:
    """Hands progress on and tells long work when to stop. The plain one reports nowhere and never cancels."""

    def __init__(
        self,
        on_progress: Callable[[float], None] | None = None,
        on_message: Callable[[str, dict], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ):
        self._on_progress = on_progress
        self._on_message = on_message
        self._is_cancelled = is_cancelled

    def set(self, fraction: float) -> None:
        """Report the share of the work done, 0 to 1. Raises Cancelled when asked to stop."""
        self.check()
        if self._on_progress:
            self._on_progress(min(1.0, max(0.0, fraction)))

    def say(self, code: str, **params) -> None:
        """Report an event by its wording code."""
        if self._on_message:
            self._on_message(code, params)

    def check(self) -> None:
        """Raise Cancelled when the user asked to stop."""
        if self._is_cancelled and self._is_cancelled():
            raise Cancelled

    def part(self, start: float, end: float) -> Progress:
        """A progress whose 0 to 1 is a stretch of this one's."""
        return Progress(
            (lambda f: self._on_progress(start + f * (end - start))) if self._on_progress else None,
            self._on_message,
            self._is_cancelled,
        )


def waited_for(future: Future, progress: Progress) -> Any:
    """A future's result, with an eye on whether the user wants to stop. Raises what the work raised, or Cancelled."""
    while True:
        progress.check()
        try:
            return future.result(timeout=0.2)
        except NotYet:
            if future.done():
                raise
