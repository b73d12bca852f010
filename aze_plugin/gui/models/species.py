"""The taxa of one assessment as a tree: taxon, then its shares; taxa that cannot trigger folded in a group."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from qgis.PyQt.QtCore import QAbstractItemModel, QCoreApplication, QModelIndex, QSortFilterProxyModel, Qt
from qgis.PyQt.QtGui import QGuiApplication, QPalette

from ...domain import redlist
from ...domain.species import PARAMETERS, SEGMENTS
from ...services import spreadsheets
from ...services.figures import number, percent, square_metres
from ...services.vocabulary import word
from .. import style

NAME, CATEGORY = range(2)
# A column for each parameter, in the order in which they decide.
PARAMETER_COLUMNS = {parameter: CATEGORY + n for n, parameter in enumerate(PARAMETERS, start=1)}
SHARE = CATEGORY + len(PARAMETERS) + 1
STATUS = SHARE + 1

SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 2
SORT_ROLE = Qt.ItemDataRole.UserRole + 3
CELL_ROLE = Qt.ItemDataRole.UserRole + 4

DECIDES, DISAGREES = "◆", "▲"

_STATUS_ORDER = ("met", "uncertain", "needs_evidence", "not_met", "not_assessable")
_ROUTE_SEGMENTS = {
    "sole_area": ("all",),
    "resident_population": ("resident",),
    "life_history_segment": ("breeding", "non_breeding", "passage"),
}
# Not reaching the threshold is the normal thing for a taxon: no alarm, an empty ring.
_MARKED = {"met": "fine", "uncertain": "work", "needs_evidence": "work", "not_assessable": "work"}
_COLUMN_PARAMETERS = {column: parameter for parameter, column in PARAMETER_COLUMNS.items()}
_NO_SHARE = -2.0
_UNKNOWN = "?"
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
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
    before not met, then the largest, then the order of parameters in which the Standard's evidence counts. The whole
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
            -(share["best"] if share["best"] is not None else -1.0),
            _rank(PARAMETERS, share["parameter"]),
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


def basis_word(basis: str) -> str:
    """What a share was worked out from, in words."""
    translate = QCoreApplication.translate
    return {
        "range_map": translate("AzeCriteria", "from the range map"),
        "records": translate("AzeCriteria", "from records"),
        "habitat": translate("AzeCriteria", "from the raster of habitat"),
        "estimate": translate("AzeCriteria", "from estimates"),
    }.get(basis, "")


def disagreement(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The finding that says that a taxon's parameters disagree, or None."""
    return next((f for f in entry["findings"] if f["code"] == "irreplaceability.parameters_disagree"), None)


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


def share_sentence(share: dict[str, Any], threshold: float, with_bounds: bool = True) -> str:
    """The values behind a share, and its bounds where they differ."""
    translate = QCoreApplication.translate
    if share["best"] is None:
        return translate("AzeCriteria", "Cannot be assessed: a value is missing.")
    here, everywhere = share_values(share)
    if share["unit"] != "m2":
        here = _count(share["site_value"])
    said = translate("AzeCriteria", "{here} of {everywhere} are inside.").format(here=here, everywhere=everywhere)
    if share["low"] == share["best"] == share["high"] or not with_bounds:
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
    measures += ("deciding", "basis")
    rows = []
    for entry in assessment.get("species", ()):
        taxon = [entry[key] for key in columns[:-1]] + [entry["status"]]
        rows += [taxon + [share.get(key) for key in measures] for share in entry["shares"] or [{}]]
    return spreadsheets.as_csv(columns + measures, rows, delimiter)


