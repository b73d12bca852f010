"""What the land says of a boundary: land cover inside and around, mapped edges, the nearest record outside."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QPainter, QPen
from qgis.PyQt.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ... import paths
from ...services.figures import metres, number, percent
from ...services.vocabulary import word
from .. import style
from .basics import ElidedLabel, TextLabel, link
from .mixchart import MixChart

# Findings that this view says in its own way.
SHOWN = frozenset(
    (
        "discreteness.landcover_differs",
        "discreteness.landcover_alike",
        "discreteness.landcover_not_assessed",
        "discreteness.edges_share",
        "discreteness.nearest_record_outside",
    )
)


class SurroundingsView(QWidget):
    """Evidence of the criterion discreteness, and what was not looked at.

    ``zoomed`` carries a place (EPSG:4326 ``[xmin, ymin, xmax, ymax]``), ``dataWanted`` asks for the page where layers
    are chosen. ``is_empty`` where an assessment says nothing of all this.
    """

    zoomed = pyqtSignal(list)
    dataWanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 4, 0, 6)
        self._layout.setSpacing(10)
        self.is_empty = True

        self.cover_title = _heading()
        self.chart = MixChart()
        self.cover = TextLabel()
        self.cover_figures = TextLabel(muted=True)
        self._cover = self._part(self.cover_title, self.chart, self.cover, self.cover_figures)

        self.edges = TextLabel()
        self.edge_rows = QVBoxLayout()
        self.edge_rows.setSpacing(2)
        rows = QWidget()
        rows.setLayout(self.edge_rows)
        self.edge_rows.setContentsMargins(0, 0, 0, 0)
        self.no_edges = TextLabel(muted=True)
        heading = _heading(translate("AzeSurroundings", "Mapped edges"))
        self._edges = self._part(heading, self.edges, rows, self.no_edges)

        self.record = TextLabel()
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.record, 1)
        self.show_record = link(translate("AzeSurroundings", "show ▸"), self._zoom)
        line.addWidget(self.show_record, 0, Qt.AlignmentFlag.AlignTop)
        self._record = self._part(_heading(translate("AzeSurroundings", "Nearest record outside")), row)
        self._extent: list[float] = []

        self.unknown = TextLabel(muted=True)
        choose = link(translate("AzeSurroundings", "choose layers ▸"), self.dataWanted.emit)
        self._unknown = self._part(self.unknown, choose)

    def _part(self, *widgets: QWidget) -> QWidget:
        part = QWidget()
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for widget in widgets:
            layout.addWidget(widget)
        self._layout.addWidget(part)
        return part

    def set_criterion(self, criterion: dict[str, Any], dimmed: bool = False) -> None:
        """Show the ``evidence`` of the criterion's member of an assessment; ``dimmed`` for an earlier boundary."""
        evidence = criterion.get("evidence") or {}
        self._show_cover(evidence.get("landcover"), dimmed)
        self._show_edges(evidence.get("edges"), dimmed)
        self._show_record(evidence.get("nearest_record"), criterion["findings"])
        self._show_unknown(evidence)
        self.is_empty = "evidence" not in criterion

    def _show_cover(self, found: dict[str, Any] | None, dimmed: bool) -> None:
        self._cover.setVisible(found is not None)
        if found is None:
            return
        translate = QCoreApplication.translate
        self.cover_title.setText(translate("AzeSurroundings", "Land cover: {source}").format(source=found["source"]))
        classes = found.get("classes") or []
        self.chart.setVisible(bool(classes))
        self.chart.set_classes(classes, dimmed)
        if found.get("not_assessed"):
            said = translate("AzeSurroundings", "It cannot be assessed, because {reason}.")
            self.cover.setText(said.format(reason=word("landcover_reason", found["not_assessed"])))
        else:
            self.cover.setText(_meaning(found))
        figures = _cover_figures(found)
        self.cover_figures.setText(figures)
        self.cover_figures.setVisible(bool(figures))

    def _show_edges(self, found: dict[str, Any] | None, dimmed: bool) -> None:
        self._edges.setVisible(found is not None)
        while self.edge_rows.count():
            row = self.edge_rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        if found is None:
            return
        said = QCoreApplication.translate(
            "AzeSurroundings", "{share} of the outline of {perimeter} runs within {tolerance} of a mapped edge."
        )
        self.edges.setText(
            said.format(
                share=percent(found["share"]),
                perimeter=metres(found["perimeter_m"]),
                tolerance=metres(found["tolerance_m"]),
            )
        )
        without = [layer["name"] for layer in found["layers"] if not layer["share"]]
        for layer in sorted(found["layers"], key=lambda layer: -layer["share"]):
            if layer["share"]:
                self.edge_rows.addWidget(_EdgeRow(layer["name"], layer["share"], dimmed))
        said = QCoreApplication.translate("AzeSurroundings", "No edge that near in: {layers}.")
        self.no_edges.setText(said.format(layers=", ".join(without)))
        self.no_edges.setVisible(bool(without))

    def _show_record(self, found: dict[str, Any] | None, findings: list[dict[str, Any]]) -> None:
        self._record.setVisible(found is not None)
        if found is None:
            return
        said = QCoreApplication.translate("AzeSurroundings", "{taxon}, {distance} from the boundary.")
        self.record.setText(said.format(taxon=found["taxon"], distance=metres(found["distance_m"])))
        extents = (f["params"].get("extent") for f in findings if f["code"] == "discreteness.nearest_record_outside")
        lon, lat = found["lon"], found["lat"]
        self._extent = list(next(extents, None) or [lon, lat, lon, lat])

    def _show_unknown(self, evidence: dict[str, Any]) -> None:
        translate, said = QCoreApplication.translate, []
        if not evidence.get("landcover"):
            said.append(translate("AzeSurroundings", "Land cover was not compared, as none is chosen."))
        if not evidence.get("edges"):
            said.append(translate("AzeSurroundings", "Mapped edges were not looked for, as none are chosen."))
        self.unknown.setText(" ".join(said))
        self._unknown.setVisible(bool(said))

    def _zoom(self) -> None:
        self.zoomed.emit(self._extent)


