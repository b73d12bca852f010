"""The section "Where packages are sent" of the options page: the list of endpoints."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..services.outbox import Endpoint
from . import endpoints, sending
from .endpoint_dialog import EndpointDialog
from .widgets.basics import TextLabel

_ROWS = 4


class EndpointList(QWidget):
    """Adds, changes and removes endpoints; ``apply`` keeps the list."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.list = QListWidget()
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setWordWrap(True)
        self.list.setAlternatingRowColors(True)
        self.list.setAccessibleName(translate("AzeOutbox", "Where packages are sent"))
        self.list.setMinimumHeight(_ROWS * 2 * self.fontMetrics().height())
        self.nothing = TextLabel(
            translate(
                "AzeOutbox",
                "Nothing yet. Whoever reviews nominations tells you the address: a folder (WebDAV), a form, or a "
                "server for uploads (tus).",
            ),
            muted=True,
        )
        self.add = QPushButton(translate("AzeOutbox", "Add…"))
        self.change = QPushButton(translate("AzeOutbox", "Change…"))
        self.remove = QPushButton(translate("AzeOutbox", "Remove"))
        self.add.clicked.connect(self._add)
        self.change.clicked.connect(self._change)
        self.remove.clicked.connect(self._remove)
        self.list.itemSelectionChanged.connect(self._renew)
        self.list.itemDoubleClicked.connect(lambda _item: self._change())
        row = QHBoxLayout()
        for button in (self.add, self.change, self.remove):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list)
        layout.addLayout(row)
        for endpoint in endpoints.load():
            self._show(QListWidgetItem(), endpoint)
        self._renew()

    def endpoints(self) -> list[Endpoint]:
        """The list as it stands."""
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]

    def apply(self) -> None:
        """Keep the list."""
        if self.endpoints() != endpoints.load():
            endpoints.save(self.endpoints())

    def _show(self, item: QListWidgetItem, endpoint: Endpoint) -> None:
        item.setText(f"{endpoint.name}\n{sending.method(endpoint.method)} · {sending.place(endpoint.url)}")
        item.setToolTip(sending.receiver(endpoint))
        item.setData(Qt.ItemDataRole.UserRole, endpoint)
        if item.listWidget() is None:
            self.list.addItem(item)

    def _renew(self) -> None:
        chosen = bool(self.list.selectedItems())
        self.change.setEnabled(chosen)
        self.remove.setEnabled(chosen)
        self.nothing.setVisible(not self.list.count())
        self.list.setVisible(bool(self.list.count()))

    def _add(self) -> None:
        dialog = EndpointDialog(None, self)
        if dialog.exec() and dialog.endpoint is not None:
            item = QListWidgetItem()
            self._show(item, dialog.endpoint)
            self.list.setCurrentItem(item)
        self._renew()

    def _change(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        dialog = EndpointDialog(item.data(Qt.ItemDataRole.UserRole), self)
        if dialog.exec() and dialog.endpoint is not None:
            self._show(item, dialog.endpoint)

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        translate = QCoreApplication.translate
        endpoint: Endpoint = item.data(Qt.ItemDataRole.UserRole)
        asked = translate("AzeOutbox", "Remove “{name}” from the list? What is in the outbox for it can still be sent.")
        answer = QMessageBox.question(self, translate("AzeOutbox", "Remove"), asked.format(name=endpoint.name))
        if answer == QMessageBox.StandardButton.Yes:
            self.list.takeItem(self.list.row(item))
            self._renew()
