"""What the plugin adds to the QGIS window, and takes back: menu, toolbar, dock, options page."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QMenu

from .. import paths
from . import layout_editing
from .dock import Dock
from .options import OptionsFactory
from .reviewing import Reviewing

_SHOWN = "aze_toolkit/panel_shown"


class Interface:
    """Menu "AZE" in Plugins, toolbar ``AzeToolbar``, dock ``AzePanel``, options page; ``unload`` mirrors ``load``."""

    def __init__(self, iface):
        self.iface = iface
        self.dock: Dock | None = None
        self.menu: QMenu | None = None
        self.toolbar = None
        self.options = None

    def load(self) -> None:
        """Add everything; the dock's inside is made when it is first seen."""
        translate = QCoreApplication.translate
        window = self.iface.mainWindow()
        icon = QIcon(str(paths.resource("icons", "aze.svg")))

        self.dock = Dock(self.iface)
        self.dock.setWindowIcon(icon)
        self.dock.built.connect(self._follow_moving)
        self.toggle = QAction(icon, translate("AzePanel", "AZE panel"), window)
        self.toggle.setToolTip(translate("AzePanel", "Show or hide the AZE panel"))
        self.toggle.setObjectName("AzePanelAction")
        self.toggle.setCheckable(True)

        self.sample = QAction(translate("AzePanel", "Load the sample"), window)
        self.sample.triggered.connect(self._load_sample)
        self.reviewing = Reviewing(self.dock, window)
        self.settings = QAction(translate("AzePanel", "Options…"), window)
        self.settings.triggered.connect(self._show_options)
        self.help = QAction(translate("AzePanel", "Help"), window)
        self.help.triggered.connect(self._show_help)

        self.menu = QMenu("AZE", window)
        self.menu.setObjectName("AzeMenu")
        self.menu.setIcon(icon)
        self.menu.addAction(self.toggle)
        self.menu.addAction(self.sample)
        self.menu.addAction(self.reviewing.action)
        self.menu.addSeparator()
        self.menu.addAction(self.settings)
        self.menu.addAction(self.help)
        self.iface.pluginMenu().addMenu(self.menu)

        self.toolbar = self.iface.addToolBar("AZE")
        self.toolbar.setObjectName("AzeToolbar")
        self.toolbar.addAction(self.toggle)
        self.move = QAction(
            QgsApplication.getThemeIcon("/mActionVertexTool.svg"), translate("AzePanel", "Move vertices"), window
        )
        self.move.setToolTip(
            translate("AzePanel", "Move the vertices of the candidate and see at once what lives inside")
        )
        self.move.setObjectName("AzeMoveVertices")
        self.move.setCheckable(True)
        self.move.triggered.connect(self._move_vertices)
        self.toolbar.addAction(self.move)

        # Beside the panels that people keep open on the right, in front.
        self.iface.addTabifiedDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock, ["ProcessingToolbox"], True)
        self.dock.hide()
        self.dock.placed = True
        self.dock.setToggleVisibilityAction(self.toggle)
        self.dock.visibilityChanged.connect(self._remember_visibility)
        if QgsSettings().value(_SHOWN, False, bool):
            QTimer.singleShot(0, self._show_again)

        self.options = OptionsFactory(icon, self._on_options_saved)
        self.iface.registerOptionsWidgetFactory(self.options)

    def unload(self) -> None:
        """Take everything back; nothing of the plugin stays in the window."""
        self.iface.unregisterOptionsWidgetFactory(self.options)
        self.options = None
        layout_editing.close()
        self.dock.visibilityChanged.disconnect(self._remember_visibility)
        self.reviewing.close()
        self.reviewing = None
        self.dock.close_session()
        self.iface.removeDockWidget(self.dock)
        self.dock.setParent(None)
        self.dock.deleteLater()
        self.dock = None
        window = self.iface.mainWindow()
        window.removeToolBar(self.toolbar)
        self.toolbar.setParent(None)
        self.toolbar.deleteLater()
        self.toolbar = None
        self.iface.pluginMenu().removeAction(self.menu.menuAction())
        self.menu.setParent(None)
        self.menu.deleteLater()
        self.menu = None
        for action in (self.toggle, self.move, self.sample, self.settings, self.help):
            action.setParent(None)
            action.deleteLater()
        self.toggle = self.move = self.sample = self.settings = self.help = None

    def _move_vertices(self, wanted: bool) -> None:
        moving = self.dock.build().moving
        if wanted:
            self.dock.setUserVisible(True)
            moving.start()
        else:
            moving.stop()

    def _follow_moving(self) -> None:
        # The tool is on the page Boundary as well.
        self.dock.panel.moving.stateChanged.connect(self._show_moving)

    def _show_moving(self, active: bool) -> None:
        if self.move is not None:
            self.move.setChecked(active)

    def _show_again(self) -> None:
        # The plugin may have been unloaded before the event loop came to this.
        if self.dock is not None:
            self.dock.setUserVisible(True)

    def _remember_visibility(self, _visible: bool) -> None:
        QgsSettings().setValue(_SHOWN, not self.dock.isHidden())

    def _on_options_saved(self) -> None:
        if self.dock is not None and self.dock.session is not None:
            self.dock.session.preferences_changed()

    def _load_sample(self) -> None:
        self.dock.setUserVisible(True)
        self.dock.build().session.show_page("data", "sample")

    def _show_options(self) -> None:
        self.iface.showOptionsDialog(self.iface.mainWindow(), "AzeOptions")

    def _show_help(self) -> None:
        from .help import HelpDialog

        HelpDialog(self.iface.mainWindow()).exec()
