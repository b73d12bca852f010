"""The card that says how finely a boundary is drawn, and for which map scale."""

from __future__ import annotations

import math
from typing import Any

from qgis.core import QgsGeometry, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel

from ... import paths
from ...services import figures
from ...services.wording import text
from .. import style
from .basics import TextLabel
from .card import Card
from .findingrow import FindingRow

_SCALE = "aze_toolkit/mapping_scale"


def mapping_scale() -> int:
    """Denominator of the scale that the user works at."""
    limits = paths.load_json("criteria", "boundary.json")["mapping_scale"]
    return int(QgsSettings().value(_SCALE, limits["default"], int))


class PrecisionCard(Card):
    """Edges in true metres, decimals, the scale that the detail suggests, and findings about them."""

    def __init__(self):
        translate = QCoreApplication.translate
        super().__init__(translate("AzeBoundary", "Precision"))
        self._key: Any = None
        self._shape: QgsGeometry | None = None
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(2)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.labels: dict[str, TextLabel] = {}
        for key, title in (
            ("shortest", translate("AzeBoundary", "Shortest edge")),
            ("mean", translate("AzeBoundary", "Mean edge")),
            ("decimals", translate("AzeBoundary", "Decimals")),
            ("scale", translate("AzeBoundary", "Fit for maps of")),
        ):
            self.labels[key] = TextLabel()
            name = QLabel(title)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            form.addRow(name, self.labels[key])
        self.labels["scale"].setToolTip(
            translate(
                "AzeBoundary",
                "The scale at which half of the edges are shorter than half a millimetre, the least that can be told "
                "apart on a map",
            )
        )
        self.scale = QComboBox()
        self.scale.setAccessibleName(translate("AzeBoundary", "Scale of the work"))
        chosen = mapping_scale()
        for denominator in sorted({*paths.load_json("criteria", "boundary.json")["mapping_scale"]["scales"], chosen}):
            self.scale.addItem(scale_text(denominator), denominator)
        self.scale.setCurrentIndex(self.scale.findData(chosen))
        self.scale.setToolTip(
            translate(
                "AzeBoundary", "The scale at which sites are mapped in your work; coarser and finer outlines are told"
            )
        )
        self.scale.activated.connect(self._scale_chosen)
        form.addRow(QLabel(translate("AzeBoundary", "Work at")), self.scale)
        self.body.addLayout(form)
        self._rows: list[FindingRow] = []

    def show_shape(self, shape: QgsGeometry, key: Any) -> None:
        """Measure a boundary (WGS 84) unless ``key`` is that of the last one."""
        self._shape = shape
        if key != self._key:
            self._key = key
            self._measure()

    def _scale_chosen(self) -> None:
        QgsSettings().setValue(_SCALE, self.scale.currentData())
        self._measure()

    def _measure(self) -> None:
        from ...domain import geometry, precision

        if self._shape is None:
            return
        translate = QCoreApplication.translate
        rules = paths.load_json("criteria", "boundary.json")
        lonlat = geometry.from_wkb([bytes(self._shape.asWkb())])[0]
        found = precision.detail(lonlat, rules)
        self.labels["shortest"].setText(_length(found.shortest_m))
        self.labels["mean"].setText(
            translate("AzeBoundary", "{mean} (median {median})").format(
                mean=_length(found.mean_m), median=_length(found.median_m)
            )
        )
        self.labels["decimals"].setText(
            translate("AzeBoundary", "{count}, steps of {distance}").format(
                count=figures.number(found.decimals), distance=_length(111_320 * 10.0**-found.decimals)
            )
        )
        self.labels["scale"].setText(scale_text(precision.round_scale(found.scale)))
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = []
        findings = precision.findings(lonlat, self.scale.currentData(), rules, found)
        for finding in findings:
            row = FindingRow(style.state_of(finding.severity.value), text(finding.code, finding.params))
            self._rows.append(row)
            self.add(row)
        if any(f.severity.value == "warning" for f in findings):
            self.set_state("work", translate("AzeBoundary", "look"))
        else:
            self.set_state("fine", translate("AzeBoundary", "fine"))


def scale_text(denominator: int) -> str:
    """A scale as people write it: 1:50,000; a dash for none."""
    return f"1:{figures.number(denominator)}" if denominator else "–"


def _length(metres: float) -> str:
    if math.isnan(metres):
        return "–"
    return figures.metres(metres) if metres >= 0.001 else QCoreApplication.translate("AzeBoundary", "under 1 mm")
