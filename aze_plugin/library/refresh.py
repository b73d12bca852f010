"""What a list of taxa says today against what the library says: the changes, and taking them over.

The list is asked through a function (``services.redlist_api`` has the one for the Red List); its answers are kept in a
file beside the library, so that a refresh which was broken off goes on where it ended.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.species import Taxon
from . import taxa
from .query import Library
from .store import Writer, check_address
from .threads import Threads

SCHEMA = "aze-refresh/1"
CACHE_ENDING = ".redlist.jsonl"

# The cache is written anew when it has so many times as many lines as answers that count.
_WASTE = 4


@dataclass(frozen=True)
class Listing:
    """A taxon's latest global assessment as the list gives it.

    ``year`` is that of publication, ``date`` (``YYYY-MM-DD`` or ``""``) that of the assessment; ``criteria`` is None
    where the answer does not speak of them.
    """

    taxon_id: str
    scientific_name: str
    category: str
    possibly_extinct: bool
    possibly_extinct_in_the_wild: bool
    year: int | None
    date: str = ""
    criteria: str | None = None
    assessment_id: str = ""


@dataclass(frozen=True)
class Reply:
    """What the list says of a taxon: its ``listing``, or why there is none: ``not_listed``, ``not_global``."""

    listing: Listing | None
    reason: str = ""


class Unanswered(Exception):
    """The list could not be asked about one taxon: an error's code and params. The others are asked all the same."""

    def __init__(self, code: str, **params):
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Change:
    """One taxon whose category, flags or year of assessment differ; ``fields`` names those that do.

    ``listed_as``: the list's name of the taxon where it is another one.
    """

    taxon: Taxon
    listing: Listing
    fields: tuple[str, ...]
    listed_as: str = ""


@dataclass
class Refresh:
    """What came of asking: taxa by outcome. ``older``: taxa of which the library holds a newer assessment than the
    list; ``failed``: with code and params of the reason; ``not_found``: with the reason of Reply."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[Taxon] = field(default_factory=list)
    older: list[Taxon] = field(default_factory=list)
    not_found: list[tuple[Taxon, str]] = field(default_factory=list)
    failed: list[tuple[Taxon, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def checked(self) -> int:
        """Taxa of which the list said something, be it that it does not have them."""
        return len(self.changes) + len(self.unchanged) + len(self.older) + len(self.not_found)


class Cache:
    """The list's answers, one JSON line each, in a file beside the library; no token and no text of the list's.

    A line that was cut off by an interruption is passed over. Where the folder cannot be written to, the answers are
    kept for this run only and ``lasting`` is false.
    """

    def __init__(self, library: str, service: str, max_age_days: float, now: datetime | None = None):
        self.path = Path(check_address(library) + CACHE_ENDING)
        self.lasting = True
        self._service = service
        self._now = now or datetime.now(timezone.utc)
        self._oldest = self._now - timedelta(days=max_age_days)
        self._known: dict[str, dict] = {}
        self._file = None

    def __enter__(self) -> Cache:
        lines = 0
        try:
            with open(self.path, encoding="utf-8", errors="replace") as stored:
                for line in stored:
                    lines += 1
                    self._take(line)
        except FileNotFoundError:
            lines = 0
        except OSError:
            self.lasting = False
        if lines > _WASTE * max(1, len(self._known)):
            self._rewrite()
        return self

    def _take(self, line: str) -> None:
        try:
            entry = json.loads(line)
            asked = datetime.fromisoformat(entry["asked"])
            if entry["service"] == self._service and self._oldest < asked <= self._now + timedelta(days=1):
                self._known[entry["key"]] = {"asked": entry["asked"], "answer": entry["answer"]}
        except (ValueError, KeyError, TypeError):
            return

    def __exit__(self, *_exception) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def get(self, key: str) -> Any:
        """The answer to a question, None where none is young enough."""
        entry = self._known.get(key)
        return entry["answer"] if entry else None

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer, on disk at once."""
        entry = {"asked": datetime.now(timezone.utc).isoformat(timespec="seconds"), "answer": answer}
        self._known[key] = entry
        if not self.lasting:
            return
        try:
            if self._file is None:
                self._file = open(self.path, "ab+")  # noqa: SIM115 (closed by __exit__)
                if self._cut_off():
                    self._file.write(b"\n")
            self._file.write(self._line(key, entry))
            self._file.flush()
        except OSError:
            self.lasting = False

    def _cut_off(self) -> bool:
        size = self._file.seek(0, os.SEEK_END)
        if not size:
            return False
        self._file.seek(size - 1)
        return self._file.read(1) != b"\n"

    def _line(self, key: str, entry: dict) -> bytes:
        return (json.dumps({"key": key, "service": self._service, **entry}, ensure_ascii=False) + "\n").encode()

    def _rewrite(self) -> None:
        beside = self.path.with_name(self.path.name + ".part")
        try:
            beside.write_bytes(b"".join(self._line(key, entry) for key, entry in self._known.items()))
            os.replace(beside, self.path)
        except OSError:
            # It only stays longer than it has to be.
            beside.unlink(missing_ok=True)


