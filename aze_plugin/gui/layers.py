"""The panel's layers in the project: one group, roles kept as custom properties, quiet styles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureRequest,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from .. import paths
from ..domain.errors import AzeError
from ..services.boundary_sources import vector_members
from ..services.reference_systems import is_placed
from ..services.remote import Watch, features, is_remote

ROLE = "aze/role"
_GROUP = "aze/group"
LONLAT = QgsCoordinateReferenceSystem("EPSG:4326")

# From top to bottom of the map.
ROLES = ("candidates", "gaps", "sites", "triggers", "protected", "edges", "countries", "base", "landcover", "elevation")
RASTER_ROLES = ("landcover", "elevation")
# Roles that are drawn as another one is: borders are thin lines, like other mapped edges.
_DRAWN_AS = {"countries": "edges"}
_STYLED = QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling | QgsMapLayer.StyleCategory.Rendering

CANDIDATE_TABLE = "candidates"
_CANDIDATE_FIELDS = ("name", "kind", "updates_site", "updates_id", "created", "note", "uid")
_VECTOR_ENDINGS = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".gml", ".fgb", ".gdb", ".tab")


def group(project: QgsProject) -> QgsLayerTreeGroup:
    """The group of the panel's layers, made at the top of the layer tree when it is missing."""
    found = find_group(project)
    if found is None:
        found = project.layerTreeRoot().insertGroup(0, "AZE")
        found.setCustomProperty(_GROUP, True)
    return found


def find_group(project: QgsProject) -> QgsLayerTreeGroup | None:
    """The group of the panel's layers, whatever the user has called it, or None."""
    for candidate in project.layerTreeRoot().findGroups(True):
        if candidate.customProperty(_GROUP):
            return candidate
    return None


def role_of(layer: QgsMapLayer) -> str:
    """The role a layer plays in the panel, empty for none."""
    return layer.customProperty(ROLE, "") or ""


def with_role(project: QgsProject, role: str) -> list[QgsMapLayer]:
    """The project's valid layers with a role, in the order in which the layer tree shows them."""
    order = {id_: n for n, id_ in enumerate(project.layerTreeRoot().findLayerIds())}
    found = [layer for layer in project.mapLayers().values() if layer.isValid() and role_of(layer) == role]
    # A layer that is just being added is in the project before it is in the tree.
    return sorted(found, key=lambda layer: order.get(layer.id(), len(order)))


def add(project: QgsProject, layer: QgsMapLayer, role: str, style: str = "") -> None:
    """Put a new layer with a role into the group, below those that have to stay visible above it.

    ``style``: the style of another role, where the role's own does not fit.
    """
    layer.setCustomProperty(ROLE, role)
    apply_style(layer, style or _DRAWN_AS.get(role, role))
    project.addMapLayer(layer, False)
    tree = group(project)
    position = 0
    for child in tree.children():
        other = role_of(child.layer()) if hasattr(child, "layer") and child.layer() is not None else ""
        if other in ROLES and ROLES.index(other) > ROLES.index(role):
            break
        position += 1
    node = tree.insertLayer(position, layer)
    node.setExpanded(False)


def apply_style(layer: QgsMapLayer, role: str) -> None:
    """Style a layer for its role from ``resources/styles``; rasters keep the style that comes with them."""
    if not isinstance(layer, QgsVectorLayer):
        return
    suffix = {Qgis.GeometryType.Point: "_points", Qgis.GeometryType.Line: "_lines"}.get(layer.geometryType(), "")
    path = paths.resource("styles", f"{role}{suffix}.qml")
    if path.exists():
        layer.loadNamedStyle(str(path), True, _STYLED)
        layer.triggerRepaint()


def kinds_of(role: str) -> set[Qgis.GeometryType]:
    """Kinds of geometry that a vector layer with a role may have."""
    more = {"protected": {Qgis.GeometryType.Point}, "edges": {Qgis.GeometryType.Line}}
    return {Qgis.GeometryType.Polygon} | more.get(role, set())


def fitting(project: QgsProject, role: str) -> list[QgsMapLayer]:
    """Layers of the project that could take a role and have none."""
    found = []
    for layer in project.mapLayers().values():
        if not layer.isValid() or role_of(layer):
            continue
        if role in RASTER_ROLES:
            # Values are read from files: what a map service sends are pictures.
            fits = isinstance(layer, QgsRasterLayer) and layer.providerType() == "gdal"
        else:
            fits = isinstance(layer, QgsVectorLayer) and layer.geometryType() in kinds_of(role)
        if fits:
            found.append(layer)
    return sorted(found, key=lambda layer: layer.name().lower())


# ------------------------------------------------------------------------------------------------- opening files


def open_vectors(path: str, role: str = "") -> list[QgsVectorLayer]:
    """Every layer of a file, folder or zip, zips inside zips included, that may have the role; polygons without one.

    Raises AzeError ``layer.not_vector`` where nothing can be opened, and where nothing of what opens fits
    ``edges.no_lines`` for that role, else ``layer.no_polygons``.
    """
    wanted = kinds_of(role)
    members = vector_members(path, _VECTOR_ENDINGS)
    details = [
        d
        for member in members
        for d in QgsProviderRegistry.instance().querySublayers(member)
        if d.type() == Qgis.LayerType.Vector
    ]
    if not details:
        raise AzeError("layer.not_vector", file=path)
    options = QgsVectorLayer.LayerOptions(loadDefaultStyle=False)
    # A layer alone in its file is known by the file's name, one of several by both names.
    alone = len(details) == 1 and len(members) == 1
    opened = [
        QgsVectorLayer(
            d.uri(),
            Path(path).stem if alone else d.name() if len(members) > 1 else f"{Path(path).stem} {d.name()}",
            d.providerKey(),
            options,
        )
        for d in details
    ]
    found = [layer for layer in opened if layer.isValid() and layer.geometryType() in wanted]
    if not found and role == "edges":
        raise AzeError("edges.no_lines", source=path)
    if not found:
        raise AzeError("layer.no_polygons", file=path)
    return found


