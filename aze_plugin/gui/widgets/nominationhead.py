"""What a nomination begins with: what kind it is, of which existing site, and how far its sections are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ...domain.sites import SiteRow, matching
from .. import style
from .basics import TextLabel
from .card import Card
from .searchpopup import SearchPopup
from .sectionrail import Entry, SectionButton

if TYPE_CHECKING:
    from ..sites import Sites

_MOST_SITES = 200


class KindCard(Card):
    """New site or update, and of which site. ``kindChosen``; ``siteChosen`` carries a SiteRow of ``sites``.

    ``near`` gives the numbers of the sites that the candidate is known to meet, which are offered first.
    """

    kindChosen = pyqtSignal(str)
    siteChosen = pyqtSignal(object)

    def __init__(self, sites: Sites, near: Callable[[], Sequence[str]], parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(translate("AzeNomination", "What is proposed"), parent=parent)
        self.kind = QComboBox()
        self.kind.addItem(translate("AzeNomination", "A new site"), "new_site")
        self.kind.addItem(translate("AzeNomination", "An update of an existing site"), "update_site")
        self.kind.setAccessibleName(self.title.text())
        self.kind.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.kind.setMinimumContentsLength(8)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.activated.connect(lambda _index: self.kindChosen.emit(self.kind.currentData()))
        self.site = TextLabel()
        self.choose = QPushButton(translate("AzeNomination", "Choose the site…"))
        self.choose.clicked.connect(self.open_sites)
        self.add(self.kind)
        self.add(self.site)
        self.buttons.addWidget(self.choose)
        self._sites, self._near = sites, near
        self._popup: SitePopup | None = None

    def show_kind(self, kind: str, number: str, name: str) -> None:
        """Show a nomination's kind, and number and name of the site that it updates."""
        translate = QCoreApplication.translate
        self.kind.setCurrentIndex(self.kind.findData(kind))
        update = kind == "update_site"
        self.site.setVisible(update)
        self.choose.setVisible(update)
        if not update:
            return
        known = " ".join(filter(None, (number, name)))
        self.site.setText(
            translate("AzeNomination", "Of {site}").format(site=f"\u2068{known}\u2069")
            if known
            else f"{style.MARKS['problem']} " + translate("AzeNomination", "Which site is not said yet.")
        )

    def open_sites(self) -> SitePopup:
        """Let the user choose among the existing sites."""
        if self._popup is None:
            self._popup = SitePopup(self._sites, self)
            self._popup.siteChosen.connect(self.siteChosen)
        self._popup.show_at(self.choose, self._near())
        return self._popup


class SitePopup(SearchPopup):
    """Existing sites, to be found by name, number, country or trigger species. ``siteChosen`` carries a SiteRow."""

    siteChosen = pyqtSignal(object)

    def __init__(self, sites: Sites, parent: QWidget):
        self._list = QListWidget()
        super().__init__(self._list, QCoreApplication.translate("AzeNomination", "Name, number, country…"), parent)
        self._sites = sites
        self._near: list[str] = []
        self._list.setAccessibleName(QCoreApplication.translate("AzeNomination", "Existing sites"))
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.sought.connect(self._look_for)
        self.chosen.connect(lambda index: self.siteChosen.emit(index.data(Qt.ItemDataRole.UserRole)))
        sites.changed.connect(self._sites_changed)

    def show_at(self, widget: QWidget, near: Sequence[str]) -> None:
        """Open below a widget, the sites of these numbers first."""
        self._near = list(near)
        self._sites.want()
        self.open_below(widget)
        self._look_for("")

    def _sites_changed(self) -> None:
        if self.isVisible():
            self._look_for(self.line.text())

    def _look_for(self, text: str) -> None:
        translate = QCoreApplication.translate
        rows = self._sites.rows
        found = [rows[n] for n in matching(self._sites.words, text)]
        found.sort(key=lambda row: (row.site_id not in self._near, row.name.casefold()))
        self._list.clear()
        for row in found[:_MOST_SITES]:
            item = QListWidgetItem(_said(row))
            item.setData(Qt.ItemDataRole.UserRole, row)
            item.setToolTip(_said(row))
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        if not rows:
            self.say(
                translate("AzeNomination", "The sites are being read.")
                if self._sites.is_reading
                else translate("AzeNomination", "There is no layer of existing sites. Add one on the Data page.")
            )
        elif not found:
            self.say(translate("AzeNomination", "No site is like that."))
        elif len(found) > _MOST_SITES:
            self.say(translate("AzeNomination", "{count} more: type on.").format(count=len(found) - _MOST_SITES))
        else:
            self.say("")


class ContentsCard(Card):
    """The sections with their states. ``chosen`` carries a section's key."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(QCoreApplication.translate("AzeNomination", "Sections"), parent=parent)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self._buttons: list[SectionButton] = []

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show sections in their order."""
        while len(self._buttons) < len(entries):
            button = SectionButton(self, full=True)
            button.clicked.connect(lambda _checked, button=button: self.chosen.emit(button.entry.key))
            self._buttons.append(button)
            self._rows.addWidget(button)
        for n, button in enumerate(self._buttons):
            button.setVisible(n < len(entries))
            if n < len(entries):
                button.show_entry(n + 1, entries[n])


def _said(row: SiteRow) -> str:
    return " · ".join(filter(None, (f"\u2068{row.name}\u2069", row.site_id, row.iso3 or row.country)))
