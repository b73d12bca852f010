"""The fact sheet of one site: what is known of it, as an ``aze-factsheet/1`` document.

``gather`` finds the site, measures and puts together, in any thread; ``document`` gives the summary. Figures are those
of the algorithms that it stands on: cover of ``services.protection``, shares and criteria of ``services.checking``,
surroundings of ``services.context``. ``factsheet_page`` words it and writes page and PDF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsFeatureRequest, QgsFeatureSource, QgsRectangle

from ..domain import geometry
from ..domain.candidate import ExistingSite
from ..domain.coverage import CoverRules, Site, SiteCoverage
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.sites import SiteRow
from ..library.estimates import EstimateRow
from ..library.query import Library
from . import attributes, candidates, checking, protection, sites, triggers
from . import context as surroundings
from .layers import LayerSnapshot, plain, read_features
from .protection import CoverageResult
from .triggers import Trigger
from .wording import finding_json

SCHEMA = "aze-factsheet/1"

# What stands for a site's boundary.
BOUNDARY, PLACEHOLDER, NO_BOUNDARY = "boundary", "placeholder", "none"

# Why there is no cover, no check.
NOT_GIVEN, CANNOT = "not_given", "no_boundary"

# Sites that an error names so that the user sees how they are called.
_EXAMPLES = 5

# Room round a site in which its map shows what is near, in its own size and at least in degrees.
_ROOM, _LEAST_ROOM = 0.7, 0.05
# Wider than this, a map shows no protected areas: there would be too many.
_WIDEST = 60.0
# Dots across a map.
_DOTS = 1400


@dataclass(frozen=True)
class Inputs:
    """What a sheet is made of.

    ``site_id``: id or name of the site; ``feature``: its feature id, which counts before them, None where not given.
    ``existing``: existing sites, where ``sites`` holds candidates; None for the others of ``sites``.
    ``protected``: snapshots, none where cover is not asked for. ``library``: path or address, empty for none.
    ``settings``, ``statements``, ``estimates``, ``year``: of the check, as ``checking.Background`` has them.
    ``table``: of trigger species. ``countries``: code and shape (EPSG:6933) of each, to split a site by. ``bands``,
    ``areas``: the surroundings; ``compare``: look through whole rasters for their own figures. ``origins``: what layers
    say of their rights and dates, by the layer's name.
    """

    sites: QgsFeatureSource
    rules: CoverRules
    settings: Settings
    site_id: str = ""
    feature: int | None = None
    existing: QgsFeatureSource | None = None
    protected: Sequence[LayerSnapshot] = ()
    library: str = ""
    year: int | None = None
    statements: Mapping[str, Any] | None = None
    estimates: Sequence[EstimateRow] = ()
    table: QgsFeatureSource | None = None
    countries: Sequence[tuple[str, geometry.Geometry]] | None = None
    countries_source: str = ""
    bands: Sequence[surroundings.Band] = ()
    areas: Sequence[surroundings.Areas] = ()
    compare: bool = True
    origins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetSpecies:
    """A trigger species on the sheet.

    ``listed``: a table or the site layer names it. ``assessed``: the member of ``species`` that the check gave for it;
    None where nothing was checked or the check did not meet it, which ``known`` tells apart: whether the library knows
    the taxon.
    """

    trigger: Trigger
    listed: bool
    assessed: Mapping[str, Any] | None = None
    known: bool = False

    @property
    def share(self) -> Mapping[str, Any] | None:
        """The deciding share, else the first; None where there is none."""
        shares = (self.assessed or {}).get("shares", ())
        return next((s for s in shares if s["deciding"]), shares[0] if shares else None)


@dataclass(frozen=True)
class Surroundings:
    """What the map shows round the site.

    ``sites``: others, None where there is no layer of them. ``areas``: protected areas as (kind, EPSG:6933), None for
    too many.
    """

    window: Sequence[float]
    sites: Sequence[ExistingSite] | None = ()
    areas: Sequence[tuple[str, geometry.Geometry]] | None = ()


@dataclass(frozen=True)
class Sheet:
    """All that a sheet says, before any of it is worded.

    ``row``: what the layer tells of the site. ``place``: longitude and latitude of its middle, None where nothing tells
    it. ``told``: further words of the layer by role (``updated``, ``source``, ``number``). ``cover``: None where
    ``why_no_cover`` says so, as for ``assessment``. ``species``: None where nothing is known. ``same``: rows of the
    layer that bear the same id or name.
    """

    inputs: Inputs
    row: SiteRow
    site: Site
    boundary: str
    place: tuple[float, float] | None
    told: Mapping[str, str]
    species: Sequence[SheetSpecies] | None
    basis: str
    basis_source: str
    cover: CoverageResult | None
    why_no_cover: str
    assessment: Mapping[str, Any] | None
    why_no_check: str
    context: surroundings.Context | None
    sources: Sequence[Mapping[str, Any]]
    near: Surroundings | None
    same: int = 1

    @property
    def measured(self) -> SiteCoverage | None:
        """The site's own cover."""
        return self.cover.covers[0] if self.cover else None

    @property
    def checked(self) -> Mapping[str, Any] | None:
        """The site's member of ``assessments``."""
        return self.assessment["assessments"][0] if self.assessment else None


