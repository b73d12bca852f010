"""The dialog that refreshes categories: its states, with real runs against a server on this computer."""

import os
import sys
from functools import partialmethod
from pathlib import Path

import pytest
from pages_support import *  # noqa: F403
from pages_support import all_ended, settle, wait_for
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "qgis"))
sys.path.insert(0, str(ROOT / "tests" / "unit"))

from ranges_files import row, square, write  # noqa: E402
from redlist_server import TOKEN, RedListServer, assessment, silent, status  # noqa: E402

from aze_plugin.gui.refresh_dialog import RefreshDialog  # noqa: E402
from aze_plugin.library.importer import Request, import_species  # noqa: E402
from aze_plugin.services import network, redlist_api  # noqa: E402

KEY = "aze_toolkit/redlist_authcfg"


@pytest.fixture
def server():
    with RedListServer() as made:
        made.add(1, "Azea alba", assessment("EN", 2024))
        made.add(2, "Azea longissimifoliosa", assessment("VU", 2025, pe=False))
        made.add(3, "Novomontia gamma", assessment("CR", 2023, pe=True))
        made.add(4, "Delta delta", assessment("LC", 2015))
        yield made


@pytest.fixture
def small(tmp_path):
    """A library of six species."""
    names = [
        ("Azea alba", 1, "VU"),
        ("Azea longissimifoliosa", 2, "CR"),
        ("Gamma gamma", 3, "CR"),
        ("Delta delta", 4, "NT"),
        ("Epsilon absens", 5, "EN"),
        ("Zeta sp. nova 1", "", "EN"),
    ]
    rows = [
        row(name, taxon_id=number, category=category, wkt=square(n, 0))
        for n, (name, number, category) in enumerate(names)
    ]  # noqa: E501
    path = tmp_path / "library.gpkg"
    import_species(Request(str(path), (str(write(tmp_path / "ranges.gpkg", rows, kinds={"id_no": str})),)))
    return str(path)


@pytest.fixture
def authcfg(qgis_app):
    manager = QgsApplication.authManager()
    assert manager.setMasterPassword("of the tests", True)
    config = QgsAuthMethodConfig()
    config.setName("Red List token")
    config.setMethod("APIHeader")
    config.setConfig("Authorization", TOKEN)
    _, config = manager.storeAuthenticationConfig(config)
    yield config.id()
    manager.removeAuthenticationConfig(config.id())
    QgsSettings().remove(KEY)


@pytest.fixture
def dialog(empty_session, small, server, authcfg):
    empty_session.open_library(small)
    made = RefreshDialog(empty_session, url=server.url, interval_s=0)
    made.auth.setConfigId(authcfg)
    made.show()
    settle()
    yield made
    if made.isVisible():
        made.reject()
    made.deleteLater()


@pytest.fixture
def patient(monkeypatch):
    """Calls that wait for an answer without an end, unless they are stopped."""
    pace = redlist_api.Pace(interval_s=0, backoff_s=1, longest_wait_s=5, attempts=4, attempts_when_busy=4, read_s=3600)
    monkeypatch.setattr(redlist_api.Pace, "default", classmethod(lambda _cls, *_given: pace))
    monkeypatch.setattr(network.Connection, "get", partialmethod(network.Connection.get, whole_s=3600))


def rows_of(dialog):
    tree = dialog.tree
    return [
        [tree.topLevelItem(n).text(column) for column in range(4)]
        for n in range(tree.topLevelItemCount())
        if not tree.topLevelItem(n).childCount()
    ]


def picture(dialog, name):
    """A picture of the dialog where one is asked for: ``AZE_PICTURES=folder``."""
    folder = os.environ.get("AZE_PICTURES")
    if folder:
        settle()
        dialog.grab().save(str(Path(folder) / f"{name}.png"))


def test_before_anything_was_asked(dialog, server):
    assert dialog.look.isEnabled()
    assert not dialog.take.isEnabled() and not dialog.copy.isEnabled()
    assert "6 taxa" in dialog.note.plain()
    assert not server.calls
    picture(dialog, "refresh_empty")


