"""A nomination by a national list names it wherever a reader looks, and cannot pass for one by the global list."""

import json
import shutil
import zipfile

import pytest
from package_helpers import FOLDER, execute

LIST = "Lista Nacional de Azea 2024"
CODE = "endangerment.national_authority"


@pytest.fixture(scope="module")
def national_library(library, tmp_path_factory):
    """The sample's library with a national list, by which Azea alba is Critically Endangered."""
    from aze_plugin.library.importer import Request, import_species

    folder = tmp_path_factory.mktemp("national")
    path = folder / "library.gpkg"
    shutil.copy(library, path)
    listed = folder / "lista.csv"
    listed.write_text("especie;categoria\nAzea alba;Criticamente em Perigo (CR)\n", encoding="utf-8")
    import_species(Request(str(path), assessments=str(listed), citation="Azea (2024). Lista.", authority=LIST))
    return str(path)


@pytest.fixture
def made(package, national_library, example, tmp_path):
    for row in example["biodiversity"]["species"]:
        row.pop("category", None)
    example["site"].pop("rationale", None)
    package(example, LIBRARY=national_library, AUTHORITY=LIST, ALLOW_INCOMPLETE=True)
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        archive.extractall(tmp_path / "bag")
    return tmp_path / "bag" / FOLDER / "data"


def test_the_list_is_named_in_every_document(made):
    from openpyxl import load_workbook

    document = json.loads((made / "assessment.json").read_text(encoding="utf-8"))
    assert document["settings"]["authority"] == LIST
    only = document["assessments"][0]
    assert CODE in [f["code"] for f in only["criteria"]["endangerment"]["findings"]]
    alba = next(t for t in only["species"] if t["scientific_name"] == "Azea alba")
    assert (alba["category"], alba["category_source"]) == ("CR", "national")
    others = [t for t in only["species"] if t["scientific_name"] != "Azea alba"]
    assert others and not any(t["trigger"] for t in others)
    nomination = json.loads((made / "nomination.json").read_text(encoding="utf-8"))
    row = next(r for r in nomination["biodiversity"]["species"] if r["scientific_name"] == "Azea alba")
    assert row["category"] == "Critically Endangered (CR)"
    assert row["other_threat_listing"] == LIST
    assert LIST in nomination["site"]["rationale"]
    sheet = load_workbook(made / "forms" / "kba_proposal.xlsx")["3. Biodiversity elements data"]
    assert LIST in [str(sheet.cell(n, 12).value) for n in range(5, 12)]
    assert "lista.csv" in (made / "sources.csv").read_text(encoding="utf-8")


def test_the_report_names_the_list(made, monkeypatch):
    said = (made / "report" / "report.html").read_text(encoding="utf-8")
    assert said.count(LIST) >= 3
    assert "not by the global IUCN Red List" in said


def test_the_global_list_is_not_named_so(final_package):
    with zipfile.ZipFile(final_package) as archive:
        document = json.loads(archive.read(f"{FOLDER}/data/assessment.json"))
        nomination = json.loads(archive.read(f"{FOLDER}/data/nomination.json"))
    assert document["settings"]["authority_list"] == ""
    assert CODE not in json.dumps(document)
    assert not any("other_threat_listing" in row for row in nomination["biodiversity"]["species"])


def test_verification_asks_the_same_list(made, national_library, library, tmp_path):
    from aze_plugin.packaging.verification import verify

    zipped = tmp_path / "package.zip"
    found = verify(zipped, national_library)
    assert "package.authority" not in [p.code for p in found.problems]
    assert found.recomputed and all(abs(r["difference"]) < 1e-9 for r in found.recomputed)
    lacking = verify(zipped, library)
    assert "package.authority" in [p.code for p in lacking.problems]


def test_an_unknown_list_is_said(package, example):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="no national list"):
        package(example, AUTHORITY="Lista Vermelha")


def test_the_check_by_command(national_library, tmp_path):
    from package_helpers import candidate_layer

    from aze_plugin.processing.checkboundary import CheckBoundary

    def check(**more):
        output = tmp_path / "assessment.json"
        execute(CheckBoundary, BOUNDARY=candidate_layer(), LIBRARY=national_library, OUTPUT=str(output), **more)
        return json.loads(output.read_text(encoding="utf-8"))

    assert check(AUTHORITY=LIST)["settings"]["authority"] == LIST
    assert "IUCN" in check()["settings"]["authority"]
