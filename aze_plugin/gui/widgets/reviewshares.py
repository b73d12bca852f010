"""The shares of a package under review: claimed, recomputed, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QHeaderView,
    QStyledItemDelegate,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...services import figures, vocabulary
from .. import style
from . import reviewparts as parts
from .basics import TextLabel
from .plainrows import visible

_NARROW = 520
_STATE = Qt.ItemDataRole.UserRole + 1


class Shares(QWidget):
    """The shares as claimed and as recomputed, those that differ first."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.only = QCheckBox(translate("AzeReview", "Only what differs"))
        self.only.toggled.connect(lambda _on: self._filter())
        self.note = TextLabel(muted=True)
        self.table = QTreeWidget()
        self.table.setAccessibleName(translate("AzeReview", "Shares, claimed and recomputed"))
        self.table.setRootIsDecorated(False)
        self.table.setAlternatingRowColors(True)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setHeaderLabels(
            [
                translate("AzeReview", "Species"),
                translate("AzeReview", "Claimed"),
                translate("AzeReview", "Here"),
                translate("AzeReview", "Differ."),
                "",
            ]
        )
        header = self.table.headerItem()
        header.setToolTip(2, translate("AzeReview", "Recomputed with your species library"))
        header.setToolTip(3, translate("AzeReview", "Difference in percentage points"))
        for column in (1, 2, 3):
            header.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        view = self.table.header()
        view.setStretchLastSection(False)
        view.setMinimumSectionSize(28)
        view.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3, 4):
            view.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.only)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        self.table.setItemDelegate(_Coloured(self.table))
        self._shares: Sequence[Mapping[str, Any]] = ()
        self._narrow = False

    def show_shares(self, shares: Sequence[Mapping[str, Any]]) -> None:
        """Show the shares of a review."""
        translate = QCoreApplication.translate
        order = list(parts.CLASSES)
        self._shares = sorted(shares, key=lambda s: (order.index(s["class"]), s["scientific_name"]))[: parts.MOST_ROWS]
        self.note.setText("")
        if not shares:
            self.note.setText(translate("AzeReview", "The package has no shares that can be read."))
        elif len(shares) > parts.MOST_ROWS:
            rest = translate("AzeReview", "And {count} more, which the exported review lists.")
            self.note.setText(rest.format(count=figures.number(len(shares) - parts.MOST_ROWS)))
        self._fill()

    def _fill(self) -> None:
        self.table.clear()
        narrow = self._narrow = self.width() < _NARROW
        words = parts.class_words()
        for share in self._shares:
            state = parts.CLASSES[share["class"]]
            by = f"{vocabulary.word('parameter', share['parameter'])}, {vocabulary.word('segment', share['segment'])}"
            mark = style.MARKS[state]
            item = QTreeWidgetItem(
                [
                    f"{visible(share['scientific_name'], 120)}\n{visible(by, 80)}",
                    parts.share(share["claimed"]),
                    parts.share(share["recomputed"]),
                    parts.points(share["difference"]) if share["class"] in ("differs", "rounding") else "",
                    mark if narrow else f"{mark} {words[share['class']]}",
                ]
            )
            for column in (1, 2, 3):
                item.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            item.setToolTip(4, words[share["class"]])
            item.setData(4, Qt.ItemDataRole.AccessibleTextRole, words[share["class"]])
            item.setData(0, Qt.ItemDataRole.UserRole, share["class"])
            for column in range(5):
                item.setData(column, _STATE, state)
            if share["class"] == "differs":
                bold = style.scaled(self.font(), 1.0, bold=True)
                for column in (2, 3):
                    item.setFont(column, bold)
            self.table.addTopLevelItem(item)
        self._filter()

    def _filter(self) -> None:
        for n in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(n)
            item.setHidden(self.only.isChecked() and item.data(0, Qt.ItemDataRole.UserRole) != "differs")

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if self._narrow != (self.width() < _NARROW):
            self._fill()


class _Coloured(QStyledItemDelegate):
    """Paints the mark in its state's colour, and the ground of what differs; style sheets of themes paint neither."""

    def paint(self, painter, option, index) -> None:
        state = index.data(_STATE)
        if state == "problem":
            ground = QColor(style.colour(state, option.palette))
            ground.setAlpha(42)
            painter.fillRect(option.rect, ground)
        if index.column() != 4:
            super().paint(painter, option, index)
            return
        mark, _, word = str(index.data()).partition(" ")
        painter.save()
        painter.setPen(style.colour(state, option.palette))
        room = option.rect.adjusted(6, 0, -2, 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), mark)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        room.setLeft(room.left() + option.fontMetrics.horizontalAdvance(f"{mark} "))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), word)
        painter.restore()

    def sizeHint(self, option, index):
        size = super().sizeHint(option, index)
        if index.column() == 4:
            size.setWidth(size.width() + 10)
        return size
