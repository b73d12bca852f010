"""What is taken of a layer that Processing gives: the features that QGIS's own source of it has, whatever happens to
the layer afterwards."""

import pytest
from qgis.core import (
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from runs import Recorder

from aze_plugin.processing import taking


@pytest.fixture
def project(qgis_app):
    """A project with a layer of twelve squares in a row, of which two are edits not saved yet."""
    made = QgsProject()
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string&field=number:integer", "squares", "memory")
    layer.dataProvider().addFeatures([square(layer, n) for n in range(10)])
    layer.startEditing()
    layer.addFeatures([square(layer, n) for n in (10, 11)])
    made.addMapLayer(layer)
    yield made
    made.clear()


def square(layer, number):
    feature = QgsFeature(layer.fields())
    feature.setAttributes([f"square {number}", number])
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(number, 0, number + 0.9, 1)))
    return feature


def numbers(source, request=None):
    return sorted(feature["number"] for feature in source.getFeatures(request or QgsFeatureRequest()))


def chosen(given, selected=False, limit=-1, expression=""):
    return QgsProcessingFeatureSourceDefinition(
        given,
        selectedFeaturesOnly=selected,
        featureLimit=limit,
        filterExpression=expression,
        geometryCheck=QgsFeatureRequest.InvalidGeometryCheck.GeometryAbortOnInvalid,
    )


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"selected": True},
        {"expression": '"number" % 2 = 0'},
        {"limit": 3},
        {"selected": True, "expression": '"number" > 3'},
        {"expression": '"number" > 3', "limit": 2},
    ],
    ids=str,
)
def test_it_gives_what_qgis_gives_and_goes_on_when_the_layer_is_gone(provider, project, how):
    (layer,) = project.mapLayers().values()
    layer.selectByExpression('"number" in (2, 3, 4, 11)')
    algorithm, context = provider.algorithm("protectioncoverage").create(), QgsProcessingContext()
    context.setProject(project)
    parameters = {"SITES": chosen(layer.id(), **how) if how else layer, "PROTECTED": [layer]}
    theirs = algorithm.parameterAsSource(parameters, "SITES", context)
    window = QgsFeatureRequest(QgsRectangle(2.1, 0.1, 4.5, 0.9))
    expected = numbers(theirs), numbers(theirs, window), theirs.sourceName(), theirs.sourceCrs(), theirs.wkbType()
    fields, count = theirs.fields().names(), theirs.featureCount()
    del theirs
    ours = taking.feature_sources(algorithm, parameters, context, Recorder())["SITES"]
    project.clear()
    assert sip.isdeleted(layer)
    assert (numbers(ours), numbers(ours, window), ours.sourceName(), ours.sourceCrs(), ours.wkbType()) == expected
    assert ours.fields().names() == fields and ours.featureCount() == count
    assert len(expected[0]) > 1


def test_of_a_file_of_several_layers_it_is_said_which_is_read(run, project, tmp_path):
    (layer,) = project.mapLayers().values()
    path, options = str(tmp_path / "all.gpkg"), QgsVectorFileWriter.SaveVectorOptions()
    for name in ("west", "middle", "east"):
        options.layerName = name
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, QgsCoordinateTransformContext(), options)
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    said = run("protectioncoverage", SITES=path, PROTECTED=[layer], OUTPUT="memory:")["_feedback"].warnings
    assert len(said) == 1 and "“all.gpkg”" in said[0] and "“west” is read" in said[0] and "(middle, east)" in said[0]
    named = run("protectioncoverage", SITES=f"{path}|layername=east", PROTECTED=[layer], OUTPUT="memory:")
    assert named["_feedback"].warnings == []


def test_what_reaches_another_thread_holds_no_layers(provider, project):
    (layer,) = project.mapLayers().values()
    given = {"SITES": layer, "PROTECTED": [layer, "a.gpkg"], "SEED": 3, "OUTPUT": "memory:"}
    assert taking.without_layers(given) == {
        "SITES": layer.id(),
        "PROTECTED": [layer.id(), "a.gpkg"],
        "SEED": 3,
        "OUTPUT": "memory:",
    }


def test_only_selected_sites_are_measured(run, project):
    (layer,) = project.mapLayers().values()
    layer.commitChanges()
    layer.selectByExpression('"number" in (2, 3)')
    QgsProject.instance().addMapLayer(layer.clone())
    (known,) = QgsProject.instance().mapLayersByName("squares")
    known.selectByExpression('"number" in (2, 3)')
    try:
        results = run(
            "protectioncoverage", SITES=chosen(known.id(), selected=True), PROTECTED=[known], OUTPUT="memory:"
        )
        measured = results["_context"].takeResultLayer(results["OUTPUT"])
        assert sorted(feature["number"] for feature in measured.getFeatures()) == [2, 3]
    finally:
        QgsProject.instance().removeMapLayer(known)