class SpeciesModel(QAbstractItemModel):
    """Taxa of one member of an assessment file, below each its shares; read only.

    Top rows are the taxa that can trigger, and last a group “Also present” with the others. Every text is made when the
    assessment is set, so that painting only looks values up; tool tips are made when they are asked for.
    """

    def __init__(self, parent=None):
        super().__init__(parent)
        self._root = _Node()
        self._stale = False
        self._marks_only = False
        self._short_names = False
        self._short_figures = False
        self._parameters: tuple[str, ...] = ()
        self._bold = None
        self._threshold = 0.0

    def set_assessment(self, assessment: dict[str, Any] | None, threshold: float, stale: bool = False) -> None:
        """Show the species of an assessment; None empties the model.

        ``threshold`` is a fraction 0 to 1; ``stale`` greys every row, because it belongs to an earlier boundary.
        """
        self.beginResetModel()
        self._stale, self._threshold = stale, threshold
        self._root = _Node()
        self._bold = QGuiApplication.font()
        self._bold.setBold(True)
        fonts = _name_fonts()
        entries = (assessment or {}).get("species", ())
        found = {share["parameter"] for entry in entries for share in entry["shares"]}
        self._parameters = tuple(parameter for parameter in PARAMETERS if parameter in found)
        others = []
        for entry in entries:
            if can_trigger(entry):
                self._root.add(_taxon_node(entry, threshold, fonts))
            else:
                others.append(entry)
        if others:
            group = self._root.add(_Node(kind="group"))
            title = QCoreApplication.translate("AzeCriteria", "Also present ({count})").format(count=len(others))
            group.texts = {NAME: title}
            group.tip = QCoreApplication.translate("AzeCriteria", "Taxa that live here but cannot make an AZE site.")
            for entry in others:
                group.add(_taxon_node(entry, threshold, fonts, folded=True))
        self.endResetModel()

    def set_compact(self, marks_only: bool, short_names: bool, short_figures: bool = False) -> None:
        """Where there is little room show a status by its mark alone, names shortened, and the figures of parameters
        without more decimals than they need."""
        if (marks_only, short_figures) != (self._marks_only, self._short_figures):
            self._marks_only, self._short_figures = marks_only, short_figures
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, NAME, STATUS)
        self._short_names = short_names

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters by which any of the taxa has a share."""
        return self._parameters

    def group(self) -> QModelIndex:
        """Index of the folded group; invalid when there is none."""
        last = self._root.children[-1] if self._root.children else None
        return self.createIndex(last.row, 0, last) if last is not None and last.kind == "group" else QModelIndex()

    def longest(self, column: int, short_figures: bool = False) -> str:
        """The longest text of a column, for its width."""
        nodes = list(self._root.children)
        for node in nodes:
            nodes.extend(node.children)
        return max(((n.figures if short_figures else n.texts).get(column, "") for n in nodes), key=len, default="")

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
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return _header_tip(section)
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _COLUMN_PARAMETERS:
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == NAME and self._short_figures:
            return QCoreApplication.translate("AzeCriteria", "Taxon (in %)")
        return "" if section == STATUS and self._marks_only else _header(section)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        node = self._node(index)
        column = index.column()
        if role == CELL_ROLE:
            return self._cell(node, column)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(node, column)
        if role == SHARE_ROLE:
            return node.bar if column == SHARE else None
        if role == Qt.ItemDataRole.FontRole:
            return node.font if column == NAME else self._bold if column == node.decides else None
        if role == Qt.ItemDataRole.ForegroundRole and (self._stale or node.faded):
            return QGuiApplication.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column in _COLUMN_PARAMETERS else None
        if role == SORT_ROLE:
            return node.keys.get(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(node, column)
        if role == ENTRY_ROLE:
            return node.entry
        return None

    def node_at(self, row: int, parent: QModelIndex) -> _Node:
        """The row below a parent, without the detour of an index."""
        return self._node(parent).children[row]

    def _text(self, node: _Node, column: int) -> str | None:
        if column == STATUS and self._marks_only:
            return node.mark
        if column == NAME and self._short_names and node.short:
            return node.short
        if self._short_figures and column in _COLUMN_PARAMETERS:
            return node.figures.get(column)
        return node.texts.get(column)

    def _cell(self, node: _Node, column: int) -> Cell:
        font = node.font if column == NAME else self._bold if column == node.decides else None
        bar = node.bar if column == SHARE else None
        return Cell(self._text(node, column), font, self._stale or node.faded, column in _COLUMN_PARAMETERS, bar)

    def _tip(self, node: _Node, column: int) -> str | None:
        share = node.shares.get(column)
        if share is not None:
            return share_tip(share, self._threshold)
        return node.tips.get(column, node.tip)

    def _node(self, index) -> _Node:
        return index.internalPointer() if index is not None and index.isValid() else self._root


class SpeciesFilter(QSortFilterProxyModel):
    """Sorts taxa by value and filters them by words; the folded group stays last, shares stay with their taxon."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._words: list[str] = []

    def set_words(self, text: str) -> None:
        """Keep taxa whose name, category, route or status holds every one of these words."""
        words = text.casefold().split()
        if words != self._words:
            self._words = words
            self.invalidateFilter()

    def filterAcceptsRow(self, row, parent):
        if not self._words:
            return True
        return self._accepts(self.sourceModel().node_at(row, parent))

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


