"""Darwin Core archives, good and malformed, made here and as publishers made them."""

import shutil
import zipfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from records_files import load, reasons, stored

from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.progress import Progress
from aze_plugin.library import archives
from aze_plugin.library.importer import Request, import_species

REAL = Path("/work/shared/data/dwca")
TERMS = "http://rs.tdwg.org/dwc/terms/"
NAME, LAT, LON = "scientificName", "decimalLatitude", "decimalLongitude"
FIELDS = ("occurrenceID", NAME, LAT, LON)
ROWS = [("o1", "Azea alba Nemo", "1.5", "2.5"), ("o2", "Beta beta", "-3", "4")]


@pytest.fixture
def library(tmp_path):
    return tmp_path / "out" / "library.gpkg"


def section(tag, kind, location, fields, link="id", at=0, defaults=None, **attributes):
    """A core or extension; ``fields`` are terms by column, None for a column that nothing describes."""
    told = {"encoding": "UTF-8", "fieldsTerminatedBy": "\\t", "linesTerminatedBy": "\\n", "fieldsEnclosedBy": ""}
    told.update(ignoreHeaderLines="1", rowType=f"{TERMS}{kind}")
    told.update(attributes)
    text = " ".join(f"{name}={quoteattr(value)}" for name, value in told.items() if value is not None)
    parts = [f'<{link} index="{at}"/>'] if link else []
    for i, term in enumerate(fields):
        default = (defaults or {}).get(term)
        extra = f" default={quoteattr(default)}" if default is not None else ""
        if term:
            parts.append(f'<field index="{i}" term="{TERMS}{term}"{extra}/>')
    for term, value in (defaults or {}).items():
        if term not in fields:
            parts.append(f'<field term="{TERMS}{term}" default={quoteattr(value)}/>')
    return f"<{tag} {text}><files><location>{location}</location></files>{''.join(parts)}</{tag}>"


def meta(*sections, metadata="", head=""):
    told = f' metadata="{metadata}"' if metadata else ""
    return (
        f'<?xml version="1.0"?>{head}<archive xmlns="http://rs.tdwg.org/dwc/text/"{told}>{"".join(sections)}</archive>'
    )


def text(rows, header=FIELDS, delimiter="\t", end="\n"):
    return end.join(delimiter.join(row) for row in ([header] if header else []) + list(rows)) + end


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def simple(**files):
    return {
        "meta.xml": meta(section("core", "Occurrence", "occurrence.txt", FIELDS)),
        "occurrence.txt": text(ROWS),
        **files,
    }


TAKEN = [("Azea alba", 2.5, 1.5), ("Beta beta", 4, -3)]


# ------------------------------------------------------------------------------------------------------------ sound


@pytest.mark.parametrize("form", ["zip", "folder", "zip with a folder", "descriptor"])
def test_an_archive_in_any_form(tmp_path, library, form):
    if form == "zip":
        given = zipped(tmp_path / "a.zip", simple())
    elif form == "zip with a folder":
        given = zipped(tmp_path / "a.zip", {f"gbif/{name}": data for name, data in simple().items()})
    else:
        given = tmp_path / "a"
        given.mkdir()
        for name, data in simple().items():
            (given / name).write_text(data)
        given = given / "meta.xml" if form == "descriptor" else given
    report = load(library, given)
    assert stored(library) == TAKEN
    assert (report.rows_read, report.rows_rejected) == (2, 0)
    assert report.fields == {"scientific_name": NAME, "lat": LAT, "lon": LON}


def test_a_zip_and_the_folder_that_it_was_are_the_same(tmp_path, library):
    load(library, zipped(tmp_path / "a.zip", simple()))
    folder = tmp_path / "a"
    zipfile.ZipFile(tmp_path / "a.zip").extractall(folder)
    both = load(library, tmp_path / "a.zip", folder)
    assert both[1].notes == [("import.same_as", {"other": "a.zip"})]
    load(library, folder)
    assert stored(library) == TAKEN


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "||", "\x01", "¦"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "#\n"])
def test_delimiters_and_line_ends(tmp_path, library, delimiter, end):
    escaped = {"\n": "\\n", "\r\n": "\\r\\n", "\r": "\\r", "#\n": "#\\n"}[end]
    shown = {"\t": "\\t", "\x01": "\\x01"}.get(delimiter, delimiter)
    core = section("core", "Occurrence", "o.txt", FIELDS, fieldsTerminatedBy=shown, linesTerminatedBy=escaped)
    load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "o.txt": text(ROWS, FIELDS, delimiter, end)}))
    assert stored(library) == TAKEN


