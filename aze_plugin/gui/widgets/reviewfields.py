"""The fields of a nomination under review, and the comments on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QShortcut, QSplitter, QVBoxLayout, QWidget

from ...services import figures
from .. import style
from ..review import Review
from . import reviewparts as parts
from .basics import FlowLayout, PageScroll, TextLabel, link
from .plainrows import PlainRows, Row, visible

_WHOLE = ""
_MOST_OPEN = 500


class Fields(QWidget):
    """Every field of the nomination by section; what is chosen is shown whole, with its comments and a box for one."""

    def __init__(self, review: Review, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._review = review
        self._items: dict[str, Any] = {}
        self._fields: dict[str, tuple[str, Any]] = {}
        self._pointer: str | None = None
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(translate("AzeReview", "Filter…"))
        self.search.setAccessibleName(translate("AzeReview", "Filter fields"))
        self.search.textChanged.connect(lambda _said: self._filter())
        self.only = QCheckBox(translate("AzeReview", "With comments"))
        self.only.toggled.connect(lambda _on: self._filter())
        filters = QHBoxLayout()
        filters.addWidget(self.search, 1)
        filters.addWidget(self.only)
        self.rows = PlainRows(translate("AzeReview", "Fields"))
        self.rows.currentItemChanged.connect(self._choose)

        self.label = TextLabel()
        self.label.setFont(style.scaled(self.font(), 1.0, bold=True))
        self.value = parts.box("", 84)
        self.value.setReadOnly(True)
        self.value.setAccessibleName(translate("AzeReview", "Value of the field"))
        self._said = QVBoxLayout()
        self._said.setSpacing(2)
        self.box = parts.box(translate("AzeReview", "Your comment on this field"), 76)
        self.box.textChanged.connect(self._show_button)
        self.add = parts.button(translate("AzeReview", "Add the comment"), self.commit)
        self.add.setToolTip(translate("AzeReview", "Also done when another field is chosen. Ctrl+Enter"))
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self.box)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(self.commit)
        inside = PageScroll()
        inside.layout_.setContentsMargins(0, 4, 0, 0)
        inside.layout_.setSpacing(4)
        inside.layout_.addWidget(self.label)
        inside.layout_.addWidget(self.value)
        inside.layout_.addLayout(self._said)
        inside.layout_.addWidget(self.box)
        row = FlowLayout()
        row.addWidget(self.add)
        inside.layout_.addLayout(row)
        inside.layout_.addStretch(1)
        self.pane = inside
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.rows)
        self.split.addWidget(self.pane)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addLayout(filters)
        layout.addWidget(self.split, 1)
        self._show_button()

    def show_fields(self, fresh: bool) -> None:
        """Show the review's fields; not ``fresh``: only the comments are others."""
        if fresh:
            self._fill()
        document = self._review.document
        for pointer, item in self._items.items():
            label, value = self._fields[pointer]
            self.rows.set_row(item, self._row(label, value, document["comments"].get(pointer, ())))
        self.rows.scheduleDelayedItemsLayout()
        self._filter()
        self._show_comments()

    def _fill(self) -> None:
        translate = QCoreApplication.translate
        document = self._review.document
        self.rows.blockSignals(True)
        self.rows.clear()
        self._items, self._fields = {}, {}
        whole = translate("AzeReview", "The nomination as a whole")
        self._put(_WHOLE, whole, "", None)
        known = set()
        left = parts.MOST_ROWS
        for section in document["sections"]:
            fields = section["fields"]
            if not left:
                break
            title = section["title"] or translate("AzeReview", "General")
            # Every row of an open section is measured: of a very long nomination only the first are open.
            top = self.rows.add_section(
                f"{title} ({figures.number(len(fields))})", parts.MOST_ROWS - left + len(fields) <= _MOST_OPEN
            )
            for entry in fields[:left]:
                known.add(entry["pointer"])
                self._put(entry["pointer"], entry["label"].removeprefix(f"{title}: "), entry["value"], top)
            left -= min(left, len(fields))
        more = sum(len(section["fields"]) for section in document["sections"]) - parts.MOST_ROWS
        if more > 0:
            rest = translate("AzeReview", "And {count} more, which the exported review lists.")
            self.rows.add_section(rest.format(count=figures.number(more)))
        lost = [pointer for pointer in document["comments"] if pointer not in known and pointer != _WHOLE]
        if lost:
            top = self.rows.add_section(translate("AzeReview", "Comments on fields that are not there"))
            for pointer in lost[: parts.MOST_ROWS]:
                self._put(pointer, pointer, "", top)
        self.rows.blockSignals(False)
        self.rows.setCurrentItem(self._items.get(self._pointer or _WHOLE, self._items[_WHOLE]))

    def _put(self, pointer: str, label: str, value: Any, section) -> None:
        # A hostile package may have a pointer twice: the first one is commented on.
        item = self.rows.add_row(self._row(label, value, ()), pointer, section)
        self._items.setdefault(pointer, item)
        self._fields.setdefault(pointer, (label, value))

    @staticmethod
    def _row(label: str, value: Any, comments: Sequence[Mapping[str, Any]]) -> Row:
        below = [" · ".join(filter(None, (said["text"], said["author"]))) for said in comments]
        return Row(label, "" if value == "" else parts.value(value), (), below)

    def reach(self, pointer: str) -> None:
        """Choose a field."""
        if pointer in self._items:
            self.rows.setCurrentItem(self._items[pointer])
            self.rows.scrollToItem(self._items[pointer])

    def commit(self) -> None:
        """Take over the comment that is being written."""
        said = self.box.toPlainText().strip()
        if said and self._pointer is not None:
            self.box.clear()
            self._review.comment(self._pointer, said)

    def _choose(self, item, _before=None) -> None:
        pointer = self.rows.key_of(item)
        if item is None or self.rows.row_of(item) is None or pointer is None:
            return
        if pointer != self._pointer:
            self.commit()
        self._pointer = pointer
        label, value = self._fields[pointer]
        self.label.setText(visible(label, 300))
        shown = parts.value(value) if value != "" else ""
        self.value.setPlainText(visible(shown))
        self.value.setVisible(bool(shown))
        self._show_comments()

    def _show_comments(self) -> None:
        translate = QCoreApplication.translate
        while self._said.count():
            row = self._said.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        document = self._review.document
        if document is None or self._pointer is None:
            return
        for n, said in enumerate(document["comments"].get(self._pointer, ())):
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            signed = ", ".join(filter(None, (said["author"], said["date"][:10])))
            line.addWidget(TextLabel(visible(f"→ {said['text']}\n{signed}", 4000)), 1)
            drop = link("✕", lambda n=n: self._remove(n), translate("AzeReview", "Remove the comment"))
            drop.setAccessibleName(translate("AzeReview", "Remove the comment"))
            line.addWidget(drop, 0, Qt.AlignmentFlag.AlignTop)
            self._said.addWidget(row)

    def _remove(self, number: int) -> None:
        # The row that was clicked is taken away only after its click is over.
        pointer = self._pointer
        QTimer.singleShot(0, lambda: self._review.remove_comment(pointer, number))

    def _show_button(self) -> None:
        self.add.setEnabled(bool(self.box.toPlainText().strip()))

    def _filter(self) -> None:
        words = self.search.text().casefold().split()

        def fits(item) -> bool:
            said = item.text(0).casefold()
            row = self.rows.row_of(item)
            return all(word in said for word in words) and (not self.only.isChecked() or bool(row and row.below))

        self.rows.filter(fits)
