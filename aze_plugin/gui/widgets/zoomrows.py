"""Rows of text under a sentence, each with a way to its place on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .basics import TextLabel, link

_SHOWN = 4


class ZoomRow(NamedTuple):
    """What a row says, and its rectangle (EPSG:4326 ``[xmin, ymin, xmax, ymax]``), None where it has no place."""

    said: str
    extent: Sequence[float] | None = None


class ZoomRows(QWidget):
    """A sentence and rows below it: the first few, and the others on demand. ``zoomed`` carries a row's rectangle."""

    zoomed = pyqtSignal(list)

    def __init__(self, shown: int = _SHOWN, parent: QWidget | None = None):
        super().__init__(parent)
        self._shown, self._all = shown, False
        self._state: tuple[str, Sequence[ZoomRow], int, bool] = ("", (), 0, False)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 4)
        self._rows.setSpacing(0)
        self.hide()

    def set_rows(self, said: str, rows: Sequence[ZoomRow], count: int | None = None, dimmed: bool = False) -> None:
        """Show rows under a sentence; without one nothing is shown. ``count``: how many there are, those that are not
        listed included."""
        state = said, tuple(rows), len(rows) if count is None else count, dimmed
        self.setVisible(bool(said))
        if state != self._state:
            self._state = state
            self._fill()

    @property
    def said(self) -> list[str]:
        """The sentence and what the rows say, those folded away included."""
        sentence, rows, _, _ = self._state
        return [sentence, *(row.said for row in rows)]

    def show_all(self, every: bool) -> None:
        """Show every row, or the first few."""
        self._all = every
        self._fill()

    def _fill(self) -> None:
        translate = QCoreApplication.translate
        said, rows, count, dimmed = self._state
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        self._rows.addWidget(TextLabel(said, muted=dimmed))
        for row in rows if self._all else rows[: self._shown]:
            self._rows.addWidget(self._row(row, dimmed))
        if len(rows) > self._shown:
            text = (
                translate("AzeCriteria", "fewer ▴")
                if self._all
                else translate("AzeCriteria", "{count} more ▾").format(count=len(rows) - self._shown)
            )
            self._rows.addWidget(link(text, lambda: self.show_all(not self._all)), 0, Qt.AlignmentFlag.AlignLeft)
        if count > len(rows) and (self._all or len(rows) <= self._shown):
            rest = translate("AzeCriteria", "{count} others are not listed.").format(count=count - len(rows))
            self._rows.addWidget(TextLabel(rest, muted=True))

    def _row(self, row: ZoomRow, dimmed: bool) -> QWidget:
        holder = QWidget()
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(10, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(TextLabel(row.said, muted=dimmed), 1)
        if row.extent is not None:
            place = list(row.extent)
            zoom = link(QCoreApplication.translate("AzeCriteria", "zoom ▸"), lambda: self.zoomed.emit(place))
            zoom.setAccessibleName(f"{zoom.text()} {row.said}")
            layout.addWidget(zoom, 0, Qt.AlignmentFlag.AlignTop)
        return holder
