"""Rows of texts of unknown origin: a head, tags and a text that wraps, painted as plain text and in its own direction.

Nothing of such a text is taken for markup or for a link, and nothing in it can turn its neighbours round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from qgis.PyQt.QtCore import QPointF, QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPalette, QTextLayout, QTextOption
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from .. import style

# What turns the direction of text round or cannot be seen; marks of direction that belong to scripts stay.
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
# So much of a text is painted in a row; the whole is shown where it is chosen.
LONGEST = 600
_MARGIN, _GAP = 5, 2
_TAGS_APART = "   "
_ROW = Qt.ItemDataRole.UserRole + 1
_KEY = Qt.ItemDataRole.UserRole


def visible(text: str, most: int = 32_767) -> str:
    """A text fit to be shown: what cannot be seen in it becomes a mark that can, and line ends are line feeds."""
    said = _HIDDEN.sub("\ufffd", text[:most].replace("\r\n", "\n").replace("\r", "\n"))
    return f"{said}…" if len(text) > most else said


class Tag(NamedTuple):
    """A word with the mark of a state (see gui.style)."""

    word: str
    state: str = "empty"
    mark: str = ""


class Row(NamedTuple):
    """What a row says. ``below``: what others said of it."""

    head: str
    body: str = ""
    tags: Sequence[Tag] = ()
    below: Sequence[str] = ()
    italic: bool = False


class PlainRows(QTreeWidget):
    """One column of rows, in sections or without. ``key_of`` gives back what a row was added with."""

    def __init__(self, name: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setColumnCount(1)
        self.setHeaderHidden(True)
        self.setIndentation(12)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setUniformRowHeights(False)
        self.setAlternatingRowColors(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(120, 80)
        self.setItemDelegate(_Painter(self))

    def add_section(self, title: str, expanded: bool = True) -> QTreeWidgetItem:
        """A title under which rows are put."""
        item = QTreeWidgetItem(self, [visible(title, 200)])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setFont(0, style.scaled(self.font(), 1.0, bold=True))
        item.setExpanded(expanded)
        return item

    def add_row(self, row: Row, key: object = None, section: QTreeWidgetItem | None = None) -> QTreeWidgetItem:
        """A row at the end of a section, or of all."""
        item = QTreeWidgetItem(section if section is not None else self)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren)
        item.setData(0, _KEY, key)
        self.set_row(item, row)
        return item

    def set_row(self, item: QTreeWidgetItem, row: Row) -> None:
        """Let a row say something else."""
        shown = Row(
            visible(row.head, 300),
            visible(row.body, LONGEST),
            tuple(row.tags),
            tuple(visible(said, LONGEST) for said in row.below),
            row.italic,
        )
        item.setData(0, _ROW, shown)
        # For screen readers and for finding a row by typing.
        tags = ", ".join(tag.word for tag in shown.tags)
        item.setText(0, "; ".join(filter(None, (shown.head, shown.body, tags, *shown.below))))

    def row_of(self, item: QTreeWidgetItem) -> Row | None:
        """What a row says; None for a section."""
        return item.data(0, _ROW)

    def key_of(self, item: QTreeWidgetItem | None) -> object:
        """What a row was added with."""
        return None if item is None else item.data(0, _KEY)

    def rows(self) -> list[QTreeWidgetItem]:
        """All rows, of all sections, in their order."""
        found = []
        for n in range(self.topLevelItemCount()):
            top = self.topLevelItem(n)
            found += [top] if top.data(0, _ROW) is not None else [top.child(k) for k in range(top.childCount())]
        return found

    def filter(self, wanted) -> int:
        """Show the rows whose item ``wanted`` takes, and sections that have any; how many rows that is."""
        shown = 0
        for n in range(self.topLevelItemCount()):
            top = self.topLevelItem(n)
            items = [top] if top.data(0, _ROW) is not None else [top.child(k) for k in range(top.childCount())]
            kept = 0
            for item in items:
                fits = bool(wanted(item))
                item.setHidden(not fits)
                kept += fits
            if top.data(0, _ROW) is None:
                top.setHidden(not kept)
            shown += kept
        return shown

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        # Rows are as high as their text needs at the width that there is now.
        self.scheduleDelayedItemsLayout()

    def room(self, index) -> int:
        """Width in pixels that a row has."""
        depth = 1 if self.rootIsDecorated() else 0
        parent = index.parent()
        while parent.isValid():
            depth, parent = depth + 1, parent.parent()
        return max(60, self.viewport().width() - depth * self.indentation())


class _Painter(QStyledItemDelegate):
    """Paints a row, and makes it as high as it has to be."""

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:
        row = index.data(_ROW)
        if row is None:
            size = super().sizeHint(option, index)
            return QSize(size.width(), size.height() + 6)
        tree: PlainRows = self.parent()
        width = tree.room(index)
        return QSize(width, round(self._lay(None, row, option, width, None)) + 2 * _MARGIN)

    def paint(self, painter, option: QStyleOptionViewItem, index) -> None:
        row = index.data(_ROW)
        if row is None:
            super().paint(painter, option, index)
            return
        opt = QStyleOptionViewItem(option)
        self.initStyleOption(opt, index)
        opt.text = ""
        widget = opt.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, opt, painter, widget)
        painter.save()
        painter.setClipRect(option.rect)
        painter.translate(option.rect.left(), option.rect.top() + _MARGIN)
        self._lay(painter, row, option, option.rect.width(), opt)
        painter.setPen(style.line(option.palette))
        painter.drawLine(0, option.rect.height() - _MARGIN - 1, option.rect.width(), option.rect.height() - _MARGIN - 1)
        painter.restore()

    def _lay(self, painter, row: Row, option, width: int, opt) -> float:
        """Lay out, and with a painter paint; the height that it takes."""
        chosen = opt is not None and bool(opt.state & QStyle.StateFlag.State_Selected)
        palette = option.palette
        text = palette.color(QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text)
        quiet = text if chosen else style.muted(palette)
        small, plain = style.scaled(option.font, 0.92), QFont(option.font)
        room, y = width - 2 * _MARGIN, 0.0
        tag_line = _TAGS_APART.join(f"{_mark(tag)} {tag.word}" for tag in row.tags)
        tag_width = _advance(tag_line, small) + 2 if row.tags else 0
        # Tags stand beside the head where there is room for both, else below it.
        beside = bool(row.tags) and tag_width + 12 <= room * 0.62
        head_font = style.scaled(plain, 0.92 if row.body else 1.0, bold=not row.body)
        head_font.setItalic(row.italic)
        head_room = room - tag_width - 12 if beside else room
        height = _text(painter, row.head, head_font, QPointF(_MARGIN, y), head_room, text if not row.body else quiet)
        if beside:
            self._tags(painter, row.tags, small, room + _MARGIN - tag_width, y, text if chosen else None, palette)
            height = max(height, _height(small))
        y += height
        if row.tags and not beside:
            y += _GAP
            y += _text(painter, tag_line, small, QPointF(_MARGIN, y), room, quiet)
        if row.body:
            y += _GAP + _text(painter, row.body, plain, QPointF(_MARGIN, y + _GAP), room, text)
        for said in row.below:
            link = text if chosen else palette.color(QPalette.ColorRole.Link)
            y += _GAP + _text(painter, f"→ {said}", plain, QPointF(_MARGIN + 8, y + _GAP), room - 8, link)
        return y

    @staticmethod
    def _tags(painter, tags, font: QFont, x: float, y: float, chosen: QColor | None, palette: QPalette) -> None:
        """Marks in the colours of their states; words in that of quiet text, as some of those colours are pale."""
        if painter is None:
            return
        painter.setFont(font)
        high = round(_height(font))
        for tag in tags:
            for said, colour in (
                (f"{_mark(tag)} ", style.colour(tag.state, palette)),
                (f"{tag.word}{_TAGS_APART}", style.muted(palette)),
            ):
                wide = _advance(said, font)
                painter.setPen(chosen or colour)
                painter.drawText(QRect(round(x), round(y), wide + 2, high), int(Qt.AlignmentFlag.AlignVCenter), said)
                x += wide


def _mark(tag: Tag) -> str:
    return tag.mark or style.MARKS[tag.state]


def _text(painter, said: str, font: QFont, at: QPointF, room: float, colour: QColor) -> float:
    """Lay a text out in lines no wider than ``room``, also inside long words; paint it with a painter. Its height."""
    layout = QTextLayout(said.replace("\n", "\u2028"), font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    high = 0.0
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(20.0, room))
        line.setPosition(QPointF(0, high))
        high += line.height()
    layout.endLayout()
    if painter is not None:
        painter.setPen(colour)
        layout.draw(painter, at)
    return high


def _advance(said: str, font: QFont) -> int:
    return QFontMetrics(font).horizontalAdvance(said)


def _height(font: QFont) -> float:
    return QFontMetricsF(font).height()
