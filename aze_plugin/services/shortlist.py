"""The candidate list: taxa and sites that come near the threshold without passing it, and what each of them lacks.

AZE keeps such a list of near misses, from about half of a species upward, as better knowledge may turn them into sites.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..domain.criteria.settings import Settings
from . import spreadsheets, vocabulary
from .wording import text

COLUMNS = (
    "candidate", "verdict", "taxon_id", "scientific_name", "category", "status", "parameter", "segment",
    "low", "best", "high", "threshold", "short_by", "site_value", "global_value", "unit", "value_needed", "missing",
)  # fmt: skip


def rows(documents: Iterable[Mapping[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """A row for each taxon of ``aze-assessment/1`` documents that could trigger, is at least at the share of the
    candidate list by its leading parameter, and does not trigger; the highest share first.

    ``short_by`` is what its best share lacks, ``value_needed`` what the site would have to hold more, in ``unit``;
    ``missing`` says in a sentence or two what is needed for it to qualify.
    """
    found = []
    for document in documents:
        threshold = document["settings"]["threshold"]
        for assessment in document["assessments"]:
            for taxon in assessment["species"]:
                share = _leading(taxon)
                if taxon["trigger"] or taxon["category"] not in (*settings.threatened, *settings.reintroduction):
                    continue
                if taxon["rank"] != "species" or share["high"] < settings.candidate_share:
                    continue
                found.append(
                    {
                        **{column: share[column] for column in COLUMNS if column in share},
                        **{column: taxon[column] for column in COLUMNS if column in taxon},
                        "candidate": assessment["name"],
                        "verdict": assessment["verdict"],
                        "threshold": threshold,
                        "short_by": max(0.0, threshold - share["best"]),
                        "value_needed": max(0.0, threshold * share["global_value"] - share["site_value"]),
                        "missing": " ".join(_missing(assessment, taxon)),
                    }
                )
    return sorted(found, key=lambda row: (-row["best"], row["scientific_name"], row["candidate"]))


def as_csv(found: Iterable[Mapping[str, Any]], delimiter: str = ",") -> str:
    """The list as a table with a header, safe to open in a spreadsheet."""
    return spreadsheets.as_csv(COLUMNS, ([row[column] for column in COLUMNS] for row in found), delimiter)


def _leading(taxon: Mapping[str, Any]) -> Mapping[str, Any]:
    parts = [s for s in taxon["shares"] if (s["parameter"], s["segment"]) != ("range", "all")]
    return max(parts or taxon["shares"], key=lambda share: (share["best"], share["high"]))


def _missing(assessment: Mapping[str, Any], taxon: Mapping[str, Any]) -> list[str]:
    """What stands between a taxon and its being a trigger, in the order of the criteria."""
    wanted = (
        "irreplaceability.uncertain",
        "irreplaceability.near_miss",
        "irreplaceability.possibly_extinct_needs_evidence",
        "irreplaceability.reintroduction_needs_justification",
        "irreplaceability.grow_to_pass",
        "irreplaceability.growing_does_not_help",
        "irreplaceability.range_only",
        "irreplaceability.estimate_global_alone",
        "irreplaceability.estimate_site_alone",
    )
    by_code = {finding["code"]: finding["message"] for finding in taxon["findings"]}
    said = [by_code[code] for code in wanted if code in by_code]
    open_criteria = [
        vocabulary.word("criterion", name)
        for name, criterion in assessment["criteria"].items()
        if name != "irreplaceability" and criterion["status"] != "met"
    ]
    if open_criteria:
        said.append(text("shortlist.open_criteria", {"criteria": open_criteria, "count": len(open_criteria)}))
    return said
