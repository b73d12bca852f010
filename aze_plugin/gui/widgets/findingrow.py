"""One finding on the page Boundary."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .. import style
from .basics import FlowLayout, TextLabel


class FindingRow(QWidget):
    """A mark, a sentence and what can be done about it: links go into ``actions``."""

    def __init__(self, state: str, sentence: str):
        super().__init__()
        mark = QLabel(style.MARKS[state])
        mark.setAlignment(Qt.AlignmentFlag.AlignTop)
        palette = QPalette(mark.palette())
        palette.setColor(QPalette.ColorRole.WindowText, style.colour(state, palette))
        mark.setPalette(palette)
        mark.setAccessibleName(style.state_word(state))
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(TextLabel(sentence))
        self.actions = FlowLayout(spacing=0)
        column.addLayout(self.actions)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(mark)
        layout.addLayout(column, 1)
