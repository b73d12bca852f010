"""The page Data: what the criteria are checked against, in four cards."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsMapLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QFileInfo, QLocale, QSettings, Qt
from qgis.PyQt.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from ...domain.errors import AzeError
from ...services import figures
from ...services.project_state import is_connection
from ...services.wording import text
from .. import layers, messages, sample
from ..import_dialog import ImportDialog
from ..report_dialog import ReportDialog
from ..session import Session
from ..widgets.basics import ElidedLabel, PageScroll, TextLabel, link
from ..widgets.card import Card

_LAST_FOLDER = "aze_toolkit/last_folder"


def _translated(source: str) -> str:
    return QCoreApplication.translate("AzeData", source)


class DropCard(Card):
    """A card that takes dropped files; ``take`` gets their paths."""

    def __init__(self, title: str, take, parent: QWidget | None = None):
        super().__init__(title, parent=parent)
        self._take = take
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event) -> None:
        if _files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        event.acceptProposedAction()
        self._take(_files(event.mimeData()))


class LibraryCard(DropCard):
    """The species library: open or import, and what it holds."""

    def __init__(self, session: Session, page: DataPage):
        super().__init__(QCoreApplication.translate("AzeData", "Species library"), self._dropped)
        translate = QCoreApplication.translate
        self.session, self._page = session, page
        self.name = self.add(ElidedLabel(mode=Qt.TextElideMode.ElideMiddle))
        self.facts = self.add(TextLabel())
        self.sources = self.add(TextLabel(muted=True))
        self.problem = self.add(TextLabel())
        self.imported = QWidget()
        row = QHBoxLayout(self.imported)
        row.setContentsMargins(0, 0, 0, 0)
        self.imported_text = TextLabel()
        row.addWidget(self.imported_text, 1)
        row.addWidget(link(translate("AzeData", "full report ▸"), self._show_report))
        self.add(self.imported)
        self.open = self.add_button(translate("AzeData", "Open…"), self._open, translate("AzeData", "Open a library"))
        self.import_ = self.add_button(
            translate("AzeData", "Import…"),
            self.show_import,
            translate("AzeData", "Import range maps and a Red List export"),
        )
        self.sample = self.add_button(translate("AzeData", "Load the sample"), page.load_sample)
        session.dataChanged.connect(self.show_state)
        session.busyChanged.connect(self._show_busy)
        self._show_busy()

    def show_state(self) -> None:
        """Show what is loaded."""
        session, translate = self.session, QCoreApplication.translate
        path, summary = session.sources.library_path, session.sources.library_summary
        self.sample.setVisible(not path)
        self.name.setVisible(bool(path))
        self.name.setText(path if is_connection(path) else Path(path).name if path else "")
        self.name.setToolTip(path)
        self.problem.setText(session.sources.library_problem)
        self.problem.setVisible(bool(session.sources.library_problem))
        self.facts.setVisible(bool(summary))
        self.sources.setVisible(bool(summary))
        if session.sources.library_problem:
            self.set_state("problem", translate("AzeData", "cannot be used"))
        elif summary:
            self.set_state("fine", translate("AzeData", "ready"))
        else:
            self.set_state("empty", translate("AzeData", "none"))
        self.set_summary(
            ""
            if path
            else translate(
                "AzeData",
                "Range maps and Red List categories of species. Open a library, or import what you downloaded.",
            )
        )
        if summary:
            self.facts.setText(_library_facts(summary))
            self.sources.setText(_library_sources(summary))
        report = session.import_report
        self.imported.setVisible(bool(report))
        if report:
            self.imported_text.setText(_import_summary(report))

    def _show_busy(self) -> None:
        importing = self.session.runner.running("import")
        lacking = self.session.sources.installation_problem
        for button in (self.open, self.import_, self.sample):
            button.setEnabled(not importing and not lacking)
        if importing:
            self.set_state("work", QCoreApplication.translate("AzeData", "importing"))
        else:
            self.show_state()

    def _open(self) -> None:
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self, translate("AzeData", "Open a species library"), _folder(), translate("AzeData", "Libraries (*.gpkg)")
        )
        if path:
            _keep_folder(path)
            self.session.open_library(path)

    def show_import(self, files: list[str] | None = None) -> None:
        """Ask what to import, and import it."""
        dialog = ImportDialog(self.session.sources.library_path, files or [], self.window())
        if dialog.exec():
            self.session.import_library(**dialog.choice())

    def _dropped(self, files: list[str]) -> None:
        if len(files) == 1 and files[0].lower().endswith(".gpkg"):
            from ...library.query import Library

            try:
                Library.open(files[0]).close()
            except AzeError as error:
                if error.code != "library.not_a_library":
                    self.session.message.emit(text(error.code, error.params), messages.WARNING)
                    return
            else:
                self.session.open_library(files[0])
                return
        self.show_import(files)

    def _show_report(self) -> None:
        ReportDialog(self.session.import_report, self.window()).exec()


class LayersCard(DropCard):
    """Layers with one role: open files, take layers of the project, and what each holds."""

    def __init__(self, session: Session, role: str, title: str, purpose: str, filters: str):
        super().__init__(title, self._take)
        translate = QCoreApplication.translate
        self.session, self.role, self._purpose, self._filters = session, role, purpose, filters
        self.rows = QVBoxLayout()
        self.rows.setSpacing(4)
        self.body.addLayout(self.rows)
        self.add_button(translate("AzeData", "Open…"), self.show_open)
        self.use = self.add_button(translate("AzeData", "Use a layer of this project"), None)
        self.menu = QMenu(self.use)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.use.setMenu(self.menu)
        session.dataChanged.connect(self.show_state)
        self.show_state()

    def _layers(self) -> list[QgsMapLayer]:
        return layers.with_role(self.session.project, self.role)

    def show_state(self) -> None:
        """Show what is loaded."""
        translate = QCoreApplication.translate
        while self.rows.count():
            row = self.rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        found = self._layers()
        for layer in found:
            self.rows.addWidget(self._row(layer))
        self.set_summary("" if found else self._purpose)
        if found:
            self.set_state("fine", translate("AzeData", "ready"))
        else:
            self.set_state("empty", translate("AzeData", "none"))

    def _row(self, layer: QgsMapLayer) -> QWidget:
        translate = QCoreApplication.translate
        row = QWidget()
        name = ElidedLabel(layer.name())
        facts = TextLabel(_layer_facts(layer), muted=True)
        zoom = QToolButton()
        zoom.setAutoRaise(True)
        zoom.setIcon(QgsApplication.getThemeIcon("/mActionZoomToLayer.svg"))
        zoom.setToolTip(translate("AzeData", "Show on the map"))
        zoom.clicked.connect(lambda: self._zoom(layer))
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
        layout.addWidget(facts)
        return row

    def _zoom(self, layer: QgsMapLayer) -> None:
        self.session.zoom_to_layer(layer)

    def _fill_menu(self) -> None:
        self.menu.clear()
        found = layers.fitting(self.session.project, self.role)
        for layer in found:
            self.menu.addAction(layer.name(), lambda layer=layer: self.session.sources.adopt(layer, self.role))
        if not found:
            nothing = self.menu.addAction(
                QCoreApplication.translate("AzeData", "No other layer of this project fits here")
            )
            nothing.setEnabled(False)

    def show_open(self) -> None:
        """Ask for files and open them."""
        files, _ = QFileDialog.getOpenFileNames(self, self.title.text(), _folder(), self._filters)
        if files:
            _keep_folder(files[0])
            self._take(files)

    def _take(self, files: list[str]) -> None:
        for path in files:
            try:
                self.session.sources.add(self.role, path)
            except AzeError as error:
                self.session.message.emit(text(error.code, error.params), messages.WARNING)


class DataPage(PageScroll):
    """Four cards: species library, sites, protected areas, land cover."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeDataPage")
        self.session = session
        translate = QCoreApplication.translate
        vectors = translate(
            "AzeData", "Vector files and downloads (*.gpkg *.shp *.zip *.geojson *.json *.kml);;All (*)"
        )
        self.library = LibraryCard(session, self)
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
        self.landcover = LayersCard(
            session,
            "landcover",
            translate("AzeData", "Land cover"),
            translate("AzeData", "A raster of classes, for the map and as evidence of where habitats change."),
            translate("AzeData", "Rasters (*.tif *.tiff *.vrt *.img);;All (*)"),
        )
        for card in (self.library, self.sites, self.protected, self.landcover):
            self.layout_.addWidget(card)
        self.layout_.addStretch(1)

    def act(self, key: str) -> None:
        """Do what the next-step line asks for."""
        if key == "library":
            self.ensureWidgetVisible(self.library)
            self.library.import_.setFocus()
        elif key == "protected":
            self.protected.show_open()
        elif key == "sample":
            self.load_sample()

    def load_sample(self) -> None:
        """Open the bundled sample."""
        try:
            sample.load(self.session)
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.CRITICAL)


