"""``aze:sitecontext``: what rasters and layers of areas hold in sites, against the layers as a whole."""

from __future__ import annotations

import re

from qgis.core import (
    QgsFeatureRequest,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QMetaType

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.remote import features
from . import inputs, taking
from .base import AzeAlgorithm
from .outputs import Output, fields_of

_COLUMNS = (
    ("site_id", QMetaType.Type.QString),
    ("site", QMetaType.Type.QString),
    ("iso3", QMetaType.Type.QString),
    ("layer", QMetaType.Type.QString),
    ("band", QMetaType.Type.Int),
    ("statistic", QMetaType.Type.QString),
    ("class", QMetaType.Type.Double),
    ("class_name", QMetaType.Type.QString),
    ("value", QMetaType.Type.Double),
    ("unit", QMetaType.Type.QString),
    ("min", QMetaType.Type.Double),
    ("max", QMetaType.Type.Double),
    ("layer_value", QMetaType.Type.Double),
    ("ratio", QMetaType.Type.Double),
    ("data_pct", QMetaType.Type.Double),
    ("names", QMetaType.Type.QString),
    ("note", QMetaType.Type.QString),
)

# What a row's value is, by the kind of its layer.
_STATISTICS = {"measures": "mean", "classes": "class_share", "areas": "area_share"}

_LONGEST_NAME = 24

# The ends of columns by the kind of their layer; a shapefile has room for ten letters in all.
_ENDS = {"measures": ("mean", "ratio"), "classes": ("top", "top_pct"), "areas": ("pct", "names")}
_SHORT_ENDS = {**_ENDS, "classes": ("top", "toppct")}


class SiteContext(AzeAlgorithm):
    """Figures of any rasters and layers of polygons over sites; a long table, a layer of the sites, a summary."""

    NAME = "sitecontext"
    GROUP = "protection"

    def __init__(self):
        super().__init__()
        self._bands, self._areas, self._land = [], [], None

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Sites in their surroundings")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("SITES", translate("AzeProcessing", "AZE sites, KBAs or candidates")))
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "RASTERS",
                translate("AzeProcessing", "Rasters, such as the human footprint or land cover"),
                QgsProcessing.SourceType.TypeRaster,
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterEnum(
                "KIND",
                translate("AzeProcessing", "What rasters hold"),
                [
                    translate("AzeProcessing", "Told by themselves"),
                    translate("AzeProcessing", "Measurements"),
                    translate("AzeProcessing", "Classes"),
                ],
                defaultValue=0,
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                "COMPARE", translate("AzeProcessing", "Compare with each raster as a whole (reads all of it)"), True
            )
        )
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                "POLYGONS",
                translate("AzeProcessing", "Polygons, such as hotspots or ecoregions"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "NAME_FIELD",
                translate("AzeProcessing", "Field with the names of the polygons (empty: found by itself)"),
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterVectorLayer(
                "LAND",
                translate("AzeProcessing", "Land, for the share that the polygons hold of it"),
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", translate("AzeProcessing", "Figures"), QgsProcessing.SourceType.TypeVector
            )
        )
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                "LAYER",
                translate("AzeProcessing", "Sites with their figures"),
                optional=True,
                createByDefault=False,
            )
        )
        self.addParameter(
            inputs.json_file("SUMMARY", translate("AzeProcessing", "Summary"), optional=True, by_default=False)
        )

    def look_over(self, parameters, context) -> None:
        if not parameters.get("RASTERS") and not parameters.get("POLYGONS"):
            raise AzeError("context.nothing")
        layers = taking.polygon_layers(self, parameters, context)
        taking.raster_layers(self, parameters, context)
        name = self.parameterAsString(parameters, "NAME_FIELD", context).strip()
        if name and layers and not any(layer.fields().lookupField(name) >= 0 for layer in layers):
            available = [field.name() for field in layers[0].fields()]
            raise AzeError("screening.field_missing", source=layers[0].name(), field=name, available=available)

    def take(self, parameters, context, feedback) -> None:
        """Take what has to be taken from layers while still in their own thread."""
        from ..services.context import Areas, bands_of
        from ..services.wording import text

        rasters = taking.raster_layers(self, parameters, context)
        given = taking.polygon_layers(self, parameters, context)
        layers = taking.with_areas(given)
        if given and not layers:
            raise AzeError("context.not_areas", source=given[0].name())
        for other in given:
            if other not in layers:
                # Such as the points that a download has beside its polygons.
                feedback.pushInfo(text("context.not_areas", {"source": other.name()}))
        name = self.parameterAsString(parameters, "NAME_FIELD", context).strip()
        self._bands = [band for raster in rasters for band in bands_of(raster)]
        self._areas = [Areas.of(layer, name) for layer in layers]
        if parameters.get("LAND"):
            land = taking.one_layer(self, parameters, "LAND", context)
            if land is None:
                raise AzeError("layer.unreadable", source=str(parameters["LAND"]))
            self._land = Areas.of(land)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import context as surroundings
        from ..services import files

        transform = context.transformContext()
        source = self.sources["SITES"]
        found = surroundings.describe(
            source.sourceName(),
            surroundings.read_sites(source, transform, progress.part(0, 0.1)),
            self._bands,
            self._areas,
            transform,
            progress.part(0.1, 0.95),
            kinds=self.parameterAsEnum(parameters, "KIND", context),
            compare=self.parameterAsBoolean(parameters, "COMPARE", context),
            land=self._land,
        )
        outputs = {"OUTPUT": self._write_table(parameters, context, found)}
        layer = self._write_sites(parameters, context, source, found, progress.part(0.95, 1))
        if layer:
            outputs["LAYER"] = layer
        summary = self.parameterAsFileOutput(parameters, "SUMMARY", context)
        if summary:
            files.write_json(summary, found.as_json())
            outputs["SUMMARY"] = summary
        return outputs

    def _write_table(self, parameters, context, found) -> str:
        """A row for each site and layer, or of a layer of classes for each class that the site has."""
        output = Output(self, parameters, "OUTPUT", context, fields_of(_COLUMNS))
        for figure in found.figures:
            site, layer = found.sites[figure.site], found.layers[figure.layer]
            share = figure.kind != "measures"
            output.add(
                [
                    site.site_id,
                    site.name,
                    site.iso3,
                    layer.name,
                    layer.band,
                    _STATISTICS[figure.kind],
                    figure.class_value,
                    figure.class_name or None,
                    _shown(figure.value, share),
                    "%" if share else None,
                    figure.least,
                    figure.greatest,
                    _shown(figure.layer_value, share),
                    figure.ratio,
                    _shown(figure.data_share, True),
                    _names(figure.names) or None,
                    _note(figure, site) or None,
                ]
            )
        return output.identifier

    def _write_sites(self, parameters, context, source, found, progress: Progress) -> str | None:
        """The sites as they came, with a few columns for each layer, to style and sort them by."""
        short = self.parameterAsOutputLayer(parameters, "LAYER", context).lower().endswith(".shp")
        columns = QgsFields(source.fields())
        taken = {field.name().lower() for field in columns}
        told = []
        for n, layer in enumerate(found.layers, 1):
            ends = (_SHORT_ENDS if short else _ENDS)[layer.kind]
            named = layer.name + (f" ({layer.band})" if layer.band else "")
            base = f"l{n}" if short else _short(layer.name) + (f"_{layer.band}" if layer.band else "")
            while any(f"{base}_{end}" in taken for end in ends):
                base += "_"
            for end in ends:
                kind = QMetaType.Type.QString if end in ("top", "names") else QMetaType.Type.Double
                columns.append(QgsField(f"{base}_{end}", kind))
                taken.add(f"{base}_{end}")
            told.append(f"{base}_… {named}")
        if short:
            progress.say("context.short_columns", columns=told)
        kind = QgsWkbTypes.multiType(source.wkbType())
        output = Output(self, parameters, "LAYER", context, columns, kind, source.sourceCrs())
        if output.identifier is None:
            return None
        first: dict[tuple[int, int], object] = {}
        for figure in found.figures:
            # Classes come largest first.
            first.setdefault((figure.site, figure.layer), figure)
        numbers = {site.fid: n for n, site in enumerate(found.sites)}
        for feature in features(source, QgsFeatureRequest()):
            progress.check()
            values = list(feature.attributes())
            for n in range(len(found.layers)):
                values += _wide(first.get((numbers[feature.id()], n)))
            shape = feature.geometry()
            shape.convertToMultiType()
            output.add(values, shape)
        return output.identifier


def _shown(value: float | None, share: bool) -> float | None:
    return None if value is None else 100 * value if share else value


def _names(names) -> str:
    from ..services import context as surroundings
    from ..services import figures

    most = surroundings.default_rules().most_names
    told = [f"{name} ({figures.percent(share)})" for name, share in names[:most]]
    return "; ".join(told + (["…"] if len(names) > most else []))


def _note(figure, site) -> str:
    from ..services.context import problem_text
    from ..services.wording import text

    if figure.problem:
        return problem_text(figure.problem)
    return text("context.circle") if site.is_circle else ""


def _wide(figure) -> list:
    if figure is None or figure.value is None:
        return [None, None]
    if figure.kind == "measures":
        return [figure.value, figure.ratio]
    if figure.kind == "classes":
        return [figure.class_name, 100 * figure.value]
    return [100 * figure.value, _names(figure.names) or None]


def _short(name: str) -> str:
    """A layer's name as the beginning of a column's."""
    return re.sub(r"\W+", "_", name, flags=re.UNICODE).strip("_").lower()[:_LONGEST_NAME] or "layer"
