"""The outbox: packages that are to be sent, are being sent or were, one at a time and in the background.

It belongs to the user and not to a project: what is in it is kept in the profile, goes on when another project is
opened, and is offered again when QGIS was closed meanwhile. The receipts of what has arrived are kept with the
nomination: in the project, and beside the package.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from qgis.core import Qgis, QgsApplication, QgsMessageLog
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QObject, QTimer, pyqtSignal

from .. import paths
from ..domain.errors import AzeError
from ..services import outbox as stored
from ..services import receipts
from ..services.outbox import Endpoint, Entry, Store
from ..services.wording import text
from . import endpoints, messages
from .algorithms import Run
from .candidates import move_keys

if TYPE_CHECKING:
    from ..packaging.transfer_look import Contents
    from .outbox_dialog import OutboxDialog
    from .session import Session

# The first quarter of the algorithm's progress is the looking at the package (see processing.uploadpackage).
_CHECKED = 25.0
# A connection that carries this share of a package before it breaks is worth trying again soon.
_HEADWAY = 0.02


@dataclass
class _Sending:
    """What is being sent; ``begun_at``: the share that was there already."""

    entry: Entry
    run: Run
    begun_at: float | None = None


class Outbox(QObject):
    """Entries in the order in which they came, and the one that is being sent.

    ``changed``: an entry came, went or is in another state; ``progressed``: the one with this id moved on; ``kept``:
    the project has a new receipt.
    """

    changed = pyqtSignal()
    progressed = pyqtSignal(str)
    kept = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self._store = Store(_folder())
        self._sending: _Sending | None = None
        # Runs that were given up end later; nothing else is sent before that.
        self._ending: list[Run] = []
        self._due: dict[str, float] = {}
        self._closed = False
        # Entries that were made for the project that is open now, with a file or without.
        self._of_project: set[str] = set()
        # The window of the outbox, and what the message bar offers, while they are there.
        self.dialog: OutboxDialog | None = None
        self.offered: tuple | None = None
        self.share: float | None = None
        self.doing = ""
        # By candidate, as the project keeps them.
        self.receipts: dict[str, list[dict[str, Any]]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)
        self._offer_timer = QTimer(self)
        self._offer_timer.setSingleShot(True)
        self._offer_timer.timeout.connect(self._offer)
        self.entries = self._store.entries()
        for name in self._store.unreadable:
            _log(QCoreApplication.translate("AzeOutbox", "{file} in the outbox cannot be read.").format(file=name))
        left = self._left()
        # Another window of QGIS may be sending.
        self._interrupted = [entry for entry in left if not receipts.is_in_use(self.receipt_path(entry))]
        for entry in left:
            entry.state = stored.PAUSED
        if self._interrupted:
            self._offer_timer.start(0)
        session.candidates.renamed.connect(self._rename)

    def _left(self) -> list[Entry]:
        """Entries that an earlier run of QGIS was about to send or was sending."""
        return [e for e in self.entries if e.state in (stored.QUEUED, stored.WAITING, *stored.ACTIVE)]

    def close(self) -> None:
        """Stop sending; what is not done is offered at the next start."""
        self._closed = True
        self._timer.stop()
        self._offer_timer.stop()
        self._give_up()
        for run in list(self._ending):
            # The next start may go on with it at once, and nothing may be taken from under it.
            run.wait()
        self._session.candidates.renamed.disconnect(self._rename)
        if self.dialog is not None:
            self.dialog.reject()
        bar, item = self.offered or (None, None)
        if item is not None and not sip.isdeleted(item):
            bar.popWidget(item)

    # ------------------------------------------------------------------------------------------------- the project

    def restore(self, kept: dict[str, list[dict[str, Any]]]) -> None:
        """Take up the receipts that a project keeps, and those of its packages that arrived meanwhile."""
        self.receipts = {name: list(records) for name, records in kept.items()}
        project = self._session.project.fileName()
        self._of_project = {e.id for e in self.entries if project and e.project == project}
        for entry in self.entries:
            if entry.id in self._of_project and entry.state == stored.SENT:
                self._keep_in_project(entry)

    def _rename(self, renamed: dict[str, str]) -> None:
        move_keys(self.receipts, renamed)
        for entry in self.entries:
            if entry.id in self._of_project and entry.candidate in renamed:
                entry.candidate = renamed[entry.candidate]
                self._write(entry)

    def records(self, candidate: str | None) -> list[dict[str, Any]]:
        """Receipts of the packages of a candidate, the latest last."""
        return list(self.receipts.get(candidate or "", []))

    # ------------------------------------------------------------------------------------------------- the entries

    @property
    def open_entries(self) -> list[Entry]:
        """What has not arrived."""
        return [entry for entry in self.entries if entry.state != stored.SENT]

    @property
    def current(self) -> Entry | None:
        """The entry that is being sent."""
        return self._sending.entry if self._sending is not None else None

    def entry(self, identifier: str) -> Entry | None:
        """The entry of an id; None once it is gone."""
        return next((e for e in self.entries if e.id == identifier), None)

    def receipt_path(self, entry: Entry) -> Path:
        """Where the receipt is by which an entry goes on."""
        return self._store.folder / "receipts" / entry.receipt

    def receipt(self, entry: Entry) -> dict[str, Any]:
        """The receipt of an entry; empty before there is one."""
        try:
            return receipts.read(self.receipt_path(entry)) or {}
        except AzeError:
            return {}

    def delivered(self, sha256: str, endpoint: Endpoint) -> dict[str, Any] | None:
        """The receipt of a package that an endpoint has already; None where it has not, or nobody knows.

        Raises AzeError where the endpoint's address is none.
        """
        path = self._store.receipt(sha256, endpoint.method, _goal(endpoint).named)
        try:
            found = receipts.read(path)
        except AzeError:
            return None
        return found if found and found["state"] == receipts.CONFIRMED else None

    def add(self, contents: Contents, endpoint: Endpoint, candidate: str = "") -> Entry:
        """Put a package that was looked at into the outbox; a draft is sent as one.

        Raises AzeError ``outbox.already_sent``, ``outbox.already_there`` (it waits in the outbox), and what a bad
        address raises.
        """
        parcel, goal = contents.parcel, _goal(endpoint)
        path = self._store.receipt(parcel.sha256, endpoint.method, goal.named)
        stored.take_up(path, parcel.path, parcel.sha256, endpoint.method, goal.named)
        found = self.delivered(parcel.sha256, endpoint)
        if found is not None:
            day = str(found["times"].get(receipts.CONFIRMED, ""))[:10]
            raise AzeError("outbox.already_sent", name=parcel.name, receiver=endpoint.name, day=day)
        for entry in self.open_entries:
            if entry.sha256 == parcel.sha256 and self.receipt_path(entry) == path:
                raise AzeError("outbox.already_there", name=parcel.name, receiver=endpoint.name)
        # A file that is exported anew under the same name must not go by this receipt.
        receipts.begin(path, parcel.described(), endpoint.method, goal.named)
        entry = Entry(
            id=uuid4().hex,
            package=str(parcel.path),
            name=parcel.name,
            size=parcel.size,
            sha256=parcel.sha256,
            site=contents.site,
            status=contents.status,
            endpoint=endpoint,
            added=receipts.now(),
            receipt=path.name,
            modified=parcel.stamp[-1],
            candidate=candidate,
            project=self._session.project.fileName(),
        )
        self._store.write(entry)
        self.entries.append(entry)
        self._of_project.add(entry.id)
        endpoints.use(endpoint)
        self._announce()
        return entry

    def pause(self, identifier: str) -> None:
        """Stop sending an entry for now; its receipt knows how far it got."""
        entry = self.entry(identifier)
        if entry is None or entry.state in (stored.SENT, stored.FAILED, stored.PAUSED):
            return
        if self.current is entry:
            self._give_up()
        self._due.pop(entry.id, None)
        self._set(entry, stored.PAUSED)

    def resume(self, identifier: str) -> None:
        """Go on with an entry that was paused, has failed or waits."""
        entry = self.entry(identifier)
        if entry is None or entry.state not in (stored.PAUSED, stored.FAILED, stored.WAITING):
            return
        self._due.pop(entry.id, None)
        entry.rounds = 0
        entry.problem = {}
        self._set(entry, stored.QUEUED)

    def resume_interrupted(self) -> None:
        """Go on with what the end of QGIS has interrupted."""
        for entry in self.interrupted:
            self.resume(entry.id)

    def send_again(self, identifier: str) -> None:
        """Send what nobody here can tell has arrived anew: the people at the other end do not have it. Its receipt is
        put aside, not lost."""
        entry = self.entry(identifier)
        if entry is None or not self.is_unknown(entry):
            return
        try:
            self._store.set_aside(self.receipt_path(entry))
        except (AzeError, OSError) as error:
            _log(str(error))
            return
        self.resume(identifier)

    def is_unknown(self, entry: Entry) -> bool:
        """Whether it cannot be told if the package of an entry has arrived."""
        unclear = (receipts.UNKNOWN, receipts.FINISHING)
        return entry.state == stored.FAILED and self.receipt(entry).get("state") in unclear

    def remove(self, identifier: str) -> None:
        """Take an entry out of the list; receipts stay where they are."""
        entry = self.entry(identifier)
        if entry is None:
            return
        if self.current is entry:
            self._give_up()
        self._due.pop(entry.id, None)
        self.entries.remove(entry)
        self._store.remove(entry)
        self._announce()

    def remove_sent(self) -> None:
        """Take what has arrived out of the list."""
        for entry in [e for e in self.entries if e.state == stored.SENT]:
            self.entries.remove(entry)
            self._store.remove(entry)
        self._announce()

    def due_in(self, entry: Entry) -> float:
        """Seconds until an entry that waits is tried again."""
        return max(0.0, self._due.get(entry.id, 0.0) - time.monotonic())

    # --------------------------------------------------------------------------------------------------- the sending

    def _announce(self) -> None:
        self.changed.emit()
        if not self._closed:
            self._timer.start(0)

    def _set(self, entry: Entry, state: str) -> None:
        entry.state = state
        self._write(entry)
        self._announce()

    def _write(self, entry: Entry) -> None:
        """Keep an entry that is in the list; a disk that is full is no reason not to send."""
        if entry not in self.entries:
            return
        try:
            self._store.write(entry)
        except AzeError as error:
            _log(text(error.code, error.params))

    def _next(self) -> None:
        """Send the next entry; where all of them wait, look again when the first of them is due."""
        if self._closed or self._sending is not None or self._ending:
            return
        now = time.monotonic()
        for entry in self.entries:
            if entry.state == stored.WAITING and self._due.get(entry.id, 0.0) <= now:
                entry.state = stored.QUEUED
        waiting = next((e for e in self.entries if e.state == stored.QUEUED), None)
        if waiting is not None:
            self._start(waiting)
        elif self._due:
            self._timer.start(int(1000 * max(0.05, min(self._due.values()) - now)))

    def _start(self, entry: Entry) -> None:
        self._due.pop(entry.id, None)
        if self._was_changed(entry):
            code = "outbox.changed"
            self._fail(entry, code, text(code, {"name": entry.name}))
            return
        # What was mended in the options meanwhile, such as the password, counts; another address does not.
        endpoint = endpoints.find(entry.endpoint.id)
        if endpoint is not None and (endpoint.method, endpoint.url) == (entry.endpoint.method, entry.endpoint.url):
            entry.endpoint = endpoint
        from ..packaging.transfer import METHODS

        parameters = {
            "PACKAGE": entry.package,
            "URL": entry.endpoint.url,
            "METHOD": METHODS.index(entry.endpoint.method),
            "ALLOW_DRAFT": entry.status == "draft",
            "FIELDS": entry.endpoint.fields,
            "RECEIPT": str(self.receipt_path(entry)),
        }
        if entry.endpoint.authcfg:
            parameters["AUTHCFG"] = entry.endpoint.authcfg
        try:
            run = Run("aze:uploadpackage", parameters)
        except AzeError as error:
            self._fail(entry, error.code, text(error.code, error.params))
            return
        self.share, self.doing = None, ""
        entry.problem = {}
        self._set(entry, stored.CHECKING)
        self._sending = _Sending(entry, run)
        run.moved.connect(self._move)
        run.said.connect(self._say)
        run.ended.connect(self._end)
        run.start()

    def _was_changed(self, entry: Entry) -> bool:
        """Whether a package's file is another than it was; one that is gone is the algorithm's to speak of."""
        try:
            found = Path(entry.package).stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) != (entry.size, entry.modified)

    def _move(self, run: Run, percent: float) -> None:
        sending = self._sending
        if sending is None or sending.run is not run:
            return
        share = max(0.0, percent - _CHECKED) / (100 - _CHECKED)
        if sending.entry.state == stored.CHECKING and percent > _CHECKED:
            self._set(sending.entry, stored.SENDING)
        if sending.entry.state != stored.SENDING:
            share = percent / _CHECKED
        elif sending.begun_at is None:
            sending.begun_at = share
        if self.share is None or abs(share - self.share) >= 0.005:
            self.share = min(1.0, share)
            self.progressed.emit(sending.entry.id)

    def _say(self, run: Run, said: str) -> None:
        if self._sending is not None and self._sending.run is run:
            self.doing = said
            self.progressed.emit(self._sending.entry.id)

    def _give_up(self) -> None:
        """Stop the run under way, whose end comes within a second."""
        sending, self._sending = self._sending, None
        if sending is not None:
            self._ending.append(sending.run)
            sending.run.cancel()

    def _end(self, run: Run, ok: bool, results: dict) -> None:
        if run in self._ending:
            self._ending.remove(run)
            if not self._closed:
                self._timer.start(0)
            return
        sending, self._sending = self._sending, None
        entry = sending.entry
        if ok and results.get("STATE") == receipts.CONFIRMED:
            self._arrived(entry)
        elif ok or run.is_cancelled:
            self._set(entry, stored.PAUSED)
        else:
            self._refused(entry, sending)

    def _arrived(self, entry: Entry) -> None:
        entry.problem, entry.rounds = {}, 0
        if entry.id in self._of_project:
            self._keep_in_project(entry)
            self.kept.emit()
        try:
            stored.keep_beside(self.receipt_path(entry), entry.package)
        except AzeError as error:
            _log(text(error.code, error.params))
        self._set(entry, stored.SENT)
        said = QCoreApplication.translate("AzeOutbox", "{name} has arrived at {receiver}.")
        self._session.message.emit(said.format(name=entry.name, receiver=entry.endpoint.name), messages.SUCCESS)

    def _keep_in_project(self, entry: Entry) -> None:
        record = self.record(entry)
        kept = self.receipts.setdefault(entry.candidate, []) if entry.candidate and record else []
        if record and not any((r.get("sha256"), r.get("url")) == (record["sha256"], record["url"]) for r in kept):
            kept.append(record)

    def record(self, entry: Entry) -> dict[str, Any]:
        """What a project keeps of a receipt; empty where there is none."""
        found = self.receipt(entry)
        if not found:
            return {}
        answer = found.get("answer") or {}
        return {
            "name": entry.name,
            "sha256": entry.sha256,
            "status": entry.status,
            "receiver": entry.endpoint.name,
            "method": found["method"],
            "url": found["url"],
            "time": found["times"].get(receipts.CONFIRMED, ""),
            "answer": {key: answer[key] for key in ("status", "said", "etag") if key in answer},
            "location": found.get("location", ""),
        }

    def _refused(self, entry: Entry, sending: _Sending) -> None:
        sentence = sending.run.problem or QCoreApplication.translate(
            "AzeOutbox", "It was not sent, by a fault of the plugin. QGIS's message log has the details."
        )
        code = self._code(entry, sentence)
        rules = paths.load_json("transfer", "outbox.json")
        headway = sending.begun_at is not None and (self.share or 0.0) - sending.begun_at > _HEADWAY
        entry.rounds = 1 if headway else entry.rounds + 1
        again = code in rules["lasting"] or code in rules["passing"] and entry.rounds <= rules["most_rounds"]
        if not again or self.receipt(entry).get("state") == receipts.UNKNOWN:
            self._fail(entry, code, sentence)
            return
        pause = min(rules["longest_wait_s"], rules["first_wait_s"] * 2 ** min(16, entry.rounds - 1))
        entry.problem = {"code": code, "message": sentence}
        self._due[entry.id] = time.monotonic() + pause
        self._set(entry, stored.WAITING)

    def _fail(self, entry: Entry, code: str, sentence: str) -> None:
        entry.problem = {"code": code, "message": sentence}
        self._set(entry, stored.FAILED)
        said = QCoreApplication.translate("AzeOutbox", "{name} was not sent. {reason}")
        self._session.message.emit(said.format(name=entry.name, reason=sentence), messages.WARNING)

    def _code(self, entry: Entry, sentence: str) -> str:
        """The code of what an algorithm, which gives sentences only, has said."""
        problem = self.receipt(entry).get("problem") or {}
        if problem.get("message", "").strip() == sentence:
            return str(problem.get("code", ""))
        in_use = "transfer.receipt_in_use"
        return in_use if text(in_use, {"receipt": str(self.receipt_path(entry))}).strip() == sentence else ""

    # ------------------------------------------------------------------------------------------------------ the start

    @property
    def interrupted(self) -> list[Entry]:
        """Entries that the end of QGIS has interrupted, and about which nobody has decided yet."""
        return [e for e in self._interrupted if e in self.entries and e.state == stored.PAUSED]

    def _offer(self) -> None:
        """Offer to go on with what the end of QGIS has interrupted."""
        from .outbox_dialog import offer

        offer(self._session)


def _goal(endpoint: Endpoint):
    from ..packaging import transfer

    return transfer.target(endpoint.method, endpoint.url, endpoint.fields)


def _folder() -> Path:
    """Where the outbox is kept: in the user's profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "aze_toolkit" / "outbox"


def _log(sentence: str) -> None:
    QgsMessageLog.logMessage(sentence, "AZE", Qgis.MessageLevel.Warning)
