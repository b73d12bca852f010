"""Protected-area cover from end to end: sites and protected-area layers in, an ``aze-coverage/1`` document out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateTransformContext,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsRectangle,
    QgsVectorLayer,
)

from .. import paths
from ..domain import coverage, geometry, years
from ..domain.coverage import CoverRules, ProtectedArea, Site, SiteCoverage
from ..domain.coverrun import CoverageRun
from ..domain.errors import AzeError
from ..domain.findings import Finding, info, warning
from ..domain.progress import Progress
from . import attributes
from .bulk import Snapshot, Spool, Table, feature_tables
from .layers import FeatureTable, LayerSnapshot, read_features
from .measure import ellipsoidal_area_m2, ruler
from .wording import finding_json

SCHEMA = "aze-coverage/1"

# Share of an area that straight edges in EPSG:6933 may be wrong by.
_BENT_SHARE = 1e-5
_EARTH_RADIUS_M = 6_371_000.0


def default_rules() -> CoverRules:
    """The rules that the plugin ships."""
    return CoverRules.from_dict(paths.load_json("criteria", "coverage.json"))


@dataclass(frozen=True)
class CoverageResult:
    """Cover of all sites, with what was left out and what has to be said about the whole."""

    covers: tuple[SiteCoverage, ...]
    rules: CoverRules
    excluded: Mapping[str, int]
    repaired: int
    counted: int
    notes: tuple[Finding, ...]
    parts: tuple[SiteCoverage, ...] = ()
    split: frozenset[int] = frozenset()
    years: Mapping[str | None, tuple[years.YearPct, ...]] = field(default_factory=dict)

    @property
    def gaps(self) -> list[tuple[SiteCoverage, geometry.Geometry]]:
        """The unprotected part (EPSG:6933) of each site that has one, where gaps were asked for."""
        return [(cover, cover.gap) for cover in self.covers if cover.gap is not None]

    def as_json(self) -> dict[str, Any]:
        """The ``aze-coverage/1`` document.

        Beyond the contract's members a site has ``unprotected_ha``, ``by``, ``years_by_kind``, ``parts`` where it was
        split between countries, and ``findings``, a protected area ``kind``, ``governance`` and ``designation_type``, a
        year the interval of its draws, the document ``notes``, ``counted`` and the ``settings`` in force.
        """
        parts: dict[int, list[SiteCoverage]] = {}
        for part in self.parts:
            parts.setdefault(part.site.fid, []).append(part)
        national = [cover for n, cover in enumerate(self.covers) if n not in self.split] + list(self.parts)
        return {
            "schema": SCHEMA,
            "settings": {
                "statuses": list(self.rules.statuses),
                "exclude_mab": self.rules.exclude_mab,
                "points": "circle" if self.rules.circles else "omit",
                "match_country": self.rules.match_country,
                "years": self.rules.years,
                "seed": self.rules.seed,
                "draws": self.rules.draws,
                "area_crs": geometry.EQUAL_AREA_CRS,
            },
            "sites": [
                _site_json(cover, parts.get(cover.site.fid, ()) if n in self.split else ())
                for n, cover in enumerate(self.covers)
            ],
            "countries": coverage.by_country(national, self.years),
            "global": coverage.summarise(self.covers, self.years.get(None, ())),
            "excluded": self.rules.told(self.excluded),
            "counted": self.counted,
            "repaired": self.repaired,
            "notes": [finding_json(note) for note in self.notes],
        }


def _site_json(cover: SiteCoverage, parts: Sequence[SiteCoverage]) -> dict[str, Any]:
    document = {
        "site_id": cover.site.site_id,
        "name": cover.site.name,
        "iso3": cover.site.iso3,
        "area_ha": cover.area_ha,
        "unprotected_ha": cover.unprotected_ha,
        "pa_pct": cover.pa_pct,
        "oecm_pct": cover.oecm_pct,
        "both_pct": cover.both_pct,
        "cover_class": cover.cover_class,
        "protected_areas": [
            {
                "id": share.area.area_id,
                "name": share.area.name,
                "designation": share.area.designations[0] if share.area.designations else "",
                "iucn_category": share.area.iucn_category,
                "status_year": share.status_year,
                "kind": share.area.kind,
                "governance": share.area.governance,
                "designation_type": share.area.designation_type,
                "pct": share.pct,
            }
            for share in cover.areas
        ],
        "years": years.as_json(cover.years),
        "years_by_kind": {kind: years.as_json(series, "pct") for kind, series in cover.years_by_kind.items()},
        "by": {name: dict(values) for name, values in cover.by.items()},
        "findings": [finding_json(finding) for finding in cover.findings],
    }
    if parts:
        document["parts"] = [
            {
                "iso3": part.site.iso3,
                "area_ha": part.site.area_ha,
                "pa_pct": part.pa_pct,
                "oecm_pct": part.oecm_pct,
                "both_pct": part.both_pct,
                "years": years.as_json(part.years),
            }
            for part in parts
        ]
    return document


def read_sites(
    source: QgsFeatureSource,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    id_field: str = "",
    country_field: str = "",
) -> list[Site]:
    """One site a feature, with the fields of the known site schemas or those named.

    A feature that has no usable polygon becomes a site without geometry, never an error. Raises AzeError for a source
    without CRS, without features or without the field named.
    """
    columns = attributes.columns_of(source, "sites")
    for role, chosen in (("site_id", id_field), ("iso3", country_field)):
        if chosen:
            columns[role] = [_named(source, chosen)]
    table = read_features(source, attributes.wanted(columns), transform_context, progress)
    if not len(table):
        raise AzeError("coverage.no_sites", source=source.sourceName())
    prepared = table.prepared()
    hectares = _hectares(prepared.geometries)
    # In a field that somebody chose 0 is an id as any other.
    named = attributes.sites(table, columns, zero="0" if id_field else "")
    countries = attributes.first(table, columns["iso3"])
    sites = []
    for i, shape in enumerate(prepared.geometries):
        if i % 64 == 0:
            progress.check()
        site_id, name = named[i]
        sites.append(
            Site(
                fid=table.fids[i],
                site_id=site_id,
                name=name,
                iso3=attributes.text(countries[i]),
                geometry=shape,
                area_ha=float(hectares[i]),
                repaired=bool(prepared.repaired[i]) and shape is not None,
                reason=prepared.reasons[i],
            )
        )
    return sites


def _named(source: QgsFeatureSource, chosen: str) -> str:
    """The field that somebody means. Raises AzeError ``coverage.field_missing``."""
    names = [f.name() for f in source.fields()]
    at = source.fields().lookupField(chosen)
    if at < 0:
        raise AzeError("coverage.field_missing", source=source.sourceName(), field=chosen, available=names)
    return names[at]


def _hectares(shapes: np.ndarray) -> np.ndarray:
    """Ellipsoidal hectares of EPSG:6933 shapes, 0 for None.

    EPSG:6933 keeps areas; only its straight edges are not the shortest lines on the ellipsoid. Where that may make more
    than ``_BENT_SHARE`` of an area, which depends on the length of the edges, on the latitude and on the size of the
    whole, shapes are measured as they should be.
    """
    square_metres = np.nan_to_num(geometry.areas(shapes))
    found = square_metres / 1e4
    latitudes = geometry.unprojected_boxes(geometry.bounds_all(shapes))[:, [1, 3]]
    with np.errstate(invalid="ignore", divide="ignore"):
        steepest = np.radians(np.abs(latitudes).max(axis=1))
        stretch = np.cos(np.radians(30)) / np.cos(steepest)
        edges = geometry.longest_edges(shapes) * np.maximum(stretch, 1 / stretch)
        bent = edges**2 * (np.tan(steepest) + 0.05) / (6 * _EARTH_RADIUS_M * square_metres**0.5)
        long = np.flatnonzero((bent > _BENT_SHARE) & (square_metres > 0))
    by = ruler()
    for i, lonlat in zip(long, geometry.to_lonlat(shapes[long])):
        found[i] = ellipsoidal_area_m2(lonlat, by) / 1e4
    return found


def read_countries(
    source: QgsFeatureSource,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    near: Sequence[Site] | None = None,
) -> list[tuple[str, geometry.Geometry]]:
    """Code and shape (EPSG:6933) of each country of a layer, its rows dissolved; only rows near sites where these are
    given.

    Raises AzeError ``coverage.countries_field`` for a layer without a field of codes.
    """
    columns = attributes.columns_of(source, "countries")
    if not columns["iso3"]:
        names = [f.name() for f in source.fields()]
        raise AzeError("coverage.countries_field", source=source.sourceName(), available=names)
    extent = None
    # Where longitudes run beyond 180° a rectangle would miss them.
    if near is not None and not _runs_beyond_180(source):
        extent = _extent(near)
    table = read_features(source, attributes.wanted(columns), transform_context, progress, extent)
    shapes: dict[str, list[geometry.Geometry]] = {}
    for value, shape in zip(attributes.first(table, columns["iso3"]), table.prepared().geometries):
        code = attributes.text(value).upper()
        if code and shape is not None:
            shapes.setdefault(code, []).append(shape)
    return [(code, geometry.dissolve(same)) for code, same in sorted(shapes.items())]


def _runs_beyond_180(source: QgsFeatureSource) -> bool:
    """Whether a layer has shapes at longitudes over 180°."""
    if not source.sourceCrs().isGeographic():
        return False
    request = QgsFeatureRequest(QgsRectangle(180 + 1e-9, -90, 540, 90)).setNoAttributes().setLimit(1)
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    return any(True for _ in source.getFeatures(request))


def _extent(sites: Sequence[Site]) -> QgsRectangle | None:
    """Lon/lat rectangle round sites; the whole world's where one crosses 180°. None, for everything, without shapes."""
    boxes = geometry.bounds_all(np.array([site.geometry for site in sites], dtype=object))
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return None
    corners = geometry.unproject(np.array([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]))
    rectangle = QgsRectangle(*corners.ravel().tolist())
    rectangle.grow(1e-6)
    return rectangle


