"""The live meter in the real application: from a mouse move to the number shown for it, and what it costs the main
thread.

A QGIS with a window on a virtual screen, the library of 5,000 ranges, and synthetic mouse events, sixty a second: a
vertex of a reserve is dragged in circles, then one of a province with many vertices, then a boundary is drawn. A move
counts until its own number or that of a later one is painted. The main thread's work for a move is all of it: QGIS's
own handling of the event, the meter's, and painting.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from . import ranges
from .table import Row

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import run_in_qgis  # noqa: E402

PLUGINS = Path(os.environ.get("AZE_STAGED", ROOT / "build"))
DELAY_MS, WORK_MS = 50, 5
_TITLES = {"reserve": "dragging a vertex", "province": "the same of a province", "drawing": "drawing"}


def measure() -> dict:
    """Times in milliseconds by what is done; see ``live_inside``."""
    boundaries = {"reserve": ranges.candidate().wkt, "province": ranges.candidate(2.0, 400).wkt}
    found = run_in_qgis(
        Path(__file__).with_name("live_inside.py"),
        {"library": str(ranges.library()), "boundaries": boundaries},
        limit_s=240,
        plugins=PLUGINS,
    )
    if "error" in found:
        raise RuntimeError(found["error"])
    return {name: found[name] for name in _TITLES}


def run() -> list[Row]:
    """Two rows for each: the delay and the work, 95 of 100 moves; medians beside them."""
    rows = []
    for name, times in measure().items():
        taxa = f"{times['taxa']} taxa"
        rows.append(_row(f"{_TITLES[name]} ({taxa}): mouse move to number", times["delay"], DELAY_MS))
        rows.append(_row(f"{_TITLES[name]}: main thread, a mouse move", times["work"], WORK_MS))
    return rows


def _row(quantity: str, times: list[float], most: float) -> Row:
    ranked = sorted(times)
    p95 = ranked[int(0.95 * (len(ranked) - 1))]
    shown = f"{p95:.1f} ms (p50 {statistics.median(ranked):.1f})"
    return Row(f"live meter, {quantity}, p95", shown, f"{most:g} ms", p95 / most, 1.0)
