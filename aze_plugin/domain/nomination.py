"""What is proposed: filling in what the plugin knows, and what still stands in the way of a final nomination.

A nomination is the plain JSON of ``resources/schemas/nomination.schema.json``; fields are named by JSON pointers such
as ``/site/international_name``. The checks are those that reviewers of the multi-site proposal form make.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .findings import Finding, Severity, blocking, warning

SCHEMA = "aze-nomination/1"
STATEMENTS_SCHEMA = "aze-statements/1"
NAME_LENGTH = 255
FOLDER_LENGTH = 60

# How far figures on the form may lie from those of the geometry before a reviewer would send the form back.
_AREA_TOLERANCE_SHARE = 0.01
_PLACE_TOLERANCE_DEGREES = 0.01
# Parts of a site smaller than this share of it do not count when boundaries are compared (the form's own rule).
SLIVER_SHARE = 0.001

SECTIONS = (
    "proposer",
    "site",
    "delineation",
    "biodiversity",
    "actions",
    "habitats",
    "threats",
    "protection",
    "consultation",
    "statements",
    "references",
    "evidence",
)
CATEGORY_LABELS = {
    "CR": "Critically Endangered (CR)",
    "EN": "Endangered (EN)",
    "EW": "Extinct in the Wild (EW)",
    "VU": "Vulnerable (VU)",
}
PARAMETER_LABELS = {
    "mature_individuals": "(i) number of mature individuals",
    "aoo": "(ii) area of occupancy",
    "esh": "(iii) extent of suitable habitat",
    "range": "(iv) range",
    "localities": "(v) number of localities",
}
CELL_KM2 = 4.0
SEASON_LABELS = {
    "all": "All",
    "resident": "Resident",
    "breeding": "Breeding",
    "non_breeding": "Non-breeding",
    "passage": "Passage",
}
RELATION_LABELS = {
    "none": "KBA boundary does not intersect any PA boundaries",
    "follows": "KBA boundary exactly follows a PA boundary",
    "overlaps": "KBA overlaps one or more PA boundaries",
    "contains": "KBA contains one or more PA boundaries",
}
_SPECIES_STATEMENTS = ("evidence_of_presence", "reintroduction_justification")
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}


@dataclass(frozen=True)
class Place:
    """What the boundary says of itself.

    ``area_ha``: ellipsoidal; ``longitude``, ``latitude``: mid-point in degrees, WGS 84; ``relation``: a key of
    RELATION_LABELS, None where no protected areas were given.
    """

    area_ha: float
    longitude: float
    latitude: float
    relation: str | None = None


# ------------------------------------------------------------------------------------------------------- names


def ascii_name(name: str, length: int = FOLDER_LENGTH, fallback: str = "site") -> str:
    """A name that every file system takes: ASCII letters, digits, ``-`` and ``_``, at most ``length`` of them.

    Accents are dropped from Latin letters; everything else becomes ``_``.
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9-]", "_", plain)).strip("_-")[:length].rstrip("_-")
    if not plain:
        return fallback
    return f"{plain}_" if plain.lower() in _RESERVED else plain


def folder_name(nomination: Mapping[str, Any]) -> str:
    """Name of the package's folder, from the international name."""
    name = _at(nomination, "/site/international_name")
    return ascii_name(name if isinstance(name, str) else "")


