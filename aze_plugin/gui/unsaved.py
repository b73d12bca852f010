"""Notes what is written and not saved with the project yet, and offers it again after QGIS ended by itself.

``Recovery`` does the same for boundaries and leads through both; what is said there of projects without a file holds
here too.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qgis.core import QgsMessageLog
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..domain.errors import AzeError
from ..domain.threeway import Merged
from ..services import project_state
from ..services.journal import Writer
from ..services.texts import Left, Note, Place, TextJournal, Typed, left_beside
from .candidates import move_keys
from .nomination import set_at
from .unsaved_changes import Change, Differing, Offer, by_subject, changes_of, listed, target, under

if TYPE_CHECKING:
    from .session import Session

# The form hands on what is typed after half a second; with this it is in the file within a second.
_PAUSE_MS = 250


class Typing(QObject):
    """Statements that stand in an editor and are neither saved nor cancelled, by candidate, key and taxon ("" for the
    site)."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self.texts: dict[tuple[str, str, str], str] = {}

    def put(self, subject: tuple[str, str, str], text: str | None) -> None:
        """Keep what is typed; None for what was saved or cancelled."""
        if self.texts.get(subject) == text:
            return
        if text is None:
            del self.texts[subject]
        else:
            self.texts[subject] = text
        self.changed.emit()

    def rename(self, renamed: Mapping[str, str]) -> None:
        """Candidates have other names now (old name to new)."""
        move_keys(self.texts, {s: (renamed[s[0]], *s[1:]) for s in self.texts if s[0] in renamed})


