"""Two assessments of one candidate beside each other: what became of every taxon's shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ShareChange:
    """One share of a taxon before and after (0 to 1); None where there was nothing to compute it from."""

    parameter: str
    segment: str
    basis: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class TaxonChange:
    """A taxon with the share that leads before and after: the one that decides, else the highest. None where the
    boundary does not meet the taxon at all, which is not the same as a share of zero. ``shares``: every one of them;
    ``status`` and ``trigger`` as pairs of before and after, None where it is not met."""

    scientific_name: str
    category: str
    before: float | None
    after: float | None
    status: tuple[str | None, str | None]
    trigger: tuple[bool | None, bool | None]
    shares: tuple[ShareChange, ...]

    @property
    def change(self) -> float | None:
        """What the leading share has gained (less than 0: lost); None where one of the two is not known."""
        return difference(self.before, self.after)


def difference(before: float | None, after: float | None) -> float | None:
    """What came to a value; None where one of the two is not known."""
    return None if before is None or after is None else after - before


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[TaxonChange]:
    """Changes between two members of ``assessments`` (``aze-assessment/1``), in the order of the later one, then what
    only the earlier has."""
    earlier = {taxon["taxon_id"]: taxon for taxon in before["species"]}
    later = {taxon["taxon_id"]: taxon for taxon in after["species"]}
    return [_change(earlier.get(key), later.get(key)) for key in dict.fromkeys([*later, *earlier])]


def _change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> TaxonChange:
    known = after if after is not None else before
    old, new = _shares(before), _shares(after)
    return TaxonChange(
        scientific_name=known["scientific_name"],
        category=known["category"],
        before=_leading(before),
        after=_leading(after),
        status=tuple(None if taxon is None else taxon["status"] for taxon in (before, after)),
        trigger=tuple(None if taxon is None else taxon["trigger"] for taxon in (before, after)),
        shares=tuple(ShareChange(*key, old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])),
    )


def _shares(taxon: Mapping[str, Any] | None) -> dict[tuple[str, str, str], float]:
    shares = taxon["shares"] if taxon is not None else ()
    return {(share["parameter"], share["segment"], share["basis"]): share["best"] for share in shares}


def _leading(taxon: Mapping[str, Any] | None) -> float | None:
    if taxon is None or not taxon["shares"]:
        return None
    deciding = [share["best"] for share in taxon["shares"] if share["deciding"]]
    return max(deciding or [share["best"] for share in taxon["shares"]])
