"""Boundaries from anything: files, pasted text, selected features, tracks; all by one way, without widgets.

Everything that is done to a shape on the way is said as a finding; what only the user can know is never guessed but
raised as an error, whose code says which argument answers it:

============================  ==============================================================================
``boundary.crs_missing``      the source does not say in which reference system it is: ``crs``
``boundary.crs_doubtful``     what it says cannot be true, as its coordinates lie outside: ``crs``
``boundary.axes_swapped``     the coordinates fit only with y before x (latitude first): ``swap``
``boundary.axes_unknown``     two columns of numbers: which is the latitude: ``swap``
``boundary.gap_large``        lines whose ends are far apart: ``any_gap``
============================  ==============================================================================
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import (
    Qgis,
    QgsAbstractGeometry,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsUnitTypes,
    QgsWkbTypes,
)

from .. import paths
from ..domain import closing, geometry
from ..domain.errors import AzeError
from ..domain.findings import Finding, info, warning
from . import boundary_places as places
from .boundary_sources import Found, FoundLayer, Source, find
from .measure import ellipsoidal_area_m2

QUESTIONS = (
    "boundary.crs_missing",
    "boundary.crs_doubtful",
    "boundary.axes_swapped",
    "boundary.axes_unknown",
)
_DEGREE_M = 111_320.0
# So many vertices are put into long edges at most.
_MOST_ADDED = 20_000


@dataclass(frozen=True)
class Boundary:
    """A candidate to be.

    ``geometry``: WGS 84, x = longitude, a flat valid multipolygon, split at 180°; ``area_m2``: on the ellipsoid;
    ``before``: as it was, where its rings had to be mended, else None: to be shown and confirmed; ``gaps``: straight
    pieces (lon/lat) that were added to close lines to a ring; ``notes``: findings about it alone.
    """

    name: str
    geometry: QgsGeometry
    area_m2: float
    before: QgsGeometry | None = None
    gaps: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()
    notes: tuple[Finding, ...] = ()

    @property
    def needs_look(self) -> bool:
        """Whether it was changed in a way that a person has to agree to."""
        return self.before is not None or any(note.code == "boundary.gap_large" for note in self.notes)


@dataclass(frozen=True)
class BoundaryFile:
    """What a source gave. ``crs``: of the source, as found or as given, by its id or description; ``notes``: findings
    about the whole."""

    source: str
    boundaries: tuple[Boundary, ...]
    crs: str
    notes: tuple[Finding, ...]


@dataclass(frozen=True)
class _Taken:
    """A shape on its way. ``lines``: it is to be closed to a ring."""

    name: str
    layer: int
    shape: QgsGeometry
    lines: bool = False


def read_boundaries(
    source: Source,
    crs: QgsCoordinateReferenceSystem | None = None,
    swap: bool | None = None,
    any_gap: bool = False,
    context: QgsCoordinateTransformContext | None = None,
) -> BoundaryFile:
    """Boundaries of a file (path), a text (``Text``) or a layer (``SelectedFeatures``).

    ``crs``: to be taken where the source does not say, or says what cannot be; ``swap``: whether y comes before x,
    None to find out; ``any_gap``: close lines however far apart their ends are. Raises AzeError: the questions above,
    what ``find`` raises, ``boundary.points``, ``boundary.no_ring``, ``boundary.coordinates``, ``boundary.no_area`` and
    ``layer.transform``.
    """
    return settle(find(source), crs, swap, any_gap, context)


def settle(
    found: Found,
    crs: QgsCoordinateReferenceSystem | None = None,
    swap: bool | None = None,
    any_gap: bool = False,
    context: QgsCoordinateTransformContext | None = None,
) -> BoundaryFile:
    """As read_boundaries, of a source that was taken apart before, so that questions can be answered one by one."""
    context = context or QgsCoordinateTransformContext()
    rules = paths.load_json("criteria", "boundary.json")["import"]
    notes: list[Finding] = []
    taken = _usable(found, notes)
    systems: list[str] = []
    given: list[tuple[str, QgsGeometry, list]] = []
    flattened = {"z": 0, "m": 0, "curves": 0, "bent": 0}
    for number, layer in enumerate(found.layers):
        own = [t for t in taken if t.layer == number]
        if not own:
            continue
        reference, turn = _reference(found.source, layer, own, crs, swap, context)
        if reference.userFriendlyIdentifier() not in systems:
            systems.append(reference.userFriendlyIdentifier())
        if turn:
            notes.append(info("boundary.swapped", count=len(own)))
        for t in own:
            shape = _flat(t.shape, reference, flattened, rules)
            if turn:
                shape.get().swapXy()
            given.append((t.name, _to_lonlat(shape, reference, context, flattened, rules), t.lines))
        if reference != layer.crs:
            notes.append(info("boundary.crs_given", crs=reference.userFriendlyIdentifier(), said=layer.said))
    for kind, count in flattened.items():
        if count:
            params = {"tolerance_mm": 1000 * rules["curve_tolerance_m"]} if kind == "curves" else {}
            params = {"bend_m": rules["bend_tolerance_m"]} if kind == "bent" else params
            notes.append(
                info(f"boundary.{kind}_{'dropped' if kind in 'zm' else 'straightened'}", count=count, **params)
            )
    shapes = [(name, shape) for name, shape, lines in given if not lines]
    if shapes:
        boundaries = list(_of_polygons(shapes, found, notes).values())
    else:
        boundaries = _of_lines([(name, shape) for name, shape, _ in given], found, any_gap, rules, notes)
    return BoundaryFile(found.source, tuple(boundaries), ", ".join(systems), tuple(notes))


def joined(boundaries: Sequence[Boundary], name: str) -> Boundary:
    """Several boundaries as one: their union, with the notes of all."""
    shapes = geometry.from_wkb([bytes(b.geometry.asWkb()) for b in boundaries])
    union = geometry.dissolve(shapes)
    notes = tuple(note for b in boundaries for note in b.notes)
    gaps = tuple(gap for b in boundaries for gap in b.gaps)
    return Boundary(name, _qgis(union), ellipsoidal_area_m2(union), None, gaps, notes)


# ------------------------------------------------------------------------------------------------------- what to use


def _usable(found: Found, notes: list[Finding]) -> list[_Taken]:
    """The polygons of a source, else its lines; what is left out is noted."""
    polygons: list[_Taken] = []
    lines: list[_Taken] = []
    points = empty = 0
    for number, layer in enumerate(found.layers):
        empty += layer.empty
        for i, (name, shape) in enumerate(layer.shapes):
            sorted_ = _by_kind(shape)
            name = name or _unnamed(found, layer, i)
            if sorted_[Qgis.GeometryType.Polygon]:
                polygons.append(_Taken(name, number, _collected(sorted_[Qgis.GeometryType.Polygon])))
            if sorted_[Qgis.GeometryType.Line]:
                lines.append(_Taken(name, number, _collected(sorted_[Qgis.GeometryType.Line]), True))
            points += sum(member.constGet().nCoordinates() for member in sorted_[Qgis.GeometryType.Point])
    if empty:
        notes.append(info("boundary.empty_left_out", count=empty))
    if polygons and lines:
        notes.append(info("boundary.lines_left_out", count=len(lines)))
    if (polygons or lines) and points:
        notes.append(info("boundary.points_left_out", count=points))
    if not polygons and not lines:
        raise AzeError("boundary.points" if points else "boundary.no_features", source=found.source)
    return polygons or lines


def _unnamed(found: Found, layer: FoundLayer, place: int) -> str:
    name = layer.name or found.stem
    several = len(layer.shapes) > 1
    return f"{name} {place + 1}" if name and several else name


def _by_kind(shape: QgsGeometry) -> dict[Qgis.GeometryType, list[QgsGeometry]]:
    """Polygons, lines and points of a geometry, each simple or multiple; collections in collections are taken apart."""
    sorted_: dict[Qgis.GeometryType, list[QgsGeometry]] = {
        kind: [] for kind in (Qgis.GeometryType.Polygon, Qgis.GeometryType.Line, Qgis.GeometryType.Point)
    }
    pending = [shape]
    while pending:
        member = pending.pop()
        if QgsWkbTypes.flatType(member.wkbType()) == Qgis.WkbType.GeometryCollection:
            pending += reversed(member.asGeometryCollection())
        elif member.type() in sorted_:
            sorted_[member.type()].append(member)
    return sorted_


def _collected(members: list[QgsGeometry]) -> QgsGeometry:
    if len(members) == 1:
        return members[0]
    return QgsGeometry.collectGeometry([part for member in members for part in member.asGeometryCollection()])


# ------------------------------------------------------------------------------------------------- where it lies


def _reference(
    source: str,
    layer: FoundLayer,
    taken: Sequence[_Taken],
    crs: QgsCoordinateReferenceSystem | None,
    swap: bool | None,
    context: QgsCoordinateTransformContext,
) -> tuple[QgsCoordinateReferenceSystem, bool]:
    """Reference system of a layer's shapes and whether their axes are to be exchanged; asks what cannot be known."""
    extent = QgsRectangle()
    for t in taken:
        extent.combineExtentWith(t.shape.boundingBox())
    numbers = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
    params = {"source": source, "said": layer.said, "coordinates": [_short(v) for v in numbers]}
    if not all(math.isfinite(v) for v in numbers):
        raise AzeError("boundary.not_finite", source=source)
    reference = layer.crs
    answered = crs is not None and crs.isValid()
    if not reference.isValid():
        if not answered:
            code = "boundary.crs_missing" if layer.ordered else "boundary.axes_unknown"
            raise AzeError(code, **params)
        reference = crs

    def fits(turn: bool) -> bool:
        return places.lies_at(extent, reference, context, turn) is not None

    if answered and reference != crs and not fits(bool(swap)) and (swap is not None or not fits(True)):
        reference = crs
    params["crs"] = reference.userFriendlyIdentifier()
    if swap is None:
        if not layer.ordered:
            raise AzeError("boundary.axes_unknown", **params)
        if fits(False):
            return reference, False
        if fits(True):
            raise AzeError("boundary.axes_swapped", **params)
    elif fits(swap):
        return reference, swap
    raise AzeError("boundary.coordinates" if answered else "boundary.crs_doubtful", **params)


