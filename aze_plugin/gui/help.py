"""The guide to the panel, from ``resources/help``."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from .. import paths


class HelpDialog(QDialog):
    """Shows the guide."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle(QCoreApplication.translate("AzePanel", "AZE Toolkit help"))
        self.resize(640, 680)
        browser = QTextBrowser()
        browser.setOpenExternalLinks(True)
        browser.setMarkdown(paths.resource("help", "panel.md").read_text(encoding="utf-8"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(browser)
        layout.addWidget(buttons)
