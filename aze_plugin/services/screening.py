"""The screening of a project from end to end: a footprint and sites in, an ``aze-screening/1`` document out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsFeatureSource

from .. import paths
from ..domain import geometry, screening
from ..domain import sites as site_rows
from ..domain.candidate import ExistingSite
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.findings import Finding, info, warning
from ..domain.geometry import Drawn
from ..domain.placeholders import is_placeholder, may_be_placeholder
from ..domain.progress import Progress
from ..domain.screening import Hit, Nearest, Part, ScreenedSite, ScreeningRules
from . import attributes, checking, triggers
from .drawn import read_drawn
from .layers import LayerSnapshot
from .triggers import Trigger, Triggers
from .wording import finding_json, text

SCHEMA = "aze-screening/1"

# Statuses under which a site is none of the Alliance's, as its layer says.
_NOT_AZE = (site_rows.NONE, site_rows.DE_LISTED)

# Shapes that are made measurable in one go.
_AT_ONCE = 500

_NAMES = ("name", "project", "label", "title")


def default_rules() -> ScreeningRules:
    """The rules that the plugin ships."""
    return ScreeningRules.from_dict(paths.load_json("criteria", "screening.json"))


@dataclass(frozen=True)
class Footprint:
    """A project's features: the name of their layer, what each is, and their shapes by dimension, row by row."""

    source: str
    parts: Sequence[Part]
    shapes: Drawn


@dataclass(frozen=True)
class Sites:
    """The sites of a layer that a project is held against, and how many rows were left out as no AZE sites."""

    source: str
    rows: Sequence[ScreenedSite]
    left_out: int = 0


