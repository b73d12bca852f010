"""The page Protection on the sample's results."""

import csv
import shutil

import pytest
from pages_support import (  # noqa: F401
    SAMPLE,
    algorithms,
    boundary_of,
    empty_session,
    fresh,
    library,
    session,
    settle,
    wait_for,
)
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QEvent, QPointF, Qt
from qgis.PyQt.QtGui import QColor, QGuiApplication, QKeyEvent, QMouseEvent, QPalette
from qgis.PyQt.QtWidgets import QApplication, QToolButton
from window import window  # noqa: F401

from aze_plugin.gui import places, reports
from aze_plugin.gui.models import protected
from aze_plugin.gui.pages.protection import ProtectionPage
from aze_plugin.services.figures import percent


@pytest.fixture
def page(session):  # noqa: F811
    made = ProtectionPage(session)
    made.resize(300, 700)
    made.show()
    settle()
    yield made
    made.deleteLater()


def test_without_boundary_or_areas_it_says_so_and_leads_there(empty_session):  # noqa: F811
    page = ProtectionPage(empty_session)
    page.show()
    asked = []
    empty_session.pageRequested.connect(asked.append)
    page.nothing.button.click()
    empty_session.candidates.add("Cloudtop Ridge", boundary_of("Cloudtop Ridge"))
    settle()
    assert "cannot be assessed" in page.nothing.text.plain()
    page.nothing.button.click()
    assert asked == ["boundary", "data"]


def test_why_it_could_not_be_measured_stays_on_the_page_until_something_changes(empty_session):  # noqa: F811
    areas = QgsVectorLayer("Polygon?crs=EPSG:4326&field=STATUS:string", "areas of a server", "memory")
    empty_session.sources.add_layer(areas, "protected")
    areas.setCrs(QgsCoordinateReferenceSystem())
    page = ProtectionPage(empty_session)
    page.show()
    empty_session.candidates.add("Cloudtop Ridge", boundary_of("Cloudtop Ridge"))
    page.act("measure")

    def told():
        settle()
        return empty_session.busy is None and "could not be measured" in page.nothing.text.plain()

    # A boundary that is new is measured by itself as well.
    wait_for(told)
    said = page.nothing.text.plain()
    assert "areas of a server" in said
    # Another boundary has not been tried.
    empty_session.candidates.add("Other", boundary_of("Cloudtop Ridge"))
    assert empty_session.protection.failure == ""
    empty_session.candidates.set_current("Cloudtop Ridge")
    wait_for(told)
    assert page.nothing.text.plain() == said
    areas.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    page.nothing.button.click()
    wait_for(lambda: empty_session.results.coverage is not None and empty_session.busy is None)
    assert empty_session.protection.failure == "" and page.stack.currentWidget() is page.scroll
    page.close_page()
    page.deleteLater()


def test_cover_is_said_in_words_numbers_and_a_bar(page, session):  # noqa: F811
    assert page.stack.currentWidget() is page.scroll
    coverage = session.results.coverage
    assert coverage["cover_class"] == "partial"
    assert page.cover.chip.text == "partly protected"
    assert page.bar.isVisible()
    for part in (coverage["pa_pct"], coverage["oecm_pct"], 100 - coverage["both_pct"]):
        assert percent(part / 100) in page.bar.accessibleName()


def test_every_area_has_its_row_the_largest_first(page, session):  # noqa: F811
    areas = session.results.coverage["protected_areas"]
    assert page.table.model.rowCount() == len(areas) > 0
    shown = [page.table.proxy.index(row, 0).data(protected.AREA_ROLE)["pct"] for row in range(len(areas))]
    assert shown == sorted(shown, reverse=True)


def test_an_area_is_found_on_the_map(page, session, monkeypatch):  # noqa: F811
    zoomed = []
    monkeypatch.setattr(session, "zoom_to", zoomed.append)
    index = page.table.proxy.index(0, 0)
    page.table.view.doubleClicked.emit(index)
    assert len(zoomed) == 1
    inside = zoomed[0].makeValid().intersection(session.candidates.geometry())
    assert not inside.isEmpty()


