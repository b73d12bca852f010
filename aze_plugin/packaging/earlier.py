"""Earlier nominations taken over into a new one: read from JSON, a package or a proposal form, and merged."""

from __future__ import annotations

import copy
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import paths
from ..domain import nomination as nominations
from ..domain.errors import AzeError
from ..domain.nomination.model import object_at, rows_at, value_at
from ..domain.progress import Progress
from . import details as rules
from .formreader import read_form
from .unpacking import unpack

_SHOWN_VALUE = 80


def read(path: str | Path, progress: Progress | None = None) -> list[dict[str, Any]]:
    """The nominations that a file holds: one of a JSON file or a package, one for each site of a proposal form.

    Nothing of it is trusted: a package is unpacked within limits, a workbook read for its values. Raises AzeError
    ``earlier.unreadable``, ``earlier.package``, ``earlier.foreign``, ``details.unreadable``.
    """
    progress, path = progress or Progress(), Path(path)
    ending = path.suffix.casefold()
    if ending in (".xlsx", ".xlsm"):
        found = read_form(path, progress)
    elif ending == ".zip":
        found = [_of_package(path, progress)]
    else:
        found = [rules.read_details(path)]
    # A workbook cannot say its schema; a file of ours does.
    kept = [one for one in found if str(one.get("schema", "")) == nominations.SCHEMA]
    if not kept:
        raise AzeError("earlier.foreign", file=str(path))
    return kept


def _of_package(path: Path, progress: Progress) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="aze-") as folder:
        try:
            top, problems = unpack(path, Path(folder), progress)
        except OSError as error:
            raise AzeError("earlier.unreadable", file=str(path), detail=error.strerror or str(error)) from error
        if top is None:
            first = problems[0]
            raise AzeError(
                "earlier.package", file=str(path), problem=(first.code, {**first.params, "path": first.path})
            )
        inside = top / "data" / "nomination.json"
        if not inside.is_file():
            raise AzeError("earlier.foreign", file=str(path))
        return rules.read_details(inside)


@dataclass(frozen=True)
class Left:
    """What was not taken over: its JSON pointer, the code of the reason (``earlier.…``), and the value's beginning."""

    pointer: str
    code: str
    value: str = ""


@dataclass
class Merged:
    """A nomination with what an earlier one adds: ``taken`` pointers of what came from it, ``left`` what did not."""

    details: dict[str, Any]
    taken: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def merge(
    details: Mapping[str, Any],
    completed: Mapping[str, Any],
    earlier: Mapping[str, Any],
    candidate: str,
    replace: bool = False,
) -> Merged:
    """Take over what an earlier nomination says and this one leaves open; with ``replace`` also what both say.

    ``completed``: the details with what is derived, empty where the boundary was not checked yet. What is worked out
    from the data is never taken from an earlier nomination, whose boundary may have been another.
    """
    return _Merger(details, completed, earlier, candidate, replace).merged()


