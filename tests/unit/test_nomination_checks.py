"""What reviewers check: one thing broken a row, and exactly that is said of exactly that field."""

import pytest
from nomination_cases import SCHEMA, Case, overlap, taxon

from aze_plugin.domain import nomination as nominations

NEW, UPDATE = 0, 1


@pytest.mark.parametrize("example", [NEW, UPDATE])
def test_the_examples_are_without_fault(example):
    assert Case(example).problems() == []


def put(pointer, value):
    """Set a member of the details; None removes it."""

    def change(case):
        *way, last = pointer.strip("/").split("/")
        node = case.details
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
        if value is None:
            node.pop(int(last) if isinstance(node, list) else last, None)
        elif isinstance(node, list):
            node[int(last) :] = [*([value] if int(last) >= len(node) else [value]), *node[int(last) + 1 :]]
        else:
            node[last] = value

    return change


def species(name, **members):
    def change(case):
        rows = case.details["biodiversity"]["species"]
        row = next((r for r in rows if r["scientific_name"] == name), None)
        if row is None:
            row = {"scientific_name": name}
            rows.append(row)
        row.update(members)

    return change


def stated(taxon_name, text):
    def change(case):
        case.details["statements"]["candidates"]["Cloudtop Ridge"]["species"][taxon_name]["evidence_of_presence"] = text

    return change


def no_rationale(case):
    del case.details["statements"]["candidates"]["Cloudtop Ridge"]["delineation_rationale"]


def no_evidence(case):
    del case.details["statements"]["candidates"]["Cloudtop Ridge"]["species"]["Azea alba"]


def overlapping(*params):
    def change(case):
        findings = case.assessment["criteria"]["discreteness"]["findings"]
        findings += [{"code": "discreteness.overlaps_site", "params": p} for p in params]
        case.details["site"]["purpose"] = nominations.PURPOSES["amalgamation"]
        case.details["site"]["kbas_replaced"] = "98009 Elsewhere"

    return change


def apart(case):
    case.assessment["criteria"]["discreteness"]["findings"] = []


def unknown_site(case):
    apart(case)
    case.known = nominations.Known()
    case.details["update"]["former_triggers"] = "Fractella torta"
    case.details["update"]["changes"][0].update(before_ha=6218, after_ha=8408, gained_ha=2200, lost_ha=10)


def former_unknown(case):
    old = case.known.updated
    fresh = nominations.UpdatedSite(old.site_id, old.name, old.dataset, old.before_ha, old.gained_ha, old.lost_ha)
    case.known = nominations.Known(updated=fresh)


def known(**members):
    def change(case):
        case.known = nominations.Known(**members)

    return change


def nothing_changed(case):
    """No change listed, and none told by the data: the site stands as a mere place, and nobody knows its species."""
    case.known = nominations.Known()
    case.details["update"]["changes"] = []
    case.details["site"] |= {"purpose": nominations.PURPOSES["reassessment"], "change_reason": "A new assessment."}
    case.assessment["criteria"]["discreteness"]["findings"][0]["code"] = "discreteness.updates_circle"


def several(*changes):
    def change(case):
        for one in changes:
            one(case)

    return change


def unread_classes(case):
    del case.details["habitats"]
    forest = nominations.Habitat("1. Forest", "", 60.0, "Woods")
    case.known = nominations.Known(habitats=(forest,), unread=(("Open water", 40.0),))


def lost(case):
    """A former trigger that the library does not find any more is a derived change, which wants its reason."""
    case.assessment["species"] = case.assessment["species"][:3]
    case.details["update"]["changes"].pop()
    case.details["statements"]["candidates"]["Serrata Highlands"]["species"].pop("Expulsina vera")
    old = case.known.updated
    case.known = nominations.Known(
        updated=nominations.UpdatedSite(
            old.site_id, old.name, old.dataset, 6218.0, 2200.0, 10.0, (*old.former, "Expulsina vera"), "table"
        )
    )


