"""Asks what to send and to whom, shows what is in it, and puts it into the outbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.dependencies import require_shapely
from ..services.outbox import Endpoint
from ..services.wording import text
from . import endpoints, outbox_dialog, sending, style
from .endpoint_dialog import EndpointDialog
from .tasks import Task
from .widgets.basics import ShortCombo, TextLabel
from .widgets.busy import BusyStrip

if TYPE_CHECKING:
    from ..packaging.transfer_look import Contents
    from .session import Session

_MOST_PROBLEMS = 4


class SendDialog(QDialog):
    """A package, a receiver, what will be sent, and the consent of whoever sends it."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._session = session
        self._looking = Task(self, translate("AzeOutbox", "Looking at the package"))
        self._looking.done.connect(self._seen)
        self._looking.failed.connect(self._fail)
        self.contents: Contents | None = None
        self._problem = ""
        self.setWindowTitle(translate("AzeOutbox", "Send a package"))
        self.resize(500, 340)

        self.package = QgsFileWidget()
        self.package.setFilter(translate("AzeOutbox", "Nomination packages (*.zip)"))
        self.package.setDialogTitle(translate("AzeOutbox", "Choose a package"))
        self.origin = TextLabel(muted=True)
        self.receiver = ShortCombo(12)
        self.new = QPushButton(translate("AzeOutbox", "Add…"))
        self.new.setToolTip(translate("AzeOutbox", "Add where to send to; the list is in QGIS's options, page AZE"))
        self.new.clicked.connect(self._add_endpoint)
        self.how = TextLabel(muted=True)
        self.facts = TextLabel()
        self.draft = QCheckBox(translate("AzeOutbox", "Send it although it is a draft"))
        self.consent = QCheckBox(translate("AzeOutbox", "I may pass this on, and those named in it agree"))
        self.consent.setToolTip(
            translate(
                "AzeOutbox",
                "A package holds names and addresses of the proposers, the boundary, and the files that were added.",
            )
        )
        self.said = TextLabel()
        self.busy = BusyStrip()
        self.busy.follow(self._looking)
        self.busy.cancelled.connect(self.reject)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.send = self.buttons.addButton(translate("AzeOutbox", "Send"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.put)
        self.buttons.rejected.connect(self.reject)

        to = QHBoxLayout()
        to.addWidget(self.receiver, 1)
        to.addWidget(self.new)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeOutbox", "Package"), self.package)
        form.addRow(self.origin)
        form.addRow(translate("AzeOutbox", "To"), to)
        form.addRow(self.how)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.facts)
        layout.addWidget(self.said)
        layout.addWidget(self.busy)
        layout.addStretch(1)
        layout.addWidget(self.draft)
        layout.addWidget(self.consent)
        layout.addWidget(self.buttons)

        for button in (self.send, self.new, self.buttons.button(QDialogButtonBox.StandardButton.Cancel)):
            button.setAutoDefault(False)
        self._fill(endpoints.last_used())
        self.receiver.currentIndexChanged.connect(lambda _index: self._renew())
        self.draft.toggled.connect(lambda _on: self._renew())
        self.consent.toggled.connect(lambda _on: self._renew())
        self.package.fileChanged.connect(lambda _path: self.look())
        last = session.package
        if last is not None and last["candidate"] == session.candidates.current and Path(last["path"]).exists():
            self.package.setFilePath(last["path"])
        self._renew()

    # ------------------------------------------------------------------------------------------------ the package

    def look(self) -> None:
        """See, in the background, what the chosen package is."""
        self._looking.cancel()
        self.contents = None
        self.draft.setChecked(False)
        self.consent.setChecked(False)
        path = self.package.filePath().strip()
        self._problem = ""
        if path:
            self._looking.start(lambda progress: _contents(path, progress))
        self._renew()

    def _seen(self, contents: Contents) -> None:
        self.contents = contents
        self._renew()

    def _fail(self, error: AzeError) -> None:
        self._problem = text(error.code, error.params)
        self._renew()

    # ----------------------------------------------------------------------------------------------- the receiver

    def _fill(self, chosen: str) -> None:
        self.receiver.clear()
        for endpoint in endpoints.load():
            self.receiver.addItem(endpoint.name, endpoint)
            if endpoint.id == chosen:
                self.receiver.setCurrentIndex(self.receiver.count() - 1)

    def endpoint(self) -> Endpoint | None:
        """The receiver that is chosen."""
        return self.receiver.currentData()

    def _add_endpoint(self) -> None:
        dialog = EndpointDialog(None, self)
        if dialog.exec() and dialog.endpoint is not None:
            endpoints.save([*endpoints.load(), dialog.endpoint])
            self._fill(dialog.endpoint.id)
            self._renew()

    # ------------------------------------------------------------------------------------------------ what is shown

    def _renew(self) -> None:
        translate = QCoreApplication.translate
        found, endpoint = self.contents, self.endpoint()
        last = self._session.package
        own = last is not None and self.package.filePath() == last["path"]
        self.origin.setText(translate("AzeOutbox", "The package that was exported last.") if own else "")
        self.origin.setVisible(own)
        self.receiver.setEnabled(endpoint is not None)
        self.how.setText(
            sending.receiver(endpoint)
            if endpoint is not None
            else translate("AzeOutbox", "Add where to send to first. Whoever reviews nominations tells the address.")
        )
        sound = found is not None and found.valid
        self.facts.setText(_facts(found) if sound else "")
        self.facts.setVisible(sound)
        state, said = self._hindrance()
        self.said.setText(f"{style.MARKS[state]} {said}" if said else "")
        self.said.setVisible(bool(said))
        draft = found is not None and found.status != "final"
        self.draft.setVisible(sound and draft)
        self.consent.setEnabled(sound)
        consents = self.consent.isChecked() and (not draft or self.draft.isChecked())
        self.send.setEnabled(sound and endpoint is not None and not said and consents)

    def _hindrance(self) -> tuple[str, str]:
        """Why it cannot be sent: a state of gui.style and a sentence, empty for nothing."""
        translate = QCoreApplication.translate
        found, endpoint = self.contents, self.endpoint()
        if self._problem:
            return "problem", self._problem
        if found is None:
            if not self._looking.is_running and not self.package.filePath().strip():
                return "empty", translate("AzeOutbox", "Export a package first, or choose one from before.")
            return "empty", ""
        if not found.valid:
            listed = "\n".join(f"– {problem}" for problem in found.problems[:_MOST_PROBLEMS])
            more = "\n– …" if len(found.problems) > _MOST_PROBLEMS else ""
            return "problem", translate(
                "AzeOutbox", "This is no valid package, so it cannot be sent. Export it again.\n{problems}"
            ).format(problems=listed + more)
        if endpoint is not None:
            try:
                receipt = self._session.outbox.delivered(found.parcel.sha256, endpoint)
            except AzeError as error:
                return "problem", text(error.code, error.params)
            if receipt is not None:
                record = {"receiver": endpoint.name, "time": receipt["times"].get("confirmed", "")}
                line = sending.sent_line({**record, "answer": receipt.get("answer")})
                return "fine", translate("AzeOutbox", "{line} It is not sent again.").format(line=line)
        return "empty", ""

    def put(self) -> None:
        """Put the package into the outbox, and show that."""
        endpoint = self.endpoint()
        if self.contents is None or endpoint is None or not self.send.isEnabled():
            return
        try:
            self._session.outbox.add(self.contents, endpoint, self._candidate())
        except AzeError as error:
            self.said.setText(f"{style.MARKS['problem']} {text(error.code, error.params)}")
            self.said.setVisible(True)
            self.send.setEnabled(False)
            return
        self.accept()
        outbox_dialog.show(self._session)

    def _candidate(self) -> str:
        """The candidate that the package is of: the one exported, else the one of the same name."""
        session = self._session
        last = session.package
        if last is not None and last["path"] == self.package.filePath():
            return str(last["candidate"] or "")
        site = self.contents.site if self.contents is not None else ""
        return site if site in session.candidates.names else ""

    def done(self, result: int) -> None:
        self._looking.cancel()
        super().done(result)


