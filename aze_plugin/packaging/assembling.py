"""What a package is made of: the site checked and measured, the nomination filled in, the files looked at.

Nothing is written here; ``package`` does that.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext

from ..domain import coverage as coverages
from ..domain import geometry
from ..domain import nomination as nominations
from ..domain.candidate import Candidate, ExistingSite
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.findings import Finding, blocking, info, warning
from ..domain.progress import Progress
from ..library.estimates import EstimateRow
from ..services import checking, prefill, protection
from ..services.layers import LayerSnapshot
from ..services.surroundings import Survey
from . import bag, boundary, details, evidence, generalising, photographs, report_maps, withholding
from .privacy import without_places_of_records
from .sources import LayerOrigin, Source, sources

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
    ``sensitive``: names of taxa whose places are hidden, or ``all``, and ``grid`` how coarsely (see ``generalising``).
    ``project``: what else the project's data say, to be filled in.
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
    sensitive: str = ""
    grid: str = ""
    project: prefill.Project = field(default_factory=prefill.Project)


@dataclass(frozen=True)
class Attached:
    """A file of the nominator's: where it lies, and whether what it tells of its place is taken out of it."""

    path: Path
    cleaned: bool = False

    def content_from(self) -> bytes | None:
        """What is written in place of the file, None where it goes in as it is."""
        return photographs.cleaned(self.path.read_bytes()) if self.cleaned else None


@dataclass(frozen=True)
class Contents:
    """Everything that is written into a package. ``lonlat``: the boundary that goes out, laid on ``grid`` if any."""

    nomination: Mapping[str, Any]
    assessment: Mapping[str, Any]
    coverage: Mapping[str, Any]
    sources: Sequence[Source]
    map: report_maps.SiteMap
    lonlat: geometry.Geometry
    evidence: Mapping[str, Attached]
    problems: tuple[Finding, ...]
    grid: generalising.Grid | None = None


def _as_packaged(candidate: Candidate) -> tuple[Candidate, geometry.Geometry]:
    """The candidate with the very boundary that the package will hold, and that boundary in lon/lat.

    What is assessed is what a reviewer reads back from the package, to the last bit.
    """
    lonlat = geometry.to_lonlat(np.array([candidate.geometry], dtype=object))
    # A hair beyond 180° would be read back as a shape that crosses it.
    lonlat = geometry.within_world(lonlat)
    if not geometry.valid(lonlat)[0]:
        # Rounding on the way to degrees can make sides touch that did not.
        lonlat = geometry.polygonal_all(lonlat)
    for limit, count, most in boundary.limits_passed(lonlat[0]):
        raise AzeError(f"nomination.{limit}", name=candidate.name, count=count, most=most)
    prepared = geometry.prepare(lonlat)
    return replace(candidate, geometry=prepared.geometries[0]), lonlat[0]