def split_sites(
    sites: Sequence[Site],
    countries: Sequence[tuple[str, geometry.Geometry]],
    rules: CoverRules,
    progress: Progress,
) -> tuple[list[Site], frozenset[int]]:
    """The parts in one country each of the sites that lie in several, and the numbers of those sites.

    A site in one country alone, but for a sliver, is not split: it is given out whole as a part where its own code is
    another one. What lies in no country, as the sea does, stays with the site's own code where it has just one, and is
    else in no country's figures.
    """
    index = geometry.BoundaryIndex([shape for _, shape in countries])
    parts: list[Site] = []
    split = set()
    for number, site in enumerate(sites):
        progress.set(number / len(sites))
        if coverage.not_assessed(site, rules) is not None:
            continue
        _, found = index.near(geometry.bounds_all(np.array([site.geometry], dtype=object)))
        whole = geometry.area(site.geometry)
        own = coverage.countries_of(site.iso3)
        pieces: dict[str, list[geometry.Geometry]] = {}
        for n in sorted(found.tolist()):
            code, country = countries[n]
            pieces.setdefault(code, []).append(geometry.overlap(country, site.geometry))
        everywhere = geometry.dissolve([shape for shapes in pieces.values() for shape in shapes])
        if len(own) == 1:
            pieces.setdefault(next(iter(own)), []).append(geometry.outside(site.geometry, everywhere))
        joined = {code: geometry.dissolve(shapes) for code, shapes in pieces.items()}
        large = {c: s for c, s in joined.items() if geometry.area(s) > rules.country_sliver_share * whole}
        if not large or set(large) == own and len(own) == 1:
            continue
        split.add(number)
        for code, shape in sorted(large.items()):
            part = site.geometry if len(large) == 1 and whole - geometry.area(shape) < 1e-9 * whole else shape
            parts.append(replace(site, iso3=code, geometry=part, repaired=False, reason=""))
    hectares = _hectares(np.array([part.geometry for part in parts], dtype=object))
    return [replace(part, area_ha=float(ha)) for part, ha in zip(parts, hectares)], frozenset(split)


