"""Occurrence records in a library: what is taken, what is left out and why, and what is counted of them."""

import csv
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import ogr, osr
from ranges_files import row as range_row
from ranges_files import write as write_ranges
from records_files import HEADER, RULES, load, reasons, stored, table, totals

from aze_plugin.domain import geometry
from aze_plugin.domain.criteria.settings import RecordFilter, Settings
from aze_plugin.domain.criteria.shares import cells_of
from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress
from aze_plugin.library import occurrences, report, tables
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.names import binomial, is_uncertain, of_parts
from aze_plugin.library.query import Library
from aze_plugin.library.store import Reader
from aze_plugin.library.store import occurrences as store
from aze_plugin.library.taxa import default_settings

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
TO_METRES = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:6933", always_xy=True)


@pytest.fixture
def library(tmp_path):
    return tmp_path / "out" / "library.gpkg"


# ------------------------------------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Panthera leo", "Panthera leo"),
        ("Panthera leo (Linnaeus, 1758)", "Panthera leo"),
        ("Azea alba Nemo, 1825", "Azea alba"),
        ("Nubilana celsa A.Nemo", "Nubilana celsa"),
        ("Barbula cancellata C. Muell.", "Barbula cancellata"),
        ("PANTHERA LEO (LINNAEUS, 1758)", "Panthera leo"),
        ("panthera leo", "Panthera leo"),
        ("Panthera_leo", "Panthera leo"),
        ("<i>Panthera leo</i> (L.)", "Panthera leo"),
        ("Panthera\u00a0 leo\t(L.)", "Panthera leo"),
        ("Panthera (Panthera) leo (L., 1758)", "Panthera leo"),
        ("Panthera leo persica Meyer, 1826", "Panthera leo"),
        ("Artibeus jamaicensis subsp. jamaicensis Leach, 1821", "Artibeus jamaicensis"),
        ("Rosa canina var. dumetorum", "Rosa canina"),
        ("Quercus ×hispanica Lam.", "Quercus hispanica"),
        ("Mentha x piperita L.", "Mentha piperita"),
        ("×Cupressocyparis leylandii", "Cupressocyparis leylandii"),
        ("Isoëtes lacustris L.", "Isoëtes lacustris"),
        ("Isoe\u0308tes lacustris", "Isoëtes lacustris"),
        ("Coccinella 7-punctata", "Coccinella 7-punctata"),
        ("Apteryx novae-zelandiae", "Apteryx novae-zelandiae"),
        ("Yi qi Xu et al., 2015", "Yi qi"),
        ("†Raphus cucullatus", "Raphus cucullatus"),
        # not one species
        ("Panthera", ""),
        ("Panthera Oken, 1816", ""),
        ("PANTHERA OKEN, 1816", ""),
        ("Plagiochila (Dum.) Dum.", ""),
        ("Aus de Candolle", ""),
        ("Felidae", ""),
        ("Animalia", ""),
        ("Panthera sp.", ""),
        ("Panthera sp. 1", ""),
        ("Panthera spp", ""),
        ("Panthera cf. leo", ""),
        ("Panthera aff. leo", ""),
        ("Panthera leo?", ""),
        ("Larus argentatus/michahellis", ""),
        ("Anas platyrhynchos × Anas acuta", ""),
        ("Anas platyrhynchos x acuta", ""),
        ("Incertae sedis", ""),
        ("BOLD:AAA1234", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_binomials(given, expected):
    assert binomial(given) == expected


def test_names_in_parts_and_names_that_doubt_themselves():
    assert of_parts("Porphyrio", "martinica") == "Porphyrio martinica"
    # Older downloads of GBIF's have the whole binomial there.
    assert of_parts("Tetraodon", "Tetraodon fluviatilis") == "Tetraodon fluviatilis"
    assert of_parts("Porphyrio", "") == of_parts("", "martinica") == ""
    assert all(is_uncertain(n) for n in ("Panthera cf. leo", "Aus bus × Cus dus", "Larus argentatus/michahellis"))
    assert not any(is_uncertain(n) for n in ("Panthera leo", "Panthera", ""))


@given(st.text(max_size=40))
def test_any_text_gives_two_words_or_nothing(text):
    found = binomial(text)
    assert not found or (len(found.split()) == 2 and binomial(found) == found)


def test_which_of_several_names_counts(tmp_path, library):
    ranges = write_ranges(tmp_path / "r.gpkg", [range_row("Gamma synonyma", taxon_id=7)])
    header = ("scientificName", "species", "genus", "specificEpithet", "decimalLatitude", "decimalLongitude")
    rows = [
        ("Beta synonyma Nemo", "Beta accepta", "", "", 1, 1),  # the accepted name
        ("Gamma synonyma Nemo", "Gamma accepta", "", "", 1, 1),  # but the library knows it as a species
        ("Delta", "", "Delta", "partita", 1, 1),
        ("Delta cf. partita", "", "Delta", "partita", 1, 1),  # its own doubt counts
        ("", "Eta sola", "", "", 1, 1),
        ("Theta", "", "Theta", "", 1, 1),
    ]
    found = import_species(
        Request(str(library), (str(ranges),), occurrences=(str(table(tmp_path / "a.csv", rows, header)),))
    ).sources[1]
    assert [t for t, *_ in stored(library)] == ["Beta accepta", "7", "Delta partita", "Eta sola"]
    assert reasons(found) == [(4, "not_species"), (6, "not_species")]
    assert found.rejected[0].params == {"value": "Delta cf. partita"}


# ------------------------------------------------------------------------------------------------------- the sample


def test_the_sample(library):
    report = load(library, SAMPLE / "occurrences.csv")
    # Told from the file by other means.
    with (SAMPLE / "occurrences.csv").open(encoding="utf-8") as handle:
        rows = list(enumerate(csv.DictReader(handle), 1))
    absent = {n for n, r in rows if r["occurrenceStatus"].upper() == "ABSENT"}
    missing = {n for n, r in rows if not (r["decimalLatitude"] and r["decimalLongitude"])} - absent
    numbers = {n: (float(r["decimalLatitude"]), float(r["decimalLongitude"])) for n, r in rows if n not in missing}
    wild = {n for n, (lat, _) in numbers.items() if abs(lat) > 90} - absent
    zero = {n for n, place in numbers.items() if place == (0, 0)} - absent
    assert [len(s) for s in (absent, missing, wild, zero)] == [10, 4, 1, 1]
    assert sorted(reasons(report)) == sorted(
        [(n, "absent") for n in absent]
        + [(n, "no_coordinates") for n in missing]
        + [(n, "out_of_range") for n in wild]
        + [(n, "zero_coordinates") for n in zero]
    )
    assert (report.rows_read, report.rows_imported, report.rows_rejected) == (290, 274, 16)
    assert dict(report.notes)["rejected.absent"] == {"count": 10}
    assert [r for r, u in stored(library, "row, uncertainty") if u == 50000] == [
        n for n, r in rows if r["coordinateUncertaintyInMeters"] == "50000"
    ]
    with Library.open(str(library)) as opened:
        taxa = {t.scientific_name: t for t in opened.taxa()}
    assert len(taxa) == 16
    assert (taxa["Nullius species"].category, taxa["Nullius species"].category_source) == ("NE", "none")
    counted = totals(library, *taxa)
    assert sum(t.kept for t in counted.values()) == 272
    assert sum(t.dropped.get("uncertain", 0) for t in counted.values()) == 2


def test_the_sample_with_its_maps_knows_all_names_but_one(library):
    request = Request(
        str(library),
        ranges=(str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg")),
        assessments=str(SAMPLE / "redlist.zip"),
        occurrences=(str(SAMPLE / "occurrences.csv"),),
    )
    found = next(s for s in import_species(request).sources if s.kind == "occurrences")
    assert dict(found.notes)["import.unknown_names"] == {"count": 1, "names": ["Nullius species"]}
    assert totals(library, "99000101")["99000101"].kept == 60


def test_azea_alba_at_cloudtop_ridge(library):
    load(library, SAMPLE / "occurrences.csv")
    source = ogr.Open(str(SAMPLE / "candidates.gpkg"))
    layer = source.GetLayer(0)
    layer.SetAttributeFilter("name = 'Cloudtop Ridge'")
    # Held, as the geometry is the feature's.
    feature = layer.GetNextFeature()
    wkb = bytes(feature.GetGeometryRef().ExportToWkb(ogr.wkbNDR))
    boundary = geometry.prepare(geometry.from_wkb([wkb])).geometries[0]
    reader = Reader(str(library))
    world = store.totals(reader, ["Azea alba"], RULES)["Azea alba"]
    everywhere = store.of_taxon(reader, "Azea alba", RULES)
    near = store.near(reader, geometry.rectangles(boundary), RULES)["Azea alba"]
    reader.close()
    inside = geometry.points_inside(near.metres, boundary)
    assert (world.kept, len(everywhere.years), int(inside.sum())) == (60, 60, 58)
    assert (world.cells, len(cells_of(near.metres[inside]))) == (16, 14)
    assert near.metres == pytest.approx(np.column_stack(TO_METRES.transform(*near.lonlat.T)), abs=1e-5)


# ------------------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        ("", "12", "no_coordinates"),
        ("12", " ", "no_coordinates"),
        ("NA", "NA", "no_coordinates"),
        ("nan", "3", "no_coordinates"),
        ("north", "3", "not_a_number"),
        ("12°30'N", "3", "not_a_number"),
        ("1_0", "3", "not_a_number"),
        ("0", "0.0", "zero_coordinates"),
        ("-178.58", "-26.6", "out_of_range"),
        ("90.0001", "1", "out_of_range"),
        ("1", "-180.0001", "out_of_range"),
        ("1", "360.0001", "out_of_range"),
        ("inf", "1", "out_of_range"),
        ("0", "5", ""),
        ("90", "360", ""),
        (" 1.5 ", "+2e1", ""),
    ],
)
def test_places(tmp_path, library, lat, lon, reason):
    report = load(library, table(tmp_path / "a.csv", [("Azea alba", 1, 1), ("Azea alba", lat, lon)]))
    assert reasons(report) == ([(2, reason)] if reason else [])
    assert (report.rows_read, report.rows_imported) == (2, 1 if reason else 2)
    if reason:
        assert dict(report.notes)[f"rejected.{reason}"] == {"count": 1}


