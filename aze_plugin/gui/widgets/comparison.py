"""Two boundaries of a candidate compared: a table of figures and shares, and on the map what was gained and lost."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import Qgis, QgsGeometry
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, QSize, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QPainter, QPixmap
from qgis.PyQt.QtWidgets import QFormLayout, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ...services import figures, vocabulary
from ...services.comparing import ShareChange, TaxonChange, difference
from .. import layers, measure, style
from .basics import TextLabel

# Differences that nobody means: a square metre.
_LEAST_M2 = 1.0
_MINUS = "\u2212"
_ARROW = " → "
# How gained and lost parts are drawn: a colour and a pattern.
GAINED = (style.BLUE, Qt.BrushStyle.FDiagPattern)
LOST = (style.VERMILLION, Qt.BrushStyle.BDiagPattern)
_MOST_ROWS = 14
_NARROW = 320


class Comparison(QWidget):
    """Shows what became of a boundary; ``canvas``: where gained and lost parts are hatched, None for nowhere."""

    def __init__(self, canvas: QgsMapCanvas | None, parent: QWidget | None = None):
        super().__init__(parent)
        self._canvas = canvas
        self._bands: list[QgsRubberBand] = []
        translate = QCoreApplication.translate
        self.head = TextLabel()
        self.facts = {key: TextLabel() for key in ("area", "perimeter", "vertices", "verdict")}
        self.gained, self.lost = TextLabel(), TextLabel()
        rows = QFormLayout()
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(2)
        for key, title in (
            ("area", translate("AzeVersions", "Area")),
            ("perimeter", translate("AzeVersions", "Perimeter")),
            ("vertices", translate("AzeVersions", "Vertices")),
            ("verdict", translate("AzeVersions", "Verdict")),
        ):
            rows.addRow(QLabel(title), self.facts[key])
        for label, look in ((self.gained, GAINED), (self.lost, LOST)):
            key = QLabel()
            key.setPixmap(hatched(*look))
            rows.addRow(key, label)
        self.table = QTreeWidget()
        self.table.setColumnCount(4)
        self.table.setAccessibleName(translate("AzeVersions", "Shares before and after"))
        self.table.setHeaderLabels(
            [
                translate("AzeVersions", "Taxon"),
                translate("AzeVersions", "Before"),
                translate("AzeVersions", "After"),
                translate("AzeVersions", "Change"),
            ]
        )
        self.table.headerItem().setToolTip(3, translate("AzeVersions", "In percentage points"))
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setIndentation(12)
        self.table.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.note = TextLabel(muted=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.head)
        layout.addLayout(rows)
        layout.addWidget(self.table)
        layout.addWidget(self.note)

    def show_shapes(self, names: Sequence[str], before: QgsGeometry, after: QgsGeometry) -> None:
        """Compare two boundaries (WGS 84) by what can be said at once; ``names``: what each is called."""
        translate = QCoreApplication.translate
        self.clear()
        self.head.setText(translate("AzeVersions", "{before} → {after}").format(before=names[0], after=names[1]))
        facts = [measure.facts(shape, 0) for shape in (before, after)]
        sound = [shape.isGeosValid() for shape in (before, after)]
        areas = [fact.area_m2 if valid else None for fact, valid in zip(facts, sound)]
        self._say("area", areas, figures.square_metres)
        self._say("perimeter", [fact.perimeter_m for fact in facts], figures.metres)
        self._say("vertices", [fact.vertices for fact in facts], figures.number)
        if all(sound):
            gained, lost = after.difference(before), before.difference(after)
            self.gained.setText(_said(translate("AzeVersions", "Gained: {area}"), gained))
            self.lost.setText(_said(translate("AzeVersions", "Lost: {area}"), lost))
            self._draw(gained, *GAINED)
            self._draw(lost, *LOST)
        else:
            unknown = translate("AzeVersions", "cannot be measured, because a boundary crosses itself")
            self.gained.setText(translate("AzeVersions", "Gained: {area}").format(area=unknown))
            self.lost.setText(translate("AzeVersions", "Lost: {area}").format(area=unknown))

    def show_assessments(self, verdicts: Sequence[str], changes: Sequence[TaxonChange]) -> None:
        """Add what checking both gave: the verdicts, and every taxon's shares."""
        translate = QCoreApplication.translate
        words = [vocabulary.word("verdict", verdict) for verdict in verdicts]
        if verdicts[0] == verdicts[1]:
            self.facts["verdict"].setText(translate("AzeVersions", "{verdict}, as before").format(verdict=words[1]))
        else:
            self.facts["verdict"].setText(_ARROW.join(words))
        self.table.setVisible(bool(changes))
        for taxon in changes:
            item = self._add(
                [
                    taxon.scientific_name,
                    _share(taxon.before, taxon.status[0] is not None),
                    _share(taxon.after, taxon.status[1] is not None),
                    _points(taxon.change),
                ]
            )
            item.setToolTip(0, f"{taxon.scientific_name} · {vocabulary.word('category', taxon.category)}")
            if True in taxon.trigger:
                item.setFont(0, style.scaled(self.font(), 1.0, bold=True))
            for share in taxon.shares:
                self._add_share(item, share, taxon)
        self._fit()

    def clear(self) -> None:
        """Show nothing, here and on the map."""
        self.table.clear()
        self.table.hide()
        self.facts["verdict"].setText("–")
        self.note.setText("")
        for band in self._bands:
            scene = band.scene()
            if scene is not None:
                scene.removeItem(band)
        self._bands.clear()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        # In a narrow window the names need the room more than what can be told from the two other columns.
        self.table.setColumnHidden(3, self.width() < _NARROW)

    def _add(self, cells: Sequence[str], parent: QTreeWidgetItem | None = None) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent if parent is not None else self.table, list(cells))
        for column, cell in enumerate(cells):
            item.setToolTip(column, cell)
            if column:
                item.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        return item

    def _say(self, key: str, values: Sequence[float | None], shown) -> None:
        before, after = (shown(value) for value in values)
        change = _signed(difference(*values), shown)
        # What does not show in the figures themselves is not worth a figure of its own.
        self.facts[key].setText(f"{before}{_ARROW}{after}" + (f" ({change})" if change and before != after else ""))

    def _add_share(self, item: QTreeWidgetItem, share: ShareChange, taxon: TaxonChange) -> None:
        words = (vocabulary.word("parameter", share.parameter), vocabulary.word("segment", share.segment))
        met = [status is not None for status in taxon.status]
        cells = [_share(value, there) for value, there in zip((share.before, share.after), met)]
        self._add([", ".join(words), *cells, _points(difference(share.before, share.after))], item)

    def _fit(self) -> None:
        """Figures get the room they need, names the rest; the page scrolls, the table only when it is long."""
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        rows = min(_MOST_ROWS, self.table.topLevelItemCount() + 2)
        height = max(self.table.sizeHintForRow(0), self.fontMetrics().height() + 4)
        self.table.setFixedHeight(header.sizeHint().height() + rows * height + 2 * self.table.frameWidth())

    def _draw(self, shape: QgsGeometry, colour: str, pattern: Qt.BrushStyle) -> None:
        polygons = layers.as_multipolygon(shape)
        if self._canvas is None or polygons.isEmpty():
            return
        band = QgsRubberBand(self._canvas, Qgis.GeometryType.Polygon)
        band.setStrokeColor(QColor(colour))
        band.setFillColor(QColor(colour))
        band.setBrushStyle(pattern)
        band.setWidth(1)
        band.setToGeometry(polygons, layers.LONLAT)
        self._bands.append(band)