def question(taxon: Taxon) -> str | None:
    """How a taxon is asked for: ``sis/<number>``, else ``name/<Genus> <epithet>``; None where neither can be."""
    if taxon.taxon_id.isascii() and taxon.taxon_id.isdigit():
        return f"sis/{int(taxon.taxon_id)}"
    words = taxon.scientific_name.split()
    if len(words) == 2 and all(word.replace("-", "").isalpha() for word in words):
        return f"name/{words[0].capitalize()} {words[1].lower()}"
    return None


def chosen(library: Library, only: Sequence[str] | None = None) -> list[Taxon]:
    """The species that are asked about: subspecies and subpopulations never trigger. ``only``: categories."""
    return [t for t in library.taxa() if t.rank == "species" and (only is None or t.category in only)]


def find_changes(
    library: Library,
    wanted: Sequence[Taxon],
    ask: Callable[[str], Reply],
    cache: Cache,
    progress: Progress,
    failures_in_a_row: int = 3,
) -> Refresh:
    """Ask about taxa one by one, what the cache holds excepted, and compare.

    Raises AzeError for what ends all asking (a refused token, say), also after so many failures in a row, and Cancelled
    when asked to stop; the answers that came before are in the cache.
    """
    dates = library.assessment_dates()
    found = Refresh()
    in_a_row = 0
    for n, taxon in enumerate(wanted):
        progress.set(n / len(wanted))
        key = question(taxon)
        if key is None:
            found.failed.append((taxon, "refresh.no_question", {}))
            continue
        try:
            reply = _asked(key, ask, cache)
        except Unanswered as failure:
            found.failed.append((taxon, failure.code, failure.params))
            in_a_row += 1
            if in_a_row >= failures_in_a_row:
                raise AzeError("refresh.gave_up", done=found.checked, problem=(failure.code, failure.params)) from None
            continue
        in_a_row = 0
        _sort_in(found, taxon, reply, dates.get(taxon.taxon_id, ""))
    progress.set(1)
    return found


def _asked(key: str, ask: Callable[[str], Reply], cache: Cache) -> Reply:
    kept = cache.get(key)
    if isinstance(kept, dict):
        try:
            listing = kept["listing"]
            return Reply(Listing(**listing) if listing else None, kept["reason"])
        except (KeyError, TypeError):
            # Of another version of the plugin.
            kept = None
    reply = ask(key)
    cache.put(key, {"listing": asdict(reply.listing) if reply.listing else None, "reason": reply.reason})
    return reply


def _sort_in(found: Refresh, taxon: Taxon, reply: Reply, date: str) -> None:
    listing = reply.listing
    if listing is None:
        found.not_found.append((taxon, reply.reason))
        return
    same_name = listing.scientific_name.lower() == taxon.scientific_name.lower()
    if not same_name and not _akin(taxon.scientific_name, listing.scientific_name):
        # A number of the user's own, which on the list belongs to another taxon.
        params = {"number": listing.taxon_id, "listed": listing.scientific_name}
        found.failed.append((taxon, "refresh.other_taxon", params))
        return
    fields = tuple(
        name
        for name in ("category", "possibly_extinct", "possibly_extinct_in_the_wild", "year")
        if getattr(taxon, name) != getattr(listing, name)
    )
    if taxon.category_source == "assessment" and (listing.year or 0, listing.date or date) < (taxon.year or 0, date):
        found.older.append(taxon)
    elif fields:
        found.changes.append(Change(taxon, listing, fields, "" if same_name else listing.scientific_name))
    else:
        found.unchanged.append(taxon)


