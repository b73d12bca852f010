"""What is done to a nomination, as steps that can be undone."""

from __future__ import annotations

import copy
import time
from typing import Any, NamedTuple

from qgis.PyQt.QtCore import QCoreApplication

try:
    from qgis.PyQt.QtGui import QUndoCommand, QUndoStack
except ImportError:
    # Under Qt 5 they are among the widgets, and qgis.PyQt does not bridge that.
    from qgis.PyQt.QtWidgets import QUndoCommand, QUndoStack

__all__ = ["Kind", "QUndoCommand", "QUndoStack", "Replace", "SetKind", "SetStatement", "SetValue"]

# Steps in the same text within so many seconds are one.
_MERGE_S = 4.0


class SetValue(QUndoCommand):
    """Sets one member of the nomination; steps in the same text that follow each other closely become one."""

    def __init__(self, session, pointer: str, before: Any, after: Any, title: str):
        super().__init__(title)
        self.session, self.pointer, self.before, self.after = session, pointer, before, after
        self.place = _text_place(before, after)
        self.made = time.monotonic()

    def id(self) -> int:
        return 1

    def mergeWith(self, other) -> bool:
        if other.pointer != self.pointer or self.place is None or other.place != self.place:
            return False
        if other.made - self.made > _MERGE_S:
            return False
        self.after, self.made = other.after, other.made
        return True

    def redo(self) -> None:
        self.session.nominations.set_value(self.pointer, copy.deepcopy(self.after))

    def undo(self) -> None:
        self.session.nominations.set_value(self.pointer, copy.deepcopy(self.before))


class SetStatement(QUndoCommand):
    """Sets one statement of the nominator, which the criteria check reads too; close steps become one."""

    def __init__(self, session, key: str, taxon: str | None, before: str, after: str):
        super().__init__(QCoreApplication.translate("AzeNomination", "Statement"))
        self.session, self.key, self.taxon, self.before, self.after = session, key, taxon, before, after
        self.pointer = "/delineation/rationale" if taxon is None else "/biodiversity/species"
        self.made = time.monotonic()

    def id(self) -> int:
        return 2

    def mergeWith(self, other) -> bool:
        if (other.key, other.taxon) != (self.key, self.taxon) or other.made - self.made > _MERGE_S:
            return False
        self.after, self.made = other.after, other.made
        return True

    def redo(self) -> None:
        self.session.nominations.set_statement(self.key, self.after, self.taxon)

    def undo(self) -> None:
        self.session.nominations.set_statement(self.key, self.before, self.taxon)


class Replace(QUndoCommand):
    """Replaces all details."""

    pointer = ""

    def __init__(self, session, before: dict[str, Any], after: dict[str, Any], title: str):
        super().__init__(title)
        self.session, self.before, self.after = session, before, after

    def redo(self) -> None:
        self.session.nominations.replace(self.after)

    def undo(self) -> None:
        self.session.nominations.replace(self.before)


class Kind(NamedTuple):
    """Details, and name and number of the site that the candidate updates (empty for a new site)."""

    details: dict[str, Any]
    site: str
    number: str


class SetKind(QUndoCommand):
    """Makes the nomination, and its candidate, one of another kind or of another site."""

    pointer = ""

    def __init__(self, session, before: Kind, after: Kind):
        super().__init__(QCoreApplication.translate("AzeNomination", "What is proposed"))
        self.session, self.before, self.after = session, before, after

    def redo(self) -> None:
        self._set(self.after)

    def undo(self) -> None:
        self._set(self.before)

    def _set(self, kind: Kind) -> None:
        session = self.session
        session.candidates.set_kind(kind.details.get("kind", "new_site"), kind.site, kind.number)
        session.nominations.replace(kind.details)
        # The list of candidates says of what each is; and which sites count as others depends on it.
        session.candidatesChanged.emit()
        session.assessmentChanged.emit()
        session.schedule()


def _text_place(before: Any, after: Any) -> tuple | None:
    """Where in a value one text changed: () for a text itself, row and key in a list of rows; None for all else."""
    if isinstance(after, str) and isinstance(before, (str, type(None))):
        return ()
    if not isinstance(after, list) or not isinstance(before, list) or len(after) != len(before):
        return None
    changed = [n for n, (one, other) in enumerate(zip(before, after)) if one != other]
    if len(changed) != 1:
        return None
    one, other = before[changed[0]], after[changed[0]]
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return (changed[0], keys[0]) if len(keys) == 1 and isinstance(other.get(keys[0]), str) else None
