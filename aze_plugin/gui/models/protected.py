"""The protected areas of one site's cover as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, Qt
from qgis.PyQt.QtGui import QGuiApplication, QPalette

from ...services import spreadsheets
from ...services.figures import percent
from .species import SHARE_ROLE, SORT_ROLE, Bar

AREA_NAME, AREA_SHARE, DESIGNATION, IUCN, YEAR = range(5)
AREA_ROLE = Qt.ItemDataRole.UserRole + 2


def as_csv(areas: Sequence[dict[str, Any]], delimiter: str = ",") -> str:
    """The areas as text, a row each, the share of the site in percent; as ``services.spreadsheets`` writes it."""
    columns = ("id", "name", "kind", "designation", "designation_type", "iucn_category", "governance", "status_year")
    rows = [[area.get(name) for name in columns] + [area["pct"]] for area in areas]
    return spreadsheets.as_csv((*columns, "pct"), rows, delimiter)


class ProtectedModel(QAbstractTableModel):
    """Rows are the areas that meet the site, with the share (0 to 1) of the site that each covers; read only.

    SORT_ROLE gives values to sort by, AREA_ROLE the area's own record of the coverage file.
    """

    def __init__(self, parent=None):
        super().__init__(parent)
        self._rows: list[tuple[dict[str, Any], tuple[str, ...], tuple[Any, ...], Bar]] = []
        self._stale = False

    def set_areas(self, areas: list[dict[str, Any]], stale: bool = False) -> None:
        """Show ``protected_areas`` of one site of a coverage file; ``stale`` greys those of an earlier boundary."""
        self.beginResetModel()
        self._stale = stale
        self._rows = [_row(area) for area in areas]
        self.endResetModel()

    def area(self, row: int) -> dict[str, Any]:
        """The area of a row."""
        return self._rows[row][0]

    def rowCount(self, parent=None):
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent=None):
        return 0 if parent is not None and parent.isValid() else YEAR + 1

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        translate = QCoreApplication.translate
        return (
            translate("AzeProtection", "Area"),
            translate("AzeProtection", "Share"),
            translate("AzeProtection", "Designation"),
            translate("AzeProtection", "IUCN"),
            translate("AzeProtection", "Since"),
        )[section]

    def data(self, index: QModelIndex, role=Qt.ItemDataRole.DisplayRole):
        if not index.isValid():
            return None
        area, texts, keys, bar = self._rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return texts[column]
        if role == SORT_ROLE:
            return keys[column]
        if role == SHARE_ROLE:
            return bar if column == AREA_SHARE else None
        if role == AREA_ROLE:
            return area
        if role == Qt.ItemDataRole.ToolTipRole:
            parts = (texts[AREA_NAME], texts[DESIGNATION], texts[IUCN], texts[YEAR], texts[AREA_SHARE])
            return "\n".join(part for part in parts if part)
        if role == Qt.ItemDataRole.ForegroundRole and self._stale:
            return QGuiApplication.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        return None


def _row(area: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...], tuple[Any, ...], Bar]:
    translate = QCoreApplication.translate
    share = area["pct"] / 100
    name = area["name"] or translate("AzeProtection", "Area {id}, without a name").format(id=area["id"])
    year = area["status_year"]
    kind = "OECM" if area.get("kind") == "oecm" else ""
    designation = ", ".join(part for part in (area["designation"] or "", kind) if part)
    texts = (
        name,
        percent(share),
        designation,
        area["iucn_category"] or "",
        str(year) if year else translate("AzeProtection", "not known"),
    )
    keys = (name.casefold(), share, designation.casefold(), (area["iucn_category"] or "").casefold(), year or 0)
    return area, texts, keys, Bar(share, share, share, None, "info", texts[AREA_SHARE])
