"""The boundary that a set of units comes to, measured by the criteria's own rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from .. import geometry
from ..criteria.irreplaceability import passes
from ..criteria.shares import Share, measure
from ..findings import Finding, info, warning
from ..geometry import Geometry
from ..sharing import clear_of
from .case import Case
from .model import Proposal


def drawn(case: Case, trade_off: str, chosen: Sequence[int], exact: bool, least: float) -> Proposal | None:
    """The boundary of a set of units; None where, against expectation, it does not pass the threshold.

    ``exact``: whether the set is the best by its trade-off; ``least``: the least area that could do, or less.
    """
    rules, settings = case.rules, case.settings
    covered = case.problem.covered(chosen)
    whole = case.arrangement.shape(covered, rules.grid_m)
    total = geometry.area(whole)
    tidy = geometry.tidied(whole, settings.sliver_share * total, rules.hole_share * total, list(case.sites_near))
    for turned_shape in (clear_of(one, case.sites_near) for one in (tidy, whole)):
        shape = geometry.unturned(turned_shape) if case.turned else turned_shape
        share, others = _measured(case, shape)
        if share is not None and passes(share.best, settings.aze_operator, settings):
            break
    else:
        case.findings.append(warning("suggestion.not_confirmed", share=share.best if share else 0.0))
        return None
    names = tuple(case.names[u] for u in sorted(chosen) if case.names[u])
    perimeter = geometry.perimeter_m(turned_shape)
    area = geometry.area(shape)
    return Proposal(
        trade_off,
        (),
        share,
        shape,
        names,
        sum(not case.names[u] for u in chosen),
        perimeter,
        4 * math.pi * area / perimeter**2,
        len(geometry.parts(shape)),
        _protected_share(case, shape),
        exact,
        max(1.0, area / least) if least > 0 else 1.0,
        tuple(others),
    )


def _measured(case: Case, shape: Geometry) -> tuple[Share | None, list[Finding]]:
    """The share by the criteria's own measure, and what other parameters say."""
    world = case.world
    found = measure([replace(case.evidence, estimates=())], shape)
    shares = found[0].shares if found else ()
    own = next((s for s in shares if (s.parameter, s.segment) == (world.parameter, world.segment)), None)
    others = [
        info("suggestion.other_parameter", parameter=s.parameter, segment=s.segment, share=s.best)
        for s in shares
        if s.parameter != world.parameter and s.segment in (world.segment, "all", "resident")
        if (s.parameter, s.segment) != ("range", "all")
        if not passes(s.best, case.settings.aze_operator, case.settings)
    ]
    return own, others


def _protected_share(case: Case, shape: Geometry) -> float | None:
    if case.protected is None:
        return None
    inside = geometry.dissolve(geometry.inside(list(case.protected), shape))
    return min(1.0, geometry.area(inside) / geometry.area(shape))
