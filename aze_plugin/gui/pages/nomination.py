"""The page Nomination: the proposal as a form, what is still open, and the package."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

try:
    from qgis.PyQt.QtGui import QUndoCommand, QUndoStack
except ImportError:
    # Under Qt 5 they are among the widgets, and qgis.PyQt does not bridge that.
    from qgis.PyQt.QtWidgets import QUndoCommand, QUndoStack

from ... import paths
from .. import style
from ..widgets import form
from ..widgets.basics import FlowLayout, PageScroll, TextLabel, link
from ..widgets.card import Card
from .base import Page

_SHOWN_PROBLEMS = 6
_MERGE_S = 4.0


class NominationPage(Page):
    """Edits the session's nomination through undoable steps; previews and exports the package."""

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(session, parent)
        translate = QCoreApplication.translate
        self._candidate: str | None = None
        self.undo = QUndoStack(self)
        self.nothing.say(
            translate("AzeNomination", "A nomination is of one site. Draw or import its boundary first."),
            translate("AzeNomination", "Go to the boundary"),
        )
        self.nothing.pressed.connect(lambda: session.show_page("boundary"))
        self.filled = QWidget()
        self.stack.addWidget(self.filled)

        self.done = TextLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.back = _tool("↶", translate("AzeNomination", "Undo"))
        self.forth = _tool("↷", translate("AzeNomination", "Redo"))
        self.back.clicked.connect(self._undo)
        self.forth.clicked.connect(self._redo)
        self.undo.canUndoChanged.connect(self.back.setEnabled)
        self.undo.canRedoChanged.connect(self.forth.setEnabled)
        self.undo.indexChanged.connect(self._name_steps)
        self.back.setEnabled(False)
        self.forth.setEnabled(False)
        head = QHBoxLayout()
        head.addWidget(self.done, 1)
        head.addWidget(self.back)
        head.addWidget(self.forth)

        self.scroll = PageScroll()
        self.problems = ProblemsCard()
        self.problems.chosen.connect(self.reach)
        self.form = form.SchemaForm(paths.load_json("schemas", "nomination.schema.json"))
        self.form.edited.connect(self._edit)
        self.form.stated.connect(self._state)
        self.files = AttachedFiles(session)
        self.form.sections["evidence"].add(self.files)
        self.scroll.layout_.addWidget(self.problems)
        self.scroll.layout_.addWidget(self.form)
        self.scroll.layout_.addStretch(1)

        self.preview = QPushButton(translate("AzeNomination", "Preview package…"))
        self.preview.clicked.connect(self.show_preview)
        self.export = QPushButton(translate("AzeNomination", "Export…"))
        self.export.clicked.connect(self.ask_and_export)
        self.written = TextLabel(muted=True)
        foot = QWidget()
        buttons = FlowLayout(foot)
        buttons.addWidget(self.preview)
        buttons.addWidget(self.export)
        layout = QVBoxLayout(self.filled)
        layout.setContentsMargins(0, 4, 0, 4)
        top = QVBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.addLayout(head)
        top.addWidget(self.bar)
        layout.addLayout(top)
        layout.addWidget(self.scroll, 1)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(8, 0, 8, 0)
        bottom.addWidget(self.written)
        bottom.addWidget(foot)
        layout.addLayout(bottom)

        # A burst of changes (a check that ends, the cover after it) is shown once.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._renew)
        for signal in (session.nominationChanged, session.assessmentChanged, session.coverageChanged):
            signal.connect(self._changed)
        session.candidatesChanged.connect(self._changed)
        session.busyChanged.connect(self._busy)
        self._renew()

    def act(self, key: str) -> None:
        """What the line at the bottom of the panel asks for: ``start``, ``problem:<pointer>`` or ``export``."""
        if key == "export":
            self.ask_and_export()
        elif key.startswith("problem:"):
            self.reach(key.partition(":")[2])
        elif key == "start":
            self.reach(self._first_open())

    def refresh(self) -> None:
        """Show what the session holds now."""
        session = self.session
        if session.candidates.current != self._candidate:
            self._candidate = session.candidates.current
            self.undo.clear()
            self.form.forget()
        if session.candidates.current is None:
            self.stack.setCurrentWidget(self.nothing)
            return
        self.stack.setCurrentWidget(self.filled)
        entered = session.nominations.details
        self.form.show_content(
            form.Content(
                entered=entered,
                complete=form.overlaid(entered, session.nominations.completed),
                kind=entered.get("kind", "new_site"),
                problems=self._said_at_fields(),
                statements={"delineation_rationale": session.nominations.statement("delineation_rationale")},
            )
        )
        done, total = self.form.progress()
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        translate = QCoreApplication.translate
        self.done.setText(
            translate("AzeNomination", "{done} of {total} needed fields").format(done=done, total=total)
            if done < total
            else translate("AzeNomination", "All {total} needed fields are filled in").format(total=total)
        )
        self.bar.setAccessibleName(self.done.plain())
        self.problems.set_problems(session.nominations.problems)
        self.files.refresh()
        self._show_package()
        self._busy()

    def reach(self, pointer: str) -> None:
        """Scroll to the field at a JSON pointer and put the cursor there."""
        self.refresh()
        widget = self.form.reach(pointer)
        if widget is None:
            # What no field of the form can settle, the criteria can.
            self.session.show_page("criteria")
            return
        # A section that has just been opened has its size only after the layout was done anew.
        QTimer.singleShot(0, lambda: self.scroll.ensureWidgetVisible(widget, 8, 40))

    def show_preview(self) -> None:
        """List the files of the package and what each holds."""
        self.form.commit()
        dialog = PackagePreview(self.session, self)
        dialog.exec()

    def ask_and_export(self) -> None:
        """Ask where to, and write the package; an incomplete nomination as a draft, if the user wants that."""
        self.form.commit()
        translate = QCoreApplication.translate
        draft = _open_points(self.session.nominations.problems) > 0
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

    def hideEvent(self, event):
        # What is being typed is not lost when another page or another candidate is opened.
        self.form.commit()
        super().hideEvent(event)

    def _changed(self) -> None:
        # A form is dear to lay out anew: several announcements of one change are shown at once.
        self._outdated = True
        if self.isVisible():
            self._later.start()

    def _busy(self) -> None:
        checked = self.session.results.assessment is not None
        self.export.setEnabled(checked and self.session.busy is None)
        self.preview.setEnabled(checked)
        why = "" if checked else QCoreApplication.translate("AzeNomination", "The boundary has to be checked first.")
        self.export.setToolTip(why)
        self.preview.setToolTip(why)

    def _edit(self, pointer: str, value: Any) -> None:
        before = copy.deepcopy(form.at(self.session.nominations.details, pointer))
        title = form.title(self.form.schema, pointer)
        self.undo.push(_SetValue(self.session, pointer, before, copy.deepcopy(value), title))

    def _state(self, key: str, taxon: str, said: str) -> None:
        before = self.session.nominations.statement(key, taxon or None)
        self.undo.push(_SetStatement(self.session, key, taxon or None, before, said))

    def _undo(self) -> None:
        self.form.commit()
        self.undo.undo()

    def _redo(self) -> None:
        self.undo.redo()

    def _name_steps(self) -> None:
        """Say on the buttons what they would undo and redo."""
        translate = QCoreApplication.translate
        self.back.setToolTip(_with(translate("AzeNomination", "Undo"), self.undo.undoText()))
        self.forth.setToolTip(_with(translate("AzeNomination", "Redo"), self.undo.redoText()))

    def _first_open(self) -> str:
        content = self.form.content
        for pointer in form.needed(self.form.schema, content.kind):
            if not form.given(content, pointer, self.form.schema):
                return pointer
        return "/proposer/name"

    def _said_at_fields(self) -> dict[str, str]:
        """Problems by field, with their mark; that an empty field is needed, its star says already, but for changes,
        where it depends on what changes."""
        session = self.session
        document = session.nominations.completed or session.nominations.details
        problems = session.nominations.problems or self._schema_problems(document)
        said: dict[str, str] = {}
        for problem in problems:
            pointer = problem["field"]
            if form.at(document, pointer) not in (None, "", [], {}) or pointer.startswith("/update/changes/"):
                mark = style.MARKS[style.state_of(problem["severity"])]
                said.setdefault(pointer, f"{mark} {problem['message']}")
        return said

    def _schema_problems(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """What the schema alone says of a document: all there is to say before the boundary was checked."""
        if self.session.results.assessment is not None:
            return []
        from ...packaging.details import schema_problems
        from ...services.wording import text

        return [
            {"severity": f.severity.value, "message": text(f.code, f.params), "field": f.params["field"]}
            for f in schema_problems(document)
        ]

    def _wants_draft(self) -> bool:
        translate = QCoreApplication.translate
        count = _open_points(self.session.nominations.problems)
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
            self.problems.set_folded(False)
            self.scroll.ensureWidgetVisible(self.problems)
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
        self.written.setText(template.format(path=package["path"]))
        self.written.setToolTip(f"SHA-256 {package['sha256']}")


class ProblemsCard(Card):
    """What is open before the package can be final. ``chosen`` carries the JSON pointer of a field."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(QCoreApplication.translate("AzeNomination", "Open points"), foldable=True, parent=parent)
        self._problems: list[dict[str, Any]] = []
        self._all = False
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.body.addLayout(self._rows)
        self.more = link("", self._show_all)
        self.buttons.addWidget(self.more)
        self.set_folded(True)

    def set_problems(self, problems: list[dict[str, Any]]) -> None:
        """Show the session's problems, those that keep the package from being final first."""
        translate = QCoreApplication.translate
        self._problems = sorted(problems, key=lambda problem: problem["severity"] != "blocking")
        blocking = _open_points(problems)
        self.setVisible(bool(problems))
        if blocking:
            self.set_state("work", translate("AzeNomination", "{count} to settle").format(count=blocking))
        else:
            self.set_state("fine", translate("AzeNomination", "{count} to look at").format(count=len(problems)))
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


class AttachedFiles(QWidget):
    """The nominator's own files that go into the package."""

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        add = QPushButton(translate("AzeNomination", "Attach files…"))
        add.clicked.connect(self._choose)
        row = FlowLayout()
        row.addWidget(add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._rows)
        layout.addLayout(row)

    def refresh(self) -> None:
        """Show the session's files; one that is not there any more is marked."""
        translate = QCoreApplication.translate
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for path in self.session.nominations.evidence:
            there = Path(path).is_file()
            name = TextLabel(Path(path).name if there else f"▲ {Path(path).name}")
            name.setToolTip(path if there else translate("AzeNomination", "Not found: {path}").format(path=path))
            drop = link(
                translate("AzeNomination", "detach"),
                lambda path=path: self.session.nominations.set_evidence(
                    [p for p in self.session.nominations.evidence if p != path]
                ),
            )
            drop.setAccessibleName(f"{drop.text()} {Path(path).name}")
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.addWidget(name, 1)
            line.addWidget(drop)
            self._rows.addWidget(row)

    def _choose(self) -> None:
        title = QCoreApplication.translate("AzeNomination", "Files that show what the nomination says")
        chosen, _ = QFileDialog.getOpenFileNames(self, title)
        if chosen:
            self.session.nominations.set_evidence(list(dict.fromkeys([*self.session.nominations.evidence, *chosen])))


class PackagePreview(QDialog):
    """The files of the package, and what each holds."""

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        from ...domain.nomination import folder_name

        nomination = session.nominations.completed
        folder = folder_name(nomination)
        self.setWindowTitle(translate("AzeNomination", "Package of {name}").format(name=session.candidates.current))
        self.resize(520, 560)
        scroll = PageScroll()
        draft = _open_points(session.nominations.problems) > 0
        status = Card(f"{folder}.zip")
        status.set_state(
            "work" if draft else "fine",
            translate("AzeNomination", "draft") if draft else translate("AzeNomination", "final"),
        )
        status.set_summary(
            translate(
                "AzeNomination",
                "A folder that anybody can open, with checksums of every file. No range maps go in: their terms forbid "
                "passing them on; the package holds the figures made from them and names the sources.",
            )
        )
        scroll.layout_.addWidget(status)
        for title, files in _contents(folder, session, nomination):
            card = Card(title)
            for name, about in files:
                line = TextLabel(name)
                line.setFont(style.scaled(self.font(), 1.0, bold=True))
                card.add(line)
                card.add(TextLabel(about, muted=True))
            scroll.layout_.addWidget(card)
        scroll.layout_.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(buttons)


class _SetValue(QUndoCommand):
    """Sets one member of the nomination; steps in the same text that follow each other closely become one."""

    def __init__(self, session, pointer: str, before: Any, after: Any, title: str):
        super().__init__(title)
        self.session, self.pointer, self.before, self.after = session, pointer, before, after
        self.made = time.monotonic()

    def id(self) -> int:
        return 1

    def mergeWith(self, other) -> bool:
        if other.pointer != self.pointer or not isinstance(other.after, str) or not isinstance(self.after, str):
            return False
        if other.made - self.made > _MERGE_S:
            return False
        self.after, self.made = other.after, other.made
        return True

    def redo(self) -> None:
        self.session.nominations.set_value(self.pointer, copy.deepcopy(self.after))

    def undo(self) -> None:
        self.session.nominations.set_value(self.pointer, copy.deepcopy(self.before))


class _SetStatement(QUndoCommand):
    """Sets one statement of the nominator, which the criteria check reads too."""

    def __init__(self, session, key: str, taxon: str | None, before: str, after: str):
        super().__init__(QCoreApplication.translate("AzeNomination", "Statement"))
        self.session, self.key, self.taxon, self.before, self.after = session, key, taxon, before, after

    def redo(self) -> None:
        self.session.nominations.set_statement(self.key, self.after, self.taxon)

    def undo(self) -> None:
        self.session.nominations.set_statement(self.key, self.before, self.taxon)


class _ProblemRow(QWidget):
    """A problem as one clickable row: mark, sentence, and the way to its field."""

    chosen = pyqtSignal(str)

    def __init__(self, problem: dict[str, Any]):
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


def _contents(folder: str, session, nomination: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The files of the package by subject: name below ``data/`` and what it holds."""
    translate = QCoreApplication.translate
    species = len((nomination.get("biodiversity") or {}).get("species") or ())
    covered = (
        translate("AzeNomination", "Protected-area cover as measured here.")
        if session.results.coverage is not None
        else translate("AzeNomination", "Says that the cover was not assessed: there is no layer of protected areas.")
    )
    evidence = [(Path(path).name, path) for path in session.nominations.evidence]
    found = [
        (
            translate("AzeNomination", "The nomination"),
            [
                ("nomination.json", translate("AzeNomination", "Everything in this form, with what was derived.")),
                (
                    "forms/kba_proposal.xlsx",
                    translate("AzeNomination", "The KBA multi-site form, filled in ({count} species).").format(
                        count=species
                    ),
                ),
                ("report/report.pdf", translate("AzeNomination", "A report to read and print.")),
                ("report/map.png", translate("AzeNomination", "The map of the site.")),
            ],
        ),
        (
            translate("AzeNomination", "The checks"),
            [
                ("assessment.json", translate("AzeNomination", "The three criteria, every taxon, every share.")),
                ("coverage.json", covered),
                (
                    "sources.csv",
                    translate("AzeNomination", "Every dataset used: version, citation, licence, checksum."),
                ),
            ],
        ),
        (
            translate("AzeNomination", "The boundary"),
            [
                (
                    f"boundary/{folder}.gpkg, .geojson, .kml, .shp",
                    translate("AzeNomination", "The same boundary in four formats, in WGS 84."),
                )
            ],
        ),
        (
            translate("AzeNomination", "Proof of integrity"),
            [
                (
                    "bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt",
                    translate("AzeNomination", "Checksums by which a reviewer sees that nothing was changed."),
                )
            ],
        ),
    ]
    if evidence:
        found.insert(3, (translate("AzeNomination", "Evidence"), [(f"evidence/{n}", path) for n, path in evidence]))
    return found


def _open_points(problems: list[dict[str, Any]]) -> int:
    """How many problems keep the package from being final."""
    return sum(1 for problem in problems if problem["severity"] == "blocking")


def _tool(mark: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(mark)
    button.setAutoRaise(True)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _with(action: str, title: str) -> str:
    return f"{action}: {title}" if title else action
