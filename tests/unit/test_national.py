"""The figures of a country, against what follows by hand."""

import numpy as np
import pytest

from aze_plugin.domain import coverage, national
from aze_plugin.domain.coverage import Site, SiteCoverage
from aze_plugin.domain.national import Entry, Species
from aze_plugin.paths import load_json

RULES = coverage.CoverRules.from_dict(load_json("criteria", "coverage.json")).with_choices(seed=3, draws=400)


def entry(number, pct, size=1.0, species=None, iso3="AAA", oecm=0.0):
    """A site of so many hectares with a percentage covered, None for one that was not assessed."""
    site = Site(number, str(number), f"Site {number}", iso3, None, size)
    if pct is None:
        return Entry(SiteCoverage(site, coverage.NOT_ASSESSED), species)
    cover = SiteCoverage(site, RULES.cover_class(pct), pct - oecm, oecm, pct, measured_m2=size * 1e4)
    return Entry(cover, species)


def species(*names, category="EN"):
    return tuple(Species(name, category) for name in names)


def test_means_areas_and_classes_leave_out_what_was_not_assessed():
    found = national.figures(
        "AAA", [entry(1, 100, 10), entry(2, 50, 30, oecm=20), entry(3, 0, 60), entry(4, None, 999)], RULES
    )
    assert found.block["mean_pct"] == 50
    assert found.block["area_weighted_pct"] == pytest.approx((100 * 10 + 50 * 30) / 100)
    assert found.oecm_weighted_pct == pytest.approx(20 * 30 / 100)
    assert found.pa_weighted_pct == pytest.approx(found.block["area_weighted_pct"] - found.oecm_weighted_pct)
    assert (found.area_ha, found.unprotected_ha) == (100, pytest.approx(15 + 60))
    assert [found.block[c] for c in national.CLASSES] == [1, 1, 1, 1]


def test_of_no_assessed_site_there_is_no_figure_and_no_interval():
    found = national.figures("AAA", [entry(1, None)], RULES)
    assert (found.block["mean_pct"], found.area_ha, found.unprotected_ha, found.mean) == (None, None, None, None)
    assert found.block["sites"] == 1
    assert national.figures("AAA", [], RULES).block["sites"] == 0


def test_the_interval_is_a_bootstrap_over_sites():
    values = np.array([0.0, 10, 20, 35, 50, 80, 95, 100, 60, 5])
    mean, weighted = national.intervals(values, np.ones(10), seed=1, draws=4000, key="AAA")
    # By the central limit: 1.96 standard errors to either side, roughly.
    reach = 1.96 * values.std() / np.sqrt(10)
    assert mean.low == pytest.approx(values.mean() - reach, abs=3)
    assert mean.high == pytest.approx(values.mean() + reach, abs=3)
    # With equal areas both are one thing.
    assert (weighted.low, weighted.high) == (pytest.approx(mean.low), pytest.approx(mean.high))
    assert national.intervals(values, np.ones(10), 1, 4000, "AAA") == (mean, weighted)
    assert national.intervals(values, np.ones(10), 2, 4000, "AAA") != (mean, weighted)


def test_one_site_has_no_interval_and_equal_sites_one_of_no_width():
    assert national.intervals([40.0], [1.0], 1, 100) == (None, None)
    mean, _ = national.intervals([40.0, 40.0], [1.0, 9.0], 1, 100)
    assert (mean.low, mean.high) == (40, 40)


def test_a_species_is_covered_as_its_sites_are_together():
    found = national.species_cover(
        [
            entry(1, 100, species=species("A a", "B b", "C c")),
            entry(2, 99, species=species("A a")),
            entry(3, 0, species=species("B b", "D d", "E e")),
            entry(4, None, species=species("C c", "E e", "F f")),
            entry(5, 1, species=species("G g", category="CR")),
        ]
    )
    classes = {one.species.scientific_name: one.cover_class for one in found}
    assert classes == {
        "A a": "complete",
        "B b": "partial",
        # One site is complete, the other not known: it has some cover.
        "C c": "partial",
        "D d": "none",
        # No cover at one site, and the other is not known: it cannot be said.
        "E e": "not_assessed",
        "F f": "not_assessed",
        "G g": "none",
    }
    assert found[0].species.scientific_name == "G g", "Critically Endangered comes first"


def test_species_count_once_and_unknown_ones_are_counted_apart():
    found = national.figures(
        "AAA",
        [
            entry(1, 100, species=species("A a")),
            entry(2, 0, species=(Species("a A", ""), Species("B b", "CR"))),
            entry(3, 0, species=()),
            entry(4, 0, species=None),
        ],
        RULES,
    )
    assert found.without_species == 1
    assert [one.species.scientific_name for one in found.species] == ["B b", "A a"]
    assert found.categories() == [
        ("CR", {"complete": 0, "partial": 0, "none": 1, "not_assessed": 0}),
        ("EN", {"complete": 0, "partial": 1, "none": 0, "not_assessed": 0}),
    ]


def test_a_site_of_two_countries_is_in_both_and_one_of_none_by_itself():
    one, two, three = entry(1, 0), entry(2, 0, iso3="BBB;AAA"), entry(3, 0, iso3="")
    assert national.by_country([one, two, three]) == {"": [three], "AAA": [one, two], "BBB": [two]}


def row(site_id, pct, area=100.0, cover_class="partial", iso3="AAA"):
    return {
        "site_id": site_id, "name": f"Site {site_id}", "iso3": iso3, "both_pct": pct, "area_ha": area,
        "cover_class": cover_class,
    }  # fmt: skip


def run(sites, taxa, **settings):
    return {
        "settings": {"seed": 1, **settings},
        "sites": sites,
        "species": [{"scientific_name": name, "category": category} for name, category in taxa],
        "global": {"sites": len(sites), "mean_pct": None},
    }


def test_changes_name_sites_cover_area_and_species_that_are_not_as_they_were():
    before = run(
        [row("1", 10.0), row("2", 20.0), row("3", 30.0), row("4", None, None, "not_assessed"), row("5", 50.0)],
        [("A a", "EN"), ("B b", "EN")],
    )
    after = run(
        [row("1", 10.05), row("2", 25.0), row("3", 30.0, 102.0), row("4", 0.0, 10.0, "none"), row("6", 1.0)],
        [("A a", "CR"), ("C c", "EN")],
        seed=2,
    )
    found = national.changes(before, after)
    assert [r["site_id"] for r in found.added] == ["6"]
    assert [r["site_id"] for r in found.removed] == ["5"]
    assert [c.site_id for c in found.changed] == ["2", "3", "4"], "a tenth of a point is no change"
    assert found.settings == ("seed",)
    assert [r["scientific_name"] for r in found.species_added] == ["C c"]
    assert [r["scientific_name"] for r in found.species_removed] == ["B b"]
    assert found.recategorised == (("A a", "EN", "CR"),)
    assert not found.nothing and national.changes(after, after).nothing


def test_parts_of_one_site_in_two_countries_are_kept_apart_and_doubled_ids_too():
    before = run([row("1", 10.0), row("1", 20.0, iso3="BBB"), row("1", 30.0)], [])
    after = run([row("1", 10.0), row("1", 90.0, iso3="BBB"), row("1", 30.0)], [])
    assert [(c.iso3, c.after_pct) for c in national.changes(before, after).changed] == [("BBB", 90.0)]
