"""The report of a screening: one page of HTML, and the same as PDF by the layout ``screening``.

``Content`` is put together in any thread; pictures of maps and the layout are made on the main one.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qgis.PyQt.QtCore import QCoreApplication, QLocale

from ..domain import geometry, screening
from ..domain.findings import Finding, Severity
from ..domain.progress import Progress
from ..domain.screening import Hit, ScreenedSite
from ..library.query import Library
from . import checking, figures, files
from .main_thread import on_main_thread
from .reporting import layout, maps
from .reporting.html import Page, Rich, Text
from .screening import Screening, guidance
from .wording import text

TEMPLATE = "screening"

# Names stand on the map up to so many sites; so many sources of a library, and names in a sentence, are told.
_LABELLED, _SOURCES, _NAMES = 15, 6, 5

# Letters of a name on the map.
_LETTERS = 32

# A footprint smaller than this share of what the map shows is marked by a sign too.
_SMALL = 0.015

# Degrees round a footprint that are shown of sites much larger than it.
_ROOM_DEGREES = 0.7


# What makes a page of A4 hold all but the list of further sites.
_ONE_PAGE = """
@media print {
  @page { margin: 12mm 14mm 12mm; }
  html { font-size: 8.5pt; line-height: 1.4; }
  body { padding: 0; }
  header { margin-bottom: .8rem; }
  h3 { margin-top: .9rem; }
  h2 { break-before: page; }
  p { max-width: none; }
}
"""


@dataclass(frozen=True)
class Content:
    """What a report says, without any form. ``clear``: everything was screened, and nothing is near."""

    title: str
    subtitle: str
    headline: str
    clear: bool
    facts: Sequence[tuple[str, str]]
    head: Sequence[str]
    rows: Sequence[Sequence[Text]]
    widths: Sequence[float]
    more: str
    others: Sequence[Sequence[Text]]
    notes: Sequence[str]
    guidance: str
    reference: str
    address: str
    sources: Sequence[str]
    map: maps.MapContent
    map_text: str
    caption: str


def content_of(result: Screening, title: str = "", day: datetime.date | None = None) -> Content:
    """What is to be said about a screening. ``day``: on which it was made."""
    translate = QCoreApplication.translate
    day = day or datetime.date.today()
    best = result.together()
    several = len(result.footprint.parts) > 1
    head = [
        translate("AzeReports", "Site"),
        translate("AzeReports", "Relation"),
        translate("AzeReports", "In common"),
        translate("AzeReports", "Trigger species"),
    ]
    widths = [46.0, 34.0, 30.0, 68.0]
    if several:
        head.insert(2, translate("AzeReports", "By"))
        widths = [42.0, 32.0, 26.0, 26.0, 52.0]
    shown = best[: result.rules.report_rows]
    left = len(best) - len(shown)
    more = ""
    if left:
        more = translate(
            "AzeReports", "These are the {shown} that matter most; the other {count} follow at the end."
        ).format(shown=figures.number(len(shown)), count=figures.number(left))
    content, caption = _map(result, best)
    said = _said(result.headline())
    return Content(
        title=title or translate("AzeReports", "AZE screening: {project}").format(project=result.footprint.source),
        subtitle=_subtitle(result, day),
        headline=said,
        clear=result.headline().severity == Severity.INFO,
        facts=_facts(result),
        head=head,
        rows=[_row(result, hit, several) for hit in shown],
        widths=widths,
        more=more,
        others=[_row(result, hit, several) for hit in best[len(shown) :]],
        notes=[_said(finding) for finding in result.findings()],
        guidance=guidance(result),
        reference=result.rules.guidance["title"],
        address=result.rules.guidance["address"],
        sources=_sources(result, day),
        map=content,
        map_text=translate("AzeReports", "Map of the project and the AZE sites near it. {said}").format(said=said),
        caption=caption,
    )


def _said(finding: Finding) -> str:
    """A finding's sentence for paper: long lists of names cut short, and names that run from right to left kept apart
    from what stands round them."""
    params = dict(finding.params)
    for name, value in params.items():
        if isinstance(value, str):
            params[name] = _isolated(value)
        elif isinstance(value, list):
            shown = [_isolated(str(v)) for v in value[:_NAMES]]
            params[name] = [*shown, "…"] if len(value) > _NAMES else shown
    return text(finding.code, params)


def _isolated(name: str) -> str:
    mixed = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\u2068{name}\u2069" if mixed else name


def _subtitle(result: Screening, day: datetime.date) -> str:
    translate = QCoreApplication.translate
    parts = result.footprint.parts
    sizes = []
    for total, words in (
        (sum(p.m2 or 0 for p in parts) if any(p.m2 for p in parts) else None, figures.square_metres),
        (sum(p.metres or 0 for p in parts) if any(p.metres for p in parts) else None, figures.metres),
    ):
        if total is not None:
            sizes.append(words(total))
    points = sum(p.points or 0 for p in parts)
    if points:
        sizes.append(
            translate("AzeReports", "one point")
            if points == 1
            else translate("AzeReports", "{count} points").format(count=figures.number(points))
        )
    what = ", ".join(sizes) or translate("AzeReports", "no shape that can be measured")
    return translate("AzeReports", "Footprint: {what}. Screened on {day}.").format(what=what, day=_day(day))


def _round(metres: float) -> str:
    """A length in round numbers of kilometres."""
    return f"{figures.number(metres / 1000)}\u00a0km" if metres % 1000 == 0 else figures.metres(metres)


def _day(day: datetime.date) -> str:
    return day.isoformat()


def _facts(result: Screening) -> list[tuple[str, str]]:
    translate = QCoreApplication.translate
    counts, closest = result.counts(), result.closest
    if closest is None:
        return []
    touched = counts[screening.INSIDE] + counts[screening.OVERLAPS]
    facts = [(translate("AzeReports", "AZE sites under the project"), figures.number(touched))]
    for band, count in result.by_band():
        label = translate("AzeReports", "within {distance}").format(distance=_round(1000 * band))
        facts.append((label, figures.number(count)))
    return facts


def _row(result: Screening, hit: Hit, several: bool) -> list[Text]:
    site, part = result.sites.rows[hit.site], result.footprint.parts[hit.part]
    row: list[Text] = [
        [Rich(site.name, bold=True), Rich(_place(site), quiet=True)],
        _relation(result, hit, site),
        _common(hit),
        _species(result, site),
    ]
    if several:
        touching = sum(1 for h in result.hits if h.site == hit.site and h.relation != screening.WITHIN)
        by = part.name
        if touching > 1:
            by = QCoreApplication.translate("AzeReports", "{feature} and others: {count}").format(
                feature=part.name, count=figures.number(touching - 1)
            )
        row.insert(2, by)
    return row


def _place(site: ScreenedSite) -> str:
    known = ", ".join(word for word in (site.iso3, site.site_id) if word)
    return f" ({known})" if known else ""


def _relation(result: Screening, hit: Hit, site: ScreenedSite) -> str:
    translate = QCoreApplication.translate
    if hit.relation == screening.INSIDE:
        said = translate("AzeReports", "inside the site")
    elif hit.relation == screening.OVERLAPS:
        said = translate("AzeReports", "overlaps the site")
    elif hit.distance_m <= result.rules.length_tolerance_m:
        said = translate("AzeReports", "touches the site")
    else:
        said = translate("AzeReports", "{distance} away").format(distance=figures.metres(hit.distance_m))
    uncertain = result.uncertain_m(site)
    if uncertain:
        said += translate("AzeReports", "; a circle, uncertain by {distance}").format(distance=_round(uncertain))
    return said


def _common(hit: Hit) -> str:
    translate = QCoreApplication.translate
    if hit.relation == screening.WITHIN:
        return "–"
    said = []
    if hit.overlap_ha:
        said.append(figures.hectares(hit.overlap_ha))
    if hit.overlap_km:
        said.append(figures.metres(1000 * hit.overlap_km))
    if hit.points_inside:
        said.append(
            translate("AzeReports", "one point")
            if hit.points_inside == 1
            else translate("AzeReports", "{count} points").format(count=figures.number(hit.points_inside))
        )
    if hit.site_share:
        said.append(translate("AzeReports", "{share} of the site").format(share=figures.percent(hit.site_share)))
    return ", ".join(said)


def _species(result: Screening, site: ScreenedSite) -> Text:
    translate = QCoreApplication.translate
    species = result.species(site)
    if species is None:
        return translate("AzeReports", "not known")
    if not species:
        return translate("AzeReports", "none by the species library")
    said: list[Rich | str] = []
    for n, trigger in enumerate(species):
        said.append(Rich(trigger.scientific_name, italic=True))
        said.append((f" ({trigger.category})" if trigger.category else "") + ("; " if n + 1 < len(species) else ""))
    return said


def _sources(result: Screening, day: datetime.date) -> list[str]:
    translate = QCoreApplication.translate
    software = checking.software()
    said = [
        translate("AzeReports", "Project: {name} (features: {count}).").format(
            name=result.footprint.source, count=figures.number(len(result.footprint.parts))
        ),
        translate("AzeReports", "Sites: {name} (held against the project: {count}).").format(
            name=result.sites.source,
            count=figures.number(sum(1 for site in result.sites.rows if site.geometry is not None)),
        ),
    ]
    sources = result.triggers.sources
    if "table" in sources:
        said.append(translate("AzeReports", "Trigger species: table {name}.").format(name=sources["table"]))
    if "field" in sources:
        said.append(translate("AzeReports", "Trigger species: a field of {name}.").format(name=sources["field"]))
    if result.library:
        named = _library_sources(result.library)
        said.append(
            translate("AzeReports", "Species library {name}: {sources}.").format(
                name=Path(result.library).name if "://" not in result.library else "PostgreSQL",
                sources="; ".join(named) or translate("AzeReports", "without sources"),
            )
        )
    said.append(
        translate(
            "AzeReports",
            "Distances are the shortest on the WGS 84 ellipsoid, overlaps in EPSG:6933. AZE Toolkit {plugin}, QGIS "
            "{qgis}, {day}.",
        ).format(plugin=software["plugin"], qgis=software["qgis"], day=_day(day))
    )
    return said


def _library_sources(path: str) -> list[str]:
    with Library.open(path) as library:
        names = [" ".join(part for part in (s["name"], s["version"]) if part) for s in library.sources()]
    names = list(dict.fromkeys(names))
    return names[:_SOURCES] + ["…"] * (len(names) > _SOURCES)


# ----------------------------------------------------------------------------------------------------------- the map


def _map(result: Screening, best: Sequence[Hit]) -> tuple[maps.MapContent, str]:
    translate = QCoreApplication.translate
    touched, near, circles, spots = [], [], [], []
    extents = []
    rows = result.sites.rows
    own = [_extent(shape) for shape in _shapes(result)]
    window = maps.focus_on(own)
    listed = [hit.site for hit in best]
    if not listed and result.closest is not None:
        listed = [result.closest.site]
    relations = {hit.site: hit.relation for hit in best}
    for n in listed:
        extent = _extent(rows[n].geometry)
        extents.append(_cut(extent, window) if n in relations else extent)
    focus = _with_room(maps.focus_on([*own, *extents]))
    for n in listed:
        site = rows[n]
        group = (
            circles if site.is_circle else near if relations.get(n, screening.WITHIN) == screening.WITHIN else touched
        )
        name = site.name if len(site.name) <= _LETTERS else site.name[: _LETTERS - 1].rstrip() + "…"
        if _is_small(site.geometry, focus):
            spots.append(maps.spot(name, *_middle(site.geometry)))
        else:
            group.append(maps.area(name, site.geometry))
    labelled = len(listed) <= _LABELLED
    groups = [
        maps.Group("site", translate("AzeReports", "AZE site near the project"), near, labelled),
        maps.Group("gap", translate("AzeReports", "AZE site under the project"), touched, labelled),
        maps.Group("near", translate("AzeReports", "AZE site without a boundary"), circles, labelled),
        maps.Group("none", translate("AzeReports", "AZE site, small at this scale"), spots, labelled),
        *_project(result, focus),
    ]
    shown = [group for group in groups if group.shapes]
    caption = _key({group.kind for group in shown})
    if len(listed) > _LABELLED:
        caption += " " + translate("AzeReports", "The names of sites are in the table.")
    return maps.MapContent(shown, focus), caption


def _key(kinds: set[str]) -> str:
    """What the signs of a map without a legend stand for."""
    translate = QCoreApplication.translate
    words = {
        "subject": translate("AzeReports", "Bold line: the project."),
        "place": translate("AzeReports", "Triangle: the project, a point or small at this scale."),
        "gap": translate("AzeReports", "Filled: AZE site under the project."),
        "site": translate("AzeReports", "Dashed: AZE site near by."),
        "near": translate("AzeReports", "Dotted: AZE site without a boundary."),
        "none": translate("AzeReports", "Ring: AZE site that is small at this scale."),
    }
    return " ".join(said for kind, said in words.items() if kind in kinds)


def _shapes(result: Screening) -> list[geometry.Geometry]:
    shapes = result.footprint.shapes
    return [shape for of in (shapes.areas, shapes.lines, shapes.points) for shape in of if shape is not None]


def _project(result: Screening, focus: Sequence[float]) -> list[maps.Group]:
    """The footprint; what is too small to be seen at the map's scale is marked by a sign in its place."""
    translate = QCoreApplication.translate
    shapes = result.footprint.shapes
    outlines, spots = [], []
    for of in (shapes.areas, shapes.lines):
        for shape in of:
            if shape is None:
                continue
            if _is_small(shape, focus):
                spots.append(maps.spot("", *_middle(shape)))
            else:
                outlines.append(maps.area("", shape if of is shapes.areas else geometry.traced(shape)))
    for shape in shapes.points:
        if shape is not None:
            lonlat = geometry.unproject(geometry.coordinates(shape))
            spots += [maps.spot("", float(x), float(y)) for x, y in lonlat[:2000]]
    label = translate("AzeReports", "Project")
    small = translate("AzeReports", "Project: a point, or small at this scale") if outlines else label
    return [maps.Group("subject", label, outlines), maps.Group("place", small, spots)]


