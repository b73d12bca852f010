"""Where a library lies, how it is opened, and what its failures mean to a user."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...domain.errors import AzeError
from .schema import SCHEMA

_LOCK_SECONDS = 2.0


def check_address(address: str) -> str:
    """The absolute path of a library. Raises AzeError ``library.postgres_not_yet`` for a database."""
    address = address.strip()
    if not address:
        raise AzeError("library.no_path")
    if address.lower().startswith(("postgresql://", "postgres://", "pg:")):
        raise AzeError("library.postgres_not_yet")
    return os.path.abspath(address)


@contextmanager
def sqlite_errors(path: str) -> Iterator[None]:
    """SQLite's failures as AzeErrors that name the file and what helps."""
    try:
        yield
    except sqlite3.Error as error:
        detail = str(error)
        lower = detail.lower()
        if "locked" in lower or "busy" in lower:
            raise AzeError("library.locked", file=path) from error
        if "is full" in lower:
            raise AzeError("library.disk_full", file=path) from error
        if "not a database" in lower or "malformed" in lower or "no such table" in lower:
            raise AzeError("library.not_a_library", file=path) from error
        if "readonly" in lower or "unable to open" in lower:
            raise AzeError("library.not_writable", file=path, detail=detail) from error
        if "disk i/o" in lower:
            raise AzeError("library.disk_error", file=path, detail=detail) from error
        raise


def connect(path: str, mode: str) -> sqlite3.Connection:
    uri = f"{Path(path).as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)


def require_library(connection: sqlite3.Connection, path: str) -> None:
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone()
    schema = found[0] and connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if not schema:
        raise AzeError("library.not_a_library", file=path)
    if schema[0] != SCHEMA:
        raise AzeError("library.other_version", file=path, found=schema[0], known=SCHEMA)
