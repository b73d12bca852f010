"""The taxa of an assessment: filter, tree, export, and why the chosen one counts or not."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QModelIndex, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetrics, QGuiApplication
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
_BAR_PX = 100


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
        menu.addSeparator()
        menu.addAction(translate("AzeCriteria", "Save candidate list…"), self._choose_list)
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
        if self.filter.text().strip():
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

    def save_list(self, path: str) -> None:
        """Write the candidate list of all candidates: what comes near the threshold without passing it, and what it
        lacks. Those that were not checked or changed since are left out, and that is said."""
        from ...services import shortlist
        from ...services.checking import default_settings

        translate = QCoreApplication.translate
        documents, lacking = self.session.results.documents()
        rows = shortlist.rows(documents, default_settings())
        try:
            with replacing(path) as beside:
                beside.write_bytes(shortlist.as_csv(rows).encode("utf-8-sig"))
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.CRITICAL)
            return
        said = translate("AzeCriteria", "The candidate list was written to {path}; it has {count} rows.")
        said = said.format(path=path, count=len(rows))
        if lacking:
            left = translate("AzeCriteria", "Left out, as their check is missing or out of date: {names}.")
            said = f"{said} {left.format(names=', '.join(lacking))}"
        self.session.message.emit(said, messages.WARNING if lacking else messages.SUCCESS)

    def _choose_list(self) -> None:
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getSaveFileName(
            self,
            translate("AzeCriteria", "Save the candidate list"),
            translate("AzeCriteria", "candidate list.csv"),
            translate("AzeCriteria", "CSV files (*.csv)"),
        )
        if path:
            self.save_list(path)

    def _filter(self, words: str) -> None:
        self.proxy.set_words(words)
        if words.strip():
            # A match inside the folded group would stay out of sight.
            self.tree.expand(self.proxy.mapFromSource(self.model.group()))
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
        """Share the width out: the name and the deciding share first, then a column for each parameter in place of the
        bar, then the bar again, then the status in words."""
        source, metrics, header = self.model().sourceModel(), self.fontMetrics(), self.header()
        width = self.viewport().width()

        def wide(*texts: str) -> int:
            return max(metrics.horizontalAdvance(text) for text in texts)

        category = wide("Cat.", source.longest(species.CATEGORY)) + 8
        marks = wide(f"●{species.DISAGREES}") + 8
        bold = QFontMetrics(style.scaled(self.font(), 1.0, bold=True))

        def figures(short: bool) -> dict[str, int]:
            found = {}
            for parameter in source.parameters:
                column = species.PARAMETER_COLUMNS[parameter]
                heading = source.headerData(column, Qt.Orientation.Horizontal)
                text = bold.horizontalAdvance(source.longest(column, short)) + 8
                found[parameter] = max(text, wide(heading) + 6)
            return found

        words = wide(f"● {QCoreApplication.translate('AzeCriteria', 'cannot be assessed')} {species.DISAGREES}") + 8
        text = wide("100.0 %")
        bar = text + _BAR_PX
        full, abbreviated = wide("Genus longissimus"), wide("A. longiss")

        left = width - category - marks - self.indentation()
        columns: dict[str, int] = {}
        short = True
        if len(source.parameters) > 1:
            columns = figures(short=False)
            short = left - sum(columns.values()) < full
            if short:
                columns = figures(short=True)
                columns = columns if left - sum(columns.values()) >= abbreviated else {}
        left -= sum(columns.values())
        with_bar = not columns or left - bar >= full
        if not columns:
            # In the narrowest panel the name comes before the bar, which the card above shows as well.
            bar = bar if left - bar >= full else text + (44 if left - text - 44 > _NAME_PX else 10)
        left -= bar if with_bar else 0
        with_words = left - (words - marks) >= full
        left -= words - marks if with_words else 0
        source.set_compact(not with_words, left < full, bool(columns) and short)

        header.resizeSection(species.CATEGORY, category)
        for parameter, column in species.PARAMETER_COLUMNS.items():
            self.setColumnHidden(column, parameter not in columns)
            if parameter in columns:
                header.resizeSection(column, columns[parameter])
        self.setColumnHidden(species.SHARE, not with_bar)
        header.resizeSection(species.SHARE, bar)
        header.resizeSection(species.STATUS, words if with_words else marks)

    def span_groups(self) -> None:
        """Let the folded group's title run over all columns."""
        group = self.model().mapFromSource(self.model().sourceModel().group())
        if group.isValid():
            self.setFirstColumnSpanned(group.row(), QModelIndex(), True)

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
