"""The nomination's schema, the form's map of cells and the classifications, held against each other."""

import copy
import json
import re
from pathlib import Path

import pytest
from nomination_cases import SCHEMA, Case, overlap

from aze_plugin.domain import nomination as nominations

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "resources"
FORM = json.loads((RESOURCES / "schemas" / "proposal_form.json").read_text(encoding="utf-8"))
TABS = {sheet["title"]: sheet for sheet in FORM["sheets"]}

# The multi-site form as it is published: its tabs, the cells of the first and the columns of the others, and in which
# row the entries begin. Columns 3 of the later tabs and 7 of the last are the form's own and not the proposer's.
CELLS = [f"B{row}" for row in (*range(3, 10), *range(12, 21), 24, 25, 30)] + ["A38"]
COLUMNS = {
    "2. Site data": (5, range(1, 46)),
    "3. Biodiversity elements data": (5, range(1, 58)),
    "4. Conservation Actions": (3, range(1, 6)),
    "5. Habitat types": (3, range(1, 6)),
    "6. Threats data": (4, range(1, 16)),
}


def member(pointer, start=SCHEMA):
    """The part of the schema that a JSON pointer is about; lists are gone through without a number."""
    node = start
    for key in pointer.strip("/").split("/"):
        node = node["items"] if node.get("type") == "array" else node
        node = node["properties"][key]
    return node


def leaves(node, pointer=""):
    """Pointer and schema of every member that holds a value of its own."""
    if node.get("type") == "array" and node["items"].get("type") == "object":
        yield from leaves(node["items"], pointer)
    elif "properties" in node:
        for key, value in node["properties"].items():
            yield from leaves(value, f"{pointer}/{key}")
    else:
        yield pointer, node


LEAVES = dict(leaves(SCHEMA))


def shown():
    """Pointers of the members that the form shows, by tab and place."""
    found = {}
    for title, sheet in TABS.items():
        rows = sheet.get("rows", [])
        rows = [rows] if isinstance(rows, str) else rows
        rows = [*rows, *([sheet["beside"]] if "beside" in sheet else [])]
        for place in [*sheet.get("cells", []), *sheet.get("columns", [])]:
            key = place.get("cell") or place["column"]
            pointer = place["value"]
            members = place.get("members") or [place["member"]] if "member" in place or "members" in place else [None]
            members = [m for group in members for m in (group if isinstance(group, list) else [group])]
            if pointer.startswith("."):
                starts = [f"{row}{pointer[1:]}".rstrip("/") for row in rows]
            else:
                starts = [pointer]
            found[title, key] = [f"{start}/{m}" if m else start for start in starts for m in members]
    return found


def test_the_schema_is_one():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")


def test_every_place_of_the_form_has_a_member_of_the_nomination():
    """All cells and columns of the published form, each with a member that the schema has."""
    assert [cell["cell"] for cell in TABS["1. Proposer"]["cells"]] == CELLS
    assert list(TABS) == ["1. Proposer", *COLUMNS]
    for title, (first_row, columns) in COLUMNS.items():
        assert TABS[title]["first_row"] == first_row
        assert [column["column"] for column in TABS[title]["columns"]] == list(columns)
    for (title, place), pointers in shown().items():
        exists = []
        for pointer in pointers:
            try:
                exists.append(member(pointer))
            except KeyError:
                continue
        assert exists, f"{title} {place} shows {pointers}, which the schema does not have"


