"""Inputs and outputs that several algorithms have: how they are asked for, and how numbers and texts among them are
read. See ``taking`` for layers."""

from __future__ import annotations

import datetime

from qgis.core import (
    Qgis,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import paths


def library() -> QgsProcessingParameterString:
    """LIBRARY: a file, or the connection to a database, which a file parameter would refuse."""
    return QgsProcessingParameterString(
        "LIBRARY", QCoreApplication.translate("AzeProcessing", "Species library (GeoPackage)")
    )


def optional_library() -> QgsProcessingParameterString:
    """LIBRARY of the algorithms that can do without."""
    parameter = library()
    parameter.setFlags(parameter.flags() | Qgis.ProcessingParameterFlag.Optional)
    return parameter


def trigger_table() -> QgsProcessingParameterFeatureSource:
    """TRIGGERS: which species a site is there for."""
    return QgsProcessingParameterFeatureSource(
        "TRIGGERS",
        QCoreApplication.translate("AzeProcessing", "Trigger species by site id (table)"),
        [QgsProcessing.SourceType.TypeVector],
        optional=True,
    )


def polygons(name: str, description: str, optional: bool = False) -> QgsProcessingParameterFeatureSource:
    """A parameter for a layer of polygons, taken by ``taking.feature_sources``."""
    kinds = [QgsProcessing.SourceType.TypeVectorPolygon]
    return QgsProcessingParameterFeatureSource(name, description, kinds, optional=optional)


def existing_sites() -> QgsProcessingParameterFeatureSource:
    """SITES of the algorithms that check a boundary: may be left out, and then overlaps are not known."""
    return polygons("SITES", QCoreApplication.translate("AzeProcessing", "Existing AZE sites or KBAs"), optional=True)


def more_sites() -> QgsProcessingParameterMultipleLayers:
    """MORE_SITES: where existing sites are in several layers, those beside the first; ``taking.further_sites``."""
    return advanced(
        QgsProcessingParameterMultipleLayers(
            "MORE_SITES",
            QCoreApplication.translate("AzeProcessing", "Further layers of existing sites"),
            QgsProcessing.SourceType.TypeVectorPolygon,
            optional=True,
        )
    )


def populations() -> QgsProcessingParameterFile:
    """POPULATIONS of the algorithms that check a boundary; ``estimates`` reads it."""
    return any_path(
        "POPULATIONS",
        QCoreApplication.translate("AzeProcessing", "Estimates of populations for this site (CSV)"),
        optional=True,
    )


def estimates(algorithm: QgsProcessingAlgorithm, parameters, context, progress) -> list:
    """The rows of POPULATIONS; none where it was not given."""
    from ..library.estimates import read_for_check

    path = algorithm.parameterAsFile(parameters, "POPULATIONS", context)
    return read_for_check(path, progress) if path else []


def protected_areas(optional: bool = False) -> QgsProcessingParameterMultipleLayers:
    """PROTECTED: any number of layers, polygons and points; ``taking.protected_layers``."""
    return QgsProcessingParameterMultipleLayers(
        "PROTECTED",
        QCoreApplication.translate("AzeProcessing", "Protected areas and OECMs"),
        QgsProcessing.SourceType.TypeVectorAnyGeometry,
        optional=optional,
    )


def json_file(
    name: str, description: str, optional: bool = False, by_default: bool = True
) -> QgsProcessingParameterFileDestination:
    """A parameter for a JSON file to be written; an optional one is made unless ``by_default`` is false."""
    return QgsProcessingParameterFileDestination(
        name,
        description,
        QCoreApplication.translate("AzeProcessing", "JSON files (*.json)"),
        optional=optional,
        createByDefault=by_default,
    )


def any_path(name: str, description: str, optional: bool = False) -> QgsProcessingParameterFile:
    """A parameter for a file or a folder, whatever its ending.

    The filter that QGIS sets of itself, ``*.*``, also when the constructor is given an empty one, refuses both a folder
    and a name without a dot; only the setter takes it away.
    """
    parameter = QgsProcessingParameterFile(name, description, optional=optional)
    parameter.setFileFilter("")
    return parameter


def report_texts(title: QgsProcessingParameterString, day: str) -> list:
    """TITLE, DATE (labelled ``day``) and SOURCES of the algorithms that write a report; ``report_day`` and
    ``citations`` read the last two."""
    translate = QCoreApplication.translate
    return [
        title,
        QgsProcessingParameterDateTime("DATE", day, QgsProcessingParameterDateTime.Type.Date, optional=True),
        QgsProcessingParameterString(
            "SOURCES",
            translate("AzeProcessing", "Citations of the datasets, one a line"),
            multiLine=True,
            optional=True,
        ),
    ]


def report_day(algorithm: QgsProcessingAlgorithm, parameters, context) -> datetime.date | None:
    """The day of DATE; None where it was not given."""
    moment = algorithm.parameterAsDateTime(parameters, "DATE", context)
    return moment.date().toPyDate() if moment.isValid() else None


def citations(algorithm: QgsProcessingAlgorithm, parameters, context) -> list[str]:
    """The lines of SOURCES that say something."""
    said = algorithm.parameterAsString(parameters, "SOURCES", context)
    return [line.strip() for line in said.splitlines() if line.strip()]


def criteria_choices() -> list:
    """THRESHOLD, PRESENCE, ORIGIN and AUTHORITY of the algorithms that judge by the criteria."""
    translate = QCoreApplication.translate
    return [
        QgsProcessingParameterNumber(
            "THRESHOLD",
            translate("AzeProcessing", "Share that has to be exceeded"),
            QgsProcessingParameterNumber.Type.Double,
            paths.load_json("criteria", "aze.json")["threshold"],
            minValue=0.0,
            maxValue=1.0,
        ),
        QgsProcessingParameterString("PRESENCE", translate("AzeProcessing", "Presence codes that count"), "1,2"),
        QgsProcessingParameterString("ORIGIN", translate("AzeProcessing", "Origin codes that count"), "1,2,6"),
        authority(),
    ]


def record_choices() -> list:
    """MAX_UNCERTAINTY, SINCE_YEAR and BASES_LEFT_OUT of the algorithms that count records."""
    translate = QCoreApplication.translate
    rules = paths.load_json("criteria", "aze.json")["records"]
    kinds = QgsProcessingParameterNumber.Type
    return [
        advanced(parameter)
        for parameter in (
            QgsProcessingParameterNumber(
                "MAX_UNCERTAINTY",
                translate("AzeProcessing", "Largest uncertainty of a record's place that counts, in metres (0: any)"),
                kinds.Double,
                rules["max_uncertainty_m"] or 0,
                minValue=0,
            ),
            QgsProcessingParameterNumber(
                "SINCE_YEAR",
                translate("AzeProcessing", "First year whose records count (0: any)"),
                kinds.Integer,
                rules["since_year"] or 0,
                minValue=0,
            ),
            QgsProcessingParameterString(
                "BASES_LEFT_OUT",
                translate("AzeProcessing", "Bases of record that do not count"),
                ",".join(rules["bases_left_out"]),
                optional=True,
            ),
        )
    ]


def criteria_settings(algorithm: QgsProcessingAlgorithm, parameters, context, *more):
    """The Settings that the parameters of ``criteria_choices`` and ``record_choices`` choose, and ``more`` of them."""
    from ..services import checking

    return checking.default_settings().with_choices(
        algorithm.parameterAsDouble(parameters, "THRESHOLD", context),
        algorithm.parameterAsString(parameters, "PRESENCE", context),
        algorithm.parameterAsString(parameters, "ORIGIN", context),
        algorithm.parameterAsString(parameters, "AUTHORITY", context),
        algorithm.parameterAsDouble(parameters, "MAX_UNCERTAINTY", context),
        algorithm.parameterAsInt(parameters, "SINCE_YEAR", context),
        algorithm.parameterAsString(parameters, "BASES_LEFT_OUT", context),
        *more,
    )


def advanced(parameter):
    """A parameter that the dialog shows only when it is asked for."""
    parameter.setFlags(parameter.flags() | Qgis.ProcessingParameterFlag.Advanced)
    return parameter


def authority() -> QgsProcessingParameterString:
    """AUTHORITY of the algorithms that check a boundary: the name of a national list in the library."""
    return QgsProcessingParameterString(
        "AUTHORITY",
        QCoreApplication.translate("AzeProcessing", "National list in place of the global Red List"),
        optional=True,
    )


def landcover() -> QgsProcessingParameterRasterLayer:
    """LANDCOVER of the algorithms that check a boundary; ``taking.survey`` takes it."""
    return QgsProcessingParameterRasterLayer(
        "LANDCOVER", QCoreApplication.translate("AzeProcessing", "Land cover (classes)"), optional=True
    )


def edges() -> QgsProcessingParameterMultipleLayers:
    """EDGES: further layers of lines and polygons whose edges count as mapped; ``taking.survey`` takes it."""
    return QgsProcessingParameterMultipleLayers(
        "EDGES",
        QCoreApplication.translate("AzeProcessing", "Mapped edges: coasts, rivers, borders"),
        QgsProcessing.SourceType.TypeVectorAnyGeometry,
        optional=True,
    )


def project_data() -> list:
    """COUNTRIES, ELEVATION and TRIGGERS: what a nomination is filled in from beside; ``taking.project_layers``."""
    translate = QCoreApplication.translate
    return [
        polygons("COUNTRIES", translate("AzeProcessing", "Countries, to tell the site's"), optional=True),
        QgsProcessingParameterRasterLayer(
            "ELEVATION", translate("AzeProcessing", "Terrain model (altitudes in metres)"), optional=True
        ),
        QgsProcessingParameterFeatureSource(
            "TRIGGERS",
            translate("AzeProcessing", "Trigger species of existing sites (table)"),
            [QgsProcessing.SourceType.TypeVector],
            optional=True,
        ),
    ]
