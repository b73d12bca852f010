"""The page Data: what the criteria are checked against, in four cards."""

from __future__ import annotations

from qgis.core import Qgis, QgsApplication, QgsMapLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QFileInfo, Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...domain.errors import AzeError
from ...services import figures
from ...services.wording import text
from .. import facts, layers, messages, sample, style
from ..session import Session
from ..widgets.basics import ElidedLabel, FlowLayout, PageScroll, TextLabel
from ..widgets.dropcard import DropCard
from .library import LibraryCard


class RoleLayers(QWidget):
    """Layers with one role: open files, take layers of the project, and what each holds.

    ``purpose`` is said while there are none; ``filters`` are for the file dialog, whose title is ``title``. ``beside``:
    one of several on a card, with its title and its buttons in one line.
    """

    def __init__(self, session: Session, role: str, title: str, purpose: str, filters: str, beside: bool = False):
        super().__init__()
        translate = QCoreApplication.translate
        self.session, self.role, self._title, self._filters = session, role, title, filters
        self.purpose = TextLabel(purpose, muted=True)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(4)
        open_ = QPushButton(translate("AzeData", "Open…"))
        open_.clicked.connect(lambda: self.show_open())
        use = QPushButton(translate("AzeData", "Project") if beside else translate("AzeData", "From this project"))
        use.setToolTip(translate("AzeData", "Use a layer of this project"))
        self.menu = QMenu(use)
        self.menu.aboutToShow.connect(self.fill_menu)
        use.setMenu(self.menu)
        self._with_layers: list[QPushButton] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 if beside else 6)
        self.buttons = QHBoxLayout() if beside else FlowLayout()
        if beside:
            head = ElidedLabel(title)
            head.setFont(style.scaled(head.font(), 0.95, bold=True))
            self.buttons.setSpacing(4)
            self.buttons.addWidget(head, 1)
            layout.addLayout(self.buttons)
        for button in (open_, use):
            button.setAccessibleDescription(title)
            self.buttons.addWidget(button)
            if beside:
                # No wider than its words, so that the title can be read.
                least = button.fontMetrics().horizontalAdvance(button.text())
                button.setMaximumWidth(least + button.fontMetrics().height() * (2 if button.menu() else 1))
        layout.addWidget(self.purpose)
        layout.addLayout(self.rows)
        if not beside:
            layout.addLayout(self.buttons)
        self.show_state()

    def add_button(self, title: str, act, tip: str, only_with_layers: bool = False) -> QPushButton:
        """One more button; ``only_with_layers``: seen only while there are layers with the role."""
        button = QPushButton(title)
        button.setToolTip(tip)
        button.setAccessibleDescription(self._title)
        button.clicked.connect(lambda: act())
        self.buttons.addWidget(button)
        if only_with_layers:
            self._with_layers.append(button)
            button.setVisible(bool(self.layers()))
        return button

    def layers(self) -> list[QgsMapLayer]:
        """The layers with the role."""
        return layers.with_role(self.session.project, self.role)

    def show_state(self) -> None:
        """Show what is loaded."""
        while self.rows.count():
            row = self.rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        found = self.layers()
        for layer in found:
            self.rows.addWidget(self._row(layer))
        self.purpose.setVisible(not found)
        for button in self._with_layers:
            button.setVisible(bool(found))

    def _row(self, layer: QgsMapLayer) -> QWidget:
        translate = QCoreApplication.translate
        row = QWidget()
        name = ElidedLabel(layer.name())
        zoom = QToolButton()
        zoom.setAutoRaise(True)
        zoom.setIcon(QgsApplication.getThemeIcon("/mActionZoomToLayer.svg"))
        zoom.setToolTip(translate("AzeData", "Show on the map"))
        zoom.clicked.connect(lambda: self.session.zoom_to_layer(layer))
        drop = QToolButton()
        drop.setAutoRaise(True)
        drop.setIcon(QgsApplication.getThemeIcon("/mIconClose.svg"))
        drop.setToolTip(translate("AzeData", "Stop using this layer; it stays in the project"))
        drop.clicked.connect(lambda: self.session.sources.release(layer))
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(name, 1)
        head.addWidget(zoom)
        head.addWidget(drop)
        layout = QVBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(TextLabel(_layer_facts(layer), muted=True))
        if self.role == "sites":
            self._add_filter(layout, layer)
        return row

    def _add_filter(self, layout: QVBoxLayout, layer: QgsVectorLayer) -> None:
        """A choice between all sites and AZE sites alone, where the layer tells them apart."""
        if self.session.sources.installation_problem:
            return
        from ...services.sites import aze_filter

        wanted = aze_filter(layer)
        if not wanted or layer.subsetString() not in ("", wanted):
            # A filter of the user's own stays.
            return
        only = QCheckBox(QCoreApplication.translate("AzeData", "AZE sites only"))
        only.setChecked(layer.subsetString() == wanted)
        only.toggled.connect(lambda on: self._filter(layer, wanted if on else ""))
        layout.addWidget(only)

    def _filter(self, layer: QgsVectorLayer, wanted: str) -> None:
        if layer.setSubsetString(wanted):
            self.session.project.setDirty(True)
        self.session.sources.touch()

    def show_connect(self) -> None:
        """Open layers of a server."""
        from ..connect_dialog import ConnectDialog

        self.dialog = ConnectDialog(self.session, self.role, self._title, self.window())
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.open()

    def fill_menu(self) -> None:
        """Offer the layers of the project that could take the role."""
        self.menu.clear()
        found = layers.fitting(self.session.project, self.role)
        for layer in found:
            self.menu.addAction(layer.name(), lambda layer=layer: self._adopt(layer))
        if not found:
            nothing = self.menu.addAction(
                QCoreApplication.translate("AzeData", "No other layer of this project fits here")
            )
            nothing.setEnabled(False)

    def show_open(self) -> None:
        """Ask for files and open them."""
        files, _ = QFileDialog.getOpenFileNames(self, self._title, facts.last_folder(), self._filters)
        if files:
            facts.keep_folder(files[0])
            self.take(files)

    def take(self, files: list[str]) -> None:
        """Open files, and say of those that cannot be opened why."""
        for path in files:
            self._attempt(lambda path=path: self.session.sources.add(self.role, path))

    def _adopt(self, layer: QgsMapLayer) -> None:
        self._attempt(lambda: self.session.sources.adopt(layer, self.role))

    def _attempt(self, change) -> None:
        try:
            change()
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.WARNING)


