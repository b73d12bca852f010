"""What a site lacks to be completely protected, and what did not count towards it: both with ways to the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from ...services.figures import hectares, metres, number, percent
from .basics import FlowLayout, TextLabel, link
from .zoomrows import ZoomRow, ZoomRows

_NAMED, _NEIGHBOURS = 5, 3
_LONGEST = 36

# Round a name, so that one written from right to left does not turn the sentence round.
_ISOLATED = "\u2068{}\u2069"


class CompletingView(QWidget):
    """``completing`` of one site of a coverage file in words.

    ``zoomed`` carries the rectangle (EPSG:4326) of an unprotected part, an area or a unit, ``unitsChosen`` the ids of
    the layers ticked as management units.
    """

    zoomed = pyqtSignal(list)
    unitsChosen = pyqtSignal(list)

    def __init__(self, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(parent)
        self._has_units = False
        self.lacking = TextLabel()
        self.parts, self.uncounted, self.units = ZoomRows(), ZoomRows(), ZoomRows()
        self.unit_button = QPushButton(translate("AzeProtection", "Management units"))
        self.unit_button.setToolTip(
            translate("AzeProtection", "Say which layers hold management units: concessions, parcels, forest blocks")
        )
        self.unit_button.setMenu(QMenu(self.unit_button))
        buttons = QWidget()
        FlowLayout(buttons).addWidget(self.unit_button)
        caution = TextLabel(
            translate(
                "AzeProtection",
                "Figures, not advice: whether any of this can or should be protected is not known here.",
            ),
            muted=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.lacking, self.parts, self.uncounted, self.units, buttons, caution):
            layout.addWidget(widget)
        for rows in (self.parts, self.uncounted, self.units):
            rows.zoomed.connect(self.zoomed)

    def set_completing(self, found: Mapping[str, Any], dimmed: bool = False) -> None:
        """Show what a site lacks; ``dimmed`` for an earlier boundary's."""
        self.lacking.setText(_lacking(found))
        rows = [ZoomRow(_part(part), part["extent"]) for part in found["parts"]]
        self.parts.set_rows(_parts(found) if rows else "", rows, found["part_count"], dimmed)
        rows = [ZoomRow(_uncounted(one), one["extent"]) for one in found["uncounted"]]
        self.uncounted.set_rows(_all_uncounted(found) if rows else "", rows, found["uncounted_count"], dimmed)
        rows = [ZoomRow(_unit(unit), unit["extent"]) for unit in found["units"]]
        self._has_units = bool(rows)
        self.units.set_rows(_units(found) if rows else "", rows, dimmed=dimmed)

    def set_unit_choices(self, choices: Sequence[tuple[str, str, bool]]) -> None:
        """Offer layers for management units: id, name, and whether it is one. Without any there is no button."""
        translate = QCoreApplication.translate
        menu = self.unit_button.menu()
        menu.clear()
        for layer_id, name, chosen in choices:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(chosen)
            action.setData(layer_id)
            action.toggled.connect(lambda _on: self._choose())
        self.unit_button.setVisible(bool(choices))
        count = sum(chosen for _, _, chosen in choices)
        self.unit_button.setText(
            translate("AzeProtection", "Management units ({count})").format(count=number(count))
            if count
            else translate("AzeProtection", "Management units")
        )
        if count and not self._has_units:
            self.units.set_rows(translate("AzeProtection", "No management unit of these layers fills a gap."), ())

    def _choose(self) -> None:
        actions = self.unit_button.menu().actions()
        self.unitsChosen.emit([action.data() for action in actions if action.isChecked()])


