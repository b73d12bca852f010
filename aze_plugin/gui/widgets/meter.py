"""The live meter at the top of the panel: a row for each taxon that triggers or comes near it, while a shape is in
hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QCoreApplication, QRect, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPalette
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ...services import figures
from .. import style
from ..meter import Meter
from ..models.species import Bar, bar_of, headline, share_name, short_name
from .sharebar import paint_bar_and_text

if TYPE_CHECKING:
    from ...services.live import Reading

# Rows that have a place of their own from the start, and rows from which on the list scrolls.
_LEAST_ROWS, _MOST_ROWS = 3, 6
_PAD = 8
_UP, _DOWN = "↑", "↓"
_CRITERIA = ("endangerment", "irreplaceability", "discreteness")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Row:
    """One taxon: its name, the bar of the share that stands for it, its status, and whether it has crossed the
    threshold since the shape was taken in hand (1 upward, −1 downward)."""

    taxon_id: str
    name: str
    status: str
    bar: Bar
    tip: str
    crossed: int = 0


class MeterRows:
    """The rows of one time in hand: they keep their places, and taxa that were left behind stay with what is known."""

    def __init__(self):
        self.rows: list[Row] = []
        self._turn = -1
        self._first: dict[str, str] = {}
        # Rows with the shares and status that they were made of: few of them change at a move.
        self._made: dict[str, tuple[tuple, Row]] = {}

    def take(self, reading: Reading | None, turn: int) -> None:
        """Take up a reading; ``turn`` is the meter's count of times in hand."""
        from ...services.live import entry_of

        if turn != self._turn:
            self.rows, self._first, self._made, self._turn = [], {}, {}, turn
        if reading is None:
            return
        settings = reading.assessment.settings
        everything = {r.taxon.taxon_id: r for r in reading.assessment.species}
        known = {row.taxon_id: row for row in self.rows}
        near = {r.taxon.taxon_id: r for r in reading.near}
        rows = []
        for taxon_id in [*known, *(t for t in near if t not in known)]:
            found = everything.get(taxon_id)
            if found is None:
                before = known[taxon_id]
                bar = Bar(0.0, 0.0, 0.0, settings.threshold, "not_met", figures.percent(0.0))
                rows.append(self._row(taxon_id, before.name, "not_met", bar, before.tip))
                continue
            made_of = found.shares, found.verdict.status
            made = self._made.get(taxon_id)
            if made is None or made[0] != made_of:
                entry = entry_of(found, settings)
                share = headline(entry)
                tip = f"{found.taxon.scientific_name} ({found.taxon.category})"
                if share is not None:
                    tip = f"{tip}: {share_name(share)}"
                bar = bar_of(entry, share, settings.threshold)
                row = self._row(taxon_id, found.taxon.scientific_name, found.verdict.status, bar, tip)
                made = self._made[taxon_id] = (made_of, row)
            rows.append(made[1])
        self.rows = rows

    def _row(self, taxon_id: str, name: str, status: str, bar: Bar, tip: str) -> Row:
        first = self._first.setdefault(taxon_id, status)
        crossed = 0
        if (status == "met") != (first == "met"):
            crossed = 1 if status == "met" else -1
        return Row(taxon_id, name, status, bar, tip, crossed)


