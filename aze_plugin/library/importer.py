"""Range maps and Red List exports into a species library, all or nothing."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import assessments, taxa, vector
from .datasets import Dataset, discover
from .ranges import RangeImport
from .report import ImportReport, SourceReport
from .store import Writer, check_address

_WORKERS = 2


@dataclass(frozen=True)
class Request:
    """What to import into which library.

    ``library``: path of a GeoPackage, made where it is missing; ``ranges``: files, folders and zips of range maps;
    ``assessments``: a Red List export (zip, folder or CSV); ``version`` and ``citation`` are kept with every row.
    """

    library: str
    ranges: tuple[str, ...] = ()
    assessments: str = ""
    version: str = ""
    citation: str = ""


def import_species(request: Request, progress: Progress | None = None) -> ImportReport:
    """Import, replacing what the same files brought before, and report on every row that was not taken as it was.

    Raises AzeError for what the user can mend and Cancelled when asked to stop; the library is then as it was.
    """
    progress = progress or Progress()
    address = check_address(request.library)
    if not request.ranges and not request.assessments:
        raise AzeError("library.nothing_to_import")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    export = assessments.Export(request.assessments) if request.assessments else None
    datasets = discover(request.ranges)
    workspace = Path(tempfile.mkdtemp(prefix="aze-import-"))
    pool = ThreadPoolExecutor(_WORKERS)
    try:
        with vector.ogr_session(), Writer(address, now) as writer:
            reports = []
            known = writer.known_names()
            if export:
                progress.say("import.reading", file=request.assessments)
                reports.append(_import_export(export, request, writer, known, progress.part(0, 0.05)))
            seen: dict[str, str] = {}
            sizes = [max(1, dataset.size()) for dataset in datasets]
            done = 0
            for dataset, size in zip(datasets, sizes):
                start = 0.05 + 0.85 * done / sum(sizes)
                done += size
                step = progress.part(start, 0.05 + 0.85 * done / sum(sizes))
                progress.say("import.reading", file=dataset.name)
                reports.append(_import_dataset(dataset, request, writer, known, seen, workspace, pool, step))
            writer.rename_taxa(known)
            progress.say("import.areas")
            taxa.refresh(writer, pool, progress.part(0.9, 0.99))
            count = writer.taxon_count()
            progress.check()
            writer.commit()
    finally:
        # A thread in the midst of a large geometry cannot be stopped, but nobody has to wait for it.
        pool.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(workspace, ignore_errors=True)
    progress.set(1)
    return ImportReport(address, tuple(reports), count)


def _import_export(
    export: assessments.Export, request: Request, writer: Writer, known: dict[str, str], progress: Progress
) -> SourceReport:
    name = Path(export.path).name
    sha256 = export.sha256(progress)
    report = SourceReport(name, "assessments", export.path, request.version, request.citation, sha256)
    source_id = writer.add_source("assessments", name, export.path, request.version, request.citation, sha256)
    writer.add_assessments(assessments.read(export, source_id, known, report, progress))
    writer.count_source(source_id, report.rows_read, report.rows_imported, report.rows_rejected, 0)
    return report


def _import_dataset(
    dataset: Dataset,
    request: Request,
    writer: Writer,
    known: dict[str, str],
    seen: dict[str, str],
    workspace: Path,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> SourceReport:
    sha256 = dataset.sha256(progress)
    report = SourceReport(dataset.name, "ranges", dataset.path, request.version, request.citation, sha256)
    if sha256 in seen:
        report.notes.append(("import.same_as", {"other": seen[sha256]}))
        return report
    seen[sha256] = dataset.name
    source_id = writer.add_source("ranges", dataset.name, dataset.path, request.version, request.citation, sha256)
    with vector.opened(dataset, dataset.openable(workspace, progress)) as (layers, passed_over):
        if passed_over:
            report.notes.append(("import.layers_passed_over", {"layers": passed_over}))
        if dataset.lacks_index:
            report.notes.append(("import.index_rebuilt", {}))
        RangeImport(writer, source_id, report, known).run(layers, pool, progress)
    if not report.rows_read:
        report.notes.append(("import.empty", {}))
    writer.count_source(source_id, report.rows_read, report.rows_imported, report.rows_rejected, report.rows_repaired)
    return report
