"""Protected-area cover from end to end: sites and protected-area layers in, an ``aze-coverage/1`` document out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsCoordinateTransformContext, QgsFeatureSource, QgsRectangle, QgsVectorLayer

from .. import paths
from ..domain import coverage, geometry
from ..domain.coverage import CoverageRun, CoverRules, ProtectedArea, Site, SiteCoverage
from ..domain.errors import AzeError
from ..domain.findings import Finding, info, warning
from ..domain.progress import Progress
from . import attributes
from .layers import FeatureTable, LayerSnapshot, read_features, stream_features
from .measure import ellipsoidal_area_m2
from .wording import finding_json

SCHEMA = "aze-coverage/1"


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

    @property
    def gaps(self) -> list[tuple[SiteCoverage, geometry.Geometry]]:
        """The unprotected part (EPSG:6933) of each site that has one. Computed anew at each call."""
        found = ((cover, coverage.gap(cover, self.rules)) for cover in self.covers)
        return [(cover, shape) for cover, shape in found if shape is not None]

    def as_json(self) -> dict[str, Any]:
        """The ``aze-coverage/1`` document.

        Beyond the contract's members a site has ``unprotected_ha`` and ``findings``, a protected area ``kind``, the
        document ``notes``, ``counted`` and the ``settings`` in force.
        """
        return {
            "schema": SCHEMA,
            "settings": {
                "statuses": list(self.rules.statuses),
                "exclude_mab": self.rules.exclude_mab,
                "points": "circle" if self.rules.circles else "omit",
                "match_country": self.rules.match_country,
                "years": self.rules.years,
                "area_crs": geometry.EQUAL_AREA_CRS,
            },
            "sites": [_site_json(cover) for cover in self.covers],
            "countries": coverage.by_country(self.covers),
            "global": coverage.summarise(self.covers),
            "excluded": [
                {"reason": reason, "count": self.excluded[reason]}
                for reason in self.rules.reasons
                if self.excluded.get(reason)
            ],
            "counted": self.counted,
            "repaired": self.repaired,
            "notes": [finding_json(note) for note in self.notes],
        }


def _site_json(cover: SiteCoverage) -> dict[str, Any]:
    return {
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
                "pct": share.pct,
            }
            for share in cover.areas
        ],
        "years": [{"year": year, "both_pct": pct} for year, pct in cover.years],
        "findings": [finding_json(finding) for finding in cover.findings],
    }


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
    names = [f.name() for f in source.fields()]
    for chosen in (id_field, country_field):
        if chosen and chosen not in names:
            raise AzeError("coverage.field_missing", source=source.sourceName(), field=chosen, available=names)
    columns = attributes.columns_of(source, "sites")
    if id_field:
        columns["site_id"] = [id_field]
    if country_field:
        columns["iso3"] = [country_field]
    table = read_features(source, attributes.wanted(columns), transform_context, progress)
    if not len(table):
        raise AzeError("coverage.no_sites", source=source.sourceName())
    prepared = table.prepared()
    mended = geometry.to_lonlat(prepared.geometries)
    named = attributes.sites(table, columns)
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
                area_ha=0.0 if shape is None else ellipsoidal_area_m2(mended[i]) / 1e4,
                repaired=bool(prepared.repaired[i]) and shape is not None,
                reason=prepared.reasons[i],
            )
        )
    return sites


def measure_cover(
    sites: Sequence[Site],
    protected_layers: Sequence[QgsVectorLayer | LayerSnapshot],
    rules: CoverRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
) -> CoverageResult:
    """Cover of sites by the areas of any number of layers: polygons, points, either WDPA schema or neither, mixed.

    Layers are streamed, so their size does not matter. QgsVectorLayers may only be given in their own thread; elsewhere
    give LayerSnapshots made of them. Raises AzeError for a layer that cannot be opened or has no CRS.
    """
    progress = progress or Progress()
    snapshots = [layer if isinstance(layer, LayerSnapshot) else LayerSnapshot(layer) for layer in protected_layers]
    run = CoverageRun(sites, rules)
    notes: list[Finding] = []
    total = sum(max(1, s.featureCount()) for s in snapshots)
    done = 0
    for number, snapshot in enumerate(snapshots):
        count = max(1, snapshot.featureCount())
        part = progress.part(0.9 * done / total, 0.9 * (done + count) / total)
        done += count
        columns = attributes.columns_of(snapshot, "protected")
        notes += _assumptions(snapshot, columns)
        wanted = attributes.wanted(columns)
        for table in stream_features(snapshot, wanted, transform_context, part):
            run.add(_areas(table, columns, number), table.lonlat, part)
    covers = run.results(progress.part(0.9, 1))
    notes += _notes_on(run, covers)
    progress.set(1)
    return CoverageResult(tuple(covers), rules, dict(run.excluded), run.repaired, run.counted, tuple(notes))


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
    west, south, east, north = extent
    windows = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    found: dict[tuple[int, int], tuple[ProtectedArea, geometry.Geometry]] = {}
    for number, snapshot in enumerate(protected_layers):
        columns = attributes.columns_of(snapshot, "protected")
        wanted = attributes.wanted(columns)
        for left, right in windows:
            window = QgsRectangle(left, south, right, north)
            table = read_features(snapshot, wanted, transform_context, progress, window)
            kinds = geometry.kinds(table.lonlat)
            shapes = table.prepared().geometries
            for fid, area, kind, shape in zip(table.fids, _areas(table, columns, number), kinds, shapes):
                if kind == "polygon" and shape is not None and rules.exclusion(area, kind) is None:
                    found[number, fid] = (area, shape)
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
            notes.append(info("coverage.years_unknown" if dated else "coverage.years_none", count=len(undated)))
    if run.of_other_countries:
        notes.append(info("coverage.other_countries", count=run.of_other_countries))
    if run.without_country:
        notes.append(warning("coverage.country_unknown", count=run.without_country))
    return notes


def _areas(table: FeatureTable, columns: Mapping[str, Sequence[str]], layer: int) -> list[ProtectedArea]:
    """The rows of one table as protected areas."""
    has_status = bool(columns["status"])
    designations = [table.columns[name] for name in columns["designation"]]
    rows = zip(
        table.fids,
        attributes.first(table, columns["id"]),
        attributes.first(table, columns["name"]),
        zip(*designations) if designations else [()] * len(table),
        attributes.first(table, columns["iucn_category"]),
        attributes.first(table, columns["status"]),
        attributes.first(table, columns["status_year"]),
        attributes.first(table, columns["kind"]),
        attributes.first(table, columns["reported_km2"]),
        attributes.first(table, columns["iso3"]),
    )
    areas = []
    for fid, number, name, designation, category, status, year, kind, reported, iso3 in rows:
        area_id = attributes.identifier(number)
        is_oecm = _is_oecm(kind)
        areas.append(
            ProtectedArea(
                key=(area_id, is_oecm) if area_id else (layer, fid),
                area_id=area_id or str(fid),
                name=attributes.text(name),
                designations=tuple(d for d in map(attributes.text, designation) if d),
                iucn_category=attributes.text(category),
                status=attributes.text(status) if has_status else None,
                status_year=_year(year),
                kind=coverage.OECM if is_oecm else coverage.PA,
                reported_km2=attributes.number(reported),
                countries=coverage.countries_of(attributes.text(iso3)),
            )
        )
    return areas


def _is_oecm(kind: Any) -> bool:
    """SITE_TYPE ``OECM``, or PA_DEF 0 as a number or a text."""
    if isinstance(kind, str) and kind.strip().upper() in ("PA", "OECM"):
        return kind.strip().upper() == "OECM"
    return attributes.number(kind) == 0


def _year(value: Any) -> int | None:
    """A year; None for 0, which the WDPA writes where it is unknown."""
    number = attributes.number(value)
    return int(number) if number else None
