"""Trigger species of existing sites: from a field of the site layer, from a table by site id, or from the library.

``known`` reads what layer and table say; ``with_library`` adds, for sites of which neither says anything, the taxa that
the library finds to trigger there. What is not known stays unknown: it is never an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from qgis.core import QgsFeatureRequest, QgsFeatureSource

from .. import paths
from ..domain import fields, geometry, redlist
from ..domain.candidate import Candidate, ExistingSite
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..library import values
from ..library.query import Library
from . import attributes, checking
from .layers import FeatureTable, LayerSnapshot, plain
from .measure import ellipsoidal_area_m2
from .remote import features

FIELD, TABLE, LIBRARY = "field", "table", "library"

# What stands between the species of one cell, and a category in brackets behind a name.
_BETWEEN = re.compile(r"[;|\n\r]+|,(?=\s*[A-Z])")
_IN_BRACKETS = re.compile(r"^(.*?)\s*[\[(]\s*([^()\[\]]*(?:\(PEW?\))?)\s*[\])]\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Trigger:
    """A species for which a site is an AZE site. All but its scientific name may be ``""`` where not known."""

    scientific_name: str
    category: str = ""
    taxon_id: str = ""
    common_name: str = ""


@dataclass(frozen=True)
class Triggers:
    """Trigger species by site id.

    ``species``: the most threatened first; an empty tuple where the library was asked and found none. Sites of which
    nothing is known are not in it. ``bases``: for each of these sites ``table``, ``field`` or ``library``.
    ``sources``: the name of the table, layer or library by basis. ``strangers``: ids in the table that no site has.
    """

    species: Mapping[str, tuple[Trigger, ...]] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()

    def of(self, site_id: str) -> tuple[Trigger, ...] | None:
        """Those of a site; None where they are not known."""
        return self.species.get(site_id)

    def basis(self, site_id: str) -> str:
        """How those of a site are known: ``table``, ``field``, ``library``, or ``""`` where they are not."""
        return self.bases.get(site_id, "")


def known(
    source: QgsFeatureSource | LayerSnapshot,
    table: QgsFeatureSource | LayerSnapshot | None = None,
    progress: Progress | None = None,
) -> Triggers:
    """Trigger species that the site layer itself and a table, which counts before it, tell.

    Site ids are those of ``services.attributes.sites``. Any table that QGIS opens will do, with a row for each site and
    species. Raises AzeError ``triggers.fields`` for a table without columns of site ids and of species.
    """
    progress = progress or Progress()
    columns = attributes.columns_of(source, "sites")
    told = attributes.columns_of(source, "site_triggers")["species"]
    rows = _rows(source, [*columns["site_id"], *columns["name"], *told], progress.part(0, 0.5))
    ids = [site_id for site_id, _ in attributes.sites(rows, columns)]
    found: dict[str, list[Trigger]] = {}
    for site_id, value in zip(ids, attributes.first(rows, told)):
        read = parsed(value)
        if read:
            found.setdefault(site_id, []).extend(read)
    bases = dict.fromkeys(found, FIELD)
    sources = {FIELD: source.sourceName()} if found else {}
    strangers: tuple[str, ...] = ()
    if table is not None:
        listed = read_table(table, progress.part(0.5, 1))
        keys = {site_id: listed_as(listed, site_id) for site_id in ids}
        strangers = tuple(sorted(set(listed).difference(keys.values())))
        here = {site_id: listed[key] for site_id, key in keys.items() if key in listed}
        found.update(here)
        bases.update(dict.fromkeys(here, TABLE))
        sources[TABLE] = table.sourceName()
    return Triggers({site_id: _ordered(triggers) for site_id, triggers in found.items()}, bases, sources, strangers)


def with_library(
    triggers: Triggers,
    sites: Sequence[ExistingSite],
    library_path: str,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Triggers:
    """The same, completed by the library: categories and names of species, and the taxa that trigger at those of these
    sites of which nothing was known, as ``services.checking`` judges them.

    Leave out sites that are drawn as circles for want of a boundary: nothing can be judged there. Raises AzeError as
    ``Library.open`` does.
    """
    progress = progress or Progress()
    with Library.open(library_path) as library:
        taxa = library.taxa(settings)
    by_name = {taxon.scientific_name.lower(): taxon for taxon in taxa}
    by_id = {taxon.taxon_id: taxon for taxon in taxa}
    species: dict[str, tuple[Trigger, ...]] = {}
    for site_id, told in triggers.species.items():
        completed = []
        for trigger in told:
            taxon = by_id.get(trigger.taxon_id) or by_name.get(trigger.scientific_name.lower())
            if taxon is not None:
                trigger = Trigger(
                    trigger.scientific_name,
                    trigger.category or taxon.category,
                    trigger.taxon_id or taxon.taxon_id,
                    trigger.common_name or taxon.common_name,
                )
            completed.append(trigger)
        species[site_id] = _ordered(completed)
    asked = [site for site in sites if site.site_id not in species and site.geometry is not None]
    judged = _judged(asked, library_path, settings or checking.default_settings(), progress)
    sources = {**triggers.sources, LIBRARY: library_path} if judged else triggers.sources
    bases = {**triggers.bases, **dict.fromkeys(judged, LIBRARY)}
    return replace(triggers, species={**species, **judged}, bases=bases, sources=sources)


def _judged(
    sites: Sequence[ExistingSite], library_path: str, settings: Settings, progress: Progress
) -> dict[str, tuple[Trigger, ...]]:
    found: dict[str, tuple[Trigger, ...]] = {}
    background = checking.Background(library_path, settings)
    for n, site in enumerate(sites):
        # One at a time: sites are no rivals of one another, and an answer held is an answer less to keep in memory.
        hectares = ellipsoidal_area_m2(_lonlat(site)) / 1e4
        candidate = Candidate(site.name, site.geometry, hectares)
        part = progress.part(n / len(sites), (n + 1) / len(sites))
        document = checking.check_candidates([candidate], background, part)
        found[site.site_id] = _ordered(
            Trigger(taxon["scientific_name"], taxon["category"], taxon["taxon_id"], taxon["common_name"] or "")
            for taxon in document["assessments"][0]["species"]
            if taxon["trigger"]
        )
    return found


def _lonlat(site: ExistingSite) -> geometry.Geometry:
    return geometry.to_lonlat(np.array([site.geometry], dtype=object))[0]


def read_table(source: QgsFeatureSource | LayerSnapshot, progress: Progress | None = None) -> dict[str, list[Trigger]]:
    """Trigger species by site id from a table with a row for each; several in one cell are taken apart.

    Raises AzeError ``triggers.fields`` for a table without columns of site ids and of species.
    """
    names = [f.name() for f in source.fields()]
    columns = fields.resolve(names, paths.load_json("schemas", "fields.json")["triggers"])
    if "site_id" not in columns or "scientific_name" not in columns:
        raise AzeError("triggers.fields", source=source.sourceName(), available=names or ["–"])
    rows = _rows(source, list(columns.values()), progress or Progress())
    empty = [None] * len(rows)
    told = {role: rows.columns[columns[role]] if role in columns else empty for role in _ROLES}
    found: dict[str, list[Trigger]] = {}
    for i in range(len(rows)):
        site_id = attributes.identifier(told["site_id"][i])
        read = parsed(told["scientific_name"][i])
        if site_id and len(read) == 1:
            category = redlist.parse_category(told["category"][i])
            read = [
                Trigger(
                    read[0].scientific_name,
                    category.code if category else read[0].category,
                    values.taxon_id(told["taxon_id"][i]),
                    values.plain(told["common_name"][i]),
                )
            ]
        if site_id and read:
            found.setdefault(site_id, []).extend(read)
    return found


def listed_as(listed: Container[str], site_id: str) -> str:
    """The id by which a table lists a site: a table of numbers has lost the zeros before 007."""
    return site_id if site_id in listed else site_id.lstrip("0")


_ROLES = ("site_id", "scientific_name", "category", "taxon_id", "common_name")


def parsed(value: object) -> list[Trigger]:
    """The species of one cell: names between semicolons, bars, line ends or commas, each with or without a category
    in brackets."""
    found = []
    for piece in _BETWEEN.split("" if value is None else str(value)):
        name = values.plain(piece)
        bracketed = _IN_BRACKETS.match(name)
        category = redlist.parse_category(bracketed.group(2)) if bracketed else None
        if category is not None:
            name = bracketed.group(1).strip()
        if name:
            found.append(Trigger(name, category.code if category else ""))
    return found


def _ordered(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    """Each species once, the most threatened first."""
    once: dict[str, Trigger] = {}
    for trigger in triggers:
        key = trigger.scientific_name.lower()
        if key not in once or (trigger.category and not once[key].category):
            once[key] = trigger
    return tuple(sorted(once.values(), key=lambda t: (redlist.sort_key(t.category), t.scientific_name)))


def _rows(source: QgsFeatureSource | LayerSnapshot, names: Sequence[str], progress: Progress) -> FeatureTable:
    """Attributes alone, which needs no reference system. Raises AzeError ``layer.incomplete`` where a server did not
    send all."""
    names = list(dict.fromkeys(names))
    available = source.fields()
    indexes = [available.indexOf(name) for name in names]
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(indexes)
    fids: list[int] = []
    columns: dict[str, list] = {name: [] for name in names}
    for feature in features(source, request, progress):
        fids.append(feature.id())
        told = feature.attributes()
        for name, i in zip(names, indexes):
            columns[name].append(plain(told[i]))
    return FeatureTable(source.sourceName(), fids, columns, np.empty(0, dtype=object))
