"""Questions to a species library."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..domain import geometry
from ..domain.criteria.explanation import Account
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.species import Estimate, Evidence, RangeEvidence, RangeRow, RecordEvidence, Taxon, segments_of
from . import taxa
from .authority import NationalList
from .estimates import of_site, same_site
from .habitats import Habitats
from .store import Reader, wkb_of
from .store import assessments as assessments_table
from .store import estimates as estimates_table
from .store import occurrences as records_table

_BASIS_OF_KIND = {"ranges": "range_map", "occurrences": "records", "habitats": "habitat", "estimates": "estimate",
                  "assessments": "assessment"}  # fmt: skip


class Library:
    """A species library that is only read. Use it in a ``with`` block, in one thread at a time."""

    def __init__(self, reader: Reader):
        self._reader = reader
        self._areas: dict[tuple[str, str, str], dict[str, float]] = {}
        self._habitats = Habitats(reader)
        self._lists: dict[str, NationalList] = {}

    @classmethod
    def open(cls, address: str) -> Library:
        """Open by path. Raises AzeError ``library.missing``, ``library.not_a_library``, ``library.locked``, …"""
        return cls(Reader(address))

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    @property
    def path(self) -> str:
        """Absolute path of the library."""
        return self._reader.path

    def taxon_count(self) -> int:
        """Number of taxa, those without a range map included."""
        return self._reader.taxon_count()

    def taxa(self, settings: Settings | None = None) -> list[Taxon]:
        """All taxa, by scientific name, with the categories of the list that the settings name, else the global ones.

        Raises AzeError ``library.no_such_authority`` for a list that the library does not have, as ``evidence`` does.
        """
        return [self._listed(row, settings) for row in self._reader.taxa()]

    def authorities(self) -> list[str]:
        """Names of the national lists in the library."""
        return assessments_table.authorities(self._reader)

    def assessment_dates(self) -> dict[str, str]:
        """Date (``YYYY-MM-DD`` or ``""``) of the global assessment that counts for each taxon, by taxon id."""
        return assessments_table.global_dates(self._reader)

    def sources(self) -> list[dict[str, Any]]:
        """All sources with their counts of rows, in the order of their import."""
        return [dict(row) for row in self._reader.sources()]

    def sources_of(self, taxon_ids: Iterable[str], settings: Settings | None = None) -> list[dict[str, str]]:
        """Name, version, citation and sha256 of the sources that say anything of the taxa; of national lists only the
        one that the settings name."""
        columns = ("name", "version", "citation", "sha256")
        listed = self._list(settings)
        rows = self._reader.sources_of(taxon_ids, listed.name if listed else "")
        return [{column: row[column] for column in columns} for row in rows]

    def summary(self) -> dict[str, Any]:
        """What the library holds.

        ``taxa``, ``rows`` (of range maps), ``assessments``, ``categories`` (taxa by category), ``sources`` (name, kind,
        version, citation, imported_at, rows), ``records``, ``habitats`` (maps of area of habitat), ``estimates``,
        ``authorities`` (names of national lists), ``extent`` ([west, south, east, north] in EPSG:4326, None without
        ranges), ``imported_at`` (ISO 8601, UTC; of the newest import, ``""`` without one).
        """
        taxon_count, rows, assessments = self._reader.counts()
        sources = self._reader.sources()
        bounds = self._reader.extent()
        extent = None
        if bounds is not None:
            extent = [round(float(v), 6) for v in geometry.unproject(np.array(bounds).reshape(2, 2)).ravel()]
        return {
            "taxa": taxon_count,
            "rows": rows,
            "assessments": assessments,
            # The sources know their numbers of records: counting those would take long in a large library.
            "records": sum(source["rows_imported"] for source in sources if source["kind"] == "occurrences"),
            "habitats": self._reader.rows("SELECT count(*) FROM habitat")[0][0],
            "estimates": self._reader.rows("SELECT count(*) FROM estimate")[0][0],
            "authorities": self.authorities(),
            "categories": self._reader.category_counts(),
            "sources": [
                {
                    "name": source["name"],
                    "kind": source["kind"],
                    "version": source["version"],
                    "citation": source["citation"],
                    "imported_at": source["imported_at"],
                    "rows": source["rows_imported"],
                }
                for source in sources
            ],
            "extent": extent,
            "imported_at": max((source["imported_at"] for source in sources), default=""),
        }

    def evidence(
        self,
        bounds: Sequence[float] | Sequence[Sequence[float]],
        settings: Settings,
        progress: Progress | None = None,
        site: str = "",
        told: Mapping[str, Sequence[tuple[str, Estimate]]] | None = None,
    ) -> list[Evidence]:
        """Taxa that something is known of near a candidate, by taxon id, with all that bears on their shares there.

        ``bounds``: xmin, ymin, xmax, ymax in EPSG:6933, or several such rectangles (of a candidate that crosses 180°,
        one for each side): the range rows and records that pass the filters are those which meet them. Totals are of
        the whole world. ``site``: the candidate's name, by which the library's estimates know it; ``told``: further
        estimates by taxon id, as (site, estimate), which count before the library's.
        """
        progress = progress or Progress()
        boxes = np.atleast_2d(np.asarray(bounds, dtype=float))
        boxes = boxes[~np.isnan(boxes).any(axis=1)]
        rows = self._rows_near(boxes, settings, progress.part(0, 0.6)) if len(boxes) else {}
        records = records_table.near(self._reader, boxes.tolist(), settings.records) if len(boxes) else {}
        habitats = self._habitats.near(boxes.tolist()) if len(boxes) else {}
        progress.set(0.8)
        told = told or {}
        speaking = [*estimates_table.sites(self._reader), *((t, s) for t, pairs in told.items() for s, _ in pairs)]
        ids = {*rows, *records, *habitats, *(taxon_id for taxon_id, name in speaking if name and same_site(name, site))}
        found = self._gather(ids, rows, records, settings, told, site)
        progress.set(1)
        return found

    def evidence_for(
        self,
        taxon_id: str,
        settings: Settings,
        site: str = "",
        told: Mapping[str, Sequence[tuple[str, Estimate]]] | None = None,
    ) -> Evidence:
        """One taxon with all that is known of it in the whole world. Raises AzeError ``library.no_such_taxon``."""
        found = self._reader.taxon(taxon_id)
        if found is None:
            raise AzeError("library.no_such_taxon", taxon=taxon_id, file=self.path)
        rows = {taxon_id: self._kept(self._listed(found, settings), settings)}
        records = {taxon_id: records_table.of_taxon(self._reader, taxon_id, settings.records)}
        return self._gather([taxon_id], rows, records, settings, told or {}, site)[0]

    def accounts(self, taxon_ids: Iterable[str], settings: Settings) -> dict[str, Account]:
        """What the library holds of taxa in the whole world, for the explanation of their shares."""
        wanted = set(taxon_ids)
        categories = {r["taxon_id"]: self._listed(r, settings).category for r in self._reader.taxa_of(wanted)}
        kept: Counter = Counter()
        dropped: dict[str, Counter] = {}
        sources: dict[str, dict[str, dict[str, None]]] = {}
        for row in self._reader.range_codes(wanted):
            taxon_id = row["taxon_id"]
            if row["presence"] not in settings.presence_for(categories.get(taxon_id, "")):
                dropped.setdefault(taxon_id, Counter())["presence"] += row["count"]
            elif row["origin"] not in settings.origin:
                dropped.setdefault(taxon_id, Counter())["origin"] += row["count"]
            else:
                kept[taxon_id] += row["count"]
            sources.setdefault(taxon_id, {}).setdefault("range_map", {})[_shown(row)] = None
        listed = self._list(settings)
        for row in self._reader.source_kinds(wanted, listed.name if listed else ""):
            kind = _BASIS_OF_KIND.get(row["kind"], row["kind"])
            sources.setdefault(row["taxon_id"], {}).setdefault(kind, {})[_shown(row)] = None
        return {
            taxon_id: Account(
                kept[taxon_id],
                dict(dropped.get(taxon_id, {})),
                {kind: list(names) for kind, names in sources.get(taxon_id, {}).items()},
            )
            for taxon_id in wanted
        }

    def names(self) -> dict[str, str]:
        """Lower-case scientific name to taxon id, of all species."""
        return self._reader.names()

    def taxon_rows(self, taxon_id: str) -> list[RangeRow]:
        """All range rows of a taxon, whatever their codes."""
        rows = self._reader.rows_of(taxon_id)
        shapes = geometry.from_wkb([wkb_of(row["geom"]) for row in rows])
        return [RangeRow(row["presence"], row["origin"], row["seasonal"], s) for row, s in zip(rows, shapes)]

    def _list(self, settings: Settings | None) -> NationalList | None:
        """The national list that the settings name; None where the global one counts."""
        name = settings.authority_list if settings else ""
        if name and name not in self._lists:
            self._lists[name] = NationalList.load(self._reader, name)
        return self._lists[name] if name else None

    def _listed(self, row: sqlite3.Row, settings: Settings | None) -> Taxon:
        listed = self._list(settings)
        return listed.listed(_taxon(row)) if listed else _taxon(row)

    def _kept(self, taxon: Taxon, settings: Settings) -> list[RangeRow]:
        allowed = settings.presence_for(taxon.category)
        return [r for r in self.taxon_rows(taxon.taxon_id) if r.presence in allowed and r.origin in settings.origin]

    def _rows_near(self, boxes: np.ndarray, settings: Settings, progress: Progress) -> dict[str, list[RangeRow]]:
        """Range rows that pass the filters and whose rectangle meets a box, by taxon."""
        historic = sorted(set(settings.presence) | set(settings.historic_presence))
        # Which taxa are judged by their historic range is known in SQL for the global categories only.
        presence = historic if self._list(settings) else settings.presence
        rows = self._reader.rows_near(boxes.tolist(), presence, historic, settings.reintroduction, settings.origin)
        if self._list(settings):
            near = self._reader.taxa_of({row["taxon_id"] for row in rows})
            category = {row["taxon_id"]: self._listed(row, settings).category for row in near}
            rows = [row for row in rows if row["presence"] in settings.presence_for(category[row["taxon_id"]])]
        progress.set(0.3)
        shapes = geometry.from_wkb([wkb_of(row["geom"]) for row in rows])
        progress.set(1)
        by_taxon: dict[str, list[RangeRow]] = {}
        for row, shape in zip(rows, shapes):
            kept = RangeRow(row["presence"], row["origin"], row["seasonal"], shape)
            by_taxon.setdefault(row["taxon_id"], []).append(kept)
        return by_taxon

    def _gather(
        self,
        taxon_ids: Iterable[str],
        rows: Mapping[str, Sequence[RangeRow]],
        records: Mapping[str, records_table.Records],
        settings: Settings,
        told: Mapping[str, Sequence[tuple[str, Estimate]]],
        site: str,
    ) -> list[Evidence]:
        """Everything known of taxa, by taxon id, with these of their range rows and records."""
        taxa_ = [self._listed(row, settings) for row in self._reader.taxa_of(taxon_ids)]
        ids = [taxon.taxon_id for taxon in taxa_]
        for taxon_id, presence, origin, segment, area in self._reader.areas_of(ids):
            self._areas.setdefault((taxon_id, presence, origin), {})[segment] = area
        estimated = estimates_table.of_taxa(self._reader, ids)
        totals = records_table.totals(self._reader, ids, settings.records)
        habitats = self._habitats.of(ids)
        found = []
        for taxon in taxa_:
            known = [*estimated.get(taxon.taxon_id, ()), *told.get(taxon.taxon_id, ())]
            found.append(
                Evidence(
                    taxon,
                    self._range(taxon, rows.get(taxon.taxon_id, ()), settings),
                    _records(records.get(taxon.taxon_id), totals.get(taxon.taxon_id)),
                    habitats.get(taxon.taxon_id, ()),
                    tuple(of_site(known, site)),
                )
            )
        return found

    def _range(self, taxon: Taxon, rows: Sequence[RangeRow], settings: Settings) -> RangeEvidence | None:
        """None for a taxon of whose range no row passes the filters."""
        areas = self._segment_areas(taxon, settings)
        if not areas:
            return None
        historic = set(settings.presence_for(taxon.category)) != set(settings.presence)
        return RangeEvidence(tuple(rows), areas, historic)

    def _segment_areas(self, taxon: Taxon, settings: Settings) -> dict[str, float]:
        """Areas under a filter: those that the import stored where it is the default one, else worked out once."""
        wanted = taxon.taxon_id, taxa.key(settings.presence_for(taxon.category)), taxa.key(settings.origin)
        if wanted not in self._areas:
            stored = {
                segment: area
                for _, presence, origin, segment, area in self._reader.areas_of([taxon.taxon_id])
                if (presence, origin) == wanted[1:]
            }
            if not stored:
                rows = self._kept(taxon, settings)
                stored = {
                    segment: geometry.area(geometry.dissolve(r.geometry for r in rows if r.seasonal in codes))
                    for segment, codes in segments_of({r.seasonal for r in rows}).items()
                }
            self._areas[wanted] = stored
        return self._areas[wanted]


def _records(here: records_table.Records | None, world: records_table.Totals | None) -> RecordEvidence | None:
    """None for a taxon without any record; one of whose records none passes the filters has evidence of that."""
    if world is None:
        return None
    none = np.zeros((0, 2))
    lonlat, metres, years = (here.lonlat, here.metres, here.years) if here else (none, none, np.zeros(0, dtype=int))
    return RecordEvidence(lonlat, metres, years, world.cells, world.localities, world.kept, world.dropped)


def _shown(source: sqlite3.Row) -> str:
    return " ".join(part for part in (source["name"], source["version"]) if part)


def _taxon(row: sqlite3.Row) -> Taxon:
    return Taxon(
        taxon_id=row["taxon_id"],
        scientific_name=row["scientific_name"],
        category=row["category"],
        category_source=row["category_source"],
        possibly_extinct=bool(row["possibly_extinct"]),
        possibly_extinct_in_the_wild=bool(row["possibly_extinct_in_the_wild"]),
        rank=row["rank"],
        criteria=row["criteria"],
        year=row["year"],
        common_name=row["common_name"],
        group=row["group_name"],
    )
