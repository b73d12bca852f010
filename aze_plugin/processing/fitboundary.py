"""``aze:fitboundary``: boundaries fitted to mapped edges and neighbouring sites."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessingException,
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
from . import inputs
from .base import AzeAlgorithm

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
        self._sources = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Fit a boundary to mapped edges")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        number = QgsProcessingParameterNumber.Type
        rules = paths.load_json("criteria", "aze.json")["fitting"]
        self.addParameter(inputs.polygons("BOUNDARY", translate("AzeProcessing", "Boundaries to fit")))
        self.addParameter(inputs.edges())
        self.addParameter(inputs.existing_sites())
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

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Take snapshots of the layers while still in their own thread."""
        from ..services.wording import text

        try:
            self._sources = inputs.survey(self, parameters, context).edges
        except AzeError as error:
            raise QgsProcessingException(text(error.code, error.params)) from error
        return True

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import candidates, checking, files, fitting

        if not self._sources and not parameters.get("SITES"):
            raise AzeError("fitting.no_layers")
        transform = context.transformContext()
        rules = fitting.default_rules().with_choices(
            self.parameterAsDouble(parameters, "TOLERANCE", context),
            self.parameterAsDouble(parameters, "SIMPLIFY", context),
        )
        source = inputs.polygon_source(self, parameters, "BOUNDARY", context)
        given = candidates.read_candidates(source, "", transform, progress.part(0, 0.05))
        sites = []
        if parameters.get("SITES"):
            sites_source = inputs.polygon_source(self, parameters, "SITES", context)
            near = fitting.with_room(given, rules)
            sites = candidates.read_sites(sites_source, transform, progress.part(0.05, 0.1), near)
        library = self.parameterAsString(parameters, "LIBRARY", context)
        against = checking.Background(library, checking.default_settings(), sites or None) if library else None
        sink, identifier = self._sink(parameters, context)
        told, moved = [], 0.0
        for n, candidate in enumerate(given):
            step = progress.part(0.1 + 0.9 * n / len(given), 0.1 + 0.9 * (n + 1) / len(given))
            if candidate.geometry is None:
                progress.say("fitting.no_boundary", name=candidate.name)
                continue
            fitted = fitting.fit_to_layers(
                candidate.geometry, self._sources, sites, rules, transform, step.part(0, 0.6 if against else 1)
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
            self._add(sink, parameters, fitted, report)
        outputs = {"OUTPUT": identifier, "CHANGES": sum(len(r["changes"]) for r in told), "MOVED_M2": moved}
        path = self.parameterAsFileOutput(parameters, "REPORT", context)
        if path:
            document = {"schema": fitting.SCHEMA, "settings": fitting.settings_json(rules), "boundaries": told}
            files.write_json(path, document)
            outputs["REPORT"] = path
        return outputs

    def _sink(self, parameters, context):
        from ..services.layers import LONLAT

        columns = QgsFields()
        for name, kind in _COLUMNS:
            columns.append(QgsField(name, kind))
        sink, identifier = self.parameterAsSink(
            parameters,
            "OUTPUT",
            context,
            columns,
            QgsWkbTypes.Type.MultiPolygon,
            QgsCoordinateReferenceSystem(LONLAT),
        )
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
        self._columns = columns
        return sink, identifier

    def _add(self, sink, parameters, fitted, report) -> None:
        from ..services import fitting

        shape = QgsGeometry()
        shape.fromWkb(fitting.stored_wkb(fitted.geometry))
        shape.convertToMultiType()
        feature = QgsFeature(self._columns)
        feature.setGeometry(shape)
        feature.setAttributes(
            [
                report["name"],
                report["area_after_ha"],
                report["area_before_ha"],
                report["moved_m2"] / 1e4,
                100 * report["on_edges_share"],
                len(report["changes"]),
                len(report["findings"]),
            ]
        )
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise QgsProcessingException(self.writeFeatureError(sink, parameters, "OUTPUT"))
