"""What the plugin adds to the start of QGIS: classFactory and initGui in a fresh application with a window.

A peer is a plugin that does as much in the window as any: none ships with QGIS that starts so little, so the target is
the 100 ms that a person does not notice. Nothing of ours may import shapely, requests or openpyxl on the way; QGIS and
its own plugins may.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import run_in_qgis  # noqa: E402

from .table import Row  # noqa: E402

TARGET_MS = 100


def measure(plugins: Path = ROOT / "build") -> dict:
    """``milliseconds`` of the first start in a fresh QGIS, and ``imported``: heavy modules that our code asked for."""
    return run_in_qgis(Path(__file__).with_name("startup_inside.py"), {}, plugins=plugins)


def run() -> list[Row]:
    """One row; a heavy import makes it fail."""
    found = measure()
    if found["imported"]:
        raise RuntimeError(f"starting the plugin imports {', '.join(found['imported'])}")
    milliseconds = found["milliseconds"]
    return [
        Row("start of the plugin", f"{milliseconds:.0f} ms", f"{TARGET_MS} ms", milliseconds / TARGET_MS, 1.0),
    ]
