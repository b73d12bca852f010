"""Inputs and outputs that several algorithms have: how they are asked for, and how they are read."""

from __future__ import annotations

import datetime
import os

from qgis.core import (
    Qgis,
    QgsFeatureRequest,
    QgsMapLayerType,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsProviderSublayerDetails,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import paths
from ..domain.errors import AzeError
from ..services.remote import WatchedSource, is_remote


def library() -> QgsProcessingParameterString:
    """LIBRARY: a file, or the connection to a database, which a file parameter would refuse."""
    return QgsProcessingParameterString(
        "LIBRARY", QCoreApplication.translate("AzeProcessing", "Species library (GeoPackage)")
    )


def optional_library() -> QgsProcessingParameterString:
    """LIBRARY of the algorithms that can do without."""
    parameter = library()
    parameter.setFlags(parameter.flags() | Qgis.ProcessingParameterFlag.Optional)
    return parameter


def trigger_table() -> QgsProcessingParameterFeatureSource:
    """TRIGGERS: which species a site is there for; ``table_source`` reads it."""
    return QgsProcessingParameterFeatureSource(
        "TRIGGERS",
        QCoreApplication.translate("AzeProcessing", "Trigger species by site id (table)"),
        [QgsProcessing.SourceType.TypeVector],
        optional=True,
    )


def polygons(name: str, description: str, optional: bool = False) -> QgsProcessingParameterFeatureSource:
    """A parameter for a layer of polygons; ``polygon_source`` reads it."""
    kinds = [QgsProcessing.SourceType.TypeVectorPolygon]
    return QgsProcessingParameterFeatureSource(name, description, kinds, optional=optional)


def existing_sites() -> QgsProcessingParameterFeatureSource:
    """SITES of the algorithms that check a boundary: may be left out, and then overlaps are not known."""
    return polygons("SITES", QCoreApplication.translate("AzeProcessing", "Existing AZE sites or KBAs"), optional=True)


def more_sites() -> QgsProcessingParameterMultipleLayers:
    """MORE_SITES: where existing sites are in several layers, those beside the first; ``further_sites`` takes them."""
    return advanced(
        QgsProcessingParameterMultipleLayers(
            "MORE_SITES",
            QCoreApplication.translate("AzeProcessing", "Further layers of existing sites"),
            QgsProcessing.SourceType.TypeVectorPolygon,
            optional=True,
        )
    )


def further_sites(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """Snapshots of the layers of MORE_SITES; to be called in the layers' own thread. Raises AzeError for a layer that
    cannot be opened."""
    from ..services.layers import LayerSnapshot

    given = _layers(algorithm, parameters, context, "MORE_SITES") if parameters.get("MORE_SITES") else []
    return [LayerSnapshot(layer) for layer in given]


def site_source(algorithm: QgsProcessingAlgorithm, parameters, context, further, name: str = "SITES"):
    """All existing sites, those of a parameter and ``further``; None where there is neither.

    Raises as ``polygon_source`` does, and AzeError ``layer.no_crs``.
    """
    from ..services.joined import Joined

    first = [polygon_source(algorithm, parameters, name, context)] if parameters.get(name) else []
    found = [*first, *further]
    return Joined(found) if len(found) > 1 else found[0] if found else None


def populations() -> QgsProcessingParameterFile:
    """POPULATIONS of the algorithms that check a boundary; ``estimates`` reads it."""
    return any_path(
        "POPULATIONS",
        QCoreApplication.translate("AzeProcessing", "Estimates of populations for this site (CSV)"),
        optional=True,
    )


def estimates(algorithm: QgsProcessingAlgorithm, parameters, context, progress) -> list:
    """The rows of POPULATIONS; none where it was not given."""
    from ..library.estimates import read_for_check

    path = algorithm.parameterAsFile(parameters, "POPULATIONS", context)
    return read_for_check(path, progress) if path else []


def protected_areas(optional: bool = False) -> QgsProcessingParameterMultipleLayers:
    """PROTECTED: any number of layers, polygons and points; ``protected_layers`` reads it."""
    return QgsProcessingParameterMultipleLayers(
        "PROTECTED",
        QCoreApplication.translate("AzeProcessing", "Protected areas and OECMs"),
        QgsProcessing.SourceType.TypeVectorAnyGeometry,
        optional=optional,
    )


def json_file(
    name: str, description: str, optional: bool = False, by_default: bool = True
) -> QgsProcessingParameterFileDestination:
    """A parameter for a JSON file to be written; an optional one is made unless ``by_default`` is false."""
    return QgsProcessingParameterFileDestination(
        name,
        description,
        QCoreApplication.translate("AzeProcessing", "JSON files (*.json)"),
        optional=optional,
        createByDefault=by_default,
    )


def any_path(name: str, description: str, optional: bool = False) -> QgsProcessingParameterFile:
    """A parameter for a file or a folder, whatever its ending.

    The filter that QGIS sets of itself, ``*.*``, also when the constructor is given an empty one, refuses both a folder
    and a name without a dot; only the setter takes it away.
    """
    parameter = QgsProcessingParameterFile(name, description, optional=optional)
    parameter.setFileFilter("")
    return parameter


def polygon_source(algorithm: QgsProcessingAlgorithm, parameters, name: str, context):
    """A parameter's feature source, read without Processing's stop at invalid geometries: those are mended and said.

    Raises QgsProcessingException for a source that cannot be opened.
    """
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
    # The context's own check, which is what Processing's options say, would win over the one of a feature request.
    source.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    layer = algorithm.parameterAsVectorLayer(parameters, name, context)
    return WatchedSource(source, layer) if layer is not None and is_remote(layer) else source


def of_collections(algorithm: QgsProcessingAlgorithm, parameters, name: str, context):
    """A snapshot of a layer of geometry collections, None for any other; to be called in the layer's own thread.

    QGIS takes such a layer for one without a place on earth, and forgets the reference system that its file has.
    """
    from ..services.layers import LayerSnapshot

    given = parameters.get(name)
    if isinstance(given, QgsProcessingFeatureSourceDefinition) and (
        given.selectedFeaturesOnly or given.filterExpression
    ):
        return None
    layer = algorithm.parameterAsVectorLayer(parameters, name, context) if given else None
    if layer is None or not layer.isValid() or layer.crs().isValid() or not layer.dataProvider().crs().isValid():
        return None
    placed = layer.clone()
    placed.setCrs(layer.dataProvider().crs())
    return LayerSnapshot(placed)


def whole_file(algorithm: QgsProcessingAlgorithm, parameters, name: str, context) -> list:
    """Snapshots of all layers with shapes of a file that is given without saying which of them, where it has several;
    else none. To be called in the layers' own thread. QGIS would take the first alone, be it empty."""
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


def table_source(algorithm: QgsProcessingAlgorithm, parameters, name: str, context):
    """The source of a parameter for a table, None where it was not given. Raises as ``polygon_source`` does."""
    return polygon_source(algorithm, parameters, name, context) if parameters.get(name) else None


def report_texts(title: QgsProcessingParameterString, day: str) -> list:
    """TITLE, DATE (labelled ``day``) and SOURCES of the algorithms that write a report; ``report_day`` and
    ``citations`` read the last two."""
    translate = QCoreApplication.translate
    return [
        title,
        QgsProcessingParameterDateTime("DATE", day, QgsProcessingParameterDateTime.Type.Date, optional=True),
        QgsProcessingParameterString(
            "SOURCES",
            translate("AzeProcessing", "Citations of the datasets, one a line"),
            multiLine=True,
            optional=True,
        ),
    ]


def report_day(algorithm: QgsProcessingAlgorithm, parameters, context) -> datetime.date | None:
    """The day of DATE; None where it was not given."""
    moment = algorithm.parameterAsDateTime(parameters, "DATE", context)
    return moment.date().toPyDate() if moment.isValid() else None


def citations(algorithm: QgsProcessingAlgorithm, parameters, context) -> list[str]:
    """The lines of SOURCES that say something."""
    said = algorithm.parameterAsString(parameters, "SOURCES", context)
    return [line.strip() for line in said.splitlines() if line.strip()]


def criteria_choices() -> list:
    """THRESHOLD, PRESENCE, ORIGIN and AUTHORITY of the algorithms that judge by the criteria."""
    translate = QCoreApplication.translate
    return [
        QgsProcessingParameterNumber(
            "THRESHOLD",
            translate("AzeProcessing", "Share that has to be exceeded"),
            QgsProcessingParameterNumber.Type.Double,
            paths.load_json("criteria", "aze.json")["threshold"],
            minValue=0.0,
            maxValue=1.0,
        ),
        QgsProcessingParameterString("PRESENCE", translate("AzeProcessing", "Presence codes that count"), "1,2"),
        QgsProcessingParameterString("ORIGIN", translate("AzeProcessing", "Origin codes that count"), "1,2,6"),
        authority(),
    ]


def record_choices() -> list:
    """MAX_UNCERTAINTY, SINCE_YEAR and BASES_LEFT_OUT of the algorithms that count records."""
    translate = QCoreApplication.translate
    rules = paths.load_json("criteria", "aze.json")["records"]
    kinds = QgsProcessingParameterNumber.Type
    return [
        advanced(parameter)
        for parameter in (
            QgsProcessingParameterNumber(
                "MAX_UNCERTAINTY",
                translate("AzeProcessing", "Largest uncertainty of a record's place that counts, in metres (0: any)"),
                kinds.Double,
                rules["max_uncertainty_m"] or 0,
                minValue=0,
            ),
            QgsProcessingParameterNumber(
                "SINCE_YEAR",
                translate("AzeProcessing", "First year whose records count (0: any)"),
                kinds.Integer,
                rules["since_year"] or 0,
                minValue=0,
            ),
            QgsProcessingParameterString(
                "BASES_LEFT_OUT",
                translate("AzeProcessing", "Bases of record that do not count"),
                ",".join(rules["bases_left_out"]),
                optional=True,
            ),
        )
    ]


def criteria_settings(algorithm: QgsProcessingAlgorithm, parameters, context, *more):
    """The Settings that the parameters of ``criteria_choices`` and ``record_choices`` choose, and ``more`` of them."""
    from ..services import checking

    return checking.default_settings().with_choices(
        algorithm.parameterAsDouble(parameters, "THRESHOLD", context),
        algorithm.parameterAsString(parameters, "PRESENCE", context),
        algorithm.parameterAsString(parameters, "ORIGIN", context),
        algorithm.parameterAsString(parameters, "AUTHORITY", context),
        algorithm.parameterAsDouble(parameters, "MAX_UNCERTAINTY", context),
        algorithm.parameterAsInt(parameters, "SINCE_YEAR", context),
        algorithm.parameterAsString(parameters, "BASES_LEFT_OUT", context),
        *more,
    )


def advanced(parameter):
    """A parameter that the dialog shows only when it is asked for."""
    parameter.setFlags(parameter.flags() | Qgis.ProcessingParameterFlag.Advanced)
    return parameter


def authority() -> QgsProcessingParameterString:
    """AUTHORITY of the algorithms that check a boundary: the name of a national list in the library."""
    return QgsProcessingParameterString(
        "AUTHORITY",
        QCoreApplication.translate("AzeProcessing", "National list in place of the global Red List"),
        optional=True,
    )


def landcover() -> QgsProcessingParameterRasterLayer:
    """LANDCOVER of the algorithms that check a boundary; ``survey`` reads it."""
    return QgsProcessingParameterRasterLayer(
        "LANDCOVER", QCoreApplication.translate("AzeProcessing", "Land cover (classes)"), optional=True
    )


def edges() -> QgsProcessingParameterMultipleLayers:
    """EDGES: further layers of lines and polygons whose edges count as mapped; ``survey`` reads it."""
    return QgsProcessingParameterMultipleLayers(
        "EDGES",
        QCoreApplication.translate("AzeProcessing", "Mapped edges: coasts, rivers, borders"),
        QgsProcessing.SourceType.TypeVectorAnyGeometry,
        optional=True,
    )


def project_data() -> list:
    """COUNTRIES, ELEVATION and TRIGGERS: what a nomination is filled in from beside; ``project_layers`` reads them."""
    translate = QCoreApplication.translate
    return [
        polygons("COUNTRIES", translate("AzeProcessing", "Countries, to tell the site's"), optional=True),
        QgsProcessingParameterRasterLayer(
            "ELEVATION", translate("AzeProcessing", "Terrain model (altitudes in metres)"), optional=True
        ),
        QgsProcessingParameterFeatureSource(
            "TRIGGERS",
            translate("AzeProcessing", "Trigger species of existing sites (table)"),
            [QgsProcessing.SourceType.TypeVector],
            optional=True,
        ),
    ]


def project_layers(algorithm: QgsProcessingAlgorithm, parameters, context):
    """What a nomination is filled in from, and the layers themselves by their role; to be called in the layers' own
    thread. Raises AzeError for a layer that cannot be opened."""
    from ..services import prefill
    from ..services.layers import LayerSnapshot
    from ..services.terrain import Terrain

    found = {}
    for name, role in (("COUNTRIES", "countries"), ("SITES", ""), ("TRIGGERS", "trigger species")):
        layer = algorithm.parameterAsVectorLayer(parameters, name, context) if parameters.get(name) else None
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
    """Where the land round a candidate is looked up; to be called in the layers' own thread.

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


def _parts(name: str) -> list[QgsProviderSublayerDetails]:
    """The layers of a file that hold areas or points."""
    unusable = (QgsWkbTypes.GeometryType.LineGeometry, QgsWkbTypes.GeometryType.NullGeometry)
    return [
        part
        for part in QgsProviderRegistry.instance().querySublayers(name)
        if part.type() == QgsMapLayerType.VectorLayer and QgsWkbTypes.geometryType(part.wkbType()) not in unusable
    ]
