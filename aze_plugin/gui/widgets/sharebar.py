"""Share bars: how much of a taxon is here, from low to high, against the threshold."""

from __future__ import annotations

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QStyle, QStyledItemDelegate, QWidget

from .. import style
from ..models.species import CELL_ROLE, SHARE_ROLE, Bar, Cell

_NARROWEST_BAR = 30
_WIDEST_TEXT = "100.0000 %"
# A cell has a ground of its own only where it is chosen or pointed at; the row's is painted by the view.
_LIT = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus
_GROUND = QStyle.PrimitiveElement.PE_PanelItemViewItem
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)


def paint_bar(painter: QPainter, rect: QRectF, bar: Bar, palette: QPalette, dimmed: bool = False) -> None:
    """Draw a bar into a rectangle: filled up to the best value, a whisker from low to high, a tick at the threshold.

    Met is filled, uncertain hatched, not met outlined, so that the outcome reads without colour.
    """
    state = style.state_of(bar.status)
    # A share below the threshold is the normal thing for a taxon, nothing to alarm about.
    ink = style.muted(palette) if dimmed or state in ("problem", "empty") else style.colour(state, palette)
    line = style.line(palette)
    height = min(10.0, rect.height() - 6)
    groove = QRectF(rect.left() + 0.5, rect.center().y() - height / 2, rect.width() - 1, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(groove, 2, 2)
    if bar.best is not None:
        filled = QRectF(groove)
        filled.setWidth(max(1.0, groove.width() * _clamped(bar.best)))
        fill = QColor(ink)
        painter.setPen(QPen(ink, 1))
        if state == "work":
            painter.setBrush(fill)
            painter.setOpacity(0.25)
            painter.drawRoundedRect(filled, 2, 2)
            painter.setOpacity(1.0)
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
        else:
            fill.setAlpha(200 if state == "fine" and not dimmed else 90)
            painter.setBrush(fill)
        painter.drawRoundedRect(filled, 2, 2)
        if bar.low is not None and bar.high is not None and bar.high > bar.low:
            _paint_whisker(painter, groove, bar, palette)
    if bar.threshold is not None:
        tick = groove.left() + groove.width() * _clamped(bar.threshold)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1.4))
        painter.drawLine(QPointF(tick, groove.top() - 3), QPointF(tick, groove.bottom() + 3))
    painter.restore()


class ShareBarDelegate(QStyledItemDelegate):
    """Paints the Bar that a model gives under SHARE_ROLE, and its percentage beside it; other cells as usual.

    A model that gives all of a cell under CELL_ROLE has it painted at once: asking for font, ground, alignment and text
    one by one, as is usual, takes longer than a frame where cells are many.
    """

    def paint(self, painter, option, index):
        cell = index.data(CELL_ROLE)
        if cell is None:
            bar = index.data(SHARE_ROLE)
            if bar is None:
                super().paint(painter, option, index)
                return
            cell = Cell(None, None, index.data(Qt.ItemDataRole.ForegroundRole) is not None, False, bar)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if option.state & _LIT:
            option.widget.style().drawPrimitive(_GROUND, option, painter, option.widget)
        if cell.bar is not None:
            self._paint_bar(painter, option, cell, chosen)
        elif cell.text:
            self._paint_text(painter, option, cell, chosen)

    def _paint_bar(self, painter, option, cell, chosen: bool) -> None:
        palette = option.palette
        if chosen:
            palette = QPalette(option.palette)
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText):
                palette.setColor(role, option.palette.color(QPalette.ColorRole.HighlightedText))
            palette.setColor(QPalette.ColorRole.Window, option.palette.color(QPalette.ColorRole.Highlight))
        painter.setFont(option.font)
        room = QRectF(option.rect).adjusted(4, 0, -4, 0)
        paint_bar_and_text(painter, room, cell.bar, palette, cell.faded and not chosen)

    def _paint_text(self, painter, option, cell, chosen: bool) -> None:
        group = QPalette.ColorGroup.Active
        if cell.faded and not chosen:
            group = QPalette.ColorGroup.Disabled
        elif not option.state & QStyle.StateFlag.State_Active:
            group = QPalette.ColorGroup.Inactive
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        painter.setPen(option.palette.color(group, role))
        painter.setFont(cell.font or option.font)
        room = option.rect.adjusted(3, 0, -3, 0)
        align = _RIGHT if cell.right else _LEFT
        if option.direction == Qt.LayoutDirection.RightToLeft:
            align = int(QStyle.visualAlignment(option.direction, Qt.Alignment(align)))
        text, metrics = cell.text, painter.fontMetrics()
        if metrics.horizontalAdvance(text) > room.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, align, text)

    def sizeHint(self, option, index):
        size = super().sizeHint(option, index)
        if index.data(SHARE_ROLE) is not None:
            size.setWidth(_NARROWEST_BAR + 40 + option.fontMetrics.horizontalAdvance(_WIDEST_TEXT))
        size.setHeight(max(size.height(), option.fontMetrics.height() + 6))
        return size


class ShareBar(QWidget):
    """One bar with its percentage as a widget of its own."""

    def __init__(self, bar: Bar, dimmed: bool = False, parent: QWidget | None = None):
        super().__init__(parent)
        self._bar = bar
        self._dimmed = dimmed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)
        self.setAccessibleName(f"{bar.text}, {style.word(bar.status)}")

    def sizeHint(self):
        return QSize(160, self.fontMetrics().height() + 8)

    def minimumSizeHint(self):
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, event):
        painter = QPainter(self)
        paint_bar_and_text(painter, QRectF(self.rect()), self._bar, self.palette(), self._dimmed)


def paint_bar_and_text(painter: QPainter, rect: QRectF, bar: Bar, palette: QPalette, dimmed: bool) -> None:
    """A bar with its percentage at the right; the text alone where there is no room or nothing to draw."""
    metrics = painter.fontMetrics()
    text = metrics.horizontalAdvance(bar.text)
    # One text width for all rows, so that the bars are of equal length and can be compared.
    room = max(text, metrics.horizontalAdvance("100.0 %"))
    drawn = bar.best is not None and rect.width() - room - 6 >= _NARROWEST_BAR
    if drawn:
        paint_bar(
            painter, QRectF(rect.left(), rect.top(), rect.width() - room - 6, rect.height()), bar, palette, dimmed
        )
    painter.setPen(style.muted(palette) if dimmed else palette.color(QPalette.ColorRole.Text))
    align = Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if drawn else Qt.AlignmentFlag.AlignLeft)
    shown = metrics.elidedText(bar.text, Qt.TextElideMode.ElideRight, int(rect.width()))
    painter.drawText(rect, int(align), shown)


def _paint_whisker(painter: QPainter, groove: QRectF, bar: Bar, palette: QPalette) -> None:
    left = groove.left() + groove.width() * _clamped(bar.low)
    right = groove.left() + groove.width() * _clamped(bar.high)
    middle = groove.center().y()
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1))
    painter.drawLine(QPointF(left, middle), QPointF(right, middle))
    for end in (left, right):
        painter.drawLine(QPointF(end, middle - 3), QPointF(end, middle + 3))


def _clamped(share: float) -> float:
    return min(1.0, max(0.0, share))
