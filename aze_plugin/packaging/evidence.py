"""The nominator's own files: what they are by their content, and which of them a package does not take.

The same questions are put to a file before it is packaged and after it came in a package of unknown origin.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import paths
from . import pdfs
from .unpacking import MOST_BYTES, name_problem

_MB = 2**20
_HEAD = 4096
_CHUNK = 1 << 20
# What runs when it is opened, whatever it is called.
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!",
             b"L\0\0\0\x01\x14\x02\0", b"dex\n")  # fmt: skip
# Archives and old office files that cannot be looked into here.
_CLOSED = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"MSCF", b"\x28\xb5\x2f\xfd")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MARKS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("jpeg", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("gif", lambda head: head[:6] in (b"GIF87a", b"GIF89a")),
    ("tiff", lambda head: head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    ("wave", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE"),
    ("heif", lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif")),
    ("mp4", lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide")),
    ("ogg", lambda head: head.startswith(b"OggS")),
    ("flac", lambda head: head.startswith(b"fLaC")),
    ("mp3", lambda head: head.startswith(b"ID3") or (head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE6 == 0xE2)),
    ("sqlite", lambda head: head.startswith(b"SQLite format 3\0")),
    ("shapefile", lambda head: head.startswith(b"\0\0\x27\x0a")),
    ("pdf", lambda head: head.startswith(b"%PDF-")),
)
Refusal = tuple[str, dict[str, Any]]


def rules() -> Mapping[str, Any]:
    """Kinds and limits; shared, so callers must not change it."""
    return paths.load_json("packaging", "evidence.json")


def kind_of(path: Path) -> str:
    """What a file is by its content: a key of ``rules()["kinds"]``, or ``program``, ``closed``, ``old_office``,
    ``empty`` or ``unknown``."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return _kind(head, path)


def _kind(head: bytes, path: Path) -> str:
    if not head:
        return "empty"
    if head.startswith(_PROGRAMS) and not (head.startswith(b"MZ") and _is_text(path) and len(head) < 64):
        return "program"
    if head.startswith(_CLOSED) or head[257:262] == b"ustar":
        return "closed"
    if head.startswith(_OLD_OFFICE):
        return "old_office"
    if head.startswith(_ZIP):
        return _kind_of_zip(path)
    for kind, fits in _MARKS:
        if fits(head):
            return kind
    if path.suffix.lower() == ".dbf" and head[:1] in (b"\x03", b"\x83", b"\x8b", b"\x30", b"\xf5"):
        return "dbase"
    return "text" if _is_text(path) else "unknown"


def _is_text(path: Path) -> bool:
    """Whether a file holds nothing but characters: UTF-8, UTF-16 with its mark, or single bytes without control."""
    with open(path, "rb") as file:
        wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        file.seek(0)
        while piece := file.read(_CHUNK):
            if not wide and re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", piece):
                return False
    return True


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                return "office"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                said = archive.read("mimetype")
                if said.startswith(b"application/vnd.oasis.opendocument"):
                    return "opendocument"
            if "META-INF/MANIFEST.MF" in names and any(n.endswith((".class", ".dex")) for n in names):
                return "program"
            if any(n.lower().endswith(".kml") for n in names) and path.suffix.lower() == ".kmz":
                return "kmz"
    except _BROKEN:
        return "unknown"
    return "zip"


_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, KeyError)


def refusal(path: Path, name: str | None = None) -> Refusal | None:
    """Why a file is not taken, as the last part of a code with its params; None where it is.

    ``name``: what the file is called where that is not its path's name. Reasons: ``evidence_large``, ``_program``,
    ``_closed``, ``_old_office``, ``_macros``, ``_archive``, ``_active``, ``_pdf_closed``, ``_unknown``, ``_ending``,
    ``_empty``.
    """
    called = Path(name or path.name)
    ending = called.suffix.lower()
    size = path.stat().st_size
    if size > rules()["most_file_mb"] * _MB:
        return "evidence_large", {"file": called.name, "most": rules()["most_file_mb"]}
    said = {"file": called.name}
    kind = kind_of(path)
    if kind == "program" or ending in rules()["programs"]:
        return "evidence_program", said
    if kind in ("closed", "old_office", "unknown", "empty"):
        return f"evidence_{kind}", said
    if ending not in rules()["kinds"][kind]["endings"]:
        return "evidence_ending", {**said, "ending": ending or "–", "kinds": kind}
    if kind in ("office", "opendocument", "zip", "kmz"):
        return _inside(path, kind, said)
    if kind == "pdf":
        try:
            return ("evidence_active", said) if pdfs.acts(path, pdfs.HARMFUL) else None
        except pdfs.UnreadablePdf:
            return "evidence_pdf_closed", said
    return None


def _inside(path: Path, kind: str, said: dict[str, Any]) -> Refusal | None:
    """The list of what an archive holds, and the first bytes of each; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > rules()["most_in_archive"] or sum(e.file_size for e in entries) > MOST_BYTES:
                return "evidence_archive", {**said, "part": "–"}
            for entry in entries:
                part = entry.filename
                if entry.flag_bits & 0x1 or (name_problem(part) and kind != "office"):
                    return "evidence_archive", {**said, "part": part}
                if _is_macro(part):
                    return "evidence_macros", {**said, "part": part}
                if part.endswith("/"):
                    continue
                with archive.open(entry) as stream:
                    head = stream.read(512)
                    if part == "[Content_Types].xml":
                        head += stream.read(_MB)
                if b"macroEnabled" in head:
                    return "evidence_macros", {**said, "part": part}
                if head.startswith(_PROGRAMS) or Path(part).suffix.lower() in rules()["programs"]:
                    return "evidence_program", {**said, "file": f"{said['file']}/{part}"}
                if kind == "zip" and head.startswith((*_ZIP, *_CLOSED, _OLD_OFFICE)):
                    return "evidence_archive", {**said, "part": part}
    except _BROKEN:
        return "evidence_unknown", said
    return None


def _is_macro(part: str) -> bool:
    folded = part.lower()
    return bool(re.search(r"vbaproject|activex|oleobject|externallinks|embeddings/.*\.bin", folded)) or (
        folded.startswith(("basic/", "scripts/")) and not folded.endswith("/")
    )


def too_much(files: Iterable[Path]) -> dict[str, Any] | None:
    """The limit that all files together pass, as params; None where they pass none."""
    sizes = [path.stat().st_size for path in files]
    if len(sizes) > rules()["most_files"]:
        return {"count": len(sizes), "most": rules()["most_files"], "unit": "files"}
    if sum(sizes) > rules()["most_all_mb"] * _MB:
        return {"count": sum(sizes) // _MB, "most": rules()["most_all_mb"], "unit": "MiB"}
    return None


def places(path: Path) -> str:
    """What a file may tell of where it was made: ``none``, ``text``, ``photograph``, ``kept``, ``geodata`` or
    ``unseen`` (see resources/packaging/evidence.json)."""
    if path.suffix.lower() in rules()["geodata_endings"]:
        return "geodata"
    kind = rules()["kinds"].get(kind_of(path))
    return kind["places"] if kind else "unseen"
