"""Layers and tables that algorithms write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QMetaType


def fields_of(columns: Iterable[tuple[str, QMetaType.Type]]) -> QgsFields:
    """Fields by name and type."""
    fields = QgsFields()
    for name, kind in columns:
        fields.append(QgsField(name, kind))
    return fields


class Output:
    """A sink parameter opened for writing.

    ``identifier`` is what the algorithm returns for it; None where the parameter is optional and was not asked for, and
    then nothing may be added. Raises QgsProcessingException for a place that cannot be written to, here and in ``add``.
    """

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters,
        name: str,
        context,
        fields: QgsFields,
        kind: QgsWkbTypes.Type = QgsWkbTypes.Type.NoGeometry,
        crs: QgsCoordinateReferenceSystem | None = None,
    ):
        self._algorithm, self._parameters, self._name = algorithm, parameters, name
        self._fields, self._kind = fields, kind
        self._sink, identifier = algorithm.parameterAsSink(
            parameters, name, context, fields, kind, crs or QgsCoordinateReferenceSystem()
        )
        if self._sink is None and parameters.get(name):
            raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))
        self.identifier: str | None = identifier if self._sink is not None else None

    def add(self, values: Sequence[Any], shape: QgsGeometry | bytes | None = None) -> None:
        """Add a feature: a value for each field, and a geometry or its WKB in the output's reference system."""
        feature = QgsFeature(self._fields)
        feature.setAttributes(list(values))
        if isinstance(shape, bytes):
            wkb, shape = shape, QgsGeometry()
            shape.fromWkb(wkb)
            if QgsWkbTypes.isMultiType(self._kind):
                shape.convertToMultiType()
        if shape is not None:
            feature.setGeometry(shape)
        if not self._sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            problem = self._algorithm.writeFeatureError(self._sink, self._parameters, self._name)
            raise QgsProcessingException(problem)


def lonlat() -> QgsCoordinateReferenceSystem:
    """The reference system of proposals: WGS 84."""
    from ..services.layers import LONLAT

    return QgsCoordinateReferenceSystem(LONLAT)
