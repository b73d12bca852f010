"""Opens layers of servers: from the connections that QGIS knows, or from a service's address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import Qgis, QgsSettings, QgsVectorLayer
from qgis.gui import QgsAuthConfigSelect, QgsBrowserGuiModel, QgsDataSourceSelectWidget
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..services import network, servers
from ..services.remote import asking_for_all, host_of
from ..services.servers import Offered
from ..services.sites import aze_filter
from ..services.wording import text
from . import layers, style
from .tasks import Task
from .widgets.basics import TextLabel
from .widgets.busy import BusyStrip

if TYPE_CHECKING:
    from .session import Session

_ADDRESS, _KIND, _AUTHCFG = "aze_toolkit/server/address", "aze_toolkit/server/kind", "aze_toolkit/server/authcfg"


class ConnectDialog(QDialog):
    """Chooses layers of servers for a role and opens them by QGIS's providers.

    Of credentials only the id of their configuration is kept, in the user's settings.
    """

    def __init__(self, session: Session, role: str, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._session, self._role = session, role
        self._looking = Task(self, translate("AzeConnect", "Asking the server"))
        self._looking.done.connect(self._found)
        self._looking.failed.connect(self._fail)
        self._looking.changed.connect(self._show)
        self.setWindowTitle(translate("AzeConnect", "{what} from a server").format(what=title))
        self.resize(520, 520)

        self.kind = QComboBox()
        self.kind.addItem("WFS", servers.WFS)
        self.kind.addItem("OGC API – Features", servers.OGC_API)
        self.kind.addItem(translate("AzeConnect", "ArcGIS feature service"), servers.ARCGIS)
        self.address = QLineEdit()
        self.address.setPlaceholderText("https://…")
        self.address.setClearButtonEnabled(True)
        self.address.setAccessibleName(translate("AzeConnect", "Address of the service"))
        self.auth = QgsAuthConfigSelect()
        self.look = QPushButton(translate("AzeConnect", "Show layers"))
        self.look.clicked.connect(self.look_up)
        self.list = QListWidget()
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setAlternatingRowColors(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setAccessibleName(translate("AzeConnect", "Layers of the service"))
        self.note = TextLabel(muted=True)
        self.busy = BusyStrip()
        self.busy.follow(self._looking)
        self.busy.cancelled.connect(self._looking.cancel)
        row = QHBoxLayout()
        row.addWidget(self.address, 1)
        row.addWidget(self.look)
        form = QFormLayout()
        form.addRow(translate("AzeConnect", "Kind"), self.kind)
        form.addRow(translate("AzeConnect", "Address"), row)
        form.addRow(translate("AzeConnect", "Access"), self.auth)
        by_address = QWidget()
        inside = QVBoxLayout(by_address)
        inside.addLayout(form)
        inside.addWidget(self.list, 1)
        inside.addWidget(self.note)
        inside.addWidget(self.busy)

        # That of the main window has the connections at hand; elsewhere the dialog makes its own.
        model = session.iface.browserModel() if hasattr(session.iface, "browserModel") else None
        if model is None:
            model = QgsBrowserGuiModel(self)
            model.initialize()
        self.model = model
        self.browser = QgsDataSourceSelectWidget(model, True, Qgis.LayerType.Vector)
        self.tabs = QTabWidget()
        self.tabs.addTab(by_address, translate("AzeConnect", "Address"))
        self.tabs.addTab(self.browser, translate("AzeConnect", "Connections of QGIS"))

        self.only_aze = QCheckBox(translate("AzeConnect", "AZE sites only, where the layer tells which are"))
        self.only_aze.setToolTip(translate("AzeConnect", "The server is asked for these alone; the rest is not sent."))
        self.only_aze.setVisible(role == "sites")
        self.problem = TextLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.open_ = self.buttons.addButton(translate("AzeConnect", "Open"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.open_chosen)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.only_aze)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)

        settings = QgsSettings()
        self.address.setText(str(settings.value(_ADDRESS, "")))
        self.auth.setConfigId(str(settings.value(_AUTHCFG, "")))
        self.kind.setCurrentIndex(max(0, self.kind.findData(settings.value(_KIND, servers.WFS))))
        self.address.textEdited.connect(self._address_edited)
        self.address.returnPressed.connect(self.look_up)
        self.kind.currentIndexChanged.connect(self._forget)
        self.list.itemSelectionChanged.connect(self._show)
        self.list.itemDoubleClicked.connect(lambda _item: self.open_chosen())
        self.browser.selectionChanged.connect(self._show)
        self.browser.itemTriggered.connect(lambda _uri: self.open_chosen())
        self.tabs.currentChanged.connect(lambda _index: self._say(""))
        self.tabs.currentChanged.connect(self._show)
        # The Enter key in the address looks for layers; it opens nothing yet.
        for button in (self.open_, self.look, self.buttons.button(QDialogButtonBox.StandardButton.Cancel)):
            button.setAutoDefault(False)
        self._say("")
        self._forget()

    # ----------------------------------------------------------------------------------------- what is offered

    def look_up(self) -> None:
        """List the layers of the service at the address, in the background."""
        self._looking.cancel()
        self._forget()
        authcfg = self.auth.configId()
        try:
            url = servers.checked_address(self.address.text(), authcfg)
            credentials = network.headers_of(authcfg, url) if authcfg else network.Credentials()
        except AzeError as error:
            self._say(text(error.code, error.params))
            return
        settings = QgsSettings()
        for key, value in ((_ADDRESS, self.address.text()), (_KIND, self.kind.currentData()), (_AUTHCFG, authcfg)):
            settings.setValue(key, value)
        given = (self.kind.currentData(), url, authcfg, credentials, network.network_settings())
        self._looking.start(lambda progress: servers.offered(*given, progress))

    def _fail(self, error: AzeError) -> None:
        self._say(text(error.code, error.params))

    def _found(self, found: list[Offered]) -> None:
        for offered in found:
            title = offered.title if offered.title == offered.name else f"{offered.title} ({offered.name})"
            item = QListWidgetItem(title)
            item.setToolTip(title)
            item.setData(Qt.ItemDataRole.UserRole, offered)
            self.list.addItem(item)
        if self.list.count() == 1:
            self.list.setCurrentRow(0)

    def _address_edited(self, typed: str) -> None:
        self.kind.setCurrentIndex(self.kind.findData(servers.kind_of(typed)))
        self._forget()

    def _forget(self, *_args) -> None:
        self.list.clear()
        self._say("")
        self._show()

    def _show(self, *_args) -> None:
        translate = QCoreApplication.translate
        looking = self._looking.is_running
        self.look.setEnabled(not looking and bool(self.address.text().strip()))
        self.note.setText(
            translate("AzeConnect", "Choose one layer or several.")
            if self.list.count()
            else translate("AzeConnect", "Give the address of a service to see its layers.")
        )
        self.note.setVisible(not looking and self.problem.isHidden())
        self.open_.setEnabled(bool(self._chosen()))

    # -------------------------------------------------------------------------------------------------- opening

    def _chosen(self) -> list[tuple[str, str, str]]:
        """Source, name and provider of the layers that are chosen."""
        if self.tabs.currentWidget() is self.browser:
            uri = self.browser.uri()
            return [(uri.uri, uri.name, uri.providerKey)] if uri.isValid() and uri.layerType == "vector" else []
        chosen: list[Offered] = [item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]
        return [(offered.uri, offered.title, offered.provider) for offered in chosen]

    def open_chosen(self) -> list[QgsVectorLayer]:
        """Open the chosen layers and give them the role; the dialog stays open where one cannot be opened."""
        opened, problems = [], []
        for source, name, provider in self._chosen():
            QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
            try:
                layer = open_layer(source, name, provider, self._role)
                if self.only_aze.isChecked() and self._role == "sites":
                    only_aze(layer, True)
                self._session.sources.add_layer(layer, self._role)
                opened.append(layer)
            except AzeError as error:
                problems.append(text(error.code, error.params))
            finally:
                QGuiApplication.restoreOverrideCursor()
        self._say("\n".join(problems))
        if opened and not problems:
            self.accept()
        return opened

    def _say(self, problem: str) -> None:
        self.problem.setText(f"{style.MARKS['problem']} {problem}" if problem else "")
        self.problem.setVisible(bool(problem))
        self.note.setVisible(not problem)

    def done(self, result: int) -> None:
        self._looking.cancel()
        super().done(result)


def open_layer(source: str, name: str, provider: str, role: str) -> QgsVectorLayer:
    """A layer of a server for a role. Raises AzeError ``server.layer_gone`` or ``server.no_polygons``."""
    if provider == "WFS":
        source = asking_for_all(source)
    layer = QgsVectorLayer(source, name, provider, QgsVectorLayer.LayerOptions(loadDefaultStyle=False))
    host = host_of(layer)
    if not layer.isValid():
        detail = " ".join(layer.error().summary().split())[:300]
        raise AzeError("server.layer_gone", host=host, layer=name, detail=detail)
    if layer.geometryType() not in layers.kinds_of(role):
        raise AzeError("server.no_polygons", host=host, layer=name)
    return layer


def only_aze(layer: QgsVectorLayer, only: bool) -> bool:
    """Let a layer of sites give AZE sites alone, or all again; whether its provider does so."""
    wanted = aze_filter(layer) if only else ""
    return (bool(wanted) or not only) and layer.setSubsetString(wanted)
