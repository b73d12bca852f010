"""Which package of each candidate was written last, and whether it would be the same now; the project remembers it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import QObject

from ..services import project_state

if TYPE_CHECKING:
    from .session import Session

_KEY = "packages"


class Packages(QObject):
    """By candidate, ``path`` and ``sha256`` of the zip, ``problems``, whether it is a ``draft``, and the ``state`` of
    what it was made of."""

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        session.candidates.currentChanged.connect(self.take_up)
        session.candidates.renamed.connect(self._rename)

    def state(self) -> str:
        """Equal as long as a package of the current candidate would be made of the same; SHA-256 in hex."""
        session = self._session
        shape, hiding = session.candidates.geometry(), session.packing.hiding()
        made_of = [
            None if shape is None else bytes(shape.asWkb()).hex(),
            session.nominations.details,
            session.nominations.evidence,
            [list(hiding.taxa), hiding.grid],
        ]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode("ascii")).hexdigest()

    def is_current(self) -> bool:
        """Whether the package that the session shows would be the same now."""
        package = self._session.package
        return package is not None and package["state"] == self.state()

    def keep(self, package: dict[str, Any]) -> None:
        """A package was written."""
        project = self._session.project
        path = project.writePath(str(package["path"]))
        self._write({**self._read(), str(package["candidate"]): {**package, "path": path}})

    def take_up(self) -> None:
        """Show the package of the candidate at hand; none where there is none, or its file is gone."""
        session = self._session
        name = session.candidates.current
        kept = self._read().get(name or "")
        session.package = None
        if kept is not None:
            path = session.project.readPath(kept["path"])
            if Path(path).is_file():
                session.package = {**kept, "candidate": name, "path": path}

    def _rename(self, renamed: dict[str, str]) -> None:
        kept = self._read()
        if any(name in kept for name in renamed):
            self._write({renamed.get(name, name): package for name, package in kept.items()})
        if self._session.package is not None:
            name = self._session.package["candidate"]
            self._session.package["candidate"] = renamed.get(name, name)

    def _read(self) -> dict[str, dict[str, Any]]:
        """By candidate; nothing where the project's entry cannot be read."""
        said, _found = self._session.project.readEntry(project_state.SCOPE, _KEY)
        try:
            kept = json.loads(said) if said else {}
            wanted = {"candidate", "path", "sha256", "problems", "draft", "state"}
            return {name: package for name, package in kept.items() if wanted <= set(package)}
        except (ValueError, AttributeError, TypeError):
            return {}

    def _write(self, kept: dict[str, dict[str, Any]]) -> None:
        self._session.project.writeEntry(project_state.SCOPE, _KEY, json.dumps(kept, ensure_ascii=False))
