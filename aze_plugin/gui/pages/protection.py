"""The page Protection: how much of the candidate is protected, by which areas, and where the gaps are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import (
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
)
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QTableView,
    QWidget,
)

from ...services.figures import hectares, number, percent
from .. import places
from ..models import protected
from ..models.species import SORT_ROLE
from ..widgets.basics import PageScroll, TextLabel
from ..widgets.card import Card
from ..widgets.coverbar import CoverBar
from ..widgets.findings import FindingList
from ..widgets.sharebar import ShareBarDelegate
from .base import Lack, ResultPage

_HOVER_MS = 180
_LATEST_STEPS = 4


class ProtectionPage(ResultPage):
    """Shows the session's cover of the current candidate; asks the session to measure, to zoom and to flash."""

    def __init__(self, session, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(
            session,
            session.protection.measure,
            translate("AzeProtection", "The protection of this boundary has not been measured yet."),
            translate("AzeProtection", "Measure"),
            translate("AzeProtection", "measure again ▸"),
            parent,
        )
        self.scroll = PageScroll()
        self.stack.addWidget(self.scroll)

        self.cover = Card(translate("AzeProtection", "Cover"))
        self.bar = self.cover.add(CoverBar())
        self.trend = self.cover.add(TextLabel(muted=True))
        self.gaps = QCheckBox(translate("AzeProtection", "Show gaps on the map"))
        self.gaps.toggled.connect(self._show_gaps)
        self.cover.add(self.gaps)
        self.findings = self.cover.add(FindingList())
        self.areas = Card(translate("AzeProtection", "Protected areas here"))
        self.model = protected.ProtectedModel(self)
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.model)
        self.proxy.setSortRole(SORT_ROLE)
        self.table = _Table()
        self.table.setModel(self.proxy)
        self.table.arrange()
        self.table.entered.connect(self._hovered)
        self.table.doubleClicked.connect(lambda index: self._go_to(index))
        self.areas.add(self.table)
        self.aside = Card(translate("AzeProtection", "What was not counted"))
        self.excluded = self.aside.add(TextLabel())
        self.notes = self.aside.add(FindingList())
        for widget in (self.notice, self.cover, self.areas, self.aside):
            self.scroll.layout_.addWidget(widget)
        self.scroll.layout_.addStretch(1)

        self._pointed = QPersistentModelIndex()
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(_HOVER_MS)
        self._hover.timeout.connect(self._flash)
        session.coverageChanged.connect(self._changed)
        session.candidatesChanged.connect(self._changed)
        session.dataChanged.connect(self._changed)
        self._renew()

    def act(self, key: str) -> None:
        """What the line at the bottom of the panel asks for: ``measure``."""
        if key == "measure":
            self.session.protection.measure()

    def refresh(self) -> None:
        """Show what the session holds now."""
        coverage = self.session.results.coverage
        if coverage is None:
            self.show_nothing()
            return
        self.stack.setCurrentWidget(self.scroll)
        stale = self.session.results.coverage_stale
        self._show_notice()
        self.cover.set_status(coverage["cover_class"], dimmed=stale)
        self.cover.set_summary(_summary(coverage))
        self.bar.set_shares(_share(coverage["pa_pct"]), _share(coverage["oecm_pct"]), stale)
        self.trend.setText(_trend(coverage.get("years", ())))
        self.trend.setVisible(bool(self.trend.plain()))
        self.findings.set_findings(coverage.get("findings", ()), stale)
        self.findings.setVisible(self.findings.count > 0)
        self._show_gap_choice()
        self.model.set_areas(coverage["protected_areas"], stale)
        self.table.fit_height()
        self._show_aside()
        count = len(coverage["protected_areas"])
        self.table.setVisible(count > 0)
        self.areas.setVisible(coverage["both_pct"] is not None)
        self.areas.set_summary(
            QCoreApplication.translate("AzeProtection", "Point at a row to see the area, double-click to go there.")
            if count
            else QCoreApplication.translate("AzeProtection", "No area that counts meets this boundary.")
        )

    def showEvent(self, event):
        super().showEvent(event)
        # The gaps may have been switched on or off in the layer tree meanwhile.
        self._show_gap_choice()

    def _show_notice(self) -> None:
        session = self.session
        data = [layer.name() for layer in session.sources.protected_layers]
        self.notice.show_state(
            session.results.coverage_time, data, session.results.coverage_stale, session.busy is not None
        )

    def _lack(self) -> Lack | None:
        translate = QCoreApplication.translate
        if self.session.candidates.geometry() is None:
            return Lack(
                "boundary",
                translate("AzeProtection", "There is no boundary to measure yet. Draw or import one first."),
                translate("AzeProtection", "Go to the boundary"),
            )
        if not self.session.sources.protected_layers:
            return Lack(
                "data",
                translate(
                    "AzeProtection",
                    "How much is protected cannot be assessed before a layer of protected areas is there. Add the "
                    "WDPA download of your country, or a layer of your own.",
                ),
                translate("AzeProtection", "Go to the data"),
            )
        return None

    def _show_gap_choice(self) -> None:
        layer = self.session.results.gaps_layer
        node = self.session.project.layerTreeRoot().findLayer(layer.id()) if layer is not None else None
        self.gaps.setVisible(node is not None)
        if node is not None:
            self.gaps.blockSignals(True)
            self.gaps.setChecked(node.isVisible())
            self.gaps.blockSignals(False)

    def _show_gaps(self, shown: bool) -> None:
        layer = self.session.results.gaps_layer
        node = self.session.project.layerTreeRoot().findLayer(layer.id()) if layer is not None else None
        if node is None:
            return
        if shown:
            # A layer inside a group that is switched off would stay out of sight.
            node.setItemVisibilityCheckedParentRecursive(True)
        else:
            node.setItemVisibilityChecked(False)

    def _show_aside(self) -> None:
        notes = self.session.results.coverage_notes
        sentences = [_excluded(item["reason"], item["count"]) for item in notes.get("excluded", ())]
        repaired = notes.get("repaired", 0)
        if repaired:
            sentences.append(
                QCoreApplication.translate("AzeProtection", "Invalid outlines, mended and counted: {count}").format(
                    count=number(repaired)
                )
            )
        self.excluded.setText("\n".join(sentences))
        self.excluded.setVisible(bool(sentences))
        self.notes.set_findings(notes.get("notes", ()), self.session.results.coverage_stale)
        self.aside.setVisible(bool(sentences) or self.notes.count > 0)

    def _hovered(self, index: QModelIndex) -> None:
        self._pointed = QPersistentModelIndex(index)
        self._hover.start()

    def _flash(self) -> None:
        if not self.table.underMouse():
            return
        shape = self._shape(QModelIndex(self._pointed))
        if shape is not None:
            self.session.flash(shape)

    def _go_to(self, index: QModelIndex) -> None:
        shape = self._shape(index)
        if shape is not None:
            self.session.zoom_to(shape)

    def _shape(self, index: QModelIndex) -> QgsGeometry | None:
        boundary = self.session.candidates.geometry()
        area = index.data(protected.AREA_ROLE)
        if area is None or boundary is None:
            return None
        return places.protected_area(self.session.sources.protected_layers, area["id"], boundary, self.session.project)


