"""What is known of each candidate, and whether boundary, statements, estimates or data have changed since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer

from . import layers
from .candidates import Candidates, move_keys
from .estimates import Estimates, Row
from .nomination import Nominations
from .sources import Sources


@dataclass
class Result:
    """Assessment and cover of one candidate; ``assessed`` and ``measured`` are the versions of what they rest on."""

    assessment: dict | None = None
    settings: dict | None = None
    sources: list = field(default_factory=list)
    time: datetime | None = None
    assessed: tuple = ()
    coverage: dict | None = None
    coverage_notes: dict = field(default_factory=dict)
    coverage_time: datetime | None = None
    # Unprotected parts in WGS 84.
    gaps: list[QgsGeometry] = field(default_factory=list)
    measured: tuple = ()

    def keep_coverage(self, version: tuple, document: dict, gaps: list[QgsGeometry]) -> None:
        """Keep the first site of an aze-coverage/1, made of ``version``, and its unprotected parts in WGS 84."""
        self.coverage = document["sites"][0]
        self.coverage_notes = {k: v for k, v in document.items() if k not in ("sites", "countries", "global")}
        self.coverage_time = datetime.now()
        self.gaps = gaps
        self.measured = version


class Results:
    """Results of all candidates, seen through the current one; those of an earlier boundary stay and are stale."""

    def __init__(
        self,
        project: QgsProject,
        candidates: Candidates,
        sources: Sources,
        nominations: Nominations,
        estimates: Estimates,
    ):
        self._project, self._candidates = project, candidates
        self._sources, self._nominations, self._estimates = sources, nominations, estimates
        self._results: dict[str, Result] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._results.clear()

    def rename(self, renamed: dict[str, str]) -> None:
        """Candidates have other names now: old name to new."""
        move_keys(self._results, renamed)

    def of(self, name: str | None) -> Result:
        """What is known of a candidate; an empty result where nothing is."""
        return self._results.get(name or "", Result())

    def keep_assessment(self, name: str, version: tuple, document: dict) -> None:
        """Keep an aze-assessment/1 of one candidate, made of ``version`` (see ``assessment_version``)."""
        result = self._results.setdefault(name, Result())
        result.assessment = document["assessments"][0]
        result.settings = document.get("settings")
        result.sources = document.get("sources", [])
        result.time = datetime.now()
        result.assessed = version

    def keep_coverage(self, name: str, version: tuple, document: dict, gaps: list[QgsGeometry]) -> None:
        """Keep an aze-coverage/1 of one candidate, made of ``version`` (see ``coverage_version``), and its unprotected
        parts in WGS 84."""
        self._results.setdefault(name, Result()).keep_coverage(version, document, gaps)

    # ------------------------------------------------------------------------------------------------- assessment

    @property
    def assessment_version(self) -> tuple:
        """What an assessment of the current candidate rests on, to be compared later."""
        return self._assessment_version(self._candidates.current)

    def _assessment_version(self, name: str | None) -> tuple:
        statements = self._nominations.statement_version(name)
        updates = self._candidates.updated_site(name), self._candidates.updated_id(name)
        boundary = self._candidates.version(name), updates
        # The estimates come last: assessed_estimates takes them from there.
        return boundary, statements, self._sources.version, self._estimates.rows(name)

    @property
    def assessment(self) -> dict | None:
        """One member of ``assessments`` of aze-assessment/1: that of the current candidate, or None."""
        return self.of(self._candidates.current).assessment

    @property
    def assessment_settings(self) -> dict | None:
        """Settings with which the assessment was made."""
        return self.of(self._candidates.current).settings

    @property
    def assessment_sources(self) -> list:
        """Datasets that the assessment rests on: name, version, citation."""
        return self.of(self._candidates.current).sources

    @property
    def assessment_time(self) -> datetime | None:
        """When the assessment was made."""
        return self.of(self._candidates.current).time

    @property
    def assessed_estimates(self) -> tuple[Row, ...]:
        """The user's estimates with which the assessment was made."""
        return (self.of(self._candidates.current).assessed or ((),))[-1]

    def documents(self) -> tuple[list[dict], list[str]]:
        """What is known of all candidates, as ``aze-assessment/1`` documents of one each, and the names of those that
        were not checked or changed since."""
        found, lacking = [], []
        for name in self._candidates.names:
            result = self.of(name)
            if result.assessment is None or result.assessed != self._assessment_version(name):
                lacking.append(name)
            else:
                found.append({"settings": result.settings, "assessments": [result.assessment]})
        return found, lacking

    @property
    def assessment_stale(self) -> bool:
        """Whether boundary, statements, estimates or data changed since the assessment."""
        result = self.of(self._candidates.current)
        return result.assessment is not None and result.assessed != self.assessment_version

    # --------------------------------------------------------------------------------------------------- coverage

    @property
    def coverage_version(self) -> tuple:
        """What the cover of the current candidate rests on, to be compared later."""
        return self._candidates.version(self._candidates.current), self._sources.version

    @property
    def coverage(self) -> dict | None:
        """One member of ``sites`` of aze-coverage/1: that of the current candidate, or None."""
        return self.of(self._candidates.current).coverage

    @property
    def coverage_notes(self) -> dict:
        """What else the coverage file says: ``excluded``, ``repaired``, ``notes``."""
        return self.of(self._candidates.current).coverage_notes

    @property
    def coverage_time(self) -> datetime | None:
        """When the cover was measured."""
        return self.of(self._candidates.current).coverage_time

    @property
    def coverage_stale(self) -> bool:
        """Whether boundary or data changed since the cover was measured."""
        result = self.of(self._candidates.current)
        return result.coverage is not None and result.measured != self.coverage_version

    # ------------------------------------------------------------------------------------------------------- gaps

    @property
    def gaps_layer(self) -> QgsVectorLayer | None:
        """The unprotected parts of what the Protection page shows, or None where there are none to show."""
        found = layers.with_role(self._project, "gaps")
        return found[0] if found and found[0].featureCount() else None

    def show_gaps(self, gaps: list[QgsGeometry]) -> None:
        """Show unprotected parts (WGS 84) on the map, in place of those shown so far.

        The layer stays and only its features change: QGIS has work of its own waiting for a layer that was just added,
        and must not find it gone. It also keeps the user's style, place and visibility.
        """
        found = layers.with_role(self._project, "gaps")
        if not found and not gaps:
            return
        if found:
            shown = found[0]
        else:
            shown = layers.create_gaps_layer()
            layers.add(self._project, shown, "gaps")
        layers.replace_features(shown, gaps)
