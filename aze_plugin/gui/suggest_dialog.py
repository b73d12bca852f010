"""Proposals for a boundary, put together from units that the user chooses; one of them becomes a candidate.

``aze:suggestboundary`` runs in the background. Its proposals are ranked, the chosen one is drawn on the map and told
with all that speaks for and against it; taking one adds a candidate as one undoable step.
"""

from __future__ import annotations

from qgis.core import QgsFeature, QgsGeometry, QgsMapLayer, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..services import figures
from ..services.vocabulary import word
from ..services.wording import text
from . import layers, messages, neighbours, preferences, style
from .models.species import SHARE_ROLE, Bar
from .reported_run import ReportedRun
from .widgets.basics import PageScroll, TextLabel
from .widgets.busy import BusyStrip
from .widgets.sharebar import ShareBarDelegate

_KEY = "suggest"
_ID = Qt.ItemDataRole.UserRole
# The columns of a proposal, and the choices of PARAMETER as the algorithm counts them.
_WHY, _SHARE, _AREA, _PROTECTED, _UNITS = range(5)
_PARAMETERS = ("", "aoo", "esh", "range", "localities")
_MOST_ROWS, _MOST_PROPOSALS = 5, 6
# Of the bar of a share, and of all columns but that; a narrower window has no room for the number of units.
_BAR_PX, _LEAST_BAR_PX, _OTHERS_PX = 120, 40, 330
_UNITS_FROM_PX = 400
_RULES = ("THRESHOLD", "PRESENCE", "ORIGIN", "MAX_UNCERTAINTY", "SINCE_YEAR", "BASES_LEFT_OUT")
_NOT_UNITS = ("candidates", "gaps")


