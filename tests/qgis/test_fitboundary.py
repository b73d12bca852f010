"""``aze:fitboundary``: boundaries fitted to layers of any reference system, every change in the report."""

import json

import numpy as np
import pytest
import shapely
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
)
from runs import SAMPLE

from aze_plugin.domain import geometry


def memory(name, kind, crs, *shapes):
    layer = QgsVectorLayer(f"{kind}?crs={crs}&field=name:string", name, "memory")
    features = []
    for n, shape in enumerate(shapes):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(shape))
        feature.setAttributes([f"{name} {n + 1}"])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


def written(results):
    layer = results["_context"].takeResultLayer(results["OUTPUT"]) or QgsVectorLayer(results["OUTPUT"], "", "ogr")
    return [(f["name"], shapely.from_wkb(bytes(f.geometry().asWkb())), f) for f in layer.getFeatures()]


@pytest.fixture
def project(qgis_new_project):
    return QgsProject.instance()


# UTM zone 33 N: whole metres there, so that the rounding to 1e-7° is all that changes the vertices.
PARK = "POLYGON((500000 5000000,503000 5000060,506000 4999980,506000 5004000,500000 5004000,500000 5000000))"
DRAWN = "POLYGON((500010 5000030,503000 5000030,505980 5000010,505990 5002000,500020 5002010,500010 5000030))"


def test_the_outline_takes_the_edge_and_the_report_says_so(run, project, tmp_path):
    park = memory("Park", "Polygon", "EPSG:32633", PARK)
    drawn = memory("Drawn", "Polygon", "EPSG:32633", DRAWN)
    report = tmp_path / "report.json"
    results = run(
        "fitboundary", BOUNDARY=drawn.id(), PROTECTED=[park.id()], TOLERANCE=60, OUTPUT="memory:", REPORT=str(report)
    )
    [(name, shape, feature)] = written(results)
    assert name == "Drawn 1" and shape.is_valid and shape.geom_type == "MultiPolygon"
    lonlat = QgsGeometry.fromWkt(PARK)
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:32633"), QgsCoordinateReferenceSystem("EPSG:4326"), project
    )
    lonlat.transform(transform)
    corners = np.round(shapely.get_coordinates(shapely.from_wkb(bytes(lonlat.asWkb()))), 7)[:3]
    own = {tuple(c) for c in shapely.get_coordinates(shape).tolist()}
    assert {tuple(c) for c in corners.tolist()} <= own
    document = json.loads(report.read_text("utf-8"))
    assert document["schema"] == "aze-fitting/1" and document["settings"]["tolerance_m"] == 60
    [told] = document["boundaries"]
    assert {c["kind"] for c in told["changes"]} <= {"snapped", "rounded"}
    snapped = [c for c in told["changes"] if c["kind"] == "snapped"]
    assert snapped[0]["subject"] == "Park" and "Park" in snapped[0]["message"]
    # The foot of 6 km and the two sides of 2 km.
    assert sum(c["length_m"] for c in snapped) == pytest.approx(10_000, rel=0.05)
    assert told["moved_m2"] <= 60 * told["perimeter_m"]
    assert told["shares"] is None
    assert feature["area_ha"] == pytest.approx(told["area_after_ha"])
    assert results["CHANGES"] == len(told["changes"])


def test_fitting_the_result_again_changes_nothing(run, project, tmp_path):
    park = memory("Park", "Polygon", "EPSG:32633", PARK)
    drawn = memory("Drawn", "Polygon", "EPSG:32633", DRAWN)
    target = str(tmp_path / "once.gpkg")
    first = run("fitboundary", BOUNDARY=drawn.id(), EDGES=[park.id()], TOLERANCE=60, OUTPUT=target)
    assert first["CHANGES"] > 0
    again = run("fitboundary", BOUNDARY=target, EDGES=[park.id()], TOLERANCE=60, OUTPUT="memory:")
    assert again["CHANGES"] == 0 and again["MOVED_M2"] == 0
    [(_, one, _)], [(_, other, _)] = written(first), written(again)
    assert shapely.equals(one, other)