@pytest.mark.parametrize(("declared", "actual"), [("\\n", "\r\n"), ("\\n", "\r"), ("\\r\\n", "\n"), ("\\r\\n", "\r")])
def test_line_ends_that_are_not_as_declared(tmp_path, library, declared, actual):
    core = section("core", "Occurrence", "o.txt", FIELDS, linesTerminatedBy=declared)
    load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "o.txt": text(ROWS, end=actual)}))
    assert stored(library) == TAKEN


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b", "\x1c", "\r"])
def test_other_breaks_within_values_end_no_line(tmp_path, library, separator):
    rows = [(f"o{separator}1", *ROWS[0][1:]), ROWS[1]]
    load(library, zipped(tmp_path / "a.zip", simple(**{"occurrence.txt": text(rows)})))
    assert stored(library) == TAKEN


@pytest.mark.parametrize(
    ("declared", "actual"),
    [("UTF-8", "utf-8"), ("utf8", "utf-8-sig"), ("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252"),
     ("UTF-16", "utf-16"), ("UTF-8", "cp1252"), ("no such encoding", "utf-8"), (None, "utf-8"),
     ("zlib", "utf-8"), ("undefined", "utf-8"), ("punycode", "utf-8"), ("unicode_escape", "utf-8")],
)  # fmt: skip
def test_encodings(tmp_path, library, declared, actual):
    core = section("core", "Occurrence", "o.txt", FIELDS, encoding=declared)
    data = text([("o1", "Isoëtes lacustris L.", "1", "2")]).encode(actual)
    load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "o.txt": data}))
    assert stored(library) == [("Isoëtes lacustris", 2, 1)]


def test_quotes_as_declared(tmp_path, library):
    core = section("core", "Occurrence", "o.csv", FIELDS, fieldsTerminatedBy=",", fieldsEnclosedBy='"')
    body = '"o,1","Azea alba, Nemo","1.5","2.5"\n"o\n2",Beta beta,-3,4\n'
    load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "o.csv": ",".join(FIELDS) + "\n" + body}))
    assert stored(library) == TAKEN


def test_quotes_that_are_none_where_nothing_is_enclosed(tmp_path, library):
    rows = [('"o1', *ROWS[0][1:]), ROWS[1]]
    assert load(library, zipped(tmp_path / "a.zip", simple(**{"occurrence.txt": text(rows)}))).rows_rejected == 0
    assert stored(library) == TAKEN


def test_what_the_guide_says_of_attributes_that_are_missing(tmp_path, library):
    # Commas, quotation marks, no header.
    core = section(
        "core", "", "o.csv", FIELDS, link="", rowType=None, ignoreHeaderLines=None, fieldsTerminatedBy=None,
        fieldsEnclosedBy=None, linesTerminatedBy=None, encoding=None,
    )  # fmt: skip
    load(
        library,
        zipped(
            tmp_path / "a.zip", {"meta.xml": meta(core), "o.csv": 'o1,"Azea alba, Nemo",1.5,2.5\no2,Beta beta,-3,4'}
        ),
    )
    assert stored(library) == TAKEN


def test_other_ways_to_write_a_descriptor(tmp_path, library):
    written = meta(section("core", "Occurrence", "\n  occurrence.txt\n ", FIELDS))
    prefixed = (
        written.replace("<", "<d:").replace("<d:/", "</d:").replace("<d:?xml", "<?xml").replace("xmlns=", "xmlns:d=")
    )
    load(library, zipped(tmp_path / "a.zip", simple(**{"meta.xml": "\n  " + prefixed})))
    assert stored(library) == TAKEN
    bare = written.replace(' xmlns="http://rs.tdwg.org/dwc/text/"', "").replace("occurrence.txt", "./Occurrence.TXT")
    load(library, zipped(tmp_path / "b.zip", simple(**{"meta.xml": bare})))
    assert len(stored(library)) == 4


def test_defaults(tmp_path, library):
    fields = ("occurrenceID", NAME, LAT, LON, "basisOfRecord")
    core = section(
        "core",
        "Occurrence",
        "o.txt",
        fields,
        defaults={"basisOfRecord": "FossilSpecimen", "year": "1999", NAME: "Azea alba"},
    )
    rows = [("1", "", "1", "2", ""), ("2", "Beta beta", "3", "4", "HUMAN_OBSERVATION")]
    load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "o.txt": text(rows, fields)}))
    assert stored(library, "taxon_id, basis, year") == [
        ("Azea alba", "FOSSIL_SPECIMEN", 1999),
        ("Beta beta", "HUMAN_OBSERVATION", 1999),
    ]