class _EdgeRow(QWidget):
    """A layer and its share of the outline, as text and bar."""

    def __init__(self, name: str, share: float, dimmed: bool):
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(ElidedLabel(name), 5)
        layout.addWidget(_Share(share, dimmed), 6)
        said = QCoreApplication.translate("AzeSurroundings", "{name}: {share} of the outline")
        self.setAccessibleName(said.format(name=name, share=percent(share)))
        self.setToolTip(self.accessibleName())


class _Share(QWidget):
    def __init__(self, share: float, dimmed: bool):
        super().__init__()
        self._share, self._dimmed = share, dimmed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)

    def sizeHint(self) -> QSize:
        return QSize(140, self.fontMetrics().height() + 4)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        palette = self.palette()
        text = percent(self._share)
        room = painter.fontMetrics().horizontalAdvance(percent(0.9999)) + 6
        groove = QRectF(0.5, self.height() / 2 - 5, max(1.0, self.width() - room - 1), 10)
        painter.setPen(QPen(style.line(palette), 1))
        painter.drawRect(groove)
        if self._share > 0:
            ink = QColor(style.SKY if style.is_dark(palette) else style.BLUE)
            bar = QRectF(groove)
            bar.setWidth(max(2.0, groove.width() * min(1.0, self._share)))
            painter.fillRect(bar, style.muted(palette) if self._dimmed else ink)
        painter.setPen(style.muted(palette) if self._dimmed else palette.color(self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), text)


def _heading(text: str = "") -> ElidedLabel:
    label = ElidedLabel(text)
    label.setFont(style.scaled(label.font(), 0.95, bold=True))
    return label


def _differs(found: dict[str, Any]) -> bool:
    significance = paths.load_json("criteria", "aze.json")["discreteness"]["landcover"]["significance"]
    return bool(found.get("differs", found["reference"]["p_value"] <= significance))


def _meaning(found: dict[str, Any]) -> str:
    """What the divergence says next to that of the shifted copies."""
    translate, reference = QCoreApplication.translate, found["reference"]
    copies = reference["copies"]
    # The p value is (copies that differ as much + 1) ÷ (copies + 1).
    as_much = max(0, round(reference["p_value"] * (copies + 1)) - 1)
    tried = (
        translate(
            "AzeSurroundings",
            "The same outline was laid on {copies} places near by. At none of them do inside and around differ as much "
            "as here.",
        )
        if as_much == 0
        else translate(
            "AzeSurroundings",
            "The same outline was laid on {copies} places near by. At one of them inside and around differ as much as "
            "here or more.",
        )
        if as_much == 1
        else translate(
            "AzeSurroundings",
            "The same outline was laid on {copies} places near by. At {count} of them inside and around differ as much "
            "as here or more.",
        )
    )
    meant = (
        translate("AzeSurroundings", "So the land changes at this boundary more than it does elsewhere here.")
        if _differs(found)
        else translate(
            "AzeSurroundings",
            "So land cover alone does not set this boundary apart: say in the rationale what does.",
        )
    )
    return f"{tried.format(copies=number(copies), count=number(as_much))} {meant}"


def _cover_figures(found: dict[str, Any]) -> str:
    """Divergence, width of the ring and what is not known, as far as there is something to say."""
    translate, said = QCoreApplication.translate, []
    if not found.get("not_assessed"):
        reference = found["reference"]
        template = translate(
            "AzeSurroundings",
            "Divergence {value} (0: the same, 1: nothing in common); half of the copies have {median} or less, 95 in "
            "100 have {p95} or less.",
        )
        values = {"value": found["divergence"], "median": reference["median"], "p95": reference["p95"]}
        said.append(template.format(**{name: number(value, 2) for name, value in values.items()}))
    if found.get("ring_m"):
        template = translate("AzeSurroundings", "Around: a ring {width} wide, of the same area.")
        said.append(template.format(width=metres(found["ring_m"])))
    unknown = found.get("no_data_inside") or 0, found.get("no_data_ring") or 0
    if any(unknown):
        template = translate("AzeSurroundings", "Not known: {inside} inside, {ring} around.")
        said.append(template.format(inside=percent(unknown[0]), ring=percent(unknown[1])))
    return " ".join(said)
