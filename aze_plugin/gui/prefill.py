"""What the project's data say of the current candidate beside its checks: looked up behind, and filled into its
nomination when it is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qgis.core import Qgis, QgsGeometry
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.wording import text
from . import messages
from .tasks import Task

if TYPE_CHECKING:
    # shapely is imported where shapes are looked up, not when the panel opens.
    from ..domain.candidate import Candidate
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
        self._lookup = Task(self, QCoreApplication.translate("AzeNomination", "Looking up the site"))
        self._lookup.done.connect(self._keep)
        self._lookup.failed.connect(self._fail)

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
            self._lookup.cancel()
            self._look(key, boundary, results.assessment)
        return self._found.get(key) or next((known for k, known in self._found.items() if k[0] == name), None)

    def close(self) -> None:
        """Stop looking."""
        self._lookup.cancel()

    def _look(self, key: tuple, boundary: QgsGeometry, assessment: dict) -> None:
        try:
            layers, datasets = self._layers()
        except AzeError as error:
            self._fail(error)
            return
        details, context = self._session.nominations.details, self._session.project.transformContext()
        wkb = bytes(boundary.asWkb())

        def look(progress: Progress) -> tuple[tuple, Known]:
            from ..services import prefill

            candidate = _candidate(wkb, assessment)
            project = replace(layers.read(candidate, context, progress.part(0, 0.7)), datasets=datasets)
            return key, prefill.known(details, candidate, assessment, None, project, progress.part(0.7, 1))

        self._lookup.start(look)

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

    def _fail(self, error: AzeError) -> None:
        self._session.message.emit(text(error.code, error.params), messages.WARNING)

    def _keep(self, found: tuple[tuple, Known]) -> None:
        key, known = found
        # One candidate is looked at for long: earlier boundaries of it are of no use any more.
        self._found = {k: other for k, other in self._found.items() if k[0] != key[0]}
        self._found[key] = known
        self.changed.emit()


def _candidate(wkb: bytes, assessment: dict) -> Candidate:
    """A boundary (WGS 84) as its check saw it."""
    from ..domain import geometry
    from ..domain.candidate import Candidate

    prepared = geometry.prepare(geometry.from_wkb([wkb]))
    shape = prepared.geometries[0]
    crossing = bool(prepared.crossing[0]) or (shape is not None and geometry.touches_antimeridian(shape))
    return Candidate(assessment["name"], shape, assessment["area_ha"], crossing=crossing)
