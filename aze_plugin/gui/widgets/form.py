"""A form made from a JSON schema: a page for each object, in ``x-order``, with a field for each member."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from .. import style
from .basics import TextLabel
from .card import Card
from .changes import ChangesEditor
from .editors import Field
from .rows import RowsEditor, holds

_NAMES = ("file", "key", "scientific_name")


@dataclass(frozen=True)
class Content:
    """What a form shows.

    ``entered``: the document as a person entered it; ``complete``: with derived values filled in; ``kind``: the kind of
    nomination, which decides what applies; ``problems``: sentences by JSON pointer, each with the mark of its severity
    (see gui.style) in front; ``statements``: site-level statements by key, for members marked ``x-statement``;
    ``blocked``: pointers of what a check says keeps the nomination from being final.
    """

    entered: Mapping[str, Any] = field(default_factory=dict)
    complete: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "new_site"
    problems: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)
    blocked: Collection[str] = ()


def at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer of a document of objects and arrays; None where there is none."""
    node = document
    for step in pointer.strip("/").split("/"):
        if isinstance(node, Mapping):
            node = node.get(step)
        elif isinstance(node, (list, tuple)) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node


def overlaid(entered: Any, complete: Any) -> Any:
    """A completed document with what was entered since it was completed.

    Rows of lists are matched by their scientific name, file or key, which name a row.
    """
    if isinstance(entered, Mapping) and isinstance(complete, Mapping):
        keys = dict.fromkeys([*complete, *entered])
        return {key: overlaid(entered.get(key), complete.get(key)) for key in keys}
    if isinstance(entered, list) and isinstance(complete, list):
        by_name = {_name(row): row for row in complete if _name(row)}
        rows = [overlaid(row, by_name.pop(_name(row), {})) for row in entered]
        # What is left has been derived: its rows stand behind those that were entered.
        return rows + [row for row in complete[len(entered) :] if _name(row) in by_name]
    return complete if entered in (None, "") else entered


