"""The three criteria, case by case. Ranges are rectangles in EPSG:6933, so every share is known in closed form.

The world of each case is a strip 1000 m wide; the candidate is its western part, of the width given.
"""

import pytest

from aze_plugin import paths
from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import Candidate, ExistingSite, Statement
from aze_plugin.domain.criteria import irreplaceability
from aze_plugin.domain.criteria.assessment import assess
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.criteria.shares import Measured, Share, leading, measure
from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.species import Evidence, RangeEvidence, RangeRow, Taxon, segments_of

RULES = Settings.from_dict(paths.load_json("criteria", "aze.json"))
RATIONALE = Statement(delineation_rationale="The ridge and its cloud forest end where the lava fields begin.")


def strip(x0, x1, y0=0, y1=1000):
    return geometry.box(x0, y0, x1, y1)


def evidence(taxon, rows, historic=False):
    """Evidence from (seasonal, x0, x1) strips; global areas are dissolved per segment, as the library does it."""
    made = [RangeRow(1, 1, season, strip(x0, x1)) for season, x0, x1 in rows]
    seasons = {row.seasonal for row in made}
    areas = {
        name: geometry.area(geometry.dissolve(r.geometry for r in made if r.seasonal in codes))
        for name, codes in segments_of(seasons).items()
    }
    return Evidence(taxon, RangeEvidence(tuple(made), areas, historic))


def taxon(category="EN", name="Azea probans", **more):
    return Taxon("1", name, category, **more)


def judge(items, width=950.0, statement=RATIONALE, rules=RULES, sites=None, year=2026, shape=None):
    candidate = Candidate("Test", strip(0, width) if shape is None else shape, area_ha=width / 10)
    found = [] if candidate.geometry is None else measure(items, candidate.geometry)
    return assess(candidate, found, {}, sites, statement, rules, year)


def range_shares(item, boundary):
    return measure([item], boundary)[0].shares


def codes(findings):
    return {f.code for f in findings}


