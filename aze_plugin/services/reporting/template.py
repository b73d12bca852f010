"""A layout of the user's or of the plugin's, opened, and its own items filled by their ids; on the main thread.

What a template may have is told in ``layout``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsExpressionContextUtils,
    QgsLayerTree,
    QgsLayoutFrame,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemManualTable,
    QgsLayoutItemMap,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsTextFormat,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor, QPainter
from qgis.PyQt.QtXml import QDomDocument

from ... import paths
from ...domain.errors import AzeError
from ...domain.progress import Progress
from . import fonts, maps
from .lettering import SLACK, Lettering, inert, on_paper, text_format

_ELLIPSOID = "EPSG:7030"
_STYLE = "style:"

# What flows has these styles where a template has none: size in points, bold, colour.
_STYLES = {
    "heading": (13.0, True, "#111111"),
    "subheading": (10.5, True, "#111111"),
    "paragraph": (9.0, False, "#111111"),
    "quiet": (8.0, False, "#4d4d4d"),
}
_TABLE_POINTS = 7.5

# Shapes that a map is drawn of as lines.
_DRAWN = 150


def own_path(name: str) -> Path:
    """Where the user's own template of a report lies, or would lie."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "aze" / "layouts" / f"{name}.qpt"


def template_path(name: str) -> Path:
    """The template in use: the user's own before the plugin's."""
    own = own_path(name)
    return own if own.exists() else paths.resource("layouts", f"{name}.qpt")


@dataclass(frozen=True)
class TableStyle:
    """How tables look: formats of head and cells, ground of the head, colour and width (mm) of the lines."""

    head: QgsTextFormat
    cells: QgsTextFormat
    ground: QColor
    lines: QColor
    stroke: float


