"""``aze:includepart``: what of a taxon lies outside a boundary, and the smallest addition that takes a part in."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of, lonlat

BASES = ("", "range_map", "habitat", "records")
_COLUMNS = (
    ("name", QMetaType.Type.QString),
    ("scientific_name", QMetaType.Type.QString),
    ("area_ha", QMetaType.Type.Double),
    ("area_before_ha", QMetaType.Type.Double),
    ("kind", QMetaType.Type.QString),
    ("units", QMetaType.Type.QString),
)


class IncludePart(AzeAlgorithm):
    """The first feature of BOUNDARY is extended; without anything outside it comes out as it is."""

    NAME = "includepart"
    GROUP = "criteria"

    def __init__(self):
        super().__init__()
        self._units = []
        self._further = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Include a part of a taxon's world in a boundary")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("BOUNDARY", translate("AzeProcessing", "Boundary to extend")))
        self.addParameter(inputs.library())
        self.addParameter(
            QgsProcessingParameterString("TAXON", translate("AzeProcessing", "Taxon: scientific name or id"))
        )
        self.addParameter(
            QgsProcessingParameterEnum(
                "BASIS",
                translate("AzeProcessing", "By what the parts are told"),
                [
                    translate("AzeProcessing", "The first of these of which there is data"),
                    translate("AzeProcessing", "Range"),
                    translate("AzeProcessing", "Area of habitat"),
                    translate("AzeProcessing", "Records"),
                ],
                defaultValue=0,
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "SEGMENT",
                translate("AzeProcessing", "Segment (empty: the leading one)"),
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "PART",
                translate("AzeProcessing", "Number of the part, 1 for the largest"),
                QgsProcessingParameterNumber.Type.Integer,
                1,
                minValue=1,
            )
        )
        self.addParameter(
            QgsProcessingParameterPoint(
                "PLACE", translate("AzeProcessing", "Or: a place in or near the part"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "UNITS",
                translate("AzeProcessing", "Units to extend by"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            )
        )
        self.addParameter(inputs.existing_sites())
        self.addParameter(inputs.more_sites())
        self.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", translate("AzeProcessing", "Extended boundary")))
        self.addParameter(
            inputs.json_file("REPORT", translate("AzeProcessing", "Report"), optional=True, by_default=False)
        )
        self.addOutput(QgsProcessingOutputNumber("PARTS", translate("AzeProcessing", "Number of parts outside")))

    def take(self, parameters, context, feedback) -> None:
        """Take snapshots of the layers while still in their own thread."""
        from ..services.layers import LayerSnapshot

        layers, _ = taking.unit_layers(self, parameters, context)
        self._units = [LayerSnapshot(layer) for layer in layers]
        self._further = taking.further_sites(self, parameters, context)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import candidates, checking, files, fitting, including
        from ..services.layers import LONLAT

        transform = context.transformContext()
        settings = checking.default_settings()
        source = self.sources["BOUNDARY"]
        given = candidates.read_candidates(source, "", transform, progress.part(0, 0.05))
        candidate = given[0]
        if candidate.geometry is None:
            raise AzeError("boundary.no_area", name=candidate.name)
        sites, existing = None, taking.site_source(self.sources.get("SITES"), self._further)
        if existing is not None:

            def sites(extent, step):
                return candidates.sites_within(existing, transform, step, extent)

        place = None
        if parameters.get("PLACE"):
            point = self.parameterAsPoint(parameters, "PLACE", context, QgsCoordinateReferenceSystem(LONLAT))
            place = (point.x(), point.y())
        library = self.parameterAsString(parameters, "LIBRARY", context)
        found = including.propose(
            candidate.geometry,
            including.Wish(
                self.parameterAsString(parameters, "TAXON", context),
                BASES[self.parameterAsEnum(parameters, "BASIS", context)],
                self.parameterAsString(parameters, "SEGMENT", context),
                self.parameterAsInt(parameters, "PART", context),
                place,
            ),
            library,
            settings,
            self._units,
            sites,
            transform,
            progress.part(0.05, 0.6),
        )
        found = replace(found, given=len(given))
        after = candidate.geometry if found.addition is None else found.addition.geometry
        background = checking.Background(library, settings, found.sites or None)
        shares = fitting.compare_shares(candidate.name, candidate.geometry, after, background, progress.part(0.6, 1))
        report = found.as_json(candidate.name, shares)
        for finding in report["findings"]:
            feedback.pushInfo(finding["message"])
        outputs = {"OUTPUT": self._write(parameters, context, after, report, found.sites), "PARTS": found.outside.count}
        path = self.parameterAsFileOutput(parameters, "REPORT", context)
        if path:
            files.write_json(path, report)
            outputs["REPORT"] = path
        return outputs

    def _write(self, parameters, context, after, report, sites) -> str:
        from ..services import fitting

        output = Output(
            self, parameters, "OUTPUT", context, fields_of(_COLUMNS), QgsWkbTypes.Type.MultiPolygon, lonlat()
        )
        values = [
            report["name"],
            report["scientific_name"],
            report["area_after_ha"],
            report["area_before_ha"],
            report["kind"],
            "; ".join(report["units"]),
        ]
        output.add(values, fitting.stored_wkb(after, sites))
        return output.identifier
