"""The land round a candidate, looked up in the layers that were chosen for it: land cover and mapped edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgis.core import QgsCoordinateTransformContext

from ..domain.criteria.discreteness import Surroundings
from ..domain.geometry import Geometry
from ..domain.progress import Progress
from .edges import EdgeLayer, measure_edges
from .landcover import Landcover


@dataclass(frozen=True)
class Survey:
    """Where to look; made in the layers' own thread, usable in any.

    ``landcover``: None where no raster was chosen; ``edges``: layers of lines and polygons, none for not looking;
    ``tolerance_m``: see edges.measure_edges.
    """

    transform_context: QgsCoordinateTransformContext
    landcover: Landcover | None = None
    edges: Sequence[EdgeLayer] = ()
    tolerance_m: float | None = None

    def of(self, boundary: Geometry, progress: Progress) -> Surroundings:
        """What lies round a boundary (EPSG:6933). Raises AzeError for layers that cannot be read."""
        landcover = edges = None
        if self.landcover is not None:
            landcover = self.landcover.compare(boundary, progress=progress.part(0, 0.7))
        if self.edges:
            edges = measure_edges(boundary, self.edges, self.transform_context, self.tolerance_m, progress.part(0.7, 1))
        return Surroundings(landcover, edges)
