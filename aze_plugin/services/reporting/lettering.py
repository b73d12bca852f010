"""Letters on paper: their formats, how wide and high a text is, and where its lines may end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from qgis.core import Qgis, QgsLayout, QgsLayoutUtils, QgsTextFormat, QgsTextRenderer
from qgis.PyQt.QtCore import QTextBoundaryFinder
from qgis.PyQt.QtGui import QColor, QFont

from . import fonts
from .html import LEFT_TO_RIGHT, RIGHT_TO_LEFT, Rich, Text

DPI = 300

# Less than what is measured counts as full, as metrics are rounded.
SLACK = 0.4

_MM_PER_POINT = 25.4 / 72

# Letters on paper are up to 1.5 % wider than QGIS measures them.
_DRAWN_SHARE = 0.985

# Letters to a line that no measuring is needed for: in AZE Sans, the widest in use, a letter is under 0.75 em.
_SURE_EM = 0.75

# Spaces at which a line may end.
_SPACES = " \t\u2002\u2003\u2009\u200b"

# Scripts without spaces between words.
_UNSPACED = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u2e80", "\ua4cf"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)


class Lettering:
    """Texts as a layout draws them, measured; widths and heights in mm."""

    def __init__(self, layout: QgsLayout):
        self._context = QgsLayoutUtils.createRenderContextForLayout(layout, None, DPI)
        self._context.setScaleFactor(DPI / 25.4)

    def wrapped(self, text: str, form: QgsTextFormat, width: float) -> list[str]:
        """A text in lines that fit a width; words longer than a line are broken."""
        lines: list[str] = []
        sure = width / (form.size() * _MM_PER_POINT * _SURE_EM)
        for line in text.split("\n"):
            if len(line) <= sure and line.isascii():
                lines.append(line)
                continue
            lines += self._broken(line, form, _DRAWN_SHARE * width * self._context.scaleFactor())
        return lines

    def flows(self, text: str, form: QgsTextFormat, width: float) -> bool:
        """Whether a label can break the text by itself, which it does at spaces alone."""
        pixels = _DRAWN_SHARE * width * self._context.scaleFactor()
        return all(self._pixels(word, form) <= pixels for word in text.split())

    def shortened(self, line: str, form: QgsTextFormat, width: float) -> str:
        """A line that ends in an ellipsis and fits."""
        pixels = width * self._context.scaleFactor()
        line = line.rstrip()
        while line and self._pixels(line + " …", form) > pixels:
            line = line[:-1]
        return line.rstrip() + " …"

    def line_height(self, form: QgsTextFormat) -> float:
        """Height of a line, room for the tallest script included."""
        one, two = (
            QgsTextRenderer.textHeight(self._context, form, ["Ág"] * n, Qgis.TextLayoutMode.Rectangle) for n in (1, 2)
        )
        return max(two - one, form.size() * _MM_PER_POINT * 1.22) / self._context.scaleFactor() if two else one

    def _broken(self, line: str, form: QgsTextFormat, pixels: float) -> list[str]:
        """A line in pieces that fit, parted where its script may be; QGIS's own way takes minutes for a long text."""
        places = _breaks(line)
        found, start = [], 0
        while start < len(line):
            fits = lambda end, begin=start: self._pixels(line[begin:end].rstrip(), form) <= pixels  # noqa: E731
            ahead = places[bisect_right(places, start) :]
            end = _last_fitting(ahead, fits)
            if end is None:
                # A word longer than the line.
                end = _last_fitting(range(start + 1, ahead[0] if ahead else len(line)), fits) or start + 1
            found.append(line[start:end].rstrip())
            start = end
        return found or [""]

    def _pixels(self, line: str, form: QgsTextFormat) -> float:
        return QgsTextRenderer.textWidth(self._context, form, [line])


def text_format(points: float, bold: bool = False, colour: str = "#111111") -> QgsTextFormat:
    """A format of the bundled font."""
    form = QgsTextFormat()
    font = fonts.font(points, bold)
    form.setFont(font)
    form.setNamedStyle("Bold" if bold else "Book")
    form.setSize(points)
    form.setSizeUnit(Qgis.RenderUnit.Points)
    form.setColor(QColor(colour))
    return form


def styled(form: QgsTextFormat, text: Text) -> QgsTextFormat:
    """The format of a cell: that of its first styled part."""
    first = text if isinstance(text, (str, Rich)) else next((p for p in text if p), "")
    if not isinstance(first, Rich) or not (first.italic or first.bold or first.quiet):
        return form
    changed = QgsTextFormat(form)
    font = QFont(form.font())
    font.setItalic(first.italic or font.italic())
    font.setBold(first.bold or font.bold())
    font.setStyleName("")
    changed.setFont(font)
    if first.quiet:
        changed.setColor(QColor("#4d4d4d"))
    return changed


def plain(text: Text) -> str:
    """A text without its styles."""
    if isinstance(text, str):
        return text
    return text.text if isinstance(text, Rich) else "".join(plain(part) for part in text)


def inert(text: str) -> str:
    """A text that a label writes as it is: the mark of an expression is parted by a space of no width."""
    return text.replace("[%", "[\u200b%")


def runs_right_to_left(text: str) -> bool:
    """Whether a text's first letter is of a script that is written from right to left."""
    for letter in text:
        if letter in (LEFT_TO_RIGHT, RIGHT_TO_LEFT):
            return letter == RIGHT_TO_LEFT
        if "\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc":
            return True
        if letter.isalpha():
            return False
    return False


def on_paper(svg: str) -> str:
    """A drawing in the bundled font."""
    return svg.replace('font-family="sans-serif"', f'font-family="{fonts.FAMILY}"', 1)


def _breaks(text: str) -> list[int]:
    """Where a line may end: behind spaces, and between the words of scripts that have none between them.

    Qt knows the latter; behind dots of numbers it breaks too, so that it is asked for nothing else.
    """
    found = {n for n in range(1, len(text)) if text[n - 1] in _SPACES and text[n] not in _SPACES}
    if any(_is_unspaced(c) for c in text):
        finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Line, text)
        # Qt counts letters beyond the first plane twice.
        before = list(accumulate((1 if ord(c) < 0x10000 else 2 for c in text), initial=0))
        at = finder.toNextBoundary()
        while at != -1:
            n = bisect_left(before, at)
            if before[n] == at and n < len(text) and _is_unspaced(text[n - 1]) and _is_unspaced(text[n]):
                found.add(n)
            at = finder.toNextBoundary()
    return [*sorted(found), len(text)]


def _is_unspaced(letter: str) -> bool:
    """Whether a letter is of a script whose words follow one another without spaces: Thai, Lao, Burmese, Khmer, those
    of China and Japan."""
    return any(first <= letter <= last for first, last in _UNSPACED)


def _last_fitting(ends: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """The last of rising ends that fits, None where not even the first does. Tried near the beginning first, as a line
    is short beside a text."""
    if not len(ends) or not fits(ends[0]):
        return None
    low, high = 0, 1
    while high < len(ends) and fits(ends[high]):
        low, high = high, 2 * high
    high = min(high, len(ends))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(ends[middle]) else (low, middle)
    return ends[low]