def _facts(found: Contents) -> str:
    """What will be sent, in lines."""
    translate = QCoreApplication.translate
    status = {
        "final": translate("AzeOutbox", "final"),
        "draft": translate("AzeOutbox", "draft"),
    }.get(found.status, translate("AzeOutbox", "not known"))
    files = (
        translate("AzeOutbox", "{count} file added by the nominator")
        if found.files == 1
        else translate("AzeOutbox", "{count} files added by the nominator")
    ).format(count=found.files)
    lines = [
        translate("AzeOutbox", "Site: {site}").format(site=found.site or translate("AzeOutbox", "not known")),
        translate("AzeOutbox", "Status: {status}").format(status=status),
        translate("AzeOutbox", "Size: {size}, with {files}").format(size=sending.size(found.parcel.size), files=files),
    ]
    return "\n".join(lines)


def _contents(path: str, progress: Progress) -> Contents:
    """What a package is; raises AzeError."""
    require_shapely()
    from ..packaging.transfer_look import contents

    return contents(path, progress)


class SendButtons(QWidget):
    """ "Send…", and the way to the outbox when there is something in it."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.send = QPushButton(QCoreApplication.translate("AzeOutbox", "Send…"))
        self.send.clicked.connect(self.ask)
        self.outbox = QPushButton()
        self.outbox.clicked.connect(lambda: outbox_dialog.show(session))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.send)
        row.addWidget(self.outbox)
        for signal in (session.outbox.changed, session.nominationChanged, session.candidatesChanged):
            signal.connect(self._renew)
        self._renew()

    def ask(self) -> None:
        """Ask what to send and to whom."""
        dialog = SendDialog(self._session, self.window())
        dialog.exec()
        dialog.deleteLater()

    def _renew(self) -> None:
        translate = QCoreApplication.translate
        outbox = self._session.outbox
        left = len(outbox.open_entries)
        self.outbox.setVisible(bool(outbox.entries))
        self.outbox.setText(
            translate("AzeOutbox", "Outbox ({count})").format(count=left) if left else translate("AzeOutbox", "Outbox")
        )
        lines = [sending.sent_line(r) for r in outbox.records(self._session.candidates.current)]
        self.send.setToolTip("\n".join(lines))


class SentLine(TextLabel):
    """The latest receipt of the current candidate's packages; hidden where there is none."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(muted=True, parent=parent)
        self._session = session
        for signal in (session.nominationChanged, session.candidatesChanged):
            signal.connect(self._renew)
        self._renew()

    def _renew(self) -> None:
        records = self._session.outbox.records(self._session.candidates.current)
        self.setText(sending.sent_line(records[-1]) if records else "")
        self.setToolTip("\n".join(sending.sent_line(r) for r in records))
        self.setVisible(bool(records))