def _akin(one: str, other: str) -> bool:
    """Whether two names may be of one species: a genus changes more often than an epithet, whose ending may follow."""
    first, second = one.lower().split(), other.lower().split()
    if len(first) < 2 or len(second) < 2:
        return False
    stems = [words[1].rstrip("aeimorsu") or words[1] for words in (first, second)]
    return first[0] == second[0] or stems[0] == stems[1]


def apply(
    address: str, refresh: Refresh, name: str, version: str, citation: str, service: str, progress: Progress
) -> bool:
    """Write the changes into the library as assessments of a source of their own, all or nothing. False without any.

    Every run that writes has a source of its own: what earlier ones brought stays until something newer comes.
    """
    if not refresh.changes:
        return False
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    answers = [asdict(change.listing) for change in refresh.changes]
    sha256 = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()
    threads = Threads()
    with Library.open(address) as library:
        dates = library.assessment_dates()
    with Writer(address, now) as writer, threads:
        source_id = writer.add_source("assessments", name, f"{service}#{now}", version, citation)
        writer.add_assessments(
            _row(change, source_id, number, dates.get(change.taxon.taxon_id, ""))
            for number, change in enumerate(refresh.changes, 1)
        )
        count = len(refresh.changes)
        writer.seal_source(source_id, sha256, count, count, 0, 0)
        taxa.refresh(writer, threads.compute, progress.part(0, 0.95))
        progress.check()
        writer.commit()
    progress.set(1)
    return True


def _row(change: Change, source_id: int, number: int, date: str) -> dict[str, Any]:
    taxon, listing = change.taxon, change.listing
    criteria = listing.criteria
    if criteria is None:
        # Those of another assessment would be wrong.
        criteria = taxon.criteria if not {"category", "year"} & set(change.fields) else ""
    return {
        "source_id": source_id,
        "row": number,
        "taxon_id": taxon.taxon_id,
        # The library's own name: the list may know the taxon by another one.
        "scientific_name": taxon.scientific_name,
        "category": listing.category,
        "criteria": criteria,
        "year": listing.year,
        # Of two assessments of one year the later counts; without a date this one has to be no earlier.
        "date": listing.date or date,
        "possibly_extinct": int(listing.possibly_extinct),
        "possibly_extinct_in_the_wild": int(listing.possibly_extinct_in_the_wild),
        "scopes": "Global",
        "is_global": 1,
        "rank": taxon.rank,
        "common_name": taxon.common_name,
        "group_name": taxon.group,
        "authority": "",
    }


def as_json(refresh: Refresh, applied: bool, service: str, release: str) -> dict[str, Any]:
    """The ``aze-refresh/1`` document, without the sentences for its codes."""

    def named(taxon: Taxon) -> dict[str, Any]:
        return {"taxon_id": taxon.taxon_id, "scientific_name": taxon.scientific_name}

    return {
        "schema": SCHEMA,
        "service": service,
        "release": release,
        "applied": applied,
        "changes": [
            {
                **named(change.taxon),
                "fields": list(change.fields),
                "listed_as": change.listed_as,
                "old": {**_state(change.taxon), "category_source": change.taxon.category_source},
                "new": _state(change.listing),
            }
            for change in refresh.changes
        ],
        "unchanged": len(refresh.unchanged),
        "older": [named(taxon) for taxon in refresh.older],
        "not_found": [{**named(taxon), "reason": reason} for taxon, reason in refresh.not_found],
        "failed": [{**named(taxon), "code": code, "params": params} for taxon, code, params in refresh.failed],
    }


def _state(of: Taxon | Listing) -> dict[str, Any]:
    names = ("category", "possibly_extinct", "possibly_extinct_in_the_wild", "year")
    return {name: getattr(of, name) for name in names}
