"""The country report in words, tables, charts and a map: one story for the page of HTML and for the PDF."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, QLocale, Qt

from ..domain import coverage, geometry, national
from ..domain.coverage import COMPLETE, NONE, NOT_ASSESSED, PARTIAL
from ..domain.national import Entry, Figures, SiteChange, SpeciesCover
from ..domain.progress import Progress
from . import figures, files, vocabulary
from .countryreport import Gathered, listed
from .main_thread import on_main_thread
from .reporting import charts, layout, maps
from .reporting.html import LEFT_TO_RIGHT, RIGHT_TO_LEFT, Page, Rich, Text
from .reporting.story import Story
from .wording import text

TEMPLATE = "country"

# A PDF says when it was made; without a date asked for it is this one, so that the same data give the same bytes.
_NO_DAY = datetime.date(2000, 1, 1)

# Rows of a list in the report of one country, and in that of all for each; the table and the summary have all.
_ROWS, _ROWS_OF_MANY = 1500, 12

# Names stand on the map up to so many sites, and outlines up to so many.
_LABELLED, _OUTLINED = 40, 3000

_KINDS = (COMPLETE, PARTIAL, NONE, NOT_ASSESSED)


@dataclass(frozen=True)
class Wanted:
    """Which files to write, empty for none, under which title, and with which date and lines on sources."""

    html: str = ""
    pdf: str = ""
    title: str = ""
    day: datetime.date | None = None
    citations: tuple[str, ...] = ()


def write(gathered: Gathered, wanted: Wanted, progress: Progress) -> int:
    """Write page and PDF; the number of the PDF's pages, 0 without one. Each file is written whole or not at all."""
    title = wanted.title or _title(gathered)
    subtitle = _subtitle(gathered, wanted)
    story = _story(gathered, wanted)
    content = _map(gathered)
    ground = _ground(gathered)
    progress.set(0.2)
    foot = _foot(gathered, wanted)

    def background() -> list:
        return maps.layers(ground) if ground else [layer for layer in [maps.ground_layer()] if layer]

    png, pages = None, 0
    if wanted.html and content is not None:

        def pictured(main: Progress) -> bytes:
            return maps.picture(content, 1600, 1150, background=background(), progress=main)

        png = on_main_thread(pictured, progress.part(0.2, 0.4))
    if wanted.pdf:

        def begun(report: layout.Report) -> None:
            report.fill({"title": title, "subtitle": subtitle, "foot": foot})
            if content is not None:
                report.show_map(content, background())
            else:
                report.leave_out("map", "legend", "scalebar", "north")

        with layout.Building(TEMPLATE) as building:
            building.step(begun, progress.part(0.4, 0.5))
            story.into_building(building, progress.part(0.5, 0.7))
            pages = building.export(wanted.pdf, wanted.day or _NO_DAY, progress.part(0.7, 0.95))
    if wanted.html:
        page = Page(title, _language(), subtitle, QCoreApplication.translate("AzeReports", "Contents"))
        story.into_page(page, {"map": png} if png else {})
        page.footer(foot)
        with files.replacing(wanted.html) as beside:
            beside.write_text(page.render(), encoding="utf-8")
    progress.set(1)
    return pages


def _language() -> str:
    return QLocale().name().replace("_", "-").split("-")[0] if QLocale().language() != QLocale.Language.C else "en"


def _title(gathered: Gathered) -> str:
    translate = QCoreApplication.translate
    if not gathered.inputs.country:
        return translate("AzeReports", "AZE sites by country")
    return translate("AzeReports", "AZE sites: {country}").format(country=_country(gathered, gathered.inputs.country))


def _country(gathered: Gathered, code: str) -> str:
    name = gathered.country_name(code)
    if not code:
        return QCoreApplication.translate("AzeReports", "Country not known")
    if code == "---":
        return QCoreApplication.translate("AzeReports", "High seas")
    return name if name == code else f"{name} ({code})"


