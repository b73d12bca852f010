"""``aze:importspecies``: range maps and Red List exports into a species library."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.progress import Progress
from . import inputs
from .base import AzeAlgorithm


class ImportSpecies(AzeAlgorithm):
    """Builds a library or extends one; what the same files brought before is replaced."""

    NAME = "importspecies"
    GROUP = "data"

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Import species data")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.library())
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "RANGES",
                translate("AzeProcessing", "Range maps: files, folders or zips"),
                QgsProcessing.SourceType.TypeFile,
                optional=True,
            )
        )
        self.addParameter(
            inputs.any_path(
                "ASSESSMENTS", translate("AzeProcessing", "Red List export: zip, folder or CSV"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "AUTHORITY",
                translate("AzeProcessing", "National list that the assessments are of (empty: the global Red List)"),
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "OCCURRENCES",
                translate("AzeProcessing", "Records: Darwin Core archives, CSV files or point layers"),
                QgsProcessing.SourceType.TypeFile,
                optional=True,
            )
        )
        self.addParameter(
            inputs.any_path("HABITATS", translate("AzeProcessing", "Folder of area-of-habitat rasters"), optional=True)
        )
        self.addParameter(
            inputs.any_path("POPULATIONS", translate("AzeProcessing", "Estimates of populations (CSV)"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterString("VERSION", translate("AzeProcessing", "Release of the data"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterString("CITATION", translate("AzeProcessing", "Citation of the data"), optional=True)
        )
        self.addParameter(
            inputs.json_file(
                "REPORT", translate("AzeProcessing", "Report of every row"), optional=True, by_default=False
            )
        )
        self.addOutput(QgsProcessingOutputNumber("TAXA", translate("AzeProcessing", "Taxa in the library")))
        self.addOutput(QgsProcessingOutputNumber("ROWS_IMPORTED", translate("AzeProcessing", "Rows imported")))
        self.addOutput(QgsProcessingOutputNumber("ROWS_REJECTED", translate("AzeProcessing", "Rows rejected")))

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..library.importer import Request, import_species
        from ..services.files import write_json
        from ..services.importing import report_json
        from ..services.wording import text

        request = Request(
            library=self.parameterAsString(parameters, "LIBRARY", context),
            ranges=tuple(_single(self.parameterAsFileList(parameters, "RANGES", context))),
            assessments=self.parameterAsFile(parameters, "ASSESSMENTS", context),
            occurrences=tuple(_single(self.parameterAsFileList(parameters, "OCCURRENCES", context))),
            habitats=self.parameterAsFile(parameters, "HABITATS", context),
            authority=self.parameterAsString(parameters, "AUTHORITY", context),
            populations=self.parameterAsFile(parameters, "POPULATIONS", context),
            version=self.parameterAsString(parameters, "VERSION", context),
            citation=self.parameterAsString(parameters, "CITATION", context),
        )
        report = import_species(request, progress)
        for source in report.sources:
            counts = {
                "name": source.name,
                "imported": source.rows_imported,
                "read": source.rows_read,
                "rejected": source.rows_rejected,
                "repaired": source.rows_repaired,
            }
            feedback.pushInfo(text("import.done", counts))
        results = {
            "TAXA": report.taxa,
            "ROWS_IMPORTED": report.rows_imported,
            "ROWS_REJECTED": report.rows_rejected,
        }
        path = self.parameterAsFileOutput(parameters, "REPORT", context)
        if path:
            write_json(path, report_json(report))
            results["REPORT"] = path
        return results


def _single(paths: list[str]) -> list[str]:
    """Paths one by one: a script may give several in one value, with semicolons between them."""
    single = []
    for path in paths:
        single.extend([path] if os.path.exists(path) else [part.strip() for part in path.split(";")])
    return [path for path in single if path]
