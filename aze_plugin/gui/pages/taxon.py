"""One taxon of an assessment: every share, what it means, where the rest is, estimates, and how it was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import QgsGeometry, QgsPointXY
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from ...domain.errors import AzeError
from ...domain.species import PARAMETERS
from ...services.figures import metres, percent, square_metres
from ...services.vocabulary import word
from ...services.wording import text
from .. import messages, style
from ..models import species
from ..widgets.basics import PageScroll, TextLabel, link
from ..widgets.card import Card
from ..widgets.chip import Chip
from ..widgets.estimates import EstimateEditor
from ..widgets.findings import FindingList
from ..widgets.placelist import Place, PlaceList
from ..widgets.statement import StatementEditor
from ..widgets.steps import StepList
from ..widgets.whiskers import ShareRow, share_row

# Findings that stand with the shares, as they say how far those agree and hold.
_OF_SHARES = (
    "irreplaceability.parameters_disagree",
    "irreplaceability.estimate_stands",
    "irreplaceability.site_above_world",
    "irreplaceability.hangs_on_drawing",
    "irreplaceability.holds_within_error",
    "irreplaceability.grow_to_pass",
    "irreplaceability.growing_does_not_help",
)
_OUTSIDE = "irreplaceability.outside"
_RECORDS_OUTSIDE = "irreplaceability.records_outside"


class TaxonDetails(QWidget):
    """One taxon: outcome, every share, what is outside, findings, statements, estimates, and how it was computed."""

    closed = pyqtSignal()

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        translate = QCoreApplication.translate
        self.session = session
        self.taxon = ""
        # So that a click anywhere on the page makes its undo the one that the keys mean.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        scroll = PageScroll()
        self.back = link(translate("AzeCriteria", "◂ all taxa"), self._close)
        self.name = TextLabel()
        font = style.scaled(self.font(), 1.15, bold=True)
        font.setItalic(True)
        self.name.setFont(font)
        self.chip = Chip()
        self.about = TextLabel(muted=True)
        self.suggest = link(
            translate("AzeCriteria", "suggest a boundary ▸"),
            self.show_suggestions,
            translate("AzeCriteria", "Boundaries that hold enough of this taxon, put together from units"),
        )
        self.decision = TextLabel()
        self.shares = QWidget()
        self._share_rows = QVBoxLayout(self.shares)
        self._share_rows.setContentsMargins(0, 0, 0, 0)
        self.agreement = FindingList()
        self.parts, self.records = PlaceList(), PlaceList()
        self.parts.zoomed.connect(lambda place: session.zoom_to(list(place.extent)))
        self.records.zoomed.connect(self._show_record)
        self.parts.added.connect(self._include_part)
        self.records.added.connect(lambda place: self.include(self.taxon, basis=3, place=place.point))
        self._segment = ""
        self._parts: list[Place] = []
        self.findings = FindingList()
        self.findings.zoomed.connect(session.zoom_to)
        self.findings.writing.connect(lambda key, _taxon: self.write(key))
        self.editor = StatementEditor(session.recovery.texts.typing)
        self.editor.saved.connect(lambda key, taxon, said: session.nominations.set_statement(key, said, taxon))
        self.estimates = EstimateEditor(session.estimates)
        self.estimates.loading.connect(self._choose_estimates)
        self.estimates.saving.connect(self._choose_target)
        self.how = StepList()
        head = QHBoxLayout()
        head.addWidget(self.back)
        head.addStretch(1)
        head.addWidget(self.chip)
        scroll.layout_.addLayout(head)
        scroll.layout_.addWidget(self.name)
        scroll.layout_.addWidget(self.about)
        scroll.layout_.addWidget(self.suggest)
        self.cards: list[Card] = []
        for title, widgets in (
            (translate("AzeCriteria", "Share inside the boundary"), (self.decision, self.shares, self.agreement)),
            (translate("AzeCriteria", "Outside the boundary"), (self.parts, self.records)),
            (translate("AzeCriteria", "What this means"), (self.findings, self.editor)),
            (translate("AzeCriteria", "Estimates"), (self.estimates,)),
            (translate("AzeCriteria", "How this was computed"), (self.how,)),
        ):
            card = Card(title)
            for widget in widgets:
                card.add(widget)
            scroll.layout_.addWidget(card)
            self.cards.append(card)
        self.outside, self.meaning = self.cards[1:3]
        scroll.layout_.addStretch(1)
        self.scroll = scroll
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def open(self, name: str) -> None:
        """Show a taxon of the session's assessment."""
        if name != self.taxon:
            self.editor.put_aside()
            self.parts.show_all(False)
            self.records.show_all(False)
            self.scroll.verticalScrollBar().setValue(0)
        self.taxon = name
        self.refresh()

    def leave(self) -> None:
        """Forget the taxon; an unsaved statement or estimate is kept for the next time."""
        self.editor.put_aside()
        self.estimates.put_aside()
        self.taxon = ""

    def write(self, key: str) -> None:
        """Open the editor for a statement about this taxon."""
        self.meaning.show()
        self.editor.open(
            self.session.candidates.current or "", key, self.taxon, self.session.nominations.statement(key, self.taxon)
        )
        self.scroll.bring_into_view(self.editor)

    def refresh(self) -> bool:
        """Show the taxon as the assessment has it now; False when the assessment has it no more."""
        results = self.session.results
        species_ = (results.assessment or {}).get("species", ())
        entry = next((e for e in species_ if e["scientific_name"] == self.taxon), None)
        if entry is None:
            self.leave()
            return False
        stale, settings = results.assessment_stale, results.assessment_settings
        self.name.setText(entry["scientific_name"])
        if species.can_trigger(entry):
            outcome = word("route", entry["route"]) if entry["trigger"] else word("status", entry["status"])
            self.chip.set(style.state_of(entry["status"]), outcome, dimmed=stale)
        else:
            self.chip.set("empty", QCoreApplication.translate("AzeCriteria", "cannot trigger"), dimmed=stale)
        self.about.setText(_about(entry))
        self.suggest.setVisible(species.can_trigger(entry))
        self.decision.setText(decision(entry, settings["threshold"]))
        self._show_shares(entry, settings["threshold"], stale)
        apart = self._show_outside(entry, stale)
        others = [f for f in entry["findings"] if f["code"] not in _OF_SHARES and f not in apart]
        self.findings.set_findings(others, dimmed=stale)
        self.meaning.setVisible(bool(others) or not self.editor.isHidden())
        self.estimates.set_taxon(entry, results.assessed_estimates, self.session.candidates.current or "")
        self.how.set_groups(how(entry, settings, results.assessment_sources))
        return True

    def _show_shares(self, entry: dict[str, Any], threshold: float, stale: bool) -> None:
        translate = QCoreApplication.translate
        while self._share_rows.count():
            row = self._share_rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for share in sorted(entry["shares"], key=species.share_order):
            self._share_rows.addWidget(share_row(entry, share, threshold, stale))
        found = entry.get("sensitivity")
        if found is not None:
            title = translate("AzeCriteria", "Boundary ± {error}").format(error=metres(found["error_m"]))
            bar = species.bar_of(entry, {**found, "status": _between(found, threshold)}, threshold)
            self._share_rows.addWidget(ShareRow(title, bar, f"{species.share_name(found)}.", dimmed=stale))
        legend = translate("AzeCriteria", "Scale from 0 to 100 %; dashed: the threshold, {threshold}.")
        if entry["shares"]:
            self._share_rows.addWidget(TextLabel(legend.format(threshold=percent(threshold)), muted=True))
        said = [f for f in entry["findings"] if f["code"] in _OF_SHARES]
        self.agreement.set_findings(said, dimmed=stale)
        self.agreement.setVisible(bool(said))

    def _show_outside(self, entry: dict[str, Any], stale: bool) -> list[dict[str, Any]]:
        """Show the parts and records outside; the findings that say so."""
        translate = QCoreApplication.translate
        found = {f["code"]: f for f in entry["findings"]}
        parts, records = found.get(_OUTSIDE), found.get(_RECORDS_OUTSIDE)
        listed = []
        if parts is not None:
            for part in sorted(parts["params"]["parts"], key=lambda part: -part["area_m2"]):
                said = f"{percent(part['share'])} · {square_metres(part['area_m2'])}"
                listed.append(Place(said, part["extent"]))
        self._parts, self._segment = listed, parts["params"]["segment"] if parts else ""
        self.parts.set_places(
            parts["message"] if parts else "", listed, parts["params"]["count"] if parts else 0, stale
        )
        listed = []
        if records is not None:
            for record in sorted(records["params"]["records"], key=lambda record: record["distance_m"]):
                year = str(record["year"]) if record["year"] else translate("AzeCriteria", "year not known")
                away = translate("AzeCriteria", "{distance} away · {year}")
                said = away.format(distance=metres(record["distance_m"]), year=year)
                listed.append(Place(said, record["extent"], (record["lon"], record["lat"])))
        self.records.set_places(
            records["message"] if records else "", listed, records["params"]["count"] if records else 0, stale
        )
        self.outside.setVisible(bool(parts or records))
        return [finding for finding in (parts, records) if finding is not None]

    def include(
        self,
        taxon: str,
        segment: str = "",
        basis: int = 1,
        number: int = 1,
        place: tuple[float, float] | None = None,
    ) -> None:
        """Preview the boundary with a part outside taken in; see IncludeDialog."""
        from ..fit_dialog import IncludeDialog

        if self.session.results.assessment_stale or not self.session.candidates.is_sound():
            sentence = QCoreApplication.translate("AzeCriteria", "Check the boundary again first: it has changed.")
            self.session.message.emit(sentence, messages.INFO)
            return
        self.including = IncludeDialog(self.session, taxon, basis, segment, number, place, self.window())
        self.including.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.including.show()
        self.including.look_for_changes()

    def show_suggestions(self) -> None:
        """Open the window in which boundaries are put together for this taxon."""
        from ..suggest_dialog import open_suggestions

        self.suggesting = open_suggestions(self.session, self.taxon, self.window())

    def _include_part(self, place: Place) -> None:
        self.include(self.taxon, self._segment, number=self._parts.index(place) + 1)

    def _show_record(self, place: Place) -> None:
        self.session.zoom_to(list(place.extent), flash=False)
        self.session.flash(QgsGeometry.fromPointXY(QgsPointXY(*place.point)))

    def _close(self) -> None:
        self.leave()
        self.closed.emit()

    # ------------------------------------------------------------------------------------------ undo and redo by keys

    def event(self, event) -> bool:
        # QGIS has the same keys for its layers; whoever works on this page means the page.
        if event.type() == QEvent.Type.ShortcutOverride and self._step(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event) -> None:
        step = self._step(event)
        if step is None:
            super().keyPressEvent(event)
        else:
            step()

    def _step(self, event):
        """What a key does to the estimates: undo, redo, or None where it means neither or there is nothing to do."""
        stack = self.session.estimates.stack
        redo = event.matches(QKeySequence.StandardKey.Redo) or (
            event.key() == Qt.Key.Key_Y and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        )
        if redo:
            return stack.redo if stack.canRedo() else None
        if event.matches(QKeySequence.StandardKey.Undo):
            return stack.undo if stack.canUndo() else None
        return None

    # ------------------------------------------------------------------------------------------- files of estimates

    def load_estimates(self, path: str) -> None:
        """Take up a file of estimates; what came of it, or its problem, is said by the session's message."""
        translate, session = QCoreApplication.translate, self.session
        try:
            title = translate("AzeEstimates", "Load estimates")
            loaded = session.estimates.load(path, title, session.sources.library_path)
        except AzeError as error:
            session.message.emit(text(error.code, error.params), messages.CRITICAL)
            return
        said = [translate("AzeEstimates", "Estimates taken up from the file: {count}.").format(count=loaded.count)]
        if loaded.other_sites:
            left = translate("AzeEstimates", "Left out, as they are of sites that are no candidates here: {sites}.")
            said.append(left.format(sites=", ".join(loaded.other_sites)))
        if loaded.unknown:
            strange = translate("AzeEstimates", "The library does not know these taxa: {taxa}.")
            said.append(strange.format(taxa=", ".join(loaded.unknown)))
        clean = not (loaded.other_sites or loaded.unknown)
        session.message.emit(" ".join(said), messages.SUCCESS if clean else messages.WARNING)

    def save_estimates(self, path: str) -> None:
        """Write all estimates of the project to a file."""
        translate, session = QCoreApplication.translate, self.session
        try:
            written, left = session.estimates.save(path)
        except AzeError as error:
            session.message.emit(text(error.code, error.params), messages.CRITICAL)
            return
        said = translate("AzeEstimates", "Estimates written to {path}: {count}.").format(path=path, count=written)
        if left:
            rest = translate("AzeEstimates", "Left out, as they cannot be used yet: {count}.").format(count=left)
            said = f"{said} {rest}"
        session.message.emit(said, messages.WARNING if left else messages.SUCCESS)

    def _choose_estimates(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, QCoreApplication.translate("AzeEstimates", "Load estimates"), "", _files()
        )
        if path:
            self.load_estimates(path)

    def _choose_target(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, QCoreApplication.translate("AzeEstimates", "Save estimates"), "estimates.csv", _files()
        )
        if path:
            self.save_estimates(path)