def test_columns_in_any_order_and_without_header(tmp_path, library):
    core = section("core", "Occurrence", "o.txt", (LON, None, NAME, None, LAT), at=3, ignoreHeaderLines="0")
    rows = [("2.5", "x", "Azea alba", "id1", "1.5", "more"), ("4", "", "Beta beta", "id2", "-3")]
    load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "o.txt": text(rows, None)}))
    assert stored(library) == TAKEN


def test_a_core_in_several_files(tmp_path, library):
    core = section("core", "Occurrence", "a.txt</location><location>b.txt", FIELDS)
    report = load(
        library,
        zipped(
            tmp_path / "a.zip",
            {"meta.xml": meta(core), "a.txt": text(ROWS[:1]), "b.txt": text([*ROWS[1:], ("o3", "", "1", "1")])},
        ),
    )
    assert sorted(stored(library)) == TAKEN
    (note,) = report.rejected
    assert (note.row, note.layer, note.code) == (2, "b.txt", "row.name_missing")


def test_extensions_of_records_are_no_records(tmp_path, library):
    verbatim = section("extension", "Occurrence", "verbatim.txt", FIELDS, "coreid")
    core = section("core", "Occurrence", "occurrence.txt", FIELDS)
    load(library, zipped(tmp_path / "a.zip", simple(**{"meta.xml": meta(core, verbatim), "verbatim.txt": text(ROWS)})))
    assert stored(library) == TAKEN


EVENTS = ("eventID", LAT, LON, "coordinateUncertaintyInMeters", "eventDate")
OF_EVENT = ("eventID", NAME, "occurrenceStatus", LAT, LON, "year")


def test_records_of_events_have_their_place_and_date(tmp_path, library):
    core = section("core", "Event", "event.txt", EVENTS)
    extension = section("extension", "Occurrence", "occurrence.txt", OF_EVENT, "coreid")
    media = section("extension", "Multimedia", "media.txt", ("x", NAME), "coreid")
    events = [("e1", "1", "10", "25", "2011-05-01"), ("e2", "", "", "", "2012"), (" e3 ", "3", "30", "", "")]
    rows = [
        ("e1", "Azea alba", "", "", "", ""),
        ("e1", "Azea alba", "", "7", "70", ""),  # a place of its own, and then not the event's precision
        ("e1", "Azea alba", "", "7", "", ""),  # half a place is none
        ("e1", "Azea alba", "absent", "", "", ""),
        ("e2", "Azea alba", "", "", "", "1980"),  # neither has a place
        ("e9", "Azea alba", "", "", "", ""),  # no such event
        ("e9", "Azea alba", "", "5", "50", "2001"),  # nor here, but nothing of it is needed
        ("e3", "Beta beta", "present", "", "", "1999"),
    ]
    report = load(
        library,
        zipped(
            tmp_path / "a.zip",
            {
                "meta.xml": meta(core, media, extension),
                "event.txt": text(events, EVENTS),
                "occurrence.txt": text(rows, OF_EVENT),
                "media.txt": "x\n",
            },
        ),
    )
    assert stored(library, "row, taxon_id, lon, lat, uncertainty, year") == [
        (1, "Azea alba", 10, 1, 25, 2011),
        (2, "Azea alba", 70, 7, None, 2011),
        (7, "Azea alba", 50, 5, None, 2001),
        (8, "Beta beta", 30, 3, None, 1999),
    ]
    assert reasons(report) == [(3, "no_coordinates"), (4, "absent"), (5, "no_coordinates"), (6, "orphan")]
    assert {note.layer for note in report.rejected} == {"occurrence.txt"}
    assert report.rejected[-1].params == {"id": "e9"}


