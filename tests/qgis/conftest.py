"""A way to run the algorithms of the provider ``aze`` without a window."""

import pytest
from qgis.core import QgsProcessingContext, QgsProject
from runs import SAMPLE, Recorder


@pytest.fixture
def run(provider):
    """``run("checkboundary", PARAM=…)`` returns the outputs; raises what the algorithm raises."""

    def runner(name, **parameters):
        algorithm = provider.algorithm(name).create()
        context, feedback = QgsProcessingContext(), Recorder()
        context.setProject(QgsProject.instance())
        fits, problem = algorithm.checkParameterValues(parameters, context)
        if not fits:
            raise ValueError(problem)
        results, ok = algorithm.run(parameters, context, feedback, catchExceptions=False)
        results["_feedback"], results["_context"] = feedback, context
        return results

    return runner


@pytest.fixture(scope="session")
def sample_library(provider, tmp_path_factory):
    """Range maps and assessments of the bundled sample, imported once."""
    return _imported(provider, tmp_path_factory.mktemp("library") / "sample.gpkg")


@pytest.fixture(scope="session")
def evidence_library(provider, tmp_path_factory):
    """All of the bundled sample: range maps, assessments, records, estimates and area of habitat."""
    return _imported(
        provider,
        tmp_path_factory.mktemp("library") / "evidence.gpkg",
        OCCURRENCES=[str(SAMPLE / "occurrences.csv")],
        POPULATIONS=str(SAMPLE / "populations.csv"),
        HABITATS=str(SAMPLE / "habitat"),
    )


def _imported(provider, path, **more):
    algorithm = provider.algorithm("importspecies").create()
    parameters = {
        **more,
        "LIBRARY": str(path),
        "RANGES": [str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg")],
        "ASSESSMENTS": str(SAMPLE / "redlist.zip"),
        "VERSION": "sample-1",
        "CITATION": "AZE Toolkit sample, invented",
        "REPORT": str(path.with_suffix(".json")),
    }
    algorithm.run(parameters, QgsProcessingContext(), Recorder(), catchExceptions=False)
    return str(path)
