"""Shows what a change of the boundary would do before it is made: fitting it to edges, or taking in what lies outside.

Both run their Processing algorithm in the background. What it proposes is listed, drawn beside the boundary as it is
and on the map, and held against the shares; one click makes it one undoable step.
"""

from __future__ import annotations

import math

from qgis.core import QgsFeature, QgsGeometry, QgsMapLayer, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .. import paths
from ..domain.errors import AzeError
from ..services import figures
from ..services.vocabulary import word
from ..services.wording import text
from . import layers, messages, style
from .reported_run import ReportedRun
from .widgets.basics import TextLabel
from .widgets.busy import BusyStrip
from .widgets.preview import Outline

_KEY = "fit"
_EXTENT = Qt.ItemDataRole.UserRole
# Shares that differ by less are the same but for rounding.
_SAME_SHARE = 1e-6
_ROLES = ("protected", "sites", "edges")


class ChangeDialog(QDialog):
    """What a proposed boundary changes: sentences with places, before and after, shares; "Apply" takes it over.

    Subclasses fill ``self.head`` and call ``look``. Closing stops what is under way and clears the map.
    """

    def __init__(self, session, title: str, apply: str, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.report: dict | None = None
        self.after: QgsGeometry | None = None
        self._looked_at: tuple = ()
        self._bands: list[QgsRubberBand] = []
        self.setWindowTitle(title)
        self.head = QVBoxLayout()
        self.note = TextLabel()
        self.changes = QListWidget()
        self.changes.setWordWrap(True)
        self.changes.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.changes.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.changes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.changes.setAlternatingRowColors(True)
        self.changes.itemActivated.connect(self._zoom)
        self.changes.itemClicked.connect(self._zoom)
        self.drawings = QWidget()
        self._drawn = QHBoxLayout(self.drawings)
        self._drawn.setContentsMargins(4, 4, 4, 4)
        self.shares = _tree([translate("AzeFit", "Taxon"), translate("AzeFit", "Now"), translate("AzeFit", "Then")])
        self.tabs = QTabWidget()
        self.tabs.addTab(self.changes, translate("AzeFit", "Changes"))
        self.tabs.addTab(self.drawings, translate("AzeFit", "Drawing"))
        self.tabs.addTab(self.shares, translate("AzeFit", "Shares"))
        self.busy = BusyStrip()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.apply = self.buttons.addButton(apply, QDialogButtonBox.ButtonRole.ActionRole)
        self.apply.setAutoDefault(False)
        self.apply.clicked.connect(self.take_over)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(self.head)
        layout.addWidget(self.note)
        layout.addWidget(self.tabs, 100)
        # Takes the room of what is not shown yet.
        layout.addStretch(1)
        layout.addWidget(self.busy)
        layout.addWidget(self.buttons)
        self.resize(460, 560)
        stopped = translate("AzeFit", "Stopped; nothing was changed.")
        self.run = ReportedRun(session, _KEY, self.busy, self.note, stopped, self._show_state)
        session.candidateEdited.connect(self._boundary_changed)
        session.candidatesChanged.connect(self._boundary_changed)
        self._show_state()

    # ------------------------------------------------------------------------------------------------------- doing

    def look(self, algorithm: str, parameters: dict, title: str) -> None:
        """Run an algorithm that takes BOUNDARY and gives OUTPUT and REPORT, and show what it proposes."""
        candidates = self.session.candidates
        boundary = candidates.geometry()
        if boundary is None:
            return
        self._forget()
        self._looked_at = self._version()
        snapshot = layers.snapshot([(candidates.current, boundary)])
        self.run.start(
            algorithm,
            {"BOUNDARY": snapshot, **parameters},
            title,
            lambda found, report: self._looked(boundary, found, report),
        )

    def take_over(self) -> None:
        """Give the candidate the proposed boundary, as one undoable step."""
        if self.after is None or self._looked_at != self._version():
            return
        after = self.after
        self._forget()
        why = QCoreApplication.translate("AzeVersions", "Before: {step}").format(step=self.windowTitle())
        try:
            # It comes as it is to be stored, exactly on the edges that it shares with sites.
            self.session.candidates.replace_boundary(after, exact=True, why=why)
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.WARNING)
            return
        self.accept()

    def done(self, result: int) -> None:
        """Close, stop what is under way, and clear the map."""
        self.run.close()
        self._clear_map()
        self.session.candidateEdited.disconnect(self._boundary_changed)
        self.session.candidatesChanged.disconnect(self._boundary_changed)
        super().done(result)

    def _version(self) -> tuple:
        candidates = self.session.candidates
        return candidates.current, candidates.version(candidates.current)

    def _looked(self, before: QgsGeometry, found: list[QgsFeature], document: dict) -> None:
        feature = found[0] if found else None
        self.report = document["boundaries"][0] if document.get("boundaries") else document
        if feature is None or self._looked_at != self._version():
            self._boundary_changed()
            return
        after = feature.geometry()
        if not after.equals(before):
            self.after = after
        self._fill(before, after)

    def _boundary_changed(self, *_args) -> None:
        if self._looked_at and not self.run.is_running and self._looked_at != self._version():
            self._forget()
            self.run.warn(QCoreApplication.translate("AzeFit", "The boundary has changed since: look again."))
            self._show_state()

    # ----------------------------------------------------------------------------------------------------- showing

    def _forget(self) -> None:
        self.report = self.after = None
        self._looked_at = ()
        self.changes.clear()
        self.shares.clear()
        while self._drawn.count():
            widget = self._drawn.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        self._clear_map()

    def _show_state(self) -> None:
        self.apply.setEnabled(self.after is not None and not self.run.is_running)
        self.tabs.setVisible(self.report is not None)

    def sentences(self) -> list[dict]:
        """What is said, as findings with their sentences: warnings first."""
        told = [*self.report.get("findings", ()), *self.report.get("changes", ())]
        return sorted(told, key=lambda finding: finding["severity"] == "info")

    def _fill(self, before: QgsGeometry, after: QgsGeometry) -> None:
        translate = QCoreApplication.translate
        for finding in self.sentences():
            mark = style.MARKS["fine" if finding["severity"] == "info" else "work"]
            item = QListWidgetItem(f"{mark} {finding['message']}")
            item.setData(_EXTENT, finding["params"].get("extent"))
            self.changes.addItem(item)
        extent = before.boundingBox()
        extent.combineExtentWith(after.boundingBox())
        for title, shape, area in (
            (translate("AzeFit", "Now"), before, self.report["area_before_ha"]),
            (translate("AzeFit", "Then"), after, self.report["area_after_ha"]),
        ):
            column = QWidget()
            inside = QVBoxLayout(column)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(TextLabel(title))
            inside.addWidget(Outline(shape, extent, (), after if shape is before else before), 1)
            inside.addWidget(TextLabel(figures.hectares(area), muted=True))
            self._drawn.addWidget(column, 1)
        self._fill_shares()
        self.note.setText(self.summary())
        self._show_on_map(before, after)

    def summary(self) -> str:
        """One line on what the proposal comes to."""
        raise NotImplementedError

    def _fill_shares(self) -> None:
        translate = QCoreApplication.translate
        rows = self.report.get("shares")
        if not rows:
            said = (
                translate("AzeFit", "Open a species library to see what the change means for taxa.")
                if rows is None
                else translate("AzeFit", "No taxon of the library lives here.")
            )
            item = QTreeWidgetItem([said])
            self.shares.addTopLevelItem(item)
            item.setFirstColumnSpanned(True)
            return
        heads: dict[str, QTreeWidgetItem] = {}
        for row in sorted(rows, key=_share_order):
            name = f"{row['scientific_name']} ({row['category']})"
            head = heads.get(row["taxon_id"])
            if head is None:
                heads[row["taxon_id"]] = head = self._head(name, row)
            what = f"{word('parameter', row['parameter'])}, {word('segment', row['segment'])}"
            shown = [figures.percent(row[side] or 0.0) for side in ("share_before", "share_after")]
            item = QTreeWidgetItem([what, *shown])
            item.setToolTip(0, f"{name}: {what}")
            for column in (1, 2):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if _moved(row):
                font = item.font(2)
                font.setBold(True)
                item.setFont(2, font)
            head.addChild(item)
        self.shares.expandAll()

    def _head(self, name: str, row: dict) -> QTreeWidgetItem:
        """The row of a taxon: whether it triggers the site now, and then."""
        translate = QCoreApplication.translate
        said = [translate("AzeFit", "triggers") if row[side] else "" for side in ("triggers_before", "triggers_after")]
        head = QTreeWidgetItem([name, *said])
        head.setToolTip(0, name)
        for column in (1, 2):
            head.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.shares.addTopLevelItem(head)
        return head

    def _zoom(self, item: QListWidgetItem) -> None:
        extent = item.data(_EXTENT)
        if extent:
            self.session.zoom_to(list(extent))

    def _show_on_map(self, before: QgsGeometry, after: QgsGeometry) -> None:
        if self.session.iface is None or self.session.iface.mapCanvas() is None:
            return
        canvas = self.session.iface.mapCanvas()
        for shape, colour, pattern in (
            (before, style.ORANGE, Qt.PenStyle.DashLine),
            (after, style.BLUE, Qt.PenStyle.SolidLine),
        ):
            band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
            line = QColor(colour)
            band.setStrokeColor(line)
            band.setFillColor(QColor(0, 0, 0, 0))
            band.setLineStyle(pattern)
            band.setWidth(2)
            band.setToGeometry(shape, layers.LONLAT)
            self._bands.append(band)

    def _clear_map(self) -> None:
        for band in self._bands:
            band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
            scene = band.scene()
            if scene is not None:
                scene.removeItem(band)
        self._bands.clear()


