"""The taxa of one assessment as a tree: taxon, then its shares; taxa that cannot trigger folded in a group."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from qgis.PyQt.QtCore import QAbstractItemModel, QCoreApplication, QModelIndex, QSortFilterProxyModel, Qt
from qgis.PyQt.QtGui import QGuiApplication, QPalette

from ...domain import redlist
from ...domain.species import PARAMETERS, SEGMENTS
from ...services.figures import number, percent, square_metres
from ...services.vocabulary import word
from .. import style

NAME, CATEGORY, PARAMETER, SEGMENT, SHARE, STATUS = range(6)

SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 2
SORT_ROLE = Qt.ItemDataRole.UserRole + 3

_STATUS_ORDER = ("met", "uncertain", "needs_evidence", "not_met", "not_assessable")
_ROUTE_SEGMENTS = {
    "sole_area": ("all",),
    "resident_population": ("resident",),
    "life_history_segment": ("breeding", "non_breeding", "passage"),
}
# Not reaching the threshold is the normal thing for a taxon: no alarm, an empty ring.
_MARKED = {"met": "fine", "uncertain": "work", "needs_evidence": "work", "not_assessable": "work"}
_CANNOT_TRIGGER = (
    "endangerment.not_a_species",
    "endangerment.category_vulnerable",
    "endangerment.category_data_deficient",
    "endangerment.category_extinct",
    "endangerment.category_not_threatened",
)


@dataclass(frozen=True)
class Bar:
    """What a share bar draws: fractions 0 to 1 (None: not known), the threshold if one applies, and the outcome."""

    low: float | None
    best: float | None
    high: float | None
    threshold: float | None
    status: str
    text: str


def can_trigger(entry: dict[str, Any]) -> bool:
    """Whether the taxon is of a kind that can make an AZE site at all, whatever its share.

    Decided by the codes with which criterion 1 says of a taxon that it cannot. One without a known category counts
    as able while its share would suffice: then somebody has to look its category up.
    """
    codes = {finding["code"] for finding in entry.get("findings", ())}
    if "endangerment.category_unknown" in codes:
        return entry["status"] != "not_met"
    return not any(code.startswith(_CANNOT_TRIGGER) for code in codes)


def headline(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The share that stands for a taxon in a list: the one that decides, else the one that comes nearest.

    The deciding one as the check marks it; without a mark the segment of the taxon's route, then met before uncertain
    before not met, then the order of parameters in which the Standard's evidence counts, then the largest. The whole
    range joins all seasons and decides for a sole area only, so elsewhere it comes last. None without shares.
    """
    route = entry.get("route", "none")
    preferred = _ROUTE_SEGMENTS.get(route, ())

    def order(share):
        return (
            not share.get("deciding", False),
            share["segment"] not in preferred,
            share["parameter"] == "range" and share["segment"] == "all",
            _rank(_STATUS_ORDER, share["status"]),
            _rank(PARAMETERS, share["parameter"]),
            -(share["best"] if share["best"] is not None else -1.0),
        )

    return min(entry.get("shares", ()), key=order, default=None)


def short_name(name: str) -> str:
    """A scientific name with its genus by the first letter, as the field writes it: “A. alba” for “Azea alba”."""
    genus, _, rest = name.partition(" ")
    return f"{genus[:1]}. {rest}" if rest else name


def share_values(share: dict[str, Any]) -> tuple[str, str]:
    """A share's site and global value with their unit."""
    return _measured(share["site_value"], share["unit"]), _measured(share["global_value"], share["unit"])


def share_name(share: dict[str, Any]) -> str:
    """Parameter and segment in words, such as “Range, breeding”."""
    name = f"{_word('parameter', share['parameter'])}, {_word('segment', share['segment'])}"
    return name[:1].upper() + name[1:]


def share_order(share: dict[str, Any]) -> tuple[int, int]:
    """Sort key of shares in a list: by parameter, then by segment, in the order of the Standard."""
    return _rank(PARAMETERS, share["parameter"]), _rank(SEGMENTS, share["segment"])