def _lacking(found: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    target = percent(found["target_pct"] / 100)
    if not found["needed_pct"]:
        template = translate("AzeProtection", "Nothing is lacking: a site is complete from {target} on.")
    else:
        template = translate("AzeProtection", "To be complete ({target}) it lacks {share} of its area: {area}.")
    return template.format(share=percent(found["needed_pct"] / 100), area=hectares(found["needed_ha"]), target=target)


def _parts(found: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    needed, count, listed = found["parts_needed"], found["part_count"], found["parts"]
    if not needed:
        return translate("AzeProtection", "What is left unprotected, by size:")
    if needed > len(listed):
        return translate(
            "AzeProtection", "It would take the {needed} largest of {count} unprotected parts to get there."
        ).format(needed=number(needed), count=number(count))
    values = {
        "area": hectares(sum(part["area_ha"] for part in listed[:needed])),
        "share": percent(listed[needed - 1]["cumulative_pct"] / 100),
        "needed": number(needed),
        "count": number(count),
    }
    if count == 1:
        template = translate("AzeProtection", "The one unprotected part, {area}, would bring it to {share}.")
    elif needed == count:
        template = translate("AzeProtection", "All {count} unprotected parts, {area}, would bring it to {share}.")
    elif needed == 1:
        template = translate(
            "AzeProtection", "The largest of {count} unprotected parts, {area}, would bring it to {share}."
        )
    else:
        template = translate(
            "AzeProtection",
            "The {needed} largest of {count} unprotected parts, {area} together, would bring it to {share}.",
        )
    return template.format(**values)


def _part(part: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    said = translate("AzeProtection", "{area}, {share} of the site").format(
        area=hectares(part["area_ha"]), share=percent(part["pct"] / 100)
    )
    if not part["neighbours"]:
        return said
    beside = ", ".join(
        translate("AzeProtection", "{name} ({length})").format(name=_name(n), length=metres(n["edge_m"]))
        for n in part["neighbours"][:_NEIGHBOURS]
    )
    return translate("AzeProtection", "{part}; along {areas}").format(part=said, areas=beside)


def _all_uncounted(found: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    said = translate("AzeProtection", "Areas that are here but do not count:")
    if found["uncounted_pct"] is None:
        return said
    together = translate(
        "AzeProtection", "Areas that are here but do not count; with all of known shape {share} would be covered:"
    )
    return together.format(share=percent(found["uncounted_pct"] / 100))


def _uncounted(one: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    adds, share = one["adds_pct"], percent((one["adds_pct"] or 0) / 100)
    if adds is None:
        template = translate("AzeProtection", "{name} ({reason}): its size is not known")
    elif adds < 1e-6:
        template = translate("AzeProtection", "{name} ({reason}): lies where others count already")
    elif one["estimate"]:
        template = translate(
            "AzeProtection", "{name} ({reason}): would add about {share}, as a circle of its reported area"
        )
    else:
        template = translate("AzeProtection", "{name} ({reason}): would add {share}")
    return _start() + template.format(name=_name(one), reason=_reason(one), share=share)


def _reason(one: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    return {
        "mab_reserve": translate("AzeProtection", "biosphere reserve"),
        "status_proposed": translate("AzeProtection", "proposed"),
        "status_not_reported": translate("AzeProtection", "status not reported"),
        "status_other": translate("AzeProtection", "status “{status}”").format(status=one["status"]),
        "point_omitted": translate("AzeProtection", "known as a point"),
        "point_without_area": translate("AzeProtection", "known as a point"),
    }.get(one["reason"], one["reason"])


def _units(found: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    units, needed = found["units"], found["units_needed"]
    share = percent(units[-1]["cumulative_pct"] / 100)
    if needed is None:
        template = translate(
            "AzeProtection", "Management units do not suffice; with those that add most it would be {share}:"
        )
    elif needed == 1:
        template = translate("AzeProtection", "One management unit would bring it to {share}:")
    else:
        template = translate("AzeProtection", "{count} management units would bring it to {share}:")
    return template.format(share=share, count=number(len(units)))


def _unit(unit: Mapping[str, Any]) -> str:
    template = QCoreApplication.translate("AzeProtection", "{name}: {area} more, then {share}")
    return _start() + template.format(
        name=_ISOLATED.format(_cut(unit["name"])),
        area=hectares(unit["adds_ha"]),
        share=percent(unit["cumulative_pct"] / 100),
    )


def _name(area: Mapping[str, Any]) -> str:
    """An area's name for a sentence, cut where it is very long."""
    return _ISOLATED.format(_cut(_whole_name(area)))


def _start() -> str:
    """A mark that lets a sentence run as the user's language does, whatever its first name is written in."""
    return "\u200f" if QGuiApplication.isRightToLeft() else "\u200e"


def _whole_name(area: Mapping[str, Any]) -> str:
    template = QCoreApplication.translate("AzeProtection", "Area {id}, without a name")
    return area["name"] or template.format(id=area["id"])


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


class ExcludedView(QWidget):
    """How many rows of the layers did not count and why, and those of them that meet the site by name, with a way to
    each. ``zoomed`` carries a rectangle (EPSG:4326)."""

    zoomed = pyqtSignal(list)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._sentences: list[str] = []

    def plain(self) -> str:
        """All of what is said, a line each."""
        return "\n".join(self._sentences)

    def set_excluded(
        self,
        excluded: Sequence[Mapping[str, Any]],
        repaired: int,
        here: Sequence[Mapping[str, Any]],
        dimmed: bool = False,
    ) -> None:
        """``excluded`` and ``repaired`` of a coverage file, and ``uncounted`` of the site."""
        while self._layout.count():
            row = self._layout.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        self._sentences = []
        for item in excluded:
            self._say(_excluded(item["reason"], item["count"]), dimmed)
            named = [one for one in here if one["reason"] == item["reason"]]
            if named:
                self._layout.addWidget(self._names(named))
        if repaired:
            template = QCoreApplication.translate("AzeProtection", "Invalid outlines, mended and counted: {count}")
            self._say(template.format(count=number(repaired)), dimmed)
        self.setVisible(bool(self._sentences))

    def _say(self, sentence: str, dimmed: bool) -> None:
        self._sentences.append(sentence)
        self._layout.addWidget(TextLabel(sentence, muted=dimmed))

    def _names(self, named: Sequence[Mapping[str, Any]]) -> QWidget:
        translate = QCoreApplication.translate
        holder = QWidget()
        flow = FlowLayout(holder, spacing=0)
        flow.setContentsMargins(6, 0, 0, 0)
        for one in named[:_NAMED]:
            name, place = _whole_name(one), list(one["extent"])
            tip = translate("AzeProtection", "{name}: meets the site; show it on the map").format(name=name)
            shown = translate("AzeProtection", "{name} ▸").format(name=_name(one))
            button = link(shown, lambda place=place: self.zoomed.emit(place), tip)
            button.setAccessibleName(tip)
            flow.addWidget(button)
        if len(named) > _NAMED:
            more = translate("AzeProtection", "and {count} more here").format(count=number(len(named) - _NAMED))
            flow.addWidget(QLabel(more))
        return holder


def _excluded(reason: str, count: int) -> str:
    translate = QCoreApplication.translate
    template = {
        "mab_reserve": translate("AzeProtection", "UNESCO-MAB biosphere reserves: {count}"),
        "status_proposed": translate("AzeProtection", "Proposed only: {count}"),
        "status_not_reported": translate("AzeProtection", "Status not reported: {count}"),
        "status_other": translate("AzeProtection", "Another status that does not count: {count}"),
        "point_omitted": translate("AzeProtection", "Known as a point only: {count}"),
        "point_without_area": translate("AzeProtection", "Known as a point without an area: {count}"),
        "no_geometry": translate("AzeProtection", "Without a shape: {count}"),
    }.get(reason, reason + ": {count}")
    return template.format(count=number(count))