class OneSite:
    """One row of a source, read as a source of its own."""

    def __init__(self, source: QgsFeatureSource | LayerSnapshot, fid: int):
        self._source, self._fid = source, fid

    def sourceName(self) -> str:
        return self._source.sourceName()

    def sourceCrs(self):
        return self._source.sourceCrs()

    def wkbType(self):
        return self._source.wkbType()

    def fields(self):
        return self._source.fields()

    def featureCount(self) -> int:
        return 1

    def getFeatures(self, request: QgsFeatureRequest):
        return self._source.getFeatures(request.setFilterFids([self._fid]))


# ------------------------------------------------------------------------------------------------------------- finding


def find(source: QgsFeatureSource, site_id: str, feature: int | None, progress: Progress) -> tuple[int, int, int]:
    """The feature id of a site, how many rows bear its id or name, and how many there are: by id, else by name; of a
    layer with one row it is that.

    Raises AzeError ``coverage.no_sites``, ``factsheet.which`` where there are several and none is named, and
    ``factsheet.no_such_site``.
    """
    wanted = site_id.strip()
    found, examples, total = {"fid": [], "id": [], "name": []}, [], 0
    for fid, number, name in _named(source, progress):
        total += 1
        if len(examples) < _EXAMPLES:
            examples.append(f"{number} ({name})" if name != number else number)
        if feature is not None and fid == feature:
            found["fid"].append(fid)
        if number == attributes.identifier(wanted):
            found["id"].append(fid)
        if wanted and name.casefold() == wanted.casefold():
            found["name"].append(fid)
    if not total:
        raise AzeError("coverage.no_sites", source=source.sourceName())
    if feature is not None:
        if not found["fid"]:
            raise AzeError("factsheet.no_such_feature", source=source.sourceName(), feature=str(feature))
        return feature, 1, total
    if not wanted:
        if total > 1:
            raise AzeError("factsheet.which", source=source.sourceName(), total=total, examples=examples)
        return next(iter(_named(source, progress)))[0], 1, total
    rows = found["id"] or found["name"]
    if not rows:
        raise AzeError("factsheet.no_such_site", source=source.sourceName(), value=wanted, examples=examples)
    return rows[0], len(rows), total


def _named(source: QgsFeatureSource, progress: Progress):
    """Feature id, site id and name of each row."""
    columns = attributes.columns_of(source, "sites")
    names = [*columns["site_id"], *columns["name"]]
    indexes = {name: source.fields().indexOf(name) for name in names}
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(list(indexes.values()))
    for n, row in enumerate(source.getFeatures(request)):
        if n % 256 == 0:
            progress.check()
        values = row.attributes()
        number, name = (
            next((v for v in (plain(values[indexes[c]]) for c in columns[role]) if v not in (None, "")), None)
            for role in ("site_id", "name")
        )
        site_id = attributes.identifier(number) or str(row.id())
        yield row.id(), site_id, attributes.text(name) or site_id


# ----------------------------------------------------------------------------------------------------------- gathering


