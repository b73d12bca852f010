"""Proposals for a boundary: units put together so that a taxon passes the threshold on as little land as can be.

What is measured of the taxon's world decides (cells with records, area of habitat, range): an estimate does not move
with a boundary. Land in existing sites is not to be had. Where units leave parts of the world uncovered, hexagons may
fill in. Units and hexagons are laid over one another, so that land and cells count once (``arrange``); which of them to
take is for ``domain.selection``; the shapes that come of it are tidied and measured again, by the criteria's own rule.

Trade-offs, in this order: ``least_area`` (the least area, within ``tolerance_share`` the shortest outline),
``simplest`` (the shortest outline), ``fewest`` (the fewest units), ``protected`` (the least unprotected land),
``one_part``, and then ``other`` ones that use other units. All but the first may take more area, by the shares of the
rules (``resources/criteria/suggestion.json``). One that is as good as an earlier one is not told twice.

Geometry is EPSG:6933; lengths are metres on the ellipsoid.
"""

from .model import TRADE_OFFS, Proposal, Request, Rules, Suggestion, Unit
from .proposing import suggest

__all__ = ["TRADE_OFFS", "Proposal", "Request", "Rules", "Suggestion", "Unit", "suggest"]
