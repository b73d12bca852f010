"""The session: candidates, staleness, statements, tasks, and what a project keeps."""

import json
from pathlib import Path

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, boundary_of, fresh, settle, wait_for
from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer

from aze_plugin.domain.errors import AzeError
from aze_plugin.services import project_state

SQUARE = "Polygon((10 10, 10.2 10, 10.2 10.2, 10 10.2, 10 10))"


def square():
    return QgsGeometry.fromWkt(SQUARE)


def test_an_empty_project_says_what_to_do_first(empty_session):
    assert empty_session.next_step()[1:] == ("data", "library")
    assert {empty_session.page_state(p) for p in ("data", "boundary", "criteria", "protection", "nomination")} == {
        "empty"
    }
    assert empty_session.candidates.area_ha() is None
    assert not project_state.load(QgsProject.instance()).nominations


def test_looking_at_a_project_does_not_mark_it_as_edited(empty_session):
    empty_session.show_page("criteria")
    empty_session.show_page("data")
    assert empty_session.project.readEntry(project_state.SCOPE, project_state.KEY)[0] == ""


def test_candidates_have_names_of_their_own(empty_session):
    assert empty_session.candidates.add("  Mount   X ", square()) == "Mount X"
    assert empty_session.candidates.add("Mount X", square()) == "Mount X 2"
    assert empty_session.candidates.names == ["Mount X", "Mount X 2"]
    assert empty_session.candidates.current == "Mount X 2"
    assert empty_session.candidates.area_ha() == pytest.approx(48_493, rel=0.001)


def test_a_line_is_no_boundary(empty_session):
    with pytest.raises(AzeError, match="boundary.no_area"):
        empty_session.candidates.add("Line", QgsGeometry.fromWkt("LineString(0 0, 1 1)"))
    assert empty_session.candidates.names == []


def test_adding_and_deleting_can_be_undone(empty_session):
    empty_session.candidates.add("A", square())
    empty_session.candidates.layer.commitChanges(True)
    empty_session.candidates.remove()
    assert empty_session.candidates.names == []
    assert empty_session.candidates.current is None
    empty_session.candidates.layer.undoStack().undo()
    assert empty_session.candidates.names == ["A"]


def test_renaming_takes_nomination_and_statements_along(empty_session):
    empty_session.candidates.add("Old", square())
    empty_session.nominations.set_statement("delineation_rationale", "Because of the ridge.")
    empty_session.nominations.set_value("/site/country", "Azea")
    empty_session.candidates.rename("New")
    assert empty_session.candidates.current == "New"
    assert empty_session.nominations.statement("delineation_rationale") == "Because of the ridge."
    assert list(empty_session.nominations.details["statements"]["candidates"]) == ["New"]
    assert empty_session.nominations.details["site"]["country"] == "Azea"


def test_a_renaming_undone_takes_the_nomination_back(empty_session):
    empty_session.candidates.add("Other", square())
    empty_session.candidates.add("Old", square())
    empty_session.nominations.set_statement("delineation_rationale", "Because of the ridge.")
    empty_session.candidates.rename("New")
    empty_session.candidates.layer.undoStack().undo()
    assert empty_session.candidates.current == "Old"
    assert empty_session.nominations.statement("delineation_rationale") == "Because of the ridge."


def test_values_are_set_and_removed_by_pointer(empty_session):
    empty_session.candidates.add("A", square())
    empty_session.nominations.set_value("/threats/threats/0/timing", "Ongoing")
    empty_session.nominations.set_value("/threats/threats/1/timing", "Future")
    empty_session.nominations.set_value("/site/a~1b", 1)
    assert empty_session.nominations.details["threats"]["threats"] == [{"timing": "Ongoing"}, {"timing": "Future"}]
    assert empty_session.nominations.details["site"] == {"a/b": 1}
    empty_session.nominations.set_value("/threats/threats/0", None)
    empty_session.nominations.set_value("/site/a~1b", None)
    assert empty_session.nominations.details["threats"]["threats"] == [{"timing": "Future"}]
    assert empty_session.nominations.details["site"] == {}


def test_the_check_follows_the_boundary(session):
    assert session.results.assessment["verdict"] == "needs_evidence"
    assert session.page_state("boundary") == "fine"
    shifted = QgsGeometry(session.candidates.geometry())
    shifted.translate(0.01, 0)
    session.candidates.replace_boundary(shifted)
    assert session.results.assessment_stale
    assert session.results.coverage_stale
    assert session.page_state("criteria") == "work"
    wait_for(lambda: fresh(session))
    assert not session.results.assessment_stale


def test_a_statement_changes_the_verdict(session):
    session.nominations.set_statement("delineation_rationale", "The cloud forest's lower edge.")
    assert session.results.assessment_stale
    assert not session.results.coverage_stale
    wait_for(lambda: fresh(session))
    statuses = session.results.assessment["criteria"]["discreteness"]["status"]
    assert statuses == "met"


def test_a_result_of_an_earlier_boundary_is_dropped(session):
    away = square()
    session.check()
    session.candidates.replace_boundary(away)
    session.check()
    wait_for(lambda: fresh(session))
    assert session.results.assessment["species"] == []


def test_cancelling_leaves_the_earlier_result(session):
    before = session.results.assessment
    session.check()
    assert session.busy is not None
    session.cancel()
    assert session.busy is None
    settle()
    assert session.results.assessment is before


