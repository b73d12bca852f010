"""The page Criteria: the three criteria with what is behind them, and the taxa that live inside the boundary."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPainter, QPalette
from qgis.PyQt.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from ...domain.errors import AzeError
from ...services.figures import hectares, percent
from ...services.vocabulary import word
from ...services.wording import text
from .. import measure, messages, places, style
from ..models import species
from ..widgets.basics import ElidedLabel, PageScroll, TextLabel, link
from ..widgets.card import Card
from ..widgets.findings import FindingList
from ..widgets.preview import ClipDialog
from ..widgets.sharebar import ShareBar
from ..widgets.statement import StatementEditor
from ..widgets.surroundings import SHOWN, SurroundingsView
from .base import Lack, ResultPage
from .taxa import TaxaTable, reason
from .taxon import TaxonDetails

CRITERIA = ("endangerment", "irreplaceability", "discreteness")
_MOST_BARS = 8
_NEAR = 0.5


class CriteriaPage(ResultPage):
    """Shows the session's assessment; asks the session to check, to zoom and to keep statements."""

    def __init__(self, session, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(
            session,
            session.check,
            translate("AzeCriteria", "This boundary has not been checked yet."),
            translate("AzeCriteria", "Check"),
            translate("AzeCriteria", "check again ▸"),
            parent,
        )
        self.results = QSplitter(Qt.Orientation.Vertical)
        self.results.setChildrenCollapsible(False)
        self.details = TaxonDetails(session)
        self.stack.addWidget(self.results)
        self.stack.addWidget(self.details)

        cards = PageScroll()
        cards.layout_.addWidget(self.notice)
        self.cards = {name: CriterionCard(name, number) for number, name in enumerate(CRITERIA, start=1)}
        for card in self.cards.values():
            cards.layout_.addWidget(card)
            card.findings.zoomed.connect(session.zoom_to)
            card.zoomed.connect(session.zoom_to)
            card.including.connect(self.details.include)
            card.findings.writing.connect(self._write)
            card.findings.clipping.connect(self.clip)
            card.findings.may_clip = lambda site: session.candidates.updated_site() != site
            card.findings.dataWanted.connect(lambda: session.show_page("data"))
        self.editor = StatementEditor(session.recovery.texts.typing)
        self.editor.saved.connect(self._save)
        self.cards["discreteness"].body.addWidget(self.editor)
        cards.layout_.addStretch(1)
        self.scroll = cards
        self.taxa = TaxaTable(session)
        self.results.addWidget(cards)
        self.results.addWidget(self.taxa)
        self.results.setStretchFactor(0, 3)
        self.results.setStretchFactor(1, 2)
        self.taxa.opened.connect(self.show_taxon)
        self.cards["irreplaceability"].chosen.connect(self.show_taxon)
        self.details.closed.connect(self.refresh)

        session.assessmentChanged.connect(self._changed)
        session.candidatesChanged.connect(self._other_candidate)
        session.dataChanged.connect(self._changed)
        self._renew()

    def act(self, key: str) -> None:
        """What the line at the bottom of the panel asks for: ``check``, ``rationale`` or ``why``."""
        if key == "check":
            self.session.check()
        elif key == "rationale":
            self._write("delineation_rationale", "")
        elif key == "why":
            self.refresh()
            for name in CRITERIA:
                status = (self.session.results.assessment or {}).get("criteria", {}).get(name, {}).get("status")
                if status not in (None, "met"):
                    self.cards[name].show_findings(True)

    def refresh(self) -> None:
        """Show what the session holds now."""
        assessment, stale = self.session.results.assessment, self.session.results.assessment_stale
        if assessment is None:
            self.show_nothing()
            return
        settings = self.session.results.assessment_settings or {}
        threshold = settings["threshold"]
        self._show_notice()
        for card in self.cards.values():
            card.set_criterion(assessment, threshold, stale)
        self.taxa.set_assessment(assessment, threshold, stale)
        self.taxa.setVisible(bool(assessment["species"]))
        if self.details.taxon and self.details.refresh():
            self.stack.setCurrentWidget(self.details)
        else:
            self.stack.setCurrentWidget(self.results)

    def show_taxon(self, name: str) -> None:
        """Open the details of a taxon that the assessment has."""
        self.details.open(name)
        self.stack.setCurrentWidget(self.details)

    def clip(self, finding: dict[str, Any]) -> None:
        """Offer the boundary without what it shares with the site that a finding is about."""
        session, translate = self.session, QCoreApplication.translate
        boundary = session.candidates.geometry()
        if boundary is None:
            return
        sites = session.sources.site_layers
        try:
            site = places.site(sites, finding["site_id"], finding["site"], boundary, session.project)
            clipped = boundary if site is None else measure.clipped(boundary, site)
        except AzeError as error:
            session.message.emit(text(error.code, error.params), messages.WARNING)
            return
        if clipped.isGeosEqual(boundary):
            said = translate("AzeCriteria", "The boundary does not overlap {site} any more.")
            session.message.emit(said.format(site=finding["site"]), messages.INFO)
        elif ClipDialog(boundary, clipped, site, finding["site"], self.window()).exec():
            why = translate("AzeVersions", "Before what {site} holds was cut off").format(site=finding["site"])
            session.candidates.replace_boundary(clipped, exact=True, why=why)

    def _other_candidate(self) -> None:
        self.editor.put_aside()
        self.details.leave()
        for card in self.cards.values():
            card.forget_choice()
        self._changed()

    def _show_notice(self) -> None:
        session = self.session
        # A file inside an archive goes by the archive's name, which is what the user knows.
        data = [
            " ".join(part for part in ((source.get("name") or "").partition("/")[0], source.get("version")) if part)
            for source in session.results.assessment_sources
        ]
        self.notice.show_state(
            session.results.assessment_time, data, session.results.assessment_stale, session.busy is not None
        )

    def _lack(self) -> Lack | None:
        translate, sources = QCoreApplication.translate, self.session.sources
        if sources.library_problem:
            return Lack("data", sources.library_problem, translate("AzeCriteria", "Go to the data"))
        if not sources.library_path:
            return Lack(
                "data",
                translate(
                    "AzeCriteria",
                    "The criteria need to know which species live where. Open or import a species library first.",
                ),
                translate("AzeCriteria", "Go to the data"),
            )
        if self.session.candidates.geometry() is None:
            return Lack(
                "boundary",
                translate("AzeCriteria", "There is no boundary to check yet. Draw or import one first."),
                translate("AzeCriteria", "Go to the boundary"),
            )
        return None

    def _write(self, key: str, taxon: str) -> None:
        if taxon:
            self.show_taxon(taxon)
            self.details.write(key)
            return
        self.refresh()
        if self.session.results.assessment is not None:
            self.stack.setCurrentWidget(self.results)
        self.editor.open(self.session.candidates.current or "", key, "", self.session.nominations.statement(key))
        self.scroll.bring_into_view(self.editor)

    def _save(self, key: str, _taxon: str, said: str) -> None:
        self.session.nominations.set_statement(key, said)


class CriterionCard(Card):
    """One criterion: number and name, status, a line of figures, findings; for irreplaceability also share bars.

    ``chosen`` carries the name of a taxon whose bar was clicked, ``zoomed`` a place (EPSG:4326 ``[xmin, ymin, xmax,
    ymax]``) to go to, ``including`` a taxon and a segment of which the largest part outside is to be taken in.
    """

    chosen = pyqtSignal(str)
    zoomed = pyqtSignal(list)
    including = pyqtSignal(str, str)

    def __init__(self, name: str, number: int, parent: QWidget | None = None):
        title = f"{number}  {word('criterion', name)}"
        super().__init__(title, parent=parent)
        # The criterion's name stays whole; the chip's word gives way first, as its mark says the same.
        self.title.setMinimumWidth(self.title.fontMetrics().horizontalAdvance(title) + 2)
        self.name = name
        self._bars = _Bars() if name == "irreplaceability" else None
        if self._bars is not None:
            self.add(self._bars)
            self._bars.chosen.connect(self.chosen)
            self._bars.zoomed.connect(self.zoomed)
            self._bars.including.connect(self.including)
        self.surroundings = SurroundingsView() if name == "discreteness" else None
        if self.surroundings is not None:
            self.add(self.surroundings)
            self.surroundings.zoomed.connect(self.zoomed)
            self.surroundings.dataWanted.connect(lambda: self.findings.dataWanted.emit())
        self.findings = FindingList()
        self.add(self.findings)
        self.why = link("", self._toggle)
        self.buttons.addWidget(self.why)
        # None until the user opens or folds the findings by hand; the outcome decides before.
        self._wanted: bool | None = None

    def set_criterion(self, assessment: dict[str, Any], threshold: float, stale: bool) -> None:
        """Show the criterion's member of an assessment (one of ``aze-assessment/1``)."""
        criterion = assessment["criteria"][self.name]
        self.set_status(criterion["status"], dimmed=stale)
        self.set_summary(_SUMMARIES[self.name](assessment, threshold))
        findings = criterion["findings"]
        if self.surroundings is not None:
            self.surroundings.set_criterion(criterion, stale)
            if criterion.get("evidence"):
                findings = [finding for finding in findings if finding["code"] not in SHOWN]
        self.findings.set_findings(findings, dimmed=stale)
        if self._bars is not None:
            self._bars.set_species(assessment["species"], threshold, stale)
        self.why.setVisible(bool(criterion["findings"]))
        self._apply(criterion["status"] != "met" if self._wanted is None else self._wanted)

    def show_findings(self, shown: bool) -> None:
        """Open or fold the findings, as if by hand."""
        self._wanted = shown
        self._apply(shown)

    def forget_choice(self) -> None:
        """Let the outcome decide again whether the findings are open."""
        self._wanted = None

    def _toggle(self) -> None:
        self.show_findings(self.findings.isHidden())

    def _apply(self, shown: bool) -> None:
        translate = QCoreApplication.translate
        self.findings.setVisible(shown)
        if self.surroundings is not None:
            self.surroundings.setVisible(shown and not self.surroundings.is_empty)
        self.why.setText(
            translate("AzeCriteria", "less ▴")
            if shown
            else translate("AzeCriteria", "why ({count}) ▾").format(count=self.findings.count)
        )


class _Bars(QWidget):
    """Share bars of the taxa that trigger, of those that need evidence, and of near misses."""

    chosen = pyqtSignal(str)
    zoomed = pyqtSignal(list)
    including = pyqtSignal(str, str)

    def __init__(self):
        super().__init__()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 2, 0, 2)
        self._rows.setSpacing(2)

    def set_species(self, entries: list[dict[str, Any]], threshold: float, stale: bool) -> None:
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        shown = [entry for entry in entries if _worth_a_bar(entry)]
        shown.sort(key=_bar_order)
        for entry in shown[:_MOST_BARS]:
            self._rows.addWidget(self._row(entry, threshold, stale))
            outside = next((f for f in entry["findings"] if f["code"] == "irreplaceability.outside"), None)
            if outside is not None and outside["params"].get("extent"):
                self._rows.addWidget(self._rest(outside))
        if len(shown) > _MOST_BARS:
            more = QCoreApplication.translate("AzeCriteria", "And {count} more in the table below.")
            self._rows.addWidget(TextLabel(more.format(count=len(shown) - _MOST_BARS), muted=True))
        self.setVisible(bool(shown))

    def _row(self, entry: dict[str, Any], threshold: float, stale: bool) -> QWidget:
        row = _Clickable(lambda: self.chosen.emit(entry["scientific_name"]))
        name = ElidedLabel(f"{style.MARKS[_state(entry)]} {entry['scientific_name']}")
        font = name.font()
        font.setItalic(True)
        name.setFont(font)
        row.setToolTip(reason(entry))
        row.setAccessibleName(entry["scientific_name"])
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(name, 6)
        layout.addWidget(ShareBar(species.bar_of(entry, species.headline(entry), threshold), stale), 5)
        return row

    def _rest(self, finding: dict[str, Any]) -> QWidget:
        """What lies outside, and the way there."""
        params = finding["params"]
        extent, translate = list(params["extent"]), QCoreApplication.translate
        template = (
            translate("AzeCriteria", "{share} outside, in one part")
            if params["count"] == 1
            else translate("AzeCriteria", "{share} outside, in {count} parts")
        )
        said = TextLabel(template.format(share=percent(params["share"]), count=params["count"]), muted=True)
        said.setToolTip(finding["message"])
        row = QWidget()
        show = link(translate("AzeCriteria", "show ▸"), lambda: self.zoomed.emit(extent))
        add = link(
            translate("AzeCriteria", "add ▸"),
            lambda: self.including.emit(params["taxon"], params["segment"]),
            translate("AzeCriteria", "Preview the boundary with the largest part in it"),
        )
        layout = QHBoxLayout(row)
        layout.setContentsMargins(16, 0, 0, 2)
        layout.setSpacing(2)
        layout.addWidget(said, 1)
        layout.addWidget(show)
        layout.addWidget(add)
        return row