def _subtitle(gathered: Gathered, wanted: Wanted) -> str:
    translate = QCoreApplication.translate
    said = [translate("AzeReports", "Cover by protected areas and OECMs, trigger species, and what is still open")]
    if wanted.day:
        said.append(QLocale().toString(wanted.day, QLocale.FormatType.LongFormat))
    return " · ".join(said)


def _foot(gathered: Gathered, wanted: Wanted) -> str:
    names = wanted.citations or [source["name"] for source in gathered.sources]
    return QCoreApplication.translate("AzeReports", "Sources: {names}").format(names="; ".join(dict.fromkeys(names)))


# ---------------------------------------------------------------------------------------------------------- the story


def _pct(value: float | None) -> str:
    """A percentage as the report writes it; what could not be assessed is said."""
    return QCoreApplication.translate("AzeReports", "not assessed") if value is None else figures.percent(value / 100)


def _between(value: float | None, interval: national.Interval | None) -> str:
    if value is None or interval is None:
        return _pct(value)
    return f"{_pct(value)} ({_pct(interval.low)} – {_pct(interval.high)})"


def class_word(cover_class: str) -> str:
    """A class of cover in words."""
    translate = QCoreApplication.translate
    return {
        COMPLETE: translate("AzeReports", "completely protected"),
        PARTIAL: translate("AzeReports", "partly protected"),
        NONE: translate("AzeReports", "unprotected"),
        NOT_ASSESSED: translate("AzeReports", "not assessed"),
    }[cover_class]


def _category(code: str) -> str:
    if not code:
        return QCoreApplication.translate("AzeReports", "Category not given")
    return f"{vocabulary.word('category', code)} ({code})"


def _story(gathered: Gathered, wanted: Wanted) -> Story:
    right_to_left = QLocale().textDirection() == Qt.LayoutDirection.RightToLeft
    story = Story(RIGHT_TO_LEFT if right_to_left else LEFT_TO_RIGHT)
    whole = gathered.whole
    if not whole.entries:
        place = _country(gathered, gathered.inputs.country)
        story.note(text("report.no_sites", {"country": place}))
        _changes(story, gathered)
        _sources(story, gathered, wanted)
        return story
    _overview(story, whole)
    if gathered.inputs.country:
        _of_country(story, gathered, whole, 2, _ROWS)
    else:
        story.picture("map", _map_words(gathered), _map_caption(gathered))
        _by_country(story, gathered)
        _cover(story, gathered, whole, 2)
        _targets(story, gathered, whole, 2, _ROWS_OF_MANY)
        for code, of_one in gathered.countries.items():
            story.heading(_country(gathered, code))
            _overview(story, of_one)
            _of_country(story, gathered, of_one, 3, _ROWS_OF_MANY)
    _changes(story, gathered)
    _sources(story, gathered, wanted)
    return story


def _overview(story: Story, one: Figures) -> None:
    translate = QCoreApplication.translate
    block = one.block
    known = one.without_species < len(one.entries)
    story.facts(
        [
            (translate("AzeReports", "Sites"), figures.number(block["sites"])),
            (
                translate("AzeReports", "Area of the assessed sites"),
                _pct(None) if one.area_ha is None else figures.hectares(one.area_ha),
            ),
            (translate("AzeReports", "Mean cover of a site"), _pct(block["mean_pct"])),
            (translate("AzeReports", "Cover of their area"), _pct(block["area_weighted_pct"])),
            (
                translate("AzeReports", "Unprotected sites"),
                figures.number(block["none"]) if block["sites"] > block["not_assessed"] else _pct(None),
            ),
            (
                translate("AzeReports", "Trigger species"),
                figures.number(len(one.species)) if known else translate("AzeReports", "not known"),
            ),
        ]
    )


