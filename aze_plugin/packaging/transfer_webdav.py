"""Sending a package to a WebDAV folder: under a name of its own first, then moved to where it belongs.

So nobody ever sees half a package under the package's name, and nothing that is there already is written over. Where
the server is a Nextcloud, large packages go in numbered chunks, which a later call goes on with (Nextcloud developer
manual, chunked file upload, version 2); plain WebDAV knows no such thing, so there a broken call begins anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import ParseError

from .. import paths
from ..domain.errors import AzeError
from ..services import receipts
from ..services.network import Answer, Fault, shown_url
from ..services.receipts import Receipt
from .transfer_calls import Line, Parcel, Piece, is_page, may_pass, rules, succeeded

_PROPERTIES = (
    b'<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>'
    b"<d:getcontentlength/><d:getetag/><d:resourcetype/><oc:checksums/></d:prop></d:propfind>"
)
_NEXTCLOUD = re.compile(r"(?P<root>.*/remote\.php/dav)/files/(?P<user>[^/]+)(?:/.*)?")
# Answers of servers, or of parts of them, that do not know a method of WebDAV.
_NO_METHOD = (400, 405, 415, 501)


@dataclass(frozen=True)
class _Found:
    """What lies at an address; ``size`` None for a folder, or where the server does not tell."""

    size: int | None
    etag: str = ""
    sha256: str = ""
    is_folder: bool = False


class _Gone(Exception):
    """The server no longer has what was sent before."""


class DavSending:
    """One parcel to one folder; ``line.url`` is the folder's address without a slash at its end."""

    def __init__(self, parcel: Parcel, receipt: Receipt, line: Line):
        self._parcel, self._receipt, self._line = parcel, receipt, line
        self._final = f"{line.url}/{quote(parcel.name, safe='')}"
        self._temporary = f"{self._final}.{parcel.sha256[:12]}.part"

    def run(self) -> bool:
        """Send the package; False where it lies in the folder already.

        Raises AzeError ``transfer.name_taken`` where another file has its name.
        """
        present = self._look(self._final)
        if present is not None:
            if not self._is_own(present):
                raise self._taken()
            self._line.progress.say("transfer.found", name=self._parcel.name)
            self._confirm(present)
            return False
        self._check_folder()
        for _ in range(rules()["renewals"] + 1):
            try:
                source, headers = self._in_chunks() or (self._whole(), {})
                self._receipt.update(receipts.SENT)
                self._move(source, headers)
                break
            except _Gone:
                self._line.progress.say("transfer.expired")
                self._receipt.update(receipts.SENDING, upload={})
        else:
            raise AzeError("transfer.forgetful", url=shown_url(self._line.url))
        present = self._look(self._final)
        if present is None or present.size != self._parcel.size:
            self._receipt.update(receipts.UNKNOWN)
            raise self._size_differs(present)
        self._confirm(present)
        return True

    def _is_own(self, present: _Found) -> bool:
        """Whether a file of the package's name is the package: one that was moved there by an earlier call, or one of
        the same content, whoever sent it."""
        if present.is_folder or present.size not in (None, self._parcel.size):
            return False
        return self._has_content(self._final, present)

    def _taken(self) -> AzeError:
        return AzeError("transfer.name_taken", url=shown_url(self._line.url), name=self._parcel.name)

    def _size_differs(self, present: _Found | None) -> AzeError:
        return AzeError(
            "transfer.size_differs",
            url=shown_url(self._line.url),
            name=self._parcel.name,
            expected=self._parcel.size,
            found=(present.size or 0) if present else 0,
        )

    def _confirm(self, present: _Found) -> None:
        if not present.etag:
            answer = self._line.settled("HEAD", self._final)
            present = _Found(present.size, answer.headers.get("etag", "") if succeeded(answer) else "")
        answer = {"status": 201, "size": present.size, **({"etag": present.etag} if present.etag else {})}
        self._receipt.update(receipts.SENT)
        self._receipt.update(receipts.CONFIRMED, location=shown_url(self._final), answer=answer)

    # -- looking

    def _look(self, url: str) -> _Found | None:
        """What lies at an address; None for nothing."""
        answer = self._propfind(url, "0")
        if answer.status in (404, 410):
            return None
        if answer.status == 207:
            entries = self._entries(answer)
            if entries:
                return next(iter(entries.values()))
        elif succeeded(answer) and is_page(answer):
            self._line.check_signed_in(answer)
            raise AzeError("transfer.not_webdav", url=shown_url(self._line.url))
        elif not succeeded(answer) and answer.status not in _NO_METHOD:
            raise self._line.refused(answer)
        answer = self._line.settled("HEAD", url)
        if answer.status in (404, 410):
            return None
        if not succeeded(answer):
            raise self._line.refused(answer)
        return _Found(
            _number(answer.headers.get("content-length")), answer.headers.get("etag", ""), _digest_of(answer.headers)
        )

    def _propfind(self, url: str, depth: str) -> Answer:
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        return self._line.settled("PROPFIND", url, headers, _PROPERTIES)

    def _entries(self, answer: Answer) -> dict[str, _Found]:
        """By the last part of its path, what a listing holds."""
        paths.enable_vendored()
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        try:
            root = fromstring(answer.body, forbid_dtd=True)
        except (DefusedXmlException, ParseError, ValueError, LookupError):
            raise AzeError("transfer.not_webdav", url=shown_url(self._line.url)) from None
        found = {}
        for response in root.iter("{DAV:}response"):
            path = urlsplit((response.findtext("{DAV:}href") or "").strip()).path
            values: dict[str, str] = {}
            folder = False
            for stat in response.iter("{DAV:}propstat"):
                if " 200" not in (stat.findtext("{DAV:}status") or ""):
                    continue
                folder = folder or stat.find(".//{DAV:}collection") is not None
                for element in stat.iter():
                    values.setdefault(str(element.tag), (element.text or "").strip())
            found[unquote(path.rstrip("/").rpartition("/")[2])] = _Found(
                None if folder else _number(values.get("{DAV:}getcontentlength")),
                values.get("{DAV:}getetag", ""),
                _sha256_in(values.get("{http://owncloud.org/ns}checksum", "")),
                folder,
            )
        return found

    def _check_folder(self) -> None:
        """Find out before all is sent that the folder is not there."""
        answer = self._propfind(f"{self._line.url}/", "0")
        if answer.status in (404, 410):
            raise AzeError("transfer.no_folder", url=shown_url(self._line.url))
        if not succeeded(answer) and answer.status not in _NO_METHOD:
            raise self._line.refused(answer)

    def _has_content(self, url: str, present: _Found) -> bool:
        """Whether a file is the package, by the digest that the server has of it or else by reading it."""
        if present.sha256:
            return present.sha256 == self._parcel.sha256
        answer = self._line.settled("HEAD", url, {"Want-Repr-Digest": "sha-256=1", "Want-Digest": "sha-256"})
        told = _digest_of(answer.headers) if succeeded(answer) else ""
        if told:
            return told == self._parcel.sha256
        self._line.progress.say("transfer.comparing", name=self._parcel.name)
        patience = self._line.patience()
        while True:
            digest = hashlib.sha256()
            problem, answer = None, None
            try:
                answer = self._line.ask("GET", url, sink=digest.update)
            except Fault as fault:
                problem = self._line.lost(fault)
            else:
                if answer.status == 200:
                    return digest.hexdigest() == self._parcel.sha256
                problem = self._line.refused(answer)
                if not may_pass(answer):
                    raise problem
            patience.failed(problem, answer)

    # -- sending

    def _whole(self) -> str:
        """Put the package beside its place, in one call; returns where."""
        url = self._temporary
        patience = self._line.patience()
        while True:
            present = self._look(url)
            if present is not None and present.size == self._parcel.size:
                # Some servers make room for all of a file before they have it: the size alone says nothing, unless
                # the server has said that all went well.
                known = self._receipt.state == receipts.SENT
                if known or self._has_content(url, present):
                    return url
            self._receipt.update(receipts.SENDING, upload={"temporary": shown_url(url)})
            body = Piece(self._parcel, before_last=lambda: self._receipt.update(receipts.FINISHING))
            problem, answer = None, None
            try:
                answer = self._line.ask("PUT", url, {"Content-Type": "application/zip"}, body, finish=True)
            except Fault as fault:
                problem = self._line.lost(fault)
            else:
                if succeeded(answer):
                    present = self._look(url)
                    if present is not None and present.size == self._parcel.size:
                        return url
                    problem = self._size_differs(present)
                elif answer.status in (404, 409):
                    raise AzeError("transfer.no_folder", url=shown_url(self._line.url))
                else:
                    problem = self._line.refused(answer)
                    if not may_pass(answer):
                        raise problem
            patience.failed(problem, answer)

    def _in_chunks(self) -> tuple[str, dict[str, str]] | None:
        """Put the package into a Nextcloud in chunks; what to move then, and by which headers. None elsewhere."""
        parts = urlsplit(self._line.url)
        cloud = _NEXTCLOUD.fullmatch(parts.path)
        if cloud is None or self._parcel.size < rules()["chunked_from_bytes"]:
            return None
        name = f"aze-{self._parcel.sha256[:40]}"
        base = parts._replace(path=f"{cloud['root']}/uploads/{cloud['user']}/{name}").geturl()
        headers = {"Destination": self._final, "OC-Total-Length": str(self._parcel.size)}
        answer = self._line.settled("MKCOL", base, {"Destination": self._final})
        # 405 is what MKCOL says of a folder that is there already, and what a server without chunks says.
        if answer.status not in (201, 405):
            if answer.status == 401:
                raise self._line.refused(answer)
            return None
        listing = self._propfind(f"{base}/", "1")
        if listing.status != 207:
            return None
        there = {name: found.size for name, found in self._entries(listing).items()}
        self._receipt.update(receipts.SENDING, upload={"chunks": base})
        size = max(rules()["chunk_bytes"], -(-self._parcel.size // rules()["most_chunks"]))
        starts = range(0, self._parcel.size, size)
        done = sum(1 for n, start in enumerate(starts, 1) if there.get(f"{n:05d}") == self._length(start, size))
        if done:
            self._line.progress.say("transfer.resuming", share=done / len(starts))
        for n, start in enumerate(starts, 1):
            length = self._length(start, size)
            if there.get(f"{n:05d}") != length:
                self._put_chunk(f"{base}/{n:05d}", start, length, headers)
        self._parcel.check()
        return f"{base}/.file", {**headers, "OC-Checksum": f"SHA256:{self._parcel.sha256}"}

    def _length(self, start: int, size: int) -> int:
        return min(size, self._parcel.size - start)

    def _put_chunk(self, url: str, start: int, length: int, headers: dict[str, str]) -> None:
        patience = self._line.patience()
        while True:
            answer = None
            try:
                answer = self._line.ask("PUT", url, headers, Piece(self._parcel, start, length))
            except Fault as fault:
                problem = self._line.lost(fault)
            else:
                if succeeded(answer):
                    return
                if answer.status in (404, 409):
                    raise _Gone
                problem = self._line.refused(answer)
                if not may_pass(answer):
                    raise problem
            patience.failed(problem, answer)

    def _move(self, source: str, headers: dict[str, str]) -> None:
        """Move what was sent to its place. Raises _Gone."""
        patience = self._line.patience()
        while True:
            answer = None
            try:
                # Who has put something there meanwhile keeps it.
                answer = self._line.ask(
                    "MOVE", source, {"Destination": self._final, "Overwrite": "F", **headers}, finish=True
                )
            except Fault as fault:
                problem = self._line.lost(fault)
            else:
                if answer.status in (201, 204):
                    return
                problem = self._line.refused(answer)
            present = self._look(self._final)
            if present is not None:
                if self._is_own(present):
                    return
                raise self._taken()
            if answer is not None:
                if answer.status == 404:
                    raise _Gone
                if answer.status in (403, 405, 501):
                    raise AzeError("transfer.no_move", url=shown_url(self._line.url), answer=answer.status)
                if not may_pass(answer):
                    raise problem
            patience.failed(problem, answer)


def _number(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _sha256_in(checksums: str) -> str:
    """The digest in a list such as ``SHA1:… SHA256:…``, in hex; empty where there is none."""
    found = re.search(r"(?i)\bsha-?256:([0-9a-f]{64})\b", checksums)
    return found[1].lower() if found else ""


def _digest_of(headers) -> str:
    """The SHA-256 of a file as a server's headers tell it (RFC 9530, RFC 3230, ownCloud), in hex; empty for none."""
    told = _sha256_in(headers.get("oc-checksum", ""))
    for name in ("repr-digest", "digest"):
        coded = re.search(r"(?i)sha-256=:?([A-Za-z0-9+/=]+?):?(?:,|$)", headers.get(name, ""))
        if coded and not told:
            try:
                told = base64.b64decode(coded[1], validate=True).hex()
            except (binascii.Error, ValueError):
                told = ""
    return told if len(told) == 64 else ""
