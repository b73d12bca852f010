"""Land cover inside a boundary against the ring around it: a pair of bars for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFont, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...services.figures import number, percent
from .. import style

_MOST_CLASSES = 8
# From this width on names stand beside the bars, below it above them.
_WIDE = 300
_NAME_SHARE = 0.36
_GAP = 3
_SWATCH = 9


@dataclass(frozen=True)
class Mix:
    """One class: its name, its colour on the map (``""`` for none), and its shares (0 to 1) inside and in the ring."""

    name: str
    colour: str
    inside: float
    ring: float

    def said(self) -> str:
        """The class in words."""
        return QCoreApplication.translate("AzeMixChart", "{name}: {inside} inside, {ring} around").format(
            name=self.name, inside=percent(self.inside), ring=percent(self.ring)
        )


def mixes(classes: Sequence[dict[str, Any]]) -> list[Mix]:
    """The classes of a check's evidence, those with most land first; of many the smallest are taken together."""
    found = [Mix(c["name"], c.get("color", ""), c["inside"], c["ring"]) for c in classes if c["inside"] or c["ring"]]
    found.sort(key=lambda mix: -max(mix.inside, mix.ring))
    if len(found) <= _MOST_CLASSES:
        return found
    rest = found[_MOST_CLASSES - 1 :]
    name = QCoreApplication.translate("AzeMixChart", "{count} other classes").format(count=number(len(rest)))
    return [
        *found[: _MOST_CLASSES - 1],
        Mix(name, "", sum(mix.inside for mix in rest), sum(mix.ring for mix in rest)),
    ]


class MixChart(QWidget):
    """Bars for inside are filled, bars for the ring hatched, and each has its percentage: it reads without colour."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._mixes: list[Mix] = []
        self._dimmed = False
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(120)

    def set_classes(self, classes: Sequence[dict[str, Any]], dimmed: bool = False) -> None:
        """Show classes (``name``, ``color``, ``inside``, ``ring``); ``dimmed`` for those of an earlier boundary."""
        self._mixes, self._dimmed = mixes(classes), dimmed
        said = QCoreApplication.translate("AzeMixChart", "Land cover inside and around: {classes}.")
        self.setAccessibleName(said.format(classes="; ".join(mix.said() for mix in self._mixes)))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._key_height() + len(self._mixes) * self._row_height(width)

    def sizeHint(self) -> QSize:
        return QSize(260, self.heightForWidth(260))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(120, self.width())))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if (event.size().width() < _WIDE) != (event.oldSize().width() < _WIDE):
            self.updateGeometry()

    def event(self, event) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            row = (event.pos().y() - self._key_height()) // self._row_height(self.width())
            inside = 0 <= row < len(self._mixes) and event.pos().y() >= self._key_height()
            QToolTip.showText(event.globalPos(), self._mixes[row].said() if inside else "", self)
            return True
        return super().event(event)

    # ------------------------------------------------------------------------------------------------- drawing

    def _small(self) -> QFont:
        return style.scaled(self.font(), 0.9)

    def _bar_height(self) -> int:
        return max(11, round(0.95 * self.fontMetrics().ascent()))

    def _row_height(self, width: int) -> int:
        bars = 2 * self._bar_height() + _GAP
        return bars + 3 * _GAP + (0 if width >= _WIDE else self.fontMetrics().height() + 1)

    def _key_height(self) -> int:
        return self.fontMetrics().height() + 2 * _GAP

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_key(painter)
        top, height = self._key_height(), self._row_height(self.width())
        for row, mix in enumerate(self._mixes):
            self._paint_row(painter, mix, QRectF(0, top + row * height, self.width(), height))

    def _ink(self) -> QColor:
        if self._dimmed:
            return style.muted(self.palette())
        return QColor(style.SKY if style.is_dark(self.palette()) else style.BLUE)

    def _text(self) -> QColor:
        if self._dimmed:
            return style.muted(self.palette())
        return self.palette().color(QPalette.ColorRole.WindowText)

    def _paint_key(self, painter: QPainter) -> None:
        translate = QCoreApplication.translate
        left, height = 0.5, self.fontMetrics().height()
        for is_ring, text in (
            (False, translate("AzeMixChart", "inside")),
            (True, translate("AzeMixChart", "around")),
        ):
            box = QRectF(left, (height - 11) / 2, 14, 11)
            self._paint_bar(painter, box, is_ring)
            painter.setPen(style.muted(self.palette()))
            room = QRectF(left + 19, 0, max(0.0, self.width() - left - 19), height)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)
            left += 19 + self.fontMetrics().horizontalAdvance(text) + 12

    def _paint_row(self, painter: QPainter, mix: Mix, rect: QRectF) -> None:
        wide = rect.width() >= _WIDE
        name = QRectF(rect.left(), rect.top(), rect.width(), self.fontMetrics().height())
        bars = QRectF(rect.left(), name.bottom() + 1, rect.width(), rect.height())
        if wide:
            name.setWidth(rect.width() * _NAME_SHARE)
            name.setHeight(2 * self._bar_height() + _GAP)
            bars = QRectF(name.right() + 6, rect.top(), rect.right() - name.right() - 6, rect.height())
        self._paint_name(painter, mix, name)
        painter.setFont(self._small())
        percent_width = painter.fontMetrics().horizontalAdvance(percent(0.9999))
        for n, (share, is_ring) in enumerate(((mix.inside, False), (mix.ring, True))):
            top = bars.top() + n * (self._bar_height() + _GAP)
            groove = QRectF(bars.left() + 0.5, top + 0.5, bars.width() - percent_width - 6, self._bar_height() - 1)
            painter.setPen(QPen(style.line(self.palette()), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(groove)
            if share > 0:
                bar = QRectF(groove)
                # Even a trace stays visible: it is not the same as none.
                bar.setWidth(max(2.0, groove.width() * min(1.0, share)))
                self._paint_bar(painter, bar, is_ring)
            room = QRectF(groove.right() + 4, top - 2, percent_width + 2, self._bar_height() + 4)
            painter.setPen(self._text())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), percent(share))
        painter.setFont(self.font())

    def _paint_name(self, painter: QPainter, mix: Mix, rect: QRectF) -> None:
        left = rect.left()
        colour = QColor(mix.colour)
        if mix.colour and colour.isValid():
            painter.setPen(QPen(style.line(self.palette()), 1))
            painter.setBrush(colour)
            painter.drawRect(QRectF(left + 0.5, rect.center().y() - _SWATCH / 2, _SWATCH, _SWATCH))
        left += _SWATCH + 5
        room = QRectF(left, rect.top(), max(0.0, rect.right() - left), rect.height())
        painter.setPen(self._text())
        shown = self.fontMetrics().elidedText(mix.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _paint_bar(self, painter: QPainter, rect: QRectF, is_ring: bool) -> None:
        ink = self._ink()
        painter.setPen(QPen(ink, 1))
        if is_ring:
            pale = QColor(ink)
            pale.setAlpha(50)
            painter.fillRect(rect, pale)
            painter.setBrush(QBrush(self._text(), Qt.BrushStyle.BDiagPattern))
        else:
            painter.setBrush(ink)
        painter.drawRect(rect)
