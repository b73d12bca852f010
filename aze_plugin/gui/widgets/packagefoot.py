"""The foot of the nomination: preview, export and sending of the package, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QMessageBox, QPushButton, QVBoxLayout, QWidget

from .. import outbox_dialog
from ..send_dialog import SendButtons, SentLine
from .basics import FlowLayout, TextLabel
from .problems import open_points

if TYPE_CHECKING:
    from ..preview_dialog import PreviewDialog
    from ..session import Session


class PackageFoot(QWidget):
    """What is done with a nomination that is written. ``wanted``: something is about to be made of it, so what is being
    typed has to be handed on; ``askedForOpen``: the user wants to see what is still open."""

    wanted = pyqtSignal()
    askedForOpen = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.window_of_preview: PreviewDialog | None = None
        self.preview = QPushButton(translate("AzeNomination", "Preview package…"))
        self.preview.clicked.connect(self.show_preview)
        self.export = QPushButton(translate("AzeNomination", "Export…"))
        self.export.clicked.connect(self.ask_and_export)
        self.sending = SendButtons(session)
        self.written = TextLabel(muted=True)
        row = QWidget()
        buttons = FlowLayout(row)
        buttons.addWidget(self.preview)
        buttons.addWidget(self.export)
        buttons.addWidget(self.sending)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.addWidget(self.written)
        layout.addWidget(SentLine(session))
        layout.addWidget(row)

    def refresh(self) -> None:
        """Show what was written, and what can be done now."""
        self._show_package()
        self.show_busy()

    def show_busy(self) -> None:
        """Let be pressed only what can be done now, and say why the rest cannot."""
        checked = self.session.results.assessment is not None
        self.export.setEnabled(checked and self.session.busy is None)
        self.preview.setEnabled(checked)
        why = "" if checked else QCoreApplication.translate("AzeNomination", "The boundary has to be checked first.")
        self.export.setToolTip(why)
        self.preview.setToolTip(why)

    def act(self, key: str) -> None:
        """Do what the line at the bottom of the panel asks for: ``export``, ``send``, ``outbox`` or ``save``."""
        if key == "export":
            self.ask_and_export()
        elif key == "send":
            self.sending.ask()
        elif key == "outbox":
            outbox_dialog.show(self.session)
        elif key == "save" and self.session.iface is not None:
            self.session.iface.actionSaveProject().trigger()

    def show_preview(self) -> None:
        """Show all that the package would hold, beside the map."""
        from ..preview_dialog import PreviewDialog

        self.wanted.emit()
        if self.window_of_preview is None or sip.isdeleted(self.window_of_preview):
            self.window_of_preview = PreviewDialog(self.session, self.window())
        self.window_of_preview.show()
        self.window_of_preview.raise_()

    def close_preview(self) -> None:
        """Close the window of the preview, if it is there."""
        if self.window_of_preview is not None and not sip.isdeleted(self.window_of_preview):
            self.window_of_preview.close()

    def ask_and_export(self) -> None:
        """Ask where to, and write the package; an incomplete nomination as a draft, if the user wants that."""
        self.wanted.emit()
        translate = QCoreApplication.translate
        draft = open_points(self.session.nominations.problems) > 0
        if draft and not self._wants_draft():
            return
        from ...domain.nomination import folder_name

        name = folder_name(self.session.nominations.completed)
        path, _ = QFileDialog.getSaveFileName(
            self,
            translate("AzeNomination", "Export the draft")
            if draft
            else translate("AzeNomination", "Export the package"),
            f"{name}_draft.zip" if draft else f"{name}.zip",
            translate("AzeNomination", "Nomination packages (*.zip)"),
        )
        if path:
            self.session.export(path if path.lower().endswith(".zip") else f"{path}.zip", draft)

    def _wants_draft(self) -> bool:
        translate = QCoreApplication.translate
        count = open_points(self.session.nominations.problems)
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(translate("AzeNomination", "Not complete yet"))
        box.setText(
            translate("AzeNomination", "{count} points are open, so this cannot be a final package.").format(
                count=count
            )
            if count != 1
            else translate("AzeNomination", "One point is open, so this cannot be a final package.")
        )
        box.setInformativeText(
            translate("AzeNomination", "A draft can be shared and checked, and is marked as a draft inside.")
        )
        draft = box.addButton(translate("AzeNomination", "Export a draft"), QMessageBox.ButtonRole.AcceptRole)
        look = box.addButton(translate("AzeNomination", "Show what is open"), QMessageBox.ButtonRole.RejectRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is look:
            self.askedForOpen.emit()
        return box.clickedButton() is draft

    def _show_package(self) -> None:
        translate = QCoreApplication.translate
        package = self.session.package
        own = package is not None and package["candidate"] == self.session.candidates.current
        self.written.setVisible(own)
        if not own:
            return
        template = (
            translate("AzeNomination", "Written as a draft: {path}")
            if package["draft"]
            else translate("AzeNomination", "Written: {path}")
        )
        lines = [template.format(path=package["path"])]
        if not self.session.packages.is_current():
            lines.append(translate("AzeNomination", "The nomination was changed since. Export it again."))
        self.written.setText("\n".join(lines))
        self.written.setToolTip(f"SHA-256 {package['sha256']}")