THREAT = "/threats/threats/0"
CHANGE = "/update/changes"
ROWS = [
    # the name
    (NEW, put("/site/international_name", None), "name_missing", "/site/international_name"),
    (NEW, put("/site/international_name", "  "), "name_missing", "/site/international_name"),
    (NEW, put("/site/international_name", "Cloudtop\nRidge"), "name_lines", "/site/international_name"),
    (NEW, put("/site/international_name", "Cloudtop Ridge" + "e" * 242), "name_long", "/site/international_name"),
    (NEW, put("/site/international_name", "Cloud Ridge"), "name_differs", "/site/international_name", "warning"),
    # area and mid-point
    (NEW, put("/site/area_km2", 44.0), "area_differs", "/site/area_km2"),
    (NEW, put("/site/latitude", 26.5825), "place_differs", "/site/latitude"),
    (NEW, put("/site/longitude", 178.5845), "place_differs", "/site/longitude"),
    (NEW, put("/site/altitude_max", 400), "altitudes", "/site/altitude_max"),
    (NEW, known(altitudes_m=(421.3, 1290.0)), "altitude_differs", "/site/altitude_max", "warning"),
    (
        NEW,
        several(put("/site/iso3", "XLM"), known(countries=(("Azea", "XAZ"),))),
        "country_differs",
        "/site/iso3",
        "warning",
    ),
    (NEW, unread_classes, "habitats_unread", "/habitats/types", "info"),
    # species
    (NEW, species("Azea alba", percent_at_site=0), "percent", "/biodiversity/species/0/percent_at_site"),
    (NEW, species("Azea alba", percent_at_site=100.5), "percent", "/biodiversity/species/0/percent_at_site"),
    (NEW, species("Azea alba", sis_id="102"), "species_id", "/biodiversity/species/0/sis_id"),
    (
        NEW,
        species("Azea alba", category="Critically Endangered (CR)"),
        "species_category",
        "/biodiversity/species/0/category",
    ),
    (NEW, species("Propinquella minax"), "species_no_trigger", "/biodiversity/species/0/scientific_name"),
    (
        NEW,
        put(
            "/biodiversity/species",
            [{"scientific_name": "Azea alba", "sis_id": "101", "category": "Endangered (EN)"}] * 2,
        ),
        "species_twice",
        "/biodiversity/species/1/scientific_name",
    ),
    (NEW, no_evidence, "presence_missing", "/biodiversity/species/0/evidence_of_presence"),
    (NEW, species("Azea alba", sensitive="Yes"), "sensitive_exact", "/biodiversity/species/0/sensitive"),
    # actions, habitats, threats
    (NEW, put("/actions/ongoing", []), "actions_missing", "/actions/ongoing"),
    (NEW, put("/actions/needed", None), "actions_missing", "/actions/needed"),
    (
        NEW,
        put("/actions/needed", [{"action": "None"}, {"action": "5. Law and policy"}]),
        "actions_none",
        "/actions/needed",
    ),
    (
        NEW,
        put("/actions/needed", [{"action": "5. Law and policy", "level_2": "1.1 Site or area protection"}]),
        "term_level",
        "/actions/needed/0/level_2",
    ),
    (NEW, put("/habitats/types/1/cover_percent", 22.5), "habitats_over", "/habitats/types"),
    (NEW, put("/habitats/types/0/level_2", "2.1 Dry savanna"), "term_level", "/habitats/types/0/level_2"),
    (NEW, put("/habitats/types/0/level_2", "1.99 Moss forest"), "term_unknown", "/habitats/types/0/level_2", "warning"),
    (NEW, put("/habitats/types/0/level_2", "1.1 Moss forest"), "term_differs", "/habitats/types/0/level_2", "warning"),
    (NEW, put(f"{THREAT}/level_1", "9. Pollution"), "threat_level", f"{THREAT}/level_2"),
    (NEW, put(f"{THREAT}/level_3", "8.2.1 Unspecified species"), "threat_level", f"{THREAT}/level_3"),
    (
        NEW,
        several(put(f"{THREAT}/level_2", None), put(f"{THREAT}/level_3", "8.1.2 Named species")),
        "threat_level",
        f"{THREAT}/level_3",
    ),
    (
        NEW,
        several(put(f"{THREAT}/level_1", "13. Boredom"), put(f"{THREAT}/level_2", None)),
        "field_choice",
        f"{THREAT}/level_1",
    ),
    # citations
    (NEW, stated("Azea alba", "Seen [Nobody 1900]."), "citation", "/biodiversity/species/0/evidence_of_presence"),
    (NEW, put("/delineation/boundary_source", "[Map 1]"), "citation", "/delineation/boundary_source"),
    (NEW, put("/site/description", "A ridge [sic]."), "citation_perhaps", "/site/description", "warning"),
    (
        NEW,
        put("/references/items/2/key", "Herbarium 2023"),
        "reference_twice+citation",
        "/references/items+/biodiversity/species/3/evidence_of_presence",
    ),
    # texts, cover, files
    (NEW, no_rationale, "rationale_missing", "/delineation/rationale"),
    (NEW, put("/delineation/rationale", "Another text."), "rationale_differs", "/delineation/rationale"),
    (NEW, put("/consultation/expert", ""), "expert_consultation_missing", "/consultation/expert"),
    (NEW, put("/consultation/other", None), "other_consultation_missing", "/consultation/other"),
    (NEW, put("/proposer/consent", "No"), "no_consent", "/proposer/consent"),
    (NEW, put("/proposer/email", "nobody"), "field_pattern", "/proposer/email"),
    (NEW, put("/protection/cover_class", "1-10%"), "cover_differs", "/protection/cover_class"),
    (NEW, put("/evidence/files", [{"file": "survey.pdf"}]), "evidence_missing", "/evidence/files/0/file"),
    (NEW, put("/site/colour", "green"), "field_unknown", "/site"),
    # existing sites
    (NEW, overlapping(overlap("98003", "North Coast")), "overlaps_site", "/delineation/rationale", "warning"),
    (UPDATE, overlapping(overlap("98003", "North Coast")), "overlaps_site", "/delineation/rationale", "warning"),
    (NEW, put("/site/purpose", nominations.PURPOSES["new_trigger"]), "purpose_differs", "/site/purpose"),
    (UPDATE, put("/site/purpose", nominations.PURPOSES["new"]), "purpose_differs", "/site/purpose"),
    (NEW, put("/site/purpose", nominations.PURPOSES["amalgamation"]), "replaced_missing", "/site/kbas_replaced"),
    (NEW, put("/update", {"site_id": "98001"}), "update_of_new", "/update"),
    # updates
    (UPDATE, put("/site/sitrecid", "98002"), "update_number", "/update/site_id"),
    (UPDATE, unknown_site, "update_unknown", "/update/site_id"),
    (UPDATE, apart, "update_apart", "/update/site_id", "warning"),
    (UPDATE, nothing_changed, "no_changes", CHANGE),
    (UPDATE, put(f"{CHANGE}/0/reason", ""), "change_unexplained", f"{CHANGE}/0/reason"),
    (UPDATE, put(f"{CHANGE}/1/cause", None), "change_cause", f"{CHANGE}/1/cause"),
    (UPDATE, put(f"{CHANGE}/1/taxon", "Azea alba"), "change_no_trigger+change_unexplained+change_cause", ""),
    (UPDATE, put(f"{CHANGE}/1/kind", "trigger_lost"), "change_still_trigger", f"{CHANGE}/1/taxon"),
    (UPDATE, put(f"{CHANGE}/2/taxon", "Partitella divisa"), "change_twice+change_unexplained+change_cause", ""),
    (UPDATE, put(f"{CHANGE}/0/after_ha", 9000), "area_differs", f"{CHANGE}/0/after_ha"),
    (UPDATE, put(f"{CHANGE}/0/gained_ha", 900), "change_areas", f"{CHANGE}/0/gained_ha"),
    (UPDATE, put(f"{CHANGE}/3", {"kind": "amalgamation", "reason": "One forest."}), "change_site+replaced_missing", ""),
    (UPDATE, put(f"{CHANGE}/0/evidence", "[Map 1]"), "citation", f"{CHANGE}/0/evidence"),
    (UPDATE, former_unknown, "former_unknown", "/update/former_triggers", "warning"),
    (UPDATE, lost, "change_cause+change_unexplained", ""),
]


