"""What a project's data say of a site beside its criteria and its cover, to be filled into a nomination.

``Layers`` are taken in the layers' own thread; ``Layers.read`` and ``known`` may run in any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsApplication, QgsCoordinateTransformContext, QgsFeatureSource, QgsRectangle, QgsVectorLayer

from .. import paths
from ..domain import geometry
from ..domain import nomination as nominations
from ..domain.candidate import Candidate, ExistingSite
from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import attributes
from .classifications import classification, terms
from .layers import LayerSnapshot, read_features
from .measure import ellipsoidal_area_m2
from .terrain import Terrain
from .triggers import FIELD, TABLE, Triggers
from .triggers import known as known_triggers

_CROSSWALK = "landcover_habitats.json"
_MOST_BYTES = 4 * 2**20
# A site that lies in one country of a coarse map but for so much lies in it.
_COARSE_SHARE = 1e-3


@dataclass(frozen=True)
class Country:
    """A country, or a part of one, by what a layer says of it. ``geometry``: EPSG:6933; the texts may be empty."""

    name: str
    iso3: str
    geometry: geometry.Geometry


@dataclass(frozen=True)
class Project:
    """What of a project is looked at, as plain data; what was not given is empty or None.

    ``countries``: of a layer of countries; ``neighbours``: of sites and protected areas near, which say their country;
    ``rough``: of a coarse map of the world. ``triggers``: the trigger species of existing sites; ``site_dataset``: the
    name of their layer. ``datasets``: name and citation of the layers used.
    """

    countries: Sequence[Country] = ()
    neighbours: Sequence[Country] = ()
    rough: Sequence[Country] = ()
    terrain: Terrain | None = None
    triggers: Triggers | None = None
    site_dataset: str = ""
    datasets: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Layers:
    """The layers that a project is read from. ``sites`` and ``protected`` say the country that they lie in;
    ``triggers``: a table of trigger species by site; ``world``: a coarse map of countries."""

    countries: Sequence[LayerSnapshot] = ()
    sites: Sequence[LayerSnapshot] = ()
    protected: Sequence[LayerSnapshot] = ()
    triggers: LayerSnapshot | None = None
    terrain: Terrain | None = None
    world: LayerSnapshot | None = None

    def read(
        self, near: Candidate, transform_context: QgsCoordinateTransformContext, progress: Progress | None = None
    ) -> Project:
        """What they say near a candidate. Raises AzeError ``triggers.fields``, and for layers that cannot be read."""
        progress = progress or Progress()

        def countries(layers: Iterable[LayerSnapshot], part: Progress, are_countries: bool = True) -> list[Country]:
            return [c for layer in layers for c in read_countries(layer, transform_context, near, part, are_countries)]

        triggers = None
        for n, layer in enumerate(self.sites):
            told = known_triggers(layer, self.triggers if n == 0 else None, progress.part(0.5, 0.8))
            triggers = told if triggers is None else _joined(triggers, told)
        return Project(
            countries(self.countries, progress.part(0, 0.3)),
            countries((*self.sites, *self.protected), progress.part(0.3, 0.5), are_countries=False),
            countries([self.world] if self.world is not None else [], progress.part(0.8, 1)),
            self.terrain,
            triggers,
            "; ".join(layer.sourceName() for layer in self.sites),
        )


def _joined(one: Triggers, other: Triggers) -> Triggers:
    species, bases = {**other.species, **one.species}, {**other.bases, **one.bases}
    return Triggers(species, bases, {**other.sources, **one.sources})


def dataset(name: str, citation: str, role: str, version: str = "") -> tuple[str, str]:
    """Key and citation of a layer among the references."""
    return f"{name} {version}".strip(), citation or f"{name} ({role}); no citation stated."


# ------------------------------------------------------------------------------------------------------ countries


def read_countries(
    source: QgsFeatureSource | LayerSnapshot,
    transform_context: QgsCoordinateTransformContext,
    near: Candidate,
    progress: Progress | None = None,
    are_countries: bool = True,
) -> list[Country]:
    """What the polygons near a candidate say of their country. ``are_countries``: they are countries, so that a field
    for a name is the country's; else sites or protected areas, whose own name it would be.

    Empty for a layer that has no such fields.
    """
    columns = attributes.columns_of(source, "country_names")
    columns = {"iso3": columns["iso3"], "name": columns["name" if are_countries else "country"]}
    wanted = attributes.wanted(columns)
    if not wanted or near.geometry is None:
        return []
    table = read_features(source, wanted, transform_context, progress or Progress(), _window(near))
    codes, names = attributes.first(table, columns["iso3"]), attributes.first(table, columns["name"])
    found = []
    for code, name, shape in zip(codes, names, table.prepared().geometries):
        country = Country(attributes.text(name), attributes.text(code).upper(), shape)
        if shape is not None and (country.name or country.iso3):
            found.append(country)
    return found


def world_map() -> LayerSnapshot | None:
    """The map of the world that comes with QGIS, which is coarse; None where it is missing. The main thread's."""
    path = f"{QgsApplication.pkgDataPath()}/resources/data/world_map.gpkg"
    if not Path(path).is_file():
        return None
    options = QgsVectorLayer.LayerOptions(loadDefaultStyle=False)
    layer = QgsVectorLayer(f"{path}|layername=countries", "countries", "ogr", options)
    return LayerSnapshot(layer) if layer.isValid() else None


