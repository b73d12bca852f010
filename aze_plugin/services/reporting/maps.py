"""Maps of shapes: styled layers for a print layout, and a PNG with scale bar and north arrow.

``MapContent`` is plain data and may be made in any thread; all the rest belongs to the main thread (``services.
main_thread``). Kinds differ by mark, line and hatch, so that maps read in black and white.

    content = MapContent([Group("pa", "Protected areas", shapes), Group("none", "Unprotected site", points)], focus)
    png = on_main_thread(lambda progress: maps.picture(content, 1600, 1100, progress=progress), progress)

Kinds of areas: ``ground``, ``pa``, ``oecm``, ``site``, ``gap``, ``subject`` (what the map is about), ``near`` (the ring
round it), ``former``, ``gained`` and ``lost`` (of a boundary that changes). Kinds of points: ``complete``,
``partial``, ``none``, ``not_assessed`` (classes of cover), ``place``. Others are drawn as ``site`` or ``place`` is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsBasicNumericFormat,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsField,
    QgsGeometry,
    QgsLayerTree,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsPalLayerSettings,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QMetaType, Qt
from qgis.PyQt.QtGui import QColor

from ...domain import geometry
from ...domain.progress import Progress
from . import fonts
from .symbols import drawn

_LONLAT = "EPSG:4326"
_ELLIPSOID = "EPSG:7030"
# Wider than this, a map shows the world, in Equal Earth; else a plane laid at the middle of what it shows.
_WORLD_DEGREES = 110.0
_WORLD_CRS = "EPSG:8857"
# Degrees of longitude on either side of a map's middle that are of its side of the earth.
_SIDE = 85.0

# Columns of the legend below a picture.
_LEGEND_COLUMNS = 3

# A map narrower than this, in mm, has a scale bar of one segment.
_SMALL_MM = 80.0

_POINTS = ("complete", "partial", "none", "not_assessed", "place")

NORTH = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 34" width="20" height="34">'
    '<polygon points="10,0 3,22 10,17" fill="#111111"/><polygon points="10,0 17,22 10,17" fill="#ffffff" '
    'stroke="#111111" stroke-width="1"/><text x="10" y="33" font-family="AZE Sans" font-size="10" '
    'font-weight="bold" text-anchor="middle" fill="#111111">N</text></svg>'
)


@dataclass(frozen=True)
class Group:
    """Shapes of one kind under one name in the legend.

    ``shapes``: (name, WKB in WGS 84) each; the name becomes a label where ``labelled``.
    """

    kind: str
    label: str
    shapes: Sequence[tuple[str, bytes]]
    labelled: bool = False


@dataclass(frozen=True)
class MapContent:
    """What a map shows: groups from the lowest to the topmost, and ``focus`` ``[west, south, east, north]`` in degrees,
    west > east where it crosses 180°."""

    groups: Sequence[Group]
    focus: Sequence[float]


def area(name: str, shape: geometry.Geometry) -> tuple[str, bytes]:
    """An EPSG:6933 geometry as a group's shape; one that crosses 180° runs on past it, so that no line shows there."""
    if geometry.touches_antimeridian(shape):
        shape = geometry.seamless(shape)
    return name, geometry.to_wkb(geometry.to_lonlat(np.array([shape], dtype=object))[0])


def spot(name: str, lon: float, lat: float) -> tuple[str, bytes]:
    """A point in degrees as a group's shape."""
    return name, bytes(QgsGeometry.fromWkt(f"Point ({lon!r} {lat!r})").asWkb())


def focus_on(extents: Iterable[Sequence[float]]) -> list[float]:
    """The smallest ``[west, south, east, north]`` round several, across 180° where that is smaller."""
    found = [e for e in extents if e is not None and not any(math.isnan(v) for v in e)]
    if not found:
        return [-180.0, -60.0, 180.0, 80.0]
    south, north = min(e[1] for e in found), max(e[3] for e in found)
    # The widest stretch of longitudes that nothing lies in is left out.
    spans = sorted((e[0] % 360, (e[0] % 360) + (e[2] - e[0]) % 360) for e in found)
    reach, gaps = spans[0][1], []
    for west, east in spans[1:]:
        gaps.append((west - reach, reach, west))
        reach = max(reach, east)
    gaps.append((spans[0][0] + 360 - reach, reach, spans[0][0] + 360))
    widest, west_end, east_begin = max(gaps)
    if widest <= 0:
        return [-180.0, south, 180.0, north]
    turn = lambda value: (value + 180) % 360 - 180  # noqa: E731
    return [turn(east_begin), south, turn(west_end), north]


