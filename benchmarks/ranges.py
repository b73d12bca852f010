"""A synthetic set of range maps of the size of a real release: seeded, invented, written once to ``build/bench``.

Five thousand ranges with about nine million vertices lie in one quarter of the world; the larger set has the same
ranges and three times as many far from them, so that a check near the first ones should cost the same with both.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyogrio
import shapely

BENCH = Path(__file__).resolve().parent.parent / "build" / "bench"
RANGES = 5_000
VERTICES = 9_000_000
SEED = 20_240

# Where the ranges lie (lon/lat) and where the candidate is, a small reserve among them.
NEAR = (5.0, -25.0, 60.0, 25.0)
FAR = (-170.0, -45.0, -30.0, 45.0)
CANDIDATE_CENTRE = (31.7, -2.3)
CANDIDATE_RADIUS = 0.25

_SYLLABLES = ("ra", "mo", "ti", "lu", "ke", "sa", "no", "vi", "da", "pe", "zo", "fi")
_CATEGORIES = ("LC", "LC", "LC", "NT", "VU", "EN", "CR", "DD")


def candidate(radius: float = CANDIDATE_RADIUS, vertices: int = 60) -> shapely.Polygon:
    """A candidate's boundary in lon/lat with a ragged edge; ``radius`` in degrees."""
    return _blob(np.random.default_rng(SEED), CANDIDATE_CENTRE, radius, vertices)


def source(times: int = 1) -> Path:
    """Path of the set with ``times`` × 5,000 ranges: a GeoPackage in EPSG:4326 with Red List fields."""
    path = BENCH / f"ranges{times}.gpkg"
    if not path.exists():
        BENCH.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.gpkg")
        unfinished.unlink(missing_ok=True)
        for part in range(times):
            _write(unfinished, part, append=part > 0)
        unfinished.rename(path)
    return path


def library(times: int = 1) -> Path:
    """Path of the library made of ``source(times)``; imported when it is not there or older than the source."""
    from aze_plugin.library.importer import Request, import_species

    origin = source(times)
    path = BENCH / f"library{times}.gpkg"
    if not path.exists() or path.stat().st_mtime < origin.stat().st_mtime:
        path.unlink(missing_ok=True)
        import_species(Request(str(path), ranges=(str(origin),), version="synthetic", citation="Synthetic ranges"))
    return path


def _write(path: Path, part: int, append: bool) -> None:
    rng = np.random.default_rng(SEED + part)
    xmin, ymin, xmax, ymax = NEAR if part == 0 else FAR
    # Few ranges hold most of the vertices, as in a real release.
    weight = rng.lognormal(0.0, 1.2, RANGES)
    counts = np.maximum(12, weight / weight.sum() * VERTICES).astype(int)
    radii = np.clip(0.25 * rng.lognormal(0.0, 0.9, RANGES), 0.02, 12.0)
    centres = np.column_stack((rng.uniform(xmin, xmax, RANGES), rng.uniform(ymin, ymax, RANGES)))
    shapes = [_range(rng, centres[i], radii[i], counts[i]) for i in range(RANGES)]
    pyogrio.raw.write(
        str(path),
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [
            np.arange(1, RANGES + 1) + 100_000 * (part + 1),
            np.array([_name(part * RANGES + i) for i in range(RANGES)], dtype=object),
            np.ones(RANGES, dtype=np.int32),
            np.ones(RANGES, dtype=np.int32),
            np.ones(RANGES, dtype=np.int32),
            rng.choice(np.array(_CATEGORIES, dtype=object), RANGES),
        ],
        ["id_no", "sci_name", "presence", "origin", "seasonal", "category"],
        layer="ranges",
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        append=append,
    )


def _range(rng, centre, radius: float, vertices: int) -> shapely.MultiPolygon:
    """One to four ragged islands side by side; the largest has most of the vertices."""
    islands = int(rng.choice((1, 1, 1, 2, 4)))
    shares = np.array([1.0, 0.15, 0.1, 0.05][:islands])
    polygons = []
    for k, share in enumerate(shares / shares.sum()):
        x = centre[0] + (0.0 if k == 0 else radius * (1.6 + 0.9 * k))
        polygons.append(_blob(rng, (x, centre[1]), radius * (1.0 if k == 0 else 0.25), max(8, int(vertices * share))))
    return shapely.MultiPolygon(polygons)


def _blob(rng, centre, radius: float, vertices: int) -> shapely.Polygon:
    """A star-shaped polygon with a coast that is ragged at every scale; valid by construction."""
    angle = np.arange(vertices) * (2 * math.pi / vertices)
    distance = np.ones(vertices)
    for octave in range(1, 12):
        waves = 2**octave
        if waves * 4 > vertices:
            break
        distance += 0.6 / waves**0.8 * np.sin(waves * angle + rng.uniform(0, 2 * math.pi))
    distance = radius * np.clip(distance, 0.25, None)
    ring = np.column_stack((centre[0] + distance * np.cos(angle), centre[1] + distance * np.sin(angle)))
    return shapely.Polygon(ring)


def _name(number: int) -> str:
    syllables = []
    for _ in range(5):
        number, index = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[index])
    return f"Synthetica {''.join(syllables)}us"
