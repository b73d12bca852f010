"""One field of a form made from a JSON schema: label, editor of the fitting kind, origin of the value, problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.gui import QgsDateEdit
from qgis.PyQt.QtCore import QCoreApplication, QDate, QEvent, QLocale, QObject, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .. import style
from .basics import TextLabel, link

_PAUSE_MS = 900
_DATE_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


class Field(QWidget):
    """A scalar field.

    ``edited`` carries what a person entered: text, number, ISO date, or None for a field that was emptied; it comes
    when the editor is left and after a pause in typing. ``reverted`` asks for the derived value in place of one that
    was entered by hand.
    """

    edited = pyqtSignal(object)
    reverted = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any], required: bool, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.schema = schema
        title = schema.get("title", "")
        about = schema.get("description", "")
        self.label = TextLabel()
        self.mark_required(required)
        self.origin = QLabel()
        self.origin.setFont(style.scaled(self.font(), 0.85))
        palette = QPalette(self.origin.palette())
        palette.setColor(QPalette.ColorRole.WindowText, style.muted(palette))
        self.origin.setPalette(palette)
        self.revert = link("↺", self.reverted.emit, translate("AzeForm", "Take the derived value again"), self)
        self.revert.setAccessibleName(self.revert.toolTip())
        self.editor = _editor_for(schema)
        self.editor.setParent(self)
        self.editor.setToolTip(about)
        self.editor.setAccessibleName(title)
        self.editor.setAccessibleDescription(about)
        self.problem = TextLabel()
        self.problem.hide()
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.label, 1)
        head.addWidget(self.origin)
        head.addWidget(self.revert)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(1)
        layout.addLayout(head)
        layout.addWidget(self.editor)
        layout.addWidget(self.problem)
        self._shown: Any = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.commit)
        self.editor.changed.connect(self._pause.start)
        self.editor.left.connect(self.commit)
        self.show_value(None)

    def mark_required(self, required: bool) -> None:
        """Say with a star whether a final package needs the field."""
        title, about = self.schema.get("title", ""), self.schema.get("description", "")
        self.label.setText(f"{title} *" if required else title)
        needed = QCoreApplication.translate("AzeForm", "{about} A final package needs it.").format(about=about)
        self.label.setToolTip(needed if required else about)

    def show_value(self, value: Any, derived: bool = False, overridden: bool = False, problem: str = "") -> None:
        """Show a value (None: not given), where it comes from, and what is wrong with it (with its mark).

        What a person is typing stays.
        """
        translate = QCoreApplication.translate
        if not self._pause.isActive() and self.editor.value() != value:
            self.editor.set_value(value)
        if not self._pause.isActive():
            self._shown = self.editor.value()
        if derived:
            origin = translate("AzeForm", "derived")
        elif overridden:
            origin = translate("AzeForm", "changed by hand")
        elif value is None and self.schema.get("x-derived") is True and "x-statement" not in self.schema:
            origin = translate("AzeForm", "will be derived")
        else:
            origin = ""
        self.origin.setText(origin)
        self.origin.setVisible(bool(origin))
        self.revert.setVisible(overridden)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        palette = QPalette(self.label.palette())
        palette.setColor(QPalette.ColorRole.WindowText, style.colour("problem", palette))
        self.problem.setPalette(palette)

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

    def focus(self) -> None:
        """Put the cursor here."""
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)


class _Leaving(QObject):
    """Tells when an editor is left; and keeps the wheel, meant for the page, from changing values on its way."""

    left = pyqtSignal()

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        elif event.type() == QEvent.Type.Wheel and not isinstance(watched, QPlainTextEdit):
            event.ignore()
            return True
        return False


def _watch(editor: QWidget) -> None:
    editor.leaving = _Leaving(editor)
    editor.left = editor.leaving.left
    editor.installEventFilter(editor.leaving)
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    editor.setMinimumWidth(60)


class _Line(QLineEdit):
    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        _watch(self)
        self.setPlaceholderText(schema.get("description", ""))
        self.textEdited.connect(lambda _text: self.changed.emit())
        self.returnPressed.connect(self.left)

    def value(self):
        return self.text().strip() or None

    def set_value(self, value):
        self.setText("" if value is None else str(value))
        self.setCursorPosition(0)


class _Paragraph(QPlainTextEdit):
    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        _watch(self)
        self.setTabChangesFocus(True)
        self.setPlaceholderText(schema.get("description", ""))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._setting = False
        self.textChanged.connect(self._on_text)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def value(self):
        return self.toPlainText().strip() or None

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


class _Choice(QComboBox):
    changed = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any]):
        super().__init__()
        _watch(self)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
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
        _watch(self)
        self._whole = schema.get("type") == "integer"
        self._lowest, self._highest = schema.get("minimum"), schema.get("maximum")
        self.setPlaceholderText(schema.get("description", ""))
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
        _watch(self)
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
