"""The boundary: four files of one shape, looked at before a reader of geodata is let near them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import numpy as np

from ...domain import geometry
from ...domain.errors import AzeError
from .. import boundary, details
from .documents import read_json
from .examined import Examined
from .workbook import parsed

# What the outline's KML is made of. Everything else could load, show or run something: links, overlays, descriptions
# that are pages of HTML, styles kept elsewhere.
_KML_TAGS = frozenset(
    """kml Document Schema SimpleField Folder name Placemark Style LineStyle PolyStyle color fill ExtendedData
    SchemaData SimpleData MultiGeometry Polygon outerBoundaryIs innerBoundaryIs LinearRing coordinates""".split()  # noqa: SIM905
)
# Functions that a GeoPackage's own triggers call, and words that stand before a bracket there.
_TRIGGER_WORDS = frozenset(
    """st_minx st_maxx st_miny st_maxy st_isempty raise lower upper count strftime values in not and or where when
    coalesce julianday""".split()  # noqa: SIM905
)
# What SQLite may be asked to do while a file is looked at, in its own steps; a sound one takes a few hundred.
_MOST_STEPS = 2_000_000
_WRITES = re.compile(r"\b(?:INTO|UPDATE|FROM|JOIN)\s+[\"'`\[]?([^\s\"'`\]();,]+)", re.IGNORECASE)
# A table whose columns are worked out when they are read can take all memory and time there is.
_COMPUTED = re.compile(r"\bGENERATED\b|\bAS\s*\(|\bWITHOUT\s+ROWID\b", re.IGNORECASE)


class _UnsoundError(Exception):
    """A database holds what a boundary does not."""


def boundaries(examined: Examined) -> None:
    """Sets ``examined.shape`` where all four files hold the same boundary."""
    if not (_kml(examined) and _geojson(examined) and _geopackage(examined) and _shapefile(examined)):
        return
    shapes: dict[str, geometry.Geometry] = {}
    for suffix in boundary.FORMATS:
        path = examined.boundary_file(suffix)
        if not path.is_file():
            continue
        examined.progress.check()
        try:
            shapes[suffix] = boundary.read_boundary(path)
        except AzeError as error:
            examined.add("boundary", f"data/boundary/{path.name}", detail=error.params["detail"])
    if not all(_sound(examined, suffix, shape) for suffix, shape in shapes.items()):
        return
    exact = shapes.get(".gpkg")
    if exact is None:
        return
    for suffix, shape in shapes.items():
        if shape is not exact and not geometry.same_shape(exact, shape, boundary.TOLERANCE_DEGREES):
            name = examined.boundary_file(suffix).name
            examined.add("boundary_differs", f"data/boundary/{name}", file=f"{examined.stem}.gpkg")
    examined.shape = exact


def _sound(examined: Examined, suffix: str, shape: geometry.Geometry) -> bool:
    """Whether an outline is one that was packaged: as intricate as can be, none of its sides crossing another.

    Mending an outline that crosses itself a million times takes all memory there is.
    """
    path = f"data/boundary/{examined.boundary_file(suffix).name}"
    if not bool(np.isfinite(geometry.corners(shape)).all()) or not _on_earth(shape):
        examined.add("boundary", path, detail="it lies outside the world")
        return False
    for limit, count, most in boundary.limits_passed(shape):
        examined.add(f"boundary_{limit}", path, count=count, most=most)
        return False
    if not geometry.valid(np.array([shape], dtype=object))[0]:
        examined.add("boundary", path, detail="its outline crosses itself")
        return False
    return True


def _on_earth(shape: geometry.Geometry) -> bool:
    west, south, east, north = geometry.bounds(shape)
    hair = boundary.TOLERANCE_DEGREES
    return west >= -180 - hair and east <= 180 + hair and south >= -90 - hair and north <= 90 + hair


def _kml(examined: Examined) -> bool:
    path = examined.boundary_file(".kml")
    if not path.is_file():
        return True
    name = f"data/boundary/{path.name}"
    root = parsed(examined, path.read_bytes(), name)
    if root is None:
        return False
    content = path.read_bytes()
    if content.count(b"<?") > 1 or any(str(e.tag).rpartition("}")[2] not in _KML_TAGS for e in root.iter()):
        examined.add("kml_links", name)
        return False
    return True


def _geojson(examined: Examined) -> bool:
    path = examined.boundary_file(".geojson")
    if not path.is_file():
        return True
    name = f"data/boundary/{path.name}"
    try:
        content = read_json(path)
    except details.JsonError as error:
        examined.add("json", name, detail=error.detail)
        return False
    if _names_member(content, "crs"):
        # GeoJSON is in WGS 84. A reference system by its address would be fetched from there by whatever reads it.
        examined.add("boundary", name, detail="it names a reference system of its own")
        return False
    return True


def _names_member(content: object, name: str) -> bool:
    """Whether any object in a document has a member of a name."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if name in value:
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += [one for one in value if isinstance(one, (dict, list))]
    return False


