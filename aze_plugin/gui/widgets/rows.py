"""A list of flat records in a form: a small table, and under it the fields of the chosen row."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .basics import FlowLayout, TextLabel, link
from .editors import Field, origin_label, show_problem
from .roomtable import RoomTable
from .vocabtree import TermEditor

_MOST_ROWS = 6
_MOST_COLUMNS = 3


def holds(schema: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a member of a row is asked for: no condition (``x-when``), all of its conditions met, or given anyway."""
    conditions = schema.get("x-when", {})
    return all(row.get(key) in values for key, values in conditions.items())


class RowsEditor(QWidget):
    """Edits an array of objects.

    ``edited`` carries the whole array as entered, derived values left out, None where the derived rows are to come
    back; ``stated`` a statement about the taxon that a row is of: key, taxon, text; ``helped`` the field that shows its
    help; ``grown`` says that the fields of a row were made. Rows that come from the assessment alone cannot be removed,
    only completed. ``may_be_none``: the list is needed, and an empty one is an answer that a person has to give.

    Members that are levels of one classification are one field, under the key of the first.
    """

    edited = pyqtSignal(object)
    stated = pyqtSignal(str, str, str)
    helped = pyqtSignal(object)
    grown = pyqtSignal()

    def __init__(
        self, schema: Mapping[str, Any], required: bool, may_be_none: bool = False, parent: QWidget | None = None
    ):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.schema = schema
        self.required = required or may_be_none
        item = schema["items"]
        self._properties: Mapping[str, Any] = item["properties"]
        self._identity: Sequence[str] = item.get("required", ())
        # What tells one row from another, which is more than what every row needs.
        self._key: Sequence[str] = list(dict.fromkeys([*self._identity, *schema.get("x-row-key", ())]))
        self._levels = _levels(self._properties)
        self._below = {key: first for first, keys in self._levels.items() for key in keys[1:]}
        self._entered: list[dict[str, Any]] = []
        self._complete: list[dict[str, Any]] = []
        self._given = False
        self._only_open = False
        title = schema.get("title", "")
        self.label = TextLabel(f"{title} *" if self.required else title)
        self.origin = origin_label(self.font())
        self.revert = link(
            "↺", lambda: self.edited.emit(None), translate("AzeForm", "Take the derived rows again"), self
        )
        self.revert.setAccessibleName(self.revert.toolTip())
        self.about = TextLabel(schema.get("description", ""), muted=True)
        self.problem = TextLabel()
        self.problem.hide()
        # What names a row comes first, then what is chosen or counted; free text says little in a narrow column.
        telling = [k for k, p in self._properties.items() if "enum" in p or p.get("type") == "number"]
        columns = list(dict.fromkeys([*self._identity, *self._key[:2], *telling, *self._properties]))
        columns = [key for key in columns if not self._properties[key].get("x-multiline") and key not in self._below]
        self._columns = columns[:_MOST_COLUMNS]
        titles = self.titles(self._columns)
        self.table = RoomTable(0, len(titles))
        self.table.setHorizontalHeaderLabels(titles)
        for column, text in enumerate(titles):
            self.table.horizontalHeaderItem(column).setToolTip(text)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(24)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumWidth(80)
        self.table.setAccessibleName(title)
        self.table.currentCellChanged.connect(self._change_row)
        self.add = QPushButton(translate("AzeForm", "Add"))
        self.add.setAccessibleName(translate("AzeForm", "Add a row: {title}").format(title=title))
        self.remove = QPushButton(translate("AzeForm", "Remove"))
        self.remove.setAccessibleName(translate("AzeForm", "Remove the row: {title}").format(title=title))
        self.none = QPushButton(translate("AzeForm", "There are none"))
        self.none.setAccessibleName(translate("AzeForm", "There are none: {title}").format(title=title))
        self.none.clicked.connect(lambda: self.edited.emit([]))
        self._may_be_none = may_be_none
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        flow.addWidget(self.add)
        flow.addWidget(self.remove)
        flow.addWidget(self.none)
        self.row_form = QWidget()
        self._row_layout = QVBoxLayout(self.row_form)
        self._row_layout.setContentsMargins(10, 0, 0, 0)
        self.summary = TextLabel()
        self.summary.hide()
        self._row_layout.addWidget(self.summary)
        self.fields: dict[str, Field] = {}
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.label, 1)
        head.addWidget(self.origin)
        head.addWidget(self.revert)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(3)
        layout.addLayout(head)
        for widget in (self.about, self.problem, self.table, buttons, self.row_form):
            layout.addWidget(widget)
        self.row_form.hide()
        self._problems: Mapping[int, Mapping[str, str]] = {}
        # Fields of the row that are shown although they are done: somebody has just been at work on them.
        self._kept: set[str] = set()
        # The row that was added and is not shown yet.
        self._awaited: int | None = None

    # ------------------------------------------------------------------------------------- what kinds of lists change

    def titles(self, columns: Sequence[str]) -> list[str]:
        """Headings of the table; several levels of one term are one column."""
        titles = {key: self._properties[key].get("title", key) for key in columns}
        return [titles[key].partition(",")[0] if key in self._levels else titles[key] for key in columns]

    def cell(self, row: Mapping[str, Any], column: int) -> str:
        """What the table says of a row."""
        key = self._columns[column]
        deepest = [row.get(level) for level in self._levels.get(key, (key,)) if row.get(level) is not None]
        value = deepest[-1] if deepest else None
        return "" if value is None else self._properties[key].get("x-labels", {}).get(str(value), str(value))

    def about_row(self, row: Mapping[str, Any]) -> str:
        """A line above the fields of a row; empty for none."""
        return ""

    # --------------------------------------------------------------------------------------------------------- showing

    def show_rows(
        self,
        entered: Sequence[Mapping[str, Any]] | None,
        complete: Sequence[Mapping[str, Any]],
        problems: Mapping[int, Mapping[str, str]],
        problem: str = "",
    ) -> None:
        """Show an array as it was entered (None: not yet) and with what is derived filled in.

        ``problems``: by row and field; ``problem``: of the list as a whole.
        """
        translate = QCoreApplication.translate
        self._given = entered is not None
        self._entered = [dict(row) for row in entered or ()]
        self._complete = [dict(row) for row in complete]
        self._problems = problems
        chosen = self.table.currentRow()
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._complete))
        for n, row in enumerate(self._complete):
            for column in range(self.table.columnCount()):
                text = self.cell(row, column)
                item = self.table.item(n, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.table.setItem(n, column, item)
                said = next(iter(problems.get(n, {}).values()), "")
                item.setText(f"{said[:1]} {text}" if column == 0 and said else text)
                item.setToolTip("\n".join([text, *problems.get(n, {}).values()]).strip())
        if self._complete and chosen < 0:
            # Something to work on is shown without a click: what is open first.
            chosen = min(problems, default=0)
            self.table.setCurrentCell(min(chosen, len(self._complete) - 1), 0)
        for column in range(1, self.table.columnCount()):
            said = any(self.table.item(n, column).text() for n in range(len(self._complete)))
            self.table.setColumnHidden(column, not said and column >= len(self._identity))
        self.table.share_room()
        self.table.blockSignals(False)
        shown = min(_MOST_ROWS, len(self._complete))
        height = shown * self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(height + self.table.horizontalHeader().sizeHint().height() + 4)
        self.table.setVisible(bool(self._complete))
        self.none.setVisible(self._may_be_none and entered is None and not self._complete)
        stated = self._may_be_none and entered is not None and not self._complete
        self.about.setText(translate("AzeForm", "None, as stated.") if stated else self.schema.get("description", ""))
        adopted = self.schema.get("x-derived-rows") == "adopted"
        self.revert.setVisible(adopted and self._given)
        derived = adopted and not self._given and bool(self._complete)
        self.origin.setText(
            translate("AzeForm", "derived")
            if derived
            else translate("AzeForm", "by hand")
            if adopted and self._given
            else ""
        )
        self.origin.setVisible(bool(self.origin.text()))
        show_problem(self.problem, problem)
        self._show_row(min(chosen, len(self._complete) - 1))
        if self._awaited is not None and self._awaited < len(self._complete):
            new, self._awaited = self._awaited, None
            self.choose(new, next(iter(self._identity or self._properties)))

    def is_open(self) -> bool:
        """Whether something is left to do in the list or one of its rows."""
        unsaid = self.required and not self._complete and not (self._may_be_none and self._given)
        return unsaid or not self.problem.isHidden() or bool(self._problems)

    def show_only_open(self, only_open: bool) -> None:
        """Show all fields of a row, or those with something left to do."""
        self._only_open = only_open
        self._kept.clear()
        self._show_row(self.table.currentRow())

    def choose(self, row: int, key: str = "") -> None:
        """Choose a row and put the cursor into one of its fields."""
        self.commit()
        if 0 <= row < len(self._complete):
            key = self._below.get(key, key)
            self.table.setCurrentCell(row, 0)
            self._kept.add(key)
            self._show_row(row)
            if key in self.fields:
                self.fields[key].focus()
            else:
                self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.add.setFocus(Qt.FocusReason.OtherFocusReason)

    def widget_for(self, key: str) -> QWidget:
        """The widget of a member of the chosen row; the list itself for none."""
        return self.fields.get(self._below.get(key, key), self)

    def commit(self) -> None:
        """Hand on what is being typed."""
        for field in self.fields.values():
            field.commit()

    def forget(self) -> None:
        """Drop what is being typed."""
        self._awaited = None
        for field in self.fields.values():
            field.forget()

    def _change_row(self, row: int, _column: int, before: int, _before: int) -> None:
        if row != before:
            self._kept.clear()
        self._show_row(row)

    def _show_row(self, row: int) -> None:
        translate = QCoreApplication.translate
        there = 0 <= row < len(self._complete)
        own = there and row < len(self._own_rows())
        self.remove.setVisible(bool(self._complete))
        self.remove.setEnabled(own)
        self.remove.setToolTip(
            translate("AzeForm", "This row is derived: it cannot be removed here.") if there and not own else ""
        )
        self.row_form.setVisible(there)
        if not there:
            return
        if not self.fields:
            self._build()
        complete = self._complete[row]
        about = self.about_row(complete)
        self.summary.setText(about)
        self.summary.setVisible(bool(about))
        entered = self._entered[row] if row < len(self._entered) else {}
        said = self._problems.get(row, {})
        for key, field in self.fields.items():
            keys = self._levels.get(key, (key,))
            own_value = any(entered.get(k) not in (None, "") for k in keys)
            can_derive = bool(field.schema.get("x-derived")) and "x-statement" not in field.schema
            values = tuple(complete.get(k) for k in keys)
            value = (values if any(values) else None) if key in self._levels else values[0]
            field.mark_required(key in self._identity or bool(field.schema.get("x-asked")))
            field.show_value(
                value,
                derived=value is not None and not own_value and "x-statement" not in field.schema,
                overridden=own_value and can_derive and key not in self._identity,
                derivable=not (self._given and self.schema.get("x-derived-rows") == "adopted"),
                problem=next((said[k] for k in keys if k in said), ""),
            )
            if field.is_open():
                self._kept.add(key)
            asked = holds(field.schema, complete) and not field.schema.get("deprecated")
            field.setVisible((asked or own_value) and (not self._only_open or key in self._kept))

    def _build(self) -> None:
        for key, schema in self._properties.items():
            if key in self._below:
                continue
            if key in self._levels:
                name = schema["x-vocabulary"]["name"]
                others = _no_terms(name, schema.get("enum", ()))
                field = Field(schema, key in self._identity, editor=TermEditor(name, len(self._levels[key]), others))
                field.edited.connect(lambda value, key=key: self._set_levels(key, value))
                field.reverted.connect(lambda key=key: self._set_levels(key, None))
            else:
                field = Field(schema, key in self._identity)
                field.edited.connect(lambda value, key=key: self._set({key: value}))
                field.reverted.connect(lambda key=key: self._set({key: None}))
            field.helped.connect(self.helped)
            self.fields[key] = field
            self._row_layout.addWidget(field)
        self.grown.emit()

    # --------------------------------------------------------------------------------------------------------- editing

    def _set_levels(self, key: str, value: Sequence[str | None] | None) -> None:
        keys = self._levels[key]
        self._set(dict(zip(keys, value or [None] * len(keys))))

    def _set(self, values: Mapping[str, Any]) -> None:
        row = self.table.currentRow()
        if not 0 <= row < len(self._complete):
            return
        key = next(iter(values))
        self._kept.add(key)
        statement = self._properties[key].get("x-statement")
        if statement:
            self.stated.emit(statement, str(self._complete[row].get("scientific_name", "")), values[key] or "")
            return
        rows = self._own_rows()
        # Rows that were derived so far are named, so that what is entered stays with the right one.
        for other in self._complete[len(rows) : row + 1]:
            rows.append({name: other[name] for name in self._key if name in other})
        for name, value in values.items():
            if value is None:
                rows[row].pop(name, None)
            else:
                rows[row][name] = value
        self.edited.emit(rows)

    def _add(self) -> None:
        # Rows of the assessment keep their place before the new one.
        rows = self._own_rows()
        for other in self._complete[len(rows) :]:
            rows.append({name: other[name] for name in self._key if name in other})
        self._awaited = len(rows)
        self.edited.emit([*rows, {}])

    def _remove(self) -> None:
        row = self.table.currentRow()
        rows = self._own_rows()
        if 0 <= row < len(rows):
            for field in self.fields.values():
                field.forget()
            self.edited.emit(rows[:row] + rows[row + 1 :])

    def _own_rows(self) -> list[dict[str, Any]]:
        """The rows that a person may change: of a list whose derived rows are adopted, all of them."""
        adopted = self.schema.get("x-derived-rows") == "adopted" and not self._entered
        return copy.deepcopy(self._complete if adopted else self._entered)


def _levels(properties: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Members that hold the levels of one term, by the member of the first level."""
    found: dict[str, tuple[str, ...]] = {}
    for key, schema in properties.items():
        if schema.get("x-vocabulary", {}).get("level") == 1:
            found[key] = (key,)
    for key, schema in properties.items():
        under = schema.get("x-vocabulary", {}).get("under")
        for first, keys in found.items():
            if under == keys[-1]:
                found[first] = (*keys, key)
    return found


def _no_terms(name: str, choices: Sequence[str]) -> list[str]:
    """Choices of a first level that are no terms of its classification."""
    from ...services.classifications import terms

    written = set(terms(name).values())
    return [choice for choice in choices if choice not in written]