def test_records_of_taxa_have_their_name(tmp_path, library):
    taxa = ("taxonID", NAME, "genus")
    of_taxon = ("taxonID", NAME, LAT, LON)
    core = section("core", "Taxon", "taxon.txt", taxa)
    extension = section("extension", "Occurrence", "o.txt", of_taxon, "coreid")
    rows = [("t1", "", "1", "1"), ("t2", "Gamma gamma", "2", "2"), ("t3", "", "3", "3"), ("t4", "", "4", "4")]
    report = load(
        library,
        zipped(
            tmp_path / "a.zip",
            {
                "meta.xml": meta(core, extension),
                "taxon.txt": text(
                    [("t1", "Azea alba Nemo", "Azea"), ("t2", "Beta beta", ""), ("t3", "Delta", "")], taxa
                ),
                "o.txt": text(rows, of_taxon),
            },
        ),
    )
    assert [t for t, *_ in stored(library)] == ["Azea alba", "Gamma gamma"]
    assert reasons(report) == [(3, "not_species"), (4, "orphan")]


def test_a_checklist_holds_no_records(tmp_path, library):
    core = section("core", "Taxon", "taxon.txt", ("taxonID", NAME))
    report = load(library, zipped(tmp_path / "a.zip", {"meta.xml": meta(core), "taxon.txt": "x\ty\n1\tAzea alba\n"}))
    assert report.notes == [("import.no_occurrences", {"kind": "Taxon"})]
    assert (report.rows_read, stored(library)) == (0, [])


def test_the_citation_is_the_archives_own_unless_one_is_given(tmp_path, library):
    title, citation = "<dataset><title>Birds of A</title></dataset>", "<c><citation>Nemo (2020)</citation></c>"
    eml = f'<eml:eml xmlns:eml="eml://x">{title}{citation}</eml:eml>'
    core = section("core", "Occurrence", "occurrence.txt", FIELDS)
    path = zipped(tmp_path / "a.zip", simple(**{"meta.xml": meta(core, metadata="eml.xml"), "eml.xml": eml}))
    assert load(library, path).citation == "Nemo (2020)"
    assert load(library, path, citation="Mine").citation == "Mine"
    torn = zipped(tmp_path / "b.zip", simple(**{"meta.xml": meta(core, metadata="eml.xml"), "eml.xml": eml[:40]}))
    report = load(library, torn)
    assert ("import.metadata_unreadable", {"file": "eml.xml"}) in report.notes
    assert report.rows_imported == 2


def test_one_table_in_a_zip_needs_no_descriptor(tmp_path, library):
    files = {
        "0001.csv": text(ROWS, ("occurrenceid", "species", "decimallatitude", "decimallongitude")),
        "citations.txt": "Cite me\n",
    }
    report = load(library, zipped(tmp_path / "a.zip", files))
    assert stored(library) == TAKEN
    assert ("import.files_passed_over", {"files": ["citations.txt"]}) in report.notes


# -------------------------------------------------------------------------------------------------------- malformed


def test_bad_rows_are_told_and_the_others_go_in(tmp_path, library):
    rows = [
        ROWS[0],
        ("o2", "Beta beta"),
        ("o3", "Azea alba", "north", "4"),
        ("o4", "Azea alba", "1", "1", "a shift", "more"),
        ROWS[1],
    ]
    report = load(library, zipped(tmp_path / "a.zip", simple(**{"occurrence.txt": text(rows)})))
    assert stored(library) == TAKEN
    assert reasons(report) == [(2, "columns"), (3, "not_a_number"), (4, "columns")]
    assert report.rows_read == report.rows_imported + report.rows_rejected == 5


BOMB = '<!DOCTYPE a [<!ENTITY x0 "ha">' + "".join(f'<!ENTITY x{i} "&x{i - 1};&x{i - 1};">' for i in range(1, 40)) + "]>"
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
CORE = section("core", "Occurrence", "occurrence.txt", FIELDS)


