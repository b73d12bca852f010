"""The map of the country report."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QCoreApplication

from ..domain import coverage, geometry
from ..domain.national import Entry
from . import figures
from .country_words import KINDS, class_word
from .countryreport import Gathered, listed
from .reporting import maps
from .wording import text

# Names stand on the map up to so many sites, and outlines up to so many.
_LABELLED, _OUTLINED = 40, 3000


def map_content(gathered: Gathered) -> maps.MapContent | None:
    """None where no site has a place."""
    translate = QCoreApplication.translate
    entries = [entry for entry in listed(gathered) if entry.place is not None]
    if not entries:
        return None
    groups = []
    for kind, label in (
        (coverage.PA, translate("AzeReports", "Protected area")),
        (coverage.OECM, translate("AzeReports", "OECM")),
    ):
        shapes = [maps.area("", shape) for k, shape in gathered.areas or () if k == kind]
        groups.append(maps.Group(kind, label, shapes))
    if len(entries) <= _OUTLINED:
        gaps = _gaps(gathered, entries)
        groups.append(maps.Group("gap", translate("AzeReports", "Unprotected part of a site"), gaps))
        outlines = [maps.area(e.name, e.cover.site.geometry) for e in entries]
        groups.append(maps.Group("site", translate("AzeReports", "Site"), outlines))
    for kind in KINDS:
        spots = [maps.spot(e.name, *e.place) for e in entries if e.cover.cover_class == kind]
        label = translate("AzeReports", "Site: {state}").format(state=class_word(kind))
        groups.append(maps.Group(kind, label, spots, labelled=len(entries) <= _LABELLED))
    return maps.MapContent(groups, maps.focus_on(gathered.focus))


def _gaps(gathered: Gathered, entries: Sequence[Entry]) -> list[tuple[str, bytes]]:
    """Unprotected parts, of a site across borders no more than the country has of it."""
    own = {entry.cover.site.fid: entry for entry in entries}
    shapes = []
    for cover, shape in gathered.result.gaps:
        entry = own.get(cover.site.fid)
        if entry is not None:
            here = geometry.overlap(shape, entry.cover.site.geometry) if entry.is_part else shape
            if not geometry.is_empty(here):
                shapes.append(maps.area(entry.name, here))
    return shapes


def ground(gathered: Gathered) -> maps.MapContent | None:
    """The countries' shapes as the map's ground, no finer than it shows them; None without a layer of them."""
    countries = gathered.inputs.countries
    if not countries or not gathered.focus:
        return None
    west, south, east, north = maps.focus_on(gathered.focus)
    dot = max((east - west) % 360, north - south, 0.05) * 111_320 / 1600
    shapes = []
    for code, shape in countries:
        coarse = geometry.polygonal(geometry.simplified(shape, dot))
        shapes.append(maps.area(code, shape if geometry.is_empty(coarse) else coarse))
    return maps.MapContent([maps.Group("ground", "", shapes)], maps.focus_on(gathered.focus))


def map_words(gathered: Gathered) -> str:
    """The map for those who do not see it."""
    block = gathered.whole.block
    counts = ", ".join(f"{class_word(kind)} {figures.number(block[kind])}" for kind in KINDS)
    return QCoreApplication.translate("AzeReports", "Map of {sites} sites by class of cover: {counts}.").format(
        sites=figures.number(block["sites"]), counts=counts
    )


def map_caption(gathered: Gathered) -> str:
    """What the signs of the map mean, and whose borders it shows."""
    translate = QCoreApplication.translate
    said = [
        translate(
            "AzeReports",
            "Sites by class of cover: filled circle completely protected, diamond partly protected, open circle "
            "unprotected, cross not assessed.",
        )
    ]
    if gathered.inputs.country and gathered.areas is not None:
        said.append(
            translate(
                "AzeReports", "Hatched: protected areas and, falling the other way, OECMs. Orange: unprotected parts."
            )
        )
    else:
        said.append(text("report.map_without_areas"))
    if not gathered.inputs.countries:
        said.append(translate("AzeReports", "Borders: Natural Earth, for orientation only."))
    return " ".join(said)
