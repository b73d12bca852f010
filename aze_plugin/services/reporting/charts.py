"""Charts as SVG text: the trend of cover, bars of parts, and the cover bar.

Pure functions without Qt. The SVG keeps to what browsers, QSvgRenderer (SVG Tiny 1.2) and QGIS's layouts draw alike:
no style sheets, patterns or clips, and no ids, so that many fit into one page. Colours are Okabe and Ito's, and kinds
differ by hatch, dash or mark too, so that they read in black and white. Texts, numbers included, come from the caller,
in their language; what is too long for its place is cut, and stands whole in the ``<title>`` of its part.

    charts.trend([charts.Series.of_years("Mean of sites", country["years"])], "Cover by year", theme=charts.LIGHT)
    charts.cover(38.0, 4.5, "Cover of the site", texts=("Protected areas 38 %", "OECMs 4.5 %", "Unprotected 57.5 %"))
    charts.bars([charts.Bar("CR", (charts.Part("complete", 3, "3"), …))], "Trigger species by category", key=…)

For the panel: ``Theme.on(foreground, background)`` with the palette's colours as ``#rrggbb``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Callable

from .palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION

# Mean width of a letter of a sans serif, in sizes of the font; wide scripts (Chinese, Japanese, Korean) fill a square.
_LETTER, _WIDE = 0.6, 1.0

_FONT = 12.0


@dataclass(frozen=True)
class Theme:
    """Colours as ``#rrggbb``. ``background`` empty: none is painted. ``family``: names of fonts, generic by default."""

    foreground: str = "#111111"
    quiet: str = "#5f5f5f"
    grid: str = "#d4d4d4"
    background: str = ""
    family: str = "sans-serif"

    @classmethod
    def on(cls, foreground: str, background: str = "", family: str = "sans-serif") -> Theme:
        """A theme of a palette's two colours; what lies between is mixed of them."""
        ground = background or ("#202020" if _lightness(foreground) > 0.5 else "#ffffff")
        return cls(foreground, _mixed(foreground, ground, 0.3), _mixed(foreground, ground, 0.8), background, family)


LIGHT = Theme()
DARK = Theme("#eeeeee", "#b0b0b0", "#4a4a4a")

# How kinds are filled: colour, and the hatch that tells them apart without it (none, rising, falling, open, dots).
KINDS: Mapping[str, tuple[str, str]] = {
    "pa": (GREEN, "none"),
    "oecm": (SKY, "rising"),
    "unprotected": ("", "open"),
    "complete": (GREEN, "none"),
    "partial": (SKY, "rising"),
    "none": ("", "open"),
    "not_assessed": ("#8a8a8a", "dots"),
    "inside": (VERMILLION, "none"),
    "other": (ORANGE, "falling"),
}

# Line, dash and mark of the first, second … series.
_LINES = ((GREEN, "", "circle"), (BLUE, "6 3", "square"), (VERMILLION, "2 3", "diamond"), (PURPLE, "8 3 2 3", "circle"))


@dataclass(frozen=True)
class Point:
    """A value that holds from a year on, and the interval of what it is drawn from; percent."""

    year: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """A line of a trend: its name and its points, the years rising."""

    label: str
    points: tuple[Point, ...]

    @classmethod
    def of_years(cls, label: str, years: Sequence[Mapping[str, Any]]) -> Series:
        """From ``years`` of an ``aze-coverage/1`` document, of a site, a country or all."""
        return cls(label, tuple(Point(y["year"], y["both_pct"], y.get("low_pct"), y.get("high_pct")) for y in years))


