"""The JSON documents, the report, the map and the list of sources: readable, harmless, and of the right shape."""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...domain import nomination as nominations
from ...services import checking
from .. import details, pdfs, sources
from .bags import REPORTS
from .examined import Examined

_SCHEMAS = {
    "nomination.json": nominations.SCHEMA,
    "assessment.json": checking.SCHEMA,
    "coverage.json": "aze-coverage/1",
}
# So many objects, lists and members; the nomination goes through the schema, which costs more a member.
_MOST_VALUES = {"nomination.json": 8_000, "assessment.json": 500_000, "coverage.json": 500_000}
# Longer than anything that the form takes.
_LONGEST_TEXT = 32_767
# Pixels of a side of the map; ours has a tenth.
_WIDEST = 20_000
# No language that is written in such letters goes on so long without a gap; patterns of the schema may take the square.
_ENDLESS_WORD = re.compile(r"[!-~]{4000}")
# A corner of a boundary makes three marks.
MOST_MARKS = 2_000_000


def read_json(path: Path, most_values: int = MOST_MARKS) -> Any:
    """JSON within limits of memory and time as well: a small file can hold millions of empty lists.

    Raises ``details.JsonError``.
    """
    content = path.read_bytes()
    if content.count(b",") + content.count(b"[") + content.count(b"{") > most_values:
        raise details.JsonError(f"more than {most_values} values")
    try:
        return details.parse_json(content)
    except RecursionError as error:
        raise details.JsonError("nested too deep") from error