def bar_of(entry: dict[str, Any], share: dict[str, Any] | None, threshold: float) -> Bar:
    """What the bar of a taxon's share shows. ``threshold``: fraction 0 to 1."""
    if share is None or share["best"] is None:
        unknown = QCoreApplication.translate("AzeCriteria", "cannot be assessed")
        return Bar(None, None, None, threshold, "not_assessable", unknown)
    # A taxon that cannot trigger, or of which that is not known, has no outcome to colour: its bar only says how much
    # of it lives here.
    decides = can_trigger(entry) and entry["status"] != "not_assessable"
    status = share["status"] if decides else "info"
    return Bar(share["low"], share["best"], share["high"], threshold, status, percent(share["best"]))


def share_sentence(share: dict[str, Any], threshold: float) -> str:
    """The values behind a share, and its bounds where they differ."""
    translate = QCoreApplication.translate
    if share["best"] is None:
        return translate("AzeCriteria", "Cannot be assessed: a value is missing.")
    here, everywhere = share_values(share)
    said = translate("AzeCriteria", "{here} of {everywhere} are inside.").format(here=here, everywhere=everywhere)
    if share["low"] == share["best"] == share["high"]:
        return said
    bounds = translate("AzeCriteria", "Between {low} and {high}, best {best}; threshold {threshold}.").format(
        low=percent(share["low"]),
        high=percent(share["high"]),
        best=percent(share["best"]),
        threshold=percent(threshold),
    )
    return f"{said} {bounds}"


def as_csv(assessment: dict[str, Any], delimiter: str = ",") -> str:
    """The taxa as text, a row per taxon, parameter and segment; shares as fractions, unrounded.

    A name that a spreadsheet could take for a formula is quoted with an apostrophe in front.
    """
    columns = ("taxon_id", "scientific_name", "category", "trigger", "route", "taxon_status")
    measures = ("parameter", "segment", "low", "best", "high", "site_value", "global_value", "unit", "status")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns + measures)
    for entry in assessment.get("species", ()):
        taxon = [entry[key] for key in columns[:-1]] + [entry["status"]]
        for share in entry["shares"] or [{}]:
            row = taxon + [share.get(key) for key in measures]
            writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


