"""A list of findings: mark, sentence, and what one can do about each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .. import style
from .basics import FlowLayout, TextLabel, link

# Which statement of the nominator answers a finding; see ``aze-statements/1``.
STATEMENTS = {
    "discreteness.no_rationale": "delineation_rationale",
    "discreteness.rationale_given": "delineation_rationale",
    "irreplaceability.possibly_extinct_needs_evidence": "evidence_of_presence",
    "irreplaceability.presence_stated": "evidence_of_presence",
    "irreplaceability.range_only": "evidence_of_presence",
    "irreplaceability.reintroduction_needs_justification": "reintroduction_justification",
    "irreplaceability.reintroduction_justified": "reintroduction_justification",
}
_GIVEN = {
    "discreteness.rationale_given",
    "irreplaceability.presence_stated",
    "irreplaceability.reintroduction_justified",
}
_SEVERITIES = ("blocking", "warning", "info")
_MOST_PARTS = 6
_MOST_FINDINGS = 40


def worst_first(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings by severity, otherwise in the order in which the check gave them."""
    return sorted(findings, key=lambda f: _SEVERITIES.index(f["severity"]))


class FindingList(QWidget):
    """Shows findings as the assessment file has them.

    ``zoomed`` carries a place (EPSG:4326 ``[xmin, ymin, xmax, ymax]``),
    ``writing`` the key of a statement and the taxon's name ("" for the site), ``clipping`` the params of a finding
    about an existing site that shall be cut out of the boundary; ``dataWanted`` asks for the data page.
    """

    zoomed = pyqtSignal(list)
    writing = pyqtSignal(str, str)
    clipping = pyqtSignal(dict)
    dataWanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.count = 0
        # Whether a boundary may be clipped to the site that a finding names: not to the one of which it is an update.
        self.may_clip: Callable[[str], bool] = lambda site: True

    def set_findings(self, findings: Sequence[dict[str, Any]], dimmed: bool = False) -> None:
        """Replace what is shown. ``dimmed`` for findings of an earlier boundary, whose places may be wrong by now."""
        while self._layout.count():
            row = self._layout.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        self.count = len(findings)
        for finding in worst_first(findings)[:_MOST_FINDINGS]:
            self._layout.addWidget(self._row(finding, dimmed))
        if len(findings) > _MOST_FINDINGS:
            rest = QCoreApplication.translate(
                "AzeFindingList", "And {count} more, listed in the assessment file of the package."
            )
            self._layout.addWidget(TextLabel(rest.format(count=len(findings) - _MOST_FINDINGS), muted=True))

    def _row(self, finding: dict[str, Any], dimmed: bool) -> QWidget:
        row = QWidget()
        mark = QLabel("·" if finding["severity"] == "info" else style.MARKS[style.state_of(finding["severity"])])
        mark.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        mark.setFixedWidth(mark.fontMetrics().horizontalAdvance("▲") + 4)
        mark.setToolTip(_severity_word(finding["severity"]))
        mark.setAccessibleName(_severity_word(finding["severity"]))
        palette = QPalette(mark.palette())
        tone = style.muted(palette) if dimmed else style.colour(style.state_of(finding["severity"]), palette)
        palette.setColor(QPalette.ColorRole.WindowText, tone)
        mark.setPalette(palette)

        said = QVBoxLayout()
        said.setSpacing(0)
        said.addWidget(TextLabel(finding["message"], muted=dimmed))
        actions = self._actions(finding)
        if actions:
            holder = QWidget()
            flow = FlowLayout(holder, spacing=0)
            for action in actions:
                flow.addWidget(action)
            said.addWidget(holder)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(mark)
        layout.addLayout(said, 1)
        return row

    def _actions(self, finding: dict[str, Any]) -> list[QWidget]:
        translate = QCoreApplication.translate
        params, code = finding["params"], finding["code"]
        actions = []
        if params.get("extent"):
            actions.append(self._zoom(translate("AzeFindingList", "show on the map ▸"), params["extent"]))
        parts = [part for part in params.get("parts", ()) if isinstance(part, dict) and part.get("extent")]
        if len(parts) > 1:
            for number, part in enumerate(parts[:_MOST_PARTS], start=1):
                text = translate("AzeFindingList", "part {number} ▸").format(number=number)
                actions.append(self._zoom(text, part["extent"]))
        key = STATEMENTS.get(code)
        # Said of several taxa at once, it is answered taxon by taxon, in the taxon's own findings.
        if key == "delineation_rationale" or (key and isinstance(params.get("taxon"), str)):
            text = translate("AzeFindingList", "edit ▸") if code in _GIVEN else _write_text(key)
            actions.append(link(text, lambda: self.writing.emit(key, params.get("taxon", ""))))
        if code == "discreteness.overlaps_site" and self.may_clip(params["site"]):
            text = translate("AzeFindingList", "clip to its edge ▸")
            tip = translate("AzeFindingList", "Clip to the existing site's edge: look at it first, then apply")
            actions.append(link(text, lambda: self.clipping.emit(params), tip))
        if code == "discreteness.sites_not_given":
            actions.append(link(translate("AzeFindingList", "add a site layer ▸"), self.dataWanted.emit))
        return actions

    def _zoom(self, text: str, extent: Sequence[float]) -> QWidget:
        return link(text, lambda: self.zoomed.emit(list(extent)))


def _write_text(key: str) -> str:
    translate = QCoreApplication.translate
    return {
        "delineation_rationale": translate("AzeFindingList", "write the rationale ▸"),
        "evidence_of_presence": translate("AzeFindingList", "write the evidence of presence ▸"),
        "reintroduction_justification": translate("AzeFindingList", "write the justification ▸"),
    }[key]


def _severity_word(severity: str) -> str:
    translate = QCoreApplication.translate
    return {
        "blocking": translate("AzeFindingList", "Decides against"),
        "warning": translate("AzeFindingList", "Wants a look"),
        "info": translate("AzeFindingList", "Explains"),
    }[severity]
