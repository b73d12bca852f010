"""The words of a nomination, what is known of its place, its name as a folder, and reading it by JSON pointers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "aze-nomination/1"
STATEMENTS_SCHEMA = "aze-statements/1"
NAME_LENGTH = 255
FOLDER_LENGTH = 60

# Parts of a site smaller than this share of it do not count when boundaries are compared (the form's own rule).
SLIVER_SHARE = 0.001

SECTIONS = (
    "proposer",
    "site",
    "delineation",
    "update",
    "biodiversity",
    "actions",
    "habitats",
    "threats",
    "protection",
    "consultation",
    "statements",
    "references",
    "evidence",
)
CATEGORY_LABELS = {
    "CR": "Critically Endangered (CR)",
    "EN": "Endangered (EN)",
    "EW": "Extinct in the Wild (EW)",
    "VU": "Vulnerable (VU)",
}
PARAMETER_LABELS = {
    "mature_individuals": "(i) number of mature individuals",
    "aoo": "(ii) area of occupancy",
    "esh": "(iii) extent of suitable habitat",
    "range": "(iv) range",
    "localities": "(v) number of localities",
}
CELL_KM2 = 4.0
SEASON_LABELS = {
    "all": "All",
    "resident": "Resident",
    "breeding": "Breeding",
    "non_breeding": "Non-breeding",
    "passage": "Passage",
}
RELATION_LABELS = {
    "none": "KBA boundary does not intersect any PA boundaries",
    "follows": "KBA boundary exactly follows a PA boundary",
    "overlaps": "KBA overlaps one or more PA boundaries",
    "contains": "KBA contains one or more PA boundaries",
}
NEW_SITE, UPDATE_SITE = "new_site", "update_site"
# What a species row says of a species whose place must not be told.
SENSITIVE = ("Yes", True)
PURPOSES = {
    "new": "Propose a new KBA that does not intersect any existing KBAs",
    "new_trigger": "Add new qualifying biodiversity element to an existing KBA",
    "reassessment": "Re-assess existing qualifying biodiversity elements",
    "amalgamation": "Propose a new KBA that amalgamates one or more existing KBAs into a new KBA",
}
CRITERION_MODE = "Regularly held in one or more life cycle stages (A1, B1, B2 or B3)"
CHANGES = ("new_trigger", "trigger_lost", "boundary_change", "reassessment", "amalgamation")
SPECIES_STATEMENTS = ("evidence_of_presence", "reintroduction_justification")
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}


@dataclass(frozen=True)
class Place:
    """What the boundary says of itself.

    ``area_ha``: ellipsoidal; ``longitude``, ``latitude``: mid-point in degrees, WGS 84; ``relation``: a key of
    RELATION_LABELS, None where no protected areas were given.
    """

    area_ha: float
    longitude: float
    latitude: float
    relation: str | None = None


@dataclass(frozen=True)
class UpdatedSite:
    """The existing site that an update is of, as a layer of sites has it.

    ``dataset``: that layer, with its release where known. ``before_ha``: ellipsoidal area of the former boundary;
    ``gained_ha``, ``lost_ha``: what the proposed one takes in and leaves out; all None where the layer has no boundary
    but only a place. ``former``: scientific names of the species that made it a site, None where not known; ``basis``:
    how they are known (``table``, ``field``, ``library``).
    """

    site_id: str
    name: str = ""
    dataset: str = ""
    before_ha: float | None = None
    gained_ha: float | None = None
    lost_ha: float | None = None
    former: tuple[str, ...] | None = None
    basis: str = ""


@dataclass(frozen=True)
class Habitat:
    """A habitat type of a site: its term, its second level (may be empty), percent of the site, and what it was read
    from."""

    habitat: str
    level_2: str
    cover_percent: float
    detail: str = ""


@dataclass(frozen=True)
class Known:
    """What the project's data say of a site beside its criteria and its cover; what is not known is None or empty.

    ``countries``: name (may be empty) and ISO3 code, the one with the largest part first. ``altitudes_m``: lowest and
    highest. ``habitats``: from land cover, the largest first; ``unread``: its classes, with percent of the site, that
    could be several habitats or none. ``systems``: numbers of the habitats classification that
    belong to each system (``terrestrial``, …). ``datasets``: key and citation of every dataset used. ``updated``: the
    site that an update is of, None where it was not found.
    """

    countries: tuple[tuple[str, str], ...] = ()
    altitudes_m: tuple[float, float] | None = None
    habitats: tuple[Habitat, ...] = ()
    unread: tuple[tuple[str, float], ...] = ()
    systems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    datasets: tuple[tuple[str, str], ...] = ()
    updated: UpdatedSite | None = None


def ascii_name(name: str, length: int = FOLDER_LENGTH, fallback: str = "site") -> str:
    """A name that every file system takes: ASCII letters, digits, ``-`` and ``_``, at most ``length`` of them.

    Accents are dropped from Latin letters; everything else becomes ``_``.
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9-]", "_", plain)).strip("_-")[:length].rstrip("_-")
    if not plain:
        return fallback
    return f"{plain}_" if plain.lower() in _RESERVED else plain


