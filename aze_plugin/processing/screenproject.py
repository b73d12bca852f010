"""``aze:screenproject``: a project's footprint against AZE sites."""

from __future__ import annotations

from qgis.core import (
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from ..domain.progress import Progress
from . import inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of

_COLUMNS = (
    ("site", QMetaType.Type.QString),
    ("site_id", QMetaType.Type.QString),
    ("iso3", QMetaType.Type.QString),
    ("feature", QMetaType.Type.Int),
    ("feature_name", QMetaType.Type.QString),
    ("relation", QMetaType.Type.QString),
    ("band_km", QMetaType.Type.Double),
    ("distance_m", QMetaType.Type.Double),
    ("overlap_ha", QMetaType.Type.Double),
    ("overlap_km", QMetaType.Type.Double),
    ("points_inside", QMetaType.Type.Int),
    ("feature_pct", QMetaType.Type.Double),
    ("site_pct", QMetaType.Type.Double),
    ("uncertain_m", QMetaType.Type.Double),
    ("trigger_species", QMetaType.Type.QString),
    ("trigger_count", QMetaType.Type.Int),
    ("triggers_from", QMetaType.Type.QString),
)


class ScreenProject(AzeAlgorithm):
    """Which AZE sites a project lies in, over or near; a table, a one-page report and an ``aze-screening/1`` file."""

    NAME = "screenproject"
    GROUP = "protection"

    def __init__(self):
        super().__init__()
        self._snapshots = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Screen a project against AZE sites")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        anything = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                "PROJECT", translate("AzeProcessing", "Footprint of the project (points, lines, polygons)"), anything
            )
        )
        self.addParameter(
            QgsProcessingParameterField(
                "NAME_FIELD",
                translate("AzeProcessing", "Field with the names of its features (empty: found by itself)"),
                parentLayerParameterName="PROJECT",
                optional=True,
            )
        )
        self.addParameter(inputs.polygons("SITES", translate("AzeProcessing", "AZE sites")))
        self.addParameter(
            QgsProcessingParameterBoolean(
                "ONLY_AZE",
                translate("AzeProcessing", "Leave out sites that the layer does not call AZE sites"),
                True,
            )
        )
        self.addParameter(inputs.trigger_table())
        self.addParameter(inputs.optional_library())
        self.addParameter(
            QgsProcessingParameterString("TITLE", translate("AzeProcessing", "Title of the report"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", translate("AzeProcessing", "Sites in, under or near the project")
            )
        )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "REPORT",
                translate("AzeProcessing", "Report"),
                translate("AzeProcessing", "HTML files (*.html)"),
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "PDF",
                translate("AzeProcessing", "Report as PDF"),
                translate("AzeProcessing", "PDF files (*.pdf)"),
                optional=True,
                createByDefault=False,
            )
        )
        self.addParameter(
            inputs.json_file("SUMMARY", translate("AzeProcessing", "Summary"), optional=True, by_default=False)
        )
        self.addOutput(
            QgsProcessingOutputNumber("TOUCHED", translate("AzeProcessing", "Sites that the project lies on"))
        )
        self.addOutput(QgsProcessingOutputNumber("NEAR", translate("AzeProcessing", "Further sites near the project")))
        self.addOutput(QgsProcessingOutputString("NEAREST", translate("AzeProcessing", "The nearest site")))
        self.addOutput(QgsProcessingOutputNumber("NEAREST_M", translate("AzeProcessing", "Metres to the nearest site")))

    def take(self, parameters, context, feedback) -> None:
        """Take what has to be taken from layers while still in their own thread."""
        self._snapshots = taking.whole_file(self, parameters, "PROJECT", context)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import files, screening, triggers

        transform = context.transformContext()
        projects = self._snapshots or [self.sources["PROJECT"]]
        name_field = self.parameterAsString(parameters, "NAME_FIELD", context)
        footprint = screening.read_footprints(projects, transform, progress.part(0, 0.05), name_field)
        source = self.sources["SITES"]
        only_aze = self.parameterAsBoolean(parameters, "ONLY_AZE", context)
        sites = screening.read_sites(source, transform, progress.part(0.05, 0.3), only_aze)
        result = screening.screen(footprint, sites, progress=progress.part(0.3, 0.6))
        table = self.sources.get("TRIGGERS")
        known = triggers.known(source, table, progress.part(0.6, 0.65))
        library = self.parameterAsString(parameters, "LIBRARY", context)
        result = screening.with_triggers(result, known, library, progress=progress.part(0.65, 0.8))
        said = result.headline()
        progress.say(said.code, **said.params)
        for note in result.findings():
            progress.say(note.code, **note.params)
        counts, closest = result.counts(), result.closest
        outputs = {
            "OUTPUT": self._write(parameters, context, source, result, progress.part(0.8, 0.9)),
            "TOUCHED": counts["inside"] + counts["overlaps"],
            "NEAR": counts["within"],
        }
        if closest is not None:
            outputs |= {"NEAREST": sites.rows[closest.site].name, "NEAREST_M": closest.distance_m}
        summary = self.parameterAsFileOutput(parameters, "SUMMARY", context)
        if summary:
            files.write_json(summary, result.as_json())
            outputs["SUMMARY"] = summary
        outputs |= self._report(parameters, context, result, progress.part(0.9, 1))
        return outputs

    def _report(self, parameters, context, result, progress: Progress) -> dict:
        report = self.parameterAsFileOutput(parameters, "REPORT", context)
        pdf = self.parameterAsFileOutput(parameters, "PDF", context)
        if not report and not pdf:
            return {}
        from ..services import screening_report

        content = screening_report.content_of(result, self.parameterAsString(parameters, "TITLE", context).strip())
        outputs = {}
        if report:
            screening_report.write_html(content, report, progress)
            outputs["REPORT"] = report
        if pdf:
            screening_report.write_pdf(content, pdf, progress=progress)
            outputs["PDF"] = pdf
        return outputs

    def _write(self, parameters, context, source, result, progress: Progress) -> str:
        """A row for each site and feature, with the site's own geometry."""
        kind = QgsWkbTypes.multiType(source.wkbType())
        output = Output(self, parameters, "OUTPUT", context, fields_of(_COLUMNS), kind, source.sourceCrs())
        shapes: dict[int, QgsGeometry] = {}
        wanted = QgsFeatureRequest().setFilterFids(sorted({result.sites.rows[hit.site].fid for hit in result.hits}))
        for feature in source.getFeatures(wanted.setNoAttributes()):
            shape = feature.geometry()
            shape.convertToMultiType()
            shapes[feature.id()] = shape
        for hit in result.hits:
            progress.check()
            site, part = result.sites.rows[hit.site], result.footprint.parts[hit.part]
            species = result.species(site)
            output.add(
                [
                    site.name,
                    site.site_id,
                    site.iso3,
                    part.number,
                    part.name,
                    hit.relation,
                    hit.band_km,
                    hit.distance_m,
                    hit.overlap_ha,
                    hit.overlap_km,
                    hit.points_inside,
                    _percent(hit.part_share),
                    _percent(hit.site_share),
                    result.uncertain_m(site),
                    None if species is None else "; ".join(_shown(t) for t in species),
                    None if species is None else len(species),
                    result.triggers.basis(site.site_id) or None,
                ],
                QgsGeometry(shapes[site.fid]),
            )
        return output.identifier


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _shown(trigger) -> str:
    return f"{trigger.scientific_name} ({trigger.category})" if trigger.category else trigger.scientific_name
