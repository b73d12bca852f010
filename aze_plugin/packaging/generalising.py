"""Places of sensitive species: a package shows them by a coarse grid, and says so.

The grid's cells are counted from 0° (or from the origin of EPSG:6933), so that everybody's grid of a size is the same.
Figures stay those of the true boundary; every place that goes out is a cell, its middle, or a box of whole cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import paths
from ..domain import geometry
from ..domain.errors import AzeError

DEGREES, KILOMETRES = "degrees", "km"
# Members of documents that hold a place other than as a box.
_PLACES = {"lon", "lat", "longitude", "latitude", "x", "y", "place", "point", "coordinates", "wkt", "wkb", "records"}
# The last digits of a coordinate that was projected and written to a file.
_HAIR = 1e-7


@dataclass(frozen=True)
class Grid:
    """A grid: ``size`` of its cells in ``unit``, ``degrees`` or ``km`` (in EPSG:6933)."""

    size: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Grid:
        """A grid as a person writes it: ``0.1``, ``0.1°``, ``10 km``. Raises AzeError ``nomination.grid``."""
        rules = limits()
        found = re.fullmatch(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*(°|degrees?|deg|km)?\s*", text or rules["default"])
        if found is None:
            raise AzeError("nomination.grid", grid=text)
        grid = cls(float(found[1].replace(",", ".")), KILOMETRES if found[2] == "km" else DEGREES)
        low, high = rules[grid.unit]
        if not low <= grid.size <= high:
            raise AzeError("nomination.grid_size", grid=grid.label(), low=f"{low:g}", high=f"{high:g}")
        return grid

    @classmethod
    def of_json(cls, generalised: Any) -> Grid | None:
        """The grid of a nomination's member ``generalised``; None for anything else."""
        said = generalised.get("grid") if isinstance(generalised, Mapping) else None
        if not isinstance(said, Mapping):
            return None
        size, unit = said.get("size"), said.get("unit")
        if unit not in (DEGREES, KILOMETRES) or isinstance(size, bool) or not isinstance(size, (int, float)):
            return None
        low, high = limits()[unit]
        return cls(float(size), unit) if low <= size <= high else None

    def as_json(self) -> dict[str, Any]:
        """As the nomination says it."""
        return {"size": self.size, "unit": self.unit}

    def label(self) -> str:
        """As bag-info and sentences say it: ``0.1 degrees``, ``10 km``."""
        return f"{self.size:g} {self.unit}"

    # ------------------------------------------------------------------------------------------------ lines

    def lines(self, low: float, high: float, axis: int) -> np.ndarray:
        """The grid's lines in degrees that hold ``low`` to ``high`` between them. ``axis``: 0 longitudes, 1 latitudes.

        The world's edges are lines as well.
        """
        edge = 180.0 if axis == 0 else 90.0
        first, last = math.floor(self._count(low, axis) + 1e-9), math.ceil(self._count(high, axis) - 1e-9)
        if last - first > limits()["most_cells"]:
            raise AzeError("nomination.grid_fine", grid=self.label())
        found = [self._degrees(n, axis) for n in range(first, max(last, first + 1) + 1)]
        return np.unique(np.clip(found, -edge, edge))

    def _count(self, degrees: float, axis: int) -> float:
        """How many lines from 0 a coordinate lies."""
        if self.unit == DEGREES:
            return degrees / self.size
        at = geometry.project(np.array([[degrees, 0.0] if axis == 0 else [0.0, degrees]]))[0][axis]
        return float(at) / (1000 * self.size)

    def _degrees(self, n: int, axis: int) -> float:
        if self.unit == DEGREES:
            return round(n * self.size, 9)
        metres = n * 1000 * self.size
        if axis == 0 and abs(metres) >= geometry.HALF_WORLD:
            return math.copysign(180.0, metres)
        if axis == 1 and abs(metres) >= geometry.NORTH_POLE_M:
            return math.copysign(90.0, metres)
        at = geometry.unproject(np.array([[metres, 0.0] if axis == 0 else [0.0, metres]]))[0]
        return round(float(at[axis]), 9)

    # ------------------------------------------------------------------------------------------------- places

    def laid(self, lonlat: geometry.Geometry) -> geometry.Geometry:
        """The union of the cells that a boundary, lon/lat, shares area with. Raises AzeError ``nomination.grid_fine``
        where they are too many to hide anything."""
        shapes = []
        for part in _sides(lonlat):
            west, south, east, north = geometry.bounds(part)
            across, up = self.lines(west, east, 0), self.lines(south, north, 1)
            if (len(across) - 1) * (len(up) - 1) > limits()["most_cells"]:
                raise AzeError("nomination.grid_fine", grid=self.label())
            shapes.append(geometry.cells_met(part, across, up))
        return geometry.dissolve(shapes) if len(shapes) > 1 else shapes[0]

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """The middle of the cell that a place lies in, in degrees to four decimals."""
        middle = []
        for axis, value in ((0, lon), (1, lat)):
            n = math.floor(self._count(value, axis) + 1e-9)
            edge = 180.0 if axis == 0 else 90.0
            sides = np.clip([self._degrees(n, axis), self._degrees(n + 1, axis)], -edge, edge)
            middle.append(round(float(sides.mean()), 4))
        return middle[0], middle[1]

    def box(self, extent: Sequence[float]) -> list[float]:
        """The smallest box of whole cells that holds an extent ``[west, south, east, north]``; across 180° west stays
        greater than east."""
        west, south, east, north = (float(v) for v in extent)
        return [
            float(self.lines(west, west, 0)[0]),
            float(self.lines(south, south, 1)[0]),
            float(self.lines(east, east, 0)[-1]),
            float(self.lines(north, north, 1)[-1]),
        ]

    def holds(self, lonlat: geometry.Geometry) -> bool:
        """Whether every corner of a shape lies on the grid's crossings, and every side along its lines."""
        corners = geometry.corners(lonlat)
        for axis, edge in ((0, 180.0), (1, 90.0)):
            for value in np.unique(corners[:, axis]):
                n = round(self._count(float(value), axis))
                if abs(value - self._degrees(n, axis)) > _HAIR and abs(abs(value) - edge) > _HAIR:
                    return False
        return all(bool((np.abs(np.diff(ring, axis=0)).min(axis=1) <= _HAIR).all()) for ring in geometry.rings(lonlat))

    def is_place(self, lon: float, lat: float) -> bool:
        """Whether a place is the middle of a cell."""
        there = self.place(lon, lat)
        return abs(there[0] - lon) < 1e-9 and abs(there[1] - lat) < 1e-9


