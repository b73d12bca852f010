"""What all ways of sending a package share: the parcel, its body in pieces, calls, patience, and what answers mean."""

from __future__ import annotations

import html
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Callable

from .. import paths
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.network import Answer, Connection, Credentials, Fault, origin, shown_url

_POLL_SECONDS = 0.1
_LONGEST_SAYING = 200
_PAGES = ("text/html", "application/xhtml+xml")
# So much of a page is looked through for a field for a password.
_PAGE_BYTES = 1 << 18
_ASKS_PASSWORD = re.compile(rb"<input\b[^>]{0,2000}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
# Answers that may be others a moment later; 503 and 429 also tell when.
_PASSING = (408, 423, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524)


# ---------------------------------------------------------------------------------------------------- the parcel


@dataclass(frozen=True)
class Parcel:
    """A package file that is to be sent. ``sha256`` of its bytes in hex; ``stamp`` tells it from a changed file."""

    path: Path
    name: str
    size: int
    sha256: str
    stamp: tuple[int, ...]

    def described(self) -> dict:
        """What a receipt says of it."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256}

    def open(self):
        """The file, opened to be read. Raises AzeError ``transfer.package_changed``."""
        try:
            file = open(self.path, "rb")  # noqa: SIM115
        except OSError as error:
            raise AzeError("transfer.unreadable", file=str(self.path), detail=error.strerror or "") from None
        if stamp_of(os.fstat(file.fileno())) != self.stamp:
            file.close()
            raise AzeError("transfer.package_changed", file=str(self.path))
        return file

    def check(self) -> None:
        """Raise AzeError ``transfer.package_changed`` where the file is no longer the one that was looked at."""
        self.open().close()


def stamp_of(found: os.stat_result) -> tuple[int, ...]:
    """What changes when a file does."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class Piece:
    """A stretch of a parcel as the body of a call, with bytes before and after it.

    ``before_last`` is called before the last byte is let go, so that whoever is interrupted earlier knows that the
    server cannot have had all. ``done`` counts the parcel's bytes that were let go.
    """

    def __init__(
        self,
        parcel: Parcel,
        start: int = 0,
        length: int | None = None,
        head: bytes = b"",
        tail: bytes = b"",
        before_last: Callable[[], None] | None = None,
    ):
        self._parcel, self._start = parcel, start
        self._inner = parcel.size - start if length is None else length
        self._head, self._tail = head, tail
        self._before_last = before_last
        self.length = len(head) + self._inner + len(tail)
        self._lock = threading.Lock()
        self._file = None
        self._at = 0
        self._stopped = False

    @property
    def done(self) -> int:
        return self._start + min(self._inner, max(0, self._at - len(self._head)))

    def read(self, most: int) -> bytes:
        """The next bytes; raises AzeError where the file is another than it was."""
        with self._lock:
            if self._stopped:
                raise ConnectionAbortedError("nobody waits for this call")
            left = self.length - self._at
            if not left:
                return b""
            found = self._next(min(most, left))
            if self._at + len(found) == self.length:
                self._close()
                self._parcel.check()
                if self._before_last is not None:
                    self._before_last()
            self._at += len(found)
            return found

    def _next(self, most: int) -> bytes:
        if self._at < len(self._head):
            return self._head[self._at : self._at + most]
        inside = self._at - len(self._head)
        if inside >= self._inner:
            return self._tail[inside - self._inner :][:most]
        if self._file is None:
            self._file = self._parcel.open()
            self._file.seek(self._start + inside)
        try:
            found = self._file.read(min(most, self._inner - inside))
        except OSError as error:
            raise AzeError(
                "transfer.unreadable", file=str(self._parcel.path), detail=error.strerror or str(error)
            ) from None
        if not found:
            raise AzeError("transfer.package_changed", file=str(self._parcel.path))
        return found

    def rewind(self) -> None:
        with self._lock:
            self._close()
            self._at = 0

    def stop(self) -> None:
        """Give no more: after this, a call that nobody waits for can change nothing."""
        with self._lock:
            self._stopped = True
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _Words:
    """A short body."""

    def __init__(self, content: bytes):
        self._content, self._at = content, 0
        self.length = len(content)

    def read(self, most: int) -> bytes:
        found = self._content[self._at : self._at + most]
        self._at += len(found)
        return found

    def rewind(self) -> None:
        self._at = 0

    def stop(self) -> None:
        """Nothing is held."""


# ------------------------------------------------------------------------------------------------------- the calls


@dataclass(frozen=True)
class Pace:
    """How patient a transfer is; ``resources/transfer/sending.json`` has the values.

    ``attempts`` without any headway, ``attempts_when_busy`` where the server says that it is (429, 503).
    ``backoff_s``: the first wait, doubled each time up to ``longest_backoff_s``; ``longest_wait_s``: the most that a
    server may ask for. ``silence_s``: the longest silence of a call, ``finish_silence_s`` where the server may have
    much to do first. ``form_settle_s``: how long a server may take to list what it has just been sent.
    """

    attempts: int
    attempts_when_busy: int
    backoff_s: float
    longest_backoff_s: float
    longest_wait_s: float
    silence_s: float
    finish_silence_s: float
    form_settle_s: float

    @classmethod
    def default(cls) -> Pace:
        """The published pace."""
        return cls(**{field.name: rules()[field.name] for field in fields(cls)})


def rules() -> Mapping:
    """Limits, sizes of pieces and names of fields."""
    return paths.load_json("transfer", "sending.json")


class Line:
    """Calls to one server. Credentials go to the origin of ``url`` and nowhere else."""

    def __init__(self, url: str, connection: Connection, credentials: Credentials, pace: Pace, progress: Progress):
        self.url = url
        self.pace = pace
        self.progress = progress
        self._connection = connection
        self._credentials = credentials
        self._size = 0

    def of_size(self, size: int) -> None:
        """Tell the size of what is sent, for the progress."""
        self._size = size

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: Piece | _Words | None = None,
        finish: bool = False,
        sink: Callable[[bytes], None] | None = None,
    ) -> Answer:
        """One call; ``finish``: the server may be silent for long. Raises Fault, AzeError and Cancelled."""
        same = origin(url) == origin(self.url)
        if not same and body is not None:
            raise AzeError("network.redirected", url=shown_url(self.url), onward=origin(url))
        try:
            return self._connection.request(
                method,
                url,
                self._credentials if same else Credentials(),
                _Moving(self.progress, body, self._size) if isinstance(body, Piece) else self.progress,
                {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})},
                body,
                self.pace.finish_silence_s if finish else self.pace.silence_s,
                sink,
            )
        finally:
            if body is not None:
                body.stop()

    def settled(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        words: bytes = b"",
        sink: Callable[[bytes], None] | None = None,
    ) -> Answer:
        """A call that changes nothing when it is made twice, repeated while what keeps it from an answer may pass.

        ``words``: a short body.
        """
        patience = self.patience()
        while True:
            try:
                answer = self.ask(method, url, headers, _Words(words) if words else None, sink=sink)
            except Fault as fault:
                patience.failed(self.lost(fault))
                continue
            if not may_pass(answer):
                return answer
            patience.failed(self.refused(answer), answer)

    def patience(self) -> Patience:
        """Fresh patience."""
        return Patience(self.pace, self.progress)

    def lost(self, fault: Fault) -> AzeError:
        """The problem of a call without an answer."""
        return AzeError(f"transfer.{fault.kind}", url=shown_url(self.url), detail=fault.detail)

    def refused(self, answer: Answer, size: int | None = None) -> AzeError:
        """The problem of an answer that is none of those hoped for, with the server's own words."""
        status = answer.status
        code = {
            401: "password",
            403: "forbidden",
            404: "nothing_there",
            407: "proxy_password",
            410: "nothing_there",
            405: "not_offered",
            413: "too_large",
            423: "locked",
            429: "busy",
            501: "not_offered",
            503: "busy",
            507: "server_full",
        }.get(status, "server_fault" if status >= 500 else "moved" if 300 <= status < 400 else "refused")
        if code == "password" and not self._credentials.headers:
            code = "password_missing"
        said = self.said(answer)
        return AzeError(
            f"transfer.{code}",
            url=shown_url(self.url),
            answer=status,
            megabytes=max(1, round((self._size if size is None else size) / 1e6)),
            problem=("transfer.said", {"said": said}) if said else ("transfer.said_nothing", {}),
        )

    def check_signed_in(self, answer: Answer) -> None:
        """Raise AzeError ``transfer.sign_in`` for a page that asks for a password, in whatever dress it comes."""
        if is_page(answer) and _ASKS_PASSWORD.search(answer.body[:_PAGE_BYTES]):
            raise AzeError("transfer.sign_in", url=shown_url(self.url))

    def said(self, answer: Answer) -> str:
        """The beginning of what a server said in words, on one line and without secrets."""
        body = answer.body[:20_000].decode("utf-8", errors="replace")
        body = re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>|<[^>]*>", " ", body)
        words = " ".join("".join(c if c.isprintable() else " " for c in html.unescape(body)).split())
        words = self._credentials.scrubbed(words)
        return words if len(words) <= _LONGEST_SAYING else words[: _LONGEST_SAYING - 1] + "…"

    def noted(self, answer: Answer) -> dict:
        """What a receipt keeps of an answer."""
        found: dict = {"status": answer.status}
        for name in ("etag", "location", "content-location", "date"):
            if answer.headers.get(name):
                found[name] = self._credentials.scrubbed(shown_url(answer.headers[name])[:1000])
        said = self.said(answer)
        if said:
            found["said"] = said
        return found

    def is_secret(self, word: str) -> bool:
        """Whether a word holds a secret of the credentials."""
        return self._credentials.scrubbed(word) != word


