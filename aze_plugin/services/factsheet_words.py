"""The fact sheet of a site in words, tables and charts, without any form."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from qgis.PyQt.QtCore import QCoreApplication, QLocale, Qt

from ..domain import context as surroundings
from ..domain import coverage, redlist
from ..domain import sites as site_words
from . import checking, factsheet_map, figures, triggers, vocabulary
from .context import default_rules as context_rules
from .context import problem_text
from .factsheet import BOUNDARY, CANNOT, PLACEHOLDER, Sheet, SheetSpecies
from .reporting import charts, maps
from .reporting.html import LEFT_TO_RIGHT, RIGHT_TO_LEFT, Rich, Text
from .wording import text

# Species up to which common names stand beside the scientific ones.
_NAMED = 8
# Names in a sentence.
_NAMES = 3
# Classes of a raster, and names of areas, in a cell.
_CLASSES = 3

_UNDATED = "coverage.year_unknown"

# Size of the charts, in units of which the font takes 11.
_WIDE, _TALL, _FONT = 300.0, 125.0, 11.0


@dataclass(frozen=True)
class Table:
    """Rows under a heading; ``widths`` of the columns on paper, in any unit."""

    head: Sequence[str]
    rows: Sequence[Sequence[Text]]
    widths: Sequence[float]
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class Content:
    """What a sheet says, without any form.

    ``cover_chart`` and ``trend`` are empty where there is nothing to draw; ``map`` and
    ``locator`` None without a place.
    """

    title: str
    subtitle: str
    notes: Sequence[str]
    facts: Sequence[tuple[str, Text]]
    species: Table
    species_said: Sequence[str]
    criteria: Table
    cover_chart: str
    cover_said: Sequence[str]
    parts: Table
    trend: str
    trend_said: str
    areas: Table
    context: Table
    context_said: Sequence[str]
    sources: Sequence[str]
    map: maps.MapContent | None = None
    locator: maps.MapContent | None = None
    map_text: str = ""
    map_said: Sequence[str] = field(default=())


def content_of(
    sheet: Sheet, title: str = "", day: datetime.date | None = None, citations: Sequence[str] = ()
) -> Content:
    """What is to be said about a site."""
    row = sheet.row
    native = row.native_name if row.native_name != row.name else ""
    parts = [_isolated(native), QCoreApplication.translate("AzeReports", "Fact sheet of an AZE site or candidate")]
    if day:
        parts.append(QLocale().toString(day, QLocale.FormatType.LongFormat))
    species, said = _species(sheet)
    cover_chart, cover_said, parts_table, trend, trend_said, areas = _cover(sheet, day)
    context, context_said = _context(sheet)
    shown, locator, map_said = factsheet_map.both(sheet)
    return Content(
        title=title or row.name,
        subtitle=_mark() + " · ".join(part for part in parts if part),
        notes=_notes(sheet),
        facts=_facts(sheet),
        species=species,
        species_said=said,
        criteria=_criteria(sheet),
        cover_chart=cover_chart,
        cover_said=cover_said,
        parts=parts_table,
        trend=trend,
        trend_said=trend_said,
        areas=areas,
        context=context,
        context_said=context_said,
        sources=_sources(sheet, citations),
        map=shown,
        locator=locator,
        map_text=factsheet_map.in_words(sheet),
        map_said=map_said,
    )


def _mark() -> str:
    """Lets a line run as the sheet's language does, also where it begins with a name in another script."""
    return RIGHT_TO_LEFT if QLocale().textDirection() == Qt.LayoutDirection.RightToLeft else LEFT_TO_RIGHT


def _isolated(name: str) -> str:
    """A name that runs from right to left, kept apart from what stands round it."""
    mixed = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\u2068{name}\u2069" if mixed else name


def _notes(sheet: Sheet) -> list[str]:
    notes = []
    if sheet.boundary == PLACEHOLDER:
        notes.append(text("factsheet.placeholder"))
    elif sheet.boundary != BOUNDARY:
        notes.append(text("factsheet.no_boundary"))
        if sheet.place is None:
            notes.append(text("factsheet.no_place"))
    if sheet.same > 1:
        notes.append(text("factsheet.same_id", {"total": sheet.same}))
    if sheet.measured and sheet.boundary == BOUNDARY:
        notes += [_reworded(f.code, f.params) for f in sheet.measured.findings if f.code == "coverage.site_repaired"]
    return notes


