"""Existing AZE sites and KBAs as their layers have them: what a row says, and whether its boundary is one at all.

The fields and words of the schemas in use are data: ``resources/schemas/fields.json`` and ``sites.json``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import geometry
from .geometry import Geometry

# What a layer says of a site's AZE status. A layer without such a field says nothing, which is not a "no".
CONFIRMED, DE_LISTED, NONE, OTHER, UNKNOWN = "confirmed", "de_listed", "none", "other", "unknown"

HECTARES_PER_KM2 = 100.0

# How much longer than wide a circle may be that was drawn in a projection that is not true to shape.
_STRETCH = 1.25

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


# -------------------------------------------------------------------------------------------------- placeholders


def may_be_placeholder(boxes: np.ndarray, rule: Mapping[str, Any]) -> np.ndarray:
    """Which of some rectangles (EPSG:6933, shape (n, 4)) can hold a placeholder: a circle fills π/4 of its own.

    A quick look before ``is_placeholder``; rectangles with not-a-number hold none.
    """
    size = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    # Sharp corners of a coarse circle miss its rectangle, and one that leans does not fill it.
    return (size > 0.9 * rule["area_m2"]) & (size < 3 * rule["area_m2"])


def is_placeholder(shape: Geometry, rule: Mapping[str, Any]) -> bool:
    """Whether a site's boundary (EPSG:6933) is only a circle drawn round its point.

    It is one polygon without holes, of the rule's area, with vertices enough, that all lie equally far from the middle:
    in metres, in EPSG:6933, or once it is stretched by at most ``_STRETCH``, as a circle is in another projection.
    """
    return placeholders([shape], rule)[0]


def placeholders(shapes: Sequence[Geometry], rule: Mapping[str, Any]) -> list[bool]:
    """``is_placeholder`` for many at once."""
    known = np.empty(len(shapes), dtype=object)
    known[:] = shapes
    off = np.abs(geometry.areas(known) / rule["area_m2"] - 1)
    found = [False] * len(shapes)
    rings: dict[int, np.ndarray] = {}
    for n in np.flatnonzero(off <= rule["area_tolerance_share"]).tolist():
        if geometry.vertex_count(shapes[n]) > rule["vertices_at_least"]:
            several = geometry.rings(geometry.seamless(shapes[n]))
            if len(several) == 1:
                rings[n] = several[0][:-1]
    if rings:
        middles = geometry.unproject(np.array([ring.mean(axis=0) for ring in rings.values()])).tolist()
        for (n, ring), middle in zip(rings.items(), middles):
            found[n] = _is_circle(ring, middle, rule["radius_tolerance_share"])
    return found


def _is_circle(ring: np.ndarray, middle: Sequence[float], tolerance: float) -> bool:
    """``middle``: longitude and latitude of the ring's."""
    true = _centred(geometry.LocalPlane(*middle).from_metres(ring))
    if _is_round(true, tolerance) or _is_round(_centred(ring), tolerance):
        return True
    spread, axes = np.linalg.eigh(true.T @ true / len(true))
    return 0 < spread[1] <= _STRETCH**2 * spread[0] and _is_round(true @ axes / np.sqrt(spread), tolerance)


def _centred(ring: np.ndarray) -> np.ndarray:
    """The places of an open ring as seen from its centre of area."""
    # Near the origin the differences of products keep their digits.
    here = ring - ring[0]
    there = np.roll(here, -1, axis=0)
    cross = here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1]
    return here - ((here + there) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


def _is_round(centred: np.ndarray, tolerance: float) -> bool:
    radius = np.hypot(*centred.T)
    return bool(np.abs(radius - radius.mean()).max() <= tolerance * radius.mean())
