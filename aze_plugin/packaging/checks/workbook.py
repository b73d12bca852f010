"""The proposal form: a workbook of values only, that says what the nomination says."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from ... import paths
from .. import form
from .examined import Examined

NAME = "data/forms/kba_proposal.xlsx"
_MOST_PARTS = 50
# Unpacked, all parts together; and tags in all, as an element takes far more memory than it takes letters.
_MOST_XML = 32 * 2**20
_MOST_TAGS = 300_000
# What a form is made of. Everything else a workbook may hold (macros, links, drawings, objects) has no place in one.
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(?:app|core|custom)\.xml|xl/(?:workbook|styles|sharedStrings)\.xml"
    r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/(?:_rels/)?sheet\d{1,2}\.xml(?:\.rels)?|xl/theme/theme\d\.xml"
)


_ACTING = frozenset(
    """mergeCell dataValidation definedName externalReference oleObject hyperlink conditionalFormatting formula f1 ext
    legacyDrawing drawing control customPr""".split()  # noqa: SIM905
)


def workbook(examined: Examined) -> None:
    """The form's parts, and then its values against the nomination."""
    path = examined.root / NAME
    if path.is_file() and _parts(examined, path):
        nomination = examined.documents.get("nomination.json")
        if nomination is not None:
            _values(examined, path, nomination)


def _parts(examined: Examined, path: Path) -> bool:
    """Every part of the workbook as XML, without entities, formulas, macros or links to other files."""
    before = len(examined.found.problems)
    tags = 0
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_PARTS or sum(e.file_size for e in entries) > _MOST_XML:
                examined.add("workbook", NAME, detail="it is larger than a form")
                return False
            for entry in entries:
                if not _PARTS.fullmatch(entry.filename):
                    examined.add("workbook_active", NAME, part=entry.filename)
                    continue
                with archive.open(entry) as stream:
                    content = stream.read(_MOST_XML + 1)
                tags += content.count(b"<")
                if tags > _MOST_TAGS or len(content) > _MOST_XML:
                    examined.add("workbook", NAME, detail="it is larger than a form")
                    return False
                _part(examined, content, entry.filename)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        examined.add("workbook", NAME, detail=str(error))
    return len(examined.found.problems) == before


def _part(examined: Examined, content: bytes, part: str) -> None:
    root = parsed(examined, content, NAME)
    if root is None:
        return
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag == "c" and any(str(child.tag).rpartition("}")[2] == "f" for child in element):
            examined.add("formula", NAME, cell=f"{part.rpartition('/')[2]} {element.get('r', '')}")
        target = element.get("Target", "")
        if tag == "Relationship" and (element.get("TargetMode") or ":" in target or target.startswith(("\\", "//"))):
            examined.add("workbook_active", NAME, part=part)
        if tag in _ACTING:
            # One merged range of a few letters makes a reader fill in billions of cells.
            examined.add("workbook_active", NAME, part=f"{part}: {tag}")


def parsed(examined: Examined, content: bytes, name: str):
    """Parsed XML, None where it is none; a document type, which could declare entities, is refused as such."""
    paths.enable_vendored()
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if content.count(b"<") > _MOST_TAGS:
        examined.add("xml", name, detail=f"more than {_MOST_TAGS} tags")
        return None
    try:
        return fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        examined.add("xml_entities", name)
    except (ParseError, ValueError, LookupError) as error:
        examined.add("xml", name, detail=str(error))
    return None


def _values(examined: Examined, path: Path, nomination: Mapping[str, Any]) -> None:
    """Whether the form says what the nomination says."""
    paths.enable_vendored()
    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    try:
        opened = load_workbook(path, read_only=False, data_only=False, keep_links=False)
    except Exception as error:  # noqa: BLE001 - the library has no error of its own for a broken workbook: any may come
        examined.add("workbook", NAME, detail=str(error) or type(error).__name__)
        return
    pages = {page.title: page for page in opened.worksheets}
    expected = set()
    try:
        for cell in form.cells(nomination):
            expected.add((cell.sheet, cell.row, cell.column))
            examined.progress.check()
            if cell.sheet not in pages:
                examined.add("form_tab", NAME, tab=cell.sheet)
                return
            if not _same_value(pages[cell.sheet].cell(cell.row, cell.column).value, cell.value):
                examined.add("form_differs", NAME, cell=f"{cell.sheet} {get_column_letter(cell.column)}{cell.row}")
            if examined.full:
                return
        _unasked(examined, pages, expected)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A draft is not held against the schema: its members may be of any kind.
        examined.add("shape", "data/nomination.json", detail=str(error))


def _unasked(examined: Examined, pages: Mapping[str, Any], expected: set[tuple[str, int, int]]) -> None:
    """Values behind the nomination's: a reader of the form would take them for part of it."""
    for sheet in form.form_map()["sheets"]:
        if "first_row" not in sheet or sheet["title"] not in pages:
            continue
        for row in pages[sheet["title"]].iter_rows(min_row=sheet["first_row"]):
            examined.progress.check()
            for cell in row:
                if cell.value is not None and (sheet["title"], cell.row, cell.column) not in expected:
                    examined.add("form_differs", NAME, cell=f"{sheet['title']} {cell.coordinate}")
                if examined.full:
                    return
    for title in sorted(set(pages) - {sheet["title"] for sheet in form.form_map()["sheets"]}):
        examined.add("workbook_active", NAME, part=title[:80])


def _same_value(found: Any, expected: Any) -> bool:
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return abs(found - expected) <= 1e-9 * max(1.0, abs(expected))
    # A workbook ends its lines with a line feed, whatever the text had.
    lines = [None if v is None else str(v).replace("\r\n", "\n").replace("\r", "\n") for v in (found, expected)]
    return lines[0] == lines[1]
