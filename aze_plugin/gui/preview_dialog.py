"""What a package would hold, before it is packed: every file, every field and what it tells, and the place as it will
be shown. The window stays beside the map; nothing is written or sent from here."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsGeometry
from qgis.gui import QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..services import figures
from . import layers, measure, style
from .packing import ALL, Hiding
from .session import Session
from .widgets.basics import FlowLayout, ShortCombo, TextLabel, link
from .widgets.busy import BusyStrip
from .widgets.card import Card
from .widgets.chip import Chip
from .widgets.plainrows import PlainRows, Row, Tag, visible
from .widgets.reviewparts import value

# As people write them: what is offered; any other can be typed.
_GRIDS = ("0.05°", "0.1°", "0.25°", "0.5°", "1°", "5 km", "10 km", "50 km")
_LATER_MS = 500
_MARKS = ("personal", "place", "free_text", "derived")


class PreviewDialog(QDialog):
    """Previews the package of the current candidate; made anew at every choice of how the place is shown."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("AzePreview", "Preview of the package"))
        self._session = session
        self._candidate = session.candidates.current
        self._document: dict[str, Any] | None = None
        self._state: tuple | None = None
        self._band: QgsRubberBand | None = None

        self.name = TextLabel()
        self.name.setFont(style.scaled(self.font(), 1.1, bold=True))
        self.chip = Chip()
        self.chip.hide()
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        self.note = TextLabel()
        self.note.hide()
        self.summary = TextLabel(muted=True)
        self.places = PlacesCard(session)
        self.places.shown.connect(self.show_place)
        self.places.zoomed.connect(self.zoom)

        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(translate("AzePreview", "Filter…"))
        self.search.setAccessibleName(translate("AzePreview", "Filter files and fields"))
        self.search.textChanged.connect(self._filter)
        self.mark = ShortCombo(10)
        self.mark.setAccessibleName(translate("AzePreview", "What it tells"))
        self.mark.addItem(translate("AzePreview", "Everything"), "")
        for key in _MARKS:
            self.mark.addItem(_tag(key).word, key)
        self.mark.currentIndexChanged.connect(lambda _row: self._filter())
        filters = QHBoxLayout()
        filters.addWidget(self.search, 1)
        filters.addWidget(self.mark)
        self.fields = PlainRows(translate("AzePreview", "Fields"))
        self.files = PlainRows(translate("AzePreview", "Files"))
        self.files.setRootIsDecorated(False)
        self.open = PlainRows(translate("AzePreview", "Open points"))
        self.open.setRootIsDecorated(False)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for rows in (self.files, self.fields, self.open):
            self.tabs.addTab(rows, rows.accessibleName())
        self.busy = BusyStrip()
        self.busy.cancelled.connect(self._cancel)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.again = buttons.addButton(translate("AzePreview", "Preview again"), QDialogButtonBox.ButtonRole.ActionRole)
        self.again.clicked.connect(self.renew)
        buttons.rejected.connect(self.reject)

        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.note)
        layout.addWidget(self.summary)
        layout.addWidget(self.places)
        layout.addLayout(filters)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.busy)
        layout.addWidget(buttons)
        self.resize(560, 680)

        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self.renew)
        session.packing.changed.connect(self._later.start)
        session.busyChanged.connect(self._show_busy)
        for signal in (session.nominationChanged, session.candidateEdited, session.candidatesChanged):
            signal.connect(self._look)
        self.renew()

    # ------------------------------------------------------------------------------------------------- working out

    def renew(self) -> None:
        """Work the preview out anew."""
        if self._session.candidates.current != self._candidate:
            return
        self._later.stop()
        self._state = self._session.packing.state()
        self._say("")
        self.name.setText(visible(self._candidate or "", 300))
        self._session.packing.preview(self._show, self._fail)
        self._show_busy()

    def document(self) -> dict[str, Any] | None:
        """The ``aze-preview/1`` document that is shown, None while there is none."""
        return self._document

    def _cancel(self) -> None:
        self._session.runner.cancel("preview")
        self._state = None
        self._say(QCoreApplication.translate("AzePreview", "The preview was stopped, so it may be out of date."))

    def _show_busy(self) -> None:
        busy = self._session.runner.busy("preview")
        self.busy.set(busy.title if busy else None, busy.fraction if busy else None)
        self.again.setEnabled(busy is None)
        self.tabs.setEnabled(busy is None)

    def _look(self) -> None:
        """Say so when the nomination is another than the one that is shown."""
        if self._session.candidates.current != self._candidate:
            self.close()
        elif self._document is not None and self._state != self._session.packing.state():
            self._say(QCoreApplication.translate("AzePreview", "The nomination has changed since. Preview it again."))

    def _say(self, sentence: str) -> None:
        self.note.setText(f"{style.MARKS['work']} {sentence}" if sentence else "")
        self.note.setVisible(bool(sentence))

    def _fail(self, sentence: str) -> None:
        if sip.isdeleted(self):
            return
        self._document = None
        for rows in (self.fields, self.files, self.open):
            rows.clear()
        self.chip.hide()
        self.summary.setText("")
        self.show_place(None)
        self._say(sentence)
        self._show_busy()

    # ------------------------------------------------------------------------------------------------------ showing

    def _show(self, document: dict[str, Any]) -> None:
        if sip.isdeleted(self):
            return
        translate = QCoreApplication.translate
        self._document = document
        self.name.setText(f"{document['folder']}.zip")
        draft = document["status"] != "final"
        self.chip.set(
            "work" if draft else "fine",
            translate("AzePreview", "draft") if draft else translate("AzePreview", "final"),
        )
        self.chip.show()
        count = len(document["files"])
        said = (
            translate("AzePreview", "One file, {size}.")
            if count == 1
            else translate("AzePreview", "{count} files, {size}.")
        )
        self.summary.setText(
            said.format(count=figures.number(count), size=figures.file_size(document["bytes"]))
            + " "
            + translate(
                "AzePreview",
                "No range map goes in, as their terms forbid passing them on. Whoever gets the package can read all "
                "that is listed here.",
            )
        )
        self._fill(document)
        self.places.show_document(document)
        self._filter()
        self._look()

    def _fill(self, document: dict[str, Any]) -> None:
        translate = QCoreApplication.translate
        for rows in (self.fields, self.files, self.open):
            rows.clear()
        for file in document["files"]:
            tags = [_tag(mark) for mark in file["marks"]]
            row = Row(f"{file['path']} · {figures.file_size(file['bytes'])}", file["about"], tags)
            self.files.add_row(row, file)
        sections: dict[str, Any] = {}
        for field in document["fields"]:
            title, _, label = field["label"].partition(": ")
            if field["file"] == "bag-info.txt":
                title, label = translate("AzePreview", "The package's label (bag-info.txt)"), field["label"]
            elif not label:
                title, label = translate("AzePreview", "General"), title
            if title not in sections:
                sections[title] = self.fields.add_section(title)
            tags = [_tag(mark) for mark in field["marks"]]
            self.fields.add_row(Row(label, value(field["value"]), tags), field, sections[title])
        for problem in sorted(document["problems"], key=lambda p: not p["blocking"]):
            tag = (
                Tag(translate("AzePreview", "to settle"), "problem")
                if problem["blocking"]
                else Tag(translate("AzePreview", "to look at"), "work")
            )
            self.open.add_row(Row("", problem["message"], [tag]), problem)

    def _filter(self) -> None:
        """Show what holds the words that are searched and has the mark that is chosen."""
        words, mark = self.search.text().casefold().split(), self.mark.currentData()

        def fits(item) -> bool:
            said = item.text(0).casefold()
            entry = item.data(0, Qt.ItemDataRole.UserRole)
            return all(word in said for word in words) and (not mark or mark in entry.get("marks", ()))

        for n, rows in enumerate((self.files, self.fields, self.open)):
            shown = rows.filter(fits)
            total = len(rows.rows())
            title = rows.accessibleName()
            numbers = figures.number(total) if shown == total else f"{figures.number(shown)}/{figures.number(total)}"
            self.tabs.setTabText(n, f"{title} ({numbers})" if self._document is not None else title)

    # ------------------------------------------------------------------------------------------------------ the map

    def show_place(self, shape: QgsGeometry | None) -> None:
        """Draw the boundary that goes out (WGS 84), or none."""
        canvas = self._session.iface.mapCanvas() if self._session.iface is not None else None
        if canvas is None:
            return
        if self._band is not None:
            canvas.scene().removeItem(self._band)
            self._band = None
        if shape is None or shape.isEmpty():
            return
        self._band = QgsRubberBand(canvas, Qgis.GeometryType.Polygon)
        self._band.setStrokeColor(QColor(style.ORANGE))
        self._band.setFillColor(QColor(style.ORANGE))
        self._band.setBrushStyle(Qt.BrushStyle.DiagCrossPattern)
        self._band.setWidth(2)
        self._band.setToGeometry(shape, layers.LONLAT)

    def zoom(self) -> None:
        """Show the boundary that goes out."""
        self._session.zoom_to(self.places.shape, flash=False)

    def done(self, result: int) -> None:
        """Close, stop what is under way, and clear the map."""
        self._later.stop()
        self._session.runner.cancel("preview")
        self.show_place(None)
        super().done(result)

    def closeEvent(self, event) -> None:
        self._later.stop()
        self._session.runner.cancel("preview")
        self.show_place(None)
        super().closeEvent(event)