def _at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer, None where there is none."""
    value = document
    for key in pointer.split("/")[1:]:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _object(document: Any, pointer: str) -> Mapping[str, Any]:
    value = _at(document, pointer)
    return value if isinstance(value, Mapping) else {}


def _text(document: Any, pointer: str) -> str:
    value = _at(document, pointer)
    return value.strip() if isinstance(value, str) else ""


def _rows(document: Any, pointer: str) -> list[Mapping[str, Any]]:
    value = _at(document, pointer)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


# -------------------------------------------------------------------------------------------------- statements


def statements_for(nomination: Mapping[str, Any], candidate: str) -> dict[str, Any]:
    """The nominator's statements about one candidate, in the shape ``aze-statements/1``.

    They stand in the member ``statements`` under the candidate's name or the site's international name. Where one is
    missing there, the same text in the form's own field (rationale, evidence, reintroduction) counts.
    """
    stated: Mapping[str, Any] = {}
    by_candidate = _object(nomination, "/statements/candidates")
    for name in (candidate, _text(nomination, "/site/international_name")):
        if isinstance(by_candidate.get(name), Mapping):
            stated = by_candidate[name]
            break
    species = {
        name: {key: _text(said, f"/{key}") for key in _SPECIES_STATEMENTS if _text(said, f"/{key}")}
        for name, said in _object(stated, "/species").items()
    }
    for row in _rows(nomination, "/biodiversity/species"):
        for key in _SPECIES_STATEMENTS:
            if _text(row, f"/{key}"):
                species.setdefault(_text(row, "/scientific_name"), {}).setdefault(key, _text(row, f"/{key}"))
    entry = {
        "delineation_rationale": _text(stated, "/delineation_rationale") or _text(nomination, "/delineation/rationale")
    }
    entry["species"] = {name: said for name, said in sorted(species.items()) if said}
    return {"schema": STATEMENTS_SCHEMA, "candidates": {candidate: entry}}


# ------------------------------------------------------------------------------------------------- filling in


def triggers(assessment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The taxa of an assessment that make the site qualify."""
    return [taxon for taxon in assessment["species"] if taxon["trigger"]]


