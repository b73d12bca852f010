"""How kinds of things look on maps: ``drawn`` on the paper of reports, ``shown`` on the screen of the panel.

One table each, kind by kind in the same colours. On paper kinds differ by mark, line and hatch, so that they read in
black and white; on the screen the candidate is a bold outline, gaps a light fill, and the rest stays quiet behind them.
"""

from __future__ import annotations

from qgis.core import (
    QgsFillSymbol,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsSimpleFillSymbolLayer,
)
from qgis.PyQt.QtGui import QColor

from .palette import GREEN, ORANGE, PURPLE, SKY, VERMILLION

# Darker shades of the palette's, for lines and edges.
_FOREST, _PINE, _OCEAN, _STEEL, _BROWN, _RUST = "#007858", "#006e50", "#005a8c", "#2878af", "#a06900", "#963c00"
_PLUM, _MAUVE, _UMBER = "#8c3c6e", "#a05582", "#5a3c14"
_INK, _GREY, _SLATE, _WHITE = "#111111", "#5a5a5a", "#464a5c", "#ffffff"
_PAPER, _PAPER_EDGE, _SAND, _SAND_EDGE = "#faf8f2", "#969187", "#eeeade", "#968f7d"
_NONE = "0,0,0,0"


def drawn(kind: str) -> QgsFillSymbol | QgsMarkerSymbol:
    """The symbol of a kind of ``maps`` in a report."""
    makers = {
        "ground": lambda: fill(tone(_PAPER), tone(_PAPER_EDGE), 0.2),
        "pa": lambda: hatched(tone(GREEN, 45), tone(_FOREST, 190), tone(_PINE, 230), 0.25, 1.4, 45),
        "oecm": lambda: hatched(tone(SKY, 45), tone(_OCEAN, 190), tone(_OCEAN, 230), 0.25, 1.4, 135),
        "site": lambda: fill(_NONE, tone(_PLUM), 0.45, "dash", "no"),
        "gap": lambda: fill(tone(ORANGE, 130), tone(_BROWN, 230), 0.2),
        "former": lambda: fill(_NONE, tone(_UMBER), 0.5, "dash", "no"),
        "gained": lambda: hatched(tone(SKY, 90), tone(_OCEAN, 200), tone(_OCEAN), 0.25, 1.6, 45),
        "lost": lambda: hatched(tone(VERMILLION, 60), tone(_RUST, 220), tone(_RUST), 0.25, 1.0, 135),
        "near": lambda: fill(_NONE, tone(_GREY), 0.3, "dot", "no"),
        "subject": lambda: fill(_NONE, tone(_INK), 0.8, "solid", "no"),
        "complete": lambda: marker("circle", tone(GREEN), 2.6),
        "partial": lambda: marker("diamond", tone(SKY), 3.0),
        "none": lambda: marker("circle", tone(_WHITE), 2.6, width=0.5),
        "not_assessed": lambda: marker("cross2", _NONE, 2.2, width=0.5),
        "place": lambda: marker("triangle", tone(VERMILLION), 2.8),
    }
    return makers.get(kind, makers["site"])()


def shown(kind: str) -> QgsFillSymbol | QgsLineSymbol | QgsMarkerSymbol:
    """The symbol of a kind in the panel's layers; ``make_styles`` writes them down."""
    return {
        "subject": lambda: _with_halo(fill(_NONE, tone(VERMILLION), 0.9, brush="no"), 1.7),
        "gap": lambda: hatched(tone(ORANGE, 70), tone(_BROWN, 190), _NONE, 0.1, 1.6, 45, pen=0.25),
        "site": lambda: fill(tone(PURPLE, 35), tone(_MAUVE, 220), 0.4, line="dash"),
        "pa": lambda: fill(tone(GREEN, 60), tone(_FOREST, 200), 0.3),
        "oecm": lambda: hatched(tone(SKY, 45), tone(_STEEL, 150), tone(_STEEL, 200), 0.3, 2.2, 135, pen=0.25),
        "uncounted": lambda: fill(_NONE, tone(_FOREST, 130), 0.25, "dot", "no"),
        "pa_point": lambda: QgsMarkerSymbol.createSimple(
            {"name": "diamond", "color": tone(GREEN, 150), "outline_color": tone(_FOREST), "size": "2.6"}
        ),
        "edge": lambda: fill(_NONE, tone(_SLATE, 200), 0.3, "dash dot", "no"),
        "edge_line": lambda: QgsLineSymbol.createSimple(
            {"line_color": tone(_SLATE, 200), "line_width": "0.3", "line_style": "dash dot", "joinstyle": "round"}
        ),
        "ground": lambda: fill(tone(_SAND), tone(_SAND_EDGE), 0.25),
    }[kind]()


def tone(colour: str, opacity: int = 255) -> str:
    """A colour ``#rrggbb`` as QGIS's symbols take it; ``opacity`` up to 255."""
    found = QColor(colour)
    return f"{found.red()},{found.green()},{found.blue()},{opacity}"


def fill(colour: str, outline: str, width: float, line: str = "solid", brush: str = "solid") -> QgsFillSymbol:
    """A simple fill; colours as ``tone`` gives them, widths in mm."""
    return QgsFillSymbol.createSimple(
        {
            "color": colour,
            "style": brush,
            "outline_color": outline,
            "outline_width": str(width),
            "outline_style": line,
            "joinstyle": "round",
        }
    )


def hatched(
    ground: str, lines: str, outline: str, width: float, distance: float, angle: float, pen: float = 0.18
) -> QgsFillSymbol:
    """A fill with a hatch over it, so that it reads in black and white too; ``pen``: width of its lines in mm."""
    symbol = fill(ground, outline, width)
    hatch = QgsLinePatternFillSymbolLayer()
    hatch.setDistance(distance)
    hatch.setLineAngle(angle)
    hatch.setLineWidth(pen)
    hatch.setColor(QColor(*map(int, lines.split(","))))
    hatch.subSymbol().setColor(QColor(*map(int, lines.split(","))))
    hatch.subSymbol().setWidth(pen)
    symbol.insertSymbolLayer(1, hatch)
    return symbol


def marker(name: str, colour: str, size: float, outline: str = tone(_INK), width: float = 0.35) -> QgsMarkerSymbol:
    """A simple mark; size and width in mm."""
    return QgsMarkerSymbol.createSimple(
        {"name": name, "color": colour, "outline_color": outline, "outline_width": str(width), "size": str(size)}
    )


def _with_halo(symbol: QgsFillSymbol, width: float) -> QgsFillSymbol:
    """A light line under the outline, so that it stands out on any ground."""
    under = QgsSimpleFillSymbolLayer.create(
        {"style": "no", "outline_color": tone(_WHITE, 200), "outline_width": str(width), "joinstyle": "round"}
    )
    symbol.insertSymbolLayer(0, under)
    return symbol
