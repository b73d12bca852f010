"""The page "AZE" of QGIS's options dialog, made when the dialog is opened."""

from __future__ import annotations

from typing import Callable

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QWidget


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page "AZE" of QGIS's options dialog."""

    def __init__(self, icon: QIcon, on_saved: Callable[[], None]):
        super().__init__("AZE", icon)
        self.setKey("AzeOptions")
        self._on_saved = on_saved

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:
        from .options_page import OptionsPage

        return OptionsPage(self._on_saved, parent)
