"""A national list in place of the global Red List: the same taxa with the categories that the list gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..domain.errors import AzeError
from ..domain.species import Taxon
from .store import Reader
from .store import assessments as store


@dataclass(frozen=True)
class NationalList:
    """What a national list of a library says, by taxon id; ``listed`` puts a taxon in its terms."""

    name: str
    entries: Mapping[str, Mapping]

    @classmethod
    def load(cls, reader: Reader, name: str) -> NationalList:
        """The list of that very name, as results repeat it. Raises AzeError ``library.no_such_authority``."""
        available = store.authorities(reader)
        if name not in available:
            code = "library.no_such_authority" if available else "library.no_authorities"
            raise AzeError(code, authority=name, available=available, file=reader.path)
        # The best row of a taxon comes last and stays.
        return cls(name, {row["taxon_id"]: row for row in store.of_list(reader, name)})

    def listed(self, taxon: Taxon) -> Taxon:
        """The taxon with this list's category, criteria, year and flags; one that is not on the list is NE."""
        entry = self.entries.get(taxon.taxon_id)
        return replace(
            taxon,
            category=entry["category"] if entry else "NE",
            category_source="national" if entry else "none",
            possibly_extinct=bool(entry and entry["possibly_extinct"]),
            possibly_extinct_in_the_wild=bool(entry and entry["possibly_extinct_in_the_wild"]),
            criteria=entry["criteria"] if entry else "",
            year=entry["year"] if entry else None,
        )