def limits() -> Mapping[str, Any]:
    """Sizes that a grid may have; shared, so callers must not change it."""
    return paths.load_json("packaging", "generalising.json")


def _sides(lonlat: geometry.Geometry) -> list[geometry.Geometry]:
    """A shape that crosses 180° side by side: the box round all of it would go round the world."""
    pieces = list(geometry.polygons_of(lonlat))
    west, _, east, _ = geometry.bounds(lonlat)
    if east - west <= 180 or len(pieces) < 2:
        return [lonlat]
    sides = ([p for p in pieces if geometry.bounds(p)[0] < 0], [p for p in pieces if geometry.bounds(p)[0] >= 0])
    return [geometry.dissolve(side) for side in sides if side]


# --------------------------------------------------------------------------------------------------- documents


def sensitive_taxa(given: str, nomination: Mapping[str, Any]) -> list[str]:
    """Names of the taxa whose places are to be hidden: those given (``all``, or names set apart by commas, semicolons
    or lines) and those that the nomination's species rows say are sensitive. Empty where there is none."""
    named = [name.strip() for name in re.split(r"[,;\n]", given or "") if name.strip()]
    if any(name.casefold() == "all" for name in named):
        return ["all"]
    section = nomination.get("biodiversity")
    rows = section.get("species") if isinstance(section, Mapping) else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and row.get("sensitive") in ("Yes", True) and row.get("scientific_name"):
            named.append(str(row["scientific_name"]))
    return sorted(set(named))


