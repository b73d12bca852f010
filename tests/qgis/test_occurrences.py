"""Records through ``aze:importspecies``, and the sentences that tell what became of them."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from qgis.core import QgsProcessingException, QgsVectorLayer

from aze_plugin.services.wording import _templates, text

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"


def test_the_sample_with_its_report(run, tmp_path):
    library, report = tmp_path / "library.gpkg", tmp_path / "report.json"
    results = run(
        "importspecies", LIBRARY=str(library), OCCURRENCES=[str(SAMPLE / "occurrences.csv")], REPORT=str(report)
    )
    assert (results["TAXA"], results["ROWS_IMPORTED"], results["ROWS_REJECTED"]) == (16, 274, 16)
    (source,) = json.loads(report.read_text(encoding="utf-8"))["sources"]
    assert source["kind"] == "occurrences"
    assert source["fields"]["lat"] == "decimalLatitude"
    swapped = next(row for row in source["rejected"] if row["code"] == "row.out_of_range")
    assert "Latitude -178.58" in swapped["reason"] and "swapped" in swapped["reason"]
    said = [note["message"] for note in source["notes"]]
    assert "10 rows were left out, as they say that the species was not found." in said
    assert "One row was left out, as its coordinates are both exactly 0." in said
    layer = QgsVectorLayer(f"{library}|layername=occurrence", "records", "ogr")
    assert layer.isValid() and layer.crs().authid() == "EPSG:6933"
    assert layer.featureCount() == 274
    feature = next(layer.getFeatures())
    point = feature.geometry().asPoint()
    assert (point.x(), point.y()) == (feature["x"], feature["y"])


def test_a_refused_archive_is_a_sentence(run, tmp_path):
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.xml", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><archive>&x;</archive>')
    with pytest.raises(QgsProcessingException, match="bad.zip/meta.xml.*declares a document type"):
        run("importspecies", LIBRARY=str(tmp_path / "x.gpkg"), OCCURRENCES=[str(path)])
    assert not (tmp_path / "x.gpkg").exists()


def test_every_code_has_its_sentence():
    library = ROOT / "aze_plugin" / "library"
    files = [library / f"{name}.py" for name in ("occurrences", "archives", "tables", "vector")]
    pattern = r'"((?:occurrences|archives|tables|row|import)\.[a-z_]+)"'
    used = {code for file in files for code in re.findall(pattern, file.read_text(encoding="utf-8"))}
    rows = {code for code in used if code.startswith("row.")} | {"row.null", "row.coordinates"}
    used |= {f"rejected.{code.partition('.')[2]}{one}" for code in rows for one in ("", ".one")}
    assert len(rows) > 10
    assert not sorted(used - set(_templates()))
    assert text("row.columns", {"found": 3, "expected": 12}) == "The row has 3 columns where 12 are expected."