def _short(value: float) -> float:
    """A coordinate to seven digits, without a decimal point where it needs none."""
    rounded = float(f"{value:.7g}")
    return int(rounded) if abs(rounded) < 1e12 and rounded.is_integer() else rounded


def _flat(shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, counts: dict[str, int], rules: dict) -> QgsGeometry:
    """A copy without heights, measures and curves, which are counted."""
    flat = QgsGeometry(shape)
    inner = flat.get()
    counts["z"] += inner.is3D()
    counts["m"] += inner.isMeasure()
    inner.dropZValue()
    inner.dropMValue()
    if inner.hasCurvedSegments():
        counts["curves"] += 1
        tolerance = rules["curve_tolerance_m"] / _metres_per_unit(crs)
        flat = QgsGeometry(inner.segmentize(tolerance, QgsAbstractGeometry.SegmentationToleranceType.MaximumDifference))
    return flat


def _metres_per_unit(crs: QgsCoordinateReferenceSystem) -> float:
    if crs.isGeographic():
        return _DEGREE_M
    factor = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), Qgis.DistanceUnit.Meters)
    return factor if factor > 0 else 1.0


def _to_lonlat(
    shape: QgsGeometry,
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    counts: dict[str, int],
    rules: dict,
) -> QgsGeometry:
    """A copy in WGS 84. Long edges of a projection get vertices between, where they would bend away otherwise."""
    if crs == places.LONLAT:
        return shape
    longest = 0.0 if crs.isGeographic() else _straight_for(shape, crs, context, rules["bend_tolerance_m"])
    if longest:
        shape = shape.densifyByDistance(longest)
        counts["bent"] += 1
    moved = QgsGeometry(shape)
    if not places.succeeded(moved.transform(places.transformed(crs, context))):
        raise AzeError("layer.transform", crs=crs.userFriendlyIdentifier())
    return moved


