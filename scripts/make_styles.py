"""Write ``resources/styles/*.qml``: the panel's map styles, built with QGIS itself.

Their symbols are those of ``aze_plugin/services/reporting/symbols.py``, which reports use too.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsMapLayer,
    QgsPalLayerSettings,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
STYLES = ROOT / "resources" / "styles"
KINDS = QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling


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
    # Qt writes attributes in an order of chance, those of symbols that are written within attributes too.
    for opened, quote in (("<", '"'), ("&lt;", "&quot;")):
        attribute = rf" [\w:-]+={quote}.*?{quote}"
        tag = re.compile(rf"({opened}[\w-]+)((?:{attribute})+)")
        content = tag.sub(lambda m, one=attribute: m[1] + "".join(sorted(re.findall(one, m[2]))), content)
    (STYLES / f"{name}.qml").write_text(content, encoding="utf-8")


def main() -> None:
    """Write all styles."""
    from aze_plugin.services.reporting.symbols import shown

    def plain(kind: str) -> QgsSingleSymbolRenderer:
        return QgsSingleSymbolRenderer(shown(kind))

    STYLES.mkdir(parents=True, exist_ok=True)
    write("candidates", "MultiPolygon", plain("subject"), labels('"name"', "#a34700", 9, bold=True))
    write("gaps", "MultiPolygon", plain("gap"))
    write(
        "sites",
        "MultiPolygon",
        plain("site"),
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
            QgsRendererCategory("pa", shown("pa"), "Protected area"),
            QgsRendererCategory("oecm", shown("oecm"), "OECM"),
            QgsRendererCategory("other", shown("uncounted"), "Not counted"),
        ],
    )
    write("protected", "MultiPolygon", areas)
    write("protected_points", "MultiPoint", plain("pa_point"))
    write("edges", "MultiPolygon", plain("edge"))
    write("edges_lines", "MultiLineString", plain("edge_line"))
    write("base", "MultiPolygon", plain("ground"))


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main()
    application.exitQgis()
    sys.exit(0)
