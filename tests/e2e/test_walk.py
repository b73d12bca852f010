"""The real application: QGIS with a window, the staged plugin, the sample, from loading to the package."""

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import run_in_qgis  # noqa: E402

PLUGINS = Path(os.environ.get("AZE_STAGED", ROOT / "build"))
PICTURES = ROOT / "build" / "e2e"

pytestmark = [
    pytest.mark.skipif(not (PLUGINS / "aze_plugin" / "metadata.txt").exists(), reason="not staged: run `make stage`"),
    pytest.mark.skipif(not shutil.which("qgis"), reason="no QGIS application here"),
]


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    (folder / "project").mkdir()
    boundary = folder / "an import.geojson"
    boundary.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Imported"},"geometry":'
        '{"type":"Polygon","coordinates":[[[-178.6,-26.6],[-178.5,-26.6],[-178.5,-26.5],[-178.6,-26.6]]]}}]}'
    )
    script = Path(__file__).with_name("walk.py")
    shutil.rmtree(PICTURES, ignore_errors=True)
    found = run_in_qgis(
        script,
        {
            "pictures": str(PICTURES),
            "boundary": str(boundary),
            "package": str(folder / "package.zip"),
            "project": str(folder / "project" / "archipelago.qgz"),
            "purpose": "Propose a new KBA that does not intersect any existing KBAs",
        },
        plugins=PLUGINS,
    )
    found["folder"] = folder
    assert "error" not in found, found["error"]
    return found


def test_everything_is_there_once(walk):
    assert walk["loaded"] == {
        "docks": ["AzePanel"],
        "toolbars": ["AzeToolbar"],
        "menu": ["AZE"],
        "provider": True,
        "scene": walk["loaded"]["scene"],
    }


def test_sample_is_checked_by_itself(walk):
    sample = walk["sample"]
    assert sample["verdict"] == "eligible"
    assert sample["both_pct"] == pytest.approx(38.0, abs=0.1)
    assert sample["library"]["taxa"] == 31
    assert {sample["states"][page] for page in ("data", "boundary", "criteria", "protection")} == {"fine"}


def test_every_candidate_is_judged_as_the_sample_says(walk):
    assert walk["verdicts"] == {
        "Cloudtop Ridge": "eligible",
        "Windward Terraces": "not_eligible",
        "Ember Crater": "needs_evidence",
        "Dateline Wood": "needs_evidence",
        "Plumb Line Plateau": "not_eligible",
        "Serrata Highlands": "eligible",
        "Lone Swell Bank": "not_eligible",
    }


def test_drawing_with_the_mouse(walk):
    assert walk["drawn"]["area_ha"] > 100
    assert walk["drawn"]["drawing"] is False


def test_results_follow_the_boundary(walk):
    assert walk["stale_after_edit"] is True
    before, after = walk["area_after_undo"]
    assert after == pytest.approx(before)


def test_boundary_from_a_file(walk):
    assert walk["imported"] == "Imported"


def test_package_is_written(walk):
    assert walk["package"] and not walk["package"]["draft"], walk["messages"]
    with zipfile.ZipFile(walk["folder"] / "package.zip") as package:
        assert "Cloudtop_Ridge/bagit.txt" in package.namelist()


def test_project_keeps_everything(walk):
    assert walk["saved"] is True
    assert walk["candidate_source"].startswith(str(walk["folder"] / "project"))
    assert walk["after_new"] == [[], ""]
    assert walk["reopened"]["current"] == "Cloudtop Ridge"
    assert len(walk["reopened"]["candidates"]) == 7
    assert walk["reopened"]["verdict"] == "eligible"
    assert walk["reopened"]["rationale"] is True


def test_unloading_leaves_nothing(walk):
    unloaded = walk["unloaded"]
    assert (unloaded["docks"], unloaded["toolbars"], unloaded["menu"]) == ([], [], [])
    assert unloaded["provider"] is False
    assert unloaded["scene"] <= walk["loaded"]["scene"]
    assert walk["tasks"] == 0
    assert walk["reloaded"]["docks"] == ["AzePanel"]
    assert walk["ended"] == "QGIS ended with 0", walk["log"]


def test_no_errors_were_shown(walk):
    assert [sentence for sentence, level in walk["messages"] if level == 2] == []
