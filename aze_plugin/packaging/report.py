"""The report for people: a map, the verdict and what it rests on, as a PDF of a few pages.

Text is laid out by QTextDocument in points with the bundled font and drawn in any thread; see ``sitemap`` for why
there is no print layout. The report's language is English, as the proposal form's is.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QMarginsF, QRectF, QSizeF, Qt, QUrl
from qgis.PyQt.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter, QTextDocument

from ..domain import nomination as nominations
from .pdf import normalised
from .sitemap import SiteMap, draw_map, font, write_text

_WIDTH, _HEIGHT = 595.0, 842.0
_SIDE, _TOP, _BOTTOM = 48.0, 44.0, 46.0
_HEAD, _MAP = 96.0, 318.0
_RESOLUTION = 600

_VERDICTS = {"eligible": "Eligible", "not_eligible": "Not eligible", "needs_evidence": "Needs evidence"}
_STATUSES = {
    "met": "met",
    "not_met": "not met",
    "needs_evidence": "needs evidence",
    "not_assessable": "cannot be assessed",
}
_CRITERIA = {"endangerment": "Endangerment", "irreplaceability": "Irreplaceability", "discreteness": "Discreteness"}
_ROUTES = {
    "sole_area": "sole area",
    "resident_population": "resident population",
    "life_history_segment": "life-history segment",
    "reintroduction": "reintroduction",
    "none": "–",
}
_PARAMETERS = {
    "mature_individuals": "mature individuals",
    "aoo": "area of occupancy",
    "esh": "suitable habitat",
    "range": "range",
    "localities": "localities",
}
_STYLE = """
body { color: #111111; }
p.head { font-size: 12px; font-weight: bold; margin-top: 12px; margin-bottom: 3px; }
p { margin-top: 2px; margin-bottom: 3px; line-height: 128%; }
td, th { padding: 2px 8px 2px 0px; vertical-align: top; }
th { text-align: left; font-weight: bold; }
.quiet { color: #555555; }
.small { font-size: 7px; }
"""


def _number(value: float) -> str:
    """A number with thin groups and as many digits as carry meaning."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.3g}" if value else "0"


def _percent(share: float) -> str:
    """A share as percent; more decimals where fewer would hide on which side of 95 or 100 % it lies."""
    for decimals in (1, 2, 3, 4):
        shown = round(100 * share, decimals)
        if shown not in (95.0, 100.0) or abs(100 * share - shown) < 1e-9:
            return f"{shown:.{decimals}f}\u00a0%"
    return f"{100 * share:.6f}\u00a0%"


def _place(lat: float, lon: float) -> str:
    return f"{abs(lat):.4f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.4f}° {'E' if lon >= 0 else 'W'}"


def _paragraphs(text: Any) -> str:
    lines = [line.strip() for line in str(text or "").splitlines() if line.strip()]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table with a rule under its head; cells are HTML already. ``numbers``: columns set to the right."""
    side = ["right" if n in numbers else "left" for n in range(len(head))]
    out = ["<table width='100%' cellspacing='0' cellpadding='0' style='margin-top:3px;'><tr>"]
    out += [f"<th align='{a}' style='border-bottom:1px solid #111111;'>{escape(h)}</th>" for h, a in zip(head, side)]
    out.append("</tr>")
    for row in rows:
        cells = (f"<td align='{a}' style='border-bottom:0.5px solid #cccccc;'>{c}</td>" for c, a in zip(row, side))
        out.append(f"<tr>{''.join(cells)}</tr>")
    return "".join([*out, "</table>"])


def _section(title: str, body: str) -> str:
    return f"<p class='head'>{escape(title)}</p>{body}" if body else ""


def _criteria(assessment: Mapping[str, Any]) -> str:
    rows = []
    for name, criterion in assessment["criteria"].items():
        said = "<br>".join(escape(f["message"]) for f in criterion["findings"]) or "–"
        status = _STATUSES.get(criterion["status"], criterion["status"])
        rows.append((f"<b>{_CRITERIA.get(name, name)}</b>", escape(status), said))
    note = f"<p class='quiet'>KBA criterion A1e: {_STATUSES[assessment['a1e']]}.</p>"
    authority = nominations.national_authority(assessment)
    if authority:
        note += f"<p><b>Categories by {escape(authority)}</b>, not by the global IUCN Red List.</p>"
    return _table(("Criterion", "Status", "What the check says"), rows) + note


def _value(share: Mapping[str, Any], key: str) -> str:
    if share["unit"] == "m2":
        return f"{_number(share[key] / 1e6)} km²"
    if share["unit"] == "cells":
        return f"{_number(share[key])}\u00a0cell{'' if share[key] == 1 else 's'}"
    return _number(share[key])


def _species_rows(taxa: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    rows = []
    for taxon in taxa:
        share = nominations.deciding_share(taxon)
        if share is None:
            continue
        season = nominations.SEASON_LABELS[share["segment"]].lower()
        name = f"<i>{escape(taxon['scientific_name'])}</i>"
        if taxon.get("common_name"):
            name += f"<br><span class='quiet small'>{escape(taxon['common_name'])}</span>"
        rows.append(
            (
                name,
                escape(taxon["category"] + (" (PE)" if taxon["possibly_extinct"] else "")),
                f"{_PARAMETERS[share['parameter']]}, {season}",
                _value(share, "site_value"),
                _value(share, "global_value"),
                f"<b>{_percent(share['best'])}</b>",
                _ROUTES.get(taxon["route"], taxon["route"]),
            )
        )
    return rows


_SPECIES_HEAD = ("Species", "Category", "Measured by", "Here", "World", "Share", "Route")


def _side_by_side(taxon: Mapping[str, Any]) -> str:
    """The shares by all other parameters, which a reviewer compares with the one that decides."""
    said = []
    for share in taxon["shares"]:
        if share.get("deciding") or (share["parameter"], share["segment"]) == ("range", "all"):
            continue
        bounds = "" if share["low"] == share["high"] else f" ({_percent(share['low'])} to {_percent(share['high'])})"
        season = "" if share["segment"] == "all" else f", {nominations.SEASON_LABELS[share['segment']].lower()}"
        said.append(f"{_PARAMETERS[share['parameter']]}{season} {_percent(share['best'])}{bounds}")
    return "; ".join(said)


def _in_passing(taxon: Mapping[str, Any]) -> str:
    share = max(share["best"] for share in taxon["shares"])
    return f"<i>{escape(taxon['scientific_name'])}</i> ({escape(taxon['category'])}, {_percent(share)})"


def _species(assessment: Mapping[str, Any]) -> str:
    rows = _species_rows(nominations.triggers(assessment))
    authority = nominations.national_authority(assessment)
    head = [f"{h} ({authority})" if authority and h == "Category" else h for h in _SPECIES_HEAD]
    body = _table(head, rows, (3, 4, 5)) if rows else "<p>No species makes the site qualify.</p>"
    compared = [(t["scientific_name"], _side_by_side(t)) for t in nominations.triggers(assessment)]
    lines = [f"<i>{escape(name)}</i>: {escape(shares)}." for name, shares in compared if shares]
    if lines:
        body += f"<p>By the other parameters: {' '.join(lines)}</p>"
    others = [t for t in assessment["species"] if not t["trigger"]]
    if others:
        names = "; ".join(_in_passing(taxon) for taxon in others)
        body += f"<p class='quiet'>Also present, not counted: {names}.</p>"
    return body


def _evidence(nomination: Mapping[str, Any]) -> str:
    rows = []
    for row in nomination["biodiversity"]["species"]:
        said = [row.get("evidence_of_presence"), row.get("reintroduction_justification")]
        text = "<br>".join(_joined(s) for s in said if s)
        if text:
            rows.append((f"<i>{escape(str(row.get('scientific_name', '')))}</i>", text))
    return _table(("Species", "Evidence at the site"), rows) if rows else ""


def _protection(nomination: Mapping[str, Any], coverage: Mapping[str, Any] | None) -> str:
    if coverage is None or coverage["both_pct"] is None:
        reason = "no protected areas were given" if coverage is None else "the boundary could not be measured"
        body = f"<p>The cover cannot be assessed: {reason}.</p>"
    else:
        body = (
            f"<p><b>{coverage['both_pct']:.1f}&nbsp;%</b> of the site lies in protected or other conserved areas: "
            f"{coverage['pa_pct']:.1f}&nbsp;% in protected areas, {coverage['oecm_pct']:.1f}&nbsp;% in others outside "
            "them.</p>"
        )
        rows = [
            (
                escape(area["name"]),
                escape(area["designation"] or "–"),
                escape(area["iucn_category"] or "–"),
                str(area["status_year"] or "not known"),
                f"{area['pct']:.1f}\u00a0%",
            )
            for area in coverage["protected_areas"]
        ]
        if rows:
            body += _table(("Area", "Designation", "IUCN", "Since", "Of the site"), rows, (4,))
    for key, label in (("land_use", "Land use"), ("customary_rights", "Customary rights"), ("oecm", "Other measures")):
        said = nomination["protection"].get(key)
        if said:
            body += f"<p><b>{label}.</b> {_joined(said)}</p>"
    return body


def _rows(nomination: Mapping[str, Any], section: str, member: str) -> list[Mapping[str, Any]]:
    """Rows of a list; a draft may lack it, or hold something else in its place."""
    found = nomination.get(section, {}).get(member)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _joined(*values: Any) -> str:
    return escape(": ".join(str(value) for value in values if value not in (None, "")))


def _listed(nomination: Mapping[str, Any]) -> str:
    """Habitats, threats and actions, a line each."""
    habitats = []
    for row in _rows(nomination, "habitats", "types"):
        cover = f"{row['cover_percent']}\u00a0%" if "cover_percent" in row else ""
        habitats.append(_joined(f"{row.get('habitat', '')} {cover}".strip(), row.get("detail")))
    threats = [
        _joined(row.get("level_2") or row.get("level_1"), str(row.get("timing", "")).lower())
        for row in _rows(nomination, "threats", "threats")
    ]
    lines = [("Habitats", habitats), ("Threats", threats)]
    for key, label in (("ongoing", "Ongoing actions"), ("needed", "Needed actions")):
        actions = _rows(nomination, "actions", key)
        lines.append((label, [_joined(row.get("action"), row.get("detail")) for row in actions]))
    return "".join(f"<p><b>{label}.</b> {'; '.join(items) or 'none given'}</p>" for label, items in lines)


def _html(nomination: Mapping[str, Any], assessment, coverage, sources, notes: Sequence[str]) -> str:
    site, delineation = nomination["site"], nomination["delineation"]
    consultation = nomination.get("consultation", {})
    proposer = nomination.get("proposer", {})
    asked = "".join(
        f"<p><b>{label}.</b> {_joined(consultation[key])}</p>"
        for key, label in (("expert", "Experts"), ("other", "National and local"), ("reviewers", "Reviewers"))
        if consultation.get(key)
    )
    by = ", ".join(_joined(proposer[k]) for k in ("name", "organisation", "country") if proposer.get(k))
    cited = [
        f"<p>{escape(s['name'])}{escape(', ' + s['version']) if s['version'] else ''}. {escape(s['citation'])} "
        f"<span class='quiet small'>sha256 {escape(s['sha256'])}</span></p>"
        for s in sources
    ]
    references = [
        f"<p>[{_joined(r.get('key'))}] {_joined(r.get('citation'))} {_joined(r.get('url'))}</p>"
        for r in _rows(nomination, "references", "items")
    ]
    files = [f"<p>{_joined(r.get('file'), r.get('description'))}</p>" for r in _rows(nomination, "evidence", "files")]
    open_points = "".join(f"<p>• {escape(note)}</p>" for note in notes)
    notes_title = "Still to be done" if nomination["status"] == "draft" else "For the reviewer's attention"
    return "".join(
        (
            _section("Criteria", _criteria(assessment)),
            _section(notes_title, open_points),
            _section("Species", _species(assessment)),
            _section("Evidence of presence", _evidence(nomination)),
            _section("The site", _paragraphs(site.get("description"))),
            _section("Why this boundary", _paragraphs(delineation.get("rationale"))),
            _section("Manageability", _paragraphs(delineation.get("manageability"))),
            _section("Protection", _protection(nomination, coverage)),
            _section("Habitats, threats and actions", _listed(nomination)),
            _section("Consultation", asked),
            _section("Proposer", f"<p>{by}</p>" if by else ""),
            _section("References", "".join(references)),
            _section("Evidence files", "".join(files)),
            _section("Sources", "".join(cited)),
        )
    )


def write_report(
    path: Path,
    nomination: Mapping[str, Any],
    assessment: Mapping[str, Any],
    coverage: Mapping[str, Any] | None,
    sources: Sequence[Mapping[str, Any]],
    content: SiteMap,
    day: datetime.date,
    notes: Sequence[str] = (),
) -> None:
    """Write the report of a nomination with its derived fields filled in.

    ``sources``: rows of ``sources.csv``; ``day``: the date that the PDF carries; ``notes``:
    sentences about what is still open.
    """
    document = QTextDocument()
    document.setUseDesignMetrics(True)
    document.setDocumentMargin(0)
    document.setDefaultFont(font(9))
    document.setDefaultStyleSheet(_STYLE)
    # An empty picture keeps the first page's place for head and map: the first block's margin is not honoured.
    empty = QImage(1, 1, QImage.Format.Format_ARGB32)
    empty.fill(Qt.GlobalColor.transparent)
    document.addResource(QTextDocument.ResourceType.ImageResource, QUrl("room"), empty)
    room = f"<p style='margin:0; line-height:100%'><img src='room' width='1' height='{_HEAD + _MAP - 6:.0f}'></p>"
    document.setHtml(f"<body>{room}{_html(nomination, assessment, coverage, sources, notes)}</body>")
    inner = QSizeF(_WIDTH - 2 * _SIDE, _HEIGHT - _TOP - _BOTTOM)
    document.setPageSize(inner)

    writer = QPdfWriter(str(path))
    writer.setResolution(_RESOLUTION)
    writer.setPageSize(QPageSize(QSizeF(_WIDTH, _HEIGHT), QPageSize.Unit.Point, "A4"))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle("AZE site nomination")
    writer.setCreator("AZE Toolkit")
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError(f"{path.name} cannot be written")
    painter.scale(_RESOLUTION / 72, _RESOLUTION / 72)
    pages = document.pageCount()
    for page in range(pages):
        if page:
            writer.newPage()
        if page == 0:
            _draw_head(painter, nomination, assessment, content)
            draw_map(painter, content, QRectF(_SIDE - 14, _TOP + _HEAD, _WIDTH - 2 * _SIDE + 14, _MAP), 1)
        painter.save()
        painter.translate(_SIDE, _TOP - page * inner.height())
        document.drawContents(painter, QRectF(0, page * inner.height(), inner.width(), inner.height()))
        painter.restore()
        _draw_foot(painter, nomination, page + 1, pages)
    painter.end()
    path.write_bytes(normalised(path.read_bytes(), day))


def _draw_head(
    painter: QPainter, nomination: Mapping[str, Any], assessment: Mapping[str, Any], content: SiteMap
) -> None:
    site = nomination["site"]
    width = _WIDTH - 2 * _SIDE
    kind = "update of an existing site" if nomination.get("kind") == "update_site" else "new site"
    painter.setPen(QColor("#555555"))
    painter.setFont(font(8))
    status = "DRAFT · not for submission" if nomination["status"] == "draft" else "Final"
    write_text(
        painter,
        QRectF(_SIDE, _TOP - 6, width, 12),
        f"AZE site nomination · {kind} · {status}",
        Qt.AlignmentFlag.AlignLeft,
    )
    painter.setPen(QColor("#111111"))
    # A long name gets smaller letters, then a second line, and is cut only after that.
    name = str(site.get("international_name", "")).replace("\n", " ")
    for size in (24, 20, 16, 12):
        painter.setFont(font(size, bold=True))
        if painter.fontMetrics().horizontalAdvance(name) <= width:
            break
    name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(1.8 * width))
    middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    write_text(painter, QRectF(_SIDE, _TOP + 8, width, 32), name, middle, wrap=True)
    painter.setFont(font(9))
    facts = [site.get("national_name"), site.get("state"), site.get("country")]
    write_text(
        painter, QRectF(_SIDE, _TOP + 42, width, 13), " · ".join(str(f) for f in facts if f), Qt.AlignmentFlag.AlignLeft
    )
    taxa = nominations.triggers(assessment)
    count = f"{len(taxa)} trigger species" if taxa else "no trigger species"
    measured = (
        f"{_number(assessment['area_ha'])} ha · mid-point {_place(site['latitude'], site['longitude'])} · {count}"
    )
    write_text(painter, QRectF(_SIDE, _TOP + 55, width, 13), measured, Qt.AlignmentFlag.AlignLeft)
    painter.setFont(font(10, bold=True))
    verdict = _VERDICTS[assessment["verdict"]]
    box = QRectF(_SIDE, _TOP + 72, painter.fontMetrics().horizontalAdvance(verdict) + 18, 17)
    # Filled for a clear yes, framed for everything else: it reads without colour.
    met = assessment["verdict"] == "eligible"
    painter.setBrush(QColor("#111111") if met else QColor("white"))
    painter.drawRect(box)
    painter.setPen(QColor("white") if met else QColor("#111111"))
    write_text(painter, box, verdict, Qt.AlignmentFlag.AlignCenter)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor("#111111"))


def _draw_foot(painter: QPainter, nomination: Mapping[str, Any], page: int, pages: int) -> None:
    painter.setPen(QColor("#555555"))
    painter.setFont(font(7))
    box = QRectF(_SIDE, _HEIGHT - 32, _WIDTH - 2 * _SIDE, 12)
    date = nomination.get("proposer", {}).get("date", "")
    note = f"Figures and citations only; range maps are not part of the package.{'  Dated ' + date if date else ''}"
    write_text(painter, box, note, Qt.AlignmentFlag.AlignLeft)
    write_text(painter, box, f"{page} / {pages}", Qt.AlignmentFlag.AlignRight)