class FitDialog(ChangeDialog):
    """Layers, tolerance and simplifying to choose; fits the current candidate by ``aze:fitboundary``."""

    def __init__(self, session, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(
            session, translate("AzeFit", "Snap the boundary to mapped edges"), translate("AzeFit", "Apply"), parent
        )
        rules = paths.load_json("criteria", "aze.json")["fitting"]
        self.layers = QListWidget()
        self.layers.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.layers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.layers.setAccessibleName(translate("AzeFit", "Edges to snap to"))
        for layer in _edge_layers(session):
            item = QListWidgetItem(layer.name())
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            known = layers.role_of(layer) in _ROLES
            item.setCheckState(Qt.CheckState.Checked if known else Qt.CheckState.Unchecked)
            item.setData(Qt.ItemDataRole.UserRole, layer.id())
            item.setToolTip(layer.name())
            self.layers.addItem(item)
        self.layers.setVisible(self.layers.count() > 0)
        rows = min(5, max(2, self.layers.count()))
        self.layers.setFixedHeight(rows * max(20, self.layers.sizeHintForRow(0)) + 2 * self.layers.frameWidth() + 2)
        self.tolerance = _metres(rules["tolerance_m"], 0.1)
        self.tolerance.setToolTip(translate("AzeFit", "How far the outline may move to an edge"))
        self.simplify = _metres(rules["simplify_m"], 0.0)
        self.simplify.setSpecialValueText(translate("AzeFit", "not at all"))
        self.simplify.setToolTip(
            translate("AzeFit", "How far vertices on no edge may move when there are fewer of them")
        )
        self.start = QPushButton(translate("AzeFit", "Look for changes"))
        self.start.setDefault(True)
        self.start.clicked.connect(self.look_for_changes)
        form = QFormLayout()
        form.addRow(translate("AzeFit", "Tolerance"), self.tolerance)
        form.addRow(translate("AzeFit", "Simplify"), self.simplify)
        heading = QLabel(translate("AzeFit", "Edges to snap to"))
        heading.setVisible(self.layers.count() > 0)
        self.head.addWidget(heading)
        self.head.addWidget(self.layers)
        self.head.addLayout(form)
        self.head.addWidget(self.start, 0, Qt.AlignmentFlag.AlignRight)
        self.layers.itemChanged.connect(self._choices_changed)
        self.tolerance.valueChanged.connect(self._choices_changed)
        self.simplify.valueChanged.connect(self._choices_changed)
        self._choices_changed()

    def look_for_changes(self) -> None:
        """Find out what fitting to the chosen layers would change."""
        self.look("aze:fitboundary", self.parameters(), QCoreApplication.translate("AzeFit", "Fitting the boundary"))

    def parameters(self) -> dict:
        """The choices as parameters of the algorithm."""
        session = self.session
        chosen = [session.project.mapLayer(i) for i in self._chosen()]
        by_role = {
            role: [layer for layer in chosen if layer is not None and layers.role_of(layer) == role] for role in _ROLES
        }
        edges = [layer for layer in chosen if layer is not None and layers.role_of(layer) not in ("protected", "sites")]
        given: dict = {"TOLERANCE": self.tolerance.value(), "SIMPLIFY": self.simplify.value()}
        if by_role["protected"]:
            given["PROTECTED"] = by_role["protected"]
        sites = by_role["sites"]
        if sites and session.candidates.updated_site():
            # The site that is updated is no neighbour: its edges are taken, but its land stays.
            edges += sites
        else:
            given |= session.sources.site_parameters(without=[s for s in session.sources.site_layers if s not in sites])
        if edges:
            given["EDGES"] = edges
        if session.sources.library_path and not session.sources.library_problem:
            given["LIBRARY"] = session.sources.library_path
        return given

    def summary(self) -> str:
        translate = QCoreApplication.translate
        report = self.report
        if self.after is None:
            return translate("AzeFit", "Nothing to change: {share} of the outline lies on these edges already.").format(
                share=figures.percent(report["on_edges_share"])
            )
        count = len(report["changes"])
        said = (
            translate("AzeFit", "One change; {area} changes sides, {share} of the outline is on these edges then.")
            if count == 1
            else translate(
                "AzeFit", "{count} changes; {area} changes sides, {share} of the outline is on these edges then."
            )
        )
        return said.format(
            count=figures.number(count),
            area=figures.square_metres(report["moved_m2"]),
            share=figures.percent(report["on_edges_share"]),
        )

    def _chosen(self) -> list[str]:
        items = [self.layers.item(row) for row in range(self.layers.count())]
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]

    def _choices_changed(self, *_args) -> None:
        """What was found is of the choices before."""
        translate = QCoreApplication.translate
        self.run.drop()
        self._forget()
        self.simplify.setMaximum(self.tolerance.value())
        lacking = not self._chosen()
        self.start.setEnabled(not lacking and self.session.candidates.geometry() is not None)
        if self.layers.count() == 0:
            self.note.setText(
                translate(
                    "AzeFit",
                    "This project has no layer of lines or polygons to snap to. Open protected areas, sites, rivers "
                    "or borders first.",
                )
            )
        elif lacking:
            self.note.setText(translate("AzeFit", "Choose at least one layer."))
        else:
            self.note.setText(translate("AzeFit", "Every change is listed before anything is changed."))
        self._show_state()