@pytest.mark.parametrize(
    ("files", "code", "told"),
    [
        ({"meta.xml": meta(CORE, head=BOMB).replace("o1", "&x39;")}, "archives.unsafe_xml", "meta.xml"),
        ({"meta.xml": meta(CORE, head=EXTERNAL)}, "archives.unsafe_xml", "meta.xml"),
        (
            {"meta.xml": meta(CORE, metadata="e.xml"), "e.xml": BOMB + "<eml>&x39;</eml>"},
            "archives.unsafe_xml",
            "e.xml",
        ),
        ({"meta.xml": meta(CORE)[:-20]}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": ""}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": "<html/>"}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": meta()}, "archives.bad_descriptor", "meta.xml"),
        (
            {"meta.xml": meta(CORE.replace("<location>occurrence.txt</location>", ""))},
            "archives.bad_descriptor",
            "meta.xml",
        ),
        ({"meta.xml": meta(CORE.replace('index="2"', 'index="two"'))}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": meta(CORE.replace('index="2"', 'index="-2"'))}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": meta(CORE.replace('Lines="1"', 'Lines="one"'))}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("\\t", "\\"))}, "archives.bad_descriptor", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "gone.txt"))}, "archives.file_missing", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "../occurrence.txt"))}, "archives.location", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "a/../../b.txt"))}, "archives.location", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "..\\b.txt"))}, "archives.location", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "/etc/passwd"))}, "archives.location", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "C:\\b.txt"))}, "archives.location", "meta.xml"),
        ({"meta.xml": meta(CORE.replace("occurrence.txt", "http://x.example/o.txt"))}, "archives.location", "meta.xml"),
    ],
)
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_refused(tmp_path, library, files, code, told, form):
    files = simple(**files)
    if form == "zip":
        given = zipped(tmp_path / "bad.zip", files)
    else:
        given = tmp_path / "bad"
        given.mkdir()
        (tmp_path / "b.txt").write_text(text(ROWS))
        for name, data in files.items():
            (given / name).write_text(data)
    with pytest.raises(AzeError) as caught:
        load(library, given)
    assert caught.value.code == code
    assert caught.value.params["file"] == f"{given}/{told}"
    assert not library.exists()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, library):
    outside = tmp_path / "secret.txt"
    outside.write_text(text(ROWS))
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "meta.xml").write_text(meta(CORE))
    (folder / "occurrence.txt").symlink_to(outside)
    with pytest.raises(AzeError, match="archives.location"):
        load(library, folder)
    (folder / "occurrence.txt").unlink()
    (folder / "occurrence.txt").write_text(text(ROWS))
    outside.write_text("<eml><title>A secret</title></eml>")
    (folder / "eml.xml").symlink_to(outside)
    assert load(library, folder).citation == ""


def test_bombs_are_not_read(tmp_path, library, monkeypatch):
    # A gigabyte of blanks in a megabyte; what is written here is smaller, and so is the limit.
    monkeypatch.setattr(archives, "_RATIO_FROM", 1 << 20)
    path = zipped(tmp_path / "a.zip", simple(**{"occurrence.txt": text(ROWS) + " " * (4 << 20)}))
    with pytest.raises(AzeError) as caught:
        load(library, path)
    assert (caught.value.code, caught.value.params) == ("archives.bomb", {"file": f"{path}/occurrence.txt"})


def test_a_descriptor_without_end_is_not_read(tmp_path, library, monkeypatch):
    monkeypatch.setattr(archives, "_LONGEST_XML", 1000)
    path = zipped(tmp_path / "a.zip", simple(**{"meta.xml": meta(CORE) + " " * 2000}))
    with pytest.raises(AzeError, match="archives.bomb"):
        load(library, path)


def test_torn_and_damaged_zips(tmp_path, library):
    path = zipped(tmp_path / "a.zip", simple(**{"occurrence.txt": text(ROWS * 2000)}))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(AzeError, match="library.bad_zip"):
        load(library, path)
    at = data.index(b"occurrence.txt") + 60
    path.write_bytes(data[:at] + bytes(b ^ 0xFF for b in data[at : at + 40]) + data[at + 40 :])
    with pytest.raises(AzeError, match="library.bad_zip") as caught:
        load(library, path)
    assert caught.value.params["file"] == str(path)
    assert not library.exists()


def test_several_tables_without_a_descriptor_are_ambiguous(tmp_path, library):
    path = zipped(tmp_path / "a.zip", {"occurrence.txt": text(ROWS), "verbatim.txt": text(ROWS)})
    with pytest.raises(AzeError) as caught:
        load(library, path)
    assert caught.value.code == "occurrences.ambiguous"
    assert caught.value.params == {"file": str(path), "files": ["occurrence.txt", "verbatim.txt"]}


def test_a_zip_without_records(tmp_path, library):
    with pytest.raises(AzeError, match="occurrences.no_data"):
        load(library, zipped(tmp_path / "a.zip", {"picture.png": b"\x89PNG"}))
    with pytest.raises(AzeError, match="occurrences.no_fields"):
        load(library, zipped(tmp_path / "b.zip", {"notes.txt": "nothing of use\n"}))


