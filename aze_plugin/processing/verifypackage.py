"""``aze:verifypackage``: whether a package is whole, harmless and true."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.progress import Progress
from . import inputs
from .base import AzeAlgorithm


class VerifyPackage(AzeAlgorithm):
    """An invalid package is a result, not an error: the problems are in OUTPUT."""

    NAME = "verifypackage"
    GROUP = "nomination"

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Verify a nomination package")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.any_path("PACKAGE", translate("AzeProcessing", "Package (zip or folder)")))
        self.addParameter(
            QgsProcessingParameterString(
                "LIBRARY", translate("AzeProcessing", "Species library to recompute the shares with"), optional=True
            )
        )
        self.addParameter(inputs.json_file("OUTPUT", translate("AzeProcessing", "Result")))
        self.addOutput(QgsProcessingOutputBoolean("VALID", translate("AzeProcessing", "Valid")))
        self.addOutput(QgsProcessingOutputNumber("PROBLEMS", translate("AzeProcessing", "Problems")))

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..packaging.verification import verify
        from ..services import files

        found = verify(
            self.parameterAsFile(parameters, "PACKAGE", context),
            self.parameterAsString(parameters, "LIBRARY", context) or None,
            progress,
        )
        document = found.as_json()
        for problem in document["problems"]:
            feedback.pushWarning(f"{problem['path']}: {problem['message']}" if problem["path"] else problem["message"])
        progress.say("package.valid" if found.valid else "package.invalid", count=len(found.problems))
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        files.write_json(output, document)
        return {"OUTPUT": output, "VALID": found.valid, "PROBLEMS": len(found.problems)}