class _Moving(Progress):
    """Reports how far a body has got whenever somebody looks whether to stop."""

    def __init__(self, outer: Progress, body: Piece, size: int):
        super().__init__()
        self._outer, self._body, self._size = outer, body, size

    def check(self) -> None:
        self._outer.set(self._body.done / max(1, self._size))


class Patience:
    """Counts failures without headway, and rests after each."""

    def __init__(self, pace: Pace, progress: Progress):
        self._pace, self._progress = pace, progress
        self._failures = self._busy = 0

    def moved(self) -> None:
        """There was headway: begin to count anew."""
        self._failures = self._busy = 0

    def failed(self, problem: AzeError, answer: Answer | None = None) -> None:
        """Rest before the next attempt; raises the problem where there should be none."""
        pace = self._pace
        asked = None if answer is None else retry_after(answer)
        if (asked or 0) > pace.longest_wait_s:
            raise AzeError("transfer.busy_long", **{**problem.params, "seconds": round(asked or 0)})
        if answer is not None and answer.status in (429, 503):
            self._busy += 1
        else:
            self._failures += 1
        if self._failures >= pace.attempts or self._busy >= pace.attempts_when_busy:
            raise problem
        backoff = min(pace.longest_backoff_s, pace.backoff_s * 2 ** (self._failures + self._busy - 1))
        self.rest(max(asked or 0, backoff))

    def rest(self, seconds: float) -> None:
        """Wait, and look every moment whether the user wants to stop."""
        if seconds >= 1:
            self._progress.say("transfer.waiting", seconds=round(seconds))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._progress.check()
            time.sleep(min(left, _POLL_SECONDS))


def may_pass(answer: Answer) -> bool:
    """Whether the same call may get another answer a moment later."""
    return answer.status in _PASSING


def succeeded(answer: Answer) -> bool:
    """Whether an answer is one of success."""
    return 200 <= answer.status < 300


def is_page(answer: Answer) -> bool:
    """Whether an answer is a page for people."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower() in _PAGES


def retry_after(answer: Answer) -> float | None:
    """Seconds of a Retry-After header, which gives them or a date (RFC 9110, 10.2.3)."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())
