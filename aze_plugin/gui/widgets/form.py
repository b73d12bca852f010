"""A form made from a JSON schema: a foldable section for each object, in ``x-order``, a field for each member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from .. import style
from .basics import TextLabel
from .card import Card
from .editors import Field
from .rows import RowsEditor

_NAMES = ("file", "key", "scientific_name")


@dataclass(frozen=True)
class Content:
    """What a form shows.

    ``entered``: the document as a person entered it; ``complete``: with derived values filled in; ``kind``: the kind of
    nomination, which decides what applies; ``problems``: sentences by JSON pointer, each with the mark of its severity
    (see gui.style) in front; ``statements``: site-level statements by key, for members marked ``x-statement``.
    """

    entered: Mapping[str, Any] = field(default_factory=dict)
    complete: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "new_site"
    problems: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)


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


def title(schema: Mapping[str, Any], pointer: str) -> str:
    """The title of a member of a section."""
    return _member(schema, pointer).get("title", pointer)


class SchemaForm(QWidget):
    """Fields for a whole document.

    ``edited`` carries the JSON pointer of a member (a list as a whole) and its new value, None for none; ``stated`` a
    statement: key, taxon ("" for the site), text. Sections are built when they are first opened.
    """

    edited = pyqtSignal(str, object)
    stated = pyqtSignal(str, str, str)

    def __init__(self, schema: Mapping[str, Any], parent: QWidget | None = None):
        super().__init__(parent)
        self.schema = schema
        self.content = Content()
        self.sections: dict[str, Section] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for name, part in sections(schema):
            section = Section(name, part)
            section.edited.connect(self.edited)
            section.stated.connect(self.stated)
            section.opened.connect(self._fill)
            self.sections[name] = section
            layout.addWidget(section)

    def show_content(self, content: Content) -> None:
        """Show a document; what a person is typing, and what is folded, stays."""
        self.content = content
        pointers = needed(self.schema, content.kind)
        for name, section in self.sections.items():
            own = [pointer for pointer in pointers if pointer.startswith(f"/{name}/")]
            done = [pointer for pointer in own if given(content, pointer, self.schema)]
            grave = any(
                pointer.startswith(f"/{name}/") and said.startswith(style.MARKS["problem"])
                for pointer, said in content.problems.items()
            )
            section.show_progress(len(done), len(own), _rows_in(at(content.complete, f"/{name}")), grave)
            section.setVisible(applies(section.part, content.kind))
            if section.is_built():
                section.show_content(content, {pointer.rsplit("/", 1)[1] for pointer in own})

    def progress(self) -> tuple[int, int]:
        """How many of the needed members are there, and how many are needed."""
        pointers = needed(self.schema, self.content.kind)
        return sum(given(self.content, pointer, self.schema) for pointer in pointers), len(pointers)

    def reach(self, pointer: str) -> QWidget | None:
        """Open the section of a member, put the cursor there, and return its widget; None for no such member."""
        steps = pointer.strip("/").split("/")
        section = self.sections.get(steps[0])
        if section is None:
            return None
        section.set_folded(False)
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

    def _fill(self) -> None:
        self.show_content(self.content)


class Section(Card):
    """The members of one object of the document."""

    edited = pyqtSignal(str, object)
    stated = pyqtSignal(str, str, str)
    opened = pyqtSignal()

    def __init__(self, name: str, part: Mapping[str, Any], parent: QWidget | None = None):
        super().__init__(part.get("title", name), foldable=True, parent=parent)
        self.name = name
        self.part = part
        self.members: dict[str, Field | RowsEditor] = {}
        self._built = False
        super().set_folded(True)

    def is_built(self) -> bool:
        """Whether the fields exist yet."""
        return self._built

    def set_folded(self, folded: bool) -> None:
        """Fold the section or open it; the first time its fields are made."""
        if not folded and not self.is_built():
            self._build()
            self.opened.emit()
        super().set_folded(folded)

    def mouseReleaseEvent(self, event):
        # The whole title line folds, not only its small arrow.
        if event.pos().y() <= self.title.geometry().bottom() + 6:
            self.set_folded(not self.is_folded())
        else:
            super().mouseReleaseEvent(event)

    def is_folded(self) -> bool:
        """Whether the fields are out of sight."""
        return self._inside.isHidden()

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

    def show_content(self, content: Content, required: set[str]) -> None:
        """Show this object's part of a document."""
        for key, member in self.members.items():
            pointer = f"/{self.name}/{key}"
            schema = self.part["properties"][key]
            member.setVisible(applies(schema, content.kind))
            entered, complete = at(content.entered, pointer), at(content.complete, pointer)
            if isinstance(member, RowsEditor):
                member.show_rows(entered, complete or [], _of_rows(content.problems, pointer))
                continue
            problem = content.problems.get(pointer, "")
            member.mark_required(key in required)
            if "x-statement" in schema:
                member.show_value(content.statements.get(schema["x-statement"]) or None, problem=problem)
                continue
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
            return self
        if isinstance(member, RowsEditor):
            member.choose(int(steps[1]) if len(steps) > 1 else -1, steps[2] if len(steps) > 2 else "")
            return member.fields.get(steps[2], member) if len(steps) > 2 else member
        member.focus()
        return member

    def commit(self) -> None:
        """Hand on what is being typed."""
        for member in self.members.values():
            member.commit()

    def _build(self) -> None:
        self._built = True
        about = self.part.get("description", "")
        if about:
            self.add(TextLabel(about, muted=True))
        for key, schema in self.part["properties"].items():
            self.members[key] = self.add(self._member(key, schema))

    def _member(self, key: str, schema: Mapping[str, Any]) -> Field | RowsEditor:
        pointer = f"/{self.name}/{key}"
        if schema.get("type") == "array":
            required = key in self.part.get("required", ())
            derived = any("x-derived" in item for item in schema["items"]["properties"].values())
            rows = RowsEditor(
                schema, bool(schema.get("minItems")), required and not derived and "minItems" not in schema
            )
            rows.edited.connect(lambda value: self.edited.emit(pointer, value))
            rows.stated.connect(self.stated)
            return rows
        one = Field(schema, key in self.part.get("required", ()))
        statement = schema.get("x-statement")
        if statement:
            one.edited.connect(lambda value: self.stated.emit(statement, "", value or ""))
        else:
            one.edited.connect(lambda value: self.edited.emit(pointer, value))
            one.reverted.connect(lambda: self.edited.emit(pointer, None))
        return one


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