def decision(entry: Mapping[str, Any], threshold: float) -> str:
    """Which share decides for a taxon, and why it does."""
    translate = QCoreApplication.translate
    if not entry["shares"]:
        return translate("AzeCriteria", "No share of it can be worked out.")
    if not species.can_trigger(entry):
        return translate("AzeCriteria", "Taxa of its kind cannot make a site, whatever their share.")
    deciding = next((share for share in entry["shares"] if share.get("deciding")), None)
    order = ", ".join(word("parameter", parameter) for parameter in PARAMETERS)
    if deciding is None:
        nearest = species.headline(entry)
        said = translate("AzeCriteria", "No share passes: more than {threshold} is needed. Nearest: {share}, {best}.")
        return said.format(
            threshold=percent(threshold), share=_inside(species.share_name(nearest)), best=percent(nearest["best"])
        )
    if deciding["status"] == "met":
        said = translate(
            "AzeCriteria", "{mark} {share} decides: it is the first to pass in the order of the evidence ({order})."
        )
    else:
        said = translate(
            "AzeCriteria",
            "{mark} No share passes for certain. {share} is the first, in the order of the evidence ({order}), that "
            "may: the threshold lies between its low and its high value.",
        )
    return said.format(mark=species.DECIDES, share=species.share_name(deciding), order=order)