@dataclass(frozen=True)
class Part:
    """A part of a bar: its kind (see ``KINDS``), its size in the chart's unit, and what is written into it."""

    kind: str
    value: float
    text: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar of parts, with its label on the left and what is written behind it."""

    label: str
    parts: tuple[Part, ...]
    text: str = ""


@dataclass(frozen=True)
class Axes:
    """Where a trend lies in its picture: the years from ``first`` to ``last`` between ``left`` and ``right``, 0 to
    ``most`` percent between ``bottom`` and ``top``, with a line across every ``step`` percent."""

    first: int
    last: int
    most: float
    step: float
    left: float
    top: float
    right: float
    bottom: float

    def x(self, year: float) -> float:
        """Where a year is."""
        return self.left + (self.right - self.left) * (year - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        """Where a percentage is."""
        return self.bottom - (self.bottom - self.top) * min(value, self.most) / self.most

    def year_at(self, x: float) -> int:
        """The year that is at a place, the first or the last beyond the ends."""
        year = self.first + (x - self.left) / (self.right - self.left) * (self.last - self.first)
        return max(self.first, min(self.last, math.floor(year + 1e-9)))

    @property
    def ticks(self) -> list[float]:
        """The percentages that have a line across."""
        return [n * self.step for n in range(round(self.most / self.step) + 1)]


def axes(
    series: Sequence[Series],
    *,
    width: float = 640,
    height: float = 260,
    last_year: int | None = None,
    number: Callable[[float], str] = lambda value: f"{value:g} %",
    target: tuple[float, str] | None = None,
    size: float = _FONT,
    key: bool = True,
) -> Axes:
    """The axes of the ``trend`` of the same arguments."""
    drawn = [s for s in series if s.points]
    years = [p.year for s in drawn for p in s.points]
    first, last = (min(years), max([*years, last_year or 0])) if years else (0, 0)
    if first == last:
        first -= 1
    top_value = max((p.high if p.high is not None else p.value for s in drawn for p in s.points), default=100.0)
    top_value = max(top_value, target[0] if target else 0)
    step = next((s for s in (0.5, 1, 2, 5, 10, 25) if top_value / s <= 5), 25)
    most = min(100.0, step * max(1, math.ceil(top_value / step - 1e-9)))
    sketch = _Drawing(width, height, "", LIGHT, size)
    left = max(sketch.length(number(n * step)) for n in range(round(most / step) + 1)) + 10
    key_height = 1.6 * size if key and len(drawn) > 1 else 0
    return Axes(first, last, most, step, left, 0.8 * size, width - 1.6 * size, height - 1.9 * size - key_height)


def trend(
    series: Sequence[Series],
    title: str,
    *,
    width: float = 640,
    height: float = 260,
    theme: Theme = LIGHT,
    last_year: int | None = None,
    number: Callable[[float], str] = lambda value: f"{value:g} %",
    target: tuple[float, str] | None = None,
    size: float = _FONT,
    key: bool = True,
) -> str:
    """Cumulative cover by year: steps, since a value holds until the next year listed, with the interval as a band.

    ``title``: what it shows, read out by screen readers. ``last_year``: how far the last values are drawn. ``number``:
    how a percentage on the axis is written. ``target``: a line across at a value, with its name. ``size``: of the font.
    ``key``: whether several series are named below. Series without points are left out of the drawing; with none at all
    there are only the axes.
    """
    svg = _Drawing(width, height, title, theme, size)
    drawn = [s for s in series if s.points]
    frame = axes(
        series, width=width, height=height, last_year=last_year, number=number, target=target, size=size, key=key
    )
    x, y, left, first, last = frame.x, frame.y, frame.left, frame.first, frame.last
    box = (left, frame.top, frame.right, frame.bottom)
    for tick in frame.ticks:
        svg.line(box[0], y(tick), box[2], y(tick), theme.grid if tick else theme.quiet, 1)
        svg.text(left - 6, y(tick) + 0.35 * size, number(tick), theme.quiet, anchor="end")
    for year in _year_ticks(first, last, (box[2] - box[0]) / (4.5 * size)) if drawn else ():
        svg.line(x(year), box[3], x(year), box[3] + 4, theme.quiet, 1)
        svg.text(x(year), box[3] + 1.4 * size, str(year), theme.quiet, anchor="middle")
    if target:
        svg.line(box[0], y(target[0]), box[2], y(target[0]), theme.foreground, 1, "3 3")
        svg.text(box[0] + 6, y(target[0]) - 0.35 * size, target[1], theme.foreground)
    for one, (colour, dash, _) in zip(drawn, line_styles(theme, len(drawn))):
        ends = [p.year for p in one.points[1:]] + [last]
        bands = [(p, end) for p, end in zip(one.points, ends) if p.low is not None and p.high - p.low > 1e-9]
        for p, end in bands:
            svg.rect(x(p.year), y(p.high), x(end) - x(p.year), y(p.low) - y(p.high), colour, opacity=0.25)
        corners = [(x(one.points[0].year), y(0))]
        for p, end in zip(one.points, ends):
            corners += [(x(p.year), y(p.value)), (x(end), y(p.value))]
        svg.polyline(corners, colour, 2, dash, title=one.label)
    for one, (colour, _, mark) in zip(drawn, line_styles(theme, len(drawn))):
        svg.mark(x(last), y(one.points[-1].value), mark, colour)
    if key and len(drawn) > 1:
        at = box[0]
        for one, (colour, dash, mark) in zip(drawn, line_styles(theme, len(drawn))):
            label = svg.cut(one.label, (box[2] - box[0]) / len(drawn) - 40)
            svg.line(at, height - 0.75 * size, at + 22, height - 0.75 * size, colour, 2, dash)
            svg.mark(at + 11, height - 0.75 * size, mark, colour)
            svg.text(at + 28, height - 0.4 * size, label, theme.foreground, whole=one.label)
            at += 28 + svg.length(label) + 18
    return svg.done()


def bars(
    rows: Sequence[Bar],
    title: str,
    *,
    key: Sequence[tuple[str, str]] = (),
    most: float | None = None,
    width: float = 640,
    theme: Theme = LIGHT,
    size: float = _FONT,
) -> str:
    """Horizontal bars, one a row, each of parts one after another, with a key of (kind, word) below.

    ``most``: the value that fills the width, by default that of the longest bar. The height follows from the rows. The
    text of a part is left out where the part is too narrow for it, so put what matters into the row's own text too.
    """
    tall, gap = 1.7 * size, 0.7 * size
    sketch = _Drawing(width, 0, title, theme, size)
    label_room = min(0.38 * width, max((sketch.length(r.label) for r in rows), default=0) + 12)
    text_room = max((sketch.length(r.text) for r in rows), default=0) + (8 if any(r.text for r in rows) else 0)
    room = max(20.0, width - label_room - text_room - 2)
    lines = _key_lines(sketch, key, width) if key else []
    height = len(rows) * (tall + gap) + len(lines) * 1.9 * size + 4
    svg = _Drawing(width, height, title, theme, size)
    most = most or max((sum(p.value for p in r.parts) for r in rows), default=0) or 1.0
    top = 2.0
    for row in rows:
        middle = top + tall / 2 + 0.35 * size
        svg.text(label_room - 8, middle, svg.cut(row.label, label_room - 10), theme.foreground, "end", whole=row.label)
        at = label_room
        for part in row.parts:
            wide = room * min(1.0, part.value / most)
            if wide <= 0:
                continue
            svg.fill(part.kind, at, top, wide, tall, f"{row.label}: {part.text}" if part.text else row.label)
            if part.text and svg.length(part.text) + 8 < wide:
                svg.plate(at + wide / 2, middle, part.text, part.kind)
            at += wide
        if row.text:
            svg.text(at + 8, middle, row.text, theme.foreground)
        top += tall + gap
    _draw_key(svg, lines, top)
    return svg.done()


def cover(
    pa_pct: float | None,
    oecm_pct: float | None,
    title: str,
    *,
    texts: Sequence[str] = (),
    unknown: str = "",
    width: float = 640,
    theme: Theme = LIGHT,
    size: float = _FONT,
) -> str:
    """The cover bar: protected areas filled, OECMs outside them hatched, the unprotected rest open; percent of a site.

    ``texts``: the key's words for the three, with their figures. Where a percentage is None there is no bar, never an
    empty one, but ``unknown``, which says why.
    """
    if pa_pct is None or oecm_pct is None:
        svg = _Drawing(width, 1.8 * size, title, theme, size)
        svg.text(0, 1.2 * size, svg.cut(unknown, width), theme.foreground, whole=unknown)
        return svg.done()
    values = (pa_pct, oecm_pct, max(0.0, 100 - pa_pct - oecm_pct))
    kinds = ("pa", "oecm", "unprotected")
    sketch = _Drawing(width, 0, title, theme, size)
    lines = _key_lines(sketch, [(k, t) for k, t, _ in zip(kinds, texts, values) if t], width)
    tall = 1.9 * size
    svg = _Drawing(width, tall + 4 + len(lines) * 1.9 * size, title, theme, size)
    at = 1.0
    for n, (kind, value) in enumerate(zip(kinds, values)):
        wide = (width - 2) * value / 100
        if wide > 0:
            svg.fill(kind, at, 1, wide, tall, texts[n] if n < len(texts) else "")
        at += wide
    svg.frame(1, 1, width - 2, tall)
    _draw_key(svg, lines, tall + 0.9 * size)
    return svg.done()


def line_styles(theme: Theme, count: int) -> list[tuple[str, str, str]]:
    """Colour, dash and mark of so many series; a blue that stands out from a dark ground too."""
    dark = _lightness(theme.foreground) > 0.5
    lines = [(SKY if dark and colour == BLUE else colour, dash, mark) for colour, dash, mark in _LINES]
    return [lines[n % len(lines)] for n in range(count)]


def _year_ticks(first: int, last: int, most: float) -> list[int]:
    step = next((s for s in (1, 2, 5, 10, 20, 25, 50, 100) if (last - first) / s <= max(1.0, most)), 200)
    return list(range(math.ceil(first / step) * step, last + 1, step))


def _key_lines(sketch: _Drawing, key: Sequence[tuple[str, str]], width: float) -> list[list[tuple[str, str, float]]]:
    """The key's entries in lines that fit the width: kind, word, and where each begins."""
    lines: list[list[tuple[str, str, float]]] = []
    at = width + 1.0
    for kind, word in key:
        shown = sketch.cut(word, width - 26)
        wide = 26 + sketch.length(shown)
        if at + wide > width:
            lines.append([])
            at = 0.0
        lines[-1].append((kind, shown, at))
        at += wide + 14
    return lines


