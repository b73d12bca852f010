"""A table of rows to choose one of, in a narrow panel: columns that do not fit give way."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableView


class RowTable(QTableView):
    """Chooses whole rows, one at a time, and is sorted by its header; subclasses define ``fit``."""

    def __init__(self, name: str):
        super().__init__()
        self.setMouseTracking(True)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)

    def arrange(self, widest: int, by: int, order: Qt.SortOrder) -> None:
        """Set the columns up, once the model is there: which has the room that is left, and what rows are sorted by."""
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(widest, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.sortByColumn(by, order)
        self.fit()

    def fit(self) -> None:
        """Share the width out, and hide the columns for which there is no room."""
        raise NotImplementedError

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if self.model() is not None:
            self.fit()
