"""What is covered by one classification after another: by IUCN category, by governance, by designation."""

from __future__ import annotations

from collections.abc import Mapping

from qgis.PyQt.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QComboBox, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from ...services.figures import percent
from .. import style

_NAME_SHARE = 0.46
_LEAST = 1e-6


class Breakdown(QWidget):
    """A choice of classifications, and for the chosen one a bar for each value; they add up to the whole cover."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._by: Mapping[str, Mapping[str, float]] = {}
        self._dimmed = False
        self.choice = QComboBox()
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(6)
        self.choice.setAccessibleName(QCoreApplication.translate("AzeProtection", "What the bars tell apart"))
        for name, title in _titles().items():
            self.choice.addItem(title, name)
        self.choice.currentIndexChanged.connect(self._show)
        self.bars = _Bars()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.choice)
        layout.addWidget(self.bars)

    def set_values(self, by: Mapping[str, Mapping[str, float]], dimmed: bool = False) -> None:
        """Show ``by`` of one site of a coverage file: percent of the site by value, for each classification."""
        self._by, self._dimmed = by, dimmed
        self.setVisible(any(any(pct > _LEAST for pct in values.values()) for values in by.values()))
        self._show()

    def _show(self, *_chosen) -> None:
        values = self._by.get(self.choice.currentData(), {})
        rows = [(_name(value), pct / 100) for value, pct in values.items() if pct > _LEAST]
        self.bars.set_rows(rows, self._dimmed)


class _Bars(QWidget):
    def __init__(self):
        super().__init__()
        self.rows: list[tuple[str, float]] = []
        self._dimmed = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_rows(self, rows: list[tuple[str, float]], dimmed: bool) -> None:
        self.rows, self._dimmed = rows, dimmed
        self.setAccessibleName("; ".join(f"{name} {percent(share)}" for name, share in rows))
        self.updateGeometry()
        self.update()

    def _tall(self) -> int:
        return self.fontMetrics().height() + 4

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self.rows)) * self._tall())

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def event(self, event) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            row = event.pos().y() // self._tall()
            said = "{}: {}".format(*_said(self.rows[row])) if 0 <= row < len(self.rows) else ""
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        palette, metrics = self.palette(), self.fontMetrics()
        figure = max((metrics.horizontalAdvance(percent(share)) for _, share in self.rows), default=0)
        ink = style.muted(palette) if self._dimmed else QColor(style.SKY if style.is_dark(palette) else style.BLUE)
        text = style.muted(palette) if self._dimmed else palette.color(QPalette.ColorRole.WindowText)
        tall = self._tall()
        names = self.width() * _NAME_SHARE
        for number, (name, share) in enumerate(self.rows):
            top = number * tall
            painter.setPen(text)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(names) - 6)
            line = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
            painter.drawText(QRectF(0, top, names, tall), line, shown)
            groove = QRectF(names + 0.5, top + tall / 2 - 4.5, max(4.0, self.width() - names - figure - 8), 9)
            painter.setPen(QPen(style.line(palette), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(groove)
            # Even a trace stays visible: it is not the same as none.
            filled = QRectF(groove)
            filled.setWidth(max(2.0, groove.width() * min(1.0, share)))
            painter.fillRect(filled, ink)
            painter.setPen(text)
            room = QRectF(self.width() - figure - 4, top, figure + 4, tall)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), percent(share))


def _said(row: tuple[str, float]) -> tuple[str, str]:
    return row[0], percent(row[1])


def _titles() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "iucn_category": translate("AzeProtection", "By IUCN category"),
        "governance": translate("AzeProtection", "By governance"),
        "designation_type": translate("AzeProtection", "By designation"),
    }


def _name(value: str) -> str:
    """A value of the WDPA in the user's words, where it says that nothing is known; others as they are."""
    translate = QCoreApplication.translate
    return {
        "": translate("AzeProtection", "Not given"),
        "Not Reported": translate("AzeProtection", "Not reported"),
        "Not Assigned": translate("AzeProtection", "Not assigned"),
        "Not Applicable": translate("AzeProtection", "Not applicable"),
        "National": translate("AzeProtection", "National"),
        "Regional": translate("AzeProtection", "Regional"),
        "International": translate("AzeProtection", "International"),
    }.get(value, value)