def folder_name(nomination: Mapping[str, Any]) -> str:
    """Name of the package's folder, from the international name."""
    name = value_at(nomination, "/site/international_name")
    return ascii_name(name if isinstance(name, str) else "")


def value_at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer, None where there is none."""
    value = document
    for key in pointer.split("/")[1:]:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def object_at(document: Any, pointer: str) -> Mapping[str, Any]:
    """The object at a JSON pointer, an empty one where there is none."""
    value = value_at(document, pointer)
    return value if isinstance(value, Mapping) else {}


def text_at(document: Any, pointer: str) -> str:
    """The text at a JSON pointer without space round it, empty where there is none."""
    value = value_at(document, pointer)
    return value.strip() if isinstance(value, str) else ""


def rows_at(document: Any, pointer: str) -> list[Mapping[str, Any]]:
    """The objects of the list at a JSON pointer."""
    value = value_at(document, pointer)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def statements_for(nomination: Mapping[str, Any], candidate: str) -> dict[str, Any]:
    """The nominator's statements about one candidate, in the shape ``aze-statements/1``.

    They stand in the member ``statements`` under the candidate's name or the site's international name. Where one is
    missing there, the same text in the form's own field (rationale, evidence, reintroduction) counts.
    """
    stated: Mapping[str, Any] = {}
    by_candidate = object_at(nomination, "/statements/candidates")
    for name in (candidate, text_at(nomination, "/site/international_name")):
        if isinstance(by_candidate.get(name), Mapping):
            stated = by_candidate[name]
            break
    species = {
        name: {key: text_at(said, f"/{key}") for key in SPECIES_STATEMENTS if text_at(said, f"/{key}")}
        for name, said in object_at(stated, "/species").items()
    }
    for row in rows_at(nomination, "/biodiversity/species"):
        for key in SPECIES_STATEMENTS:
            if text_at(row, f"/{key}"):
                species.setdefault(text_at(row, "/scientific_name"), {}).setdefault(key, text_at(row, f"/{key}"))
    entry = {
        "delineation_rationale": text_at(stated, "/delineation_rationale")
        or text_at(nomination, "/delineation/rationale")
    }
    entry["species"] = {name: said for name, said in sorted(species.items()) if said}
    return {"schema": STATEMENTS_SCHEMA, "candidates": {candidate: entry}}


def is_update(nomination: Mapping[str, Any]) -> bool:
    """Whether a nomination updates an existing site."""
    return value_at(nomination, "/kind") == UPDATE_SITE


def site_number(nomination: Mapping[str, Any]) -> str:
    """The number of the existing site that an update is of, wherever it is given; empty where it is not."""
    return text_at(nomination, "/update/site_id") or text_at(nomination, "/site/sitrecid")


def sensitive_species(nomination: Mapping[str, Any]) -> list[str]:
    """Scientific names of the species whose places must not be told exactly."""
    rows = rows_at(nomination, "/biodiversity/species")
    return [text_at(row, "/scientific_name") for row in rows if row.get("sensitive") in SENSITIVE]


def triggers(assessment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The taxa of an assessment that make the site qualify."""
    return [taxon for taxon in assessment["species"] if taxon["trigger"]]


def deciding_share(taxon: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The share that decided for a taxon; its best one where none is marked; None where it has none."""
    shares = taxon["shares"]
    marked = [s for s in shares if s.get("deciding")]
    met = marked or [s for s in shares if s["status"] == "met"]
    return max(met or shares, key=lambda s: s["best"], default=None)


def national_authority(assessment: Mapping[str, Any]) -> str:
    """The national list whose categories an assessment follows; ``""`` where it is the global Red List."""
    findings = rows_at(assessment, "/criteria/endangerment/findings")
    said = next((f for f in findings if f.get("code") == "endangerment.national_authority"), None)
    return text_at(said, "/params/authority") if said else ""