def test_without_a_library_or_a_token(empty_session, server):
    made = RefreshDialog(empty_session, url=server.url)
    assert not made.look.isEnabled()
    assert "species library first" in made.note.plain()
    assert made.look.toolTip() == "Choose a token first."
    made.reject()
    made.deleteLater()


def test_changes_are_listed_and_taken_over(dialog, empty_session, small, authcfg):
    before = Path(small).read_bytes()
    dialog.look.click()
    assert not dialog.look.isEnabled()
    wait_for(lambda: dialog.document is not None)
    assert Path(small).read_bytes() == before
    assert rows_of(dialog) == [
        ["Azea alba", "VU", "EN 2024", "Can make a site now"],
        ["Azea longissimifoliosa", "CR", "VU 2025", "Can no longer make a site"],
        ["Delta delta", "NT", "LC 2015", "Another category"],
        ["Gamma gamma (there Novomontia gamma)", "CR", "CR(PE) 2023", "Needs evidence of presence now"],
    ]
    groups = [dialog.tree.topLevelItem(n).text(0) for n in range(4, dialog.tree.topLevelItemCount())]
    assert groups == ["Not on the list (1)", "Could not be checked (1)"]
    assert dialog.summary.plain().startswith("Red List 2025-2: 4 changed, 0 as before")
    failed = dialog.tree.topLevelItem(5).child(0).text(0)
    assert failed.startswith("Zeta sp. nova 1: has neither a number nor a name of two words")
    dialog.tree.expandAll()
    picture(dialog, "refresh_changes")
    assert dialog.take.isEnabled()
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    dialog.take.click()
    wait_for(lambda: said)
    assert said == ["4 changes were taken over into the library."]
    assert empty_session.sources.library_summary["categories"] == {"CR": 1, "EN": 3, "LC": 1, "VU": 1}
    assert not dialog.take.isEnabled()
    picture(dialog, "refresh_taken")
    # Only the id of the token's configuration is remembered.
    assert QgsSettings().value(KEY) == authcfg
    dialog.look.click()
    wait_for(lambda: dialog.document is not None)
    assert rows_of(dialog) == []


def test_an_error_is_a_sentence(dialog, server):
    server.faults["*"] = [status(401)]
    dialog.look.click()
    wait_for(lambda: not dialog._doing)
    assert "refused the token" in dialog.note.plain()
    assert dialog.look.isEnabled() and not dialog.take.isEnabled()
    picture(dialog, "refresh_error")


def test_running_can_be_stopped(dialog, server, patient, empty_session):
    server.faults["/taxa/sis/2"] = [silent(server)]
    dialog.look.click()
    wait_for(lambda: dialog.busy.isVisible() and len(server.calls) >= 3)
    assert empty_session.runner.running("refresh")
    picture(dialog, "refresh_running")
    dialog.busy.stop.click()
    assert not empty_session.runner.running("refresh")
    assert "Stopped" in dialog.note.plain()
    assert dialog.look.isEnabled()
    wait_for(all_ended)


def test_closing_stops_what_was_started(dialog, server, patient, empty_session):
    server.faults["/taxa/sis/2"] = [silent(server)]
    dialog.look.click()
    wait_for(lambda: len(server.calls) >= 3)
    dialog.reject()
    assert not empty_session.runner.running("refresh")
    wait_for(all_ended)


def test_nothing_has_changed(dialog, server):
    dialog.threatened.setChecked(True)
    for number, name, category in ((1, "Azea alba", "VU"), (2, "Azea longissimifoliosa", "CR")):
        server.add(number, name, {**assessment(category, 2020), "year_published": ""})
    server.add(3, "Gamma gamma", {**assessment("CR", 2020), "year_published": ""})
    server.add(5, "Epsilon absens", {**assessment("EN", 2020), "year_published": ""})
    server.taxa.pop(4)
    dialog.look.click()
    wait_for(lambda: dialog.document is not None)
    assert dialog.document["unchanged"] == 4
    assert not dialog.take.isEnabled()
