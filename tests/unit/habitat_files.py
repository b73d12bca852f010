"""Area-of-habitat rasters for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal, osr

from aze_plugin.domain import geometry
from aze_plugin.library.habitats import Habitats
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.store import Reader

_TYPES = {
    "uint8": gdal.GDT_Byte,
    "int16": gdal.GDT_Int16,
    "float32": gdal.GDT_Float32,
    "float64": gdal.GDT_Float64,
    "complex64": gdal.GDT_CFloat32,
}


def write(
    path: Path,
    values,
    x=10.0,
    y=1.0,
    size=0.01,
    crs: str | None = "EPSG:4326",
    nodata=None,
    options=(),
    dy=None,
    turn=0.0,
) -> Path:
    """Write a GeoTIFF of one band, or of several for values of shape (bands, rows, columns); rows run south."""
    values = np.asarray(values)
    bands = values.reshape(-1, *values.shape[-2:])
    path.parent.mkdir(parents=True, exist_ok=True)
    driver = gdal.GetDriverByName("GTiff")
    kind = _TYPES[values.dtype.name]
    dataset = driver.Create(str(path), bands.shape[2], bands.shape[1], len(bands), kind, list(options))
    if crs:
        system = osr.SpatialReference()
        system.SetFromUserInput(crs)
        dataset.SetProjection(system.ExportToWkt())
    dataset.SetGeoTransform((x, size, turn, y, turn, -size if dy is None else dy))
    for i, band in enumerate(bands, 1):
        dataset.GetRasterBand(i).WriteArray(band)
        if nodata is not None:
            dataset.GetRasterBand(i).SetNoDataValue(nodata)
    dataset.FlushCache()
    return path


def patchy(rows=60, columns=80, seed=0) -> np.ndarray:
    """Fractions with bare places between them, in hundredths."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[0:rows, 0:columns]
    hills = np.sin(column / 9) * np.sin(row / 7) + rng.normal(0, 0.3, (rows, columns))
    return np.clip(np.round(hills, 2), 0, 1).astype(np.float32)


def load(library: Path, given: Path, **more):
    """Import a folder of rasters; the reports of its files."""
    report = import_species(Request(str(library), habitats=str(given), **more))
    return [source for source in report.sources if source.kind == "habitats"]


def metres(lonlat: shapely.Geometry) -> shapely.Geometry:
    """A lon/lat boundary as the check has it: EPSG:6933, split at 180°."""
    return geometry.prepare(np.array([lonlat], dtype=object)).geometries[0]


def found(library: Path) -> dict:
    """Taxon id and segment to (total, function of a lon/lat boundary) of all habitats of a library."""
    reader = Reader(str(library))
    habitats = Habitats(reader)
    everywhere = [(-2e7, -1e7, 2e7, 1e7)]
    return {
        (taxon_id, evidence.segment): (evidence.total_m2, lambda b, e=evidence: e.inside_m2(metres(b)))
        for taxon_id, members in habitats.near(everywhere).items()
        for evidence in members
    }


def only(library: Path) -> tuple:
    """Total and measure of the only habitat."""
    (one,) = found(library).values()
    return one
