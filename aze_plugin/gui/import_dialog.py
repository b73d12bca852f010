"""Asks what to import into which species library."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ..services.project_state import is_connection
from . import style
from .widgets.basics import PageScroll, TextLabel
from .widgets.filelist import FileList, dropped_files

_IUCN, _NATIONAL = range(2)


class ImportDialog(QDialog):
    """Range maps, Red List, records, estimates, areas of habitat; target, release and citation.

    ``choice`` is for Session.import_library. ``files`` are put where they belong, as are those dropped on the dialog.
    """

    def __init__(self, library: str, files: Iterable[str] = (), parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setWindowTitle(translate("AzeImport", "Import species data"))
        self.setAcceptDrops(True)
        self.resize(640, 780)
        page = PageScroll()
        self._page = page.layout_
        self._page.addWidget(
            TextLabel(
                translate(
                    "AzeImport",
                    "Give one or several of these, or drop files anywhere here: they are sorted by what they hold. "
                    "A file that was imported before is replaced, not doubled.",
                )
            )
        )

        self.ranges = FileList(
            translate("AzeImport", "Range maps"),
            translate("AzeImport", "Range maps (*.shp *.gpkg *.zip *.geojson *.json);;All (*)"),
        )
        self._add(
            self.ranges,
            translate("AzeImport", "Range maps"),
            translate(
                "AzeImport",
                "Of the Red List or BirdLife, as downloaded: shapefiles, GeoPackages, geodatabases, zips and folders "
                "of them.",
            ),
        )

        self.assessments = QgsFileWidget()
        self.assessments.setFilter(translate("AzeImport", "Red List export (*.zip *.csv);;All (*)"))
        self.list = QComboBox()
        self.list.addItem(translate("AzeImport", "This is the global Red List of IUCN"))
        self.list.addItem(translate("AzeImport", "This is the national list of …"))
        self.list.currentIndexChanged.connect(self._check)
        self.authority = QLineEdit()
        self.authority.setPlaceholderText(translate("AzeImport", "country or authority, as results shall name it"))
        self.authority.textChanged.connect(self._check)
        red_list = QWidget()
        column = QVBoxLayout(red_list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.assessments, self.list, self.authority):
            column.addWidget(widget)
        self._add(
            red_list,
            translate("AzeImport", "Red List"),
            translate(
                "AzeImport",
                "The CSV export of a search on the Red List (zip, folder or one CSV), or a CSV of a national list with "
                "names and categories.",
            ),
        )

        self.occurrences = FileList(
            translate("AzeImport", "Occurrence records"),
            translate("AzeImport", "Records (*.zip *.csv *.tsv *.txt *.gpkg *.shp *.geojson);;All (*)"),
        )
        self._add(
            self.occurrences,
            translate("AzeImport", "Occurrence records"),
            translate(
                "AzeImport",
                "Darwin Core archives (GBIF's downloads), CSV files with names and coordinates, point layers, and "
                "folders of them. They give area of occupancy and localities.",
            ),
        )

        self.populations = QgsFileWidget()
        self.populations.setFilter(translate("AzeImport", "Estimates (*.csv);;All (*)"))
        self._add(
            self.populations,
            translate("AzeImport", "Estimates of populations"),
            translate(
                "AzeImport",
                "A CSV with columns scientific_name, scope (global or site), site, parameter, segment, min, best, max, "
                "year and source.",
            ),
        )

        self.habitats = QgsFileWidget()
        self.habitats.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._add(
            self.habitats,
            translate("AzeImport", "Area of habitat"),
            translate(
                "AzeImport",
                "A folder of GeoTIFFs, one a taxon, named by it (Genus_species.tif); each cell says how much of it is "
                "habitat, from 0 to 1.",
            ),
        )

        self.library = QgsFileWidget()
        self.library.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.library.setConfirmOverwrite(False)
        self.library.setFilter(translate("AzeImport", "Species library (*.gpkg)"))
        self.library.setFilePath(library)
        self.version = QLineEdit()
        self.version.setPlaceholderText(translate("AzeImport", "such as 2025-2"))
        self.citation = QLineEdit()
        self.citation.setPlaceholderText(translate("AzeImport", "as the provider asks for it"))
        target = QWidget()
        form = QFormLayout(target)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeImport", "Into the library"), self.library)
        form.addRow(translate("AzeImport", "Release"), self.version)
        form.addRow(translate("AzeImport", "Citation"), self.citation)
        self._page.addStretch(1)

        self.lacking = TextLabel(muted=True)
        self.dialog_buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.dialog_buttons.addButton(
            translate("AzeImport", "Import"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.dialog_buttons.accepted.connect(self.accept)
        self.dialog_buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(page, 1)
        layout.addWidget(target)
        layout.addWidget(self.lacking)
        layout.addWidget(self.dialog_buttons)

        for chosen in (self.assessments, self.populations, self.habitats, self.library):
            chosen.fileChanged.connect(self._check)
        for chosen in (self.ranges, self.occurrences):
            chosen.changed.connect(self._check)
        self.unplaced: tuple[str, ...] = ()
        self._check()
        self.take(files)

    def _add(self, widget: QWidget, title: str, takes: str) -> None:
        """A part of the dialog: what it is, what it takes, and where to say it."""
        head = QLabel(title)
        head.setFont(style.scaled(head.font(), 1.0, bold=True))
        head.setBuddy(widget)
        widget.setAccessibleName(title)
        widget.setAccessibleDescription(takes)
        part = QVBoxLayout()
        part.setSpacing(2)
        part.addWidget(head)
        part.addWidget(TextLabel(takes, muted=True))
        part.addWidget(widget)
        self._page.addLayout(part)

    def take(self, files: Iterable[str]) -> None:
        """Put files, folders and zips where they belong by what they hold."""
        from ..library import kinds

        found = kinds.sort(files)
        self.ranges.add(found.ranges)
        self.occurrences.add(found.occurrences)
        for kind, widget in (
            ("assessments", self.assessments),
            ("populations", self.populations),
            ("habitats", self.habitats),
        ):
            path = getattr(found, kind)
            if path:
                widget.setFilePath(path)
        self.unplaced = found.unplaced
        self._check()

    def choice(self) -> dict:
        """What was asked for, as arguments of Session.import_library."""
        library = self.library.filePath().strip()
        if not is_connection(library) and not Path(library).suffix:
            library += ".gpkg"
        assessments = self.assessments.filePath().strip()
        return {
            "library": library,
            "ranges": self.ranges.paths(),
            "assessments": assessments,
            "version": self.version.text().strip(),
            "citation": self.citation.text().strip(),
            "occurrences": self.occurrences.paths(),
            "populations": self.populations.filePath().strip(),
            "habitats": self.habitats.filePath().strip(),
            "authority": self._authority() if assessments and self._is_national() else "",
        }

    def dragEnterEvent(self, event) -> None:
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        event.acceptProposedAction()
        self.take(dropped_files(event.mimeData()))

    def _is_national(self) -> bool:
        return self.list.currentIndex() == _NATIONAL

    def _authority(self) -> str:
        return " ".join(self.authority.text().split())

    def _check(self, *_args) -> None:
        translate = QCoreApplication.translate
        self.list.setEnabled(bool(self.assessments.filePath().strip()))
        self.authority.setVisible(self._is_national())
        self.authority.setEnabled(self.list.isEnabled())
        chosen = self.choice()
        lacking = ""
        if not any(chosen[kind] for kind in ("ranges", "assessments", "occurrences", "populations", "habitats")):
            lacking = translate("AzeImport", "Choose what to import.")
        elif self._is_national() and chosen["assessments"] and not chosen["authority"]:
            lacking = translate("AzeImport", "Say whose national list it is.")
        elif not self.library.filePath().strip():
            lacking = translate("AzeImport", "Choose a library to import into; one that does not exist yet is made.")
        self.start.setEnabled(not lacking)
        passed = ""
        if self.unplaced:
            passed = translate("AzeImport", "Not taken, as it is not known what for: {files}.").format(
                files=", ".join(Path(path).name for path in self.unplaced)
            )
        self.lacking.setText("\n".join(part for part in (passed, lacking) if part))
        self.lacking.setVisible(bool(passed or lacking))
