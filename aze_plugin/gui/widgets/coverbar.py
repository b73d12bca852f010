"""The cover bar: protected, conserved by other means, unprotected; told apart by pattern as well as by colour."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ...services.figures import percent
from .. import style
from .basics import FlowLayout

_HEIGHT = 20


class CoverBar(QWidget):
    """Bar of protected areas (filled), OECMs outside them (hatched) and the unprotected rest (empty), with a key that
    tells the figure of both together too.

    Shares are fractions 0 to 1; None for a site that could not be measured, which draws no bar at all.
    """

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._strip = _Strip()
        self._keys = [_Key(kind) for kind in ("pa", "oecm", "both", "rest")]
        keys = QWidget()
        flow = FlowLayout(keys, spacing=8)
        for key in self._keys:
            flow.addWidget(key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._strip)
        layout.addWidget(keys)

    def set_shares(self, pa: float | None, oecm: float | None, dimmed: bool = False) -> None:
        """Show a site's shares; ``dimmed`` for those of an earlier boundary."""
        translate = QCoreApplication.translate
        known = pa is not None and oecm is not None
        self.setVisible(known)
        if not known:
            return
        rest = max(0.0, 1.0 - pa - oecm)
        self._strip.show_shares((pa, oecm), dimmed)
        texts = (
            translate("AzeProtection", "Protected areas {share}").format(share=percent(pa)),
            translate("AzeProtection", "OECMs {share}").format(share=percent(oecm)),
            translate("AzeProtection", "Both {share}").format(share=percent(min(1.0, pa + oecm))),
            translate("AzeProtection", "Unprotected {share}").format(share=percent(rest)),
        )
        for key, text in zip(self._keys, texts):
            key.show_text(text, dimmed)
        self.setAccessibleName(", ".join(texts))


class _Strip(QWidget):
    def __init__(self):
        super().__init__()
        self._shares, self._dimmed = (0.0, 0.0), False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_shares(self, shares: tuple[float, float], dimmed: bool) -> None:
        self._shares, self._dimmed = shares, dimmed
        self.update()

    def sizeHint(self):
        return QSize(200, _HEIGHT)

    def paintEvent(self, event):
        painter = QPainter(self)
        left, width = 0.5, self.width() - 1.0
        for kind, share in zip(("pa", "oecm"), self._shares):
            part = width * min(1.0, max(0.0, share))
            if part > 0:
                # Even a sliver of cover stays visible: it is not the same as none.
                part = max(2.0, part)
                _paint_part(painter, QRectF(left, 0.5, part, _HEIGHT - 1), kind, self.palette(), self._dimmed)
                left += part
        painter.setPen(QPen(style.muted(self.palette()), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(0.5, 0.5, width, _HEIGHT - 1))


class _Key(QWidget):
    def __init__(self, kind: str):
        super().__init__()
        self._kind, self._text, self._dimmed = kind, "", False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, dimmed: bool) -> None:
        self._text, self._dimmed = text, dimmed
        self.updateGeometry()
        self.update()

    def sizeHint(self):
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + 22, self.fontMetrics().height() + 2)

    def minimumSizeHint(self):
        return self.sizeHint()

    def paintEvent(self, event):
        painter = QPainter(self)
        box = QRectF(0.5, (self.height() - 11) / 2, 14, 11)
        if self._kind == "both":
            for kind, left in (("pa", 0.5), ("oecm", 7.5)):
                half = QRectF(left, box.top(), 7, box.height())
                _paint_part(painter, half, kind, self.palette(), self._dimmed)
        else:
            _paint_part(painter, box, self._kind, self.palette(), self._dimmed)
        painter.setPen(QPen(style.muted(self.palette()), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        if self._dimmed:
            painter.setPen(style.muted(self.palette()))
        else:
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect().adjusted(20, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), self._text)


def _paint_part(painter: QPainter, rect: QRectF, kind: str, palette: QPalette, dimmed: bool) -> None:
    if kind == "rest":
        return
    ink = style.muted(palette) if dimmed else QColor(style.GREEN if kind == "pa" else style.SKY)
    if not dimmed and style.is_dark(palette):
        ink = ink.lighter(115)
    painter.setPen(Qt.PenStyle.NoPen)
    if kind == "pa":
        painter.fillRect(rect, ink)
        return
    pale = QColor(ink)
    pale.setAlpha(70)
    painter.fillRect(rect, pale)
    painter.fillRect(rect, QBrush(palette.color(QPalette.ColorRole.WindowText), Qt.BrushStyle.BDiagPattern))