def test_a_site_next_door_is_met_without_overlap(run, project):
    site = memory("Site", "Polygon", "EPSG:32633", PARK)
    drawn = memory(
        "Drawn",
        "Polygon",
        "EPSG:32633",
        "POLYGON((500500 5000040,503000 5000020,505500 5000030,505500 4998000,500500 4998000,500500 5000040))",
    )
    results = run("fitboundary", BOUNDARY=drawn.id(), SITES=site.id(), TOLERANCE=60, OUTPUT="memory:")
    [(_, shape, feature)] = written(results)
    other = QgsGeometry(next(site.getFeatures()).geometry())
    other.transform(QgsCoordinateTransform(site.crs(), drawn.crs().fromEpsgId(4326), project))
    other = shapely.from_wkb(bytes(other.asWkb()))
    # Edges are straight in EPSG:6933, where overlaps with sites are measured.
    shape, other = (geometry.prepare(np.array([g], dtype=object)).geometries[0] for g in (shape, other))
    assert shapely.area(shapely.intersection(shape, other)) < 0.1
    assert feature["warnings"] == 0
    shared = shapely.intersection(shapely.boundary(shape), shapely.buffer(shapely.boundary(other), 0.001))
    # 5 km, drawn wider by EPSG:6933 at 45°.
    assert shapely.length(shared) > 5000


def test_a_site_with_more_decimals_is_met_as_it_is(run, project, tmp_path):
    # Corners in metres: none of them has seven decimals in degrees. What is written is looked at as a check does.
    corners = [(500000 + 37 * (n % 3), 5000000 + 71.3 * n) for n in range(60)]
    ring = ",".join(f"{x} {y}" for x, y in [*corners, (490000, 5004000), (490000, 5000000), corners[0]])
    own = ",".join(f"{x + 9 * (-1) ** n} {y}" for n, (x, y) in enumerate(corners))
    site = memory("Site", "Polygon", "EPSG:32633", f"POLYGON(({ring}))")
    drawn = memory(
        "Drawn",
        "Polygon",
        "EPSG:32633",
        f"POLYGON(({own},506000 {corners[-1][1]},506000 5000000,{own.split(',')[0]}))",
    )
    path = str(tmp_path / "fitted.gpkg")
    results = run("fitboundary", BOUNDARY=drawn.id(), SITES=site.id(), OUTPUT=path)
    [feature] = QgsVectorLayer(path, "fitted", "ogr").getFeatures()
    assert feature["warnings"] == 0 and results["CHANGES"] > 1
    other = QgsGeometry(next(site.getFeatures()).geometry())
    other.transform(QgsCoordinateTransform(site.crs(), drawn.crs().fromEpsgId(4326), project))
    shapes = [shapely.from_wkb(bytes(g.asWkb())) for g in (feature.geometry(), other)]
    given, beside = (geometry.prepare(np.array([g], dtype=object)).geometries[0] for g in shapes)
    assert shapely.area(shapely.intersection(given, beside)) < 0.1
    lonlat = shapely.get_coordinates(shapes[0])
    rounded = np.abs(lonlat * 1e7 - np.round(lonlat * 1e7)).max(axis=1) < 1e-6
    near = shapely.distance(shapely.points(lonlat), shapely.boundary(shapes[1])) < 1e-9
    # Only what the two share has more decimals.
    assert (rounded | near).all() and (near & ~rounded).sum() > 50


def test_shares_before_and_after_come_from_the_check(run, project, sample_library, tmp_path):
    report = tmp_path / "report.json"
    run(
        "fitboundary",
        BOUNDARY=str(SAMPLE / "candidates.gpkg"),
        PROTECTED=[str(SAMPLE / "protected_areas.gpkg")],
        SITES=str(SAMPLE / "sites.gpkg"),
        LIBRARY=sample_library,
        TOLERANCE=200,
        OUTPUT="memory:",
        REPORT=str(report),
    )
    assessment = tmp_path / "assessment.json"
    run("checkboundary", BOUNDARY=str(SAMPLE / "candidates.gpkg"), LIBRARY=sample_library, OUTPUT=str(assessment))
    checked = {a["name"]: a for a in json.loads(assessment.read_text("utf-8"))["assessments"]}
    boundaries = json.loads(report.read_text("utf-8"))["boundaries"]
    assert {b["name"] for b in boundaries} == set(checked)
    compared = 0
    for boundary in boundaries:
        before = {
            (s["taxon_id"], share["parameter"], share["segment"]): share["best"]
            for s in checked[boundary["name"]]["species"]
            for share in s["shares"]
        }
        told = {(r["taxon_id"], r["parameter"], r["segment"]): r["share_before"] for r in boundary["shares"]}
        assert {key: value for key, value in told.items() if value is not None} == pytest.approx(before)
        compared += len(before)
    assert compared > 5


def test_without_anything_to_fit_to_it_says_what_to_choose(run, project):
    drawn = memory("Drawn", "Polygon", "EPSG:32633", DRAWN)
    with pytest.raises(QgsProcessingException, match="nothing to fit"):
        run("fitboundary", BOUNDARY=drawn.id(), OUTPUT="memory:")
