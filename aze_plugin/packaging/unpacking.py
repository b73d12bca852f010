"""Zips of unknown origin, unpacked without trust: every name looked at first, every byte counted as it comes.

Nothing is ever written outside the folder given, and nothing that is a link, a device or a hidden second file.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..domain.progress import Progress

MOST_BYTES = 2 * 2**30
MOST_ENTRIES = 10_000
MOST_RATIO = 200
# Below this size any ratio is harmless, and a file of blanks is no attack.
RATIO_FROM = 2**20
LONGEST_NAME = 255
DEEPEST = 16
# 10,000 names of a hundred letters take a third of this; a directory that is larger is not worth reading.
_MOST_DIRECTORY = 4 * 2**20
_CHUNK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_HEADER = 30
# Names that Windows keeps for devices, whatever ending follows them.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in "0123456789\u00b9\u00b2\u00b3")}
# Extra field that gives an entry a second name, which some programs unpack by and others do not.
_SECOND_NAME = 0x7075
_LONGEST_TEXT = 400


@dataclass(frozen=True)
class Problem:
    """Something wrong with a package: a stable code, the path inside the package, and the sentence's params."""

    code: str
    path: str
    params: dict


def shown(text: str, most: int = _LONGEST_TEXT) -> str:
    """A text of unknown origin, fit to be shown: without its control characters, and of bearable length."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:most])


def problem(code: str, path: str = "", **params) -> Problem:
    """A problem by its full code. What a hostile file calls itself is made fit to be shown."""
    params = {key: shown(value) if isinstance(value, str) else value for key, value in params.items()}
    return Problem(code, shown(path, LONGEST_NAME), params)


def _problem(code: str, path: str = "", **params) -> Problem:
    return problem(f"package.{code}", path, **params)


def name_problem(name: str) -> str | None:
    """Why a name is not taken, as the last part of a code; None where it is sound."""
    if "\0" in name or any(ord(c) < 32 for c in name):
        return "name_control"
    if "\\" in name:
        return "name_backslash"
    if name.startswith("/"):
        return "path_absolute"
    if re.match(r"[A-Za-z]:", name) or ":" in name:
        return "path_drive"
    parts = name.rstrip("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "path_traversal"
    if len(parts) > DEEPEST or any(len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME for part in parts):
        return "name_long"
    # Windows drops what follows such an ending: two names would become one.
    if any(part.endswith((".", " ")) for part in parts):
        return "name_ending"
    if any(part.split(".")[0].strip().casefold() in _DEVICES or re.search(r'[<>"|?*]', part) for part in parts):
        return "name_reserved"
    # What turns the direction of writing makes "gpj.exe" look like "exe.jpg".
    if any(unicodedata.category(c) == "Cf" for c in name):
        return "name_control"
    return None


def _folded(name: str) -> str:
    """What a file system that ignores case and composition makes of a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.rstrip("/")).casefold())


def _names_problems(names: Iterable[str]) -> list[Problem]:
    found, seen = [], {}
    for name in names:
        why = name_problem(name)
        if why:
            found.append(_problem(why, name))
            continue
        folded = _folded(name)
        if folded in seen:
            code = "duplicate" if seen[folded] == name else "case_collision"
            found.append(_problem(code, name))
        seen.setdefault(folded, name)
    return found


def _top_problems(names: Iterable[str], files: Iterable[str]) -> list[Problem]:
    tops = sorted({name.split("/")[0] for name in names})
    loose = [name for name in files if "/" not in name]
    if not tops:
        return [_problem("empty")]
    if len(tops) > 1 or loose:
        return [_problem("top_folders", loose[0] if loose else tops[1], count=len(tops))]
    return []