def _draw_key(svg: _Drawing, lines: Sequence[Sequence[tuple[str, str, float]]], top: float) -> None:
    for line in lines:
        for kind, word, at in line:
            svg.fill(kind, at + 1, top, 18, svg.size, "")
            svg.text(at + 25, top + 0.85 * svg.size, word, svg.theme.foreground)
        top += 1.9 * svg.size


class _Drawing:
    """The elements of one picture, in its own units, as they are drawn."""

    def __init__(self, width: float, height: float, title: str, theme: Theme, size: float):
        self.width, self.height, self.title, self.theme, self.size = width, height, title, theme, size
        self._parts: list[str] = []

    def length(self, text: str) -> float:
        """About how wide a text is; the caller's font is not known here."""
        return self.size * sum(_WIDE if ord(c) > 0x2E80 else _LETTER for c in text)

    def cut(self, text: str, room: float) -> str:
        """The text, or as much of it as fits, with an ellipsis."""
        if self.length(text) <= room:
            return text
        while text and self.length(text) + self.size > room:
            text = text[:-1]
        return text.rstrip() + "…"

    def text(self, x: float, y: float, text: str, colour: str, anchor: str = "start", whole: str = "") -> None:
        element = f'<text x="{_n(x)}" y="{_n(y)}" fill="{colour}" text-anchor="{anchor}">{_plain(text)}</text>'
        if whole and whole != text:
            # Round the text, as Qt would write a title within it.
            element = f"<g><title>{_plain(whole)}</title>{element}</g>"
        self._parts.append(element)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float, dash: str = "") -> None:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{colour}" '
            f'stroke-width="{_n(width)}"{dashes}/>'
        )

    def polyline(self, corners, colour: str, width: float, dash: str = "", title: str = "") -> None:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        hint = f"<title>{_plain(title)}</title>" if title else ""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{_n(width)}" '
            f'stroke-linejoin="round"{dashes}>{hint}</polyline>'
        )

    def rect(self, x: float, y: float, wide: float, tall: float, colour: str, opacity: float = 1, hint: str = ""):
        inner = f"<title>{_plain(hint)}</title>" if hint else ""
        faint = f' fill-opacity="{_n(opacity)}"' if opacity < 1 else ""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(0, wide))}" height="{_n(max(0, tall))}" '
            f'fill="{colour}"{faint}>{inner}</rect>'
        )

    def frame(self, x: float, y: float, wide: float, tall: float) -> None:
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(tall)}" fill="none" '
            f'stroke="{self.theme.foreground}" stroke-width="1"/>'
        )

    def mark(self, x: float, y: float, shape: str, colour: str) -> None:
        if shape == "circle":
            self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.5" fill="{colour}"/>')
            return
        corners = (
            [(-3.2, -3.2), (3.2, -3.2), (3.2, 3.2), (-3.2, 3.2)]
            if shape == "square"
            else [(0, -4.6), (4.6, 0), (0, 4.6), (-4.6, 0)]
        )
        path = " ".join(f"{_n(x + dx)},{_n(y + dy)}" for dx, dy in corners)
        self._parts.append(f'<polygon points="{path}" fill="{colour}"/>')

    def fill(self, kind: str, x: float, y: float, wide: float, tall: float, hint: str) -> None:
        """A rectangle filled as its kind is."""
        colour, hatch = KINDS.get(kind, KINDS["other"])
        self.rect(x, y, wide, tall, colour or self.theme.foreground, 1 if colour else 0, hint)
        if hatch in ("rising", "falling"):
            self._hatch(x, y, wide, tall, hatch == "rising")
        elif hatch == "dots":
            self._dots(x, y, wide, tall)
        self.frame(x, y, wide, tall)

    def plate(self, x: float, y: float, text: str, kind: str) -> None:
        """A text on a filled part: on a plate of its own where a hatch would run through the letters."""
        colour, hatch = KINDS.get(kind, KINDS["other"])
        if colour and hatch != "none":
            wide = self.length(text) + 6
            self.rect(x - wide / 2, y - 0.95 * self.size, wide, 1.25 * self.size, "#ffffff")
        on_white = "#111111" if colour and hatch != "none" else None
        ink = on_white or (_ink_on(colour) if colour else self.theme.foreground)
        self.text(x, y, text, ink, "middle")

    def _hatch(self, x: float, y: float, wide: float, tall: float, rising: bool) -> None:
        """Lines at 45°, cut to the rectangle by hand: the small SVG knows neither patterns nor clips."""
        step = 6.0
        for n in range(1, int((wide + tall) / step) + 1):
            offset = n * step
            # Along x + y = offset, from the top edge to the left, within the rectangle.
            x1, y1 = (offset, 0.0) if offset <= wide else (wide, offset - wide)
            x2, y2 = (0.0, offset) if offset <= tall else (offset - tall, tall)
            if not rising:
                y1, y2 = tall - y1, tall - y2
            self.line(x + x1, y + y1, x + x2, y + y2, "#1c3f5c", 1)

    def _dots(self, x: float, y: float, wide: float, tall: float) -> None:
        step = 5.0
        for column in range(int(wide / step)):
            for row in range(int(tall / step)):
                cx, cy = x + (column + 0.5) * step, y + (row + 0.5) * step
                self._parts.append(f'<circle cx="{_n(cx)}" cy="{_n(cy)}" r="0.9" fill="#ffffff"/>')

    def done(self) -> str:
        """The whole picture."""
        ground = ""
        if self.theme.background:
            ground = f'<rect width="{_n(self.width)}" height="{_n(self.height)}" fill="{self.theme.background}"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f'width="{_n(self.width)}" height="{_n(self.height)}" role="img" aria-label="{_plain(self.title)}" '
            f'font-family="{_plain(self.theme.family)}" font-size="{_n(self.size)}">'
            f"<title>{_plain(self.title)}</title>{ground}{''.join(self._parts)}</svg>"
        )


def size_of(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in its own units."""
    box = svg.partition('viewBox="')[2].partition('"')[0].split()
    return float(box[2]), float(box[3])


def _plain(text: str) -> str:
    """Text fit for XML: what XML forbids, control characters, is left out."""
    return escape(
        "".join(c for c in str(text) if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def _n(value: float) -> str:
    """A coordinate in as few digits as needed, the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _lightness(colour: str) -> float:
    """Relative luminance as the accessibility guidelines (WCAG 2) have it, 0 to 1."""
    red, green, blue = (
        c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ink_on(colour: str) -> str:
    """Black or white, whichever stands out more."""
    light = _lightness(colour)
    return "#000000" if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) else "#ffffff"


def _mixed(one: str, other: str, share: float) -> str:
    """``share`` of the other colour in the first."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_rgb(one), _rgb(other)))
