"""Range-map layers through OGR: fields resolved, rows as plain values with lon/lat WKB.

Features are taken one by one, in batches of bounded bytes: one range of a coastal fish may have more vertices than a
thousand others, so batches of so many rows, as Arrow streams give, would not keep memory flat. On whole range maps the
two cost the same, as nearly all time goes into vertices, not rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from osgeo import gdal, ogr, osr

from .. import paths
from ..domain.errors import AzeError
from ..domain.fields import resolve
from ..domain.progress import Progress
from .datasets import Dataset

_POLYGONAL = (ogr.wkbPolygon, ogr.wkbMultiPolygon, ogr.wkbCurvePolygon, ogr.wkbMultiSurface)
_PERHAPS_POLYGONAL = (*_POLYGONAL, ogr.wkbUnknown, ogr.wkbGeometryCollection)

# Two-dimensional and without curves: nothing has to be done to them.
_PLAIN = (ogr.wkbPolygon, ogr.wkbMultiPolygon)

# ``GetField`` asks half a dozen things of every field before it gets it. Other types are left to it.
_GETTERS = {
    ogr.OFTInteger: ogr.Feature.GetFieldAsInteger,
    ogr.OFTInteger64: ogr.Feature.GetFieldAsInteger64,
    ogr.OFTReal: ogr.Feature.GetFieldAsDouble,
    ogr.OFTString: ogr.Feature.GetFieldAsString,
}


@dataclass(frozen=True)
class Row:
    """One feature: its 1-based place in the layer, values by role but for empty ones, and two-dimensional lon/lat WKB.

    ``wkb`` is None for a feature without geometry; ``problem`` is ``coordinates`` for one that could not be brought to
    lon/lat.
    """

    number: int
    values: dict[str, Any]
    wkb: bytearray | None
    problem: str = ""


@dataclass
class Layer:
    """A polygon layer of a dataset, with the field for each role that it has one for."""

    name: str
    count: int
    fields: dict[str, str]
    handle: ogr.Layer
    to_lonlat: osr.CoordinateTransformation | None

    @property
    def is_spatial(self) -> bool:
        """Whether its rows have geometries."""
        return self.handle.GetGeomType() != NO_SHAPE

    def rows(self, file: str, progress: Progress) -> Iterator[Row]:
        """All features. Raises AzeError ``library.read_failed`` where the file cannot be read on."""
        definition = self.handle.GetLayerDefn()
        names = [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]
        used = set(self.fields.values())
        self.handle.SetIgnoredFields([name for name in names if name not in used])
        columns = []
        for role, name in self.fields.items():
            i = names.index(name)
            columns.append((role, i, _GETTERS.get(definition.GetFieldDefn(i).GetType(), ogr.Feature.GetField)))
        self.handle.ResetReading()
        number = 0
        while True:
            progress.check()
            try:
                feature = self.handle.GetNextFeature()
            except RuntimeError as error:
                raise AzeError("library.read_failed", file=file, row=number + 1, detail=str(error)) from error
            if feature is None:
                return
            number += 1
            values = {role: get(feature, i) for role, i, get in columns if feature.IsFieldSetAndNotNull(i)}
            wkb, problem = self._lonlat(feature.GetGeometryRef())
            yield Row(number, values, wkb, problem)

    def _lonlat(self, shape: ogr.Geometry | None) -> tuple[bytearray | None, str]:
        if shape is None:
            return None, ""
        if shape.GetGeometryType() not in _PLAIN:
            if shape.HasCurveGeometry():
                shape = shape.GetLinearGeometry()
            if shape.Is3D() or shape.IsMeasured():
                shape.FlattenTo2D()
        if self.to_lonlat is not None:
            try:
                shape.Transform(self.to_lonlat)
            except RuntimeError:
                return None, "coordinates"
        return shape.ExportToWkb(ogr.wkbNDR), ""


@contextmanager
def ogr_session() -> Iterator[None]:
    """OGR with exceptions and without messages on the console; other plugins find it afterwards as it was."""
    modules = (gdal, ogr, osr)
    before = [module.GetUseExceptions() for module in modules]
    for module in modules:
        module.UseExceptions()
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()
        # The modules' handlers lie on one stack: the last one on goes first.
        for module, used in reversed(list(zip(modules, before))):
            if not used:
                module.DontUseExceptions()


def lonlat_crs() -> osr.SpatialReference:
    """WGS 84 with longitude first."""
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(4326)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return crs


@dataclass(frozen=True)
class Kind:
    """What layers are wanted: their geometry types, the section of ``fields.json`` with their fields, and the codes of
    the errors for a dataset without such a layer and without a field that names taxa."""

    section: str
    shapes: tuple[int, ...]
    no_shapes: str
    no_fields: str

    def serves(self, shape: int, fields: dict[str, str]) -> bool:
        """Whether the fields tell the taxon, and the place where the geometry does not."""
        named = {"scientific_name", "taxon_id", "species"} & set(fields) or {"genus", "epithet"} <= set(fields)
        return bool(named) and (shape != NO_SHAPE or {"lat", "lon"} <= set(fields))


NO_SHAPE = ogr.wkbNone
RANGES = Kind("ranges", _PERHAPS_POLYGONAL, "library.no_polygons", "library.no_fields")
RECORDS = Kind(
    "occurrences",
    (ogr.wkbPoint, ogr.wkbMultiPoint, ogr.wkbUnknown, ogr.wkbGeometryCollection, NO_SHAPE),
    "occurrences.no_points",
    "occurrences.no_fields",
)


@contextmanager
def opened(dataset: Dataset, path: str, kind: Kind = RANGES) -> Iterator[tuple[list[Layer], list[str]]]:
    """The layers of a kind that name their taxa, and the names of those that do not.

    Within an ``ogr_session``. Raises AzeError ``library.not_vector``, ``library.no_crs`` and those of the kind, each
    naming the file.
    """
    encoded = dataset.ending != ".shp" or dataset.companion(".cpg")
    # Without a code page OGR would take Latin-1: raw bytes let values.text() try UTF-8 first.
    options = [] if encoded else ["ENCODING="]
    if dataset.lacks_index:
        # With this on OGR writes every index anew, even a sound one: never over the user's own files.
        gdal.SetThreadLocalConfigOption("SHAPE_RESTORE_SHX", "YES")
    try:
        source = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_READONLY, open_options=options)
    except RuntimeError as error:
        raise AzeError("library.not_vector", file=dataset.path, detail=str(error)) from error
    finally:
        gdal.SetThreadLocalConfigOption("SHAPE_RESTORE_SHX", None)
    handles = [source.GetLayer(i) for i in range(source.GetLayerCount())]
    usable = [h for h in handles if ogr.GT_Flatten(h.GetGeomType()) in kind.shapes]
    if not usable:
        raise AzeError(kind.no_shapes, file=dataset.path)
    aliases = paths.load_json("schemas", "fields.json")[kind.section]
    layers, passed_over, seen = [], [], []
    for handle in usable:
        definition = handle.GetLayerDefn()
        names = [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]
        fields = resolve(names, aliases)
        count = handle.GetFeatureCount()
        shape = ogr.GT_Flatten(handle.GetGeomType())
        if count and not kind.serves(shape, fields):
            passed_over.append(handle.GetName())
            seen.extend(names)
            continue
        transformation = _to_lonlat(handle, dataset) if count and shape != NO_SHAPE else None
        layers.append(Layer(handle.GetName(), count, fields, handle, transformation))
    if not layers:
        raise AzeError(kind.no_fields, file=dataset.path, fields=seen or ["–"])
    yield layers, passed_over


def _to_lonlat(handle: ogr.Layer, dataset: Dataset) -> osr.CoordinateTransformation | None:
    crs = handle.GetSpatialRef()
    # GeoPackage writes "undefined" systems where nobody chose one.
    if crs is None or crs.IsLocal() or (crs.GetName() or "").lower().startswith("undefined"):
        code = "library.no_crs_shapefile" if dataset.ending == ".shp" else "library.no_crs"
        raise AzeError(code, file=dataset.path, layer=handle.GetName())
    target = lonlat_crs()
    crs = crs.Clone()
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    if crs.IsSame(
        target, ["CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS", "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]
    ):
        return None
    return osr.CoordinateTransformation(crs, target)
