"""The page Criteria on the sample's results."""

import csv

import pytest
from pages_support import algorithms, empty_session, fresh, library, session, settle, wait_for  # noqa: F401
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QToolButton

from aze_plugin.gui.models import species
from aze_plugin.gui.pages.criteria import CriteriaPage


@pytest.fixture
def page(session):  # noqa: F811
    made = CriteriaPage(session)
    made.resize(300, 800)
    made.show()
    settle()
    yield made
    made.deleteLater()


def texts(widget):
    from aze_plugin.gui.widgets.basics import TextLabel

    return [label.plain() for label in widget.findChildren(TextLabel)]


def link(widget, start):
    return next(b for b in widget.findChildren(QToolButton) if b.text().startswith(start) and b.isVisibleTo(widget))


def test_nothing_yet_says_what_is_missing_and_leads_there(empty_session):  # noqa: F811
    page = CriteriaPage(empty_session)
    page.show()
    assert page.stack.currentWidget() is page.nothing
    asked = []
    empty_session.pageRequested.connect(asked.append)
    page.nothing.button.click()
    assert asked == ["data"]


def test_cards_say_the_statuses_of_the_assessment(page, session):  # noqa: F811
    for name, card in page.cards.items():
        assert card.chip.isVisible()
        assert session.results.assessment["criteria"][name]["status"] in ("met", "needs_evidence")
    assert page.cards["endangerment"].chip.text == "met"
    assert page.cards["discreteness"].chip.text == "needs evidence"
    # What is met is folded, what needs somebody is open.
    assert page.cards["endangerment"].findings.isHidden()
    assert not page.cards["discreteness"].findings.isHidden()


def test_every_taxon_is_listed_once_and_those_that_cannot_trigger_are_folded(page, session):  # noqa: F811
    assert page.taxa.model.taxon_count() == len(session.results.assessment["species"])
    group = page.taxa.model.group()
    folded = [e for e in session.results.assessment["species"] if not species.can_trigger(e)]
    assert folded
    assert page.taxa.model.rowCount(group) == len(folded)
    assert not any(entry["trigger"] for entry in folded)
    assert {entry["category"] for entry in folded} & {"VU", "DD"}


def test_nothing_is_wider_than_the_panel(page):
    for width in (300, 540):
        page.resize(width, 800)
        settle()
        assert page.width() == width
        assert page.minimumSizeHint().width() <= width
        assert page.scroll.widget().width() <= page.scroll.viewport().width()


def test_the_rationale_is_written_in_place_and_meets_discreteness(page, session):  # noqa: F811
    QTest.mouseClick(link(page.cards["discreteness"], "write"), Qt.MouseButton.LeftButton)
    assert page.editor.isVisible()
    QTest.keyClicks(page.editor.text, "The edge of the cloud forest on all sides.")
    page.editor.save.click()
    assert session.nominations.statement("delineation_rationale") == "The edge of the cloud forest on all sides."
    assert session.results.assessment_stale
    assert page.cards["discreteness"].chip.dimmed
    wait_for(lambda: fresh(session))
    settle()
    assert page.cards["discreteness"].chip.text == "met"
    assert session.results.assessment["verdict"] == "eligible"


def test_what_was_typed_and_not_saved_survives_a_look_at_another_candidate(page, session):  # noqa: F811
    page.act("rationale")
    QTest.keyClicks(page.editor.text, "Half a sen")
    from pages_support import boundary_of

    session.candidates.add("Ember Crater", boundary_of("Ember Crater"))
    settle()
    assert not page.editor.isVisible()
    session.candidates.set_current("Cloudtop Ridge")
    settle()
    page.act("rationale")
    assert page.editor.text.toPlainText() == "Half a sen"
    page.editor.cancel.click()
    assert session.nominations.statement("delineation_rationale") == ""


def test_a_taxon_opens_to_its_shares_findings_and_sources(page, session):  # noqa: F811
    entry = next(e for e in session.results.assessment["species"] if e["trigger"])
    index = page.taxa.proxy.mapFromSource(page.taxa.model.find(entry["scientific_name"]))
    page.taxa.tree.setCurrentIndex(index)
    assert page.taxa.reason.plain() in [f["message"] for f in entry["findings"]]
    page.taxa.more.click()
    assert page.stack.currentWidget() is page.details
    said = texts(page.details)
    assert entry["scientific_name"] in said
    assert all(finding["message"] in said for finding in entry["findings"])
    assert any("EPSG:6933" in text for text in said)
    assert any(session.results.assessment_sources[0]["citation"] in text for text in said)
    page.details.back.click()
    assert page.stack.currentWidget() is page.results


def test_evidence_of_presence_is_kept_with_its_taxon(page, session):  # noqa: F811
    entry = next(e for e in session.results.assessment["species"] if e["trigger"])
    page.show_taxon(entry["scientific_name"])
    page.details.write("evidence_of_presence")
    QTest.keyClicks(page.details.editor.text, "Transect of 2024")
    page.details.editor.save.click()
    assert session.nominations.statement("evidence_of_presence", entry["scientific_name"]) == "Transect of 2024"


