"""What two people, or two runs of a program, made of one document, brought together.

Documents are of objects, arrays, texts and numbers, as JSON has them; what is not there is ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Conflict:
    """A member (JSON pointer) that both have changed, each in another way. ``mine`` was not taken."""

    pointer: str
    mine: Any
    theirs: Any


@dataclass(frozen=True)
class Merged:
    """``document``: theirs with everything in it that only mine has changed; ``taken``: pointers of that."""

    document: Any
    taken: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Any, mine: Any, theirs: Any) -> Merged:
    """Bring into ``theirs`` what ``mine`` changed since ``base``; where both changed something, theirs stays."""
    taken: list[str] = []
    conflicts: list[Conflict] = []
    document = _merged(base, mine, theirs, "", taken, conflicts)
    return Merged(document, tuple(taken), tuple(conflicts))


def _merged(base: Any, mine: Any, theirs: Any, pointer: str, taken: list[str], conflicts: list[Conflict]) -> Any:
    if mine in (base, theirs):
        return theirs
    if isinstance(mine, Mapping) and isinstance(theirs, (Mapping, type(None))):
        # What nobody had begun is taken member by member, so that it is named member by member.
        known = base if isinstance(base, Mapping) else {}
        there = theirs or {}
        result = {}
        for key in dict.fromkeys([*there, *mine]):
            step = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            value = _merged(known.get(key), mine.get(key), there.get(key), step, taken, conflicts)
            if value is not None:
                result[key] = value
        return result
    if theirs == base:
        taken.append(pointer)
        return mine
    if all(isinstance(rows, list) for rows in (base, mine, theirs)) and len(base) == len(mine) == len(theirs):
        # The same rows: each of them on its own.
        triples = enumerate(zip(base, mine, theirs))
        return [_merged(*rows, f"{pointer}/{n}", taken, conflicts) for n, rows in triples]
    conflicts.append(Conflict(pointer, mine, theirs))
    return theirs
