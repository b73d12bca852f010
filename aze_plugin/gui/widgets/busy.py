"""The progress strip: appears when work lasts longer than 200 ms, with what is being done and a way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QCoreApplication, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from .basics import ElidedLabel

if TYPE_CHECKING:
    from ..tasks import Task

DELAY_MS = 200


class BusyStrip(QWidget):
    """Thin bar, title and cancel button; emits ``cancelled`` when the button is pressed."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.label = ElidedLabel()
        self.stop = QToolButton()
        self.stop.setAutoRaise(True)
        self.stop.setText(QCoreApplication.translate("AzePanel", "Cancel"))
        self.stop.clicked.connect(self.cancelled)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        row = QHBoxLayout()
        row.addWidget(self.label, 1)
        row.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.show)
        self.hide()

    def set(self, title: str | None, fraction: float | None = None) -> None:
        """Show work under way (``fraction`` 0 to 1, None where it is not known), or with None as title that none is."""
        if title is None:
            self._timer.stop()
            self.hide()
            return
        self.label.setText(title)
        if fraction is None or fraction <= 0:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(fraction * 1000))
        if not self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def follow(self, task: Task) -> None:
        """Show what a task does from now on, by its title."""
        task.changed.connect(lambda: self.set(task.title if task.is_running else None, task.fraction))
