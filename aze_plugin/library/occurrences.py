"""Occurrence records into a library: Darwin Core archives, tables of text, and point layers.

A row is left out where it is no record of a species with a place: it names no species, says that the species was not
found (``occurrenceStatus`` absent; or counts no individuals and does not say that it was present), or its coordinates
are missing, no numbers, both exactly 0, or not on the Earth (longitudes from 180 to 360 are wrapped). How exact, how
old and of what kind a record is, is kept: those filters act when a candidate is checked.

The year of an event that took longer than one is that of its beginning.
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Callable

import numpy as np

from .. import paths
from ..domain import geometry
from ..domain.errors import AzeError
from ..domain.fields import resolve
from ..domain.progress import Progress, waited_for
from . import archives, datasets, tables, values, vector
from .archives import Files
from .datasets import Dataset
from .names import binomial, is_uncertain, of_parts
from .report import LISTED, RowNote, SourceReport, seal
from .store import Writer
from .store import occurrences as store
from .threads import Threads

KIND = "occurrences"

# Records are written so many at a time. More of them would be nearer to one another, which the R-tree likes; but an
# import that is asked to stop waits for the lot under way.
_BATCH = 25_000
_WRITES_WAITING = 2
# Different values that are remembered of a column: names and dates come again and again.
_REMEMBERED = 200_000
_ROWS_OF_LAYER = 5_000
_EXAMPLES = 10
_LONGEST_SHOWN = 200

_NAME_ROLES = ("scientific_name", "species", "genus", "epithet", "taxon_id")
_ROLES = ("status", "count", "lat", "lon", "uncertainty", "year", "date", "basis", "orphan")
_POINT = struct.Struct("<BIdd")
_ZEROS = frozenset(("0", "0.0", "0.00", "-0", "00"))
# What a row may lack because the row of the core that it belongs to is not there.
_MISSING = ("row.name_missing", "row.no_coordinates")

# What is wrong with a file, and not with the library or the disk.
_OF_FILES = ("archives.", "occurrences.", "tables.")
_OF_A_FILE = frozenset(
    ("library.bad_zip", "library.not_vector", "library.read_failed", "library.no_crs", "library.no_crs_shapefile")
)

_COMPACT_DATE = re.compile(r"(1[5-9]|2\d)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])\b")
_WITHIN_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Source:
    """One file of records.

    ``dataset``: where it is, for its hash; ``kind``: ``archive``, ``table`` or ``layers``; ``archive`` and ``table``:
    how to read its rows, None for layers and for a file without anything in it. ``named``: the user chose it and not
    a folder that it lies in; ``error``: why it cannot be read, as far as a first look tells.
    """

    dataset: Dataset
    kind: str = ""
    archive: archives.Archive | None = None
    table: tables.Table | None = None
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()
    named: bool = True
    error: AzeError | None = None


def run(
    given: Sequence[str],
    version: str,
    citation: str,
    writer: Writer,
    known: Mapping[str, str],
    workspace: Path,
    threads: Threads,
    progress: Progress,
) -> list[SourceReport]:
    """Import files, folders and zips of records; a report for each file.

    ``known`` maps lower-case scientific names to taxon ids. A file that cannot be read stops the import with an
    AzeError when it was named itself or when no other can be; found in a folder it gets a report that says why, and
    the others go on. Within an ``ogr_session``.
    """
    found = discover(given)
    names = {**_names_without_id(writer), **known}
    listed = {row[0] for row in writer.rows('SELECT taxon_id FROM "range" UNION SELECT taxon_id FROM assessment')}
    reports, errors = [], []
    seen: dict[str, str] = {}
    sizes = [1 if source.error else max(1, source.dataset.size()) for source in found]
    done = 0
    for source, size in zip(found, sizes):
        step = progress.part(done / sum(sizes), (done + size) / sum(sizes))
        done += size
        name, path = source.dataset.name, source.dataset.path
        report = SourceReport(name, KIND, path, version, citation)
        progress.say("import.reading", file=name)
        try:
            if source.error:
                raise source.error
            _import(source, report, writer, names, listed, seen, workspace, threads, step)
        except AzeError as error:
            if source.named or not (error.code.startswith(_OF_FILES) or error.code in _OF_A_FILE):
                raise
            errors.append(error)
            report = SourceReport(name, KIND, path, version, citation, notes=[(error.code, error.params)])
        reports.append(report)
    if errors and len(errors) == len(found):
        raise errors[0]
    return reports


def discover(given: Sequence[str]) -> list[Source]:
    """The files of records that files, folders (with all below them) and zips hold, each once.

    A folder with a ``meta.xml`` is one archive. Raises AzeError ``library.source_missing``, ``occurrences.no_data`` and
    what is wrong with a file that was named itself.
    """
    found: dict[str, Source] = {}
    for name in given:
        path = os.path.realpath(name)
        if not os.path.exists(path):
            raise AzeError("library.source_missing", file=str(name))
        sources = list(_sources(path))
        if not sources:
            raise AzeError("occurrences.no_data", file=str(name))
        for source in sources:
            if source.error and source.named:
                raise source.error
            found.setdefault(source.dataset.path, source)
    return list(found.values())


def _sources(path: str) -> Iterator[Source]:
    lower = path.lower()
    if os.path.basename(lower) == archives.DESCRIPTOR:
        path = os.path.dirname(path)
        lower = path.lower()
    if not os.path.isdir(path) or lower.endswith(".gdb"):
        yield from _of_file(path, alone=True)
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__MACOSX")
        if any(name.lower() == archives.DESCRIPTOR for name in files):
            folders.clear()
            yield from _attempt(folder, partial(_of_archives, folder, False), folder == path)
            continue
        for name in [f for f in folders if f.lower().endswith(".gdb")]:
            folders.remove(name)
            yield from _of_file(os.path.join(folder, name), alone=False)
        for name in sorted(files):
            endings = (".zip", *tables.ENDINGS, *datasets.VECTOR_ENDINGS)
            if name.lower().endswith(endings) and not name.startswith("."):
                yield from _of_file(os.path.join(folder, name), alone=False)


def _of_file(path: str, alone: bool) -> Iterator[Source]:
    if path.lower().endswith(".zip"):
        yield from _attempt(path, partial(_of_zip, path), alone)
    elif path.lower().endswith(tables.ENDINGS):
        yield from _attempt(path, partial(_of_table, Files(os.path.dirname(path), {}, False), path), alone)
    else:
        yield from _attempt(path, partial(_of_layers, path), alone)


def _attempt(path: str, look: Callable[[], list[Source]], alone: bool) -> Iterator[Source]:
    """What a file holds; of one that cannot be read the reason. ``alone``: it was named itself."""
    try:
        found = look()
    except AzeError as error:
        yield Source(Dataset(os.path.basename(path), path, path, ()), named=alone, error=error)
        return
    for source in found:
        yield Source(source.dataset, source.kind, source.archive, source.table, source.notes, alone and len(found) == 1)


def _of_layers(path: str) -> list[Source]:
    return [Source(dataset, "layers") for dataset in datasets.discover([path])]


def _of_zip(path: str) -> list[Source]:
    files = Files.of_zip(path)
    if files.descriptors():
        return _of_archives(path, True)
    layers = []
    if any(name.lower().endswith(datasets.VECTOR_ENDINGS) or ".gdb/" in name.lower() for name in files.members):
        layers = _of_layers(path)
    # A lone .json is rather the description of a table than a layer.
    if any(source.dataset.ending != ".json" for source in layers):
        return [source for source in layers if source.dataset.ending != ".json"]
    texts = [name for name in files.members if name.lower().endswith(tables.ENDINGS)]
    usable, refused = [], []
    for name in texts:
        try:
            usable.extend(_of_table(files, name))
        except AzeError as error:
            if error.code not in ("occurrences.no_fields", "tables.not_text"):
                raise
            refused.append((name, error))
    usable = [source for source in usable if source.table]
    if len(usable) > 1:
        # Without a descriptor nobody knows whether one of them repeats another, as GBIF's verbatim table does.
        raise AzeError("occurrences.ambiguous", file=path, files=sorted(s.dataset.main for s in usable))
    if not usable and not layers:
        raise refused[0][1] if len(refused) == 1 else AzeError("occurrences.no_data", file=path)
    if not usable:
        return layers
    (source,) = usable
    beside = sorted(name for name in files.members if name != source.dataset.main)
    notes = (("import.files_passed_over", {"files": beside}),) if beside else ()
    return [Source(source.dataset, source.kind, table=source.table, notes=notes)]


def _of_table(files: Files, name: str) -> list[Source]:
    """A table without a descriptor. ``name``: member of the zip, or absolute path."""
    if files.zipped:
        opened, shown = partial(files.opened, name), files.shown(name)
        dataset = Dataset(f"{os.path.basename(files.path)}/{name}", shown, name, (name,), files.path)
    else:
        opened, shown = partial(open, name, "rb"), name
        dataset = Dataset(os.path.basename(name), name, name, (name,))
    layout, header = tables.sniffed(opened, shown)
    if not header:
        return [Source(dataset, "table")]
    fields = resolve(header, paths.load_json("schemas", "fields.json")[KIND])
    if not vector.RECORDS.serves(vector.NO_SHAPE, fields):
        raise AzeError("occurrences.no_fields", file=shown, fields=header[:12])
    places = {role: header.index(field) for role, field in fields.items()}
    table = tables.Table(shown, opened, layout, places, width=len(header), names=fields)
    return [Source(dataset, "table", table=table)]


def _of_archives(path: str, zipped: bool) -> list[Source]:
    files = Files.of_zip(path) if zipped else Files.of_folder(path)
    descriptors = files.descriptors()
    found = []
    for descriptor in descriptors:
        base = str(PurePosixPath(descriptor).parent)
        inner = "" if len(descriptors) == 1 or base == "." else f"/{base}"
        name, place = f"{os.path.basename(path)}{inner}", f"{path}{inner}"
        try:
            archive = archives.read(files, descriptor)
        except AzeError as error:
            if len(descriptors) == 1:
                raise
            found.append(Source(Dataset(name, place, descriptor, ()), error=error))
            continue
        used = tuple(files.real(member) for member in archive.used)
        dataset = Dataset(name, place, files.real(descriptor), used, path if zipped else "")
        found.append(Source(dataset, "archive", archive=archive, notes=archive.notes))
    return found


def _names_without_id(writer: Writer) -> dict[str, str]:
    """Lower-case name to taxon id, of taxa that are known by their name alone."""
    return {
        row[0].lower(): row[0]
        for row in writer.rows(
            'SELECT taxon_id FROM "range" WHERE taxon_id = scientific_name UNION '
            "SELECT taxon_id FROM assessment WHERE taxon_id = scientific_name AND rank = 'species'"
        )
    }


def _import(
    source: Source,
    report: SourceReport,
    writer: Writer,
    names: Mapping[str, str],
    listed: set[str],
    seen: dict[str, str],
    workspace: Path,
    threads: Threads,
    progress: Progress,
) -> None:
    dataset = source.dataset
    report.sha256 = dataset.sha256(progress)
    if report.sha256 in seen:
        report.notes.append(("import.same_as", {"other": seen[report.sha256]}))
        return
    report.notes.extend(source.notes)
    if source.archive and not report.citation:
        report.citation = source.archive.citation
    store.clear(writer, report.kind, report.path, report.sha256, progress)
    source_id = writer.add_source(report.kind, report.name, report.path, report.version, report.citation)
    work = RecordImport(writer, source_id, report, names, threads, progress)
    try:
        if source.archive:
            _from_archive(source.archive, work, dataset, progress)
        elif source.table:
            _from_table(source.table, work, dataset, progress)
        elif source.kind == "layers":
            _from_layers(dataset, work, workspace, progress)
        work.finish()
    except AzeError:
        work.wait()
        writer.remove_source(source_id)
        raise
    seen[report.sha256] = report.name
    work.sum_up(listed)
    seal(writer, source_id, report)


def _from_archive(archive: archives.Archive, work: RecordImport, dataset: Dataset, progress: Progress) -> None:
    work.report.fields = archive.fields
    several = len(archive.tables) > 1 or archive.core is not None
    before, size = 0, max(1, dataset.size())
    last = None
    for table, block in archive.blocks(progress):
        if last is not None and last[0] is not table:
            before += last[1]
        last = table, block.end
        label = PurePosixPath(table.file).name if several else ""
        work.take(block.numbers, block.columns, label, block.bad, comma=table.layout.delimiter != ",")
        progress.set((before + block.end) / size)


def _from_table(table: tables.Table, work: RecordImport, dataset: Dataset, progress: Progress) -> None:
    work.report.fields = dict(table.names)
    size = max(1, dataset.size())
    for block in table.blocks(progress):
        work.take(block.numbers, block.columns, "", block.bad, comma=table.layout.delimiter != ",")
        progress.set(block.end / size)


def _from_layers(dataset: Dataset, work: RecordImport, workspace: Path, progress: Progress) -> None:
    report = work.report
    with vector.opened(dataset, dataset.openable(workspace, progress), vector.RECORDS) as (layers, passed_over):
        if passed_over:
            report.notes.append(("import.layers_passed_over", {"layers": passed_over}))
        if dataset.lacks_index:
            report.notes.append(("import.index_rebuilt", {}))
        total, done = max(1, sum(layer.count for layer in layers)), 0
        for layer in layers:
            report.fields.update(layer.fields)
            label = layer.name if len(layers) > 1 else ""
            spatial = layer.is_spatial
            rows: list[vector.Row] = []
            for row in layer.rows(report.path, progress):
                rows.append(row)
                if len(rows) == _ROWS_OF_LAYER:
                    _take_features(work, rows, label, spatial)
                    done += len(rows)
                    rows = []
                    progress.set(done / total)
            _take_features(work, rows, label, spatial)
            done += len(rows)


def _take_features(work: RecordImport, rows: Sequence[vector.Row], label: str, spatial: bool) -> None:
    numbers, found, bad = [], [], []
    for row in rows:
        told = dict(row.values)
        if not spatial:
            points: list[tuple[Any, Any]] = [(told.get("lat", ""), told.get("lon", ""))]
        elif row.wkb is None:
            bad.append((row.number, f"row.{row.problem or 'null'}", {}))
            continue
        else:
            points = [(lat, lon) for lon, lat in _points(bytes(row.wkb))]
            if not points:
                bad.append((row.number, "row.not_point", {}))
                continue
        for told["lat"], told["lon"] in points:
            numbers.append(row.number)
            found.append(dict(told))
    roles = {role for row in found for role in row}
    columns = {role: [str(row.get(role, "")) for row in found] for role in roles}
    work.take(numbers, columns, label, bad, comma=False)


def _points(wkb: bytes) -> list[tuple[float, float]]:
    """Coordinates of little-endian WKB of a point or multipoint; none for anything else, and for an empty one."""
    kind = int.from_bytes(wkb[1:5], "little")
    if kind == 1:
        starts = [0]
    elif kind == 4:
        starts = [9 + _POINT.size * i for i in range(int.from_bytes(wkb[5:9], "little"))]
    else:
        return []
    points = [_POINT.unpack_from(wkb, start)[2:] for start in starts]
    return [point for point in points if not math.isnan(point[0])]


class RecordImport:
    """Takes the rows of one source into the library. ``names`` maps lower-case scientific names to taxon ids."""

    def __init__(
        self,
        writer: Writer,
        source_id: int,
        report: SourceReport,
        names: Mapping[str, str],
        threads: Threads,
        progress: Progress,
    ):
        self.report = report
        self._writer = writer
        self._source_id = source_id
        self._names = names
        self._threads = threads
        self._progress = progress
        self._taxa: dict[tuple, tuple[str, str, str]] = {}
        self._used: dict[str, str] = {}
        self._uncertainties: dict[str, float | None] = {}
        self._years: dict[tuple[str, str], int | None] = {}
        self._bases: dict[str, str] = {}
        self._listed: Counter = Counter()
        self._rows: list[int] = []
        self._places: list[tuple[float, float]] = []
        self._told: dict[str, list] = {name: [] for name in ("taxon_id", "uncertainty", "year", "basis")}
        self._writes: list[Future] = []

    def take(
        self,
        numbers: Sequence[int],
        columns: Mapping[str, Sequence[str]],
        label: str,
        bad: Sequence[tuple[int, str, dict[str, Any]]],
        comma: bool,
    ) -> None:
        """Take rows, a column for each role, and note the ``bad`` ones that could not be taken apart.

        ``label``: what the report calls the table or layer where there are several; ``comma``: a comma may stand for a
        decimal point. Several points of one feature come as rows of one number.
        """
        for number, code, params in bad:
            self._reject(number, "", code, params, label)
        self.report.rows_read += len(bad) + len(set(numbers))
        nothing = [""] * len(numbers)
        keys = zip(*(columns.get(role, nothing) for role in _NAME_ROLES))
        taken: set[int] = set()
        for number, key, status, count, lat, lon, uncertainty, year, date, basis, orphan in zip(
            numbers, keys, *(columns.get(role, nothing) for role in _ROLES)
        ):
            taxon_id, name, problem = self._taxa.get(key) or self._taxon(key)
            params: dict[str, Any] = {}
            place = None
            if problem == "row.not_species":
                params = {"value": name}
            elif not problem and _is_absent(status, count):
                problem = "row.absent"
            elif not problem:
                place, problem, params = _place(lat, lon, comma)
            if place is None:
                if orphan and problem in _MISSING:
                    problem, params = "row.orphan", {"id": orphan}
                self._reject(number, name, problem, params, label)
                continue
            taken.add(number)
            self._used.setdefault(taxon_id, name)
            self._rows.append(number)
            self._places.append(place)
            self._told["taxon_id"].append(taxon_id)
            self._told["uncertainty"].append(_remembered(self._uncertainties, uncertainty, _uncertainty))
            self._told["year"].append(_remembered(self._years, (year, date), _year))
            self._told["basis"].append(_remembered(self._bases, basis, basis_code))
        self.report.rows_imported += len(taken)
        if len(self._rows) >= _BATCH:
            self._hand_on()

    def finish(self) -> None:
        """Have all that was taken written, with the names by which the source speaks of its taxa."""
        self._hand_on()
        for write in self._writes:
            waited_for(write, self._progress)
        self._writes.clear()
        self._writer.add_namings(self._source_id, self._used.items())

    def wait(self) -> None:
        """Let what is being written come to its end, however that is."""
        wait(self._writes)

    def sum_up(self, listed: set[str]) -> None:
        """Note what befell the rows as a whole; ``listed`` are the taxa that maps and assessments speak of."""
        notes = self.report.notes
        if not self.report.rows_read and not any(code == "import.no_occurrences" for code, _ in notes):
            notes.append(("import.empty", {}))
        for code, count in sorted(self.report.rejections().items()):
            notes.append((f"rejected.{code.partition('.')[2]}", {"count": count}))
        if self.report.unlisted:
            notes.append(("import.rejected_unlisted", {"most": LISTED}))
        unknown = [name for taxon_id, name in self._used.items() if taxon_id not in listed]
        if unknown:
            notes.append(("import.unknown_names", {"count": len(unknown), "names": sorted(unknown)[:_EXAMPLES]}))
        self.report.rejected.sort(key=lambda note: (note.layer, note.row))

    def _taxon(self, key: tuple[str, ...]) -> tuple[str, str, str]:
        """Taxon id, what the row calls the taxon, and what is wrong with that."""
        if len(self._taxa) >= _REMEMBERED:
            self._taxa.clear()
        whole, species, genus, epithet, given_id = key
        given_id = values.taxon_id(given_id)
        shown = values.plain(whole) or values.plain(species) or " ".join(filter(None, map(values.plain, key[2:4])))
        # GBIF's "species" is the name that it accepts, under which synonyms come together. But where the library
        # knows a taxon by the name that the record bears, that is the taxon.
        found = [binomial(whole)]
        if not is_uncertain(whole):
            found.extend((binomial(species), of_parts(genus, epithet)))
        known = next((name for name in found if name.lower() in self._names), "")
        name = known or next(filter(None, (*found[1:2], found[0], *found[2:])), "")
        if given_id or name:
            taxon_id = given_id or self._names.get(name.lower(), name)
            result = taxon_id, name or given_id, ""
        else:
            result = "", shown, "row.not_species" if shown else "row.name_missing"
        self._taxa[key] = result
        return result

    def _reject(self, number: int, name: str, code: str, params: dict[str, Any], label: str) -> None:
        if self._listed[code] < LISTED:
            self._listed[code] += 1
            # What a file that is no table has in a column may be as long as the file.
            shown = {
                role: value[:_LONGEST_SHOWN] if isinstance(value, str) else value for role, value in params.items()
            }
            self.report.rejected.append(RowNote(number, name[:_LONGEST_SHOWN], code, shown, label))
        else:
            self.report.unlisted[code] += 1

    def _hand_on(self) -> None:
        if not self._rows:
            return
        lonlat = np.array(self._places, dtype=float)
        places = np.column_stack((lonlat, geometry.project(lonlat)))
        told, self._told = self._told, {name: [] for name in self._told}
        rows, self._rows, self._places = self._rows, [], []
        self._writes.append(self._threads.write.submit(store.add, self._writer, self._source_id, rows, told, places))
        if len(self._writes) > _WRITES_WAITING:
            waited_for(self._writes.pop(0), self._progress)


# ----------------------------------------------------------------------------------------------------------- values


def basis_code(basis: str) -> str:
    """A basis of record as GBIF writes it, whatever its spelling: ``PRESERVED_SPECIMEN`` for "PreservedSpecimen"."""
    found = values.plain(basis).rstrip("/").rpartition("/")[2]
    return _NOT_LETTERS.sub("_", _WITHIN_WORDS.sub("_", found)).strip("_").upper()


def _remembered(cache: dict, key: Any, work_out: Callable[[Any], Any]) -> Any:
    try:
        return cache[key]
    except KeyError:
        if len(cache) >= _REMEMBERED:
            cache.clear()
        return cache.setdefault(key, work_out(key))


def _is_absent(status: str, count: str) -> bool:
    status = status.strip().lower()
    # A count of nothing says "not found" where the status is silent; beside "present" it is a slip.
    return status == "absent" or (not status and count.strip() in _ZEROS)


def _place(lat: str, lon: str, comma: bool) -> tuple[tuple[float, float] | None, str, dict[str, Any]]:
    """Longitude and latitude, or the code and params of what is wrong with them."""
    try:
        y, x = float(lat), float(lon)
    except ValueError:
        told = {"lat": values.plain(lat), "lon": values.plain(lon)}
        if not all(told.values()):
            return None, "row.no_coordinates", {}
        if comma and "," in lat + lon:
            return _place(*(v if "." in v else v.replace(",", ".") for v in told.values()), comma=False)
        return None, "row.not_a_number", told
    if math.isnan(x) or math.isnan(y):
        return None, "row.no_coordinates", {}
    if "_" in lat or "_" in lon:
        # Python reads these as separators of thousands, nobody else does.
        return None, "row.not_a_number", {"lat": lat, "lon": lon}
    if not (-90 <= y <= 90 and -180 <= x <= 360):
        return None, "row.out_of_range", {"lat": lat.strip(), "lon": lon.strip()}
    if not x and not y:
        return None, "row.zero_coordinates", {}
    return (x if x < 180 else x - 360, y), "", {}


def _uncertainty(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    # Zero and less are no precision that anyone has.
    return found if 0 < found < math.inf else None


def _year(told: tuple[str, str]) -> int | None:
    year, date = told
    found = values.year(year)
    if found is None and date:
        compact = _COMPACT_DATE.match(date.strip())
        found = int(date.strip()[:4]) if compact else values.year(date)
    return found
