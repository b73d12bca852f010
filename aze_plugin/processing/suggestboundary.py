"""``aze:suggestboundary``: boundaries for one taxon, put together from management units."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from .. import paths
from ..domain.progress import Progress
from . import inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of, lonlat

_TEXT, _NUMBER, _WHOLE, _YES_NO = (
    QMetaType.Type.QString,
    QMetaType.Type.Double,
    QMetaType.Type.Int,
    QMetaType.Type.Bool,
)
_COLUMNS = (
    ("rank", _WHOLE),
    ("name", _TEXT),
    ("taxon_id", _TEXT),
    ("scientific_name", _TEXT),
    ("parameter", _TEXT),
    ("segment", _TEXT),
    ("share", _NUMBER),
    ("area_ha", _NUMBER),
    ("units", _WHOLE),
    ("unit_names", _TEXT),
    ("perimeter_km", _NUMBER),
    ("compactness", _NUMBER),
    ("parts", _WHOLE),
    ("protected_pct", _NUMBER),
    ("exact", _YES_NO),
    ("bound", _NUMBER),
    ("reason", _TEXT),
)
# The options of the two choices, the first of which leaves it to the evidence.
_PARAMETERS = ("", "aoo", "esh", "range", "localities")
_SEGMENTS = ("", "all", "resident", "breeding", "non_breeding", "passage")


class SuggestBoundary(AzeAlgorithm):
    """Ranked boundaries for one taxon that reach the threshold with little land and simple outlines."""

    NAME = "suggestboundary"
    GROUP = "criteria"

    def __init__(self):
        super().__init__()
        self._units = []
        self._further = []
        self._protected = None
        self._left_out = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Suggest a boundary for a taxon")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        number = QgsProcessingParameterNumber.Type
        rules = paths.load_json("criteria", "suggestion.json")
        self.addParameter(inputs.library())
        self.addParameter(
            QgsProcessingParameterString("TAXON", translate("AzeProcessing", "Taxon: scientific name or id"))
        )
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "UNITS",
                translate("AzeProcessing", "Units to build from"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            )
        )
        self.addParameter(inputs.existing_sites())
        self.addParameter(inputs.more_sites())
        self.addParameter(inputs.protected_areas(optional=True))
        self.addParameter(
            QgsProcessingParameterEnum(
                "PARAMETER",
                translate("AzeProcessing", "What has to be held"),
                [
                    translate("AzeProcessing", "The first of these of which there is data"),
                    translate("AzeProcessing", "Area of occupancy (cells with records)"),
                    translate("AzeProcessing", "Area of habitat"),
                    translate("AzeProcessing", "Range"),
                    translate("AzeProcessing", "Localities"),
                ],
                defaultValue=0,
            )
        )
        self.addParameter(
            QgsProcessingParameterEnum(
                "SEGMENT",
                translate("AzeProcessing", "Segment"),
                [
                    translate("AzeProcessing", "The leading one"),
                    translate("AzeProcessing", "Whole year"),
                    translate("AzeProcessing", "Resident"),
                    translate("AzeProcessing", "Breeding"),
                    translate("AzeProcessing", "Non-breeding"),
                    translate("AzeProcessing", "Passage"),
                ],
                defaultValue=0,
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean("FILL", translate("AzeProcessing", "Fill gaps with hexagons"), True)
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "CELL_KM2",
                translate("AzeProcessing", "Size of a hexagon in km² (0: fits the taxon's world)"),
                number.Double,
                0.0,
                minValue=0.0,
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "ALTERNATIVES",
                translate("AzeProcessing", "Number of proposals"),
                number.Integer,
                rules["alternatives"],
                minValue=1,
                maxValue=50,
            )
        )
        for parameter in (*inputs.criteria_choices(), *inputs.record_choices()):
            self.addParameter(parameter)
        self.addParameter(
            QgsProcessingParameterFeatureSink("OUTPUT", translate("AzeProcessing", "Proposed boundaries"))
        )
        self.addParameter(
            inputs.json_file("REPORT", translate("AzeProcessing", "Report"), optional=True, by_default=False)
        )
        self.addOutput(QgsProcessingOutputNumber("PROPOSALS", translate("AzeProcessing", "Number of proposals made")))
        self.addOutput(QgsProcessingOutputNumber("REACHABLE", translate("AzeProcessing", "Share that can be reached")))

    def look_over(self, parameters, context) -> None:
        taking.unit_layers(self, parameters, context)

    def take(self, parameters, context, feedback) -> None:
        """Take snapshots of the layers while still in their own thread."""
        from ..services.layers import LayerSnapshot

        layers, self._left_out = taking.unit_layers(self, parameters, context)
        self._units = [LayerSnapshot(layer) for layer in layers]
        self._further = taking.further_sites(self, parameters, context)
        self._protected = None
        if parameters.get("PROTECTED"):
            self._protected = [LayerSnapshot(layer) for layer in taking.protected_layers(self, parameters, context)]

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..domain.suggestion import Request
        from ..services import candidates, files, suggesting

        transform = context.transformContext()
        settings = inputs.criteria_settings(self, parameters, context)
        sites, existing = None, taking.site_source(self.sources.get("SITES"), self._further)
        if existing is not None:

            def sites(extent, step):
                return candidates.sites_within(existing, transform, step, extent)

        found = suggesting.propose(
            Request(
                _PARAMETERS[self.parameterAsEnum(parameters, "PARAMETER", context)],
                _SEGMENTS[self.parameterAsEnum(parameters, "SEGMENT", context)],
                self.parameterAsBoolean(parameters, "FILL", context),
                self.parameterAsDouble(parameters, "CELL_KM2", context),
                self.parameterAsInt(parameters, "ALTERNATIVES", context),
            ),
            suggesting.Background(
                self.parameterAsString(parameters, "LIBRARY", context),
                self.parameterAsString(parameters, "TAXON", context),
                settings,
                self._units,
                sites,
                self._protected,
                self._left_out,
            ),
            transform,
            progress.part(0, 0.95),
        )
        for finding in found.findings:
            progress.say(finding.code, **finding.params)
        outputs = {
            "OUTPUT": self._write(parameters, context, found, progress.part(0.95, 1)),
            "PROPOSALS": len(found.suggestion.proposals),
            "REACHABLE": found.suggestion.reachable_share,
        }
        report = self.parameterAsFileOutput(parameters, "REPORT", context)
        if report:
            files.write_json(report, found.as_json())
            outputs["REPORT"] = report
        return outputs

    def _write(self, parameters, context, found, progress: Progress) -> str:
        from ..domain import geometry

        output = Output(
            self, parameters, "OUTPUT", context, fields_of(_COLUMNS), QgsWkbTypes.Type.MultiPolygon, lonlat()
        )
        for proposal, row in found.rows:
            progress.check()
            shape = geometry.to_wkb(geometry.to_lonlat(proposal.geometry))
            output.add([row[name] for name, _ in _COLUMNS], shape)
        return output.identifier