def ground_layer() -> QgsVectorLayer | None:
    """QGIS's own map of the world's countries (Natural Earth), a quiet ground where the caller has none; or None."""
    path = Path(QgsApplication.pkgDataPath()) / "resources" / "data" / "world_map.gpkg"
    if not path.exists():
        return None
    layer = QgsVectorLayer(f"{path}|layername=countries", "Natural Earth", "ogr")
    if not layer.isValid():
        return None
    layer.setRenderer(QgsSingleSymbolRenderer(drawn("ground")))
    return layer


def ground_near(focus: Sequence[float]) -> QgsVectorLayer | None:
    """``ground_layer`` on the side of the earth where the focus is; or None.

    What lies on the other side would cover the map of a place near 180°, where QGIS asks for all longitudes.
    """
    layer = ground_layer()
    west, south, east, north = focus
    width = (east - west) % 360
    if layer is None or width > _WORLD_DEGREES or east - west == 360:
        return layer
    middle = (west + width / 2 + 180) % 360 - 180
    if abs(middle) + _SIDE <= 180:
        return layer
    # The stretch that runs past 180° comes from the other end of the map of the world.
    # A map of what is very small shows a kilometre round it.
    round_it = max(width, north - south, 0.1)
    side = min(_SIDE, width / 2 + round_it)
    left = middle - side if middle > 0 else middle - side + 360
    low, high = max(-90.0, south - round_it), min(90.0, north + round_it)
    pieces = (
        (QgsRectangle(left, low, 180, high), 0.0),
        (QgsRectangle(-180, low, left + 2 * side - 360, high), 360.0),
    )
    found: dict[int, list[QgsGeometry]] = {}
    for box, shift in pieces:
        for feature in layer.getFeatures(QgsFeatureRequest(box)):
            part = feature.geometry().intersection(QgsGeometry.fromRect(box))
            if not part.isEmpty():
                part.translate(shift, 0)
                found.setdefault(feature.id(), []).append(part)
    shapes = []
    for parts in found.values():
        whole = QgsGeometry.unaryUnion(parts)
        whole.convertGeometryCollectionToSubclass(Qgis.GeometryType.Polygon)
        if not whole.isEmpty():
            shapes.append(("", bytes(whole.asWkb())))
    return _layer(Group("ground", "Natural Earth", shapes))


def layers(content: MapContent, progress: Progress | None = None) -> list[QgsVectorLayer]:
    """The groups that have shapes as memory layers, the topmost first, as maps and legends take them."""
    progress = progress or Progress()
    made = []
    for group in content.groups:
        progress.check()
        if group.shapes:
            made.append(_layer(group))
    return made[::-1]


def _layer(group: Group) -> QgsVectorLayer:
    kind = "MultiPoint" if group.kind in _POINTS else "MultiPolygon"
    layer = QgsVectorLayer(f"{kind}?crs={_LONLAT}", group.label, "memory")
    layer.dataProvider().addAttributes([QgsField("name", QMetaType.Type.QString)])
    layer.updateFields()
    features = []
    for name, wkb in group.shapes:
        feature = QgsFeature(layer.fields())
        feature.setAttributes([name])
        shape = QgsGeometry()
        shape.fromWkb(wkb)
        shape.convertToMultiType()
        feature.setGeometry(shape)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    layer.setRenderer(QgsSingleSymbolRenderer(drawn(group.kind)))
    if group.labelled:
        layer.setLabeling(_labels(group.kind))
        layer.setLabelsEnabled(True)
    return layer


def frame(content: MapContent, ratio: float, margin: float = 0.12) -> tuple[QgsCoordinateReferenceSystem, QgsRectangle]:
    """A map's reference system and the extent in it that shows the focus in a frame of ``ratio`` (width ÷ height).

    ``margin``: room left on every side, as a share of the focus.
    """
    west, south, east, north = content.focus
    width = (east - west) % 360 if east != west else 0.0
    if width == 0 and east - west == 360:
        width = 360.0
    if width > _WORLD_DEGREES:
        crs = QgsCoordinateReferenceSystem(_WORLD_CRS)
    else:
        lon = (west + width / 2 + 180) % 360 - 180
        crs = QgsCoordinateReferenceSystem.fromProj(
            f"+proj=laea +lat_0={(south + north) / 2:.4f} +lon_0={lon:.4f} +datum=WGS84 +units=m"
        )
    corners = QgsGeometry.fromRect(QgsRectangle(0, south, max(width, 1e-6), max(north, south + 1e-6)))
    corners = corners.densifyByCount(16)
    corners.translate(west, 0)
    if width > _WORLD_DEGREES and (west + width > 180 or west < -180):
        corners = QgsGeometry.fromRect(QgsRectangle(-180, south, 180, north)).densifyByCount(16)
    to_map = QgsCoordinateTransform(QgsCoordinateReferenceSystem(_LONLAT), crs, QgsCoordinateTransformContext())
    corners.transform(to_map)
    extent = corners.boundingBox()
    extent.grow(max(margin * max(extent.width(), extent.height()), 1000.0))
    middle, wide, tall = extent.center(), extent.width(), extent.height()
    wide, tall = max(wide, tall * ratio), max(tall, wide / ratio)
    return crs, QgsRectangle(middle.x() - wide / 2, middle.y() - tall / 2, middle.x() + wide / 2, middle.y() + tall / 2)


