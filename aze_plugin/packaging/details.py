"""DETAILS and other JSON of unknown origin: read within limits, held against the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import paths
from ..domain import nomination as nominations
from ..domain.errors import AzeError
from ..domain.findings import Finding, blocking, warning
from ..services.classifications import terms

MOST_BYTES = 64 * 2**20
MOST_DEPTH = 64
_LONGEST_NUMBER = 40


class JsonError(ValueError):
    """JSON that is broken, too large, too deep, or ambiguous. ``detail`` says which, in English."""

    def __init__(self, detail: str):
        super().__init__(detail)
        self.detail = detail


def _number_of(kind):
    def parse(text: str):
        if len(text) > _LONGEST_NUMBER:
            raise JsonError(f"a number of {len(text)} digits")
        return kind(text)

    return parse


def _no_constant(text: str):
    raise JsonError(f"{text} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("an object names the same member twice")
    return members


def _check_depth(text: str) -> None:
    """Refuse deep nesting before parsing: a parser that recurses would run out of stack."""
    depth = 0
    for mark in _BRACKETS.sub("", text):
        if mark in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                raise JsonError(f"nested more than {MOST_DEPTH} deep")
        else:
            depth -= 1


# Everything but brackets outside strings. A string runs to its first quote without a backslash; one that never ends
# is left to the parser to refuse.
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[^\[\]{}"]+', re.DOTALL)


# Escapes of characters beyond the first plane, which come in pairs; one alone could never be written again.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(content: bytes) -> Any:
    """Parsed JSON in UTF-8. Raises JsonError for anything larger, deeper or stranger than a nomination needs."""
    if len(content) > MOST_BYTES:
        raise JsonError(f"larger than {MOST_BYTES // 2**20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonError(f"not UTF-8 (byte {error.start})") from error
    _check_depth(text)
    try:
        parsed = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_number_of(int),
            parse_float=_number_of(float),
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} (line {error.lineno}, column {error.colno})") from error
    if _SURROGATE.search(text):
        try:
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise JsonError("half of a character (a lone surrogate)") from error
    return parsed


def read_json(path: Path) -> Any:
    """parse_json() of a file, which is not read beyond the limit."""
    with open(path, "rb") as file:
        return parse_json(file.read(MOST_BYTES + 1))


def read_details(path: str | Path) -> dict[str, Any]:
    """The nominator's details. Raises AzeError ``details.unreadable`` for a file that is no JSON object."""
    try:
        details = read_json(Path(path))
    except OSError as error:
        raise AzeError("details.unreadable", file=str(path), detail=error.strerror or str(error)) from error
    except JsonError as error:
        raise AzeError("details.unreadable", file=str(path), detail=error.detail) from error
    if not isinstance(details, dict):
        raise AzeError("details.unreadable", file=str(path), detail="not a JSON object")
    return details


def schema() -> Mapping[str, Any]:
    """The schema of nominations; shared, so callers must not change it."""
    return paths.load_json("schemas", "nomination.schema.json")


def schema_problems(nomination: Any) -> list[Finding]:
    """A blocking finding for each way in which a nomination departs from the schema, in the order of its fields."""
    paths.enable_vendored()
    from jsonschema import Draft202012Validator

    # The schema refers to nothing outside itself, and no resolver is given, so nothing is ever fetched.
    validator = Draft202012Validator(schema())
    errors = sorted(validator.iter_errors(nomination), key=lambda e: [str(part) for part in e.absolute_path])
    found: list[Finding] = []
    reported: set[str] = set()
    for error in errors:
        place = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.absolute_path)
        if error.validator == "required":
            # The library reports each missing member as an error of its own that names it in the message only.
            for missing in (f"{place}/{name}" for name in error.validator_value if name not in error.instance):
                if missing not in reported:
                    reported.add(missing)
                    found.append(blocking("nomination.field_missing", field=missing, label=label(missing)))
        else:
            found.append(_as_finding(error, place))
    return found


def review(
    nomination: Mapping[str, Any],
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    place: nominations.Place,
    evidence: Iterable[str] = (),
    known: nominations.Known | None = None,
    packaged: bool = True,
) -> list[Finding]:
    """Every problem of a completed nomination: the schema's, those of its terms, and those of the domain's checks.

    Arguments as ``domain.nomination.problems`` has them.
    """
    found = nominations.problems(nomination, assessment, coverage, place, evidence, known, packaged)
    return nominations.together(schema_problems(nomination), found) + term_problems(nomination)


def term_problems(nomination: Any) -> list[Finding]:
    """Warnings about terms below the first level that a classification does not have, or has in other words."""
    found = []
    for pointer, name, value in _terms_in(schema(), nomination, ""):
        number = re.match(r"\s*(\d+(?:\.\d+)*)", value)
        said = {"field": pointer, "label": label(pointer), "value": value[:80]}
        expected = terms(name).get(number[1]) if number else None
        if expected is None:
            found.append(warning("nomination.term_unknown", **said, number=number[1] if number else "–"))
        elif expected.casefold() != value.strip().casefold():
            found.append(warning("nomination.term_differs", **said, expected=expected))
    return found


def _terms_in(node: Mapping[str, Any], value: Any, pointer: str) -> Iterator[tuple[str, str, str]]:
    """Pointer, classification and text of each term below the first level; the first is the schema's to check."""
    meant = node.get("x-vocabulary")
    if meant and meant["level"] > 1 and isinstance(value, str) and value.strip():
        yield pointer, meant["name"], value
    if isinstance(value, Mapping):
        for key, member in node.get("properties", {}).items():
            if key in value:
                yield from _terms_in(member, value[key], f"{pointer}/{key}")
    elif isinstance(value, list) and "items" in node:
        for n, row in enumerate(value):
            yield from _terms_in(node["items"], row, f"{pointer}/{n}")


def _as_finding(error, place: str) -> Finding:
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = sorted(name for name in error.instance if name not in known)
        return blocking("nomination.field_unknown", field=place, label=label(place), names=extra)
    code = {
        "enum": "nomination.field_choice",
        "const": "nomination.field_choice",
        "type": "nomination.field_type",
        "pattern": "nomination.field_pattern",
        "minLength": "nomination.field_empty",
        "minItems": "nomination.field_empty",
        "maxLength": "nomination.field_long",
    }.get(error.validator, "nomination.field_value")
    expected = error.validator_value
    return blocking(
        code,
        field=place,
        label=label(place),
        value=str(error.instance)[:80],
        expected=[str(v) for v in expected] if isinstance(expected, list) else str(expected),
    )


def label(pointer: str) -> str:
    """The title that the schema gives a field, with its section's: ``Site: International name``."""
    titles = []
    node: Mapping[str, Any] = schema()
    for key in pointer.split("/")[1:]:
        if key.isdigit() and "items" in node:
            node = node["items"]
            titles.append(str(int(key) + 1))
            continue
        node = node.get("properties", {}).get(key.replace("~1", "/").replace("~0", "~"), {})
        titles.append(node.get("title", key))
    return ": ".join(titles[:1] + [" ".join(titles[1:])]) if len(titles) > 1 else "".join(titles)
