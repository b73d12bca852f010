"""Sending a package by tus 1.0.0: an upload that is created, filled, asked how far it got, and gone on with."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ..domain.errors import AzeError
from ..services import receipts
from ..services.network import Answer, Fault, check_exact_address, origin, shown_url
from ..services.receipts import Receipt
from .transfer_calls import Line, Parcel, Piece, may_pass, rules, succeeded

_LEAST_PIECE = 1 << 20


@dataclass(frozen=True)
class _Offer:
    """What a server says of itself: sends checksums be taken, how large may an upload be (None: it does not say)."""

    checksums: bool = False
    most_bytes: int | None = None


class _Expired(Exception):
    """The server no longer has the upload, and cannot have had all of it."""


class TusSending:
    """One parcel to one creation endpoint."""

    def __init__(self, parcel: Parcel, receipt: Receipt, line: Line):
        self._parcel, self._receipt, self._line = parcel, receipt, line
        self._version = {"Tus-Resumable": rules()["tus_version"]}
        self._piece = rules()["tus_piece_bytes"]

    def run(self) -> bool:
        """Send what the server does not have yet; False where it had all of it.

        Raises AzeError ``transfer.unknown`` where the server has forgotten an upload that may have been complete.
        """
        upload = self._receipt.upload.get("url")
        if self._receipt.state == receipts.SENT:
            self._confirm(upload or "")
            return False
        offer = self._ask_offer()
        offset = self._offset(upload) if upload else None
        if offset == self._parcel.size:
            self._confirm(upload)
            return False
        if offset:
            self._line.progress.say("transfer.resuming", share=offset / self._parcel.size)
        for _ in range(rules()["renewals"] + 1):
            try:
                if not upload:
                    upload, offset = self._create(), 0
                self._fill(upload, self._known(offset), offer)
            except _Expired:
                self._line.progress.say("transfer.expired")
                upload = offset = None
                self._receipt.update(receipts.CREATED, upload={})
                continue
            self._confirm(upload)
            return True
        raise AzeError("transfer.forgetful", url=shown_url(self._line.url))

    # -- the server

    def _ask_offer(self) -> _Offer:
        answer = self._line.settled("OPTIONS", self._line.url)
        if answer.status == 401:
            raise self._line.refused(answer)
        versions = [v.strip() for v in answer.headers.get("tus-version", "").split(",") if v.strip()]
        if versions and rules()["tus_version"] not in versions:
            raise AzeError("transfer.not_tus", url=shown_url(self._line.url))
        extensions = {e.strip() for e in answer.headers.get("tus-extension", "").split(",")}
        algorithms = {a.strip().lower() for a in answer.headers.get("tus-checksum-algorithm", "").split(",")}
        most = _number(answer.headers.get("tus-max-size"))
        if most and most < self._parcel.size:
            raise AzeError(
                "transfer.too_large_known",
                url=shown_url(self._line.url),
                megabytes=round(self._parcel.size / 1e6),
                most=round(most / 1e6),
            )
        return _Offer("checksum" in extensions and "sha256" in algorithms, most)

    def _create(self) -> str:
        metadata = {"filename": self._parcel.name, "filetype": "application/zip", "sha256": self._parcel.sha256}
        coded = (f"{key} {base64.b64encode(value.encode()).decode('ascii')}" for key, value in metadata.items())
        headers = {
            **self._version,
            "Upload-Length": str(self._parcel.size),
            "Upload-Metadata": ",".join(coded),
        }
        # Made twice, it leaves an upload without a byte in it, which the server drops in time.
        answer = self._line.settled("POST", self._line.url, headers)
        if answer.status == 412 or succeeded(answer) and not answer.headers.get("location"):
            raise AzeError("transfer.not_tus", url=shown_url(self._line.url))
        if not succeeded(answer):
            raise self._line.refused(answer)
        upload = self._own(urljoin(self._line.url, answer.headers["location"]))
        # An address that repeats a secret is used, and not written down.
        kept = {} if self._line.is_secret(upload) else {"url": upload}
        if kept and answer.headers.get("upload-expires"):
            kept["expires"] = answer.headers["upload-expires"]
        self._receipt.update(receipts.SENDING, upload={**kept, "offset": 0})
        return upload

    def _own(self, upload: str) -> str:
        """The upload's address on the server that was asked. Behind a proxy that ends TLS, servers often give it
        without; another server is refused, as it would get the credentials."""
        asked, given = urlsplit(self._line.url), urlsplit(upload)
        if (given.scheme, asked.scheme, given.hostname) == ("http", "https", asked.hostname):
            upload = given._replace(scheme=asked.scheme, netloc=asked.netloc).geturl()
        if origin(upload) != origin(self._line.url):
            raise AzeError("network.redirected", url=shown_url(self._line.url), onward=origin(upload))
        return check_exact_address(upload, query=True)

    def _offset(self, upload: str) -> int | None:
        """How many bytes the server has; None where it has no such upload."""
        self._own(upload)
        answer = self._line.settled("HEAD", upload, self._version)
        if answer.status in (404, 410):
            return None
        if not succeeded(answer):
            raise self._line.refused(answer)
        return self._sound(answer)

    def _sound(self, answer: Answer) -> int:
        offset, length = _number(answer.headers.get("upload-offset")), _number(answer.headers.get("upload-length"))
        if offset is None or offset > self._parcel.size or length not in (None, self._parcel.size):
            raise AzeError("transfer.not_tus", url=shown_url(self._line.url))
        return offset

    # -- the bytes

    def _known(self, offset: int | None) -> int:
        """An offset, where there has to be one: else the upload has expired, or was complete and is listed no more."""
        if offset is None and self._receipt.state in (receipts.FINISHING, receipts.UNKNOWN):
            self._receipt.update(receipts.UNKNOWN)
            raise AzeError("transfer.unknown", url=shown_url(self._line.url), receipt=str(self._receipt.path))
        if offset is None:
            raise _Expired
        return offset

    def _fill(self, upload: str, offset: int, offer: _Offer) -> None:
        """Send all that is missing. Raises _Expired."""
        patience = self._line.patience()
        while offset < self._parcel.size:
            length = min(self._piece, self._parcel.size - offset)
            self._receipt.update(receipts.SENDING, upload={**self._receipt.upload, "offset": offset})
            problem, answer = None, None
            try:
                answer = self._patch(upload, offset, length, offer)
            except Fault as fault:
                problem = self._line.lost(fault)
            else:
                if succeeded(answer) and (_number(answer.headers.get("upload-offset")) or 0) > offset:
                    offset = self._sound(answer)
                    patience.moved()
                    continue
                if answer.status in (404, 410):
                    raise _Expired
                if answer.status == 413 and self._piece > _LEAST_PIECE:
                    # Some server on the way takes smaller pieces only.
                    self._piece = max(_LEAST_PIECE, self._piece // 4)
                    continue
                problem = self._line.refused(answer)
                if not (may_pass(answer) or succeeded(answer) or answer.status in (409, 460)):
                    raise problem
            reached = self._headway(upload, offset)
            if reached > offset:
                patience.moved()
            offset = reached
            if offset < self._parcel.size:
                patience.failed(problem, answer)
                offset = self._known(self._offset(upload))

    def _headway(self, upload: str, before: int) -> int:
        """How far the server is after a call that failed; as before where it is busy with that call still."""
        try:
            return self._known(self._offset(upload))
        except AzeError as error:
            if error.code != "transfer.locked":
                raise
            return before

    def _patch(self, upload: str, offset: int, length: int, offer: _Offer) -> Answer:
        headers = {
            **self._version,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        if offer.checksums:
            headers["Upload-Checksum"] = f"sha256 {self._checksum(offset, length)}"
        last = offset + length == self._parcel.size
        body = Piece(
            self._parcel,
            offset,
            length,
            before_last=(lambda: self._receipt.update(receipts.FINISHING)) if last else None,
        )
        return self._line.ask("PATCH", upload, headers, body, finish=last)

    def _checksum(self, offset: int, length: int) -> str:
        found = hashlib.sha256()
        with self._parcel.open() as file:
            file.seek(offset)
            while length and (block := file.read(min(length, 1 << 20))):
                found.update(block)
                length -= len(block)
                self._line.progress.check()
        return base64.b64encode(found.digest()).decode("ascii")

    def _confirm(self, upload: str) -> None:
        self._receipt.update(
            receipts.SENT, upload={**self._receipt.upload, "offset": self._parcel.size}, answer={"status": 204}
        )
        if not self._line.is_secret(upload):
            self._receipt.update(receipts.CONFIRMED, location=shown_url(upload))
        else:
            self._receipt.update(receipts.CONFIRMED)


def _number(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
