"""The card Discreteness: what the land says of a boundary, and clipping to an existing site."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, fresh, settle, wait_for
from qgis.core import QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage, QPainter, QPalette
from qgis.PyQt.QtWidgets import QToolButton

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui import measure, places
from aze_plugin.gui.pages import criteria as page_module
from aze_plugin.gui.pages.criteria import CriteriaPage
from aze_plugin.gui.widgets.findings import FindingList
from aze_plugin.gui.widgets.mixchart import MixChart, mixes
from aze_plugin.gui.widgets.surroundings import SurroundingsView

CLASSES = [
    {"value": 1, "name": "Cloud forest", "color": "#1b5e48", "inside": 0.967, "ring": 0.584},
    {"value": 2, "name": "Lowland forest", "color": "#589454", "inside": 0.033, "ring": 0.416},
]


def landcover(**changed):
    found = {
        "source": "Land cover 2024",
        "classes": CLASSES,
        "divergence": 0.174,
        "reference": {"median": 0.045, "p95": 0.136, "p_value": 0.02, "copies": 99},
        "differs": True,
        "ring_m": 1370.0,
        "no_data_inside": 0.0,
        "no_data_ring": 0.0,
    }
    return {**found, **changed}


@pytest.fixture
def view(qgis_app):
    made = SurroundingsView()
    made.resize(260, 600)
    yield made
    made.deleteLater()


def links(widget, part):
    return [b for b in widget.findChildren(QToolButton) if part in b.text() and b.isVisibleTo(widget)]


# --------------------------------------------------------------------------------------------------------- the chart


def test_many_classes_are_taken_together_and_nothing_is_lost():
    classes = [{"name": f"c{n}", "color": "", "inside": n / 66, "ring": (11 - n) / 66} for n in range(12)]
    shown = mixes(classes)
    assert len(shown) == 8
    assert shown[-1].name == "5 other classes"
    assert sum(mix.inside for mix in shown) == pytest.approx(1)
    assert sum(mix.ring for mix in shown) == pytest.approx(1)
    assert mixes([{"name": "sea", "color": "", "inside": 0, "ring": 0}]) == []


def test_the_chart_says_its_figures_to_screen_readers(qgis_app):
    chart = MixChart()
    chart.set_classes(CLASSES)
    said = chart.accessibleName()
    assert "Cloud forest: 96.7\u00a0% inside, 58.4\u00a0% around" in said
    assert "Lowland forest: 3.3\u00a0% inside, 41.6\u00a0% around" in said


def test_inside_and_ring_are_told_apart_without_colour(qgis_app):
    """Of two bars of one length the hatched one has paper between its lines, seen in grey."""
    chart = MixChart()
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor("white"))
    palette.setColor(QPalette.ColorRole.WindowText, QColor("black"))
    chart.setPalette(palette)
    chart.set_classes([{"name": "all", "color": "", "inside": 1.0, "ring": 1.0}])
    chart.resize(400, chart.heightForWidth(400))
    image = QImage(QSize(400, chart.height()), QImage.Format.Format_Grayscale8)
    image.fill(QColor("white"))
    painter = QPainter(image)
    chart.render(painter)
    painter.end()
    middle = chart._key_height() + chart._bar_height() // 2
    tones = []
    for top in (middle, middle + chart._bar_height() + 3):
        columns = range(200, 300)
        tones.append({image.pixelColor(x, y).lightness() // 32 for x in columns for y in range(top - 2, top + 3)})
    assert len(tones[0]) == 1
    assert max(tones[1]) - min(tones[1]) > 2


def test_names_stand_above_the_bars_where_it_is_narrow(qgis_app):
    chart = MixChart()
    chart.set_classes(CLASSES)
    assert chart.heightForWidth(200) > chart.heightForWidth(500)


# ---------------------------------------------------------------------------------------------------- the sentences


@pytest.mark.parametrize(
    ("p_value", "differs", "parts"),
    [
        (0.01, True, ("99 places", "At none of them", "changes at this boundary")),
        (0.02, True, ("At one of them", "changes at this boundary")),
        (0.68, False, ("At 67 of them", "does not set this boundary apart")),
    ],
)
def test_divergence_is_told_by_the_copies(view, p_value, differs, parts):
    reference = {"median": 0.045, "p95": 0.136, "p_value": p_value, "copies": 99}
    view.set_criterion({"findings": [], "evidence": {"landcover": landcover(reference=reference, differs=differs)}})
    assert all(part in view.cover.plain() for part in parts), view.cover.plain()
    assert "0.17" in view.cover_figures.plain()
    assert "1.4\u00a0km" in view.cover_figures.plain()
    assert not view.is_empty


def test_what_cannot_be_assessed_says_why(view):
    lacking = {
        "source": "x",
        "not_assessed": "no_data_inside",
        "params": {"no_data_share": 0.52},
        "classes": [],
        "ring_m": 100.0,
        "no_data_inside": 0.52,
        "no_data_ring": 0.5,
    }
    view.set_criterion({"findings": [], "evidence": {"landcover": lacking}})
    assert "cannot be assessed, because it is not known for too much of the boundary" in view.cover.plain()
    assert "52\u00a0% inside" in view.cover_figures.plain()
    assert view.chart.isHidden()


def test_what_was_not_looked_at_is_said(view):
    wanted = []
    view.dataWanted.connect(lambda: wanted.append(True))
    view.set_criterion({"findings": []})
    assert view.is_empty
    view.set_criterion({"findings": [], "evidence": {}})
    assert not view.is_empty
    assert "Land cover was not compared" in view.unknown.plain()
    assert "Mapped edges were not looked for" in view.unknown.plain()
    [choose] = links(view, "choose layers")
    choose.click()
    assert wanted == [True]
    view.set_criterion({"findings": [], "evidence": {"landcover": landcover()}})
    assert "Land cover" not in view.unknown.plain()


def test_edges_by_layer_and_nearest_record(view):
    went = []
    view.zoomed.connect(went.append)
    edges = {
        "tolerance_m": 50.0,
        "perimeter_m": 28_550.0,
        "share": 0.62,
        "layers": [
            {"name": "rivers", "share": 0.2},
            {"name": "coast", "share": 0.42},
            {"name": "roads", "share": 0.0},
        ],
    }
    record = {"taxon": "Azea alba", "distance_m": 1200.0, "lon": 1.0, "lat": 2.0}
    finding = {"code": "discreteness.nearest_record_outside", "params": {"extent": [1, 2, 1.01, 2.02]}}
    view.set_criterion({"findings": [finding], "evidence": {"edges": edges, "nearest_record": record}})
    assert "62\u00a0% of the outline" in view.edges.plain()
    rows = [view.edge_rows.itemAt(i).widget().accessibleName() for i in range(view.edge_rows.count())]
    assert [row.partition(":")[0] for row in rows] == ["coast", "rivers"]
    assert "roads" in view.no_edges.plain()
    assert "Azea alba, 1.2\u00a0km" in view.record.plain()
    view.show_record.click()
    assert went == [[1, 2, 1.01, 2.02]]


# ------------------------------------------------------------------------------------------------- in the real check


@pytest.fixture
def page(session):
    session.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    session.sources.add("landcover", str(SAMPLE / "landcover.tif"))
    session.sources.add("edges", str(SAMPLE / "islands.gpkg"), "base")
    wait_for(lambda: fresh(session))
    made = CriteriaPage(session)
    made.resize(280, 700)
    made.show()
    settle()
    yield made
    made.deleteLater()


def test_the_check_gets_what_the_data_page_has(page, session):
    card = page.cards["discreteness"]
    evidence = session.results.assessment["criteria"]["discreteness"]["evidence"]
    assert [c["name"] for c in evidence["landcover"]["classes"]][:2] == ["Cloud forest", "Lowland forest"]
    assert {layer["name"] for layer in evidence["edges"]["layers"]} >= {"islands", "protected_areas polygons"}
    assert card.surroundings.isVisible()
    assert "on mapped edges" in card.summary.plain()
    assert not any("Divergence" in f.text() for f in card.findings.findChildren(type(card.summary)))
    assert page.scroll.widget().width() <= page.scroll.viewport().width()


@pytest.mark.parametrize("width", [240, 360, 520])
def test_nothing_is_cut_off(page, width):
    page.resize(width, 700)
    page.cards["discreteness"].show_findings(True)
    settle()
    for card in page.cards.values():
        assert card.height() >= card.heightForWidth(card.width())
    chart = page.cards["discreteness"].surroundings.chart
    assert chart.height() >= chart.heightForWidth(chart.width())


def test_clipping_shares_the_edge_and_can_be_undone(page, session, monkeypatch):
    shown = []

    class Dialog(page_module.ClipDialog):
        def exec(self):
            shown.append(self.windowTitle())
            return 1

    monkeypatch.setattr(page_module, "ClipDialog", Dialog)
    before = session.candidates.geometry()
    site = next(
        f.geometry() for f in QgsVectorLayer(str(SAMPLE / "sites.gpkg")).getFeatures()
        if f["IntName"] == "Nubila North Coast"
    )  # fmt: skip
    assert measure.area_m2(before.intersection(site)) > 500_000
    [clip] = links(page.cards["discreteness"], "clip to its edge")
    clip.click()
    assert shown == ["Clip to the edge of Nubila North Coast"]
    after = session.candidates.geometry()
    assert measure.area_m2(after.intersection(site)) < 0.1
    assert measure.area_m2(after) == pytest.approx(measure.area_m2(before.difference(site)), rel=1e-9)
    wait_for(lambda: fresh(session))
    codes = {f["code"] for f in session.results.assessment["criteria"]["discreteness"]["findings"]}
    assert "discreteness.no_overlap" in codes
    assert not links(page.cards["discreteness"], "clip to its edge")
    session.candidates.layer.undoStack().undo()
    assert session.candidates.geometry().isGeosEqual(before)


def test_an_overlap_that_is_gone_is_said(page, session, monkeypatch):
    monkeypatch.setattr(page_module, "ClipDialog", None)
    said = []
    session.message.connect(lambda sentence, level: said.append(sentence))
    page.clip({"site_id": "1", "site": "Nowhere"})
    assert "does not overlap Nowhere any more" in said[0]


def test_a_site_is_not_clipped_from_its_own_update(qgis_app):
    finding = {
        "code": "discreteness.overlaps_site",
        "severity": "warning",
        "message": "overlap",
        "params": {"site": "Serrata Highlands", "site_id": "1"},
    }
    findings = FindingList()
    findings.set_findings([finding])
    assert len(links(findings, "clip to its edge")) == 1
    findings.may_clip = lambda site: site != "Serrata Highlands"
    findings.set_findings([finding])
    assert not links(findings, "clip to its edge")


def test_the_candidate_knows_what_it_updates(session):
    assert session.candidates.updated_site() == ""
    session.set_candidate_kind("update_site", "Serrata Highlands")
    assert session.candidates.updated_site() == "Serrata Highlands"


# -------------------------------------------------------------------------------------------------- the geometry of it


def test_clipping_over_the_180th_meridian():
    boundary = QgsGeometry.fromWkt("MultiPolygon(((179 0, 181 0, 181 1, 179 1, 179 0)))")
    site = QgsGeometry.fromWkt("Polygon((-180 0, -179.5 0, -179.5 1, -180 1, -180 0))")
    clipped = measure.clipped(boundary, site)
    wanted = QgsGeometry.fromWkt("MultiPolygon(((179 0, 180 0, 180 1, 179 1)),((180.5 0, 181 0, 181 1, 180.5 1)))")
    assert clipped.symDifference(wanted).area() < 1e-12


def test_nothing_left_is_an_error():
    boundary = QgsGeometry.fromWkt("Polygon((0 0, 1 0, 1 1, 0 1, 0 0))")
    with pytest.raises(AzeError, match="clip_empty"):
        measure.clipped(boundary, QgsGeometry.fromWkt("Polygon((-1 -1, 2 -1, 2 2, -1 2, -1 -1))"))


def test_sites_are_found_by_what_findings_call_them(empty_session):
    empty_session.sources.add("sites", str(SAMPLE / "sites.gpkg"))
    layers = empty_session.sources.site_layers
    feature = next(f for f in layers[0].getFeatures() if f["IntName"] == "Nubila North Coast")
    near, project = feature.geometry(), empty_session.project
    site_id = str(int(feature["SitRecID"]))
    assert places.site(layers, site_id, "Nubila North Coast", near, project).isGeosEqual(near)
    assert places.site(layers, site_id, "Elsewhere", near, project) is None
    assert places.site(layers, "0", "Nubila North Coast", near, project) is None