class IncludeDialog(ChangeDialog):
    """Takes a part of a taxon's world into the current candidate by ``aze:includepart``.

    ``basis``: 0 the first known, 1 range, 2 habitat, 3 records; ``number``: of the part, or ``place``: lon/lat in it.
    """

    def __init__(
        self,
        session,
        taxon: str,
        basis: int = 0,
        segment: str = "",
        number: int = 1,
        place: tuple[float, float] | None = None,
        parent: QWidget | None = None,
    ):
        translate = QCoreApplication.translate
        super().__init__(session, translate("AzeFit", "Include what lies outside"), translate("AzeFit", "Add"), parent)
        self.taxon = taxon
        self._wish: dict = {"TAXON": taxon, "BASIS": basis, "SEGMENT": segment, "PART": number}
        if place is not None:
            self._wish["PLACE"] = f"{place[0]},{place[1]} [EPSG:4326]"
        self.head.addWidget(TextLabel(taxon))

    def look_for_changes(self) -> None:
        """Find out by what the part could come in."""
        session = self.session
        given = {**self._wish, "LIBRARY": session.sources.library_path, **session.sources.site_parameters()}
        polygon = QgsWkbTypes.GeometryType.PolygonGeometry
        units = [
            layer
            for layer in (*session.sources.protected_layers, *session.sources.edge_layers)
            if layer.geometryType() == polygon
        ]
        if units:
            given["UNITS"] = units
        self.look("aze:includepart", given, QCoreApplication.translate("AzeFit", "Looking for the smallest addition"))

    def summary(self) -> str:
        if self.after is None:
            return QCoreApplication.translate("AzeFit", "Nothing to add.")
        more = self.report["area_after_ha"] - self.report["area_before_ha"]
        return QCoreApplication.translate("AzeFit", "The boundary grows by {area}.").format(area=figures.hectares(more))


