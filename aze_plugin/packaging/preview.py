"""What a package would hold, file by file and field by field, before anything is packed.

The documents are written as for a package, into a folder that is gone afterwards: what the preview lists is what the
zip would have, to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateTransformContext

from .. import paths
from ..domain import geometry
from ..domain import nomination as nominations
from ..domain.progress import Progress
from ..services.wording import text
from . import bag, details, evidence, photographs
from .assembling import Contents, Inputs
from .package import written
from .review import leaves

SCHEMA = "aze-preview/1"
PERSONAL, DERIVED, FREE_TEXT, PLACE = "personal", "derived", "free_text", "place"
_ONE_LINE = "^[^\\r\\n]*$"
_ABOUT = {
    "data/nomination.json": "nomination",
    "data/assessment.json": "assessment",
    "data/coverage.json": "coverage",
    "data/sources.csv": "sources",
    "data/forms/kba_proposal.xlsx": "form",
    "data/report/report.pdf": "report",
    "data/report/report.html": "page",
    "data/report/map.png": "map",
}


def preview(
    inputs: Inputs, transform_context: QgsCoordinateTransformContext, progress: Progress | None = None
) -> dict[str, Any]:
    """The ``aze-preview/1`` document: ``files`` with path, size, digest, what each is, and ``marks``; ``fields`` of the
    nomination and of the bag's label with value and marks; ``problems`` as packaging would list them; ``boundary_wkb``:
    the boundary that goes out, hexadecimal, lon/lat.

    Marks: ``personal`` (tells of a person), ``place``, ``free_text`` (nobody but you knows what it says), ``derived``
    (filled in from the data). Nothing is packed, and an incomplete nomination is no error.
    """
    progress = progress or Progress()
    with written(inputs, transform_context, progress.part(0, 0.95)) as (folder, contents):
        files = [
            _file(path, folder, contents, progress) for path in sorted(p for p in folder.rglob("*") if p.is_file())
        ]
        fields = [*_fields(contents.nomination, inputs.details), *_labels(folder)]
        boundary_wkb = geometry.to_wkb(contents.lonlat).hex()
    progress.set(1)
    return {
        "schema": SCHEMA,
        "folder": folder.name,
        "status": contents.nomination["status"],
        "generalised": contents.nomination.get("generalised"),
        "boundary_wkb": boundary_wkb,
        "bytes": sum(f["bytes"] for f in files),
        "files": files,
        "fields": fields,
        "problems": [
            {
                "code": f.code,
                "field": f.params.get("field", ""),
                "blocking": nominations.is_blocked([f]),
                "message": text(f.code, f.params),
            }
            for f in contents.problems
        ],
    }


def _file(path: Path, folder: Path, contents: Contents, progress: Progress) -> dict[str, Any]:
    name = path.relative_to(folder).as_posix()
    params: dict[str, Any] = {}
    marks: list[str] = []
    if name.startswith("data/evidence/"):
        attached = contents.evidence[path.name]
        about = "evidence_cleaned" if attached.cleaned else "evidence"
        params = {"file": attached.path.name}
        told = evidence.places(path)
        if told in ("geodata", "kept") or told == "photograph" and photographs.tells_place(path.read_bytes()):
            marks.append(PLACE)
        if told in ("text", "unseen"):
            marks.append(FREE_TEXT)
    elif name.startswith("data/boundary/"):
        about, marks = "boundary_laid" if contents.grid else "boundary", [PLACE]
    else:
        about = _ABOUT.get(name, "bag")
        if about in ("nomination", "form", "report", "page"):
            marks = [PERSONAL, PLACE, FREE_TEXT]
        elif about == "map":
            marks = [PLACE]
        elif name == "bag-info.txt":
            marks = [PERSONAL]
    return {
        "path": name,
        "bytes": path.stat().st_size,
        "sha256": bag.sha256(path, progress),
        "kind": about,
        "about": text(f"preview.{about}", params),
        "marks": marks,
    }


def _fields(nomination: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    entered = dict(leaves(given))
    found = []
    for pointer, value in leaves(nomination):
        member = _member(pointer)
        marks = [mark for mark in (PERSONAL, PLACE) if any(_fits(pointer, p) for p in _marks()[mark])]
        if entered.get(pointer) != value or pointer not in entered:
            marks.append(DERIVED)
        elif isinstance(value, str) and _is_free(member):
            marks.append(FREE_TEXT)
        found.append(
            {
                "file": "data/nomination.json",
                "pointer": pointer,
                "label": details.label(pointer),
                "value": value,
                "marks": marks,
            }
        )
    return found


def _is_free(member: Mapping[str, Any]) -> bool:
    """Whether the schema leaves it to the nominator what a text says; that it is on one line says nothing of it."""
    if member.get("pattern") not in (None, _ONE_LINE):
        return False
    return not {"enum", "const", "x-vocabulary"} & set(member)


def _labels(folder: Path) -> list[dict[str, Any]]:
    personal, place = _marks()["bag_personal"], _marks()["bag_place"]
    return [
        {
            "file": "bag-info.txt",
            "pointer": label,
            "label": label,
            "value": value,
            "marks": [PERSONAL] * (label in personal) + [PLACE] * (label in place) + [DERIVED],
        }
        for label, value in bag.read_info(folder / "bag-info.txt").items()
    ]


def _marks() -> Mapping[str, Any]:
    return paths.load_json("packaging", "marks.json")


def _fits(pointer: str, pattern: str) -> bool:
    """Whether a pointer is what a pattern names, or lies under it."""
    wanted, here = pattern.split("/"), pointer.split("/")
    return len(here) >= len(wanted) and all(w in ("*", h) for w, h in zip(wanted, here))


def _member(pointer: str) -> Mapping[str, Any]:
    """What the schema says of the member at a pointer; nothing of what it does not know."""
    node: Mapping[str, Any] = details.schema()
    for key in pointer.split("/")[1:]:
        if key.isdigit() and "items" in node:
            node = node["items"]
        else:
            node = node.get("properties", {}).get(key.replace("~1", "/").replace("~0", "~"), {})
    return node
