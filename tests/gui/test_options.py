"""The options page: what a user changes reaches the check, and what equals the published rules is forgotten."""

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import Qt

from aze_plugin import paths
from aze_plugin.gui import preferences
from aze_plugin.gui.options_page import OptionsPage


@pytest.fixture
def page(qgis_app):
    QgsSettings().remove("aze_toolkit")
    made = OptionsPage(lambda: None)
    yield made
    made.deleteLater()
    QgsSettings().remove("aze_toolkit")


def test_the_published_rules_are_the_defaults(page):
    rules = paths.load_json("criteria", "aze.json")
    assert preferences.criteria_parameters() == {
        "THRESHOLD": 0.95,
        "PRESENCE": "1,2",
        "ORIGIN": "1,2,6",
        "MAX_UNCERTAINTY": rules["records"]["max_uncertainty_m"],
        "SINCE_YEAR": 0,
        "BASES_LEFT_OUT": "FOSSIL_SPECIMEN,LIVING_SPECIMEN",
        "DIGITIZING_ERROR": rules["sensitivity"]["digitizing_error_m"],
        "EDGE_TOLERANCE": rules["discreteness"]["edges"]["tolerance_m"],
    }
    page.apply()
    assert QgsSettings().allKeys() == [key for key in QgsSettings().allKeys() if not key.startswith("aze_toolkit/")]


def test_what_is_changed_reaches_the_check_and_is_taken_back(page):
    page.uncertainty.setValue(0)
    page.since.setValue(1990)
    for row in range(page.bases.count()):
        page.bases.setItemCheckState(row, Qt.CheckState.Unchecked)
    page.error.setValue(30)
    page.tolerance.setValue(120)
    page.apply()
    changed = preferences.criteria_parameters()
    assert changed["MAX_UNCERTAINTY"] == 0
    assert changed["SINCE_YEAR"] == 1990
    assert changed["BASES_LEFT_OUT"] == ""
    assert (changed["DIGITIZING_ERROR"], changed["EDGE_TOLERANCE"]) == (30, 120)
    again = OptionsPage(lambda: None)
    assert again.since.value() == 1990
    assert again.uncertainty.text() == "any"
    assert again.bases.checkedItems() == []
    again._show(preferences.published())
    again.apply()
    assert preferences.rules() == preferences.published()


def test_a_basis_of_a_data_set_of_its_own_is_kept(page):
    rules = preferences.published()
    preferences.save(preferences.Rules(**{**vars(rules), "bases_left_out": "CAMERA_TRAP,FOSSIL_SPECIMEN"}), "")
    again = OptionsPage(lambda: None)
    again.apply()
    assert preferences.criteria_parameters()["BASES_LEFT_OUT"] == "CAMERA_TRAP,FOSSIL_SPECIMEN"


def test_every_parameter_is_one_of_the_check(page, provider):
    known = {p.name() for p in provider.algorithm("checkboundary").parameterDefinitions()}
    assert preferences.criteria_parameters().keys() <= known
    assert {"LANDCOVER", "EDGES", "PROTECTED", "AUTHORITY"} <= known
    importing = {p.name() for p in provider.algorithm("importspecies").parameterDefinitions()}
    assert {"OCCURRENCES", "POPULATIONS", "HABITATS", "AUTHORITY"} <= importing
