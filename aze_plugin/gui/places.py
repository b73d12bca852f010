"""Where the things that results name lie on the map."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsCoordinateTransform, QgsFeatureRequest, QgsGeometry, QgsProject, QgsVectorLayer

from .. import paths
from ..domain import fields
from ..services.layers import plain
from . import layers


def protected_area(
    sources: Sequence[QgsVectorLayer], area_id: str, near: QgsGeometry, project: QgsProject
) -> QgsGeometry | None:
    """The shape (WGS 84) of a protected area that a coverage file names, all of its rows together.

    ``near``: a boundary in WGS 84 that the area meets; only there is it looked for, so that a layer of the whole world
    answers at once. None where no layer has the area any more.
    """
    aliases = {name: [name] for name in paths.load_json("schemas", "fields.json")["protected"]["id"]}
    found: list[QgsGeometry] = []
    for layer in sources:
        columns = [layer.fields().lookupField(n) for n in fields.resolve(layer.fields().names(), aliases).values()]
        to_layer = QgsCoordinateTransform(layers.LONLAT, layer.crs(), project.transformContext())
        request = QgsFeatureRequest()
        request.setFilterRect(to_layer.transformBoundingBox(near.boundingBox(), handle180Crossover=True))
        request.setSubsetOfAttributes(columns)
        request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
        request.setDestinationCrs(layers.LONLAT, project.transformContext())
        for feature in layer.getFeatures(request):
            values = feature.attributes()
            # Without an id the coverage file names an area by its feature.
            names = {_identifier(plain(values[i])) for i in columns} - {""} or {str(feature.id())}
            if area_id in names and feature.hasGeometry():
                found.append(feature.geometry())
    return QgsGeometry.collectGeometry(found) if found else None


def _identifier(value: object) -> str:
    """An id as the coverage file writes it: numbers without a fraction."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
