"""Makes the fonts of reports: DejaVu Sans under a name of its own, ``AZE Sans``.

A font that a window draws with leaves its last place between two pixels with the font, and outlines drawn after that
come out a hair aside: the same report would have other bytes. No window draws with this one. Nor does another version
of DejaVu Sans on the machine stand in for it. The licence of DejaVu allows other names, see LICENSE.txt beside it.
"""

from __future__ import annotations

from pathlib import Path

from fontTools.ttLib import TTFont

SOURCES = Path("/usr/share/fonts/truetype/dejavu")
FONTS = Path(__file__).resolve().parents[1] / "resources" / "fonts"
FAMILY = "AZE Sans"
_STYLES = {"": "Book", "-Bold": "Bold", "-Oblique": "Oblique"}
# Entries of the name table: family, unique name, full name, PostScript name, family for typographers.
_NAMES = (1, 3, 4, 6, 16)


def make() -> None:
    """Write the fonts into ``resources/fonts``; outlines, advances and the marks of their copyright stay."""
    for suffix, style in _STYLES.items():
        font = TTFont(SOURCES / f"DejaVuSans{suffix}.ttf", recalcTimestamp=False)
        full = FAMILY if style == "Book" else f"{FAMILY} {style}"
        new = {1: FAMILY, 3: full, 4: full, 6: f"AzeSans{suffix}", 16: FAMILY}
        for record in font["name"].names:
            if record.nameID in _NAMES:
                record.string = new[record.nameID]
        font.save(FONTS / f"AzeSans{suffix}.ttf")


if __name__ == "__main__":
    make()
