"""What an assessment says of single records is for the nominator's eyes: in a package only their numbers go out.

Where a threatened species was recorded can be sensitive, and records come under terms of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Members of findings and of evidence that tell the place of a record.
_OF_RECORDS = {
    "irreplaceability.records_outside": ("records", "extent"),
    "discreteness.nearest_record_outside": ("lon", "lat", "extent"),
}


def without_places_of_records(document: Mapping[str, Any]) -> dict[str, Any]:
    """An ``aze-assessment/1`` document without the places of records; distances and counts stay."""
    return {**document, "assessments": [_assessment(one) for one in document["assessments"]]}


def _assessment(assessment: Mapping[str, Any]) -> dict[str, Any]:
    criteria = {}
    for name, criterion in assessment["criteria"].items():
        criteria[name] = {**criterion, "findings": [_finding(f) for f in criterion["findings"]]}
        nearest = criterion.get("evidence", {}).get("nearest_record")
        if nearest:
            kept = {key: value for key, value in nearest.items() if key not in ("lon", "lat")}
            criteria[name]["evidence"] = {**criterion["evidence"], "nearest_record": kept}
    species = [{**taxon, "findings": [_finding(f) for f in taxon["findings"]]} for taxon in assessment["species"]]
    return {**assessment, "criteria": criteria, "species": species}


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    hidden = _OF_RECORDS.get(finding["code"], ())
    return {**finding, "params": {key: value for key, value in finding["params"].items() if key not in hidden}}