def _facts(sheet: Sheet) -> list[tuple[str, Text]]:
    translate = QCoreApplication.translate
    row = sheet.row
    facts: list[tuple[str, Text]] = [(translate("AzeReports", "AZE status"), _aze_word(sheet))]
    if sheet.checked:
        facts.append(
            (translate("AzeReports", "Check of the criteria"), vocabulary.word("verdict", sheet.checked["verdict"]))
        )
    if row.kba:
        facts.append((translate("AzeReports", "KBA status"), row.kba))
    country = ", ".join(part for part in (_country(sheet), row.region) if part)
    facts.append((translate("AzeReports", "Country"), country))
    facts.append((translate("AzeReports", "Area"), _area(sheet)))
    if sheet.place:
        lon, lat = sheet.place
        place = f"{figures.number(lat, 4)}, {figures.number(lon, 4)}"
        facts.append((translate("AzeReports", "Mid-point (lat, lon)"), place))
    if sheet.told.get("number"):
        facts.append((translate("AzeReports", "Number of the site"), sheet.told["number"]))
    return facts


def _aze_word(sheet: Sheet) -> str:
    translate = QCoreApplication.translate
    if sheet.inputs.existing is not None and sheet.row.aze == site_words.UNKNOWN:
        return translate("AzeReports", "candidate")
    return {
        site_words.CONFIRMED: translate("AzeReports", "confirmed AZE site"),
        site_words.DE_LISTED: translate("AzeReports", "de-listed"),
        site_words.NONE: translate("AzeReports", "not listed as an AZE site"),
        site_words.UNKNOWN: translate("AzeReports", "the layer does not tell"),
    }.get(sheet.row.aze, sheet.row.aze_text)


def _country(sheet: Sheet) -> str:
    translate = QCoreApplication.translate
    row = sheet.row
    if row.special == "high_seas":
        return translate("AzeReports", "High seas")
    if row.special == "disputed":
        return translate("AzeReports", "Disputed")
    codes = ", ".join(sorted(coverage.countries_of(row.iso3))) or row.iso3
    named = row.country if row.country != row.iso3 else ""
    if named and codes:
        return f"{_isolated(named)} ({codes})"
    return named or codes or translate("AzeReports", "not known")


def _area(sheet: Sheet) -> str:
    translate = QCoreApplication.translate
    if sheet.boundary == BOUNDARY:
        return figures.hectares(sheet.site.area_ha)
    if sheet.row.area_ha is not None and not sheet.row.area_measured and not sheet.row.is_circle:
        return translate("AzeReports", "{area} as the layer states").format(area=figures.hectares(sheet.row.area_ha))
    return translate("AzeReports", "not known")


def _reworded(code: str, params: Mapping[str, Any]) -> str:
    """A finding's sentence for a sheet: long lists of names are cut."""
    shown = dict(params)
    for name, value in shown.items():
        if isinstance(value, str):
            shown[name] = _isolated(value)
        elif isinstance(value, (list, tuple)):
            names = [_isolated(str(v)) for v in value[:_NAMES]]
            shown[name] = [*names, _others(len(value) - _NAMES)] if len(value) > _NAMES else names
    return text(code, shown)


# -------------------------------------------------------------------------------------------------------- the species


def _species(sheet: Sheet) -> tuple[Table, list[str]]:
    translate = QCoreApplication.translate
    if sheet.species is None:
        table = sheet.inputs.table
        if table is not None:
            return Table((), (), ()), [text("factsheet.species_not_in_table", {"table": table.sourceName()})]
        return Table((), (), ()), [text("factsheet.species_unknown")]
    if not sheet.species:
        return Table((), (), ()), [text("factsheet.species_none")]
    checked = sheet.assessment is not None
    named = len(sheet.species) <= _NAMED and any(one.trigger.common_name for one in sheet.species)
    head, widths = [translate("AzeReports", "Species")], [4.4]
    if named:
        head.append(translate("AzeReports", "Common name"))
        widths.append(3.4)
    head.append(translate("AzeReports", "Category"))
    widths.append(2.5)
    if checked:
        head += [translate("AzeReports", "Share here"), translate("AzeReports", "Check")]
        widths += [3.4, 2.5]
    rows = []
    for one in sheet.species:
        cells: list[Text] = [Rich(one.trigger.scientific_name, italic=True)]
        if named:
            cells.append(_isolated(one.trigger.common_name))
        cells.append(_category(one) or "–")
        if checked:
            cells += [_share(one), _state(one, sheet)]
        rows.append(cells)
    said = []
    codes = sorted({c for c in map(_category, sheet.species) if c}, key=redlist.sort_key)
    words = [
        f"{code}: {vocabulary.word('category', code)}" for code in codes if vocabulary.word("category", code) != code
    ]
    if words:
        said.append("; ".join(words) + ".")
    if sheet.basis in (triggers.TABLE, triggers.FIELD):
        said.append(text("factsheet.species_listed", {"basis": _basis(sheet)}))
    else:
        said.append(text("factsheet.species_by_check"))
    if checked:
        threshold = sheet.assessment["settings"]["threshold"]
        said.append(text("factsheet.shares_checked", {"threshold_share": threshold}))
    else:
        said.append(text(f"factsheet.shares_{'no_boundary' if sheet.why_no_check == CANNOT else 'not_checked'}"))
    return Table(head, rows, widths), said