def test_longitudes_past_180_go_round(tmp_path, library):
    load(library, table(tmp_path / "a.csv", [("Azea alba", 1, lon) for lon in (179.5, 180, -180, 181, 359.5)]))
    assert [lon for _, lon, _ in stored(library)] == [179.5, -180, -180, -179, -0.5]
    assert totals(library, "Azea alba")["Azea alba"].localities == 4


@pytest.mark.parametrize(
    ("status", "count", "taken"),
    [
        ("ABSENT", "5", False),
        ("Absent ", "", False),
        ("absent", "0", False),
        ("", "0", False),
        ("", "", True),
        ("", "3", True),
        ("present", "0", True),  # a slip in the count
        ("doubtful", "", True),
    ],
)
def test_absences_are_no_records(tmp_path, library, status, count, taken):
    header = (*HEADER, "occurrenceStatus", "individualCount")
    report = load(library, table(tmp_path / "a.csv", [("Azea alba", 1, 1, status, count)], header))
    assert reasons(report) == ([] if taken else [(1, "absent")])


def test_what_is_kept_of_a_record(tmp_path, library):
    header = (*HEADER, "coordinateUncertaintyInMeters", "year", "eventDate", "basisOfRecord")
    rows = [
        ("Azea alba", "-26.581584738291", "-178.552191234567", "100.5", "2016", "1999-01-01", "HUMAN_OBSERVATION"),
        ("Azea alba", 1, 2, "", "", "2009-02-20/2012-06-30", "PreservedSpecimen"),
        ("Azea alba", 1, 3, "0", "", "Tue Apr 01 00:00:00 CET 1930", "Fossil specimen"),
        ("Azea alba", 1, 4, "-5", "", "20050907", "http://rs.tdwg.org/dwc/terms/LivingSpecimen"),
        ("Azea alba", 1, 5, "about a mile", "unknown", "", ""),
        ("Azea alba", 1, 6, "1e3", "1987.0", "", "human-observation"),
    ]
    report = load(library, table(tmp_path / "a.csv", rows, header))
    assert report.fields["uncertainty"] == "coordinateUncertaintyInMeters"
    found = stored(library, "lon, lat, uncertainty, year, basis")
    assert found[0][:2] == (-178.552191234567, -26.581584738291)
    assert [f[2:] for f in found] == [
        (100.5, 2016, "HUMAN_OBSERVATION"),
        (None, 2009, "PRESERVED_SPECIMEN"),
        (None, 1930, "FOSSIL_SPECIMEN"),
        (None, 2005, "LIVING_SPECIMEN"),
        (None, None, ""),
        (1000, 1987, "HUMAN_OBSERVATION"),
    ]