def test_what_stands_where_on_the_form():
    """Members at their places, as the published form has them."""
    places = shown()
    site, species = "2. Site data", "3. Biodiversity elements data"
    for (title, place), pointer in {
        ("1. Proposer", "B6"): "/proposer/email",
        ("1. Proposer", "B7"): "/proposer/email",
        ("1. Proposer", "B24"): "/proposer/date",
        ("1. Proposer", "A38"): "/proposer/suggested_reviewers",
        (site, 1): "/site/sitrecid",
        (site, 3): "/site/international_name",
        (site, 6): "/site/purpose",
        (site, 17): "/site/kbas_replaced",
        (site, 18): "/site/change_reason",
        (site, 20): "/site/area_km2",
        (site, 26): "/site/system_1",
        (site, 33): "/delineation/rationale",
        (site, 35): "/protection/cover_class",
        (site, 41): "/protection/oecm",
        (site, 45): "/consultation/reviewers",
        (species, 4): "/biodiversity/species/sis_id",
        (species, 10): "/biodiversity/species/category",
        (species, 13): "/biodiversity/species/decline_assessed",
        (species, 21): "/biodiversity/species/parameter",
        (species, 27): "/biodiversity/species/evidence_of_presence",
        (species, 29): "/biodiversity/species/reproductive_units",
        (species, 39): "/biodiversity/species/seasonal",
        (species, 48): "/biodiversity/ecosystems/ecosystem_code",
        ("6. Threats data", 10): "/threats/threats/level_1",
        ("6. Threats data", 15): "/threats/threats/severity",
    }.items():
        assert pointer in places[title, place]


def test_what_the_nominator_says_is_on_the_form():
    """Every member but the package's own bookkeeping has a place on the form."""
    kept_back = {
        "": ("schema", "kind", "status"),
        # The systems that matter stand on the form in their order.
        "/site": ("iso3", "terrestrial", "freshwater", "marine", "subterranean"),
        "/delineation": ("boundary_source",),
        "/protection": ("cover_percent", "pa_percent", "oecm_percent"),
        "/biodiversity/species": ("percent_at_site", "criteria", "sensitive", "sensitive_reason"),
    }
    own = {f"{start}/{key}" for start, keys in kept_back.items() for key in keys}
    placed = {pointer for pointers in shown().values() for pointer in pointers}
    for pointer in LEAVES:
        if not pointer.startswith(("/update", "/statements", "/references", "/evidence", "/generalised")):
            assert pointer in placed or pointer in own, pointer


def test_every_member_is_explained_and_has_an_example():
    from jsonschema import Draft202012Validator

    for pointer, node in LEAVES.items():
        assert node["title"] and node["description"].endswith("."), pointer
        if "const" in node or pointer.startswith("/statements"):
            continue
        assert node["examples"], pointer
        for example in node["examples"]:
            assert Draft202012Validator(node).is_valid(example), pointer


def test_derived_members_are_those_that_get_filled_in():
    """A nomination in which only statements are made: what is there afterwards is marked as derived, and no more."""
    for example in (0, 1):
        case = Case(example)
        own = {"schema", "kind", "statements"}
        case.details = {k: v for k, v in case.details.items() if k in own}
        if example == 1:
            case.details["site"] = {"sitrecid": "98001"}
        habitat = nominations.Habitat("1. Forest", "1.4 Temperate forest", 60.0, "Beech")
        case.known = nominations.Known(
            (("Azea", "XAZ"),), (10.2, 900.0), (habitat,), (), {}, (("Map", "A map."),), case.known.updated
        )
        case.assessment["species"][0]["common_name"] = "A name"
        for pointer, _ in _values(case.completed()):
            if pointer.split("/")[1] not in own and not pointer.startswith("/evidence"):
                assert member(pointer).get("x-derived"), pointer


def _values(document, pointer=""):
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _values(value, f"{pointer}/{key}")
    elif isinstance(document, list):
        for value in document:
            yield from _values(value, pointer)
    else:
        yield pointer, document


def test_members_that_cite_are_those_that_are_checked():
    for kind, patterns in nominations.CITED.items():
        marked = {pointer for pointer, node in LEAVES.items() if node.get("x-cites") == kind}
        assert marked == {pattern.replace("/*", "") for pattern in patterns}


