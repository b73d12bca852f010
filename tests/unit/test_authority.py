"""National lists: what an import takes from them, and that they speak for themselves alone."""

from dataclasses import replace

import pytest
from ranges_files import row, square, write

from aze_plugin.domain import geometry
from aze_plugin.domain.criteria import endangerment
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.species import Taxon
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.query import Library
from aze_plugin.library.taxa import default_settings
from aze_plugin.paths import load_json

BRAZIL = "Lista Nacional 2022"
HEADER = (
    "assessmentId,internalTaxonId,scientificName,redlistCategory,redlistCriteria,yearPublished,assessmentDate,scopes"  # noqa: E501
)


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library.gpkg"


def national(path, *lines, header="especie;categoria"):
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def export(path, *rows):
    lines = [f'{n},{n},{name},{category},"A2c",2020,2019-06-30,Global' for n, name, category in rows]
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return path


def load(library, assessments="", *ranges, authority=""):
    request = Request(str(library), tuple(map(str, ranges)), str(assessments))
    return import_species(replace(request, authority=authority))


def settings(authority=BRAZIL):
    return default_settings().with_choices(authority=authority)


def taxa(library, rules=None):
    with Library.open(str(library)) as opened:
        return {t.scientific_name: t for t in opened.taxa(rules)}


@pytest.fixture
def both(tmp_path, library):
    """Two species with maps and global assessments, and one that only the national list has."""
    ranges = write(
        tmp_path / "ranges.gpkg",
        [
            row("Alba alba", taxon_id=1, category="EN"),
            row("Beta beta", taxon_id=2, category="LC", presence=1),
            row("Beta beta", taxon_id=2, category="LC", presence=5, wkt=square(10.5, 0, 3)),
        ],
    )
    load(library, export(tmp_path / "assessments.csv", (1, "Alba alba", "Endangered"), (2, "Beta beta", "LC")), ranges)
    listed = national(
        tmp_path / "lista.csv",
        "Beta beta Sclater, 1890;Extinta na natureza (EW);2014",
        "Gamma gamma;Criticamente em Perigo (CR(PEX));2022",
        header="especie;categoria;ano",
    )
    load(library, listed, authority=f"  {BRAZIL} ")
    return library


def test_the_global_categories_stay(both):
    found = taxa(both)
    assert {n: (t.category, t.category_source) for n, t in found.items()} == {
        "Alba alba": ("EN", "assessment"),
        "Beta beta": ("LC", "assessment"),
        "Gamma gamma": ("NE", "none"),
    }


def test_the_list_speaks_when_asked(both):
    found = taxa(both, settings())
    assert {n: (t.category, t.category_source) for n, t in found.items()} == {
        "Alba alba": ("NE", "none"),
        "Beta beta": ("EW", "national"),
        "Gamma gamma": ("CR", "national"),
    }
    assert (found["Beta beta"].year, found["Beta beta"].criteria) == (2014, "")
    assert found["Gamma gamma"].possibly_extinct and not found["Beta beta"].possibly_extinct
    # Its number is the one by which everything else knows it.
    assert found["Beta beta"].taxon_id == "2"


def test_evidence_follows_the_list_also_in_what_counts_of_the_range(both):
    everywhere = [-2e7, -8e6, 2e7, 8e6]
    with Library.open(str(both)) as opened:
        by_iucn = {e.taxon.scientific_name: e for e in opened.evidence(everywhere, default_settings())}
        by_list = {e.taxon.scientific_name: e for e in opened.evidence(everywhere, settings())}
        alone = opened.evidence_for("2", settings())
    assert by_iucn["Alba alba"].taxon.category == "EN"
    assert by_list["Alba alba"].taxon.category == "NE"
    # Extinct in the wild by the list: the historic range counts, which for Least Concern it does not.
    assert [r.presence for r in by_iucn["Beta beta"].range.rows] == [1]
    assert sorted(r.presence for r in by_list["Beta beta"].range.rows) == [1, 5]
    assert by_list["Beta beta"].range.historic and alone.range.historic
    union = geometry.dissolve(r.geometry for r in by_list["Beta beta"].range.rows)
    assert by_list["Beta beta"].range.segment_areas["all"] == pytest.approx(geometry.area(union), rel=1e-12)
    assert alone.range.segment_areas == by_list["Beta beta"].range.segment_areas