def coarse(document: Any, grid: Grid) -> Any:
    """A document with every place in it made as coarse as the grid: extents grown to whole cells, points left out."""
    if isinstance(document, Mapping):
        kept = {}
        for key, value in document.items():
            if key == "extent" or key.endswith("_extent"):
                if _is_extent(value):
                    kept[key] = grid.box(value)
            elif key not in _PLACES:
                kept[key] = coarse(value, grid)
        return kept
    if isinstance(document, (list, tuple)):
        return [coarse(value, grid) for value in document]
    return document


def _is_extent(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 4
        and all(isinstance(v, (int, float)) and math.isfinite(v) for v in value)
    )


_DEGREES = re.compile(r"(?<![\d.])-?(\d{1,3}[.,]\d+)")
_SEXAGESIMAL = re.compile(
    r"(?<!\d)(\d{1,3})\s*°\s*(\d{1,2}(?:[.,]\d+)?)\s*['\u2032\u2019](?:\s*(\d{1,2}(?:[.,]\d+)?)\s*[\"\u2033\u201d])?"
)
_METRES = re.compile(r"(?<![\d.])(\d{6})(?:\.\d+)?[\s,/;]+(\d{7})(?:\.\d+)?(?![\d.])")


def places_in(text: str, near: Sequence[float], grid: Grid) -> Iterator[str]:
    """What in a text looks like a place finer than the grid and near the site: decimal degrees, degrees and minutes,
    or a pair of metres as in UTM. ``near``: the box round the generalised boundary, lon/lat."""
    spans = [sorted((abs(near[0]), abs(near[2]))), sorted((abs(near[1]), abs(near[3])))]
    if near[0] <= 0 <= near[2]:
        spans[0][0] = 0.0
    if near[1] <= 0 <= near[3]:
        spans[1][0] = 0.0

    def is_near(value: float) -> bool:
        return any(low <= value <= high for low, high in spans)

    for found in _DEGREES.finditer(text):
        decimals = len(re.split(r"[.,]", found[1])[1])
        value = float(found[1].replace(",", "."))
        if decimals >= 3 and 10.0**-decimals < grid.size and is_near(value) and not _on(grid, value):
            yield found[0]
    for found in _SEXAGESIMAL.finditer(text):
        minutes, seconds = (float((part or "0").replace(",", ".")) for part in (found[2], found[3]))
        if is_near(int(found[1]) + minutes / 60 + seconds / 3600):
            yield found[0]
    for found in _METRES.finditer(text):
        yield found[0]


def _on(grid: Grid, value: float) -> bool:
    """Whether a number is a line of the grid or the middle between two, to the decimals that the package gives."""
    for axis in (0, 1):
        for sign in (1, -1):
            n = grid._count(sign * value, axis) if value <= (180, 90)[axis] else math.nan
            if math.isnan(n):
                continue
            for k in (math.floor(n), math.ceil(n)):
                if abs(grid._degrees(k, axis) - sign * value) < _HAIR:
                    return True
            middle = (grid._degrees(math.floor(n), axis) + grid._degrees(math.floor(n) + 1, axis)) / 2
            if abs(round(middle, 4) - sign * value) < _HAIR:
                return True
    return False


def texts(document: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """JSON pointer and text of every text in a document; names of members too."""
    if isinstance(document, str):
        yield pointer, document
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(document, Mapping):
        items = document.items()
    elif isinstance(document, (list, tuple)):
        items = enumerate(document)
    for key, value in items:
        inner = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if isinstance(key, str):
            yield inner, key
        yield from texts(value, inner)
