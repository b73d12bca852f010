"""Area of habitat: rasters into a species library, and how much of them lies inside a boundary.

A raster is cut into tiles. Each keeps its square metres of habitat, so at check time only tiles through which the
boundary runs are unpacked; those wholly inside add what they hold. Area of habitat inside = Σ covered fraction of the
cell × its value × its size in EPSG:6933, exact in the first, exact or to 1e-6 in the last (``domain.grids``).
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Callable

import numpy as np

from ..domain.errors import AzeError
from ..domain.geometry import Geometry
from ..domain.grids import Grid, Tiling
from ..domain.progress import Progress, waited_for
from ..domain.species import HabitatEvidence
from . import rasters, values, vector
from .datasets import Archives, Dataset, discover_files
from .reference import Areas, Outline, Reference
from .report import RowNote, SourceReport
from .store import Reader, Writer
from .store import habitats as table
from .threads import Threads

ENDINGS = (".tif", ".tiff")
# What may lie beside a GeoTIFF and say more of it.
BESIDE = (".aux.xml", ".msk", ".tfw", ".tifw", ".tiffw", ".wld")

# Cells along each side of a tile.
TILE = 256
_UNDER_WAY = 32
_AT_ONCE = 64

_SEGMENT = re.compile(r"(?:^|[\s_-]+)(non[\s_-]?breeding|breeding|resident|passage|all)$", re.IGNORECASE)


# ------------------------------------------------------------------------------------------------------------ importing


def run(
    path: str,
    version: str,
    citation: str,
    writer: Writer,
    known: Mapping[str, str],
    workspace: Path,
    threads: Threads,
    progress: Progress,
) -> list[SourceReport]:
    """Import the GeoTIFFs of a folder, zip or single file, one source each; what they brought before is replaced.

    A raster that cannot be used is rejected in its report, and the others go on. ``known`` maps lower-case scientific
    names to taxon ids. Within a ``vector.ogr_session``. Raises AzeError ``library.source_missing``,
    ``library.no_habitats`` or ``library.bad_zip``, and Cancelled.
    """
    datasets = discover_files(path, ENDINGS, BESIDE, "library.no_habitats")
    done = 0
    with rasters.bounded_cache(), Archives() as archives:
        sizes = [max(1, archives.size(dataset)) for dataset in datasets]
        whole = sum(sizes)
        importing = HabitatImport(writer, known, archives, workspace, threads)
        for dataset, size in zip(datasets, sizes):
            step = progress.part(done / whole, (done + size) / whole)
            done += size
            progress.say("import.reading", file=dataset.name)
            importing.take(dataset, SourceReport(dataset.name, "habitats", dataset.path, version, citation), step)
    return list(importing.reports.values())


class HabitatImport:
    """Takes rasters into the library, one after the other. ``reports``: of those taken, by the ids of their sources."""

    def __init__(self, writer: Writer, known: Mapping[str, str], archives: Archives, workspace: Path, threads: Threads):
        self.reports: dict[int, SourceReport] = {}
        self._writer = writer
        self._names = _Names(writer, known)
        self._archives = archives
        self._workspace = workspace
        self._threads = threads

    def take(self, dataset: Dataset, report: SourceReport, progress: Progress) -> None:
        """Take one raster, or enter into its report why it cannot be used. Raises AzeError and Cancelled."""
        source_id = self._writer.add_source(report.kind, report.name, report.path, report.version, report.citation)
        self.reports[source_id] = report
        report.rows_read = 1
        name, segment = named(dataset.main)
        habitat_id = table.begin(self._writer)
        try:
            with self._within_reach(dataset, progress) as files:
                # Hashing takes as long as reading: the two go side by side.
                sha256 = self._threads.compute.submit(files.sha256, progress)
                try:
                    raster = rasters.opened(files.main)
                    total, boxes, lost = _store(raster, habitat_id, self._writer, self._threads, progress)
                finally:
                    report.sha256 = waited_for(sha256, progress)
            if not total:
                code = "row.habitat_misplaced" if lost else "row.habitat_empty"
                raise AzeError(code, crs=Reference(raster.crs).name)
        except (AzeError, OSError) as error:
            code, params = getattr(error, "code", ""), getattr(error, "params", {"detail": str(error)})
            if isinstance(error, OSError) or code == "library.bad_zip":
                # A file that is damaged within a sound archive, or that may not be read: the others go on.
                code = "row.habitat_unreadable"
            if not code.startswith("row."):
                raise
            table.drop_tiles(self._writer, habitat_id)
            report.rejected.append(RowNote(1, name, code, {**params, "file": dataset.path}))
        else:
            taxon_id = self._taxon(name, source_id, report)
            grid = {column: getattr(raster.grid, column) for column in ("x", "y", "dx", "dy", "columns", "rows")}
            of_source = {"habitat_id": habitat_id, "source_id": source_id, "row": 1, "taxon_id": taxon_id}
            told = {"segment": segment, "name": report.name, "crs": raster.crs, "total_m2": total}
            table.add(self._writer, {**of_source, **told, **grid}, boxes)
            report.rows_imported = 1
            if raster.bands > 1:
                report.notes.append(("import.habitat_bands", {"count": raster.bands}))
            if lost:
                report.notes.append(("import.habitat_off_earth", {"count": lost}))
            self._replace(habitat_id, name, segment, report)
        self._writer.seal_source(source_id, report.sha256, 1, report.rows_imported, report.rows_rejected, 0)

    @contextmanager
    def _within_reach(self, dataset: Dataset, progress: Progress) -> Iterator[Dataset]:
        """The raster as files that GDAL can open; what had to be unpacked for it is gone afterwards."""
        folder = Path(tempfile.mkdtemp(dir=self._workspace))
        try:
            yield self._archives.unpacked(dataset, folder, progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _taxon(self, name: str, source_id: int, report: SourceReport) -> str:
        """The taxon that a raster of that name is of, entered as one that this source speaks of."""
        taxon_id, is_known = self._names.find(name)
        if not is_known:
            report.notes.append(("import.habitat_unknown_taxon", {"taxon": name}))
        is_id = is_known and taxon_id.lower() == name.lower()
        self._writer.add_namings(source_id, [(taxon_id, "" if is_id else spelled(name))])
        return taxon_id

    def _replace(self, habitat_id: int, name: str, segment: str, report: SourceReport) -> None:
        """Take out older rasters of the same segment of the same taxon: their areas must not add up."""
        for source_id, other in table.older(self._writer, habitat_id):
            report.notes.append(("import.habitat_replaces", {"other": other, "taxon": name, "segment": segment}))
            self._writer.remove_source(source_id)
            if source_id in self.reports:
                self.reports[source_id].rows_imported = 0
                self.reports[source_id].notes.append(("import.habitat_replaced", {"other": report.name}))


def named(path: str) -> tuple[str, str]:
    """Taxon (a scientific name or an id) and segment that a file's name stands for."""
    stem = PurePosixPath(path.replace(os.sep, "/")).name
    stem = stem[: -len(PurePosixPath(stem).suffix)]
    found = _SEGMENT.search(stem)
    segment = "all"
    if found and found.start() > 0:
        segment = re.sub(r"[\s_-]", "", found.group(1).lower()).replace("nonbreeding", "non_breeding")
        stem = stem[: found.start()]
    name = values.text(stem.replace("_", " "))
    return values.taxon_id(name) or name, segment


