"""The full report of an import, file by file and row by row."""

from __future__ import annotations

import json

from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..services import figures

# A report of a hundred thousand rejected rows is read in the file, not in a window.
_MOST_ROWS = 2000


class ReportDialog(QDialog):
    """Shows an ``aze-import/1`` report."""

    def __init__(self, report: dict, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._report = report
        self.setWindowTitle(translate("AzeImport", "Import report"))
        self.resize(860, 520)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([translate("AzeImport", "File, row"), translate("AzeImport", "What happened")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.setAlternatingRowColors(True)
        for source in report["sources"]:
            self.tree.addTopLevelItem(_source_item(source))
        self.tree.expandToDepth(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(translate("AzeImport", "Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tree)
        layout.addWidget(buttons)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(json.dumps(self._report, ensure_ascii=False, indent=2))


def _source_item(source: dict) -> QTreeWidgetItem:
    translate = QCoreApplication.translate
    item = QTreeWidgetItem(
        [
            source["name"],
            translate(
                "AzeImport", "{read} rows read, {imported} imported, {rejected} rejected, {repaired} repaired"
            ).format(
                read=figures.number(source["rows_read"]),
                imported=figures.number(source["rows_imported"]),
                rejected=figures.number(source["rows_rejected"]),
                repaired=figures.number(source["rows_repaired"]),
            ),
        ]
    )
    release = ", ".join(v for v in (source.get("version"), source.get("citation")) if v)
    if release:
        item.addChild(QTreeWidgetItem([translate("AzeImport", "Release"), release]))
    fields = source.get("fields") or {}
    if fields:
        used = ", ".join(f"{role}: {field}" for role, field in fields.items())
        item.addChild(QTreeWidgetItem([translate("AzeImport", "Fields used"), used]))
    if source.get("assumed"):
        said = translate("AzeImport", "{fields}: not in the file, taken as 1").format(
            fields=", ".join(source["assumed"])
        )
        item.addChild(QTreeWidgetItem([translate("AzeImport", "Assumed"), said]))
    for note in source.get("notes", []):
        item.addChild(QTreeWidgetItem([translate("AzeImport", "Note"), note["message"]]))
    for key, title in (
        ("rejected", translate("AzeImport", "Rejected")),
        ("repaired", translate("AzeImport", "Repaired")),
    ):
        rows = source.get(key, [])
        if not rows:
            continue
        head = QTreeWidgetItem([f"{title} ({figures.number(len(rows))})", ""])
        for row in rows[:_MOST_ROWS]:
            where = translate("AzeImport", "row {number}").format(number=row["row"])
            who = f"{row['taxon']}: " if row.get("taxon") else ""
            head.addChild(QTreeWidgetItem([where, who + str(row["reason"])]))
        if len(rows) > _MOST_ROWS:
            rest = translate("AzeImport", "and {count} more; “Copy” takes them all").format(
                count=len(rows) - _MOST_ROWS
            )
            head.addChild(QTreeWidgetItem(["…", rest]))
        item.addChild(head)
    return item