def _window(near: Candidate) -> QgsRectangle | None:
    """Lon/lat rectangle round a candidate; None, for everything, where it crosses 180°."""
    if near.crossing:
        return None
    rectangle = QgsRectangle(*geometry.extent_lonlat(near.geometry))
    rectangle.grow(1e-6)
    return rectangle


def countries_of(boundary: geometry.Geometry, project: Project) -> tuple[tuple[str, str], ...]:
    """Name and code of the countries that a boundary (EPSG:6933) lies in, the one with the largest part first.

    A layer of countries counts before what sites and protected areas on the spot say, which has to be the same of all
    of them; the map of the world counts only where it has the whole boundary in one country.
    """
    found = _shares(boundary, project.countries)
    if found:
        return tuple(key for key, share in found if share > nominations.SLIVER_SHARE)
    told = {(name, code) for (name, code), share in _shares(boundary, project.neighbours) if share > 0}
    codes = {code for _, code in told if re.fullmatch("[A-Z]{3}", code)}
    if len(codes) == 1 and all(code in (*codes, "") for _, code in told):
        code = codes.pop()
        names = sorted(name for name, own in told if name and own == code)
        return ((names[0] if len(set(names)) == 1 else "", code),)
    rough = _shares(boundary, project.rough)
    if len(rough) == 1 and rough[0][1] > 1 - _COARSE_SHARE:
        return (rough[0][0],)
    return ()


def _shares(boundary: geometry.Geometry, countries: Iterable[Country]) -> list[tuple[tuple[str, str], float]]:
    """Each country with the share of a boundary that lies in it, the largest first; those that hold none left out."""
    whole = geometry.area(boundary)
    pieces: dict[tuple[str, str], list[geometry.Geometry]] = {}
    for country in countries:
        shared = geometry.overlap(country.geometry, boundary)
        if not geometry.is_empty(shared):
            pieces.setdefault((country.name, country.iso3), []).append(shared)
    shares = [(key, geometry.area(geometry.dissolve(shapes)) / whole) for key, shapes in pieces.items()]
    return sorted((pair for pair in shares if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))


# -------------------------------------------------------------------------------------------------------- habitats


@dataclass(frozen=True)
class Reading:
    """Habitats that land cover tells, the largest first, and the classes (name, percent of the site) that it leaves to
    the nominator."""

    habitats: tuple[nominations.Habitat, ...] = ()
    unread: tuple[tuple[str, float], ...] = ()


