"""Both sample nominations can be filled in, checked and exported from the panel, in the real application."""

import json
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
EXAMPLES = json.loads((ROOT / "resources/schemas/nomination.schema.json").read_text(encoding="utf-8"))["examples"]

pytestmark = [
    pytest.mark.skipif(not (PLUGINS / "aze_plugin" / "metadata.txt").exists(), reason="not staged: run `make stage`"),
    pytest.mark.skipif(not shutil.which("qgis"), reason="no QGIS application here"),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("form")
    script = Path(__file__).with_name("nomination_form.py")
    found = run_in_qgis(script, {"folder": str(folder), "width": 400}, plugins=PLUGINS)
    assert "error" not in found, found["error"]
    return found


def entered(example, packaged):
    """Members of an example that a package does not have as they were entered."""
    differing = []
    for section in ("proposer", "site", "delineation", "actions", "habitats", "threats", "protection", "consultation"):
        for key, value in example[section].items():
            if packaged[section].get(key) != value:
                differing.append((section, key, value, packaged[section].get(key)))
    return differing


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["kind"] for example in EXAMPLES])
def test_it_is_filled_in_checked_and_exported(filled, example):
    found = filled["examples"][example["kind"]]
    assert found["blocking"] == []
    assert found["before"][0] < found["before"][1]
    assert found["after"][0] == found["after"][1]
    assert "problem" not in found["states"].values()
    assert found["package"]["draft"] is False
    with zipfile.ZipFile(found["package"]["path"]) as package:
        inside = next(name for name in package.namelist() if name.endswith("data/nomination.json"))
        packaged = json.loads(package.read(inside))
    assert packaged["kind"] == example["kind"]
    assert packaged["status"] == "final"
    assert entered(example, packaged) == []
    (said,) = packaged["statements"]["candidates"].values()
    (wanted,) = example["statements"]["candidates"].values()
    assert said["delineation_rationale"] == wanted["delineation_rationale"]
    for taxon, evidence in wanted.get("species", {}).items():
        assert said["species"][taxon] == evidence
    for change in example.get("update", {}).get("changes", ()):
        assert any(change.items() <= row.items() for row in packaged["update"]["changes"])