def test_an_area_that_is_gone_from_the_layers_is_not_found(session):  # noqa: F811
    boundary = session.candidates.geometry()
    assert places.protected_area(session.sources.protected_layers, "0", boundary, session.project) is None
    assert places.protected_area([], "1", boundary, session.project) is None


def test_an_area_is_found_by_the_id_that_its_coverage_has_however_its_layer_writes_it(session):  # noqa: F811
    boundary = session.candidates.geometry()
    for kind, value, known_as in (("string", "33177.0", "33177"), ("double", 33177.0, "33177"), ("string", "07", "07")):
        layer = QgsVectorLayer(f"Polygon?crs=EPSG:4326&field=WDPAID:{kind}", "areas", "memory")
        feature = QgsFeature(layer.fields())
        feature.setAttributes([value])
        feature.setGeometry(QgsGeometry.fromRect(boundary.boundingBox()))
        layer.dataProvider().addFeatures([feature])
        assert places.protected_area([layer], known_as, boundary, session.project) is not None
        middle = boundary.boundingBox().center()
        assert places.protected_at([layer], middle, session.project) == {known_as}


def test_gaps_are_shown_and_hidden(page, session):  # noqa: F811
    node = session.project.layerTreeRoot().findLayer(session.results.gaps_layer.id())
    assert page.gaps.isVisible()
    page.gaps.tick.setChecked(False)
    assert not node.isVisible()
    node.parent().setItemVisibilityChecked(False)
    page.gaps.tick.setChecked(True)
    assert node.isVisible()
    # Moved in the layer tree, it is another node of the same layer.
    tree = session.project.layerTreeRoot()
    tree.addChildNode(node.clone())
    node.parent().removeChildNode(node)
    page.gaps.tick.setChecked(False)
    assert not tree.findLayer(session.results.gaps_layer.id()).isVisible()


def test_what_was_left_out_is_said(page, session):  # noqa: F811
    excluded = session.results.coverage_notes["excluded"]
    assert excluded
    said = page.excluded.plain()
    assert len(said.splitlines()) >= len(excluded)
    assert "MAB" in said


def test_a_changed_boundary_dims_the_old_result_until_the_new_one_comes(page, session):  # noqa: F811
    session.candidates.replace_boundary(boundary_of("Ember Crater"))
    settle()
    assert session.results.coverage_stale
    assert page.cover.chip.dimmed
    wait_for(lambda: fresh(session))
    settle()
    assert not page.cover.chip.dimmed


def test_a_site_that_cannot_be_measured_is_no_zero(page, session):  # noqa: F811
    result = session.results.of(session.candidates.current)
    result.coverage = {
        **result.coverage,
        "pa_pct": None,
        "oecm_pct": None,
        "both_pct": None,
        "cover_class": "not_assessed",
        "protected_areas": [],
    }
    page.refresh()
    assert not page.bar.isVisible()
    assert "cannot be assessed" in page.cover.summary.plain()
    assert not page.areas.isVisible()


def test_it_fits_the_narrow_panel(page):
    assert page.minimumSizeHint().width() <= 300
    assert page.scroll.widget().width() <= page.scroll.viewport().width()


# ------------------------------------------------------------------------------------------------------------ sites


@pytest.fixture
def sites(session, tmp_path):  # noqa: F811
    """The sample's layer of existing sites, in the session's project; a copy, as tests edit it."""
    session.sources.add("sites", str(shutil.copy(SAMPLE / "sites.gpkg", tmp_path)))
    wait_for(lambda: fresh(session))
    return session.sources.site_layers[0]


def fid_of(layer, name):
    return next(f.id() for f in layer.getFeatures() if f["IntName"] == name)


def measured(session):  # noqa: F811
    return session.protection.result.coverage is not None and not session.protection.is_stale and not session.busy


def shape_of(geometries):
    return QgsGeometry.collectGeometry(list(geometries)).area()


