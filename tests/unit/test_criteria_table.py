"""The irreplaceability test, case by case: every parameter, segment, category, threshold and operator.

The world is a strip of cells of 2 × 2 km, 100 long and one high, and the candidate its first cells, so every share is a
fraction that can be read off the row. In a row

* ``range`` says which cells the range rows cover, by season: R resident, B breeding, N non-breeding, P
  passage, U uncertain
  ("B0-40 N60-100": breeding in the first 40 cells, elsewhere in the last 40);
* ``records`` lists the cells that have one record in their middle ("0-19 90": the first 19 and the 91st);
* ``habitat`` says which cells are habitat, by segment ("a0-20" for all, "b", "n", "p", "r" for the others);
* ``told`` are estimates as "parameter segment site / world", each "min best max" or one number
  ("ind a 96 97 98 / 99 100 101"; several with a semicolon between them).

What is expected: status, route, the same by KBA criterion A1e, and the deciding share as "parameter segment low
best high".
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from aze_plugin import paths
from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import Statement
from aze_plugin.domain.criteria.irreplaceability import judge_taxon, share_status
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.criteria.shares import measure
from aze_plugin.domain.species import (
    Estimate,
    Evidence,
    HabitatEvidence,
    RangeEvidence,
    RangeRow,
    RecordEvidence,
    Taxon,
    segments_of,
)

RULES = Settings.from_dict(paths.load_json("criteria", "aze.json"))
CELL = 2000.0
SEASONS = {"R": 1, "B": 2, "N": 3, "P": 4, "U": 5}
SEGMENTS = {"a": "all", "r": "resident", "b": "breeding", "n": "non_breeding", "p": "passage"}
PARAMETERS = {"ind": "mature_individuals", "aoo": "aoo", "esh": "esh", "ran": "range", "loc": "localities"}

SOLE, RESIDENT, STAGE, BACK, NONE = (
    "sole_area", "resident_population", "life_history_segment", "reintroduction", "none",
)  # fmt: skip
MET, NOT, OPEN = "met", "not_met", "needs_evidence"

# name: category, width of the candidate in cells, evidence, status, route, A1e, deciding share
TABLE = {
    # range alone, by category and by share
    "EN, all of the range": ("EN", 30, "range R0-20", MET, SOLE, MET, "ran a 1 1 1"),
    "CR, all of the range": ("CR", 30, "range R0-20", MET, SOLE, MET, "ran a 1 1 1"),
    "EN, 96 of 100": ("EN", 96, "range R0-100", MET, RESIDENT, MET, "ran r .96 .96 .96"),
    "CR, 96 of 100": ("CR", 96, "range R0-100", MET, RESIDENT, MET, "ran r .96 .96 .96"),
    "EN, exactly 95 of 100": ("EN", 95, "range R0-100", NOT, NONE, MET, None),
    "CR, exactly 95 of 100": ("CR", 95, "range R0-100", NOT, NONE, MET, None),
    "EN, 94 of 100": ("EN", 94, "range R0-100", NOT, NONE, NOT, None),
    "EN, half": ("EN", 50, "range R0-100", NOT, NONE, NOT, None),
    "EN, season uncertain counts as resident": ("EN", 96, "range U0-100", MET, RESIDENT, MET, "ran r .96 .96 .96"),
    "EN, resident and uncertain joined": ("EN", 96, "range R0-60 U50-100", MET, RESIDENT, MET, "ran r .96 .96 .96"),
    "EN, the same row twice": ("EN", 94, "range R0-100 R0-100", NOT, NONE, NOT, None),
    "EN, a part twice does not help": ("EN", 50, "range R0-50 R0-50 R50-100", NOT, NONE, NOT, None),
    "VU never triggers": ("VU", 30, "range R0-20", NOT, NONE, NOT, None),
    "NT never triggers": ("NT", 30, "range R0-20", NOT, NONE, NOT, None),
    "LC never triggers": ("LC", 30, "range R0-20", NOT, NONE, NOT, None),
    "DD never triggers": ("DD", 30, "range R0-20", NOT, NONE, NOT, None),
    "EX never triggers": ("EX", 30, "range R0-20", NOT, NONE, NOT, None),
    "RE never triggers": ("RE", 30, "range R0-20", NOT, NONE, NOT, None),
    "LR/cd never triggers": ("LR/cd", 30, "range R0-20", NOT, NONE, NOT, None),
    "NE, by an assessment": ("NE", 30, "range R0-20", NOT, NONE, NOT, None),
    # life-history segments of the range
    "breeding range all inside": ("EN", 40, "range B0-40 N60-100", MET, STAGE, MET, "ran b 1 1 1"),
    "non-breeding range all inside": ("EN", 40, "range B60-100 N0-40", MET, STAGE, MET, "ran n 1 1 1"),
    "breeding range 38 of 40": ("EN", 38, "range B0-40 N60-100", NOT, NONE, MET, None),
    "breeding range 39 of 40": ("EN", 39, "range B0-40 N60-100", MET, STAGE, MET, "ran b .975 .975 .975"),
    "resident rows belong to both stages": ("EN", 20, "range R0-10 B10-20 N30-50", MET, STAGE, MET, "ran b 1 1 1"),
    "resident part outside spoils both stages": ("EN", 20, "range R30-40 B0-20 N0-20", NOT, NONE, NOT, None),
    "passage is a stage of its own": ("EN", 20, "range B30-60 N60-90 P0-20", MET, STAGE, MET, "ran p 1 1 1"),
    "all seasons inside is the sole area": ("EN", 60, "range B0-30 N20-50 P10-40", MET, SOLE, MET, "ran a 1 1 1"),
    "a range's whole year is no population": ("EN", 97, "range B0-97 N3-100", MET, STAGE, MET, "ran b 1 1 1"),
    "neither stage, whole year 96 of 100": ("EN", 96, "range B0-90 B97-100 N0-96 N97-100", MET, STAGE, MET,
                                            "ran b .967741935 .967741935 .967741935"),
    # area of occupancy and localities
    "AOO all, one cell": ("EN", 5, "records 2", MET, SOLE, MET, "aoo a 1 1 1"),
    "AOO 19 of 20": ("EN", 19, "records 0-20", NOT, NONE, MET, None),
    "AOO 20 of 21": ("EN", 20, "records 0-21", MET, RESIDENT, MET, "aoo a .952380952 .952380952 .952380952"),
    "AOO 18 of 20": ("CR", 18, "records 0-20", NOT, NONE, NOT, None),
    "AOO none inside": ("EN", 10, "records 20-30; range R0-10", MET, RESIDENT, MET, "ran r 1 1 1"),
    "AOO decides over range": ("EN", 97, "records 0-100; range R0-100", MET, RESIDENT, MET, "aoo a .97 .97 .97"),
    "range when AOO falls short": ("EN", 20, "records 0-19 90 91; range R0-20", MET, RESIDENT, MET, "ran r 1 1 1"),
    "records outside: range is not the sole area": ("EN", 20, "records 0-20 90; range R0-20", MET, RESIDENT, MET,
                                                    "aoo a .952380952 .952380952 .952380952"),
    "VU with all cells": ("VU", 20, "records 0-20", NOT, NONE, NOT, None),
    # area of habitat
    "ESH all": ("EN", 20, "habitat a0-20", MET, SOLE, MET, "esh a 1 1 1"),
    "ESH 96 of 100": ("EN", 96, "habitat a0-100", MET, RESIDENT, MET, "esh a .96 .96 .96"),
    "ESH 95 of 100": ("EN", 95, "habitat a0-100", NOT, NONE, MET, None),
    "ESH 94 of 100": ("CR", 94, "habitat a0-100", NOT, NONE, NOT, None),
    "ESH decides over range": ("EN", 96, "habitat a0-100; range R0-100", MET, RESIDENT, MET, "esh a .96 .96 .96"),
    "AOO decides over ESH": ("EN", 96, "records 0-100; habitat a0-100", MET, RESIDENT, MET, "aoo a .96 .96 .96"),
    "ESH meets what range misses": ("EN", 50, "habitat a0-50; range R0-100", MET, SOLE, MET, "esh a 1 1 1"),
    "ESH of the breeding season": ("EN", 30, "habitat b0-30 n50-90", MET, STAGE, MET, "esh b 1 1 1"),
    "ESH of the winter 39 of 40": ("EN", 39, "habitat b50-90 n0-40", MET, STAGE, MET, "esh n .975 .975 .975"),
    "ESH resident": ("EN", 96, "habitat r0-100", MET, RESIDENT, MET, "esh r .96 .96 .96"),
    "ESH passage 38 of 40": ("EN", 38, "habitat p0-40", NOT, NONE, MET, None),
    # mature individuals, with their uncertainty
    "all individuals": ("EN", 5, "told ind a 50 / 50", MET, SOLE, MET, "ind a 1 1 1"),
    "96 of 100 individuals": ("EN", 5, "told ind a 96 / 100", MET, RESIDENT, MET, "ind a .96 .96 .96"),
    "95 of 100 individuals": ("EN", 5, "told ind a 95 / 100", NOT, NONE, MET, None),
    "94 of 100 individuals": ("EN", 5, "told ind a 94 / 100", NOT, NONE, NOT, None),
    "low passes": ("EN", 5, "told ind a 980 990 1000 / 1000 1010 1020", MET, RESIDENT, MET,
                   "ind a .960784314 .98019802 1"),
    "high fails": ("EN", 5, "told ind a 80 85 90 / 100 110 120", NOT, NONE, NOT, None),
    "high just at the threshold": ("EN", 5, "told ind a 80 90 95 / 100 110 120", NOT, NONE, OPEN, None),
    "between": ("EN", 5, "told ind a 90 97 99 / 98 100 102", OPEN, NONE, OPEN, "ind a .882352941 .97 1"),
    "low just at the threshold": ("EN", 5, "told ind a 95 97 98 / 98 99 100", OPEN, NONE, MET, "ind a .95 .97979798 1"),
    "best passes, low does not": ("CR", 5, "told ind r 60 64 70 / 60 64 70", OPEN, NONE, OPEN, "ind r .857142857 1 1"),
    "uncertain, but the range meets": ("EN", 20, "told ind a 60 64 70 / 60 64 70; range R0-20", MET, SOLE, MET,
                                       "ran a 1 1 1"),
    "individuals decide over all": ("EN", 20, "told ind a 97 / 100; records 0-20; habitat a0-20; range R0-20",
                                    MET, RESIDENT, MET, "ind a .97 .97 .97"),
    "individuals short, range meets": ("EN", 20, "told ind a 50 / 100; range R0-20", MET, SOLE, MET, "ran a 1 1 1"),
    "resident individuals": ("EN", 5, "told ind r 97 / 100", MET, RESIDENT, MET, "ind r .97 .97 .97"),
    "breeding individuals": ("EN", 5, "told ind b 97 / 100", MET, STAGE, MET, "ind b .97 .97 .97"),
    "wintering individuals": ("CR", 5, "told ind n 97 / 100", MET, STAGE, MET, "ind n .97 .97 .97"),
    "individuals on passage": ("EN", 5, "told ind p 97 / 100", MET, STAGE, MET, "ind p .97 .97 .97"),
    "one stage of two": ("EN", 5, "told ind b 40 / 100; ind n 97 / 100", MET, STAGE, MET, "ind n .97 .97 .97"),
    "resident first": ("EN", 5, "told ind r 96 / 100; ind b 99 / 100", MET, RESIDENT, MET, "ind r .96 .96 .96"),
    "world may be nothing": ("EN", 5, "told ind a 0 1 2 / 0 2 4", OPEN, NONE, OPEN, "ind a 0 .5 1"),
    "site above the world is all, not more": ("EN", 5, "told ind a 120 / 100", MET, SOLE, MET, "ind a 1 1 1"),
    "VU with all individuals": ("VU", 5, "told ind a 50 / 50", NOT, NONE, NOT, None),
    # estimates of the other parameters stand in place of what is measured
    "estimated AOO": ("EN", 5, "told aoo a 39 / 40", MET, RESIDENT, MET, "aoo a .975 .975 .975"),
    "estimated AOO in place of records": ("EN", 20, "told aoo a 10 / 40; records 0-20", MET, SOLE, MET, "loc a 1 1 1"),
    "estimated ESH in place of the raster": ("EN", 20, "told esh a 10 / 40; habitat a0-20", NOT, NONE, NOT, None),
    "estimated range": ("EN", 5, "told ran r 97 / 100", MET, RESIDENT, MET, "ran r .97 .97 .97"),
    "estimated localities": ("EN", 5, "told loc a 1 / 1", MET, SOLE, MET, "loc a 1 1 1"),
    "one of two localities": ("EN", 5, "told loc a 1 / 2", NOT, NONE, NOT, None),
    "localities decide last": ("EN", 20, "told loc a 1 / 1; range R0-20", MET, SOLE, MET, "ran a 1 1 1"),
    "localities when range falls short": ("EN", 20, "told loc a 1 / 1; range R0-100", MET, SOLE, MET, "loc a 1 1 1"),
    # extinct in the wild: by justification, whatever the share, and never A1e
    "EW without justification": ("EW", 20, "range R0-20", OPEN, NONE, NOT, "ran a 1 1 1"),
    "EW with a small share": ("EW", 10, "range R0-100", OPEN, NONE, NOT, None),
    "EW justified": ("EW*", 10, "range R0-100", MET, BACK, NOT, None),
    "EW justified, all inside": ("EW*", 20, "range R0-20", MET, BACK, NOT, "ran a 1 1 1"),
    # possibly extinct: what the share meets needs evidence that the taxon is still there
    "CR(PE) without evidence": ("CR(PE)", 20, "range R0-20", OPEN, NONE, OPEN, "ran a 1 1 1"),
    "CR(PE) with evidence": ("CR(PE)*", 20, "range R0-20", MET, SOLE, MET, "ran a 1 1 1"),
    "CR(PE) below the threshold": ("CR(PE)*", 50, "range R0-100", NOT, NONE, NOT, None),
    "CR(PE) at the threshold": ("CR(PE)", 95, "range R0-100", NOT, NONE, OPEN, None),
    "CR(PEW) without evidence": ("CR(PEW)", 20, "range R0-20", OPEN, NONE, OPEN, "ran a 1 1 1"),
    "CR(PE), uncertain": ("CR(PE)", 5, "told ind a 60 64 70 / 60 64 70", OPEN, NONE, OPEN, "ind a .857142857 1 1"),
}  # fmt: skip


def span(text: str) -> list[int]:
    """Cells of "3" or "0-20"."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last))) if last else [int(first)]


