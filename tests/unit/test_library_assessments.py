"""Red List exports as the site gives them out."""

import gzip
import shutil
import zipfile
from pathlib import Path

import pytest
from ranges_files import row, write

from aze_plugin.domain.errors import AzeError
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.query import Library

AOH = Path(__file__).resolve().parents[3] / "shared" / "data" / "aoh"

HEADER = (
    "assessmentId,internalTaxonId,scientificName,redlistCategory,redlistCriteria,yearPublished,assessmentDate,"
    "rationale,possiblyExtinct,possiblyExtinctInTheWild,scopes"
)


def line(
    number=1, taxon=1, name="Alba alba", category="Endangered", year=2020, pe="false", pew="false", scopes="Global"
):
    return (
        f'{number},{taxon},{name},{category},"B1ab(iii,v)",{year},{year - 1}-06-30 00:00:00 UTC,'
        f'"<p>Two lines,\nand a ""quote"".</p>",{pe},{pew},"{scopes}"'
    )


def table(path, *lines, header=HEADER, encoding="utf-8"):
    path.write_bytes("\r\n".join([header, *lines]).encode(encoding))
    return path


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library.gpkg"


def load(library, assessments, *ranges):
    return import_species(Request(str(library), tuple(map(str, ranges)), str(assessments)))


def taxa(library):
    with Library.open(str(library)) as opened:
        return {t.taxon_id: t for t in opened.taxa()}


def test_the_best_assessment_counts(tmp_path, library):
    export = table(
        tmp_path / "assessments.csv",
        line(1, 1, category="Vulnerable", year=2010),
        line(2, 1, category="Critically Endangered", year=2021, pe="true"),
        line(3, 1, category="Least Concern", year=2023, scopes="Europe"),
        line(4, 2, "Beta beta", "Extinct in the Wild", scopes="Global, Europe"),
        line(5, 3, "Gamma gamma", "Endangered", scopes="Mediterranean"),
        line(6, 4, "Delta delta", "Lower Risk/near threatened", scopes=""),
        line(7, 5, "Zeta zeta", "Doomed"),
    )
    ranges = write(tmp_path / "a.gpkg", [row(category="LC"), row("Gamma gamma", taxon_id=3, category="NT")])
    report = load(library, export, ranges)
    found = taxa(library)
    assert (found["1"].category, found["1"].possibly_extinct, found["1"].year) == ("CR", True, 2021)
    assert (found["1"].category_source, found["1"].criteria) == ("assessment", "B1ab(iii,v)")
    assert found["2"].category == "EW"
    assert (found["3"].category, found["3"].category_source, found["3"].year) == ("NT", "map", None)
    assert found["4"].category == "LR/nt"
    source = report.sources[0]
    assert [(n.row, n.taxon, n.code) for n in source.rejected] == [(7, "Zeta zeta", "row.unknown_category")]
    assert ("import.regional", {"count": 2}) in source.notes


def test_a_taxon_with_neither_is_not_evaluated(tmp_path, library):
    export = table(tmp_path / "assessments.csv", line(1, 1, scopes="Europe"))
    load(library, export, write(tmp_path / "a.gpkg", [row(category="")]))
    assert (taxa(library)["1"].category, taxa(library)["1"].category_source) == ("NE", "none")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("shape", ["file", "folder", "zip", "gzip"])
def test_shapes_and_encodings(tmp_path, library, shape, encoding):
    folder = tmp_path / "export" / "redlist_species_data"
    folder.mkdir(parents=True)
    path = table(folder / "assessments.csv", line(name="Ölandia é"), encoding=encoding)
    given = {"file": path, "folder": folder.parent}.get(shape)
    if shape == "zip":
        given = shutil.make_archive(str(tmp_path / "redlist"), "zip", folder.parent)
    if shape == "gzip":
        given = tmp_path / "assessments.csv.gz"
        given.write_bytes(gzip.compress(path.read_bytes()))
    assert load(library, given).rows_imported == 1
    assert taxa(library)["1"].scientific_name == "Ölandia é"


def test_the_tables_beside(tmp_path, library):
    folder = tmp_path / "export"
    folder.mkdir()
    table(
        folder / "assessments.csv",
        line(1, 1),
        line(2, 2, "Alba alba ssp. montana"),
        line(3, 3, "Alba alba"),
    )
    table(
        folder / "taxonomy.csv",
        "1,Alba alba,AVES,,,",
        "2,Alba alba ssp. montana,AVES,ssp.,montana,",
        "3,Alba alba,AVES,,,Western",
        header="internalTaxonId,scientificName,className,infraType,infraName,subpopulationName",
    )
    table(
        folder / "common_names.csv",
        "1,Alba alba,Second name,English,false",
        "1,Alba alba,White Alba,English,true",
        header="internalTaxonId,scientificName,name,language,main",
    )
    load(library, folder)
    found = taxa(library)
    assert [found[i].rank for i in "123"] == ["species", "subspecies", "subpopulation"]
    assert (found["1"].common_name, found["1"].group) == ("White Alba", "AVES")


def test_a_species_mapped_by_its_subspecies_only(tmp_path, library):
    export = table(tmp_path / "assessments.csv", line(1, 1))
    load(library, export, write(tmp_path / "a.gpkg", [row(subspecies="montana")]))
    assert (taxa(library)["1"].rank, taxa(library)["1"].scientific_name) == ("species", "Alba alba")


def test_names_lead_to_ids(tmp_path, library):
    ranges = write(tmp_path / "a.gpkg", [{"binomial": "alba ALBA", "wkt": row()["wkt"]}])
    load(library, table(tmp_path / "assessments.csv", line(1, 77)), ranges)
    assert set(taxa(library)) == {"77"}


def test_importing_a_newer_export_replaces(tmp_path, library):
    path = table(tmp_path / "assessments.csv", line(1, 1), line(2, 2, "Beta beta"))
    load(library, path)
    table(path, line(1, 1, category="Vulnerable"))
    load(library, path)
    assert {i: t.category for i, t in taxa(library).items()} == {"1": "VU"}


def test_what_is_no_export(tmp_path, library):
    habitat = table(tmp_path / "habitat.csv", "1,14.5,Urban", header="id_no,code,name")
    with pytest.raises(AzeError, match="library.assessment_fields") as caught:
        load(library, habitat)
    assert caught.value.params["file"] == str(habitat)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AzeError, match="library.no_assessments"):
        load(library, tmp_path / "empty")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(habitat, "assessments.csv")
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-30])
    with pytest.raises(AzeError, match="library.bad_zip"):
        load(library, tmp_path / "a.zip")
    assert not library.exists()


@pytest.mark.skipif(not AOH.exists(), reason="the simulated species are not here")
def test_simulated_species(library):
    ranges = [AOH / "EXAMPLE_SPECIES.zip", AOH / "SIMULATED_SPECIES.zip"]
    report = load(library, AOH / "iucn-red-list-summary-1990-1.csv.gz", *ranges)
    assert report.rows_rejected == 0
    with Library.open(str(library)) as opened:
        for taxon in opened.taxa():
            for kept in opened.taxon_rows(taxon.taxon_id):
                assert not kept.geometry.is_empty
