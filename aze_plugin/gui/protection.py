"""Of what the Protection page shows the cover: the current candidate, or an existing site of a layer.

A site's results are kept apart from those of candidates, and like theirs they stay, marked stale, when the layers
change or the site's own outline does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgis.core import Qgis, QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..domain.errors import AzeError
from ..services.files import Scratch
from ..services.wording import text
from . import layers, messages
from .results import Result

if TYPE_CHECKING:
    from .session import Session

_MOST_RECENT = 8

# Degrees by which rectangles of one part may differ.
_SAME_PLACE = 1e-5


@dataclass(frozen=True)
class Subject:
    """A candidate, or a site of a layer: its name, id, outline (WGS 84; None where it has none), layer, feature and the
    code of its country, as far as the layer tells it.

    A candidate has neither id nor layer; its name is empty where there is no candidate.
    """

    name: str
    site_id: str = ""
    geometry: QgsGeometry | None = None
    layer_id: str = ""
    fid: int = -1
    iso3: str = ""

    @property
    def is_candidate(self) -> bool:
        """Whether it is the current candidate."""
        return not self.layer_id

    @property
    def key(self) -> tuple[str, int]:
        """What tells sites apart."""
        return self.layer_id, self.fid


class Protection(QObject):
    """The subject of the Protection page, its cover and its gaps.

    ``subjectChanged`` says that it is of another one; the session's ``coverageChanged`` that there is another result.
    """

    subjectChanged = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self._site: Subject | None = None
        self._recent: list[Subject] = []
        self._results: dict[tuple[str, int], Result] = {}
        # Of which version of the site a measurement is under way.
        self._measuring: tuple = ()
        # Of which version a measurement failed, and why; by the key of the subject.
        self._failures: dict[tuple[str, int], tuple[tuple, str]] = {}
        self._units: list[str] = []
        self._watched: QgsVectorLayer | None = None
        self._watched_id = ""
        session.sources.changed.connect(self._follow_site)

    def reset(self) -> None:
        """Forget all sites; for another project."""
        self._results.clear()
        self._failures.clear()
        self._recent.clear()
        self._units.clear()
        self._watch(None)
        if self._site is not None:
            self._site = None
            self.subjectChanged.emit()

    def close(self) -> None:
        """Let go of the project."""
        self._watch(None)

    # ------------------------------------------------------------------------------------------------ the subject

    @property
    def subject(self) -> Subject:
        """What the page shows."""
        if self._site is not None:
            return self._site
        candidates = self._session.candidates
        return Subject(candidates.current or "", geometry=candidates.geometry())

    @property
    def recent(self) -> Sequence[Subject]:
        """Sites that were shown, the latest first."""
        return tuple(self._recent)

    def show_candidate(self) -> None:
        """Let the page show the current candidate."""
        self._session.runner.cancel("site cover")
        self._watch(None)
        if self._site is not None:
            self._site = None
            self.subjectChanged.emit()
            self.show_gaps()
            self._session.coverageChanged.emit()

    def show_site(self, layer: QgsVectorLayer, fid: int) -> None:
        """Let the Protection page show a site of a layer, and bring that page to the front."""
        if self._session.sources.installation_problem:
            self._session.message.emit(self._session.sources.installation_problem, messages.WARNING)
            return
        site = self.site(layer, fid)
        if site is None:
            self._session.message.emit(
                QCoreApplication.translate("AzeProtection", "The site is not in its layer any more."), messages.WARNING
            )
            return
        self._session.runner.cancel("site cover")
        self._site = site
        self._recent = [site, *(other for other in self._recent if other.key != site.key)][:_MOST_RECENT]
        kept = {other.key for other in self._recent}
        self._results = {key: result for key, result in self._results.items() if key in kept}
        self._watch(layer)
        self.subjectChanged.emit()
        self.show_gaps()
        self._session.coverageChanged.emit()
        self._session.show_page("protection")
        self.renew_site()

    def show_recent(self, site: Subject) -> None:
        """Show a site that was shown before."""
        layer = self._session.project.mapLayer(site.layer_id)
        if layer is not None:
            self.show_site(layer, site.fid)

    def site(self, layer: QgsVectorLayer, fid: int) -> Subject | None:
        """A site of a layer; None where it is not there any more."""
        # Brings shapely along, which QGIS must not need to start.
        from ..services import attributes
        from ..services.layers import plain

        feature = layer.getFeature(fid)
        if not feature.isValid():
            return None
        columns = attributes.columns_of(layer, "sites")
        site_id, name, iso3 = (
            next((v for v in (plain(feature[column]) for column in columns[role]) if v not in (None, "")), None)
            for role in ("site_id", "name", "iso3")
        )
        site_id = attributes.identifier(site_id) or str(fid)
        shape = None
        if feature.hasGeometry():
            try:
                lonlat = layers.to_lonlat(feature.geometry(), layer.crs(), self._session.project)
                shape = layers.as_multipolygon(lonlat)
            except AzeError as error:
                self._session.message.emit(text(error.code, error.params), messages.WARNING)
        return Subject(attributes.text(name) or site_id, site_id, shape, layer.id(), fid, attributes.text(iso3))

    def _watch(self, layer: QgsVectorLayer | None) -> None:
        """Follow edits of the subject's layer."""
        if self._watched is not None and self._session.project.mapLayer(self._watched_id) is not None:
            for signal in self._edits(self._watched):
                signal.disconnect(self._follow_site)
        self._watched = layer
        self._watched_id = layer.id() if layer is not None else ""
        if layer is not None:
            for signal in self._edits(layer):
                signal.connect(self._follow_site)

    @staticmethod
    def _edits(layer: QgsVectorLayer) -> tuple:
        return layer.geometryChanged, layer.featureDeleted, layer.afterRollBack, layer.attributeValueChanged

    def _follow_site(self, *_what) -> None:
        """The data or the site itself may have changed."""
        in_project = self._session.project.mapLayer
        self._recent = [site for site in self._recent if in_project(site.layer_id) is not None]
        if self._site is None:
            return
        layer = in_project(self._site.layer_id)
        site = self.site(layer, self._site.fid) if layer is not None else None
        if site is None:
            self.show_candidate()
            return
        same = site.name == self._site.name and _outline(site) == _outline(self._site)
        self._site = site
        if not same:
            self.subjectChanged.emit()
            self._session.coverageChanged.emit()
        self._session.schedule()

    # ------------------------------------------------------------------------------------------------ its results

    @property
    def result(self) -> Result:
        """What is known of the subject; an empty result where nothing is."""
        if self._site is None:
            return self._session.results.of(self._session.candidates.current)
        return self._results.get(self._site.key, Result())

    @property
    def is_stale(self) -> bool:
        """Whether the subject's outline or the data changed since its cover was measured."""
        if self._site is None:
            return self._session.results.coverage_stale
        result = self.result
        return result.coverage is not None and result.measured != self._site_version()

    @property
    def failure(self) -> str:
        """Why the subject, as it is now, could not be measured when that was tried last; empty where it could."""
        version, sentence = self._failures.get(self._failure_key(self._site), ((), ""))
        return sentence if version == self._version() else ""

    def _failure_key(self, site: Subject | None) -> tuple[str, int]:
        return (self._session.candidates.current or "", -1) if site is None else site.key

    def _version(self) -> tuple:
        """What changes with the subject's outline and with the data."""
        return self._session.results.coverage_version if self._site is None else self._site_version()

    def _site_version(self) -> tuple:
        return _outline(self._site), self._session.sources.version

    def show_gaps(self) -> None:
        """Show the gaps of the subject on the map, or none where they are not known or of another outline."""
        self._session.results.show_gaps([] if self.is_stale else self.result.gaps)

    def gap_near(self, extent: Sequence[float]) -> QgsGeometry | None:
        """The unprotected part of the subject whose rectangle (EPSG:4326 ``[xmin, ymin, xmax, ymax]``) is like that;
        None where it is in pieces that meet at 180°, and where the parts are of an earlier outline."""
        if self.is_stale or extent[0] > extent[2]:
            return None
        parts = [QgsGeometry(part.clone()) for gap in self.result.gaps for part in gap.constParts()]

        def off(part: QgsGeometry) -> float:
            box = part.boundingBox()
            sides = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
            return max(abs(side - wanted) for side, wanted in zip(sides, extent))

        best = min(parts, key=off, default=None)
        return best if best is not None and off(best) <= _SAME_PLACE else None

    # ------------------------------------------------------------------------------------------- management units

    @property
    def unit_layers(self) -> list[QgsVectorLayer]:
        """Layers of management units that could complete the protection."""
        found = [self._session.project.mapLayer(layer_id) for layer_id in self._units]
        return [layer for layer in found if layer is not None and layer.isValid()]

    def unit_choices(self) -> list[QgsVectorLayer]:
        """Polygon layers of the project that may hold management units."""
        return [
            layer
            for layer in self._session.project.mapLayers().values()
            if isinstance(layer, QgsVectorLayer)
            and layer.isValid()
            and layer.geometryType() == Qgis.GeometryType.Polygon
            and layers.role_of(layer) not in ("candidates", "gaps")
        ]

    def use_units(self, chosen: Sequence[QgsVectorLayer]) -> None:
        """Take these layers for management units, and measure the subject anew with them."""
        self._units = [layer.id() for layer in chosen]
        self.measure()

    # --------------------------------------------------------------------------------------------------- measuring

    def can_measure_candidate(self) -> bool:
        """Whether all is there that measuring the candidate's cover needs."""
        return self._can_measure(self._session.candidates.geometry())

    def _can_measure(self, shape: QgsGeometry | None) -> bool:
        sources = self._session.sources
        return not sources.installation_problem and bool(sources.protected_layers) and shape is not None

    def renew(self) -> bool:
        """Measure what is missing or stale, the candidate first; whether there was something."""
        results = self._session.results
        if self.can_measure_candidate() and (results.coverage is None or results.coverage_stale):
            self.measure_candidate()
            return True
        return self.renew_site()

    def renew_site(self) -> bool:
        """Measure the site that is shown, where that is missing or stale; whether it was."""
        if self._site is None or not self._can_measure(self._site.geometry):
            return False
        version = self._site_version()
        if self.result.coverage is not None and not self.is_stale:
            return False
        if not (self._session.runner.running("site cover") and self._measuring == version):
            self.measure()
        return True

    def measure(self) -> None:
        """Measure how much of the subject is protected; the result comes by the session's coverageChanged."""
        if self._site is None:
            self.measure_candidate()
            return
        if not self._may_measure(self._site.geometry):
            return
        site, version = self._site, self._site_version()
        self._measuring = version

        def keep(document, gaps):
            self._results.setdefault(site.key, Result()).keep_coverage(version, document, gaps)
            if self._site is not None and self._site.key == site.key:
                self.show_gaps()

        self._run("site cover", site.name, site.geometry, keep, version)

    def measure_candidate(self) -> None:
        """Measure how much of the current candidate is protected; the result comes by coverageChanged."""
        session = self._session
        shape = session.candidates.geometry()
        if not self._may_measure(shape):
            return
        name, version = session.candidates.current, session.results.coverage_version

        def keep(document, gaps):
            session.results.keep_coverage(name, version, document, gaps)
            if self._site is None and name == session.candidates.current:
                self.show_gaps()
            session.announce_nomination()
            self.renew_site()

        self._run("cover", name, shape, keep, version)

    def _may_measure(self, shape: QgsGeometry | None) -> bool:
        """Whether all is there; what is missing is said."""
        translate = QCoreApplication.translate
        problem = self._session.sources.installation_problem
        if not problem and shape is None:
            problem = translate("AzePanel", "Add protected areas and a boundary first.")
        elif not problem and not self._session.sources.protected_layers:
            problem = translate("AzePanel", "Add a layer of protected areas first.")
        if problem:
            self._session.message.emit(problem, messages.WARNING)
        return not problem

    def _run(self, key: str, name: str, shape: QgsGeometry, keep, version: tuple) -> None:
        session = self._session
        tried = self._failure_key(self._site if key == "site cover" else None)
        outline = layers.snapshot([(name, shape)])
        folder = Scratch()
        summary = folder.path / "coverage.json"
        parameters = {
            "SITES": outline,
            "PROTECTED": session.sources.protected_layers,
            "YEARS": True,
            "COMPLETING": True,
            "UNITS": self.unit_layers,
            "COUNTRIES": session.sources.countries,
            # Files, not layers in memory (see gui.algorithms).
            "OUTPUT": str(folder.path / "cover.gpkg"),
            "GAPS": str(folder.path / "gaps.gpkg"),
            "SUMMARY": str(summary),
        }

        def done(results, _context):
            measured = QgsVectorLayer(results["GAPS"], "gaps", "ogr")
            gaps = [layers.to_lonlat(f.geometry(), measured.crs(), session.project) for f in measured.getFeatures()]
            self._failures.pop(tried, None)
            keep(json.loads(summary.read_text(encoding="utf-8")), gaps)
            session.coverageChanged.emit()

        def failed(sentence):
            self._failures[tried] = (version, sentence)
            session.fail(sentence)

        title = QCoreApplication.translate("AzePanel", "Measuring protection")
        session.runner.start(key, "aze:protectioncoverage", parameters, title, done, failed, folder)


def _outline(site: Subject) -> int | None:
    """What changes with a site's outline."""
    return None if site.geometry is None else hash(bytes(site.geometry.asWkb()))
