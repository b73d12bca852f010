"""The versions of the current candidate: a list from which to look at one and go back to it.

The window stays beside the map while the user works, and follows the candidate.
"""

from __future__ import annotations

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
from ..services.versions import Version
from ..services.wording import text
from . import messages, style
from .session import Session
from .versions import boundary_of
from .widgets.basics import ElidedLabel, FlowLayout, PageScroll, TextLabel

_MOST_ROWS = 6


class VersionsDialog(QDialog):
    """Lists versions of the current candidate, the newest first, and keeps or takes back one."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("AzeVersions", "Versions"))
        self._session = session
        self._versions: list[Version] = []

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

        self.page = PageScroll()
        self.page.layout_.setContentsMargins(0, 0, 0, 0)
        self.page.layout_.addWidget(self.state)
        self.page.layout_.addLayout(keeping)
        self.page.layout_.addWidget(self.list)
        self.page.layout_.addWidget(self.chosen)
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
        self._show_chosen()

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
        self.list.setVisible(bool(versions))
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
    item = QListWidgetItem(f"{' · '.join(filter(None, (title_of(version), area, _time(version))))}\n{version.reason}")
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
