"""Boundaries that are not saved yet, kept in a small file beside the candidates' file, in case QGIS ends by itself.

The file is replaced as a whole, so it is never half written when the program is killed. It is not forced to the disk:
that would take longer than there is between two clicks, and only a failing machine, not a failing program, needs it.
It holds a line of JSON, which says what follows, and then the boundaries' bytes as they are: a boundary of a hundred
thousand corners has to be written while the user goes on drawing. That is done in a thread of its own (``Writer``).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .collector import Rest

_ENDING = ".unsaved"
# What an earlier run left, until the user has decided: edits that are made meanwhile get the other file.
_LEFT = ".left"
_SCHEMA = "aze-unsaved/1"
_LONGEST_S = 5.0


@dataclass(frozen=True)
class Unsaved:
    """A boundary (WKB, WGS 84) that was not saved: ``key`` and ``name`` of its candidate, both empty for a drawing that
    was not finished; ``time`` (ISO 8601, local where no offset is given), when it was noted."""

    key: str
    name: str
    wkb: bytes
    time: str = ""


class Journal:
    """The notes beside one candidates' file. A note that cannot be written or read is none: OSError from writing is for
    the caller, and a damaged note is taken as if it were not there."""

    def __init__(self, path: str):
        self._path, self._left = Path(path + _ENDING), Path(path + _LEFT)

    def note(self, boundaries: Sequence[Unsaved]) -> None:
        """Note what is not saved; nothing removes the note. Raises OSError."""
        if not boundaries:
            self._path.unlink(missing_ok=True)
            return
        time = datetime.now(timezone.utc).isoformat(timespec="seconds")
        _write(self._path, [Unsaved(b.key, b.name, b.wkb, b.time or time) for b in boundaries])

    def take_up(self) -> list[Unsaved]:
        """What an earlier run left behind; put aside for as long as nobody has decided. Raises OSError."""
        fresh, left = _read(self._path), _read(self._left)
        if fresh:
            left = list({(b.key, b.name): b for b in (*left, *fresh)}.values())
            _write(self._left, left)
        self._path.unlink(missing_ok=True)
        return left

    def forget(self) -> None:
        """The user has decided about what was left. Raises OSError."""
        self._left.unlink(missing_ok=True)


class Writer:
    """Writes notes in a thread of its own. Of several that come in while one is being written only the newest is.

    ``journal``: what is made of a path and has ``note``; a note that is empty removes the file.

    What went wrong is raised by the next call, as OSError. The thread begins with the first note and ends with
    ``close``, or with the program.
    """

    def __init__(self, journal: Callable[[str], Any] = Journal):
        self._journal = journal
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next: tuple[Any, Any] | None = None
        self._busy = False
        self._problem: OSError | None = None
        self._rest = Rest()

    def note(self, path: str, content: Any) -> None:
        """Note what is not saved of the candidates' file; when there is nothing, the note is gone on return."""
        journal = self._journal(path)
        if not content:
            with self._changed:
                self._next = None
            self.flush()
            journal.note(content)
            return
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="aze-journal", daemon=True)
                self._thread.start()
            self._next = (journal, content)
            self._rest.begin()
            self._changed.notify_all()
            self._raise()

    def flush(self) -> None:
        """Wait until what was noted is written."""
        with self._changed:
            # A disk that does not answer must not keep the user from saving.
            self._changed.wait_for(lambda: self._next is None and not self._busy, _LONGEST_S)
            self._raise()

    def close(self) -> None:
        """Write what is left to write, and end the thread."""
        thread = self._thread
        if thread is None:
            return
        try:
            self.flush()
        finally:
            with self._changed:
                self._thread = None
                self._rest.begin()
                self._changed.notify_all()
            thread.join()

    def _raise(self) -> None:
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def _run(self) -> None:
        try:
            while self._write_next():
                pass
        finally:
            with self._changed:
                self._rest.end()

    def _write_next(self) -> bool:
        """Wait for a note and write it; False where there will be none any more."""
        with self._changed:
            while self._next is None and self._thread is not None:
                self._rest.end()
                self._changed.wait()
            if self._next is None:
                return False
            (journal, content), self._next = self._next, None
            self._busy = True
        problem = None
        try:
            journal.note(content)
        except OSError as error:
            problem = error
        with self._changed:
            self._busy, self._problem = False, problem
            self._changed.notify_all()
        return True


def _write(path: Path, boundaries: Sequence[Unsaved]) -> None:
    rows = [{"key": b.key, "name": b.name, "time": b.time, "bytes": len(b.wkb)} for b in boundaries]
    head = json.dumps({"schema": _SCHEMA, "boundaries": rows})
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(head.encode("ascii") + b"\n")
        for boundary in boundaries:
            file.write(boundary.wkb)
    os.replace(beside, path)


def _read(path: Path) -> list[Unsaved]:
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        content = json.loads(head)
        if content["schema"] != _SCHEMA or sum(row["bytes"] for row in content["boundaries"]) != len(body):
            return []
        found, start = [], 0
        for row in content["boundaries"]:
            end = start + row["bytes"]
            found.append(Unsaved(row["key"], row["name"], body[start:end], row["time"]))
            start = end
        return found
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):
        return []
