"""Corners that were moved with QGIS's own tools, rounded as they are saved, together with the edit that moved them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsFeatureRequest, QgsGeometry, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QObject

from ..domain.rounding import rounded_wkb
from . import layers

if TYPE_CHECKING:
    from .session import Session


# What was undone since may be what is saved.
_MOST_PLACED = 8


class Rounding(QObject):
    """Rounds new corners of candidates when their layer is saved: a step of the edit that is saved with it, so that
    there is nothing else to undo. Should saving fail, it is the last step of the edit.

    Corners stay as they are that the file has, that the panel placed exactly, or that a site beside has as well.
    """

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self._layer: QgsVectorLayer | None = None
        self._placed: dict[int, deque[QgsGeometry]] = {}
        session.candidates.placed.connect(self._place)
        session.candidatesChanged.connect(self._watch)
        self._watch()

    def _place(self, fid: int, shape: QgsGeometry) -> None:
        self._watch()
        self._placed.setdefault(fid, deque(maxlen=_MOST_PLACED)).append(shape)

    def close(self) -> None:
        """Let go of the layer."""
        self._session.candidates.placed.disconnect(self._place)
        self._session.candidatesChanged.disconnect(self._watch)
        self._follow(None)

    def _watch(self) -> None:
        self._follow(self._session.candidates.layer)

    def _follow(self, layer: QgsVectorLayer | None) -> None:
        if layer is self._layer:
            return
        if self._layer is not None and not sip.isdeleted(self._layer):
            self._layer.beforeCommitChanges.disconnect(self._round)
            self._layer.afterRollBack.disconnect(self._placed.clear)
            self._layer.afterCommitChanges.disconnect(self._placed.clear)
        self._placed.clear()
        self._layer = layer
        if layer is not None:
            layer.beforeCommitChanges.connect(self._round)
            layer.afterRollBack.connect(self._placed.clear)
            layer.afterCommitChanges.connect(self._placed.clear)

    def _round(self, *_stop) -> None:
        layer = self._layer
        buffer = layer.editBuffer()
        if buffer is None:
            return
        saved = list(buffer.changedGeometries())
        known = QgsFeatureRequest().setFilterFids(saved).setNoAttributes()
        before = {f.id(): f.geometry() for f in layer.dataProvider().getFeatures(known)} if saved else {}
        changes = {}
        for fid in (*saved, *buffer.addedFeatures()):
            shape = layer.getFeature(fid).geometry()
            kept = [*([before[fid]] if fid in before else []), *self._placed.get(fid, ())]
            rounded = self._rounded(shape, kept)
            if rounded is not None:
                changes[fid] = rounded
        if changes:
            layer.beginEditCommand(QCoreApplication.translate("AzePanel", "Round coordinates"))
            for fid, shape in changes.items():
                layer.changeGeometry(fid, shape)
            layer.endEditCommand()

    def _rounded(self, shape: QgsGeometry, kept: list[QgsGeometry]) -> QgsGeometry | None:
        """The shape with its new corners rounded; None where there are none, or rounding would break it."""
        from . import neighbours

        flat = layers.as_multipolygon(shape)
        if flat.isEmpty():
            return None
        keep = np.concatenate([neighbours.corners(self._session, flat), *map(neighbours.corners_of, kept)])
        wkb = bytes(flat.asWkb())
        rounded = rounded_wkb(wkb, keep=keep)
        if rounded == wkb:
            return None
        result = QgsGeometry()
        result.fromWkb(rounded)
        return result if result.isGeosValid() or not flat.isGeosValid() else None