def how(
    entry: Mapping[str, Any], settings: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]
) -> list[tuple[str, list[str]]]:
    """How a taxon's figures came about: groups of steps by parameter, then the rule, then the datasets."""
    translate = QCoreApplication.translate
    bases = {(share["parameter"], share["segment"]): share.get("basis", "range_map") for share in entry["shares"]}
    first: list[str] = []
    grouped: dict[tuple[str, str], list[str]] = {}
    for step in entry.get("explanation", ()):
        basis, parameter = _subject(step, bases)
        said = step["message"][:1].upper() + step["message"][1:]
        if not basis:
            first.append(said)
        else:
            grouped.setdefault((basis, parameter if basis == "estimate" else ""), []).append(said)
    groups = [("", first)] if first else []
    for (basis, parameter), steps in sorted(grouped.items(), key=lambda item: _group_order(item[0], bases)):
        named = [parameter] if parameter else [p for p in PARAMETERS if basis in _bases_of(p, bases)]
        title = ", ".join(word("parameter", p) for p in named)
        title = f"{title[:1].upper()}{title[1:]} {species.basis_word(basis)}"
        groups.append((title.strip(), steps))
    rule = translate("AzeCriteria", "AZE asks for {aze} {threshold}, KBA criterion A1e for {a1e} {threshold}.").format(
        aze=_operator(settings.get("aze_operator", "")),
        a1e=_operator(settings.get("a1e_operator", "")),
        threshold=percent(settings["threshold"]),
    )
    groups.append((translate("AzeCriteria", "Rule"), [rule]))
    listed = [" ".join(p for p in (s.get("name"), s.get("version")) if p) for s in sources]
    cited = [s["citation"] for s in sources if s.get("citation")]
    data = [translate("AzeCriteria", "{sources}.").format(sources="; ".join(dict.fromkeys(listed)))] if listed else []
    if data or cited:
        groups.append((translate("AzeCriteria", "Data"), data + list(dict.fromkeys(cited))))
    return groups