def strip(first: float, last: float) -> geometry.Geometry:
    return geometry.box(first * CELL, 0, last * CELL, CELL)


def range_of(text: str) -> RangeEvidence:
    rows = []
    for season, first, last in re.findall(r"([RBNPU])(\d+)-(\d+)", text):
        rows.append(RangeRow(1, 1, SEASONS[season], strip(int(first), int(last))))
    covered = {
        name: {
            c for row, found in zip(rows, re.findall(r"\d+-\d+", text)) if row.seasonal in codes for c in span(found)
        }
        for name, codes in segments_of({row.seasonal for row in rows}).items()
    }
    return RangeEvidence(tuple(rows), {name: len(cells) * CELL * CELL for name, cells in covered.items()})


def records_of(text: str) -> RecordEvidence:
    cells = [cell for part in text.split() for cell in span(part)]
    metres = np.array([[(cell + 0.5) * CELL, CELL / 2] for cell in cells])
    years = np.full(len(cells), 2020)
    return RecordEvidence(geometry.unproject(metres), metres, years, len(set(cells)), len(set(cells)), len(cells), {})


def habitats_of(text: str) -> tuple[HabitatEvidence, ...]:
    found = []
    for segment, first, last in re.findall(r"([arbnp])(\d+)-(\d+)", text):
        patch = strip(int(first), int(last))
        found.append(
            HabitatEvidence(
                SEGMENTS[segment],
                (int(last) - int(first)) * CELL * CELL,
                lambda boundary, patch=patch: geometry.area(geometry.overlap(patch, boundary)),
            )
        )
    return tuple(found)