def test_filters_act_on_what_is_asked(tmp_path, library):
    header = (*HEADER, "coordinateUncertaintyInMeters", "year", "basisOfRecord")
    rows = [
        ("Azea alba", 1, 1, 10000, 1950, "HUMAN_OBSERVATION"),
        ("Azea alba", 1, 2, 10001, 1950, "FOSSIL_SPECIMEN"),
        ("Azea alba", 1, 3, "", "", ""),
        ("Azea alba", 1, 4, 10, 1949, "FOSSIL_SPECIMEN"),
        ("Azea alba", 1, 5, "", 2000, "LIVING_SPECIMEN"),
    ]
    load(library, table(tmp_path / "a.csv", rows, header))

    def asked(*rules):
        rules = RecordFilter(*rules)
        reader = Reader(str(library))
        found = store.totals(reader, ["Azea alba", "Nobody here"], rules)
        near = store.near(reader, [(-1e7, -1e7, 1e7, 1e7)], rules).get("Azea alba", store.NO_RECORDS)
        whole = store.of_taxon(reader, "Azea alba", rules)
        reader.close()
        assert list(found) == ["Azea alba"]
        assert sorted(near.lonlat[:, 0]) == sorted(whole.lonlat[:, 0])
        assert len(near.years) == found["Azea alba"].kept == found["Azea alba"].localities
        return sorted(near.lonlat[:, 0].astype(int)), dict(found["Azea alba"].dropped)

    # A record that fails several filters counts with the first.
    assert asked(10000, None, ("FOSSIL_SPECIMEN", "LIVING_SPECIMEN")) == ([1, 3], {"uncertain": 1, "basis": 2})
    assert asked(None, None, ()) == ([1, 2, 3, 4, 5], {})
    assert asked(None, 1950, ()) == ([1, 2, 3, 5], {"old": 1})
    assert asked(9999.5, 1950, ("LIVING_SPECIMEN",)) == ([3], {"uncertain": 2, "old": 1, "basis": 1})


