"""The country report: figures of a country's sites, for its biodiversity strategy, as HTML, PDF, CSV and JSON.

``gather`` measures and puts the figures together, in any thread; ``document`` gives the ``aze-country-report/1``,
``csv_text`` the table of sites. ``countrystory`` writes page and PDF, of parts that ``country_…`` modules word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsFeatureRequest, QgsFeatureSource

from .. import paths
from ..domain import coverage, geometry, national
from ..domain.candidate import ExistingSite
from ..domain.coverage import NOT_ASSESSED, CoverRules, Site, SiteCoverage
from ..domain.errors import AzeError
from ..domain.national import Entry, Figures, Species
from ..domain.progress import Progress
from ..domain.sites import CONFIRMED, aze_status
from ..library.query import Library
from . import attributes, protection, triggers
from .checking import software
from .layers import LayerSnapshot, plain
from .protection import CoverageResult
from .remote import features
from .wording import finding_json

SCHEMA = "aze-country-report/1"

_CODE = re.compile(r"^[A-Z]{3}$|^---$")


@dataclass(frozen=True)
class Inputs:
    """What a report is made of.

    ``country``: ISO3, empty for all. ``protected``: snapshots. ``countries``: code and shape (EPSG:6933) of each, to
    split sites; ``countries_source`` is their layer's name, ``country_names`` are theirs by code. ``table``: of trigger
    species. ``library``: path or address, empty for none. ``earlier``: a parsed earlier document. ``confirmed_only``:
    leave out what is no confirmed AZE site.
    """

    sites: QgsFeatureSource
    protected: Sequence[LayerSnapshot]
    rules: CoverRules
    country: str = ""
    countries: Sequence[tuple[str, geometry.Geometry]] | None = None
    countries_source: str = ""
    country_names: Mapping[str, str] = field(default_factory=dict)
    table: QgsFeatureSource | None = None
    library: str = ""
    earlier: Mapping[str, Any] | None = None
    confirmed_only: bool = False


@dataclass(frozen=True)
class Gathered:
    """All that a report says, before any of it is worded.

    ``whole``: the figures of the scope; ``countries``: those of each country in it, by code. ``names``: countries by
    code, where the site layer names them. ``notes``: (code, params) of what has to be said. ``areas``: protected areas
    for the map, (kind, WKB) each, None where there are too many to show.
    """

    inputs: Inputs
    result: CoverageResult
    whole: Figures
    countries: Mapping[str, Figures]
    names: Mapping[str, str]
    triggers: triggers.Triggers
    sources: Sequence[Mapping[str, Any]]
    notes: Sequence[tuple[str, Mapping[str, Any]]] = ()
    areas: Sequence[tuple[str, geometry.Geometry]] | None = None
    changes: national.Changes | None = None
    focus: Sequence[Sequence[float]] = field(default=())

    def country_name(self, code: str) -> str:
        """A country in words, or its code."""
        return self.names.get(code, code)


def country_code(text: str) -> str:
    """COUNTRY as a code, empty for all. Raises AzeError ``report.country`` for anything else."""
    code = text.strip().upper()
    if code and not _CODE.match(code):
        raise AzeError("report.country", value=text)
    return code


def read_country_names(source: QgsFeatureSource) -> dict[str, str]:
    """Names by code of a layer of countries, as far as it has them."""
    columns = attributes.columns_of(source, "country_names")
    names = attributes.wanted({role: columns[role] for role in ("iso3", "name")})
    indexes = {name: source.fields().indexOf(name) for name in names}
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(list(indexes.values()))
    found: dict[str, str] = {}
    for feature in features(source, request):
        values = feature.attributes()
        code, name = (
            next((t for t in (attributes.text(plain(values[indexes[n]])) for n in columns[role]) if t), "")
            for role in ("iso3", "name")
        )
        if code and name:
            found.setdefault(code.upper(), name)
    return found


def read_earlier(path: str, country: str) -> Mapping[str, Any]:
    """An earlier summary. Raises AzeError ``report.earlier``, and ``report.earlier_scope`` for another country's."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise AzeError("report.earlier", file=path, detail=str(error)) from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise AzeError("report.earlier", file=path, detail=f"schema: {SCHEMA}")
    problem = _fault(found)
    if problem:
        raise AzeError("report.earlier", file=path, detail=problem)
    if found["country"] != country:
        raise AzeError("report.earlier_scope", file=path, earlier=found["country"] or "–", now=country or "–")
    return found


