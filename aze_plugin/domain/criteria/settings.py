"""The rules in force for one check: thresholds, operators and filters, from ``resources/criteria``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import AzeError
from ..geometry import EQUAL_AREA_CRS
from ..redlist import Origin, Presence


@dataclass(frozen=True)
class RecordFilter:
    """Which records count: none whose place is uncertain by more than ``max_uncertainty_m``, from before
    ``since_year``, or of a basis in ``bases_left_out`` (Darwin Core's terms as GBIF writes them, ``FOSSIL_SPECIMEN``).

    A record that does not say its uncertainty, year or basis counts; None filters nothing.
    """

    max_uncertainty_m: float | None
    since_year: int | None
    bases_left_out: tuple[str, ...]

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> RecordFilter:
        """The filter from the ``records`` member of the rules file."""
        limit, since = rules["max_uncertainty_m"], rules["since_year"]
        return cls(
            None if limit is None else float(limit),
            None if since is None else int(since),
            tuple(sorted(rules["bases_left_out"])),
        )

    def as_json(self) -> dict[str, Any]:
        """As in the rules file."""
        return {
            "max_uncertainty_m": self.max_uncertainty_m,
            "since_year": self.since_year,
            "bases_left_out": list(self.bases_left_out),
        }


@dataclass(frozen=True)
class Settings:
    """Thresholds, operators and range-map filters; see ``resources/criteria/aze.json`` for their sources.

    ``authority_list`` names the national list of the library whose categories count; with ``""`` the global Red List's
    do. ``authority`` is what results call the list.
    """

    threshold: float
    aze_operator: str
    a1e_operator: str
    equal_within: float
    sole_area_within: float
    presence: tuple[int, ...]
    origin: tuple[int, ...]
    historic_presence: tuple[int, ...]
    threatened: tuple[str, ...]
    reintroduction: tuple[str, ...]
    outdated_after_years: int
    candidate_share: float
    overlap_tolerance_m2: float
    sliver_share: float
    few_records: int
    digitizing_error_m: float
    largest_growth_m: float
    oversize_factor: float
    authority: str
    records: RecordFilter
    authority_list: str = ""

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> Settings:
        """Settings from the parsed rules file."""
        discreteness = rules["discreteness"]
        return cls(
            threshold=float(rules["threshold"]),
            aze_operator=rules["aze_operator"],
            a1e_operator=rules["a1e_operator"],
            equal_within=float(rules["equal_within"]),
            sole_area_within=float(rules["sole_area_within"]),
            presence=tuple(rules["presence"]),
            origin=tuple(rules["origin"]),
            historic_presence=tuple(rules["historic_presence"]),
            threatened=tuple(rules["threatened"]),
            reintroduction=tuple(rules["reintroduction"]),
            outdated_after_years=int(rules["outdated_after_years"]),
            candidate_share=float(rules["candidate_share"]),
            overlap_tolerance_m2=float(discreteness["overlap_tolerance_m2"]),
            sliver_share=float(discreteness["sliver_share"]),
            few_records=int(rules["few_records"]),
            digitizing_error_m=float(rules["sensitivity"]["digitizing_error_m"]),
            largest_growth_m=float(rules["sensitivity"]["largest_growth_m"]),
            oversize_factor=float(discreteness["oversize_factor"]),
            authority=rules["authority"],
            records=RecordFilter.from_dict(rules["records"]),
        )

    def with_choices(
        self,
        threshold: float | None = None,
        presence: str | None = None,
        origin: str | None = None,
        authority: str | None = None,
        max_uncertainty_m: float | None = None,
        since_year: int | None = None,
        bases_left_out: str | None = None,
        digitizing_error_m: float | None = None,
    ) -> Settings:
        """These settings with a user's choices; None leaves a rule as it is.

        Code lists come as ``"1,2"``, ``authority`` is a national list's name, ``bases_left_out`` a list with commas. 0
        for the uncertainty and the year filters nothing. Raises AzeError ``settings.threshold``, ``settings.codes`` or
        ``settings.error`` for values that mean nothing.
        """
        chosen = self
        if threshold is not None:
            if not 0 < threshold <= 1:
                raise AzeError("settings.threshold", value=threshold)
            chosen = replace(chosen, threshold=float(threshold))
        if presence:
            chosen = replace(chosen, presence=_codes("PRESENCE", presence, max(Presence)))
        if origin:
            chosen = replace(chosen, origin=_codes("ORIGIN", origin, max(Origin)))
        if authority and authority.strip():
            name = " ".join(authority.split())
            chosen = replace(chosen, authority_list=name, authority=name)
        records = chosen.records
        if max_uncertainty_m is not None:
            records = replace(records, max_uncertainty_m=float(max_uncertainty_m) or None)
        if since_year is not None:
            records = replace(records, since_year=int(since_year) or None)
        if bases_left_out is not None:
            bases = {"_".join(part.split()).upper() for part in bases_left_out.split(",")}
            records = replace(records, bases_left_out=tuple(sorted(bases - {""})))
        if digitizing_error_m is not None:
            if not digitizing_error_m > 0:
                raise AzeError("settings.error", value=digitizing_error_m)
            chosen = replace(chosen, digitizing_error_m=float(digitizing_error_m))
        return replace(chosen, records=records)

    def presence_for(self, category: str) -> tuple[int, ...]:
        """Presence codes kept for a taxon: an extinct-in-the-wild one is judged by its historic range."""
        if category in self.reintroduction:
            return tuple(sorted(set(self.presence) | set(self.historic_presence)))
        return self.presence

    def as_json(self) -> dict[str, Any]:
        """The ``settings`` member of an assessment file."""
        return {
            "threshold": self.threshold,
            "aze_operator": self.aze_operator,
            "a1e_operator": self.a1e_operator,
            "presence": list(self.presence),
            "origin": list(self.origin),
            "area_crs": EQUAL_AREA_CRS,
            "authority": self.authority,
            "authority_list": self.authority_list,
            "records": self.records.as_json(),
            "digitizing_error_m": self.digitizing_error_m,
        }


def _codes(name: str, text: str, highest: int) -> tuple[int, ...]:
    try:
        codes = sorted({int(part) for part in text.replace(";", ",").split(",") if part.strip()})
    except ValueError:
        codes = []
    if not codes or codes[0] < 1 or codes[-1] > highest:
        raise AzeError("settings.codes", name=name, value=text, highest=int(highest))
    return tuple(codes)
