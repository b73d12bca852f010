"""Fact sheets from the panel: asked for, made in the background, opened; and the layouts of reports in the options."""

import gc
import shutil
import subprocess

import pytest
from pages_support import (  # noqa: F401
    SAMPLE,
    algorithms,
    empty_session,
    fresh,
    library,
    session,
    settle,
    wait_for,
)
from qgis.PyQt.QtWidgets import QFileDialog

from aze_plugin import paths
from aze_plugin.gui import factsheet, reports
from aze_plugin.gui.options_page import OptionsPage
from aze_plugin.gui.pages.sites import SitesPage
from aze_plugin.services.reporting import template


@pytest.fixture(autouse=True, scope="module")
def tidy(algorithms):  # noqa: F811
    """Sessions go while QGIS is there."""
    yield
    gc.collect()


@pytest.fixture
def opened(monkeypatch):
    """What would have been opened by the system's programs."""
    paths = []
    monkeypatch.setattr(factsheet, "show", paths.append)
    return paths


def answer(monkeypatch, path, kind="PDF (*.pdf)"):
    asked = []

    def save(*arguments):
        asked.append(arguments)
        return (str(path), kind) if path else ("", "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    return asked


def test_a_site_of_the_list_gets_its_sheet(session, opened, monkeypatch, tmp_path):  # noqa: F811
    for name in ("sites.gpkg", "site_triggers.csv"):
        shutil.copy(SAMPLE / name, tmp_path / name)
    for layer in list(session.sources.site_layers):
        session.sources.release(layer)
    session.sources.add("sites", str(tmp_path / "sites.gpkg"))
    session.sites.use_table(str(tmp_path / "site_triggers.csv"))
    page = SitesPage(session)
    page.resize(360, 700)
    page.show()
    wait_for(lambda: page.model.count and not session.sites.is_reading)
    row = next(row for row in session.sites.rows if row.name == "Serrata Highlands")
    assert page.choose(row.layer, row.fid)
    asked = answer(monkeypatch, tmp_path / "serrata")
    said = []
    session.message.connect(lambda text, _level: said.append(text))
    page.sheet.click()
    assert "Serrata Highlands.pdf" in asked[0][2]
    assert session.runner.running("fact sheet")
    wait_for(lambda: not session.runner.running("fact sheet"))
    settle()
    assert opened == [str(tmp_path / "serrata.pdf")]
    assert (tmp_path / "serrata.pdf").read_bytes().startswith(b"%PDF")
    assert any("Serrata Highlands" in text for text in said)
    page.close_page()
    page.deleteLater()


def test_the_candidate_has_a_sheet_of_what_is_drawn_now(session, opened, monkeypatch, tmp_path):  # noqa: F811
    answer(monkeypatch, tmp_path / "sheet.html", "Page for browsers (*.html)")
    from qgis.PyQt.QtWidgets import QWidget

    window = QWidget()
    reports.open_report(session, "aze:sitefactsheet", session.protection.subject, window)
    wait_for(lambda: opened)
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    name = session.candidates.current
    assert name in page
    # As the panel has it.
    from aze_plugin.services.figures import percent

    assert percent(session.results.coverage["both_pct"] / 100) in page
    trigger = next(t for t in session.results.assessment["species"] if t["trigger"])
    assert trigger["scientific_name"] in page


def test_who_gives_no_place_gets_no_sheet(session, opened, monkeypatch):  # noqa: F811
    answer(monkeypatch, "")
    factsheet.ask(session, session.protection.subject, None)
    assert not session.runner.running("fact sheet") and not opened


def test_without_a_boundary_there_is_nothing_to_tell(empty_session, opened, monkeypatch):  # noqa: F811
    asked, said = answer(monkeypatch, "nowhere.pdf"), []
    empty_session.message.connect(lambda text, _level: said.append(text))
    factsheet.ask(empty_session, empty_session.protection.subject, None)
    assert not asked and "boundary" in said[0]


def test_the_users_own_layout_is_used_until_it_is_given_up(session, opened, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(template, "own_path", lambda name: tmp_path / "layouts" / f"{name}.qpt")
    page = OptionsPage(lambda: None)
    assert page.layouts.count() == len(list(paths.resource("layouts").glob("*.qpt"))) >= 3
    page.layouts.setCurrentIndex(page.layouts.findData("factsheet"))
    assert not page.restore_layout.isEnabled()

    shipped = paths.resource("layouts", "factsheet.qpt").read_text(encoding="utf-8")
    own = template.own_path("factsheet")
    own.parent.mkdir()
    own.write_text(shipped.replace("[% @aze_title %]", "OUR SHEET: [% @aze_title %]"), encoding="utf-8")
    page._show_layout()
    assert page.restore_layout.isEnabled() and "own copy" in page.layout_state.plain()

    def title():
        path = tmp_path / "sheet.pdf"
        factsheet.make(session, session.protection.subject, str(path))
        wait_for(lambda: opened)
        opened.clear()
        said = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
        return said.splitlines()[0]

    name = session.candidates.current
    assert title() == f"OUR SHEET: {name}"
    page.restore_layout.click()
    assert not own.exists() and not page.restore_layout.isEnabled()
    assert title() == name
    page.deleteLater()