def _fault(document: Mapping[str, Any]) -> str:
    """What of an earlier document is not as this plugin writes it; empty where all is."""
    if not isinstance(document.get("country"), str) or not isinstance(document.get("settings"), dict):
        return "country, settings"
    if not isinstance(document.get("global"), dict) or not isinstance(document["global"].get("sites"), int):
        return "global"
    if not _is_percentage(document["global"].get("mean_pct")):
        return "global.mean_pct"
    for member, texts, numbers in (
        ("sites", ("site_id", "name", "iso3", "cover_class"), ("both_pct", "area_ha")),
        ("species", ("scientific_name", "category"), ()),
    ):
        rows = document.get(member)
        if not isinstance(rows, list):
            return member
        for row in rows:
            if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in texts):
                return member
            if not all(name in row and _is_percentage(row[name]) for name in numbers):
                return member
    return ""


def _is_percentage(value: Any) -> bool:
    return value is None or isinstance(value, (int, float)) and not isinstance(value, bool)


def gather(
    inputs: Inputs, context: QgsCoordinateTransformContext, progress: Progress, with_map: bool = True
) -> Gathered:
    """Measure the sites, find out their species and put the figures together."""
    sites = protection.read_sites(inputs.sites, context, progress.part(0, 0.05))
    notes: list[tuple[str, Mapping[str, Any]]] = []
    told = _told(inputs.sites)
    sites = _in_reach(sites, inputs)
    others = []
    if told.has_status and inputs.confirmed_only:
        others = [site for site in sites if told.status[site.fid] != CONFIRMED]
        sites = [site for site in sites if told.status[site.fid] == CONFIRMED]
    result = _measured(sites, inputs, context, progress.part(0.05, 0.6))
    known = triggers.known(inputs.sites, inputs.table, progress.part(0.6, 0.65))
    if inputs.library:
        judged = [
            ExistingSite(c.site.site_id, c.site.name, c.site.geometry)
            for c in result.covers
            if c.cover_class != NOT_ASSESSED
        ]
        known = triggers.with_library(known, judged, inputs.library, progress=progress.part(0.65, 0.85))
    else:
        known = _categorised(known)
    whole, countries = _figures(result, known, inputs, notes)
    notes[:0] = _status_notes(whole, others, told, inputs)
    gathered = Gathered(
        inputs,
        result,
        whole,
        countries,
        {**inputs.country_names, **_names(told)},
        known,
        _sources(inputs),
        notes,
        focus=_extents(whole),
    )
    if with_map and inputs.country and whole.entries:
        gathered = replace(gathered, areas=_areas(gathered, context, progress.part(0.85, 1)))
    if inputs.earlier is not None:
        gathered = replace(gathered, changes=national.changes(inputs.earlier, document(gathered)))
    progress.set(1)
    return gathered


# ------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Told:
    """What the site layer tells of each site beside its boundary, by feature id; ``has_status``: of its AZE status."""

    country: Mapping[int, str]
    iso3: Mapping[int, str]
    status: Mapping[int, str]
    has_status: bool


def _told(source: QgsFeatureSource) -> _Told:
    details = attributes.columns_of(source, "site_details")
    columns = {
        "country": details["country"],
        "status": details["aze_status"],
        "iso3": attributes.columns_of(source, "sites")["iso3"],
    }
    names = attributes.wanted(columns)
    indexes = {name: source.fields().indexOf(name) for name in names}
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(list(indexes.values()))
    words = paths.load_json("schemas", "sites.json")["aze_status"]
    found: dict[str, dict[int, str]] = {"country": {}, "iso3": {}, "status": {}}
    for feature in features(source, request):
        values = feature.attributes()
        for role, present in columns.items():
            said = (plain(values[indexes[name]]) for name in present)
            value = next((v for v in said if v is not None and v != ""), None)
            found[role][feature.id()] = aze_status(value, words) if role == "status" else attributes.text(value)
    return _Told(found["country"], found["iso3"], found["status"], bool(columns["status"]))


