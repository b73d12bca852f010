"""The full report of an import: file by file, reason by reason, row by row."""

from __future__ import annotations

import json
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QRect, Qt
from qgis.PyQt.QtGui import QFontMetrics, QGuiApplication
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QStyledItemDelegate,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..services import figures
from . import style

# A report of a hundred thousand rejected rows is read in the file, not in a window.
_MOST_ROWS = 2000
_MARGIN, _TALLEST = 4, 10_000


class _Wrapping(QStyledItemDelegate):
    """Makes each row as high as its text needs at the width that its column has; Qt's own delegate does not ask."""

    def sizeHint(self, option, index):
        size = super().sizeHint(option, index)
        tree = self.parent()
        width, ancestor = tree.columnWidth(index.column()) - 2 * _MARGIN, index
        while index.column() == 0 and ancestor.isValid():
            width, ancestor = width - tree.indentation(), ancestor.parent()
        self.initStyleOption(option, index)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        needed = QFontMetrics(option.font).boundingRect(QRect(0, 0, max(1, width), _TALLEST), int(flags), option.text)
        size.setHeight(max(size.height(), needed.height() + 4))
        return size


class ReportDialog(QDialog):
    """Shows an ``aze-import/1`` report."""

    def __init__(self, report: dict, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self._report = report
        self.setWindowTitle(translate("AzeImport", "Import report"))
        self.resize(860, 560)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([translate("AzeImport", "File, row"), translate("AzeImport", "What happened")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.tree.header().resizeSection(0, 280)
        self.tree.setWordWrap(True)
        self.tree.setItemDelegate(_Wrapping(self.tree))
        # Rows are as high as their text needs at the width that the column has now.
        self.tree.header().sectionResized.connect(self.tree.scheduleDelayedItemsLayout)
        self.tree.setAlternatingRowColors(True)
        for source in report["sources"]:
            self._add(source)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(translate("AzeImport", "Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip(translate("AzeImport", "Copy the whole report as JSON"))
        copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tree)
        layout.addWidget(buttons)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(json.dumps(self._report, ensure_ascii=False, indent=2))

    def _add(self, source: dict[str, Any]) -> None:
        translate = QCoreApplication.translate
        # A zero-width space after separators lets long names wrap.
        name = "".join(c + "\u200b" if c in "/\\_" else c for c in source["name"])
        top = QTreeWidgetItem([name, _counts(source)])
        top.setFont(0, style.scaled(self.tree.font(), 1.0, bold=True))
        self.tree.addTopLevelItem(top)
        release = ", ".join(v for v in (source.get("version"), source.get("citation")) if v)
        if release:
            top.addChild(QTreeWidgetItem([translate("AzeImport", "Release"), release]))
        reasons = {note["code"]: note["message"] for note in source.get("notes", []) if _counts_rows(note)}
        for note in source.get("notes", []):
            if not _counts_rows(note):
                top.addChild(QTreeWidgetItem([translate("AzeImport", "Note"), note["message"]]))
        if source.get("assumed"):
            said = translate("AzeImport", "{fields}: not in the file, taken as 1").format(
                fields=", ".join(map(_role, source["assumed"]))
            )
            top.addChild(QTreeWidgetItem([translate("AzeImport", "Assumed"), said]))
        totals = source.get("rejections") or {}
        self._add_rows(top, translate("AzeImport", "Rejected"), source.get("rejected", []), totals, reasons)
        self._add_rows(top, translate("AzeImport", "Repaired"), source.get("repaired", []), {}, {})
        fields = dict(source.get("fields") or {})
        if source.get("kind") == "estimates" and "origin" in fields:
            # Where a figure comes from; of range maps the same word is about how the species came there.
            fields["reference"] = fields.pop("origin")
        self._add_fields(top, fields)
        top.setExpanded(True)

    def _add_rows(self, top: QTreeWidgetItem, title: str, rows: list, totals: dict, reasons: dict) -> None:
        """Rows left out or mended, by reason, the most frequent first. ``totals``: all there are by code, also those
        not listed; ``reasons``: sentences that count them, by code of the note."""
        if not rows:
            return
        translate = QCoreApplication.translate
        by_code: dict[str, list] = {}
        for row in rows:
            by_code.setdefault(row["code"], []).append(row)
        counts = {code: totals.get(code, len(listed)) for code, listed in by_code.items()}
        head = QTreeWidgetItem([f"{title} ({figures.number(sum(counts.values()))})", ""])
        top.addChild(head)
        left = _MOST_ROWS
        for code, listed in sorted(by_code.items(), key=lambda item: -counts[item[0]]):
            said = reasons.get(f"rejected.{code.partition('.')[2]}") or _reason(listed)
            group = QTreeWidgetItem([f"{figures.number(counts[code])} ×", said])
            head.addChild(group)
            for row in listed[:left]:
                where = translate("AzeImport", "row {number}").format(number=figures.number(row["row"]))
                if row.get("layer"):
                    where = f"{row['layer']}, {where}"
                who = f"{row['taxon']}: " if row.get("taxon") else ""
                group.addChild(QTreeWidgetItem([where, who + str(row["reason"])]))
            shown = min(left, len(listed))
            left -= shown
            if counts[code] > shown:
                rest = translate("AzeImport", "and {count} more").format(count=figures.number(counts[code] - shown))
                group.addChild(QTreeWidgetItem(["…", rest]))
        head.setExpanded(True)

    def _add_fields(self, top: QTreeWidgetItem, fields: dict[str, str]) -> None:
        if not fields:
            return
        head = QTreeWidgetItem([QCoreApplication.translate("AzeImport", "Fields used"), ", ".join(fields.values())])
        head.setForeground(1, style.muted(self.palette()))
        top.addChild(head)
        for role, field in fields.items():
            head.addChild(QTreeWidgetItem([_role(role), field]))


def _counts(source: dict[str, Any]) -> str:
    translate = QCoreApplication.translate
    read, imported = source["rows_read"], source["rows_imported"]
    rejected, repaired = source["rows_rejected"], source["rows_repaired"]
    said = [
        translate("AzeImport", "1 row read")
        if read == 1
        else translate("AzeImport", "{read} rows read").format(read=figures.number(read)),
        translate("AzeImport", "{imported} imported").format(imported=figures.number(imported)),
        translate("AzeImport", "{rejected} rejected").format(rejected=figures.number(rejected)),
    ]
    if repaired:
        said.append(translate("AzeImport", "{repaired} repaired").format(repaired=figures.number(repaired)))
    kind = _kind(source.get("kind", ""))
    return f"{kind}: {', '.join(said)}" if kind else ", ".join(said)


def _counts_rows(note: dict[str, Any]) -> bool:
    """Whether a note only counts rows that are listed by their reason."""
    return note["code"].startswith("rejected.")


def _reason(rows: list) -> str:
    """One sentence for rows of one reason: what all of them say, or what the first says."""
    said = {str(row["reason"]) for row in rows}
    first = str(rows[0]["reason"])
    return (
        first if len(said) == 1 else QCoreApplication.translate("AzeImport", "such as: {reason}").format(reason=first)
    )


def _kind(kind: str) -> str:
    translate = QCoreApplication.translate
    return {
        "ranges": translate("AzeImport", "Range map"),
        "assessments": translate("AzeImport", "Red List"),
        "occurrences": translate("AzeImport", "Occurrence records"),
        "estimates": translate("AzeImport", "Estimates"),
        "habitats": translate("AzeImport", "Area of habitat"),
    }.get(kind, "")


def _role(role: str) -> str:
    """What a field is used for, in words."""
    translate = QCoreApplication.translate
    return {
        "taxon_id": translate("AzeImport", "taxon's id"),
        "scientific_name": translate("AzeImport", "scientific name"),
        "species": translate("AzeImport", "accepted species"),
        "genus": translate("AzeImport", "genus"),
        "epithet": translate("AzeImport", "species epithet"),
        "common_name": translate("AzeImport", "common name"),
        "presence": translate("AzeImport", "presence"),
        "origin": translate("AzeImport", "origin"),
        "seasonal": translate("AzeImport", "season"),
        "category": translate("AzeImport", "category"),
        "criteria": translate("AzeImport", "criteria"),
        "year": translate("AzeImport", "year"),
        "date": translate("AzeImport", "date"),
        "citation": translate("AzeImport", "citation"),
        "group": translate("AzeImport", "group"),
        "lat": translate("AzeImport", "latitude"),
        "lon": translate("AzeImport", "longitude"),
        "uncertainty": translate("AzeImport", "uncertainty of the place"),
        "basis": translate("AzeImport", "basis of the record"),
        "status": translate("AzeImport", "present or absent"),
        "count": translate("AzeImport", "number of individuals"),
        "scope": translate("AzeImport", "scope"),
        "site": translate("AzeImport", "site"),
        "parameter": translate("AzeImport", "parameter"),
        "segment": translate("AzeImport", "segment"),
        "low": translate("AzeImport", "lowest value"),
        "best": translate("AzeImport", "best value"),
        "high": translate("AzeImport", "highest value"),
        "reference": translate("AzeImport", "source"),
    }.get(role, role.replace("_", " "))