def _files(mime) -> list[str]:
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


def _folder() -> str:
    return str(QSettings().value(_LAST_FOLDER, ""))


def _keep_folder(path: str) -> None:
    QSettings().setValue(_LAST_FOLDER, os.path.dirname(path))


def _library_facts(summary: dict) -> str:
    translate = QCoreApplication.translate
    facts = [
        translate("AzeData", "{count} taxa").format(count=figures.number(summary["taxa"])),
        translate("AzeData", "{count} range rows").format(count=figures.number(summary["rows"])),
    ]
    if summary.get("imported_at"):
        facts.append(translate("AzeData", "imported {date}").format(date=_date(summary["imported_at"])))
    lines = [" · ".join(facts)]
    if summary.get("extent"):
        lines.append(_extent(summary["extent"]))
    return "\n".join(lines)


def _library_sources(summary: dict) -> str:
    shown = []
    for source in summary.get("sources", []):
        release = f" ({source['version']})" if source.get("version") else ""
        shown.append(f"{source['name']}{release}")
    return ", ".join(shown)


def _import_summary(report: dict) -> str:
    translate = QCoreApplication.translate
    imported = sum(s["rows_imported"] for s in report["sources"])
    rejected = sum(s["rows_rejected"] for s in report["sources"])
    if rejected:
        return translate("AzeData", "Imported {imported} rows; {rejected} could not be taken.").format(
            imported=figures.number(imported), rejected=figures.number(rejected)
        )
    return translate("AzeData", "Imported {imported} rows.").format(imported=figures.number(imported))


