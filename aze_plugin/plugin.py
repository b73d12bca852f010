"""Composition root: what QGIS starts and stops."""

from __future__ import annotations

import sys

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QSettings, QTranslator

from . import paths


class AzePlugin:
    """The plugin: a Processing provider always, the panel where there is a window. ``unload`` mirrors ``initGui``."""

    def __init__(self, iface):
        self.iface = iface
        self.provider = None
        self.interface = None
        self.translator = self._translator()
        paths.enable_vendored()

    @staticmethod
    def _translator():
        language = QSettings().value("locale/userLocale", QLocale().name())
        translator = QTranslator()
        if translator.load(f"aze_plugin_{str(language)[:2]}", str(paths.translations())):
            QCoreApplication.installTranslator(translator)
            return translator
        return None

    def initProcessing(self):
        """Register the algorithms; also what ``qgis_process`` calls."""
        from .processing.provider import AzeProvider

        self.provider = AzeProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Add the panel, menu and toolbar."""
        from .gui.interface import Interface

        self.initProcessing()
        self.interface = Interface(self.iface)
        self.interface.load()

    def unload(self):
        """Take back everything that initGui added."""
        if self.interface is not None:
            self.interface.unload()
            self.interface = None
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        if self.translator is not None:
            QCoreApplication.removeTranslator(self.translator)
            self.translator = None
        paths.disable_vendored()
        self._show_modules()

    @staticmethod
    def _show_modules():
        """Let QGIS see all of the plugin's modules, so that it forgets them: it notes those that are imported by name,
        not the packages on the way to them. One that is left would meet the modules of an update."""
        for name in [name for name in sys.modules if name.startswith(f"{__package__}.")]:
            __import__(name, fromlist=("",))
