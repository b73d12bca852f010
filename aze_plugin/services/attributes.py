"""Attributes of sites and protected areas by what they mean, whatever schema a layer has (``fields.json``)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import QgsFeatureSource

from .. import paths
from ..domain import fields
from .layers import FeatureTable, LayerSnapshot


def columns_of(source: QgsFeatureSource | LayerSnapshot, section: str) -> dict[str, list[str]]:
    """The source's fields for each role of a section of ``fields.json``, the best first.

    All are kept, as a merged layer has the columns of several schemas and each row fills those of its own. For
    protected areas the order settles NAME, the English name in the old schema and the local one in the new, which has
    NAME_ENG too.
    """
    names = [f.name() for f in source.fields()]
    found = {}
    for role, aliases in paths.load_json("schemas", "fields.json")[section].items():
        present = fields.resolve(names, {alias: [alias] for alias in aliases})
        found[role] = [present[alias] for alias in aliases if alias in present]
    return found


def wanted(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """All fields that are to be read, each once."""
    return list(dict.fromkeys(name for names in columns.values() for name in names))


def first(table: FeatureTable, names: Sequence[str]) -> list[Any]:
    """For each row the first value that is there, None where none is."""
    lists = [table.columns[name] for name in names]
    if len(lists) == 1:
        return lists[0]
    if not lists:
        return [None] * len(table)
    return [next((v for v in row if v is not None and v != ""), None) for row in zip(*lists)]


def sites(table: FeatureTable, columns: Mapping[str, Sequence[str]], zero: str = "") -> list[tuple[str, str]]:
    """Id and name of each row of a table of sites.

    A site without an id of its own goes by its feature id, one without a name by its site id. ``zero``: as
    ``identifier`` has it.
    """
    rows = zip(table.fids, first(table, columns["site_id"]), first(table, columns["name"]))
    named = ((identifier(number, zero) or str(fid), text(name)) for fid, number, name in rows)
    return [(site_id, name or site_id) for site_id, name in named]


def number(value: Any) -> float | None:
    """A finite number from a number or a text; None where there is none."""
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def text(value: Any) -> str:
    """A value as text without space round it, empty for NULL."""
    return "" if value is None else str(value).strip()


def identifier(value: Any, zero: str = "") -> str:
    """An id as text. Files without whole numbers give 33177.0 for 33177; ``zero``: what 0 stands for, none as a rule.

    What is written as text stays as it is written: 007 and 1E5 are codes.
    """
    if isinstance(value, str):
        said = value.strip()
        whole, point, rest = said.partition(".")
        if point and whole.isdecimal() and not rest.strip("0"):
            said = whole
        return said if said.strip("0") else said and zero
    if isinstance(value, int):
        return str(value) if value else zero
    found = number(value)
    if found is not None and found == int(found):
        return str(int(found)) if found else zero
    return text(value)
