"""The page Nomination: the proposal as a form, what is still open, and the package."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer
from qgis.PyQt.QtWidgets import (
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
from ...domain.sites import SiteRow
from .. import style
from ..send_dialog import SendButtons, SentLine
from ..widgets import form
from ..widgets.basics import FlowLayout, PageScroll, TextLabel, link
from ..widgets.nominationhead import ContentsCard, KindCard
from ..widgets.problems import ProblemsCard, open_points
from ..widgets.sectionrail import Entry, SectionRail
from .base import Page

if TYPE_CHECKING:
    from ..preview_dialog import PreviewDialog

OVERVIEW = "overview"
_MERGE_S = 4.0
# Of the page, in pixels: from here on there is room for titles on the rail.
_WIDE_ENOUGH = 500


class NominationPage(Page):
    """Edits the session's nomination through undoable steps; previews and exports the package."""

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(session, parent)
        translate = QCoreApplication.translate
        self._candidate: str | None = None
        self._preview: PreviewDialog | None = None
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
        self.only_open = _tool("◐", translate("AzeNomination", "Only what is open"))
        self.only_open.setCheckable(True)
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
        head.addWidget(self.only_open)
        head.addWidget(self.back)
        head.addWidget(self.forth)

        self.rail = SectionRail()
        self.rail.chosen.connect(self.show_section)
        self.scroll = PageScroll()
        self.kind = KindCard(session.sites, self._near_sites)
        self.kind.kindChosen.connect(self._choose_kind)
        self.kind.siteChosen.connect(self._choose_site)
        self.problems = ProblemsCard()
        self.problems.chosen.connect(self.reach)
        self.contents = ContentsCard()
        self.contents.chosen.connect(self.show_section)
        self.taking = QPushButton(translate("AzeNomination", "Import an earlier nomination…"))
        self.taking.clicked.connect(self.ask_and_import)
        self.overview = QWidget()
        inside = QVBoxLayout(self.overview)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        taking = QWidget()
        FlowLayout(taking).addWidget(self.taking)
        for widget in (self.kind, self.problems, self.contents, taking):
            inside.addWidget(widget)
        self.form = form.SchemaForm(paths.load_json("schemas", "nomination.schema.json"))
        self.form.edited.connect(self._edit)
        self.form.stated.connect(self._state)
        self.form.turned.connect(self._turned)
        self.only_open.toggled.connect(self.form.show_only_open)
        self.files = AttachedFiles(session)
        self.form.sections["evidence"].add(self.files)
        self.previous = link("", lambda: self._step(-1))
        self.following = link("", lambda: self._step(1))
        self.steps = QWidget()
        turning = QHBoxLayout(self.steps)
        turning.setContentsMargins(0, 0, 0, 0)
        turning.addWidget(self.previous)
        turning.addStretch(1)
        turning.addWidget(self.following)
        self.scroll.layout_.addWidget(self.overview)
        self.scroll.layout_.addWidget(self.form)
        self.scroll.layout_.addWidget(self.steps)
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
        buttons.addWidget(SendButtons(session))
        layout = QVBoxLayout(self.filled)
        layout.setContentsMargins(0, 4, 0, 4)
        top = QVBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.addLayout(head)
        top.addWidget(self.bar)
        layout.addLayout(top)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.scroll, 1)
        layout.addLayout(middle, 1)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(8, 0, 8, 0)
        bottom.addWidget(self.written)
        bottom.addWidget(SentLine(session))
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
        session.project.writeProject.connect(self._before_saving)
        self.show_section(OVERVIEW)
        self._renew()

    def act(self, key: str) -> None:
        """What the line at the bottom of the panel asks for: ``start``, ``problem:<pointer>`` or ``export``."""
        if key == "export":
            self.ask_and_export()
        elif key.startswith("problem:"):
            self.reach(key.partition(":")[2])
        elif key == "start":
            self.refresh()
            self.reach(self.form.first_open() or "/proposer/name")

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
                blocked={p["field"] for p in session.nominations.problems if p["severity"] == "blocking"},
            )
        )
        done, total = self.form.progress()
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        translate = QCoreApplication.translate
        self.done.setText(
            translate("AzeNomination", "{done} of {total} needed fields").format(done=done, total=total)
            if done < total
            else translate("AzeNomination", "All {total} needed fields filled in").format(total=total)
        )
        self.bar.setAccessibleName(self.done.plain())
        self._show_overview()
        self.files.refresh()
        self._show_package()
        self._busy()

    def show_section(self, key: str) -> None:
        """Turn to a section of the form, or to the overview of all."""
        self.form.show_section("" if key == OVERVIEW else key)
        self._show_turned()

    def reach(self, pointer: str) -> None:
        """Turn to the field at a JSON pointer and put the cursor there."""
        self.refresh()
        if pointer in ("/kind", "/schema", "/update"):
            self.show_section(OVERVIEW)
            self.kind.kind.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        widget = self.form.reach(self._place_of(pointer))
        if widget is None:
            # What no field of the form can settle, the criteria can.
            self.session.show_page("criteria")
            return
        # A section that has just been opened has its size only after the layout was done anew.
        QTimer.singleShot(0, lambda: self.scroll.ensureWidgetVisible(widget, 8, 40))

    def resizeEvent(self, event):
        super().resizeEvent(event)
        self.rail.set_wide(self.width() >= _WIDE_ENOUGH)

    def close_page(self) -> None:
        """Let go of the project."""
        self.form.commit()
        self.session.project.writeProject.disconnect(self._before_saving)
        if self._preview is not None and not sip.isdeleted(self._preview):
            self._preview.close()

    def ask_and_import(self) -> None:
        """Let the user choose an earlier nomination and what of it is taken over."""
        from ..import_nomination import ImportDialog

        self.form.commit()
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeNomination", "An earlier nomination"),
            "",
            translate("AzeNomination", "Nominations: packages, JSON, proposal forms (*.zip *.json *.xlsx)"),
        )
        if not path:
            return
        dialog = ImportDialog(self.session, path, self)
        if dialog.exec() and dialog.merged is not None:
            self.take_over(dialog.merged)

    def take_over(self, details: dict[str, Any]) -> None:
        """Replace the details by others, as one undoable step."""
        before = copy.deepcopy(self.session.nominations.details)
        title = QCoreApplication.translate("AzeNomination", "Import")
        self.undo.push(_Replace(self.session, before, copy.deepcopy(details), title))

    # ------------------------------------------------------------------------------------------- overview and sections

    def _show_overview(self) -> None:
        session, nominations = self.session, self.session.nominations
        entries = []
        for name in self.form.names():
            section = self.form.sections[name]
            entries.append(Entry(name, section.title.text(), section.chip.state, section.chip.text))
        problems = nominations.problems
        blocked = open_points(problems)
        state = "work" if blocked or session.results.assessment is None else "fine"
        title = QCoreApplication.translate("AzeNomination", "Overview")
        self.rail.set_entries([Entry(OVERVIEW, title, state, self.done.plain()), *entries])
        self.contents.set_entries(entries)
        self.problems.set_problems(problems)
        number, name = self._updated()
        self.kind.show_kind(nominations.details.get("kind", "new_site"), number, name)
        self._show_turned()

    def _turned(self, _name: str) -> None:
        self._show_turned()
        self.scroll.verticalScrollBar().setValue(0)

    def _show_turned(self) -> None:
        """Show what belongs to the section that is turned to: overview or form, mark on the rail, neighbours."""
        current = self.form.current or OVERVIEW
        self.overview.setVisible(current == OVERVIEW)
        self.form.setVisible(current != OVERVIEW)
        self.rail.set_current(current)
        names = [OVERVIEW, *self.form.names()]
        place = names.index(current) if current in names else 0
        for button, at, template in ((self.previous, place - 1, "◂ {}"), (self.following, place + 1, "{} ▸")):
            there = 0 <= at < len(names)
            button.setVisible(there)
            if there:
                button.setText(template.format(self._title(names[at])))

    def _title(self, key: str) -> str:
        if key == OVERVIEW:
            return QCoreApplication.translate("AzeNomination", "Overview")
        return self.form.sections[key].title.text()

    def _step(self, by: int) -> None:
        names = [OVERVIEW, *self.form.names()]
        at = names.index(self.form.current or OVERVIEW) + by
        if 0 <= at < len(names):
            self.show_section(names[at])

    def _place_of(self, pointer: str) -> str:
        """The field of the form that settles what is said of a member that has none of its own."""
        if not pointer.startswith("/statements/candidates/"):
            return pointer
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[4:]]
        if len(steps) > 2 and steps[0] == "species":
            rows = form.at(self.form.content.complete, "/biodiversity/species") or []
            names = [row.get("scientific_name") for row in rows]
            if steps[1] in names:
                return f"/biodiversity/species/{names.index(steps[1])}/{steps[2]}"
        return "/delineation/rationale"

    # ---------------------------------------------------------------------------------------- kind and updated site

    def _updated(self) -> tuple[str, str]:
        """Number and name of the site that the nomination updates, as far as they are known."""
        session = self.session
        document = session.nominations.completed or session.nominations.details
        number = form.at(document, "/update/site_id") or session.candidates.updated_id()
        name = form.at(document, "/update/site_name") or session.candidates.updated_site()
        return str(number or ""), str(name or "")

    def _near_sites(self) -> list[str]:
        """Numbers of the sites that the check says the candidate meets."""
        assessment = self.session.results.assessment
        findings = assessment["criteria"]["discreteness"]["findings"] if assessment else []
        return [str(f["params"]["site_id"]) for f in findings if f.get("params", {}).get("site_id")]

    def _choose_kind(self, kind: str) -> None:
        if kind == self.session.nominations.details.get("kind", "new_site"):
            return
        self._set_kind(kind, self.session.candidates.updated_site(), self.session.candidates.updated_id())
        if kind == "update_site" and not self._updated()[0]:
            self.kind.open_sites()

    def _choose_site(self, row: SiteRow) -> None:
        self._set_kind("update_site", row.name, row.site_id)

    def _set_kind(self, kind: str, name: str, number: str) -> None:
        self.form.commit()
        session = self.session
        before = _Kind(
            copy.deepcopy(session.nominations.details),
            session.candidates.updated_site(),
            session.candidates.updated_id(),
        )
        details = {**copy.deepcopy(before.details), "kind": kind}
        if kind == "update_site":
            details["update"] = {**details.get("update", {})}
            for key, value in (("site_id", number), ("site_name", name)):
                details["update"].pop(key, None)
                if value:
                    details["update"][key] = value
            details.setdefault("site", {})
            # The number of the form follows that of the update.
            details["site"].pop("sitrecid", None)
        else:
            # What an update says has no place in a new site's nomination; undo brings it back.
            details.pop("update", None)
        after = _Kind(details, name if kind == "update_site" else "", number if kind == "update_site" else "")
        self.undo.push(_SetKind(session, before, after))

    # -------------------------------------------------------------------------------------------- preview and export

    def show_preview(self) -> None:
        """Show all that the package would hold, beside the map."""
        from ..preview_dialog import PreviewDialog

        self.form.commit()
        if self._preview is None or sip.isdeleted(self._preview):
            self._preview = PreviewDialog(self.session, self.window())
        self._preview.show()
        self._preview.raise_()

    def ask_and_export(self) -> None:
        """Ask where to, and write the package; an incomplete nomination as a draft, if the user wants that."""
        self.form.commit()
        translate = QCoreApplication.translate
        draft = open_points(self.session.nominations.problems) > 0
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
        self._show_place(self.undo.command(self.undo.index() - 1))
        self.undo.undo()

    def _redo(self) -> None:
        self._show_place(self.undo.command(self.undo.index()))
        self.undo.redo()

    def _show_place(self, command: QUndoCommand | None) -> None:
        """Turn to where a step was made, so that what it changes is seen."""
        pointer = getattr(command, "pointer", "")
        section = pointer.strip("/").split("/")[0]
        if section in self.form.names():
            self.show_section(section)

    def _before_saving(self, _document=None) -> None:
        """The project is being written: what is being typed goes with it."""
        self.form.commit()

    def _name_steps(self) -> None:
        """Say on the buttons what they would undo and redo."""
        translate = QCoreApplication.translate
        self.back.setToolTip(_with(translate("AzeNomination", "Undo"), self.undo.undoText()))
        self.forth.setToolTip(_with(translate("AzeNomination", "Redo"), self.undo.redoText()))

    def _said_at_fields(self) -> dict[str, str]:
        """Problems by field, with their mark; that an empty field is needed in any case, its star says already."""
        session = self.session
        document = session.nominations.completed or session.nominations.details
        problems = session.nominations.problems or self._schema_problems(document)
        needed = set(form.needed(self.form.schema, session.nominations.details.get("kind", "new_site")))
        said: dict[str, str] = {}
        for problem in problems:
            pointer = problem["field"]
            if form.at(document, pointer) not in (None, "", [], {}) or pointer not in needed:
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
        count = open_points(self.session.nominations.problems)
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
            self.show_section(OVERVIEW)
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