def test_words_of_the_schema_are_those_that_are_filled_in():
    assert member("/site/purpose")["enum"] == list(nominations.PURPOSES.values())
    assert member("/protection/relation")["enum"] == list(nominations.RELATION_LABELS.values())
    assert set(member("/biodiversity/species/seasonal")["enum"]) == set(nominations.SEASON_LABELS.values())
    assert set(member("/biodiversity/species/category")["enum"]) == set(nominations.CATEGORY_LABELS.values())
    assert set(nominations.PARAMETER_LABELS.values()) < set(member("/biodiversity/species/parameter")["enum"])
    assert member("/update/changes/kind")["enum"] == list(member("/update/changes/kind")["x-labels"])
    assert set(member("/update/changes/kind")["enum"]) == set(nominations.CHANGES)
    reached = {nominations.cover_label(percent / 4) for percent in range(401)}
    assert reached == set(member("/protection/cover_class")["enum"])
    sections = {name for name, part in SCHEMA["properties"].items() if part.get("type") == "object"}
    assert sections - {"generalised"} == set(nominations.SECTIONS)


@pytest.mark.parametrize(
    ("percent", "label"),
    [
        (0.49, "0% - completely unprotected"),
        (0.5, "1-10%"),
        (10.49, "1-10%"),
        (10.5, "11-20%"),
        (90.49, "81-90%"),
        (90.5, "91-99%"),
        (99.49, "91-99%"),
        (99.5, "100% - completely protected"),
    ],
)
def test_classes_of_cover_are_cut_as_the_form_cuts_them(percent, label):
    assert nominations.cover_label(percent) == label


# --------------------------------------------------------------------------------------------- classifications


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("habitats", "/habitats/types/habitat"),
        ("actions", "/actions/needed/action"),
        ("threats", "/threats/threats/level_1"),
    ],
)
def test_a_classification_is_a_tree_whose_numbers_go_down(name, first):
    from aze_plugin.services.classifications import classification, terms

    def walk(entries, above):
        numbers = [entry["code"] for entry in entries]
        assert numbers == [f"{above}{n}" for n in range(1, len(entries) + 1)]
        for entry in entries:
            assert entry["title"].strip() == entry["title"] and entry["title"]
            walk(entry.get("children", ()), f"{entry['code']}.")

    walk(classification(name)["terms"], "")
    listed = [term for number, term in terms(name).items() if "." not in number]
    assert [term for term in member(first)["enum"] if term != "None"] == listed
    assert member(first)["x-vocabulary"] == {"name": name, "level": 1}
    assert classification(name)["source"]


def test_every_habitat_but_two_belongs_to_a_system():
    from aze_plugin.services.classifications import classification, terms

    systems = classification("habitats")["systems"]
    placed = [number for numbers in systems.values() for number in numbers]
    every = {number for number in terms("habitats") if "." not in number}
    assert len(placed) == len(set(placed)) and every - set(placed) == {"17", "18"}


def test_the_crosswalk_names_habitats_that_there_are():
    from aze_plugin.services.classifications import terms

    crosswalk = json.loads((RESOURCES / "vocabularies" / "landcover_habitats.json").read_text(encoding="utf-8"))
    numbers = [n for product in crosswalk["products"] for n in product["values"].values()]
    numbers += [rule["habitat"] for rule in crosswalk["words"]]
    assert {n for n in numbers if n} <= set(terms("habitats"))


# --------------------------------------------------------------------------------------------------- earlier ones


def test_a_nomination_of_the_first_version_still_passes():
    """Members that were there at first, as they were written then."""
    case = Case(0)
    case.details["biodiversity"]["species"] = [
        {"scientific_name": "Azea alba", "restriction": "None", "reproductive_units_note": "A pair.", "criteria": "A1e"}
    ]
    case.details["site"]["rationale"] = "Four species live here alone."
    case.details["threats"]["threats"].append({"level_1": "12. Other options", "timing": "Unknown"})
    assert case.problems() == []