def test_lists_by_name(both, tmp_path):
    with Library.open(str(both)) as opened:
        assert opened.authorities() == [BRAZIL]
        assert opened.taxa(settings(BRAZIL.replace(" ", "  ")))[1].category == "EW"
        with pytest.raises(AzeError, match="library.no_such_authority") as caught:
            opened.taxa(settings("Lista Roja"))
        assert caught.value.params["available"] == [BRAZIL]
        with pytest.raises(AzeError, match="library.no_such_authority"):
            opened.evidence([0, 0, 1, 1], settings("Lista Roja"))
    empty = tmp_path / "empty.gpkg"
    load(empty, export(tmp_path / "b.csv", (1, "Alba alba", "EN")))
    with Library.open(str(empty)) as opened, pytest.raises(AzeError, match="library.no_authorities"):
        opened.taxa(settings())


def test_sources_name_the_list_only_where_it_counts(both):
    with Library.open(str(both)) as opened:
        by_iucn = [s["name"] for s in opened.sources_of({"2"})]
        by_list = [s["name"] for s in opened.sources_of({"2"}, settings())]
    assert by_iucn == ["assessments.csv", "ranges.gpkg"]
    assert by_list == ["assessments.csv", "ranges.gpkg", "lista.csv"]


def test_the_explanation_of_a_category_names_its_list(both):
    with Library.open(str(both)) as opened:
        by_iucn, by_list = (opened.accounts(["2"], s)["2"] for s in (default_settings(), settings()))
    assert by_iucn.sources["assessment"] == ["assessments.csv"]
    assert by_list.sources["assessment"] == ["lista.csv"]
    # Least Concern leaves out the historic row, which Extinct in the Wild keeps.
    assert (by_iucn.range_kept, by_list.range_kept) == (1, 2)


def test_a_list_that_came_first_finds_its_taxa_later(tmp_path, library):
    load(library, national(tmp_path / "lista.csv", "Alba alba;VU"), authority=BRAZIL)
    assert taxa(library)["Alba alba"].taxon_id == "Alba alba"
    load(library, "", write(tmp_path / "a.gpkg", [row("Alba alba", taxon_id=7, category="CR")]))
    found = taxa(library, settings())
    assert {(t.taxon_id, t.category) for t in found.values()} == {("7", "VU")}
    assert taxa(library)["Alba alba"].category == "CR"


def test_a_newer_edition_replaces_and_another_list_does_not(tmp_path, library):
    path = national(tmp_path / "lista.csv", "Alba alba;VU", "Beta beta;CR")
    load(library, path, authority=BRAZIL)
    national(path, "Alba alba;EN")
    load(library, path, authority=BRAZIL)
    load(library, national(tmp_path / "roja.csv", "Alba alba;LC"), authority="Lista Roja")
    assert {n: t.category for n, t in taxa(library, settings()).items()} == {"Alba alba": "EN"}
    assert taxa(library, settings("Lista Roja"))["Alba alba"].category == "LC"


def test_the_newest_row_of_a_list_counts(tmp_path, library):
    rows = ("Alba alba,VU,2010", "Alba alba,EN,2020", "Alba alba,LC,2015")
    load(library, national(tmp_path / "l.csv", *rows, header="nome_cientifico,categoria,ano"), authority=BRAZIL)
    assert taxa(library, settings())["Alba alba"].category == "EN"


def test_regional_scopes_count_for_the_list_alone(tmp_path, library):
    rows = ("9,Alba alba,Endangered,Brazil",)
    header = "internalTaxonId,scientificName,redlistCategory,scopes"
    report = load(library, national(tmp_path / "l.csv", *rows, header=header), authority=BRAZIL)
    assert taxa(library, settings())["Alba alba"].category == "EN"
    assert taxa(library)["Alba alba"].category == "NE"
    assert not report.sources[0].notes
    # A number in a national list may be anybody's: the taxon is known by its name.
    assert taxa(library)["Alba alba"].taxon_id == "Alba alba"


