"""A small table in a narrow panel: its columns share the room there is by what stands in them."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QTableWidget


class RoomTable(QTableWidget):
    """A table whose columns share the room there is by what stands in them."""

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.share_room()

    def share_room(self) -> None:
        """Give each column what it needs, or its part of what there is; the last one has the rest."""
        columns = [column for column in range(self.columnCount()) if not self.isColumnHidden(column)]
        header, room = self.horizontalHeader(), self.viewport().width()
        if not columns or room <= 0:
            return
        needed = {c: max(self.sizeHintForColumn(c), header.sectionSizeHint(c)) + 8 for c in columns}
        # Those that need little have it all; the others share what is left.
        widths, left = {}, room
        for n, column in enumerate(sorted(columns, key=needed.__getitem__)):
            widths[column] = min(needed[column], left // (len(columns) - n))
            left -= widths[column]
        widths[columns[-1]] += left
        for column, width in widths.items():
            self.setColumnWidth(column, width)