class SuggestDialog(QDialog):
    """Taxon and units to choose, and what can be made of them. ``taxon``: the one to begin with, by name.

    Closing stops what is under way and clears the map.
    """

    def __init__(self, session, taxon: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.report: dict | None = None
        self._shapes: dict[int, QgsGeometry] = {}
        self._band: QgsRubberBand | None = None
        self.setWindowTitle(translate("AzeSuggest", "Suggest a boundary"))

        self.taxon = QComboBox()
        self.taxon.setEditable(True)
        self.taxon.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.taxon.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.taxon.setMinimumContentsLength(8)
        self.taxon.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # A long name is read from its beginning.
        self.taxon.currentIndexChanged.connect(lambda _row: self.taxon.lineEdit().setCursorPosition(0))
        self.taxon.completer().setFilterMode(Qt.MatchFlag.MatchContains)
        self.taxon.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.taxon.lineEdit().setPlaceholderText(translate("AzeSuggest", "part of a name…"))
        self.parameter = QComboBox()
        self.parameter.addItem(translate("AzeSuggest", "best data there is"))
        for known in _PARAMETERS[1:]:
            self.parameter.addItem(word("parameter", known))
        self.parameter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.parameter.setToolTip(translate("AzeSuggest", "Of what the boundary has to hold more than the threshold"))
        self.units = QListWidget()
        self.units.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.units.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.units.setAccessibleName(translate("AzeSuggest", "Layers to build from"))
        self.said = TextLabel(muted=True)
        self.fill = QCheckBox(translate("AzeSuggest", "Fill gaps with hexagons"))
        self.fill.setChecked(True)
        self.size = QDoubleSpinBox()
        self.size.setRange(0.0, 100_000.0)
        self.size.setDecimals(1)
        self.size.setSuffix(" km²")
        self.size.setSpecialValueText(translate("AzeSuggest", "fits the taxon"))
        self.start = QPushButton(translate("AzeSuggest", "Look for proposals"))
        self.start.setDefault(True)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(translate("AzeSuggest", "Taxon"), self.taxon)
        form.addRow(translate("AzeSuggest", "To be held"), self.parameter)
        form.addRow(translate("AzeSuggest", "Size of a hexagon"), self.size)

        self.note = TextLabel()
        self.proposals = QTreeWidget()
        self.proposals.setRootIsDecorated(False)
        self.proposals.setAlternatingRowColors(True)
        self.proposals.setAccessibleName(translate("AzeSuggest", "Proposals, the best first"))
        self.proposals.setHeaderLabels(
            [
                translate("AzeSuggest", "Proposal"),
                translate("AzeSuggest", "Share"),
                translate("AzeSuggest", "Area"),
                translate("AzeSuggest", "Protected"),
                translate("AzeSuggest", "Units"),
            ]
        )
        header = self.proposals.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        for column in (_AREA, _PROTECTED, _UNITS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_WHY, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_SHARE, QHeaderView.ResizeMode.Fixed)
        self.proposals.setItemDelegateForColumn(_SHARE, ShareBarDelegate(self.proposals))
        self.why = TextLabel()
        self.whole = TextLabel()
        self.details = PageScroll()
        self.details.layout_.setContentsMargins(2, 2, 2, 2)
        self.details.layout_.addWidget(self.why)
        self.details.layout_.addWidget(self.whole)
        self.details.layout_.addStretch(1)
        self.busy = BusyStrip()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.use = self.buttons.addButton(
            translate("AzeSuggest", "Use as candidate"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.use.setAutoDefault(False)

        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(QLabel(translate("AzeSuggest", "Build from")))
        layout.addWidget(self.units)
        layout.addWidget(self.fill)
        layout.addWidget(self.said)
        layout.addWidget(self.start, 0, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.note)
        layout.addWidget(self.proposals)
        layout.addWidget(self.details, 1)
        layout.addStretch(0)
        layout.addWidget(self.busy)
        layout.addWidget(self.buttons)
        self.resize(500, 720)

        stopped = translate("AzeSuggest", "Stopped.")
        self.run = ReportedRun(session, _KEY, self.busy, self.note, stopped, self._show_state)
        self._list_taxa(taxon)
        self._list_units()
        self.taxon.editTextChanged.connect(self._choices_changed)
        self.parameter.currentIndexChanged.connect(self._choices_changed)
        self.units.itemChanged.connect(self._choices_changed)
        self.fill.toggled.connect(self._choices_changed)
        self.size.valueChanged.connect(self._choices_changed)
        self.start.clicked.connect(self.look)
        self.proposals.currentItemChanged.connect(self._show_proposal)
        self.use.clicked.connect(self.take)
        self.buttons.rejected.connect(self.reject)
        session.dataChanged.connect(self._data_changed)
        self._choices_changed()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give the bar the room that the window has for it; in a narrow one its number has to do."""
        text_px = self.fontMetrics().horizontalAdvance("100.0 %") + 14
        room = self.width() - _OTHERS_PX - text_px
        self.proposals.setColumnHidden(_UNITS, self.width() < _UNITS_FROM_PX)
        self.proposals.header().resizeSection(_SHARE, text_px + (min(_BAR_PX, room) if room >= _LEAST_BAR_PX else 0))
        rows = min(_MOST_PROPOSALS, max(1, self.proposals.topLevelItemCount()))
        height = rows * max(1, self.proposals.sizeHintForRow(0)) + self.proposals.header().sizeHint().height()
        self.proposals.setFixedHeight(height + 2 * self.proposals.frameWidth() + 2)

    # ------------------------------------------------------------------------------------------------------ choices

    def _list_taxa(self, first: str) -> None:
        """Taxa that can trigger a site: the one asked for, those that the assessment has, then all by name."""
        from ..domain.criteria import endangerment
        from ..library.query import Library
        from ..services import checking

        sources = self.session.sources
        self._problem = sources.installation_problem or sources.library_problem
        if self._problem or not sources.library_path:
            return
        settings = checking.default_settings().with_choices(authority=sources.authority)
        try:
            with Library.open(sources.library_path) as library:
                taxa = [taxon for taxon in library.taxa(settings) if endangerment.eligible(taxon, settings)]
        except AzeError as error:
            self._problem = text(error.code, error.params)
            return
        here = {entry["taxon_id"] for entry in (self.session.results.assessment or {}).get("species", ())}
        taxa.sort(key=lambda taxon: (taxon.scientific_name != first, taxon.taxon_id not in here))
        self.taxon.blockSignals(True)
        for taxon in taxa:
            self.taxon.addItem(f"{taxon.scientific_name} ({taxon.category})", taxon.taxon_id)
        if first and (not taxa or taxa[0].scientific_name != first):
            self.taxon.setEditText(first)
        elif not first and not here:
            # None stands out: the user says which.
            self.taxon.setCurrentIndex(-1)
        self.taxon.blockSignals(False)

    def _list_units(self) -> None:
        """The project's polygon layers; those of protected areas are ticked at first."""
        kept = {self.units.item(n).data(_ID): self.units.item(n).checkState() for n in range(self.units.count())}
        self.units.blockSignals(True)
        self.units.clear()
        self._useless = []
        polygon = QgsWkbTypes.GeometryType.PolygonGeometry
        ranked = {"protected": 0, "sites": 1}
        known = [layer for layer in self.session.project.mapLayers().values() if layer.isValid()]
        for layer in sorted(known, key=lambda la: (ranked.get(layers.role_of(la), 2), la.name().lower())):
            role = layers.role_of(layer)
            if role in _NOT_UNITS:
                continue
            if layer.type() != QgsMapLayer.LayerType.VectorLayer or layer.geometryType() != polygon:
                if role:
                    self._useless.append(layer.name())
                continue
            item = QListWidgetItem(layer.name())
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            first = Qt.CheckState.Checked if role == "protected" else Qt.CheckState.Unchecked
            item.setCheckState(kept.get(layer.id(), first))
            item.setData(_ID, layer.id())
            item.setToolTip(layer.name())
            self.units.addItem(item)
        rows = min(_MOST_ROWS, max(1, self.units.count()))
        self.units.setFixedHeight(rows * max(1, self.units.sizeHintForRow(0)) + 2 * self.units.frameWidth() + 2)
        self.units.setVisible(self.units.count() > 0)
        self.units.blockSignals(False)

    def chosen_units(self) -> list[QgsVectorLayer]:
        """The ticked layers that are still in the project."""
        items = [self.units.item(row) for row in range(self.units.count())]
        found = [self.session.project.mapLayer(i.data(_ID)) for i in items if i.checkState() == Qt.CheckState.Checked]
        return [layer for layer in found if layer is not None]

    def parameters(self) -> dict:
        """The choices as parameters of the algorithm."""
        session, units = self.session, self.chosen_units()
        rules = preferences.criteria_parameters()
        given = {
            "LIBRARY": session.sources.library_path,
            "TAXON": self._taxon(),
            "PARAMETER": self.parameter.currentIndex(),
            "FILL": self.fill.isChecked() or not units,
            "CELL_KM2": self.size.value(),
            "AUTHORITY": session.sources.authority,
            **{name: rules[name] for name in _RULES},
        }
        if units:
            given["UNITS"] = units
        # Units of a layer of sites could not be used while its land is not to be had.
        given |= session.sources.site_parameters(without=units)
        if session.sources.protected_layers:
            given["PROTECTED"] = session.sources.protected_layers
        return given

    def _taxon(self) -> str:
        """Id of the taxon as it is written there, or what is written where it is none of the list."""
        written = self.taxon.currentText().strip()
        row = self.taxon.findText(written, Qt.MatchFlag.MatchFixedString)
        return self.taxon.itemData(row) if row >= 0 else written

    def _choices_changed(self, *_args) -> None:
        """What was found is of the choices before."""
        self.run.drop()
        self._forget()
        self.note.setText(self._lack() or "")
        self._say_units()
        self._show_state()

    def _data_changed(self) -> None:
        before = [layer.id() for layer in self.chosen_units()]
        had = self.report is not None
        self._list_units()
        self._say_units()
        if had or before != [layer.id() for layer in self.chosen_units()]:
            self._choices_changed()
            if had:
                self.run.warn(QCoreApplication.translate("AzeSuggest", "The data have changed since: look again."))
        self._show_state()

    def _lack(self) -> str:
        """Why nothing can be looked for, empty where it can."""
        translate, sources = QCoreApplication.translate, self.session.sources
        if self._problem:
            return self._problem
        if not sources.library_path:
            return translate("AzeSuggest", "Open a species library first: proposals are made for one of its taxa.")
        if not self.taxon.count():
            return translate("AzeSuggest", "No taxon of the library is EN, CR or EW, so none can make a site.")
        if not self._taxon():
            return translate("AzeSuggest", "Choose a taxon.")
        return ""

    def _say_units(self) -> None:
        translate, units = QCoreApplication.translate, self.chosen_units()
        self.fill.setVisible(bool(units))
        self.size.setEnabled(self.fill.isChecked() or not units)
        said = []
        if not units:
            said.append(
                translate("AzeSuggest", "Nothing is ticked: proposals are put together from hexagons.")
                if self.units.count()
                else translate("AzeSuggest", "This project has no layer of polygons: hexagons are put together.")
            )
        if any(layers.role_of(layer) == "sites" for layer in units):
            said.append(
                translate(
                    "AzeSuggest",
                    "Land of ticked existing sites may be taken: such a proposal is an update of the site.",
                )
            )
        elif self.session.sources.site_layers:
            said.append(translate("AzeSuggest", "Land of existing sites is left to them."))
        if self._useless:
            said.append(
                translate("AzeSuggest", "Cannot be built from, as there are no polygons: {layers}.").format(
                    layers=", ".join(self._useless)
                )
            )
        self.said.setText(" ".join(said))

    # -------------------------------------------------------------------------------------------------------- doing

    def look(self) -> None:
        """Look for proposals by the choices."""
        if self._lack():
            return
        self._forget()
        title = QCoreApplication.translate("AzeSuggest", "Looking for boundaries")
        self.run.start("aze:suggestboundary", self.parameters(), title, self._found)

    def take(self) -> None:
        """Add the chosen proposal as a candidate, as one undoable step."""
        row, shape = self.chosen()
        if row is None or shape is None:
            return
        report = self.report
        name, note = candidate_name(row, report), row["reason"]
        self._forget()
        try:
            # Along an edge that is shared with a site of finer coordinates rounding would take of its land.
            exact = neighbours.has_to_be_exact(self.session, shape)
            self.session.candidates.add(name, shape, note=note, exact=exact)
        except AzeError as error:
            self.session.message.emit(text(error.code, error.params), messages.WARNING)
            return
        self.accept()
        self.session.zoom_to_candidate()

    def chosen(self) -> tuple[dict | None, QgsGeometry | None]:
        """The chosen proposal as the report has it, and its shape in WGS 84."""
        item = self.proposals.currentItem()
        if item is None or self.report is None:
            return None, None
        row = self.report["proposals"][item.data(_WHY, _ID)]
        return row, self._shapes.get(row["rank"])

    def done(self, result: int) -> None:
        """Close, stop what is under way, and clear the map."""
        self.run.close()
        self._clear_map()
        self.session.dataChanged.disconnect(self._data_changed)
        super().done(result)

    def _found(self, found: list[QgsFeature], report: dict) -> None:
        self._shapes = {int(feature["rank"]): feature.geometry() for feature in found}
        self.report = report
        self._fill()

    # ------------------------------------------------------------------------------------------------------ showing

    def _forget(self) -> None:
        self.report = None
        self._shapes = {}
        self.proposals.clear()
        self.why.setText("")
        self.whole.setText("")
        self._clear_map()

    def _show_state(self) -> None:
        self.start.setEnabled(not self.run.is_running and not self._lack())
        self.use.setEnabled(self.chosen()[1] is not None and not self.run.is_running)
        self.note.setVisible(bool(self.note.text()))
        self.proposals.setVisible(bool(self.report and self.report["proposals"]))
        self.details.setVisible(self.report is not None)

    def _fill(self) -> None:
        report, translate = self.report, QCoreApplication.translate
        threshold = report["settings"]["threshold"]
        for n, row in enumerate(report["proposals"]):
            protected = row["protected_pct"]
            item = QTreeWidgetItem(
                [
                    f"{row['rank']} · {trade_off(row['trade_off'])}",
                    "",
                    figures.hectares(row["area_ha"]),
                    translate("AzeSuggest", "not known") if protected is None else figures.percent(protected / 100),
                    figures.number(row["units"]),
                ]
            )
            item.setData(_WHY, _ID, n)
            bar = Bar(row["share"], row["share"], row["share"], threshold, "met", figures.percent(row["share"]))
            item.setData(_SHARE, SHARE_ROLE, bar)
            item.setData(_SHARE, Qt.ItemDataRole.AccessibleTextRole, bar.text)
            item.setToolTip(_WHY, row["reason"])
            item.setToolTip(_UNITS, _unit_names(row))
            for column in (_AREA, _PROTECTED, _UNITS):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.proposals.addTopLevelItem(item)
        self.whole.setText("\n".join(_sentences(report["findings"])))
        self.whole.setVisible(bool(report["findings"]))
        self._fit()
        if report["proposals"]:
            self.note.setText(
                translate("AzeSuggest", "By {parameter} ({segment}) of {taxon}, from {units}.").format(
                    parameter=word("parameter", report["parameter"]),
                    segment=word("segment", report["segment"]),
                    taxon=report["scientific_name"],
                    units=_considered(report),
                )
            )
            self.proposals.setCurrentItem(self.proposals.topLevelItem(0))
        else:
            self.run.warn(translate("AzeSuggest", "No boundary of these units holds enough."))

    def _show_proposal(self, *_items) -> None:
        self._clear_map()
        row, shape = self.chosen()
        self.use.setEnabled(shape is not None)
        if row is None:
            self.why.setText("")
            return
        self.why.setText("\n".join([*_sentences(row["findings"]), *_facts(row)]))
        self.details.verticalScrollBar().setValue(0)
        if shape is not None:
            self._show_on_map(shape)
            self.session.zoom_to(shape, flash=False)

    def _show_on_map(self, shape: QgsGeometry) -> None:
        iface = self.session.iface
        if iface is None or iface.mapCanvas() is None:
            return
        band = QgsRubberBand(iface.mapCanvas(), QgsWkbTypes.GeometryType.PolygonGeometry)
        fill = QColor(style.BLUE)
        band.setStrokeColor(fill)
        fill.setAlpha(40)
        band.setFillColor(fill)
        band.setWidth(2)
        band.setToGeometry(shape, layers.LONLAT)
        self._band = band

    def _clear_map(self) -> None:
        band, self._band = self._band, None
        if band is not None:
            band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
            if band.scene() is not None:
                band.scene().removeItem(band)


def open_suggestions(session, taxon: str, parent: QWidget) -> SuggestDialog:
    """Show the window, to begin with a taxon (by name; empty for none in particular)."""
    dialog = SuggestDialog(session, taxon, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    return dialog


def trade_off(kind: str) -> str:
    """What a proposal is best at, in a word or two."""
    translate = QCoreApplication.translate
    return {
        "least_area": translate("AzeSuggest", "least area"),
        "simplest": translate("AzeSuggest", "simplest outline"),
        "fewest": translate("AzeSuggest", "fewest units"),
        "protected": translate("AzeSuggest", "least unprotected"),
        "one_part": translate("AzeSuggest", "one part"),
        "other": translate("AzeSuggest", "other land"),
    }[kind]


def candidate_name(row: dict, report: dict) -> str:
    """A name for the site that a proposal would make: that of its units where they have one, else the taxon's."""
    translate = QCoreApplication.translate
    names = list(dict.fromkeys(row["unit_names"]))
    if not names:
        return translate("AzeSuggest", "Land of {taxon}").format(taxon=report["scientific_name"])
    if len(names) == 1 and row["hexagons"]:
        return translate("AzeSuggest", "{name} with surroundings").format(name=names[0])
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return translate("AzeSuggest", "{first} and {second}").format(first=names[0], second=names[1])
    return translate("AzeSuggest", "{first} and {count} more").format(first=names[0], count=len(names) - 1)


def _considered(report: dict) -> str:
    translate = QCoreApplication.translate
    units, cells = report["units_considered"], report["hexagons_considered"]
    said = []
    if units:
        said.append(
            translate("AzeSuggest", "1 unit")
            if units == 1
            else translate("AzeSuggest", "{count} units").format(count=figures.number(units))
        )
    if cells:
        size = figures.square_metres(1e6 * report["hexagon_km2"])
        said.append(
            translate("AzeSuggest", "{count} hexagons of {size}").format(count=figures.number(cells), size=size)
        )
    return translate("AzeSuggest", " and ").join(said) or translate("AzeSuggest", "nothing")


def _facts(row: dict) -> list[str]:
    """What else there is to know of a proposal."""
    translate = QCoreApplication.translate
    said = []
    if row["exact"]:
        said.append(translate("AzeSuggest", "Every choice of these units was weighed: none is better at this."))
    parts = (
        translate("AzeSuggest", "one part")
        if row["parts"] == 1
        else translate("AzeSuggest", "{count} parts").format(count=figures.number(row["parts"]))
    )
    said.append(
        translate("AzeSuggest", "Outline of {length}, {parts}. Built from: {units}.").format(
            length=figures.metres(1000 * row["perimeter_km"]), parts=parts, units=_unit_names(row)
        )
    )
    return [f"{style.MARKS['fine']} {sentence}" for sentence in said]


def _unit_names(row: dict) -> str:
    names = list(dict.fromkeys(row["unit_names"]))
    if row["hexagons"]:
        names.append(text("suggestion.cells", {"count": row["hexagons"]}))
    return "; ".join(names)


def _sentences(findings: list[dict]) -> list[str]:
    """Findings with their marks, warnings first."""
    told = sorted(findings, key=lambda finding: finding["severity"] == "info")
    return [f"{style.MARKS['fine' if f['severity'] == 'info' else 'work']} {f['message']}" for f in told]
