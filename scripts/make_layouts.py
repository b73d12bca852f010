"""Write ``resources/layouts/*.qpt``: the print layouts of reports, built with QGIS itself.

What the ids of items mean is told in ``aze_plugin/services/reporting/layout.py``. Users copy a file to
``<profile>/aze/layouts`` and edit it there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from qgis.core import (
    QgsApplication,
    QgsExpressionContextUtils,
    QgsLayoutFrame,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemManualTable,
    QgsLayoutItemMap,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutItemShape,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLayoutTableColumn,
    QgsLegendStyle,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsTableCell,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
LAYOUTS = ROOT / "resources" / "layouts"

GREEN, QUIET = "#00684c", "#4d4d4d"
LEFT, RIGHT, TOP, BOTTOM = 16.0, 194.0, 15.0, 281.0


class Maker:
    """A layout of A4 pages to which items are added by id, place and size in mm."""

    def __init__(self, name: str, pages: int):
        self.project = QgsProject()
        self.layout = QgsPrintLayout(self.project)
        self.layout.setName(name)
        self.project.layoutManager().addLayout(self.layout)
        for _ in range(pages):
            page = QgsLayoutItemPage(self.layout)
            page.setPageSize("A4", QgsLayoutItemPage.Orientation.Portrait)
            self.layout.pageCollection().addPage(page)

    def put(self, item, name: str, page: int, x: float, y: float, width: float, height: float):
        """Add an item."""
        if not isinstance(item, QgsLayoutFrame):
            self.layout.addLayoutItem(item)
        item.setId(name)
        item.attemptResize(QgsLayoutSize(width, height))
        item.attemptMove(QgsLayoutPoint(x, y), True, False, page)
        return item

    def label(self, name, text, page, x, y, width, height, points, bold=False, colour="#111111", right=False):
        """Add a label in the bundled font."""
        from aze_plugin.services.reporting.lettering import text_format

        item = QgsLayoutItemLabel(self.layout)
        item.setText(text)
        item.setTextFormat(text_format(points, bold, colour))
        item.setMarginX(0)
        item.setMarginY(0)
        item.setHAlign(Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
        return self.put(item, name, page, x, y, width, height)

    def rule(self, name, page, y, thickness=0.6, colour=GREEN):
        """Add a line across the page."""
        item = QgsLayoutItemShape(self.layout)
        item.setShapeType(QgsLayoutItemShape.Shape.Rectangle)
        symbol = item.symbol().clone()
        symbol.setColor(QColor(colour))
        symbol.symbolLayer(0).setStrokeStyle(Qt.PenStyle.NoPen)
        item.setSymbol(symbol)
        return self.put(item, name, page, LEFT, y, RIGHT - LEFT, thickness)

    def area(self, page, top, bottom=BOTTOM - 6, name="flow", left=LEFT, right=RIGHT):
        """Mark where text runs on."""
        item = QgsLayoutItemShape(self.layout)
        item.setShapeType(QgsLayoutItemShape.Shape.Rectangle)
        symbol = item.symbol().clone()
        symbol.setColor(QColor(0, 0, 0, 0))
        symbol.symbolLayer(0).setStrokeColor(QColor("#bbbbbb"))
        symbol.symbolLayer(0).setStrokeStyle(Qt.PenStyle.DashLine)
        item.setSymbol(symbol)
        return self.put(item, name, page, left, top, right - left, bottom - top)

    def head(self, page):
        """Title, subtitle and rule of the first page."""
        self.label("title", "[% @aze_title %]", page, LEFT, TOP, RIGHT - LEFT, 10, 20, True)
        self.label("subtitle", "[% @aze_subtitle %]", page, LEFT, TOP + 11, RIGHT - LEFT, 10, 9.5, False, QUIET)
        self.rule("rule", page, TOP + 22.5, 0.9)

    def running(self, page):
        """What stands on each page."""
        self.rule("running:rule", page, BOTTOM - 1, 0.2, QUIET)
        self.label("running:foot", "[% @aze_foot %]", page, LEFT, BOTTOM + 0.6, 150, 7, 6.5, False, QUIET)
        self.label(
            "running:page",
            "[% @layout_page %] / [% @layout_numpages %]",
            page,
            RIGHT - 24,
            BOTTOM + 0.6,
            24,
            5,
            7.5,
            False,
            QUIET,
            True,
        )

    def plain_map(self, name, page, left, top, width, height):
        """A map without what belongs to it."""
        item = QgsLayoutItemMap(self.layout)
        item.setFrameEnabled(True)
        item.setFrameStrokeWidth(QgsLayoutMeasurement(0.25))
        item.setBackgroundColor(QColor("#f4f7f9"))
        return self.put(item, name, page, left, top, width, height)

    def map(self, page, top, height, right=RIGHT, columns=4, left=LEFT, number=""):
        """A map from the left edge with what belongs to it; its legend."""
        from aze_plugin.services.reporting import maps

        self.plain_map(f"map{number}", page, left, top, right - left, height)
        bar = QgsLayoutItemScaleBar(self.layout)
        bar.setStyle("Single Box")
        maps.style_scale_bar(bar)
        self.put(bar, f"scalebar{number}", page, left + 2, top + height - 10, 40, 8)
        bar.setReferencePoint(bar.ReferencePoint.LowerLeft)
        bar.attemptMove(QgsLayoutPoint(left + 2, top + height - 2), True, False, page)
        arrow = QgsLayoutItemPicture(self.layout)
        self.put(arrow, f"north{number}", page, right - 9, top + 2, 7, 11)
        legend = QgsLayoutItemLegend(self.layout)
        legend.setAutoUpdateModel(False)
        legend.setColumnCount(columns)
        legend.setSplitLayer(False)
        legend.setEqualColumnWidth(False)
        legend.setBackgroundEnabled(False)
        for style, points in (
            (QgsLegendStyle.Style.Title, 8.5),
            (QgsLegendStyle.Style.Group, 8),
            (QgsLegendStyle.Style.Subgroup, 8),
            (QgsLegendStyle.Style.SymbolLabel, 8),
        ):
            from aze_plugin.services.reporting.lettering import text_format

            changed = legend.style(style)
            changed.setTextFormat(text_format(points, style == QgsLegendStyle.Style.Title))
            legend.setStyle(style, changed)
        legend.setSymbolHeight(3)
        legend.setSymbolWidth(5)
        return self.put(legend, f"legend{number}", page, left, top + height + 1, right - left, 14)

    def styles(self, page, top, sizes=(13, 10.5, 9, 8, 7.5), width=120):
        """Samples of what flows, that lend it their looks; sizes of headings, text, notes and tables in points."""
        for (name, text, bold, colour), points in zip(
            (
                ("heading", "Heading", True, "#111111"),
                ("subheading", "Subheading", True, "#111111"),
                ("paragraph", "Paragraph: change the font, size and colour of these samples.", False, "#111111"),
                ("quiet", "Note", False, QUIET),
            ),
            sizes,
        ):
            self.label(f"style:{name}", text, page, LEFT + 4, top, width, 7, points, bold, colour)
            top += 9
        from aze_plugin.services.reporting.lettering import text_format

        table = QgsLayoutItemManualTable.create(self.layout)
        self.layout.addMultiFrame(table)
        table.setHeaderTextFormat(text_format(sizes[4], True))
        table.setContentTextFormat(text_format(sizes[4]))
        table.setVerticalGrid(False)
        table.setGridColor(QColor("#b5b5b5"))
        table.setGridStrokeWidth(0.1)
        table.setIncludeTableHeader(True)
        columns = [QgsLayoutTableColumn("Column"), QgsLayoutTableColumn("Column")]
        table.setHeaders(columns)
        style = table.cellStyle(table.CellStyleGroup.HeaderRow)
        changed = type(style)(style)
        changed.enabled = True
        changed.cellBackgroundColor = QColor("#e9eeec")
        table.setCellStyle(table.CellStyleGroup.HeaderRow, changed)
        table.setTableContents([[QgsTableCell("Cell"), QgsTableCell("Cell")]])
        table.setColumnWidths([40, 40])
        frame = QgsLayoutFrame(self.layout, table)
        table.addFrame(frame)
        self.put(frame, "style:table", page, LEFT + 4, top, 90, 16)

    def write(self, name: str) -> None:
        """Save without what differs from run to run."""
        # Words to see in the designer; a report puts its own in their place.
        for item in self.layout.items():
            if isinstance(item, QgsLayoutItemLabel):
                for word in re.findall(r"@aze_(\w+)", item.text()):
                    QgsExpressionContextUtils.setLayoutVariable(self.layout, f"aze_{word}", word.capitalize())
        document = self.layout.writeXml(QDomDocument(), QgsReadWriteContext())
        holder = QDomDocument()
        holder.appendChild(holder.importNode(document, True))
        # Qt writes attributes in an order of chance.
        tree = ElementTree.fromstring(holder.toString(1))
        for element in tree.iter():
            ordered = sorted(element.attrib.items())
            element.attrib.clear()
            element.attrib.update(ordered)
        text = ElementTree.tostring(tree, encoding="unicode") + "\n"
        known: dict[str, str] = {}

        def numbered(match: re.Match) -> str:
            return known.setdefault(match.group(), f"{{00000000-0000-4000-8000-{len(known):012d}}}")

        text = re.sub(r"\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}", numbered, text)
        LAYOUTS.mkdir(parents=True, exist_ok=True)
        (LAYOUTS / f"{name}.qpt").write_text(text, encoding="utf-8")


def country() -> None:
    """The country report: a map on the first page, then text, charts and tables."""
    maker = Maker("AZE country report", 2)
    maker.head(0)
    maker.map(0, TOP + 26, 118)
    maker.area(0, TOP + 26 + 118 + 24)
    maker.running(0)
    maker.running(1)
    maker.area(1, TOP)
    maker.styles(1, TOP + 10)
    maker.write("country")


def screening() -> None:
    """The screening of a project: all on one page where few sites are near."""
    maker = Maker("AZE screening of a project", 2)
    maker.head(0)
    maker.map(0, TOP + 25, 78)
    maker.area(0, TOP + 25 + 78 + 12)
    maker.running(0)
    maker.running(1)
    maker.area(1, TOP)
    maker.styles(1, TOP + 10)
    maker.write("screening")


def factsheet() -> None:
    """The fact sheet of a site: one page of two columns, the map in the left, sources over both at the foot."""
    maker = Maker("AZE fact sheet of a site", 1)
    middle, gap = LEFT + 110, 5
    maker.label("title", "[% @aze_title %]", 0, LEFT, TOP, RIGHT - LEFT, 10.5, 19, True)
    maker.label("subtitle", "[% @aze_subtitle %]", 0, LEFT, TOP + 11, RIGHT - LEFT, 5, 8.5, False, QUIET)
    maker.rule("rule", 0, TOP + 16.5, 0.9)
    top = TOP + 19.5
    maker.map(0, top, 80, middle, 3).setBoxSpace(0.8)
    maker.plain_map("map2", 0, middle + gap, top, RIGHT - middle - gap, 34)
    maker.area(0, top + 80 + 6, BOTTOM - 24, "area:left", LEFT, middle)
    maker.area(0, top + 36, BOTTOM - 24, "area:right", middle + gap, RIGHT)
    maker.rule("foot:rule", 0, BOTTOM - 22.5, 0.2, QUIET)
    maker.area(0, BOTTOM - 22, BOTTOM + 1, "area:foot")
    maker.styles(0, top + 96, (10.5, 9.5, 7.5, 6.5, 7), 90)
    maker.write("factsheet")


def nomination() -> None:
    """The report of a nomination: the site and where it is, on a page of its own what an update changes, then text."""
    maker = Maker("AZE report of a nomination", 3)
    middle, gap = LEFT + 116, 5
    for page in range(3):
        maker.label("running:draft", "[% @aze_draft %]", page, LEFT, 7, RIGHT - LEFT, 5, 9, True)
        maker.running(page)
    # Room for a name of 255 letters, which is set in half the size.
    title = maker.label("title", "[% @aze_title %]", 0, LEFT, TOP - 2.5, RIGHT - LEFT - 42, 15.5, 18, True)
    title.setVAlign(Qt.AlignmentFlag.AlignBottom)
    verdict = maker.label("verdict", "[% @aze_verdict %]", 0, RIGHT - 38, TOP + 4.5, 38, 8, 11, True)
    verdict.setHAlign(Qt.AlignmentFlag.AlignHCenter)
    verdict.setVAlign(Qt.AlignmentFlag.AlignVCenter)
    verdict.setFrameEnabled(True)
    verdict.setFrameStrokeWidth(QgsLayoutMeasurement(0.5))
    maker.label("subtitle", "[% @aze_subtitle %]", 0, LEFT, TOP + 14, RIGHT - LEFT, 8.5, 9.5, False, QUIET)
    maker.rule("rule", 0, TOP + 23, 0.9)
    top = TOP + 26
    # The legend stands beside its map, under the one of where the site is, which has one sign and needs none.
    legend = maker.map(0, top, 104, middle, 1)
    legend.attemptMove(QgsLayoutPoint(middle + gap, top + 66), True, False, 0)
    maker.layout.removeLayoutItem(maker.map(0, top, 62, RIGHT, 1, middle + gap, "2"))
    maker.label("locator", "Where the site is", 0, middle + gap, top + 62.7, RIGHT - middle - gap, 4, 7, False, QUIET)
    maker.area(0, top + 104 + 4)
    maker.label("changes", "[% @aze_changes %]", 1, LEFT, TOP, RIGHT - LEFT, 7, 13, True)
    maker.map(1, TOP + 9, 110, number="3")
    maker.area(1, TOP + 9 + 110 + 16)
    maker.area(2, TOP)
    maker.styles(2, TOP + 10)
    maker.write("nomination")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    country()
    screening()
    factsheet()
    nomination()
    application.exitQgis()
    sys.exit(0)
