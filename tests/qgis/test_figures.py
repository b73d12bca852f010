"""Numbers as people read them."""

import pytest
from qgis.PyQt.QtCore import QLocale

from aze_plugin.services import figures


@pytest.fixture(autouse=True)
def english():
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(before)


def unbroken(text):
    """With a no-break space between number and unit, and the rest as given."""
    return (
        text.replace(" %", "\u00a0%").replace(" ha", "\u00a0ha").replace(" m²", "\u00a0m²").replace(" km²", "\u00a0km²")
    )


@pytest.mark.parametrize(
    "share, shown",
    [
        (0.974, "97.4 %"),
        (0.95, "95 %"),
        (0.9496, "94.96 %"),
        (0.94999, "94.999 %"),
        (0.9999999, "99.9999 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.0004, "0.04 %"),
        (0.62, "62 %"),
        (0.12345, "12.3 %"),
        (None, "not known"),
    ],
)
def test_percent_never_hides_on_which_side_a_share_lies(share, shown):
    assert figures.percent(share) == unbroken(shown)


@pytest.mark.parametrize(
    "ha, shown",
    [
        (4312, "4,312 ha"),
        (43.123, "43.1 ha"),
        (1.2345, "1.23 ha"),
        (0.5, "0.500 ha"),
        (0.001, "10.0 m²"),
        (2.5e6, "25,000 km²"),
    ],
)
def test_areas(ha, shown):
    assert figures.hectares(ha) == unbroken(shown)


def test_the_users_separators_are_used():
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    assert figures.percent(0.974) == unbroken("97,4 %")
    assert figures.hectares(4312) == unbroken("4.312 ha")
    with figures.international():
        assert figures.hectares(4312) == unbroken("4,312 ha")
