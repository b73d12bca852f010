"""The reviewer's window: what a package says, what is wrong with it, its shares recomputed, comments on its fields, and
the decision. It stays beside the map.

Whatever comes out of the package is shown as plain text, never as markup or as something to click.
"""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsFeature, QgsVectorLayer
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from ..domain.errors import AzeError
from ..services import figures
from ..services.wording import text
from . import layers, style
from .review import Review
from .session import Session
from .widgets import reviewparts as parts
from .widgets.basics import FlowLayout, TextLabel
from .widgets.busy import BusyStrip
from .widgets.chip import Chip
from .widgets.comparison import GAINED, LOST
from .widgets.plainrows import visible
from .widgets.reviewchanges import Changes
from .widgets.reviewfields import Fields
from .widgets.reviewfiles import Files
from .widgets.reviewoverview import Overview
from .widgets.reviewshares import Shares

# Reddish purple of Okabe and Ito: no other look on the map has it.
_OUTLINE = "#CC79A7"


class ReviewDialog(QDialog):
    """Reviews one package; ``review`` is what it shows."""

    def __init__(self, session: Session, package: str, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("AzeReview", "Review of a package"))
        self._session = session
        self._canvas = session.iface.mapCanvas() if session.iface is not None else None
        self._bands: dict[str, QgsRubberBand] = {}
        self._over = False
        self.review = Review(package, self._library, self)

        self.name = TextLabel(visible(Path(package).name, 300))
        self.name.setFont(style.scaled(self.font(), 1.1, bold=True))
        self.chip = Chip()
        self.chip.hide()
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        self.facts = TextLabel(muted=True)
        self.note = TextLabel()
        self.note.hide()

        self.overview = Overview(self)
        self.shares = Shares()
        self.fields = Fields(self.review)
        self.files = Files(self.review, self.say)
        self.changes = Changes(self)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.tabBar().setFont(style.scaled(self.font(), 0.88))
        for widget, title in (
            (self.overview, translate("AzeReview", "Overview")),
            (self.shares, translate("AzeReview", "Shares")),
            (self.fields, translate("AzeReview", "Fields")),
            (self.files, translate("AzeReview", "Files")),
            (self.changes, translate("AzeReview", "Changes")),
        ):
            self.tabs.addTab(widget, title)
        self.tabs.currentChanged.connect(lambda _tab: self.fields.commit())
        self.busy = BusyStrip()
        self.busy.cancelled.connect(self._cancel)
        self.again = parts.button(translate("AzeReview", "Verify again"), self.open)
        self.compare_button = parts.button(translate("AzeReview", "Compare with…"), self.ask_and_compare)
        self.compare_button.setToolTip(translate("AzeReview", "Compare with another version of the nomination"))
        self.export_button = parts.button(translate("AzeReview", "Export…"), self.ask_and_export)
        self.export_button.setToolTip(translate("AzeReview", "Write the review as a page, or as a file to go on with"))
        self.close_button = parts.button(translate("AzeReview", "Close"), self.close)
        foot = QWidget()
        row = FlowLayout(foot)
        for button in (self.export_button, self.compare_button, self.again, self.close_button):
            row.addWidget(button)

        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.facts)
        layout.addWidget(self.note)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.busy)
        layout.addWidget(foot)
        self.resize(620, 720)
        self.setMinimumSize(320, 360)

        self.review.changed.connect(self._show)
        self.review.compared.connect(self._show_comparison)
        self.review.saved.connect(self.overview.show_saved)
        self.review.failed.connect(self.say)
        self.review.busyChanged.connect(self._show_busy)
        # Which verification is shown.
        self._shown = 0
        self._show_busy()
        self.open()

    def _library(self) -> str:
        sources = self._session.sources
        return "" if sources.library_problem else sources.library_path

    # ----------------------------------------------------------------------------------------------------- opening

    def open(self) -> None:
        """Verify the package, with the library that the panel has now."""
        self.fields.commit()
        self.say("")
        self.review.open()

    def say(self, sentence: str) -> None:
        """Say what went wrong, above the tabs; nothing for an empty sentence."""
        self.note.setText(f"{style.MARKS['problem']} {visible(sentence, 2000)}" if sentence else "")
        self.note.setVisible(bool(sentence))

    def _cancel(self) -> None:
        self.review.cancel()
        self.say(QCoreApplication.translate("AzeReview", "Stopped. “Verify again” begins anew."))

    def _show_busy(self) -> None:
        busy = self.review.busy
        self.busy.set(busy.title if busy else None, busy.fraction if busy else None)
        ready = self.review.document is not None
        self.again.setEnabled(busy is None)
        self.compare_button.setEnabled(busy is None and ready)
        self.export_button.setEnabled(ready)
        self.tabs.setEnabled(ready)

    # ----------------------------------------------------------------------------------------------------- showing

    def _show(self) -> None:
        translate = QCoreApplication.translate
        document = self.review.document
        package = document["package"]
        self.name.setText(visible(package["site"] or package["file"], 120))
        self.setWindowTitle(translate("AzeReview", "Review: {site}").format(site=self.name.plain()[:120]))
        count = len(document["problems"])
        self.chip.set(
            "fine" if document["valid"] else "problem",
            translate("AzeReview", "sound")
            if document["valid"]
            else translate("AzeReview", "one problem")
            if count == 1
            else translate("AzeReview", "{n} problems").format(n=figures.number(count)),
        )
        self.chip.show()
        status = {"draft": translate("AzeReview", "draft"), "final": translate("AzeReview", "final")}
        facts = [package["file"], status.get(package["status"], ""), package["date"]]
        self.facts.setText(" · ".join(visible(fact, 200) for fact in facts if fact))
        fresh = self._shown != self.review.verified
        self._shown = self.review.verified
        self.overview.show_review(fresh)
        if fresh:
            self.shares.show_shares(document["shares"])
            self.files.show_files()
            self._draw("outline", self.review.wkb, _OUTLINE, Qt.BrushStyle.NoBrush)
        self.fields.show_fields(fresh)
        said = sum(len(comments) for comments in document["comments"].values())
        title = translate("AzeReview", "Fields")
        self.tabs.setTabText(2, f"{title} → {figures.number(said)}" if said else title)
        differing = sum(share["class"] == "differs" for share in document["shares"])
        title = translate("AzeReview", "Shares")
        self.tabs.setTabText(1, f"{title} {style.MARKS['problem']} {figures.number(differing)}" if differing else title)
        self._show_busy()

    def _draw(self, key: str, wkb: bytes, colour: str, pattern: Qt.BrushStyle) -> None:
        """Draw a shape (WGS 84) on the map in place of the one of that key; none for no WKB."""
        if self._canvas is None:
            return
        before = self._bands.pop(key, None)
        if before is not None:
            self._canvas.scene().removeItem(before)
        shape = parts.shape_of(wkb)
        if shape.isEmpty():
            return
        band = QgsRubberBand(self._canvas, Qgis.GeometryType.Polygon)
        band.setStrokeColor(QColor(colour))
        band.setFillColor(QColor(colour))
        band.setBrushStyle(pattern)
        band.setWidth(3 if key == "outline" else 1)
        band.setToGeometry(layers.as_multipolygon(shape), layers.LONLAT)
        self._bands[key] = band

    def zoom(self) -> None:
        """Show where the boundary lies."""
        shape = parts.shape_of(self.review.wkb)
        if not shape.isEmpty():
            self._session.zoom_to(shape)

    def add_layer(self) -> QgsVectorLayer | None:
        """Add the boundary to the project, as a layer that lives as long as the project is open."""
        shape = layers.as_multipolygon(parts.shape_of(self.review.wkb))
        if shape.isEmpty():
            return None
        package = self.review.document["package"]
        # QGIS takes names of layers for markup in some places.
        name = visible(package["site"] or package["file"], 120).replace("<", "‹").replace(">", "›")
        fields = "&".join(f"field={key}:string(255)" for key in ("name", "package", "sha256"))
        layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:4326&{fields}", name, "memory")
        feature = QgsFeature(layer.fields())
        feature.setAttributes([visible(package["site"], 250), visible(package["file"], 250), package["sha256"]])
        feature.setGeometry(shape)
        layer.dataProvider().addFeatures([feature])
        layer.updateExtents()
        self._session.project.addMapLayer(layer)
        return layer

    # --------------------------------------------------------------------------------------------------- comparing

    def ask_and_compare(self) -> None:
        """Ask for another version of the nomination, taken for the earlier one, and compare."""
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeReview", "Another version of the nomination"),
            str(Path(self.review.package).parent),
            translate("AzeReview", "Nomination packages (*.zip bagit.txt)"),
        )
        if path:
            self.compare(str(Path(path).parent) if Path(path).name == "bagit.txt" else path, self.review.package)

    def compare(self, before: str, after: str) -> None:
        """Compare two packages, the earlier version first."""
        self.say("")
        self.changes.versions = (before, after)
        self.review.compare(before, after)

    def _show_comparison(self) -> None:
        comparison = self.review.comparison
        self.changes.show_comparison(comparison)
        boundary = comparison["boundary"]
        self._draw("gained", bytes.fromhex(boundary.get("gained_wkb", "")), *GAINED)
        self._draw("lost", bytes.fromhex(boundary.get("lost_wkb", "")), *LOST)
        self.tabs.setCurrentWidget(self.changes)

    # --------------------------------------------------------------------------------------------------- exporting

    def ask_and_export(self) -> None:
        """Ask where to, and write the review."""
        self.fields.commit()
        self.overview.commit()
        translate = QCoreApplication.translate
        page = translate("AzeReview", "Page to read and print (*.html)")
        data = translate("AzeReview", "Review to go on with (*.json)")
        start = Path(self.review.package).with_suffix("")
        path, chosen = QFileDialog.getSaveFileName(
            self, translate("AzeReview", "Export the review"), f"{start}_review.html", f"{page};;{data}"
        )
        if not path:
            return
        if not path.lower().endswith((".html", ".htm", ".json")):
            path += ".json" if chosen == data else ".html"
        try:
            self.review.export(path)
        except AzeError as error:
            self.say(text(error.code, error.params))
            return
        self.overview.saved.setText(translate("AzeReview", "Exported to {file}.").format(file=path))

    def ask_and_merge(self) -> None:
        """Ask for another reviewer's file, and add its comments."""
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeReview", "Review of another reviewer"),
            str(Path(self.review.package).parent),
            translate("AzeReview", "Reviews (*.json)"),
        )
        if not path:
            return
        try:
            self.review.merge(path)
        except AzeError as error:
            self.say(text(error.code, error.params))

    # ----------------------------------------------------------------------------------------------------- closing

    def end(self) -> None:
        """Save, stop, clear the map and let go of the package's files."""
        if self._over:
            return
        self._over = True
        self.fields.commit()
        self.overview.commit()
        for key in list(self._bands):
            self._draw(key, b"", "", Qt.BrushStyle.NoBrush)
        self.review.close()

    def done(self, result: int) -> None:
        """Close."""
        self.end()
        super().done(result)

    def closeEvent(self, event) -> None:
        self.end()
        super().closeEvent(event)
