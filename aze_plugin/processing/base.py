"""What the AZE algorithms share: naming, help from ``resources/help``, errors as sentences, progress."""

from __future__ import annotations

import html
import re

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from .. import paths
from ..domain.errors import AzeError, Cancelled
from ..domain.progress import Progress


class AzeAlgorithm(QgsProcessingAlgorithm):
    """Base of all algorithms. Subclasses set ``NAME`` and ``GROUP``, define ``title`` and ``work``.

    ``work`` gets what ``processAlgorithm`` gets, with a Progress for the domain in place of raw feedback calls, and no
    layers, which may be gone by then: what parameters for one layer give is in ``sources``, what else is needed of
    layers is for ``take``. An AzeError that it raises reaches the user as its sentence.
    """

    NAME = ""
    GROUP = "criteria"

    def __init__(self):
        super().__init__()
        # Snapshots of what was given for one layer each, by the parameter's name.
        self.sources: dict = {}
        # The parameters as another thread may look at them.
        self._given: dict = {}
        self._problem: Exception | None = None

    def name(self) -> str:
        """Identifier after ``aze:``; fixed."""
        return self.NAME

    def title(self) -> str:
        """Translated name in the toolbox."""
        raise NotImplementedError

    def displayName(self) -> str:
        return self.title()

    def groupId(self) -> str:
        return self.GROUP

    def group(self) -> str:
        translate = QCoreApplication.translate
        return {
            "data": translate("AzeProcessing", "Species data"),
            "criteria": translate("AzeProcessing", "Criteria"),
            "protection": translate("AzeProcessing", "Protection"),
            "nomination": translate("AzeProcessing", "Nomination"),
        }[self.GROUP]

    def icon(self) -> QIcon:
        return QIcon(str(paths.resource("icons", "aze.svg")))

    def shortHelpString(self) -> str:
        """The algorithm's page under ``resources/help``.

        Processing wants HTML, and ``qgis_process`` prints it as it is, so it is kept to paragraphs and emphasis.
        """
        text = html.escape(paths.resource("help", f"{self.NAME}.md").read_text(encoding="utf-8").strip(), quote=False)
        text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
        text = re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)
        text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
        text = re.sub(r"^- ", "• ", text, flags=re.MULTILINE)
        paragraphs = [p.strip().replace("\n•", "<br>\n•") for p in text.split("\n\n")]
        return "\n".join(f"<p>{p}</p>" for p in paragraphs)

    def createInstance(self):
        return type(self)()

    def look_over(self, parameters, context) -> None:
        """Raise AzeError for parameters that cannot be used, where Processing would only name the parameter."""

    def take(self, parameters, context, feedback) -> None:
        """Take what has to be taken from layers and from QGIS in the main thread. Raises AzeError."""

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        """Do the work and return the outputs."""
        raise NotImplementedError

    def checkParameterValues(self, parameters, context):
        from ..services.wording import text
        from .taking import taken_apart

        try:
            self.look_over(parameters, context)
        except AzeError as error:
            return False, text(error.code, error.params)
        return super().checkParameterValues(taken_apart(self, parameters, context), context)

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        from ..services.dependencies import require_shapely
        from . import taking

        try:
            require_shapely()
            self.sources = taking.feature_sources(self, parameters, context, feedback)
            self._given = taking.without_layers(parameters)
            self.take(parameters, context, feedback)
        except (AzeError, QgsProcessingException) as error:
            # A task that cannot be prepared counts as cancelled, and nobody hears why: it is raised when it begins.
            self._problem = error
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        from ..services.collector import collector_at_rest
        from ..services.wording import text

        progress = Progress(
            on_progress=lambda fraction: feedback.setProgress(100 * fraction),
            on_message=lambda code, params: feedback.pushInfo(text(code, params)),
            is_cancelled=feedback.isCanceled,
        )
        try:
            if self._problem is not None:
                raise self._problem
            with collector_at_rest():
                return self.work(self._given, context, feedback, progress)
        except AzeError as error:
            raise QgsProcessingException(text(error.code, error.params)) from error
        except Cancelled:
            return {}
