"""Shares with their whiskers: low to high round the best value, on one scale from 0 to 100 %, against the threshold."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QBrush, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...services.figures import percent
from .. import style
from ..models import species
from ..models.species import Bar
from .basics import TextLabel

_TRACK_PX = 16
_DOT = 4.5


class Whisker(QWidget):
    """Draws one share: a line from low to high, a dot at the best value, a line at the threshold.

    The dot is full for met, half for uncertain and empty for not met, so that the outcome reads without colour.
    """

    def __init__(self, bar: Bar, dimmed: bool = False, parent: QWidget | None = None):
        super().__init__(parent)
        self._bar, self._dimmed = bar, dimmed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        parts = (bar.text, _bounds(bar), style.word(bar.status))
        self.setAccessibleName(", ".join(part for part in parts if part))

    def sizeHint(self) -> QSize:
        return QSize(160, _TRACK_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, _TRACK_PX)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, bar = self.palette(), self._bar
        track = QRectF(self.rect()).adjusted(_DOT + 1, 0, -_DOT - 1, 0)
        middle = track.center().y()
        state = style.state_of(bar.status)
        text = palette.color(QPalette.ColorRole.Text)
        quiet = self._dimmed or state in ("problem", "empty")
        ink = style.muted(palette) if quiet else style.colour(state, palette)

        def at(share: float) -> float:
            return track.left() + track.width() * min(1.0, max(0.0, share))

        painter.setPen(QPen(style.line(palette), 1))
        painter.drawLine(QPointF(track.left(), middle), QPointF(track.right(), middle))
        for end in (0.0, 0.5, 1.0):
            painter.drawLine(QPointF(at(end), middle - 3), QPointF(at(end), middle + 3))
        if bar.threshold is not None:
            painter.setPen(QPen(style.muted(palette) if self._dimmed else text, 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(at(bar.threshold), 0), QPointF(at(bar.threshold), self.height()))
        if bar.best is None:
            return
        if bar.low is not None and bar.high is not None and bar.high > bar.low:
            painter.setPen(QPen(ink, 2.4))
            painter.drawLine(QPointF(at(bar.low), middle), QPointF(at(bar.high), middle))
            for end in (bar.low, bar.high):
                painter.drawLine(QPointF(at(end), middle - 4), QPointF(at(end), middle + 4))
        dot = QRectF(at(bar.best) - _DOT, middle - _DOT, 2 * _DOT, 2 * _DOT)
        painter.setPen(QPen(ink, 1.6))
        painter.setBrush(QBrush(ink) if state == "fine" else QBrush(style.ground(palette)))
        painter.drawEllipse(dot)
        if state == "work":
            painter.setBrush(QBrush(ink))
            painter.drawPie(dot, 90 * 16, 180 * 16)


class ShareRow(QWidget):
    """One share: what of (the deciding one marked), the figure, the whisker, and the values behind it."""

    def __init__(self, title: str, bar: Bar, said: str, decides: bool = False, dimmed: bool = False):
        super().__init__()
        self.name = TextLabel(f"{species.DECIDES} {title}" if decides else title)
        self.figure = QLabel(bar.text)
        if decides:
            for label in (self.name, self.figure):
                label.setFont(style.scaled(self.font(), 1.0, bold=True))
        if dimmed:
            for label in (self.name, self.figure):
                palette = QPalette(label.palette())
                palette.setColor(QPalette.ColorRole.WindowText, style.muted(palette))
                label.setPalette(palette)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.name, 1)
        head.addWidget(self.figure)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(Whisker(bar, dimmed))
        bounds = _bounds(bar)
        self.said = TextLabel(f"{said} {bounds}".strip(), muted=True)
        layout.addWidget(self.said)


def share_row(entry: dict[str, Any], share: dict[str, Any], threshold: float, dimmed: bool) -> ShareRow:
    """The row of one of a taxon's shares."""
    basis = species.basis_word(share.get("basis", ""))
    said = species.share_sentence(share, threshold, with_bounds=False)
    return ShareRow(
        species.share_name(share),
        species.bar_of(entry, share, threshold),
        f"{basis[:1].upper()}{basis[1:]}: {said}" if basis else said,
        bool(share.get("deciding")),
        dimmed,
    )


def _bounds(bar: Bar) -> str:
    """The low and the high value where they differ from the best."""
    if bar.best is None or percent(bar.low) == bar.text == percent(bar.high):
        return ""
    said = QCoreApplication.translate("AzeCriteria", "Low {low}, high {high}.")
    return said.format(low=percent(bar.low), high=percent(bar.high))