def _of_country(story: Story, gathered: Gathered, one: Figures, level: int, most: int) -> None:
    translate = QCoreApplication.translate
    single = level == 2
    if single:
        story.picture("map", _map_words(gathered), _map_caption(gathered))
        _cover(story, gathered, one, level)
        _targets(story, gathered, one, level, most)
    else:
        _classes_chart(story, one)
        _trend(story, gathered, one)
    unprotected = one.of_class(NONE)
    story.heading(translate("AzeReports", "Unprotected sites"), level)
    if unprotected:
        _site_table(story, unprotected, most, "")
    else:
        story.paragraph(text("report.no_unprotected"))
    aside = one.of_class(NOT_ASSESSED)
    if aside:
        story.heading(translate("AzeReports", "Sites that could not be assessed"), level)
        story.items(_reason(entry) for entry in aside[:most])
        _cut(story, aside, most)
    if single:
        story.heading(translate("AzeReports", "All sites"), level)
        _site_table(story, one.entries, most, "")


def _reason(entry: Entry) -> str:
    said = [text(finding.code, finding.params) for finding in entry.cover.findings]
    return " ".join(said) or f"{entry.name}: {class_word(NOT_ASSESSED)}"


def _cover(story: Story, gathered: Gathered, one: Figures, level: int) -> None:
    translate = QCoreApplication.translate
    block, rules = one.block, gathered.inputs.rules
    story.heading(translate("AzeReports", "Protected-area cover"), level)
    if block["mean_pct"] is None:
        story.note(text("report.none_assessed"))
    else:
        story.paragraph(text("report.mean", {"mean_share": block["mean_pct"] / 100}))
        story.paragraph(text("report.weighted", {"covered_share": block["area_weighted_pct"] / 100}))
        story.table(
            (
                "",
                translate("AzeReports", "Protected areas"),
                translate("AzeReports", "OECMs outside them"),
                translate("AzeReports", "Both (95 % interval)"),
            ),
            [
                (
                    translate("AzeReports", "Mean of sites"),
                    _pct(block["mean_pa_pct"]),
                    _pct(block["mean_oecm_pct"]),
                    _between(block["mean_pct"], one.mean),
                ),
                (
                    translate("AzeReports", "Of their area"),
                    _pct(one.pa_weighted_pct),
                    _pct(one.oecm_weighted_pct),
                    _between(block["area_weighted_pct"], one.weighted),
                ),
            ],
            (3, 3, 3, 5),
            (1, 2, 3),
        )
        if one.mean:
            assessed = block["sites"] - block["not_assessed"]
            story.paragraph(text("report.interval", {"draws": rules.draws, "sites": assessed}), quiet=True)
        else:
            story.paragraph(text("report.no_interval"), quiet=True)
    if block["not_assessed"]:
        story.note(text("report.not_assessed", {"count": block["not_assessed"]}), plain=True)
    _classes_chart(story, one)
    story.paragraph(
        text(
            "report.classes",
            {
                "complete_share": rules.complete_at_least_pct / 100,
                "none_share": rules.none_at_most_pct / 100,
            },
        ),
        quiet=True,
    )
    _trend(story, gathered, one)


def _classes_chart(story: Story, one: Figures) -> None:
    translate = QCoreApplication.translate
    block = one.block
    counts = {kind: block[kind] for kind in _KINDS}
    bar = charts.Bar(
        translate("AzeReports", "Sites"),
        tuple(charts.Part(kind, count, figures.number(count)) for kind, count in counts.items() if count),
        figures.number(block["sites"]),
    )
    said = ", ".join(f"{class_word(kind)} {figures.number(count)}" for kind, count in counts.items())
    title = translate("AzeReports", "Sites by class of cover: {counts}").format(counts=said)
    key = [(kind, f"{class_word(kind)}: {figures.number(count)}") for kind, count in counts.items()]
    story.chart(charts.bars([bar], title, key=key), "")