def test_an_update_of_the_first_version_lacks_only_what_is_asked_for_now():
    case = Case(1)
    del case.details["update"]
    case.known = nominations.Known()
    case.details["site"]["change_reason"] = "The boundary moves out."
    case.details["site"]["purpose"] = nominations.PURPOSES["reassessment"]
    assert case.problems() == [
        ("blocking", "change_cause", "/update/changes/0/cause"),
        ("blocking", "change_unexplained", "/update/changes/0/reason"),
        ("warning", "former_unknown", "/update/former_triggers"),
    ]


# ------------------------------------------------------------------------------------------------------ filling in


@pytest.mark.parametrize("example", [0, 1])
def test_what_is_written_stays_and_filling_in_again_changes_nothing(example):
    case = Case(example)
    once = case.completed()
    for pointer, value in _values(case.details):
        if not pointer.startswith("/statements"):
            assert value in [v for p, v in _values(once) if p == pointer]
    case.details = copy.deepcopy(once)
    assert case.completed() == once


def test_species_rows_hold_what_the_assessment_says():
    case = Case(1)
    row = {r["scientific_name"]: r for r in case.completed()["biodiversity"]["species"]}["Fractella torta"]
    assert row["sis_id"] == "124" and row["category"] == "Critically Endangered (CR)"
    assert row["redlist_criteria"] == "B1ab(iii)" and row["criteria"] == "A1e"
    assert row["parameter"] == "(iv) range" and row["seasonal"] == "Resident"
    assert row["percent_at_site"] == pytest.approx(97.5)
    assert row["global_best"] == pytest.approx(40.0) and row["site_best"] == pytest.approx(39.0)
    assert row["criterion_mode"].startswith("Regularly held in one or more life cycle stages")
    assert row["global_source"] == "Ranges of the year, release 2024-2."


def test_protection_tells_protected_areas_from_other_conserved_ones():
    case = Case(0)
    del case.details["protection"]["oecm"]
    protection = case.completed()["protection"]
    assert protection["protected_areas"] == "North Park (33.0 %)"
    assert protection["oecm"] == "Springs (7.5 %)"
    assert (protection["cover_percent"], protection["pa_percent"], protection["oecm_percent"]) == (38.0, 33.0, 5.0)


def test_every_dataset_becomes_a_reference_once():
    case = Case(0)
    again = ("ranges.zip 2024-2", "Ranges of the year, release 2024-2.")
    case.known = nominations.Known(datasets=(again, ("sites [2025]", "Sites, release of March 2025.")))
    items = case.completed()["references"]["items"]
    assert [item["key"] for item in items[:3]] == ["Transects 2016-2024", "Herbarium 2023", "Burrows 2021"]
    assert items[3:] == [
        {"key": "ranges.zip 2024-2", "citation": "Ranges of the year, release 2024-2."},
        {"key": "sites  2025", "citation": "Sites, release of March 2025."},
    ]
    assert case.problems() == []


def test_systems_stand_in_the_order_of_their_habitats():
    from aze_plugin.services.classifications import classification

    case = Case(1)
    case.known = nominations.Known(systems=classification("habitats")["systems"], updated=case.known.updated)
    site = case.completed()["site"]
    # Forest and rocks 89 %, caves 1 %, and no habitat of fresh water.
    assert [site.get(f"system_{n}") for n in range(1, 5)] == ["Terrestrial", "Subterranean", "Freshwater", None]


