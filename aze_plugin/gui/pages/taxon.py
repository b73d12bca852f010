"""One taxon of an assessment: every share, what it means, and how the figures came about."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...services.figures import percent
from ...services.vocabulary import word
from .. import style
from ..models import species
from ..widgets.basics import ElidedLabel, PageScroll, TextLabel, link
from ..widgets.card import Card
from ..widgets.chip import Chip
from ..widgets.findings import FindingList
from ..widgets.sharebar import ShareBar
from ..widgets.statement import StatementEditor


class TaxonDetails(QWidget):
    """One taxon: outcome, every share, findings, statements, and how the figures came about."""

    closed = pyqtSignal()

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.taxon = ""
        scroll = PageScroll()
        self.back = link(translate("AzeCriteria", "◂ all taxa"), self._close)
        self.name = TextLabel()
        font = style.scaled(self.font(), 1.15, bold=True)
        font.setItalic(True)
        self.name.setFont(font)
        self.chip = Chip()
        self.about = TextLabel(muted=True)
        self.shares = QWidget()
        self._share_rows = QVBoxLayout(self.shares)
        self._share_rows.setContentsMargins(0, 0, 0, 0)
        self.findings = FindingList()
        self.findings.zoomed.connect(session.zoom_to)
        self.findings.writing.connect(lambda key, _taxon: self.write(key))
        self.editor = StatementEditor()
        self.editor.saved.connect(lambda key, taxon, said: session.nominations.set_statement(key, said, taxon))
        self.how = TextLabel()
        head = QHBoxLayout()
        head.addWidget(self.back)
        head.addStretch(1)
        head.addWidget(self.chip)
        scroll.layout_.addLayout(head)
        scroll.layout_.addWidget(self.name)
        scroll.layout_.addWidget(self.about)
        for title, widgets in (
            (translate("AzeCriteria", "Share inside the boundary"), (self.shares,)),
            (translate("AzeCriteria", "What this means"), (self.findings, self.editor)),
            (translate("AzeCriteria", "How this was computed"), (self.how,)),
        ):
            card = Card(title)
            for widget in widgets:
                card.add(widget)
            scroll.layout_.addWidget(card)
        scroll.layout_.addStretch(1)
        self.scroll = scroll
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def open(self, name: str) -> None:
        """Show a taxon of the session's assessment."""
        if name != self.taxon:
            self.editor.put_aside()
        self.taxon = name
        self.refresh()

    def leave(self) -> None:
        """Forget the taxon; an unsaved statement is kept for the next time."""
        self.editor.put_aside()
        self.taxon = ""

    def write(self, key: str) -> None:
        """Open the editor for a statement about this taxon."""
        self.editor.open(
            self.session.candidates.current or "", key, self.taxon, self.session.nominations.statement(key, self.taxon)
        )
        # The editor has its place only after the layout was done anew.
        QTimer.singleShot(0, lambda: self.scroll.ensureWidgetVisible(self.editor))

    def refresh(self) -> bool:
        """Show the taxon as the assessment has it now; False when the assessment has it no more."""
        species_ = (self.session.results.assessment or {}).get("species", ())
        entry = next((e for e in species_ if e["scientific_name"] == self.taxon), None)
        if entry is None:
            self.leave()
            return False
        stale = self.session.results.assessment_stale
        settings = self.session.results.assessment_settings
        self.name.setText(entry["scientific_name"])
        if species.can_trigger(entry):
            outcome = word("route", entry["route"]) if entry["trigger"] else word("status", entry["status"])
            self.chip.set(style.state_of(entry["status"]), outcome, dimmed=stale)
        else:
            self.chip.set("empty", QCoreApplication.translate("AzeCriteria", "cannot trigger"), dimmed=stale)
        self.about.setText(_about(entry))
        while self._share_rows.count():
            row = self._share_rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for share in sorted(entry["shares"], key=species.share_order):
            self._share_rows.addWidget(_ShareRow(entry, share, settings["threshold"], stale))
        self.findings.set_findings(entry["findings"], dimmed=stale)
        self.how.setText("\n\n".join(_how(entry, settings, self.session.results.assessment_sources)))
        return True

    def _close(self) -> None:
        self.leave()
        self.closed.emit()


class _ShareRow(QWidget):
    """A share with its bar and the two areas or counts behind it."""

    def __init__(self, entry: dict[str, Any], share: dict[str, Any], threshold: float, stale: bool):
        super().__init__()
        name = ElidedLabel(species.share_name(share))
        head = QHBoxLayout()
        head.addWidget(name, 1)
        head.addWidget(ShareBar(species.bar_of(entry, share, threshold), stale), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(TextLabel(species.share_sentence(share, threshold), muted=True))


def _about(entry: dict[str, Any]) -> str:
    translate = QCoreApplication.translate
    parts = [entry.get("common_name"), f"{word('category', entry['category'])} ({entry['category']})"]
    if entry.get("possibly_extinct"):
        parts.append(translate("AzeCriteria", "possibly extinct"))
    if entry.get("criteria"):
        parts.append(entry["criteria"])
    if entry.get("year"):
        parts.append(translate("AzeCriteria", "assessed {year}").format(year=entry["year"]))
    if entry.get("a1e") and species.can_trigger(entry):
        parts.append(translate("AzeCriteria", "KBA criterion A1e {status}").format(status=word("status", entry["a1e"])))
    return " · ".join(part for part in parts if part)


def _how(entry: dict[str, Any], settings: dict[str, Any], sources: list[dict[str, Any]]) -> list[str]:
    """How a taxon's figures came about, paragraph by paragraph."""
    translate = QCoreApplication.translate
    paragraphs = [
        translate(
            "AzeCriteria",
            "Share = value inside the boundary ÷ value of the whole world, of the same parameter and segment. Rows of "
            "one segment are joined before anything is measured, so overlaps count once. Areas are measured in {crs}.",
        ).format(crs=settings.get("area_crs", "")),
        translate("AzeCriteria", "Range rows kept: presence {presence}; origin {origin}.").format(
            presence=", ".join(map(str, settings.get("presence", ()))),
            origin=", ".join(map(str, settings.get("origin", ()))),
        ),
        translate("AzeCriteria", "AZE asks for {aze} {threshold}, KBA criterion A1e for {a1e} {threshold}.").format(
            aze=_operator(settings.get("aze_operator", "")),
            a1e=_operator(settings.get("a1e_operator", "")),
            threshold=percent(settings["threshold"]),
        ),
    ]
    listed = [" ".join(p for p in (s.get("name"), s.get("version")) if p) for s in sources]
    cited = [s["citation"] for s in sources if s.get("citation")]
    if listed:
        paragraphs.append(translate("AzeCriteria", "Data: {sources}.").format(sources="; ".join(dict.fromkeys(listed))))
    paragraphs += list(dict.fromkeys(cited))
    return paragraphs


def _operator(sign: str) -> str:
    translate = QCoreApplication.translate
    return {">": translate("AzeCriteria", "more than"), ">=": translate("AzeCriteria", "at least")}.get(sign, sign)
