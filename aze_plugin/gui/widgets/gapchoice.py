"""Whether the layer of unprotected parts is shown on the map, with its legend, and the way to the largest part."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import QgsLayerTreeLayer, QgsSymbolLayerUtils
from qgis.PyQt.QtCore import QCoreApplication, QSize, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QWidget

from .basics import FlowLayout, link

_SWATCH = QSize(18, 14)


class GapChoice(QWidget):
    """A tick and a link; ``largestWanted`` when the largest part is to be shown."""

    largestWanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(parent)
        self._find: Callable[[], QgsLayerTreeLayer | None] = lambda: None
        self.tick = QCheckBox(translate("AzeProtection", "Show gaps on the map"))
        self.tick.setIconSize(_SWATCH)
        self.tick.toggled.connect(self._show)
        self.largest = link(translate("AzeProtection", "zoom to the largest ▸"), self.largestWanted.emit)
        flow = FlowLayout(self)
        flow.addWidget(self.tick)
        flow.addWidget(self.largest)

    def set_node(self, find: Callable[[], QgsLayerTreeLayer | None]) -> None:
        """Stand for a layer of the layer tree, in its own colours; where there is none, nothing is shown.

        ``find`` looks it up, each time anew: QGIS makes another when a layer is moved within the tree.
        """
        self._find = find
        node = find()
        self.setVisible(node is not None)
        if node is None:
            return
        renderer = node.layer().renderer()
        symbol = renderer.symbol() if hasattr(renderer, "symbol") else None
        if symbol is not None:
            self.tick.setIcon(QgsSymbolLayerUtils.symbolPreviewIcon(symbol, _SWATCH))
        self.tick.blockSignals(True)
        self.tick.setChecked(node.isVisible())
        self.tick.blockSignals(False)

    def _show(self, shown: bool) -> None:
        node = self._find()
        if node is None:
            return
        if shown:
            # A layer inside a group that is switched off would stay out of sight.
            node.setItemVisibilityCheckedParentRecursive(True)
        else:
            node.setItemVisibilityChecked(False)
