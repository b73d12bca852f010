"""The list of existing sites: search, map, details, updates of a site, trigger species."""

import shutil

import pytest
from effort import calls
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, settle, wait_for
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QEvent, QPointF, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QApplication
from window import window  # noqa: F401

from aze_plugin.domain.sites import SiteRow, folded
from aze_plugin.gui import sites as part
from aze_plugin.gui.models import sites as model
from aze_plugin.gui.models.sites import SitesModel
from aze_plugin.gui.pages.data import DataPage
from aze_plugin.gui.pages.sites import SitesPage


@pytest.fixture
def with_sites(empty_session, tmp_path):
    for name in ("sites.gpkg", "site_triggers.csv"):
        shutil.copy(SAMPLE / name, tmp_path / name)
    empty_session.sources.add("sites", str(tmp_path / "sites.gpkg"))
    empty_session.folder = tmp_path
    return empty_session


@pytest.fixture
def page(with_sites, window):  # noqa: F811
    with_sites.iface = window
    window.canvas.setLayers(with_sites.sources.site_layers)
    window.canvas.setExtent(with_sites.sources.site_layers[0].extent())
    made = SitesPage(with_sites)
    made.resize(360, 700)
    made.show()
    wait_for(lambda: made.model.count and not made.sites.is_reading)
    yield made
    made.close_page()
    made.hide()
    made.deleteLater()


