"""Where the things that results name lie on the map.

All raise AzeError ``layer.incomplete`` where a server did not send all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qgis.core import QgsGeometry, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer

from .. import paths
from ..domain import fields
from ..services import attributes
from ..services.layers import plain
from . import layers

# Half the side of the square that stands for a point, in degrees.
_POINT_DEGREES = 1e-7


def protected_area(
    sources: Sequence[QgsVectorLayer], area_id: str, near: QgsGeometry, project: QgsProject
) -> QgsGeometry | None:
    """The shape (WGS 84) of a protected area that a coverage file names, all of its rows together.

    ``near``: a boundary in WGS 84 that the area meets; only there is it looked for, so that a layer of the whole world
    answers at once. None where no layer has the area any more.
    """
    found = [shape for names, shape in _protected(sources, near.boundingBox(), project) if area_id in names]
    return QgsGeometry.collectGeometry(found) if found else None


def protected_at(sources: Sequence[QgsVectorLayer], point: QgsPointXY, project: QgsProject) -> set[str]:
    """The ids, as a coverage file has them, of the protected areas at a point (WGS 84)."""
    box = QgsRectangle(point.x(), point.y(), point.x(), point.y())
    box.grow(_POINT_DEGREES)
    place = QgsGeometry.fromRect(box)
    return {name for names, shape in _protected(sources, box, project) if shape.intersects(place) for name in names}


def _protected(
    sources: Sequence[QgsVectorLayer], box: QgsRectangle, project: QgsProject
) -> Iterator[tuple[set[str], QgsGeometry]]:
    """Ids and shape (WGS 84) of each row of protected areas whose rectangle meets another."""
    aliases = {name: [name] for name in paths.load_json("schemas", "fields.json")["protected"]["id"]}
    for layer in sources:
        columns = [layer.fields().lookupField(n) for n in fields.resolve(layer.fields().names(), aliases).values()]
        for feature in layers.near(layer, box, project, columns):
            if feature.hasGeometry():
                values = feature.attributes()
                ids = {attributes.identifier(plain(values[i])) for i in columns} - {""}
                # Without an id the coverage file names an area by its feature.
                yield ids or {str(feature.id())}, feature.geometry()


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
        for feature in layers.near(layer, rectangle, project):
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