def test_a_site_is_shown_beside_the_candidate_and_results_stay_apart(page, session, sites):  # noqa: F811
    of_candidate, changes = session.results.coverage, []
    gaps = session.results.gaps_layer
    candidate_gaps = shape_of(f.geometry() for f in gaps.getFeatures())
    session.protection.subjectChanged.connect(lambda: changes.append(session.protection.subject.name))
    session.protection.show_site(sites, fid_of(sites, "Serrata Highlands"))
    assert changes == ["Serrata Highlands"] and session.page == "protection"
    # Nothing of the candidate is shown for the site while it is being measured.
    assert page.stack.currentWidget() is page.nothing
    assert session.results.gaps_layer is None
    wait_for(lambda: measured(session))
    settle()
    coverage = session.protection.result.coverage
    assert coverage["name"] == "Serrata Highlands" and coverage["both_pct"] == pytest.approx(18.2, abs=0.1)
    assert percent(coverage["both_pct"] / 100) in page.cover.summary.plain()
    assert session.results.coverage is of_candidate and session.candidates.current == "Cloudtop Ridge"
    assert "Serrata Highlands" in page.subjects.combo.currentText()
    site_gaps = [f.geometry() for f in session.results.gaps_layer.getFeatures()]
    outline = next(f.geometry() for f in sites.getFeatures() if f["IntName"] == "Serrata Highlands").makeValid()
    assert all(outline.intersection(gap.makeValid()).area() == pytest.approx(gap.area(), rel=1e-3) for gap in site_gaps)
    session.protection.show_candidate()
    settle()
    assert page.cover.summary.plain().startswith(percent(of_candidate["both_pct"] / 100))
    assert shape_of(f.geometry() for f in gaps.getFeatures()) == pytest.approx(candidate_gaps)
    # Shown before: it is in the list, and there at once.
    page.subjects.siteChosen.emit(0)
    settle()
    assert session.busy is None and page.stack.currentWidget() is page.scroll
    assert session.protection.subject.name == "Serrata Highlands"


def test_a_site_whose_outline_changes_is_stale_and_measured_anew(page, session, sites):  # noqa: F811
    fid = fid_of(sites, "Nubila North Coast")
    session.protection.show_site(sites, fid)
    wait_for(lambda: measured(session))
    before = session.protection.result.coverage["area_ha"]
    # Nothing is measured anew before it has been seen that it has to be.
    session._check_timer.setInterval(3_600_000)
    sites.startEditing()
    half = sites.getFeature(fid).geometry()
    box = half.boundingBox()
    box.setXMaximum(box.center().x())
    sites.changeGeometry(fid, half.intersection(QgsGeometry.fromRect(box)))
    settle()
    assert session.protection.is_stale and page.cover.chip.dimmed
    session._check_timer.start(0)
    wait_for(lambda: measured(session))
    assert session.protection.result.coverage["area_ha"] < 0.9 * before
    # Deleted, it gives way to the candidate.
    sites.deleteFeature(fid)
    settle()
    assert session.protection.subject.is_candidate and "Cloudtop Ridge" in page.subjects.combo.currentText()
    sites.rollBack()
    session.protection.show_site(sites, fid)
    session.project.removeMapLayer(sites.id())
    settle()
    assert session.protection.subject.is_candidate and session.protection.recent == ()


def test_a_site_without_a_boundary_cannot_be_assessed(page, session, sites):  # noqa: F811
    session.protection.show_site(sites, fid_of(sites, "Parva Islet"))
    wait_for(lambda: measured(session))
    settle()
    assert session.protection.result.coverage["both_pct"] is None
    assert "cannot be assessed" in page.cover.summary.plain()
    for part in (page.bar, page.breakdown, page.years, page.areas, page.lacking, page.gaps):
        assert not part.isVisible()


def test_the_measure_step_is_about_the_candidate(page, session, sites):  # noqa: F811
    session.protection.show_site(sites, fid_of(sites, "Parva Islet"))
    page.act("measure")
    assert session.protection.subject.is_candidate
    wait_for(lambda: fresh(session))


# -------------------------------------------------------------------------------------------------------------- map


def click(canvas, place):
    spot = canvas.getCoordinateTransform().transform(place)
    place = QPointF(round(spot.x()), round(spot.y()))
    left = Qt.MouseButton.LeftButton
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        QApplication.sendEvent(canvas.viewport(), QMouseEvent(kind, place, left, left, Qt.KeyboardModifier.NoModifier))
    settle()