def _is_small(shape: geometry.Geometry, focus: Sequence[float]) -> bool:
    """Whether nobody would find a shape on the map."""
    west, south, east, north = _extent(shape)
    least = max((focus[2] - focus[0]) % 360, focus[3] - focus[1]) * _SMALL
    return (east - west) % 360 <= least and north - south <= least


def _middle(shape: geometry.Geometry) -> tuple[float, float]:
    west, south, east, north = _extent(shape)
    return (west + (east - west) % 360 / 2 + 180) % 360 - 180, (south + north) / 2


def _with_room(focus: Sequence[float]) -> list[float]:
    """A focus with room at its foot, where the scale bar stands."""
    west, south, east, north = focus
    return [west, max(-89.0, south - 0.18 * (north - south)), east, north]


def _extent(shape: geometry.Geometry) -> list[float]:
    return geometry.extent_lonlat(shape)


def _cut(extent: Sequence[float], window: Sequence[float]) -> list[float]:
    """What of a site's extent lies not too far from the footprint's; all of it where either crosses 180°."""
    west, south, east, north = window
    if west > east or extent[0] > extent[2]:
        return list(extent)
    room = _ROOM_DEGREES
    wide = room / max(0.05, float(np.cos(np.radians(min(89.0, max(abs(south), abs(north)))))))
    found = [
        max(extent[0], west - wide),
        max(extent[1], south - room),
        min(extent[2], east + wide),
        min(extent[3], north + room),
    ]
    return found if found[0] <= found[2] and found[1] <= found[3] else list(window)


