"""The reviewer's window: what a package says, what is wrong with it, its shares recomputed, comments on its fields, and
the decision. It stays beside the map.

Whatever comes out of the package is shown as plain text, never as markup or as something to click.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsFeature, QgsGeometry, QgsVectorLayer
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QKeySequence
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QShortcut,
    QSplitter,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..services import figures, vocabulary
from ..services.wording import text
from . import layers, measure, style
from .review import MOST_FILES, Review
from .session import Session
from .widgets.basics import FlowLayout, PageScroll, TextLabel, link
from .widgets.busy import BusyStrip
from .widgets.card import Card
from .widgets.chip import Chip
from .widgets.comparison import GAINED, LOST, hatched
from .widgets.plainrows import PlainRows, Row, Tag, visible

# Reddish purple of Okabe and Ito: no other look on the map has it.
_OUTLINE = "#CC79A7"
_MOST_ROWS = 2000
_MOST_PROBLEMS = 40
_NARROW = 520
_MINUS = "\u2212"
# Of a comparison of shares: state of the mark, and the order in which they are listed.
_CLASSES = {"differs": "problem", "cannot": "empty", "rounding": "work", "same": "fine"}
_KINDS = {"added": ("fine", "＋"), "removed": ("problem", "−"), "changed": ("work", "≠")}
_WHOLE = ""


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
        self.again = _button(translate("AzeReview", "Verify again"), self.open)
        self.compare_button = _button(translate("AzeReview", "Compare with…"), self.ask_and_compare)
        self.compare_button.setToolTip(translate("AzeReview", "Compare with another version of the nomination"))
        self.export_button = _button(translate("AzeReview", "Export…"), self.ask_and_export)
        self.export_button.setToolTip(translate("AzeReview", "Write the review as a page, or as a file to go on with"))
        self.close_button = _button(translate("AzeReview", "Close"), self.close)
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
        self._shown: Mapping[str, Any] | None = None
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
        self.name.setText(visible(package["site"] or package["file"], 300))
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
        fresh = self._shown is None or any(
            document[key] is not self._shown[key] for key in ("problems", "shares", "sections")
        )
        self._shown = document
        self.overview.show_review(fresh)
        if fresh:
            self.shares.show_shares(document["shares"])
            self.files.show_files()
            self._draw("outline", self.review.wkb, _OUTLINE, Qt.BrushStyle.NoBrush)
        self.fields.show_fields(fresh)
        said = sum(len(comments) for comments in document["comments"].values())
        title = translate("AzeReview", "Fields")
        self.tabs.setTabText(2, f"{title} (→ {figures.number(said)})" if said else title)
        differing = sum(share["class"] == "differs" for share in document["shares"])
        title = translate("AzeReview", "Shares")
        self.tabs.setTabText(
            1, f"{title} ({style.MARKS['problem']} {figures.number(differing)})" if differing else title
        )
        self._show_busy()

    def _draw(self, key: str, wkb: bytes, colour: str, pattern: Qt.BrushStyle) -> None:
        """Draw a shape (WGS 84) on the map in place of the one of that key; none for no WKB."""
        if self._canvas is None:
            return
        before = self._bands.pop(key, None)
        if before is not None:
            self._canvas.scene().removeItem(before)
        shape = shape_of(wkb)
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
        shape = shape_of(self.review.wkb)
        if not shape.isEmpty():
            self._session.zoom_to(shape)

    def add_layer(self) -> QgsVectorLayer | None:
        """Add the boundary to the project, as a layer that lives as long as the project is open."""
        shape = layers.as_multipolygon(shape_of(self.review.wkb))
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


class Overview(PageScroll):
    """What is wrong with the package, what it claims, where it is, and the reviewer's decision."""

    def __init__(self, dialog: ReviewDialog):
        super().__init__(dialog)
        translate = QCoreApplication.translate
        self._dialog = dialog
        self._filling = False
        self.problems = Card(translate("AzeReview", "What is wrong with the package"))
        self._problem_rows = QVBoxLayout()
        self._problem_rows.setSpacing(3)
        self.problems.body.addLayout(self._problem_rows)
        self.claims = Card(translate("AzeReview", "What it claims"))
        self.criteria = TextLabel()
        self.claims.add(self.criteria)
        self.shares = Card(translate("AzeReview", "Shares"))
        self.shares_said = self.shares.add(TextLabel())
        self.shares.buttons.addWidget(
            link(translate("AzeReview", "show ▸"), lambda: dialog.tabs.setCurrentWidget(dialog.shares))
        )
        self.place = Card(translate("AzeReview", "Boundary"))
        self.place_said = self.place.add(TextLabel())
        self.look = self.place.add_button(translate("AzeReview", "Show on the map"), dialog.zoom)
        self.add = self.place.add_button(
            translate("AzeReview", "Add as a layer"),
            dialog.add_layer,
            translate("AzeReview", "A temporary layer, which is gone when the project is closed unless it is saved"),
        )
        self.decision = Card(translate("AzeReview", "Decision"))
        self.outcome = QComboBox()
        self.outcome.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.outcome.setMinimumContentsLength(8)
        self.outcome.setAccessibleName(translate("AzeReview", "Decision"))
        for key, word in (
            ("", translate("AzeReview", "None yet")),
            ("accept", translate("AzeReview", "Accept")),
            ("revise", translate("AzeReview", "Return to the nominator for revision")),
            ("reject", translate("AzeReview", "Decline")),
        ):
            self.outcome.addItem(word, key)
        self.outcome.activated.connect(lambda _row: self.commit())
        self.why = _box(translate("AzeReview", "Why; what has to be done"), 90)
        self.author = QLineEdit(dialog.review.author)
        self.author.setAccessibleName(translate("AzeReview", "Reviewer"))
        self.author.editingFinished.connect(lambda: dialog.review.set_author(self.author.text()))
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(QLabel(translate("AzeReview", "Decision")), self.outcome)
        form.addRow(QLabel(translate("AzeReview", "Reviewer")), self.author)
        self.decision.body.addLayout(form)
        self.decision.add(self.why)
        self.saved = TextLabel(muted=True)
        self.decision.add(self.saved)
        self.decision.add_button(translate("AzeReview", "Add another reviewer's comments…"), dialog.ask_and_merge)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(800)
        self._later.timeout.connect(self.commit)
        self.why.textChanged.connect(self._typed)
        for card in (self.problems, self.shares, self.claims, self.place, self.decision):
            self.layout_.addWidget(card)
        self.layout_.addStretch(1)

    def show_review(self, fresh: bool) -> None:
        """Show the review; ``fresh``: the package was verified anew."""
        document = self._dialog.review.document
        if fresh:
            self._show_problems(document)
            self._show_claims(document)
            self._show_shares(document)
            self._show_place(document)
        decision = document["decision"] or {"outcome": "", "text": ""}
        self._filling = True
        self.outcome.setCurrentIndex(max(0, self.outcome.findData(decision["outcome"])))
        if decision["outcome"] and self.why.toPlainText().strip() != decision["text"].strip():
            self.why.setPlainText(decision["text"])
        self._filling = False

    def commit(self) -> None:
        """Take over the decision as it is written."""
        self._later.stop()
        if self._dialog.review.document is not None:
            self._dialog.review.decide(self.outcome.currentData(), self.why.toPlainText())

    def show_saved(self) -> None:
        """Say where the review was saved."""
        translate = QCoreApplication.translate
        review = self._dialog.review
        if review.save_problem:
            template = translate("AzeReview", "The review could not be saved. {problem}")
            self.saved.setText(template.format(problem=review.save_problem))
        else:
            self.saved.setText(translate("AzeReview", "Saved to {file}.").format(file=review.file))

    def _typed(self) -> None:
        if not self._filling:
            self._later.start()

    def _show_problems(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        while self._problem_rows.count():
            row = self._problem_rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        problems = document["problems"]
        if not problems:
            self.problems.set_state("fine", translate("AzeReview", "nothing"))
            self._problem_rows.addWidget(
                TextLabel(
                    translate(
                        "AzeReview",
                        "Every file is there and as it was packed, all documents are of the right shape, and the "
                        "figures follow from each other.",
                    )
                )
            )
        else:
            self.problems.set_state("problem", figures.number(len(problems)))
        groups = {
            "integrity": translate("AzeReview", "Integrity"),
            "schema": translate("AzeReview", "Shape of the documents"),
            "content": translate("AzeReview", "Content of the nomination"),
            "figures": translate("AzeReview", "Figures"),
        }
        left = _MOST_PROBLEMS
        for key, title in groups.items():
            rows = [problem for problem in problems if problem.get("group", "integrity") == key]
            if rows and left:
                name = TextLabel(f"{title} ({figures.number(len(rows))})")
                name.setFont(style.scaled(self.font(), 1.0, bold=True))
                self._problem_rows.addWidget(name)
            for problem in rows[:left]:
                where = f"{problem['path']}: " if problem["path"] else ""
                said = visible(f"{style.MARKS['problem']} {where}{problem['message']}", 1500)
                self._problem_rows.addWidget(TextLabel(said))
            left -= min(left, len(rows))
        if len(problems) > _MOST_PROBLEMS:
            rest = translate("AzeReview", "And {count} more, which the exported review lists.")
            self._problem_rows.addWidget(
                TextLabel(rest.format(count=figures.number(len(problems) - _MOST_PROBLEMS)), muted=True)
            )
        for note in document["notes"][:_MOST_PROBLEMS]:
            self._problem_rows.addWidget(TextLabel(visible(note["message"], 1500), muted=True))

    def _show_claims(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        claimed = document["verdict"]
        if claimed["verdict"]:
            state = style.state_of(claimed["verdict"])
            self.claims.set_state(state, visible(vocabulary.word("verdict", claimed["verdict"]), 60))
        else:
            self.claims.set_state("empty", translate("AzeReview", "cannot be read"))
        lines = [
            f"{style.MARKS[style.state_of(status)]} {vocabulary.word('criterion', name)}: "
            f"{vocabulary.word('status', status)}"
            for name, status in claimed["criteria"].items()
        ]
        if claimed["a1e"]:
            mark = style.MARKS[style.state_of(claimed["a1e"])]
            word = vocabulary.word("status", claimed["a1e"])
            lines.append(translate("AzeReview", "{mark} KBA criterion A1e: {status}").format(mark=mark, status=word))
        self.criteria.setText(visible("\n".join(lines), 1000))
        self.criteria.setVisible(bool(lines))

    def _show_shares(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        shares = document["shares"]
        counts = {key: sum(share["class"] == key for share in shares) for key in _CLASSES}
        if not shares:
            self.shares.set_state("empty", translate("AzeReview", "none"))
            self.shares_said.setText(translate("AzeReview", "The package has no shares that can be read."))
            return
        if counts["differs"]:
            said = translate("AzeReview", "{count} differ").format(count=figures.number(counts["differs"]))
            self.shares.set_state("problem", said)
        elif counts["cannot"] == len(shares):
            self.shares.set_state("empty", translate("AzeReview", "not recomputed"))
        else:
            self.shares.set_state("fine", translate("AzeReview", "recomputed"))
        words = class_words()
        lines = [f"{figures.number(counts[key])} {words[key]}" for key in _CLASSES if counts[key]]
        library = self._dialog.review.library
        if not library:
            why = translate(
                "AzeReview",
                "No species library is open in the panel, so no share was recomputed. Open yours on the page Data, "
                "then verify again.",
            )
        elif document["generalised"]:
            why = translate("AzeReview", "The boundary is shown by a grid, so shares cannot be recomputed on it.")
        elif counts["cannot"] == len(shares):
            why = translate("AzeReview", "The shares could not be recomputed, because of what is wrong above.")
        else:
            why = translate("AzeReview", "Recomputed with {library}.").format(library=Path(library).name)
        self.shares_said.setText(", ".join(lines) + ".\n" + why)

    def _show_place(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        shape = shape_of(self._dialog.review.wkb)
        there = not shape.isEmpty()
        self.look.setEnabled(there)
        self.add.setEnabled(there)
        if not there:
            self.place.set_state("problem", translate("AzeReview", "cannot be read"))
            self.place_said.setText(translate("AzeReview", "The package has no boundary that can be trusted."))
            return
        area = figures.square_metres(measure.area_m2(shape))
        parts = shape.constGet().numGeometries() if shape.isMultipart() else 1
        said = (
            translate("AzeReview", "{area}, in one part.")
            if parts == 1
            else translate("AzeReview", "{area}, in {count} parts.")
        )
        lines = [said.format(area=area, count=figures.number(parts))]
        if document["generalised"]:
            lines.append(
                translate(
                    "AzeReview", "The nominator shows the place only by a grid: these are its cells, not the site."
                )
            )
        self.place.chip.hide()
        if document["generalised"]:
            self.place.set_state("work", translate("AzeReview", "by a grid"))
        self.place_said.setText("\n".join(lines))


class Shares(QWidget):
    """The shares as claimed and as recomputed, those that differ first."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.only = QCheckBox(translate("AzeReview", "Only what differs"))
        self.only.toggled.connect(lambda _on: self._filter())
        self.note = TextLabel(muted=True)
        self.table = QTreeWidget()
        self.table.setAccessibleName(translate("AzeReview", "Shares, claimed and recomputed"))
        self.table.setRootIsDecorated(False)
        self.table.setAlternatingRowColors(True)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setHeaderLabels(
            [
                translate("AzeReview", "Species"),
                translate("AzeReview", "Claimed"),
                translate("AzeReview", "Here"),
                translate("AzeReview", "Differ."),
                "",
            ]
        )
        header = self.table.headerItem()
        header.setToolTip(2, translate("AzeReview", "Recomputed with your species library"))
        header.setToolTip(3, translate("AzeReview", "Difference in percentage points"))
        for column in (1, 2, 3):
            header.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        view = self.table.header()
        view.setStretchLastSection(False)
        view.setMinimumSectionSize(28)
        view.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3, 4):
            view.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.only)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        self._shares: Sequence[Mapping[str, Any]] = ()

    def show_shares(self, shares: Sequence[Mapping[str, Any]]) -> None:
        """Show the shares of a review."""
        translate = QCoreApplication.translate
        order = list(_CLASSES)
        self._shares = sorted(shares, key=lambda s: (order.index(s["class"]), s["scientific_name"]))[:_MOST_ROWS]
        self.note.setText("")
        if not shares:
            self.note.setText(translate("AzeReview", "The package has no shares that can be read."))
        elif len(shares) > _MOST_ROWS:
            rest = translate("AzeReview", "And {count} more, which the exported review lists.")
            self.note.setText(rest.format(count=figures.number(len(shares) - _MOST_ROWS)))
        self._fill()

    def _fill(self) -> None:
        self.table.clear()
        narrow = self.width() < _NARROW
        words = class_words()
        for share in self._shares:
            state = _CLASSES[share["class"]]
            by = f"{vocabulary.word('parameter', share['parameter'])}, {vocabulary.word('segment', share['segment'])}"
            mark = style.MARKS[state]
            item = QTreeWidgetItem(
                [
                    f"{visible(share['scientific_name'], 120)}\n{visible(by, 80)}",
                    _share(share["claimed"]),
                    _share(share["recomputed"]),
                    _points(share["difference"]) if share["class"] in ("differs", "rounding") else "",
                    mark if narrow else f"{mark} {words[share['class']]}",
                ]
            )
            for column in (1, 2, 3):
                item.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            item.setToolTip(4, words[share["class"]])
            item.setData(4, Qt.ItemDataRole.AccessibleTextRole, words[share["class"]])
            item.setData(0, Qt.ItemDataRole.UserRole, share["class"])
            colour = style.colour(state, self.palette())
            if share["class"] != "cannot":
                item.setForeground(4, colour)
            if share["class"] == "differs":
                ground = QColor(colour)
                ground.setAlpha(38)
                bold = style.scaled(self.font(), 1.0, bold=True)
                for column in range(5):
                    item.setBackground(column, ground)
                for column in (2, 3):
                    item.setFont(column, bold)
                item.setForeground(3, colour)
            self.table.addTopLevelItem(item)
        self._filter()

    def _filter(self) -> None:
        for n in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(n)
            item.setHidden(self.only.isChecked() and item.data(0, Qt.ItemDataRole.UserRole) != "differs")

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() < _NARROW) != (event.size().width() < _NARROW):
            self._fill()

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.table is not None:
            self._fill()


class Fields(QWidget):
    """Every field of the nomination by section; what is chosen is shown whole, with its comments and a box for one."""

    def __init__(self, review: Review, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._review = review
        self._items: dict[str, Any] = {}
        self._fields: dict[str, tuple[str, Any]] = {}
        self._pointer: str | None = None
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(translate("AzeReview", "Filter…"))
        self.search.setAccessibleName(translate("AzeReview", "Filter fields"))
        self.search.textChanged.connect(lambda _said: self._filter())
        self.only = QCheckBox(translate("AzeReview", "With comments"))
        self.only.toggled.connect(lambda _on: self._filter())
        filters = QHBoxLayout()
        filters.addWidget(self.search, 1)
        filters.addWidget(self.only)
        self.rows = PlainRows(translate("AzeReview", "Fields"))
        self.rows.currentItemChanged.connect(self._choose)

        self.label = TextLabel()
        self.label.setFont(style.scaled(self.font(), 1.0, bold=True))
        self.value = _box("", 84)
        self.value.setReadOnly(True)
        self.value.setAccessibleName(translate("AzeReview", "Value of the field"))
        self._said = QVBoxLayout()
        self._said.setSpacing(2)
        self.box = _box(translate("AzeReview", "Your comment on this field"), 76)
        self.box.textChanged.connect(self._show_button)
        self.add = _button(translate("AzeReview", "Add the comment"), self.commit)
        self.add.setToolTip(translate("AzeReview", "Also done when another field is chosen. Ctrl+Enter"))
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self.box)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(self.commit)
        inside = PageScroll()
        inside.layout_.setContentsMargins(0, 4, 0, 0)
        inside.layout_.setSpacing(4)
        inside.layout_.addWidget(self.label)
        inside.layout_.addWidget(self.value)
        inside.layout_.addLayout(self._said)
        inside.layout_.addWidget(self.box)
        row = FlowLayout()
        row.addWidget(self.add)
        inside.layout_.addLayout(row)
        inside.layout_.addStretch(1)
        self.pane = inside
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.rows)
        self.split.addWidget(self.pane)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addLayout(filters)
        layout.addWidget(self.split, 1)
        self._show_button()

    def show_fields(self, fresh: bool) -> None:
        """Show the review's fields; not ``fresh``: only the comments are others."""
        if fresh:
            self._fill()
        document = self._review.document
        for pointer, item in self._items.items():
            label, value = self._fields[pointer]
            self.rows.set_row(item, self._row(label, value, document["comments"].get(pointer, ())))
        self.rows.scheduleDelayedItemsLayout()
        self._filter()
        self._show_comments()

    def _fill(self) -> None:
        translate = QCoreApplication.translate
        document = self._review.document
        self.rows.blockSignals(True)
        self.rows.clear()
        self._items, self._fields = {}, {}
        whole = translate("AzeReview", "The nomination as a whole")
        self._put(_WHOLE, whole, "", None)
        known = set()
        for section in document["sections"]:
            fields = section["fields"]
            title = section["title"] or translate("AzeReview", "General")
            top = self.rows.add_section(f"{title} ({figures.number(len(fields))})")
            for entry in fields[:_MOST_ROWS]:
                known.add(entry["pointer"])
                self._put(entry["pointer"], entry["label"].removeprefix(f"{title}: "), entry["value"], top)
            if len(fields) > _MOST_ROWS:
                rest = translate("AzeReview", "And {count} more, which the exported review lists.")
                item = self.rows.add_row(Row(rest.format(count=figures.number(len(fields) - _MOST_ROWS))), None, top)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        lost = [pointer for pointer in document["comments"] if pointer not in known and pointer != _WHOLE]
        if lost:
            top = self.rows.add_section(translate("AzeReview", "Comments on fields that are not there"))
            for pointer in lost[:_MOST_ROWS]:
                self._put(pointer, pointer, "", top)
        self.rows.blockSignals(False)
        self.rows.setCurrentItem(self._items.get(self._pointer or _WHOLE, self._items[_WHOLE]))

    def _put(self, pointer: str, label: str, value: Any, section) -> None:
        # A hostile package may have a pointer twice: the first one is commented on.
        item = self.rows.add_row(self._row(label, value, ()), pointer, section)
        self._items.setdefault(pointer, item)
        self._fields.setdefault(pointer, (label, value))

    @staticmethod
    def _row(label: str, value: Any, comments: Sequence[Mapping[str, Any]]) -> Row:
        below = [" · ".join(filter(None, (said["text"], said["author"]))) for said in comments]
        return Row(label, "" if value == "" else _value(value), (), below)

    def reach(self, pointer: str) -> None:
        """Choose a field."""
        if pointer in self._items:
            self.rows.setCurrentItem(self._items[pointer])
            self.rows.scrollToItem(self._items[pointer])

    def commit(self) -> None:
        """Take over the comment that is being written."""
        said = self.box.toPlainText().strip()
        if said and self._pointer is not None:
            self.box.clear()
            self._review.comment(self._pointer, said)

    def _choose(self, item, _before=None) -> None:
        pointer = self.rows.key_of(item)
        if item is None or self.rows.row_of(item) is None or pointer is None:
            return
        if pointer != self._pointer:
            self.commit()
        self._pointer = pointer
        label, value = self._fields[pointer]
        self.label.setText(visible(label, 300))
        shown = _value(value) if value != "" else ""
        self.value.setPlainText(visible(shown))
        self.value.setVisible(bool(shown))
        self._show_comments()

    def _show_comments(self) -> None:
        translate = QCoreApplication.translate
        while self._said.count():
            row = self._said.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        document = self._review.document
        if document is None or self._pointer is None:
            return
        for n, said in enumerate(document["comments"].get(self._pointer, ())):
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            signed = ", ".join(filter(None, (said["author"], said["date"][:10])))
            line.addWidget(TextLabel(visible(f"→ {said['text']}\n{signed}", 4000)), 1)
            drop = link("✕", lambda n=n: self._remove(n), translate("AzeReview", "Remove the comment"))
            drop.setAccessibleName(translate("AzeReview", "Remove the comment"))
            line.addWidget(drop, 0, Qt.AlignmentFlag.AlignTop)
            self._said.addWidget(row)

    def _remove(self, number: int) -> None:
        # The row that was clicked is taken away only after its click is over.
        pointer = self._pointer
        QTimer.singleShot(0, lambda: self._review.remove_comment(pointer, number))

    def _show_button(self) -> None:
        self.add.setEnabled(bool(self.box.toPlainText().strip()))

    def _filter(self) -> None:
        words = self.search.text().casefold().split()

        def fits(item) -> bool:
            said = item.text(0).casefold()
            row = self.rows.row_of(item)
            return all(word in said for word in words) and (not self.only.isChecked() or bool(row and row.below))

        self.rows.filter(fits)


class Files(QWidget):
    """The files of the package. They are never opened from here; a copy can be saved."""

    def __init__(self, review: Review, say, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._review, self._say = review, say
        self.note = TextLabel(
            translate(
                "AzeReview",
                "None of these files is opened here. A copy that you save is as its sender made it: open it with the "
                "same care as a file from a mail.",
            ),
            muted=True,
        )
        self.rows = PlainRows(translate("AzeReview", "Files"))
        self.rows.setRootIsDecorated(False)
        self.rows.currentItemChanged.connect(lambda *_: self.save.setEnabled(self.rows.currentItem() is not None))
        self.save = _button(translate("AzeReview", "Save a copy…"), self.ask_and_save)
        self.save.setEnabled(False)
        row = FlowLayout()
        row.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.note)
        layout.addWidget(self.rows, 1)
        layout.addLayout(row)

    def show_files(self) -> None:
        """List the files that were unpacked."""
        translate = QCoreApplication.translate
        self.rows.clear()
        files = self._review.files
        for name, size in files:
            self.rows.add_row(Row(figures.file_size(size), name), name)
        if not files:
            item = self.rows.add_row(
                Row("", translate("AzeReview", "Nothing was unpacked, because the package is not safe to unpack."))
            )
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        elif len(files) >= MOST_FILES:
            item = self.rows.add_row(Row("", translate("AzeReview", "More files are not listed.")))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.save.setEnabled(False)

    def ask_and_save(self) -> None:
        """Ask where to, and copy the chosen file there."""
        name = self.rows.key_of(self.rows.currentItem())
        if not isinstance(name, str):
            return
        suggested = str(Path(self._review.package).parent / Path(name).name)
        target, _ = QFileDialog.getSaveFileName(self, QCoreApplication.translate("AzeReview", "Save a copy"), suggested)
        if not target:
            return
        try:
            self._review.save_copy(name, target)
        except AzeError as error:
            self._say(text(error.code, error.params))


class Changes(QWidget):
    """Two versions of the nomination beside each other."""

    def __init__(self, dialog: ReviewDialog):
        super().__init__(dialog)
        translate = QCoreApplication.translate
        self._dialog = dialog
        self.versions: tuple[str, str] | None = None
        self.head = TextLabel(
            translate(
                "AzeReview",
                "Choose another version of this nomination to see which fields, shares and parts of the boundary "
                "changed.",
            )
        )
        self.swap = link(translate("AzeReview", "⇄ the other way round"), self._swap)
        self.swap.hide()
        self.ask = _button(translate("AzeReview", "Compare with…"), dialog.ask_and_compare)
        self.gained, self.lost = TextLabel(), TextLabel()
        self._keys = QWidget()
        form = QFormLayout(self._keys)
        form.setContentsMargins(0, 0, 0, 0)
        for label, look in ((self.gained, GAINED), (self.lost, LOST)):
            key = QLabel()
            key.setPixmap(hatched(*look))
            form.addRow(key, label)
        self._keys.hide()
        self.rows = PlainRows(translate("AzeReview", "Changes"))
        self.rows.hide()
        row = FlowLayout()
        row.addWidget(self.ask)
        row.addWidget(self.swap)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.head)
        layout.addLayout(row)
        layout.addWidget(self._keys)
        layout.addWidget(self.rows, 1)
        layout.addStretch(0)

    def _swap(self) -> None:
        if self.versions is not None:
            before, after = self.versions
            self._dialog.compare(after, before)

    def show_comparison(self, comparison: Mapping[str, Any]) -> None:
        """Show an ``aze-comparison/1`` document."""
        translate = QCoreApplication.translate
        lines = [
            translate("AzeReview", "{before} → {after}").format(
                before=comparison["before"]["file"], after=comparison["after"]["file"]
            )
        ]
        for side in ("before", "after"):
            if not comparison[side]["valid"]:
                said = translate("AzeReview", "{file} is not sound; what is told of it may be untrue.")
                lines.append(f"{style.MARKS['problem']} {said.format(file=comparison[side]['file'])}")
        verdicts = [comparison[side]["verdict"] for side in ("before", "after")]
        if verdicts[0] != verdicts[1]:
            words = [vocabulary.word("verdict", v) if v else "–" for v in verdicts]
            lines.append(translate("AzeReview", "Verdict: {before} → {after}").format(before=words[0], after=words[1]))
        lines += self._show_boundary(comparison["boundary"])
        self.head.setText(visible("\n".join(lines), 2000))
        self.swap.show()
        self.rows.show()
        self.rows.clear()
        self._show_shares(comparison["shares"])
        self._show_fields(comparison["fields"])
        self._show_files(comparison["files"])
        if not self.rows.topLevelItemCount():
            nothing = translate("AzeReview", "No field, no share and no file of evidence changed.")
            self.rows.add_row(Row("", nothing)).setFlags(Qt.ItemFlag.ItemIsEnabled)

    def _show_boundary(self, boundary: Mapping[str, Any]) -> list[str]:
        """Show what the boundary gained and lost; lines to say where there is no such thing."""
        translate = QCoreApplication.translate
        self._keys.setVisible("cannot" not in boundary and not boundary["same"])
        if boundary.get("cannot") == "generalised":
            return [
                translate("AzeReview", "The boundaries cannot be compared, because a generalised one shows only cells.")
            ]
        if "cannot" in boundary:
            return [translate("AzeReview", "The boundaries cannot be compared, because one of them cannot be read.")]
        if boundary["same"]:
            return [translate("AzeReview", "The boundary is the same.")]
        for label, template, key in (
            (self.gained, translate("AzeReview", "Gained: {area}"), "gained_ha"),
            (self.lost, translate("AzeReview", "Lost: {area}"), "lost_ha"),
        ):
            nothing = translate("AzeReview", "nothing")
            label.setText(template.format(area=figures.hectares(boundary[key]) if boundary[key] else nothing))
        before, after = (figures.hectares(boundary[key]) for key in ("before_ha", "after_ha"))
        return [translate("AzeReview", "Area: {before} → {after}").format(before=before, after=after)]

    def _section(self, title: str, count: int):
        return self.rows.add_section(f"{title} ({figures.number(count)})")

    def _rest(self, count: int, top) -> None:
        if count > _MOST_ROWS:
            rest = QCoreApplication.translate("AzeReview", "And {count} more, which the exported review lists.")
            item = self.rows.add_row(Row(rest.format(count=figures.number(count - _MOST_ROWS))), None, top)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)

    def _show_shares(self, shares: Sequence[Mapping[str, Any]]) -> None:
        translate = QCoreApplication.translate
        changed = [s for s in shares if s["difference"] is None or abs(s["difference"]) > 1e-9]
        if not changed:
            return
        top = self._section(translate("AzeReview", "Shares that changed"), len(changed))
        for share in changed[:_MOST_ROWS]:
            by = f"{vocabulary.word('parameter', share['parameter'])}, {vocabulary.word('segment', share['segment'])}"
            change = _points(share["difference"])
            said = f"{_share(share['before'])} → {_share(share['after'])}"
            tag = Tag(translate("AzeReview", "{points} points").format(points=change), "work", "≠") if change else None
            head = f"{share['scientific_name']} · {by}"
            self.rows.add_row(Row(head, said, (tag,) if tag else (), (), True), None, top)
        self._rest(len(changed), top)

    def _show_fields(self, fields: Sequence[Mapping[str, Any]]) -> None:
        translate = QCoreApplication.translate
        if not fields:
            return
        words = kind_words()
        top = self._section(translate("AzeReview", "Fields"), len(fields))
        for entry in fields[:_MOST_ROWS]:
            head = f"{entry['label']} ({entry['row']})" if entry["row"] else entry["label"]
            old, new = _value(entry["before"]), _value(entry["after"])
            if entry["kind"] == "added":
                body = new
            elif entry["kind"] == "removed":
                body = old
            elif len(old) + len(new) < 60 and "\n" not in old + new:
                body = f"{old} → {new}"
            else:
                body = f"{visible(old, 290)}\n→ {visible(new, 290)}"
            state, mark = _KINDS[entry["kind"]]
            self.rows.add_row(Row(head, body, [Tag(words[entry["kind"]], state, mark)]), None, top)
        self._rest(len(fields), top)

    def _show_files(self, files: Sequence[Mapping[str, Any]]) -> None:
        if not files:
            return
        words = kind_words()
        top = self._section(QCoreApplication.translate("AzeReview", "Files of evidence"), len(files))
        for entry in files[:_MOST_ROWS]:
            state, mark = _KINDS[entry["kind"]]
            self.rows.add_row(Row("", entry["path"], [Tag(words[entry["kind"]], state, mark)]), None, top)
        self._rest(len(files), top)


# ------------------------------------------------------------------------------------------------------- small parts


def shape_of(wkb: bytes) -> QgsGeometry:
    """A geometry of WKB; a null one of none."""
    shape = QgsGeometry()
    if wkb:
        shape.fromWkb(wkb)
    return shape


def class_words() -> dict[str, str]:
    """What is said of a share that was recomputed."""
    translate = QCoreApplication.translate
    return {
        "differs": translate("AzeReview", "differs"),
        "cannot": translate("AzeReview", "not compared"),
        "rounding": translate("AzeReview", "the same but for rounding"),
        "same": translate("AzeReview", "the same"),
    }


def kind_words() -> dict[str, str]:
    """What became of a field or a file."""
    translate = QCoreApplication.translate
    return {
        "added": translate("AzeReview", "added"),
        "removed": translate("AzeReview", "removed"),
        "changed": translate("AzeReview", "changed"),
    }


def _button(title: str, on_click) -> QPushButton:
    button = QPushButton(title)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: on_click())
    return button


def _box(placeholder: str, height: int) -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setPlaceholderText(placeholder)
    box.setAccessibleName(placeholder)
    box.setTabChangesFocus(True)
    box.setFixedHeight(height)
    return box


def _share(value: float | None) -> str:
    return "–" if value is None or not -1e6 < value < 1e6 else figures.percent(value, 2)


def _points(change: float | None) -> str:
    """A difference of shares in percentage points, with its sign and as many decimals as show that there is one."""
    if change is None or not -1e6 < change < 1e6 or abs(change) < 1e-12:
        return ""
    points = 100 * change
    decimals = next((n for n in (1, 2, 3, 4) if abs(points) >= 0.5 * 10.0**-n), 4)
    return f"{'+' if points > 0 else _MINUS}{figures.number(abs(points), decimals)}"


def _value(value: Any) -> str:
    translate = QCoreApplication.translate
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return translate("AzeReview", "yes") if value else translate("AzeReview", "no")
    return figures.written(value) if isinstance(value, (int, float)) else str(value)
