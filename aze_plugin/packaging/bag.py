"""The bag: manifests, tags, and a zip that is the same for the same content.

Written here and not by the bagit library, whose ``make_bag`` changes the whole process's working folder (QGIS has
other threads) and writes version 0.97. The library checks the result, here and in the tests.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import paths
from ..domain.progress import Progress

# The earliest moment that a zip can hold: nothing in a package tells when it was made.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
# The label under which a bag names the rules it keeps to.
PROFILE_TAG = "BagIt-Profile-Identifier"
_CHUNK = 1 << 20


def profile() -> Mapping[str, Any]:
    """The rules of nomination packages as a BagIt profile (version 1.4.0); shared, so callers must not change it."""
    return paths.load_json("bagit", "aze-profile.json")


def sha256(path: Path, progress: Progress | None = None) -> str:
    """Digest of a file, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            if progress:
                progress.check()
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    """All files under a folder, in the order of their names as bytes, which is the same everywhere."""
    return sorted(
        (p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.relative_to(folder).as_posix().encode()
    )


def write_bag(folder: Path, info: Iterable[tuple[str, str]], progress: Progress | None = None) -> None:
    """Make a bag (BagIt 1.0, RFC 8493) of a folder that has its payload under ``data``.

    ``info``: labels and values of ``bag-info.txt``, to which Payload-Oxum is added.
    """
    payload = _files(folder / "data")
    manifest = [(sha256(p, progress), p.relative_to(folder).as_posix()) for p in payload]
    oxum = f"{sum(p.stat().st_size for p in payload)}.{len(payload)}"
    _write(folder / "bagit.txt", ["BagIt-Version: 1.0", "Tag-File-Character-Encoding: UTF-8"])
    _write(folder / "bag-info.txt", [f"{label}: {_line(value)}" for label, value in (*info, ("Payload-Oxum", oxum))])
    _write(folder / "manifest-sha256.txt", [f"{digest}  {_escaped(name)}" for digest, name in manifest])
    tags = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt"]
    _write(folder / "tagmanifest-sha256.txt", [f"{sha256(folder / name)}  {name}" for name in tags])


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))


def _line(value: str) -> str:
    return re.sub(r"\s+", " ", value).strip()


def _escaped(name: str) -> str:
    """RFC 8493, 2.1.3: line ends and the percent sign itself are written as %XX."""
    return name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def read_info(path: Path) -> Mapping[str, str]:
    """Labels and values of ``bag-info.txt``, for files as write_bag() writes them; the first of a label counts."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        label, mark, value = line.partition(":")
        if mark and not line[:1].isspace():
            found.setdefault(label.strip(), value.strip())
    return found


def zip_folder(folder: Path, target: Path, progress: Progress | None = None) -> None:
    """Zip a folder under its own name: names in order, one date, one set of permissions."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        files = _files(folder)
        for n, path in enumerate(files):
            if progress:
                progress.set(n / len(files))
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Python notes the system it runs on; 3 is Unix, whose permissions follow.
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            with open(path, "rb") as source, archive.open(entry, "w") as sink:
                while piece := source.read(_CHUNK):
                    sink.write(piece)
