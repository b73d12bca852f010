"""Versions of candidates, kept in a table of the candidates' own GeoPackage: boundary, date, reason, author, figures.

The table is written through SQLite in one short transaction, which the layer that QGIS holds open does not mind: it
writes only when its edits are saved, and then for as short a time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..domain.errors import AzeError

TABLE = "candidate_version"
_LOCK_SECONDS = 2.0

_CREATE = """
CREATE TABLE IF NOT EXISTS candidate_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    candidate TEXT NOT NULL,
    number INTEGER NOT NULL,
    boundary BLOB NOT NULL,
    kept TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    area_ha REAL,
    summary TEXT NOT NULL,
    UNIQUE (candidate, number)
)
"""
# Said to QGIS and others as a table without geometry, so that the file stays a GeoPackage by the book.
_REGISTER = "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, 'attributes', ?)"
_COLUMNS = "number, boundary, kept, reason, author, area_ha, summary"
_INSERT = (
    "INSERT INTO candidate_version (candidate, number, boundary, kept, reason, author, area_ha, summary) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True)
class Version:
    """A boundary as it was: ``number`` from 1 on; ``wkb`` in WGS 84; ``kept`` in UTC; ``author`` empty where nobody is
    named; ``area_ha`` ellipsoidal (EPSG:7030), None for a boundary that crosses itself; ``summary``: ``verdict`` and
    ``species`` (``scientific_name``, ``share`` 0 to 1) of its assessment, empty where there was none."""

    number: int
    wkb: bytes
    kept: datetime
    reason: str
    author: str = ""
    area_ha: float | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)


class History:
    """Versions of the candidates of one GeoPackage. Raises AzeError ``versions.no_file`` for a file that is not there,
    ``versions.locked`` and ``versions.failed`` where it cannot be read or written."""

    def __init__(self, path: str):
        self._path = path

    def of(self, candidate: str) -> list[Version]:
        """Versions of a candidate, the newest last; none where none was kept."""
        with self._open("ro") as connection:
            return _read(connection, candidate)

    def keep(
        self,
        candidate: str,
        wkb: bytes,
        reason: str,
        author: str = "",
        area_ha: float | None = None,
        summary: Mapping[str, Any] | None = None,
    ) -> Version | None:
        """Keep a boundary (WGS 84) as the candidate's newest version; None where it is equal to the newest."""
        with self._open("rw") as connection, _transaction(connection):
            self._prepare(connection)
            newest = connection.execute(
                "SELECT number, boundary FROM candidate_version WHERE candidate = ? ORDER BY number DESC LIMIT 1",
                (candidate,),
            ).fetchone()
            if newest is not None and newest[1] == wkb:
                return None
            number = newest[0] + 1 if newest is not None else 1
            kept = datetime.now(timezone.utc).replace(microsecond=0)
            version = Version(number, wkb, kept, " ".join(reason.split()), author, area_ha, dict(summary or {}))
            connection.execute(_INSERT, _row(candidate, version))
        return version

    def rename(self, candidates: Mapping[str, str]) -> None:
        """Let candidates' versions go by other keys: old key to new; keys may be exchanged."""
        with self._open("rw") as connection, _transaction(connection):
            if not _has_table(connection):
                return
            found = {old: _read(connection, old) for old in candidates}
            for old in candidates:
                connection.execute("DELETE FROM candidate_version WHERE candidate = ?", (old,))
            for old, new in candidates.items():
                # A new key that is taken belongs to a candidate that is gone.
                if found[old]:
                    connection.execute("DELETE FROM candidate_version WHERE candidate = ?", (new,))
                    connection.executemany(_INSERT, [_row(new, version) for version in found[old]])

    def copy_to(self, path: str) -> None:
        """Give all versions to another GeoPackage, which has none yet."""
        with self._open("ro") as connection:
            if not _has_table(connection):
                return
            keys = [row[0] for row in connection.execute("SELECT DISTINCT candidate FROM candidate_version")]
            rows = [_row(key, version) for key in keys for version in _read(connection, key)]
        other = History(path)
        with other._open("rw") as connection, _transaction(connection):
            other._prepare(connection)
            connection.executemany(_INSERT, rows)

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        if not Path(self._path).is_file():
            raise AzeError("versions.no_file", file=self._path)
        try:
            uri = f"{Path(self._path).absolute().as_uri()}?mode={mode}"
            connection = sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
            try:
                yield connection
            finally:
                connection.close()
        except (sqlite3.Error, ValueError) as error:
            said = str(error)
            code = "versions.locked" if "locked" in said or "busy" in said else "versions.failed"
            raise AzeError(code, file=self._path, detail=said) from error

    @staticmethod
    def _prepare(connection: sqlite3.Connection) -> None:
        if not _has_table(connection):
            connection.execute(_CREATE)
            connection.execute(_REGISTER, (TABLE, TABLE))


def _has_table(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (TABLE,))
    return found.fetchone() is not None


def _read(connection: sqlite3.Connection, candidate: str) -> list[Version]:
    if not _has_table(connection):
        return []
    rows = connection.execute(
        "SELECT " + _COLUMNS + " FROM candidate_version WHERE candidate = ? ORDER BY number", (candidate,)
    )
    return [
        Version(number, bytes(wkb), datetime.fromisoformat(kept), reason, author, area_ha, json.loads(summary))
        for number, wkb, kept, reason, author, area_ha, summary in rows
    ]


def _row(candidate: str, version: Version) -> tuple:
    return (
        candidate,
        version.number,
        version.wkb,
        version.kept.isoformat(),
        version.reason,
        version.author,
        version.area_ha,
        json.dumps(version.summary, ensure_ascii=False),
    )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the place to write is taken at once, so that two writers never count from the same number."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