def _straight_for(
    shape: QgsGeometry,
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    tolerance_m: float,
) -> float:
    """How long edges may be, in the shape's units, to bend by no more than a tolerance; 0 where all are short enough.

    The bend of an edge is how far its middle in the projection lies from its middle in degrees; it grows with the
    square of the length.
    """
    places_, owner = geometry.paths(geometry.from_wkb([bytes(shape.asWkb())]))
    same = owner[1:] == owner[:-1]
    starts, ends = places_[:-1][same], places_[1:][same]
    lengths = np.hypot(*(ends - starts).T)
    # Edges under two kilometres bend by less than a metre up to 85° of latitude.
    long_ = np.flatnonzero(lengths * _metres_per_unit(crs) > 2000)
    if not len(long_):
        return 0.0
    long_ = long_[np.argsort(-lengths[long_], kind="stable")[:2000]]
    trios = np.concatenate((starts[long_], ends[long_], (starts[long_] + ends[long_]) / 2))
    across = QgsGeometry.fromWkt(f"MultiPoint({', '.join(f'{x!r} {y!r}' for x, y in trios.tolist())})")
    if not places.succeeded(across.transform(places.transformed(crs, context))):
        return 0.0
    moved = np.array([(p.x(), p.y()) for p in across.asMultiPoint()]).reshape(3, -1, 2)
    start, end, middle = moved
    end = np.column_stack((start[:, 0] + (end[:, 0] - start[:, 0] + 180) % 360 - 180, end[:, 1]))
    bend = geometry.ellipsoidal_distances((start + end) / 2, middle)
    worst = bend / lengths[long_] ** 2
    if not bend.max() > tolerance_m:
        return 0.0
    return max(float(math.sqrt(tolerance_m / worst.max())), float(lengths.sum()) / _MOST_ADDED)