def assemble(inputs: Inputs, transform_context: QgsCoordinateTransformContext, progress: Progress) -> Contents:
    """Check, measure and fill in. Raises AzeError for a grid that cannot be, and for evidence that cannot be read."""
    candidate, lonlat = _as_packaged(inputs.candidate)
    if nominations.is_update(inputs.details) and not candidate.updates_id:
        candidate = replace(candidate, updates_id=nominations.site_number(inputs.details))
    taxa = generalising.sensitive_taxa(inputs.sensitive, inputs.details)
    grid = generalising.Grid.parse(inputs.grid) if taxa else None
    hidden = None if grid is None else _hidden(inputs, candidate, grid, taxa, lonlat, transform_context, progress)
    checked = checking.check_candidates(
        [candidate],
        checking.Background(
            inputs.library_path,
            inputs.settings,
            inputs.sites,
            nominations.statements_for(inputs.details, candidate.name),
            inputs.estimates,
            reference_year=day_of(inputs.details).year if has_day(inputs.details) else None,
            survey=inputs.survey,
        ),
        progress.part(0, 0.5),
    )
    assessment = without_places_of_records(checked)
    only = assessment["assessments"][0]
    cover, gap = _measure_cover(inputs, candidate, transform_context, progress.part(0.5, 0.8))
    near = _areas_near(inputs, candidate, transform_context, progress.part(0.8, 0.9))
    lon, lat = geometry.midpoint(candidate.geometry)
    given = inputs.details
    if hidden is not None:
        lon, lat = hidden.grid.place(lon, lat)
        assessment, cover = generalising.coarse(assessment, hidden.grid), generalising.coarse(cover, hidden.grid)
        assessment = withholding.of_assessment(assessment, hidden.names)
        cover = withholding.of_coverage(cover, hidden.names)
        only = assessment["assessments"][0]
        given = _without_place(given)
    relation = None if inputs.protected is None else _relation(candidate, near)
    place = nominations.Place(candidate.area_ha, lon, lat, relation)
    used = sources(assessment["sources"], inputs.origins, progress.part(0.9, 0.95))
    if hidden is not None:
        used = [replace(s, name=hidden.names.hidden(s.name), citation=hidden.names.hidden(s.citation)) for s in used]
    project = replace(inputs.project, datasets=_datasets(used))
    known = prefill.known(given, candidate, only, inputs.sites, project, progress.part(0.95, 1))

    attached, evidence_problems = _attached(inputs.evidence, used, hidden, progress)
    on_site = None if inputs.protected is None else cover["sites"][0]
    completed = nominations.complete(given, only, on_site, place, assessment["sources"], attached, known)
    completed.pop("generalised", None)
    left_out: list[str] = []
    if hidden is not None:
        completed, left_out = withholding.of_nomination(completed, hidden.names)
        completed["generalised"] = {"grid": hidden.grid.as_json(), "taxa": hidden.taxa, "names_withheld": True}
    said = details.review(completed, only, on_site, place, attached, known)
    problems = nominations.together(_replaced(given), said) + evidence_problems
    if hidden is not None:
        problems += hidden.problems(completed, only, lonlat, left_out)
    completed["schema"] = nominations.SCHEMA
    completed["status"] = "draft" if nominations.is_blocked(problems) else "final"
    shown = _shown(inputs, candidate, near, gap, _title(completed, candidate))
    if hidden is not None:
        lonlat = hidden.laid
        # Outlines that the boundary follows would show where it runs: the maps have the grid's cells alone.
        cells = geometry.prepare(np.array([lonlat], dtype=object)).geometries[0]
        shown = report_maps.SiteMap(shown.name, cells, lon, lat, grid=hidden.grid.label())
    return Contents(
        completed,
        assessment,
        cover,
        used,
        shown,
        lonlat,
        attached,
        tuple(problems),
        None if hidden is None else hidden.grid,
    )


def _datasets(used: Sequence[Source]) -> list[tuple[str, str]]:
    """Name and citation of the layers that a package rests on; the species data name theirs themselves."""
    return [prefill.dataset(s.name, s.citation, s.role, s.version) for s in used if s.role != "species"]


def _shown(
    inputs: Inputs,
    candidate: Candidate,
    near: Sequence[tuple[coverages.ProtectedArea, geometry.Geometry]],
    gap: geometry.Geometry | None,
    name: str,
) -> report_maps.SiteMap:
    """What the maps of the report show of a site whose place may be told."""
    shapes = [report_maps.Shape(area.name, area.kind, shape) for area, shape in near]
    window = geometry.box(*_grown(geometry.bounds(candidate.geometry)))
    shapes += [
        report_maps.Shape(site.name, "site", site.geometry)
        for site in inputs.sites or ()
        if not geometry.is_empty(geometry.overlap(site.geometry, window))
    ]
    former = next((s.geometry for s in inputs.sites or () if candidate.updates(s) and not s.is_circle), None)
    lon, lat = geometry.midpoint(candidate.geometry)
    return report_maps.SiteMap(name, candidate.geometry, lon, lat, shapes, gap, former)


