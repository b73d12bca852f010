"""What rows of site layers say, and which boundaries are only circles that stand for a site."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from aze_plugin.domain import geometry, placeholders, sites

ROOT = Path(__file__).resolve().parents[2]
WORDS = json.loads((ROOT / "resources/schemas/sites.json").read_text())
RULE = json.loads((ROOT / "resources/criteria/coverage.json").read_text())["placeholder"]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("confirmed", "confirmed"),
        ("Confirmed ", "confirmed"),
        ("CONFIRMED", "confirmed"),
        (True, "confirmed"),
        ("true", "confirmed"),
        (1, "confirmed"),
        ("1", "confirmed"),
        ("de-listed", "de_listed"),
        ("Delisted", "de_listed"),
        ("DE LISTED", "de_listed"),
        ("", "none"),
        (None, "none"),
        (False, "none"),
        ("false", "none"),
        (0, "none"),
        ("proposed", "other"),
    ],
)
def test_aze_status(value, status):
    assert sites.aze_status(value, WORDS["aze_status"]) == status


@pytest.mark.parametrize(
    ("iso3", "country", "place"),
    [
        ("---", "High Seas", "high_seas"),
        ("---", "", "high_seas"),
        ("", "High seas", "high_seas"),
        ("KAS", "Disputed", "disputed"),
        ("", "disputed ", "disputed"),
        ("MWI", "Malawi", ""),
        ("", "", ""),
    ],
)
def test_places_that_are_no_country(iso3, country, place):
    assert sites.special_place(iso3, country, WORDS) == place


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("sao tome", "São Tomé"),
        ("MULANJE", "Mount Mulanje"),
        ("chaine", "Chaîne du Wôlôwôlô"),
        ("strasse", "Große Straße"),
        ("lodz", "Łódź"),
        ("kobenhavn", "København"),
        ("አዲስ", "አዲስ አበባ"),
        ("جبل", "جَبَل موسى"),
        ("tay nguyen", "Tây Nguyên"),
        ("nairobi  kenya", "Nairobi"),
    ],
)
def test_search_does_not_care_for_accents(typed, written):
    row = sites.SiteRow("layer", 1, "123", written, country="Kenya")
    assert sites.matching([row.words()], typed) == [0]


def test_search_over_all_that_names_a_site():
    row = sites.SiteRow("l", 1, "33177", "Mount Mulanje", "Phiri la Mulanje", "Malawi", "MWI", triggers=("Azea alba",))
    for wanted in ("33177", "phiri", "mwi", "malawi mulanje", "azea", "ALBA"):
        assert sites.matching([row.words()], wanted) == [0], wanted
    for wanted in ("33178", "mulanje kenya", "xyz"):
        assert sites.matching([row.words()], wanted) == [], wanted
    assert sites.matching([row.words()], "  ") == [0]


# -------------------------------------------------------------------------------------------------- placeholders


def geodesic(lon, lat, radius_m, corners):
    """A circle on the ellipsoid, made by pyproj."""
    headings = np.linspace(0, 360, corners, endpoint=False)
    same = np.ones(corners)
    lons, lats, _ = Geod(ellps="WGS84").fwd(lon * same, lat * same, headings, radius_m * same)
    return shapely.Polygon(np.column_stack((lons, lats)))


def drawn_in(crs, lon, lat, radius_m=1000.0, corners=64):
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = there.transform(lon, lat)
    turn = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    back = there.transform(x + radius_m * np.cos(turn), y + radius_m * np.sin(turn), direction="INVERSE")
    return shapely.Polygon(np.column_stack(back))


def prepared(lonlat):
    return geometry.prepare(np.array([lonlat], dtype=object)).geometries[0]


@pytest.mark.parametrize("corners", [16, 32, 64, 101, 360])
@pytest.mark.parametrize("lat", [-72.0, -45.0, 0.0, 12.5, 38.0, 66.0, 80.0])
def test_circles_of_a_kilometre_are_placeholders_everywhere(lat, corners):
    shape = prepared(geodesic(34.5, lat, 1000, corners))
    assert placeholders.is_placeholder(shape, RULE)
    assert placeholders.may_be_placeholder(geometry.bounds_all(np.array([shape], dtype=object)), RULE).all()


@pytest.mark.parametrize(
    "lonlat",
    [
        geodesic(179.999, -16.5, 1000, 64),
        drawn_in("EPSG:6933", 20, 55),
        drawn_in("EPSG:32736", 34, -15),
        drawn_in("ESRI:54009", 34, -15),
        shapely.set_precision(geodesic(34, -15, 1000, 64), 0.0001),
    ],
    ids=["across 180°", "in EPSG:6933", "in UTM", "in Mollweide", "of four decimals"],
)
def test_however_the_circle_was_drawn(lonlat):
    assert placeholders.is_placeholder(prepared(lonlat), RULE)


def dented(lat):
    places = np.array(geodesic(30, lat, 1000, 64).exterior.coords)
    places[3] = places[3] + (places[3] - [30, lat]) * -0.2
    return shapely.Polygon(places)


@pytest.mark.parametrize(
    "lonlat",
    [
        geodesic(30, 10, 2000, 64),
        geodesic(30, 10, 900, 64),
        geodesic(30, 10, 1080, 6),
        dented(10),
        geodesic(30, 10, 1100, 64).difference(geodesic(30, 10, 400, 64)),
        shapely.union_all([geodesic(30, 10, 707, 64), geodesic(31, 10, 707, 64)]),
        shapely.box(30, 10, 30.0162, 10.016),
        shapely.Polygon(
            [
                (
                    30 + (0.0091 + 0.002 * math.sin(5 * t)) * math.cos(t),
                    10 + (0.009 + 0.002 * math.sin(5 * t)) * math.sin(t),
                )
                for t in np.linspace(0, 2 * math.pi, 60, endpoint=False)
            ]
        ),
    ],
    ids=["2 km", "0.9 km", "hexagon", "dented", "with a hole", "two of half the size", "square", "lobed"],
)
def test_real_boundaries_are_none(lonlat):
    assert not placeholders.is_placeholder(prepared(lonlat), RULE)


def test_the_quick_look_passes_over_what_is_far_too_large_or_small():
    boxes = np.array([[0, 0, 1000, 1000], [0, 0, 9000, 9000], [np.nan] * 4, [0, 0, 2000, 2000]], dtype=float)
    assert placeholders.may_be_placeholder(boxes, RULE).tolist() == [False, False, False, True]
