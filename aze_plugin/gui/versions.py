"""Versions of the candidates as the panel uses them: kept on request and before a boundary is replaced, gone back to.

They are written to the candidates' file at once, whether or not the edits of the layer are saved later: what was kept
is there even if the edits are discarded or lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication, QgsGeometry
from qgis.PyQt.QtCore import QCoreApplication, QObject, QSettings, pyqtSignal

from ..domain.errors import AzeError
from ..services.versions import History, Version
from ..services.wording import text
from . import measure, messages

if TYPE_CHECKING:
    from .session import Session


class Versions(QObject):
    """The history of each candidate's boundary. ``changed``: a version was kept or went to another candidate."""

    changed = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session, self._candidates = session, session.candidates
        self._candidates.replacing.connect(self._keep_before)
        self._candidates.renamed.connect(self._rename)

    def of(self, name: str | None = None) -> list[Version]:
        """Versions of a candidate, the current one by default, the newest last. Raises AzeError as History does."""
        name = name or self._candidates.current
        return self._history().of(self._key(name)) if name else []

    def keep(self, reason: str, name: str | None = None, shape: QgsGeometry | None = None) -> Version | None:
        """Keep a boundary (WGS 84) of a candidate, as it is now by default; None where the newest version is the same.

        Raises AzeError as History does.
        """
        name = name or self._candidates.current
        now = self._candidates.geometry(name)
        shape = shape if shape is not None else now
        if not name or shape is None:
            return None
        wkb = bytes(shape.asWkb())
        area_ha = measure.area_m2(shape) / 1e4 if shape.isGeosValid() else None
        checked = self._assessed(name) if now is not None and bytes(now.asWkb()) == wkb else None
        kept = self._history().keep(self._key(name), wkb, reason, _author(), area_ha, summary(checked))
        if kept is not None:
            self.changed.emit()
        return kept

    def revert(self, version: Version) -> None:
        """Give the current candidate the boundary of a version, to the last digit, as one undoable step; the boundary
        that it has is kept before. Raises AzeError ``boundary.no_area``."""
        said = QCoreApplication.translate("AzeVersions", "Before going back to version {number}")
        self._candidates.replace_boundary(boundary_of(version), True, said.format(number=version.number))

    def keep_packaged(self, name: str, shape: QgsGeometry) -> None:
        """Keep the boundary with which a package was written."""
        if name in self._candidates.names:
            self._keep_unasked(QCoreApplication.translate("AzeVersions", "Package exported"), name, shape)

    def _keep_before(self, why: str) -> None:
        self._keep_unasked(why)

    def _keep_unasked(self, reason: str, name: str | None = None, shape: QgsGeometry | None = None) -> None:
        """Keep a version; what hinders that is said, and does not stop what the user is doing."""
        try:
            self.keep(reason, name, shape)
        except AzeError as error:
            self._session.message.emit(text(error.code, error.params), messages.WARNING)

    def _rename(self, renamed: dict[str, str]) -> None:
        """Candidates without a key of their own are known by name."""
        unkeyed = {old: new for old, new in renamed.items() if not self._candidates.uid(new)}
        if not unkeyed:
            return
        try:
            self._history().rename(unkeyed)
        except AzeError as error:
            self._session.message.emit(text(error.code, error.params), messages.WARNING)
        self.changed.emit()

    def _history(self) -> History:
        return History(self._candidates.file)

    def _key(self, name: str) -> str:
        return self._candidates.uid(name) or name

    def _assessed(self, name: str) -> dict[str, Any] | None:
        """The assessment of a candidate's boundary as it is now; None where it is not known or outdated."""
        results = self._session.results
        if name != self._candidates.current or results.assessment_stale:
            return None
        return results.assessment


def boundary_of(version: Version) -> QgsGeometry:
    """The boundary of a version in WGS 84."""
    shape = QgsGeometry()
    shape.fromWkb(version.wkb)
    return shape


def summary(assessment: dict[str, Any] | None) -> dict[str, Any]:
    """What a version says of an assessment: the verdict, and of taxa that trigger the share that decided."""
    if assessment is None:
        return {}
    species = [
        {"scientific_name": taxon["scientific_name"], "share": share["best"]}
        for taxon in assessment["species"]
        for share in taxon["shares"]
        if taxon["trigger"] and share["deciding"]
    ]
    return {"verdict": assessment["verdict"], "species": species}


def _author() -> str:
    """The user's name as QGIS puts it on new projects; empty where the user has asked it not to."""
    if QSettings().value("projects/anonymize_new_projects", False, bool):
        return ""
    return QgsApplication.userFullName()