class _SetValue(QUndoCommand):
    """Sets one member of the nomination; steps in the same text that follow each other closely become one."""

    def __init__(self, session, pointer: str, before: Any, after: Any, title: str):
        super().__init__(title)
        self.session, self.pointer, self.before, self.after = session, pointer, before, after
        self.place = _text_place(before, after)
        self.made = time.monotonic()

    def id(self) -> int:
        return 1

    def mergeWith(self, other) -> bool:
        if other.pointer != self.pointer or self.place is None or other.place != self.place:
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
    """Sets one statement of the nominator, which the criteria check reads too; close steps become one."""

    def __init__(self, session, key: str, taxon: str | None, before: str, after: str):
        super().__init__(QCoreApplication.translate("AzeNomination", "Statement"))
        self.session, self.key, self.taxon, self.before, self.after = session, key, taxon, before, after
        self.pointer = "/delineation/rationale" if taxon is None else "/biodiversity/species"
        self.made = time.monotonic()

    def id(self) -> int:
        return 2

    def mergeWith(self, other) -> bool:
        if (other.key, other.taxon) != (self.key, self.taxon) or other.made - self.made > _MERGE_S:
            return False
        self.after, self.made = other.after, other.made
        return True

    def redo(self) -> None:
        self.session.nominations.set_statement(self.key, self.after, self.taxon)

    def undo(self) -> None:
        self.session.nominations.set_statement(self.key, self.before, self.taxon)


