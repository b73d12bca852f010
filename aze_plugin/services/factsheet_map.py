"""The maps of a site's fact sheet: the site with what is near it, and where in the world it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.PyQt.QtCore import QCoreApplication

from ..domain import coverage, geometry
from . import figures
from .factsheet import PLACEHOLDER, Sheet
from .reporting import maps
from .wording import text

# A site narrower than this, in metres, is marked by a sign.
_SMALL_M = 60.0
# Share of its height by which the map shows more below the site.
_FOOT = 0.14
# Degrees round a site on the map that shows where in the world it is.
_FAR = 14.0


def both(sheet: Sheet) -> tuple[maps.MapContent | None, maps.MapContent | None, list[str]]:
    """The map of the site, the one of where it is, and what has to be said of them."""
    translate = QCoreApplication.translate
    if sheet.near is None or sheet.place is None:
        return None, None, []
    shape, said = sheet.site.geometry, []
    lon, lat = sheet.place
    extent = [lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03] if shape is None else geometry.extent_lonlat(shape)
    groups = []
    for kind, label in (
        (coverage.PA, translate("AzeReports", "Protected area")),
        (coverage.OECM, translate("AzeReports", "OECM")),
    ):
        shapes = [maps.area("", area) for own, area in sheet.near.areas or () if own == kind]
        groups.append(maps.Group(kind, label, shapes))
    if sheet.near.areas is None and sheet.inputs.protected:
        said.append(text("factsheet.many_areas"))
    gap = sheet.measured.gap if sheet.measured else None
    gaps = [] if gap is None else [maps.area("", gap)]
    groups.append(maps.Group("gap", translate("AzeReports", "Unprotected part"), gaps))
    others = [maps.area(_short(s.name), s.geometry) for s in sheet.near.sites or () if not s.is_circle]
    groups.append(maps.Group("site", translate("AzeReports", "Other site"), others, len(others) <= 12))
    outline = [] if shape is None else [maps.area("", shape)]
    own_kind = "near" if sheet.boundary == PLACEHOLDER else "subject"
    label = (
        translate("AzeReports", "Stands for the boundary")
        if sheet.boundary == PLACEHOLDER
        else translate("AzeReports", "The site")
    )
    groups.append(maps.Group(own_kind, label, outline))
    spots = []
    if shape is None or sheet.boundary == PLACEHOLDER:
        spots = [maps.spot("", lon, lat)]
    elif _is_small(extent):
        spots = [maps.spot("", lon, lat)]
        said.append(text("factsheet.small"))
    groups.append(maps.Group("place", translate("AzeReports", "Place of the site"), spots))
    wide = (extent[2] - extent[0]) % 360
    reach = max(_FAR, 1.5 * max(wide, extent[3] - extent[1]))
    far = [
        maps.Group("subject", "", outline if wide > 3 else []),
        maps.Group("place", "", [] if wide > 3 else [maps.spot("", lon, lat)]),
    ]
    if 2 * reach >= 300:
        world = [-180.0, -75.0, 180.0, 80.0]
    else:
        south, north = max(-85.0, lat - reach / 2), min(85.0, lat + reach / 2)
        world = [(lon - reach + 180) % 360 - 180, south, (lon + reach + 180) % 360 - 180, north]
    west, south, east, north = extent
    # Room at its foot, where the scale bar stands.
    seen = [west, max(-89.0, south - _FOOT * (north - south)), east, north]
    return maps.MapContent(groups, seen), maps.MapContent(far, world), said


def _is_small(extent: Sequence[float]) -> bool:
    west, south, east, north = extent
    across = (east - west) % 360 * 111_320 * max(0.01, float(np.cos(np.radians((south + north) / 2))))
    return max(across, (north - south) * 110_574) < _SMALL_M


def _short(name: str) -> str:
    return name if len(name) <= 30 else name[:29].rstrip() + "…"


def ground(sheet: Sheet) -> maps.MapContent | None:
    """Shapes of countries near the site, as ground; None without a layer of them."""
    if not sheet.inputs.countries or sheet.near is None:
        return None
    window = sheet.near.window
    dot = max((window[2] - window[0]) % 360, window[3] - window[1]) * 111_320 / 1400
    shapes = []
    for code, shape in sheet.inputs.countries:
        coarse = geometry.polygonal(geometry.simplified(shape, dot))
        shapes.append(maps.area(code, shape if geometry.is_empty(coarse) else coarse))
    return maps.MapContent([maps.Group("ground", "", shapes)], window)


def in_words(sheet: Sheet) -> str:
    """The map for those who do not see it."""
    translate = QCoreApplication.translate
    said = translate("AzeReports", "Map of {site} with protected areas and other sites near it.").format(
        site=sheet.row.name
    )
    if sheet.measured and sheet.measured.both_pct is not None:
        share = figures.percent(sheet.measured.both_pct / 100)
        said += " " + translate("AzeReports", "{share} of the site is protected or conserved.").format(share=share)
    return said


def key(content: maps.MapContent) -> str:
    """What the signs of a map without a legend stand for."""
    translate = QCoreApplication.translate
    words = {
        "subject": translate("AzeReports", "Bold line: the site."),
        "near": translate("AzeReports", "Dotted circle: stands for the site, whose boundary is not known."),
        "place": translate("AzeReports", "Triangle: place of the site."),
        "pa": translate("AzeReports", "Hatched green: protected areas."),
        "oecm": translate("AzeReports", "Hatched blue: OECMs."),
        "gap": translate("AzeReports", "Orange: unprotected part."),
        "site": translate("AzeReports", "Dashed: other sites."),
    }
    kinds = {group.kind for group in content.groups if group.shapes}
    return " ".join(said for kind, said in words.items() if kind in kinds)
