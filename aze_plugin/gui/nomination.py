"""Nominations as they are written: details, statements, the nominator's files, and what is still missing."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QObject, pyqtSignal

from .candidates import Candidates, move_keys

if TYPE_CHECKING:
    from ..domain.nomination import Known


class Nominations(QObject):
    """The nomination of every candidate; what is not said with a name is about the current one.

    ``changed``: something was written; ``stated``: a statement of the candidate named, on which its assessment rests.
    """

    changed = pyqtSignal()
    stated = pyqtSignal(str)

    def __init__(self, candidates: Candidates, parent: QObject | None = None):
        super().__init__(parent)
        self._candidates = candidates
        # By candidate, as the project keeps them.
        self.written: dict[str, dict] = {}
        self.files: dict[str, list[str]] = {}
        self._statement_versions: dict[str, int] = {}
        # Outcome of ``review``: the details with derived members, and {code, severity, message, field} of problems.
        self.completed: dict = {}
        self.problems: list[dict] = []

    def restore(self, written: dict[str, dict], files: dict[str, list[str]]) -> None:
        """Take up what a project keeps. Announces nothing."""
        self.written, self.files = written, files
        self._statement_versions.clear()

    def rename(self, renamed: dict[str, str]) -> None:
        """Candidates have other names now (old name to new); what is written of them goes along."""
        for kept in (self.written, self.files, self._statement_versions):
            move_keys(kept, renamed)
        for name in renamed.values():
            said = self.written.get(name, {}).get("statements", {}).get("candidates", {})
            move_keys(said, renamed)
            self._restate(name)

    # ---------------------------------------------------------------------------------------------------- details

    @property
    def details(self) -> dict:
        """Details in the shape of ``resources/schemas/nomination.schema.json``; change them by ``set_value`` only."""
        name = self._candidates.current
        if name is None:
            return {}
        return self.written.get(name) or self.blank(name)

    def blank(self, name: str) -> dict:
        """A nomination in which nothing is written yet, of the candidate's kind."""
        return {"schema": "aze-nomination/1", "kind": self._candidates.kind(name)}

    def set_value(self, pointer: str, value: Any) -> None:
        """Set the member at a JSON pointer (``/site/country``, ``/threats/threats/0/timing``); None removes it."""
        name = self._candidates.current
        if name is None:
            return
        set_at(self._own(name), pointer, value)
        if pointer.startswith("/statements"):
            self._restate(name)
        self.changed.emit()

    def replace(self, details: dict, name: str | None = None) -> None:
        """Replace all details of a candidate's nomination."""
        name = name or self._candidates.current
        if name is None:
            return
        self.written[name] = copy.deepcopy(details)
        self._restate(name)
        self.changed.emit()

    def _own(self, name: str) -> dict:
        return self.written.setdefault(name, self.blank(name))

    # ------------------------------------------------------------------------------------------------- statements

    def statement(self, key: str, taxon: str | None = None) -> str:
        """A statement as it was made, empty where there is none."""
        entry = self.details.get("statements", {}).get("candidates", {}).get(self._candidates.current or "", {})
        if taxon is not None:
            entry = entry.get("species", {}).get(taxon, {})
        return entry.get(key, "")

    def set_statement(self, key: str, said: str, taxon: str | None = None) -> None:
        """Keep a statement of the nominator (``delineation_rationale``, or with a taxon ``evidence_of_presence`` and
        ``reintroduction_justification``); the criteria are checked again with it."""
        name = self._candidates.current
        if name is None:
            return
        statements = self._own(name).setdefault("statements", {"schema": "aze-statements/1", "candidates": {}})
        entry = statements.setdefault("candidates", {}).setdefault(name, {})
        if taxon is not None:
            entry = entry.setdefault("species", {}).setdefault(taxon, {})
        if entry.get(key, "") == said:
            return
        if said.strip():
            entry[key] = said
        else:
            entry.pop(key, None)
        self._restate(name)
        self.changed.emit()

    def statement_version(self, name: str | None) -> int:
        """How often the statements on a candidate changed since the project was opened."""
        return self._statement_versions.get(name or "", 0)

    def _restate(self, name: str) -> None:
        self._statement_versions[name] = self.statement_version(name) + 1
        self.stated.emit(name)

    # ----------------------------------------------------------------------------------------- files and problems

    @property
    def evidence(self) -> list[str]:
        """Paths of the files that go into the package."""
        return list(self.files.get(self._candidates.current or "", []))

    def set_evidence(self, files: list[str]) -> None:
        """Choose the files that go into the package."""
        name = self._candidates.current
        if name is None:
            return
        self.files[name] = list(files)
        self.changed.emit()

    def review(
        self,
        assessment: Mapping | None,
        coverage: Mapping | None,
        sources: Sequence[Mapping],
        known: Known | None = None,
    ) -> None:
        """Fill in what is known and find the problems; ``completed`` and ``problems`` hold the outcome.

        ``known``: what the project's data say beside, None where that is not known yet. Without an assessment or a
        boundary neither can be said, and both are empty.
        """
        boundary = self._candidates.geometry()
        self.completed, self.problems = {}, []
        if assessment is not None and boundary is not None:
            self.completed, self.problems = review(
                self.details, boundary, assessment, coverage, sources, self.evidence, known
            )


def review(
    details: Mapping[str, Any],
    boundary: QgsGeometry,
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    sources: Sequence[Mapping[str, Any]],
    evidence: Sequence[str],
    known: Known | None = None,
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
    completed = nominations.complete(details, assessment, coverage, place, sources, files, known)
    # Of a section in which nothing is written yet, every field that is needed is named.
    sections = {key: {} for key in rules.schema()["required"] if key in nominations.SECTIONS}
    found = rules.review({**sections, **completed}, assessment, coverage, place, files, known, packaged=False)
    # In the order in which the form asks for them.
    found = sorted(found, key=lambda finding: _place_in_form(rules.schema(), finding.params["field"]))
    return completed, [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "message": text(finding.code, finding.params),
            "field": finding.params["field"],
        }
        for finding in found
    ]


def _place_in_form(schema: Mapping[str, Any], pointer: str) -> tuple[int, int]:
    """Where in the form the member at a pointer is: section, and field in it; what belongs to none comes first."""
    section, _, rest = pointer.strip("/").partition("/")
    if section == "statements":
        section, rest = ("biodiversity", "") if "/species/" in rest else ("delineation", "rationale")
    part = schema["properties"].get(section, {})
    members = list(part.get("properties", ()))
    key = rest.partition("/")[0]
    return part.get("x-order", -1), members.index(key) if key in members else -1


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
