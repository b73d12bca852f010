"""What the panel works on: the state of one QGIS project, and the tools that run on it.

Pages show the session and change it through its parts; they keep nothing of their own. Everything that takes long
runs as a Processing algorithm in the background; a result that belongs to an earlier boundary or to earlier data stays
visible but is marked stale.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateTransform, QgsGeometry, QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QObject, QTimer, pyqtSignal

from ..domain.errors import AzeError
from ..services import project_state
from ..services.files import Scratch
from ..services.wording import text
from . import guidance, layers, mapview, messages, preferences
from .algorithms import Runner
from .candidates import Candidates
from .estimates import Estimates
from .meter import Meter
from .nomination import Nominations
from .outbox import Outbox
from .packages import Packages
from .packing import Packing
from .prefill import Prefill
from .protection import Protection
from .recovery import Recovery
from .results import Results
from .rounding import Rounding
from .sites import Sites
from .sources import Sources
from .tasks import Busy
from .versions import Versions

CHECK_DELAY_MS = 400
REVIEW_DELAY_MS = 250
PAGES = ("data", "boundary", "criteria", "protection", "nomination")


class Session(QObject):
    """State of the panel for one QGIS project; runs the Processing algorithms as tasks.

    ``sources`` is what is checked against, ``candidates`` what is checked, ``estimates`` what the user adds to the
    library's, ``results`` what came of it, and ``nominations`` what is written. Pages listen to the session, which
    announces what each change means for the others.
    """

    dataChanged = pyqtSignal()
    candidatesChanged = pyqtSignal()
    candidateEdited = pyqtSignal()
    assessmentChanged = pyqtSignal()
    coverageChanged = pyqtSignal()
    nominationChanged = pyqtSignal()
    busyChanged = pyqtSignal()
    message = pyqtSignal(str, int)
    # A page to show, and what to do there: a page with a method ``act(key)`` gets the key.
    pageRequested = pyqtSignal(str)
    actionRequested = pyqtSignal(str, str)

    def __init__(self, iface=None, parent: QObject | None = None, project: QgsProject | None = None):
        super().__init__(parent)
        self.iface = iface
        self.project = project or QgsProject.instance()
        self.runner = Runner(self.project, self)
        self.sources = Sources(self.project, self)
        self.candidates = Candidates(self.project, self)
        self.nominations = Nominations(self.candidates, self)
        self.estimates = Estimates(self.candidates, self)
        self.results = Results(self.project, self.candidates, self.sources, self.nominations, self.estimates)
        self.protection = Protection(self)
        self.meter = Meter(self)
        self.versions = Versions(self)
        self.recovery = Recovery(self)
        self.rounding = Rounding(self)
        self.sites = Sites(self)
        self.prefill = Prefill(self)
        self.outbox = Outbox(self)
        self.packing = Packing(self)
        self.packages = Packages(self)

        self.import_report: dict | None = None
        self.package: dict | None = None
        self.page = "data"
        self._closed = False
        self._restoring = False
        self._foreign_state = False
        # The project's entry as it was read or written here last.
        self._entry = ""

        self._check_timer = self._timer(CHECK_DELAY_MS, self._check_what_is_stale)
        self._gaps_timer = self._timer(0, self.protection.show_gaps)
        self._review_timer = self._timer(REVIEW_DELAY_MS, self._review)
        self.prefill.changed.connect(self._review_timer.start)
        self.outbox.kept.connect(self._on_nomination)

        self.runner.changed.connect(self.busyChanged)
        self.sources.changed.connect(self._on_data)
        self.candidates.currentChanged.connect(self._on_current)
        self.candidates.changed.connect(self._on_candidates)
        self.candidates.edited.connect(self._on_edited)
        self.candidates.renamed.connect(self._on_renamed)
        self.candidates.message.connect(self.message)
        self.nominations.stated.connect(self._on_stated)
        self.nominations.changed.connect(self._on_nomination)
        self.estimates.changed.connect(self._on_estimates)
        self.meter.taken.connect(self._on_taken)
        self.meter.released.connect(self.schedule)
        self._project_signals = (
            (self.project.readProject, self._on_project_read),
            (self.project.cleared, self._on_project_read),
            (self.project.fileNameChanged, self._on_file_name),
            (self.project.projectSaved, self._on_saved),
            (self.project.layersAdded, self._on_layers_added),
            (self.project.layersRemoved, self._on_layers_changed),
        )
        for signal, slot in self._project_signals:
            signal.connect(slot)
        self.restore()

    def _timer(self, delay_ms: int, slot) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(delay_ms)
        timer.timeout.connect(slot)
        return timer

    def close(self) -> None:
        """Stop all work and let go of the project."""
        self._closed = True
        self._check_timer.stop()
        self._review_timer.stop()
        self._gaps_timer.stop()
        self.runner.cancel_all()
        self.meter.close()
        self.recovery.close()
        self.rounding.close()
        self.protection.close()
        self.sites.close()
        self.prefill.close()
        self.outbox.close()
        self.candidates.close()
        for signal, slot in self._project_signals:
            signal.disconnect(slot)

    # ------------------------------------------------------------------------------------------------ the project

    def restore(self) -> None:
        """Take up what the project remembers."""
        self._restoring = True
        self._foreign_state = False
        self.runner.cancel_all()
        self._check_timer.stop()
        self.results.clear()
        self.protection.reset()
        self.sources.version += 1
        self.import_report = None
        self.package = None
        try:
            state = project_state.load(self.project)
            self.estimates.restore(state.estimates)
        except AzeError as error:
            # What cannot be read is left as it is, not written over.
            self._foreign_state = True
            state = project_state.ProjectState()
            self.estimates.restore({})
            self._warn(text(error.code, error.params))
        self._entry = project_state.entry(self.project)
        self.nominations.restore(state.nominations, state.evidence)
        self.outbox.restore(state.receipts)
        self.sources.authority = state.authority
        self.sources.use_library(state.library or preferences.default_library())
        self.candidates.restore(state.current or None)
        self.packages.take_up()
        self.page = "data" if not self.sources.library_path else "criteria" if self.candidates.current else "boundary"
        self.recovery.look()
        self.page = self.recovery.page or self.page
        self._restoring = False
        self._announce_everything()
        if self.recovery.page:
            self.show_page(self.page)
        self.schedule()

    def _is_being_read(self) -> bool:
        """Whether QGIS is about to open another project: its entry is there already, and nobody has taken it up yet.
        What is written then would take the place of what that project remembers."""
        return project_state.entry(self.project) != self._entry

    def _remember(self) -> None:
        if self._restoring or self._foreign_state or self._is_being_read():
            return
        library = self.sources.library_path
        project_state.save(
            self.project,
            project_state.ProjectState(
                "" if library == preferences.default_library() else library,
                self.candidates.current or "",
                self.nominations.written,
                self.nominations.files,
                self.estimates.kept,
                authority=self.sources.authority,
                receipts=self.outbox.receipts,
            ),
        )
        self._entry = project_state.entry(self.project)

    def _on_project_read(self, *_args) -> None:
        self.restore()

    def _on_file_name(self) -> bool:
        """The project is being given a file, as QGIS does before saving: candidates drawn before move beside it, and
        paths become relative to it. Whether anything changed."""
        if self._restoring or not self.project.fileName() or self._is_being_read():
            return False
        moved = self.candidates.move_beside_project()
        if moved:
            self.candidatesChanged.emit()
        before = project_state.entry(self.project)
        self._remember()
        return moved or project_state.entry(self.project) != before

    def _on_saved(self) -> None:
        """A script that writes a project gives no notice before: then the file is written again with the new paths,
        which can be done only when the writing that announces itself here is over."""
        written = self.project.fileName()
        QTimer.singleShot(0, lambda: self._write_again(written))

    def _write_again(self, written: str) -> None:
        if not self._closed and self.project.fileName() == written and self._on_file_name():
            self.project.write()

    def _on_layers_added(self, added: list[QgsMapLayer]) -> None:
        # Unprotected parts are an outcome, not data.
        if any(layers.role_of(layer) != "gaps" for layer in added):
            self._on_layers_changed()

    def _on_layers_changed(self, *_args) -> None:
        if self._restoring:
            return
        if self.candidates.follow_layer():
            self.candidatesChanged.emit()
        self.sources.touch()

    def _announce_everything(self) -> None:
        self.dataChanged.emit()
        self.candidatesChanged.emit()
        self.assessmentChanged.emit()
        self.coverageChanged.emit()
        self.announce_nomination()
        self.busyChanged.emit()

    def announce_nomination(self) -> None:
        """Announce a change at once; what it means for the nomination's problems follows when typing pauses."""
        self.nominationChanged.emit()
        self._review_timer.start()

    def _warn(self, sentence: str) -> None:
        self.message.emit(sentence, messages.WARNING)

    # ------------------------------------------------------------------- what a change of one part means for the rest

    def _on_data(self) -> None:
        self.dataChanged.emit()
        self.assessmentChanged.emit()
        self.coverageChanged.emit()
        self.schedule()

    def _on_current(self) -> None:
        self.runner.cancel("check")
        self.runner.cancel("cover")
        self._gaps_timer.start()

    def _on_candidates(self) -> None:
        self._remember()
        self.candidatesChanged.emit()
        self.assessmentChanged.emit()
        self.coverageChanged.emit()
        self.announce_nomination()
        self.schedule()

    def _on_edited(self, name: str) -> None:
        if name == self.candidates.current:
            self._gaps_timer.start()
            self.candidateEdited.emit()
            self.assessmentChanged.emit()
            self.coverageChanged.emit()
            self.schedule()

    def _on_taken(self, name: str) -> None:
        """A check of a boundary that is about to change would only slow down the hand that changes it."""
        if name and name == self.candidates.current:
            self.runner.cancel("check")
            self.runner.cancel("cover")

    def _on_renamed(self, renamed: dict[str, str]) -> None:
        self.results.rename(renamed)
        self.nominations.rename(renamed)
        self.estimates.rename(renamed)

    def _on_stated(self, name: str) -> None:
        if name == self.candidates.current:
            self.assessmentChanged.emit()
            self.schedule()

    def _on_estimates(self) -> None:
        self._remember()
        self.assessmentChanged.emit()
        self.schedule()

    def _on_nomination(self) -> None:
        self._remember()
        self.announce_nomination()

    # ------------------------------------------------------------------------------------------------------- data

    def open_library(self, path: str) -> None:
        """Use a species library; its problem, if any, is in ``sources.library_problem``."""
        self.sources.use_library(path)
        self._remember()
        self.sources.touch()

    def use_authority(self, authority: str) -> None:
        """Let the categories of a national list count; for an empty name those of the global Red List."""
        if authority != self.sources.authority:
            self.sources.authority = authority
            self._remember()
            self.sources.touch()

    def import_library(
        self,
        library: str,
        ranges: Sequence[str] = (),
        assessments: str = "",
        version: str = "",
        citation: str = "",
        then: Any = None,
        occurrences: Sequence[str] = (),
        populations: str = "",
        habitats: str = "",
        authority: str = "",
    ) -> None:
        """Import species data into a library (made when missing), then use that library.

        ``ranges`` and ``occurrences``: files, folders and zips; ``assessments``: a Red List export, or with
        ``authority`` that national list; ``populations``: a CSV of estimates; ``habitats``: where the rasters are.
        """
        self.meter.let_go()
        folder = Scratch()
        report = folder.path / "import.json"
        given = {
            "RANGES": list(ranges),
            "ASSESSMENTS": assessments,
            "AUTHORITY": authority,
            "OCCURRENCES": list(occurrences),
            "POPULATIONS": populations,
            "HABITATS": habitats,
        }
        parameters = {"LIBRARY": library, "VERSION": version, "CITATION": citation, "REPORT": str(report)}
        parameters.update({name: value for name, value in given.items() if value})

        def done(_results, _context):
            self.import_report = _read_json(report)
            self.open_library(library)
            if then:
                then()

        self.runner.start(
            "import",
            "aze:importspecies",
            parameters,
            QCoreApplication.translate("AzePanel", "Importing species data"),
            done,
            self._fail_import,
            folder,
        )

    def _fail_import(self, sentence: str) -> None:
        self.message.emit(sentence, messages.CRITICAL)
        self.dataChanged.emit()

    def preferences_changed(self) -> None:
        """The user's defaults changed: what was computed with the earlier ones is stale."""
        if not self.sources.library_path:
            self.sources.use_library(preferences.default_library())
        self.sources.touch()

    def set_candidate_kind(self, kind: str, updates_site: str = "") -> None:
        """Say whether the current candidate is a ``new_site`` or an ``update_site``, and of which site; its nomination
        becomes one of that kind."""
        if self.candidates.current is None:
            return
        self.candidates.set_kind(kind, updates_site, self.sites.id_of(updates_site))
        self.nominations.set_value("/kind", kind)
        self.candidatesChanged.emit()
        # What a candidate overlaps depends on which site it updates.
        self.assessmentChanged.emit()
        self.schedule()

    # ------------------------------------------------------------------------------------------------- algorithms

    @property
    def busy(self) -> Busy | None:
        """What is being done, or None."""
        return self.runner.busy()

    def can_check(self) -> str:
        """Empty when a check can run; else the sentence that says what is missing."""
        problem = self.sources.installation_problem
        if problem:
            return problem
        if self.sources.library_problem:
            return self.sources.library_problem
        if not self.sources.library_path:
            return QCoreApplication.translate("AzePanel", "Open or import a species library first.")
        if self.candidates.geometry() is None:
            return QCoreApplication.translate("AzePanel", "Draw or import a boundary first.")
        return ""

    def schedule(self) -> None:
        """Let what is missing or stale be computed when changes pause."""
        if not self._restoring:
            self._check_timer.start()

    def _check_what_is_stale(self) -> None:
        """Run by itself what is missing or stale: the check first, the covers after it."""
        if self.runner.running("import") or self.runner.running("export") or self._is_capturing():
            return
        if not self.can_check() and (self.results.assessment is None or self.results.assessment_stale):
            self.check()
        else:
            self.protection.renew()

    def _is_capturing(self) -> bool:
        """Whether the user is in the middle of drawing; a check then would only be in the way."""
        if self.meter.is_held:
            return True
        tool = self.iface.mapCanvas().mapTool() if self.iface else None
        return bool(tool is not None and hasattr(tool, "size") and hasattr(tool, "isCapturing") and tool.isCapturing())

    def check(self) -> None:
        """Check the current candidate against the three criteria; the result comes by assessmentChanged."""
        problem = self.can_check()
        if problem:
            self._warn(problem)
            return
        name, version = self.candidates.current, self.results.assessment_version

        def done(document):
            self.results.keep_assessment(name, version, document)
            self.assessmentChanged.emit()
            self.announce_nomination()
            self._check_what_is_stale()

        title = QCoreApplication.translate("AzePanel", "Checking {name}").format(name=name)
        self._run_check("check", title, [self.candidates.geometry()], done, self.fail)

    def compare(self, shapes: Sequence[QgsGeometry], done: Any, failed: Any) -> None:
        """Check several boundaries (WGS 84) of the current candidate in one run, all with its statements and estimates.

        ``done`` gets the members of ``assessments`` in the order of the boundaries, ``failed`` a sentence. A later
        comparison takes the place of one under way.
        """
        problem = self.can_check()
        if problem:
            failed(problem)
            return
        title = QCoreApplication.translate("AzePanel", "Comparing versions")
        self._run_check("compare", title, shapes, lambda document: done(document["assessments"]), failed)

    def _run_check(self, key: str, title: str, shapes: Sequence[QgsGeometry], done: Any, failed: Any) -> None:
        """Run aze:checkboundary on boundaries of the current candidate; ``done`` gets its document."""
        name = self.candidates.current
        updates = self.candidates.updated_site(), self.candidates.updated_id()
        boundary = layers.snapshot([(name, shape) for shape in shapes], updates)
        folder = Scratch()
        output = folder.path / "assessment.json"
        parameters = {
            "BOUNDARY": boundary,
            "LIBRARY": self.sources.library_path,
            "OUTPUT": str(output),
            **preferences.criteria_parameters(),
            **self.sources.parameters(),
            **self.sources.site_parameters(),
        }
        others = [(other, self.candidates.geometry(other)) for other in self.candidates.names if other != name]
        others = [(other, shape) for other, shape in others if shape is not None]
        rivals = layers.snapshot(others) if others else None
        if rivals is not None:
            parameters["RIVALS"] = rivals
        statements = self.nominations.details.get("statements")
        if statements:
            path = folder.path / "statements.json"
            path.write_text(json.dumps(statements), encoding="utf-8")
            parameters["STATEMENTS"] = str(path)
        populations = self.estimates.write(name, folder.path)
        if populations:
            parameters["POPULATIONS"] = populations
        self.runner.start(
            key,
            "aze:checkboundary",
            parameters,
            title,
            lambda _results, _context: done(_read_json(output)),
            failed,
            folder,
        )

    def export(self, path: str, allow_incomplete: bool = False) -> None:
        """Write the nomination package to a zip; the result is in ``package`` and comes by nominationChanged."""
        problem = self.can_check()
        if problem:
            self._warn(problem)
            return
        name, shape, state = self.candidates.current, self.candidates.geometry(), self.packages.state()
        try:
            parameters, keep = self.packing.parameters()
        except AzeError as error:
            self.fail(text(error.code, error.params))
            return
        parameters.update(ALLOW_INCOMPLETE=allow_incomplete, OUTPUT=path)

        def done(results, _context):
            self.package = {
                "candidate": name,
                "path": results.get("OUTPUT", path),
                "sha256": results.get("SHA256", ""),
                "problems": results.get("PROBLEMS", 0),
                "draft": allow_incomplete and bool(results.get("PROBLEMS", 0)),
                "state": state,
            }
            self.packages.keep(self.package)
            self.versions.keep_packaged(name, shape)
            self.message.emit(
                QCoreApplication.translate("AzePanel", "The package was written to {path}.").format(path=path),
                messages.SUCCESS,
            )
            self.nominationChanged.emit()

        self.runner.start(
            "export",
            "aze:packagenomination",
            parameters,
            QCoreApplication.translate("AzePanel", "Writing the package"),
            done,
            self.fail,
            keep,
        )

    def cancel(self) -> None:
        """Stop the work that the progress strip shows."""
        busy = self.busy
        if busy is not None:
            busy.cancel()

    def fail(self, sentence: str) -> None:
        """Say why a check or a measurement came to nothing."""
        self.message.emit(sentence, messages.CRITICAL)
        self.assessmentChanged.emit()
        self.coverageChanged.emit()

    def _review(self) -> None:
        results = self.results
        self.nominations.review(results.assessment, results.coverage, results.assessment_sources, self.prefill.known())
        self.nominationChanged.emit()

    # -------------------------------------------------------------------------------------------------------- map

    def zoom_to(self, place: Any, flash: bool = True) -> None:
        """Show a place on the map: a lon/lat ``[xmin, ymin, xmax, ymax]``, a QgsRectangle or a QgsGeometry."""
        if self.iface is not None:
            mapview.zoom(self.iface.mapCanvas(), place, self.project)
            if flash:
                self.flash(place)

    def flash(self, place: Any) -> None:
        """Let a place light up on the map for a moment."""
        if self.iface is not None:
            mapview.flash(self.iface.mapCanvas(), place)

    def zoom_to_layer(self, layer: QgsMapLayer) -> None:
        """Show all of a layer on the map."""
        if layer.crs().isValid() and not layer.extent().isEmpty():
            transform = QgsCoordinateTransform(layer.crs(), layers.LONLAT, self.project.transformContext())
            self.zoom_to(transform.transformBoundingBox(layer.extent()), flash=False)

    def zoom_to_candidate(self) -> None:
        """Show the current candidate on the map."""
        self.zoom_to(self.candidates.geometry())

    # ------------------------------------------------------------------------------------------------------ pages

    def show_page(self, name: str, action: str = "") -> None:
        """Ask for a page, and there for an action (see ``actionRequested``)."""
        self.page = name
        self.pageRequested.emit(name)
        if action:
            self.actionRequested.emit(name, action)

    def page_state(self, name: str) -> str:
        """State of a page for the rail: ``empty``, ``work``, ``fine`` or ``problem``."""
        return guidance.page_state(self, name)

    def next_step(self) -> tuple[str, str, str]:
        """What to do next: a sentence, the page where it is done, and the key of the action there."""
        return guidance.next_step(self)


def _read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))
