"""Names that give away where sensitive species live: a package on a grid goes without those of the place.

A protected area or a neighbouring site can be looked up by its name or its number, and its outline is far finer than
the grid. What the nominator says of the site itself (its own name, the site that is updated) stays: nothing can be
reviewed without it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..domain import nomination as nominations
from ..services.wording import text
from .details import schema

# What stands in place of a name; documents of a package are in English.
WITHHELD = "name withheld"
_SHORTEST = 4
# What of a protected area can be looked up.
_TELLING = {
    "id": "",
    "name": WITHHELD,
    "designation": "",
    "status_year": None,
    "governance": "",
    "designation_type": "",
}
# Members that say what is proposed, for whom, and of which species.
_OWN = re.compile(
    r"/proposer(?:/.*)?|/site/(?:international_name|national_name|own_code|sitrecid|country|iso3)"
    r"|/update/(?:site_id|site_name|compared_with)|.*/(?:scientific_name|common_name|taxon)|/generalised/.*"
)
# Members of an assessment that hold no words of their own about places.
_KEPT = {"name", "scientific_name", "common_name", "taxon", "taxa", "taxon_id", "code"}


class Names:
    """Names and numbers that are left out of texts. ``own``: names that go out in any case."""

    def __init__(self, names: Iterable[str], own: Iterable[str] = ()):
        told = {_plain(name).casefold() for name in own}
        plain = {_plain(name) for name in names}
        kept = sorted(
            (n for n in plain if len(n) >= _SHORTEST and n.casefold() not in told), key=lambda n: (-len(n), n)
        )
        self._members = frozenset(name.casefold() for name in kept)
        # A single word may be one of the language as well: it counts where it is written as the name is.
        loose = [name for name in kept if " " in name or any(c.isdigit() for c in name)]
        strict = [name for name in kept if name not in set(loose)]
        self._patterns = [
            re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, members))})(?!\w)", flags)
            for members, flags in ((loose, re.IGNORECASE), (strict, 0))
            if members
        ]

    def __contains__(self, name: str) -> bool:
        return _plain(name).casefold() in self._members

    def found(self, said: str) -> str | None:
        """The first name in a text, None where it has none."""
        said = unicodedata.normalize("NFC", said)
        return next((found[0] for pattern in self._patterns for found in [pattern.search(said)] if found), None)

    def hidden(self, said: str) -> str:
        """A text with ``WITHHELD`` in place of each name; the very text where it has none."""
        if self.found(said) is None:
            return said
        said = unicodedata.normalize("NFC", said)
        for pattern in self._patterns:
            said = pattern.sub(WITHHELD, said)
        return said


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _pattern(name: str) -> str:
    return r"\s+".join(map(re.escape, name.split(" ")))


def own_names(nomination: Mapping[str, Any], candidate: str) -> Iterator[str]:
    """What the nominator calls the site, and the sites that an update says it takes the place of."""
    yield candidate
    for section, keys in (
        ("site", ("international_name", "national_name", "own_code", "sitrecid", "kbas_replaced")),
        ("update", ("site_id", "site_name")),
    ):
        members = nomination.get(section)
        for key in keys:
            said = members.get(key) if isinstance(members, Mapping) else None
            if isinstance(said, str):
                yield from (part.strip() for part in said.split(";"))
    update = nomination.get("update") if nominations.is_update(nomination) else None
    rows = update.get("changes") if isinstance(update, Mapping) else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and isinstance(row.get("site"), str):
            yield row["site"]


def of_assessment(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """An ``aze-assessment/1`` document without the names; sentences about a site are made anew."""

    def without(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            inner = {k: without(v, k) for k, v in value.items()}
            params, given = inner.get("params"), value.get("params")
            site = given.get("site") if isinstance(given, Mapping) else None
            if isinstance(site, str) and (site in names or str(given.get("site_id", "")) in names):
                params["site"] = WITHHELD
                if "site_id" in params:
                    params["site_id"] = ""
                inner["message"] = text(value["code"], params)
            return inner
        if isinstance(value, (list, tuple)):
            return [without(one, key) for one in value]
        return names.hidden(value) if isinstance(value, str) and key not in _KEPT else value

    sources = [{k: names.hidden(v) if isinstance(v, str) else v for k, v in s.items()} for s in document["sources"]]
    return {**without(document), "sources": sources}


def of_coverage(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """An ``aze-coverage/1`` document of one site whose areas say how much they cover, and not which they are."""
    sites = []
    for site in document["sites"]:
        areas = [{**area, **{k: v for k, v in _TELLING.items() if k in area}} for area in site["protected_areas"]]
        findings = [{**f, "message": names.hidden(f["message"])} for f in site.get("findings", ())]
        sites.append({**site, "protected_areas": areas, "findings": findings})
    return {**document, "sites": sites}


def of_nomination(document: Mapping[str, Any], names: Names) -> tuple[dict[str, Any], list[str]]:
    """A nomination without the names in its free texts, and the pointers of the texts that had any."""
    changed: list[str] = []

    def without(value: Any, node: Mapping[str, Any], pointer: str) -> Any:
        if _OWN.fullmatch(pointer):
            return value
        if isinstance(value, Mapping):
            members = node.get("properties", {})
            return {k: without(v, members.get(k, {}), f"{pointer}/{k}") for k, v in value.items()}
        if isinstance(value, list):
            return [without(one, node.get("items", {}), f"{pointer}/{n}") for n, one in enumerate(value)]
        if not isinstance(value, str) or any(key in node for key in ("enum", "const", "x-vocabulary")):
            return value
        said = names.hidden(value)
        if said != value:
            changed.append(pointer)
        return said

    return without(document, schema(), ""), changed
