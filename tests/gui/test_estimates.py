"""The user's own estimates: kept, undone, passed to the check, and edited on a taxon's page."""

import csv
import json

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, fresh, settle, wait_for
from qgis.core import QgsGeometry, QgsProject

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui.estimates import OwnEstimate, of_library
from aze_plugin.services import project_state

SQUARE = QgsGeometry.fromWkt("Polygon((10 10, 10.2 10, 10.2 10.2, 10 10.2, 10 10))")


def individuals(low, best, high, name="Azea alba", segment="resident", **more):
    return OwnEstimate("", name, "mature_individuals", segment, low, best, high, **more)


def both(session, site, world):
    session.estimates.put("estimate", ("site", site, site), ("global", world, world))


def entry_of(session, name):
    return next(e for e in session.results.assessment["species"] if e["scientific_name"] == name)


def checked(session):
    wait_for(lambda: fresh(session))
    return session.results.assessment


def test_estimates_make_a_share_of_their_own_and_undo_takes_it_back(session):
    before = [s["parameter"] for s in entry_of(session, "Azea alba")["shares"]]
    assert "mature_individuals" not in before
    both(session, individuals(90.0, 95.0, 99.0), individuals(99.0, 100.0, 110.0))
    assert session.results.assessment_stale
    checked(session)
    share = next(s for s in entry_of(session, "Azea alba")["shares"] if s["parameter"] == "mature_individuals")
    # Low = 90 / 110, best = 95 / 100, high = 99 / 99.
    assert (share["low"], share["best"], share["high"]) == pytest.approx((90 / 110, 0.95, 1.0))
    assert share["basis"] == "estimate"
    session.estimates.stack.undo()
    assert session.results.assessment_stale
    checked(session)
    assert [s["parameter"] for s in entry_of(session, "Azea alba")["shares"]] == before


def test_a_change_taken_back_at_once_leaves_the_result_fresh(session):
    both(session, individuals(90.0, 95.0, 99.0), individuals(99.0, 100.0, 110.0))
    assert session.results.assessment_stale
    session.estimates.stack.undo()
    assert not session.results.assessment_stale
    session.estimates.stack.redo()
    assert session.results.assessment_stale


def test_what_cannot_be_used_is_kept_and_takes_no_part_in_the_check(empty_session):
    empty_session.candidates.add("A", SQUARE)
    wrong = individuals(20.0, 10.0, None)
    empty_session.estimates.put("x", ("site", wrong, wrong))
    assert wrong.problem("site").code == "row.estimate_order"
    assert empty_session.estimates.rows("A") == ()
    assert empty_session.estimates.of("site", "", "Azea alba") == [wrong]
    assert individuals("ten", None, None).problem("site").code == "row.estimate_number"
    assert individuals(None, -1.0, None).problem("site").code == "row.estimate_number"
    assert individuals(None, None, None).problem("site").code == "row.estimate_empty"
    assert individuals(0.0, 0.0, 0.0).problem("global").code == "row.estimate_world_zero"
    assert individuals(0.0, 0.0, 0.0).problem("site") is None
    assert individuals(1.0, 1.0, 1.0, year="last year").problem("site").code == "row.estimate_year"


def test_site_estimates_belong_to_a_candidate_and_go_along_when_it_is_renamed(empty_session):
    empty_session.candidates.add("Other", SQUARE)
    empty_session.candidates.add("Old", SQUARE)
    both(empty_session, individuals(1.0, 2.0, 3.0), individuals(10.0, 20.0, 30.0))
    empty_session.candidates.rename("New")
    assert [row.site for row in empty_session.estimates.rows("New")] == ["", "New"]
    assert [row.scope for row in empty_session.estimates.rows("Other")] == ["global"]
    # A step made under the old name is undone under the new one.
    empty_session.estimates.stack.undo()
    assert empty_session.estimates.rows("New") == ()
    empty_session.estimates.stack.redo()
    empty_session.candidates.layer.undoStack().undo()
    assert [row.site for row in empty_session.estimates.rows("Old")] == ["", "Old"]


def test_the_project_keeps_estimates_unusable_ones_included(empty_session, tmp_path):
    empty_session.candidates.add("A", SQUARE)
    site, world = individuals("ten or so", 2.0, None, origin="Survey"), individuals(10.0, 20.0, 30.0, year=2020)
    both(empty_session, site, world)
    project = QgsProject.instance()
    project.setFileName(str(tmp_path / "p.qgs"))
    assert project.write()
    project.clear()
    settle()
    assert empty_session.estimates.rows("A") == ()
    assert project.read(str(tmp_path / "p.qgs"))
    assert empty_session.estimates.of("site", "", "Azea alba") == [site]
    assert empty_session.estimates.of("global", "", "Azea alba") == [world]
    assert not empty_session.estimates.stack.canUndo()


