"""The list of existing sites, a page behind the page Data: search, show, and what can be done with one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsCoordinateTransform, QgsPointXY, QgsVectorLayer
from qgis.gui import QgsMapTool, QgsMapToolZoom
from qgis.PyQt.QtCore import (
    QCoreApplication,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    QTimer,
    pyqtSignal,
)
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...domain.errors import AzeError
from ...domain.sites import CONFIRMED, SiteRow
from ...services import figures
from ...services.wording import text
from .. import facts, factsheet, layers, messages, style
from ..models import sites as model
from ..widgets.basics import ElidedLabel, FlowLayout, TextLabel, link
from ..widgets.busy import BusyStrip
from ..widgets.placeholder import Placeholder
from ..widgets.rowtable import RowTable

if TYPE_CHECKING:
    from ..session import Session

_HOVER_MS = 180
# A press and a release so near one another, in pixels, are a click.
_CLICK_PX = 4
_SPECIES_SHOWN = 12


class SitesPage(QWidget):
    """Shows ``session.sites``; ``closed`` when the user goes back."""

    closed = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeSitesPage")
        translate = QCoreApplication.translate
        self.session, self.sites = session, session.sites
        self._chosen: tuple[str, int] | None = None
        # The layer whose selection on the map is this list's own doing.
        self._selected: str = ""
        self._listening: list[QgsVectorLayer] = []
        self._pressed: QPoint | None = None

        self.back = link(translate("AzeSites", "◂ data"), self.closed.emit)
        self.title = ElidedLabel()
        self.title.setFont(style.scaled(self.font(), 1.0, bold=True))
        self.count = ElidedLabel()
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(translate("AzeSites", "Country, name, number or trigger species…"))
        self.filter.setAccessibleName(translate("AzeSites", "Look for sites"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setMinimumWidth(70)
        self.filter.textChanged.connect(self._look_for)
        self.problem = TextLabel()

        self.model = model.SitesModel(self)
        self.table = _Table()
        self.table.setModel(self.model)
        self.table.arrange(model.NAME, model.NAME, Qt.SortOrder.AscendingOrder)
        self.table.entered.connect(self._hovered)
        self.table.doubleClicked.connect(lambda index: self._zoom(self.model.row(index)))
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self.nothing = Placeholder()
        self.nothing.pressed.connect(self.closed.emit)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.nothing)

        self.name = TextLabel()
        self.name.setFont(style.scaled(self.font(), 1.0, bold=True))
        # On a line of its own: an Arabic name would turn round the whole line that it begins.
        self.native = TextLabel()
        self.about = TextLabel()
        self.circle = TextLabel()
        self.species = TextLabel(muted=True)
        self.zoom = self._button(translate("AzeSites", "Zoom"), "", self._zoom)
        self.update_ = self._button(
            translate("AzeSites", "Update this site"),
            translate("AzeSites", "Begin a candidate that updates this site, with its boundary and its name"),
            lambda row: self.sites.update(row, self.window()),
        )
        self.protection = self._button(
            translate("AzeSites", "Protection ▸"),
            translate("AzeSites", "How much of this site is protected"),
            self._show_protection,
        )
        self.sheet = self._button(
            translate("AzeSites", "Fact sheet…"),
            translate("AzeSites", "What is known of this site, on one page to save and print"),
            self._make_sheet,
        )
        self.actions = FlowLayout()
        for button in (self.zoom, self.update_, self.protection, self.sheet):
            self.actions.addWidget(button)
        self.details = QFrame()
        inside = QVBoxLayout(self.details)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.setSpacing(3)
        for label in (self.name, self.native, self.about, self.circle, self.species):
            inside.addWidget(label)
        inside.addLayout(self.actions)
        self.hint = TextLabel(
            translate(
                "AzeSites", "Choose a site here or click it on the map. ● AZE site · ○ de-listed · ◌ no boundary"
            ),
            muted=True,
        )
        self.told = TextLabel(muted=True)
        self.add_table = link(
            translate("AzeSites", "open a table…"),
            self.show_open_table,
            translate("AzeSites", "A table with a row for each site and trigger species, joined by the site's number"),
        )
        self.drop_table = link(translate("AzeSites", "let go ▸"), self._release_table)
        table_row = QHBoxLayout()
        table_row.setSpacing(2)
        table_row.addWidget(self.told, 1)
        table_row.addWidget(self.add_table)
        table_row.addWidget(self.drop_table)
        self.busy = BusyStrip()
        self.busy.cancelled.connect(self.sites.cancel)

        head = QHBoxLayout()
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        head.addWidget(self.count, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.filter)
        layout.addWidget(self.problem)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.hint)
        layout.addWidget(self.details)
        layout.addLayout(table_row)
        layout.addWidget(self.busy)

        self._pointed = QPersistentModelIndex()
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(_HOVER_MS)
        self._hover.timeout.connect(self._flash)
        self.sites.changed.connect(self._changed)
        self.sites.progressed.connect(self._show_progress)
        self._show_details()

    def _button(self, title: str, tip: str, act) -> QPushButton:
        button = QPushButton(title)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self._with_chosen(act))
        return button

    # --------------------------------------------------------------------------------------------------- showing

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self.sites.want()
        self.refresh()
        self._listen(True)

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self._listen(False)
        self.sites.leave()
        self._unselect()

    def close_page(self) -> None:
        """Let go of the map."""
        self._listen(False)
        self._unselect()

    def refresh(self) -> None:
        """Show the sites as the session has them now; what was looked for, chosen and scrolled to stays."""
        scrolled = self.table.verticalScrollBar().value()
        self.model.set_rows(self.sites.rows, self.sites.words)
        self.table.fit()
        self._restore(scrolled)
        problems = "\n".join(f"{style.MARKS['problem']} {problem}" for problem in self.sites.problems)
        self.problem.setText(problems)
        self.problem.setVisible(bool(problems))
        self._show_progress()
        self._show_count()
        self._show_table()

    def _changed(self) -> None:
        if self.isVisible():
            if self._listening != self.session.sources.site_layers:
                self._listen(True)
            self.refresh()

    def _show_progress(self, share: float | None = None) -> None:
        translate = QCoreApplication.translate
        self.busy.set(translate("AzeSites", "Reading sites") if self.sites.is_reading else None, share)

    def _show_count(self) -> None:
        translate = QCoreApplication.translate
        shown, count = self.model.rowCount(), self.model.count
        any_layer = bool(self.session.sources.site_layers)
        self.filter.setEnabled(any_layer)
        self.count.setVisible(any_layer)
        self.title.setText(translate("AzeSites", "Existing sites"))
        self.count.setText(
            figures.number(count)
            if shown == count
            else translate("AzeSites", "{shown} of {count}").format(
                shown=figures.number(shown), count=figures.number(count)
            )
        )
        if shown:
            self.stack.setCurrentWidget(self.table)
            return
        if not self.session.sources.site_layers:
            self.nothing.say(
                translate("AzeSites", "There is no layer of AZE or KBA sites yet. Open a file or a service first."),
                translate("AzeSites", "Go to the data"),
            )
        elif count:
            self.nothing.say(translate("AzeSites", "No site has all of these words."))
        elif self.sites.is_reading:
            self.nothing.say(translate("AzeSites", "Reading sites…"))
        elif self.sites.problems:
            self.nothing.say("")
        else:
            self.nothing.say(translate("AzeSites", "The layers hold no sites."))
        self.stack.setCurrentWidget(self.nothing)

    def _show_table(self) -> None:
        translate = QCoreApplication.translate
        table = self.sites.table
        if table is not None:
            said = translate("AzeSites", "Trigger species from “{table}”").format(table=table.name())
        elif any(row.triggers for row in self.sites.rows):
            said = translate("AzeSites", "Trigger species as the layer names them")
        else:
            said = translate("AzeSites", "Trigger species: the layer names none")
        self.told.setText(said)
        any_layer = bool(self.session.sources.site_layers)
        self.told.setVisible(any_layer)
        self.drop_table.setVisible(any_layer and table is not None)
        self.add_table.setVisible(any_layer and table is None)

    def _show_details(self) -> None:
        row = self.chosen()
        self.details.setVisible(row is not None)
        self.hint.setVisible(row is None and self.model.rowCount() > 0)
        if row is None:
            return
        translate = QCoreApplication.translate
        self.name.setText(f"{style.MARKS['fine']} {row.name}" if row.aze == CONFIRMED else row.name)
        number = translate("AzeSites", "number {number}").format(number=row.site_id)
        self.native.setText(row.native_name)
        self.native.setVisible(bool(row.native_name) and row.native_name != row.name)
        area = "" if row.is_circle or row.area_ha is None else model.area_words(row)
        kba = translate("AzeSites", "KBA: {status}").format(status=row.kba) if row.kba else ""
        parts = (model.country_words(row), number, area, model.aze_words(row), kba)
        self.about.setText(" · ".join(part for part in parts if part))
        circle = translate(
            "AzeSites",
            "{mark} Its boundary is not known: the circle of 1 km radius only stands for it. Its protection cannot "
            "be assessed.",
        ).format(mark=model.CIRCLE_MARK)
        nowhere = translate("AzeSites", "The layer has no outline of it. Its protection cannot be assessed.")
        self.circle.setText(circle if row.is_circle else nowhere)
        self.circle.setVisible(row.is_circle or row.extent is None)
        self.zoom.setEnabled(row.extent is not None)
        shown = ", ".join(row.triggers[:_SPECIES_SHOWN])
        rest = len(row.triggers) - _SPECIES_SHOWN
        if rest > 0:
            shown = translate("AzeSites", "{species} and {count} more").format(species=shown, count=rest)
        self.species.setText(
            translate("AzeSites", "Trigger species: {species}").format(species=shown)
            if shown
            else translate("AzeSites", "Trigger species: not known")
        )
        self.species.setToolTip(", ".join(row.triggers))

    # -------------------------------------------------------------------------------------------------- choosing

    def chosen(self) -> SiteRow | None:
        """The site that is chosen, None where none is."""
        return self.model.row(self.table.currentIndex())

    def choose(self, layer: str, fid: int) -> bool:
        """Choose a site; whether the list has it. What is looked for gives way where it hides the site."""
        index = self.model.find(layer, fid)
        if not index.isValid() and self.filter.text():
            self.filter.clear()
            index = self.model.find(layer, fid)
        if index.isValid():
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        return index.isValid()

    def _look_for(self, words: str) -> None:
        chosen = self._chosen
        self.model.set_wanted(words)
        self._chosen = chosen
        self._restore(0)
        self._show_count()

    def _restore(self, scrolled: int) -> None:
        index = self.model.find(*self._chosen) if self._chosen is not None else QModelIndex()
        if index.isValid():
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)
        self.table.verticalScrollBar().setValue(scrolled if not index.isValid() else self.table.scrolled())
        self._show_details()

    def _choose(self, index: QModelIndex, _before=None) -> None:
        row = self.model.row(index)
        if row is not None:
            self._chosen = (row.layer, row.fid)
            self._select(row)
        self._show_details()

    def _select(self, row: SiteRow) -> None:
        """Select a site on the map."""
        layer = self.sites.layer(row)
        if self._selected and self._selected != row.layer:
            self._unselect()
        if layer is not None and layer.selectedFeatureIds() != [row.fid]:
            self._selected = row.layer
            layer.selectByIds([row.fid])

    def _unselect(self) -> None:
        layer = self.session.project.mapLayer(self._selected) if self._selected else None
        self._selected = ""
        if isinstance(layer, QgsVectorLayer):
            layer.removeSelection()

    def _with_chosen(self, act) -> None:
        row = self.chosen()
        if row is not None:
            act(row)

    def _zoom(self, row: SiteRow | None) -> None:
        if row is not None:
            self.sites.zoom_to(row)

    def _show_protection(self, row: SiteRow) -> None:
        layer = self.sites.layer(row)
        if layer is not None:
            self.session.protection.show_site(layer, row.fid)

    def _make_sheet(self, row: SiteRow) -> None:
        layer = self.sites.layer(row)
        subject = self.session.protection.site(layer, row.fid) if layer is not None else None
        if subject is not None:
            factsheet.ask(self.session, subject, self.window())

    def _hovered(self, index: QModelIndex) -> None:
        self._pointed = QPersistentModelIndex(index)
        self._hover.start()

    def _flash(self) -> None:
        row = self.model.row(QModelIndex(self._pointed))
        if row is not None and self.table.underMouse():
            self.sites.flash(row)

    # --------------------------------------------------------------------------------------------------- the map

    def _listen(self, on: bool) -> None:
        """Follow clicks on the map, and what the user selects there, while the page is seen."""
        canvas = self.session.iface.mapCanvas() if self.session.iface is not None else None
        for layer in self._listening:
            try:
                layer.selectionChanged.disconnect(self._selected_on_map)
            except (RuntimeError, TypeError):
                # The layer was deleted meanwhile.
                continue
        self._listening = self.session.sources.site_layers if on else []
        for layer in self._listening:
            layer.selectionChanged.connect(self._selected_on_map)
        if canvas is not None:
            canvas.viewport().removeEventFilter(self)
            if on:
                canvas.viewport().installEventFilter(self)

    def _selected_on_map(self, *_args) -> None:
        layer = self.sender()
        if isinstance(layer, QgsVectorLayer) and layer.selectedFeatureCount() == 1:
            self.choose(layer.id(), layer.selectedFeatureIds()[0])

    def eventFilter(self, watched, event) -> bool:
        """A click on the map, whatever harmless tool is in hand, chooses the site there; the tool has it too."""
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.pos()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            moved = (event.pos() - self._pressed).manhattanLength()
            self._pressed = None
            if moved <= _CLICK_PX and self._may_choose():
                self.choose_at(event.pos())
        return super().eventFilter(watched, event)

    def _may_choose(self) -> bool:
        tool = self.session.iface.mapCanvas().mapTool()
        return tool is None or not (tool.flags() & QgsMapTool.Flag.EditTool or isinstance(tool, QgsMapToolZoom))

    def choose_at(self, place: QPoint) -> None:
        """Choose the site at a place of the map, in its pixels."""
        canvas = self.session.iface.mapCanvas()
        point = canvas.getCoordinateTransform().toMapCoordinates(place)
        crs = canvas.mapSettings().destinationCrs()
        transform = QgsCoordinateTransform(crs, layers.LONLAT, self.session.project.transformContext())
        try:
            found = self.sites.at(transform.transform(QgsPointXY(point)))
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.WARNING)
            return
        if found is not None:
            self.choose(*found)

    # ------------------------------------------------------------------------------------------- trigger species

    def show_open_table(self) -> None:
        """Ask for a table of trigger species and use it."""
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeSites", "Table of trigger species"),
            facts.last_folder(),
            translate("AzeSites", "Tables (*.csv *.xlsx *.ods *.dbf *.gpkg *.tsv);;All (*)"),
        )
        if path:
            facts.keep_folder(path)
            self.open_table(path)

    def open_table(self, path: str) -> None:
        """Use a file's table of trigger species; a problem is said by the session's message."""
        try:
            self.sites.use_table(path)
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.WARNING)

    def _release_table(self) -> None:
        table = self.sites.table
        if table is not None:
            self.session.sources.release(table)


class _Table(RowTable):
    """The sites; the tool tip of a row says it all."""

    def __init__(self):
        super().__init__(QCoreApplication.translate("AzeSites", "Existing sites"))
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setMinimumHeight(self.fontMetrics().lineSpacing() * 6)
        # Rows of one height need not be asked for theirs: there may be thousands.
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setMinimumSectionSize(16)

    def scrolled(self) -> int:
        """Where the list is scrolled to."""
        return self.verticalScrollBar().value()

    def fit(self) -> None:
        """Share the width out: name and marks first, then country, area and number."""
        metrics, room = self.fontMetrics(), self.viewport().width()
        ems = room / max(1, metrics.horizontalAdvance("m"))
        for column, least in ((model.COUNTRY, 24), (model.AREA, 30), (model.ID, 38)):
            self.setColumnHidden(column, ems < least)
        self.setColumnWidth(model.COUNTRY, room // 4)
        self.setColumnWidth(model.ID, metrics.horizontalAdvance("Number") + 24)
        self.setColumnWidth(model.AZE, metrics.horizontalAdvance("AZE") + 18)
        self.setColumnWidth(model.CIRCLE, metrics.horizontalAdvance("◌") + 18)
        self.setColumnWidth(model.AREA, metrics.horizontalAdvance("123,456 km²") + 10)
