"""Takes an earlier nomination over: reads it behind, shows what it adds and what is left out, and merges it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..domain.progress import Progress
from ..services.wording import text
from .tasks import Task
from .widgets.basics import ShortCombo, TextLabel
from .widgets.busy import BusyStrip


class ImportDialog(QDialog):
    """Reads a file at once; after ``exec`` returned 1, ``merged`` is the nomination with what was taken over."""

    def __init__(self, session, path: str, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.merged: dict[str, Any] | None = None
        self._session = session
        self._found: list[dict[str, Any]] = []
        self._merge: Any = None
        self.setWindowTitle(translate("AzeNomination", "Import an earlier nomination"))
        self.resize(660, 480)
        self.site = ShortCombo()
        self.site.setAccessibleName(translate("AzeNomination", "Site of the form"))
        self.site.activated.connect(lambda _index: self._show())
        self.replace = QCheckBox(translate("AzeNomination", "Also replace what is written already"))
        self.replace.toggled.connect(lambda _on: self._show())
        self.said = TextLabel()
        self.left = QTreeWidget()
        self.left.setColumnCount(3)
        self.left.setHeaderLabels(
            [
                translate("AzeNomination", "Not taken over"),
                translate("AzeNomination", "Why"),
                translate("AzeNomination", "In the earlier nomination"),
            ]
        )
        self.left.setRootIsDecorated(False)
        self.left.setAlternatingRowColors(True)
        self.left.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.left.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((200, 230)):
            self.left.setColumnWidth(column, width)
        self.busy = BusyStrip()
        self.busy.cancelled.connect(self.reject)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.take = self.buttons.addButton(
            translate("AzeNomination", "Take over"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.site, self.replace, self.said, self.left, self.busy, self.buttons):
            layout.addWidget(widget)
        for widget in (self.site, self.replace, self.left):
            widget.hide()
        self.take.setEnabled(False)
        self.said.setText(translate("AzeNomination", "Reading {path}…").format(path=path))
        self._reading = Task(self, translate("AzeNomination", "Reading the earlier nomination"))
        self._reading.done.connect(self._take_in)
        self._reading.failed.connect(lambda error: self.said.setText(text(error.code, error.params)))
        self.busy.follow(self._reading)
        self._reading.start(lambda progress: _read(path, progress))

    def done(self, result: int) -> None:
        """The dialog closes: what it has begun is stopped."""
        self._reading.cancel()
        super().done(result)

    def _take_in(self, found: list[dict[str, Any]]) -> None:
        self._found = found
        for site in self._found:
            part = site.get("site") if isinstance(site.get("site"), Mapping) else {}
            known = (str(part.get(key) or "") for key in ("international_name", "sitrecid"))
            self.site.addItem(
                " · ".join(filter(None, known)) or QCoreApplication.translate("AzeNomination", "A site without a name")
            )
        self.site.setVisible(len(self._found) > 1)
        self.site.setCurrentIndex(self._likely())
        self.replace.show()
        self._show()

    def _likely(self) -> int:
        """The site of the form that is most likely the candidate: by number, then by name."""
        from ..domain.nomination import site_number
        from ..domain.nomination.model import text_at

        number, name = site_number(self._session.nominations.details), self._session.candidates.current or ""
        for n, site in enumerate(self._found):
            if number and site_number(site) == number:
                return n
        for n, site in enumerate(self._found):
            if text_at(site, "/site/international_name").casefold() == name.casefold():
                return n
        return 0

    def _show(self) -> None:
        from ..packaging.details import label
        from ..packaging.earlier import merge

        translate = QCoreApplication.translate
        nominations = self._session.nominations
        merged = merge(
            nominations.details,
            nominations.completed,
            self._found[max(0, self.site.currentIndex())],
            self._session.candidates.current or "",
            self.replace.isChecked(),
        )
        self._merge = merged
        count = len(merged.taken)
        sections = dict.fromkeys(label("/" + pointer.split("/")[1]) for pointer in merged.taken)
        if count == 0:
            said = translate(
                "AzeNomination", "Nothing is taken over: all it says is here already, or has no place here."
            )
        elif count == 1:
            said = translate("AzeNomination", "One field is taken over, in {sections}.")
        else:
            said = translate("AzeNomination", "{count} fields are taken over, in {sections}.")
        self.said.setText(said.format(count=count, sections=", ".join(sections)))
        self.left.clear()
        for left in merged.left:
            item = QTreeWidgetItem([label(left.pointer), text(left.code), left.value])
            for column in range(3):
                item.setToolTip(column, item.text(column))
            self.left.addTopLevelItem(item)
        self.left.setVisible(bool(merged.left))
        self.take.setEnabled(count > 0)

    def _accept(self) -> None:
        self.merged = self._merge.details
        self.accept()


def _read(path: str, progress: Progress) -> list[dict[str, Any]]:
    """The nominations in a file; raises AzeError."""
    from ..packaging.earlier import read

    return read(path, progress)
