"""Questions to a species library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..domain import geometry
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.species import Evidence, RangeEvidence, RangeRow, Taxon, segments_of
from . import taxa
from .store import Reader, wkb_of


class Library:
    """A species library that is only read. Use it in a ``with`` block, in one thread at a time."""

    def __init__(self, reader: Reader):
        self._reader = reader
        self._areas: dict[tuple[str, str, str], dict[str, float]] = {}

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

    def taxa(self) -> list[Taxon]:
        """All taxa, by scientific name."""
        return [_taxon(row) for row in self._reader.taxa()]

    def sources(self) -> list[dict[str, Any]]:
        """All sources with their counts of rows, in the order of their import."""
        return [dict(row) for row in self._reader.sources()]

    def sources_of(self, taxon_ids: Iterable[str]) -> list[dict[str, str]]:
        """Name, version, citation and sha256 of the sources that say anything of the taxa."""
        columns = ("name", "version", "citation", "sha256")
        return [{column: row[column] for column in columns} for row in self._reader.sources_of(taxon_ids)]

    def summary(self) -> dict[str, Any]:
        """What the library holds.

        ``taxa``, ``rows`` (of range maps), ``assessments``, ``categories`` (taxa by category), ``sources`` (name, kind,
        version, citation, imported_at, rows), ``extent`` ([west, south, east, north] in EPSG:4326, None without
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
        self, bounds: Sequence[float] | Sequence[Sequence[float]], settings: Settings, progress: Progress | None = None
    ) -> list[Evidence]:
        """Taxa with range rows that pass the filters and whose rectangle meets ``bounds``, by taxon id.

        ``bounds``: xmin, ymin, xmax, ymax in EPSG:6933, or several such rectangles (of a candidate that crosses 180°,
        one for each side). Segment areas are those of the whole world.
        """
        progress = progress or Progress()
        boxes = np.atleast_2d(np.asarray(bounds, dtype=float))
        boxes = boxes[~np.isnan(boxes).any(axis=1)]
        if not len(boxes):
            return []
        historic = sorted(set(settings.presence) | set(settings.historic_presence))
        rows = self._reader.rows_near(
            boxes.tolist(), settings.presence, historic, settings.reintroduction, settings.origin
        )
        progress.set(0.3)
        shapes = geometry.from_wkb([wkb_of(row["geom"]) for row in rows])
        progress.set(0.7)
        by_taxon: dict[str, list[tuple[sqlite3.Row, RangeRow]]] = {}
        for row, shape in zip(rows, shapes):
            kept = RangeRow(row["presence"], row["origin"], row["seasonal"], shape)
            by_taxon.setdefault(row["taxon_id"], []).append((row, kept))
        for taxon_id, presence, origin, segment, area in self._reader.areas_of(by_taxon):
            self._areas.setdefault((taxon_id, presence, origin), {})[segment] = area
        found = []
        for taxon_id in sorted(by_taxon):
            progress.check()
            members = by_taxon[taxon_id]
            taxon = _taxon(members[0][0])
            found.append(self._evidence(taxon, [kept for _, kept in members], settings))
        progress.set(1)
        return found

    def evidence_for(self, taxon_id: str, settings: Settings) -> Evidence:
        """One taxon with all its range rows that pass the filters. Raises AzeError ``library.no_such_taxon``."""
        found = self._reader.taxon(taxon_id)
        if found is None:
            raise AzeError("library.no_such_taxon", taxon=taxon_id, file=self.path)
        taxon = _taxon(found)
        return self._evidence(taxon, self._kept(taxon, settings), settings)

    def taxon_rows(self, taxon_id: str) -> list[RangeRow]:
        """All range rows of a taxon, whatever their codes."""
        rows = self._reader.rows_of(taxon_id)
        shapes = geometry.from_wkb([wkb_of(row["geom"]) for row in rows])
        return [RangeRow(row["presence"], row["origin"], row["seasonal"], s) for row, s in zip(rows, shapes)]

    def _kept(self, taxon: Taxon, settings: Settings) -> list[RangeRow]:
        allowed = settings.presence_for(taxon.category)
        return [r for r in self.taxon_rows(taxon.taxon_id) if r.presence in allowed and r.origin in settings.origin]

    def _evidence(self, taxon: Taxon, rows: Sequence[RangeRow], settings: Settings) -> Evidence:
        allowed = settings.presence_for(taxon.category)
        historic = set(allowed) != set(settings.presence)
        return Evidence(taxon, RangeEvidence(tuple(rows), self._segment_areas(taxon, settings), historic))

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
