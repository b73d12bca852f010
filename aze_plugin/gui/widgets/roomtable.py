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
        # A long text must not leave the others nothing.
        most = room * 2 // 3 if len(columns) > 1 else room
        needed = {c: min(most, width) for c, width in needed.items()}
        total = sum(needed.values())
        left = room
        for column in columns[:-1]:
            width = needed[column] if total <= room else max(24, needed[column] * room // total)
            self.setColumnWidth(column, width)
            left -= width
        self.setColumnWidth(columns[-1], max(24, left))
