"""Sites in their surroundings from end to end: rasters and layers of areas in, an ``aze-context/1`` document out.

Layers are taken apart on the main thread (``bands_of``, ``Areas.of``); all reading may run in any thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from osgeo import gdal
from qgis.core import QgsCoordinateTransformContext, QgsFeatureSource, QgsRasterLayer, QgsVectorLayer, QgsWkbTypes

from .. import paths
from ..domain import context, geometry, grids
from ..domain.context import AREAS, CLASSES, MEASURES, ContextRules, Figure, LayerFigures, Tally
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.screening import ScreenedSite
from ..library.rasters import bounded_cache
from ..library.vector import ogr_session
from . import attributes, checking, protection, screening
from .bulk import Snapshot, Spool
from .landcover import Landcover, _number, _open, _Reader, _transformed
from .reference_systems import is_placed
from .wording import text

SCHEMA = "aze-context/1"

# Cells that are looked at in one go.
_CELLS = 1 << 20

# Pieces of a raster that are looked at to tell its kind, where it is not read as a whole.
_LOOKS = 32

# How a user says of what kind rasters are.
AUTO, AS_MEASURES, AS_CLASSES = 0, 1, 2

_NAME_FIELDS = ("name", "eco_name", "ecoregion", "hotspot", "hotspot_name", "name_eng", "title", "label")


def default_rules() -> ContextRules:
    """The rules that the plugin ships."""
    return ContextRules.from_dict(paths.load_json("criteria", "context.json"))


def read_sites(
    source: QgsFeatureSource, transform_context: QgsCoordinateTransformContext, progress: Progress
) -> list[ScreenedSite]:
    """The sites of a layer of any schema of the domain, prepared as the layers are that they are held against.

    Raises AzeError ``layer.no_crs`` or ``coverage.no_sites``.
    """
    rows = protection.read_sites(source, transform_context, progress)
    round_ones = screening.circles(_array([row.geometry for row in rows]))
    return [
        ScreenedSite(
            row.fid, row.site_id, row.name, row.iso3, row.geometry, n in round_ones, "", row.repaired, row.reason
        )
        for n, row in enumerate(rows)
    ]


@dataclass(frozen=True)
class Band:
    """One band of a raster; ``whole_numbers``: its values are; ``count``: bands of the raster."""

    source: Landcover
    number: int
    count: int
    whole_numbers: bool
    scale: float = 1.0
    offset: float = 0.0

    @property
    def name(self) -> str:
        """The raster's name, with the band's number where it has several."""
        return self.source.name if self.count == 1 else f"{self.source.name} ({self.number})"


def bands_of(layer: QgsRasterLayer) -> list[Band]:
    """The bands of a raster layer, those of transparency left out; to be called in the layer's own thread.

    Raises AzeError ``context.unreadable``, ``context.no_crs`` or ``context.provider``.
    """
    try:
        first = Landcover.from_layer(layer)
        with ogr_session():
            dataset = _open(first.path, [])
            bands = [dataset.GetRasterBand(n) for n in range(1, dataset.RasterCount + 1)]
            usable = [b for b in bands if b.GetColorInterpretation() != gdal.GCI_AlphaBand]
            found = []
            for band in usable:
                number = band.GetBand()
                source = first
                if number > 1:
                    spans = layer.dataProvider().userNoDataValues(number)
                    source = replace(first, legend={}, no_data=tuple((s.min(), s.max()) for s in spans))
                scale, offset = band.GetScale(), band.GetOffset()
                scaled = (1.0 if scale in (None, 0.0) else scale), offset or 0.0
                whole = gdal.GetDataTypeName(band.DataType).startswith(("Int", "UInt", "Byte"))
                found.append(Band(source, number, len(usable), whole and scaled == (1.0, 0.0), *scaled))
    except AzeError as error:
        raise _own(error) from error
    return found


def _own(error: AzeError) -> AzeError:
    """An error of reading land cover as one of any raster."""
    section, _, what = error.code.partition(".")
    return AzeError(f"context.{what}", **error.params) if section == "landcover" else error


@dataclass(frozen=True)
class Areas:
    """A layer of areas, and the field that names them."""

    name: str
    snapshot: Snapshot
    field: str

    @classmethod
    def of(cls, layer: QgsVectorLayer, field: str = "") -> Areas:
        """From a layer, in its own thread. ``field``: its name where the layer has it, else a likely one is taken.

        Raises AzeError ``layer.unreadable``, ``layer.no_crs`` or ``context.not_areas``.
        """
        snapshot = Snapshot(layer)
        if layer.geometryType() not in (
            QgsWkbTypes.GeometryType.PolygonGeometry,
            QgsWkbTypes.GeometryType.UnknownGeometry,
        ):
            raise AzeError("context.not_areas", source=layer.name())
        if not is_placed(layer.crs()):
            raise AzeError("layer.no_crs", source=layer.name())
        names = {f.name().lower(): f.name() for f in reversed(list(layer.fields()))}
        likely = next((names[n] for n in _NAME_FIELDS if n in names), "")
        return cls(layer.name(), snapshot, names.get(field.lower(), "") or likely)


@dataclass(frozen=True)
class Context:
    """Sites against layers: ``figures`` name both by their place in the lists."""

    source: str
    sites: Sequence[ScreenedSite]
    layers: Sequence[LayerFigures]
    figures: Sequence[Figure]
    land: str = ""

    def as_json(self) -> dict[str, Any]:
        """The ``aze-context/1`` document."""
        by_site: dict[int, list[Figure]] = {}
        by_layer: dict[int, list[Figure]] = {}
        for figure in self.figures:
            by_site.setdefault(figure.site, []).append(figure)
            by_layer.setdefault(figure.layer, []).append(figure)
        return {
            "schema": SCHEMA,
            "software": checking.software(),
            "settings": {"area_crs": geometry.EQUAL_AREA_CRS, "land": self.land or None},
            "source": self.source,
            "layers": [self._layer_json(n, by_layer.get(n, [])) for n in range(len(self.layers))],
            "sites": [
                {
                    "site_id": site.site_id,
                    "name": site.name,
                    "iso3": site.iso3,
                    "without_boundary": site.is_circle,
                    "figures": [self._figure_json(figure) for figure in by_site.get(n, [])],
                }
                for n, site in enumerate(self.sites)
            ],
        }

    def _layer_json(self, number: int, figures: Sequence[Figure]) -> dict[str, Any]:
        layer = self.layers[number]
        said: dict[str, Any] = {
            "name": layer.name,
            "band": layer.band,
            "kind": layer.kind,
            "basis": layer.basis,
            "value": layer.value,
        }
        if layer.kind == MEASURES:
            said |= {"min": layer.least, "max": layer.greatest}
        if layer.kind == CLASSES:
            said["classes"] = [{"value": v, "name": name, "share": share} for v, name, share in layer.classes]
        else:
            said["across_sites"] = context.across_sites(figures)
        if layer.kind == AREAS:
            known = [f.value for f in figures if f.value is not None]
            said["sites_meeting"] = sum(1 for value in known if value > 0)
            said["sites_mostly_within"] = sum(1 for value in known if value >= 0.5)
        return said

    def _figure_json(self, figure: Figure) -> dict[str, Any]:
        said: dict[str, Any] = {
            "layer": figure.layer,
            "value": figure.value,
            "layer_value": figure.layer_value,
            "ratio": figure.ratio,
        }
        if figure.kind == CLASSES:
            said |= {"class": figure.class_value, "class_name": figure.class_name}
        if figure.kind == MEASURES:
            said |= {"min": figure.least, "max": figure.greatest}
        if figure.kind == AREAS:
            said["names"] = [{"name": name, "share": share} for name, share in figure.names]
        else:
            said["data_share"] = figure.data_share
        if figure.problem:
            said |= {"problem": figure.problem, "message": problem_text(figure.problem)}
        return said


def problem_text(problem: str) -> str:
    """Why a figure cannot be assessed, in a sentence."""
    return text(f"context.problem_{problem}")


def describe(
    source: str,
    sites: Sequence[ScreenedSite],
    bands: Sequence[Band],
    areas: Sequence[Areas],
    transform_context: QgsCoordinateTransformContext,
    progress: Progress | None = None,
    rules: ContextRules | None = None,
    kinds: int = AUTO,
    compare: bool = True,
    land: Areas | None = None,
) -> Context:
    """What rasters and areas hold in sites, against the layers as a whole.

    ``kinds``: whether rasters hold measurements or classes, told by themselves (``AUTO``) or by the user. ``compare``:
    read whole rasters for their own figures. ``land``: areas against which the share of a layer of areas is taken;
    without it that share is not known, as nothing says where such a layer could have had areas.

    Raises AzeError ``context.unreadable`` for a raster that cannot be read, ``context.many_classes`` for one that has
    none although the user says so.
    """
    progress = progress or Progress()
    rules = rules or default_rules()
    layers: list[LayerFigures] = []
    figures: list[Figure] = []
    jobs = max(1, len(bands) + len(areas))
    with ogr_session(), bounded_cache():
        for band in bands:
            n = len(layers)
            part = progress.part(n / jobs, (n + 1) / jobs)
            try:
                own, found = _RasterRun(band, rules, kinds, compare, part).describe(sites, n)
            except AzeError as error:
                raise _own(error) from error
            layers.append(own)
            figures += found
    for layer in areas:
        n = len(layers)
        part = progress.part(n / jobs, (n + 1) / jobs)
        own, found = _overlaps(layer, sites, n, rules, land, transform_context, part)
        layers.append(own)
        figures += found
    figures.sort(key=lambda figure: (figure.site, figure.layer))
    progress.set(1)
    return Context(source, sites, layers, figures, land.name if land else "")


# ------------------------------------------------------------------------------------------------------------- rasters


class _RasterRun(_Reader):
    """One band against sites, in the thread that made it."""

    def __init__(self, band: Band, rules: ContextRules, kinds: int, compare: bool, progress: Progress):
        super().__init__(band.source, progress, band.number)
        self._band, self._rules, self._kinds, self._compare = band, rules, kinds, compare
        self._counted = kinds != AS_MEASURES and (kinds == AS_CLASSES or band.whole_numbers or bool(band.source.legend))
        if self._degrees:
            self._rows = grids.row_areas(self._grid)
        else:
            self._cell_areas = grids.CellAreas(self._grid, partial(_transformed, self._to_lonlat))

    def describe(self, sites: Sequence[ScreenedSite], number: int) -> tuple[LayerFigures, list[Figure]]:
        whole = self._whole() if self._compare else None
        tallies: list[tuple[Tally, str, float]] = []
        for n, site in enumerate(sites):
            self._progress.set((0.5 if self._compare else 0) + (0.5 if self._compare else 1) * n / len(sites))
            tallies.append(self._site(site))
        looked_at = [whole if whole is not None else self._here_and_there()]
        if self._kinds == AS_CLASSES:
            if any(tally.m2 > 0 and tally.classes is None for tally in [*looked_at, *(t for t, _, _ in tallies)]):
                raise AzeError("context.many_classes", source=self._band.name, count=self._rules.most_forced_classes)
            of_classes = True
        else:
            of_classes = self._counted and context.is_of_classes(
                self._band.whole_numbers, bool(self._band.source.legend), looked_at, self._rules.most_classes
            )
        kind = CLASSES if of_classes else MEASURES
        basis = "whole" if whole is not None and whole.m2 > 0 else "none"
        own = LayerFigures(self._band.source.name, self._band.number if self._band.count > 1 else None, kind, basis)
        if whole is not None and whole.m2 > 0:
            if of_classes:
                shares = sorted(
                    ((v, self._named(v), whole.share(v)) for v in whole.classes), key=lambda c: (-c[2], c[0])
                )
                own = replace(own, classes=tuple(shares))
            else:
                own = replace(own, value=whole.mean, least=whole.least, greatest=whole.greatest)
        found: list[Figure] = []
        for n, (tally, problem, size) in enumerate(tallies):
            found += self._figures(n, number, tally, problem, size, kind, whole)
        return own, found

    def _figures(
        self, n: int, number: int, tally: Tally, problem: str, size: float, kind: str, whole: Tally | None
    ) -> list[Figure]:
        layer_mean = whole.mean if whole is not None and kind == MEASURES else None
        if problem:
            share = None if problem in ("no_boundary", "seam") else 0.0
            return [Figure(n, number, kind, None, layer_mean, data_share=share, problem=problem)]
        known = min(1.0, tally.m2 / size)
        if kind == MEASURES:
            return [Figure(n, number, kind, tally.mean, layer_mean, tally.least, tally.greatest, known)]
        there = whole is not None and whole.m2 > 0
        return [
            Figure(
                n,
                number,
                kind,
                tally.share(value),
                whole.share(value) if there else None,
                data_share=known,
                class_value=value,
                class_name=self._named(value),
            )
            for value in sorted(tally.classes, key=lambda v: (-tally.classes[v], v))
        ]

    def _named(self, value: float) -> str:
        return self._source.legend.get(value, ("", ""))[0] or _number(value)

    def _tally(self) -> Tally:
        forced = self._kinds == AS_CLASSES or bool(self._source.legend)
        tally = Tally(self._rules.most_forced_classes if forced else self._rules.most_classes)
        if not self._counted:
            tally.give_up_classes()
        return tally

    def _site(self, site: ScreenedSite) -> tuple[Tally, str, float]:
        """What the band holds in a site, or why that cannot be told, and the m² that the site has.

        For one that lies in the raster whole those are the parts of its cells, as cells so large that their halves
        differ in size are a measure of their own.
        """
        tally = self._tally()
        if site.geometry is None:
            return tally, "no_boundary", 0.0
        size = geometry.area(site.geometry)
        outlines = self._outlines(site.geometry)
        if outlines is None:
            return tally, "seam", size
        places = np.concatenate(outlines)
        low, high = np.floor(places.min(axis=0)).astype(int), np.ceil(places.max(axis=0)).astype(int)
        first, last = low.copy(), high.copy()
        low[1], high[1] = max(0, low[1]), min(self._grid.rows, high[1])
        if not self._period:
            low[0], high[0] = max(0, low[0]), min(self._grid.columns, high[0])
        if not self._meets(low, high):
            return tally, "outside", size
        held = 0.0
        columns = min(int(high[0] - low[0]), 4096)
        rows = max(1, _CELLS // max(1, columns))
        for top in range(int(low[1]), int(high[1]), rows):
            for left in range(int(low[0]), int(high[0]), columns):
                self._progress.check()
                corner = np.array([left, top])
                far = np.array([min(left + columns, int(high[0])), min(top + rows, int(high[1]))])
                held += self._add_window(tally, outlines, corner, far)
        whole = (first == low).all() and (last == high).all() and (self._degrees or not self._period)
        if whole and held > 0:
            size = held
        return tally, "" if tally.m2 > 0 else "no_data", size

    def _add_window(self, tally: Tally, outlines: Sequence[np.ndarray], low: np.ndarray, high: np.ndarray) -> float:
        """Add what a window of the band holds within outlines; the m² of its cells within them, known or not."""
        wide, tall = (int(n) for n in high - low)
        units = grids.Grid(0.0, 0.0, 1.0, 1.0, wide, tall)
        part = grids.covered(units, [line - low for line in outlines])
        if not part.any():
            return 0.0
        meets = self._meets(low, high)
        if not meets and not self._degrees:
            return 0.0
        areas = part * self._areas(int(low[0]), int(low[1]), wide, tall)
        if not meets:
            return float(areas.sum())
        values, known = self._read(self._dataset, low, high, 1)
        used = known & (part > 0)
        if used.any():
            tally.add(self._scaled(values[used]), areas[used])
        return float(areas.sum())

    def _here_and_there(self) -> Tally:
        """What pieces spread over the band hold, to tell of what kind it is; no more of them than that takes."""
        tally = self._tally()
        windows = list(self._windows())
        for low, size in windows[:: -(-len(windows) // _LOOKS)]:
            if tally.classes is None:
                break
            self._progress.check()
            values, known = self._first(low, low + size)
            tally.add(self._scaled(values[known]), np.ones(int(known.sum())))
        return tally

    def _whole(self) -> Tally:
        """What the whole band holds, all cells, in pieces."""
        tally = self._tally()
        done = 0
        for low, (wide, tall) in self._windows():
            self._progress.set(0.5 * done / (self._grid.rows * self._grid.columns))
            done += wide * tall
            values, known = self._first(low, low + (wide, tall))
            if known.any():
                areas = self._areas(int(low[0]), int(low[1]), wide, tall)
                tally.add(self._scaled(values[known]), np.broadcast_to(areas, known.shape)[known])
        return tally

    def _windows(self) -> Iterator[tuple[np.ndarray, tuple[int, int]]]:
        """First column and row, and size, of pieces of the band along its own blocks."""
        block_columns, block_rows = self._dataset.GetRasterBand(self._number).GetBlockSize()
        columns = min(self._grid.columns, max(block_columns, 4096 // block_columns * block_columns))
        rows = max(1, _CELLS // columns)
        if rows > block_rows:
            rows = rows // block_rows * block_rows
        for top in range(0, self._grid.rows, rows):
            for left in range(0, self._grid.columns, columns):
                size = min(columns, self._grid.columns - left), min(rows, self._grid.rows - top)
                yield np.array([left, top]), size

    def _first(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A window within the raster; one that goes more than once round the world counts each cell as it comes."""
        period, self._period = self._period, 0.0
        try:
            return self._read(self._dataset, low, high, 1)
        finally:
            self._period = period

    def _areas(self, left: int, top: int, columns: int, rows: int) -> np.ndarray:
        """m² of cells, shape (rows, columns) or (rows, 1)."""
        if self._degrees:
            return self._rows[top : top + rows, None]
        return self._cell_areas.of(left, top, columns, rows)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        band = self._band
        if band.scale == 1.0 and band.offset == 0.0:
            return values
        return values * band.scale + band.offset


