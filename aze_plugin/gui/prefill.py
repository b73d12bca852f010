"""What the project's data say of the current candidate beside its checks: looked up behind, and filled into its
nomination when it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import Qgis, QgsApplication, QgsGeometry, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..domain.errors import AzeError, Cancelled
from ..domain.progress import Progress
from ..services.collector import collector_at_rest
from ..services.wording import text
from . import messages

if TYPE_CHECKING:
    from ..domain.nomination import Known
    from .session import Session


class Prefill(QObject):
    """Looks up what can be filled in, once for each state of the boundary, its assessment and the data.

    ``changed``: something was found that ``known`` gives from now on.
    """

    changed = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self._asked: tuple | None = None
        self._found: dict[tuple, Known] = {}
        self._task: _Lookup | None = None
        # Tasks that were given up run to their next look at that; they are held until they have ended.
        self._ending: list[_Lookup] = []

    def known(self) -> Known | None:
        """What is known of the current candidate as it was checked; None until it was looked up, which this begins.

        While a check is outdated, what is known is that of the one before.
        """
        session = self._session
        name, results = session.candidates.current, session.results
        boundary = session.candidates.geometry()
        if results.assessment is None or boundary is None or session.sources.installation_problem:
            return None
        from ..domain.nomination import site_number

        key = (name, results.assessment_time, session.sources.version, site_number(session.nominations.details))
        if key not in self._found and self._asked != key and not results.assessment_stale:
            self._asked = key
            self._give_up()
            self._look(key, boundary, results.assessment)
        return self._found.get(key) or next((known for k, known in self._found.items() if k[0] == name), None)

    def close(self) -> None:
        """Stop looking."""
        self._give_up()

    def _look(self, key: tuple, boundary: QgsGeometry, assessment: dict) -> None:
        try:
            layers, datasets = self._layers()
        except AzeError as error:
            self._session.message.emit(text(error.code, error.params), messages.WARNING)
            return
        details, context = self._session.nominations.details, self._session.project.transformContext()
        self._task = _Lookup(key, (layers, datasets, bytes(boundary.asWkb()), assessment, details, context), self._done)
        QgsApplication.taskManager().addTask(self._task)

    def _layers(self):
        """The layers that tell something, and name and citation of every dataset in use."""
        from ..packaging.sources import origin_of
        from ..services import prefill
        from ..services.layers import LayerSnapshot
        from ..services.terrain import Terrain

        sources, table = self._session.sources, self._session.sites.table
        protected = [m for m in sources.protected_layers if m.geometryType() == Qgis.GeometryType.Polygon]
        countries, elevation = sources.countries, sources.elevation
        found = prefill.Layers(
            countries=[LayerSnapshot(countries)] if countries is not None else [],
            terrain=Terrain.from_layer(elevation) if elevation is not None else None,
            sites=[LayerSnapshot(layer) for layer in sources.site_layers],
            protected=[LayerSnapshot(layer) for layer in protected],
            triggers=LayerSnapshot(table) if table is not None else None,
            world=prefill.world_map(),
        )
        used = [(layer, "existing sites") for layer in sources.site_layers]
        used += [(layer, "protected areas") for layer in sources.protected_layers]
        used += [(layer, "mapped edges") for layer in sources.edge_layers]
        used += [(sources.landcover, "land cover")] if sources.landcover is not None else []
        used += [(table, "trigger species")] if table is not None else []
        used += [(countries, "countries")] if countries is not None else []
        used += [(elevation, "terrain model")] if elevation is not None else []
        origins = [origin_of(layer, role) for layer, role in used]
        return found, [prefill.dataset(o.name, o.citation, o.role) for o in origins]

    def _give_up(self) -> None:
        if self._task is not None:
            self._ending.append(self._task)
            self._task.cancel()
            self._task = None

    def _done(self, task: _Lookup, complete: bool) -> None:
        if task in self._ending:
            self._ending.remove(task)
        if task is not self._task:
            return
        self._task = None
        if not complete or task.known is None:
            if task.problem:
                self._session.message.emit(task.problem, messages.WARNING)
            return
        # One candidate is looked at for long: earlier boundaries of it are of no use any more.
        self._found = {k: known for k, known in self._found.items() if k[0] != task.key[0]}
        self._found[task.key] = task.known
        self.changed.emit()


class _Lookup(QgsTask):
    """Looks a boundary up in the layers; ``known`` is what was found, ``problem`` the sentence why nothing was."""

    def __init__(self, key: tuple, given: tuple, done):
        super().__init__(
            QCoreApplication.translate("AzeNomination", "Looking up the site"),
            QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Hidden | QgsTask.Flag.Silent,
        )
        self.key = key
        self.known: Known | None = None
        self.problem = ""
        self._given, self._done = given, done

    def run(self) -> bool:
        with collector_at_rest():
            try:
                self._work()
            except Cancelled:
                return False
            except AzeError as error:
                self.problem = text(error.code, error.params)
                return False
            except Exception as error:  # an exception that leaves run() would end QGIS
                QgsMessageLog.logMessage(repr(error), "AZE", Qgis.MessageLevel.Critical)
                return False
        return True

    def _work(self) -> None:
        from dataclasses import replace

        from ..domain import geometry
        from ..domain.candidate import Candidate
        from ..services import prefill

        layers, datasets, wkb, assessment, details, context = self._given
        progress = Progress(lambda share: self.setProgress(100 * share), is_cancelled=self.isCanceled)
        prepared = geometry.prepare(geometry.from_wkb([wkb]))
        shape = prepared.geometries[0]
        candidate = Candidate(
            assessment["name"],
            shape,
            assessment["area_ha"],
            crossing=bool(prepared.crossing[0]) or (shape is not None and geometry.touches_antimeridian(shape)),
        )
        project = layers.read(candidate, context, progress.part(0, 0.7))
        project = replace(project, datasets=datasets)
        self.known = prefill.known(details, candidate, assessment, None, project, progress.part(0.7, 1))

    def finished(self, result: bool) -> None:
        self._done(self, result)