def _geopackage(examined: Examined) -> bool:
    """A database may hold programs: triggers, views and computed columns that never end. A boundary has none."""
    path = examined.boundary_file(".gpkg")
    if not path.is_file():
        return True
    try:
        _look_into(path)
    except (sqlite3.Error, _UnsoundError, UnicodeDecodeError, OverflowError) as error:
        examined.add("boundary", f"data/boundary/{path.name}", detail=str(error) or "it is not a GeoPackage")
        return False
    return True


def _look_into(path: Path) -> None:
    with open(path, "rb") as file:
        head = file.read(20)
        if head[:16] != b"SQLite format 3\0":
            raise _UnsoundError("it is not a GeoPackage")
        if head[18:20] != b"\1\1":
            # Whoever reads such a file writes beside it.
            raise _UnsoundError("it keeps a write-ahead log")
    steps = 0

    def weary() -> int:
        nonlocal steps
        steps += 1
        return int(steps * 1000 > _MOST_STEPS)

    # Immutable: neither a journal beside the file is played back nor anything written.
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        database.set_progress_handler(weary, 1000)
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        found = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchmany(1000)
        tables = {name for kind, name, _, _ in found if kind == "table"}
        for kind, name, table, sql in found:
            if kind == "view":
                raise _UnsoundError(f"it holds a view, “{name}”")
            if kind == "trigger" and not (_touched(sql or "") <= _kept_up(tables) and _is_plain(sql or "")):
                raise _UnsoundError(f"it holds a trigger of its own, “{name}”")
            if kind == "table" and _COMPUTED.search(sql or "") and not name.startswith("gpkg_"):
                raise _UnsoundError(f"the columns of “{table}” are computed")
            if re.match(r"\s*CREATE\s+VIRTUAL", sql or "", re.IGNORECASE) and not re.search(r"USING\s+\"?rtree\b", sql):
                raise _UnsoundError(f"“{name}” is not a plain table")
        layers = database.execute("SELECT table_name FROM gpkg_contents").fetchmany(2)
        if len(layers) != 1 or layers[0][0] not in tables:
            raise _UnsoundError("one layer is expected")
    finally:
        database.close()


def _touched(trigger: str) -> set[str]:
    """The tables that a trigger reads or writes when it runs."""
    body = re.split(r"(?<!\")\bBEGIN\b(?!\")", re.sub(r"'[^']*'", "''", trigger), maxsplit=1, flags=re.IGNORECASE)[-1]
    return set(_WRITES.findall(body))


def _is_plain(trigger: str) -> bool:
    """Whether a trigger has no comments, which hide words, and calls nothing but what a GeoPackage's own call."""
    said = re.sub(r"'[^']*'|\"[^\"]*\"", "''", trigger)
    called = {word.lower() for word in re.findall(r"(\w+)\s*\(", said)}
    return "--" not in said and "/*" not in said and called <= _TRIGGER_WORDS


def _kept_up(tables: set[str]) -> set[str]:
    """The tables that a GeoPackage's own triggers keep up: its index, its count, and those of its metadata."""
    return {t for t in tables if t.startswith(("rtree_", "gpkg_"))}


def _shapefile(examined: Examined) -> bool:
    """A shapefile's headers promise sizes; what they promise has to be there."""
    for suffix, record in ((".shp", 0), (".shx", 8)):
        path = examined.boundary_file(suffix)
        if not path.is_file():
            continue
        size = path.stat().st_size
        with open(path, "rb") as file:
            head = file.read(100)
        if len(head) < 100 or head[:4] != b"\0\0\x27\x0a" or 2 * int.from_bytes(head[24:28], "big") != size:
            examined.add("boundary", f"data/boundary/{path.name}", detail="its header does not fit its size")
            return False
        if record and (size - 100) // record != 1:
            examined.add("boundary", f"data/boundary/{path.name}", detail="one feature is expected")
            return False
    path = examined.boundary_file(".cpg")
    if path.is_file() and path.read_bytes()[:16].strip().upper() not in (b"UTF-8", b""):
        examined.add("boundary", f"data/boundary/{path.name}", detail="its texts are not in UTF-8")
        return False
    path = examined.boundary_file(".dbf")
    if path.is_file():
        with open(path, "rb") as file:
            head = file.read(32)
        count, start, width = (int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
        if len(head) < 32 or count != 1 or not start + width <= path.stat().st_size <= start + width + 2:
            examined.add("boundary", f"data/boundary/{path.name}", detail="its header does not fit its size")
            return False
    return True
