"""The options page: thresholds and filters, default library, digitizing error."""

from __future__ import annotations

from typing import Callable

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget
from qgis.PyQt.QtCore import QCoreApplication, QRegularExpression
from qgis.PyQt.QtGui import QRegularExpressionValidator
from qgis.PyQt.QtWidgets import QDoubleSpinBox, QFormLayout, QGroupBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from .. import paths
from . import preferences
from .widgets.basics import TextLabel


class OptionsPage(QgsOptionsPageWidget):
    """Edits gui.preferences."""

    def __init__(self, on_saved: Callable[[], None], parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeOptions")
        self._on_saved = on_saved
        translate = QCoreApplication.translate

        self.threshold = QDoubleSpinBox()
        self.threshold.setRange(1.0, 100.0)
        self.threshold.setDecimals(2)
        self.threshold.setSuffix(" %")
        self.presence = _codes("[1-7]")
        self.origin = _codes("[1-6]")
        self.library = QgsFileWidget()
        self.library.setFilter(translate("AzeOptions", "Species libraries (*.gpkg)"))
        self.error = QDoubleSpinBox()
        self.error.setRange(0, 10_000)
        self.error.setDecimals(0)
        self.error.setSuffix(" m")

        criteria = QGroupBox(translate("AzeOptions", "Criteria"))
        form = QFormLayout(criteria)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeOptions", "Share that has to be exceeded"), self.threshold)
        form.addRow(translate("AzeOptions", "Presence codes that count"), self.presence)
        form.addRow(translate("AzeOptions", "Origin codes that count"), self.origin)
        form.addRow(
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
        restore.clicked.connect(self._restore)
        form.addRow(restore)

        work = QGroupBox(translate("AzeOptions", "Work"))
        form = QFormLayout(work)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeOptions", "Species library for new projects"), self.library)
        form.addRow(translate("AzeOptions", "A boundary drawn by hand may be off by"), self.error)

        layout = QVBoxLayout(self)
        layout.addWidget(criteria)
        layout.addWidget(work)
        layout.addStretch(1)

        self.threshold.setValue(preferences.threshold() * 100)
        self.presence.setText(preferences.presence())
        self.origin.setText(preferences.origin())
        self.library.setFilePath(preferences.default_library())
        self.error.setValue(preferences.digitizing_error_m())

    def _restore(self) -> None:
        rules = paths.load_json("criteria", "aze.json")
        self.threshold.setValue(rules["threshold"] * 100)
        self.presence.setText(",".join(map(str, rules["presence"])))
        self.origin.setText(",".join(map(str, rules["origin"])))

    def isValid(self) -> bool:
        return self.presence.hasAcceptableInput() and self.origin.hasAcceptableInput()

    def apply(self) -> None:
        preferences.save(
            round(self.threshold.value() / 100, 6),
            self.presence.text().replace(" ", ""),
            self.origin.text().replace(" ", ""),
            self.library.filePath(),
            self.error.value(),
        )
        self._on_saved()


def _codes(one: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setValidator(QRegularExpressionValidator(QRegularExpression(rf"{one}( *, *{one})*"), edit))
    edit.setToolTip(QCoreApplication.translate("AzeOptions", "Red List codes with commas between, such as 1,2"))
    return edit