def gather(inputs: Inputs, context: QgsCoordinateTransformContext, progress: Progress) -> Sheet:
    """Find the site, measure it and put together what is known of it.

    Raises AzeError as ``find`` does, and as the readers of layers and of the library do.
    """
    fid, same, total = find(inputs.sites, inputs.site_id, inputs.feature, progress.part(0, 0.05))
    one = OneSite(inputs.sites, fid)
    site = protection.read_sites(one, context, progress)[0]
    row = sites.read_rows(one, "", context, progress)[0]
    boundary = NO_BOUNDARY if site.geometry is None else BOUNDARY
    if site.geometry is not None and inputs.rules.is_placeholder(site.geometry):
        boundary = PLACEHOLDER
    place, told = _told(one, site, context, progress)
    alone = inputs.existing is None and total == 1
    near = _near(inputs, None if alone else fid, site, place, context, progress.part(0.05, 0.15))
    cover, why_no_cover = _cover(inputs, site, boundary, context, progress.part(0.15, 0.5))
    assessment, why_no_check = _check(inputs, one, site, boundary, near, context, progress.part(0.5, 0.7))
    known = triggers.known(one, inputs.table, progress)
    if inputs.library:
        known = triggers.with_library(known, [], inputs.library, inputs.settings)
    basis = known.basis(site.site_id) or (triggers.LIBRARY if assessment else "")
    found = None
    if inputs.bands or inputs.areas:
        found = surroundings.describe(
            inputs.sites.sourceName(),
            surroundings.read_sites(one, context, progress),
            inputs.bands,
            inputs.areas,
            context,
            progress.part(0.7, 0.95),
            compare=inputs.compare,
        )
    progress.set(1)
    return Sheet(
        inputs,
        row,
        site,
        boundary,
        place,
        told,
        _species(known.of(site.site_id), assessment, inputs),
        basis,
        inputs.library if basis == triggers.LIBRARY else known.sources.get(basis, ""),
        cover,
        why_no_cover,
        assessment,
        why_no_check,
        found,
        _sources(inputs, assessment, told),
        near,
        same,
    )


def _told(
    one: OneSite, site: Site, context: QgsCoordinateTransformContext, progress: Progress
) -> tuple[tuple[float, float] | None, dict[str, str]]:
    """Where a site is, and further words of its row."""
    columns = attributes.columns_of(one, "site_sheet")
    # A row's own number, which stands for a missing id, says nothing to people.
    columns["number"] = [name for name in attributes.columns_of(one, "sites")["site_id"] if name.lower() != "fid"]
    table = read_features(one, attributes.wanted(columns), context, progress)
    said = {role: attributes.first(table, names)[0] for role, names in columns.items()}
    told = {role: attributes.text(said[role]) for role in ("updated", "source")}
    told["number"] = attributes.identifier(said["number"])
    if site.geometry is not None:
        return geometry.midpoint(site.geometry), told
    lon, lat = attributes.number(said["lon"]), attributes.number(said["lat"])
    if site.reason == "not_polygon":
        points = geometry.points_of(table.lonlat[0]) if geometry.kinds(table.lonlat)[0] == "point" else ()
        if len(points):
            lon, lat = (float(v) for v in np.asarray(points)[0][:2])
    # 0, 0 is what tables hold where nothing was filled in.
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90) or lon == lat == 0:
        return None, told
    return (lon, lat), told


def _cover(
    inputs: Inputs, site: Site, boundary: str, context: QgsCoordinateTransformContext, progress: Progress
) -> tuple[CoverageResult | None, str]:
    if not inputs.protected:
        return None, NOT_GIVEN
    rules = replace(inputs.rules, years=True)
    result = protection.measure_cover(
        [site], inputs.protected, rules, context, progress, inputs.countries, gaps=boundary == BOUNDARY
    )
    return result, "" if boundary == BOUNDARY else CANNOT


def _check(
    inputs: Inputs,
    one: OneSite,
    site: Site,
    boundary: str,
    near: Surroundings | None,
    context: QgsCoordinateTransformContext,
    progress: Progress,
) -> tuple[Mapping[str, Any] | None, str]:
    if not inputs.library:
        return None, NOT_GIVEN
    if boundary != BOUNDARY:
        return None, CANNOT
    candidate = replace(candidates.read_candidates(one, "", context, progress.part(0, 0.1))[0], name=site.name)
    if inputs.existing is None:
        # The site is there already: other rows of its id are no rivals.
        candidate = replace(candidate, updates_site=site.name, updates_id=site.site_id)
    background = checking.Background(
        inputs.library,
        inputs.settings,
        near.sites if near else None,
        inputs.statements,
        inputs.estimates,
        reference_year=inputs.year,
    )
    return checking.check_candidates([candidate], background, progress.part(0.1, 1)), ""


