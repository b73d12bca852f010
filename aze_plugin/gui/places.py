"""Where the things that results name lie on the map."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsFeatureRequest, QgsGeometry, QgsProject, QgsVectorLayer

from .. import paths
from ..domain import fields
from ..services import attributes
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
        # Where features are asked for in another system than their own, QGIS takes the rectangle to be in that one.
        request = QgsFeatureRequest().setFilterRect(near.boundingBox())
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


def site(
    sources: Sequence[QgsVectorLayer], site_id: str, name: str, near: QgsGeometry, project: QgsProject
) -> QgsGeometry | None:
    """The shape (WGS 84) of an existing site that a finding names by its id and name, all of its features together.

    ``near``: a boundary in WGS 84 that the site meets. None where no layer has the site any more.
    """
    rectangle = near.boundingBox()
    rectangle.grow(1e-6)
    found = []
    for layer in sources:
        columns = attributes.columns_of(layer, "sites")
        request = QgsFeatureRequest().setFilterRect(rectangle)
        request.setDestinationCrs(layers.LONLAT, project.transformContext())
        request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
        for feature in layer.getFeatures(request):
            own_id, own_name = (
                next((v for v in (plain(feature[column]) for column in columns[role]) if v not in (None, "")), None)
                for role in ("site_id", "name")
            )
            own_id, own_name = attributes.identifier(own_id), attributes.text(own_name)
            # A site that tells neither goes by the number of its feature, one without a name by its id.
            own_id = own_id or (site_id if own_name else str(feature.id()))
            if (own_id, own_name or own_id) == (site_id, name) and feature.hasGeometry():
                found.append(feature.geometry())
    return QgsGeometry.unaryUnion(found) if found else None


def _identifier(value: object) -> str:
    """An id as the coverage file writes it: numbers without a fraction."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
