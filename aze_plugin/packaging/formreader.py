"""A filled-in multi-site proposal form, read back into nominations: the map of cells the other way round.

Workbooks come from anywhere: only values are read, within limits, and XML that declares anything is refused.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from .. import paths
from ..domain import nomination as nominations
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.classifications import terms
from . import form

_MOST_BYTES = 16 * 2**20
_MOST_XML = 64 * 2**20
_MOST_TAGS = 1_000_000
_MOST_PARTS = 500
_MOST_ROWS = 2000
_CONTROL = re.compile("_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)*)")
# Tabs are known by their number: their titles have changed between releases of the form.
_TAB = re.compile(r"\s*(\d)")
# Columns that say which site a row is of.
_IDENTITY = ("/site/sitrecid", "/site/own_code", "/site/international_name")
_JOINED = {
    "/actions/ongoing": ("actions", ("action", "level_2", "level_3")),
    "/actions/needed": ("actions", ("action", "level_2", "level_3")),
    "/habitats/types": ("habitats", ("habitat", "level_2", "level_3")),
}
_THREAT_LEVELS = ("level_1", "level_2", "level_3")

Cells = Mapping[tuple, Any]


def read_form(path: Path, progress: Progress) -> list[dict[str, Any]]:
    """A nomination for each site of a form, in the shape of the schema as far as the form has it.

    Raises AzeError ``earlier.unreadable`` for a file that is no such workbook.
    """
    _check(path, progress)
    sheets = _sheets(path, progress)
    proposer: dict[str, Any] = {}
    sites: list[dict[str, Any]] = []
    for sheet in form.form_map()["sheets"]:
        cells = sheets.get(_tab(sheet["title"]))
        if cells is None:
            raise AzeError("earlier.unreadable", file=str(path), detail=f"there is no tab “{sheet['title']}”")
        progress.check()
        if "cells" in sheet:
            _read_cells(sheet, cells, proposer)
        elif "rows" not in sheet:
            sites = list(_read_sites(sheet, cells))
        else:
            _read_rows(sheet, cells, sites)
    for site in sites:
        site.update({key: dict(part) for key, part in proposer.items()})
    if not sites and proposer:
        sites.append({"schema": nominations.SCHEMA, **proposer})
    return sites


def _check(path: Path, progress: Progress) -> None:
    """Refuse what is no workbook of a bearable size, and parts that are no plain XML."""
    paths.enable_vendored()
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    def refused(detail: str) -> AzeError:
        return AzeError("earlier.unreadable", file=str(path), detail=detail)

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise refused(f"larger than {_MOST_BYTES // 2**20} MiB")
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_PARTS or sum(entry.file_size for entry in entries) > _MOST_XML:
                raise refused("larger than a form")
            read, tags = 0, 0
            for entry in entries:
                progress.check()
                if not entry.filename.endswith((".xml", ".rels")):
                    continue
                with archive.open(entry) as stream:
                    content = stream.read(_MOST_XML + 1)
                read, tags = read + len(content), tags + content.count(b"<")
                if read > _MOST_XML or tags > _MOST_TAGS:
                    raise refused("larger than a form")
                fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise refused("its XML declares entities") from error
    except OSError as error:
        raise refused(error.strerror or str(error)) from error
    except (zipfile.BadZipFile, ParseError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        raise refused("it is no workbook, or is damaged") from error


def _sheets(path: Path, progress: Progress) -> dict[str, Cells]:
    """The cells that have a value, by tab number and then by row and column."""
    paths.enable_vendored()
    from openpyxl import load_workbook

    widest = max((c["column"] for s in form.form_map()["sheets"] for c in s.get("columns", ())), default=1)
    try:
        workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 - the library has no error of its own for a broken workbook: any may come
        raise AzeError("earlier.unreadable", file=str(path), detail=str(error) or type(error).__name__) from error
    found: dict[str, Cells] = {}
    try:
        for page in workbook.worksheets:
            cells = {}
            for row in page.iter_rows(max_row=_MOST_ROWS, max_col=widest):
                progress.check()
                for cell in row:
                    value = _plain(cell.value)
                    if value not in (None, ""):
                        cells[cell.row, cell.column] = value
            found.setdefault(_tab(page.title), cells)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, ParseError) as error:
        raise AzeError("earlier.unreadable", file=str(path), detail=str(error) or type(error).__name__) from error
    finally:
        workbook.close()
    return found


def _tab(title: str) -> str:
    match = _TAB.match(title)
    return match[1] if match else title.strip().casefold()


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: _character(found), value).strip()
    return value if isinstance(value, (int, float)) else None if value is None else str(value)


def _character(found: re.Match) -> str:
    """What a workbook writes as ``_x0009_``; what no text can hold is left out."""
    code = int(found[1], 16)
    return chr(code) if code == 0x5F or code in (9, 10, 13) else ""


def _date(value: Any) -> Any:
    """dd/mm/yyyy as year-month-day; anything else as it is."""
    try:
        return datetime.datetime.strptime(str(value), "%d/%m/%Y").date().isoformat()
    except ValueError:
        return value


def _put(document: dict[str, Any], pointer: str, value: Any) -> None:
    section, key = pointer.strip("/").split("/")
    document.setdefault(section, {}).setdefault(key, value)


def _read_cells(sheet: Mapping[str, Any], cells: Cells, document: dict[str, Any]) -> None:
    for place in sheet["cells"]:
        value = cells.get((int(place["cell"][1:]), ord(place["cell"][0]) - ord("A") + 1))
        if value is not None:
            _put(document, place["value"], _date(value) if place.get("format") == "date" else _text(value))


def _read_sites(sheet: Mapping[str, Any], cells: Cells) -> Iterator[dict[str, Any]]:
    for row in _filled_rows(sheet, cells):
        site: dict[str, Any] = {"schema": nominations.SCHEMA}
        for column in sheet["columns"]:
            value, pointer = cells.get((row, column["column"])), column.get("value")
            if value is None or pointer is None:
                continue
            if column.get("format") == "contains":
                if str(value).casefold() == "yes":
                    rows = site.setdefault("site", {}).setdefault(pointer.rpartition("/")[2], [])
                    rows.append({column["member"]: column["text"]})
            else:
                _put(site, pointer, value)
        purpose = site.get("site", {}).get("purpose")
        if purpose:
            update = purpose in [nominations.PURPOSES[key] for key in ("new_trigger", "reassessment")]
            site["kind"] = nominations.UPDATE_SITE if update else nominations.NEW_SITE
        for key in ("sitrecid", "own_code", "international_name", "national_name"):
            if key in site.get("site", {}):
                site["site"][key] = _text(site["site"][key])
        yield site


def _filled_rows(sheet: Mapping[str, Any], cells: Cells) -> list[int]:
    return sorted({row for row, _ in cells if row >= sheet["first_row"]})


def _read_rows(sheet: Mapping[str, Any], cells: Cells, sites: list[dict[str, Any]]) -> None:
    """The rows of a tab, each into the nomination of its site."""
    identity = [c for c in sheet["columns"] if c.get("value") in _IDENTITY]
    for row in _filled_rows(sheet, cells):
        site = _site_of({c["value"]: cells.get((row, c["column"])) for c in identity}, sites)
        if site is None:
            continue
        lists = [sheet["rows"]] if isinstance(sheet["rows"], str) else list(sheet["rows"])
        found: dict[bool, dict[str, Any]] = {False: {}, True: {}}
        for column in sheet["columns"]:
            value, pointer = cells.get((row, column["column"])), column.get("value") or ""
            if value is None or not pointer.startswith("."):
                continue
            entry = found[bool(column.get("beside"))]
            if column.get("format") == "join":
                entry["joined"] = _text(value)
            else:
                key = pointer.strip("./")
                entry[key] = _date(value) if column.get("format") == "date" else value
        for pointer, entry in ((lists[0], found[False]), (sheet.get("beside"), found[True])):
            if pointer and entry:
                _append(site, pointer, lists, entry)


def _append(site: dict[str, Any], pointer: str, lists: list[str], entry: dict[str, Any]) -> None:
    joined = entry.pop("joined", None)
    if pointer in _JOINED:
        name, levels = _JOINED[pointer]
        entry.update(_terms(name, levels, joined or ""))
    elif joined is not None:
        entry["notes"] = joined
    if pointer == "/threats/threats":
        entry.update(_threat(entry))
    if pointer == "/biodiversity/species" and len(lists) > 1:
        ecosystem = {k: v for k, v in entry.items() if k.startswith("eco")}
        entry = {k: v for k, v in entry.items() if not k.startswith("eco")}
        if ecosystem:
            site.setdefault("biodiversity", {}).setdefault("ecosystems", []).append(ecosystem)
        if not entry:
            return
    for key in ("sis_id", "spcrecid", "own_code", "ecosystem", "ecosystem_code"):
        if key in entry:
            entry[key] = _text(entry[key])
    section, key = pointer.strip("/").split("/")
    site.setdefault(section, {}).setdefault(key, []).append(entry)


def _terms(name: str, levels: tuple[str, ...], said: str) -> dict[str, str]:
    """``1.1 Site or area protection: who`` as the levels of its term and the detail behind it."""
    number = _NUMBER.match(said)
    known = terms(name)
    if number is None or number[1] not in known:
        head, _, detail = said.partition(": ")
        return {levels[0]: head, **({"detail": detail} if detail else {})}
    parts = number[1].split(".")
    found = {level: known[".".join(parts[: n + 1])] for n, level in enumerate(levels[: len(parts)])}
    written = known[number[1]]
    detail = said[len(written) :] if said.startswith(written) else said.partition(": ")[2]
    detail = detail.lstrip(": ").strip()
    return {**found, **({"detail": detail} if detail else {})}


def _threat(entry: Mapping[str, Any]) -> dict[str, str]:
    """The levels of a threat in the words that nominations have for their numbers."""
    found = {}
    for level in _THREAT_LEVELS:
        number = _NUMBER.match(str(entry.get(level, "")))
        if number and number[1] in terms("threats"):
            found[level] = terms("threats")[number[1]]
    return found


def _site_of(identity: Mapping[str, Any], sites: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The site that a row is of; in a form of one site a row need not say so."""
    said = {pointer: _text(value) for pointer, value in identity.items() if value is not None}
    for pointer in _IDENTITY:
        for site in sites:
            if pointer in said and said[pointer] == said_of(site, pointer):
                return site
    return sites[0] if len(sites) == 1 and not said else None


def said_of(site: Mapping[str, Any], pointer: str) -> str:
    """A text of a nomination, empty where there is none."""
    section, key = pointer.strip("/").split("/")
    return _text(site.get(section, {}).get(key, ""))


def _text(value: Any) -> str:
    """A cell as text; numbers that Excel made of digits without their decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
