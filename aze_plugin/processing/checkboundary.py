"""``aze:checkboundary``: candidates against the three criteria."""

from __future__ import annotations

import datetime

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from ..domain.progress import Progress
from . import inputs
from .base import AzeAlgorithm

_COLUMNS = (
    ("candidate", QMetaType.Type.QString),
    ("verdict", QMetaType.Type.QString),
    ("taxon_id", QMetaType.Type.QString),
    ("scientific_name", QMetaType.Type.QString),
    ("category", QMetaType.Type.QString),
    ("trigger", QMetaType.Type.Bool),
    ("route", QMetaType.Type.QString),
    ("status", QMetaType.Type.QString),
    ("parameter", QMetaType.Type.QString),
    ("segment", QMetaType.Type.QString),
    ("low", QMetaType.Type.Double),
    ("best", QMetaType.Type.Double),
    ("high", QMetaType.Type.Double),
    ("site_value", QMetaType.Type.Double),
    ("global_value", QMetaType.Type.Double),
    ("unit", QMetaType.Type.QString),
    ("share_status", QMetaType.Type.QString),
    ("deciding", QMetaType.Type.Bool),
    ("basis", QMetaType.Type.QString),
)


class CheckBoundary(AzeAlgorithm):
    """Each feature of BOUNDARY is one candidate; the result is an ``aze-assessment/1`` file and a table."""

    NAME = "checkboundary"
    GROUP = "criteria"

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Check a boundary against the AZE criteria")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("BOUNDARY", translate("AzeProcessing", "Candidate boundaries")))
        self.addParameter(
            QgsProcessingParameterField(
                "NAME_FIELD",
                translate("AzeProcessing", "Field with the candidate's name"),
                parentLayerParameterName="BOUNDARY",
                optional=True,
            )
        )
        self.addParameter(inputs.library())
        self.addParameter(inputs.existing_sites())
        self.addParameter(inputs.populations())
        self.addParameter(
            inputs.any_path("STATEMENTS", translate("AzeProcessing", "Nominator's statements (JSON)"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                translate("AzeProcessing", "Share that has to be exceeded"),
                QgsProcessingParameterNumber.Type.Double,
                defaultValue=0.95,
                minValue=0.0,
                maxValue=1.0,
            )
        )
        self.addParameter(
            QgsProcessingParameterString("PRESENCE", translate("AzeProcessing", "Presence codes that count"), "1,2")
        )
        self.addParameter(
            QgsProcessingParameterString("ORIGIN", translate("AzeProcessing", "Origin codes that count"), "1,2,6")
        )
        self.addParameter(
            inputs.polygons(
                "RIVALS",
                translate("AzeProcessing", "Other candidates, to compare reintroduction sites with"),
                optional=True,
            )
        )
        self.addParameter(inputs.json_file("OUTPUT", translate("AzeProcessing", "Assessment")))
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                "SPECIES",
                translate("AzeProcessing", "Taxa and shares"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
                createByDefault=False,
            )
        )
        self.addOutput(QgsProcessingOutputNumber("ELIGIBLE", translate("AzeProcessing", "Eligible candidates")))
        self.addOutput(QgsProcessingOutputNumber("CANDIDATES", translate("AzeProcessing", "Candidates checked")))

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import candidates, checking, files

        settings = checking.default_settings().with_choices(
            self.parameterAsDouble(parameters, "THRESHOLD", context),
            self.parameterAsString(parameters, "PRESENCE", context),
            self.parameterAsString(parameters, "ORIGIN", context),
        )
        transform = context.transformContext()
        boundary = inputs.polygon_source(self, parameters, "BOUNDARY", context)
        name_field = self.parameterAsString(parameters, "NAME_FIELD", context)
        proposed = candidates.read_candidates(boundary, name_field, transform, progress.part(0, 0.1))
        sites = None
        if parameters.get("SITES"):
            sites = candidates.read_sites(
                inputs.polygon_source(self, parameters, "SITES", context), transform, progress.part(0.1, 0.2), proposed
            )
        rivals = []
        if parameters.get("RIVALS"):
            others = inputs.polygon_source(self, parameters, "RIVALS", context)
            rivals = candidates.read_candidates(others, "", transform, progress.part(0.1, 0.2))
        statements_file = self.parameterAsFile(parameters, "STATEMENTS", context)
        document = checking.check_candidates(
            proposed,
            checking.Background(
                self.parameterAsString(parameters, "LIBRARY", context),
                settings,
                sites,
                candidates.read_statements(statements_file) if statements_file else None,
                inputs.estimates(self, parameters, context, progress),
                rivals,
                datetime.date.today().year,
            ),
            progress.part(0.2, 1),
        )
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        files.write_json(output, document)
        results = {
            "ELIGIBLE": sum(a["verdict"] == "eligible" for a in document["assessments"]),
            "CANDIDATES": len(proposed),
            "OUTPUT": output,
        }
        table = self._write_table(parameters, context, document)
        if table:
            results["SPECIES"] = table
        return results

    def _write_table(self, parameters, context, document) -> str | None:
        columns = QgsFields()
        for name, kind in _COLUMNS:
            columns.append(QgsField(name, kind))
        sink, identifier = self.parameterAsSink(parameters, "SPECIES", context, columns, QgsWkbTypes.Type.NoGeometry)
        if sink is None:
            if parameters.get("SPECIES"):
                raise QgsProcessingException(self.invalidSinkError(parameters, "SPECIES"))
            return None
        for assessment in document["assessments"]:
            for taxon in assessment["species"]:
                for share in taxon["shares"]:
                    row = {
                        **taxon,
                        **share,
                        "candidate": assessment["name"],
                        "verdict": assessment["verdict"],
                        "status": taxon["status"],
                        "share_status": share["status"],
                    }
                    feature = QgsFeature(columns)
                    feature.setAttributes([row[name] for name, _ in _COLUMNS])
                    sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return identifier
