"""The IUCN Red List API, version 4: which category a taxon has today.

Only the category, its criteria, flags, year and date of the latest Global assessment are taken. Calls keep their
distance, wait as the server asks when it is busy, and are tried again when they fail in a way that may pass.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from .. import paths
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.redlist import parse_category
from ..library.refresh import Cache, Change, Listing, Refresh, Reply, Unanswered, as_json
from .network import READ_SECONDS, Answer, Connection, Credentials, Fault, check_address, is_loopback
from .wording import text

_POLL_SECONDS = 0.1
_RELEASE = "release"


@dataclass(frozen=True)
class Pace:
    """How calls are made. ``interval_s``: least time between the end of one and the start of the next; ``backoff_s``:
    the first wait after a failure, doubled with each further one; ``longest_wait_s``: the most that a busy server may
    ask for; ``attempts`` at one question, and ``attempts_when_busy`` where the server answers that it is (429)."""

    interval_s: float
    backoff_s: float
    longest_wait_s: float
    attempts: int
    attempts_when_busy: int
    read_s: float = READ_SECONDS

    @classmethod
    def default(cls, url: str, interval_s: float | None = None) -> Pace:
        """The pace of ``resources/redlist/api.json``; a shorter interval holds only for a server on this computer."""
        rules = service_rules()
        least = 0.0 if is_loopback(url) else rules["interval_s"]
        interval = rules["interval_s"] if interval_s is None else max(least, interval_s)
        names = ("backoff_s", "longest_wait_s", "attempts", "attempts_when_busy", "read_s")
        return cls(interval, **{name: rules[name] for name in names})


def service_rules() -> Mapping[str, Any]:
    """Addresses, limits and texts of the service."""
    return paths.load_json("redlist", "api.json")


class RedListApi:
    """Asks one server with one token; ``url`` ends in ``/api/v4``."""

    def __init__(self, url: str, credentials: Credentials, connection: Connection, pace: Pace, progress: Progress):
        self.url = check_address(url)
        self._credentials = credentials
        self._connection = connection
        self._pace = pace
        self._progress = progress
        self._last_call: float | None = None

    def release(self) -> str:
        """The Red List's release, such as ``2025-2``; ``""`` where the server does not say."""
        try:
            document = self._json("/information/red_list_version", {})
        except Unanswered:
            return ""
        found = document.get("red_list_version") if isinstance(document, dict) else None
        return found if isinstance(found, str) and len(found) < 40 else ""

    def ask(self, question: str) -> Reply:
        """What the list says to ``sis/<number>`` or ``name/<Genus> <epithet>`` (see ``library.refresh.question``).

        Raises Unanswered for what concerns this question, AzeError for what would befall every other as well
        (``redlist.token_refused``, ``redlist.busy``, ``network.…``), and Cancelled.
        """
        kind, _, rest = question.partition("/")
        if kind == "sis":
            document = self._json(f"/taxa/sis/{rest}", {})
        else:
            genus, _, species = rest.partition(" ")
            document = self._json("/taxa/scientific_name", {"genus_name": genus, "species_name": species})
        if document is None:
            return Reply(None, "not_listed")
        return _reply(document)

    def _json(self, path: str, params: Mapping[str, str]) -> Any:
        """The parsed answer; None for 404."""
        failures = busy = 0
        while True:
            code, details, wait = "", {}, None
            try:
                answer = self._call(path, params)
            except Fault as fault:
                code, details = f"redlist.{fault.kind}", {"detail": fault.detail} if fault.detail else {}
            else:
                if answer.status == 200:
                    document = _parsed(answer)
                    if document is not None:
                        return document
                    code = "redlist.not_json"
                elif answer.status == 404:
                    return None
                elif answer.status in (401, 403):
                    raise AzeError("redlist.token_refused", url=self.url, status=answer.status)
                elif answer.status == 429:
                    busy += 1
                    wait = self._asked_for(answer)
                    if busy >= self._pace.attempts_when_busy or (wait or 0) > self._pace.longest_wait_s:
                        raise AzeError("redlist.busy", url=self.url, seconds=round(wait or 0))
                    self._rest(wait if wait is not None else self._pace.backoff_s * 2 ** (busy - 1), waiting=True)
                    continue
                elif answer.status >= 500:
                    code, details = "redlist.server_error", {"status": answer.status}
                    wait = self._asked_for(answer)
                else:
                    raise Unanswered("redlist.unexpected_status", status=answer.status)
            failures += 1
            if failures >= self._pace.attempts:
                raise Unanswered(code, **details)
            backoff = self._pace.backoff_s * 2 ** (failures - 1)
            self._rest(min(max(wait or 0, backoff), self._pace.longest_wait_s))

    def _call(self, path: str, params: Mapping[str, str]) -> Answer:
        if self._last_call is not None:
            self._rest(self._last_call + self._pace.interval_s - time.monotonic())
        self._progress.check()
        try:
            return self._connection.get(
                self.url + path, self._credentials, self._progress, params, read_s=self._pace.read_s
            )
        finally:
            self._last_call = time.monotonic()

    def _rest(self, seconds: float, waiting: bool = False) -> None:
        """Wait, and look every moment whether the user wants to stop."""
        if waiting and seconds >= 1:
            self._progress.say("redlist.waiting", seconds=round(seconds))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._progress.check()
            time.sleep(min(left, _POLL_SECONDS))

    @staticmethod
    def _asked_for(answer: Answer) -> float | None:
        """Seconds of a Retry-After header, which gives them or a date (RFC 9110, 10.2.3)."""
        value = answer.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            when = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())


