"""Area of habitat inside a boundary against exactextract on the same raster and outline.

The rasters have 5,000 × 5,000 cells, in degrees and in metres of equal area; one boundary is a reserve, the other runs
across the whole raster with many vertices. Here the raster is in the library; exactextract reads the GeoTIFF it was
imported from. Both work in this process, in turns, and the median counts. Both must give the same area, to what
exactextract's single-precision fractions allow, or the benchmark stops. In degrees exactextract gets the sizes of the
cells as a second raster, as a user of it would have to.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import geopandas
import numpy as np
import shapely
from exactextract import exact_extract
from osgeo import gdal, osr

from aze_plugin.domain import geometry
from aze_plugin.library.habitats import Habitats
from aze_plugin.library.store import Reader

from .ranges import BENCH
from .table import Row

CELLS = 5_000
# Name, reference system, first corner and size of a cell.
GRIDS = (("degrees", "EPSG:4326", 30.0, 5.0, 0.001), ("equal area", "EPSG:6933", 1_000_000.0, 4_000_000.0, 100.0))
_TURNS = 5
_AGREE = 1e-5
_MEGABYTES = 600
_SECONDS = 1.0

# Peaks of memory in MB: before the import and after it, and after a check.
_MEMORY = r"""
import re, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from aze_plugin.domain import geometry
from aze_plugin.library.habitats import Habitats
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.store import Reader
Path(sys.argv[3]).unlink(missing_ok=True)
import_species(Request(sys.argv[3], habitats=sys.argv[2]))
reader = Reader(sys.argv[3])
shape = geometry.from_wkb([Path(sys.argv[4]).read_bytes()])[0]
(found,) = Habitats(reader).near(geometry.rectangles(shape)).values()
found[0].inside_m2(shape)
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024)
"""


def run() -> list[Row]:
    """Rows for both boundaries on both rasters, for the time of the longest check, and for memory."""
    gdal.UseExceptions()
    rows, slowest = [], 0.0
    for name, crs, x, y, size in GRIDS:
        raster, sizes = _raster(name, crs, x, y, size)
        library = _library(raster)
        for what, radius, vertices in (("a reserve", 0.02, 200), ("all of it", 0.47, 100_000)):
            outline = _outline((x, y), size, radius, vertices)
            ours, mine = _median(lambda outline=outline, crs=crs, library=library: _inside(outline, crs, library))
            peer, theirs = _median(
                lambda outline=outline, crs=crs, raster=raster, sizes=sizes: _exactextract(outline, crs, raster, sizes)
            )
            theirs *= 1.0 if sizes else size * size
            if abs(mine - theirs) > _AGREE * theirs:
                raise RuntimeError(f"The peers disagree on {what} in {name}: {mine} and {theirs} m².")
            slowest = max(slowest, ours)
            quantity = f"habitat in {what}, {vertices:,} vertices, {name}: exactextract"
            rows.append(Row(quantity, f"{1000 * ours:.1f} ms", f"{1000 * peer:.1f} ms", ours / peer, 2))
    rows.append(Row("habitat, the longest of these", f"{slowest:.2f} s", f"{_SECONDS:g} s", slowest / _SECONDS, 1))
    megabytes = _memory(raster, outline, crs)
    limit = f"{_MEGABYTES} MB"
    return [*rows, Row("habitat, memory of import and check", f"{megabytes:.0f} MB", limit, megabytes / _MEGABYTES, 1)]


def _raster(name: str, crs: str, x: float, y: float, size: float) -> tuple[Path, Path | None]:
    """The raster, and in degrees the one of the sizes of its cells; written once."""
    folder = BENCH / "habitat" / name.replace(" ", "_")
    path, sizes = folder / "Synthetica_fracta.tif", folder.parent / "sizes.tif"
    needed = [path] if crs == "EPSG:6933" else [path, sizes]
    if not all(p.exists() for p in needed):
        folder.mkdir(parents=True, exist_ok=True)
        row, column = np.mgrid[0:CELLS, 0:CELLS]
        hills = np.sin(column / 97) * np.sin(row / 131) + np.random.default_rng(7).normal(0, 0.2, (CELLS, CELLS))
        _write(path, np.clip(np.round(hills, 2), 0, 1).astype(np.float32), crs, x, y, size)
        if crs != "EPSG:6933":
            lines = y - np.arange(CELLS + 1) * size
            metres = geometry.project(np.column_stack((np.full(CELLS + 1, size), lines)))
            areas = metres[:-1, 0] * -np.diff(metres[:, 1])
            _write(sizes, np.repeat(areas[:, None], CELLS, axis=1), crs, x, y, size)
    return path, None if crs == "EPSG:6933" else sizes


def _write(path: Path, values: np.ndarray, crs: str, x: float, y: float, size: float) -> None:
    kind = gdal.GDT_Float32 if values.dtype == np.float32 else gdal.GDT_Float64
    options = ["COMPRESS=DEFLATE", "TILED=YES"]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), *values.shape[::-1], 1, kind, options)
    system = osr.SpatialReference()
    system.SetFromUserInput(crs)
    dataset.SetProjection(system.ExportToWkt())
    dataset.SetGeoTransform((x, size, 0, y, 0, -size))
    dataset.GetRasterBand(1).WriteArray(values)
    dataset.FlushCache()


def _library(raster: Path) -> Path:
    from aze_plugin.library.importer import Request, import_species

    path = raster.parent / "library.gpkg"
    path.unlink(missing_ok=True)
    import_species(Request(str(path), habitats=str(raster.parent)))
    return path


def _outline(corner: tuple[float, float], size: float, radius: float, vertices: int) -> shapely.Polygon:
    """A ragged outline round the raster's middle; ``radius`` in parts of the raster's width."""
    angle = np.arange(vertices) * (2 * np.pi / vertices)
    reach = radius * CELLS * size * (0.87 + 0.09 * np.sin(9 * angle) + 0.04 * np.sin(vertices // 20 * angle))
    middle = corner[0] + CELLS * size / 2, corner[1] - CELLS * size / 2
    return shapely.Polygon(np.column_stack((middle[0] + reach * np.cos(angle), middle[1] + reach * np.sin(angle))))


def _metres(outline: shapely.Polygon, crs: str) -> shapely.Polygon:
    return outline if crs == "EPSG:6933" else geometry.to_equal_area(np.array([outline], dtype=object))[0]


def _inside(outline: shapely.Polygon, crs: str, library: Path) -> float:
    """A whole question: open the library, find who has habitat there, measure."""
    shape = _metres(outline, crs)
    reader = Reader(str(library))
    try:
        (found,) = Habitats(reader).near(geometry.rectangles(shape)).values()
        return found[0].inside_m2(shape)
    finally:
        reader.close()


def _exactextract(outline: shapely.Polygon, crs: str, raster: Path, sizes: Path | None) -> float:
    frame = geopandas.GeoDataFrame(geometry=[outline], crs=crs)
    if sizes is None:
        found = exact_extract(str(raster), frame, ["total=sum"], output="pandas")
    else:
        found = exact_extract(str(raster), frame, ["total=weighted_sum"], weights=str(sizes), output="pandas")
    return float(found["total"].iloc[0])


def _median(work) -> tuple[float, float]:
    work()
    seconds = []
    for _ in range(_TURNS):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def _memory(raster: Path, outline: shapely.Polygon, crs: str) -> float:
    root = str(Path(__file__).resolve().parent.parent)
    shape, library = raster.parent / "outline.wkb", raster.parent / "memory.gpkg"
    shape.write_bytes(geometry.to_wkb(_metres(outline, crs)))
    command = [sys.executable, "-c", _MEMORY, root, str(raster.parent), str(library), str(shape)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    library.unlink(missing_ok=True)
    return float(done.stdout)
