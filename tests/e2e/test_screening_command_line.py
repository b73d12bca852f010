"""Screening and context under a bare ``qgis_process``, on the sample."""

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


@pytest.fixture(scope="module")
def call():
    printed = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "environment.py")], capture_output=True, text=True, check=True
    ).stdout
    values = {**os.environ, **dict(line.partition("=")[::2] for line in printed.splitlines())}

    def runner(name, *arguments):
        command = ["qgis_process", "--json", "run", f"aze:{name}", "--", *map(str, arguments)]
        return subprocess.run(command, env=values, capture_output=True, text=True, timeout=240)

    return runner


def test_a_project_is_screened_with_its_report(call, tmp_path):
    done = call(
        "screenproject",
        f"PROJECT={SAMPLE / 'candidates.gpkg'}|layername=candidates",
        f"SITES={SAMPLE / 'sites.gpkg'}",
        f"TRIGGERS={SAMPLE / 'site_triggers.csv'}",
        f"OUTPUT={tmp_path / 'near.gpkg'}",
        f"REPORT={tmp_path / 'report.html'}",
        f"PDF={tmp_path / 'report.pdf'}",
        f"SUMMARY={tmp_path / 'screening.json'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)["results"]
    document = json.loads((tmp_path / "screening.json").read_text(encoding="utf-8"))
    assert document["schema"] == "aze-screening/1" and document["hits"]
    touched = {h["site"] for h in document["hits"] if h["relation"] != "within"}
    assert results["TOUCHED"] == len(touched) > 0
    assert any(h["triggers_known_by"] == "table" for h in document["hits"])
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert document["headline"]["message"].split(":")[0] in page and "Performance Standard 6" in page


def test_sites_are_seen_in_their_surroundings(call, tmp_path):
    done = call(
        "sitecontext",
        f"SITES={SAMPLE / 'candidates.gpkg'}|layername=candidates",
        f"RASTERS={SAMPLE / 'landcover.tif'}",
        f"RASTERS={SAMPLE / 'habitat' / 'Azea_alba.tif'}",
        f"POLYGONS={SAMPLE / 'protected_areas.gpkg'}|layername=polygons",
        f"LAND={SAMPLE / 'islands.gpkg'}",
        f"OUTPUT={tmp_path / 'figures.csv'}",
        f"LAYER={tmp_path / 'sites.gpkg'}",
        f"SUMMARY={tmp_path / 'context.json'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "context.json").read_text(encoding="utf-8"))
    kinds = {layer["name"]: layer["kind"] for layer in document["layers"]}
    assert kinds["landcover"] == "classes" and "areas" in kinds.values()
    shares = [layer["value"] for layer in document["layers"] if layer["kind"] == "areas"]
    assert len(shares) == 1 and 0 < shares[0] < 1
    assert "class_share" in (tmp_path / "figures.csv").read_text(encoding="utf-8")


def test_a_footprint_that_does_not_say_where_it_lies_is_refused(call, tmp_path):
    (tmp_path / "wells.csv").write_text('id,WKT\n1,"POINT (-178.5 -26.5)"\n', encoding="utf-8")
    subprocess.run(["ogr2ogr", str(tmp_path / "wells.shp"), str(tmp_path / "wells.csv")], check=True)
    (tmp_path / "wells.prj").unlink(missing_ok=True)
    done = call(
        "screenproject",
        f"PROJECT={tmp_path / 'wells.shp'}",
        f"SITES={SAMPLE / 'sites.gpkg'}",
        f"OUTPUT={tmp_path / 'near.gpkg'}",
    )
    assert done.returncode != 0 and "coordinate reference system" in done.stdout + done.stderr


def test_a_site_has_its_fact_sheet(call, tmp_path):
    done = call(
        "sitefactsheet",
        f"SITES={SAMPLE / 'sites.gpkg'}",
        "SITE_ID=98001",
        f"PROTECTED={SAMPLE / 'protected_areas.gpkg'}",
        f"TRIGGERS={SAMPLE / 'site_triggers.csv'}",
        f"RASTERS={SAMPLE / 'landcover.tif'}",
        f"OUTPUT={tmp_path / 'sheet.html'}",
        f"PDF={tmp_path / 'sheet.pdf'}",
        f"SUMMARY={tmp_path / 'sheet.json'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "sheet.json").read_text(encoding="utf-8"))
    assert found["site"]["name"] == "Serrata Highlands" and found["coverage"]["sites"][0]["both_pct"] > 0
    assert [s["scientific_name"] for s in found["trigger_species"]] == ["Fractella torta", "Lacustrina caeca"]
    assert "Serrata Highlands" in (tmp_path / "sheet.html").read_text(encoding="utf-8")
    pages = subprocess.run(["pdfinfo", tmp_path / "sheet.pdf"], capture_output=True, text=True).stdout
    assert "Pages:           1\n" in pages
