"""What a nomination's report says of the site: its boundary, protection, habitats, threats, people and sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..domain.nomination.model import rows_at
from ..services import figures
from ..services.reporting import charts
from ..services.reporting.html import Rich
from ..services.reporting.story import Story
from .report_words import NOT_ASSESSED, joined, percent, said


def texts(story: Story, nomination: Mapping[str, Any], pointers: Iterable[tuple[str, str]]) -> None:
    """Texts of the nominator's by JSON pointer, each under its heading; those that are missing are left out."""
    for pointer, label in pointers:
        lines = [line.strip() for line in said(nomination, pointer).splitlines() if line.strip()]
        if lines:
            story.heading(label, 3)
        for line in lines:
            story.paragraph(line, free=True)


def described(story: Story, nomination: Mapping[str, Any]) -> None:
    """The site itself, and why its boundary runs where it does."""
    story.heading("The site")
    systems = [name for name in ("terrestrial", "freshwater", "marine", "subterranean") if _yes(nomination, name)]
    rows = [
        ("Name", joined(nomination["site"], "international_name", "national_name")),
        ("Country", joined(nomination["site"], "country", "state")),
        ("Numbers", joined(nomination["site"], "sitrecid", "own_code")),
        ("Purpose", said(nomination, "/site/purpose")),
        ("Systems", ", ".join(systems)),
        ("Altitude", _altitude(nomination)),
    ]
    story.table((), [(Rich(label, bold=True), value) for label, value in rows if value], (30, 148))
    texts(
        story,
        nomination,
        (
            ("/site/rationale", "Why the site qualifies"),
            ("/site/description", "Description"),
            ("/site/location_note", "Location"),
            ("/site/additional_biodiversity", "Other biodiversity"),
            ("/site/notes", "Notes"),
        ),
    )
    story.heading("Why this boundary")
    rationale = said(nomination, "/delineation/rationale")
    for line in rationale.splitlines():
        if line.strip():
            story.paragraph(line.strip(), free=True)
    if not rationale:
        story.paragraph("No reasons are given.")
    texts(
        story,
        nomination,
        (("/delineation/boundary_source", "Source of the boundary"), ("/delineation/manageability", "Manageability")),
    )


def _yes(nomination: Mapping[str, Any], system: str) -> bool:
    return said(nomination, f"/site/{system}") == "Yes"


def _altitude(nomination: Mapping[str, Any]) -> str:
    low, high = (said(nomination, f"/site/altitude_{end}") for end in ("min", "max"))
    return f"{low or 'not known'} to {high or 'not known'} m" if low or high else ""


def protection(story: Story, nomination: Mapping[str, Any], coverage: Mapping[str, Any] | None) -> None:
    """Cover by protected and other conserved areas. ``coverage``: the site of the ``aze-coverage/1`` document, None
    where no protected areas were given."""
    story.heading("Protection")
    if coverage is None or coverage["both_pct"] is None:
        reason = "no protected areas were given" if coverage is None else "the boundary could not be measured"
        story.paragraph(f"The cover {NOT_ASSESSED}: {reason}.")
    else:
        _cover(story, coverage)
    texts(
        story,
        nomination,
        (
            ("/protection/relation", "Relation to protected areas"),
            ("/protection/oecm", "Other conserved areas"),
            ("/protection/land_use", "Land use and tenure"),
            ("/protection/customary_rights", "Customary rights"),
        ),
    )


def _cover(story: Story, coverage: Mapping[str, Any]) -> None:
    pa, oecm, both = (coverage[key] for key in ("pa_pct", "oecm_pct", "both_pct"))
    open_pct = max(0.0, 100 - both)
    words = (
        f"Protected areas {percent(pa)}",
        f"Other conserved areas (OECMs) {percent(oecm)}",
        f"Unprotected {percent(open_pct)}",
    )
    gap = coverage.get("unprotected_ha")
    rest = f"; {figures.hectares(gap)} are unprotected" if isinstance(gap, (int, float)) else ""
    story.paragraph(
        f"{percent(both)} of the site lies in protected or other conserved areas: {percent(pa)} in protected areas, "
        f"{percent(oecm)} in others outside them{rest}."
    )
    story.chart(charts.cover(pa, oecm, "Cover of the site", texts=words))
    rows = [
        (
            area["name"],
            area.get("designation") or "–",
            area.get("iucn_category") or "–",
            str(area.get("status_year") or "not known"),
            percent(area["pct"]),
        )
        for area in coverage["protected_areas"]
    ]
    if rows:
        story.table(("Area", "Designation", "IUCN", "Since", "Of the site"), rows, (62, 56, 20, 20, 20), (4,))