def estimates_of(text: str) -> list[Estimate]:
    parameter, segment, figures = text.split(None, 2)
    found = []
    for scope, side in zip(("site", "global"), figures.split("/")):
        numbers = [float(n) for n in side.split()]
        low, best, high = numbers if len(numbers) == 3 else numbers * 3
        found.append(Estimate(scope, PARAMETERS[parameter], SEGMENTS[segment], low, best, high))
    return found


def evidence_of(taxon: Taxon, text: str) -> Evidence:
    found = Evidence(taxon)
    kind = ""
    for part in text.split(";"):
        words = part.split(None, 1)
        if words[0] in ("range", "records", "habitat", "told"):
            kind, rest = words
        else:
            rest = part.strip()
        if kind == "range":
            found = replace(found, range=range_of(rest))
        elif kind == "records":
            found = replace(found, records=records_of(rest))
        elif kind == "habitat":
            found = replace(found, habitats=habitats_of(rest))
        else:
            found = replace(found, estimates=(*found.estimates, *estimates_of(rest)))
    return found


def verdict_of(category, width, text, settings=RULES):
    stated = category.endswith("*")
    code, _, flag = category.rstrip("*)").partition("(")
    taxon = Taxon(
        "1",
        "Azea probans",
        code,
        possibly_extinct=flag == "PE",
        possibly_extinct_in_the_wild=flag == "PEW",
    )
    said = ((taxon.scientific_name, "Seen in 2025, photographs are kept."),) if stated else ()
    statement = Statement(evidence_of_presence=said, reintroduction_justification=said)
    (measured,) = measure([evidence_of(taxon, text)], strip(0, width))
    return measured, judge_taxon(measured, statement, settings)


