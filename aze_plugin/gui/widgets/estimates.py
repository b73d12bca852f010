"""Estimates of one taxon, to be read and written in place: a table, a form for new ones, undo and redo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QModelIndex, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...domain.species import PARAMETERS, SEGMENTS
from ...services.vocabulary import word
from .. import style
from ..estimates import SCOPES, Estimates, OwnEstimate, Row, of_library
from ..models import estimates as model
from .basics import FlowLayout, TextLabel, tool

_FIELDS = tuple(model.FIELDS.values())


class EstimateEditor(QWidget):
    """The estimates of one taxon at the current candidate and in the world; the user's can be edited, the library's
    overridden. Changes go to the session's ``estimates`` at once; ``loading`` and ``saving`` ask for a file."""

    loading = pyqtSignal()
    saving = pyqtSignal()

    def __init__(self, estimates: Estimates, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._estimates = estimates
        self._entry: Mapping[str, Any] = {"taxon_id": "", "scientific_name": "", "shares": ()}
        self._library: Mapping[tuple[str, str, str], Mapping[str, Any]] = {}
        self._candidate = ""
        # What was typed into the form and not added yet, by candidate and taxon.
        self._drafts: dict[tuple[str, str], dict[str, Any]] = {}

        self.none = TextLabel(translate("AzeEstimates", "Nothing is estimated of this taxon yet."), muted=True)
        self.model = model.EstimatesModel(self._put, self)
        self.table = EstimateTable(self.model)
        self.problems = TextLabel()
        self.more = _MoreFields()
        self.more.edited.connect(lambda field, typed: self._write(field, typed))
        self.add = QPushButton(translate("AzeEstimates", "Add an estimate…"))
        self.override = QPushButton(translate("AzeEstimates", "Override"))
        self.override.setToolTip(translate("AzeEstimates", "Set an estimate of yours in the place of the library's"))
        self.remove = QPushButton(translate("AzeEstimates", "Delete"))
        self.remove.setToolTip(translate("AzeEstimates", "Delete the chosen estimate of yours"))
        self.undo = tool("↶", translate("AzeEstimates", "Undo"))
        self.redo = tool("↷", translate("AzeEstimates", "Redo"))
        self.menu = tool("⋯", translate("AzeEstimates", "Load and save estimates"))
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        actions = QMenu(self.menu)
        actions.addAction(translate("AzeEstimates", "Load estimates…"), self.loading.emit)
        actions.addAction(translate("AzeEstimates", "Save estimates…"), self.saving.emit)
        self.menu.setMenu(actions)
        self.form = EstimateForm()
        self.form.hide()

        buttons = QWidget()
        flow = FlowLayout(buttons)
        for button in (self.add, self.override, self.remove, self.undo, self.redo, self.menu):
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.none, self.table, self.problems, self.more, self.form, buttons):
            layout.addWidget(widget)

        self.add.clicked.connect(self.open_form)
        self.override.clicked.connect(self._override)
        self.remove.clicked.connect(self._remove)
        self.undo.clicked.connect(estimates.stack.undo)
        self.redo.clicked.connect(estimates.stack.redo)
        self.form.added.connect(self._add)
        self.form.cancelled.connect(self.form.hide)
        self.table.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())
        self.table.resized.connect(self._show_chosen)
        self.table.closed.connect(self._show)
        self.table.overriding.connect(self._override)
        self.table.removing.connect(self._remove)
        stack = estimates.stack
        for signal in (stack.canUndoChanged, stack.canRedoChanged, stack.undoTextChanged, stack.redoTextChanged):
            signal.connect(self._show_steps)
        self._show_steps()

    def set_taxon(self, entry: Mapping[str, Any], told: Sequence[Row], candidate: str) -> None:
        """Show a taxon of an assessment. ``told``: the user's rows with which that was made."""
        other = (candidate, entry["taxon_id"]) != (self._candidate, self._entry["taxon_id"])
        if other:
            self.put_aside()
            self.table.setCurrentIndex(QModelIndex())
        self._entry, self._candidate = entry, candidate
        self._library = of_library(entry, told)
        if other and self._key in self._drafts:
            self.open_form()
        self._show()

    def put_aside(self) -> None:
        """Close the form; what was typed in it comes back with the same taxon of the same candidate."""
        if not self.form.isHidden() and self.form.is_begun():
            self._drafts[self._key] = self.form.typed()
        self.form.hide()

    def open_form(self) -> None:
        """Open the form for a new estimate, with what was typed in it before."""
        if self.form.isHidden():
            self.form.begin(self._known(), _likely_segment(self._entry), self._drafts.pop(self._key, None))
            self.form.show()
        self.form.fields["site", "best"].setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _key(self) -> tuple[str, str]:
        return self._candidate, self._entry["taxon_id"]

    def _own(self) -> dict[str, list[OwnEstimate]]:
        entry = self._entry
        return {scope: self._estimates.of(scope, entry["taxon_id"], entry["scientific_name"]) for scope in SCOPES}

    def _known(self) -> dict[tuple[str, str, str], tuple[OwnEstimate, bool]]:
        """What is estimated so far, by scope, parameter and segment, and whether it is the user's."""
        lines = model.lines_of(self._entry, self._own(), self._library)
        return {
            (line.scope, line.estimate.parameter, line.estimate.segment): (line.estimate, line.kind == "own")
            for line in lines
            if line.kind == "own" or (line.kind == "library" and not line.replaced)
        }

    def _show(self) -> None:
        lines = model.lines_of(self._entry, self._own(), self._library)
        if self.table.is_editing() and not self.model.fits(lines):
            # Rows that come or go would close the editor on what is being typed; they follow when it is done.
            return
        chosen = self.table.currentIndex()
        place = self.model.lines[chosen.row()].place if chosen.isValid() else None
        if self.model.set_lines(lines):
            self.table.arrange()
            row = next((n for n, line in enumerate(lines) if line.place == place), None)
            if row is not None:
                self.table.setCurrentIndex(self.model.index(row, chosen.column()))
        self.table.setVisible(bool(lines))
        self.none.setVisible(not lines)
        wrong = [line for line in lines if line.problem is not None]
        said = (
            f"{style.MARKS['problem']} {model.scope_word(line.scope)}, {model.what_word(line.estimate)}: "
            f"{model.said_of(line)}"
            for line in wrong
        )
        self.problems.setText("\n".join(said))
        self.problems.setVisible(bool(wrong))
        self._show_chosen()

    def _show_chosen(self) -> None:
        line = self.model.line(self.table.currentIndex())
        self.override.setVisible(line is not None and line.kind == "library" and not line.replaced)
        self.remove.setVisible(line is not None and line.kind == "own")
        shown = line is not None and line.kind != "title" and self.table.is_narrow()
        self.more.setVisible(shown)
        if shown:
            self.more.set_line(line)

    def _show_steps(self, *_args) -> None:
        translate, stack = QCoreApplication.translate, self._estimates.stack
        self.undo.setEnabled(stack.canUndo())
        self.redo.setEnabled(stack.canRedo())
        undo, redo = translate("AzeEstimates", "Undo"), translate("AzeEstimates", "Redo")
        self.undo.setToolTip(f"{undo}: {stack.undoText()} (Ctrl+Z)" if stack.canUndo() else undo)
        self.redo.setToolTip(f"{redo}: {stack.redoText()} (Ctrl+Y)" if stack.canRedo() else redo)

    def _put(self, title: str, scope: str, what: OwnEstimate, new: OwnEstimate | None) -> None:
        self._estimates.put(title, (scope, what, new))

    def _write(self, field: str, typed: str) -> None:
        line = self.model.line(self.table.currentIndex())
        if line is not None and line.editable:
            self.model.write(line, field, typed)

    def _add(self, entered: list[tuple[str, OwnEstimate]]) -> None:
        made = [(scope, replace(e, **self._names())) for scope, e in entered]
        if not made:
            self.form.hide()
            return
        existing = self._own()
        changes = []
        for scope, new in made:
            old = next((e for e in existing[scope] if e.what[1:] == new.what[1:]), new)
            changes.append((scope, old, new))
        self.form.hide()
        self._estimates.put(model.title_of(made[0][1]), *changes)

    def _names(self) -> dict[str, str]:
        return {key: self._entry[key] for key in ("taxon_id", "scientific_name")}

    def _override(self) -> None:
        line = self.model.line(self.table.currentIndex())
        if line is None or line.kind != "library" or line.replaced:
            return
        column = max(self.table.currentIndex().column(), model.LOW)
        self._put(model.title_of(line.estimate), line.scope, line.estimate, line.estimate)
        own = (False, line.scope, line.estimate.what)
        row = next((n for n, shown in enumerate(self.model.lines) if shown.place == own), None)
        if row is None:
            # The table follows at once only while the page is to be seen.
            self._show()
            row = next(n for n, shown in enumerate(self.model.lines) if shown.place == own)
        index = self.model.index(row, column)
        self.table.setCurrentIndex(index)
        self.table.edit(index)

    def _remove(self) -> None:
        line = self.model.line(self.table.currentIndex())
        if line is not None and line.kind == "own":
            self._put(model.title_of(line.estimate), line.scope, line.estimate, None)