def _names(told: _Told) -> dict[str, str]:
    """Each country's commonest name, of sites that lie in it alone."""
    counts: dict[str, dict[str, int]] = {}
    for fid, name in told.country.items():
        codes = coverage.countries_of(told.iso3.get(fid, ""))
        if name and len(codes) == 1:
            tally = counts.setdefault(next(iter(codes)), {})
            tally[name] = tally.get(name, 0) + 1
    return {code: min(tally, key=lambda n: (-tally[n], n)) for code, tally in counts.items()}


def _status_notes(whole: Figures, left_out: Sequence[Site], told: _Told, inputs: Inputs) -> list:
    """What has to be said of sites that are no confirmed AZE sites: of those counted, else of those left out."""
    if not told.has_status:
        return [("report.status_unknown", {})] if inputs.confirmed_only else []
    if inputs.confirmed_only:
        count = len(left_out)
        if inputs.country and inputs.countries:
            parts, split = protection.split_sites(left_out, inputs.countries, inputs.rules, Progress())
            here = {part.fid for part in parts if part.iso3 == inputs.country}
            here |= {
                s.fid for n, s in enumerate(left_out) if n not in split and inputs.country in coverage.groups_of(s)
            }
            count = len(here)
        return [("report.only_confirmed", {"count": count})] if count else []
    counted = {entry.cover.site.fid for entry in whole.entries}
    others = sum(told.status[fid] != CONFIRMED for fid in counted)
    return [("report.not_confirmed", {"count": others, "total": len(counted)})] if others else []


def _in_reach(sites: list[Site], inputs: Inputs) -> list[Site]:
    """The sites that can have a part in the country: those of its code, and with borders those near it."""
    if not inputs.country:
        return sites
    near: set[int] = set()
    if inputs.countries:
        borders = [shape for code, shape in inputs.countries if code == inputs.country]
        index = geometry.BoundaryIndex(borders)
        shaped = [n for n, site in enumerate(sites) if site.geometry is not None]
        boxes = geometry.bounds_all(np.array([sites[n].geometry for n in shaped], dtype=object))
        asked, _ = index.near(boxes) if borders and shaped else ((), ())
        near = {shaped[n] for n in asked}
    return [s for n, s in enumerate(sites) if n in near or inputs.country in coverage.groups_of(s)]


def _measured(
    sites: list[Site], inputs: Inputs, context: QgsCoordinateTransformContext, progress: Progress
) -> CoverageResult:
    if not sites:
        return CoverageResult((), inputs.rules, {}, 0, 0, ())
    return protection.measure_cover(
        sites, inputs.protected, inputs.rules, context, progress, inputs.countries, gaps=bool(inputs.country)
    )


def _categorised(known: triggers.Triggers) -> triggers.Triggers:
    """A species' category stands with each of its sites, where one row of a table has it."""
    of = {
        one.scientific_name.casefold(): one.category
        for species in known.species.values()
        for one in species
        if one.category
    }
    return replace(
        known,
        species={
            site: tuple(replace(o, category=o.category or of.get(o.scientific_name.casefold(), "")) for o in species)
            for site, species in known.species.items()
        },
    )


