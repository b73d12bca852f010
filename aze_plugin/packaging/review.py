"""The reviewer's side: one document of what a package says, what is wrong with it, and what the reviewer says of it.

Nothing of the package is trusted: it is verified first, and the review repeats what could be read as plain values. A
review that comes back from somebody else is no more trusted: it is held against its schema, ``review.schema.json``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import paths
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services import files
from . import bag, details, verification
from .checks.examined import Examined, as_json
from .unpacking import shown

SCHEMA = "aze-review/1"
ACCEPT, REVISE, REJECT = "accept", "revise", "reject"
_SHAPES = ("json", "schema", "shape", "status_missing")
_FIGURES = (
    "area", "settings", "share", "share_status", "trigger", "trigger_status", "verdict", "share_differs",
    "share_omitted", "share_unknown", "taxon_differs", "authority", "cover_other", "cover_figures",
)  # fmt: skip
_LONGEST = 32_767


def review(package: str | Path, library_path: str | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """The ``aze-review/1`` document of a package, without comments yet.

    With a library, every share is recomputed on the packaged boundary and held against the claim. Raises AzeError only
    where the package is not there, or the library, which is the reviewer's own, cannot be read.
    """
    progress = progress or Progress()
    path = Path(package)
    with verification.opened(path, library_path, progress.part(0, 0.95)) as examined:
        document = of(examined, path, progress)
    progress.set(1)
    return document


def of(examined: Examined, path: Path, progress: Progress) -> dict[str, Any]:
    """The review of a package that is open; ``path``: the zip or the folder."""
    found = examined.found.as_json()
    nomination = examined.documents.get("nomination.json", {})
    return {
        "schema": SCHEMA,
        "package": {"file": shown(path.name), "sha256": _digest(path, progress), **_described(nomination)},
        "valid": found["valid"],
        "generalised": found["generalised"],
        "problems": [{**as_json(p), "group": group_of(p.code)} for p in examined.found.problems],
        "notes": found["notes"],
        "verdict": _verdict(examined),
        "shares": found["recomputed"]["species"] or _claims(examined),
        "sections": list(sections(nomination)),
        "comments": {},
        "decision": None,
    }


def _digest(path: Path, progress: Progress) -> str:
    """Digest of a zip; of its manifest where the package is a folder, "" where it has none."""
    file = path / "manifest-sha256.txt" if path.is_dir() else path
    if file.is_symlink() or not file.is_file():
        return ""
    return bag.sha256(file, progress)


def _described(nomination: Mapping[str, Any]) -> dict[str, str]:
    def said(*keys: str) -> str:
        value: Any = nomination
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return shown(value) if isinstance(value, str) else ""

    return {
        "site": said("site", "international_name"),
        "kind": said("kind"),
        "status": said("status"),
        "date": said("proposer", "date"),
    }


def group_of(code: str) -> str:
    """What a problem is about: ``integrity`` of the package, its ``schema``, the ``content`` of the nomination, or
    the ``figures``."""
    subject, _, reason = code.partition(".")
    if subject == "nomination":
        return "schema" if reason.startswith("field_") else "content"
    if reason in _SHAPES:
        return "schema"
    return "figures" if reason in _FIGURES else "integrity"


def _verdict(examined: Examined) -> dict[str, Any]:
    document = examined.documents.get("assessment.json")
    if document is None:
        return {"verdict": "", "a1e": "", "criteria": {}}
    only = document["assessments"][0]
    return {
        "verdict": shown(only["verdict"]),
        "a1e": shown(only["a1e"]),
        "criteria": {name: shown(c["status"]) for name, c in only["criteria"].items()},
    }


def _claims(examined: Examined) -> list[dict[str, Any]]:
    """The shares as claimed, where none could be recomputed."""
    document = examined.documents.get("assessment.json")
    if document is None:
        return []
    return [
        {
            "scientific_name": shown(taxon["scientific_name"]),
            "parameter": share["parameter"],
            "segment": share["segment"],
            "claimed": share["best"],
            "recomputed": None,
            "difference": None,
            "class": "cannot",
        }
        for taxon in document["assessments"][0]["species"]
        for share in taxon["shares"]
    ]


def sections(nomination: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The nomination's fields by section and in the order that the form has them; what stands outside of sections
    comes first, under the key ``""``, and what the schema does not know last."""
    schema = details.schema()
    members = schema["properties"]
    loose = {k: nomination[k] for k in members if k in nomination and not isinstance(nomination[k], (Mapping, list))}
    if loose:
        yield {"key": "", "title": "", "fields": list(_fields(loose, schema, ""))}
    known = sorted((k for k in members if k in nomination), key=lambda k: members[k].get("x-order", 99))
    for key in [*known, *sorted(k for k in nomination if k not in members)]:
        if key not in loose:
            node = members.get(key, {})
            fields = list(_fields(nomination[key], node, f"/{_escaped(key)}"))
            yield {"key": shown(key), "title": shown(node.get("title", key)), "fields": fields}


