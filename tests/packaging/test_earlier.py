"""Earlier nominations: read from each kind of file, merged without losing or inventing anything."""

import copy
import json
import zipfile

import pytest

from aze_plugin import paths
from aze_plugin.domain.errors import AzeError
from aze_plugin.packaging import earlier, form

SCHEMA = paths.load_json("schemas", "nomination.schema.json")
NEW, UPDATE = SCHEMA["examples"]


def saved(path, document):
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("example", [NEW, UPDATE])
def test_a_file_of_ours_fills_an_empty_nomination_with_all_that_is_entered(tmp_path, example):
    (read,) = earlier.read(saved(tmp_path / "n.json", example))
    name = example["site"]["international_name"]
    blank = {"schema": "aze-nomination/1", "kind": example["kind"]}
    # As it is once the boundary was checked: species are derived, nothing else.
    checked = {"biodiversity": {"species": copy.deepcopy(example["biodiversity"]["species"])}}
    for taxon in example["statements"]["candidates"][name].get("species", {}):
        if taxon not in [row["scientific_name"] for row in checked["biodiversity"]["species"]]:
            checked["biodiversity"]["species"].append({"scientific_name": taxon})
    merged = earlier.merge(blank, checked, read, name)
    for section in ("proposer", "site", "actions", "habitats", "threats", "consultation", "protection", "statements"):
        assert merged.details[section] == example[section], section
    assert {left.code for left in merged.left} <= {"earlier.file"}


def test_a_proposal_form_is_read_back(tmp_path):
    """What the form has a column for comes back; columns are found by the same map that wrote them."""
    form.write_form(tmp_path / "f.xlsx", UPDATE)
    (read,) = earlier.read(tmp_path / "f.xlsx")
    # Its purpose was left to be derived: the form does not say what kind of nomination it is.
    assert "kind" not in read
    for key in ("name", "email", "organisation", "date", "stage", "consent"):
        assert read["proposer"][key] == UPDATE["proposer"][key]
    assert read["site"]["international_name"] == "Serrata Highlands"
    assert read["site"]["sitrecid"] == "98001"
    assert read["site"]["altitude_min"] == 260
    assert read["actions"] == UPDATE["actions"]
    assert read["habitats"] == UPDATE["habitats"]
    assert read["threats"] == UPDATE["threats"]
    assert read["biodiversity"]["species"][0]["reproductive_units"] == 12
    assert read["consultation"] == UPDATE["consultation"]


def test_a_form_of_several_sites_gives_each_its_own_rows(tmp_path):
    form.write_form(tmp_path / "f.xlsx", NEW)
    paths.enable_vendored()
    from openpyxl import load_workbook

    workbook = load_workbook(tmp_path / "f.xlsx")
    sites, threats = workbook["2. Site data"], workbook["6. Threats data"]
    sites.cell(6, 3, "Second Hill")
    sites.cell(6, 5, "Limina")
    for row, name in ((4, NEW["site"]["international_name"]), (5, "Second Hill")):
        threats.cell(row, 3, name)
    threats.cell(5, 10, "9. Pollution")
    threats.cell(5, 13, "Ongoing")
    workbook.save(tmp_path / "two.xlsx")
    first, second = earlier.read(tmp_path / "two.xlsx")
    assert first["threats"] == NEW["threats"]
    assert second["site"] == {"international_name": "Second Hill", "country": "Limina"}
    assert second["threats"]["threats"] == [{"level_1": "9. Pollution", "timing": "Ongoing"}]
    assert second["proposer"] == first["proposer"]


def test_only_what_is_empty_is_filled_unless_asked():
    mine = {"schema": "aze-nomination/1", "kind": "new_site", "proposer": {"name": "Ines Baum"}}
    theirs = {"schema": "aze-nomination/1", "kind": "new_site", "proposer": {"name": "Mira Talo", "country": "Azea"}}
    merged = earlier.merge(mine, mine, theirs, "X")
    assert merged.details["proposer"] == {"name": "Ines Baum", "country": "Azea"}
    assert merged.taken == ["/proposer/country"]
    assert [(left.pointer, left.code) for left in merged.left] == [("/proposer/name", "earlier.filled")]
    replaced = earlier.merge(mine, mine, theirs, "X", replace=True)
    assert replaced.details["proposer"] == {"name": "Mira Talo", "country": "Azea"}
    assert replaced.left == []
    assert mine["proposer"] == {"name": "Ines Baum"}


