"""A nomination package from end to end: what was assembled, written as documents, bag and zip."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateTransformContext

from .. import paths
from ..domain import nomination as nominations
from ..domain.errors import AzeError
from ..domain.findings import Finding
from ..domain.progress import Progress
from ..services.figures import international
from ..services.files import replacing
from ..services.wording import text
from . import bag, boundary, form
from .assembling import Contents, Inputs, assemble, day_of, has_day
from .report_files import write_reports
from .sources import write_sources

__all__ = ["Inputs", "Result", "make_package", "written"]


@dataclass(frozen=True)
class Result:
    """A written package; ``problems`` holds what a reviewer will ask about, in a draft also what is missing."""

    path: Path
    sha256: str
    status: str
    problems: tuple[Finding, ...]


def make_package(
    inputs: Inputs,
    output: Path,
    allow_incomplete: bool,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
) -> Result:
    """Write the package. The same inputs give the same bytes, whatever the clock, the time zone and the locale.

    Raises AzeError ``nomination.refused``, with the list of problems, for a nomination that is not complete or not
    eligible, unless ``allow_incomplete``: then the package is marked a draft. Nothing is left behind on any error.
    """
    progress = progress or Progress()
    made = written(inputs, transform_context, progress.part(0, 0.95), allow_incomplete)
    with made as (folder, contents), replacing(output) as beside:
        bag.zip_folder(folder, beside, progress.part(0.95, 0.99))
    progress.set(1)
    return Result(output, bag.sha256(output), contents.nomination["status"], contents.problems)


@contextmanager
def written(
    inputs: Inputs,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    allow_incomplete: bool = True,
) -> Iterator[tuple[Path, Contents]]:
    """The bag of a nomination as a folder that is gone afterwards, and what it was written from."""
    if inputs.candidate.geometry is None:
        raise AzeError("nomination.no_boundary", name=inputs.candidate.name, boundary_reason=inputs.candidate.reason)
    with international(), tempfile.TemporaryDirectory(prefix="aze-package-") as scratch:
        contents = assemble(inputs, transform_context, progress.part(0, 0.5))
        blocked = [f for f in contents.problems if nominations.is_blocked([f])]
        if blocked and not allow_incomplete:
            listed = "\n".join(f"– {text(f.code, f.params)}" for f in blocked)
            raise AzeError("nomination.refused", count=len(blocked), problems=listed)
        folder = Path(scratch) / nominations.folder_name(contents.nomination)
        _write_payload(folder / "data", contents, progress.part(0.5, 1))
        bag.write_bag(folder, _bag_info(contents), progress)
        yield folder, contents


def _write_json(path: Path, content: Any) -> None:
    body = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    path.write_bytes((body + "\n").encode("utf-8"))


def _write_payload(data: Path, contents: Contents, progress: Progress) -> None:
    nomination = contents.nomination
    stem = nominations.folder_name(nomination)
    for name in ("boundary", "forms", "report", "evidence") if contents.evidence else ("boundary", "forms", "report"):
        (data / name).mkdir(parents=True)
    only = contents.assessment["assessments"][0]
    _write_json(data / "nomination.json", nomination)
    _write_json(data / "assessment.json", contents.assessment)
    _write_json(data / "coverage.json", contents.coverage)
    write_sources(data / "sources.csv", contents.sources)
    progress.set(0.05)
    attributes = {
        "name": contents.map.name,
        "country": str(nomination["site"].get("country") or ""),
        "area_ha": float(only["area_ha"]),
    }
    boundary.write_boundary(data / "boundary", stem, contents.lonlat, attributes, day_of(nomination))
    progress.set(0.15)
    form.write_form(data / "forms" / "kba_proposal.xlsx", nomination)
    progress.set(0.25)
    write_reports(data / "report", contents, day_of(nomination), progress.part(0.25, 0.95))
    for name, attached in contents.evidence.items():
        progress.check()
        content = attached.content_from()
        if content is None:
            shutil.copyfile(attached.path, data / "evidence" / name)
        else:
            (data / "evidence" / name).write_bytes(content)


def _bag_info(contents: Contents) -> list[tuple[str, str]]:
    nomination = contents.nomination
    site, proposer = nomination["site"], nomination.get("proposer", {})
    identifier = site.get("sitrecid") or site.get("own_code") or nominations.folder_name(nomination)
    info = [
        (bag.PROFILE_TAG, bag.profile()["BagIt-Profile-Info"][bag.PROFILE_TAG]),
        ("Source-Organization", proposer.get("organisation")),
        ("Contact-Name", proposer.get("name")),
        ("Contact-Email", proposer.get("email")),
        ("External-Description", f"Nomination of {contents.map.name} as an AZE site"),
        ("External-Identifier", identifier),
        ("Bagging-Date", day_of(nomination).isoformat() if has_day(nomination) else None),
        ("Bag-Software-Agent", f"AZE Toolkit {paths.version()}"),
        ("Nomination-Schema", nominations.SCHEMA),
        ("Nomination-Kind", nomination.get("kind")),
        ("Nomination-Status", nomination["status"]),
        ("Generalised", contents.grid.label() if contents.grid else None),
    ]
    return [(label, str(value)) for label, value in info if value]
