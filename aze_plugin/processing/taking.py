"""Layers that algorithms are given, taken in the layers' own thread: whoever works in another one reads snapshots.

A layer may be edited or removed, and its project closed, while an algorithm goes on; a thread that looked at it then
would bring QGIS down. So all these are called by ``take`` of the algorithms, and before it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from qgis.core import (
    QgsMapLayer,
    QgsMapLayerStore,
    QgsMapLayerType,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsProviderSublayerDetails,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..domain.errors import AzeError

# Formats whose files hold one layer each: to look for more may mean to read all of it.
_OF_ONE_LAYER = (".shp", ".geojson", ".json", ".csv", ".fgb", ".parquet")


def feature_sources(
    algorithm: QgsProcessingAlgorithm, parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> dict:
    """Snapshots of what the parameters for one layer give, by their names; none of those that were left out.

    Invalid geometries are read, without Processing's stop at them: they are mended and said. Of a file of several
    layers the first is read, as QGIS has it, which is said. Raises QgsProcessingException for a layer that cannot be
    opened.
    """
    from ..services.layers import Chosen, LayerSnapshot

    found = {}
    for definition in algorithm.parameterDefinitions():
        name, given = definition.name(), parameters.get(definition.name())
        if not isinstance(definition, QgsProcessingParameterFeatureSource):
            continue
        if not given and definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            continue
        layer = one_layer(algorithm, parameters, name, context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
        chosen = Chosen()
        if isinstance(given, QgsProcessingFeatureSourceDefinition):
            limit = given.featureLimit if given.featureLimit >= 0 else None
            chosen = Chosen(given.selectedFeaturesOnly, given.filterExpression, limit, context.expressionContext())
        found[name] = LayerSnapshot(layer, chosen)
        # Of what may be of any kind all is read (see ``whole_file``).
        if QgsProcessing.SourceType.TypeVectorPolygon in definition.dataTypes():
            _say_which(given, layer, feedback)
    return found


def _say_which(given, layer: QgsVectorLayer, feedback: QgsProcessingFeedback) -> None:
    """Say which layer is read of a file that was given without saying which of those that hold the same."""
    from ..services.wording import text

    if not isinstance(given, str) or "|" in given or given.lower().endswith(_OF_ONE_LAYER) or not os.path.isfile(given):
        return
    kind = layer.geometryType()
    alike = [
        part.name()
        for part in QgsProviderRegistry.instance().querySublayers(given)
        if part.type() == QgsMapLayerType.VectorLayer and QgsWkbTypes.geometryType(part.wkbType()) == kind
    ]
    if len(alike) > 1:
        params = {"file": os.path.basename(given), "name": alike[0], "others": ", ".join(alike[1:])}
        feedback.pushWarning(text("layer.first_of_several", params))


def one_layer(
    algorithm: QgsProcessingAlgorithm, parameters, name: str, context: QgsProcessingContext
) -> QgsVectorLayer | None:
    """The layer of a parameter, also where some of its features are asked for; None for none that can be opened."""
    given = parameters.get(name)
    if isinstance(given, QgsProcessingFeatureSourceDefinition):
        given, _ = given.source.value(context.expressionContext())
    return algorithm.parameterAsVectorLayer({name: given}, name, context) if given else None


def without_layers(parameters: dict, store: QgsMapLayerStore | None = None) -> dict:
    """The parameters with ids in place of layers, which may be gone when another thread looks at them; layers that are
    in no project go to the store, where one is given."""

    def named(value):
        if isinstance(value, (list, tuple)):
            return [named(one) for one in value]
        if not isinstance(value, QgsMapLayer):
            return value
        if store is not None and value.project() is None:
            store.addMapLayer(value)
        return value.id()

    return {name: named(value) for name, value in parameters.items()}


def further_sites(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """Snapshots of the layers of MORE_SITES. Raises AzeError for a layer that cannot be opened."""
    from ..services.layers import LayerSnapshot

    given = _layers(algorithm, parameters, context, "MORE_SITES") if parameters.get("MORE_SITES") else []
    return [LayerSnapshot(layer) for layer in given]


def site_source(first, further: Sequence):
    """All existing sites read as one: those of a snapshot, where there is one, and ``further``; None without any.

    Raises AzeError ``layer.no_crs``.
    """
    from ..services.joined import Joined

    found = [*([first] if first is not None else []), *further]
    return Joined(found) if len(found) > 1 else found[0] if found else None


def whole_file(algorithm: QgsProcessingAlgorithm, parameters, name: str, context) -> list:
    """Snapshots of all layers with shapes of a file that is given without saying which of them, where it has several;
    else none. QGIS would take the first alone, be it empty."""
    from ..services.layers import LayerSnapshot

    given = parameters.get(name)
    if not isinstance(given, str) or "|" in given or context.project() and context.project().mapLayer(given):
        return []
    parts = [
        part
        for part in QgsProviderRegistry.instance().querySublayers(given)
        if part.type() == QgsMapLayerType.VectorLayer
        and QgsWkbTypes.geometryType(part.wkbType()) != QgsWkbTypes.GeometryType.NullGeometry
        # The vertices of a GPX file's tracks and routes, which are there as lines too.
        and not (part.driverName() == "GPX" and part.name().endswith("_points"))
    ]
    options = QgsProviderSublayerDetails.LayerOptions(context.transformContext())
    layers = [layer for layer in (part.toLayer(options) for part in parts) if layer.featureCount() != 0]
    first = _vector_layer(given, context)
    alone = len(layers) == 1 and (first is None or first.featureCount() != 0)
    return [] if alone else [LayerSnapshot(layer) for layer in layers]


def project_layers(algorithm: QgsProcessingAlgorithm, parameters, context):
    """What a nomination is filled in from, and the layers themselves by their role. Raises AzeError for a layer that
    cannot be opened."""
    from ..services import prefill
    from ..services.layers import LayerSnapshot
    from ..services.terrain import Terrain

    found = {}
    for name, role in (("COUNTRIES", "countries"), ("SITES", ""), ("TRIGGERS", "trigger species")):
        layer = one_layer(algorithm, parameters, name, context)
        if layer is not None:
            found[name] = (layer, role)
    raster = algorithm.parameterAsRasterLayer(parameters, "ELEVATION", context) if parameters.get("ELEVATION") else None
    if parameters.get("ELEVATION") and raster is None:
        raise AzeError("terrain.unreadable", file=str(parameters["ELEVATION"]), detail="")
    protected = _layers(algorithm, parameters, context, "PROTECTED") if parameters.get("PROTECTED") else []
    further = _layers(algorithm, parameters, context, "MORE_SITES") if parameters.get("MORE_SITES") else []
    sites = [*([found["SITES"][0]] if "SITES" in found else []), *further]
    polygon = QgsWkbTypes.GeometryType.PolygonGeometry
    layers = prefill.Layers(
        countries=[LayerSnapshot(found["COUNTRIES"][0])] if "COUNTRIES" in found else [],
        sites=[LayerSnapshot(layer) for layer in sites],
        protected=[LayerSnapshot(layer) for layer in protected if layer.geometryType() == polygon],
        triggers=LayerSnapshot(found["TRIGGERS"][0]) if "TRIGGERS" in found else None,
        terrain=None if raster is None else Terrain.from_layer(raster),
        world=prefill.world_map(),
    )
    used = [(layer, role) for layer, role in found.values() if role] + [(layer, "existing sites") for layer in sites]
    return layers, used + ([(raster, "terrain model")] if raster is not None else [])


def landcover_layer(algorithm: QgsProcessingAlgorithm, parameters, context) -> QgsRasterLayer | None:
    """The layer of LANDCOVER, None where it was not given. Raises AzeError ``landcover.unreadable``."""
    if not parameters.get("LANDCOVER"):
        return None
    layer = algorithm.parameterAsRasterLayer(parameters, "LANDCOVER", context)
    if layer is None:
        raise AzeError("landcover.unreadable", file=str(parameters["LANDCOVER"]), detail="")
    return layer


def edge_layers(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """The layers of EDGES; none where it was not given."""
    return _layers(algorithm, parameters, context, "EDGES") if parameters.get("EDGES") else []


def survey(algorithm: QgsProcessingAlgorithm, parameters, context):
    """Where the land round a candidate is looked up

    Mapped edges are those of EDGES, and the outlines of PROTECTED.
    """
    from ..services.dependencies import require_shapely

    require_shapely()
    from ..services.edges import EdgeLayer
    from ..services.landcover import Landcover
    from ..services.surroundings import Survey

    raster = landcover_layer(algorithm, parameters, context)
    landcover = None if raster is None else Landcover.from_layer(raster)
    layers = edge_layers(algorithm, parameters, context)
    outlines = _layers(algorithm, parameters, context, "PROTECTED") if parameters.get("PROTECTED") else []
    # Points among protected areas have no outline; a layer of points given as edges is a mistake.
    layers += [layer for layer in outlines if layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry]
    tolerance = None
    if algorithm.parameterDefinition("EDGE_TOLERANCE") is not None:
        tolerance = algorithm.parameterAsDouble(parameters, "EDGE_TOLERANCE", context)
    return Survey(context.transformContext(), landcover, [EdgeLayer.of(layer) for layer in layers], tolerance)


def protected_layers(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """The layers of PROTECTED; one that cannot be opened is an error, where Processing would pass over it."""
    layers = _layers(algorithm, parameters, context, "PROTECTED")
    if not layers:
        raise AzeError("coverage.no_layers")
    return layers


def unit_layers(algorithm: QgsProcessingAlgorithm, parameters, context) -> tuple[list, list[str]]:
    """The polygon layers of UNITS, and the names of what else was given there.

    Raises AzeError ``suggestion.not_polygons`` where nothing was given but layers without polygons.
    """
    given = _layers(algorithm, parameters, context, "UNITS") if parameters.get("UNITS") else []
    usable = with_areas(given)
    if given and not usable:
        raise AzeError("suggestion.not_polygons", source=given[0].name())
    return usable, [layer.name() for layer in given if layer not in usable]


def with_areas(layers: list) -> list:
    """Those that hold polygons; one that could not be opened stays, for whoever reads it to say so."""
    polygon = QgsWkbTypes.GeometryType.PolygonGeometry
    return [layer for layer in layers if not layer.isValid() or layer.geometryType() == polygon]


def polygon_layers(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """The layers of POLYGONS; none where it was not given. One that cannot be opened is an error."""
    return _layers(algorithm, parameters, context, "POLYGONS") if parameters.get("POLYGONS") else []


def raster_layers(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """The layers of RASTERS; none where it was not given. One that cannot be opened is an error, where Processing would
    pass over it."""
    given = parameters.get("RASTERS") or []
    found = []
    for one in given if isinstance(given, (list, tuple)) else [given]:
        layers = algorithm.parameterAsLayerList({"RASTERS": [one]}, "RASTERS", context)
        if not layers:
            raise AzeError("context.unreadable", file=str(one), detail="")
        found += layers
    return found


def taken_apart(algorithm: QgsProcessingAlgorithm, parameters, context) -> dict:
    """The parameters with the files inside, in place of zips and folders that QGIS does not open itself: so the look
    that Processing takes at them finds layers."""
    found = dict(parameters)
    files = (QgsProcessing.SourceType.TypeFile, QgsProcessing.SourceType.TypeRaster)
    for name, value in parameters.items():
        definition = algorithm.parameterDefinition(name)
        if isinstance(definition, QgsProcessingParameterMultipleLayers) and definition.layerType() not in files:
            named = [value] if isinstance(value, str) else value
            if isinstance(named, (list, tuple)) and any(isinstance(one, str) for one in named):
                found[name] = [inner for one in named for inner in _instead_of(one, context)]
    return found


def _instead_of(value, context) -> list:
    members = _members(value) if isinstance(value, str) else []
    if not members or _vector_layer(value, context) is not None:
        return [value]
    return members


def _layers(algorithm: QgsProcessingAlgorithm, parameters, context, name: str) -> list:
    value = parameters.get(name)
    named = [value] if isinstance(value, str) else value
    if isinstance(named, (list, tuple)) and all(isinstance(source, str) for source in named):
        layers = [layer for source in named for layer in _opened(source, context)]
    else:
        layers = algorithm.parameterAsLayerList(parameters, name, context)
    return layers


def _opened(name: str, context) -> list:
    """The layer of the project or of the file that is named.

    Of a file with several layers, such as a download with its polygons and its points, QGIS would take the first
    alone: here it is all that hold areas or points. So it is of zips inside a zip and of folders in a folder, of which
    QGIS would open none.
    """
    layer = _vector_layer(name, context)
    known = layer is not None and context.project() is not None and context.project().mapLayer(layer.id()) is not None
    if known or "|" in name and layer is not None:
        return [layer]
    parts = [] if layer is None or os.path.isdir(name) else _parts(name)
    if not parts:
        parts = [part for member in _members(name) for part in _parts(member)]
    elif len(parts) == 1:
        return [layer]
    if not parts and layer is None:
        raise AzeError("layer.unreadable", source=name)
    options = QgsProviderSublayerDetails.LayerOptions(context.transformContext())
    return [part.toLayer(options) for part in parts] or [layer]


def _vector_layer(name: str, context) -> QgsVectorLayer | None:
    layer = QgsProcessingUtils.mapLayerFromString(name, context, True, QgsProcessingUtils.LayerHint.Vector)
    return layer if isinstance(layer, QgsVectorLayer) else None


def _members(name: str) -> list[str]:
    """The vector files in a zip or a folder, also in zips and folders inside it; none for another file."""
    if not name.lower().endswith(".zip") and not os.path.isdir(name):
        return []
    from ..services.boundary_sources import vector_members

    return vector_members(name.removeprefix("/vsizip/"))


def _parts(name: str) -> list[QgsProviderSublayerDetails]:
    """The layers of a file that hold areas or points."""
    unusable = (QgsWkbTypes.GeometryType.LineGeometry, QgsWkbTypes.GeometryType.NullGeometry)
    return [
        part
        for part in QgsProviderRegistry.instance().querySublayers(name)
        if part.type() == QgsMapLayerType.VectorLayer and QgsWkbTypes.geometryType(part.wkbType()) not in unusable
    ]
