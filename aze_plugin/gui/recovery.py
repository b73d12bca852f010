"""Notes boundaries while they are drawn and edited, and offers them again after QGIS ended by itself.

What was left of texts (see ``unsaved``) is taken back and discarded along with them.

Those of a project with a file are offered when it is opened again, those of one that was never saved when QGIS starts
with an empty project.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Callable

from qgis.core import QgsCurve, QgsFeature, QgsGeometry, QgsMessageLog, QgsPolygon, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QElapsedTimer, QObject, QTimer, pyqtSignal

from ..domain.errors import AzeError
from ..services.journal import Journal, Unsaved, Writer
from ..services.wording import text
from . import drafts, layers, messages
from .unsaved import UnsavedTexts

if TYPE_CHECKING:
    from .session import Session

# Between two notes there is this many times what a note takes of the main thread, but no more than a tenth of a second,
# in which nobody makes two corners.
_REST = 5
_MOST_PAUSE_MS = 100


class Recovery(QObject):
    """Follows the edits of the candidates' layer and the drawing under way. ``changed``: what is left of an earlier run
    was taken up or decided about."""

    changed = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session, self._candidates = session, session.candidates
        self.texts = UnsavedTexts(session)
        self.texts.changed.connect(self.changed)
        self.left: list[Unsaved] = []
        # Of projects that were never saved: this session's, and those of others that ended by themselves.
        self._draft: drafts.Draft | None = None
        self._others: list[drafts.Left] = []
        self._writer = Writer()
        self._layer: QgsVectorLayer | None = None
        self._sketch: bytes | None = None
        self._corners = 0
        self._since = QElapsedTimer()
        self._pause_ms = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._note)
        self._candidates.edited.connect(self._soon)
        self._candidates.changed.connect(self._soon)
        session.candidatesChanged.connect(self._mark)

    @property
    def page(self) -> str:
        """The page where there is something to decide about; empty for none."""
        if not (self.left or self.texts.offers or self.texts.differing):
            return ""
        # Texts of a candidate that is not there yet come with the boundaries.
        return "boundary" if self.left or self._candidates.current is None else "nomination"

    def flush(self) -> None:
        """Wait until the last note is written."""
        self.texts.flush()
        try:
            self._writer.flush()
        except OSError as error:
            _log(error)

    def close(self) -> None:
        """The session ends well: of a project that was not saved the user knows."""
        self._timer.stop()
        self.texts.close()
        self._follow(None)
        self._candidates.edited.disconnect(self._soon)
        self._candidates.changed.disconnect(self._soon)
        self._session.candidatesChanged.disconnect(self._mark)
        try:
            self._writer.close()
            if self._draft is not None:
                Journal(self._draft.file).note([])
                self._draft.end()
        except OSError as error:
            _log(error)
        self._draft = None
        self._release()

    def look(self) -> None:
        """See whether an earlier run left something, when a project was opened."""
        self._timer.stop()
        self._sketch = None
        self.left = []
        self.flush()
        self._release()
        self._mark()
        if self._candidates.file:
            journal = Journal(self._candidates.file)
            try:
                # Where the plugin was only loaded anew, the edits are still there.
                self.left = [found for found in journal.take_up() if not self._is_there(found)]
                if not self.left:
                    journal.forget()
            except OSError as error:
                _log(error)
            self._watch()
            self._note()
        elif not self._session.project.fileName():
            self._look_for_drafts()
        self.texts.look([other.draft.file for other in self._others])
        self.changed.emit()

    def _look_for_drafts(self) -> None:
        """See whether sessions of projects without a file ended by themselves."""
        try:
            self._others = drafts.left_in(self._candidates.drafts)
        except OSError as error:
            _log(error)
        self.left = [found for other in self._others for found in (*other.edits, *other.kept)]

    def _release(self) -> None:
        """Let others find what was left, as nobody has decided about it."""
        for other in self._others:
            other.draft.let_go()
        self._others = []

    def _mark(self) -> None:
        """Mark the draft that the session works on, if it is one."""
        file = self._candidates.file if self._candidates.is_draft else ""
        if self._draft is not None and self._draft.file == file:
            return
        try:
            if self._draft is not None:
                self._draft.end()
            self._draft = None
            if file:
                draft = drafts.Draft(file)
                self._draft = draft if draft.take() else None
        except OSError as error:
            _log(error)

    def _is_there(self, found: Unsaved) -> bool:
        shapes = (self._candidates.geometry(name) for name in self._candidates.names)
        return any(shape is not None and bytes(shape.asWkb()) == found.wkb for shape in shapes)

    def follow_sketch(self, curve: QgsCurve, layer: QgsVectorLayer) -> None:
        """Note the corners of a drawing that is under way, in the layer's reference system, when there is a new one."""
        if curve.numPoints() == self._corners:
            return
        self._corners = curve.numPoints()
        self._sketch = None
        if self._corners > 2:
            shape = QgsGeometry(QgsPolygon(curve.curveToLine()))
            try:
                self._sketch = bytes(layers.to_lonlat(shape, layer.crs(), self._session.project).asWkb())
            except AzeError:
                # Where the line cannot be brought to WGS 84 it can be no candidate either: that is said at its end.
                return
        self._note()

    def hold_sketch(self, shape: QgsGeometry) -> None:
        """Note a drawing (WGS 84) that was finished, for as long as it has no name yet."""
        self._sketch = bytes(shape.asWkb())
        self._note()

    def end_sketch(self) -> None:
        """The drawing became a candidate or was given up."""
        self._corners = 0
        if self._sketch is not None:
            self._sketch = None
            self._note()

    def recover(self) -> None:
        """Give candidates the boundaries that were left, each as an undoable step; those of none become new ones."""
        others, self._others = self._others, []
        own = [found for found in self.left if not any(found in (*o.edits, *o.kept) for o in others)]
        self._take(own)
        for other in others:
            if self._candidates.layer is None:
                # The draft itself is taken up, with all versions of its candidates.
                self._draft = other.draft
                self._candidates.open_file(other.draft.file)
                self._take(other.edits)
                self._forget(Journal(other.draft.file).forget)
            else:
                self._take((*other.kept, *other.edits))
                self._forget(other.forget)
        # The candidates are there now that something was written about.
        self.texts.recover()
        self._session.zoom_to_candidate()
        self._decided()

    def _take(self, boundaries: Iterable[Unsaved]) -> None:
        known = {self._candidates.uid(name) or name: name for name in self._candidates.names}
        for found in boundaries:
            shape = QgsGeometry()
            shape.fromWkb(found.wkb)
            try:
                if found.key in known:
                    self._candidates.set_current(known[found.key])
                    why = QCoreApplication.translate("AzeVersions", "Before recovery")
                    self._candidates.replace_boundary(shape, exact=True, why=why)
                else:
                    # With its key it has its versions again.
                    self._candidates.add(found.name, shape, uid=found.key)
            except AzeError as error:
                self._session.message.emit(text(error.code, error.params), messages.WARNING)

    def discard(self) -> None:
        """Forget what was left; drafts stay where they are, but are not offered any more."""
        others, self._others = self._others, []
        for other in others:
            self._forget(other.forget)
        self.texts.finish()
        self._decided()

    def _decided(self) -> None:
        # What was recovered is an edit now: it is noted before what was left is forgotten.
        self._note()
        self.flush()
        self.left = []
        if self._candidates.file:
            self._forget(Journal(self._candidates.file).forget)
        self.changed.emit()

    def _forget(self, forget: Callable[[], None]) -> None:
        try:
            forget()
        except OSError as error:
            _log(error)

    def _soon(self, _name: str = "") -> None:
        """Note what has changed: at once, or when the time since the last note is over."""
        self._watch()
        rest_ms = self._pause_ms - int(self._since.elapsed()) if self._since.isValid() else 0
        if rest_ms <= 0:
            self._note()
        elif not self._timer.isActive():
            self._timer.start(rest_ms)

    def _watch(self) -> None:
        self._mark()
        self._follow(self._candidates.layer)

    def _follow(self, layer: QgsVectorLayer | None) -> None:
        if layer is self._layer:
            return
        if self._layer is not None and not sip.isdeleted(self._layer):
            self._layer.afterCommitChanges.disconnect(self._note)
            self._layer.afterRollBack.disconnect(self._note)
        self._layer = layer
        if layer is not None:
            layer.afterCommitChanges.connect(self._note)
            layer.afterRollBack.connect(self._note)

    def _note(self) -> None:
        self._timer.stop()
        if not self._candidates.file:
            return
        self._since.restart()
        try:
            self._writer.note(self._candidates.file, self._unsaved())
        except OSError as error:
            # Drawing goes on without the note; a message at every corner would help nobody.
            _log(error)
        self._pause_ms = min(_MOST_PAUSE_MS, _REST * int(self._since.restart()))

    def _unsaved(self) -> list[Unsaved]:
        """Boundaries that are only in the layer's edit buffer, and the drawing under way."""
        found = []
        layer = self._candidates.layer
        buffer = layer.editBuffer() if layer is not None else None
        if buffer is not None:
            touched = {*buffer.changedGeometries(), *buffer.addedFeatures()}
            for name in self._candidates.names:
                feature = self._candidates.feature(name)
                if feature is not None and feature.id() in touched and feature.hasGeometry():
                    found.append(self._entry(name, feature))
        if self._sketch is not None:
            found.append(Unsaved("", "", self._sketch))
        return found

    def _entry(self, name: str, feature: QgsFeature) -> Unsaved:
        return Unsaved(self._candidates.uid(name) or name, name, bytes(feature.geometry().asWkb()))


def _log(error: OSError) -> None:
    QgsMessageLog.logMessage(str(error), "AZE Toolkit", notifyUser=False)
