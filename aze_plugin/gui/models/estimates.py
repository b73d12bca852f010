"""The estimates of one taxon as a table: for each parameter and segment the site and the world, one's own and the
library's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, Qt
from qgis.PyQt.QtGui import QColor, QGuiApplication, QPalette

from ...domain.errors import AzeError
from ...domain.species import PARAMETERS, SEGMENTS, UNITS
from ...services.figures import number, read_number, written
from ...services.vocabulary import word
from ...services.wording import text as sentence
from .. import style
from ..estimates import SCOPES, Entered, OwnEstimate

WHERE, LOW, BEST, HIGH, YEAR, SOURCE = range(6)
YOURS = "✎"
FIELDS = {LOW: "low", BEST: "best", HIGH: "high", YEAR: "year", SOURCE: "origin"}

_HECTARE = 1e4
_AREAS = {"km²": 1e6, "km2": 1e6, "ha": _HECTARE, "m²": 1.0, "m2": 1.0}
_AREA = re.compile(rf"(.*?)\s*({'|'.join(_AREAS)})?", re.IGNORECASE | re.DOTALL)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Line:
    """One row: a ``title`` of a parameter and segment, or an estimate in a scope: the user's (``own``), the
    ``library``'s, or ``empty`` where there is none yet. ``estimate`` holds what is known of it."""

    kind: str
    scope: str
    estimate: OwnEstimate
    problem: AzeError | None = None
    # Of the library's: the user's stands in its place.
    replaced: bool = False

    @property
    def editable(self) -> bool:
        """Whether its cells can be written in."""
        return self.kind in ("own", "empty")

    @property
    def place(self) -> tuple:
        """What keeps a line the same line while what it says changes."""
        return self.kind in ("title", "library") and self.kind, self.scope, self.estimate.what


