"""The versions of the current candidate: a list from which to look at one, compare it and go back to it.

The window stays beside the map while the user works, and follows the candidate.
"""

from __future__ import annotations

from qgis.core import QgsGeometry
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QLocale, Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..domain.errors import AzeError
from ..services import figures, vocabulary
from ..services.comparing import compare
from ..services.versions import Version
from ..services.wording import text
from . import messages, style
from .session import Session
from .versions import boundary_of
from .widgets.basics import ElidedLabel, FlowLayout, PageScroll, ShortCombo, TextLabel
from .widgets.comparison import Comparison

_MOST_ROWS = 6
_NOW = 0


class VersionsDialog(QDialog):
    """Lists versions of the current candidate, the newest first; keeps one, compares two, goes back to one."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("AzeVersions", "Versions"))
        self._session = session
        self._versions: list[Version] = []
        self._candidate = session.candidates.current
        # Numbers of the versions that are compared, 0 for the boundary as it is now, and the boundaries themselves.
        self._compared: tuple[int, int] | None = None
        self._shapes: tuple[QgsGeometry, QgsGeometry] | None = None

        self.head = ElidedLabel()
        self.head.setFont(style.scaled(self.head.font(), 1.0, bold=True))
        self.state = TextLabel(muted=True)
        self.keep_button = QPushButton(translate("AzeVersions", "Keep this version…"))
        self.keep_button.setToolTip(translate("AzeVersions", "Keep the boundary as it is now, and say why"))
        self.keep_button.clicked.connect(lambda: self.keep())
        keeping = QHBoxLayout()
        keeping.addWidget(self.keep_button)
        keeping.addStretch(1)

        self.list = QListWidget()
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAlternatingRowColors(True)
        self.list.setAccessibleName(translate("AzeVersions", "Versions"))
        self.list.currentRowChanged.connect(lambda _row: self._show_chosen())
        self.details = TextLabel()
        self.zoom_button = QPushButton(translate("AzeVersions", "Zoom"))
        self.zoom_button.setToolTip(translate("AzeVersions", "Show where the version lies; it lights up for a moment"))
        self.zoom_button.clicked.connect(lambda: self.zoom())
        self.revert_button = QPushButton(translate("AzeVersions", "Go back to this version"))
        self.revert_button.setToolTip(
            translate("AzeVersions", "The boundary as it is now is kept as a version before; the step can be undone")
        )
        self.revert_button.clicked.connect(lambda: self.revert())
        self.chosen = QWidget()
        chosen = QVBoxLayout(self.chosen)
        chosen.setContentsMargins(0, 0, 0, 0)
        chosen.addWidget(self.details)
        acting = FlowLayout()
        acting.addWidget(self.zoom_button)
        acting.addWidget(self.revert_button)
        chosen.addLayout(acting)
        self.other = ShortCombo()
        self.other.setAccessibleName(translate("AzeVersions", "Compare with"))
        self.other.currentIndexChanged.connect(lambda _row: self._show_comparable())
        self.compare_button = QPushButton(translate("AzeVersions", "Compare with"))
        self.compare_button.setToolTip(
            translate("AzeVersions", "Area, shares and verdict of both, and on the map what was gained and lost")
        )
        self.compare_button.clicked.connect(lambda: self.compare())
        comparing = QHBoxLayout()
        comparing.addWidget(self.compare_button)
        comparing.addWidget(self.other, 1)
        chosen.addLayout(comparing)
        self.comparison = Comparison(session.iface.mapCanvas() if session.iface is not None else None)
        self.comparison.hide()

        self.page = PageScroll()
        self.page.layout_.setContentsMargins(0, 0, 6, 0)
        self.page.layout_.addWidget(self.state)
        self.page.layout_.addLayout(keeping)
        self.page.layout_.addWidget(self.list)
        self.page.layout_.addWidget(self.chosen)
        self.page.layout_.addWidget(self.comparison)
        self.page.layout_.addStretch(1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.head)
        layout.addWidget(self.page, 1)
        layout.addWidget(self.buttons)
        self.resize(420, 560)

        session.candidatesChanged.connect(self.show_state)
        session.candidateEdited.connect(self.show_state)
        session.versions.changed.connect(self.show_state)
        self.show_state()

    # ------------------------------------------------------------------------------------------------- showing

    def show_state(self) -> None:
        """Show the versions of the current candidate; without a candidate the window closes."""
        candidates = self._session.candidates
        if candidates.current is None:
            self.close()
            return
        if self._candidate != candidates.current:
            self._candidate = candidates.current
            self._end_comparison()
        try:
            found = self._session.versions.of()
        except AzeError as error:
            self.state.setText(text(error.code, error.params))
            found = []
        else:
            self.state.setText(self._sentence(found))
        self.head.setText(candidates.current)
        self.keep_button.setEnabled(candidates.geometry() is not None and not self._is_kept(found))
        if found != self._versions or self.list.count() != len(found):
            self._fill(found)
        self.list.setVisible(bool(found))
        self._show_chosen()
        self._mark_comparison()

    def _is_kept(self, versions: list[Version]) -> bool:
        shape = self._session.candidates.geometry()
        return bool(versions) and shape is not None and bytes(shape.asWkb()) == versions[-1].wkb

    def _sentence(self, versions: list[Version]) -> str:
        translate = QCoreApplication.translate
        if not versions:
            return translate(
                "AzeVersions",
                "No version was kept yet. Keep one before you try something out, and go back to it if it fails.",
            )
        said = (
            translate("AzeVersions", "The boundary as it is now is version {number}.")
            if self._is_kept(versions)
            else translate("AzeVersions", "The boundary has changed since version {number}.")
        )
        return said.format(number=versions[-1].number)

    def _fill(self, versions: list[Version]) -> None:
        grown = len(versions) > len(self._versions)
        row = self.list.currentRow()
        chosen = self._versions[len(self._versions) - 1 - row].number if row >= 0 and self._versions else 0
        self._versions = versions
        self.list.blockSignals(True)
        self.list.clear()
        for version in reversed(versions):
            self.list.addItem(_item(version))
        numbers = [version.number for version in reversed(versions)]
        self.list.setCurrentRow(numbers.index(chosen) if chosen in numbers and not grown else 0 if numbers else -1)
        self.list.blockSignals(False)
        rows = min(_MOST_ROWS, len(versions))
        self.list.setFixedHeight(rows * max(0, self.list.sizeHintForRow(0)) + 2 * self.list.frameWidth() + 2)

    def version(self) -> Version | None:
        """The version that is chosen in the list."""
        row = self.list.currentRow()
        return self._versions[len(self._versions) - 1 - row] if 0 <= row < len(self._versions) else None

    def _show_chosen(self) -> None:
        version = self.version()
        self.chosen.setVisible(version is not None)
        if version is None:
            return
        self.details.setText("\n".join(_lines(version)))
        shape = self._session.candidates.geometry()
        self.revert_button.setEnabled(shape is None or bytes(shape.asWkb()) != version.wkb)
        self._fill_others(version)
        self._show_comparable()

    def _fill_others(self, chosen: Version) -> None:
        """Offer the boundary as it is now and all other versions."""
        before = self.other.currentData()
        self.other.blockSignals(True)
        self.other.clear()
        if self._session.candidates.geometry() is not None:
            self.other.addItem(QCoreApplication.translate("AzeVersions", "Boundary now"), _NOW)
        for version in reversed(self._versions):
            if version.number != chosen.number:
                self.other.addItem(title_of(version), version.number)
        self.other.setCurrentIndex(max(0, self.other.findData(before)))
        self.other.blockSignals(False)

    def _show_comparable(self) -> None:
        version = self.version()
        other = self._shape(self.other.currentData())
        self.compare_button.setEnabled(
            version is not None and other is not None and bytes(other.asWkb()) != version.wkb
        )

    # ------------------------------------------------------------------------------------------------- comparing

    def compare(self) -> None:
        """Compare the chosen version with the other one; the earlier of the two is the one before."""
        chosen, other = self.version(), self.other.currentData()
        if chosen is None or other is None:
            return
        # The boundary as it is now is later than any version.
        numbers = tuple(sorted((chosen.number, other), key=lambda number: number or len(self._versions) + 1))
        shapes = [self._shape(number) for number in numbers]
        if None in shapes:
            return
        self._compared, self._shapes = numbers, tuple(shapes)
        self.comparison.show_shapes([self._short(number) for number in numbers], *shapes)
        self.comparison.note.setText(QCoreApplication.translate("AzeVersions", "Checking both boundaries…"))
        self.comparison.show()
        self._session.compare(shapes, lambda found: self._checked(numbers, found), self._not_checked)

    def _checked(self, numbers: tuple[int, int], assessments: list[dict]) -> None:
        if sip.isdeleted(self) or self._compared != numbers:
            return
        self.comparison.note.setText("")
        self.comparison.show_assessments([found["verdict"] for found in assessments], compare(*assessments))
        self._mark_comparison()

    def _not_checked(self, sentence: str) -> None:
        if sip.isdeleted(self) or self._compared is None:
            return
        said = QCoreApplication.translate("AzeVersions", "The shares could not be compared. {problem}")
        self.comparison.note.setText(said.format(problem=sentence))

    def _mark_comparison(self) -> None:
        """Say so when the boundary has moved on since it was compared."""
        if self._compared is None or _NOW not in self._compared:
            return
        now, compared = self._session.candidates.geometry(), self._shapes[self._compared.index(_NOW)]
        if now is None or bytes(now.asWkb()) != bytes(compared.asWkb()):
            self.comparison.note.setText(
                QCoreApplication.translate("AzeVersions", "The boundary has changed since. Compare again.")
            )

    def _end_comparison(self) -> None:
        self._compared = self._shapes = None
        self._session.runner.cancel("compare")
        self.comparison.clear()
        self.comparison.hide()

    def done(self, result: int) -> None:
        """Close, stop what is under way, and clear the map."""
        self._end_comparison()
        super().done(result)

    def _shape(self, number: int | None) -> QgsGeometry | None:
        if number == _NOW:
            return self._session.candidates.geometry()
        return next((boundary_of(version) for version in self._versions if version.number == number), None)

    @staticmethod
    def _short(number: int) -> str:
        translate = QCoreApplication.translate
        if number == _NOW:
            return translate("AzeVersions", "Boundary now")
        return translate("AzeVersions", "Version {number}").format(number=number)

    # ------------------------------------------------------------------------------------------------- changing

    def keep(self) -> None:
        """Ask why, and keep the boundary as it is now."""
        translate = QCoreApplication.translate
        reason, ok = QInputDialog.getText(
            self, translate("AzeVersions", "Keep this version"), translate("AzeVersions", "Why it is kept")
        )
        if not ok:
            return
        try:
            self._session.versions.keep(" ".join(reason.split()) or translate("AzeVersions", "Kept without a reason"))
        except AzeError as error:
            self._say(error)

    def revert(self) -> None:
        """Give the candidate the boundary of the chosen version."""
        version = self.version()
        if version is None:
            return
        try:
            self._session.versions.revert(version)
        except AzeError as error:
            self._say(error)
            return
        said = QCoreApplication.translate(
            "AzeVersions", "The boundary is that of version {number} again. Undo takes this back."
        )
        self._session.message.emit(said.format(number=version.number), messages.INFO)

    def zoom(self) -> None:
        """Show where the chosen version lies."""
        version = self.version()
        if version is not None:
            self._session.zoom_to(boundary_of(version))

    def _say(self, error: AzeError) -> None:
        self._session.message.emit(text(error.code, error.params), messages.WARNING)


def title_of(version: Version) -> str:
    """A version in a few words."""
    return QCoreApplication.translate("AzeVersions", "Version {number}").format(number=version.number)


def _item(version: Version) -> QListWidgetItem:
    area = figures.hectares(version.area_ha) if version.area_ha is not None else ""
    below = " · ".join(filter(None, (area, version.reason)))
    item = QListWidgetItem(f"{title_of(version)} · {_time(version)}\n{below}")
    item.setToolTip(version.reason)
    return item


def _lines(version: Version) -> list[str]:
    """What is known of a version, the reason first."""
    translate = QCoreApplication.translate
    lines = [version.reason]
    if version.author:
        lines.append(translate("AzeVersions", "Kept by {author}").format(author=version.author))
    if version.area_ha is None:
        lines.append(translate("AzeVersions", "Its area is not known, as it crosses itself."))
    if version.summary:
        species = [
            f"{taxon['scientific_name']} {figures.percent(taxon['share'])}" for taxon in version.summary["species"]
        ]
        verdict = vocabulary.word("verdict", version.summary["verdict"])
        lines.append(": ".join(filter(None, (verdict, ", ".join(species)))))
    return lines


def _time(version: Version) -> str:
    local = QDateTime.fromSecsSinceEpoch(int(version.kept.timestamp()))
    return QLocale().toString(local, QLocale.FormatType.ShortFormat)