def _trend(story: Story, gathered: Gathered, one: Figures) -> None:
    translate = QCoreApplication.translate
    years = one.block["years"]
    if not years:
        if one.block["mean_pct"] is not None:
            code = "report.no_trend" if one.block["mean_pct"] else "report.no_trend_uncovered"
            story.paragraph(text(code))
        return
    series = [charts.Series.of_years(translate("AzeReports", "Mean of sites"), years)]
    last = years[-1]
    title = translate("AzeReports", "Mean cover by year: {first} {before}, {last} {now}").format(
        first=years[0]["year"], before=_pct(years[0]["both_pct"]), last=last["year"], now=_pct(last["both_pct"])
    )
    svg = charts.trend(series, title, number=lambda value: figures.percent(value / 100))
    banded = any(year["high_pct"] - year["low_pct"] > 1e-9 for year in years)
    code = "report.trend_band" if banded else "report.trend"
    story.chart(svg, text(code, {"draws": gathered.inputs.rules.draws}))


# ------------------------------------------------------------------------------------------------- targets, species


def _targets(story: Story, gathered: Gathered, one: Figures, level: int, most: int) -> None:
    translate = QCoreApplication.translate
    block, rules = one.block, gathered.inputs.rules
    story.heading(translate("AzeReports", "For the biodiversity strategy (NBSAP)"), level)
    if one.area_ha is None:
        story.paragraph(text("report.target1_no_area"))
    else:
        story.paragraph(text("report.target1", {"count": block["sites"], "area_ha": one.area_ha}))
    if one.unprotected_ha is None:
        story.paragraph(text("report.target2_none"))
        story.paragraph(text("report.target3_none"))
    else:
        story.paragraph(
            text(
                "report.target2",
                {"unprotected_ha": one.unprotected_ha, "unprotected": block["none"], "partial": block["partial"]},
            )
        )
        story.paragraph(
            text(
                "report.target3",
                {
                    "pa_share": one.pa_weighted_pct / 100,
                    "oecm_share": one.oecm_weighted_pct / 100,
                    "covered_share": block["area_weighted_pct"] / 100,
                },
            )
        )
    bare = [species for species in one.species if species.cover_class == NONE]
    if one.species:
        story.paragraph(text("report.target4", {"count": len(one.species), "uncovered": len(bare)}))
    else:
        story.paragraph(text("report.target4_unknown"))
    _species(story, gathered, one, bare, level, most)
    if one.species:
        story.paragraph(text("report.cover_of_species", {"none_share": rules.none_at_most_pct / 100}), quiet=True)


def _species(
    story: Story, gathered: Gathered, one: Figures, bare: Sequence[SpeciesCover], level: int, most: int
) -> None:
    translate = QCoreApplication.translate
    story.heading(translate("AzeReports", "Trigger species"), level)
    if one.without_species:
        story.note(text("report.species_unknown", {"count": one.without_species}), plain=True)
    bases = sorted({entry.basis for entry in one.entries if entry.basis})
    if bases:
        story.paragraph(
            text("report.species_basis", {"bases": [_basis(gathered, basis) for basis in bases]}), quiet=True
        )
    if not one.species:
        return
    rows = [
        charts.Bar(
            _category(category),
            tuple(charts.Part(kind, classes[kind], figures.number(classes[kind])) for kind in _KINDS if classes[kind]),
            figures.number(sum(classes.values())),
        )
        for category, classes in one.categories()
    ]
    title = translate("AzeReports", "Trigger species by category and by cover of their sites")
    story.chart(charts.bars(rows, title, key=[(kind, class_word(kind)) for kind in _KINDS]), title)
    story.table(
        (
            translate("AzeReports", "Category"),
            *(class_word(kind) for kind in _KINDS),
            translate("AzeReports", "Species"),
        ),
        [
            (
                _category(category),
                *(figures.number(classes[kind]) for kind in _KINDS),
                figures.number(sum(classes.values())),
            )
            for category, classes in one.categories()
        ],
        (4, 2, 2, 2, 2, 2),
        (1, 2, 3, 4, 5),
    )
    if bare:
        story.table(
            (
                translate("AzeReports", "Species"),
                translate("AzeReports", "Category"),
                translate("AzeReports", "Sites"),
            ),
            [
                (
                    Rich(species.species.scientific_name, italic=True),
                    _category(species.species.category),
                    "; ".join(entry.name for entry in species.sites),
                )
                for species in bare[:most]
            ],
            (3, 3, 5),
            caption=translate("AzeReports", "Species without a covered site"),
        )
        _cut(story, bare, most)


