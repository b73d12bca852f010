"""The table of 500 taxa of the page Criteria, against what a person notices and against a plain tree of items.

Runs in a process of its own, as it needs an application with windows; see ``species_inside``. A paint has to be done
within a frame of 16 ms for 95 of 100 steps of scrolling, a keystroke in the filter within 50 ms, and sorting within the
100 ms that a person does not notice.
"""

from __future__ import annotations

from .apart import measured
from .table import Row

FRAME_MS, KEYSTROKE_MS, SORT_MS = 16, 50, 100


def run() -> list[Row]:
    """Rows against the limits, and against the plain tree in the same run."""
    found = measured("species_inside.py")
    ours, plain = found["ours"], found["plain"]

    def limit(quantity: str, mine: float, most: float) -> Row:
        return Row(quantity, f"{mine:.1f} ms", f"{most} ms", mine / most, 1.0)

    def peer(quantity: str, key: str, target: float) -> Row:
        return Row(quantity, f"{ours[key]:.1f} ms", f"{plain[key]:.1f} ms", ours[key] / plain[key], target)

    return [
        limit(f"500 taxa: paint while scrolling, 95th percentile of {ours['paints']}", ours["paint_p95"], FRAME_MS),
        limit("500 taxa: keystroke in the filter, the slowest", ours["filter"], KEYSTROKE_MS),
        limit("500 taxa: sorting by a parameter", ours["sort"], SORT_MS),
        peer("the same paint (median), plain tree of items", "paint", 3),
        peer("filling, plain tree of items", "fill", 2),
    ]
