"""Features as they were drawn: edges that are straight in their own reference system stay so in WGS 84."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsUnitTypes,
    QgsWkbTypes,
)

from ..domain import geometry
from ..domain.progress import Progress
from .layers import LONLAT, FeatureTable, LayerSnapshot, plain, read_features, straight
from .reference_systems import is_placed
from .remote import features

# Edges of other systems are cut into pieces of so many metres before they are brought over, which keeps them within
# a metre of where they were drawn, far short of the poles.
_STEP_M = 2000.0


def read_drawn(
    source: QgsFeatureSource | LayerSnapshot,
    fields: Sequence[str],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> FeatureTable:
    """As ``layers.read_features``, but long edges of a projected layer keep their course.

    A feature that has no place in WGS 84 comes without geometry. Raises AzeError ``layer.no_crs``.
    """
    crs = source.sourceCrs()
    if not is_placed(crs) or crs.isGeographic():
        return read_features(source, fields, transform_context, progress)
    to_lonlat = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem(LONLAT), transform_context)
    step = _STEP_M * QgsUnitTypes.fromUnitToUnitFactor(Qgis.DistanceUnit.Meters, crs.mapUnits())
    available = source.fields()
    indexes = [available.indexOf(name) for name in fields]
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    request.setSubsetOfAttributes([i for i in indexes if i >= 0])
    fids: list[int] = []
    wkb: list[bytes | None] = []
    columns: dict[str, list[Any]] = {name: [] for name in fields}
    for feature in features(source, request, progress):
        progress.check()
        fids.append(feature.id())
        attributes = feature.attributes()
        for name, i in zip(fields, indexes):
            columns[name].append(plain(attributes[i]) if i >= 0 else None)
        wkb.append(_brought_over(feature, to_lonlat, step))
    return FeatureTable(source.sourceName(), fids, columns, geometry.from_wkb(wkb))


def _brought_over(feature, to_lonlat: QgsCoordinateTransform, step: float) -> bytes | None:
    if not feature.hasGeometry():
        return None
    shape = straight(feature.geometry())
    if QgsWkbTypes.geometryType(shape.wkbType()) != QgsWkbTypes.GeometryType.PointGeometry:
        cut = shape.densifyByDistance(step)
        shape = shape if cut.isNull() else cut
    try:
        shape.transform(to_lonlat)
    except QgsCsException:
        return None
    return bytes(shape.asWkb())