def _subject(step: Mapping[str, Any], bases: Mapping[tuple[str, str], str]) -> tuple[str, str]:
    """What a step is about: the basis of shares ("" for the taxon itself) and, of a single share, its parameter."""
    code, params = step["code"], step["params"]
    parameter = params.get("parameter", "")
    for start, basis in (
        ("explain.range", "range_map"),
        ("explain.records", "records"),
        ("explain.habitat", "habitat"),
        ("explain.estimate", "estimate"),
        ("explain.replaced", "estimate"),
    ):
        if code.startswith(start):
            return basis, parameter
    return bases.get((parameter, params.get("segment", "")), ""), parameter


def _bases_of(parameter: str, bases: Mapping[tuple[str, str], str]) -> set[str]:
    return {basis for (p, _), basis in bases.items() if p == parameter}


def _group_order(group: tuple[str, str], bases: Mapping[tuple[str, str], str]) -> int:
    basis, parameter = group
    parameters = [parameter] if parameter else [p for p, _ in bases if basis in _bases_of(p, bases)]
    return min((PARAMETERS.index(p) for p in parameters), default=len(PARAMETERS))


def _between(found: Mapping[str, Any], threshold: float) -> str:
    """What a share comes to as the boundary moves: uncertain where the threshold lies between."""
    passes = {value - threshold > 1e-9 for value in (found["low"], found["best"], found["high"])}
    return "uncertain" if len(passes) > 1 else "met" if True in passes else "not_met"


def _inside(name: str) -> str:
    return name[:1].lower() + name[1:]


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


def _operator(sign: str) -> str:
    translate = QCoreApplication.translate
    return {">": translate("AzeCriteria", "more than"), ">=": translate("AzeCriteria", "at least")}.get(sign, sign)


def _files() -> str:
    return QCoreApplication.translate("AzeEstimates", "Tables (*.csv *.tsv *.txt)")
