"""Packages that mean harm or came to harm, by name: how each is made, and the codes by which it has to be refused.

``ARCHIVES`` are made from nothing; ``BAGS`` change a copy of a sound package, and write its manifests anew unless the
manifests are what is wrong.
"""

import hashlib
import io
import json
import os
import random
import sqlite3
import stat
import struct
import zipfile
import zlib

from package_helpers import FOLDER, rebag


# ------------------------------------------------------------------------------------------------------ archives
def entry(name, content=b"x", mode=stat.S_IFREG | 0o644, system=3, method=zipfile.ZIP_DEFLATED, extra=b""):
    def write(archive):
        made = zipfile.ZipInfo(name)
        made.external_attr, made.create_system, made.compress_type, made.extra = mode << 16, system, method, extra
        archive.writestr(made, content)

    return write


def zipped(*entries):
    def make(path):
        with zipfile.ZipFile(path, "w") as archive:
            for write in entries:
                write(archive)

    return make


def patched(make, change):
    """An archive whose bytes are changed after it was made."""

    def make_and_change(path):
        make(path)
        path.write_bytes(bytes(change(bytearray(path.read_bytes()))))

    return make_and_change


def raw(content):
    return lambda path: path.write_bytes(content)


def central(name, size, packed, offset, crc, method=8, extra=b""):
    head = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 0x314, 20, 0, method, 0, 33, crc, packed, size, len(name), len(extra), 0, 0, 0,
        0o100644 << 16, offset,
    )  # fmt: skip
    return head + name + extra


def local(name, size, packed, crc, method=8):
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, method, 0, 33, crc, packed, size, len(name), 0) + name


def end(count, length, offset):
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, length, offset, 0)


def overlapping(path):
    """One block of zeros that 2,000 entries share: 200 GB by the directory, a few hundred kilobytes on disk."""
    plain = bytes(100 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(plain) + packer.flush()
    crc = zlib.crc32(plain)
    first = f"{FOLDER}/data/0000".encode()
    body = local(first, len(plain), len(block), crc) + block
    # The sizes are declared small enough to pass by the ratio; what they share is what gives them away.
    directory = b"".join(
        central(f"{FOLDER}/data/{n:04d}".encode(), 190 * len(block), len(block), 0, crc) for n in range(2000)
    )
    path.write_bytes(body + directory + end(2000, len(directory), len(body)))


def many(count, told=None):
    """``count`` empty entries, of which the end record tells ``told``."""

    def make(path):
        names = [f"{FOLDER}/{n}".encode() for n in range(count)]
        body = io.BytesIO()
        directory = io.BytesIO()
        for name in names:
            directory.write(central(name, 0, 0, body.tell(), 0, 0))
            body.write(local(name, 0, 0, 0, 0))
        length, offset = directory.tell(), body.tell()
        head = b""
        if told is None:
            head = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset)
            head += struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + length, 1)
        last = end(0xFFFF if told is None else told, length if told else 0xFFFFFFFF, offset if told else 0xFFFFFFFF)
        path.write_bytes(body.getvalue() + directory.getvalue() + head + last)

    return make


def huge_by_zip64(path):
    name = f"{FOLDER}/data/a".encode()
    body = local(name, 0, 0, 0, 0)
    extra = struct.pack("<2H2Q", 1, 16, 2**62, 2**62)
    record = central(name, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 8, extra)
    path.write_bytes(body + record + end(1, len(record), len(body)))


def _encrypted(content):
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    return content


def _shifted_directory(content):
    at = content.rindex(b"PK\x05\x06")
    struct.pack_into("<L", content, at + 16, 7)
    return content


def _lying_size(content):
    struct.pack_into("<L", content, content.rindex(b"PK\x01\x02") + 24, 1)
    return content


def _nul(content):
    return content.replace(b"a#evil", b"a\0evil")


