"""``aze:importspecies`` as users call it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from qgis.core import QgsProcessingException, QgsVectorLayer

from aze_plugin.library.query import Library

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
MALAWI = ROOT.parent / "shared" / "data" / "malawi" / "ranges"
RANGES = [str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg")]


def test_the_sample(run, tmp_path):
    library, report = tmp_path / "a library.gpkg", tmp_path / "report.json"
    results = run(
        "importspecies",
        LIBRARY=str(library),
        RANGES=RANGES,
        ASSESSMENTS=str(SAMPLE / "redlist.zip"),
        VERSION="1",
        CITATION="Invented",
        REPORT=str(report),
    )
    document = json.loads(report.read_text(encoding="utf-8"))
    assert document["schema"] == "aze-import/1"
    assert results["REPORT"] == str(report)
    assert results["TAXA"] == document["taxa"] > 20
    assert results["ROWS_IMPORTED"] == sum(s["rows_imported"] for s in document["sources"])
    assert results["ROWS_REJECTED"] == 0
    repaired = [r for s in document["sources"] for r in s["repaired"]]
    assert repaired and all("mended" in r["reason"] for r in repaired)
    assert all(s["version"] == "1" and s["citation"] == "Invented" for s in document["sources"])


def test_the_library_opens_as_a_layer(sample_library):
    layer = QgsVectorLayer(f"{sample_library}|layername=range", "range", "ogr")
    assert layer.isValid()
    assert layer.crs().authid() == "EPSG:6933"
    assert layer.featureCount() == len(list(layer.getFeatures()))
    assert all(f.geometry().isGeosValid() for f in layer.getFeatures())


def test_a_folder_and_empty_parameters(run, tmp_path):
    with pytest.raises(QgsProcessingException, match="Nothing to import"):
        run("importspecies", LIBRARY=str(tmp_path / "x.gpkg"))
    assert not list(tmp_path.iterdir())
    folder = tmp_path / "range maps" / "birds"
    folder.mkdir(parents=True)
    for path in RANGES:
        shutil.copy(path, folder)
    results = run("importspecies", LIBRARY=str(tmp_path / "x.gpkg"), RANGES=[str(folder.parent)])
    assert results["ROWS_IMPORTED"] == 47


@pytest.mark.skipif(not MALAWI.exists(), reason="the real range maps are not here")
def test_a_folder_of_real_range_maps(run, tmp_path):
    before = {p.name: p.stat().st_mtime_ns for p in MALAWI.iterdir()}
    results = run("importspecies", LIBRARY=str(tmp_path / "x.gpkg"), RANGES=[str(MALAWI)])
    assert (results["TAXA"], results["ROWS_IMPORTED"], results["ROWS_REJECTED"]) == (17, 17, 0)
    assert {p.name: p.stat().st_mtime_ns for p in MALAWI.iterdir()} == before
    with Library.open(str(tmp_path / "x.gpkg")) as library:
        assert {t.taxon_id for t in library.taxa() if t.category == "EN"} == {"172530", "172532"}


def test_errors_are_sentences(run, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no ranges")
    with pytest.raises(QgsProcessingException, match="notes.txt.*cannot be read as a vector file"):
        run("importspecies", LIBRARY=str(tmp_path / "x.gpkg"), RANGES=[str(text)])
    with pytest.raises(QgsProcessingException, match="PostgreSQL"):
        run("importspecies", LIBRARY="postgresql://somewhere/db", RANGES=RANGES)


def test_every_code_has_its_sentence():
    import re

    from aze_plugin.services.wording import _templates

    package = ROOT / "aze_plugin"
    files = [*package.glob("library/*.py"), package / "processing" / "importspecies.py"]
    used = {c for f in files for c in re.findall(r'"((?:library|row|import)\.[a-z_]+)"', f.read_text(encoding="utf-8"))}
    used |= {f"row.{reason}" for reason in ("null", "empty", "not_polygon", "coordinates")}
    assert not sorted(used - set(_templates()))


@pytest.mark.parametrize("many", ["repeated", "joined"])
@pytest.mark.skipif(not (ROOT / "build" / "aze_plugin").is_dir(), reason="run `make stage` first")
def test_from_the_command_line(tmp_path, many):
    ranges = [f"RANGES={path}" for path in RANGES] if many == "repeated" else [f"RANGES={';'.join(RANGES)}"]
    command = [sys.executable, str(ROOT / "scripts" / "environment.py"), "--run", "qgis_process", "--json"]
    command += ["run", "aze:importspecies", "--", f"LIBRARY={tmp_path}/x.gpkg", *ranges]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["ROWS_IMPORTED"] == 47
