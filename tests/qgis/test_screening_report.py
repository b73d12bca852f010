"""The report of a screening as HTML and PDF: what it says, and that it needs and holds nothing else."""

import datetime
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import shapely
from qgis.core import (
    QgsApplication,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QEventLoop, QTimer

from aze_plugin.domain.progress import Progress
from aze_plugin.services import screening, screening_report, triggers

DAY = datetime.date(2026, 5, 4)
NAMES = ["غابة الأرز العالية", "ሰሜን ተራሮች", "อุทยานแห่งชาติ", "<script>alert(1)</script> & Sons"]


def layer(rows, fields, kind="MultiPolygon"):
    made = QgsVectorLayer(f"{kind}?crs=EPSG:4326&" + "&".join(f"field={f}" for f in fields.split()), "places", "memory")
    for shape, *values in rows:
        feature = QgsFeature(made.fields())
        feature.setAttributes(values)
        feature.setGeometry(QgsGeometry.fromWkt(shape.wkt))
        assert made.dataProvider().addFeature(feature)
    return made


def site_layer(count):
    rng = np.random.default_rng(2)
    places = rng.uniform((10, 50), (10.5, 50.4), (count, 2))
    rows = []
    for n, (x, y) in enumerate(places):
        name = NAMES[n] if n < len(NAMES) else f"Wood {n}"
        rows.append((shapely.Point(x, y).buffer(0.02), n + 1, name, "Azea alba (CR)" if n % 2 else None))
    return layer(rows, "SitRecID:int IntName:string trigger_species:string", "Polygon")


def result_of(project, sites):
    context = QgsCoordinateTransformContext()
    footprint = screening.read_footprint(project, context, Progress())
    found = screening.screen(footprint, screening.read_sites(sites, context, Progress()))
    return screening.with_triggers(found, triggers.known(sites))


@pytest.fixture(scope="module")
def near(qgis_app):
    project = layer([(shapely.box(10.2, 50.2, 10.25, 50.25), "Quarry <b>")], "name:string", "Polygon")
    return result_of(project, site_layer(9))


def test_the_page_says_it_and_needs_nothing_else(near, tmp_path):
    content = screening_report.content_of(near, day=DAY)
    screening_report.write_html(content, str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.search(r'(src|href)="(?!data:|#|https://www\.ifc\.org)', page)
    for name in NAMES[:3]:
        assert name in page
    assert "Azea alba" in page and "not known" in page and "2026-05-04" in page
    assert "Performance Standard 6" in page and "not advice" in page
    # The weightiest stand first, all others after them.
    assert page.count("<tr>") == 2 + len(screening_report.screening.closest_by_site(near.hits))
    screening_report.write_html(content, str(tmp_path / "again.html"))
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "report.html").read_bytes()


def test_the_pdf_is_one_page_and_the_same_each_time(near, tmp_path):
    content = screening_report.content_of(near, day=DAY)
    paths = [tmp_path / "one.pdf", tmp_path / "two.pdf"]
    pages = [screening_report.write_pdf(content, str(path), DAY) for path in paths]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    few = result_of(layer([(shapely.Point(10.2, 50.2), "Well")], "name:string", "Point"), site_layer(4))
    assert screening_report.write_pdf(screening_report.content_of(few, day=DAY), str(tmp_path / "few.pdf"), DAY) == 1
    assert pages[0] <= 2
    words = subprocess.run(["pdftotext", str(tmp_path / "few.pdf"), "-"], capture_output=True, text=True).stdout
    assert "Performance Standard 6" in words and "Azea alba" in words
    assert "https://www.ifc.org/" in words


def test_nothing_near_is_a_clear_answer(tmp_path, qgis_app):
    far = result_of(layer([(shapely.Point(-60, -10), "Well")], "name:string", "Point"), site_layer(3))
    content = screening_report.content_of(far, day=DAY)
    assert content.headline.startswith("No AZE site within 50") and "km away" in content.headline
    assert content.clear and not content.rows and content.map.groups
    assert screening_report.write_pdf(content, str(tmp_path / "far.pdf"), DAY) == 1
    screening_report.write_html(content, str(tmp_path / "far.html"))
    assert "<table" not in (tmp_path / "far.html").read_text(encoding="utf-8")


def test_what_fills_a_hole_of_a_site_touches_it(qgis_app):
    hole = shapely.box(10.4, 50.4, 10.6, 50.6)
    ring = shapely.box(10, 50, 11, 51).difference(hole)
    sites = layer([(ring, 1, "Ring")], "SitRecID:int IntName:string", "Polygon")
    found = result_of(layer([(hole, "Clearing")], "name:string", "Polygon"), sites)
    (row,) = screening_report.content_of(found, day=DAY).rows
    assert row[1] == "touches the site"
    beside = result_of(layer([(shapely.box(11.1, 50, 11.2, 50.1), "Yard")], "name:string", "Polygon"), sites)
    (row,) = screening_report.content_of(beside, day=DAY).rows
    assert row[1].endswith("away")


def test_a_footprint_without_shapes_still_has_a_report(tmp_path, qgis_app):
    empty = layer([(shapely.Point(10, 50), "Well")], "name:string", "Point")
    empty.dataProvider().changeGeometryValues({1: QgsGeometry()})
    found = result_of(empty, site_layer(2))
    content = screening_report.content_of(found, day=DAY)
    assert "Nothing could be screened" in content.headline and not content.clear
    screening_report.write_html(content, str(tmp_path / "none.html"))


def test_a_worker_writes_it_too(provider, tmp_path):
    """As the toolbox runs it: in a thread, with map and layout made on the main one."""
    project = layer([(shapely.box(10.2, 50.2, 10.25, 50.25), "Quarry")], "name:string", "Polygon")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    parameters = {
        "PROJECT": project,
        "SITES": site_layer(5),
        "OUTPUT": str(tmp_path / "near.gpkg"),
        "REPORT": str(tmp_path / "report.html"),
        "PDF": str(tmp_path / "report.pdf"),
    }
    algorithm = provider.algorithm("screenproject").create()
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    done, loop = [], QEventLoop()
    task.executed.connect(lambda good, results: (done.append((good, results)), loop.quit()))
    QTimer.singleShot(60_000, loop.quit)
    QgsApplication.taskManager().addTask(task)
    if not done:
        loop.exec()
    assert done and done[0][0], feedback.textLog()
    assert Path(parameters["PDF"]).stat().st_size > 10_000 and Path(parameters["REPORT"]).stat().st_size > 10_000