def _category(one: SheetSpecies) -> str:
    return (one.assessed or {}).get("category") or one.trigger.category


def _basis(sheet: Sheet) -> str:
    translate = QCoreApplication.translate
    name = Path(sheet.basis_source).name or sheet.basis_source
    if sheet.basis == triggers.TABLE:
        return translate("AzeReports", "table “{name}”").format(name=name)
    return translate("AzeReports", "the site layer “{name}”").format(name=name)


def _share(one: SheetSpecies) -> str:
    share = one.share
    if share is None:
        return QCoreApplication.translate("AzeReports", "not known")
    measure = vocabulary.word("parameter", share["parameter"])
    if share["segment"] != "all":
        measure += f", {vocabulary.word('segment', share['segment'])}"
    low, best, high = (figures.percent(share[name]) for name in ("low", "best", "high"))
    between = f"{low} – {high}; " if low != high else ""
    return f"{best} ({between}{measure})"


def _state(one: SheetSpecies, sheet: Sheet) -> str:
    translate = QCoreApplication.translate
    if one.assessed is None:
        return (
            translate("AzeReports", "not found here")
            if one.known
            else translate("AzeReports", "not in the species library")
        )
    if one.assessed["trigger"]:
        said = translate("AzeReports", "triggers")
    elif one.assessed["status"] == "needs_evidence":
        said = translate("AzeReports", "needs evidence")
    elif one.assessed["status"] == "not_assessable":
        said = translate("AzeReports", "cannot be assessed")
    else:
        said = translate("AzeReports", "does not trigger")
    if not one.listed and sheet.basis in (triggers.TABLE, triggers.FIELD):
        said = translate("AzeReports", "{state}, not listed").format(state=said)
    return said


# ------------------------------------------------------------------------------------------------------- the criteria


def _criteria(sheet: Sheet) -> Table:
    translate = QCoreApplication.translate
    head = (translate("AzeReports", "Criterion"), translate("AzeReports", "Status"), translate("AzeReports", "Why"))
    rows = [
        (vocabulary.word("criterion", name), *_criterion(sheet, name))
        for name in ("endangerment", "irreplaceability", "discreteness")
    ]
    return Table(head, rows, (3.2, 2.6, 8.8))


def _criterion(sheet: Sheet, name: str) -> tuple[str, str]:
    """Status of a criterion in a word, and the reason in a sentence."""
    translate = QCoreApplication.translate
    if sheet.checked:
        criterion = sheet.checked["criteria"][name]
        return vocabulary.word("status", criterion["status"]), _reason(criterion["findings"])
    listed = sheet.row.aze == site_words.CONFIRMED
    categories = sorted({c for c in map(_category, sheet.species or ()) if c}, key=redlist.sort_key)
    if listed and categories and name == "endangerment":
        named = [vocabulary.word("category", code) for code in categories]
        return translate("AzeReports", "as listed"), text("factsheet.endangerment_listed", {"categories": named})
    if sheet.why_no_check == CANNOT:
        return vocabulary.word("status", "not_assessable"), text("factsheet.cannot_check")
    if not listed:
        return translate("AzeReports", "not checked"), text("factsheet.not_checked")
    return translate("AzeReports", "as listed"), text("factsheet.listed_confirmed")


def _reason(findings: Sequence[Mapping[str, Any]]) -> str:
    """The weightiest finding: what speaks against comes first, what was found before what only warns."""
    if not findings:
        return ""
    blocking = [f for f in findings if f["severity"] == "blocking"]
    warnings = [f for f in findings if f["severity"] == "warning" and f["code"].startswith("discreteness.")]
    first = (blocking or warnings or list(findings))[0]
    if first["code"] == "discreteness.no_rationale":
        return text("factsheet.no_rationale")
    return _reworded(first["code"], first["params"])


