"""``aze:verifypackage``: whether a package is whole, harmless and true."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFileDestination,
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
        self.addParameter(
            inputs.any_path("COMPARE", translate("AzeProcessing", "Earlier version of the package"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "REVIEW",
                translate("AzeProcessing", "Review"),
                translate("AzeProcessing", "HTML files (*.html);;JSON files (*.json)"),
                optional=True,
                createByDefault=False,
            )
        )
        self.addOutput(QgsProcessingOutputBoolean("VALID", translate("AzeProcessing", "Valid")))
        self.addOutput(QgsProcessingOutputNumber("PROBLEMS", translate("AzeProcessing", "Problems")))

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from pathlib import Path

        from ..packaging.verification import opened
        from ..services import files

        package = self.parameterAsFile(parameters, "PACKAGE", context)
        library = self.parameterAsString(parameters, "LIBRARY", context) or None
        review_file = self.parameterAsFileOutput(parameters, "REVIEW", context)
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        with opened(package, library, progress.part(0, 0.6 if review_file else 1)) as examined:
            found, document = examined.found, examined.found.as_json()
            for problem in document["problems"]:
                feedback.pushWarning(
                    f"{problem['path']}: {problem['message']}" if problem["path"] else problem["message"]
                )
            for note in document["notes"]:
                feedback.pushInfo(note["message"])
            progress.say("package.valid" if found.valid else "package.invalid", count=len(found.problems))
            files.write_json(output, document)
            results = {"OUTPUT": output, "VALID": found.valid, "PROBLEMS": len(found.problems)}
            if review_file:
                earlier = self.parameterAsFile(parameters, "COMPARE", context) or None
                self._review(examined, Path(package), earlier, review_file, progress.part(0.6, 1))
                results["REVIEW"] = review_file
        return results

    def _review(self, examined, package, earlier: str | None, target: str, progress: Progress) -> None:
        """The reviewer's document of what was verified, as a page or, where the file's name ends so, as JSON to be
        commented on."""
        from ..packaging import comparing, review, review_page
        from ..services import files

        document = review.of(examined, package, progress)
        if target.lower().endswith(".json"):
            review.save(target, document)
            return
        comparison = comparing.compare_opened(earlier, examined, package, progress) if earlier else None
        with files.replacing(target) as beside:
            beside.write_text(review_page.as_html(document, comparison), encoding="utf-8")
