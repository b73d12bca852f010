"""Terms of a classification, chosen from its tree by typing: one choice gives all levels that a nomination writes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QEvent, QRect, QSize, QSortFilterProxyModel, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QPalette, QStandardItem, QStandardItemModel
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QTreeView,
    QWidget,
)

from ...domain.sites import folded
from ...services.classifications import classification, terms
from .. import style
from .basics import link
from .editors import watch
from .searchpopup import SearchPopup

Levels = tuple  # of str | None, from the general to the particular

_CODE = Qt.ItemDataRole.UserRole + 1
_WORDS = Qt.ItemDataRole.UserRole + 2
_WRITTEN = Qt.ItemDataRole.UserRole + 3
_NUMBER = re.compile(r"\d+(?:\.\d+)*\.?")
# A term that the list may lack, with its number: "8.1.9 Something".
_OWN_TERM = re.compile(r"(\d+(?:\.\d+)+)\s+(\S.*)")
_FEW = 40


def levels_of(name: str, code: str, depth: int) -> Levels:
    """A term of a classification with all terms above it, as a nomination writes them; None for levels below it."""
    parts = code.split(".")
    written = [terms(name).get(".".join(parts[: n + 1])) for n in range(len(parts))]
    return tuple((written + [None] * depth)[:depth])


class VocabPopup(SearchPopup):
    """The tree of a classification. ``picked`` carries the levels (see ``levels_of``) of what was chosen.

    ``others``: further values of the first level that are no terms of it, such as "None". A number with words that the
    list does not have can be written as it is: newer releases of a classification have more terms.
    """

    picked = pyqtSignal(tuple)

    def __init__(self, name: str, depth: int, others: Sequence[str], parent: QWidget):
        self._name, self._depth = name, depth
        self._model = QStandardItemModel()
        for other in others:
            self._model.appendRow(_item(other, "", folded(other), (other,)))
        for entry in classification(name)["terms"]:
            self._model.appendRow(self._branch(entry, ""))
        self._proxy = _TermFilter()
        self._proxy.setSourceModel(self._model)
        tree = QTreeView()
        tree.setModel(self._proxy)
        tree.setHeaderHidden(True)
        tree.setWordWrap(True)
        tree.setUniformRowHeights(False)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        super().__init__(tree, QCoreApplication.translate("AzeForm", "Number or words…"), parent)
        self._proxy.setParent(self)
        self._model.setParent(self)
        tree.setAccessibleName(classification(name)["source"])
        self.sought.connect(self._look_for)
        self.chosen.connect(self._pick)

    def show_at(self, widget: QWidget, code: str) -> None:
        """Open below a widget, at the term of a number."""
        self._look_for("")
        self.view.collapseAll()
        self.open_below(widget)
        found = self._model.match(
            self._model.index(0, 0), _CODE, code, 1, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
        )
        index = self._proxy.mapFromSource(found[0]) if code and found else self._proxy.index(0, 0)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def _branch(self, entry: Mapping[str, Any], above: str) -> QStandardItem:
        code = entry["code"]
        written = terms(self._name)[code]
        words = folded(f"{above} {entry['title']}")
        item = _item(written, code, words, levels_of(self._name, code, self._depth))
        if len(code.split(".")) < self._depth:
            for child in entry.get("children", ()):
                item.appendRow(self._branch(child, words))
        return item

    def _look_for(self, text: str) -> None:
        translate = QCoreApplication.translate
        own = _OWN_TERM.fullmatch(text.strip())
        self._drop_own()
        if own and own[1] not in terms(self._name) and own[1].count(".") < self._depth:
            head, _, _ = own[1].rpartition(".")
            above = [level for level in levels_of(self._name, head, self._depth) if level]
            if len(above) == own[1].count("."):
                levels = (*above, f"{own[1]} {own[2].strip()}")
                item = _item(
                    translate("AzeForm", "Write “{term}”, which is not in the list").format(term=levels[-1]),
                    "",
                    folded(text),
                    levels,
                )
                self._model.insertRow(0, item)
        self._proxy.look_for(text)
        count = self._proxy.rowCount()
        self.say(
            ""
            if count
            else translate("AzeForm", "No such term. One that is missing can be written with its number: 8.1.9 Words.")
        )
        if text.strip():
            self._open_found()

    def _open_found(self) -> None:
        """Open the tree as far as it has found something, and stand at the first that has all of what is sought."""
        tree, hits = self.view, []

        def walk(parent) -> None:
            for row in range(self._proxy.rowCount(parent)):
                index = self._proxy.index(row, 0, parent)
                if self._proxy.meets(self._proxy.mapToSource(index)):
                    hits.append(index)
                walk(index)

        walk(self._proxy.index(-1, -1))
        tree.collapseAll()
        if len(hits) <= _FEW:
            tree.expandAll()
        if hits:
            best = next((i for i in hits if self._proxy.meets_itself(self._proxy.mapToSource(i))), hits[0])
            tree.setCurrentIndex(best)
            tree.scrollTo(best)

    def _drop_own(self) -> None:
        first = self._model.item(0)
        if first is not None and first.text() != first.data(_WRITTEN)[0] and not first.data(_CODE):
            self._model.removeRow(0)

    def _pick(self, index) -> None:
        levels = index.data(_WRITTEN)
        self.picked.emit(tuple((list(levels) + [None] * self._depth)[: self._depth]))


class _TermFilter(QSortFilterProxyModel):
    """Shows the terms in which, or in the terms above which, all words occur, and whose number begins as given."""

    def __init__(self):
        super().__init__()
        self.setRecursiveFilteringEnabled(True)
        self._words: list[str] = []
        self._number = ""

    def look_for(self, text: str) -> None:
        words = folded(text).split()
        self._number = next((w.rstrip(".") for w in words if _NUMBER.fullmatch(w)), "")
        self._words = [w for w in words if not _NUMBER.fullmatch(w)]
        self.invalidateFilter()

    def meets(self, index) -> bool:
        """Whether a term, with those above it, has all that is sought."""
        code, words = index.data(_CODE) or "", index.data(_WORDS)
        if self._number and not (code.startswith(self._number) if code else self._number in words):
            return False
        return all(word in words for word in self._words)

    def meets_itself(self, index) -> bool:
        """Whether it has all that is sought without those above it."""
        own = folded(index.data())
        return self.meets(index) and all(word in own for word in self._words)

    def filterAcceptsRow(self, row: int, parent) -> bool:
        return self.meets(self.sourceModel().index(row, 0, parent))


class TermEditor(QWidget):
    """The editor of a field of terms: shows the chosen one with those above it; a click, Return, or typing opens the
    tree. ``value`` is the tuple of all levels, None where nothing is chosen."""

    changed = pyqtSignal()

    def __init__(self, name: str, depth: int, others: Sequence[str] = (), parent: QWidget | None = None):
        super().__init__(parent)
        self._name, self._depth, self._others = name, depth, others
        self._value: Levels | None = None
        self._popup: VocabPopup | None = None
        self.button = _TermButton()
        self.button.clicked.connect(self.open)
        self.button.typed.connect(self._open_with)
        self.clear = link("×", self._clear, QCoreApplication.translate("AzeForm", "Choose none"))
        self.clear.setAccessibleName(self.clear.toolTip())
        self.clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button, 1)
        layout.addWidget(self.clear)
        watch(self)
        self.setFocusProxy(self.button)
        self.button.installEventFilter(self.leaving)
        self.set_value(None)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.button.setAccessibleName(name)

    def value(self) -> Levels | None:
        return self._value

    def set_value(self, value: Sequence[str | None] | None) -> None:
        levels = tuple((list(value or ()) + [None] * self._depth)[: self._depth])
        self._value = levels if any(levels) else None
        shown = [level for level in levels if level]
        self.button.show_path(shown)
        self.clear.setVisible(bool(shown))

    def open(self) -> VocabPopup:
        """Open the tree at what is chosen."""
        if self._popup is None:
            self._popup = VocabPopup(self._name, self._depth, self._others, self)
            self._popup.picked.connect(self._picked)
        deepest = next((level for level in reversed(self._value or ()) if level), "")
        number = _NUMBER.match(deepest)
        self._popup.show_at(self.button, number[0].rstrip(".") if number else "")
        return self._popup

    def _open_with(self, text: str) -> None:
        popup = self._popup if self._popup is not None and self._popup.isVisible() else self.open()
        popup.line.insert(text)

    def _picked(self, levels: Levels) -> None:
        self.set_value(levels)
        self.button.setFocus(Qt.FocusReason.PopupFocusReason)
        self.changed.emit()
        self.left.emit()

    def _clear(self) -> None:
        self.set_value(None)
        self.changed.emit()
        self.left.emit()


class _TermButton(QPushButton):
    """Shows a path of terms on as many lines as it has levels, each cut where the room ends. ``typed``: a letter."""

    typed = pyqtSignal(str)

    def __init__(self):
        super().__init__()
        self._path: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)

    def show_path(self, path: list[str]) -> None:
        self._path = path
        said = " › ".join(path) or QCoreApplication.translate("AzeForm", "choose…")
        self.setToolTip(said)
        self.setAccessibleDescription(said)
        self.updateGeometry()
        self.update()

    def path(self) -> list[str]:
        """What is shown, a line each."""
        return list(self._path)

    def sizeHint(self) -> QSize:
        return QSize(120, max(1, len(self._path)) * (self.fontMetrics().height() + 1) + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.click()
        elif (
            event.text().strip()
            and event.text().isprintable()
            and not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        ):
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def paintEvent(self, event) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        metrics = self.fontMetrics()
        room = self.rect().adjusted(8, 6, -8, -6)
        palette = self.palette()
        lines = self._path or [QCoreApplication.translate("AzeForm", "choose…")]
        for n, line in enumerate(lines):
            last = n == len(lines) - 1
            colour = palette.color(QPalette.ColorRole.ButtonText)
            painter.setPen(colour if last and self._path else style.muted(palette))
            indent = 10 * n
            text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room.width() - indent)
            top = room.top() + n * (metrics.height() + 1)
            place = QRect(room.left() + indent, top, room.width() - indent, metrics.height())
            side = QStyle.visualAlignment(self.layoutDirection(), Qt.AlignmentFlag.AlignLeft)
            painter.drawText(QStyle.visualRect(self.layoutDirection(), room, place), int(side), text)


def _item(text: str, code: str, words: str, levels: Sequence[str | None]) -> QStandardItem:
    item = QStandardItem(text)
    item.setData(code, _CODE)
    item.setData(words, _WORDS)
    item.setData(list(levels), _WRITTEN)
    item.setToolTip(" › ".join(level for level in levels if level))
    return item
