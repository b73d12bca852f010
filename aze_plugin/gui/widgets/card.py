"""A card: title, state, a line of summary, a body and a row of buttons."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtCore import QRectF, Qt
from qgis.PyQt.QtGui import QPainter, QPen
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from .. import style
from .basics import ElidedLabel, FlowLayout, TextLabel
from .chip import Chip


class Card(QFrame):
    """A framed part of a page.

    ``body`` is a vertical layout for the card's own widgets, ``buttons`` a wrapping row below it. With ``foldable`` a
    click on the title folds body and buttons away; ``set_folded`` does the same.
    """

    def __init__(self, title: str, foldable: bool = False, parent: QWidget | None = None):
        super().__init__(parent)
        # Qt gives a card the height that it needs at its least width, and no more than at its usual one, unless it may
        # be of any width and grow; pages end with a stretch, which takes what is left over.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title = ElidedLabel(title)
        self.title.setFont(style.scaled(self.font(), 1.0, bold=True))
        self.chip = Chip()
        self.chip.hide()
        self.arrow = QToolButton()
        self.arrow.setAutoRaise(True)
        self.arrow.setArrowType(Qt.ArrowType.DownArrow)
        self.arrow.setVisible(foldable)
        self.arrow.setAccessibleName(title)
        self.arrow.clicked.connect(lambda: self.set_folded(not self._inside.isHidden()))
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.arrow)
        head.addWidget(self.title, 1)
        head.addWidget(self.chip)
        self.summary = TextLabel(muted=True)
        self.summary.hide()
        self._inside = QWidget()
        inside = QVBoxLayout(self._inside)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        self.body = QVBoxLayout()
        self.body.setSpacing(4)
        self.buttons = FlowLayout()
        inside.addLayout(self.body)
        inside.addLayout(self.buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 8, 10, 8)
        outer.setSpacing(4)
        outer.addLayout(head)
        outer.addWidget(self.summary)
        outer.addWidget(self._inside)

    def set_state(self, state: str, text: str, tip: str = "", dimmed: bool = False) -> None:
        """Show a state (see gui.style) with its word beside the title."""
        self.chip.set(state, text, tip, dimmed)
        self.chip.show()

    def set_status(self, status: str | None, tip: str = "", dimmed: bool = False) -> None:
        """Show a status, verdict or cover class of a result beside the title."""
        self.chip.status(status, tip, dimmed)
        self.chip.show()

    def set_summary(self, text: str) -> None:
        """The line under the title; hidden when empty."""
        self.summary.setText(text)
        self.summary.setVisible(bool(text))

    def set_folded(self, folded: bool) -> None:
        """Fold body and buttons away, or bring them back."""
        self._inside.setHidden(folded)
        self.arrow.setArrowType(Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow)

    def add(self, widget: QWidget) -> QWidget:
        """Put a widget at the end of the body and return it."""
        self.body.addWidget(widget)
        return widget

    def add_button(self, text: str, on_click: Callable[[], None] | None, tip: str = "") -> QPushButton:
        """Put a button in the row below the body and return it."""
        button = QPushButton(text)
        button.setToolTip(tip)
        if on_click is not None:
            button.clicked.connect(lambda: on_click())
        self.buttons.addWidget(button)
        return button

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(style.line(self.palette()), 1))
        painter.setBrush(style.ground(self.palette()))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