def _label(row):
    return f"{row[2]}-{row[3]}"


@pytest.mark.parametrize("row", ROWS, ids=_label)
def test_one_thing_broken_is_said_of_its_field_and_nothing_else(row):
    example, change, codes, fields, *severity = row
    case = Case(example)
    change(case)
    found = case.problems()
    assert sorted(code for _, code, _ in found) == sorted(codes.split("+"))
    if fields:
        assert sorted(field for *_, field in found) == sorted(fields.split("+"))
    assert {s for s, *_ in found} == {severity[0] if severity else "blocking"}


def test_every_check_has_its_sentence():
    """Each code that the checks can say has a template, whose names are those of the finding's params."""
    import string

    pytest.importorskip("qgis.core")
    from aze_plugin.domain import nomination
    from aze_plugin.packaging import details
    from aze_plugin.services.wording import packaging

    templates = packaging.templates()
    assert nomination.problems
    for example, change, *_ in ROWS:
        case = Case(example)
        change(case)
        found = details.review(case.completed(), case.assessment, case.coverage, case.place, case.evidence, case.known)
        for finding in found:
            wanted = {name for _, name, _, _ in string.Formatter().parse(templates[finding.code]) if name}
            assert wanted <= set(finding.params), finding.code


def test_before_packaging_a_sensitive_species_is_noted_and_no_fault():
    case = Case(NEW)
    species("Azea alba", sensitive="Yes")(case)
    assert case.problems(packaged=False) == [("info", "sensitive_noted", "/biodiversity/species/0/sensitive")]
    case.details["generalised"] = {"grid": {"size": 0.1, "unit": "degrees"}, "taxa": ["Azea alba"]}
    assert case.problems() == []