def test_purposes_follow_the_kind_and_the_changes():
    new, update = Case(0), Case(1)
    del new.details["site"]["purpose"]
    assert new.completed()["site"]["purpose"] == nominations.PURPOSES["new"]
    assert update.completed()["site"]["purpose"] == nominations.PURPOSES["new_trigger"]
    update.details["update"]["changes"] = []
    everything = tuple(t["scientific_name"] for t in update.assessment["species"])
    update.known = nominations.Known(
        updated=nominations.UpdatedSite("98001", "Serrata", "sites", 8408.0, 0.2, 0.1, everything, "field")
    )
    done = update.completed()
    assert done["site"]["purpose"] == nominations.PURPOSES["reassessment"]
    # The boundary moved by less than a thousandth: that is drawing, and no change.
    assert {row["kind"] for row in done["update"]["changes"]} == {"reassessment"}
    # Whether a new site meets an existing one is not known without a layer of them.
    unknown = Case(0)
    del unknown.details["site"]["purpose"]
    unknown.assessment["criteria"]["discreteness"]["findings"] = [
        {"code": "discreteness.sites_not_given", "params": {}}
    ]
    assert "purpose" not in unknown.completed()["site"]


def test_changes_are_told_from_boundaries_and_species():
    case = Case(1)
    case.details["update"] = {}
    rows = case.completed()["update"]["changes"]
    assert rows[0] == {
        "kind": "boundary_change",
        "before_ha": 6218.0,
        "after_ha": 8408.0,
        "gained_ha": 2200.0,
        "lost_ha": 10.0,
    }
    told = {(row["kind"], row.get("taxon")) for row in rows[1:]}
    assert told == {
        ("reassessment", "Lacustrina caeca"),
        ("reassessment", "Fractella torta"),
        ("new_trigger", "Partitella divisa"),
        ("new_trigger", "Expulsina vera"),
    }
    update = case.completed()["update"]
    assert update["former_triggers"] == "Fractella torta; Lacustrina caeca (table of trigger species)"
    assert (update["site_id"], update["site_name"], update["compared_with"]) == (
        "98001",
        "Serrata Highlands",
        "sites 2025-1",
    )


def test_what_the_nominator_says_of_a_species_is_not_said_twice():
    """A species that was a trigger before, proposed as new all the same: the nominator's row stands alone."""
    case = Case(1)
    row = {"kind": "new_trigger", "taxon": "fractella torta", "reason": "Split of the species.", "cause": "knowledge"}
    case.details["update"]["changes"].append(row)
    rows = case.completed()["update"]["changes"]
    assert [r["kind"] for r in rows if r.get("taxon", "").lower() == "fractella torta"] == ["new_trigger"]


def test_the_reason_for_the_change_is_drawn_from_the_changes():
    reason = Case(1).completed()["site"]["change_reason"].splitlines()
    assert len(reason) == 3 and reason[0].startswith("Boundary changed: The boundary moves out")
    assert re.match(r"New trigger species \(Partitella divisa\): Found on the slopes", reason[1])


def test_the_check_itself_tells_which_site_is_updated():
    """Without a layer at hand, as in the panel: the areas are those of the check's own finding."""
    case = Case(1)
    case.details["update"] = {}
    case.known = nominations.Known()
    # 6,218 ha before, of which 10 ha are left out.
    params = overlap("98001", "Serrata Highlands", 6208 / 6218, 62_080_000.0)
    case.assessment["criteria"]["discreteness"]["findings"] = [{"code": "discreteness.updates_site", "params": params}]
    update = case.completed()["update"]
    assert update["site_name"] == "Serrata Highlands"
    change = update["changes"][0]
    assert change == pytest.approx(
        {"kind": "boundary_change", "before_ha": 6218.0, "after_ha": 8408.0, "gained_ha": 2200.0, "lost_ha": 10.0}
    )
    # The same, where the check did not know yet that this is an update: the number that is given counts.
    case.assessment["criteria"]["discreteness"]["findings"][0]["code"] = "discreteness.overlaps_site"
    assert case.completed()["update"]["changes"] == [change]
    case.details["site"]["sitrecid"] = "98002"
    assert case.completed()["update"]["changes"] == []
    case.details["site"]["sitrecid"] = "98001"
    case.assessment["criteria"]["discreteness"]["findings"][0]["code"] = "discreteness.updates_circle"
    assert case.completed()["update"]["changes"] == []