# ------------------------------------------------------------------------------------------------------ boundaries


def _of_polygons(shapes: Sequence[tuple[str, QgsGeometry]], found: Found, notes: list[Finding]) -> dict[int, Boundary]:
    """Boundaries of lon/lat polygons by their row: wrapped at 180° and mended; those that enclose nothing are noted."""
    multi = [_multipolygon(shape) for _, shape in shapes]
    lonlat = geometry.from_wkb([bytes(shape.asWkb()) for shape in multi])
    prepared = geometry.prepare(lonlat)
    boundaries: dict[int, Boundary] = {}
    for i, (name, _) in enumerate(shapes):
        shape, reason = prepared.geometries[i], prepared.reasons[i]
        if shape is None:
            continue
        own: list[Finding] = []
        if prepared.crossing[i] or prepared.repaired[i]:
            degrees = geometry.within_world(geometry.to_lonlat(np.array([shape], dtype=object)))[0]
            taken = _multipolygon(_qgis(degrees))
        else:
            degrees, taken = lonlat[i], multi[i]
        if geometry.touches_antimeridian(shape):
            own.append(info("boundary.crosses_antimeridian"))
        elif prepared.crossing[i] and _beyond(multi[i]):
            own.append(info("boundary.longitudes_wrapped"))
        if prepared.repaired[i]:
            own.append(warning("boundary.repaired", reason=reason, parts=taken.constGet().numGeometries()))
        before = multi[i] if prepared.repaired[i] else None
        boundaries[i] = Boundary(name, taken, ellipsoidal_area_m2(degrees), before, notes=tuple(own))
    if not boundaries:
        raise AzeError("boundary.no_area", name=shapes[0][0] or found.source)
    lost = len(shapes) - len(boundaries)
    if lost:
        notes.append(warning("boundary.no_area_left_out", count=lost))
    return boundaries


def _beyond(shape: QgsGeometry) -> bool:
    """Whether longitudes run past 180°."""
    box = shape.boundingBox()
    return box.xMinimum() < -180 or box.xMaximum() > 180


