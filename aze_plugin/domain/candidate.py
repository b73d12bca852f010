"""A candidate site: a boundary somebody proposes."""

from __future__ import annotations

from dataclasses import dataclass

from .geometry import Geometry


@dataclass(frozen=True)
class Candidate:
    """One boundary to be checked.

    ``geometry``: EPSG:6933, valid and polygonal, None where the boundary cannot be one. ``area_ha``: ellipsoidal
    (EPSG:7030), 0 without geometry. ``row``: 1-based number of the feature in its source. ``reason``: what was wrong
    with the geometry as given, in the words of ``domain.geometry.Prepared``. ``repaired``: its rings were mended.
    ``crossing``: it reaches across 180°. ``updates_site``, ``updates_id``: name and id of the existing site that it is
    to take the place of; empty for a new site, and where the one or the other is not known.
    """

    name: str
    geometry: Geometry | None
    area_ha: float
    row: int = 1
    repaired: bool = False
    crossing: bool = False
    reason: str = ""
    updates_site: str = ""
    updates_id: str = ""

    def updates(self, site: ExistingSite) -> bool:
        """Whether this is a new boundary for an existing site: the ids decide, and names where there is no id."""
        if self.updates_id:
            return site.site_id == self.updates_id
        return bool(self.updates_site) and site.name.casefold() == self.updates_site.casefold()


@dataclass(frozen=True)
class ExistingSite:
    """An AZE site or KBA that is there already: id and name as its layer has them, geometry in EPSG:6933.

    ``is_circle``: the geometry only stands for a site whose boundary is not known.
    """

    site_id: str
    name: str
    geometry: Geometry
    is_circle: bool = False


@dataclass(frozen=True)
class Statement:
    """What the nominator states about one candidate, by taxon name where it concerns one."""

    delineation_rationale: str = ""
    evidence_of_presence: tuple[tuple[str, str], ...] = ()
    reintroduction_justification: tuple[tuple[str, str], ...] = ()

    def presence(self, scientific_name: str) -> str:
        """The evidence that this taxon lives at the site, empty where none was given."""
        return dict(self.evidence_of_presence).get(scientific_name, "")

    def reintroduction(self, scientific_name: str) -> str:
        """Why this is the most viable site for bringing the taxon back, empty where not given."""
        return dict(self.reintroduction_justification).get(scientific_name, "")
