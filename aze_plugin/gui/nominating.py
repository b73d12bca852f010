"""The nomination as a package would hold it, and what stands in its way, while it is being written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..domain.findings import Finding
from ..services.wording import text


def completed(session) -> dict[str, Any]:
    """The current candidate's nomination with all derived fields that the session's results can fill.

    How the boundary lies to those of protected areas is found out at packaging only. Without an assessment the
    nomination comes as it was entered.
    """
    from ..domain import nomination

    place = _place(session)
    if session.assessment is None or place is None:
        return session.nomination
    coverage = None if session.coverage is None or session.coverage["both_pct"] is None else session.coverage
    return nomination.complete(
        session.nomination, session.assessment, coverage, place, session.assessment_sources, _evidence(session)
    )


def find_problems(session) -> list[dict[str, Any]]:
    """What keeps the nomination from being final (``blocking``) or wants a look (``warning``), in the form's order.

    Each has ``code``, ``severity``, ``message`` and ``field``, a JSON pointer.
    """
    from ..domain import nomination
    from ..packaging import details

    filled = completed(session)
    found = details.schema_problems(filled)
    place = _place(session)
    if session.assessment is not None and place is not None:
        said = nomination.problems(filled, session.assessment, session.coverage, place, _evidence(session))
        # Where a check says more than the schema about the same field, it speaks alone.
        spoken = {finding.params["field"] for finding in said}
        found = [finding for finding in found if finding.params["field"] not in spoken] + said
    order = {name: n for n, name in enumerate(details.schema()["properties"])}
    found.sort(key=lambda finding: order.get(finding.params["field"].strip("/").split("/")[0], len(order)))
    return [_as_dict(finding) for finding in found]


def is_blocked(problems: Sequence[dict[str, Any]]) -> bool:
    """Whether any of the problems keeps the package from being final."""
    return any(problem["severity"] == "blocking" for problem in problems)


def _evidence(session) -> list[str]:
    return [path.replace("\\", "/").rsplit("/", 1)[-1] for path in session.evidence]


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": text(finding.code, finding.params),
        "field": finding.params["field"],
    }


def _place(session):
    from ..domain.nomination import Place

    shape = session.candidate_geometry()
    if session.assessment is None or shape is None or shape.isEmpty():
        return None
    middle = _midpoint(bytes(shape.asWkb()))
    if middle is None or not session.assessment["area_ha"]:
        return None
    return Place(session.assessment["area_ha"], *middle)


@lru_cache(maxsize=4)
def _midpoint(wkb: bytes) -> tuple[float, float] | None:
    """Mid-point (degrees) of a boundary in WGS 84; kept, as it is asked for after every field that is filled in."""
    from ..domain import geometry

    shape = geometry.prepare(geometry.from_wkb([wkb])).geometries[0]
    return None if shape is None else geometry.midpoint(shape)
