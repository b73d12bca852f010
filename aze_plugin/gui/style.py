"""Colours, marks and words of states: the palette's own colours, and four states told apart by shape first."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from qgis.PyQt.QtSvg import QSvgRenderer

from .. import paths

# Okabe and Ito (2008): told apart by people with any of the common colour vision deficiencies.
GREEN = "#009E73"
ORANGE = "#E69F00"
VERMILLION = "#D55E00"
BLUE = "#0072B2"
SKY = "#56B4E9"

# The one colour in which the page icons are drawn.
_INK = "#5f6b66"

MARKS = {"empty": "○", "work": "◐", "fine": "●", "problem": "▲"}
_COLOURS = {"work": ORANGE, "fine": GREEN, "problem": VERMILLION}

# What a status or verdict of an assessment, a severity of a finding or a class of cover looks like.
_STATES = {
    "met": "fine",
    "eligible": "fine",
    "not_met": "problem",
    "not_eligible": "problem",
    "needs_evidence": "work",
    "uncertain": "work",
    "not_assessable": "empty",
    "not_assessed": "empty",
    "info": "empty",
    "warning": "work",
    "blocking": "problem",
    "complete": "fine",
    "partial": "work",
    "none": "empty",
}


def state_of(status: str | None) -> str:
    """The state (``empty``, ``work``, ``fine``, ``problem``) that shows a status, verdict, severity or cover class."""
    return _STATES.get(status or "", "empty")


def word(status: str | None) -> str:
    """A status, verdict or cover class in words."""
    translate = QCoreApplication.translate
    return {
        "met": translate("AzeStatus", "met"),
        "not_met": translate("AzeStatus", "not met"),
        "needs_evidence": translate("AzeStatus", "needs evidence"),
        "not_assessable": translate("AzeStatus", "cannot be assessed"),
        "not_assessed": translate("AzeStatus", "not assessed"),
        "uncertain": translate("AzeStatus", "uncertain"),
        "eligible": translate("AzeStatus", "Eligible"),
        "not_eligible": translate("AzeStatus", "Not eligible"),
        "complete": translate("AzeStatus", "completely protected"),
        "partial": translate("AzeStatus", "partly protected"),
        "none": translate("AzeStatus", "unprotected"),
    }.get(status or "", translate("AzeStatus", "not checked yet"))


def state_word(state: str) -> str:
    """A page's state in words, for tool tips and screen readers."""
    translate = QCoreApplication.translate
    return {
        "empty": translate("AzeStatus", "nothing yet"),
        "work": translate("AzeStatus", "in work"),
        "fine": translate("AzeStatus", "done"),
        "problem": translate("AzeStatus", "has a problem"),
    }[state]


def is_dark(palette: QPalette) -> bool:
    """True where text is lighter than its ground."""
    return (
        palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.WindowText).lightness()
    )


def colour(state: str, palette: QPalette) -> QColor:
    """Colour of a state's mark, light enough or dark enough for the palette's ground."""
    if state not in _COLOURS:
        return muted(palette)
    chosen = QColor(_COLOURS[state])
    return chosen.lighter(125) if is_dark(palette) else chosen.darker(105)


def muted(palette: QPalette) -> QColor:
    """Text that steps back: two thirds of the way from the ground to the text."""
    return blend(palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window), 0.36)


def blend(first: QColor, second: QColor, share: float) -> QColor:
    """The first colour with this share (0 to 1) of the second."""
    keep = 1 - share
    return QColor.fromRgbF(
        first.redF() * keep + second.redF() * share,
        first.greenF() * keep + second.greenF() * share,
        first.blueF() * keep + second.blueF() * share,
    )


def ground(palette: QPalette) -> QColor:
    """Background of a card: a little apart from the panel's in light and dark themes."""
    return palette.color(QPalette.ColorRole.Base)


def line(palette: QPalette) -> QColor:
    """Colour of frames and dividing lines."""
    return blend(palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText), 0.22)


def scaled(font: QFont, factor: float, bold: bool = False) -> QFont:
    """A copy of a font in another size, whether it is given in points or in pixels."""
    changed = QFont(font)
    if font.pointSizeF() > 0:
        changed.setPointSizeF(font.pointSizeF() * factor)
    else:
        changed.setPixelSize(max(1, round(font.pixelSize() * factor)))
    changed.setBold(bold)
    return changed


def icon(name: str, palette: QPalette, size: int = 24) -> QIcon:
    """An icon of ``resources/icons`` in the colour of the palette's text, so that it reads in dark themes too."""
    drawing = paths.resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    tinted = QIcon()
    for mode, role in (
        (QIcon.Mode.Normal, QPalette.ColorRole.WindowText),
        (QIcon.Mode.Selected, QPalette.ColorRole.HighlightedText),
    ):
        renderer = QSvgRenderer(drawing.replace(_INK, palette.color(role).name()).encode())
        for scale in (1, 2):
            pixmap = QPixmap(size * scale, size * scale)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter)
            painter.end()
            pixmap.setDevicePixelRatio(scale)
            tinted.addPixmap(pixmap, mode)
    return tinted
