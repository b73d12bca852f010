"""What a page shows before there is a result, and the line that says of when and of what a result is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QLocale, pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton, QVBoxLayout, QWidget

from .basics import FlowLayout, TextLabel, link

_NAMED = 3


class Placeholder(QWidget):
    """A sentence that says what is missing and, where something can be done about it, a button; emits ``pressed``."""

    pressed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.text = TextLabel()
        self.button = QPushButton()
        self.button.clicked.connect(lambda: self.pressed.emit())
        row = FlowLayout()
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 24, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(self.text)
        layout.addLayout(row)
        layout.addStretch(1)

    def say(self, sentence: str, button: str = "") -> None:
        """Show a sentence and the button's text; without one there is no button."""
        self.text.setText(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))


class ResultNotice(QWidget):
    """When and on which data a result was made; once it is of an earlier boundary, that, and a link to renew it."""

    def __init__(self, renew_text: str, renew: Callable[[], None], parent: QWidget | None = None):
        super().__init__(parent)
        self.text = TextLabel(muted=True)
        self.again = link(renew_text, renew)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.text)
        layout.addWidget(self.again)

    def show_state(self, time: datetime | None, data: Sequence[str], stale: bool, under_way: bool) -> None:
        """``data``: names of the datasets used; ``under_way``: whether work is being done that may renew the result."""
        translate = QCoreApplication.translate
        day = QLocale().toString(QDateTime(time).date(), QLocale.FormatType.ShortFormat) if time else ""
        when = f"{day} {time:%H:%M}" if time else ""
        names = list(dict.fromkeys(data))
        if not stale and names:
            shown = ", ".join(names[:_NAMED])
            more = len(names) - _NAMED
            said = (
                translate("AzePanel", "Result of {when}, with {data} and {more} more.").format(
                    when=when, data=shown, more=more
                )
                if more > 0
                else translate("AzePanel", "Result of {when}, with {data}.").format(when=when, data=shown)
            )
        elif not stale:
            said = translate("AzePanel", "Result of {when}.").format(when=when)
        elif under_way:
            said = translate(
                "AzePanel", "Of an earlier boundary or earlier data ({when}). New results are on the way."
            ).format(when=when)
        else:
            said = translate("AzePanel", "Of an earlier boundary or earlier data ({when}).").format(when=when)
        self.text.setText(said)
        self.again.setVisible(stale and not under_way)