@pytest.mark.parametrize("case", TABLE)
def test_the_table(case):
    category, width, text, status, route, a1e, deciding = TABLE[case]
    _, verdict = verdict_of(category, width, text)
    assert (verdict.status, verdict.route, verdict.a1e) == (status, route, a1e)
    assert verdict.trigger == (status == "met")
    if deciding is None:
        assert verdict.deciding is None
        return
    parameter, segment, *figures = deciding.split()
    found = verdict.deciding
    assert (found.parameter, found.segment) == (PARAMETERS[parameter], SEGMENTS[segment])
    assert (found.low, found.best, found.high) == pytest.approx([float(f) for f in figures], abs=1e-9)


def test_the_table_is_as_long_as_it_should_be():
    assert len(TABLE) >= 60


# threshold, AZE operator, A1e operator, share of 100 → AZE, A1e
THRESHOLDS = [
    (0.95, ">", ">=", 95, NOT, MET),
    (0.95, ">", ">=", 96, MET, MET),
    (0.95, ">=", ">=", 95, MET, MET),
    (0.95, ">", ">", 95, NOT, NOT),
    (0.90, ">", ">=", 90, NOT, MET),
    (0.90, ">", ">=", 91, MET, MET),
    (0.90, ">", ">=", 89, NOT, NOT),
    (0.50, ">", ">=", 50, NOT, MET),
    (0.50, ">=", ">=", 49, NOT, NOT),
    (0.99, ">", ">=", 98, NOT, NOT),
    (0.99, ">", ">=", 99, NOT, MET),
    (1.00, ">=", ">=", 99, NOT, NOT),
]


