"""What there is to import: files, folders and archives taken apart into datasets, each with its sha256."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..domain.errors import AzeError
from ..domain.progress import Progress

VECTOR_ENDINGS = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".gdb")
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_CHUNK = 1 << 20

# Formats that are read back and forth: inside an archive every step back would inflate it anew from its start.
_UNPACKED_FIRST = (".gpkg", ".gdb")


@dataclass(frozen=True)
class Dataset:
    """One dataset of range maps.

    ``name``: base name of the file, or of the archive with the member's path behind it; ``path``: the absolute path
    that tells a second import of it; ``archive``: the zip it lies in, if any; ``files``: all its files in sorted
    order, absolute paths or members of the archive; ``main``: the one that OGR opens.
    """

    name: str
    path: str
    main: str
    files: tuple[str, ...]
    archive: str = ""

    @property
    def ending(self) -> str:
        """Lower-case ending of the main file, with its dot."""
        return PurePosixPath(self.main.replace(os.sep, "/")).suffix.lower()

    @property
    def lacks_index(self) -> bool:
        """Whether it is a shapefile without its ``.shx``."""
        return self.ending == ".shp" and not self.companion(".shx")

    def companion(self, ending: str) -> str:
        """The file of this dataset with an ending such as ``.shx``; ``""`` where there is none."""
        return next((f for f in self.files if f.lower().endswith(ending)), "")

    def size(self) -> int:
        """Bytes of all files, unpacked."""
        if not self.archive:
            return sum(os.path.getsize(f) for f in self.files)
        with _opened(self.archive) as archive:
            return sum(archive.getinfo(f).file_size for f in self.files)

    def sha256(self, progress: Progress) -> str:
        """Hash of all files one after the other. Raises AzeError ``library.bad_zip`` for a damaged archive."""
        digest = hashlib.sha256()
        for _, stream in self._streams():
            for block in _blocks(stream, self.archive, progress):
                digest.update(block)
        return digest.hexdigest()

    def openable(self, workspace: Path, progress: Progress) -> str:
        """A path that OGR can open. The user's own files and folders are only ever read.

        What has to be rebuilt (a missing ``.shx``) or cannot be read well inside an archive is put into ``workspace``.
        """
        if not self.lacks_index and not (self.archive and self.ending in _UNPACKED_FIRST):
            return f"/vsizip/{{{self.archive}}}/{self.main}" if self.archive else self.main
        folder = workspace / f"{len(os.listdir(workspace))}"
        folder.mkdir()
        if self.ending == ".gdb":
            folder = folder / "data.gdb"
            folder.mkdir()
        for name, stream in self._streams():
            target = folder / PurePosixPath(name.replace(os.sep, "/")).name
            with open(target, "wb") as out:
                for block in _blocks(stream, self.archive, progress):
                    out.write(block)
        return str(folder if self.ending == ".gdb" else folder / PurePosixPath(self.main.replace(os.sep, "/")).name)

    def _streams(self) -> Iterator[tuple[str, BinaryIO]]:
        if self.archive:
            with _opened(self.archive) as archive:
                for member in self.files:
                    with _guarded(self.archive, archive, member) as stream:
                        yield member, stream
        else:
            for file in self.files:
                with open(file, "rb") as stream:
                    yield file, stream


def _guarded(path: str, archive: zipfile.ZipFile, member: str) -> BinaryIO:
    try:
        return archive.open(member)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise AzeError("library.bad_zip", file=path, detail=str(error)) from error


def _blocks(stream: BinaryIO, archive: str, progress: Progress) -> Iterator[bytes]:
    while True:
        progress.check()
        try:
            block = stream.read(_CHUNK)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise AzeError("library.bad_zip", file=archive, detail=str(error)) from error
        if not block:
            return
        yield block


def _opened(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise AzeError("library.bad_zip", file=path, detail=str(error)) from error


def discover(paths: Sequence[str]) -> list[Dataset]:
    """The datasets that files, folders (with all below them) and zips hold, in sorted order, each once.

    Raises AzeError ``library.source_missing``, ``library.no_vector_data`` or ``library.bad_zip``.
    """
    found: dict[str, Dataset] = {}
    for given in paths:
        path = os.path.realpath(given)
        if not os.path.exists(path):
            raise AzeError("library.source_missing", file=str(given))
        datasets = list(_datasets(path))
        if not datasets:
            raise AzeError("library.no_vector_data", file=str(given))
        for dataset in datasets:
            found.setdefault(dataset.path, dataset)
    return list(found.values())


class Archives:
    """Zips kept open while many datasets are taken out of them: to open one is to read the list of all its members."""

    def __init__(self):
        self._open: dict[str, zipfile.ZipFile] = {}

    def __enter__(self) -> Archives:
        return self

    def __exit__(self, *_exception) -> None:
        for archive in self._open.values():
            archive.close()

    def size(self, dataset: Dataset) -> int:
        """Bytes of all files of a dataset, unpacked."""
        if not dataset.archive:
            return dataset.size()
        return sum(self._archive(dataset).getinfo(member).file_size for member in dataset.files)

    def unpacked(self, dataset: Dataset, folder: Path, progress: Progress) -> Dataset:
        """The dataset as files, in a folder of its own where it lies in a zip. Raises AzeError ``library.bad_zip``."""
        if not dataset.archive:
            return dataset
        targets = [folder / PurePosixPath(member).name for member in dataset.files]
        for member, target in zip(dataset.files, targets):
            with _guarded(dataset.archive, self._archive(dataset), member) as stream, open(target, "wb") as out:
                for block in _blocks(stream, dataset.archive, progress):
                    out.write(block)
        main = targets[dataset.files.index(dataset.main)]
        return Dataset(dataset.name, dataset.path, str(main), tuple(map(str, targets)))

    def _archive(self, dataset: Dataset) -> zipfile.ZipFile:
        if dataset.archive not in self._open:
            self._open[dataset.archive] = _opened(dataset.archive)
        return self._open[dataset.archive]


def discover_files(path: str, endings: Sequence[str], beside: Sequence[str], nothing: str) -> list[Dataset]:
    """The files with one of the endings that a folder, with all below it, or a zip holds, in sorted order, or one file.

    What lies beside a file under its name, or its name without its ending, and an ending of ``beside``, belongs to it.
    Raises AzeError ``library.source_missing``, ``library.bad_zip``, or with the code ``nothing`` where there are none.
    """
    real = os.path.realpath(path)
    if not os.path.exists(real):
        raise AzeError("library.source_missing", file=path)
    found: list[Dataset] = []
    if os.path.isdir(real):
        for folder, folders, files in os.walk(real):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            others = _by_lower(os.path.join(folder, f) for f in files)
            for name in sorted(files):
                if name.lower().endswith(".zip"):
                    found += _files_of_zip(os.path.join(folder, name), endings, beside)
                elif name.lower().endswith(tuple(endings)) and not name.startswith("."):
                    file = os.path.join(folder, name)
                    found.append(Dataset(name, file, file, _with_beside(file, others, beside)))
    elif real.lower().endswith(".zip"):
        found = _files_of_zip(real, endings, beside)
    elif real.lower().endswith(tuple(endings)):
        folder = os.path.dirname(real)
        others = _by_lower(os.path.join(folder, f) for f in os.listdir(folder))
        found = [Dataset(os.path.basename(real), real, real, _with_beside(real, others, beside))]
    if not found:
        raise AzeError(nothing, file=path)
    return found


def _files_of_zip(path: str, endings: Sequence[str], beside: Sequence[str]) -> list[Dataset]:
    with _opened(path) as archive:
        members = sorted(m for m in archive.namelist() if not m.endswith("/") and not m.startswith("__MACOSX/"))
    name, others = os.path.basename(path), _by_lower(members)
    return [
        Dataset(f"{name}/{member}", f"{path}/{member}", member, _with_beside(member, others, beside), path)
        for member in members
        if member.lower().endswith(tuple(endings)) and not PurePosixPath(member).name.startswith(".")
    ]


def _by_lower(files: Iterable[str]) -> dict[str, str]:
    return {file.lower(): file for file in files}


def _with_beside(main: str, others: Mapping[str, str], beside: Sequence[str]) -> tuple[str, ...]:
    """A file with what belongs to it; ``others``: all files there by their names in lower case."""
    stems = main.lower(), main.lower()[: -len(PurePosixPath(main).suffix)]
    wanted = [stem + ending for stem in stems for ending in beside]
    return (main, *sorted(others[name] for name in wanted if name in others))


def _datasets(path: str) -> Iterator[Dataset]:
    if os.path.isdir(path) and not path.lower().endswith(".gdb"):
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for name in [f for f in folders if f.lower().endswith(".gdb")]:
                folders.remove(name)
                yield _dataset(os.path.join(folder, name))
            for name in sorted(files):
                if name.lower().endswith(".zip"):
                    yield from _members(os.path.join(folder, name))
                elif name.lower().endswith(VECTOR_ENDINGS) and not name.startswith("."):
                    yield _dataset(os.path.join(folder, name))
    elif path.lower().endswith(".zip"):
        yield from _members(path)
    else:
        yield _dataset(path)


def _dataset(path: str) -> Dataset:
    if os.path.isdir(path):
        files = sorted(str(f) for f in Path(path).rglob("*") if f.is_file() and not f.name.endswith(".lock"))
    elif path.lower().endswith(".shp"):
        siblings = os.listdir(os.path.dirname(path))
        files = [os.path.join(os.path.dirname(path), f) for f in _parts(os.path.basename(path), siblings)]
    else:
        files = [path]
    return Dataset(os.path.basename(path), path, path, tuple(files))


def _members(path: str) -> Iterator[Dataset]:
    with _opened(path) as archive:
        members = sorted(m for m in archive.namelist() if not m.endswith("/") and not m.startswith("__MACOSX/"))
    databases: dict[str, list[str]] = {}
    for member in members:
        above = [str(p) for p in PurePosixPath(member).parents if p.suffix.lower() == ".gdb"]
        if above:
            databases.setdefault(above[-1], []).append(member)
    inside = {m for files in databases.values() for m in files}
    mains = [m for m in members if m not in inside and m.lower().endswith(VECTOR_ENDINGS)]
    for main in sorted([*mains, *databases]):
        files = databases.get(main) or (_parts(main, members) if main.lower().endswith(".shp") else [main])
        yield Dataset(f"{os.path.basename(path)}/{main}", f"{path}/{main}", main, tuple(files), path)


def _parts(main: str, names: Sequence[str]) -> list[str]:
    """The files that belong to a shapefile, whatever the letter case of their endings."""
    stem = main[:-4]
    return sorted(n for n in names if n[:-4] == stem and n[-4:].lower() in _SHAPEFILE_PARTS)
