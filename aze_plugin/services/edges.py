"""Mapped edges of chosen layers, laid on a boundary: coasts, rivers, protected areas, administrative borders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgis.core import QgsCoordinateTransformContext, QgsRectangle, QgsVectorLayer, QgsWkbTypes

from .. import paths
from ..domain.edges import EdgeMeter, EdgeRules, MappedEdges
from ..domain.errors import AzeError
from ..domain.geometry import Geometry
from ..domain.progress import Progress
from .layers import LayerSnapshot, stream_features
from .reference_systems import is_placed

# What a degree rectangle grows by against rounding on the way through a layer's own reference system.
_MARGIN_DEGREES = 1e-5


def default_rules() -> EdgeRules:
    """The rules that the plugin ships."""
    return EdgeRules.from_dict(paths.load_json("criteria", "aze.json"))


@dataclass(frozen=True)
class EdgeLayer:
    """A layer of lines or polygons as it is now, safe to be read in any thread; made in the layer's own thread.

    ``turns``: by how many degrees its longitudes may lie off −180…180, besides not at all.
    """

    name: str
    snapshot: LayerSnapshot
    turns: tuple[int, ...]

    @classmethod
    def of(cls, layer: QgsVectorLayer) -> EdgeLayer:
        """Raises AzeError ``layer.unreadable``, ``layer.no_crs``, or ``edges.no_lines`` for points and tables."""
        snapshot = LayerSnapshot(layer)
        if layer.geometryType() not in (
            QgsWkbTypes.GeometryType.LineGeometry,
            QgsWkbTypes.GeometryType.PolygonGeometry,
        ):
            raise AzeError("edges.no_lines", source=layer.name())
        if not is_placed(layer.crs()):
            raise AzeError("layer.no_crs", source=layer.name())
        turns: tuple[int, ...] = ()
        if layer.crs().isGeographic():
            extent = layer.extent()
            turns = (360,) * (extent.xMaximum() > 180) + (-360,) * (extent.xMinimum() < -180)
        return cls(layer.name(), snapshot, turns)


def measure_edges(
    boundary: Geometry,
    layers: Sequence[EdgeLayer],
    transform_context: QgsCoordinateTransformContext,
    tolerance_m: float | None = None,
    progress: Progress | None = None,
) -> MappedEdges:
    """Share of a boundary's (EPSG:6933) perimeter on edges of these layers; reads only what lies near. Any thread.

    Layers of one name count as one.

    ``tolerance_m``: in true metres, the shipped rules' where it is not given. Raises AzeError ``edges.tolerance`` for
    one that is not above 0.
    """
    progress = progress or Progress()
    tolerance = default_rules().tolerance_m if tolerance_m is None else float(tolerance_m)
    if not tolerance > 0:
        raise AzeError("edges.tolerance", value=tolerance_m)
    meter = EdgeMeter(boundary, tolerance)
    for n, layer in enumerate(layers):
        step = progress.part(n / len(layers), (n + 1) / len(layers))
        meter.add(layer.name)
        for extent in _extents(meter, layer):
            for table in stream_features(layer.snapshot, [], transform_context, step, extent_lonlat=extent):
                meter.add(layer.name, table.lonlat)
                progress.check()
    found = meter.result()
    progress.set(1)
    return found


def _extents(meter: EdgeMeter, layer: EdgeLayer) -> list[QgsRectangle]:
    rectangles = []
    for west, south, east, north in meter.extents:
        for turn in (0, *layer.turns):
            rectangle = QgsRectangle(west + turn, south, east + turn, north)
            rectangle.grow(_MARGIN_DEGREES)
            rectangles.append(rectangle)
    return rectangles