def test_the_filter_is_among_the_settings():
    rules = default_settings()
    assert rules.records == RecordFilter(10000.0, None, ("FOSSIL_SPECIMEN", "LIVING_SPECIMEN"))
    assert rules.as_json()["records"] == {
        "max_uncertainty_m": 10000.0,
        "since_year": None,
        "bases_left_out": ["FOSSIL_SPECIMEN", "LIVING_SPECIMEN"],
    }
    assert isinstance(rules, Settings)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-180, 179.99), st.floats(-85, 85)).filter(lambda p: p != (0, 0)), min_size=1, max_size=60
    )
)
def test_cells_and_localities_are_those_of_the_contract(tmp_path_factory, places):
    folder = tmp_path_factory.mktemp("records")
    rows = [("Azea alba", repr(lat), repr(lon)) for lon, lat in places for _ in range(2)]
    load(folder / "library.gpkg", table(folder / "a.csv", rows))
    found = totals(folder / "library.gpkg", "Azea alba")["Azea alba"]
    x, y = TO_METRES.transform(*np.array(places).T)
    near_an_edge = np.abs(np.column_stack((x, y)) / 2000 - np.round(np.column_stack((x, y)) / 2000)) < 1e-8
    if not near_an_edge.any():
        assert found.cells == len({(math.floor(a / 2000), math.floor(b / 2000)) for a, b in zip(x, y)})
    assert found.localities == len(np.unique(np.round(np.array(places), 4), axis=0))
    assert found.kept == len(rows)


