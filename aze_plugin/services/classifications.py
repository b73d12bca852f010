"""The classifications of habitats, threats and actions: their terms by number, as nominations write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from .. import paths


def classification(name: str) -> Mapping[str, Any]:
    """A classification of ``resources/vocabularies`` (``threats``, ``actions``, ``habitats``), its terms as a tree.

    Shared, so callers must not change it.
    """
    return paths.load_json("vocabularies", f"{name}.json")


@cache
def terms(name: str) -> Mapping[str, str]:
    """The terms of a classification by their numbers, written as a nomination has them: ``1. Forest``, ``1.1 …``."""
    found: dict[str, str] = {}

    def walk(entries: Sequence[Mapping[str, Any]]) -> None:
        for entry in entries:
            found[entry["code"]] = f"{entry['code']}{'' if '.' in entry['code'] else '.'} {entry['title']}"
            walk(entry.get("children", ()))

    walk(classification(name)["terms"])
    return found