# --------------------------------------------------------------------------------------------------------------- areas


def _overlaps(
    layer: Areas,
    sites: Sequence[ScreenedSite],
    number: int,
    rules: ContextRules,
    land: Areas | None,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> tuple[LayerFigures, list[Figure]]:
    index = geometry.BoundaryIndex([site.geometry for site in sites])
    pieces: dict[int, dict[str, list[geometry.Geometry]]] = {}
    share = 0.6 if land is None else 0.4
    for table, shapes in _prepared(layer, index, transform_context, progress.part(0, share)):
        names = [attributes.text(v) for v in table.columns[layer.field]] if layer.field else [""] * len(table)
        rows, numbers = index.near(geometry.bounds_all(shapes))
        for start in range(0, len(rows), 256):
            progress.check()
            some, of = rows[start : start + 256], numbers[start : start + 256]
            for row, site, piece in zip(some.tolist(), of.tolist(), index.overlaps(shapes[some], of)):
                if not geometry.is_empty(piece):
                    pieces.setdefault(site, {}).setdefault(names[row], []).append(piece)
    expected = None
    if land is not None:
        expected = _share_of_land(layer, land, rules, transform_context, progress.part(share, 0.9))
    found = []
    for n, site in enumerate(sites):
        progress.check()
        if site.geometry is None:
            found.append(Figure(n, number, AREAS, None, expected, problem="no_boundary"))
            continue
        whole = geometry.area(site.geometry)
        named = {name: geometry.dissolve(members) for name, members in pieces.get(n, {}).items()}
        together = geometry.area(geometry.dissolve(named.values())) / whole
        shares = sorted(((name, geometry.area(s) / whole) for name, s in named.items()), key=lambda p: (-p[1], p[0]))
        told = [(name, min(1.0, part)) for name, part in shares if name and part > rules.least_share]
        found.append(Figure(n, number, AREAS, min(1.0, together), expected, names=tuple(told)))
    basis = "none" if expected is None else "land"
    return LayerFigures(layer.name, None, AREAS, basis, expected), found


def _prepared(layer: Areas, index, transform_context: QgsCoordinateTransformContext, progress: Progress):
    """Tables of a layer, each with those of its shapes that may meet an index (None: all), and None for the others."""
    wanted = [layer.field] if layer.field else []
    for table in layer.snapshot.tables(wanted, transform_context, progress):
        boxes = table.shapes.boxes
        usable = table.shapes.kinds == "polygon"
        if index is not None and usable.any():
            with np.errstate(invalid="ignore"):
                projected = geometry.projected_boxes(boxes)
            grown = projected + np.array([-1.0, -1.0, 1.0, 1.0])
            near = np.zeros(len(table), dtype=bool)
            rows = np.flatnonzero(usable)
            near[rows[index.near(grown[rows])[0]]] = True
            # Rectangles of what lies round 180° do not tell where it is.
            usable &= near | geometry.may_cross_antimeridian(boxes)
        shapes = np.full(len(table), None, dtype=object)
        rows = np.flatnonzero(usable)
        for start in range(0, len(rows), 64):
            progress.check()
            some = rows[start : start + 64]
            shapes[some] = geometry.prepare(geometry.from_wkb([bytes(table.shapes.wkb[i]) for i in some])).geometries
        yield table, shapes


def _share_of_land(
    layer: Areas,
    land: Areas,
    rules: ContextRules,
    transform_context: QgsCoordinateTransformContext,
    progress: Progress,
) -> float | None:
    """Share of the land that a layer's areas hold; None where there is no land. Worked through stretch by stretch."""
    grounds = [
        shape
        for _, shapes in _prepared(land, None, transform_context, progress.part(0, 0.2))
        for shape in shapes
        if shape is not None
    ]
    if not grounds:
        return None
    boxes = geometry.bounds_all(_array(grounds))
    west, south, east, north = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
    count = rules.land_cells
    lines = [np.linspace(west, east, count + 1), np.linspace(south, north, count + 1)]
    cells = [
        geometry.box(lines[0][i], lines[1][j], lines[0][i + 1], lines[1][j + 1])
        for j in range(count)
        for i in range(count)
    ]
    index = geometry.BoundaryIndex(cells)
    with Spool() as spool:
        stored: dict[int, list[int]] = {}
        put = 0
        for _, shapes in _prepared(layer, index, transform_context, progress.part(0.2, 0.5)):
            for shape in shapes:
                if shape is None:
                    continue
                progress.check()
                for cell in index.near(geometry.bounds_all(_array([shape])))[1].tolist():
                    piece = geometry.overlap(shape, cells[cell])
                    if not geometry.is_empty(piece):
                        spool.put(geometry.to_wkb(piece))
                        stored.setdefault(cell, []).append(put)
                        put += 1
        total = held = 0.0
        _, numbers = index.near(boxes)
        rows, _ = index.near(boxes)
        for cell in np.unique(numbers).tolist():
            progress.part(0.5, 1).set(cell / len(cells))
            parts = [geometry.overlap(grounds[row], cells[cell]) for row in rows[numbers == cell]]
            ground = geometry.dissolve(parts)
            if geometry.is_empty(ground):
                continue
            total += geometry.area(ground)
            if cell in stored:
                here = geometry.dissolve(geometry.from_wkb(spool.get(stored[cell])))
                held += geometry.area(geometry.overlap(here, ground))
    return held / total if total > 0 else None


def _array(shapes: Sequence[geometry.Geometry]) -> np.ndarray:
    out = np.empty(len(shapes), dtype=object)
    out[:] = list(shapes)
    return out