@pytest.mark.parametrize("header", ["especie", "nome_cientifico", "Nombre científico", "ESPÉCIE", "scientific_name"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_by_any_name(tmp_path, library, header, delimiter):
    path = national(tmp_path / "l.csv", f"Alba alba{delimiter}EN", header=f"{header}{delimiter}Categoría")
    load(library, path, authority=BRAZIL)
    assert taxa(library, settings())["Alba alba"].category == "EN"


@pytest.mark.parametrize(
    ("written", "category", "possibly_extinct"),
    [
        ("EN", "EN", False),
        ("Endangered", "EN", False),
        ("Em Perigo (EN)", "EN", False),
        ("EM PERIGO", "EN", False),
        ("En Peligro", "EN", False),
        ("Criticamente em Perigo", "CR", False),
        ("CR (PEX)", "CR", True),
        ("CR(PE)", "CR", True),
        ("Criticamente em Perigo (CR) - PEX", "CR", True),
        ("Vulnerável", "VU", False),
        ("VU - Vulnerable", "VU", False),
        ("Extinta na Natureza (EW)", "EW", False),
        ("en danger critique d’extinction", "CR", False),
        ("Menos Preocupante", "LC", False),
        ("NA", "NA", False),
    ],
)
def test_categories_as_lists_write_them(tmp_path, library, written, category, possibly_extinct):
    report = load(library, national(tmp_path / "l.csv", f"Alba alba;{written}"), authority=BRAZIL)
    assert not report.sources[0].rejected
    found = taxa(library, settings())["Alba alba"]
    assert (found.category, found.possibly_extinct) == (category, possibly_extinct)


def test_rows_that_cannot_be_used_are_told(tmp_path, library):
    report = load(library, national(tmp_path / "l.csv", "Alba alba;Protegida", ";EN", "Beta beta;CR"), authority=BRAZIL)
    source = report.sources[0]
    assert [(n.row, n.code) for n in source.rejected] == [(1, "row.unknown_category"), (2, "row.name_missing")]
    assert source.rows_imported == 1


def test_a_subspecies_does_not_speak_for_its_species(tmp_path, library):
    rows = ("Alba alba;LC", "Alba alba montana;CR", "Alba alba ssp. minor;EN", "Beta beta (Lin., 1758);VU")
    load(library, national(tmp_path / "l.csv", *rows), authority=BRAZIL)
    found = taxa(library, settings())
    assert found["Alba alba"].category == "LC"
    assert found["Beta beta"].category == "VU"
    assert found["Alba alba ssp. minor"].rank == "subspecies"
    assert found["Alba alba montana"].rank == "subspecies"


def test_what_is_no_list(tmp_path, library):
    with pytest.raises(AzeError, match="library.national_fields"):
        load(library, national(tmp_path / "l.csv", "1;2", header="municipio;area"), authority=BRAZIL)
    assert not library.exists()


# -- the rules


def test_settings_name_the_list():
    rules = Settings.from_dict(load_json("criteria", "aze.json"))
    assert rules.authority_list == ""
    assert "IUCN" in rules.as_json()["authority"]
    assert rules.with_choices(authority="  ") == rules
    chosen = rules.with_choices(authority="Lista  Nacional")
    assert (chosen.as_json()["authority"], chosen.as_json()["authority_list"]) == ("Lista Nacional", "Lista Nacional")


def taxon(category, source="national"):
    return Taxon("1", "Alba alba", category, source)


def codes(findings):
    return [f.code for f in findings]


def test_a_result_by_a_national_list_says_so():
    status, found = endangerment.judge([taxon("EN")], settings())
    assert status == "met"
    assert codes(found) == ["endangerment.threatened_taxa", "endangerment.national_authority"]
    assert {f.params["authority"] for f in found} == {BRAZIL}
    status, found = endangerment.judge([taxon("LC")], settings())
    assert (status, codes(found)[-1]) == ("not_met", "endangerment.national_authority")
    assert "endangerment.national_authority" not in codes(endangerment.judge([taxon("EN")], default_settings())[1])


def test_a_taxon_not_on_the_list_cannot_be_assessed():
    status, found = endangerment.judge([taxon("NE", "none")], settings())
    assert status == "not_assessable"
    assert codes(found) == ["endangerment.none_on_list", "endangerment.national_authority"]
    assert codes(endangerment.taxon_findings(taxon("NE", "none"), settings(), 2025)) == ["endangerment.not_on_list"]
    assert codes(endangerment.taxon_findings(taxon("NE", "none"), default_settings(), 2025)) == [
        "endangerment.category_unknown"
    ]
