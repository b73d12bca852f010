"""Red List categories, range-map codes, and how they are read from what users have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum


class Presence(IntEnum):
    """Presence codes of Red List range maps."""

    EXTANT = 1
    PROBABLY_EXTANT = 2
    POSSIBLY_EXTANT = 3
    POSSIBLY_EXTINCT = 4
    EXTINCT = 5
    UNCERTAIN = 6
    EXPECTED = 7


class Origin(IntEnum):
    """Origin codes of Red List range maps."""

    NATIVE = 1
    REINTRODUCED = 2
    INTRODUCED = 3
    VAGRANT = 4
    UNCERTAIN = 5
    ASSISTED = 6


class Season(IntEnum):
    """Seasonality codes of Red List range maps."""

    RESIDENT = 1
    BREEDING = 2
    NON_BREEDING = 3
    PASSAGE = 4
    UNCERTAIN = 5


# Most threatened first: the order in which taxa are listed.
CATEGORIES = ("EX", "EW", "RE", "CR", "EN", "VU", "LR/cd", "NT", "LR/nt", "LC", "LR/lc", "DD", "NA", "NE")

_WORDS = {
    "extinct": "EX",
    "extinctinthewild": "EW",
    "regionallyextinct": "RE",
    "criticallyendangered": "CR",
    "endangered": "EN",
    "vulnerable": "VU",
    "nearthreatened": "NT",
    "leastconcern": "LC",
    "datadeficient": "DD",
    "notevaluated": "NE",
    "notapplicable": "NA",
    "lowerriskconservationdependent": "LR/cd",
    "lowerrisknearthreatened": "LR/nt",
    "lowerriskleastconcern": "LR/lc",
}
_CODES = {re.sub("[^a-z]", "", code.lower()): code for code in CATEGORIES}
# Codes that early releases of the range maps use in place of the LR ones.
_CODES.update({"cd": "LR/cd"})


@dataclass(frozen=True)
class Category:
    """A Red List category with the two flags that range maps sometimes write into it."""

    code: str
    possibly_extinct: bool = False
    possibly_extinct_in_the_wild: bool = False


def parse_category(text: object) -> Category | None:
    """Read a category from a code, a full word, or a code with a flag: ``CR``, ``Endangered``, ``CR(PE)``.

    None for an empty value and for a word that is no category.
    """
    raw = "" if text is None else str(text).strip()
    flag = re.search(r"\((PEW?)\)\s*$", raw, re.IGNORECASE)
    bare = re.sub(r"\([^)]*\)\s*$", "", raw) if flag or re.search(r"\([A-Za-z/]{2,5}\)\s*$", raw) else raw
    letters = re.sub("[^a-z]", "", bare.lower())
    code = _CODES.get(letters) or _WORDS.get(letters)
    if code is None:
        return None
    marked = flag.group(1).upper() if flag else ""
    return Category(code, marked == "PE", marked == "PEW")


def sort_key(category: str) -> tuple[int, int]:
    """Order of taxa in a result: CR, EN and EW first, then VU, then the rest by threat."""
    if category in ("CR", "EN", "EW"):
        return 0, ("CR", "EN", "EW").index(category)
    if category == "VU":
        return 1, 0
    return 2, CATEGORIES.index(category) if category in CATEGORIES else len(CATEGORIES)