def test_counts_are_the_same_in_blocks(tmp_path, library, monkeypatch):
    rng = np.random.default_rng(5)
    places = np.round(rng.uniform(-2, 2, (500, 2)), 2)
    path = table(tmp_path / "a.csv", [("Azea alba", lat, lon) for lon, lat in places])
    load(library, path)
    whole = totals(library, "Azea alba")
    monkeypatch.setattr(store, "_AT_ONCE", 7)
    assert totals(library, "Azea alba", rules=replace(RULES, since_year=1)) == whole


# --------------------------------------------------------------------------------------------------- text of any make


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_endings(tmp_path, library, delimiter, end):
    rows = [("Azea alba Nemo", "1.5", "2.5"), ("Isoëtes lacustris L.", "-3", "4")]
    report = load(library, table(tmp_path / "a.txt", rows, delimiter=delimiter, end=end))
    assert stored(library) == [("Azea alba", 2.5, 1.5), ("Isoëtes lacustris", 4, -3)]
    assert report.rows_rejected == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(tmp_path, library, encoding):
    load(library, table(tmp_path / "a.csv", [("Isoëtes lacustris", 1, 2)], encoding=encoding))
    assert stored(library) == [("Isoëtes lacustris", 2, 1)]


def test_decimal_commas_where_commas_do_not_part_columns(tmp_path, library):
    report = load(
        library, table(tmp_path / "a.csv", [("Azea alba", "-26,5", "3,25"), ("Azea alba", "1", "2")], delimiter=";")
    )
    assert stored(library) == [("Azea alba", 3.25, -26.5), ("Azea alba", 2, 1)]
    other = tmp_path / "b.csv"
    other.write_text('scientificName,decimalLatitude,decimalLongitude\nAzea alba,"-26,5","3,25"\n')
    assert reasons(load(library, other)) == [(1, "not_a_number")]
    assert report.rows_rejected == 0


def test_quotes(tmp_path, library):
    path = tmp_path / "a.csv"
    path.write_text(
        "scientificName,locality,decimalLatitude,decimalLongitude\n"
        '"Azea alba, Nemo 1825","Rock, ""the Nose""",1,1\n'
        'Azea alba,"two\nlines",2,2\n'
        '"Azea alba","left open,3,3\n'
        "Azea alba,plain,4,4\n"
        'Azea alba,5" pipe,5,5\n'
    )
    report = load(library, path)
    assert [lat for *_, lat in stored(library)] == [1, 2, 3, 4, 5]
    assert (report.rows_read, report.rows_rejected) == (5, 0)


def test_a_quote_left_open_costs_one_row_at_most(tmp_path, library):
    rows = [("Azea alba", "x", i, i) for i in range(1, 80)]
    rows[10] = ("Azea alba", '"open', "a, b", 11, 11)
    path = table(tmp_path / "a.csv", rows, ("scientificName", "locality", "decimalLatitude", "decimalLongitude"))
    report = load(library, path)
    assert reasons(report) == [(11, "quotes")]
    assert (report.rows_read, report.rows_imported) == (79, 78)


def test_rows_of_the_wrong_width(tmp_path, library):
    rows = [("Azea alba", 1, 1), ("Azea alba", 2), ("Azea alba", "x", 3, 3), ("Azea alba", 4, 4, ""), ()]
    report = load(library, table(tmp_path / "a.csv", [*rows, ("Azea alba", 5, 5)]))
    assert reasons(report) == [(2, "columns"), (3, "columns")]
    assert report.rejected[0].params == {"found": 2, "expected": 3}
    assert [lat for *_, lat in stored(library)] == [1, 4, 5]


