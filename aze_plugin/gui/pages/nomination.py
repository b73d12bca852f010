"""The page Nomination: the proposal as a form, what is still open, and the package."""

from __future__ import annotations

import copy
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer
from qgis.PyQt.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from ... import paths
from .. import style
from ..nomination_steps import QUndoCommand, QUndoStack, SetStatement, SetValue
from ..widgets import form
from ..widgets.attachedfiles import AttachedFiles
from ..widgets.basics import PageScroll, TextLabel, link, order_stops, tool
from ..widgets.leftcard import LeftCard
from ..widgets.nominationoverview import Overview
from ..widgets.packagefoot import PackageFoot
from ..widgets.problems import open_points
from ..widgets.sectionrail import Entry, SectionRail
from .base import Page

OVERVIEW = "overview"
# Of the page, in pixels: from here on there is room for titles on the rail.
_WIDE_ENOUGH = 500


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
        self.left = LeftCard(session)

        self.done = TextLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.only_open = tool("◐", translate("AzeNomination", "Only what is open"))
        self.only_open.setCheckable(True)
        self.back = tool("↶", translate("AzeNomination", "Undo"))
        self.forth = tool("↷", translate("AzeNomination", "Redo"))
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
        self.overview = Overview(session, self.undo)
        self.overview.wanted.connect(self._hand_on)
        self.overview.reached.connect(self.reach)
        self.overview.turned.connect(self.show_section)
        self.form = form.SchemaForm(paths.load_json("schemas", "nomination.schema.json"))
        self.form.edited.connect(self._edit)
        self.form.stated.connect(self._state)
        self.form.turned.connect(self._turned)
        self.only_open.toggled.connect(self.form.show_only_open)
        self.form.grown.connect(self._order_stops)
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

        self.foot = PackageFoot(session)
        self.foot.wanted.connect(self._hand_on)
        self.foot.askedForOpen.connect(self._show_open)
        layout = QVBoxLayout(self.filled)
        layout.setContentsMargins(0, 4, 0, 4)
        top = QVBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.addWidget(self.left)
        top.addLayout(head)
        top.addWidget(self.bar)
        layout.addLayout(top)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.scroll, 1)
        layout.addLayout(middle, 1)
        layout.addWidget(self.foot)

        # A burst of changes (a check that ends, the cover after it) is shown once.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._renew)
        for signal in (session.nominationChanged, session.assessmentChanged, session.coverageChanged):
            signal.connect(self._changed)
        session.candidatesChanged.connect(self._changed)
        session.busyChanged.connect(self.foot.show_busy)
        session.project.writeProject.connect(self._hand_on)
        self.show_section(OVERVIEW)
        self._renew()

    def act(self, key: str) -> None:
        """What the line at the bottom of the panel asks for: ``start``, ``problem:<pointer>``, or the foot's keys."""
        if key in ("export", "send", "outbox", "save"):
            self.foot.act(key)
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
        self.foot.refresh()

    def show_section(self, key: str) -> None:
        """Turn to a section of the form, or to the overview of all."""
        self.form.show_section("" if key == OVERVIEW else key)
        self._show_turned()

    def reach(self, pointer: str) -> None:
        """Turn to the field at a JSON pointer and put the cursor there."""
        self.refresh()
        if pointer in ("/kind", "/schema", "/update"):
            self.show_section(OVERVIEW)
            self.overview.kind.kind.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        widget = self.form.reach(self._place_of(pointer))
        if widget is None:
            # What no field of the form can settle, the criteria can.
            self.session.show_page("criteria")
            return
        self.scroll.bring_into_view(widget)

    def resizeEvent(self, event):
        super().resizeEvent(event)
        wide = self.width() >= _WIDE_ENOUGH
        self.rail.set_wide(wide)
        self.only_open.setText(f"◐ {self.only_open.toolTip()}" if wide else "◐")

    def close_page(self) -> None:
        """Let go of the project."""
        self.form.commit()
        self.session.project.writeProject.disconnect(self._hand_on)
        self.foot.close_preview()

    # ------------------------------------------------------------------------------------------- overview and sections

    def _show_overview(self) -> None:
        session, nominations = self.session, self.session.nominations
        sections = {name: self.form.sections[name] for name in self.form.names()}
        entries = [Entry(name, s.title.text(), s.chip.state, s.chip.text) for name, s in sections.items()]
        blocked = open_points(nominations.problems)
        state = "work" if blocked or session.results.assessment is None else "fine"
        title = QCoreApplication.translate("AzeNomination", "Overview")
        self.rail.set_entries([Entry(OVERVIEW, title, state, self.done.plain()), *entries])
        self.overview.show_entries(entries)
        self._show_turned()

    def _order_stops(self) -> None:
        order_stops(self.filled)

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

    # ------------------------------------------------------------------------------------------------------- changes

    def hideEvent(self, event):
        # What is being typed is not lost when another page or another candidate is opened.
        self.form.commit()
        super().hideEvent(event)

    def _changed(self) -> None:
        # A form is dear to lay out anew: several announcements of one change are shown at once.
        self._outdated = True
        if self.isVisible():
            self._later.start()

    def _edit(self, pointer: str, value: Any) -> None:
        before = copy.deepcopy(form.at(self.session.nominations.details, pointer))
        title = form.title(self.form.schema, pointer)
        self.undo.push(SetValue(self.session, pointer, before, copy.deepcopy(value), title))

    def _state(self, key: str, taxon: str, said: str) -> None:
        before = self.session.nominations.statement(key, taxon or None)
        self.undo.push(SetStatement(self.session, key, taxon or None, before, said))

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

    def _hand_on(self, _document=None) -> None:
        """The project is being written, or all of the nomination used: what is being typed goes with it."""
        self.form.commit()

    def _show_open(self) -> None:
        """Show what is still open."""
        self.show_section(OVERVIEW)
        self.overview.problems.set_folded(False)
        self.scroll.ensureWidgetVisible(self.overview.problems)

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


def _with(action: str, title: str) -> str:
    return f"{action}: {title}" if title else action
