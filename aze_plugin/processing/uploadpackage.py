"""``aze:uploadpackage``: a valid package to whoever reviews it, once, with a receipt."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.errors import AzeError
from ..domain.progress import Progress
from . import inputs
from .base import AzeAlgorithm


class UploadPackage(AzeAlgorithm):
    """Verifies, sends and confirms; called again with the same receipt it goes on, or finds that all is done."""

    NAME = "uploadpackage"
    GROUP = "nomination"

    def __init__(self):
        super().__init__()
        self._target = None
        self._credentials = None
        self._network = None
        # Why there are no credentials; what has been delivered needs none.
        self._refusal: AzeError | None = None

    def title(self) -> str:
        return QCoreApplication.translate("AzeProcessing", "Send a nomination package")

    def initAlgorithm(self, configuration=None):
        translate = QCoreApplication.translate
        self.addParameter(inputs.any_path("PACKAGE", translate("AzeProcessing", "Package (zip)")))
        self.addParameter(
            QgsProcessingParameterString("URL", translate("AzeProcessing", "Address to send it to (https)"))
        )
        self.addParameter(
            QgsProcessingParameterEnum(
                "METHOD",
                translate("AzeProcessing", "Method"),
                [
                    translate("AzeProcessing", "WebDAV folder (Nextcloud and others)"),
                    translate("AzeProcessing", "Form"),
                    translate("AzeProcessing", "tus (resumable)"),
                ],
                defaultValue=0,
            )
        )
        self.addParameter(
            QgsProcessingParameterAuthConfig("AUTHCFG", translate("AzeProcessing", "Authentication"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                "ALLOW_DRAFT", translate("AzeProcessing", "Send a draft, too"), defaultValue=False
            )
        )
        fields = QgsProcessingParameterString(
            "FIELDS", translate("AzeProcessing", "Fields of the form (JSON)"), optional=True, multiLine=True
        )
        fields.setFlags(fields.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        self.addParameter(fields)
        self.addParameter(inputs.json_file("RECEIPT", translate("AzeProcessing", "Receipt")))
        self.addOutput(QgsProcessingOutputString("STATE", translate("AzeProcessing", "State")))
        self.addOutput(QgsProcessingOutputString("SHA256", translate("AzeProcessing", "Digest of the package")))
        self.addOutput(QgsProcessingOutputBoolean("SENT", translate("AzeProcessing", "Sent by this call")))

    def take(self, parameters, context, feedback) -> None:
        """Take what QGIS holds while in the main thread, where it can ask for the master password."""
        from ..packaging import transfer
        from ..services import network

        self._target = transfer.target(
            transfer.METHODS[self.parameterAsEnum(parameters, "METHOD", context)],
            self.parameterAsString(parameters, "URL", context),
            self.parameterAsString(parameters, "FIELDS", context),
        )
        self._network = network.network_settings()
        authcfg = self.parameterAsString(parameters, "AUTHCFG", context)
        self._credentials = network.Credentials()
        try:
            if authcfg:
                self._credentials = network.headers_of(authcfg, self._target.url)
        except AzeError as error:
            self._refusal = error
            if error.code == "network.auth_no_header":
                self._refusal = AzeError("transfer.auth_no_header", **error.params)

    def work(self, parameters, context, feedback, progress: Progress) -> dict:
        from ..packaging import transfer
        from ..services import receipts
        from ..services.network import Connection

        parcel = transfer.identify(self.parameterAsFile(parameters, "PACKAGE", context), progress.part(0, 0.05))
        path = self.parameterAsFileOutput(parameters, "RECEIPT", context)
        sent = False
        with receipts.opened(path) as receipt:
            if transfer.is_delivered(parcel, self._target, receipt):
                progress.say("transfer.already", day=str(receipt.document["times"].get(receipts.CONFIRMED, ""))[:10])
            else:
                status = transfer.examine(
                    parcel, self.parameterAsBoolean(parameters, "ALLOW_DRAFT", context), progress.part(0.05, 0.25)
                )
                if self._refusal is not None:
                    raise self._refusal
                sending = progress.part(0.25, 1)
                progress.say(
                    "transfer.sending",
                    name=parcel.name,
                    megabytes=max(1, round(parcel.size / 1e6)),
                    url=self._target.named,
                )
                with Connection(self._network) as connection:
                    sent = transfer.send(parcel, status, self._target, receipt, connection, self._credentials, sending)
                progress.say("transfer.done")
            state = receipt.state
        progress.set(1)
        return {"RECEIPT": path, "STATE": state, "SHA256": parcel.sha256, "SENT": sent}
