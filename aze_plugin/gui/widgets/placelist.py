"""A short list of places, each with a way to it on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .basics import TextLabel, link

_SHOWN = 4


class Place(NamedTuple):
    """What is said of a place; its rectangle (EPSG:4326 ``[xmin, ymin, xmax, ymax]``); its point (lon, lat), if it is
    one."""

    said: str
    extent: Sequence[float]
    point: tuple[float, float] | None = None


class PlaceList(QWidget):
    """A sentence and below it places: the first few, and the others on demand. ``zoomed`` and ``added``, by which a
    place is to be taken into the boundary, carry a Place."""

    zoomed = pyqtSignal(object)
    added = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._all = False
        self._state: tuple[str, Sequence[Place], int, bool] = ("", (), 0, False)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 4)
        self._rows.setSpacing(0)

    def set_places(self, said: str, places: Sequence[Place], count: int, dimmed: bool = False) -> None:
        """Show places under a sentence; ``count``: how many there are, those that are not listed included."""
        self._state = said, places, count, dimmed
        self.setVisible(bool(said))
        self._fill()

    def show_all(self, every: bool) -> None:
        """Show every place, or the first few."""
        self._all = every
        self._fill()

    def _fill(self) -> None:
        translate = QCoreApplication.translate
        said, places, count, dimmed = self._state
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        self._rows.addWidget(TextLabel(said, muted=dimmed))
        for place in places if self._all else places[:_SHOWN]:
            self._rows.addWidget(self._row(place, dimmed))
        if len(places) > _SHOWN:
            text = (
                translate("AzeCriteria", "fewer ▴")
                if self._all
                else translate("AzeCriteria", "{count} more ▾").format(count=len(places) - _SHOWN)
            )
            self._rows.addWidget(link(text, lambda: self.show_all(not self._all)), 0, Qt.AlignmentFlag.AlignLeft)
        if self._all and count > len(places):
            rest = translate("AzeCriteria", "{count} others are not listed.").format(count=count - len(places))
            self._rows.addWidget(TextLabel(rest, muted=True))

    def _row(self, place: Place, dimmed: bool) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(10, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(TextLabel(place.said, muted=dimmed), 1)
        zoom = link(QCoreApplication.translate("AzeCriteria", "zoom ▸"), lambda: self.zoomed.emit(place))
        zoom.setAccessibleName(f"{zoom.text()} {place.said}")
        layout.addWidget(zoom)
        add = link(
            QCoreApplication.translate("AzeCriteria", "add ▸"),
            lambda: self.added.emit(place),
            QCoreApplication.translate("AzeCriteria", "Preview the boundary with this place in it"),
        )
        add.setAccessibleName(f"{add.text()} {place.said}")
        add.setEnabled(not dimmed)
        layout.addWidget(add)
        return row
