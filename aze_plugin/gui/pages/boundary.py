"""The page Boundary: draw, import, edit; facts and faults of the boundary."""

from __future__ import annotations

import json
import math
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsJsonUtils,
    QgsMapLayer,
    QgsVectorLayer,
)
from qgis.gui import QgsProjectionSelectionDialog
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QSettings, Qt
from qgis.PyQt.QtGui import QGuiApplication, QPalette
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from ... import paths
from ...domain.errors import AzeError
from ...services import figures
from ...services.wording import text
from .. import layers, measure, messages, preferences, style
from ..maptools import BoundaryDrawing
from ..session import Session
from ..widgets.basics import FlowLayout, PageScroll, TextLabel, link
from ..widgets.card import Card
from ..widgets.preview import MendDialog

_LAST_FOLDER = "aze_toolkit/last_folder"
# Columns that hold a place's name in the layers people take boundaries from.
_NAME_COLUMNS = ("name", "intname", "natname", "name_eng", "international_name", "orig_name", "site_name", "title")


class ChooseFeatures(QDialog):
    """Which features of a layer become candidates."""

    def __init__(self, names: list[str], parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setWindowTitle(translate("AzeBoundary", "Choose boundaries"))
        self.list = QListWidget()
        for index, name in enumerate(names):
            item = QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, index)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if index == 0 else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        every = link(translate("AzeBoundary", "all"), lambda: self._set_all(Qt.CheckState.Checked))
        none = link(translate("AzeBoundary", "none"), lambda: self._set_all(Qt.CheckState.Unchecked))
        row = QHBoxLayout()
        row.addWidget(every)
        row.addWidget(none)
        row.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(TextLabel(translate("AzeBoundary", "Each chosen feature becomes a candidate of its own.")))
        layout.addWidget(self.list, 1)
        layout.addLayout(row)
        layout.addWidget(buttons)
        self.resize(360, 400)

    def _set_all(self, state: Qt.CheckState) -> None:
        for i in range(self.list.count()):
            self.list.item(i).setCheckState(state)

    def chosen(self) -> list[int]:
        """Indexes of the chosen features."""
        items = (self.list.item(i) for i in range(self.list.count()))
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]


