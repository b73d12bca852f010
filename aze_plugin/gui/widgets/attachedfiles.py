"""The nominator's own files, as a part of the form."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from .basics import FlowLayout, TextLabel, link


class AttachedFiles(QWidget):
    """The nominator's own files that go into the package."""

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        add = QPushButton(translate("AzeNomination", "Attach files…"))
        add.clicked.connect(self._choose)
        row = FlowLayout()
        row.addWidget(add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._rows)
        layout.addLayout(row)

    def refresh(self) -> None:
        """Show the session's files; one that is not there any more is marked."""
        translate = QCoreApplication.translate
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for path in self.session.nominations.evidence:
            there = Path(path).is_file()
            name = TextLabel(Path(path).name if there else f"▲ {Path(path).name}")
            name.setToolTip(path if there else translate("AzeNomination", "Not found: {path}").format(path=path))
            drop = link(
                translate("AzeNomination", "detach"),
                lambda path=path: self.session.nominations.set_evidence(
                    [p for p in self.session.nominations.evidence if p != path]
                ),
            )
            drop.setAccessibleName(f"{drop.text()} {Path(path).name}")
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.addWidget(name, 1)
            line.addWidget(drop)
            self._rows.addWidget(row)

    def _choose(self) -> None:
        title = QCoreApplication.translate("AzeNomination", "Files that show what the nomination says")
        chosen, _ = QFileDialog.getOpenFileNames(self, title)
        if chosen:
            self.session.nominations.set_evidence(list(dict.fromkeys([*self.session.nominations.evidence, *chosen])))