# ---------------------------------------------------------------------------------------------------------- the cover


def _pct(value: float) -> str:
    return figures.percent(value / 100)


def _cover(sheet: Sheet, day: datetime.date | None) -> tuple[str, list[str], Table, str, str, Table]:
    """Cover bar, sentences, parts by country, trend with its sentence, protected areas."""
    translate = QCoreApplication.translate
    nothing = Table((), (), ())
    cover = sheet.measured
    if cover is None:
        return "", [text("factsheet.cover_not_measured")], nothing, "", "", nothing
    if cover.both_pct is None:
        own = ("coverage.site_null", "coverage.site_placeholder")
        said = [_reworded(f.code, f.params) for f in cover.findings if f.code not in own]
        return "", [text("factsheet.cover_cannot"), *said], nothing, "", "", nothing
    bar = charts.cover(
        cover.pa_pct,
        cover.oecm_pct,
        translate("AzeReports", "Cover of the site: {share}").format(share=_pct(cover.both_pct)),
        texts=(
            translate("AzeReports", "Protected areas {share}").format(share=_pct(cover.pa_pct)),
            translate("AzeReports", "OECMs {share}").format(share=_pct(cover.oecm_pct)),
            translate("AzeReports", "Unprotected {share}").format(share=_pct(max(0.0, 100 - cover.both_pct))),
        ),
        width=_WIDE,
        size=_FONT,
    )
    shares = {
        "both_share": cover.both_pct / 100,
        "area_ha": cover.area_ha,
        "unprotected_ha": cover.unprotected_ha,
    }
    said = [text("factsheet.cover" if cover.unprotected_ha else "factsheet.cover_all", shares)]
    if sheet.inputs.rules.circles:
        said.append(text("factsheet.points_circles"))
    parts = [part for part in sheet.cover.parts if part.site.fid == cover.site.fid]
    by_country = nothing
    if len(parts) > 1:
        head = (
            translate("AzeReports", "Part in"),
            translate("AzeReports", "Area"),
            translate("AzeReports", "Protected"),
        )
        rows = [(p.site.iso3, figures.hectares(p.site.area_ha), _pct(p.both_pct)) for p in parts]
        by_country = Table(head, rows, (3, 4, 4), (1, 2))
    trend, trend_said = _trend(sheet, cover, day)
    if not cover.areas:
        said.append(text("factsheet.no_areas"))
    return bar, said, by_country, trend, trend_said, _areas(cover)


def _trend(sheet: Sheet, cover: coverage.SiteCoverage, day: datetime.date | None) -> tuple[str, str]:
    translate = QCoreApplication.translate
    if not cover.years:
        return "", text("factsheet.no_trend") if cover.areas else ""
    document = sheet.cover.as_json()["sites"][0]
    years = document["years"]
    title = translate("AzeReports", "Cover by year: {first} {before}, {last} {now}").format(
        first=years[0]["year"],
        before=_pct(years[0]["both_pct"]),
        last=years[-1]["year"],
        now=_pct(years[-1]["both_pct"]),
    )
    series = [charts.Series.of_years(translate("AzeReports", "Cover"), years)]
    svg = charts.trend(
        series,
        title,
        width=_WIDE,
        height=_TALL,
        size=_FONT,
        number=lambda value: figures.percent(value / 100),
        last_year=day.year if day else None,
    )
    said = [text("factsheet.trend_band", f["params"]) for f in document["findings"] if f["code"] == _UNDATED]
    return svg, " ".join(said)


def _areas(cover: coverage.SiteCoverage) -> Table:
    translate = QCoreApplication.translate
    if not cover.areas:
        return Table((), (), ())
    head = (
        translate("AzeReports", "Area"),
        translate("AzeReports", "Since"),
        translate("AzeReports", "Of the site"),
    )
    rows: list[Sequence[Text]] = []
    for share in cover.areas:
        area = share.area
        name: list[str | Rich] = [_mark() + _isolated(area.name or area.area_id)]
        designation = area.designations[0] if area.designations else ""
        if area.kind == coverage.OECM:
            name[0] = translate("AzeReports", "{name}, OECM").format(name=name[0])
        if designation:
            name.append(Rich(f" ({designation})", quiet=True))
        rows.append((name, str(share.status_year) if share.status_year else "–", _pct(share.pct)))
    return Table(head, rows, (7, 1.9, 2.4), (1, 2))


# --------------------------------------------------------------------------------------------------- the surroundings


