"""A package on its way to whoever reviews it: looked at first, sent by one of three ways, once, with a receipt.

Whatever happens in between (a lost connection, a restart of either side, an end by force), the next call with the same
receipt goes on where that is possible, finds out that all is done, or says that nobody can tell; it never sends twice.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services import receipts
from ..services.network import Connection, Credentials, check_address, check_exact_address, shown_url
from ..services.receipts import Receipt
from ..services.wording import text
from .transfer_calls import Line, Pace, Parcel, stamp_of
from .transfer_form import Form, FormSending
from .transfer_tus import TusSending
from .transfer_webdav import DavSending

WEBDAV, FORM, TUS = "webdav", "form", "tus"
METHODS = (WEBDAV, FORM, TUS)

_MOST_SHOWN = 5
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Target:
    """Where a package goes: a WebDAV folder, a form's address, or a tus creation endpoint. Made by ``target``."""

    method: str
    url: str
    form: Form | None = None

    @property
    def named(self) -> str:
        """The address as it may be written down; a query may hold a secret."""
        return shown_url(self.url)


def target(method: str, url: str, fields: str = "") -> Target:
    """A target from what a user gave. Raises AzeError ``network.bad_address``, ``network.insecure``,
    ``transfer.fields``."""
    if method == WEBDAV:
        return Target(method, _in_ascii(check_address(url)))
    address = _in_ascii(check_exact_address(url, query=True))
    return Target(method, address, Form.parsed(fields) if method == FORM else None)


def _in_ascii(url: str) -> str:
    """An address as it goes into a header, where people write it with blanks and letters of any kind."""
    parts = urlsplit(url)
    host, mark, port = parts.netloc.partition(":")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise AzeError("network.bad_address", url=shown_url(url)) from None
    path, query = (quote(part, safe="/%~!$&'()*+,;=:@?") for part in (parts.path, parts.query))
    return parts._replace(netloc=f"{host}{mark}{port}", path=path, query=query).geturl()


def identify(package: str | Path, progress: Progress) -> Parcel:
    """Name, size and digest of a package file. Raises AzeError ``package.missing``, ``transfer.not_a_file``."""
    path = Path(package)
    if not path.exists():
        raise AzeError("package.missing", file=str(package))
    if not path.is_file():
        raise AzeError("transfer.not_a_file", file=str(package))
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            while block := file.read(_BLOCK):
                digest.update(block)
                progress.set(file.tell() / max(1, found.st_size))
    except OSError as error:
        raise AzeError("transfer.unreadable", file=str(path), detail=error.strerror or "") from None
    parcel = Parcel(path, path.name, found.st_size, digest.hexdigest(), stamp_of(found))
    parcel.check()
    return parcel


def examine(parcel: Parcel, allow_draft: bool, progress: Progress) -> str:
    """Verify a package; returns ``draft`` or ``final``.

    Raises AzeError ``transfer.invalid``, and ``transfer.draft`` unless drafts are allowed.
    """
    # Where shapely is missing, addresses can still be looked at.
    from .verification import verify

    found = verify(parcel.path, progress=progress)
    if not found.valid:
        problems = found.as_json()["problems"]
        listed = [f"– {p['path']}: {p['message']}" if p["path"] else f"– {p['message']}" for p in problems]
        more = ["– …"] if len(listed) > _MOST_SHOWN else []
        raise AzeError(
            "transfer.invalid", file=parcel.name, count=len(listed), problems="\n".join(listed[:_MOST_SHOWN] + more)
        )
    if found.status != "final" and not allow_draft:
        raise AzeError("transfer.draft", file=parcel.name)
    # What was verified is what is sent.
    parcel.check()
    return found.status


def is_delivered(parcel: Parcel, goal: Target, receipt: Receipt) -> bool:
    """Whether a receipt says that a package has arrived. Raises AzeError where it is about something else."""
    receipt.matches(parcel.described(), goal.method, goal.named)
    return receipt.state == receipts.CONFIRMED


def send(
    parcel: Parcel,
    status: str,
    goal: Target,
    receipt: Receipt,
    connection: Connection,
    credentials: Credentials,
    progress: Progress,
    pace: Pace | None = None,
) -> bool:
    """Send a package that was examined; True where this call sent it, False where it was there already.

    Raises AzeError with what is in the way, which the receipt keeps too, and Cancelled within a second.
    """
    if is_delivered(parcel, goal, receipt):
        return False
    receipt.update(
        package={**parcel.described(), "status": status},
        method=goal.method,
        url=goal.named,
        calls=int(receipt.document.get("calls") or 0) + 1,
        problem=None,
    )
    line = Line(goal.url, connection, credentials, pace or Pace.default(), progress)
    line.of_size(parcel.size)
    try:
        return _sending(parcel, goal, receipt, line).run()
    except AzeError as error:
        if error.code != "output.unwritable":
            said = text(error.code, error.params)
            receipt.update(problem={"code": error.code, "message": said, "time": receipts.now()})
        raise


def _sending(parcel: Parcel, goal: Target, receipt: Receipt, line: Line) -> DavSending | FormSending | TusSending:
    if goal.method == WEBDAV:
        return DavSending(parcel, receipt, line)
    if goal.form is not None:
        return FormSending(parcel, goal.form, receipt, line)
    return TusSending(parcel, receipt, line)
