"""``aze:countryreport``: the figures of a country's sites for its biodiversity strategy."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.progress import Progress
from . import covering, inputs, taking
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
        self.addParameter(inputs.optional_library())
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
        self.addParameter(inputs.trigger_table())
        self.addParameter(
            inputs.any_path("EARLIER", translate("AzeProcessing", "Summary of an earlier report (JSON)"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterBoolean("AZE_ONLY", translate("AzeProcessing", "Only confirmed AZE sites"), False)
        )
        title = QgsProcessingParameterString("TITLE", translate("AzeProcessing", "Title of the report"), optional=True)
        for parameter in inputs.report_texts(title, translate("AzeProcessing", "Date on the report")):
            self.addParameter(parameter)
        for parameter in (*covering.counting(), *covering.drawing()):
            self.addParameter(inputs.advanced(parameter))
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

    def look_over(self, parameters, context) -> None:
        taking.protected_layers(self, parameters, context)

    def take(self, parameters, context, feedback) -> None:
        """Take snapshots of the protected-area layers while still in their own thread."""
        self._protected = covering.snapshots(self, parameters, context)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..services import countryreport, countrystory, files, protection

        country = countryreport.country_code(self.parameterAsString(parameters, "COUNTRY", context))
        earlier = self.parameterAsFile(parameters, "EARLIER", context)
        rules = covering.rules(self, parameters, context, years=True)
        countries, countries_source, names = None, "", {}
        if parameters.get("COUNTRIES"):
            layer = self.sources["COUNTRIES"]
            countries_source, names = layer.sourceName(), countryreport.read_country_names(layer)
            countries = protection.read_countries(layer, context.transformContext(), progress.part(0, 0.05))
        table = self.sources.get("TRIGGERS")
        gathered = countryreport.gather(
            countryreport.Inputs(
                sites=self.sources["SITES"],
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
        outputs = {name: self.parameterAsFileOutput(parameters, name, context) for name in ("OUTPUT", "PDF", "CSV")}
        outputs["SUMMARY"] = self.parameterAsFileOutput(parameters, "SUMMARY", context)
        countrystory.write(
            gathered,
            countrystory.Wanted(
                html=outputs["OUTPUT"],
                pdf=outputs["PDF"],
                title=self.parameterAsString(parameters, "TITLE", context).strip(),
                day=inputs.report_day(self, parameters, context),
                citations=tuple(inputs.citations(self, parameters, context)),
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