def test_a_site_across_180_degrees_is_not_misplaced():
    case = Case(NEW)
    case.place = nominations.Place(4312.0, 179.9999, -26.5825)
    case.details["site"]["longitude"] = -180.0
    assert case.problems() == []


def test_a_warning_does_not_hide_what_keeps_a_nomination_from_being_final():
    """The overlap is pointed out at the rationale, and so is that the rationale is too long."""
    case = Case(NEW)
    overlapping(overlap("98003", "North Coast"))(case)
    said = case.details["statements"]["candidates"]["Cloudtop Ridge"]
    said["delineation_rationale"] = "x" * 30001
    codes = {code for _, code, field in case.problems() if field == "/delineation/rationale"}
    assert codes == {"overlaps_site", "field_long"}


def test_the_site_that_is_taken_in_is_no_overlap():
    case = Case(UPDATE)
    case.assessment["criteria"]["discreteness"]["findings"].append(
        {"code": "discreteness.overlaps_site", "params": overlap("98003", "North Coast", 1.0)}
    )
    found = case.problems()
    assert [code for _, code, _ in found] == ["change_unexplained"]
    rows = case.completed()["update"]["changes"]
    assert [row["site"] for row in rows if row["kind"] == "amalgamation"] == ["98003 North Coast"]
    assert case.completed()["site"]["purpose"] == nominations.PURPOSES["amalgamation"]
    assert case.completed()["site"]["kbas_replaced"] == "98003 North Coast"


def test_members_of_any_kind_anywhere_make_problems_and_no_errors():
    """Whatever stands in the place of a member, the checks speak of it and go on."""
    import copy
    import random

    def places(value, path=()):
        yield path
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, member in items:
            yield from places(member, (*path, key))

    chance = random.Random(20)
    for example in (NEW, UPDATE):
        every = [p for p in places(SCHEMA["examples"][example]) if p and p[0] != "statements"]
        for path in every:
            case = Case(example)
            holder = case.details
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = copy.deepcopy(
                chance.choice([None, 5, [], {"a": 1}, [1], True, "x", [[]], [{"kind": 3}]])
            )
            case.problems()


@pytest.mark.parametrize("pointer", ["/update/changes", "/references/items", "/habitats/types"])
@pytest.mark.parametrize("value", ["all of it", [5], {"kind": "new_trigger"}])
def test_a_list_that_is_none_is_not_replaced_by_what_is_known(pointer, value):
    """It is spoken of, as it is without anything to fill in."""
    case = Case(UPDATE)
    put(pointer, value)(case)
    habitat = nominations.Habitat("1. Forest", "", 60.0, "Woods")
    case.known = nominations.Known(habitats=(habitat,), datasets=(("Map", "A map."),), updated=case.known.updated)
    said = {(severity, code) for severity, code, field in case.problems() if field.startswith(pointer)}
    assert said & {("blocking", "field_type"), ("blocking", "no_changes")}


def test_a_taxon_without_shares_is_no_error():
    case = Case(NEW)
    case.assessment["species"].append(taxon("105", "Crateralla vacua", "EW", route="reintroduction", shares=[]))
    case.details["statements"]["candidates"]["Cloudtop Ridge"]["species"]["Crateralla vacua"] = {
        "reintroduction_justification": "The only island without rats."
    }
    assert case.problems() == []
