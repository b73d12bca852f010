"""The live meter: what the shape in hand amounts to, while a boundary is drawn or a vertex is moved.

Tools hand the shape over at each move of the mouse, as WKB; it is measured in a plain Python thread that takes the
newest shape only, and the reading comes back by a queued signal. What is near is read by a second thread, before the
shape needs it where that can be foreseen.
"""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsGeometry, QgsMessageLog, QgsVectorLayer
from qgis.gui import QgsMapTool
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, QTimer, pyqtSignal

from ..domain.errors import AzeError, Cancelled
from ..services.latest import Latest
from ..services.wording import text
from . import layers, preferences

if TYPE_CHECKING:
    # shapely is imported where shapes are measured, not when the panel opens.
    from ..domain.candidate import Statement
    from ..services.live import Evaluator, Question, Reading, Surrounding
    from .session import Session

# A reading that comes this much later than its shape is shown as behind; sooner, greying would only flicker.
BEHIND_MS = 200

# Seconds that a new shape waits before it is measured.
_YIELD_S = 0.002


@dataclass(frozen=True)
class _Shape:
    """A shape to be measured: its number, WKB in WGS 84, what it is measured against, and what is stated of it."""

    serial: int
    wkb: bytes
    question: Question
    statement: Statement


@dataclass(frozen=True)
class _Outcome:
    serial: int
    reading: Reading | None
    problem: str = ""