class LayersCard(DropCard):
    """A card for the layers of one role."""

    def __init__(self, session: Session, role: str, title: str, purpose: str, filters: str):
        self.part = RoleLayers(session, role, title, purpose, filters)
        super().__init__(title, self.part.take)
        self.add(self.part)
        session.dataChanged.connect(self.show_state)
        self.show_state()

    def show_state(self) -> None:
        """Show what is loaded."""
        self.part.show_state()
        _show_readiness(self, bool(self.part.layers()))


class GroundCard(DropCard):
    """What the land says of a site: land cover, mapped edges that a boundary may follow, altitudes, countries."""

    def __init__(self, session: Session, vectors: str):
        translate = QCoreApplication.translate
        super().__init__(translate("AzeData", "Land and borders"), self._dropped)
        self.session = session
        rasters = translate("AzeData", "Rasters (*.tif *.tiff *.vrt *.img);;All (*)")
        said = {
            "landcover": (
                translate("AzeData", "Land cover"),
                translate(
                    "AzeData",
                    "A raster of classes. What lies inside a boundary is compared with what lies around it.",
                ),
            ),
            "edges": (
                translate("AzeData", "Mapped edges"),
                translate(
                    "AzeData",
                    "Lines and areas on whose edges a boundary may run: coasts, rivers, roads, borders. Protected "
                    "areas count by themselves.",
                ),
            ),
            "elevation": (
                translate("AzeData", "Terrain"),
                translate("AzeData", "A raster of altitudes in metres. It tells the site's lowest and highest place."),
            ),
            "countries": (
                translate("AzeData", "Countries"),
                translate("AzeData", "Areas with country codes. They tell the countries that a site lies in."),
            ),
        }
        self.parts = {
            role: RoleLayers(session, role, *texts, rasters if role in layers.RASTER_ROLES else vectors, beside=True)
            for role, texts in said.items()
        }
        self.cover, self.edges, self.elevation, self.countries = self.parts.values()
        self.body.setSpacing(10)
        for part in self.parts.values():
            self.add(part)
        session.dataChanged.connect(self.show_state)
        self.show_state()

    def show_state(self) -> None:
        """Show what is loaded."""
        for part in self.parts.values():
            part.show_state()
        _show_readiness(self, any(part.layers() for part in self.parts.values()))

    def _dropped(self, files: list[str]) -> None:
        """Let each file go where it belongs."""
        for path in files:
            try:
                role = self.session.sources.role_of_file(path)
            except AzeError:
                # Opening it says why it cannot be opened.
                role = "edges"
            self.parts[role].take([path])