class _Lines(QWidget):
    """Paints the rows."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.rows: list[Row] = []
        self.dimmed = False
        self.text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_rows(self, rows: list[Row], dimmed: bool, text: str) -> None:
        """Show rows, or without any the text; painted anew is what changed, which at a move of the mouse is little."""
        height, before = self.line_height(), self.rows
        if len(rows) != len(before):
            self.updateGeometry()
        if len(rows) != len(before) or (dimmed, text) != (self.dimmed, self.text):
            self.update()
        else:
            for n, (row, earlier) in enumerate(zip(rows, before)):
                if row != earlier:
                    self.update(0, n * height, self.width(), height)
        self.rows, self.dimmed, self.text = rows, dimmed, text

    def line_height(self) -> int:
        return self.fontMetrics().height() + 4

    def sizeHint(self) -> QSize:
        return QSize(200, self.line_height() * max(len(self.rows), 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def event(self, event) -> bool:
        if event.type() == event.Type.ToolTip:
            number = event.pos().y() // self.line_height()
            self.setToolTip(self.rows[number].tip if 0 <= number < len(self.rows) else "")
        return super().event(event)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        palette = self.palette()
        if not self.rows:
            painter.setPen(style.muted(palette))
            painter.drawText(QRectF(self.rect()), int(_LEFT | Qt.TextFlag.TextWordWrap), self.text)
            return
        metrics, height = self.fontMetrics(), self.line_height()
        mark = metrics.horizontalAdvance("◐ ")
        arrow = metrics.horizontalAdvance(f" {_UP}")
        width = self.width() - mark - arrow
        names = max(60, int(width * 0.42))
        text = style.muted(palette) if self.dimmed else palette.color(QPalette.ColorRole.Text)
        for n, row in enumerate(self.rows):
            top = n * height
            if not event.region().intersects(QRect(0, top, self.width(), height)):
                continue
            state = style.state_of(row.status)
            # Not reaching the threshold is the normal thing for a taxon, nothing to alarm about.
            state = "empty" if state == "problem" else state
            painter.setPen(style.muted(palette) if self.dimmed else style.colour(state, palette))
            painter.drawText(QRectF(0, top, mark, height), int(_LEFT), style.MARKS[state])
            painter.setPen(text)
            name = row.name
            if metrics.horizontalAdvance(name) > names - 6:
                name = metrics.elidedText(short_name(name), Qt.TextElideMode.ElideRight, names - 6)
            painter.drawText(QRectF(mark, top, names, height), int(_LEFT), name)
            paint_bar_and_text(painter, QRectF(mark + names, top, width - names, height), row.bar, palette, self.dimmed)
            if row.crossed:
                painter.setPen(text)
                painter.drawText(
                    QRectF(self.width() - arrow, top, arrow, height), int(_RIGHT), _UP if row.crossed > 0 else _DOWN
                )


class _Head(QWidget):
    """Paints the criteria's marks, area and protection, and below them what there is to say."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.marks: list[str] = []
        self.facts: list[str] = []
        self.said = ""
        self.dimmed = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * (self.fontMetrics().height() + 2))

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        palette, metrics = self.palette(), self.fontMetrics()
        height = metrics.height() + 2
        muted = style.muted(palette)
        text = muted if self.dimmed else palette.color(QPalette.ColorRole.Text)
        x = 0
        for n, state in enumerate(self.marks, start=1):
            for shown, colour in ((f"{n} ", text), (style.MARKS[state], style.colour(state, palette))):
                painter.setPen(muted if self.dimmed else colour)
                width = metrics.horizontalAdvance(shown)
                painter.drawText(QRectF(x, 0, width, height), int(_LEFT), shown)
                x += width
            x += metrics.horizontalAdvance("  ")
        painter.setPen(text)
        facts = metrics.elidedText(" · ".join(self.facts), Qt.TextElideMode.ElideRight, max(0, self.width() - x))
        painter.drawText(QRectF(x, 0, self.width() - x, height), int(_RIGHT), facts)
        said = metrics.elidedText(self.said, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, height, self.width(), height), int(_LEFT), said)