class Cell(NamedTuple):
    """All that the painting of a cell needs, in one answer: asking for each role of it costs several times as much."""

    text: str | None
    font: Any
    faded: bool
    right: bool
    bar: Bar | None


@dataclass(eq=False)
class _Node:
    """A row of the tree, with its texts (by column) and sort keys (by column) ready made."""

    kind: str = "root"
    entry: dict[str, Any] | None = None
    bar: Bar | None = None
    texts: dict[int, str] = field(default_factory=dict)
    keys: dict[int, Any] = field(default_factory=dict)
    # Shorter ones of the columns of parameters.
    figures: dict[int, str] = field(default_factory=dict)
    tip: str | None = None
    # Tool tips of single columns, and the shares that others say in full.
    tips: dict[int, str] = field(default_factory=dict)
    shares: dict[int, dict[str, Any]] = field(default_factory=dict)
    short: str = ""
    # Column of the share that decides.
    decides: int = -1
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


def _taxon_node(entry: dict[str, Any], threshold: float, fonts: dict[bool, Any], folded: bool = False) -> _Node:
    shown = headline(entry)
    translate = QCoreApplication.translate
    category = entry["category"] + (" (PE)" if entry.get("possibly_extinct") else "")
    if folded:
        outcome = translate("AzeCriteria", "cannot trigger")
    elif entry["trigger"]:
        outcome = translate("AzeCriteria", "trigger")
    else:
        outcome = _word("status", entry["status"])
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
        short=short_name(entry["scientific_name"]),
        faded=folded,
        font=fonts[bool(entry["trigger"])],
    )
    _put_share(node, shown, threshold, entry)
    for parameter, column in PARAMETER_COLUMNS.items():
        own = [share for share in entry["shares"] if share["parameter"] == parameter]
        # Below every share, zero included, comes that there is none.
        node.keys[column] = _NO_SHARE
        if own:
            _put_figure(node, column, headline({**entry, "shares": own}), threshold, entry)
    _put_status(node, outcome, "empty" if folded else _MARKED.get(entry["status"], "empty"))
    differs = None if folded else disagreement(entry)
    if differs:
        node.mark += DISAGREES
        node.texts[STATUS] += f" {DISAGREES}"
        node.tips[STATUS] = differs["message"]
    reasons = [f["message"] for f in entry.get("findings", ()) if f.get("message")]
    node.tip = "\n".join(
        [f"{entry['scientific_name']}, {_word('category', entry['category'])} ({category})", *reasons[:3]]
    )
    for share in sorted(entry["shares"], key=share_order):
        child = node.add(_Node(kind="share", entry=entry, faded=folded))
        _put_share(child, share, threshold, entry)
        _put_figure(child, PARAMETER_COLUMNS.get(share["parameter"], SHARE), share, threshold, entry)
        child.texts[NAME] = share_name(share)
        column = PARAMETER_COLUMNS.get(share["parameter"], SHARE)
        child.short = f"{_header(column)}, {_word('segment', share['segment'])}"
        child.shares[NAME] = child.shares[STATUS] = share
        child.keys[STATUS] = _rank(_STATUS_ORDER, share["status"])
        _put_status(child, _word("status", share["status"]), _MARKED.get(share["status"], "empty"))
    return node