def _layer_facts(layer: QgsMapLayer) -> str:
    translate = QCoreApplication.translate
    facts = []
    if isinstance(layer, QgsVectorLayer):
        count = layer.featureCount()
        if count >= 0:
            what = (
                translate("AzeData", "{count} points")
                if layer.geometryType() == Qgis.GeometryType.Point
                else translate("AzeData", "{count} areas")
            )
            facts.append(what.format(count=figures.number(count)))
    else:
        facts.append(f"{figures.number(layer.width())} × {figures.number(layer.height())}")
    facts.append(layer.crs().authid() or translate("AzeData", "no coordinate reference system"))
    path = layer.source().partition("|")[0]
    if QFileInfo(path).exists():
        facts.append(_date(QFileInfo(path).lastModified().toString(Qt.DateFormat.ISODate)))
    lines = [" · ".join(facts)]
    extent = layer.extent()
    if layer.crs().isGeographic() and not extent.isEmpty():
        lines.append(_extent([extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]))
    return "\n".join(lines)


def _extent(extent: list[float]) -> str:
    xmin, ymin, xmax, ymax = extent
    # No line breaks inside a range of degrees.
    south_north = f"{_degrees(ymin, 'S', 'N')}\u00a0– {_degrees(ymax, 'S', 'N')}"
    return f"{south_north}, {_degrees(xmin, 'W', 'E')}\u00a0– {_degrees(xmax, 'W', 'E')}"


def _degrees(value: float, negative: str, positive: str) -> str:
    return f"{QLocale().toString(abs(value), 'f', 1)}°\u00a0{negative if value < 0 else positive}"


def _date(iso: str) -> str:
    return QLocale().toString(datetime.fromisoformat(iso.replace("Z", "+00:00")).date(), QLocale.FormatType.ShortFormat)
