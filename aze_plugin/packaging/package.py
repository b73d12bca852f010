"""A nomination package from end to end: check, cover, documents, bag, zip."""

from __future__ import annotations

import datetime
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext

from .. import paths
from ..domain import coverage as coverages
from ..domain import geometry
from ..domain import nomination as nominations
from ..domain.candidate import Candidate, ExistingSite
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.findings import Finding, blocking
from ..domain.progress import Progress
from ..library.estimates import EstimateRow
from ..services import checking, protection
from ..services.figures import international
from ..services.files import replacing
from ..services.layers import LayerSnapshot
from ..services.surroundings import Survey
from ..services.wording import text
from . import bag, boundary, details, form, report, sitemap
from .privacy import without_places_of_records
from .sources import LayerOrigin, Source, sources, write_sources

# Zip and DBF know no earlier day; also the date of a package whose proposal has none.
_NO_DAY = datetime.date(1980, 1, 1)
_LATEST_DAY = datetime.date(2107, 12, 31)
# How far round the site the map looks, as a share of its width and height; the map itself shows a little less.
_SURROUNDINGS = 1.0


@dataclass(frozen=True)
class Inputs:
    """What a nomination is made of, as plain data.

    ``sites`` and ``protected`` are None where no layer was given: then nothing is said of overlaps or of cover.
    ``origins``: where the layers came from. ``estimates``: rows of a file of populations given with the nomination.
    """

    candidate: Candidate
    details: Mapping[str, Any]
    library_path: str
    sites: Sequence[ExistingSite] | None = None
    protected: Sequence[LayerSnapshot] | None = None
    origins: Sequence[LayerOrigin] = ()
    evidence: Sequence[Path] = ()
    estimates: Sequence[EstimateRow] = ()
    settings: Settings = field(default_factory=checking.default_settings)
    survey: Survey | None = None


@dataclass(frozen=True)
class Result:
    """A written package; ``problems`` holds what a reviewer will ask about, in a draft also what is missing."""

    path: Path
    sha256: str
    status: str
    problems: tuple[Finding, ...]


@dataclass(frozen=True)
class _Contents:
    nomination: Mapping[str, Any]
    assessment: Mapping[str, Any]
    coverage: Mapping[str, Any]
    sources: Sequence[Source]
    map: sitemap.SiteMap
    lonlat: geometry.Geometry
    evidence: Mapping[str, Path]
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
    if inputs.candidate.geometry is None:
        raise AzeError("nomination.no_boundary", name=inputs.candidate.name, boundary_reason=inputs.candidate.reason)
    with international():
        contents = _assemble(inputs, transform_context, progress.part(0, 0.6))
        blocked = [f for f in contents.problems if nominations.is_blocked([f])]
        if blocked and not allow_incomplete:
            listed = "\n".join(f"– {text(f.code, f.params)}" for f in blocked)
            raise AzeError("nomination.refused", count=len(blocked), problems=listed)
        with tempfile.TemporaryDirectory(prefix="aze-package-") as scratch:
            folder = Path(scratch) / nominations.folder_name(contents.nomination)
            _write_payload(folder / "data", contents, progress.part(0.6, 0.85))
            bag.write_bag(folder, _bag_info(contents), progress)
            with replacing(output) as beside:
                bag.zip_folder(folder, beside, progress.part(0.85, 0.98))
    progress.set(1)
    return Result(output, bag.sha256(output), contents.nomination["status"], contents.problems)


# ------------------------------------------------------------------------------------------------- assembling


def _as_packaged(candidate: Candidate) -> tuple[Candidate, geometry.Geometry]:
    """The candidate with the very boundary that the package will hold, and that boundary in lon/lat.

    What is assessed is what a reviewer reads back from the package, to the last bit.
    """
    lonlat = geometry.to_lonlat(np.array([candidate.geometry], dtype=object))
    # A hair beyond 180° would be read back as a shape that crosses it.
    lonlat = geometry.within_world(lonlat)
    prepared = geometry.prepare(lonlat)
    return replace(candidate, geometry=prepared.geometries[0]), lonlat[0]