def is_raster(path: str) -> bool:
    """Whether a file holds a raster, and no vector layer."""
    details = QgsProviderRegistry.instance().querySublayers(path)
    return bool(details) and all(d.type() == Qgis.LayerType.Raster for d in details)


def open_raster(path: str) -> QgsRasterLayer:
    """A raster file. Raises AzeError ``layer.not_raster`` for anything else."""
    layer = QgsRasterLayer(path, Path(path).stem)
    if not layer.isValid():
        raise AzeError("layer.not_raster", file=path)
    return layer


# ------------------------------------------------------------------------------------------------------ candidates


def create_candidate_layer(path: str, transform_context) -> QgsVectorLayer:
    """A new GeoPackage with an empty table of candidates (WGS 84), opened as a layer.

    Raises AzeError ``output.unwritable`` where the folder cannot be written to.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    fields = QgsFields()
    for name in _CANDIDATE_FIELDS:
        fields.append(QgsField(name, QMetaType.Type.QString))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = CANDIDATE_TABLE
    writer = QgsVectorFileWriter.create(path, fields, Qgis.WkbType.MultiPolygon, LONLAT, transform_context, options)
    problem = writer.errorMessage() if writer.hasError() != QgsVectorFileWriter.WriterError.NoError else ""
    # The file is complete only when the writer is gone.
    del writer
    if problem:
        raise AzeError("output.unwritable", file=path, detail=problem)
    return QgsVectorLayer(candidate_uri(path), QCoreApplication.translate("AzePanel", "Candidates"), "ogr")


def candidate_uri(path: str) -> str:
    """How QGIS names the candidates' table of a file."""
    return f"{path}|layername={CANDIDATE_TABLE}"


def as_multipolygon(geometry: QgsGeometry) -> QgsGeometry:
    """A two-dimensional, straight-edged multipolygon of what is polygonal in a geometry; empty where nothing is."""
    polygons = []
    for part in geometry.asGeometryCollection():
        if part.type() == Qgis.GeometryType.Polygon:
            polygons += part.coerceToType(Qgis.WkbType.MultiPolygon)
    return QgsGeometry.collectGeometry(polygons) if polygons else QgsGeometry()


def to_lonlat(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, project: QgsProject) -> QgsGeometry:
    """A copy in WGS 84. Raises AzeError ``layer.no_crs`` without a CRS and ``layer.transform`` where it fails."""
    if not is_placed(crs):
        raise AzeError("layer.no_crs", source="")
    copy = QgsGeometry(geometry)
    if crs != LONLAT:
        result = copy.transform(QgsCoordinateTransform(crs, LONLAT, project.transformContext()))
        if result != Qgis.GeometryOperationResult.Success:
            raise AzeError("layer.transform", crs=crs.authid() or crs.description())
    return copy


# ---------------------------------------------------------------------------------------------------------- reading


def asked(layer: QgsVectorLayer, request: QgsFeatureRequest) -> Iterator[QgsFeature]:
    """What a request asks of a layer, invalid geometries too. Raises AzeError ``layer.incomplete`` where a server did
    not send all."""
    request.setInvalidGeometryCheck(Qgis.InvalidGeometryCheck.NoCheck)
    return features(layer, request, watch=Watch(layer) if is_remote(layer) else None)


def near(
    layer: QgsVectorLayer, box: QgsRectangle, project: QgsProject, columns: Sequence[int] | None = None
) -> Iterator[QgsFeature]:
    """Features (WGS 84) of a layer whose rectangle meets another (lon/lat), with all attributes or those of these
    columns. Raises AzeError as ``asked`` does."""
    # Where features are asked for in another system than their own, QGIS takes the rectangle to be in that one.
    request = QgsFeatureRequest().setFilterRect(box)
    request.setDestinationCrs(LONLAT, project.transformContext())
    if columns is not None:
        request.setSubsetOfAttributes(list(columns))
    return asked(layer, request)


# ------------------------------------------------------------------------------------------------------- snapshots


def snapshot(shapes: Sequence[tuple[str, QgsGeometry]], updates: tuple[str, str] = ("", "")) -> QgsVectorLayer:
    """Boundaries, each with its candidate's name, as a layer in memory, which a task can read while the user goes on
    editing. ``updates``: name and id of the existing site that all of them update."""
    fields = "&".join(f"field={name}:string(0)" for name in ("name", "updates_site", "updates_id"))
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:4326&{fields}", shapes[0][0], "memory")
    features = []
    for name, geometry in shapes:
        feature = QgsFeature(layer.fields())
        feature.setAttributes([name, *updates])
        feature.setGeometry(geometry)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def create_gaps_layer() -> QgsVectorLayer:
    """An empty layer in memory for the unprotected parts of a candidate (WGS 84)."""
    layer = QgsVectorLayer(
        "MultiPolygon?crs=EPSG:4326", QCoreApplication.translate("AzePanel", "Unprotected parts"), "memory"
    )
    # They can be measured anew at any time: QGIS need not ask what to do with them at closing.
    layer.setCustomProperty("skipMemoryLayersCheck", 1)
    return layer


def replace_features(layer: QgsVectorLayer, shapes: list[QgsGeometry]) -> None:
    """Let a layer in memory hold these shapes (WGS 84) and nothing else."""
    provider = layer.dataProvider()
    provider.truncate()
    features = []
    for shape in shapes:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(as_multipolygon(shape))
        features.append(feature)
    provider.addFeatures(features)
    layer.updateExtents()
    layer.triggerRepaint()