def _of_lines(
    shapes: Sequence[tuple[str, QgsGeometry]], found: Found, any_gap: bool, rules: dict, notes: list[Finding]
) -> list[Boundary]:
    """Boundaries of lon/lat lines.

    A feature that closes by itself, its gaps no more than ``largest_gap_share`` of its length, is a ring of its own,
    and what is open beside such rings is left out. Where none closes, all lines together are one ring.
    """
    largest = float(rules["largest_gap_share"])
    pieces = [_pieces(shape, rules) for _, shape in shapes]
    if sum(map(len, pieces)) > rules["most_pieces"] and len(shapes) == 1:
        raise AzeError("boundary.many_pieces", source=found.source, count=len(pieces[0]), most=rules["most_pieces"])
    alone = [closing.closed(own) if len(own) <= rules["most_pieces"] else None for own in pieces]
    chosen = [(name, ring) for (name, _), ring in zip(shapes, alone) if ring is not None and ring.gap_share <= largest]
    if chosen and len(chosen) < len(shapes):
        notes.append(info("boundary.open_left_out", count=len(shapes) - len(chosen)))
    if not chosen:
        lines = [line for _, shape in shapes for line in _by_kind(shape)[Qgis.GeometryType.Line]]
        everything = _pieces(_collected(lines), rules)
        if len(everything) > rules["most_pieces"]:
            raise AzeError(
                "boundary.many_pieces", source=found.source, count=len(everything), most=rules["most_pieces"]
            )
        ring = closing.closed(everything)
        if ring is None:
            raise AzeError("boundary.no_ring", source=found.source)
        chosen = [(found.stem if len(shapes) > 1 and found.stem else shapes[0][0], ring)]
    for _, ring in chosen:
        if ring.gap_share > largest and not any_gap:
            raise AzeError("boundary.gap_large", source=found.source, allowed_share=largest, **_gap_params(ring))
    polygons = [(name, QgsGeometry.fromPolygonXY([_points(ring.coordinates)])) for name, ring in chosen]
    boundaries = []
    for row, boundary in _of_polygons(polygons, found, notes).items():
        ring = chosen[row][1]
        if ring.gap_share > largest:
            note = warning("boundary.gap_large", source=found.source, allowed_share=largest, **_gap_params(ring))
        elif len(ring.gaps):
            note = info("boundary.ring_closed", **_gap_params(ring))
        else:
            note = info("boundary.ring_of_line", length_m=ring.length_m)
        gaps = tuple((tuple(a), tuple(b)) for a, b in ring.gaps.tolist())
        boundaries.append(replace(boundary, gaps=gaps, notes=(note, *boundary.notes)))
    return boundaries


def _gap_params(ring: closing.Ring) -> dict[str, float]:
    return {
        "count": len(ring.gaps),
        "largest_m": float(ring.gap_m.max(initial=0.0)),
        "gaps_m": float(ring.gap_m.sum()),
        "gap_share": ring.gap_share,
        "length_m": ring.length_m,
    }


def _pieces(shape: QgsGeometry, rules: dict) -> list[np.ndarray]:
    """Lines (lon/lat) with those that touch joined, as arrays of places; none with a leap at 180°."""
    touching = float(rules["touching_degrees"])
    merged = QgsGeometry(shape)
    if merged.isMultipart():
        merged = merged.snappedToGrid(touching, touching).mergeLines()
    lines, owner = geometry.paths(geometry.from_wkb([bytes(merged.asWkb())]))
    if not len(lines):
        return []
    found = np.split(lines, np.flatnonzero(np.diff(owner)) + 1)
    start = found[0][0, 0]
    return [_unrolled(piece, start) for piece in found]


def _unrolled(piece: np.ndarray, start: float) -> np.ndarray:
    """A line that runs on past 180° rather than leaping, near the longitude of the whole's start."""
    lon = np.degrees(np.unwrap(np.radians(piece[:, 0])))
    lon += 360 * np.round((start - lon[0]) / 360)
    # Unwrapping goes by way of radians: where nothing leaps the numbers stay as they are.
    same = np.abs(lon - piece[:, 0]) < 1e-6
    return np.column_stack((np.where(same, piece[:, 0], lon), piece[:, 1]))


def _points(coordinates: np.ndarray) -> list[QgsPointXY]:
    return [QgsPointXY(x, y) for x, y in coordinates.tolist()]


def _multipolygon(shape: QgsGeometry) -> QgsGeometry:
    parts = shape.coerceToType(Qgis.WkbType.MultiPolygon)
    return parts[0] if len(parts) == 1 else QgsGeometry.collectGeometry(parts)


def _qgis(shape: geometry.Geometry) -> QgsGeometry:
    taken = QgsGeometry()
    taken.fromWkb(geometry.to_wkb(shape))
    return taken
