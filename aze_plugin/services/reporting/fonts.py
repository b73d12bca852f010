"""The fonts that documents are set in: the bundled one, so that the same text takes the same room on every machine.

It has Latin, Greek, Cyrillic and Arabic letters. For other scripts, such as Amharic and Thai, Qt takes the system's own
fonts letter by letter, where there are any.
"""

from __future__ import annotations

from qgis.PyQt.QtGui import QFont, QFontDatabase

from ... import paths

FAMILY = "DejaVu Sans"

_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf")
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