def _directory_problem(path: Path) -> Problem | None:
    """Whether the file is a zip and nothing else, with a directory of a size worth reading.

    The zip reader would take the directory whole into memory, and overlook what stands before and after the archive.
    """
    size = path.stat().st_size
    if not stat.S_ISREG(path.stat().st_mode):
        return _problem("not_zip", detail="it is no file")
    with open(path, "rb") as file:
        first = file.read(4)
        start = max(0, size - 65536 - _END.size)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or at + _END.size > len(tail):
            return _problem("not_zip")
        tail_end = at + _END.size
        _, disk, _, _, entries, directory, begin, comment = _END.unpack_from(tail, at)
        at64 = tail.rfind(b"PK\x06\x06", 0, at)
        if at64 >= 0 and at64 + _END64.size <= at:
            record = _END64.unpack_from(tail, at64)
            entries, directory = (
                max(entries, record[7] if entries == 0xFFFF else 0),
                max(directory if directory != 0xFFFFFFFF else 0, record[8]),
            )
            begin = record[9] if begin == 0xFFFFFFFF else begin
            at = at64
    if entries > MOST_ENTRIES:
        return _problem("too_many", count=entries, most=MOST_ENTRIES)
    if directory > _MOST_DIRECTORY:
        return _problem("too_many", count=entries, most=MOST_ENTRIES)
    if disk or comment or first not in (b"PK\x03\x04", b"PK\x05\x06"):
        return _problem("not_only_zip")
    if begin + directory != start + at or start + tail_end != size:
        return _problem("not_only_zip")
    return None


