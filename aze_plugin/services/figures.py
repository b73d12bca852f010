"""Numbers as people read them: units, sensible digits, the user's own separators."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from qgis.PyQt.QtCore import QCoreApplication, QLocale

from . import vocabulary

# Values next to which one decimal could hide on which side a share lies.
_EDGES = (0.0, 0.5, 0.95, 1.0)

# A number and its unit stay on one line.
_GAP = "\u00a0"

_INTERNATIONAL = QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom)

_FIXED: ContextVar[QLocale | None] = ContextVar("aze_figures_locale", default=None)


def _locale() -> QLocale:
    """The user's locale, with thousands set apart: QGIS leaves that out by default, but areas here run to millions."""
    locale = _FIXED.get() or QLocale()
    if locale.language() == QLocale.Language.C:
        locale = _INTERNATIONAL
    locale = QLocale(locale)
    locale.setNumberOptions(locale.numberOptions() & ~QLocale.NumberOption.OmitGroupSeparator)
    return locale


@contextmanager
def international() -> Iterator[None]:
    """Write numbers in the English way meanwhile, whatever the user's own: for documents that have to be the same
    on every machine. Holds for the calling thread only."""
    token = _FIXED.set(_INTERNATIONAL)
    try:
        yield
    finally:
        _FIXED.reset(token)


def percent(share: float | None, decimals: int = 1) -> str:
    """A share 0 to 1 as percent: whole numbers bare, else with as many decimals, or as many more as keep it apart from
    0, 50, 95 and 100 %."""
    if share is None or math.isnan(share):
        return QCoreApplication.translate("AzeFigures", "not known")
    if abs(100 * share - round(100 * share)) < 1e-9:
        return f"{round(100 * share)}{_GAP}%"
    while decimals < 4 and any(round(100 * share, decimals) == round(100 * e, decimals) for e in _EDGES):
        decimals += 1
    shown = round(100 * share, decimals)
    for edge in _EDGES:
        if shown == round(100 * edge, decimals):
            shown += math.copysign(10.0**-decimals, share - edge)
    return f"{_locale().toString(shown, 'f', decimals)}{_GAP}%"


def number(value: float | None, decimals: int = 0) -> str:
    """A number with the locale's grouping."""
    if value is None:
        return QCoreApplication.translate("AzeFigures", "not known")
    return _locale().toString(float(value), "f", decimals)


def hectares(ha: float | None) -> str:
    """An area given in hectares: ha up to a million, km² above, with three significant figures when small."""
    if ha is None:
        return QCoreApplication.translate("AzeFigures", "not known")
    if ha >= 1e6:
        return f"{number(ha / 100)}{_GAP}km²"
    if ha >= 100 or ha == 0:
        return f"{number(ha)}{_GAP}ha"
    if ha >= 0.01:
        return f"{number(ha, max(0, 2 - math.floor(math.log10(ha))) if ha < 100 else 0)}{_GAP}ha"
    return f"{number(ha * 1e4, 1)}{_GAP}m²"


def square_metres(m2: float | None) -> str:
    """An area given in m², shown as hectares() does."""
    return hectares(None if m2 is None else m2 / 1e4)


def metres(m: float | None) -> str:
    """A length: m below a kilometre, km above; centimetres and millimetres as parts of a metre."""
    if m is None:
        return QCoreApplication.translate("AzeFigures", "not known")
    if 0.001 <= m < 0.95:
        return f"{number(m, min(3, 1 - math.floor(math.log10(m))))}{_GAP}m"
    return f"{number(m)}{_GAP}m" if m < 1000 else f"{number(m / 1000, 1)}{_GAP}km"


def file_size(count: int) -> str:
    """The size of a file given in bytes, in decimal units."""
    if count == 1:
        return QCoreApplication.translate("AzeFigures", "1 byte")
    if count < 1000:
        return QCoreApplication.translate("AzeFigures", "{count} bytes").format(count=number(count))
    if count < 1_000_000:
        return f"{number(count / 1000, 0 if count >= 10_000 else 1)}{_GAP}kB"
    return f"{number(count / 1e6, 1)}{_GAP}MB"


def readable(params: dict) -> dict:
    """A finding's params made fit for a sentence: the ending of a name says what its value is (see domain.findings)."""
    shown = {}
    coded = vocabulary.kinds()
    for key, value in params.items():
        if isinstance(value, bool) or value is None:
            shown[key] = value
        elif isinstance(value, (int, float)) and key.endswith("share"):
            shown[key] = percent(value)
        elif isinstance(value, (int, float)) and key.endswith("_m2"):
            shown[key] = square_metres(value)
        elif isinstance(value, (int, float)) and key.endswith("_ha"):
            shown[key] = hectares(value)
        elif isinstance(value, (int, float)) and key.endswith("_m"):
            shown[key] = metres(value)
        elif key in coded:
            shown[key] = vocabulary.word(key, value)
        elif isinstance(value, (list, tuple)) and key.endswith("parameters"):
            shown[key] = ", ".join(vocabulary.word("parameter", code) for code in value)
        elif isinstance(value, int):
            shown[key] = str(value) if key in ("year", "row") else number(value)
        elif isinstance(value, float):
            shown[key] = _locale().toString(value, "g", 6)
        elif isinstance(value, (list, tuple)):
            shown[key] = ", ".join(str(v) for v in value)
        else:
            shown[key] = value
    return shown


def written(value: float) -> str:
    """A number for a field to edit it in: as the locale writes it, with all of its digits."""
    return _locale().toString(float(value), "f", QLocale.FloatingPointPrecisionOption.FloatingPointShortest)


def read_number(text: str) -> float | None:
    """A number as the user's locale writes it, thousands set apart or not; None for what is none."""
    value, is_number = _locale().toDouble("".join(text.split()))
    return value if is_number and math.isfinite(value) else None
