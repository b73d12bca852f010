"""The boundary in the four formats that reviewers open: GeoPackage, GeoJSON (RFC 7946), KML and shapefile."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

from ..domain import geometry
from ..domain.errors import AzeError

FORMATS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".kml": "KML", ".shp": "ESRI Shapefile"}
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# About a centimetre, the precision that RFC 7946 recommends: files that agree to this are the same boundary.
TOLERANCE_DEGREES = 1e-7
# Ten times the most detailed site; what a reviewer's machine reads in seconds, in all four formats.
MOST_CORNERS = 300_000
# Each part and each hole takes eight tags of KML, and readers of unknown KML take only so many.
MOST_RINGS = 30_000
# Corners times crossings (see ``geometry.intricacy``): a coast as detailed as can be stays below; to cut an outline
# beyond it by the ranges of a dozen taxa takes minutes.
MOST_WORK = 100_000_000


def limits_passed(lonlat: geometry.Geometry) -> Iterator[tuple[str, int, int]]:
    """The limits that a boundary passes, with its own figure and the most that there may be: ``corners``, ``rings``
    (parts and holes), and ``crossings`` of a straight line with its outline."""
    corners, rings = geometry.vertex_count(lonlat), len(geometry.rings(lonlat))
    if corners > MOST_CORNERS:
        yield "corners", corners, MOST_CORNERS
    elif rings > MOST_RINGS:
        yield "rings", rings, MOST_RINGS
    else:
        crossings = geometry.intricacy(lonlat)
        if corners * crossings > MOST_WORK:
            yield "crossings", crossings, MOST_WORK // corners


@contextmanager
def _settings(values: Mapping[str, str]) -> Iterator[None]:
    """GDAL options for this thread only: QGIS uses GDAL in others at the same time."""
    before = {key: gdal.GetThreadLocalConfigOption(key) for key in values}
    try:
        for key, value in values.items():
            gdal.SetThreadLocalConfigOption(key, value)
        yield
    finally:
        for key, value in before.items():
            gdal.SetThreadLocalConfigOption(key, value)


def write_boundary(
    folder: Path, stem: str, lonlat: geometry.Geometry, attributes: Mapping[str, Any], day: datetime.date
) -> list[Path]:
    """Write one boundary, lon/lat WGS 84, into ``<stem>.gpkg``, ``.geojson``, ``.kml`` and ``.shp`` with its parts.

    ``day``: what the formats that carry a date are told. Returns the files. Raises AzeError ``output.unwritable``.
    """
    wkb = geometry.to_wkb(lonlat)
    with _settings({"OGR_CURRENT_DATE": f"{day.isoformat()}T00:00:00.000Z"}):
        for suffix, driver in FORMATS.items():
            _write(folder / f"{stem}{suffix}", driver, stem, wkb, attributes, day)
    # OGR states the encoding in the DBF as well; the file beside it is what other programs read.
    return sorted(folder.glob(f"{stem}.*"))


def _write(path: Path, driver: str, layer_name: str, wkb: bytes, attributes: Mapping[str, Any], day: datetime.date):
    dataset_options = {"GPKG": ["VERSION=1.3"]}.get(driver, [])
    layer_options = {
        "GPKG": ["GEOMETRY_NAME=geom", "FID=fid"],
        # With RFC 7946's seven decimals OGR takes 59.9999997 for a rounding error of 60 and moves the vertex.
        "GeoJSON": ["RFC7946=YES", "WRITE_NAME=NO", "COORDINATE_PRECISION=12"],
        "ESRI Shapefile": ["ENCODING=UTF-8", f"DBF_DATE_LAST_UPDATE={day.isoformat()}"],
    }.get(driver, [])
    wgs84 = osr.SpatialReference()
    wgs84.ImportFromEPSG(4326)
    wgs84.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    shape = ogr.ForceToMultiPolygon(ogr.CreateGeometryFromWkb(wkb))
    try:
        dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path), dataset_options)
        if dataset is None:
            raise AzeError("output.unwritable", file=path.name, detail=gdal.GetLastErrorMsg())
        layer = dataset.CreateLayer(layer_name, wgs84, ogr.wkbMultiPolygon, layer_options)
        for name, value in attributes.items():
            kind = ogr.OFTReal if isinstance(value, float) else ogr.OFTString
            field = ogr.FieldDefn(name, kind)
            if kind == ogr.OFTReal and driver == "ESRI Shapefile":
                field.SetWidth(18)
                field.SetPrecision(4)
            layer.CreateField(field)
        feature = ogr.Feature(layer.GetLayerDefn())
        for name, value in attributes.items():
            feature.SetField(name, value)
        feature.SetGeometry(shape)
        failed = layer.CreateFeature(feature) != ogr.OGRERR_NONE
        feature = layer = None
        dataset = None
    except RuntimeError as error:
        raise AzeError("output.unwritable", file=path.name, detail=str(error)) from error
    if failed:
        raise AzeError("output.unwritable", file=path.name, detail=gdal.GetLastErrorMsg())


def read_boundary(path: Path) -> geometry.Geometry:
    """The one polygon or multipolygon of a boundary file, lon/lat as it stands there.

    Only the driver that belongs to the file's ending is allowed to open it. Raises AzeError ``boundary.file`` for
    what is not one polygon feature in WGS 84.
    """

    def refuse(detail: str):
        return AzeError("boundary.file", file=path.name, detail=detail)

    drivers = [FORMATS[path.suffix.lower()]]
    if drivers == ["KML"]:
        drivers.append("LIBKML")
    try:
        dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY, allowed_drivers=drivers)
        if dataset is None:
            raise refuse(gdal.GetLastErrorMsg() or "it cannot be opened")
        if dataset.GetLayerCount() != 1:
            raise refuse(f"{dataset.GetLayerCount()} layers where one is expected")
        layer = dataset.GetLayer(0)
        reference = layer.GetSpatialRef()
        if reference is None or reference.GetAuthorityCode(None) != "4326" and not reference.IsGeographic():
            raise refuse("it is not in WGS 84 (EPSG:4326)")
        shapes = [
            None if feature.GetGeometryRef() is None else bytes(feature.GetGeometryRef().ExportToWkb(ogr.wkbNDR))
            for feature in layer
        ]
    except RuntimeError as error:
        raise refuse(str(error)) from error
    if len(shapes) != 1:
        raise refuse(f"{len(shapes)} features where one is expected")
    shape = geometry.from_wkb(shapes)[0]
    if geometry.is_empty(shape) or geometry.kinds(np.array([shape], dtype=object))[0] != "polygon":
        raise refuse("its feature has no polygon")
    return shape
