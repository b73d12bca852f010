"""Existing AZE sites and KBAs as their layers have them: what a row says.

The fields and words of the schemas in use are data: ``resources/schemas/fields.json`` and ``sites.json``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What a layer says of a site's AZE status. A layer without such a field says nothing, which is not a "no".
CONFIRMED, DE_LISTED, NONE, OTHER, UNKNOWN = "confirmed", "de_listed", "none", "other", "unknown"

HECTARES_PER_KM2 = 100.0

# Letters that do not come apart into a plain one and a mark.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


@dataclass(frozen=True)
class SiteRow:
    """One row of a layer of sites.

    ``layer``: the layer's id; ``fid``: the row's. ``name``: the international name, or the best there is. ``iso3`` and
    ``country`` are as the layer writes them; ``special`` is ``high_seas`` or ``disputed`` where they stand for that.
    ``aze``: one of the module's statuses, ``aze_text`` the layer's own word. ``area_ha``: as the layer states it, or
    ellipsoidal where it states none (``area_measured``); None where neither is known. ``extent``: lon/lat ``(west,
    south, east, north)``, None without a geometry. ``is_circle``: the boundary only stands for a site that has none.
    """

    layer: str
    fid: int
    site_id: str
    name: str
    native_name: str = ""
    country: str = ""
    iso3: str = ""
    special: str = ""
    region: str = ""
    aze: str = UNKNOWN
    aze_text: str = ""
    kba: str = ""
    area_ha: float | None = None
    area_measured: bool = False
    extent: tuple[float, float, float, float] | None = None
    is_circle: bool = False
    triggers: tuple[str, ...] = field(default=())

    def words(self) -> str:
        """What the site can be searched by, folded."""
        parts = (self.name, self.native_name, self.country, self.iso3, self.site_id, *self.triggers)
        return folded("\n".join(parts))


def folded(text: str) -> str:
    """A text to be searched: without accents and marks, letter case or doubled space. Other scripts stay themselves."""
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain.translate(_PLAIN))
        plain = "".join(c for c in apart if not unicodedata.combining(c))
    return "\n".join(" ".join(line.split()) for line in plain.split("\n"))


def matching(words: Sequence[str], wanted: str) -> list[int]:
    """Numbers of the texts, as ``SiteRow.words`` has them, in which every word of what is wanted occurs."""
    sought = folded(wanted).split()
    found: Iterable[int] = range(len(words))
    for one in sought:
        found = [n for n in found if one in words[n]]
    return list(found)


def aze_status(value: Any, known: Mapping[str, Sequence[str]]) -> str:
    """What a value of the field for the AZE status says; ``other`` for a word that is not known.

    ``known``: words by status.
    """
    said = _letters("" if value is None else str(value))
    return next((status for status, words in known.items() if said in map(_letters, words)), OTHER)


def special_place(iso3: str, country: str, known: Mapping[str, Any]) -> str:
    """``high_seas`` or ``disputed`` where a site's country is none, else empty."""
    for value, words in ((iso3, known["iso3"]), (country, known["country"])):
        for place, spelt in words.items():
            if value.strip().casefold() in spelt:
                return place
    return ""


def _letters(text: str) -> str:
    return "".join(c for c in folded(text) if c.isalnum())