def test_clicks_on_the_map_choose_rows_and_sites(session, sites, window):  # noqa: F811
    session.iface = window
    page = ProtectionPage(session)
    page.show()
    settle()
    window.canvas.setExtent(session.candidates.geometry().boundingBox())
    areas = session.results.coverage["protected_areas"]
    for area in areas:
        shape = page._shape(area).makeValid().intersection(session.candidates.geometry().makeValid())
        click(window.canvas, shape.pointOnSurface().asPoint())
        chosen = page.table.chosen()
        # Of areas that lie one over the other it is the smaller one.
        assert chosen is not None and chosen["pct"] <= area["pct"] + 1e-9
    assert page.table.chosen()["id"] == areas[-1]["id"]
    page.hide()
    page.table.choose({areas[0]["id"]})
    click(window.canvas, shape.pointOnSurface().asPoint())
    assert page.table.chosen()["id"] == areas[0]["id"], "a page out of sight follows no click"

    page.show()
    page.pick_site()
    assert window.canvas.mapTool() is not window.pan
    outline = next(f.geometry() for f in sites.getFeatures() if f["IntName"] == "Gemina Maior Forest")
    window.canvas.setExtent(outline.boundingBox())
    asked = []
    session.message.connect(lambda sentence, _level: asked.append(sentence))
    corner = outline.boundingBox()
    click(window.canvas, QgsPointXY(corner.xMinimum() + 1e-3, corner.yMaximum() - 1e-3))
    assert "no site" in asked[-1] and session.protection.subject.is_candidate
    click(window.canvas, outline.pointOnSurface().asPoint())
    assert window.canvas.mapTool() is window.pan
    assert session.protection.subject.name == "Gemina Maior Forest"
    page.close_page()
    page.deleteLater()


def test_choosing_on_the_map_can_be_given_up(session, window):  # noqa: F811
    session.iface = window
    page = ProtectionPage(session)
    page.pick_site()
    window.canvas.mapTool().keyPressEvent(
        QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    )
    assert window.canvas.mapTool() is window.pan and page._picker is None
    page.pick_site()
    page.close_page()
    assert window.canvas.mapTool() is window.pan
    page.deleteLater()


# -------------------------------------------------------------------------------------------------- years and parts


def test_the_chart_tells_the_figures_of_a_year(page, session):  # noqa: F811
    plot = page.trend.plot
    assert page.trend.isVisible() and [one.label for one in plot.series] == ["Protected areas", "OECMs", "Both"]
    axes = plot.axes()
    assert axes.first == 1987
    coverage = session.results.coverage
    assert plot.said(1986).splitlines()[1:] == [f"{name}: 0\u00a0%" for name in ("Protected areas", "OECMs", "Both")]
    # The national park is of 1987, the OECM of 2015.
    assert plot.said(2014).splitlines()[3] == f"Both: {percent(coverage['pa_pct'] / 100)}"
    assert plot.said(2015).splitlines()[2] == f"OECMs: {percent(coverage['oecm_pct'] / 100)}"
    assert axes.year_at(axes.x(2015) + 0.5) == 2015
    move = QPointF(axes.x(2015) + 0.5, 20)
    event = QMouseEvent(
        QEvent.Type.MouseMove, move, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(plot, event)
    assert plot._pointed == 2015
    assert percent(coverage["both_pct"] / 100) in plot.accessibleName()


def test_the_chart_draws_what_it_is_given_in_the_colours_of_the_theme(page, session):  # noqa: F811
    def shades(background, foreground):
        palette = QPalette(page.palette())
        palette.setColor(QPalette.ColorRole.Base, QColor(background))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(foreground))
        page.trend.plot.setPalette(palette)
        settle()
        picture = page.trend.plot.grab().toImage()
        every = range(0, picture.height(), 2), range(0, picture.width(), 2)
        return [picture.pixelColor(x, y).name() for y in every[0] for x in every[1]]

    light, dark = shades("#ffffff", "#101010"), shades("#202020", "#eeeeee")
    assert light.count("#ffffff") > 0.5 * len(light) and dark.count("#202020") > 0.5 * len(dark)
    assert "#009e73" in light and "#009e73" in dark


