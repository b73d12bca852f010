"""A small editor for one statement of the nominator, in the place where the check asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence, QShortcut
from qgis.PyQt.QtWidgets import QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from .basics import FlowLayout, TextLabel

if TYPE_CHECKING:
    from ..unsaved import Typing


class StatementEditor(QWidget):
    """Title, hint, text and the buttons Save and Cancel; hidden until ``open`` is called.

    ``saved`` carries the key of the statement, the taxon ("" for the site) and the text. What was typed and neither
    saved nor cancelled is kept in ``typing``, and comes back when the same statement of the same candidate is opened
    again.
    """

    saved = pyqtSignal(str, str, str)

    def __init__(self, typing: Typing, parent: QWidget | None = None):
        super().__init__(parent)
        self._subject: tuple[str, str, str] | None = None
        self._typing = typing
        self.title = TextLabel()
        self.hint = TextLabel(muted=True)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(self.fontMetrics().lineSpacing() * 5)
        self.text.setMaximumHeight(self.fontMetrics().lineSpacing() * 12)
        self.save = QPushButton(QCoreApplication.translate("AzeStatement", "Save"))
        self.save.setToolTip(QCoreApplication.translate("AzeStatement", "Ctrl+Enter"))
        self.cancel = QPushButton(QCoreApplication.translate("AzeStatement", "Cancel"))
        buttons = QWidget()
        row = FlowLayout(buttons)
        row.addWidget(self.save)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        for widget in (self.title, self.text, self.hint, buttons):
            layout.addWidget(widget)
        self.text.textChanged.connect(self._type)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self._cancel)
        for keys, slot in (("Ctrl+Return", self._save), ("Ctrl+Enter", self._save), ("Esc", self._cancel)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        self.hide()

    def open(self, candidate: str, key: str, taxon: str, text: str) -> None:
        """Show the editor for a statement with its text, or with what was typed before and not saved."""
        self.put_aside()
        subject = (candidate, key, taxon)
        title, hint = _words(key)
        self.title.setText(title.format(taxon=taxon))
        self.hint.setText(hint)
        self.text.setPlainText(self._typing.texts.get(subject, text))
        self._subject = subject
        self.text.setAccessibleName(self.title.plain())
        self.show()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def put_aside(self) -> None:
        """Close without saving; what was typed is there at the next ``open`` of the same statement."""
        self._subject = None
        self.hide()

    def _type(self) -> None:
        if self._subject is not None:
            self._typing.put(self._subject, self.text.toPlainText())

    def _save(self) -> None:
        if self._subject is None:
            return
        subject, text = self._subject, self.text.toPlainText().strip()
        self._subject = None
        self.hide()
        self.saved.emit(*subject[1:], text)
        self._typing.put(subject, None)

    def _cancel(self) -> None:
        subject, self._subject = self._subject, None
        self.hide()
        if subject is not None:
            self._typing.put(subject, None)


def _words(key: str) -> tuple[str, str]:
    translate = QCoreApplication.translate
    return {
        "delineation_rationale": (
            translate("AzeStatement", "Why this boundary"),
            translate(
                "AzeStatement",
                "Say what the edge follows on each side, and why the land inside has more in common than with its "
                "surroundings.",
            ),
        ),
        "evidence_of_presence": (
            translate("AzeStatement", "Evidence that {taxon} lives here"),
            translate("AzeStatement", "Name the survey, specimen or record, with its year and source."),
        ),
        "reintroduction_justification": (
            translate("AzeStatement", "Why this is the place to bring {taxon} back to"),
            translate(
                "AzeStatement",
                "Compare it with other places, above all within the historic range, and say who would do the work.",
            ),
        ),
    }[key]
