"""Files of species data into a species library, all or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..domain.errors import AzeError
from ..domain.progress import Progress, waited_for
from . import assessments, estimates, habitats, occurrences, taxa, vector
from .datasets import Dataset, discover
from .ranges import RangeImport
from .report import ImportReport, SourceReport, seal
from .store import Writer, check_address
from .threads import Threads


@dataclass(frozen=True)
class Request:
    """What to import into which library.

    ``library``: path of a GeoPackage, made where it is missing; ``ranges``: files, folders and zips of range maps;
    ``assessments``: a Red List export (zip, folder or CSV), or with ``authority`` the list of a national one;
    ``occurrences``: Darwin Core archives, CSV files, point layers and folders of them; ``populations``: a CSV of
    estimates; ``habitats``: a folder of area-of-habitat rasters; ``version`` and ``citation`` are kept with every row.
    """

    library: str
    ranges: tuple[str, ...] = ()
    assessments: str = ""
    version: str = ""
    citation: str = ""
    occurrences: tuple[str, ...] = ()
    populations: str = ""
    habitats: str = ""
    authority: str = ""


def import_species(request: Request, progress: Progress | None = None) -> ImportReport:
    """Import, replacing what the same files brought before, and report on every row that was not taken as it was.

    Raises AzeError for what the user can mend and Cancelled when asked to stop; the library is then as it was.
    """
    progress = progress or Progress()
    address = check_address(request.library)
    if not any((request.ranges, request.assessments, request.occurrences, request.populations, request.habitats)):
        raise AzeError("library.nothing_to_import")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    export = assessments.Export(request.assessments, request.authority) if request.assessments else None
    datasets = discover(request.ranges)
    workspace = Path(tempfile.mkdtemp(prefix="aze-import-"))
    threads = Threads()
    try:
        with vector.ogr_session(), Writer(address, now) as writer, threads:
            reports = []
            known = writer.known_names()
            if export:
                progress.say("import.reading", file=request.assessments)
                reports.append(_import_export(export, request, writer, known, progress.part(0, 0.05)))
            seen: dict[str, str] = {}
            sizes = [max(1, dataset.size()) for dataset in datasets]
            done = 0
            # Of the way between, each kind of data gets the part that its bytes have of all.
            weights = [sum(sizes), _bytes(request.occurrences), _bytes([request.habitats] if request.habitats else [])]
            steps = [0.05 + 0.85 * sum(weights[:n]) / max(1, sum(weights)) for n in range(4)]
            for dataset, size in zip(datasets, sizes):
                start, end = done / sum(sizes), (done + size) / sum(sizes)
                done += size
                step = progress.part(*steps[:2]).part(start, end)
                progress.say("import.reading", file=dataset.name)
                reports.append(_import_dataset(dataset, request, writer, known, seen, workspace, threads, step))
            common = request.version, request.citation, writer, known
            if request.occurrences:
                step = progress.part(*steps[1:3])
                reports += occurrences.run(request.occurrences, *common, workspace, threads, step)
            if request.habitats:
                step = progress.part(*steps[2:4])
                reports += habitats.run(request.habitats, *common, workspace, threads, step)
            if request.populations:
                progress.say("import.reading", file=request.populations)
                reports.append(estimates.run(request.populations, *common, progress))
            writer.rename_taxa(known)
            progress.say("import.areas")
            taxa.refresh(writer, threads.compute, progress.part(0.9, 0.99))
            count = writer.taxon_count()
            progress.check()
            writer.commit()
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    progress.set(1)
    return ImportReport(address, tuple(reports), count)


def _bytes(given: Sequence[str]) -> int:
    """Size of files and folders, as far as it can be told; what is wrong with them is said when they are read."""
    files = (f for path in given for f in (Path(path).rglob("*") if os.path.isdir(path) else [Path(path)]))
    return sum(f.stat().st_size for f in files if f.is_file())


def _import_export(
    export: assessments.Export, request: Request, writer: Writer, known: dict[str, str], progress: Progress
) -> SourceReport:
    name = Path(export.path).name
    report = SourceReport(name, "assessments", export.path, request.version, request.citation, export.sha256(progress))
    source_id = writer.add_source(report.kind, name, export.path, request.version, request.citation)
    writer.add_assessments(assessments.read(export, source_id, known, report, progress))
    seal(writer, source_id, report)
    return report


def _import_dataset(
    dataset: Dataset,
    request: Request,
    writer: Writer,
    known: dict[str, str],
    seen: dict[str, str],
    workspace: Path,
    threads: Threads,
    progress: Progress,
) -> SourceReport:
    # Hashing takes as long as reading: the two go side by side.
    sha256 = threads.compute.submit(dataset.sha256, progress)
    report = SourceReport(dataset.name, "ranges", dataset.path, request.version, request.citation)
    source_id = writer.add_source(report.kind, dataset.name, dataset.path, request.version, request.citation)
    with vector.opened(dataset, dataset.openable(workspace, progress)) as (layers, passed_over):
        if passed_over:
            report.notes.append(("import.layers_passed_over", {"layers": passed_over}))
        if dataset.lacks_index:
            report.notes.append(("import.index_rebuilt", {}))
        RangeImport(writer, source_id, report, known).run(layers, threads, progress)
    report.sha256 = waited_for(sha256, progress)
    if report.sha256 in seen:
        writer.remove_source(source_id)
        same = SourceReport(dataset.name, "ranges", dataset.path, request.version, request.citation, report.sha256)
        same.notes.append(("import.same_as", {"other": seen[report.sha256]}))
        return same
    seen[report.sha256] = dataset.name
    if not report.rows_read:
        report.notes.append(("import.empty", {}))
    seal(writer, source_id, report)
    return report
