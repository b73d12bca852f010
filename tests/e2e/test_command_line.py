"""The staged plugin under a bare ``qgis_process``, as a script would call it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGED = ROOT / "build" / "aze_plugin"
SAMPLE = STAGED / "resources" / "sample"

pytestmark = pytest.mark.skipif(not STAGED.is_dir(), reason="run `make stage` first")

ALGORITHMS = (
    "importspecies", "refreshassessments", "checkboundary", "suggestboundary", "fitboundary", "includepart",
    "protectioncoverage", "countryreport", "screenproject", "sitecontext",
    "packagenomination", "verifypackage", "uploadpackage",
)  # fmt: skip


@pytest.fixture(scope="module")
def environment():
    printed = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "environment.py")], capture_output=True, text=True, check=True
    ).stdout
    values = dict(line.partition("=")[::2] for line in printed.splitlines())
    return {**os.environ, **values}


@pytest.fixture(scope="module")
def call(environment):
    def runner(*arguments):
        return subprocess.run(
            ["qgis_process", *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=240
        )

    return runner


@pytest.fixture(scope="module")
def library(call, tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "library.gpkg"
    done = call(
        "--json",
        "run",
        "aze:importspecies",
        "--",
        f"LIBRARY={path}",
        f"RANGES={SAMPLE / 'ranges.zip'}",
        f"RANGES={SAMPLE / 'ranges_birds.gpkg'}",
        f"ASSESSMENTS={SAMPLE / 'redlist.zip'}",
        f"OCCURRENCES={SAMPLE / 'occurrences.csv'}",
        f"POPULATIONS={SAMPLE / 'populations.csv'}",
        f"HABITATS={SAMPLE / 'habitat'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # One name among the records is that of no taxon of the range maps.
    assert json.loads(done.stdout)["results"]["TAXA"] == 31
    return path


def test_variables_are_absolute_and_unquoted(environment):
    printed = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "environment.py")], capture_output=True, text=True, check=True
    ).stdout
    for line in printed.splitlines():
        key, _, value = line.partition("=")
        assert key.isupper() and value and not value.startswith(("'", '"'))
    assert environment["PATH"].split(":")[0] == "/usr/bin"


def test_the_provider_lists_its_algorithms(call):
    listed = json.loads(call("--json", "list").stdout)["providers"]["aze"]["algorithms"]
    assert {f"aze:{name}" for name in ALGORITHMS} <= set(listed)


# Each call starts QGIS: what all of them say is looked at without it, see tests/qgis/test_help.py.
@pytest.mark.parametrize("name", ["importspecies", "packagenomination"])
def test_an_algorithm_explains_itself(call, name):
    described = json.loads(call("--json", "help", f"aze:{name}").stdout)
    assert len(described["algorithm_details"]["short_description"] or "") > 200 or len(json.dumps(described)) > 2000


def test_check_and_cover_write_their_documents(call, library, tmp_path):
    done = call(
        "--json",
        "run",
        "aze:checkboundary",
        "--",
        f"BOUNDARY={SAMPLE / 'candidates.gpkg'}|layername=candidates",
        f"LIBRARY={library}",
        f"PROTECTED={SAMPLE / 'protected_areas.gpkg'}|layername=polygons",
        f"LANDCOVER={SAMPLE / 'landcover.tif'}",
        f"EDGES={SAMPLE / 'islands.gpkg'}",
        f"CANDIDATE_LIST={tmp_path / 'candidate_list.csv'}",
        f"OUTPUT={tmp_path / 'assessment.json'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Squaminella rupestris" in (tmp_path / "candidate_list.csv").read_text(encoding="utf-8")
    results = json.loads(done.stdout)["results"]
    assert (results["CANDIDATES"], results["ELIGIBLE"]) == (7, 0)
    document = json.loads((tmp_path / "assessment.json").read_text())
    assert document["schema"] == "aze-assessment/1"
    parameters = {s["parameter"] for a in document["assessments"] for t in a["species"] for s in t["shares"]}
    assert parameters == {"mature_individuals", "aoo", "esh", "range", "localities"}
    done = call(
        "--json",
        "run",
        "aze:protectioncoverage",
        "--",
        f"SITES={SAMPLE / 'candidates.gpkg'}|layername=candidates",
        f"PROTECTED={SAMPLE / 'protected_areas.gpkg'}|layername=polygons",
        f"PROTECTED={SAMPLE / 'protected_areas.gpkg'}|layername=points",
        f"OUTPUT={tmp_path / 'cover.gpkg'}",
        f"SUMMARY={tmp_path / 'coverage.json'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ridge = next(
        s for s in json.loads((tmp_path / "coverage.json").read_text())["sites"] if s["name"] == "Cloudtop Ridge"
    )
    assert ridge["both_pct"] == pytest.approx(38.0, abs=0.005)


def test_a_failure_is_an_exit_code_and_a_sentence(call, tmp_path):
    done = call(
        "run",
        "aze:checkboundary",
        "--",
        f"BOUNDARY={SAMPLE / 'candidates.gpkg'}|layername=candidates",
        f"LIBRARY={tmp_path / 'nowhere.gpkg'}",
        f"OUTPUT={tmp_path / 'assessment.json'}",
    )
    assert done.returncode != 0
    assert "nowhere.gpkg" in done.stdout + done.stderr
    assert not (tmp_path / "assessment.json").exists()