class PlacesCard(Card):
    """Whose places are hidden, and by which grid. ``shown`` carries the boundary that goes out."""

    shown = pyqtSignal(object)
    zoomed = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(translate("AzePreview", "Where it is"), foldable=True, parent=parent)
        self._session = session
        self.shape: QgsGeometry | None = None
        self.set_folded(True)
        self.add(TextLabel(translate("AzePreview", "Show the place only by a grid, for the sake of"), muted=True))
        self._boxes: dict[str, QCheckBox] = {}
        self._taxa = QWidget()
        self._flow = FlowLayout(self._taxa, 10)
        self.add(self._taxa)
        self.grid = QComboBox()
        self.grid.setEditable(True)
        self.grid.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.grid.setMinimumContentsLength(8)
        self.grid.setAccessibleName(translate("AzePreview", "Cells of the grid"))
        self.grid.addItems(_GRIDS)
        self.grid.setCurrentText(session.packing.hiding().grid or "0.1°")
        self.grid.activated.connect(lambda _row: self._choose())
        self.grid.lineEdit().editingFinished.connect(self._choose)
        self.problem = TextLabel()
        self.problem.hide()
        form = QFormLayout()
        form.addRow(QLabel(translate("AzePreview", "Cells of")), self.grid)
        self.body.addLayout(form)
        self.body.addWidget(self.problem)
        self.look = link(translate("AzePreview", "show on the map ▸"), self.zoomed.emit)
        self.look.setEnabled(False)
        self.buttons.addWidget(self.look)
        self._offer()

    def _offer(self) -> None:
        """Offer the species of the nomination; those that the form marks as sensitive are hidden anyway."""
        translate = QCoreApplication.translate
        chosen = self._session.packing.hiding().taxa
        for name, marked in self._species().items():
            box = QCheckBox(visible(name, 120).replace("&", "&&"))
            font = box.font()
            font.setItalic(True)
            box.setFont(font)
            box.setChecked(marked or name in chosen)
            if marked:
                box.setEnabled(False)
                box.setToolTip(translate("AzePreview", "Marked as sensitive in the form"))
            self._put(name, box)
        everything = QCheckBox(translate("AzePreview", "the whole site"))
        everything.setChecked(ALL in chosen)
        self._put(ALL, everything)

    def _put(self, key: str, box: QCheckBox) -> None:
        box.toggled.connect(lambda _on: self._choose())
        self._boxes[key] = box
        self._flow.addWidget(box)

    def _species(self) -> dict[str, bool]:
        """Scientific name, and whether the form marks it as sensitive; trigger species of the check as well."""
        session, found = self._session, {}
        for document in (session.nominations.completed, session.nominations.details):
            section = document.get("biodiversity")
            for row in (section.get("species") if isinstance(section, dict) else None) or ():
                if isinstance(row, dict) and row.get("scientific_name"):
                    name = str(row["scientific_name"])
                    found[name] = found.get(name, False) or row.get("sensitive") in ("Yes", True)
        return found

    def _choose(self) -> None:
        from ..domain.errors import AzeError
        from ..packaging.generalising import Grid
        from ..services.wording import text

        written = self.grid.currentText().strip()
        taxa = tuple(key for key, box in self._boxes.items() if box.isChecked() and box.isEnabled())
        try:
            Grid.parse(written)
        except AzeError as error:
            self.problem.setText(f"{style.MARKS['problem']} {text(error.code, error.params)}")
            # Whose places are hidden holds all the same, by the grid as it was.
            written = self._session.packing.hiding().grid
            self.problem.show()
        else:
            self.problem.hide()
        # The usual grid is not worth keeping where nothing is hidden.
        hidden = bool(taxa) or any(box.isChecked() for box in self._boxes.values())
        self._session.packing.hide(Hiding((ALL,) if ALL in taxa else taxa, written if hidden else ""))

    def show_document(self, document: dict[str, Any]) -> None:
        """Say how the place goes out, and hand on the boundary."""
        translate = QCoreApplication.translate
        shape = QgsGeometry()
        shape.fromWkb(bytes.fromhex(document["boundary_wkb"]))
        self.shape = shape
        self.look.setEnabled(not shape.isEmpty())
        area = figures.square_metres(measure.area_m2(shape))
        generalised = document["generalised"]
        if generalised:
            self.set_state("fine", translate("AzePreview", "by a grid"))
            self.set_summary(
                translate(
                    "AzePreview", "Cells of {grid} go out, {area} in all; area and shares stay the true ones."
                ).format(grid=_grid(generalised["grid"]), area=area)
            )
        else:
            self.set_state("empty", translate("AzePreview", "exactly"))
            self.set_summary(translate("AzePreview", "The boundary goes out as it is, {area}.").format(area=area))
        self.shown.emit(shape)


def _tag(mark: str) -> Tag:
    """A mark of a preview as a word and a shape."""
    translate = QCoreApplication.translate
    return {
        "personal": Tag(translate("AzePreview", "personal"), "problem", "◆"),
        "place": Tag(translate("AzePreview", "place"), "work", "◎"),
        "free_text": Tag(translate("AzePreview", "free text"), "empty", "✎"),
        "derived": Tag(translate("AzePreview", "filled in"), "empty", "⚙"),
    }[mark]


def _grid(said: dict[str, Any]) -> str:
    return f"{said['size']:g}°" if said["unit"] == "degrees" else f"{said['size']:g}\u00a0km"
