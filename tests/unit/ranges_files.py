"""Range-map files for tests, in any format that OGR writes."""

from __future__ import annotations

from pathlib import Path

from osgeo import ogr, osr

SQUARE = "POLYGON ((10 0, 11 0, 11 1, 10 1, 10 0))"
FIELDS = ("id_no", "sci_name", "presence", "origin", "seasonal", "category")

_KINDS = {int: ogr.OFTInteger, float: ogr.OFTReal, str: ogr.OFTString}
_DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON", ".gdb": "OpenFileGDB"}


def square(x: float, y: float, size: float = 1.0) -> str:
    """WKT of a square by its lower left corner."""
    a, b = x + size, y + size
    return f"POLYGON (({x} {y}, {a} {y}, {a} {b}, {x} {b}, {x} {y}))"


def row(name="Alba alba", wkt=SQUARE, taxon_id=1, presence=1, origin=1, seasonal=1, category="EN", **more):
    """A row with the Red List's fields; ``wkt`` None for no geometry."""
    values = dict(zip(FIELDS, (taxon_id, name, presence, origin, seasonal, category)))
    return {**values, **more, "wkt": wkt}


def write(
    path: Path, rows, epsg: int | None = 4326, layer="ranges", kind=ogr.wkbUnknown, options=(), kinds=None
) -> Path:
    """Write rows, all with the fields of the first one; field types follow its values or ``kinds``."""
    crs = None
    if epsg:
        crs = osr.SpatialReference()
        crs.ImportFromEPSG(epsg)
        crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    if path.suffix == ".shp":
        kind = ogr.wkbPolygon
    if path.suffix == ".gdb":
        kind = ogr.wkbMultiPolygon
    driver = ogr.GetDriverByName(_DRIVERS[path.suffix])
    source = ogr.Open(str(path), 1) if path.exists() else driver.CreateDataSource(str(path))
    target = source.CreateLayer(layer, crs, kind, list(options))
    names = [name for name in (rows[0] if rows else row()) if name != "wkt"]
    for name in names:
        example = (kinds or {}).get(name, type((rows[0] if rows else row())[name]))
        target.CreateField(ogr.FieldDefn(name, _KINDS[example]))
    for values in rows:
        feature = ogr.Feature(target.GetLayerDefn())
        for i, name in enumerate(names):
            if values[name] is not None:
                feature.SetField(i, values[name])
        if values["wkt"] is not None:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(values["wkt"]))
        target.CreateFeature(feature)
    target = source = None
    return path