def lines_of(
    entry: Mapping[str, Any],
    own: Mapping[str, Sequence[OwnEstimate]],
    library: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> list[Line]:
    """The rows for a taxon. ``own``: the user's, by scope; ``library``: see ``gui.estimates.of_library``."""
    mine = {(scope, e.parameter, e.segment): e for scope in SCOPES for e in own[scope]}
    told = sorted({key[1:] for key in (*mine, *library)}, key=_order)
    lines = []
    for parameter, segment in told:
        blank = OwnEstimate(entry["taxon_id"], entry["scientific_name"], parameter, segment)
        lines.append(Line("title", "", blank))
        for scope in SCOPES:
            key = scope, parameter, segment
            if key in mine:
                lines.append(Line("own", scope, mine[key], mine[key].problem(scope)))
            elif key not in library:
                lines.append(Line("empty", scope, blank))
            if key in library:
                known = {name: library[key][name] for name in ("low", "best", "high", "year", "origin")}
                lines.append(Line("library", scope, replace(blank, **known), replaced=key in mine))
    return lines


class EstimatesModel(QAbstractTableModel):
    """Shows lines; a cell that is written in goes to ``put`` (title of the step, scope, estimate or None)."""

    def __init__(self, put, parent=None):
        super().__init__(parent)
        self._put = put
        self._short = False
        self.lines: list[Line] = []

    def set_lines(self, lines: Iterable[Line]) -> bool:
        """Replace what is shown; whether rows came or went. Where none did, an editor that is open stays open."""
        lines = list(lines)
        if [line.place for line in lines] == [line.place for line in self.lines]:
            self.lines = lines
            if lines:
                self.dataChanged.emit(self.index(0, 0), self.index(len(lines) - 1, SOURCE))
            return False
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()
        return True

    def set_short(self, short: bool) -> None:
        """Where there is little room, say by a sign alone that an estimate is the user's."""
        self._short = short

    def fits(self, lines: Iterable[Line]) -> bool:
        """Whether lines can be shown without rows coming or going."""
        return [line.place for line in lines] == [line.place for line in self.lines]

    def line(self, index: QModelIndex) -> Line | None:
        """The line of an index, None for an invalid one."""
        return self.lines[index.row()] if index.isValid() and index.row() < len(self.lines) else None

    def rowCount(self, parent=None):
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def columnCount(self, parent=None):
        return SOURCE + 1

    def flags(self, index):
        line = self.line(index)
        if line is None or line.kind == "title":
            return Qt.ItemFlag.ItemIsEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if line.editable and index.column() != WHERE else flags

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (LOW, BEST, HIGH, YEAR):
            return _RIGHT
        if orientation != Qt.Orientation.Horizontal or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return None
        return "" if section == WHERE else field_word(FIELDS[section], role == Qt.ItemDataRole.DisplayRole)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        line = self.line(index)
        if line is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _where(line, self._short) if column == WHERE and line.kind != "title" else _shown(line, column)
        if role == Qt.ItemDataRole.EditRole:
            return "" if column == WHERE else entered_text(line.estimate, FIELDS[column])
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (column != WHERE and _shown(line, column), said_of(line)) if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join(part for part in (where(line), self.headerData(column, Qt.Orientation.Horizontal)) if part)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column in (LOW, BEST, HIGH, YEAR) else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return _ink(line, column)
        if role == Qt.ItemDataRole.FontRole and line.kind in ("title", "own"):
            font = QGuiApplication.font()
            font.setBold(line.kind == "title")
            return font
        return None

    def setData(self, index, value, role=Qt.ItemDataRole.EditRole):
        line = self.line(index)
        if line is None or role != Qt.ItemDataRole.EditRole or not self.flags(index) & Qt.ItemFlag.ItemIsEditable:
            return False
        self.write(line, FIELDS[index.column()], str(value))
        return True

    def write(self, line: Line, field: str, typed: str) -> None:
        """Put what was typed into a field of a line; what is no number is kept as it is, and said to be none. A line
        in which nothing is left goes."""
        if typed == entered_text(line.estimate, field):
            return
        changed = replace(line.estimate, **{field: read_entry(typed, field, line.estimate.parameter)})
        self._put(title_of(changed), line.scope, changed, None if is_blank(changed) else changed)


def is_blank(estimate: OwnEstimate) -> bool:
    """Whether nothing is entered."""
    return all(getattr(estimate, field) in (None, "") for field in FIELDS.values())


def read_entry(typed: str, field: str, parameter: str) -> Entered | int:
    """What was typed into a field: a number where it is one, None for nothing, else the text itself.

    Areas are read in hectares unless a unit is written behind them, and kept in m².
    """
    typed = " ".join(typed.split())
    if field == "origin":
        return typed
    if not typed:
        return None
    if field == "year":
        return int(typed) if typed.isdecimal() else typed
    if UNITS[parameter] != "m2":
        value = read_number(typed)
        return typed if value is None else value
    bare, unit = _AREA.fullmatch(typed).groups()
    value = read_number(bare)
    # Without the crumbs that multiplying leaves: 4.35 ha are 43,500 m².
    return typed if value is None else round(value * _AREAS[(unit or "ha").lower()], 6)


def entered_text(estimate: OwnEstimate, field: str) -> str:
    """What a field holds, as it is written to be edited."""
    value = getattr(estimate, field)
    if value is None or isinstance(value, str):
        return value or ""
    if field == "year":
        return str(value)
    # Without the crumbs that dividing leaves in the last digit.
    return written(float(f"{value / _HECTARE:.15g}") if UNITS[estimate.parameter] == "m2" else value)


def title_of(estimate: OwnEstimate) -> str:
    """What a step that changes an estimate is called."""
    return f"{estimate.scientific_name}: {what_word(estimate)}"


def what_word(estimate: OwnEstimate) -> str:
    """Parameter and segment in words, with the unit of areas."""
    name = f"{word('parameter', estimate.parameter)}, {word('segment', estimate.segment)}"
    name = name[:1].upper() + name[1:]
    return f"{name} (ha)" if UNITS[estimate.parameter] == "m2" else name


def scope_word(scope: str) -> str:
    """A scope in words."""
    translate = QCoreApplication.translate
    return {"site": translate("AzeEstimates", "This site"), "global": translate("AzeEstimates", "World")}[scope]


def field_word(field: str, short: bool = False) -> str:
    """The name of a field."""
    translate = QCoreApplication.translate
    brief = {"low": translate("AzeEstimates", "Min."), "high": translate("AzeEstimates", "Max.")}
    return (brief if short else {}).get(field) or {
        "low": translate("AzeEstimates", "Minimum"),
        "best": translate("AzeEstimates", "Best"),
        "high": translate("AzeEstimates", "Maximum"),
        "year": translate("AzeEstimates", "Year"),
        "origin": translate("AzeEstimates", "Source"),
    }[field]


def problem_text(problem: AzeError, estimate: OwnEstimate) -> str:
    """What is wrong with an estimate, in the units in which it is shown."""
    params = dict(problem.params)
    if "field" in params:
        params["field"] = field_word(params["field"]).lower()
    if UNITS[estimate.parameter] == "m2":
        params |= {key: params[key] / _HECTARE for key in ("low", "best", "high") if key in params}
    return sentence(problem.code, params)


def said_of(line: Line) -> str:
    """What there is to say of a line: what is wrong with it, or whose it is."""
    translate = QCoreApplication.translate
    if line.kind == "title":
        return what_word(line.estimate)
    if line.problem is not None:
        unused = translate("AzeEstimates", "It takes no part in the check until this is mended.")
        return f"{problem_text(line.problem, line.estimate)} {unused}"
    said = {
        "own": translate("AzeEstimates", "Your estimate, kept in this project."),
        "library": translate("AzeEstimates", "From the library; “Override” sets an estimate of yours in its place."),
        "empty": translate("AzeEstimates", "Not estimated yet: what is measured stands, if anything is."),
    }[line.kind]
    if line.replaced:
        said = translate("AzeEstimates", "From the library; yours stands in its place.")
    return "\n".join(part for part in (said, line.estimate.origin) if part)


def _shown(line: Line, column: int) -> str:
    if line.kind == "title":
        return what_word(line.estimate) if column == WHERE else ""
    field = FIELDS[column]
    value = getattr(line.estimate, field)
    if value is None or isinstance(value, str) or field == "year":
        return entered_text(line.estimate, field)
    value = value / _HECTARE if UNITS[line.estimate.parameter] == "m2" else value
    return number(value, 0 if value >= 1000 or value.is_integer() else 2)


def where(line: Line) -> str:
    """The scope of a line and whose it is."""
    translate = QCoreApplication.translate
    if line.kind == "title":
        return ""
    return {
        "own": translate("AzeEstimates", "{scope}, yours"),
        "library": translate("AzeEstimates", "{scope}, library"),
        "empty": "{scope}",
    }[line.kind].format(scope=_brief(line.scope))


def _where(line: Line, short: bool) -> str:
    said = _brief(line.scope) if short else where(line)
    if line.problem is not None:
        return f"{style.MARKS['problem']} {said}"
    return f"{YOURS} {said}" if short and line.kind == "own" else said


def _brief(scope: str) -> str:
    translate = QCoreApplication.translate
    return {"site": translate("AzeEstimates", "Site"), "global": translate("AzeEstimates", "World")}[scope]


def _ink(line: Line, column: int) -> QColor | None:
    palette = QGuiApplication.palette()
    if line.problem is not None and column == WHERE:
        return style.colour("problem", palette)
    if line.kind in ("library", "empty"):
        return (
            palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
            if line.replaced
            else style.muted(palette)
        )
    return None


def _order(told: tuple[str, str]) -> tuple[int, int]:
    return PARAMETERS.index(told[0]), SEGMENTS.index(told[1])
