"""A tool that a window has run behind it: its progress, how it fails and how it is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable

from qgis.core import QgsFeature, QgsVectorLayer

from ..services.files import Scratch
from . import style
from .widgets.basics import TextLabel
from .widgets.busy import BusyStrip


class ReportedRun:
    """Runs an algorithm that gives OUTPUT and REPORT, shows it in a strip and says in a note when it did not end well.

    ``key``: the purpose, as the session's runner has it; ``stopped``: what is said when the user stops it; ``changed``
    is called when a run began or ended. ``close`` has to be called with the window.
    """

    def __init__(self, session, key: str, strip: BusyStrip, note: TextLabel, stopped: str, changed: Callable[[], None]):
        self._runner, self._key, self._strip, self._note = session.runner, key, strip, note
        self._stopped, self._changed = stopped, changed
        self._title = ""
        self.is_running = False
        strip.cancelled.connect(self._stop)
        self._runner.changed.connect(self._show)

    def start(
        self,
        algorithm: str,
        parameters: dict,
        title: str,
        on_done: Callable[[list[QgsFeature], dict], None],
    ) -> None:
        """Run it. ``on_done`` gets the features of OUTPUT and the report."""
        folder = Scratch()
        output, report = folder.path / "output.gpkg", folder.path / "report.json"
        given = {**parameters, "OUTPUT": str(output), "REPORT": str(report)}
        self.is_running, self._title = True, title
        self._note.setText("")

        def done(_results: dict, _context) -> None:
            self.is_running = False
            found = list(QgsVectorLayer(str(output), "output", "ogr").getFeatures())
            on_done(found, json.loads(report.read_text(encoding="utf-8")))
            self._end()

        self._runner.start(self._key, algorithm, given, title, done, self._fail, folder)
        self._end()

    def drop(self) -> None:
        """Stop what is under way without a word."""
        if self.is_running:
            self.is_running = False
            self._runner.cancel(self._key)

    def close(self) -> None:
        """Stop, and hear of nothing any more."""
        self.drop()
        self._strip.set(None)
        self._runner.changed.disconnect(self._show)

    def warn(self, sentence: str) -> None:
        """Say what is wrong."""
        self._note.setText(f"{style.MARKS['problem']} {sentence}")

    def _fail(self, sentence: str) -> None:
        self.is_running = False
        self.warn(sentence)
        self._end()

    def _stop(self) -> None:
        self.drop()
        self._note.setText(self._stopped)
        self._end()

    def _end(self) -> None:
        self._changed()
        self._show()

    def _show(self) -> None:
        if not self.is_running:
            self._strip.set(None)
            return
        busy = self._runner.busy(self._key)
        self._strip.set(self._title, None if busy is None else busy.fraction)
