"""The table of taxa in a process of its own, which needs a window: times in milliseconds as JSON on standard output.

500 taxa with shares by all parameters, in the widget of the page Criteria and in a plain tree of items with the same
text: filling, sorting, keystrokes in the filter, and paints while all of it is scrolled through, each taken down to the
painted widget.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from qgis.core import QgsApplication  # noqa: E402
from qgis.PyQt.QtCore import QCoreApplication, QModelIndex, QSortFilterProxyModel, Qt  # noqa: E402
from qgis.PyQt.QtGui import QStandardItem, QStandardItemModel  # noqa: E402
from qgis.PyQt.QtWidgets import QTreeView  # noqa: E402

TAXA = 500
WIDTH, HEIGHT = 900, 900
KEYS = ("g", "ge", "genus4", "genus42", "genus4", "endangered", "endangered trigger", "")
_SEGMENTS = (
    ("mature_individuals", ("resident",), "individuals", "estimate"),
    ("aoo", ("all",), "cells", "records"),
    ("esh", ("all",), "m2", "habitat"),
    ("range", ("all", "resident"), "m2", "range_map"),
    ("localities", ("all",), "localities", "records"),
)


def assessment() -> dict:
    """One member of an assessment file, of TAXA taxa; every tenth cannot trigger."""
    values = random.Random(7)
    return {"species": [_taxon(number, values) for number in range(TAXA)]}


def _taxon(number: int, values: random.Random) -> dict:
    shares = []
    for parameter, segments, unit, basis in _SEGMENTS:
        for segment in segments:
            best = values.random()
            low, high = max(0.0, best - 0.02), min(1.0, best + 0.02)
            status = "met" if low > 0.95 else "uncertain" if high > 0.95 else "not_met"
            shares.append(
                {
                    "parameter": parameter,
                    "segment": segment,
                    "low": low,
                    "best": best,
                    "high": high,
                    "site_value": best * 1e7,
                    "global_value": 1e7,
                    "unit": unit,
                    "status": status,
                    "deciding": False,
                    "basis": basis,
                }
            )
    deciding = next((share for share in shares if share["status"] == "met"), None)
    if deciding:
        deciding["deciding"] = True
    vulnerable = number % 10 == 0
    code = "endangerment.category_vulnerable" if vulnerable else "irreplaceability.share_below_threshold"
    disagrees = {"code": "irreplaceability.parameters_disagree", "severity": "warning", "message": "They disagree."}
    trigger = deciding is not None and not vulnerable
    return {
        "taxon_id": str(number),
        "scientific_name": f"Genus{number} longispecificus{number}",
        "common_name": "",
        "category": "VU" if vulnerable else values.choice(("CR", "EN")),
        "possibly_extinct": False,
        "trigger": trigger,
        "route": "resident_population" if trigger else "none",
        "status": "met" if trigger else "not_met",
        "shares": shares,
        "findings": [
            {"code": code, "severity": "info", "message": "What is said of it.", "params": {}},
            *([{**disagrees, "params": {}}] if trigger else []),
        ],
    }


def _took(work) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def _painted(view: QTreeView) -> None:
    QCoreApplication.processEvents()
    view.viewport().repaint()


def _scroll(view: QTreeView) -> list[float]:
    """Milliseconds of each paint from the top to the bottom, three rows at a time as the mouse wheel goes."""
    bar = view.verticalScrollBar()
    view.expandAll()
    _painted(view)
    step = max(3, bar.maximum() // 400)
    took = []
    for value in range(0, bar.maximum() + 1, step):
        bar.setValue(value)
        took.append(_took(view.viewport().repaint))
    bar.setValue(0)
    return took


def ours(document: dict) -> tuple[dict, object]:
    """Times of the widget of the page, and its model."""
    from aze_plugin.gui.models import species
    from aze_plugin.gui.pages.taxa import TaxaTable
    from aze_plugin.gui.session import Session

    session = Session()
    table = TaxaTable(session)
    table.resize(WIDTH, HEIGHT)
    table.show()
    _painted(table.tree)

    def fill():
        table.set_assessment(document, 0.95, False)
        _painted(table.tree)

    def sort(order):
        table.tree.sortByColumn(species.PARAMETER_COLUMNS["aoo"], order)
        _painted(table.tree)

    def press(words):
        table.filter.setText(words)
        _painted(table.tree)

    fill()
    times = {"fill": statistics.median(_took(fill) for _ in range(5))}
    times["filter"] = max(_took(lambda words=words: press(words)) for words in KEYS)
    orders = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder) * 2
    times["sort"] = statistics.median(_took(lambda order=order: sort(order)) for order in orders)
    paints = _scroll(table.tree)
    # Kept to the end of the process, as its tree still shows the model.
    return {**times, **_of(paints)}, (session, table)


def plain(shown) -> dict:
    """Times of a tree of items with the same text in the same columns."""
    proxy = QSortFilterProxyModel()
    proxy.setRecursiveFilteringEnabled(True)
    proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    view = QTreeView()
    view.setUniformRowHeights(True)
    view.setAlternatingRowColors(True)
    view.setSortingEnabled(True)
    view.setModel(proxy)
    view.resize(WIDTH, HEIGHT)
    view.show()
    _painted(view)
    kept = []

    def fill():
        items = QStandardItemModel()
        items.setHorizontalHeaderLabels([str(shown.headerData(c, Qt.Orientation.Horizontal)) for c in range(9)])
        _copy(shown, QModelIndex(), items.invisibleRootItem())
        kept.append(items)
        proxy.setSourceModel(items)
        _painted(view)

    def sort(order):
        view.sortByColumn(3, order)
        _painted(view)

    def press(words):
        proxy.setFilterFixedString(words)
        _painted(view)

    fill()
    times = {"fill": statistics.median(_took(fill) for _ in range(3))}
    times["filter"] = max(_took(lambda words=words: press(words)) for words in KEYS)
    orders = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder) * 2
    times["sort"] = statistics.median(_took(lambda order=order: sort(order)) for order in orders)
    return {**times, **_of(_scroll(view))}


def _copy(shown, parent: QModelIndex, target: QStandardItem) -> None:
    for row in range(shown.rowCount(parent)):
        index = shown.index(row, 0, parent)
        items = [QStandardItem(index.siblingAtColumn(c).data() or "") for c in range(shown.columnCount())]
        _copy(shown, index, items[0])
        target.appendRow(items)


def _of(paints: list[float]) -> dict:
    ranked = sorted(paints)
    return {
        "paint": statistics.median(ranked),
        "paint_p95": ranked[int(0.95 * (len(ranked) - 1))],
        "paints": len(ranked),
    }


def main() -> None:
    """Measure both and print the times."""
    application = QgsApplication([], True)
    application.initQgis()
    mine, widgets = ours(assessment())
    print(json.dumps({"ours": mine, "plain": plain(widgets[1].model)}), flush=True)


if __name__ == "__main__":
    main()
