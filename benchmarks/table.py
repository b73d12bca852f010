"""What a benchmark reports, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One quantity, measured for the plugin and for a peer in the same run.

    ``ratio`` and ``target`` are compared by ``at_most``: True when the ratio may be the target at most, False when it
    has to reach it. ``ours`` and ``peer`` are shown as they are.
    """

    quantity: str
    ours: str
    peer: str
    ratio: float
    target: float
    at_most: bool = True

    @property
    def passed(self) -> bool:
        """Whether the target is met."""
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def render(rows: list[Row]) -> str:
    """The table as text."""
    lines = [("quantity", "ours", "peer", "ratio", "target", "")]
    for row in rows:
        sign = "≤" if row.at_most else "≥"
        verdict = "pass" if row.passed else "FAIL"
        lines.append((row.quantity, row.ours, row.peer, f"{row.ratio:.2f}", f"{sign} {row.target:g}", verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
