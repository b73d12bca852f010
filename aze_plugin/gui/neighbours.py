"""Existing sites along whose edges a boundary runs: corners that both have, and overlaps as thin as coordinates are
rounded or drawn twice. Wider overlaps are for the check to tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer

from .. import paths
from ..domain import rounding
from ..domain.errors import AzeError
from . import layers, measure
from .candidates import stored

# An overlap that is wider on average is no matter of how an edge was stored.
_THIN_M = 1.0
# Round a boundary, so that sites beside it are found as well (about a metre).
_ROOM = 1e-5


@dataclass(frozen=True)
class Overlap:
    """What a boundary shares with a ``site`` (its name and WGS 84 shape), in m² on the ellipsoid."""

    site: str
    geometry: QgsGeometry
    area_m2: float


def thin_overlaps(session, shape: QgsGeometry) -> list[Overlap]:
    """Sites that a boundary (WGS 84) overlaps by a thin strip that a check would tell of."""
    if not shape.isGeosValid():
        return []
    least = float(paths.load_json("criteria", "aze.json")["discreteness"]["overlap_tolerance_m2"])
    ruler = measure.ruler()
    found = []
    for name, site in _near(session, shape):
        common = layers.as_multipolygon(shape.intersection(site))
        if common.isEmpty():
            continue
        area = ruler.measureArea(common)
        if area > least and 2 * area / max(ruler.measurePerimeter(common), 1e-9) < _THIN_M:
            found.append(Overlap(name, site, area))
    return found


def has_to_be_exact(session, boundary: QgsGeometry) -> bool:
    """Whether rounding the coordinates of a boundary (WGS 84) would make it overlap a site beside which it lies."""
    shape = layers.as_multipolygon(boundary)
    if shape.isEmpty() or not session.sources.site_layers:
        return False
    rounded = thin_overlaps(session, stored(shape))
    return bool(rounded) and len(thin_overlaps(session, shape)) < len(rounded)


def corners(session, shape: QgsGeometry) -> np.ndarray:
    """Corners of the sites near a boundary (WGS 84), as complex numbers lon + i·lat."""
    found = [np.zeros(0, dtype=complex)]
    for _, site in _near(session, shape):
        found.append(corners_of(site))
    return np.concatenate(found)


def corners_of(shape: QgsGeometry) -> np.ndarray:
    """Corners of what is polygonal in a shape, as complex numbers."""
    flat = layers.as_multipolygon(shape)
    return rounding.corners(bytes(flat.asWkb())) if not flat.isEmpty() else np.zeros(0, dtype=complex)


def _near(session, shape: QgsGeometry) -> Iterator[tuple[str, QgsGeometry]]:
    """Names and valid shapes (WGS 84) of the sites that a boundary may meet, but for the one that it updates."""
    from ..services import attributes
    from ..services.layers import plain

    box = shape.boundingBox()
    box.grow(_ROOM)
    own = session.candidates.updated_site()
    for layer in session.sources.site_layers:
        columns = attributes.columns_of(layer, "sites")["name"]
        for feature in _sent(layer, box, session.project):
            name = next((str(v) for v in (plain(feature[c]) for c in columns) if v not in (None, "")), layer.name())
            site = feature.geometry()
            if (not own or name != own) and not site.isEmpty():
                yield name, site if site.isGeosValid() else site.makeValid()


def _sent(layer: QgsVectorLayer, box: QgsRectangle, project: QgsProject) -> list[QgsFeature]:
    try:
        return list(layers.near(layer, box, project))
    except AzeError:
        # The check says that the server does not send its sites; to store a boundary must be possible without them.
        return []
