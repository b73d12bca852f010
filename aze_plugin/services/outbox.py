"""The outbox on disk: a file for each package that is to be sent or was, and the receipts by which sending goes on.

It lies in the user's profile, so it outlives projects and QGIS itself. Receipts are found by what was sent where: the
same package to the same address has one receipt, whatever the file is called, so that nothing is ever sent twice. Of
credentials the id of their configuration is kept, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..domain.errors import AzeError
from . import files, receipts

SCHEMA = "aze-outbox/1"

QUEUED = "queued"
CHECKING = "checking"
SENDING = "sending"
# Comes up again by itself.
WAITING = "waiting"
PAUSED = "paused"
FAILED = "failed"
SENT = "sent"
STATES = (QUEUED, CHECKING, SENDING, WAITING, PAUSED, FAILED, SENT)
ACTIVE = (CHECKING, SENDING)

# How many receipts of other targets and packages may lie beside a file before no more names are tried.
_MOST_BESIDE = 100


@dataclass(frozen=True)
class Endpoint:
    """Where packages can be sent. ``method``: one of ``packaging.transfer.METHODS``; ``authcfg``: id of an
    authentication configuration of QGIS; ``fields``: a form's fields in JSON, empty for the usual ones."""

    id: str
    name: str
    method: str
    url: str
    authcfg: str = ""
    fields: str = ""


@dataclass
class Entry:
    """A package and its way. ``size`` in bytes; ``sha256`` of the file in hex; ``status``: ``draft`` or ``final``;
    ``receipt``: name of its file; ``candidate`` and ``project`` (path of its file): the nomination that it is of;
    ``modified``: when the file was, in nanoseconds; ``problem``: code and sentence of what was in the way last;
    ``rounds``: how often it was tried again by itself."""

    id: str
    package: str
    name: str
    size: int
    sha256: str
    site: str
    status: str
    endpoint: Endpoint
    added: str
    receipt: str
    modified: int
    state: str = QUEUED
    candidate: str = ""
    project: str = ""
    problem: dict[str, str] = field(default_factory=dict)
    rounds: int = 0


class Store:
    """The folder of the outbox. ``unreadable``: files in it that are no entries, which are left alone."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.unreadable: list[str] = []

    def entries(self) -> list[Entry]:
        """All entries, in the order in which they came."""
        self.unreadable = []
        found = []
        try:
            names = sorted(p for p in self.folder.glob("*.json") if p.is_file())
        except OSError:
            return []
        for path in names:
            try:
                found.append(_entry(json.loads(path.read_text(encoding="utf-8"))))
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                self.unreadable.append(path.name)
        return sorted(found, key=lambda entry: (entry.added, entry.id))

    def write(self, entry: Entry) -> None:
        """Keep an entry. Raises AzeError ``output.unwritable``."""
        files.write_json(self.folder / f"{entry.id}.json", {"schema": SCHEMA, **asdict(entry)})

    def remove(self, entry: Entry) -> None:
        """Forget an entry; its receipt stays, as what was sent once is not sent again."""
        (self.folder / f"{entry.id}.json").unlink(missing_ok=True)

    def receipt(self, sha256: str, method: str, url: str) -> Path:
        """Where the receipt of a package that goes to an address is, whether there is one yet or not."""
        key = hashlib.sha256("\n".join((sha256, method, url)).encode("utf-8")).hexdigest()[:32]
        return self.folder / "receipts" / f"{key}.json"

    def set_aside(self, receipt: Path) -> None:
        """Put a receipt away under another name, so that the package can be sent anew."""
        for number in range(1, _MOST_BESIDE):
            other = receipt.with_suffix(f".{number}.old")
            if not other.exists():
                os.replace(receipt, other)
                return
        raise AzeError("output.unwritable", file=str(receipt), detail="")


def _entry(document: Mapping[str, Any]) -> Entry:
    """An entry from its file. Raises ValueError, KeyError or TypeError for anything else."""
    if document["schema"] != SCHEMA or document["state"] not in STATES:
        raise ValueError("no entry")
    known = {f.name for f in fields(Entry)}
    endpoint = {f.name: str(document["endpoint"].get(f.name, "")) for f in fields(Endpoint)}
    given = {key: value for key, value in document.items() if key in known}
    given.update(endpoint=Endpoint(**endpoint), size=int(document["size"]), problem=dict(document.get("problem") or {}))
    for key in ("id", "package", "name", "sha256", "receipt"):
        if not isinstance(given[key], str) or not given[key]:
            raise ValueError(key)
    given["modified"] = int(document["modified"])
    if Path(given["id"]).name != given["id"] or Path(given["receipt"]).name != given["receipt"]:
        raise ValueError("a path")
    return Entry(**given)


# ------------------------------------------------------------------------------------------- receipts beside packages


def beside(package: str | Path) -> Iterator[Path]:
    """Names that receipts of a package's file may have, the usual one first."""
    path = Path(package)
    yield path.with_name(f"{path.name}.receipt.json")
    for number in range(2, _MOST_BESIDE):
        yield path.with_name(f"{path.name}.receipt-{number}.json")


def keep_beside(receipt: Path, package: str | Path) -> Path:
    """Put a copy of a receipt beside the package; returns where. One of another package or another address that lies
    there stays. Raises AzeError ``output.unwritable``."""
    document = receipts.read(receipt) or {}
    for path in beside(package):
        if path.exists() and not _is_same(path, document):
            continue
        files.write_json(path, document)
        return path
    raise AzeError("output.unwritable", file=str(package), detail="")


def take_up(receipt: Path, package: str | Path, sha256: str, method: str, url: str) -> None:
    """Where there is no receipt yet, go by the one that lies beside the package, if it is of the same sending."""
    if receipt.exists():
        return
    wanted = {"package": {"sha256": sha256}, "method": method, "url": url}
    for path in beside(package):
        if not path.exists():
            return
        if _is_same(path, wanted):
            receipt.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, receipt)
            return


def _is_same(path: Path, document: Mapping[str, Any]) -> bool:
    """Whether a file is a receipt of the same package to the same address."""
    try:
        found = receipts.read(path)
    except AzeError:
        return False
    return found is not None and (found["package"]["sha256"], found["method"], found["url"]) == (
        document.get("package", {}).get("sha256"),
        document.get("method"),
        document.get("url"),
    )