class Meter(QObject):
    """What the shape in hand amounts to; ``changed`` when there is another thing to show.

    A shape is in hand while one of the panel's own tools holds it, while a tool of QGIS's edits the candidates' layer,
    and after an edit of the current boundary until the changes are saved or discarded.
    """

    changed = pyqtSignal()
    # A tool took up the shape of a candidate by name, or let go of what it held, changed or not.
    taken = pyqtSignal(str)
    released = pyqtSignal()
    _arrived = pyqtSignal(object)

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        # None while there are too few corners, or no reading has come yet.
        self.reading: Reading | None = None
        # Number of the shape that was measured, and of the newest one.
        self.read_serial = 0
        self.serial = 0
        # How often a shape was taken in hand: rows keep their places for one time.
        self.turn = 0
        self.problem = ""
        self.is_unfinished = False
        self.is_behind = False
        self._holder: QObject | None = None
        self._site = ""
        self._was_edited = False
        self._is_shown = False
        self._question: Question | None = None
        self._newest: _Shape | None = None
        # What is stated of the candidate, and of which version that is.
        self._statement: tuple = (None, None)
        self._surrounding: Surrounding | None = None
        # Belongs to the thread that measures.
        self._evaluator: Evaluator | None = None
        self._measuring = Latest(self._measure, "aze-meter", self._let_go)
        self._reading_round = Latest(self._look_round, "aze-meter-library")
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(BEHIND_MS)
        self._late.timeout.connect(self._fall_behind)
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._canvas = session.iface.mapCanvas() if session.iface is not None else None
        if self._canvas is not None:
            self._canvas.mapToolSet.connect(self._follow_tool)
            self._canvas.currentLayerChanged.connect(self._follow_tool)
        self._layer: QgsVectorLayer | None = None
        session.candidatesChanged.connect(self._follow_candidates)
        session.candidateEdited.connect(self._follow_edit)
        session.dataChanged.connect(self._follow_data)
        session.estimates.changed.connect(self._follow)
        session.nominations.stated.connect(self._follow)
        self._follow_layer()

    def close(self) -> None:
        """Stop for good."""
        self._late.stop()
        self._watch(None)
        if self._canvas is not None:
            self._canvas.mapToolSet.disconnect(self._follow_tool)
            self._canvas.currentLayerChanged.disconnect(self._follow_tool)
            self._canvas = None
        self._is_shown = False
        for thread in (self._reading_round, self._measuring):
            if not thread.close():
                QgsMessageLog.logMessage(
                    "A thread of the live meter did not end in time.", "AZE", Qgis.MessageLevel.Warning
                )

    # ------------------------------------------------------------------------------------------- what tools hand over

    @property
    def is_shown(self) -> bool:
        """Whether a shape is in hand."""
        return self._is_shown

    @property
    def is_held(self) -> bool:
        """Whether a tool of the panel's holds a shape that is not in the layer yet."""
        return self._holder is not None and self._newest is not None

    def hold(self, holder: QObject, name: str = "") -> None:
        """A tool takes a shape in hand: of the candidate with that name, or one that has none yet."""
        self._holder = holder
        self._newest = None
        self._ask(name)
        self._show(True)
        self.taken.emit(name)

    def move(self, wkb: bytes | None) -> None:
        """The shape in hand is this now (WKB, WGS 84); None while it has too few corners to be one."""
        if wkb is None:
            self._newest = None
            if not self.is_unfinished:
                self.serial += 1
                self._late.stop()
                self._set(None, unfinished=True)
            return
        self._measure_next(wkb)

    def release(self, holder: QObject) -> None:
        """The tool lets go; what is in the layer counts again."""
        if self._holder is not holder:
            return
        self._holder = None
        self._newest = None
        self._follow()
        self.released.emit()

    # ------------------------------------------------------------------------------------------- following the project

    def _follow_tool(self, *_args) -> None:
        self._follow()

    def _follow_candidates(self) -> None:
        self._follow_layer()
        self._follow()

    def _follow_edit(self) -> None:
        self._was_edited = True
        self._follow()

    def _follow_data(self) -> None:
        self._question = None
        if self._is_shown:
            self._follow()

    def _follow_layer(self) -> None:
        layer = self._session.candidates.layer
        if layer is not self._layer:
            self._watch(layer)

    def _watch(self, layer: QgsVectorLayer | None) -> None:
        if self._layer is not None:
            try:
                for signal, slot in self._layer_signals(self._layer):
                    signal.disconnect(slot)
            except RuntimeError:
                # The layer was deleted with its project, and its connections with it.
                self._layer = None
        self._layer = layer
        self._was_edited = False
        self._statement = (None, None)
        if layer is not None:
            for signal, slot in self._layer_signals(layer):
                signal.connect(slot)

    def _layer_signals(self, layer: QgsVectorLayer):
        return (
            (layer.editingStarted, self._follow),
            (layer.editingStopped, self._on_editing_stopped),
            (layer.afterCommitChanges, self._on_editing_stopped),
            (layer.willBeDeleted, self._on_layer_gone),
        )

    def _on_layer_gone(self) -> None:
        self._layer = None
        self._was_edited = False
        self._follow()

    def _on_editing_stopped(self) -> None:
        self._was_edited = False
        self._follow()

    def _is_being_edited(self) -> bool:
        """Whether changes of the current boundary are under way without a tool of ours."""
        if self._layer is None or not self._layer.isEditable():
            return False
        if self._was_edited:
            return True
        tool = self._canvas.mapTool() if self._canvas is not None else None
        edits = tool is not None and bool(tool.flags() & QgsMapTool.Flag.EditTool)
        return edits and self._canvas.currentLayer() is self._layer

    def _follow(self, *_args) -> None:
        """Show what is in the layer where it is being edited, or nothing; a tool that holds a shape goes before."""
        if self._holder is not None:
            if self._question is None:
                self._ask(self._site)
            return
        shape = self._session.candidates.geometry() if self._is_being_edited() else None
        if shape is None or shape.isEmpty():
            self._newest = None
            self._show(False)
            return
        self._ask(self._session.candidates.current or "")
        self._show(True)
        lonlat = layers.to_lonlat(shape, self._layer.crs(), self._session.project)
        self._measure_next(wkb_of(lonlat))

    # ------------------------------------------------------------------------------------------------------ measuring

    def _ask(self, name: str) -> None:
        """Take down what shapes of a candidate are measured against."""
        session = self._session
        self._site = name
        self.problem = session.sources.installation_problem or session.sources.library_problem
        if not self.problem and not session.sources.library_path:
            self.problem = session.can_check()
        if self.problem:
            self._question = None
            return
        rules = preferences.rules()
        version = (
            name,
            session.sources.version,
            session.sources.library_path,
            rules,
            session.estimates.rows(name),
        )
        if self._question is not None and self._question.version == version:
            return
        try:
            self._question = self._made_question(name, rules, version)
        except AzeError as error:
            self._question = None
            self.problem = text(error.code, error.params)

    def _made_question(self, name: str, rules: preferences.Rules, version: tuple) -> Question:
        from ..domain.progress import Progress
        from ..library.estimates import read_for_check
        from ..services import checking, protection
        from ..services.layers import LayerSnapshot
        from ..services.live import Question

        session = self._session
        settings = checking.default_settings().with_choices(
            rules.threshold,
            rules.presence,
            rules.origin,
            session.sources.authority,
            rules.max_uncertainty_m,
            rules.since_year,
            rules.bases_left_out,
            rules.digitizing_error_m,
        )
        with tempfile.TemporaryDirectory(prefix="aze-") as folder:
            path = session.estimates.write(name, Path(folder))
            estimates = read_for_check(path, Progress()) if path else []
        protected = session.sources.protected_layers
        return Question(
            library_path=session.sources.library_path,
            settings=settings,
            transform_context=session.project.transformContext(),
            rules=protection.default_rules(),
            site=name,
            estimates=tuple(estimates),
            protected=tuple(LayerSnapshot(layer) for layer in protected) if protected else None,
            reference_year=date.today().year,
            version=version,
        )

    def _stated(self) -> Statement:
        """What the nominator states of the candidate in hand; looked up when that changes."""
        from ..services.candidates import statement_for

        session, name = self._session, self._site
        version = name, session.candidates.current, session.nominations.statement_version(name)
        if self._statement[0] != version:
            known = session.nominations.details.get("statements") if name == session.candidates.current else None
            self._statement = (version, statement_for(known, name))
        return self._statement[1]

    def _measure_next(self, wkb: bytes) -> None:
        self.serial += 1
        if self._question is None:
            self._newest = None
            self._set(None)
            return
        shape = _Shape(self.serial, wkb, self._question, self._stated())
        self._newest = shape
        self._measuring.put(shape)
        if not self._late.isActive() and not self.is_behind:
            self._late.start()
        if self.is_unfinished:
            self.is_unfinished = False
            self.changed.emit()

    def let_go(self) -> None:
        """Close the library, should it be open for a shape; the next shape opens it again."""
        self._measuring.put(None)

    def _measure(self, shape: _Shape | None, _is_closed: Callable[[], bool]) -> None:
        """In the thread that measures; without a shape it lets go of the library."""
        if shape is None:
            self._let_go()
            return
        # Python runs one thread at a time: the main one is to be done with the mouse first.
        time.sleep(_YIELD_S)
        self._guarded(shape.serial, lambda: self._read(shape))

    def _read(self, shape: _Shape) -> None:
        from ..services import live

        candidate = live.candidate_of(shape.wkb, shape.question.site)
        surrounding = self._surrounding
        fits = surrounding is not None and surrounding.question is shape.question
        if candidate.geometry is None:
            # Crossed itself to nothing or lies off the world: that passes as the mouse moves on.
            self._arrived.emit(_Outcome(shape.serial, None))
            return
        if not fits or not surrounding.holds(candidate.geometry):
            self._reading_round.put((candidate.geometry, shape))
            return
        if not surrounding.is_roomy(candidate.geometry):
            self._reading_round.put((candidate.geometry, shape))
        if self._evaluator is None or self._evaluator.surrounding is not surrounding:
            self._let_go()
            self._evaluator = live.Evaluator(surrounding)
        self._arrived.emit(_Outcome(shape.serial, self._evaluator.read(candidate, shape.statement)))

    def _let_go(self) -> None:
        evaluator, self._evaluator = self._evaluator, None
        if evaluator is not None:
            evaluator.close()

    def _look_round(self, job: tuple[Any, _Shape], is_closed: Callable[[], bool]) -> None:
        """In the thread that reads: what is near the shape, after which the newest one is measured."""
        geometry, shape = job
        self._guarded(shape.serial, lambda: self._read_round(geometry, shape, is_closed))

    def _read_round(self, geometry: Any, shape: _Shape, is_closed: Callable[[], bool]) -> None:
        from ..domain.progress import Progress
        from ..services import live

        known = self._surrounding
        if known is None or known.question is not shape.question or not known.is_roomy(geometry):
            self._surrounding = live.look_round(geometry, shape.question, Progress(is_cancelled=is_closed))
        newest = self._newest
        if newest is not None:
            self._measuring.put(newest)

    def _guarded(self, serial: int, work: Callable[[], None]) -> None:
        """What goes wrong in a thread is said in the meter."""
        try:
            work()
        except Cancelled:
            return
        except AzeError as error:
            self._arrived.emit(_Outcome(serial, None, text(error.code, error.params)))
        except Exception:
            QgsMessageLog.logMessage(traceback.format_exc(), "AZE", Qgis.MessageLevel.Critical)
            said = QCoreApplication.translate(
                "AzeMeter",
                "The shape cannot be measured while it moves, by a fault of the plugin. The message log (View → Panels "
                "→ Log Messages) has the details.",
            )
            self._arrived.emit(_Outcome(serial, None, said))

    def _take(self, outcome: _Outcome) -> None:
        """A reading arrived, in the main thread."""
        if outcome.serial <= self.read_serial or not self._is_shown or self.is_unfinished or self._newest is None:
            return
        self.read_serial = outcome.serial
        # While readings keep coming they are one measurement late at most.
        if outcome.serial == self.serial:
            self._late.stop()
        else:
            self._late.start()
        self.problem = outcome.problem
        if outcome.reading is None and not outcome.problem:
            # What crosses itself to nothing passes as the mouse moves on: the last reading stays, greyed.
            self._set(self.reading, behind=True)
            return
        self._set(outcome.reading)

    def _fall_behind(self) -> None:
        if self._is_shown and self.read_serial != self.serial:
            self.is_behind = True
            self.changed.emit()

    # -------------------------------------------------------------------------------------------------------- showing

    def _set(self, reading: Reading | None, unfinished: bool = False, behind: bool = False) -> None:
        self.reading, self.is_unfinished, self.is_behind = reading, unfinished, behind
        self.changed.emit()

    def _show(self, shown: bool) -> None:
        if shown == self._is_shown:
            return
        self._is_shown = shown
        self._late.stop()
        if shown:
            self.turn += 1
        else:
            self.let_go()
        self._set(None)


def wkb_of(shape: QgsGeometry) -> bytes:
    """WKB of a shape in WGS 84, to be handed over."""
    return shape.asWkb().data()
