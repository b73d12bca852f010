"""What the panel works on: the state of one QGIS project, and the tools that run on it.

Pages show the session and change it through its methods; they keep nothing of their own. Everything that takes long
runs as a Processing algorithm in the background; a result that belongs to an earlier boundary or to earlier data stays
visible but is marked stale.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QObject, Qt, QTimer, QUuid, pyqtSignal

from ..domain.errors import AzeError
from ..services import project_state
from ..services.dependencies import shapely_problem
from ..services.wording import text
from . import guidance, layers, mapview, measure, messages, preferences
from .nomination import review, set_at
from .tasks import Busy, Runner

CHECK_DELAY_MS = 400
REVIEW_DELAY_MS = 250
PAGES = ("data", "boundary", "criteria", "protection", "nomination")


@dataclass
class _Results:
    """What is known of one candidate; ``assessed`` and ``measured`` are the versions of boundary and data used."""

    assessment: dict | None = None
    settings: dict | None = None
    sources: list | None = None
    time: datetime | None = None
    assessed: tuple = ()
    coverage: dict | None = None
    coverage_notes: dict | None = None
    coverage_time: datetime | None = None
    gaps: list[QgsGeometry] = field(default_factory=list)
    measured: tuple = ()


class Session(QObject):
    """State of the panel for one QGIS project; runs the Processing algorithms as tasks; knows what is stale."""

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
        self.runner.changed.connect(self.busyChanged)

        self.library_path = ""
        self.library_summary: dict | None = None
        self.library_problem = ""
        self.import_report: dict | None = None
        self.package: dict | None = None
        self.current: str | None = None
        self.page = "data"
        self.problems: list[dict] = []

        self._names: OrderedDict[str, int] = OrderedDict()
        self._watched: QgsVectorLayer | None = None
        self._versions: dict[str, int] = {}
        self._data_version = 0
        self._statement_versions: dict[str, int] = {}
        self._results: dict[str, _Results] = {}
        self._nominations: dict[str, dict] = {}
        self._evidence: dict[str, list[str]] = {}
        self.completed: dict = {}
        # Looked up once: a package that is installed now is found when QGIS starts the next time.
        lacking = shapely_problem()
        self._installation = text(lacking.code, lacking.params) if lacking else ""
        self._soundness: tuple = (None, True)
        self._closed = False
        self._restoring = False
        self._foreign_state = False

        self._check_timer = QTimer(self)
        self._check_timer.setSingleShot(True)
        self._check_timer.setInterval(CHECK_DELAY_MS)
        self._check_timer.timeout.connect(self._check_what_is_stale)
        self._gaps_timer = QTimer(self)
        self._gaps_timer.setSingleShot(True)
        self._gaps_timer.setInterval(0)
        self._gaps_timer.timeout.connect(self._show_gaps)
        self._review_timer = QTimer(self)
        self._review_timer.setSingleShot(True)
        self._review_timer.setInterval(REVIEW_DELAY_MS)
        self._review_timer.timeout.connect(self._review)

        self.project.readProject.connect(self._on_project_read)
        self.project.cleared.connect(self._on_project_read)
        self.project.fileNameChanged.connect(self._on_file_name)
        self.project.projectSaved.connect(self._on_saved)
        self.project.layersAdded.connect(self._on_layers_changed)
        self.project.layersRemoved.connect(self._on_layers_changed)
        self.restore()

    def close(self) -> None:
        """Stop all work and let go of the project."""
        self._closed = True
        self._check_timer.stop()
        self._review_timer.stop()
        self._gaps_timer.stop()
        self.runner.cancel_all()
        self._watch(None)
        for signal, slot in (
            (self.project.readProject, self._on_project_read),
            (self.project.cleared, self._on_project_read),
            (self.project.fileNameChanged, self._on_file_name),
            (self.project.projectSaved, self._on_saved),
            (self.project.layersAdded, self._on_layers_changed),
            (self.project.layersRemoved, self._on_layers_changed),
        ):
            signal.disconnect(slot)

    # ------------------------------------------------------------------------------------------------ the project

    def restore(self) -> None:
        """Take up what the project remembers."""
        self._restoring = True
        self._foreign_state = False
        self.runner.cancel_all()
        self._check_timer.stop()
        self._results.clear()
        self._versions.clear()
        self._statement_versions.clear()
        self._data_version += 1
        self.import_report = None
        self.package = None
        try:
            state = project_state.load(self.project)
        except AzeError as error:
            # What cannot be read is left as it is, not written over.
            self._foreign_state = True
            state = project_state.ProjectState()
            self.message.emit(text(error.code, error.params), messages.WARNING)
        self._nominations = state.nominations
        self._evidence = state.evidence
        self._set_library(state.library or preferences.default_library())
        self.current = state.current or None
        self._watch(self.candidate_layer)
        self._read_candidates()
        self.page = "data" if not self.library_path else "criteria" if self.current else "boundary"
        self._restoring = False
        self._announce_everything()
        self._schedule()

    def _remember(self) -> None:
        if self._restoring or self._foreign_state:
            return
        library = "" if self.library_path == preferences.default_library() else self.library_path
        project_state.save(
            self.project,
            project_state.ProjectState(library, self.current or "", self._nominations, self._evidence),
        )

    def _on_project_read(self, *_args) -> None:
        self.restore()

    def _on_file_name(self) -> bool:
        """The project is being given a file, as QGIS does before saving: candidates drawn before move beside it, and
        paths become relative to it. Whether anything changed."""
        if self._restoring or not self.project.fileName():
            return False
        moved = self._move_drafts()
        before = self.project.readEntry(project_state.SCOPE, project_state.KEY)[0]
        self._remember()
        return moved or self.project.readEntry(project_state.SCOPE, project_state.KEY)[0] != before

    def _on_saved(self) -> None:
        """A script that writes a project gives no notice before: then the file is written again with the new paths,
        which can be done only when the writing that announces itself here is over."""
        written = self.project.fileName()
        QTimer.singleShot(0, lambda: self._write_again(written))

    def _write_again(self, written: str) -> None:
        if not self._closed and self.project.fileName() == written and self._on_file_name():
            self.project.write()

    def _move_drafts(self) -> bool:
        """Bring the candidates from the user's profile to the project's folder; whether there were any."""
        layer = self.candidate_layer
        folder = self.project.absolutePath()
        if not folder or layer is None:
            return False
        old = layer.dataProvider().dataSourceUri().partition("|")[0]
        if Path(old).parent != _drafts_folder():
            return False
        if layer.isEditable() and not layer.commitChanges(True):
            self.message.emit("; ".join(layer.commitErrors()), messages.CRITICAL)
            return False
        target = Path(folder) / f"{Path(self.project.fileName()).stem}_candidates.gpkg"
        number = 2
        while target.exists():
            target = target.with_name(f"{Path(self.project.fileName()).stem}_candidates_{number}.gpkg")
            number += 1
        try:
            fresh = layers.create_candidate_layer(str(target), self.project.transformContext())
        except AzeError as error:
            self.message.emit(text(error.code, error.params), messages.CRITICAL)
            return False
        fresh.dataProvider().addFeatures(
            [QgsVectorLayerUtils.createFeature(fresh, f.geometry(), _attributes(fresh, f)) for f in layer.getFeatures()]
        )
        del fresh
        layer.setDataSource(layers.candidate_uri(str(target)), layer.name(), "ogr")
        Path(old).unlink(missing_ok=True)
        self._read_candidates()
        self.candidatesChanged.emit()
        return True

    def _on_layers_changed(self, *_args) -> None:
        if self._restoring:
            return
        if self.candidate_layer is not self._watched:
            self._watch(self.candidate_layer)
            self._read_candidates()
            self.candidatesChanged.emit()
        self._data_touched()

    def _announce_everything(self) -> None:
        self.dataChanged.emit()
        self.candidatesChanged.emit()
        self.assessmentChanged.emit()
        self.coverageChanged.emit()
        self._recheck_nomination()
        self.busyChanged.emit()

    def _warn(self, sentence: str) -> None:
        self.message.emit(sentence, messages.WARNING)

    # ------------------------------------------------------------------------------------------------------- data

    @property
    def site_layers(self) -> list[QgsVectorLayer]:
        """Layers of existing AZE sites and KBAs."""
        return layers.with_role(self.project, "sites")

    @property
    def protected_layers(self) -> list[QgsVectorLayer]:
        """Layers of protected areas and OECMs, polygons and points."""
        return layers.with_role(self.project, "protected")

    @property
    def landcover_layer(self) -> QgsRasterLayer | None:
        """The land-cover raster, or None."""
        found = layers.with_role(self.project, "landcover")
        return found[0] if found else None

    @property
    def gaps_layer(self) -> QgsVectorLayer | None:
        """The unprotected parts of the candidate, as measured last, or None where there are none to show."""
        found = layers.with_role(self.project, "gaps")
        return found[0] if found and found[0].featureCount() else None

    def problem_of_installation(self) -> str:
        """Why checks cannot run on this computer, with the remedy; empty where they can."""
        return self._installation

    def open_library(self, path: str) -> None:
        """Use a species library; its problem, if any, is in ``library_problem``."""
        self._set_library(path)
        self._remember()
        self._data_touched()

    def _set_library(self, path: str) -> None:
        self.library_path = path
        self.library_summary = None
        self.library_problem = ""
        if not path or self.problem_of_installation():
            return
        from ..library.query import Library

        try:
            with Library.open(path) as library:
                self.library_summary = library.summary()
        except AzeError as error:
            self.library_problem = text(error.code, error.params)

    def import_library(
        self,
        library: str,
        ranges: list[str],
        assessments: str = "",
        version: str = "",
        citation: str = "",
        then: Any = None,
    ) -> None:
        """Import range maps and a Red List export into a library (made when missing), then use that library."""
        folder = tempfile.TemporaryDirectory(prefix="aze-")
        report = Path(folder.name) / "import.json"
        parameters = {"LIBRARY": library, "VERSION": version, "CITATION": citation, "REPORT": str(report)}
        if ranges:
            parameters["RANGES"] = ranges
        if assessments:
            parameters["ASSESSMENTS"] = assessments

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

    def add_sources(self, role: str, path: str) -> int:
        """Open a file, folder or zip for a role and add its layers to the group; how many there were.

        Raises AzeError with the reason where there is nothing to open.
        """
        if role == "landcover":
            opened: list[QgsMapLayer] = [layers.open_raster(path)]
        else:
            opened = layers.open_vectors(path, points_too=role == "protected")
        for layer in opened:
            layers.add(self.project, layer, role)
        return len(opened)

    def adopt(self, layer: QgsMapLayer, role: str) -> None:
        """Give a layer that is already in the project a role; its place and style stay as the user has them."""
        layer.setCustomProperty(layers.ROLE, role)
        self.project.setDirty(True)
        self._data_touched()

    def release(self, layer: QgsMapLayer) -> None:
        """Stop using a layer; it stays in the project."""
        layer.removeCustomProperty(layers.ROLE)
        self.project.setDirty(True)
        self._data_touched()

    def preferences_changed(self) -> None:
        """The user's defaults changed: what was computed with the earlier ones is stale."""
        if not self.library_path:
            self._set_library(preferences.default_library())
        self._data_touched()

    def _data_touched(self) -> None:
        self._data_version += 1
        self.dataChanged.emit()
        self.assessmentChanged.emit()
        self.coverageChanged.emit()
        self._schedule()

    # ------------------------------------------------------------------------------------------------- candidates

    @property
    def candidate_layer(self) -> QgsVectorLayer | None:
        """The layer of candidates, or None before there is one."""
        found = layers.with_role(self.project, "candidates")
        return found[0] if found else None

    @property
    def candidates(self) -> list[str]:
        """Names of the candidates, in the order in which they were made."""
        return list(self._names)

    def ensure_candidate_layer(self) -> QgsVectorLayer:
        """The layer of candidates, made beside the project file (or with the user's drafts) when it is missing."""
        layer = self.candidate_layer
        if layer is not None:
            return layer
        if self.project.fileName() and self.project.absolutePath():
            path = Path(self.project.absolutePath()) / f"{Path(self.project.fileName()).stem}_candidates.gpkg"
        else:
            path = _drafts_folder() / f"{QUuid.createUuid().toString(QUuid.StringFormat.WithoutBraces)}.gpkg"
        if path.exists():
            layer = QgsVectorLayer(layers.candidate_uri(str(path)), _candidates_title(), "ogr")
        else:
            layer = layers.create_candidate_layer(str(path), self.project.transformContext())
        layers.add(self.project, layer, "candidates")
        return layer

    def candidate_feature(self, name: str | None = None) -> QgsFeature | None:
        """The feature of a candidate, of the current one by default, with edits not saved yet; None without one."""
        layer = self.candidate_layer
        fid = self._names.get(name or self.current or "")
        if layer is None or fid is None:
            return None
        feature = layer.getFeature(fid)
        return feature if feature.isValid() else None

    def candidate_geometry(self) -> QgsGeometry | None:
        """Boundary of the current candidate in WGS 84, or None."""
        feature = self.candidate_feature()
        return feature.geometry() if feature is not None and feature.hasGeometry() else None

    def candidate_area_ha(self) -> float | None:
        """Ellipsoidal area (EPSG:7030) of the current boundary in hectares; None without one or for a broken one."""
        shape = self.candidate_geometry()
        if shape is None or not self.is_sound():
            return None
        return measure.area_m2(shape) / 1e4

    def is_sound(self) -> bool:
        """Whether the current boundary is there and valid; found out once for each version of it."""
        shape = self.candidate_geometry()
        if shape is None:
            return False
        version = (self.current, self._versions.get(self.current or "", 0), shape.constGet().nCoordinates())
        if self._soundness[0] != version:
            self._soundness = (version, shape.isGeosValid())
        return self._soundness[1]

    def set_current(self, name: str | None) -> None:
        """Make another candidate the current one."""
        if name == self.current or (name is not None and name not in self._names):
            return
        self.current = name
        self.runner.cancel("check")
        self.runner.cancel("cover")
        self._remember()
        self._gaps_timer.start()
        self.candidatesChanged.emit()
        self.assessmentChanged.emit()
        self.coverageChanged.emit()
        self._recheck_nomination()
        self._schedule()

    def free_name(self, wish: str) -> str:
        """A name that no other candidate has: the wish itself or with a number."""
        wish = " ".join(wish.split()) or QCoreApplication.translate("AzePanel", "New candidate")
        name, number = wish, 2
        while name in self._names:
            name = f"{wish} {number}"
            number += 1
        return name

    def add_candidate(
        self,
        wish: str,
        boundary: QgsGeometry,
        kind: str = "new_site",
        updates_site: str = "",
        note: str = "",
        announce: bool = True,
    ) -> str:
        """Add a candidate with a boundary in WGS 84 as one undoable step, and return its name.

        It becomes the current one unless ``announce`` is false, for the adding of several.
        Raises AzeError ``boundary.no_area`` for a boundary without area.
        """
        shape = layers.as_multipolygon(boundary)
        if shape.isEmpty():
            raise AzeError("boundary.no_area", name=wish)
        layer = self.ensure_candidate_layer()
        name = self.free_name(wish)
        values = {
            "name": name,
            "kind": kind,
            "updates_site": updates_site,
            "created": QDateTime.currentDateTime().toString(Qt.DateFormat.ISODate),
            "note": note,
        }
        attributes = {layer.fields().lookupField(k): v for k, v in values.items() if layer.fields().lookupField(k) >= 0}
        feature = QgsVectorLayerUtils.createFeature(layer, shape, attributes)
        with self._edit(layer, QCoreApplication.translate("AzePanel", "Add candidate")):
            layer.addFeature(feature)
        if announce:
            self.set_current(name)
        return name

    def replace_boundary(self, boundary: QgsGeometry) -> None:
        """Give the current candidate another boundary (WGS 84) as one undoable step."""
        layer, fid = self.candidate_layer, self._names.get(self.current or "")
        if layer is None or fid is None:
            return
        shape = layers.as_multipolygon(boundary)
        if shape.isEmpty():
            raise AzeError("boundary.no_area", name=self.current)
        with self._edit(layer, QCoreApplication.translate("AzePanel", "Change boundary")):
            layer.changeGeometry(fid, shape)

    def rename_candidate(self, wish: str) -> None:
        """Rename the current candidate; its nomination and statements go with it."""
        old = self.current
        layer, fid = self.candidate_layer, self._names.get(old or "")
        wish = " ".join(wish.split())
        if layer is None or fid is None or not wish or wish == old:
            return
        name = self.free_name(wish)
        with self._edit(layer, QCoreApplication.translate("AzePanel", "Rename candidate")):
            layer.changeAttributeValue(fid, layer.fields().lookupField("name"), name)
        for kept in (self._nominations, self._evidence, self._results, self._versions, self._statement_versions):
            if old in kept:
                kept[name] = kept.pop(old)
        said = self._nominations.get(name, {}).get("statements", {}).get("candidates", {})
        if old in said:
            said[name] = said.pop(old)
        self.current = name
        self._read_candidates()
        self._remember()
        self.candidatesChanged.emit()
        self._touch_statements()

    def set_candidate_kind(self, kind: str, updates_site: str = "") -> None:
        """Say whether the current candidate is a ``new_site`` or an ``update_site``, and of which site."""
        layer, fid = self.candidate_layer, self._names.get(self.current or "")
        if layer is None or fid is None:
            return
        with self._edit(layer, QCoreApplication.translate("AzePanel", "Change kind")):
            layer.changeAttributeValue(fid, layer.fields().lookupField("kind"), kind)
            layer.changeAttributeValue(fid, layer.fields().lookupField("updates_site"), updates_site)
        self.set_nomination_value("/kind", kind)
        self.candidatesChanged.emit()

    def remove_candidate(self) -> None:
        """Delete the current candidate, as one undoable step."""
        layer, fid = self.candidate_layer, self._names.get(self.current or "")
        if layer is None or fid is None:
            return
        with self._edit(layer, QCoreApplication.translate("AzePanel", "Delete candidate")):
            layer.deleteFeature(fid)

    def _edit(self, layer: QgsVectorLayer, title: str):
        return _EditStep(layer, title)

    def _watch(self, layer: QgsVectorLayer | None) -> None:
        if self._watched is not None:
            try:
                for signal, slot in self._layer_signals(self._watched):
                    signal.disconnect(slot)
            except RuntimeError:
                # The layer was deleted with its project, and its connections with it.
                self._watched = None
        self._watched = layer
        if layer is not None:
            for signal, slot in self._layer_signals(layer):
                signal.connect(slot)

    def _layer_signals(self, layer: QgsVectorLayer):
        return (
            (layer.geometryChanged, self._on_geometry),
            (layer.featureAdded, self._on_features),
            (layer.featureDeleted, self._on_features),
            (layer.attributeValueChanged, self._on_features),
            (layer.afterCommitChanges, self._on_features),
            (layer.afterRollBack, self._on_rolled_back),
            (layer.willBeDeleted, self._on_layer_gone),
        )

    def _on_layer_gone(self) -> None:
        self._watched = None
        self._names.clear()
        self.current = None

    def _on_geometry(self, fid: int, _geometry=None) -> None:
        for name, known in self._names.items():
            if known == fid:
                self._touch(name)

    def _on_features(self, *_args) -> None:
        before, current = list(self._names), self.current
        self._read_candidates()
        if before != list(self._names) or current != self.current:
            self._remember()
            self.candidatesChanged.emit()
            self.assessmentChanged.emit()
            self.coverageChanged.emit()
            self._recheck_nomination()
            self._schedule()

    def _on_rolled_back(self) -> None:
        self._on_features()
        for name in self._names:
            self._touch(name)

    def _read_candidates(self) -> None:
        layer = self._watched
        names: OrderedDict[str, int] = OrderedDict()
        if layer is not None and layer.isValid():
            column = layer.fields().lookupField("name")
            for feature in layer.getFeatures():
                given = feature.attributes()[column] if column >= 0 else None
                name = str(given) if given else _unnamed(feature.id())
                # Two features of one name cannot be told apart by name: the later gets its number.
                names[name if name not in names else f"{name} ({feature.id()})"] = feature.id()
        self._names = names
        if self.current not in names:
            self.current = next(reversed(names)) if names else None

    def _touch(self, name: str) -> None:
        """A boundary changed: what was computed of it is of an earlier one now."""
        self._versions[name] = self._versions.get(name, 0) + 1
        if name == self.current:
            self._gaps_timer.start()
            self.candidateEdited.emit()
            self.assessmentChanged.emit()
            self.coverageChanged.emit()
            self._schedule()

    # ------------------------------------------------------------------------------------------------ the results

    def _result(self) -> _Results:
        return self._results.get(self.current or "", _Results())

    def _assessment_version(self) -> tuple:
        name = self.current or ""
        return (self._versions.get(name, 0), self._statement_versions.get(name, 0), self._data_version)

    def _coverage_version(self) -> tuple:
        return (self._versions.get(self.current or "", 0), self._data_version)

    @property
    def assessment(self) -> dict | None:
        """One member of ``assessments`` of aze-assessment/1: that of the current candidate, or None."""
        return self._result().assessment

    @property
    def assessment_settings(self) -> dict | None:
        """Settings with which the assessment was made."""
        return self._result().settings

    @property
    def assessment_sources(self) -> list:
        """Datasets that the assessment rests on: name, version, citation."""
        return self._result().sources or []

    @property
    def assessment_time(self) -> datetime | None:
        """When the assessment was made."""
        return self._result().time

    @property
    def assessment_stale(self) -> bool:
        """Whether boundary, statements or data changed since the assessment."""
        result = self._result()
        return result.assessment is not None and result.assessed != self._assessment_version()

    @property
    def coverage(self) -> dict | None:
        """One member of ``sites`` of aze-coverage/1: that of the current candidate, or None."""
        return self._result().coverage

    @property
    def coverage_notes(self) -> dict:
        """What else the coverage file says: ``excluded``, ``repaired``, ``notes``."""
        return self._result().coverage_notes or {}

    @property
    def coverage_time(self) -> datetime | None:
        """When the cover was measured."""
        return self._result().coverage_time

    @property
    def coverage_stale(self) -> bool:
        """Whether boundary or data changed since the cover was measured."""
        result = self._result()
        return result.coverage is not None and result.measured != self._coverage_version()

    @property
    def busy(self) -> Busy | None:
        """What is being done, or None."""
        return self.runner.busy()

    def can_check(self) -> str:
        """Empty when a check can run; else the sentence that says what is missing."""
        problem = self.problem_of_installation()
        if problem:
            return problem
        if self.library_problem:
            return self.library_problem
        if not self.library_path:
            return QCoreApplication.translate("AzePanel", "Open or import a species library first.")
        if self.candidate_geometry() is None:
            return QCoreApplication.translate("AzePanel", "Draw or import a boundary first.")
        return ""

    def _schedule(self) -> None:
        if not self._restoring:
            self._check_timer.start()

    def _check_what_is_stale(self) -> None:
        """Run by itself what is missing or stale: the check first, the cover after it."""
        if self.runner.running("import") or self.runner.running("export") or self._is_capturing():
            return
        if not self.can_check() and (self.assessment is None or self.assessment_stale):
            self.check()
        elif self._can_measure() and (self.coverage is None or self.coverage_stale):
            self.measure_cover()

    def _is_capturing(self) -> bool:
        """Whether the user is in the middle of drawing; a check then would only be in the way."""
        tool = self.iface.mapCanvas().mapTool() if self.iface else None
        return bool(tool is not None and hasattr(tool, "size") and hasattr(tool, "isCapturing") and tool.isCapturing())

    def _can_measure(self) -> bool:
        return (
            not self.problem_of_installation() and bool(self.protected_layers) and self.candidate_geometry() is not None
        )

    def check(self) -> None:
        """Check the current candidate against the three criteria; the result comes by assessmentChanged."""
        problem = self.can_check()
        if problem:
            self._warn(problem)
            return
        name, version = self.current, self._assessment_version()
        boundary = layers.snapshot(name, self.candidate_geometry())
        folder = tempfile.TemporaryDirectory(prefix="aze-")
        output = Path(folder.name) / "assessment.json"
        parameters = {
            "BOUNDARY": boundary,
            "LIBRARY": self.library_path,
            "OUTPUT": str(output),
            **preferences.criteria_parameters(),
        }
        sites = layers.merged(self.site_layers, _wide(boundary), self.project)
        if sites is not None:
            parameters["SITES"] = sites
        statements = self.nomination.get("statements")
        if statements:
            path = Path(folder.name) / "statements.json"
            path.write_text(json.dumps(statements), encoding="utf-8")
            parameters["STATEMENTS"] = str(path)

        def done(_results, _context):
            document = _read_json(output)
            result = self._results.setdefault(name, _Results())
            result.assessment = document["assessments"][0]
            result.settings = document.get("settings")
            result.sources = document.get("sources", [])
            result.time = datetime.now()
            result.assessed = version
            self.assessmentChanged.emit()
            self._recheck_nomination()
            self._check_what_is_stale()

        self.runner.start(
            "check",
            "aze:checkboundary",
            parameters,
            QCoreApplication.translate("AzePanel", "Checking {name}").format(name=name),
            done,
            self._fail,
            (boundary, sites, folder),
        )

    def measure_cover(self) -> None:
        """Measure how much of the current candidate is protected; the result comes by coverageChanged."""
        if self.problem_of_installation():
            self._warn(self.problem_of_installation())
            return
        if not self._can_measure():
            self._warn(
                QCoreApplication.translate("AzePanel", "Add protected areas and a boundary first.")
                if self.candidate_geometry() is None
                else QCoreApplication.translate("AzePanel", "Add a layer of protected areas first.")
            )
            return
        name, version = self.current, self._coverage_version()
        boundary = layers.snapshot(name, self.candidate_geometry())
        folder = tempfile.TemporaryDirectory(prefix="aze-")
        summary = Path(folder.name) / "coverage.json"
        parameters = {
            "SITES": boundary,
            "PROTECTED": self.protected_layers,
            "YEARS": True,
            "OUTPUT": "TEMPORARY_OUTPUT",
            "GAPS": "TEMPORARY_OUTPUT",
            "SUMMARY": str(summary),
        }

        def done(results, context):
            document = _read_json(summary)
            result = self._results.setdefault(name, _Results())
            result.coverage = document["sites"][0]
            result.coverage_notes = {k: v for k, v in document.items() if k not in ("sites", "countries", "global")}
            result.coverage_time = datetime.now()
            result.measured = version
            measured = context.takeResultLayer(results["GAPS"])
            result.gaps = [layers.to_lonlat(f.geometry(), measured.crs(), self.project) for f in measured.getFeatures()]
            if name == self.current:
                self._show_gaps()
            self.coverageChanged.emit()
            self._recheck_nomination()

        self.runner.start(
            "cover",
            "aze:protectioncoverage",
            parameters,
            QCoreApplication.translate("AzePanel", "Measuring protection"),
            done,
            self._fail,
            (boundary, folder),
        )

    def _show_gaps(self) -> None:
        """Show the gaps of the current candidate on the map, or none where they are not known or of another boundary.

        The layer stays and only its features change: QGIS has work of its own waiting for a layer that was just added,
        and must not find it gone. It also keeps the user's style, place and visibility.
        """
        gaps = self._result().gaps if not self.coverage_stale else []
        found = layers.with_role(self.project, "gaps")
        if not found and not gaps:
            return
        if found:
            shown = found[0]
        else:
            shown = layers.create_gaps_layer()
            was, self._restoring = self._restoring, True
            layers.add(self.project, shown, "gaps")
            self._restoring = was
        layers.replace_features(shown, gaps)

    def export(self, path: str, allow_incomplete: bool = False) -> None:
        """Write the nomination package to a zip; the result is in ``package`` and comes by nominationChanged."""
        problem = self.can_check()
        if problem:
            self._warn(problem)
            return
        name = self.current
        boundary = layers.snapshot(name, self.candidate_geometry())
        folder = tempfile.TemporaryDirectory(prefix="aze-")
        details = Path(folder.name) / "details.json"
        details.write_text(json.dumps(self.nomination, ensure_ascii=False), encoding="utf-8")
        parameters = {
            "BOUNDARY": boundary,
            "LIBRARY": self.library_path,
            "DETAILS": str(details),
            "ALLOW_INCOMPLETE": allow_incomplete,
            "OUTPUT": path,
        }
        sites = layers.merged(self.site_layers, _wide(boundary), self.project)
        if sites is not None:
            parameters["SITES"] = sites
        if self.protected_layers:
            parameters["PROTECTED"] = self.protected_layers
        if self.evidence:
            parameters["EVIDENCE"] = self.evidence

        def done(results, _context):
            self.package = {
                "candidate": name,
                "path": results.get("OUTPUT", path),
                "sha256": results.get("SHA256", ""),
                "problems": results.get("PROBLEMS", 0),
                "draft": allow_incomplete and bool(results.get("PROBLEMS", 0)),
            }
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
            self._fail,
            (boundary, sites, folder),
        )

    def cancel(self) -> None:
        """Stop the work that the progress strip shows."""
        busy = self.busy
        if busy is not None:
            busy.cancel()

    def _fail(self, sentence: str) -> None:
        self.message.emit(sentence, messages.CRITICAL)
        self.assessmentChanged.emit()
        self.coverageChanged.emit()

    # ------------------------------------------------------------------------------------------------- nomination

    @property
    def nomination(self) -> dict:
        """Details of the current candidate's nomination; change them by ``set_nomination_value`` only."""
        if self.current is None:
            return {}
        return self._nominations.get(self.current) or self.blank_nomination(self.current)

    def blank_nomination(self, name: str) -> dict:
        """A nomination in which nothing is written yet, of the candidate's kind."""
        feature = self.candidate_feature(name)
        known = feature is not None and feature.fields().lookupField("kind") >= 0
        kind = "update_site" if known and feature["kind"] == "update_site" else "new_site"
        return {"schema": "aze-nomination/1", "kind": kind}

    def _own_nomination(self) -> dict:
        return self._nominations.setdefault(self.current, copy.deepcopy(self.nomination))

    def set_nomination_value(self, pointer: str, value: Any) -> None:
        """Set the member at a JSON pointer (``/site/country``, ``/threats/threats/0/timing``); None removes it."""
        if self.current is None:
            return
        set_at(self._own_nomination(), pointer, value)
        self._remember()
        if pointer.startswith("/statements"):
            self._touch_statements()
        self._recheck_nomination()

    def set_statement(self, key: str, said: str, taxon: str | None = None) -> None:
        """Keep a statement of the nominator (``delineation_rationale``, or with a taxon ``evidence_of_presence`` and
        ``reintroduction_justification``); the criteria are checked again with it."""
        if self.current is None:
            return
        statements = self._own_nomination().setdefault("statements", {"schema": "aze-statements/1", "candidates": {}})
        entry = statements.setdefault("candidates", {}).setdefault(self.current, {})
        if taxon is not None:
            entry = entry.setdefault("species", {}).setdefault(taxon, {})
        if entry.get(key, "") == said:
            return
        if said.strip():
            entry[key] = said
        else:
            entry.pop(key, None)
        self._remember()
        self._touch_statements()
        self._recheck_nomination()

    def statement(self, key: str, taxon: str | None = None) -> str:
        """A statement as it was made, empty where there is none."""
        entry = self.nomination.get("statements", {}).get("candidates", {}).get(self.current or "", {})
        if taxon is not None:
            entry = entry.get("species", {}).get(taxon, {})
        return entry.get(key, "")

    @property
    def nominated(self) -> list[str]:
        """Names of the candidates of whose nomination something is written."""
        return list(self._nominations)

    def set_nomination(self, nomination: dict, name: str | None = None) -> None:
        """Replace all details of a candidate's nomination, of the current one's by default."""
        name = name or self.current
        if name is None:
            return
        self._nominations[name] = copy.deepcopy(nomination)
        self._remember()
        self._touch_statements(name)
        if name == self.current:
            self._recheck_nomination()

    def _touch_statements(self, name: str | None = None) -> None:
        name = name or self.current or ""
        self._statement_versions[name] = self._statement_versions.get(name, 0) + 1
        if name == self.current:
            self.assessmentChanged.emit()
            self._schedule()

    @property
    def evidence(self) -> list[str]:
        """Paths of the files that go into the current candidate's package."""
        return list(self._evidence.get(self.current or "", []))

    def set_evidence(self, files: list[str]) -> None:
        """Choose the files that go into the current candidate's package."""
        if self.current is None:
            return
        self._evidence[self.current] = list(files)
        self._remember()
        self._recheck_nomination()

    def _recheck_nomination(self) -> None:
        """Announce a change at once; what it means for the nomination's problems follows when typing pauses."""
        self.nominationChanged.emit()
        self._review_timer.start()

    def _review(self) -> None:
        """Fill in what is known and find the problems; ``completed`` and ``problems`` hold the outcome.

        Without a current assessment neither can be said, and both are empty.
        """
        boundary = self.candidate_geometry()
        self.completed, self.problems = {}, []
        if self.assessment is not None and boundary is not None and not self.problem_of_installation():
            self.completed, self.problems = review(
                self.nomination, boundary, self.assessment, self.coverage, self.assessment_sources, self.evidence
            )
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
        self.zoom_to(self.candidate_geometry())

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