def test_a_bad_archive_in_a_folder_does_not_stop_the_others(tmp_path, library):
    folder = tmp_path / "downloads"
    folder.mkdir()
    zipped(folder / "bad.zip", simple(**{"meta.xml": meta(CORE, head=EXTERNAL)}))
    zipped(folder / "good.zip", simple())
    found = {s.name: s for s in load(library, folder)}
    assert stored(library) == TAKEN
    assert found["bad.zip"].notes == [("archives.unsafe_xml", {"file": f"{folder}/bad.zip/meta.xml"})]


def test_python_dwca_reader_is_only_given_what_is_harmless(monkeypatch, tmp_path, library):
    from dwca import descriptors

    seen = []
    original = descriptors.ArchiveDescriptor

    def watching(content, *more):
        seen.append(content)
        return original(content, *more)

    monkeypatch.setattr(descriptors, "ArchiveDescriptor", watching)
    with pytest.raises(AzeError):
        load(library, zipped(tmp_path / "a.zip", simple(**{"meta.xml": meta(CORE, head=BOMB)})))
    assert not seen
    load(library, zipped(tmp_path / "b.zip", simple()))
    assert len(seen) == 1 and "<!" not in seen[0]


# ------------------------------------------------------------------------------------------------------------- real

# Rows, imported, and what the others lack; counted from the files by hand and by csv.
REAL_ARCHIVES = {
    "dwca-2extensions.zip": (0, 0, {}),  # a checklist
    "dwca-orphaned-rows.zip": (0, 0, {}),  # a checklist, too
    "dwca-noheaders-1.zip": (2, 0, {"no_coordinates": 2}),
    "dwca-partial-default.zip": (2, 0, {"no_coordinates": 2}),
    "dwca-simple-csv-eml.zip": (3, 2, {"no_coordinates": 1}),
    "dwca-invalid-simple-toomuch.zip": (3, 2, {"no_coordinates": 1}),  # and files that belong to nothing
    "dwca-utf8-eol-test.zip": (1, 1, {}),
    "gbif-results.zip": (158, 49, {"no_coordinates": 102, "zero_coordinates": 7}),
    "gbif-results-lacks-s-metadata.zip": (158, 49, {"no_coordinates": 102, "zero_coordinates": 7}),
    "gbif-results-whitespace-in-xml.zip": (158, 49, {"no_coordinates": 102, "zero_coordinates": 7}),
    # No coordinates at all; 113 rows stop at a genus or above. Its verbatim table repeats all of them.
    "finch_0000154-150116162929234.zip": (443, 0, {"no_coordinates": 330, "not_species": 113}),
}


@pytest.mark.skipif(not REAL.is_dir(), reason="the real archives are not here")
def test_real_archives_are_all_in_the_table():
    assert {path.name for path in REAL.glob("*.zip")} == set(REAL_ARCHIVES)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real archives are not here")
@pytest.mark.parametrize("name", sorted(REAL_ARCHIVES))
def test_real_archives(tmp_path, library, name):
    read, imported, rejected = REAL_ARCHIVES[name]
    for _ in range(2):
        report = load(library, REAL / name)
        assert (report.rows_read, report.rows_imported) == (read, imported)
        assert {code.partition(".")[2]: count for code, count in report.rejections().items()} == rejected
        assert len(stored(library)) == imported
    codes = dict(report.notes)
    assert ("import.no_occurrences" in codes) == (read == 0)
    assert codes.get("import.files_passed_over", {}).get("files", []) == {
        "dwca-invalid-simple-toomuch.zip": ["EML.xml", "random_file"],
        "dwca-simple-csv-eml.zip": ["EML.xml"],
    }.get(name, [])
    assert "import.metadata_unreadable" not in codes
    # As a folder it is the same.
    folder = tmp_path / "unpacked"
    shutil.unpack_archive(REAL / name, folder)
    load(library, folder)
    assert len(stored(library)) == imported


@pytest.mark.skipif(not REAL.is_dir(), reason="the real archives are not here")
def test_all_real_archives_at_once(library):
    found = import_species(Request(str(library), occurrences=(str(REAL),)), Progress()).sources
    assert len(found) == len(REAL_ARCHIVES)
    # The three downloads of one set hold the same table; two of them differ in what is beside it only.
    assert sum(s.rows_imported for s in found) == sum(imported for _, imported, _ in REAL_ARCHIVES.values()) - sum(
        REAL_ARCHIVES[s.name.partition("/")[0]][1] for s in found if any(c == "import.same_as" for c, _ in s.notes)
    )
