"""How figures were computed, step by step, in groups, to be read and copied."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .. import style
from .basics import TextLabel, link


class StepList(QWidget):
    """Groups of steps: a title ("" for none) and sentences each."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._groups: Sequence[tuple[str, Sequence[str]]] = ()
        self.copying = link(translate("AzeCriteria", "copy ▸"), self.copy, translate("AzeCriteria", "Copy all steps"))
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._rows)
        layout.addWidget(self.copying, 0, Qt.AlignmentFlag.AlignLeft)

    def set_groups(self, groups: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Replace what is shown; nothing is made anew where it is the same, so that a selection of text stays."""
        if groups == self._groups:
            return
        self._groups = groups
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for title, steps in groups:
            if title:
                heading = TextLabel(title)
                heading.setFont(style.scaled(self.font(), 1.0, bold=True))
                heading.setContentsMargins(0, 4, 0, 0)
                self._rows.addWidget(heading)
            for step in steps:
                self._rows.addWidget(_step(step) if title else TextLabel(step))

    def text(self) -> str:
        """All of it as plain text."""
        blocks = []
        for title, steps in self._groups:
            blocks.append("\n".join([title, *(f"- {step}" for step in steps)] if title else steps))
        return "\n\n".join(blocks)

    def copy(self) -> None:
        """Put all of it on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())


def _step(said: str) -> QWidget:
    row = QWidget()
    mark = QLabel("·")
    mark.setAlignment(Qt.AlignmentFlag.AlignTop)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(2, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(mark)
    layout.addWidget(TextLabel(said), 1)
    return row
