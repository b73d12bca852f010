"""Asks in which reference system coordinates are, and shows where on earth they would then lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsRectangle
from qgis.gui import QgsProjectionSelectionDialog
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..services import boundary_places as places
from ..services import figures
from ..services.wording import text
from .widgets.basics import PageScroll, TextLabel
from .widgets.sketch import WhereMap, country_at

_CRS, _SWAP = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class WhereDialog(QDialog):
    """One question about coordinates; ``crs`` and ``swap`` are the answer.

    ``code`` and ``params`` are those of the error that asks (see services.boundary_files). ``suggestions`` are offered
    first, others on demand; nothing is taken before the user agrees.
    """

    def __init__(
        self,
        code: str,
        params: Mapping[str, Any],
        suggestions: Sequence[places.Suggestion],
        context: QgsCoordinateTransformContext,
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setWindowTitle(translate("AzeBoundary", "Where does it lie?"))
        self._context = context
        self._extent = QgsRectangle(*params["coordinates"])
        self.list = QListWidget()
        # Systems often differ only in the last letter of their names, so these are never cut.
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(translate("AzeBoundary", "Coordinate reference systems"))
        # The order of the axes is a choice of its own, so each system is listed once.
        for suggestion in suggestions:
            self._offer(suggestion.crs, suggestion.swap)
        # Room for three systems of two lines each; the rest scrolls, so that the map stays in sight.
        self.list.setFixedHeight(self.list.fontMetrics().lineSpacing() * 2 * min(3, max(2, self.list.count())) + 10)
        other = QPushButton(translate("AzeBoundary", "Another system…"))
        other.setAutoDefault(False)
        other.clicked.connect(self.choose_other)
        self.turned = QCheckBox(translate("AzeBoundary", "Latitude (north) comes first"))
        self.turned.setToolTip(
            translate(
                "AzeBoundary", "Each pair of numbers gives the latitude or northing before the longitude or easting"
            )
        )
        self.map = WhereMap()
        self.said = TextLabel()
        self.said.setAccessibleName(translate("AzeBoundary", "Where it would lie"))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(other)
        row.addStretch(1)
        page = PageScroll()
        page.layout_.setContentsMargins(0, 0, 0, 0)
        page.layout_.addWidget(TextLabel(text(code, params)))
        if code in ("boundary.crs_missing", "boundary.axes_unknown"):
            west, south, east, north = (_plain(value) for value in params["coordinates"])
            extent = translate("AzeBoundary", "Its coordinates run from {west}, {south} to {east}, {north}.")
            page.layout_.addWidget(TextLabel(extent.format(west=west, south=south, east=east, north=north), muted=True))
        page.layout_.addWidget(self.list)
        page.layout_.addLayout(row)
        page.layout_.addWidget(self.turned)
        page.layout_.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(page, 1)
        layout.addWidget(self.map)
        layout.addWidget(self.said)
        layout.addWidget(self.buttons)
        self.list.currentItemChanged.connect(self._chosen)
        self.turned.toggled.connect(self._show)
        if self.list.count():
            self.list.setCurrentRow(0)
        self._show()
        self.resize(420, 620)

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The system that was chosen; an invalid one before."""
        item = self.list.currentItem()
        return QgsCoordinateReferenceSystem(item.data(_CRS)) if item is not None else QgsCoordinateReferenceSystem()

    @property
    def swap(self) -> bool:
        """Whether y comes before x."""
        return self.turned.isChecked()

    def choose_other(self) -> None:
        """Let the user look through all systems."""
        dialog = QgsProjectionSelectionDialog(self)
        if self.crs.isValid():
            dialog.setCrs(self.crs)
        if dialog.exec() and dialog.crs().isValid():
            self.take(dialog.crs())

    def take(self, crs: QgsCoordinateReferenceSystem) -> None:
        """Choose a system, which is put on the list where it is not there yet."""
        swap = places.lies_at(self._extent, crs, self._context) is None and (
            places.lies_at(self._extent, crs, self._context, True) is not None
        )
        self.list.setCurrentItem(self._offer(crs, swap))

    def _offer(self, crs: QgsCoordinateReferenceSystem, swap: bool) -> QListWidgetItem:
        for i in range(self.list.count()):
            if self.list.item(i).data(_CRS) == crs:
                return self.list.item(i)
        item = QListWidgetItem(crs.userFriendlyIdentifier())
        item.setToolTip(crs.userFriendlyIdentifier())
        item.setData(_CRS, crs)
        item.setData(_SWAP, swap)
        self.list.addItem(item)
        return item

    def _chosen(self, item: QListWidgetItem | None, _before=None) -> None:
        if item is not None:
            self.turned.setChecked(bool(item.data(_SWAP)))
        self._show()

    def _show(self, *_args) -> None:
        translate = QCoreApplication.translate
        crs = self.crs
        place = places.lies_at(self._extent, crs, self._context, self.swap) if crs.isValid() else None
        self.map.show_place(place)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(place is not None)
        if place is not None:
            centre = place.center()
            params = {"place": coordinates(centre.x(), centre.y()), "country": country_at(centre)}
            self.said.setText(
                translate("AzeBoundary", "It would lie at {place}, in {country}.").format(**params)
                if params["country"]
                else translate("AzeBoundary", "It would lie at {place}, at sea.").format(**params)
            )
        elif crs.isValid():
            self.said.setText(
                translate(
                    "AzeBoundary", "In this system its coordinates lie outside the area that the system is made for."
                )
            )
        else:
            self.said.setText(translate("AzeBoundary", "Choose the system that its coordinates are in."))


def coordinates(lon: float, lat: float) -> str:
    """A place as people write it: 15.012° S 35.400° E."""
    translate = QCoreApplication.translate
    lon = (lon + 180) % 360 - 180
    return "{}°\u00a0{} {}°\u00a0{}".format(
        figures.number(abs(lat), 3),
        translate("AzeFigures", "N") if lat >= 0 else translate("AzeFigures", "S"),
        figures.number(abs(lon), 3),
        translate("AzeFigures", "E") if lon >= 0 else translate("AzeFigures", "W"),
    )


def _plain(value: float) -> str:
    return figures.number(value, 0 if abs(value) >= 1000 else 4)
