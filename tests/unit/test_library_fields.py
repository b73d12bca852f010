"""Which field plays which role."""

import pytest

from aze_plugin import paths
from aze_plugin.domain.fields import resolve

RANGES = paths.load_json("schemas", "fields.json")["ranges"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["id_no", "sci_name", "presence"],
            {"taxon_id": "id_no", "scientific_name": "sci_name", "presence": "presence"},
        ),
        (
            ["ID_NO", "BINOMIAL", "SEASONAL"],
            {"taxon_id": "ID_NO", "scientific_name": "BINOMIAL", "seasonal": "SEASONAL"},
        ),
        (["SISID", "SCINAME"], {"taxon_id": "SISID", "scientific_name": "SCINAME"}),
        (
            ["binomil", "presenc", "seasonl"],
            {"scientific_name": "binomil", "presence": "presenc", "seasonal": "seasonl"},
        ),
        (["scientific", "SUBPOPULAT"], {"scientific_name": "scientific", "subpop": "SUBPOPULAT"}),
        (["fid", "label"], {}),
    ],
)
def test_known_variants(names, expected):
    assert resolve(names, RANGES) == expected


def test_whole_names_win_over_cut_ones_and_over_later_aliases():
    found = resolve(["scientific", "binomial", "sci_name"], RANGES)
    assert found == {"scientific_name": "sci_name"}


def test_a_field_plays_one_role():
    assert resolve(["x"], {"a": ["x"], "b": ["x"]}) == {"a": "x"}