def crosswalk() -> Mapping[str, Any]:
    """How classes of land cover are read as habitats: the user's own file, or the one that comes with the plugin.

    Raises AzeError ``crosswalk.unreadable`` for an own file that is none.
    """
    own = Path(QgsApplication.qgisSettingsDirPath()) / "aze" / "vocabularies" / _CROSSWALK
    if not own.is_file():
        return paths.load_json("vocabularies", _CROSSWALK)
    try:
        if own.stat().st_size > _MOST_BYTES:
            raise ValueError(f"larger than {_MOST_BYTES // 2**20} MiB")
        content = json.loads(own.read_text(encoding="utf-8-sig"))
        _check_crosswalk(content)
    except OSError as error:
        raise AzeError("crosswalk.unreadable", file=str(own), detail=error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise AzeError("crosswalk.unreadable", file=str(own), detail=str(error)) from error
    return content


def _check_crosswalk(content: Any) -> None:
    if not isinstance(content, dict) or content.get("schema") != "aze-crosswalk/1":
        raise ValueError("member “schema” must be “aze-crosswalk/1”")
    numbers = terms("habitats")
    for section, listed in (("products", "match"), ("words", "words")):
        entries = content.get(section, [])
        if not isinstance(entries, list):
            raise ValueError(f"“{section}” must be a list")
        for n, entry in enumerate(entries):
            words = entry.get(listed) if isinstance(entry, dict) else None
            if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
                raise ValueError(f"{section}, entry {n + 1}: “{listed}” must be a list of words")
            values = entry.get("values") if section == "products" else {"habitat": entry.get("habitat")}
            if not isinstance(values, dict):
                raise ValueError(f"{section}, entry {n + 1}: “values” must be an object")
            for number in values.values():
                if number is not None and not (isinstance(number, str) and number in numbers):
                    raise ValueError(f"{section}, entry {n + 1}: the classification has no habitat “{number}”")


def habitats_of(assessment: Mapping[str, Any], rules: Mapping[str, Any] | None = None) -> Reading:
    """The habitats that an assessment's land cover tells. ``rules``: a crosswalk; by default the one that holds."""
    evidence = assessment["criteria"]["discreteness"].get("evidence") or {}
    landcover = evidence.get("landcover")
    if not landcover or not landcover["classes"]:
        return Reading()
    rules = crosswalk() if rules is None else rules
    product = _product(str(landcover["source"]), rules)
    seen = 1 - float(landcover.get("no_data_inside") or 0.0)
    covers: dict[str, float] = {}
    names: dict[str, list[str]] = {}
    unread = []
    for entry in landcover["classes"]:
        percent = 100 * seen * entry["inside"]
        if percent <= 0:
            continue
        name = str(entry["name"] or entry["value"])
        number = _habitat(entry, product, rules)
        if number is None:
            unread.append((name, round(percent, 1)))
            continue
        covers[number] = covers.get(number, 0.0) + percent
        names.setdefault(number, []).append(name)
    written = terms("habitats")
    found = []
    for number, percent in sorted(covers.items(), key=lambda pair: (-pair[1], pair[0])):
        first = written[number.partition(".")[0]]
        deeper = written[number] if "." in number else ""
        # Rounded down, so that rounding never makes more than the whole.
        shown = np.floor(percent * 10 + 1e-9) / 10
        found.append(nominations.Habitat(first, deeper, float(shown), ", ".join(names[number])))
    return Reading(tuple(h for h in found if h.cover_percent > 0), tuple(unread))


def _product(source: str, rules: Mapping[str, Any]) -> Mapping[str, Any]:
    folded = source.casefold()
    matching = (p for p in rules.get("products", ()) if any(word.casefold() in folded for word in p["match"]))
    return next(matching, {}).get("values", {})


def _habitat(entry: Mapping[str, Any], product: Mapping[str, Any], rules: Mapping[str, Any]) -> str | None:
    """Number of the habitat of a class of land cover; None where it could be several, or nothing is said of it."""
    value = f"{entry['value']:g}" if isinstance(entry["value"], (int, float)) else str(entry["value"])
    if value in product:
        return product[value]
    name = str(entry["name"] or "").casefold()
    for rule in rules.get("words", ()):
        if any(re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", name) for word in rule["words"]):
            return rule["habitat"]
    return None


# -------------------------------------------------------------------------------------------------- updated site


def updated_site(
    nomination: Mapping[str, Any],
    candidate: Candidate,
    existing: Sequence[ExistingSite] | None,
    project: Project,
    assessment: Mapping[str, Any] | None = None,
) -> nominations.UpdatedSite | None:
    """The existing site that a nomination updates, with what the boundary gains and loses against it.

    None for a nomination of a new site, and where no site with its number is among the existing ones; where these are
    not at hand, the site that the assessment itself names. A circle that stands for a site without a boundary has no
    area to compare with.
    """
    number = nominations.site_number(nomination)
    if not nominations.is_update(nomination) or candidate.geometry is None:
        return None
    rows = [site for site in existing or () if site.site_id == number and site.geometry is not None]
    if number and rows:
        site = nominations.UpdatedSite(number, rows[0].name)
        if not all(row.is_circle for row in rows):
            site = replace(site, **_compared(candidate.geometry, geometry.dissolve([row.geometry for row in rows])))
    else:
        place = nominations.Place(candidate.area_ha, 0.0, 0.0)
        found = None
        if assessment is not None and existing is None:
            found = nominations.updated_by(assessment, place, number)
        if found is None:
            return None
        site = found
    former, basis = None, ""
    if project.triggers is not None and project.triggers.basis(site.site_id) in (FIELD, TABLE):
        former = tuple(trigger.scientific_name for trigger in project.triggers.of(site.site_id) or ())
        basis = project.triggers.basis(site.site_id)
    return replace(site, dataset=project.site_dataset or "–", former=former, basis=basis)


def _compared(now: geometry.Geometry, before: geometry.Geometry) -> dict[str, float]:
    return {
        "before_ha": _hectares(before),
        "gained_ha": _hectares(geometry.outside(now, before)),
        "lost_ha": _hectares(geometry.outside(before, now)),
    }


def _hectares(shape: geometry.Geometry) -> float:
    if geometry.is_empty(shape):
        return 0.0
    return ellipsoidal_area_m2(geometry.to_lonlat(np.array([shape], dtype=object))[0]) / 1e4


# ------------------------------------------------------------------------------------------------------------- all


def known(
    nomination: Mapping[str, Any],
    candidate: Candidate,
    assessment: Mapping[str, Any],
    existing: Sequence[ExistingSite] | None,
    project: Project,
    progress: Progress | None = None,
) -> nominations.Known:
    """Everything that the project tells of a candidate. ``assessment``: one member of ``assessments``.

    Raises AzeError for a terrain model that cannot be read, and for an own crosswalk that is none.
    """
    progress = progress or Progress()
    if candidate.geometry is None:
        return nominations.Known()
    altitudes = None
    if project.terrain is not None:
        found = project.terrain.altitudes(candidate.geometry, progress.part(0, 0.8))
        if found is not None and found.are_sound:
            altitudes = (found.lowest_m, found.highest_m)
    reading = habitats_of(assessment)
    return nominations.Known(
        countries=countries_of(candidate.geometry, project),
        altitudes_m=altitudes,
        habitats=reading.habitats,
        unread=reading.unread,
        systems=classification("habitats")["systems"],
        datasets=tuple(project.datasets),
        updated=updated_site(nomination, candidate, existing, project, assessment),
    )
