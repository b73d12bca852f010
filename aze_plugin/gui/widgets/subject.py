"""What a page is about: the candidate, a site shown lately, or one chosen on the map; and reports of it."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from .basics import ShortCombo

_CANDIDATE, _SITE, _PICK, _LIST = "candidate", "site", "pick", "list"


class SubjectChooser(QWidget):
    """A list of subjects, and a button with reports.

    ``candidateChosen``; ``siteChosen`` with the place of the site in the list that was given; ``pickWanted`` when a
    site is to be chosen on the map, ``listWanted`` when in the list of all; ``reportWanted`` with the key of a report.
    """

    candidateChosen = pyqtSignal()
    siteChosen = pyqtSignal(int)
    pickWanted = pyqtSignal()
    listWanted = pyqtSignal()
    reportWanted = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(parent)
        self.combo = ShortCombo()
        self.combo.setAccessibleName(translate("AzeProtection", "Whose protection is shown"))
        self.combo.activated.connect(self._chosen)
        self.report = QPushButton(translate("AzeProtection", "Report…"))
        self.report.setMenu(QMenu(self.report))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 0)
        layout.setSpacing(4)
        layout.addWidget(self.combo, 1)
        layout.addWidget(self.report)
        self._current = 0

    def set_subjects(self, candidate: str, sites: Sequence[str], chosen: int | None, why_none: str = "") -> None:
        """Show the candidate's name (empty for none), names of sites, and which of those is shown, None for the first.

        ``why_none``: empty, or why there is no site to choose.
        """
        translate = QCoreApplication.translate
        self.combo.clear()
        name = translate("AzeProtection", "Candidate: {name}").format(name=candidate)
        self._add(name if candidate else translate("AzeProtection", "No candidate yet"), _CANDIDATE)
        for number, site in enumerate(sites):
            self._add(translate("AzeProtection", "Site: {name}").format(name=site), _SITE, number)
        self.combo.insertSeparator(self.combo.count())
        for text, kind in (
            (translate("AzeProtection", "Choose a site on the map…"), _PICK),
            (translate("AzeProtection", "Choose a site in the list…"), _LIST),
        ):
            self._add(text, kind)
            if why_none:
                last = self.combo.model().item(self.combo.count() - 1)
                last.setFlags(last.flags() & ~Qt.ItemFlag.ItemIsEnabled)
                self.combo.setItemData(self.combo.count() - 1, why_none, Qt.ItemDataRole.ToolTipRole)
        self._current = 0 if chosen is None else chosen + 1
        self.combo.setCurrentIndex(self._current)
        self.combo.setToolTip(self.combo.currentText())

    def set_reports(self, reports: Sequence[tuple[str, str]]) -> None:
        """Offer reports by key and title; without any there is no button."""
        menu = self.report.menu()
        menu.clear()
        for key, title in reports:
            menu.addAction(title).triggered.connect(lambda _checked=False, key=key: self.reportWanted.emit(key))
        self.report.setVisible(bool(reports))

    def _add(self, text: str, kind: str, number: int = -1) -> None:
        self.combo.addItem(text, (kind, number))
        self.combo.setItemData(self.combo.count() - 1, text, Qt.ItemDataRole.ToolTipRole)

    def _chosen(self, index: int) -> None:
        kind, number = self.combo.itemData(index) or ("", -1)
        # What is shown changes when there is something to show.
        self.combo.setCurrentIndex(self._current)
        if kind == _CANDIDATE:
            self.candidateChosen.emit()
        elif kind == _SITE:
            self.siteChosen.emit(number)
        elif kind == _PICK:
            self.pickWanted.emit()
        elif kind == _LIST:
            self.listWanted.emit()
