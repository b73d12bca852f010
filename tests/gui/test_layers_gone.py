"""Layers that are removed, with their whole project, while algorithms of the panel work on them: the answer is that of
the moment in which they began."""

import json
import threading

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, boundary_of, settle, wait_for
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingFeedback, QgsProject, QgsVectorLayer
from qgis.PyQt import sip

from aze_plugin.gui import algorithms as running
from aze_plugin.gui import layers, tasks
from aze_plugin.gui.algorithms import Runner


@pytest.fixture
def project(qgis_app):
    made = QgsProject()
    for name in ("sites", "protected_areas"):
        made.addMapLayer(QgsVectorLayer(str(SAMPLE / f"{name}.gpkg"), name, "ogr"))
    countries = QgsVectorLayer("Polygon?crs=EPSG:4326&field=ISO3:string", "countries", "memory")
    country = QgsFeature(countries.fields())
    country.setAttributes(["AZE"])
    country.setGeometry(QgsGeometry.fromRect(made.mapLayersByName("sites")[0].extent()))
    countries.dataProvider().addFeatures([country])
    made.addMapLayer(countries)
    yield made
    made.clear()


@pytest.fixture
def runner(provider, project):
    made = Runner(project)
    yield made
    made.cancel_all()
    tasks.end_all()
    settle()


def given(name, project, library, folder):
    """Parameters of an algorithm, with layers of the project and one in memory, and where its answer is."""
    sites, protected, countries = (
        project.mapLayersByName(known)[0] for known in ("sites", "protected_areas", "countries")
    )
    boundary = layers.snapshot([("Cloudtop Ridge", boundary_of("Cloudtop Ridge"))])
    cover = {"SITES": sites, "PROTECTED": [protected], "COUNTRIES": countries}
    parameters = {
        "checkboundary": {"BOUNDARY": boundary, "LIBRARY": library, "SITES": sites, "PROTECTED": [protected]},
        "fitboundary": {"BOUNDARY": boundary, "SITES": sites, "PROTECTED": [protected], "OUTPUT": "memory:"},
        "suggestboundary": {
            "LIBRARY": library,
            "TAXON": "Azea alba",
            "SITES": sites,
            "UNITS": [protected],
            "OUTPUT": "memory:",
        },
        "protectioncoverage": {**cover, "OUTPUT": "memory:"},
        "screenproject": {"PROJECT": boundary, "SITES": sites, "OUTPUT": "memory:"},
        "sitecontext": {"SITES": sites, "POLYGONS": [protected], "OUTPUT": "memory:"},
    }[name]
    document = {
        "checkboundary": "OUTPUT",
        "fitboundary": "REPORT",
        "suggestboundary": "REPORT",
    }.get(name, "SUMMARY")
    path = folder / "answer.json"
    path.unlink(missing_ok=True)
    return {**parameters, document: str(path)}, path


@pytest.mark.parametrize(
    "name",
    ["checkboundary", "fitboundary", "suggestboundary", "protectioncoverage", "screenproject", "sitecontext"],
)
def test_an_algorithm_does_not_miss_layers_that_are_removed_meanwhile(
    name,
    runner,
    project,
    library,
    tmp_path,
    monkeypatch,
):
    def run(meanwhile=lambda: None):
        parameters, path = given(name, project, library, tmp_path)
        done, failed = [], []
        runner.start("work", f"aze:{name}", parameters, "Working", lambda *a: done.append(a), failed.append)
        del parameters
        meanwhile()
        wait_for(lambda: done or failed)
        assert not failed
        document = json.loads(path.read_text(encoding="utf-8"))
        return {key: value for key, value in document.items() if key not in ("created", "time", "date")}

    undisturbed = run()
    begun, go_on = threading.Event(), threading.Event()

    def stand(feedback, percent):
        QgsProcessingFeedback.setProgress(feedback, percent)
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            go_on.wait(60)

    def remove():
        wait_for(begun.is_set)
        removed = list(project.mapLayers().values())
        project.clear()
        assert removed and all(sip.isdeleted(layer) for layer in removed)
        go_on.set()

    monkeypatch.setattr(running.Feedback, "setProgress", stand, raising=False)
    assert run(remove) == undisturbed
