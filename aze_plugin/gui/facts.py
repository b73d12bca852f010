"""Places and dates as the data page tells them, and the folder that files were last taken from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

from qgis.PyQt.QtCore import QLocale, QSettings

_LAST_FOLDER = "aze_toolkit/last_folder"


def last_folder() -> str:
    """The folder that files were last taken from."""
    return str(QSettings().value(_LAST_FOLDER, ""))


def keep_folder(path: str) -> None:
    """Remember the folder of a file."""
    QSettings().setValue(_LAST_FOLDER, os.path.dirname(path))


def extent(bounds: Sequence[float]) -> str:
    """West, south, east and north in degrees as people write them."""
    xmin, ymin, xmax, ymax = bounds
    # No line breaks inside a range of degrees.
    south_north = f"{_degrees(ymin, 'S', 'N')}\u00a0– {_degrees(ymax, 'S', 'N')}"
    return f"{south_north}, {_degrees(xmin, 'W', 'E')}\u00a0– {_degrees(xmax, 'W', 'E')}"


def date(iso: str) -> str:
    """An ISO 8601 time as a short date, on one line."""
    day = datetime.fromisoformat(iso.replace("Z", "+00:00")).date()
    return QLocale().toString(day, QLocale.FormatType.ShortFormat).replace(" ", "\u00a0")


def _degrees(value: float, negative: str, positive: str) -> str:
    return f"{QLocale().toString(abs(value), 'f', 1)}°\u00a0{negative if value < 0 else positive}"
