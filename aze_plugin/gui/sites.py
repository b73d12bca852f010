"""The existing sites of the project: rows of all layers with the role "sites", read in the background.

A page or a dialog that shows them calls ``want`` and follows ``changed``; what is done with one of them (zoom, an
update of it as a candidate, its protection) is here too, so that every list of sites offers the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    Qgis,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.sites import SiteRow
from ..services.wording import text
from . import layers, measure, messages
from .tasks import Task
from .widgets.preview import MendDialog

# As the nomination's schema has it.
_LONGEST_NAME = 255

if TYPE_CHECKING:
    from .session import Session


@dataclass(frozen=True)
class Read:
    """What one layer gave: its rows and their words to search by, or the sentence that says why it gave none."""

    version: tuple
    rows: tuple[SiteRow, ...] = ()
    words: tuple[str, ...] = ()
    problem: str = ""


class Sites(QObject):
    """Rows of the site layers, kept until a layer changes.

    ``changed``: rows, problems or whether they are being read; ``progressed``: the share that is read.
    """

    changed = pyqtSignal()
    progressed = pyqtSignal(float)

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self._read: dict[str, Read] = {}
        self._edits: dict[str, int] = {}
        self._watched: dict[str, QgsVectorLayer] = {}
        # What is being read, by layer its name and version, and what has been so far.
        self._asked: dict[str, tuple[str, tuple]] = {}
        self._found: dict[str, Read] = {}
        self._reading = Task(self, QCoreApplication.translate("AzeSites", "Reading sites"))
        self._reading.done.connect(lambda _none: self._take_in())
        self._reading.failed.connect(lambda _error: self._fail())
        self._reading.changed.connect(self._move)
        self._wanted = False
        self._closed = False
        session.dataChanged.connect(self._follow)

    # ---------------------------------------------------------------------------------------------- what there is

    @property
    def rows(self) -> list[SiteRow]:
        """Sites of all layers read so far."""
        return [row for read in self._current() for row in read.rows]

    @property
    def words(self) -> list[str]:
        """What each of ``rows`` can be searched by."""
        return [words for read in self._current() for words in read.words]

    @property
    def problems(self) -> list[str]:
        """Why layers could not be read, a sentence each."""
        return [read.problem for read in self._current() if read.problem]

    @property
    def is_reading(self) -> bool:
        """Whether layers are being read."""
        return self._reading.is_running

    def _current(self) -> list[Read]:
        found = (self._read.get(layer.id()) for layer in self._session.sources.site_layers)
        return [read for read in found if read is not None]

    def id_of(self, name: str) -> str:
        """Id of the site of a name, among the sites read so far; empty where none or several have it."""
        found = {row.site_id for row in self.rows if row.name == name} if name else set()
        return found.pop() if len(found) == 1 else ""

    def layer(self, row: SiteRow) -> QgsVectorLayer | None:
        """The layer of a row; None once it is gone."""
        found = self._session.project.mapLayer(row.layer)
        return found if isinstance(found, QgsVectorLayer) and found.isValid() else None

    def feature(self, row: SiteRow) -> QgsFeature | None:
        """The feature of a row; None once it is gone."""
        layer = self.layer(row)
        feature = layer.getFeature(row.fid) if layer is not None else QgsFeature()
        return feature if feature.isValid() else None

    def geometry(self, row: SiteRow) -> QgsGeometry | None:
        """The outline of a row as it is stored, in WGS 84; None where it has none."""
        layer, feature = self.layer(row), self.feature(row)
        if layer is None or feature is None or not feature.hasGeometry():
            return None
        try:
            return layers.to_lonlat(feature.geometry(), layer.crs(), self._session.project)
        except AzeError:
            return None

    def at(self, point: QgsPointXY) -> tuple[str, int] | None:
        """Layer and feature of the site at a place (WGS 84), of the smallest where several are; None where none is.

        Raises AzeError as ``layers.asked`` does.
        """
        project = self._session.project
        here, found = QgsGeometry.fromPointXY(point), []
        for layer in self._session.sources.site_layers:
            transform = QgsCoordinateTransform(layers.LONLAT, layer.crs(), project.transformContext())
            place = QgsGeometry(here)
            if place.transform(transform) != Qgis.GeometryOperationResult.Success:
                continue
            box = QgsRectangle(place.boundingBox())
            box.grow(1e-9 if layer.crs().isGeographic() else 1e-3)
            request = QgsFeatureRequest().setFilterRect(box).setNoAttributes()
            for feature in layers.asked(layer, request):
                if feature.geometry().contains(place):
                    found.append((abs(feature.geometry().area()), layer.id(), feature.id()))
        return min(found)[1:] if found else None

    # ---------------------------------------------------------------------------------------------------- reading

    def want(self) -> None:
        """Have all layers read that are not, or have changed since; from now on whenever they change."""
        self._wanted = True
        self._start()

    def leave(self) -> None:
        """Nobody looks any more: changes need not be followed."""
        self._wanted = False

    def cancel(self) -> None:
        """Stop reading; what was read stays."""
        if self.is_reading:
            self._reading.cancel()
            self._wanted = False
            self.changed.emit()

    def close(self) -> None:
        """Stop all work and let go of the layers."""
        self._closed = True
        self._reading.cancel()
        self._watch({})

    def _version(self, layer: QgsVectorLayer, table: QgsVectorLayer | None) -> tuple:
        told = (table.id(), table.source(), self._edits.get(table.id(), 0)) if table is not None else ()
        return layer.source(), layer.subsetString(), self._edits.get(layer.id(), 0), told

    def _follow(self) -> None:
        table = self.table
        followed = [*self._session.sources.site_layers, *([table] if table is not None else [])]
        self._watch({layer.id(): layer for layer in followed})
        if self._wanted:
            self._start()
        self.changed.emit()

    def _start(self) -> None:
        if self._closed or self._session.sources.installation_problem:
            return
        table = self.table
        stale = []
        for layer in self._session.sources.site_layers:
            known = self._read.get(layer.id())
            if known is None or known.version != self._version(layer, table):
                stale.append(layer)
        if not stale:
            return
        asked = {layer.id(): (layer.name(), self._version(layer, table)) for layer in stale}
        if self.is_reading and asked == self._asked:
            return
        from ..services.bulk import Snapshot
        from ..services.layers import LayerSnapshot

        jobs = [(layer.id(), self._version(layer, table), Snapshot(layer)) for layer in stale]
        told = LayerSnapshot(table) if table is not None else None
        context = self._session.project.transformContext()
        found: dict[str, Read] = {}
        self._asked, self._found = asked, found
        self._reading.start(lambda progress: _read(jobs, told, context, found, progress))
        self.changed.emit()

    def _move(self) -> None:
        if self.is_reading and self._reading.fraction is not None:
            self.progressed.emit(self._reading.fraction)

    def _take_in(self) -> None:
        self._read.update(self._found)
        self.changed.emit()

    def _fail(self) -> None:
        """A fault, which the log has: what can be mended is said of each layer."""
        for layer_id, (name, version) in self._asked.items():
            self._found.setdefault(layer_id, Read(version, problem=text("sites.unread", {"source": name})))
        self._take_in()

    def _watch(self, wanted: Mapping[str, QgsVectorLayer]) -> None:
        for id_ in set(self._watched) - set(wanted):
            try:
                for signal in _signals(self._watched[id_]):
                    signal.disconnect(self._touched)
            except (RuntimeError, TypeError):
                # The layer was deleted with its project, and its connections with it.
                pass
            del self._watched[id_]
            self._read.pop(id_, None)
        for id_ in set(wanted) - set(self._watched):
            self._watched[id_] = wanted[id_]
            for signal in _signals(wanted[id_]):
                signal.connect(self._touched)

    def _touched(self) -> None:
        layer = self.sender()
        if isinstance(layer, QgsVectorLayer):
            self._edits[layer.id()] = self._edits.get(layer.id(), 0) + 1
        if self._wanted:
            self._start()

    # ---------------------------------------------------------------------------------- the table of trigger species

    @property
    def table(self) -> QgsVectorLayer | None:
        """The table of trigger species by site id, None where none was given."""
        found = layers.with_role(self._session.project, "triggers")
        return found[0] if found else None

    def use_table(self, path: str) -> None:
        """Use a file's table of trigger species in place of the one before.

        Raises AzeError ``layer.not_vector`` for a file that is no table, ``triggers.fields`` for one without columns of
        site ids and species.
        """
        from ..services.layers import LayerSnapshot
        from ..services.triggers import read_table

        table = QgsVectorLayer(path, Path(path).stem, "ogr", QgsVectorLayer.LayerOptions(loadDefaultStyle=False))
        if not table.isValid():
            raise AzeError("layer.not_vector", file=path)
        read_table(LayerSnapshot(table))
        for other in layers.with_role(self._session.project, "triggers"):
            self._session.project.removeMapLayer(other.id())
        layers.add(self._session.project, table, "triggers")

    # ------------------------------------------------------------------------------------------- what is done with one

    def zoom_to(self, row: SiteRow) -> None:
        """Show a site on the map."""
        shape = self.geometry(row)
        if shape is None:
            self._say(AzeError("sites.no_geometry", site=row.name))
        else:
            self._session.zoom_to(shape)

    def flash(self, row: SiteRow) -> None:
        """Let a site light up on the map."""
        shape = self.geometry(row)
        if shape is not None:
            self._session.flash(shape)

    def update(self, row: SiteRow, window: QWidget) -> str:
        """Begin a candidate that updates a site, and go to its boundary; its name, empty where the user gives up.

        It has the boundary as it is stored, mended where the user agrees to that (the dialog belongs to ``window``),
        and none where the layer has none or only a placeholder. What the layer tells of the site is in its nomination.
        """
        feature = self.feature(row)
        if feature is None:
            self._say(AzeError("sites.gone", site=row.name))
            self._edits[row.layer] = self._edits.get(row.layer, 0) + 1
            self.want()
            return ""
        shape, code = self.geometry(row), "sites.update_begun"
        if shape is None or row.is_circle:
            code = "sites.update_of_circle" if row.is_circle else "sites.update_without_boundary"
            shape = None
        elif not shape.isGeosValid():
            mended = measure.mended(shape)
            if layers.as_multipolygon(mended).isEmpty():
                self._say(AzeError("sites.no_area", site=row.name))
                shape, code = None, "sites.update_without_boundary"
            elif not MendDialog(shape, mended, window).exec():
                return ""
            else:
                shape = mended
        try:
            # Its neighbours' coordinates may have more decimals than ours: edges that they share stay shared.
            name = self._session.candidates.add(
                row.name, shape, "update_site", row.name, updates_id=row.site_id, exact=shape is not None
            )
        except AzeError as error:
            self._say(error)
            return ""
        self._session.nominations.replace(_nomination(self._session.nominations.blank(name), row), name)
        if shape is not None:
            self._session.zoom_to_candidate()
        elif row.extent is not None:
            self.zoom_to(row)
        level = messages.SUCCESS if code == "sites.update_begun" else messages.INFO
        self._session.message.emit(text(code, {"name": name, "site": row.name}), level)
        self._session.show_page("boundary", "" if shape is not None else "draw")
        return name

    def _say(self, error: AzeError) -> None:
        self._session.message.emit(text(error.code, error.params), messages.WARNING)


def _nomination(blank: dict, row: SiteRow) -> dict:
    """A nomination with what a layer tells of the site that it updates."""
    told = {
        "sitrecid": row.site_id if row.site_id.isdecimal() else "",
        "international_name": " ".join(row.name.split())[:_LONGEST_NAME],
        "national_name": " ".join(row.native_name.split())[:_LONGEST_NAME],
        "country": "" if row.special else row.country,
        "iso3": row.iso3.upper() if len(row.iso3) == 3 and row.iso3.isascii() and row.iso3.isalpha() else "",
    }
    return {**blank, "site": {member: value for member, value in told.items() if value}}


def _read(jobs: list[tuple[str, tuple, Any]], table, context, found: dict[str, Read], progress: Progress) -> None:
    """In a thread: layers of sites one after another, each by its id with its version and snapshot, into ``found``."""
    from ..services.sites import read_rows
    from ..services.triggers import read_table

    told, doubt = None, ""
    if table is not None:
        try:
            told = read_table(table, progress.part(0, 0.1))
        except AzeError as error:
            doubt = text(error.code, error.params)
    for n, (layer_id, version, snapshot) in enumerate(jobs):
        part = progress.part(0.1 + 0.9 * n / len(jobs), 0.1 + 0.9 * (n + 1) / len(jobs))
        try:
            rows = read_rows(snapshot, layer_id, context, part, told)
        except AzeError as error:
            found[layer_id] = Read(version, problem=text(error.code, error.params))
            continue
        found[layer_id] = Read(version, tuple(rows), tuple(row.words() for row in rows), doubt)


def _signals(layer: QgsVectorLayer):
    return layer.afterCommitChanges, layer.subsetStringChanged, layer.dataSourceChanged