def _hidden_between(path):
    """Bytes between two entries that neither the directory nor any program that unpacks knows of."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{FOLDER}/bagit.txt", b"x")
        archive.fp.write(b"hidden" * 100)
        archive.start_dir = archive.fp.tell()
        archive.writestr(f"{FOLDER}/bag-info.txt", b"x")


def _other_method(content):
    struct.pack_into("<H", content, 8, 99)
    return content


_PLAIN = zipped(entry(f"{FOLDER}/bagit.txt"))
_SECOND = b"up" + struct.pack("<HBL", 5 + 11, 1, 0) + b"../evil.txt"
_BOMB = zipped(entry(f"{FOLDER}/data/zeros", bytes(64 << 20)))

ARCHIVES = {
    "a name that leads out": (zipped(entry(f"{FOLDER}/../../evil.txt")), "path_traversal"),
    "a top that leads out": (zipped(entry("../evil.txt")), "path_traversal"),
    "an absolute path": (zipped(entry("/tmp/aze-evil.txt")), "path_absolute"),
    "a drive": (zipped(entry("C:/evil.txt")), "path_drive"),
    "backslashes that lead out": (zipped(entry(f"{FOLDER}\\..\\..\\evil.txt")), "name_backslash"),
    "a share of the network": (zipped(entry("\\\\host\\share\\evil.txt")), "name_backslash"),
    "a hidden stream": (zipped(entry(f"{FOLDER}/data/a.txt:hidden")), "path_drive"),
    "a link": (zipped(entry(f"{FOLDER}/data/l", b"/etc/passwd", stat.S_IFLNK | 0o777)), "link"),
    "a link that says it is of DOS": (zipped(entry(f"{FOLDER}/data/l", b"../..", stat.S_IFLNK | 0o777, 0)), "link"),
    "a device": (zipped(entry(f"{FOLDER}/data/d", b"", stat.S_IFBLK | 0o666)), "device"),
    "names that differ in case": (zipped(entry(f"{FOLDER}/A.json"), entry(f"{FOLDER}/a.json")), "case_collision"),
    "names that differ in composition": (zipped(entry(f"{FOLDER}/é"), entry(f"{FOLDER}/e\u0301")), "case_collision"),
    "names that differ in width": (zipped(entry(f"{FOLDER}/ﬁ"), entry(f"{FOLDER}/FI")), "case_collision"),
    "a name twice": (zipped(entry(f"{FOLDER}/a"), entry(f"{FOLDER}/a")), "duplicate"),
    "a file that is a folder too": (zipped(entry(f"{FOLDER}/a"), entry(f"{FOLDER}/a/b")), "duplicate"),
    "a name cut by a NUL": (patched(zipped(entry(f"{FOLDER}/a#evil")), _nul), "name_control"),
    "a name that runs backwards": (zipped(entry(f"{FOLDER}/photo_\u202egpj.exe")), "name_control"),
    "a device of Windows": (zipped(entry(f"{FOLDER}/data/NUL.txt")), "name_reserved"),
    "a wild card": (zipped(entry(f"{FOLDER}/data/*")), "name_reserved"),
    "an ending that is dropped": (zipped(entry(f"{FOLDER}/data/a .")), "name_ending"),
    "a very long name": (zipped(entry(f"{FOLDER}/{'a' * 60_000}")), "name_long"),
    "a thousand folders": (zipped(entry(f"{FOLDER}/{'a/' * 1000}b")), "name_long"),
    "a second name": (zipped(entry(f"{FOLDER}/data/a", extra=_SECOND)), "name_second"),
    "a bomb": (_BOMB, "ratio"),
    "a bomb that lies about its size": (patched(_BOMB, _lying_size), None),
    "entries that share their bytes": (overlapping, "overlap"),
    "sizes beyond all disks": (huge_by_zip64, None),
    "100,000 entries": (many(100_000), "too_many"),
    "50,000 entries that say they are five": (many(50_000, 5), None),
    "an encrypted entry": (patched(_PLAIN, _encrypted), "encrypted"),
    "an odd compression": (zipped(entry(f"{FOLDER}/a", b"x" * 99, method=zipfile.ZIP_BZIP2)), "method"),
    "a directory that points elsewhere": (patched(_PLAIN, _shifted_directory), "not_only_zip"),
    "an empty zip": (zipped(), "empty"),
    "an empty file": (raw(b""), "not_zip"),
    "an end without a beginning": (raw(end(1, 46, 0)), None),
    "a PDF with a zip behind it": (patched(_PLAIN, lambda content: b"%PDF-1.4\n" + content), "not_only_zip"),
    "a zip with a program behind it": (patched(_PLAIN, lambda content: content + b"MZ" * 99), "not_only_zip"),
    "bytes between two entries": (_hidden_between, "not_only_zip"),
    "two headers that differ": (patched(_PLAIN, _other_method), "damaged"),
    "a pipe": (os.mkfifo, "not_zip"),
    "two bags": (zipped(entry("one/bagit.txt"), entry("two/bagit.txt")), "top_folders"),
    "no bag": (zipped(entry(f"{FOLDER}/readme.txt")), "no_bag"),
}


# ---------------------------------------------------------------------------------------------------------- bags
def _write(name, content):
    def edit(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content() if callable(content) else content)

    return edit


def _append(name, content):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + content)


def _member(document, change):
    def edit(folder):
        path = folder / "data" / document
        content = json.loads(path.read_text(encoding="utf-8"))
        changed = change(content)
        path.write_text(json.dumps(content) if changed is None else changed, encoding="utf-8")

    return edit


def _tampered_tag(folder):
    path = folder / "tagmanifest-sha256.txt"
    path.write_text("0" * 64 + path.read_text()[64:])


def _wrong_digest(folder):
    path = folder / "manifest-sha256.txt"
    lines = path.read_text().splitlines()
    lines[0] = "0" * 64 + lines[0][64:]
    path.write_text("\n".join(lines) + "\n")


def _label(folder):
    path = folder / "bag-info.txt"
    path.write_text(path.read_text().replace("urn:aze-toolkit:bagit-profile:1", "urn:another"))


def _workbook(change):
    def edit(folder):
        path = folder / "data" / "forms" / "kba_proposal.xlsx"
        with zipfile.ZipFile(path) as archive:
            parts = {n: archive.read(n) for n in archive.namelist()}
        change(parts)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    return edit


_SHEET = "xl/worksheets/sheet2.xml"


def _in_sheet(before, after):
    def change(parts):
        parts[_SHEET] = parts[_SHEET].replace(before, after, 1)

    return _workbook(change)


def _sheet_of_rows(parts):
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 200_001))
    parts[_SHEET] = parts[_SHEET].replace(b"</sheetData>", rows + b"</sheetData>")


def _sheet_of_zeros(parts):
    parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * (200 << 20) + b"</sst>"


def _geopackage(*statements):
    def edit(folder):
        database = sqlite3.connect(folder / "data" / "boundary" / f"{FOLDER}.gpkg")
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.close()

    return edit


_ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n AS fid, zeroblob(n) AS geom FROM c"
_COLUMN = "(fid INTEGER PRIMARY KEY, geom BLOB GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL)"


def _patch(suffix, *changes):
    def edit(folder):
        path = folder / "data" / "boundary" / f"{FOLDER}{suffix}"
        content = bytearray(path.read_bytes())
        for form, at, value in changes:
            struct.pack_into(form, content, at, value)
        path.write_bytes(bytes(content))

    return edit


def _rewritten(coordinates):
    """The boundary replaced, in all four formats, by another of these corners."""

    def edit(folder):
        import datetime

        import shapely

        from aze_plugin.packaging.boundary import write_boundary

        for path in (folder / "data" / "boundary").iterdir():
            path.unlink()
        day = datetime.date(2025, 1, 1)
        shape = shapely.MultiPolygon([shapely.Polygon(coordinates())])
        write_boundary(folder / "data" / "boundary", FOLDER, shape, {"name": "x", "area_ha": 1.0}, day)

    return edit


def _tangle():
    chance = random.Random(5)
    corners = [(chance.uniform(10, 11), chance.uniform(10, 11)) for _ in range(50_000)]
    return [*corners, corners[0]]


def _huddle():
    """So many corners within a hair that each is near all others."""
    import math

    count, radius = 60_000, 2e-8
    return [(10 + radius * math.cos(2 * math.pi * n / count), radius * math.sin(2 * math.pi * n / count))
            for n in range(count)]  # fmt: skip


def _wide():
    """As many corners as a package takes, round a circle that is not the site."""
    import math

    return [(10 + math.cos(2 * math.pi * n / 299_000), math.sin(2 * math.pi * n / 299_000)) for n in range(299_000)]


def _comb():
    """Narrow teeth that every straight line across them meets all of."""
    corners = [(10.0, 0.0)]
    for n in range(74_000):
        west, east = 10 + n / 74_000, 10 + (n + 0.5) / 74_000
        corners += [(west, 0.001), (west, 1), (east, 1), (east, 0.001)]
    return [*corners, (11, 0.001), (11, 0)]


def _spiral():
    import math

    turns, steps = 2_000, 140_000
    angles = [2 * math.pi * turns * n / steps for n in range(steps)]
    there = [(0.02 + n / steps) * 0.9 for n in range(steps)]
    out = [(10 + r * math.cos(a), r * math.sin(a)) for r, a in zip(there, angles)]
    back = [(10 + (r - 0.2 / turns) * math.cos(a), (r - 0.2 / turns) * math.sin(a)) for r, a in zip(there, angles)]
    return out + back[::-1]


_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (b"%d" % (n - 1) if n else b"") * 10) for n in range(9))
    + b']><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&a8;</name></Document></kml>'
)
_KML = f"data/boundary/{FOLDER}.kml"
_GEOJSON = f"data/boundary/{FOLDER}.geojson"
_NOMINATION = "data/nomination.json"
_EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet'


def _nested_zip():
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(32 << 20))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        for n in range(16):
            archive.writestr(f"{n}.zip", inner.getvalue())
    return outer.getvalue()


def _species(count):
    def change(nomination):
        nomination["biodiversity"]["species"] = [{"x": n} for n in range(count)]

    return change


def _set(pointer, value):
    def change(document):
        *path, last = pointer.split("/")[1:]
        for key in path:
            document = document[int(key) if key.isdigit() else key]
        document[last] = value

    return change


def _replaced(name, before, after):
    def edit(folder):
        path = folder / name
        content = path.read_bytes()
        if before not in content:
            raise ValueError(name)
        path.write_bytes(content.replace(before, after, 1))

    return edit


def _pdf(dictionary, stream=b""):
    packed = zlib.compress(stream)
    return b"%PDF-1.5\n9 0 obj<<" + dictionary + b">>stream\n" + packed + b"\nendstream endobj"


_CATALOG = b"1 0 <</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"
_REL = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="x/hyperlink" Target="file://host/x" TargetMode="external"/></Relationships>'
)


def _picture(width):
    def chunk(kind, content):
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    head = struct.pack(">LLBBBBB", width, width, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


def _sealed(folder):
    """The digests of the tag files alone written anew: what was written into these stays as it is."""
    path = folder / "tagmanifest-sha256.txt"
    names = [line[66:] for line in path.read_text().splitlines()]
    path.write_text("".join(f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names))


# Name: (how a folder is changed, code, whether its manifests are written anew; None: those of the tag files alone).
BAGS = {
    "a wrong digest": (_wrong_digest, "bag", False),
    "a wrong digest of a label": (_tampered_tag, "bag", False),
    "a changed file": (_append("data/report/map.png", b"\0"), "bag", False),
    "a file that no manifest names": (_write("data/evidence/extra.txt", b"x"), "bag", False),
    "a file that is not there": (lambda folder: (folder / "data/coverage.json").unlink(), "bag", False),
    "a manifest that names a file outside": (
        _append("manifest-sha256.txt", b"0" * 64 + b"  ../../../../etc/passwd\n"),
        "bag",
        False,
    ),
    "files to be fetched": (_write("fetch.txt", b"http://127.0.0.1:9/x 5 data/x\n"), "fetch", True),
    "labels in an unknown writing": (
        _write("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: rot13\n"),
        "bag",
        False,
    ),
    "a bag of another version": (
        _write("bagit.txt", b"BagIt-Version: 9.9\nTag-File-Character-Encoding: UTF-8\n"),
        "bag",
        False,
    ),
    "a bag of another profile": (_label, "profile_unknown", True),
    "a manifest of a million lines": (
        _write("manifest-md5.txt", lambda: b"0" * 32 + b"  data/x\n" + (b"0" * 32 + b"  data/y\n") * 200_000),
        "file_large",
        False,
    ),
    "JSON of 60 MB": (_write("data/coverage.json", lambda: b"[" + b"0," * (30 << 20) + b"0]"), "file_large", True),
    "JSON of millions of empty lists": (_write(_NOMINATION, lambda: b"[" + b"[]," * (5 << 20) + b"0]"), "json", True),
    "JSON in a hundred thousand layers": (_write(_NOMINATION, b"[" * 100_000 + b"]" * 100_000), "json", True),
    "JSON with a member twice": (_member("nomination.json", lambda d: '{"a": 1, "a": 2}'), "json", True),
    "JSON with NaN": (_member("coverage.json", lambda d: '{"schema": NaN}'), "json", True),
    "JSON with a number beyond numbers": (
        _member("assessment.json", lambda d: json.dumps(d).replace('"threshold": 0.95', '"threshold": 1e400')),
        "json",
        True,
    ),
    "JSON with a million digits": (_member("coverage.json", lambda d: '{"schema": ' + "9" * 10**6 + "}"), "json", True),
    "JSON with half a character": (_member("nomination.json", lambda d: '{"schema": "\\ud800"}'), "json", True),
    "a nomination of another shape": (_member("nomination.json", _set("/schema", "other/1")), "schema", True),
    "a nomination of 3,500 broken rows": (_member("nomination.json", _species(3_500)), None, True),
    "a text made to keep a pattern busy": (
        _member("nomination.json", _set("/proposer/email", "a@" + "." * 30_000 + "@")),
        None,
        True,
    ),
    "a text of ten million letters": (_member("nomination.json", _set("/site/notes", "a" * 10**7)), "json", True),
    "a PDF that says it is JSON": (_write(_NOMINATION, b"%PDF-1.7\n" + bytes(range(256))), "json", True),
    "an assessment that holds no share": (
        _member("assessment.json", _set("/assessments/0/species", [{"shares": 3}])),
        "shape",
        True,
    ),
    "a share divided by nothing": (
        _member("assessment.json", _set("/assessments/0/species/0/shares/0/global_value", 0)),
        "share",
        True,
    ),
    "entities that grow a billion times": (_write(_KML, _LAUGHS), "xml_entities", True),
    "KML of two million tags": (_write(_KML, lambda: b"<kml>" + b"<a/>" * 2_000_000 + b"</kml>"), "xml", True),
    "KML that loads from elsewhere": (
        _write(_KML, b"<kml><NetworkLink><Link><href>http://127.0.0.1:9/</href></Link></NetworkLink></kml>"),
        "kml_links",
        True,
    ),
    "a form with an external entity": (_in_sheet(b"<worksheet", _EXTERNAL), "xml_entities", True),
    "a form of billions of merged cells": (
        _in_sheet(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
        "workbook_active",
        True,
    ),
    "a form of 200,000 rows": (_workbook(_sheet_of_rows), "workbook", True),
    "a form that is a bomb": (_workbook(_sheet_of_zeros), "workbook", True),
    "a form with a formula": (
        _in_sheet(b"</sheetData>", b'<row r="99"><c r="A99"><f>cmd|\' /C calc\'!A0</f></c></row></sheetData>'),
        "formula",
        True,
    ),
    "a form with macros": (_workbook(lambda parts: parts.update({"xl/vbaProject.bin": b"x"})), "workbook_active", True),
    "a form that is a PDF": (_write("data/forms/kba_proposal.xlsx", b"%PDF-1.4"), "workbook", True),
    "a report that starts something": (
        _append("data/report/report.pdf", b"/OpenAction << /S /Launch /F (calc) >>"),
        "pdf_active",
        True,
    ),
    "a GeoPackage that is no database": (_write(f"data/boundary/{FOLDER}.gpkg", b"rubbish" * 999), "boundary", True),
    "a GeoPackage that is a broken database": (
        _patch(".gpkg", (">Q", 100, 2**63), (">Q", 4096, 2**63)),
        "boundary",
        True,
    ),
    "a GeoPackage with an endless view": (
        _geopackage(
            f"CREATE VIEW endless AS {_ENDLESS}",
            "UPDATE gpkg_contents SET table_name = 'endless'",
            "UPDATE gpkg_geometry_columns SET table_name = 'endless'",
        ),
        "boundary",
        True,
    ),
    "a GeoPackage with a trigger": (
        _geopackage(
            f'CREATE TRIGGER t AFTER UPDATE ON "{FOLDER}" BEGIN DELETE FROM gpkg_contents WHERE 0; '
            f'DELETE FROM "{FOLDER}"; END'
        ),
        "boundary",
        True,
    ),  # fmt: skip
    "a GeoPackage whose column is made up": (
        _geopackage(
            f'DROP TABLE "{FOLDER}"', f'CREATE TABLE "{FOLDER}" {_COLUMN}', f'INSERT INTO "{FOLDER}" (fid) VALUES (1)'
        ),
        "boundary",
        True,
    ),
    "a GeoPackage of two layers": (
        _geopackage(
            "CREATE TABLE second (fid INTEGER PRIMARY KEY, geom BLOB)",
            "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('second', 'features')",
        ),
        "boundary",
        True,
    ),
    "a shapefile of four thousand million points": (
        _patch(".shp", ("<l", 144, 2**31 - 1), ("<l", 148, 2**31 - 1)),
        "boundary",
        True,
    ),
    "a shapefile longer than it is": (_patch(".shp", (">l", 24, 2**31 - 1)), "boundary", True),
    "an index that points elsewhere": (_patch(".shx", (">l", 100, 2**31 - 1)), "boundary", True),
    "a table of four thousand million rows": (_patch(".dbf", ("<L", 4, 2**32 - 1)), "boundary", True),
    "GeoJSON beyond the world": (
        _write(_GEOJSON, b'{"type":"Polygon","coordinates":[[[1e308,0],[0,1e308],[-1e308,0],[1e308,0]]]}'),
        "boundary",
        True,
    ),
    "a boundary tangled 50,000 times": (_rewritten(_tangle), "boundary_crossings", True),
    "a boundary of corners in a huddle": (_rewritten(_huddle), None, True),
    "a boundary of 299,000 corners": (_rewritten(_wide), "area", True),
    "a boundary of more corners than can be": (
        _rewritten(lambda: _wide() + [(10, 0)] * 2_000),
        "boundary_corners",
        True,
    ),
    "a boundary of 75,000 teeth": (_rewritten(_comb), "boundary_crossings", True),
    "a boundary wound up 2,000 times": (_rewritten(_spiral), "boundary_crossings", True),
    "GeoJSON that names its reference system by an address": (
        _replaced(_GEOJSON, b"{", b'{"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:9/"}},'),
        "boundary",
        True,
    ),
    "KML with a page of HTML in it": (
        _replaced(_KML, b"<Placemark>", b"<Placemark><description><![CDATA[<script/>]]></description>"),
        "kml_links",
        True,
    ),
    "KML with a style sheet": (
        _replaced(_KML, b"?>", b'?><?xml-stylesheet href="http://127.0.0.1:9/"?>'),
        "kml_links",
        True,
    ),
    "a GeoPackage with a trigger behind comments": (
        _geopackage(
            f'CREATE TRIGGER t AFTER UPDATE ON "{FOLDER}" BEGIN DELETE/**/FROM/**/"{FOLDER}"; '
            "SELECT load_extension('x'); END"
        ),
        "boundary",
        True,
    ),
    "a GeoPackage with a log to be played back": (
        _patch(".gpkg", (">B", 18, 2), (">B", 19, 2)),
        "boundary",
        True,
    ),
    "texts of a table in an odd writing": (_write(f"data/boundary/{FOLDER}.cpg", b"UTF-32"), "boundary", True),
    "a form with a link that says external in small letters": (
        _workbook(lambda parts: parts.update({"xl/worksheets/_rels/sheet1.xml.rels": _REL})),
        "workbook_active",
        True,
    ),
    "a form with a rule that computes": (
        _in_sheet(
            b"</sheetData>",
            b'</sheetData><conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>1</formula>'
            b"</cfRule></conditionalFormatting>",
        ),
        "workbook_active",
        True,
    ),
    "a form with another site behind": (
        _in_sheet(b"</sheetData>", b'<row r="90"><c r="C90" t="inlineStr"><is><t>Other</t></is></c></row></sheetData>'),
        "form_differs",
        True,
    ),
    "a report that starts something by an escaped name": (
        _append("data/report/report.pdf", b"9 0 obj<</Open#41ction<</S/Java#53cript>>>>endobj"),
        "pdf_active",
        True,
    ),
    "a report that starts something from a packed part": (
        _append("data/report/report.pdf", _pdf(b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode", _CATALOG)),
        "pdf_active",
        True,
    ),
    "a report that sends a form": (
        _append("data/report/report.pdf", b"9 0 obj<</A<</S/SubmitForm/F(http://127.0.0.1:9/)>>>>endobj"),
        "pdf_active",
        True,
    ),
    "a map with a page behind it": (_append("data/report/map.png", b"<script></script>"), "picture", True),
    "a map of four thousand million pixels": (_write("data/report/map.png", _picture(65_000)), "picture", True),
    "a label given twice": (_append("bag-info.txt", b"Nomination-Status: draft\n"), "profile_twice", None),
    "labels in UTF-7": (
        _write("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-7\n"),
        "bag",
        None,
    ),
    "cover of another site": (_member("coverage.json", _set("/sites/0/name", "Elsewhere")), "cover_other", True),
    "cover that does not add up": (_member("coverage.json", _set("/sites/0/pa_pct", 99.0)), "cover_figures", True),
    "cover that is not assessed, and partial": (
        _member("coverage.json", _set("/sites/0/both_pct", None)),
        "cover_figures",
        True,
    ),
    "evidence that starts something from a packed part": (
        _write("data/evidence/a.pdf", _pdf(b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode", _CATALOG)),
        "evidence_active",
        True,
    ),
    "evidence that nobody can look into": (
        _write("data/evidence/a.pdf", b"%PDF-1.5\ntrailer<</Encrypt 9 0 R>>"),
        "evidence_pdf_closed",
        True,
    ),
    "evidence that is a program": (_write("data/evidence/photo.jpg", b"MZ" + bytes(999)), "evidence_program", True),
    "evidence that is zips in a zip": (_write("data/evidence/more.zip", _nested_zip), "evidence_archive", True),
    "evidence that calls itself otherwise": (_write("data/evidence/photo.jpg", b"%PDF-1.4 x"), "evidence_ending", True),
}


def make_bag(folder, name):
    """Change a copy of a sound package as BAGS says."""
    edit, _, anew = BAGS[name]
    edit(folder)
    if anew:
        rebag(folder)
    elif anew is None:
        _sealed(folder)
