"""Edits one endpoint: its name, the method, the address, the authentication, and a form's fields; tries it out."""

from __future__ import annotations

from collections.abc import Callable

from qgis.gui import QgsAuthConfigSelect
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.outbox import Endpoint
from ..services.wording import text
from . import endpoints, sending, style
from .tasks import Task
from .widgets.basics import FlowLayout, TextLabel, link
from .widgets.busy import BusyStrip

_METHODS = ("webdav", "form", "tus")
_LONGEST_NAME = 120


class EndpointDialog(QDialog):
    """Makes or changes an endpoint; ``endpoint`` is the outcome once it was accepted."""

    def __init__(self, endpoint: Endpoint | None = None, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._id = endpoint.id if endpoint is not None else endpoints.new_id()
        self._trying = Task(self, translate("AzeOutbox", "Asking the server"))
        self._trying.done.connect(lambda said: self._say(said, "fine"))
        self._trying.failed.connect(lambda error: self._say(text(error.code, error.params)))
        self._trying.changed.connect(self._allow)
        self.endpoint: Endpoint | None = None
        self.setWindowTitle(
            translate("AzeOutbox", "Change where to send to")
            if endpoint is not None
            else translate("AzeOutbox", "Add where to send to")
        )
        self.resize(520, 300)

        self.name = QLineEdit()
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.setPlaceholderText(translate("AzeOutbox", "Regional focal point"))
        self.method = QComboBox()
        for name in _METHODS:
            self.method.addItem(sending.method(name), name)
        self.url = QLineEdit()
        self.url.setPlaceholderText("https://…")
        self.auth = QgsAuthConfigSelect()
        self.hint = TextLabel(muted=True)
        self.form = FormFields()
        self.problem = TextLabel()
        self.busy = BusyStrip()
        self.busy.follow(self._trying)
        self.busy.cancelled.connect(self._trying.cancel)
        self.try_ = QPushButton(translate("AzeOutbox", "Test the connection"))
        self.try_.clicked.connect(self.try_out)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.addButton(self.try_, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.accepted.connect(self.finish)
        self.buttons.rejected.connect(self.reject)

        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeOutbox", "Name"), self.name)
        form.addRow(translate("AzeOutbox", "Method"), self.method)
        form.addRow(translate("AzeOutbox", "Address"), self.url)
        form.addRow(self.hint)
        form.addRow(translate("AzeOutbox", "Authentication"), self.auth)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.form)
        layout.addStretch(1)
        layout.addWidget(self.problem)
        layout.addWidget(self.busy)
        layout.addWidget(self.buttons)

        if endpoint is not None:
            self.name.setText(endpoint.name)
            self.method.setCurrentIndex(max(0, self.method.findData(endpoint.method)))
            self.url.setText(endpoint.url)
            self.auth.setConfigId(endpoint.authcfg)
        problem = self.form.show_fields(endpoint.fields if endpoint is not None else "")
        self.method.currentIndexChanged.connect(self._renew)
        self.method.currentIndexChanged.connect(lambda _index: self._fit())
        for field in (self.name, self.url):
            field.textEdited.connect(self._edited)
        for button in (self.try_, *self.buttons.buttons()):
            button.setAutoDefault(False)
        self._renew()
        self._say(problem)
        self._fit()

    def _renew(self) -> None:
        translate = QCoreApplication.translate
        method = self.method.currentData()
        self.form.setVisible(method == "form")
        hints = {
            "webdav": translate(
                "AzeOutbox", "Of the folder, as its owner gave it to you. A Nextcloud's begins …/remote.php/dav/files/"
            ),
            "form": translate("AzeOutbox", "That the form is handed in to."),
            "tus": translate("AzeOutbox", "Where uploads are made, such as https://…/files"),
        }
        query = translate("AzeOutbox", "What follows the ? is kept as it is: put no password there.")
        hint = hints[method]
        self.hint.setText(f"{hint} {query}" if "?" in self.url.text() and method != "webdav" else hint)
        self._edited()

    def _fit(self) -> None:
        """Take the height that the method needs."""
        self.layout().activate()
        self.resize(self.width(), self.sizeHint().height())

    def _edited(self, *_args) -> None:
        self._trying.cancel()
        self._say("")
        self._allow()

    def _allow(self) -> None:
        given = bool(self.url.text().strip())
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(given and bool(self.name.text().strip()))
        self.try_.setEnabled(given and not self._trying.is_running)

    def given(self) -> Endpoint:
        """What the fields say. Raises AzeError for an address or fields that cannot be used."""
        from ..packaging import transfer

        method = self.method.currentData()
        url = self.url.text().strip()
        fields = self.form.written() if method == "form" else ""
        transfer.target(method, url, fields)
        name = " ".join(self.name.text().split())
        return Endpoint(self._id, name, method, url, self.auth.configId(), fields)

    def finish(self) -> None:
        """Take what the fields say, or say what is wrong with it."""
        try:
            self.endpoint = self.given()
        except AzeError as error:
            self._say(text(error.code, error.params))
            return
        self.accept()

    def try_out(self) -> None:
        """Ask the server, in the background, whether it is there and lets one in."""
        self._trying.cancel()
        try:
            work = _trial(self.given())
        except AzeError as error:
            self._say(text(error.code, error.params))
            return
        self._say("")
        self._trying.start(work)

    def _say(self, said: str, state: str = "problem") -> None:
        self.problem.setText(f"{style.MARKS[state]} {said}" if said else "")
        self.problem.setVisible(bool(said))

    def done(self, result: int) -> None:
        self._trying.cancel()
        super().done(result)


class FormFields(QGroupBox):
    """What a form calls the file, what goes along with it, and where one can ask whether it has arrived."""

    def __init__(self, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(translate("AzeOutbox", "Fields of the form"), parent)
        self.file = QLineEdit()
        self.check = QLineEdit()
        self.check.setPlaceholderText("https://…/{sha256}")
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([translate("AzeOutbox", "Field"), translate("AzeOutbox", "Value")])
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().hide()
        self.table.setMinimumHeight(96)
        self.table.setAccessibleName(translate("AzeOutbox", "Further fields of the form"))
        note = TextLabel(
            translate(
                "AzeOutbox",
                "{sha256}, {name} and {size} are filled in. An address to check by answers 404 for a package that is "
                "not there; with one, a connection that breaks at the very end leaves nothing open.",
            ),
            muted=True,
        )
        tools = QWidget()
        row = FlowLayout(tools)
        row.addWidget(link(translate("AzeOutbox", "Add a field"), lambda: self._add("", "")))
        row.addWidget(link(translate("AzeOutbox", "Remove the field"), self._remove))
        form = QFormLayout(self)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeOutbox", "Field for the package"), self.file)
        form.addRow(self.table)
        form.addRow(tools)
        form.addRow(translate("AzeOutbox", "Address to check by"), self.check)
        form.addRow(note)

    def show_fields(self, written: str) -> str:
        """Show fields as an endpoint keeps them; returns a sentence where they cannot be understood."""
        from ..packaging.transfer_form import fields_of

        problem = ""
        try:
            document = fields_of(written)
        except AzeError as error:
            problem, document = text(error.code, error.params), fields_of("")
        self.file.setText(document["file"])
        self.check.setText(document["check"])
        self.table.setRowCount(0)
        for name, value in document["fields"].items():
            self._add(name, value)
        return problem

    def written(self) -> str:
        """The fields as an endpoint keeps them. Raises AzeError where they cannot be used."""
        from ..packaging.transfer_form import written_fields

        fields = {}
        for row in range(self.table.rowCount()):
            name, value = (self.table.item(row, column) for column in (0, 1))
            if name is not None and name.text().strip():
                fields[name.text().strip()] = value.text() if value is not None else ""
        return written_fields(self.file.text(), fields, self.check.text())

    def _add(self, name: str, value: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        for column, said in enumerate((name, value)):
            self.table.setItem(row, column, QTableWidgetItem(said))
        if not name:
            self.table.setCurrentCell(row, 0)
            self.table.editItem(self.table.item(row, 0))

    def _remove(self) -> None:
        if self.table.currentRow() >= 0:
            self.table.removeRow(self.table.currentRow())


def _trial(endpoint: Endpoint) -> Callable[[Progress], str]:
    """A function that asks the server of an endpoint, in a thread, and gives a sentence of what it offers.

    Made in the main thread, which may ask for the master password. Raises AzeError, as does the function.
    """
    from ..packaging import transfer
    from ..services import network

    goal = transfer.target(endpoint.method, endpoint.url, endpoint.fields)
    credentials = network.headers_of(endpoint.authcfg, goal.url) if endpoint.authcfg else network.Credentials()
    settings = network.network_settings()

    def ask(progress: Progress) -> str:
        from ..packaging.transfer_look import probe

        try:
            with network.Connection(settings) as connection:
                code, params = probe(goal, connection, credentials, progress)
        except network.Fault as fault:
            raise AzeError(f"transfer.{fault.kind}", url=goal.named, detail=fault.detail) from fault
        return text(code, params)

    return ask
