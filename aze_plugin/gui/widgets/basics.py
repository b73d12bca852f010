"""Labels, links and a layout that behave in a narrow panel: they wrap or elide and never push the page wider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, QRect, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QPainter, QPalette
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .. import style

_NARROWEST = 60
# A page that is opened for the first time is laid out in several turns.
_FOLLOWED, _SETTLING_MS = 4, 60
# What stays in sight around a widget that is scrolled to, in pixels.
_BESIDE, _ABOVE = 8, 40
# Between the edge of a combo box's field and its text, in pixels.
_IN_FIELD = 2


class TextLabel(QLabel):
    """Plain text that wraps, also inside long words, and can be selected. ``muted`` lets it step back."""

    def __init__(self, text: str = "", muted: bool = False, parent: QWidget | None = None):
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(_NARROWEST)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._muted = muted
        self._recolour()
        self.setText(text)

    def setText(self, text: str) -> None:
        # A zero-width space after separators lets paths and compound names wrap.
        super().setText("".join(c + "\u200b" if c in "/\\_" else c for c in text))

    def plain(self) -> str:
        """The text as it was set."""
        return self.text().replace("\u200b", "")

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == event.Type.ApplicationPaletteChange:
            self._recolour()

    def _recolour(self) -> None:
        if self._muted:
            palette = QPalette(self.palette())
            palette.setColor(QPalette.ColorRole.WindowText, style.muted(QLabel().palette()))
            self.setPalette(palette)


class ElidedLabel(QLabel):
    """One line that is cut with an ellipsis where the room ends; the whole text is its tool tip then."""

    def __init__(self, text: str = "", mode=Qt.TextElideMode.ElideRight, parent: QWidget | None = None):
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(30)
        self.setText(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(30, super().minimumSizeHint().height())

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), self._mode, room.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)


class ShortCombo(QComboBox):
    """A list to choose from that may be narrower than what it holds: so many letters have room at least, and what is
    longer is cut with an ellipsis, where QGIS's styles would cut through a letter."""

    def __init__(self, letters: int = 8, parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(letters)

    def paintEvent(self, event) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        # Styles leave a margin at either side of the text.
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, field.width() - 2 * _IN_FIELD
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


def link(text: str, on_click: Callable[[], None], tip: str = "", parent: QWidget | None = None) -> QToolButton:
    """A quiet button that reads like a link: "zoom ▸"."""
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAutoRaise(True)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    palette = QPalette(button.palette())
    palette.setColor(QPalette.ColorRole.ButtonText, palette.color(QPalette.ColorRole.Link))
    button.setPalette(palette)
    button.clicked.connect(lambda: on_click())
    return button


def tool(mark: str, name: str) -> QToolButton:
    """A flat button that bears a mark; its name is its tool tip, and what is read aloud."""
    button = QToolButton()
    button.setText(mark)
    button.setAutoRaise(True)
    button.setToolTip(name)
    button.setAccessibleName(name)
    return button


class FlowLayout(QLayout):
    """Puts its items side by side and starts a new line where the room ends."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 4):
        super().__init__(parent)
        self._items = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int):
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int):
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self):
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        # An item that is wider than the panel is made narrower; it must not make the layouts round it reckon with more
        # room than there is, as they would then give what wraps too little height.
        return QSize(min(size.width(), _NARROWEST), size.height())

    def _arrange(self, rect: QRect, move: bool) -> int:
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint().boundedTo(QSize(max(1, rect.width()), item.sizeHint().height()))
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, row = rect.x(), y + row + self.spacing(), 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self.spacing()
            row = max(row, size.height())
        return y + row - rect.y()


def stops(widget: QWidget) -> Iterator[QWidget]:
    """What the tab key reaches inside a widget, in the order in which its layouts show it."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        yield from stops(widget.widget())
    elif widget.layout() is not None:
        yield from _stops_in(widget.layout())


def _stops_in(layout: QLayout) -> Iterator[QWidget]:
    for index in range(layout.count()):
        item = layout.itemAt(index)
        if item.widget() is not None:
            yield from stops(item.widget())
        elif item.layout() is not None:
            yield from _stops_in(item.layout())


def order_stops(widget: QWidget) -> None:
    """Let the tab key go through a widget as it is read, also where parts of it were made later than others."""
    found = list(stops(widget))
    for one, other in zip(found, found[1:]):
        QWidget.setTabOrder(one, other)


class PageScroll(QScrollArea):
    """Vertical scrolling only: what is inside has to fit the panel's width. ``layout_`` takes the page's widgets."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setMinimumWidth(0)
        inside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.layout_ = QVBoxLayout(inside)
        self.layout_.setContentsMargins(8, 8, 8, 8)
        self.layout_.setSpacing(8)
        self.setWidget(inside)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 80)

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll to a widget that has just been shown, and follow it while what is above it still gets its size; not
        once somebody scrolls."""
        QTimer.singleShot(0, lambda: self._follow(widget, _FOLLOWED, None))

    def _follow(self, widget: QWidget, times: int, before: int | None) -> None:
        if sip.isdeleted(self) or sip.isdeleted(widget) or not widget.isVisible():
            return
        bar = self.verticalScrollBar()
        if before is not None and bar.value() != before:
            return
        self.ensureWidgetVisible(widget, _BESIDE, _ABOVE)
        if times:
            place = bar.value()
            QTimer.singleShot(_SETTLING_MS, lambda: self._follow(widget, times - 1, place))