def _basis(gathered: Gathered, basis: str) -> str:
    translate = QCoreApplication.translate
    name = Path(gathered.triggers.sources.get(basis, "")).name
    return {
        "field": translate("AzeReports", "the site layer’s own field ({name})"),
        "table": translate("AzeReports", "the table “{name}”"),
        "library": translate("AzeReports", "a check of the sites against the species library ({name})"),
    }[basis].format(name=name)


# --------------------------------------------------------------------------------------------------------------- lists


def _cut(story: Story, rows: Sequence, most: int) -> None:
    if len(rows) > most:
        story.paragraph(text("report.list_cut", {"shown": most, "total": len(rows)}), quiet=True)


def _site_table(story: Story, entries: Sequence[Entry], most: int, caption: str) -> None:
    translate = QCoreApplication.translate
    head = (
        translate("AzeReports", "Site"),
        translate("AzeReports", "Id"),
        translate("AzeReports", "Latitude / longitude"),
        translate("AzeReports", "Area"),
        translate("AzeReports", "PA"),
        translate("AzeReports", "OECM"),
        translate("AzeReports", "Both"),
        translate("AzeReports", "Class"),
        translate("AzeReports", "Trigger species"),
    )
    widths = (5.0, 1.9, 2.7, 2.7, 1.9, 1.9, 2.0, 3.2, 4.9)
    story.table(head, [_site_cells(entry) for entry in entries[:most]], widths, (3, 4, 5, 6), caption)
    _cut(story, entries, most)


def _site_cells(entry: Entry) -> tuple[Text, ...]:
    translate = QCoreApplication.translate
    cover = entry.cover
    name = entry.name
    if entry.is_part:
        name = translate("AzeReports", "{site} (part in {country})").format(site=name, country=cover.site.iso3)
    aside = cover.cover_class == NOT_ASSESSED
    return (
        name,
        entry.site_id,
        _place(entry.place),
        "–" if cover.area_ha is None else figures.hectares(cover.area_ha),
        *("–" if aside else _pct(value) for value in (cover.pa_pct, cover.oecm_pct, cover.both_pct)),
        class_word(cover.cover_class),
        _species_cell(entry),
    )


def _species_cell(entry: Entry) -> Text:
    translate = QCoreApplication.translate
    if entry.species is None:
        return Rich(translate("AzeReports", "not known"), quiet=True)
    if not entry.species:
        return Rich(translate("AzeReports", "none found in the library"), quiet=True)
    parts: list[str | Rich] = []
    for n, one in enumerate(entry.species):
        parts.append(Rich(one.scientific_name, italic=True))
        parts.append((f" ({one.category})" if one.category else "") + ("; " if n + 1 < len(entry.species) else ""))
    return parts


def _place(place: tuple[float, float] | None) -> str:
    if place is None:
        return "–"
    lon, lat = place
    # No comma between them: in many languages it stands within them.
    return f"{figures.number(lat, 4)} / {figures.number(lon, 4)}"


def _by_country(story: Story, gathered: Gathered) -> None:
    translate = QCoreApplication.translate
    story.heading(translate("AzeReports", "Countries"))
    head = (
        translate("AzeReports", "Country"),
        translate("AzeReports", "Sites"),
        translate("AzeReports", "Mean cover"),
        translate("AzeReports", "Of their area"),
        *(class_word(kind) for kind in _KINDS),
        translate("AzeReports", "Trigger species"),
    )
    rows = []
    for code, one in gathered.countries.items():
        block = one.block
        known = one.without_species < len(one.entries)
        rows.append(
            (
                _country(gathered, code),
                figures.number(block["sites"]),
                _pct(block["mean_pct"]),
                _pct(block["area_weighted_pct"]),
                *(figures.number(block[kind]) for kind in _KINDS),
                figures.number(len(one.species)) if known else translate("AzeReports", "not known"),
            )
        )
    story.table(head, rows, (4, 1.4, 1.8, 1.8, 3.0, 2.8, 3.2, 2.6, 2.4), tuple(range(1, 9)))


