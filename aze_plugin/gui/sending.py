"""What became of packages, in sentences: states of the outbox, and receipts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from qgis.core import QgsApplication, QgsAuthMethodConfig
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QLocale, Qt

from ..services import figures
from ..services import outbox as stored
from ..services.outbox import Endpoint, Entry
from .outbox import Outbox

# What the state of an entry looks like (see gui.style).
LOOKS = {
    stored.QUEUED: "empty",
    stored.CHECKING: "work",
    stored.SENDING: "work",
    stored.WAITING: "work",
    stored.PAUSED: "empty",
    stored.FAILED: "problem",
    stored.SENT: "fine",
}


def method(name: str) -> str:
    """A way of sending, in words."""
    translate = QCoreApplication.translate
    return {
        "webdav": translate("AzeOutbox", "WebDAV folder (Nextcloud and others)"),
        "form": translate("AzeOutbox", "Form"),
        "tus": translate("AzeOutbox", "tus (resumable)"),
    }.get(name, name)


def place(url: str) -> str:
    """Server and path of an address, without anything that may be secret."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def receiver(endpoint: Endpoint) -> str:
    """Who gets a package, and how, in a sentence."""
    translate = QCoreApplication.translate
    template = {
        "webdav": translate("AzeOutbox", "Put into the folder {place}"),
        "form": translate("AzeOutbox", "Handed in by the form at {place}"),
        "tus": translate("AzeOutbox", "Uploaded to {place}"),
    }.get(endpoint.method, "{place}")
    said = template.format(place=place(endpoint.url))
    if endpoint.authcfg:
        template = translate("AzeOutbox", "{said}, signed in by the authentication “{name}”.")
        return template.format(said=said, name=authentication(endpoint.authcfg))
    return translate("AzeOutbox", "{said}, without signing in.").format(said=said)


def authentication(authcfg: str) -> str:
    """Name of an authentication configuration, as its owner knows it."""
    found = QgsApplication.authManager().availableAuthMethodConfigs().get(authcfg)
    return found.name() if isinstance(found, QgsAuthMethodConfig) and found.name() else authcfg


def size(number: int) -> str:
    """A size in bytes as people read it."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= least:
            return f"{figures.number(number / least, 0 if number >= 100 * least else 1)}\u00a0{unit}"
    return f"{figures.number(number)}\u00a0bytes"


def moment(iso: str) -> str:
    """A time in UTC as a receipt keeps it, in the user's own time and manner."""
    found = QDateTime.fromString(iso, Qt.DateFormat.ISODate)
    if not found.isValid():
        return iso
    return QLocale().toString(found.toLocalTime(), QLocale.FormatType.ShortFormat)


def sent_line(record: Mapping[str, Any]) -> str:
    """What a receipt says: ``Sent on … to …; the server answered …``."""
    translate = QCoreApplication.translate
    answer = record.get("answer") or {}
    said, status = answer.get("said"), answer.get("status")
    if said:
        template = translate("AzeOutbox", "Sent on {time} to {receiver}; the server answered “{said}” ({status}).")
    elif status:
        template = translate("AzeOutbox", "Sent on {time} to {receiver}; the server says that it is there ({status}).")
    else:
        template = translate("AzeOutbox", "Sent on {time} to {receiver}; the server lists it.")
    draft = translate("AzeOutbox", "As a draft. ") if record.get("status") == "draft" else ""
    return draft + template.format(
        time=moment(str(record.get("time", ""))), receiver=record.get("receiver", ""), said=said, status=status
    )


def state_line(entry: Entry, outbox: Outbox) -> str:
    """How far an entry is, in a sentence."""
    translate = QCoreApplication.translate
    if entry.state == stored.SENT:
        return sent_line(outbox.record(entry)) if outbox.receipt(entry) else translate("AzeOutbox", "Sent.")
    if entry.state == stored.FAILED:
        return translate("AzeOutbox", "Not sent. {reason}").format(reason=entry.problem.get("message", ""))
    if entry.state == stored.WAITING:
        seconds = outbox.due_in(entry)
        when = QLocale().toString(
            QDateTime.currentDateTime().addSecs(round(seconds)).time(), QLocale.FormatType.ShortFormat
        )
        template = translate("AzeOutbox", "Waiting, next attempt at {when}. {reason}")
        return template.format(when=when, reason=entry.problem.get("message", ""))
    if entry.state == stored.PAUSED:
        if entry in outbox.interrupted:
            return translate("AzeOutbox", "Interrupted when QGIS was closed.")
        return translate("AzeOutbox", "Paused.")
    if entry.state == stored.QUEUED:
        return translate("AzeOutbox", "Waiting for its turn.")
    share = outbox.share
    if entry.state == stored.CHECKING:
        return translate("AzeOutbox", "Being checked once more before it is sent.")
    shown = figures.percent(int(100 * (share or 0.0)) / 100)
    said = translate("AzeOutbox", "Sending, {share}.").format(share=shown)
    return f"{said} {outbox.doing}" if outbox.doing else said