def test_a_project_of_the_first_version_opens_without_estimates(empty_session):
    project = QgsProject.instance()
    first = json.dumps({"version": 1, "library": "", "current": "", "nominations": {}, "evidence": {}})
    project.writeEntry(project_state.SCOPE, project_state.KEY, first)
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    empty_session.restore()
    assert said == []
    assert empty_session.estimates.kept == {}


@pytest.mark.parametrize(
    "estimates",
    [
        [1],
        {"world": [{"parameter": "range"}]},
        {"world": [{**vars(individuals(1.0, 1.0, 1.0)), "parameter": "luck"}]},
        {"sites": {"A": [{**vars(individuals([], 1.0, 1.0))}]}},
    ],
)
def test_estimates_that_cannot_be_read_are_left_as_they_are(empty_session, estimates):
    project = QgsProject.instance()
    damaged = json.dumps({"version": project_state.VERSION, "estimates": estimates})
    project.writeEntry(project_state.SCOPE, project_state.KEY, damaged)
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    empty_session.restore()
    assert "cannot be read" in said[0]
    empty_session.candidates.add("A", SQUARE)
    both(empty_session, individuals(1.0, 2.0, 3.0), individuals(10.0, 20.0, 30.0))
    assert project.readEntry(project_state.SCOPE, project_state.KEY)[0] == damaged


def test_a_file_is_taken_in_one_step_and_says_what_it_left_out(session):
    loaded = session.estimates.load(str(SAMPLE / "populations.csv"), "load", session.sources.library_path)
    rows = list(csv.DictReader((SAMPLE / "populations.csv").open(encoding="utf-8")))
    elsewhere = [row for row in rows if row["site"] not in ("", "Cloudtop Ridge")]
    assert loaded.count == len(rows) - len(elsewhere)
    assert loaded.other_sites == ("Serrata Highlands",)
    assert loaded.unknown == ()
    alba = entry_of(session, "Azea alba")
    found = session.estimates.of("site", alba["taxon_id"], "Azea alba")
    assert [(e.low, e.best, e.high, e.year) for e in found] == [(825.0, 835.0, 840.0, 2022)]
    session.estimates.stack.undo()
    assert session.estimates.kept == {}


def test_a_file_with_a_wrong_row_is_not_taken_at_all(session, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("scientific_name,parameter,best\nAzea alba,range,5\nAzea alba,aoo,many\n", encoding="utf-8")
    with pytest.raises(AzeError, match="estimates.row"):
        session.estimates.load(str(path), "load", session.sources.library_path)
    assert session.estimates.kept == {}


def test_a_taxon_that_the_library_does_not_know_is_named(session, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("scientific_name,parameter,best\nNobody nowhere,range,5\n", encoding="utf-8")
    assert session.estimates.load(str(path), "load", session.sources.library_path).unknown == ("Nobody nowhere",)


def test_what_is_saved_can_be_loaded_again(empty_session, tmp_path):
    empty_session.candidates.add("A", SQUARE)
    both(
        empty_session,
        individuals(1.25, 2.0, 3.0, year=2020, origin="Survey, in “full”"),
        individuals(10.0, 20.0, 30.0),
    )
    wrong = individuals("?", None, None, segment="breeding")
    empty_session.estimates.put("x", ("site", wrong, wrong))
    before = empty_session.estimates.rows("A")
    path = tmp_path / "folder" / "e.csv"
    assert empty_session.estimates.save(str(path)) == (2, 1)
    empty_session.estimates.restore({})
    assert empty_session.estimates.load(str(path), "load").count == 2
    assert empty_session.estimates.rows("A") == before


def test_the_library_s_estimates_are_told_from_the_user_s_own(session):
    both(session, individuals(90.0, 95.0, 99.0), individuals(99.0, 100.0, 110.0))
    checked(session)
    entry = json.loads(json.dumps(entry_of(session, "Azea alba")))
    assert len(entry["estimates"]) == 2
    assert of_library(entry, session.results.assessed_estimates) == {}
    theirs = {**entry["estimates"][0], "best": 1.0}
    entry["estimates"].insert(0, theirs)
    found = of_library(entry, session.results.assessed_estimates)
    assert list(found.values()) == [theirs]


def test_the_package_gets_the_same_estimates_as_the_check(session, tmp_path):
    import zipfile

    both(session, individuals(990.0, 995.0, 999.0), individuals(999.0, 1000.0, 1010.0))
    checked(session)
    target = tmp_path / "package.zip"
    session.export(str(target), allow_incomplete=True)
    wait_for(lambda: session.package is not None and session.busy is None)
    with zipfile.ZipFile(target) as packed:
        name = next(n for n in packed.namelist() if n.endswith("data/assessment.json"))
        document = json.loads(packed.read(name))
    packed_entry = next(e for e in document["assessments"][0]["species"] if e["scientific_name"] == "Azea alba")
    assert packed_entry["shares"] == entry_of(session, "Azea alba")["shares"]
    assert any(s["basis"] == "estimate" for s in packed_entry["shares"])