# ---------------------------------------------------------------------------------------------- sensitive taxa


def _without_place(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Details without the mid-point that the nominator gave: the generalised one is filled in."""
    site = given.get("site")
    if not isinstance(site, Mapping):
        return given
    return {**given, "site": {k: v for k, v in site.items() if k not in ("latitude", "longitude")}}


@dataclass(frozen=True)
class _Hidden:
    """How the place of a site is hidden: by which grid, for whose sake, the cells that stand for the boundary, and the
    names of what lies there."""

    grid: generalising.Grid
    taxa: list[str]
    laid: geometry.Geometry
    names: withholding.Names

    def box(self) -> tuple[float, float, float, float]:
        """Round the cells; where they cross 180°, round both sides of it."""
        return geometry.bounds(self.laid)

    def problems(
        self, nomination: Mapping[str, Any], only: Mapping[str, Any], lonlat: geometry.Geometry, left_out: Sequence[str]
    ) -> list[Finding]:
        """That the place is generalised, what still tells it, and names that are nobody's. ``left_out``: pointers of
        the texts that names were taken out of."""
        labels = list(dict.fromkeys(map(details.label, left_out)))
        said = [info("nomination.names_withheld", field="/generalised", labels=labels)] if labels else []
        if nominations.is_update(nomination):
            said.append(warning("nomination.update_tells_place", field="/update/site_id"))
        return said + self._places(nomination, only, lonlat)

    def _places(
        self, nomination: Mapping[str, Any], only: Mapping[str, Any], lonlat: geometry.Geometry
    ) -> list[Finding]:
        found = [info("nomination.generalised", field="/generalised", grid=self.grid.label(), taxa=self.taxa)]
        known = {taxon["scientific_name"] for taxon in only["species"]}
        unknown = [name for name in self.taxa if name != "all" and name not in known]
        if unknown:
            found.append(warning("nomination.sensitive_unknown", field="/biodiversity/species", names=unknown))
        if geometry.area(lonlat) > 0 and self.grid.holds(lonlat):
            found.append(warning("nomination.grid_hides_nothing", field="/generalised", grid=self.grid.label()))
        told: dict[str, str] = {}
        for pointer, said in generalising.texts(nomination):
            place = next(generalising.places_in(said, self.box(), self.grid), None)
            if place is not None:
                told.setdefault(pointer, place)
        return found + [
            blocking("nomination.place_in_text", field=pointer, label=details.label(pointer), place=place)
            for pointer, place in told.items()
        ]

    def of_file(self, file: Path, name: str) -> tuple[bool, list[Finding]]:
        """Whether a file's places are taken out of it, and what is wrong or to be known of it; blocking where it would
        tell the place."""
        field, kind = "/evidence/files", evidence.places(file)
        called = file.stem.replace("_", " ")
        if next(generalising.places_in(file.name, self.box(), self.grid), None) or self.names.found(called):
            return False, [blocking("nomination.evidence_place_name", field=field, file=file.name)]
        if kind == "text":
            said = file.read_bytes().decode("utf-8", "replace")
            place = next(generalising.places_in(said, self.box(), self.grid), None) or self.names.found(said)
            if place is not None:
                return False, [blocking("nomination.evidence_place_text", field=field, file=file.name, place=place)]
        elif kind == "photograph":
            content = file.read_bytes()
            try:
                changed = photographs.cleaned(content) != content
            except photographs.UnreadablePhotograph:
                return False, [blocking("nomination.evidence_place_kept", field=field, file=file.name)]
            code = "place_removed" if photographs.tells_place(content) else "camera_removed"
            return changed, [info(f"nomination.evidence_{code}", field=field, file=name)] if changed else []
        elif kind in ("geodata", "kept"):
            return False, [blocking(f"nomination.evidence_place_{kind}", field=field, file=file.name)]
        elif kind == "unseen":
            return False, [warning("nomination.evidence_place_unseen", field=field, file=file.name)]
        return False, []


def _hidden(
    inputs: Inputs,
    candidate: Candidate,
    grid: generalising.Grid,
    taxa: list[str],
    lonlat: geometry.Geometry,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> _Hidden:
    """How a site is hidden, with the names of all protected areas and sites that reach into its cells or lie near."""
    laid = grid.laid(lonlat)
    cells = geometry.prepare(np.array([laid], dtype=object)).geometries[0]
    areas = _areas_near(inputs, replace(candidate, geometry=cells), transform_context, progress.part(0, 0))
    names = [name for area, _ in areas for name in (area.name, area.area_id)]
    windows = [geometry.box(*_grown(side)) for side in geometry.rectangles(cells)]
    for site in inputs.sites or ():
        if not candidate.updates(site) and not all(
            geometry.is_empty(geometry.overlap(site.geometry, w)) for w in windows
        ):
            names += [site.name, site.site_id]
    own = withholding.own_names(inputs.details, candidate.name)
    return _Hidden(grid, taxa, laid, withholding.Names(names, own))


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


def has_day(document: Mapping[str, Any]) -> bool:
    return day_of(document) != _NO_DAY


def day_of(document: Mapping[str, Any]) -> datetime.date:
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
) -> tuple[dict[str, Any], geometry.Geometry | None]:
    """The ``aze-coverage/1`` document of a site, and its unprotected part where that is known."""
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
        found = protection.measure_cover([site], inputs.protected, rules, transform_context, progress, gaps=True)
        return found.as_json(), next((gap for _, gap in found.gaps), None)
    # No protected areas were given: that is not the same as none being there.
    unknown = coverages.SiteCoverage(
        site, coverages.NOT_ASSESSED, findings=(Finding("nomination.no_protected_areas", params={"site": site.name}),)
    )
    return protection.CoverageResult((unknown,), rules, {}, 0, 0, ()).as_json(), None


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


def _attached(
    files: Sequence[Path], used: Sequence[Source], hidden: _Hidden | None, progress: Progress
) -> tuple[dict[str, Attached], list[Finding]]:
    """The nominator's files by the name they get in the package, and what is wrong with them.

    In the order of their names and contents, so that the order in which they were chosen makes no difference.
    """
    named: dict[str, Attached] = {}
    found: list[Finding] = []
    species_data = {s.sha256 for s in used if s.role == "species" and s.sha256}
    for file in files:
        if not file.is_file():
            raise AzeError("nomination.evidence_unreadable", file=str(file))
    digests = {file: bag.sha256(file, progress) for file in files}
    field = "/evidence/files"
    for file in sorted(digests, key=lambda f: (f.name, digests[f])):
        progress.check()
        if digests[file] in species_data:
            # The terms of range maps forbid passing them on, under whatever name they come.
            found.append(blocking("nomination.evidence_is_species_data", field=field, file=file.name))
            continue
        refused = evidence.refusal(file)
        if refused:
            found.append(blocking(f"nomination.{refused[0]}", field=field, **refused[1]))
            continue
        name = _free_name(file, named)
        cleaned, said = (False, []) if hidden is None else hidden.of_file(file, name)
        found += said
        if not nominations.is_blocked(said):
            named[name] = Attached(file, cleaned)
    too_much = evidence.too_much(one.path for one in named.values())
    if too_much:
        found.append(blocking("nomination.evidence_too_much", field=field, **too_much))
    return named, found


def _free_name(file: Path, taken: Mapping[str, Any]) -> str:
    """An ASCII name that no file in the package has yet, whatever the case of its letters."""
    suffix = file.suffix.lower() if file.suffix[1:].isascii() and file.suffix[1:].isalnum() else ""
    stem = nominations.ascii_name(file.name[: -len(file.suffix)] if suffix else file.name, 80, "file")
    folded = {name.lower() for name in taken}
    name, n = f"{stem}{suffix}", 1
    while name.lower() in folded:
        n += 1
        name = f"{stem}_{n}{suffix}"
    return name