# --------------------------------------------------------------------------------------------------- what has changed


def _changes(story: Story, gathered: Gathered) -> None:
    changed = gathered.changes
    if changed is None:
        return
    translate = QCoreApplication.translate
    story.heading(translate("AzeReports", "What has changed since the earlier run"))
    if changed.settings:
        story.note(text("report.settings_differ", {"settings": [_setting(name) for name in changed.settings]}))
    before, after = changed.before, changed.after
    counts = {"before": before["sites"], "after": after["sites"]}
    if before["mean_pct"] is None or after["mean_pct"] is None:
        story.paragraph(text("report.mean_before_unknown", counts))
    else:
        shares = {"before_share": before["mean_pct"] / 100, "after_share": after["mean_pct"] / 100}
        story.paragraph(text("report.mean_before", {**counts, **shares}))
    if changed.nothing:
        story.paragraph(text("report.no_change"))
        return
    for title, rows in (
        (translate("AzeReports", "New sites"), changed.added),
        (translate("AzeReports", "Sites that are no longer there"), changed.removed),
    ):
        if rows:
            story.heading(title, 3)
            story.items(
                f"{row['name']} ({row['site_id']}): {_class_of(row['cover_class'], row['both_pct'])}"
                for row in rows[:_ROWS]
            )
            _cut(story, rows, _ROWS)
    if changed.changed:
        story.table(
            (
                translate("AzeReports", "Site"),
                translate("AzeReports", "Cover then"),
                translate("AzeReports", "Cover now"),
                translate("AzeReports", "Area then"),
                translate("AzeReports", "Area now"),
            ),
            [_changed_cells(change) for change in changed.changed[:_ROWS]],
            (5, 4, 4, 2.4, 2.4),
            (3, 4),
            caption=translate("AzeReports", "Sites that are not as they were"),
        )
        _cut(story, changed.changed, _ROWS)
    for title, rows in (
        (translate("AzeReports", "New trigger species"), changed.species_added),
        (translate("AzeReports", "Trigger species that are no longer there"), changed.species_removed),
    ):
        if rows:
            story.heading(title, 3)
            story.items([Rich(row["scientific_name"], italic=True), f" – {_category(row['category'])}"] for row in rows)
    if changed.recategorised:
        story.heading(translate("AzeReports", "Species in another category"), 3)
        story.items(
            text("report.recategorised", {"species": name, "earlier": _category(one), "now": _category(other)})
            for name, one, other in changed.recategorised
        )


def _setting(name: str) -> str:
    return name.replace("_", " ")


def _class_of(cover_class: str, both_pct: float | None) -> str:
    words = class_word(cover_class) if cover_class in _KINDS else cover_class
    return words if both_pct is None else f"{words}, {_pct(both_pct)}"


def _changed_cells(change: SiteChange) -> tuple[str, ...]:
    def hectares(value: float | None) -> str:
        return "–" if value is None else figures.hectares(value)

    return (
        f"{change.name} ({change.site_id})",
        _class_of(change.before_class, change.before_pct),
        _class_of(change.after_class, change.after_pct),
        hectares(change.before_ha),
        hectares(change.after_ha),
    )


# ------------------------------------------------------------------------------------------------------------- sources