def _context(sheet: Sheet) -> tuple[Table, list[str]]:
    """What each layer holds in the site, a row each."""
    translate = QCoreApplication.translate
    found = sheet.context
    if found is None:
        return Table((), (), ()), []
    rows = []
    for number, layer in enumerate(found.layers):
        of_layer = [f for f in found.figures if f.layer == number]
        name = layer.name if layer.band is None else f"{layer.name} ({layer.band})"
        rows.append((name, _figure(of_layer), _compared(of_layer, layer)))
    head = (
        translate("AzeReports", "Layer"),
        translate("AzeReports", "Here"),
        translate("AzeReports", "Layer as a whole"),
    )
    said = [text("factsheet.context_circle")] if sheet.boundary == PLACEHOLDER else []
    return Table(head, rows, (4.0, 4.4, 2.6)), said


def _figure(of_layer: Sequence[surroundings.Figure]) -> str:
    translate = QCoreApplication.translate
    first = of_layer[0] if of_layer else None
    if first is None or first.value is None:
        return problem_text(first.problem) if first and first.problem else translate("AzeReports", "not known")
    if first.kind == surroundings.MEASURES:
        return _plain_number(first.value)
    if first.kind == surroundings.CLASSES:
        shown = [f"{f.class_name} {figures.percent(f.value)}" for f in of_layer[:_CLASSES]]
        left = len(of_layer) - len(shown)
        return "; ".join([*shown, *([_others(left)] if left else [])])
    least = context_rules().least_share
    names = [f"{_isolated(name)} {figures.percent(share)}" for name, share in first.names if name and share > least]
    left = len(names) - _CLASSES
    listed = "; ".join([*names[:_CLASSES], *([_others(left)] if left > 0 else [])])
    if len(names) == 1 and first.names[0][1] >= first.value - 1e-9:
        return listed
    share = figures.percent(first.value)
    return f"{share}: {listed}" if listed else share


def _others(count: int) -> str:
    return QCoreApplication.translate("AzeReports", "{count} more").format(count=figures.number(count))


def _compared(of_layer: Sequence[surroundings.Figure], layer: surroundings.LayerFigures) -> str:
    translate = QCoreApplication.translate
    first = of_layer[0] if of_layer else None
    if first is None or first.layer_value is None:
        return "–"
    if first.kind == surroundings.MEASURES:
        whole = _plain_number(first.layer_value)
        if first.ratio is None:
            return whole
        return translate("AzeReports", "{value}; here {ratio} times that").format(
            value=whole, ratio=figures.number(first.ratio, 1)
        )
    if first.kind == surroundings.CLASSES:
        return f"{first.class_name} {figures.percent(first.layer_value)}"
    return figures.percent(first.layer_value)


def _plain_number(value: float) -> str:
    """A measurement in three significant digits or so."""
    if value == 0 or not np.isfinite(value):
        return figures.number(value)
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return figures.number(value, min(6, digits))


# --------------------------------------------------------------------------------------------------------- the sources


def _sources(sheet: Sheet, citations: Sequence[str]) -> list[str]:
    translate = QCoreApplication.translate
    roles = {
        "sites": translate("AzeReports", "Sites"),
        "existing": translate("AzeReports", "Existing sites"),
        "protected": translate("AzeReports", "Protected areas and OECMs"),
        "countries": translate("AzeReports", "Countries"),
        "triggers": translate("AzeReports", "Trigger species"),
        "library": translate("AzeReports", "Species"),
        "context": translate("AzeReports", "Surroundings"),
    }
    said = [line if line.endswith((".", "!", "?", "。")) else f"{line}." for line in citations if line]
    # Layers of one role that say the same of themselves go together.
    alike: dict[tuple[str, ...], list[str]] = {}
    for source in sheet.sources:
        key = tuple(source[member] for member in ("role", "file", "version", "date", "citation"))
        alike.setdefault(key, []).append(source["name"])
    for (role, *more), names in alike.items():
        parts = [", ".join(_isolated(name) for name in names), *more]
        said.append(f"{roles[role]}: {', '.join(_isolated(p) for p in parts if p)}.")
    software = checking.software()
    borders = "" if sheet.inputs.countries else translate("AzeReports", "Borders: Natural Earth, for orientation only.")
    made = translate("AzeReports", "AZE Toolkit {plugin}, QGIS {qgis}.").format(
        plugin=software["plugin"], qgis=software["qgis"]
    )
    return [*said, " ".join(part for part in (text("factsheet.method"), borders, made) if part)]
