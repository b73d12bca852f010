"""The Processing provider ``aze``."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .. import paths


class AzeProvider(QgsProcessingProvider):
    """All AZE algorithms. Their modules import nothing heavy until they run."""

    def id(self) -> str:
        return "aze"

    def name(self) -> str:
        return "AZE"

    def longName(self) -> str:
        return "AZE Toolkit"

    def icon(self) -> QIcon:
        return QIcon(str(paths.resource("icons", "aze.svg")))

    def loadAlgorithms(self) -> None:
        from .checkboundary import CheckBoundary
        from .countryreport import CountryReport
        from .fitboundary import FitBoundary
        from .importspecies import ImportSpecies
        from .includepart import IncludePart
        from .packagenomination import PackageNomination
        from .protectioncoverage import ProtectionCoverage
        from .refreshassessments import RefreshAssessments
        from .screenproject import ScreenProject
        from .sitecontext import SiteContext
        from .sitefactsheet import SiteFactSheet
        from .suggestboundary import SuggestBoundary
        from .uploadpackage import UploadPackage
        from .verifypackage import VerifyPackage

        for algorithm in (
            ImportSpecies,
            RefreshAssessments,
            CheckBoundary,
            SuggestBoundary,
            FitBoundary,
            IncludePart,
            ProtectionCoverage,
            CountryReport,
            ScreenProject,
            SiteContext,
            SiteFactSheet,
            PackageNomination,
            VerifyPackage,
            UploadPackage,
        ):
            self.addAlgorithm(algorithm())