class Template:
    """A layout in a project of its own; ``progress``: who is asked whether to go on.

    ``styles``: of what flows, by name; ``table_style``: of its tables. Raises AzeError ``layout.template`` for a
    damaged file.
    """

    def __init__(self, name: str, progress: Progress | None = None, path: Path | None = None):
        """``name``: of the template; ``path``: of another file in its place."""
        fonts.load()
        self.progress = progress or Progress()
        self.project = QgsProject()
        self.project.setEllipsoid(_ELLIPSOID)
        self.layout = QgsPrintLayout(self.project)
        self.path = path or template_path(name)
        self._load(self.path)
        # The project owns the layout, so that they go together and in order.
        self.layout.setName(name)
        self.project.layoutManager().addLayout(self.layout)
        self._keep: list = []
        # What stands in labels of which the text had to be cut or its words broken, by their ids.
        self._written: dict[str, str] = {}
        self.lettering = Lettering(self.layout)
        self.styles = {style: self._style(style) for style in _STYLES}
        self.table_style = self._take_table_style()
        for item in self.items():
            if item.id().startswith(_STYLE):
                self.layout.removeLayoutItem(item)

    def _load(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AzeError("layout.template", file=str(path), detail=str(error)) from error
        # Entities would be expanded; a layout as QGIS writes it has no declarations of any.
        if "<!ENTITY" in text:
            raise AzeError("layout.template", file=str(path), detail="<!ENTITY")
        document = QDomDocument()
        sound = document.setContent(text)
        if not (sound[0] if isinstance(sound, tuple) else sound):
            raise AzeError("layout.template", file=str(path), detail="XML")
        _, loaded = self.layout.loadFromTemplate(document, QgsReadWriteContext())
        if not loaded or not self.layout.pageCollection().pageCount():
            raise AzeError("layout.template", file=str(path), detail="")

    def item(self, name: str) -> QgsLayoutItem | None:
        """An item by its id, None where the template has none such."""
        return self.layout.itemById(name)

    def items(self) -> list[QgsLayoutItem]:
        """All items but the pages."""
        found = (i for i in self.layout.items() if isinstance(i, QgsLayoutItem))
        return [i for i in found if not isinstance(i, QgsLayoutItemPage)]

    def _style(self, name: str) -> QgsTextFormat:
        label = self.item(f"{_STYLE}{name}")
        if isinstance(label, QgsLayoutItemLabel):
            return QgsTextFormat(label.textFormat())
        points, bold, colour = _STYLES[name]
        return text_format(points, bold, colour)

    def _take_table_style(self) -> TableStyle:
        frame = self.item(f"{_STYLE}table")
        table = frame.multiFrame() if isinstance(frame, QgsLayoutFrame) else None
        if not isinstance(table, QgsLayoutItemManualTable):
            return TableStyle(
                text_format(_TABLE_POINTS, True),
                text_format(_TABLE_POINTS),
                QColor("#e9eeec"),
                QColor("#b5b5b5"),
                0.1,
            )
        head = table.cellStyle(table.CellStyleGroup.HeaderRow)
        found = TableStyle(
            QgsTextFormat(table.headerTextFormat()),
            QgsTextFormat(table.contentTextFormat()),
            QColor(head.cellBackgroundColor) if head is not None and head.enabled else QColor("#e9eeec"),
            QColor(table.gridColor()),
            table.gridStrokeWidth(),
        )
        self.layout.removeMultiFrame(table)
        self.layout.removeLayoutItem(frame)
        return found

    # ------------------------------------------------------------------------------------------------------- filling

    def fill(self, values: Mapping[str, str]) -> None:
        """Give the template's labels their values: ``{"title": …}`` stands at ``[% @aze_title %]``.

        What is too long for its label even in small letters is cut.
        """
        for name, value in values.items():
            QgsExpressionContextUtils.setLayoutVariable(self.layout, f"aze_{name}", value)
        for label in [label for name in values for label in self._labels_of(name)]:
            self._fit(label)

    def _fit(self, label: QgsLayoutItemLabel) -> None:
        """Smaller letters for a text that its label has no room for, down to half their size."""
        size = label.sizeWithUnits()
        form = QgsTextFormat(label.textFormat())
        largest, wide = form.size(), size.width() - SLACK
        while True:
            lines = self.lettering.wrapped(label.currentText(), form, wide)
            fit = max(1, math.floor((size.height() + 0.5) / self.lettering.line_height(form)))
            if len(lines) <= fit or form.size() <= largest / 2:
                break
            form.setSize(form.size() - 0.5)
        label.setTextFormat(form)
        if len(lines) > fit:
            lines[fit - 1 :] = [self.lettering.shortened(lines[fit - 1], form, wide)]
        elif self.lettering.flows(label.currentText(), form, wide):
            return
        self._written.setdefault(label.uuid(), label.text())
        label.setText(inert("\n".join(lines)))

    def drawing(self, name: str, svg: str) -> None:
        """Put a drawing of ``charts`` into the picture of this id."""
        item = self.item(name)
        if isinstance(item, QgsLayoutItemPicture):
            maps.set_svg(item, on_paper(svg))

    def picture(self, name: str, png: bytes) -> None:
        """Put a PNG into the picture of this id."""
        item = self.item(name)
        if isinstance(item, QgsLayoutItemPicture):
            maps.set_png(item, png)

    def leave_out(self, *names: str) -> None:
        """Take items out of the layout, by their ids."""
        for name in names:
            item = self.item(name)
            if item is not None:
                self.layout.removeLayoutItem(item)

    def shows(self, value: str) -> bool:
        """Whether a label has a place for this value of ``fill``."""
        return bool(self._labels_of(value))

    def _labels_of(self, value: str) -> list[QgsLayoutItemLabel]:
        named = re.compile(rf"@aze_{re.escape(value)}\b")
        labels = (i for i in self.items() if isinstance(i, QgsLayoutItemLabel))
        return [label for label in labels if named.search(self._written.get(label.uuid(), label.text()))]

    def say_on_pages(self, value: str, text: str) -> None:
        """Write a line at the top of each page that has no label with this value of ``fill``."""
        pages = self.layout.pageCollection()
        told = {label.page() for label in self._labels_of(value) if label.isVisible()}
        for number in range(pages.pageCount()):
            if number not in told:
                label = QgsLayoutItemLabel(self.layout)
                label.setText(inert(text))
                label.setTextFormat(text_format(_TABLE_POINTS, True))
                label.setMarginX(0)
                label.setMarginY(0)
                self.layout.addLayoutItem(label)
                width = pages.page(number).pageSize().width()
                label.attemptResize(QgsLayoutSize(width - 10, 5))
                label.attemptMove(QgsLayoutPoint(5, 3), True, False, number)

    def show_map(
        self, content: maps.MapContent, background: Sequence[QgsVectorLayer] = (), name: str = "map", legend: str = ""
    ) -> None:
        """Set up the map of this id with its ``legend``, ``scalebar`` and ``north``.

        ``background``: layers below the content's own; they stand in no legend. ``legend``: its title. Of a second map
        of a template, ``map2``, the others are ``legend2`` and so on.
        """
        item = self.item(name)
        if not isinstance(item, QgsLayoutItemMap):
            return
        own = maps.layers(content, self.progress)
        for layer in [*own, *background]:
            self.project.addMapLayer(layer, False)
        maps.set_up(item, content, [*own, *background])
        if own and sum(len(group.shapes) for group in content.groups) > _DRAWN:
            # Very many hatched shapes take seconds as lines: a layer that blends makes the map a picture of 300 dpi.
            own[-1].setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)
        suffix = name[3:] if name.startswith("map") else ""
        bar, key, arrow = (self.item(f"{part}{suffix}") for part in ("scalebar", "legend", "north"))
        if isinstance(bar, QgsLayoutItemScaleBar):
            maps.set_up_scale_bar(bar, item)
        if isinstance(arrow, QgsLayoutItemPicture) and not arrow.picturePath():
            maps.set_svg(arrow, maps.NORTH)
        if isinstance(key, QgsLayoutItemLegend):
            key.setLinkedMap(item)
            key.setAutoUpdateModel(False)
            root = QgsLayerTree()
            for layer in own:
                root.addLayer(layer)
            key.model().setRootGroup(root)
            self._keep.append(root)
            key.setTitle(legend)
            key.setResizeToContents(True)
            key.adjustBoxSize()