class SpeciesModel(QAbstractItemModel):
    """Taxa of one member of an assessment file; read only.

    Top rows are the taxa that can trigger, and last a group “Also present” with the others. Every text is made when
    the assessment is set, so that painting only looks values up.
    """

    def __init__(self, parent=None):
        super().__init__(parent)
        self._root = _Node()
        self._stale = False
        self._marks_only = False
        self._short_names = False

    def set_assessment(self, assessment: dict[str, Any] | None, threshold: float, stale: bool = False) -> None:
        """Show the species of an assessment; None empties the model.

        ``threshold`` is a fraction 0 to 1; ``stale`` greys every row, because it belongs to an earlier boundary.
        """
        self.beginResetModel()
        self._stale = stale
        self._root = _Node()
        others = []
        for entry in (assessment or {}).get("species", ()):
            if can_trigger(entry):
                self._root.add(_taxon_node(entry, threshold))
            else:
                others.append(entry)
        if others:
            group = self._root.add(_Node(kind="group"))
            title = QCoreApplication.translate("AzeCriteria", "Also present ({count})").format(count=len(others))
            group.texts = {NAME: title}
            group.tip = QCoreApplication.translate("AzeCriteria", "Taxa that live here but cannot make an AZE site.")
            for entry in others:
                group.add(_taxon_node(entry, threshold, folded=True))
        self.endResetModel()

    def set_compact(self, marks_only: bool, short_names: bool) -> None:
        """Where there is little room show a status by its mark alone, and a genus by its first letter."""
        if marks_only != self._marks_only:
            self._marks_only = marks_only
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, STATUS, STATUS)
        self._short_names = short_names

    def group(self) -> QModelIndex:
        """Index of the folded group; invalid when there is none."""
        last = self._root.children[-1] if self._root.children else None
        return self.createIndex(last.row, 0, last) if last is not None and last.kind == "group" else QModelIndex()

    def longest(self, column: int) -> str:
        """The longest text of a column among taxa, for its width."""
        texts = [n.texts.get(column, "") for top in self._root.children for n in (top, *top.children)]
        return max(texts, key=len, default="")

    def taxon_count(self) -> int:
        """How many taxa are shown, folded ones included."""
        return sum(len(n.children) if n.kind == "group" else 1 for n in self._root.children)

    def find(self, scientific_name: str) -> QModelIndex:
        """Index of a taxon by its name; invalid when it is not here."""
        for top in self._root.children:
            for node in top.children if top.kind == "group" else (top,):
                if node.entry and node.entry["scientific_name"] == scientific_name:
                    return self.createIndex(node.row, 0, node)
        return QModelIndex()

    def index(self, row, column, parent=None):
        above = self._node(parent)
        if 0 <= row < len(above.children) and 0 <= column <= STATUS:
            return self.createIndex(row, column, above.children[row])
        return QModelIndex()

    def parent(self, index=None):
        if index is None:
            return super().parent()
        above = self._node(index).parent if index.isValid() else None
        if above is None or above is self._root:
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def rowCount(self, parent=None):
        return len(self._node(parent).children)

    def columnCount(self, parent=None):
        return STATUS + 1

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        translate = QCoreApplication.translate
        return (
            translate("AzeCriteria", "Taxon"),
            translate("AzeCriteria", "Cat."),
            translate("AzeCriteria", "Parameter"),
            translate("AzeCriteria", "Segment"),
            translate("AzeCriteria", "Share"),
            "" if self._marks_only else translate("AzeCriteria", "Status"),
        )[section]

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        node = self._node(index)
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == STATUS and self._marks_only:
                return node.mark
            if column == NAME and self._short_names and node.kind == "taxon":
                return short_name(node.texts[NAME])
            return node.texts.get(column)
        if role == SHARE_ROLE:
            return node.bar if column == SHARE else None
        if role == SORT_ROLE:
            return node.keys.get(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return node.tip
        if role == ENTRY_ROLE:
            return node.entry
        if role == Qt.ItemDataRole.ForegroundRole and (self._stale or node.faded):
            return QGuiApplication.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        if role == Qt.ItemDataRole.FontRole and node.font is not None and column == NAME:
            return node.font
        return None

    def _node(self, index) -> _Node:
        return index.internalPointer() if index is not None and index.isValid() else self._root


class SpeciesFilter(QSortFilterProxyModel):
    """Sorts taxa by value and filters them by words; the folded group stays last, shares stay with their taxon."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._words: list[str] = []

    def set_words(self, text: str) -> None:
        """Keep taxa whose name, category, route or status holds every one of these words."""
        self._words = text.casefold().split()
        self.invalidateFilter()

    def filterAcceptsRow(self, row, parent):
        if not self._words:
            return True
        return self._accepts(self.sourceModel().index(row, 0, parent).internalPointer())

    def _accepts(self, node) -> bool:
        if node.kind == "group":
            return any(self._accepts(child) for child in node.children)
        return node.kind == "share" or all(word in node.searched for word in self._words)

    def lessThan(self, left, right):
        first, second = left.internalPointer(), right.internalPointer()
        if (first.kind == "group") != (second.kind == "group"):
            return (second.kind == "group") == (self.sortOrder() == Qt.SortOrder.AscendingOrder)
        column = left.column()
        mine, other = first.keys.get(column), second.keys.get(column)
        return first.row < second.row if mine is None or other is None or mine == other else mine < other


@dataclass(eq=False)
class _Node:
    """A row of the tree, with its texts (by column) and sort keys (by column) ready made."""

    kind: str = "root"
    entry: dict[str, Any] | None = None
    bar: Bar | None = None
    texts: dict[int, str] = field(default_factory=dict)
    keys: dict[int, Any] = field(default_factory=dict)
    tip: str | None = None
    searched: str = ""
    mark: str = ""
    state: str = "empty"
    faded: bool = False
    font: Any = None
    parent: _Node | None = None
    row: int = 0
    children: list[_Node] = field(default_factory=list)

    def add(self, child: _Node) -> _Node:
        child.parent, child.row = self, len(self.children)
        self.children.append(child)
        return child


def _taxon_node(entry: dict[str, Any], threshold: float, folded: bool = False) -> _Node:
    shown = headline(entry)
    translate = QCoreApplication.translate
    category = entry["category"] + (" (PE)" if entry.get("possibly_extinct") else "")
    if folded:
        outcome = translate("AzeCriteria", "cannot trigger")
    elif entry["trigger"]:
        outcome = translate("AzeCriteria", "trigger")
    else:
        outcome = _word("status", entry["status"])
    font = QGuiApplication.font()
    font.setItalic(True)
    font.setBold(bool(entry["trigger"]))
    node = _Node(
        kind="taxon",
        entry=entry,
        texts={NAME: entry["scientific_name"], CATEGORY: category},
        keys={
            NAME: entry["scientific_name"].casefold(),
            CATEGORY: redlist.sort_key(entry["category"]),
            STATUS: (not entry["trigger"], _rank(_STATUS_ORDER, entry["status"])),
        },
        searched=" ".join(
            (
                entry["scientific_name"],
                entry.get("common_name") or "",
                entry["category"],
                _word("category", entry["category"]),
                _word("route", entry["route"]) if entry["trigger"] else "",
                outcome,
            )
        ).casefold(),
        faded=folded,
        font=font,
    )
    _put_share(node, shown, threshold, entry)
    _put_status(node, outcome, "empty" if folded else _MARKED.get(entry["status"], "empty"))
    reasons = [f["message"] for f in entry.get("findings", ()) if f.get("message")]
    node.tip = "\n".join(
        [f"{entry['scientific_name']}, {_word('category', entry['category'])} ({category})", *reasons[:3]]
    )
    for share in sorted(entry["shares"], key=share_order):
        child = node.add(_Node(kind="share", entry=entry, faded=folded))
        _put_share(child, share, threshold, entry)
        child.texts[NAME] = share_name(share)
        _put_status(child, _word("status", share["status"]), _MARKED.get(share["status"], "empty"))
        child.texts.pop(PARAMETER)
        child.texts.pop(SEGMENT)
    return node


def _put_status(node: _Node, words: str, state: str) -> None:
    node.mark, node.state = style.MARKS[state], state
    node.texts[STATUS] = f"{node.mark} {words}"


def _put_share(node: _Node, share: dict[str, Any] | None, threshold: float, entry: dict[str, Any]) -> None:
    node.bar = bar_of(entry, share, threshold)
    node.texts[SHARE] = node.bar.text
    node.keys[SHARE] = -1.0 if node.bar.best is None else node.bar.best
    node.texts[PARAMETER] = node.texts[SEGMENT] = ""
    if share is None:
        return
    node.tip = f"{share_name(share)}\n{share_sentence(share, threshold)}"
    node.texts[PARAMETER] = _word("parameter", share["parameter"])
    node.texts[SEGMENT] = _word("segment", share["segment"])
    node.keys[PARAMETER] = _rank(PARAMETERS, share["parameter"])
    node.keys[SEGMENT] = _rank(SEGMENTS, share["segment"])
    node.keys.setdefault(STATUS, _rank(_STATUS_ORDER, share["status"]))


def _measured(value: float | None, unit: str) -> str:
    translate = QCoreApplication.translate
    if value is None or unit == "m2":
        return square_metres(value)
    count = number(value, 0 if float(value).is_integer() else 1)
    template = {
        "cells": translate("AzeCriteria", "{count} cells of 2 × 2 km"),
        "individuals": translate("AzeCriteria", "{count} individuals"),
        "localities": translate("AzeCriteria", "{count} localities"),
    }.get(unit, "{count}")
    return template.format(count=count)


@cache
def _word(kind: str, code: str) -> str:
    # The vocabulary translates all of its words for each that is asked for; a table of 500 taxa asks 20,000 times.
    return word(kind, code)


def _rank(order: tuple[str, ...], code: str) -> int:
    return order.index(code) if code in order else len(order)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