def sections(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The members of a schema that become sections, in ``x-order``; one with a widget of its own does not."""
    found = [
        (name, part)
        for name, part in schema["properties"].items()
        if part.get("type") == "object" and "x-widget" not in part
    ]
    return sorted(found, key=lambda item: item[1].get("x-order", 0))


def applies(part: Mapping[str, Any], kind: str) -> bool:
    """Whether a member is for this kind of nomination."""
    return kind in part.get("x-kinds", (kind,))


def needed(schema: Mapping[str, Any], kind: str) -> list[str]:
    """Pointers of the members that a complete document must have, section by section; a list counts as one.

    Read from ``required`` of the sections and from those conditions of the schema that hold for the kind. A statement
    that a section repeats is needed as well, because a criterion cannot be met without it.
    """
    pointers = []
    for name, part in sections(schema):
        if not applies(part, kind):
            continue
        required = list(part.get("required", ()))
        for condition in schema.get("allOf", ()):
            if condition["if"]["properties"].get("kind", {}).get("const") == kind:
                required += condition["then"]["properties"].get(name, {}).get("required", ())
        pointers += [
            f"/{name}/{key}" for key, member in part["properties"].items() if "x-statement" in member or key in required
        ]
    return pointers


def given(content: Content, pointer: str, schema: Mapping[str, Any]) -> bool:
    """Whether the member at a pointer has a value, entered or derived."""
    member = _member(schema, pointer)
    if "x-statement" in member:
        return bool(content.statements.get(member["x-statement"]))
    value = at(content.complete, pointer)
    # An empty list can be an answer of its own: there are none.
    return value not in (None, "") and not (value == [] and member.get("minItems"))


def counted(schema: Mapping[str, Any], content: Content) -> dict[str, bool]:
    """Pointers of the fields that a final nomination needs, and whether each is settled, section by section.

    These are what the schema requires for the kind, what a check asks for in rows (``x-asked``, statements) where it
    is given or asked for, and whatever else a check says is wrong. Settled is what has a value that no check objects
    to.
    """
    found: dict[str, bool] = {}
    for pointer in needed(schema, content.kind):
        found[pointer] = given(content, pointer, schema) and pointer not in content.blocked
    for name, part in sections(schema):
        if not applies(part, content.kind):
            continue
        for key, member in part["properties"].items():
            if not applies(member, content.kind):
                continue
            asked = [
                row_key
                for row_key, row_member in member.get("items", {}).get("properties", {}).items()
                if row_member.get("x-asked") or "x-statement" in row_member
            ]
            rows = at(content.complete, f"/{name}/{key}")
            for n, row in enumerate(rows if isinstance(rows, list) else ()):
                for row_key in asked:
                    if isinstance(row, Mapping) and row.get(row_key) not in (None, ""):
                        found[f"/{name}/{key}/{n}/{row_key}"] = True
    known = {name for name, part in sections(schema) if applies(part, content.kind)}
    for pointer in content.blocked:
        steps = pointer.strip("/").split("/")
        # Of a section that is missing as a whole, its fields are counted.
        if steps[0] in known and len(steps) > 1:
            found[pointer] = False
    return found


def title(schema: Mapping[str, Any], pointer: str) -> str:
    """The title of a member of a section; of the section itself where the pointer has no more."""
    steps = pointer.strip("/").split("/")
    if len(steps) < 2:
        return schema["properties"].get(steps[0], {}).get("title", pointer)
    return _member(schema, pointer).get("title", pointer)


class SchemaForm(QWidget):
    """Fields for a whole document, a page for each of its sections, of which one is shown at a time.

    ``edited`` carries the JSON pointer of a member (a list as a whole) and its new value, None for none; ``stated`` a
    statement: key, taxon ("" for the site), text; ``turned`` the section that is shown now. Sections are built when
    they are first shown.
    """

    edited = pyqtSignal(str, object)
    stated = pyqtSignal(str, str, str)
    turned = pyqtSignal(str)
    # Fields were made that were not there before.
    grown = pyqtSignal()

    def __init__(self, schema: Mapping[str, Any], parent: QWidget | None = None):
        super().__init__(parent)
        self.schema = schema
        self.content = Content()
        self.sections: dict[str, Section] = {}
        self.current = ""
        self._only_open = False
        self._helping: Field | None = None
        self._counts: dict[str, bool] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for name, part in sections(schema):
            section = Section(name, part)
            section.edited.connect(self.edited)
            section.stated.connect(self.stated)
            section.helped.connect(self._help)
            section.grown.connect(self.grown)
            section.hide()
            self.sections[name] = section
            layout.addWidget(section)

    def show_content(self, content: Content) -> None:
        """Show a document; what a person is typing stays."""
        self.content = content
        self._counts = counted(self.schema, content)
        for name, section in self.sections.items():
            done, total = self.count(name)
            section.show_progress(done, total, _rows_in(at(content.complete, f"/{name}")), self._has_problem(name))
        if self.current and not applies(self.sections[self.current].part, content.kind):
            self.show_section(self.names()[0])
        self._fill()

    def names(self) -> list[str]:
        """The sections that apply to the document's kind, in their order."""
        return [name for name, section in self.sections.items() if applies(section.part, self.content.kind)]

    def count(self, name: str = "") -> tuple[int, int]:
        """How many of the needed fields of a section (of all) are settled, and how many are needed."""
        own = [done for pointer, done in self._counts.items() if not name or pointer.startswith(f"/{name}/")]
        return sum(own), len(own)

    def progress(self) -> tuple[int, int]:
        """How many of the needed fields are settled, and how many are needed."""
        return self.count()

    def first_open(self, start: str = "") -> str:
        """Pointer of the first needed field that is not settled, from a section on; empty where all are."""
        names = self.names()
        names = names[names.index(start) :] if start in names else names
        return next(
            (p for name in names for p, done in self._counts.items() if not done and p.startswith(f"/{name}/")), ""
        )

    def show_section(self, name: str) -> None:
        """Turn to a section."""
        if name == self.current:
            return
        if self.current:
            self.sections[self.current].commit()
        self.current = name
        for other, section in self.sections.items():
            section.setVisible(other == name)
        if name:
            self.sections[name].show_only_open(self._only_open)
            self._fill()
        self.turned.emit(name)

    def show_only_open(self, only_open: bool) -> None:
        """Show all fields, or those with something left to do."""
        self._only_open = only_open
        for section in self.sections.values():
            section.show_only_open(only_open)
        self._fill()

    def reach(self, pointer: str) -> QWidget | None:
        """Turn to the section of a member, put the cursor there, and return its widget; None for no such member."""
        steps = pointer.strip("/").split("/")
        section = self.sections.get(steps[0])
        if section is None or not applies(section.part, self.content.kind):
            return None
        self.show_section(steps[0])
        return section.reach(steps[1:])

    def commit(self) -> None:
        """Hand on what is being typed."""
        for section in self.sections.values():
            section.commit()

    def forget(self) -> None:
        """Drop what is being typed, because another document comes."""
        for section in self.sections.values():
            for member in section.members.values():
                member.forget()

    def _has_problem(self, name: str) -> bool:
        """Whether something that is there is wrong; what is merely missing is no problem yet."""
        mark = style.MARKS["problem"]
        return any(
            pointer.startswith(f"/{name}/")
            and said.startswith(mark)
            and at(self.content.complete, pointer) not in (None, "", [], {})
            for pointer, said in self.content.problems.items()
        )

    def _fill(self) -> None:
        if self.current:
            pointers = needed(self.schema, self.content.kind)
            start = f"/{self.current}/"
            required = {pointer[len(start) :] for pointer in pointers if pointer.startswith(start)}
            self.sections[self.current].show_content(self.content, required)

    def _help(self, field: Field) -> None:
        if self._helping is not None and self._helping is not field:
            self._helping.show_help(False)
        self._helping = field


class Section(Card):
    """The members of one object of the document."""

    edited = pyqtSignal(str, object)
    stated = pyqtSignal(str, str, str)
    helped = pyqtSignal(object)
    grown = pyqtSignal()

    def __init__(self, name: str, part: Mapping[str, Any], parent: QWidget | None = None):
        super().__init__(part.get("title", name), parent=parent)
        self.name = name
        self.part = part
        self.members: dict[str, Field | RowsEditor] = {}
        self.nothing_open = TextLabel(QCoreApplication.translate("AzeForm", "Nothing is open here."), muted=True)
        self.nothing_open.hide()
        self._only_open = False
        # What stays in sight although it is done by now: somebody has just been at work on it.
        self._kept: set[str] = set()

    def is_built(self) -> bool:
        """Whether the fields exist yet."""
        return bool(self.members)

    def show_progress(self, done: int, total: int, rows: int, has_problem: bool) -> None:
        """Say in the title how much of what is needed is there, or how many rows where nothing is needed."""
        translate = QCoreApplication.translate
        if total == 0:
            said = (
                translate("AzeForm", "rows: {count}").format(count=rows) if rows else translate("AzeForm", "optional")
            )
            self.set_state("problem" if has_problem else "fine" if rows else "empty", said)
            return
        state = "problem" if has_problem else "fine" if done == total else "work" if done else "empty"
        said = translate("AzeForm", "{done} of {total}").format(done=done, total=total)
        self.set_state(state, said, translate("AzeForm", "Needed fields that are filled in"))

    def show_only_open(self, only_open: bool) -> None:
        """Show all members, or those with something left to do, from now on."""
        self._only_open = only_open
        self._kept.clear()
        for member in self.members.values():
            if isinstance(member, RowsEditor):
                member.show_only_open(only_open)

    def show_content(self, content: Content, required: set[str]) -> None:
        """Show this object's part of a document; its fields are made the first time."""
        if not self.is_built():
            self._build()
        own = at(content.complete, f"/{self.name}")
        for key, member in self.members.items():
            pointer = f"/{self.name}/{key}"
            schema = self.part["properties"][key]
            entered, complete = at(content.entered, pointer), at(content.complete, pointer)
            problem = content.problems.get(pointer, "")
            if isinstance(member, RowsEditor):
                member.show_rows(
                    entered if isinstance(entered, list) else None,
                    [row for row in complete if isinstance(row, Mapping)] if isinstance(complete, list) else [],
                    _of_rows(content.problems, pointer),
                    problem,
                )
            else:
                member.mark_required(key in required)
                self._show_field(member, schema, entered, complete, content, problem)
            if member.is_open():
                self._kept.add(key)
            is_given = entered not in (None, "", [])
            asked = applies(schema, content.kind) and (
                is_given or holds(schema, own if isinstance(own, Mapping) else {})
            )
            member.setVisible(asked and (not self._only_open or key in self._kept))
        self.nothing_open.setVisible(self._only_open and all(m.isHidden() for m in self.members.values()))

    def _show_field(
        self, member: Field, schema: Mapping[str, Any], entered: Any, complete: Any, content: Content, problem: str
    ) -> None:
        if "x-statement" in schema:
            member.show_value(content.statements.get(schema["x-statement"]) or None, problem=problem)
            return
        own = entered not in (None, "")
        member.show_value(
            complete,
            derived=complete is not None and not own,
            overridden=own and bool(schema.get("x-derived")),
            problem=problem,
        )

    def reach(self, steps: Sequence[str]) -> QWidget:
        """Put the cursor into a member (or a row and field of a list) and return its widget."""
        member = self.members.get(steps[0]) if steps else None
        if member is None:
            first = next((m for m in self.members.values() if not m.isHidden()), None)
            if isinstance(first, Field):
                first.focus()
            return self
        self._kept.add(steps[0])
        member.show()
        if isinstance(member, RowsEditor):
            row = int(steps[1]) if len(steps) > 1 and steps[1].isdigit() else -1
            member.choose(row, steps[2] if len(steps) > 2 else "")
            return member.widget_for(steps[2]) if len(steps) > 2 else member
        member.focus()
        return member

    def commit(self) -> None:
        """Hand on what is being typed."""
        for member in self.members.values():
            member.commit()

    def _build(self) -> None:
        about = self.part.get("description", "")
        if about:
            self.body.insertWidget(0, TextLabel(about, muted=True))
        for key, schema in self.part["properties"].items():
            self.members[key] = self.add(self._member(key, schema))
        self.add(self.nothing_open)
        for member in self.members.values():
            if isinstance(member, RowsEditor):
                member.show_only_open(self._only_open)
        self.grown.emit()

    def _member(self, key: str, schema: Mapping[str, Any]) -> Field | RowsEditor:
        pointer = f"/{self.name}/{key}"
        if schema.get("type") == "array":
            required = key in self.part.get("required", ())
            derived = any("x-derived" in item for item in schema["items"]["properties"].values())
            kind = ChangesEditor if schema.get("x-widget") == "changes" else RowsEditor
            rows = kind(schema, bool(schema.get("minItems")), required and not derived and "minItems" not in schema)
            rows.edited.connect(lambda value: self._edit(key, value))
            rows.stated.connect(self.stated)
            rows.helped.connect(self.helped)
            rows.grown.connect(self.grown)
            return rows
        one = Field(schema, key in self.part.get("required", ()))
        one.helped.connect(self.helped)
        statement = schema.get("x-statement")
        if statement:
            one.edited.connect(lambda value: self.stated.emit(statement, "", value or ""))
        else:
            one.edited.connect(lambda value: self._edit(key, value))
            one.reverted.connect(lambda: self.edited.emit(pointer, None))
        return one

    def _edit(self, key: str, value: Any) -> None:
        self._kept.add(key)
        self.edited.emit(f"/{self.name}/{key}", value)


def _member(schema: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    section, key = pointer.strip("/").split("/")[:2]
    return schema["properties"][section]["properties"][key]


def _rows_in(part: Any) -> int:
    lists = [value for value in part.values() if isinstance(value, list)] if isinstance(part, Mapping) else []
    return sum(map(len, lists))


def _name(row: Any) -> str:
    if isinstance(row, Mapping) and row.get("kind"):
        # A change is told by what changes and of what.
        return "|".join(str(row.get(key) or "") for key in ("kind", "taxon", "site"))
    return next((str(row[key]) for key in _NAMES if isinstance(row, Mapping) and row.get(key)), "")


def _of_rows(problems: Mapping[str, str], pointer: str) -> dict[int, dict[str, str]]:
    """Sentences about the rows of a list, by row and by field ("" for the row as a whole)."""
    found: dict[int, dict[str, str]] = {}
    for row, key, said in _split(problems, f"{pointer}/"):
        found.setdefault(row, {})[key] = said
    return found


def _split(problems: Mapping[str, str], start: str) -> Iterator[tuple[int, str, str]]:
    for place, said in problems.items():
        if place.startswith(start):
            row, _, key = place[len(start) :].partition("/")
            if row.isdigit():
                yield int(row), key, said
