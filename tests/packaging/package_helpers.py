"""Running the packaging algorithms on the sample, and tampering with what they made."""

import json
from pathlib import Path

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
SITE = "Cloudtop Ridge"
FOLDER = "Cloudtop_Ridge"


class Recorder(QgsProcessingFeedback):
    """Feedback that keeps what was reported."""

    def __init__(self):
        super().__init__(False)
        self.messages = []

    def pushInfo(self, info):
        self.messages.append(info)


def execute(algorithm, **parameters):
    """Run an algorithm of the package; raises what it raises."""
    made = algorithm()
    made.initAlgorithm()
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    fits, problem = made.checkParameterValues(parameters, context)
    if not fits:
        raise ValueError(problem)
    results, _ = made.run(parameters, context, Recorder(), catchExceptions=False)
    return results


def candidate_layer(name=SITE):
    """One feature of the sample's candidates, as a source that Processing opens itself."""
    return f"{SAMPLE / 'candidates.gpkg'}|layername=candidates|subset=\"name\"='{name}'"


def rebag(folder):
    """Write manifests anew after a change, as somebody who means harm would."""
    from aze_plugin.packaging import bag

    info = [(k, v) for k, v in bag.read_info(folder / "bag-info.txt").items() if k != "Payload-Oxum"]
    bag.write_bag(folder, info)


def codes(package, library_path=None):
    """Codes of the problems that verification finds, by path."""
    from aze_plugin.packaging.verification import verify

    return {(p.code, p.path) for p in verify(package, library_path).problems}


def packaged(library, folder, evidence, name="package.zip"):
    """A final package of the sample's main candidate in a folder, with one file of evidence; its path."""
    from aze_plugin.packaging.details import schema
    from aze_plugin.processing.packagenomination import PackageNomination

    (folder / "details.json").write_text(json.dumps(schema()["examples"][0]), encoding="utf-8")
    results = execute(
        PackageNomination,
        BOUNDARY=candidate_layer(),
        LIBRARY=library,
        DETAILS=str(folder / "details.json"),
        SITES=str(SAMPLE / "sites.gpkg"),
        PROTECTED=[str(SAMPLE / "protected_areas.gpkg")],
        EVIDENCE=[str(evidence)],
        OUTPUT=str(folder / name),
    )
    assert results["PROBLEMS"] == 0
    return Path(results["OUTPUT"])
