"""The outbox as a window beside the panel: what is to be sent, how far it is, what went wrong, what has arrived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qgis.core import Qgis
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QGuiApplication, QPainter, QPalette
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..services import outbox as stored
from ..services.outbox import Entry
from . import sending, style
from .widgets.basics import ElidedLabel, FlowLayout, PageScroll, TextLabel, link

if TYPE_CHECKING:
    from .outbox import Outbox
    from .session import Session


def show(session: Session) -> OutboxDialog:
    """Show the outbox; there is one window of it."""
    outbox = session.outbox
    if outbox.dialog is None:
        window = session.iface.mainWindow() if session.iface is not None else None
        outbox.dialog = OutboxDialog(outbox, window)
        outbox.dialog.finished.connect(lambda _result: _gone(outbox))
    outbox.dialog.show()
    outbox.dialog.raise_()
    return outbox.dialog


def _gone(outbox: Outbox) -> None:
    dialog, outbox.dialog = outbox.dialog, None
    if dialog is not None:
        dialog.deleteLater()


def offer(session: Session) -> None:
    """Offer, in QGIS's message bar, to go on with what the end of QGIS has interrupted."""
    count = len(session.outbox.interrupted)
    if not count or session.iface is None:
        return
    translate = QCoreApplication.translate
    bar = session.iface.messageBar()
    said = (
        translate("AzeOutbox", "One package was not sent to its end when QGIS was closed.")
        if count == 1
        else translate("AzeOutbox", "{count} packages were not sent to their end when QGIS was closed.").format(
            count=count
        )
    )
    item = bar.createMessage("AZE", said)
    for title, action in (
        (translate("AzeOutbox", "Go on"), session.outbox.resume_interrupted),
        (translate("AzeOutbox", "Show the outbox"), lambda: show(session)),
    ):
        button = QPushButton(title, item)
        button.clicked.connect(lambda _checked, action=action: (action(), bar.popWidget(item)))
        item.layout().addWidget(button)
    bar.pushWidget(item, Qgis.MessageLevel.Info)
    session.outbox.offered = (bar, item)


