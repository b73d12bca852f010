"""What boundaries come in: files of any OGR format, text, and layers of the project, each taken apart into shapes.

Shapes stay as they are here: in their own reference system, with heights, curves and faults. ``boundary_files`` makes
boundaries of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from osgeo import gdal, ogr, osr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsVectorLayer,
)

from .. import paths
from ..domain.errors import AzeError
from ..library.vector import ogr_session
from .reference_systems import is_placed
from .wording import text

# Columns that hold a place's name in the data that people take boundaries from.
_NAME_COLUMNS = ("name", "intname", "natname", "name_eng", "international_name", "orig_name", "site_name", "title")

_ENDINGS = (
    *(".shp", ".shz", ".gpkg", ".geojson", ".geojsonl", ".json", ".topojson", ".kml", ".kmz", ".gml", ".fgb", ".gdb"),
    *(".tab", ".mif", ".gpx", ".dxf", ".sqlite"),
)

# Of a GPX file these layers hold the vertices of its tracks and routes once more.
_GPX_VERTICES = ("track_points", "route_points")

# Files of these kinds hold no shapes but say where to get them.
_POINTERS = ("OGR_VRT", "WFS", "OAPIF", "CSW", "GMLAS", "HTTP", "WMS", "NGW")

_MESHES = (ogr.wkbTIN, ogr.wkbPolyhedralSurface, ogr.wkbTriangle)

# Places in a GeoJSON text where it says in which reference system it is: an older custom, a member of the outermost
# object. Files have it before or behind their features.
_GEOJSON_CRS = re.compile(
    r'"crs"\s*:\s*(null|\{\s*"(?:type|properties)".{0,400}?\}\s*(?:,\s*"type"\s*:\s*"\w+"\s*)?\})', re.S
)
_LOOKED_AT = 1 << 16

_SRID = re.compile(r"^\s*SRID\s*=\s*(\d+)\s*;\s*", re.I)
# Kinds of WKT written in one word with their dimension, as PostGIS does.
_TIGHT = re.compile(r"\b([A-Za-z]+?)\s*(ZM|Z|M)\s*\(", re.I)
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_PAIR = re.compile(
    rf"^\s*\(?\s*({_NUMBER})\s*°?\s*[,;\s]\s*({_NUMBER})\s*°?(?:\s*[,;\s]\s*{_NUMBER})?\s*\)?\s*[,;]?\s*$"
)


@dataclass(frozen=True)
class Text:
    """A text that holds boundaries: WKT, EWKT, GeoJSON, rows copied in QGIS, or lines of two numbers each."""

    content: str


@dataclass(frozen=True)
class SelectedFeatures:
    """The selected features of a layer; all of them where none is selected."""

    layer: QgsVectorLayer


# Classes by name: the module typing keeps what it is given, and with classes all of a plugin that was unloaded.
Source = Union[str, Path, "Text", "SelectedFeatures"]


@dataclass(frozen=True)
class FoundLayer:
    """Shapes of one layer, each with its name (``""`` without one), in the layer's reference system.

    ``crs`` is invalid where the source does not say; ``said``: what it says instead, where that is not understood;
    ``ordered``: whether it is known that x comes before y; ``empty``: features without geometry.
    """

    name: str
    crs: QgsCoordinateReferenceSystem
    shapes: tuple[tuple[str, QgsGeometry], ...]
    said: str = ""
    ordered: bool = True
    empty: int = 0


@dataclass(frozen=True)
class Found:
    """What a source holds. ``source``: its name for people; ``stem``: what boundaries without a name are called by."""

    source: str
    stem: str
    layers: tuple[FoundLayer, ...]


def find(source: Source) -> Found:
    """Take a source apart.

    Raises AzeError ``layer.not_vector`` for a file that cannot be opened, ``boundary.too_many`` for one with thousands
    of features, ``boundary.table`` for one without geometry, ``boundary.not_text`` for a text without a shape,
    ``boundary.bad_text`` for one that breaks off or is misspelt, and ``boundary.no_features`` for what is empty.
    """
    if isinstance(source, Text):
        found = _in_text(source.content)
    elif isinstance(source, SelectedFeatures):
        found = _in_layer(source.layer)
    else:
        found = _in_file(str(source))
    if not any(layer.shapes for layer in found.layers):
        raise AzeError("boundary.no_features", source=found.source)
    return found


# ----------------------------------------------------------------------------------------------------------- files


def vector_members(path: str, endings: Sequence[str] = _ENDINGS) -> list[str]:
    """Vector files in a zip or folder as GDAL names them, zips inside zips included; of another file itself."""
    if path.lower().endswith(".zip"):
        return _listing("/vsizip/{" + path + "}", endings)
    if Path(path).is_dir() and not path.lower().rstrip("/").endswith(".gdb"):
        return _listing(path, endings)
    return [path]


def _listing(folder: str, endings: Sequence[str], depth: int = 0) -> list[str]:
    """Vector files below a folder or archive as GDAL sees it; archives inside are opened up to three deep."""
    found = []
    for name in gdal.ReadDirRecursive(folder) or []:
        path = f"{folder}/{name}"
        lower = name.lower().rstrip("/")
        if lower.startswith("__macosx/"):
            continue
        if lower.endswith(".zip") and depth < 3:
            found += _listing("/vsizip/{" + path + "}", endings, depth + 1)
        elif lower.endswith(tuple(endings)) and not any(part.endswith(".gdb") for part in lower.split("/")[:-1]):
            found.append(path.rstrip("/"))
    return found


def _in_file(path: str) -> Found:
    stem = Path(path).stem
    if not Path(path).exists():
        raise AzeError("layer.not_vector", file=path)
    layers: list[FoundLayer] = []
    with ogr_session(), _heights_of_tracks():
        members = vector_members(path)
        opened = 0
        for member in members:
            dataset = _opened(member)
            if dataset is None:
                continue
            opened += 1
            name = Path(member).stem if len(members) > 1 else stem
            try:
                layers += _layers(dataset, member, name, path)
            except RuntimeError as error:
                raise AzeError("boundary.unreadable", file=path, detail=str(error)) from error
    if not opened:
        raise AzeError("layer.not_vector", file=path)
    if not layers:
        raise AzeError("boundary.table", source=Path(path).name)
    return Found(Path(path).name, stem, tuple(layers))


def _opened(member: str) -> gdal.Dataset | None:
    """A vector file, None for anything else; never one that merely points to other places, on the web or on disk."""
    drivers = (gdal.GetDriver(i) for i in range(gdal.GetDriverCount()))
    allowed = [
        driver.ShortName
        for driver in drivers
        if driver.GetMetadataItem(gdal.DCAP_VECTOR) == "YES" and driver.ShortName not in _POINTERS
    ]
    options = ["DOWNLOAD_SCHEMA=NO"] if member.lower().endswith((".gml", ".xml")) else []
    try:
        return gdal.OpenEx(member, gdal.OF_VECTOR | gdal.OF_READONLY, allowed, options)
    except RuntimeError:
        return None


@contextmanager
def _heights_of_tracks() -> Iterator[None]:
    """Let GPX tracks have their heights, whatever else in QGIS has asked for before: they are told of, then dropped."""
    before = gdal.GetThreadLocalConfigOption("GPX_ELE_AS_25D")
    gdal.SetThreadLocalConfigOption("GPX_ELE_AS_25D", "YES")
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption("GPX_ELE_AS_25D", before)


def _layers(dataset: gdal.Dataset, member: str, stem: str, path: str) -> list[FoundLayer]:
    """Spatial layers of an open dataset. Reads no more features than ``boundary.json`` allows."""
    driver = dataset.GetDriver().ShortName
    handles = [dataset.GetLayer(i) for i in range(dataset.GetLayerCount())]
    if driver == "GPX":
        handles = [h for h in handles if h.GetName() not in _GPX_VERTICES]
    handles = [h for h in handles if h.GetGeomType() != ogr.wkbNone]
    most = int(paths.load_json("criteria", "boundary.json")["import"]["most_features"])
    total = sum(max(0, h.GetFeatureCount()) for h in handles)
    if total > most:
        raise AzeError("boundary.too_many", file=path, count=total, most=most)
    # GDAL takes GeoJSON in a reference system that it does not know for longitude and latitude.
    unknown = _unknown_crs(_head_and_tail(member)) if driver == "GeoJSON" else None
    found = []
    for handle in handles:
        crs = QgsCoordinateReferenceSystem() if unknown is not None else _crs(handle.GetSpatialRef())
        definition = handle.GetLayerDefn()
        names = [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]
        column = name_column(names)
        if column < 0 and driver == "DXF" and "Layer" in names:
            column = names.index("Layer")
        shapes, empty = [], 0
        for feature in handle:
            shape = _qgis(feature.GetGeometryRef())
            if shape is None:
                empty += 1
                continue
            given = feature.GetFieldAsString(column) if column >= 0 and feature.IsFieldSetAndNotNull(column) else ""
            shapes.append(("" if driver == "DXF" and given == "0" else " ".join(given.split()), shape))
        name = handle.GetName() if len(handles) > 1 else stem
        found.append(FoundLayer(name, crs, tuple(shapes), unknown or "", empty=empty))
    return found


def _qgis(shape: ogr.Geometry | None) -> QgsGeometry | None:
    if shape is None or shape.IsEmpty():
        return None
    if ogr.GT_Flatten(shape.GetGeometryType()) in _MESHES:
        # QGIS has no way from such nets of faces to polygons, OGR has.
        shape = ogr.ForceToMultiPolygon(shape.Clone())
    taken = QgsGeometry()
    taken.fromWkb(bytes(shape.ExportToIsoWkb()))
    return None if taken.isNull() else taken


def _crs(reference: osr.SpatialReference | None) -> QgsCoordinateReferenceSystem:
    """The reference system of a layer for QGIS; an invalid one for none and for local ones that lie nowhere."""
    if reference is None or reference.IsLocal():
        return QgsCoordinateReferenceSystem()
    crs = QgsCoordinateReferenceSystem.fromWkt(reference.ExportToWkt(["FORMAT=WKT2_2019"]))
    return crs if crs.isValid() else QgsCoordinateReferenceSystem.fromWkt(reference.ExportToWkt())


def _head_and_tail(member: str) -> str:
    """First and last characters of a file, which may lie in an archive."""
    handle = gdal.VSIFOpenL(member, "rb")
    if handle is None:
        return ""
    try:
        gdal.VSIFSeekL(handle, 0, 2)
        size = gdal.VSIFTellL(handle)
        gdal.VSIFSeekL(handle, 0, 0)
        content = gdal.VSIFReadL(1, min(size, _LOOKED_AT), handle) or b""
        if size > _LOOKED_AT:
            gdal.VSIFSeekL(handle, max(_LOOKED_AT, size - _LOOKED_AT), 0)
            content = (
                bytes(content) + b"\n" + bytes(gdal.VSIFReadL(1, min(size - _LOOKED_AT, _LOOKED_AT), handle) or b"")
            )
    finally:
        gdal.VSIFCloseL(handle)
    return bytes(content).decode("utf-8", "replace")


def _unknown_crs(geojson: str) -> str | None:
    """The reference system that a GeoJSON text names where that means nothing; None where it is known or not named."""
    member = _GEOJSON_CRS.search(geojson)
    if member is None:
        return None
    try:
        said = json.loads(member.group(1))
    except ValueError:
        return None
    name = (said or {}).get("properties", {}).get("name") if isinstance(said or {}, dict) else None
    if not isinstance(name, str):
        # Nothing, which once meant that it is not known, or a link to follow.
        return "null" if said is None else str(said.get("type", ""))
    if QgsCoordinateReferenceSystem.fromOgcWmsCrs(name).isValid():
        return None
    try:
        osr.SpatialReference().SetFromUserInput(name)
    except RuntimeError:
        return name
    return None


# ---------------------------------------------------------------------------------------------------------- layers


def name_column(names: Sequence[str]) -> int:
    """Index of the column that holds names, -1 where none does."""
    lower = [name.lower() for name in names]
    return next((lower.index(name) for name in _NAME_COLUMNS if name in lower), -1)


def name_index(fields: QgsFields) -> int:
    """Index of the field of a layer that holds names, -1 where none does."""
    return name_column(fields.names())


def _in_layer(layer: QgsVectorLayer) -> Found:
    features: Iterable[QgsFeature] = layer.selectedFeatures() if layer.selectedFeatureCount() else layer.getFeatures()
    column = name_index(layer.fields())
    shapes, empty = [], 0
    for feature in features:
        if not feature.hasGeometry() or feature.geometry().isEmpty():
            empty += 1
            continue
        given = feature.attributes()[column] if column >= 0 else None
        shapes.append((" ".join(str(given).split()) if given else "", feature.geometry()))
    crs = layer.crs() if is_placed(layer.crs()) else QgsCoordinateReferenceSystem()
    return Found(layer.name(), layer.name(), (FoundLayer(layer.name(), crs, tuple(shapes), empty=empty),))


# ------------------------------------------------------------------------------------------------------------ text


def _in_text(content: str) -> Found:
    content = content.strip().lstrip("\ufeff")
    if content[:1] in ("{", "["):
        layers = _geojson(content)
    else:
        layers = _pairs(content) or _wkt(content)
    return Found(text("boundary.clipboard"), "", tuple(layers))


def _geojson(content: str) -> list[FoundLayer]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise AzeError("boundary.bad_text", detail=str(error)) from error
    if isinstance(document, list):
        # Features copied without what holds them together.
        content = json.dumps({"type": "FeatureCollection", "features": document})
    member = "/vsimem/aze_pasted.geojson"
    with ogr_session():
        gdal.FileFromMemBuffer(member, content.encode("utf-8"))
        try:
            return _layers(gdal.OpenEx(member, gdal.OF_VECTOR, ["GeoJSON"]), member, "", "")
        except RuntimeError as error:
            raise AzeError("boundary.not_text") from error
        finally:
            gdal.Unlink(member)


def _wkt(content: str) -> list[FoundLayer]:
    """Shapes of WKT, one a text or one a line, with or without ``SRID=…;`` and further columns behind a tab."""
    by_crs: dict[str, list[tuple[str, QgsGeometry]]] = {}
    whole = _one_wkt(" ".join(content.split()))
    if whole is not None:
        by_crs.setdefault(whole[0], []).append(("", whole[1]))
    else:
        rows = [line.split("\t") for line in content.splitlines() if line.strip()]
        column = name_column(rows[0]) if rows else -1
        for row in rows:
            shape = _one_wkt(row[0])
            if shape is not None:
                name = row[column].strip() if 0 <= column < len(row) else ""
                by_crs.setdefault(shape[0], []).append((name, shape[1]))
    if not by_crs:
        if re.match(
            r"^\s*(SRID\s*=\s*\d+\s*;)?\s*(MULTI|CURVE|COMPOUND)?(POLYGON|SURFACE|LINESTRING|GEOMETRY)", content, re.I
        ):
            raise AzeError("boundary.bad_text", detail=content[:60])
        raise AzeError("boundary.not_text")
    layers = []
    for srid, shapes in by_crs.items():
        crs = QgsCoordinateReferenceSystem(f"EPSG:{srid}") if srid else QgsCoordinateReferenceSystem()
        layers.append(FoundLayer("", crs, tuple(shapes), f"SRID={srid}" if srid and not crs.isValid() else ""))
    return layers


def _one_wkt(line: str) -> tuple[str, QgsGeometry] | None:
    """SRID (``""`` without one) and shape of one WKT; None for anything else."""
    prefix = _SRID.match(line)
    text = _TIGHT.sub(r"\1 \2 (", line[prefix.end() :] if prefix else line)
    if not _is_one(text):
        return None
    with ogr_session():
        try:
            shape = _qgis(ogr.CreateGeometryFromWkt(text))
        except RuntimeError:
            return None
    if shape is None:
        return None
    srid = prefix.group(1) if prefix else ""
    return ("" if srid == "0" else srid), shape


def _is_one(text: str) -> bool:
    """Whether a text ends with the bracket that closes its first one: OGR reads one WKT and drops what follows."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == ")" and depth <= 0:
            return depth == 0 and not text[place + 1 :].strip(" ;")
    return False


def _pairs(content: str) -> list[FoundLayer]:
    """The outline in a text of two numbers a line, such as a list of latitudes and longitudes; empty for other text."""
    lines = [line for line in re.split(r"[\r\n]+", content) if line.strip()]
    found = [_PAIR.match(line) for line in lines]
    # A heading is let pass.
    if found and found[0] is None:
        found = found[1:]
    if len(found) < 3 or not all(found):
        return []
    places = [f"{pair.group(1)} {pair.group(2)}" for pair in found]
    if places[0] != places[-1]:
        places.append(places[0])
    shape = QgsGeometry.fromWkt(f"Polygon(({', '.join(places)}))")
    return [FoundLayer("", QgsCoordinateReferenceSystem(), (("", shape),), ordered=False)]