def test_a_failing_tool_says_so_in_a_sentence(session, tmp_path):
    said = []
    session.message.connect(lambda sentence, level: said.append((sentence, level)))
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"not a library")
    session.open_library(str(broken))
    assert session.sources.library_problem
    assert str(broken.name) in session.sources.library_problem
    assert session.page_state("data") == "problem"
    session.check()
    assert said[-1][0] == session.sources.library_problem


def test_each_candidate_keeps_its_results_and_gaps(session):
    settle()
    assert session.results.gaps_layer is not None
    first = session.results.assessment
    session.candidates.add("Away", square())
    assert session.results.assessment is None
    wait_for(lambda: fresh(session))
    session.candidates.set_current("Cloudtop Ridge")
    assert session.results.assessment is first
    wait_for(lambda: session.results.gaps_layer is not None)


def test_removing_a_layer_marks_results_stale(session):
    QgsProject.instance().removeMapLayer(session.sources.protected_layers[0].id())
    assert session.results.coverage_stale
    assert session.results.assessment_stale


def test_clearing_the_project_while_editing_is_safe(session):
    session.candidates.layer.startEditing()
    session.candidates.replace_boundary(square())
    QgsProject.instance().clear()
    settle()
    assert session.candidates.names == []
    assert session.candidates.current is None


def test_the_project_keeps_everything_with_relative_paths(session, library, tmp_path):
    session.nominations.set_statement("delineation_rationale", "Kept.")
    session.nominations.set_evidence([str(tmp_path / "photo.jpg")])
    project = QgsProject.instance()
    file = tmp_path / "site" / "project.qgs"
    file.parent.mkdir()
    project.setFileName(str(file))
    assert project.write()
    stored = json.loads(project.readEntry(project_state.SCOPE, project_state.KEY)[0])
    assert stored["version"] == project_state.VERSION
    assert not Path(stored["library"]).is_absolute()
    assert stored["evidence"]["Cloudtop Ridge"] == ["../photo.jpg"]
    assert (file.parent / "project_candidates.gpkg").exists()
    project.clear()
    settle()
    assert session.candidates.names == []
    assert project.read(str(file))
    assert session.candidates.names == ["Cloudtop Ridge"]
    assert session.candidates.current == "Cloudtop Ridge"
    assert Path(session.sources.library_path).resolve() == Path(library).resolve()
    assert session.nominations.statement("delineation_rationale") == "Kept."
    assert session.nominations.evidence == [str(tmp_path / "photo.jpg")]
    wait_for(lambda: fresh(session))


def test_a_script_that_writes_the_project_gets_the_same(empty_session, tmp_path):
    empty_session.candidates.add("A", square())
    (tmp_path / "there").mkdir()
    assert QgsProject.instance().write(str(tmp_path / "there" / "p.qgs"))
    wait_for(lambda: (tmp_path / "there" / "p_candidates.gpkg").exists())
    assert empty_session.candidates.names == ["A"]
    assert "p_candidates.gpkg" in (tmp_path / "there" / "p.qgs").read_text()


def test_a_project_of_a_later_version_is_left_alone(empty_session):
    project = QgsProject.instance()
    later = json.dumps({"version": project_state.VERSION + 1, "nominations": {"A": {}}})
    project.writeEntry(project_state.SCOPE, project_state.KEY, later)
    said = []
    empty_session.message.connect(lambda sentence, level: said.append(sentence))
    empty_session.restore()
    assert "later version" in said[0]
    empty_session.candidates.add("A", square())
    empty_session.nominations.set_value("/site/country", "Azea")
    assert project.readEntry(project_state.SCOPE, project_state.KEY)[0] == later


def test_problems_are_found_while_writing(session):
    session.nominations.set_statement("delineation_rationale", "The cloud forest's lower edge.")
    wait_for(lambda: fresh(session))
    wait_for(lambda: session.nominations.problems)
    assert all(set(p) == {"code", "severity", "message", "field"} for p in session.nominations.problems)
    assert session.nominations.completed["delineation"]["rationale"] == "The cloud forest's lower edge."
    assert session.page_state("nomination") == "work"


def test_several_site_layers_count_as_one(session):
    for number in range(2):
        layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=IntName:string&field=SitRecID:integer", "s", "memory")
        feature = next(QgsVectorLayer(str(SAMPLE / "sites.gpkg")).getFeatures())
        copy = type(feature)(layer.fields())
        copy.setAttributes([f"Site {number}", number])
        copy.setGeometry(boundary_of("Cloudtop Ridge"))
        layer.dataProvider().addFeatures([copy])
        QgsProject.instance().addMapLayer(layer)
        session.sources.adopt(layer, "sites")
    wait_for(lambda: fresh(session))
    said = " ".join(f["message"] for f in session.results.assessment["criteria"]["discreteness"]["findings"])
    assert "Site 0" in said
    assert "Site 1" in said


def test_without_shapely_the_panel_says_what_to_install(algorithms, monkeypatch):
    from aze_plugin.gui import sources as module
    from aze_plugin.gui.session import Session

    monkeypatch.setattr(module, "shapely_problem", lambda: AzeError("dependency.shapely.linux", found="1.8"))
    QgsProject.instance().clear()
    lacking = Session()
    said = []
    lacking.message.connect(lambda sentence, level: said.append(sentence))
    lacking.check()
    lacking.protection.measure()
    assert "python3-shapely" in lacking.sources.installation_problem
    assert said == [lacking.sources.installation_problem] * 2
    assert lacking.next_step()[1] == "data"
    lacking.close()