@pytest.mark.parametrize("first, last", [(2026, 2026), (1872, 2026), (2025, 2026)])
def test_the_chart_takes_any_span_of_years(page, first, last):
    years = [{"year": y, "both_pct": 10.0 + n, "low_pct": 5.0, "high_pct": 20.0} for n, y in enumerate({first, last})]
    years.sort(key=lambda year: year["year"])
    page.trend.set_years(years, {"pa": [{**year, "pct": year["both_pct"]} for year in years]})
    settle()
    assert page.trend.plot._renderer.isValid()
    axes = page.trend.plot.axes()
    assert axes.first < axes.last and axes.last >= last and 0 <= axes.x(first) <= page.trend.plot.width()
    assert [one.label for one in page.trend.plot.series] == ["Protected areas"]


def test_unknown_years_are_explained_with_their_seed_and_none_at_all_is_said(page, session):  # noqa: F811
    result = session.results.of(session.candidates.current)
    finding = {"code": "coverage.year_unknown", "severity": "info", "message": "Two have no year.", "params": {}}
    result.coverage = {**result.coverage, "findings": [finding]}
    page.refresh()
    assert page.drawn.plain() == "Two have no year. Seed of the draws: 20301231."
    assert page.findings.count == 0
    result.coverage = {**result.coverage, "years": [], "years_by_kind": {}}
    page.refresh()
    assert "no trend" in page.drawn.plain() and not page.trend.isVisible() and page.years.isVisible()


def test_breakdowns_add_up_to_the_cover(page, session):  # noqa: F811
    coverage = session.results.coverage
    for index in range(page.breakdown.choice.count()):
        page.breakdown.choice.setCurrentIndex(index)
        rows = page.breakdown.bars.rows
        assert sum(share for _, share in rows) == pytest.approx(coverage["both_pct"] / 100, abs=1e-6)
    assert page.breakdown.choice.count() == 3


# ------------------------------------------------------------------------------------------------ what would complete


def test_what_would_complete_it_is_said_and_found(page, session, monkeypatch):  # noqa: F811
    found = session.results.coverage["completing"]
    # Cloudtop Ridge is covered to 38 %; what is left is one part.
    assert percent((98 - session.results.coverage["both_pct"]) / 100) in page.completing.lacking.plain()
    said = page.completing.parts.said
    assert "one unprotected part" in said[0] and "100\u00a0%" in said[0]
    assert "Nubila National Park" in said[1]
    uncounted = "\n".join(page.completing.uncounted.said)
    assert "Nubila Biosphere" in uncounted and "(biosphere reserve)" in uncounted and "(proposed)" in uncounted
    zoomed = []
    monkeypatch.setattr(session, "zoom_to", zoomed.append)
    page.completing.parts.zoomed.emit(found["parts"][0]["extent"])
    page.gaps.largest.click()
    # The part itself lights up, not its rectangle.
    gap = QgsGeometry.collectGeometry(session.results.of("Cloudtop Ridge").gaps)
    assert [place.area() for place in zoomed] == pytest.approx([gap.area()] * 2, rel=1e-6)
    page.completing.uncounted.zoomed.emit(found["uncounted"][0]["extent"])
    assert zoomed[-1] == found["uncounted"][0]["extent"]


def test_areas_that_did_not_count_are_named(page, session):  # noqa: F811
    names = [button.text() for button in page.excluded.findChildren(QToolButton)]
    assert any("Nubila Biosphere" in name for name in names)
    assert any("Nubila National Park Extension" in name for name in names)


def test_layers_of_management_units_are_taken_in(page, session):  # noqa: F811
    box = session.candidates.geometry().boundingBox()
    units = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "Forest blocks", "memory")
    features = []
    for number in range(2):
        feature = QgsFeature(units.fields())
        feature.setAttributes([f"Block {number}"])
        middle = box.center().x()
        sides = (box.xMinimum(), middle) if number else (middle, box.xMaximum())
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(sides[0], box.yMinimum(), sides[1], box.yMaximum())))
        features.append(feature)
    units.dataProvider().addFeatures(features)
    session.project.addMapLayer(units)
    wait_for(lambda: fresh(session))
    assert not page.completing.units.isVisible()
    page.refresh()
    action = next(a for a in page.completing.unit_button.menu().actions() if a.text() == "Forest blocks")
    action.setChecked(True)
    wait_for(lambda: fresh(session) and session.results.coverage["completing"]["units"])
    settle()
    said = page.completing.units.said
    assert page.completing.unit_button.text() == "Management units (1)"
    assert said[0].startswith("2 management units") and "Block 0" in "".join(said) and "Block 1" in "".join(said)


