"""A slim rail of sections: number, mark of the state, and, where there is room, the title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qgis.PyQt.QtCore import QRect, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QFontMetrics, QPainter, QPalette
from qgis.PyQt.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from .. import style

_SLIM, _WIDE, _WIDEST = 40, 148, 196
_LEAST_HEIGHT, _HEIGHT = 18, 31
# Of a line beside its title: number, mark and what is between.
_ROUND = 48


class Entry(NamedTuple):
    """A section: its key, title, state (see gui.style), and a few words on the state such as "2 of 3"."""

    key: str
    title: str
    state: str
    said: str = ""


class SectionRail(QWidget):
    """``chosen`` carries the key of the section that was clicked. The first entry has no number: it is the overview."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, SectionButton] = {}
        self._wide = False
        # Of the longest title there is, in pixels.
        self._longest = 0
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show sections in their order; those that are there already keep their buttons."""
        wanted = {entry.key: entry for entry in entries}
        for key in set(self._buttons) - set(wanted):
            button = self._buttons.pop(key)
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        metrics = QFontMetrics(style.scaled(self.font(), 0.9))
        self._longest = max((metrics.horizontalAdvance(entry.title) for entry in entries), default=0)
        for n, entry in enumerate(entries):
            button = self._buttons.get(entry.key)
            if button is None:
                button = SectionButton(self)
                button.clicked.connect(lambda _checked, key=entry.key: self.chosen.emit(key))
                button.wide = self._wide
                self._group.addButton(button)
                self._buttons[entry.key] = button
            if self._layout.indexOf(button) != n:
                self._layout.removeWidget(button)
                self._layout.insertWidget(n, button)
            button.show_entry(n, entry)
        self._give_room()

    def set_current(self, key: str) -> None:
        """Mark the section that is shown."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def set_wide(self, wide: bool) -> None:
        """Show titles, or numbers and marks alone."""
        if wide != self._wide:
            self._wide = wide
            for button in self._buttons.values():
                button.wide = wide
            self._give_room()

    def _give_room(self) -> None:
        """Let the titles stand in full, as far as that leaves room for the form."""
        across = min(_WIDEST, max(_WIDE, self._longest + _ROUND)) if self._wide else _SLIM
        for button in self._buttons.values():
            if button.across != across:
                button.across = across
                button.updateGeometry()
                button.update()
        self.updateGeometry()

    def button(self, key: str) -> QAbstractButton:
        """The button of a section. Raises KeyError."""
        return self._buttons[key]

    def state(self, key: str) -> str:
        """State of a section as it is shown. Raises KeyError."""
        return self._buttons[key].entry.state


class SectionButton(QAbstractButton):
    """A section as a line: number, title where it is ``wide``, mark of its state; ``full`` fills the width there is
    and says how far it is as well."""

    def __init__(self, parent: QWidget, full: bool = False):
        super().__init__(parent)
        self.full = full
        self.setCheckable(not full)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        across = QSizePolicy.Policy.Ignored if full else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.wide = full
        self.across = _SLIM
        self.number = 0
        self.entry = Entry("", "", "empty")
        self._font = style.scaled(self.font(), 0.9)

    def show_entry(self, number: int, entry: Entry) -> None:
        self.number, self.entry = number, entry
        self.setText(entry.title)
        said = f"{entry.title}: {entry.said or style.state_word(entry.state)}"
        self.setToolTip(said)
        self.setAccessibleName(f"{said} ({style.state_word(entry.state)})")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.across, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        if self.full:
            return QSize(60, 26)
        return QSize(self.across, _LEAST_HEIGHT)

    def enterEvent(self, event) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        palette = self.palette()
        highlight = palette.color(QPalette.ColorRole.Highlight)
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        if self.isChecked() or self.underMouse():
            ground = QColor(highlight)
            ground.setAlpha(60 if self.isChecked() else 26)
            painter.fillRect(self.rect(), ground)
        if self.isChecked():
            painter.fillRect(self._mirrored(QRect(0, 0, 3, self.height()), right_to_left), highlight)
        if self.hasFocus():
            painter.setPen(highlight)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setFont(self._font)
        centre = int(Qt.AlignmentFlag.AlignCenter)
        mark = self._mirrored(QRect(self.width() - 20, 0, 18, self.height()), right_to_left)
        painter.setPen(style.muted(palette))
        if self.number:
            number = self._mirrored(QRect(4, 0, 16, self.height()), right_to_left)
            painter.drawText(number, centre, str(self.number))
        elif not self.wide:
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            painter.drawText(self._mirrored(QRect(4, 0, 16, self.height()), right_to_left), centre, "≡")
        if self.wide:
            left = 44
            if self.full:
                painter.setPen(style.muted(palette))
                said = painter.fontMetrics().horizontalAdvance(self.entry.said) + 6
                left += said
                place = self._mirrored(QRect(self.width() - 22 - said, 0, said, self.height()), right_to_left)
                painter.drawText(place, centre, self.entry.said)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            room = self._mirrored(QRect(22, 0, self.width() - left, self.height()), right_to_left)
            title = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
            # Where the language runs from the right, the painter takes left for right by itself.
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), title)
        painter.setPen(style.colour(self.entry.state, palette))
        painter.drawText(mark, centre, style.MARKS[self.entry.state])

    def _mirrored(self, rect: QRect, right_to_left: bool) -> QRect:
        if right_to_left:
            rect.moveLeft(self.width() - rect.right() - 1)
        return rect