def _entry_problem(entry: zipfile.ZipInfo) -> Problem | None:
    name = entry.orig_filename
    mode = entry.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if entry.flag_bits & 0x1:
        return _problem("encrypted", name)
    if entry.compress_type not in _METHODS:
        return _problem("method", name)
    # The upper half holds Unix modes whatever system the entry says it comes from.
    if kind == stat.S_IFLNK:
        return _problem("link", name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return _problem("device", name)
    if _second_name(entry):
        return _problem("name_second", name)
    return None


def _second_name(entry: zipfile.ZipInfo) -> bool:
    at = 0
    while at + 4 <= len(entry.extra):
        kind, length = struct.unpack_from("<HH", entry.extra, at)
        if kind == _SECOND_NAME:
            return True
        at += 4 + length
    return False


def _sizes_problems(entries: list[zipfile.ZipInfo], size: int) -> list[Problem]:
    """What the sizes in the directory give away before anything is unpacked. They are counted again while it is."""
    found = []
    for entry in entries:
        if entry.file_size > RATIO_FROM and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
            found.append(_problem("ratio", entry.orig_filename, most=MOST_RATIO))
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        found.append(_problem("too_large", most=MOST_BYTES // 2**30))
    # Entries that share their bytes: how a small file is made to hold more than its size times any ratio.
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < end:
            found.append(_problem("overlap", entry.orig_filename))
            break
        end = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
    if end > size and not found:
        found.append(_problem("not_zip", detail="an entry runs past the end"))
    return found


def _headers_problems(path: Path, entries: list[zipfile.ZipInfo], directory: int) -> list[Problem]:
    """Whether each entry's own header says what the directory says, and the entries follow one another without a gap.

    Programs differ in which of the two they believe, and what stands between entries is seen by nobody.
    """
    expected = 0
    with open(path, "rb") as file:
        for entry in sorted(entries, key=lambda e: e.header_offset):
            name = entry.orig_filename
            if entry.header_offset != expected:
                return [_problem("not_only_zip", name)]
            file.seek(entry.header_offset)
            head = file.read(_LOCAL_HEADER)
            if len(head) < _LOCAL_HEADER:
                return [_problem("not_zip", name, detail="an entry runs past the end")]
            _, _, flags, method, _, _, _, _, _, length, extra = struct.unpack("<4s5H3L2H", head)
            if method != entry.compress_type or flags & 0x9 != entry.flag_bits & 0x9:
                return [_problem("damaged", name, detail="its two headers differ")]
            expected = entry.header_offset + _LOCAL_HEADER + length + extra + entry.compress_size
            if flags & 0x8:
                # Sizes that were not known when the entry began follow it, with or without a mark, short or long.
                file.seek(expected)
                after = file.read(24)
                at = 4 if after[:4] == b"PK\x07\x08" else 0
                long = struct.pack("<LQQ", entry.CRC, entry.compress_size, entry.file_size)
                expected += at + (len(long) if after[at : at + len(long)] == long else 12)
    return [] if expected == directory else [_problem("not_only_zip")]


def unpack(path: Path, folder: Path, progress: Progress) -> tuple[Path | None, list[Problem]]:
    """Unpack a zip into an empty folder. Returns its one top folder, None where anything is wrong, and the problems."""
    try:
        broken = _directory_problem(path)
        if broken:
            return None, [broken]
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                return None, [_problem("too_many", count=len(entries), most=MOST_ENTRIES)]
            found = [p for p in map(_entry_problem, entries) if p]
            # zipfile cuts a name at a NUL: the name as it stands in the file is the one to judge.
            found += _names_problems(entry.orig_filename for entry in entries)
            files = [e.orig_filename for e in entries if not e.orig_filename.endswith("/")]
            found = found or _sizes_problems(entries, path.stat().st_size)
            found = found or _headers_problems(path, entries, archive.start_dir)
            found = found or _top_problems([e.orig_filename for e in entries], files)
            if found:
                return None, found
            return _extract(archive, entries, folder, progress)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        struct.error,
        NotImplementedError,
        UnicodeDecodeError,
        ValueError,
        EOFError,
    ) as error:
        return None, [_problem("not_zip", detail=str(error))]
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        return None, [_problem("unreadable", detail=error.strerror or "not allowed")]


def _extract(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path, progress: Progress
) -> tuple[Path | None, list[Problem]]:
    total = 0
    for n, entry in enumerate(entries):
        progress.set(n / len(entries))
        target = folder.joinpath(*entry.filename.rstrip("/").split("/"))
        try:
            if entry.filename.endswith("/"):
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            written = 0
            with archive.open(entry) as source, open(target, "xb") as sink:
                while piece := source.read(_CHUNK):
                    written += len(piece)
                    total += len(piece)
                    if total > MOST_BYTES:
                        return None, [_problem("too_large", entry.filename, most=MOST_BYTES // 2**30)]
                    if written > RATIO_FROM and written > MOST_RATIO * max(1, entry.compress_size):
                        return None, [_problem("ratio", entry.filename, most=MOST_RATIO)]
                    sink.write(piece)
                    progress.check()
        except (FileExistsError, NotADirectoryError):
            return None, [_problem("duplicate", entry.filename)]
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            return None, [_problem("damaged", entry.filename, detail=str(error))]
    return folder / entries[0].filename.split("/")[0], []


def examine_folder(root: Path, progress: Progress) -> list[Problem]:
    """The same questions put to a package that is a folder already; links are named and never followed."""
    found: list[Problem] = []
    names: list[str] = []
    total = 0
    for base, folders, files in os.walk(root, followlinks=False):
        progress.check()
        for name in [*folders, *files]:
            inside = Path(base, name)
            relative = inside.relative_to(root).as_posix()
            mode = inside.lstat().st_mode
            if stat.S_ISLNK(mode):
                found.append(_problem("link", relative))
            elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                found.append(_problem("device", relative))
            elif not os.access(inside, os.R_OK):
                found.append(_problem("unreadable", relative, detail="not allowed"))
            elif stat.S_ISREG(mode):
                total += inside.lstat().st_size
            names.append(relative)
        if len(names) > MOST_ENTRIES:
            return [_problem("too_many", count=len(names), most=MOST_ENTRIES)]
        if total > MOST_BYTES:
            return [_problem("too_large", most=MOST_BYTES // 2**30)]
    return found + _names_problems(names)