def _put_figure(node: _Node, column: int, share: dict[str, Any], threshold: float, entry: dict[str, Any]) -> None:
    """A share in the column of its parameter: a mark and the figure."""
    bar = bar_of(entry, share, threshold)
    deciding = bool(share.get("deciding"))
    mark = DECIDES if deciding else style.MARKS[_MARKED.get(bar.status, "empty")] if bar.status != "info" else ""
    node.texts[column] = node.figures[column] = _UNKNOWN
    if bar.best is not None:
        node.texts[column] = f"{mark}\u2009{bar.text}"
        node.figures[column] = f"{mark}\u2009{percent(bar.best, 0)[:-2]}"
    node.keys[column] = -1.0 if bar.best is None else bar.best
    node.shares[column] = share
    if deciding:
        node.decides = column


def share_tip(share: dict[str, Any], threshold: float) -> str:
    """A share in full: what of, from what, the values behind it, and whether it decides."""
    translate = QCoreApplication.translate
    head = ", ".join(part for part in (share_name(share), basis_word(share.get("basis", ""))) if part)
    lines = [head, share_sentence(share, threshold)]
    if share.get("deciding"):
        lines.append(translate("AzeCriteria", "{mark} It decides.").format(mark=DECIDES))
    return "\n".join(lines)


def _put_status(node: _Node, words: str, state: str) -> None:
    node.mark, node.state = style.MARKS[state], state
    node.texts[STATUS] = f"{node.mark} {words}"


def _put_share(node: _Node, share: dict[str, Any] | None, threshold: float, entry: dict[str, Any]) -> None:
    node.bar = bar_of(entry, share, threshold)
    node.texts[SHARE] = node.bar.text
    node.keys[SHARE] = -1.0 if node.bar.best is None else node.bar.best
    if share is not None:
        node.shares[SHARE] = share


def _name_fonts() -> dict[bool, Any]:
    """Fonts of scientific names, by whether the taxon triggers."""
    fonts = {}
    for trigger in (False, True):
        fonts[trigger] = QGuiApplication.font()
        fonts[trigger].setItalic(True)
        fonts[trigger].setBold(trigger)
    return fonts


@cache
def _header(section: int) -> str:
    translate = QCoreApplication.translate
    return {
        NAME: translate("AzeCriteria", "Taxon"),
        CATEGORY: translate("AzeCriteria", "Cat."),
        PARAMETER_COLUMNS["mature_individuals"]: translate("AzeCriteria", "Ind."),
        PARAMETER_COLUMNS["aoo"]: translate("AzeCriteria", "AOO"),
        PARAMETER_COLUMNS["esh"]: translate("AzeCriteria", "ESH"),
        PARAMETER_COLUMNS["range"]: translate("AzeCriteria", "Range"),
        PARAMETER_COLUMNS["localities"]: translate("AzeCriteria", "Loc."),
        SHARE: translate("AzeCriteria", "Share"),
        STATUS: translate("AzeCriteria", "Status"),
    }.get(section, "")


def _header_tip(section: int) -> str | None:
    translate = QCoreApplication.translate
    parameter = _COLUMN_PARAMETERS.get(section)
    if parameter:
        words = _word("parameter", parameter)
        said = translate("AzeCriteria", "Share of the {parameter} that is inside; {mark} marks the one that decides.")
        return said.format(parameter=words, mark=DECIDES)
    if section == SHARE:
        return translate("AzeCriteria", "The share that decides, or else the one that comes nearest")
    return None


def _count(value: float) -> str:
    return number(value, 0 if float(value).is_integer() else 1)


def _measured(value: float | None, unit: str) -> str:
    translate = QCoreApplication.translate
    if value is None or unit == "m2":
        return square_metres(value)
    count = _count(value)
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
