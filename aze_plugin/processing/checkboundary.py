"""``aze:checkboundary``: candidates against the three criteria."""

from __future__ import annotations

import datetime

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from .. import paths
from ..domain.progress import Progress
from . import inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of

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
_NUMBERS = ("low", "best", "high", "threshold", "short_by", "site_value", "global_value", "value_needed")


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
        self.addParameter(inputs.more_sites())
        self.addParameter(inputs.protected_areas(optional=True))
        self.addParameter(inputs.landcover())
        self.addParameter(inputs.edges())
        self.addParameter(inputs.populations())
        self.addParameter(
            inputs.any_path("STATEMENTS", translate("AzeProcessing", "Nominator's statements (JSON)"), optional=True)
        )
        for parameter in (*inputs.criteria_choices(), *inputs.record_choices()):
            self.addParameter(parameter)
        rules = paths.load_json("criteria", "aze.json")
        kinds = QgsProcessingParameterNumber.Type
        for name, description, default in (
            (
                "DIGITIZING_ERROR",
                translate("AzeProcessing", "Digitizing error of the boundary, in metres"),
                rules["sensitivity"]["digitizing_error_m"],
            ),
            (
                "EDGE_TOLERANCE",
                translate("AzeProcessing", "How near a mapped edge has to be, in metres"),
                rules["discreteness"]["edges"]["tolerance_m"],
            ),
        ):
            number = QgsProcessingParameterNumber(name, description, kinds.Double, default, minValue=0)
            self.addParameter(inputs.advanced(number))
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
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                "CANDIDATE_LIST",
                translate("AzeProcessing", "Candidate list: near misses and what they lack"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
                createByDefault=False,
            )
        )
        self.addOutput(QgsProcessingOutputNumber("ELIGIBLE", translate("AzeProcessing", "Eligible candidates")))
        self.addOutput(QgsProcessingOutputNumber("CANDIDATES", translate("AzeProcessing", "Candidates checked")))

    def __init__(self):
        super().__init__()
        self._survey = None
        self._further = []

    def take(self, parameters, context, feedback) -> None:
        """Take what has to be taken from layers while still in their own thread."""
        self._survey = taking.survey(self, parameters, context)
        self._further = taking.further_sites(self, parameters, context)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import candidates, checking, files, shortlist

        settings = inputs.criteria_settings(
            self, parameters, context, self.parameterAsDouble(parameters, "DIGITIZING_ERROR", context)
        )
        transform = context.transformContext()
        boundary = self.sources["BOUNDARY"]
        name_field = self.parameterAsString(parameters, "NAME_FIELD", context)
        proposed = candidates.read_candidates(boundary, name_field, transform, progress.part(0, 0.1))
        sites, existing = None, taking.site_source(self.sources.get("SITES"), self._further)
        if existing is not None:
            sites = candidates.read_sites(existing, transform, progress.part(0.1, 0.2), proposed)
        rivals = []
        if parameters.get("RIVALS"):
            others = self.sources["RIVALS"]
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
                self._survey,
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
        shares = (
            {
                **taxon,
                **share,
                "candidate": assessment["name"],
                "verdict": assessment["verdict"],
                "status": taxon["status"],
                "share_status": share["status"],
            }
            for assessment in document["assessments"]
            for taxon in assessment["species"]
            for share in taxon["shares"]
        )
        near_misses = [
            (column, QMetaType.Type.Double if column in _NUMBERS else QMetaType.Type.QString)
            for column in shortlist.COLUMNS
        ]
        for name, columns, rows in (
            ("SPECIES", _COLUMNS, shares),
            ("CANDIDATE_LIST", near_misses, shortlist.rows([document], settings)),
        ):
            table = Output(self, parameters, name, context, fields_of(columns))
            if table.identifier is not None:
                for row in rows:
                    table.add([row[column] for column, _ in columns])
                results[name] = table.identifier
        return results
