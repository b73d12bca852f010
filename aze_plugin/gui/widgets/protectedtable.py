"""The protected areas of a site as a table that follows the map and is followed by it, to be copied and saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import (
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    pyqtSignal,
)
from qgis.PyQt.QtGui import QGuiApplication, QKeySequence, QShortcut
from qgis.PyQt.QtWidgets import (
    QFileDialog,
    QVBoxLayout,
    QWidget,
)

from ...domain.errors import AzeError
from ...services.files import replacing
from ...services.wording import text
from .. import messages
from ..models import protected
from ..models.species import SORT_ROLE
from .basics import FlowLayout, link
from .rowtable import RowTable
from .sharebar import ShareBarDelegate

_HOVER_MS = 180
_MOST_ROWS = 12


class ProtectedTable(QWidget):
    """Rows of areas; ``pointed`` and ``opened`` carry the area's record of the coverage file when the mouse rests on a
    row and when it is double-clicked or Enter is pressed, ``said`` a sentence and its level."""

    pointed = pyqtSignal(dict)
    opened = pyqtSignal(dict)
    said = pyqtSignal(str, int)

    def __init__(self, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(parent)
        self._areas: Sequence[dict[str, Any]] = ()
        self._name = ""
        self.model = protected.ProtectedModel(self)
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.model)
        self.proxy.setSortRole(SORT_ROLE)
        self.view = _View()
        self.view.setModel(self.proxy)
        self.view.arrange(protected.AREA_NAME, protected.AREA_SHARE, Qt.SortOrder.DescendingOrder)
        self.view.entered.connect(self._hovered)
        self.view.doubleClicked.connect(self._open)
        enter = QShortcut(QKeySequence(Qt.Key.Key_Return), self.view, context=Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(lambda: self._open(self.view.currentIndex()))
        actions = QWidget()
        row = FlowLayout(actions)
        row.addWidget(link(translate("AzeProtection", "copy"), self.copy, translate("AzeProtection", "Copy the table")))
        row.addWidget(
            link(
                translate("AzeProtection", "save as CSV…"),
                self._choose_file,
                translate("AzeProtection", "Save the table as a CSV file"),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.view)
        layout.addWidget(actions)
        self._pointed = QPersistentModelIndex()
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(_HOVER_MS)
        self._hover.timeout.connect(self._rest)

    def set_areas(self, areas: Sequence[dict[str, Any]], name: str, stale: bool = False) -> None:
        """Show ``protected_areas`` of one site of a coverage file, by the site's name."""
        chosen = self.chosen()
        self._areas, self._name = areas, name
        self.model.set_areas(list(areas), stale)
        self.view.fit_height()
        self.setVisible(bool(areas))
        if chosen is not None:
            self.choose({chosen["id"]})

    def chosen(self) -> dict[str, Any] | None:
        """The area whose row is chosen, or None."""
        return self.view.currentIndex().data(protected.AREA_ROLE)

    def choose(self, identifiers: set[str]) -> dict[str, Any] | None:
        """Choose the row of one of these areas, that of the smallest share of the site; its area, None for none."""
        rows = [n for n in range(self.proxy.rowCount()) if self._area(n)["id"] in identifiers]
        if not rows:
            return None
        row = min(rows, key=lambda n: self._area(n)["pct"])
        index = self.proxy.index(row, 0)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)
        return self._area(row)

    def copy(self) -> None:
        """Put the table on the clipboard, tab-separated, as spreadsheets paste it."""
        QGuiApplication.clipboard().setText(protected.as_csv(self._areas, "\t"))
        self.said.emit(QCoreApplication.translate("AzeProtection", "The table is on the clipboard."), messages.SUCCESS)

    def save_as(self, path: str) -> None:
        """Write the table to a CSV file in UTF-8; how it went is said."""
        try:
            with replacing(path) as beside:
                # With a byte order mark, which spreadsheets need to read names with accents.
                beside.write_bytes(protected.as_csv(self._areas).encode("utf-8-sig"))
        except AzeError as error:
            self.said.emit(text(error.code, error.params), messages.CRITICAL)
            return
        said = QCoreApplication.translate("AzeProtection", "The table was written to {path}.").format(path=path)
        self.said.emit(said, messages.SUCCESS)

    def _choose_file(self) -> None:
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getSaveFileName(
            self,
            translate("AzeProtection", "Save the table"),
            translate("AzeProtection", "{name} protected areas.csv").format(name=_file_name(self._name)),
            translate("AzeProtection", "CSV files (*.csv)"),
        )
        if path:
            self.save_as(path if "." in path.rsplit("/", 1)[-1] else f"{path}.csv")

    def _area(self, row: int) -> dict[str, Any]:
        return self.proxy.index(row, 0).data(protected.AREA_ROLE)

    def _hovered(self, index: QModelIndex) -> None:
        self._pointed = QPersistentModelIndex(index)
        self._hover.start()

    def _rest(self) -> None:
        area = QModelIndex(self._pointed).data(protected.AREA_ROLE)
        if area is not None and self.view.underMouse():
            self.pointed.emit(area)

    def _open(self, index: QModelIndex) -> None:
        area = index.data(protected.AREA_ROLE)
        if area is not None:
            self.opened.emit(area)


class _View(RowTable):
    """The areas; the tool tip of a row says it all."""

    def __init__(self):
        super().__init__(QCoreApplication.translate("AzeProtection", "Protected areas that meet the boundary"))
        self.setItemDelegate(ShareBarDelegate(self))

    def fit_height(self) -> None:
        """As high as its rows, up to twelve; more scroll inside."""
        rows = min(_MOST_ROWS, self.model().rowCount())
        height = rows * self.verticalHeader().defaultSectionSize() + self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)
        self.fit()

    def fit(self) -> None:
        """Share the width out: name and share first, then year, designation and category."""
        metrics = self.fontMetrics()
        ems = self.viewport().width() / max(1, metrics.horizontalAdvance("m"))
        self.setColumnHidden(protected.DESIGNATION, ems < 36)
        self.setColumnHidden(protected.IUCN, ems < 40)
        self.setColumnHidden(protected.YEAR, ems < 28)
        room = self.viewport().width()
        self.setColumnWidth(protected.DESIGNATION, room // (5 if ems < 46 else 4))
        categories = {self.model().index(row, protected.IUCN).data() for row in range(self.model().rowCount())}
        widest = max((metrics.horizontalAdvance(said) for said in {"IUCN", *categories}), default=0)
        self.setColumnWidth(protected.IUCN, min(widest, metrics.horizontalAdvance("Not Applicable")) + 16)
        self.setColumnWidth(protected.YEAR, metrics.horizontalAdvance("not known") + 10)
        self.setColumnWidth(protected.AREA_SHARE, metrics.horizontalAdvance("100.0 %") + 50)


def _file_name(name: str) -> str:
    """A name without what file systems refuse."""
    return "".join("_" if c in '/\\:*?"<>|' or c < " " else c for c in name).strip(" .")[:60]
