"""The live meter in the real application, by the mouse: drawing, dragging across a range's edge, undo, saving."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import run_in_qgis  # noqa: E402

PLUGINS = Path(os.environ.get("AZE_STAGED", ROOT / "build"))
PICTURES = ROOT / "build" / "e2e-live"

pytestmark = [
    pytest.mark.skipif(not (PLUGINS / "aze_plugin" / "metadata.txt").exists(), reason="not staged: run `make stage`"),
    pytest.mark.skipif(not shutil.which("qgis"), reason="no QGIS application here"),
]


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    shutil.rmtree(PICTURES, ignore_errors=True)
    found = run_in_qgis(
        Path(__file__).with_name("live_walk.py"),
        {"pictures": str(PICTURES), "project": str(folder / "archipelago.qgz")},
        plugins=PLUGINS,
    )
    assert "error" not in found, found["error"]
    return found


def best(shown, name):
    return shown["rows"][name][1]


def test_nothing_is_shown_while_nothing_is_in_hand(walk):
    assert walk["at_rest"]["hidden"]
    assert walk["saved"]["hidden"]
    assert walk["reopened"]["hidden"]


def test_drawing_says_to_go_on_and_then_gives_numbers(walk):
    assert not walk["begun"]["hidden"]
    assert "three corners" in walk["begun"]["said"]
    first, _second, third, fourth = walk["drawing"]
    assert not first["rows"]
    assert third["rows"]
    assert third["facts"] != fourth["facts"]
    assert any(status == "met" for status, _, _ in fourth["rows"].values())
    assert any("protected" in fact for fact in fourth["facts"])


def test_a_number_changes_as_the_vertex_moves_and_crosses_the_threshold(walk):
    assert walk["checked_action"]
    met = [name for name, (status, _, _) in walk["taken"]["rows"].items() if status == "met"]
    assert met
    last = walk["dragging"][-1]
    fallen = [name for name in met if last["rows"][name][2] == -1]
    assert fallen
    for name in fallen:
        course = [best(shown, name) for shown in walk["dragging"]]
        assert course == sorted(course, reverse=True)
        assert course[0] > 0.95 >= course[-1]
        assert len(set(course)) > 3
        # Marked when it falls below, and not before.
        for shown in walk["dragging"]:
            status, share, crossed = shown["rows"][name]
            assert (crossed == -1) == (share <= 0.95) == (status != "met")


def test_the_button_on_the_page_and_the_one_on_the_toolbar_are_one(walk):
    assert walk["put_away"] == [False, False]
    assert walk["taken_on_the_page"] == [True, True]


def test_nothing_jumps_meanwhile(walk):
    heights = [shown["height"] for shown in walk["dragging"]]
    assert heights == sorted(heights)
    names = [list(shown["rows"]) for shown in walk["dragging"]]
    for earlier, later in zip(names, names[1:]):
        assert later[: len(earlier)] == earlier


def test_the_number_on_release_is_that_of_the_check(walk):
    assert walk["dropped"]
    for name, (status, share, _) in walk["after_drop"]["rows"].items():
        checked = walk["check"].get(name)
        if checked is None:
            assert share == 0
            continue
        assert status == checked[0]
        assert any(share == pytest.approx(other, abs=1e-9) for other in checked[1])
    assert walk["live_area"] == pytest.approx(walk["check_area"], rel=1e-12)


def test_undo_and_redo_are_followed(walk):
    for name in walk["taken"]["rows"]:
        assert best(walk["undone"], name) == pytest.approx(best(walk["taken"], name), abs=1e-12)
        assert best(walk["redone"], name) == pytest.approx(best(walk["after_drop"], name), abs=1e-12)
    assert walk["undone"]["facts"] != walk["redone"]["facts"]


def test_the_vertex_tool_of_qgis_gives_a_number_on_release(walk):
    assert walk["vertex_tool_moving"] == 0
    assert walk["vertex_tool"]["readings"] >= 1
    assert walk["vertex_tool"]["area"] != pytest.approx(walk["live_area"], rel=1e-3)


def test_the_project_brings_the_boundary_back(walk):
    assert "Drawn by hand" in walk["reopened"]["names"]
    before, after = walk["reopened"]["area"]
    assert after == pytest.approx(before)
    # All of it: the shape to the last decimal, the library, and what a check says of it.
    before_saving, saved = walk["shape_saved"]
    assert walk["reopened"]["shape"] == saved == before_saving
    assert walk["reopened"]["library"] and walk["reopened"]["verdict"] in ("eligible", "not_eligible", "needs_evidence")
    assert walk["again"]["rows"] and not walk["again"]["hidden"]


def test_a_suggested_boundary_becomes_a_candidate_with_its_share(walk):
    found = walk["suggested"]
    assert found["added"] == [found["current"]]
    assert len(found["proposals"]) > 1
    least = found["proposals"][0]
    assert least[0] == "least_area" and least[2] == min(area for _, _, area in found["proposals"])
    assert all(share > 0.95 for _, share, _ in found["proposals"])
    assert found["checked"] == pytest.approx(found["proposed"], abs=1e-6)


def test_it_ends_well(walk):
    assert walk["ended"] == "QGIS ended with 0", walk["log"]
    assert [sentence for sentence, level in walk["messages"] if level == 2] == []