@pytest.mark.parametrize("evidence", ["range R0-100", "records 0-100", "habitat a0-100", "told ind a {} / 100"])
@pytest.mark.parametrize("threshold, aze, a1e, width, by_aze, by_a1e", THRESHOLDS)
def test_thresholds_and_operators(evidence, threshold, aze, a1e, width, by_aze, by_a1e):
    rules = replace(RULES, threshold=threshold, aze_operator=aze, a1e_operator=a1e)
    _, verdict = verdict_of("EN", width, evidence.format(width), rules)
    assert (verdict.status, verdict.a1e) == (by_aze, by_a1e)


# low, high → status by ">" and by ">=" at 0.95
BOUNDS = [
    (0.96, 1.0, "met", "met"),
    (0.95, 1.0, "uncertain", "met"),
    (0.90, 0.95, "not_met", "uncertain"),
    (0.90, 0.96, "uncertain", "uncertain"),
    (0.80, 0.94, "not_met", "not_met"),
    (0.95 + 5e-10, 1.0, "uncertain", "met"),
    (0.95 + 5e-9, 1.0, "met", "met"),
    (0.90, 0.95 - 5e-9, "not_met", "not_met"),
]


@pytest.mark.parametrize("low, high, strict, loose", BOUNDS)
def test_bounds(low, high, strict, loose):
    measured, _ = verdict_of("EN", 5, f"told ind a {low} {(low + high) / 2} {high} / 1")
    (share,) = measured.shares
    assert (share.low, share.high) == (low, high)
    assert share_status(share, ">", RULES) == strict
    assert share_status(share, ">=", RULES) == loose


def codes(verdict):
    return {finding.code for finding in verdict.findings}


def test_disagreement_is_said():
    _, verdict = verdict_of("EN", 20, "records 0-10 80-90; range R0-20")
    (said,) = [f for f in verdict.findings if f.code == "irreplaceability.parameters_disagree"]
    assert said.params["met_parameters"] == ["range"] and said.params["not_met_parameters"] == ["aoo", "localities"]
    assert "irreplaceability.not_sole_area" in codes(verdict)
    assert "irreplaceability.parameters_disagree" not in codes(verdict_of("EN", 20, "records 0-20; range R0-20")[1])


