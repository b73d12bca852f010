"""Shapes laid on a grid: the cells that they meet, and whether an outline keeps to the grid's lines."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Geometry


def cells_met(geometry: Geometry, across: np.ndarray, up: np.ndarray) -> Geometry:
    """The union of those cells between the lines ``across`` (x) and ``up`` (y) that share area with a polygonal
    geometry; cells that it only touches are left out. The result's corners are crossings of the lines given."""
    column, row = (part.ravel() for part in np.meshgrid(np.arange(len(across) - 1), np.arange(len(up) - 1)))
    boxes = shapely.box(across[column], up[row], across[column + 1], up[row + 1])
    shapely.prepare(geometry)
    met = shapely.intersects(geometry, boxes)
    boxes = boxes[met]
    return shapely.union_all(boxes[~shapely.touches(geometry, boxes)])


def corners(geometry: Geometry) -> np.ndarray:
    """Coordinates of all corners, shape (n, 2)."""
    return shapely.get_coordinates(geometry)
