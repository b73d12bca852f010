"""Which field of a file plays which role, whatever the file calls it.

The names each role goes by are data: ``resources/schemas/fields.json``, one section for each kind of file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# A shapefile's attribute table holds ten characters of a field's name.
_SHAPEFILE_LENGTH = 10


def resolve(names: Iterable[str], aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The field for each role that can be told; roles without a field are left out.

    ``names``: a file's field names; ``aliases``: for each role the names it goes by, the best first. Letter case does
    not matter, and a name of ten characters also stands for a longer alias that starts with it, as shapefiles cut
    names. Whole names are matched before cut ones, and no field plays two roles.
    """
    by_lower: dict[str, str] = {}
    for name in names:
        by_lower.setdefault(name.strip().lower(), name)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for cut in (False, True):
        for role, candidates in aliases.items():
            if role in found:
                continue
            for alias in candidates:
                key = alias.lower()
                if cut:
                    if len(key) <= _SHAPEFILE_LENGTH:
                        continue
                    key = key[:_SHAPEFILE_LENGTH]
                if key in by_lower and by_lower[key] not in taken:
                    found[role] = by_lower[key]
                    taken.add(by_lower[key])
                    break
    return {role: found[role] for role in aliases if role in found}