def _strange(document: Any) -> str:
    """What no document of a package holds: a number beyond all numbers, a text beyond all fields."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            waiting += value.keys()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, float) and not math.isfinite(value):
            return "a number that is not finite"
        elif isinstance(value, int) and abs(value) > 2**63:
            return "a number of too many digits"
        elif isinstance(value, str) and len(value) > _LONGEST_TEXT:
            return f"a text of {len(value)} characters"
        elif isinstance(value, str) and _ENDLESS_WORD.search(value):
            return "a word of more than 4000 letters"
    return ""


def documents(examined: Examined) -> None:
    """The three JSON documents; those of the right kind and shape are kept in ``examined.documents``."""
    for name, schema in _SCHEMAS.items():
        path = examined.data / name
        if not path.is_file():
            continue
        examined.progress.check()
        try:
            content = read_json(path, _MOST_VALUES[name])
        except details.JsonError as error:
            examined.add("json", f"data/{name}", detail=error.detail)
            continue
        strange = _strange(content)
        if strange:
            examined.add("json", f"data/{name}", detail=strange)
        elif not isinstance(content, dict) or content.get("schema") != schema:
            examined.add("schema", f"data/{name}", expected=schema)
        else:
            examined.documents[name] = content
    nomination = examined.documents.get("nomination.json")
    if nomination is not None:
        _nomination(examined, nomination)
    for name, shaped in (("assessment.json", is_assessment), ("coverage.json", is_coverage)):
        if name in examined.documents and not shaped(examined.documents[name]):
            examined.add("shape", f"data/{name}")
            del examined.documents[name]


def _nomination(examined: Examined, nomination: Mapping[str, Any]) -> None:
    status = nomination.get("status")
    examined.found.status = status if status in ("draft", "final") else ""
    if not examined.found.status:
        examined.add("status_missing", "data/nomination.json")
    if examined.info.get("Nomination-Status") != status:
        given = examined.info.get("Nomination-Status", "–")
        examined.add("status_differs", "bag-info.txt", bag=given, form=str(status))
    if status != "draft":
        for finding in details.schema_problems(nomination):
            examined.add_finding(finding, "data/nomination.json")


def reports(examined: Examined) -> None:
    """The report and the map: of the kind that their names say, and without anything that runs."""
    for name, mark in REPORTS.items():
        path = examined.data / name
        if path.is_file():
            with open(path, "rb") as file:
                if file.read(len(mark)) != mark:
                    examined.add("kind", f"data/{name}")
    report = examined.data / "report" / "report.pdf"
    if report.is_file() and report.stat().st_size:
        try:
            active = pdfs.acts(report, pdfs.ACTIVE)
        except pdfs.UnreadablePdf:
            # Ours is neither encrypted nor oddly packed.
            active = True
        if active:
            examined.add("pdf_active", "data/report/report.pdf")
    picture = examined.data / "report" / "map.png"
    if picture.is_file() and not _is_picture(picture.read_bytes()):
        examined.add("picture", "data/report/map.png", most=_WIDEST)


def _is_picture(content: bytes) -> bool:
    """Whether a PNG is whole, of a size that can be shown, and nothing besides."""
    at, kinds = 8, []
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            return False
        if kind == b"IHDR":
            sides = [int.from_bytes(content[at + 8 + n : at + 12 + n], "big") for n in (0, 4)]
            if not all(0 < side <= _WIDEST for side in sides):
                return False
        kinds.append(kind)
        at = end
    return at == len(content) and kinds[:1] == [b"IHDR"] and kinds[-1:] == [b"IEND"] and kinds.count(b"IHDR") == 1


def list_of_sources(examined: Examined) -> None:
    """``sources.csv``: its columns, and no cell that a spreadsheet would run."""
    path = examined.data / "sources.csv"
    if not path.is_file():
        return
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        examined.add("unreadable", "data/sources.csv", detail=str(error))
        return
    if not rows or tuple(rows[0]) != sources.COLUMNS or any(len(row) != len(rows[0]) for row in rows):
        examined.add("columns", "data/sources.csv", expected=list(sources.COLUMNS))
    for number, row in enumerate(rows, 1):
        if any(value.startswith(("=", "+", "-", "@")) for value in row):
            examined.add("formula", "data/sources.csv", cell=str(number))


# ------------------------------------------------------------------------------------------------------ shapes


def _has(value: Any, members: Mapping[str, Any]) -> bool:
    """Whether a value is an object with members of these types."""
    if not isinstance(value, Mapping):
        return False
    for key, kind in members.items():
        member = value.get(key)
        if not isinstance(member, kind) or (isinstance(member, bool) and bool not in _kinds(kind)):
            return False
    return True


def _kinds(kind: Any) -> tuple:
    return kind if isinstance(kind, tuple) else (kind,)


_NUMBER = (int, float)
_NUMBER_OR_NONE = (int, float, type(None))


def _all_have(values: Iterable[Any], members: Mapping[str, Any]) -> bool:
    return all(_has(value, members) for value in values)


def is_assessment(document: Any) -> bool:
    """Whether an ``aze-assessment/1`` document has every member that is read here, of the right type."""
    if not _has(document, {"settings": dict, "assessments": list}) or len(document["assessments"]) != 1:
        return False
    only = document["assessments"][0]
    if not _has(only, {"name": str, "area_ha": _NUMBER, "verdict": str, "a1e": str, "criteria": dict, "species": list}):
        return False
    if set(only["criteria"]) != {"endangerment", "irreplaceability", "discreteness"}:
        return False
    if not _all_have(only["criteria"].values(), {"status": str, "findings": list}):
        return False
    if not all(_all_have(c["findings"], {"code": str}) for c in only["criteria"].values()):
        return False
    taxon = {
        "taxon_id": str,
        "scientific_name": str,
        "category": str,
        "trigger": bool,
        "route": str,
        "status": str,
        "shares": list,
    }
    share = {
        "parameter": str,
        "segment": str,
        "low": _NUMBER,
        "best": _NUMBER,
        "high": _NUMBER,
        "site_value": _NUMBER,
        "global_value": _NUMBER,
        "unit": str,
        "status": str,
    }
    estimate = {
        "scope": str,
        "parameter": str,
        "segment": str,
        "low": _NUMBER,
        "best": _NUMBER,
        "high": _NUMBER,
    }
    return _all_have(only["species"], taxon) and all(
        _all_have(t["shares"], share)
        and isinstance(t.get("estimates", []), list)
        and _all_have(t.get("estimates", []), estimate)
        and all(s["parameter"] in nominations.PARAMETER_LABELS for s in t["shares"])
        and all(s["segment"] in nominations.SEASON_LABELS for s in t["shares"])
        for t in only["species"]
    )


def is_coverage(document: Any) -> bool:
    """Whether an ``aze-coverage/1`` document has its one site with what is read here."""
    if not _has(document, {"sites": list}) or len(document["sites"]) != 1:
        return False
    site = {"name": str, "cover_class": str, "both_pct": _NUMBER_OR_NONE, "protected_areas": list}
    return _has(document["sites"][0], site) and _all_have(
        document["sites"][0]["protected_areas"], {"name": str, "pct": _NUMBER}
    )
