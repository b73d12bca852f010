"""A list of flat records in a form: a small table, and under it the fields of the chosen row."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .basics import FlowLayout, TextLabel
from .editors import Field

_MOST_ROWS = 6
_MOST_COLUMNS = 3


class RowsEditor(QWidget):
    """Edits an array of objects.

    ``edited`` carries the whole array as entered, derived values left out; ``stated`` a statement about the taxon that
    a row is of: key, taxon, text. Rows that come from the assessment alone cannot be removed, only completed.
    ``may_be_none``: the list is needed, and an empty one is an answer that a person has to give.
    """

    edited = pyqtSignal(list)
    stated = pyqtSignal(str, str, str)

    def __init__(
        self, schema: Mapping[str, Any], required: bool, may_be_none: bool = False, parent: QWidget | None = None
    ):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.schema = schema
        item = schema["items"]
        self._properties: Mapping[str, Any] = item["properties"]
        self._identity: Sequence[str] = item.get("required", ())
        # What tells one row from another, which is more than what every row needs.
        self._key: Sequence[str] = list(dict.fromkeys([*self._identity, *schema.get("x-row-key", ())]))
        self._entered: list[dict[str, Any]] = []
        self._complete: list[dict[str, Any]] = []
        title = schema.get("title", "")
        self.label = TextLabel(f"{title} *" if required else title)
        self.about = TextLabel(schema.get("description", ""), muted=True)
        # What names a row comes first, then what is chosen or counted; free text says little in a narrow column.
        telling = [k for k, p in self._properties.items() if "enum" in p or p.get("type") == "number"]
        columns = list(dict.fromkeys([*self._identity, *self._key[:2], *telling, *self._properties]))
        columns = [key for key in columns if not self._properties[key].get("x-multiline")][:_MOST_COLUMNS]
        self._columns = columns
        self.table = QTableWidget(0, len(columns))
        titles = [self._properties[key].get("title", key) for key in columns]
        self.table.setHorizontalHeaderLabels(titles)
        for column, text in enumerate(titles):
            self.table.horizontalHeaderItem(column).setToolTip(text)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
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
        self.table.currentCellChanged.connect(lambda row, *_others: self._show_row(row))
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
        self.fields: dict[str, Field] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(3)
        for widget in (self.label, self.about, self.table, buttons, self.row_form):
            layout.addWidget(widget)
        self.row_form.hide()
        self._problems: Mapping[int, Mapping[str, str]] = {}

    def show_rows(
        self,
        entered: Sequence[Mapping[str, Any]] | None,
        complete: Sequence[Mapping[str, Any]],
        problems: Mapping[int, Mapping[str, str]],
    ) -> None:
        """Show an array as it was entered (None: not yet) and with what is derived filled in.

        ``problems``: by row and field.
        """
        self._entered = [dict(row) for row in entered or ()]
        self._complete = [dict(row) for row in complete]
        self._problems = problems
        chosen = self.table.currentRow()
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._complete))
        for n, row in enumerate(self._complete):
            for column, key in enumerate(self._columns):
                labels = self._properties[key].get("x-labels", {})
                text = "" if row.get(key) is None else labels.get(str(row[key]), str(row[key]))
                item = self.table.item(n, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.table.setItem(n, column, item)
                said = next(iter(problems.get(n, {}).values()), "")
                item.setText(f"{said[:1]} {text}" if column == 0 and said else text)
                item.setToolTip("\n".join([text, *problems.get(n, {}).values()]).strip())
        self.table.blockSignals(False)
        shown = min(_MOST_ROWS, len(self._complete))
        height = shown * self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(height + self.table.horizontalHeader().sizeHint().height() + 4)
        self.table.setVisible(bool(self._complete))
        self.none.setVisible(self._may_be_none and entered is None and not self._complete)
        stated = self._may_be_none and entered is not None and not self._complete
        self.about.setText(
            QCoreApplication.translate("AzeForm", "None, as stated.") if stated else self.schema.get("description", "")
        )
        self._show_row(min(chosen, len(self._complete) - 1))

    def choose(self, row: int, key: str = "") -> None:
        """Choose a row and put the cursor into one of its fields."""
        self.commit()
        if 0 <= row < len(self._complete):
            self.table.setCurrentCell(row, 0)
            self._show_row(row)
            if key in self.fields:
                self.fields[key].focus()
        else:
            self.add.setFocus(Qt.FocusReason.OtherFocusReason)

    def commit(self) -> None:
        """Hand on what is being typed."""
        for field in self.fields.values():
            field.commit()

    def forget(self) -> None:
        """Drop what is being typed."""
        for field in self.fields.values():
            field.forget()

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
        entered = self._entered[row] if row < len(self._entered) else {}
        for key, field in self.fields.items():
            value = self._complete[row].get(key)
            given = entered.get(key) not in (None, "")
            can_derive = bool(field.schema.get("x-derived")) and "x-statement" not in field.schema
            identity = key in self._identity
            field.show_value(
                value,
                derived=value is not None and not given and "x-statement" not in field.schema,
                overridden=given and can_derive and not identity,
                problem=self._problems.get(row, {}).get(key, ""),
            )

    def _build(self) -> None:
        for key, schema in self._properties.items():
            field = Field(schema, key in self._identity)
            field.edited.connect(lambda value, key=key: self._set(key, value))
            field.reverted.connect(lambda key=key: self._set(key, None))
            self.fields[key] = field
            self._row_layout.addWidget(field)

    def _set(self, key: str, value: Any) -> None:
        row = self.table.currentRow()
        if not 0 <= row < len(self._complete):
            return
        statement = self._properties[key].get("x-statement")
        if statement:
            self.stated.emit(statement, str(self._complete[row].get("scientific_name", "")), value or "")
            return
        rows = self._own_rows()
        # Rows that were derived so far are named, so that what is entered stays with the right one.
        for other in self._complete[len(rows) : row + 1]:
            rows.append({name: other[name] for name in self._key if name in other})
        if value is None:
            rows[row].pop(key, None)
        else:
            rows[row][key] = value
        self.edited.emit(rows)

    def _add(self) -> None:
        # Rows of the assessment keep their place before the new one.
        rows = self._own_rows()
        for other in self._complete[len(rows) :]:
            rows.append({name: other[name] for name in self._key if name in other})
        self.edited.emit([*rows, {}])
        self.choose(len(self._complete) - 1, next(iter(self._identity or self._properties)))

    def _remove(self) -> None:
        row = self.table.currentRow()
        rows = self._own_rows()
        if 0 <= row < len(rows):
            self.edited.emit(rows[:row] + rows[row + 1 :])

    def _own_rows(self) -> list[dict[str, Any]]:
        """The rows that a person may change: of a list whose derived rows are adopted, all of them."""
        adopted = self.schema.get("x-derived-rows") == "adopted" and not self._entered
        return copy.deepcopy(self._complete if adopted else self._entered)
