"""``aze:packagenomination``: one boundary and its details as a package that a reviewer can check."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import inputs, taking
from .base import AzeAlgorithm


class PackageNomination(AzeAlgorithm):
    """Checks, measures, fills in and writes; runs in any thread: what needs a layout is asked of the main one."""

    NAME = "packagenomination"
    GROUP = "nomination"

    def __init__(self):
        super().__init__()
        self._protected = None
        self._origins = []
        self._survey = None
        self._layers = None
        self._further = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Package a nomination")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("BOUNDARY", translate("AzeProcessing", "Boundary (one feature)")))
        self.addParameter(inputs.library())
        self.addParameter(inputs.any_path("DETAILS", translate("AzeProcessing", "Details of the nomination (JSON)")))
        self.addParameter(inputs.existing_sites())
        self.addParameter(inputs.more_sites())
        self.addParameter(inputs.protected_areas(optional=True))
        self.addParameter(inputs.landcover())
        self.addParameter(inputs.edges())
        self.addParameter(inputs.populations())
        self.addParameter(inputs.authority())
        for parameter in inputs.project_data():
            self.addParameter(parameter)
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "EVIDENCE",
                translate("AzeProcessing", "Evidence files"),
                QgsProcessing.SourceType.TypeFile,
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                "ALLOW_INCOMPLETE",
                translate("AzeProcessing", "Package an incomplete nomination as a draft"),
                defaultValue=False,
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "SENSITIVE", translate("AzeProcessing", "Sensitive species (names, or “all”)"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "GRID", translate("AzeProcessing", "Grid to show their places by, such as 0.1° or 10 km"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "OUTPUT",
                translate("AzeProcessing", "Package"),
                translate("AzeProcessing", "Zip files (*.zip)"),
                optional=True,
            )
        )
        self.addParameter(
            inputs.json_file(
                "PREVIEW", translate("AzeProcessing", "Preview of what would go in"), optional=True, by_default=False
            )
        )
        self.addOutput(QgsProcessingOutputString("SHA256", translate("AzeProcessing", "Digest of the package")))
        self.addOutput(QgsProcessingOutputNumber("PROBLEMS", translate("AzeProcessing", "Open points")))

    def take(self, parameters, context, feedback) -> None:
        """Take what has to be taken from layers while still in their own thread."""
        from ..packaging.sources import origin_of
        from ..services.bulk import Snapshot

        self._survey = taking.survey(self, parameters, context)
        raster = taking.landcover_layer(self, parameters, context)
        edges = taking.edge_layers(self, parameters, context)
        self._layers, used = taking.project_layers(self, parameters, context)
        self._further = taking.further_sites(self, parameters, context)
        if parameters.get("PROTECTED"):
            layers = taking.protected_layers(self, parameters, context)
            self._protected = [Snapshot(layer) for layer in layers]
            self._origins = [origin_of(layer, "protected areas") for layer in layers]
        self._origins += [origin_of(layer, "mapped edges") for layer in edges]
        self._origins += [origin_of(raster, "land cover")] if raster is not None else []
        self._origins += [origin_of(layer, role) for layer, role in used]

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..domain.nomination import is_blocked
        from ..packaging.details import read_details
        from ..packaging.package import Inputs, make_package
        from ..packaging.preview import preview
        from ..services import candidates, checking, files
        from ..services.wording import text

        output, preview_file = (self.parameterAsFileOutput(parameters, n, context) for n in ("OUTPUT", "PREVIEW"))
        if not output and not preview_file:
            raise AzeError("nomination.no_output")

        transform = context.transformContext()
        details = read_details(self.parameterAsFile(parameters, "DETAILS", context))
        source = self.sources["BOUNDARY"]
        proposed = candidates.read_candidates(source, "", transform, progress.part(0, 0.05))
        if len(proposed) != 1:
            raise AzeError("nomination.one_boundary", source=source.sourceName(), count=len(proposed))
        sites, existing = None, taking.site_source(self.sources.get("SITES"), self._further)
        if existing is not None:
            sites = candidates.read_sites(existing, transform, progress.part(0.05, 0.1), proposed)
        evidence = self.parameterAsFileList(parameters, "EVIDENCE", context) if parameters.get("EVIDENCE") else []
        given = Inputs(
            candidate=candidates.with_update(proposed[0], details),
            details=details,
            library_path=self.parameterAsString(parameters, "LIBRARY", context),
            sites=sites,
            protected=self._protected,
            origins=self._origins,
            evidence=[Path(file) for file in evidence],
            estimates=inputs.estimates(self, parameters, context, progress),
            survey=self._survey,
            settings=checking.default_settings().with_choices(
                authority=self.parameterAsString(parameters, "AUTHORITY", context)
            ),
            sensitive=self.parameterAsString(parameters, "SENSITIVE", context),
            grid=self.parameterAsString(parameters, "GRID", context),
            project=self._layers.read(proposed[0], transform, progress),
        )
        results = {}
        if preview_file:
            shown = preview(given, transform, progress.part(0.1, 0.5 if output else 1))
            files.write_json(preview_file, shown)
            results["PREVIEW"] = preview_file
        if not output:
            count = sum(problem["blocking"] for problem in shown["problems"])
            progress.say("nomination.previewed", count=len(shown["files"]), fields=len(shown["fields"]))
            return {**results, "PROBLEMS": count}
        allow_incomplete = self.parameterAsBoolean(parameters, "ALLOW_INCOMPLETE", context)
        result = make_package(
            given, Path(output), allow_incomplete, transform, progress.part(0.5 if preview_file else 0.1, 1)
        )
        for finding in result.problems:
            feedback.pushInfo(text(finding.code, finding.params))
        count = sum(is_blocked([finding]) for finding in result.problems)
        progress.say(f"nomination.packaged_{result.status}", count=count)
        return {**results, "OUTPUT": output, "SHA256": result.sha256, "PROBLEMS": count}
