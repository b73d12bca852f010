"""Two versions of a nomination beside each other: fields, boundary, shares and files. Both are of unknown origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..domain import geometry
from ..domain.progress import Progress
from ..services import comparing
from ..services.measure import ellipsoidal_area_m2
from . import bag, details, verification
from .checks.examined import Examined
from .checks.figures import candidate_of
from .unpacking import shown

SCHEMA = "aze-comparison/1"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# Smaller parts are what rounding of corners leaves along an outline (square metres).
_SLIVER_M2 = 1.0
_ROUNDING = 1e-9


def compare(before: str | Path, after: str | Path, progress: Progress | None = None) -> dict[str, Any]:
    """The ``aze-comparison/1`` document of two packages, the earlier version first.

    ``fields``: what was added, removed or changed, with JSON pointer and label; rows of lists are told apart by what
    names them, not by where they stand. ``boundary``: hectares gained and lost, or why that cannot be told. ``shares``:
    before and after. ``files``: evidence added, removed or changed. Raises AzeError ``package.missing``.
    """
    progress = progress or Progress()
    with verification.opened(after, None, progress.part(0, 0.45)) as other:
        return compare_opened(before, other, after, progress.part(0.45, 1))


def compare_opened(before: str | Path, other: Examined, after: str | Path, progress: Progress) -> dict[str, Any]:
    """``compare`` with a later version that is open already, as ``other``; ``after`` is its path."""
    with verification.opened(before, None, progress.part(0, 0.9)) as one:
        document = {
            "schema": SCHEMA,
            "before": _described(one, before),
            "after": _described(other, after),
            "fields": fields(_nomination(one), _nomination(other)),
            "boundary": _boundary(one, other),
            "shares": _shares(one, other),
            "files": _files(one, other),
        }
    progress.set(1)
    return document


def _nomination(examined: Examined) -> Mapping[str, Any]:
    return examined.documents.get("nomination.json", {})


def _described(examined: Examined, package: str | Path) -> dict[str, Any]:
    assessment = examined.documents.get("assessment.json")
    return {
        "file": shown(Path(package).name),
        "valid": examined.found.valid,
        "readable": examined.whole(),
        "status": examined.found.status,
        "verdict": shown(assessment["assessments"][0]["verdict"]) if assessment else "",
        "generalised": examined.found.generalised,
    }


# -------------------------------------------------------------------------------------------------------- fields


def fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of every field between two nominations; those that stayed are left out."""
    earlier, later = (dict(_named(document, details.schema())) for document in (before, after))
    found = []
    for name in [*later, *(n for n in earlier if n not in later)]:
        old, new = earlier.get(name), later.get(name)
        if old is not None and new is not None and _same(old[1], new[1]):
            continue
        pointer = (new or old)[0]
        found.append(
            {
                "kind": ADDED if old is None else REMOVED if new is None else CHANGED,
                "pointer": shown(pointer, 1000),
                "label": shown(details.label(pointer), 1000),
                "row": shown(" · ".join(part[1] for part in name if isinstance(part, tuple)), 1000),
                "before": None if old is None else old[1],
                "after": None if new is None else new[1],
            }
        )
    return found


def _same(one: Any, other: Any) -> bool:
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (one, other))
    return abs(one - other) <= _ROUNDING * max(1.0, abs(one)) if numbers else one == other


def _named(value: Any, node: Mapping[str, Any], name: tuple = (), pointer: str = "") -> Iterator[tuple[tuple, Any]]:
    """Every plain value with what it is called: the keys that lead to it, where a row is called by its own names."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            inner = node.get("properties", {}).get(key, {})
            yield from _named(
                member, inner, (*name, key), f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            )
        return
    if not isinstance(value, list):
        yield name, (pointer, value)
        return
    called: dict[str, int] = {}
    for n, row in enumerate(value):
        keys = node.get("x-row-key", ())
        own = [str(row[k]) for k in keys if isinstance(row, Mapping) and row.get(k) not in (None, "")]
        label = ", ".join(own) if own else str(n + 1)
        called[label] = called.get(label, 0) + 1
        part = (called[label], label)
        yield from _named(row, node.get("items", {}), (*name, part), f"{pointer}/{n}")


# ------------------------------------------------------------------------------------------------------ boundary


def _boundary(one: Examined, other: Examined) -> dict[str, Any]:
    """Hectares on the ellipsoid, and the parts as WKB in hexadecimal, lon/lat; ``cannot`` says why there are none."""
    if one.shape is None or other.shape is None:
        return {"cannot": "boundary"}
    if one.found.generalised is not None or other.found.generalised is not None:
        # The cells of a grid gain and lose whole cells, whatever the boundary did.
        return {"cannot": "generalised"}
    shapes = [candidate_of("", e.shape) for e in (one, other)]
    earlier, later = (c.geometry for c in shapes)
    gained, lost = _part(later, earlier), _part(earlier, later)
    return {
        "same": gained is None and lost is None,
        "before_ha": shapes[0].area_ha,
        "after_ha": shapes[1].area_ha,
        "gained_ha": _hectares(gained),
        "lost_ha": _hectares(lost),
        "gained_wkb": "" if gained is None else geometry.to_wkb(gained).hex(),
        "lost_wkb": "" if lost is None else geometry.to_wkb(lost).hex(),
    }


def _part(shape: geometry.Geometry, without: geometry.Geometry) -> geometry.Geometry | None:
    """What of a shape lies outside another, in degrees; None where that is nothing but slivers."""
    rest = geometry.outside(shape, without)
    pieces = [] if geometry.is_empty(rest) else [p for p in geometry.parts(rest) if geometry.area(p) > _SLIVER_M2]
    if not pieces:
        return None
    return geometry.to_lonlat(np.array([geometry.dissolve(pieces)], dtype=object))[0]


def _hectares(lonlat: geometry.Geometry | None) -> float:
    return 0.0 if lonlat is None else ellipsoidal_area_m2(lonlat) / 1e4


# -------------------------------------------------------------------------------------------------------- shares


def _shares(one: Examined, other: Examined) -> list[dict[str, Any]]:
    if "assessment.json" not in one.documents or "assessment.json" not in other.documents:
        return []
    found = []
    for taxon in comparing.compare(_assessed(one), _assessed(other)):
        for share in taxon.shares:
            found.append(
                {
                    "scientific_name": shown(taxon.scientific_name),
                    "parameter": share.parameter,
                    "segment": share.segment,
                    "before": share.before,
                    "after": share.after,
                    "difference": comparing.difference(share.before, share.after),
                }
            )
    return found


def _assessed(examined: Examined) -> dict[str, Any]:
    """What is compared of an assessment; what an assessment may leave out is filled in."""
    species = examined.documents["assessment.json"]["assessments"][0]["species"]
    return {
        "species": [
            {**taxon, "shares": [{**s, "basis": str(s.get("basis", "")), "deciding": False} for s in taxon["shares"]]}
            for taxon in species
        ]
    }


def _files(one: Examined, other: Examined) -> list[dict[str, Any]]:
    """The nominator's own files by name; the others follow from the fields."""
    digests = []
    for examined in (one, other):
        folder = examined.data / "evidence"
        held = folder.glob("*") if examined.documents and folder.is_dir() else ()
        digests.append({p.name: bag.sha256(p, examined.progress) for p in held if p.is_file()})
    earlier, later = digests
    return [
        {
            "path": shown(f"data/evidence/{name}"),
            "kind": ADDED if name not in earlier else REMOVED if name not in later else CHANGED,
        }
        for name in sorted({*earlier, *later})
        if earlier.get(name) != later.get(name)
    ]