class UnsavedTexts(QObject):
    """Follows what is written: nominations, statements, estimates, attached files. ``changed``: what an earlier run
    left was found or decided about.

    ``offers``: what can be taken back; ``differing``: what was not, until the user is done with it.
    """

    changed = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self.typing = Typing(self)
        self.offers: list[Offer] = []
        self.differing: list[Differing] = []
        self._left: list[Left] = []
        self._saved = ""
        self._place: Place | None = None
        self._file = ""
        self._writer = Writer(TextJournal)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._note)
        self._signals = (
            (session.nominations.changed, self._soon),
            (session.estimates.changed, self._soon),
            (session.candidates.changed, self._soon),
            (session.candidates.renamed, self.typing.rename),
            (self.typing.changed, self._soon),
            (session.project.projectSaved, self._on_saved),
        )
        for signal, slot in self._signals:
            signal.connect(slot)

    # ------------------------------------------------------------------------------------------------------ noting

    def flush(self) -> None:
        """Write what has changed, and wait until it is written."""
        if self._timer.isActive():
            self._note()
        try:
            self._writer.flush()
        except OSError as error:
            _log(error)

    def close(self) -> None:
        """The plugin goes. What is not saved is still in the project, and its note stays for as long."""
        if self._timer.isActive():
            self._note()
        self._end(keep=project_state.entry(self._session.project) != self._saved)
        for signal, slot in self._signals:
            signal.disconnect(slot)
        try:
            self._writer.close()
        except OSError as error:
            _log(error)
        self._let_go()

    def _soon(self, *_args) -> None:
        # Not started anew by every letter.
        if not self._timer.isActive():
            self._timer.start()

    def _note(self) -> None:
        self._timer.stop()
        session = self._session
        file, now = session.candidates.file, project_state.entry(session.project)
        typed = tuple(Typed(*subject, text) for subject, text in self.typing.texts.items())
        try:
            if not file or (now == self._saved and not typed):
                self._forget_own()
                return
            if self._file != file:
                self._forget_own()
            if self._place is None:
                self._place, self._file = Place.beside(file), file
                self._place.take()
            keys = {name: session.candidates.uid(name) for name in session.candidates.names if self._is_about(name)}
            self._writer.note(self._place.path, Note(self._saved, now, keys, typed))
        except OSError as error:
            # Writing goes on without the note; a message at every word would help nobody.
            _log(error)

    def _is_about(self, name: str) -> bool:
        nominations = self._session.nominations
        return name in nominations.written or name in nominations.files or any(s[0] == name for s in self.typing.texts)

    def _on_saved(self) -> None:
        self._saved = project_state.entry(self._session.project)
        self._note()

    def _forget_own(self) -> None:
        """Nothing is unsaved any more. Raises OSError."""
        place, self._place, self._file = self._place, None, ""
        if place is not None:
            self._writer.note(place.path, None)
            place.forget()

    def _end(self, keep: bool) -> None:
        """The project goes, and the user has decided about it; what stands in an editor was not asked about."""
        self._timer.stop()
        try:
            if self.typing.texts and not keep:
                self._writer.flush()
                note = TextJournal(self._place.path).read() if self._place is not None else None
                if note is not None:
                    TextJournal(self._place.path).note(Note(note.saved, note.saved, note.keys, note.typed, note.time))
                keep = True
            if not keep:
                self._forget_own()
            else:
                self._note_last()
        except OSError as error:
            _log(error)

    def _note_last(self) -> None:
        self._writer.flush()
        if self._place is not None:
            self._place.let_go()
        self._place, self._file = None, ""

    # ---------------------------------------------------------------------------------------------- what was left

    def look(self, drafts: Iterable[str] = ()) -> None:
        """See what earlier runs left beside the candidates of the project that was opened, or beside ``drafts``."""
        self._end(keep=False)
        self._let_go()
        self.typing.texts.clear()
        session = self._session
        self._saved = now = project_state.entry(session.project)
        own = session.candidates.file
        for file in [own] if own else list(drafts):
            try:
                self._left += left_beside(file)
            except OSError as error:
                _log(error)
        for left in list(self._left):
            if left.note.now == now and session.project.isDirty():
                # The plugin was only loaded anew, and what is written is still there, not saved.
                self._saved = left.note.saved
        self._renew()
        if now != self._saved:
            self._soon()

    def _renew(self) -> None:
        """See what of that is not in the project; what is needs no offer."""
        self.offers, self.differing = [], []
        for left in list(self._left):
            try:
                offers = self._offers(left)
            except AzeError as error:
                # Of a later version of the plugin, or damaged: it stays where it is.
                _log(error)
                left.place.let_go()
                self._left.remove(left)
                continue
            if offers:
                self.offers += offers
            else:
                self._drop(left)

    def _offers(self, left: Left) -> list[Offer]:
        found: dict[str, list[str]] = {}
        for change in changes_of(self._session, left.note):
            pointers = [*change.merged.taken, *(c.pointer for c in change.merged.conflicts)]
            pointers = [pointer for pointer in pointers if pointer != "/schema"]
            if pointers:
                found.setdefault(change.name, []).extend(f"{change.member}{pointer}" for pointer in pointers)
        return [Offer(name, tuple(dict.fromkeys(pointers)), left.note.time) for name, pointers in found.items()]

    def recover(self) -> None:
        """Take back what was left; what was saved otherwise since stays, and is in ``differing`` beside it."""
        differing = []
        for left in self._left:
            try:
                changes = changes_of(self._session, left.note)
            except AzeError as error:
                _log(error)
                continue
            self._take_library(left.note)
            for change in changes:
                differing += self._take(change, left.note.keys)
        self.offers, self.differing = [], differing
        # What was taken back is not saved: it is noted before what was left is forgotten.
        self._note()
        self.flush()
        if not differing:
            self.finish()
        else:
            self.changed.emit()

    def _take(self, change: Change, keys: Mapping[str, str]) -> list[Differing]:
        session = self._session
        merged, name = change.merged, change.name
        if merged.taken or merged.conflicts:
            if name:
                there = target(session, name, keys)
                if not there:
                    # Its boundary is gone; what was written is not.
                    there = session.candidates.add(name, None, uid=keys.get(name, ""))
                    merged = Merged(under(merged.document, name, there), merged.taken, merged.conflicts)
                name = there
            if change.member == "/estimates":
                self._set_estimates(merged.document)
            elif change.member == "/files":
                session.nominations.files[name] = list(merged.document or [])
                session.nominations.changed.emit()
            elif merged.taken:
                session.nominations.replace(merged.document, name)
                self._set_kind(name)
        return [Differing(name, change.member, conflict) for conflict in merged.conflicts]

    def _set_kind(self, name: str) -> None:
        """The kind of a candidate is an edit of its layer, which may be lost."""
        session = self._session
        details = session.nominations.written[name]
        kind, update = details.get("kind", "new_site"), details.get("update", {})
        if kind != session.candidates.kind(name):
            session.candidates.set_current(name)
            session.candidates.set_kind(kind, update.get("site_name", ""), update.get("site_id", ""))
            session.candidatesChanged.emit()

    def _set_estimates(self, tables: Mapping[str, Any]) -> None:
        self._session.estimates.restore(listed(tables))
        self._session.estimates.changed.emit()

    def _take_library(self, note: Note) -> None:
        """A project that was never saved has its library back."""
        session = self._session
        if session.sources.library_path:
            return
        library = project_state.parsed(session.project, note.now).library
        if library:
            session.open_library(library)

    def use(self, differing: Differing) -> None:
        """Put a text of before in the place of the one that was saved since."""
        session = self._session
        pointer, mine = differing.conflict.pointer, copy.deepcopy(differing.conflict.mine)
        if differing.member == "/estimates":
            tables = by_subject(session.estimates.kept, {})
            set_at(tables, pointer, mine)
            self._set_estimates(tables)
        else:
            session.candidates.set_current(differing.name)
            session.nominations.set_value(pointer, mine)
        self.differing.remove(differing)
        if self.differing:
            self.changed.emit()
        else:
            self.finish()

    def finish(self) -> None:
        """The user has decided about what was left."""
        for left in list(self._left):
            self._drop(left)
        self.offers, self.differing = [], []
        self.changed.emit()

    def _drop(self, left: Left) -> None:
        self._left.remove(left)
        try:
            left.place.forget()
        except OSError as error:
            _log(error)

    def _let_go(self) -> None:
        """Let others find what was left, as nobody has decided about it."""
        for left in self._left:
            left.place.let_go()
        self._left, self.offers, self.differing = [], [], []


def _log(error: Exception) -> None:
    QgsMessageLog.logMessage(str(error), "AZE Toolkit", notifyUser=False)
