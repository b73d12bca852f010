"""The page Protection on the sample's results."""

import pytest
from pages_support import (  # noqa: F401
    algorithms,
    boundary_of,
    empty_session,
    fresh,
    library,
    session,
    settle,
    wait_for,
)

from aze_plugin.gui import places
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


def test_gaps_are_shown_and_hidden(page, session):  # noqa: F811
    node = session.project.layerTreeRoot().findLayer(session.results.gaps_layer.id())
    assert page.gaps.isVisible()
    page.gaps.setChecked(False)
    assert not node.isVisible()
    node.parent().setItemVisibilityChecked(False)
    page.gaps.setChecked(True)
    assert node.isVisible()


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