def _sources(story: Story, gathered: Gathered, wanted: Wanted) -> None:
    translate = QCoreApplication.translate
    result, rules = gathered.result, gathered.inputs.rules
    story.heading(translate("AzeReports", "Sources and method"))
    roles = {
        "sites": translate("AzeReports", "Sites"),
        "protected": translate("AzeReports", "Protected areas and OECMs"),
        "countries": translate("AzeReports", "Countries"),
        "triggers": translate("AzeReports", "Trigger species"),
        "library": translate("AzeReports", "Species library"),
    }
    story.table(
        (
            translate("AzeReports", "Role"),
            translate("AzeReports", "Dataset"),
            translate("AzeReports", "Release and citation"),
            translate("AzeReports", "Rows"),
        ),
        [
            (
                roles[source["role"]],
                source["name"],
                ". ".join(s for s in (source.get("version", ""), source.get("citation", "")) if s) or "–",
                figures.number(source["rows"]),
            )
            for source in gathered.sources
        ],
        (3, 5, 6, 2),
        (3,),
    )
    if wanted.citations:
        story.items(wanted.citations, free=True)
    story.items(text(code, params) for code, params in gathered.notes)
    strangers = gathered.triggers.strangers
    if strangers:
        shown = [*strangers[:10], *(["…"] if len(strangers) > 10 else [])]
        story.paragraph(text("report.species_strangers", {"count": len(strangers), "ids": shown}))
    # Of which sites were not assessed or split, this report tells itself, of those that it is about.
    told = ("coverage.sites_not_assessed", "coverage.sites_split")
    story.items(text(note.code, note.params) for note in result.notes if note.code not in told)
    excluded = sum(result.excluded.values())
    if result.covers:
        story.paragraph(text("report.areas_counted", {"counted": result.counted, "excluded": excluded}))
    if excluded:
        story.items(
            f"{_exclusion(reason)}: {figures.number(result.excluded[reason])}"
            for reason in rules.reasons
            if result.excluded.get(reason)
        )
    if result.repaired:
        story.paragraph(text("report.repaired", {"count": result.repaired}))
    said = [text("report.method"), text("report.statuses", {"statuses": list(rules.statuses)})]
    said.append(text("report.points_circles" if rules.circles else "report.points_omitted"))
    if rules.exclude_mab:
        said.append(text("report.mab_excluded"))
    said.append(text("report.draws", {"draws": rules.draws, "seed": str(rules.seed)}))
    story.paragraph(" ".join(said), quiet=True)


def _exclusion(reason: str) -> str:
    translate = QCoreApplication.translate
    return {
        "mab_reserve": translate("AzeReports", "UNESCO-MAB biosphere reserves"),
        "status_proposed": translate("AzeReports", "proposed only"),
        "status_not_reported": translate("AzeReports", "status not reported"),
        "status_other": translate("AzeReports", "with another status"),
        "point_omitted": translate("AzeReports", "known only as a point"),
        "point_without_area": translate("AzeReports", "a point without reported area"),
        "no_geometry": translate("AzeReports", "without a geometry"),
    }[reason]


# ------------------------------------------------------------------------------------------------------------- the map


def _map(gathered: Gathered) -> maps.MapContent | None:
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
    for kind in _KINDS:
        spots = [maps.spot(e.name, *e.place) for e in entries if e.cover.cover_class == kind]
        label = translate("AzeReports", "Site: {state}").format(state=class_word(kind))
        groups.append(maps.Group(kind, label, spots, labelled=len(entries) <= _LABELLED))
    return maps.MapContent(groups, maps.focus_on(gathered.focus))


def _gaps(gathered: Gathered, entries: Sequence[Entry]) -> list[tuple[str, bytes]]:
    shown = {entry.cover.site.fid for entry in entries}
    return [maps.area(cover.site.name, shape) for cover, shape in gathered.result.gaps if cover.site.fid in shown]


def _ground(gathered: Gathered) -> maps.MapContent | None:
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


def _map_words(gathered: Gathered) -> str:
    """The map for those who do not see it."""
    block = gathered.whole.block
    counts = ", ".join(f"{class_word(kind)} {figures.number(block[kind])}" for kind in _KINDS)
    return QCoreApplication.translate("AzeReports", "Map of {sites} sites by class of cover: {counts}.").format(
        sites=figures.number(block["sites"]), counts=counts
    )


def _map_caption(gathered: Gathered) -> str:
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
