"""Sending a package as a form does: one POST of multipart/form-data, which nothing can go on with half-way.

What makes it safe is that the last bytes are held back until the receipt says so: a call that breaks off before that
cannot have arrived. After it nobody can tell, unless the server lists what it has.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..domain.errors import AzeError
from ..services import receipts
from ..services.network import Answer, Fault, check_exact_address, shown_url
from ..services.receipts import Receipt
from .transfer_calls import Line, Parcel, Patience, Piece, may_pass, rules, succeeded

# The server says that it did not take the call up.
_NOT_TAKEN = (408, 423, 425, 429, 503)


@dataclass(frozen=True)
class Form:
    """``file``: name of the field that holds the package; ``fields``: further fields; ``check``: the address that tells
    whether a package is there. ``{sha256}``, ``{name}`` and ``{size}`` are filled in."""

    file: str
    fields: Mapping[str, str] = field(default_factory=dict)
    check: str = ""

    @classmethod
    def parsed(cls, written: str) -> Form:
        """The form that FIELDS describes in JSON; the usual one where it is empty.

        Raises AzeError ``transfer.fields`` and, for ``check``, what check_exact_address raises.
        """
        try:
            given = json.loads(written) if written.strip() else {}
        except (ValueError, RecursionError):
            raise AzeError("transfer.fields") from None
        if not isinstance(given, dict) or set(given) - {"file", "fields", "check"}:
            raise AzeError("transfer.fields")
        file = given.get("file", rules()["form_file_field"])
        fields = given.get("fields", rules()["form_fields"])
        check = given.get("check", "")
        if not isinstance(file, str) or not file or not isinstance(fields, dict) or not isinstance(check, str):
            raise AzeError("transfer.fields")
        if not all(isinstance(value, (str, int, float)) for value in fields.values()):
            raise AzeError("transfer.fields")
        if check:
            check_exact_address(
                check.replace("{sha256}", "0").replace("{name}", "0").replace("{size}", "0"), query=True
            )
            if "{sha256}" not in check:
                raise AzeError("transfer.check_without_digest")
        return cls(file, {str(key): str(value) for key, value in fields.items()}, check)


def fields_of(written: str) -> dict[str, Any]:
    """What FIELDS says as a document to be edited, the usual form where it is empty. Raises AzeError
    ``transfer.fields`` and what Form.parsed raises."""
    form = Form.parsed(written)
    return {"file": form.file, "fields": dict(form.fields), "check": form.check}


def written_fields(file: str, fields: Mapping[str, str], check: str) -> str:
    """FIELDS from what was edited; empty where it is the usual form. Raises what fields_of raises."""
    document: dict[str, Any] = {"file": file.strip(), "fields": dict(fields)}
    if check.strip():
        document["check"] = check.strip()
    usual = {"file": rules()["form_file_field"], "fields": dict(rules()["form_fields"])}
    written = "" if document == usual else json.dumps(document, ensure_ascii=False)
    fields_of(written)
    return written


def _filled(template: str, parcel: Parcel) -> str:
    values = {"{sha256}": parcel.sha256, "{name}": parcel.name, "{size}": str(parcel.size)}
    for mark, value in values.items():
        template = template.replace(mark, value)
    return template


class FormSending:
    """One parcel to one form."""

    def __init__(self, parcel: Parcel, form: Form, receipt: Receipt, line: Line):
        self._parcel, self._form, self._receipt, self._line = parcel, form, receipt, line

    def run(self) -> bool:
        """Post the package; False where the server has it already.

        Raises AzeError ``transfer.unknown`` where the server may have it and cannot be asked.
        """
        if self._receipt.state == receipts.SENT or self._form.check and self._there():
            self._confirm(None)
            return False
        if self._receipt.state in (receipts.FINISHING, receipts.UNKNOWN):
            if not self._form.check:
                self._unknown()
            self._line.progress.say("transfer.not_arrived")
        patience = self._line.patience()
        while True:
            self._receipt.update(receipts.SENDING)
            try:
                answer = self._post()
            except AzeError as error:
                if error.code == "network.redirected":
                    # Told to send it elsewhere (307, 308), so it was not kept here.
                    self._receipt.update(receipts.CREATED)
                raise
            except Fault as fault:
                if self._settle(self._line.lost(fault), None, patience):
                    return True
                continue
            if succeeded(answer):
                self._check_taken(answer)
                self._confirm(answer)
                return True
            if self._open_question(answer):
                if self._settle(self._line.refused(answer), answer, patience):
                    return True
                continue
            self._receipt.update(receipts.CREATED)
            problem = self._line.refused(answer)
            if not may_pass(answer):
                raise problem
            patience.failed(problem, answer)

    def _check_taken(self, answer: Answer) -> None:
        """Where nobody has signed in, some servers answer everything with their page for that, and say that all is
        well: nothing was kept."""
        try:
            self._line.check_signed_in(answer)
        except AzeError:
            self._receipt.update(receipts.CREATED)
            raise

    def _open_question(self, answer: Answer) -> bool:
        """Whether a server that had all bytes may have kept them in spite of its answer."""
        after_all = self._receipt.state == receipts.FINISHING
        # 507 and 501 say that nothing was kept.
        fault = answer.status >= 500 and answer.status not in (*_NOT_TAKEN, 501, 507)
        return after_all and (fault or 300 <= answer.status < 400)

    def _settle(self, problem: AzeError, answer: Answer | None, patience: Patience) -> bool:
        """After a call without a clear answer: whether the package is there. False when it can be sent again."""
        if self._receipt.state == receipts.FINISHING:
            self._receipt.update(receipts.UNKNOWN)
            if not self._form.check and answer is None:
                self._unknown()
            if not self._form.check:
                raise AzeError("transfer.unclear", **problem.params, receipt=str(self._receipt.path))
            # A server may still be busy with what it got.
            patience.rest(self._line.pace.form_settle_s)
            if self._there():
                self._confirm(None)
                return True
            self._line.progress.say("transfer.not_arrived")
        self._receipt.update(receipts.CREATED)
        patience.failed(problem, answer)
        return False

    def _unknown(self) -> None:
        self._receipt.update(receipts.UNKNOWN)
        raise AzeError("transfer.unknown", url=shown_url(self._line.url), receipt=str(self._receipt.path))

    def _there(self) -> bool:
        """Whether the server says that it has the package."""
        url = _filled(self._form.check, self._parcel)
        answer = self._line.settled("HEAD", url)
        if answer.status in (405, 501):
            answer = self._line.settled("GET", url, sink=lambda _piece: None)
        if answer.status in (404, 410):
            return False
        if not succeeded(answer):
            raise self._line.refused(answer)
        return True

    def _post(self) -> Answer:
        boundary = f"aze-{uuid.uuid4().hex}"
        parts = []
        for name, value in self._form.fields.items():
            parts.append(
                f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
                f"{_filled(value, self._parcel)}\r\n"
            )
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(self._form.file)}"; '
            f'filename="{_quoted(self._parcel.name)}"\r\nContent-Type: application/zip\r\n\r\n'
        )
        body = Piece(
            self._parcel,
            head="".join(parts).encode("utf-8"),
            tail=f"\r\n--{boundary}--\r\n".encode("ascii"),
            before_last=lambda: self._receipt.update(receipts.FINISHING),
        )
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # For servers that know it: the same key is never acted on twice.
            "Idempotency-Key": f'"{self._parcel.sha256}"',
        }
        return self._line.ask("POST", self._line.url, headers, body, finish=True)

    def _confirm(self, answer: Answer | None) -> None:
        more = {} if answer is None else {"answer": self._line.noted(answer)}
        self._receipt.update(receipts.SENT, **more)
        self._receipt.update(receipts.CONFIRMED)


def _quoted(name: str) -> str:
    """A name in a part's header, as browsers write it (WHATWG HTML, multipart form data)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
