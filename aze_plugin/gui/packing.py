"""What a package of the current candidate is made of, how its place is shown, and what it would hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..domain.errors import AzeError
from ..services import project_state
from ..services.files import Scratch
from ..services.wording import text
from . import layers

if TYPE_CHECKING:
    from .session import Session

ALL = "all"
_KEY = "hiding"


@dataclass(frozen=True)
class Hiding:
    """Whose places a package hides beside those that the form marks as sensitive, and by which grid (empty: the usual).

    ``taxa``: scientific names, or ``all`` alone.
    """

    taxa: tuple[str, ...] = ()
    grid: str = ""


class Packing(QObject):
    """Parameters of ``aze:packagenomination`` for the current candidate. ``changed``: how its place is shown."""

    changed = pyqtSignal()

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        session.candidates.renamed.connect(self._rename)

    def hiding(self) -> Hiding:
        """How the place of the current candidate is shown; the project keeps it."""
        kept = self._kept()
        if kept is None:
            # What cannot be read may have asked for hiding.
            return Hiding((ALL,))
        found = kept.get(self._session.candidates.current or "")
        return found if found is not None else Hiding()

    def hide(self, hiding: Hiding) -> None:
        """Choose how the place of the current candidate is shown."""
        name = self._session.candidates.current
        if name is None or hiding == self.hiding():
            return
        kept = self._kept() or {}
        kept[name] = hiding
        self._keep(kept)
        self.changed.emit()

    def state(self) -> tuple:
        """Equal as long as a package would be the same."""
        session = self._session
        shape = session.candidates.geometry()
        return (
            session.candidates.current,
            None if shape is None else bytes(shape.asWkb()),
            json.dumps(session.nominations.details, sort_keys=True, ensure_ascii=False),
            tuple(session.nominations.evidence),
            session.sources.version,
            self.hiding(),
        )

    def parameters(self) -> tuple[dict[str, Any], Scratch]:
        """The parameters without OUTPUT and PREVIEW, and the folder of their files, to be held until the end.

        Raises AzeError ``output.unwritable``.
        """
        session = self._session
        name, shape = session.candidates.current, session.candidates.geometry()
        boundary = layers.snapshot(
            [(name, shape)], (session.candidates.updated_site(), session.candidates.updated_id())
        )
        folder = Scratch()
        details = folder.path / "details.json"
        details.write_text(json.dumps(session.nominations.details, ensure_ascii=False), encoding="utf-8")
        hiding = self.hiding()
        known = {
            "TRIGGERS": session.sites.table,
            "EVIDENCE": session.nominations.evidence,
            "POPULATIONS": session.estimates.write(name, folder.path),
            "SENSITIVE": "\n".join(hiding.taxa),
            "GRID": hiding.grid,
        }
        parameters = {
            "BOUNDARY": boundary,
            "LIBRARY": session.sources.library_path,
            "DETAILS": str(details),
            **session.sources.nomination_parameters(),
            **session.sources.site_parameters(),
            **{key: value for key, value in known.items() if value not in (None, "", [])},
        }
        return parameters, folder

    def preview(self, done: Callable[[dict], None], failed: Callable[[str], None]) -> None:
        """Work out what a package would hold; ``done`` gets the ``aze-preview/1`` document, ``failed`` a sentence."""
        session = self._session
        problem = session.can_check()
        if problem:
            failed(problem)
            return
        try:
            parameters, keep = self.parameters()
        except AzeError as error:
            failed(text(error.code, error.params))
            return
        folder = Scratch()
        output = folder.path / "preview.json"
        session.runner.start(
            "preview",
            "aze:packagenomination",
            {**parameters, "ALLOW_INCOMPLETE": True, "PREVIEW": str(output)},
            QCoreApplication.translate("AzePreview", "Looking through the package"),
            lambda _results, _context: done(json.loads(output.read_text(encoding="utf-8"))),
            failed,
            (keep, folder),
        )

    def _rename(self, renamed: dict[str, str]) -> None:
        kept = self._kept()
        if kept and any(name in kept for name in renamed):
            self._keep({renamed.get(name, name): hiding for name, hiding in kept.items()})

    def _kept(self) -> dict[str, Hiding] | None:
        """By candidate; None where the project's entry cannot be read."""
        said, _found = self._session.project.readEntry(project_state.SCOPE, _KEY)
        if not said:
            return {}
        try:
            return {
                str(name): Hiding(tuple(str(taxon) for taxon in entry["taxa"]), str(entry["grid"]))
                for name, entry in json.loads(said).items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _keep(self, kept: dict[str, Hiding]) -> None:
        content = {name: {"taxa": list(h.taxa), "grid": h.grid} for name, h in kept.items() if h != Hiding()}
        self._session.project.writeEntry(project_state.SCOPE, _KEY, json.dumps(content, ensure_ascii=False))