def measure_cover(
    sites: Sequence[Site],
    protected_layers: Sequence[QgsVectorLayer | LayerSnapshot],
    rules: CoverRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
    countries: Sequence[tuple[str, geometry.Geometry]] | None = None,
    gaps: bool = False,
) -> CoverageResult:
    """Cover of sites by the areas of any number of layers: polygons, points, either WDPA schema or neither, mixed.

    Layers are streamed, so their size does not matter. QgsVectorLayers may only be given in their own thread; elsewhere
    give snapshots made of them, those of ``bulk`` being read faster. ``countries``, from ``read_countries``: split
    sites by them for the countries' figures. ``gaps``: keep what is unprotected. Raises AzeError for a layer that
    cannot be opened or has no CRS.
    """
    progress = progress or Progress()
    snapshots = [layer if isinstance(layer, LayerSnapshot) else Snapshot(layer) for layer in protected_layers]
    parts, split = split_sites(sites, countries, rules, progress.part(0, 0.05)) if countries else ([], frozenset())
    notes: list[Finding] = []
    total = sum(max(1, s.featureCount()) for s in snapshots)
    done = 0
    with Spool() as spool, CoverageRun(sites, rules, spool, parts, split, gaps) as run:
        for number, snapshot in enumerate(snapshots):
            count = max(1, snapshot.featureCount())
            part = progress.part(0.05 + 0.45 * done / total, 0.05 + 0.45 * (done + count) / total)
            done += count
            columns = attributes.columns_of(snapshot, "protected")
            notes += _assumptions(snapshot, columns) if snapshot.featureCount() else []
            read = snapshot.tables if isinstance(snapshot, Snapshot) else partial(feature_tables, snapshot)
            for table in read(attributes.wanted(columns), transform_context, part):
                run.add(_AreaRows(table, columns, number), table.shapes, part)
        covers = run.results(progress.part(0.5, 1))
    whole, pieces = tuple(covers[: len(sites)]), tuple(covers[len(sites) :])
    notes += _notes_on(run, whole)
    progress.set(1)
    return CoverageResult(
        whole, rules, dict(run.excluded), run.repaired, run.counted, tuple(notes), pieces, split, run.years
    )