class _Merger:
    def __init__(self, details, completed, earlier, candidate: str, replace: bool):
        self._result = Merged(copy.deepcopy(dict(details)))
        self._completed, self._earlier = completed, earlier
        self._candidate, self._replace = candidate, replace
        self._kind = str(details.get("kind", nominations.NEW_SITE))

    def merged(self) -> Merged:
        earlier, properties = self._earlier, rules.schema()["properties"]
        for name in earlier:
            if name not in properties:
                self._leave(f"/{name}", "earlier.unknown", earlier[name])
        kind = earlier.get("kind")
        if kind is not None and kind != self._kind:
            self._leave("/kind", "earlier.other_kind", kind)
        for name in nominations.SECTIONS:
            part, given = properties[name], earlier.get(name)
            if name == "statements" or given in (None, {}):
                continue
            if not isinstance(given, Mapping):
                self._leave(f"/{name}", "earlier.invalid", given)
            elif name == "evidence":
                for n, row in enumerate(given.get("files") or ()):
                    file = row.get("file") if isinstance(row, Mapping) else row
                    self._leave(f"/evidence/files/{n}", "earlier.file", file)
            elif self._kind not in part.get("x-kinds", (self._kind,)):
                self._leave(f"/{name}", "earlier.other_kind", "")
            else:
                self._section(name, part, given)
        self._statements()
        return self._result

    def _section(self, name: str, part: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        for key, value in given.items():
            pointer, member = f"/{name}/{key}", part["properties"].get(key)
            if value in (None, ""):
                continue
            if member is None:
                self._leave(pointer, "earlier.unknown", value)
            elif self._kind not in member.get("x-kinds", (self._kind,)):
                self._leave(pointer, "earlier.other_kind", value)
            elif "x-statement" in member:
                continue
            elif member.get("type") == "array":
                self._rows(pointer, member, value)
            else:
                self._scalar(pointer, member, value)

    def _scalar(self, pointer: str, member: Mapping[str, Any], value: Any) -> None:
        value = _fitting(member, value)
        own = value_at(self._result.details, pointer)
        known = value_at(self._completed, pointer)
        if value is None:
            self._leave(pointer, "earlier.invalid", value_at(self._earlier, pointer))
        elif value in (own, known):
            return
        elif own in (None, "") and member.get("x-derived") and (known not in (None, "") or not self._completed):
            self._leave(pointer, "earlier.derived", value)
        elif own not in (None, "") and not self._replace:
            self._leave(pointer, "earlier.filled", value)
        else:
            self._set(pointer, value)

    # ------------------------------------------------------------------------------------------------------------ rows

    def _rows(self, pointer: str, schema: Mapping[str, Any], value: Any) -> None:
        given = list(self._sound_rows(pointer, schema, value))
        own = value_at(self._result.details, pointer)
        known = rows_at(self._completed, pointer)
        if not given:
            if value == [] and own is None and not known and not schema.get("minItems"):
                self._set(pointer, [])
            return
        if schema.get("x-derived-rows") == "adopted" and known and not own and not self._replace:
            if given != known:
                self._leave(pointer, "earlier.derived", "")
            return
        if schema.get("x-derived-rows") != "kept" and own and self._replace:
            self._set(pointer, [row for _, row in given])
            return
        rows = copy.deepcopy(own) if isinstance(own, list) else []
        properties = schema["items"]["properties"]
        key = list(dict.fromkeys([*schema["items"].get("required", ()), *schema.get("x-row-key", ())]))
        key = schema.get("x-row-key") or key
        before = copy.deepcopy(rows)
        for n, row in given:
            derived = next((r for r in known if _same(r, row, key)), None)
            if pointer == "/biodiversity/species" and self._completed and derived is None:
                self._leave(f"{pointer}/{n}", "earlier.no_trigger", row.get("scientific_name"))
                continue
            mine = next((r for r in rows if _same(r, row, key)), None)
            if mine is None and derived is not None and schema.get("x-derived-rows") == "kept":
                mine = {k: derived[k] for k in key if k in derived}
                rows.append(mine)
            elif mine is None:
                if pointer == "/biodiversity/species":
                    # Not checked yet: its figures are those of another boundary.
                    row = {k: v for k, v in row.items() if k in key or not properties[k].get("x-derived")}
                rows.append(row)
                continue
            self._row(f"{pointer}/{n}", properties, mine, derived or {}, row)
        # A row that only names what is derived anyway says nothing.
        rows = [r for r in rows if r in before or set(r) - set(key) or not any(_same(r, k, key) for k in known)]
        if rows != before:
            self._set(pointer, rows)

    def _row(self, at: str, properties, mine: dict, derived: Mapping, row: Mapping) -> None:
        for key, value in row.items():
            if "x-statement" in properties[key] or value in (mine.get(key), derived.get(key)):
                continue
            if mine.get(key) not in (None, ""):
                if self._replace:
                    mine[key] = value
                else:
                    self._leave(f"{at}/{key}", "earlier.filled", value)
            elif _is_figured(properties[key], value) and (derived.get(key) not in (None, "") or not self._completed):
                self._leave(f"{at}/{key}", "earlier.derived", value)
            else:
                mine[key] = value

    def _sound_rows(self, pointer: str, schema: Mapping[str, Any], value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        properties, required = schema["items"]["properties"], schema["items"].get("required", ())
        if not isinstance(value, list):
            self._leave(pointer, "earlier.invalid", value)
            return
        for n, row in enumerate(value):
            if not isinstance(row, Mapping):
                self._leave(f"{pointer}/{n}", "earlier.invalid", row)
                continue
            sound = {}
            for key, said in row.items():
                if said in (None, ""):
                    continue
                if key not in properties:
                    self._leave(f"{pointer}/{n}/{key}", "earlier.unknown", said)
                    continue
                fitting = _fitting(properties[key], said)
                if fitting is None:
                    self._leave(f"{pointer}/{n}/{key}", "earlier.invalid", said)
                elif "x-statement" not in properties[key]:
                    sound[key] = fitting
            if sound and any(sound.get(key) not in (None, "") for key in (required or sound)):
                yield n, sound

    # ------------------------------------------------------------------------------------------------------ statements

    def _statements(self) -> None:
        by_name = object_at(self._earlier, "/statements/candidates")
        former = self._candidate if self._candidate in by_name else next(iter(by_name), self._candidate)
        stated = nominations.statements_for(self._earlier, former)["candidates"][former]
        kept = self._result.details.get("statements")
        statements = copy.deepcopy(kept) if isinstance(kept, dict) else {}
        entry = statements.setdefault("candidates", {}).setdefault(self._candidate, {})
        statements.setdefault("schema", nominations.STATEMENTS_SCHEMA)
        changed = self._state(entry, "delineation_rationale", stated["delineation_rationale"], "/delineation/rationale")
        rows = rows_at(self._completed, "/biodiversity/species")
        names = [row.get("scientific_name") for row in rows]
        for taxon, said in stated["species"].items():
            if self._completed and taxon not in names:
                self._leave("/biodiversity/species", "earlier.no_trigger", taxon)
                continue
            at = f"/biodiversity/species/{names.index(taxon)}" if taxon in names else "/biodiversity/species"
            of_taxon = dict(entry.get("species", {}).get(taxon, {}))
            for key, text in said.items():
                if self._state(of_taxon, key, text, f"{at}/{key}" if taxon in names else at):
                    entry.setdefault("species", {})[taxon] = of_taxon
                    changed = True
        if changed:
            self._result.details["statements"] = statements

    def _state(self, entry: dict[str, Any], key: str, text: str, pointer: str) -> bool:
        if not text or entry.get(key) == text:
            return False
        if entry.get(key) and not self._replace:
            self._leave(pointer, "earlier.filled", text)
            return False
        entry[key] = text
        self._result.taken.append(pointer)
        return True

    # ---------------------------------------------------------------------------------------------------------- keeping

    def _set(self, pointer: str, value: Any) -> None:
        section, key = pointer.strip("/").split("/")
        self._result.details.setdefault(section, {})[key] = value
        self._result.taken.append(pointer)

    def _leave(self, pointer: str, code: str, value: Any) -> None:
        shown = "" if isinstance(value, (dict, list)) or value is None else " ".join(str(value).split())[:_SHOWN_VALUE]
        left = Left(pointer, code, shown)
        if left not in self._result.left:
            self._result.left.append(left)


def _is_figured(member: Mapping[str, Any], value: Any) -> bool:
    """Whether a member of a row is always worked out, and not only where nobody wrote it."""
    return member.get("x-derived") is True or (bool(member.get("x-derived")) and isinstance(value, (int, float)))


def _same(one: Mapping[str, Any], other: Mapping[str, Any], key: Sequence[str]) -> bool:
    return all(_folded(one.get(name)) == _folded(other.get(name)) for name in key)


def _folded(value: Any) -> str:
    return "" if value is None else str(value).strip().casefold()


def _fitting(member: Mapping[str, Any], value: Any) -> Any:
    """A value as a member takes it: one line where it has to be, a whole number or digits where these are meant; None
    where it cannot be brought to fit."""
    paths.enable_vendored()
    from jsonschema import Draft202012Validator

    if isinstance(value, str):
        value = value.strip() if member.get("x-multiline") else re.sub(r"\s*[\r\n]+\s*", " ", value.strip())
    kind = member.get("type")
    if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(int(value)) if float(value).is_integer() else str(value)
    elif kind == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and "enum" in member:
        same = [choice for choice in member["enum"] if str(choice).casefold() == value.casefold()]
        value = same[0] if same else value
    return value if Draft202012Validator(member).is_valid(value) else None
