"""Where the plugin's own files lie, in a checkout and in an installed plugin alike."""

import json
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_HOME = PACKAGE if (PACKAGE / "metadata.txt").exists() else PACKAGE.parent
VENDORED = PACKAGE / "_vendor"


def resource(*parts: str) -> Path:
    """Path of a file or folder under ``resources/``."""
    return _HOME.joinpath("resources", *parts)


def translations() -> Path:
    """Folder of the compiled translations."""
    return _HOME / "i18n"


@cache
def load_json(*parts: str):
    """Parsed JSON file under ``resources/``; read once, so callers must not change it."""
    return json.loads(resource(*parts).read_text(encoding="utf-8"))


@cache
def version() -> str:
    """The plugin's version as metadata.txt gives it."""
    for line in (_HOME / "metadata.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("version="):
            return line.partition("=")[2].strip()
    raise ValueError("metadata.txt has no version")


def enable_vendored() -> None:
    """Make the bundled pure-Python packages importable, behind anything the system has already."""
    if VENDORED.is_dir() and str(VENDORED) not in sys.path:
        sys.path.append(str(VENDORED))


def disable_vendored() -> None:
    """Take that back."""
    if str(VENDORED) in sys.path:
        sys.path.remove(str(VENDORED))