class _Names:
    """Taxon ids by what rasters are named."""

    def __init__(self, writer: Writer, known: Mapping[str, str]):
        self._by_name: dict[str, str] = {}
        self._ids: dict[str, str] = {taxon_id.lower(): taxon_id for taxon_id in known.values()}
        for taxon_id, name in table.taxa(writer):
            self._ids.setdefault(taxon_id.lower(), taxon_id)
            self._by_name.setdefault(name.lower(), taxon_id)
        self._by_name.update(known)

    def find(self, name: str) -> tuple[str, bool]:
        """The id, and whether anything is known of it; an unknown name, spelled as names are, is its own id."""
        found = self._by_name.get(name.lower()) or self._ids.get(name.lower())
        return (found, True) if found else (spelled(name), False)


def spelled(name: str) -> str:
    """A name in letters as scientific names have them."""
    return name[:1].upper() + name[1:].lower()


def _store(
    raster: rasters.Raster, habitat_id: int, writer: Writer, threads: Threads, progress: Progress
) -> tuple[float, list[tuple[float, float, float, float] | None], int]:
    """Store a raster's tiles. Total in m², boxes of its cells, and how many tiles with habitat lie nowhere on earth."""
    reference = Reference(raster.crs)
    areas = Areas(reference, raster.grid)
    windows: list[tuple[int, int, int, int]] = []
    packing: list[tuple[int, int, float, Future]] = []
    ready: list[tuple[int, int, int, float, bytes]] = []
    writes: list[Future] = []
    totals: list[float] = []
    lost = 0

    def settle(left: int) -> None:
        while len(packing) > left:
            tx, ty, total, packed = packing.pop(0)
            ready.append((habitat_id, tx, ty, total, waited_for(packed, progress)))
        if len(ready) >= _AT_ONCE or not left:
            writes.append(threads.write.submit(table.add_tiles, writer, ready[:]))
            ready.clear()
        while len(writes) > (1 if left else 0):
            waited_for(writes.pop(0), progress)

    try:
        for column, row, fractions, share in raster.windows(TILE):
            progress.set(share)
            if fractions is None or not fractions.any():
                continue
            for top in range(0, fractions.shape[0], TILE):
                progress.check()
                for left in range(0, fractions.shape[1], TILE):
                    tile = fractions[top : top + TILE, left : left + TILE]
                    used_rows, used_columns = np.flatnonzero(tile.any(axis=1)), np.flatnonzero(tile.any(axis=0))
                    if not used_rows.size:
                        continue
                    x, y = column + left, row + top
                    total = areas.total(tile, x, y)
                    if not total > 0:
                        lost += 1
                        continue
                    totals.append(total)
                    far = x + int(used_columns[-1]) + 1, y + int(used_rows[-1]) + 1
                    windows.append((x + int(used_columns[0]), y + int(used_rows[0]), *far))
                    packed = threads.compute.submit(_packed, np.ascontiguousarray(tile))
                    packing.append((x // TILE, y // TILE, total, packed))
                    settle(_UNDER_WAY)
    finally:
        # Whatever happens, nothing may be written behind the back of what comes next.
        settle(0)
    boxes = reference.boxes(raster.grid, np.array(windows, dtype=int).reshape(-1, 4))
    return float(np.sum(totals)), boxes, lost


def _packed(fractions: np.ndarray) -> bytes:
    """A tile's cells for the library: nothing where all are habitat, bytes where each is or is not, else floats."""
    whole = fractions == 1
    if whole.all():
        return b""
    if fractions.dtype != np.uint8 and (whole | (fractions == 0)).all():
        fractions = whole.astype(np.uint8)
    return zlib.compress(fractions.astype(fractions.dtype.newbyteorder("<"), copy=False).tobytes(), 1)


def _unpacked(packed: bytes, rows: int, columns: int) -> np.ndarray | None:
    """The cells that ``_packed`` stored; None where all are habitat. ValueError or zlib.error for damaged ones."""
    if not packed:
        return None
    cells = zlib.decompress(packed, bufsize=4 * rows * columns)
    kind = np.uint8 if len(cells) == rows * columns else "<f4"
    return np.frombuffer(cells, kind).reshape(rows, columns)


# ------------------------------------------------------------------------------------------------------------ measuring


class Habitats:
    """The habitats of a library, for one thread at a time; what a boundary is in a reference system is kept."""

    def __init__(self, reader: Reader):
        self._reader = reader
        self._references: dict[str, Reference] = {}
        self._areas: dict[int, Areas] = {}
        self._outline: Outline | None = None

    def near(self, boxes: Sequence[Sequence[float]]) -> dict[str, tuple[HabitatEvidence, ...]]:
        """All segments of the taxa whose habitat's rectangles meet one of the boxes (EPSG:6933), by taxon id."""
        return self.of(table.near(self._reader, boxes))

    def of(self, taxon_ids: Iterable[str]) -> dict[str, tuple[HabitatEvidence, ...]]:
        """All segments of taxa that have habitat, by taxon id."""
        found: dict[str, tuple[HabitatEvidence, ...]] = {}
        for row in table.of_taxa(self._reader, taxon_ids):
            evidence = HabitatEvidence(row["segment"], row["total_m2"], self._measure_of(row), row["name"])
            found[row["taxon_id"]] = (*found.get(row["taxon_id"], ()), evidence)
        return found

    def _measure_of(self, row: sqlite3.Row) -> Callable[[Geometry], float]:
        return lambda boundary: self.inside_m2(row, boundary)

    def inside_m2(self, habitat: sqlite3.Row, boundary: Geometry) -> float:
        """Square metres (EPSG:6933) of a habitat inside a boundary, EPSG:6933 and valid.

        Raises AzeError ``habitat.not_placed`` where the raster's system has no place for the boundary there.
        """
        if self._outline is None or self._outline.shape is not boundary:
            self._outline = Outline(boundary)
        grid = Grid(*(habitat[c] for c in ("x", "y", "dx", "dy", "columns", "rows")))
        habitat_id = habitat["habitat_id"]
        with vector.ogr_session():
            if habitat["crs"] not in self._references:
                self._references[habitat["crs"]] = Reference(habitat["crs"])
            reference = self._references[habitat["crs"]]
            if habitat_id not in self._areas:
                self._areas[habitat_id] = Areas(reference, grid)
            areas = self._areas[habitat_id]
            rings = reference.rings(self._outline, grid, table.boxes_of(self._reader, habitat_id))
            return min(self._summed(habitat_id, grid, areas, rings), habitat["total_m2"])

    def _summed(self, habitat_id: int, grid: Grid, areas: Areas, rings: Sequence[np.ndarray]) -> float:
        if not rings:
            return 0.0
        low, high = np.min([r.min(axis=0) for r in rings], axis=0), np.max([r.max(axis=0) for r in rings], axis=0)
        _, first, columns, rows = grid.reached((*low, *high))
        if not columns or not rows:
            return 0.0
        tiles = table.tiles(self._reader, habitat_id, first // TILE, (first + rows - 1) // TILE)
        if not len(tiles):
            return 0.0
        fids, tx, ty = tiles[:, :3].astype(int).T
        tiling = Tiling(grid, rings, TILE)
        site = float(tiles[tiling.whole(tx, ty), 3].sum())
        stored = dict(zip(zip(tx.tolist(), ty.tolist()), fids.tolist()))
        for column, row, top, left, fractions in tiling.fractions(stored):
            tile = grid.window(column * TILE, row * TILE, TILE, TILE)
            cells = self._cells(stored[column, row], tile.rows, tile.columns)
            if cells is not None:
                fractions *= cells[top : top + fractions.shape[0], left : left + fractions.shape[1]]
            site += areas.total(fractions, column * TILE + left, row * TILE + top)
        return site

    def _cells(self, fid: int, rows: int, columns: int) -> np.ndarray | None:
        try:
            return _unpacked(table.cells(self._reader, fid), rows, columns)
        except (zlib.error, ValueError) as error:
            raise AzeError("library.not_a_library", file=self._reader.path) from error
