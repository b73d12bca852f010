"""The overview of a nomination: what is proposed, what is open, the sections, and the import of an earlier one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from ...domain.sites import SiteRow
from ..nomination_steps import Kind, QUndoStack, Replace, SetKind
from . import form
from .basics import FlowLayout
from .nominationhead import ContentsCard, KindCard
from .problems import ProblemsCard
from .sectionrail import Entry

if TYPE_CHECKING:
    from ..session import Session


class Overview(QWidget):
    """Shows the session's nomination as a whole and changes its kind through steps on a stack.

    ``wanted``: all of it is about to be changed, so what is being typed has to be handed on; ``reached`` carries the
    pointer of a problem's field, ``turned`` the key of a section.
    """

    wanted = pyqtSignal()
    reached = pyqtSignal(str)
    turned = pyqtSignal(str)

    def __init__(self, session: Session, undo: QUndoStack, parent: QWidget | None = None):
        super().__init__(parent)
        self.session, self.undo = session, undo
        self.kind = KindCard(session.sites, self._near_sites)
        self.kind.kindChosen.connect(self._choose_kind)
        self.kind.siteChosen.connect(self._choose_site)
        self.problems = ProblemsCard()
        self.problems.chosen.connect(self.reached)
        self.contents = ContentsCard()
        self.contents.chosen.connect(self.turned)
        self.taking = QPushButton(QCoreApplication.translate("AzeNomination", "Import an earlier nomination…"))
        self.taking.clicked.connect(self.ask_and_import)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        taking = QWidget()
        FlowLayout(taking).addWidget(self.taking)
        for widget in (self.kind, self.problems, self.contents, taking):
            layout.addWidget(widget)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show what the session holds now, and the sections."""
        nominations = self.session.nominations
        self.contents.set_entries(entries)
        self.problems.set_problems(nominations.problems)
        number, name = self._updated()
        self.kind.show_kind(nominations.details.get("kind", "new_site"), number, name)

    def ask_and_import(self) -> None:
        """Let the user choose an earlier nomination and what of it is taken over."""
        from ..import_nomination import ImportDialog

        self.wanted.emit()
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeNomination", "An earlier nomination"),
            "",
            translate("AzeNomination", "Nominations: packages, JSON, proposal forms (*.zip *.json *.xlsx)"),
        )
        if not path:
            return
        dialog = ImportDialog(self.session, path, self)
        if dialog.exec() and dialog.merged is not None:
            self.take_over(dialog.merged)

    def take_over(self, details: dict[str, Any]) -> None:
        """Replace the details by others, as one undoable step."""
        before = copy.deepcopy(self.session.nominations.details)
        title = QCoreApplication.translate("AzeNomination", "Import")
        self.undo.push(Replace(self.session, before, copy.deepcopy(details), title))

    # ---------------------------------------------------------------------------------------- kind and updated site

    def _updated(self) -> tuple[str, str]:
        """Number and name of the site that the nomination updates, as far as they are known."""
        session = self.session
        document = session.nominations.completed or session.nominations.details
        number = form.at(document, "/update/site_id") or session.candidates.updated_id()
        name = form.at(document, "/update/site_name") or session.candidates.updated_site()
        return str(number or ""), str(name or "")

    def _near_sites(self) -> list[str]:
        """Numbers of the sites that the check says the candidate meets."""
        assessment = self.session.results.assessment
        findings = assessment["criteria"]["discreteness"]["findings"] if assessment else []
        return [str(f["params"]["site_id"]) for f in findings if f.get("params", {}).get("site_id")]

    def _choose_kind(self, kind: str) -> None:
        if kind == self.session.nominations.details.get("kind", "new_site"):
            return
        self._set_kind(kind, self.session.candidates.updated_site(), self.session.candidates.updated_id())
        if kind == "update_site" and not self._updated()[0]:
            self.kind.open_sites()

    def _choose_site(self, row: SiteRow) -> None:
        self._set_kind("update_site", row.name, row.site_id)

    def _set_kind(self, kind: str, name: str, number: str) -> None:
        self.wanted.emit()
        session = self.session
        before = Kind(
            copy.deepcopy(session.nominations.details),
            session.candidates.updated_site(),
            session.candidates.updated_id(),
        )
        details = {**copy.deepcopy(before.details), "kind": kind}
        if kind == "update_site":
            details["update"] = {**details.get("update", {})}
            for key, value in (("site_id", number), ("site_name", name)):
                details["update"].pop(key, None)
                if value:
                    details["update"][key] = value
            details.setdefault("site", {})
            # The number of the form follows that of the update.
            details["site"].pop("sitrecid", None)
        else:
            # What an update says has no place in a new site's nomination; undo brings it back.
            details.pop("update", None)
        after = Kind(details, name if kind == "update_site" else "", number if kind == "update_site" else "")
        self.undo.push(SetKind(session, before, after))
