"""What reference systems tell."""

from __future__ import annotations

from qgis.core import Qgis, QgsCoordinateReferenceSystem


def is_placed(crs: QgsCoordinateReferenceSystem) -> bool:
    """Whether a reference system tells where on Earth coordinates lie.

    A local one does not, as a GeoPackage has it that was written without any: its numbers would pass for degrees.
    """
    return crs.isValid() and crs.type() != Qgis.CrsType.Engineering
