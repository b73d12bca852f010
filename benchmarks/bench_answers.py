"""What a person waits for in the window, against what a person notices; tests count the work, here it is timed.

A keystroke in the list of 16,000 sites has to be done within 50 ms; a note of a boundary of 100,000 corners, which is
written while it is edited, within 20 ms; reading such a boundary, with all checks of it, within 3 s.
"""

from __future__ import annotations

from .apart import measured
from .table import Row

KEYSTROKE_MS, NOTE_MS, READ_MS = 50, 20, 3000


def run() -> list[Row]:
    """Rows against the limits."""
    found = measured("answers_inside.py")

    def limit(quantity: str, mine: float, most: float) -> Row:
        return Row(quantity, f"{mine:.1f} ms", f"{most} ms", mine / most, 1.0)

    return [
        limit("16,000 sites: keystroke in the filter, the slowest", found["filter"], KEYSTROKE_MS),
        limit("100,000 corners: a note of what is not saved", found["note"], NOTE_MS),
        limit("100,000 corners: reading a boundary", found["read"], READ_MS),
    ]
