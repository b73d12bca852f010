"""The files of a package under review."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from ...domain.errors import AzeError
from ...services import figures
from ...services.wording import text
from ..review import MOST_FILES, Review
from . import reviewparts as parts
from .basics import FlowLayout, TextLabel
from .plainrows import PlainRows, Row


class Files(QWidget):
    """The files of the package. They are never opened from here; a copy can be saved."""

    def __init__(self, review: Review, say, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._review, self._say = review, say
        self.note = TextLabel(
            translate(
                "AzeReview",
                "None of these files is opened here. A copy that you save is as its sender made it: open it with the "
                "same care as a file from a mail.",
            ),
            muted=True,
        )
        self.rows = PlainRows(translate("AzeReview", "Files"))
        self.rows.setRootIsDecorated(False)
        self.rows.currentItemChanged.connect(lambda *_: self.save.setEnabled(self.rows.currentItem() is not None))
        self.save = parts.button(translate("AzeReview", "Save a copy…"), self.ask_and_save)
        self.save.setEnabled(False)
        row = FlowLayout()
        row.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.note)
        layout.addWidget(self.rows, 1)
        layout.addLayout(row)

    def show_files(self) -> None:
        """List the files that were unpacked."""
        translate = QCoreApplication.translate
        self.rows.clear()
        files = self._review.files
        for name, size in files:
            self.rows.add_row(Row(figures.file_size(size), name), name)
        if not files:
            item = self.rows.add_row(
                Row("", translate("AzeReview", "Nothing was unpacked, because the package is not safe to unpack."))
            )
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        elif len(files) >= MOST_FILES:
            item = self.rows.add_row(Row("", translate("AzeReview", "More files are not listed.")))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.save.setEnabled(False)

    def ask_and_save(self) -> None:
        """Ask where to, and copy the chosen file there."""
        name = self.rows.key_of(self.rows.currentItem())
        if not isinstance(name, str):
            return
        suggested = str(Path(self._review.package).parent / Path(name).name)
        target, _ = QFileDialog.getSaveFileName(self, QCoreApplication.translate("AzeReview", "Save a copy"), suggested)
        if not target:
            return
        try:
            self._review.save_copy(name, target)
        except AzeError as error:
            self._say(text(error.code, error.params))
