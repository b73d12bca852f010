"""The dock ``AzePanel``. It stays light, as it is made when QGIS starts; its inside comes when it is first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal

if TYPE_CHECKING:
    from .panel import Panel
    from .session import Session


class Dock(QgsDockWidget):
    """Holds session and panel once it was seen. ``built``: they are there."""

    built = pyqtSignal()

    def __init__(self, iface):
        super().__init__("AZE", iface.mainWindow())
        self.setObjectName("AzePanel")
        self._iface = iface
        # Putting a dock into the window shows it for a moment: only from then on is being shown being seen.
        self.placed = False
        self.session: Session | None = None
        self.panel: Panel | None = None
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)

    def build(self) -> Panel:
        """Make session and pages when they are not there yet."""
        if self.panel is None:
            from .panel import Panel
            from .session import Session

            self.session = Session(self._iface, self)
            self.panel = Panel(self.session)
            self.setWidget(self.panel)
            self.built.emit()
        return self.panel

    def showEvent(self, event) -> None:
        if self.placed:
            self.build()
        super().showEvent(event)

    def close_session(self) -> None:
        """Stop all work and give back map tool and rubber bands; for unloading."""
        if self.panel is not None:
            from .tasks import end_all

            self.panel.close_pages()
            self.session.close()
            end_all()
            # The widgets live on until QGIS deletes them: nothing in them is to begin again meanwhile.
            for timer in self.findChildren(QTimer):
                timer.stop()
