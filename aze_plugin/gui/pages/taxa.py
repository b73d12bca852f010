"""The taxa of an assessment: filter, tree, export, and why the chosen one counts or not."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QModelIndex, Qt, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ...domain.errors import AzeError
from ...services.files import replacing
from ...services.wording import text
from .. import messages, style
from ..models import species
from ..widgets.basics import ElidedLabel, TextLabel, link
from ..widgets.sharebar import ShareBarDelegate

_NAME_PX = 80


class TaxaTable(QWidget):
    """Filter, tree of taxa, and under it what is to say of the chosen one. ``opened`` carries a taxon's name."""

    opened = pyqtSignal(str)

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.title = ElidedLabel()
        self.title.setFont(style.scaled(self.font(), 1.0, bold=True))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(translate("AzeCriteria", "Filter…"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName(translate("AzeCriteria", "Filter the taxa"))
        self.filter.setMinimumWidth(70)
        self.save = QToolButton()
        self.save.setText("⤓")
        self.save.setAutoRaise(True)
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.save.setToolTip(translate("AzeCriteria", "Copy the table or save it as CSV"))
        self.save.setAccessibleName(self.save.toolTip())
        menu = QMenu(self.save)
        menu.addAction(translate("AzeCriteria", "Copy table"), self.copy)
        menu.addAction(translate("AzeCriteria", "Save as CSV…"), self._choose_file)
        self.save.setMenu(menu)

        self.model = species.SpeciesModel(self)
        self.proxy = species.SpeciesFilter(self)
        self.proxy.setSourceModel(self.model)
        self.tree = TaxaTree()
        self.tree.setModel(self.proxy)
        self.tree.arrange()
        self.tree.selectionModel().currentChanged.connect(self._explain)
        self.tree.doubleClicked.connect(self._open)
        self.tree.entered_.connect(self._open)
        self.filter.textChanged.connect(self._filter)
        self.reason = TextLabel(muted=True)
        self.more = link(translate("AzeCriteria", "details ▸"), lambda: self._open(self.tree.currentIndex()))

        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.filter, 1)
        head.addWidget(self.save)
        foot = QHBoxLayout()
        foot.addWidget(self.reason, 1)
        foot.addWidget(self.more, 0, Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.tree, 1)
        layout.addLayout(foot)
        self._clear_reason()

    def set_assessment(self, assessment: dict[str, Any], threshold: float, stale: bool) -> None:
        """Show the species of an assessment; what was opened, chosen and scrolled to stays."""
        translate = QCoreApplication.translate
        place = self.tree.remember()
        self.model.set_assessment(assessment, threshold, stale)
        count = self.model.taxon_count()
        self.title.setText(translate("AzeCriteria", "Taxa ({count})").format(count=count))
        self.tree.restore(place)
        if not self.tree.currentIndex().isValid():
            self._clear_reason()
        self._filter(self.filter.text())

    def copy(self) -> None:
        """Put the whole table on the clipboard, tab-separated, as spreadsheets paste it."""
        QGuiApplication.clipboard().setText(species.as_csv(self.session.results.assessment, "\t"))
        self.session.message.emit(
            QCoreApplication.translate("AzeCriteria", "The table is on the clipboard."), messages.SUCCESS
        )

    def save_as(self, path: str) -> None:
        """Write the whole table to a CSV file in UTF-8; a problem is said by the session's message."""
        translate = QCoreApplication.translate
        try:
            with replacing(path) as beside:
                # With a byte order mark, which spreadsheets need to read names with accents.
                beside.write_text(species.as_csv(self.session.results.assessment), encoding="utf-8-sig")
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.CRITICAL)
            return
        said = translate("AzeCriteria", "The table was written to {path}.").format(path=path)
        self.session.message.emit(said, messages.SUCCESS)

    def _choose_file(self) -> None:
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getSaveFileName(
            self,
            translate("AzeCriteria", "Save the table"),
            f"{self.session.candidates.current or 'taxa'}.csv",
            translate("AzeCriteria", "CSV files (*.csv)"),
        )
        if path:
            self.save_as(path)

    def _filter(self, words: str) -> None:
        self.proxy.set_words(words)
        if words.strip():
            # A match inside the folded group would stay out of sight.
            for row in range(self.proxy.rowCount()):
                index = self.proxy.index(row, 0)
                if index.data(species.ENTRY_ROLE) is None:
                    self.tree.expand(index)
        self.tree.span_groups()

    def _explain(self, index: QModelIndex, _before=None) -> None:
        entry = index.data(species.ENTRY_ROLE)
        if entry is None:
            self._clear_reason()
            return
        self.reason.setText(reason(entry))
        self.more.show()

    def _clear_reason(self) -> None:
        self.reason.setText(QCoreApplication.translate("AzeCriteria", "Choose a taxon to see why it counts or not."))
        self.more.hide()

    def _open(self, index: QModelIndex) -> None:
        entry = index.data(species.ENTRY_ROLE)
        if entry is not None:
            self.opened.emit(entry["scientific_name"])


