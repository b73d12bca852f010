"""Scientific names as records give them, brought to the binomial by which range maps and assessments know a species.

What follows the binomial is left out: authorship, subspecies, varieties and forms, whose records are the species'.
What does not name one species gives nothing: higher ranks and bare genera, open nomenclature (``sp.``, ``cf.``,
``aff.``: the identification is not certain, or says outright that it is another species), several species at once and
hybrids of two. A hybrid with a name of its own (``Mentha × piperita``) is taken by that name, without the sign.
"""

from __future__ import annotations

import re
import unicodedata

from . import values

# Signs of open nomenclature (Sigovini et al. 2016), and words that stand where nothing was identified.
_OPEN = frozenset(
    ("sp", "spp", "spec", "ssp", "subsp", "cf", "cfr", "conf", "aff", "affin", "nr", "near", "gr", "group")
    + ("indet", "indeterminate", "ined", "nov", "?", "x")
)
_NOBODY = frozenset(
    ("incertae", "unidentified", "unknown", "unclassified", "uncultured", "indet", "indeterminate", "undetermined")
)
# Words of an authorship that begin in lower case: none of them is an epithet.
_OF_AUTHORS = frozenset(
    ("de", "da", "do", "dos", "di", "du", "del", "della", "des", "la", "le", "van", "von", "vom", "zu", "zur", "der")
    + ("den", "het", "ten", "ter", "af", "el", "al", "ex", "et", "and", "und", "in", "non", "nec", "not", "auct")
    + ("auctt", "sensu", "fil", "emend", "vel", "or")
)
_GENUS = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*")
# Epithets may begin with a number (7-punctata) and hold hyphens and, in older spellings, an apostrophe.
_EPITHET = re.compile(r"(?:\d+-)?[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")
_AROUND = "†‡*\"'“”‘’[]"
_SIGNS = {"×", "x", "X", "✕", "☓"}


def binomial(name: object) -> str:
    """``Genus epithet`` of a scientific name; ``""`` for what does not name one species."""
    words = _words(name)
    if len(words) < 2 or not _GENUS.fullmatch(words[0]) or words[0].lower() in _NOBODY:
        return ""
    genus, rest = words[0], words[1:]
    if rest[0].startswith("("):
        # A subgenus, or the author of a genus; brackets may hold several words.
        _, _, after = " ".join(rest).partition(")")
        rest = after.split()
    if rest and rest[0] in _SIGNS:
        rest = rest[1:]
    elif len(rest) > 1 and any(word in _SIGNS for word in rest):
        # The sign further on stands between two parents.
        return ""
    if not rest:
        return ""
    shouted = not any(letter.islower() for letter in " ".join(words))
    epithet = rest[0]
    if shouted and epithet.endswith(",") and len(rest) > 1:
        # All in capitals: "PANTHERA OKEN, 1816" is a genus with its author.
        return ""
    epithet = epithet.rstrip(",;")
    if not shouted and epithet[:1].isupper():
        return ""
    epithet = epithet.lower()
    if not _EPITHET.fullmatch(epithet) or epithet in _OPEN or epithet in _OF_AUTHORS or _is_open(rest[1:2]):
        return ""
    return f"{genus[0].upper()}{genus[1:].lower()} {epithet}"


def is_uncertain(name: object) -> bool:
    """Whether a name says itself that the species is not certain, or that there are two: other columns do not help."""
    words = _words(name)
    signs = (word.rstrip(".").lower() in _OPEN or word in _SIGNS or "?" in word or "/" in word for word in words[1:3])
    return any(signs) and not binomial(name)


def of_parts(genus: object, epithet: object) -> str:
    """The binomial of a genus and an epithet in columns of their own; ``""`` where they do not name a species.

    Some exports put the whole binomial into the column of the epithet.
    """
    genus, epithet = values.plain(genus), values.plain(epithet)
    if not epithet:
        return ""
    whole = binomial(epithet) if " " in epithet else ""
    return whole or binomial(f"{genus} {epithet}")


def _words(name: object) -> list[str]:
    found = unicodedata.normalize("NFC", values.plain(name)).replace("_", " ")
    # The sign of a hybrid may stick to what follows it; what may be around a whole name is no part of it.
    found = found.replace("×", " × ").strip(_AROUND)
    words = [word.strip(_AROUND) for word in found.split()]
    words = [word for word in words if word]
    if len(words) > 2 and words[0] in _SIGNS:
        # A hybrid genus.
        words = words[1:]
    return words


def _is_open(following: list[str]) -> bool:
    """Whether the word behind an epithet takes it back: "leo cf. persica" does not, "leo ?" and "leo vel" do."""
    return bool(following) and following[0].rstrip(".").lower() in ("?", "vel", "or", "group", "gr")
