"""The multi-site proposal form as a workbook: which value goes where is data, ``resources/schemas/proposal_form.json``.

Cells hold values only, never formulas, and the file is the same for the same nomination.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import paths
from .bag import ZIP_TIME

_WIDEST = 44
# What XML 1.0, and so a workbook, cannot hold; and texts that look like the notation in which workbooks write it.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
# Characters of a cell, counted in UTF-16 as spreadsheets count them.
_LONGEST_CELL = 32767


@dataclass(frozen=True)
class FormCell:
    """One cell of the form: tab, place (row and column from 1) and value, None where the form stays empty.

    Texts are as workbooks store them: a control character, which XML cannot hold, is written ``_x0007_``.
    """

    sheet: str
    row: int
    column: int
    value: str | int | float | None


def form_map() -> Mapping[str, Any]:
    """The map of cells; shared, so callers must not change it."""
    return paths.load_json("schemas", "proposal_form.json")


def cells(nomination: Mapping[str, Any]) -> Iterator[FormCell]:
    """Every value that the form shows of a nomination, with its place."""
    for sheet in form_map()["sheets"]:
        for place in sheet.get("cells", ()):
            column, row = _coordinates(place["cell"])
            yield FormCell(sheet["title"], row, column, _value(nomination, {}, {}, place))
        if "columns" not in sheet:
            continue
        rows = _lists(nomination, sheet["rows"]) if "rows" in sheet else [{}]
        beside = _list(nomination, sheet["beside"]) if "beside" in sheet else []
        for n in range(max(len(rows), len(beside))):
            entry = rows[n] if n < len(rows) else {}
            other = beside[n] if n < len(beside) else {}
            for column in sheet["columns"]:
                value = _value(nomination, entry, other, column)
                yield FormCell(sheet["title"], sheet["first_row"] + n, column["column"], value)


def _coordinates(cell: str) -> tuple[int, int]:
    """Column and row of a cell such as ``B3``; the map has no column beyond Z in this notation."""
    return ord(cell[0]) - ord("A") + 1, int(cell[1:])


def _list(nomination: Mapping[str, Any], pointer: str) -> list[Mapping[str, Any]]:
    found = _follow(nomination, pointer)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _lists(nomination: Mapping[str, Any], pointers: str | list[str]) -> list[Mapping[str, Any]]:
    """The rows of one list, or of several one after the other."""
    return [row for p in ([pointers] if isinstance(pointers, str) else pointers) for row in _list(nomination, p)]


def _follow(value: Any, pointer: str) -> Any:
    for key in pointer.strip("./").split("/") if pointer.strip("./") else ():
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _value(
    nomination: Mapping[str, Any], row: Mapping[str, Any], beside: Mapping[str, Any], place: Mapping[str, Any]
) -> str | int | float | None:
    pointer = place.get("value")
    if pointer is None:
        return None
    entry = beside if place.get("beside") else row
    form = place.get("format")
    if form == "contains":
        chosen = (item.get(place["member"]) for item in _list(nomination, pointer))
        return "Yes" if place["text"] in list(chosen) else "No"
    if form == "lookup":
        by = row.get(place.get("own", place["by"]))
        same = [r for r in _list(nomination, pointer) if by and r.get(place["by"]) == by]
        return _plain(same[0].get(place["member"])) if same else None
    found = _follow(entry if pointer.startswith(".") else nomination, pointer)
    if form == "join":
        return _plain(place.get("separator", ": ").join(_joined(found, place["members"])))
    if form == "date":
        return _date(found)
    return _plain(found)


def _joined(found: Any, members: list[str | list[str]]) -> Iterator[str]:
    """The members that are there; of a list of members the first."""
    for names in members:
        given = [found[name] for name in ([names] if isinstance(names, str) else names) if found and found.get(name)]
        if given:
            yield str(given[0])


def _plain(value: Any) -> str | int | float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = "" if value is None else _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", str(value))
    return _shortened(text) or None


def _shortened(text: str) -> str:
    """A text cut to what a cell holds."""
    if 2 * len(text) <= _LONGEST_CELL:
        return text
    units = text.encode("utf-16-le")
    return units[: 2 * _LONGEST_CELL].decode("utf-16-le", "ignore")


def _date(value: Any) -> str | None:
    """Year-month-day as the form's dd/mm/yyyy; anything else as it is."""
    try:
        return datetime.date.fromisoformat(str(value)).strftime("%d/%m/%Y")
    except ValueError:
        return _plain(value)


def write_form(path: Path, nomination: Mapping[str, Any]) -> None:
    """Write the workbook with all tabs of the form, headings included."""
    paths.enable_vendored()
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    bold, wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    shade = PatternFill("solid", fgColor="E6E6E6")
    workbook = Workbook()
    workbook.remove(workbook.active)
    for sheet in form_map()["sheets"]:
        page = workbook.create_sheet(sheet["title"])
        page["A1"] = sheet["heading"]
        page["A1"].font = Font(bold=True, size=14)
        for place in sheet.get("cells", ()):
            column, row = _coordinates(place["cell"])
            # A value in the first column has its heading above, any other to its left.
            heading = page.cell(row - 1, 1) if column == 1 else page.cell(row, column - 1)
            heading.value, heading.font, heading.alignment = place["label"], bold, wrapped
        if "cells" in sheet:
            page.column_dimensions["A"].width, page.column_dimensions["B"].width = 40, 70
        for column in sheet.get("columns", ()):
            heading = page.cell(sheet["header_row"], column["column"], column["label"])
            heading.font, heading.fill, heading.alignment = bold, shade, wrapped
            width = min(_WIDEST, max(12, len(column["label"])))
            page.column_dimensions[get_column_letter(column["column"])].width = width
        if "columns" in sheet:
            page.freeze_panes = page.cell(sheet["first_row"], 1)
    for cell in cells(nomination):
        if cell.value is None:
            continue
        target = workbook[cell.sheet].cell(cell.row, cell.column)
        target.value = cell.value
        target.alignment = wrapped
        if isinstance(cell.value, str):
            # A text that starts with an equals sign stays a text.
            target.data_type = "s"
            target.quotePrefix = cell.value[:1] in "=+-@"
    beside = path.with_suffix(".tmp")
    try:
        workbook.save(beside)
        _without_times(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _without_times(source: Path, target: Path) -> None:
    """Copy a workbook with one date on everything: openpyxl notes the moment of saving in two places."""
    fixed = datetime.datetime(*ZIP_TIME).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + fixed, content)
            # A carriage return as such would be read as a line feed.
            content = content.replace(b"\r", b"&#13;")
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            written.writestr(entry, content)