def _figures(
    result: CoverageResult, known: triggers.Triggers, inputs: Inputs, notes: list
) -> tuple[Figures, dict[str, Figures]]:
    rules = inputs.rules
    whole = [_entry(cover, known) for cover in result.covers]
    aside = [entry for n, entry in enumerate(whole) if n not in result.split]
    in_parts = {}
    for part in result.parts:
        in_parts.setdefault(part.site.fid, []).append(part)
    pieces = [_entry(part, known, len(parts) > 1) for parts in in_parts.values() for part in parts]
    groups = national.by_country([*aside, *pieces])
    if inputs.country:
        groups = {code: entries for code, entries in groups.items() if code == inputs.country}
    countries = {c: national.figures(c, entries, rules, result.years.get(c, ())) for c, entries in groups.items()}
    if inputs.countries:
        shown = sum(entry.is_part for f in countries.values() for entry in f.entries)
        notes.append(("report.by_borders", {"source": inputs.countries_source, "count": shown}))
    else:
        several = sum(len(coverage.groups_of(e.cover.site)) > 1 for e in whole)
        notes.append(("report.by_codes", {"count": several}) if several else ("report.country_of_code", {}))
    if inputs.country:
        only = countries.get(inputs.country) or national.figures(inputs.country, (), rules)
        return only, {inputs.country: only}
    return national.figures(None, whole, rules, result.years.get(None, ())), countries


def _entry(cover: SiteCoverage, known: triggers.Triggers, is_part: bool = False) -> Entry:
    site = cover.site
    told = known.of(site.site_id)
    species = None
    if told is not None:
        species = tuple(Species(t.scientific_name, t.category, t.common_name) for t in told)
    place = None if site.geometry is None else geometry.midpoint(site.geometry)
    return Entry(cover, species, place, is_part, known.basis(site.site_id))


def _sources(inputs: Inputs) -> list[dict[str, Any]]:
    """The data behind the figures: role, name, rows; of the library its own sources."""
    found = [{"role": "sites", "name": inputs.sites.sourceName(), "rows": inputs.sites.featureCount()}]
    found += [{"role": "protected", "name": s.sourceName(), "rows": s.featureCount()} for s in inputs.protected]
    if inputs.countries:
        found.append({"role": "countries", "name": inputs.countries_source, "rows": len(inputs.countries)})
    if inputs.table is not None:
        found.append({"role": "triggers", "name": inputs.table.sourceName(), "rows": inputs.table.featureCount()})
    if inputs.library:
        with Library.open(inputs.library) as library:
            for source in library.sources():
                found.append(
                    {
                        "role": "library",
                        "name": source["name"],
                        "version": source["version"],
                        "citation": source["citation"],
                        "rows": source["rows_imported"],
                    }
                )
    return found


# ------------------------------------------------------------------------------------------------------------ the map


def _extents(figures: Figures) -> list[list[float]]:
    shapes = (entry.cover.site.geometry for entry in figures.entries)
    return [geometry.extent_lonlat(shape) for shape in shapes if shape is not None]


def _areas(
    gathered: Gathered, context: QgsCoordinateTransformContext, progress: Progress
) -> list[tuple[str, geometry.Geometry]] | None:
    """Protected areas round the sites, no finer than a map of a page shows them."""
    from .reporting import maps

    if not gathered.focus:
        return []
    west, south, east, north = maps.focus_on(gathered.focus)
    wide = (east - west) % 360
    room = max(0.1, 0.12 * max(wide, north - south))
    if wide + 2 * room > 180:
        return None
    extent = [
        (west - room + 180) % 360 - 180,
        max(-90.0, south - room),
        (east + room + 180) % 360 - 180,
        min(90.0, north + room),
    ]
    found = protection.areas_near(extent, gathered.inputs.protected, gathered.inputs.rules, context, progress)
    # A map of a page's width has some 1,600 dots.
    dot = max(wide, 0.05) * 111_320 / 1600
    kept = []
    for n, (area, shape) in enumerate(found):
        if n % 64 == 0:
            progress.check()
        if geometry.area(shape) >= dot * dot:
            coarse = geometry.polygonal(geometry.simplified(shape, 0.5 * dot))
            kept.append((area.kind, shape if geometry.is_empty(coarse) else coarse))
    return kept


# ------------------------------------------------------------------------------------------------------- the document


