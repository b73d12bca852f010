"""Open points of a nomination as clickable rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .. import style
from .basics import TextLabel, link
from .card import Card

_SHOWN_PROBLEMS = 6


def open_points(problems: Sequence[Mapping[str, Any]]) -> int:
    """How many problems keep the package from being final."""
    return sum(1 for problem in problems if problem["severity"] == "blocking")


class ProblemsCard(Card):
    """What is open before the package can be final. ``chosen`` carries the JSON pointer of a field."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(QCoreApplication.translate("AzeNomination", "Open points"), foldable=True, parent=parent)
        self._problems: list[Mapping[str, Any]] = []
        self._all = False
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.body.addLayout(self._rows)
        self.more = link("", self._show_all)
        self.buttons.addWidget(self.more)

    def set_problems(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Show the session's problems, those that keep the package from being final first."""
        translate = QCoreApplication.translate
        listed = sorted(problems, key=lambda problem: problem["severity"] != "blocking")
        blocking = open_points(problems)
        self.setVisible(bool(problems))
        self.title.setText(
            translate("AzeNomination", "Open points") if blocking else translate("AzeNomination", "Worth a look")
        )
        tip = (
            translate("AzeNomination", "These keep the package from being final.")
            if blocking
            else translate("AzeNomination", "The package can be final with these.")
        )
        self.set_state("work" if blocking else "fine", str(blocking or len(problems)), tip)
        if listed != self._problems:
            self._problems = listed
            self._fill()

    def _fill(self) -> None:
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        shown = self._problems if self._all else self._problems[:_SHOWN_PROBLEMS]
        for problem in shown:
            row = _ProblemRow(problem)
            row.chosen.connect(self.chosen)
            self._rows.addWidget(row)
        translate = QCoreApplication.translate
        self.more.setVisible(len(self._problems) > _SHOWN_PROBLEMS)
        self.more.setText(
            translate("AzeNomination", "less ▴")
            if self._all
            else translate("AzeNomination", "all {count} ▾").format(count=len(self._problems))
        )

    def _show_all(self) -> None:
        self._all = not self._all
        self._fill()


class _ProblemRow(QWidget):
    """A problem as one clickable row: mark, sentence, and the way to its field."""

    chosen = pyqtSignal(str)

    def __init__(self, problem: Mapping[str, Any]):
        super().__init__()
        self._field = problem["field"]
        mark = style.MARKS[style.state_of(problem["severity"])]
        said = TextLabel(f"{mark} {problem['message']}")
        go = link(
            "▸", lambda: self.chosen.emit(self._field), QCoreApplication.translate("AzeNomination", "Go to the field")
        )
        go.setAccessibleName(f"{go.toolTip()}: {problem['message']}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(said, 1)
        layout.addWidget(go, 0, Qt.AlignmentFlag.AlignTop)
        # The sentence can be clicked as well; it then cannot be selected with the mouse.
        said.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event):
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.chosen.emit(self._field)
