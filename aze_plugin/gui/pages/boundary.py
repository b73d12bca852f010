"""The page Boundary: draw, import, edit; facts and faults of the boundary."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QSettings, Qt, QTimer
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QInputDialog,
    QLabel,
    QMessageBox,
    QWidget,
)

from ... import paths
from ...domain.errors import AzeError
from ...services import figures
from ...services.boundary_sources import SelectedFeatures, Text, name_index
from ...services.wording import text
from .. import layers, measure, messages, preferences
from ..boundary_import import BoundaryImport, overlap_sentence, with_selection
from ..maptools import BoundaryDrawing, VertexMoving
from ..neighbours import Overlap, thin_overlaps
from ..session import Session
from ..widgets.basics import PageScroll, TextLabel, link
from ..widgets.card import Card
from ..widgets.filelist import dropped_files
from ..widgets.findingrow import FindingRow
from ..widgets.leftcard import LeftCard
from ..widgets.precision import PrecisionCard
from ..widgets.preview import MendDialog

_LAST_FOLDER = "aze_toolkit/last_folder"


class BoundaryPage(PageScroll):
    """Makes, shows and mends candidates. ``moving``: the panel's tool for vertices, which its toolbar has as well."""

    def __init__(self, session: Session, parent: QWidget | None = None, moving: VertexMoving | None = None):
        super().__init__(parent)
        self.setObjectName("AzeBoundaryPage")
        translate = QCoreApplication.translate
        self.session = session
        self._measured: tuple = (None, None, None)
        self._along: dict[str, tuple] = {}
        self._stack_of = ""
        self._versions: QDialog | None = None
        self.drawing = BoundaryDrawing(session, self)
        self.drawing.drawn.connect(self._take_drawn)
        self.drawing.stateChanged.connect(self._show_drawing)
        self.moving = moving or VertexMoving(session, self)
        self.moving.stateChanged.connect(self._show_moving)
        self.importing = BoundaryImport(session, self)
        self.importing.along.connect(self._remember_along)
        self.widget().setAcceptDrops(True)
        self.widget().installEventFilter(self)

        self.left = LeftCard(session)

        self.making = Card(translate("AzeBoundary", "New boundary"))
        self.hint = self.making.add(TextLabel(muted=True))
        self.draw = self.making.add_button(
            translate("AzeBoundary", "Draw"),
            self.toggle_drawing,
            translate("AzeBoundary", "Draw a polygon on the map, with snapping and the CAD panel"),
        )
        self.making.add_button(
            translate("AzeBoundary", "Import…"),
            self.show_import,
            translate(
                "AzeBoundary", "From a map file, a GPS track or a drawing; files can also be dropped on this page"
            ),
        )
        self.making.add_button(
            translate("AzeBoundary", "From selection"),
            self.take_selection,
            translate("AzeBoundary", "From the polygons or lines selected in the active layer"),
        )
        self.making.add_button(
            translate("AzeBoundary", "Paste"),
            self.paste,
            translate("AzeBoundary", "From WKT, GeoJSON or coordinates copied before"),
        )
        self.suggest = self.making.add_button(
            translate("AzeBoundary", "Suggest…"),
            self.show_suggestions,
            translate("AzeBoundary", "Boundaries for a taxon, put together from protected areas or other units"),
        )

        self.candidate = Card("")
        self.kind = QComboBox()
        self.kind.addItem(translate("AzeBoundary", "New site"), "new_site")
        self.kind.addItem(translate("AzeBoundary", "Update of an existing site"), "update_site")
        self.kind.activated.connect(self._kind_chosen)
        self.updates = QComboBox()
        self.updates.setEditable(True)
        self.updates.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.updates.setMinimumContentsLength(8)
        self.updates.setToolTip(translate("AzeBoundary", "The existing site that this boundary updates"))
        self.updates.activated.connect(self._site_chosen)
        self.updates.lineEdit().editingFinished.connect(self._site_chosen)
        self.candidate.add(self.kind)
        self.candidate.add(self.updates)
        self.facts = QFormLayout()
        self.facts.setHorizontalSpacing(12)
        self.facts.setVerticalSpacing(2)
        self.fact_labels: dict[str, TextLabel] = {}
        for key, title in (
            ("area", translate("AzeBoundary", "Area")),
            ("perimeter", translate("AzeBoundary", "Perimeter")),
            ("parts", translate("AzeBoundary", "Parts")),
            ("vertices", translate("AzeBoundary", "Vertices")),
            ("precision", translate("AzeBoundary", "Accuracy")),
        ):
            self.fact_labels[key] = TextLabel()
            name = QLabel(title)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.facts.addRow(name, self.fact_labels[key])
        self.candidate.body.addLayout(self.facts)
        self.candidate.add_button(
            translate("AzeBoundary", "Edit"), self.edit, translate("AzeBoundary", "Edit with QGIS's vertex tool")
        )
        self.move = self.candidate.add_button(
            translate("AzeBoundary", "Move vertices"),
            self.toggle_moving,
            translate("AzeBoundary", "Move vertices and see at once what lives inside"),
        )
        self.snap = self.candidate.add_button(
            translate("AzeBoundary", "Snap to…"),
            self.fit,
            translate("AzeBoundary", "Fit the boundary to edges of protected areas, sites, rivers, coasts or borders"),
        )
        self.candidate.add_button(translate("AzeBoundary", "Zoom"), session.zoom_to_candidate)
        self.candidate.add_button(
            translate("AzeBoundary", "Versions…"),
            self.show_versions,
            translate("AzeBoundary", "Keep the boundary as it is now, or go back to an earlier one"),
        )
        self.candidate.add_button(translate("AzeBoundary", "Rename…"), self.rename)
        self.candidate.add_button(translate("AzeBoundary", "Delete"), self.delete)

        self.editing = Card(translate("AzeBoundary", "Changes not saved yet"))
        self.editing.set_state("work", translate("AzeBoundary", "editing"))
        self.undo = self.editing.add_button(translate("AzeBoundary", "Undo"), lambda: self._undo_stack("undo"))
        self.redo = self.editing.add_button(translate("AzeBoundary", "Redo"), lambda: self._undo_stack("redo"))
        self.editing.add_button(translate("AzeBoundary", "Save"), self.save)
        self.editing.add_button(translate("AzeBoundary", "Discard"), self.discard)

        self.faults = Card(translate("AzeBoundary", "Shape"))
        self.precision = PrecisionCard()

        for card in (self.left, self.making, self.editing, self.candidate, self.faults, self.precision):
            self.layout_.addWidget(card)
        self.layout_.addStretch(1)

        session.candidatesChanged.connect(self.show_state)
        session.candidateEdited.connect(self.show_state)
        session.dataChanged.connect(self.show_state)
        self.show_state()

    # ---------------------------------------------------------------------------------------------- showing

    def act(self, key: str) -> None:
        """Do what the next-step line asks for."""
        if key == "draw":
            self.draw.setFocus()
            self.ensureWidgetVisible(self.making)

    def close_page(self) -> None:
        """Give the map tool back, and close what belongs to the page."""
        self.drawing.stop()
        self.moving.stop()
        if self._versions is not None:
            self._versions.close()

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.show_state()

    def show_state(self) -> None:
        """Show the current candidate."""
        session, translate = self.session, QCoreApplication.translate
        self._watch_undo()
        layer = session.candidates.layer
        self.editing.setVisible(layer is not None and layer.isEditable() and layer.isModified())
        shape = session.candidates.geometry()
        self.candidate.setVisible(session.candidates.current is not None)
        self.faults.setVisible(shape is not None)
        self.precision.setVisible(shape is not None and not session.sources.installation_problem)
        if not self.drawing.is_active():
            self.hint.setText(
                ""
                if session.candidates.current
                else translate(
                    "AzeBoundary",
                    "Draw the site that you have in mind, or take a boundary that exists: a file, a "
                    "selected feature, or text from the clipboard.",
                )
            )
            self.hint.setVisible(not session.candidates.current)
        if session.candidates.current is None:
            return
        self.candidate.title.setText(session.candidates.current)
        self._show_kind()
        if shape is None:
            self.candidate.set_state("problem", translate("AzeBoundary", "no boundary"))
            for label in self.fact_labels.values():
                label.setText("–")
            return
        version = bytes(shape.asWkb())
        if version != self._measured[0]:
            # The page is shown anew at every change of data; boundaries of many vertices take a while to measure.
            self._measured = (version, measure.facts(shape, _sliver_share()), measure.faults(shape))
        self._show_facts(*self._measured[1:])
        self._show_faults(*self._measured[1:])
        if not session.sources.installation_problem:
            self.precision.show_shape(shape, version)

    def _show_kind(self) -> None:
        feature = self.session.candidates.feature()
        kind = feature["kind"] if feature is not None and "kind" in feature.fields().names() else "new_site"
        self.kind.setCurrentIndex(max(0, self.kind.findData(kind)))
        self.updates.setVisible(kind == "update_site")
        if kind != "update_site":
            return
        self.updates.blockSignals(True)
        self.updates.clear()
        try:
            self.updates.addItems(self._existing_sites())
            self.updates.setToolTip("")
        except AzeError as error:
            # A name can be written without the list.
            self.updates.setToolTip(text(error.code, error.params))
        self.updates.setEditText(str(feature["updates_site"] or ""))
        self.updates.blockSignals(False)

    def _existing_sites(self) -> list[str]:
        """Names of the existing sites that the boundary meets, nearest to what an update is about."""
        shape = self.session.candidates.geometry()
        if shape is None:
            return []
        found = []
        for layer in self.session.sources.site_layers:
            column = name_index(layer.fields())
            if column < 0:
                continue
            for site in layers.near(layer, shape.boundingBox(), self.session.project, [column]):
                name = site.attributes()[column]
                if name and site.geometry().intersects(shape):
                    found.append(str(name))
        return sorted(set(found))

    def _show_facts(self, facts: measure.Facts, faults: list[measure.Fault]) -> None:
        translate = QCoreApplication.translate
        error = preferences.digitizing_error_m()
        sound = not faults
        self.fact_labels["area"].setText(
            figures.square_metres(facts.area_m2)
            if sound
            else translate("AzeBoundary", "cannot be measured before the boundary is mended")
        )
        self.fact_labels["perimeter"].setText(figures.metres(facts.perimeter_m))
        self.fact_labels["parts"].setText(figures.number(facts.parts))
        self.fact_labels["vertices"].setText(figures.number(facts.vertices))
        said = ""
        if error and facts.area_m2 and sound:
            # A line that may be off by e everywhere moves the area by up to e times its length.
            moved = figures.percent(min(1.0, error * facts.perimeter_m / facts.area_m2))
            said = translate("AzeBoundary", "{share} of the area, if off by {error}").format(
                error=figures.metres(error), share=moved
            )
        self.fact_labels["precision"].setText(said or "–")

    def _show_faults(self, facts: measure.Facts, found: list[measure.Fault]) -> None:
        translate = QCoreApplication.translate
        while self.faults.body.count():
            row = self.faults.body.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for fault in found:
            row = self._finding("problem", _first_upper(fault.message))
            if fault.place is not None:
                row.actions.addWidget(
                    link(translate("AzeBoundary", "zoom ▸"), lambda place=fault.place: self.session.zoom_to(place))
                )
            row.actions.addWidget(link(translate("AzeBoundary", "mend ▸"), self.mend))
        if facts.slivers:
            sentence = (
                translate("AzeBoundary", "1 part is tiny: {area}. It is likely a leftover of drawing.")
                if facts.slivers == 1
                else translate(
                    "AzeBoundary", "{count} parts are tiny: {area} together. They are likely leftovers of drawing."
                )
            )
            row = self._finding(
                "work", sentence.format(count=facts.slivers, area=figures.square_metres(facts.sliver_area_m2))
            )
            row.actions.addWidget(link(translate("AzeBoundary", "remove ▸"), self.remove_slivers))
        thin = self._thin_overlaps()
        for overlap in thin:
            row = self._finding("work", overlap_sentence(overlap))
            row.actions.addWidget(
                link(
                    translate("AzeBoundary", "share the edge exactly ▸"),
                    lambda overlap=overlap: self.share_edge(overlap),
                    translate("AzeBoundary", "Leave the site what it holds, and take its corners along the edge"),
                )
            )
        if not found and not facts.slivers and not thin:
            self._finding("fine", translate("AzeBoundary", "The boundary is closed and does not cross itself."))
            self.faults.set_state("fine", translate("AzeBoundary", "sound"))
            self.candidate.set_state("fine", translate("AzeBoundary", "sound"))
        else:
            state = "problem" if found else "work"
            self.faults.set_state(
                state, translate("AzeBoundary", "to mend") if found else translate("AzeBoundary", "look")
            )
            self.candidate.set_state(
                state, translate("AzeBoundary", "to mend") if found else translate("AzeBoundary", "look")
            )

    def _thin_overlaps(self) -> list[Overlap]:
        """Those found when the current candidate came in, as long as its boundary is still that one."""
        candidates = self.session.candidates
        overlaps, version = self._along.get(candidates.current or "", ((), None))
        return list(overlaps) if version == candidates.version(candidates.current) else []

    def _remember_along(self, along: dict[str, list[Overlap]]) -> None:
        candidates = self.session.candidates
        self._along.update({name: (found, candidates.version(name)) for name, found in along.items()})
        self.show_state()

    def share_edge(self, overlap: Overlap) -> None:
        """Leave a site what the boundary overlaps by a thin strip, so that both have the edge in common."""
        boundary = self.session.candidates.geometry()
        try:
            clipped = measure.clipped(boundary, overlap.geometry)
            why = QCoreApplication.translate("AzeVersions", "Before the edge with {site} was shared")
            self.session.candidates.replace_boundary(clipped, exact=True, why=why.format(site=overlap.site))
            self._remember_along({self.session.candidates.current: thin_overlaps(self.session, clipped)})
        except AzeError as error:
            self._say(error)

    def _finding(self, state: str, sentence: str) -> FindingRow:
        row = FindingRow(state, sentence)
        self.faults.add(row)
        return row

    # ----------------------------------------------------------------------------------------------- making

    def toggle_drawing(self) -> None:
        """Begin to draw, or stop."""
        if self.drawing.is_active():
            self.drawing.stop()
        else:
            try:
                self.drawing.start()
            except AzeError as error:
                self._say(error)

    def _show_drawing(self, active: bool) -> None:
        translate = QCoreApplication.translate
        self.draw.setText(translate("AzeBoundary", "Stop drawing") if active else translate("AzeBoundary", "Draw"))
        if active:
            self.hint.setText(
                translate("AzeBoundary", "Click the corners on the map; a right click ends, Backspace takes one back.")
            )
            self.hint.show()
        else:
            self.show_state()

    def _take_drawn(self, boundary: QgsGeometry) -> None:
        translate = QCoreApplication.translate
        if self.session.candidates.lacks_boundary():
            try:
                self.session.candidates.replace_boundary(boundary)
            except AzeError as error:
                self._say(error)
            return
        name, ok = QInputDialog.getText(
            self,
            translate("AzeBoundary", "Name of the candidate"),
            translate("AzeBoundary", "Name"),
            text=self.session.candidates.free_name(""),
        )
        self._add(name if ok else "", boundary)

    def _add(self, name: str, boundary: QgsGeometry) -> None:
        try:
            self.session.candidates.add(name, boundary)
        except AzeError as error:
            self._say(error)

    def show_import(self) -> None:
        """Ask for a file and take boundaries from it."""
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeBoundary", "Import a boundary"),
            str(QSettings().value(_LAST_FOLDER, "")),
            translate(
                "AzeBoundary",
                "Maps and tracks (*.gpkg *.shp *.shz *.zip *.geojson *.json *.kml *.kmz *.gpx *.gml *.dxf *.fgb *.tab "
                "*.mif *.sqlite);;All (*)",
            ),
        )
        if path:
            QSettings().setValue(_LAST_FOLDER, str(Path(path).parent))
            self.import_file(path)

    def import_file(self, path: str) -> list[str]:
        """Take boundaries from a file; names of the candidates that were made."""
        return self.importing.take(path)

    def take_selection(self) -> list[str]:
        """Take the selected features of the active layer, else of any layer of polygons or lines with a selection."""
        layer = with_selection(self.session)
        if layer is None:
            self.session.message.emit(
                QCoreApplication.translate(
                    "AzeBoundary", "Select one or more polygons or lines on the map first, then take them here."
                ),
                messages.INFO,
            )
            return []
        return self.importing.take(SelectedFeatures(layer))

    def paste(self) -> list[str]:
        """Take boundaries from the clipboard: WKT (also of features copied in QGIS), GeoJSON or coordinates."""
        return self.importing.take(Text(QGuiApplication.clipboard().text()))

    def show_suggestions(self) -> None:
        """Open the window in which boundaries are put together for a taxon."""
        from ..suggest_dialog import open_suggestions

        self.suggesting = open_suggestions(self.session, "", self.window())

    def eventFilter(self, watched, event) -> bool:
        """Take files that are dropped anywhere on the page."""
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            files = dropped_files(event.mimeData())
            if files:
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop:
                    # The program that was dragged from waits until the drop is over: questions come after it.
                    QTimer.singleShot(0, lambda: [self.import_file(path) for path in files])
                return True
        return super().eventFilter(watched, event)

    # ---------------------------------------------------------------------------------------------- changing

    def edit(self) -> None:
        """Open the vertex tool on the candidates."""
        iface, layer = self.session.iface, self.session.candidates.layer
        if iface is None or layer is None:
            return
        if not layer.isEditable():
            layer.startEditing()
        iface.setActiveLayer(layer)
        self.session.zoom_to_candidate()
        iface.actionVertexToolActiveLayer().trigger()
        self.show_state()

    def toggle_moving(self) -> None:
        """Begin to move vertices with the live meter, or stop."""
        if self.moving.is_active():
            self.moving.stop()
        else:
            self.moving.start()

    def _show_moving(self, active: bool) -> None:
        translate = QCoreApplication.translate
        self.move.setText(
            translate("AzeBoundary", "Stop moving") if active else translate("AzeBoundary", "Move vertices")
        )

    def fit(self) -> None:
        """Show what fitting the boundary to mapped edges would change."""
        from ..fit_dialog import FitDialog

        if not self.session.candidates.is_sound():
            sentence = QCoreApplication.translate("AzeBoundary", "Mend the boundary before it is fitted to edges.")
            self.session.message.emit(sentence, messages.INFO)
            return
        self.fitting = FitDialog(self.session, self.window())
        self.fitting.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fitting.show()

    def save(self) -> None:
        """Write the edits to the file."""
        layer = self.session.candidates.layer
        if layer is not None and not layer.commitChanges(True):
            self.session.message.emit("; ".join(layer.commitErrors()), messages.CRITICAL)
        self.show_state()

    def discard(self) -> None:
        """Go back to what is in the file, after asking."""
        translate = QCoreApplication.translate
        answer = QMessageBox.question(
            self,
            translate("AzeBoundary", "Discard changes"),
            translate("AzeBoundary", "Go back to the boundaries as they were saved last? This cannot be undone."),
        )
        layer = self.session.candidates.layer
        if answer == QMessageBox.StandardButton.Yes and layer is not None:
            layer.rollBack()
            self.show_state()

    def _undo_stack(self, step: str) -> None:
        layer = self.session.candidates.layer
        if layer is not None and layer.undoStack() is not None:
            getattr(layer.undoStack(), step)()
            layer.triggerRepaint()
            self.show_state()

    def _watch_undo(self, *_index) -> None:
        layer = self.session.candidates.layer
        stack = layer.undoStack() if layer is not None else None
        if stack is not None and layer.id() != self._stack_of:
            # A step is on the stack only after all who follow the boundary were told of it.
            self._stack_of = layer.id()
            stack.indexChanged.connect(self._watch_undo)
        self.undo.setEnabled(stack is not None and stack.canUndo())
        self.redo.setEnabled(stack is not None and stack.canRedo())

    def rename(self) -> None:
        """Ask for another name."""
        translate = QCoreApplication.translate
        name, ok = QInputDialog.getText(
            self,
            translate("AzeBoundary", "Rename the candidate"),
            translate("AzeBoundary", "Name"),
            text=self.session.candidates.current or "",
        )
        if ok:
            self.session.candidates.rename(name)

    def delete(self) -> None:
        """Delete the candidate; the edit can be undone until it is saved."""
        self.session.candidates.remove()

    def show_versions(self) -> None:
        """Open the window with the candidate's versions, or bring it to the front."""
        from ..versions_dialog import VersionsDialog

        if self._versions is None:
            self._versions = VersionsDialog(self.session, self.window())
            self._versions.finished.connect(self._forget_versions)
        self._versions.show()
        self._versions.raise_()
        self._versions.activateWindow()

    def _forget_versions(self, _result: int = 0) -> None:
        self._versions = None

    def mend(self) -> None:
        """Offer the valid form of the boundary."""
        shape = self.session.candidates.geometry()
        if shape is not None:
            why = QCoreApplication.translate("AzeVersions", "Before mending")
            self._offer(shape, measure.mended(shape), why)

    def remove_slivers(self) -> None:
        """Offer the boundary without its tiny parts."""
        shape = self.session.candidates.geometry()
        if shape is not None:
            why = QCoreApplication.translate("AzeVersions", "Before tiny parts were removed")
            self._offer(shape, measure.without_slivers(shape, _sliver_share()), why)

    def _offer(self, before: QgsGeometry, after: QgsGeometry, why: str) -> None:
        if MendDialog(before, after, self.window()).exec():
            try:
                self.session.candidates.replace_boundary(after, why=why)
            except AzeError as error:
                self._say(error)

    def _kind_chosen(self) -> None:
        kind = self.kind.currentData()
        sites = self._existing_sites()
        self.session.set_candidate_kind(kind, sites[0] if kind == "update_site" and sites else "")

    def _site_chosen(self) -> None:
        feature = self.session.candidates.feature()
        said = self.updates.currentText().strip()
        if feature is not None and said != str(feature["updates_site"] or ""):
            self.session.set_candidate_kind("update_site", said)

    def _say(self, error: AzeError) -> None:
        self.session.message.emit(text(error.code, error.params), messages.WARNING)


def _sliver_share() -> float:
    return float(paths.load_json("criteria", "aze.json")["discreteness"]["sliver_share"])


def _first_upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