def document(gathered: Gathered) -> dict[str, Any]:
    """The ``aze-country-report/1`` document; an earlier one is what EARLIER takes."""
    inputs, result = gathered.inputs, gathered.result
    return {
        "schema": SCHEMA,
        "software": software(),
        "country": inputs.country,
        "settings": {
            **result.as_json()["settings"],
            "countries": bool(inputs.countries),
            "confirmed_only": inputs.confirmed_only,
        },
        "sources": list(gathered.sources),
        "global": _block(gathered.whole),
        "countries": [_block(figures) for figures in gathered.countries.values()],
        "sites": [_site_row(entry) for entry in listed(gathered)],
        "species": [_species_row(one) for one in gathered.whole.species],
        "excluded": inputs.rules.told(result.excluded),
        "counted": result.counted,
        "repaired": result.repaired,
        "notes": [finding_json(note) for note in result.notes],
    }


def listed(gathered: Gathered) -> list[Entry]:
    """Every site, or part of one, once: by country, then by name."""
    found: dict[int, Entry] = {}
    for figures in gathered.countries.values():
        for entry in figures.entries:
            found.setdefault(id(entry.cover), entry)
    return list(found.values())


def _block(figures: Figures) -> dict[str, Any]:
    return {
        **figures.block,
        "mean_low_pct": figures.mean.low if figures.mean else None,
        "mean_high_pct": figures.mean.high if figures.mean else None,
        "area_weighted_low_pct": figures.weighted.low if figures.weighted else None,
        "area_weighted_high_pct": figures.weighted.high if figures.weighted else None,
        "area_weighted_pa_pct": figures.pa_weighted_pct,
        "area_weighted_oecm_pct": figures.oecm_weighted_pct,
        "area_ha": figures.area_ha,
        "unprotected_ha": figures.unprotected_ha,
        "species": [{"category": category, **classes} for category, classes in figures.categories()],
        "sites_without_known_species": figures.without_species,
    }


def _site_row(entry: Entry) -> dict[str, Any]:
    cover = entry.cover
    return {
        "site_id": entry.site_id,
        "name": entry.name,
        "iso3": cover.site.iso3,
        "part": entry.is_part,
        "longitude": entry.place[0] if entry.place else None,
        "latitude": entry.place[1] if entry.place else None,
        "area_ha": cover.area_ha,
        "unprotected_ha": cover.unprotected_ha,
        "pa_pct": cover.pa_pct,
        "oecm_pct": cover.oecm_pct,
        "both_pct": cover.both_pct,
        "cover_class": cover.cover_class,
        "species": None
        if entry.species is None
        else [{"scientific_name": s.scientific_name, "category": s.category} for s in entry.species],
        "species_basis": entry.basis,
        "findings": [finding_json(finding) for finding in cover.findings],
    }


def _species_row(one: national.SpeciesCover) -> dict[str, Any]:
    return {
        "scientific_name": one.species.scientific_name,
        "category": one.species.category,
        "cover_class": one.cover_class,
        "sites": sorted({entry.site_id for entry in one.sites}),
    }


_COLUMNS = (
    "site_id",
    "name",
    "iso3",
    "part",
    "longitude",
    "latitude",
    "area_ha",
    "unprotected_ha",
    "pa_pct",
    "oecm_pct",
    "both_pct",
    "cover_class",
)


def csv_text(gathered: Gathered) -> str:
    """One row a site, or part of one, unrounded; what is not known is an empty cell."""
    from .spreadsheets import as_csv

    rows = []
    for entry in listed(gathered):
        row = _site_row(entry)
        species = entry.species
        rows.append(
            [
                *(_cell(row[name]) for name in _COLUMNS),
                "" if species is None else len(species),
                "" if species is None else "; ".join(s.scientific_name for s in species),
                "" if species is None else "; ".join(s.category for s in species),
                entry.basis,
                "; ".join(finding["message"] for finding in row["findings"]),
            ]
        )
    head = (*_COLUMNS, "trigger_species_count", "trigger_species", "trigger_categories", "trigger_basis", "remarks")
    return as_csv(head, rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value