def _parsed(answer: Answer) -> Any:
    """The document of an answer; None for what is no JSON, or was cut off."""
    try:
        return json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _reply(document: Any) -> Reply:
    """The latest Global assessment in an answer about one taxon. Raises Unanswered for an answer of another form."""
    try:
        taxon, assessments = document["taxon"], document["assessments"]
        number, name = str(taxon["sis_id"]), taxon["scientific_name"]
        latest = [a for a in assessments if a["latest"] is True and _is_global(a)]
        if not latest:
            return Reply(None, "not_global")
        best = max(latest, key=lambda a: (_year(a) or 0, str(a.get("assessment_date") or "")))
        category = parse_category(best["red_list_category_code"])
        if category is None or not isinstance(name, str) or not name.strip():
            raise Unanswered("redlist.unexpected")
        criteria = best["criteria"] or "" if "criteria" in best else None
        return Reply(
            Listing(
                taxon_id=number,
                scientific_name=" ".join(name.split()),
                category=category.code,
                possibly_extinct=category.possibly_extinct or best["possibly_extinct"] is True,
                possibly_extinct_in_the_wild=category.possibly_extinct_in_the_wild
                or best["possibly_extinct_in_the_wild"] is True,
                year=_year(best),
                date=_date(best.get("assessment_date")),
                criteria=criteria if criteria is None else str(criteria)[:200],
                assessment_id=str(best.get("assessment_id") or ""),
            )
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unanswered("redlist.unexpected") from None


def _is_global(assessment: Mapping[str, Any]) -> bool:
    scope = service_rules()["global_scope"]
    return any(str(s.get("code")) == scope for s in assessment["scopes"])


def _year(assessment: Mapping[str, Any]) -> int | None:
    found = assessment.get("year_published")
    return int(found) if found not in (None, "") else None


def _date(value: Any) -> str:
    found = str(value or "")[:10]
    try:
        return datetime.strptime(found, "%Y-%m-%d").strftime("%Y-%m-%d")
    except ValueError:
        return ""


def kept_release(api: RedListApi, cache: Cache) -> str:
    """The Red List's release, from the cache where it is there."""
    kept = cache.get(_RELEASE)
    if not isinstance(kept, str):
        kept = api.release()
        cache.put(_RELEASE, kept)
    return kept


def document(found: Refresh, applied: bool, url: str, release: str) -> dict[str, Any]:
    """The ``aze-refresh/1`` document of a refresh, its codes with their sentences."""
    made = as_json(found, applied, url, release)
    for entry, change in zip(made["changes"], found.changes):
        entry["message"] = _sentence(change)
    for entry in made["not_found"]:
        entry["message"] = text(f"refresh.{entry['reason']}", {"taxon": entry["scientific_name"]})
    for entry in made["failed"]:
        entry["message"] = text(entry["code"], {"taxon": entry["scientific_name"], **entry["params"]})
    return made


def _sentence(change: Change) -> str:
    old, new = change.taxon, change.listing
    params = {"taxon": old.scientific_name, "old": marked(old), "new": marked(new), "listed": change.listed_as}
    if {"category", "possibly_extinct", "possibly_extinct_in_the_wild"} & set(change.fields):
        said = text("refresh.category", {**params, "year": new.year or "–"})
    else:
        said = text("refresh.year", {**params, "year": new.year or "–"})
    return f"{said} {text('refresh.listed_as', params)}" if change.listed_as else said


def marked(of: Any) -> str:
    """A category with its flags, as the Red List writes them: ``CR(PE)``."""
    flag = "(PE)" if of.possibly_extinct else "(PEW)" if of.possibly_extinct_in_the_wild else ""
    return of.category + flag


def source_of(release: str, day: datetime) -> dict[str, str]:
    """Name, version and citation of what was taken from the API on a day."""
    rules = service_rules()
    date = day.strftime("%Y-%m-%d")
    return {
        "name": rules["source_name"],
        "version": date,
        "citation": rules["citation"].format(
            year=day.year, release=f". Version {release}" if release else "", date=date
        ),
    }
