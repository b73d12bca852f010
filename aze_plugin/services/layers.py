"""QGIS feature sources read into plain data: attributes and equal-area geometry, safe to hand to another thread."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsExpressionContext,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsGeometry,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsVectorLayerSelectedFeatureSource,
    QgsWkbTypes,
)

from ..domain import geometry
from ..domain.errors import AzeError
from ..domain.progress import Progress
from .reference_systems import is_placed
from .remote import Watch, features, is_remote

LONLAT = "EPSG:4326"

_PLAIN = (str, int, float, bool)
_NOWHERE = (math.nan,) * 4


@dataclass(frozen=True)
class FeatureTable:
    """Features of one source.

    ``source``: its name; ``fids``: feature ids; ``columns``: plain Python values by field name (None for NULL);
    ``lonlat``: shapely geometries in WGS 84 as they were, None where missing.
    """

    source: str
    fids: list[int]
    columns: dict[str, list[Any]]
    lonlat: np.ndarray

    def __len__(self) -> int:
        return len(self.fids)

    def prepared(self) -> geometry.Prepared:
        """The geometries made measurable (polygons only)."""
        return geometry.prepare(self.lonlat)


def plain(value: Any) -> Any:
    """A field value as plain Python: None for NULL and for null variants, ISO text for dates."""
    if type(value) in _PLAIN:
        return value
    if value is None or value == NULL:
        return None
    if hasattr(value, "isNull") and value.isNull():
        return None
    if hasattr(value, "toString") and not isinstance(value, str):
        try:
            from qgis.PyQt.QtCore import Qt

            return value.toString(Qt.DateFormat.ISODate)
        except TypeError:
            return value.toString()
    return value


def read_features(
    source: QgsFeatureSource,
    fields: Sequence[str],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
    extent_lonlat=None,
) -> FeatureTable:
    """Read a source's features in WGS 84, with the fields asked for (all of them must exist).

    Invalid geometries are read as they are: mending and saying so is the caller's work. ``extent_lonlat`` limits the
    reading to a QgsRectangle. Raises AzeError ``layer.no_crs`` for a source with geometry and without a CRS, and
    ``layer.incomplete`` where a server did not send all.
    """
    progress = progress or Progress()
    request = _request(source, transform_context)
    if extent_lonlat is not None:
        request.setFilterRect(extent_lonlat)
    return next(_tables(source, fields, request, progress, None))


def stream_features(
    source: QgsFeatureSource | LayerSnapshot,
    fields: Sequence[str],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    piece_bytes: int = 16 * 2**20,
    extent_lonlat=None,
) -> Iterator[FeatureTable]:
    """As read_features, but in tables of bounded size, so that a layer never has to fit into memory."""
    request = _request(source, transform_context)
    if extent_lonlat is not None:
        request.setFilterRect(extent_lonlat)
    yield from _tables(source, fields, request, progress, piece_bytes)


@dataclass(frozen=True)
class FeatureRows:
    """As ``FeatureTable``, with geometries as WKB and their rectangles: xmin, ymin, xmax, ymax."""

    source: str
    fids: list[int]
    columns: dict[str, list[Any]]
    wkb: list[bytes | None]
    boxes: list[tuple[float, float, float, float]]


def stream_rows(
    source: QgsFeatureSource | LayerSnapshot,
    fields: Sequence[str],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
    piece_bytes: int,
) -> Iterator[FeatureRows]:
    """As stream_features, without taking geometries apart."""
    yield from _rows(source, fields, _request(source, transform_context), progress, piece_bytes)


def straight(shape: QgsGeometry) -> QgsGeometry:
    """A shape with straight edges in place of curves.

    Also where nothing is bent: such a shape, as ArcGIS services have them, stays a curve by name under
    convertToStraightSegment.
    """
    return QgsGeometry(shape.constGet().segmentize()) if QgsWkbTypes.isCurvedType(shape.wkbType()) else shape


@dataclass(frozen=True)
class Chosen:
    """What of a layer's features is read: the selected ones alone, those for which an expression holds, so many at
    most."""

    selected: bool = False
    expression: str = ""
    limit: int | None = None
    scope: QgsExpressionContext | None = None


class LayerSnapshot:
    """A vector layer as it is now, edits included, safe to be read in any thread; made in the layer's own thread.

    Stands in for a QgsFeatureSource. Raises AzeError ``layer.unreadable`` for a layer that could not be opened.
    """

    def __init__(self, layer: QgsVectorLayer, chosen: Chosen | None = None):
        if not layer.isValid():
            raise AzeError("layer.unreadable", source=layer.source() or layer.name())
        self._name = layer.name()
        self._chosen = chosen or Chosen()
        self._count = _count(layer, self._chosen)
        # What a server did not send would be missed by nobody.
        self.watch = Watch(layer, self._count) if is_remote(layer) else None
        self._kind = layer.wkbType()
        placed = _placed(layer)
        self._crs = placed.crs()
        of_layer = QgsVectorLayerSelectedFeatureSource if self._chosen.selected else QgsVectorLayerFeatureSource
        self._source = of_layer(placed)

    def sourceName(self) -> str:
        return self._name

    def sourceCrs(self) -> QgsCoordinateReferenceSystem:
        return self._crs

    def fields(self):
        return self._source.fields()

    def wkbType(self) -> QgsWkbTypes.Type:
        return self._kind

    def featureCount(self) -> int:
        return self._count

    def getFeatures(self, request: QgsFeatureRequest):
        chosen, request = self._chosen, QgsFeatureRequest(request)
        if chosen.expression:
            request.combineFilterExpression(chosen.expression)
            request.setExpressionContext(chosen.scope or QgsExpressionContext())
        if chosen.limit is not None:
            request.setLimit(chosen.limit if request.limit() < 0 else min(chosen.limit, request.limit()))
        return self._source.getFeatures(request)


def _count(layer: QgsVectorLayer, chosen: Chosen) -> int:
    """How many features are read; -1 where that is not known before."""
    if chosen.expression:
        return -1
    count = layer.selectedFeatureCount() if chosen.selected else layer.featureCount()
    return count if chosen.limit is None else min(count, chosen.limit)


def _placed(layer: QgsVectorLayer) -> QgsVectorLayer:
    """The layer, or for one of geometry collections, of which QGIS forgets where it lies, a copy that still knows."""
    crs = layer.dataProvider().crs()
    if layer.isSpatial() or layer.crs().isValid() or not crs.isValid():
        return layer
    copy = layer.clone()
    copy.setCrs(crs)
    return copy


def _request(source, transform_context: QgsCoordinateTransformContext) -> QgsFeatureRequest:
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    if is_placed(source.sourceCrs()):
        request.setDestinationCrs(QgsCoordinateReferenceSystem(LONLAT), transform_context)
    elif not is_table(source):
        raise AzeError("layer.no_crs", source=source.sourceName())
    return request


def is_table(source) -> bool:
    """Whether nothing of a source lies anywhere, as of an empty GeoJSON file: then it needs no reference system."""
    kind = getattr(source, "wkbType", None)
    return kind is not None and kind() == QgsWkbTypes.Type.NoGeometry


def _tables(
    source, fields: Sequence[str], request: QgsFeatureRequest, progress: Progress, piece_bytes: int | None
) -> Iterator[FeatureTable]:
    """Tables of about ``piece_bytes`` of geometry, or one with everything; at least one, if empty."""
    for rows in _rows(source, fields, request, progress, piece_bytes):
        yield FeatureTable(rows.source, rows.fids, rows.columns, geometry.from_wkb(rows.wkb))


def _rows(
    source, fields: Sequence[str], request: QgsFeatureRequest, progress: Progress, piece_bytes: int | None
) -> Iterator[FeatureRows]:
    available = source.fields()
    indexes = [available.indexOf(name) for name in fields]
    request.setSubsetOfAttributes([i for i in indexes if i >= 0])
    name = source.sourceName()

    def rows() -> FeatureRows:
        # Column by column, as most values are plain already.
        columns = {
            field: [plain(values[i]) for values in attributes] if i >= 0 else [None] * len(fids)
            for field, i in zip(fields, indexes)
        }
        return FeatureRows(name, fids, columns, wkb, boxes)

    fids: list[int] = []
    attributes: list[list[Any]] = []
    wkb: list[bytes | None] = []
    boxes: list[tuple[float, float, float, float]] = []
    size = 0
    for feature in features(source, request, progress):
        if piece_bytes is not None and size >= piece_bytes:
            yield rows()
            fids, attributes, wkb, boxes, size = [], [], [], [], 0
        fids.append(feature.id())
        blob, box = _wkb(feature)
        wkb.append(blob)
        boxes.append(box)
        size += len(blob or b"") + 1024
        attributes.append(feature.attributes())
    yield rows()


def _wkb(feature) -> tuple[bytes | None, tuple[float, float, float, float]]:
    if not feature.hasGeometry():
        return None, _NOWHERE
    shape = straight(feature.geometry())
    box = shape.boundingBox()
    return bytes(shape.asWkb()), (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