def pressures(story: Story, nomination: Mapping[str, Any]) -> None:
    """Habitats, threats and actions."""
    story.heading("Habitats, threats and actions")
    habitats = [
        (_levels(row, "habitat"), f"{cover}\u00a0%" if cover else "–", said(row, "/detail"))
        for row in rows_at(nomination, "/habitats/types")
        for cover in [said(row, "/cover_percent")]
    ]
    _listed(story, "Habitats", ("Habitat", "Of the site", "Detail"), habitats, (90, 22, 66), (1,))
    threats = [
        (
            _levels(row, "level_1"),
            joined(row, "scientific_name", "ecosystem") or "the site",
            said(row, "/timing"),
            said(row, "/scope"),
            said(row, "/severity"),
        )
        for row in rows_at(nomination, "/threats/threats")
    ]
    head = ("Threat", "Of", "Timing", "Scope", "Severity")
    _listed(story, "Threats", head, threats, (66, 32, 26, 26, 28))
    actions = [
        (when, _levels(row, "action"), said(row, "/detail"))
        for member, when in (("ongoing", "Ongoing"), ("needed", "Needed"))
        for row in rows_at(nomination, f"/actions/{member}")
    ]
    _listed(story, "Conservation actions", ("When", "Action", "Detail"), actions, (18, 80, 80))


def _levels(row: Mapping[str, Any], first: str) -> str:
    """A term of a classification with those under it."""
    names = [said(row, f"/{member}") for member in (first, "level_2", "level_3")]
    return "\n".join(dict.fromkeys(name for name in names if name))


def _listed(
    story: Story,
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    numbers: Sequence[int] = (),
) -> None:
    if rows:
        story.table(head, rows, widths, numbers, caption)
    else:
        story.paragraph(f"{caption}: none given.")


def people(story: Story, nomination: Mapping[str, Any]) -> None:
    """Who was asked, and who proposes."""
    if any(said(nomination, f"/consultation/{key}") for key in ("expert", "other", "reviewers")):
        story.heading("Consultation")
        texts(
            story,
            nomination,
            (
                ("/consultation/expert", "Experts"),
                ("/consultation/other", "National and local"),
                ("/consultation/reviewers", "Reviewers"),
            ),
        )
    rows = [
        (label, said(nomination, f"/proposer/{member}"))
        for member, label in (
            ("name", "Name"),
            ("organisation", "Organisation"),
            ("country", "Country"),
            ("co_proposers", "Co-proposers"),
            ("stage", "Stage"),
            ("date", "Date"),
        )
    ]
    rows = [(Rich(label, bold=True), value) for label, value in rows if value]
    if rows:
        story.heading("Proposer")
        story.table((), rows, (30, 148))


def sources(
    story: Story, nomination: Mapping[str, Any], datasets: Sequence[Mapping[str, Any]], assessment: Mapping[str, Any]
) -> None:
    """What is cited, the nominator's files, every dataset with its digest, and how was measured. ``assessment``: the
    whole ``aze-assessment/1`` document."""
    cited = [
        (joined(row, "key"), [said(row, "/citation"), " ", _address(said(row, "/url"))])
        for row in rows_at(nomination, "/references/items")
    ]
    if cited:
        story.heading("References")
        story.table(("Cited as", "Reference"), cited, (44, 134))
    files = [
        (
            said(row, "/file"),
            joined(row, "description", "scientific_name"),
            joined(row, "author", "date", between=", "),
            said(row, "/licence"),
        )
        for row in rows_at(nomination, "/evidence/files")
    ]
    if files:
        story.heading("Evidence files")
        story.table(("File", "What it shows", "Author and date", "Licence"), files, (50, 60, 40, 28))
    story.heading("Sources and method")
    if datasets:
        rows = [
            (
                joined(row, "name", "version", between=", "),
                row["role"],
                row["citation"] or "not stated",
                row["licence"],
                row["sha256"] or "no file",
            )
            for row in datasets
        ]
        head = ("Dataset", "Used for", "Citation", "Licence", "Digest (SHA-256)")
        story.table(head, rows, (40, 24, 44, 24, 46))
    story.paragraph(_method(assessment), quiet=True)


def _address(url: str) -> str | Rich:
    return Rich(url, link=url) if url else ""


def _method(assessment: Mapping[str, Any]) -> str:
    rules, software = assessment["settings"], assessment["software"]
    presence, origin = (", ".join(str(code) for code in rules[key]) for key in ("presence", "origin"))
    made = ", ".join(f"{name} {software[key]}" for key, name in _PROGRAMS if software.get(key))
    return (
        f"Shares are measured in {rules['area_crs']} (equal area) on valid, dissolved geometry; areas in hectares are "
        f"ellipsoidal. Threshold {figures.percent(rules['threshold'])}; range maps with presence {presence} and origin "
        f"{origin}. {made}. The package's assessment.json and coverage.json have every figure unrounded."
    )


_PROGRAMS = (("plugin", "AZE Toolkit"), ("qgis", "QGIS"), ("geos", "GEOS"), ("proj", "PROJ"))
