"""``aze:protectioncoverage``: protected-area cover of sites."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from ..domain.progress import Progress
from ..services.remote import features
from . import covering, inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of

_FIGURES = (
    ("pa_pct", QMetaType.Type.Double),
    ("oecm_pct", QMetaType.Type.Double),
    ("both_pct", QMetaType.Type.Double),
    ("cover_class", QMetaType.Type.QString),
    ("area_ha", QMetaType.Type.Double),
    ("unprotected_ha", QMetaType.Type.Double),
)

_GAP_COLUMNS = (
    ("site_id", QMetaType.Type.QString),
    ("name", QMetaType.Type.QString),
    ("iso3", QMetaType.Type.QString),
    ("both_pct", QMetaType.Type.Double),
    ("unprotected_ha", QMetaType.Type.Double),
)


class ProtectionCoverage(AzeAlgorithm):
    """How much of each site lies in protected areas and OECMs; sites, gaps and an ``aze-coverage/1`` file."""

    NAME = "protectioncoverage"
    GROUP = "protection"

    def __init__(self):
        super().__init__()
        self._protected = []
        self._units = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Protected-area cover of sites")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("SITES", translate("AzeProcessing", "AZE sites, KBAs or candidates")))
        for name, label in (
            ("SITE_ID_FIELD", translate("AzeProcessing", "Field with the site's id (empty: found by itself)")),
            ("COUNTRY_FIELD", translate("AzeProcessing", "Field with the country's code (empty: found by itself)")),
        ):
            self.addParameter(QgsProcessingParameterField(name, label, parentLayerParameterName="SITES", optional=True))
        self.addParameter(inputs.protected_areas())
        for parameter in covering.counting():
            self.addParameter(parameter)
        for name, label, default in (
            ("MATCH_COUNTRY", translate("AzeProcessing", "Count only areas of the site's own country"), False),
            ("YEARS", translate("AzeProcessing", "Cumulative cover by year of designation"), False),
            ("COMPLETING", translate("AzeProcessing", "What would complete the protection (for a few sites)"), False),
        ):
            self.addParameter(QgsProcessingParameterBoolean(name, label, default))
        for parameter in covering.drawing():
            self.addParameter(parameter)
        self.addParameter(
            inputs.polygons(
                "COUNTRIES", translate("AzeProcessing", "Countries, to split sites that lie in several"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "UNITS",
                translate("AzeProcessing", "Management units that could complete the protection"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterFeatureSink("OUTPUT", translate("AzeProcessing", "Sites with their cover"))
        )
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                "GAPS", translate("AzeProcessing", "Unprotected parts"), optional=True, createByDefault=False
            )
        )
        self.addParameter(inputs.json_file("SUMMARY", translate("AzeProcessing", "Summary"), optional=True))

    def look_over(self, parameters, context) -> None:
        taking.protected_layers(self, parameters, context)

    def take(self, parameters, context, feedback) -> None:
        """Take snapshots of the protected-area layers while still in their own thread."""
        from ..services.bulk import Snapshot

        self._protected = covering.snapshots(self, parameters, context)
        self._units = [Snapshot(layer) for layer in taking.unit_layers(self, parameters, context)[0]]

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import completing, files, protection

        rules = covering.rules(
            self,
            parameters,
            context,
            years=self.parameterAsBoolean(parameters, "YEARS", context),
            match_country=self.parameterAsBoolean(parameters, "MATCH_COUNTRY", context),
        )
        source = self.sources["SITES"]
        sites = protection.read_sites(
            source,
            context.transformContext(),
            progress.part(0, 0.05),
            self.parameterAsString(parameters, "SITE_ID_FIELD", context),
            self.parameterAsString(parameters, "COUNTRY_FIELD", context),
        )
        countries = None
        if parameters.get("COUNTRIES"):
            layer = self.sources["COUNTRIES"]
            countries = protection.read_countries(layer, context.transformContext(), progress.part(0.05, 0.1), sites)
        advised = self.parameterAsBoolean(parameters, "COMPLETING", context)
        result = protection.measure_cover(
            sites,
            self._protected,
            rules,
            context.transformContext(),
            progress.part(0.1, 0.6 if advised else 0.95),
            countries,
            gaps=bool(parameters.get("GAPS")) or advised,
        )
        for note in result.notes:
            progress.say(note.code, **note.params)
        outputs = {"OUTPUT": self._write_sites(parameters, context, source, result)}
        gaps = self._write_gaps(parameters, context, source, result, progress.part(0.95, 1))
        if gaps:
            outputs["GAPS"] = gaps
        summary = self.parameterAsFileOutput(parameters, "SUMMARY", context)
        if summary:
            document = result.as_json()
            if advised:
                progress_left = progress.part(0.6, 0.95)
                found = completing.advise(
                    result, self._protected, self._units, context.transformContext(), progress_left
                )
                for site, lacking in zip(document["sites"], found):
                    site["completing"] = lacking
            files.write_json(summary, document)
            outputs["SUMMARY"] = summary
        return outputs

    def _write_sites(self, parameters, context, source, result) -> str:
        """The sites as they came, with the figures; a column of the same name from an earlier run is replaced."""
        left_out = {name for name, _ in _FIGURES}
        target = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        if ".gpkg" in target.lower() and not _numbers_rows(source, "fid"):
            # GeoPackages take this column for the number of a feature, and refuse one that cannot be.
            left_out.add("fid")
        kept = [i for i, f in enumerate(source.fields()) if f.name().lower() not in left_out]
        columns = QgsFields()
        for i in kept:
            columns.append(source.fields().at(i))
        for name, kind in _FIGURES:
            columns.append(QgsField(name, kind))
        output = Output(self, parameters, "OUTPUT", context, columns, source.wkbType(), source.sourceCrs())
        covers = {cover.site.fid: cover for cover in result.covers}
        for feature in features(source, QgsFeatureRequest()):
            cover = covers[feature.id()]
            attributes = feature.attributes()
            figures = [
                cover.pa_pct,
                cover.oecm_pct,
                cover.both_pct,
                cover.cover_class,
                cover.area_ha,
                cover.unprotected_ha,
            ]
            output.add([attributes[i] for i in kept] + figures, feature.geometry())
        return output.identifier

    def _write_gaps(self, parameters, context, source, result, progress: Progress) -> str | None:
        from ..domain import geometry

        crs = source.sourceCrs()
        output = Output(self, parameters, "GAPS", context, fields_of(_GAP_COLUMNS), QgsWkbTypes.Type.MultiPolygon, crs)
        if output.identifier is None:
            return None
        equal_area = QgsCoordinateReferenceSystem(geometry.EQUAL_AREA_CRS)
        to_sites = QgsCoordinateTransform(equal_area, crs, context.transformContext())
        for cover, shape in result.gaps:
            progress.check()
            part = QgsGeometry()
            part.fromWkb(geometry.to_wkb(shape))
            part.convertToMultiType()
            part.transform(to_sites)
            site = cover.site
            output.add([site.site_id, site.name, site.iso3, cover.both_pct, cover.unprotected_ha], part)
        return output.identifier


def _numbers_rows(source, name: str) -> bool:
    """Whether a field has whole numbers of which none comes twice; also where there is no such field."""
    from ..services.layers import plain

    at = source.fields().lookupField(name)
    if at < 0:
        return True
    request = QgsFeatureRequest().setSubsetOfAttributes([at]).setFlags(QgsFeatureRequest.Flag.NoGeometry)
    told = [plain(feature.attributes()[at]) for feature in features(source, request)]
    told = [value for value in told if value is not None]
    return all(isinstance(value, int) for value in told) and len(set(told)) == len(told)
