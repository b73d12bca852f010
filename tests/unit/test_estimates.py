"""What makes an estimate usable."""

import pytest

from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.estimates import bounds


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1, 2, 3), (1, 2, 3)),
        ((None, 2, None), (2, 2, 2)),
        ((1, None, 3), (1, 2, 3)),
        ((1, None, None), (1, 1, 1)),
        ((None, None, 3), (3, 3, 3)),
        ((None, 2, 3), (2, 2, 3)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_what_is_not_given_is_taken_from_what_is(given, expected):
    assert bounds("site", *given) == expected


@pytest.mark.parametrize(
    ("scope", "given", "code"),
    [
        ("site", (None, None, None), "row.estimate_empty"),
        ("site", (3, 2, None), "row.estimate_order"),
        ("site", (None, 2, 1), "row.estimate_order"),
        ("site", (-1, 2, 3), "row.estimate_number"),
        ("site", (1, float("inf"), None), "row.estimate_number"),
        ("site", (1, float("nan"), None), "row.estimate_number"),
        ("global", (0, 0, 0), "row.estimate_world_zero"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(scope, given, code):
    with pytest.raises(AzeError) as refused:
        bounds(scope, *given)
    assert refused.value.code == code