def _species(
    listed: Sequence[Trigger] | None, assessment: Mapping[str, Any] | None, inputs: Inputs
) -> list[SheetSpecies] | None:
    """Species that are listed, then those that only the check finds to trigger; None where nothing is known."""
    if listed is None and assessment is None:
        return None
    assessed = assessment["assessments"][0]["species"] if assessment else []
    by_id = {taxon["taxon_id"]: taxon for taxon in assessed}
    by_name = {taxon["scientific_name"].casefold(): taxon for taxon in assessed}
    found, seen = [], set()
    for trigger in listed or ():
        taxon = by_id.get(trigger.taxon_id) or by_name.get(trigger.scientific_name.casefold())
        found.append(SheetSpecies(trigger, True, taxon, bool(inputs.library and trigger.taxon_id)))
        seen.add(taxon["taxon_id"] if taxon else "")
    for taxon in assessed:
        if taxon["trigger"] and taxon["taxon_id"] not in seen:
            told = Trigger(
                taxon["scientific_name"], taxon["category"], taxon["taxon_id"], taxon.get("common_name") or ""
            )
            found.append(SheetSpecies(told, False, taxon, True))
    return found


# --------------------------------------------------------------------------------------------------------- what is near


def _near(
    inputs: Inputs,
    fid: int | None,
    site: Site,
    place: tuple[float, float] | None,
    context: QgsCoordinateTransformContext,
    progress: Progress,
) -> Surroundings | None:
    """Other sites and protected areas that the map shows; None where the site has no place.

    ``fid``: the site's own, None where its layer has no other.
    """
    if site.geometry is not None:
        west, south, east, north = geometry.extent_lonlat(site.geometry)
    elif place is not None:
        (west, south), (east, north) = place, place
    else:
        return None
    wide = (east - west) % 360
    room = max(_LEAST_ROOM, _ROOM * max(wide, north - south))
    # A degree of longitude shrinks towards the poles.
    aside = room / max(0.05, float(np.cos(np.radians(min(85.0, max(abs(south), abs(north)))))))
    if wide + 2 * aside >= 359:
        window = [-180.0, max(-90.0, south - room), 180.0, min(90.0, north + room)]
    else:
        window = [
            (west - aside + 180) % 360 - 180,
            max(-90.0, south - room),
            (east + aside + 180) % 360 - 180,
            min(90.0, north + room),
        ]
    others = None
    if inputs.existing is not None or fid is not None:
        others = _other_sites(inputs, fid, window, context, progress.part(0, 0.4))
    areas: list[tuple[str, geometry.Geometry]] | None = None
    span = (window[2] - window[0]) % 360 or 360.0
    if span <= _WIDEST:
        areas = []
        dot = max(span, window[3] - window[1]) * 111_320 / _DOTS
        rows = protection.rows_near(window, inputs.protected, inputs.rules, context, progress.part(0.4, 1))
        for area in rows:
            progress.check()
            if area.reason is None:
                areas += [(area.area.kind, shape) for shape in _drawn(area, dot)]
    return Surroundings(window, others, areas)


def _drawn(row: protection.AreaRow, dot: float) -> list[geometry.Geometry]:
    """A protected area as the map shows it, no finer than that: its outline, or circles in place of its points."""
    if row.shape is None:
        points = row.points if row.points is not None else ()
        share = (row.area.reported_km2 or 0) * 1e6 / max(1, len(points))
        lonlat = [geometry.geodesic_circle(float(x), float(y), share) for x, y in points] if share > 0 else []
        return [s for s in geometry.prepare(np.array(lonlat, dtype=object)).geometries if s is not None]
    if geometry.area(row.shape) < dot * dot:
        return []
    coarse = geometry.polygonal(geometry.simplified(row.shape, 0.5 * dot))
    return [row.shape if geometry.is_empty(coarse) else coarse]


