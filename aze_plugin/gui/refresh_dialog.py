"""Asks the Red List what has changed, shows it, and takes it over into the library."""

from __future__ import annotations

import json

from qgis.core import QgsSettings
from qgis.gui import QgsAuthConfigSelect
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .. import paths
from ..services import figures
from ..services.files import Scratch
from . import messages, style
from .widgets.basics import TextLabel
from .widgets.busy import BusyStrip

_LOOK, _TAKE = "refresh", "import"
_AUTHCFG = "aze_toolkit/redlist_authcfg"


class RefreshDialog(QDialog):
    """Token, "Look for changes", the changes, "Take over". Both run ``aze:refreshassessments`` in the background.

    Taking over runs under the session's purpose ``import``, during which no check is started. Of the token only the id
    of its configuration is kept, in the user's settings. ``url`` and ``interval_s`` are for other servers than the
    public one. Closing the dialog stops what it has started.
    """

    def __init__(self, session, parent: QWidget | None = None, url: str = "", interval_s: float | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.document: dict | None = None
        self._url, self._interval_s = url, interval_s
        self._doing = ""
        self.setWindowTitle(translate("AzeRefresh", "Refresh categories from the Red List"))
        self.resize(780, 560)

        self.auth = QgsAuthConfigSelect()
        self.auth.setConfigId(str(QgsSettings().value(_AUTHCFG, "")))
        self.threatened = QCheckBox(translate("AzeRefresh", "Only taxa that are threatened in the library"))
        self.look = QPushButton(translate("AzeRefresh", "Look for changes"))
        self.look.setAutoDefault(True)
        self.look.clicked.connect(self.look_for_changes)

        token = QGroupBox(translate("AzeRefresh", "Token"))
        inside = QVBoxLayout(token)
        inside.addWidget(self.auth)
        inside.addWidget(
            TextLabel(
                translate(
                    "AzeRefresh",
                    "The Red List gives you a token of your own at api.iucnredlist.org. Keep it in a configuration of "
                    "the method “API Header”, header Authorization, or “Basic” with the token as the password.",
                ),
                muted=True,
            )
        )
        ask = QHBoxLayout()
        ask.addWidget(self.threatened, 1)
        ask.addWidget(self.look)

        self.note = TextLabel()
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.tree = QTreeWidget()
        self.tree.setAlternatingRowColors(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels(
            [
                translate("AzeRefresh", "Taxon"),
                translate("AzeRefresh", "Library"),
                translate("AzeRefresh", "Red List"),
                translate("AzeRefresh", "For AZE"),
            ]
        )
        header = self.tree.header()
        for column in range(4):
            # Long names and remarks share what the two categories leave, and are cut with an ellipsis and a tool tip.
            mode = QHeaderView.ResizeMode.Stretch if column in (0, 3) else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        self.pages = QStackedWidget()
        framed = QFrame()
        framed.setFrameShape(QFrame.Shape.StyledPanel)
        QVBoxLayout(framed).addWidget(self.note)
        self.pages.addWidget(framed)
        self.pages.addWidget(self.tree)
        self.summary = TextLabel()
        self.busy = BusyStrip()
        self.busy.cancelled.connect(self._stop)

        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = self.buttons.addButton(translate("AzeRefresh", "Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(self._copy)
        self.take = self.buttons.addButton(translate("AzeRefresh", "Take over"), QDialogButtonBox.ButtonRole.ActionRole)
        self.take.clicked.connect(self.take_over)
        for button in (self.copy, self.take):
            button.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)

        layout = QVBoxLayout(self)
        layout.addWidget(token)
        layout.addLayout(ask)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.summary)
        layout.addWidget(self.busy)
        layout.addWidget(self.buttons)

        self.auth.selectedConfigIdChanged.connect(self._show)
        session.runner.changed.connect(self._show)
        session.dataChanged.connect(self._show)
        self._empty()
        self._show()

    # -- what is done

    def look_for_changes(self) -> None:
        """Ask the Red List; the library is left as it is."""
        self.document = None
        QgsSettings().setValue(_AUTHCFG, self.auth.configId())
        self._run(_LOOK, True, QCoreApplication.translate("AzeRefresh", "Asking the Red List"), self._looked)

    def take_over(self) -> None:
        """Write the changes that are shown into the library."""
        title = QCoreApplication.translate("AzeRefresh", "Taking over the changes")
        self._run(_TAKE, False, title, self._taken)

    def _run(self, key: str, dry: bool, title: str, then) -> None:
        folder = Scratch()
        output = folder.path / "changes.json"
        parameters = {
            "LIBRARY": self.session.sources.library_path,
            "AUTHCFG": self.auth.configId(),
            "ONLY_THREATENED": self.threatened.isChecked(),
            "DRY_RUN": dry,
            "OUTPUT": str(output),
        }
        if self._url:
            parameters["URL"] = self._url
        if self._interval_s is not None:
            parameters["INTERVAL"] = self._interval_s
        self._doing = key
        self._title = title
        self._empty(QCoreApplication.translate("AzeRefresh", "Asking, taxon by taxon.") if dry else "")
        self.session.runner.start(
            key,
            "aze:refreshassessments",
            parameters,
            title,
            lambda _results, _context: then(json.loads(output.read_text(encoding="utf-8"))),
            self._failed,
            folder,
        )
        self._show()

    def _looked(self, document: dict) -> None:
        self._doing = ""
        self.document = document
        self._fill(document)
        self._show()

    def _taken(self, document: dict) -> None:
        self._doing = ""
        self.document = None
        translate = QCoreApplication.translate
        count = len(document["changes"])
        said = (
            translate("AzeRefresh", "One change was taken over into the library.")
            if count == 1
            else translate("AzeRefresh", "{count} changes were taken over into the library.").format(
                count=figures.number(count)
            )
        )
        self._empty(said)
        self.session.message.emit(said, messages.SUCCESS)
        self.session.open_library(self.session.sources.library_path)
        self._show()

    def _failed(self, sentence: str) -> None:
        self._doing = ""
        self.document = None
        self._empty(sentence, problem=True)
        self._show()

    def _stop(self) -> None:
        doing, self._doing = self._doing, ""
        self.session.runner.cancel(doing)
        self._empty(
            QCoreApplication.translate(
                "AzeRefresh",
                "Stopped. What the Red List has answered so far is kept: looking again goes on from there.",
            )
        )
        self._show()

    def done(self, result: int) -> None:
        """Close, and stop what is under way."""
        if self._doing:
            self._stop()
        for signal in (self.session.runner.changed, self.session.dataChanged):
            signal.disconnect(self._show)
        super().done(result)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(json.dumps(self.document, ensure_ascii=False, indent=2))

    # -- what is shown

    def _show(self, *_args) -> None:
        translate = QCoreApplication.translate
        running = bool(self._doing)
        sources = self.session.sources
        ready = bool(sources.library_path) and not sources.library_problem
        importing = self.session.runner.running(_TAKE)
        self.auth.setEnabled(not running)
        self.threatened.setEnabled(not running)
        self.look.setEnabled(not running and ready and bool(self.auth.configId()))
        self.look.setToolTip("" if self.auth.configId() else translate("AzeRefresh", "Choose a token first."))
        changes = bool(self.document and self.document["changes"])
        self.take.setEnabled(not running and changes and not importing)
        self.copy.setEnabled(self.document is not None)
        if running:
            busy = self.session.runner.busy()
            fraction = busy.fraction if busy is not None and busy.title == self._title else None
            self.busy.set(self._title, fraction)
        else:
            self.busy.set(None)

    def _empty(self, sentence: str = "", problem: bool = False) -> None:
        """Show a sentence in place of the changes; without one what the dialog is for."""
        translate = QCoreApplication.translate
        sources = self.session.sources
        if not sentence and (sources.library_problem or not sources.library_path):
            problem = bool(sources.library_problem)
            sentence = sources.library_problem or translate("AzeRefresh", "Open or import a species library first.")
        elif not sentence:
            sentence = translate(
                "AzeRefresh",
                "Every species of the library is looked up on the Red List, at least half a second apart, and what has "
                "changed is listed here. The library changes only when you take the changes over.",
            )
            summary = sources.library_summary or {}
            if summary.get("taxa"):
                # The answers take about as long as the pauses between them.
                minutes = round(2 * summary["taxa"] * paths.load_json("redlist", "api.json")["interval_s"] / 60)
                lasting = (
                    translate(
                        "AzeRefresh", "The library has {count} taxa: the first time takes some {minutes} minutes."
                    )
                    if minutes > 1
                    else translate("AzeRefresh", "The library has {count} taxa: that takes about a minute.")
                )
                sentence += " " + lasting.format(count=figures.number(summary["taxa"]), minutes=figures.number(minutes))
        self.note.setText(f"{style.MARKS['problem']} {sentence}" if problem else sentence)
        self.pages.setCurrentIndex(0)
        self.summary.setText("")

    def _fill(self, document: dict) -> None:
        translate = QCoreApplication.translate
        self.tree.clear()
        changes, not_found, failed = document["changes"], document["not_found"], document["failed"]
        for change in sorted(changes, key=lambda c: ("category" not in c["fields"], c["scientific_name"])):
            self.tree.addTopLevelItem(self._change_item(change))
        groups = (
            (translate("AzeRefresh", "Not on the list ({count})"), not_found),
            (translate("AzeRefresh", "Could not be checked ({count})"), failed),
        )
        for title, entries in groups:
            if not entries:
                continue
            head = QTreeWidgetItem([title.format(count=figures.number(len(entries)))])
            for entry in entries:
                item = QTreeWidgetItem([f"{entry['scientific_name']}: {entry['message']}"])
                item.setToolTip(0, item.text(0))
                head.addChild(item)
            self.tree.addTopLevelItem(head)
            for item in (head, *(head.child(n) for n in range(head.childCount()))):
                item.setFirstColumnSpanned(True)
            head.setExpanded(not changes and len(entries) < 50)
        parts = [
            translate("AzeRefresh", "{count} changed").format(count=figures.number(len(changes))),
            translate("AzeRefresh", "{count} as before").format(count=figures.number(document["unchanged"])),
        ]
        if document["older"]:
            parts.append(
                translate("AzeRefresh", "{count} newer in the library than on the list").format(
                    count=figures.number(len(document["older"]))
                )
            )
        if not_found:
            parts.append(
                translate("AzeRefresh", "{count} not on the list").format(count=figures.number(len(not_found)))
            )
        if failed:
            parts.append(
                translate("AzeRefresh", "{count} could not be checked").format(count=figures.number(len(failed)))
            )
        said = ", ".join(parts) + "."
        if document["release"]:
            said = translate("AzeRefresh", "Red List {release}: {counts}").format(
                release=document["release"], counts=said
            )
        if changes or not_found or failed:
            self.pages.setCurrentIndex(1)
        else:
            self._empty(translate("AzeRefresh", "Nothing has changed: the library says what the Red List says."))
        self.summary.setText(said)

    def _change_item(self, change: dict) -> QTreeWidgetItem:
        old, new = change["old"], change["new"]
        name = change["scientific_name"]
        if change["listed_as"]:
            name = QCoreApplication.translate("AzeRefresh", "{name} (there {listed})").format(
                name=name, listed=change["listed_as"]
            )
        meaning = _meaning(old, new)
        item = QTreeWidgetItem([name, _shown(old), _shown(new), meaning])
        for column, tip in ((0, name), (3, meaning), (2, change["message"])):
            item.setToolTip(column, tip)
        if _eligible(old) != _eligible(new):
            font = item.font(0)
            font.setBold(True)
            for column in range(4):
                item.setFont(column, font)
        return item


def _shown(state: dict) -> str:
    """A category with flag and year: ``CR(PE) 2021``."""
    flag = "(PE)" if state["possibly_extinct"] else "(PEW)" if state["possibly_extinct_in_the_wild"] else ""
    return f"{state['category']}{flag} {state['year'] or ''}".strip()


def _eligible(state: dict) -> bool:
    rules = paths.load_json("criteria", "aze.json")
    return state["category"] in (*rules["threatened"], *rules["reintroduction"])


def _meaning(old: dict, new: dict) -> str:
    translate = QCoreApplication.translate
    if _eligible(new) and not _eligible(old):
        return translate("AzeRefresh", "Can make a site now")
    if _eligible(old) and not _eligible(new):
        return translate("AzeRefresh", "Can no longer make a site")
    if new["possibly_extinct"] and not old["possibly_extinct"]:
        return translate("AzeRefresh", "Needs evidence of presence now")
    if old["category"] == new["category"]:
        return translate("AzeRefresh", "Assessed anew, as before")
    return translate("AzeRefresh", "Another category")