def test_figures_of_an_earlier_boundary_are_never_taken():
    theirs = {"schema": "aze-nomination/1", "site": {"area_km2": 12.0, "latitude": 1.0, "altitude_min": 5}}
    theirs["biodiversity"] = {"species": [{"scientific_name": "A b", "percent_at_site": 99, "reproductive_units": 12}]}
    checked = {
        "site": {"area_km2": 20.0, "latitude": 2.0},
        "biodiversity": {"species": [{"scientific_name": "A b", "percent_at_site": 96}]},
    }
    for replace in (False, True):
        merged = earlier.merge({"kind": "new_site"}, checked, theirs, "X", replace)
        # The altitude is worked out only with a terrain model: here nobody knows it better.
        assert merged.details["site"] == {"altitude_min": 5}
        assert merged.details["biodiversity"]["species"] == [{"scientific_name": "A b", "reproductive_units": 12}]
        assert {left.code for left in merged.left} == {"earlier.derived"}
    unchecked = earlier.merge({"kind": "new_site"}, {}, theirs, "X")
    assert "site" not in unchecked.details
    assert unchecked.details["biodiversity"]["species"] == [{"scientific_name": "A b", "reproductive_units": 12}]


def test_what_has_no_place_is_listed_and_not_lost_in_silence():
    theirs = {
        "schema": "aze-nomination/1",
        "kind": "update_site",
        "update": {"site_id": "98001"},
        "proposer": {"shoe_size": "43", "email": "nobody", "name": "Two\nlines"},
        "threats": {"threats": [{"level_1": "99. Dragons", "timing": "Ongoing"}]},
        "biodiversity": {"species": [{"scientific_name": "Gone elsewhere", "notes": "x"}]},
        "evidence": {"files": [{"file": "minutes.pdf"}]},
        "weather": {"sun": 1},
    }
    merged = earlier.merge({"kind": "new_site"}, {"biodiversity": {"species": []}}, theirs, "X")
    assert merged.details["proposer"] == {"name": "Two lines"}
    assert {(left.pointer, left.code) for left in merged.left} == {
        ("/weather", "earlier.unknown"),
        ("/kind", "earlier.other_kind"),
        ("/update", "earlier.other_kind"),
        ("/proposer/shoe_size", "earlier.unknown"),
        ("/proposer/email", "earlier.invalid"),
        ("/threats/threats/0/level_1", "earlier.invalid"),
        ("/biodiversity/species/0", "earlier.no_trigger"),
        ("/evidence/files/0", "earlier.file"),
    }


def test_statements_go_to_the_candidate_whatever_the_site_was_called():
    theirs = {
        "schema": "aze-nomination/1",
        "statements": {"candidates": {"Old name": {"delineation_rationale": "Ridge."}}},
    }
    merged = earlier.merge({"kind": "new_site"}, {}, theirs, "New name")
    assert merged.details["statements"]["candidates"] == {"New name": {"delineation_rationale": "Ridge."}}


def refused(path):
    with pytest.raises(AzeError) as caught:
        earlier.read(path)
    return caught.value.code


def test_foreign_and_hostile_files_are_refused(tmp_path):
    assert refused(saved(tmp_path / "a.json", {"type": "FeatureCollection"})) == "earlier.foreign"
    assert refused(saved(tmp_path / "b.json", [1])) == "details.unreadable"
    (tmp_path / "c.xlsx").write_bytes(b"no workbook")
    assert refused(tmp_path / "c.xlsx") == "earlier.unreadable"
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("../evil.json", "{}")
    assert refused(tmp_path / "d.zip") == "earlier.package"
    assert not (tmp_path.parent / "evil.json").exists()
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("site/readme.txt", "hello")
    assert refused(tmp_path / "e.zip") == "earlier.foreign"
    form.write_form(tmp_path / "f.xlsx", NEW)
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with zipfile.ZipFile(tmp_path / "f.xlsx") as given, zipfile.ZipFile(tmp_path / "g.xlsx", "w") as written:
        for name in given.namelist():
            written.writestr(name, bomb if name.endswith("sheet1.xml") else given.read(name))
    assert refused(tmp_path / "g.xlsx") == "earlier.unreadable"


def test_a_package_gives_its_nomination(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("site/data/nomination.json", json.dumps(NEW))
    assert earlier.read(tmp_path / "p.zip") == [NEW]
