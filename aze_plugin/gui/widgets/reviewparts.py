"""What the parts of the reviewer's window share: words, figures, boxes."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QPlainTextEdit, QPushButton

from ...services import figures

# So many rows are listed; a hostile package could hold millions.
MOST_ROWS = 2000
MINUS = "\u2212"
# Of a comparison of shares: state of the mark, and the order in which they are listed.
CLASSES = {"differs": "problem", "cannot": "empty", "rounding": "work", "same": "fine"}
KINDS = {"added": ("fine", "+"), "removed": ("problem", "−"), "changed": ("work", "≠")}


def shape_of(wkb: bytes) -> QgsGeometry:
    """A geometry of WKB; a null one of none."""
    shape = QgsGeometry()
    if wkb:
        shape.fromWkb(wkb)
    return shape


def class_words() -> dict[str, str]:
    """What is said of a share that was recomputed."""
    translate = QCoreApplication.translate
    return {
        "differs": translate("AzeReview", "differs"),
        "cannot": translate("AzeReview", "not compared"),
        "rounding": translate("AzeReview", "the same but for rounding"),
        "same": translate("AzeReview", "the same"),
    }


def kind_words() -> dict[str, str]:
    """What became of a field or a file."""
    translate = QCoreApplication.translate
    return {
        "added": translate("AzeReview", "added"),
        "removed": translate("AzeReview", "removed"),
        "changed": translate("AzeReview", "changed"),
    }


def button(title: str, on_click) -> QPushButton:
    button = QPushButton(title)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: on_click())
    return button


def box(placeholder: str, height: int) -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setPlaceholderText(placeholder)
    box.setAccessibleName(placeholder)
    box.setTabChangesFocus(True)
    box.setFixedHeight(height)
    return box


def share(value: float | None) -> str:
    return "–" if value is None or not -1e6 < value < 1e6 else figures.percent(value, 2)


def points(change: float | None) -> str:
    """A difference of shares in percentage points, with its sign and as many decimals as show that there is one."""
    if change is None or not -1e6 < change < 1e6 or abs(change) < 1e-12:
        return ""
    points = 100 * change
    decimals = next((n for n in (1, 2, 3, 4) if abs(points) >= 0.5 * 10.0**-n), 4)
    return f"{'+' if points > 0 else MINUS}{figures.number(abs(points), decimals)}"


def value(value: Any) -> str:
    translate = QCoreApplication.translate
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return translate("AzeReview", "yes") if value else translate("AzeReview", "no")
    return figures.written(value) if isinstance(value, (int, float)) else str(value)
