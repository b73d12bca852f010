"""The trend of cover by year, drawn by the same SVG as in reports; pointing at it tells a year's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QByteArray, QCoreApplication, QDate, QEvent, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFontInfo, QPainter, QPalette, QPen, QPolygonF
from qgis.PyQt.QtSvg import QSvgRenderer
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from ...services.figures import number, percent
from ...services.reporting import charts
from .. import style
from .basics import FlowLayout

# Height in lines of text.
_TALL = 11
# An interval narrower than this (percent) is none.
_SURE = 0.05


class TrendChart(QWidget):
    """Cumulative cover by year: a line for protected areas, OECMs and both, with the interval of what was drawn.

    A kind that is not there has no line, and where only one is, it stands for the whole.
    """

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.plot = _Plot()
        self._keys = [_Key() for _ in range(3)]
        keys = QWidget()
        flow = FlowLayout(keys, spacing=8)
        for key in self._keys:
            flow.addWidget(key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.plot)
        layout.addWidget(keys)
        self._dimmed = False

    def set_years(
        self,
        years: Sequence[Mapping[str, Any]],
        by_kind: Mapping[str, Sequence[Mapping[str, Any]]],
        dimmed: bool = False,
    ) -> None:
        """Show ``years`` and ``years_by_kind`` of one site of a coverage file; ``dimmed`` for an earlier boundary's."""
        translate = QCoreApplication.translate
        self._dimmed = dimmed
        names = {
            "pa": translate("AzeProtection", "Protected areas"),
            "oecm": translate("AzeProtection", "OECMs"),
        }
        series = [
            charts.Series(names[kind], tuple(_point(year, "pct") for year in by_kind[kind]))
            for kind in names
            if by_kind.get(kind)
        ]
        if len(series) != 1:
            together = tuple(_point(year, "both_pct") for year in years)
            series.append(charts.Series(translate("AzeProtection", "Both"), together))
        self.plot.show_series(series, dimmed)
        self._show_keys()

    def _show_keys(self) -> None:
        shown = [one.label for one in self.plot.series if one.points]
        lines = charts.line_styles(theme_of(self.palette()), len(shown))
        for number_, key in enumerate(self._keys):
            key.setVisible(number_ < len(shown))
            if number_ < len(shown):
                key.show_line(shown[number_], *lines[number_][:2], self._dimmed)

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_keys()


def theme_of(palette: QPalette, family: str = "sans-serif") -> charts.Theme:
    """The palette's colours for a chart on a card."""
    return charts.Theme.on(
        palette.color(QPalette.ColorRole.WindowText).name(), style.ground(palette).name(), family.replace('"', "")
    )


def _point(year: Mapping[str, Any], name: str) -> charts.Point:
    return charts.Point(year["year"], year[name], year.get("low_pct"), year.get("high_pct"))


class _Plot(QWidget):
    def __init__(self):
        super().__init__()
        self.series: list[charts.Series] = []
        self._dimmed = False
        self._pointed: int | None = None
        self._drawn: tuple = ()
        self._renderer = QSvgRenderer(self)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_series(self, series: list[charts.Series], dimmed: bool) -> None:
        self.series, self._dimmed, self._pointed, self._drawn = series, dimmed, None, ()
        said = [self.said(one.points[-1].year) for one in series[-1:] if one.points]
        title = QCoreApplication.translate("AzeProtection", "Cover by year")
        self.setAccessibleName(f"{title}. {said[0]}" if said else title)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, _TALL * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def said(self, year: int) -> str:
        """The figures of a year in words."""
        translate = QCoreApplication.translate
        lines = []
        for one in self.series:
            point = next((p for p in reversed(one.points) if p.year <= year), None)
            share = percent((point.value if point else 0.0) / 100)
            if point is not None and point.low is not None and point.high - point.low > _SURE:
                template = translate("AzeProtection", "{name}: {share} (95 % of the draws: {low} to {high})")
                low, high = percent(point.low / 100), percent(point.high / 100)
                lines.append(template.format(name=one.label, share=share, low=low, high=high))
            else:
                lines.append(translate("AzeProtection", "{name}: {share}").format(name=one.label, share=share))
        return "\n".join([str(year), *lines])

    def _settings(self) -> dict[str, Any]:
        return {
            "width": float(max(1, self.width())),
            "height": float(max(1, self.height())),
            "last_year": QDate.currentDate().year(),
            "number": _tick,
            "size": 0.88 * QFontInfo(self.font()).pixelSize(),
            "key": False,
        }

    def axes(self) -> charts.Axes:
        """Where the years are in the widget."""
        return charts.axes(self.series, **self._settings())

    def paintEvent(self, _event) -> None:
        theme = theme_of(self.palette(), QFontInfo(self.font()).family())
        wanted = (theme, self.width(), self.height(), self.font().key())
        if wanted != self._drawn:
            title = QCoreApplication.translate("AzeProtection", "Cover by year")
            svg = charts.trend(self.series, title, theme=theme, **self._settings())
            self._renderer.load(QByteArray(svg.encode()))
            self._drawn = wanted
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._dimmed:
            painter.setOpacity(0.45)
        self._renderer.render(painter, QRectF(self.rect()))
        if self._pointed is not None:
            axes = self.axes()
            painter.setPen(QPen(style.muted(self.palette()), 1, Qt.PenStyle.DotLine))
            x = axes.x(self._pointed)
            painter.drawLine(QPointF(x, axes.top), QPointF(x, axes.bottom))

    def mouseMoveEvent(self, event) -> None:
        year = self.axes().year_at(event.pos().x()) if any(one.points for one in self.series) else None
        if year != self._pointed:
            self._pointed = year
            self.update()
        if year is not None:
            QToolTip.showText(self.mapToGlobal(event.pos()), self.said(year), self)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event) -> None:
        self._pointed = None
        self.update()
        super().leaveEvent(event)


class _Key(QWidget):
    """A line as it is in the chart, and its name."""

    def __init__(self):
        super().__init__()
        self._text, self._colour, self._dash, self._dimmed = "", "", "", False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_line(self, text: str, colour: str, dash: str, dimmed: bool) -> None:
        self._text, self._colour, self._dash, self._dimmed = text, colour, dash, dimmed
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + 34, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        pen = QPen(QColor(self._colour), 2)
        if self._dash:
            # Qt counts dashes in widths of the pen.
            pen.setDashPattern([float(part) / 2 for part in self._dash.split()])
        painter.setOpacity(0.45 if self._dimmed else 1.0)
        painter.setPen(pen)
        middle = self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(2, middle), QPointF(26, middle)]))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect().adjusted(31, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), self._text)


def _tick(value: float) -> str:
    return f"{number(value, 0 if float(value).is_integer() else 1)}\u00a0%"