def _fields(value: Any, node: Mapping[str, Any], pointer: str) -> Iterator[dict[str, Any]]:
    for inner, leaf in leaves(value, pointer, node):
        yield {"pointer": shown(inner, 1000), "label": shown(details.label(inner), 1000), "value": _plain(leaf)}


def _plain(value: Any) -> str | float | bool | None:
    return value[:_LONGEST] if isinstance(value, str) else value


def leaves(value: Any, pointer: str = "", node: Mapping[str, Any] | None = None) -> Iterator[tuple[str, Any]]:
    """JSON pointer and value of everything that is neither object nor list, in the order of the schema's ``node``."""
    node = node or {}
    if isinstance(value, Mapping):
        members = node.get("properties", {})
        order = {key: n for n, key in enumerate(members)}
        for key in sorted(value, key=lambda k: order.get(k, len(order))):
            yield from leaves(value[key], f"{pointer}/{_escaped(str(key))}", members.get(key))
    elif isinstance(value, list):
        for n, member in enumerate(value):
            yield from leaves(member, f"{pointer}/{n}", node.get("items"))
    else:
        yield pointer, value


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


# ------------------------------------------------------------------------------------------ what a reviewer says


def commented(document: Mapping[str, Any], pointer: str, said: str, author: str, date: str) -> dict[str, Any]:
    """The review with one comment more on a field, named by its JSON pointer; ``""`` is the nomination as a whole.

    ``date``: ISO 8601, a day or a moment.
    """
    changed = copy.deepcopy(dict(document))
    changed["comments"].setdefault(pointer, []).append({"text": said, "author": author, "date": date})
    return changed


def without_comment(document: Mapping[str, Any], pointer: str, number: int) -> dict[str, Any]:
    """The review without the ``number``-th comment on a field."""
    changed = copy.deepcopy(dict(document))
    kept = changed["comments"].get(pointer, [])
    del kept[number]
    if not kept:
        changed["comments"].pop(pointer, None)
    return changed


def decided(document: Mapping[str, Any], outcome: str, said: str, author: str, date: str) -> dict[str, Any]:
    """The review with the reviewer's decision: ``accept``, ``revise`` or ``reject``."""
    if outcome not in (ACCEPT, REVISE, REJECT):
        raise ValueError(outcome)
    return {**document, "decision": {"outcome": outcome, "text": said, "author": author, "date": date}}


def save(path: str | Path, document: Mapping[str, Any]) -> None:
    """Write a review as JSON, whole or not at all. Raises AzeError ``review.unreadable`` for what is no review."""
    _check(document, str(path))
    files.write_json(path, document)


def load(path: str | Path) -> dict[str, Any]:
    """A review from a file of unknown origin. Raises AzeError ``review.unreadable``."""
    try:
        document = details.read_json(Path(path))
    except OSError as error:
        raise AzeError("review.unreadable", file=str(path), detail=error.strerror or str(error)) from error
    except (details.JsonError, RecursionError) as error:
        raise AzeError("review.unreadable", file=str(path), detail=str(error)) from error
    _check(document, str(path))
    return document


def _check(document: Any, name: str) -> None:
    paths.enable_vendored()
    from jsonschema import Draft202012Validator

    error = next(Draft202012Validator(paths.load_json("schemas", "review.schema.json")).iter_errors(document), None)
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path)
        raise AzeError("review.unreadable", file=name, detail=shown(f"{where}: {error.message}"))


def resumed(fresh: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """What a reviewer said in a saved review, taken over into that of the package as it is opened now.

    Raises AzeError ``review.other_package`` where the saved review is of another file.
    """
    if fresh["package"]["sha256"] != saved["package"]["sha256"]:
        raise AzeError("review.other_package", file=fresh["package"]["file"], other=saved["package"]["file"])
    return {**fresh, "comments": copy.deepcopy(saved["comments"]), "decision": copy.deepcopy(saved["decision"])}


def merged(document: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A review with the comments of another reviewer of the same package added; the decision stays.

    Raises AzeError ``review.other_package``.
    """
    taken = resumed(document, other)["comments"]
    changed = copy.deepcopy(dict(document))
    for pointer, said in taken.items():
        kept = changed["comments"].setdefault(pointer, [])
        kept += [one for one in said if one not in kept]
        kept.sort(key=lambda one: (one["date"], one["author"]))
    return changed
