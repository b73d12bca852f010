"""Fit a boundary to mapped edges: stretches that run along one take its own vertices, the rest is left or simplified.

A stretch of the outline that runs within a tolerance of mapped edges is laid on them: place by place it is matched with
the edges near by, so that the whole way along them is as near and as unbroken as can be (Newson and Krumm 2009, Hidden
Markov map matching, with fixed costs in place of fitted ones), and then it takes all vertices of that way. Where a
stretch begins or ends, the outline goes over to the edge along its own line where that meets the edge near by, else by
the shortest way. Short stretches stay: those are mere crossings.

This is done until nothing changes any more, so a boundary that was fitted once is not changed by fitting it again.
Whatever would make rings cross, or move more area than the tolerance times the length of the stretch, is left out and
said. All coordinates end on the grid of 1e-7°, see ``edge_network``.
"""

from .model import FitRules, Fitted
from .passes import fit

__all__ = ["FitRules", "Fitted", "fit"]