# --------------------------------------------------------------------------------------------------------- the forms


def write_html(content: Content, path: str, progress: Progress | None = None) -> None:
    """Write the report as one file of HTML. Any thread."""
    translate = QCoreApplication.translate
    png = on_main_thread(lambda p: maps.picture(content.map, 1600, 640, background=_ground(), progress=p), progress)
    page = Page(content.title, QLocale().bcp47Name() or "en", content.subtitle)
    page.note(Rich(content.headline, bold=True), plain=content.clear)
    page.paragraph(" · ".join(f"{label}: {value}" for label, value in content.facts))
    page.picture(png, content.map_text, content.caption, framed=True)
    if content.rows:
        page.table(content.head, content.rows)
    if content.more:
        page.paragraph(content.more)
    page.items(content.notes)
    page.heading(3, translate("AzeReports", "What lenders ask"))
    page.paragraph([content.guidance, " ", Rich(content.reference, quiet=True, link=content.address)])
    page.paragraph(" ".join(content.sources), quiet=True)
    if content.others:
        page.heading(2, translate("AzeReports", "Further sites"))
        page.table(content.head, content.others)
    with files.replacing(path) as beside:
        beside.write_text(page.render().replace("</style>", _ONE_PAGE + "</style>", 1), encoding="utf-8")


