"""The page Protection: how much of the candidate or of a site is protected, by which areas, since when, where the gaps
are, and what would fill them."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsGeometry, QgsLayerTreeLayer, QgsPointXY
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QWidget

from ...domain.errors import AzeError
from ...services.figures import hectares, number, percent
from ...services.wording import text
from .. import messages, places, reports
from ..mapclicks import MapClicks, SitePicker
from ..widgets.basics import PageScroll, TextLabel
from ..widgets.breakdown import Breakdown
from ..widgets.card import Card
from ..widgets.completing import CompletingView, ExcludedView
from ..widgets.coverbar import CoverBar
from ..widgets.findings import FindingList
from ..widgets.gapchoice import GapChoice
from ..widgets.protectedtable import ProtectedTable
from ..widgets.subject import SubjectChooser
from ..widgets.trendchart import TrendChart
from .base import Lack, ResultPage

# Said with the chart, where it belongs.
_OF_YEARS = ("coverage.year_unknown", "coverage.years_none", "coverage.years_unknown")
# Said in the site's own finding.
_ELSEWHERE = (*_OF_YEARS, "coverage.sites_not_assessed")


class ProtectionPage(ResultPage):
    """Shows the cover of the subject of ``session.protection``; asks the session to measure, to zoom and to flash."""

    def __init__(self, session, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(
            session,
            session.protection.measure,
            translate("AzeProtection", "The protection of this boundary has not been measured yet."),
            translate("AzeProtection", "Measure"),
            translate("AzeProtection", "measure again ▸"),
            parent,
        )
        self.protection = session.protection
        self.subjects = SubjectChooser()
        self.subjects.candidateChosen.connect(self.protection.show_candidate)
        self.subjects.siteChosen.connect(lambda number: self.protection.show_recent(self.protection.recent[number]))
        self.subjects.pickWanted.connect(self.pick_site)
        self.subjects.listWanted.connect(lambda: self.session.show_page("data", "sites"))
        self.subjects.reportWanted.connect(
            lambda name: reports.open_report(self.session, name, self.protection.subject, self.window())
        )
        self.layout().insertWidget(0, self.subjects)
        self.scroll = PageScroll()
        self.stack.addWidget(self.scroll)
        self._make_cover()
        self._make_areas()
        self._make_rest()
        for widget in (self.notice, self.cover, self.years, self.areas, self.lacking, self.aside):
            self.scroll.layout_.addWidget(widget)
        self.scroll.layout_.addStretch(1)

        self._picker: SitePicker | None = None
        self._clicks = MapClicks(session, self)
        self._clicks.clicked.connect(self._choose_at)
        session.coverageChanged.connect(self._changed)
        session.candidatesChanged.connect(self._changed)
        session.dataChanged.connect(self._changed)
        self.protection.subjectChanged.connect(self._changed)
        self._renew()

    def _make_cover(self) -> None:
        translate = QCoreApplication.translate
        self.cover = Card(translate("AzeProtection", "Cover"))
        self.bar = self.cover.add(CoverBar())
        self.gaps = self.cover.add(GapChoice())
        self.gaps.largestWanted.connect(self._zoom_to_largest)
        self.findings = self.cover.add(FindingList())
        self.breakdown = self.cover.add(Breakdown())

    def _make_areas(self) -> None:
        translate = QCoreApplication.translate
        self.years = Card(translate("AzeProtection", "Over the years"))
        self.trend = self.years.add(TrendChart())
        self.drawn = self.years.add(TextLabel(muted=True))
        self.areas = Card(translate("AzeProtection", "Protected areas here"))
        self.table = self.areas.add(ProtectedTable())
        self.table.pointed.connect(self._flash)
        self.table.opened.connect(self._go_to)
        self.table.said.connect(self.session.message)

    def _make_rest(self) -> None:
        translate = QCoreApplication.translate
        self.lacking = Card(translate("AzeProtection", "What would complete it"))
        self.completing = self.lacking.add(CompletingView())
        self.completing.zoomed.connect(self._zoom_to_place)
        self.completing.unitsChosen.connect(self._use_units)
        self.aside = Card(translate("AzeProtection", "What was not counted"))
        self.excluded = self.aside.add(ExcludedView())
        self.excluded.zoomed.connect(self.session.zoom_to)
        self.notes = self.aside.add(FindingList())

    def act(self, key: str) -> None:
        """What the line at the bottom of the panel asks for: ``measure``, which is meant of the candidate."""
        if key == "measure":
            self.protection.show_candidate()
            self.protection.measure()

    def close_page(self) -> None:
        """Give the map back."""
        self._clicks.set_on(False)
        if self._picker is not None:
            self._picker.stop()

    def refresh(self) -> None:
        """Show what the session holds now."""
        self._show_subjects()
        result, stale = self.protection.result, self.protection.is_stale
        coverage = result.coverage
        if coverage is None:
            self.show_nothing()
            return
        self.stack.setCurrentWidget(self.scroll)
        self._show_notice()
        self.cover.set_status(coverage["cover_class"], dimmed=stale)
        self.cover.set_summary(_summary(coverage))
        self.bar.set_shares(_share(coverage["pa_pct"]), _share(coverage["oecm_pct"]), stale)
        findings = [f for f in coverage.get("findings", ()) if f["code"] not in _OF_YEARS]
        self.findings.set_findings(findings, stale)
        self.findings.setVisible(self.findings.count > 0)
        self.breakdown.set_values(coverage.get("by", {}), stale)
        self._show_gap_choice()
        self._show_years(coverage, stale)
        self._show_areas(coverage, stale)
        self._show_lacking(coverage, stale)
        self._show_aside(coverage, stale)

    def showEvent(self, event):
        super().showEvent(event)
        self._clicks.set_on(True)
        # Reports may have come, and the gaps may have been switched on or off in the layer tree meanwhile.
        self.subjects.set_reports(reports.offered())
        self._show_gap_choice()

    def hideEvent(self, event):
        super().hideEvent(event)
        self._clicks.set_on(False)

    # ------------------------------------------------------------------------------------------------ the subject

    def pick_site(self) -> None:
        """Let the user choose a site on the map."""
        if self.session.iface is None or self._picker is not None:
            return
        self._picker = SitePicker(self.session)
        self._picker.picked.connect(self.protection.show_site)
        self._picker.ended.connect(self._end_picking)
        self._picker.start()
        self.session.message.emit(
            QCoreApplication.translate("AzeProtection", "Click a site on the map. Esc ends this."), messages.INFO
        )

    def _end_picking(self) -> None:
        picker, self._picker = self._picker, None
        if picker is not None:
            picker.deleteLater()

    def _show_subjects(self) -> None:
        subject, recent = self.protection.subject, self.protection.recent
        chosen = None if subject.is_candidate else [site.key for site in recent].index(subject.key)
        why_not = (
            ""
            if self.session.sources.site_layers
            else QCoreApplication.translate("AzeProtection", "Add a layer of existing sites on the Data page first.")
        )
        self.subjects.set_subjects(
            self.session.candidates.current or "", [site.name for site in recent], chosen, why_not
        )

    def _show_notice(self) -> None:
        session = self.session
        data = [layer.name() for layer in session.sources.protected_layers]
        self.notice.show_state(
            self.protection.result.coverage_time, data, self.protection.is_stale, session.busy is not None
        )

    def _lack(self) -> Lack | None:
        translate = QCoreApplication.translate
        subject = self.protection.subject
        if subject.geometry is None and subject.is_candidate:
            return Lack(
                "boundary",
                translate("AzeProtection", "There is no boundary to measure yet. Draw or import one first."),
                translate("AzeProtection", "Go to the boundary"),
            )
        if subject.geometry is None:
            return Lack(
                "",
                translate(
                    "AzeProtection",
                    "How much of “{name}” is protected cannot be assessed: its layer has no outline of it.",
                ).format(name=subject.name),
                "",
            )
        if not self.session.sources.protected_layers:
            return Lack(
                "data",
                translate(
                    "AzeProtection",
                    "How much is protected cannot be assessed before a layer of protected areas is there. Add the "
                    "WDPA download of your country, or a layer of your own.",
                ),
                translate("AzeProtection", "Go to the data"),
            )
        if self.protection.failure and self.session.busy is None:
            return Lack(
                "",
                translate("AzeProtection", "How much is protected could not be measured. {reason}").format(
                    reason=self.protection.failure
                ),
                translate("AzeProtection", "Measure again"),
            )
        return None

    # ------------------------------------------------------------------------------------------------------ gaps

    def _show_gap_choice(self) -> None:
        self.gaps.set_node(self._gaps_node)

    def _gaps_node(self) -> QgsLayerTreeLayer | None:
        layer = self.session.results.gaps_layer
        return self.session.project.layerTreeRoot().findLayer(layer.id()) if layer is not None else None

    def _zoom_to_largest(self) -> None:
        parts = ((self.protection.result.coverage or {}).get("completing") or {}).get("parts")
        if parts:
            self._zoom_to_place(parts[0]["extent"])

    def _zoom_to_place(self, extent: list[float]) -> None:
        self.session.zoom_to(self.protection.gap_near(extent) or extent)

    # ---------------------------------------------------------------------------------------- years, areas, the rest

    def _show_years(self, coverage: dict[str, Any], stale: bool) -> None:
        translate = QCoreApplication.translate
        years, areas = coverage.get("years", ()), coverage["protected_areas"]
        self.years.setVisible(bool(areas))
        self.trend.setVisible(bool(years))
        if years:
            self.trend.set_years(years, coverage.get("years_by_kind", {}), stale)
        said = [f["message"] for f in coverage.get("findings", ()) if f["code"] in _OF_YEARS]
        settings = self.protection.result.coverage_notes.get("settings", {})
        if said and "seed" in settings:
            said.append(translate("AzeProtection", "Seed of the draws: {seed}.").format(seed=settings["seed"]))
        if areas and not years:
            said = [
                translate(
                    "AzeProtection", "Of none of these areas the year of designation is known, so there is no trend."
                )
            ]
        self.drawn.setText(" ".join(said))
        self.drawn.setVisible(bool(said))

    def _show_areas(self, coverage: dict[str, Any], stale: bool) -> None:
        translate = QCoreApplication.translate
        areas = coverage["protected_areas"]
        self.table.set_areas(areas, self.protection.subject.name, stale)
        self.areas.setVisible(coverage["both_pct"] is not None)
        if not areas:
            said = translate("AzeProtection", "No area that counts meets this boundary.")
        elif len(areas) == 1:
            said = translate("AzeProtection", "One area. Double-click to go there; a click on the map chooses its row.")
        else:
            said = translate(
                "AzeProtection",
                "{count} areas. Point at a row to see its area, double-click to go there; a click on the map chooses "
                "the row.",
            ).format(count=number(len(areas)))
        self.areas.set_summary(said)

    def _show_lacking(self, coverage: dict[str, Any], stale: bool) -> None:
        found = coverage.get("completing")
        self.lacking.setVisible(found is not None)
        if found is not None:
            self.completing.set_completing(found, stale)
            chosen = {layer.id() for layer in self.protection.unit_layers}
            choices = [(la.id(), la.name(), la.id() in chosen) for la in self.protection.unit_choices()]
            self.completing.set_unit_choices(sorted(choices, key=lambda choice: choice[1].casefold()))

    def _show_aside(self, coverage: dict[str, Any], stale: bool) -> None:
        notes = self.protection.result.coverage_notes
        here = (coverage.get("completing") or {}).get("uncounted", ())
        self.excluded.set_excluded(notes.get("excluded", ()), notes.get("repaired", 0), here, stale)
        self.notes.set_findings([n for n in notes.get("notes", ()) if n["code"] not in _ELSEWHERE], stale)
        self.aside.setVisible(bool(self.excluded.plain()) or self.notes.count > 0)

    def _use_units(self, identifiers: list[str]) -> None:
        chosen = [layer for layer in self.protection.unit_choices() if layer.id() in identifiers]
        self.protection.use_units(chosen)

    # --------------------------------------------------------------------------------------------- table and map

    def _choose_at(self, place: QgsPointXY) -> None:
        boundary = self.protection.subject.geometry
        if boundary is None or self.stack.currentWidget() is not self.scroll:
            return
        sources = self.session.sources.protected_layers
        try:
            found = places.protected_at(sources, place, self.session.project)
        except AzeError as error:
            self._say(error)
            return
        area = self.table.choose(found)
        if area is not None:
            self.scroll.ensureWidgetVisible(self.table)
            self._flash(area)

    def _flash(self, area: dict[str, Any]) -> None:
        shape = self._shape(area)
        if shape is not None:
            self.session.flash(shape)

    def _go_to(self, area: dict[str, Any]) -> None:
        shape = self._shape(area)
        if shape is not None:
            self.session.zoom_to(shape)

    def _shape(self, area: dict[str, Any]) -> QgsGeometry | None:
        boundary = self.protection.subject.geometry
        if boundary is None:
            return None
        sources = self.session.sources.protected_layers
        try:
            return places.protected_area(sources, area["id"], boundary, self.session.project)
        except AzeError as error:
            self._say(error)
            return None

    def _say(self, error: AzeError) -> None:
        self.session.message.emit(text(error.code, error.params), messages.WARNING)


def _share(pct: float | None) -> float | None:
    return None if pct is None else pct / 100


def _summary(coverage: dict[str, Any]) -> str:
    translate = QCoreApplication.translate
    if coverage["both_pct"] is None:
        return translate("AzeProtection", "The cover cannot be assessed.")
    unprotected = coverage.get("unprotected_ha")
    said = translate("AzeProtection", "{share} of {area} is protected or conserved").format(
        share=percent(coverage["both_pct"] / 100), area=hectares(coverage["area_ha"])
    )
    if not unprotected:
        return f"{said}."
    return translate("AzeProtection", "{said}; {rest} is not.").format(said=said, rest=hectares(unprotected))
