"""What is written in the panel and not saved with the project yet, kept in a small file beside the candidates' file.

Every session has a file of its own, and a lock beside it that the system lets go of with the program: a file without a
program behind it was left. It holds the project's entry as it was saved and as it is now (see ``project_state``), so
that what was saved by somebody else since can be told from what was not. As with boundaries, the file is replaced as a
whole and not forced to the disk (see ``services.journal``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from qgis.PyQt.QtCore import QLockFile, QUuid

_ENDING, _LOCK = ".texts", ".lock"
_SCHEMA = "aze-unsaved-texts/1"


@dataclass(frozen=True)
class Typed:
    """A statement in an editor that was neither saved nor cancelled: candidate, key, taxon ("" for the site), text."""

    candidate: str
    key: str
    taxon: str
    text: str


@dataclass(frozen=True)
class Note:
    """``saved`` and ``now``: the project's entry as it was saved, and as it was when this was noted (``time``, ISO 8601
    in UTC); ``keys``: of each candidate that something is written about, what it keeps under any name."""

    saved: str
    now: str
    keys: Mapping[str, str] = field(default_factory=dict)
    typed: tuple[Typed, ...] = ()
    time: str = ""


class TextJournal:
    """One session's note beside a candidates' file."""

    def __init__(self, path: str):
        self.path = Path(path)

    def note(self, note: Note | None) -> None:
        """Write the note; None removes it. Raises OSError."""
        if note is None:
            self.path.unlink(missing_ok=True)
            return
        content = {
            "schema": _SCHEMA,
            "time": note.time or datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "saved": note.saved,
            "now": note.now,
            "keys": dict(note.keys),
            "typed": [[t.candidate, t.key, t.taxon, t.text] for t in note.typed],
        }
        beside = self.path.with_name(self.path.name + ".new")
        beside.write_text(json.dumps(content), encoding="ascii")
        os.replace(beside, self.path)

    def read(self) -> Note | None:
        """The note; None where there is none, or none that can be read."""
        try:
            content = json.loads(self.path.read_text(encoding="ascii"))
            if content["schema"] != _SCHEMA:
                return None
            typed = tuple(Typed(*row) for row in content["typed"])
            return Note(content["saved"], content["now"], content["keys"], typed, content["time"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


class Place:
    """Where a session keeps its note of a candidates' file, for as long as it holds the lock."""

    def __init__(self, path: str):
        self.path = path
        self._lock = QLockFile(path + _LOCK)
        # Not by its age: only when the program that made it is gone.
        self._lock.setStaleLockTime(0)

    @classmethod
    def beside(cls, candidates: str) -> Place:
        """A new one beside a candidates' file."""
        return cls(f"{candidates}.{QUuid.createUuid().toString(QUuid.StringFormat.Id128)[:8]}{_ENDING}")

    def take(self) -> bool:
        """Make it this session's; whether no other one has it."""
        return self._lock.isLocked() or self._lock.tryLock(0)

    def let_go(self) -> None:
        """Let others find the note."""
        self._lock.unlock()

    def forget(self) -> None:
        """The note is of no use any more. Raises OSError."""
        try:
            TextJournal(self.path).note(None)
        finally:
            self._lock.unlock()


@dataclass(frozen=True)
class Left:
    """A note that a session left, and the place that is held until it was decided about."""

    place: Place
    note: Note


def left_beside(candidates: str) -> list[Left]:
    """What sessions that ended by themselves left beside a candidates' file, the latest first. Raises OSError."""
    found = []
    for path in _notes(candidates):
        place = Place(path)
        if not place.take():
            continue
        note = TextJournal(path).read()
        if note is None:
            # Of a later version, or damaged: nothing is known of it, so it stays.
            place.let_go()
        else:
            found.append(Left(place, note))
    return sorted(found, key=lambda left: left.note.time, reverse=True)


def has_texts(candidates: str) -> bool:
    """Whether there is a note beside a candidates' file. Raises OSError."""
    return bool(_notes(candidates))


def _notes(candidates: str) -> list[str]:
    file = Path(candidates)
    beside = file.parent.iterdir() if file.parent.is_dir() else ()
    return [str(path) for path in beside if path.name.startswith(f"{file.name}.") and path.name.endswith(_ENDING)]
