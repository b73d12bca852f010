"""Write ``resources/styles/*.qml``: the panel's map styles, in Okabe and Ito's colours, built with QGIS itself.

The candidate is a bold outline, gaps a light fill, protected areas and sites stay quiet behind them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsRendererCategory,
    QgsSimpleFillSymbolLayer,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

ROOT = Path(__file__).resolve().parent.parent
STYLES = ROOT / "resources" / "styles"
KINDS = QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling


def fill(colour: str, outline: str, width: float, line: str = "solid", brush: str = "solid") -> QgsFillSymbol:
    """A simple fill; colours as r,g,b,a and widths in mm."""
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


def hatched(ground: str, lines: str, outline: str, width: float, distance: float, angle: float) -> QgsFillSymbol:
    """A fill with a hatch over it, so that it reads in black and white too."""
    symbol = fill(ground, outline, width)
    hatch = QgsLinePatternFillSymbolLayer()
    hatch.setDistance(distance)
    hatch.setLineAngle(angle)
    hatch.setLineWidth(0.25)
    hatch.setColor(QColor(*map(int, lines.split(","))))
    hatch.subSymbol().setColor(QColor(*map(int, lines.split(","))))
    symbol.insertSymbolLayer(1, hatch)
    return symbol


def labels(expression: str, colour: str, size: float, bold: bool = False) -> QgsVectorLayerSimpleLabeling:
    """Labels with a light halo."""
    settings = QgsPalLayerSettings()
    settings.fieldName = expression
    settings.isExpression = True
    text = QgsTextFormat()
    font = text.font()
    font.setBold(bold)
    text.setFont(font)
    text.setSize(size)
    text.setColor(QColor(colour))
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.8)
    halo.setColor(QColor(255, 255, 255, 210))
    text.setBuffer(halo)
    settings.setFormat(text)
    settings.placement = Qgis.LabelPlacement.OverPoint if size < 8 else Qgis.LabelPlacement.Horizontal
    return QgsVectorLayerSimpleLabeling(settings)


def halo_outline(symbol: QgsFillSymbol, width: float) -> QgsFillSymbol:
    """A light line under the outline, so that it stands out on any ground."""
    under = QgsSimpleFillSymbolLayer.create(
        {"style": "no", "outline_color": "255,255,255,200", "outline_width": str(width), "joinstyle": "round"}
    )
    symbol.insertSymbolLayer(0, under)
    return symbol


def write(name: str, kind: str, renderer, labeling=None) -> None:
    """Save one style without what differs from run to run."""
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326", name, "memory")
    layer.setRenderer(renderer)
    if labeling is not None:
        layer.setLabeling(labeling)
        layer.setLabelsEnabled(True)
    document = QDomDocument("qgis")
    problem = layer.exportNamedStyle(document, categories=KINDS)
    if problem:
        raise RuntimeError(problem)
    content = re.sub(r' id="\{[^"]*\}"', "", document.toString(1))
    content = re.sub(r"\{[0-9a-f-]{36}\}", "", content)
    (STYLES / f"{name}.qml").write_text(content, encoding="utf-8")


def main() -> None:
    """Write all styles."""
    STYLES.mkdir(parents=True, exist_ok=True)
    write(
        "candidates",
        "MultiPolygon",
        QgsSingleSymbolRenderer(halo_outline(fill("0,0,0,0", "213,94,0,255", 0.9, brush="no"), 1.7)),
        labels('"name"', "#a34700", 9, bold=True),
    )
    write(
        "gaps",
        "MultiPolygon",
        QgsSingleSymbolRenderer(hatched("230,159,0,70", "160,105,0,190", "0,0,0,0", 0.1, 1.6, 45)),
    )
    write(
        "sites",
        "MultiPolygon",
        QgsSingleSymbolRenderer(fill("204,121,167,35", "160,85,130,220", 0.4, line="dash")),
        labels("coalesce(attribute('IntName'), attribute('NatName'), attribute('international_name'))", "#7d3d63", 7.5),
    )
    # Quieter where an area does not count: proposed, not reported, or a biosphere reserve.
    uncounted = (
        "coalesce(attribute('STATUS'), 'Designated') not in ('Designated', 'Inscribed', 'Established', 'Adopted') "
        "or coalesce(attribute('DESIG_ENG'), '') like 'UNESCO-MAB%'"
    )
    oecm = "coalesce(attribute('SITE_TYPE') = 'OECM' or to_string(attribute('PA_DEF')) = '0', false)"
    areas = QgsCategorizedSymbolRenderer(
        f"case when {uncounted} then 'other' when {oecm} then 'oecm' else 'pa' end",
        [
            QgsRendererCategory("pa", fill("0,158,115,60", "0,120,88,200", 0.3), "Protected area"),
            QgsRendererCategory(
                "oecm", hatched("86,180,233,45", "40,120,175,150", "40,120,175,200", 0.3, 2.2, 135), "OECM"
            ),
            QgsRendererCategory("other", fill("0,0,0,0", "0,120,88,130", 0.25, "dot", "no"), "Not counted"),
        ],
    )
    write("protected", "MultiPolygon", areas)
    points = QgsMarkerSymbol.createSimple(
        {"name": "diamond", "color": "0,158,115,150", "outline_color": "0,120,88,255", "size": "2.6"}
    )
    write("protected_points", "MultiPoint", QgsSingleSymbolRenderer(points))
    write("edges", "MultiPolygon", QgsSingleSymbolRenderer(fill("0,0,0,0", "70,74,92,200", 0.3, "dash dot", "no")))
    lines = QgsLineSymbol.createSimple(
        {"line_color": "70,74,92,200", "line_width": "0.3", "line_style": "dash dot", "joinstyle": "round"}
    )
    write("edges_lines", "MultiLineString", QgsSingleSymbolRenderer(lines))
    write("base", "MultiPolygon", QgsSingleSymbolRenderer(fill("238,234,222,255", "150,143,125,255", 0.25)))


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main()
    application.exitQgis()
    sys.exit(0)