def areas_near(
    extent: Sequence[float],
    protected_layers: Sequence[LayerSnapshot],
    rules: CoverRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[tuple[ProtectedArea, geometry.Geometry]]:
    """The polygons that count for cover near a place, as a map shows them: EPSG:6933, one entry a row.

    ``extent``: ``[west, south, east, north]`` in degrees, west > east where it crosses 180°.
    """
    rows = rows_near(extent, protected_layers, rules, transform_context, progress)
    return [(row.area, row.shape) for row in rows if row.shape is not None and row.reason is None]


@dataclass(frozen=True)
class AreaRow:
    """A row of a protected-area layer near a place.

    ``reason``: why it does not count, None where it does. ``shape``: its polygons (EPSG:6933), ``points``: its places
    (lon/lat, shape (n, 2)) where it is known by points; None where it is not.
    """

    area: ProtectedArea
    reason: str | None
    shape: geometry.Geometry | None = None
    points: np.ndarray | None = None


def rows_near(
    extent: Sequence[float],
    protected_layers: Sequence[LayerSnapshot],
    rules: CoverRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[AreaRow]:
    """All rows of protected-area layers near a place, those that do not count included; ``extent`` as ``areas_near``
    has it."""
    west, south, east, north = extent
    windows = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    found: dict[tuple[int, int], AreaRow] = {}
    for number, snapshot in enumerate(protected_layers):
        columns = attributes.columns_of(snapshot, "protected")
        wanted = attributes.wanted(columns)
        for left, right in windows:
            window = QgsRectangle(left, south, right, north)
            table = read_features(snapshot, wanted, transform_context, progress, window)
            kinds = geometry.kinds(table.lonlat)
            shapes = table.prepared().geometries
            rows = _AreaRows(table, columns, number)
            for i, (fid, kind, shape) in enumerate(zip(table.fids, kinds, shapes)):
                area = rows.area(i)
                points = geometry.points_of(table.lonlat[i]) if kind == "point" else None
                polygons = shape if kind == "polygon" else None
                found[number, fid] = AreaRow(area, rules.exclusion(area, kind), polygons, points)
    return list(found.values())


def _assumptions(snapshot: LayerSnapshot, columns: Mapping[str, Sequence[str]]) -> list[Finding]:
    missing = [role for role in ("status", "kind") if not columns[role]]
    code = {
        ("status", "kind"): "coverage.assumed_designated_pa",
        ("status",): "coverage.assumed_designated",
        ("kind",): "coverage.assumed_pa",
    }.get(tuple(missing))
    return [warning(code, source=snapshot.sourceName())] if code else []


def _notes_on(run: CoverageRun, covers: Sequence[SiteCoverage]) -> list[Finding]:
    notes = []
    left_out = sum(run.excluded.values())
    if left_out and not run.counted:
        notes.append(warning("coverage.nothing_counts", count=left_out))
    if run.other_statuses:
        common = [status for status, _ in run.other_statuses.most_common(5)]
        notes.append(warning("coverage.status_other", count=sum(run.other_statuses.values()), statuses=common))
    aside = sum(1 for c in covers if c.cover_class == coverage.NOT_ASSESSED)
    if aside:
        notes.append(warning("coverage.sites_not_assessed", count=aside, total=len(covers)))
    doubled = len(run.sites) - len({site.site_id for site in run.sites})
    if doubled:
        notes.append(warning("coverage.sites_doubled", count=doubled))
    if run.rules.years:
        undated = {s.area.key for c in covers for s in c.areas if s.status_year is None}
        dated = any(c.years for c in covers)
        if undated:
            code = "coverage.years_unknown" if dated else "coverage.years_none"
            notes.append(info(code, count=len(undated), draws=run.rules.draws))
    if run.split:
        notes.append(info("coverage.sites_split", count=len(run.split)))
    if run.of_other_countries:
        notes.append(info("coverage.other_countries", count=run.of_other_countries))
    if run.without_country:
        notes.append(warning("coverage.country_unknown", count=run.without_country))
    return notes


class _AreaRows:
    """The rows of one table as protected areas, made as they are asked for."""

    def __init__(self, table: FeatureTable | Table, columns: Mapping[str, Sequence[str]], layer: int):
        self._fids, self._layer = table.fids, layer
        self._first = {role: attributes.first(table, names) for role, names in columns.items()}
        self._has_status = bool(columns["status"])
        named = [table.columns[name] for name in columns["designation"]]
        self._designations = list(zip(*named)) if named else [()] * len(table)
        self._known: dict[tuple, tuple[tuple[str, ...], str | None]] = {}

    def __len__(self) -> int:
        return len(self._fids)

    def words(self, row: int) -> tuple[tuple[str, ...], str | None]:
        """Designations and status."""
        # Few among many rows differ.
        raw = (self._designations[row], self._first["status"][row])
        if raw not in self._known:
            designations = tuple(d for d in map(attributes.text, raw[0]) if d)
            self._known[raw] = designations, attributes.text(raw[1]) if self._has_status else None
        return self._known[raw]

    def reported_km2(self, row: int) -> float | None:
        """REP_AREA."""
        return attributes.number(self._first["reported_km2"][row])

    def dated(self, row: int) -> tuple[Hashable, int | None, frozenset[str]]:
        """Key, year and countries."""
        area_id = attributes.identifier(self._first["id"][row])
        return (
            self._key(row, area_id, _is_oecm(self._first["kind"][row])),
            _year(self._first["status_year"][row]),
            coverage.countries_of(attributes.text(self._first["iso3"][row])),
        )

    def _key(self, row: int, area_id: str, is_oecm: bool) -> Hashable:
        return (area_id, is_oecm) if area_id else (self._layer, self._fids[row])

    def area(self, row: int) -> ProtectedArea:
        """All of it."""
        first = self._first
        area_id = attributes.identifier(first["id"][row])
        is_oecm = _is_oecm(first["kind"][row])
        designations, status = self.words(row)
        return ProtectedArea(
            key=self._key(row, area_id, is_oecm),
            area_id=area_id or str(self._fids[row]),
            name=attributes.text(first["name"][row]),
            designations=designations,
            iucn_category=attributes.text(first["iucn_category"][row]),
            status=status,
            status_year=_year(first["status_year"][row]),
            kind=coverage.OECM if is_oecm else coverage.PA,
            reported_km2=attributes.number(first["reported_km2"][row]),
            countries=coverage.countries_of(attributes.text(first["iso3"][row])),
            governance=attributes.text(first["governance"][row]),
            designation_type=attributes.text(first["designation_type"][row]),
        )


def _is_oecm(kind: Any) -> bool:
    """SITE_TYPE ``OECM``, or PA_DEF 0 as a number or a text."""
    if isinstance(kind, str) and kind.strip().upper() in ("PA", "OECM"):
        return kind.strip().upper() == "OECM"
    return attributes.number(kind) == 0


def _year(value: Any) -> int | None:
    """A year; None for 0, which the WDPA writes where it is unknown."""
    number = attributes.number(value)
    return int(number) if number else None
