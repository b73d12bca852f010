"""Categories and seasons as users' files have them."""

import pytest

from aze_plugin.domain import redlist
from aze_plugin.domain.species import segments_of


@pytest.mark.parametrize(
    "text, code, pe, pew",
    [
        ("Critically Endangered", "CR", False, False),
        ("CR", "CR", False, False),
        ("cr", "CR", False, False),
        (" Endangered ", "EN", False, False),
        ("Endangered (EN)", "EN", False, False),
        ("CR(PE)", "CR", True, False),
        ("CR (PEW)", "CR", False, True),
        ("Extinct in the Wild", "EW", False, False),
        ("EX", "EX", False, False),
        ("Lower Risk/near threatened", "LR/nt", False, False),
        ("LR/cd", "LR/cd", False, False),
        ("LR/lc", "LR/lc", False, False),
        ("Least Concern", "LC", False, False),
        ("DD", "DD", False, False),
        ("Not Evaluated", "NE", False, False),
    ],
)
def test_categories_are_understood(text, code, pe, pew):
    category = redlist.parse_category(text)
    assert (category.code, category.possibly_extinct, category.possibly_extinct_in_the_wild) == (code, pe, pew)


@pytest.mark.parametrize("text", [None, "", "extant", "E", "Rare", 7])
def test_what_is_no_category_is_not_guessed(text):
    assert redlist.parse_category(text) is None


@pytest.mark.parametrize(
    "seasons, names",
    [
        ({1}, {"all", "resident"}),
        ({1, 5}, {"all", "resident"}),
        ({1, 2}, {"all", "breeding", "non_breeding"}),
        ({2}, {"all", "breeding"}),
        ({3}, {"all", "non_breeding"}),
        ({2, 3, 4}, {"all", "breeding", "non_breeding", "passage"}),
        ({1, 4}, {"all", "resident", "passage"}),
        ({4}, {"all", "passage"}),
        (set(), set()),
    ],
)
def test_segments_follow_from_the_seasons_present(seasons, names):
    assert set(segments_of(seasons)) == names
