"""What the panel says of a nomination while it is written: derived values and problems, as packaging sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from qgis.core import QgsGeometry


def review(
    details: Mapping[str, Any],
    boundary: QgsGeometry,
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    sources: Sequence[Mapping[str, Any]],
    evidence: Sequence[str],
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The nomination with its derived members filled in, and its problems as ``code, severity, message, field``.

    ``boundary`` is the one in WGS 84 that ``assessment`` and ``coverage`` are about, ``evidence`` the paths of the
    nominator's files. The package itself is checked again when it is written; this is the same check on what is known
    so far.
    """
    from ..domain import geometry
    from ..domain import nomination as nominations
    from ..packaging import details as rules
    from ..services.wording import text

    shape = geometry.prepare(geometry.from_wkb([bytes(boundary.asWkb())])).geometries[0]
    lon, lat = geometry.midpoint(shape)
    place = nominations.Place(assessment["area_ha"], lon, lat, None)
    files = [PurePath(path).name for path in evidence]
    completed = nominations.complete(details, assessment, coverage, place, sources, files)
    said = nominations.problems(completed, assessment, coverage, place, files)
    # Where a check says more than the schema about the same field, it speaks alone.
    fields = {finding.params["field"] for finding in said}
    found = [f for f in rules.schema_problems(completed) if f.params["field"] not in fields] + said
    return completed, [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "message": text(finding.code, finding.params),
            "field": finding.params["field"],
        }
        for finding in found
    ]


def set_at(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Set the member at a JSON pointer (RFC 6901), making what is missing on the way; None as value removes it."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.strip("/").split("/")]
    node: Any = document
    for step, following in zip(steps, steps[1:]):
        if isinstance(node, list):
            index = int(step)
            while len(node) <= index:
                node.append({})
            node = node[index]
        else:
            node = node.setdefault(step, [] if following.isdigit() else {})
    last = steps[-1]
    if isinstance(node, list):
        index = int(last)
        if value is None:
            del node[index : index + 1]
        elif index < len(node):
            node[index] = value
        else:
            node.append(value)
    elif value is None:
        node.pop(last, None)
    else:
        node[last] = value
