"""What an assessment says of single records, and of where ranges lie, is for the nominator's eyes: in a package only
their numbers go out.

Where a threatened species was recorded can be sensitive, and records come under terms of their own. Corners of ranges,
if only as boxes round their parts, are range-map geometry, which must not be passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Members of findings and of evidence that tell the place of a record.
_OF_RECORDS = {
    "irreplaceability.records_outside": ("records", "extent"),
    "discreteness.nearest_record_outside": ("lon", "lat", "extent"),
}

# Findings about where a taxon's world lies: their boxes have the corners of its range.
_OF_RANGES = "irreplaceability."


def without_places_of_records(document: Mapping[str, Any]) -> dict[str, Any]:
    """An ``aze-assessment/1`` document without places of records and of ranges; distances, areas and counts stay."""
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
    params = {key: value for key, value in finding["params"].items() if key not in hidden}
    return {**finding, "params": _without_boxes(params) if finding["code"].startswith(_OF_RANGES) else params}


def _without_boxes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_boxes(inner) for key, inner in value.items() if key != "extent"}
    return [_without_boxes(inner) for inner in value] if isinstance(value, (list, tuple)) else value
