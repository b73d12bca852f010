"""QGIS feature sources read into plain data: attributes and equal-area geometry, safe to hand to another thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeatureRequest,
    QgsFeatureSource,
)

from ..domain import geometry
from ..domain.errors import AzeError
from ..domain.progress import Progress

LONLAT = "EPSG:4326"


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
    reading to a QgsRectangle. Raises AzeError ``layer.no_crs`` for a source without a CRS.
    """
    if not source.sourceCrs().isValid():
        raise AzeError("layer.no_crs", source=source.sourceName())
    progress = progress or Progress()
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    request.setDestinationCrs(QgsCoordinateReferenceSystem(LONLAT), transform_context)
    if extent_lonlat is not None:
        request.setFilterRect(extent_lonlat)
    available = source.fields()
    indexes = [available.indexOf(name) for name in fields]
    request.setSubsetOfAttributes([i for i in indexes if i >= 0])

    total = max(1, source.featureCount())
    fids: list[int] = []
    wkb: list[bytes | None] = []
    columns: dict[str, list[Any]] = {name: [] for name in fields}
    for n, feature in enumerate(source.getFeatures(request)):
        if n % 256 == 0:
            progress.set(n / total)
        fids.append(feature.id())
        wkb.append(bytes(feature.geometry().asWkb()) if feature.hasGeometry() else None)
        attributes = feature.attributes()
        for name, i in zip(fields, indexes):
            columns[name].append(plain(attributes[i]) if i >= 0 else None)
    return FeatureTable(source.sourceName(), fids, columns, geometry.from_wkb(wkb))
