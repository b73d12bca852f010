"""``aze:fitboundary``: boundaries fitted to mapped edges and neighbouring sites."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from .. import paths
from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of, lonlat

_COLUMNS = (
    ("name", QMetaType.Type.QString),
    ("area_ha", QMetaType.Type.Double),
    ("area_before_ha", QMetaType.Type.Double),
    ("moved_ha", QMetaType.Type.Double),
    ("edges_pct", QMetaType.Type.Double),
    ("changes", QMetaType.Type.Int),
    ("warnings", QMetaType.Type.Int),
)


class FitBoundary(AzeAlgorithm):
    """Each feature of BOUNDARY is fitted on its own; the report lists every change before it is applied anywhere."""

    NAME = "fitboundary"
    GROUP = "criteria"

    def __init__(self):
        super().__init__()
        self._edges = []
        self._further = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Fit a boundary to mapped edges")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        number = QgsProcessingParameterNumber.Type
        rules = paths.load_json("criteria", "aze.json")["fitting"]
        self.addParameter(inputs.polygons("BOUNDARY", translate("AzeProcessing", "Boundaries to fit")))
        self.addParameter(inputs.edges())
        self.addParameter(inputs.existing_sites())
        self.addParameter(inputs.more_sites())
        self.addParameter(inputs.protected_areas(optional=True))
        self.addParameter(
            QgsProcessingParameterNumber(
                "TOLERANCE",
                translate("AzeProcessing", "How far the outline may move to an edge, in metres"),
                number.Double,
                rules["tolerance_m"],
                minValue=0.01,
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "SIMPLIFY",
                translate("AzeProcessing", "Simplify what is on no edge, by up to so many metres (0: not at all)"),
                number.Double,
                rules["simplify_m"],
                minValue=0.0,
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "LIBRARY",
                translate("AzeProcessing", "Species library, to compare shares before and after"),
                optional=True,
            )
        )
        self.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", translate("AzeProcessing", "Fitted boundaries")))
        self.addParameter(
            inputs.json_file("REPORT", translate("AzeProcessing", "Changes"), optional=True, by_default=False)
        )
        self.addOutput(QgsProcessingOutputNumber("CHANGES", translate("AzeProcessing", "Number of changes")))
        self.addOutput(
            QgsProcessingOutputNumber("MOVED_M2", translate("AzeProcessing", "Area that changes sides, in m²"))
        )

    def take(self, parameters, context, feedback) -> None:
        """Take snapshots of the layers while still in their own thread."""
        self._edges = taking.survey(self, parameters, context).edges
        self._further = taking.further_sites(self, parameters, context)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import candidates, checking, files, fitting

        if not self._edges and not self._further and not parameters.get("SITES"):
            raise AzeError("fitting.no_layers")
        transform = context.transformContext()
        rules = fitting.default_rules().with_choices(
            self.parameterAsDouble(parameters, "TOLERANCE", context),
            self.parameterAsDouble(parameters, "SIMPLIFY", context),
        )
        source = self.sources["BOUNDARY"]
        given = candidates.read_candidates(source, "", transform, progress.part(0, 0.05))
        sites, existing = [], taking.site_source(self.sources.get("SITES"), self._further)
        if existing is not None:
            near = fitting.with_room(given, rules)
            sites = candidates.read_sites(existing, transform, progress.part(0.05, 0.1), near)
        library = self.parameterAsString(parameters, "LIBRARY", context)
        against = checking.Background(library, checking.default_settings(), sites or None) if library else None
        output = Output(
            self, parameters, "OUTPUT", context, fields_of(_COLUMNS), QgsWkbTypes.Type.MultiPolygon, lonlat()
        )
        told, moved = [], 0.0
        for n, candidate in enumerate(given):
            step = progress.part(0.1 + 0.9 * n / len(given), 0.1 + 0.9 * (n + 1) / len(given))
            if candidate.geometry is None:
                progress.say("fitting.no_boundary", name=candidate.name)
                continue
            fitted = fitting.fit_to_layers(
                candidate.geometry, self._edges, sites, rules, transform, step.part(0, 0.6 if against else 1)
            )
            shares = None
            if against is not None:
                shares = fitting.compare_shares(
                    candidate.name, fitted.before, fitted.geometry, against, step.part(0.6, 1)
                )
            for finding in (*(change.finding() for change in fitted.changes), *fitted.findings):
                progress.say(finding.code, **finding.params)
            report = fitting.report_json(candidate.name, fitted, shares)
            told.append(report)
            moved += fitted.moved_m2
            values = [
                report["name"],
                report["area_after_ha"],
                report["area_before_ha"],
                report["moved_m2"] / 1e4,
                100 * report["on_edges_share"],
                len(report["changes"]),
                len(report["findings"]),
            ]
            output.add(values, fitting.stored_wkb(fitted.geometry, sites))
        outputs = {"OUTPUT": output.identifier, "CHANGES": sum(len(r["changes"]) for r in told), "MOVED_M2": moved}
        path = self.parameterAsFileOutput(parameters, "REPORT", context)
        if path:
            document = {"schema": fitting.SCHEMA, "settings": fitting.settings_json(rules), "boundaries": told}
            files.write_json(path, document)
            outputs["REPORT"] = path
        return outputs