@dataclass(frozen=True)
class Screening:
    """A footprint held against sites; ``hits`` and ``nearest`` name both by their place in the lists."""

    footprint: Footprint
    sites: Sites
    hits: Sequence[Hit]
    nearest: Sequence[Nearest]
    rules: ScreeningRules
    triggers: Triggers = Triggers()
    library: str = ""

    @property
    def closest(self) -> Nearest | None:
        """The nearest site of all; None where nothing could be measured."""
        return min(self.nearest, key=lambda n: (n.distance_m, n.part), default=None)

    @property
    def complete(self) -> bool:
        """Whether all features of the project were held against all sites."""
        return all(p.usable for p in self.footprint.parts) and all(s.geometry is not None for s in self.sites.rows)

    def species(self, site: ScreenedSite) -> tuple[Trigger, ...] | None:
        """Trigger species of a site; None where they are not known."""
        return self.triggers.of(site.site_id)

    def uncertain_m(self, site: ScreenedSite) -> float | None:
        """What a distance to a site is uncertain by, where it is drawn as a circle; else None."""
        return self.rules.placeholder_uncertainty_m if site.is_circle else None

    def findings(self) -> list[Finding]:
        """What has to be said about the whole."""
        found = []
        for part in self.footprint.parts:
            if not part.usable:
                found.append(warning(f"screening.part_{_why(part.reason)}", feature=part.name))
            elif part.repaired:
                found.append(warning("screening.part_repaired", feature=part.name, reason=part.reason))
        lost = Counter(_why(site.reason) for site in self.sites.rows if site.geometry is None)
        if lost:
            found.append(warning("screening.sites_lost", count=sum(lost.values()), total=len(self.sites.rows)))
        repaired = sum(1 for site in self.sites.rows if site.repaired)
        if repaired:
            found.append(info("screening.sites_repaired", count=repaired))
        listed = {hit.site for hit in self.hits}
        circles = sorted(self.sites.rows[n].name for n in listed if self.sites.rows[n].is_circle)
        if circles:
            km = self.rules.placeholder_uncertainty_m / 1000
            found.append(warning("screening.circles", count=len(circles), sites=circles, uncertain_km=km))
        if self.sites.left_out:
            found.append(info("screening.not_aze", count=self.sites.left_out, source=self.sites.source))
        elif self.sites.rows and all(site.aze == site_rows.UNKNOWN for site in self.sites.rows):
            found.append(info("screening.status_unknown", source=self.sites.source))
        unknown = [self.sites.rows[n].name for n in sorted(listed) if self.species(self.sites.rows[n]) is None]
        if unknown:
            found.append(warning("screening.species_unknown", count=len(unknown), sites=unknown))
        return found

    def headline(self) -> Finding:
        """The answer in a sentence."""
        counts = self.counts()
        closest = self.closest
        if closest is None:
            return warning("screening.nothing_measured")
        site, metres = self.sites.rows[closest.site], closest.distance_m
        said = {"site": site.name, "distance_m": metres}
        touched = counts[screening.INSIDE] + counts[screening.OVERLAPS]
        if touched:
            sites = [self.sites.rows[hit.site].name for hit in screening.closest_by_site(self.hits)][:touched]
            return warning("screening.on_sites", count=touched, sites=sites)
        said["reach_km"] = self.rules.bands_km[-1]
        if counts[screening.WITHIN]:
            code = "screening.near_sites" if self.complete else "screening.near_sites_partly"
            return warning(code, count=counts[screening.WITHIN], **said)
        if not self.complete:
            return warning("screening.nothing_near_partly", **said)
        return info("screening.nothing_near", **said)

    def together(self) -> list[Hit]:
        """The weightiest hit of each site, with what all features as one have in common with it."""
        return screening.together(self.footprint.shapes, self.hits, [site.geometry for site in self.sites.rows])

    def counts(self) -> dict[str, int]:
        """Sites by their weightiest relation."""
        found = Counter(hit.relation for hit in screening.closest_by_site(self.hits))
        return {relation: found[relation] for relation in (screening.INSIDE, screening.OVERLAPS, screening.WITHIN)}

    def by_band(self) -> list[tuple[float, int]]:
        """How many sites lie within each band, those that the project touches counted in."""
        best = screening.closest_by_site(self.hits)
        return [(band, sum(hit.distance_m <= 1000 * band for hit in best)) for band in self.rules.bands_km]

    def as_json(self) -> dict[str, Any]:
        """The ``aze-screening/1`` document."""
        closest = self.closest
        nearest = {near.part: near for near in self.nearest}
        return {
            "schema": SCHEMA,
            "software": checking.software(),
            "settings": {
                "bands_km": list(self.rules.bands_km),
                "overlap_tolerance_m2": self.rules.overlap_tolerance_m2,
                "ellipsoid": "EPSG:7030",
                "area_crs": geometry.EQUAL_AREA_CRS,
            },
            "project": {"source": self.footprint.source, "features": len(self.footprint.parts)},
            "sites": {
                "source": self.sites.source,
                "screened": sum(1 for site in self.sites.rows if site.geometry is not None),
                "left_out": self.sites.left_out,
            },
            "triggers": {"sources": dict(self.triggers.sources), "strangers": list(self.triggers.strangers)},
            "headline": finding_json(self.headline()),
            "counts": self.counts(),
            "within": [{"band_km": band, "sites": count} for band, count in self.by_band()],
            "nearest": None if closest is None else self._nearest_json(closest),
            "features": [
                {
                    "number": part.number,
                    "name": part.name,
                    "area_ha": None if part.m2 is None else part.m2 / 1e4,
                    "length_km": None if part.metres is None else part.metres / 1000,
                    "points": part.points,
                    "screened": part.usable,
                    "repaired": part.repaired,
                    "nearest": self._nearest_json(nearest[n]) if n in nearest else None,
                }
                for n, part in enumerate(self.footprint.parts)
            ],
            "hits": [self._hit_json(hit) for hit in self.hits],
            "by_site": [self._site_json(hit) for hit in self.together()],
            "notes": [finding_json(finding) for finding in self.findings()],
            "guidance": {**self.rules.guidance, "text": guidance(self)},
        }

    def _nearest_json(self, near: Nearest) -> dict[str, Any]:
        site = self.sites.rows[near.site]
        return {
            "site_id": site.site_id,
            "site": site.name,
            "iso3": site.iso3,
            "feature": self.footprint.parts[near.part].number,
            "distance_m": near.distance_m,
            "uncertain_m": self.uncertain_m(site),
        }

    def _site_json(self, hit: Hit) -> dict[str, Any]:
        site = self.sites.rows[hit.site]
        return {
            "site_id": site.site_id,
            "site": site.name,
            "relation": hit.relation,
            "features": [self.footprint.parts[h.part].number for h in self.hits if h.site == hit.site],
            "distance_m": hit.distance_m,
            "overlap_ha": hit.overlap_ha,
            "overlap_km": hit.overlap_km,
            "points_inside": hit.points_inside,
            "site_share": hit.site_share,
        }

    def _hit_json(self, hit: Hit) -> dict[str, Any]:
        site, part = self.sites.rows[hit.site], self.footprint.parts[hit.part]
        species = self.species(site)
        return {
            "site_id": site.site_id,
            "site": site.name,
            "iso3": site.iso3,
            "aze_status": site.aze,
            "feature": part.number,
            "feature_name": part.name,
            "relation": hit.relation,
            "band_km": hit.band_km,
            "distance_m": hit.distance_m,
            "overlap_ha": hit.overlap_ha,
            "overlap_km": hit.overlap_km,
            "points_inside": hit.points_inside,
            "feature_share": hit.part_share,
            "site_share": hit.site_share,
            "without_boundary": site.is_circle,
            "uncertain_m": self.uncertain_m(site),
            "trigger_species": None
            if species is None
            else [
                {"scientific_name": t.scientific_name, "category": t.category, "common_name": t.common_name}
                for t in species
            ],
            "triggers_known_by": self.triggers.basis(site.site_id),
        }