class _Clickable(QWidget):
    """A row that acts on a click and on Enter."""

    def __init__(self, on_click):
        super().__init__()
        self._on_click = on_click
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mouseReleaseEvent(self, event):
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self._on_click()

    def paintEvent(self, event):
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def keyPressEvent(self, event):
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._on_click()
        else:
            super().keyPressEvent(event)


def _state(entry: dict[str, Any]) -> str:
    if entry["trigger"]:
        return "fine"
    return "work" if entry["status"] in ("needs_evidence", "not_assessable") else "empty"


def _worth_a_bar(entry: dict[str, Any]) -> bool:
    if not species.can_trigger(entry):
        return False
    shown = species.headline(entry)
    near = shown is not None and shown["best"] is not None and shown["best"] >= _NEAR
    return entry["trigger"] or entry["status"] == "needs_evidence" or near


def _bar_order(entry: dict[str, Any]) -> tuple[bool, bool, float]:
    shown = species.headline(entry)
    best = shown["best"] if shown is not None and shown["best"] is not None else 0.0
    return not entry["trigger"], entry["status"] != "needs_evidence", -best


def _endangerment(assessment: dict[str, Any], _threshold: float) -> str:
    translate = QCoreApplication.translate
    counts = {}
    for entry in assessment["species"]:
        if species.can_trigger(entry):
            counts[entry["category"]] = counts.get(entry["category"], 0) + 1
    total = len(assessment["species"])
    if not total:
        return translate("AzeCriteria", "No taxon of the library lives here.")
    listed = ", ".join(f"{counts[code]} {code}" for code in ("CR", "EN", "EW") if counts.get(code))
    if not listed:
        return translate("AzeCriteria", "None of the {total} taxa here is CR, EN or EW.").format(total=total)
    return translate("AzeCriteria", "{listed} among {total} taxa here").format(listed=listed, total=total)