def test_few_records_are_said():
    assert "irreplaceability.few_records" in codes(verdict_of("EN", 20, "records 0-9")[1])
    assert "irreplaceability.few_records" not in codes(verdict_of("EN", 20, "records 0-10")[1])


def test_estimates_without_their_counterpart_are_said_and_make_no_share():
    taxon = Taxon("1", "Azea probans", "EN")
    lone = Evidence(taxon, range_of("R0-20"), estimates=(Estimate("site", "mature_individuals", "all", 5, 6, 7),))
    (measured,) = measure([lone], strip(0, 20))
    assert {share.parameter for share in measured.shares} == {"range"}
    assert "irreplaceability.estimate_site_alone" in codes(judge_taxon(measured, Statement(), RULES))


@pytest.mark.parametrize(
    "told, evidence, share, code",
    [
        # one side estimated, the other measured
        (Estimate("site", "aoo", "all", 8, 9, 10), "records 0-20", (0.4, 0.45, 0.5), "estimate_site_with_measured"),
        (Estimate("global", "aoo", "all", 20, 25, 40), "records 0-20", (0.25, 0.4, 0.5),
         "estimate_global_with_measured"),
        (Estimate("global", "range", "resident", 2e8, 2e8, 2e8), "range R0-20", (0.2, 0.2, 0.2),
         "estimate_global_with_measured"),
        # more at the site than in the world, and what must be square kilometres: what was measured stays
        (Estimate("site", "aoo", "all", 30, 30, 30), "records 0-20", (0.5, 0.5, 0.5), "estimate_site_contradicts"),
        (Estimate("global", "aoo", "all", 2, 3, 4), "records 0-20", (0.5, 0.5, 0.5), "estimate_global_contradicts"),
        (Estimate("global", "range", "resident", 80, 80, 80), "range R0-20", (0.5, 0.5, 0.5),
         "estimate_global_contradicts"),
        (Estimate("site", "range", "resident", 40, 40, 40), "range R0-20", (0.5, 0.5, 0.5),
         "estimate_site_contradicts"),
    ],
)  # fmt: skip
def test_an_estimate_of_one_side_goes_with_what_was_measured_of_the_other(told, evidence, share, code):
    found = replace(evidence_of(Taxon("1", "Azea probans", "EN"), evidence), estimates=(told,))
    (measured,) = measure([found], strip(0, 10))
    of = next(s for s in measured.shares if (s.parameter, s.segment) == (told.parameter, told.segment))
    assert (of.low, of.best, of.high) == pytest.approx(share)
    assert f"irreplaceability.{code}" in codes(judge_taxon(measured, Statement(), RULES))


def test_an_estimate_says_what_it_stands_for():
    measured, verdict = verdict_of("EN", 20, "told esh a 10 / 40; habitat a0-20; range R0-100")
    (replaced,) = measured.replaced
    assert (replaced.parameter, replaced.best) == ("esh", 1.0)
    (said,) = [f for f in verdict.findings if f.code == "irreplaceability.estimate_stands"]
    assert (said.params["share"], said.params["measured_share"]) == (0.25, 1.0)


def test_more_at_the_site_than_in_the_world_is_said():
    assert "irreplaceability.site_above_world" in codes(verdict_of("EN", 5, "told ind a 120 / 100")[1])


def test_rivals_for_a_reintroduction():
    taxon = Taxon("1", "Azea perdita", "EW")
    (measured,) = measure([Evidence(taxon, range_of("R0-20"))], strip(0, 10))
    for rivals, code in (
        (None, None),
        ([], "irreplaceability.reintroduction_no_rival"),
        ([("Elsewhere", 0.5)], "irreplaceability.reintroduction_rivals"),
    ):
        found = {c for c in codes(judge_taxon(measured, Statement(), RULES, rivals)) if "rival" in c}
        assert found == ({code} if code else set())


def test_a_taxon_of_which_nothing_is_inside_is_left_out():
    taxon = Taxon("1", "Azea longinqua", "EN")
    far = Evidence(taxon, range_of("R50-60"), records_of("70"), habitats_of("a80-90"))
    assert measure([far], strip(0, 40)) == []
