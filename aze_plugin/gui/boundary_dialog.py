"""Shows what a source gave before it is taken: which boundaries, what was done to them, one candidate or several."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ..domain.findings import Finding
from ..services import figures
from ..services.boundary_files import Boundary, BoundaryFile, joined
from ..services.wording import text
from . import measure, style
from .widgets.basics import ElidedLabel, PageScroll, TextLabel, link
from .widgets.sketch import Sketch

# So few are likely meant all; of more the user picks.
_ALL_AT_FIRST = 5
_MOST_ROWS = 6


class BoundaryDialog(QDialog):
    """Choice among the boundaries of a source, each drawn; those that were changed are shown before and after."""

    def __init__(self, file: BoundaryFile, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._file = file
        several = len(file.boundaries) > 1
        self.setWindowTitle(
            translate("AzeBoundary", "Choose boundaries")
            if several
            else translate("AzeBoundary", "Take this boundary?")
        )
        head = ElidedLabel(file.source, Qt.TextElideMode.ElideMiddle)
        head.setFont(style.scaled(head.font(), 1.0, bold=True))
        said = "\n".join(dict.fromkeys(text(note.code, note.params) for note in file.notes))
        self.notes = TextLabel(said, muted=True)
        self.notes.setVisible(bool(said))

        self.list = QListWidget()
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(translate("AzeBoundary", "Boundaries"))
        for i, boundary in enumerate(file.boundaries):
            self.list.addItem(self._item(i, boundary, i == 0 or len(file.boundaries) <= _ALL_AT_FIRST))
        rows = min(_MOST_ROWS, len(file.boundaries))
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 2 * self.list.frameWidth() + 2)
        row = QHBoxLayout()
        row.addWidget(link(translate("AzeBoundary", "all"), lambda: self._set_all(Qt.CheckState.Checked)))
        row.addWidget(link(translate("AzeBoundary", "none"), lambda: self._set_all(Qt.CheckState.Unchecked)))
        self.count = ElidedLabel()
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self.count, 1)
        self.each = QRadioButton(translate("AzeBoundary", "Each becomes a candidate"))
        self.each.setChecked(True)
        self.together = QRadioButton(translate("AzeBoundary", "Joined into one candidate"))
        self.name = QLineEdit(_stem(file.source))
        self.name.setPlaceholderText(translate("AzeBoundary", "name of the candidate"))
        self.name.setAccessibleName(translate("AzeBoundary", "Name of the candidate"))
        self.choosing = QWidget()
        choosing = QVBoxLayout(self.choosing)
        choosing.setContentsMargins(0, 0, 0, 0)
        choosing.setSpacing(4)
        choosing.addWidget(self.list)
        choosing.addLayout(row)
        for widget in (self.each, self.together, self.name):
            choosing.addWidget(widget)
        self.choosing.setVisible(several)

        self.title = ElidedLabel()
        self.before, self.after = Sketch(), Sketch()
        self.before_said, self.after_said = TextLabel(muted=True), TextLabel(muted=True)
        # In a grid both drawings are of one height, however their captions wrap.
        drawings = QGridLayout()
        drawings.setHorizontalSpacing(6)
        drawings.setVerticalSpacing(2)
        for column, (drawing, label) in enumerate(((self.before, self.before_said), (self.after, self.after_said))):
            drawings.addWidget(drawing, 0, column)
            drawings.addWidget(label, 1, column, Qt.AlignmentFlag.AlignTop)
        drawings.setRowStretch(0, 1)
        self._drawings = drawings
        self.own_notes = TextLabel()

        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.take = self.buttons.addButton(translate("AzeBoundary", "Take"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        # Sentences may be long, and the window low: what is said scrolls, the buttons stay.
        page = PageScroll()
        page.layout_.setContentsMargins(0, 0, 0, 0)
        page.layout_.addWidget(self.notes)
        page.layout_.addWidget(self.choosing)
        page.layout_.addWidget(self.title)
        page.layout_.addLayout(drawings, 1)
        page.layout_.addWidget(self.own_notes)
        layout = QVBoxLayout(self)
        layout.addWidget(head)
        layout.addWidget(page, 1)
        layout.addWidget(self.buttons)
        self.list.currentRowChanged.connect(self._draw)
        self.list.itemChanged.connect(self._show)
        self.together.toggled.connect(self._show)
        self.name.textChanged.connect(self._show)
        self.list.setCurrentRow(0)
        self._show()
        self.resize(420, 600 if several else 420)

    def chosen(self) -> list[Boundary]:
        """What the user takes: those chosen, or their union."""
        boundaries = self._checked()
        if len(self._file.boundaries) > 1 and self.together.isChecked() and len(boundaries) > 1:
            return [joined(boundaries, " ".join(self.name.text().split()))]
        return boundaries

    def _checked(self) -> list[Boundary]:
        if len(self._file.boundaries) == 1:
            return list(self._file.boundaries)
        checked = Qt.CheckState.Checked
        return [b for i, b in enumerate(self._file.boundaries) if self.list.item(i).checkState() == checked]

    def _item(self, row: int, boundary: Boundary, checked: bool) -> QListWidgetItem:
        mark = f"{style.MARKS['work']} " if boundary.needs_look else ""
        unnamed = QCoreApplication.translate("AzeBoundary", "Boundary {number}").format(number=row + 1)
        item = QListWidgetItem(f"{mark}{boundary.name or unnamed} · {figures.square_metres(boundary.area_m2)}")
        item.setToolTip(boundary.name)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        # What a person has to agree to is not ticked beforehand.
        wanted = checked and not boundary.needs_look
        item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
        return item

    def _set_all(self, state: Qt.CheckState) -> None:
        for i in range(self.list.count()):
            self.list.item(i).setCheckState(state)

    def _show(self, *_args) -> None:
        translate = QCoreApplication.translate
        checked = self._checked()
        self.count.setText(
            translate("AzeBoundary", "{count} of {all} chosen").format(
                count=figures.number(len(checked)), all=figures.number(len(self._file.boundaries))
            )
        )
        self.together.setEnabled(len(checked) > 1)
        one = self.together.isChecked() and len(checked) > 1
        self.name.setVisible(one)
        self.take.setEnabled(bool(checked) and (not one or bool(self.name.text().strip())))

    def _draw(self, row: int) -> None:
        if not 0 <= row < len(self._file.boundaries):
            return
        translate = QCoreApplication.translate
        boundary = self._file.boundaries[row]
        self.title.setText(boundary.name)
        self.title.setVisible(bool(boundary.name))
        mended = boundary.before is not None
        for widget in (self.before, self.before_said):
            widget.setVisible(mended)
        self._drawings.setColumnStretch(0, int(mended))
        self._drawings.setColumnStretch(1, 1)
        extent = boundary.geometry.boundingBox() if boundary.geometry.boundingBox().width() < 180 else None
        parts = boundary.geometry.constGet().numGeometries()
        said = figures.square_metres(boundary.area_m2)
        if parts > 1:
            said = translate("AzeBoundary", "{area} in {count} parts").format(area=said, count=figures.number(parts))
        if mended:
            faults = [f.place.center() for f in measure.faults(boundary.before) if f.place is not None]
            self.before.show_shape(boundary.before, [(p.x(), p.y()) for p in faults], extent=extent)
            self.before_said.setText(translate("AzeBoundary", "As it is"))
            said = translate("AzeBoundary", "Mended: {area}").format(area=said)
        self.after.show_shape(boundary.geometry, gaps=boundary.gaps, extent=self._extent_of(boundary.before))
        self.after_said.setText(said)
        self.own_notes.setText("\n".join(_sentences(boundary.notes)))
        self.own_notes.setVisible(bool(boundary.notes))

    @staticmethod
    def _extent_of(shape: QgsGeometry | None):
        return shape.boundingBox() if shape is not None and shape.boundingBox().width() < 180 else None


def _sentences(notes: Sequence[Finding]) -> list[str]:
    """Each sentence with its mark: a person's look is wanted, or not."""
    return [f"{style.MARKS[style.state_of(note.severity.value)]} {text(note.code, note.params)}" for note in notes]


def _stem(source: str) -> str:
    return source.rpartition(".")[0] or source