# category, rows (season, x0, x1), candidate width, status, route, a1e
CASES = {
    "EN all inside": ("EN", [(1, 0, 900)], 950, "met", "sole_area", "met"),
    "CR all inside": ("CR", [(1, 0, 900)], 950, "met", "sole_area", "met"),
    "EN 97.4 %": ("EN", [(1, 0, 1000)], 974, "met", "resident_population", "met"),
    "EN 95.1 %": ("EN", [(1, 0, 1000)], 951, "met", "resident_population", "met"),
    "EN exactly 95 %": ("EN", [(1, 0, 1000)], 950, "not_met", "none", "met"),
    "EN 94.9 %": ("EN", [(1, 0, 1000)], 949, "not_met", "none", "not_met"),
    "CR half": ("CR", [(1, 0, 1000)], 500, "not_met", "none", "not_met"),
    "EN a ten-millionth outside is sole": ("EN", [(1, 0, 1000)], 1000 - 1e-4, "met", "sole_area", "met"),
    "EN a hundred-thousandth outside is not": ("EN", [(1, 0, 1000)], 1000 - 1e-2, "met", "resident_population", "met"),
    "EN duplicated rows": ("EN", [(1, 0, 1000), (1, 0, 1000), (1, 0, 500)], 960, "met", "resident_population", "met"),
    "EN duplicated inside do not help": (
        "EN",
        [(1, 0, 900), (1, 0, 900), (1, 900, 1000)],
        900,
        "not_met",
        "none",
        "not_met",
    ),
    "EN breeding inside": ("EN", [(2, 0, 900), (3, 5000, 9000)], 950, "met", "life_history_segment", "met"),
    "EN non-breeding inside": ("EN", [(3, 0, 900), (2, 5000, 9000)], 950, "met", "life_history_segment", "met"),
    "EN breeding is residents too": (
        "EN",
        [(2, 0, 900), (1, 5000, 5100), (3, 8000, 9000)],
        950,
        "not_met",
        "none",
        "not_met",
    ),
    "EN breeding 96 of 100": ("EN", [(2, 0, 1000), (3, 5000, 9000)], 960, "met", "life_history_segment", "met"),
    "EN breeding exactly 95": ("EN", [(2, 0, 1000), (3, 5000, 9000)], 950, "not_met", "none", "met"),
    "EN passage inside": (
        "EN",
        [(4, 0, 900), (2, 5000, 6000), (3, 8000, 9000)],
        950,
        "met",
        "life_history_segment",
        "met",
    ),
    "EN resident inside, passage outside": (
        "EN",
        [(1, 0, 900), (4, 2000, 3000)],
        950,
        "met",
        "resident_population",
        "met",
    ),
    "EN much passage inside lifts nothing": (
        "EN",
        [(1, 0, 100), (1, 9000, 9010), (4, 100, 900)],
        900,
        "met",
        "life_history_segment",
        "met",
    ),
    "EN seasonal unknown is resident": ("EN", [(5, 0, 1000)], 960, "met", "resident_population", "met"),
    "EN everything inside by seasons": ("EN", [(2, 0, 300), (3, 300, 900)], 950, "met", "sole_area", "met"),
    "VU all inside": ("VU", [(1, 0, 900)], 950, "not_met", "none", "not_met"),
    "DD all inside": ("DD", [(1, 0, 900)], 950, "not_met", "none", "not_met"),
    "LC all inside": ("LC", [(1, 0, 900)], 950, "not_met", "none", "not_met"),
    "NT all inside": ("NT", [(1, 0, 900)], 950, "not_met", "none", "not_met"),
    "EX all inside": ("EX", [(1, 0, 900)], 950, "not_met", "none", "not_met"),
    "NE all inside": ("NE", [(1, 0, 900)], 950, "not_met", "none", "not_met"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_taxon(case):
    category, rows, width, status, route, a1e = CASES[case]
    result = judge([evidence(taxon(category), rows)], width).species[0]
    assert (result.verdict.status, result.verdict.route, result.verdict.a1e) == (status, route, a1e)
    assert result.verdict.trigger == (status == "met")


def test_shares_are_the_closed_form_per_segment():
    rows = [(1, 0, 1000), (2, 500, 2000), (3, 900, 4000)]
    shares = {s.segment: s.best for s in judge([evidence(taxon(), rows)], 950).species[0].shares}
    assert shares == pytest.approx({"all": 950 / 4000, "breeding": 950 / 2000, "non_breeding": 950 / 4000})


def test_equality_is_said():
    result = judge([evidence(taxon(), [(1, 0, 1000)])], 950)
    assert "irreplaceability.share_equals_threshold" in codes(result.species[0].findings)
    assert result.verdict == "not_eligible" and result.a1e == "met"


@pytest.mark.parametrize("off, status", [(5e-10, "not_met"), (2e-9, "met")])
def test_equal_means_within_a_billionth(off, status):
    result = judge([evidence(taxon(), [(1, 0, 1000)])], 1000 * (0.95 + off))
    assert result.species[0].verdict.status == status


@pytest.mark.parametrize("threshold, width, status", [(0.9, 930, "met"), (0.99, 970, "not_met"), (1.0, 1000, "met")])
def test_the_threshold_is_a_setting(threshold, width, status):
    rules = RULES.with_choices(threshold=threshold)
    assert judge([evidence(taxon(), [(1, 0, 1000)])], width, rules=rules).species[0].verdict.status == status


@pytest.mark.parametrize("value", [0, -1, 1.2])
def test_a_threshold_without_meaning_is_refused(value):
    with pytest.raises(AzeError, match="settings.threshold"):
        RULES.with_choices(threshold=value)


@pytest.mark.parametrize("text", ["a,b", "0,1", "1,9", ","])
def test_code_lists_without_meaning_are_refused(text):
    with pytest.raises(AzeError, match="settings.codes"):
        RULES.with_choices(presence=text)


def test_possibly_extinct_needs_evidence_of_presence():
    item = evidence(taxon("CR", possibly_extinct=True), [(1, 0, 900)])
    without = judge([item])
    assert without.species[0].verdict.status == "needs_evidence" and not without.species[0].verdict.trigger
    assert without.verdict == "needs_evidence" and without.a1e == "needs_evidence"
    said = Statement("Why.", evidence_of_presence=(("Azea probans", "Two calling males in 2025."),))
    with_evidence = judge([item], statement=said)
    assert with_evidence.species[0].verdict.trigger and with_evidence.verdict == "eligible"


def test_possibly_extinct_elsewhere_is_simply_not_met():
    item = evidence(taxon("CR", possibly_extinct=True), [(1, 0, 1000)])
    assert judge([item], 300).species[0].verdict.status == "not_met"


def test_extinct_in_the_wild_needs_a_reason_and_is_no_a1e():
    item = evidence(taxon("EW"), [(1, 0, 4000)], historic=True)
    without = judge([item])
    assert without.species[0].verdict.status == "needs_evidence" and without.verdict == "needs_evidence"
    said = Statement("Why.", reintroduction_justification=(("Azea probans", "The only valley free of rats."),))
    result = judge([item], statement=said)
    assert result.species[0].verdict.route == "reintroduction" and result.species[0].verdict.trigger
    assert (result.verdict, result.a1e) == ("eligible", "not_met")


def test_an_unknown_category_cannot_be_assessed_and_is_no_pass():
    item = evidence(taxon("NE", category_source="none"), [(1, 0, 900)])
    result = judge([item])
    assert result.species[0].verdict.status == "not_assessable" and not result.species[0].verdict.trigger
    assert result.criteria["endangerment"].status == "not_assessable"
    assert result.verdict == "needs_evidence"


@pytest.mark.parametrize("rank", ["subspecies", "subpopulation"])
def test_below_species_never_triggers(rank):
    result = judge([evidence(taxon("CR", rank=rank), [(1, 0, 900)])])
    assert not result.species[0].verdict.trigger and result.verdict == "not_eligible"
    assert f"endangerment.not_a_species.{rank}" in codes(result.species[0].findings)


def test_nothing_here_is_a_result_and_no_error():
    result = judge([evidence(taxon(), [(1, 5000, 6000)])])
    assert (result.verdict, result.a1e, result.species) == ("not_eligible", "not_met", ())
    assert result.criteria["endangerment"].status == "not_met"


def test_without_a_rationale_discreteness_waits_for_the_nominator():
    result = judge([evidence(taxon(), [(1, 0, 900)])], statement=Statement())
    assert result.verdict == "needs_evidence"
    assert result.criteria["discreteness"].status == "needs_evidence"
    assert "discreteness.no_rationale" in codes(result.criteria["discreteness"].findings)


def test_a_boundary_that_cannot_be_one_fails():
    candidate = Candidate("Nothing", None, 0.0, row=3, reason="null")
    result = assess(candidate, [], {}, None, RATIONALE, RULES, 2026)
    assert result.criteria["discreteness"].status == "not_met" and result.verdict == "not_eligible"
    finding = result.criteria["discreteness"].findings[0]
    assert finding.code == "discreteness.boundary_invalid" and finding.params["row"] == 3


def test_overlap_with_a_site_is_measured():
    sites = [ExistingSite("7", "Old Cape", strip(900, 1900)), ExistingSite("8", "Far Rock", strip(5000, 6000))]
    result = judge([evidence(taxon(), [(1, 0, 900)])], 1000, sites=sites)
    found = [f for f in result.criteria["discreteness"].findings if f.code == "discreteness.overlaps_site"]
    assert len(found) == 1
    assert found[0].params["overlap_m2"] == pytest.approx(100 * 1000)
    assert found[0].params["share"] == pytest.approx(0.1) and found[0].params["site_share"] == pytest.approx(0.1)


def test_a_shared_edge_is_no_overlap():
    result = judge([evidence(taxon(), [(1, 0, 900)])], 1000, sites=[ExistingSite("7", "Next", strip(1000, 2000))])
    assert "discreteness.no_overlap" in codes(result.criteria["discreteness"].findings)


def test_the_boundary_of_an_existing_site_is_recognised():
    result = judge([evidence(taxon(), [(1, 0, 900)])], 1000, sites=[ExistingSite("7", "Same", strip(0, 1000))])
    assert "discreteness.same_as_site" in codes(result.criteria["discreteness"].findings)


def test_a_boundary_far_larger_than_the_range_is_noted():
    result = judge([evidence(taxon(), [(1, 0, 90)])], 1000)
    assert "discreteness.oversize" in codes(result.criteria["discreteness"].findings)


@pytest.mark.parametrize("published, outdated", [(2015, True), (2016, False), (None, False)])
def test_assessments_older_than_ten_years_are_noted(published, outdated):
    found = codes(judge([evidence(taxon(year=published), [(1, 0, 900)])]).species[0].findings)
    assert ("endangerment.assessment_outdated" in found) == outdated


def test_where_the_rest_lies():
    item = evidence(taxon(), [(1, 0, 1000), (1, 2000, 2100)])
    whole = range_shares(item, strip(0, 1000))[1]
    joined = irreplaceability.joined_range(item.range.rows, whole.segment)
    finding = irreplaceability.outside_finding(item.taxon, joined, strip(0, 1000), whole)
    assert finding.params["share"] == pytest.approx(100 / 1100) and finding.params["count"] == 1
    assert finding.params["outside_m2"] == pytest.approx(100_000)
    assert irreplaceability.outside_finding(item.taxon, joined, strip(-10, 3000), whole) is None


def test_the_rest_of_a_migrant_is_that_of_its_segment():
    item = evidence(taxon(), [(2, 0, 1000), (3, 5000, 9000)])
    breeding = leading(range_shares(item, strip(0, 960)))
    joined = irreplaceability.joined_range(item.range.rows, breeding.segment)
    finding = irreplaceability.outside_finding(item.taxon, joined, strip(0, 960), breeding)
    assert finding.params["segment"] == "breeding" and finding.params["share"] == pytest.approx(0.04)


def test_threatened_taxa_come_first():
    items = [
        evidence(Taxon("1", "Azea vulnerata", "VU"), [(1, 0, 900)]),
        evidence(Taxon("2", "Azea communis", "LC"), [(1, 0, 900)]),
        evidence(Taxon("3", "Azea parva", "EN"), [(1, 0, 5000)]),
        evidence(Taxon("4", "Azea sola", "CR"), [(1, 0, 900)]),
    ]
    assert [r.taxon.taxon_id for r in judge(items).species] == ["4", "3", "1", "2"]


def test_range_maps_alone_are_marked_as_scoping():
    result = judge([evidence(taxon(), [(1, 0, 900)])])
    assert "irreplaceability.range_only" in codes(result.species[0].findings)
    assert "irreplaceability.range_only" in codes(result.criteria["irreplaceability"].findings)


def share(parameter, low, best=None, high=None, segment="all"):
    best = low if best is None else best
    return Share(parameter, segment, low, best, high if high is not None else best, best, 1.0)


# shares (parameter, low, best, high), status, deciding parameter
DECISIONS = {
    "individuals decide over range": ([("range", 0.5), ("mature_individuals", 0.97)], "met", "mature_individuals"),
    "range when individuals fall short": ([("mature_individuals", 0.8), ("range", 0.99)], "met", None),
    "cells before range": ([("range", 0.96), ("aoo", 0.97)], "met", "aoo"),
    "uncertain": ([("mature_individuals", 0.9, 0.96, 0.99)], "needs_evidence", "mature_individuals"),
    "low just at the threshold is uncertain": ([("aoo", 0.95, 0.97, 1.0)], "needs_evidence", "aoo"),
    "high just at the threshold fails": ([("aoo", 0.8, 0.9, 0.95)], "not_met", None),
    "met beats uncertain": ([("mature_individuals", 0.9, 0.96, 1.0), ("localities", 0.96)], "met", "localities"),
}


@pytest.mark.parametrize("case", DECISIONS)
def test_parameters_decide_in_their_order(case):
    given, status, deciding = DECISIONS[case]
    shares = [share(s[0], *s[1:], segment="resident" if s[0] == "range" else "all") for s in given]
    verdict = irreplaceability.judge_taxon(Measured(Evidence(taxon()), tuple(shares)), Statement(), RULES)
    assert verdict.status == status
    if deciding:
        assert verdict.deciding.parameter == deciding
