"""Sites in their surroundings: what a raster or a layer of areas holds in a site, against the layer as a whole.

Everything is weighted by m² (EPSG:6933): a cell counts by its size, and at the edge of a site by the part of it that
lies inside. What a layer leaves unknown is never taken for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MEASURES, CLASSES, AREAS = "measures", "classes", "areas"

# Whole numbers this near to one another are counted, others sorted.
_SPAN = 1 << 16


@dataclass(frozen=True)
class ContextRules:
    """See ``resources/criteria/context.json``.

    ``most_classes``: different whole numbers up to which a raster is one of classes, and ``most_forced_classes`` where
    the user says that it is; ``least_share``: of a site that an area has to hold to be named; ``most_names``: that are
    named of a site; ``land_cells``: into how many stretches land is cut along each axis to be worked through.
    """

    most_classes: int
    most_forced_classes: int
    least_share: float
    most_names: int
    land_cells: int

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> ContextRules:
        """Rules from the parsed file."""
        return cls(**{name: rules[name] for name in cls.__dataclass_fields__})


class Tally:
    """What a raster holds in one place, added up piece by piece.

    ``m2``: known; ``least`` and ``greatest``: not-a-number where nothing is. ``classes``: m² by value; None once there
    are more than ``most`` of them.
    """

    def __init__(self, most: int):
        self._most = most
        self._sum = 0.0
        self.m2 = 0.0
        self.least = self.greatest = float("nan")
        self.classes: dict[float, float] | None = {}

    @property
    def mean(self) -> float | None:
        """The mean weighted by m²; None where nothing is known."""
        return self._sum / self.m2 if self.m2 > 0 else None

    def add(self, values: np.ndarray, m2: np.ndarray) -> None:
        """Add values with their weights, both of shape (n,)."""
        if not len(values):
            return
        numbers = values.astype(float)
        self.m2 += float(m2.sum())
        self._sum += float(numbers @ m2)
        self.least = float(np.fmin(self.least, numbers.min()))
        self.greatest = float(np.fmax(self.greatest, numbers.max()))
        if self.classes is not None:
            self._add_classes(values, m2)

    def give_up_classes(self) -> None:
        """Count no classes (any more)."""
        self.classes = None

    def share(self, value: float) -> float:
        """Share of what is known that has a class; 0 for a class that is not there."""
        return (self.classes or {}).get(value, 0.0) / self.m2 if self.m2 > 0 else 0.0

    def _add_classes(self, values: np.ndarray, m2: np.ndarray) -> None:
        low, high = values.min(), values.max()
        if values.dtype.kind in "iu" and int(high) - int(low) < _SPAN:
            at = values.astype(np.int64) - int(low)
            sums = np.bincount(at, m2)
            present = np.flatnonzero(np.bincount(at))
            found = zip((present + int(low)).tolist(), sums[present].tolist())
        else:
            distinct, at = np.unique(values, return_inverse=True)
            if len(distinct) > self._most:
                self.classes = None
                return
            found = zip(distinct.tolist(), np.bincount(at.reshape(-1), m2).tolist())
        for value, area in found:
            self.classes[float(value)] = self.classes.get(float(value), 0.0) + area
        if len(self.classes) > self._most:
            self.classes = None


@dataclass(frozen=True)
class Figure:
    """What one layer says of one site, or of one of the layer's classes there; sites and layers by their numbers.

    ``value``: mean of measurements, or share 0 to 1 of the site's known part with a class, or of the site within areas;
    None where it cannot be assessed, and ``problem`` then says by a code why: ``no_boundary``, ``outside``,
    ``no_data``, ``seam``. ``layer_value``: the same of the layer as a whole, None where not known. ``data_share``: of
    the site that is known. ``class_value``: the class. ``names``: of the areas that the site meets, with their shares
    of it, largest first.
    """

    site: int
    layer: int
    kind: str
    value: float | None = None
    layer_value: float | None = None
    least: float | None = None
    greatest: float | None = None
    data_share: float | None = None
    class_value: float | None = None
    class_name: str = ""
    names: Sequence[tuple[str, float]] = ()
    problem: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the layer's own figure; None where that is not known or not above 0."""
        if self.value is None or self.layer_value is None or not self.layer_value > 0:
            return None
        return self.value / self.layer_value


@dataclass(frozen=True)
class LayerFigures:
    """One raster's band, or one layer of areas, as a whole.

    ``value``: mean of measurements, or share 0 to 1 of the land that its areas hold; None where not known, and
    ``basis`` says what it is worked out over: ``whole`` (all cells), ``land`` (a layer of land that was given), or
    ``none``. ``classes``: value, name and share of each.
    """

    name: str
    band: int | None
    kind: str
    basis: str = "none"
    value: float | None = None
    least: float | None = None
    greatest: float | None = None
    classes: Sequence[tuple[float, str, float]] = field(default_factory=tuple)


def is_of_classes(whole: bool, has_legend: bool, tallies: Sequence[Tally], most: int) -> bool:
    """Whether a raster is one of classes: one with a legend, or one of whole numbers of which there are few.

    ``tallies``: of the whole raster, or where that was not looked at, of the sites.
    """
    known = [tally for tally in tallies if tally.m2 > 0]
    if not known or any(tally.classes is None for tally in known):
        return False
    if has_legend:
        return True
    return whole and len({value for tally in known for value in tally.classes}) <= most


def across_sites(figures: Sequence[Figure]) -> dict[str, Any]:
    """Means over sites of one layer's figures: each site counts once, whatever its size; what is not known does not."""
    values = [figure.value for figure in figures if figure.value is not None]
    found: dict[str, Any] = {"sites": len(figures), "assessed": len(values), "mean": None, "ratio": None}
    if values:
        found["mean"] = float(np.mean(values))
        layer_value = next((f.layer_value for f in figures if f.layer_value is not None), None)
        if layer_value is not None and layer_value > 0:
            found["ratio"] = found["mean"] / layer_value
    return found
