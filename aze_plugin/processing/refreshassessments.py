"""``aze:refreshassessments``: what the Red List says today of the taxa of a library."""

from __future__ import annotations

from datetime import datetime

from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import paths
from ..domain.progress import Progress
from . import inputs
from .base import AzeAlgorithm


class RefreshAssessments(AzeAlgorithm):
    """Asks the Red List API taxon by taxon; lists the changes, and takes them over when DRY_RUN is off."""

    NAME = "refreshassessments"
    GROUP = "data"

    def __init__(self):
        super().__init__()
        self._url = ""
        self._credentials = None
        self._network = None

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Refresh categories from the Red List")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        rules = paths.load_json("redlist", "api.json")
        self.addParameter(inputs.library())
        self.addParameter(
            QgsProcessingParameterAuthConfig(
                "AUTHCFG", translate("AzeProcessing", "Authentication that holds the token")
            )
        )
        self.addParameter(
            QgsProcessingParameterString(
                "URL", translate("AzeProcessing", "Address of the Red List API"), rules["url"], optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "MAX_AGE_DAYS",
                translate("AzeProcessing", "Do not ask again for answers younger than this many days"),
                QgsProcessingParameterNumber.Type.Double,
                defaultValue=rules["max_age_days"],
                minValue=0,
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                "ONLY_THREATENED",
                translate("AzeProcessing", "Only taxa that the library has as threatened or Extinct in the Wild"),
                defaultValue=False,
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                "DRY_RUN", translate("AzeProcessing", "List the changes only, and leave the library"), defaultValue=True
            )
        )
        interval = QgsProcessingParameterNumber(
            "INTERVAL",
            translate("AzeProcessing", "Seconds between calls"),
            QgsProcessingParameterNumber.Type.Double,
            defaultValue=rules["interval_s"],
            minValue=0,
        )
        interval.setFlags(interval.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        self.addParameter(interval)
        self.addParameter(inputs.json_file("OUTPUT", translate("AzeProcessing", "Changes")))
        self.addOutput(QgsProcessingOutputNumber("CHANGED", translate("AzeProcessing", "Taxa that changed")))
        self.addOutput(QgsProcessingOutputNumber("CHECKED", translate("AzeProcessing", "Taxa checked")))
        self.addOutput(QgsProcessingOutputNumber("NOT_FOUND", translate("AzeProcessing", "Taxa not on the list")))
        self.addOutput(
            QgsProcessingOutputNumber("FAILED", translate("AzeProcessing", "Taxa that could not be checked"))
        )
        self.addOutput(QgsProcessingOutputBoolean("APPLIED", translate("AzeProcessing", "The library was changed")))

    def take(self, parameters, context, feedback) -> None:
        """Take token and network settings while in the main thread, where QGIS can ask for the master password."""
        from ..services import network

        given = self.parameterAsString(parameters, "URL", context).strip()
        self._url = network.check_address(given or paths.load_json("redlist", "api.json")["url"])
        self._credentials = network.token_headers(self.parameterAsString(parameters, "AUTHCFG", context), self._url)
        self._network = network.network_settings()

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..library import refresh
        from ..library.query import Library
        from ..services import files, redlist_api
        from ..services.network import Connection

        rules = redlist_api.service_rules()
        address = self.parameterAsString(parameters, "LIBRARY", context)
        dry = self.parameterAsBoolean(parameters, "DRY_RUN", context)
        only = rules["threatened"] if self.parameterAsBoolean(parameters, "ONLY_THREATENED", context) else None
        pace = redlist_api.Pace.default(self._url, self.parameterAsDouble(parameters, "INTERVAL", context))
        days = self.parameterAsDouble(parameters, "MAX_AGE_DAYS", context)
        asking = progress.part(0, 0.95)
        cache = refresh.Cache(address, self._url, days)
        with Library.open(address) as library, Connection(self._network) as connection, cache:
            api = redlist_api.RedListApi(self._url, self._credentials, connection, pace, asking)
            release = redlist_api.kept_release(api, cache)
            wanted = refresh.chosen(library, only)
            found = refresh.find_changes(library, wanted, api.ask, cache, asking, rules["failures_in_a_row"])
            if not cache.lasting:
                progress.say("refresh.no_cache", file=str(cache.path))
        applied = False
        if not dry:
            source = redlist_api.source_of(release, datetime.now())
            applied = refresh.apply(address, found, service=self._url, progress=progress.part(0.95, 1), **source)
        document = redlist_api.document(found, applied, self._url, release)
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        files.write_json(output, document)
        for change in document["changes"]:
            feedback.pushInfo(change["message"])
        counts = {"checked": found.checked, "not_found": len(found.not_found), "failed": len(found.failed)}
        progress.say("refresh.applied" if applied else "refresh.found", count=len(found.changes), **counts)
        return {
            "CHANGED": len(found.changes),
            "CHECKED": found.checked,
            "NOT_FOUND": len(found.not_found),
            "FAILED": len(found.failed),
            "APPLIED": applied,
            "OUTPUT": output,
        }