def set_up(item: QgsLayoutItemMap, content: MapContent, shown: Sequence[QgsVectorLayer]) -> None:
    """Let a layout's map show these layers round the content's focus."""
    size = item.rect()
    crs, extent = frame(content, size.width() / size.height())
    item.setCrs(crs)
    item.setLayers(list(shown))
    item.setKeepLayerSet(True)
    item.zoomToExtent(extent)


def set_up_scale_bar(bar: QgsLayoutItemScaleBar, item: QgsLayoutItemMap) -> None:
    """Tie a scale bar to a map, in round numbers of metres or kilometres that take up to a quarter of its width."""
    bar.setLinkedMap(item)
    width_mm = item.rect().width()
    # Both of the reference systems used are in metres.
    step = _round_step(item.extent().width() / 4 / (2 if width_mm >= _SMALL_MM else 1))
    unit = Qgis.DistanceUnit.Kilometers if step >= 1000 else Qgis.DistanceUnit.Meters
    bar.setUnits(unit)
    bar.setUnitLabel("km" if unit == Qgis.DistanceUnit.Kilometers else "m")
    bar.setNumberOfSegmentsLeft(0)
    # Two segments have no room for their numbers in a small map.
    bar.setNumberOfSegments(2 if width_mm >= _SMALL_MM else 1)
    # Whole numbers, as everybody writes them: thousands set apart would follow the user's locale.
    numbers = QgsBasicNumericFormat()
    numbers.setShowThousandsSeparator(False)
    bar.setNumericFormat(numbers)
    bar.setUnitsPerSegment(step / 1000 if unit == Qgis.DistanceUnit.Kilometers else step)
    bar.setMaximumBarWidth(width_mm / 3)
    # It grows to what it needs, but never shrinks by itself.
    bar.attemptResize(QgsLayoutSize(0.1, 0.1))


def picture(
    content: MapContent,
    width: int = 1600,
    height: int = 1100,
    *,
    background: Sequence[QgsVectorLayer] = (),
    title: str = "",
    legend: bool = False,
    progress: Progress | None = None,
) -> bytes:
    """The map as a PNG, with scale bar and north arrow; on the main thread.

    ``background``: layers below the content's own, the topmost first. ``title`` stands above the map, a ``legend`` of
    the content's groups below it. The same content gives the same bytes.
    """
    progress = progress or Progress()
    fonts.load()
    project = QgsProject()
    project.setEllipsoid(_ELLIPSOID)
    own = layers(content, progress)
    for layer in own:
        project.addMapLayer(layer, False)
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("map")
    # The project owns the layout, so that they go together and in order.
    project.layoutManager().addLayout(layout)
    # A picture of 160 mm: symbols and letters keep their size on paper whatever the number of pixels.
    wide = 160.0
    tall = wide * height / width
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(wide, tall))
    item = QgsLayoutItemMap(layout)
    layout.addLayoutItem(item)
    top = _add_title(layout, title, wide) if title else 0.0
    bottom = tall - (_add_legend(layout, own, wide, tall) if legend and own else 0.0)
    item.attemptMove(QgsLayoutPoint(0, top))
    item.attemptResize(QgsLayoutSize(wide, bottom - top))
    item.setBackgroundColor(QColor("#f4f7f9"))
    set_up(item, content, [*own, *background])
    bar = QgsLayoutItemScaleBar(layout)
    layout.addLayoutItem(bar)
    bar.setStyle("Single Box")
    style_scale_bar(bar)
    set_up_scale_bar(bar, item)
    bar.attemptMove(QgsLayoutPoint(3, bottom - 3 - bar.rect().height()))
    arrow = QgsLayoutItemPicture(layout)
    layout.addLayoutItem(arrow)
    set_svg(arrow, NORTH)
    arrow.attemptMove(QgsLayoutPoint(wide - 10, top + 3))
    arrow.attemptResize(QgsLayoutSize(7, 11))
    progress.check()
    image = QgsLayoutExporter(layout).renderPageToImage(0, dpi=width / wide * 25.4)
    image = image.convertToFormat(image.Format.Format_RGB32)
    for key in image.textKeys():
        image.setText(key, "")
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data)


