"""What a QGIS project remembers of the panel: the library, the candidate at hand, the nominations and the
user's estimates, versioned."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from qgis.core import QgsProject

from ..domain.errors import AzeError

SCOPE = "AzeToolkit"
KEY = "state"
VERSION = 2


@dataclass
class ProjectState:
    """``library``: path as the user sees it, or a connection; ``current``: name of the candidate at hand;
    ``nominations``: by candidate name, each in the shape of ``resources/schemas/nomination.schema.json``;
    ``evidence``: by candidate name, paths of the nominator's files; ``authority``: the national list that counts;
    ``receipts``: by candidate name, what became of its packages that were sent (see ``gui.outbox``);
    ``estimates``: the user's own, as ``gui.estimates`` keeps them (since version 2)."""

    library: str = ""
    current: str = ""
    nominations: dict[str, dict[str, Any]] = field(default_factory=dict)
    evidence: dict[str, list[str]] = field(default_factory=dict)
    estimates: dict[str, Any] = field(default_factory=dict)
    authority: str = ""
    receipts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def is_connection(library: str) -> bool:
    """Whether a library is a database connection and not a file."""
    return "://" in library or library.startswith("PG:")


def save(project: QgsProject, state: ProjectState) -> None:
    """Keep the state in the project; a library file is written relative to it. Nothing is written where nothing
    changed, so that looking does not make a project look edited."""
    content = {"version": VERSION, **asdict(state)}
    if state.library and not is_connection(state.library):
        content["library"] = project.writePath(state.library)
    content["evidence"] = {name: [project.writePath(f) for f in files] for name, files in state.evidence.items()}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    if project.readEntry(SCOPE, KEY)[0] == text:
        return
    if state == ProjectState() and not project.readEntry(SCOPE, KEY)[1]:
        return
    project.writeEntry(SCOPE, KEY, text)


def load(project: QgsProject) -> ProjectState:
    """The state kept in a project; an empty one where there is none.

    Raises AzeError ``project.newer`` for a project of a later version of the plugin, ``project.damaged`` for one whose
    entry cannot be read.
    """
    return parsed(project, entry(project))


def entry(project: QgsProject) -> str:
    """The state as the project has it now, saved or not; empty where there is none."""
    return project.readEntry(SCOPE, KEY)[0]


def parsed(project: QgsProject, text: str) -> ProjectState:
    """The state that an entry of the project holds, now or earlier. Raises AzeError as ``load`` does."""
    if not text:
        return ProjectState()
    try:
        content = json.loads(text)
        version = content["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise AzeError("project.damaged") from error
    if version > VERSION:
        raise AzeError("project.newer", version=version)
    library = content.get("library", "")
    if library and not is_connection(library):
        library = project.readPath(library)
    return ProjectState(
        library,
        content.get("current", ""),
        content.get("nominations", {}),
        {name: [project.readPath(f) for f in files] for name, files in content.get("evidence", {}).items()},
        content.get("estimates", {}),
        authority=content.get("authority", ""),
        receipts=content.get("receipts", {}),
    )