class EstimateTable(QTableView):
    """The table: as tall as its rows; year and source only where there is room for them."""

    resized = pyqtSignal()
    closed = pyqtSignal()
    overriding = pyqtSignal()
    removing = pyqtSignal()

    def __init__(self, shown: model.EstimatesModel):
        super().__init__()
        self.setModel(shown)
        self.setItemDelegate(_Delegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(80)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(20)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(QCoreApplication.translate("AzeEstimates", "Estimates"))
        self._narrow = False

    def arrange(self) -> None:
        """Fit spans, height and columns to the rows."""
        self.clearSpans()
        lines = self.model().lines
        for row, line in enumerate(lines):
            if line.kind == "title":
                self.setSpan(row, 0, 1, model.SOURCE + 1)
        height = len(lines) * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(height + self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth())
        self._fit()

    def is_narrow(self) -> bool:
        """Whether year and source have no columns."""
        return self._narrow

    def is_editing(self) -> bool:
        """Whether a cell is being written in."""
        return self.state() == QAbstractItemView.State.EditingState

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()
        self.resized.emit()

    def closeEditor(self, editor, hint) -> None:
        super().closeEditor(editor, hint)
        if not self.is_editing():
            self.closed.emit()

    def mouseDoubleClickEvent(self, event) -> None:
        super().mouseDoubleClickEvent(event)
        line = self.model().line(self.indexAt(event.pos()))
        if line is not None and line.kind == "library":
            self.overriding.emit()

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.removing.emit()
            return
        super().keyPressEvent(event)

    def _fit(self) -> None:
        metrics, header = self.fontMetrics(), self.horizontalHeader()
        width = self.viewport().width()
        where = metrics.horizontalAdvance(f"▲ {QCoreApplication.translate('AzeEstimates', 'World, library')}") + 10
        figure = metrics.horizontalAdvance("1,000,000") + 10
        year = metrics.horizontalAdvance("20000") + 10
        self._narrow = width < where + 3 * figure + year + 80
        for column in (model.YEAR, model.SOURCE):
            self.setColumnHidden(column, self._narrow)
        # Estimates of whole numbers below a million leave room for whose they are.
        short = self._narrow and width - where < 3 * (figure - metrics.horizontalAdvance("000"))
        self.model().set_short(short)
        if short:
            where = metrics.horizontalAdvance(f"▲ {QCoreApplication.translate('AzeEstimates', 'World')}") + 10
        if self._narrow:
            figure = (width - where) // 3
        header.resizeSection(model.WHERE, where)
        for column in (model.LOW, model.BEST, model.HIGH):
            header.resizeSection(column, figure)
        header.resizeSection(model.YEAR, year)
        header.resizeSection(model.SOURCE, max(60, width - where - 3 * figure - year))


class _Delegate(QStyledItemDelegate):
    """Edits in a plain line; the Tab key goes on to the next cell that can be written in, in the same row first."""

    def createEditor(self, parent, option, index):
        editor = QLineEdit(parent)
        editor.setFrame(False)
        editor.setAccessibleName(str(index.data(Qt.ItemDataRole.AccessibleTextRole) or ""))
        return editor

    def setEditorData(self, editor, index):
        # An index that says something new while somebody is typing does not take the text away.
        if not editor.isModified():
            editor.setText(index.data(Qt.ItemDataRole.EditRole))

    def setModelData(self, editor, shown, index):
        shown.setData(index, editor.text())

    def eventFilter(self, editor, event):
        if event.type() == event.Type.KeyPress and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.commitData.emit(editor)
            step = (
                QAbstractItemDelegate.EndEditHint.EditNextItem
                if event.key() == Qt.Key.Key_Tab
                else QAbstractItemDelegate.EndEditHint.EditPreviousItem
            )
            self.closeEditor.emit(editor, step)
            return True
        return super().eventFilter(editor, event)


class _MoreFields(QWidget):
    """Year and source of the chosen estimate, where the table has no room for them."""

    edited = pyqtSignal(str, str)

    def __init__(self):
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.title = TextLabel(muted=True)
        grid.addWidget(self.title, 0, 0, 1, 2)
        self.fields: dict[str, QLineEdit] = {}
        for row, field in enumerate(("year", "origin"), start=1):
            edit = _field(model.field_word(field))
            edit.editingFinished.connect(lambda edit=edit, field=field: self._finish(edit, field))
            self.fields[field] = edit
            label = TextLabel(model.field_word(field))
            label.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
            grid.addWidget(label, row, 0)
            grid.addWidget(edit, row, 1)

    def set_line(self, line: model.Line) -> None:
        """Show a line; what is being typed into it stays."""
        self.title.setText(f"{model.where(line)}: {model.what_word(line.estimate)}")
        for field, edit in self.fields.items():
            edit.setReadOnly(not line.editable)
            if not (edit.hasFocus() and edit.isModified()):
                edit.setText(model.entered_text(line.estimate, field))
                edit.setCursorPosition(0)

    def _finish(self, edit: QLineEdit, field: str) -> None:
        if edit.isModified() and not edit.isReadOnly():
            edit.setModified(False)
            self.edited.emit(field, edit.text())


class EstimateForm(QWidget):
    """A new estimate: parameter, segment, and site and world side by side.

    ``added`` carries (scope, OwnEstimate without the taxon's names) pairs of what was filled in. A form with something
    wrong in it stays open and says so.
    """

    added = pyqtSignal(list)
    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._known: Mapping[tuple[str, str, str], tuple[OwnEstimate, bool]] = {}
        self.parameter, self.segment = QComboBox(), QComboBox()
        for box, kind, codes, name in (
            (self.parameter, "parameter", PARAMETERS, translate("AzeEstimates", "Parameter")),
            (self.segment, "segment", SEGMENTS, translate("AzeEstimates", "Segment")),
        ):
            for code in codes:
                text = word(kind, code)
                box.addItem(text[:1].upper() + text[1:], code)
            box.setAccessibleName(name)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.currentIndexChanged.connect(self._prefill)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        self.unit = TextLabel(muted=True)
        grid.addWidget(self.unit, 0, 0)
        self.fields: dict[tuple[str, str], QLineEdit] = {}
        for column, scope in enumerate(SCOPES, start=1):
            grid.setColumnStretch(column, 2)
            grid.addWidget(TextLabel(model.scope_word(scope)), 0, column)
        grid.setColumnStretch(0, 1)
        # Column by column, as the fields are filled in.
        for column, scope in enumerate(SCOPES, start=1):
            for row, field in enumerate(_FIELDS, start=1):
                if column == 1:
                    grid.addWidget(TextLabel(model.field_word(field)), row, 0)
                edit = _field(f"{model.scope_word(scope)}, {model.field_word(field)}")
                edit.returnPressed.connect(self._finish)
                self.fields[scope, field] = edit
                grid.addWidget(edit, row, column)
        self.problem = TextLabel()
        palette = QPalette(self.problem.palette())
        palette.setColor(QPalette.ColorRole.WindowText, style.colour("problem", palette))
        self.problem.setPalette(palette)
        self.accept = QPushButton(translate("AzeEstimates", "Add"))
        self.cancel = QPushButton(translate("AzeEstimates", "Cancel"))
        self.accept.clicked.connect(self._finish)
        self.cancel.clicked.connect(self.cancelled)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        flow.addWidget(self.accept)
        flow.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self.parameter)
        layout.addWidget(self.segment)
        layout.addLayout(grid)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)

    def begin(
        self,
        known: Mapping[tuple[str, str, str], tuple[OwnEstimate, bool]],
        segment: str,
        draft: Mapping[str, Any] | None = None,
    ) -> None:
        """Start anew, or with what was typed before. ``known``: what is estimated already, and whether by the user."""
        self._known = known
        self.problem.setText("")
        self.problem.hide()
        for edit in self.fields.values():
            edit.setText("")
        taken = {(parameter, s) for _, parameter, s in known}
        first = next((p for p in PARAMETERS if (p, segment) not in taken), PARAMETERS[0])
        told = draft or {"parameter": first, "segment": segment, "fields": {}}
        for box, code in ((self.parameter, told["parameter"]), (self.segment, told["segment"])):
            box.setCurrentIndex(box.findData(code))
        self._prefill()
        for key, text in told["fields"].items():
            self.fields[key].setText(text)
            self.fields[key].setModified(bool(text))

    def typed(self) -> dict[str, Any]:
        """What is in the form now."""
        return {
            "parameter": self.parameter.currentData(),
            "segment": self.segment.currentData(),
            "fields": {key: edit.text() for key, edit in self.fields.items()},
        }

    def is_begun(self) -> bool:
        """Whether anything was typed."""
        return any(edit.isModified() for edit in self.fields.values())

    def _prefill(self, *_args) -> None:
        """Show what is estimated of the parameter and segment: the user's as text, the library's as a hint."""
        translate = QCoreApplication.translate
        parameter, segment = self.parameter.currentData(), self.segment.currentData()
        self.unit.setText(_unit(parameter))
        keep = self.is_begun()
        for (scope, field), edit in self.fields.items():
            known, own = self._known.get((scope, parameter, segment), (None, False))
            text = model.entered_text(known, field) if known is not None else ""
            edit.setPlaceholderText("" if own else text)
            edit.setToolTip(translate("AzeEstimates", "From the library: {text}").format(text=text) if text else "")
            if not keep:
                edit.setText(text if own else "")
                edit.setModified(False)

    def _finish(self) -> None:
        parameter, segment = self.parameter.currentData(), self.segment.currentData()
        entered, wrong = [], []
        for scope in SCOPES:
            values = {f: model.read_entry(self.fields[scope, f].text(), f, parameter) for f in _FIELDS}
            made = OwnEstimate("", "", parameter, segment, **values)
            if model.is_blank(made):
                continue
            problem = made.problem(scope)
            if problem is not None:
                wrong.append(f"{model.scope_word(scope)}: {model.problem_text(problem, made)}")
            entered.append((scope, made))
        if not entered:
            wrong.append(QCoreApplication.translate("AzeEstimates", "Fill in the site, the world, or both."))
        self.problem.setText("\n".join(wrong))
        self.problem.setVisible(bool(wrong))
        if not wrong:
            self.added.emit(entered)

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)


def _likely_segment(entry: Mapping[str, Any]) -> str:
    """The segment that a new estimate is most likely of: one that the taxon's shares have."""
    found = [share["segment"] for share in entry["shares"]]
    return next((segment for segment in ("resident", "breeding", "non_breeding") if segment in found), "all")


def _unit(parameter: str) -> str:
    translate = QCoreApplication.translate
    return {
        "mature_individuals": translate("AzeEstimates", "number"),
        "aoo": translate("AzeEstimates", "cells of 2 × 2 km"),
        "localities": translate("AzeEstimates", "number"),
    }.get(parameter, translate("AzeEstimates", "hectares"))


def _field(name: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setAccessibleName(name)
    edit.setMinimumWidth(40)
    edit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return edit