def _assemble(inputs: Inputs, transform_context: QgsCoordinateTransformContext, progress: Progress) -> _Contents:
    candidate, lonlat = _as_packaged(inputs.candidate)
    checked = checking.check_candidates(
        [candidate],
        checking.Background(
            inputs.library_path,
            inputs.settings,
            inputs.sites,
            nominations.statements_for(inputs.details, candidate.name),
            inputs.estimates,
            reference_year=_day(inputs.details).year if _has_day(inputs.details) else None,
            survey=inputs.survey,
        ),
        progress.part(0, 0.5),
    )
    assessment = without_places_of_records(checked)
    only = assessment["assessments"][0]
    cover = _measure_cover(inputs, candidate, transform_context, progress.part(0.5, 0.8))
    near = _areas_near(inputs, candidate, transform_context, progress.part(0.8, 0.9))
    lon, lat = geometry.midpoint(candidate.geometry)
    relation = None if inputs.protected is None else _relation(candidate, near)
    place = nominations.Place(candidate.area_ha, lon, lat, relation)
    used = sources(assessment["sources"], inputs.origins, progress.part(0.9, 1))

    evidence, evidence_problems = _evidence(inputs.evidence, used, progress)
    on_site = None if inputs.protected is None else cover["sites"][0]
    completed = nominations.complete(inputs.details, only, on_site, place, assessment["sources"], evidence)
    problems = details.schema_problems(completed) + evidence_problems
    problems += _replaced(inputs.details)
    # Where a check says more than the schema about the same field, it speaks alone.
    said = nominations.problems(completed, only, on_site, place, evidence)
    fields = {f.params["field"] for f in said}
    problems = [f for f in problems if f.params["field"] not in fields] + said
    completed["schema"] = nominations.SCHEMA
    completed["status"] = "draft" if nominations.is_blocked(problems) else "final"
    shapes = [sitemap.Shape(area.name, area.kind, shape) for area, shape in near]
    window = geometry.box(*_grown(geometry.bounds(candidate.geometry)))
    shapes += [
        sitemap.Shape(site.name, "site", site.geometry)
        for site in inputs.sites or ()
        if not geometry.is_empty(geometry.overlap(site.geometry, window))
    ]
    return _Contents(
        completed,
        assessment,
        cover,
        used,
        sitemap.SiteMap(_title(completed, candidate), candidate.geometry, lon, lat, shapes),
        lonlat,
        evidence,
        tuple(problems),
    )


def _replaced(given: Mapping[str, Any]) -> list[Finding]:
    """What was wrong with members that completing writes anew: sections that were no objects, and the statements."""
    sections = {f"/{section}" for section in nominations.SECTIONS if section in given}
    return [
        f
        for f in details.schema_problems(given)
        if f.params["field"] in sections or f.params["field"].startswith("/statements/")
    ]


def _title(nomination: Mapping[str, Any], candidate: Candidate) -> str:
    name = nomination["site"].get("international_name")
    return name if isinstance(name, str) and name.strip() else candidate.name


def _has_day(document: Mapping[str, Any]) -> bool:
    return _day(document) != _NO_DAY


def _day(document: Mapping[str, Any]) -> datetime.date:
    """The proposal's date, the only one that a package knows: today's would make every package another."""
    proposer = document.get("proposer")
    given = proposer.get("date") if isinstance(proposer, Mapping) else None
    try:
        day = datetime.date.fromisoformat(str(given))
    except ValueError:
        return _NO_DAY
    return day if _NO_DAY <= day <= _LATEST_DAY else _NO_DAY


def _measure_cover(
    inputs: Inputs, candidate: Candidate, transform_context: QgsCoordinateTransformContext, progress: Progress
) -> dict[str, Any]:
    rules = protection.default_rules()
    described = inputs.details.get("site") if isinstance(inputs.details.get("site"), Mapping) else {}
    site = coverages.Site(
        fid=candidate.row,
        site_id=str(described.get("sitrecid") or described.get("own_code") or candidate.name),
        name=candidate.name,
        iso3=str(described.get("iso3") or ""),
        geometry=candidate.geometry,
        area_ha=candidate.area_ha,
        repaired=candidate.repaired,
        reason=candidate.reason,
    )
    if inputs.protected is not None:
        return protection.measure_cover([site], inputs.protected, rules, transform_context, progress).as_json()
    # No protected areas were given: that is not the same as none being there.
    unknown = coverages.SiteCoverage(
        site, coverages.NOT_ASSESSED, findings=(Finding("nomination.no_protected_areas", params={"site": site.name}),)
    )
    return protection.CoverageResult((unknown,), rules, {}, 0, 0, ()).as_json()


