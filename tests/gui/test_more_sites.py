"""Existing sites in several layers: read as one layer would be, and not by the thread that the window waits for."""

import json

import pytest
from effort import calls
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, boundary_of, fresh, wait_for
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.progress import Progress
from aze_plugin.gui.fit_dialog import FitDialog
from aze_plugin.gui.suggest_dialog import SuggestDialog
from aze_plugin.services.candidates import read_sites
from aze_plugin.services.joined import Joined
from aze_plugin.services.layers import LayerSnapshot, read_features

CONTEXT = QgsCoordinateTransformContext()


def parted():
    """The sample's sites in two layers: of the current schema in WGS 84, and of IBAT's in metres."""
    here = QgsCoordinateReferenceSystem("EPSG:4326")
    there = QgsCoordinateReferenceSystem("EPSG:6933")
    one = QgsVectorLayer("MultiPolygon?crs=EPSG:4326&field=SitRecID:integer&field=IntName:string", "one", "memory")
    other = QgsVectorLayer(
        "MultiPolygon?crs=EPSG:6933&field=aze_status:bool&field=international_name:string&field=site_record_id:string",
        "other",
        "memory",
    )
    for n, site in enumerate(QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr").getFeatures()):
        layer = (one, other)[n % 2]
        shape = QgsGeometry(site.geometry())
        feature = QgsFeature(layer.fields())
        if layer is one:
            feature.setAttributes([site["SitRecID"], site["IntName"]])
        else:
            shape.transform(QgsCoordinateTransform(here, there, CONTEXT))
            feature.setAttributes([True, site["IntName"], str(site["SitRecID"])])
        feature.setGeometry(shape)
        layer.dataProvider().addFeatures([feature])
    return one, other


def told(sites):
    return sorted((site.site_id, site.name, round(site.geometry.area / 1e4), site.is_circle) for site in sites)


def test_several_layers_read_as_one():
    whole = read_sites(QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr"), CONTEXT, Progress())
    joined = Joined([LayerSnapshot(layer) for layer in parted()])
    assert told(read_sites(joined, CONTEXT, Progress())) == told(whole)
    assert joined.featureCount() == len(whole) == 4
    assert joined.sourceName() == "one; other"
    ids = [feature.id() for feature in joined.getFeatures(QgsFeatureRequest())]
    assert len(set(ids)) == 4
    near = QgsFeatureRequest().setFilterRect(boundary_of("Serrata Highlands").boundingBox())
    near.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"), CONTEXT)
    assert [f["IntName"] or f["international_name"] for f in joined.getFeatures(near)] == ["Serrata Highlands"]


def test_fields_are_one_whatever_their_case_and_a_layer_without_system_is_refused():
    one = QgsVectorLayer("Polygon?crs=EPSG:4326&field=NAME:string&field=a:integer", "one", "memory")
    other = QgsVectorLayer("Polygon?crs=EPSG:4326&field=b:integer&field=name:string", "other", "memory")
    for layer, values in ((one, ["First", 1]), (other, [2, "Second"])):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(values)
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 0, 1, 1)))
        layer.dataProvider().addFeatures([feature])
    joined = Joined([one, other])
    assert joined.fields().names() == ["NAME", "a", "b"]
    rows = [feature.attributes() for feature in joined.getFeatures(QgsFeatureRequest())]
    assert rows == [["First", 1, None], ["Second", None, 2]]
    request = QgsFeatureRequest().setSubsetOfAttributes([0])
    assert [feature.attributes()[0] for feature in joined.getFeatures(request)] == ["First", "Second"]
    with pytest.raises(AzeError, match="layer.no_crs"):
        other.setCrs(QgsCoordinateReferenceSystem())
        Joined([one, other])


def test_a_layer_that_lies_nowhere_does_not_keep_the_others_from_being_read(tmp_path):
    empty = tmp_path / "none.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}')
    nothing, (one, other) = QgsVectorLayer(str(empty), "none", "ogr"), parted()
    assert nothing.isValid() and not nothing.crs().isValid()
    layers_of = [LayerSnapshot(layer) for layer in (nothing, one, other)]
    joined = Joined(layers_of)
    assert joined.sourceCrs() == one.crs() and joined.wkbType() == one.wkbType()
    read = read_features(joined, [], CONTEXT)
    assert len(read) == one.featureCount() + other.featureCount() and all(shape is not None for shape in read.lonlat)
    assert len(read_features(Joined(layers_of[:1] * 2), [], CONTEXT)) == 0