class DataPage(QStackedWidget):
    """Four cards: species library, sites, protected areas, the land and its borders; behind them the list of sites."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeDataPage")
        self.scroll = PageScroll()
        self.addWidget(self.scroll)
        # Made when it is first opened.
        self.list: QWidget | None = None
        self.session = session
        translate = QCoreApplication.translate
        vectors = translate(
            "AzeData", "Vector files and downloads (*.gpkg *.shp *.zip *.geojson *.json *.kml);;All (*)"
        )
        self.library = LibraryCard(session, self.load_sample)
        self.sites = LayersCard(
            session,
            "sites",
            translate("AzeData", "AZE and KBA sites"),
            translate("AzeData", "Existing sites, so that a new one does not overlap them."),
            vectors,
        )
        self.protected = LayersCard(
            session,
            "protected",
            translate("AzeData", "Protected areas"),
            translate(
                "AzeData",
                "Protected areas and OECMs, as downloaded from Protected Planet (zip) or from your own country.",
            ),
            vectors,
        )
        self.ground = GroundCard(session, vectors)
        for card in (self.sites, self.protected):
            card.part.add_button(
                translate("AzeData", "From a server…"),
                card.part.show_connect,
                translate("AzeData", "From PostGIS, WFS, OGC API or an ArcGIS feature service"),
            )
        self.sites.part.add_button(
            translate("AzeData", "List…"),
            self.show_list,
            translate("AzeData", "Search the sites, see them on the map, and begin an update of one"),
            only_with_layers=True,
        )
        for card in (self.library, self.sites, self.protected, self.ground):
            self.scroll.layout_.addWidget(card)
        self.scroll.layout_.addStretch(1)

    def act(self, key: str) -> None:
        """Do what the next-step line asks for."""
        if key == "library":
            self.show_cards()
            self.scroll.ensureWidgetVisible(self.library)
            self.library.import_.setFocus()
        elif key == "protected":
            self.protected.part.show_open()
        elif key == "sample":
            self.load_sample()
        elif key == "sites":
            self.show_list()

    def show_list(self) -> None:
        """Open the list of existing sites."""
        if self.list is None:
            from .sites import SitesPage

            self.list = SitesPage(self.session)
            self.list.closed.connect(self.show_cards)
            self.addWidget(self.list)
        self.setCurrentWidget(self.list)
        self.list.filter.setFocus()

    def show_cards(self) -> None:
        """Go back to the cards."""
        self.setCurrentWidget(self.scroll)

    def close_page(self) -> None:
        """Give back what the list took of the map."""
        if self.list is not None:
            self.list.close_page()

    def load_sample(self) -> None:
        """Open the bundled sample."""
        try:
            sample.load(self.session)
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.CRITICAL)


def _show_readiness(card: DropCard, ready: bool) -> None:
    translate = QCoreApplication.translate
    if ready:
        card.set_state("fine", translate("AzeData", "ready"))
    else:
        card.set_state("empty", translate("AzeData", "none"))


def _layer_facts(layer: QgsMapLayer) -> str:
    translate = QCoreApplication.translate
    said = []
    if isinstance(layer, QgsVectorLayer):
        count = layer.featureCount()
        if count >= 0:
            what = {
                Qgis.GeometryType.Point: translate("AzeData", "{count} points"),
                Qgis.GeometryType.Line: translate("AzeData", "{count} lines"),
            }.get(layer.geometryType(), translate("AzeData", "{count} areas"))
            said.append(what.format(count=figures.number(count)))
    else:
        said.append(
            translate("AzeData", "{columns} × {rows} cells").format(
                columns=figures.number(layer.width()), rows=figures.number(layer.height())
            )
        )
    said.append(layer.crs().authid() or translate("AzeData", "no coordinate reference system"))
    path = layer.source().partition("|")[0]
    if QFileInfo(path).exists():
        said.append(facts.date(QFileInfo(path).lastModified().toString(Qt.DateFormat.ISODate)))
    lines = [" · ".join(said)]
    bounds = layer.extent()
    if layer.crs().isGeographic() and not bounds.isEmpty():
        lines.append(facts.extent([bounds.xMinimum(), bounds.yMinimum(), bounds.xMaximum(), bounds.yMaximum()]))
    return "\n".join(lines)
