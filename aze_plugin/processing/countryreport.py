"""``aze:countryreport``: the figures of a country's sites for its biodiversity strategy."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import paths
from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import inputs
from .base import AzeAlgorithm


class CountryReport(AzeAlgorithm):
    """Sites, species, cover and trend of one country or of all, as HTML, PDF, CSV and an ``aze-country-report/1``."""

    NAME = "countryreport"
    GROUP = "protection"

    def __init__(self):
        super().__init__()
        self._protected = []

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Country report")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.polygons("SITES", translate("AzeProcessing", "AZE sites or KBAs")))
        self.addParameter(inputs.protected_areas())
        library = inputs.library()
        library.setFlags(library.flags() | QgsProcessingParameterDefinition.Flag.FlagOptional)
        self.addParameter(library)
        self.addParameter(
            QgsProcessingParameterString(
                "COUNTRY", translate("AzeProcessing", "Country (ISO3; empty: all)"), optional=True
            )
        )
        self.addParameter(
            inputs.polygons(
                "COUNTRIES", translate("AzeProcessing", "Countries, to split sites that lie in several"), optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                "TRIGGERS",
                translate("AzeProcessing", "Trigger species by site id (table)"),
                [QgsProcessing.SourceType.TypeVector],
                optional=True,
            )
        )
        self.addParameter(
            inputs.any_path("EARLIER", translate("AzeProcessing", "Summary of an earlier report (JSON)"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterBoolean("AZE_ONLY", translate("AzeProcessing", "Only confirmed AZE sites"), False)
        )
        self.addParameter(
            QgsProcessingParameterString("TITLE", translate("AzeProcessing", "Title of the report"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterDateTime(
                "DATE",
                translate("AzeProcessing", "Date on the report"),
                QgsProcessingParameterDateTime.Type.Date,
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "SOURCES",
                translate("AzeProcessing", "Citations of the datasets, one a line"),
                multiLine=True,
                optional=True,
            )
        )
        self._add_cover_choices()
        for name, label, kinds, optional, by_default in (
            ("OUTPUT", translate("AzeProcessing", "Report"), "HTML (*.html)", False, True),
            ("PDF", translate("AzeProcessing", "Report as PDF"), "PDF (*.pdf)", True, False),
            ("CSV", translate("AzeProcessing", "Table of sites"), "CSV (*.csv)", True, False),
        ):
            self.addParameter(
                QgsProcessingParameterFileDestination(name, label, kinds, optional=optional, createByDefault=by_default)
            )
        self.addParameter(
            inputs.json_file("SUMMARY", translate("AzeProcessing", "Summary"), optional=True, by_default=False)
        )

    def _add_cover_choices(self) -> None:
        translate = QCoreApplication.translate
        shipped = paths.load_json("criteria", "coverage.json")
        choices = [
            QgsProcessingParameterEnum(
                "POINTS",
                translate("AzeProcessing", "Areas known only as points"),
                [
                    translate("AzeProcessing", "Leave them out (as the SDG indicators do)"),
                    translate("AzeProcessing", "Circle of the reported area"),
                ],
                defaultValue=0,
            ),
            QgsProcessingParameterString(
                "STATUSES", translate("AzeProcessing", "Statuses that count"), ",".join(shipped["statuses"])
            ),
            QgsProcessingParameterBoolean(
                "EXCLUDE_MAB", translate("AzeProcessing", "Leave out UNESCO-MAB biosphere reserves"), True
            ),
        ]
        for name, label, default, least, most in (
            ("DRAWS", translate("AzeProcessing", "Draws for intervals"), shipped["years"]["draws"], 1, 10_000),
            ("SEED", translate("AzeProcessing", "Seed of the draws"), shipped["years"]["seed"], 0, 2**31 - 1),
        ):
            choices.append(
                QgsProcessingParameterNumber(
                    name, label, QgsProcessingParameterNumber.Type.Integer, default, minValue=least, maxValue=most
                )
            )
        for parameter in choices:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
            self.addParameter(parameter)

    def checkParameterValues(self, parameters, context):
        """Name the layer that cannot be opened, where Processing would only name the parameter."""
        from ..services.wording import text

        try:
            inputs.protected_layers(self, parameters, context)
        except AzeError as error:
            return False, text(error.code, error.params)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Take snapshots of the protected-area layers while still in their own thread."""
        from ..services.dependencies import require_shapely
        from ..services.wording import text

        try:
            require_shapely()
            from ..services.bulk import Snapshot

            self._protected = [Snapshot(layer) for layer in inputs.protected_layers(self, parameters, context)]
        except AzeError as error:
            raise QgsProcessingException(text(error.code, error.params)) from error
        return True

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import countryreport, countrystory, files, protection

        country = countryreport.country_code(self.parameterAsString(parameters, "COUNTRY", context))
        earlier = self.parameterAsFile(parameters, "EARLIER", context)
        rules = protection.default_rules().with_choices(
            statuses=self.parameterAsString(parameters, "STATUSES", context),
            exclude_mab=self.parameterAsBoolean(parameters, "EXCLUDE_MAB", context),
            circles=self.parameterAsEnum(parameters, "POINTS", context) == 1,
            years=True,
            seed=self.parameterAsInt(parameters, "SEED", context),
            draws=self.parameterAsInt(parameters, "DRAWS", context),
        )
        countries, countries_source, names = None, "", {}
        if parameters.get("COUNTRIES"):
            layer = inputs.polygon_source(self, parameters, "COUNTRIES", context)
            countries_source, names = layer.sourceName(), countryreport.read_country_names(layer)
            countries = protection.read_countries(layer, context.transformContext(), progress.part(0, 0.05))
        table = None
        if parameters.get("TRIGGERS"):
            table = self.parameterAsSource(parameters, "TRIGGERS", context)
            if table is None:
                raise QgsProcessingException(self.invalidSourceError(parameters, "TRIGGERS"))
        gathered = countryreport.gather(
            countryreport.Inputs(
                sites=inputs.polygon_source(self, parameters, "SITES", context),
                protected=self._protected,
                rules=rules,
                country=country,
                countries=countries,
                countries_source=countries_source,
                country_names=names,
                table=table,
                library=self.parameterAsString(parameters, "LIBRARY", context).strip(),
                earlier=countryreport.read_earlier(earlier, country) if earlier else None,
                confirmed_only=self.parameterAsBoolean(parameters, "AZE_ONLY", context),
            ),
            context.transformContext(),
            progress.part(0.05, 0.7),
        )
        day = self.parameterAsDateTime(parameters, "DATE", context)
        outputs = {name: self.parameterAsFileOutput(parameters, name, context) for name in ("OUTPUT", "PDF", "CSV")}
        outputs["SUMMARY"] = self.parameterAsFileOutput(parameters, "SUMMARY", context)
        said = self.parameterAsString(parameters, "SOURCES", context)
        countrystory.write(
            gathered,
            countrystory.Wanted(
                html=outputs["OUTPUT"],
                pdf=outputs["PDF"],
                title=self.parameterAsString(parameters, "TITLE", context).strip(),
                day=day.date().toPyDate() if day.isValid() else None,
                citations=tuple(line.strip() for line in said.splitlines() if line.strip()),
            ),
            progress.part(0.7, 0.98),
        )
        if outputs["CSV"]:
            with files.replacing(outputs["CSV"]) as beside:
                # The mark at the beginning tells spreadsheets that it is UTF-8.
                beside.write_text("\ufeff" + countryreport.csv_text(gathered), encoding="utf-8", newline="")
        if outputs["SUMMARY"]:
            files.write_json(outputs["SUMMARY"], countryreport.document(gathered))
        progress.set(1)
        return {name: path for name, path in outputs.items() if path}