def _other_sites(
    inputs: Inputs,
    fid: int | None,
    window: Sequence[float],
    context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[ExistingSite]:
    source = inputs.sites
    if inputs.existing is not None:
        source, fid = inputs.existing, None
    columns = attributes.columns_of(source, "sites")
    wanted = [*columns["site_id"], *columns["name"]]
    west, south, east, north = window
    found: dict[int, ExistingSite] = {}
    for left, right in [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]:
        table = read_features(source, wanted, context, progress, QgsRectangle(left, south, right, north))
        named = attributes.sites(table, columns)
        for number, (site_id, name), shape in zip(table.fids, named, table.prepared().geometries):
            if shape is not None and number != fid:
                found[number] = ExistingSite(site_id, name, shape, inputs.rules.is_placeholder(shape))
    return list(found.values())


# ------------------------------------------------------------------------------------------------------------- sources


def _sources(inputs: Inputs, assessment: Mapping[str, Any] | None, told: Mapping[str, str]) -> list[dict[str, Any]]:
    """The data behind the sheet: role, name, version, citation, date."""

    def layer(role: str, name: str, date: str = "") -> dict[str, Any]:
        own = inputs.origins.get(name, {})
        return {
            "role": role,
            "name": name,
            "file": own.get("file", ""),
            "version": "",
            "citation": own.get("citation", ""),
            "date": date or own.get("date", ""),
        }

    found = [layer("sites", inputs.sites.sourceName(), told.get("updated", ""))]
    if told.get("source") and not found[0]["citation"]:
        found[0]["citation"] = told["source"]
    if inputs.existing is not None:
        found.append(layer("existing", inputs.existing.sourceName()))
    if inputs.table is not None:
        found.append(layer("triggers", inputs.table.sourceName()))
    found += [layer("protected", snapshot.sourceName()) for snapshot in inputs.protected]
    if inputs.countries:
        found.append(layer("countries", inputs.countries_source))
    if inputs.library:
        found += _library_sources(inputs.library, assessment)
    names = [*(band.source.name for band in inputs.bands), *(areas.name for areas in inputs.areas)]
    return found + [layer("context", name) for name in dict.fromkeys(names)]


def _library_sources(path: str, assessment: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Those of the library that bear on the site, all where nothing was checked; one line a release."""
    if assessment is not None:
        rows = assessment["sources"]
    else:
        with Library.open(path) as library:
            rows = library.sources()
    releases: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        # A zip's members are of one download.
        name = str(row["name"]).partition("/")[0]
        names = releases.setdefault((row["version"] or "", row["citation"] or ""), [])
        if name not in names:
            names.append(name)
    return [
        {"role": "library", "name": ", ".join(names), "file": "", "version": version, "citation": citation, "date": ""}
        for (version, citation), names in releases.items()
    ]


# -------------------------------------------------------------------------------------------------------- the document


def document(sheet: Sheet) -> dict[str, Any]:
    """The ``aze-factsheet/1`` document: the sheet's own figures, and the documents they come from in full."""
    row = sheet.row
    return {
        "schema": SCHEMA,
        "software": checking.software(),
        "site": {
            "site_id": row.site_id,
            "name": row.name,
            "native_name": row.native_name,
            "country": row.country,
            "iso3": row.iso3,
            "region": row.region,
            "aze_status": row.aze,
            "kba_status": row.kba,
            "boundary": sheet.boundary,
            "area_ha": sheet.site.area_ha if sheet.boundary == BOUNDARY else None,
            "stated_area_ha": None if row.area_measured else row.area_ha,
            "longitude": sheet.place[0] if sheet.place else None,
            "latitude": sheet.place[1] if sheet.place else None,
            "updated": sheet.told.get("updated", ""),
            "rows_of_this_id": sheet.same,
        },
        "triggers_known_by": sheet.basis,
        "trigger_species": None if sheet.species is None else [_species_json(one, sheet) for one in sheet.species],
        "criteria": None
        if sheet.checked is None
        else {name: criterion["status"] for name, criterion in sheet.checked["criteria"].items()},
        "not_checked_because": sheet.why_no_check or None,
        "cover_not_measured_because": sheet.why_no_cover or None,
        "assessment": sheet.assessment,
        "coverage": sheet.cover.as_json() if sheet.cover else None,
        "context": sheet.context.as_json() if sheet.context else None,
        "sources": list(sheet.sources),
        "notes": [finding_json(finding) for finding in (sheet.measured.findings if sheet.measured else ())],
    }


def _species_json(one: SheetSpecies, sheet: Sheet) -> dict[str, Any]:
    taxon = one.assessed or {}
    return {
        "scientific_name": one.trigger.scientific_name,
        "common_name": one.trigger.common_name,
        "category": taxon.get("category") or one.trigger.category,
        "taxon_id": one.trigger.taxon_id,
        "listed": one.listed,
        "checked": sheet.assessment is not None,
        "trigger_by_check": taxon.get("trigger"),
        "status": taxon.get("status"),
        "share": dict(one.share) if one.share else None,
    }