class _Replace(QUndoCommand):
    """Replaces all details."""

    pointer = ""

    def __init__(self, session, before: dict[str, Any], after: dict[str, Any], title: str):
        super().__init__(title)
        self.session, self.before, self.after = session, before, after

    def redo(self) -> None:
        self.session.nominations.replace(self.after)

    def undo(self) -> None:
        self.session.nominations.replace(self.before)


class _Kind(NamedTuple):
    """Details, and name and number of the site that the candidate updates (empty for a new site)."""

    details: dict[str, Any]
    site: str
    number: str


class _SetKind(QUndoCommand):
    """Makes the nomination, and its candidate, one of another kind or of another site."""

    pointer = ""

    def __init__(self, session, before: _Kind, after: _Kind):
        super().__init__(QCoreApplication.translate("AzeNomination", "What is proposed"))
        self.session, self.before, self.after = session, before, after

    def redo(self) -> None:
        self._set(self.after)

    def undo(self) -> None:
        self._set(self.before)

    def _set(self, kind: _Kind) -> None:
        session = self.session
        session.candidates.set_kind(kind.details.get("kind", "new_site"), kind.site, kind.number)
        session.nominations.replace(kind.details)
        # The list of candidates says of what each is; and which sites count as others depends on it.
        session.candidatesChanged.emit()
        session.assessmentChanged.emit()
        session.schedule()


def _text_place(before: Any, after: Any) -> tuple | None:
    """Where in a value one text changed: () for a text itself, row and key in a list of rows; None for all else."""
    if isinstance(after, str) and isinstance(before, (str, type(None))):
        return ()
    if not isinstance(after, list) or not isinstance(before, list) or len(after) != len(before):
        return None
    changed = [n for n, (one, other) in enumerate(zip(before, after)) if one != other]
    if len(changed) != 1:
        return None
    one, other = before[changed[0]], after[changed[0]]
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return (changed[0], keys[0]) if len(keys) == 1 and isinstance(other.get(keys[0]), str) else None


def _tool(mark: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(mark)
    button.setAutoRaise(True)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _with(action: str, title: str) -> str:
    return f"{action}: {title}" if title else action
