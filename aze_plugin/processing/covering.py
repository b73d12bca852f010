"""What the algorithms that measure protection ask for alike: which areas count, and how unknown years are drawn."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import paths
from . import inputs, taking

_MOST_DRAWS = 10_000
_LARGEST_SEED = 2**31 - 1


def counting() -> list:
    """POINTS, STATUSES and EXCLUDE_MAB: which areas count."""
    translate = QCoreApplication.translate
    return [
        QgsProcessingParameterEnum(
            "POINTS",
            translate("AzeProcessing", "Areas known only as points"),
            [
                translate("AzeProcessing", "Leave them out (as the SDG indicators do)"),
                translate("AzeProcessing", "Circle of the reported area"),
            ],
            defaultValue=0,
        ),
        QgsProcessingParameterString(
            "STATUSES",
            translate("AzeProcessing", "Statuses that count"),
            ",".join(paths.load_json("criteria", "coverage.json")["statuses"]),
        ),
        QgsProcessingParameterBoolean(
            "EXCLUDE_MAB", translate("AzeProcessing", "Leave out UNESCO-MAB biosphere reserves"), True
        ),
    ]


def drawing() -> list:
    """DRAWS and SEED, shown only when they are asked for."""
    translate = QCoreApplication.translate
    shipped = paths.load_json("criteria", "coverage.json")["years"]
    kind = QgsProcessingParameterNumber.Type.Integer
    return [
        inputs.advanced(QgsProcessingParameterNumber(name, label, kind, default, minValue=least, maxValue=most))
        for name, label, default, least, most in (
            ("DRAWS", translate("AzeProcessing", "Draws for what is not known"), shipped["draws"], 1, _MOST_DRAWS),
            ("SEED", translate("AzeProcessing", "Seed of the draws"), shipped["seed"], 0, _LARGEST_SEED),
        )
    ]


def rules(algorithm: QgsProcessingAlgorithm, parameters, context, years: bool, match_country: bool = False):
    """The CoverRules that the parameters of ``counting`` and ``drawing`` choose."""
    from ..services import protection

    return protection.default_rules().with_choices(
        statuses=algorithm.parameterAsString(parameters, "STATUSES", context),
        exclude_mab=algorithm.parameterAsBoolean(parameters, "EXCLUDE_MAB", context),
        circles=algorithm.parameterAsEnum(parameters, "POINTS", context) == 1,
        match_country=match_country,
        years=years,
        seed=algorithm.parameterAsInt(parameters, "SEED", context),
        draws=algorithm.parameterAsInt(parameters, "DRAWS", context),
    )


def snapshots(algorithm: QgsProcessingAlgorithm, parameters, context) -> list:
    """The layers of PROTECTED, safe to be read in any thread; to be called in their own. Raises AzeError."""
    from ..services.bulk import Snapshot

    return [Snapshot(layer) for layer in taking.protected_layers(algorithm, parameters, context)]
