"""The card that offers what an earlier run of QGIS left unsaved: boundaries and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QLocale, Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ... import paths
from ...services import figures
from ...services.journal import Unsaved
from .. import measure
from . import form
from .basics import TextLabel, link
from .card import Card

if TYPE_CHECKING:
    from ..session import Session
    from ..unsaved_changes import Differing, Offer

_MOST_FIELDS = 4
_MOST_LETTERS = 160


class LeftCard(Card):
    """Says what was left, and takes it back or discards it; hidden where nothing was.

    Of a text in whose place another one was saved since, both are offered, one by one.
    """

    def __init__(self, session: Session, parent: QWidget | None = None):
        translate = QCoreApplication.translate
        super().__init__(translate("AzeBoundary", "Left unsaved"), parent=parent)
        self.session = session
        self.said = self.add(TextLabel())
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self.body.addLayout(self._rows)
        self.take = self.add_button(
            translate("AzeBoundary", "Recover"),
            session.recovery.recover,
            translate("AzeBoundary", "Bring back what was not saved when QGIS ended by itself"),
        )
        self.drop = self.add_button(translate("AzeBoundary", "Discard"), session.recovery.discard)
        self.done = self.add_button(translate("AzeBoundary", "Keep what is saved"), session.recovery.discard)
        session.recovery.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what there is to decide about."""
        translate = QCoreApplication.translate
        recovery = self.session.recovery
        left, offers, differing = recovery.left, recovery.texts.offers, recovery.texts.differing
        self.setVisible(bool(left or offers or differing))
        self.set_state("work", translate("AzeBoundary", "look"))
        lines = [_boundary(found) for found in left] + [_written(offer) for offer in offers]
        if differing:
            lines.append(
                translate(
                    "AzeBoundary",
                    "This was saved otherwise since, so what is saved was kept. What was not saved:",
                )
            )
        self.said.setText("\n".join(lines))
        for button, shown in ((self.take, not differing), (self.drop, not differing), (self.done, bool(differing))):
            button.setVisible(shown)
        while self._rows.count():
            row = self._rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        for found in differing:
            self._rows.addWidget(self._row(found))

    def _row(self, found: Differing) -> QWidget:
        translate = QCoreApplication.translate
        text = _short(found.conflict.mine) or translate("AzeBoundary", "nothing")
        title = _title(f"{found.member}{found.conflict.pointer}")
        said = TextLabel(translate("AzeBoundary", "{field}: {text}").format(field=title, text=text))
        said.setToolTip(translate("AzeBoundary", "Saved: {text}").format(text=_short(found.conflict.theirs)))
        use = link(translate("AzeBoundary", "use this"), lambda: self.session.recovery.texts.use(found))
        use.setAccessibleName(f"{use.text()}: {title}")
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(said, 1)
        layout.addWidget(use, 0, Qt.AlignmentFlag.AlignTop)
        return row


def _boundary(found: Unsaved) -> str:
    """A boundary that was left, with its area and the time of the last corner."""
    translate = QCoreApplication.translate
    shape = QgsGeometry()
    shape.fromWkb(found.wkb)
    template = (
        translate("AzeBoundary", "The boundary of “{name}” ({time}, {area})")
        if found.name
        else translate("AzeBoundary", "The boundary that you were drawing ({time}, {area})")
    )
    return template.format(
        name=found.name,
        time=_moment(found.time),
        area=figures.square_metres(measure.area_m2(shape))
        if shape.isGeosValid()
        else translate("AzeBoundary", "crosses itself"),
    )


def _written(offer: Offer) -> str:
    """What was written about a candidate, by the titles of its fields."""
    translate = QCoreApplication.translate
    titles = list(dict.fromkeys(_title(pointer) for pointer in offer.pointers))
    listed = QLocale().createSeparatedList(titles[:_MOST_FIELDS])
    more = len(titles) - _MOST_FIELDS
    if more > 0:
        listed = translate("AzeBoundary", "{fields} and {count} more").format(
            fields=", ".join(titles[:_MOST_FIELDS]), count=more
        )
    template = (
        translate("AzeBoundary", "The nomination of “{name}” ({time}): {fields}")
        if offer.name
        else translate("AzeBoundary", "Your estimates ({time})")
    )
    return template.format(name=offer.name, time=_moment(offer.time), fields=listed)


def _title(pointer: str) -> str:
    """The title of the field of the form where something is written."""
    translate = QCoreApplication.translate
    steps = pointer.strip("/").split("/")
    if steps[0] == "statements":
        return {
            "evidence_of_presence": translate("AzeBoundary", "Evidence of presence"),
            "reintroduction_justification": translate("AzeBoundary", "Reintroduction"),
        }.get(steps[-1], translate("AzeBoundary", "Why this boundary"))
    known = {
        "files": translate("AzeBoundary", "Attached files"),
        "estimates": translate("AzeBoundary", "Estimates"),
        "kind": translate("AzeBoundary", "What is proposed"),
    }
    if steps[0] in known:
        return known[steps[0]]
    schema = paths.load_json("schemas", "nomination.schema.json")
    try:
        return form.title(schema, "/" + "/".join(steps[:2]))
    except KeyError:
        return steps[-1]


def _moment(iso: str) -> str:
    time = QDateTime.fromString(iso, Qt.DateFormat.ISODate).toLocalTime()
    return QLocale().toString(time, QLocale.FormatType.ShortFormat)


def _short(value: Any) -> str:
    """A value in few words."""
    if isinstance(value, dict):
        value = ", ".join(_short(part) for part in value.values())
    elif isinstance(value, list):
        value = "; ".join(_short(part) for part in value)
    elif value is None:
        value = ""
    said = " ".join(str(value).split())
    return said if len(said) <= _MOST_LETTERS else f"{said[: _MOST_LETTERS - 1]}…"
