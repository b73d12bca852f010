"""The ways to a review: the plugin's menu, and a package that is dropped on the panel. Holds the windows of reviews."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject
from qgis.PyQt.QtWidgets import QAction, QFileDialog, QWidget

from .widgets.filelist import dropped_files

if TYPE_CHECKING:
    from .dock import Dock
    from .review_dialog import ReviewDialog

# A directory of more bytes than these is not of a package.
_DIRECTORY = 4 * 2**20


class Reviewing(QObject):
    """Opens a window for each package. ``action`` is for the menu; ``close`` ends all."""

    def __init__(self, dock: Dock, window: QWidget):
        super().__init__(dock)
        self._dock, self._window = dock, window
        self._dialogs: list[ReviewDialog] = []
        self.action = QAction(QCoreApplication.translate("AzePanel", "Open a package for review…"), window)
        self.action.setObjectName("AzeReviewAction")
        self.action.triggered.connect(self.ask)
        dock.built.connect(self._follow_panel)

    def ask(self) -> None:
        """Ask which package to review; of one that is a folder, its file bagit.txt."""
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self._window,
            translate("AzeReview", "Open a package for review"),
            "",
            translate("AzeReview", "Nomination packages (*.zip bagit.txt)"),
        )
        if path:
            self.open(str(Path(path).parent) if Path(path).name == "bagit.txt" else path)

    def open(self, path: str) -> ReviewDialog:
        """Show the review of a package; one that is open already comes to the front."""
        from .review_dialog import ReviewDialog

        self._dialogs = [dialog for dialog in self._dialogs if not sip.isdeleted(dialog)]
        for dialog in self._dialogs:
            if dialog.review.package == path and dialog.isVisible():
                dialog.raise_()
                dialog.activateWindow()
                return dialog
        self._dock.build()
        dialog = ReviewDialog(self._dock.session, path, self._window)
        self._dialogs.append(dialog)
        dialog.show()
        return dialog

    def close(self) -> None:
        """Close all windows, for unloading."""
        for dialog in self._dialogs:
            if not sip.isdeleted(dialog):
                dialog.close()
        self._dialogs = []
        self.action.setParent(None)
        self.action.deleteLater()

    def _follow_panel(self) -> None:
        self._dock.panel.setAcceptDrops(True)
        self._dock.panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a package that is dropped on the panel; cards of the panel that take files get theirs before."""
        if event.type() == QEvent.Type.DragEnter:
            if _packages(event.mimeData()):
                event.acceptProposedAction()
                return True
        elif event.type() == QEvent.Type.Drop:
            found = _packages(event.mimeData())
            if found:
                event.acceptProposedAction()
                for path in found:
                    self.open(path)
                return True
        return False


def _packages(mime) -> list[str]:
    """What looks like a package among the files that are dragged; whether it is sound is seen later."""
    return [path for path in dropped_files(mime) if _is_package(Path(path))]


def _is_package(path: Path) -> bool:
    """Whether a folder is a bag, or a zip names one's first file in its directory, which stands at its end."""
    if path.is_dir():
        return (path / "bagit.txt").is_file()
    if path.suffix.lower() != ".zip":
        return False
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _DIRECTORY))
            return b"/bagit.txt" in file.read(_DIRECTORY)
    except OSError:
        return False