def features():
    return {f["SitRecID"]: f for f in QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr").getFeatures()}


def names(page):
    return [page.model.data(page.model.index(n, model.NAME)) for n in range(page.model.rowCount())]


def row_of(page, site_id):
    return next(row for row in page.sites.rows if row.site_id == str(site_id))


def choose(page, site_id):
    row = row_of(page, site_id)
    assert page.choose(row.layer, row.fid)
    return row


def test_all_sites_are_listed_by_name(page):
    there = features()
    assert sorted(names(page)) == sorted(f["IntName"] for f in there.values())
    assert names(page) == sorted(names(page), key=folded)
    for row in page.sites.rows:
        feature = there[int(row.site_id)]
        assert (row.name, row.native_name, row.country) == (feature["IntName"], feature["NatName"], feature["Country"])
        assert row.area_ha == pytest.approx(feature["SitAreaKM2"] * 100)
        assert row.aze == ("confirmed" if feature["AzeStatus"] == "confirmed" else row.aze)


@pytest.mark.parametrize("by", ["Country", "IntName", "NatName", "SitRecID", "ISO3"])
def test_search(page, by):
    wanted = next(f for f in features().values() if f[by])
    page.filter.setText(str(wanted[by]).upper())
    expected = {f["IntName"] for f in features().values() if folded(str(wanted[by])) in folded("\n".join(map(str, f)))}
    assert wanted["IntName"] in names(page)
    assert set(names(page)) <= expected
    page.filter.setText("no such site anywhere")
    assert page.model.rowCount() == 0
    assert page.stack.currentWidget() is page.nothing and "all of these words" in page.nothing.text.plain()


def test_search_by_trigger_species_of_a_table(page, with_sites):
    assert "names none" in page.told.plain()
    page.filter.setText("lacustrina")
    assert names(page) == []
    page.open_table(str(with_sites.folder / "site_triggers.csv"))
    wait_for(lambda: not page.sites.is_reading and any(row.triggers for row in page.sites.rows))
    assert names(page) == [features()[98001]["IntName"]]
    assert "site_triggers" in page.told.plain()
    row = choose(page, 98001)
    assert sorted(row.triggers) == ["Fractella torta", "Lacustrina caeca"]
    assert "Lacustrina caeca" in page.species.plain()
    page._release_table()
    wait_for(lambda: not page.sites.is_reading and not any(row.triggers for row in page.sites.rows))


def test_a_file_that_is_no_such_table_is_refused(page, with_sites):
    said = []
    with_sites.message.connect(lambda sentence, _level: said.append(sentence))
    other = with_sites.folder / "prices.csv"
    other.write_text("fruit,price\napple,3\n")
    page.open_table(str(other))
    page.open_table(str(with_sites.folder / "missing.csv"))
    assert len(said) == 2 and page.sites.table is None
    assert "prices" in said[0] and "missing" in said[1]


def test_a_row_selects_on_the_map_and_the_map_in_the_list(page, with_sites, window):  # noqa: F811
    layer = with_sites.sources.site_layers[0]
    row = choose(page, 98001)
    assert layer.selectedFeatureIds() == [row.fid]
    other = next(r for r in page.sites.rows if r.fid != row.fid)
    layer.selectByIds([other.fid])
    assert page.chosen() == other
    # A click on the map, sent as the window system sends it, also where the search hides the site.
    page.filter.setText(other.name)
    inside = page.sites.geometry(row).pointOnSurface().asPoint()
    pixel = window.canvas.getCoordinateTransform().transform(QgsPointXY(inside))
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        place = QPointF(pixel.x(), pixel.y())
        event = QMouseEvent(
            kind, place, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(window.canvas.viewport(), event)
    assert page.chosen() == row and page.filter.text() == ""
    page.hide()
    settle()
    assert layer.selectedFeatureIds() == []


def test_zoom_and_protection(page, with_sites, window):  # noqa: F811
    row = choose(page, 98001)
    page.zoom.click()
    assert window.canvas.extent().contains(page.sites.geometry(row).boundingBox())
    page.protection.click()
    assert with_sites.page == "protection"
    assert with_sites.protection.subject.site_id == "98001"


def test_an_update_begins_with_the_boundary_as_it_is_stored(page, with_sites):
    row = choose(page, 98004)
    page.update_.click()
    candidates, feature = with_sites.candidates, features()[98004]
    assert candidates.current == feature["IntName"] and with_sites.page == "boundary"
    assert (candidates.kind(), candidates.updated_site(), candidates.updated_id()) == (
        "update_site",
        feature["IntName"],
        "98004",
    )
    stored = feature.geometry()
    stored.convertToMultiType()
    assert candidates.geometry().equals(stored)
    assert {v.asWkt(17) for v in candidates.geometry().vertices()} == {v.asWkt(17) for v in stored.vertices()}
    details = with_sites.nominations.details
    assert details["kind"] == "update_site"
    assert details["site"] == {
        "sitrecid": "98004",
        "international_name": feature["IntName"],
        "national_name": feature["NatName"],
        "country": feature["Country"],
        "iso3": feature["ISO3"],
    }
    assert row.site_id == "98004"
    candidates.layer.undoStack().undo()
    assert candidates.names == []


def square(folder, wkt, **values):
    """A layer with one site of this outline."""
    fields = "&".join(f"field={name}:string(0)" for name in values)
    layer = QgsVectorLayer(f"Polygon?crs=EPSG:4326&{fields}", "made", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(list(values.values()))
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    layer.dataProvider().addFeatures([feature])
    path = folder / "made.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), options)
    return str(path)


def one_site(session, wkt):
    path = square(session.folder, wkt, SitRecID="777", IntName="Made", Country="Disputed", ISO3="---")
    session.sources.add("sites", path)
    session.sites.want()
    wait_for(lambda: any(row.site_id == "777" for row in session.sites.rows))
    return next(row for row in session.sites.rows if row.site_id == "777")


def test_an_update_of_an_invalid_boundary_asks_first(page, with_sites, monkeypatch):
    row = one_site(with_sites, "Polygon((10 10, 11 11, 11 10, 10 11, 10 10))")
    answers = [False, True]
    asked = []

    class Answering(part.MendDialog):
        def exec(self):
            asked.append(self)
            return answers.pop(0)

    monkeypatch.setattr(part, "MendDialog", Answering)
    assert with_sites.sites.update(row, page) == ""
    assert with_sites.candidates.names == []
    assert with_sites.sites.update(row, page) == "Made"
    assert with_sites.candidates.is_sound() and len(asked) == 2
    assert "country" not in with_sites.nominations.details["site"]


def test_an_update_of_a_placeholder_begins_without_a_boundary_and_takes_the_one_drawn(page, with_sites):
    from aze_plugin.gui.pages.boundary import BoundaryPage

    circle = QgsGeometry.fromPointXY(QgsPointXY(30, 0)).buffer(1000 / 111_319.5, 16).asWkt(12)
    row = one_site(with_sites, circle)
    assert row.is_circle
    said = []
    with_sites.message.connect(lambda sentence, _level: said.append(sentence))
    assert with_sites.sites.update(row, page) == "Made"
    assert with_sites.candidates.geometry() is None
    assert with_sites.candidates.updated_id() == "777"
    assert "circle" in said[-1] and "without a boundary" in said[-1]
    boundary = BoundaryPage(with_sites)
    drawn = QgsGeometry.fromWkt("Polygon((30 0, 30.1 0, 30.1 0.1, 30 0.1, 30 0))")
    boundary._take_drawn(drawn)
    assert with_sites.candidates.names == ["Made"]
    assert with_sites.candidates.geometry().area() == pytest.approx(0.01)
    assert with_sites.candidates.updated_id() == "777"
    boundary.close_page()
    boundary.deleteLater()


def test_a_site_without_an_outline_says_so_and_offers_no_way_to_it(page, with_sites):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=SitRecID:int&field=IntName:string", "more", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes([778, "Nowhere"])
    layer.dataProvider().addFeatures([feature])
    with_sites.sources.add_layer(layer, "sites")
    wait_for(lambda: any(row.site_id == "778" for row in page.sites.rows))
    choose(page, 778)
    assert page.circle.isVisible() and "no outline" in page.circle.text()
    assert not page.zoom.isEnabled() and page.update_.isEnabled()
    choose(page, 98001)
    assert not page.circle.isVisible() and page.zoom.isEnabled()


def test_the_list_follows_layers_and_their_edits(page, with_sites):
    layer = with_sites.sources.site_layers[0]
    count = page.model.count
    layer.setSubsetString("\"AzeStatus\" = 'confirmed'")
    wait_for(lambda: not page.sites.is_reading and page.model.count == layer.featureCount())
    assert 0 < page.model.count < count
    layer.setSubsetString("")
    wait_for(lambda: not page.sites.is_reading and page.model.count == count)
    assert layer.startEditing()
    fid = row_of(page, 98001).fid
    layer.changeAttributeValue(fid, layer.fields().lookupField("IntName"), "Renamed Heights")
    assert layer.commitChanges()
    wait_for(lambda: "Renamed Heights" in names(page))
    with_sites.sources.release(layer)
    settle()
    assert page.model.count == 0 and "no layer" in page.nothing.text.plain()


def test_what_cannot_be_read_is_said(page, with_sites):
    from qgis.core import QgsCoordinateReferenceSystem

    with_sites.sources.site_layers[0].setCrs(QgsCoordinateReferenceSystem())
    with_sites.sites._edits[with_sites.sources.site_layers[0].id()] = 99
    with_sites.sites.want()
    wait_for(lambda: page.sites.problems)
    assert page.problem.isVisible() and "sites" in page.problem.plain()
    assert page.model.count == 0


def test_the_card_opens_the_list(with_sites):
    page = DataPage(with_sites)
    page.resize(360, 700)
    page.show()
    page.show_list()
    assert page.currentWidget() is page.list
    wait_for(lambda: page.list.model.count == len(features()))
    page.list.back.click()
    assert page.currentWidget() is page.scroll
    page.close_page()
    page.deleteLater()


def many(count):
    rows = [
        SiteRow(
            "layer",
            n,
            str(10000 + n),
            f"Mont Nº {n} à l'Est",
            f"Phiri {n}",
            f"Country {n % 200}",
            area_ha=float(n * 7919 % 16001),
            is_circle=n % 15 == 0,
            aze="confirmed" if n % 18 == 0 else "none",
        )
        for n in range(count)
    ]
    return rows, [row.words() for row in rows]


def test_sixteen_thousand_sites_answer_while_typing(qgis_app):
    made = SitesModel()
    made.set_rows(*many(16_000))
    for wanted in ("m", "mont", "country 7", "mont 12", "zzz"):
        # Nothing is called for each site.
        assert calls(lambda wanted=wanted: made.set_wanted(wanted)) < 100
    assert made.rowCount() == 0
    # The name of one, the number of the other.
    made.set_wanted("phiri 15999")
    assert {made.row(made.index(n, 0)).fid for n in range(made.rowCount())} == {15_999, 5_999}
    made.set_wanted("")
    made.sort(model.AREA, Qt.SortOrder.DescendingOrder)
    areas = [made.row(made.index(n, 0)) for n in range(16_000)]
    known = [row.area_ha for row in areas if not row.is_circle]
    assert known == sorted(known, reverse=True)
    # What has no area comes last, and says so.
    assert all(row.is_circle for row in areas[len(known) :])
    assert made.data(made.index(15_999, model.AREA)) == "not known"


def test_the_check_of_an_update_leaves_its_own_site_out(page, with_sites, library):
    with_sites.open_library(library)
    with_sites.sites.update(row_of(page, 98004), page)
    # Into the neighbourhood of itself: larger than the site on all sides.
    grown = with_sites.candidates.geometry().buffer(0.002, 4)
    with_sites.candidates.replace_boundary(grown)

    def checked():
        results = with_sites.results
        return results.assessment is not None and not results.assessment_stale and with_sites.busy is None

    wait_for(checked)
    found = with_sites.results.assessment["criteria"]["discreteness"]["findings"]
    of_sites = {f["code"]: f["params"] for f in found if "site_id" in f["params"]}
    assert set(of_sites) == {"discreteness.updates_site"}
    said = of_sites["discreteness.updates_site"]
    assert said["site_id"] == "98004" and said["site_share"] == pytest.approx(1, abs=1e-9)
    assert said["gained_m2"] > 0 and said["lost_m2"] == pytest.approx(0, abs=1)
    with_sites.set_candidate_kind("update_site", features()[98004]["IntName"])
    assert with_sites.candidates.updated_id() == "98004"
    # As a new site the same boundary overlaps it.
    earlier = with_sites.results.assessment
    with_sites.set_candidate_kind("new_site")
    wait_for(lambda: checked() and with_sites.results.assessment is not earlier)
    codes = {f["code"] for f in with_sites.results.assessment["criteria"]["discreteness"]["findings"]}
    assert "discreteness.overlaps_site" in codes and "discreteness.updates_site" not in codes


def test_a_session_that_closes_while_sites_are_read_leaves_nothing_behind(empty_session, tmp_path):
    from qgis.core import QgsApplication
    from qgis.PyQt import sip

    from aze_plugin.gui.session import Session

    shutil.copy(SAMPLE / "sites.gpkg", tmp_path / "sites.gpkg")
    empty_session.sources.add("sites", str(tmp_path / "sites.gpkg"))
    other = Session(project=empty_session.project)
    other.sites.want()
    assert other.sites.is_reading
    other.close()
    assert not other.sites.is_reading
    sip.delete(other)
    wait_for(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    settle()


def test_reading_can_be_stopped_and_taken_up_again(page, with_sites):
    with_sites.sites._edits[with_sites.sources.site_layers[0].id()] = 50
    with_sites.sites.want()
    assert page.sites.is_reading
    page.busy.stop.click()
    assert not page.sites.is_reading and page.model.count == 4
    with_sites.sites.want()
    wait_for(lambda: not page.sites.is_reading)
    assert page.model.count == 4
