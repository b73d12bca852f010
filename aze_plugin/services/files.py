"""Files written whole or not at all, and folders that are gone when nobody needs them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import AzeError


class Scratch:
    """A folder of its own in the system's one for temporary files; it goes, with what is in it, when nobody holds this
    object, and with the program. ``path``: the folder."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="aze-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@contextmanager
def replacing(path: str | Path):
    """Yield a path beside ``path`` to write to; on success it is synced and takes the place, else it is removed.

    Raises AzeError ``output.unwritable`` where the disk or the folder refuses.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise AzeError("output.unwritable", file=str(target), detail=error.strerror or str(error)) from error
    beside = Path(name)
    try:
        yield beside
        with open(beside, "rb+") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        beside.chmod(0o666 & ~umask)
        os.replace(beside, target)
    except OSError as error:
        raise AzeError("output.unwritable", file=str(target), detail=error.strerror or str(error)) from error
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: str | Path, content) -> None:
    """Write JSON in UTF-8, indented, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
