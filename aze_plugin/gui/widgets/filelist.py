"""A list of files and folders, with buttons to add and remove, and room for dropped ones."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_LEAST_ROWS, _MOST_ROWS = 1, 5


def dropped_files(mime) -> list[str]:
    """Paths of the files that are dragged."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


class FileList(QWidget):
    """Paths in the order in which they were added, each once. ``title`` and ``filters`` are for the file dialog."""

    changed = pyqtSignal()

    def __init__(self, title: str, filters: str, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._title, self._filters = title, filters
        self.list = QListWidget()
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(title)
        add = QPushButton(translate("AzeImport", "Add files…"))
        add.clicked.connect(self._add_files)
        folder = QPushButton(translate("AzeImport", "Add a folder…"))
        folder.clicked.connect(self._add_folder)
        self.remove = QPushButton(translate("AzeImport", "Remove"))
        self.remove.clicked.connect(self._remove)
        buttons = QHBoxLayout()
        for button in (add, folder, self.remove):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        self.list.itemSelectionChanged.connect(self._show_state)
        self._show_state()

    def paths(self) -> list[str]:
        """The files and folders."""
        return [self.list.item(i).text() for i in range(self.list.count())]

    def add(self, paths: Iterable[str]) -> None:
        """Add those that are not there yet."""
        known = self.paths()
        for path in paths:
            if path and path not in known:
                known.append(path)
                item = QListWidgetItem(path)
                item.setToolTip(path)
                self.list.addItem(item)
        self._show_state()
        self.changed.emit()

    def _add_files(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, self._title, "", self._filters)
        self.add(files)

    def _add_folder(self) -> None:
        self.add([QFileDialog.getExistingDirectory(self, self._title)])

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))
        rows = min(_MOST_ROWS, max(_LEAST_ROWS, self.list.count()))
        height = self.list.sizeHintForRow(0) if self.list.count() else self.fontMetrics().height() + 4
        self.list.setFixedHeight(rows * height + 2 * self.list.frameWidth() + 2)