def test_units_that_fill_no_gap_are_said(page, session):  # noqa: F811
    found = session.results.coverage["completing"]
    page.completing.set_completing(found)
    page.completing.set_unit_choices([("a", "Blocks", True), ("b", "Parcels", False)])
    assert page.completing.units.isVisible() and "fills a gap" in page.completing.units.said[0]
    asked = []
    page.completing.unitsChosen.connect(asked.append)
    page.completing.unit_button.menu().actions()[1].setChecked(True)
    assert asked == [["a", "b"]]


# ---------------------------------------------------------------------------------------------------- table, reports


def test_the_table_is_copied_and_saved_harmlessly(page, session, tmp_path):  # noqa: F811
    areas = [{**area} for area in session.results.coverage["protected_areas"]]
    areas[0]["name"] = "=cmd()"
    areas[1]["name"] = "محمية الجبل"
    page.table.set_areas(areas, "Cloudtop Ridge")
    page.table.copy()
    rows = QGuiApplication.clipboard().text().splitlines()
    assert len(rows) == len(areas) + 1 and rows[0].split("\t")[:3] == ["id", "name", "kind"]
    assert rows[1].split("\t")[1] == "'=cmd()"
    said = []
    page.table.said.connect(lambda sentence, _level: said.append(sentence))
    page.table.save_as(str(tmp_path / "areas.csv"))
    with open(tmp_path / "areas.csv", encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file))
    assert read[1]["name"] == "محمية الجبل"
    assert float(read[0]["pct"]) == pytest.approx(areas[0]["pct"])
    page.table.save_as(str(tmp_path / "areas.csv" / "impossible.csv"))
    assert len(said) == 2 and "impossible" in said[1]


def test_the_chooser_leads_to_the_map_and_to_the_list(page, session, sites):  # noqa: F811
    combo, asked = page.subjects.combo, []
    settle()
    session.actionRequested.connect(lambda name, action: asked.append((name, action)))
    page.subjects.pickWanted.connect(lambda: asked.append("pick"))
    for index in range(combo.count()):
        combo.activated.emit(index)
    assert asked == ["pick", ("data", "sites")]
    assert combo.currentIndex() == 0
    session.sources.release(sites)
    settle()
    flags = [combo.model().item(index).flags() for index in range(combo.count() - 2, combo.count())]
    assert not any(flag & Qt.ItemFlag.ItemIsEnabled for flag in flags)


def test_reports_get_what_the_panel_knows(page, session, sites):  # noqa: F811
    offered = [name for name, _title in reports.offered()]
    registry = QgsApplication.processingRegistry()
    assert offered == [n for n in ("aze:sitefactsheet", "aze:countryreport") if registry.algorithmById(n)]
    assert page.subjects.report.isHidden() != bool(offered)
    session.protection.show_site(sites, fid_of(sites, "Serrata Highlands"))
    known = reports.known(session, session.protection.subject)
    assert known["SITES"] is sites and known["SITE_ID"] == "98001" and known["COUNTRY"] == "XAZ"
    assert known["PROTECTED"] == session.sources.protected_layers
    session.protection.show_candidate()
    assert reports.known(session, session.protection.subject)["SITE_ID"] == "Cloudtop Ridge"


def test_many_areas_and_long_names_fit(page, session):  # noqa: F811
    result = session.results.of(session.candidates.current)
    one = result.coverage["protected_areas"][0]
    names = ["محمية جبل السحاب الطبيعية " * 5, "Parc national et réserve intégrale " * 5]
    areas = [{**one, "id": str(n), "name": names[n % 2], "pct": 0.1} for n in range(300)]
    lacking = result.coverage["completing"]
    lacking = {**lacking, "uncounted": [{**lacking["uncounted"][0], "name": name} for name in names * 10]}
    result.coverage = {**result.coverage, "protected_areas": areas, "completing": lacking}
    page.refresh()
    settle()
    assert page.table.model.rowCount() == 300
    assert page.minimumSizeHint().width() <= 300
    assert page.scroll.widget().width() <= page.scroll.viewport().width()
