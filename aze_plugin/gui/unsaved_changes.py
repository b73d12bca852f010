"""What a note of unsaved texts would change in the session as it is now."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..domain.threeway import Conflict, Merged, merge
from ..services import project_state
from ..services.texts import Note, Typed
from .candidates import move_keys

if TYPE_CHECKING:
    from .session import Session


@dataclass(frozen=True)
class Offer:
    """What was written about a candidate and not saved: ``pointers`` of members of its nomination (of ``/statements``
    for statements), ``/files`` for its files, ``/estimates`` for figures; ``time`` in ISO 8601, UTC."""

    name: str
    pointers: tuple[str, ...]
    time: str


@dataclass(frozen=True)
class Differing:
    """What was not taken back, because something else was saved in its place since; of the member of a candidate's
    nomination that ``conflict`` says, or of its ``/estimates``."""

    name: str
    member: str
    conflict: Conflict


@dataclass(frozen=True)
class Change:
    """What was written about a candidate (none for figures of all of them), brought into what the session has."""

    name: str
    member: str
    merged: Merged


def changes_of(session: Session, note: Note) -> list[Change]:
    """What a note would change in the session, candidate by candidate. Raises AzeError as ``parsed`` does."""
    saved, now = (project_state.parsed(session.project, entry) for entry in (note.saved, note.now))
    # What stands in an editor is a statement that was to be.
    now.nominations = copy.deepcopy(now.nominations)
    for typed in note.typed:
        _state(now.nominations, typed)
    changes = []
    places = {name: target(session, name, note.keys) for name in (*now.nominations, *now.evidence)}
    for name, mine in now.nominations.items():
        there, base = places[name], saved.nominations.get(name)
        if not there and mine == base:
            continue
        # Of a candidate that is gone all comes back, as nothing of it is there any more.
        base = under(base, name, there) if there else None
        theirs = copy.deepcopy(session.nominations.written.get(there))
        changes.append(Change(name, "", merge(base, under(mine, name, there), theirs)))
    for name, mine in now.evidence.items():
        theirs = session.nominations.files.get(places[name], [])
        fresh = [file for file in mine if file not in theirs and file not in saved.evidence.get(name, ())]
        changes.append(Change(name, "/files", Merged([*theirs, *fresh], ("",) if fresh else ())))
    tables = (by_subject(state.estimates, places) for state in (saved, now))
    changes.append(Change("", "/estimates", merge(*tables, by_subject(session.estimates.kept, {}))))
    return changes


def target(session: Session, name: str, keys: Mapping[str, str]) -> str:
    """The candidate that something was written about, under whatever name it has now; empty where it is gone."""
    candidates = session.candidates
    key = keys.get(name)
    known = next((other for other in candidates.names if key and candidates.uid(other) == key), "")
    # By name where one of them is of a time before there were keys.
    same = name in candidates.names and not (key and candidates.uid(name))
    return known or (name if same else "")


def _state(nominations: dict[str, dict[str, Any]], typed: Typed) -> None:
    """Put a statement into nominations."""
    details = nominations.setdefault(typed.candidate, {"schema": "aze-nomination/1", "kind": "new_site"})
    statements = details.setdefault("statements", {"schema": "aze-statements/1", "candidates": {}})
    entry = statements.setdefault("candidates", {}).setdefault(typed.candidate, {})
    if typed.taxon:
        entry = entry.setdefault("species", {}).setdefault(typed.taxon, {})
    entry[typed.key] = typed.text


def under(details: dict[str, Any] | None, name: str, there: str) -> dict[str, Any] | None:
    """Details with what is stated under the candidate's name of before under the one that it has now."""
    if details is None or there in ("", name):
        return details
    details = copy.deepcopy(details)
    move_keys(details.get("statements", {}).get("candidates", {}), {name: there})
    return details


def by_subject(kept: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Estimates as a project keeps them, by scope and site, and there by taxon, parameter and segment. ``places``: the
    names that candidates have now."""
    sites = {f"site:{places.get(name) or name}": rows for name, rows in kept.get("sites", {}).items()}
    tables = {"world": kept.get("world", ()), **sites}
    return {
        key: {" ".join((r["taxon_id"] or r["scientific_name"], r["parameter"], r["segment"])): r for r in rows}
        for key, rows in tables.items()
    }


def listed(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The same as a project keeps it."""
    sites = {key.partition(":")[2]: list(rows.values()) for key, rows in tables.items() if key.startswith("site:")}
    world = list(tables.get("world", {}).values())
    return {"world": world, "sites": {name: rows for name, rows in sites.items() if rows}}