def write_pdf(content: Content, path: str, day: datetime.date | None = None, progress: Progress | None = None) -> int:
    """Write the report as PDF, and give the number of its pages. Any thread. ``day``: the date that it carries.

    Raises AzeError ``layout.template`` or ``output.unwritable``.
    """
    day = day or datetime.date.today()
    translate = QCoreApplication.translate

    def make(inner: Progress) -> int:
        report = layout.Report(TEMPLATE, inner)
        report.fill(
            {"title": content.title, "subtitle": content.subtitle, "foot": f"{content.title}. {content.subtitle}"}
        )
        report.show_map(content.map, background=_ground())
        report.heading(content.headline, 2)
        if content.facts:
            report.paragraph(" · ".join(f"{label}: {value}" for label, value in content.facts))
        if content.rows:
            report.table(content.head, content.rows, content.widths)
        if content.more:
            report.paragraph(content.more)
        for note in content.notes:
            report.paragraph("• " + note)
        report.heading(translate("AzeReports", "What lenders ask"), 2)
        report.paragraph(content.guidance)
        report.paragraph(f"{content.reference}. {content.address}", quiet=True)
        report.paragraph(" ".join(content.sources), quiet=True)
        if content.others:
            report.new_page()
            report.heading(translate("AzeReports", "Further sites"), 2)
            report.table(content.head, content.others, content.widths)
        return report.export(path, day)

    return on_main_thread(make, progress)


def _ground() -> list:
    layer = maps.ground_layer()
    return [] if layer is None else [layer]