def _irreplaceability(assessment: dict[str, Any], threshold: float) -> str:
    translate = QCoreApplication.translate
    able = [e for e in assessment["species"] if species.can_trigger(e) and e["status"] != "not_assessable"]
    triggers = sum(1 for entry in able if entry["trigger"])
    if not able:
        said = translate("AzeCriteria", "No taxon here is of a kind that can trigger a site.")
    elif not triggers:
        said = translate("AzeCriteria", "Of {able} taxa none triggers; more than {threshold} is needed.")
    else:
        said = translate("AzeCriteria", "Of {able} taxa {triggers} trigger; more than {threshold} is needed.")
    said = said.format(triggers=triggers, able=len(able), threshold=percent(threshold))
    a1e = translate("AzeCriteria", "KBA criterion A1e: {status}.").format(status=word("status", assessment["a1e"]))
    return f"{said} {a1e}"


def _discreteness(assessment: dict[str, Any], _threshold: float) -> str:
    translate = QCoreApplication.translate
    parts = assessment["parts"]
    said = (
        translate("AzeCriteria", "One part")
        if parts == 1
        else translate("AzeCriteria", "{count} parts").format(count=parts)
    )
    facts = [said, hectares(assessment["area_ha"])]
    edges = (assessment["criteria"]["discreteness"].get("evidence") or {}).get("edges")
    if edges:
        facts.append(translate("AzeCriteria", "{share} on mapped edges").format(share=percent(edges["share"])))
    return " · ".join(facts)


_SUMMARIES = {
    "endangerment": _endangerment,
    "irreplaceability": _irreplaceability,
    "discreteness": _discreteness,
}
