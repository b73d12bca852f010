"""The fonts that documents are set in: the bundled one, so that the same text takes the same room on every machine.

It is DejaVu Sans under a name of its own. Qt leaves the last place between two pixels, at which a window drew a letter,
with a font that windows use, and outlines drawn after that come out a hair aside: reports would have other bytes.

It has Latin, Greek, Cyrillic and Arabic letters. For other scripts, such as Amharic and Thai, Qt takes the system's own
fonts letter by letter, where there are any.
"""

from __future__ import annotations

from qgis.PyQt.QtGui import QFont, QFontDatabase

from ... import paths

FAMILY = "AZE Sans"

_FILES = ("AzeSans.ttf", "AzeSans-Bold.ttf", "AzeSans-Oblique.ttf")
_loaded: set[str] = set()


def load() -> None:
    """Make the bundled font known to Qt, once."""
    for name in _FILES:
        if name not in _loaded:
            QFontDatabase.addApplicationFont(str(paths.resource("fonts", name)))
            _loaded.add(name)


def font(points: float, bold: bool = False, italic: bool = False) -> QFont:
    """The bundled font in a size in points of paper."""
    load()
    made = QFont(FAMILY)
    made.setPointSizeF(points)
    made.setBold(bold)
    made.setItalic(italic)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made