class TaxaTree(QTreeView):
    """The tree of taxa: columns fit the width, the folded group spans them, what was opened survives a new check."""

    entered_ = pyqtSignal(QModelIndex)

    def __init__(self):
        super().__init__()
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(12)
        self.setSortingEnabled(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(ShareBarDelegate(self))
        self.setMinimumHeight(self.fontMetrics().lineSpacing() * 6)
        self.setAccessibleName(QCoreApplication.translate("AzeCriteria", "Taxa inside the boundary"))

    def arrange(self) -> None:
        """Set the columns up; the model has to be there."""
        header = self.header()
        header.setStretchLastSection(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(species.NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(16)
        header.setSectionsMovable(False)
        self._fit()

    def resizeEvent(self, event):
        super().resizeEvent(event)
        if self.model() is not None:
            self._fit()

    def keyPressEvent(self, event):
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        width = self.viewport().width()
        ems = width / max(1, metrics.horizontalAdvance("m"))
        wide, medium, narrow = ems > 45, ems > 32, ems < 21
        self.setColumnHidden(species.PARAMETER, not wide)
        self.setColumnHidden(species.SEGMENT, not wide)
        self.model().sourceModel().set_compact(not medium, narrow)
        header = self.header()
        category = max(
            metrics.horizontalAdvance(t) for t in ("Cat.", self.model().sourceModel().longest(species.CATEGORY))
        )
        header.resizeSection(species.CATEGORY, category + 8)
        header.resizeSection(species.PARAMETER, metrics.horizontalAdvance("mature individuals") + 8)
        header.resizeSection(species.SEGMENT, metrics.horizontalAdvance("non-breeding") + 8)
        text = metrics.horizontalAdvance("100.0 %")
        marks = metrics.horizontalAdvance("▲") + 10
        # In the narrowest panel the name comes before the bar, which the card above shows as well.
        bar = 100 if medium else 44 if width - category - marks - text - 44 > _NAME_PX else 10
        header.resizeSection(species.SHARE, text + bar)
        header.resizeSection(
            species.STATUS,
            metrics.horizontalAdvance("● cannot be assessed") + 8 if medium else marks,
        )

    def span_groups(self) -> None:
        """Let the folded group's title run over all columns."""
        for row in range(self.model().rowCount()):
            index = self.model().index(row, 0)
            self.setFirstColumnSpanned(row, QModelIndex(), index.data(species.ENTRY_ROLE) is None)

    def remember(self) -> tuple[set[str], str, int]:
        """What is opened (names; "" for the folded group), which taxon is chosen, and where the list is scrolled to."""
        opened = set()
        model = self.model()

        def walk(parent):
            for row in range(model.rowCount(parent)):
                index = model.index(row, 0, parent)
                if self.isExpanded(index):
                    entry = index.data(species.ENTRY_ROLE)
                    opened.add(entry["scientific_name"] if entry else "")
                    walk(index)

        walk(QModelIndex())
        chosen = self.currentIndex().data(species.ENTRY_ROLE)
        return opened, chosen["scientific_name"] if chosen else "", self.verticalScrollBar().value()

    def restore(self, place: tuple[set[str], str, int]) -> None:
        """Bring back what ``remember`` returned, as far as the taxa are still there."""
        self._fit()
        opened, chosen, scroll = place
        proxy, source = self.model(), self.model().sourceModel()
        for name in opened:
            index = proxy.mapFromSource(source.find(name) if name else source.group())
            if index.isValid():
                self.setExpanded(index, True)
        if chosen:
            self.setCurrentIndex(proxy.mapFromSource(source.find(chosen)))
        self.span_groups()
        self.verticalScrollBar().setValue(scroll)


def reason(entry: dict[str, Any]) -> str:
    """The sentence that decides for or against a taxon."""
    findings = entry["findings"]
    if not species.can_trigger(entry):
        findings = [f for f in findings if f["code"].startswith("endangerment.")]
    elif not entry["trigger"] and entry["status"] == "needs_evidence":
        findings = [f for f in findings if "needs" in f["code"] or f["code"].endswith("uncertain")] or findings
    else:
        findings = [f for f in findings if f["code"].startswith("irreplaceability.")] or findings
    return findings[0]["message"] if findings else ""