def test_a_check_takes_several_layers(algorithms, library, tmp_path):
    one, other = parted()
    found = {}
    for name, sites in (
        ("whole", {"SITES": str(SAMPLE / "sites.gpkg")}),
        ("parts", {"SITES": one, "MORE_SITES": [other]}),
        ("further alone", {"MORE_SITES": [one, other]}),
    ):
        output = tmp_path / f"{name}.json"
        given = {"LIBRARY": library, "BOUNDARY": str(SAMPLE / "candidates.gpkg"), "OUTPUT": str(output), **sites}
        run(algorithms, "checkboundary", given)
        found[name] = [
            (one_["name"], f["code"], f["params"].get("site"), round(f["params"].get("overlap_m2") or 0, -2))
            for one_ in json.loads(output.read_text(encoding="utf-8"))["assessments"]
            for f in one_["criteria"]["discreteness"]["findings"]
            if "site" in f["code"]
        ]
    assert found["whole"] and found["whole"] == found["parts"] == found["further alone"]


def test_a_package_takes_several_layers(algorithms, library, tmp_path):
    """The site that is updated is in the further one; both are among the datasets."""
    updated, first = parted()
    boundary = QgsVectorLayer("MultiPolygon?crs=EPSG:4326&field=name:string", "alone", "memory")
    feature = QgsFeature(boundary.fields())
    feature.setAttributes(["Serrata Highlands"])
    feature.setGeometry(boundary_of("Serrata Highlands"))
    boundary.dataProvider().addFeatures([feature])
    schema = json.loads((SAMPLE.parent / "schemas" / "nomination.schema.json").read_text(encoding="utf-8"))
    details, preview = tmp_path / "details.json", tmp_path / "preview.json"
    details.write_text(json.dumps(schema["examples"][1]), encoding="utf-8")
    given = {"LIBRARY": library, "BOUNDARY": boundary, "DETAILS": str(details), "PREVIEW": str(preview)}
    run(algorithms, "packagenomination", {**given, "SITES": first, "MORE_SITES": [updated]})
    said = preview.read_text(encoding="utf-8")
    assert "one (existing sites)" in said and "other (existing sites)" in said


def run(algorithms, name, parameters):
    algorithms.algorithm(name).create().run(
        parameters, QgsProcessingContext(), QgsProcessingFeedback(), catchExceptions=False
    )


@pytest.fixture(scope="module")
def crowds(tmp_path_factory):
    """Two files with 8,000 sites each, of forty corners, all over the world; a hundred of each about the sample."""
    folder, files = tmp_path_factory.mktemp("crowds"), []
    disc = QgsGeometry.fromWkt("Point(0 0)").buffer(0.02, 10)
    for number in range(2):
        layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=SitRecID:integer&field=IntName:string", "c", "memory")
        features = []
        for n in range(8000):
            x, y = -179 + (n % 400) * 0.85, -60 + (n // 400) * 6.1
            if n < 100:
                x, y = -178.9 + (n % 10) * 0.1, -26.9 + (n // 10) * 0.05
            feature = QgsFeature(layer.fields())
            feature.setAttributes([n + 1 + 100_000 * number, f"Site {number} {n}"])
            shape = QgsGeometry(disc)
            shape.translate(x + 0.02 * number, y)
            feature.setGeometry(shape)
            features.append(feature)
        layer.dataProvider().addFeatures(features)
        path = folder / f"crowd_{number}.gpkg"
        options = QgsVectorFileWriter.SaveVectorOptions()
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), CONTEXT, options)
        files.append(str(path))
    return files


def test_sixteen_thousand_sites_in_two_layers_do_not_hold_up_the_window(session, crowds):
    for path in crowds:
        session.sources.add("sites", path)
    wait_for(lambda: fresh(session))
    assert sum(layer.featureCount() for layer in session.sources.site_layers) == 16_000

    runs = {"check": session.check}
    dialog = SuggestDialog(session, "Azea alba")
    fitting = FitDialog(session)
    runs |= {"suggest": dialog.look, "fit": fitting.look_for_changes}
    try:
        for name, act in runs.items():
            taken = calls(act)
            assert session.busy is not None
            for key in ("check", "suggest", "fit"):
                session.runner.cancel(key)
            # Less than one for each site.
            assert taken < 10_000, name
    finally:
        for one in (dialog, fitting):
            one.reject()
            one.deleteLater()
    session.check()
    wait_for(lambda: fresh(session))
    overlapped = [
        f["params"]["site"]
        for f in session.results.assessment["criteria"]["discreteness"]["findings"]
        if f["code"] == "discreteness.overlaps_site"
    ]
    assert {name.split()[1] for name in overlapped} == {"0", "1"}
    QgsProject.instance().clear()
