"""``aze:sitefactsheet``: what is known of one site, on one page."""

from __future__ import annotations

import datetime
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProviderRegistry,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import covering, inputs, taking
from .base import AzeAlgorithm


class SiteFactSheet(AzeAlgorithm):
    """Map, species, criteria, cover, surroundings and sources of a site as HTML, PDF and ``aze-factsheet/1``."""

    NAME = "sitefactsheet"
    GROUP = "protection"

    def __init__(self):
        super().__init__()
        self._protected, self._bands, self._areas, self._origins = [], [], [], {}
        self._further = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Fact sheet of a site")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("SITES", translate("AzeProcessing", "AZE sites, KBAs or candidates")))
        self.addParameter(
            QgsProcessingParameterString(
                "SITE_ID",
                translate("AzeProcessing", "Id or name of the site (not needed where the layer has only one)"),
                optional=True,
            )
        )
        self.addParameter(inputs.protected_areas(optional=True))
        self.addParameter(inputs.optional_library())
        self.addParameter(inputs.trigger_table())
        for name, label, kind in (
            (
                "RASTERS",
                translate("AzeProcessing", "Rasters for the surroundings, such as the human footprint"),
                QgsProcessing.SourceType.TypeRaster,
            ),
            (
                "POLYGONS",
                translate("AzeProcessing", "Polygons for the surroundings, such as hotspots or ecoregions"),
                QgsProcessing.SourceType.TypeVectorPolygon,
            ),
        ):
            self.addParameter(QgsProcessingParameterMultipleLayers(name, label, kind, optional=True))
        self.addParameter(
            inputs.polygons(
                "COUNTRIES",
                translate("AzeProcessing", "Countries, to split a site that lies in several"),
                optional=True,
            )
        )
        self._add_texts()
        self._add_choices()
        for name, label, kinds, by_default in (
            ("OUTPUT", translate("AzeProcessing", "Fact sheet"), "HTML (*.html)", True),
            ("PDF", translate("AzeProcessing", "Fact sheet as PDF"), "PDF (*.pdf)", False),
        ):
            self.addParameter(
                QgsProcessingParameterFileDestination(name, label, kinds, optional=True, createByDefault=by_default)
            )
        self.addParameter(
            inputs.json_file("SUMMARY", translate("AzeProcessing", "Summary"), optional=True, by_default=False)
        )

    def _add_texts(self) -> None:
        translate = QCoreApplication.translate
        title = QgsProcessingParameterString(
            "TITLE", translate("AzeProcessing", "Title of the sheet (empty: the site's name)"), optional=True
        )
        for parameter in inputs.report_texts(title, translate("AzeProcessing", "Date on the sheet")):
            self.addParameter(parameter)

    def _add_choices(self) -> None:
        """What the check and the cover have to choose, as in their own algorithms."""
        translate = QCoreApplication.translate
        number = QgsProcessingParameterNumber.Type
        choices = [
            QgsProcessingParameterNumber(
                "FEATURE",
                translate("AzeProcessing", "Feature id of the site, where several rows bear its id"),
                number.Integer,
                optional=True,
                minValue=0,
            ),
            *covering.counting(),
            *covering.drawing(),
        ]
        choices += [
            QgsProcessingParameterBoolean(
                "COMPARE", translate("AzeProcessing", "Compare with each raster as a whole (reads all of it)"), True
            ),
            inputs.polygons(
                "EXISTING",
                translate("AzeProcessing", "Existing AZE sites or KBAs, where the site is a candidate"),
                optional=True,
            ),
            inputs.more_sites(),
            inputs.populations(),
            inputs.any_path("STATEMENTS", translate("AzeProcessing", "Nominator's statements (JSON)"), optional=True),
            *inputs.criteria_choices(),
            *inputs.record_choices(),
        ]
        for parameter in choices:
            self.addParameter(inputs.advanced(parameter))

    def look_over(self, parameters, context) -> None:
        if not any(parameters.get(name) for name in ("OUTPUT", "PDF", "SUMMARY")):
            raise AzeError("factsheet.nothing_to_write")
        if parameters.get("PROTECTED"):
            taking.protected_layers(self, parameters, context)
        taking.polygon_layers(self, parameters, context)
        taking.raster_layers(self, parameters, context)

    def take(self, parameters, context, feedback) -> None:
        """Take what has to be taken from layers while still in their own thread."""
        from ..services.bulk import Snapshot
        from ..services.context import Areas, bands_of

        rasters = taking.raster_layers(self, parameters, context)
        layers = taking.with_areas(taking.polygon_layers(self, parameters, context))
        protected = taking.protected_layers(self, parameters, context) if parameters.get("PROTECTED") else []
        self._protected = [Snapshot(layer) for layer in protected]
        self._bands = [band for raster in rasters for band in bands_of(raster)]
        self._areas = [Areas.of(layer) for layer in layers]
        self._further = taking.further_sites(self, parameters, context)
        own = (
            taking.one_layer(self, parameters, name, context) for name in ("SITES", "EXISTING", "TRIGGERS", "COUNTRIES")
        )
        for layer in (*own, *protected, *layers, *rasters):
            if layer is not None:
                self._origins[layer.name()] = _origin(layer)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import candidates, factsheet, factsheet_page, files, protection

        transform = context.transformContext()
        rules = covering.rules(self, parameters, context, years=True)
        settings = inputs.criteria_settings(self, parameters, context)
        countries, countries_source = None, ""
        if parameters.get("COUNTRIES"):
            layer = self.sources["COUNTRIES"]
            countries_source = layer.sourceName()
            countries = protection.read_countries(layer, transform, progress.part(0, 0.05))
        table = self.sources.get("TRIGGERS")
        day = inputs.report_day(self, parameters, context)
        statements = self.parameterAsFile(parameters, "STATEMENTS", context)
        feature = parameters.get("FEATURE")
        sheet = factsheet.gather(
            factsheet.Inputs(
                sites=self.sources["SITES"],
                rules=rules,
                settings=settings,
                site_id=self.parameterAsString(parameters, "SITE_ID", context),
                feature=None if feature in (None, "") else self.parameterAsInt(parameters, "FEATURE", context),
                protected=self._protected,
                library=self.parameterAsString(parameters, "LIBRARY", context).strip(),
                existing=taking.site_source(self.sources.get("EXISTING"), self._further),
                year=(day or datetime.date.today()).year,
                statements=candidates.read_statements(statements) if statements else None,
                estimates=inputs.estimates(self, parameters, context, progress),
                table=table,
                countries=countries,
                countries_source=countries_source,
                bands=self._bands,
                areas=self._areas,
                compare=self.parameterAsBoolean(parameters, "COMPARE", context),
                origins=self._origins,
            ),
            transform,
            progress.part(0.05, 0.75),
        )
        outputs = {name: self.parameterAsFileOutput(parameters, name, context) for name in ("OUTPUT", "PDF", "SUMMARY")}
        factsheet_page.write(
            sheet,
            progress.part(0.75, 0.98),
            html=outputs["OUTPUT"],
            pdf=outputs["PDF"],
            title=self.parameterAsString(parameters, "TITLE", context).strip(),
            day=day,
            citations=inputs.citations(self, parameters, context),
        )
        if outputs["SUMMARY"]:
            files.write_json(outputs["SUMMARY"], factsheet.document(sheet))
        progress.set(1)
        return {name: path for name, path in outputs.items() if path}


def _origin(layer) -> dict[str, str]:
    """Where a layer comes from: its file, where that has another name, and what the layer says of its rights and of the
    date of its data."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = Path(str(parts.get("path") or ""))
    metadata = layer.metadata()
    kinds = Qgis.MetadataDateType
    dates = (metadata.dateTime(kind) for kind in (kinds.Revised, kinds.Published, kinds.Created))
    return {
        "file": path.name if path.stem != layer.name() else "",
        "citation": "; ".join(metadata.rights()),
        "date": next((d.date().toString("yyyy-MM-dd") for d in dates if d.isValid()), ""),
    }