class BoundaryPage(PageScroll):
    """Makes, shows and mends candidates."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeBoundaryPage")
        translate = QCoreApplication.translate
        self.session = session
        self.drawing = BoundaryDrawing(session, self)
        self.drawing.drawn.connect(self._take_drawn)
        self.drawing.stateChanged.connect(self._show_drawing)

        self.making = Card(translate("AzeBoundary", "New boundary"))
        self.hint = self.making.add(TextLabel(muted=True))
        self.draw = self.making.add_button(
            translate("AzeBoundary", "Draw"),
            self.toggle_drawing,
            translate("AzeBoundary", "Draw a polygon on the map, with snapping and the CAD panel"),
        )
        self.making.add_button(
            translate("AzeBoundary", "Import…"), self.show_import, translate("AzeBoundary", "From a vector file")
        )
        self.making.add_button(
            translate("AzeBoundary", "From selection"),
            self.take_selection,
            translate("AzeBoundary", "From the features selected in the active polygon layer"),
        )
        self.making.add_button(
            translate("AzeBoundary", "Paste"), self.paste, translate("AzeBoundary", "From WKT or GeoJSON copied before")
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
            ("precision", translate("AzeBoundary", "Precision")),
        ):
            self.fact_labels[key] = TextLabel()
            name = QLabel(title)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.facts.addRow(name, self.fact_labels[key])
        self.candidate.body.addLayout(self.facts)
        self.candidate.add_button(
            translate("AzeBoundary", "Edit"), self.edit, translate("AzeBoundary", "Move vertices with the vertex tool")
        )
        self.candidate.add_button(translate("AzeBoundary", "Zoom"), session.zoom_to_candidate)
        self.candidate.add_button(translate("AzeBoundary", "Rename…"), self.rename)
        self.candidate.add_button(translate("AzeBoundary", "Delete"), self.delete)

        self.editing = Card(translate("AzeBoundary", "Changes not saved yet"))
        self.editing.set_state("work", translate("AzeBoundary", "editing"))
        self.undo = self.editing.add_button(translate("AzeBoundary", "Undo"), lambda: self._undo_stack("undo"))
        self.redo = self.editing.add_button(translate("AzeBoundary", "Redo"), lambda: self._undo_stack("redo"))
        self.editing.add_button(translate("AzeBoundary", "Save"), self.save)
        self.editing.add_button(translate("AzeBoundary", "Discard"), self.discard)

        self.faults = Card(translate("AzeBoundary", "Shape"))

        for card in (self.making, self.editing, self.candidate, self.faults):
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
        """Give the map tool back."""
        self.drawing.stop()

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
        self._show_facts(shape)
        self._show_faults(shape)

    def _show_kind(self) -> None:
        feature = self.session.candidates.feature()
        kind = feature["kind"] if feature is not None and "kind" in feature.fields().names() else "new_site"
        self.kind.setCurrentIndex(max(0, self.kind.findData(kind)))
        self.updates.setVisible(kind == "update_site")
        if kind != "update_site":
            return
        self.updates.blockSignals(True)
        self.updates.clear()
        self.updates.addItems(self._existing_sites())
        self.updates.setEditText(str(feature["updates_site"] or ""))
        self.updates.blockSignals(False)

    def _existing_sites(self) -> list[str]:
        """Names of the existing sites that the boundary meets, nearest to what an update is about."""
        shape = self.session.candidates.geometry()
        if shape is None:
            return []
        found = []
        for layer in self.session.sources.site_layers:
            column = _name_column(layer.fields())
            if column < 0:
                continue
            request = QgsFeatureRequest().setFilterRect(shape.boundingBox())
            request.setDestinationCrs(layers.LONLAT, self.session.project.transformContext())
            request.setFilterRect(shape.boundingBox()).setSubsetOfAttributes([column])
            for site in layer.getFeatures(request):
                name = site.attributes()[column]
                if name and site.geometry().intersects(shape):
                    found.append(str(name))
        return sorted(set(found))

    def _show_facts(self, shape: QgsGeometry) -> None:
        translate = QCoreApplication.translate
        facts = measure.facts(shape, _sliver_share())
        error = preferences.digitizing_error_m()
        sound = shape.isGeosValid()
        self.fact_labels["area"].setText(
            figures.square_metres(facts.area_m2)
            if sound
            else translate("AzeBoundary", "cannot be measured before the boundary is mended")
        )
        self.fact_labels["perimeter"].setText(figures.metres(facts.perimeter_m))
        self.fact_labels["parts"].setText(figures.number(facts.parts))
        self.fact_labels["vertices"].setText(figures.number(facts.vertices))
        said = []
        if not math.isnan(facts.spacing_m):
            said.append(
                translate("AzeBoundary", "vertices {distance} apart").format(distance=figures.metres(facts.spacing_m))
            )
        if error and facts.area_m2 and sound:
            # A line that may be off by e everywhere moves the area by up to e times its length.
            moved = figures.percent(min(1.0, error * facts.perimeter_m / facts.area_m2))
            said.append(
                translate("AzeBoundary", "off by {error}, the area changes by up to {share}").format(
                    error=figures.metres(error), share=moved
                )
            )
        self.fact_labels["precision"].setText("; ".join(said))

    def _show_faults(self, shape: QgsGeometry) -> None:
        translate = QCoreApplication.translate
        while self.faults.body.count():
            row = self.faults.body.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        found = measure.faults(shape)
        facts = measure.facts(shape, _sliver_share())
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
        if not found and not facts.slivers:
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

    def _finding(self, state: str, sentence: str) -> _Row:
        row = _Row(state, sentence)
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
                "AzeBoundary", "Vector files (*.gpkg *.shp *.zip *.geojson *.json *.kml *.kmz *.gpx *.gml);;All (*)"
            ),
        )
        if path:
            QSettings().setValue(_LAST_FOLDER, str(Path(path).parent))
            self.import_file(path)

    def import_file(self, path: str) -> None:
        """Take boundaries from a file; asks which where there are several, and for a CRS where there is none."""
        try:
            opened = layers.open_vectors(path)
        except AzeError as error:
            self._say(error)
            return
        for layer in opened:
            if not layer.crs().isValid():
                crs = self._ask_crs(layer.name())
                if crs is None:
                    continue
                layer.setCrs(crs)
            self._take_features(layer, list(layer.getFeatures()))

    def _ask_crs(self, name: str) -> QgsCoordinateReferenceSystem | None:
        translate = QCoreApplication.translate
        dialog = QgsProjectionSelectionDialog(self)
        dialog.setCrs(layers.LONLAT)
        dialog.setMessage(
            translate(
                "AzeBoundary", "“{name}” does not say in which coordinate reference system it is. Which is it?"
            ).format(name=name)
        )
        return dialog.crs() if dialog.exec() and dialog.crs().isValid() else None

    def take_selection(self) -> None:
        """Take the selected features of the active layer, else of any polygon layer with a selection."""
        active = self.session.iface.activeLayer() if self.session.iface else None
        others = [layer for layer in self.session.project.mapLayers().values() if layer is not active]
        for layer in [active, *others]:
            if _is_polygons(layer) and layer.selectedFeatureCount():
                self._take_features(layer, list(layer.selectedFeatures()), ask=False)
                return
        self.session.message.emit(
            QCoreApplication.translate(
                "AzeBoundary", "Select one or more polygons on the map first, then take them here."
            ),
            messages.INFO,
        )

    def _take_features(self, layer: QgsVectorLayer, features: list[QgsFeature], ask: bool = True) -> None:
        column = _name_column(layer.fields())
        found = []
        for feature in features:
            if not feature.hasGeometry():
                continue
            given = feature.attributes()[column] if column >= 0 else None
            found.append((str(given) if given else f"{layer.name()} {feature.id()}", feature.geometry()))
        if not found:
            self._say(AzeError("boundary.no_features", source=layer.name()))
            return
        if ask and len(found) > 1:
            dialog = ChooseFeatures([name for name, _ in found], self.window())
            if not dialog.exec():
                return
            found = [found[i] for i in dialog.chosen()]
        for name, shape in found:
            try:
                boundary = layers.to_lonlat(shape, layer.crs(), self.session.project)
            except AzeError as error:
                self._say(error)
                return
            self._add(name, boundary)
        self.session.zoom_to_candidate()

    def paste(self) -> None:
        """Take a boundary from the clipboard: WKT, GeoJSON, or features copied in QGIS (which bring WKT)."""
        try:
            shapes = _from_text(QGuiApplication.clipboard().text())
        except AzeError as error:
            self._say(error)
            return
        for name, shape in shapes:
            self._add(name, shape)
        self.session.zoom_to_candidate()

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

    def _watch_undo(self) -> None:
        layer = self.session.candidates.layer
        stack = layer.undoStack() if layer is not None else None
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

    def mend(self) -> None:
        """Offer the valid form of the boundary."""
        shape = self.session.candidates.geometry()
        if shape is not None:
            self._offer(shape, measure.mended(shape))

    def remove_slivers(self) -> None:
        """Offer the boundary without its tiny parts."""
        shape = self.session.candidates.geometry()
        if shape is not None:
            self._offer(shape, measure.without_slivers(shape, _sliver_share()))

    def _offer(self, before: QgsGeometry, after: QgsGeometry) -> None:
        if MendDialog(before, after, self.window()).exec():
            try:
                self.session.candidates.replace_boundary(after)
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


class _Row(QWidget):
    """A mark, a sentence and what can be done about it."""

    def __init__(self, state: str, sentence: str):
        super().__init__()
        mark = QLabel(style.MARKS[state])
        mark.setAlignment(Qt.AlignmentFlag.AlignTop)
        palette = QPalette(mark.palette())
        palette.setColor(QPalette.ColorRole.WindowText, style.colour(state, palette))
        mark.setPalette(palette)
        mark.setAccessibleName(style.state_word(state))
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(TextLabel(sentence))
        self.actions = FlowLayout(spacing=0)
        column.addLayout(self.actions)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(mark)
        layout.addLayout(column, 1)


def _sliver_share() -> float:
    return float(paths.load_json("criteria", "aze.json")["discreteness"]["sliver_share"])


def _is_polygons(layer: QgsMapLayer | None) -> bool:
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == Qgis.GeometryType.Polygon


def _name_column(fields: QgsFields) -> int:
    for name in _NAME_COLUMNS:
        index = fields.lookupField(name)
        if index >= 0:
            return index
    return -1


def _first_upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _from_text(content: str) -> list[tuple[str, QgsGeometry]]:
    """Names and polygons in a text: GeoJSON, WKT with or without SRID, or rows that QGIS copied (WKT, then fields).

    Raises AzeError ``boundary.not_text`` where there is none.
    """
    content = content.strip()
    found: list[tuple[str, QgsGeometry]] = []
    if content.startswith("{"):
        try:
            document = json.loads(content)
        except ValueError as error:
            raise AzeError("boundary.not_text") from error
        if document.get("type") not in ("Feature", "FeatureCollection"):
            content = json.dumps({"type": "Feature", "properties": {}, "geometry": document})
        fields = QgsJsonUtils.stringToFields(content)
        for feature in QgsJsonUtils.stringToFeatureList(content, fields):
            column = _name_column(fields)
            given = feature.attributes()[column] if column >= 0 else None
            found.append((str(given) if given else "", feature.geometry()))
    else:
        for line in content.splitlines():
            shape = QgsGeometry.fromWkt(line.split("\t")[0].partition(";")[2] or line.split("\t")[0])
            if not shape.isNull():
                found.append(("", shape))
    found = [(name, shape) for name, shape in found if shape.type() == Qgis.GeometryType.Polygon]
    if not found:
        raise AzeError("boundary.not_text")
    return found
