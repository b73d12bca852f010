"""Existing sites as a table that is filtered and sorted as a whole, so that thousands answer while a word is typed."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, Qt
from qgis.PyQt.QtGui import QFont

from ...domain import sites
from ...domain.sites import SiteRow
from ...services.figures import hectares

NAME, COUNTRY, ID, AZE, CIRCLE, AREA = range(6)
ROW_ROLE = Qt.ItemDataRole.UserRole + 1

# Shapes, so that they are told apart without colour.
AZE_MARKS = {sites.CONFIRMED: "●", sites.DE_LISTED: "○", sites.OTHER: "◐", sites.NONE: "", sites.UNKNOWN: ""}
CIRCLE_MARK = "◌"


def aze_words(row: SiteRow) -> str:
    """A site's AZE status in words."""
    translate = QCoreApplication.translate
    if row.aze == sites.OTHER:
        return translate("AzeSites", "AZE status: {status}").format(status=row.aze_text)
    return {
        sites.CONFIRMED: translate("AzeSites", "AZE site"),
        sites.DE_LISTED: translate("AzeSites", "no AZE site any more (de-listed)"),
        sites.NONE: translate("AzeSites", "no AZE site"),
        sites.UNKNOWN: translate("AzeSites", "AZE status not told by the layer"),
    }[row.aze]


def country_words(row: SiteRow) -> str:
    """Where a site lies, as far as its layer tells: a country, the high seas, disputed land."""
    translate = QCoreApplication.translate
    special = {
        "high_seas": translate("AzeSites", "High seas"),
        "disputed": translate("AzeSites", "Disputed"),
    }.get(row.special)
    return special or row.country or row.iso3


def area_words(row: SiteRow) -> str:
    """A site's area; a placeholder has none."""
    if row.is_circle or row.area_ha is None:
        return QCoreApplication.translate("AzeSites", "not known")
    return hectares(row.area_ha)


class SitesModel(QAbstractTableModel):
    """Rows are the sites that hold every word looked for, in the order asked for; ROW_ROLE gives the SiteRow."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._rows: list[SiteRow] = []
        self._words: list[str] = []
        self._shown: list[int] = []
        self._wanted = ""
        self._order: tuple[int, Qt.SortOrder] = (NAME, Qt.SortOrder.AscendingOrder)
        self._sorted: list[int] = []
        self._numbers: dict[tuple[str, int], int] = {}

    def set_rows(self, rows: Sequence[SiteRow], words: Sequence[str]) -> None:
        """Show these sites; ``words``: ``SiteRow.words`` of each."""
        self.beginResetModel()
        self._rows, self._words = list(rows), list(words)
        self._numbers = {(row.layer, row.fid): n for n, row in enumerate(self._rows)}
        self._arrange()
        self.endResetModel()

    def set_wanted(self, wanted: str) -> None:
        """Show only the sites in which every one of these words occurs."""
        self.beginResetModel()
        self._wanted = wanted
        self._choose()
        self.endResetModel()

    @property
    def count(self) -> int:
        """How many sites there are, shown or not."""
        return len(self._rows)

    def row(self, index: QModelIndex) -> SiteRow | None:
        """The site at an index, None at an invalid one."""
        return self._rows[self._shown[index.row()]] if index.isValid() else None

    def find(self, layer: str, fid: int) -> QModelIndex:
        """Where a site is shown; an invalid index where it is not."""
        number = self._numbers.get((layer, fid))
        if number is None or number not in self._shown:
            return QModelIndex()
        return self.index(self._shown.index(number), 0)

    def _arrange(self) -> None:
        column, order = self._order
        # Names decide between equals, whichever way the column runs.
        numbers = sorted(range(len(self._rows)), key=lambda n: _key(self._rows[n], NAME, self._words[n]))
        if column != NAME:
            numbers.sort(key=lambda n: _key(self._rows[n], column, ""), reverse=order == Qt.SortOrder.DescendingOrder)
        elif order == Qt.SortOrder.DescendingOrder:
            numbers.reverse()
        self._sorted = numbers
        self._choose()

    def _choose(self) -> None:
        if not self._wanted.strip():
            self._shown = list(self._sorted)
            return
        found = set(sites.matching(self._words, self._wanted))
        self._shown = [n for n in self._sorted if n in found]

    def sort(self, column: int, order=Qt.SortOrder.AscendingOrder) -> None:
        """Sort all sites by a column."""
        if column < 0:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        numbers = [self._shown[index.row()] for index in before]
        self._order = (column, order)
        self._arrange()
        places = {number: place for place, number in enumerate(self._shown)}
        after = [self.index(places[n], index.column()) for n, index in zip(numbers, before)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent=None):
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent=None):
        return 0 if parent is not None and parent.isValid() else AREA + 1

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if orientation != Qt.Orientation.Horizontal:
            return None
        translate = QCoreApplication.translate
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                translate("AzeSites", "Site"),
                translate("AzeSites", "Country"),
                translate("AzeSites", "Number"),
                "AZE",
                CIRCLE_MARK,
                translate("AzeSites", "Area"),
            )[section]
        if role == Qt.ItemDataRole.ToolTipRole and section == CIRCLE:
            return translate("AzeSites", "Sites without a boundary, drawn as a circle of 1 km radius")
        if role == Qt.ItemDataRole.ToolTipRole and section == AZE:
            return translate("AzeSites", "AZE status: ● AZE site, ○ de-listed")
        return None

    def data(self, index: QModelIndex, role=Qt.ItemDataRole.DisplayRole):
        row = self.row(index)
        if row is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == AZE:
            return aze_words(row)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == CIRCLE:
            return QCoreApplication.translate("AzeSites", "no boundary") if row.is_circle else ""
        if role == Qt.ItemDataRole.TextAlignmentRole and column == AREA:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (AZE, CIRCLE):
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.FontRole and column == AREA and row.is_circle:
            font = QFont()
            font.setItalic(True)
            return font
        return None


def _text(row: SiteRow, column: int) -> str:
    if column == NAME:
        return row.name
    if column == COUNTRY:
        return country_words(row)
    if column == ID:
        return row.site_id
    if column == AZE:
        return AZE_MARKS[row.aze]
    if column == CIRCLE:
        return CIRCLE_MARK if row.is_circle else ""
    return area_words(row)


def _key(row: SiteRow, column: int, words: str):
    if column == NAME:
        return words
    if column == COUNTRY:
        return sites.folded(country_words(row))
    if column == ID:
        return (0, int(row.site_id), "") if row.site_id.isdecimal() else (1, 0, row.site_id)
    if column == AZE:
        return list(AZE_MARKS).index(row.aze)
    if column == CIRCLE:
        return not row.is_circle
    return -1.0 if row.is_circle or row.area_ha is None else row.area_ha


def _tip(row: SiteRow) -> str:
    native = row.native_name if row.native_name != row.name else ""
    circle = QCoreApplication.translate("AzeSites", "Drawn as a circle of 1 km radius: its boundary is not known.")
    lines = (row.name, native, country_words(row), aze_words(row), circle if row.is_circle else "")
    species = ", ".join(row.triggers)
    return "\n".join(part for part in (*lines, species) if part)
