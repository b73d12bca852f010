"""Taking in what lies outside a boundary: library, boundary and units in, the proposed boundary out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsCoordinateTransformContext, QgsRectangle

from .. import paths
from ..domain import geometry
from ..domain.candidate import ExistingSite
from ..domain.criteria.settings import Settings
from ..domain.errors import AzeError
from ..domain.findings import info, warning
from ..domain.geometry import Geometry
from ..domain.outside import TOLD_BY, Addition, Outside, OutsideRules, Part, Unit, distance_m, include, parts_outside
from ..domain.progress import Progress
from ..library.query import Library
from . import attributes, fitting
from .fitting import ShareChange, area_ha
from .layers import LayerSnapshot, read_features
from .suggesting import taxon_id
from .wording import finding_json

SCHEMA = "aze-outside/1"

# Farther from all that is put together no site can be touched: more than a corridor is long.
_ROOM_DEGREES = 0.1


@dataclass(frozen=True)
class Wish:
    """Which part is to be taken in. ``basis`` and ``segment``: "" for the first known and the leading one; ``number``:
    of the part, 1 for the largest; ``place``: lon/lat, in place of the number the part nearest to it."""

    taxon: str
    basis: str = ""
    segment: str = ""
    number: int = 1
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class Included:
    """What lies outside, which part was asked for, and the proposal that takes it in. ``sites``: existing
    ones near by; ``given``: how many boundaries there were to choose from, of which the first was taken."""

    taxon: str
    before: Geometry
    outside: Outside
    part: Part | None
    addition: Addition | None
    sites: Sequence[ExistingSite] = ()
    given: int = 1

    def _gain(self, shares: Sequence[ShareChange] | None) -> float:
        """The share of the taxon's world that comes in: of a part, some may be left out."""
        parameter = TOLD_BY[self.outside.basis]
        for row in shares or ():
            if (row.scientific_name, row.parameter) == (self.taxon, parameter) and row.segment == self.outside.segment:
                return (row.after or 0.0) - (row.before or 0.0)
        return self.part.share

    def as_json(self, name: str, shares: Sequence[ShareChange] | None) -> dict[str, Any]:
        """The ``aze-outside/1`` document."""
        addition, outside = self.addition, self.outside
        if addition is not None:
            joined = info(
                "outside.joined",
                taxon=self.taxon,
                area_m2=geometry.area(addition.added),
                share=self._gain(shares),
                extent=geometry.extent_lonlat(addition.added),
            )
            findings = [joined, *addition.findings]
        else:
            findings = [info("outside.nothing", taxon=self.taxon)]
        if self.given > 1:
            findings.insert(0, warning("outside.first_of", name=name, count=self.given))
        if outside.count > len(outside.parts):
            findings.append(info("outside.simplified", count=len(outside.parts), total=outside.count))
        after = self.before if addition is None else addition.geometry
        return {
            "schema": SCHEMA,
            "name": name,
            "scientific_name": self.taxon,
            "basis": outside.basis,
            "segment": outside.segment,
            "outside_share": outside.share,
            "parts": [
                {
                    "number": number,
                    "share": part.share,
                    "area_m2": part.area_m2,
                    "distance_m": part.distance_m,
                    "records": part.records,
                    "extent": list(part.extent),
                }
                for number, part in enumerate(outside.parts, 1)
            ],
            "part": None if self.part is None else outside.parts.index(self.part) + 1,
            "kind": None if addition is None else addition.kind,
            "units": [] if addition is None else list(addition.names),
            "area_before_ha": area_ha(self.before),
            "area_after_ha": area_ha(after),
            "findings": [finding_json(finding) for finding in findings],
            "shares": None if shares is None else [row.as_json() for row in shares],
        }


def default_rules() -> OutsideRules:
    """The rules that the plugin ships."""
    return OutsideRules.from_dict(paths.load_json("criteria", "aze.json"))


def propose(
    boundary: Geometry,
    wish: Wish,
    library_path: str,
    settings: Settings,
    units: Sequence[LayerSnapshot],
    sites: Callable[[QgsRectangle | None, Progress], Sequence[ExistingSite]] | None,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
) -> Included:
    """The proposal that takes a part of a taxon's world into a boundary (EPSG:6933).

    ``sites``: gives the existing ones that meet a lon/lat rectangle, of everywhere for None. Raises AzeError
    ``library.no_such_taxon``, ``outside.part_missing``, those of ``domain.outside`` and of reading layers.
    """
    progress, rules = progress or Progress(), default_rules()
    with Library.open(library_path) as library:
        evidence = library.evidence_for(taxon_id(library, wish.taxon), settings)
        outside = parts_outside(evidence, boundary, rules, wish.basis, wish.segment, progress.part(0, 0.4))
    name = evidence.taxon.scientific_name
    if not outside.parts:
        near = _sites(sites, [boundary], progress.part(0.4, 1))
        return Included(name, boundary, outside, None, None, near)
    part = _wished(outside, wish)
    read = _units(part, units, transform_context, progress.part(0.4, 0.55))
    near = _sites(sites, [boundary, part.geometry, *(u.geometry for u in read)], progress.part(0.55, 0.6))
    addition = include(part, boundary, read, near, rules, progress.part(0.6, 1), fitting.default_rules())
    return Included(name, boundary, outside, part, addition, near)


def _sites(read, shapes: Sequence[Geometry], progress: Progress) -> Sequence[ExistingSite]:
    """Sites that shapes, and what joins them, can come to touch."""
    if read is None:
        return ()
    around = QgsRectangle()
    for shape in shapes:
        west, south, east, north = geometry.extent_lonlat(shape)
        if west > east:
            return read(None, progress)
        around.combineExtentWith(QgsRectangle(west, south, east, north))
    farthest = max(abs(around.yMinimum()), abs(around.yMaximum()))
    around.grow(_ROOM_DEGREES / max(0.1, math.cos(math.radians(farthest))))
    return read(around, progress)


def _wished(outside: Outside, wish: Wish) -> Part:
    if wish.place is not None:
        spot = geometry.geodesic_circle(*wish.place, 10.0, 8)
        return min(outside.parts, key=lambda part: distance_m(spot, part.geometry))
    if not 1 <= wish.number <= len(outside.parts):
        raise AzeError("outside.part_missing", number=wish.number, count=len(outside.parts))
    return outside.parts[wish.number - 1]


def _units(
    part: Part,
    snapshots: Sequence[LayerSnapshot],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> list[Unit]:
    west, south, east, north = part.extent
    window = None if west > east else QgsRectangle(west, south, east, north)
    units = []
    for n, snapshot in enumerate(snapshots):
        step = progress.part(n / len(snapshots), (n + 1) / len(snapshots))
        columns = {section: attributes.columns_of(snapshot, section)["name"] for section in ("sites", "protected")}
        by_name = [f for f in snapshot.fields().names() if f.lower() == "name"]
        names = list(dict.fromkeys([*columns["protected"], *columns["sites"], *by_name]))
        table = read_features(snapshot, names, transform_context, step, window)
        given = attributes.first(table, names)
        for fid, name, shape in zip(table.fids, given, table.prepared().geometries):
            if shape is not None:
                units.append(Unit(attributes.text(name) or f"{table.source} {fid}", shape))
    return units
