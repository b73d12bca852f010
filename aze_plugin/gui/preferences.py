"""The user's own defaults, kept in QGIS's settings: thresholds and filters, default library, digitizing error."""

from __future__ import annotations

from qgis.core import QgsSettings

from .. import paths

_PREFIX = "aze_toolkit/"

# Metres that a boundary drawn by hand may lie off, when the user said nothing else.
DIGITIZING_ERROR_M = 50.0


def _rules() -> dict:
    return paths.load_json("criteria", "aze.json")


def _codes(values) -> str:
    return ",".join(str(v) for v in values)


def threshold() -> float:
    """Share (0 to 1) that has to be exceeded."""
    return float(QgsSettings().value(_PREFIX + "threshold", _rules()["threshold"], float))


def presence() -> str:
    """Presence codes of range maps that count, such as ``1,2``."""
    return str(QgsSettings().value(_PREFIX + "presence", _codes(_rules()["presence"])))


def origin() -> str:
    """Origin codes of range maps that count."""
    return str(QgsSettings().value(_PREFIX + "origin", _codes(_rules()["origin"])))


def default_library() -> str:
    """Path of the library for projects that name none; empty for none."""
    return str(QgsSettings().value(_PREFIX + "library", ""))


def digitizing_error_m() -> float:
    """Metres by which a boundary may be off."""
    return float(QgsSettings().value(_PREFIX + "digitizing_error_m", DIGITIZING_ERROR_M, float))


def save(threshold: float, presence: str, origin: str, library: str, digitizing_error_m: float) -> None:
    """Keep the defaults; one that equals the published rule is forgotten, so that it follows later rules."""
    values = {
        "threshold": (threshold, _rules()["threshold"]),
        "presence": (presence, _codes(_rules()["presence"])),
        "origin": (origin, _codes(_rules()["origin"])),
        "library": (library, ""),
        "digitizing_error_m": (digitizing_error_m, DIGITIZING_ERROR_M),
    }
    settings = QgsSettings()
    for key, (value, default) in values.items():
        if value == default:
            settings.remove(_PREFIX + key)
        else:
            settings.setValue(_PREFIX + key, value)


def criteria_parameters() -> dict:
    """The defaults as parameters of ``aze:checkboundary``."""
    return {"THRESHOLD": threshold(), "PRESENCE": presence(), "ORIGIN": origin()}
