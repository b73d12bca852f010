"""Taxa and their global areas, worked out of range rows and assessments at the end of an import."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .. import paths
from ..domain import geometry
from ..domain.criteria.settings import Settings
from ..domain.progress import Progress, waited_for
from ..domain.species import segments_of
from .store import Writer
from .store import occurrences as records

# Taxa that are asked for and written together, and dissolvings that are under way at a time.
_AT_ONCE = 64
_UNDER_WAY = 4


def default_settings() -> Settings:
    """The rules that the stored areas are for."""
    return Settings.from_dict(paths.load_json("criteria", "aze.json"))


def key(codes: Iterable[int]) -> str:
    """A filter as it is stored."""
    return ",".join(str(code) for code in sorted(codes))


def refresh(writer: Writer, pool: ThreadPoolExecutor, progress: Progress) -> None:
    """Work out all taxa that the import has touched, their dissolved areas and the counts of their records under the
    default filters."""
    settings = default_settings()
    origin = key(settings.origin)
    touched = writer.touched_taxa()
    writer.remove_touched_taxa()
    under_way = []

    def finish_first() -> None:
        taxon_id, presence, future = under_way.pop(0)
        writer.add_areas([(taxon_id, presence, origin, waited_for(future, progress))])

    for start in range(0, len(touched), _AT_ONCE):
        progress.set(start / len(touched))
        taxa, areas = [], []
        for taxon_id, ranges, assessments, names in writer.attributes_of(touched[start : start + _AT_ONCE]):
            taxon = describe(taxon_id, ranges, assessments, names)
            if taxon is None:
                continue
            taxa.append(taxon)
            allowed = settings.presence_for(taxon["category"])
            kept = [row for row in ranges if row["presence"] in allowed and row["origin"] in settings.origin]
            if len(kept) == 1:
                segments = segments_of({kept[0]["seasonal"]})
                areas.append((taxon_id, key(allowed), origin, dict.fromkeys(segments, kept[0]["area_m2"])))
            elif kept:
                kept.sort(key=lambda row: row["fid"])
                wkb = writer.geometries([row["fid"] for row in kept])
                future = pool.submit(dissolved_areas, [row["seasonal"] for row in kept], wkb)
                under_way.append((taxon_id, key(allowed), future))
            while len(under_way) > _UNDER_WAY:
                finish_first()
        writer.add_taxa(taxa)
        writer.add_areas(areas)
        records.refresh_totals(writer, touched[start : start + _AT_ONCE], settings.records, progress)
    while under_way:
        finish_first()


def dissolved_areas(seasons: Sequence[int], wkb: Sequence[bytes]) -> dict[str, float]:
    """Area in m² of each segment of rows in EPSG:6933, overlaps counted once. Rows come as kept by a filter."""
    shapes = geometry.from_wkb(wkb)
    areas: dict[str, float] = {}
    known: dict[frozenset[int], float] = {}
    for segment, codes in segments_of(set(seasons)).items():
        members = frozenset(i for i, season in enumerate(seasons) if season in codes)
        if members not in known:
            known[members] = geometry.area(geometry.dissolve(shapes[i] for i in sorted(members)))
        areas[segment] = known[members]
    return areas


def describe(
    taxon_id: str, ranges: Sequence[sqlite3.Row], assessments: Sequence[sqlite3.Row], names: Sequence[str] = ()
) -> Mapping[str, Any] | None:
    """A taxon's row: ``ranges`` oldest source first, ``assessments`` the best last, ``names`` by which other sources
    (records, estimates, area of habitat) speak of it. None for a taxon of which nothing speaks.

    A Global assessment of the export counts before the map's own category, and the newest of several; regional ones
    never do. A taxon that only ever appears as a subspecies or subpopulation under its own id is one.
    """
    if not ranges and not assessments and not names:
        return None
    # A national list says nothing of a taxon's global category; where nothing else speaks, it tells the name.
    listed = [row for row in assessments if row["authority"]]
    assessments = [row for row in assessments if not row["authority"]] or ([] if ranges else listed)
    best = assessments[-1] if assessments and assessments[-1]["is_global"] else None
    told = assessments[-1] if assessments else None
    mapped = next((row for row in reversed(ranges) if row["category"]), None)
    chosen = best or mapped
    rank = _rank(taxon_id, ranges, told)
    return {
        "taxon_id": taxon_id,
        "scientific_name": _name(taxon_id, ranges, told, rank, names),
        "category": chosen["category"] if chosen else "NE",
        "category_source": "assessment" if best else "map" if mapped else "none",
        "possibly_extinct": chosen["possibly_extinct"] if chosen else 0,
        "possibly_extinct_in_the_wild": chosen["possibly_extinct_in_the_wild"] if chosen else 0,
        "rank": rank,
        "criteria": best["criteria"] if best else "",
        "year": best["year"] if best else None,
        "common_name": _first("common_name", told, ranges),
        "group_name": _first("group_name", told, ranges),
    }


def _rank(taxon_id: str, ranges: Sequence[sqlite3.Row], told: sqlite3.Row | None) -> str:
    if told is not None:
        return told["rank"]
    if not ranges:
        return "species"
    # Rows without an id are known by the species' name, so they are the species'.
    if any(taxon_id == row["scientific_name"] or not (row["subspecies"] or row["subpop"]) for row in ranges):
        return "species"
    return "subpopulation" if any(row["subpop"] for row in ranges) else "subspecies"


def _name(
    taxon_id: str, ranges: Sequence[sqlite3.Row], told: sqlite3.Row | None, rank: str, others: Sequence[str]
) -> str:
    if told is not None and told["scientific_name"]:
        return told["scientific_name"]
    # The most frequent spelling; of equally frequent ones the newest.
    names = Counter(row["scientific_name"] for row in reversed(ranges) if row["scientific_name"])
    names = names or Counter(name for name in reversed(others) if name)
    if not names:
        return taxon_id
    name = names.most_common(1)[0][0]
    lesser = next((row["subpop"] or row["subspecies"] for row in ranges if row["subpop"] or row["subspecies"]), "")
    if rank == "species" or not lesser or lesser.lower() in name.lower():
        return name
    return f"{name} ({lesser})" if rank == "subpopulation" else f"{name} {lesser}"


def _first(column: str, told: sqlite3.Row | None, ranges: Sequence[sqlite3.Row]) -> str:
    if told is not None and told[column]:
        return told[column]
    return next((row[column] for row in reversed(ranges) if row[column]), "")
