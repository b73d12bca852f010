"""Filling in what the plugin knows: from the assessment, the cover, the boundary, and the project's data."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import changes
from .model import (
    CATEGORY_LABELS,
    CELL_KM2,
    CRITERION_MODE,
    PARAMETER_LABELS,
    PURPOSES,
    RELATION_LABELS,
    SEASON_LABELS,
    SECTIONS,
    SLIVER_SHARE,
    SPECIES_STATEMENTS,
    Known,
    Place,
    deciding_share,
    is_update,
    national_authority,
    rows_at,
    site_number,
    statements_for,
    text_at,
    triggers,
    value_at,
)

_SYSTEMS = ("terrestrial", "freshwater", "marine", "subterranean")
_KEY_LENGTH = 80


def complete(
    nomination: Mapping[str, Any],
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    place: Place,
    sources: Iterable[Mapping[str, Any]],
    evidence: Iterable[str] = (),
    known: Known | None = None,
) -> dict[str, Any]:
    """A copy of the nomination with the derived fields filled in; what the nominator wrote is never overwritten.

    ``assessment``: one member of ``assessments``; ``coverage``: one member of the cover's ``sites``, None where no
    protected areas were given; ``sources``: the assessment's; ``evidence``: names of the nominator's files; ``known``:
    what the project's data say beside these.
    """
    known, sources = known or Known(), list(sources)
    filled = copy.deepcopy(dict(nomination))
    for section in SECTIONS:
        # The schema check speaks of a section that is no object; nothing can be read from it or filled into it.
        if not isinstance(filled.get(section, {}), dict):
            del filled[section]
    for section in ("site", "delineation", "biodiversity", "protection"):
        filled.setdefault(section, {})
    statements = statements_for(nomination, assessment["name"])
    filled["statements"] = statements
    entry = statements["candidates"][assessment["name"]]
    taxa = triggers(assessment)
    authority = national_authority(assessment)

    site = filled["site"]
    _fill(site, "a1", "Yes" if assessment["a1e"] == "met" else "No")
    _fill(site, "area_km2", round(place.area_ha / 100, 4))
    _fill(site, "latitude", round(place.latitude, 4))
    _fill(site, "longitude", round(place.longitude, 4))
    _fill_place(site, known)
    if taxa:
        _fill(site, "rationale", " ".join(_rationale(taxon, authority) for taxon in taxa))

    if entry["delineation_rationale"]:
        _fill(filled["delineation"], "rationale", entry["delineation_rationale"])
    _fill(filled["delineation"], "boundary_attached", "Yes")

    rows = rows_at(filled, "/biodiversity/species")
    by_name = {text_at(row, "/scientific_name"): row for row in rows}
    citation = "; ".join(_cited(s) for s in sources)
    for taxon in taxa:
        row = by_name.get(taxon["scientific_name"])
        if row is None:
            row = {"scientific_name": taxon["scientific_name"]}
            rows.append(row)
        _fill_species(row, taxon, entry["species"].get(taxon["scientific_name"], {}), citation)
        if authority:
            _fill(row, "other_threat_listing", authority)
    filled["biodiversity"]["species"] = rows

    _fill_protection(filled["protection"], coverage, place)
    if known.habitats and not value_at(filled, "/habitats/types"):
        filled["habitats"] = {**filled.get("habitats", {}), "types": [_habitat_row(h) for h in known.habitats]}
    _fill_systems(filled, known.systems)
    _fill_references(filled, sources, known)
    _fill_update(filled, assessment, place, known)

    files = rows_at(filled, "/evidence/files")
    listed = {text_at(row, "/file") for row in files}
    files += [{"file": name} for name in evidence if name not in listed]
    if files:
        filled["evidence"] = {"files": files}
    return filled


def _fill(section: dict[str, Any], key: str, value: Any) -> None:
    if section.get(key) in (None, "") and value not in (None, ""):
        section[key] = value


def _is_rows(value: Any) -> bool:
    """Whether a list can be added to: anything else is left as it is, for the schema to speak of."""
    return value is None or isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def _fill_place(site: dict[str, Any], known: Known) -> None:
    """Country and altitude."""
    if known.countries:
        _fill(site, "country", "; ".join(name or code for name, code in known.countries))
        _fill(site, "iso3", next((code for _, code in known.countries[:1] if re.fullmatch("[A-Z]{3}", code)), ""))
    if known.altitudes_m is not None:
        lowest, highest = known.altitudes_m
        _fill(site, "altitude_min", round(lowest))
        _fill(site, "altitude_max", round(highest))


def _fill_protection(protection: dict[str, Any], coverage: Mapping[str, Any] | None, place: Place) -> None:
    if coverage is None or coverage["both_pct"] is None:
        return
    for key, member in (("cover_percent", "both_pct"), ("pa_percent", "pa_pct"), ("oecm_percent", "oecm_pct")):
        if coverage.get(member) is not None:
            _fill(protection, key, round(coverage[member], 4))
    _fill(protection, "cover_class", cover_label(coverage["both_pct"]))
    areas = coverage["protected_areas"]
    conserved = [a for a in areas if str(a.get("kind")).upper() == "OECM"]
    _fill(protection, "protected_areas", "; ".join(_named(a) for a in areas if a not in conserved) or "None")
    _fill(protection, "oecm", "; ".join(_named(a) for a in conserved) or "None")
    if place.relation:
        _fill(protection, "relation", RELATION_LABELS[place.relation])


def _habitat_row(habitat) -> dict[str, Any]:
    row = {"habitat": habitat.habitat, "level_2": habitat.level_2, "cover_percent": habitat.cover_percent}
    row["detail"] = habitat.detail
    return {key: value for key, value in row.items() if value != ""}


def _fill_systems(filled: dict[str, Any], numbers: Mapping[str, Sequence[str]]) -> None:
    """The systems said to matter, the one with the most habitat first; their order in the form where none is known."""
    site = filled["site"]
    cover = dict.fromkeys(_SYSTEMS, 0.0)
    for row in rows_at(filled, "/habitats/types"):
        number = re.match(r"\s*(\d+)", text_at(row, "/habitat"))
        percent = row.get("cover_percent")
        for system in _SYSTEMS:
            if number and number[1] in numbers.get(system, ()) and isinstance(percent, (int, float)):
                cover[system] += percent
    there = [system for system in _SYSTEMS if site.get(system) == "Yes"]
    ranked = sorted(there, key=lambda system: -cover[system])
    if not any(site.get(f"system_{n}") for n in range(1, 5)):
        for n, system in enumerate(ranked, 1):
            site[f"system_{n}"] = system.capitalize()


def _fill_references(filled: dict[str, Any], sources: Sequence[Mapping[str, Any]], known: Known) -> None:
    """A reference for every dataset, each citation once."""
    rows = rows_at(filled, "/references/items")
    if not _is_rows(value_at(filled, "/references/items")):
        return
    keys = {text_at(row, "/key") for row in rows}
    cited = {text_at(row, "/citation") for row in rows}
    datasets = [(" ".join(filter(None, (s.get("name"), s.get("version")))), _cited(s)) for s in sources]
    added = []
    for name, citation in [*datasets, *known.datasets]:
        key = re.sub(r"[\[\]\r\n]+", " ", name).strip()[:_KEY_LENGTH].strip()
        if key and citation and key not in keys and citation not in cited:
            added.append({"key": key, "citation": citation})
            keys.add(key)
            cited.add(citation)
    if added:
        filled["references"] = {**filled.get("references", {}), "items": [*rows, *added]}


def _fill_update(filled: dict[str, Any], assessment: Mapping[str, Any], place: Place, known: Known) -> None:
    """What changes of an existing site, and the purpose that follows from it; of a new site its purpose."""
    site = filled["site"]
    if not is_update(filled):
        if changes.known_to_be_apart(assessment):
            _fill(site, "purpose", PURPOSES["new"])
        return
    update = filled.setdefault("update", {})
    updated = known.updated or changes.updated_by(assessment, place, site_number(filled))
    _fill(update, "site_id", text_at(filled, "/site/sitrecid") or (updated.site_id if updated else ""))
    _fill(site, "sitrecid", text_at(update, "/site_id"))
    if updated is not None:
        _fill(update, "site_name", updated.name)
        _fill(update, "compared_with", updated.dataset)
        if updated.former is not None:
            names = "; ".join(sorted(updated.former)) or "none"
            _fill(update, "former_triggers", f"{names} ({changes.BASES.get(updated.basis, updated.basis)})")
    reasons = {taxon["scientific_name"]: _rationale(taxon) for taxon in triggers(assessment)}
    if not _is_rows(update.get("changes")):
        return
    update["changes"] = changes.completed(rows_at(update, "/changes"), assessment, place, updated, reasons)
    kinds = {text_at(row, "/kind") for row in update["changes"]}
    chosen = next((k for k in ("amalgamation", "new_trigger") if k in kinds), "reassessment" if kinds else "")
    _fill(site, "purpose", PURPOSES.get(chosen, ""))
    taken = [text_at(row, "/site") for row in update["changes"] if text_at(row, "/kind") == "amalgamation"]
    _fill(site, "kbas_replaced", "; ".join(filter(None, taken)))
    _fill(site, "change_reason", changes.summary(update["changes"]))


def _fill_species(row: dict[str, Any], taxon: Mapping[str, Any], stated: Mapping[str, str], citation: str) -> None:
    share = deciding_share(taxon)
    _fill(row, "sis_id", taxon["taxon_id"])
    for key, member in (("common_name", "common_name"), ("group", "group")):
        if taxon.get(member):
            _fill(row, key, taxon[member])
    if taxon["category"] in CATEGORY_LABELS:
        _fill(row, "category", CATEGORY_LABELS[taxon["category"]])
    _fill(row, "redlist_criteria", taxon.get("criteria") or "")
    _fill(row, "criteria", "A1e" if taxon.get("a1e", "met") == "met" and taxon["category"] != "EW" else "AZE only")
    for key in SPECIES_STATEMENTS:
        if stated.get(key):
            _fill(row, key, stated[key])
    if taxon["category"] != "EW":
        _fill(row, "criterion_mode", CRITERION_MODE)
    if share is None:
        return
    _fill(row, "parameter", PARAMETER_LABELS[share["parameter"]])
    _fill(row, "seasonal", SEASON_LABELS[share["segment"]])
    _fill(row, "percent_at_site", round(min(100.0, 100 * share["best"]), 4))
    told = {e["scope"]: e for e in taxon.get("estimates", ()) if _same_measure(e, share)}
    for side in ("global", "site"):
        estimate = told.get(side) if share.get("basis") == "estimate" else None
        bounds = estimate or dict.fromkeys(("low", "best", "high"), share[f"{side}_value"])
        for column, bound in (("min", "low"), ("best", "best"), ("max", "high")):
            _fill(row, f"{side}_{column}", _shown(bounds[bound], share["parameter"]))
        source = (estimate or {}).get("origin") or citation
        if source:
            _fill(row, f"{side}_source", source)
    year = (told.get("site") or {}).get("year") if share.get("basis") == "estimate" else None
    if year:
        _fill(row, "site_year", year)
    latest = (taxon.get("records") or {}).get("latest_year")
    if latest:
        _fill(row, "latest_year", latest)
    if share.get("basis", "range_map") in _DERIVATIONS:
        _fill(row, "site_derivation", _DERIVATIONS[share.get("basis", "range_map")])


# How the value at the site came about, by what it rests on; an estimate's own source says it.
_DERIVATIONS = {
    "range_map": "Dissolved range map cut to the boundary, measured in EPSG:6933.",
    "records": "Records inside the boundary, counted in cells of 2 × 2 km (EPSG:6933) or as distinct places.",
    "habitat": "Area-of-habitat raster cut to the boundary, each cell by its covered fraction and true size.",
}


def _same_measure(estimate: Mapping[str, Any], share: Mapping[str, Any]) -> bool:
    return (estimate["parameter"], estimate["segment"]) == (share["parameter"], share["segment"])


def _shown(value: float, parameter: str) -> float:
    """Areas in km² to the square metre, an area of occupancy by the 4 km² of each cell; counts as they are."""
    if parameter in ("esh", "range"):
        return round(value / 1e6, 6)
    return round(value * CELL_KM2 if parameter == "aoo" else value, 6)


def _cited(source: Mapping[str, Any]) -> str:
    return source.get("citation") or " ".join(filter(None, (source.get("name"), source.get("version"))))


def _named(area: Mapping[str, Any]) -> str:
    return f"{area['name']} ({area['pct']:.1f} %)"


def _rationale(taxon: Mapping[str, Any], authority: str = "") -> str:
    share = deciding_share(taxon)
    name, category = taxon["scientific_name"], CATEGORY_LABELS.get(taxon["category"], taxon["category"])
    if authority:
        category += f" by {authority}"
    if taxon["route"] == "reintroduction" or share is None:
        return f"{name}, {category}: proposed site for its reintroduction."
    parameter = PARAMETER_LABELS[share["parameter"]].partition(") ")[2]
    if taxon["route"] == "sole_area":
        return f"{name}, {category}: its only known area, by {parameter}."
    part = "" if share["segment"] == "all" else f"{SEASON_LABELS[share['segment']].lower()} "
    return f"{name}, {category}: {100 * share['best']:.2f} % of its {part}population, by {parameter}."


def cover_label(percent: float) -> str:
    """The form's class of a cover of 0 to 100 %: cuts at 0.5, 10.5, … 90.5 and 99.5."""
    if percent < 0.5:
        return "0% - completely unprotected"
    if percent >= 99.5:
        return "100% - completely protected"
    if percent >= 90.5:
        return "91-99%"
    step = int((percent - 0.5) // 10)
    return f"{10 * step + 1}-{10 * (step + 1)}%"


def relation(shares_of_site: Iterable[tuple[float, float]]) -> str:
    """How a site lies to protected areas: a key of RELATION_LABELS.

    For each protected area: the share of the site that it holds, and its own part outside the site, as a share of the
    site's area as well. Slivers (under SLIVER_SHARE) do not count.
    """
    found = set()
    for inside, beyond in shares_of_site:
        if inside < SLIVER_SHARE:
            continue
        if beyond >= SLIVER_SHARE:
            found.add("overlaps")
        elif inside > 1 - SLIVER_SHARE:
            found.add("follows")
        else:
            found.add("contains")
    for kind in ("follows", "overlaps", "contains"):
        if kind in found:
            return kind
    return "none"