class OutboxDialog(QDialog):
    """Lists the entries of the outbox, those under way first."""

    def __init__(self, outbox: Outbox, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setObjectName("AzeOutbox")
        self.setWindowTitle(translate("AzeOutbox", "Outbox"))
        self.resize(460, 520)
        self._outbox = outbox
        self.rows: dict[str, OutboxRow] = {}
        self.summary = TextLabel(muted=True)
        self.scroll = PageScroll()
        self.scroll.layout_.addStretch(1)
        nothing = QWidget()
        inside = QVBoxLayout(nothing)
        inside.addStretch(1)
        inside.addWidget(
            TextLabel(
                translate(
                    "AzeOutbox",
                    "Nothing to send. Packages come here by “Send…” on the page Nomination; they go on their way in "
                    "the background, also when the connection breaks or QGIS is closed in between.",
                ),
                muted=True,
            )
        )
        inside.addStretch(2)
        self.stack = QStackedWidget()
        self.stack.addWidget(nothing)
        self.stack.addWidget(self.scroll)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.tidy = self.buttons.addButton(
            translate("AzeOutbox", "Clear what has arrived"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.tidy.setToolTip(translate("AzeOutbox", "Receipts stay with the nomination and beside the package."))
        self.tidy.clicked.connect(outbox.remove_sent)
        self.buttons.rejected.connect(self.reject)
        for button in self.buttons.buttons():
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.summary)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.buttons)
        outbox.changed.connect(self.renew)
        outbox.progressed.connect(self._moved)
        self.renew()

    def renew(self) -> None:
        """Show the entries as they are."""
        entries = self._outbox.entries
        ordered = [e for e in entries if e.state != stored.SENT]
        ordered += [e for e in reversed(entries) if e.state == stored.SENT]
        if [e.id for e in ordered] != list(self.rows):
            kept, self.rows = self.rows, {}
            for number, entry in enumerate(ordered):
                row = kept.pop(entry.id, None) or OutboxRow(entry, self._outbox)
                self.rows[entry.id] = row
                self.scroll.layout_.removeWidget(row)
                self.scroll.layout_.insertWidget(number, row)
            for row in kept.values():
                self.scroll.layout_.removeWidget(row)
                row.hide()
                row.deleteLater()
        for row in self.rows.values():
            row.renew()
        self.stack.setCurrentIndex(1 if entries else 0)
        self.summary.setText(self._summed(entries))
        self.summary.setVisible(bool(entries))
        self.tidy.setEnabled(any(e.state == stored.SENT for e in entries))

    def _summed(self, entries: list[Entry]) -> str:
        translate = QCoreApplication.translate
        states = [e.state for e in entries]
        failed, sent = states.count(stored.FAILED), states.count(stored.SENT)
        parts = [
            (translate("AzeOutbox", "{count} to send"), len(states) - failed - sent),
            (translate("AzeOutbox", "{count} not sent"), failed),
            (translate("AzeOutbox", "{count} arrived"), sent),
        ]
        return ", ".join(template.format(count=count) for template, count in parts if count)

    def _moved(self, identifier: str) -> None:
        if identifier in self.rows:
            self.rows[identifier].renew()

    def done(self, result: int) -> None:
        self._outbox.changed.disconnect(self.renew)
        self._outbox.progressed.disconnect(self._moved)
        super().done(result)


class _Mark(QLabel):
    """The mark of a state, in its colour."""

    _state = "empty"

    def show_state(self, state: str) -> None:
        """Show another state."""
        self._state = state
        self.setText(style.MARKS[state])

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        painter.setPen(style.colour(self._state, self.palette()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class OutboxRow(QFrame):
    """One package, where it goes, how far it is, and what can be done."""

    def __init__(self, entry: Entry, outbox: Outbox, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._entry, self._outbox = entry, outbox
        self._shown: tuple = ()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.mark = _Mark()
        name = ElidedLabel(entry.name, Qt.TextElideMode.ElideMiddle)
        name.setFont(style.scaled(self.font(), 1.0, bold=True))
        size = sending.size(entry.size)
        if entry.status == "draft":
            size = translate("AzeOutbox", "{size}, draft").format(size=size)
        head = QHBoxLayout()
        head.addWidget(self.mark)
        head.addWidget(name, 1)
        head.addWidget(QLabel(size))
        self.where = ElidedLabel(translate("AzeOutbox", "To {receiver}").format(receiver=entry.endpoint.name))
        self.where.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.state = TextLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.pause = link(translate("AzeOutbox", "Pause"), lambda: outbox.pause(entry.id))
        self.resume = link(translate("AzeOutbox", "Go on"), lambda: outbox.resume(entry.id))
        self.again = link(translate("AzeOutbox", "Send it anew…"), self._send_again)
        self.copy = link(
            translate("AzeOutbox", "Copy the receipt"),
            self._copy,
            translate("AzeOutbox", "Copy the receipt as JSON: times, digest and the server's answer"),
        )
        self.remove = link(translate("AzeOutbox", "Remove"), self._remove)
        actions = QWidget()
        row = FlowLayout(actions)
        for button in (self.pause, self.resume, self.again, self.copy, self.remove):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 4)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.where)
        layout.addWidget(self.bar)
        layout.addWidget(self.state)
        layout.addWidget(actions)
        self.renew()

    def renew(self) -> None:
        """Show the entry as it is."""
        entry, outbox = self._entry, self._outbox
        active = entry.state in stored.ACTIVE
        now = (entry.state, str(entry.problem), entry in outbox.interrupted)
        if now == self._shown and not active:
            return
        changed, self._shown = now != self._shown, now
        self.state.setText(sending.state_line(entry, outbox))
        share = outbox.share if active else None
        self.bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))
        if not changed:
            return
        self.mark.show_state(sending.LOOKS[entry.state])
        self.setAccessibleName(f"{entry.name}: {self.state.plain()}")
        self.bar.setVisible(active)
        self.pause.setVisible(active or entry.state in (stored.QUEUED, stored.WAITING))
        self.resume.setVisible(entry.state in (stored.PAUSED, stored.FAILED, stored.WAITING))
        translate = QCoreApplication.translate
        self.resume.setText(
            translate("AzeOutbox", "Go on")
            if entry.state == stored.PAUSED
            else translate("AzeOutbox", "Try now")
            if entry.state == stored.WAITING
            else translate("AzeOutbox", "Try again")
        )
        self.again.setVisible(outbox.is_unknown(entry))
        self.copy.setVisible(entry.state == stored.SENT)

    def _copy(self) -> None:
        document = json.dumps(self._outbox.receipt(self._entry), ensure_ascii=False, indent=2)
        QGuiApplication.clipboard().setText(document)

    def _remove(self) -> None:
        entry = self._entry
        translate = QCoreApplication.translate
        if entry.state not in (stored.SENT, stored.FAILED):
            answer = QMessageBox.question(
                self,
                translate("AzeOutbox", "Remove"),
                translate("AzeOutbox", "{name} has not arrived. Remove it from the outbox all the same?").format(
                    name=entry.name
                ),
            )
            if answer != QMessageBox.StandardButton.Yes:
                return
        self._outbox.remove(entry.id)

    def _send_again(self) -> None:
        translate = QCoreApplication.translate
        answer = QMessageBox.question(
            self,
            translate("AzeOutbox", "Send it anew"),
            translate(
                "AzeOutbox",
                "Nobody here can tell whether {name} has arrived at {receiver}. Have you asked the people there, and "
                "they do not have it?",
            ).format(name=self._entry.name, receiver=self._entry.endpoint.name),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._outbox.send_again(self._entry.id)