def _grown(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, bottom, right, top = bounds
    across, up = _SURROUNDINGS * (right - left) / 2, _SURROUNDINGS * (top - bottom) / 2
    reach = max(across, up)
    return left - reach, bottom - reach, right + reach, top + reach


def _areas_near(
    inputs: Inputs, candidate: Candidate, transform_context: QgsCoordinateTransformContext, progress: Progress
) -> list[tuple[coverages.ProtectedArea, geometry.Geometry]]:
    if not inputs.protected:
        return []
    west, south, east, north = geometry.extent_lonlat(candidate.geometry)
    width = east - west if east >= west else east - west + 360
    reach = _SURROUNDINGS * max(width, north - south) / 2
    wide = (
        (west - reach + 180) % 360 - 180,
        max(-90.0, south - reach),
        (east + reach + 180) % 360 - 180,
        min(90.0, north + reach),
    )
    extent = wide if width + 2 * reach < 360 else (-180.0, wide[1], 180.0, wide[3])
    found = protection.areas_near(extent, inputs.protected, protection.default_rules(), transform_context, progress)
    return sorted(found, key=lambda pair: (pair[0].area_id, pair[0].name, geometry.to_wkb(pair[1])))


def _relation(candidate: Candidate, near: Sequence[tuple[coverages.ProtectedArea, geometry.Geometry]]) -> str:
    rows: dict[Any, list[geometry.Geometry]] = {}
    for area, shape in near:
        rows.setdefault(area.key, []).append(shape)
    own = geometry.area(candidate.geometry)
    shares = []
    for shapes in rows.values():
        whole = geometry.dissolve(shapes)
        inside = geometry.area(geometry.overlap(whole, candidate.geometry))
        shares.append((inside / own, max(0.0, geometry.area(whole) - inside) / own))
    return nominations.relation(shares)


def _evidence(
    files: Sequence[Path], used: Sequence[Source], progress: Progress
) -> tuple[dict[str, Path], list[Finding]]:
    """The nominator's files by the name they get in the package, and what is wrong with them."""
    named: dict[str, Path] = {}
    taken: set[str] = set()
    found = []
    species_data = {s.sha256 for s in used if s.role == "species" and s.sha256}
    for file in files:
        if not file.is_file():
            raise AzeError("nomination.evidence_unreadable", file=str(file))
        if bag.sha256(file, progress) in species_data:
            # The terms of range maps forbid passing them on, under whatever name they come.
            found.append(blocking("nomination.evidence_is_species_data", field="/evidence/files", file=file.name))
            continue
        suffix = file.suffix.lower() if file.suffix[1:].isascii() and file.suffix[1:].isalnum() else ""
        stem = nominations.ascii_name(file.name[: -len(file.suffix)] if suffix else file.name, 80, "file")
        name, n = f"{stem}{suffix}", 1
        while name.lower() in taken:
            n += 1
            name = f"{stem}_{n}{suffix}"
        taken.add(name.lower())
        named[name] = file
    return named, found


# ---------------------------------------------------------------------------------------------------- writing


def _write_json(path: Path, content: Any) -> None:
    body = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    path.write_bytes((body + "\n").encode("utf-8"))


def _write_payload(data: Path, contents: _Contents, progress: Progress) -> None:
    nomination = contents.nomination
    stem = nominations.folder_name(nomination)
    for name in ("boundary", "forms", "report", "evidence") if contents.evidence else ("boundary", "forms", "report"):
        (data / name).mkdir(parents=True)
    only = contents.assessment["assessments"][0]
    _write_json(data / "nomination.json", nomination)
    _write_json(data / "assessment.json", contents.assessment)
    _write_json(data / "coverage.json", contents.coverage)
    write_sources(data / "sources.csv", contents.sources)
    progress.set(0.1)
    attributes = {
        "name": contents.map.name,
        "country": str(nomination["site"].get("country") or ""),
        "area_ha": float(only["area_ha"]),
    }
    boundary.write_boundary(data / "boundary", stem, contents.lonlat, attributes, _day(nomination))
    progress.set(0.3)
    form.write_form(data / "forms" / "kba_proposal.xlsx", nomination)
    progress.set(0.5)
    sitemap.write_png(data / "report" / "map.png", contents.map)
    progress.set(0.7)
    cover = contents.coverage["sites"][0]
    report.write_report(
        data / "report" / "report.pdf",
        nomination,
        only,
        cover if cover["cover_class"] != coverages.NOT_ASSESSED else None,
        [asdict(s) for s in contents.sources],
        contents.map,
        _day(nomination),
        [text(f.code, f.params) for f in contents.problems],
    )
    for name, file in contents.evidence.items():
        progress.check()
        shutil.copyfile(file, data / "evidence" / name)


def _bag_info(contents: _Contents) -> list[tuple[str, str]]:
    nomination = contents.nomination
    site, proposer = nomination["site"], nomination.get("proposer", {})
    identifier = site.get("sitrecid") or site.get("own_code") or nominations.folder_name(nomination)
    info = [
        ("Source-Organization", proposer.get("organisation")),
        ("Contact-Name", proposer.get("name")),
        ("Contact-Email", proposer.get("email")),
        ("External-Description", f"Nomination of {contents.map.name} as an AZE site"),
        ("External-Identifier", identifier),
        ("Bagging-Date", _day(nomination).isoformat() if _has_day(nomination) else None),
        ("Bag-Software-Agent", f"AZE Toolkit {paths.version()}"),
        ("Nomination-Schema", nominations.SCHEMA),
        ("Nomination-Kind", nomination.get("kind")),
        ("Nomination-Status", nomination["status"]),
    ]
    return [(label, str(value)) for label, value in info if value]
