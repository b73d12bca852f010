"""The checks that reviewers of the proposal form make, but for those that the schema makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..findings import Finding, Severity, blocking, info, warning
from . import changes
from .completing import cover_label
from .model import (
    CATEGORY_LABELS,
    NAME_LENGTH,
    SENSITIVE,
    Known,
    Place,
    deciding_share,
    object_at,
    rows_at,
    text_at,
    triggers,
    value_at,
)

# How far figures on the form may lie from those of the geometry before a reviewer would send the form back.
_AREA_TOLERANCE_SHARE = 0.01
_PLACE_TOLERANCE_DEGREES = 0.01
# Maps and terrain models differ by so much without either being wrong.
_ALTITUDE_TOLERANCE_M = 50.0

# Lists of the form whose rows go down a classification, each level under the one above.
_LEVELS = (
    ("/threats/threats", ("level_1", "level_2", "level_3"), "nomination.threat_level"),
    ("/habitats/types", ("habitat", "level_2", "level_3"), "nomination.term_level"),
    ("/actions/ongoing", ("action", "level_2", "level_3"), "nomination.term_level"),
    ("/actions/needed", ("action", "level_2", "level_3"), "nomination.term_level"),
)

# Members that cite references by keys in square brackets, as the schema marks them (x-cites); ``*`` stands for every
# row. What names a source has to be found; in prose, brackets may be something else.
CITED = {
    "source": (
        "/delineation/boundary_source",
        "/update/changes/*/evidence",
        *(
            f"/biodiversity/species/*/{key}"
            for key in (
                "global_source",
                "evidence_of_presence",
                "reproductive_units_source",
                "site_source",
                "b3c_source",
                "aggregation_source",
            )
        ),
        "/biodiversity/ecosystems/*/ecosystem_source",
    ),
    "prose": (
        *(
            f"/site/{key}"
            for key in (
                "change_reason",
                "location_note",
                "rationale",
                "description",
                "additional_biodiversity",
                "notes",
            )
        ),
        "/delineation/rationale",
        "/delineation/manageability",
        "/update/changes/*/reason",
        *(
            f"/biodiversity/species/*/{key}"
            for key in ("global_notes", "reintroduction_justification", "reason", "notes")
        ),
        "/protection/customary_rights",
        "/protection/land_use",
        "/protection/oecm",
        "/consultation/expert",
        "/consultation/other",
    ),
}


def problems(
    nomination: Mapping[str, Any],
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    place: Place,
    evidence: Iterable[str] = (),
    known: Known | None = None,
    packaged: bool = True,
) -> list[Finding]:
    """What stands in the way of a final nomination (blocking), and what a reviewer will ask about (warning).

    ``nomination`` with its derived fields filled in. Every finding has a param ``field``, a JSON pointer. The schema
    is checked elsewhere; here is what a schema cannot say. ``known``: what the project's data say, where they are at
    hand; ``packaged``: whether places of sensitive species have been made coarse by now, if they ever are.
    """
    found: list[Finding] = []
    found += _about_assessment(nomination, assessment)
    found += _about_name(nomination, assessment)
    found += _about_texts(nomination)
    found += _about_species(nomination, assessment)
    found += _about_figures(nomination, coverage, place)
    found += _about_data(nomination, known or Known())
    found += changes.problems(nomination, assessment, place)
    found += _about_lists(nomination)
    found += _about_citations(nomination)
    found += _about_sensitive(nomination, packaged)
    found += _about_evidence(nomination, set(evidence))
    return found


def together(schema_problems: Iterable[Finding], found: Iterable[Finding]) -> list[Finding]:
    """All problems of a nomination: where a check says more than the schema why a field keeps it from being final, it
    speaks alone."""
    found = list(found)
    fields = {finding.params["field"] for finding in found if is_blocked([finding])}
    return [f for f in schema_problems if f.params["field"] not in fields or not is_blocked([f])] + found


def is_blocked(findings: Iterable[Finding]) -> bool:
    """Whether any finding keeps the nomination from being final."""
    return any(f.severity is Severity.BLOCKING for f in findings)


def _about_assessment(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> list[Finding]:
    found = []
    if assessment["verdict"] != "eligible":
        open_criteria = [name for name, c in assessment["criteria"].items() if c["status"] != "met"]
        code = "nomination.not_eligible" if assessment["verdict"] == "not_eligible" else "nomination.needs_evidence"
        found.append(blocking(code, field="", name=assessment["name"], criteria=open_criteria))
    return found


def _about_name(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> list[Finding]:
    pointer = "/site/international_name"
    name = value_at(nomination, pointer)
    if not isinstance(name, str) or not name.strip():
        return [blocking("nomination.name_missing", field=pointer)]
    found = []
    if "\n" in name or "\r" in name:
        found.append(blocking("nomination.name_lines", field=pointer))
    if len(name) > NAME_LENGTH:
        found.append(blocking("nomination.name_long", field=pointer, length=len(name), most=NAME_LENGTH))
    if not found and name.strip() != assessment["name"]:
        found.append(warning("nomination.name_differs", field=pointer, name=name.strip(), boundary=assessment["name"]))
    return found


def _about_texts(nomination: Mapping[str, Any]) -> list[Finding]:
    found = []
    for pointer, code in (
        ("/delineation/rationale", "nomination.rationale_missing"),
        ("/consultation/expert", "nomination.expert_consultation_missing"),
        ("/consultation/other", "nomination.other_consultation_missing"),
    ):
        if not text_at(nomination, pointer):
            found.append(blocking(code, field=pointer))
    for candidate, entry in object_at(nomination, "/statements/candidates").items():
        stated, written = text_at(entry, "/delineation_rationale"), text_at(nomination, "/delineation/rationale")
        if stated and written and stated != written:
            found.append(blocking("nomination.rationale_differs", field="/delineation/rationale", name=candidate))
    if text_at(nomination, "/proposer/consent") == "No":
        found.append(blocking("nomination.no_consent", field="/proposer/consent"))
    return found


def _about_species(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> list[Finding]:
    found = []
    known = {taxon["scientific_name"]: taxon for taxon in triggers(assessment)}
    rows = rows_at(nomination, "/biodiversity/species")
    if not rows and assessment["verdict"] == "eligible":
        found.append(blocking("nomination.no_species", field="/biodiversity/species"))
    seen = set()
    for n, row in enumerate(rows):
        at = f"/biodiversity/species/{n}"
        name = text_at(row, "/scientific_name")
        taxon = known.get(name)
        if name in seen:
            found.append(blocking("nomination.species_twice", field=f"{at}/scientific_name", taxon=name))
        seen.add(name)
        if taxon is None:
            found.append(blocking("nomination.species_no_trigger", field=f"{at}/scientific_name", taxon=name))
            continue
        if text_at(row, "/sis_id") != str(taxon["taxon_id"]):
            found.append(
                blocking("nomination.species_id", field=f"{at}/sis_id", taxon=name, expected=str(taxon["taxon_id"]))
            )
        expected = CATEGORY_LABELS.get(taxon["category"], taxon["category"])
        if text_at(row, "/category") != expected:
            found.append(blocking("nomination.species_category", field=f"{at}/category", taxon=name, expected=expected))
        percent = row.get("percent_at_site")
        if isinstance(percent, (int, float)) and not 0 < percent <= 100:
            found.append(blocking("nomination.percent", field=f"{at}/percent_at_site", taxon=name, value=percent))
        share = deciding_share(taxon)
        by_range = share is not None and share["parameter"] == "range" and taxon["route"] != "reintroduction"
        if by_range and not text_at(row, "/evidence_of_presence"):
            found.append(blocking("nomination.presence_missing", field=f"{at}/evidence_of_presence", taxon=name))
    return found


def _about_figures(nomination: Mapping[str, Any], coverage: Mapping[str, Any] | None, place: Place) -> list[Finding]:
    found = []
    area = value_at(nomination, "/site/area_km2")
    true_area = place.area_ha / 100
    if isinstance(area, (int, float)) and abs(area - true_area) > _AREA_TOLERANCE_SHARE * true_area:
        found.append(
            blocking("nomination.area_differs", field="/site/area_km2", given_ha=area * 100, measured_ha=place.area_ha)
        )
    for pointer, true in (("/site/latitude", place.latitude), ("/site/longitude", place.longitude)):
        given = value_at(nomination, pointer)
        # Degrees are compared round the circle: 180 and -180 are one meridian.
        if isinstance(given, (int, float)) and abs((given - true + 180) % 360 - 180) > _PLACE_TOLERANCE_DEGREES:
            found.append(blocking("nomination.place_differs", field=pointer, given=given, measured=round(true, 4)))
    low, high = value_at(nomination, "/site/altitude_min"), value_at(nomination, "/site/altitude_max")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        found.append(blocking("nomination.altitudes", field="/site/altitude_max", low=low, high=high))
    if coverage is None or coverage["both_pct"] is None:
        found.append(warning("nomination.cover_not_assessed", field="/protection/cover_percent"))
    else:
        given = value_at(nomination, "/protection/cover_class")
        expected = cover_label(coverage["both_pct"])
        if given != expected:
            found.append(
                blocking("nomination.cover_differs", field="/protection/cover_class", given=given, expected=expected)
            )
    return found


def _about_lists(nomination: Mapping[str, Any]) -> list[Finding]:
    found = []
    for key in ("ongoing", "needed"):
        chosen = [text_at(row, "/action") for row in rows_at(nomination, f"/actions/{key}")]
        if not chosen:
            found.append(blocking("nomination.actions_missing", field=f"/actions/{key}"))
        elif "None" in chosen and len(chosen) > 1:
            found.append(blocking("nomination.actions_none", field=f"/actions/{key}"))
    covers = [row.get("cover_percent") for row in rows_at(nomination, "/habitats/types")]
    total = sum(c for c in covers if isinstance(c, (int, float)))
    if total > 100 + 1e-9:
        found.append(blocking("nomination.habitats_over", field="/habitats/types", share=total / 100))
    for pointer, levels, code in _LEVELS:
        for n, row in enumerate(rows_at(nomination, pointer)):
            found += _about_levels(row, f"{pointer}/{n}", levels, code)
    keys = [text_at(row, "/key") for row in rows_at(nomination, "/references/items")]
    for key in sorted({k for k in keys if keys.count(k) > 1}):
        found.append(blocking("nomination.reference_twice", field="/references/items", key=key))
    return found


def _number(text: str) -> str:
    match = re.match(r"\s*(\d+(?:\.\d+)*)", text)
    return match.group(1) if match else ""


def _about_levels(row: Mapping[str, Any], at: str, members: tuple[str, ...], code: str) -> Iterator[Finding]:
    """Levels of a classification go from the general to the particular, and each belongs to the one above."""
    above = text_at(row, f"/{members[0]}")
    for member in members[1:]:
        here = text_at(row, f"/{member}")
        if here and (not above or not _number(above) or not _number(here).startswith(_number(above) + ".")):
            yield blocking(code, field=f"{at}/{member}", level=here, above=above or "–")
            return
        above = here


def _about_citations(nomination: Mapping[str, Any]) -> list[Finding]:
    """Keys in square brackets that no reference has."""
    keys = {text_at(row, "/key") for row in rows_at(nomination, "/references/items")}
    found = []
    for kind, patterns in CITED.items():
        for pattern in patterns:
            for pointer, said in _texts(nomination, pattern):
                cited = dict.fromkeys(key.strip() for key in re.findall(r"\[([^\[\]\r\n]{1,80})\]", said))
                for key in (key for key in cited if key and key not in keys):
                    say, code = (
                        (blocking, "nomination.citation")
                        if kind == "source"
                        else (warning, "nomination.citation_perhaps")
                    )
                    found.append(say(code, field=pointer, key=key))
    return found


def _texts(document: Any, pattern: str) -> Iterator[tuple[str, str]]:
    """Pointer and text of the members that a pattern such as ``/update/changes/*/evidence`` is about."""
    listed, star, member = pattern.partition("/*")
    if not star:
        yield pattern, text_at(document, pattern)
        return
    rows = value_at(document, listed)
    for n, row in enumerate(rows if isinstance(rows, list) else ()):
        yield f"{listed}/{n}{member}", text_at(row, member)


def _about_sensitive(nomination: Mapping[str, Any], packaged: bool) -> Iterator[Finding]:
    """Sensitive species whose place the package would tell exactly."""
    protected = object_at(nomination, "/generalised").get("taxa")
    protected = protected if isinstance(protected, list) else []
    for n, row in enumerate(rows_at(nomination, "/biodiversity/species")):
        name = text_at(row, "/scientific_name")
        if row.get("sensitive") not in SENSITIVE or name in protected or "all" in protected:
            continue
        field = f"/biodiversity/species/{n}/sensitive"
        if packaged:
            yield blocking("nomination.sensitive_exact", field=field, taxon=name)
        else:
            yield info("nomination.sensitive_noted", field=field, taxon=name)


def _about_data(nomination: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    """What the nominator wrote against what the project's data say."""
    country, codes = text_at(nomination, "/site/iso3"), [code for _, code in known.countries if code]
    if country and codes and country not in codes:
        yield warning("nomination.country_differs", field="/site/iso3", given=country, expected=codes)
    derived = [habitat.habitat for habitat in known.habitats]
    if known.unread and [text_at(r, "/habitat") for r in rows_at(nomination, "/habitats/types")] == derived:
        classes = [f"{name} ({percent:g} %)" for name, percent in known.unread]
        yield info("nomination.habitats_unread", field="/habitats/types", classes=classes)
    if known.altitudes_m is not None:
        for key, measured in zip(("altitude_min", "altitude_max"), known.altitudes_m):
            given = value_at(nomination, f"/site/{key}")
            if isinstance(given, (int, float)) and abs(given - measured) > _ALTITUDE_TOLERANCE_M:
                yield warning(
                    "nomination.altitude_differs", field=f"/site/{key}", given=round(given), measured=round(measured)
                )


def _about_evidence(nomination: Mapping[str, Any], attached: set[str]) -> list[Finding]:
    found = []
    for n, row in enumerate(rows_at(nomination, "/evidence/files")):
        name = text_at(row, "/file")
        if name and name not in attached:
            found.append(blocking("nomination.evidence_missing", field=f"/evidence/files/{n}/file", file=name))
    return found