class _EditStep:
    """One undoable step on a layer; opens editing when needed and leaves it open, so that it can be undone."""

    def __init__(self, layer: QgsVectorLayer, title: str):
        self._layer, self._title = layer, title

    def __enter__(self):
        if not self._layer.isEditable():
            self._layer.startEditing()
        self._layer.beginEditCommand(self._title)

    def __exit__(self, kind, _value, _traceback):
        if kind is None:
            self._layer.endEditCommand()
        else:
            self._layer.destroyEditCommand()
        return False


def _drafts_folder() -> Path:
    """Where candidates of projects without a file are kept: in the user's profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "aze_toolkit" / "drafts"


def _candidates_title() -> str:
    return QCoreApplication.translate("AzePanel", "Candidates")


def _unnamed(fid: int) -> str:
    return QCoreApplication.translate("AzePanel", "Unnamed {number}").format(number=fid)


def _attributes(layer: QgsVectorLayer, feature: QgsFeature) -> dict[int, Any]:
    names = [f.name() for f in feature.fields() if f.name() != "fid"]
    return {layer.fields().lookupField(n): feature[n] for n in names if layer.fields().lookupField(n) >= 0}


def _read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _wide(boundary: QgsVectorLayer) -> QgsRectangle:
    """Lon/lat rectangle round a boundary with the room in which another site could matter to it."""
    extent = boundary.extent()
    extent.grow(0.5)
    return extent