def guidance(result: Screening) -> str:
    """What lenders ask of projects at AZE sites, in words that fit the result."""
    counts = result.counts()
    if counts[screening.INSIDE] + counts[screening.OVERLAPS]:
        return text("screening.guidance_on")
    if counts[screening.WITHIN]:
        return text("screening.guidance_near")
    return text("screening.guidance_far" if result.complete and result.closest else "screening.guidance_unknown")


def _why(reason: str) -> str:
    return reason if reason in ("null", "empty", "coordinates") else "empty"


def read_footprint(
    source: QgsFeatureSource | LayerSnapshot,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    name_field: str = "",
) -> Footprint:
    """A project's features of any kind, named by a field, else by a field ``name``, else by their number.

    Raises AzeError ``layer.no_crs``, ``screening.no_features`` or ``screening.field_missing``.
    """
    names = [f.name() for f in source.fields()]
    if name_field and name_field not in names:
        raise AzeError("screening.field_missing", source=source.sourceName(), field=name_field, available=names)
    lower = {name.lower(): name for name in reversed(names)}
    chosen = name_field or next((lower[name] for name in _NAMES if name in lower), "")
    table = read_drawn(source, [chosen] if chosen else [], transform_context, progress.part(0, 0.5))
    if not len(table):
        raise AzeError("screening.no_features", source=table.source)
    shapes = _drawn(table.lonlat, progress)
    sizes = geometry.sizes(shapes)
    usable = shapes.usable
    parts = []
    for i in range(len(table)):
        given = attributes.text(table.columns[chosen][i]) if chosen else ""
        m2, metres, points = (None if np.isnan(size) else float(size) for size in sizes[i])
        parts.append(
            Part(
                i + 1,
                table.fids[i],
                given or f"{table.source} {i + 1}",
                bool(usable[i]),
                bool(shapes.repaired[i]),
                shapes.reasons[i],
                m2,
                metres,
                None if points is None else int(points),
            )
        )
    return Footprint(table.source, parts, shapes)


def read_footprints(
    sources: Sequence[QgsFeatureSource | LayerSnapshot],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    name_field: str = "",
) -> Footprint:
    """As ``read_footprint``, of all layers of a project one after another; one of them has to have the field."""
    having = [name_field in [f.name() for f in source.fields()] for source in sources]
    found = []
    for n, source in enumerate(sources):
        field = name_field if having[n] or not any(having) else ""
        part = progress.part(n / len(sources), (n + 1) / len(sources))
        found.append(read_footprint(source, transform_context, part, field))
    if len(found) == 1:
        return found[0]
    parts = [part for footprint in found for part in footprint.parts]
    return Footprint(
        ", ".join(footprint.source for footprint in found),
        [replace(part, number=n) for n, part in enumerate(parts, 1)],
        _joined([footprint.shapes for footprint in found]),
    )


