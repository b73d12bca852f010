"""Receipts: what became of a package that was sent, kept on disk before and after each step.

A receipt is what a later call goes on by, and what the sender shows when asked. It holds no credentials.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..domain.errors import AzeError
from . import files

SCHEMA = "aze-receipt/1"

# Nothing was sent yet.
CREATED = "created"
# Bytes are on their way, and some are held back still: the server cannot have all of them.
SENDING = "sending"
# The last bytes were let go, and no answer has come yet.
FINISHING = "finishing"
# It cannot be told whether the server has the package.
UNKNOWN = "unknown"
# The server has all bytes.
SENT = "sent"
# The server has the package where it belongs.
CONFIRMED = "confirmed"
STATES = (CREATED, SENDING, FINISHING, UNKNOWN, SENT, CONFIRMED)

# No receipt is larger than this; a larger file is something else.
_MOST_BYTES = 1 << 20


class Receipt:
    """One receipt and its file. ``document`` is what is in the file; change it by ``update`` alone."""

    def __init__(self, path: Path, document: dict[str, Any], begun: bool):
        self.path = path
        self.document = document
        self.begun = begun

    @property
    def state(self) -> str:
        """One of STATES."""
        return self.document["state"]

    @property
    def upload(self) -> Mapping[str, Any]:
        """What the way of sending needs to go on."""
        return self.document.get("upload") or {}

    def update(self, state: str | None = None, **members) -> None:
        """Change members, and write the file whole; the time of a new state is noted under ``times``.

        Raises AzeError ``output.unwritable``.
        """
        changed = {**self.document, **members}
        if state is not None and state != self.document["state"]:
            changed["state"] = state
            changed["times"] = {**self.document["times"], state: now()}
        self.document = changed
        self.begun = True
        files.write_json(self.path, changed)

    def matches(self, package: Mapping[str, Any], method: str, url: str) -> None:
        """Raise AzeError where the receipt is of another package (``transfer.other_package``), or of the same one sent
        elsewhere (``transfer.other_target``)."""
        if not self.begun:
            return
        own = self.document
        if own["package"]["sha256"] != package["sha256"]:
            raise AzeError(
                "transfer.other_package",
                receipt=str(self.path),
                name=str(own["package"].get("name", "")),
                day=str(own["times"].get(CREATED, ""))[:10],
            )
        if (own["method"], own["url"]) != (method, url):
            raise AzeError("transfer.other_target", receipt=str(self.path), url=own["url"])


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def opened(path: str | Path) -> Iterator[Receipt]:
    """The receipt in a file, or a new one that is in no file yet; nobody else can open it meanwhile.

    Raises AzeError ``transfer.receipt_foreign`` for a file that is no receipt, which is left alone, and
    ``transfer.receipt_in_use``.
    """
    path = Path(path)
    with _locked(path):
        document = read(path)
        if document is None:
            yield Receipt(path, {"schema": SCHEMA, "state": CREATED, "times": {CREATED: now()}}, begun=False)
        else:
            yield Receipt(path, document, begun=True)


def is_in_use(path: Path) -> bool:
    """Whether somebody is sending by a receipt right now, in this process or another."""
    try:
        with _locked(path):
            return False
    except AzeError as error:
        return error.code == "transfer.receipt_in_use"


def begin(path: Path, package: Mapping[str, Any], method: str, url: str) -> None:
    """Make a receipt that will do for this package to this address only, where there is none yet.

    Raises what ``opened`` raises.
    """
    with opened(path) as receipt:
        if not receipt.begun:
            receipt.update(package=dict(package), method=method, url=url)


def read(path: Path) -> dict[str, Any] | None:
    """The document of a file; None where there is no file, or an empty one.

    Raises AzeError ``transfer.receipt_foreign`` and ``transfer.receipt_unreadable``.
    """
    try:
        if path.stat().st_size == 0:
            return None
        if path.stat().st_size > _MOST_BYTES:
            raise AzeError("transfer.receipt_foreign", receipt=str(path))
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AzeError("transfer.receipt_unreadable", receipt=str(path), detail=error.strerror or "") from None
    except (ValueError, RecursionError):
        raise AzeError("transfer.receipt_foreign", receipt=str(path)) from None
    if not _is_receipt(document):
        raise AzeError("transfer.receipt_foreign", receipt=str(path))
    return document


def _is_receipt(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and document.get("schema") == SCHEMA
        and document.get("state") in STATES
        and isinstance(document.get("times"), dict)
        and isinstance(document.get("package"), dict)
        and isinstance(document["package"].get("sha256"), str)
        and isinstance(document.get("method"), str)
        and isinstance(document.get("url"), str)
        and isinstance(document.get("upload", {}), dict)
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file beside a receipt that only one process at a time can hold; a process that dies lets it go."""
    beside = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise AzeError("output.unwritable", file=str(path), detail=error.strerror or "") from None
    try:
        if not _lock(handle) or not _is_still(handle, beside):
            raise AzeError("transfer.receipt_in_use", receipt=str(path))
        try:
            yield
        finally:
            _remove(beside)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_still(handle: int, path: Path) -> bool:
    """Whether the file that was locked is the one of that name: whoever held it before has removed it at his end."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        # Windows keeps a file that is open; an empty file that nobody holds is in nobody's way.
        return
