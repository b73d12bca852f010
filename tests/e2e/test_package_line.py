"""Packaging, previewing and reviewing under a bare ``qgis_process``, sensitive species included."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGED = ROOT / "build" / "aze_plugin"
SAMPLE = STAGED / "resources" / "sample"

pytestmark = pytest.mark.skipif(not STAGED.is_dir(), reason="run `make stage` first")


@pytest.fixture(scope="module")
def call():
    printed = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "environment.py")], capture_output=True, text=True, check=True
    ).stdout
    environment = {**os.environ, **dict(line.partition("=")[::2] for line in printed.splitlines())}

    def runner(name, **parameters):
        given = [f"{key}={value}" for key, value in parameters.items()]
        done = subprocess.run(
            ["qgis_process", "--json", "run", f"aze:{name}", "--", *given],
            env=environment, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)["results"] if done.returncode == 0 else {}, done.stderr

    return runner


def test_preview_package_and_review(call, tmp_path):
    library = tmp_path / "library.gpkg"
    code, _, said = call("importspecies", LIBRARY=library, RANGES=SAMPLE / "ranges.zip",
                         ASSESSMENTS=SAMPLE / "redlist.zip")  # fmt: skip
    assert code == 0, said
    details = tmp_path / "details.json"
    schema = json.loads((STAGED / "resources" / "schemas" / "nomination.schema.json").read_text(encoding="utf-8"))
    details.write_text(json.dumps(schema["examples"][0]), encoding="utf-8")
    common = {
        "BOUNDARY": f"{SAMPLE / 'candidates.gpkg'}|layername=candidates|subset=\"name\"='Cloudtop Ridge'",
        "LIBRARY": library,
        "DETAILS": details,
        "PROTECTED": SAMPLE / "protected_areas.gpkg",
        "ALLOW_INCOMPLETE": "true",
        "SENSITIVE": "all",
        "GRID": "10 km",
    }
    code, results, said = call("packagenomination", **common, PREVIEW=tmp_path / "preview.json")
    assert code == 0 and "OUTPUT" not in results, said
    listed = {f["path"]: f["sha256"] for f in json.loads((tmp_path / "preview.json").read_text())["files"]}
    code, results, said = call("packagenomination", **common, OUTPUT=tmp_path / "package.zip")
    assert code == 0, said
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        assert {name.partition("/")[2] for name in archive.namelist()} == set(listed)
    code, results, said = call("verifypackage", PACKAGE=tmp_path / "package.zip", LIBRARY=library,
                               OUTPUT=tmp_path / "v.json", REVIEW=tmp_path / "review.html")  # fmt: skip
    assert code == 0 and results["VALID"] is True, said
    assert "Cloudtop Ridge" in (tmp_path / "review.html").read_text(encoding="utf-8")