class _Table(QTableView):
    """The areas; columns that do not fit give way, the tool tip of a row says it all."""

    def __init__(self):
        super().__init__()
        self.setMouseTracking(True)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(ShareBarDelegate(self))
        self.setAccessibleName(QCoreApplication.translate("AzeProtection", "Protected areas that meet the boundary"))

    def arrange(self) -> None:
        """Set the columns up; the model has to be there."""
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(protected.AREA_NAME, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.sortByColumn(protected.AREA_SHARE, Qt.SortOrder.DescendingOrder)
        self._fit()

    def fit_height(self) -> None:
        """As high as its rows, up to twelve; more scroll inside."""
        rows = min(12, self.model().rowCount())
        height = rows * self.verticalHeader().defaultSectionSize() + self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)

    def resizeEvent(self, event):
        super().resizeEvent(event)
        if self.model() is not None:
            self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        ems = self.viewport().width() / max(1, metrics.horizontalAdvance("m"))
        self.setColumnHidden(protected.DESIGNATION, ems < 36)
        self.setColumnHidden(protected.IUCN, ems < 46)
        self.setColumnHidden(protected.YEAR, ems < 28)
        room = self.viewport().width()
        self.setColumnWidth(protected.DESIGNATION, room // 4)
        self.setColumnWidth(protected.IUCN, metrics.horizontalAdvance("Not Applicable") + 10)
        self.setColumnWidth(protected.YEAR, metrics.horizontalAdvance("not known") + 10)
        self.setColumnWidth(protected.AREA_SHARE, metrics.horizontalAdvance("100.0 %") + 50)


def _share(pct: float | None) -> float | None:
    return None if pct is None else pct / 100


def _summary(coverage: dict[str, Any]) -> str:
    translate = QCoreApplication.translate
    if coverage["both_pct"] is None:
        return translate("AzeProtection", "The cover cannot be assessed.")
    unprotected = coverage.get("unprotected_ha")
    said = translate("AzeProtection", "{share} of {area} is protected or conserved").format(
        share=percent(coverage["both_pct"] / 100), area=hectares(coverage["area_ha"])
    )
    if not unprotected:
        return f"{said}."
    return translate("AzeProtection", "{said}; {rest} is not.").format(said=said, rest=hectares(unprotected))


def _trend(years: Sequence[dict[str, Any]]) -> str:
    """The years in which the cover grew, the latest few of them, with what it has been since."""
    template = QCoreApplication.translate("AzeProtection", "{share} since {year}")
    steps, before = [], 0.0
    for step in years:
        if step["both_pct"] > before:
            before = step["both_pct"]
            steps.append(template.format(share=percent(before / 100), year=step["year"]))
    return " · ".join(steps[-_LATEST_STEPS:])


def _excluded(reason: str, count: int) -> str:
    translate = QCoreApplication.translate
    template = {
        "mab_reserve": translate("AzeProtection", "UNESCO-MAB biosphere reserves: {count}"),
        "status_proposed": translate("AzeProtection", "Proposed only: {count}"),
        "status_not_reported": translate("AzeProtection", "Status not reported: {count}"),
        "status_other": translate("AzeProtection", "Another status that does not count: {count}"),
        "point_omitted": translate("AzeProtection", "Known as a point only: {count}"),
        "point_without_area": translate("AzeProtection", "Known as a point without an area: {count}"),
        "no_geometry": translate("AzeProtection", "Without a shape: {count}"),
    }.get(reason, reason + ": {count}")
    return template.format(count=number(count))