def read_sites(
    source: QgsFeatureSource | LayerSnapshot,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    only_aze: bool = True,
) -> Sites:
    """The sites of a layer of any schema of the domain.

    ``only_aze``: where the layer has a field for the AZE status, leave out those that it does not call AZE sites.
    Raises AzeError ``layer.no_crs`` or ``coverage.no_sites``.
    """
    columns = attributes.columns_of(source, "sites")
    status = attributes.columns_of(source, "site_details")["aze_status"]
    table = read_drawn(source, [*attributes.wanted(columns), *status], transform_context, progress.part(0, 0.4))
    if not len(table):
        raise AzeError("coverage.no_sites", source=table.source)
    words = paths.load_json("schemas", "sites.json")["aze_status"]
    said = attributes.first(table, status)
    statuses = [site_rows.aze_status(value, words) if status else site_rows.UNKNOWN for value in said]
    kept = [n for n, aze in enumerate(statuses) if not (only_aze and aze in _NOT_AZE)]
    shapes = _drawn(table.lonlat[kept], progress.part(0.4, 1))
    round_ones = circles(shapes.areas)
    named = attributes.sites(table, columns)
    countries = attributes.first(table, columns["iso3"])
    rows = []
    for k, n in enumerate(kept):
        site_id, name = named[n]
        shape = shapes.areas[k]
        rows.append(
            ScreenedSite(
                table.fids[n],
                site_id,
                name,
                attributes.text(countries[n]),
                shape,
                k in round_ones,
                statuses[n],
                bool(shapes.repaired[k]) and shape is not None,
                "" if shape is not None else shapes.reasons[k] or "not_polygon",
            )
        )
    return Sites(table.source, rows, len(table) - len(kept))


def _drawn(lonlat: np.ndarray, progress: Progress) -> Drawn:
    """``geometry.drawn``, a few at a time, so that a wish to stop is heard."""
    found = []
    for start in range(0, max(1, len(lonlat)), _AT_ONCE):
        progress.set(start / max(1, len(lonlat)))
        found.append(geometry.drawn(lonlat[start : start + _AT_ONCE]))
    return _joined(found)


def _joined(found: Sequence[Drawn]) -> Drawn:
    return Drawn(
        *(np.concatenate([getattr(part, name) for part in found]) for name in ("areas", "lines", "points", "repaired")),
        [reason for part in found for reason in part.reasons],
    )


def circles(shapes: np.ndarray) -> set[int]:
    """The numbers of those of some boundaries (EPSG:6933, None for missing ones) that only stand for one."""
    rule = paths.load_json("criteria", "coverage.json")["placeholder"]
    with np.errstate(invalid="ignore"):
        likely = np.flatnonzero(may_be_placeholder(geometry.bounds_all(shapes), rule)).tolist()
    crossing = [n for n, s in enumerate(shapes) if s is not None and geometry.touches_antimeridian(s)]
    return {n for n in {*likely, *crossing} if is_placeholder(shapes[n], rule)}


def screen(
    footprint: Footprint, sites: Sites, rules: ScreeningRules | None = None, progress: Progress | None = None
) -> Screening:
    """Hold a footprint against sites."""
    rules = rules or default_rules()
    hits, nearest = screening.screen(footprint.shapes, [site.geometry for site in sites.rows], rules, progress)
    return Screening(footprint, sites, hits, nearest, rules)


def with_triggers(
    result: Screening,
    known: Triggers,
    library_path: str = "",
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Screening:
    """The result with the trigger species of its sites: those known, and with a library those that it finds."""
    if library_path:
        asked = {hit.site for hit in result.hits}
        asked |= {result.closest.site} if result.closest else set()
        rows = [result.sites.rows[n] for n in sorted(asked)]
        sites = [ExistingSite(r.site_id, r.name, r.geometry) for r in rows if not r.is_circle]
        known = triggers.with_library(known, sites, library_path, settings, progress)
    return replace(result, triggers=known, library=library_path)
