"""What makes an estimate usable: a minimum, a best value and a maximum in this order, none of them below zero."""

from __future__ import annotations

import math

from .errors import AzeError

FIRST_YEAR, LAST_YEAR = 1500, 2999


def bounds(scope: str, low: float | None, best: float | None, high: float | None) -> tuple[float, float, float]:
    """Minimum, best value and maximum of an estimate (scope ``global`` or ``site``), of what is given of them.

    What is not given is taken from what is: the best value lies in the middle of the other two, and a bound that nobody
    states is the best value itself. Raises AzeError ``row.estimate_number``, ``row.estimate_empty``,
    ``row.estimate_order`` or ``row.estimate_world_zero``.
    """
    for field, value in (("low", low), ("best", best), ("high", high)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise AzeError("row.estimate_number", field=field, value=f"{value:g}")
    if low is None and best is None and high is None:
        raise AzeError("row.estimate_empty")
    if best is None:
        best = (low + high) / 2 if low is not None and high is not None else low if low is not None else high
    low, high = best if low is None else low, best if high is None else high
    if not low <= best <= high:
        raise AzeError("row.estimate_order", low=low, best=best, high=high)
    if scope == "global" and high == 0:
        raise AzeError("row.estimate_world_zero")
    return low, best, high
