"""The country report’s figures of cover: at a glance, in a table with intervals, by class, by year."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from ..domain.national import Figures
from . import figures
from .country_words import KINDS, between, class_word, pct
from .countryreport import Gathered
from .reporting import charts
from .reporting.story import Story
from .wording import text


def overview(story: Story, one: Figures) -> None:
    """The six figures that stand first."""
    translate = QCoreApplication.translate
    block = one.block
    known = one.without_species < len(one.entries)
    story.facts(
        [
            (translate("AzeReports", "Sites"), figures.number(block["sites"])),
            (
                translate("AzeReports", "Area of the assessed sites"),
                pct(None) if one.area_ha is None else figures.hectares(one.area_ha),
            ),
            (translate("AzeReports", "Mean cover of a site"), pct(block["mean_pct"])),
            (translate("AzeReports", "Cover of their area"), pct(block["area_weighted_pct"])),
            (
                translate("AzeReports", "Unprotected sites"),
                figures.number(block["none"]) if block["sites"] > block["not_assessed"] else pct(None),
            ),
            (
                translate("AzeReports", "Trigger species"),
                figures.number(len(one.species)) if known else translate("AzeReports", "not known"),
            ),
        ]
    )


def cover_section(story: Story, gathered: Gathered, one: Figures, level: int) -> None:
    """Mean and area-weighted cover with intervals, classes and trend."""
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
                    pct(block["mean_pa_pct"]),
                    pct(block["mean_oecm_pct"]),
                    between(block["mean_pct"], one.mean),
                ),
                (
                    translate("AzeReports", "Of their area"),
                    pct(one.pa_weighted_pct),
                    pct(one.oecm_weighted_pct),
                    between(block["area_weighted_pct"], one.weighted),
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
    classes_chart(story, one)
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
    trend(story, gathered, one)


def classes_chart(story: Story, one: Figures) -> None:
    """Sites by class of cover as a bar."""
    translate = QCoreApplication.translate
    block = one.block
    counts = {kind: block[kind] for kind in KINDS}
    bar = charts.Bar(
        translate("AzeReports", "Sites"),
        tuple(charts.Part(kind, count, figures.number(count)) for kind, count in counts.items() if count),
        figures.number(block["sites"]),
    )
    said = ", ".join(f"{class_word(kind)} {figures.number(count)}" for kind, count in counts.items())
    title = translate("AzeReports", "Sites by class of cover: {counts}").format(counts=said)
    key = [(kind, f"{class_word(kind)}: {figures.number(count)}") for kind, count in counts.items()]
    story.chart(charts.bars([bar], title, key=key), "")


def trend(story: Story, gathered: Gathered, one: Figures) -> None:
    """Mean cover by the year in which areas got their status, or why there is none."""
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
        first=years[0]["year"], before=pct(years[0]["both_pct"]), last=last["year"], now=pct(last["both_pct"])
    )
    svg = charts.trend(series, title, number=lambda value: figures.percent(value / 100))
    banded = any(year["high_pct"] - year["low_pct"] > 1e-9 for year in years)
    code = "report.trend_band" if banded else "report.trend"
    story.chart(svg, text(code, {"draws": gathered.inputs.rules.draws}))
