"""A package under examination: where its files lie, what was read of them, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...domain import geometry
from ...domain.findings import Finding
from ...domain.progress import Progress
from ...services.wording import text
from .. import boundary
from ..unpacking import Problem, problem

SCHEMA = "aze-verification/1"
# So many are worth reading; a hostile package could hold millions.
MOST_PROBLEMS = 500


@dataclass
class Verification:
    """What was found.

    ``status``: ``draft`` or ``final`` as the package claims, empty where it cannot be read. ``notes``: what a reviewer
    should know and what is nobody's fault. ``generalised``: the grid that the boundary was laid on, where it was.
    """

    problems: list[Problem] = field(default_factory=list)
    recomputed: list[dict[str, Any]] = field(default_factory=list)
    status: str = ""
    notes: list[Problem] = field(default_factory=list)
    generalised: Mapping[str, Any] | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The ``aze-verification/1`` document."""
        return {
            "schema": SCHEMA,
            "valid": self.valid,
            "status": self.status,
            "problems": [as_json(p) for p in self.problems],
            "notes": [as_json(n) for n in self.notes],
            "generalised": self.generalised,
            "recomputed": {"species": self.recomputed},
        }


def as_json(found: Problem) -> dict[str, str]:
    """A problem with its sentence."""
    return {"code": found.code, "path": found.path, "message": text(found.code, found.params)}


class Examined:
    """A folder whose names, kinds and sizes are sound, and what the checks have read of it so far.

    ``documents``: the JSON documents by name that are sound and of the right shape. ``shape``: the boundary, lon/lat,
    where the four files agree on one.
    """

    def __init__(self, root: Path, found: Verification, progress: Progress):
        self.root, self.data = root, root / "data"
        self.found, self.progress = found, progress
        self.documents: dict[str, Any] = {}
        self.info: Mapping[str, str] = {}
        self.shape: geometry.Geometry | None = None

    @property
    def full(self) -> bool:
        """Whether so much is wrong that nobody would read on: a long check may end here."""
        return len(self.found.problems) > MOST_PROBLEMS

    def add(self, code: str, path: str = "", **params) -> None:
        """Something is wrong with a file."""
        if not self.full:
            self._listed(problem(f"package.{code}", path, **params))

    def add_finding(self, finding: Finding, path: str) -> None:
        """A document says something that the checks of nominations do not take."""
        if not self.full:
            self._listed(problem(finding.code, path, **finding.params))

    def note(self, code: str, path: str = "", **params) -> None:
        """A reviewer should know."""
        self.found.notes.append(problem(f"package.{code}", path, **params))

    def _listed(self, one: Problem) -> None:
        problems = self.found.problems
        problems.append(one if len(problems) < MOST_PROBLEMS else problem("package.more", "", most=MOST_PROBLEMS))

    @property
    def stem(self) -> str:
        """Name of the boundary files: the bag's, unless a folder was renamed after unpacking."""
        stems = sorted({p.stem for p in (self.data / "boundary").glob("*.gpkg")})
        return self.root.name if self.root.name in stems or len(stems) != 1 else stems[0]

    def boundary_file(self, suffix: str) -> Path:
        """Path of one of the boundary's files (see ``boundary.FORMATS``)."""
        if suffix not in (*boundary.FORMATS, *boundary.SHAPEFILE_PARTS):
            raise KeyError(suffix)
        return self.data / "boundary" / f"{self.stem}{suffix}"

    def whole(self) -> bool:
        """Whether all three documents could be read."""
        return {"nomination.json", "assessment.json", "coverage.json"} <= set(self.documents)
