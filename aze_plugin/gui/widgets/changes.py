"""The changes that an update makes, as rows with what was before and what comes after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ...services.figures import hectares
from .rows import RowsEditor


class ChangesEditor(RowsEditor):
    """A list of changes: what changes, of what or from what to what; reason and cause are asked of each."""

    def titles(self, columns: Sequence[str]) -> list[str]:
        translate = QCoreApplication.translate
        return [self._properties["kind"].get("title", ""), translate("AzeForm", "Of what, or before → after")]

    def cell(self, row: Mapping[str, Any], column: int) -> str:
        if column == 0:
            kind = str(row.get("kind") or "")
            return self._properties["kind"].get("x-labels", {}).get(kind, kind)
        return str(row.get("taxon") or row.get("site") or _areas(row))

    def about_row(self, row: Mapping[str, Any]) -> str:
        translate = QCoreApplication.translate
        kind, taxon = row.get("kind"), row.get("taxon") or "–"
        gained, lost = row.get("gained_ha"), row.get("lost_ha")
        if kind == "boundary_change" and _areas(row):
            said = translate("AzeForm", "Area: {areas}.").format(areas=_areas(row))
            if _is_number(gained) and _is_number(lost):
                moved = translate("AzeForm", "Gained {gained}, lost {lost}.")
                said += " " + moved.format(gained=hectares(gained), lost=hectares(lost))
            return said
        template = {
            "new_trigger": translate("AzeForm", "Before: no trigger species. After: {taxon} is one."),
            "trigger_lost": translate("AzeForm", "Before: {taxon} was a trigger species. After: it is none."),
            "reassessment": translate("AzeForm", "Before and after: {taxon} is a trigger species."),
            "amalgamation": translate("AzeForm", "Before: {site} is a site of its own. After: it is part of this one."),
        }.get(str(kind), "")
        return template.format(taxon=taxon, site=row.get("site") or "–")


def _areas(row: Mapping[str, Any]) -> str:
    before, after = row.get("before_ha"), row.get("after_ha")
    if not _is_number(before) or not _is_number(after):
        return ""
    return f"{hectares(before)} → {hectares(after)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
