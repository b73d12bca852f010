"""Which kind of species data a file, folder or zip holds, by a first look: for files that are dropped in a heap.

A look at names, headers and types of geometry; whether what is in there can be used, the import says.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath

from osgeo import gdal, ogr

from .. import paths
from ..domain.fields import resolve
from . import archives, datasets, tables, vector

RANGES, OCCURRENCES, ASSESSMENTS = "ranges", "occurrences", "assessments"
POPULATIONS, HABITATS = "populations", "habitats"
# Kinds of which an import takes one file or folder.
_SINGLE = (ASSESSMENTS, POPULATIONS, HABITATS)

_RASTERS = (".tif", ".tiff")
_EXPORT = frozenset(("assessments.csv", "simple_summary.csv", "taxonomy.csv"))
_HEAD = 1 << 16
_MOST_ENTRIES = 10_000
_POINTS = (ogr.wkbPoint, ogr.wkbMultiPoint)


@dataclass(frozen=True)
class Sorted:
    """Files by kind; ``unplaced``: what holds nothing of any kind, or a second file where one is taken."""

    ranges: tuple[str, ...] = ()
    occurrences: tuple[str, ...] = ()
    assessments: str = ""
    populations: str = ""
    habitats: str = ""
    unplaced: tuple[str, ...] = ()


def sort(files: Iterable[str]) -> Sorted:
    """Files, folders and zips by what they hold. Rasters of one folder stand for that folder."""
    found: dict[str, list[str]] = {}
    for path in files:
        kind = kind_of(path)
        found.setdefault(kind, []).append(path)
    rasters = [path for path in found.get(HABITATS, ()) if path.lower().endswith(_RASTERS)]
    if len(rasters) > 1:
        folders = dict.fromkeys(os.path.dirname(path) for path in rasters)
        found[HABITATS] = [path for path in found[HABITATS] if path not in rasters] + list(folders)
    single = {kind: next(iter(found.get(kind, ())), "") for kind in _SINGLE}
    unplaced = [*found.get("", ()), *(path for kind in _SINGLE for path in found.get(kind, ())[1:])]
    return Sorted(tuple(found.get(RANGES, ())), tuple(found.get(OCCURRENCES, ())), **single, unplaced=tuple(unplaced))


def kind_of(path: str) -> str:
    """One of the kinds, or ``""`` where nothing tells.

    A table in which places are named is one of records, one with parameters and figures one of estimates, and one with
    categories a list of assessments. Points are records, areas are range maps, GeoTIFFs are areas of habitat.
    """
    lower = path.lower().rstrip("/\\")
    if os.path.basename(lower) == archives.DESCRIPTOR:
        return OCCURRENCES
    if lower.endswith(_RASTERS):
        return HABITATS
    if lower.endswith(tables.ENDINGS):
        with suppress(OSError), open(path, "rb") as stream:
            return _of_table(stream.read(_HEAD))
        return ""
    if lower.endswith(".zip"):
        return _of_zip(path)
    if os.path.isdir(path) and not lower.endswith(".gdb"):
        return _of_folder(path)
    return _of_layers([path])


def _of_folder(path: str) -> str:
    names = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names += [os.path.join(folder, name) for name in (*sorted(files), *folders) if not name.startswith(".")]
        if len(names) > _MOST_ENTRIES:
            break
    return _of_names(names) or _of_layers(_vectors(names)) or _first(map(kind_of, _tables(names)))


def _of_zip(path: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist()[:_MOST_ENTRIES] if not entry.is_dir()]
            inside = "/vsizip/{" + os.path.abspath(path) + "}/"
            found = _of_names(names) or _of_layers([inside + name for name in _vectors(names)])
            return found or _first(_of_table(archive.open(name).read(_HEAD)) for name in _tables(names))
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        # Most downloads are range maps; the import says what is wrong with this one.
        return RANGES


def _of_names(names: Sequence[str]) -> str:
    """What the names of files alone tell."""
    bare = [PurePath(name).name.lower() for name in names]
    if archives.DESCRIPTOR in bare:
        return OCCURRENCES
    if _EXPORT.intersection(bare):
        return ASSESSMENTS
    if any(name.endswith(_RASTERS) for name in bare) and not any(True for _ in _vectors(names)):
        return HABITATS
    return ""


def _vectors(names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if name.lower().endswith(datasets.VECTOR_ENDINGS))


def _tables(names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if name.lower().endswith(tables.ENDINGS))


def _first(kinds: Iterable[str]) -> str:
    return next((kind for kind in kinds if kind), "")


def _of_table(head: bytes) -> str:
    try:
        text = head.decode("utf-8-sig", errors="replace")
    except LookupError:
        return ""
    line = text.partition("\n")[0]
    separator = max(",;\t|", key=line.count)
    header = [cell.strip().strip('"') for cell in line.split(separator)]
    sections = paths.load_json("schemas", "fields.json")
    if {"lon", "lat"} <= resolve(header, sections["occurrences"]).keys():
        return OCCURRENCES
    estimates = resolve(header, sections["estimates"])
    if "parameter" in estimates and {"low", "best", "high"} & estimates.keys():
        return POPULATIONS
    if "category" in resolve(header, sections["assessments"]) or "category" in resolve(
        header, sections["national_list"]
    ):
        return ASSESSMENTS
    return ""


def _of_layers(files: Iterable[str]) -> str:
    """What the first layers with geometry hold; range maps where none can be opened, so that the import says why."""
    kind = ""
    with vector.ogr_session():
        for path in files:
            kind = kind or RANGES
            try:
                dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_READONLY)
            except RuntimeError:
                continue
            for n in range(dataset.GetLayerCount() if dataset is not None else 0):
                shape = ogr.GT_Flatten(dataset.GetLayer(n).GetGeomType())
                if shape in _POINTS:
                    return OCCURRENCES
                if shape != ogr.wkbNone:
                    return RANGES
    return kind
