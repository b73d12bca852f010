"""One field of a form made from a JSON schema: label, editor of the fitting kind, origin of the value, problem."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qgis.gui import QgsDateEdit
from qgis.PyQt.QtCore import QCoreApplication, QDate, QEvent, QLocale, QObject, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QFont, QPalette
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .. import style
from .basics import ElidedLabel, ShortCombo, TextLabel, link

# What is typed is handed on this long after its first letter, also while typing goes on.
_PAUSE_MS = 500
_NARROWEST = 60
# The help of one field gives way to another's only when a click that goes there has come to its end.
_HELP_MS = 200
_LONGEST_LINE = 2**20
# What neither a project file nor a workbook can hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("[\r\n\u2028\u2029]+[ \t]*")
_DATE_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


class Field(QWidget):
    """A scalar field, or with an ``editor`` of its own whatever that one edits.

    ``edited`` carries what a person entered: text, number, ISO date, or None for a field that was emptied; it comes
    when the editor is left, and while somebody types within a second of every keystroke. ``reverted`` asks for the
    derived value in place of one that was entered by hand, ``helped`` says that this field shows its help now.
    """

    edited = pyqtSignal(object)
    reverted = pyqtSignal()
    helped = pyqtSignal(object)

    def __init__(
        self, schema: Mapping[str, Any], required: bool, parent: QWidget | None = None, editor: QWidget | None = None
    ):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.schema = schema
        # The field of a term holds all of its levels.
        self.title = schema.get("title", "").partition(", ")[0] if editor else schema.get("title", "")
        title, about = self.title, schema.get("description", "")
        self.label = TextLabel()
        self.required = required
        self.origin = origin_label(self.font())
        self.revert = link("↺", self.reverted.emit, translate("AzeForm", "Take the derived value again"), self)
        self.revert.setAccessibleName(self.revert.toolTip())
        self.ask = link("?", self._toggle_help, translate("AzeForm", "What belongs here"), self)
        self.ask.setAccessibleName(f"{self.ask.toolTip()}: {title}")
        self.ask.setCheckable(True)
        for button in (self.revert, self.ask):
            # They act on the field without taking the cursor away from it.
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.editor = editor or _editor_for(schema)
        self.editor.setParent(self)
        self.editor.setToolTip(about)
        self.editor.setAccessibleName(title)
        self.editor.setAccessibleDescription(about)
        self.help = TextLabel(help_text(schema), muted=True)
        self.help.setContentsMargins(4, 0, 0, 0)
        self.help.hide()
        self.problem = TextLabel()
        self.problem.hide()
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.label, 1)
        head.addWidget(self.origin)
        head.addWidget(self.revert)
        head.addWidget(self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(1)
        layout.addLayout(head)
        layout.addWidget(self.editor)
        layout.addWidget(self.help)
        layout.addWidget(self.problem)
        # In the narrowest panel a field is as narrow as that, and not as its words would like: what is wider than its
        # place is laid out with too little height.
        self.setMinimumWidth(_NARROWEST)
        self.mark_required(required)
        self._shown: Any = None
        self._held: Any = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.commit)
        self._late_help = QTimer(self)
        self._late_help.setSingleShot(True)
        self._late_help.setInterval(_HELP_MS)
        self._late_help.timeout.connect(self._help_if_there)
        self.editor.changed.connect(self._on_change)
        self.editor.left.connect(self._leave)
        self.editor.leaving.arrived.connect(self._late_help.start)
        self.show_value(None)

    def mark_required(self, required: bool) -> None:
        """Say with a star whether a final package needs the field."""
        self.required = required
        about = self.schema.get("description", "")
        self.label.setText(f"{self.title} *" if required else self.title)
        needed = QCoreApplication.translate("AzeForm", "{about} A final package needs it.").format(about=about)
        self.label.setToolTip(needed if required else about)

    def show_value(
        self,
        value: Any,
        derived: bool = False,
        overridden: bool = False,
        problem: str = "",
        derivable: bool = True,
    ) -> None:
        """Show a value (None: not given), where it comes from, and what is wrong with it (with its mark).

        ``derivable``: whether one that is not given may still be derived, where the schema says that it can be.
        What a person is typing stays.
        """
        translate = QCoreApplication.translate
        # Somebody who has emptied a field to write something else gets the derived value back only on leaving it.
        emptied = derived and self.editor.hasFocus() and self._shown is None and self.editor.value() is None
        self._held = value if emptied else None
        if not self._pause.isActive() and not emptied:
            if self.editor.value() != value:
                self.editor.set_value(value)
            self._shown = self.editor.value()
        if derived:
            origin = translate("AzeForm", "derived")
        elif overridden:
            origin = translate("AzeForm", "by hand")
        elif value is None and derivable and self.schema.get("x-derived") is True and "x-statement" not in self.schema:
            origin = translate("AzeForm", "will be derived")
        else:
            origin = ""
        self.origin.setText(origin)
        self.origin.setVisible(bool(origin))
        self.revert.setVisible(overridden)
        show_problem(self.problem, problem)

    def is_open(self) -> bool:
        """Whether something is left to do here: a problem, or a needed value that is not there."""
        return not self.problem.isHidden() or (self.required and self.editor.value() is None)

    def commit(self) -> None:
        """Hand on what was entered, if it is something new."""
        self._pause.stop()
        value = self.editor.value()
        if value != self._shown:
            self._shown = value
            self.edited.emit(value)

    def forget(self) -> None:
        """Drop what is being typed: it belongs to another document than the one that is shown next."""
        self._pause.stop()
        self._shown = self.editor.value()

    def focus(self) -> None:
        """Put the cursor here."""
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_help(self, shown: bool) -> None:
        """Show or hide what the schema says of the field."""
        self.help.setVisible(shown and bool(self.help.text()))
        self.ask.setChecked(not self.help.isHidden())

    def _leave(self) -> None:
        self.commit()
        if self._held is not None and self.editor.value() is None:
            self.editor.set_value(self._held)
            self._shown = self.editor.value()
        self._held = None

    def _on_change(self) -> None:
        # Not started anew by every letter: who types without a pause would keep everything from being handed on.
        if not self._pause.isActive():
            self._pause.start()

    def _toggle_help(self) -> None:
        self.show_help(self.help.isHidden())
        if not self.help.isHidden():
            self.helped.emit(self)

    def _help_if_there(self) -> None:
        if self.editor.hasFocus() and self.help.isHidden():
            self.show_help(True)
            self.helped.emit(self)


def origin_label(font: QFont) -> ElidedLabel:
    """A small quiet label for where a value comes from."""
    label = ElidedLabel()
    label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    label.setFont(style.scaled(font, 0.85))
    palette = QPalette(label.palette())
    palette.setColor(QPalette.ColorRole.WindowText, style.muted(palette))
    label.setPalette(palette)
    return label


def show_problem(label: TextLabel, said: str) -> None:
    """Show a sentence that begins with the mark of its severity, in the colour of that; hide the label for none."""
    label.setText(said)
    label.setVisible(bool(said))
    palette = QPalette(TextLabel().palette())
    state = next((state for state, mark in style.MARKS.items() if said.startswith(mark)), "problem")
    palette.setColor(QPalette.ColorRole.WindowText, style.colour("empty" if state == "empty" else "problem", palette))
    label.setPalette(palette)


def help_text(schema: Mapping[str, Any]) -> str:
    """What a schema says of a member, with an example where it has one that is a line of text or a number."""
    about = schema.get("description", "")
    example = next(iter(schema.get("examples", ())), None)
    if "enum" in schema or isinstance(example, (list, dict)) or example is None:
        return about
    template = QCoreApplication.translate("AzeForm", "{about} For example: {example}")
    return template.format(about=about, example=example).strip()


class _Leaving(QObject):
    """Tells when an editor is entered and left; and keeps the wheel, meant for the page, from changing values on its
    way."""

    arrived = pyqtSignal()
    left = pyqtSignal()

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.FocusIn:
            self.arrived.emit()
        elif event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        elif event.type() == QEvent.Type.Wheel and not isinstance(watched, QPlainTextEdit):
            event.ignore()
            return True
        return False


def watch(editor: QWidget) -> None:
    """Give an editor of a form the signal ``left`` and the manners of all of them."""
    editor.leaving = _Leaving(editor)
    editor.left = editor.leaving.left
    editor.installEventFilter(editor.leaving)
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    editor.setMinimumWidth(60)


class _Line(QLineEdit):
    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        watch(self)
        self.setMaxLength(_LONGEST_LINE)
        self.textEdited.connect(self._on_text)
        self.returnPressed.connect(self.left)

    def value(self):
        return self.text().strip() or None

    def set_value(self, value):
        # A value of several lines stays as it is until somebody edits it: its problem is said below.
        self.setText("" if value is None else str(value))
        self.setCursorPosition(0)

    def _on_text(self, text: str):
        # Several lines that are pasted become one.
        written = _UNWRITABLE.sub("", _LINE_ENDS.sub(" ", text.rstrip("\r\n\u2028\u2029")))
        if written != text:
            place = len(written) - len(text) + self.cursorPosition()
            self.setText(written)
            self.setCursorPosition(max(0, place))
        self.changed.emit()


class _Paragraph(QPlainTextEdit):
    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        watch(self)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._setting = False
        self.textChanged.connect(self._on_text)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def value(self):
        return _UNWRITABLE.sub("", self.toPlainText()).strip() or None

    def set_value(self, value):
        self._setting = True
        self.setPlainText("" if value is None else str(value))
        self._setting = False

    def resizeEvent(self, event):
        super().resizeEvent(event)
        self._fit()

    def _on_text(self):
        if not self._setting:
            self.changed.emit()

    def _fit(self):
        """As high as the text, from three lines to twelve."""
        lines = min(12, max(3, int(self.document().size().height())))
        margins = 2 * (self.frameWidth() + int(self.document().documentMargin()) + 2)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + margins)


class _Choice(ShortCombo):
    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__(6)
        watch(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.addItem(QCoreApplication.translate("AzeForm", "not given"), None)
        labels = schema.get("x-labels", {})
        for option in schema["enum"]:
            self.addItem(labels.get(option, str(option)), option)
            self.setItemData(self.count() - 1, labels.get(option, str(option)), Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(self._chosen)

    def value(self):
        return self.currentData()

    def set_value(self, value):
        index = self.findData(value)
        if index < 0:
            # A value outside the vocabulary is shown, not swallowed; its problem stands below.
            self.addItem(str(value), value)
            index = self.count() - 1
        self.setCurrentIndex(index)

    def _chosen(self, _index):
        self.changed.emit()
        self.left.emit()


class _Number(QLineEdit):
    """A number that can be left out; text that is no number is handed on as it is, so that its problem is said."""

    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        watch(self)
        self._whole = schema.get("type") == "integer"
        self._lowest, self._highest = schema.get("minimum"), schema.get("maximum")
        self.textEdited.connect(lambda _text: self.changed.emit())
        self.returnPressed.connect(self.left)

    def value(self):
        text = self.text().strip()
        if not text:
            return None
        locale = QLocale()
        number, ok = locale.toDouble(text)
        if not ok:
            # What is pasted from a table is often written the C way, whatever the user's language.
            number, ok = QLocale.c().toDouble(text)
        if not ok:
            return text
        return int(number) if number.is_integer() and (self._whole or abs(number) < 2**53) else number

    def set_value(self, value):
        if value is None or isinstance(value, str):
            self.setText(value or "")
            return
        locale = QLocale()
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        self.setText(locale.toString(float(value), "g", 12) if abs(value) < 1e12 else str(value))

    def keyPressEvent(self, event):
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(event.key())
        value = self.value()
        if step is None or isinstance(value, str):
            super().keyPressEvent(event)
            return
        stepped = (value or 0) + step
        if self._lowest is not None:
            stepped = max(self._lowest, stepped)
        if self._highest is not None:
            stepped = min(self._highest, stepped)
        self.set_value(stepped)
        self.changed.emit()


class _Day(QgsDateEdit):
    """A date that can be left out, with a calendar; ISO 8601 in and out."""

    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        watch(self)
        self.setAllowNull(True)
        self.setNullRepresentation(QCoreApplication.translate("AzeForm", "not given"))
        self.setDisplayFormat("yyyy-MM-dd")
        self.setCalendarPopup(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._setting = False
        self.clear()
        self.dateValueChanged.connect(self._on_date)

    def value(self):
        return None if self.isNull() else self.date().toString(Qt.DateFormat.ISODate)

    def set_value(self, value):
        self._setting = True
        date = QDate.fromString(str(value or ""), Qt.DateFormat.ISODate)
        if date.isValid():
            self.setDate(date)
        else:
            self.clear()
        self._setting = False

    def _on_date(self, _date):
        if not self._setting:
            self.changed.emit()


def _editor_for(schema: Mapping[str, Any]) -> QWidget:
    """The editor that fits a property's schema; it has ``value``, ``set_value`` and the signals changed and left."""
    if "enum" in schema:
        return _Choice(schema)
    if schema.get("type") in ("number", "integer"):
        return _Number(schema)
    if schema.get("format") == "date" or _DATE_PATTERN in schema.get("pattern", ""):
        return _Day(schema)
    return _Paragraph(schema) if schema.get("x-multiline") else _Line(schema)
