"""What can be said before a package is sent: what it is, and whether the server at the other end is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.network import Connection, Credentials, Fault, shown_url
from .transfer import FORM, TUS, Target, identify
from .transfer_calls import Line, Pace, Parcel, rules, succeeded

# Of a package that nobody has.
_NOBODYS = "0" * 64


@dataclass(frozen=True)
class Contents:
    """A package in a few words. ``status``: ``draft`` or ``final``; ``valid``: it may be sent; ``problems``: sentences
    that say why not; ``files``: how many the nominator added."""

    parcel: Parcel
    site: str
    status: str
    valid: bool
    problems: tuple[str, ...]
    files: int


def contents(package: str, progress: Progress) -> Contents:
    """Verify a package and say what it is. Raises AzeError where it is no file that can be read."""
    from . import verification

    parcel = identify(package, progress.part(0, 0.1))
    with verification.opened(parcel.path, None, progress.part(0.1, 1)) as examined:
        found = examined.found
        nomination = examined.documents.get("nomination.json", {})
        problems = [p["message"] for p in found.as_json()["problems"]]
        site = _text(nomination, "site", "international_name")
        added = examined.data / "evidence"
        count = sum(1 for p in added.rglob("*") if p.is_file()) if added.is_dir() else 0
        described = Contents(parcel, site, found.status or "", found.valid, tuple(problems), count)
    parcel.check()
    return described


def _text(document: Any, *keys: str) -> str:
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return " ".join(document.split())[:255] if isinstance(document, str) else ""


def probe(
    goal: Target, connection: Connection, credentials: Credentials, progress: Progress, pace: Pace | None = None
) -> tuple[str, dict]:
    """Ask the server of a target whether it is there and lets one in, without sending anything.

    Returns the code of a sentence and its params; raises AzeError with what is in the way.
    """
    line = Line(goal.url, connection, credentials, pace or _once(), progress)
    if goal.method == TUS:
        return _probe_tus(goal, line)
    if goal.method == FORM:
        return _probe_form(goal, line)
    answer = line.settled("PROPFIND", f"{goal.url}/", {"Depth": "0"})
    if answer.status in (404, 410):
        raise AzeError("transfer.no_folder", url=goal.named)
    if answer.status == 207:
        return "transfer.probe_folder", {"url": goal.named}
    if answer.status in (405, 501):
        raise AzeError("transfer.not_webdav", url=goal.named)
    if not succeeded(answer):
        raise line.refused(answer, 0)
    raise AzeError("transfer.not_webdav", url=goal.named)


def _once() -> Pace:
    """Who looks at a dialog waits for one attempt only."""
    return Pace(**{**Pace.default().__dict__, "attempts": 1, "attempts_when_busy": 1, "silence_s": 20})


def _probe_tus(goal: Target, line: Line) -> tuple[str, dict]:
    answer = line.settled("OPTIONS", goal.url)
    if answer.status in (401, 403, 407):
        raise line.refused(answer, 0)
    versions = [v.strip() for v in answer.headers.get("tus-version", "").split(",")]
    if rules()["tus_version"] not in versions:
        raise AzeError("transfer.not_tus", url=goal.named) if succeeded(answer) else line.refused(answer, 0)
    most = answer.headers.get("tus-max-size", "")
    if most.isascii() and most.isdigit() and int(most):
        return "transfer.probe_tus_most", {"url": goal.named, "most": max(1, round(int(most) / 1e6))}
    return "transfer.probe_tus", {"url": goal.named}


def _probe_form(goal: Target, line: Line) -> tuple[str, dict]:
    check = goal.form.check if goal.form is not None else ""
    if check:
        url = check.replace("{sha256}", _NOBODYS).replace("{name}", "none.zip").replace("{size}", "0")
        answer = line.settled("HEAD", url)
        if answer.status in (404, 410):
            return "transfer.probe_form_check", {"url": shown_url(url)}
        if not succeeded(answer):
            raise line.refused(answer, 0)
        raise AzeError("transfer.probe_check_always", url=shown_url(url))
    try:
        answer = line.ask("OPTIONS", goal.url)
    except Fault as fault:
        raise line.lost(fault) from None
    if answer.status in (401, 403, 407) or answer.status in (404, 410):
        raise line.refused(answer, 0)
    return "transfer.probe_form", {"url": goal.named, "answer": answer.status}
