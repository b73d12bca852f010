"""What a nomination's report says of the species: the shares that decide, the others, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..domain import nomination as nominations
from ..domain.nomination.model import rows_at
from ..services import figures
from ..services.reporting import charts
from ..services.reporting.html import Rich
from ..services.reporting.story import Story
from .report_words import NOT_ASSESSED, PARAMETERS, ROUTES, SEASONS, STATUSES, amount, joined, said

# Bars of one drawing: more would not be readable on a page.
_BARS = 20
_INSIDE, _ELSEWHERE = "inside", "none"


def tell(story: Story, nomination: Mapping[str, Any], assessment: Mapping[str, Any], threshold: float) -> None:
    """Add the sections on trigger species, other species and evidence."""
    taxa = nominations.triggers(assessment)
    story.heading("Trigger species")
    if not taxa:
        story.paragraph("No species makes the site qualify.")
    else:
        _shares(story, taxa, nominations.national_authority(assessment))
        _bars(story, taxa, threshold)
        _all_shares(story, taxa)
    _evidence(story, rows_at(nomination, "/biodiversity/species"))
    _ecosystems(story, rows_at(nomination, "/biodiversity/ecosystems"))
    others = [taxon for taxon in assessment["species"] if not taxon["trigger"]]
    if others:
        rows = [
            (
                Rich(taxon["scientific_name"], italic=True),
                _category(taxon),
                max((figures.percent(s["best"]) for s in _largest(taxon)), default=NOT_ASSESSED),
                _why(taxon),
            )
            for taxon in others
        ]
        story.heading("Other species present", 3)
        story.table(("Species", "Category", "Largest share", "Why it does not count"), rows, (36, 20, 20, 102), (2,))


def _largest(taxon: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The taxon's largest share; none where nothing could be measured."""
    return sorted(taxon["shares"], key=lambda share: share["best"])[-1:]


def _category(taxon: Mapping[str, Any]) -> str:
    return taxon["category"] + (" (PE)" if taxon.get("possibly_extinct") else "")


def _why(taxon: Mapping[str, Any]) -> str:
    messages = [f.get("message", "") for f in taxon.get("findings", ())]
    return next((message for message in messages if message), "–")


def _measured(share: Mapping[str, Any]) -> str:
    return f"{PARAMETERS[share['parameter']]}, {SEASONS[share['segment']]}"


def _shares(story: Story, taxa: Sequence[Mapping[str, Any]], authority: str) -> None:
    named = any(taxon.get("common_name") for taxon in taxa)
    rows = []
    for taxon in taxa:
        share = nominations.deciding_share(taxon)
        names = [Rich(taxon["scientific_name"], italic=True), *([taxon.get("common_name") or ""] if named else [])]
        if share is None:
            rows.append((*names, _category(taxon), NOT_ASSESSED, "–", "–", "–", ROUTES.get(taxon["route"], "–")))
            continue
        rows.append(
            (
                *names,
                _category(taxon),
                _measured(share),
                amount(share, "site_value"),
                amount(share, "global_value"),
                Rich(figures.percent(share["best"]), bold=True),
                ROUTES.get(taxon["route"], taxon["route"]),
            )
        )
    category = f"Category ({authority})" if authority else "Category"
    head = ["Species", "Common name", category, "Measured by", "Here", "World", "Share", "Route"]
    widths = [31, 25, 18, 30, 18, 18, 16, 22]
    if not named:
        head, widths = [head[0], *head[2:]], [widths[0] + widths[1], *widths[2:]]
    first = len(head) - 4
    story.table(head, rows, widths, (first, first + 1, first + 2))


def _bars(story: Story, taxa: Sequence[Mapping[str, Any]], threshold: float) -> None:
    found = [(taxon["scientific_name"], nominations.deciding_share(taxon)) for taxon in taxa]
    drawn = [
        charts.Bar(
            name,
            (charts.Part(_INSIDE, share["best"]), charts.Part(_ELSEWHERE, max(0.0, 1 - share["best"]))),
            figures.percent(share["best"]),
        )
        for name, share in found
        if share is not None
    ]
    key = ((_INSIDE, "Inside the proposed boundary"), (_ELSEWHERE, "Elsewhere in the world"))
    for start in range(0, len(drawn), _BARS):
        caption = f"Share by the parameter that decides; a trigger species has more than {figures.percent(threshold)}."
        title = "Share of each trigger species at the site"
        story.chart(charts.bars(drawn[start : start + _BARS], title, key=key, most=1.0), caption)


def _all_shares(story: Story, taxa: Sequence[Mapping[str, Any]]) -> None:
    """The shares by all other parameters, which a reviewer compares with the one that decides."""
    rows = []
    for taxon in taxa:
        deciding = nominations.deciding_share(taxon)
        for share in taxon["shares"]:
            if share is deciding:
                continue
            bounds = (figures.percent(share["low"]), figures.percent(share["high"]))
            between = "" if bounds[0] == bounds[1] else f" ({bounds[0]} to {bounds[1]})"
            rows.append(
                (
                    Rich(taxon["scientific_name"], italic=True),
                    _measured(share),
                    amount(share, "site_value"),
                    amount(share, "global_value"),
                    figures.percent(share["best"]) + between,
                    STATUSES.get(share["status"], share["status"]),
                )
            )
    if rows:
        head = ("Species", "Measured by", "Here", "World", "Share", "Status")
        story.table(head, rows, (38, 42, 24, 24, 30, 20), (2, 3, 4), "Shares by other parameters and seasons")


def _evidence(story: Story, rows: Sequence[Mapping[str, Any]]) -> None:
    told = []
    for row in rows:
        lines = [said(row, "/evidence_of_presence"), said(row, "/reintroduction_justification")]
        for member, label in (
            ("latest_year", "Latest record"),
            ("reproductive_units", "Reproductive units"),
            ("reproductive_units_note", "What ten units are made of"),
            ("notes", "Notes"),
        ):
            if said(row, f"/{member}"):
                lines.append(f"{label}: {said(row, f'/{member}')}")
        members = (("site_derivation",), ("site_source", "site_year"), ("global_source",))
        figures_from = ["; ".join(dict.fromkeys(joined(row, *of).split("; "))) for of in members]
        evidence = "\n".join(line for line in lines if line)
        if evidence or any(figures_from):
            rests_on = "\n".join(dict.fromkeys(line for line in figures_from if line))
            told.append((Rich(said(row, "/scientific_name"), italic=True), evidence or "–", rests_on or "–"))
    if told:
        story.heading("Evidence of presence", 3)
        story.table(("Species", "Evidence at the site", "What the figures rest on"), told, (34, 92, 52))


def _ecosystems(story: Story, rows: Sequence[Mapping[str, Any]]) -> None:
    told = [
        (
            joined(row, "ecosystem_name", "ecosystem_code"),
            said(row, "/ecosystem_category"),
            said(row, "/ecosystem_global_km2"),
            said(row, "/ecosystem_best_km2"),
            said(row, "/ecosystem_source"),
        )
        for row in rows
    ]
    if told:
        story.heading("Ecosystems", 3)
        head = ("Ecosystem", "Red List", "World (km²)", "Here (km²)", "Source")
        story.table(head, told, (50, 20, 22, 22, 64), (2, 3))