class MeterView(QWidget):
    """Shows the meter while a shape is in hand. Its height grows with the rows that come, and never shrinks meanwhile,
    so that what is below stays where it is."""

    def __init__(self, meter: Meter, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeMeter")
        self.meter = meter
        self._rows = MeterRows()
        self._head = _Head()
        self._head.setObjectName("AzeMeterHead")
        self._lines = _Lines()
        self._lines.setObjectName("AzeMeterRows")
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._lines)
        self._scroll.viewport().setAutoFillBackground(False)
        self._lines.setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_PAD, 4, _PAD, 6)
        layout.setSpacing(2)
        layout.addWidget(self._head)
        layout.addWidget(self._scroll)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._places = _LEAST_ROWS
        self._told = ""
        meter.changed.connect(self.show_state)
        self.show_state()

    @property
    def rows(self) -> list[Row]:
        """The rows shown."""
        return self._rows.rows

    @property
    def said(self) -> str:
        """The sentence shown above the rows."""
        return self._head.said

    @property
    def facts(self) -> list[str]:
        """Area and protection as shown."""
        return self._head.facts

    def show_state(self) -> None:
        """Show what the meter knows."""
        meter = self.meter
        if not meter.is_shown:
            self.hide()
            self._rows = MeterRows()
            self._places = _LEAST_ROWS
            return
        reading = meter.reading
        self._rows.take(reading, meter.turn)
        head, lines = self._head, self._lines
        head.dimmed = meter.is_behind or reading is None
        head.said = self._sentence(reading)
        if reading is not None:
            criteria = reading.assessment.criteria
            head.marks = [style.state_of(criteria[name].status) for name in _CRITERIA]
            head.facts = self._facts(reading)
            tip = self._tip(reading)
            if tip != head.toolTip():
                head.setToolTip(tip)
        elif meter.is_unfinished:
            head.marks, head.facts = [], []
        lines.show_rows(self.rows, head.dimmed, meter.problem)
        self._places = max(self._places, min(_MOST_ROWS, len(self.rows)))
        height = self._places * lines.line_height()
        if self._scroll.height() != height:
            self._scroll.setFixedHeight(height)
        if self.isHidden():
            self.show()
        head.update()
        self._tell()

    def _sentence(self, reading: Reading | None) -> str:
        translate, meter = QCoreApplication.translate, self.meter
        if meter.problem:
            return "" if not self.rows else meter.problem
        if meter.is_unfinished:
            return translate("AzeMeter", "Draw on: a boundary has three corners or more.")
        if reading is None:
            return translate("AzeMeter", "Looking up what lives here…")
        triggers = sum(r.verdict.trigger for r in reading.assessment.species)
        if triggers == 1:
            said = translate("AzeMeter", "1 trigger species")
        elif triggers:
            said = translate("AzeMeter", "{count} trigger species").format(count=figures.number(triggers))
        else:
            said = translate("AzeMeter", "no trigger species")
        verdict = style.word(reading.assessment.verdict)
        sentence = translate("AzeMeter", "{triggers} · {verdict} so far").format(triggers=said, verdict=verdict)
        return sentence[:1].upper() + sentence[1:]

    def _tip(self, reading: Reading) -> str:
        translate = QCoreApplication.translate
        names = (
            translate("AzeMeter", "1 Endangerment: {status}"),
            translate("AzeMeter", "2 Irreplaceability: {status}"),
            translate("AzeMeter", "3 Discreteness: {status}"),
        )
        criteria = reading.assessment.criteria
        return "\n".join(name.format(status=style.word(criteria[key].status)) for name, key in zip(names, _CRITERIA))

    def _facts(self, reading: Reading) -> list[str]:
        translate = QCoreApplication.translate
        facts = [figures.hectares(reading.candidate.area_ha)]
        if reading.protected_share is not None:
            share = figures.percent(reading.protected_share)
            facts.append(translate("AzeMeter", "{share} protected").format(share=share))
        elif reading.protection_known:
            facts.append(translate("AzeMeter", "protection cannot be assessed"))
        return facts

    def _tell(self) -> None:
        """Say to screen readers what matters, and only when it changes."""
        told = "; ".join([self.said, *(f"{r.name}: {style.word(r.status)}" for r in self.rows)])
        if told != self._told:
            self._told = told
            self.setAccessibleName(told)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), style.ground(self.palette()))
        painter.fillRect(0, 0, self.width(), 1, style.line(self.palette()))