def deciding_share(taxon: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The share that decided for a taxon; its best one where none is marked; None where it has none."""
    shares = taxon["shares"]
    marked = [s for s in shares if s.get("deciding")]
    met = marked or [s for s in shares if s["status"] == "met"]
    return max(met or shares, key=lambda s: s["best"], default=None)


def national_authority(assessment: Mapping[str, Any]) -> str:
    """The national list whose categories an assessment follows; ``""`` where it is the global Red List."""
    findings = _rows(assessment, "/criteria/endangerment/findings")
    said = next((f for f in findings if f.get("code") == "endangerment.national_authority"), None)
    return _text(said, "/params/authority") if said else ""


def complete(
    nomination: Mapping[str, Any],
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    place: Place,
    sources: Iterable[Mapping[str, Any]],
    evidence: Iterable[str] = (),
) -> dict[str, Any]:
    """A copy of the nomination with the derived fields filled in; what the nominator wrote is never overwritten.

    ``assessment``: one member of ``assessments``; ``coverage``: one member of the cover's ``sites``, None where no
    protected areas were given; ``sources``: the assessment's; ``evidence``: names of the nominator's files.
    """
    filled = copy.deepcopy(dict(nomination))
    for section in SECTIONS:
        # The schema check speaks of a section that is no object; nothing can be read from it or filled into it.
        if not isinstance(filled.get(section, {}), dict):
            del filled[section]
    for section in ("site", "delineation", "biodiversity", "protection"):
        filled.setdefault(section, {})
    statements = statements_for(nomination, assessment["name"])
    filled["statements"] = statements
    entry = statements["candidates"][assessment["name"]]
    taxa = triggers(assessment)
    authority = national_authority(assessment)

    site = filled["site"]
    _fill(site, "a1", "Yes" if assessment["a1e"] == "met" else "No")
    _fill(site, "area_km2", round(place.area_ha / 100, 4))
    _fill(site, "latitude", round(place.latitude, 4))
    _fill(site, "longitude", round(place.longitude, 4))
    if taxa:
        _fill(site, "rationale", " ".join(_rationale(taxon, authority) for taxon in taxa))

    if entry["delineation_rationale"]:
        _fill(filled["delineation"], "rationale", entry["delineation_rationale"])
    _fill(filled["delineation"], "boundary_attached", "Yes")

    rows = _rows(filled, "/biodiversity/species")
    by_name = {_text(row, "/scientific_name"): row for row in rows}
    citation = "; ".join(_cited(s) for s in sources)
    for taxon in taxa:
        row = by_name.get(taxon["scientific_name"])
        if row is None:
            row = {"scientific_name": taxon["scientific_name"]}
            rows.append(row)
        _fill_species(row, taxon, entry["species"].get(taxon["scientific_name"], {}), citation)
        if authority:
            _fill(row, "other_threat_listing", authority)
    filled["biodiversity"]["species"] = rows

    if coverage is not None and coverage["both_pct"] is not None:
        protection = filled["protection"]
        _fill(protection, "cover_percent", round(coverage["both_pct"], 4))
        _fill(protection, "cover_class", cover_label(coverage["both_pct"]))
        _fill(protection, "protected_areas", "; ".join(_named(a) for a in coverage["protected_areas"]) or "None")
        if place.relation:
            _fill(protection, "relation", RELATION_LABELS[place.relation])

    files = _rows(filled, "/evidence/files")
    listed = {_text(row, "/file") for row in files}
    files += [{"file": name} for name in evidence if name not in listed]
    if files:
        filled["evidence"] = {"files": files}
    return filled


def _fill(section: dict[str, Any], key: str, value: Any) -> None:
    if section.get(key) in (None, ""):
        section[key] = value


def _fill_species(row: dict[str, Any], taxon: Mapping[str, Any], stated: Mapping[str, str], citation: str) -> None:
    share = deciding_share(taxon)
    _fill(row, "sis_id", taxon["taxon_id"])
    for key, member in (("common_name", "common_name"), ("group", "group")):
        if taxon.get(member):
            _fill(row, key, taxon[member])
    if taxon["category"] in CATEGORY_LABELS:
        _fill(row, "category", CATEGORY_LABELS[taxon["category"]])
    _fill(row, "criteria", "A1e" if taxon.get("a1e", "met") == "met" and taxon["category"] != "EW" else "AZE only")
    for key in _SPECIES_STATEMENTS:
        if stated.get(key):
            _fill(row, key, stated[key])
    if share is None:
        return
    _fill(row, "parameter", PARAMETER_LABELS[share["parameter"]])
    _fill(row, "seasonal", SEASON_LABELS[share["segment"]])
    _fill(row, "percent_at_site", round(min(100.0, 100 * share["best"]), 4))
    told = {e["scope"]: e for e in taxon.get("estimates", ()) if _same_measure(e, share)}
    for side in ("global", "site"):
        estimate = told.get(side) if share.get("basis") == "estimate" else None
        bounds = estimate or dict.fromkeys(("low", "best", "high"), share[f"{side}_value"])
        for column, bound in (("min", "low"), ("best", "best"), ("max", "high")):
            _fill(row, f"{side}_{column}", _shown(bounds[bound], share["parameter"]))
        source = (estimate or {}).get("origin") or citation
        if source:
            _fill(row, f"{side}_source", source)
    year = (told.get("site") or {}).get("year") if share.get("basis") == "estimate" else None
    if year:
        _fill(row, "site_year", year)
    latest = (taxon.get("records") or {}).get("latest_year")
    if latest:
        _fill(row, "latest_year", latest)
    if share.get("basis", "range_map") in _DERIVATIONS:
        _fill(row, "site_derivation", _DERIVATIONS[share.get("basis", "range_map")])


# How the value at the site came about, by what it rests on; an estimate's own source says it.
_DERIVATIONS = {
    "range_map": "Dissolved range map cut to the boundary, measured in EPSG:6933.",
    "records": "Records inside the boundary, counted in cells of 2 × 2 km (EPSG:6933) or as distinct places.",
    "habitat": "Area-of-habitat raster cut to the boundary, each cell by its covered fraction and true size.",
}


def _same_measure(estimate: Mapping[str, Any], share: Mapping[str, Any]) -> bool:
    return (estimate["parameter"], estimate["segment"]) == (share["parameter"], share["segment"])


def _shown(value: float, parameter: str) -> float:
    """Areas in km² to the square metre, an area of occupancy by the 4 km² of each cell; counts as they are."""
    if parameter in ("esh", "range"):
        return round(value / 1e6, 6)
    return round(value * CELL_KM2 if parameter == "aoo" else value, 6)


def _cited(source: Mapping[str, Any]) -> str:
    return source.get("citation") or " ".join(filter(None, (source.get("name"), source.get("version"))))


def _named(area: Mapping[str, Any]) -> str:
    return f"{area['name']} ({area['pct']:.1f} %)"


def _rationale(taxon: Mapping[str, Any], authority: str = "") -> str:
    share = deciding_share(taxon)
    name, category = taxon["scientific_name"], CATEGORY_LABELS.get(taxon["category"], taxon["category"])
    if authority:
        category += f" by {authority}"
    if taxon["route"] == "reintroduction" or share is None:
        return f"{name}, {category}: proposed site for its reintroduction."
    parameter = PARAMETER_LABELS[share["parameter"]].partition(") ")[2]
    if taxon["route"] == "sole_area":
        return f"{name}, {category}: its only known area, by {parameter}."
    part = "" if share["segment"] == "all" else f"{SEASON_LABELS[share['segment']].lower()} "
    return f"{name}, {category}: {100 * share['best']:.2f} % of its {part}population, by {parameter}."


def cover_label(percent: float) -> str:
    """The form's class of a cover of 0 to 100 %: cuts at 0.5, 10.5, … 90.5 and 99.5."""
    if percent < 0.5:
        return "0% - completely unprotected"
    if percent >= 99.5:
        return "100% - completely protected"
    if percent >= 90.5:
        return "91-99%"
    step = int((percent - 0.5) // 10)
    return f"{10 * step + 1}-{10 * (step + 1)}%"


def relation(shares_of_site: Iterable[tuple[float, float]]) -> str:
    """How a site lies to protected areas: a key of RELATION_LABELS.

    For each protected area: the share of the site that it holds, and its own part outside the site, as a share of the
    site's area as well. Slivers (under SLIVER_SHARE) do not count.
    """
    found = set()
    for inside, beyond in shares_of_site:
        if inside < SLIVER_SHARE:
            continue
        if beyond >= SLIVER_SHARE:
            found.add("overlaps")
        elif inside > 1 - SLIVER_SHARE:
            found.add("follows")
        else:
            found.add("contains")
    for kind in ("follows", "overlaps", "contains"):
        if kind in found:
            return kind
    return "none"


# ----------------------------------------------------------------------------------------------------- checks


def problems(
    nomination: Mapping[str, Any],
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    place: Place,
    evidence: Iterable[str] = (),
) -> list[Finding]:
    """What stands in the way of a final nomination (blocking), and what a reviewer will ask about (warning).

    ``nomination`` with its derived fields filled in. Every finding has a param ``field``, a JSON pointer. The schema
    is checked elsewhere; here is what a schema cannot say.
    """
    found: list[Finding] = []
    found += _about_assessment(nomination, assessment)
    found += _about_name(nomination, assessment)
    found += _about_texts(nomination)
    found += _about_species(nomination, assessment)
    found += _about_figures(nomination, coverage, place)
    found += _about_lists(nomination)
    found += _about_evidence(nomination, set(evidence))
    return found


def is_blocked(findings: Iterable[Finding]) -> bool:
    """Whether any finding keeps the nomination from being final."""
    return any(f.severity is Severity.BLOCKING for f in findings)


def _about_assessment(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> list[Finding]:
    found = []
    if assessment["verdict"] != "eligible":
        open_criteria = [name for name, c in assessment["criteria"].items() if c["status"] != "met"]
        code = "nomination.not_eligible" if assessment["verdict"] == "not_eligible" else "nomination.needs_evidence"
        found.append(blocking(code, field="", name=assessment["name"], criteria=open_criteria))
    overlaps = [
        f for f in assessment["criteria"]["discreteness"]["findings"] if f["code"].startswith("discreteness.overlap")
    ]
    if overlaps and _text(nomination, "/site/purpose").startswith("Propose a new KBA that does not intersect"):
        found.append(warning("nomination.purpose_overlap", field="/site/purpose"))
    return found


def _about_name(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> list[Finding]:
    pointer = "/site/international_name"
    name = _at(nomination, pointer)
    if not isinstance(name, str) or not name.strip():
        return [blocking("nomination.name_missing", field=pointer)]
    found = []
    if "\n" in name or "\r" in name:
        found.append(blocking("nomination.name_lines", field=pointer))
    if len(name) > NAME_LENGTH:
        found.append(blocking("nomination.name_long", field=pointer, length=len(name), most=NAME_LENGTH))
    if name.strip() != assessment["name"]:
        found.append(warning("nomination.name_differs", field=pointer, name=name.strip(), boundary=assessment["name"]))
    return found


def _about_texts(nomination: Mapping[str, Any]) -> list[Finding]:
    found = []
    for pointer, code in (
        ("/delineation/rationale", "nomination.rationale_missing"),
        ("/consultation/expert", "nomination.expert_consultation_missing"),
        ("/consultation/other", "nomination.other_consultation_missing"),
    ):
        if not _text(nomination, pointer):
            found.append(blocking(code, field=pointer))
    for candidate, entry in _object(nomination, "/statements/candidates").items():
        stated, written = _text(entry, "/delineation_rationale"), _text(nomination, "/delineation/rationale")
        if stated and written and stated != written:
            found.append(blocking("nomination.rationale_differs", field="/delineation/rationale", name=candidate))
    if _text(nomination, "/proposer/consent") == "No":
        found.append(blocking("nomination.no_consent", field="/proposer/consent"))
    return found


def _about_species(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> list[Finding]:
    found = []
    known = {taxon["scientific_name"]: taxon for taxon in triggers(assessment)}
    rows = _rows(nomination, "/biodiversity/species")
    if not rows and assessment["verdict"] == "eligible":
        found.append(blocking("nomination.no_species", field="/biodiversity/species"))
    seen = set()
    for n, row in enumerate(rows):
        at = f"/biodiversity/species/{n}"
        name = _text(row, "/scientific_name")
        taxon = known.get(name)
        if name in seen:
            found.append(blocking("nomination.species_twice", field=f"{at}/scientific_name", taxon=name))
        seen.add(name)
        if taxon is None:
            found.append(blocking("nomination.species_no_trigger", field=f"{at}/scientific_name", taxon=name))
            continue
        if _text(row, "/sis_id") != str(taxon["taxon_id"]):
            found.append(
                blocking("nomination.species_id", field=f"{at}/sis_id", taxon=name, expected=str(taxon["taxon_id"]))
            )
        expected = CATEGORY_LABELS.get(taxon["category"], taxon["category"])
        if _text(row, "/category") != expected:
            found.append(blocking("nomination.species_category", field=f"{at}/category", taxon=name, expected=expected))
        percent = row.get("percent_at_site")
        if isinstance(percent, (int, float)) and not 0 < percent <= 100:
            found.append(blocking("nomination.percent", field=f"{at}/percent_at_site", taxon=name, value=percent))
        share = deciding_share(taxon)
        by_range = share is not None and share["parameter"] == "range" and taxon["route"] != "reintroduction"
        if by_range and not _text(row, "/evidence_of_presence"):
            found.append(blocking("nomination.presence_missing", field=f"{at}/evidence_of_presence", taxon=name))
    return found


def _about_figures(nomination: Mapping[str, Any], coverage: Mapping[str, Any] | None, place: Place) -> list[Finding]:
    found = []
    area = _at(nomination, "/site/area_km2")
    true_area = place.area_ha / 100
    if isinstance(area, (int, float)) and abs(area - true_area) > _AREA_TOLERANCE_SHARE * true_area:
        found.append(
            blocking("nomination.area_differs", field="/site/area_km2", given_ha=area * 100, measured_ha=place.area_ha)
        )
    for pointer, true in (("/site/latitude", place.latitude), ("/site/longitude", place.longitude)):
        given = _at(nomination, pointer)
        # Degrees are compared round the circle: 180 and -180 are one meridian.
        if isinstance(given, (int, float)) and abs((given - true + 180) % 360 - 180) > _PLACE_TOLERANCE_DEGREES:
            found.append(blocking("nomination.place_differs", field=pointer, given=given, measured=round(true, 4)))
    low, high = _at(nomination, "/site/altitude_min"), _at(nomination, "/site/altitude_max")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        found.append(blocking("nomination.altitudes", field="/site/altitude_max", low_m=low, high_m=high))
    if coverage is None or coverage["both_pct"] is None:
        found.append(warning("nomination.cover_not_assessed", field="/protection/cover_percent"))
    else:
        given = _at(nomination, "/protection/cover_class")
        expected = cover_label(coverage["both_pct"])
        if given != expected:
            found.append(
                blocking("nomination.cover_differs", field="/protection/cover_class", given=given, expected=expected)
            )
    return found


def _about_lists(nomination: Mapping[str, Any]) -> list[Finding]:
    found = []
    for key in ("ongoing", "needed"):
        chosen = [_text(row, "/action") for row in _rows(nomination, f"/actions/{key}")]
        if not chosen:
            found.append(blocking("nomination.actions_missing", field=f"/actions/{key}"))
        elif "None" in chosen and len(chosen) > 1:
            found.append(blocking("nomination.actions_none", field=f"/actions/{key}"))
    covers = [row.get("cover_percent") for row in _rows(nomination, "/habitats/types")]
    total = sum(c for c in covers if isinstance(c, (int, float)))
    if total > 100 + 1e-9:
        found.append(blocking("nomination.habitats_over", field="/habitats/types", share=total / 100))
    for n, row in enumerate(_rows(nomination, "/threats/threats")):
        found += _about_threat(row, f"/threats/threats/{n}")
    keys = [_text(row, "/key") for row in _rows(nomination, "/references/items")]
    for key in sorted({k for k in keys if keys.count(k) > 1}):
        found.append(blocking("nomination.reference_twice", field="/references/items", key=key))
    for pointer, key in _citations(nomination):
        if key not in keys:
            found.append(blocking("nomination.citation", field=pointer, key=key))
    return found


def _number(text: str) -> str:
    match = re.match(r"\s*(\d+(?:\.\d+)*)", text)
    return match.group(1) if match else ""


def _about_threat(row: Mapping[str, Any], at: str) -> list[Finding]:
    """Levels of the threats classification go from the general to the particular, and each belongs to the one above."""
    levels = [_text(row, f"/level_{n}") for n in (1, 2, 3)]
    for n in (1, 2):
        above, here = levels[n - 1], levels[n]
        if here and (not above or not _number(here).startswith(_number(above) + ".")):
            return [blocking("nomination.threat_level", field=f"{at}/level_{n + 1}", level=here, above=above or "–")]
    return []


def _citations(nomination: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Pointer and key of every citation in square brackets in a source field of a species row."""
    for n, row in enumerate(_rows(nomination, "/biodiversity/species")):
        for field in ("site_source", "global_source", "evidence_of_presence", "reproductive_units_source"):
            for key in re.findall(r"\[([^\[\]\r\n]{1,80})\]", _text(row, f"/{field}")):
                yield f"/biodiversity/species/{n}/{field}", key.strip()


def _about_evidence(nomination: Mapping[str, Any], attached: set[str]) -> list[Finding]:
    found = []
    for n, row in enumerate(_rows(nomination, "/evidence/files")):
        name = _text(row, "/file")
        if name and name not in attached:
            found.append(blocking("nomination.evidence_missing", field=f"/evidence/files/{n}/file", file=name))
    return found
