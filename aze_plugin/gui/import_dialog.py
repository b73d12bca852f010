"""Asks what to import into which species library."""

from __future__ import annotations

from pathlib import Path

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..services.project_state import is_connection
from .widgets.basics import TextLabel


class ImportDialog(QDialog):
    """Range maps, Red List export, target, release and citation; ``choice`` is for Session.import_library."""

    def __init__(self, library: str, files: list[str], parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setWindowTitle(translate("AzeImport", "Import species data"))
        self.resize(520, 460)
        self.ranges = QListWidget()
        self.ranges.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.ranges.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.ranges.setMinimumHeight(90)
        add = QPushButton(translate("AzeImport", "Add files…"))
        add.clicked.connect(self._add_files)
        folder = QPushButton(translate("AzeImport", "Add a folder…"))
        folder.clicked.connect(self._add_folder)
        remove = QPushButton(translate("AzeImport", "Remove"))
        remove.clicked.connect(self._remove)
        buttons = QHBoxLayout()
        for button in (add, folder, remove):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.assessments = QgsFileWidget()
        self.assessments.setFilter(translate("AzeImport", "Red List export (*.zip *.csv);;All (*)"))
        self.library = QgsFileWidget()
        self.library.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.library.setConfirmOverwrite(False)
        self.library.setFilter(translate("AzeImport", "Species library (*.gpkg)"))
        self.library.setFilePath(library)
        self.version = QLineEdit()
        self.version.setPlaceholderText(translate("AzeImport", "such as 2025-2"))
        self.citation = QLineEdit()
        self.citation.setPlaceholderText(translate("AzeImport", "as the provider asks for it"))
        self.dialog_buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.dialog_buttons.addButton(
            translate("AzeImport", "Import"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.dialog_buttons.accepted.connect(self.accept)
        self.dialog_buttons.rejected.connect(self.reject)

        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeImport", "Red List export"), self.assessments)
        form.addRow(translate("AzeImport", "Into the library"), self.library)
        form.addRow(translate("AzeImport", "Release"), self.version)
        form.addRow(translate("AzeImport", "Citation"), self.citation)
        layout = QVBoxLayout(self)
        layout.addWidget(
            TextLabel(
                translate(
                    "AzeImport",
                    "Range maps: shapefiles, GeoPackages, geodatabases, or zips and folders of them, as downloaded. "
                    "A file that was imported before is replaced, not doubled.",
                )
            )
        )
        layout.addWidget(self.ranges, 1)
        layout.addLayout(buttons)
        layout.addLayout(form)
        layout.addWidget(self.dialog_buttons)

        for path in files:
            if path.lower().endswith(".csv"):
                self.assessments.setFilePath(path)
            else:
                self.ranges.addItem(path)
        for signal in (self.assessments.fileChanged, self.library.fileChanged):
            signal.connect(self._check)
        self.ranges.model().rowsInserted.connect(self._check)
        self.ranges.model().rowsRemoved.connect(self._check)
        self._check()

    def choice(self) -> dict:
        """What was asked for, as arguments of Session.import_library."""
        library = self.library.filePath().strip()
        if not is_connection(library) and not Path(library).suffix:
            library += ".gpkg"
        return {
            "library": library,
            "ranges": self._paths(),
            "assessments": self.assessments.filePath(),
            "version": self.version.text().strip(),
            "citation": self.citation.text().strip(),
        }

    def _paths(self) -> list[str]:
        return [self.ranges.item(i).text() for i in range(self.ranges.count())]

    def _check(self, *_args) -> None:
        something = bool(self._paths() or self.assessments.filePath())
        self.start.setEnabled(something and bool(self.library.filePath().strip()))

    def _add_files(self) -> None:
        translate = QCoreApplication.translate
        files, _ = QFileDialog.getOpenFileNames(
            self,
            translate("AzeImport", "Range maps"),
            "",
            translate("AzeImport", "Range maps (*.shp *.gpkg *.zip *.geojson *.json);;All (*)"),
        )
        self.ranges.addItems([f for f in files if f not in self._paths()])

    def _add_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, QCoreApplication.translate("AzeImport", "Folder of range maps, or a file geodatabase")
        )
        if path and path not in self._paths():
            self.ranges.addItem(path)

    def _remove(self) -> None:
        for item in self.ranges.selectedItems():
            self.ranges.takeItem(self.ranges.row(item))
