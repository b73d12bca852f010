"""A chip: a mark and a word in a rounded frame, for verdicts and states."""

from __future__ import annotations

from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QStyle, QWidget

from .. import style


class Chip(QWidget):
    """Shows a state by shape, colour and word."""

    def __init__(self, state: str = "empty", text: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.state, self.text, self.dimmed = state, text, False
        self.set(state, text)

    def set(self, state: str, text: str, tip: str = "", dimmed: bool = False) -> None:
        """Show a state (see gui.style) with its word; ``dimmed`` for a result of an earlier boundary."""
        self.state, self.text, self.dimmed = state, text, dimmed
        self.setToolTip(tip or text)
        self.setAccessibleName(f"{text} ({style.state_word(state)})")
        self.updateGeometry()
        self.update()

    def status(self, status: str | None, tip: str = "", dimmed: bool = False) -> None:
        """Show a status, verdict or cover class of a result in its own words."""
        self.set(style.state_of(status), style.word(status), tip, dimmed)

    def _label(self) -> str:
        return f"{style.MARKS[self.state]} {self.text}"

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._label()) + 18, metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(70, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = style.colour(self.state, self.palette())
        text = self.palette().color(QPalette.ColorRole.WindowText)
        if self.dimmed:
            colour, text = style.muted(self.palette()), style.muted(self.palette())
        fill = QColor(colour)
        fill.setAlpha(0 if self.state == "empty" else 46)
        box = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine if self.dimmed else Qt.PenStyle.SolidLine))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        room = self.rect().adjusted(9, 0, -9, 0)
        mark = f"{style.MARKS[self.state]} "
        metrics = self.fontMetrics()
        painter.setPen(colour)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), mark)
        rest = room.adjusted(metrics.horizontalAdvance(mark), 0, 0, 0)
        room = QStyle.visualRect(self.layoutDirection(), room, rest)
        painter.setPen(text)
        shown = metrics.elidedText(self.text, Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