def test_parts_and_records_outside_are_listed_in_order_and_one_click_away(page, session, monkeypatch):  # noqa: F811
    entry = next(
        e
        for e in session.results.assessment["species"]
        if any(f["code"] == "irreplaceability.outside" and len(f["params"]["parts"]) > 1 for f in e["findings"])
    )
    outside = next(f for f in entry["findings"] if f["code"] == "irreplaceability.outside")["params"]
    # Records as a check of a library with records gives them, in no order.
    places = [
        {"lon": 1.0 + n, "lat": 2.0, "year": year, "distance_m": distance, "extent": [n, 1, n + 1, 2]}
        for n, (year, distance) in enumerate(((0, 9000.0), (2011, 500.0), *((2000, 1e4 + n) for n in range(4))))
    ]
    params = {"taxon": entry["scientific_name"], "count": 30, "distance_m": 500.0, "records": places}
    entry["findings"].append(
        {"code": "irreplaceability.records_outside", "severity": "info", "message": "Thirty.", "params": params}
    )
    zoomed, flashed = [], []
    monkeypatch.setattr(session, "zoom_to", lambda place, flash=True: zoomed.append((place, flash)))
    monkeypatch.setattr(session, "flash", flashed.append)
    page.show_taxon(entry["scientific_name"])
    settle()
    link(page.details.parts, "zoom").click()
    largest = max(outside["parts"], key=lambda part: part["area_m2"])
    assert zoomed == [(list(largest["extent"]), True)]

    records = page.details.records
    assert [t for t in texts(records) if "away" in t][:2] == [
        "500\u00a0m away · 2011",
        "9.0\u00a0km away · year not known",
    ]
    link(records, "zoom").click()
    assert zoomed[-1] == ([1, 1, 2, 2], False)
    assert (flashed[0].asPoint().x(), flashed[0].asPoint().y()) == (2.0, 2.0)
    link(records, "2 more").click()
    said = texts(records)
    assert len([t for t in said if "away" in t]) == 6
    assert "24 others are not listed." in said


def test_the_page_says_which_share_decides_and_how_it_was_computed(page, session):  # noqa: F811
    entry = next(e for e in session.results.assessment["species"] if e["trigger"])
    deciding = next(share for share in entry["shares"] if share["deciding"])
    page.show_taxon(entry["scientific_name"])
    assert page.details.decision.plain().startswith(f"◆ {species.share_name(deciding)} decides")
    page.details.how.copy()
    copied = QApplication.clipboard().text()
    for step in entry["explanation"]:
        assert step["message"][1:] in copied
    assert copied.rstrip().endswith(session.results.assessment_sources[0]["citation"])


def test_the_rest_of_a_range_is_one_click_away(page, session, monkeypatch):  # noqa: F811
    gone = []
    page.cards["irreplaceability"].zoomed.connect(gone.append)
    link(page.cards["irreplaceability"], "show").click()
    extents = [
        list(f["params"]["extent"])
        for e in session.results.assessment["species"]
        for f in e["findings"]
        if f["code"] == "irreplaceability.outside"
    ]
    assert len(gone) == 1
    assert gone[0] in extents


def test_what_is_open_and_chosen_survives_a_new_check(page, session):  # noqa: F811
    entry = next(e for e in session.results.assessment["species"] if e["trigger"])
    index = page.taxa.proxy.mapFromSource(page.taxa.model.find(entry["scientific_name"]))
    page.taxa.tree.setCurrentIndex(index)
    page.taxa.tree.expand(index)
    session.check()
    wait_for(lambda: fresh(session))
    settle()
    again = page.taxa.tree.currentIndex()
    assert again.data(species.ENTRY_ROLE)["scientific_name"] == entry["scientific_name"]
    assert page.taxa.tree.isExpanded(again)


def test_the_table_goes_to_the_clipboard_and_to_a_file(page, session, tmp_path):  # noqa: F811
    page.taxa.copy()
    copied = QApplication.clipboard().text().splitlines()
    shares = sum(max(1, len(e["shares"])) for e in session.results.assessment["species"])
    assert len(copied) == shares + 1
    target = tmp_path / "taxa.csv"
    page.taxa.save_as(str(target))
    assert len(target.read_text(encoding="utf-8-sig").splitlines()) == shares + 1
    rows = list(csv.DictReader(target.open(encoding="utf-8-sig", newline="")))
    expected = [
        (e["scientific_name"], s["parameter"], s["segment"], str(s["deciding"]), s["basis"])
        for e in session.results.assessment["species"]
        for s in e["shares"]
    ]
    columns = ("scientific_name", "parameter", "segment", "deciding", "basis")
    assert [tuple(row[c] for c in columns) for row in rows if row["parameter"]] == expected


def test_the_candidate_list_names_what_is_left_out(page, session, tmp_path):  # noqa: F811
    from pages_support import boundary_of

    said = []
    session.message.connect(lambda text, level: said.append(text))
    near = {
        e["scientific_name"]
        for e in session.results.assessment["species"]
        if e["category"] in ("CR", "EN", "EW")
        and e["rank"] == "species"
        and not e["trigger"]
        and max(s["high"] for s in e["shares"]) >= 0.5
    }
    assert near
    page.taxa.save_list(str(tmp_path / "list.csv"))
    rows = list(csv.DictReader((tmp_path / "list.csv").open(encoding="utf-8-sig", newline="")))
    assert {row["scientific_name"] for row in rows} == near
    assert "Left out" not in said[-1]
    session.candidates.add("Ember Crater", boundary_of("Ember Crater"))
    page.taxa.save_list(str(tmp_path / "list.csv"))
    assert "Ember Crater" in said[-1]


def test_a_file_that_cannot_be_written_is_said(page, session, tmp_path):  # noqa: F811
    said = []
    session.message.connect(lambda text, level: said.append(text))
    (tmp_path / "file").write_text("")
    page.taxa.save_as(str(tmp_path / "file" / "taxa.csv"))
    assert len(said) == 1
    assert "taxa.csv" in said[0]


def test_clicking_a_bar_opens_the_taxon(page, session):  # noqa: F811
    from aze_plugin.gui.widgets.sharebar import ShareBar

    bar = page.cards["irreplaceability"].findChildren(ShareBar)[0]
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert (
        page.details.taxon == next(e for e in session.results.assessment["species"] if e["trigger"])["scientific_name"]
    )
