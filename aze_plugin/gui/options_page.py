"""The options page: thresholds and filters, errors of boundaries and edges, default library, where packages go."""

from __future__ import annotations

from functools import partial
from typing import Callable

from qgis.gui import QgsCheckableComboBox, QgsFileWidget, QgsOptionsPageWidget
from qgis.PyQt.QtCore import QCoreApplication, QDate, QRegularExpression, Qt
from qgis.PyQt.QtGui import QRegularExpressionValidator
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..services.dependencies import shapely_problem
from ..services.wording import text
from . import layout_editing, preferences
from .endpoint_list import EndpointList
from .preferences import Rules
from .widgets.basics import TextLabel

# The year box's lowest value stands for any year.
_BEFORE_RECORDS = 1699


class OptionsPage(QgsOptionsPageWidget):
    """Edits gui.preferences."""

    def __init__(self, on_saved: Callable[[], None], parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeOptions")
        self._on_saved = on_saved
        self._groups: list[QGroupBox] = []
        translate = QCoreApplication.translate

        self.threshold = QDoubleSpinBox()
        self.threshold.setRange(1.0, 100.0)
        self.threshold.setDecimals(2)
        self.threshold.setSuffix(" %")
        self.presence = _codes("[1-7]")
        self.origin = _codes("[1-6]")
        self.uncertainty = _metres(0, 1_000_000)
        self.uncertainty.setSpecialValueText(translate("AzeOptions", "any"))
        self.since = QSpinBox()
        self.since.setRange(_BEFORE_RECORDS, QDate.currentDate().year())
        self.since.setSpecialValueText(translate("AzeOptions", "any"))
        self.bases = QgsCheckableComboBox()
        self.bases.setDefaultText(translate("AzeOptions", "none"))
        for code, word in _bases().items():
            self.bases.addItemWithCheckState(word, Qt.CheckState.Unchecked, code)
        self.error = _metres(1, 10_000)
        self.tolerance = _metres(1, 10_000)
        self.library = QgsFileWidget()
        self.library.setFilter(translate("AzeOptions", "Species libraries (*.gpkg)"))

        form = self._group(translate("AzeOptions", "Criteria"))
        form.addRow(translate("AzeOptions", "Share that has to be exceeded"), self.threshold)
        form.addRow(translate("AzeOptions", "Presence codes that count"), self.presence)
        form.addRow(translate("AzeOptions", "Origin codes that count"), self.origin)
        records = self._group(translate("AzeOptions", "Occurrence records that count"))
        records.addRow(translate("AzeOptions", "Place known to within"), self.uncertainty)
        records.addRow(translate("AzeOptions", "Not from before"), self.since)
        records.addRow(translate("AzeOptions", "Left out"), self.bases)
        records.addRow(
            TextLabel(
                translate(
                    "AzeOptions", "A record that does not say how exact its place is, its year or its kind counts."
                ),
                muted=True,
            )
        )
        boundaries = self._group(translate("AzeOptions", "Boundaries"))
        boundaries.addRow(translate("AzeOptions", "A boundary drawn by hand may be off by"), self.error)
        boundaries.addRow(translate("AzeOptions", "It follows a mapped edge that is within"), self.tolerance)
        rules = self._group("")
        rules.addRow(
            TextLabel(
                translate(
                    "AzeOptions",
                    "AZE asks for more than 95 % and counts presence 1 and 2 with origin 1, 2 and 6. Other values are "
                    "for exploring: a nomination says which were used, and reviewers will ask why.",
                ),
                muted=True,
            )
        )
        restore = QPushButton(translate("AzeOptions", "Use the published rules"))
        restore.clicked.connect(lambda: self._show(preferences.published()))
        rules.addRow(restore)
        work = self._group(translate("AzeOptions", "Work"))
        work.addRow(translate("AzeOptions", "Species library for new projects"), self.library)
        if shapely_problem() is None:
            self._add_layouts()
        receivers = self._group(translate("AzeOptions", "Where packages are sent"))
        self.endpoints = EndpointList()
        receivers.addRow(self.endpoints)

        layout = QVBoxLayout(self)
        for group in self._groups:
            layout.addWidget(group)
        layout.addStretch(1)

        self._show(preferences.rules())
        self.library.setFilePath(preferences.default_library())

    def _add_layouts(self) -> None:
        """The print layouts of reports, to be edited in QGIS's own designer."""
        translate = QCoreApplication.translate
        self.layouts = QComboBox()
        for name in layout_editing.names():
            self.layouts.addItem(layout_editing.title(name), name)
        self.layouts.currentIndexChanged.connect(self._show_layout)
        self.edit_layout = QPushButton(translate("AzeOptions", "Edit…"))
        self.edit_layout.clicked.connect(self._edit_layout)
        self.restore_layout = QPushButton(translate("AzeOptions", "Restore"))
        self.restore_layout.setToolTip(
            translate("AzeOptions", "Give your own copy up and use the plugin's layout again")
        )
        self.restore_layout.clicked.connect(self._restore_layout)
        self.layout_state = TextLabel(muted=True)
        # The layout that the designer is to open, once it is asked for.
        self._asked: list[str] = []
        row = QHBoxLayout()
        row.addWidget(self.layouts, 1)
        row.addWidget(self.edit_layout)
        row.addWidget(self.restore_layout)
        reports = self._group(translate("AzeOptions", "Layouts of reports"))
        reports.addRow(row)
        reports.addRow(self.layout_state)
        self._show_layout()

    def _show_layout(self) -> None:
        translate = QCoreApplication.translate
        name = self.layouts.currentData()
        own = bool(name) and layout_editing.is_own(name)
        if self._asked == [name]:
            said = translate("AzeOptions", "It opens in QGIS's layout designer when this window is closed.")
        elif own:
            said = translate("AzeOptions", "Your own copy is in use; it is kept in your profile.")
        else:
            said = translate("AzeOptions", "The plugin's own is in use. What you change is kept as your copy.")
        self.layout_state.setText(said)
        self.restore_layout.setEnabled(own)
        self.edit_layout.setEnabled(bool(name))

    def _edit_layout(self) -> None:
        """The options are a modal window: the designer comes when they are gone."""
        window = self.window()
        if not self._asked and isinstance(window, QDialog):
            window.finished.connect(partial(_open_designer, self._asked))
        self._asked[:] = [self.layouts.currentData()]
        self._show_layout()

    def _restore_layout(self) -> None:
        layout_editing.restore(self.layouts.currentData())
        self._show_layout()

    def _group(self, title: str) -> QFormLayout:
        group = QGroupBox(title)
        group.setFlat(not title)
        form = QFormLayout(group)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._groups.append(group)
        return form

    def _show(self, rules: Rules) -> None:
        self.threshold.setValue(rules.threshold * 100)
        self.presence.setText(rules.presence)
        self.origin.setText(rules.origin)
        self.uncertainty.setValue(rules.max_uncertainty_m)
        self.since.setValue(rules.since_year or _BEFORE_RECORDS)
        left_out = [code for code in rules.bases_left_out.split(",") if code]
        for code in left_out:
            if self.bases.findData(code) < 0:
                self.bases.addItemWithCheckState(code, Qt.CheckState.Checked, code)
        for row in range(self.bases.count()):
            chosen = self.bases.itemData(row) in left_out
            self.bases.setItemCheckState(row, Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
        self.error.setValue(rules.digitizing_error_m)
        self.tolerance.setValue(rules.edge_tolerance_m)

    def isValid(self) -> bool:
        return self.presence.hasAcceptableInput() and self.origin.hasAcceptableInput()

    def apply(self) -> None:
        since = self.since.value()
        chosen = Rules(
            threshold=round(self.threshold.value() / 100, 6),
            presence=self.presence.text().replace(" ", ""),
            origin=self.origin.text().replace(" ", ""),
            max_uncertainty_m=self.uncertainty.value(),
            since_year=0 if since == _BEFORE_RECORDS else since,
            bases_left_out=",".join(sorted(self.bases.checkedItemsData())),
            digitizing_error_m=self.error.value(),
            edge_tolerance_m=self.tolerance.value(),
        )
        preferences.save(chosen, self.library.filePath())
        self.endpoints.apply()
        self._on_saved()


def _open_designer(asked: list[str], _result: int) -> None:
    from qgis.utils import iface

    try:
        layout_editing.edit(iface, asked[0])
    except AzeError as error:
        iface.messageBar().pushWarning("AZE", text(error.code, error.params))


def _bases() -> dict[str, str]:
    """Kinds of records as GBIF writes Darwin Core's ``basisOfRecord``, in words."""
    translate = QCoreApplication.translate
    return {
        "FOSSIL_SPECIMEN": translate("AzeOptions", "fossils"),
        "LIVING_SPECIMEN": translate("AzeOptions", "living specimens (zoos, gardens)"),
        "PRESERVED_SPECIMEN": translate("AzeOptions", "preserved specimens"),
        "MATERIAL_SAMPLE": translate("AzeOptions", "samples"),
        "MATERIAL_CITATION": translate("AzeOptions", "citations in the literature"),
        "HUMAN_OBSERVATION": translate("AzeOptions", "observations by people"),
        "MACHINE_OBSERVATION": translate("AzeOptions", "observations by machines"),
        "OBSERVATION": translate("AzeOptions", "observations of unknown kind"),
        "OCCURRENCE": translate("AzeOptions", "records of unknown kind"),
    }


def _metres(least: float, most: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(least, most)
    box.setDecimals(0)
    box.setGroupSeparatorShown(True)
    box.setSuffix(" m")
    return box


def _codes(one: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setValidator(QRegularExpressionValidator(QRegularExpression(rf"{one}( *, *{one})*"), edit))
    edit.setToolTip(QCoreApplication.translate("AzeOptions", "Red List codes with commas between, such as 1,2"))
    return edit