def test_small_blocks_give_the_same(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    body = "".join(f'Azea alba,"place {i}\r\nsecond line; ""{i}""",{i % 90},{i}\r\n' for i in range(1, 300))
    path.write_text("scientificName,locality,decimalLatitude,decimalLongitude\r\n" + body, newline="")
    load(tmp_path / "one.gpkg", path)
    monkeypatch.setattr(tables, "_HEAD", 97)
    monkeypatch.setattr(tables, "_BYTES", 101)
    # The header has to be in the first bytes.
    monkeypatch.setattr(occurrences, "_BATCH", 10)
    load(tmp_path / "many.gpkg", path)
    assert stored(tmp_path / "one.gpkg", "row, lon, lat") == stored(tmp_path / "many.gpkg", "row, lon, lat")
    assert len(stored(tmp_path / "one.gpkg")) == 299


def test_what_is_no_table(tmp_path, library):
    for name, data, code in (
        ("a.csv", b"name,value\nAzea alba,3\n", "occurrences.no_fields"),
        ("b.csv", b"\x00\x01\x02\x00" * 50, "tables.not_text"),
        ("c.csv", b"scientificName,lat,lon\n" + b"x" * (18 << 20), "tables.long_line"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(AzeError) as caught:
            load(library, path)
        assert caught.value.code == code
        assert name in caught.value.params["file"]
    with pytest.raises(AzeError, match="library.source_missing"):
        load(library, tmp_path / "nowhere.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AzeError, match="occurrences.no_data"):
        load(library, tmp_path / "empty")
    assert not library.exists()


@pytest.mark.parametrize("text", ["", "scientificName,decimalLatitude,decimalLongitude\n"])
def test_tables_without_rows_make_an_empty_library(tmp_path, library, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    report = load(library, path)
    assert (report.rows_read, report.notes) == (0, [("import.empty", {})])
    assert stored(library) == []


def test_many_rejections_are_counted_and_the_first_of_each_reason_listed(tmp_path, library, monkeypatch):
    monkeypatch.setattr(occurrences, "LISTED", 3)
    rows = [("Azea alba", "", "")] * 10 + [("Azea", 1, 1)] * 2 + [("Azea alba", 1, 1)]
    found = load(library, table(tmp_path / "a.csv", rows))
    assert reasons(found) == [(n, "no_coordinates") for n in (1, 2, 3)] + [(11, "not_species"), (12, "not_species")]
    assert (found.rows_read, found.rows_imported, found.rows_rejected) == (13, 1, 12)
    assert found.rejections() == {"row.no_coordinates": 10, "row.not_species": 2}
    assert dict(found.notes)["rejected.no_coordinates"] == {"count": 10}
    assert "import.rejected_unlisted" in dict(found.notes)
    assert report.LISTED == 1000


# ---------------------------------------------------------------------------------------------------- importing again


def test_nothing_is_doubled(tmp_path, library):
    path = table(tmp_path / "a.csv", [("Azea alba", 1, 1), ("Beta beta", 2, 2)])
    load(library, path)
    first = stored(library)
    load(library, path)
    assert stored(library) == first
    # The same bytes from elsewhere, and twice in one import.
    copy = tmp_path / "copy.csv"
    copy.write_bytes(path.read_bytes())
    load(library, copy)
    assert stored(library) == first
    both = load(library, path, copy)
    assert [s.rows_imported for s in both] == [2, 0]
    assert both[1].notes == [("import.same_as", {"other": "a.csv"})]
    assert stored(library) == first
    reader = Reader(str(library))
    assert reader.rows("SELECT count(*) FROM rtree_occurrence_geom")[0][0] == 2
    assert [r["kind"] for r in reader.sources()] == ["occurrences"]
    reader.close()


def test_a_changed_file_replaces_what_it_brought(tmp_path, library):
    path = table(tmp_path / "a.csv", [("Azea alba", 1, 1), ("Beta beta", 2, 2)])
    load(library, path)
    load(library, table(path, [("Azea alba", 1, 1), ("Azea alba", 5, 5)]))
    with Library.open(str(library)) as opened:
        assert [t.scientific_name for t in opened.taxa()] == ["Azea alba"]
    assert totals(library, "Azea alba", "Beta beta") == {
        "Azea alba": store.Totals(cells=2, localities=2, kept=2, dropped={})
    }


def test_records_find_their_taxon_also_when_it_comes_later(tmp_path, library):
    load(library, table(tmp_path / "a.csv", [("Azea alba Nemo", 1, 1), ("Beta beta", 2, 2)]))
    ranges = write_ranges(tmp_path / "r.gpkg", [range_row("Azea alba", taxon_id=99)])
    import_species(Request(str(library), (str(ranges),)))
    assert [t for t, *_ in stored(library)] == ["99", "Beta beta"]
    assert totals(library, "99", "Azea alba") == {"99": store.Totals(1, 1, 1, {})}
    with Library.open(str(library)) as opened:
        assert [t.taxon_id for t in opened.taxa()] == ["99", "Beta beta"]
    # And the records alone once more.
    load(library, tmp_path / "a.csv")
    assert [t for t, *_ in stored(library)] == ["99", "Beta beta"]


def test_red_list_ids_count_and_other_ids_do_not(tmp_path, library):
    rows = [("Azea alba", 1, 1, 4711, ""), ("", 2, 2, 4711, "815"), ("Beta beta", 3, 3, 4711, "816")]
    load(library, table(tmp_path / "a.csv", rows, (*HEADER, "taxonID", "sisid")))
    assert [t for t, *_ in stored(library)] == ["Azea alba", "815", "816"]
    with Library.open(str(library)) as opened:
        assert {t.taxon_id: t.scientific_name for t in opened.taxa()} == {
            "Azea alba": "Azea alba",
            "815": "815",
            "816": "Beta beta",
        }


def test_a_source_that_speaks_of_a_taxon_by_id_and_by_name(tmp_path, library):
    load(library, table(tmp_path / "a.csv", [("Azea alba", 1, 1, "99"), ("Azea alba", 2, 2, "")], (*HEADER, "sisid")))
    ranges = write_ranges(tmp_path / "r.gpkg", [range_row("Azea alba", taxon_id=99)])
    import_species(Request(str(library), (str(ranges),)))
    assert [t for t, *_ in stored(library)] == ["99", "99"]
    assert totals(library, "99")["99"].kept == 2
    with Library.open(str(library)) as opened:
        assert [t.taxon_id for t in opened.taxa()] == ["99"]
        assert {s["name"] for s in opened.sources_of(["99"])} == {"a.csv", "r.gpkg"}


def test_evidence_has_the_records(tmp_path, library):
    load(library, table(tmp_path / "a.csv", [("Azea alba", 1, 1), ("Azea alba", 40, 40)]))
    with Library.open(str(library)) as opened:
        box = geometry.project(np.array([[0.5, 0.5], [1.5, 1.5]])).ravel()
        (found,) = opened.evidence(box, default_settings())
        assert found.records.lonlat.tolist() == [[1, 1]]
        assert (found.records.cells, found.records.localities, found.records.kept) == (2, 2, 2)
        assert len(opened.evidence_for("Azea alba", default_settings()).records.years) == 2


def test_cancelling_leaves_the_library_as_it_was(tmp_path, library):
    load(library, table(tmp_path / "a.csv", [("Azea alba", 1, 1)]))
    before = library.read_bytes()
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 8

    big = table(tmp_path / "b.csv", [("Beta beta", 1, 1)] * 60_000)
    with pytest.raises(Cancelled):
        import_species(Request(str(library), occurrences=(str(big),)), Progress(is_cancelled=stop))
    assert library.read_bytes() == before


# ------------------------------------------------------------------------------------------------------ point layers


def points(path, rows, epsg=4326, shape=ogr.wkbPoint, fields=("sci_name", "year")):
    driver = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf", ".kml": "KML"}
    source = ogr.GetDriverByName(driver[path.suffix]).CreateDataSource(str(path))
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(epsg)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    layer = source.CreateLayer(path.stem, crs, shape)
    for name in fields:
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTInteger if name == "year" else ogr.OFTString))
    for *told, wkt in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for name, value in zip(fields, told):
            if value is not None:
                feature.SetField(name, value)
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    source = layer = None
    return path


@pytest.mark.parametrize("ending", [".shp", ".gpkg", ".geojson", ".fgb"])
def test_layers_of_points(tmp_path, library, ending):
    rows = [("Azea alba Nemo", 1999, "POINT (2.5 1.5)"), ("Beta beta", None, "POINT (-10 -20)")]
    report = load(library, points(tmp_path / f"a{ending}", rows))
    assert sorted(stored(library, "taxon_id, lon, lat, year")) == [
        ("Azea alba", 2.5, 1.5, 1999),
        ("Beta beta", -10, -20, None),
    ]
    assert report.fields == {"scientific_name": "sci_name", "year": "year"}


@pytest.mark.parametrize("epsg", [6933, 32736, 3857, 4674])
def test_layers_in_any_crs(tmp_path, library, epsg):
    x, y = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True).transform(33.25, -12.5)
    load(library, points(tmp_path / "a.gpkg", [("Azea alba", 2000, f"POINT ({x!r} {y!r})")], epsg))
    assert stored(library)[0][1:] == pytest.approx((33.25, -12.5), abs=2e-5 if epsg == 4674 else 5e-8)


def test_a_table_of_a_geopackage(tmp_path, library):
    rows = [("Azea alba", "1.5", "2.5", None), ("Azea alba", None, "3", None)]
    path = points(tmp_path / "a.gpkg", rows, shape=ogr.wkbNone, fields=("sci_name", "latitude", "longitude"))
    report = load(library, path)
    assert stored(library) == [("Azea alba", 2.5, 1.5)]
    assert reasons(report) == [(2, "no_coordinates")]


def test_features_that_are_no_points_or_nowhere(tmp_path, library):
    rows = [
        ("Azea alba", 1, "POINT Z (1 1 7)"),
        ("Azea alba", 2, None),
        ("Azea alba", 3, "LINESTRING (0 1, 2 3)"),
        ("Azea alba", 4, "MULTIPOINT ((2 2), (3 3))"),
        ("Azea alba", 5, "POINT EMPTY"),
        ("Azea alba", 6, "POINT (0 0)"),
        (None, 7, "POINT (5 5)"),
    ]
    report = load(library, points(tmp_path / "a.gpkg", rows, shape=ogr.wkbUnknown))
    assert sorted(lon for _, lon, _ in stored(library)) == [1, 2, 3]
    assert [r for r, code in reasons(report)] == [2, 3, 5, 6, 7]
    assert (report.rows_read, report.rows_imported, report.rows_rejected) == (7, 2, 5)


def test_layers_of_polygons_are_refused(tmp_path, library):
    path = points(tmp_path / "a.gpkg", [("Azea alba", 2000, "POLYGON ((0 0, 1 0, 1 1, 0 0))")], shape=ogr.wkbPolygon)
    with pytest.raises(AzeError, match="occurrences.no_points"):
        load(library, path)


def test_a_folder_of_everything(tmp_path, library):
    folder = tmp_path / "records"
    (folder / "deep").mkdir(parents=True)
    table(folder / "a.csv", [("Azea alba", 1, 1)])
    points(folder / "deep" / "b.shp", [("Beta beta", 2000, "POINT (2 2)")])
    (folder / "README.txt").write_text("These are my records.\n")
    table(folder / "broken.csv", [("1", "2")], ("id", "value"))
    (folder / "torn.zip").write_bytes(b"PK\x03\x04 torn off")
    with zipfile.ZipFile(folder / "deep" / "c.zip", "w") as archive:
        archive.writestr("c.tsv", "scientificName\tdecimalLatitude\tdecimalLongitude\nGamma gamma\t3\t3\n")
    found = {s.name: s for s in load(library, folder)}
    assert sorted(t for t, *_ in stored(library)) == ["Azea alba", "Beta beta", "Gamma gamma"]
    assert [name for name, s in found.items() if s.rows_imported] == ["a.csv", "b.shp", "c.zip/c.tsv"]
    assert {name: s.notes[0][0] for name, s in found.items() if not s.rows_imported} == {
        "README.txt": "occurrences.no_fields",
        "broken.csv": "occurrences.no_fields",
        "torn.zip": "library.bad_zip",
    }
    reader = Reader(str(library))
    assert len(reader.sources()) == 3
    reader.close()


def test_nothing_usable_in_a_folder_is_an_error(tmp_path, library):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "README.txt").write_text("Nothing here.\n")
    with pytest.raises(AzeError, match="occurrences.no_fields"):
        load(library, tmp_path / "records")