def _add_title(layout: QgsPrintLayout, title: str, wide: float) -> float:
    """Write a line above a picture's map, in smaller letters where it is long; its height in mm."""
    room = 8.0
    label = QgsLayoutItemLabel(layout)
    # An expression in a name is none of ours.
    label.setText(title.replace("[%", "[\u200b%"))
    form = QgsTextFormat()
    form.setFont(fonts.font(11, bold=True))
    form.setSize(max(5.0, min(11.0, 11.0 * 70 / max(1, len(title)))))
    form.setColor(QColor("#111111"))
    label.setTextFormat(form)
    label.setVAlign(Qt.AlignmentFlag.AlignVCenter)
    layout.addLayoutItem(label)
    label.attemptMove(QgsLayoutPoint(2, 0))
    label.attemptResize(QgsLayoutSize(wide - 4, room))
    return room


def _add_legend(layout: QgsPrintLayout, own: Sequence[QgsVectorLayer], wide: float, tall: float) -> float:
    """Put a legend of layers below a picture's map; its height in mm."""
    root = QgsLayerTree()
    for layer in own:
        root.addLayer(layer)
    key = QgsLayoutItemLegend(layout)
    key.setAutoUpdateModel(False)
    for style in (QgsLegendStyle.Style.Title, QgsLegendStyle.Style.Subgroup, QgsLegendStyle.Style.SymbolLabel):
        changed = key.style(style)
        form = QgsTextFormat()
        form.setFont(fonts.font(7))
        form.setSize(7)
        changed.setTextFormat(form)
        key.setStyle(style, changed)
    key.setSymbolHeight(3)
    key.setSymbolWidth(5)
    key.setColumnCount(_LEGEND_COLUMNS)
    key.setEqualColumnWidth(True)
    key.model().setRootGroup(root)
    # The model keeps no hold of the tree.
    key._root = root
    layout.addLayoutItem(key)
    # What it needs QGIS knows only once it is drawn.
    height = 5.0 + 5.6 * math.ceil(len(own) / _LEGEND_COLUMNS)
    key.setResizeToContents(False)
    key.attemptResize(QgsLayoutSize(wide - 2, height))
    key.attemptMove(QgsLayoutPoint(1, tall - height))
    return height


def set_svg(item: QgsLayoutItemPicture, svg: str) -> None:
    """Put a drawing into a layout's picture, inside the layout and not as a file beside it."""
    encoded = bytes(QByteArray(svg.encode("utf-8")).toBase64()).decode("ascii")
    item.setPicturePath(f"base64:{encoded}", Qgis.PictureFormat.SVG)


def set_png(item: QgsLayoutItemPicture, png: bytes) -> None:
    """Put a PNG into a layout's picture."""
    encoded = bytes(QByteArray(png).toBase64()).decode("ascii")
    item.setPicturePath(f"base64:{encoded}", Qgis.PictureFormat.Raster)


def style_scale_bar(bar: QgsLayoutItemScaleBar) -> None:
    """The looks of a scale bar that stands on a map."""
    text = QgsTextFormat()
    text.setFont(fonts.font(7))
    text.setSize(7)
    bar.setTextFormat(text)
    bar.setHeight(1.6)
    bar.setBoxContentSpace(1.2)
    bar.setLabelBarSpace(1)
    bar.setBackgroundEnabled(True)
    bar.setBackgroundColor(QColor(255, 255, 255, 220))
    bar.setFrameStrokeWidth(QgsLayoutMeasurement(0.1))


def _round_step(value: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ that is not above a value."""
    power = 10 ** math.floor(math.log10(value))
    return next(m * power for m in (5, 2, 1) if m * power <= value)


def _labels(kind: str) -> QgsVectorLayerSimpleLabeling:
    """Small names with a light edge, left out where there is no room."""
    settings = QgsPalLayerSettings()
    settings.fieldName = "name"
    text = QgsTextFormat()
    text.setFont(fonts.font(6.5))
    text.setSize(6.5)
    text.setColor(QColor("#111111"))
    edge = QgsTextBufferSettings()
    edge.setEnabled(True)
    edge.setSize(0.6)
    edge.setColor(QColor(255, 255, 255, 230))
    text.setBuffer(edge)
    settings.setFormat(text)
    if kind in _POINTS:
        settings.placement = Qgis.LabelPlacement.OrderedPositionsAroundPoint
    else:
        # Names that follow the shape of an area, as they would of themselves, run any way.
        settings.placement = Qgis.LabelPlacement.Horizontal
    settings.dist = 0.6
    settings.offsetType = Qgis.LabelOffsetType.FromSymbolBounds
    return QgsVectorLayerSimpleLabeling(settings)
