"""Charts: what they show can be read off the drawing, whatever they are given."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aze_plugin.services.reporting import charts

SVG = "{http://www.w3.org/2000/svg}"

YEARS = [
    {"year": 1950, "both_pct": 10.0, "low_pct": 5.0, "high_pct": 20.0},
    {"year": 2000, "both_pct": 50.0, "low_pct": 50.0, "high_pct": 50.0},
]


def parsed(svg):
    return ET.fromstring(svg)


def texts(svg):
    return ["".join(element.itertext()) for element in parsed(svg).iter(f"{SVG}text")]


def test_a_trend_is_a_line_of_steps_between_its_years_with_a_band_where_years_are_drawn():
    series = [charts.Series.of_years("Mean", YEARS)]
    svg = charts.trend(series, "Cover", last_year=2020)
    axes = charts.axes(series, last_year=2020)
    line = next(parsed(svg).iter(f"{SVG}polyline"))
    corners = [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
    expected = [(1950, 0), (1950, 10), (2000, 10), (2000, 50), (2020, 50)]
    drawn = [corner for n, corner in enumerate(corners) if n == 0 or corner != corners[n - 1]]
    assert drawn == [
        (pytest.approx(axes.x(year), abs=0.01), pytest.approx(axes.y(pct), abs=0.01)) for year, pct in expected
    ]
    (band,) = [r for r in parsed(svg).iter(f"{SVG}rect") if r.get("fill-opacity") == "0.25"]
    assert float(band.get("height")) == pytest.approx(axes.y(5) - axes.y(20), abs=0.02)
    assert float(band.get("width")) == pytest.approx(axes.x(2000) - axes.x(1950), abs=0.02)


def test_a_cover_bar_has_the_widths_of_its_shares_and_none_where_it_is_not_known():
    svg = charts.cover(38.0, 4.5, "Cover", texts=("PA", "OECM", "Open"), width=642)
    filled = [r for r in parsed(svg).iter(f"{SVG}rect") if r.get("y") == "1" and r.get("fill") != "none"]
    assert [float(r.get("width")) for r in filled] == [pytest.approx(6.4 * p, abs=0.01) for p in (38, 4.5, 57.5)]
    unknown = charts.cover(None, 0.0, "Cover", unknown="not assessed, because it has no boundary")
    assert not list(parsed(unknown).iter(f"{SVG}rect"))
    assert texts(unknown) == ["not assessed, because it has no boundary"]


def test_kinds_differ_without_colour():
    hatches = [charts.KINDS[kind][1] for kind in ("complete", "partial", "none", "not_assessed")]
    assert len(set(hatches)) == 4
    assert len({charts.KINDS[kind][1] for kind in ("pa", "oecm", "unprotected")}) == 3


def test_bars_are_as_long_as_their_values_and_long_labels_are_told_whole():
    name = "A name of a country that is far too long for the room that it has"
    svg = charts.bars(
        [
            charts.Bar(name, (charts.Part("pa", 3.0, "3"),), "3"),
            charts.Bar("B", (charts.Part("pa", 1.5, "1.5"),), "1.5"),
        ],
        "Bars",
    )
    filled = [r for r in parsed(svg).iter(f"{SVG}rect") if r.get("fill") == charts.GREEN]
    assert float(filled[0].get("width")) == pytest.approx(2 * float(filled[1].get("width")), abs=0.02)
    assert name not in texts(svg) and any(t.endswith("…") for t in texts(svg))
    assert name in ["".join(t.itertext()) for t in parsed(svg).iter(f"{SVG}title")]


def test_a_theme_of_a_dark_palette_paints_no_dark_text_on_it():
    theme = charts.Theme.on("#eeeeee", "#202020")
    svg = charts.trend([charts.Series.of_years("Mean", YEARS)], "Cover", theme=theme)
    assert {t.get("fill") for t in parsed(svg).iter(f"{SVG}text")} <= {theme.foreground, theme.quiet}
    assert charts.Theme.on("#000000").quiet != charts.Theme.on("#ffffff").quiet


def test_nothing_to_show_is_still_a_picture():
    assert parsed(charts.trend([], "Nothing")).get("aria-label") == "Nothing"
    assert parsed(charts.bars([], "Nothing")) is not None


@given(st.text(max_size=60), st.lists(st.floats(0, 100), max_size=4))
def test_any_text_and_any_share_make_sound_xml(text, shares):
    parts = tuple(charts.Part("pa", share, text) for share in shares)
    root = parsed(charts.bars([charts.Bar(text, parts, text)], text, key=[("pa", text)]))
    for element in root.iter():
        assert not any(value in ("nan", "inf") for value in element.attrib.values())
    parsed(charts.cover(shares[0] if shares else None, 0.0, text, texts=(text,) * 3, unknown=text))


def test_the_same_figures_give_the_same_text():
    series = [charts.Series.of_years("Mean", YEARS)]
    assert charts.trend(series, "x") == charts.trend(list(series), "x")
