"""QGIS is killed while a boundary is drawn and a text typed, and again while they are edited: the staged plugin in a
real window."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import run_in_qgis  # noqa: E402

PLUGINS = Path(os.environ.get("AZE_STAGED", ROOT / "build"))
PICTURES = ROOT / "build" / "e2e-kill"
NAME = "Drawn by hand"

pytestmark = [
    pytest.mark.skipif(not (PLUGINS / "aze_plugin" / "metadata.txt").exists(), reason="not staged: run `make stage`"),
    pytest.mark.skipif(not shutil.which("qgis"), reason="no QGIS application here"),
]


@pytest.fixture(scope="module")
def walks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kill")
    shutil.rmtree(PICTURES, ignore_errors=True)
    found = {}
    for part in ("draft", "recovered", "reopened"):
        found[part] = run_in_qgis(
            Path(__file__).with_name("kill_walk.py"),
            {"part": part, "pictures": str(PICTURES), "project": str(folder / "project" / "p.qgz")},
            plugins=PLUGINS,
            profile=folder / "profile",
        )
        assert "error" not in found[part], found[part]["error"]
        (folder / "project").mkdir(exist_ok=True)
        found[part]["marks"] = [path.name for path in (folder / "profile").rglob("*.gpkg.open")]
        found[part]["notes"] = [path.name for path in folder.rglob("*.gpkg.*.texts*")]
    return found


def test_it_was_killed(walks):
    assert walks["draft"]["ended"] != "QGIS ended with 0"
    assert walks["recovered"]["ended"] != "QGIS ended with 0"
    assert len(walks["draft"]["marks"]) == 1


def test_what_was_drawn_in_a_project_never_saved_is_offered_at_the_next_start(walks):
    found = walks["recovered"]
    # The one that has a name, and the one that was being drawn.
    assert sorted(found["offered"]) == ["", NAME]
    shown, said = found["shown"]
    assert shown and NAME in said and "drawing" in said and found["page"] == "boundary"
    assert found["taken_back"] == walks["draft"]["drawn"]
    assert len(found["names"]) == 2


def test_at_most_the_last_corner_is_lost(walks):
    dropped, found = walks["recovered"]["dropped"], walks["reopened"]
    assert len(set(dropped)) == 5
    assert found["as_saved"] == walks["recovered"]["saved"]
    assert found["offered"] == [NAME]
    assert found["recovered"] in dropped[-2:]
    assert found["undone"] == found["as_saved"]
    assert found["kept"] == found["recovered"]


def test_an_end_that_is_meant_leaves_nothing_to_offer(walks):
    # The project was saved, then opened with its own edits, and QGIS was closed.
    assert walks["recovered"]["marks"] == [] and walks["reopened"]["before_opening"] == 0
    assert walks["reopened"]["ended"] == "QGIS ended with 0", walks["reopened"]["log"]


@pytest.mark.parametrize(("killed", "after"), [("draft", "recovered"), ("recovered", "reopened")])
def test_of_what_was_typed_without_a_pause_nothing_is_lost_that_was_noted_meanwhile(walks, killed, after):
    found = walks[after]["written"].split()
    assert found == [f"word{number}" for number in range(1, len(found) + 1)]
    assert 10 <= walks[killed]["noted"] <= len(found) <= walks[killed]["typed"]


def test_the_text_that_was_saved_stays_until_somebody_takes_the_other_back(walks):
    assert walks["reopened"]["text_saved"] == walks["recovered"]["text_saved"] == walks["recovered"]["written"]
    assert NAME in walks["reopened"]["said"] and "Description" in walks["reopened"]["said"]


def test_once_all_is_saved_no_note_is_left(walks):
    assert len(walks["draft"]["notes"]) == 2 and len(walks["recovered"]["notes"]) == 2
    assert walks["reopened"]["notes"] == []