def _edge_layers(session) -> list[QgsVectorLayer]:
    """Layers of the project with lines or polygons that are not the plugin's own outcome; those it knows first."""
    kinds = (QgsWkbTypes.GeometryType.LineGeometry, QgsWkbTypes.GeometryType.PolygonGeometry)
    found = [
        layer
        for layer in session.project.mapLayers().values()
        if layer.type() == QgsMapLayer.LayerType.VectorLayer
        and layer.isValid()
        and layer.geometryType() in kinds
        and layers.role_of(layer) not in ("candidates", "gaps")
    ]
    return sorted(found, key=lambda layer: (layers.role_of(layer) not in _ROLES, layer.name().lower()))


def _tree(columns: list[str]) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setRootIsDecorated(False)
    tree.setIndentation(12)
    tree.setAlternatingRowColors(True)
    tree.setHeaderLabels(columns)
    tree.header().setStretchLastSection(False)
    for column in range(len(columns)):
        mode = QHeaderView.ResizeMode.ResizeToContents if column else QHeaderView.ResizeMode.Stretch
        tree.header().setSectionResizeMode(column, mode)
    return tree


def _metres(value: float, least: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(1)
    box.setRange(least, 10_000.0)
    box.setSingleStep(10.0)
    box.setSuffix(" m")
    box.setValue(value)
    return box


def _moved(row: dict) -> bool:
    before, after = row["share_before"] or 0.0, row["share_after"] or 0.0
    return not math.isclose(before, after, rel_tol=0.0, abs_tol=_SAME_SHARE)


def _share_order(row: dict) -> tuple:
    """Taxa first that begin or cease to trigger, then those that trigger."""
    gained = row["triggers_before"] != row["triggers_after"]
    triggers = row["triggers_before"] or row["triggers_after"]
    return not gained, not triggers, row["scientific_name"], row["parameter"], row["segment"]