def _said(template: str, part: QgsGeometry) -> str:
    if part.isNull() and part.lastError():
        return template.format(area=QCoreApplication.translate("AzeVersions", "cannot be measured"))
    area_m2 = measure.area_m2(part)
    nothing = QCoreApplication.translate("AzeVersions", "nothing")
    return template.format(area=figures.square_metres(area_m2) if area_m2 >= _LEAST_M2 else nothing)


def _signed(change: float | None, shown) -> str:
    """A change with its sign; empty where there is none or it is not known."""
    if change is None or change == 0:
        return ""
    return f"{'+' if change > 0 else _MINUS}{shown(abs(change))}"


def _points(change: float | None) -> str:
    """A change of a share in percentage points, with as many decimals as show that there is one."""
    if change is None or abs(change) < 1e-9:
        return ""
    points = 100 * change
    decimals = next((n for n in (1, 2, 3, 4) if abs(points) >= 0.5 * 10.0**-n), 4)
    return _signed(points, lambda value: figures.number(value, decimals))


def _share(share: float | None, met: bool) -> str:
    if share is not None:
        return figures.percent(share)
    translate = QCoreApplication.translate
    return translate("AzeVersions", "no data") if met else translate("AzeVersions", "outside")


def hatched(colour: str, pattern: Qt.BrushStyle) -> QPixmap:
    """A sample of a hatching, for a key."""
    size = QSize(22, 14)
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QColor(colour))
    painter.setBrush(QBrush(QColor(colour), pattern))
    painter.drawRect(0, 0, size.width() - 1, size.height() - 1)
    painter.end()
    return pixmap
