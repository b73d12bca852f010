"""Drafts of projects that were never saved: which of them a session works on, and which one that ended by itself left.

While a session works on a draft there are two small files beside it: a mark, which is taken away when the session ends
well, and a lock, which the system lets go of with the program. A mark without a program behind it was left.
"""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsFeature, QgsVectorLayer
from qgis.PyQt.QtCore import QLockFile

from ..services.journal import Journal, Unsaved
from ..services.texts import has_texts
from . import layers

_MARK, _LOCK = ".open", ".lock"


class Draft:
    """The candidates' file of a project that has no file yet, as one session works on it."""

    def __init__(self, file: str):
        self.file = file
        self._mark = Path(file + _MARK)
        self._lock = QLockFile(file + _LOCK)
        # Not by its age: only when the program that made it is gone.
        self._lock.setStaleLockTime(0)

    def take(self) -> bool:
        """Make it this session's; whether no other one has it. Raises OSError where the folder cannot be written to."""
        if not self._lock.tryLock(0):
            return False
        self._mark.touch()
        return True

    def let_go(self) -> None:
        """Let others find it."""
        self._lock.unlock()

    def end(self) -> None:
        """Nothing of it is to be found any more: it was saved, given up or taken over. Raises OSError."""
        try:
            self._mark.unlink(missing_ok=True)
        finally:
            self._lock.unlock()


class Left:
    """A draft that a session left when it ended by itself.

    ``edits``: boundaries that were not even saved to the draft, ``kept``: those that were; ``has_texts``: whether
    something was written, too.
    """

    def __init__(self, draft: Draft):
        self.draft = draft
        self.edits = Journal(draft.file).take_up()
        self.has_texts = has_texts(draft.file)
        known = {found.key for found in self.edits if found.key}
        self.kept = [found for found in _candidates(draft.file) if found.key not in known]

    def __bool__(self) -> bool:
        return bool(self.edits or self.kept or self.has_texts)

    def forget(self) -> None:
        """It was decided about. Raises OSError."""
        Journal(self.draft.file).forget()
        self.draft.end()


def left_in(folder: Path) -> list[Left]:
    """What sessions that ended by themselves left in the folder of drafts, the latest first. Raises OSError."""
    found = []
    for mark in sorted(folder.glob(f"*.gpkg{_MARK}"), key=lambda path: -path.stat().st_mtime):
        draft = Draft(str(mark)[: -len(_MARK)])
        if not Path(draft.file).exists():
            if draft.take():
                draft.end()
        elif draft.take():
            left = Left(draft)
            if left:
                found.append(left)
            else:
                left.forget()
    return found


def _candidates(file: str) -> list[Unsaved]:
    """The candidates that a file holds; none where it cannot be read."""
    layer = QgsVectorLayer(layers.candidate_uri(file), "", "ogr")
    if not layer.isValid():
        return []
    return [_entry(feature) for feature in layer.getFeatures() if feature.hasGeometry()]


def _entry(feature: QgsFeature) -> Unsaved:
    known = feature.fields().names()
    name, uid, made = (str(feature[field] or "") if field in known else "" for field in ("name", "uid", "created"))
    return Unsaved(uid or name, name, bytes(feature.geometry().asWkb()), made)
