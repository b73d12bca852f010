"""Altitudes of a site from a terrain model.

A ``Terrain`` is made in the main thread and holds plain data only; it may be read in any thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from osgeo import gdal
from qgis.core import QgsRasterLayer

from ..domain.errors import AzeError
from ..domain.geometry import Geometry
from ..domain.progress import Progress
from ..library.vector import ogr_session
from .landcover import Landcover

_METRES_PER_FOOT = 0.3048
_FEET = {"ft", "foot", "feet", "us survey foot", "us_survey_foot", "ft us"}

# Of a terrain model that knows less of a site than this, the lowest and the highest place may be missing.
_LEAST_KNOWN_SHARE = 0.99


@dataclass(frozen=True)
class Altitudes:
    """Lowest and highest altitude in metres, and the share of the site of which they are known (0 to 1)."""

    lowest_m: float
    highest_m: float
    known_share: float

    @property
    def are_sound(self) -> bool:
        """Whether all but a trifle of the site is known."""
        return self.known_share >= _LEAST_KNOWN_SHARE


@contextmanager
def _of_terrain() -> Iterator[None]:
    """What is wrong with a raster is said of a terrain model, not of land cover."""
    try:
        yield
    except AzeError as error:
        section, _, what = error.code.partition(".")
        if section != "landcover":
            raise
        raise AzeError(f"terrain.{what}", **error.params) from error


@dataclass(frozen=True)
class Terrain:
    """A raster whose first band holds altitudes; ``to_metres``: value × scale + offset, in metres."""

    raster: Landcover
    scale: float = 1.0
    offset: float = 0.0

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.raster.name

    @classmethod
    def from_layer(cls, layer: QgsRasterLayer) -> Terrain:
        """The terrain model of a layer, with its unit.

        Raises AzeError ``terrain.unreadable``, ``terrain.no_crs``, or ``terrain.provider`` for a layer of a service.
        """
        with _of_terrain():
            raster = Landcover.from_layer(layer)
        with ogr_session():
            # Held while its band is asked: GDAL closes what nobody holds.
            dataset = gdal.OpenEx(raster.path, gdal.OF_RASTER)
            band = dataset.GetRasterBand(1)
            scale = 1.0 if band.GetScale() is None else band.GetScale()
            unit = _METRES_PER_FOOT if (band.GetUnitType() or "").strip().lower() in _FEET else 1.0
            return cls(raster, scale * unit, (band.GetOffset() or 0.0) * unit)

    def altitudes(self, boundary: Geometry, progress: Progress | None = None) -> Altitudes | None:
        """Altitudes of every cell that a boundary (EPSG:6933) covers some of; None where none of them is known.

        Raises AzeError ``terrain.unreadable``.
        """
        lowest, highest, seen, whole = np.inf, -np.inf, 0.0, 0.0
        with _of_terrain():
            for values, known, inside in self.raster.cells_inside(boundary, progress):
                whole += float(inside.sum())
                if known.any():
                    seen += float(inside[known].sum())
                    lowest = min(lowest, float(values[known].min()))
                    highest = max(highest, float(values[known].max()))
        if not seen:
            return None
        ends = sorted((lowest * self.scale + self.offset, highest * self.scale + self.offset))
        return Altitudes(ends[0], ends[1], seen / whole)
