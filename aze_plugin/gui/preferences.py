"""The user's own defaults, kept in QGIS's settings: thresholds, filters and errors of a check, default library."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from qgis.core import QgsSettings

from .. import paths

_PREFIX = "aze_toolkit/"


@dataclass(frozen=True)
class Rules:
    """What a check goes by.

    ``threshold``: share (0 to 1) that has to be exceeded; ``presence``, ``origin``: range map codes that count, such as
    ``1,2``. Records count whose place is known to within ``max_uncertainty_m`` and from ``since_year`` on, 0
    meaning any, but none of the ``bases_left_out``, such as ``FOSSIL_SPECIMEN,LIVING_SPECIMEN``.
    ``digitizing_error_m``: by which a boundary may be off; ``edge_tolerance_m``: how near a mapped edge has to be.
    """

    threshold: float
    presence: str
    origin: str
    max_uncertainty_m: float
    since_year: int
    bases_left_out: str
    digitizing_error_m: float
    edge_tolerance_m: float


def published() -> Rules:
    """The rules that the plugin ships."""
    rules = paths.load_json("criteria", "aze.json")
    records = rules["records"]
    return Rules(
        threshold=float(rules["threshold"]),
        presence=_codes(rules["presence"]),
        origin=_codes(rules["origin"]),
        max_uncertainty_m=float(records["max_uncertainty_m"] or 0),
        since_year=int(records["since_year"] or 0),
        bases_left_out=_codes(records["bases_left_out"]),
        digitizing_error_m=float(rules["sensitivity"]["digitizing_error_m"]),
        edge_tolerance_m=float(rules["discreteness"]["edges"]["tolerance_m"]),
    )


def rules() -> Rules:
    """The user's rules: the published ones but for what was changed."""
    settings = QgsSettings()
    defaults = asdict(published())
    return Rules(**{key: settings.value(_PREFIX + key, value, type(value)) for key, value in defaults.items()})


def default_library() -> str:
    """Path of the library for projects that name none; empty for none."""
    return str(QgsSettings().value(_PREFIX + "library", ""))


def digitizing_error_m() -> float:
    """Metres by which a boundary may be off."""
    return rules().digitizing_error_m


def save(chosen: Rules, library: str) -> None:
    """Keep the defaults; one that equals the published rule is forgotten, so that it follows later rules."""
    defaults = {**asdict(published()), "library": ""}
    settings = QgsSettings()
    for key, value in {**asdict(chosen), "library": library}.items():
        if value == defaults[key]:
            settings.remove(_PREFIX + key)
        else:
            settings.setValue(_PREFIX + key, value)


def criteria_parameters() -> dict:
    """The defaults as parameters of ``aze:checkboundary``."""
    chosen = rules()
    return {
        "THRESHOLD": chosen.threshold,
        "PRESENCE": chosen.presence,
        "ORIGIN": chosen.origin,
        "MAX_UNCERTAINTY": chosen.max_uncertainty_m,
        "SINCE_YEAR": chosen.since_year,
        "BASES_LEFT_OUT": chosen.bases_left_out,
        "DIGITIZING_ERROR": chosen.digitizing_error_m,
        "EDGE_TOLERANCE": chosen.edge_tolerance_m,
    }


def _codes(values) -> str:
    return ",".join(str(value) for value in values)
