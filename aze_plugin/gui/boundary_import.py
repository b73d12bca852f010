"""Takes boundaries from files, text and selections into the candidates, asking what only the user can know."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QWidget

from ..domain.errors import AzeError
from ..services import figures
from ..services.wording import text
from . import layers, messages, neighbours
from .neighbours import Overlap
from .session import Session


class BoundaryImport(QObject):
    """The one way by which boundaries come in from outside; its dialogs belong to ``window``.

    ``along`` carries the thin overlaps (see gui.neighbours) with existing sites beside which boundaries came to lie, by
    the names of the candidates that they became.
    """

    along = pyqtSignal(dict)

    def __init__(self, session: Session, window: QWidget):
        super().__init__(window)
        self._session, self._window = session, window

    def take(self, source) -> list[str]:
        """Names of the candidates made of a source (see services.boundary_sources), the last of them the current one.

        What is to be known, chosen or agreed to is asked; what cannot be taken is said by the session's message.
        """
        if self._session.sources.installation_problem:
            self._session.message.emit(self._session.sources.installation_problem, messages.WARNING)
            return []
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            from ..services.boundary_sources import find

            found = find(source)
        except AzeError as error:
            self._say(error)
            return []
        finally:
            QGuiApplication.restoreOverrideCursor()
        file = self._settled(found)
        if file is None:
            return []
        boundaries = list(file.boundaries)
        shown = len(boundaries) > 1 or boundaries[0].needs_look
        if shown:
            from .boundary_dialog import BoundaryDialog

            dialog = BoundaryDialog(file, self._window.window())
            if not dialog.exec():
                return []
            boundaries = dialog.chosen()
        return self._add(boundaries, () if shown else (*file.notes, *boundaries[0].notes))

    def _settled(self, found):
        """The boundaries of a source, after as many questions as they need; None where the user gives up."""
        from ..services.boundary_files import QUESTIONS, settle

        answers: dict[str, Any] = {}
        context = self._session.project.transformContext()
        while True:
            QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
            try:
                # Large gaps are shown afterwards, with the line across them.
                return settle(found, any_gap=True, context=context, **answers)
            except AzeError as error:
                asked = error
            finally:
                QGuiApplication.restoreOverrideCursor()
            if asked.code not in QUESTIONS or answers:
                self._say(asked)
                return None
            answers = self._ask(asked)
            if not answers:
                return None

    def _ask(self, question: AzeError) -> dict[str, Any]:
        """Reference system and order of axes as the user says; empty where there is no answer."""
        from ..services.boundary_places import suggestions
        from .where_dialog import WhereDialog

        project = self._session.project
        offered = suggestions(
            QgsRectangle(*question.params["coordinates"]),
            project.transformContext(),
            self._known(question.params.get("crs", "")),
            self._near(),
        )
        dialog = WhereDialog(question.code, question.params, offered, project.transformContext(), self._window.window())
        if not dialog.exec() or not dialog.crs.isValid():
            return {}
        return {"crs": dialog.crs, "swap": dialog.swap}

    def _known(self, said: str) -> list[QgsCoordinateReferenceSystem]:
        """Reference systems of the project and of its layers, and the one that the source says, if any."""
        project = self._session.project
        found = [project.crs(), *(layer.crs() for layer in project.mapLayers().values())]
        return [crs for crs in found if crs.isValid() and crs.userFriendlyIdentifier() != said]

    def _near(self) -> QgsPointXY | None:
        """Lon/lat of what the map shows, None where it shows nothing."""
        iface, project = self._session.iface, self._session.project
        canvas = iface.mapCanvas() if iface is not None else None
        if canvas is None or not any(isinstance(layer, QgsVectorLayer) for layer in project.mapLayers().values()):
            return None
        from ..services.boundary_places import lies_at

        settings = canvas.mapSettings()
        place = lies_at(canvas.extent(), settings.destinationCrs(), project.transformContext())
        return place.center() if place is not None and place.width() < 90 else None

    def _add(self, boundaries, notes) -> list[str]:
        session, names = self._session, []
        waiting = session.candidates.current if session.candidates.lacks_boundary() and len(boundaries) == 1 else None
        for boundary in boundaries:
            # An edge that is shared with a site of finer coordinates stays shared.
            exact = neighbours.has_to_be_exact(session, boundary.geometry)
            try:
                if waiting is not None:
                    session.candidates.replace_boundary(boundary.geometry, exact=exact)
                    names.append(waiting)
                    continue
                names.append(session.candidates.add(boundary.name, boundary.geometry, announce=False, exact=exact))
            except AzeError as error:
                self._say(error)
        if not names:
            return []
        overlaps = {name: neighbours.thin_overlaps(session, session.candidates.geometry(name)) for name in names}
        self.along.emit(overlaps)
        self._session.candidates.set_current(names[-1])
        self._session.zoom_to_candidate()
        said = " ".join(
            dict.fromkeys(
                [*(text(note.code, note.params) for note in notes), *map(overlap_sentence, overlaps[names[-1]])]
            )
        )
        if said:
            self._session.message.emit(
                QCoreApplication.translate("AzeBoundary", "“{name}” was taken. {notes}").format(
                    name=names[-1], notes=said
                ),
                messages.INFO,
            )
        return names

    def _say(self, error: AzeError) -> None:
        self._session.message.emit(text(error.code, error.params), messages.WARNING)


def overlap_sentence(overlap: Overlap) -> str:
    """A thin overlap in words."""
    return QCoreApplication.translate(
        "AzeBoundary", "It overlaps {site} by {area} along its edge: the coordinates of the two differ a little."
    ).format(site=overlap.site, area=figures.square_metres(overlap.area_m2))


def with_selection(session: Session) -> QgsVectorLayer | None:
    """The active layer if features of it are selected, else any layer of polygons or lines with a selection."""
    active = session.iface.activeLayer() if session.iface else None
    others = [layer for layer in session.project.mapLayers().values() if layer is not active]
    kinds = layers.kinds_of("edges")
    for layer in [active, *others]:
        if isinstance(layer, QgsVectorLayer) and layer.geometryType() in kinds and layer.selectedFeatureCount():
            return layer
    return None
